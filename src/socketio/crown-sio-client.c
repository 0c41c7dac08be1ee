/* crown-sio-client.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-socketio"

#include "crown-sio-client.h"

#include "core/crown-json.h"
#include "core/crown-limits.h"
#include "crown-eio-machine.h"
#include "crown-sio-codec.h"

#include <string.h>

/* What a server may send in one payload: snapshots go by REST, so replays of 1000 events are the largest. */
#define INCOMING_MAX (16 * 1024 * 1024)
/* What may wait for a POST: a client says little. */
#define OUTGOING_MAX (4 * 1024 * 1024)

typedef struct {
  CrownSioAckFunc func;
  gpointer        user_data;
  GDestroyNotify  destroy;
} Ack;

struct _CrownSioClient
{
  GObject                  parent_instance;

  char                    *url;
  char                    *path;
  CrownSioTransports       transports;
  SoupSession             *session;
  GCancellable            *cancellable;
  GMainContext            *context;
  CrownEioMachine         *machine;   /* NULL before it is opened */
  gboolean                 quiet;     /* closed by its owner: no signal any more */
  SoupWebsocketConnection *websocket; /* (nullable) */
  GHashTable              *connects;  /* namespace → auth JSON text, asked for before the line was there */
  GHashTable              *connected; /* set of namespaces */
  GHashTable              *acks;      /* id → Ack */
  gint64                   next_ack;
  CrownSioDecoder          decoder;
  GPtrArray               *attachments; /* (nullable) of the event that is being handled */
  GSource                 *timer;
  GError                  *failure;     /* (nullable): what the network said of the last thing that failed */
};

enum { CONNECTED, CONNECT_ERROR, EVENT, DISCONNECTED, CLOSED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CrownSioClient, crown_sio_client, G_TYPE_OBJECT)

static void
ack_free (gpointer data)
{
  Ack *ack = data;

  if (ack->destroy != NULL)
    ack->destroy (ack->user_data);
  g_free (ack);
}

static gboolean
is_open (CrownSioClient *self)
{
  CrownEioState state;

  if (self->machine == NULL)
    return FALSE;
  state = crown_eio_machine_get_state (self->machine);

  return state != CROWN_EIO_STATE_OPENING && state != CROWN_EIO_STATE_CLOSED;
}

static void
send_packet (CrownSioClient *self,
             CrownSioType    type,
             const char     *nsp,
             gint64          id,
             const char     *data_json)
{
  g_autofree char *text = crown_sio_packet_format (type, 0, nsp, id, data_json);
  g_autoptr (CrownEioPacket) packet = crown_eio_packet_new (CROWN_EIO_MESSAGE, text, -1);

  crown_eio_machine_send (self->machine, packet);
}

/* Requests */

static SoupMessage *
make_message (CrownSioClient *self,
              const char     *method,
              const char     *scheme,
              const char     *transport)
{
  const char *rest = strstr (self->url, "://");
  gboolean secure = g_str_has_prefix (self->url, "https:");
  const char *sid = self->machine != NULL ? crown_eio_machine_get_sid (self->machine) : NULL;
  g_autofree char *uri = g_strdup_printf ("%s%s%s%s?EIO=4&transport=%s%s%s", scheme, secure ? "s" : "",
                                          rest != NULL ? rest : "://", self->path, transport, sid != NULL ? "&sid=" : "",
                                          sid != NULL ? sid : "");

  return soup_message_new (method, uri);
}

static gboolean
on_failed_later (gpointer user_data)
{
  crown_eio_machine_on_request_failed (((CrownSioClient *) user_data)->machine);

  return G_SOURCE_REMOVE;
}

/* The machine is told of a request that cannot even be made as of one that failed: not from within its own call. */
static void
fail_later (CrownSioClient *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_callback (source, on_failed_later, g_object_ref (self), g_object_unref);
  g_source_attach (source, self->context);
}

static GBytes *
finish_request (CrownSioClient *self,
                SoupSession    *session,
                GAsyncResult   *result)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = soup_session_send_and_read_finish (session, result, &error);
  SoupMessage *message = soup_session_get_async_result_message (session, result);

  if (body != NULL && soup_message_get_status (message) == SOUP_STATUS_OK && g_bytes_get_size (body) <= INCOMING_MAX)
    return g_steal_pointer (&body);
  g_clear_error (&self->failure);
  self->failure = error != NULL ? g_steal_pointer (&error)
                                : g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "the server answered %u %s",
                                               soup_message_get_status (message), soup_message_get_reason_phrase (message));

  return NULL;
}

