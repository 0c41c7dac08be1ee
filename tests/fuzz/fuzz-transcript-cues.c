/* fuzz-transcript-cues.c: what the reader of WebVTT or SubRip makes of any text: turns of UTF-8 that end after they
 * begin, or a reason
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "crown-fuzz-transcript.h"
#include "crown-fuzz.h"

const char *const crown_fuzz_seeds[] = {
  "WEBVTT - Planning\n\nNOTE date: 2026-03-02\n\nSTYLE\n::cue {}\n\n00:00:00.000 --> 00:00:06.000 align:start\n<v.loud "
  "Ada>Hi &amp; hello.</v>\n",
  "1\n00:00:01,000 --> 00:00:04,000\nAda: Hello there.\n\n2\n00:00:05,000 --> 00:00:06,000\n- Ben: We must decide.\n",
  NULL,
};

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  g_autofree char *text = g_utf8_make_valid ((const char *) data, (gssize) size);
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownTranscript) transcript = crown_transcript_read_cues (text, g_str_has_prefix (text, "WEBVTT"), &error);

  crown_fuzz_check_transcript (transcript, error);
  return 0;
}
