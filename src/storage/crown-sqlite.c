/* crown-sqlite.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-storage"

#include "crown-sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

/* Two processes that write wait for one another rather than fail. */
#define BUSY_TIMEOUT_MS 10000
#define WAL_RETRY_MS    5

#define BULK_PAGE_SIZE 8192
#define SQL_BULK_PAGES "PRAGMA page_size = " G_STRINGIFY (BULK_PAGE_SIZE)

#define ASIDE_MAX 10 /* files set aside beside a database; the last place is taken again and again */

/* Where SQLite locks a file: whoever has it open in WAL mode holds a shared lock there (sqlite.org/fileformat2.html). */
#define LOCK_START  0x40000000
#define LOCK_LENGTH 512

struct _CrownSqlite
{
  sqlite3    *db;
  char       *path;
  GHashTable *statements;      /* SQL's address → CrownSqliteStatement */
  gboolean    in_transaction;
  gboolean    damaged;
  gboolean    known_schema;    /* CROWN_SQLITE_KNOWN_SCHEMA */
  GStatBuf    file;            /* as it was opened */
};

struct _CrownSqliteStatement
{
  CrownSqlite  *owner;
  const char   *name;
  sqlite3_stmt *stmt;
  int           bind_result; /* the first failure; a step reports it, or null would be stored instead */
};

G_DEFINE_QUARK (crown-sqlite-error-quark, crown_sqlite_error)

static CrownSqliteError
code_of_result (int result)
{
  switch (result & 0xff)
    {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:     return CROWN_SQLITE_ERROR_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:     return CROWN_SQLITE_ERROR_CORRUPT;
    case SQLITE_FULL:       return CROWN_SQLITE_ERROR_FULL;
    case SQLITE_READONLY:   return CROWN_SQLITE_ERROR_READONLY;
    case SQLITE_CONSTRAINT: return CROWN_SQLITE_ERROR_CONSTRAINT;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:   return CROWN_SQLITE_ERROR_IO;
    default:                return CROWN_SQLITE_ERROR_FAILED;
    }
}

static gboolean
fail (CrownSqlite  *self,
      const char   *name,
      int           result,
      GError      **error)
{
  CrownSqliteError code = code_of_result (result);

  /* Where SQLite has ended our transaction by itself, as when the disk is full, it cannot make sense of a COMMIT. */
  if ((result & 0xff) == SQLITE_ERROR && self->known_schema && self->in_transaction == !sqlite3_get_autocommit (self->db))
    code = CROWN_SQLITE_ERROR_CORRUPT;
  self->damaged |= code == CROWN_SQLITE_ERROR_CORRUPT;
  g_set_error (error, CROWN_SQLITE_ERROR, code, "%s: %s: %s", self->path, name,
               self->db != NULL ? sqlite3_errmsg (self->db) : sqlite3_errstr (result));

  return FALSE;
}

static void
statement_free (gpointer data)
{
  CrownSqliteStatement *stmt = data;

  sqlite3_finalize (stmt->stmt);
  g_free (stmt);
}

/* Two connections that turn the same fresh file to WAL would wait for one another, so SQLite tells one of them at once, and
 * does not ask its busy handler: the wait is ours. */
static gboolean
use_wal (CrownSqlite  *self,
         GError      **error)
{
  gint64 until = g_get_monotonic_time () + BUSY_TIMEOUT_MS * G_TIME_SPAN_MILLISECOND;
  int result;

  while ((result = sqlite3_exec (self->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL)) == SQLITE_BUSY &&
         g_get_monotonic_time () < until)
    sqlite3_sleep (WAL_RETRY_MS);

  return result == SQLITE_OK ? TRUE : fail (self, "journal mode", result, error);
}

/* Where nothing can be written SQLite cannot make the log's index, and opens no file in WAL mode. But nobody else writes
 * there either, and with no log to be read the file can be taken as it is. NULL: it is to be opened as always. */
