/* crown-sio-server.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-socketio"

#include "crown-sio-server.h"

#include "core/crown-json.h"
#include "core/crown-limits.h"
#include "crown-eio-session.h"
#include "crown-sio-codec.h"

#include <string.h>

#define SEND_QUEUE_MAX     (4 * 1024 * 1024)
#define CONNECT_TIMEOUT_MS 45000 /* Socket.IO's default */

struct _CrownSioFrame
{
  char   *nsp;
  GBytes *packet; /* with Engine.IO's type in front */
};

/* One Engine.IO session and its namespaces. */
typedef struct {
  CrownSioServer  *server;   /* unowned: the server outlives its clients */
  CrownEioSession *session;
  GHashTable      *sockets;  /* namespace → CrownSioSocket */
  CrownSioPacket  *partial;  /* (nullable) waits for its attachments */
  GPtrArray       *attachments;
  gsize            attached; /* bytes of them */
  GSource         *connect_timeout;
} Client;

struct _CrownSioServer
{
  GObject          parent_instance;

  SoupServer      *soup;
  char            *path;
  CrownSioOptions  options;
  GHashTable      *namespaces; /* set */
  GHashTable      *clients;    /* sid → Client */
};

struct _CrownSioSocket
{
  GObject  parent_instance;

  Client  *client;  /* NULL once disconnected */
  char    *id;
  char    *nsp;
  char    *refusal_message;
  char    *refusal_code;
};

enum { AUTHORIZE, CONNECTED, EVENT, DISCONNECTED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CrownSioServer, crown_sio_server, G_TYPE_OBJECT)
G_DEFINE_FINAL_TYPE (CrownSioSocket, crown_sio_socket, G_TYPE_OBJECT)

/* The frame */

CrownSioFrame *
crown_sio_frame_new (const char *nsp,
                     const char *event,
                     const char *args_json,
                     gssize      length)
{
  CrownSioFrame *frame = g_atomic_rc_box_new0 (CrownSioFrame);
  g_autoptr (JsonNode) name = json_node_init_string (json_node_alloc (), event);
  GString *text = g_string_sized_new ((length > 0 ? (gsize) length : strlen (args_json)) + 64);
  gsize size;

  g_string_append_c (text, CROWN_EIO_MESSAGE);
  g_string_append_c (text, CROWN_SIO_EVENT);
  if (strcmp (nsp, "/") != 0)
    g_string_append_printf (text, "%s,", nsp);
  g_string_append_c (text, '[');
  crown_json_write (name, text);
  if (*args_json != '\0')
    {
      g_string_append_c (text, ',');
      g_string_append_len (text, args_json, length);
    }
  g_string_append_c (text, ']');

  size = text->len;
  frame->nsp = g_strdup (nsp);
  frame->packet = g_bytes_new_take (g_string_free (text, FALSE), size);

  return frame;
}

CrownSioFrame *
crown_sio_frame_ref (CrownSioFrame *frame)
{
  return g_atomic_rc_box_acquire (frame);
}

static void
frame_clear (gpointer data)
{
  CrownSioFrame *frame = data;

  g_free (frame->nsp);
  g_bytes_unref (frame->packet);
}

void
crown_sio_frame_unref (CrownSioFrame *frame)
{
  g_atomic_rc_box_release_full (frame, frame_clear);
}

/* The client */

static void
send_packet (Client       *client,
             CrownSioType  type,
             const char   *nsp,
             gint64        id,
             const char   *data_json)
{
  g_autofree char *text = crown_sio_packet_format (type, nsp, id, data_json);

  crown_eio_session_send_text (client->session, CROWN_EIO_MESSAGE, text);
}

static void
stop_connect_timeout (Client *client)
{
  if (client->connect_timeout == NULL)
    return;
  g_source_destroy (client->connect_timeout);
  g_clear_pointer (&client->connect_timeout, g_source_unref);
}

static void
client_free (gpointer data)
{
  Client *client = data;

  stop_connect_timeout (client);
  g_signal_handlers_disconnect_by_data (client->session, client);
  g_hash_table_unref (client->sockets);
  g_clear_pointer (&client->partial, crown_sio_packet_free);
  g_ptr_array_unref (client->attachments);
  g_object_unref (client->session);
  g_free (client);
}

static void
leave_namespace (Client         *client,
                 CrownSioSocket *socket,
                 const char     *reason)
{
  g_autoptr (CrownSioSocket) alive = g_object_ref (socket);

  g_hash_table_remove (client->sockets, socket->nsp);
  socket->client = NULL;
  g_signal_emit (client->server, signals[DISCONNECTED], 0, socket, reason);
}

