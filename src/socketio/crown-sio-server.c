/* crown-sio-server.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-socketio"

#include "crown-sio-server.h"

#include "core/crown-json.h"
#include "core/crown-limits.h"
#include "crown-sio-codec.h"

#include <string.h>

#define CONNECT_TIMEOUT_MS 45000 /* Socket.IO's default */

struct _CrownSioFrame
{
  char           *nsp;
  CrownEioPacket *packet;
};

/* One Engine.IO session and its namespaces. */
typedef struct {
  CrownSioServer  *server;  /* unowned: the server outlives its clients */
  CrownEioSession *session; /* NULL once it is closed */
  GPtrArray       *sockets; /* CrownSioSocket: one a namespace, and there are few */
  CrownSioDecoder  decoder;
} Client;

struct _CrownSioServer
{
  GObject          parent_instance;

  CrownEioServer  *eio;
  guint            connect_timeout_ms;
  gsize            max_payload;
  GHashTable      *namespaces; /* set */
};

typedef struct {
  CrownSioServerAckFunc func;
  gpointer              user_data;
} Ack;

struct _CrownSioSocket
{
  GObject     parent_instance;

  Client     *client;      /* NULL once disconnected */
  char       *id;
  const char *nsp;         /* of the server's set */
  GHashTable *acks;        /* (nullable) id → Ack */
  gint64      next_ack;
  GPtrArray  *attachments; /* (nullable) of the event that is being handled */
  char       *refusal_message;
  char       *refusal_code;
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

  frame->nsp = g_strdup (nsp);
  frame->packet = crown_eio_packet_new_take (text);

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
  crown_eio_packet_unref (frame->packet);
}

void
crown_sio_frame_unref (CrownSioFrame *frame)
{
  g_atomic_rc_box_release_full (frame, frame_clear);
}

/* The client */

/* Packets to a session that is being closed go nowhere. */
static void
send_packet (Client       *client,
             CrownSioType  type,
             const char   *nsp,
             gint64        id,
             const char   *data_json,
             GPtrArray    *attachments)
{
  guint n_attachments = attachments != NULL ? attachments->len : 0;
  g_autofree char *text = crown_sio_packet_format (type, n_attachments, nsp, id, data_json);
  g_autoptr (CrownEioPacket) packet = crown_eio_packet_new (CROWN_EIO_MESSAGE, text, -1);

  if (client->session != NULL)
    crown_eio_session_send (client->session, packet);
  for (guint i = 0; i < n_attachments && client->session != NULL; i++)
    {
      gsize length;
      gconstpointer data = g_bytes_get_data (g_ptr_array_index (attachments, i), &length);
      g_autoptr (CrownEioPacket) binary = crown_eio_packet_new_binary (data, length);

      crown_eio_session_send (client->session, binary);
    }
}

static void
close_client (Client     *client,
              const char *reason)
{
  if (client->session != NULL)
    crown_eio_session_close (client->session, reason);
}

static void
client_clear (gpointer data)
{
  Client *client = data;

  crown_sio_decoder_clear (&client->decoder);
  g_ptr_array_unref (client->sockets);
}

typedef Client ClientRef;
static void
client_unref (Client *client)
{
  g_rc_box_release_full (client, client_clear);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClientRef, client_unref)

static CrownSioSocket *
find_socket (Client     *client,
             const char *nsp)
{
  for (guint i = 0; i < client->sockets->len; i++)
    {
      CrownSioSocket *socket = g_ptr_array_index (client->sockets, i);

      if (strcmp (socket->nsp, nsp) == 0)
        return socket;
    }

  return NULL;
}

static void
end_acks (CrownSioSocket *socket)
{
  g_autoptr (GHashTable) acks = g_steal_pointer (&socket->acks);
  GHashTableIter iter;
  gpointer value;

  if (acks == NULL)
    return;
  g_hash_table_iter_init (&iter, acks);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    ((Ack *) value)->func (socket, NULL, NULL, ((Ack *) value)->user_data);
}

