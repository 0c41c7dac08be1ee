/* crown-cache-inspect.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-cache-inspect.h"

#include "core/crown-json.h"
#include "crown-cache-schema.h"
#include "storage/crown-sqlite.h"

static const char SQL_STATE[] = "SELECT value FROM metadata WHERE key = '_state'";
static const char SQL_TRANSCRIPTS[] = "SELECT count (*) FROM transcripts";
static const char SQL_QUEUED[] = "SELECT count (*) FROM search_queue";
static const char SQL_USED[] =
  "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
static const char SQL_PENDING[] = "SELECT count (*) FROM entries";
static const char SQL_SENT[] = "SELECT count (*) FROM entries WHERE sent = 1";
static const char SQL_ENTRIES[] = "SELECT id, type, body, overlay FROM entries ORDER BY id";

/* Of each row the id, its bytes, its checksum, what is searched, and the columns that lists are ordered by. */
static const struct {
  CrownStore  store;
  const char *count;
  const char *evicted;
  const char *rows;
} stores[] = {
  { CROWN_STORE_MEETINGS, "SELECT count (*) FROM meetings", "SELECT count (*) FROM meetings WHERE row = ''",
    "SELECT id, row, _checksum, folded, archived, sort_at, status FROM meetings" },
  { CROWN_STORE_TASKS, "SELECT count (*) FROM tasks", "SELECT count (*) FROM tasks WHERE row = ''",
    "SELECT id, row, _checksum, folded, session_id, sort_due, status, line FROM tasks" },
  { CROWN_STORE_ANALYTICS, "SELECT count (*) FROM analytics", "SELECT count (*) FROM analytics WHERE row = ''",
    "SELECT session_id, row, _checksum FROM analytics" },
};

void
crown_cache_stats_free (CrownCacheStats *self)
{
  g_free (self->epoch);
  for (guint i = 0; i < CROWN_N_STORES; i++)
    g_free (self->digests[i]);
  g_free (self);
}

static CrownSqlite *
open_file (const char  *folder,
           const char  *name,
           GError     **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return crown_sqlite_open (path, CROWN_SQLITE_READ_ONLY, error);
}

static gboolean
get_number (CrownSqlite  *db,
            const char   *sql,
            guint64      *number,
            GError      **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "statistics", sql, error);

  if (stmt == NULL || crown_sqlite_step (stmt, error) < 0)
    return FALSE;
  *number = (guint64) crown_sqlite_column_int (stmt, 0);
  crown_sqlite_reset (stmt);
  return TRUE;
}

/* An empty object where nothing was kept yet. */
static JsonObject *
load_state (CrownSqlite  *db,
            GError      **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "load state", SQL_STATE, error);
  int step = stmt != NULL ? crown_sqlite_step (stmt, error) : -1;
  JsonObject *state = NULL;

  if (step == 1)
    state = crown_json_parse_object (crown_sqlite_column_text (stmt, 0), -1, error);
  else if (step == 0)
    state = json_object_new ();
  if (stmt != NULL)
    crown_sqlite_reset (stmt);
  return state;
}

static const char *
digest_of (JsonObject *state,
           CrownStore  store)
{
  JsonObject *digests = crown_json_opt_object (state, "digests");
  JsonObject *digest = digests != NULL ? crown_json_opt_object (digests, crown_store_to_string (store)) : NULL;

  return digest != NULL ? crown_json_opt_string (digest, "digest", NULL) : NULL;
}

CrownCacheStats *
crown_cache_inspect_stats (const char  *folder,
                           GError     **error)
{
  g_autoptr (CrownCacheStats) self = g_new0 (CrownCacheStats, 1);
  g_autoptr (CrownSqlite) cache = open_file (folder, "cache.db", error);
  g_autoptr (CrownSqlite) outbox = cache != NULL ? open_file (folder, "outbox.db", error) : NULL;
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;
  g_autoptr (JsonObject) state = NULL;
  guint64 bytes;

  if (outbox == NULL || !crown_sqlite_begin_read (cache, &tx, error) || !(state = load_state (cache, error)) ||
      !crown_sqlite_get_version (cache, &self->schema, error) ||
      !crown_sqlite_get_version (outbox, &self->outbox_schema, error) ||
      !get_number (cache, SQL_TRANSCRIPTS, &self->transcripts, error) ||
      !get_number (cache, SQL_QUEUED, &self->queued, error) || !get_number (cache, SQL_USED, &bytes, error) ||
      !get_number (outbox, SQL_PENDING, &self->pending, error) || !get_number (outbox, SQL_SENT, &self->sent, error))
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (stores); i++)
    {
      CrownStore store = stores[i].store;

      if (!get_number (cache, stores[i].count, &self->counts[store], error) ||
          !get_number (cache, stores[i].evicted, &self->evicted[store], error))
        return NULL;
      self->digests[store] = g_strdup (digest_of (state, store));
    }
  self->bytes = (gint64) bytes;
  self->epoch = g_strdup (crown_json_opt_string (state, "epoch", ""));
  self->sequence = (guint64) crown_json_opt_int (state, "sequence", 0);
  self->user_sequence = (guint64) crown_json_opt_int (state, "user_sequence", 0);
  self->quarantined = (guint64) crown_json_opt_int (state, "quarantined", 0);
  self->repairs = (guint64) crown_json_opt_int (state, "repairs", 0);
  return g_steal_pointer (&self);
}

