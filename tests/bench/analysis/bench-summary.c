/* bench-summary.c: ROUGE of our summaries, beside simpler ones of the same length
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "bench/crown-bench.h"
#include "core/crown-json.h"
#include "crown-meetings.h"
#include "crown-rouge.h"

#include <math.h>
#include <string.h>

#define WORDS_MAX      130
#define TEXTRANK_MAX   1500 /* sentences; a graph of all pairs */
#define TEXTRANK_TURNS 30
#define DAMPING        0.85

typedef char *(*Summarizer) (const CrownMeeting *meeting, GPtrArray *sentences);

/* The first of @order's sentences that fit, as they follow one another in the meeting. */
static char *
take (GPtrArray   *sentences,
      const guint *order)
{
  g_autofree gboolean *taken = g_new0 (gboolean, sentences->len + 1);
  GString *text = g_string_new (NULL);
  guint n_words = 0;

  for (guint i = 0; i < sentences->len && n_words < WORDS_MAX - 5; i++)
    {
      const CrownSentence *sentence = sentences->pdata[order[i]];

      if (n_words > 0 && n_words + sentence->n_words > WORDS_MAX + 10)
        continue;
      taken[order[i]] = TRUE;
      n_words += sentence->n_words;
    }
  for (guint i = 0; i < sentences->len; i++)
    if (taken[i])
      g_string_append_printf (text, "%s ", ((CrownSentence *) sentences->pdata[i])->text);
  return g_string_free (text, FALSE);
}

static int
compare_values (gconstpointer a,
                gconstpointer b,
                gpointer      data)
{
  const double *values = data;
  guint x = *(const guint *) a, y = *(const guint *) b;

  if (values[x] != values[y])
    return values[x] < values[y] ? 1 : -1;
  return (x > y) - (x < y);
}

static char *
take_best (GPtrArray *sentences,
           double    *values)
{
  g_autofree guint *order = g_new (guint, sentences->len + 1);

  for (guint i = 0; i < sentences->len; i++)
    order[i] = i;
  g_qsort_with_data (order, (int) sentences->len, sizeof *order, compare_values, values);
  return take (sentences, order);
}

static char *
summarize_ours (const CrownMeeting *meeting,
                GPtrArray          *sentences)
{
  g_autoptr (JsonObject) analysis = crown_analyze (meeting->transcript, NULL);
  JsonArray *summary = crown_json_opt_array (analysis, "summary");
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < json_array_get_length (summary); i++)
    g_string_append_printf (text, "%s ",
                            crown_json_opt_string (json_array_get_object_element (summary, i), "text", ""));
  return g_string_free (text, FALSE);
}

static char *
summarize_lead (const CrownMeeting *meeting,
                GPtrArray          *sentences)
{
  g_autofree double *values = g_new (double, sentences->len + 1);

  for (guint i = 0; i < sentences->len; i++)
    values[i] = -(double) i;
  return take_best (sentences, values);
}

static char *
summarize_longest (const CrownMeeting *meeting,
                   GPtrArray          *sentences)
{
  g_autofree double *values = g_new (double, sentences->len + 1);

  for (guint i = 0; i < sentences->len; i++)
    values[i] = ((CrownSentence *) sentences->pdata[i])->n_words;
  return take_best (sentences, values);
}

static char *
summarize_random (const CrownMeeting *meeting,
                  GPtrArray          *sentences)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  g_autofree double *values = g_new (double, sentences->len + 1);

  for (guint i = 0; i < sentences->len; i++)
    values[i] = g_rand_double (random);
  return take_best (sentences, values);
}

static GHashTable *
content_of (const char *text)
{
  g_auto (GStrv) words = crown_words_of (text);
  GHashTable *set = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; words[i] != NULL; i++)
    if (!crown_is_stop_word (CROWN_LANGUAGE_EN, words[i]))
      g_hash_table_add (set, crown_stem (words[i]));
  return set;
}