static void
leave_namespace (Client         *client,
                 CrownSioSocket *socket,
                 const char     *reason)
{
  g_autoptr (CrownSioSocket) alive = g_object_ref (socket);

  g_ptr_array_remove_fast (client->sockets, socket);
  socket->client = NULL;
  end_acks (socket);
  g_signal_emit (client->server, signals[DISCONNECTED], 0, socket, reason);
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
  send_packet (client, CROWN_SIO_CONNECT_ERROR, nsp, -1, text, NULL);
}

/* What comes */

static void
take_connect (Client         *client,
              CrownSioSocket *none,
              CrownSioPacket *packet)
{
  CrownSioServer *server = client->server;
  g_autoptr (CrownSioSocket) socket = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *answer = NULL;
  gboolean accepted = TRUE;
  gpointer nsp;

  if (!g_hash_table_lookup_extended (server->namespaces, packet->nsp, &nsp, NULL))
    {
      refuse_connect (client, packet->nsp, "Invalid namespace", NULL);
      return;
    }

  socket = g_object_new (CROWN_TYPE_SIO_SOCKET, NULL);
  socket->nsp = nsp;
  socket->client = client;
  if (g_signal_has_handler_pending (server, signals[AUTHORIZE], 0, FALSE))
    g_signal_emit (server, signals[AUTHORIZE], 0, socket, packet->data, &error, &accepted);
  if (!accepted)
    {
      const char *message = socket->refusal_message != NULL ? socket->refusal_message
                            : error != NULL                 ? error->message
                                                            : "Not authorized";

      socket->client = NULL;
      refuse_connect (client, packet->nsp, message, socket->refusal_code);
      return;
    }

  if (client->session != NULL)
    crown_eio_session_set_deadline (client->session, 0, NULL);
  g_ptr_array_add (client->sockets, g_object_ref (socket));
  answer = g_strdup_printf ("{\"sid\":\"%s\"}", socket->id);
  send_packet (client, CROWN_SIO_CONNECT, socket->nsp, -1, answer, NULL);
  /* A client may begin to listen for events only when it has read this: events in the same segment would find nobody. */
  if (client->session != NULL)
    crown_eio_session_pause (client->session);
  if (socket->client != NULL)
    g_signal_emit (server, signals[CONNECTED], 0, socket);
}

static void
take_disconnect (Client         *client,
                 CrownSioSocket *socket,
                 CrownSioPacket *packet)
{
  leave_namespace (client, socket, "client namespace disconnect");
}

static void
take_event (Client         *client,
            CrownSioSocket *socket,
            CrownSioPacket *packet)
{
  g_autoptr (CrownSioSocket) alive = g_object_ref (socket);
  JsonArray *data = json_node_get_array (packet->data);
  g_autoptr (JsonArray) args = crown_sio_packet_dup_arguments (packet);

  socket->attachments = packet->attachments;
  g_signal_emit (client->server, signals[EVENT], 0, socket, json_array_get_string_element (data, 0), args, packet->id);
  socket->attachments = NULL;
}

static void
take_ack (Client         *client,
          CrownSioSocket *socket,
          CrownSioPacket *packet)
{
  g_autoptr (CrownSioSocket) alive = g_object_ref (socket);
  g_autofree gpointer key = NULL;
  g_autofree Ack *ack = NULL;

  /* An id that was never asked for is ignored, as the reference does. */
  if (socket->acks != NULL && g_hash_table_steal_extended (socket->acks, &packet->id, &key, (gpointer *) &ack))
    ack->func (socket, json_node_get_array (packet->data), packet->attachments, ack->user_data);
}

/* The packets that may come, of a namespace that the client is in or is not in. Whatever is not here closes the
 * connection with "parse error". Source: the Socket.IO protocol, revision 5. */
