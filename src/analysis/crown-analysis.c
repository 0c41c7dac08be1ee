/* crown-analysis.c: who spoke for how long, and the whole of the analysis
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-analysis"

#include "crown-wording.h"

#include <math.h>
#include <string.h>

typedef struct {
  const char *name;
  gint64      speaking_ms;
  gint64      longest_ms;
  guint       turns;
  guint       words;
  guint       questions;
  guint       interruptions;
  gint64      overlap_ms;
} Speaker;

#define INTERRUPTION_MS 300 /* a shorter overlap is how people take turns */

static double
seconds (gint64 milliseconds)
{
  return (double) milliseconds / 1000;
}

/* 1 when all speak for the same time, 0 when one speaks alone: the entropy of the shares over its maximum, log n. */
static double
balance_of (GArray *speakers,
            gint64  total_ms)
{
  double entropy = 0;

  if (speakers->len < 2 || total_ms == 0)
    return 0;
  for (guint i = 0; i < speakers->len; i++)
    {
      double share = (double) g_array_index (speakers, Speaker, i).speaking_ms / (double) total_ms;

      if (share > 0)
        entropy -= share * log (share);
    }
  return round (1000 * entropy / log (speakers->len)) / 1000;
}

static GArray *
measure_speakers (const CrownTranscript *transcript,
                  const gint64          *lengths,
                  gint64                *total_ms)
{
  GArray *speakers = g_array_new (FALSE, TRUE, sizeof (Speaker));
  g_autoptr (GHashTable) index = g_hash_table_new (g_str_hash, g_str_equal);
  const char *previous = NULL;
  gint64 turn_ms = 0;

  *total_ms = 0;
  for (guint i = 0; i < transcript->segments->len; i++)
    {
      const CrownSegment *segment = transcript->segments->pdata[i];
      gpointer position;
      Speaker *speaker;

      if (*segment->speaker == '\0')
        {
          previous = NULL;
          continue;
        }
      if (!g_hash_table_lookup_extended (index, segment->speaker, NULL, &position))
        {
          Speaker new_speaker = { segment->speaker };

          position = GUINT_TO_POINTER (speakers->len);
          g_hash_table_insert (index, segment->speaker, position);
          g_array_append_val (speakers, new_speaker);
        }
      speaker = &g_array_index (speakers, Speaker, GPOINTER_TO_UINT (position));
      if (previous == NULL || strcmp (previous, segment->speaker) != 0)
        {
          speaker->turns++;
          turn_ms = 0;
        }
      turn_ms += lengths[i];
      previous = segment->speaker;
      speaker->speaking_ms += lengths[i];
      speaker->longest_ms = MAX (speaker->longest_ms, turn_ms);
      speaker->words += crown_count_words (segment->text);
      speaker->questions += strchr (segment->text, '?') != NULL;
      *total_ms += lengths[i];
    }
  return speakers;
}

/* Who begins while another speaks and is still speaking when that one has stopped, interrupts. Overlap is for how long
 * one speaks while another does, silence for how long nobody does. Segments are in the order in which they begin. */
static gint64
measure_overlaps (const CrownTranscript *transcript,
                  const gint64          *starts,
                  const gint64          *lengths,
                  GArray                *speakers)
{
  g_autoptr (GHashTable) index = g_hash_table_new (g_str_hash, g_str_equal);
  const char *holder = "";
  gint64 silence_ms = 0, until = 0;

  for (guint i = 0; i < speakers->len; i++)
    g_hash_table_insert (index, (char *) g_array_index (speakers, Speaker, i).name,
                         &g_array_index (speakers, Speaker, i));
  for (guint i = 0; i < transcript->segments->len; i++)
    {
      const CrownSegment *segment = transcript->segments->pdata[i];
      gint64 end = starts[i] + lengths[i];

      if (i > 0)
        silence_ms += MAX (0, starts[i] - until);
      if (i > 0 && starts[i] < until && *segment->speaker != '\0' && *holder != '\0' &&
          strcmp (segment->speaker, holder) != 0)
        {
          Speaker *speaker = g_hash_table_lookup (index, segment->speaker);

          speaker->overlap_ms += MIN (end, until) - starts[i];
          speaker->interruptions += end > until && until - starts[i] >= INTERRUPTION_MS;
        }
      if (i == 0 || end > until)
        {
          until = end;
          holder = segment->speaker;
        }
    }
  return silence_ms;
}

