/* crown-diagnostics-window.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-diagnostics-window.h"

#include "core/crown-json.h"
#include "crown-config.h"
#include "crown-fact-row.h"
#include "crown-format.h"

#include <glib/gi18n.h>

#define REFRESH_SECONDS 1 /* while it can be seen */

/**
 * CrownDiagnosticsWindow:
 *
 * What crown_client_diagnose_async() finds, read again each second while the window can be seen. Numbers and names of
 * things only, so that a copied report can be given away.
 */
struct _CrownDiagnosticsWindow
{
  AdwWindow            parent_instance;

  CrownSession        *session;
  CrownClient         *client;      /* the session's */
  GCancellable        *cancellable; /* (nullable): nothing is being read */
  guint                refresh;     /* source */
  JsonObject          *found;       /* (nullable): nothing was read yet */

  AdwToastOverlay     *toasts;
  CrownFactRow        *state;
  CrownFactRow        *server;
  CrownFactRow        *since;
  CrownFactRow        *epoch;
  CrownFactRow        *sequence;
  CrownFactRow        *user_sequence;
  CrownFactRow        *buffered;
  CrownFactRow        *repairs;
  CrownFactRow        *quarantined;
  CrownFactRow        *used;
  AdwPreferencesGroup *cache;
  AdwPreferencesGroup *latency;
  AdwPreferencesGroup *outbox;
  GPtrArray           *stores;      /* (element-type CrownFactRow): of the cache, made when they are first known */
  GPtrArray           *latencies;   /* (element-type CrownFactRow) */
  GPtrArray           *writes;      /* (element-type CrownFactRow) */
};

G_DEFINE_FINAL_TYPE (CrownDiagnosticsWindow, crown_diagnostics_window, ADW_TYPE_WINDOW)

/* What the machine's names are to a person. */
typedef struct {
  const char *name;
  const char *title;
  const char *subtitle; /* (nullable) */
} Term;

static const Term states[] = {
  { "offline", N_("Not connected"), NULL },
  { "connecting", N_("Connecting"), NULL },
  { "joining", N_("Joining the workspace"), NULL },
  { "replaying", N_("Catching up with events"), NULL },
  { "snapshotting", N_("Loading everything anew"), NULL },
  { "live", N_("Live"), NULL },
  { "backing-off", N_("Waiting to try again"), NULL },
  { "stopped", N_("Refused by the server"), NULL },
};

static const Term stores[] = {
  { "meetings", N_("Meetings"), NULL },
  { "tasks", N_("Tasks"), NULL },
  { "analytics", N_("Analytics"), NULL },
  { "sessions", N_("Sessions"), NULL },
  { "metadata", N_("Statistics and reminders"), NULL },
  { "transcripts", N_("Transcripts"), NULL },
};

static const Term latencies[] = {
  { "propagation", N_("A change until it has come back"), N_("From a change made here to its event from the server being shown") },
  { "bootstrap", N_("Start"), N_("From the program’s first line to the first painted rows") },
  { "reconnection", N_("Reconnection"), N_("From losing the line, or the attempt that held, to live with nothing missing") },
  { "cache_read", N_("Reading the cache"), N_("One list or one row") },
  { "sequencing", N_("Applying an event"), N_("From its arrival to its rows being shown") },
};

static const Term writes[] = {
  { "SESSION_UPDATE", N_("Change to a meeting"), NULL },
  { "MEETING_UPDATE", N_("Change to a meeting"), NULL },
  { "SESSION_ARCHIVE", N_("Meeting archived"), NULL },
  { "SESSION_COMPLETE", N_("Meeting completed"), NULL },
  { "TASK_CREATE", N_("New task"), NULL },
  { "TASK_UPDATE", N_("Change to a task"), NULL },
  { "TASK_DELETE", N_("Task deleted"), NULL },
};

static const Term *
find_term (const Term *terms,
           guint       n_terms,
           const char *name)
{
  for (guint i = 0; i < n_terms; i++)
    if (g_strcmp0 (terms[i].name, name) == 0)
      return &terms[i];
  return NULL;
}

#define TERM_TITLE(terms, name) term_title (terms, G_N_ELEMENTS (terms), name)

static const char *
term_title (const Term *terms,
            guint       n_terms,
            const char *name)
{
  const Term *term = find_term (terms, n_terms, name);

  return term != NULL ? _(term->title) : name;
}

