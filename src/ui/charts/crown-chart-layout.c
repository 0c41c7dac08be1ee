/* crown-chart-layout.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-chart-layout.h"

#include <math.h>

#define GAP        6.0
#define BAR        12.0
#define PLOT       120.0 /* height of a line's and a heat strip's field */
#define NARROW     34    /* letters: below this a bar is under its name instead of beside it */
#define TURN       (2 * G_PI)

const char *const crown_chart_palette[CROWN_CHART_N_COLOURS] = {
  "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#7F7F7F",
};

static void
shape_free (gpointer data)
{
  CrownShape *shape = data;

  g_free (shape->text);
  g_free (shape);
}

static CrownChartLayout *
layout_new (const CrownChartSpace *space)
{
  CrownChartLayout *self = g_new0 (CrownChartLayout, 1);

  self->width = space->width;
  self->shapes = g_ptr_array_new_with_free_func (shape_free);
  return self;
}

void
crown_chart_layout_free (CrownChartLayout *self)
{
  g_ptr_array_unref (self->shapes);
  g_free (self);
}

static CrownShape *
add (CrownChartLayout *self,
     CrownShapeKind    kind,
     double            x,
     double            y,
     double            width,
     double            height,
     int               colour,
     int               mark)
{
  CrownShape *shape = g_new0 (CrownShape, 1);

  shape->kind = kind;
  shape->x = x;
  shape->y = y;
  shape->width = width;
  shape->height = height;
  shape->colour = colour;
  shape->mark = mark;
  g_ptr_array_add (self->shapes, shape);
  return shape;
}

static void
add_text (CrownChartLayout *self,
          double            x,
          double            y,
          double            width,
          double            height,
          double            align,
          int               colour,
          int               mark,
          const char       *text)
{
  CrownShape *shape = add (self, CROWN_SHAPE_TEXT, x, y, MAX (width, 0), height, colour, mark);

  shape->align = align;
  shape->text = g_strdup (text);
}

/* Everything is laid out from left to right, and turned round at the end. */
static CrownChartLayout *
finish (CrownChartLayout      *self,
        const CrownChartSpace *space,
        double                 height)
{
  self->height = height;
  for (guint i = 0; space->right_to_left && i < self->shapes->len; i++)
    {
      CrownShape *shape = self->shapes->pdata[i];

      switch (shape->kind)
        {
        case CROWN_SHAPE_RECT:
        case CROWN_SHAPE_TEXT:
          shape->x = self->width - shape->x - shape->width;
          shape->align = 1 - shape->align;
          break;

        case CROWN_SHAPE_LINE:
          shape->x = self->width - shape->x;
          shape->width = -shape->width;
          break;

        case CROWN_SHAPE_ARC:
        case CROWN_SHAPE_POINT:
        default:
          shape->x = self->width - shape->x;
        }
    }
  return self;
}

static double
longest (const CrownChartData  *data,
         const CrownChartSpace *space,
         gboolean               of_names,
         double                 limit)
{
  glong n = 0;

  for (guint i = 0; i < data->marks->len; i++)
    {
      CrownChartMark *mark = crown_chart_data_get (data, i);

      n = MAX (n, g_utf8_strlen (of_names ? mark->name : mark->text, -1));
    }
  return MIN ((1.2 * (double) n + 1) * space->char_width, limit); /* names have more wide letters than a text has */
}

/**
 * crown_chart_layout_bars:
 *
 * A row a mark: its name, a bar from zero to either side, and its value in words.
 *
 * Returns: (transfer full)
 */
