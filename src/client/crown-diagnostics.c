/* crown-diagnostics.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-diagnostics.h"

#include "core/crown-json.h"
#include "core/crown-limits.h"
#include "storage/crown-sqlite.h"

static const char SQL_STATE[] = "SELECT value FROM metadata WHERE key = '_state'";
static const char SQL_BYTES[] =
  "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
static const char SQL_OUTBOX[] = "SELECT id, type, row_id, attempts, sent FROM entries ORDER BY id";

/* Rows, and the bytes of their bodies. */
static const struct {
  const char *name;
  const char *sql;
} stores[] = {
  { "meetings", "SELECT count (*), sum (length (CAST (row AS BLOB))) FROM meetings" },
  { "tasks", "SELECT count (*), sum (length (CAST (row AS BLOB))) FROM tasks" },
  { "analytics", "SELECT count (*), sum (length (CAST (row AS BLOB))) FROM analytics" },
  { "sessions", "SELECT count (*), sum (length (external_session_id)) FROM sessions" },
  { "metadata", "SELECT count (*), sum (length (CAST (value AS BLOB))) FROM metadata" },
  { "transcripts", "SELECT count (*), sum (length (CAST (segments AS BLOB))) FROM transcripts" },
};

static gboolean
add_state (CrownSqlite  *db,
           JsonObject   *out,
           GError      **error)
{
  static const char *numbers[] = { "sequence", "user_sequence", "repairs", "quarantined", "unknown" };
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "read state", SQL_STATE, error);
  g_autoptr (JsonObject) state = NULL;
  int step;

  if (stmt == NULL)
    return FALSE;
  step = crown_sqlite_step (stmt, error);
  if (step == 1)
    state = crown_json_parse_object (crown_sqlite_column_text (stmt, 0), -1, error);
  crown_sqlite_reset (stmt);
  if (step < 0 || (step == 1 && state == NULL))
    return FALSE;
  if (state == NULL) /* nothing has come from a server yet */
    state = json_object_new ();

  json_object_set_string_member (out, "epoch", crown_json_opt_string (state, "epoch", ""));
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    json_object_set_int_member (out, numbers[i], crown_json_opt_int (state, numbers[i], 0));
  return TRUE;
}

static gboolean
add_stores (CrownSqlite  *db,
            JsonObject   *out,
            GError      **error)
{
  JsonArray *array = json_array_new ();

  json_object_set_array_member (out, "stores", array);
  for (guint i = 0; i < G_N_ELEMENTS (stores); i++)
    {
      CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "measure store", stores[i].sql, error);
      JsonObject *store;

      if (stmt == NULL)
        return FALSE;
      if (crown_sqlite_step (stmt, error) != 1)
        {
          crown_sqlite_reset (stmt);
          return FALSE;
        }
      store = json_object_new ();
      json_object_set_string_member (store, "name", stores[i].name);
      json_object_set_int_member (store, "rows", crown_sqlite_column_int (stmt, 0));
      json_object_set_int_member (store, "bytes", crown_sqlite_column_int (stmt, 1));
      json_array_add_object_element (array, store);
      crown_sqlite_reset (stmt);
    }
  return TRUE;
}

static gboolean
add_bytes (CrownSqlite  *db,
           JsonObject   *out,
           GError      **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "used pages", SQL_BYTES, error);
  int step;

  if (stmt == NULL)
    return FALSE;
  step = crown_sqlite_step (stmt, error);
  json_object_set_int_member (out, "bytes", step == 1 ? crown_sqlite_column_int (stmt, 0) : 0);
  crown_sqlite_reset (stmt);
  return step >= 0;
}

static gboolean
add_outbox (CrownSqlite  *db,
            JsonObject   *out,
            GError      **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "list outbox", SQL_OUTBOX, error);
  JsonArray *array = json_array_new ();
  int step;

  json_object_set_array_member (out, "outbox", array);
  if (stmt == NULL)
    return FALSE;
  while ((step = crown_sqlite_step (stmt, error)) == 1)
    {
      JsonObject *entry = json_object_new ();

      json_object_set_int_member (entry, "id", crown_sqlite_column_int (stmt, 0));
      json_object_set_string_member (entry, "type", crown_sqlite_column_text (stmt, 1));
      json_object_set_int_member (entry, "row_id", crown_sqlite_column_int (stmt, 2));
      json_object_set_int_member (entry, "attempts", crown_sqlite_column_int (stmt, 3));
      json_object_set_boolean_member (entry, "sent", crown_sqlite_column_int (stmt, 4) != 0);
      json_array_add_object_element (array, entry);
    }
  crown_sqlite_reset (stmt);
  return step == 0;
}

JsonObject *
crown_diagnostics_read (const char  *folder,
                        GError     **error)
{
  g_autoptr (JsonObject) out = json_object_new ();
  g_autofree char *cache_path = g_build_filename (folder, "cache.db", NULL);
  g_autofree char *outbox_path = g_build_filename (folder, "outbox.db", NULL);
  g_autoptr (CrownSqlite) cache = crown_sqlite_open (cache_path, CROWN_SQLITE_READ_ONLY, error);
  g_autoptr (CrownSqlite) outbox = cache != NULL ? crown_sqlite_open (outbox_path, CROWN_SQLITE_READ_ONLY, error) : NULL;
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;

  if (outbox == NULL || !crown_sqlite_begin_read (cache, &tx, error) || !add_state (cache, out, error) ||
      !add_stores (cache, out, error) || !add_bytes (cache, out, error) || !add_outbox (outbox, out, error))
    return NULL;
  json_object_set_int_member (out, "max_bytes", CROWN_CACHE_MAX_BYTES);
  return g_steal_pointer (&out);
}
