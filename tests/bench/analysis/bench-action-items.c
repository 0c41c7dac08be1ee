/* bench-action-items.c: how many of the action items that people see are found, and how many of those found they see,
 * too
 *
 * The labels are in tests/data/action-items.json: of meetings of CROWN_TEST_DATA that rules were made with (dev)
 * and that they
 * were not (unseen), and of scripted ones in tests/data/meetings, half of them known to who made the rules
 * (scripted), the
 * others written behind them (fresh). An item is found when one of its kind has evidence among
 * the lines of the label.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "analysis/crown-analysis-private.h"
#include "bench/crown-bench.h"
#include "core/crown-json.h"

#include <stdio.h>
#include <string.h>

#define FROM_BUCKET 5 /* of ten: nothing below is shown */

typedef struct {
  guint n_labels, n_items, n_found;
  guint n_who, n_when; /* of those found */
} Score;

typedef struct {
  double sum;
  guint  n, n_right;
} Bucket;

typedef struct {
  const char *member; /* of the analysis */
  const char *kind;
} Kind;

static const Kind kinds[] = { { "action_items", "task" }, { "decisions", "decision" }, { "events", "event" } };
static const char *const sets[] = { "dev", "unseen", "scripted", "fresh" };

static char *
path_of (const char *file)
{
  const char *data = g_getenv ("CROWN_TEST_DATA"), *source = g_getenv ("CROWN_SRCDIR");

  if (g_str_has_prefix (file, "meetings/"))
    return g_build_filename (source != NULL ? source : ".", "tests", "data", file, NULL);
  return data != NULL ? g_build_filename (data, file, NULL) : NULL;
}

/* The turn of the file that each segment is: readers leave out those that say nothing. */
static GArray *
turns_of (const char *data,
          guint       n_segments)
{
  GArray *turns = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (JsonObject) object = crown_json_parse_object (data, -1, NULL);
  JsonArray *all = object != NULL ? crown_json_opt_array (object, "meeting_transcripts") : NULL;

  for (guint i = 0; all != NULL && i < json_array_get_length (all); i++)
    {
      g_autofree char *said = g_strdup (crown_json_opt_string (json_array_get_object_element (all, i), "content", ""));

      if (*g_strstrip (said) != '\0')
        g_array_append_val (turns, i);
    }
  for (guint i = turns->len; i < n_segments; i++)
    g_array_append_val (turns, i);
  return turns;
}

static gboolean
is_optional (JsonObject *label)
{
  return crown_json_opt_boolean (label, "optional", FALSE);
}

static gboolean
is_within (JsonObject *label,
           JsonObject *item,
           GArray     *turns)
{
  JsonArray *lines = crown_json_opt_array (label, "lines");
  gint64 line = crown_json_opt_int (item, "line", 0), end_line = crown_json_opt_int (item, "end_line", line);

  return g_array_index (turns, guint, line) <= json_array_get_int_element (lines, 1) &&
         g_array_index (turns, guint, end_line) >= json_array_get_int_element (lines, 0);
}

static void
score_kind (JsonArray  *labels,
            JsonArray  *items,
            const char *kind,
            GArray     *turns,
            const char *file,
            Score      *score,
            Bucket     *buckets)
{
  g_autofree gboolean *found = g_new0 (gboolean, json_array_get_length (labels) + 1);
  gboolean show = g_getenv ("CROWN_BENCH_SHOW") != NULL;

  for (guint i = 0; items != NULL && i < json_array_get_length (items); i++)
    {
      JsonObject *item = json_array_get_object_element (items, i);
      double confidence = crown_json_opt_double (item, "confidence", 0);
      int match = -1;
      gboolean optional = FALSE;

      for (guint j = 0; j < json_array_get_length (labels); j++)
        {
          JsonObject *label = json_array_get_object_element (labels, j);
          gboolean same_who, was_who;

          if (!is_within (label, item, turns))
            continue;
          optional = optional || is_optional (label);
          if (is_optional (label) || found[j] || strcmp (crown_json_opt_string (label, "kind", ""), kind) != 0)
            continue;
          /* Of several in one line the one of the same person. */
          same_who =
            g_strcmp0 (crown_json_opt_string (label, "who", NULL), crown_json_opt_string (item, "assignee", NULL)) == 0;
          was_who =
            match >= 0 &&
            g_strcmp0 (crown_json_opt_string (json_array_get_object_element (labels, (guint) match), "who", NULL),
                       crown_json_opt_string (item, "assignee", NULL)) == 0;
          if (match < 0 || (same_who && !was_who))
            match = (int) j;
        }
      if (match < 0 && optional)
        continue;
      score->n_items++;
      if (strcmp (kind, "task") == 0)
        {
          Bucket *bucket = &buckets[MIN ((guint) (confidence * 10 + 1e-9), 9)];

          bucket->sum += confidence;
          bucket->n++;
          bucket->n_right += match >= 0;
        }
      if (match >= 0)
        {
          JsonObject *label = json_array_get_object_element (labels, (guint) match);
          gboolean who =
            g_strcmp0 (crown_json_opt_string (label, "who", NULL), crown_json_opt_string (item, "assignee", NULL)) == 0;
          gboolean when =
            g_strcmp0 (crown_json_opt_string (label, "when", NULL), crown_json_opt_string (item, "due", NULL)) == 0;

          found[match] = TRUE;
          score->n_found++;
          score->n_who += who;
          score->n_when += when;
          if (show && strcmp (kind, "task") == 0 && (!who || !when))
            g_printerr ("%s: of “%s” %s %s, %s %s\n", file, crown_json_opt_string (item, "text", ""),
                        who ? "is" : "is not", crown_json_opt_string (item, "assignee", "nobody"),
                        when ? "is" : "is not", crown_json_opt_string (item, "due", "never"));
        }
      else if (show)
        g_printerr ("%s: no %s: %.2f line %d: %s\n", file, kind, confidence,
                    (int) g_array_index (turns, guint, crown_json_opt_int (item, "line", 0)),
                    crown_json_opt_string (item, "text", ""));
    }
  for (guint j = 0; j < json_array_get_length (labels); j++)
    {
      JsonObject *label = json_array_get_object_element (labels, j);

      if (is_optional (label) || strcmp (crown_json_opt_string (label, "kind", ""), kind) != 0)
        continue;
      score->n_labels++;
      if (show && !found[j])
        g_printerr ("%s: missed %s: line %d\n", file, kind,
                    (int) json_array_get_int_element (crown_json_opt_array (label, "lines"), 0));
    }
}