CrownChartLayout *
crown_chart_layout_bars (const CrownChartData  *data,
                         const CrownChartSpace *space)
{
  CrownChartLayout *self = layout_new (space);
  gboolean narrow = space->width < NARROW * space->char_width;
  double words = longest (data, space, FALSE, space->width / 2);
  double names = narrow ? space->width - words : longest (data, space, TRUE, space->width / 3);
  double start = narrow ? 0 : names + GAP;
  double room = narrow ? space->width : MAX (space->width - start - words - GAP, 1);
  double low = data->low, high = data->high, y = 0;
  double zero, scale;

  for (guint i = 0; i < data->marks->len; i++)
    {
      low = MIN (low, crown_chart_data_get (data, i)->value);
      high = MAX (high, crown_chart_data_get (data, i)->value);
    }
  scale = high > low ? room / (high - low) : 0;
  zero = start - low * scale;

  for (guint i = 0; i < data->marks->len; i++)
    {
      CrownChartMark *mark = crown_chart_data_get (data, i);
      double middle = narrow ? y + space->line_height + GAP / 2 : y + (space->line_height - BAR) / 2;

      add_text (self, 0, y, names, space->line_height, 0, CROWN_COLOUR_TEXT, (int) i, mark->name);
      add_text (self, space->width - words, y, words, space->line_height, 1, CROWN_COLOUR_DIM, (int) i, mark->text);
      add (self, CROWN_SHAPE_RECT, start, middle, room, BAR, CROWN_COLOUR_TRACK, (int) i);
      if (mark->value > 0)
        add (self, CROWN_SHAPE_RECT, zero, middle, mark->value * scale, BAR, 0, (int) i);
      else if (mark->value < 0)
        add (self, CROWN_SHAPE_RECT, zero + mark->value * scale, middle, -mark->value * scale, BAR, 5, (int) i);
      if (low < 0)
        add (self, CROWN_SHAPE_LINE, zero, middle - 2, 0, BAR + 4, CROWN_COLOUR_DIM, -1);
      y += space->line_height + GAP + (narrow ? BAR + GAP : 0);
    }
  return finish (self, space, MAX (y - GAP, 0));
}

/* The colours of the series in the order in which they first come; @series (element-type utf8), not owned. */
static guint
series_of (GPtrArray      *series,
           CrownChartMark *mark)
{
  const char *name = mark->series != NULL ? mark->series : "";

  for (guint i = 0; i < series->len; i++)
    if (g_str_equal (series->pdata[i], name))
      return i;
  g_ptr_array_add (series, (gpointer) name);
  return series->len - 1;
}

static double
add_legend (CrownChartLayout      *self,
            const CrownChartSpace *space,
            GPtrArray             *series,
            double                 y)
{
  double x = 0;

  for (guint i = 0; i < series->len; i++)
    {
      const char *name = series->pdata[i];
      double width = MIN ((g_utf8_strlen (name, -1) + 2) * space->char_width + BAR + GAP, space->width);

      if (x > 0 && x + width > space->width)
        {
          x = 0;
          y += space->line_height + GAP;
        }
      add (self, CROWN_SHAPE_RECT, x, y + (space->line_height - BAR) / 2, BAR, BAR, (int) (i % CROWN_CHART_N_COLOURS), -1);
      add_text (self, x + BAR + GAP, y, width - BAR - GAP, space->line_height, 0, CROWN_COLOUR_TEXT, -1, name);
      x += width + GAP;
    }
  return y + space->line_height;
}

/**
 * crown_chart_layout_stacks:
 *
 * A row a category, its series one after another, and a legend.
 *
 * Returns: (transfer full)
 */
CrownChartLayout *
crown_chart_layout_stacks (const CrownChartData  *data,
                           const CrownChartSpace *space)
{
  CrownChartLayout *self = layout_new (space);
  g_autoptr(GPtrArray) series = g_ptr_array_new ();
  g_autoptr(GHashTable) totals = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  gboolean narrow = space->width < NARROW * space->char_width;
  double names = narrow ? space->width : longest (data, space, TRUE, space->width / 3);
  double start = narrow ? 0 : names + GAP;
  double room = MAX (space->width - start, 1);
  double largest = 0, y = 0, x = 0, bar = 0;
  const char *name = NULL;

  for (guint i = 0; i < data->marks->len; i++)
    {
      CrownChartMark *mark = crown_chart_data_get (data, i);
      double *total = g_hash_table_lookup (totals, mark->name);

      if (total == NULL)
        {
          total = g_new0 (double, 1);
          g_hash_table_insert (totals, mark->name, total);
        }
      *total += MAX (mark->value, 0);
      largest = MAX (largest, *total);
    }

  for (guint i = 0; i < data->marks->len; i++)
    {
      CrownChartMark *mark = crown_chart_data_get (data, i);
      int colour = (int) (series_of (series, mark) % CROWN_CHART_N_COLOURS);
      double width = largest > 0 ? room * MAX (mark->value, 0) / largest : 0;

      if (name == NULL || !g_str_equal (name, mark->name))
        {
          name = mark->name;
          add_text (self, 0, y, names, space->line_height, 0, CROWN_COLOUR_TEXT, (int) i, name);
          bar = narrow ? y + space->line_height + GAP / 2 : y + (space->line_height - BAR) / 2;
          add (self, CROWN_SHAPE_RECT, start, bar, room, BAR, CROWN_COLOUR_TRACK, -1);
          y += space->line_height + GAP + (narrow ? BAR + GAP : 0);
          x = start;
        }
      /* A pixel between two: neighbours are told apart without their colours. */
      if (width > 0)
        add (self, CROWN_SHAPE_RECT, x, bar, MAX (width - 1, 1), BAR, colour, (int) i);
      x += width;
    }
  return finish (self, space, series->len > 0 ? add_legend (self, space, series, y) : 0);
}

