/* crown-sync-engine-private.h: what the engine's files share: the thread (crown-sync-engine.c) and its network
 * (crown-sync-network.c)
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-local-stream.h"
#include "crown-suspend-watch.h"
#include "crown-sync-engine.h"
#include "crown-sync-machine.h"
#include "socketio/crown-sio-client.h"

G_BEGIN_DECLS

struct _CrownSyncEngine
{
  /* Set once. */
  char              *folder;
  gint64             workspace_id;
  gint64             user_id;
  CrownErrorHandler *errors;
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
  CrownCache        *cache;         /* (nullable): could not be opened */
  CrownOutbox       *outbox;        /* (nullable) */
  CrownLocalStream  *local;         /* (nullable): not needed yet */
  CrownSyncMachine  *machine;       /* (nullable) */
  GSource           *timer;         /* the machine's */
  GSource           *keep_source;   /* looks after the files */
  GSource           *mend_source;   /* (nullable): a file is to be opened anew */
  guint              n_mended;      /* files that were found damaged */
  CrownSuspendWatch *suspend_watch;
  char              *url;           /* (nullable) */
  char              *token;
  CrownSioClient    *sio;           /* (nullable) */
  GSource           *lost_source;   /* (nullable): the line has ended, and the machine is not told yet */
  char              *lost_reason;
  gboolean           opened;        /* this line came to a namespace */
  gboolean           may_poll;      /* the last line by websocket alone did not */
  SoupSession       *soup;          /* (nullable) */
  GCancellable      *cancellable;   /* of everything */
  GCancellable      *line_cancellable; /* (nullable): of what a lost line makes pointless */
  guint              n_requests;
  gint64             lost_at;       /* monotonic; 0: the line is there */
  gint64             arrived_at;    /* monotonic, of the first event that nothing was reported of yet; 0: none */
  char              *timed;         /* (nullable): mutation_id of a write whose event is waited for */
  gint64             timed_at;      /* monotonic */
  gboolean           timed_arrived; /* its event is there */
};

/* crown-sync-engine.c */
void crown_sync_engine_invoke       (CrownSyncEngine *self, GSourceFunc func, gpointer data, GDestroyNotify destroy);
/* An event has come, and the machine is not told yet. */
void crown_sync_engine_time_event   (CrownSyncEngine *self, JsonArray *args);
/* After each call into the machine. */
void crown_sync_engine_set_timer    (CrownSyncEngine *self);
/* Keeps what happened, and has the person told where that is news. @detail: (nullable) */
void crown_sync_engine_note         (CrownSyncEngine *self, CrownFailureKind kind, CrownFailureOutcome outcome, const char *what,
                                     const char *detail);

/* crown-sync-network.c */
void crown_sync_network_open        (gpointer engine);
void crown_sync_network_close       (gpointer engine);
void crown_sync_network_emit        (const char *nsp, const char *name, JsonObject *argument, gpointer engine);
void crown_sync_network_request     (const CrownSyncRequest *request, gpointer engine);
/* Nothing is left of it when it returns. */
void crown_sync_network_stop        (CrownSyncEngine *self);

G_END_DECLS