static void
on_session_closed (CrownEioSession *session,
                   const char      *reason,
                   gpointer         user_data)
{
  Client *client = user_data;
  CrownSioServer *server = client->server;
  g_autoptr (CrownEioSession) alive = g_object_ref (session);
  g_autoptr (GList) sockets = g_hash_table_get_values (client->sockets);

  g_list_foreach (sockets, (GFunc) g_object_ref, NULL);
  for (GList *l = sockets; l != NULL; l = l->next)
    {
      leave_namespace (client, l->data, reason);
      g_object_unref (l->data);
    }
  g_hash_table_remove (server->clients, crown_eio_session_get_sid (session));
}

static void
refuse_connect (Client     *client,
                const char *nsp,
                const char *message,
                const char *code)
{
  g_autoptr (JsonObject) error = json_object_new ();
  g_autofree char *text = NULL;

  json_object_set_string_member (error, "message", message);
  if (code != NULL)
    {
      JsonObject *data = json_object_new ();

      json_object_set_string_member (data, "code", code);
      json_object_set_object_member (error, "data", data);
    }
  text = crown_json_object_to_string (error);
  send_packet (client, CROWN_SIO_CONNECT_ERROR, nsp, -1, text);
}

static void
handle_connect (Client         *client,
                CrownSioPacket *packet)
{
  g_autoptr (CrownSioSocket) socket = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *answer = NULL;
  CrownSioServer *server = client->server; /* answering may close the session, and the client with it */
  gboolean accepted = TRUE;

  if (!g_hash_table_contains (client->server->namespaces, packet->nsp))
    {
      refuse_connect (client, packet->nsp, "Invalid namespace", NULL);
      return;
    }
  if (g_hash_table_contains (client->sockets, packet->nsp))
    {
      crown_eio_session_close (client->session, "parse error");
      return;
    }

  socket = g_object_new (CROWN_TYPE_SIO_SOCKET, NULL);
  socket->nsp = g_strdup (packet->nsp);
  socket->client = client;
  if (g_signal_has_handler_pending (client->server, signals[AUTHORIZE], 0, FALSE))
    g_signal_emit (client->server, signals[AUTHORIZE], 0, socket, packet->data, &error, &accepted);
  if (!accepted)
    {
      const char *message = socket->refusal_message != NULL ? socket->refusal_message
                            : error != NULL                 ? error->message
                                                            : "Not authorized";

      socket->client = NULL;
      refuse_connect (client, packet->nsp, message, socket->refusal_code);
      return;
    }

  stop_connect_timeout (client);
  g_hash_table_insert (client->sockets, socket->nsp, g_object_ref (socket));
  answer = g_strdup_printf ("{\"sid\":\"%s\"}", socket->id);
  send_packet (client, CROWN_SIO_CONNECT, socket->nsp, -1, answer);
  if (socket->client != NULL)
    g_signal_emit (server, signals[CONNECTED], 0, socket);
}

static void
handle_event (Client         *client,
              CrownSioPacket *packet)
{
  CrownSioSocket *socket = g_hash_table_lookup (client->sockets, packet->nsp);
  g_autoptr (CrownSioSocket) alive = NULL;
  JsonArray *data = json_node_get_array (packet->data);
  g_autoptr (JsonArray) args = json_array_new ();

  if (socket == NULL)
    {
      crown_eio_session_close (client->session, "parse error");
      return;
    }
  alive = g_object_ref (socket);
  for (guint i = 1; i < json_array_get_length (data); i++)
    json_array_add_element (args, json_node_copy (json_array_get_element (data, i)));
  g_signal_emit (client->server, signals[EVENT], 0, socket, json_array_get_string_element (data, 0), args, packet->id);
}

static void
handle_packet (Client         *client,
               CrownSioPacket *packet)
{
  CrownSioSocket *socket;

  switch (packet->type)
    {
    case CROWN_SIO_CONNECT:
      handle_connect (client, packet);
      break;

    case CROWN_SIO_DISCONNECT:
      if ((socket = g_hash_table_lookup (client->sockets, packet->nsp)) != NULL)
        leave_namespace (client, socket, "client namespace disconnect");
      break;

    case CROWN_SIO_EVENT:
    case CROWN_SIO_BINARY_EVENT:
      handle_event (client, packet);
      break;

    case CROWN_SIO_ACK:
    case CROWN_SIO_BINARY_ACK:
      break; /* this server asks for none */

    case CROWN_SIO_CONNECT_ERROR:
    default:
      crown_eio_session_close (client->session, "parse error");
    }
}