static char *
address_of_still (const char *path)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autofree char *folder = g_path_get_dirname (absolute);
  g_autofree char *log = g_strconcat (absolute, "-wal", NULL);
  g_autofree char *uri = NULL;
  GStatBuf status;

  if (g_access (folder, W_OK) == 0 || (g_stat (log, &status) == 0 && status.st_size > 0))
    return NULL;
  uri = g_filename_to_uri (absolute, NULL, NULL);
  return uri != NULL ? g_strconcat (uri, "?immutable=1", NULL) : NULL;
}

/**
 * crown_sqlite_open:
 * @path: the file; with %CROWN_SQLITE_READ_WRITE it is made, mode 0600, where it is missing
 * @flags: how it is opened
 * @error: (out) (optional): %CROWN_SQLITE_ERROR, with the path
 *
 * The connection uses WAL, waits up to 10 s for another writer, and enforces foreign keys. One thread at a time.
 *
 * Returns: (transfer full) (nullable): the connection; crown_sqlite_close() ends it
 */
CrownSqlite *
crown_sqlite_open (const char        *path,
                   CrownSqliteFlags   flags,
                   GError           **error)
{
  g_autoptr (CrownSqlite) self = g_new0 (CrownSqlite, 1);
  gboolean read_only = (flags & CROWN_SQLITE_READ_ONLY) != 0;
  g_autofree char *still = NULL;
  int result;

  self->path = g_strdup (path);
  self->known_schema = (flags & CROWN_SQLITE_KNOWN_SCHEMA) != 0;
  self->statements = g_hash_table_new_full (NULL, NULL, NULL, statement_free);

  if (!read_only)
    {
      g_autofree char *folder = g_path_get_dirname (path);
      int fd;

      if (g_mkdir_with_parents (folder, 0700) != 0)
        {
          g_set_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_IO, "%s: the folder cannot be made: %s", folder,
                       g_strerror (errno));
          return NULL;
        }
      /* SQLite would make it by the umask; the -wal and -shm files take the database's mode. Only a file that is not there:
       * to close one that another connection of this process has open would take that one's locks away. */
      fd = g_open (path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
      if (fd >= 0)
        g_close (fd, NULL);
    }

  still = read_only ? address_of_still (path) : NULL;
  result = sqlite3_open_v2 (still != NULL ? still : path, &self->db,
                            (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
                              (still != NULL ? SQLITE_OPEN_URI : 0) | SQLITE_OPEN_NOMUTEX,
                            NULL);
  if (result != SQLITE_OK)
    {
      fail (self, "open", result, error);
      return NULL;
    }
  if (g_stat (path, &self->file) != 0)
    memset (&self->file, 0, sizeof self->file);
  sqlite3_extended_result_codes (self->db, 1);
  sqlite3_busy_timeout (self->db, BUSY_TIMEOUT_MS);

  if (!read_only &&
      (!((flags & CROWN_SQLITE_BULK) == 0 || crown_sqlite_exec (self, "page size", SQL_BULK_PAGES, error)) ||
       !use_wal (self, error) ||
       !crown_sqlite_exec (self, "synchronous",
                           flags & CROWN_SQLITE_SYNC_FULL ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL",
                           error)))
    return NULL;
  if (!crown_sqlite_exec (self, "foreign keys", "PRAGMA foreign_keys = ON", error))
    return NULL;

  return g_steal_pointer (&self);
}

void
crown_sqlite_close (CrownSqlite *self)
{
  g_hash_table_unref (self->statements);
  sqlite3_close (self->db);
  g_free (self->path);
  g_free (self);
}

const char *
crown_sqlite_get_path (CrownSqlite *self)
{
  return self->path;
}

gboolean
crown_sqlite_exec (CrownSqlite  *self,
                   const char   *name,
                   const char   *sql,
                   GError      **error)
{
  int result = sqlite3_exec (self->db, sql, NULL, NULL, NULL);

  return result == SQLITE_OK ? TRUE : fail (self, name, result, error);
}

static gboolean
read_number (CrownSqlite  *self,
             const char   *name,
             const char   *sql,
             guint        *number,
             GError      **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self, name, sql, error);

  if (stmt == NULL || crown_sqlite_step (stmt, error) < 0)
    return FALSE;
  *number = (guint) crown_sqlite_column_int (stmt, 0);
  crown_sqlite_reset (stmt);

  return TRUE;
}