/* The rows of a group that has as many as there are elements. */
static void
resize_group (AdwPreferencesGroup *group,
              GPtrArray           *rows,
              guint                n)
{
  while (rows->len > n)
    {
      adw_preferences_group_remove (group, rows->pdata[rows->len - 1]);
      g_ptr_array_remove_index (rows, rows->len - 1);
    }
  while (rows->len < n)
    {
      GtkWidget *row = crown_fact_row_new ("", NULL);

      adw_preferences_group_add (group, row);
      g_ptr_array_add (rows, row);
    }
}

static JsonObject *
element (JsonArray *array,
         guint      i)
{
  return json_array_get_object_element (array, i);
}

static void
set_number (CrownFactRow *row,
            JsonObject   *found,
            const char   *member)
{
  g_autofree char *text = g_strdup_printf ("%'" G_GINT64_FORMAT, crown_json_opt_int (found, member, 0));

  crown_fact_row_set_value (row, text);
}

static void
show_stores (CrownDiagnosticsWindow *self,
             JsonArray              *array)
{
  resize_group (self->cache, self->stores, json_array_get_length (array));
  for (guint i = 0; i < self->stores->len; i++)
    {
      JsonObject *store = element (array, i);
      gint64 rows = crown_json_opt_int (store, "rows", 0);
      g_autofree char *size = g_format_size ((guint64) crown_json_opt_int (store, "bytes", 0));
      /* Translators: a number of rows, then their size */
      g_autofree char *text = g_strdup_printf (ngettext ("%'d row, %s", "%'d rows, %s", (gulong) rows), (int) rows, size);

      adw_preferences_row_set_title (self->stores->pdata[i],
                                     TERM_TITLE (stores, crown_json_opt_string (store, "name", "")));
      crown_fact_row_set_value (self->stores->pdata[i], text);
    }
}

static char *
format_time (gint64 us)
{
  if (us < 10000)
    return g_strdup_printf (_("%.1f ms"), (double) us / 1000.0);
  if (us < 10 * G_USEC_PER_SEC)
    return g_strdup_printf (_("%.0f ms"), (double) us / 1000.0);
  return g_strdup_printf (_("%.0f s"), (double) us / G_USEC_PER_SEC);
}

static void
show_latency (CrownFactRow *row,
              JsonObject   *latency)
{
  gint64 count = crown_json_opt_int (latency, "count", 0);
  gint64 p99 = crown_json_opt_int (latency, "p99_us", 0), limit = crown_json_opt_int (latency, "target_us", 0);
  g_autofree char *median = format_time (crown_json_opt_int (latency, "median_us", 0));
  g_autofree char *most = format_time (p99);
  g_autofree char *target = format_time (limit);
  g_autofree char *text = NULL;

  if (count == 0)
    {
      /* Translators: %s is a time: there is no figure yet that could be compared with it */
      text = g_strdup_printf (_("not measured yet; target %s"), target);
      crown_fact_row_set_icon (row, NULL, NULL);
    }
  else
    {
      /* Translators: times, a number of measurements, and the target */
      text = g_strdup_printf (_("median %s, 99 %% under %s of %'d; target %s"), median, most, (int) MIN (count, G_MAXINT),
                              target);
      crown_fact_row_set_icon (row, p99 < limit ? "emblem-ok-symbolic" : "dialog-warning-symbolic",
                               p99 < limit ? _("Within the target") : _("Over the target"));
    }
  crown_fact_row_set_value (row, text);
}

static void
show_latencies (CrownDiagnosticsWindow *self,
                JsonArray              *array)
{
  resize_group (self->latency, self->latencies, json_array_get_length (array));
  for (guint i = 0; i < self->latencies->len; i++)
    {
      JsonObject *latency = element (array, i);
      const Term *term = find_term (latencies, G_N_ELEMENTS (latencies), crown_json_opt_string (latency, "name", ""));

      if (term != NULL)
        {
          adw_preferences_row_set_title (self->latencies->pdata[i], _(term->title));
          adw_action_row_set_subtitle (self->latencies->pdata[i], _(term->subtitle));
        }
      show_latency (self->latencies->pdata[i], latency);
    }
}

