/* fuzz-transcript-lines.c: what the reader of lines makes of any text: turns of UTF-8 that end after they begin, or a
 * reason
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "crown-fuzz-transcript.h"
#include "crown-fuzz.h"

const char *const crown_fuzz_seeds[] = {
  "Title: Planning\nDate: 2026-03-02\n\nAda: Let us begin.\nBen (00:12): I'll write the report tomorrow.\n",
  "Ada Lovelace  00:00:01\nGood morning.\n\nBen  00:00:09\nMorning.\n",
  "Weekly (2026-10-05 at 9) - Transcript\nAttendees\nAda, Ben\nTranscript\n00:00:00\nAda: Hi.\nMeeting ended after "
  "00:45:12\n",
  "Plan\nSPEAKERS\nAda\n\nAda  0:02\nHello.\nTranscribed by https://otter.ai\n",
  "0:0:3.0 --> 0:0:9.4\nAda\nHello.\n",
  "[00:01:02] Ada: Hello.\n[00:01:09] Ben: Hi.\n",
  NULL,
};

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  g_autofree char *text = g_utf8_make_valid ((const char *) data, (gssize) size);
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownTranscript) transcript = crown_transcript_read_lines (text, &error);

  crown_fuzz_check_transcript (transcript, error);
  return 0;
}
