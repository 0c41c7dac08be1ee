/* crown-window-actions.c: what a person can do in a window, each under a name
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-window-private.h"

#include "crown-diagnostics-window.h"
#include "crown-undo-stack.h"

#include <glib/gi18n.h>

#define UNDO_SECONDS 10 /* to read what was done, and to get there by keys */

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
archive_async (CrownClient         *client,
               gint64               id,
               JsonObject          *values,
               GAsyncReadyCallback  callback,
               gpointer             user_data)
{
  crown_client_archive_meeting_async (client, id, callback, user_data);
}

static void
restore_async (CrownClient         *client,
               gint64               id,
               JsonObject          *values,
               GAsyncReadyCallback  callback,
               gpointer             user_data)
{
  crown_client_restore_meeting_async (client, id, callback, user_data);
}

static void
restore_action (GtkWidget  *widget,
                const char *name,
                GVariant   *parameter)
{
  CrownWindow *self = CROWN_WINDOW (widget);
  g_autoptr(CrownCommand) command = crown_command_new (_("Restore Meeting"), _("Meeting restored"));

  crown_command_add (command, g_variant_get_int64 (parameter), restore_async, NULL, archive_async, NULL);
  crown_undo_stack_do (crown_undo_stack_of (self->client), command, widget);
}

static void
archive_action (GtkWidget  *widget,
                const char *name,
                GVariant   *parameter)
{
  CrownWindow *self = CROWN_WINDOW (widget);
  g_autoptr(CrownCommand) command = crown_command_new (_("Archive Meeting"), _("Meeting archived"));

  crown_command_add (command, g_variant_get_int64 (parameter), archive_async, NULL, restore_async, NULL);
  crown_undo_stack_do (crown_undo_stack_of (self->client), command, widget);
  adw_leaflet_navigate (self->leaflet, ADW_NAVIGATION_DIRECTION_BACK);
}

static void
undo_action (GtkWidget  *widget,
             const char *name,
             GVariant   *parameter)
{
  crown_undo_stack_undo (crown_undo_stack_of (CROWN_WINDOW (widget)->client), widget);
}

static void
redo_action (GtkWidget  *widget,
             const char *name,
             GVariant   *parameter)
{
  crown_undo_stack_redo (crown_undo_stack_of (CROWN_WINDOW (widget)->client), widget);
}

static void
undo_one_action (GtkWidget  *widget,
                 const char *name,
                 GVariant   *parameter)
{
  crown_undo_stack_undo_one (crown_undo_stack_of (CROWN_WINDOW (widget)->client), g_variant_get_uint32 (parameter), widget);
}

/* A step that was done, and the button that takes it back. One such toast at a time: what was done last is what counts. */
static void
say_undo_action (GtkWidget  *widget,
                 const char *name,
                 GVariant   *parameter)
{
  CrownWindow *self = CROWN_WINDOW (widget);
  const char *message;
  guint serial;
  AdwToast *toast;

  g_variant_get (parameter, "(u&s)", &serial, &message);
  if (self->undo_toast != NULL)
    adw_toast_dismiss (self->undo_toast);
  toast = crown_window_make_toast (message);
  adw_toast_set_timeout (toast, UNDO_SECONDS);
  adw_toast_set_button_label (toast, _("_Undo"));
  adw_toast_set_action_name (toast, "win.undo-one");
  adw_toast_set_action_target (toast, "u", serial);
  g_set_weak_pointer (&self->undo_toast, toast);
  adw_toast_overlay_add_toast (self->toasts, toast);
}

static void
append_step (GMenu      *menu,
             const char *format,
             const char *title,
             const char *action)
{
  g_autoptr(GString) label = g_string_new (format);

  g_string_replace (label, "%s", title, 1);
  g_menu_append (menu, label->str, action);
}