static void
on_polled (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (CrownSioClient) self = user_data;
  g_autoptr (GBytes) body = finish_request (self, SOUP_SESSION (source), result);
  gsize length;
  const char *data;

  if (body == NULL)
    {
      crown_eio_machine_on_request_failed (self->machine);
      return;
    }
  data = g_bytes_get_data (body, &length);
  crown_eio_machine_on_payload (self->machine, data, length);
}

static void
start_poll (gpointer user_data)
{
  CrownSioClient *self = user_data;
  g_autoptr (SoupMessage) message = make_message (self, SOUP_METHOD_GET, "http", "polling");

  if (message != NULL)
    soup_session_send_and_read_async (self->session, message, G_PRIORITY_DEFAULT, self->cancellable, on_polled,
                                      g_object_ref (self));
  else
    fail_later (self);
}

static void
on_posted (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (CrownSioClient) self = user_data;
  g_autoptr (GBytes) body = finish_request (self, SOUP_SESSION (source), result);

  if (body != NULL)
    crown_eio_machine_on_carrier (self->machine);
  else
    crown_eio_machine_on_request_failed (self->machine);
}

static void
carry_payload (gpointer  user_data,
               GString  *payload)
{
  CrownSioClient *self = user_data;
  g_autoptr (SoupMessage) message = make_message (self, SOUP_METHOD_POST, "http", "polling");
  g_autoptr (GBytes) bytes = g_string_free_to_bytes (payload);

  if (message == NULL)
    {
      fail_later (self);
      return;
    }
  soup_message_set_request_body_from_bytes (message, "text/plain;charset=UTF-8", bytes);
  soup_session_send_and_read_async (self->session, message, G_PRIORITY_DEFAULT, self->cancellable, on_posted,
                                    g_object_ref (self));
}

/* WebSocket */

static void
on_websocket_message (SoupWebsocketConnection *connection,
                      gint                     type,
                      GBytes                  *message,
                      gpointer                 user_data)
{
  g_autoptr (CrownSioClient) self = g_object_ref (user_data);
  gsize length;
  const char *data = g_bytes_get_data (message, &length);

  if (type == SOUP_WEBSOCKET_DATA_BINARY)
    crown_eio_machine_on_websocket_binary (self->machine, message);
  else
    crown_eio_machine_on_websocket_text (self->machine, data, length);
}

