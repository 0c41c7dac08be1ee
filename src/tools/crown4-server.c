/* crown4-server.c: the server as a daemon for a team
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-tools"

#include "crown-config.h"

#include <glib-unix.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "server/crown-server.h"

#define EXIT_FAILED 1
#define EXIT_USAGE  2

/* "127.0.0.1:8080", "[::1]:8080"; the port is what stands after the last colon. */
static gboolean
parse_listen (const char  *text,
              char       **address,
              guint16     *port)
{
  const char *colon = strrchr (text, ':');
  guint64 number = 0;

  if (colon == NULL || colon == text ||
      !g_ascii_string_to_unsigned (colon + 1, 10, 0, G_MAXUINT16, &number, NULL))
    return FALSE;

  g_autofree char *host = g_strndup (text, colon - text);
  gsize length = strlen (host);

  if (length > 2 && host[0] == '[' && host[length - 1] == ']')
    {
      g_autofree char *inner = g_strndup (host + 1, length - 2);

      g_free (g_steal_pointer (&host));
      host = g_steal_pointer (&inner);
    }

  if (strcmp (host, "localhost") != 0 && !g_hostname_is_ip_address (host))
    return FALSE;

  *address = g_steal_pointer (&host);
  *port = (guint16) number;
  return TRUE;
}

static gboolean
is_loopback (const char *host)
{
  if (strcmp (host, "localhost") == 0)
    return TRUE;

  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  return address != NULL && g_inet_address_get_is_loopback (address);
}

static gboolean
on_signal (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

int
main (int   argc,
      char *argv[])
{
  g_autofree char *ledger = NULL;
  g_autofree char *listen = NULL;
  g_autofree char *address = NULL;
  gboolean insecure_listen = FALSE;
  gboolean version = FALSE;
  guint16 port = 0;
  g_autoptr (GError) error = NULL;
  const GOptionEntry entries[] = {
    { "ledger", 0, 0, G_OPTION_ARG_FILENAME, &ledger, "Where the events are kept, as sqlite:PATH", "URI" },
    { "listen", 0, 0, G_OPTION_ARG_STRING, &listen, "Address and port to serve on; port 0 takes a free one", "ADDR:PORT" },
    { "insecure-listen", 0, 0, G_OPTION_ARG_NONE, &insecure_listen, "Allow a non-loopback address without TLS", NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version and quit", NULL },
    { NULL }
  };

  setlocale (LC_ALL, "");

  g_autoptr (GOptionContext) context = g_option_context_new ("— serve a ledger over REST and Socket.IO");
  g_option_context_add_main_entries (context, entries, NULL);

  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("crown4-server: %s\n", error->message);
      return EXIT_USAGE;
    }

  if (version)
    {
      g_print ("crown4-server %s\n", CROWN_VERSION);
      return 0;
    }

  if (argc > 1)
    {
      g_printerr ("crown4-server: unexpected argument “%s”; see --help\n", argv[1]);
      return EXIT_USAGE;
    }

  if (ledger == NULL || listen == NULL)
    {
      g_printerr ("crown4-server: --ledger and --listen are needed; see --help\n");
      return EXIT_USAGE;
    }

  if (!parse_listen (listen, &address, &port))
    {
      g_printerr ("crown4-server: --listen “%s” is no ADDR:PORT such as 127.0.0.1:8080\n", listen);
      return EXIT_USAGE;
    }

  if (!insecure_listen && !is_loopback (address))
    {
      g_printerr ("crown4-server: %s is not a loopback address: everything would go over the network unencrypted. "
                  "--insecure-listen allows it\n", address);
      return EXIT_USAGE;
    }

  g_autoptr (CrownServer) server = crown_server_new (ledger);
  crown_server_set_insecure_listen (server, insecure_listen);

  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  guint term = g_unix_signal_add (SIGTERM, on_signal, loop);
  guint interrupt = g_unix_signal_add (SIGINT, on_signal, loop);

  if (!crown_server_start (server, address, port, &error))
    {
      g_printerr ("crown4-server: %s\n", error->message);
      return EXIT_FAILED;
    }

  printf ("listening %s\n", crown_server_get_url (server));
  fflush (stdout);

  g_main_loop_run (loop);

  crown_server_stop (server);

  /* Each source removes itself when its signal comes; the other one is still there. */
  GSource *source = g_main_context_find_source_by_id (NULL, term);
  if (source != NULL)
    g_source_destroy (source);
  source = g_main_context_find_source_by_id (NULL, interrupt);
  if (source != NULL)
    g_source_destroy (source);

  return 0;
}
