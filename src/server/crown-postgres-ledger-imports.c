/* crown-postgres-ledger-imports.c: where meetings came from, and what is said in those that go on
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-postgres-ledger-private.h"

#define COLUMNS "meeting_id, workspace_id, user_id, name, digest, sketch, mutation_id, pending, sequence, derived"

static const char SQL_PUT_IMPORT[] =
  "INSERT INTO imports (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
  " ON CONFLICT (meeting_id) DO UPDATE SET workspace_id = excluded.workspace_id, user_id = excluded.user_id,"
  " name = excluded.name, digest = excluded.digest, sketch = excluded.sketch, mutation_id = excluded.mutation_id,"
  " pending = excluded.pending, sequence = excluded.sequence, derived = excluded.derived";
static const char SQL_FIND_IMPORTS[] =
  "SELECT " COLUMNS " FROM imports WHERE workspace_id = $1 AND name = $2 ORDER BY digest = $3 DESC, meeting_id DESC LIMIT $4";
static const char SQL_LOAD_IMPORT[] = "SELECT " COLUMNS " FROM imports WHERE meeting_id = $1";
static const char SQL_LIST_PENDING[] = "SELECT " COLUMNS " FROM imports WHERE pending <> 0 ORDER BY meeting_id";
static const char SQL_ADD_SEGMENTS[] =
  "INSERT INTO segments (meeting_id, part, json)"
  " VALUES ($1, (SELECT coalesce (max (part), 0) + 1 FROM segments WHERE meeting_id = $1), $2)";
static const char SQL_LIST_SEGMENTS[] = "SELECT json FROM segments WHERE meeting_id = $1 ORDER BY part";
static const char SQL_DROP_SEGMENTS[] = "DELETE FROM segments WHERE meeting_id = $1";

static gboolean
change_by (CrownEventLedger           *ledger,
           const char                 *name,
           const char                 *sql,
           const CrownPostgresParams  *params,
           GError                    **error)
{
  CrownPostgres *db = crown_postgres_ledger_writer (CROWN_POSTGRES_LEDGER (ledger), error);

  return db != NULL && crown_postgres_change (db, name, sql, params, NULL, error);
}

static CrownPostgresResult *
read_by (CrownEventLedger           *ledger,
         const char                 *name,
         const char                 *sql,
         const CrownPostgresParams  *params,
         GError                    **error)
{
  CrownPostgres *db = crown_postgres_ledger_reader (CROWN_POSTGRES_LEDGER (ledger), error);

  return db != NULL ? crown_postgres_run (db, name, sql, params, error) : NULL;
}

static gboolean
put_import (CrownEventLedger         *ledger,
            const CrownLedgerImport  *import,
            GError                  **error)
{
  CrownPostgresParams params = { .n = 0 };

  crown_postgres_add_int (&params, import->meeting_id);
  crown_postgres_add_int (&params, import->workspace_id);
  crown_postgres_add_int (&params, import->user_id);
  crown_postgres_add_text (&params, import->name);
  crown_postgres_add_text (&params, import->digest);
  crown_postgres_add_text (&params, import->sketch);
  crown_postgres_add_text (&params, import->mutation_id);
  crown_postgres_add_int (&params, import->pending);
  crown_postgres_add_int (&params, (gint64) import->sequence);
  crown_postgres_add_text (&params, import->derived);
  return change_by (ledger, "put-import", SQL_PUT_IMPORT, &params, error);
}

static GPtrArray *
read_imports (CrownEventLedger           *ledger,
              const char                 *name,
              const char                 *sql,
              const CrownPostgresParams  *params,
              GError                    **error)
{
  g_autoptr (CrownPostgresResult) result = read_by (ledger, name, sql, params, error);
  GPtrArray *imports;

  if (result == NULL)
    return NULL;

  imports = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_ledger_import_free);
  for (guint i = 0; i < crown_postgres_result_rows (result); i++)
    {
      CrownLedgerImport *import = g_new0 (CrownLedgerImport, 1);

      import->meeting_id = crown_postgres_result_int (result, i, 0);
      import->workspace_id = crown_postgres_result_int (result, i, 1);
      import->user_id = crown_postgres_result_int (result, i, 2);
      import->name = g_strdup (crown_postgres_result_text (result, i, 3));
      import->digest = g_strdup (crown_postgres_result_text (result, i, 4));
      import->sketch = g_strdup (crown_postgres_result_text (result, i, 5));
      import->mutation_id = g_strdup (crown_postgres_result_text (result, i, 6));
      import->pending = crown_postgres_result_int (result, i, 7) != 0;
      import->sequence = (guint64) crown_postgres_result_int (result, i, 8);
      import->derived = g_strdup (crown_postgres_result_text (result, i, 9));
      g_ptr_array_add (imports, import);
    }

  return imports;
}

static GPtrArray *
find_imports (CrownEventLedger  *ledger,
              gint64             workspace_id,
              const char        *name,
              const char        *digest,
              guint              limit,
              GError           **error)
{
  CrownPostgresParams params = { .n = 0 };

  crown_postgres_add_int (&params, workspace_id);
  crown_postgres_add_text (&params, name);
  crown_postgres_add_text (&params, digest);
  crown_postgres_add_int (&params, limit);
  return read_imports (ledger, "find-imports", SQL_FIND_IMPORTS, &params, error);
}

static gboolean
load_import (CrownEventLedger   *ledger,
             gint64              meeting_id,
             CrownLedgerImport **import,
             GError            **error)
{
  CrownPostgresParams params = { .n = 0 };
  g_autoptr (GPtrArray) imports = NULL;

  *import = NULL;
  crown_postgres_add_int (&params, meeting_id);
  imports = read_imports (ledger, "load-import", SQL_LOAD_IMPORT, &params, error);
  if (imports != NULL && imports->len > 0)
    *import = g_ptr_array_steal_index (imports, 0);
  return imports != NULL;
}

static GPtrArray *
list_pending (CrownEventLedger  *ledger,
              GError           **error)
{
  const CrownPostgresParams none = { .n = 0 };

  return read_imports (ledger, "list-pending", SQL_LIST_PENDING, &none, error);
}

static gboolean
add_segments (CrownEventLedger  *ledger,
              gint64             meeting_id,
              const char        *json,
              GError           **error)
{
  CrownPostgresParams params = { .n = 0 };

  crown_postgres_add_int (&params, meeting_id);
  crown_postgres_add_text (&params, json);
  return change_by (ledger, "add-segments", SQL_ADD_SEGMENTS, &params, error);
}

static GPtrArray *
list_segments (CrownEventLedger  *ledger,
               gint64             meeting_id,
               GError           **error)
{
  CrownPostgresParams params = { .n = 0 };
  g_autoptr (CrownPostgresResult) result = NULL;
  GPtrArray *parts;

  crown_postgres_add_int (&params, meeting_id);
  result = read_by (ledger, "list-segments", SQL_LIST_SEGMENTS, &params, error);
  if (result == NULL)
    return NULL;

  parts = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < crown_postgres_result_rows (result); i++)
    g_ptr_array_add (parts, g_strdup (crown_postgres_result_text (result, i, 0)));
  return parts;
}

static gboolean
drop_segments (CrownEventLedger  *ledger,
               gint64             meeting_id,
               GError           **error)
{
  CrownPostgresParams params = { .n = 0 };

  crown_postgres_add_int (&params, meeting_id);
  return change_by (ledger, "drop-segments", SQL_DROP_SEGMENTS, &params, error);
}

void
crown_postgres_ledger_init_imports (CrownEventLedgerInterface *iface)
{
  iface->put_import = put_import;
  iface->find_imports = find_imports;
  iface->load_import = load_import;
  iface->list_pending = list_pending;
  iface->add_segments = add_segments;
  iface->list_segments = list_segments;
  iface->drop_segments = drop_segments;
}
