/* crown-cache-validator.h: where the cache and the server differ (specification: Cache Reconciliation)
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "core/crown-digest.h"
#include "core/crown-event-catalogue.h"
#include "core/crown-limits.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Reads cache.db by a connection of its own, and asks nobody: what the server says is given to it. */
typedef struct _CrownCacheValidator CrownCacheValidator;

CrownCacheValidator *crown_cache_validator_new   (const char *path, GError **error);
void                 crown_cache_validator_free  (CrownCacheValidator *self);
/* What the rows' checksums come to. @damaged: (element-type gint64): gets the rows that their own checksum does not fit */
gboolean             crown_cache_validator_count (CrownCacheValidator *self, CrownStore store, CrownDigest *digest,
                                                  guint64 *count, GArray *damaged, GError **error);
/* @theirs: of `GET /digest?store&buckets`. @differing: (element-type guint): gets the parts to ask for */
gboolean             crown_cache_validator_compare_buckets (CrownCacheValidator *self, CrownStore store, JsonArray *theirs,
                                                            GArray *differing, GError **error);
/* @theirs: `rows` of `GET /digest?store&bucket`. @differing: (element-type gint64): gets the rows to read again, also those
 * that only one side has */
gboolean             crown_cache_validator_compare_rows    (CrownCacheValidator *self, CrownStore store, guint bucket,
                                                            JsonArray *theirs, GArray *differing, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownCacheValidator, crown_cache_validator_free)

G_END_DECLS
