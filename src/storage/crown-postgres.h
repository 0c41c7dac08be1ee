/* crown-postgres.h: a thin libpq wrapper that knows nothing of what is stored
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum {
  CROWN_POSTGRES_ERROR_FAILED,
  CROWN_POSTGRES_ERROR_CONNECTION, /* class 08, 57P0x, or the connection broke: what was under way is not known */
  CROWN_POSTGRES_ERROR_BUSY,       /* another holds the lock for too long, or the statement takes too long */
  CROWN_POSTGRES_ERROR_RETRY,      /* deadlock or serialization failure: the transaction may be tried again */
  CROWN_POSTGRES_ERROR_CONSTRAINT,
  CROWN_POSTGRES_ERROR_FULL,
  CROWN_POSTGRES_ERROR_NEWER,      /* the schema's version is above what the program knows */
} CrownPostgresError;
#define CROWN_POSTGRES_ERROR (crown_postgres_error_quark ())
GQuark crown_postgres_error_quark (void);

/* One connection, used by one thread at a time. Not a GObject: an owner has exactly one. */
typedef struct _CrownPostgres CrownPostgres;
/* The rows of one statement, all of them in memory. */
typedef struct _CrownPostgresResult CrownPostgresResult;

#define CROWN_POSTGRES_MAX_PARAMS 20

/* The parameters of one statement, from $1. Text is not copied: it must live until the statement has run. */
typedef struct {
  const char *values[CROWN_POSTGRES_MAX_PARAMS];
  char        numbers[CROWN_POSTGRES_MAX_PARAMS][24];
  int         n;
} CrownPostgresParams;

/* Statements wait up to 10 s for a lock and run for up to 30 s; a transaction that is left idle ends after 60 s. */
CrownPostgres *crown_postgres_open     (const char *uri, GError **error);
void           crown_postgres_close    (CrownPostgres *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownPostgres, crown_postgres_close)
/* Host and database, without user and password. */
const char    *crown_postgres_get_name (CrownPostgres *self);
/* Connects again if the connection broke; @again (optional): whether it did. Not to be called in a transaction. */
gboolean       crown_postgres_ensure   (CrownPostgres *self, gboolean *again, GError **error);

/* Of the session on the server's side. */
int            crown_postgres_get_pid  (CrownPostgres *self);
/* Readable when a notification has come; another one after a reconnection. */
int            crown_postgres_get_fd   (CrownPostgres *self);
/* Takes the notifications that have come. @heard: there was one of another session than that of @own_pid. */
gboolean       crown_postgres_hear     (CrownPostgres *self, int own_pid, gboolean *heard, GError **error);

/* One SQL script a schema version, the first makes version 1; all that are missing run in one transaction, one process at
 * a time. A newer database: CROWN_POSTGRES_ERROR_NEWER. One that is up to date is only read. */
gboolean       crown_postgres_migrate  (CrownPostgres *self, const char * const *scripts, guint n_scripts, GError **error);
/* @name stands in error messages. @sql may be several statements. */
gboolean       crown_postgres_exec     (CrownPostgres *self, const char *name, const char *sql, GError **error);

/* COMMIT, with an error where PostgreSQL would only roll back what an earlier error has aborted. */
gboolean       crown_postgres_commit   (CrownPostgres *self, GError **error);

void           crown_postgres_add_int  (CrownPostgresParams *params, gint64 value);
void           crown_postgres_add_text (CrownPostgresParams *params, const char *text); /* NULL adds null */
/* Runs a prepared statement. @sql is a static string, its address is the key of the cache. */
CrownPostgresResult *crown_postgres_run (CrownPostgres *self, const char *name, const char *sql,
                                         const CrownPostgresParams *params, GError **error);
/* The same for who does not want its rows; @changes (optional): how many rows were written. */
gboolean       crown_postgres_change   (CrownPostgres *self, const char *name, const char *sql,
                                        const CrownPostgresParams *params, guint *changes, GError **error);

guint          crown_postgres_result_rows (CrownPostgresResult *result);
gint64         crown_postgres_result_int  (CrownPostgresResult *result, guint row, int column); /* from 0 */
const char    *crown_postgres_result_text (CrownPostgresResult *result, guint row, int column); /* (nullable) */
void           crown_postgres_result_free (CrownPostgresResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownPostgresResult, crown_postgres_result_free)

G_END_DECLS