static void
drop_websocket (gpointer user_data)
{
  CrownSioClient *self = user_data;

  if (self->websocket == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->websocket, self);
  if (soup_websocket_connection_get_state (self->websocket) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_close (self->websocket, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
  g_clear_object (&self->websocket);
}

static void
on_websocket_closed (SoupWebsocketConnection *connection,
                     gpointer                 user_data)
{
  g_autoptr (CrownSioClient) self = g_object_ref (user_data);

  drop_websocket (self);
  crown_eio_machine_on_websocket_gone (self->machine);
}

static void
on_websocket (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (CrownSioClient) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SoupWebsocketConnection) connection =
    soup_session_websocket_connect_finish (SOUP_SESSION (source), result, &error);

  if (connection == NULL)
    {
      g_clear_error (&self->failure);
      self->failure = g_steal_pointer (&error);
      /* Without it a session that began by polling goes on so. */
      if (crown_eio_machine_get_state (self->machine) == CROWN_EIO_STATE_OPENING)
        crown_eio_machine_on_websocket_gone (self->machine);
      return;
    }
  self->websocket = g_steal_pointer (&connection);
  soup_websocket_connection_set_max_incoming_payload_size (self->websocket, INCOMING_MAX);
  g_signal_connect (self->websocket, "message", G_CALLBACK (on_websocket_message), self);
  g_signal_connect (self->websocket, "closed", G_CALLBACK (on_websocket_closed), self);
  if (!crown_eio_machine_on_websocket (self->machine))
    drop_websocket (self);
}

static void
start_websocket (gpointer user_data)
{
  CrownSioClient *self = user_data;
  g_autoptr (SoupMessage) message = make_message (self, SOUP_METHOD_GET, "ws", "websocket");

  if (message != NULL)
    soup_session_websocket_connect_async (self->session, message, NULL, NULL, G_PRIORITY_DEFAULT, self->cancellable,
                                          on_websocket, g_object_ref (self));
  else
    fail_later (self);
}

static void
carry_packet (gpointer        user_data,
              CrownEioPacket *packet)
{
  CrownSioClient *self = user_data;
  gsize length;
  const char *data = crown_eio_packet_get_data (packet, &length);
  g_autoptr (GBytes) bytes = g_bytes_new (data, length);

  if (self->websocket != NULL && soup_websocket_connection_get_state (self->websocket) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_send_message (
      self->websocket, crown_eio_packet_is_binary (packet) ? SOUP_WEBSOCKET_DATA_BINARY : SOUP_WEBSOCKET_DATA_TEXT, bytes);
}

/* The machine's other wishes */

static gboolean
on_timer (gpointer user_data)
{
  g_autoptr (CrownSioClient) self = g_object_ref (user_data);

  crown_eio_machine_on_timer (self->machine);

  return G_SOURCE_REMOVE;
}

static void
set_timer (gpointer user_data,
           guint    ms)
{
  CrownSioClient *self = user_data;

  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
  if (ms == 0)
    return;
  self->timer = g_timeout_source_new (ms);
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, self->context);
}

static void
on_opened (gpointer user_data)
{
  CrownSioClient *self = user_data;
  GHashTableIter iter;
  gpointer nsp, auth;

  g_hash_table_iter_init (&iter, self->connects);
  while (g_hash_table_iter_next (&iter, &nsp, &auth))
    send_packet (self, CROWN_SIO_CONNECT, nsp, -1, auth);
  g_hash_table_remove_all (self->connects);
}

static void
on_closed (gpointer    user_data,
           const char *reason)
{
  g_autoptr (CrownSioClient) self = g_object_ref (user_data);
  g_autoptr (GHashTable) acks = NULL;
  GHashTableIter iter;
  gpointer ack;

  g_cancellable_cancel (self->cancellable);
  drop_websocket (self);
  acks = g_steal_pointer (&self->acks);
  self->acks = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, ack_free);
  if (self->quiet)
    return;
  g_hash_table_iter_init (&iter, acks);
  while (g_hash_table_iter_next (&iter, NULL, &ack))
    ((Ack *) ack)->func (self, NULL, ((Ack *) ack)->user_data);
  if (self->failure != NULL && strcmp (reason, "transport error") == 0)
    {
      g_autofree char *told = g_strdup_printf ("%s: %s", reason, self->failure->message);

      g_signal_emit (self, signals[CLOSED], 0, told);
    }
  else
    {
      g_signal_emit (self, signals[CLOSED], 0, reason);
    }
}

/* Socket.IO */

static void
take_connect (CrownSioClient *self,
              CrownSioPacket *packet)
{
  g_hash_table_add (self->connected, g_strdup (packet->nsp));
  g_signal_emit (self, signals[CONNECTED], 0, packet->nsp);
}

static void
take_connect_error (CrownSioClient *self,
                    CrownSioPacket *packet)
{
  JsonObject *error = packet->data != NULL && JSON_NODE_HOLDS_OBJECT (packet->data) ? json_node_get_object (packet->data) : NULL;

  g_signal_emit (self, signals[CONNECT_ERROR], 0, packet->nsp,
                 error != NULL ? crown_json_opt_string (error, "message", "") : "",
                 error != NULL ? crown_json_opt_object (error, "data") : NULL);
}

static void
take_disconnect (CrownSioClient *self,
                 CrownSioPacket *packet)
{
  g_hash_table_remove (self->connected, packet->nsp);
  g_signal_emit (self, signals[DISCONNECTED], 0, packet->nsp, "io server disconnect");
}

static void
take_event (CrownSioClient *self,
            CrownSioPacket *packet)
{
  JsonArray *data = json_node_get_array (packet->data);
  g_autoptr (JsonArray) args = crown_sio_packet_dup_arguments (packet);

  self->attachments = packet->attachments;
  g_signal_emit (self, signals[EVENT], 0, packet->nsp, json_array_get_string_element (data, 0), args);
  self->attachments = NULL;
}

static void
take_ack (CrownSioClient *self,
          CrownSioPacket *packet)
{
  gpointer key, value;

  /* An id that was never asked for is ignored, as the reference does. */
  if (!g_hash_table_steal_extended (self->acks, &packet->id, &key, &value))
    return;
  g_free (key);
  ((Ack *) value)->func (self, json_node_get_array (packet->data), ((Ack *) value)->user_data);
  ack_free (value);
}

/* The packets that may come, of a namespace that the client is in or is not in; what is not here is ignored, as the
 * reference does: it may have crossed a DISCONNECT. Source: the Socket.IO protocol, revision 5. */
