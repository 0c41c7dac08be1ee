/* crown-chart-canvas.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-chart-canvas.h"

#include <glib/gi18n.h>
#include <math.h>

#define NATURAL_WIDTH 420
#define MIN_WIDTH     120
#define ROUNDING      3

/**
 * CrownChartCanvas:
 *
 * Draws what a layout function makes of the data. A mark's value is said by a tooltip where the pointer is, and by the
 * accessible name where the keyboard is: the arrows, Home and End walk through the marks.
 */
struct _CrownChartCanvas
{
  GtkWidget             parent_instance;

  const CrownChartData *data;    /* (nullable): the chart's */
  CrownChartLayoutFunc  func;
  CrownChartLayout     *layout;  /* (nullable): of the present width */
  int                   current; /* the mark that the keyboard is at; -1: none */
};

G_DEFINE_FINAL_TYPE (CrownChartCanvas, crown_chart_canvas, GTK_TYPE_WIDGET)

static CrownChartSpace
space_of (CrownChartCanvas *self,
          int               width)
{
  PangoContext *context = gtk_widget_get_pango_context (GTK_WIDGET (self));
  PangoFontMetrics *metrics = pango_context_get_metrics (context, NULL, NULL);
  CrownChartSpace space = {
    .width = width,
    .char_width = pango_font_metrics_get_approximate_char_width (metrics) / (double) PANGO_SCALE,
    .line_height = ceil (pango_font_metrics_get_height (metrics) / (double) PANGO_SCALE),
    .right_to_left = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL,
  };

  pango_font_metrics_unref (metrics);
  return space;
}

static CrownChartLayout *
lay_out (CrownChartCanvas *self,
         int               width)
{
  CrownChartSpace space = space_of (self, width);

  return self->func (self->data, &space);
}

static char *
say_mark (CrownChartCanvas *self,
          int               i)
{
  CrownChartMark *mark = crown_chart_data_get (self->data, (guint) i);

  if (mark->series != NULL)
    return g_strdup_printf ("%s, %s: %s", mark->name, mark->series, mark->text);
  return g_strdup_printf ("%s: %s", mark->name, mark->text);
}

static void
set_current (CrownChartCanvas *self,
             int               current)
{
  g_autofree char *mark = current >= 0 ? say_mark (self, current) : NULL;
  g_autofree char *name = NULL;

  self->current = current;
  if (self->data != NULL)
    name = mark != NULL ? g_strdup_printf ("%s. %s", self->data->title, mark) : g_strdup (self->data->title);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL, name != NULL ? name : "",
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, self->data != NULL ? self->data->how : "", -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/**
 * crown_chart_canvas_set:
 * @data: (nullable): what to show; has to live until the next call
 * @layout: how
 */
void
crown_chart_canvas_set (CrownChartCanvas     *self,
                        const CrownChartData *data,
                        CrownChartLayoutFunc  layout)
{
  g_return_if_fail (CROWN_IS_CHART_CANVAS (self));

  self->data = data;
  self->func = layout;
  g_clear_pointer (&self->layout, crown_chart_layout_free);
  set_current (self, -1);
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

/**
 * crown_chart_canvas_to_svg:
 *
 * Returns: (transfer full): the chart as it is laid out now
 */
char *
crown_chart_canvas_to_svg (CrownChartCanvas *self)
{
  int width = MAX (gtk_widget_get_width (GTK_WIDGET (self)), MIN_WIDTH);
  CrownChartSpace space = space_of (self, width);
  g_autoptr(CrownChartLayout) layout = self->func (self->data, &space);

  return crown_chart_layout_to_svg (layout, self->data, &space);
}

static GdkRGBA
colour_of (CrownChartCanvas *self,
           int               colour)
{
  GdkRGBA rgba;

  if (colour >= 0)
    {
      gdk_rgba_parse (&rgba, crown_chart_palette[colour]);
      return rgba;
    }
  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (self)), &rgba);
  rgba.alpha *= colour == CROWN_COLOUR_TEXT ? 1.0f : colour == CROWN_COLOUR_DIM ? 0.7f : 0.12f;
  return rgba;
}

