/* fuzz-transcript.c: what is read as a transcript is analysed, with every line that is pointed at in it
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "crown-fuzz.h"

#include "analysis/crown-transcript.h"
#include "core/crown-json.h"

const char *const crown_fuzz_seeds[] = {
  "WEBVTT\n\n00:00:00.000 --> 00:00:06.000\n<v Ada>I will send the plan by Friday.\n\n"
  "00:00:06.000 --> 00:00:12.000\n<v Ben>Thanks.\n",
  "1\n00:00:01,000 --> 00:00:04,000\nAda: Hello there.\n\n2\n00:00:05,000 --> 00:00:06,000\nBen: We must decide.\n",
  "Title: Planning\nDate: 2026-03-02\n\nAda: Let us begin.\nBen: I'll write the report tomorrow.\n",
  "Ada Lovelace  00:00:01\nGood morning.\n\nBen  00:00:09\nMorning.\n",
  "{\"title\":\"T\",\"segments\":[{\"speaker\":\"Ada\",\"text\":\"Hello\",\"start\":0,\"end\":1.5}]}",
  "{\"meeting_transcripts\":[{\"speaker\":\"A\",\"content\":\"Hello\"}],\"topic_list\":[]}",
  NULL,
};

static void
check_lines (JsonObject *analysis,
             const char *member,
             guint       n_segments)
{
  JsonArray *items = json_object_get_array_member (analysis, member);

  for (guint i = 0; i < json_array_get_length (items); i++)
    {
      gint64 line = crown_json_opt_int (json_array_get_object_element (items, i), "line", -2);
      gint64 end_line = crown_json_opt_int (json_array_get_object_element (items, i), "end_line", -2);

      if (line < 0 || end_line < line || end_line >= n_segments)
        g_error ("%s points at lines %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT " of %u", member, line, end_line,
                 n_segments);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownTranscript) transcript = crown_transcript_read ((const char *) data, size, "fuzz", &error);
  g_autoptr (JsonObject) analysis = NULL;

  if (transcript == NULL)
    {
      if (error == NULL || *error->message == '\0')
        g_error ("A transcript was refused without a reason");
      return 0;
    }
  analysis = crown_analyze (transcript, "2026-03-02");
  check_lines (analysis, "summary", transcript->segments->len);
  check_lines (analysis, "topics", transcript->segments->len);
  check_lines (analysis, "action_items", transcript->segments->len);
  check_lines (analysis, "decisions", transcript->segments->len);
  check_lines (analysis, "events", transcript->segments->len);
  check_lines (analysis, "notes", transcript->segments->len);

  return 0;
}
