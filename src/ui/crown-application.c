/* crown-application.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-application.h"

#include "client/crown-performance-monitor.h"
#include "crown-config.h"
#include "crown-demo.h"
#include "crown-search-provider.h"
#include "crown-session.h"
#include "crown-window.h"

#include <glib/gi18n.h>

#define LOCAL_WORKSPACE 1
#define FRAMES_OF_ROWS  3 /* from the cache's change to its rows on the screen */
#define EXIT_USAGE      2 /* as the other programs */
#define SERVICE_MS      20000 /* without a window, after the last question: somebody may go on typing */

/**
 * CrownApplication:
 *
 * Cache first: the session is opened on its folder and the window shown; it connects only when the first frame is on the
 * screen.
 */
struct _CrownApplication
{
  AdwApplication  parent_instance;

  gint64          started_at;  /* monotonic µs, taken at the top of main() */
  char           *profile;     /* folder of everything that this program keeps */
  char           *server_url;  /* (nullable): a remote server */
  gint64          workspace;
  gboolean        offline;
  gboolean        demo;
  gboolean        report;      /* print the start's times and quit */
  double          first_frame; /* ms since started_at, 0: not yet */
  CrownSession   *session;
  CrownClient    *client;      /* the session's */
  CrownSearchProvider *search; /* (nullable): not on a bus */
  GQueue          imports;     /* GFile, waiting for the connection */
  gboolean        importing;   /* one of them is on its way */
  guint           n_imported;
  gboolean        bootstrapped; /* the first rows were painted, and how long it took is noted */
  gboolean        connecting;  /* crown_session_connect() was called */
  guint           ready_frames;
  char           *screenshot;  /* (nullable): write it here when everything is shown, and quit */
  int             status;      /* the program's exit status */
  gboolean        parsed;      /* the command line was understood */
};

G_DEFINE_FINAL_TYPE (CrownApplication, crown_application, ADW_TYPE_APPLICATION)

static CrownWindow *
crown_application_get_window (CrownApplication *self)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (self));

  return CROWN_IS_WINDOW (window) ? CROWN_WINDOW (window) : NULL;
}

static void
crown_application_say (CrownApplication *self,
                       const char       *message)
{
  CrownWindow *window = crown_application_get_window (self);

  if (window != NULL)
    crown_window_say (window, message);
  else
    g_printerr ("%s\n", message);
}

static gboolean
is_empty (CrownApplication *self,
          CrownQueryKind    kind)
{
  CrownQuery query = { kind, 0, NULL, NULL };
  g_autoptr(GArray) ids = crown_client_query_ids (self->client, &query, NULL);

  return ids != NULL && ids->len == 0;
}

static void
import_next (CrownApplication *self);

typedef struct {
  CrownApplication *application;
  GFile            *file;
} Import;

static void
imported_cb (GObject      *client,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autofree Import *import = user_data;
  g_autoptr(CrownApplication) self = import->application;
  g_autoptr(GFile) file = import->file;
  g_autoptr(GError) error = NULL;

  crown_demo_remove_file (file);
  self->importing = FALSE;

  if (crown_client_import_finish (CROWN_CLIENT (client), result, &error) != 0)
    self->n_imported++;
  else
    crown_application_say (self, error->message);
  if (crown_application_get_window (self) != NULL) /* a frame, so that a screenshot that waits for this is taken */
    gtk_widget_queue_draw (GTK_WIDGET (crown_application_get_window (self)));
  import_next (self);
}

/* One after another, so that the meetings keep the order of the command line. */
static void
import_next (CrownApplication *self)
{
  Import *import;

  if (self->importing || self->client == NULL || g_queue_is_empty (&self->imports))
    return;
  import = g_new0 (Import, 1);
  import->application = g_object_ref (self);
  import->file = g_queue_pop_head (&self->imports);
  self->importing = TRUE;
  crown_client_import_async (self->client, import->file, NULL, imported_cb, import);
}

static void
state_cb (CrownApplication *self)
{
  if (crown_client_get_state (self->client) != CROWN_CLIENT_LIVE)
    return;

  if (self->demo && is_empty (self, CROWN_QUERY_MEETINGS) && is_empty (self, CROWN_QUERY_ARCHIVE))
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GPtrArray) files = crown_demo_make_files (&error);

      if (files == NULL)
        crown_application_say (self, error->message);
      for (guint i = 0; files != NULL && i < files->len; i++)
        g_queue_push_tail (&self->imports, g_object_ref (files->pdata[i]));
    }
  self->demo = FALSE;
  import_next (self);
}

