/* crown-outbox.h: what the person did and the server has not confirmed (outbox.db, synchronous=FULL)
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "core/crown-change-set.h"
#include "core/crown-clock.h"
#include "core/crown-event-catalogue.h"

G_BEGIN_DECLS

/* One write. `overlay` is what crown_event_apply_row() is given as data, with `effect`, to draw it before it is confirmed. */
typedef struct {
  gint64          id;           /* order of what was done */
  char           *mutation_id;  /* the Idempotency-Key, a UUID */
  CrownEventType  type;         /* the event that will confirm it: its catalogue entry says how the overlay applies */
  gint64          row_id;
  char           *method;       /* "PATCH" */
  char           *path;         /* below /api/v1/workspaces/{w}: "/tasks/12" */
  JsonObject     *body;         /* (nullable) */
  JsonObject     *overlay;      /* payload as of that event */
  guint           attempts;
  gboolean        sent;         /* answered 2xx; waits for its event */
  guint64         sequence;     /* X-Crown-Sequence of the answer; 0 before */
  gint64          created_us;   /* real time; 0: when it is added */
  char           *rejected;     /* (nullable): why the server will not have it; it is neither drawn nor sent any more */
} CrownOutboxEntry;

/* So many that were rejected are kept, for a person to look at. */
#define CROWN_OUTBOX_REJECTED_KEPT 100

typedef enum {
  CROWN_WRITE_WAITING,  /* never sent: crown_outbox_withdraw() undoes it without a trace */
  CROWN_WRITE_TRIED,    /* sent, and not answered: the server may have done it */
  CROWN_WRITE_ANSWERED, /* done; its event is on its way */
  CROWN_WRITE_REJECTED,
} CrownWriteState;

CrownWriteState   crown_outbox_entry_get_state (const CrownOutboxEntry *entry);
/* It is made on a row that the server does not know yet: it cannot be sent before that has its id. */
gboolean          crown_outbox_entry_is_early  (const CrownOutboxEntry *entry);

/* Rows that are made, drawn as the server will make them of @fields. (transfer full) */
CrownOutboxEntry *crown_outbox_entry_new_task    (JsonObject *fields, const CrownClock *clock);
CrownOutboxEntry *crown_outbox_entry_new_meeting (JsonObject *fields, const CrownClock *clock);
CrownOutboxEntry *crown_outbox_entry_copy (const CrownOutboxEntry *entry); /* (transfer full) */
void              crown_outbox_entry_free (CrownOutboxEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownOutboxEntry, crown_outbox_entry_free)

/* A connection to outbox.db; each thread has its own. WAL, so several processes may. */
typedef struct _CrownOutbox CrownOutbox;
CrownOutbox *crown_outbox_open    (const char *path, GError **error);
void         crown_outbox_close   (CrownOutbox *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownOutbox, crown_outbox_close)
/* The copy of the day: crown_backup_keep(). */
gboolean     crown_outbox_keep    (CrownOutbox *self, const CrownClock *clock, GError **error);
/* Whether it has to be opened anew: it was found damaged, or another process has found that and made a fresh one. */
gboolean     crown_outbox_is_damaged (CrownOutbox *self);
/* Durable when it returns; fills entry->id and, if NULL, entry->mutation_id. A row that is made gets a temporary id, below 0,
 * in entry->row_id and in the overlay; what is changed of such a row follows it when it has got its own in the meantime. */
gboolean     crown_outbox_add     (CrownOutbox *self, CrownOutboxEntry *entry, GError **error);
/* All entries that are to be sent or confirmed, in order; (element-type CrownOutboxEntry) (transfer full), with the free function set */
GPtrArray   *crown_outbox_list    (CrownOutbox *self, GError **error);
/* Likewise, with those that were rejected. */
GPtrArray   *crown_outbox_list_all (CrownOutbox *self, GError **error);
/* @epoch, @sequence: where the event that confirms it is */
gboolean     crown_outbox_mark_sent (CrownOutbox *self, gint64 id, const char *epoch, guint64 sequence, GError **error);
gboolean     crown_outbox_settle  (CrownOutbox *self, const char *epoch, guint64 sequence, guint *n_settled, GError **error);
/* Before it is sent: from then on it cannot be withdrawn. FALSE without an error: it was withdrawn already. */
gboolean     crown_outbox_claim   (CrownOutbox *self, gint64 id, GError **error);
/* The row that @mutation_id made by @type is @id: in all entries, and for whoever asks for it by its temporary id.
 * @changes: what looks different now is added */
gboolean     crown_outbox_name    (CrownOutbox *self, const char *mutation_id, CrownEventType type, gint64 id,
                                   CrownChangeSet *changes, GError **error);
/* Takes an entry back that the server refused, and with it what was done to the row that it made.
 * @taken: (element-type CrownOutboxEntry): those are added */
gboolean     crown_outbox_reject  (CrownOutbox *self, gint64 id, const char *reason, GPtrArray *taken, GError **error);
/* The same by the person, before it was sent; with @tried also after that, though the server may have done it. */
gboolean     crown_outbox_withdraw (CrownOutbox *self, const char *mutation_id, gboolean tried, GPtrArray *taken, GError **error);
/* Sends an entry that was rejected once more, as a new one. */
gboolean     crown_outbox_retry   (CrownOutbox *self, const char *mutation_id, GError **error);
gboolean     crown_outbox_remove  (CrownOutbox *self, gint64 id, GError **error);
/* Removes the entries confirmed by these mutation_ids. @n_removed (out) (nullable) */
gboolean     crown_outbox_release (CrownOutbox *self, GPtrArray *mutation_ids, guint *n_removed, GError **error);

G_END_DECLS
