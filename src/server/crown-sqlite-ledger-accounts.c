/* crown-sqlite-ledger-accounts.c: users, workspaces, tokens, and the answers that were given
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "core/crown-clock.h"
#include "core/crown-limits.h"
#include "crown-server-error.h"
#include "crown-sqlite-ledger-private.h"

static const char SQL_LOAD_META[] = "SELECT value FROM meta WHERE key = ?1";
static const char SQL_PUT_META[] =
  "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
static const char SQL_CREATE_WORKSPACE[] = "INSERT INTO workspaces (name, created_at) VALUES (?1, ?2)";
static const char SQL_LOAD_WORKSPACE[] = "SELECT name FROM workspaces WHERE id = ?1";
static const char SQL_CREATE_USER[] = "INSERT INTO users (name, created_at) VALUES (?1, ?2)";
static const char SQL_PUT_TOKEN[] =
  "INSERT INTO tokens (hash, user_id, workspace_id, role, created_at)"
  " SELECT ?1, users.id, workspaces.id, ?4, ?5 FROM users, workspaces WHERE users.id = ?2 AND workspaces.id = ?3";
static const char SQL_LOAD_TOKEN[] =
  "SELECT user_id, workspace_id, role, id FROM tokens WHERE hash = ?1 AND NOT revoked";
static const char SQL_CHECK_TOKEN[] = "SELECT NOT revoked FROM tokens WHERE id = ?1";
static const char SQL_REVOKE_TOKEN[] = "UPDATE tokens SET revoked = 1 WHERE id = ?1";
static const char SQL_LIST_TOKENS[] =
  "SELECT tokens.id, user_id, workspace_id, role, tokens.created_at, revoked, users.name, workspaces.name"
  " FROM tokens JOIN users ON users.id = user_id JOIN workspaces ON workspaces.id = workspace_id ORDER BY tokens.id";
static const char SQL_LOAD_ANSWER[] =
  "SELECT request_hash, status, body, etag, sequence FROM idempotency"
  " WHERE key = ?1 AND user_id = ?2 AND workspace_id = ?3 AND created_at > ?4";
static const char SQL_PUT_ANSWER[] =
  "INSERT INTO idempotency (key, user_id, workspace_id, request_hash, status, body, etag, sequence, created_at)"
  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
static const char SQL_FORGET_ANSWERS[] = "DELETE FROM idempotency WHERE created_at <= ?1";
static const char SQL_FORGET_SOME_ANSWERS[] =
  "DELETE FROM idempotency WHERE rowid IN (SELECT rowid FROM idempotency WHERE created_at <= ?1 LIMIT ?2)";

/* Reads the first column of the only row; NULL without an error where there is none. Consumes @stmt. */
static gboolean
load_text (CrownSqliteStatement  *stmt,
           char                 **value,
           GError               **error)
{
  int step = crown_sqlite_step (stmt, error);

  *value = step == 1 ? g_strdup (crown_sqlite_column_text (stmt, 0)) : NULL;
  crown_sqlite_reset (stmt);
  return step >= 0;
}

static gboolean
load_meta (CrownEventLedger  *ledger,
           const char        *key,
           char             **value,
           GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (crown_sqlite_ledger_reader (self), "load-meta", SQL_LOAD_META, error);

  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_text (stmt, 1, key, -1);
  return load_text (stmt, value, error);
}

static gboolean
put_meta (CrownEventLedger  *ledger,
          const char        *key,
          const char        *value,
          GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "put-meta", SQL_PUT_META, error);

  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_text (stmt, 1, key, -1);
  crown_sqlite_bind_text (stmt, 2, value, -1);
  return crown_sqlite_run (stmt, error);
}

static gboolean
create_named (CrownSqliteLedger  *self,
              const char         *what,
              const char         *sql,
              const char         *name,
              gint64             *id,
              GError            **error)
{
  g_autofree char *now = crown_clock_now_iso (NULL);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, what, sql, error);

  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_text (stmt, 1, name, -1);
  crown_sqlite_bind_text (stmt, 2, now, -1);

  if (!crown_sqlite_run (stmt, error))
    return FALSE;

  *id = crown_sqlite_last_insert_id (self->db);
  return TRUE;
}