/* All that was to be imported is on the screen. */
static gboolean
is_ready (CrownApplication *self)
{
  CrownQuery meetings = { CROWN_QUERY_MEETINGS, 0, NULL, NULL }, archive = { CROWN_QUERY_ARCHIVE, 0, NULL, NULL };
  g_autoptr(GArray) shown = NULL;
  g_autoptr(GArray) archived = NULL;

  if (self->importing || !g_queue_is_empty (&self->imports) || (self->demo && !self->offline))
    return FALSE;
  shown = crown_client_query_ids (self->client, &meetings, NULL);
  archived = crown_client_query_ids (self->client, &archive, NULL);
  return shown != NULL && archived != NULL && shown->len + archived->len >= self->n_imported;
}

static void
write_screenshot (CrownApplication *self,
                  GtkWidget        *window)
{
  g_autoptr(GdkPaintable) paintable = gtk_widget_paintable_new (window);
  GtkSnapshot *snapshot = gtk_snapshot_new ();
  g_autoptr(GskRenderNode) node = NULL;
  g_autoptr(GdkTexture) texture = NULL;

  gdk_paintable_snapshot (paintable, snapshot, gtk_widget_get_width (window), gtk_widget_get_height (window));
  node = gtk_snapshot_free_to_node (snapshot);
  if (node != NULL)
    texture = gsk_renderer_render_texture (gtk_native_get_renderer (GTK_NATIVE (window)), node, NULL);
  if (texture == NULL || !gdk_texture_save_to_png (texture, self->screenshot))
    {
      g_printerr ("%s: the screenshot cannot be written\n", self->screenshot);
      self->status = 1;
    }
}

/* At every frame until what was asked for at the start is done. */
static void
after_paint_cb (GdkFrameClock    *clock,
                CrownApplication *self)
{
  CrownWindow *window = crown_application_get_window (self);
  double now = (g_get_monotonic_time () - self->started_at) / 1000.0;
  gboolean painted = window != NULL && crown_window_is_painted (window);

  if (self->first_frame == 0)
    self->first_frame = now;
  if (!painted && (self->report || self->screenshot != NULL || now - self->first_frame < 1000))
    {
      gdk_frame_clock_request_phase (clock, GDK_FRAME_CLOCK_PHASE_PAINT);
      return;
    }

  if (self->report)
    {
      g_print ("{\"first_frame_ms\":%.1f,\"first_rows_ms\":%.1f,\"since\":\"main\"}\n", self->first_frame, now);
      g_signal_handlers_disconnect_by_func (clock, after_paint_cb, self);
      g_application_quit (G_APPLICATION (self));
      return;
    }
  if (!self->bootstrapped)
    {
      self->bootstrapped = TRUE;
      crown_performance_monitor_record (crown_performance_monitor_get_default (), CROWN_METRIC_BOOTSTRAP,
                                        g_get_monotonic_time () - self->started_at);
    }
  if (!self->offline && !self->connecting)
    {
      self->connecting = TRUE;
      crown_session_connect (self->session);
    }
  if (self->screenshot != NULL && !is_ready (self))
    return;
  /* The cache has all; the models follow with the next frame, and their rows with the one after it. */
  if (self->screenshot != NULL && ++self->ready_frames < FRAMES_OF_ROWS)
    {
      gtk_widget_queue_draw (GTK_WIDGET (window));
      return;
    }
  g_signal_handlers_disconnect_by_func (clock, after_paint_cb, self);
  if (self->screenshot != NULL)
    {
      write_screenshot (self, GTK_WIDGET (window));
      g_application_quit (G_APPLICATION (self));
    }
}

static gboolean
crown_application_open_session (CrownApplication *self)
{
  g_autoptr(GError) error = NULL;

  if (self->session != NULL)
    return TRUE;

  if (self->profile == NULL)
    self->profile = g_build_filename (g_get_user_data_dir (), "crown4-dashboard", NULL);
  self->session = crown_session_new (self->profile, self->server_url, self->workspace, &error);
  if (self->session == NULL)
    {
      g_printerr ("%s\n", error->message);
      return FALSE;
    }
  self->client = g_object_ref (crown_session_get_client (self->session));
  g_signal_connect_object (self->session, "problem", G_CALLBACK (crown_application_say), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->client, "notify::state", G_CALLBACK (state_cb), self, G_CONNECT_SWAPPED);
  return TRUE;
}

