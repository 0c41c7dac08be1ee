/* crown-ledger-retention.h: how long a ledger keeps its events
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "core/crown-clock.h"
#include "crown-event-ledger.h"

G_BEGIN_DECLS

/* So long an event keeps its content after it happened, though a later one supersedes it: who was away for less is replayed
 * exactly what it missed. */
#define CROWN_RETENTION_SUPERSEDED_SECONDS 3600

/**
 * CrownRetention:
 * @keep_days: events younger than this stay; 0: however young they are
 * @keep_events: the last so many of each stream stay, however old they are; whoever was away for no more needs no snapshot
 *
 * What goes are events, never rows or numbers: below the floor a client takes a snapshot.
 */
typedef struct {
  guint   keep_days;
  guint64 keep_events;
} CrownRetention;

#define CROWN_RETENTION_DEFAULT { 30, 10000 }

/**
 * CrownRetentionReport:
 * @deleted: events that went, with the floor above them
 * @tombstones: superseded events above the floor that lost their content and keep their number
 * @answers: answers that were kept under an Idempotency-Key and are too old to be given again
 *
 * What was done.
 */
typedef struct {
  guint64 deleted;
  guint64 tombstones;
  guint64 answers;
} CrownRetentionReport;

gboolean crown_ledger_retention_step (CrownEventLedger      *ledger,
                                      const CrownRetention  *retention,
                                      const CrownClock      *clock,
                                      guint                  limit,
                                      CrownRetentionReport  *report,
                                      gboolean              *has_more,
                                      GError               **error);

G_END_DECLS
