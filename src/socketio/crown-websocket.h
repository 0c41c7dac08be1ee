/* crown-websocket.h: a server's WebSocket on the socket that libsoup gave up after its handshake
 *
 * libwslay reads the frames; what is sent are shared, ready frames (CrownEioPacket), all that wait in one call.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-eio-packet.h"
#include "crown-reactor.h"

G_BEGIN_DECLS

typedef struct _CrownWebsocket CrownWebsocket;

typedef struct {
  void (*text)   (gpointer user_data, const char *text, gsize length); /* valid UTF-8 */
  void (*binary) (gpointer user_data, GBytes *bytes);
  /* The queue would have become too long: `gone` follows. */
  void (*overflowed) (gpointer user_data);
  /* Once, last, and never from within crown_websocket_send(). The owner frees the websocket. */
  void (*gone)   (gpointer user_data);
} CrownWebsocketFuncs;

/* @stream: (transfer full): what soup_server_message_steal_connection() gave; @socket: its socket
 * @secure: the bytes go through @stream, which encrypts them; otherwise through the socket itself */
CrownWebsocket *crown_websocket_new        (CrownReactor *reactor, GIOStream *stream, GSocket *socket, gboolean secure,
                                            gsize max_message, gsize send_queue_max, const CrownWebsocketFuncs *funcs,
                                            gpointer user_data, GError **error);
void            crown_websocket_free       (CrownWebsocket *self);
/* A queue that would become longer than send_queue_max cuts the line: `gone` follows. */
void            crown_websocket_send       (CrownWebsocket *self, CrownEioPacket *packet);
/* What is sent from now on is written a moment after what was sent before, never in one segment with it. */
void            crown_websocket_pause      (CrownWebsocket *self);
gsize           crown_websocket_get_queued (CrownWebsocket *self);
/* Sends what waits and the close frame, then closes; lives on without its owner until that is done. */
void            crown_websocket_close      (CrownWebsocket *self);

G_END_DECLS
