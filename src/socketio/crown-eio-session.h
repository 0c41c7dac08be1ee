/* crown-eio-session.h: one Engine.IO v4 session of the server: polling, WebSocket, the way from one to the other
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-sio-codec.h"
#include "crown-sio-server.h"

G_BEGIN_DECLS

#define CROWN_TYPE_EIO_SESSION (crown_eio_session_get_type ())
G_DECLARE_FINAL_TYPE (CrownEioSession, crown_eio_session, CROWN, EIO_SESSION, GObject)

/* Signals: "message" (const char *text), "binary" (GBytes *), "closed" (const char *reason), exactly once. */
CrownEioSession *crown_eio_session_new           (const CrownSioOptions *options);
const char      *crown_eio_session_get_sid       (CrownEioSession *self);
gboolean         crown_eio_session_is_open       (CrownEioSession *self);
/* @packet: (transfer none): a whole packet with its type, shared by all who get it */
void             crown_eio_session_send          (CrownEioSession *self, GBytes *packet);
void             crown_eio_session_send_text     (CrownEioSession *self, CrownEioType type, const char *data);
gsize            crown_eio_session_get_queued    (CrownEioSession *self);
void             crown_eio_session_close         (CrownEioSession *self, const char *reason);
/* The transports. A poll is kept until there is something to say. */
void             crown_eio_session_poll          (CrownEioSession *self, SoupServer *server, SoupServerMessage *message);
void             crown_eio_session_post          (CrownEioSession *self, SoupServerMessage *message);
/* @upgrade: the session came by polling; otherwise it begins here */
void             crown_eio_session_take_websocket (CrownEioSession *self, SoupWebsocketConnection *connection, gboolean upgrade);
/* Packet OPEN's JSON */
char            *crown_eio_session_handshake     (CrownEioSession *self, gboolean websocket);

G_END_DECLS
