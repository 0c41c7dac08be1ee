/* crown-analytics-view.h: who spoke how long, how even, and in what mood
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "client/crown-client.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define CROWN_TYPE_ANALYTICS_VIEW (crown_analytics_view_get_type ())

G_DECLARE_FINAL_TYPE (CrownAnalyticsView, crown_analytics_view, CROWN, ANALYTICS_VIEW, AdwBin)

void crown_analytics_view_show (CrownAnalyticsView *self,
                                CrownAnalytics     *analytics);

G_END_DECLS
