/* crown-outbox-order.h: which write is sent next
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-outbox.h"

G_BEGIN_DECLS

/**
 * crown_outbox_next:
 * @entries: (element-type CrownOutboxEntry): all entries in the order of what was done, those in flight as well
 * @in_flight: (element-type gint64): set of the ids that were sent and not answered
 * @waiting: (element-type gint64 gint64) (nullable): id → time in µs before which it is not tried again
 * @max_in_flight: how many may be in flight at once
 * @now: in µs, by the clock of @waiting
 *
 * Order is kept for each row; different rows do not wait for one another. Pure; any thread.
 *
 * Returns: (transfer none) (nullable): the entry to be sent now
 */
CrownOutboxEntry *crown_outbox_next (GPtrArray *entries, GHashTable *in_flight, GHashTable *waiting, guint max_in_flight,
                                     gint64 now);

G_END_DECLS
