/* crown-chart-canvas.h: a chart's drawing, to be pointed at and walked through
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-chart-layout.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define CROWN_TYPE_CHART_CANVAS (crown_chart_canvas_get_type ())

G_DECLARE_FINAL_TYPE (CrownChartCanvas, crown_chart_canvas, CROWN, CHART_CANVAS, GtkWidget)

void        crown_chart_canvas_set     (CrownChartCanvas     *self,
                                        const CrownChartData *data,
                                        CrownChartLayoutFunc  layout);
GdkTexture *crown_chart_canvas_picture (CrownChartCanvas     *self);
char       *crown_chart_canvas_to_svg  (CrownChartCanvas     *self);

G_END_DECLS
