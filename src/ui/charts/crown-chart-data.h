/* crown-chart-data.h: what a chart shows
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

typedef struct {
  char   *name;   /* the category: a person, a week */
  char   *series; /* (nullable): what part of it, where a category has several */
  double  value;
  char   *text;   /* the value as a person reads it */
} CrownChartMark;

typedef struct {
  char      *title;
  char      *how;   /* how the values were computed, in words */
  double     low;   /* the least and the largest that a value can be; both 0: those that there are, and 0 */
  double     high;
  GPtrArray *marks; /* (element-type CrownChartMark) */
} CrownChartData;

CrownChartData *crown_chart_data_new    (const char           *title,
                                         const char           *how);
void            crown_chart_data_free   (CrownChartData       *self);
void            crown_chart_data_add    (CrownChartData       *self,
                                         const char           *name,
                                         const char           *series,
                                         double                value,
                                         const char           *text);
CrownChartMark *crown_chart_data_get    (const CrownChartData *self,
                                         guint                 i);
char           *crown_chart_data_to_csv (const CrownChartData *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownChartData, crown_chart_data_free)

G_END_DECLS
