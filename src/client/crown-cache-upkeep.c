/* crown-cache-upkeep.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-cache-upkeep.h"

#include "crown-cache-private.h"
#include "crown-cache-search.h"
#include "storage/crown-backup.h"

static const char *const touch_sql[CROWN_N_STORES] = {
  [CROWN_STORE_MEETINGS] = "UPDATE meetings SET last_accessed = ?2 WHERE id = ?1",
  [CROWN_STORE_TASKS] = "UPDATE tasks SET last_accessed = ?2 WHERE id = ?1",
  [CROWN_STORE_ANALYTICS] = "UPDATE analytics SET last_accessed = ?2 WHERE session_id = ?1",
};
static const char *const evict_sql[CROWN_N_STORES] = {
  [CROWN_STORE_MEETINGS] = "UPDATE meetings SET row = '', folded = '', title = NULL, summary = NULL WHERE id = ?1",
  [CROWN_STORE_TASKS] = "UPDATE tasks SET row = '', folded = '', text = NULL, assignee = NULL WHERE id = ?1",
  [CROWN_STORE_ANALYTICS] = "UPDATE analytics SET row = '' WHERE session_id = ?1",
};
static const char SQL_TOUCH_SESSION[] = "UPDATE sessions SET last_accessed = ?2 WHERE session_id = ?1";
static const char SQL_STALE[] =
  "SELECT store, id FROM (SELECT ?3 AS store, id, last_accessed FROM meetings WHERE _cached_at < ?1 AND row <> ''"
  " UNION ALL SELECT ?4, id, last_accessed FROM tasks WHERE _cached_at < ?1 AND row <> ''"
  " UNION ALL SELECT ?5, session_id, last_accessed FROM analytics WHERE _cached_at < ?1 AND row <> '')"
  " ORDER BY last_accessed DESC, store, id LIMIT ?2";
static const char SQL_USED[] =
  "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
static const char SQL_ROWS[] =
  "SELECT store, id, bytes, folded FROM ("
  "SELECT ?1 AS store, id, octet AS bytes, folded, last_accessed, _cached_at FROM (SELECT *, length (CAST (row AS BLOB)) AS octet"
  " FROM meetings WHERE row <> '')"
  " UNION ALL SELECT ?2, id, length (CAST (row AS BLOB)), folded, last_accessed, _cached_at FROM tasks WHERE row <> ''"
  " UNION ALL SELECT ?3, session_id, length (CAST (row AS BLOB)), NULL, last_accessed, _cached_at FROM analytics WHERE row <> '')"
  " ORDER BY last_accessed, _cached_at, store, id";
static const char SQL_PURGED_AT[] = "SELECT value FROM metadata WHERE key = '_purged_at'";
static const char SQL_PUT_PURGED_AT[] =
  "INSERT OR REPLACE INTO metadata (key, value, updated_at) VALUES ('_purged_at', CAST (?1 AS TEXT), '')";

typedef struct {
  CrownStore  store;
  gint64      id;
  gint64      bytes;
  char       *folded;
} Row;

static void
row_clear (gpointer data)
{
  g_free (((Row *) data)->folded);
}

gboolean
crown_cache_touch (CrownCache        *self,
                   CrownStore         store,
                   const gint64      *ids,
                   guint              n_ids,
                   const CrownClock  *clock,
                   GError           **error)
{
  CrownSqlite *db = crown_cache_get_db (self);
  g_autofree char *now = crown_clock_now_iso (clock);
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;

  g_return_val_if_fail (store < CROWN_N_STORES && touch_sql[store] != NULL, FALSE);

  if (!crown_sqlite_begin (db, &tx, error))
    return FALSE;
  for (guint i = 0; i < n_ids; i++)
    {
      CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "touch", touch_sql[store], error);

      if (stmt == NULL)
        return FALSE;
      crown_sqlite_bind_int (stmt, 1, ids[i]);
      crown_sqlite_bind_int (stmt, 2, crown_clock_now_us (clock));
      if (!crown_sqlite_run (stmt, error))
        return FALSE;
      if (store != CROWN_STORE_MEETINGS)
        continue;
      if ((stmt = crown_sqlite_prepare (db, "touch session", SQL_TOUCH_SESSION, error)) == NULL)
        return FALSE;
      crown_sqlite_bind_int (stmt, 1, ids[i]);
      crown_sqlite_bind_text (stmt, 2, now, -1);
      if (!crown_sqlite_run (stmt, error))
        return FALSE;
    }
  return crown_sqlite_commit (&tx, error);
}

CrownChangeSet *
crown_cache_list_stale (CrownCache        *self,
                        const CrownClock  *clock,
                        guint              limit,
                        GError           **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (crown_cache_get_db (self), "stale rows", SQL_STALE, error);
  g_autoptr (CrownChangeSet) stale = crown_change_set_new (0);
  int step;

  if (stmt == NULL)
    return NULL;
  crown_sqlite_bind_int (stmt, 1, crown_clock_now_us (clock) - CROWN_CACHE_STALE_US);
  crown_sqlite_bind_int (stmt, 2, limit);
  crown_sqlite_bind_int (stmt, 3, CROWN_STORE_MEETINGS);
  crown_sqlite_bind_int (stmt, 4, CROWN_STORE_TASKS);
  crown_sqlite_bind_int (stmt, 5, CROWN_STORE_ANALYTICS);
  while ((step = crown_sqlite_step (stmt, error)) == 1)
    crown_change_set_add (stale, (CrownStore) crown_sqlite_column_int (stmt, 0), crown_sqlite_column_int (stmt, 1));
  return step == 0 ? g_steal_pointer (&stale) : NULL;
}

/* @value: (out): 0 where there is no row */
static gboolean
get_int (CrownSqlite  *db,
         const char   *name,
         const char   *sql,
         gint64       *value,
         GError      **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, name, sql, error);
  int step = stmt != NULL ? crown_sqlite_step (stmt, error) : -1;

  *value = step == 1 ? crown_sqlite_column_int (stmt, 0) : 0;
  if (step == 1)
    crown_sqlite_reset (stmt);
  return step >= 0;
}

