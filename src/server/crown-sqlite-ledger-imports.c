/* crown-sqlite-ledger-imports.c: where meetings came from, and what is said in those that go on
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-sqlite-ledger-private.h"

#define COLUMNS "meeting_id, workspace_id, user_id, name, digest, sketch, mutation_id, pending, sequence, derived"

static const char SQL_PUT_IMPORT[] =
  "INSERT INTO imports (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
  " ON CONFLICT (meeting_id) DO UPDATE SET workspace_id = excluded.workspace_id, user_id = excluded.user_id,"
  " name = excluded.name, digest = excluded.digest, sketch = excluded.sketch, mutation_id = excluded.mutation_id,"
  " pending = excluded.pending, sequence = excluded.sequence, derived = excluded.derived";
static const char SQL_FIND_IMPORTS[] =
  "SELECT " COLUMNS " FROM imports WHERE workspace_id = ?1 AND name = ?2 ORDER BY digest = ?3 DESC, meeting_id DESC LIMIT ?4";
static const char SQL_LOAD_IMPORT[] = "SELECT " COLUMNS " FROM imports WHERE meeting_id = ?1";
static const char SQL_LIST_PENDING[] = "SELECT " COLUMNS " FROM imports WHERE pending <> 0 ORDER BY meeting_id";
static const char SQL_ADD_SEGMENTS[] =
  "INSERT INTO segments (meeting_id, part, json)"
  " VALUES (?1, (SELECT coalesce (max (part), 0) + 1 FROM segments WHERE meeting_id = ?1), ?2)";
static const char SQL_LIST_SEGMENTS[] = "SELECT json FROM segments WHERE meeting_id = ?1 ORDER BY part";
static const char SQL_DROP_SEGMENTS[] = "DELETE FROM segments WHERE meeting_id = ?1";

static gboolean
put_import (CrownEventLedger         *ledger,
            const CrownLedgerImport  *import,
            GError                  **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "put-import", SQL_PUT_IMPORT, error);

  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_int (stmt, 1, import->meeting_id);
  crown_sqlite_bind_int (stmt, 2, import->workspace_id);
  crown_sqlite_bind_int (stmt, 3, import->user_id);
  crown_sqlite_bind_text (stmt, 4, import->name, -1);
  crown_sqlite_bind_text (stmt, 5, import->digest, -1);
  crown_sqlite_bind_text (stmt, 6, import->sketch, -1);
  crown_sqlite_bind_text (stmt, 7, import->mutation_id, -1);
  crown_sqlite_bind_int (stmt, 8, import->pending);
  crown_sqlite_bind_int (stmt, 9, (gint64) import->sequence);
  crown_sqlite_bind_text (stmt, 10, import->derived, -1);
  return crown_sqlite_run (stmt, error);
}

/* Consumes @stmt. */
static GPtrArray *
read_imports (CrownSqliteStatement  *stmt,
              GError               **error)
{
  g_autoptr (GPtrArray) imports = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_ledger_import_free);
  int step;

  while ((step = crown_sqlite_step (stmt, error)) == 1)
    {
      CrownLedgerImport *import = g_new0 (CrownLedgerImport, 1);

      import->meeting_id = crown_sqlite_column_int (stmt, 0);
      import->workspace_id = crown_sqlite_column_int (stmt, 1);
      import->user_id = crown_sqlite_column_int (stmt, 2);
      import->name = g_strdup (crown_sqlite_column_text (stmt, 3));
      import->digest = g_strdup (crown_sqlite_column_text (stmt, 4));
      import->sketch = g_strdup (crown_sqlite_column_text (stmt, 5));
      import->mutation_id = g_strdup (crown_sqlite_column_text (stmt, 6));
      import->pending = crown_sqlite_column_int (stmt, 7) != 0;
      import->sequence = (guint64) crown_sqlite_column_int (stmt, 8);
      import->derived = g_strdup (crown_sqlite_column_text (stmt, 9));
      g_ptr_array_add (imports, import);
    }

  crown_sqlite_reset (stmt);
  return step == 0 ? g_steal_pointer (&imports) : NULL;
}

static GPtrArray *
find_imports (CrownEventLedger  *ledger,
              gint64             workspace_id,
              const char        *name,
              const char        *digest,
              guint              limit,
              GError           **error)
{
  CrownSqlite *db = crown_sqlite_ledger_reader (CROWN_SQLITE_LEDGER (ledger));
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "find-imports", SQL_FIND_IMPORTS, error);

  if (stmt == NULL)
    return NULL;

  crown_sqlite_bind_int (stmt, 1, workspace_id);
  crown_sqlite_bind_text (stmt, 2, name, -1);
  crown_sqlite_bind_text (stmt, 3, digest, -1);
  crown_sqlite_bind_int (stmt, 4, limit);
  return read_imports (stmt, error);
}

static gboolean
load_import (CrownEventLedger   *ledger,
             gint64              meeting_id,
             CrownLedgerImport **import,
             GError            **error)
{
  CrownSqlite *db = crown_sqlite_ledger_reader (CROWN_SQLITE_LEDGER (ledger));
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "load-import", SQL_LOAD_IMPORT, error);
  g_autoptr (GPtrArray) imports = NULL;

  *import = NULL;
  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_int (stmt, 1, meeting_id);
  imports = read_imports (stmt, error);
  if (imports != NULL && imports->len > 0)
    *import = g_ptr_array_steal_index (imports, 0);
  return imports != NULL;
}

static GPtrArray *
list_pending (CrownEventLedger  *ledger,
              GError           **error)
{
  CrownSqlite *db = crown_sqlite_ledger_reader (CROWN_SQLITE_LEDGER (ledger));
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "list-pending", SQL_LIST_PENDING, error);

  return stmt != NULL ? read_imports (stmt, error) : NULL;
}

static gboolean
add_segments (CrownEventLedger  *ledger,
              gint64             meeting_id,
              const char        *json,
              GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "add-segments", SQL_ADD_SEGMENTS, error);

  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_int (stmt, 1, meeting_id);
  crown_sqlite_bind_text (stmt, 2, json, -1);
  return crown_sqlite_run (stmt, error);
}

static GPtrArray *
list_segments (CrownEventLedger  *ledger,
               gint64             meeting_id,
               GError           **error)
{
  CrownSqlite *db = crown_sqlite_ledger_reader (CROWN_SQLITE_LEDGER (ledger));
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "list-segments", SQL_LIST_SEGMENTS, error);
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);
  int step;

  if (stmt == NULL)
    return NULL;

  crown_sqlite_bind_int (stmt, 1, meeting_id);
  while ((step = crown_sqlite_step (stmt, error)) == 1)
    g_ptr_array_add (parts, g_strdup (crown_sqlite_column_text (stmt, 0)));

  crown_sqlite_reset (stmt);
  return step == 0 ? g_steal_pointer (&parts) : NULL;
}

static gboolean
drop_segments (CrownEventLedger  *ledger,
               gint64             meeting_id,
               GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "drop-segments", SQL_DROP_SEGMENTS, error);

  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_int (stmt, 1, meeting_id);
  return crown_sqlite_run (stmt, error);
}

void
crown_sqlite_ledger_init_imports (CrownEventLedgerInterface *iface)
{
  iface->put_import = put_import;
  iface->find_imports = find_imports;
  iface->load_import = load_import;
  iface->list_pending = list_pending;
  iface->add_segments = add_segments;
  iface->list_segments = list_segments;
  iface->drop_segments = drop_segments;
}
