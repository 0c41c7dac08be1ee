/* crown-authenticator.h: from a token to who it stands for
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-event-ledger.h"

G_BEGIN_DECLS

#define CROWN_TYPE_AUTHENTICATOR (crown_authenticator_get_type ())
G_DECLARE_FINAL_TYPE (CrownAuthenticator, crown_authenticator, CROWN, AUTHENTICATOR, GObject)

CrownAuthenticator *crown_authenticator_new               (CrownEventLedger      *ledger);
gboolean            crown_authenticator_check             (CrownAuthenticator    *self,
                                                           const char            *token,
                                                           CrownPrincipal        *principal,
                                                           GError               **error);
gboolean            crown_authenticator_check_member      (CrownAuthenticator    *self,
                                                           const CrownPrincipal  *principal,
                                                           gint64                 workspace_id,
                                                           GError               **error);
char               *crown_authenticator_add_session_token (CrownAuthenticator    *self,
                                                           const CrownPrincipal  *principal,
                                                           GError               **error);

char               *crown_token_new                       (GError               **error);
void                crown_token_hash                      (const char            *token,
                                                           char                   hex[65]);

G_END_DECLS
