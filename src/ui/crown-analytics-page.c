/* crown-analytics-page.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-analytics-page.h"

#include "charts/crown-chart.h"
#include "crown-analytics-view.h"
#include "crown-range-stats.h"

#include <glib/gi18n.h>

#define MEETINGS_A_TURN 40 /* read before the interface gets its turn again: about 4 ms */

/**
 * CrownAnalyticsPage:
 *
 * A drop-down of meetings over the #CrownAnalyticsView of the chosen one, which a search narrows; and charts of all
 * meetings in a time range, which are counted a few at a time.
 */
struct _CrownAnalyticsPage
{
  AdwBin              parent_instance;

  CrownClient        *client;
  CrownListModel     *meetings;

  GtkStack           *stack;
  GtkDropDown        *chooser;
  CrownAnalyticsView *view;
  GtkStack           *parts;
  GtkDropDown        *range;
  CrownChart         *load;
  CrownChart         *completion;
  CrownChart         *people;
  CrownChart         *overdue;

  CrownRangeStats    *stats;   /* (nullable): being counted */
  GArray             *ids;     /* (nullable): gint64, the meetings that are counted */
  guint               n_read;
  guint               source;  /* of the counting */
  gboolean            again;   /* something changed meanwhile */
};

G_DEFINE_FINAL_TYPE (CrownAnalyticsPage, crown_analytics_page, ADW_TYPE_BIN)

static void
stop_counting (CrownAnalyticsPage *self)
{
  g_clear_handle_id (&self->source, g_source_remove);
  g_clear_pointer (&self->stats, crown_range_stats_free);
  g_clear_pointer (&self->ids, g_array_unref);
  self->n_read = 0;
}

static void
count_meeting (CrownAnalyticsPage *self,
               gint64              id)
{
  g_autoptr(CrownMeeting) meeting = crown_client_load_meeting (self->client, id, NULL);
  CrownQuery query = { CROWN_QUERY_SESSION_TASKS, id, NULL, NULL };
  g_autoptr(GArray) tasks = NULL;

  if (meeting == NULL || !crown_range_stats_add_meeting (self->stats, meeting))
    return;
  tasks = crown_client_query_ids (self->client, &query, NULL);
  for (guint i = 0; tasks != NULL && i < tasks->len; i++)
    {
      g_autoptr(CrownTask) task = crown_client_load_task (self->client, g_array_index (tasks, gint64, i), NULL);

      if (task != NULL)
        crown_range_stats_add_task (self->stats, task);
    }
}

static void show_range (CrownAnalyticsPage *self);

static gboolean
count_cb (gpointer user_data)
{
  CrownAnalyticsPage *self = user_data;
  guint end = MIN (self->n_read + MEETINGS_A_TURN, self->ids->len);

  while (self->n_read < end)
    count_meeting (self, g_array_index (self->ids, gint64, self->n_read++));
  if (self->n_read < self->ids->len)
    return G_SOURCE_CONTINUE;

  crown_chart_take_data (self->load, crown_range_stats_load (self->stats));
  crown_chart_take_data (self->completion, crown_range_stats_completion (self->stats));
  crown_chart_take_data (self->people, crown_range_stats_people (self->stats));
  crown_chart_take_data (self->overdue, crown_range_stats_overdue (self->stats));
  self->source = 0;
  stop_counting (self);
  if (self->again)
    show_range (self);
  return G_SOURCE_REMOVE;
}

static void
show_range (CrownAnalyticsPage *self)
{
  static const int days[] = { 30, 90, 365 };
  guint selected = gtk_drop_down_get_selected (self->range);
  CrownQuery meetings = { CROWN_QUERY_MEETINGS, 0, NULL, NULL }, archive = { CROWN_QUERY_ARCHIVE, 0, NULL, NULL };
  g_autoptr(GDateTime) now = g_date_time_new_now_local ();
  g_autoptr(GDateTime) from = selected < G_N_ELEMENTS (days) ? g_date_time_add_days (now, -days[selected]) : NULL;
  g_autoptr(GArray) archived = crown_client_query_ids (self->client, &archive, NULL);

  stop_counting (self);
  self->again = FALSE;
  self->ids = crown_client_query_ids (self->client, &meetings, NULL);
  if (self->ids == NULL)
    return;
  if (archived != NULL) /* a meeting that was put away has been held nevertheless */
    g_array_append_vals (self->ids, archived->data, archived->len);
  self->stats = crown_range_stats_new (from, now);
  self->source = g_idle_add (count_cb, self);
}

