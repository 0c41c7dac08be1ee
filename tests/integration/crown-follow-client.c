/* crown-follow-client.c: a client without an interface, for tests that kill it
 *
 * Follows a server into the cache of a folder, a line of standard output for each state: `live`, `offline`… Commands come
 * as lines of standard input: `complete TASK`, `reopen TASK`, `archive MEETING`, `restore MEETING`; `kept` answers when
 * the change is in the outbox. The token comes from CROWN4_TOKEN. Ends with its standard input.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "client/crown-client.h"

#include <gio/gunixinputstream.h>
#include <stdio.h>
#include <unistd.h>

static void
say (const char *line)
{
  printf ("%s\n", line);
  fflush (stdout);
}

static void
on_state (CrownClient *client)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (CROWN_TYPE_CLIENT_STATE);

  say (g_enum_get_value (class, (gint) crown_client_get_state (client))->value_nick);
}

static void
on_pending (CrownClient *client)
{
  printf ("pending %u\n", crown_client_get_pending (client));
  fflush (stdout);
}

static void
on_rejected (CrownClient *client,
             const char  *what,
             const char  *message)
{
  printf ("rejected %s: %s\n", what, message);
  fflush (stdout);
}

static void
on_written (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GError) error = NULL;

  if (crown_client_write_finish (CROWN_CLIENT (source), result, &error))
    say ("kept");
  else
    g_printerr ("%s\n", error->message);
}

static void
obey (CrownClient *client,
      const char  *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 2);
  gint64 id = words[0] != NULL && words[1] != NULL ? g_ascii_strtoll (words[1], NULL, 10) : 0;

  if (g_strcmp0 (words[0], "complete") == 0)
    crown_client_set_task_status_async (client, id, "completed", on_written, NULL);
  else if (g_strcmp0 (words[0], "reopen") == 0)
    crown_client_set_task_status_async (client, id, "pending", on_written, NULL);
  else if (g_strcmp0 (words[0], "archive") == 0)
    crown_client_archive_meeting_async (client, id, on_written, NULL);
  else if (g_strcmp0 (words[0], "restore") == 0)
    crown_client_restore_meeting_async (client, id, on_written, NULL);
  else
    g_printerr ("What is “%s”?\n", line);
}

typedef struct {
  CrownClient      *client;
  GDataInputStream *input;
  GMainLoop        *loop;
} Follower;

static void
on_line (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  Follower *self = user_data;
  g_autofree char *line = g_data_input_stream_read_line_finish (self->input, result, NULL, NULL);

  if (line == NULL)
    {
      g_main_loop_quit (self->loop);
      return;
    }
  obey (self->client, line);
  g_data_input_stream_read_line_async (self->input, G_PRIORITY_DEFAULT, NULL, on_line, self);
}

int
main (int    argc,
      char **argv)
{
  g_autofree char *folder = NULL;
  g_autofree char *server = NULL;
  gint64 workspace = 1;
  gint64 user = 1;
  const GOptionEntry entries[] = {
    { "folder", 0, 0, G_OPTION_ARG_FILENAME, &folder, "Of cache and outbox", "DIR" },
    { "server", 0, 0, G_OPTION_ARG_STRING, &server, "None: stay offline", "URL" },
    { "workspace", 0, 0, G_OPTION_ARG_INT64, &workspace, NULL, "N" },
    { "user", 0, 0, G_OPTION_ARG_INT64, &user, NULL, "N" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GInputStream) raw = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  g_autoptr (GDataInputStream) input = g_data_input_stream_new (raw);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (CrownClient) client = NULL;
  g_autoptr (GError) error = NULL;
  Follower self;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || folder == NULL)
    {
      g_printerr ("%s\n", error != NULL ? error->message : "--folder is missing");
      return 2;
    }
  client = crown_client_new (folder, workspace, user, &error);
  if (client == NULL)
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  g_signal_connect (client, "notify::state", G_CALLBACK (on_state), NULL);
  g_signal_connect (client, "notify::pending", G_CALLBACK (on_pending), NULL);
  g_signal_connect (client, "rejected", G_CALLBACK (on_rejected), NULL);
  if (server != NULL)
    crown_client_connect_server (client, server, g_getenv ("CROWN4_TOKEN"));

  self = (Follower) { client, input, loop };
  g_data_input_stream_read_line_async (input, G_PRIORITY_DEFAULT, NULL, on_line, &self);
  g_main_loop_run (loop);
  crown_client_close (client);

  return 0;
}
