/* test-sqlite.c: statements, transactions, migrations, and what goes wrong with a file
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-storage-test"

#include "storage/crown-sqlite.h"

#include <glib/gstdio.h>
#include <string.h>

#define N_THREADS 4

static const char insert_sql[] = "INSERT INTO things (id, value) VALUES (?, ?)";
static const char select_sql[] = "SELECT value FROM things WHERE id = ?";
static const char count_sql[] = "SELECT count(*) FROM things";

typedef struct {
  char        *folder;
  char        *path;
  CrownSqlite *db;
} Fixture;

static CrownSqlite *
open_file (const char       *path,
           CrownSqliteFlags  flags)
{
  g_autoptr (GError) error = NULL;
  CrownSqlite *db = crown_sqlite_open (path, flags, &error);

  g_assert_no_error (error);
  g_assert_nonnull (db);
  return db;
}

static void
exec (CrownSqlite *db,
      const char  *sql)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (crown_sqlite_exec (db, "exec", sql, &error));
  g_assert_no_error (error);
}

static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("crown-sqlite-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->folder, "test.db", NULL);
  fixture->db = open_file (fixture->path, CROWN_SQLITE_READ_WRITE);
  exec (fixture->db, "CREATE TABLE things (id INTEGER PRIMARY KEY, value)");
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  GDir *dir;
  const char *name;

  g_clear_pointer (&fixture->db, crown_sqlite_close);
  dir = g_dir_open (fixture->folder, 0, NULL);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (fixture->folder, name, NULL);

      g_assert_cmpint (g_remove (path), ==, 0);
    }
  g_dir_close (dir);
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  g_free (fixture->path);
  g_free (fixture->folder);
}

static CrownSqliteStatement *
prepare (CrownSqlite *db,
         const char  *name,
         const char  *sql)
{
  g_autoptr (GError) error = NULL;
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, name, sql, &error);

  g_assert_no_error (error);
  g_assert_nonnull (stmt);
  return stmt;
}

static gboolean
insert (CrownSqlite  *db,
        gint64        id,
        GError      **error)
{
  CrownSqliteStatement *stmt = prepare (db, "insert a thing", insert_sql);

  crown_sqlite_bind_int (stmt, 1, id);
  crown_sqlite_bind_text (stmt, 2, "value", -1);
  return crown_sqlite_run (stmt, error);
}

static gint64
number_of (CrownSqlite *db,
           const char  *sql)
{
  g_autoptr (GError) error = NULL;
  CrownSqliteStatement *stmt = prepare (db, "number", sql);
  gint64 number;

  g_assert_cmpint (crown_sqlite_step (stmt, &error), ==, 1);
  number = crown_sqlite_column_int (stmt, 0);
  crown_sqlite_reset (stmt);
  return number;
}

/* Who waits for a lock gives up at once, instead of after the 10 s of real life. */
static void
be_impatient (CrownSqlite *db)
{
  exec (db, "PRAGMA busy_timeout = 0");
}

/* The message names the file and the statement, so that a report can be understood. */
static void
assert_failed (GError           **error,
               CrownSqliteError   code,
               const char        *path,
               const char        *name)
{
  g_autofree char *prefix = g_strconcat (path, ": ", name, ": ", NULL);

  g_assert_error (*error, CROWN_SQLITE_ERROR, (int) code);
  if (!g_str_has_prefix ((*error)->message, prefix) || strlen ((*error)->message) == strlen (prefix))
    g_error ("“%s” does not begin with “%s”, or says no more", (*error)->message, prefix);
  g_clear_error (error);
}

/* Opening */