/* The members that only measured times give, or null. */
static void
add_measured (JsonObject            *participation,
              const CrownTranscript *transcript,
              const gint64          *starts,
              const gint64          *lengths,
              GArray                *speakers)
{
  JsonObject *pace = json_object_new ();
  JsonObject *interruptions = json_object_new ();
  JsonObject *overlap = json_object_new ();
  gint64 silence_ms = transcript->has_ends ? measure_overlaps (transcript, starts, lengths, speakers) : 0;

  for (guint i = 0; i < speakers->len; i++)
    {
      const Speaker *speaker = &g_array_index (speakers, Speaker, i);

      json_object_set_double_member (
        pace, speaker->name,
        speaker->speaking_ms > 0 ? round (60000.0 * speaker->words / (double) speaker->speaking_ms) : 0);
      json_object_set_int_member (interruptions, speaker->name, speaker->interruptions);
      json_object_set_double_member (overlap, speaker->name, seconds (speaker->overlap_ms));
    }
  if (transcript->has_times)
    json_object_set_object_member (participation, "words_per_minute", json_object_ref (pace));
  else
    json_object_set_null_member (participation, "words_per_minute");
  if (transcript->has_ends)
    {
      json_object_set_object_member (participation, "interruptions", json_object_ref (interruptions));
      json_object_set_object_member (participation, "overlap", json_object_ref (overlap));
      json_object_set_double_member (participation, "silence", seconds (silence_ms));
    }
  else
    {
      json_object_set_null_member (participation, "interruptions");
      json_object_set_null_member (participation, "overlap");
      json_object_set_null_member (participation, "silence");
    }
  json_object_unref (pace);
  json_object_unref (interruptions);
  json_object_unref (overlap);
}

static JsonObject *
participation_of (GArray *speakers,
                  gint64  total_ms)
{
  JsonObject *participation = json_object_new ();
  JsonObject *turns = json_object_new ();
  JsonObject *words = json_object_new ();
  JsonObject *longest = json_object_new ();
  JsonObject *questions = json_object_new ();

  for (guint i = 0; i < speakers->len; i++)
    {
      const Speaker *speaker = &g_array_index (speakers, Speaker, i);

      json_object_set_int_member (turns, speaker->name, speaker->turns);
      json_object_set_int_member (words, speaker->name, speaker->words);
      json_object_set_double_member (longest, speaker->name, seconds (speaker->longest_ms));
      json_object_set_int_member (questions, speaker->name, speaker->questions);
    }
  json_object_set_double_member (participation, "balance", balance_of (speakers, total_ms));
  json_object_set_object_member (participation, "turns", turns);
  json_object_set_object_member (participation, "words", words);
  json_object_set_object_member (participation, "longest_turn", longest);
  json_object_set_object_member (participation, "questions", questions);
  return participation;
}

/* Start and length of every segment, estimated from its words where the transcript has no times. Returns the duration. */
static gint64
time_segments (const CrownTranscript *transcript,
               gint64                *starts,
               gint64                *lengths)
{
  gint64 now = 0, first = G_MAXINT64, last = 0;

  for (guint i = 0; i < transcript->segments->len; i++)
    {
      const CrownSegment *segment = transcript->segments->pdata[i];

      if (transcript->has_times && segment->start_ms >= 0)
        {
          starts[i] = segment->start_ms;
          lengths[i] = segment->end_ms - segment->start_ms;
        }
      else
        {
          starts[i] = now;
          lengths[i] = (gint64) crown_count_words (segment->text) * CROWN_MS_PER_WORD;
        }
      now = starts[i] + lengths[i];
      first = MIN (first, starts[i]);
      last = MAX (last, now);
    }
  return transcript->segments->len > 0 ? last - first : 0;
}