static gboolean
is_in_place (CrownSqliteStatement *stmt,
             CrownStore            store,
             JsonObject           *row)
{
  CrownSortKey key = crown_cache_sort_key (store, row);

  if (store == CROWN_STORE_MEETINGS)
    return crown_sqlite_column_int (stmt, 4) == key.archived &&
           g_strcmp0 (crown_sqlite_column_text (stmt, 5), key.sort_at) == 0 &&
           g_strcmp0 (crown_sqlite_column_text (stmt, 6), key.status) == 0;
  if (store == CROWN_STORE_TASKS)
    return crown_sqlite_column_int (stmt, 4) == key.session_id &&
           g_strcmp0 (crown_sqlite_column_text (stmt, 5), key.sort_due) == 0 &&
           g_strcmp0 (crown_sqlite_column_text (stmt, 6), key.status) == 0 &&
           crown_sqlite_column_int (stmt, 7) == key.line;
  return TRUE;
}

/* What is wrong with the row that @stmt stands on; NULL: nothing. An evicted one has nothing that could be. */
static const char *
find_fault (CrownSqliteStatement *stmt,
            CrownStore            store,
            GString              *folded)
{
  const char *text = crown_sqlite_column_text (stmt, 1);
  int length = crown_sqlite_column_bytes (stmt, 1);
  char checksum[CROWN_CHECKSUM_HEX_LENGTH + 1];
  g_autoptr (JsonObject) row = NULL;

  if (length == 0)
    return NULL;
  crown_checksum_bytes (text, (gsize) length, checksum);
  if (g_strcmp0 (checksum, crown_sqlite_column_text (stmt, 2)) != 0)
    return "does not have its checksum";
  if ((row = crown_json_parse_object (text, length, NULL)) == NULL)
    return "is no JSON object";
  if (!is_in_place (stmt, store, row))
    return "is not in its place in the lists";
  if (store == CROWN_STORE_ANALYTICS)
    return NULL;
  crown_cache_fold (store, row, folded);
  return g_strcmp0 (folded->str, crown_sqlite_column_text (stmt, 3)) == 0 ? NULL : "is not found by its words";
}

static gboolean
verify_store (CrownSqlite  *db,
              guint         i,
              JsonObject   *state,
              guint64      *n_rows,
              GError      **error)
{
  const char *name = crown_store_to_string (stores[i].store);
  const char *kept = digest_of (state, stores[i].store);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "verify rows", stores[i].rows, error);
  g_autoptr (GString) folded = g_string_new (NULL);
  CrownDigest digest = CROWN_DIGEST_INIT;
  char hex[65];
  int step = -1;

  while (stmt != NULL && (step = crown_sqlite_step (stmt, error)) == 1)
    {
      gint64 id = crown_sqlite_column_int (stmt, 0);
      const char *fault = find_fault (stmt, stores[i].store, folded);
      char text[24];
      CrownDigest row;

      if (fault != NULL)
        {
          g_set_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_CORRUPT, "%s: %s %" G_GINT64_FORMAT " %s",
                       crown_sqlite_get_path (db), name, id, fault);
          crown_sqlite_reset (stmt);
          return FALSE;
        }
      g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT, id);
      crown_digest_of_row (name, text, crown_sqlite_column_text (stmt, 2), &row);
      crown_digest_add (&digest, &row);
      (*n_rows)++;
    }
  if (step < 0)
    return FALSE;
  crown_digest_to_hex (&digest, hex);
  if (kept == NULL || g_strcmp0 (kept, hex) == 0)
    return TRUE;
  g_set_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_CORRUPT, "%s: %s do not come to the digest that was kept",
               crown_sqlite_get_path (db), name);
  return FALSE;
}

static gboolean
verify_outbox (CrownSqlite  *db,
               guint64      *n_entries,
               GError      **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "verify entries", SQL_ENTRIES, error);
  int step = -1;

  while (stmt != NULL && (step = crown_sqlite_step (stmt, error)) == 1)
    {
      const char *body = crown_sqlite_column_text (stmt, 2), *overlay = crown_sqlite_column_text (stmt, 3);
      g_autoptr (JsonObject) body_object = body != NULL ? crown_json_parse_object (body, -1, NULL) : NULL;
      g_autoptr (JsonObject) overlay_object = overlay != NULL ? crown_json_parse_object (overlay, -1, NULL) : NULL;

      if (crown_event_info_by_name (crown_sqlite_column_text (stmt, 1)) == NULL || overlay_object == NULL ||
          (body != NULL && body_object == NULL))
        {
          g_set_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_CORRUPT,
                       "%s: entry %" G_GINT64_FORMAT " cannot be read", crown_sqlite_get_path (db), crown_sqlite_column_int (stmt, 0));
          crown_sqlite_reset (stmt);
          return FALSE;
        }
      (*n_entries)++;
    }
  return step == 0;
}

gboolean
crown_cache_inspect_verify (const char  *folder,
                            char       **report,
                            GError     **error)
{
  g_autoptr (CrownSqlite) cache = open_file (folder, "cache.db", error);
  g_autoptr (CrownSqlite) outbox = cache != NULL ? open_file (folder, "outbox.db", error) : NULL;
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;
  g_autoptr (JsonObject) state = NULL;
  guint64 n_rows = 0, n_entries = 0;

  if (outbox == NULL || !crown_sqlite_check (cache, error) || !crown_sqlite_check (outbox, error) ||
      !crown_sqlite_begin_read (cache, &tx, error) || !(state = load_state (cache, error)))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (stores); i++)
    if (!verify_store (cache, i, state, &n_rows, error))
      return FALSE;
  if (!verify_outbox (outbox, &n_entries, error))
    return FALSE;
  *report = g_strdup_printf ("%" G_GUINT64_FORMAT " rows and %" G_GUINT64_FORMAT " changes that wait are in order", n_rows,
                             n_entries);
  return TRUE;
}
