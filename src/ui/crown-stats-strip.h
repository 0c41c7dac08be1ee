/* crown-stats-strip.h: the workspace in five numbers
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "client/crown-client.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define CROWN_TYPE_STATS_STRIP (crown_stats_strip_get_type ())

G_DECLARE_FINAL_TYPE (CrownStatsStrip, crown_stats_strip, CROWN, STATS_STRIP, AdwBin)

void crown_stats_strip_set_client (CrownStatsStrip *self,
                                   CrownClient     *client);

G_END_DECLS
