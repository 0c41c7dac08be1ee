/* crown-session.h: what this process has of one (server, user, workspace): the client, and the connection or the server
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "client/crown-client.h"

G_BEGIN_DECLS

#define CROWN_TYPE_SESSION (crown_session_get_type ())
G_DECLARE_FINAL_TYPE (CrownSession, crown_session, CROWN, SESSION, GObject)

/* Property "following" (gboolean, notify): another process holds the connection, this one reads the same cache.
 * Signal "problem" (const char *message): what a person should be told. All on the interface's thread. */
CrownSession *crown_session_new          (const char    *profile,
                                          const char    *server_url,
                                          gint64         workspace,
                                          GError       **error);
CrownClient  *crown_session_get_client   (CrownSession  *self);
gboolean      crown_session_is_following (CrownSession  *self);
void          crown_session_connect      (CrownSession  *self);
void          crown_session_close        (CrownSession  *self);

G_END_DECLS
