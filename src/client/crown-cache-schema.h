/* crown-cache-schema.h: the tables of cache.db and what a row is ordered and searched by
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "core/crown-event-catalogue.h"
#include "storage/crown-sqlite.h"

G_BEGIN_DECLS

/* Columns beside the specification's that lists are ordered by. All in the sense of the index: see the schema. */
typedef struct {
  gboolean    archived;
  const char *sort_at;   /* a meeting's: archived_at if archived, otherwise started_at or created_at */
  const char *status;
  const char *sort_due;  /* a task's: its due date, or what sorts behind all dates */
  gint64      line;      /* a task's evidence line */
  gint64      session_id;
} CrownSortKey;

extern const char *const crown_cache_migrations[];
extern const guint crown_cache_n_migrations;

CrownSortKey crown_cache_sort_key (CrownStore store, JsonObject *row);
/* What a search looks through, as crown_search_fold() gives it, in parts; @out is emptied first. */
void         crown_cache_fold     (CrownStore store, JsonObject *row, GString *out);
/* Whether an event may change that of a row which it is applied to. */
gboolean     crown_cache_changes_words (const CrownEventInfo *info, JsonObject *data);

G_END_DECLS