static void
on_session_message (CrownEioSession *session,
                    const char      *text,
                    gpointer         user_data)
{
  Client *client = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownSioPacket) packet = crown_sio_packet_parse (text, strlen (text), &error);

  if (packet == NULL || client->partial != NULL)
    {
      g_debug ("%s: %s", crown_eio_session_get_sid (session), error != NULL ? error->message : "an attachment was expected");
      crown_eio_session_close (session, "parse error");
      return;
    }
  if (packet->n_attachments > 0)
    client->partial = g_steal_pointer (&packet);
  else
    handle_packet (client, packet);
}

static void
on_session_binary (CrownEioSession *session,
                   GBytes          *bytes,
                   gpointer         user_data)
{
  Client *client = user_data;
  g_autoptr (CrownSioPacket) packet = NULL;

  client->attached += g_bytes_get_size (bytes);
  if (client->partial == NULL || client->attached > client->server->options.max_payload)
    {
      crown_eio_session_close (session, "parse error");
      return;
    }
  g_ptr_array_add (client->attachments, g_bytes_ref (bytes));
  if (client->attachments->len < client->partial->n_attachments)
    return;

  packet = g_steal_pointer (&client->partial);
  if (!crown_sio_packet_attach (packet, client->attachments, NULL))
    {
      crown_eio_session_close (session, "parse error");
      return;
    }
  g_ptr_array_set_size (client->attachments, 0);
  client->attached = 0;
  handle_packet (client, packet);
}

static gboolean
on_connect_timeout (gpointer user_data)
{
  Client *client = user_data;

  g_clear_pointer (&client->connect_timeout, g_source_unref);
  crown_eio_session_close (client->session, "connect timeout");

  return G_SOURCE_REMOVE;
}

static Client *
add_client (CrownSioServer *self)
{
  Client *client = g_new0 (Client, 1);

  client->server = self;
  client->session = crown_eio_session_new (&self->options);
  client->sockets = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_object_unref);
  client->attachments = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_signal_connect (client->session, "message", G_CALLBACK (on_session_message), client);
  g_signal_connect (client->session, "binary", G_CALLBACK (on_session_binary), client);
  g_signal_connect (client->session, "closed", G_CALLBACK (on_session_closed), client);
  client->connect_timeout = g_timeout_source_new (self->options.connect_timeout_ms);
  g_source_set_callback (client->connect_timeout, on_connect_timeout, client, NULL);
  g_source_attach (client->connect_timeout, g_main_context_get_thread_default ());
  g_hash_table_insert (self->clients, (gpointer) crown_eio_session_get_sid (client->session), client);

  return client;
}

/* The transports. Engine.IO's errors: https://socket.io/docs/v4/engine-io-protocol */
typedef enum {
  REFUSED_TRANSPORT = 0,
  REFUSED_SID = 1,
  REFUSED_METHOD = 2,
  REFUSED_REQUEST = 3,
  REFUSED_VERSION = 5,
} Refusal;

static void
refuse (SoupServerMessage *message,
        Refusal            refusal)
{
  static const char *const messages[] = { "Transport unknown", "Session ID unknown", "Bad handshake method", "Bad request",
                                          "Forbidden", "Unsupported protocol version" };
  g_autofree char *body = g_strdup_printf ("{\"code\":%d,\"message\":\"%s\"}", refusal, messages[refusal]);

  soup_server_message_set_status (message, SOUP_STATUS_BAD_REQUEST, NULL);
  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_COPY, body, strlen (body));
}

static void
on_request (SoupServer        *soup,
            SoupServerMessage *message,
            const char        *path,
            GHashTable        *query,
            gpointer           user_data)
{
  CrownSioServer *self = user_data;
  const char *method = soup_server_message_get_method (message);
  const char *transport = query != NULL ? g_hash_table_lookup (query, "transport") : NULL;
  const char *sid = query != NULL ? g_hash_table_lookup (query, "sid") : NULL;
  Client *client;

  /* libsoup asks this handler first; a status would refuse the handshake that on_websocket() waits for. */
  if (g_strcmp0 (transport, "websocket") == 0 &&
      soup_message_headers_header_contains (soup_server_message_get_request_headers (message), "Upgrade", "websocket"))
    return;
  if (g_strcmp0 (transport, "polling") != 0)
    {
      refuse (message, g_strcmp0 (transport, "websocket") == 0 ? REFUSED_REQUEST : REFUSED_TRANSPORT);
      return;
    }
  if (g_strcmp0 (g_hash_table_lookup (query, "EIO"), "4") != 0)
    {
      refuse (message, REFUSED_VERSION);
      return;
    }

  if (sid == NULL)
    {
      g_autofree char *handshake = NULL;
      g_autofree char *body = NULL;

      if (g_strcmp0 (method, "GET") != 0)
        {
          refuse (message, REFUSED_METHOD);
          return;
        }
      client = add_client (self);
      handshake = crown_eio_session_handshake (client->session, FALSE);
      body = g_strdup_printf ("%c%s", CROWN_EIO_OPEN, handshake);
      soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
      soup_server_message_set_response (message, "text/plain; charset=UTF-8", SOUP_MEMORY_COPY, body, strlen (body));
      return;
    }

  client = g_hash_table_lookup (self->clients, sid);
  if (client == NULL)
    refuse (message, REFUSED_SID);
  else if (g_strcmp0 (method, "GET") == 0)
    crown_eio_session_poll (client->session, soup, message);
  else if (g_strcmp0 (method, "POST") == 0)
    crown_eio_session_post (client->session, message);
  else
    refuse (message, REFUSED_METHOD);
}

