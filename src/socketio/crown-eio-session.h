/* crown-eio-session.h: what CrownEioServer needs of its sessions
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-eio-machine.h"
#include "crown-eio-server.h"
#include "crown-reactor.h"
#include "crown-websocket.h"

G_BEGIN_DECLS

/* What the sessions of one server share. */
typedef struct {
  CrownReactor              *reactor;
  CrownEioParameters         parameters;
  const CrownEioServerFuncs *funcs;
  gpointer                   user_data;
  /* The session is closed, but may have a websocket whose last bytes are not out. */
  void                     (*retire)  (CrownEioSession *session, gpointer owner);
  /* Nothing is left of it: free it. */
  void                     (*release) (CrownEioSession *session, gpointer owner);
  gpointer                   owner;
  guint64                   *n_overflows;
} CrownEioShared;

CrownEioSession *crown_eio_session_new      (const CrownEioShared *shared);
void             crown_eio_session_free     (CrownEioSession *self);
void             crown_eio_session_start    (CrownEioSession *self, gboolean websocket);
CrownEioState    crown_eio_session_get_state (CrownEioSession *self);
/* These two answer FALSE where the request has to be refused. */
gboolean         crown_eio_session_poll     (CrownEioSession *self, SoupServerMessage *message);
gboolean         crown_eio_session_post     (CrownEioSession *self, GBytes *body);
/* @stream: (transfer full). FALSE: there is no websocket, and the session knows. */
gboolean         crown_eio_session_take     (CrownEioSession *self, GIOStream *stream, GSocket *socket, gboolean secure);
/* The websocket that was taken is beside the requests. FALSE: it must not be. */
gboolean         crown_eio_session_upgrade  (CrownEioSession *self);

G_END_DECLS
