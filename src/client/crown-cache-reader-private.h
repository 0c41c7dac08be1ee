/* crown-cache-reader-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-cache-reader.h"

#include "storage/crown-sqlite.h"

G_BEGIN_DECLS

/* A row that pending entries change, as it looks with them. */
typedef struct {
  CrownStore  store;
  gint64      id;
  JsonObject *row; /* (nullable): an entry deletes it */
} CrownOverlaid;

struct _CrownCacheReader
{
  CrownSqlite    *cache;
  CrownSqlite    *outbox;
  GPtrArray      *overlaid; /* (nullable) CrownOverlaid, one a row; NULL: the outbox has to be read again */
  CrownChangeSet *missing;   /* (nullable) */
  guint           n_damaged;
};

gboolean       crown_cache_reader_ensure_overlay (CrownCacheReader *self, GError **error);
CrownOverlaid *crown_cache_reader_find_overlaid  (CrownCacheReader *self, CrownStore store, gint64 id);

G_END_DECLS
