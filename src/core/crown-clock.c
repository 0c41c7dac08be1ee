/* crown-clock.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-core"

#include "crown-clock.h"

#include <string.h>

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

/* GDate's day 1 is 0001-01-01. */
#define JULIAN_OF_1970 719163

static gboolean
parse_digits (const char *text,
              guint       n,
              guint      *value)
{
  *value = 0;
  for (guint i = 0; i < n; i++)
    {
      if (!g_ascii_isdigit (text[i]))
        return FALSE;
      *value = 10 * *value + (guint) (text[i] - '0');
    }

  return TRUE;
}

/* `2026-11-20T10:00:00Z`, as all times on the wire are: GDateTime would need two allocations and a time zone for each. */
static gboolean
parse_utc (const char *text,
           gint64     *unix_us)
{
  guint year, month, day, hour, minute, second;
  GDate date;

  if (strlen (text) != strlen ("YYYY-MM-DDTHH:MM:SSZ") || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
      text[13] != ':' || text[16] != ':' || text[19] != 'Z' ||
      !parse_digits (text, 4, &year) || !parse_digits (text + 5, 2, &month) || !parse_digits (text + 8, 2, &day) ||
      !parse_digits (text + 11, 2, &hour) || !parse_digits (text + 14, 2, &minute) ||
      !parse_digits (text + 17, 2, &second) ||
      hour > 23 || minute > 59 || second > 59 || !g_date_valid_dmy ((GDateDay) day, (GDateMonth) month, (GDateYear) year))
    return FALSE;

  g_date_clear (&date, 1);
  g_date_set_dmy (&date, (GDateDay) day, (GDateMonth) month, (GDateYear) year);
  *unix_us = ((((gint64) g_date_get_julian (&date) - JULIAN_OF_1970) * 24 + hour) * 60 + minute) * 60 + second;
  *unix_us *= G_USEC_PER_SEC;

  return TRUE;
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
  gint64 unused;

  if (text != NULL && parse_utc (text, unix_us != NULL ? unix_us : &unused))
    return TRUE;
  if (text == NULL || !g_ascii_isdigit (text[0]) || !(time = g_date_time_new_from_iso8601 (text, NULL)))
    return FALSE;
  if (unix_us != NULL)
    *unix_us = g_date_time_to_unix (time) * G_USEC_PER_SEC + g_date_time_get_microsecond (time);

  return TRUE;
}