static void
test_settings (Fixture       *fixture,
               gconstpointer  data)
{
  g_autoptr (CrownSqlite) full = NULL;
  g_autoptr (GError) error = NULL;
  CrownSqliteStatement *stmt = prepare (fixture->db, "journal mode", "PRAGMA journal_mode");
  g_autofree char *wal = g_strconcat (fixture->path, "-wal", NULL);
  GStatBuf info;

  g_assert_cmpint (crown_sqlite_step (stmt, &error), ==, 1);
  g_assert_cmpstr (crown_sqlite_column_text (stmt, 0), ==, "wal");
  crown_sqlite_reset (stmt);
  g_assert_cmpint (number_of (fixture->db, "PRAGMA foreign_keys"), ==, 1);
  g_assert_cmpint (number_of (fixture->db, "PRAGMA busy_timeout"), ==, 10000);
  g_assert_cmpint (number_of (fixture->db, "PRAGMA synchronous"), ==, 1);
  g_assert_cmpstr (crown_sqlite_get_path (fixture->db), ==, fixture->path);

  full = open_file (fixture->path, CROWN_SQLITE_SYNC_FULL);
  g_assert_cmpint (number_of (full, "PRAGMA synchronous"), ==, 2);

  /* Meetings are nobody else's business. */
  g_assert_cmpint (g_stat (fixture->path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0600);
  g_assert_cmpint (g_stat (wal, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0600);
}

static void
test_folders_are_made (Fixture       *fixture,
                       gconstpointer  data)
{
  g_autofree char *outer = g_build_filename (fixture->folder, "a", NULL);
  g_autofree char *inner = g_build_filename (outer, "b", NULL);
  g_autofree char *path = g_build_filename (inner, "new.db", NULL);
  g_autoptr (GError) error = NULL;
  GStatBuf info;

  crown_sqlite_close (open_file (path, CROWN_SQLITE_READ_WRITE));
  g_assert_cmpint (g_stat (inner, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0700);
  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_rmdir (inner), ==, 0);
  g_assert_cmpint (g_rmdir (outer), ==, 0);
}

static void
test_cannot_be_opened (Fixture       *fixture,
                       gconstpointer  data)
{
  g_autofree char *below_file = g_build_filename (fixture->path, "b.db", NULL);
  g_autofree char *missing = g_build_filename (fixture->folder, "missing.db", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (crown_sqlite_open (below_file, CROWN_SQLITE_READ_WRITE, &error));
  g_assert_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_IO);
  g_assert_nonnull (strstr (error->message, fixture->path));
  g_clear_error (&error);

  g_assert_null (crown_sqlite_open (fixture->folder, CROWN_SQLITE_READ_WRITE, &error));
  assert_failed (&error, CROWN_SQLITE_ERROR_IO, fixture->folder, "open");

  g_assert_null (crown_sqlite_open (missing, CROWN_SQLITE_READ_ONLY, &error));
  assert_failed (&error, CROWN_SQLITE_ERROR_IO, missing, "open");
  g_assert_false (g_file_test (missing, G_FILE_TEST_EXISTS));
}

static void
test_read_only (Fixture       *fixture,
                gconstpointer  data)
{
  g_autoptr (CrownSqlite) reader = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;

  g_assert_true (insert (fixture->db, 1, NULL));
  reader = open_file (fixture->path, CROWN_SQLITE_READ_ONLY);
  g_assert_cmpint (number_of (reader, count_sql), ==, 1);

  g_assert_false (insert (reader, 2, &error));
  assert_failed (&error, CROWN_SQLITE_ERROR_READONLY, fixture->path, "insert a thing");
  g_assert_false (crown_sqlite_exec (reader, "drop", "DROP TABLE things", &error));
  assert_failed (&error, CROWN_SQLITE_ERROR_READONLY, fixture->path, "drop");
  g_assert_true (crown_sqlite_begin_read (reader, &tx, &error));
  g_assert_true (crown_sqlite_commit (&tx, &error));
  g_assert_cmpint (number_of (fixture->db, count_sql), ==, 1);
}

/* Statements */

static void
test_statements_are_kept (Fixture       *fixture,
                          gconstpointer  data)
{
  g_autoptr (GError) error = NULL;
  CrownSqliteStatement *first = prepare (fixture->db, "insert a thing", insert_sql);
  CrownSqliteStatement *other = prepare (fixture->db, "count", count_sql);

  g_assert_true (first != other);
  g_assert_true (prepare (fixture->db, "insert a thing", insert_sql) == first);

  /* Given out again it has no bindings of before: the second value is null, not "value". */
  g_assert_true (insert (fixture->db, 1, &error));
  crown_sqlite_bind_text (first, 2, "left behind", -1);
  first = prepare (fixture->db, "insert a thing", insert_sql);
  crown_sqlite_bind_int (first, 1, 2);
  g_assert_true (crown_sqlite_run (first, &error));
  g_assert_cmpint (crown_sqlite_last_insert_id (fixture->db), ==, 2);
  g_assert_cmpint (number_of (fixture->db, "SELECT count(*) FROM things WHERE value IS NULL"), ==, 1);

  exec (fixture->db, "UPDATE things SET value = 'x'");
  g_assert_cmpint (crown_sqlite_changes (fixture->db), ==, 2);
}

/* A statement that is read half and given out again begins at the beginning, and holds no lock once it is reset. */
static void
test_half_read_statement (Fixture       *fixture,
                          gconstpointer  data)
{
  static const char ids_sql[] = "SELECT id FROM things ORDER BY id";
  g_autoptr (GError) error = NULL;
  CrownSqliteStatement *stmt;

  for (gint64 id = 1; id <= 3; id++)
    g_assert_true (insert (fixture->db, id, &error));
  stmt = prepare (fixture->db, "ids", ids_sql);
  g_assert_cmpint (crown_sqlite_step (stmt, &error), ==, 1);
  g_assert_cmpint (crown_sqlite_step (stmt, &error), ==, 1);
  g_assert_cmpint (crown_sqlite_column_int (stmt, 0), ==, 2);
  stmt = prepare (fixture->db, "ids", ids_sql);
  for (gint64 id = 1; id <= 3; id++)
    {
      g_assert_cmpint (crown_sqlite_step (stmt, &error), ==, 1);
      g_assert_cmpint (crown_sqlite_column_int (stmt, 0), ==, id);
    }
  g_assert_cmpint (crown_sqlite_step (stmt, &error), ==, 0);
  g_assert_cmpint (crown_sqlite_step (stmt, &error), ==, 1); /* again, from the start */
  crown_sqlite_reset (stmt);
  exec (fixture->db, "DROP TABLE things"); /* locked, were one still being read */
}

/* One who knows the schema, and whose statement does not fit the file, has a damaged file. */
static void
test_known_schema (Fixture       *fixture,
                   gconstpointer  data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownSqlite) db = crown_sqlite_open (fixture->path, CROWN_SQLITE_KNOWN_SCHEMA, &error);

  g_assert_no_error (error);
  g_assert_null (crown_sqlite_prepare (fixture->db, "read", "SELECT * FROM nothing", NULL));
  g_assert_false (crown_sqlite_is_damaged (fixture->db));
  g_assert_false (crown_sqlite_is_damaged (db));
  g_assert_null (crown_sqlite_prepare (db, "read", "SELECT * FROM nothing", &error));
  assert_failed (&error, CROWN_SQLITE_ERROR_CORRUPT, fixture->path, "read");
  g_assert_true (crown_sqlite_is_damaged (db));
}

static void
test_errors_name_the_statement (Fixture       *fixture,
                                gconstpointer  data)
{
  g_autoptr (GError) error = NULL;
  CrownSqliteStatement *stmt;

  g_assert_null (crown_sqlite_prepare (fixture->db, "a typing mistake", "SELEKT 1", &error));
  assert_failed (&error, CROWN_SQLITE_ERROR_FAILED, fixture->path, "a typing mistake");
  g_assert_null (crown_sqlite_prepare (fixture->db, "no such table", "SELECT * FROM nothing", &error));
  assert_failed (&error, CROWN_SQLITE_ERROR_FAILED, fixture->path, "no such table");
  g_assert_false (crown_sqlite_exec (fixture->db, "a script", "SELECT 1; nonsense;", &error));
  assert_failed (&error, CROWN_SQLITE_ERROR_FAILED, fixture->path, "a script");

  g_assert_true (insert (fixture->db, 1, &error));
  g_assert_false (insert (fixture->db, 1, &error));
  assert_failed (&error, CROWN_SQLITE_ERROR_CONSTRAINT, fixture->path, "insert a thing");
  g_assert_true (insert (fixture->db, 2, &error)); /* the statement is good for more */

  stmt = prepare (fixture->db, "a type error", insert_sql);
  crown_sqlite_bind_text (stmt, 1, "not a number", -1);
  g_assert_false (crown_sqlite_run (stmt, &error));
  assert_failed (&error, CROWN_SQLITE_ERROR_FAILED, fixture->path, "insert a thing"); /* its first name */

  exec (fixture->db, "CREATE TABLE parts (thing INTEGER NOT NULL REFERENCES things (id))");
  g_assert_false (crown_sqlite_exec (fixture->db, "orphan", "INSERT INTO parts VALUES (77)", &error));
  assert_failed (&error, CROWN_SQLITE_ERROR_CONSTRAINT, fixture->path, "orphan");
  g_assert_false (crown_sqlite_exec (fixture->db, "null", "INSERT INTO parts VALUES (NULL)", &error));
  assert_failed (&error, CROWN_SQLITE_ERROR_CONSTRAINT, fixture->path, "null");

  exec (fixture->db, "PRAGMA max_page_count = 5");
  g_assert_false (crown_sqlite_exec (fixture->db, "too much", "INSERT INTO things VALUES (9, zeroblob(1000000))", &error));
  assert_failed (&error, CROWN_SQLITE_ERROR_FULL, fixture->path, "too much");

  g_assert_false (crown_sqlite_exec (fixture->db, "nobody asks", "nonsense", NULL));
}

/* Values */

static CrownSqliteStatement *
select_value (CrownSqlite *db,
              gint64       id)
{
  g_autoptr (GError) error = NULL;
  CrownSqliteStatement *stmt = prepare (db, "select a thing", select_sql);

  crown_sqlite_bind_int (stmt, 1, id);
  g_assert_cmpint (crown_sqlite_step (stmt, &error), ==, 1);
  return stmt;
}

static void
test_numbers (Fixture       *fixture,
              gconstpointer  data)
{
  static const gint64 integers[] = { 0, 1, -1, G_MAXINT64, G_MININT64, (G_GINT64_CONSTANT (1) << 53) + 1 };
  static const double doubles[] = { 0.1, -1e300, 5e-324, 1.5 };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (integers); i++)
    {
      CrownSqliteStatement *stmt = prepare (fixture->db, "insert a thing", insert_sql);

      crown_sqlite_bind_int (stmt, 1, i);
      crown_sqlite_bind_int (stmt, 2, integers[i]);
      g_assert_true (crown_sqlite_run (stmt, &error));
      stmt = select_value (fixture->db, i);
      g_assert_cmpint (crown_sqlite_column_int (stmt, 0), ==, integers[i]);
      g_assert_false (crown_sqlite_column_is_null (stmt, 0));
    }
  for (guint i = 0; i < G_N_ELEMENTS (doubles); i++)
    {
      CrownSqliteStatement *stmt = prepare (fixture->db, "insert a thing", insert_sql);

      crown_sqlite_bind_int (stmt, 1, 100 + i);
      crown_sqlite_bind_double (stmt, 2, doubles[i]);
      g_assert_true (crown_sqlite_run (stmt, &error));
      g_assert_cmpfloat (crown_sqlite_column_double (select_value (fixture->db, 100 + i), 0), ==, doubles[i]);
    }
}

