/* crown-sync-engine.h: the thread that follows the server, writes the cache and sends the outbox
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-client.h"
#include "crown-error-handler.h"
#include "crown-outbox.h"

G_BEGIN_DECLS

/* What the engine has to tell, collected until its owner takes it. */
typedef struct {
  CrownClientState  state;
  gint64            offline_since; /* unix µs; 0: live */
  guint             pending;       /* entries in the outbox */
  guint             buffered;      /* events that came before their turn */
  guint64           caught_up;     /* events of to_catch_up that are applied */
  guint64           to_catch_up;   /* 0: it does not catch up, or the number is not known */
  CrownChangeSet   *changed;       /* (nullable) rows or overlays to be read again */
  CrownChangeSet   *made;          /* (nullable) of these, what this process did itself */
  gint64            arrived_at;    /* monotonic, of the first event in changed; 0: not measured */
  gint64            written_at;    /* monotonic, of a write whose event is in changed; 0: not measured */
  GPtrArray        *rejected;      /* (nullable) (element-type utf8): what and message, in turn */
  guint             n_failures;    /* that were noted, ever */
  char             *problem;       /* (nullable): what a person has to do something about */
} CrownEngineReport;

void crown_engine_report_free (CrownEngineReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownEngineReport, crown_engine_report_free)

/* In the main context that was the thread's default when the engine was made; at most once a turn of it. */
typedef void (*CrownEngineFunc) (CrownEngineReport *report, gpointer user_data);

typedef struct _CrownSyncEngine CrownSyncEngine;

/* Starts the thread. @folder has cache.db and outbox.db. All other functions only post to the thread. */
CrownSyncEngine *crown_sync_engine_new        (const char *folder, gint64 workspace_id, gint64 user_id,
                                               CrownErrorHandler *errors, CrownEngineFunc func, gpointer user_data);
/* Aborts what is pending, joins the thread; nothing is reported any more. */
void             crown_sync_engine_stop       (CrownSyncEngine *self);
void             crown_sync_engine_connect    (CrownSyncEngine *self, const char *url, const char *token);
void             crown_sync_engine_disconnect (CrownSyncEngine *self);
/* Ends a backing off now. */
void             crown_sync_engine_retry      (CrownSyncEngine *self);
/* Another process put something into the outbox. */
void             crown_sync_engine_look       (CrownSyncEngine *self, const CrownChangeSet *changes);
/* Rows that a reader could not give. @missing: (transfer full) */
void             crown_sync_engine_miss       (CrownSyncEngine *self, CrownChangeSet *missing, guint n_damaged);
/* A reader found the cache damaged: it is looked at as a whole, and set aside if that is so. */
void             crown_sync_engine_check      (CrownSyncEngine *self);
/* @entry (transfer full). The task returns the entry, with its ids, when it is on the disk. */
void             crown_sync_engine_write      (CrownSyncEngine *self, CrownOutboxEntry *entry, GTask *task);
/* What becomes of a write that is in the outbox. The task returns a boolean. */
typedef enum { CROWN_ENGINE_WITHDRAW, CROWN_ENGINE_DISCARD, CROWN_ENGINE_RETRY } CrownEngineWish;
void             crown_sync_engine_change_write (CrownSyncEngine *self, CrownEngineWish wish, const char *mutation_id, GTask *task);
/* The task returns a GPtrArray of CrownOutboxEntry. */
void             crown_sync_engine_list_writes (CrownSyncEngine *self, GTask *task);
/* These rows were shown: they are the last to make room. */
void             crown_sync_engine_touch      (CrownSyncEngine *self, const CrownChangeSet *shown);
/* An event of the local stream: FILTER_APPLY. @data: (transfer full) */
void             crown_sync_engine_emit_local (CrownSyncEngine *self, CrownEventType type, JsonObject *data);
/* The task returns the new meeting's id as an int. @name: of the file */
void             crown_sync_engine_import     (CrownSyncEngine *self, GBytes *content, const char *name, GTask *task);
/* The task returns a JsonArray. */
void             crown_sync_engine_fetch_transcript (CrownSyncEngine *self, gint64 session_id, GTask *task);

G_END_DECLS
