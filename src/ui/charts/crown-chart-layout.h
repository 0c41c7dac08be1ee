/* crown-chart-layout.h: where the marks of a chart are; pure, so that the screen, a file and a test have the same
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-chart-data.h"

G_BEGIN_DECLS

typedef enum {
  CROWN_SHAPE_RECT,
  CROWN_SHAPE_ARC,   /* x, y: the middle; width: the radius; height: that of the hole; from, to: turns, from the top */
  CROWN_SHAPE_LINE,  /* from x, y to x + width, y + height */
  CROWN_SHAPE_POINT, /* x, y: the middle; width: the radius */
  CROWN_SHAPE_TEXT,
} CrownShapeKind;

/* Colours below zero are the theme's: of text, of less important text, and of what is behind a bar. */
#define CROWN_COLOUR_TEXT  (-1)
#define CROWN_COLOUR_DIM   (-2)
#define CROWN_COLOUR_TRACK (-3)

typedef struct {
  CrownShapeKind  kind;
  double          x, y, width, height;
  double          from, to;
  int             colour; /* index of crown_chart_palette, or of the above */
  int             mark;   /* what it stands for; -1: nothing */
  double          align;  /* of a text: 0 start, 0.5 middle, 1 end */
  char           *text;   /* (nullable) */
} CrownShape;

typedef struct {
  double   width;
  double   char_width;  /* of an average letter */
  double   line_height;
  gboolean right_to_left;
} CrownChartSpace;

typedef struct {
  GPtrArray *shapes; /* (element-type CrownShape) */
  double     width, height;
} CrownChartLayout;

typedef CrownChartLayout *(*CrownChartLayoutFunc) (const CrownChartData  *data,
                                                   const CrownChartSpace *space);

#define CROWN_CHART_N_COLOURS 7

/* Okabe and Ito's colours without the yellow, which is not seen on white: told apart by colour-blind people, too. */
extern const char *const crown_chart_palette[CROWN_CHART_N_COLOURS];

CrownChartLayout *crown_chart_layout_bars    (const CrownChartData   *data,
                                              const CrownChartSpace  *space);
CrownChartLayout *crown_chart_layout_stacks  (const CrownChartData   *data,
                                              const CrownChartSpace  *space);
CrownChartLayout *crown_chart_layout_line    (const CrownChartData   *data,
                                              const CrownChartSpace  *space);
CrownChartLayout *crown_chart_layout_heat    (const CrownChartData   *data,
                                              const CrownChartSpace  *space);
CrownChartLayout *crown_chart_layout_donut   (const CrownChartData   *data,
                                              const CrownChartSpace  *space);
void              crown_chart_layout_free    (CrownChartLayout       *self);
int               crown_chart_layout_find    (const CrownChartLayout *self,
                                              double                  x,
                                              double                  y);
char             *crown_chart_layout_to_svg  (const CrownChartLayout *self,
                                              const CrownChartData   *data,
                                              const CrownChartSpace  *space);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownChartLayout, crown_chart_layout_free)

G_END_DECLS
