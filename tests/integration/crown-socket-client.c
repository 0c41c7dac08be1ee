/* crown-socket-client.c: our Socket.IO client, driven by a test, against somebody else's server
 *
 * Arguments: URL, `polling`, `websocket` or `both`, NAMESPACE. Prints what it is told, a line each. When it is connected it
 * emits "echo" with its first argument, asks "sum" for an ack, and ends after "bye" has come.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "core/crown-json.h"
#include "socketio/crown-sio-client.h"

#include <stdio.h>
#include <string.h>

static GMainLoop *loop;
static const char *nsp;

static void
print_args (const char *what,
            JsonArray  *args)
{
  g_autoptr (JsonNode) node = json_node_init_array (json_node_alloc (), args);
  g_autofree char *text = crown_json_to_string (node);

  printf ("%s %s\n", what, text);
  fflush (stdout);
}

static void
on_ack (CrownSioClient *client,
        JsonArray      *args,
        gpointer        user_data)
{
  if (args != NULL)
    print_args ("ack", args);
  else
    printf ("no ack\n");
}

static void
on_connected (CrownSioClient *client,
              const char     *name,
              gpointer        user_data)
{
  g_autoptr (JsonNode) hello = json_node_init_string (json_node_alloc (), "hällo \xe2\x98\x83");
  g_autoptr (JsonNode) numbers = crown_json_parse ("[1,2,39]", -1, NULL);

  printf ("connected %s\n", name);
  fflush (stdout);
  crown_sio_client_emit (client, nsp, "echo", hello);
  crown_sio_client_emit_with_ack (client, nsp, "sum", numbers, on_ack, NULL, NULL);
}

static void
on_refused (CrownSioClient *client,
            const char     *name,
            const char     *message,
            JsonObject     *data,
            gpointer        user_data)
{
  printf ("refused %s %s\n", name, message);
  g_main_loop_quit (loop);
}

static void
on_event (CrownSioClient *client,
          const char     *name,
          const char     *event,
          JsonArray      *args,
          gpointer        user_data)
{
  GPtrArray *attachments = crown_sio_client_get_attachments (client);

  print_args (event, args);
  for (guint i = 0; attachments != NULL && i < attachments->len; i++)
    {
      gsize length;
      const char *data = g_bytes_get_data (attachments->pdata[i], &length);

      printf ("attachment %.*s\n", (int) length, data);
    }
  fflush (stdout);
  if (strcmp (event, "bye") == 0)
    g_main_loop_quit (loop);
}

static void
on_left (CrownSioClient *client,
         const char     *name,
         const char     *reason,
         gpointer        user_data)
{
  printf ("disconnected %s %s\n", name, reason);
  g_main_loop_quit (loop);
}

static void
on_closed (CrownSioClient *client,
           const char     *reason,
           gpointer        user_data)
{
  printf ("closed %s\n", reason);
  g_main_loop_quit (loop);
}

int
main (int    argc,
      char **argv)
{
  static const struct {
    const char        *name;
    CrownSioTransports transports;
  } transports[] = {
    { "polling", CROWN_SIO_TRANSPORT_POLLING },
    { "websocket", CROWN_SIO_TRANSPORT_WEBSOCKET },
    { "both", CROWN_SIO_TRANSPORT_POLLING | CROWN_SIO_TRANSPORT_WEBSOCKET },
  };
  CrownSioTransports chosen = 0;
  g_autoptr (CrownSioClient) client = NULL;
  g_autoptr (JsonNode) auth = NULL;

  for (guint i = 0; argc == 4 && i < G_N_ELEMENTS (transports); i++)
    if (strcmp (argv[2], transports[i].name) == 0)
      chosen = transports[i].transports;
  if (chosen == 0)
    {
      g_printerr ("usage: %s URL polling|websocket|both NAMESPACE\n", argv[0]);
      return 2;
    }
  nsp = argv[3];
  loop = g_main_loop_new (NULL, FALSE);
  client = crown_sio_client_new (argv[1], "/socket.io/", chosen, NULL);
  auth = crown_json_parse ("{\"token\":\"secret\"}", -1, NULL);
  g_signal_connect (client, "connected", G_CALLBACK (on_connected), NULL);
  g_signal_connect (client, "connect-error", G_CALLBACK (on_refused), NULL);
  g_signal_connect (client, "event", G_CALLBACK (on_event), NULL);
  g_signal_connect (client, "disconnected", G_CALLBACK (on_left), NULL);
  g_signal_connect (client, "closed", G_CALLBACK (on_closed), NULL);
  crown_sio_client_connect (client, nsp, auth);
  crown_sio_client_open (client);
  g_main_loop_run (loop);
  crown_sio_client_close (client);
  g_main_loop_unref (loop);

  return 0;
}
