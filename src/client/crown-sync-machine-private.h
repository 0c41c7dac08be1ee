/* crown-sync-machine-private.h: what the machine's files share: the line, uploads, and what is read again
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-cache-validator.h"
#include "crown-event-buffer.h"
#include "crown-sync-machine.h"

G_BEGIN_DECLS

/* What happens to the line. Which state follows stands in the table of crown-sync-machine.c. */
typedef enum {
  CROWN_SYNC_CONNECT,    /* the person wants a connection */
  CROWN_SYNC_DISCONNECT, /* the person wants none */
  CROWN_SYNC_OPENED,     /* all four namespaces are connected */
  CROWN_SYNC_JOINED,     /* all four have joined */
  CROWN_SYNC_MORE,       /* a page of the replay was applied, and there is more */
  CROWN_SYNC_CURRENT,    /* the last page was applied */
  CROWN_SYNC_TOO_OLD,    /* nothing leads from this position to the server's */
  CROWN_SYNC_LOADED,     /* the snapshot is in the cache */
  CROWN_SYNC_GAP,        /* an event is missing, and did not come */
  CROWN_SYNC_LOST,       /* the line is gone */
  CROWN_SYNC_REFUSED,    /* the server does not want this token, or nobody of it in this workspace */
  CROWN_SYNC_DUE,        /* the state has lasted as long as it may */
  CROWN_SYNC_WAKE,       /* now it may work: the network changed, or the person says so */
  CROWN_SYNC_RESUME,     /* the computer slept */
  CROWN_SYNC_N_INPUTS,
} CrownSyncInput;

typedef enum {
  CROWN_SYNC_TIMER_STATE, /* the state has lasted as long as it may */
  CROWN_SYNC_TIMER_APPLY, /* what has arrived together is applied together */
  CROWN_SYNC_TIMER_GAP,   /* so long an event may be missing */
  CROWN_SYNC_TIMER_SEND,  /* writes that failed are tried again */
  CROWN_SYNC_TIMER_ROWS,  /* rows that were not there are asked for again */
  CROWN_SYNC_TIMER_IDLE,  /* nothing has come for a while: what can wait is done */
  CROWN_SYNC_N_TIMERS,
} CrownSyncTimer;

typedef struct _CrownSyncPending CrownSyncPending;
typedef void (*CrownSyncAnswerFunc) (CrownSyncMachine *self, CrownSyncPending *pending, const CrownSyncAnswer *answer);

/* A request under way, and what its answer is for. */
struct _CrownSyncPending
{
  CrownSyncAnswerFunc  func;
  CrownOutboxEntry    *entry;   /* (nullable): of a write */
  CrownStore           store;   /* of what is read again */
  gint64               id;      /* of a row; 0: of a part of the store */
  guint                bucket;  /* that part */
  guint64              touched; /* the last event that changed that row since it was asked for */
  guint                attempt; /* of a row that may be missing */
};

/* A row that was read again and is of a later position than the cache: it is put there when that is reached. */
typedef struct {
  CrownStore  store;
  gint64      id;
  guint64     sequence;
  JsonObject *row;     /* (nullable): it is gone */
} CrownSyncHeld;

/* A row that the server does not know, and is asked for again: one that is asked may be behind another. */
typedef struct {
  CrownStore  store;
  gint64      id;
  guint       attempt;
  gint64      due;     /* monotonic */
} CrownSyncMissing;

struct _CrownSyncMachine
{
  CrownCache            *cache;
  CrownOutbox           *outbox;
  gint64                 workspace_id;
  gint64                 user_id;
  const CrownSyncDriver *driver;
  gpointer               user_data;
  const CrownClock      *clock;
  CrownRandomFunc        random;
  gpointer               random_data;

  CrownClientState       state;
  gint64                 due[CROWN_SYNC_N_TIMERS]; /* monotonic; G_MAXINT64: it does not run */
  guint                  attempt;     /* of connecting, for the backoff */
  guint                  fruitless;   /* pages and snapshots in a row that brought nothing new */
  guint                  disagreements; /* idle syncs in a row that found other digests */
  CrownPosition          position;    /* as the cache has it */