static gboolean
create_workspace (CrownEventLedger  *ledger,
                  const char        *name,
                  gint64            *id,
                  GError           **error)
{
  return create_named (CROWN_SQLITE_LEDGER (ledger), "create-workspace", SQL_CREATE_WORKSPACE, name, id, error);
}

static gboolean
create_user (CrownEventLedger  *ledger,
             const char        *name,
             gint64            *id,
             GError           **error)
{
  return create_named (CROWN_SQLITE_LEDGER (ledger), "create-user", SQL_CREATE_USER, name, id, error);
}

static gboolean
load_workspace (CrownEventLedger  *ledger,
                gint64             id,
                char             **name,
                GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (crown_sqlite_ledger_reader (self), "load-workspace", SQL_LOAD_WORKSPACE, error);

  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_int (stmt, 1, id);
  return load_text (stmt, name, error);
}

static gboolean
put_token (CrownEventLedger      *ledger,
           const char            *hash,
           const CrownPrincipal  *principal,
           GError               **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  g_autofree char *now = crown_clock_now_iso (NULL);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "put-token", SQL_PUT_TOKEN, error);

  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_text (stmt, 1, hash, -1);
  crown_sqlite_bind_int (stmt, 2, principal->user_id);
  crown_sqlite_bind_int (stmt, 3, principal->workspace_id);
  crown_sqlite_bind_text (stmt, 4, crown_role_to_string (principal->role), -1);
  crown_sqlite_bind_text (stmt, 5, now, -1);

  if (!crown_sqlite_run (stmt, error))
    return FALSE;

  if (crown_sqlite_changes (self->db) == 1)
    return TRUE;

  g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_NOT_FOUND,
               "There is no user %" G_GINT64_FORMAT " or no workspace %" G_GINT64_FORMAT,
               principal->user_id, principal->workspace_id);
  return FALSE;
}

static gboolean
load_token (CrownEventLedger  *ledger,
            const char        *hash,
            CrownPrincipal    *principal,
            gboolean          *found,
            GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (crown_sqlite_ledger_reader (self), "load-token", SQL_LOAD_TOKEN, error);

  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_text (stmt, 1, hash, -1);

  int step = crown_sqlite_step (stmt, error);

  *found = FALSE;
  if (step == 1)
    {
      principal->user_id = crown_sqlite_column_int (stmt, 0);
      principal->workspace_id = crown_sqlite_column_int (stmt, 1);
      *found = crown_role_from_string (crown_sqlite_column_text (stmt, 2), &principal->role);
      principal->token_id = crown_sqlite_column_int (stmt, 3);
    }

  crown_sqlite_reset (stmt);
  return step >= 0;
}

static gboolean
check_token (CrownEventLedger  *ledger,
             gint64             token_id,
             gboolean          *good,
             GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (crown_sqlite_ledger_reader (self), "check-token", SQL_CHECK_TOKEN, error);

  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_int (stmt, 1, token_id);

  int step = crown_sqlite_step (stmt, error);

  *good = step == 1 && crown_sqlite_column_int (stmt, 0) != 0;
  crown_sqlite_reset (stmt);
  return step >= 0;
}

static gboolean
revoke_token (CrownEventLedger  *ledger,
              gint64             token_id,
              gboolean          *found,
              GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "revoke-token", SQL_REVOKE_TOKEN, error);

  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_int (stmt, 1, token_id);

  if (!crown_sqlite_run (stmt, error))
    return FALSE;

  *found = crown_sqlite_changes (self->db) == 1;
  return TRUE;
}

static gboolean
list_tokens (CrownEventLedger      *ledger,
             CrownLedgerTokenFunc   func,
             gpointer               user_data,
             GError               **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (crown_sqlite_ledger_reader (self), "list-tokens", SQL_LIST_TOKENS, error);
  int step;

  if (stmt == NULL)
    return FALSE;

  while ((step = crown_sqlite_step (stmt, error)) == 1)
    {
      CrownPrincipal principal = {
        .user_id = crown_sqlite_column_int (stmt, 1),
        .workspace_id = crown_sqlite_column_int (stmt, 2),
      };

      crown_role_from_string (crown_sqlite_column_text (stmt, 3), &principal.role);
      func (crown_sqlite_column_int (stmt, 0), &principal,
            crown_sqlite_column_text (stmt, 6), crown_sqlite_column_text (stmt, 7),
            crown_sqlite_column_text (stmt, 4), crown_sqlite_column_int (stmt, 5) != 0, user_data);
    }

  crown_sqlite_reset (stmt);
  return step == 0;
}

