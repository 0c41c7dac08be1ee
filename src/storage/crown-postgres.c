/* crown-postgres.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-storage"

#include "crown-postgres.h"

#include <libpq-fe.h>
#include <string.h>

/* “crown4” in ASCII: whoever makes or changes the schema holds it. */
#define MIGRATION_LOCK "109304554845492"

struct _CrownPostgres
{
  PGconn     *conn;
  char       *name;
  GHashTable *statements; /* (element-type utf8 utf8): SQL's address → the name it is prepared under */
};

G_DEFINE_QUARK (crown-postgres-error-quark, crown_postgres_error)

static CrownPostgresError
code_of_state (const char *state)
{
  static const struct { const char *prefix; CrownPostgresError code; } codes[] = {
    { "08", CROWN_POSTGRES_ERROR_CONNECTION },
    { "57P0", CROWN_POSTGRES_ERROR_CONNECTION },  /* shut down, crashed, starting, database dropped */
    { "25P03", CROWN_POSTGRES_ERROR_CONNECTION }, /* idle in a transaction for too long: the server hung up */
    { "55P03", CROWN_POSTGRES_ERROR_BUSY },       /* lock_timeout */
    { "57014", CROWN_POSTGRES_ERROR_BUSY },       /* statement_timeout */
    { "40001", CROWN_POSTGRES_ERROR_RETRY },
    { "40P01", CROWN_POSTGRES_ERROR_RETRY },
    { "23", CROWN_POSTGRES_ERROR_CONSTRAINT },
    { "53100", CROWN_POSTGRES_ERROR_FULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      if (g_str_has_prefix (state, codes[i].prefix))
        return codes[i].code;
    }
  return CROWN_POSTGRES_ERROR_FAILED;
}

/* @result is NULL where libpq could not even send the statement. */
static void
set_error (CrownPostgres   *self,
           const char      *name,
           const PGresult  *result,
           GError         **error)
{
  const char *state = result != NULL ? PQresultErrorField (result, PG_DIAG_SQLSTATE) : NULL;
  const char *text = result != NULL ? PQresultErrorField (result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
  g_autofree char *message = g_strdup (text != NULL ? text : PQerrorMessage (self->conn));

  if (state == NULL)
    state = "08006";
  g_strchomp (message);
  g_set_error (error, CROWN_POSTGRES_ERROR,
               PQstatus (self->conn) == CONNECTION_BAD ? CROWN_POSTGRES_ERROR_CONNECTION : code_of_state (state),
               "%s: %s: %s (SQLSTATE %s)", self->name, name, message, state);
}

static void
ignore_notice (void           *user_data,
               const PGresult *result)
{
}

static gboolean
set_up (CrownPostgres  *self,
        GError        **error)
{
  g_hash_table_remove_all (self->statements);
  PQsetNoticeReceiver (self->conn, ignore_notice, NULL);
  if (PQserverVersion (self->conn) < 150000)
    {
      g_set_error (error, CROWN_POSTGRES_ERROR, CROWN_POSTGRES_ERROR_FAILED,
                   "%s: PostgreSQL %d is too old, 15 is needed", self->name, PQserverVersion (self->conn) / 10000);
      return FALSE;
    }

  /* What is committed has to survive a power cut, whatever the database's default is. */
  return crown_postgres_exec (self, "settings",
                              "SET synchronous_commit = on; SET lock_timeout = '10s'; SET statement_timeout = '30s';"
                              "SET idle_in_transaction_session_timeout = '60s'; SET client_encoding = 'UTF8'", error);
}

/**
 * crown_postgres_open:
 * @uri: `postgresql://…`, with all that libpq takes (sslmode, target_session_attrs, several hosts)
 * @error: (out) (optional): %CROWN_POSTGRES_ERROR, without the URI: it may hold a password
 *
 * Returns: (transfer full) (nullable): the connection; crown_postgres_close() ends it
 */
CrownPostgres *
crown_postgres_open (const char  *uri,
                     GError     **error)
{
  const char *keywords[] = { "connect_timeout", "tcp_user_timeout", "fallback_application_name", "dbname", NULL };
  const char *values[] = { "10", "15000", "crown4", uri, NULL };
  PQconninfoOption *options = PQconninfoParse (uri, NULL);

  if (options == NULL)
    {
      g_set_error (error, CROWN_POSTGRES_ERROR, CROWN_POSTGRES_ERROR_FAILED, "The ledger's URI is none of PostgreSQL's");
      return NULL;
    }
  PQconninfoFree (options);

  g_autoptr (CrownPostgres) self = g_new0 (CrownPostgres, 1);

  self->statements = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->conn = PQconnectdbParams (keywords, values, TRUE);
  self->name = g_strdup_printf ("postgresql:%s/%s", PQhost (self->conn) != NULL ? PQhost (self->conn) : "",
                                PQdb (self->conn) != NULL ? PQdb (self->conn) : "");
  if (PQstatus (self->conn) == CONNECTION_OK)
    return set_up (self, error) ? g_steal_pointer (&self) : NULL;

  set_error (self, "connect", NULL, error);
  return NULL;
}

/* (transfer full) */
void
crown_postgres_close (CrownPostgres *self)
{
  PQfinish (self->conn);
  g_hash_table_unref (self->statements);
  g_free (self->name);
  g_free (self);
}

const char *
crown_postgres_get_name (CrownPostgres *self)
{
  return self->name;
}

gboolean
crown_postgres_ensure (CrownPostgres  *self,
                       gboolean       *again,
                       GError        **error)
{
  if (again != NULL)
    *again = FALSE;

  /* A server that went away is only noticed by reading, and its last words come before the end: read all there is. */
  GPollFD fd = { .fd = PQsocket (self->conn), .events = G_IO_IN };

  while (PQstatus (self->conn) == CONNECTION_OK && g_poll (&fd, 1, 0) > 0)
    {
      if (!PQconsumeInput (self->conn))
        break;
    }
  if (PQstatus (self->conn) == CONNECTION_OK)
    return TRUE;

  PQreset (self->conn);
  if (PQstatus (self->conn) != CONNECTION_OK)
    {
      set_error (self, "connect again", NULL, error);
      return FALSE;
    }

  if (again != NULL)
    *again = TRUE;
  return set_up (self, error);
}

int
crown_postgres_get_pid (CrownPostgres *self)
{
  return PQbackendPID (self->conn);
}

int
crown_postgres_get_fd (CrownPostgres *self)
{
  return PQsocket (self->conn);
}

gboolean
crown_postgres_hear (CrownPostgres  *self,
                     int             own_pid,
                     gboolean       *heard,
                     GError        **error)
{
  PGnotify *notification;

  *heard = FALSE;
  if (!PQconsumeInput (self->conn) || PQstatus (self->conn) != CONNECTION_OK)
    {
      set_error (self, "listen", NULL, error);
      return FALSE;
    }
  while ((notification = PQnotifies (self->conn)) != NULL)
    {
      *heard = *heard || notification->be_pid != own_pid;
      PQfreemem (notification);
    }
  return TRUE;
}

gboolean
crown_postgres_exec (CrownPostgres  *self,
                     const char     *name,
                     const char     *sql,
                     GError        **error)
{
  PGresult *result = PQexec (self->conn, sql);
  ExecStatusType status = PQresultStatus (result);
  gboolean good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

  if (!good)
    set_error (self, name, result, error);
  PQclear (result);
  return good;
}

gboolean
crown_postgres_commit (CrownPostgres  *self,
                       GError        **error)
{
  PGTransactionStatusType status = PQtransactionStatus (self->conn);

  /* COMMIT succeeds without a transaction, and in one that is aborted, where it rolls back. */
  if (status == PQTRANS_INTRANS)
    return crown_postgres_exec (self, "commit", "COMMIT", error);

  g_set_error (error, CROWN_POSTGRES_ERROR,
               status == PQTRANS_UNKNOWN ? CROWN_POSTGRES_ERROR_CONNECTION : CROWN_POSTGRES_ERROR_FAILED,
               "%s: commit: the transaction is gone (SQLSTATE %s)", self->name,
               status == PQTRANS_UNKNOWN ? "08006" : status == PQTRANS_INERROR ? "25P02" : "25P01");
  return FALSE;
}

void
crown_postgres_add_int (CrownPostgresParams *params,
                        gint64               value)
{
  g_return_if_fail (params->n < CROWN_POSTGRES_MAX_PARAMS);

  g_snprintf (params->numbers[params->n], sizeof params->numbers[0], "%" G_GINT64_FORMAT, value);
  params->values[params->n] = params->numbers[params->n];
  params->n++;
}

void
crown_postgres_add_text (CrownPostgresParams *params,
                         const char          *text)
{
  g_return_if_fail (params->n < CROWN_POSTGRES_MAX_PARAMS);

  params->values[params->n++] = text;
}

static const char *
prepare (CrownPostgres  *self,
         const char     *name,
         const char     *sql,
         GError        **error)
{
  const char *known = g_hash_table_lookup (self->statements, sql);

  if (known != NULL)
    return known;

  g_autofree char *id = g_strdup_printf ("crown4_%u", g_hash_table_size (self->statements));
  PGresult *result = PQprepare (self->conn, id, sql, 0, NULL);
  gboolean good = PQresultStatus (result) == PGRES_COMMAND_OK;

  if (!good)
    set_error (self, name, result, error);
  PQclear (result);
  if (!good)
    return NULL;

  g_hash_table_insert (self->statements, (gpointer) sql, g_steal_pointer (&id));
  return g_hash_table_lookup (self->statements, sql);
}

CrownPostgresResult *
crown_postgres_run (CrownPostgres              *self,
                    const char                 *name,
                    const char                 *sql,
                    const CrownPostgresParams  *params,
                    GError                    **error)
{
  const char *id = prepare (self, name, sql, error);

  if (id == NULL)
    return NULL;

  PGresult *result = PQexecPrepared (self->conn, id, params->n, params->values, NULL, NULL, 0);
  ExecStatusType status = PQresultStatus (result);

  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
    return (CrownPostgresResult *) result;

  set_error (self, name, result, error);
  PQclear (result);
  return NULL;
}

gboolean
crown_postgres_change (CrownPostgres              *self,
                       const char                 *name,
                       const char                 *sql,
                       const CrownPostgresParams  *params,
                       guint                      *changes,
                       GError                    **error)
{
  g_autoptr (CrownPostgresResult) result = crown_postgres_run (self, name, sql, params, error);

  if (result != NULL && changes != NULL)
    *changes = (guint) g_ascii_strtoull (PQcmdTuples ((PGresult *) result), NULL, 10);
  return result != NULL;
}

guint
crown_postgres_result_rows (CrownPostgresResult *result)
{
  return (guint) PQntuples ((PGresult *) result);
}

gint64
crown_postgres_result_int (CrownPostgresResult *result,
                           guint                row,
                           int                  column)
{
  return g_ascii_strtoll (PQgetvalue ((PGresult *) result, (int) row, column), NULL, 10);
}

const char *
crown_postgres_result_text (CrownPostgresResult *result,
                            guint                row,
                            int                  column)
{
  if (PQgetisnull ((PGresult *) result, (int) row, column))
    return NULL;

  return PQgetvalue ((PGresult *) result, (int) row, column);
}

/* (transfer full) */
void
crown_postgres_result_free (CrownPostgresResult *result)
{
  PQclear ((PGresult *) result);
}

/* 0 where there is no schema yet. */
static gboolean
load_version (CrownPostgres  *self,
              gint64         *version,
              GError        **error)
{
  const CrownPostgresParams none = { .n = 0 };
  g_autoptr (CrownPostgresResult) found =
    crown_postgres_run (self, "find-version", "SELECT to_regclass('schema_version') IS NOT NULL", &none, error);

  *version = 0;
  if (found == NULL)
    return FALSE;
  if (strcmp (crown_postgres_result_text (found, 0, 0), "t") != 0)
    return TRUE;

  g_autoptr (CrownPostgresResult) result =
    crown_postgres_run (self, "load-version", "SELECT version FROM schema_version", &none, error);

  if (result == NULL)
    return FALSE;
  if (crown_postgres_result_rows (result) > 0)
    *version = crown_postgres_result_int (result, 0, 0);
  return TRUE;
}

static gboolean
run_scripts (CrownPostgres       *self,
             const char * const  *scripts,
             guint                n_scripts,
             GError             **error)
{
  g_autofree char *record = g_strdup_printf ("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL);"
                                             "DELETE FROM schema_version; INSERT INTO schema_version VALUES (%u)", n_scripts);
  gint64 version;

  /* Read again with the lock: another process may have done it meanwhile. */
  if (!crown_postgres_exec (self, "begin migration", "BEGIN; SELECT pg_advisory_xact_lock(" MIGRATION_LOCK ")", error) ||
      !load_version (self, &version, error))
    return FALSE;

  for (gint64 i = version; i < n_scripts; i++)
    {
      if (!crown_postgres_exec (self, "migrate", scripts[i], error))
        return FALSE;
    }

  return (version >= n_scripts || crown_postgres_exec (self, "record version", record, error)) &&
         crown_postgres_commit (self, error);
}

gboolean
crown_postgres_migrate (CrownPostgres       *self,
                        const char * const  *scripts,
                        guint                n_scripts,
                        GError             **error)
{
  gint64 version;

  if (!load_version (self, &version, error))
    return FALSE;

  if (version > n_scripts)
    {
      g_set_error (error, CROWN_POSTGRES_ERROR, CROWN_POSTGRES_ERROR_NEWER,
                   "%s: the schema has version %" G_GINT64_FORMAT ", this program knows %u", self->name, version, n_scripts);
      return FALSE;
    }

  if (version == n_scripts || run_scripts (self, scripts, n_scripts, error))
    return TRUE;

  crown_postgres_exec (self, "roll migration back", "ROLLBACK", NULL);
  return FALSE;
}
