/* sim-client.h: a person's dashboard: the real cache, outbox and machine, on a simulated network and disk
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "client/crown-cache-reader.h"
#include "client/crown-sync-machine.h"
#include "sim-disk.h"
#include "sim-history.h"
#include "sim-line.h"
#include "storage/crown-sqlite.h"

G_BEGIN_DECLS

struct _SimClient
{
  SimWorld         *world;
  guint             index;
  char             *folder;
  SimDisk          *disk;
  SimClock          clock;
  GRand            *rand;      /* of its network */
  GRand            *jitter;    /* of its backoff */
  SimNetwork        network;

  /* Of the process; NULL where it does not run. */
  CrownCache       *cache;
  CrownOutbox      *outbox;
  CrownSyncMachine *machine;
  CrownCacheReader *reader;
  CrownSqlite      *view;      /* what is on the disk */
  SimLine          *line;
  guint             life;      /* answers to a line or process that is gone are not heard */
  guint64           tick;      /* the tick that is due is this one */
  gboolean          wants;     /* a connection */
  gint64            asleep_until;

  GPtrArray        *writes;    /* (element-type SimWrite): all that were on the disk */
  struct _SimWrite *unsure;    /* (nullable): the process died with it: it is there or not */
  SimExpected       expected;
  gboolean          damaged;   /* its cache is, and it may not know yet */
  CrownPosition     highest;   /* that the disk ever said */
};

/* One change, from the moment that it was on the disk. */
typedef struct _SimWrite {
  char           *mutation_id;
  CrownEventType  type;
  gint64          row_id;
  char           *path;
  char           *member;    /* (nullable): what it sets, and to what */
  char           *value;
  gboolean        rejected;
  gboolean        present;   /* in the outbox, when something began to be withdrawn */
  gboolean        withdrawn;
  char           *confirmed; /* (nullable): the epoch in whose ledger the client saw it */
} SimWrite;

SimClient *sim_client_new     (SimWorld *world, guint index);
void       sim_client_free    (SimClient *self);
gboolean   sim_client_is_up   (SimClient *self);
void       sim_client_start   (SimClient *self);
void       sim_client_die     (SimClient *self);
/* After anything that may have written: notes that the process died, and sets its timer. */
void       sim_client_settle  (SimClient *self);
void       sim_client_want    (SimClient *self, gboolean wants);
void       sim_client_sleep   (SimClient *self, gint64 us);
/* The person changes something that is on screen. @second: by another process on the same files, which may not say so */
void       sim_client_edit    (SimClient *self, guint what, guint which, gboolean second);

/* The person makes a task or a meeting, which has a temporary id at first. */
void       sim_client_create  (SimClient *self, guint what, guint which);
/* The person takes a change back that may not have been sent. */
void       sim_client_withdraw (SimClient *self, guint which);
/* The row that it changes, by the id that it has by now. */
gint64     sim_client_row_of  (SimClient *self, const SimWrite *write);

/* Its process is killed and its cache damaged. */
void       sim_client_damage  (SimClient *self, guint how);
/* Its process is killed, and bits of its cache's file are not what they were. */
void       sim_client_flip    (SimClient *self, guint which);

/* sim-client-checks.c: what must always be, and what must be in the end */
void       sim_client_check     (SimClient *self);
void       sim_client_check_end (SimClient *self);

G_END_DECLS