static const struct {
  CrownSioType type;
  gboolean     connected;
  void       (*handle) (CrownSioClient *self, CrownSioPacket *packet);
} rules[] = {
  { CROWN_SIO_CONNECT,       FALSE, take_connect },
  { CROWN_SIO_CONNECT_ERROR, FALSE, take_connect_error },
  { CROWN_SIO_DISCONNECT,    TRUE,  take_disconnect },
  { CROWN_SIO_EVENT,         TRUE,  take_event },
  { CROWN_SIO_BINARY_EVENT,  TRUE,  take_event },
  { CROWN_SIO_ACK,           TRUE,  take_ack },
  { CROWN_SIO_BINARY_ACK,    TRUE,  take_ack },
};

static void
take_packet (CrownSioClient *self,
             CrownSioPacket *packet)
{
  gboolean connected = g_hash_table_contains (self->connected, packet->nsp);

  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    {
      if (rules[i].type == packet->type && rules[i].connected == connected)
        {
          rules[i].handle (self, packet);
          return;
        }
    }
  g_debug ("%s: a packet of type %c for %s is ignored", self->url, packet->type, packet->nsp);
}

static void
on_message (gpointer    user_data,
            const char *text,
            gsize       length)
{
  g_autoptr (CrownSioClient) self = g_object_ref (user_data);
  g_autoptr (CrownSioPacket) packet = NULL;
  g_autoptr (GError) error = NULL;

  if (!crown_sio_decoder_text (&self->decoder, text, length, &packet, &error))
    {
      g_warning ("%s: %s", self->url, error->message);
      crown_eio_machine_close (self->machine, "parse error");
    }
  else if (packet != NULL)
    {
      take_packet (self, packet);
    }
}

static void
on_binary (gpointer  user_data,
           GBytes   *bytes)
{
  g_autoptr (CrownSioClient) self = g_object_ref (user_data);
  g_autoptr (CrownSioPacket) packet = NULL;
  g_autoptr (GError) error = NULL;

  if (!crown_sio_decoder_binary (&self->decoder, bytes, INCOMING_MAX, &packet, &error))
    {
      g_warning ("%s: %s", self->url, error->message);
      crown_eio_machine_close (self->machine, "parse error");
    }
  else if (packet != NULL)
    {
      take_packet (self, packet);
    }
}

static const CrownEioMachineFuncs machine_funcs = {
  .carry_payload = carry_payload,
  .carry_packet = carry_packet,
  .start_poll = start_poll,
  .start_websocket = start_websocket,
  .drop_websocket = drop_websocket,
  .set_timer = set_timer,
  .opened = on_opened,
  .message = on_message,
  .binary = on_binary,
  .closed = on_closed,
};

/* What the engine calls */

CrownSioClient *
crown_sio_client_new (const char         *url,
                      const char         *path,
                      CrownSioTransports  transports,
                      SoupSession        *session)
{
  CrownSioClient *self = g_object_new (CROWN_TYPE_SIO_CLIENT, NULL);

  self->url = g_strdup (url);
  if (g_str_has_suffix (self->url, "/"))
    self->url[strlen (self->url) - 1] = '\0';
  self->path = g_strdup (path);
  self->transports = transports;
  /* A poll and a POST at the same time, and whatever else shares the session. */
  self->session = session != NULL ? g_object_ref (session)
                                  : soup_session_new_with_options ("max-conns-per-host", 8, "timeout", 0, NULL);
  self->context = g_main_context_ref_thread_default ();

  return self;
}

void
crown_sio_client_open (CrownSioClient *self)
{
  const CrownEioParameters parameters = {
    .ping_interval_ms = CROWN_PING_INTERVAL_MS,
    .ping_timeout_ms = CROWN_PING_TIMEOUT_MS,
    .max_payload = CROWN_MAX_PAYLOAD,
    .send_queue_max = OUTGOING_MAX,
  };

  g_return_if_fail (self->machine == NULL);

  self->machine = crown_eio_machine_new (CROWN_EIO_CLIENT, &parameters, &machine_funcs, self);
  crown_eio_machine_start (self->machine, !(self->transports & CROWN_SIO_TRANSPORT_POLLING),
                           (self->transports & CROWN_SIO_TRANSPORT_WEBSOCKET) != 0);
}

