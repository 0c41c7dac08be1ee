/* crown-summary.c: what was spoken about, chapter by chapter, and the statements that say most
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-analysis"

#include "crown-wording.h"

#include <math.h>
#include <string.h>

#define SHORT_SENTENCES 40  /* a meeting of fewer is told by its statements alone */
#define SUMMARY_WORDS  130
#define OVER_MAX       8    /* words, for the sake of a last sentence */
#define CHAPTERS_MAX   5    /* that are told about */
#define PHRASES        3    /* that a chapter is told with */
#define LEADERS_SHARE  0.6  /* of a chapter's words by one person make it theirs */
#define GENERAL_WEIGHT 0.6  /* of words that are said in any meeting */
#define CHAPTER_WEIGHT 0.6  /* of a word's frequency in its chapter beside that in the meeting */
#define AGAIN_WEIGHT   0.95 /* of a chapter's second statement beside another chapter's first */
#define CANDIDATES_MAX 300  /* the best ones, of which no two that say the same are taken */
#define SAME_SHARE     0.6  /* of a statement's words in those taken before: the same again */
#define REDUNDANCY     0.35 /* how much what is said already takes from a statement's score */

typedef struct {
  guint   sentence; /* index */
  guint   chapter;
  char   *statement;
  double  score;
  gboolean taken;
} Candidate;

static void
candidate_clear (gpointer data)
{
  g_free (((Candidate *) data)->statement);
}

/* How people say that something matters. */
static double
cue_bonus (const char *text)
{
  static const char *const cues[] = { "decide", "decision", "agree", "plan", "important", "main",
                                      "goal", "need to", "problem", "because", "deadline", "release",
                                      "budget", "next step", "conclusion", "proposal", "in summary", "priority",
                                      "customers", "result", "should", "concern" };
  g_autofree char *lower = g_utf8_strdown (text, -1);
  double bonus = 1;

  for (guint i = 0; i < G_N_ELEMENTS (cues) && bonus < 1.3; i++)
    if (strstr (lower, cues[i]) != NULL)
      bonus += 0.1;
  return bonus;
}

/* How central a sentence is: its words weigh by the number of sentences that they are in, dampened, both in the whole
 * meeting and in its chapter. Linear, unlike a graph of all pairs of sentences. */
static double
centrality_of (const CrownTerms *terms,
               guint             sentence,
               const guint      *chapter_counts,
               guint            *seen,
               guint             mark)
{
  guint n_words, n_distinct = 0;
  const guint *words = crown_terms_get (terms, sentence, &n_words);
  double sum = 0;

  for (guint i = 0; i < n_words; i++)
    {
      const CrownWord *word = crown_terms_word (terms, words[i]);
      guint count;

      if (word->stop || word->stem >= terms->n_stems || seen[word->stem] == mark)
        continue;
      seen[word->stem] = mark;
      n_distinct++;
      count = terms->stem_counts[word->stem];
      /* In a long meeting what is said once is by the way. */
      if (count > 1 || terms->sentences->len < SHORT_SENTENCES)
        sum += (word->general ? GENERAL_WEIGHT : 1) *
               (log (1 + count) + CHAPTER_WEIGHT * log (1 + chapter_counts[word->stem]));
    }
  return n_distinct < 3 ? 0 : sum / (3 + n_distinct) * sqrt (n_distinct);
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

static GArray *
make_candidates (const CrownTerms *terms,
                 GPtrArray        *chapters)
{
  GArray *candidates = g_array_new (FALSE, TRUE, sizeof (Candidate));
  g_autofree guint *counts = g_new0 (guint, terms->n_stems + 1);
  g_autofree guint *seen = g_new0 (guint, terms->n_stems + 1);

  gboolean english = terms->language == CROWN_LANGUAGE_EN;

  g_array_set_clear_func (candidates, candidate_clear);
  for (guint c = 0; c < chapters->len; c++)
    {
      const CrownChapter *chapter = chapters->pdata[c];

      for (guint i = terms->offsets[chapter->from]; i < terms->offsets[chapter->to]; i++)
        counts[MIN (crown_terms_word (terms, g_array_index (terms->stream, guint, i))->stem, terms->n_stems)]++;
      for (guint s = chapter->from; s < chapter->to; s++)
        {
          const CrownSentence *sentence = terms->sentences->pdata[s];
          Candidate candidate = { s, c };
          double position = (double) s / terms->sentences->len;
          double within = (double) (s - chapter->from) / (chapter->to - chapter->from);

          if (sentence->n_words < 7 || sentence->n_words > 60)
            continue;
          candidate.score = centrality_of (terms, s, counts, seen, s + 1);
          if (candidate.score <= 0)
            continue;
          candidate.statement = english ? crown_wording_statement (terms, sentence->text) : g_strdup (sentence->text);
          candidate.score *= crown_wording_form (terms, candidate.statement, sentence) * cue_bonus (sentence->text) *
                             (position < 0.05 ? 1.2 : position > 0.95 ? 1.1 : 1) * (within < 0.1 ? 1.1 : 1);
          if (candidate.score <= 0)
            {
              g_free (candidate.statement);
              continue;
            }
          g_array_append_val (candidates, candidate);
        }
      for (guint i = terms->offsets[chapter->from]; i < terms->offsets[chapter->to]; i++)
        counts[MIN (crown_terms_word (terms, g_array_index (terms->stream, guint, i))->stem, terms->n_stems)] = 0;
    }
  g_array_sort (candidates, compare_scores);
  return candidates;
}

/* @kind: "overview" or "chapter", made of what was said between the lines, or "statement", a sentence of one person */
static void
add_sentence (JsonArray  *summary,
              const char *kind,
              const char *text,
              guint       line,
              guint       end_line)
{
  JsonObject *element = json_object_new ();

  json_object_set_string_member (element, "text", text);
  json_object_set_int_member (element, "line", line);
  json_object_set_int_member (element, "end_line", end_line);
  json_object_set_string_member (element, "kind", kind);
  json_array_add_object_element (summary, element);
}

/* "the budget, the buttons and the battery" */
static char *
enumerate (const CrownTerms *terms,
           GPtrArray        *phrases)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < phrases->len; i++)
    {
      g_autofree char *name = crown_terms_name (terms, phrases->pdata[i], TRUE);

      g_string_append_printf (text, "%s%s", i == 0 ? "" : i + 1 == phrases->len ? " and " : ", ", name);
    }
  return g_string_free (text, FALSE);
}

