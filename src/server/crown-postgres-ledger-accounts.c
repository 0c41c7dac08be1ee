/* crown-postgres-ledger-accounts.c: users, workspaces, tokens, and the answers that were given
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "core/crown-clock.h"
#include "core/crown-limits.h"
#include "crown-postgres-ledger-private.h"
#include "crown-server-error.h"

static const char SQL_LOAD_META[] = "SELECT value FROM meta WHERE key = $1";
static const char SQL_PUT_META[] =
  "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
static const char SQL_CREATE_WORKSPACE[] = "INSERT INTO workspaces (name, created_at) VALUES ($1, $2) RETURNING id";
static const char SQL_LOAD_WORKSPACE[] = "SELECT name FROM workspaces WHERE id = $1";
static const char SQL_CREATE_USER[] = "INSERT INTO users (name, created_at) VALUES ($1, $2) RETURNING id";
static const char SQL_PUT_TOKEN[] =
  "INSERT INTO tokens (hash, user_id, workspace_id, role, created_at)"
  " SELECT $1, users.id, workspaces.id, $4, $5 FROM users, workspaces WHERE users.id = $2 AND workspaces.id = $3";
static const char SQL_LOAD_TOKEN[] =
  "SELECT user_id, workspace_id, role, id FROM tokens WHERE hash = $1 AND revoked = 0";
static const char SQL_CHECK_TOKEN[] = "SELECT 1 - revoked FROM tokens WHERE id = $1";
static const char SQL_REVOKE_TOKEN[] = "UPDATE tokens SET revoked = 1 WHERE id = $1";
static const char SQL_LIST_TOKENS[] =
  "SELECT tokens.id, user_id, workspace_id, role, tokens.created_at, revoked, users.name, workspaces.name"
  " FROM tokens JOIN users ON users.id = user_id JOIN workspaces ON workspaces.id = workspace_id ORDER BY tokens.id";
static const char SQL_LOAD_ANSWER[] =
  "SELECT request_hash, status, body, etag, sequence FROM idempotency"
  " WHERE key = $1 AND user_id = $2 AND workspace_id = $3 AND created_at > $4";
static const char SQL_PUT_ANSWER[] =
  "INSERT INTO idempotency (key, user_id, workspace_id, request_hash, status, body, etag, sequence, created_at)"
  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
static const char SQL_FORGET_ANSWERS[] = "DELETE FROM idempotency WHERE created_at <= $1";
static const char SQL_FORGET_SOME_ANSWERS[] =
  "DELETE FROM idempotency WHERE ctid = ANY (ARRAY (SELECT ctid FROM idempotency WHERE created_at <= $1 LIMIT $2))";

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
change_by (CrownEventLedger           *ledger,
           const char                 *name,
           const char                 *sql,
           const CrownPostgresParams  *params,
           guint                      *changes,
           GError                    **error)
{
  CrownPostgres *db = crown_postgres_ledger_writer (CROWN_POSTGRES_LEDGER (ledger), error);

  return db != NULL && crown_postgres_change (db, name, sql, params, changes, error);
}

/* Reads the first column of the only row; NULL without an error where there is none. */
static gboolean
load_text (CrownEventLedger           *ledger,
           const char                 *name,
           const char                 *sql,
           const CrownPostgresParams  *params,
           char                      **value,
           GError                    **error)
{
  g_autoptr (CrownPostgresResult) result = read_by (ledger, name, sql, params, error);

  *value = result != NULL && crown_postgres_result_rows (result) == 1
    ? g_strdup (crown_postgres_result_text (result, 0, 0)) : NULL;
  return result != NULL;
}

static gboolean
load_meta (CrownEventLedger  *ledger,
           const char        *key,
           char             **value,
           GError           **error)
{
  CrownPostgresParams params = { .n = 0 };

  crown_postgres_add_text (&params, key);
  return load_text (ledger, "load-meta", SQL_LOAD_META, &params, value, error);
}

static gboolean
put_meta (CrownEventLedger  *ledger,
          const char        *key,
          const char        *value,
          GError           **error)
{
  CrownPostgresParams params = { .n = 0 };

  crown_postgres_add_text (&params, key);
  crown_postgres_add_text (&params, value);
  return change_by (ledger, "put-meta", SQL_PUT_META, &params, NULL, error);
}

