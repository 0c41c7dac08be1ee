/* crown-workspace-stats.h: a workspace's statistics, kept by counting
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-event-ledger.h"

G_BEGIN_DECLS

/* What a finished meeting saves the one who would otherwise write it up: 15 % of its duration for the minutes, and five
 * minutes for each action item that would have been written down, assigned and sent around by hand. */
#define CROWN_SAVED_PERCENT_OF_MEETING 15
#define CROWN_SAVED_SECONDS_A_TASK     300

gboolean    crown_workspace_stats_row_changed (CrownEventLedger  *ledger,
                                               const char        *stream,
                                               CrownStore         store,
                                               JsonObject        *before,
                                               JsonObject        *after,
                                               GError           **error);
JsonObject *crown_workspace_stats_load        (CrownEventLedger  *ledger,
                                               const char        *stream,
                                               GError           **error);

G_END_DECLS