/* The menu says what would be undone. */
static void
show_undo (CrownWindow *self)
{
  CrownUndoStack *stack = crown_undo_stack_of (self->client);
  const char *undo = crown_undo_stack_get_undo_title (stack);
  const char *redo = crown_undo_stack_get_redo_title (stack);

  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.undo", undo != NULL);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.redo", redo != NULL);
  g_menu_remove_all (self->undo_section);
  if (undo != NULL)
    append_step (self->undo_section, _("_Undo “%s”"), undo, "win.undo");
  if (redo != NULL)
    append_step (self->undo_section, _("_Redo “%s”"), redo, "win.redo");
}

void
crown_window_follow_undo (CrownWindow *self)
{
  g_signal_connect_object (crown_undo_stack_of (self->client), "changed", G_CALLBACK (show_undo), self, G_CONNECT_SWAPPED);
  show_undo (self);
}

/* In a text these keys are the text's, also when it has nothing more to undo. */
static gboolean
undo_key_cb (GtkWidget *widget,
             GVariant  *args,
             gpointer   user_data)
{
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (widget));
  const char *action = g_variant_get_string (args, NULL);

  if (GTK_IS_EDITABLE (focus) || GTK_IS_TEXT_VIEW (focus))
    return FALSE;
  return gtk_widget_activate_action (widget, action, NULL);
}

static void
open_task_action (GtkWidget  *widget,
                  const char *name,
                  GVariant   *parameter)
{
  CrownWindow *self = CROWN_WINDOW (widget);

  adw_view_stack_set_visible_child_name (self->pages, "tasks");
  crown_tasks_page_fill (self->tasks, self->client);
  crown_tasks_page_open (self->tasks, g_variant_get_int64 (parameter));
}

typedef void (*MeetingWrite) (CrownClient *client, gint64 id, GAsyncReadyCallback callback, gpointer user_data);

static char *
say_archived (guint n)
{
  return g_strdup_printf (ngettext ("%u meeting archived", "%u meetings archived", n), n);
}

static char *
say_restored (guint n)
{
  return g_strdup_printf (ngettext ("%u meeting restored", "%u meetings restored", n), n);
}

static char *
say_completed (guint n)
{
  return g_strdup_printf (ngettext ("%u meeting completed", "%u meetings completed", n), n);
}

/* What is done to many meetings at once, and what takes it back. */
typedef struct {
  const char   *action;
  MeetingWrite  write;
  const char   *undo; /* (nullable) */
  char       *(*say) (guint n);
} Bulk;

static const Bulk bulks[] = {
  { "win.archive-many", crown_client_archive_meeting_async, "win.restore-many", say_archived },
  { "win.restore-many", crown_client_restore_meeting_async, "win.archive-many", say_restored },
  { "win.complete-many", crown_client_complete_meeting_async, NULL, say_completed },
};

typedef struct {
  CrownWindow *window; /* (owned) */
  const Bulk  *bulk;
  GArray      *done;   /* gint64 */
  guint        n_left;
  guint        n_failed;
  char        *reason; /* (nullable): of the first that failed */
} Batch;

typedef struct {
  Batch  *batch;
  gint64  id;
} BatchWrite;

/* One report of all: what was done can be taken back, what was not is counted, and why. */
static void
report_batch (Batch *batch)
{
  g_autofree char *done = batch->bulk->say (batch->done->len);
  g_autofree char *failed = NULL;
  g_autofree char *message = NULL;
  g_autofree char *title = NULL;
  AdwToast *toast;

  if (batch->n_failed > 0)
    failed = g_strdup_printf (ngettext ("%u was not: %s", "%u were not: %s", batch->n_failed), batch->n_failed, batch->reason);
  message = failed != NULL ? g_strdup_printf ("%s. %s", done, failed) : g_strdup (done);
  title = g_markup_escape_text (message, -1); /* a toast's title is markup */

  toast = adw_toast_new (title);
  if (batch->bulk->undo != NULL && batch->done->len > 0)
    {
      adw_toast_set_button_label (toast, _("_Undo"));
      adw_toast_set_action_name (toast, batch->bulk->undo);
      adw_toast_set_action_target_value (toast, g_variant_new_fixed_array (G_VARIANT_TYPE_INT64, batch->done->data,
                                                                           batch->done->len, sizeof (gint64)));
    }
  adw_toast_overlay_add_toast (batch->window->toasts, toast);
}

