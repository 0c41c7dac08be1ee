/* crown-cache-search.h: the search index of cache.db, kept in the transactions that change the rows
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "core/crown-event-catalogue.h"
#include "crown-search-text.h"
#include "storage/crown-sqlite.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* There is an index of each kind: a word that is everywhere in transcripts costs a search in tasks nothing. The number of a
 * line has that of its meeting above these bits. */
#define CROWN_SEARCH_LINE_BITS 20

typedef enum {
  CROWN_SEARCH_KIND_MEETING,
  CROWN_SEARCH_KIND_TASK,
  CROWN_SEARCH_KIND_LINE,
  CROWN_SEARCH_N_KINDS,
} CrownSearchKind;

/* All of these are called inside of a writer's transaction. */

/* The text of a meeting or task changed; @old and @new are folded, NULL where there is no row. The index itself is changed
 * at once with @direct, otherwise the row is queued: an index that is written once for many rows costs a part of one that is
 * written for each. @n_queued: (inout): the length of the queue */
gboolean crown_cache_search_change   (CrownSqlite *db, CrownStore store, gint64 id, const char *old, const char *new,
                                      gboolean direct, guint *n_queued, GError **error);
/* Indexes what is queued. */
gboolean crown_cache_search_drain    (CrownSqlite *db, guint *n_queued, GError **error);
/* Adds the segments of a transcript to the index, or takes them out. */
gboolean crown_cache_search_lines    (CrownSqlite *db, gint64 session_id, const char *segments, gboolean add, GError **error);
/* Empties the index and the queue. */
gboolean crown_cache_search_clear    (CrownSqlite *db, guint *n_queued, GError **error);
/* Indexes everything anew from `folded` and the transcripts; with @fold the rows are folded anew, too. */
gboolean crown_cache_search_rebuild  (CrownSqlite *db, gboolean fold, guint *n_queued, GError **error);
/* Indexes all transcripts; the index has none of their lines. */
gboolean crown_cache_search_add_transcripts (CrownSqlite *db, GError **error);

/* This one is for readers, inside of a read transaction. (transfer full): the set (of gint64) of the meetings or tasks whose
 * text matches. */
GHashTable *crown_cache_search_ids   (CrownSqlite *db, const CrownSearchQuery *query, CrownStore store, GError **error);
/* The same of the meetings in which somebody of this name took part. */
GHashTable *crown_cache_search_person (CrownSqlite *db, const char *name, GError **error);
/* Whether the people in @folded, a meeting's of crown_cache_fold(), are also called @name, folded. */
gboolean    crown_cache_folded_has_person (const char *folded, const char *name);

G_END_DECLS
