/* crown-chart.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-chart.h"

#include "crown-chart-canvas.h"

#include <glib/gi18n.h>

/**
 * CrownChart:
 *
 * One widget for every kind of chart; a kind is a layout function. The same data is a drawing, a table that a screen
 * reader goes through cell by cell, and a file. Without data it says so.
 */
struct _CrownChart
{
  AdwBin            parent_instance;

  CrownChartKind    kind;
  CrownChartData   *data; /* (nullable) until there is some */

  GtkLabel         *title;
  GtkLabel         *how;
  GtkStack         *stack;
  CrownChartCanvas *canvas;
  GtkWidget        *table;
  GtkMenuButton    *menu;
};

enum {
  PROP_0,
  PROP_KIND,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (CrownChart, crown_chart, ADW_TYPE_BIN)

GType
crown_chart_kind_get_type (void)
{
  static gsize type;
  static const GEnumValue values[] = {
    { CROWN_CHART_BARS, "CROWN_CHART_BARS", "bars" },
    { CROWN_CHART_STACKS, "CROWN_CHART_STACKS", "stacks" },
    { CROWN_CHART_LINE, "CROWN_CHART_LINE", "line" },
    { CROWN_CHART_HEAT, "CROWN_CHART_HEAT", "heat" },
    { CROWN_CHART_DONUT, "CROWN_CHART_DONUT", "donut" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("CrownChartKind", values));
  return type;
}

static CrownChartLayoutFunc
layout_of (CrownChartKind kind)
{
  static const CrownChartLayoutFunc functions[] = {
    [CROWN_CHART_BARS] = crown_chart_layout_bars,
    [CROWN_CHART_STACKS] = crown_chart_layout_stacks,
    [CROWN_CHART_LINE] = crown_chart_layout_line,
    [CROWN_CHART_HEAT] = crown_chart_layout_heat,
    [CROWN_CHART_DONUT] = crown_chart_layout_donut,
  };

  return functions[kind];
}

static void
add_cell (GtkWidget    *row,
          GtkSizeGroup *column,
          const char   *text)
{
  GtkWidget *cell = g_object_new (GTK_TYPE_LABEL, "accessible-role", GTK_ACCESSIBLE_ROLE_CELL, "label", text, "xalign", 0.0,
                                  "wrap", TRUE, "wrap-mode", PANGO_WRAP_WORD_CHAR, "selectable", TRUE, NULL);

  gtk_size_group_add_widget (column, cell);
  gtk_box_append (GTK_BOX (row), cell);
}

/* A table that nobody looks at has no widgets. */
static void
fill_table (CrownChart *self)
{
  g_autoptr(GtkSizeGroup) names = gtk_size_group_new (GTK_SIZE_GROUP_HORIZONTAL);
  g_autoptr(GtkSizeGroup) series = gtk_size_group_new (GTK_SIZE_GROUP_HORIZONTAL);
  g_autoptr(GtkSizeGroup) texts = gtk_size_group_new (GTK_SIZE_GROUP_HORIZONTAL);
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (self->table)) != NULL)
    gtk_box_remove (GTK_BOX (self->table), child);
  if (self->data == NULL || g_strcmp0 (gtk_stack_get_visible_child_name (self->stack), "table") != 0)
    return;

  gtk_accessible_update_property (GTK_ACCESSIBLE (self->table), GTK_ACCESSIBLE_PROPERTY_LABEL, self->data->title, -1);
  for (guint i = 0; i < self->data->marks->len; i++)
    {
      CrownChartMark *mark = crown_chart_data_get (self->data, i);
      GtkWidget *row = g_object_new (GTK_TYPE_BOX, "accessible-role", GTK_ACCESSIBLE_ROLE_ROW, "spacing", 18, NULL);

      add_cell (row, names, mark->name);
      if (mark->series != NULL)
        add_cell (row, series, mark->series);
      add_cell (row, texts, mark->text);
      gtk_box_append (GTK_BOX (self->table), row);
    }
}

/**
 * crown_chart_take_data:
 * @data: (transfer full): what to show
 */
void
crown_chart_take_data (CrownChart     *self,
                       CrownChartData *data)
{
  g_autofree char *menu = g_strdup_printf (_("Options of the chart “%s”"), data->title);
  gboolean as_table = g_strcmp0 (gtk_stack_get_visible_child_name (self->stack), "table") == 0;
  gboolean empty = data->marks->len == 0;

  g_return_if_fail (CROWN_IS_CHART (self));

  crown_chart_canvas_set (self->canvas, data, layout_of (self->kind));
  g_clear_pointer (&self->data, crown_chart_data_free);
  self->data = data;
  gtk_label_set_label (self->title, data->title);
  gtk_label_set_label (self->how, data->how);
  gtk_stack_set_visible_child_name (self->stack, empty ? "none" : as_table ? "table" : "drawing");
  gtk_widget_set_visible (GTK_WIDGET (self->menu), !empty);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->menu), GTK_ACCESSIBLE_PROPERTY_LABEL, menu, -1);
  fill_table (self);
}