static void
batch_cb (GObject      *client,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autofree BatchWrite *write = user_data;
  Batch *batch = write->batch;
  g_autoptr(GError) error = NULL;

  if (crown_client_write_finish (CROWN_CLIENT (client), result, &error))
    g_array_append_val (batch->done, write->id);
  else if (batch->n_failed++ == 0)
    batch->reason = g_strdup (error->message);
  if (--batch->n_left > 0)
    return;

  report_batch (batch);
  g_array_unref (batch->done);
  g_free (batch->reason);
  g_object_unref (batch->window);
  g_free (batch);
}

static void
bulk_action (GtkWidget  *widget,
             const char *name,
             GVariant   *parameter)
{
  CrownWindow *self = CROWN_WINDOW (widget);
  const Bulk *bulk = NULL;
  gsize n;
  const gint64 *ids = g_variant_get_fixed_array (parameter, &n, sizeof (gint64));
  Batch *batch;

  for (guint i = 0; i < G_N_ELEMENTS (bulks); i++)
    if (g_str_equal (bulks[i].action, name))
      bulk = &bulks[i];
  if (bulk == NULL || n == 0)
    return;

  batch = g_new0 (Batch, 1);
  batch->window = g_object_ref (self);
  batch->bulk = bulk;
  batch->done = g_array_new (FALSE, FALSE, sizeof (gint64));
  batch->n_left = (guint) n;
  for (gsize i = 0; i < n; i++)
    {
      BatchWrite *write = g_new (BatchWrite, 1);

      write->batch = batch;
      write->id = ids[i];
      bulk->write (self->client, ids[i], batch_cb, write);
    }
}

static void
complete_cb (GObject      *client,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(CrownWindow) self = user_data;
  g_autoptr(GError) error = NULL;

  if (!crown_client_write_finish (CROWN_CLIENT (client), result, &error))
    crown_window_say (self, error->message);
}

static void
complete_action (GtkWidget  *widget,
                 const char *name,
                 GVariant   *parameter)
{
  CrownWindow *self = CROWN_WINDOW (widget);

  crown_client_complete_meeting_async (self->client, g_variant_get_int64 (parameter), complete_cb, g_object_ref (self));
}