static void
crown_application_add_window (CrownApplication *self)
{
  gboolean first = gtk_application_get_windows (GTK_APPLICATION (self)) == NULL;
  CrownWindow *window = crown_window_new (GTK_APPLICATION (self), self->session);

  crown_window_set_offline (window, self->offline);
  if (first)
    {
      gtk_widget_realize (GTK_WIDGET (window));
      g_signal_connect_object (gtk_widget_get_frame_clock (GTK_WIDGET (window)), "after-paint",
                               G_CALLBACK (after_paint_cb), self, 0);
    }
  gtk_window_present (GTK_WINDOW (window));
}

/* The window that is there, or the first one; the session is open when it returns a window. */
static CrownWindow *
crown_application_show (CrownApplication *self)
{
  CrownWindow *window = crown_application_get_window (self);

  if (!crown_application_open_session (self))
    return NULL;
  if (window != NULL)
    gtk_window_present (GTK_WINDOW (window));
  else
    crown_application_add_window (self);
  return crown_application_get_window (self);
}

static int
crown_application_command_line (GApplication            *application,
                                GApplicationCommandLine *command_line)
{
  static const char * const import_options[] = { "import", G_OPTION_REMAINING };
  CrownApplication *self = CROWN_APPLICATION (application);
  GVariantDict *options = g_application_command_line_get_options_dict (command_line);

  if (self->client == NULL)
    {
      self->offline = g_variant_dict_contains (options, "offline");
      self->demo = g_variant_dict_contains (options, "demo");
      self->report = g_variant_dict_contains (options, "startup-report");
      g_variant_dict_lookup (options, "screenshot", "^ay", &self->screenshot);
      g_variant_dict_lookup (options, "server", "s", &self->server_url);
      g_variant_dict_lookup (options, "workspace", "x", &self->workspace);
      g_variant_dict_lookup (options, "profile", "^ay", &self->profile);
    }
  if (!crown_application_open_session (self))
    return 1;

  for (guint i = 0; i < G_N_ELEMENTS (import_options); i++)
    {
      g_autofree const char **paths = NULL;

      if (!g_variant_dict_lookup (options, import_options[i], "^a&ay", &paths))
        continue;
      for (guint j = 0; paths[j] != NULL; j++)
        g_queue_push_tail (&self->imports, g_application_command_line_create_file_for_arg (command_line, paths[j]));
    }

  if (g_variant_dict_contains (options, "new-window"))
    crown_application_add_window (self);
  else
    crown_application_show (self);
  state_cb (self);
  return 0;
}

/* From the bus: started by the desktop, which has no command line for it. */
static void
crown_application_activate (GApplication *application)
{
  crown_application_show (CROWN_APPLICATION (application));
}

static void
crown_application_open (GApplication  *application,
                        GFile        **files,
                        int            n_files,
                        const char    *hint)
{
  CrownApplication *self = CROWN_APPLICATION (application);

  if (crown_application_show (self) == NULL)
    return;
  for (int i = 0; i < n_files; i++)
    g_queue_push_tail (&self->imports, g_object_ref (files[i]));
  state_cb (self);
}

/* The desktop searches: the cache is opened for it, and kept while a person types. */
static void
search_needed_cb (CrownApplication *self)
{
  g_application_hold (G_APPLICATION (self));
  if (crown_application_open_session (self))
    crown_search_provider_set_client (self->search, self->client);
  g_application_release (G_APPLICATION (self));
}

static void
search_open_cb (CrownApplication *self,
                gint64            meeting_id)
{
  CrownWindow *window = crown_application_show (self);

  if (window == NULL)
    return;
  if (meeting_id != 0)
    gtk_widget_activate_action (GTK_WIDGET (window), "win.open-meeting", "x", meeting_id);
  else
    gtk_widget_activate_action (GTK_WIDGET (window), "win.show-page", "s", "tasks");
}

static void
search_search_cb (CrownApplication *self,
                  const char       *text)
{
  CrownWindow *window = crown_application_show (self);

  if (window != NULL)
    gtk_widget_activate_action (GTK_WIDGET (window), "win.search-for", "s", text);
}

