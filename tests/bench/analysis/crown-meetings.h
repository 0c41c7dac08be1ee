/* crown-meetings.h: the meetings that the quality of the analysis is measured on
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "analysis/crown-analysis-private.h"

G_BEGIN_DECLS

typedef struct {
  char            *name;
  char            *reference; /* the summary that people wrote */
  CrownTranscript *transcript;
  GArray          *segments;  /* (element-type int): of each of the file's turns the segment; -1 for one that says nothing */
  int             *topics;    /* of each segment the topic that people put it in */
  gboolean         held_out;  /* not looked at while anything is tuned */
} CrownMeeting;

/* Those in the folder “qmsum” of CROWN_TEST_DATA, by name. A third of them, by the hash of their names, is held out.
 * (nullable) (transfer full) (element-type CrownMeeting): %NULL, with a word on stderr, where they are missing */
GPtrArray *crown_meetings_load (void);

G_END_DECLS