static void
snapshot_text (CrownChartCanvas *self,
               GtkSnapshot      *snapshot,
               const CrownShape *shape,
               const GdkRGBA    *colour)
{
  g_autoptr(PangoLayout) text = gtk_widget_create_pango_layout (GTK_WIDGET (self), shape->text);
  int width, height;

  pango_layout_set_width (text, (int) (shape->width * PANGO_SCALE));
  pango_layout_set_ellipsize (text, PANGO_ELLIPSIZE_END);
  pango_layout_get_pixel_size (text, &width, &height);
  /* Pango's own alignment depends on the direction of the text; the layout knows where it belongs. */
  pango_layout_set_width (text, -1);
  if (width > shape->width)
    width = (int) shape->width;
  pango_layout_set_width (text, (width + 1) * PANGO_SCALE);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT ((float) (shape->x + (shape->width - width) * shape->align),
                                                          (float) (shape->y + (shape->height - height) / 2)));
  gtk_snapshot_append_layout (snapshot, text, colour);
  gtk_snapshot_restore (snapshot);
}

static void
snapshot_curve (CrownChartCanvas *self,
                GtkSnapshot      *snapshot,
                const CrownShape *shape,
                const GdkRGBA    *colour)
{
  graphene_rect_t all = GRAPHENE_RECT_INIT (0, 0, (float) gtk_widget_get_width (GTK_WIDGET (self)),
                                            (float) gtk_widget_get_height (GTK_WIDGET (self)));
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &all);

  gdk_cairo_set_source_rgba (cr, colour);
  if (shape->kind == CROWN_SHAPE_LINE)
    {
      cairo_set_line_width (cr, 2);
      cairo_set_line_cap (cr, CAIRO_LINE_CAP_ROUND);
      cairo_move_to (cr, shape->x, shape->y);
      cairo_line_to (cr, shape->x + shape->width, shape->y + shape->height);
      cairo_stroke (cr);
    }
  else if (shape->kind == CROWN_SHAPE_POINT)
    {
      cairo_arc (cr, shape->x, shape->y, shape->width, 0, 2 * G_PI);
      cairo_fill (cr);
    }
  else
    {
      /* A gap of a pixel on either side: neighbours are told apart without their colours. */
      double gap = shape->to - shape->from < 1 ? 1 / shape->width : 0;
      double from = shape->from * 2 * G_PI - G_PI / 2 + gap, to = shape->to * 2 * G_PI - G_PI / 2 - gap;

      if (to > from)
        {
          cairo_arc (cr, shape->x, shape->y, shape->width, from, to);
          cairo_arc_negative (cr, shape->x, shape->y, shape->height, to, from);
          cairo_close_path (cr);
          cairo_fill (cr);
        }
    }
  cairo_destroy (cr);
}

static void
snapshot_current (CrownChartCanvas *self,
                  GtkSnapshot      *snapshot)
{
  GdkRGBA colour = colour_of (self, CROWN_COLOUR_TEXT);
  const GdkRGBA colours[] = { colour, colour, colour, colour };
  const float widths[] = { 2, 2, 2, 2 };

  for (guint i = self->layout->shapes->len; i > 0; i--)
    {
      const CrownShape *shape = self->layout->shapes->pdata[i - 1];
      double x = shape->x, y = shape->y, width = shape->width, height = shape->height;
      GskRoundedRect outline;

      if (shape->mark != self->current || shape->kind == CROWN_SHAPE_TEXT)
        continue;
      if (shape->kind == CROWN_SHAPE_POINT)
        {
          x -= width;
          y -= height;
          width = height = 2 * width;
        }
      gsk_rounded_rect_init_from_rect (&outline, &GRAPHENE_RECT_INIT ((float) x - 3, (float) y - 3,
                                                                      (float) width + 6, (float) height + 6), 5);
      gtk_snapshot_append_border (snapshot, &outline, widths, colours);
      return;
    }
}

