/* crown-event-sequencer.h: gives every event its place
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "core/crown-clock.h"
#include "crown-event-ledger.h"
#include "crown-metrics.h"

G_BEGIN_DECLS

#define CROWN_TYPE_EVENT_SEQUENCER (crown_event_sequencer_get_type ())
G_DECLARE_FINAL_TYPE (CrownEventSequencer, crown_event_sequencer, CROWN, EVENT_SEQUENCER, GObject)

/* One write: a transaction in which events are emitted. It ends with a commit or is rolled back. */
typedef struct _CrownEventWrite CrownEventWrite;

/* @events: (element-type CrownLedgerEvent) (nullable): they are on disk; %NULL with @error: nothing of the write is */
typedef void (*CrownEventCommitFunc) (GPtrArray *events, const GError *error, gpointer user_data);

/* Signals of CrownEventSequencer:
 *  void "committed" (GPtrArray *events)   (element-type CrownLedgerEvent), in order; they are on disk
 */
CrownEventSequencer *crown_event_sequencer_new        (CrownEventLedger      *ledger,
                                                       const CrownClock      *clock);
CrownEventLedger    *crown_event_sequencer_get_ledger (CrownEventSequencer   *self);
const CrownClock    *crown_event_sequencer_get_clock  (CrownEventSequencer   *self);
void                 crown_event_sequencer_set_metrics (CrownEventSequencer *self,
                                                       CrownMetrics          *metrics);
void                 crown_event_sequencer_flush      (CrownEventSequencer   *self);
void                 crown_event_sequencer_tick       (CrownEventSequencer   *self);
CrownEventWrite     *crown_event_sequencer_begin      (CrownEventSequencer   *self,
                                                       const CrownPrincipal  *who,
                                                       const char            *mutation_id,
                                                       GError               **error);

const CrownPrincipal *crown_event_write_get_principal (CrownEventWrite       *self);
CrownEventLedger    *crown_event_write_get_ledger     (CrownEventWrite       *self);
const char          *crown_event_write_get_stream     (CrownEventWrite       *self);
const char          *crown_event_write_get_timestamp  (CrownEventWrite       *self);
const char          *crown_event_write_get_trace_id   (CrownEventWrite       *self);
const char          *crown_event_write_get_mutation_id (CrownEventWrite      *self);
void                 crown_event_write_set_meeting    (CrownEventWrite       *self,
                                                       JsonObject            *meeting);
gboolean             crown_event_write_allot_id       (CrownEventWrite       *self,
                                                       CrownStore             store,
                                                       gint64                *id,
                                                       GError               **error);
gboolean             crown_event_write_emit           (CrownEventWrite       *self,
                                                       CrownEventType         type,
                                                       JsonObject            *data,
                                                       JsonObject           **row,
                                                       GError               **error);
gboolean             crown_event_write_emit_stats     (CrownEventWrite       *self,
                                                       GError               **error);
gboolean             crown_event_write_mend_stats     (CrownEventWrite       *self,
                                                       GError               **error);
gboolean             crown_event_write_emit_digests   (CrownEventWrite       *self,
                                                       GError               **error);
CrownLedgerEvent    *crown_event_write_get_last       (CrownEventWrite       *self);
gboolean             crown_event_write_commit_later   (CrownEventWrite       *self,
                                                       CrownEventCommitFunc   func,
                                                       gpointer               user_data,
                                                       GError               **error);
GPtrArray           *crown_event_write_commit         (CrownEventWrite       *self,
                                                       GError               **error);
void                 crown_event_write_free           (CrownEventWrite       *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownEventWrite, crown_event_write_free)

G_END_DECLS
