/* test-backup.c: copies of a database: when they are made, which stay, and the way back
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "storage/crown-backup.h"

#include <glib/gstdio.h>
#include <string.h>

#define START G_GINT64_CONSTANT (1795600000000000) /* 2026-11-25 */

static const char *const migrations[] = {
  "CREATE TABLE things (id INTEGER PRIMARY KEY)",
  "ALTER TABLE things ADD COLUMN value TEXT",
  "ALTER TABLE things ADD COLUMN other TEXT",
};

typedef struct {
  char        *folder;
  char        *path;
  CrownSqlite *db;
  CrownClock   clock;
  gint64       now;
} Fixture;

static gint64
now_us (gpointer user_data)
{
  return *(gint64 *) user_data;
}

static void
open_db (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  f->db = crown_sqlite_open (f->path, CROWN_SQLITE_BULK, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture       *f,
        gconstpointer  data)
{
  g_autoptr (GError) error = NULL;

  f->folder = g_dir_make_tmp ("crown-backup-XXXXXX", &error);
  g_assert_no_error (error);
  f->path = g_build_filename (f->folder, "cache.db", NULL);
  f->now = START;
  f->clock = (CrownClock) { now_us, now_us, &f->now };
  open_db (f);
  g_assert_true (crown_sqlite_migrate (f->db, migrations, 2, &error));
  g_assert_no_error (error);
}

static void
delete_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        delete_folder (path);
      else
        g_assert_cmpint (g_unlink (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
tear_down (Fixture       *f,
           gconstpointer  data)
{
  g_clear_pointer (&f->db, crown_sqlite_close);
  delete_folder (f->folder);
  g_free (f->folder);
  g_free (f->path);
}

static void
add_thing (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (crown_sqlite_exec (f->db, "add", "INSERT INTO things DEFAULT VALUES", &error));
  g_assert_no_error (error);
}

static gint64
number_of (CrownSqlite *db,
           const char  *sql)
{
  g_autoptr (GError) error = NULL;
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "number", sql, &error);
  gint64 number;

  g_assert_no_error (error);
  g_assert_cmpint (crown_sqlite_step (stmt, &error), ==, 1);
  number = crown_sqlite_column_int (stmt, 0);
  crown_sqlite_reset (stmt);
  return number;
}

static GPtrArray *
list (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *backups = crown_backup_list (f->folder, &error);

  g_assert_no_error (error);
  return backups;
}

static gboolean
keep (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  gboolean made;

  g_assert_true (crown_backup_keep (f->db, &f->clock, &made, &error));
  g_assert_no_error (error);
  return made;
}

static char *
make_by_hand (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  char *name = NULL;

  g_assert_true (crown_backup_make (f->db, "manual", &f->clock, &name, &error));
  g_assert_no_error (error);
  return name;
}

static void
test_daily (Fixture       *f,
            gconstpointer  data)
{
  g_autoptr (GPtrArray) none = list (f);
  g_autoptr (GPtrArray) backups = NULL;
  g_autofree char *by_hand = make_by_hand (f);

  g_assert_cmpuint (none->len, ==, 0);
  g_assert_true (keep (f));
  f->now += CROWN_BACKUP_US - G_TIME_SPAN_SECOND;
  g_assert_false (keep (f));
  for (guint day = 1; day < 12; day++)
    {
      f->now = START + day * CROWN_BACKUP_US;
      g_assert_true (keep (f));
    }

  /* The last seven, and what was made by hand. */
  backups = list (f);
  g_assert_cmpuint (backups->len, ==, CROWN_BACKUPS_KEPT + 1);
  for (guint i = 0; i < CROWN_BACKUPS_KEPT; i++)
    {
      const CrownBackup *backup = backups->pdata[i];

      g_assert_cmpint (backup->made_at, ==, START + (11 - i) * CROWN_BACKUP_US);
      g_assert_cmpstr (backup->reason, ==, "daily");
      g_assert_cmpstr (backup->database, ==, "cache");
      g_assert_cmpint (backup->bytes, >, 0);
    }
  g_assert_cmpstr (((CrownBackup *) backups->pdata[CROWN_BACKUPS_KEPT])->name, ==, by_hand);
}

/* A week on a wrong clock must not fill the seven places for ever. */
static void
test_clock_set_back (Fixture       *f,
                     gconstpointer  data)
{
  g_autoptr (GPtrArray) backups = NULL;
  gint64 nearest = G_MAXINT64;

  f->now = START + 1000 * CROWN_BACKUP_US;
  for (guint day = 0; day < 10; day++, f->now += CROWN_BACKUP_US)
    g_assert_true (keep (f));
  f->now = START;
  g_assert_true (keep (f));
  g_assert_false (keep (f));
  backups = list (f);
  g_assert_cmpuint (backups->len, ==, CROWN_BACKUPS_KEPT);
  for (guint i = 0; i < backups->len; i++)
    nearest = MIN (nearest, ((CrownBackup *) backups->pdata[i])->made_at);
  g_assert_cmpint (nearest, ==, START);
}

/* The copies of one database are not counted with another's, and other files are nobody's copies. */
static void
test_two_databases (Fixture       *f,
                    gconstpointer  data)
{
  g_autofree char *path = g_build_filename (f->folder, "outbox.db", NULL);
  g_autofree char *strange = g_build_filename (f->folder, "backups", "notes.db", NULL);
  g_autoptr (CrownSqlite) outbox = crown_sqlite_open (path, CROWN_SQLITE_READ_WRITE, NULL);
  g_autoptr (GPtrArray) backups = NULL;
  gboolean made;

  g_assert_true (keep (f));
  g_assert_true (g_file_set_contents (strange, "x", 1, NULL));
  g_assert_true (crown_backup_keep (outbox, &f->clock, &made, NULL));
  g_assert_true (made);
  for (guint day = 1; day < 9; day++)
    {
      f->now += CROWN_BACKUP_US;
      g_assert_true (keep (f));
    }
  backups = list (f);
  g_assert_cmpuint (backups->len, ==, CROWN_BACKUPS_KEPT + 1);
  g_assert_true (g_file_test (strange, G_FILE_TEST_EXISTS));
}

static void
test_migration (Fixture       *f,
                gconstpointer  data)
{
  g_autoptr (GPtrArray) backups = NULL;
  g_autoptr (CrownSqlite) copy = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  add_thing (f);
  g_assert_true (crown_backup_migrate (f->db, migrations, 2, &f->clock, &error));
  backups = list (f);
  g_assert_cmpuint (backups->len, ==, 0); /* there was nothing to do */
  g_clear_pointer (&backups, g_ptr_array_unref);

  g_assert_true (crown_backup_migrate (f->db, migrations, 3, &f->clock, &error));
  g_assert_no_error (error);
  backups = list (f);
  g_assert_cmpuint (backups->len, ==, 1);
  g_assert_cmpstr (((CrownBackup *) backups->pdata[0])->reason, ==, "schema-2");
  path = g_build_filename (f->folder, "backups", ((CrownBackup *) backups->pdata[0])->name, NULL);
  copy = crown_sqlite_open (path, CROWN_SQLITE_READ_ONLY, &error);
  g_assert_no_error (error);
  g_assert_cmpint (number_of (copy, "PRAGMA user_version"), ==, 2);
  g_assert_cmpint (number_of (copy, "SELECT count(*) FROM things"), ==, 1);
  g_assert_cmpint (number_of (f->db, "PRAGMA user_version"), ==, 3);
}

/* What cannot be copied is not migrated: the copy is the way back. */
static void
test_migration_without_copy (Fixture       *f,
                             gconstpointer  data)
{
  g_autofree char *in_the_way = g_build_filename (f->folder, "backups", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (in_the_way, "", 0, NULL));
  g_assert_false (crown_backup_migrate (f->db, migrations, 3, &f->clock, &error));
  g_assert_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_IO);
  g_assert_cmpint (number_of (f->db, "PRAGMA user_version"), ==, 2);
}

/* A damaged database must not push its good copies out. */
static void
test_damaged (Fixture       *f,
              gconstpointer  data)
{
  g_autofree char *content = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) backups = NULL;
  gsize length;

  for (guint i = 0; i < 2000; i++)
    add_thing (f);
  g_assert_true (keep (f));
  g_clear_pointer (&f->db, crown_sqlite_close);
  g_assert_true (g_file_get_contents (f->path, &content, &length, NULL));
  memset (content + length - 8000, 0x5a, 8000);
  g_assert_true (g_file_set_contents (f->path, content, (gssize) length, NULL));
  open_db (f);
  f->now += CROWN_BACKUP_US;
  g_assert_false (crown_sqlite_is_damaged (f->db));
  g_assert_false (crown_backup_keep (f->db, &f->clock, NULL, &error));
  g_assert_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_CORRUPT);
  g_assert_true (crown_sqlite_is_damaged (f->db));
  backups = list (f);
  g_assert_cmpuint (backups->len, ==, 1);
}