static const char *
speaker_of (const CrownTranscript *transcript,
            const CrownSentence   *sentence)
{
  return ((const CrownSegment *) transcript->segments->pdata[sentence->line])->speaker;
}

/* Who says most of a chapter, if somebody does. */
static const char *
leader_of (const CrownTranscript *transcript,
           const CrownTerms      *terms,
           const CrownChapter    *chapter)
{
  g_autoptr (GHashTable) words = g_hash_table_new (g_str_hash, g_str_equal);
  const char *best = NULL;
  guint most = 0, all = 0;

  for (guint s = chapter->from; s < chapter->to; s++)
    {
      const CrownSentence *sentence = terms->sentences->pdata[s];
      const char *speaker = speaker_of (transcript, sentence);
      guint n = GPOINTER_TO_UINT (g_hash_table_lookup (words, speaker)) + sentence->n_words;

      g_hash_table_insert (words, (char *) speaker, GUINT_TO_POINTER (n));
      all += sentence->n_words;
      if (n > most && *speaker != '\0')
        {
          most = n;
          best = speaker;
        }
    }
  return most > LEADERS_SHARE * all ? best : NULL;
}

/* The longest chapters, in their order. */
static GArray *
main_chapters (GPtrArray *chapters,
               guint      n_max)
{
  GArray *indices = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < chapters->len; i++)
    {
      const CrownChapter *chapter = chapters->pdata[i];
      guint longer = 0;

      for (guint j = 0; j < chapters->len; j++)
        {
          const CrownChapter *other = chapters->pdata[j];

          longer += other->to - other->from > chapter->to - chapter->from ||
                    (other->to - other->from == chapter->to - chapter->from && j < i);
        }
      if (longer < n_max)
        g_array_append_val (indices, i);
    }
  return indices;
}

static double
redundancy_of (const CrownTerms *terms,
               guint             sentence,
               const guint      *said)
{
  guint n_words, n = 0, n_known = 0;
  const guint *words = crown_terms_get (terms, sentence, &n_words);

  for (guint i = 0; i < n_words; i++)
    {
      const CrownWord *word = crown_terms_word (terms, words[i]);

      if (word->stop || word->stem >= terms->n_stems)
        continue;
      n++;
      n_known += said[word->stem] > 0;
    }
  return n > 0 ? (double) n_known / n : 1;
}

/* In languages whose grammar is not known here people speak for themselves. */
static char *
quote (const char *sentence,
       const char *speaker)
{
  const char *stop = *sentence != '\0' && strchr (".!?", sentence[strlen (sentence) - 1]) != NULL ? "" : ".";

  return g_strconcat (speaker, *speaker != '\0' ? ": " : "", sentence, stop, NULL);
}

/* A chapter's phrases, without those that another chapter is told with already, as far as there are others. */
static GPtrArray *
new_phrases (const CrownTerms   *terms,
             const CrownChapter *chapter,
             GHashTable         *told,
             guint               n_max)
{
  g_autoptr (GPtrArray) all = crown_terms_phrases (terms, chapter->from, chapter->to, 3 * n_max);
  GPtrArray *phrases = g_ptr_array_new ();

  for (guint i = 0; i < all->len && phrases->len < n_max; i++)
    if (g_hash_table_add (told, all->pdata[i]))
      g_ptr_array_add (phrases, all->pdata[i]);
  return phrases;
}