static void
table_action (GtkWidget  *widget,
              const char *name,
              GVariant   *parameter)
{
  CrownChart *self = CROWN_CHART (widget);
  gboolean as_table = g_strcmp0 (gtk_stack_get_visible_child_name (self->stack), "table") == 0;

  gtk_stack_set_visible_child_name (self->stack, as_table ? "drawing" : "table");
  fill_table (self);
}

static void
saved_cb (GObject      *file,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(GtkWidget) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autofree char *name = g_file_get_basename (G_FILE (file));
  g_autofree char *message = NULL;

  if (g_file_replace_contents_finish (G_FILE (file), result, NULL, &error))
    message = g_strdup_printf (_("“%s” saved"), name);
  else
    message = g_strdup_printf (_("“%s” was not saved: %s"), name, error->message);
  gtk_widget_activate_action (self, "win.say", "s", message);
}

static GBytes *
bytes_of (CrownChart *self,
          const char *format)
{
  g_autoptr(GdkTexture) picture = NULL;
  char *text = NULL;

  if (g_str_equal (format, "png"))
    {
      picture = crown_chart_canvas_picture (self->canvas);
      return picture != NULL ? gdk_texture_save_to_png_bytes (picture) : NULL;
    }
  text = g_str_equal (format, "svg") ? crown_chart_canvas_to_svg (self->canvas) : crown_chart_data_to_csv (self->data);
  return g_bytes_new_take (text, strlen (text));
}

static void
save_response_cb (GtkNativeDialog *dialog,
                  int              response,
                  gpointer         user_data)
{
  CrownChart *self = CROWN_CHART (user_data);
  const char *format = g_object_get_data (G_OBJECT (dialog), "format");
  g_autoptr(GFile) file = NULL;
  g_autoptr(GBytes) bytes = NULL;

  if (response == GTK_RESPONSE_ACCEPT && self->data != NULL)
    {
      file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
      bytes = bytes_of (self, format);
      if (file != NULL && bytes != NULL)
        g_file_replace_contents_bytes_async (file, bytes, NULL, FALSE, G_FILE_CREATE_REPLACE_DESTINATION, NULL,
                                             saved_cb, g_object_ref (self));
    }
  g_object_unref (dialog);
}

static void
save_action (GtkWidget  *widget,
             const char *action,
             GVariant   *parameter)
{
  CrownChart *self = CROWN_CHART (widget);
  const char *format = g_variant_get_string (parameter, NULL);
  GtkFileChooserNative *chooser;
  g_autofree char *name = NULL;

  if (self->data == NULL || (!g_str_equal (format, "svg") && !g_str_equal (format, "png") && !g_str_equal (format, "csv")))
    return;
  chooser = gtk_file_chooser_native_new (_("Save the Chart"), GTK_WINDOW (gtk_widget_get_root (widget)),
                                         GTK_FILE_CHOOSER_ACTION_SAVE, _("_Save"), NULL);
  name = g_strdup_printf ("%s.%s", self->data->title, format);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (chooser), name);
  g_object_set_data_full (G_OBJECT (chooser), "format", g_strdup (format), g_free);
  g_signal_connect_object (chooser, "response", G_CALLBACK (save_response_cb), widget, 0);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (chooser), TRUE);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (chooser));
}

static void
crown_chart_dispose (GObject *object)
{
  CrownChart *self = CROWN_CHART (object);

  if (self->canvas != NULL)
    crown_chart_canvas_set (self->canvas, NULL, NULL);
  self->canvas = NULL;
  g_clear_pointer (&self->data, crown_chart_data_free);

  G_OBJECT_CLASS (crown_chart_parent_class)->dispose (object);
}

static void
crown_chart_set_property (GObject      *object,
                          guint         prop_id,
                          const GValue *value,
                          GParamSpec   *pspec)
{
  if (prop_id == PROP_KIND)
    CROWN_CHART (object)->kind = g_value_get_enum (value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
crown_chart_class_init (CrownChartClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = crown_chart_dispose;
  G_OBJECT_CLASS (klass)->set_property = crown_chart_set_property;
  properties[PROP_KIND] = g_param_spec_enum ("kind", NULL, NULL, CROWN_TYPE_CHART_KIND, CROWN_CHART_BARS,
                                             G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPS, properties);

  g_type_ensure (CROWN_TYPE_CHART_CANVAS);
  gtk_widget_class_install_action (widget_class, "chart.table", NULL, table_action);
  gtk_widget_class_install_action (widget_class, "chart.save", "s", save_action);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/crown4/Dashboard/charts/crown-chart.ui");
  gtk_widget_class_bind_template_child (widget_class, CrownChart, title);
  gtk_widget_class_bind_template_child (widget_class, CrownChart, how);
  gtk_widget_class_bind_template_child (widget_class, CrownChart, stack);
  gtk_widget_class_bind_template_child (widget_class, CrownChart, canvas);
  gtk_widget_class_bind_template_child (widget_class, CrownChart, table);
  gtk_widget_class_bind_template_child (widget_class, CrownChart, menu);
}

static void
crown_chart_init (CrownChart *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
