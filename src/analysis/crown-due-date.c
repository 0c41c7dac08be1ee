/* crown-due-date.c: the day that a sentence names
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-analysis"

#include "crown-analysis-private.h"

#include <stdio.h>
#include <string.h>

static const char *const weekdays[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" };
static const char *const months[] = { "january", "february", "march", "april", "may", "june", "july", "august", "september",
                                      "october", "november", "december" };
static const char *const numbers[] = { "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten" };

static int
index_of (const char *const *names,
          gsize              n,
          const char        *word)
{
  for (gsize i = 0; i < n; i++)
    if (strcmp (names[i], word) == 0)
      return (int) i;
  return -1;
}

/* "3", "3rd", "three", "a"; 0 for no number */
static guint
number_of (const char *word)
{
  char *end;
  guint64 value = g_ascii_strtoull (word, &end, 10);
  int index;

  if (end != word)
    return value <= 366 && (*end == '\0' || strcmp (end, "st") == 0 || strcmp (end, "nd") == 0 || strcmp (end, "rd") == 0 ||
                            strcmp (end, "th") == 0) ? (guint) value : 0;
  if (strcmp (word, "a") == 0 || strcmp (word, "an") == 0)
    return 1;
  index = index_of (numbers, G_N_ELEMENTS (numbers), word);
  return index > 0 ? (guint) index : 0;
}

static gboolean
is (char       **words,
    guint        i,
    const char  *word)
{
  return words[i] != NULL && strcmp (words[i], word) == 0;
}

/* "2026-10-20". A day before the meeting is one that is talked about, not one that something is due on. */
static gboolean
iso_day (const char *word,
         GDate      *date)
{
  guint year, month, day;
  int length = 0;
  GDate named;

  if (sscanf (word, "%4u-%2u-%2u%n", &year, &month, &day, &length) != 3 || length != 10 || word[length] != '\0' ||
      !g_date_valid_dmy ((GDateDay) day, (GDateMonth) month, (GDateYear) year))
    return FALSE;
  g_date_clear (&named, 1);
  g_date_set_dmy (&named, (GDateDay) day, (GDateMonth) month, (GDateYear) year);
  if (g_date_compare (&named, date) < 0)
    return FALSE;
  *date = named;
  return TRUE;
}

/* The rules, in the order in which they are tried at each word. @date is the meeting's day and becomes the day named. */
static gboolean
day_at (char **words,
        guint  i,
        GDate *date)
{
  guint weekday = g_date_get_weekday (date); /* Monday is 1 */
  const char *before = i > 0 ? words[i - 1] : "";
  int index;

  if (iso_day (words[i], date))
    return TRUE;
  if (is (words, i, "today") || is (words, i, "tonight"))
    return TRUE;
  if (is (words, i, "tomorrow"))
    {
      g_date_add_days (date, i >= 2 && strcmp (before, "after") == 0 && is (words, i - 2, "day") ? 2 : 1);
      return TRUE;
    }

  index = index_of (weekdays, G_N_ELEMENTS (weekdays), words[i]);
  if (index >= 0)
    {
      guint ahead = (guint) (index + 1 + 7 - (int) weekday) % 7;

      if (ahead == 0)
        ahead = 7;
      /* "next Friday" is the one of next week, which "Friday" is already when it has passed in this one. */
      if (strcmp (before, "next") == 0 && (guint) index + 1 > weekday)
        ahead += 7;
      if (strcmp (before, "last") == 0)
        return FALSE;
      g_date_add_days (date, ahead);
      return TRUE;
    }

  if (is (words, i, "end") && is (words, i + 1, "of"))
    {
      guint next = i + 2;

      if (is (words, next, "the") || is (words, next, "this"))
        next++;
      if (is (words, next, "day") || is (words, next, "today"))
        return TRUE;
      if (is (words, next, "week"))
        {
          g_date_add_days (date, weekday <= 5 ? 5 - weekday : 12 - weekday);
          return TRUE;
        }
      if (is (words, next, "next") && is (words, next + 1, "week"))
        {
          g_date_add_days (date, 12 - weekday);
          return TRUE;
        }
      if (is (words, next, "month"))
        {
          g_date_set_day (date, g_date_get_days_in_month (g_date_get_month (date), g_date_get_year (date)));
          return TRUE;
        }
    }
  if (is (words, i, "next") && is (words, i + 1, "week"))
    {
      g_date_add_days (date, 12 - weekday); /* its Friday: the latest day that keeps the promise */
      return TRUE;
    }
  if (is (words, i, "in") && words[i + 1] != NULL && words[i + 2] != NULL)
    {
      guint n = number_of (words[i + 1]);
      gboolean weeks = g_str_has_prefix (words[i + 2], "week");

      if (n > 0 && (weeks || g_str_has_prefix (words[i + 2], "day")))
        {
          g_date_add_days (date, weeks ? n * 7 : n);
          return TRUE;
        }
    }

  index = index_of (months, G_N_ELEMENTS (months), words[i]);
  if (index >= 0)
    {
      guint day = words[i + 1] != NULL ? number_of (words[i + 1]) : 0;
      GDate named;

      if (day == 0 && i > 0)
        day = number_of (strcmp (before, "of") == 0 && i > 1 ? words[i - 2] : before);
      if (!g_date_valid_dmy ((GDateDay) MIN (day, 99), (GDateMonth) (index + 1), g_date_get_year (date)))
        return FALSE;
      g_date_clear (&named, 1);
      g_date_set_dmy (&named, (GDateDay) day, (GDateMonth) (index + 1), g_date_get_year (date));
      if (g_date_compare (&named, date) < 0)
        g_date_add_years (&named, 1);
      *date = named;
      return TRUE;
    }
  return FALSE;
}

char *
crown_due_date_of (const char *text,
                   const char *date)
{
  g_auto (GStrv) words = crown_words_of (text);
  GDate day;
  int year, month, day_of_month;
  char buffer[16];

  if (date == NULL || sscanf (date, "%4d-%2d-%2d", &year, &month, &day_of_month) != 3 || year < 1900 || year > 9000 ||
      !g_date_valid_dmy ((GDateDay) CLAMP (day_of_month, 0, 99), (GDateMonth) CLAMP (month, 0, 99), (GDateYear) year))
    return NULL;

  for (guint i = 0; words[i] != NULL; i++)
    {
      g_date_clear (&day, 1);
      g_date_set_dmy (&day, (GDateDay) day_of_month, (GDateMonth) month, (GDateYear) year);
      if (day_at (words, i, &day))
        {
          g_date_strftime (buffer, sizeof buffer, "%Y-%m-%d", &day);
          return g_strdup (buffer);
        }
    }
  return NULL;
}
