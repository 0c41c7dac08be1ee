/* crown-sentiment.c: how positive what is said sounds, from -1 to 1
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-analysis"

#include "crown-analysis-private.h"

#include <math.h>
#include <string.h>

#define TIMELINE_POINTS 20
#define NORMALIZER      15.0 /* sum / sqrt (sum² + 15) keeps a turn within ±1, as VADER (Hutto and Gilbert, 2014) does */

typedef struct {
  const char *word;
  double      weight;
} Weight;

static const Weight lexicon[] = {
  { "afraid", -1.5 }, { "agree", 1.3 }, { "amazing", 2.8 }, { "angry", -2.3 }, { "annoying", -1.9 }, { "awesome", 3.0 },
  { "awful", -2.8 }, { "bad", -2.2 }, { "beautiful", 2.6 }, { "best", 2.6 }, { "better", 1.7 }, { "blocked", -1.6 },
  { "blocker", -1.6 }, { "bored", -1.3 }, { "brilliant", 2.8 }, { "broke", -1.6 }, { "broken", -1.9 }, { "bug", -1.0 },
  { "bugs", -1.0 }, { "clear", 0.9 }, { "complain", -1.5 }, { "complaint", -1.5 }, { "complaints", -1.5 }, { "concern", -1.2 },
  { "concerned", -1.4 }, { "concerns", -1.2 }, { "confused", -1.3 }, { "confusing", -1.4 }, { "congratulations", 2.6 },
  { "crash", -1.8 }, { "crashed", -1.8 }, { "delay", -1.3 }, { "delayed", -1.4 }, { "difficult", -1.4 }, { "disagree", -1.5 },
  { "disappointed", -2.0 }, { "disaster", -2.8 }, { "easy", 1.4 }, { "enjoy", 2.0 }, { "error", -1.2 }, { "excellent", 2.8 },
  { "excited", 2.0 }, { "fail", -1.9 }, { "failed", -2.0 }, { "failing", -1.9 }, { "failure", -2.1 }, { "fantastic", 2.8 },
  { "fine", 0.9 }, { "fixed", 1.0 }, { "frustrated", -2.0 }, { "frustrating", -2.0 }, { "fun", 2.0 }, { "glad", 2.0 },
  { "good", 1.8 }, { "great", 2.6 }, { "happy", 2.5 }, { "hate", -2.6 }, { "helpful", 1.8 }, { "horrible", -2.6 },
  { "impossible", -1.6 }, { "impressive", 2.2 }, { "improved", 1.6 }, { "improvement", 1.5 }, { "interesting", 1.5 },
  { "issue", -0.9 }, { "issues", -0.9 }, { "late", -1.1 }, { "lost", -1.3 }, { "love", 2.9 }, { "lovely", 2.5 },
  { "mess", -1.6 }, { "missed", -1.2 }, { "mistake", -1.4 }, { "nice", 1.8 }, { "overloaded", -1.6 }, { "painful", -1.9 },
  { "perfect", 2.7 }, { "pleased", 2.0 }, { "poor", -1.8 }, { "problem", -1.5 }, { "problems", -1.5 }, { "progress", 1.3 },
  { "proud", 2.2 }, { "ready", 1.0 }, { "risk", -1.1 }, { "risky", -1.3 }, { "sad", -2.1 }, { "scared", -1.9 }, { "slow", -1.0 },
  { "solved", 1.4 }, { "sorry", -0.8 }, { "struggling", -1.6 }, { "stuck", -1.6 }, { "success", 2.3 }, { "successful", 2.3 },
  { "terrible", -2.7 }, { "thank", 1.5 }, { "thanks", 1.7 }, { "tired", -1.4 }, { "trouble", -1.6 }, { "ugly", -1.8 },
  { "unfortunately", -1.3 }, { "unhappy", -1.9 }, { "useful", 1.6 }, { "useless", -1.9 }, { "well", 0.7 }, { "win", 2.0 },
  { "wonderful", 2.7 }, { "worried", -1.6 }, { "worry", -1.5 }, { "worse", -1.9 }, { "worst", -2.6 }, { "wrong", -1.7 },
};

static const Weight intensifiers[] = {
  { "a-bit", 0.6 }, { "absolutely", 1.5 }, { "completely", 1.4 }, { "extremely", 1.6 }, { "fairly", 0.8 }, { "quite", 1.1 },
  { "really", 1.4 }, { "slightly", 0.6 }, { "so", 1.2 }, { "somewhat", 0.7 }, { "totally", 1.4 }, { "very", 1.4 },
};

