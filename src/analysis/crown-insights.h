/* crown-insights.h: what a person should be reminded of
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "core/crown-models.h"

G_BEGIN_DECLS

/**
 * CrownInsightInput:
 * @meetings: (element-type CrownMeeting): that are not archived
 * @tasks: (element-type CrownTask): that are pending
 * @analytics: (element-type CrownAnalytics): of meetings of the last %CROWN_INSIGHT_WINDOW_DAYS
 * @person: (nullable): whom to remind; %NULL: the only one there is, whose everything is
 * @now_us: microseconds since 1970
 *
 * What is known of a workspace.
 */
typedef struct {
  GPtrArray  *meetings;
  GPtrArray  *tasks;
  GPtrArray  *analytics;
  const char *person;
  gint64      now_us;
} CrownInsightInput;

#define CROWN_INSIGHT_WINDOW_DAYS 28

/**
 * crown_insights_of:
 *
 * Applies each rule of the table. Pure and deterministic.
 *
 * Returns: (transfer full) (element-type JsonObject): reminders as INSIGHT_REMINDER has them, at most one of a type:
 *   `{title, message, action_text, action_url, type, confidence, count, ids}`, where `ids` are those of the tasks or meetings
 */
GPtrArray *crown_insights_of          (const CrownInsightInput *input);
/* How many days at least lie between two reminders of a type; 0: there is no such type */
guint      crown_insights_repeat_days (const char *type);

G_END_DECLS
