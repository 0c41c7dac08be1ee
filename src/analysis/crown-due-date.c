/* crown-due-date.c: the day that a sentence names
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-analysis"

#include "crown-analysis-private.h"

#include <stdio.h>
#include <string.h>

/* In English, German, French and Spanish: seven, twelve and so on for each. */
static const char *const weekdays[] = {
  "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
  "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag",
  "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche",
  "lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo",
};
static const char *const months[] = {
  "january", "february", "march", "april", "may", "june", "july", "august",
  "september", "october", "november", "december", "januar", "februar", "märz", "april",
  "mai", "juni", "juli", "august", "september", "oktober", "november", "dezember",
  "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août",
  "septembre", "octobre", "novembre", "décembre", "enero", "febrero", "marzo", "abril",
  "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
};
static const char *const numbers[] = {
  "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
  "null", "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn",
  "zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix",
  "cero", "una", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez",
};
#define N_NUMBERS 11
static const char *const ordinals[] = {
  "zeroth", "first", "second", "third", "fourth", "fifth", "sixth",
  "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth", "thirteenth",
  "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth",
  "twenty-first", "twenty-second", "twenty-third", "twenty-fourth", "twenty-fifth", "twenty-sixth", "twenty-seventh",
  "twenty-eighth", "twenty-ninth", "thirtieth", "thirty-first",
};

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
    return value <= 366 && (*end == '\0' || strcmp (end, "st") == 0 || strcmp (end, "nd") == 0 ||
                            strcmp (end, "rd") == 0 || strcmp (end, "th") == 0)
             ? (guint) value
             : 0;
  if (strcmp (word, "a") == 0 || strcmp (word, "an") == 0 || strcmp (word, "einem") == 0 ||
      strcmp (word, "einer") == 0 || strcmp (word, "une") == 0)
    return 1;
  index = index_of (numbers, G_N_ELEMENTS (numbers), word);
  if (index > 0)
    return (guint) index % N_NUMBERS;
  index = index_of (ordinals, G_N_ELEMENTS (ordinals), word);
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

static gboolean
is_one_of (const char        *word,
           const char *const *list,
           gsize              n)
{
  return word != NULL && index_of (list, n, word) >= 0;
}

#define ONE_OF(word, ...) \
  is_one_of (word, (const char *const[]) { __VA_ARGS__ }, G_N_ELEMENTS (((const char *const[]) { __VA_ARGS__ })))

static const char *
word_before (char  **words,
             guint   i,
             guint   back)
{
  return i >= back ? words[i - back] : NULL;
}

/* German, French and Spanish say it with other words, and in another order. */
static gboolean
foreign_day_at (char **words,
                guint  i,
                GDate *date)
{
  guint weekday = g_date_get_weekday (date);
  const char *before = word_before (words, i, 1), *next = words[i + 1], *after = next != NULL ? words[i + 2] : NULL;

  if (ONE_OF (words[i], "heute", "aujourd'hui", "hoy"))
    return TRUE;
  if (ONE_OF (words[i], "übermorgen", "après-demain") || (is (words, i, "pasado") && is (words, i + 1, "mañana")))
    {
      g_date_add_days (date, 2);
      return TRUE;
    }
  /* "guten Morgen", "heute Morgen"; "por la mañana" */
  if ((is (words, i, "morgen") && !ONE_OF (before, "guten", "heute", "jeden", "am")) || is (words, i, "demain") ||
      (is (words, i, "mañana") && !ONE_OF (before, "la", "pasado", "cada")))
    {
      g_date_add_days (date, 1);
      return TRUE;
    }
  if ((ONE_OF (words[i], "diese", "dieser", "cette", "esta") && ONE_OF (next, "woche", "semaine", "semana")))
    {
      g_date_add_days (date, weekday <= 5 ? 5 - weekday : 12 - weekday);
      return TRUE;
    }
  if ((ONE_OF (words[i], "nächste", "nächster", "kommende", "kommender", "nächsten", "próxima", "prochaine") &&
       ONE_OF (next, "woche", "semana", "semaine")) ||
      (is (words, i, "semaine") && is (words, i + 1, "prochaine")) ||
      (is (words, i, "semana") &&
       (is (words, i + 1, "próxima") || (is (words, i + 1, "que") && is (words, i + 2, "viene")))))
    {
      g_date_add_days (date, 12 - weekday);
      return TRUE;
    }
  if (ONE_OF (words[i], "ende", "fin", "finales"))
    {
      guint to = i + 1;

      while (ONE_OF (words[to], "des", "der", "dieses", "de", "du", "la", "este", "ce", "cette", "diesem"))
        to++;
      if (ONE_OF (words[to], "monats", "mois", "mes"))
        {
          g_date_set_day (date, g_date_get_days_in_month (g_date_get_month (date), g_date_get_year (date)));
          return TRUE;
        }
      if (ONE_OF (words[to], "woche", "semaine", "semana"))
        {
          g_date_add_days (date, weekday <= 5 ? 5 - weekday : 12 - weekday);
          return TRUE;
        }
    }
  if (ONE_OF (words[i], "in", "dans", "en") && next != NULL && after != NULL)
    {
      guint n = number_of (next);
      gboolean weeks = ONE_OF (after, "wochen", "woche", "semaines", "semaine", "semanas", "semana");

      if (n > 0 && (weeks || ONE_OF (after, "tagen", "tag", "jours", "jour", "días", "día")))
        {
          g_date_add_days (date, weeks ? n * 7 : n);
          return TRUE;
        }
    }
  return FALSE;
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
  if (is (words, i, "today") || is (words, i, "tonight") ||
      (is (words, i, "this") && ONE_OF (words[i + 1], "afternoon", "evening", "morning")))
    return TRUE;
  if (foreign_day_at (words, i, date))
    return TRUE;
  if (is (words, i, "this") && is (words, i + 1, "week"))
    {
      g_date_add_days (date, weekday <= 5 ? 5 - weekday : 12 - weekday);
      return TRUE;
    }
  if (is (words, i, "weekend") && ONE_OF (before, "the", "this"))
    {
      g_date_add_days (date, weekday <= 6 ? 6 - weekday : 6);
      return TRUE;
    }
  if (is (words, i, "tomorrow"))
    {
      g_date_add_days (date, i >= 2 && strcmp (before, "after") == 0 && is (words, i - 2, "day") ? 2 : 1);
      return TRUE;
    }

  index = index_of (weekdays, G_N_ELEMENTS (weekdays), words[i]);
  if (index >= 0)
    {
      guint ahead;

      index %= 7;
      ahead = (guint) (index + 1 + 7 - (int) weekday) % 7;

      if (ahead == 0)
        ahead = 7;
      /* "next Friday" is the one of next week, which "Friday" is already when it has passed in this one. */
      if (ONE_OF (before, "next", "nächsten", "próximo") && (guint) index + 1 > weekday)
        ahead += 7;
      if (ONE_OF (before, "last", "letzten", "letzter") || ONE_OF (words[i + 1], "dernier", "pasado"))
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

      index %= 12;
      if (day == 0 && i > 0)
        day = number_of (ONE_OF (before, "of", "de") && i > 1 ? words[i - 2] : before);
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