static void
crown_chart_canvas_snapshot (GtkWidget   *widget,
                             GtkSnapshot *snapshot)
{
  CrownChartCanvas *self = CROWN_CHART_CANVAS (widget);

  if (self->data == NULL || self->data->marks->len == 0)
    return;
  if (self->layout == NULL)
    self->layout = lay_out (self, gtk_widget_get_width (widget));

  for (guint i = 0; i < self->layout->shapes->len; i++)
    {
      const CrownShape *shape = self->layout->shapes->pdata[i];
      GdkRGBA colour = colour_of (self, shape->colour);

      if (shape->kind == CROWN_SHAPE_TEXT)
        snapshot_text (self, snapshot, shape, &colour);
      else if (shape->kind == CROWN_SHAPE_RECT)
        {
          graphene_rect_t bounds = GRAPHENE_RECT_INIT ((float) shape->x, (float) shape->y,
                                                       (float) shape->width, (float) shape->height);
          GskRoundedRect rounded;

          gsk_rounded_rect_init_from_rect (&rounded, &bounds, (float) MIN (ROUNDING, MIN (shape->width, shape->height) / 2));
          gtk_snapshot_push_rounded_clip (snapshot, &rounded);
          gtk_snapshot_append_color (snapshot, &colour, &bounds);
          gtk_snapshot_pop (snapshot);
        }
      else
        snapshot_curve (self, snapshot, shape, &colour);
    }
  if (self->current >= 0 && gtk_widget_has_visible_focus (widget))
    snapshot_current (self, snapshot);
}

/**
 * crown_chart_canvas_picture:
 *
 * Returns: (transfer full) (nullable): the chart as it is on the screen, over the window's background
 */
GdkTexture *
crown_chart_canvas_picture (CrownChartCanvas *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkNative *native = gtk_widget_get_native (widget);
  g_autoptr(GtkSnapshot) snapshot = gtk_snapshot_new ();
  g_autoptr(GskRenderNode) node = NULL;
  graphene_rect_t bounds = GRAPHENE_RECT_INIT (-12, -12, (float) gtk_widget_get_width (widget) + 24,
                                               (float) gtk_widget_get_height (widget) + 24);
  GdkRGBA background = { 1, 1, 1, 1 };

  if (native == NULL || !gtk_widget_get_realized (widget))
    return NULL;
  gtk_style_context_lookup_color (gtk_widget_get_style_context (widget), "window_bg_color", &background);
  gtk_snapshot_append_color (snapshot, &background, &bounds);
  crown_chart_canvas_snapshot (widget, snapshot);
  node = gtk_snapshot_to_node (snapshot);
  return node != NULL ? gsk_renderer_render_texture (gtk_native_get_renderer (native), node, &bounds) : NULL;
}

static GtkSizeRequestMode
crown_chart_canvas_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
crown_chart_canvas_measure (GtkWidget      *widget,
                            GtkOrientation  orientation,
                            int             for_size,
                            int            *minimum,
                            int            *natural,
                            int            *minimum_baseline,
                            int            *natural_baseline)
{
  CrownChartCanvas *self = CROWN_CHART_CANVAS (widget);

  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      *minimum = MIN_WIDTH;
      *natural = NATURAL_WIDTH;
    }
  else if (self->data != NULL)
    {
      g_autoptr(CrownChartLayout) layout = lay_out (self, for_size > 0 ? for_size : NATURAL_WIDTH);

      *minimum = *natural = (int) ceil (layout->height);
    }
}

static void
crown_chart_canvas_size_allocate (GtkWidget *widget,
                                  int        width,
                                  int        height,
                                  int        baseline)
{
  g_clear_pointer (&CROWN_CHART_CANVAS (widget)->layout, crown_chart_layout_free);
}