static void
show_writes (CrownDiagnosticsWindow *self,
             JsonArray              *array)
{
  guint n = json_array_get_length (array);

  adw_preferences_group_set_description (self->outbox, n > 0 ? _("They are kept on this computer until the server has them.")
                                                             : _("The server has every change that was made here."));
  resize_group (self->outbox, self->writes, n);
  for (guint i = 0; i < n; i++)
    {
      JsonObject *write = element (array, i);
      int attempts = (int) crown_json_opt_int (write, "attempts", 0);
      g_autofree char *number = g_strdup_printf (_("Number %d"), (int) crown_json_opt_int (write, "row_id", 0));
      g_autofree char *tries = NULL;

      adw_preferences_row_set_title (self->writes->pdata[i], TERM_TITLE (writes, crown_json_opt_string (write, "type", "")));
      adw_action_row_set_subtitle (self->writes->pdata[i], number);
      if (crown_json_opt_boolean (write, "sent", FALSE))
        tries = g_strdup (_("answered, its event is awaited"));
      else if (attempts == 0)
        tries = g_strdup (_("not sent yet"));
      else
        tries = g_strdup_printf (ngettext ("tried %d time", "tried %d times", (gulong) attempts), attempts);
      crown_fact_row_set_value (self->writes->pdata[i], tries);
    }
}

static void
show_found (CrownDiagnosticsWindow *self)
{
  JsonObject *found = self->found;
  gint64 offline_since = crown_json_opt_int (found, "offline_since", 0);
  gint64 repairs = crown_json_opt_int (found, "repairs", 0);
  const char *server = crown_json_opt_string (found, "server", "");
  const char *epoch = crown_json_opt_string (found, "epoch", "");
  g_autofree char *since = offline_since != 0 ? crown_format_moment (offline_since) : NULL;
  g_autofree char *used = g_format_size ((guint64) crown_json_opt_int (found, "bytes", 0));
  g_autofree char *most = g_format_size ((guint64) crown_json_opt_int (found, "max_bytes", 0));
  /* Translators: a size, of at most another */
  g_autofree char *size = g_strdup_printf (_("%s of %s"), used, most);
  g_autofree char *buffered = g_strdup_printf (_("%d of %d"), (int) crown_json_opt_int (found, "buffered", 0),
                                               (int) crown_json_opt_int (found, "max_buffered", 0));

  crown_fact_row_set_value (self->state, crown_session_is_following (self->session)
                            ? _("In step with another window")
                            : TERM_TITLE (states, crown_json_opt_string (found, "state", "")));
  crown_fact_row_set_value (self->server, *server != '\0' ? server : _("none"));
  crown_fact_row_set_value (self->since, since != NULL ? since : "–");
  gtk_widget_set_visible (GTK_WIDGET (self->since), since != NULL && !crown_session_is_following (self->session));
  crown_fact_row_set_value (self->epoch, *epoch != '\0' ? epoch : _("none"));
  set_number (self->sequence, found, "sequence");
  set_number (self->user_sequence, found, "user_sequence");
  crown_fact_row_set_value (self->buffered, buffered);
  set_number (self->repairs, found, "repairs");
  crown_fact_row_set_icon (self->repairs, repairs == 0 ? "emblem-ok-symbolic" : "dialog-warning-symbolic",
                           repairs == 0 ? _("As expected") : _("More than expected"));
  set_number (self->quarantined, found, "quarantined");
  crown_fact_row_set_value (self->used, size);
  show_stores (self, crown_json_opt_array (found, "stores"));
  show_latencies (self, crown_json_opt_array (found, "latencies"));
  show_writes (self, crown_json_opt_array (found, "outbox"));
}

static void
found_cb (GObject      *client,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(CrownDiagnosticsWindow) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonObject) found = crown_client_diagnose_finish (CROWN_CLIENT (client), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_clear_object (&self->cancellable);
  if (found == NULL)
    {
      crown_fact_row_set_value (self->state, error->message);
      return;
    }
  g_clear_pointer (&self->found, json_object_unref);
  self->found = g_steal_pointer (&found);
  show_found (self);
}

static void
look (CrownDiagnosticsWindow *self)
{
  if (self->cancellable != NULL) /* the last look is not over */
    return;
  self->cancellable = g_cancellable_new ();
  crown_client_diagnose_async (self->client, self->cancellable, found_cb, g_object_ref (self));
}

static gboolean
refresh_cb (gpointer user_data)
{
  look (user_data);
  return G_SOURCE_CONTINUE;
}

static void
map_cb (CrownDiagnosticsWindow *self)
{
  look (self);
  self->refresh = g_timeout_add_seconds (REFRESH_SECONDS, refresh_cb, self);
}