/**
 * crown_chart_layout_line:
 *
 * A point a mark, in their order, between a line at zero and one at the largest, which is named.
 *
 * Returns: (transfer full)
 */
CrownChartLayout *
crown_chart_layout_line (const CrownChartData  *data,
                         const CrownChartSpace *space)
{
  CrownChartLayout *self = layout_new (space);
  guint n = data->marks->len;
  double low = 0, high = 0, last_x = 0, last_y = 0;
  double step = n > 1 ? (space->width - 2 * GAP) / (n - 1) : 0;
  double top = space->line_height + GAP, labels = top + PLOT;
  const char *largest = NULL;

  for (guint i = 0; i < n; i++)
    {
      CrownChartMark *mark = crown_chart_data_get (data, i);

      low = MIN (low, mark->value);
      if (mark->value > high)
        {
          high = mark->value;
          largest = mark->text;
        }
    }
  if (high <= low)
    high = low + 1;

  if (largest != NULL)
    {
      add_text (self, 0, 0, space->width, space->line_height, 0, CROWN_COLOUR_DIM, -1, largest);
      add (self, CROWN_SHAPE_LINE, 0, top, space->width, 0, CROWN_COLOUR_TRACK, -1);
    }
  add (self, CROWN_SHAPE_LINE, 0, top + (PLOT - 2 * GAP) * high / (high - low), space->width, 0, CROWN_COLOUR_TRACK, -1);
  for (guint i = 0; i < n; i++)
    {
      double x = n > 1 ? GAP + i * step : space->width / 2;
      double y = top + (PLOT - 2 * GAP) * (high - crown_chart_data_get (data, i)->value) / (high - low);

      if (i > 0)
        add (self, CROWN_SHAPE_LINE, last_x, last_y, x - last_x, y - last_y, 0, -1);
      last_x = x;
      last_y = y;
    }
  for (guint i = 0; i < n; i++)
    {
      double x = n > 1 ? GAP + i * step : space->width / 2;
      double y = top + (PLOT - 2 * GAP) * (high - crown_chart_data_get (data, i)->value) / (high - low);

      add (self, CROWN_SHAPE_POINT, x, y, 4, 4, 0, (int) i);
    }
  if (n > 0)
    add_text (self, 0, labels, space->width / 2, space->line_height, 0, CROWN_COLOUR_DIM, -1,
              crown_chart_data_get (data, 0)->name);
  if (n > 1)
    add_text (self, space->width / 2, labels, space->width / 2, space->line_height, 1, CROWN_COLOUR_DIM, -1,
              crown_chart_data_get (data, n - 1)->name);
  return finish (self, space, n > 0 ? labels + space->line_height : 0);
}

/**
 * crown_chart_layout_heat:
 *
 * A cell a mark, of a value from -1 to 1: up and blue above zero, down and orange below it, so that the direction says
 * what the colour says.
 *
 * Returns: (transfer full)
 */
CrownChartLayout *
crown_chart_layout_heat (const CrownChartData  *data,
                         const CrownChartSpace *space)
{
  CrownChartLayout *self = layout_new (space);
  guint n = data->marks->len;
  double half = PLOT / 4;
  double cell = n > 0 ? space->width / n : 0;

  for (guint i = 0; i < n; i++)
    {
      double value = CLAMP (crown_chart_data_get (data, i)->value, -1, 1);
      double height = MAX (fabs (value) * half, 1.5);

      add (self, CROWN_SHAPE_RECT, i * cell, 0, MAX (cell - 1, 1), 2 * half, CROWN_COLOUR_TRACK, (int) i);
      add (self, CROWN_SHAPE_RECT, i * cell, value >= 0 ? half - height : half, MAX (cell - 1, 1), height,
           value >= 0 ? 0 : 5, (int) i);
    }
  if (n > 0)
    add_text (self, 0, 2 * half + GAP, space->width / 2, space->line_height, 0, CROWN_COLOUR_DIM, -1,
              crown_chart_data_get (data, 0)->name);
  if (n > 1)
    add_text (self, space->width / 2, 2 * half + GAP, space->width / 2, space->line_height, 1, CROWN_COLOUR_DIM, -1,
              crown_chart_data_get (data, n - 1)->name);
  return finish (self, space, n > 0 ? 2 * half + GAP + space->line_height : 0);
}