  /* Of the line. */
  guint                  opened;      /* CrownNamespaces */
  guint                  joined;      /* CrownNamespaces */
  char                   epoch[37];   /* the server's, as its answer to the join says; "" before */
  guint64                replay_from; /* where this line began … */
  guint64                replay_until; /* … and what the server had then; 0: not known */
  gboolean               replay_asked;
  gboolean               dropped;     /* an event found no room in the buffer */
  CrownEventBuffer      *workspace;
  CrownEventBuffer      *user;

  GHashTable            *pending;     /* id of a request → CrownSyncPending */
  guint                  last_request;
  GHashTable            *in_flight;   /* set of ids of outbox entries */
  GHashTable            *waiting;     /* id of an outbox entry → monotonic time before which it is not tried again */
  GArray                *held;        /* CrownSyncHeld */
  GArray                *missing;     /* CrownSyncMissing */
  gboolean               counted;     /* the rows, in this life */
  CrownCacheValidator   *validator;   /* (nullable): not needed yet */
};

/* crown-sync-machine.c */
void              crown_sync_machine_step          (CrownSyncMachine *self, CrownSyncInput input);
/* The line is of no use any more: it is given up, and made anew later. @detail: (nullable) */
void              crown_sync_machine_fail          (CrownSyncMachine *self, CrownFailureKind kind, const char *detail);
/* Says what an answer that is not the wanted one is, and gives the line up where nothing more can be had over it.
 * @outcome: what is done about it where the line goes on */
void              crown_sync_machine_answer_failed (CrownSyncMachine *self, const CrownSyncAnswer *answer,
                                                    CrownFailureOutcome outcome, const char *what);
/* @detail: (out) (nullable) (transfer full) */
CrownFailureKind  crown_sync_answer_get_failure    (const CrownSyncAnswer *answer, char **detail);
void              crown_sync_machine_note          (CrownSyncMachine *self, CrownFailureKind kind, CrownFailureOutcome outcome,
                                                    const char *what, const char *mutation_id, const char *detail);
/* @us: from now on; negative: not at all */
void              crown_sync_machine_set_timer     (CrownSyncMachine *self, CrownSyncTimer timer, gint64 us);
/* @key, @body: (nullable). Returns: (transfer none): to be filled in */
CrownSyncPending *crown_sync_machine_request       (CrownSyncMachine *self, const char *method, const char *path,
                                                    const char *key, GBytes *body, CrownSyncAnswerFunc func);
void              crown_sync_machine_changed       (CrownSyncMachine *self, const CrownChangeSet *changes);

/* crown-sync-uploads.c */
void              crown_sync_machine_send          (CrownSyncMachine *self);
void              crown_sync_machine_count_pending (CrownSyncMachine *self);
/* What the position covers is released from the outbox, though no event said so: it came with a snapshot, or a crash was in
 * between. What another ledger answered is to be sent again. */
void              crown_sync_machine_settle        (CrownSyncMachine *self);

/* crown-sync-repair.c */
void              crown_sync_machine_take_snapshot (CrownSyncMachine *self);
/* Has the rows read again that the cache found wrong. */
void              crown_sync_machine_repair        (CrownSyncMachine *self);
/* A write was refused because its row is not as it was thought to be. */
void              crown_sync_machine_doubt         (CrownSyncMachine *self, CrownStore store, gint64 id);
/* Asks for the rows again that were missing and are due. */
void              crown_sync_machine_ask_again     (CrownSyncMachine *self);
void              crown_sync_machine_note_touched  (CrownSyncMachine *self, const CrownChangeSet *changes, guint64 sequence);
/* The lowest sequence that a held row waits for; G_MAXUINT64: none does. */
guint64           crown_sync_machine_next_held     (CrownSyncMachine *self);
gboolean          crown_sync_machine_put_held      (CrownSyncMachine *self, GError **error);
void              crown_sync_machine_drop_held     (CrownSyncMachine *self);
gboolean          crown_sync_machine_is_repairing  (CrownSyncMachine *self);
void              crown_sync_machine_compare       (CrownSyncMachine *self, const CrownEnvelope *envelope);

G_END_DECLS