/* Least recently used first. */
static GArray *
list_rows (CrownSqlite  *db,
           gint64       *n_bytes,
           GError      **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "rows by use", SQL_ROWS, error);
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (Row));
  int step;

  *n_bytes = 0;
  if (stmt == NULL)
    return NULL;
  g_array_set_clear_func (rows, row_clear);
  crown_sqlite_bind_int (stmt, 1, CROWN_STORE_MEETINGS);
  crown_sqlite_bind_int (stmt, 2, CROWN_STORE_TASKS);
  crown_sqlite_bind_int (stmt, 3, CROWN_STORE_ANALYTICS);
  while ((step = crown_sqlite_step (stmt, error)) == 1)
    {
      Row row = { (CrownStore) crown_sqlite_column_int (stmt, 0), crown_sqlite_column_int (stmt, 1),
                  crown_sqlite_column_int (stmt, 2), g_strdup (crown_sqlite_column_text (stmt, 3)) };

      *n_bytes += row.bytes;
      g_array_append_val (rows, row);
    }
  return step == 0 ? g_steal_pointer (&rows) : NULL;
}

static gboolean
is_pending (const CrownChangeSet *pending,
            const Row            *row)
{
  const GArray *ids = pending != NULL ? pending->ids[row->store] : NULL;

  if (pending != NULL && pending->everything[row->store])
    return TRUE;
  for (guint i = 0; ids != NULL && i < ids->len; i++)
    if (g_array_index (ids, gint64, i) == row->id)
      return TRUE;
  return FALSE;
}

static gboolean
evict (CrownCache  *self,
       const Row   *row,
       GError     **error)
{
  CrownSqlite *db = crown_cache_get_db (self);
  CrownSqliteStatement *stmt;

  if (row->folded != NULL && !crown_cache_search_change (db, row->store, row->id, row->folded, "", FALSE,
                                                         crown_cache_peek_n_queued (self), error))
    return FALSE;
  if ((stmt = crown_sqlite_prepare (db, "evict", evict_sql[row->store], error)) == NULL)
    return FALSE;
  crown_sqlite_bind_int (stmt, 1, row->id);
  return crown_sqlite_run (stmt, error);
}

static gboolean
purge (CrownCache            *self,
       gint64                 now,
       const CrownChangeSet  *pending,
       gint64                 max_bytes,
       CrownChangeSet        *evicted,
       GError               **error)
{
  CrownSqlite *db = crown_cache_get_db (self);
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;
  CrownSqliteStatement *stmt;
  gint64 used;

  if (!crown_sqlite_begin (db, &tx, error) || !get_int (db, "used pages", SQL_USED, &used, error))
    return FALSE;
  if (used > max_bytes)
    {
      gint64 n_bytes, excess;
      g_autoptr (GArray) rows = list_rows (db, &n_bytes, error);

      if (rows == NULL)
        return FALSE;
      /* Beside a row there are its columns, its places in indexes and room in pages: all shrink in the same measure. */
      excess = (gint64) ((double) n_bytes * (double) (used - max_bytes) / (double) used);
      for (guint i = 0; i < rows->len && excess > 0; i++)
        {
          const Row *row = &g_array_index (rows, Row, i);

          if (is_pending (pending, row))
            continue;
          if (!evict (self, row, error))
            return FALSE;
          excess -= row->bytes;
          crown_change_set_add (evicted, row->store, row->id);
        }
      if (!crown_cache_search_drain (db, crown_cache_peek_n_queued (self), error))
        return FALSE;
    }
  if ((stmt = crown_sqlite_prepare (db, "purged", SQL_PUT_PURGED_AT, error)) == NULL)
    return FALSE;
  crown_sqlite_bind_int (stmt, 1, now);
  return crown_sqlite_run (stmt, error) && crown_sqlite_commit (&tx, error);
}

gboolean
crown_cache_is_purge_due (CrownCache       *self,
                          const CrownClock *clock)
{
  gint64 now = crown_clock_now_us (clock), purged_at;

  /* A clock that was set back must not keep it from ever running, and what cannot be read will say so there. */
  return !get_int (crown_cache_get_db (self), "purged", SQL_PURGED_AT, &purged_at, NULL) || purged_at > now ||
         now - purged_at >= CROWN_CACHE_PURGE_US;
}

gboolean
crown_cache_keep (CrownCache       *self,
                  const CrownClock *clock,
                  GError          **error)
{
  return crown_backup_keep (crown_cache_get_db (self), clock, NULL, error);
}

gboolean
crown_cache_purge (CrownCache            *self,
                   const CrownClock      *clock,
                   gboolean               offline,
                   const CrownChangeSet  *pending,
                   gint64                 max_bytes,
                   CrownChangeSet        *evicted,
                   GError               **error)
{
  guint n_queued = *crown_cache_peek_n_queued (self);
  g_autoptr (CrownChangeSet) found = crown_change_set_new (0);

  if (offline || !crown_cache_is_purge_due (self, clock))
    return TRUE;
  if (!purge (self, crown_clock_now_us (clock), pending, max_bytes, found, error))
    {
      *crown_cache_peek_n_queued (self) = n_queued;
      return FALSE;
    }
  crown_change_set_merge (evicted, found);
  return TRUE;
}
