/* crown-cache-upkeep.h: how old rows of the cache are, which are used, and what goes when there are too many
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "core/crown-clock.h"
#include "core/crown-limits.h"
#include "crown-cache.h"

G_BEGIN_DECLS

#define CROWN_CACHE_STALE_US (CROWN_STALE_SECONDS * G_TIME_SPAN_SECOND)
#define CROWN_CACHE_PURGE_US (CROWN_PURGE_INTERVAL_SECONDS * G_TIME_SPAN_SECOND)

/* These rows were shown. */
gboolean        crown_cache_touch      (CrownCache *self, CrownStore store, const gint64 *ids, guint n_ids, const CrownClock *clock,
                                        GError **error);

/* (transfer full): at most @limit rows that were put more than 24 hours ago, the last used first. They are good to be shown; the
 * engine reads them again behind that. What was evicted is not among them. */
CrownChangeSet *crown_cache_list_stale (CrownCache *self, const CrownClock *clock, guint limit, GError **error);

/**
 * crown_cache_purge:
 * @offline: whether there is no server to read from again
 * @pending: (nullable): rows that entries of the outbox change
 * @max_bytes: %CROWN_CACHE_MAX_BYTES
 * @evicted: rows that lost their body are added
 *
 * Evicts the least recently used rows until the file's used part fits. An evicted row keeps its id, checksum and place in the
 * lists, so the digest stays right; a reader tells it as missing when it is shown. Does nothing while offline, or within 60
 * minutes of the last time; never touches what is pending. A stale row is not purged for its age: it is read again.
 */
gboolean        crown_cache_purge      (CrownCache *self, const CrownClock *clock, gboolean offline, const CrownChangeSet *pending,
                                        gint64 max_bytes, CrownChangeSet *evicted, GError **error);
/* Whether crown_cache_purge() would look: an hour has passed. What is pending need not be listed before. */
gboolean        crown_cache_is_purge_due (CrownCache *self, const CrownClock *clock);
/* The copy of the day: crown_backup_keep(). */
gboolean        crown_cache_keep       (CrownCache *self, const CrownClock *clock, GError **error);

G_END_DECLS
