/* crown-outbox-salvage.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-outbox-salvage.h"

/* Between the last entry that comes from the front and the first that comes from behind so many numbers are tried. */
#define TRIES_MAX 2000

static const char SQL_NEXT[] = "SELECT id FROM entries WHERE id > ?1 ORDER BY id LIMIT 1";
static const char SQL_PREVIOUS[] = "SELECT id FROM entries WHERE id < ?1 ORDER BY id DESC LIMIT 1";
static const char SQL_COLUMNS[] = "SELECT name FROM pragma_table_info ('entries')";
/* Without these an entry cannot be sent. */
#define SENSIBLE "length (mutation_id) = 36 AND json_valid (overlay) AND (body IS NULL OR json_valid (body))" \
                 " AND method IN ('POST', 'PUT', 'PATCH', 'DELETE') AND substr (path, 1, 1) = '/'"

/* Two connections: what one cannot read of its file must not end the other's transaction. */
typedef struct {
  CrownSqlite *damaged;
  CrownSqlite *fresh;
  const char  *read; /* one entry by its id, */
  const char  *add;  /* with so many columns */
  int          n_columns;
} Salvage;

/* The entry after @id, or before it; @id itself where there is none that can be read. A damaged file may give any number. */
static gint64
find_beside (Salvage  *self,
             gboolean  after,
             gint64    id)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->damaged, "salvage", after ? SQL_NEXT : SQL_PREVIOUS, NULL);
  gint64 found = id;

  if (stmt == NULL)
    return id;
  crown_sqlite_bind_int (stmt, 1, id);
  if (crown_sqlite_step (stmt, NULL) == 1)
    found = crown_sqlite_column_int (stmt, 0);
  crown_sqlite_reset (stmt);
  return (after ? found > id : found < id) ? found : id;
}

static guint
copy (Salvage *self,
      gint64   id)
{
  CrownSqliteStatement *from = crown_sqlite_prepare (self->damaged, "salvage", self->read, NULL);
  CrownSqliteStatement *to = crown_sqlite_prepare (self->fresh, "salvage", self->add, NULL);
  guint n = 0;

  if (from == NULL || to == NULL)
    return 0;
  crown_sqlite_bind_int (from, 1, id);
  if (crown_sqlite_step (from, NULL) == 1)
    {
      /* The fresh table makes numbers of what are to be some, and refuses what are none. */
      for (int i = 0; i < self->n_columns; i++)
        crown_sqlite_bind_text (to, i + 1, crown_sqlite_column_text (from, i), -1);
      n = crown_sqlite_run (to, NULL) ? (guint) crown_sqlite_changes (self->fresh) : 0;
    }
  crown_sqlite_reset (from);
  return n;
}

static guint
copy_all (Salvage *self)
{
  gint64 first = 0, last = G_MAXINT64, id;
  guint n = 0;

  for (; (id = find_beside (self, TRUE, first)) > first; first = id)
    n += copy (self, id);
  for (; (id = find_beside (self, FALSE, last)) > first && id < last; last = id)
    n += copy (self, id);
  for (id = first + 1; id < last && id <= first + TRIES_MAX; id++)
    n += copy (self, id);
  return n;
}

static GStrv
list_columns (CrownSqlite *db)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "salvage", SQL_COLUMNS, NULL);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  while (stmt != NULL && crown_sqlite_step (stmt, NULL) == 1)
    g_strv_builder_add (names, crown_sqlite_column_text (stmt, 0));
  return g_strv_builder_end (names);
}

/* By the columns that both files have: the damaged one may be of an earlier schema. A connection knows a statement by the
 * address of its text, so that stays. */
static gboolean
make_statements (Salvage *self)
{
  g_auto (GStrv) fresh = list_columns (self->fresh);
  g_auto (GStrv) damaged = list_columns (self->damaged);
  g_autoptr (GString) columns = g_string_new (NULL);
  g_autoptr (GString) values = g_string_new (NULL);
  g_autofree char *read = NULL;
  g_autofree char *add = NULL;

  for (guint i = 0; fresh[i] != NULL; i++)
    if (g_strv_contains ((const char *const *) damaged, fresh[i]))
      {
        g_string_append_printf (columns, "%s%s", self->n_columns > 0 ? ", " : "", fresh[i]);
        g_string_append (values, self->n_columns > 0 ? ", ?" : "?");
        self->n_columns++;
      }
  read = g_strdup_printf ("SELECT %s FROM entries WHERE id = ?1 AND " SENSIBLE, columns->str);
  add = g_strdup_printf ("INSERT OR IGNORE INTO entries (%s) VALUES (%s)", columns->str, values->str);
  self->read = g_intern_string (read);
  self->add = g_intern_string (add);
  return self->n_columns > 0;
}

guint
crown_outbox_salvage (CrownSqlite *db,
                      const char  *damaged)
{
  g_autoptr (CrownSqlite) from = crown_sqlite_open (damaged, CROWN_SQLITE_READ_ONLY, NULL);
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;
  Salvage self = { from, db, NULL, NULL, 0 };
  guint n;

  if (from == NULL || !make_statements (&self) || !crown_sqlite_begin (db, &tx, NULL))
    return 0;
  n = copy_all (&self);
  return crown_sqlite_commit (&tx, NULL) ? n : 0;
}