static void
on_websocket (SoupServer              *soup,
              SoupServerMessage       *message,
              const char              *path,
              SoupWebsocketConnection *connection,
              gpointer                 user_data)
{
  CrownSioServer *self = user_data;
  const char *text = g_uri_get_query (soup_server_message_get_uri (message));
  g_autoptr (GHashTable) query = text != NULL ? soup_form_decode (text) : NULL;
  const char *sid;
  Client *client;

  if (query == NULL || g_strcmp0 (g_hash_table_lookup (query, "EIO"), "4") != 0 ||
      g_strcmp0 (g_hash_table_lookup (query, "transport"), "websocket") != 0)
    {
      soup_websocket_connection_close (connection, SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION, "Bad request");
      return;
    }

  sid = g_hash_table_lookup (query, "sid");
  if (sid == NULL)
    {
      g_autofree char *handshake = NULL;

      client = add_client (self);
      handshake = crown_eio_session_handshake (client->session, TRUE);
      crown_eio_session_take_websocket (client->session, connection, FALSE);
      crown_eio_session_send_text (client->session, CROWN_EIO_OPEN, handshake);
      return;
    }
  if ((client = g_hash_table_lookup (self->clients, sid)) != NULL)
    crown_eio_session_take_websocket (client->session, connection, TRUE);
  else
    soup_websocket_connection_close (connection, SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION, "Session ID unknown");
}

/* The server */

CrownSioServer *
crown_sio_server_new (SoupServer            *soup,
                      const char            *path,
                      const CrownSioOptions *options)
{
  CrownSioServer *self = g_object_new (CROWN_TYPE_SIO_SERVER, NULL);

  self->soup = g_object_ref (soup);
  self->path = g_strdup (path);
  if (options != NULL)
    self->options = *options;
  if (self->options.ping_interval_ms == 0)
    self->options.ping_interval_ms = CROWN_PING_INTERVAL_MS;
  if (self->options.ping_timeout_ms == 0)
    self->options.ping_timeout_ms = CROWN_PING_TIMEOUT_MS;
  if (self->options.connect_timeout_ms == 0)
    self->options.connect_timeout_ms = CONNECT_TIMEOUT_MS;
  if (self->options.max_payload == 0)
    self->options.max_payload = CROWN_MAX_PAYLOAD;
  if (self->options.send_queue_max == 0)
    self->options.send_queue_max = SEND_QUEUE_MAX;

  /* Compressing small frames one by one costs more than it saves. */
  soup_server_remove_websocket_extension (soup, SOUP_TYPE_WEBSOCKET_EXTENSION_DEFLATE);
  soup_server_add_handler (soup, path, on_request, self, NULL);
  soup_server_add_websocket_handler (soup, path, NULL, NULL, on_websocket, self, NULL);

  return self;
}

void
crown_sio_server_add_namespace (CrownSioServer *self,
                                const char     *nsp)
{
  g_hash_table_add (self->namespaces, g_strdup (nsp));
}

void
crown_sio_server_close (CrownSioServer *self)
{
  g_autoptr (GList) clients = g_hash_table_get_values (self->clients);

  for (GList *l = clients; l != NULL; l = l->next)
    crown_eio_session_close (((Client *) l->data)->session, "server shutting down");
}

guint
crown_sio_server_get_n_connections (CrownSioServer *self)
{
  return g_hash_table_size (self->clients);
}

static void
crown_sio_server_dispose (GObject *object)
{
  CrownSioServer *self = CROWN_SIO_SERVER (object);

  if (self->soup != NULL)
    {
      crown_sio_server_close (self);
      soup_server_remove_handler (self->soup, self->path);
      g_clear_object (&self->soup);
    }

  G_OBJECT_CLASS (crown_sio_server_parent_class)->dispose (object);
}

