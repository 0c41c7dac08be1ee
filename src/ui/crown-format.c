/* crown-format.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-format.h"

#include <glib/gi18n.h>

/**
 * crown_format_date:
 * @iso: (nullable): a time as rows have it
 *
 * Returns: (transfer full): the local date; @iso itself where it is none, empty for %NULL
 */
char *
crown_format_date (const char *iso)
{
  g_autoptr(GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr(GDateTime) time = NULL;
  g_autoptr(GDateTime) local = NULL;
  g_autoptr(GDateTime) now = g_date_time_new_now_local ();

  if (iso == NULL)
    return g_strdup ("");
  time = g_date_time_new_from_iso8601 (iso, utc);
  if (time == NULL)
    return g_strdup (iso);

  local = g_date_time_to_local (time);
  if (g_date_time_get_year (local) == g_date_time_get_year (now))
    /* Translators: a date in this year, as g_date_time_format() takes it */
    return g_date_time_format (local, _("%-d %B"));
  /* Translators: a date in another year, as g_date_time_format() takes it */
  return g_date_time_format (local, _("%-d %B %Y"));
}

static GDateTime *
local_of (const char *iso)
{
  g_autoptr(GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr(GDateTime) time = iso != NULL ? g_date_time_new_from_iso8601 (iso, utc) : NULL;

  return time != NULL ? g_date_time_to_local (time) : NULL;
}

/**
 * crown_format_day:
 * @iso: (nullable): a time as rows have it
 * @now: the local time it is
 *
 * Returns: (transfer full): the local day as a heading: "Today", "Yesterday", "Monday, 24 November"; empty for %NULL
 */
char *
crown_format_day (const char *iso,
                  GDateTime  *now)
{
  g_autoptr(GDateTime) day = local_of (iso);
  g_autoptr(GDateTime) yesterday = g_date_time_add_days (now, -1);
  int year, month, number;

  if (day == NULL)
    return g_strdup (iso != NULL ? iso : "");

  g_date_time_get_ymd (day, &year, &month, &number);
  if (year == g_date_time_get_year (now) && g_date_time_get_day_of_year (day) == g_date_time_get_day_of_year (now))
    return g_strdup (_("Today"));
  if (year == g_date_time_get_year (yesterday) &&
      g_date_time_get_day_of_year (day) == g_date_time_get_day_of_year (yesterday))
    return g_strdup (_("Yesterday"));
  if (year == g_date_time_get_year (now))
    /* Translators: a day in this year with its weekday, as g_date_time_format() takes it */
    return g_date_time_format (day, _("%A, %-d %B"));
  /* Translators: a day in another year with its weekday, as g_date_time_format() takes it */
  return g_date_time_format (day, _("%A, %-d %B %Y"));
}

/**
 * crown_format_is_same_day:
 *
 * Returns: whether both times are on one local day
 */
gboolean
crown_format_is_same_day (const char *iso,
                          const char *other)
{
  g_autoptr(GDateTime) a = local_of (iso);
  g_autoptr(GDateTime) b = local_of (other);

  return a != NULL && b != NULL && g_date_time_get_year (a) == g_date_time_get_year (b) &&
         g_date_time_get_day_of_year (a) == g_date_time_get_day_of_year (b);
}

/**
 * crown_format_time:
 *
 * Returns: (transfer full): the local time of day; empty where @iso is no time
 */
char *
crown_format_time (const char *iso)
{
  g_autoptr(GDateTime) time = local_of (iso);

  /* Translators: a time of day, as g_date_time_format() takes it */
  return time != NULL ? g_date_time_format (time, _("%H:%M")) : g_strdup ("");
}

/**
 * crown_format_moment:
 * @unix_us: microseconds since 1970
 *
 * Returns: (transfer full): the local time of day, after its date unless that is today
 */
char *
crown_format_moment (gint64 unix_us)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_local ();
  g_autoptr(GDateTime) time = g_date_time_new_from_unix_local (unix_us / G_USEC_PER_SEC);
  g_autofree char *iso = NULL;
  g_autofree char *date = NULL;
  g_autofree char *clock = NULL;

  if (time == NULL)
    return g_strdup ("");
  /* Translators: a time of day, as g_date_time_format() takes it */
  clock = g_date_time_format (time, _("%H:%M"));
  if (g_date_time_get_year (time) == g_date_time_get_year (now) &&
      g_date_time_get_day_of_year (time) == g_date_time_get_day_of_year (now))
    return g_steal_pointer (&clock);

  iso = g_date_time_format_iso8601 (time);
  date = crown_format_date (iso);
  /* Translators: a date, then a time of day */
  return g_strdup_printf (_("%s, %s"), date, clock);
}

/**
 * crown_format_due:
 * @date: (nullable): YYYY-MM-DD
 *
 * Returns: (transfer full): the date as a person says it; empty for %NULL
 */
char *
crown_format_due (const char *date)
{
  g_autofree char *noon = NULL;
  g_autofree char *day = NULL;

  if (date == NULL)
    return g_strdup ("");

  /* Midday local time: a due date has no zone, and must not move to the day before. */
  {
    g_autoptr(GTimeZone) local = g_time_zone_new_local ();
    g_autoptr(GDateTime) time = NULL;

    noon = g_strconcat (date, "T12:00:00", NULL);
    time = g_date_time_new_from_iso8601 (noon, local);
    if (time == NULL)
      return g_strdup (date);
    day = g_date_time_format_iso8601 (time);
  }
  return crown_format_date (day);
}

/**
 * crown_format_today:
 *
 * Returns: (transfer full): YYYY-MM-DD, as due dates are
 */
char *
crown_format_today (void)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_local ();

  return g_date_time_format (now, "%Y-%m-%d");
}