static gboolean
create_named (CrownEventLedger  *ledger,
              const char        *what,
              const char        *sql,
              const char        *name,
              gint64            *id,
              GError           **error)
{
  CrownPostgres *db = crown_postgres_ledger_writer (CROWN_POSTGRES_LEDGER (ledger), error);
  g_autofree char *now = crown_clock_now_iso (NULL);
  CrownPostgresParams params = { .n = 0 };
  g_autoptr (CrownPostgresResult) result = NULL;

  if (db == NULL)
    return FALSE;

  crown_postgres_add_text (&params, name);
  crown_postgres_add_text (&params, now);
  result = crown_postgres_run (db, what, sql, &params, error);
  if (result == NULL)
    return FALSE;

  *id = crown_postgres_result_int (result, 0, 0);
  return TRUE;
}

static gboolean
create_workspace (CrownEventLedger  *ledger,
                  const char        *name,
                  gint64            *id,
                  GError           **error)
{
  return create_named (ledger, "create-workspace", SQL_CREATE_WORKSPACE, name, id, error);
}

static gboolean
create_user (CrownEventLedger  *ledger,
             const char        *name,
             gint64            *id,
             GError           **error)
{
  return create_named (ledger, "create-user", SQL_CREATE_USER, name, id, error);
}

static gboolean
load_workspace (CrownEventLedger  *ledger,
                gint64             id,
                char             **name,
                GError           **error)
{
  CrownPostgresParams params = { .n = 0 };

  crown_postgres_add_int (&params, id);
  return load_text (ledger, "load-workspace", SQL_LOAD_WORKSPACE, &params, name, error);
}

static gboolean
put_token (CrownEventLedger      *ledger,
           const char            *hash,
           const CrownPrincipal  *principal,
           GError               **error)
{
  g_autofree char *now = crown_clock_now_iso (NULL);
  CrownPostgresParams params = { .n = 0 };
  guint changes;

  crown_postgres_add_text (&params, hash);
  crown_postgres_add_int (&params, principal->user_id);
  crown_postgres_add_int (&params, principal->workspace_id);
  crown_postgres_add_text (&params, crown_role_to_string (principal->role));
  crown_postgres_add_text (&params, now);
  if (!change_by (ledger, "put-token", SQL_PUT_TOKEN, &params, &changes, error))
    return FALSE;
  if (changes == 1)
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
  CrownPostgresParams params = { .n = 0 };
  g_autoptr (CrownPostgresResult) result = NULL;

  *found = FALSE;
  crown_postgres_add_text (&params, hash);
  result = read_by (ledger, "load-token", SQL_LOAD_TOKEN, &params, error);
  if (result != NULL && crown_postgres_result_rows (result) == 1)
    {
      principal->user_id = crown_postgres_result_int (result, 0, 0);
      principal->workspace_id = crown_postgres_result_int (result, 0, 1);
      *found = crown_role_from_string (crown_postgres_result_text (result, 0, 2), &principal->role);
      principal->token_id = crown_postgres_result_int (result, 0, 3);
    }

  return result != NULL;
}

static gboolean
check_token (CrownEventLedger  *ledger,
             gint64             token_id,
             gboolean          *good,
             GError           **error)
{
  CrownPostgresParams params = { .n = 0 };
  g_autoptr (CrownPostgresResult) result = NULL;

  crown_postgres_add_int (&params, token_id);
  result = read_by (ledger, "check-token", SQL_CHECK_TOKEN, &params, error);
  *good = result != NULL && crown_postgres_result_rows (result) == 1 && crown_postgres_result_int (result, 0, 0) != 0;
  return result != NULL;
}

static gboolean
revoke_token (CrownEventLedger  *ledger,
              gint64             token_id,
              gboolean          *found,
              GError           **error)
{
  CrownPostgresParams params = { .n = 0 };
  guint changes;

  crown_postgres_add_int (&params, token_id);
  if (!change_by (ledger, "revoke-token", SQL_REVOKE_TOKEN, &params, &changes, error))
    return FALSE;

  *found = changes == 1;
  return TRUE;
}