static void
print_score (const char *set,
             const char *kind,
             const char *name,
             guint       n,
             guint       of,
             guint       floor)
{
  g_autofree char *bench = g_strdup_printf ("action-items/%s/%s/%s", set, kind, name);

  if (of > 0)
    crown_bench_print (bench, 100.0 * n / of, "%", floor > 0 ? (double) floor : CROWN_BENCH_NO_FLOOR, of);
}

int
main (int    argc,
      char **argv)
{
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) labels = NULL;
  Score scores[G_N_ELEMENTS (sets)][G_N_ELEMENTS (kinds)] = { 0 };
  Bucket buckets[2][10] = { 0 }; /* of real meetings, and of scripted ones */
  JsonArray *meetings;
  gboolean quick;

  quick = crown_bench_init (&argc, &argv);
  path = path_of ("meetings/../action-items.json");
  if (!g_file_get_contents (path, &text, NULL, &error) || !(labels = crown_json_parse_object (text, -1, &error)))
    g_error ("%s: %s", path, error->message);
  meetings = crown_json_opt_array (labels, "meetings");
  for (guint m = 0; m < json_array_get_length (meetings); m++)
    {
      JsonObject *meeting = json_array_get_object_element (meetings, m);
      const char *file = crown_json_opt_string (meeting, "file", "");
      g_autofree char *meeting_path = path_of (file);
      g_autofree char *data = NULL;
      g_autoptr (CrownTranscript) transcript = NULL;
      g_autoptr (JsonObject) analysis = NULL;
      g_autoptr (GArray) turns = NULL;
      gsize length;
      guint set = 0;

      if (meeting_path == NULL || !g_file_get_contents (meeting_path, &data, &length, NULL))
        {
          g_printerr ("%s is not there: CROWN_TEST_DATA names no folder that has it\n", file);
          return 77;
        }
      while (strcmp (sets[set], crown_json_opt_string (meeting, "set", "")) != 0)
        set++;
      if (!(transcript = crown_transcript_read (data, length, file, &error)))
        g_error ("%s", error->message);
      analysis = crown_analyze (transcript, crown_json_opt_string (meeting, "date", NULL));
      turns = turns_of (data, transcript->segments->len);
      for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
        score_kind (
          crown_json_opt_array (meeting, "items"),
          json_object_has_member (analysis, kinds[k].member) ? crown_json_opt_array (analysis, kinds[k].member) : NULL,
          kinds[k].kind, turns, file, &scores[set][k], buckets[set >= 2]);
    }

  for (guint set = 0; set < G_N_ELEMENTS (sets); set++)
    for (guint k = 0; k < (set >= 2 && !quick ? G_N_ELEMENTS (kinds) : 1); k++)
      {
        const Score *score = &scores[set][k];

        print_score (sets[set], kinds[k].kind, "precision", score->n_found, score->n_items, 0);
        print_score (sets[set], kinds[k].kind, "recall", score->n_found, score->n_labels, 0);
        print_score (sets[set], kinds[k].kind, "f1", 2 * score->n_found, score->n_items + score->n_labels, 0);
        if (quick)
          continue;
        print_score (sets[set], kinds[k].kind, "when", score->n_when, score->n_found, 0);
        if (k == 0)
          print_score (sets[set], kinds[k].kind, "who", score->n_who, score->n_found, 0);
      }
  for (guint scripted = 0; scripted < 2 && !quick; scripted++)
    for (guint b = FROM_BUCKET; b < 10; b++)
      {
        const Bucket *bucket = &buckets[scripted][b];
        g_autofree char *said =
          g_strdup_printf ("action-items/calibration/%s/0.%u/said", scripted ? "scripted" : "real", b);
        g_autofree char *right =
          g_strdup_printf ("action-items/calibration/%s/0.%u/right", scripted ? "scripted" : "real", b);

        if (bucket->n_right == 0)
          continue;
        crown_bench_print (said, 100 * bucket->sum / bucket->n, "%", CROWN_BENCH_NO_FLOOR, bucket->n);
        crown_bench_print (right, 100.0 * bucket->n_right / bucket->n, "%", CROWN_BENCH_NO_FLOOR, bucket->n);
      }
  return 0;
}
