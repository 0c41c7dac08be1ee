/* sim-server.h: the real server's parts, without their network
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "server/crown-authenticator.h"
#include "server/crown-event-broadcaster.h"
#include "server/crown-event-sequencer.h"
#include "sim-disk.h"
#include "sim-line.h"

G_BEGIN_DECLS

struct _SimServer
{
  SimWorld              *world;
  char                  *folder;
  char                  *path;      /* of the ledger */
  SimDisk               *disk;
  SimClock               clock;
  GRand                 *rand;
  CrownEventLedger      *ledger;    /* (nullable): it is not running; and so on */
  CrownEventSequencer   *sequencer;
  CrownAuthenticator    *authenticator;
  CrownEventBroadcaster *broadcaster;
  CrownSioServer        *sio;
  GPtrArray             *lines;     /* (element-type SimLine) */
  GPtrArray             *waiting;   /* answers that wait for their commit */
  gboolean               flush_due;
  gboolean               has_backup;
  gint64                 workspace_id;
  gint64                 user_id;   /* of all clients */
  gint64                 other_id;  /* somebody else */
  char                  *token;
  char                  *auth;      /* JSON */
};

typedef struct {
  guint    status;
  guint64  sequence;
  char    *body;
} SimAnswer;

/* Not called at all where the server dies first. */
typedef void (*SimAnswerFunc) (const SimAnswer *answer, gpointer user_data);

SimServer *sim_server_new     (SimWorld *world);
void       sim_server_free    (SimServer *self);
gboolean   sim_server_is_up   (SimServer *self);
void       sim_server_start   (SimServer *self);
/* @graceful: what waits is committed, and everybody told */
void       sim_server_stop    (SimServer *self, gboolean graceful);
/* After anything that may have written: notes that it died. */
void       sim_server_settle  (SimServer *self);
void       sim_server_add_line (SimServer *self, SimLine *line);
/* @user_id: who asks. @path: below /api/v1/workspaces/{w} */
void       sim_server_request (SimServer *self, gint64 user_id, const char *method, const char *path, const char *key,
                               const char *body, SimAnswerFunc func, gpointer user_data, GDestroyNotify destroy);
/* The clients' user gets a reminder, in a stream of the user's own. */
void       sim_server_remind  (SimServer *self, guint what);
void       sim_server_idle_sync (SimServer *self);
void       sim_server_retain  (SimServer *self, guint keep_events);
void       sim_server_back_up (SimServer *self);
/* The backup takes the ledger's place. */
void       sim_server_restore (SimServer *self);

G_END_DECLS
