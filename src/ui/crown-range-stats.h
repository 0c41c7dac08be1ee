/* crown-range-stats.h: meetings and tasks of a time range, counted
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "charts/crown-chart-data.h"
#include "core/crown-models.h"

G_BEGIN_DECLS

typedef struct _CrownRangeStats CrownRangeStats;

CrownRangeStats *crown_range_stats_new         (GDateTime             *from,
                                                GDateTime             *to);
void             crown_range_stats_free        (CrownRangeStats       *self);
gboolean         crown_range_stats_add_meeting (CrownRangeStats       *self,
                                                CrownMeeting          *meeting);
void             crown_range_stats_add_task    (CrownRangeStats       *self,
                                                CrownTask             *task);
CrownChartData  *crown_range_stats_load        (const CrownRangeStats *self);
CrownChartData  *crown_range_stats_completion  (const CrownRangeStats *self);
CrownChartData  *crown_range_stats_people      (const CrownRangeStats *self);
CrownChartData  *crown_range_stats_overdue     (const CrownRangeStats *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownRangeStats, crown_range_stats_free)

G_END_DECLS
