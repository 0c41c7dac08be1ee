/* crown-server.h: the whole server as one object, in the application's process or as a daemon
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define CROWN_TYPE_SERVER (crown_server_get_type ())
G_DECLARE_FINAL_TYPE (CrownServer, crown_server, CROWN, SERVER, GObject)

/* @ledger_uri: "sqlite:PATH" */
CrownServer *crown_server_new   (const char *ledger_uri);
/* Opens the ledger and listens, on a thread of its own with its own main context; returns when it is ready.
 * @port 0 takes a free one. Refuses a non-loopback @address unless crown_server_set_insecure_listen(). */
gboolean     crown_server_start (CrownServer *self, const char *address, guint16 port, GError **error);
void         crown_server_set_insecure_listen (CrownServer *self, gboolean allow);
/* "http://127.0.0.1:41231" after start */
const char  *crown_server_get_url (CrownServer *self);
/* Says server_closing, flushes, closes the ledger, joins the thread. Idempotent. */
void         crown_server_stop  (CrownServer *self);
/* For the single-person set-up: finds or makes the local user and workspace and a fresh admin token that lives as long
 * as this server runs. Any thread, after start. */
gboolean     crown_server_open_local_account (CrownServer *self, gint64 *user_id, gint64 *workspace_id, char **token, GError **error);

G_END_DECLS
