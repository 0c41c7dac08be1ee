/* crown-analytics-page.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-analytics-page.h"

#include "crown-analytics-view.h"

#include <glib/gi18n.h>

/**
 * CrownAnalyticsPage:
 *
 * A drop-down of meetings over the #CrownAnalyticsView of the chosen one. A search narrows the drop-down.
 */
struct _CrownAnalyticsPage
{
  AdwBin              parent_instance;

  CrownClient        *client;
  CrownListModel     *meetings;

  GtkStack           *stack;
  GtkDropDown        *chooser;
  CrownAnalyticsView *view;
};

G_DEFINE_FINAL_TYPE (CrownAnalyticsPage, crown_analytics_page, ADW_TYPE_BIN)

static void
crown_analytics_page_show (CrownAnalyticsPage *self)
{
  CrownItem *item = gtk_drop_down_get_selected_item (self->chooser);
  g_autoptr(CrownAnalytics) analytics = NULL;

  gtk_stack_set_visible_child_name (self->stack, item != NULL ? "meeting" : "empty");
  if (item == NULL || !gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;

  analytics = crown_client_load_analytics (self->client, crown_item_get_id (item), NULL);
  crown_analytics_view_show (self->view, analytics);
}

static void
client_changed_cb (CrownAnalyticsPage *self,
                   CrownChangeSet     *changes)
{
  if (crown_change_set_touches (changes, CROWN_STORE_ANALYTICS))
    crown_analytics_page_show (self);
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
  gtk_widget_class_set_template_from_resource (widget_class, "/org/crown4/Dashboard/crown-analytics-page.ui");
  gtk_widget_class_bind_template_child (widget_class, CrownAnalyticsPage, stack);
  gtk_widget_class_bind_template_child (widget_class, CrownAnalyticsPage, chooser);
  gtk_widget_class_bind_template_child (widget_class, CrownAnalyticsPage, view);
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