static void
test_text_and_null (Fixture       *fixture,
                    gconstpointer  data)
{
  static const struct { const char *text; gssize length; const char *stored; int bytes; } table[] = {
    { "plain", -1, "plain", 5 },
    { "", -1, "", 0 },
    { "Zoë — 会議 🎉", -1, "Zoë — 会議 🎉", 20 },
    { "cut here", 3, "cut", 3 },
    { "", 0, "", 0 },
    { NULL, -1, NULL, 0 },
    { NULL, 0, NULL, 0 },
    { "'); DROP TABLE things; --", -1, "'); DROP TABLE things; --", 25 },
  };
  g_autoptr (GError) error = NULL;
  CrownSqliteStatement *stmt;

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      stmt = prepare (fixture->db, "insert a thing", insert_sql);
      crown_sqlite_bind_int (stmt, 1, i);
      crown_sqlite_bind_text (stmt, 2, table[i].text, table[i].length);
      g_assert_true (crown_sqlite_run (stmt, &error));
      stmt = select_value (fixture->db, i);
      g_assert_cmpint (crown_sqlite_column_is_null (stmt, 0), ==, table[i].stored == NULL);
      g_assert_cmpstr (crown_sqlite_column_text (stmt, 0), ==, table[i].stored);
      g_assert_cmpint (crown_sqlite_column_bytes (stmt, 0), ==, table[i].bytes);
    }

  stmt = prepare (fixture->db, "insert a thing", insert_sql);
  crown_sqlite_bind_int (stmt, 1, 99);
  crown_sqlite_bind_text (stmt, 2, "x", -1);
  crown_sqlite_bind_null (stmt, 2);
  g_assert_true (crown_sqlite_run (stmt, &error));
  stmt = select_value (fixture->db, 99);
  g_assert_true (crown_sqlite_column_is_null (stmt, 0));
  g_assert_null (crown_sqlite_column_text (stmt, 0));
  g_assert_cmpint (crown_sqlite_column_int (stmt, 0), ==, 0);
  g_assert_cmpfloat (crown_sqlite_column_double (stmt, 0), ==, 0);
  g_assert_cmpint (crown_sqlite_column_bytes (stmt, 0), ==, 0);
}

