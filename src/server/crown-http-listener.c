/* crown-http-listener.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-http-listener.h"

#include "crown-http-stream.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* Deadlines are looked at once a second: they need not be exact, and one timer does for all. */
#define TICK_MS 1000
/* Connections that may wait to be accepted: a team's clients all come back at once after a restart. */
#define BACKLOG 4096
#define NO_DEADLINE G_MAXINT64

typedef struct {
  CrownHttpListener *listener;
  GSocketConnection *connection; /* unowned: its end is told by a weak reference */
  GSocketAddress    *remote;     /* by which libsoup's messages are known to be of it */
  GIOStream         *stream;     /* unowned: alive as long as libsoup has the connection, which is below it */
  gint64             due_us;
} Connection;

/* libsoup's own listener loses a reference to each socket that it accepts, forgets those that end while they are idle, says
 * of none when it ends, and gives each for ever to send its request. So connections are accepted here, and given to it. */
struct _CrownHttpListener
{
  SoupServer      *soup;
  CrownHttpLimits  limits;
  GSocketService  *service;
  GHashTable      *connections; /* GSocketConnection → Connection */
  GHashTable      *by_remote;   /* GSocketAddress → Connection */
  GSource         *tick;
  guint64          n_refused;
};

static void
on_connection_gone (gpointer  data,
                    GObject  *where_it_was)
{
  Connection *connection = data;

  g_hash_table_remove (connection->listener->by_remote, connection->remote);
  g_hash_table_remove (connection->listener->connections, where_it_was);
}

static void
connection_free (gpointer data)
{
  Connection *connection = data;

  g_object_unref (connection->remote);
  g_free (connection);
}

static void
set_deadline (Connection *connection,
              guint       seconds)
{
  connection->due_us = g_get_monotonic_time () + seconds * G_TIME_SPAN_SECOND;
}

/* libsoup notices, and ends whatever the connection was about. */
static void
cut (GSocketConnection *connection)
{
  shutdown (g_socket_get_fd (g_socket_connection_get_socket (connection)), SHUT_RDWR);
}

static gboolean
on_tick (gpointer user_data)
{
  CrownHttpListener *self = user_data;
  gint64 now = g_get_monotonic_time ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->connections);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Connection *connection = value;

      if (connection->due_us > now)
        continue;
      connection->due_us = NO_DEADLINE;
      self->n_refused++;
      cut (connection->connection);
    }

  return G_SOURCE_CONTINUE;
}

/* What libsoup says of a request, and what the connection may then take. */

static Connection *
find_connection (CrownHttpListener *self,
                 SoupServerMessage *message)
{
  return g_hash_table_lookup (self->by_remote, soup_server_message_get_remote_address (message));
}

static void
on_got_headers (SoupServerMessage *message,
                gpointer           user_data)
{
  CrownHttpListener *self = user_data;
  Connection *connection = find_connection (self, message);

  if (connection == NULL)
    return;

  crown_http_stream_set_idle (connection->stream, FALSE);
  set_deadline (connection, self->limits.body_seconds);
}

static void
on_request_started (SoupServer        *soup,
                    SoupServerMessage *message,
                    gpointer           user_data)
{
  g_signal_connect (message, "got-headers", G_CALLBACK (on_got_headers), user_data);
}

static void
on_request_read (SoupServer        *soup,
                 SoupServerMessage *message,
                 gpointer           user_data)
{
  Connection *connection = find_connection (user_data, message);

  /* What now takes time is ours, or a poll that waits on purpose. */
  if (connection != NULL)
    connection->due_us = NO_DEADLINE;
}

static void
on_request_finished (SoupServer        *soup,
                     SoupServerMessage *message,
                     gpointer           user_data)
{
  CrownHttpListener *self = user_data;
  Connection *connection = find_connection (self, message);

  if (connection == NULL)
    return;

  crown_http_stream_set_idle (connection->stream, TRUE);
  set_deadline (connection, self->limits.keepalive_seconds);
}

/* Accepting */

static GIOStream *
wrap (CrownHttpListener  *self,
      GSocketConnection  *connection,
      GError            **error)
{
  GTlsCertificate *certificate = soup_server_get_tls_certificate (self->soup);
  g_autoptr (GIOStream) tls = NULL;

  if (certificate == NULL)
    return crown_http_stream_new (G_IO_STREAM (connection));

  tls = g_tls_server_connection_new (G_IO_STREAM (connection), certificate, error);

  return tls != NULL ? crown_http_stream_new (tls) : NULL;
}

