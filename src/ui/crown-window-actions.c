/* crown-window-actions.c: what a person can do in a window, each under a name
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-window-private.h"

#include <glib/gi18n.h>

static void
import_cb (GObject      *client,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(CrownWindow) self = user_data;
  g_autoptr(GError) error = NULL;
  gint64 id = crown_client_import_finish (CROWN_CLIENT (client), result, &error);

  if (id != 0)
    crown_window_say (self, _("Meeting imported"));
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    crown_window_say (self, error->message);
}

/**
 * crown_window_import:
 * @file: a transcript
 *
 * Sends @file to the server and says in a toast what became of it.
 */
void
crown_window_import (CrownWindow *self,
                     GFile       *file)
{
  g_return_if_fail (CROWN_IS_WINDOW (self));

  crown_client_import_async (self->client, file, self->importing, import_cb, g_object_ref (self));
}

static void
chooser_response_cb (GtkNativeDialog *dialog,
                     int              response,
                     gpointer         user_data)
{
  CrownWindow *self = CROWN_WINDOW (user_data);
  g_autoptr(GListModel) files = NULL;

  if (response == GTK_RESPONSE_ACCEPT)
    {
      files = gtk_file_chooser_get_files (GTK_FILE_CHOOSER (dialog));
      for (guint i = 0; i < g_list_model_get_n_items (files); i++)
        {
          g_autoptr(GFile) file = g_list_model_get_item (files, i);

          crown_window_import (self, file);
        }
    }
  g_object_unref (dialog);
}

static void
import_action (GtkWidget  *widget,
               const char *name,
               GVariant   *parameter)
{
  GtkFileChooserNative *chooser =
    gtk_file_chooser_native_new (_("Import Transcripts"), GTK_WINDOW (widget), GTK_FILE_CHOOSER_ACTION_OPEN,
                                 _("_Import"), NULL);
  g_autoptr(GtkFileFilter) transcripts = gtk_file_filter_new ();
  g_autoptr(GtkFileFilter) all = gtk_file_filter_new ();

  gtk_file_filter_set_name (transcripts, _("Transcripts"));
  gtk_file_filter_add_suffix (transcripts, "vtt");
  gtk_file_filter_add_suffix (transcripts, "srt");
  gtk_file_filter_add_suffix (transcripts, "txt");
  gtk_file_filter_add_suffix (transcripts, "json");
  gtk_file_filter_set_name (all, _("All Files"));
  gtk_file_filter_add_pattern (all, "*");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (chooser), transcripts);
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (chooser), all);
  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (chooser), TRUE);

  g_signal_connect_object (chooser, "response", G_CALLBACK (chooser_response_cb), widget, 0);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (chooser), TRUE);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (chooser));
}

static void
restore_cb (GObject      *client,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(CrownWindow) self = user_data;
  g_autoptr(GError) error = NULL;

  if (!crown_client_write_finish (CROWN_CLIENT (client), result, &error))
    crown_window_say (self, error->message);
}

static void
restore_action (GtkWidget  *widget,
                const char *name,
                GVariant   *parameter)
{
  CrownWindow *self = CROWN_WINDOW (widget);

  crown_client_restore_meeting_async (self->client, g_variant_get_int64 (parameter), restore_cb, g_object_ref (self));
}

typedef struct {
  CrownWindow *window; /* (owned) */
  gint64       meeting_id;
} Archiving;

static void
archive_cb (GObject      *client,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autofree Archiving *archiving = user_data;
  g_autoptr(CrownWindow) self = archiving->window;
  g_autoptr(GError) error = NULL;
  AdwToast *toast;

  if (!crown_client_write_finish (CROWN_CLIENT (client), result, &error))
    {
      crown_window_say (self, error->message);
      return;
    }

  adw_leaflet_navigate (self->leaflet, ADW_NAVIGATION_DIRECTION_BACK);
  toast = adw_toast_new (_("Meeting archived"));
  adw_toast_set_button_label (toast, _("_Undo"));
  adw_toast_set_action_name (toast, "win.restore");
  adw_toast_set_action_target (toast, "x", archiving->meeting_id);
  adw_toast_overlay_add_toast (self->toasts, toast);
}

static void
archive_action (GtkWidget  *widget,
                const char *name,
                GVariant   *parameter)
{
  CrownWindow *self = CROWN_WINDOW (widget);
  Archiving *archiving = g_new0 (Archiving, 1);

  archiving->window = g_object_ref (self);
  archiving->meeting_id = g_variant_get_int64 (parameter);
  crown_client_archive_meeting_async (self->client, archiving->meeting_id, archive_cb, archiving);
}

static void
search_action (GtkWidget  *widget,
               const char *name,
               GVariant   *parameter)
{
  CrownWindow *self = CROWN_WINDOW (widget);
  gboolean searching = !gtk_search_bar_get_search_mode (self->search_bar);

  gtk_search_bar_set_search_mode (self->search_bar, searching);
  if (searching)
    gtk_widget_grab_focus (GTK_WIDGET (self->search_entry));
}

static void
show_page_action (GtkWidget  *widget,
                  const char *name,
                  GVariant   *parameter)
{
  const char *page = g_variant_get_string (parameter, NULL);
  AdwViewStack *pages = CROWN_WINDOW (widget)->pages;

  /* The name may come over D-Bus. */
  if (adw_view_stack_get_child_by_name (pages, page) != NULL)
    adw_view_stack_set_visible_child_name (pages, page);
}

static void
say_action (GtkWidget  *widget,
            const char *name,
            GVariant   *parameter)
{
  crown_window_say (CROWN_WINDOW (widget), g_variant_get_string (parameter, NULL));
}

static void
back_action (GtkWidget  *widget,
             const char *name,
             GVariant   *parameter)
{
  adw_leaflet_navigate (CROWN_WINDOW (widget)->leaflet, ADW_NAVIGATION_DIRECTION_BACK);
}

static void
reconnect_action (GtkWidget  *widget,
                  const char *name,
                  GVariant   *parameter)
{
  CrownWindow *self = CROWN_WINDOW (widget);

  if (!self->offline)
    crown_client_reconnect_now (self->client);
}

static void
close_action (GtkWidget  *widget,
              const char *name,
              GVariant   *parameter)
{
  gtk_window_close (GTK_WINDOW (widget));
}

/* The names and keys; menu, toasts, buttons, keys and tests all go through these. */
void
crown_window_install_actions (GtkWidgetClass *widget_class)
{
  static const char *pages[] = { "meetings", "tasks", "analytics", "archive" };

  gtk_widget_class_install_action (widget_class, "win.import", NULL, import_action);
  gtk_widget_class_install_action (widget_class, "win.search", NULL, search_action);
  gtk_widget_class_install_action (widget_class, "win.close", NULL, close_action);
  gtk_widget_class_install_action (widget_class, "win.back", NULL, back_action);
  gtk_widget_class_install_action (widget_class, "win.reconnect", NULL, reconnect_action);
  gtk_widget_class_install_action (widget_class, "win.show-page", "s", show_page_action);
  gtk_widget_class_install_action (widget_class, "win.say", "s", say_action);
  gtk_widget_class_install_action (widget_class, "win.archive", "x", archive_action);
  gtk_widget_class_install_action (widget_class, "win.restore", "x", restore_action);

  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_o, GDK_CONTROL_MASK, "win.import", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_f, GDK_CONTROL_MASK, "win.search", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_w, GDK_CONTROL_MASK, "win.close", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    gtk_widget_class_add_binding_action (widget_class, GDK_KEY_1 + i, GDK_ALT_MASK, "win.show-page", "s", pages[i]);
}
