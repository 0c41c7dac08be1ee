/* crown-sync-machine.h: what the client does when: connecting, joining, replaying, applying, sending
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "core/crown-backoff.h"
#include "core/crown-clock.h"
#include "crown-cache.h"
#include "crown-client.h"
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
 * @message: (nullable): why no answer came
 */
typedef struct {
  guint       status;
  guint64     sequence;
  guint       retry_after_ms;
  GBytes     *body;
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
 * @rejected: @what was refused for good, and why; @mutation_id: (nullable): of the write that it was
 * @trouble: something keeps going wrong; for people
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
  void (*rejected)      (const char *what, const char *mutation_id, const char *message, gpointer user_data);
  void (*trouble)       (const char *message, gpointer user_data);
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
void              crown_sync_machine_refused    (CrownSyncMachine      *self,
                                                 const char            *message);
void              crown_sync_machine_event      (CrownSyncMachine      *self,
                                                 const char            *nsp,
                                                 const char            *name,
                                                 JsonArray             *args);
void              crown_sync_machine_lost       (CrownSyncMachine      *self,
                                                 const char            *reason);
void              crown_sync_machine_answered   (CrownSyncMachine      *self,
                                                 guint                  id,
                                                 const CrownSyncAnswer *answer);

/* A write: on the disk when it returns %TRUE. @entry gets its id and mutation_id. */
gboolean          crown_sync_machine_write      (CrownSyncMachine      *self,
                                                 CrownOutboxEntry      *entry,
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
/* What it said of a failure, for people: problem+json where it is that. @body: (nullable). (transfer full) */
char             *crown_sync_problem_of         (guint                  status,
                                                 GBytes                *body);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownSyncMachine, crown_sync_machine_free)

G_END_DECLS
