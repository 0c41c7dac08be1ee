/* crown-bar-chart.h: named amounts as horizontal bars
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define CROWN_TYPE_BAR_CHART (crown_bar_chart_get_type ())

G_DECLARE_FINAL_TYPE (CrownBarChart, crown_bar_chart, CROWN, BAR_CHART, GtkWidget)

GtkWidget *crown_bar_chart_new   (void);
void       crown_bar_chart_clear (CrownBarChart *self);
void       crown_bar_chart_add   (CrownBarChart *self,
                                  const char    *name,
                                  double         fraction,
                                  const char    *amount);

G_END_DECLS
