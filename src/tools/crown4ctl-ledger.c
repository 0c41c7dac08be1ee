/* crown4ctl-ledger.c: the commands that work on a ledger
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-tools"

#include "crown4ctl.h"

#include "core/crown-json.h"
#include "server/crown-ledger-admin.h"

#include <string.h>

int
ctl_workspace_create (const CtlOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownLedgerAdmin) admin = crown_ledger_admin_open (options->ledger, &error);
  gint64 id;

  if (admin == NULL || !crown_ledger_admin_create_workspace (admin, options->arguments[0], &id, &error))
    return ctl_fail (error);
  g_print ("%" G_GINT64_FORMAT "\n", id);
  return 0;
}

int
ctl_user_create (const CtlOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownLedgerAdmin) admin = crown_ledger_admin_open (options->ledger, &error);
  gint64 id;

  if (admin == NULL || !crown_ledger_admin_create_user (admin, options->arguments[0], &id, &error))
    return ctl_fail (error);
  g_print ("%" G_GINT64_FORMAT "\n", id);
  return 0;
}

int
ctl_token_create (const CtlOptions *options)
{
  const char *role = options->role != NULL ? options->role : "member";
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownLedgerAdmin) admin = NULL;
  g_autofree char *token = NULL;

  if (strcmp (role, "viewer") != 0 && strcmp (role, "member") != 0 && strcmp (role, "admin") != 0)
    {
      g_printerr ("crown4ctl: --role is viewer, member or admin, not “%s”\n", role);
      return CROWN_EXIT_USAGE;
    }
  admin = crown_ledger_admin_open_existing (options->ledger, &error);
  if (admin == NULL || !(token = crown_ledger_admin_create_token (admin, options->user, options->workspace, role, &error)))
    return ctl_fail (error);
  g_print ("%s\n", token);
  return 0;
}

int
ctl_token_list (const CtlOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownLedgerAdmin) admin = crown_ledger_admin_open_existing (options->ledger, &error);
  g_autoptr (GPtrArray) tokens = admin != NULL ? crown_ledger_admin_list_tokens (admin, &error) : NULL;

  if (tokens == NULL)
    return ctl_fail (error);
  for (guint i = 0; i < tokens->len; i++)
    {
      const CrownTokenInfo *token = tokens->pdata[i];

      if (options->json)
        {
          g_autoptr (JsonObject) object = json_object_new ();
          g_autofree char *text = NULL;

          json_object_set_int_member (object, "id", token->id);
          json_object_set_int_member (object, "user_id", token->user_id);
          json_object_set_string_member (object, "user", token->user_name);
          json_object_set_int_member (object, "workspace_id", token->workspace_id);
          json_object_set_string_member (object, "workspace", token->workspace_name);
          json_object_set_string_member (object, "role", token->role);
          json_object_set_string_member (object, "created_at", token->created_at);
          json_object_set_boolean_member (object, "revoked", token->revoked);
          text = crown_json_object_to_string (object);
          g_print ("%s\n", text);
        }
      else
        g_print ("%" G_GINT64_FORMAT "\t%s\t%s\t%s\t%s%s\n", token->id, token->user_name, token->workspace_name, token->role,
                 token->created_at, token->revoked ? "\trevoked" : "");
    }
  return 0;
}

int
ctl_token_revoke (const CtlOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownLedgerAdmin) admin = NULL;
  gint64 id;

  if (!g_ascii_string_to_signed (options->arguments[0], 10, 1, G_MAXINT64, &id, &error))
    {
      g_printerr ("crown4ctl: “%s” is no token's id; token list shows them\n", options->arguments[0]);
      return CROWN_EXIT_USAGE;
    }
  admin = crown_ledger_admin_open_existing (options->ledger, &error);
  if (admin == NULL || !crown_ledger_admin_revoke_token (admin, id, &error))
    return ctl_fail (error);
  return 0;
}

int
ctl_ledger_verify (const CtlOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownLedgerAdmin) admin = crown_ledger_admin_open_existing (options->ledger, &error);
  g_autofree char *report = NULL;

  if (admin == NULL || !crown_ledger_admin_verify (admin, &report, &error))
    return ctl_fail (error);
  g_print ("%s\n", report);
  return 0;
}

int
ctl_ledger_compact (const CtlOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownLedgerAdmin) admin = NULL;
  CrownRetentionReport report;

  if (options->keep_days < 0 || options->keep_events < 0)
    {
      g_printerr ("crown4ctl: --keep-days and --keep-events are not below 0\n");
      return CROWN_EXIT_USAGE;
    }
  admin = crown_ledger_admin_open_existing (options->ledger, &error);
  if (admin == NULL || !crown_ledger_admin_compact (admin, (guint) options->keep_days, (guint64) options->keep_events,
                                                    &report, &error))
    return ctl_fail (error);
  g_print (options->json ? "{\"deleted\":%" G_GUINT64_FORMAT ",\"tombstones\":%" G_GUINT64_FORMAT ",\"answers\":%"
                           G_GUINT64_FORMAT "}\n"
                         : "%" G_GUINT64_FORMAT " events deleted, %" G_GUINT64_FORMAT " superseded ones emptied, %"
                           G_GUINT64_FORMAT " old answers forgotten\n",
           report.deleted, report.tombstones, report.answers);
  return 0;
}

int
ctl_ledger_backup (const CtlOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownLedgerAdmin) admin = crown_ledger_admin_open_existing (options->ledger, &error);

  if (admin == NULL || !crown_ledger_admin_backup (admin, options->arguments[0], &error))
    return ctl_fail (error);
  return 0;
}
