/* sim-line.h: what stands between a client and the server, in the place of src/socketio
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "sim-world.h"
#include "core/crown-event-catalogue.h"
#include "socketio/crown-sio-server.h"

G_BEGIN_DECLS

/* What a network does to a client's line and requests, each until its moment. */
typedef struct {
  gint64 cut_until;       /* nothing gets through, and what was open is lost */
  gint64 silent_until;    /* nothing gets through, and nobody is told */
  gint64 slow_until;      /* seconds instead of milliseconds */
  gint64 twice_until;     /* messages come again */
  gint64 mixed_until;     /* messages overtake one another */
  gint64 holes_until;     /* messages are lost though the line stands */
  gint64 unanswered_until; /* requests are done, and their answers lost */
  gint64 busy_until;      /* requests are answered 503 */
} SimNetwork;

/* One connection; it is what the server's four sockets share. Reference counted. */
typedef struct {
  SimClient      *client;    /* (nullable): it does not listen any more */
  SimServer      *server;
  CrownSioSocket *sockets[CROWN_N_NAMESPACES]; /* (nullable) */
  gboolean        open;      /* at the server */
  guint           queued;    /* messages on their way to the client */
  gint64          last_down; /* when the last one will be there: a line keeps order */
  gint64          last_up;
} SimLine;

typedef struct {
  void (*event)   (SimClient *client, const char *nsp, const char *name, JsonArray *args);
  void (*lost)    (SimClient *client, const char *reason);
} SimLineFuncs;

extern const SimLineFuncs sim_client_line_funcs;

SimLine        *sim_line_open        (SimClient *client);
/* The client closes it and hears nothing more. Gives its reference up. */
void            sim_line_close       (SimLine *self);
/* The network breaks it: both sides are told. */
void            sim_line_break       (SimLine *self, const char *reason);
void            sim_line_emit        (SimLine *self, const char *nsp, const char *name, JsonObject *argument);
/* At the server: it is gone without a word, as the process is. */
void            sim_line_abandon     (SimLine *self);
void            sim_line_unref       (SimLine *self);
gint64          sim_network_latency  (SimWorld *world, const SimNetwork *network, GRand *rand);

CrownSioServer *sim_sio_server_new   (void);

G_END_DECLS
