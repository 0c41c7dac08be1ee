/* fuzz-transcript-json.c: what the reader of JSON makes of any text: turns of UTF-8 that end after they begin, or a
 * reason
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "crown-fuzz-transcript.h"
#include "crown-fuzz.h"

const char *const crown_fuzz_seeds[] = {
  "{\"title\":\"T\",\"started_at\":\"2026-03-02\",\"segments\":[{\"speaker\":\"Ada\",\"text\":\"Hello\",\"start\":0,"
  "\"end\":1.5}]}",
  "{\"meeting_transcripts\":[{\"speaker\":\"A\",\"content\":\"Hello\"}],\"topic_list\":[]}",
  "[{\"text\":\"Hi.\"},{\"speaker\":\"Silva, Ana\",\"text\":\"Ho.\"}]",
  NULL,
};

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  g_autofree char *text = g_utf8_make_valid ((const char *) data, (gssize) size);
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownTranscript) transcript = crown_transcript_read_json (text, &error);

  crown_fuzz_check_transcript (transcript, error);
  return 0;
}
