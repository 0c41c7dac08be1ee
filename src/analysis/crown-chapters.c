/* crown-chapters.c: where the talk turns to another subject, after Hearst's TextTiling, 1997
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-analysis"

#include "crown-terms.h"

#include <math.h>
#include <string.h>

#define UNIT_WORDS    60  /* sentences are put together to units of so many words */
#define WINDOW_UNITS  10  /* that are compared before a gap with those behind it */
#define CHAPTERS_MAX  30
#define CUE_DEPTH     0.3  /* what an announcement adds to a gap's depth */
#define TITLE_PHRASES 2

/* How a chairperson goes on to what is next. */
static gboolean
announces_a_subject (const char *text)
{
  static const char *const cues[] = { "move on",
                                      "moving on",
                                      "on our agenda",
                                      "on the agenda",
                                      "next item",
                                      "next question",
                                      "next point",
                                      "next topic",
                                      "item 2",
                                      "item 3",
                                      "item 4",
                                      "item 5",
                                      "first of all",
                                      "next presentation",
                                      "turn to",
                                      "second thing",
                                      "another thing",
                                      "let's start",
                                      "last thing",
                                      "to finish",
                                      "any other business",
                                      "nächster punkt",
                                      "nächste thema",
                                      "kommen wir zu",
                                      "point suivant",
                                      "passons à",
                                      "siguiente punto",
                                      "pasemos a",
                                      "pasamos a" };
  g_autofree char *lower = g_utf8_strdown (text, -1);

  for (guint i = 0; i < G_N_ELEMENTS (cues); i++)
    if (strstr (lower, cues[i]) != NULL)
      return TRUE;
  return FALSE;
}

typedef struct {
  guint  from;  /* its first sentence */
  double depth; /* of the valley before it */
} Unit;

static GArray *
make_units (const CrownTerms *terms)
{
  GArray *units = g_array_new (FALSE, TRUE, sizeof (Unit));
  guint n_words = UNIT_WORDS;

  for (guint i = 0; i < terms->sentences->len; i++)
    {
      if (n_words >= UNIT_WORDS)
        {
          Unit unit = { i, 0 };

          g_array_append_val (units, unit);
          n_words = 0;
        }
      n_words += ((CrownSentence *) terms->sentences->pdata[i])->n_words;
    }
  return units;
}

/* Adds the words of a unit's sentences to @counts, @sign times. */
static void
add_unit (const CrownTerms *terms,
          GArray           *units,
          guint             unit,
          gint             *counts,
          gint              sign)
{
  guint to = unit + 1 < units->len ? g_array_index (units, Unit, unit + 1).from : terms->sentences->len;

  for (guint s = g_array_index (units, Unit, unit).from; s < to; s++)
    {
      guint n_words;
      const guint *words = crown_terms_get (terms, s, &n_words);

      for (guint i = 0; i < n_words; i++)
        {
          const CrownWord *word = crown_terms_word (terms, words[i]);

          if (!word->stop && word->stem < terms->n_stems)
            counts[word->stem] += sign;
        }
    }
}

static double
weight_of (const CrownTerms *terms,
           guint             stem,
           gint              count)
{
  return log (1 + count) * log ((1.0 + terms->sentences->len) / (1 + terms->stem_counts[stem]));
}

/* How like one another the windows on both sides of @gap are: the cosine of their weighted words. */
static double
similarity_at (const CrownTerms *terms,
               GArray           *units,
               guint             gap,
               gint             *left,
               gint             *right)
{
  guint first = gap > WINDOW_UNITS ? gap - WINDOW_UNITS : 0, end = MIN (gap + WINDOW_UNITS, units->len);
  double product = 0, left_squares = 0, right_squares = 0;
  guint to = end < units->len ? g_array_index (units, Unit, end).from : terms->sentences->len;

  for (guint u = first; u < end; u++)
    add_unit (terms, units, u, u < gap ? left : right, 1);
  for (guint i = terms->offsets[g_array_index (units, Unit, first).from]; i < terms->offsets[to]; i++)
    {
      const CrownWord *word = crown_terms_word (terms, g_array_index (terms->stream, guint, i));
      double l, r;

      if (word->stop || word->stem >= terms->n_stems || (left[word->stem] == 0 && right[word->stem] == 0))
        continue;
      l = weight_of (terms, word->stem, left[word->stem]);
      r = weight_of (terms, word->stem, right[word->stem]);
      product += l * r;
      left_squares += l * l;
      right_squares += r * r;
      left[word->stem] = right[word->stem] = 0; /* counted; and clean for the next gap */
    }
  return product > 0 ? product / sqrt (left_squares * right_squares) : 0;
}

