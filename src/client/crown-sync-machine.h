/* crown-sync-machine.h: what the client does when: connecting, joining, replaying, applying, sending
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "core/crown-backoff.h"
#include "core/crown-clock.h"
#include "crown-cache.h"
#include "crown-client.h"
#include "crown-error-handler.h"
#include "crown-outbox.h"

G_BEGIN_DECLS

/**
 * CrownSyncRequest:
 * @id: comes back with the answer
 * @path: below /api/v1/workspaces/{w}
 * @key: (nullable): the Idempotency-Key
 * @body: (nullable): JSON
 *
 * A request that the machine wants to be made.
 */
typedef struct {
  guint       id;
  const char *method;
  const char *path;
  const char *key;
  GBytes     *body;
} CrownSyncRequest;

/**
 * CrownSyncAnswer:
 * @status: of HTTP; 0: no answer came
 * @sequence: X-Crown-Sequence; 0: there was none
 * @retry_after_ms: how long the server wants to be left alone; 0: it does not say
 * @body: (nullable)
 * @failure: why no answer came; %CROWN_FAILURE_NONE: nobody knows
 * @message: (nullable): the same for people
 */
typedef struct {
  guint       status;
  guint64     sequence;
  guint       retry_after_ms;
  GBytes     *body;
  CrownFailureKind failure;
  const char *message;
} CrownSyncAnswer;

/**
 * CrownSyncDriver:
 * @open: connects the four namespaces, each with the token
 * @close: gives the line up, and the requests that are under way: nothing of them is told any more
 * @emit: sends a Socket.IO event
 * @request: makes a request; answered by crown_sync_machine_answered(), not before @request has returned
 * @state_changed: the state is another
 * @changed: rows changed, by events or by what is in the outbox; @made_here: by this process
 * @pending: so many entries are in the outbox
 * @failed: @what went wrong, and what is done about it; @mutation_id: (nullable): of the write that it was; @detail: (nullable)
 *
 * What the machine has done for it. All functions are called on the machine's thread; none may call the machine.
 */
typedef struct {
  void (*open)          (gpointer user_data);
  void (*close)         (gpointer user_data);
  void (*emit)          (const char *nsp, const char *name, JsonObject *argument, gpointer user_data);
  void (*request)       (const CrownSyncRequest *request, gpointer user_data);
  void (*state_changed) (CrownClientState state, gpointer user_data);
  void (*changed)       (const CrownChangeSet *changes, gboolean made_here, gpointer user_data);
  void (*pending)       (guint n, gpointer user_data);
  void (*failed)        (CrownFailureKind kind, CrownFailureOutcome outcome, const char *what, const char *mutation_id,
                         const char *detail, gpointer user_data);
} CrownSyncDriver;

/* No network, no thread, no timer and no clock of its own: the same inputs make the same outputs. It writes the two files
 * of its client, and nothing else. */
typedef struct _CrownSyncMachine CrownSyncMachine;

/* @cache, @outbox: (transfer none): outlive the machine. @clock, @random: (nullable): the system's */
CrownSyncMachine *crown_sync_machine_new       (CrownCache            *cache,
                                                CrownOutbox           *outbox,
                                                gint64                 workspace_id,
                                                gint64                 user_id,
                                                const CrownSyncDriver *driver,
                                                gpointer               user_data,
                                                const CrownClock      *clock,
                                                CrownRandomFunc        random,
                                                gpointer               random_data);
void              crown_sync_machine_free      (CrownSyncMachine      *self);
CrownClientState  crown_sync_machine_get_state (CrownSyncMachine      *self);
/* How far catching up is, in events. FALSE: it does not catch up, or does not know how far it is. */
gboolean          crown_sync_machine_get_progress (CrownSyncMachine   *self,
                                                   guint64            *done,
                                                   guint64            *total);
/* Events that came before their turn, of both streams */
guint             crown_sync_machine_get_n_buffered (CrownSyncMachine *self);

/* When crown_sync_machine_tick() has to be called, in microseconds of the monotonic clock; G_MAXINT64: not at all. Has to
 * be asked for again after each call of another function. */
gint64            crown_sync_machine_get_due   (CrownSyncMachine      *self);
void              crown_sync_machine_tick      (CrownSyncMachine      *self);

/* What the person wants: a connection, none, to try again now. */
void              crown_sync_machine_connect    (CrownSyncMachine      *self);
void              crown_sync_machine_disconnect (CrownSyncMachine      *self);
void              crown_sync_machine_wake       (CrownSyncMachine      *self);
/* The computer slept: whatever line there was is not to be trusted. */
void              crown_sync_machine_resume     (CrownSyncMachine      *self);

/* What the line brought. */
void              crown_sync_machine_opened     (CrownSyncMachine      *self,
                                                 const char            *nsp);
/* A namespace is not to be had: it is tried again later, or not until the person says so. */
void              crown_sync_machine_refused    (CrownSyncMachine      *self,
                                                 CrownFailureKind       kind,
                                                 const char            *message);
void              crown_sync_machine_event      (CrownSyncMachine      *self,
                                                 const char            *nsp,
                                                 const char            *name,
                                                 JsonArray             *args);
void              crown_sync_machine_lost       (CrownSyncMachine      *self,
                                                 CrownFailureKind       kind,
                                                 const char            *reason);
void              crown_sync_machine_answered   (CrownSyncMachine      *self,
                                                 guint                  id,
                                                 const CrownSyncAnswer *answer);

/* A write: on the disk when it returns %TRUE. @entry gets its id and mutation_id. */
gboolean          crown_sync_machine_write      (CrownSyncMachine      *self,
                                                 CrownOutboxEntry      *entry,
                                                 GError               **error);
/* The person takes a write back that was not sent; with @tried also one that was, and that the server may have done. */
gboolean          crown_sync_machine_withdraw   (CrownSyncMachine      *self,
                                                 const char            *mutation_id,
                                                 gboolean               tried,
                                                 GError               **error);
/* A write that was rejected is sent once more; what waits is sent now. */
gboolean          crown_sync_machine_retry      (CrownSyncMachine      *self,
                                                 const char            *mutation_id,
                                                 GError               **error);
/* Rows that could not be shown: they are read again. @n_damaged: of them, because their bytes are damaged */
void              crown_sync_machine_miss       (CrownSyncMachine      *self,
                                                 const CrownChangeSet  *missing,
                                                 guint                  n_damaged);
/* Another process has put something into the outbox. */
void              crown_sync_machine_look       (CrownSyncMachine      *self);

/* The JSON object that a server answered with. @body: (nullable). (transfer full) */
JsonObject       *crown_sync_object_of          (GBytes                *body,
                                                 GError               **error);
/* What a failure is that it answered with, by problem+json where it is that. @body: (nullable); @detail: (out) (optional)
 * (nullable) (transfer full): its words */
CrownFailureKind  crown_sync_failure_of         (guint                  status,
                                                 GBytes                *body,
                                                 char                 **detail);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownSyncMachine, crown_sync_machine_free)

G_END_DECLS