static JsonArray *
topics_of (const CrownTerms *terms,
           GPtrArray        *chapters,
           const gint64     *starts)
{
  JsonArray *topics = json_array_new ();

  for (guint i = 0; i < chapters->len; i++)
    {
      const CrownChapter *chapter = chapters->pdata[i];
      const CrownSentence *first = terms->sentences->pdata[chapter->from];
      JsonObject *topic = json_object_new ();

      if (chapter->title != NULL)
        json_object_set_string_member (topic, "title", chapter->title);
      else
        json_object_set_null_member (topic, "title");
      json_object_set_int_member (topic, "line", first->line);
      json_object_set_int_member (topic, "end_line",
                                  ((CrownSentence *) terms->sentences->pdata[chapter->to - 1])->end_line);
      json_object_set_double_member (topic, "at", seconds (starts[first->line] - starts[0]));
      json_array_add_object_element (topics, topic);
    }
  return topics;
}

JsonObject *
crown_analyze (const CrownTranscript *transcript,
               const char            *meeting_date)
{
  guint n_segments = transcript->segments->len;
  g_autofree gint64 *starts = g_new0 (gint64, MAX (n_segments, 1));
  g_autofree gint64 *lengths = g_new0 (gint64, MAX (n_segments, 1));
  gint64 duration_ms = time_segments (transcript, starts, lengths);
  gint64 total_ms;
  g_autoptr (GArray) speakers = measure_speakers (transcript, lengths, &total_ms);
  g_autoptr (GPtrArray) sentences = crown_sentences_of (transcript);
  g_autoptr (CrownTerms) terms = crown_terms_new (transcript, sentences, crown_language_of (transcript));
  g_autoptr (GPtrArray) chapters = crown_chapters_of (transcript, terms);
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  JsonObject *analysis = json_object_new ();
  static const char *const outcome_names[CROWN_OUTCOMES] = { "action_items", "decisions", "events", "notes" };
  JsonArray *outcomes[CROWN_OUTCOMES];
  JsonArray *participants = json_array_new ();
  JsonObject *speaking_time = json_object_new ();
  JsonObject *participation;

  for (guint i = 0; i < speakers->len; i++)
    {
      const Speaker *speaker = &g_array_index (speakers, Speaker, i);

      json_array_add_string_element (participants, speaker->name);
      json_object_set_double_member (speaking_time, speaker->name, seconds (speaker->speaking_ms));
      g_ptr_array_add (names, (char *) speaker->name);
    }
  g_ptr_array_add (names, NULL);

  if (transcript->title != NULL)
    json_object_set_string_member (analysis, "title", transcript->title);
  else
    json_object_set_null_member (analysis, "title");
  json_object_set_double_member (analysis, "duration", seconds (duration_ms));
  json_object_set_boolean_member (analysis, "estimated_times", !transcript->has_times);
  json_object_set_string_member (analysis, "language", crown_language_code (terms->language));
  json_object_set_array_member (analysis, "participants", participants);
  json_object_set_object_member (analysis, "speaking_time", speaking_time);
  participation = participation_of (speakers, total_ms);
  add_measured (participation, transcript, starts, lengths, speakers);
  json_object_set_object_member (analysis, "participation", participation);
  json_object_set_object_member (analysis, "sentiment",
                                 crown_sentiment_of (transcript, terms->language, duration_ms, starts));
  json_object_set_array_member (analysis, "summary", crown_summary_of (transcript, terms, chapters));
  json_object_set_array_member (analysis, "topics", topics_of (terms, chapters, starts));
  crown_outcomes_of (transcript, sentences, (GStrv) names->pdata, terms->language, meeting_date, outcomes);
  for (guint i = 0; i < CROWN_OUTCOMES; i++)
    json_object_set_array_member (analysis, outcome_names[i], outcomes[i]);
  return analysis;
}
