/* crown-ledger-retention.h: how long a ledger keeps its events
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "core/crown-clock.h"
#include "crown-event-ledger.h"

G_BEGIN_DECLS

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

gboolean crown_ledger_retention_step (CrownEventLedger      *ledger,
                                      const CrownRetention  *retention,
                                      const CrownClock      *clock,
                                      guint                  limit,
                                      guint64               *n_deleted,
                                      GError               **error);

G_END_DECLS