static void
crown_sio_server_finalize (GObject *object)
{
  CrownSioServer *self = CROWN_SIO_SERVER (object);

  g_hash_table_unref (self->clients);
  g_hash_table_unref (self->namespaces);
  g_free (self->path);

  G_OBJECT_CLASS (crown_sio_server_parent_class)->finalize (object);
}

static void
crown_sio_server_class_init (CrownSioServerClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = crown_sio_server_dispose;
  G_OBJECT_CLASS (klass)->finalize = crown_sio_server_finalize;

  signals[AUTHORIZE] = g_signal_new ("authorize", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_BOOLEAN, 3,
                                     CROWN_TYPE_SIO_SOCKET, JSON_TYPE_NODE, G_TYPE_POINTER);
  signals[CONNECTED] = g_signal_new ("connected", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                     CROWN_TYPE_SIO_SOCKET);
  signals[EVENT] = g_signal_new ("event", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 4,
                                 CROWN_TYPE_SIO_SOCKET, G_TYPE_STRING, JSON_TYPE_ARRAY, G_TYPE_INT64);
  signals[DISCONNECTED] = g_signal_new ("disconnected", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                        CROWN_TYPE_SIO_SOCKET, G_TYPE_STRING);
}

static void
crown_sio_server_init (CrownSioServer *self)
{
  self->namespaces = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->clients = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, client_free);
}

/* The socket */

const char *
crown_sio_socket_get_id (CrownSioSocket *self)
{
  return self->id;
}

const char *
crown_sio_socket_get_namespace (CrownSioSocket *self)
{
  return self->nsp;
}

void
crown_sio_socket_set_refusal (CrownSioSocket *self,
                              const char     *message,
                              const char     *code)
{
  g_free (self->refusal_message);
  g_free (self->refusal_code);
  self->refusal_message = g_strdup (message);
  self->refusal_code = g_strdup (code);
}

gboolean
crown_sio_socket_is_connected (CrownSioSocket *self)
{
  return self->client != NULL;
}

void
crown_sio_socket_send (CrownSioSocket *self,
                       CrownSioFrame  *frame)
{
  g_return_if_fail (strcmp (self->nsp, frame->nsp) == 0);

  if (self->client != NULL)
    crown_eio_session_send (self->client->session, frame->packet);
}

void
crown_sio_socket_emit (CrownSioSocket *self,
                       const char     *event,
                       JsonNode       *argument)
{
  g_autofree char *text = argument != NULL ? crown_json_to_string (argument) : NULL;
  g_autoptr (CrownSioFrame) frame = crown_sio_frame_new (self->nsp, event, text != NULL ? text : "", -1);

  crown_sio_socket_send (self, frame);
}

void
crown_sio_socket_ack (CrownSioSocket *self,
                      gint64          ack_id,
                      JsonArray      *args)
{
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *text = NULL;

  if (self->client == NULL || ack_id < 0)
    return;
  if (args != NULL)
    {
      node = json_node_init_array (json_node_alloc (), args);
      text = crown_json_to_string (node);
    }
  send_packet (self->client, CROWN_SIO_ACK, self->nsp, ack_id, text != NULL ? text : "[]");
}

void
crown_sio_socket_disconnect (CrownSioSocket *self,
                             gboolean        close_connection)
{
  g_autoptr (CrownEioSession) session = NULL;

  if (self->client == NULL)
    return;
  session = g_object_ref (self->client->session);
  send_packet (self->client, CROWN_SIO_DISCONNECT, self->nsp, -1, NULL);
  if (self->client != NULL)
    leave_namespace (self->client, self, "server namespace disconnect");
  if (close_connection)
    crown_eio_session_close (session, "forced close");
}

gsize
crown_sio_socket_get_queued (CrownSioSocket *self)
{
  return self->client != NULL ? crown_eio_session_get_queued (self->client->session) : 0;
}

static void
crown_sio_socket_finalize (GObject *object)
{
  CrownSioSocket *self = CROWN_SIO_SOCKET (object);

  g_free (self->id);
  g_free (self->nsp);
  g_free (self->refusal_message);
  g_free (self->refusal_code);

  G_OBJECT_CLASS (crown_sio_socket_parent_class)->finalize (object);
}

static void
crown_sio_socket_class_init (CrownSioSocketClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = crown_sio_socket_finalize;
}

static void
crown_sio_socket_init (CrownSioSocket *self)
{
  self->id = g_uuid_string_random ();
}