static gboolean
list_tokens (CrownEventLedger      *ledger,
             CrownLedgerTokenFunc   func,
             gpointer               user_data,
             GError               **error)
{
  const CrownPostgresParams none = { .n = 0 };
  g_autoptr (CrownPostgresResult) result = read_by (ledger, "list-tokens", SQL_LIST_TOKENS, &none, error);

  if (result == NULL)
    return FALSE;

  for (guint i = 0; i < crown_postgres_result_rows (result); i++)
    {
      CrownPrincipal principal = {
        .user_id = crown_postgres_result_int (result, i, 1),
        .workspace_id = crown_postgres_result_int (result, i, 2),
      };

      crown_role_from_string (crown_postgres_result_text (result, i, 3), &principal.role);
      func (crown_postgres_result_int (result, i, 0), &principal,
            crown_postgres_result_text (result, i, 6), crown_postgres_result_text (result, i, 7),
            crown_postgres_result_text (result, i, 4), crown_postgres_result_int (result, i, 5) != 0, user_data);
    }

  return TRUE;
}

static gboolean
load_answer (CrownEventLedger      *ledger,
             const CrownPrincipal  *who,
             const char            *key,
             gint64                 now,
             CrownLedgerAnswer    **answer,
             GError               **error)
{
  CrownPostgresParams params = { .n = 0 };
  g_autoptr (CrownPostgresResult) result = NULL;

  *answer = NULL;
  crown_postgres_add_text (&params, key);
  crown_postgres_add_int (&params, who->user_id);
  crown_postgres_add_int (&params, who->workspace_id);
  crown_postgres_add_int (&params, now - CROWN_IDEMPOTENCY_SECONDS);
  result = read_by (ledger, "load-answer", SQL_LOAD_ANSWER, &params, error);
  if (result != NULL && crown_postgres_result_rows (result) == 1)
    {
      *answer = g_new0 (CrownLedgerAnswer, 1);
      (*answer)->request_hash = g_strdup (crown_postgres_result_text (result, 0, 0));
      (*answer)->status = (guint) crown_postgres_result_int (result, 0, 1);
      (*answer)->body = g_strdup (crown_postgres_result_text (result, 0, 2));
      (*answer)->etag = g_strdup (crown_postgres_result_text (result, 0, 3));
      (*answer)->sequence = (guint64) crown_postgres_result_int (result, 0, 4);
    }

  return result != NULL;
}

static gboolean
forget_answers (CrownEventLedger  *ledger,
                gint64             now,
                guint              limit,
                guint             *n_forgotten,
                GError           **error)
{
  CrownPostgresParams params = { .n = 0 };

  *n_forgotten = 0;
  crown_postgres_add_int (&params, now - CROWN_IDEMPOTENCY_SECONDS);
  crown_postgres_add_int (&params, limit);
  return change_by (ledger, "forget-some-answers", SQL_FORGET_SOME_ANSWERS, &params, n_forgotten, error);
}

static gboolean
put_answer (CrownEventLedger         *ledger,
            const CrownPrincipal     *who,
            const char               *key,
            const CrownLedgerAnswer  *answer,
            gint64                    now,
            GError                  **error)
{
  CrownPostgresParams old = { .n = 0 };
  CrownPostgresParams params = { .n = 0 };

  crown_postgres_add_int (&old, now - CROWN_IDEMPOTENCY_SECONDS);
  crown_postgres_add_text (&params, key);
  crown_postgres_add_int (&params, who->user_id);
  crown_postgres_add_int (&params, who->workspace_id);
  crown_postgres_add_text (&params, answer->request_hash);
  crown_postgres_add_int (&params, answer->status);
  crown_postgres_add_text (&params, answer->body);
  crown_postgres_add_text (&params, answer->etag);
  crown_postgres_add_int (&params, (gint64) answer->sequence);
  crown_postgres_add_int (&params, now);
  return change_by (ledger, "forget-answers", SQL_FORGET_ANSWERS, &old, NULL, error) &&
         change_by (ledger, "put-answer", SQL_PUT_ANSWER, &params, NULL, error);
}

void
crown_postgres_ledger_init_accounts (CrownEventLedgerInterface *iface)
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
  iface->forget_answers = forget_answers;
  iface->put_answer = put_answer;
}
