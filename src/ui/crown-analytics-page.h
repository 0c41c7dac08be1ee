/* crown-analytics-page.h: the analytics of a meeting that one chooses
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-list-model.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define CROWN_TYPE_ANALYTICS_PAGE (crown_analytics_page_get_type ())

G_DECLARE_FINAL_TYPE (CrownAnalyticsPage, crown_analytics_page, CROWN, ANALYTICS_PAGE, AdwBin)

void crown_analytics_page_set_client (CrownAnalyticsPage *self,
                                      CrownClient        *client);
void crown_analytics_page_set_text   (CrownAnalyticsPage *self,
                                      const char         *text);

G_END_DECLS
