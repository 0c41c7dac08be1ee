/* crown-cache-reader.h: the reading side: cache row + outbox overlay, from read-only WAL connections
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-client.h"

G_BEGIN_DECLS

/* One thread. Opens cache.db and outbox.db of @folder read-only; both exist already. The functions are those of
 * crown-client.h, which forwards to them; the overlay is applied to what they return and to the order of ids:
 * an archived-in-the-outbox meeting is in ARCHIVE and not in MEETINGS. */
typedef struct _CrownCacheReader CrownCacheReader;

CrownCacheReader *crown_cache_reader_open (const char *folder, GError **error);
void              crown_cache_reader_close (CrownCacheReader *self);
/* Whether a read has found cache.db or outbox.db damaged. */
gboolean          crown_cache_reader_is_damaged (CrownCacheReader *self);
/* The overlay is kept in memory between calls; this drops it so that the next read sees the outbox anew. Cheap. A file in
 * whose place another one has been put is opened anew. */
void              crown_cache_reader_invalidate_overlay (CrownCacheReader *self);
/* Tasks that are pending; -1 with an error */
gint64            crown_cache_reader_count_open_tasks (CrownCacheReader *self, GError **error);
GArray           *crown_cache_reader_query_ids (CrownCacheReader *self, const CrownQuery *query, GError **error);
/* The id that a row has by now which was made under the temporary @id; @id itself where it has no other. */
gint64            crown_cache_reader_resolve_id (CrownCacheReader *self, CrownStore store, gint64 id);
/* (transfer full) (nullable): the row with the overlay; NULL without error where there is none */
JsonObject       *crown_cache_reader_load_row  (CrownCacheReader *self, CrownStore store, gint64 id, GError **error);
/* (transfer full) (nullable): rows that were asked for since and could not be given, because their bytes do not have their
 * checksum (@n_damaged: (out) (optional): how many) or because they were evicted. The engine reads them again from the server:
 * crown_cache_mark_missing(). */
CrownChangeSet   *crown_cache_reader_take_missing (CrownCacheReader *self, guint *n_damaged);
char            **crown_cache_reader_list_people (CrownCacheReader *self, GError **error);
JsonNode         *crown_cache_reader_load_metadata (CrownCacheReader *self, const char *key, GError **error);
gboolean          crown_cache_reader_load_line_start (CrownCacheReader *self, gint64 session_id, gint64 line, double *start,
                                                      GError **error);
JsonArray        *crown_cache_reader_load_transcript (CrownCacheReader *self, gint64 session_id, GError **error);

/* (transfer full) (element-type CrownSearchHit): the best @limit hits in meetings, tasks and transcripts, best first; empty
 * for a text without letters and digits. Of a word that is nearly everywhere the newest rows are ranked. */
GPtrArray        *crown_cache_reader_search (CrownCacheReader *self, const char *text, guint limit, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownCacheReader, crown_cache_reader_close)

G_END_DECLS