static void
test_big_values (Fixture       *fixture,
                 gconstpointer  data)
{
  const gsize length = 12 * 1024 * 1024 + 7;
  g_autofree guint8 *blob = g_malloc (length);
  g_autofree char *text = g_malloc (length + 1);
  g_autoptr (GError) error = NULL;
  CrownSqliteStatement *stmt;

  for (gsize i = 0; i < length; i++)
    {
      blob[i] = (guint8) (i * 31 >> 3); /* zeros among them */
      text[i] = (char) ('a' + i % 26);
    }
  text[length] = '\0';

  stmt = prepare (fixture->db, "insert a thing", insert_sql);
  crown_sqlite_bind_int (stmt, 1, 1);
  crown_sqlite_bind_blob (stmt, 2, blob, length);
  g_assert_true (crown_sqlite_run (stmt, &error));
  stmt = prepare (fixture->db, "insert a thing", insert_sql);
  crown_sqlite_bind_int (stmt, 1, 2);
  crown_sqlite_bind_text (stmt, 2, text, -1);
  g_assert_true (crown_sqlite_run (stmt, &error));
  stmt = prepare (fixture->db, "insert a thing", insert_sql);
  crown_sqlite_bind_int (stmt, 1, 3);
  crown_sqlite_bind_blob (stmt, 2, "", 0);
  g_assert_true (crown_sqlite_run (stmt, &error));

  stmt = select_value (fixture->db, 1);
  g_assert_cmpmem (crown_sqlite_column_blob (stmt, 0), crown_sqlite_column_bytes (stmt, 0), blob, length);
  stmt = select_value (fixture->db, 2);
  g_assert_cmpmem (crown_sqlite_column_text (stmt, 0), crown_sqlite_column_bytes (stmt, 0), text, length);
  stmt = select_value (fixture->db, 3);
  g_assert_false (crown_sqlite_column_is_null (stmt, 0));
  g_assert_cmpint (crown_sqlite_column_bytes (stmt, 0), ==, 0);
}

/* What SQLite cannot hold is an error, not a null in its place. */
static void
test_too_big (Fixture       *fixture,
              gconstpointer  data)
{
  g_autoptr (GError) error = NULL;

  for (guint round = 0; round < 2; round++)
    {
      CrownSqliteStatement *stmt = prepare (fixture->db, "insert a thing", insert_sql);

      crown_sqlite_bind_int (stmt, 1, 1);
      if (round == 0)
        crown_sqlite_bind_blob (stmt, 2, "its length is refused before it is read", G_MAXUINT32);
      else
        crown_sqlite_bind_text (stmt, 2, "this too", G_MAXINT32 - 1);
      g_assert_false (crown_sqlite_run (stmt, &error));
      assert_failed (&error, CROWN_SQLITE_ERROR_FAILED, fixture->path, "insert a thing");
      g_assert_cmpint (number_of (fixture->db, count_sql), ==, 0);
    }
  g_assert_true (insert (fixture->db, 1, &error));
}

/* Transactions */