gboolean
crown_sqlite_get_version (CrownSqlite  *self,
                          guint        *version,
                          GError      **error)
{
  return read_number (self, "schema version", "PRAGMA user_version", version, error);
}

/**
 * crown_sqlite_migrate:
 * @scripts: (array length=n_scripts): the first makes schema version 1, the next version 2 …
 * @error: (out) (optional): %CROWN_SQLITE_ERROR_NEWER where a later program made the file
 *
 * Brings the schema up to version @n_scripts. Each step and its version number are one transaction.
 */
gboolean
crown_sqlite_migrate (CrownSqlite         *self,
                      const char * const  *scripts,
                      guint                n_scripts,
                      GError             **error)
{
  guint version;

  if (!crown_sqlite_get_version (self, &version, error))
    return FALSE;

  while (version < n_scripts)
    {
      g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;
      g_autofree char *set_version = NULL;

      if (!crown_sqlite_begin (self, &tx, error) ||
          /* Again, under the lock: another process may have done it meanwhile. */
          !crown_sqlite_get_version (self, &version, error))
        return FALSE;
      if (version >= n_scripts)
        break;
      set_version = g_strdup_printf ("PRAGMA user_version = %u", version + 1);
      if (!crown_sqlite_exec (self, "migration", scripts[version], error) ||
          !crown_sqlite_exec (self, "schema version", set_version, error) ||
          !crown_sqlite_commit (&tx, error))
        return FALSE;
      version++;
    }

  if (version > n_scripts)
    {
      g_set_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_NEWER,
                   "%s was written by a newer version of the program (schema %u, this one knows %u)", self->path, version,
                   n_scripts);
      return FALSE;
    }

  return TRUE;
}

/**
 * crown_sqlite_prepare:
 * @name: what error messages call the statement
 * @sql: static text; its address is the key of the connection's cache
 *
 * Returns: (transfer none) (nullable): the statement, without bindings; owned by the connection
 */
CrownSqliteStatement *
crown_sqlite_prepare (CrownSqlite  *self,
                      const char   *name,
                      const char   *sql,
                      GError      **error)
{
  CrownSqliteStatement *stmt = g_hash_table_lookup (self->statements, sql);
  sqlite3_stmt *prepared;
  int result;

  if (stmt != NULL)
    {
      crown_sqlite_reset (stmt);
      return stmt;
    }

  result = sqlite3_prepare_v3 (self->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared, NULL);
  if (result != SQLITE_OK)
    {
      fail (self, name, result, error);
      return NULL;
    }
  stmt = g_new0 (CrownSqliteStatement, 1);
  stmt->owner = self;
  stmt->name = name;
  stmt->stmt = prepared;
  g_hash_table_insert (self->statements, (gpointer) sql, stmt);

  return stmt;
}

/* A wrong index is a mistake of ours; that a value is too big, or memory short, can happen to anybody. */
static void
bind (CrownSqliteStatement *stmt,
      int                   result)
{
  g_assert (result == SQLITE_OK || result == SQLITE_NOMEM || result == SQLITE_TOOBIG);
  if (stmt->bind_result == SQLITE_OK)
    stmt->bind_result = result;
}

void
crown_sqlite_bind_int (CrownSqliteStatement *stmt,
                       int                   index,
                       gint64                value)
{
  bind (stmt, sqlite3_bind_int64 (stmt->stmt, index, value));
}

void
crown_sqlite_bind_double (CrownSqliteStatement *stmt,
                          int                   index,
                          double                value)
{
  bind (stmt, sqlite3_bind_double (stmt->stmt, index, value));
}

void
crown_sqlite_bind_text (CrownSqliteStatement *stmt,
                        int                   index,
                        const char           *text,
                        gssize                length)
{
  sqlite3_uint64 n_bytes = length < 0 && text != NULL ? strlen (text) : (sqlite3_uint64) MAX (length, 0);

  bind (stmt, sqlite3_bind_text64 (stmt->stmt, index, text, n_bytes, SQLITE_STATIC, SQLITE_UTF8));
}

