/* crown-conformance-server.c: what the public conformance suites of Engine.IO and Socket.IO connect to
 *
 * On `/` and `/custom` it emits `auth` with the CONNECT's auth; on `/` it answers `message` with `message-back` and
 * `message-with-ack` with an ack. With --engine-only it serves plain Engine.IO and echoes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "socketio/crown-sio-server.h"

#include <glib-unix.h>
#include <stdio.h>

static const CrownSioOptions options = {
  .ping_interval_ms = 300,
  .ping_timeout_ms = 200,
  .max_payload = 1000000,
  .connect_timeout_ms = 1000,
};

static void
ignore_session (CrownEioSession *session,
                gpointer         user_data)
{
}

static void
echo_message (CrownEioSession *session,
              const char      *text,
              gsize            length,
              gpointer         user_data)
{
  g_autoptr (CrownEioPacket) packet = crown_eio_packet_new (CROWN_EIO_MESSAGE, text, (gssize) length);

  crown_eio_session_send (session, packet);
}

static void
echo_binary (CrownEioSession *session,
             GBytes          *bytes,
             gpointer         user_data)
{
  g_autoptr (CrownEioPacket) packet =
    crown_eio_packet_new_binary (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));

  crown_eio_session_send (session, packet);
}

static void
say_closed (CrownEioSession *session,
            const char      *reason,
            gpointer         user_data)
{
  g_printerr ("%s: %s\n", crown_eio_session_get_sid (session), reason);
}

static const CrownEioServerFuncs echo = {
  .opened = ignore_session,
  .message = echo_message,
  .binary = echo_binary,
  .closed = say_closed,
};

static gboolean
on_authorize (CrownSioServer *server,
              CrownSioSocket *socket,
              JsonNode       *auth,
              gpointer       *error,
              gpointer        user_data)
{
  if (auth != NULL)
    g_object_set_data_full (G_OBJECT (socket), "auth", json_node_copy (auth), (GDestroyNotify) json_node_unref);

  return TRUE;
}

static void
on_connected (CrownSioServer *server,
              CrownSioSocket *socket,
              gpointer        user_data)
{
  JsonNode *auth = g_object_get_data (G_OBJECT (socket), "auth");
  g_autoptr (JsonNode) empty = json_node_init_object (json_node_alloc (), NULL);
  g_autoptr (JsonObject) object = json_object_new ();

  json_node_set_object (empty, object);
  crown_sio_socket_emit (socket, "auth", auth != NULL ? auth : empty);
}

static void
on_event (CrownSioServer *server,
          CrownSioSocket *socket,
          const char     *name,
          JsonArray      *args,
          gint64          ack_id,
          gpointer        user_data)
{
  GPtrArray *attachments = crown_sio_socket_get_attachments (socket);

  if (g_str_equal (name, "message"))
    crown_sio_socket_emit_full (socket, "message-back", args, attachments, NULL, NULL);
  else if (g_str_equal (name, "message-with-ack"))
    crown_sio_socket_ack_full (socket, ack_id, args, attachments);
}

static gboolean
on_signal (gpointer user_data)
{
  g_main_loop_quit (user_data);

  return G_SOURCE_REMOVE;
}

int
main (int    argc,
      char **argv)
{
  int port = 0;
  gboolean engine_only = FALSE;
  const GOptionEntry entries[] = {
    { "port", 0, 0, G_OPTION_ARG_INT, &port, "Port on the loopback address; 0 takes a free one", "N" },
    { "engine-only", 0, 0, G_OPTION_ARG_NONE, &engine_only, "Plain Engine.IO on /engine.io/, echoing", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (SoupServer) soup = soup_server_new (NULL, NULL);
  g_autoptr (CrownEioServer) eio = NULL;
  g_autoptr (CrownSioServer) sio = NULL;
  g_autoptr (GError) error = NULL;
  GSList *uris;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc > 1 || port < 0 || port > G_MAXUINT16)
    {
      g_printerr ("%s\n", error != NULL ? error->message : "Wrong use; see --help");
      return 2;
    }

  if (engine_only)
    {
      eio = crown_eio_server_new (soup, "/engine.io/", &options, &echo, NULL, &error);
    }
  else if ((sio = crown_sio_server_new (soup, "/socket.io/", &options, &error)) != NULL)
    {
      crown_sio_server_add_namespace (sio, "/");
      crown_sio_server_add_namespace (sio, "/custom");
      g_signal_connect (sio, "authorize", G_CALLBACK (on_authorize), NULL);
      g_signal_connect (sio, "connected", G_CALLBACK (on_connected), NULL);
      g_signal_connect (sio, "event", G_CALLBACK (on_event), NULL);
    }
  if (error != NULL || !soup_server_listen_local (soup, (guint) port, SOUP_SERVER_LISTEN_IPV4_ONLY, &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }

  uris = soup_server_get_uris (soup);
  g_print ("listening http://127.0.0.1:%d\n", g_uri_get_port (uris->data));
  fflush (stdout);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);

  g_unix_signal_add (SIGTERM, on_signal, loop);
  g_unix_signal_add (SIGINT, on_signal, loop);
  g_main_loop_run (loop);

  return 0;
}