void
crown_sio_client_connect (CrownSioClient *self,
                          const char     *nsp,
                          JsonNode       *auth)
{
  g_autofree char *text = auth != NULL ? crown_json_to_string (auth) : NULL;

  if (is_open (self))
    send_packet (self, CROWN_SIO_CONNECT, nsp, -1, text);
  else if (self->machine == NULL || crown_eio_machine_get_state (self->machine) == CROWN_EIO_STATE_OPENING)
    g_hash_table_insert (self->connects, g_strdup (nsp), g_steal_pointer (&text));
}

void
crown_sio_client_disconnect (CrownSioClient *self,
                             const char     *nsp)
{
  if (is_open (self) && g_hash_table_remove (self->connected, nsp))
    send_packet (self, CROWN_SIO_DISCONNECT, nsp, -1, NULL);
}

GPtrArray *
crown_sio_client_get_attachments (CrownSioClient *self)
{
  return self->attachments;
}

static void
emit (CrownSioClient *self,
      const char     *nsp,
      const char     *event,
      JsonNode       *argument,
      gint64          id)
{
  g_autoptr (JsonArray) array = json_array_new ();
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *text = NULL;

  json_array_add_string_element (array, event);
  if (argument != NULL)
    json_array_add_element (array, json_node_copy (argument));
  node = json_node_init_array (json_node_alloc (), array);
  text = crown_json_to_string (node);
  send_packet (self, CROWN_SIO_EVENT, nsp, id, text);
}

void
crown_sio_client_emit (CrownSioClient *self,
                       const char     *nsp,
                       const char     *event,
                       JsonNode       *argument)
{
  if (is_open (self))
    emit (self, nsp, event, argument, -1);
}

void
crown_sio_client_emit_with_ack (CrownSioClient  *self,
                                const char      *nsp,
                                const char      *event,
                                JsonNode        *argument,
                                CrownSioAckFunc  func,
                                gpointer         user_data,
                                GDestroyNotify   destroy)
{
  Ack *ack;
  gint64 *key;

  if (!is_open (self))
    {
      func (self, NULL, user_data);
      if (destroy != NULL)
        destroy (user_data);
      return;
    }
  ack = g_new (Ack, 1);
  ack->func = func;
  ack->user_data = user_data;
  ack->destroy = destroy;
  key = g_new (gint64, 1);
  *key = self->next_ack++;
  g_hash_table_insert (self->acks, key, ack);
  emit (self, nsp, event, argument, *key);
}

void
crown_sio_client_close (CrownSioClient *self)
{
  g_autoptr (CrownSioClient) alive = g_object_ref (self);

  self->quiet = TRUE;
  if (self->machine != NULL)
    crown_eio_machine_close (self->machine, "io client disconnect");
}

const GError *
crown_sio_client_get_failure (CrownSioClient *self)
{
  return self->failure;
}

static void
crown_sio_client_dispose (GObject *object)
{
  CrownSioClient *self = CROWN_SIO_CLIENT (object);

  set_timer (self, 0);
  drop_websocket (self);
  g_clear_object (&self->session);

  G_OBJECT_CLASS (crown_sio_client_parent_class)->dispose (object);
}

static void
crown_sio_client_finalize (GObject *object)
{
  CrownSioClient *self = CROWN_SIO_CLIENT (object);

  g_clear_pointer (&self->machine, crown_eio_machine_free);
  g_object_unref (self->cancellable);
  g_main_context_unref (self->context);
  g_hash_table_unref (self->connects);
  g_hash_table_unref (self->connected);
  g_hash_table_unref (self->acks);
  crown_sio_decoder_clear (&self->decoder);
  g_clear_error (&self->failure);
  g_free (self->url);
  g_free (self->path);

  G_OBJECT_CLASS (crown_sio_client_parent_class)->finalize (object);
}

static void
crown_sio_client_class_init (CrownSioClientClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = crown_sio_client_dispose;
  G_OBJECT_CLASS (klass)->finalize = crown_sio_client_finalize;

  signals[CONNECTED] = g_signal_new ("connected", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[CONNECT_ERROR] = g_signal_new ("connect-error", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3,
                                         G_TYPE_STRING, G_TYPE_STRING, JSON_TYPE_OBJECT);
  signals[EVENT] = g_signal_new ("event", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3, G_TYPE_STRING,
                                 G_TYPE_STRING, JSON_TYPE_ARRAY);
  signals[DISCONNECTED] = g_signal_new ("disconnected", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                        G_TYPE_STRING, G_TYPE_STRING);
  signals[CLOSED] = g_signal_new ("closed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
crown_sio_client_init (CrownSioClient *self)
{
  self->cancellable = g_cancellable_new ();
  self->connects = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->connected = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->acks = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, ack_free);
}
