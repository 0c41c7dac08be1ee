/* crown-search-text.h: what a search compares: words without case and accents
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Between the parts of a folded text: no word goes across it. */
#define CROWN_SEARCH_PART "\x1f"

/* What a person typed, as words. */
typedef struct _CrownSearchQuery CrownSearchQuery;

/* A place in a text, in bytes. */
typedef struct {
  guint start;
  guint end;
} CrownSearchRange;

/* Adds the words of @text to @out, each with a space before it: folded for case, accents and compatibility forms. */
void              crown_search_fold          (const char *text, GString *out);

/* NULL: there is no letter or digit in @text, so nothing to search by. */
CrownSearchQuery *crown_search_query_new     (const char *text);
void              crown_search_query_free    (CrownSearchQuery *self);
/* What FTS5 is asked; NULL: the words are of a script without spaces, and only crown_search_query_matches() finds them. */
const char       *crown_search_query_get_fts (const CrownSearchQuery *self);
/* @folded: of crown_search_fold(). Each word of the query begins one of its words. */
gboolean          crown_search_query_matches (const CrownSearchQuery *self, const char *folded);
/* (transfer full): about @max_chars characters of @text around the first match; @ranges: (out) (transfer full)
 * (element-type CrownSearchRange): the words of it that match, whole */
char             *crown_search_query_snippet (const CrownSearchQuery *self, const char *text, guint max_chars, GArray **ranges);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownSearchQuery, crown_search_query_free)

G_END_DECLS