/**
 * crown_format_duration:
 *
 * Returns: (transfer full): "45 min", "1 h 5 min"
 */
char *
crown_format_duration (gint64 seconds)
{
  gint64 minutes = (seconds + 30) / 60;

  if (seconds < 60)
    return g_strdup_printf (_("%d s"), (int) seconds);
  if (minutes < 60)
    return g_strdup_printf (_("%d min"), (int) minutes);
  return g_strdup_printf (_("%d h %d min"), (int) (minutes / 60), (int) (minutes % 60));
}

/**
 * crown_format_position:
 *
 * Returns: (transfer full): a place in a recording, "1:02:03" or "2:03"
 */
char *
crown_format_position (double seconds)
{
  int whole = (int) CLAMP (seconds, 0, 359999);

  if (whole >= 3600)
    return g_strdup_printf ("%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
  return g_strdup_printf ("%d:%02d", whole / 60, whole % 60);
}

/**
 * crown_format_append_fact:
 * @facts: the line so far
 * @fact: (nullable): what is added; nothing where it is %NULL or empty
 *
 * Each fact is isolated (U+2068 … U+2069), so that a date in one direction and a number in another keep their places.
 */
void
crown_format_append_fact (GString    *facts,
                          const char *fact)
{
  if (fact == NULL || *fact == '\0')
    return;
  if (facts->len > 0)
    g_string_append (facts, " · ");
  g_string_append_printf (facts, "\u2068%s\u2069", fact);
}

/**
 * crown_format_meeting:
 *
 * Returns: (transfer full): the line under a meeting's title
 */
char *
crown_format_meeting (const char *date,
                      gint64      duration,
                      gint64      people,
                      gint64      tasks)
{
  g_autoptr(GString) line = g_string_new (NULL);
  g_autofree char *length = duration > 0 ? crown_format_duration (duration) : NULL;
  g_autofree char *persons = NULL;
  g_autofree char *work = NULL;

  if (people > 0)
    persons = g_strdup_printf (ngettext ("%d person", "%d people", (gulong) people), (int) people);
  if (tasks > 0)
    work = g_strdup_printf (ngettext ("%d task", "%d tasks", (gulong) tasks), (int) tasks);

  crown_format_append_fact (line, date);
  crown_format_append_fact (line, length);
  crown_format_append_fact (line, persons);
  crown_format_append_fact (line, work != NULL ? work : _("no tasks"));
  return g_string_free (g_steal_pointer (&line), FALSE);
}
