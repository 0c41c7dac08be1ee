/* crown-eio-machine.h: one Engine.IO v4 session as a state machine, of a server or of a client. No I/O, no clock
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-eio-packet.h"

G_BEGIN_DECLS

typedef enum {
  CROWN_EIO_SERVER,
  CROWN_EIO_CLIENT,
} CrownEioRole;

typedef enum {
  CROWN_EIO_STATE_OPENING,   /* client: the handshake has not come */
  CROWN_EIO_STATE_POLLING,   /* requests carry */
  CROWN_EIO_STATE_PROBING,   /* a websocket is there beside the requests, which carry */
  CROWN_EIO_STATE_PAUSING,   /* the probe was answered: the requests come to their end, nothing new is sent */
  CROWN_EIO_STATE_WEBSOCKET, /* the websocket carries */
  CROWN_EIO_STATE_CLOSED,
} CrownEioState;

typedef struct {
  guint ping_interval_ms;
  guint ping_timeout_ms;
  gsize max_payload;     /* bytes of one request's body */
  gsize send_queue_max;  /* bytes that may wait for a request before the session is closed */
} CrownEioParameters;

/* What the machine wants done. Each is called within one of the functions below. `closed` may free the
 * machine; the others may not. */
typedef struct {
  /* server: answers the request that waits (it waits no longer); client: starts a POST */
  void (*carry_payload)  (gpointer user_data, GString *payload); /* (transfer full) */
  /* the websocket sends @packet */
  void (*carry_packet)   (gpointer user_data, CrownEioPacket *packet); /* (transfer none) */
  /* client: starts a GET; a websocket beside it */
  void (*start_poll)     (gpointer user_data);
  void (*start_websocket) (gpointer user_data);
  /* closes the websocket, after what it has been given */
  void (*drop_websocket) (gpointer user_data);
  /* the only timer: crown_eio_machine_on_timer() in @ms; 0: stop it */
  void (*set_timer)      (gpointer user_data, guint ms);
  /* client: the handshake is there */
  void (*opened)         (gpointer user_data);
  void (*message)        (gpointer user_data, const char *text, gsize length); /* UTF-8, not terminated */
  void (*binary)         (gpointer user_data, GBytes *bytes);
  /* once, last: socket.io's words, such as "transport close", "ping timeout" */
  void (*closed)         (gpointer user_data, const char *reason);
} CrownEioMachineFuncs;

typedef struct _CrownEioMachine CrownEioMachine;

CrownEioMachine *crown_eio_machine_new           (CrownEioRole role, const CrownEioParameters *parameters,
                                                  const CrownEioMachineFuncs *funcs, gpointer user_data);
void             crown_eio_machine_free          (CrownEioMachine *self);
CrownEioState    crown_eio_machine_get_state     (CrownEioMachine *self);
const char      *crown_eio_machine_get_sid       (CrownEioMachine *self); /* (nullable) for a client that is opening */
gsize            crown_eio_machine_get_queued    (CrownEioMachine *self);

/* The session begins by polling or by websocket. A client that polls is @upgrading when it may go on to a websocket. */
void             crown_eio_machine_start         (CrownEioMachine *self, gboolean websocket, gboolean upgrading);
void             crown_eio_machine_send          (CrownEioMachine *self, CrownEioPacket *packet);
void             crown_eio_machine_close         (CrownEioMachine *self, const char *reason);
void             crown_eio_machine_on_timer      (CrownEioMachine *self);
/* A request that can carry: a GET that waits (server), a POST that was answered (client). FALSE: refuse it. */
gboolean         crown_eio_machine_on_carrier    (CrownEioMachine *self);
/* The request failed, or its line broke. */
void             crown_eio_machine_on_request_failed (CrownEioMachine *self);
/* A POST's body (server), a GET's answer (client). FALSE: it was not a payload, and the session is closed. */
gboolean         crown_eio_machine_on_payload    (CrownEioMachine *self, const char *data, gsize length);
/* FALSE: it must not come now; close it. */
gboolean         crown_eio_machine_on_websocket  (CrownEioMachine *self);
void             crown_eio_machine_on_websocket_text   (CrownEioMachine *self, const char *data, gsize length);
void             crown_eio_machine_on_websocket_binary (CrownEioMachine *self, GBytes *bytes);
void             crown_eio_machine_on_websocket_gone   (CrownEioMachine *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownEioMachine, crown_eio_machine_free)

G_END_DECLS
