/* crown-outbox.h: what the person did and the server has not confirmed (outbox.db, synchronous=FULL)
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

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
} CrownOutboxEntry;

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
/* Durable when it returns; fills entry->id and, if NULL, entry->mutation_id. */
gboolean     crown_outbox_add     (CrownOutbox *self, CrownOutboxEntry *entry, GError **error);
/* All entries in order; (element-type CrownOutboxEntry) (transfer full), with the free function set */
GPtrArray   *crown_outbox_list    (CrownOutbox *self, GError **error);
/* @epoch, @sequence: where the event that confirms it is */
gboolean     crown_outbox_mark_sent (CrownOutbox *self, gint64 id, const char *epoch, guint64 sequence, GError **error);
gboolean     crown_outbox_settle  (CrownOutbox *self, const char *epoch, guint64 sequence, guint *n_settled, GError **error);
gboolean     crown_outbox_count_attempt (CrownOutbox *self, gint64 id, GError **error);
gboolean     crown_outbox_remove  (CrownOutbox *self, gint64 id, GError **error);
/* Removes the entries confirmed by these mutation_ids. @n_removed (out) (nullable) */
gboolean     crown_outbox_release (CrownOutbox *self, GPtrArray *mutation_ids, guint *n_removed, GError **error);

G_END_DECLS
