/* crown-sync-engine-private.h: what the engine's files share: the line (crown-sync-engine.c) and REST (crown-sync-rest.c)
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-cache.h"
#include "crown-event-buffer.h"
#include "crown-sync-engine.h"
#include "socketio/crown-sio-client.h"

G_BEGIN_DECLS

struct _CrownSyncEngine
{
  /* Set once. */
  char              *folder;
  gint64             workspace_id;
  gint64             user_id;
  CrownEngineFunc    func;
  gpointer           user_data;
  GMainContext      *owner_context;
  GMainContext      *context;
  GMainLoop         *loop;
  GThread           *thread;

  /* Under the lock. */
  GMutex             lock;
  CrownEngineReport *report;
  GSource           *report_source; /* (nullable): scheduled */
  gboolean           stopping;

  /* Of the engine's thread. */
  CrownClientState   state;
  char              *url;           /* (nullable) */
  char              *token;
  CrownCache        *cache;         /* (nullable): could not be opened */
  CrownOutbox       *outbox;
  CrownPosition      position;      /* as the cache has it */
  CrownSioClient    *sio;           /* (nullable) */
  guint              connected;     /* CrownNamespaces */
  guint              joined;        /* CrownNamespaces */
  char               epoch[37];     /* the server's, as its answer to the join says; "" before */
  gboolean           replay_asked;
  guint              stuck_pages;
  guint              attempt;       /* of connecting, for the backoff */
  CrownEventBuffer  *workspace;
  CrownEventBuffer  *user;
  GSource           *answer_timer;
  GSource           *backoff_timer;
  GSource           *gap_timer;
  GSource           *apply_source;
  GSource           *send_timer;    /* a write that failed is tried again */
  guint              send_attempt;
  SoupSession       *soup;
  GCancellable      *cancellable;   /* of everything */
  GCancellable      *line_cancellable; /* of what a lost line makes pointless */
  guint              n_requests;
  GHashTable        *in_flight;     /* set of outbox entry ids */
};

/* crown-sync-engine.c */
void crown_sync_engine_invoke          (CrownSyncEngine *self, GSourceFunc func, gpointer data, GDestroyNotify destroy);
void crown_sync_engine_start_timer     (CrownSyncEngine *self, GSource **timer, guint milliseconds, GSourceFunc func);
void crown_sync_engine_report_changes  (CrownSyncEngine *self, const CrownChangeSet *changes, gboolean made_here);
void crown_sync_engine_report_rejected (CrownSyncEngine *self, const char *what, const char *message);
void crown_sync_engine_report_pending  (CrownSyncEngine *self, guint pending);
void crown_sync_engine_fail            (CrownSyncEngine *self, const char *reason);
/* asks for what comes after the position; the state is REPLAYING until it is there */
void crown_sync_engine_replay          (CrownSyncEngine *self);
/* The position has moved without each event: what it covers is released from the outbox. */
void crown_sync_engine_settle          (CrownSyncEngine *self);
void crown_sync_engine_set_snapshotting (CrownSyncEngine *self);

/* crown-sync-rest.c */
void crown_sync_engine_count_pending   (CrownSyncEngine *self);
void crown_sync_engine_send            (CrownSyncEngine *self);
void crown_sync_engine_repair          (CrownSyncEngine *self);
void crown_sync_engine_take_snapshot   (CrownSyncEngine *self);

G_END_DECLS