static gboolean
on_incoming (GSocketService    *service,
             GSocketConnection *connection,
             GObject           *source,
             gpointer           user_data)
{
  CrownHttpListener *self = user_data;
  g_autoptr (GSocketAddress) local = g_socket_connection_get_local_address (connection, NULL);
  g_autoptr (GSocketAddress) remote = g_socket_connection_get_remote_address (connection, NULL);
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  Connection *entry;

  /* Gone already, or one too many: the last reference closes it. */
  if (local == NULL || remote == NULL)
    return TRUE;
  if (g_hash_table_size (self->connections) >= self->limits.connections_max)
    {
      self->n_refused++;
      return TRUE;
    }

  /* Frames and answers are small and complete: none has to wait for the next. */
  g_socket_set_option (g_socket_connection_get_socket (connection), IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  stream = wrap (self, connection, &error);
  if (stream == NULL)
    {
      g_warning ("A connection was not accepted: %s", error->message);
      return TRUE;
    }

  /* Before libsoup has it, which reads what is there at once. */
  entry = g_new0 (Connection, 1);
  entry->listener = self;
  entry->connection = connection;
  entry->stream = stream;
  entry->remote = g_object_ref (remote);
  set_deadline (entry, self->limits.headers_seconds);
  g_hash_table_insert (self->connections, connection, entry);
  g_hash_table_insert (self->by_remote, entry->remote, entry);
  g_object_weak_ref (G_OBJECT (connection), on_connection_gone, entry);
  if (!soup_server_accept_iostream (self->soup, stream, local, remote, &error))
    g_warning ("A connection was not accepted: %s", error->message);

  return TRUE;
}

/* libsoup keeps a connection for the next request only as long as it listens somewhere itself: on a socket that has no name
 * any more, so that nobody comes. */
static gboolean
listen_to_nobody (CrownHttpListener  *self,
                  GError            **error)
{
  g_autofree char *folder = g_dir_make_tmp ("crown4-XXXXXX", error);
  g_autofree char *path = folder != NULL ? g_build_filename (folder, "nobody", NULL) : NULL;
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketAddress) address = NULL;
  gboolean listening;

  if (folder == NULL)
    return FALSE;

  address = g_unix_socket_address_new (path);
  socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, error);
  listening = socket != NULL && g_socket_bind (socket, address, FALSE, error) && g_socket_listen (socket, error);
  g_unlink (path);
  g_rmdir (folder);

  return listening && soup_server_listen_socket (self->soup, socket, 0, error);
}

/**
 * crown_http_listener_new:
 * @soup: (transfer none): gets the connections, with TLS if it has a certificate
 *
 * Returns: (transfer full): a listener that listens nowhere yet
 */
CrownHttpListener *
crown_http_listener_new (SoupServer            *soup,
                         const CrownHttpLimits *limits)
{
  CrownHttpListener *self = g_new0 (CrownHttpListener, 1);

  self->soup = g_object_ref (soup);
  self->limits = *limits;
  self->connections = g_hash_table_new_full (NULL, NULL, NULL, connection_free);
  self->by_remote = g_hash_table_new (NULL, NULL);
  self->tick = g_timeout_source_new (TICK_MS);
  g_source_set_callback (self->tick, on_tick, self, NULL);
  g_source_attach (self->tick, g_main_context_get_thread_default ());
  g_signal_connect (soup, "request-started", G_CALLBACK (on_request_started), self);
  g_signal_connect (soup, "request-read", G_CALLBACK (on_request_read), self);
  g_signal_connect (soup, "request-finished", G_CALLBACK (on_request_finished), self);
  return self;
}

GSocketAddress *
crown_http_listener_listen (CrownHttpListener  *self,
                            GSocketAddress     *address,
                            GError            **error)
{
  g_autoptr (GSocketService) service = g_socket_service_new ();
  GSocketAddress *effective = NULL;

  g_return_val_if_fail (self->service == NULL, NULL);

  if (!listen_to_nobody (self, error))
    return NULL;

  g_socket_listener_set_backlog (G_SOCKET_LISTENER (service), BACKLOG);
  if (!g_socket_listener_add_address (G_SOCKET_LISTENER (service), address, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP,
                                      NULL, &effective, error))
    return NULL;

  g_signal_connect (service, "incoming", G_CALLBACK (on_incoming), self);
  g_socket_service_start (service);
  self->service = g_steal_pointer (&service);
  return effective;
}

void
crown_http_listener_stop (CrownHttpListener *self)
{
  if (self->service == NULL)
    return;

  g_signal_handlers_disconnect_by_data (self->service, self);
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_clear_object (&self->service);
}

void
crown_http_listener_free (CrownHttpListener *self)
{
  GHashTableIter iter;
  gpointer connection, entry;

  crown_http_listener_stop (self);
  g_signal_handlers_disconnect_by_data (self->soup, self);
  g_hash_table_iter_init (&iter, self->connections);
  while (g_hash_table_iter_next (&iter, &connection, &entry))
    g_object_weak_unref (connection, on_connection_gone, entry);
  g_source_destroy (self->tick);
  g_source_unref (self->tick);
  g_hash_table_unref (self->by_remote);
  g_hash_table_unref (self->connections);
  g_object_unref (self->soup);
  g_free (self);
}

guint
crown_http_listener_get_n_connections (CrownHttpListener *self)
{
  return g_hash_table_size (self->connections);
}

guint64
crown_http_listener_get_n_refused (CrownHttpListener *self)
{
  return self->n_refused;
}