void
crown_sqlite_bind_blob (CrownSqliteStatement *stmt,
                        int                   index,
                        const void           *data,
                        gsize                 length)
{
  bind (stmt, sqlite3_bind_blob64 (stmt->stmt, index, data, length, SQLITE_STATIC));
}

void
crown_sqlite_bind_null (CrownSqliteStatement *stmt,
                        int                   index)
{
  bind (stmt, sqlite3_bind_null (stmt->stmt, index));
}

/**
 * crown_sqlite_step:
 *
 * Returns: 1 where there is a row, 0 at the end, -1 with @error set; the statement is reset after 0 and -1
 */
int
crown_sqlite_step (CrownSqliteStatement  *stmt,
                   GError               **error)
{
  int result = stmt->bind_result;

  if (result != SQLITE_OK)
    {
      g_set_error (error, CROWN_SQLITE_ERROR, code_of_result (result), "%s: %s: %s", stmt->owner->path, stmt->name,
                   sqlite3_errstr (result));
      crown_sqlite_reset (stmt);
      return -1;
    }
  result = sqlite3_step (stmt->stmt);
  if (result == SQLITE_ROW)
    return 1;
  if (result != SQLITE_DONE)
    fail (stmt->owner, stmt->name, result, error);
  crown_sqlite_reset (stmt);

  return result == SQLITE_DONE ? 0 : -1;
}

gboolean
crown_sqlite_run (CrownSqliteStatement  *stmt,
                  GError               **error)
{
  int result = crown_sqlite_step (stmt, error);

  if (result > 0)
    crown_sqlite_reset (stmt);

  return result >= 0;
}

void
crown_sqlite_reset (CrownSqliteStatement *stmt)
{
  sqlite3_reset (stmt->stmt);
  sqlite3_clear_bindings (stmt->stmt);
  stmt->bind_result = SQLITE_OK;
}

gint64
crown_sqlite_column_int (CrownSqliteStatement *stmt,
                         int                   column)
{
  return sqlite3_column_int64 (stmt->stmt, column);
}

double
crown_sqlite_column_double (CrownSqliteStatement *stmt,
                            int                   column)
{
  return sqlite3_column_double (stmt->stmt, column);
}

const char *
crown_sqlite_column_text (CrownSqliteStatement *stmt,
                          int                   column)
{
  return (const char *) sqlite3_column_text (stmt->stmt, column);
}

int
crown_sqlite_column_bytes (CrownSqliteStatement *stmt,
                           int                   column)
{
  return sqlite3_column_bytes (stmt->stmt, column);
}

const void *
crown_sqlite_column_blob (CrownSqliteStatement *stmt,
                          int                   column)
{
  return sqlite3_column_blob (stmt->stmt, column);
}

gboolean
crown_sqlite_column_is_null (CrownSqliteStatement *stmt,
                             int                   column)
{
  return sqlite3_column_type (stmt->stmt, column) == SQLITE_NULL;
}

gint64
crown_sqlite_last_insert_id (CrownSqlite *self)
{
  return sqlite3_last_insert_rowid (self->db);
}

int
crown_sqlite_changes (CrownSqlite *self)
{
  return sqlite3_changes (self->db);
}

static gboolean
begin (CrownSqlite             *self,
       CrownSqliteTransaction  *tx,
       const char              *sql,
       GError                 **error)
{
  CrownSqliteStatement *stmt;

  g_return_val_if_fail (!self->in_transaction, FALSE);

  stmt = crown_sqlite_prepare (self, "begin", sql, error);
  if (stmt == NULL || !crown_sqlite_run (stmt, error))
    return FALSE;
  self->in_transaction = TRUE;
  tx->db = self;

  return TRUE;
}

/**
 * crown_sqlite_begin:
 * @tx: (out caller-allocates): the scope
 *
 * BEGIN IMMEDIATE: waits for another writer here, not in the middle.
 */
gboolean
crown_sqlite_begin (CrownSqlite             *self,
                    CrownSqliteTransaction  *tx,
                    GError                 **error)
{
  return begin (self, tx, "BEGIN IMMEDIATE", error);
}

