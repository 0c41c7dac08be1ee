/* crown-bar-chart.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-bar-chart.h"

#define MAX_ROWS 64 /* a meeting of more speakers is a crowd; the rest would not be read anyway */

/**
 * CrownBarChart:
 *
 * A name, a bar and an amount in words for each entry. The words carry everything that the bar shows, so that nobody
 * has to see it.
 */
struct _CrownBarChart
{
  GtkWidget  parent_instance;

  GtkWidget *grid;
  int        n_rows;
};

G_DEFINE_FINAL_TYPE (CrownBarChart, crown_bar_chart, GTK_TYPE_WIDGET)

GtkWidget *
crown_bar_chart_new (void)
{
  return g_object_new (CROWN_TYPE_BAR_CHART, NULL);
}

static void
crown_bar_chart_make_grid (CrownBarChart *self)
{
  self->grid = gtk_grid_new ();
  gtk_grid_set_row_spacing (GTK_GRID (self->grid), 8);
  gtk_grid_set_column_spacing (GTK_GRID (self->grid), 12);
  gtk_widget_set_parent (self->grid, GTK_WIDGET (self));
  self->n_rows = 0;
}

/**
 * crown_bar_chart_clear:
 *
 * Removes all bars.
 */
void
crown_bar_chart_clear (CrownBarChart *self)
{
  g_return_if_fail (CROWN_IS_BAR_CHART (self));

  gtk_widget_unparent (self->grid);
  crown_bar_chart_make_grid (self);
}

/**
 * crown_bar_chart_add:
 * @name: whose amount it is
 * @fraction: the bar's length, 0 to 1
 * @amount: the amount in words
 */
void
crown_bar_chart_add (CrownBarChart *self,
                     const char    *name,
                     double         fraction,
                     const char    *amount)
{
  GtkWidget *label, *bar, *value;

  g_return_if_fail (CROWN_IS_BAR_CHART (self));

  if (self->n_rows >= MAX_ROWS)
    return;

  label = gtk_label_new (name);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_width_chars (GTK_LABEL (label), 10);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 18);

  bar = gtk_level_bar_new ();
  gtk_level_bar_set_value (GTK_LEVEL_BAR (bar), CLAMP (fraction, 0, 1));
  /* The offsets colour a bar as low, high, full, as of a battery; here a long bar is not better than a short one. */
  gtk_level_bar_remove_offset_value (GTK_LEVEL_BAR (bar), GTK_LEVEL_BAR_OFFSET_LOW);
  gtk_level_bar_remove_offset_value (GTK_LEVEL_BAR (bar), GTK_LEVEL_BAR_OFFSET_HIGH);
  gtk_level_bar_remove_offset_value (GTK_LEVEL_BAR (bar), GTK_LEVEL_BAR_OFFSET_FULL);
  gtk_widget_set_hexpand (bar, TRUE);
  gtk_widget_set_valign (bar, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (bar, "crown-bar");
  gtk_accessible_update_property (GTK_ACCESSIBLE (bar),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, amount, -1);

  value = gtk_label_new (amount);
  gtk_label_set_xalign (GTK_LABEL (value), 1);
  gtk_widget_add_css_class (value, "dim-label");
  gtk_widget_add_css_class (value, "numeric");

  gtk_grid_attach (GTK_GRID (self->grid), label, 0, self->n_rows, 1, 1);
  gtk_grid_attach (GTK_GRID (self->grid), bar, 1, self->n_rows, 1, 1);
  gtk_grid_attach (GTK_GRID (self->grid), value, 2, self->n_rows, 1, 1);
  self->n_rows++;
}

static void
crown_bar_chart_dispose (GObject *object)
{
  CrownBarChart *self = CROWN_BAR_CHART (object);

  g_clear_pointer (&self->grid, gtk_widget_unparent);

  G_OBJECT_CLASS (crown_bar_chart_parent_class)->dispose (object);
}

static void
crown_bar_chart_class_init (CrownBarChartClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = crown_bar_chart_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static void
crown_bar_chart_init (CrownBarChart *self)
{
  crown_bar_chart_make_grid (self);
}
