/* crown-window.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-window-private.h"

#include "crown-compat.h"
#include "crown-config.h"
#include "crown-list-page.h"
#include "crown-settings.h"

#include <glib/gi18n.h>

/**
 * CrownWindow:
 *
 * The four pages over the client of one #CrownSession. It reads the cache and nothing else, so it is whole before any server is there.
 */
G_DEFINE_FINAL_TYPE (CrownWindow, crown_window, ADW_TYPE_APPLICATION_WINDOW)

/* Returns: (transfer full) */
AdwToast *
crown_window_make_toast (const char *message)
{
  g_autofree char *escaped = g_markup_escape_text (message, -1); /* a toast's title is markup */

  return adw_toast_new (escaped);
}

/**
 * crown_window_say:
 * @message: what happened
 *
 * Shows @message in a toast.
 */
void
crown_window_say (CrownWindow *self,
                  const char  *message)
{
  g_return_if_fail (CROWN_IS_WINDOW (self));

  adw_toast_overlay_add_toast (self->toasts, crown_window_make_toast (message));
}

static void
show_connection (CrownWindow *self)
{
  CrownClientState state = crown_client_get_state (self->client);
  const char *problem = crown_client_get_problem (self->client);
  gboolean lost = !self->offline && (state == CROWN_CLIENT_BACKING_OFF || state == CROWN_CLIENT_STOPPED);

  crown_compat_banner_set_button (self->banner, lost ? _("_Reconnect Now") : NULL);
  crown_compat_banner_set_title (self->banner, self->offline
                                 ? _("Offline: you see what is on this computer. Changes are sent when you are back.")
                                 : problem != NULL
                                 ? problem
                                 : _("The server cannot be reached. Changes are sent when it is back."));
  crown_compat_banner_set_revealed (self->banner, self->offline || lost || problem != NULL);
}

/**
 * crown_window_set_offline:
 * @offline: whether the person asked not to be connected
 */
void
crown_window_set_offline (CrownWindow *self,
                          gboolean     offline)
{
  g_return_if_fail (CROWN_IS_WINDOW (self));

  self->offline = offline;
  crown_connection_button_set_offline (self->connection, offline);
  show_connection (self);
}

/**
 * crown_window_is_painted:
 *
 * Returns: %TRUE when the frame that was just painted showed rows, or the page for no rows
 */
gboolean
crown_window_is_painted (CrownWindow *self)
{
  g_return_val_if_fail (CROWN_IS_WINDOW (self), FALSE);

  return crown_meetings_page_is_painted (self->meetings);
}

static void
rejected_cb (CrownWindow *self,
             const char  *what,
             const char  *message)
{
  crown_window_say (self, message);
}

/* Without meetings the invitation to import has the page to itself. */
static void
meetings_changed_cb (CrownWindow *self,
                     guint        position,
                     guint        removed,
                     guint        added,
                     GListModel  *meetings)
{
  gboolean searching = gtk_search_bar_get_search_mode (self->search_bar);

  gboolean with_detail = searching || crown_meetings_page_is_filtered (self->meetings) || g_list_model_get_n_items (meetings) > 0;

  gtk_widget_set_visible (self->detail_pane, with_detail);
  gtk_widget_set_hexpand (GTK_WIDGET (self->meetings), !with_detail);
}

static void
meeting_selected_cb (CrownWindow *self)
{
  crown_meeting_detail_set_meeting (self->detail, crown_meetings_page_get_selected (self->meetings));
}

static void
meeting_activated_cb (CrownWindow *self)
{
  /* Where both are seen the keyboard stays in the list: navigating takes the focus with it. */
  if (adw_leaflet_get_folded (self->leaflet))
    adw_leaflet_navigate (self->leaflet, ADW_NAVIGATION_DIRECTION_FORWARD);
}

