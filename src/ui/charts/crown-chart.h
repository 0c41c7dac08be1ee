/* crown-chart.h: a chart with its title, its explanation, its table, and ways to save it
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-chart-data.h"

#include <adwaita.h>

G_BEGIN_DECLS

typedef enum {
  CROWN_CHART_BARS,
  CROWN_CHART_STACKS,
  CROWN_CHART_LINE,
  CROWN_CHART_HEAT,
  CROWN_CHART_DONUT,
} CrownChartKind;
GType crown_chart_kind_get_type (void);
#define CROWN_TYPE_CHART_KIND (crown_chart_kind_get_type ())

#define CROWN_TYPE_CHART (crown_chart_get_type ())

G_DECLARE_FINAL_TYPE (CrownChart, crown_chart, CROWN, CHART, AdwBin)

void crown_chart_take_data (CrownChart     *self,
                            CrownChartData *data);

G_END_DECLS
