/* crown-ledger-admin.h: administration of a ledger without a server, as `crown4ctl --ledger URI …` does it
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-ledger-retention.h"

G_BEGIN_DECLS

typedef struct _CrownLedgerAdmin CrownLedgerAdmin;

/**
 * CrownTokenInfo:
 * @id: the token's number; tokens themselves are kept only as hashes
 * @role: "viewer", "member" or "admin"
 *
 * What a ledger tells of a token. Plain data, owned by the array it comes in.
 */
typedef struct {
  gint64    id;
  gint64    user_id;
  char     *user_name;
  gint64    workspace_id;
  char     *workspace_name;
  char     *role;
  char     *created_at;
  gboolean  revoked;
} CrownTokenInfo;

CrownLedgerAdmin *crown_ledger_admin_open             (const char       *uri,
                                                       GError          **error);
CrownLedgerAdmin *crown_ledger_admin_open_existing    (const char       *uri,
                                                       GError          **error);
void              crown_ledger_admin_close            (CrownLedgerAdmin *self);
gboolean          crown_ledger_admin_create_workspace (CrownLedgerAdmin *self,
                                                       const char       *name,
                                                       gint64           *id,
                                                       GError          **error);
gboolean          crown_ledger_admin_create_user      (CrownLedgerAdmin *self,
                                                       const char       *name,
                                                       gint64           *id,
                                                       GError          **error);
char             *crown_ledger_admin_create_token     (CrownLedgerAdmin *self,
                                                       gint64            user_id,
                                                       gint64            workspace_id,
                                                       const char       *role,
                                                       GError          **error);
GPtrArray        *crown_ledger_admin_list_tokens      (CrownLedgerAdmin *self,
                                                       GError          **error);
gboolean          crown_ledger_admin_revoke_token     (CrownLedgerAdmin *self,
                                                       gint64            token_id,
                                                       GError          **error);
gboolean          crown_ledger_admin_verify           (CrownLedgerAdmin *self,
                                                       char            **report,
                                                       GError          **error);
gboolean          crown_ledger_admin_compact          (CrownLedgerAdmin *self,
                                                       guint             keep_days,
                                                       guint64           keep_events,
                                                       CrownRetentionReport *report,
                                                       GError          **error);
gboolean          crown_ledger_admin_backup           (CrownLedgerAdmin *self,
                                                       const char       *path,
                                                       GError          **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownLedgerAdmin, crown_ledger_admin_close)

G_END_DECLS
