/* crown-cache-inspect.h: what a folder with cache.db and outbox.db holds, and whether it is in order; for diagnostics
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "core/crown-digest.h"
#include "core/crown-event-catalogue.h"

G_BEGIN_DECLS

typedef struct {
  guint       schema;
  char       *epoch;                   /* "" : nothing yet */
  guint64     sequence;
  guint64     user_sequence;
  guint64     counts[CROWN_N_STORES];  /* rows of meetings, tasks and analytics */
  guint64     evicted[CROWN_N_STORES]; /* of these, how many only have their id and checksum */
  char       *digests[CROWN_N_STORES]; /* (nullable) of what has no rows of its own */
  guint64     transcripts;
  guint64     quarantined;             /* events that were not understood */
  guint64     repairs;                 /* rows that were found wrong */
  guint64     queued;                  /* rows whose search index waits */
  gint64      bytes;                   /* in use in cache.db */
  guint       outbox_schema;
  guint64     pending;                 /* entries of the outbox, */
  guint64     sent;                    /* of these, how many wait for their event only */
} CrownCacheStats;

void             crown_cache_stats_free  (CrownCacheStats *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownCacheStats, crown_cache_stats_free)

/**
 * crown_cache_inspect_stats:
 * @folder: with cache.db and outbox.db, which may be in use
 *
 * Returns: (transfer full) (nullable): what is there
 */
CrownCacheStats *crown_cache_inspect_stats  (const char *folder, GError **error);

/**
 * crown_cache_inspect_verify:
 * @folder: with cache.db and outbox.db, which may be in use
 * @report: (out) (transfer full): one line, for people
 * @error: (out) (optional): what is wrong first, and where
 *
 * Checks both files, each row against its checksum, its place in the lists and what is searched of it, the digests
 * against the rows, and that each entry of the outbox can be read.
 */
gboolean         crown_cache_inspect_verify (const char *folder, char **report, GError **error);

G_END_DECLS