gboolean
crown_sqlite_begin_read (CrownSqlite             *self,
                         CrownSqliteTransaction  *tx,
                         GError                 **error)
{
  return begin (self, tx, "BEGIN", error);
}

gboolean
crown_sqlite_commit (CrownSqliteTransaction  *tx,
                     GError                 **error)
{
  CrownSqlite *self = tx->db;
  CrownSqliteStatement *stmt;

  g_return_val_if_fail (self != NULL, FALSE);

  stmt = crown_sqlite_prepare (self, "commit", "COMMIT", error);
  if (stmt == NULL || !crown_sqlite_run (stmt, error))
    return FALSE;
  self->in_transaction = FALSE;
  tx->db = NULL;

  return TRUE;
}

void
crown_sqlite_rollback (CrownSqliteTransaction *tx)
{
  CrownSqlite *self = tx->db;

  if (self == NULL)
    return;
  /* SQLite has rolled back by itself after some errors: then this one says so, and that is fine. */
  if (!sqlite3_get_autocommit (self->db) && sqlite3_exec (self->db, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
    g_warning ("%s: rollback: %s", self->path, sqlite3_errmsg (self->db));
  self->in_transaction = FALSE;
  tx->db = NULL;
}

static gboolean
run_in_transaction (CrownSqliteTransaction  *tx,
                    const char              *name,
                    const char              *sql,
                    GError                 **error)
{
  CrownSqlite *self = tx->db;
  CrownSqliteStatement *stmt;

  g_return_val_if_fail (self != NULL, FALSE);

  /* Outside of a transaction a savepoint would begin one, and commit what no longer belongs together. */
  if (sqlite3_get_autocommit (self->db))
    {
      g_set_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_FAILED,
                   "%s: %s: an earlier error has rolled the transaction back", self->path, name);
      return FALSE;
    }
  stmt = crown_sqlite_prepare (self, name, sql, error);

  return stmt != NULL && crown_sqlite_run (stmt, error);
}

gboolean
crown_sqlite_savepoint (CrownSqliteTransaction  *tx,
                        GError                 **error)
{
  return run_in_transaction (tx, "savepoint", "SAVEPOINT part", error);
}

gboolean
crown_sqlite_savepoint_release (CrownSqliteTransaction  *tx,
                                GError                 **error)
{
  return run_in_transaction (tx, "release savepoint", "RELEASE part", error);
}

void
crown_sqlite_savepoint_rollback (CrownSqliteTransaction *tx)
{
  g_autoptr (GError) error = NULL;

  if (sqlite3_get_autocommit (tx->db->db))
    return;
  if (!run_in_transaction (tx, "rollback to savepoint", "ROLLBACK TO part", &error) ||
      !run_in_transaction (tx, "release savepoint", "RELEASE part", &error))
    g_warning ("%s", error->message);
}

static gboolean
is_same_file (const GStatBuf *one,
              const GStatBuf *other)
{
  return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

/**
 * crown_sqlite_backup:
 * @path: a file that is made or replaced
 *
 * SQLite's online backup: consistent while others write. The copy is one file, without a log beside it.
 */
gboolean
crown_sqlite_backup (CrownSqlite  *self,
                     const char   *path,
                     GError      **error)
{
  g_autoptr (CrownSqlite) target = NULL;
  sqlite3_backup *backup;
  GStatBuf mine, other;
  guint page_size;
  int result;

  if (g_stat (self->path, &mine) == 0 && g_stat (path, &other) == 0 && is_same_file (&mine, &other))
    {
      g_set_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_FAILED, "%s: this is the database itself, not a copy", path);
      return FALSE;
    }
  if (!read_number (self, "page size", "PRAGMA page_size", &page_size, error))
    return FALSE;
  /* Pages are copied as they are, and once a file is in WAL mode it cannot be given others. */
  target = crown_sqlite_open (path, page_size == BULK_PAGE_SIZE ? CROWN_SQLITE_BULK : CROWN_SQLITE_READ_WRITE, error);
  if (target == NULL)
    return FALSE;
  backup = sqlite3_backup_init (target->db, "main", self->db, "main");
  if (backup == NULL)
    return fail (target, "backup", sqlite3_errcode (target->db), error);
  sqlite3_backup_step (backup, -1);
  result = sqlite3_backup_finish (backup);
  if (result != SQLITE_OK)
    return fail (target, "backup", result, error);

  return crown_sqlite_exec (target, "journal mode", "PRAGMA journal_mode = DELETE", error);
}

gboolean
crown_sqlite_is_damaged (CrownSqlite *self)
{
  return self->damaged;
}

gboolean
crown_sqlite_is_replaced (CrownSqlite *self)
{
  GStatBuf now;

  return g_stat (self->path, &now) == 0 && !is_same_file (&self->file, &now);
}

/**
 * crown_sqlite_lock_alone:
 * @path: a database that this process does not have open
 * @fd: (out): keeps others from reading and writing it until it is closed; -1 where there is no such file
 * @error: (out) (optional): %CROWN_SQLITE_ERROR_BUSY while another process has it open
 */
gboolean
crown_sqlite_lock_alone (const char  *path,
                         int         *fd,
                         GError     **error)
{
  struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCK_START, .l_len = LOCK_LENGTH };

  *fd = g_open (path, O_RDWR | O_CLOEXEC);
  if (*fd < 0 && errno == ENOENT)
    return TRUE;
  if (*fd < 0)
    {
      g_set_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_IO, "%s: %s", path, g_strerror (errno));
      return FALSE;
    }
  if (fcntl (*fd, F_SETLK, &lock) == 0)
    return TRUE;

  if (fcntl (*fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0)
    g_set_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_BUSY, "%s is in use by process %ld", path,
                 (long) lock.l_pid);
  else
    g_set_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_BUSY, "%s is in use by another process", path);
  close (*fd);
  *fd = -1;
  return FALSE;
}