JsonArray *
crown_summary_of (const CrownTranscript *transcript,
                  const CrownTerms      *terms,
                  GPtrArray             *chapters)
{
  JsonArray *summary = json_array_new ();
  g_autoptr (GArray) candidates = make_candidates (terms, chapters);
  g_autoptr (GArray) told = main_chapters (chapters, CHAPTERS_MAX);
  g_autoptr (GPtrArray) frames = g_ptr_array_new_with_free_func (g_free);
  g_autofree guint *said = g_new0 (guint, terms->n_stems + 1);
  g_autofree guint *per_chapter = g_new0 (guint, chapters->len + 1);
  g_autofree char *overview = NULL;
  g_autoptr (GHashTable) told_phrases = g_hash_table_new (NULL, NULL);
  guint n_words = 0, number = 0;
  gboolean english = terms->language == CROWN_LANGUAGE_EN;

  if (english)
    {
      g_autoptr (GPtrArray) phrases = crown_terms_phrases (terms, 0, terms->sentences->len, PHRASES);
      g_autofree char *subjects = enumerate (terms, phrases);

      if (phrases->len > 0 && terms->sentences->len >= SHORT_SENTENCES)
        {
          overview = g_strdup_printf ("The meeting was about %s.", subjects);
          n_words += crown_count_words (overview);
        }
    }
  for (guint i = 0; i < told->len; i++)
    {
      static const char *const openings[] = { "First, ", "Then, ", "After that, ", "Next, " };
      static const char *const leads[] = { "spoke about", "talked about", "dealt with" };
      const CrownChapter *chapter = chapters->pdata[g_array_index (told, guint, i)];
      g_autoptr (GPtrArray) phrases = new_phrases (terms, chapter, told_phrases, PHRASES);
      g_autofree char *subjects = enumerate (terms, phrases);
      const char *leader = leader_of (transcript, terms, chapter);
      char *frame = NULL;

      if (english && phrases->len > 0 && told->len > 1)
        frame = g_strdup_printf ("%s%s %s %s.", i + 1 == told->len ? "Finally, " : openings[MIN (i, 3)],
                                 leader != NULL ? leader : "the group", leader != NULL ? leads[i % 3] : "discussed",
                                 subjects);
      g_ptr_array_add (frames, frame);
      if (frame != NULL)
        n_words += crown_count_words (frame);
    }

  while (n_words < SUMMARY_WORDS - 8)
    {
      Candidate *best = NULL;
      double best_score = 0;

      for (guint i = 0; i < MIN (candidates->len, CANDIDATES_MAX); i++)
        {
          Candidate *candidate = &g_array_index (candidates, Candidate, i);
          double redundancy, score;
          gboolean fits = FALSE;

          for (guint j = 0; j < told->len; j++)
            fits = fits || g_array_index (told, guint, j) == candidate->chapter;
          if (!fits || candidate->taken ||
              (n_words > 0 && n_words + crown_count_words (candidate->statement) + 3 > SUMMARY_WORDS + OVER_MAX))
            continue;
          redundancy = redundancy_of (terms, candidate->sentence, said);
          if (redundancy > SAME_SHARE)
            continue;
          score =
            candidate->score * (1 - REDUNDANCY * redundancy) * pow (AGAIN_WEIGHT, per_chapter[candidate->chapter]);
          if (score > best_score)
            {
              best = candidate;
              best_score = score;
            }
        }
      if (best == NULL)
        break;
      best->taken = TRUE;
      per_chapter[best->chapter]++;
      n_words += crown_count_words (best->statement) + 3;
      for (guint i = terms->offsets[best->sentence]; i < terms->offsets[best->sentence + 1]; i++)
        said[MIN (crown_terms_word (terms, g_array_index (terms->stream, guint, i))->stem, terms->n_stems)]++;
    }

  if (overview != NULL)
    add_sentence (summary, "overview", overview, 0, transcript->segments->len - 1);
  for (guint i = 0; i < told->len; i++)
    {
      guint c = g_array_index (told, guint, i);
      const CrownChapter *chapter = chapters->pdata[c];

      if (frames->pdata[i] != NULL)
        add_sentence (summary, "chapter", frames->pdata[i],
                      ((CrownSentence *) terms->sentences->pdata[chapter->from])->line,
                      ((CrownSentence *) terms->sentences->pdata[chapter->to - 1])->line);
      for (guint s = chapter->from; s < chapter->to && per_chapter[c] > 0; s++)
        for (guint j = 0; j < MIN (candidates->len, CANDIDATES_MAX); j++)
          {
            const Candidate *candidate = &g_array_index (candidates, Candidate, j);
            const CrownSentence *sentence = terms->sentences->pdata[s];
            g_autofree char *text = NULL;

            if (!candidate->taken || candidate->sentence != s)
              continue;
            text = english ? crown_wording_report (candidate->statement, speaker_of (transcript, sentence), number++)
                           : quote (candidate->statement, speaker_of (transcript, sentence));
            add_sentence (summary, "statement", text, sentence->line, sentence->end_line);
          }
    }
  return summary;
}