static void
search_changed_cb (CrownWindow *self)
{
  const char *page = adw_view_stack_get_visible_child_name (self->pages);
  const char *text = NULL;

  if (self->client == NULL) /* while the template is built */
    return;
  if (gtk_search_bar_get_search_mode (self->search_bar))
    text = gtk_editable_get_text (GTK_EDITABLE (self->search_entry));

  /* Only the current page is filtered; the others show everything. */
  crown_meetings_page_set_text (self->meetings, g_strcmp0 (page, "meetings") == 0 ? text : NULL);
  crown_tasks_page_set_text (self->tasks, g_strcmp0 (page, "tasks") == 0 ? text : NULL);
  crown_analytics_page_set_text (self->analytics, g_strcmp0 (page, "analytics") == 0 ? text : NULL);
  crown_meetings_page_set_text (self->archive, g_strcmp0 (page, "archive") == 0 ? text : NULL);
}

/* A list of 100,000 tasks takes GTK 100 ms to take in: a page is filled when it is first looked at. */
static void
fill_tasks_cb (CrownWindow *self)
{
  if (self->client == NULL)
    return;
  crown_tasks_page_fill (self->tasks, self->client);
  search_changed_cb (self);
}

/* What is not said is that somebody looked; nothing that the person did is lost by it. */
static void
revealed_cb (GObject      *client,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(GError) error = NULL;

  if (!crown_client_write_finish (CROWN_CLIENT (client), result, &error))
    g_message ("the look at the archive is not told: %s", error->message);
}

static void
fill_archive_cb (CrownWindow *self)
{
  if (self->client == NULL)
    return;
  crown_meetings_page_fill (self->archive, self->client);
  crown_client_reveal_archive_async (self->client, revealed_cb, NULL);
  search_changed_cb (self);
}

static gboolean
drop_cb (CrownWindow  *self,
         const GValue *value)
{
  GSList *files = g_value_get_boxed (value);

  for (GSList *l = files; l != NULL; l = l->next)
    crown_window_import (self, l->data);
  return files != NULL;
}

static void
restore_settings (CrownWindow *self)
{
  g_autofree char *page = NULL;

  self->settings = crown_settings_new ();
  if (self->settings == NULL)
    return;

  gtk_window_set_default_size (GTK_WINDOW (self), g_settings_get_int (self->settings, "window-width"),
                               g_settings_get_int (self->settings, "window-height"));
  if (g_settings_get_boolean (self->settings, "window-maximized"))
    gtk_window_maximize (GTK_WINDOW (self));
  page = g_settings_get_string (self->settings, "page");
  if (adw_view_stack_get_child_by_name (self->pages, page) != NULL)
    adw_view_stack_set_visible_child_name (self->pages, page);
}

static gboolean
crown_window_close_request (GtkWindow *window)
{
  CrownWindow *self = CROWN_WINDOW (window);
  int width, height;

  if (self->settings != NULL)
    {
      gtk_window_get_default_size (window, &width, &height);
      g_settings_set_int (self->settings, "window-width", width);
      g_settings_set_int (self->settings, "window-height", height);
      g_settings_set_boolean (self->settings, "window-maximized", gtk_window_is_maximized (window));
      g_settings_set_string (self->settings, "page", adw_view_stack_get_visible_child_name (self->pages));
    }
  return GTK_WINDOW_CLASS (crown_window_parent_class)->close_request (window);
}

/**
 * crown_window_new:
 * @application: whose window
 * @session: where to read and write
 *
 * Returns: (transfer none): a window over @session, filled from the cache, not shown yet
 */
