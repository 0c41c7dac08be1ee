/* crown-clock.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-core"

#include "crown-clock.h"

gint64
crown_clock_now_us (const CrownClock *clock)
{
  return clock != NULL ? clock->now_us (clock->user_data) : g_get_real_time ();
}

gint64
crown_clock_monotonic_us (const CrownClock *clock)
{
  return clock != NULL ? clock->monotonic_us (clock->user_data) : g_get_monotonic_time ();
}

char *
crown_clock_now_iso (const CrownClock *clock)
{
  return crown_time_format_iso (crown_clock_now_us (clock));
}

/**
 * crown_time_format_iso:
 * @unix_us: microseconds since 1970
 *
 * Returns: (transfer full): RFC 3339, UTC, whole seconds, as all timestamps on the wire
 */
char *
crown_time_format_iso (gint64 unix_us)
{
  gint64 seconds = unix_us / G_USEC_PER_SEC - (unix_us % G_USEC_PER_SEC < 0);
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);

  return time != NULL ? g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ") : g_strdup ("1970-01-01T00:00:00Z");
}

/**
 * crown_time_parse_iso:
 * @text: RFC 3339 with a zone; a time without one is refused
 * @unix_us: (out) (optional): microseconds since 1970
 */
gboolean
crown_time_parse_iso (const char *text,
                      gint64     *unix_us)
{
  g_autoptr (GDateTime) time = NULL;

  if (text == NULL || !g_ascii_isdigit (text[0]) || !(time = g_date_time_new_from_iso8601 (text, NULL)))
    return FALSE;
  if (unix_us != NULL)
    *unix_us = g_date_time_to_unix (time) * G_USEC_PER_SEC + g_date_time_get_microsecond (time);

  return TRUE;
}