static gboolean
insert_two (CrownSqlite  *db,
            gint64        first,
            gint64        second,
            GError      **error)
{
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;

  if (!crown_sqlite_begin (db, &tx, error) || !insert (db, first, error) || !insert (db, second, error))
    return FALSE;
  return crown_sqlite_commit (&tx, error);
}

static void
test_transaction_is_a_scope (Fixture       *fixture,
                             gconstpointer  data)
{
  g_autoptr (CrownSqlite) other = open_file (fixture->path, CROWN_SQLITE_READ_WRITE);
  g_autoptr (GError) error = NULL;

  g_assert_true (insert_two (fixture->db, 1, 2, &error));
  g_assert_cmpint (number_of (other, count_sql), ==, 2);

  g_assert_false (insert_two (fixture->db, 3, 1, &error));
  assert_failed (&error, CROWN_SQLITE_ERROR_CONSTRAINT, fixture->path, "insert a thing");
  g_assert_cmpint (number_of (fixture->db, count_sql), ==, 2);

  /* Nothing is left of it: others can write, and so can the next transaction. */
  be_impatient (other);
  g_assert_true (insert (other, 4, &error));
  g_assert_true (insert_two (fixture->db, 5, 6, &error));
  g_assert_cmpint (number_of (other, count_sql), ==, 5);
}

static void
test_explicit_rollback (Fixture       *fixture,
                        gconstpointer  data)
{
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;
  g_autoptr (GError) error = NULL;

  crown_sqlite_rollback (&tx); /* of nothing */
  g_assert_true (crown_sqlite_begin (fixture->db, &tx, &error));
  g_assert_true (insert (fixture->db, 1, &error));
  crown_sqlite_rollback (&tx);
  crown_sqlite_rollback (&tx);
  g_assert_cmpint (number_of (fixture->db, count_sql), ==, 0);

  /* The scope can be used again. */
  g_assert_true (crown_sqlite_begin (fixture->db, &tx, &error));
  g_assert_true (insert (fixture->db, 1, &error));
  g_assert_true (crown_sqlite_commit (&tx, &error));
  crown_sqlite_rollback (&tx);
  g_assert_cmpint (number_of (fixture->db, count_sql), ==, 1);
}

/* There is one level: a second begin is a mistake in the program, says so, and leaves the first as it is. */
static void
test_transactions_do_not_nest (Fixture       *fixture,
                               gconstpointer  data)
{
  g_auto (CrownSqliteTransaction) outer = CROWN_SQLITE_TRANSACTION_INIT;
  g_autoptr (GError) error = NULL;

  g_assert_true (crown_sqlite_begin (fixture->db, &outer, &error));
  g_assert_true (insert (fixture->db, 1, &error));
  {
    g_auto (CrownSqliteTransaction) inner = CROWN_SQLITE_TRANSACTION_INIT;

    g_test_expect_message ("crown-storage", G_LOG_LEVEL_CRITICAL, "*in_transaction*");
    g_assert_false (crown_sqlite_begin (fixture->db, &inner, &error));
    g_test_assert_expected_messages ();
    g_test_expect_message ("crown-storage", G_LOG_LEVEL_CRITICAL, "*in_transaction*");
    g_assert_false (crown_sqlite_begin_read (fixture->db, &inner, &error));
    g_test_assert_expected_messages ();
    g_test_expect_message ("crown-storage", G_LOG_LEVEL_CRITICAL, "*self != NULL*");
    g_assert_false (crown_sqlite_commit (&inner, &error));
    g_test_assert_expected_messages ();
  }
  g_assert_true (insert (fixture->db, 2, &error));
  g_assert_true (crown_sqlite_commit (&outer, &error));
  g_assert_cmpint (number_of (fixture->db, count_sql), ==, 2);
}

/* A commit that fails leaves the transaction to its scope, which rolls it back. */
static void
test_failing_commit (Fixture       *fixture,
                     gconstpointer  data)
{
  g_autoptr (GError) error = NULL;

  exec (fixture->db, "CREATE TABLE parts (thing INTEGER REFERENCES things (id) DEFERRABLE INITIALLY DEFERRED)");
  {
    g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;

    g_assert_true (crown_sqlite_begin (fixture->db, &tx, &error));
    g_assert_true (insert (fixture->db, 1, &error));
    exec (fixture->db, "INSERT INTO parts VALUES (77)");
    g_assert_false (crown_sqlite_commit (&tx, &error));
    assert_failed (&error, CROWN_SQLITE_ERROR_CONSTRAINT, fixture->path, "commit");
  }
  g_assert_cmpint (number_of (fixture->db, count_sql), ==, 0);
  g_assert_true (insert_two (fixture->db, 1, 2, &error));
}

/* After some errors SQLite has rolled back by itself. */
static void
test_rolled_back_by_sqlite (Fixture       *fixture,
                            gconstpointer  data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (insert (fixture->db, 1, &error));
  {
    g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;

    g_assert_true (crown_sqlite_begin (fixture->db, &tx, &error));
    g_assert_true (insert (fixture->db, 2, &error));
    g_assert_false (crown_sqlite_exec (fixture->db, "again", "INSERT OR ROLLBACK INTO things (id) VALUES (1)", &error));
    assert_failed (&error, CROWN_SQLITE_ERROR_CONSTRAINT, fixture->path, "again");
    g_assert_false (crown_sqlite_commit (&tx, &error));
    assert_failed (&error, CROWN_SQLITE_ERROR_FAILED, fixture->path, "commit");
  }
  g_assert_cmpint (number_of (fixture->db, count_sql), ==, 1);
  g_assert_true (insert_two (fixture->db, 2, 3, &error));
}