static void
measure_depths (const CrownTerms *terms,
                GArray           *units)
{
  g_autofree double *similarity = g_new0 (double, units->len + 1);
  g_autofree gint *left = g_new0 (gint, terms->n_stems + 1);
  g_autofree gint *right = g_new0 (gint, terms->n_stems + 1);

  for (guint g = 1; g < units->len; g++)
    similarity[g] = similarity_at (terms, units, g, left, right);
  for (guint g = 1; g < units->len; g++)
    {
      Unit *unit = &g_array_index (units, Unit, g);
      double before = similarity[g], after = similarity[g];

      /* Up to the top of the hill on each side; a valley is seldom wider than two windows. */
      for (guint i = g; i > 1 && g - i < 2 * WINDOW_UNITS && similarity[i - 1] >= before; i--)
        before = similarity[i - 1];
      for (guint i = g; i + 1 < units->len && i - g < 2 * WINDOW_UNITS && similarity[i + 1] >= after; i++)
        after = similarity[i + 1];
      unit->depth = before - similarity[g] + after - similarity[g];
    }
}

/* A chapter begins with the announcement of its subject, if there is one near. */
static void
move_to_announcements (const CrownTerms *terms,
                       GArray           *units)
{
  for (guint u = 1; u < units->len; u++)
    {
      Unit *unit = &g_array_index (units, Unit, u);
      guint to = u + 1 < units->len ? g_array_index (units, Unit, u + 1).from : terms->sentences->len;

      for (guint s = unit->from; s < to; s++)
        if (announces_a_subject (((CrownSentence *) terms->sentences->pdata[s])->text))
          {
            unit->from = s;
            unit->depth += CUE_DEPTH;
            break;
          }
    }
}

static void
chapter_free (gpointer data)
{
  CrownChapter *chapter = data;

  g_free (chapter->title);
  g_free (chapter);
}

static char *
title_of (const CrownTerms *terms,
          guint             from,
          guint             to)
{
  g_autoptr (GPtrArray) phrases = crown_terms_phrases (terms, from, to, TITLE_PHRASES);
  g_autoptr (GString) title = g_string_new (NULL);
  g_autofree char *first = NULL;

  for (guint i = 0; i < phrases->len; i++)
    {
      g_autofree char *name = crown_terms_name (terms, phrases->pdata[i], FALSE);

      g_string_append_printf (title, "%s%s", i > 0 ? ", " : "", name);
    }
  if (title->len == 0)
    return NULL;
  first = g_utf8_strup (title->str, (gssize) (g_utf8_next_char (title->str) - title->str));
  return g_strconcat (first, g_utf8_next_char (title->str), NULL);
}

static int
compare_units (gconstpointer a,
               gconstpointer b)
{
  const Unit *x = *(Unit *const *) a, *y = *(Unit *const *) b;

  if (x->depth != y->depth)
    return x->depth < y->depth ? 1 : -1;
  return (x->from > y->from) - (x->from < y->from);
}

/* The sentences at which chapters begin, marked in @begins. */
static void
choose_gaps (GArray   *units,
             guint     n_chapters,
             gboolean *begins)
{
  g_autoptr (GPtrArray) order = g_ptr_array_new ();
  g_autofree gboolean *taken = g_new0 (gboolean, units->len + 1);
  guint apart = MAX (2, units->len / (3 * n_chapters)), n_taken = 1;

  for (guint u = 1; u < units->len; u++)
    g_ptr_array_add (order, &g_array_index (units, Unit, u));
  g_ptr_array_sort (order, compare_units);
  for (guint i = 0; i < order->len && n_taken < n_chapters; i++)
    {
      guint u = (guint) ((Unit *) order->pdata[i] - (Unit *) (gpointer) units->data);
      gboolean near = u < apart || u + apart > units->len;

      for (guint j = u > apart ? u - apart : 0; j < MIN (u + apart, units->len) && !near; j++)
        near = taken[j];
      if (near)
        continue;
      taken[u] = TRUE;
      begins[((Unit *) order->pdata[i])->from] = TRUE;
      n_taken++;
    }
}

GPtrArray *
crown_chapters_of (const CrownTranscript *transcript,
                   const CrownTerms      *terms)
{
  GPtrArray *chapters = g_ptr_array_new_with_free_func (chapter_free);
  g_autoptr (GArray) units = make_units (terms);
  g_autofree gboolean *begins = g_new0 (gboolean, terms->sentences->len + 1);
  double n_words = (double) terms->stream->len;
  /* Longer meetings have longer chapters, too: 3 for 2000 words, 5 for 10,000, 18 for 200,000. */
  guint n_chapters = (guint) CLAMP (1.2 * sqrt (n_words / 1000) + 1.2, 1, CHAPTERS_MAX);

  if (units->len > WINDOW_UNITS)
    {
      measure_depths (terms, units);
      move_to_announcements (terms, units);
      choose_gaps (units, n_chapters, begins);
    }
  for (guint i = 0, from = 0; i < terms->sentences->len; i++)
    if (i + 1 == terms->sentences->len || begins[i + 1])
      {
        CrownChapter *chapter = g_new0 (CrownChapter, 1);

        chapter->from = from;
        chapter->to = i + 1;
        chapter->title = title_of (terms, from, i + 1);
        g_ptr_array_add (chapters, chapter);
        from = i + 1;
      }
  return chapters;
}
