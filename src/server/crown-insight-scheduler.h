/* crown-insight-scheduler.h: who is reminded of what, and when
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-event-sequencer.h"

G_BEGIN_DECLS

/* Minutes since midnight, local time, in which nobody is reminded; both the same: none. */
typedef struct {
  guint from;
  guint to;
} CrownQuietHours;

#define CROWN_QUIET_HOURS_DEFAULT { 20 * 60, 8 * 60 }

gboolean crown_quiet_hours_parse (const char *text, CrownQuietHours *quiet);

typedef struct _CrownInsightScheduler CrownInsightScheduler;

CrownInsightScheduler *crown_insight_scheduler_new  (CrownEventSequencer    *sequencer,
                                                     const CrownQuietHours  *quiet,
                                                     GTimeZone              *zone);
gboolean               crown_insight_scheduler_step (CrownInsightScheduler  *self,
                                                     gboolean               *has_more,
                                                     GError                **error);
void                   crown_insight_scheduler_free (CrownInsightScheduler  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownInsightScheduler, crown_insight_scheduler_free)

G_END_DECLS
