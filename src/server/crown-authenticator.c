/* crown-authenticator.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-authenticator.h"

#include <openssl/rand.h>
#include <string.h>

#include "core/crown-json.h"
#include "crown-server-error.h"

#define TOKEN_PREFIX    "crown4_"
#define TOKEN_BYTES     32
#define TOKEN_LENGTH_MAX 256

/**
 * CrownAuthenticator:
 *
 * Tells who a bearer token stands for. The ledger keeps only SHA-256 of tokens: a copy of it opens nothing, and since
 * tokens are 256 random bits, looking a hash up gives a guesser no time to measure. Session tokens live only in memory
 * and end with the server.
 */
struct _CrownAuthenticator
{
  GObject           parent_instance;

  CrownEventLedger *ledger;
  GHashTable       *session_tokens; /* hash → CrownPrincipal */
};

G_DEFINE_FINAL_TYPE (CrownAuthenticator, crown_authenticator, G_TYPE_OBJECT)

/**
 * crown_token_new:
 * @error: (out) (optional): the system has no randomness to give
 *
 * Returns: (transfer full): a token that nobody has had
 */
char *
crown_token_new (GError **error)
{
  guint8 bytes[TOKEN_BYTES];
  GString *token = g_string_new (TOKEN_PREFIX);

  if (RAND_bytes (bytes, sizeof bytes) != 1)
    {
      g_string_free (token, TRUE);
      g_set_error_literal (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_INTERNAL, "No random numbers for a token");
      return NULL;
    }

  for (guint i = 0; i < sizeof bytes; i++)
    g_string_append_printf (token, "%02x", bytes[i]);

  return g_string_free (token, FALSE);
}

/**
 * crown_token_hash:
 * @hex: (out caller-allocates): what a ledger keeps of @token
 */
void
crown_token_hash (const char *token,
                  char        hex[65])
{
  crown_checksum_bytes (token, strlen (token), hex);
}

/**
 * crown_authenticator_new:
 *
 * Returns: (transfer full): an authenticator, for the ledger's thread
 */
CrownAuthenticator *
crown_authenticator_new (CrownEventLedger *ledger)
{
  g_return_val_if_fail (CROWN_IS_EVENT_LEDGER (ledger), NULL);

  CrownAuthenticator *self = g_object_new (CROWN_TYPE_AUTHENTICATOR, NULL);

  self->ledger = g_object_ref (ledger);
  return self;
}

/**
 * crown_authenticator_check:
 * @token: (nullable): what was presented
 * @principal: (out): who it stands for
 * @error: (out) (optional): %CROWN_SERVER_ERROR_UNAUTHORIZED, or the ledger's
 *
 * Returns: %TRUE if the token is good
 */
gboolean
crown_authenticator_check (CrownAuthenticator  *self,
                           const char          *token,
                           CrownPrincipal      *principal,
                           GError             **error)
{
  char hash[65];
  gboolean found = FALSE;

  g_return_val_if_fail (CROWN_IS_AUTHENTICATOR (self), FALSE);

  if (token != NULL && *token != '\0' && strlen (token) <= TOKEN_LENGTH_MAX)
    {
      crown_token_hash (token, hash);

      CrownPrincipal *session = g_hash_table_lookup (self->session_tokens, hash);

      if (session != NULL)
        {
          *principal = *session;
          return TRUE;
        }

      if (!crown_event_ledger_load_token (self->ledger, hash, principal, &found, error))
        return FALSE;
    }

  if (found)
    return TRUE;

  g_set_error_literal (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_UNAUTHORIZED,
                       token == NULL ? "There is no token in the request" : "The token is not known or was revoked");
  return FALSE;
}

/**
 * crown_authenticator_check_member:
 * @error: (out) (optional): %CROWN_SERVER_ERROR_NO_SUCH_WORKSPACE, %CROWN_SERVER_ERROR_NOT_MEMBER, or the ledger's
 *
 * Returns: %TRUE if @principal may see the workspace
 */
gboolean
crown_authenticator_check_member (CrownAuthenticator    *self,
                                  const CrownPrincipal  *principal,
                                  gint64                 workspace_id,
                                  GError               **error)
{
  g_autofree char *name = NULL;

  if (workspace_id == principal->workspace_id)
    return TRUE;

  if (!crown_event_ledger_load_workspace (self->ledger, workspace_id, &name, error))
    return FALSE;

  if (name == NULL)
    g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_NO_SUCH_WORKSPACE,
                 "There is no workspace %" G_GINT64_FORMAT, workspace_id);
  else
    g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_NOT_MEMBER,
                 "The token is not for workspace %" G_GINT64_FORMAT, workspace_id);
  return FALSE;
}

/**
 * crown_authenticator_add_session_token:
 *
 * Returns: (transfer full): a token that is good until the authenticator is gone
 */
char *
crown_authenticator_add_session_token (CrownAuthenticator    *self,
                                       const CrownPrincipal  *principal,
                                       GError               **error)
{
  g_autofree char *token = crown_token_new (error);
  char hash[65];

  if (token == NULL)
    return NULL;

  crown_token_hash (token, hash);
  g_hash_table_insert (self->session_tokens, g_strdup (hash), g_memdup2 (principal, sizeof *principal));
  return g_steal_pointer (&token);
}

static void
crown_authenticator_finalize (GObject *object)
{
  CrownAuthenticator *self = CROWN_AUTHENTICATOR (object);

  g_clear_object (&self->ledger);
  g_clear_pointer (&self->session_tokens, g_hash_table_unref);

  G_OBJECT_CLASS (crown_authenticator_parent_class)->finalize (object);
}

static void
crown_authenticator_class_init (CrownAuthenticatorClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = crown_authenticator_finalize;
}

static void
crown_authenticator_init (CrownAuthenticator *self)
{
  self->session_tokens = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}
