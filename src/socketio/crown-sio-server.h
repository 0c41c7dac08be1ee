/* crown-sio-server.h: a Socket.IO v5 server over an Engine.IO v4 server
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-eio-server.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define CROWN_TYPE_SIO_SERVER (crown_sio_server_get_type ())
G_DECLARE_FINAL_TYPE (CrownSioServer, crown_sio_server, CROWN, SIO_SERVER, GObject)

/* One client's presence in one namespace (a Socket.IO `socket`). Ref-counted, of the server's thread. */
#define CROWN_TYPE_SIO_SOCKET (crown_sio_socket_get_type ())
G_DECLARE_FINAL_TYPE (CrownSioSocket, crown_sio_socket, CROWN, SIO_SOCKET, GObject)

/* An event encoded once; every socket that gets it shares the bytes. */
typedef struct _CrownSioFrame CrownSioFrame;
/* @args_json: the arguments after the name, as JSON text joined by commas: `{"a":1},2` */
CrownSioFrame *crown_sio_frame_new   (const char *nsp, const char *event, const char *args_json, gssize length);
CrownSioFrame *crown_sio_frame_ref   (CrownSioFrame *frame);
void           crown_sio_frame_unref (CrownSioFrame *frame);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownSioFrame, crown_sio_frame_unref)

/* @soup: (transfer none): its handler at @path ("/socket.io/") is taken; everything runs in the thread-default main
 * context of the caller. @options: (nullable). NULL with @error where the kernel gives no epoll. */
CrownSioServer *crown_sio_server_new (SoupServer *soup, const char *path, const CrownSioOptions *options, GError **error);
/* Only declared namespaces may be connected to; others get CONNECT_ERROR "Invalid namespace". */
void            crown_sio_server_add_namespace (CrownSioServer *self, const char *nsp);
void            crown_sio_server_close (CrownSioServer *self); /* disconnects everybody */
/* Connections whose last bytes are not out count, too. */
guint           crown_sio_server_get_n_connections (CrownSioServer *self);
/* Bytes that wait for all of them */
gsize           crown_sio_server_get_queued (CrownSioServer *self);
/* Connections that were cut because they did not read */
guint64         crown_sio_server_get_n_overflows (CrownSioServer *self);

/* Signals of CrownSioServer:
 *  gboolean "authorize" (CrownSioSocket *socket, JsonNode *auth (nullable), gpointer *GError_out)
 *      FALSE refuses: set a GError* through the pointer; its message is CONNECT_ERROR's `message`, its code goes to
 *      data.code as the nick given with crown_sio_socket_set_refusal(). Default (no handler): accepted.
 *  void "connected"    (CrownSioSocket *socket)
 *  void "event"        (CrownSioSocket *socket, const char *name, JsonArray *args, gint64 ack_id)   ack_id -1: none asked
 *  void "disconnected" (CrownSioSocket *socket, const char *reason)   socket.io's reasons: "transport close", "ping timeout"…
 */

/* @args: (nullable): the line went first; @attachments: (nullable) (element-type GBytes) */
typedef void (*CrownSioServerAckFunc) (CrownSioSocket *socket, JsonArray *args, GPtrArray *attachments, gpointer user_data);

const char *crown_sio_socket_get_id        (CrownSioSocket *self);
const char *crown_sio_socket_get_namespace (CrownSioSocket *self);
/* What the CONNECT_ERROR says when "authorize" returns FALSE: {message, data:{code}} */
void        crown_sio_socket_set_refusal   (CrownSioSocket *self, const char *message, const char *code);
gboolean    crown_sio_socket_is_connected  (CrownSioSocket *self);
void        crown_sio_socket_send          (CrownSioSocket *self, CrownSioFrame *frame);
void        crown_sio_socket_emit          (CrownSioSocket *self, const char *event, JsonNode *argument); /* (transfer none) */
/* @args, @attachments: (nullable) (transfer none): placeholders in @args stand for attachments; @func (nullable): asks for an ack */
void        crown_sio_socket_emit_full     (CrownSioSocket *self, const char *event, JsonArray *args, GPtrArray *attachments,
                                            CrownSioServerAckFunc func, gpointer user_data);
void        crown_sio_socket_ack           (CrownSioSocket *self, gint64 ack_id, JsonArray *args);        /* args (nullable) (transfer none) */
void        crown_sio_socket_ack_full      (CrownSioSocket *self, gint64 ack_id, JsonArray *args, GPtrArray *attachments);
/* The binary attachments of the "event" that is being handled: (nullable) (transfer none) (element-type GBytes) */
GPtrArray  *crown_sio_socket_get_attachments (CrownSioSocket *self);
void        crown_sio_socket_disconnect    (CrownSioSocket *self, gboolean close_connection);
/* bytes that wait to be written on its connection */
gsize       crown_sio_socket_get_queued    (CrownSioSocket *self);

G_END_DECLS
