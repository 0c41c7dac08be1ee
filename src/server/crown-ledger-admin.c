/* crown-ledger-admin.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-ledger-admin.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "crown-authenticator.h"
#include "crown-event-ledger.h"
#include "crown-ledger-retention.h"
#include "crown-ledger-verifier.h"
#include "crown-server-error.h"

#define NAME_MAX_BYTES 200

/**
 * CrownLedgerAdmin:
 *
 * Accounts and proofs on a ledger, also while a server has it open. Belongs to the thread that opened it.
 */
/* Events that a step deletes or changes: a server's writes wait no longer than that takes. */
#define COMPACT_STEP 5000

struct _CrownLedgerAdmin
{
  CrownEventLedger *ledger;
};

/**
 * crown_ledger_admin_open:
 * @uri: `sqlite:PATH`; the ledger is made where there is none
 * @error: (out) (optional): why it cannot be opened
 *
 * Returns: (transfer full): the administration, to be closed with crown_ledger_admin_close()
 */
CrownLedgerAdmin *
crown_ledger_admin_open (const char  *uri,
                         GError     **error)
{
  CrownEventLedger *ledger = crown_event_ledger_open (uri, error);

  if (ledger == NULL)
    return NULL;

  CrownLedgerAdmin *self = g_new0 (CrownLedgerAdmin, 1);

  self->ledger = ledger;
  return self;
}

/**
 * crown_ledger_admin_open_existing:
 * @uri: `sqlite:PATH`
 * @error: (out) (optional): %CROWN_SERVER_ERROR_NOT_FOUND where there is no ledger, or why it cannot be opened
 *
 * As crown_ledger_admin_open(), for who expects something there: a new ledger in place of a mistyped or emptied one
 * would be found in order.
 *
 * Returns: (transfer full): the administration, to be closed with crown_ledger_admin_close()
 */
CrownLedgerAdmin *
crown_ledger_admin_open_existing (const char  *uri,
                                  GError     **error)
{
  const char *path = g_str_has_prefix (uri, "sqlite:") ? uri + strlen ("sqlite:") : NULL;
  GStatBuf info;

  if (path != NULL && *path != '\0' && g_stat (path, &info) != 0)
    {
      g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_NOT_FOUND, "%s: there is no ledger: %s", path,
                   g_strerror (errno));
      return NULL;
    }

  if (path != NULL && *path != '\0' && info.st_size == 0)
    {
      g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_NOT_FOUND, "%s: the file is empty, it is no ledger", path);
      return NULL;
    }

  return crown_ledger_admin_open (uri, error);
}

/* (transfer full) */
void
crown_ledger_admin_close (CrownLedgerAdmin *self)
{
  g_clear_object (&self->ledger);
  g_free (self);
}

static gboolean
check_name (const char  *name,
            GError     **error)
{
  gsize length = strlen (name);

  if (length > 0 && length <= NAME_MAX_BYTES && g_utf8_validate (name, (gssize) length, NULL))
    return TRUE;

  g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_INVALID,
               "A name is UTF-8 of 1 to %d bytes", NAME_MAX_BYTES);
  return FALSE;
}

/**
 * crown_ledger_admin_create_workspace:
 * @id: (out): the new workspace's id
 *
 * Returns: %FALSE if it could not be made
 */
gboolean
crown_ledger_admin_create_workspace (CrownLedgerAdmin  *self,
                                     const char        *name,
                                     gint64            *id,
                                     GError           **error)
{
  return check_name (name, error) && crown_event_ledger_create_workspace (self->ledger, name, id, error);
}

/**
 * crown_ledger_admin_create_user:
 * @id: (out): the new user's id
 *
 * Returns: %FALSE if it could not be made
 */
gboolean
crown_ledger_admin_create_user (CrownLedgerAdmin  *self,
                                const char        *name,
                                gint64            *id,
                                GError           **error)
{
  return check_name (name, error) && crown_event_ledger_create_user (self->ledger, name, id, error);
}

/**
 * crown_ledger_admin_create_token:
 * @role: "viewer", "member" or "admin"
 * @error: (out) (optional): %CROWN_SERVER_ERROR_INVALID for another role, %CROWN_SERVER_ERROR_NOT_FOUND for a user or
 *   workspace that is not there
 *
 * Returns: (transfer full): the token; the ledger keeps only its hash, so this is the only time it can be shown
 */