CrownWindow *
crown_window_new (GtkApplication *application,
                  CrownSession   *session)
{
  CrownWindow *self = g_object_new (CROWN_TYPE_WINDOW, "application", application, NULL);
  CrownClient *client = crown_session_get_client (session);
  GListModel *meetings;

  self->session = g_object_ref (session);
  self->client = g_object_ref (client);
  crown_meetings_page_fill (self->meetings, client);
  meetings = crown_meetings_page_get_model (self->meetings);
  crown_meeting_detail_set_client (self->detail, client);
  crown_analytics_page_set_client (self->analytics, client);

  crown_connection_button_set_session (self->connection, session);
  crown_stats_strip_set_client (self->stats, client);

  g_signal_connect_object (client, "notify::state", G_CALLBACK (show_connection), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (client, "notify::problem", G_CALLBACK (show_connection), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (client, "rejected", G_CALLBACK (rejected_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (meetings, "items-changed", G_CALLBACK (meetings_changed_cb), self, G_CONNECT_SWAPPED);
  meetings_changed_cb (self, 0, 0, 0, meetings);
  restore_settings (self);
  show_connection (self);
  crown_window_follow_undo (self);
  return self;
}

static void
crown_window_dispose (GObject *object)
{
  CrownWindow *self = CROWN_WINDOW (object);

  g_cancellable_cancel (self->importing);
  g_clear_object (&self->importing);
  g_clear_weak_pointer (&self->undo_toast);
  g_clear_object (&self->settings);
  g_clear_object (&self->client);
  g_clear_object (&self->session);

  G_OBJECT_CLASS (crown_window_parent_class)->dispose (object);
}

static void
crown_window_class_init (CrownWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = crown_window_dispose;
  GTK_WINDOW_CLASS (klass)->close_request = crown_window_close_request;

  g_type_ensure (CROWN_TYPE_LIST_PAGE);
  g_type_ensure (CROWN_TYPE_MEETINGS_PAGE);
  g_type_ensure (CROWN_TYPE_ANALYTICS_PAGE);
  g_type_ensure (CROWN_TYPE_CONNECTION_BUTTON);
  g_type_ensure (CROWN_TYPE_MEETING_DETAIL);
  g_type_ensure (CROWN_TYPE_STATS_STRIP);
  g_type_ensure (CROWN_TYPE_TASKS_PAGE);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/crown4/Dashboard/crown-window.ui");
  gtk_widget_class_bind_template_child (widget_class, CrownWindow, undo_section);
  gtk_widget_class_bind_template_child (widget_class, CrownWindow, pages);
  gtk_widget_class_bind_template_child (widget_class, CrownWindow, switcher_title);
  gtk_widget_class_bind_template_child (widget_class, CrownWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, CrownWindow, content);
  gtk_widget_class_bind_template_child (widget_class, CrownWindow, search_bar);
  gtk_widget_class_bind_template_child (widget_class, CrownWindow, search_entry);
  gtk_widget_class_bind_template_child (widget_class, CrownWindow, connection);
  gtk_widget_class_bind_template_child (widget_class, CrownWindow, stats);
  gtk_widget_class_bind_template_child (widget_class, CrownWindow, leaflet);
  gtk_widget_class_bind_template_child (widget_class, CrownWindow, detail_pane);
  gtk_widget_class_bind_template_child (widget_class, CrownWindow, meetings);
  gtk_widget_class_bind_template_child (widget_class, CrownWindow, detail);
  gtk_widget_class_bind_template_child (widget_class, CrownWindow, tasks);
  gtk_widget_class_bind_template_child (widget_class, CrownWindow, analytics);
  gtk_widget_class_bind_template_child (widget_class, CrownWindow, archive);
  gtk_widget_class_bind_template_callback (widget_class, meeting_selected_cb);
  gtk_widget_class_bind_template_callback (widget_class, meeting_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, search_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, fill_tasks_cb);
  gtk_widget_class_bind_template_callback (widget_class, fill_archive_cb);
  crown_window_install_actions (widget_class);
}

static void
crown_window_init (CrownWindow *self)
{
  GtkDropTarget *drop;

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_window_set_default_size (GTK_WINDOW (self), 1000, 680);
  self->importing = g_cancellable_new ();

  self->banner = crown_compat_banner_new (NULL, "win.reconnect");
  gtk_box_insert_child_after (self->content, self->banner, gtk_widget_get_first_child (GTK_WIDGET (self->content)));
  gtk_search_bar_connect_entry (self->search_bar, GTK_EDITABLE (self->search_entry));
  gtk_search_bar_set_key_capture_widget (self->search_bar, GTK_WIDGET (self));

  drop = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);
  g_signal_connect_object (drop, "drop", G_CALLBACK (drop_cb), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drop));
}
