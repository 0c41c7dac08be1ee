/* crown-rouge.h: how much of a summary that people wrote is in another
 *
 * ROUGE (Lin, 2004) as the usual tools count it: lower-case runs of ASCII letters and digits, words of more than three
 * letters by their Porter stem, no stop words taken out; ROUGE-L is the longest common subsequence of both whole texts.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  double one; /* F1 of words */
  double two; /* F1 of pairs of words */
  double l;   /* F1 of the longest common subsequence */
} CrownRouge;

char      **crown_rouge_tokens (const char *text); /* (transfer full) */
CrownRouge  crown_rouge_score  (const char *summary, const char *reference);

G_END_DECLS
