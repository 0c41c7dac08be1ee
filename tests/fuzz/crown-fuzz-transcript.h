/* crown-fuzz-transcript.h: what a reader of transcripts may make of any text
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "analysis/crown-analysis-private.h"

/* Turns of UTF-8 that end after they begin, or a reason. */
static inline void
crown_fuzz_check_transcript (const CrownTranscript *transcript,
                             const GError          *error)
{
  if ((transcript == NULL) != (error != NULL))
    g_error ("A transcript was refused without a reason, or with one and read");
  for (guint i = 0; transcript != NULL && i < transcript->segments->len; i++)
    {
      const CrownSegment *segment = transcript->segments->pdata[i];

      if (!g_utf8_validate (segment->text, -1, NULL) || !g_utf8_validate (segment->speaker, -1, NULL) ||
          *segment->text == '\0')
        g_error ("A turn is no text");
      if (segment->end_ms >= 0 && segment->end_ms < segment->start_ms)
        g_error ("A turn ends before it begins");
    }
}