static gboolean
crown_application_dbus_register (GApplication     *application,
                                 GDBusConnection  *bus,
                                 const char       *path,
                                 GError          **error)
{
  CrownApplication *self = CROWN_APPLICATION (application);
  g_autofree char *search_path = g_strconcat (path, "/SearchProvider", NULL);

  if (!G_APPLICATION_CLASS (crown_application_parent_class)->dbus_register (application, bus, path, error))
    return FALSE;

  self->search = crown_search_provider_new ();
  g_signal_connect_object (self->search, "needed", G_CALLBACK (search_needed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->search, "open", G_CALLBACK (search_open_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->search, "search", G_CALLBACK (search_search_cb), self, G_CONNECT_SWAPPED);
  return crown_search_provider_export (self->search, bus, search_path, error);
}

static void
crown_application_dbus_unregister (GApplication    *application,
                                   GDBusConnection *bus,
                                   const char      *path)
{
  g_clear_object (&CROWN_APPLICATION (application)->search);

  G_APPLICATION_CLASS (crown_application_parent_class)->dbus_unregister (application, bus, path);
}

static int
crown_application_handle_local_options (GApplication *application,
                                        GVariantDict *options)
{
  CROWN_APPLICATION (application)->parsed = TRUE;
  if (g_variant_dict_contains (options, "version"))
    {
      g_print ("crown4-dashboard %s\n", CROWN_VERSION);
      return 0;
    }

  /* A process of its own: asked for, or because it has other data than the one that may be running. */
  if (g_variant_dict_contains (options, "new-process") || g_variant_dict_contains (options, "profile") ||
      g_variant_dict_contains (options, "startup-report") || g_variant_dict_contains (options, "screenshot"))
    g_application_set_flags (application, g_application_get_flags (application) | G_APPLICATION_NON_UNIQUE);
  return -1;
}

/* GApplication ends what it does not understand with 1, which says that something failed. */
static gboolean
crown_application_local_command_line (GApplication   *application,
                                      char         ***arguments,
                                      int            *status)
{
  gboolean done = G_APPLICATION_CLASS (crown_application_parent_class)->local_command_line (application, arguments, status);

  if (done && *status != 0 && !CROWN_APPLICATION (application)->parsed)
    *status = EXIT_USAGE;
  return done;
}

static void
new_window_action (GSimpleAction *action,
                   GVariant      *parameter,
                   gpointer       user_data)
{
  CrownApplication *self = CROWN_APPLICATION (user_data);

  if (crown_application_open_session (self)) /* the desktop's menu may have started the program with this action */
    crown_application_add_window (self);
}

static void
import_action (GSimpleAction *action,
               GVariant      *parameter,
               gpointer       user_data)
{
  CrownWindow *window = crown_application_show (CROWN_APPLICATION (user_data));

  if (window != NULL)
    gtk_widget_activate_action (GTK_WIDGET (window), "win.import", NULL);
}

static void
add_task_action (GSimpleAction *action,
                 GVariant      *parameter,
                 gpointer       user_data)
{
  CrownWindow *window = crown_application_show (CROWN_APPLICATION (user_data));

  if (window != NULL)
    gtk_widget_activate_action (GTK_WIDGET (window), "win.show-page", "s", "tasks");
}

static void
about_action (GSimpleAction *action,
              GVariant      *parameter,
              gpointer       user_data)
{
  adw_show_about_window (gtk_application_get_active_window (GTK_APPLICATION (user_data)),
                         "application-name", _("CROWN⁴ Dashboard"),
                         "application-icon", CROWN_APPLICATION_ID,
                         "version", CROWN_VERSION,
                         "comments", _("Meetings, tasks and analytics of a team, at hand online and offline."),
                         "license-type", GTK_LICENSE_GPL_3_0,
                         NULL);
}

static void
quit_action (GSimpleAction *action,
             GVariant      *parameter,
             gpointer       user_data)
{
  g_application_quit (G_APPLICATION (user_data));
}

static void
crown_application_startup (GApplication *application)
{
  static const GActionEntry actions[] = {
    { "new-window", new_window_action },
    { "import", import_action },
    { "add-task", add_task_action },
    { "about", about_action },
    { "quit", quit_action },
  };

  G_APPLICATION_CLASS (crown_application_parent_class)->startup (application);

  if (g_application_get_flags (application) & G_APPLICATION_IS_SERVICE)
    g_application_set_inactivity_timeout (application, SERVICE_MS);
  g_action_map_add_action_entries (G_ACTION_MAP (application), actions, G_N_ELEMENTS (actions), application);
  gtk_application_set_accels_for_action (GTK_APPLICATION (application), "app.new-window",
                                         (const char *[]) { "<Control>n", NULL });
  gtk_application_set_accels_for_action (GTK_APPLICATION (application), "app.quit",
                                         (const char *[]) { "<Control>q", NULL });
  /* Not among the window's own keys: GTK has its inspector there, and looks at an application's keys first. */
  gtk_application_set_accels_for_action (GTK_APPLICATION (application), "win.diagnostics",
                                         (const char *[]) { "<Control><Shift>d", NULL });
}

static void
crown_application_shutdown (GApplication *application)
{
  CrownApplication *self = CROWN_APPLICATION (application);

  g_clear_object (&self->search);
  g_clear_object (&self->client);
  if (self->session != NULL)
    crown_session_close (self->session);
  g_clear_object (&self->session);
  g_queue_clear_full (&self->imports, g_object_unref);

  G_APPLICATION_CLASS (crown_application_parent_class)->shutdown (application);
}

static void
crown_application_finalize (GObject *object)
{
  CrownApplication *self = CROWN_APPLICATION (object);

  g_clear_pointer (&self->profile, g_free);
  g_clear_pointer (&self->server_url, g_free);
  g_clear_pointer (&self->screenshot, g_free);

  G_OBJECT_CLASS (crown_application_parent_class)->finalize (object);
}

static void
crown_application_class_init (CrownApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = crown_application_finalize;
  application_class->startup = crown_application_startup;
  application_class->shutdown = crown_application_shutdown;
  application_class->activate = crown_application_activate;
  application_class->open = crown_application_open;
  application_class->dbus_register = crown_application_dbus_register;
  application_class->dbus_unregister = crown_application_dbus_unregister;
  application_class->command_line = crown_application_command_line;
  application_class->local_command_line = crown_application_local_command_line;
  application_class->handle_local_options = crown_application_handle_local_options;
}

static void
crown_application_init (CrownApplication *self)
{
  static const GOptionEntry options[] = {
    { "server", 0, 0, G_OPTION_ARG_STRING, NULL, N_("Connect to this server (token in CROWN4_TOKEN)"), N_("URL") },
    { "workspace", 0, 0, G_OPTION_ARG_INT64, NULL, N_("Open this workspace"), N_("NUMBER") },
    { "import", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, NULL, N_("Import a transcript"), N_("FILE") },
    { "new-window", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Open another window"), NULL },
    { "new-process", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Run as a process of its own"), NULL },
    { "offline", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Do not connect"), NULL },
    { "demo", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Import the demo meetings if there are none"), NULL },
    { "startup-report", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Print how long the start took, and quit"), NULL },
    { "screenshot", 0, 0, G_OPTION_ARG_FILENAME, NULL, N_("Write a picture of the window when everything is shown, and quit"), N_("FILE") },
    { "profile", 0, 0, G_OPTION_ARG_FILENAME, NULL, N_("Keep everything in this folder"), N_("FOLDER") },
    { "version", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Print the version"), NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, NULL, NULL, N_("[FILE…]") },
    { NULL }
  };

  self->workspace = LOCAL_WORKSPACE;
  g_queue_init (&self->imports);
  g_application_add_main_option_entries (G_APPLICATION (self), options);
}

/**
 * crown_application_get_status:
 *
 * Returns: the program's exit status where g_application_run() returns 0
 */
int
crown_application_get_status (CrownApplication *self)
{
  return self->status;
}

/**
 * crown_application_new:
 * @started_at: g_get_monotonic_time() at the top of main(); what --startup-report counts from
 *
 * Returns: (transfer full): the application
 */
CrownApplication *
crown_application_new (gint64 started_at)
{
  CrownApplication *self = g_object_new (CROWN_TYPE_APPLICATION,
                                         "application-id", CROWN_APPLICATION_ID,
                                         "flags", G_APPLICATION_HANDLES_COMMAND_LINE | G_APPLICATION_HANDLES_OPEN,
                                         "resource-base-path", "/org/crown4/Dashboard",
                                         NULL);

  self->started_at = started_at;
  return self;
}
