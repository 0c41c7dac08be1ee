/* crown-outbox-salvage.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-outbox-salvage.h"

/* Between the last entry that comes from the front and the first that comes from behind so many numbers are tried. */
#define TRIES_MAX 10000

static const char SQL_NEXT[] = "SELECT id FROM damaged.entries WHERE id > ?1 ORDER BY id LIMIT 1";
static const char SQL_PREVIOUS[] = "SELECT id FROM damaged.entries WHERE id < ?1 ORDER BY id DESC LIMIT 1";
/* What both know: the damaged file may be of an earlier schema. */
static const char SQL_COLUMNS[] =
  "SELECT group_concat (name, ', ') FROM pragma_table_info ('entries', 'main')"
  " WHERE name IN (SELECT name FROM pragma_table_info ('entries', 'damaged'))";
/* Without these an entry cannot be sent. */
#define SENSIBLE "length (mutation_id) = 36 AND json_valid (overlay) AND (body IS NULL OR json_valid (body))" \
                 " AND method IN ('POST', 'PUT', 'PATCH', 'DELETE') AND substr (path, 1, 1) = '/'"

/* @id: (inout): of the entry beside it. Returns: whether there is one that can be read */
static gboolean
step_to (CrownSqlite *db,
         const char  *sql,
         gint64      *id)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "salvage", sql, NULL);
  gboolean found;

  if (stmt == NULL)
    return FALSE;
  crown_sqlite_bind_int (stmt, 1, *id);
  found = crown_sqlite_step (stmt, NULL) == 1;
  if (found)
    *id = crown_sqlite_column_int (stmt, 0);
  crown_sqlite_reset (stmt);
  return found;
}

static guint
copy (CrownSqlite *db,
      const char  *sql,
      gint64       id)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "salvage", sql, NULL);

  if (stmt == NULL)
    return 0;
  crown_sqlite_bind_int (stmt, 1, id);
  return crown_sqlite_run (stmt, NULL) ? (guint) crown_sqlite_changes (db) : 0;
}

static guint
copy_all (CrownSqlite *db,
          const char  *sql)
{
  gint64 first = 0, last = G_MAXINT64;
  guint n = 0;

  while (step_to (db, SQL_NEXT, &first))
    n += copy (db, sql, first);
  for (gint64 id = last; step_to (db, SQL_PREVIOUS, &id) && id > first; last = id)
    n += copy (db, sql, id);
  for (gint64 id = first + 1; id < last && id <= first + TRIES_MAX; id++)
    n += copy (db, sql, id);
  return n;
}

/* (transfer full) (nullable) */
static char *
find_columns (CrownSqlite *db)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "salvage", SQL_COLUMNS, NULL);
  char *columns = NULL;

  if (stmt != NULL && crown_sqlite_step (stmt, NULL) == 1)
    {
      columns = g_strdup (crown_sqlite_column_text (stmt, 0));
      crown_sqlite_reset (stmt);
    }
  return columns;
}

guint
crown_outbox_salvage (CrownSqlite *db,
                      const char  *damaged)
{
  g_auto (GStrv) parts = g_strsplit (damaged, "'", -1);
  g_autofree char *quoted = g_strjoinv ("''", parts);
  g_autofree char *attach = g_strdup_printf ("ATTACH '%s' AS damaged", quoted);
  g_autofree char *columns = NULL;
  guint n = 0;

  if (!crown_sqlite_exec (db, "salvage", attach, NULL))
    return 0;
  columns = find_columns (db);
  if (columns != NULL)
    {
      g_autofree char *sql = g_strdup_printf ("INSERT OR IGNORE INTO main.entries (%s) SELECT %s FROM damaged.entries"
                                              " WHERE id = ?1 AND " SENSIBLE, columns, columns);

      n = copy_all (db, g_intern_string (sql)); /* the connection knows a statement by the address of its text */
    }
  return n;
}