/**
 * crown_chart_layout_donut:
 *
 * The shares of a whole, clockwise from the top, beside their names; below one another where there is little room.
 *
 * Returns: (transfer full)
 */
CrownChartLayout *
crown_chart_layout_donut (const CrownChartData  *data,
                          const CrownChartSpace *space)
{
  CrownChartLayout *self = layout_new (space);
  double radius = MIN (PLOT / 2, space->width / 2);
  gboolean narrow = space->width < 2 * radius + 18 * space->char_width;
  double list_x = narrow ? 0 : 2 * radius + 3 * GAP;
  double y = narrow ? 2 * radius + GAP : 0;
  double names = longest (data, space, TRUE, 0.6 * MAX (space->width - list_x - BAR - GAP, 0));
  double words = longest (data, space, FALSE, MAX (space->width - list_x - BAR - 2 * GAP - names, 0));
  double total = 0, turned = 0;

  for (guint i = 0; i < data->marks->len; i++)
    total += MAX (crown_chart_data_get (data, i)->value, 0);
  if (total <= 0)
    return finish (self, space, 0);

  for (guint i = 0; i < data->marks->len; i++)
    {
      CrownChartMark *mark = crown_chart_data_get (data, i);
      double share = MAX (mark->value, 0) / total;
      int colour = (int) (i % CROWN_CHART_N_COLOURS);
      CrownShape *arc = add (self, CROWN_SHAPE_ARC, narrow ? space->width / 2 : radius, radius, radius, radius * 0.6,
                             colour, (int) i);

      arc->from = turned;
      arc->to = turned += share;
      add (self, CROWN_SHAPE_RECT, list_x, y + (space->line_height - BAR) / 2, BAR, BAR, colour, (int) i);
      add_text (self, list_x + BAR + GAP, y, names, space->line_height, 0, CROWN_COLOUR_TEXT, (int) i, mark->name);
      add_text (self, list_x + BAR + 2 * GAP + names, y, words, space->line_height, 1, CROWN_COLOUR_DIM, (int) i, mark->text);
      y += space->line_height + GAP;
    }
  return finish (self, space, MAX (2 * radius, y - GAP));
}

static gboolean
contains (const CrownShape *shape,
          double            x,
          double            y)
{
  double distance, turn;

  switch (shape->kind)
    {
    case CROWN_SHAPE_RECT:
    case CROWN_SHAPE_TEXT:
      return x >= shape->x && x < shape->x + shape->width && y >= shape->y && y < shape->y + shape->height;

    case CROWN_SHAPE_POINT:
      return hypot (x - shape->x, y - shape->y) <= shape->width + GAP;

    case CROWN_SHAPE_ARC:
      distance = hypot (x - shape->x, y - shape->y);
      turn = atan2 (x - shape->x, shape->y - y) / TURN;
      turn = turn < 0 ? turn + 1 : turn;
      return distance >= shape->height && distance <= shape->width && turn >= shape->from && turn < shape->to;

    case CROWN_SHAPE_LINE:
    default:
      return FALSE;
    }
}

/**
 * crown_chart_layout_find:
 *
 * Returns: the mark at a place, -1 for none
 */
int
crown_chart_layout_find (const CrownChartLayout *self,
                         double                  x,
                         double                  y)
{
  for (guint i = self->shapes->len; i > 0; i--)
    {
      const CrownShape *shape = self->shapes->pdata[i - 1];

      if (shape->mark >= 0 && contains (shape, x, y))
        return shape->mark;
    }
  return -1;
}

static const char *
svg_colour (int colour)
{
  if (colour >= 0)
    return crown_chart_palette[colour];
  return colour == CROWN_COLOUR_TEXT ? "#1e1e1e" : colour == CROWN_COLOUR_DIM ? "#5e5e5e" : "#e6e6e6";
}

/* A printf() for markup whose numbers have a dot in every locale. */
static void
append_number (GString    *svg,
               const char *name,
               double      value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_printf (svg, " %s=\"%s\"", name, g_ascii_formatd (number, sizeof number, "%.2f", value));
}