static void
crown_chart_canvas_direction_changed (GtkWidget        *widget,
                                      GtkTextDirection  previous)
{
  g_clear_pointer (&CROWN_CHART_CANVAS (widget)->layout, crown_chart_layout_free);
  GTK_WIDGET_CLASS (crown_chart_canvas_parent_class)->direction_changed (widget, previous);
}

static gboolean
crown_chart_canvas_query_tooltip (GtkWidget  *widget,
                                  int         x,
                                  int         y,
                                  gboolean    keyboard,
                                  GtkTooltip *tooltip)
{
  CrownChartCanvas *self = CROWN_CHART_CANVAS (widget);
  g_autofree char *text = NULL;
  int mark;

  if (self->layout == NULL)
    return FALSE;
  mark = keyboard ? self->current : crown_chart_layout_find (self->layout, x, y);
  if (mark < 0)
    return FALSE;
  text = say_mark (self, mark);
  gtk_tooltip_set_text (tooltip, text);
  return TRUE;
}

static gboolean
key_cb (CrownChartCanvas *self,
        guint             key,
        guint             code,
        GdkModifierType   state)
{
  gboolean mirrored = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  int last = self->data != NULL ? (int) self->data->marks->len - 1 : -1;
  int current = self->current;

  if (last < 0 || (state & gtk_accelerator_get_default_mod_mask ()) != 0)
    return FALSE;
  switch (key)
    {
    case GDK_KEY_Left:
      current += mirrored ? 1 : -1;
      break;

    case GDK_KEY_Right:
      current += mirrored ? -1 : 1;
      break;

    case GDK_KEY_Up:
      current--;
      break;

    case GDK_KEY_Down:
      current++;
      break;

    case GDK_KEY_Home:
      current = 0;
      break;

    case GDK_KEY_End:
      current = last;
      break;

    case GDK_KEY_Return:
    case GDK_KEY_KP_Enter:
    case GDK_KEY_space:
      if (current >= 0)
        g_signal_emit_by_name (self, "activated", (guint) current);
      return current >= 0;

    default:
      return FALSE;
    }
  set_current (self, CLAMP (current, 0, last));
  return TRUE;
}

static void
released_cb (CrownChartCanvas *self,
             int               n_press,
             double            x,
             double            y)
{
  int mark = self->layout != NULL ? crown_chart_layout_find (self->layout, x, y) : -1;

  gtk_widget_grab_focus (GTK_WIDGET (self));
  if (mark >= 0)
    g_signal_emit_by_name (self, "activated", (guint) mark);
}

static void
crown_chart_canvas_finalize (GObject *object)
{
  g_clear_pointer (&CROWN_CHART_CANVAS (object)->layout, crown_chart_layout_free);

  G_OBJECT_CLASS (crown_chart_canvas_parent_class)->finalize (object);
}

static void
crown_chart_canvas_class_init (CrownChartCanvasClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = crown_chart_canvas_finalize;
  widget_class->snapshot = crown_chart_canvas_snapshot;
  widget_class->get_request_mode = crown_chart_canvas_get_request_mode;
  widget_class->measure = crown_chart_canvas_measure;
  widget_class->size_allocate = crown_chart_canvas_size_allocate;
  widget_class->direction_changed = crown_chart_canvas_direction_changed;
  widget_class->query_tooltip = crown_chart_canvas_query_tooltip;
  g_signal_new ("activated", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  gtk_widget_class_set_css_name (widget_class, "chart");
}

static void
crown_chart_canvas_init (CrownChartCanvas *self)
{
  GtkEventController *keys = gtk_event_controller_key_new ();
  GtkGesture *click = gtk_gesture_click_new ();

  self->current = -1;
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_widget_set_has_tooltip (GTK_WIDGET (self), TRUE);
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_VISIBLE);
  g_signal_connect_object (keys, "key-pressed", G_CALLBACK (key_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (click, "released", G_CALLBACK (released_cb), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (self), keys);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
}