static const struct {
  CrownSioType type;
  gboolean     connected;
  void       (*handle) (Client *client, CrownSioSocket *socket, CrownSioPacket *packet);
} rules[] = {
  { CROWN_SIO_CONNECT,      FALSE, take_connect },
  { CROWN_SIO_DISCONNECT,   TRUE,  take_disconnect },
  { CROWN_SIO_EVENT,        TRUE,  take_event },
  { CROWN_SIO_BINARY_EVENT, TRUE,  take_event },
  { CROWN_SIO_ACK,          TRUE,  take_ack },
  { CROWN_SIO_BINARY_ACK,   TRUE,  take_ack },
};

static void
take_packet (Client         *client,
             CrownSioPacket *packet)
{
  CrownSioSocket *socket = find_socket (client, packet->nsp);

  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    {
      if (rules[i].type == packet->type && rules[i].connected == (socket != NULL))
        {
          rules[i].handle (client, socket, packet);
          return;
        }
    }
  close_client (client, "parse error");
}

static void
on_session_opened (CrownEioSession *session,
                   gpointer         user_data)
{
  CrownSioServer *self = user_data;
  Client *client = g_rc_box_new0 (Client);

  client->server = self;
  client->session = session;
  client->sockets = g_ptr_array_new_with_free_func (g_object_unref);
  crown_eio_session_set_data (session, client);
  crown_eio_session_set_deadline (session, self->connect_timeout_ms, "connect timeout");
}

static void
on_session_message (CrownEioSession *session,
                    const char      *text,
                    gsize            length,
                    gpointer         user_data)
{
  g_autoptr (ClientRef) client = g_rc_box_acquire (crown_eio_session_get_data (session));
  g_autoptr (CrownSioPacket) packet = NULL;
  g_autoptr (GError) error = NULL;

  if (!crown_sio_decoder_text (&client->decoder, text, length, &packet, &error))
    {
      g_debug ("%s: %s", crown_eio_session_get_sid (session), error->message);
      close_client (client, "parse error");
    }
  else if (packet != NULL)
    {
      take_packet (client, packet);
    }
}

static void
on_session_binary (CrownEioSession *session,
                   GBytes          *bytes,
                   gpointer         user_data)
{
  g_autoptr (ClientRef) client = g_rc_box_acquire (crown_eio_session_get_data (session));
  g_autoptr (CrownSioPacket) packet = NULL;
  g_autoptr (GError) error = NULL;

  if (!crown_sio_decoder_binary (&client->decoder, bytes, client->server->max_payload, &packet, &error))
    {
      g_debug ("%s: %s", crown_eio_session_get_sid (session), error->message);
      close_client (client, "parse error");
    }
  else if (packet != NULL)
    {
      take_packet (client, packet);
    }
}

static void
on_session_closed (CrownEioSession *session,
                   const char      *reason,
                   gpointer         user_data)
{
  g_autoptr (ClientRef) client = crown_eio_session_get_data (session);

  client->session = NULL;
  while (client->sockets->len > 0)
    leave_namespace (client, g_ptr_array_index (client->sockets, client->sockets->len - 1), reason);
}

static const CrownEioServerFuncs eio_funcs = {
  .opened = on_session_opened,
  .message = on_session_message,
  .binary = on_session_binary,
  .closed = on_session_closed,
};

/* The server */

CrownSioServer *
crown_sio_server_new (SoupServer             *soup,
                      const char             *path,
                      const CrownSioOptions  *options,
                      GError                **error)
{
  g_autoptr (CrownSioServer) self = g_object_new (CROWN_TYPE_SIO_SERVER, NULL);

  self->connect_timeout_ms = options != NULL && options->connect_timeout_ms > 0 ? options->connect_timeout_ms
                                                                                : CONNECT_TIMEOUT_MS;
  self->max_payload = options != NULL && options->max_payload > 0 ? options->max_payload : CROWN_MAX_PAYLOAD;
  self->eio = crown_eio_server_new (soup, path, options, &eio_funcs, self, error);

  return self->eio != NULL ? g_steal_pointer (&self) : NULL;
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
  crown_eio_server_close (self->eio, "server shutting down");
}