static gboolean
load_answer (CrownEventLedger      *ledger,
             const CrownPrincipal  *who,
             const char            *key,
             gint64                 now,
             CrownLedgerAnswer    **answer,
             GError               **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (crown_sqlite_ledger_reader (self), "load-answer", SQL_LOAD_ANSWER, error);

  *answer = NULL;
  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_text (stmt, 1, key, -1);
  crown_sqlite_bind_int (stmt, 2, who->user_id);
  crown_sqlite_bind_int (stmt, 3, who->workspace_id);
  crown_sqlite_bind_int (stmt, 4, now - CROWN_IDEMPOTENCY_SECONDS);

  int step = crown_sqlite_step (stmt, error);

  if (step == 1)
    {
      *answer = g_new0 (CrownLedgerAnswer, 1);
      (*answer)->request_hash = g_strdup (crown_sqlite_column_text (stmt, 0));
      (*answer)->status = (guint) crown_sqlite_column_int (stmt, 1);
      (*answer)->body = g_strdup (crown_sqlite_column_text (stmt, 2));
      (*answer)->etag = g_strdup (crown_sqlite_column_text (stmt, 3));
      (*answer)->sequence = (guint64) crown_sqlite_column_int (stmt, 4);
    }

  crown_sqlite_reset (stmt);
  return step >= 0;
}

static gboolean
forget_answers (CrownEventLedger  *ledger,
                gint64             now,
                guint              limit,
                guint             *n_forgotten,
                GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "forget-some-answers", SQL_FORGET_SOME_ANSWERS, error);

  *n_forgotten = 0;
  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_int (stmt, 1, now - CROWN_IDEMPOTENCY_SECONDS);
  crown_sqlite_bind_int (stmt, 2, limit);
  if (!crown_sqlite_run (stmt, error))
    return FALSE;

  *n_forgotten = (guint) crown_sqlite_changes (self->db);
  return TRUE;
}

static gboolean
put_answer (CrownEventLedger         *ledger,
            const CrownPrincipal     *who,
            const char               *key,
            const CrownLedgerAnswer  *answer,
            gint64                    now,
            GError                  **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "forget-answers", SQL_FORGET_ANSWERS, error);

  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_int (stmt, 1, now - CROWN_IDEMPOTENCY_SECONDS);
  if (!crown_sqlite_run (stmt, error))
    return FALSE;

  stmt = crown_sqlite_prepare (self->db, "put-answer", SQL_PUT_ANSWER, error);
  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_text (stmt, 1, key, -1);
  crown_sqlite_bind_int (stmt, 2, who->user_id);
  crown_sqlite_bind_int (stmt, 3, who->workspace_id);
  crown_sqlite_bind_text (stmt, 4, answer->request_hash, -1);
  crown_sqlite_bind_int (stmt, 5, answer->status);
  crown_sqlite_bind_text (stmt, 6, answer->body, -1);
  crown_sqlite_bind_text (stmt, 7, answer->etag, -1);
  crown_sqlite_bind_int (stmt, 8, (gint64) answer->sequence);
  crown_sqlite_bind_int (stmt, 9, now);
  return crown_sqlite_run (stmt, error);
}

void
crown_sqlite_ledger_init_accounts (CrownEventLedgerInterface *iface)
{
  iface->load_meta = load_meta;
  iface->put_meta = put_meta;
  iface->create_workspace = create_workspace;
  iface->load_workspace = load_workspace;
  iface->create_user = create_user;
  iface->put_token = put_token;
  iface->load_token = load_token;
  iface->check_token = check_token;
  iface->revoke_token = revoke_token;
  iface->list_tokens = list_tokens;
  iface->load_answer = load_answer;
  iface->put_answer = put_answer;
  iface->forget_answers = forget_answers;
}