static void
open_meeting_at_action (GtkWidget  *widget,
                        const char *name,
                        GVariant   *parameter)
{
  CrownWindow *self = CROWN_WINDOW (widget);
  gint64 meeting_id, line;

  g_variant_get (parameter, "(xx)", &meeting_id, &line);
  adw_view_stack_set_visible_child_name (self->pages, "meetings");
  if (!crown_meetings_page_select (self->meetings, meeting_id)) /* an archived one is read all the same */
    crown_meeting_detail_set_meeting (self->detail, meeting_id);
  crown_meeting_detail_show_line (self->detail, line);
  if (adw_leaflet_get_folded (self->leaflet))
    adw_leaflet_navigate (self->leaflet, ADW_NAVIGATION_DIRECTION_FORWARD);
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
search_for_action (GtkWidget  *widget,
                   const char *name,
                   GVariant   *parameter)
{
  CrownWindow *self = CROWN_WINDOW (widget);

  gtk_search_bar_set_search_mode (self->search_bar, TRUE);
  gtk_editable_set_text (GTK_EDITABLE (self->search_entry), g_variant_get_string (parameter, NULL));
  gtk_widget_grab_focus (GTK_WIDGET (self->search_entry));
}

static void
open_meeting_action (GtkWidget  *widget,
                     const char *name,
                     GVariant   *parameter)
{
  CrownWindow *self = CROWN_WINDOW (widget);

  adw_view_stack_set_visible_child_name (self->pages, "meetings");
  crown_meeting_detail_set_meeting (self->detail, g_variant_get_int64 (parameter));
  adw_leaflet_navigate (self->leaflet, ADW_NAVIGATION_DIRECTION_FORWARD);
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

/* What a number of the strip counts. */
static const struct {
  const char *name;
  const char *page;
  const char *view; /* (nullable): of tasks.view */
} drills[] = {
  { "meetings", "meetings", NULL },
  { "open-tasks", "tasks", "all" },
  { "hours-saved", "analytics", NULL },
  { "active", "meetings", NULL },
  { "archived", "archive", NULL },
};

static void
drill_action (GtkWidget  *widget,
              const char *name,
              GVariant   *parameter)
{
  CrownWindow *self = CROWN_WINDOW (widget);

  for (guint i = 0; i < G_N_ELEMENTS (drills); i++)
    {
      if (!g_str_equal (drills[i].name, g_variant_get_string (parameter, NULL)))
        continue;
      adw_view_stack_set_visible_child_name (self->pages, drills[i].page);
      if (drills[i].view != NULL)
        gtk_widget_activate_action (GTK_WIDGET (self->tasks), "tasks.view", "s", drills[i].view);
    }
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

/* There is one for all windows of a program. */
static void
diagnostics_action (GtkWidget  *widget,
                    const char *name,
                    GVariant   *parameter)
{
  CrownWindow *self = CROWN_WINDOW (widget);
  GtkApplication *application = gtk_window_get_application (GTK_WINDOW (self));
  GtkWindow *window = NULL;

  for (GList *l = gtk_application_get_windows (application); l != NULL && window == NULL; l = l->next)
    if (CROWN_IS_DIAGNOSTICS_WINDOW (l->data))
      window = l->data;
  if (window == NULL)
    {
      window = crown_diagnostics_window_new (self->session);
      gtk_window_set_application (window, application);
    }
  gtk_window_present (window);
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
  gtk_widget_class_install_action (widget_class, "win.search-for", "s", search_for_action);
  gtk_widget_class_install_action (widget_class, "win.open-meeting", "x", open_meeting_action);
  gtk_widget_class_install_action (widget_class, "win.close", NULL, close_action);
  gtk_widget_class_install_action (widget_class, "win.back", NULL, back_action);
  gtk_widget_class_install_action (widget_class, "win.reconnect", NULL, reconnect_action);
  gtk_widget_class_install_action (widget_class, "win.diagnostics", NULL, diagnostics_action);
  gtk_widget_class_install_action (widget_class, "win.show-page", "s", show_page_action);
  gtk_widget_class_install_action (widget_class, "win.drill", "s", drill_action);
  gtk_widget_class_install_action (widget_class, "win.say", "s", say_action);
  gtk_widget_class_install_action (widget_class, "win.say-undo", "(us)", say_undo_action);
  gtk_widget_class_install_action (widget_class, "win.undo", NULL, undo_action);
  gtk_widget_class_install_action (widget_class, "win.redo", NULL, redo_action);
  gtk_widget_class_install_action (widget_class, "win.undo-one", "u", undo_one_action);
  gtk_widget_class_install_action (widget_class, "win.open-task", "x", open_task_action);
  gtk_widget_class_install_action (widget_class, "win.open-meeting-at", "(xx)", open_meeting_at_action);
  gtk_widget_class_install_action (widget_class, "win.archive", "x", archive_action);
  gtk_widget_class_install_action (widget_class, "win.complete", "x", complete_action);
  for (guint i = 0; i < G_N_ELEMENTS (bulks); i++)
    gtk_widget_class_install_action (widget_class, bulks[i].action, "ax", bulk_action);
  gtk_widget_class_install_action (widget_class, "win.restore", "x", restore_action);

  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_o, GDK_CONTROL_MASK, "win.import", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_f, GDK_CONTROL_MASK, "win.search", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_w, GDK_CONTROL_MASK, "win.close", NULL);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_z, GDK_CONTROL_MASK, undo_key_cb, "s", "win.undo");
  gtk_widget_class_add_binding (widget_class, GDK_KEY_z, GDK_CONTROL_MASK | GDK_SHIFT_MASK, undo_key_cb, "s", "win.redo");
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    gtk_widget_class_add_binding_action (widget_class, GDK_KEY_1 + i, GDK_ALT_MASK, "win.show-page", "s", pages[i]);
}