guint
crown_sio_server_get_n_connections (CrownSioServer *self)
{
  return crown_eio_server_get_n_connections (self->eio);
}

gsize
crown_sio_server_get_queued (CrownSioServer *self)
{
  return crown_eio_server_get_queued (self->eio);
}

guint64
crown_sio_server_get_n_overflows (CrownSioServer *self)
{
  return crown_eio_server_get_n_overflows (self->eio);
}

static void
crown_sio_server_dispose (GObject *object)
{
  CrownSioServer *self = CROWN_SIO_SERVER (object);

  g_clear_pointer (&self->eio, crown_eio_server_free);

  G_OBJECT_CLASS (crown_sio_server_parent_class)->dispose (object);
}

static void
crown_sio_server_finalize (GObject *object)
{
  CrownSioServer *self = CROWN_SIO_SERVER (object);

  g_hash_table_unref (self->namespaces);

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

  if (self->client != NULL && self->client->session != NULL)
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
crown_sio_socket_emit_full (CrownSioSocket        *self,
                            const char            *event,
                            JsonArray             *args,
                            GPtrArray             *attachments,
                            CrownSioServerAckFunc  func,
                            gpointer               user_data)
{
  g_autoptr (JsonArray) data = json_array_new ();
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *text = NULL;
  gint64 id = -1;

  if (self->client == NULL)
    {
      if (func != NULL)
        func (self, NULL, NULL, user_data);
      return;
    }
  json_array_add_string_element (data, event);
  for (guint i = 0; args != NULL && i < json_array_get_length (args); i++)
    json_array_add_element (data, json_node_copy (json_array_get_element (args, i)));
  node = json_node_init_array (json_node_alloc (), data);
  text = crown_json_to_string (node);
  if (func != NULL)
    {
      Ack *ack = g_new (Ack, 1);

      *ack = (Ack) { func, user_data };
      id = self->next_ack++;
      if (self->acks == NULL)
        self->acks = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
      g_hash_table_insert (self->acks, g_memdup2 (&id, sizeof id), ack);
    }
  send_packet (self->client, attachments != NULL && attachments->len > 0 ? CROWN_SIO_BINARY_EVENT : CROWN_SIO_EVENT, self->nsp,
               id, text, attachments);
}

void
crown_sio_socket_ack_full (CrownSioSocket *self,
                           gint64          ack_id,
                           JsonArray      *args,
                           GPtrArray      *attachments)
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
  send_packet (self->client, attachments != NULL && attachments->len > 0 ? CROWN_SIO_BINARY_ACK : CROWN_SIO_ACK, self->nsp,
               ack_id, text != NULL ? text : "[]", attachments);
}

void
crown_sio_socket_ack (CrownSioSocket *self,
                      gint64          ack_id,
                      JsonArray      *args)
{
  crown_sio_socket_ack_full (self, ack_id, args, NULL);
}

GPtrArray *
crown_sio_socket_get_attachments (CrownSioSocket *self)
{
  return self->attachments;
}

void
crown_sio_socket_disconnect (CrownSioSocket *self,
                             gboolean        close_connection)
{
  g_autoptr (ClientRef) client = NULL;

  if (self->client == NULL)
    return;
  client = g_rc_box_acquire (self->client);
  send_packet (client, CROWN_SIO_DISCONNECT, self->nsp, -1, NULL, NULL);
  if (self->client != NULL)
    leave_namespace (client, self, "server namespace disconnect");
  if (close_connection)
    close_client (client, "forced close");
}

gsize
crown_sio_socket_get_queued (CrownSioSocket *self)
{
  return self->client != NULL && self->client->session != NULL ? crown_eio_session_get_queued (self->client->session) : 0;
}

static void
crown_sio_socket_finalize (GObject *object)
{
  CrownSioSocket *self = CROWN_SIO_SOCKET (object);

  g_clear_pointer (&self->acks, g_hash_table_unref);
  g_free (self->id);
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
