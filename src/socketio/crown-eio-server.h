/* crown-eio-server.h: an Engine.IO v4 server on a SoupServer: polling, websocket, the way from one to the other
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-eio-packet.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* Zeroes are defaults. */
typedef struct {
  guint       ping_interval_ms;   /* 25 s */
  guint       ping_timeout_ms;    /* 20 s */
  guint       connect_timeout_ms; /* Socket.IO: a connection without a namespace is closed after it; 45 s */
  gsize       max_payload;        /* bytes of a request's body or a websocket's message; 1 MB */
  gsize       send_queue_max;     /* bytes that may wait for one connection before it is cut; 4 MiB */
  guint       connections_max;    /* more are answered 503; no limit */
  const char *cors_origin;        /* (nullable): the origin, or "*", that browsers may connect from; none */
} CrownSioOptions;

/* Everything below is of the thread whose thread-default context made the server. */
typedef struct _CrownEioServer CrownEioServer;
/* One connection, by whatever transport. Freed after `closed`. */
typedef struct _CrownEioSession CrownEioSession;

/* A GIOStream around a connection that was given to libsoup says by this key of its data what is below it. */
#define CROWN_EIO_STREAM_BELOW "crown-stream-below"

typedef struct {
  void (*opened)  (CrownEioSession *session, gpointer user_data);
  void (*message) (CrownEioSession *session, const char *text, gsize length, gpointer user_data); /* UTF-8, not terminated */
  void (*binary)  (CrownEioSession *session, GBytes *bytes, gpointer user_data);
  /* @reason: socket.io's words: "transport close", "ping timeout"… */
  void (*closed)  (CrownEioSession *session, const char *reason, gpointer user_data);
} CrownEioServerFuncs;

CrownEioServer *crown_eio_server_new               (SoupServer *soup, const char *path, const CrownSioOptions *options,
                                                    const CrownEioServerFuncs *funcs, gpointer user_data, GError **error);
void            crown_eio_server_free              (CrownEioServer *self);
void            crown_eio_server_close             (CrownEioServer *self, const char *reason);
/* Connections whose last bytes are not out count, too. */
guint           crown_eio_server_get_n_connections (CrownEioServer *self);
/* Bytes that wait for all of them. */
gsize           crown_eio_server_get_queued        (CrownEioServer *self);
/* Websockets that were cut because they did not read. */
guint64         crown_eio_server_get_n_overflows   (CrownEioServer *self);

const char     *crown_eio_session_get_sid          (CrownEioSession *self);
void            crown_eio_session_set_data         (CrownEioSession *self, gpointer data);
gpointer        crown_eio_session_get_data         (CrownEioSession *self);
void            crown_eio_session_send             (CrownEioSession *self, CrownEioPacket *packet);
/* On a websocket: crown_websocket_pause(). Requests carry what waits together, as the reference server's do. */
void            crown_eio_session_pause            (CrownEioSession *self);
gsize           crown_eio_session_get_queued       (CrownEioSession *self);
void            crown_eio_session_close            (CrownEioSession *self, const char *reason);
/* Closes the session if it is still there in @ms; 0 takes that back. */
void            crown_eio_session_set_deadline     (CrownEioSession *self, guint ms, const char *reason);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownEioServer, crown_eio_server_free)

G_END_DECLS