static void
test_restore (Fixture       *f,
              gconstpointer  data)
{
  g_autofree char *name = NULL;
  g_autofree char *aside = NULL;
  g_autofree char *no_aside = NULL;
  g_autoptr (CrownSqlite) replaced = NULL;
  g_autoptr (CrownSqlite) old = NULL;
  g_autoptr (GError) error = NULL;

  add_thing (f);
  name = make_by_hand (f);
  add_thing (f);
  g_assert_false (crown_sqlite_is_replaced (f->db));
  old = g_steal_pointer (&f->db);
  g_assert_true (crown_backup_restore (f->folder, name, &aside, &error));
  g_assert_no_error (error);
  g_assert_true (crown_sqlite_is_replaced (old));
  open_db (f);
  g_assert_cmpint (number_of (f->db, "SELECT count(*) FROM things"), ==, 1);
  g_assert_nonnull (aside);
  g_assert_true (g_str_has_suffix (aside, "cache.db.replaced-1"));
  g_clear_pointer (&old, crown_sqlite_close);
  replaced = crown_sqlite_open (aside, CROWN_SQLITE_READ_ONLY, &error);
  g_assert_no_error (error);
  g_assert_cmpint (number_of (replaced, "SELECT count(*) FROM things"), ==, 2);

  /* Also where there is nothing any more. */
  g_clear_pointer (&f->db, crown_sqlite_close);
  g_assert_cmpint (g_unlink (f->path), ==, 0);
  g_assert_true (crown_backup_restore (f->folder, name, &no_aside, &error));
  g_assert_null (no_aside);
  open_db (f);
  g_assert_cmpint (number_of (f->db, "SELECT count(*) FROM things"), ==, 1);
}

static void
test_restore_refuses (Fixture       *f,
                      gconstpointer  data)
{
  static const char *const strange[] = { "../cache.db", "cache-20260101T000000Z-daily.db", "", "cache.db" };
  g_autofree char *name = make_by_hand (f);
  g_autofree char *path = g_build_filename (f->folder, "backups", name, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *aside = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (strange); i++)
    {
      g_assert_false (crown_backup_restore (f->folder, strange[i], &aside, &error));
      g_assert_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_IO);
      g_clear_error (&error);
    }
  g_assert_true (g_file_set_contents (path, "This is no database, whatever it is called.", -1, NULL));
  g_assert_false (crown_backup_restore (f->folder, name, &aside, &error));
  g_assert_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_CORRUPT);
  g_assert_null (aside);
  g_assert_false (crown_sqlite_is_replaced (f->db));
}

#define add(path, func) g_test_add ("/storage/backup/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("daily", test_daily);
  add ("clock-set-back", test_clock_set_back);
  add ("two-databases", test_two_databases);
  add ("migration", test_migration);
  add ("migration-without-copy", test_migration_without_copy);
  add ("damaged", test_damaged);
  add ("restore", test_restore);
  add ("restore-refuses", test_restore_refuses);

  return g_test_run ();
}