char *
crown_ledger_admin_create_token (CrownLedgerAdmin  *self,
                                 gint64             user_id,
                                 gint64             workspace_id,
                                 const char        *role,
                                 GError           **error)
{
  CrownPrincipal principal = { .user_id = user_id, .workspace_id = workspace_id };
  g_autofree char *token = NULL;
  char hash[65];

  if (!crown_role_from_string (role, &principal.role))
    {
      g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_INVALID,
                   "“%s” is no role; there are viewer, member and admin", role);
      return NULL;
    }

  token = crown_token_new (error);
  if (token == NULL)
    return NULL;

  crown_token_hash (token, hash);
  if (!crown_event_ledger_put_token (self->ledger, hash, &principal, error))
    return NULL;

  return g_steal_pointer (&token);
}

static void
token_info_free (gpointer data)
{
  CrownTokenInfo *info = data;

  g_free (info->user_name);
  g_free (info->workspace_name);
  g_free (info->role);
  g_free (info->created_at);
  g_free (info);
}

static void
add_token (gint64                token_id,
           const CrownPrincipal *principal,
           const char           *user_name,
           const char           *workspace_name,
           const char           *created_at,
           gboolean              revoked,
           gpointer              user_data)
{
  CrownTokenInfo *info = g_new0 (CrownTokenInfo, 1);

  info->id = token_id;
  info->user_id = principal->user_id;
  info->user_name = g_strdup (user_name);
  info->workspace_id = principal->workspace_id;
  info->workspace_name = g_strdup (workspace_name);
  info->role = g_strdup (crown_role_to_string (principal->role));
  info->created_at = g_strdup (created_at);
  info->revoked = revoked;
  g_ptr_array_add (user_data, info);
}

/**
 * crown_ledger_admin_list_tokens:
 *
 * Returns: (transfer full) (element-type CrownTokenInfo): all tokens, also revoked ones
 */
GPtrArray *
crown_ledger_admin_list_tokens (CrownLedgerAdmin  *self,
                                GError           **error)
{
  g_autoptr (GPtrArray) tokens = g_ptr_array_new_with_free_func (token_info_free);

  return crown_event_ledger_list_tokens (self->ledger, add_token, tokens, error) ? g_steal_pointer (&tokens) : NULL;
}

/**
 * crown_ledger_admin_revoke_token:
 * @token_id: the number that crown_ledger_admin_list_tokens() gives
 * @error: (out) (optional): %CROWN_SERVER_ERROR_NOT_FOUND
 *
 * Returns: %TRUE if the token is worthless now
 */
gboolean
crown_ledger_admin_revoke_token (CrownLedgerAdmin  *self,
                                 gint64             token_id,
                                 GError           **error)
{
  gboolean found = FALSE;

  if (!crown_event_ledger_revoke_token (self->ledger, token_id, &found, error))
    return FALSE;

  if (!found)
    g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_NOT_FOUND,
                 "There is no token %" G_GINT64_FORMAT, token_id);
  return found;
}

/**
 * crown_ledger_admin_verify:
 * @report: (out) (optional) (transfer full): one line that says what was checked
 * @error: (out) (optional): the first thing that is wrong
 *
 * See crown_ledger_verify().
 *
 * Returns: %TRUE if nothing is wrong
 */
gboolean
crown_ledger_admin_verify (CrownLedgerAdmin  *self,
                           char             **report,
                           GError           **error)
{
  CrownLedgerReport result;
  gboolean ok = crown_ledger_verify (self->ledger, &result, error);

  if (report != NULL)
    *report = g_strdup_printf ("%s: %u streams, %" G_GUINT64_FORMAT " events, %" G_GUINT64_FORMAT " rows",
                               ok ? "ok" : "stopped", result.n_streams, result.n_events, result.n_rows);
  return ok;
}

/**
 * crown_ledger_admin_backup:
 * @path: a file that is made or replaced
 *
 * Returns: %TRUE if the copy is whole
 */
gboolean
crown_ledger_admin_backup (CrownLedgerAdmin  *self,
                           const char        *path,
                           GError           **error)
{
  return crown_event_ledger_backup (self->ledger, path, error);
}

/**
 * crown_ledger_admin_compact:
 * @keep_days: as #CrownRetention, and @keep_events
 * @report: (out): what was done, also where it was not finished
 *
 * Deletes what need not be kept, in steps between which a server goes on, and gives the room back.
 *
 * Returns: %TRUE if all of it is done
 */
gboolean
crown_ledger_admin_compact (CrownLedgerAdmin      *self,
                            guint                  keep_days,
                            guint64                keep_events,
                            CrownRetentionReport  *report,
                            GError               **error)
{
  const CrownRetention retention = { keep_days, keep_events };
  gboolean has_more = TRUE;

  *report = (CrownRetentionReport) { 0 };
  while (has_more)
    {
      if (!crown_ledger_retention_step (self->ledger, &retention, NULL, COMPACT_STEP, report, &has_more, error))
        return FALSE;
    }

  return crown_event_ledger_shrink (self->ledger, error);
}