/**
 * crown_sqlite_set_aside:
 * @why: what it is called by: `{path}.{why}-{n}`
 * @aside: (out) (optional) (transfer full) (nullable): where it is now; %NULL where there was none
 *
 * The log and its index go with the file: a fresh file must not be read with the old one's log. Whoever has it open goes on
 * with the old one, and sees that by crown_sqlite_is_replaced().
 */
gboolean
crown_sqlite_set_aside (const char  *path,
                        const char  *why,
                        char       **aside,
                        GError     **error)
{
  static const char *const suffixes[] = { "", "-wal", "-shm" };
  g_autofree char *name = NULL;
  gboolean moved = FALSE;

  for (guint n = 1; n <= ASIDE_MAX; n++)
    {
      g_free (name);
      name = g_strdup_printf ("%s.%s-%u", path, why, n);
      if (!g_file_test (name, G_FILE_TEST_EXISTS))
        break;
    }
  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *from = g_strconcat (path, suffixes[i], NULL);
      g_autofree char *to = g_strconcat (name, suffixes[i], NULL);

      g_unlink (to);
      if (g_rename (from, to) == 0)
        moved = TRUE;
      else if (errno != ENOENT)
        {
          g_set_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_IO, "%s cannot be set aside: %s", from,
                       g_strerror (errno));
          return FALSE;
        }
    }
  if (aside != NULL)
    *aside = moved ? g_steal_pointer (&name) : NULL;
  return TRUE;
}

/**
 * crown_sqlite_check:
 * @error: (out) (optional): %CROWN_SQLITE_ERROR_CORRUPT with the first complaint of SQLite's integrity_check
 */
gboolean
crown_sqlite_check (CrownSqlite  *self,
                    GError      **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self, "integrity check", "PRAGMA integrity_check(1)", error);
  g_autofree char *answer = NULL;

  if (stmt == NULL || crown_sqlite_step (stmt, error) < 0)
    return FALSE;
  answer = g_strdup (crown_sqlite_column_text (stmt, 0));
  crown_sqlite_reset (stmt);
  if (g_strcmp0 (answer, "ok") == 0)
    return TRUE;
  self->damaged = TRUE;
  g_set_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_CORRUPT, "%s: %s", self->path, answer);

  return FALSE;
}
