/* crown-sqlite.h: a thin SQLite wrapper that knows nothing of what is stored
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum {
  CROWN_SQLITE_ERROR_FAILED,
  CROWN_SQLITE_ERROR_BUSY,
  CROWN_SQLITE_ERROR_CORRUPT,    /* SQLITE_CORRUPT, SQLITE_NOTADB */
  CROWN_SQLITE_ERROR_FULL,
  CROWN_SQLITE_ERROR_READONLY,
  CROWN_SQLITE_ERROR_CONSTRAINT,
  CROWN_SQLITE_ERROR_NEWER,      /* user_version is above what the program knows */
  CROWN_SQLITE_ERROR_IO,
} CrownSqliteError;
#define CROWN_SQLITE_ERROR (crown_sqlite_error_quark ())
GQuark crown_sqlite_error_quark (void);

/* One connection, used by one thread at a time. Not a GObject: an owner has exactly one. */
typedef struct _CrownSqlite CrownSqlite;
/* A prepared statement, owned by the connection's cache; borrowed until crown_sqlite_statement_reset(). */
typedef struct _CrownSqliteStatement CrownSqliteStatement;

typedef enum {
  CROWN_SQLITE_READ_WRITE = 0,
  CROWN_SQLITE_READ_ONLY  = 1 << 0,
  CROWN_SQLITE_SYNC_FULL  = 1 << 1, /* synchronous=FULL; otherwise NORMAL */
  CROWN_SQLITE_BULK       = 1 << 2, /* a file that is made gets pages of 8 KiB: half the writes where rows come in batches */
  /* All statements are the program's own and fit its schema: one that SQLite cannot make sense of says that the schema in
   * the file is damaged. */
  CROWN_SQLITE_KNOWN_SCHEMA = 1 << 3,
} CrownSqliteFlags;

/* WAL, busy timeout 10 s, foreign keys on, file mode 0600. */
CrownSqlite *crown_sqlite_open    (const char *path, CrownSqliteFlags flags, GError **error);
void         crown_sqlite_close   (CrownSqlite *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownSqlite, crown_sqlite_close)
const char  *crown_sqlite_get_path (CrownSqlite *self);

/* One SQL script a schema version, the first makes version 1. Each runs in one transaction with its user_version.
 * A newer database: CROWN_SQLITE_ERROR_NEWER. */
gboolean     crown_sqlite_migrate (CrownSqlite *self, const char * const *scripts, guint n_scripts, GError **error);
gboolean     crown_sqlite_exec    (CrownSqlite *self, const char *name, const char *sql, GError **error);

/* @name stands in error messages; @sql is a static string, its address is the key of the cache. */
CrownSqliteStatement *crown_sqlite_prepare (CrownSqlite *self, const char *name, const char *sql, GError **error);
/* Indexes from 1, as SQLite's. Text is not copied: it must live until the reset. */
void         crown_sqlite_bind_int    (CrownSqliteStatement *stmt, int index, gint64 value);
void         crown_sqlite_bind_double (CrownSqliteStatement *stmt, int index, double value);
void         crown_sqlite_bind_text   (CrownSqliteStatement *stmt, int index, const char *text, gssize length); /* NULL binds null */
void         crown_sqlite_bind_blob   (CrownSqliteStatement *stmt, int index, const void *data, gsize length);
void         crown_sqlite_bind_null   (CrownSqliteStatement *stmt, int index);
/* 1: a row; 0: done; -1: error */
int          crown_sqlite_step        (CrownSqliteStatement *stmt, GError **error);
/* steps once and resets: for INSERT, UPDATE, DELETE */
gboolean     crown_sqlite_run         (CrownSqliteStatement *stmt, GError **error);
void         crown_sqlite_reset       (CrownSqliteStatement *stmt);
gint64       crown_sqlite_column_int    (CrownSqliteStatement *stmt, int column); /* from 0 */
double       crown_sqlite_column_double (CrownSqliteStatement *stmt, int column);
const char  *crown_sqlite_column_text   (CrownSqliteStatement *stmt, int column); /* (nullable), until the next step */
int          crown_sqlite_column_bytes  (CrownSqliteStatement *stmt, int column);
const void  *crown_sqlite_column_blob   (CrownSqliteStatement *stmt, int column);
gboolean     crown_sqlite_column_is_null(CrownSqliteStatement *stmt, int column);
gint64       crown_sqlite_last_insert_id (CrownSqlite *self);
int          crown_sqlite_changes        (CrownSqlite *self);

/* A transaction as a scope: rolled back when it ends without a commit. There is one level: to begin inside another is a
 * mistake of the program, a critical warning and FALSE without an error.
 *   g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;
 *   if (!crown_sqlite_begin (db, &tx, error)) return FALSE;
 *   …
 *   return crown_sqlite_commit (&tx, error); */
typedef struct { CrownSqlite *db; } CrownSqliteTransaction;
#define CROWN_SQLITE_TRANSACTION_INIT { NULL }
gboolean     crown_sqlite_begin    (CrownSqlite *self, CrownSqliteTransaction *tx, GError **error); /* BEGIN IMMEDIATE */
gboolean     crown_sqlite_begin_read (CrownSqlite *self, CrownSqliteTransaction *tx, GError **error); /* a consistent view */
gboolean     crown_sqlite_commit   (CrownSqliteTransaction *tx, GError **error);
void         crown_sqlite_rollback (CrownSqliteTransaction *tx);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CrownSqliteTransaction, crown_sqlite_rollback)
/* A part of a transaction that can be taken back alone; one at a time. FALSE with @error, too, where the transaction is gone
 * because an earlier error (a full disk) has rolled all of it back. */
gboolean     crown_sqlite_savepoint         (CrownSqliteTransaction *tx, GError **error);
gboolean     crown_sqlite_savepoint_release (CrownSqliteTransaction *tx, GError **error);
void         crown_sqlite_savepoint_rollback (CrownSqliteTransaction *tx);

/* SQLite's online backup, as one file; integrity_check with the first complaint in the error */
gboolean     crown_sqlite_backup   (CrownSqlite *self, const char *path, GError **error);
gboolean     crown_sqlite_check    (CrownSqlite *self, GError **error);

/* user_version: how many scripts have run */
gboolean     crown_sqlite_get_version (CrownSqlite *self, guint *version, GError **error);
/* Whether a statement has found the file damaged since it was opened. */
gboolean     crown_sqlite_is_damaged  (CrownSqlite *self);
/* Whether another file has been put in the place of the one that is open. */
gboolean     crown_sqlite_is_replaced (CrownSqlite *self);
gboolean     crown_sqlite_lock_alone  (const char *path, int *fd, GError **error);
gboolean     crown_sqlite_set_aside   (const char *path, const char *why, char **aside, GError **error);

G_END_DECLS
