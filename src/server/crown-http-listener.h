/* crown-http-listener.h: accepts a SoupServer's connections: not too many, and none that waits for ever
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* Of the thread whose thread-default main context made it. */
typedef struct _CrownHttpListener CrownHttpListener;

typedef struct {
  guint connections_max;   /* more are closed as they come; a plain websocket is not one any more once it is taken over */
  guint headers_seconds;   /* for a request's headers */
  guint body_seconds;      /* for the rest of it */
  guint keepalive_seconds; /* between an answer and the next request */
} CrownHttpLimits;

CrownHttpListener *crown_http_listener_new    (SoupServer *soup, const CrownHttpLimits *limits);
void               crown_http_listener_free   (CrownHttpListener *self);
/* @address: port 0 takes a free one. Returns: (transfer full) (nullable): where it listens */
GSocketAddress    *crown_http_listener_listen (CrownHttpListener *self, GSocketAddress *address, GError **error);
/* Accepts no more; the connections that are there go on. */
void               crown_http_listener_stop   (CrownHttpListener *self);
guint              crown_http_listener_get_n_connections (CrownHttpListener *self);
/* Connections that were closed for being slow or too many. */
guint64            crown_http_listener_get_n_refused     (CrownHttpListener *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownHttpListener, crown_http_listener_free)

G_END_DECLS
