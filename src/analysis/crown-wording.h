/* crown-wording.h: what somebody said, as somebody else would report it
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-terms.h"

G_BEGIN_DECLS

/* The statement in a sentence without "I think that" and the like, and without what is hung on to a long one.
 * (transfer full): without its stop, and with a first letter that only a name has in upper case */
char   *crown_wording_statement (const CrownTerms *terms, const char *sentence);
/* How well a statement reads by itself, from 0 for a fragment or a question to 1. */
double  crown_wording_form      (const CrownTerms *terms, const char *statement, const CrownSentence *sentence);
/* "Ana said that they will send the report.": "I" becomes who said it. @number: of the sentences that are reported, for
 * some variety. (transfer full) */
char   *crown_wording_report    (const char *statement, const char *speaker, guint number);

JsonArray *crown_summary_of (const CrownTranscript *transcript, const CrownTerms *terms, GPtrArray *chapters);

G_END_DECLS