/* Mihalcea and Tarau, 2004: words in common over the logs of both lengths, and PageRank over that. */
static char *
summarize_textrank (const CrownMeeting *meeting,
                    GPtrArray          *sentences)
{
  guint n = MIN (sentences->len, TEXTRANK_MAX);
  double step = (double) sentences->len / MAX (n, 1);
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func ((GDestroyNotify) g_hash_table_unref);
  g_autofree float *weights = g_new0 (float, (gsize) n * n + 1);
  g_autofree double *sums = g_new0 (double, n + 1);
  g_autofree double *ranks = g_new (double, n + 1);
  g_autofree double *next = g_new (double, n + 1);
  g_autofree double *values = g_new0 (double, sentences->len + 1);

  for (guint i = 0; i < n; i++)
    {
      g_ptr_array_add (words, content_of (((CrownSentence *) sentences->pdata[(guint) (i * step)])->text));
      ranks[i] = 1;
    }
  for (guint i = 0; i < n; i++)
    for (guint j = i + 1; j < n; j++)
      {
        guint n_i = g_hash_table_size (words->pdata[i]), n_j = g_hash_table_size (words->pdata[j]), same = 0;
        GHashTableIter iter;
        gpointer word;

        if (n_i < 2 || n_j < 2)
          continue;
        g_hash_table_iter_init (&iter, words->pdata[n_i < n_j ? i : j]);
        while (g_hash_table_iter_next (&iter, &word, NULL))
          same += g_hash_table_contains (words->pdata[n_i < n_j ? j : i], word);
        weights[(gsize) i * n + j] = weights[(gsize) j * n + i] = (float) (same / (log (n_i) + log (n_j)));
        sums[i] += weights[(gsize) i * n + j];
        sums[j] += weights[(gsize) i * n + j];
      }
  for (guint turn = 0; turn < TEXTRANK_TURNS; turn++)
    {
      for (guint i = 0; i < n; i++)
        {
          double sum = 0;

          for (guint j = 0; j < n; j++)
            if (weights[(gsize) j * n + i] > 0)
              sum += (double) weights[(gsize) j * n + i] / sums[j] * ranks[j];
          next[i] = 1 - DAMPING + DAMPING * sum;
        }
      memcpy (ranks, next, n * sizeof *ranks);
    }
  for (guint i = 0; i < n; i++)
    values[(guint) (i * step)] = ranks[i];
  return take_best (sentences, values);
}

static const struct {
  const char *name;
  Summarizer  summarize;
} systems[] = {
  { "ours", summarize_ours },
  { "lead", summarize_lead },
  { "longest", summarize_longest },
  { "random", summarize_random },
  { "textrank", summarize_textrank },
};

static void
print_mean (const char *system,
            gboolean    held_out,
            const char *score,
            double      sum,
            double      floor,
            guint       n)
{
  g_autofree char *name = g_strdup_printf ("summary/%s/%s/%s", held_out ? "held-out" : "dev", system, score);

  crown_bench_print (name, 100 * sum / MAX (n, 1), "% F1", floor, n);
}

int
main (int    argc,
      char **argv)
{
  gboolean quick = crown_bench_init (&argc, &argv);
  g_autoptr (GPtrArray) meetings = crown_meetings_load ();
  gboolean show = g_getenv ("CROWN_BENCH_SHOW") != NULL; /* the summaries themselves, to be read */

  if (meetings == NULL)
    return 77;
  for (int held_out = 0; held_out <= 1; held_out++)
    for (guint s = 0; s < (quick ? 2 : G_N_ELEMENTS (systems)); s++)
      {
        CrownRouge sum = { 0 };
        guint n = 0, n_words = 0;
        gboolean aimed = held_out == 1 && s == 0;

        for (guint i = 0; i < meetings->len; i++)
          {
            const CrownMeeting *meeting = meetings->pdata[i];
            g_autoptr (GPtrArray) sentences = NULL;
            g_autofree char *summary = NULL;
            CrownRouge score;

            if (meeting->held_out != held_out)
              continue;
            sentences = crown_sentences_of (meeting->transcript);
            summary = systems[s].summarize (meeting, sentences);
            score = crown_rouge_score (summary, meeting->reference);
            sum.one += score.one;
            sum.two += score.two;
            sum.l += score.l;
            n_words += crown_count_words (summary);
            n++;
            if (show && s == 0)
              g_printerr ("%s%s %.1f/%.1f/%.1f, %u words\n%s\n\n", meeting->name, held_out ? " (held out)" : "",
                          100 * score.one, 100 * score.two, 100 * score.l, crown_count_words (summary), summary);
          }
        print_mean (systems[s].name, held_out, "1", sum.one, aimed ? 31 : CROWN_BENCH_NO_FLOOR, n);
        print_mean (systems[s].name, held_out, "2", sum.two, aimed ? 5.5 : CROWN_BENCH_NO_FLOOR, n);
        print_mean (systems[s].name, held_out, "l", sum.l, aimed ? 16.5 : CROWN_BENCH_NO_FLOOR, n);
        if (show)
          g_printerr ("%s: %.0f words\n", systems[s].name, (double) n_words / MAX (n, 1));
      }
  return 0;
}
