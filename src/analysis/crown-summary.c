/* crown-summary.c: the sentences that say most of a meeting
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-analysis"

#include "crown-analysis-private.h"

#include <math.h>
#include <string.h>

#define SUMMARY_WORDS   130
#define SENTENCES_MAX   12
#define WORDS_MIN       7
#define WORDS_MAX       42
#define REDUNDANCY_MAX  0.5 /* of a sentence's words in one that is taken already */

/* Centroid scoring: a word weighs as often as it is said, dampened, and less if it is said by everybody in every turn; a
 * sentence weighs the mean of its words. Linear in the length of the meeting, unlike a graph of all pairs of sentences. */
typedef struct {
  guint sentence; /* index */
  double score;
  GHashTable *words; /* set of content words */
} Candidate;

static void
candidate_clear (gpointer data)
{
  g_hash_table_unref (((Candidate *) data)->words);
}

static GHashTable *
content_words (const char *text)
{
  g_auto (GStrv) words = crown_words_of (text);
  GHashTable *set = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; words[i] != NULL; i++)
    if (!crown_is_stop_word (words[i]))
      g_hash_table_add (set, g_strdup (words[i]));
  return set;
}

/* How people say that something matters. */
static double
cue_bonus (const char *text)
{
  static const char *const cues[] = { "decide", "decision", "agree", "plan", "important", "main", "goal", "need to", "problem",
                                      "because", "deadline", "release", "budget", "next step", "conclusion", "proposal",
                                      "in summary", "priority", "customers", "result" };
  g_autofree char *lower = g_utf8_strdown (text, -1);
  double bonus = 1;

  for (guint i = 0; i < G_N_ELEMENTS (cues) && bonus < 1.4; i++)
    if (strstr (lower, cues[i]) != NULL)
      bonus += 0.12;
  return g_str_has_suffix (text, "?") ? bonus * 0.6 : bonus;
}

static int
compare_scores (gconstpointer a,
                gconstpointer b)
{
  const Candidate *x = a, *y = b;

  if (x->score != y->score)
    return x->score < y->score ? 1 : -1;
  return (x->sentence > y->sentence) - (x->sentence < y->sentence);
}

static double
overlap (GHashTable *a,
         GHashTable *b)
{
  GHashTableIter iter;
  gpointer word;
  guint n = 0;

  g_hash_table_iter_init (&iter, a);
  while (g_hash_table_iter_next (&iter, &word, NULL))
    n += g_hash_table_contains (b, word);
  return (double) n / MAX (1, MIN (g_hash_table_size (a), g_hash_table_size (b)));
}

static GArray *
score_all (GPtrArray *sentences)
{
  GArray *candidates = g_array_new (FALSE, FALSE, sizeof (Candidate));
  g_autoptr (GHashTable) counts = g_hash_table_new (g_str_hash, g_str_equal);

  g_array_set_clear_func (candidates, candidate_clear);
  for (guint i = 0; i < sentences->len; i++)
    {
      const CrownSentence *sentence = sentences->pdata[i];
      Candidate candidate = { i, 0, content_words (sentence->text) };
      GHashTableIter iter;
      gpointer word;

      g_array_append_val (candidates, candidate); /* its words are the table's keys */
      g_hash_table_iter_init (&iter, candidate.words);
      while (g_hash_table_iter_next (&iter, &word, NULL))
        g_hash_table_insert (counts, word, GUINT_TO_POINTER (GPOINTER_TO_UINT (g_hash_table_lookup (counts, word)) + 1));
    }

  for (guint i = 0; i < candidates->len; i++)
    {
      Candidate *candidate = &g_array_index (candidates, Candidate, i);
      const CrownSentence *sentence = sentences->pdata[i];
      double position = (double) i / MAX (1, sentences->len), sum = 0;
      GHashTableIter iter;
      gpointer word;

      if (sentence->n_words < WORDS_MIN || sentence->n_words > WORDS_MAX || g_hash_table_size (candidate->words) < 3)
        continue;
      g_hash_table_iter_init (&iter, candidate->words);
      while (g_hash_table_iter_next (&iter, &word, NULL))
        {
          guint count = GPOINTER_TO_UINT (g_hash_table_lookup (counts, word));

          if (count > 1)
            sum += log (1 + count);
        }
      candidate->score = sum / (3 + g_hash_table_size (candidate->words)) * sqrt (g_hash_table_size (candidate->words)) *
                         cue_bonus (sentence->text) * (position < 0.05 || position > 0.95 ? 1.15 : 1);
    }
  return candidates;
}

static int
compare_indices (gconstpointer a,
                 gconstpointer b)
{
  guint x = *(const guint *) a, y = *(const guint *) b;

  return (x > y) - (x < y);
}

JsonArray *
crown_summary_of (const CrownTranscript *transcript,
                  GPtrArray             *sentences)
{
  g_autoptr (GArray) candidates = score_all (sentences);
  g_autoptr (GArray) taken = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (GPtrArray) taken_words = g_ptr_array_new ();
  JsonArray *summary = json_array_new ();
  const char *last_speaker = NULL;
  guint n_words = 0;

  g_array_sort (candidates, compare_scores);
  for (guint i = 0; i < candidates->len && taken->len < SENTENCES_MAX && n_words < SUMMARY_WORDS; i++)
    {
      Candidate *candidate = &g_array_index (candidates, Candidate, i);
      const CrownSentence *sentence = sentences->pdata[candidate->sentence];
      gboolean redundant = FALSE;

      if (candidate->score <= 0 && taken->len > 0)
        break;
      for (guint j = 0; j < taken_words->len; j++)
        redundant = redundant || overlap (candidate->words, taken_words->pdata[j]) > REDUNDANCY_MAX;
      if (redundant || (n_words > 0 && n_words + sentence->n_words > SUMMARY_WORDS + 15))
        continue;
      g_array_append_val (taken, candidate->sentence);
      g_ptr_array_add (taken_words, candidate->words);
      n_words += sentence->n_words;
    }
  g_array_sort (taken, compare_indices);

  for (guint i = 0; i < taken->len; i++)
    {
      const CrownSentence *sentence = sentences->pdata[g_array_index (taken, guint, i)];
      const CrownSegment *segment = transcript->segments->pdata[sentence->line];
      JsonObject *element = json_object_new ();
      gsize length = strlen (sentence->text);
      const char *stop = length > 0 && strchr (".!?", sentence->text[length - 1]) != NULL ? "" : ".";
      g_autofree char *text = NULL;

      /* Who speaks is named where it changes: "I" means somebody. */
      if (*segment->speaker != '\0' && g_strcmp0 (segment->speaker, last_speaker) != 0)
        text = g_strdup_printf ("%s: %s%s", segment->speaker, sentence->text, stop);
      else
        text = g_strconcat (sentence->text, stop, NULL);
      last_speaker = segment->speaker;
      json_object_set_string_member (element, "text", text);
      json_object_set_int_member (element, "line", sentence->line);
      json_array_add_object_element (summary, element);
    }
  return summary;
}