static double
find (const Weight *weights,
      gsize         n,
      const char   *word,
      double        otherwise)
{
  gsize low = 0, high = n;

  while (low < high)
    {
      gsize middle = (low + high) / 2;
      int order = strcmp (word, weights[middle].word);

      if (order == 0)
        return weights[middle].weight;
      if (order < 0)
        high = middle;
      else
        low = middle + 1;
    }
  return otherwise;
}

static gboolean
negates (const char *word)
{
  return strcmp (word, "not") == 0 || strcmp (word, "no") == 0 || strcmp (word, "never") == 0 || strcmp (word, "without") == 0 ||
         strcmp (word, "hardly") == 0 || g_str_has_suffix (word, "n't");
}

/* A negation up to three words before turns a word's weight and dampens it: "not great" is not "terrible". */
static double
score_of (const char *text)
{
  g_auto (GStrv) words = crown_words_of (text);
  double sum = 0;

  for (guint i = 0; words[i] != NULL; i++)
    {
      double weight = find (lexicon, G_N_ELEMENTS (lexicon), words[i], 0);

      if (weight == 0)
        continue;
      if (i > 0)
        weight *= find (intensifiers, G_N_ELEMENTS (intensifiers), words[i - 1], 1);
      for (guint back = 1; back <= 3 && back <= i; back++)
        if (negates (words[i - back]))
          {
            weight *= -0.74;
            break;
          }
      sum += weight;
    }
  return sum == 0 ? 0 : sum / sqrt (sum * sum + NORMALIZER);
}

typedef struct {
  double sum;
  double words;
} Mean;

static void
mean_add (Mean   *mean,
          double  score,
          double  words)
{
  mean->sum += score * words;
  mean->words += words;
}

/* Three digits are more than such a lexicon can know. */
static double
mean_get (const Mean *mean)
{
  return mean->words > 0 ? round (1000 * mean->sum / mean->words) / 1000 : 0;
}

/* {overall, by_speaker: {name: score}, timeline: [{at, score}]}; each is the mean of its turns, weighted by their words. */
JsonObject *
crown_sentiment_of (const CrownTranscript *transcript,
                    gint64                 duration_ms,
                    const gint64          *starts)
{
  g_autoptr (GHashTable) speakers = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  g_autoptr (GPtrArray) order = g_ptr_array_new ();
  Mean overall = { 0 }, timeline[TIMELINE_POINTS] = { { 0 } };
  JsonObject *sentiment = json_object_new ();
  JsonObject *by_speaker = json_object_new ();
  JsonArray *points = json_array_new ();

  for (guint i = 0; i < transcript->segments->len; i++)
    {
      const CrownSegment *segment = transcript->segments->pdata[i];
      double words = crown_count_words (segment->text);
      double score = score_of (segment->text);
      guint point = duration_ms > 0 ? (guint) CLAMP ((starts[i] - starts[0]) * TIMELINE_POINTS / duration_ms, 0, TIMELINE_POINTS - 1) : 0;
      Mean *mean = g_hash_table_lookup (speakers, segment->speaker);

      if (mean == NULL && *segment->speaker != '\0')
        {
          mean = g_new0 (Mean, 1);
          g_hash_table_insert (speakers, segment->speaker, mean);
          g_ptr_array_add (order, segment->speaker);
        }
      if (mean != NULL)
        mean_add (mean, score, words);
      mean_add (&overall, score, words);
      mean_add (&timeline[point], score, words);
    }

  for (guint i = 0; i < order->len; i++)
    json_object_set_double_member (by_speaker, order->pdata[i], mean_get (g_hash_table_lookup (speakers, order->pdata[i])));
  for (guint i = 0; i < TIMELINE_POINTS; i++)
    if (timeline[i].words > 0)
      {
        JsonObject *point = json_object_new ();

        json_object_set_double_member (point, "at", round ((double) duration_ms * i / TIMELINE_POINTS) / 1000);
        json_object_set_double_member (point, "score", mean_get (&timeline[i]));
        json_array_add_object_element (points, point);
      }
  json_object_set_double_member (sentiment, "overall", mean_get (&overall));
  json_object_set_object_member (sentiment, "by_speaker", by_speaker);
  json_object_set_array_member (sentiment, "timeline", points);
  return sentiment;
}
