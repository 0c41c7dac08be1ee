/* crown-cache.h: the writing side of cache.db: rows, position and digests, in one transaction an event batch
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "core/crown-change-set.h"
#include "core/crown-digest.h"
#include "core/crown-envelope.h"

G_BEGIN_DECLS

/* A position is one value: neither half is ever kept alone. */
typedef struct {
  char    epoch[37];      /* "" : nothing yet */
  guint64 sequence;       /* of workspace_{id} */
  guint64 user_sequence;  /* of user_{id} */
} CrownPosition;

/* One writer, on the engine's thread. Rows are canonical JSON without private members; `_checksum` their SHA-256. */
typedef struct _CrownCache CrownCache;

/* @path: cache.db. Makes or migrates it. A damaged file is set aside as cache.db.damaged-N and a fresh one made. */
CrownCache *crown_cache_open         (const char *path, gint64 workspace_id, gint64 user_id, GError **error);
void        crown_cache_close        (CrownCache *self);
/* Looks at the whole file, as long as that takes: %CROWN_SQLITE_ERROR_CORRUPT. The rows' own checksums are looked at as
 * they are read. */
gboolean    crown_cache_check        (CrownCache *self, GError **error);
/* Whether crown_cache_reopen() is due: a statement or the check has found the file damaged, or another process has, and
 * has put a fresh one there. */
gboolean    crown_cache_is_damaged   (CrownCache *self);
/* Closes @self, sets the damaged file aside and opens a fresh one; (transfer full) (nullable). */
CrownCache *crown_cache_reopen       (CrownCache *self, GError **error);
/* The server knows better whose user stream this connection has. */
void        crown_cache_set_user     (CrownCache *self, gint64 user_id);
gboolean    crown_cache_get_position (CrownCache *self, CrownPosition *position, GError **error);

/**
 * crown_cache_apply:
 * @envelopes: (element-type CrownEnvelope): contiguous per stream and in order; ones at or below the position are skipped.
 *   A tombstone moves the position over what it stands for, also from the middle of it, and changes nothing else
 * @changes: the rows that changed are added
 * @released: (element-type utf8) (nullable): mutation_ids of the applied envelopes are appended
 *
 * Applies all in one transaction with the new position: all or nothing. Uses crown_event_apply_row(); compares
 * checksums with the envelope's: a row that differs is marked for repair (crown_cache_take_repairs()) and the batch goes on.
 * An envelope whose payload breaks its schema is counted in `quarantined` of the metadata and its row marked for repair.
 * The position of another epoch than the envelopes' is an error.
 */
gboolean    crown_cache_apply        (CrownCache *self, GPtrArray *envelopes, CrownChangeSet *changes, GPtrArray *released, GError **error);
/* Rows that have to be read again from the server; (transfer full) (nullable) */
CrownChangeSet *crown_cache_take_repairs (CrownCache *self);

/* What a reader could not give is read again: it comes with the next crown_cache_take_repairs(). @n_damaged is added to the
 * repairs that the metadata count (crown_cache_get_n_repairs()). */
gboolean    crown_cache_mark_missing (CrownCache *self, const CrownChangeSet *missing, guint n_damaged, GError **error);
/* How many rows differed from the server's, or from their own checksum, since the cache was made. Expected to be 0. */
gint64      crown_cache_get_n_repairs (CrownCache *self);

/* Replaces everything by a snapshot `{epoch, sequence, user_sequence, stores:{…}}` in one transaction. */
gboolean    crown_cache_load_snapshot (CrownCache *self, JsonObject *snapshot, CrownChangeSet *changes, GError **error);
/* Puts or (with @row NULL) drops single rows that were read from the server. */
gboolean    crown_cache_put_row      (CrownCache *self, CrownStore store, gint64 id, JsonObject *row, CrownChangeSet *changes, GError **error);
gboolean    crown_cache_put_transcript (CrownCache *self, gint64 session_id, JsonArray *segments, GError **error);
/* Puts what still waits for it into the search index. A search is right without; the engine calls it when it has nothing else
 * to do, so that a search is quick and the next burst of events finds an empty queue. */
gboolean    crown_cache_index_search (CrownCache *self, GError **error);
gboolean    crown_cache_get_digest   (CrownCache *self, CrownStore store, CrownDigest *digest, guint64 *count, GError **error);

/* What the rows really add up to, where that is not what was kept. */
gboolean    crown_cache_set_digest   (CrownCache *self, CrownStore store, const CrownDigest *digest, guint64 count, GError **error);
const char *crown_cache_get_path     (CrownCache *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownCache, crown_cache_close)

G_END_DECLS
