/* crown-sio-client.h: a Socket.IO v5 client over Engine.IO v4
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

G_BEGIN_DECLS

#define CROWN_TYPE_SIO_CLIENT (crown_sio_client_get_type ())
G_DECLARE_FINAL_TYPE (CrownSioClient, crown_sio_client, CROWN, SIO_CLIENT, GObject)

typedef enum {
  CROWN_SIO_TRANSPORT_POLLING   = 1 << 0,
  CROWN_SIO_TRANSPORT_WEBSOCKET = 1 << 1,
} CrownSioTransports;

/* Connects once; reconnecting is the caller's (the sync engine's) affair: make a new one.
 * @url: "http://127.0.0.1:1234" ; @path: "/socket.io/". With both transports: polling first, then the upgrade with probe.
 * Works in the thread-default main context of the thread that makes it. @session: (nullable): a SoupSession to share. */
CrownSioClient *crown_sio_client_new     (const char *url, const char *path, CrownSioTransports transports, SoupSession *session);
void            crown_sio_client_open    (CrownSioClient *self);
/* After or before open; sends CONNECT with auth as soon as it can. @auth (nullable) (transfer none) */
void            crown_sio_client_connect (CrownSioClient *self, const char *nsp, JsonNode *auth);
void            crown_sio_client_disconnect (CrownSioClient *self, const char *nsp); /* leaves one namespace */
void            crown_sio_client_emit    (CrownSioClient *self, const char *nsp, const char *event, JsonNode *argument); /* (transfer none) (nullable) */
typedef void  (*CrownSioAckFunc)         (CrownSioClient *self, JsonArray *args, gpointer user_data); /* args NULL: the line went first */
void            crown_sio_client_emit_with_ack (CrownSioClient *self, const char *nsp, const char *event, JsonNode *argument,
                                                CrownSioAckFunc func, gpointer user_data, GDestroyNotify destroy);
/* The binary attachments of the "event" that is being handled: (nullable) (transfer none) (element-type GBytes) */
GPtrArray      *crown_sio_client_get_attachments (CrownSioClient *self);
void            crown_sio_client_close   (CrownSioClient *self); /* no signal comes after it */
/* What the network last said was wrong: (nullable) (transfer none) */
const GError   *crown_sio_client_get_failure (CrownSioClient *self);

/* Signals:
 *  void "connected"     (const char *nsp)
 *  void "connect-error" (const char *nsp, const char *message, JsonObject *data (nullable))
 *  void "event"         (const char *nsp, const char *name, JsonArray *args)
 *  void "disconnected"  (const char *nsp, const char *reason)      the server left one namespace
 *  void "closed"        (const char *reason)                       the line is gone: last signal, exactly once; "transport
 *                                                                  error" says after a colon what the network said
 */

G_END_DECLS