static void
append_arc (GString          *svg,
            const CrownShape *shape)
{
  double to = MIN (shape->to, shape->from + 0.99999); /* a full turn would end where it begins, and be nothing */
  double radii[] = { shape->width, shape->width, shape->height, shape->height };
  double turns[] = { shape->from, to, to, shape->from };
  char a[G_ASCII_DTOSTR_BUF_SIZE], b[G_ASCII_DTOSTR_BUF_SIZE], r[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (svg, "<path d=\"");
  for (guint i = 0; i < 4; i++)
    {
      g_ascii_formatd (a, sizeof a, "%.2f", shape->x + radii[i] * sin (turns[i] * TURN));
      g_ascii_formatd (b, sizeof b, "%.2f", shape->y - radii[i] * cos (turns[i] * TURN));
      g_ascii_formatd (r, sizeof r, "%.2f", radii[i]);
      if (i == 0 || i == 2)
        g_string_append_printf (svg, "%s%s %s ", i == 0 ? "M" : "L", a, b);
      else
        g_string_append_printf (svg, "A%s %s 0 %d %d %s %s ", r, r, to - shape->from > 0.5, i == 1, a, b);
    }
  g_string_append (svg, "Z\" stroke=\"#ffffff\"");
}

/**
 * crown_chart_layout_to_svg:
 * @data: what was laid out
 * @space: where
 *
 * Returns: (transfer full): the chart on white, with its title, its explanation and each mark's value as a tooltip
 */
char *
crown_chart_layout_to_svg (const CrownChartLayout *self,
                           const CrownChartData   *data,
                           const CrownChartSpace  *space)
{
  g_autoptr(GString) svg = g_string_new ("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" font-family=\"sans-serif\"");
  g_autofree char *head = g_markup_printf_escaped ("<title>%s</title><desc>%s</desc>\n", data->title, data->how);

  append_number (svg, "width", self->width);
  append_number (svg, "height", self->height);
  append_number (svg, "font-size", space->line_height * 0.72);
  g_string_append_printf (svg, ">\n%s<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n", head);

  for (guint i = 0; i < self->shapes->len; i++)
    {
      const CrownShape *shape = self->shapes->pdata[i];
      CrownChartMark *mark = shape->mark >= 0 ? crown_chart_data_get (data, (guint) shape->mark) : NULL;
      g_autofree char *tip = mark != NULL ? g_markup_printf_escaped ("<title>%s: %s</title>", mark->name, mark->text) : NULL;
      g_autofree char *text = shape->text != NULL ? g_markup_escape_text (shape->text, -1) : NULL;
      const char *element = "rect";

      switch (shape->kind)
        {
        case CROWN_SHAPE_RECT:
          g_string_append (svg, "<rect");
          append_number (svg, "x", shape->x);
          append_number (svg, "y", shape->y);
          append_number (svg, "width", shape->width);
          append_number (svg, "height", shape->height);
          break;

        case CROWN_SHAPE_ARC:
          element = "path";
          append_arc (svg, shape);
          break;

        case CROWN_SHAPE_LINE:
          element = "line";
          g_string_append_printf (svg, "<line stroke-width=\"2\" stroke=\"%s\"", svg_colour (shape->colour));
          append_number (svg, "x1", shape->x);
          append_number (svg, "y1", shape->y);
          append_number (svg, "x2", shape->x + shape->width);
          append_number (svg, "y2", shape->y + shape->height);
          break;

        case CROWN_SHAPE_POINT:
          element = "circle";
          g_string_append (svg, "<circle");
          append_number (svg, "cx", shape->x);
          append_number (svg, "cy", shape->y);
          append_number (svg, "r", shape->width);
          break;

        case CROWN_SHAPE_TEXT:
        default:
          element = "text";
          g_string_append_printf (svg, "<text text-anchor=\"%s\"", shape->align < 0.25 ? "start" : shape->align > 0.75 ? "end" : "middle");
          append_number (svg, "x", shape->x + shape->width * shape->align);
          append_number (svg, "y", shape->y + shape->height * 0.75);
        }
      g_string_append_printf (svg, " fill=\"%s\">%s%s</%s>\n", svg_colour (shape->colour), tip != NULL ? tip : "",
                              text != NULL ? text : "", element);
    }
  g_string_append (svg, "</svg>\n");
  return g_string_free (g_steal_pointer (&svg), FALSE);
}