static void
test_closing_rolls_back (Fixture       *fixture,
                         gconstpointer  data)
{
  CrownSqliteTransaction tx = CROWN_SQLITE_TRANSACTION_INIT;
  CrownSqliteStatement *stmt;
  g_autoptr (GError) error = NULL;

  g_assert_true (crown_sqlite_begin (fixture->db, &tx, &error));
  g_assert_true (insert (fixture->db, 1, &error));
  stmt = prepare (fixture->db, "count", count_sql);
  g_assert_cmpint (crown_sqlite_step (stmt, &error), ==, 1); /* and is in use */
  crown_sqlite_close (fixture->db);
  fixture->db = open_file (fixture->path, CROWN_SQLITE_READ_WRITE);
  g_assert_cmpint (number_of (fixture->db, count_sql), ==, 0);
}

/* Two connections */

static void
test_busy (Fixture       *fixture,
           gconstpointer  data)
{
  g_autoptr (CrownSqlite) other = open_file (fixture->path, CROWN_SQLITE_READ_WRITE);
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;
  g_autoptr (GError) error = NULL;

  be_impatient (other);
  g_assert_true (crown_sqlite_begin (fixture->db, &tx, &error));
  g_assert_true (insert (fixture->db, 1, &error));

  /* The second writer is told when it begins, not in the middle. */
  g_assert_false (insert_two (other, 1, 2, &error));
  assert_failed (&error, CROWN_SQLITE_ERROR_BUSY, fixture->path, "begin");
  g_assert_false (insert (other, 1, &error));
  assert_failed (&error, CROWN_SQLITE_ERROR_BUSY, fixture->path, "insert a thing");
  g_assert_cmpint (number_of (other, count_sql), ==, 0); /* readers do not wait */

  g_assert_true (crown_sqlite_commit (&tx, &error));
  g_assert_true (insert_two (other, 2, 3, &error));
  g_assert_cmpint (number_of (fixture->db, count_sql), ==, 3);
}

static void
test_read_transaction_is_consistent (Fixture       *fixture,
                                     gconstpointer  data)
{
  g_autoptr (CrownSqlite) writer = open_file (fixture->path, CROWN_SQLITE_READ_WRITE);
  g_autoptr (GError) error = NULL;

  {
    g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;

    g_assert_true (crown_sqlite_begin_read (fixture->db, &tx, &error));
    g_assert_cmpint (number_of (fixture->db, count_sql), ==, 0);
    g_assert_true (insert (writer, 1, &error));
    g_assert_cmpint (number_of (writer, count_sql), ==, 1);
    g_assert_cmpint (number_of (fixture->db, count_sql), ==, 0);

    /* What has been read is no longer so: writing on top of it is refused, at once. */
    g_assert_false (insert (fixture->db, 2, &error));
    assert_failed (&error, CROWN_SQLITE_ERROR_BUSY, fixture->path, "insert a thing");
  }
  g_assert_cmpint (number_of (fixture->db, count_sql), ==, 1);
}

typedef struct {
  const char *path;
  gint64      first;
} Writer;

static gpointer
write_hundred (gpointer data)
{
  const Writer *writer = data;
  g_autoptr (CrownSqlite) db = open_file (writer->path, CROWN_SQLITE_READ_WRITE);
  g_autoptr (GError) error = NULL;

  for (gint64 i = 0; i < 100; i += 2)
    {
      insert_two (db, writer->first + i, writer->first + i + 1, &error);
      g_assert_no_error (error);
    }
  return NULL;
}