static void
crown_analytics_page_show (CrownAnalyticsPage *self)
{
  CrownItem *item;
  g_autoptr(CrownAnalytics) analytics = NULL;
  gboolean over_time;

  if (self->client == NULL) /* while the template is built */
    return;
  item = gtk_drop_down_get_selected_item (self->chooser);
  over_time = g_strcmp0 (gtk_stack_get_visible_child_name (self->parts), "range") == 0;
  gtk_stack_set_visible_child_name (self->stack, item != NULL || over_time ? "meeting" : "empty");
  if (!gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  if (over_time)
    {
      show_range (self);
      return;
    }
  if (item == NULL)
    return;

  analytics = crown_client_load_analytics (self->client, crown_item_get_id (item), NULL);
  crown_analytics_view_show (self->view, analytics);
}

static void
client_changed_cb (CrownAnalyticsPage *self,
                   CrownChangeSet     *changes)
{
  gboolean over_time = g_strcmp0 (gtk_stack_get_visible_child_name (self->parts), "range") == 0;

  if (over_time ? crown_change_set_touches (changes, CROWN_STORE_MEETINGS) || crown_change_set_touches (changes, CROWN_STORE_TASKS)
                : crown_change_set_touches (changes, CROWN_STORE_ANALYTICS))
    {
      /* A count that began is brought to its end: under a stream of changes it would never get there. */
      if (self->source != 0)
        self->again = TRUE;
      else
        crown_analytics_page_show (self);
    }
}

/**
 * crown_analytics_page_set_client:
 * @client: where to read; once in the page's life
 */
void
crown_analytics_page_set_client (CrownAnalyticsPage *self,
                                 CrownClient        *client)
{
  g_return_if_fail (CROWN_IS_ANALYTICS_PAGE (self));
  g_return_if_fail (self->client == NULL);

  self->client = g_object_ref (client);
  self->meetings = crown_list_model_new (client, CROWN_QUERY_MEETINGS);
  gtk_drop_down_set_model (self->chooser, G_LIST_MODEL (self->meetings));
  g_signal_connect_object (client, "changed", G_CALLBACK (client_changed_cb), self, G_CONNECT_SWAPPED);
  crown_analytics_page_show (self);
}

/**
 * crown_analytics_page_set_text:
 * @text: (nullable): offers only meetings that contain this
 */
void
crown_analytics_page_set_text (CrownAnalyticsPage *self,
                               const char         *text)
{
  g_return_if_fail (CROWN_IS_ANALYTICS_PAGE (self));

  crown_list_model_set_text (self->meetings, text);
}

static void
name_setup_cb (GtkSignalListItemFactory *factory,
               GtkListItem              *list_item)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_list_item_set_child (list_item, label);
}

static void
name_bind_cb (GtkSignalListItemFactory *factory,
              GtkListItem              *list_item)
{
  CrownMeeting *meeting = crown_item_get_meeting (gtk_list_item_get_item (list_item));

  gtk_label_set_label (GTK_LABEL (gtk_list_item_get_child (list_item)), meeting != NULL ? meeting->title : "");
}

static void
crown_analytics_page_dispose (GObject *object)
{
  CrownAnalyticsPage *self = CROWN_ANALYTICS_PAGE (object);

  stop_counting (self);
  g_clear_object (&self->meetings);
  g_clear_object (&self->client);

  G_OBJECT_CLASS (crown_analytics_page_parent_class)->dispose (object);
}

static void
crown_analytics_page_class_init (CrownAnalyticsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = crown_analytics_page_dispose;
  g_type_ensure (CROWN_TYPE_ANALYTICS_VIEW);
  g_type_ensure (CROWN_TYPE_CHART);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/crown4/Dashboard/crown-analytics-page.ui");
  gtk_widget_class_bind_template_child (widget_class, CrownAnalyticsPage, stack);
  gtk_widget_class_bind_template_child (widget_class, CrownAnalyticsPage, chooser);
  gtk_widget_class_bind_template_child (widget_class, CrownAnalyticsPage, view);
  gtk_widget_class_bind_template_child (widget_class, CrownAnalyticsPage, parts);
  gtk_widget_class_bind_template_child (widget_class, CrownAnalyticsPage, range);
  gtk_widget_class_bind_template_child (widget_class, CrownAnalyticsPage, load);
  gtk_widget_class_bind_template_child (widget_class, CrownAnalyticsPage, completion);
  gtk_widget_class_bind_template_child (widget_class, CrownAnalyticsPage, people);
  gtk_widget_class_bind_template_child (widget_class, CrownAnalyticsPage, overdue);
  gtk_widget_class_bind_template_callback (widget_class, crown_analytics_page_show);
  gtk_widget_class_bind_template_callback (widget_class, name_setup_cb);
  gtk_widget_class_bind_template_callback (widget_class, name_bind_cb);
}

static void
crown_analytics_page_init (CrownAnalyticsPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_after (self, "map", G_CALLBACK (crown_analytics_page_show), NULL);
}
