/* test-chart.c: where a chart's marks are, what is found at a place, and what the files say
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "ui/charts/crown-chart-layout.h"

#include <locale.h>
#include <math.h>
#include <string.h>

static const CrownChartSpace wide = { 600, 8, 20, FALSE };
static const CrownChartSpace mirrored = { 600, 8, 20, TRUE };
static const CrownChartSpace narrow = { 200, 8, 20, FALSE };

static CrownChartData *
make_data (void)
{
  CrownChartData *data = crown_chart_data_new ("Speaking <Time>", "Added & up.");

  crown_chart_data_add (data, "Anna", NULL, 30, "30 seconds");
  crown_chart_data_add (data, "Ben", NULL, 10, "10 s");
  crown_chart_data_add (data, "Nobody", NULL, NAN, "nothing");
  crown_chart_data_add (data, "Endless", NULL, INFINITY, "endless");
  g_assert_cmpuint (data->marks->len, ==, 2);
  return data;
}

/* The @n-th shape of @kind and @colour. */
static const CrownShape *
shape_of (const CrownChartLayout *layout,
          CrownShapeKind          kind,
          int                     colour,
          guint                   n)
{
  for (guint i = 0; i < layout->shapes->len; i++)
    {
      const CrownShape *shape = layout->shapes->pdata[i];

      if (shape->kind == kind && shape->colour == colour && n-- == 0)
        return shape;
    }
  g_assert_not_reached ();
}

static void
assert_inside (const CrownChartLayout *layout)
{
  for (guint i = 0; i < layout->shapes->len; i++)
    {
      const CrownShape *shape = layout->shapes->pdata[i];

      if (shape->kind != CROWN_SHAPE_RECT && shape->kind != CROWN_SHAPE_TEXT)
        continue;
      g_assert_cmpfloat (shape->x, >=, -0.01);
      g_assert_cmpfloat (shape->y, >=, -0.01);
      g_assert_cmpfloat (shape->width, >=, 0);
      g_assert_cmpfloat (shape->x + shape->width, <=, layout->width + 0.01);
      g_assert_cmpfloat (shape->y + shape->height, <=, layout->height + 2.01);
    }
}

static void
test_bars (void)
{
  g_autoptr (CrownChartData) data = make_data ();
  g_autoptr (CrownChartLayout) layout = crown_chart_layout_bars (data, &wide);
  g_autoptr (CrownChartLayout) turned = crown_chart_layout_bars (data, &mirrored);
  const CrownShape *anna = shape_of (layout, CROWN_SHAPE_RECT, 0, 0), *ben = shape_of (layout, CROWN_SHAPE_RECT, 0, 1);
  const CrownShape *anna_turned = shape_of (turned, CROWN_SHAPE_RECT, 0, 0);

  assert_inside (layout);
  assert_inside (turned);
  g_assert_cmpfloat_with_epsilon (anna->width, 3 * ben->width, 0.01);
  g_assert_cmpfloat_with_epsilon (anna_turned->x + anna_turned->width, 600 - anna->x, 0.01);
  g_assert_cmpint (crown_chart_layout_find (layout, anna->x + 1, anna->y + 1), ==, 0);
  g_assert_cmpint (crown_chart_layout_find (layout, ben->x + ben->width + 5, ben->y + 1), ==, 1); /* the track, too */
  g_assert_cmpint (crown_chart_layout_find (layout, 1, layout->height + 50), ==, -1);
}

static void
test_negative_bars (void)
{
  g_autoptr (CrownChartData) data = crown_chart_data_new ("Sentiment", "");
  g_autoptr (CrownChartLayout) layout = NULL;
  const CrownShape *good, *bad;

  data->low = -1;
  data->high = 1;
  crown_chart_data_add (data, "Anna", NULL, 0.5, "positive");
  crown_chart_data_add (data, "Ben", NULL, -0.25, "negative");
  layout = crown_chart_layout_bars (data, &wide);
  good = shape_of (layout, CROWN_SHAPE_RECT, 0, 0);
  bad = shape_of (layout, CROWN_SHAPE_RECT, 5, 0);
  g_assert_cmpfloat_with_epsilon (bad->x + bad->width, good->x, 0.01); /* both begin at zero */
  g_assert_cmpfloat_with_epsilon (good->width, 2 * bad->width, 0.01);
}

static void
test_stacks (void)
{
  g_autoptr (CrownChartData) data = crown_chart_data_new ("Tasks", "");
  g_autoptr (CrownChartLayout) layout = NULL;
  const CrownShape *done, *open;

  crown_chart_data_add (data, "Anna", "Done", 3, "3");
  crown_chart_data_add (data, "Anna", "Open", 1, "1");
  crown_chart_data_add (data, "Ben", "Open", 2, "2");
  layout = crown_chart_layout_stacks (data, &wide);
  assert_inside (layout);
  done = shape_of (layout, CROWN_SHAPE_RECT, 0, 0);
  open = shape_of (layout, CROWN_SHAPE_RECT, 1, 0);
  g_assert_cmpfloat (open->x, >, done->x + done->width); /* a gap tells them apart */
  g_assert_cmpfloat (open->y, ==, done->y);
  g_assert_cmpint (shape_of (layout, CROWN_SHAPE_RECT, 1, 1)->mark, ==, 2); /* Ben's has the colour of its series */
}