/* Writers wait for one another, none fails. */
static void
test_many_writers (Fixture       *fixture,
                   gconstpointer  data)
{
  GThread *threads[N_THREADS];
  Writer writers[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    {
      writers[i] = (Writer) { fixture->path, 1000 * (i + 1) };
      threads[i] = g_thread_new ("writer", write_hundred, &writers[i]);
    }
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (number_of (fixture->db, count_sql), ==, 100 * N_THREADS);
}

/* Migrations */

static const char *const scripts[] = {
  "CREATE TABLE one (a); INSERT INTO one VALUES (1);",
  "ALTER TABLE one ADD COLUMN b; UPDATE one SET b = a + 1;",
  "CREATE TABLE two AS SELECT a + b AS c FROM one;",
};

static const char *const failing[] = {
  "CREATE TABLE one (a); INSERT INTO one VALUES (1);",
  "CREATE TABLE half (x); INSERT INTO one VALUES (2); SELECT nothing FROM nowhere; CREATE TABLE rest (x);",
};

static void
test_migrate (Fixture       *fixture,
              gconstpointer  data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (crown_sqlite_migrate (fixture->db, scripts, 1, &error));
  g_assert_cmpint (number_of (fixture->db, "PRAGMA user_version"), ==, 1);
  g_assert_true (crown_sqlite_migrate (fixture->db, scripts, 1, &error)); /* nothing to do */
  g_assert_cmpint (number_of (fixture->db, "SELECT count(*) FROM one"), ==, 1);

  /* from an older version, only what is missing; with what is in it */
  exec (fixture->db, "UPDATE one SET a = 20");
  g_assert_true (crown_sqlite_migrate (fixture->db, scripts, G_N_ELEMENTS (scripts), &error));
  g_assert_cmpint (number_of (fixture->db, "PRAGMA user_version"), ==, 3);
  g_assert_cmpint (number_of (fixture->db, "SELECT c FROM two"), ==, 41);
  g_assert_true (insert_two (fixture->db, 1, 2, &error)); /* no transaction is left open */
}

static void
test_failing_migration (Fixture       *fixture,
                        gconstpointer  data)
{
  static const char *const repaired[] = { "never run again", "CREATE TABLE half (x);" };
  g_autoptr (GError) error = NULL;

  g_assert_false (crown_sqlite_migrate (fixture->db, failing, G_N_ELEMENTS (failing), &error));
  assert_failed (&error, CROWN_SQLITE_ERROR_FAILED, fixture->path, "migration");

  /* The first step stands, of the second there is nothing. */
  g_assert_cmpint (number_of (fixture->db, "PRAGMA user_version"), ==, 1);
  g_assert_cmpint (number_of (fixture->db, "SELECT count(*) FROM one"), ==, 1);
  g_assert_cmpint (number_of (fixture->db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('half', 'rest')"), ==, 0);
  g_assert_true (crown_sqlite_migrate (fixture->db, repaired, G_N_ELEMENTS (repaired), &error));
  g_assert_cmpint (number_of (fixture->db, "PRAGMA user_version"), ==, 2);
}

static void
test_newer_file_is_refused (Fixture       *fixture,
                            gconstpointer  data)
{
  g_autoptr (GError) error = NULL;

  for (gint64 version = 7; version >= -1; version -= 8)
    {
      g_autofree char *set_version = g_strdup_printf ("PRAGMA user_version = %" G_GINT64_FORMAT, version);

      exec (fixture->db, set_version);
      g_assert_false (crown_sqlite_migrate (fixture->db, scripts, G_N_ELEMENTS (scripts), &error));
      g_assert_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_NEWER);
      g_assert_true (g_str_has_prefix (error->message, fixture->path));
      g_assert_nonnull (strstr (error->message, "newer version"));
      if (version > 0)
        g_assert_nonnull (strstr (error->message, "schema 7, this one knows 3"));
      g_clear_error (&error);
      g_assert_cmpint (number_of (fixture->db, "PRAGMA user_version"), ==, version);
      g_assert_cmpint (number_of (fixture->db, "SELECT count(*) FROM sqlite_schema"), ==, 1);
    }
}

static void
test_migrate_read_only (Fixture       *fixture,
                        gconstpointer  data)
{
  g_autoptr (CrownSqlite) reader = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (crown_sqlite_migrate (fixture->db, scripts, 2, &error));
  reader = open_file (fixture->path, CROWN_SQLITE_READ_ONLY);
  g_assert_true (crown_sqlite_migrate (reader, scripts, 2, &error));
  g_assert_false (crown_sqlite_migrate (reader, scripts, 3, &error));
  g_assert_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_READONLY);
  g_assert_cmpint (number_of (fixture->db, "PRAGMA user_version"), ==, 2);
}

static gpointer
open_and_migrate (gpointer path)
{
  g_autoptr (CrownSqlite) db = open_file (path, CROWN_SQLITE_READ_WRITE);
  g_autoptr (GError) error = NULL;

  crown_sqlite_migrate (db, scripts, G_N_ELEMENTS (scripts), &error);
  g_assert_no_error (error);
  return NULL;
}

/* Processes that start at once on a new profile: each step is made once, and nobody fails. */
static void
test_migrate_at_once (Fixture       *fixture,
                      gconstpointer  data)
{
  for (guint round = 0; round < 20; round++)
    {
      g_autofree char *name = g_strdup_printf ("%u.db", round);
      g_autofree char *path = g_build_filename (fixture->folder, name, NULL);
      g_autoptr (CrownSqlite) db = NULL;
      GThread *threads[N_THREADS];

      for (guint i = 0; i < N_THREADS; i++)
        threads[i] = g_thread_new ("migrate", open_and_migrate, path);
      for (guint i = 0; i < N_THREADS; i++)
        g_thread_join (threads[i]);
      db = open_file (path, CROWN_SQLITE_READ_WRITE);
      g_assert_cmpint (number_of (db, "SELECT c FROM two"), ==, 3);
      g_assert_cmpint (number_of (db, "SELECT count(*) FROM one"), ==, 1);
    }
}

/* Damage and copies */

static void
test_no_database (Fixture       *fixture,
                  gconstpointer  data)
{
  g_autofree char *path = g_build_filename (fixture->folder, "letter.db", NULL);
  g_autofree char *content = g_strnfill (8192, 'x');
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  g_assert_true (g_file_set_contents (path, content, 8192, &error));
  g_assert_null (crown_sqlite_open (path, CROWN_SQLITE_READ_WRITE, &error));
  assert_failed (&error, CROWN_SQLITE_ERROR_CORRUPT, path, "journal mode");
  g_assert_true (g_file_get_contents (path, &after, &length, &error));
  g_assert_cmpmem (after, length, content, 8192);
}

static void
test_check (Fixture       *fixture,
            gconstpointer  data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *content = NULL;
  gsize length;

  exec (fixture->db, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
                     "INSERT INTO things SELECT i, hex (zeroblob (50)) FROM n");
  exec (fixture->db, "CREATE INDEX by_value ON things (value, id)");
  g_assert_true (crown_sqlite_check (fixture->db, &error));
  g_assert_no_error (error);
  g_clear_pointer (&fixture->db, crown_sqlite_close);

  /* Twenty pages in the middle of the file are lost. */
  g_assert_true (g_file_get_contents (fixture->path, &content, &length, &error));
  g_assert_cmpuint (length, >, 40 * 4096);
  memset (content + 20 * 4096, 0x5a, 20 * 4096);
  g_assert_true (g_file_set_contents (fixture->path, content, (gssize) length, &error));

  fixture->db = open_file (fixture->path, CROWN_SQLITE_READ_WRITE);
  g_assert_false (crown_sqlite_check (fixture->db, &error));
  g_assert_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_CORRUPT);
  g_assert_true (g_str_has_prefix (error->message, fixture->path));
  g_assert_cmpuint (strlen (error->message), >, strlen (fixture->path) + 10);
  g_clear_error (&error);

  g_assert_false (crown_sqlite_exec (fixture->db, "read it all", "SELECT max (value) FROM things NOT INDEXED", &error));
  assert_failed (&error, CROWN_SQLITE_ERROR_CORRUPT, fixture->path, "read it all");
}