static void
unmap_cb (CrownDiagnosticsWindow *self)
{
  g_clear_handle_id (&self->refresh, g_source_remove);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

static void
copy_action (GtkWidget  *widget,
             const char *name,
             GVariant   *parameter)
{
  CrownDiagnosticsWindow *self = CROWN_DIAGNOSTICS_WINDOW (widget);
  g_autoptr(JsonNode) node = NULL;
  g_autofree char *found = NULL;
  g_autofree char *report = NULL;

  if (self->found == NULL)
    return;
  node = json_node_init_object (json_node_alloc (), self->found);
  found = json_to_string (node, TRUE);
  report = g_strdup_printf ("CROWN⁴ Dashboard %s, GTK %u.%u.%u, libadwaita %u.%u.%u, GLib %u.%u.%u\n%s\n", CROWN_VERSION,
                            gtk_get_major_version (), gtk_get_minor_version (), gtk_get_micro_version (),
                            adw_get_major_version (), adw_get_minor_version (), adw_get_micro_version (),
                            glib_major_version, glib_minor_version, glib_micro_version, found);
  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), report);
  adw_toast_overlay_add_toast (self->toasts, adw_toast_new (_("Report copied")));
}

/**
 * crown_diagnostics_window_new:
 * @session: what is looked at
 *
 * Returns: (transfer none): a window, not shown yet
 */
GtkWindow *
crown_diagnostics_window_new (CrownSession *session)
{
  CrownDiagnosticsWindow *self = g_object_new (CROWN_TYPE_DIAGNOSTICS_WINDOW, NULL);

  self->session = g_object_ref (session);
  self->client = g_object_ref (crown_session_get_client (session));
  return GTK_WINDOW (self);
}

static void
crown_diagnostics_window_dispose (GObject *object)
{
  CrownDiagnosticsWindow *self = CROWN_DIAGNOSTICS_WINDOW (object);

  unmap_cb (self);
  g_clear_pointer (&self->found, json_object_unref);
  g_clear_pointer (&self->stores, g_ptr_array_unref);
  g_clear_pointer (&self->latencies, g_ptr_array_unref);
  g_clear_pointer (&self->writes, g_ptr_array_unref);
  g_clear_object (&self->client);
  g_clear_object (&self->session);

  G_OBJECT_CLASS (crown_diagnostics_window_parent_class)->dispose (object);
}

static void
crown_diagnostics_window_class_init (CrownDiagnosticsWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = crown_diagnostics_window_dispose;
  g_type_ensure (CROWN_TYPE_FACT_ROW);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/crown4/Dashboard/crown-diagnostics-window.ui");
  gtk_widget_class_bind_template_child (widget_class, CrownDiagnosticsWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, CrownDiagnosticsWindow, state);
  gtk_widget_class_bind_template_child (widget_class, CrownDiagnosticsWindow, server);
  gtk_widget_class_bind_template_child (widget_class, CrownDiagnosticsWindow, since);
  gtk_widget_class_bind_template_child (widget_class, CrownDiagnosticsWindow, epoch);
  gtk_widget_class_bind_template_child (widget_class, CrownDiagnosticsWindow, sequence);
  gtk_widget_class_bind_template_child (widget_class, CrownDiagnosticsWindow, user_sequence);
  gtk_widget_class_bind_template_child (widget_class, CrownDiagnosticsWindow, buffered);
  gtk_widget_class_bind_template_child (widget_class, CrownDiagnosticsWindow, repairs);
  gtk_widget_class_bind_template_child (widget_class, CrownDiagnosticsWindow, quarantined);
  gtk_widget_class_bind_template_child (widget_class, CrownDiagnosticsWindow, used);
  gtk_widget_class_bind_template_child (widget_class, CrownDiagnosticsWindow, cache);
  gtk_widget_class_bind_template_child (widget_class, CrownDiagnosticsWindow, latency);
  gtk_widget_class_bind_template_child (widget_class, CrownDiagnosticsWindow, outbox);
  gtk_widget_class_bind_template_callback (widget_class, map_cb);
  gtk_widget_class_bind_template_callback (widget_class, unmap_cb);
  gtk_widget_class_install_action (widget_class, "diagnostics.copy", NULL, copy_action);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_w, GDK_CONTROL_MASK, "window.close", NULL);
}

static void
crown_diagnostics_window_init (CrownDiagnosticsWindow *self)
{
  self->stores = g_ptr_array_new ();
  self->latencies = g_ptr_array_new ();
  self->writes = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}