static void
test_line_and_heat (void)
{
  g_autoptr (CrownChartData) data = crown_chart_data_new ("Weeks", "");
  g_autoptr (CrownChartLayout) line = NULL;
  g_autoptr (CrownChartLayout) heat = NULL;
  const CrownShape *first, *second;

  crown_chart_data_add (data, "1", NULL, 0.5, "up");
  crown_chart_data_add (data, "2", NULL, -0.5, "down");
  line = crown_chart_layout_line (data, &wide);
  heat = crown_chart_layout_heat (data, &wide);
  first = shape_of (line, CROWN_SHAPE_POINT, 0, 0);
  second = shape_of (line, CROWN_SHAPE_POINT, 0, 1);
  g_assert_cmpfloat (first->y, <, second->y);
  g_assert_cmpfloat (first->x, <, second->x);
  g_assert_cmpint (crown_chart_layout_find (line, second->x + 3, second->y), ==, 1);
  assert_inside (heat);
  first = shape_of (heat, CROWN_SHAPE_RECT, 0, 0);
  second = shape_of (heat, CROWN_SHAPE_RECT, 5, 0);
  g_assert_cmpfloat_with_epsilon (first->y + first->height, second->y, 0.01); /* they meet at zero */
}

static void
test_donut (void)
{
  g_autoptr (CrownChartData) data = make_data ();
  g_autoptr (CrownChartLayout) layout = crown_chart_layout_donut (data, &wide);
  const CrownShape *anna = shape_of (layout, CROWN_SHAPE_ARC, 0, 0), *ben = shape_of (layout, CROWN_SHAPE_ARC, 1, 0);

  assert_inside (layout);
  g_assert_cmpfloat_with_epsilon (anna->to - anna->from, 0.75, 1e-9);
  g_assert_cmpfloat_with_epsilon (ben->to, 1, 1e-9);
  /* To the right of the middle it is Anna's, at the upper left Ben's, and in the hole nobody's. */
  g_assert_cmpint (crown_chart_layout_find (layout, anna->x + 0.8 * anna->width, anna->y), ==, 0);
  g_assert_cmpint (crown_chart_layout_find (layout, anna->x - 0.5 * anna->width, anna->y - 0.6 * anna->width), ==, 1);
  g_assert_cmpint (crown_chart_layout_find (layout, anna->x, anna->y), ==, -1);
}

static void
test_nothing (void)
{
  static const CrownChartLayoutFunc functions[] = { crown_chart_layout_bars, crown_chart_layout_stacks, crown_chart_layout_line,
                                                    crown_chart_layout_heat, crown_chart_layout_donut };

  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    {
      g_autoptr (CrownChartData) none = crown_chart_data_new ("", "");
      g_autoptr (CrownChartData) zero = crown_chart_data_new ("", "");
      g_autoptr (CrownChartLayout) a = functions[i] (none, &wide);
      g_autoptr (CrownChartLayout) b = NULL;

      g_assert_cmpfloat (a->height, ==, 0);
      crown_chart_data_add (zero, "Nothing at all that has a very long name", "and a long series", 0, "not a single one of them");
      b = functions[i] (zero, &narrow);
      assert_inside (b);
    }
}

static void
test_csv (void)
{
  g_autoptr (CrownChartData) data = crown_chart_data_new ("", "");
  g_autofree char *csv = NULL;

  crown_chart_data_add (data, "=HYPERLINK(\"x\")", "a\nb", -1.5, "-1,5");
  csv = crown_chart_data_to_csv (data);
  g_assert_cmpstr (csv, ==, "\"name\",\"series\",\"value\",\"text\"\r\n"
                            "\"'=HYPERLINK(\"\"x\"\")\",\"a\nb\",-1.5,\"'-1,5\"\r\n");
}

static void
test_svg (void)
{
  g_autoptr (CrownChartData) data = make_data ();
  g_autoptr (CrownChartLayout) layout = crown_chart_layout_donut (data, &wide);
  g_autofree char *svg = crown_chart_layout_to_svg (layout, data, &wide);
  g_autoptr (GMarkupParseContext) context = NULL;
  g_autoptr (GError) error = NULL;
  GMarkupParser parser = { 0 };

  context = g_markup_parse_context_new (&parser, 0, NULL, NULL);
  g_markup_parse_context_parse (context, svg, -1, &error);
  g_assert_no_error (error);
  g_markup_parse_context_end_parse (context, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (svg, "<title>Speaking &lt;Time&gt;</title><desc>Added &amp; up.</desc>"));
  g_assert_nonnull (strstr (svg, "<title>Anna: 30 seconds</title>"));
  g_assert_nonnull (strstr (svg, crown_chart_palette[1]));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ui/chart/bars", test_bars);
  g_test_add_func ("/ui/chart/negative-bars", test_negative_bars);
  g_test_add_func ("/ui/chart/stacks", test_stacks);
  g_test_add_func ("/ui/chart/line-and-heat", test_line_and_heat);
  g_test_add_func ("/ui/chart/donut", test_donut);
  g_test_add_func ("/ui/chart/nothing", test_nothing);
  g_test_add_func ("/ui/chart/csv", test_csv);
  g_test_add_func ("/ui/chart/svg", test_svg);
  return g_test_run ();
}