static void
test_backup (Fixture       *fixture,
             gconstpointer  data)
{
  g_autofree char *path = g_build_filename (fixture->folder, "copy.db", NULL);
  g_autofree char *nowhere = g_build_filename (fixture->path, "copy.db", NULL);
  g_autoptr (CrownSqlite) copy = NULL;
  g_autoptr (GError) error = NULL;
  GStatBuf info;

  g_assert_true (insert_two (fixture->db, 1, 2, &error));
  g_assert_true (crown_sqlite_backup (fixture->db, path, &error));
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0600);

  /* A copy is replaced, whatever is in it. */
  copy = open_file (path, CROWN_SQLITE_READ_WRITE);
  g_assert_cmpint (number_of (copy, count_sql), ==, 2);
  exec (copy, "CREATE TABLE other (x); DROP TABLE things; PRAGMA user_version = 9");
  g_clear_pointer (&copy, crown_sqlite_close);
  g_assert_true (insert (fixture->db, 3, &error));
  g_assert_true (crown_sqlite_backup (fixture->db, path, &error));
  copy = open_file (path, CROWN_SQLITE_READ_ONLY);
  g_assert_true (crown_sqlite_check (copy, &error));
  g_assert_cmpint (number_of (copy, count_sql), ==, 3);
  g_assert_cmpint (number_of (copy, "SELECT count(*) FROM sqlite_schema"), ==, 1);
  g_assert_cmpint (number_of (copy, "PRAGMA user_version"), ==, 0);

  g_assert_false (crown_sqlite_backup (fixture->db, nowhere, &error));
  g_assert_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_IO);
}

#define ADD(path, function) g_test_add ("/storage/sqlite/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("open/settings", test_settings);
  ADD ("known-schema", test_known_schema);
  ADD ("open/folders", test_folders_are_made);
  ADD ("open/cannot", test_cannot_be_opened);
  ADD ("open/read-only", test_read_only);
  ADD ("statement/kept", test_statements_are_kept);
  ADD ("statement/half-read", test_half_read_statement);
  ADD ("statement/errors", test_errors_name_the_statement);
  ADD ("value/numbers", test_numbers);
  ADD ("value/text-and-null", test_text_and_null);
  ADD ("value/big", test_big_values);
  ADD ("value/too-big", test_too_big);
  ADD ("transaction/scope", test_transaction_is_a_scope);
  ADD ("transaction/rollback", test_explicit_rollback);
  ADD ("transaction/not-nested", test_transactions_do_not_nest);
  ADD ("transaction/failing-commit", test_failing_commit);
  ADD ("transaction/rolled-back-by-sqlite", test_rolled_back_by_sqlite);
  ADD ("transaction/closed", test_closing_rolls_back);
  ADD ("two/busy", test_busy);
  ADD ("two/consistent", test_read_transaction_is_consistent);
  ADD ("two/many-writers", test_many_writers);
  ADD ("migrate/steps", test_migrate);
  ADD ("migrate/failing", test_failing_migration);
  ADD ("migrate/newer", test_newer_file_is_refused);
  ADD ("migrate/read-only", test_migrate_read_only);
  ADD ("migrate/at-once", test_migrate_at_once);
  ADD ("damage/no-database", test_no_database);
  ADD ("damage/check", test_check);
  ADD ("backup", test_backup);

  return g_test_run ();
}
