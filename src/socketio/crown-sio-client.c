/* crown-sio-client.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-socketio"

#include "crown-sio-client.h"

#include "core/crown-json.h"
#include "core/crown-limits.h"
#include "crown-sio-codec.h"

#include <string.h>

/* new ──open──► opening ──OPEN packet──► open, by polling or by websocket
 * open, by polling ──websocket there, "3probe"──► open, by websocket
 * any ──close packet, error, silence──► closed (signal) ; any ──crown_sio_client_close()──► closed (no signal) */
typedef enum {
  STATE_NEW,
  STATE_OPENING,
  STATE_OPEN,
  STATE_CLOSED,
} State;

/* What a server may send in one payload: snapshots go by REST, so replays of 1000 events are the largest. */
#define INCOMING_MAX (16 * 1024 * 1024)

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
  State                    state;
  char                    *sid;
  SoupWebsocketConnection *websocket; /* (nullable) */
  gboolean                 probing;   /* the websocket is there, polling still carries */
  gboolean                 posting;
  gboolean                 polling;
  GQueue                   queue;     /* char *: packets that wait for a POST or for the line */
  GHashTable              *connects;  /* namespace → auth JSON text, asked for before the line was there */
  GHashTable              *connected; /* set of namespaces */
  GHashTable              *acks;      /* id → Ack */
  gint64                   next_ack;
  CrownSioPacket          *partial;
  GPtrArray               *attachments;
  guint                    silence_ms; /* pingInterval + pingTimeout */
  GSource                 *silence;
};

enum { CONNECTED, CONNECT_ERROR, EVENT, DISCONNECTED, CLOSED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CrownSioClient, crown_sio_client, G_TYPE_OBJECT)

static void handle_eio_packet (CrownSioClient *self, const char *data, gsize length);
static void poll_again        (CrownSioClient *self);
static void flush             (CrownSioClient *self);
static void start_websocket   (CrownSioClient *self);

static void
ack_free (gpointer data)
{
  Ack *ack = data;

  if (ack->destroy != NULL)
    ack->destroy (ack->user_data);
  g_free (ack);
}

static void
stop_silence (CrownSioClient *self)
{
  if (self->silence == NULL)
    return;
  g_source_destroy (self->silence);
  g_clear_pointer (&self->silence, g_source_unref);
}

/* Ends everything; @reason NULL: quietly. */
static void
finish (CrownSioClient *self,
        const char     *reason)
{
  g_autoptr (CrownSioClient) alive = g_object_ref (self);
  g_autoptr (GHashTable) acks = NULL;
  GHashTableIter iter;
  gpointer ack;

  if (self->state == STATE_CLOSED)
    return;
  self->state = STATE_CLOSED;
  stop_silence (self);
  g_cancellable_cancel (self->cancellable);
  if (self->websocket != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->websocket, self);
      if (soup_websocket_connection_get_state (self->websocket) == SOUP_WEBSOCKET_STATE_OPEN)
        soup_websocket_connection_close (self->websocket, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
      g_clear_object (&self->websocket);
    }
  g_queue_clear_full (&self->queue, g_free);

  acks = g_steal_pointer (&self->acks);
  self->acks = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, ack_free);
  if (reason == NULL)
    return;
  g_hash_table_iter_init (&iter, acks);
  while (g_hash_table_iter_next (&iter, NULL, &ack))
    ((Ack *) ack)->func (self, NULL, ((Ack *) ack)->user_data);
  g_signal_emit (self, signals[CLOSED], 0, reason);
}

static gboolean
on_silence (gpointer user_data)
{
  finish (user_data, "ping timeout");

  return G_SOURCE_REMOVE;
}

static void
restart_silence (CrownSioClient *self)
{
  stop_silence (self);
  self->silence = g_timeout_source_new (self->silence_ms);
  g_source_set_callback (self->silence, on_silence, self, NULL);
  g_source_attach (self->silence, self->context);
}

static gboolean
by_websocket (CrownSioClient *self)
{
  return self->websocket != NULL && !self->probing;
}

static void
send_eio (CrownSioClient *self,
          CrownEioType    type,
          const char     *data)
{
  g_queue_push_tail (&self->queue, g_strdup_printf ("%c%s", type, data));
  flush (self);
}

static void
send_packet (CrownSioClient *self,
             CrownSioType    type,
             const char     *nsp,
             gint64          id,
             const char     *data_json)
{
  g_autofree char *text = crown_sio_packet_format (type, nsp, id, data_json);

  send_eio (self, CROWN_EIO_MESSAGE, text);
}

static char *
make_uri (CrownSioClient *self,
          const char     *scheme,
          const char     *transport)
{
  const char *rest = strstr (self->url, "://");
  gboolean secure = g_str_has_prefix (self->url, "https:");

  return g_strdup_printf ("%s%s%s%s?EIO=4&transport=%s%s%s", scheme, secure ? "s" : "", rest != NULL ? rest : "://",
                          self->path, transport, self->sid != NULL ? "&sid=" : "", self->sid != NULL ? self->sid : "");
}

/* Polling */

static void
handle_payload (CrownSioClient *self,
                GBytes         *payload)
{
  gsize length;
  const char *p = g_bytes_get_data (payload, &length);
  const char *end = p + length;

  while (p != NULL && p <= end && self->state != STATE_CLOSED)
    {
      const char *stop = memchr (p, CROWN_EIO_SEPARATOR, (gsize) (end - p));

      if (stop == NULL)
        stop = end;
      handle_eio_packet (self, p, (gsize) (stop - p));
      p = stop + 1;
    }
}

static void
on_polled (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (CrownSioClient) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = soup_session_send_and_read_finish (SOUP_SESSION (source), result, &error);
  SoupMessage *message = soup_session_get_async_result_message (SOUP_SESSION (source), result);

  self->polling = FALSE;
  if (self->state == STATE_CLOSED)
    return;
  if (body == NULL || soup_message_get_status (message) != SOUP_STATUS_OK || g_bytes_get_size (body) > INCOMING_MAX)
    {
      /* The poll that an upgrade ended is not missed. */
      if (!by_websocket (self))
        finish (self, "transport error");
      return;
    }
  handle_payload (self, body);
  if (self->state == STATE_OPEN && !by_websocket (self))
    poll_again (self);
}

static void
poll_again (CrownSioClient *self)
{
  g_autofree char *uri = make_uri (self, "http", "polling");
  g_autoptr (SoupMessage) message = soup_message_new (SOUP_METHOD_GET, uri);

  if (self->polling)
    return;
  if (message == NULL)
    {
      finish (self, "transport error");
      return;
    }
  self->polling = TRUE;
  soup_session_send_and_read_async (self->session, message, G_PRIORITY_DEFAULT, self->cancellable, on_polled,
                                    g_object_ref (self));
}

static void
on_posted (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (CrownSioClient) self = user_data;
  g_autoptr (GBytes) body = soup_session_send_and_read_finish (SOUP_SESSION (source), result, NULL);
  SoupMessage *message = soup_session_get_async_result_message (SOUP_SESSION (source), result);

  self->posting = FALSE;
  if (self->state == STATE_CLOSED)
    return;
  if (body == NULL || soup_message_get_status (message) != SOUP_STATUS_OK)
    finish (self, "transport error");
  else
    flush (self);
}

/* Sends what waits: each over the websocket, or together in one POST. While a websocket is probed it waits. */
static void
flush (CrownSioClient *self)
{
  g_autoptr (GString) payload = NULL;
  g_autoptr (SoupMessage) message = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *uri = NULL;
  char *packet;
  gsize length;

  if (self->state != STATE_OPEN || g_queue_is_empty (&self->queue))
    return;
  if (by_websocket (self))
    {
      while ((packet = g_queue_pop_head (&self->queue)) != NULL)
        {
          if (soup_websocket_connection_get_state (self->websocket) == SOUP_WEBSOCKET_STATE_OPEN)
            soup_websocket_connection_send_text (self->websocket, packet);
          g_free (packet);
        }
      return;
    }
  if (self->posting || self->probing)
    return;

  payload = g_string_new (NULL);
  while ((packet = g_queue_peek_head (&self->queue)) != NULL &&
         (payload->len == 0 || payload->len + strlen (packet) < CROWN_MAX_PAYLOAD))
    {
      if (payload->len > 0)
        g_string_append_c (payload, CROWN_EIO_SEPARATOR);
      g_string_append (payload, packet);
      g_free (g_queue_pop_head (&self->queue));
    }
  uri = make_uri (self, "http", "polling");
  message = soup_message_new (SOUP_METHOD_POST, uri);
  length = payload->len;
  bytes = g_bytes_new_take (g_string_free (g_steal_pointer (&payload), FALSE), length);
  soup_message_set_request_body_from_bytes (message, "text/plain;charset=UTF-8", bytes);
  self->posting = TRUE;
  soup_session_send_and_read_async (self->session, message, G_PRIORITY_DEFAULT, self->cancellable, on_posted,
                                    g_object_ref (self));
}

/* WebSocket */

static void
handle_binary (CrownSioClient *self,
               GBytes         *bytes);

static void
on_websocket_message (SoupWebsocketConnection *connection,
                      gint                     type,
                      GBytes                  *message,
                      gpointer                 user_data)
{
  g_autoptr (CrownSioClient) self = g_object_ref (user_data);
  gsize length;
  const char *data = g_bytes_get_data (message, &length);

  if (self->probing)
    {
      if (length == strlen ("3probe") && memcmp (data, "3probe", length) == 0)
        {
          soup_websocket_connection_send_text (connection, "5");
          self->probing = FALSE;
          flush (self);
        }
      return;
    }
  if (type == SOUP_WEBSOCKET_DATA_BINARY)
    handle_binary (self, message);
  else
    handle_eio_packet (self, data, length);
}

static void
on_websocket_closed (SoupWebsocketConnection *connection,
                     gpointer                 user_data)
{
  CrownSioClient *self = user_data;

  if (self->probing)
    {
      /* No upgrade; polling goes on. */
      g_signal_handlers_disconnect_by_data (connection, self);
      g_clear_object (&self->websocket);
      self->probing = FALSE;
      flush (self);
      return;
    }
  finish (self, "transport close");
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

  if (self->state == STATE_CLOSED)
    return;
  if (connection == NULL)
    {
      g_debug ("%s: no websocket: %s", self->url, error->message);
      if (self->state == STATE_OPENING)
        finish (self, "transport error");
      return;
    }
  self->websocket = g_steal_pointer (&connection);
  soup_websocket_connection_set_max_incoming_payload_size (self->websocket, INCOMING_MAX);
  g_signal_connect (self->websocket, "message", G_CALLBACK (on_websocket_message), self);
  g_signal_connect (self->websocket, "closed", G_CALLBACK (on_websocket_closed), self);
  if (self->state == STATE_OPEN)
    {
      self->probing = TRUE;
      soup_websocket_connection_send_text (self->websocket, "2probe");
    }
}

static void
start_websocket (CrownSioClient *self)
{
  g_autofree char *uri = make_uri (self, "ws", "websocket");
  g_autoptr (SoupMessage) message = soup_message_new (SOUP_METHOD_GET, uri);

  if (message == NULL)
    {
      finish (self, "transport error");
      return;
    }
  soup_session_websocket_connect_async (self->session, message, NULL, NULL, G_PRIORITY_DEFAULT, self->cancellable,
                                        on_websocket, g_object_ref (self));
}

/* Packets */

static void
handle_open (CrownSioClient *self,
             const char     *json)
{
  g_autoptr (JsonObject) handshake = crown_json_parse_object (json, -1, NULL);
  const char *sid = handshake != NULL ? crown_json_opt_string (handshake, "sid", NULL) : NULL;
  gint64 interval, timeout;
  GHashTableIter iter;
  gpointer nsp, auth;

  if (sid == NULL || self->state != STATE_OPENING)
    {
      finish (self, "parse error");
      return;
    }
  interval = crown_json_opt_int (handshake, "pingInterval", CROWN_PING_INTERVAL_MS);
  timeout = crown_json_opt_int (handshake, "pingTimeout", CROWN_PING_TIMEOUT_MS);
  self->silence_ms = (guint) CLAMP (interval + timeout, 100, 24 * 60 * 60 * 1000);
  self->sid = g_strdup (sid);
  self->state = STATE_OPEN;
  restart_silence (self);

  g_hash_table_iter_init (&iter, self->connects);
  while (g_hash_table_iter_next (&iter, &nsp, &auth))
    send_packet (self, CROWN_SIO_CONNECT, nsp, -1, auth);
  g_hash_table_remove_all (self->connects);

  if (!by_websocket (self) && (self->transports & CROWN_SIO_TRANSPORT_WEBSOCKET))
    start_websocket (self);
}

static void
handle_ack (CrownSioClient *self,
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

static void
handle_sio_packet (CrownSioClient *self,
                   CrownSioPacket *packet)
{
  g_autoptr (JsonArray) args = NULL;
  JsonObject *error;
  JsonArray *data;

  switch (packet->type)
    {
    case CROWN_SIO_CONNECT:
      g_hash_table_add (self->connected, g_strdup (packet->nsp));
      g_signal_emit (self, signals[CONNECTED], 0, packet->nsp);
      break;

    case CROWN_SIO_CONNECT_ERROR:
      error = packet->data != NULL && JSON_NODE_HOLDS_OBJECT (packet->data) ? json_node_get_object (packet->data) : NULL;
      g_signal_emit (self, signals[CONNECT_ERROR], 0, packet->nsp,
                     error != NULL ? crown_json_opt_string (error, "message", "") : "",
                     error != NULL ? crown_json_opt_object (error, "data") : NULL);
      break;

    case CROWN_SIO_DISCONNECT:
      g_hash_table_remove (self->connected, packet->nsp);
      g_signal_emit (self, signals[DISCONNECTED], 0, packet->nsp, "io server disconnect");
      break;

    case CROWN_SIO_EVENT:
    case CROWN_SIO_BINARY_EVENT:
      data = json_node_get_array (packet->data);
      args = json_array_new ();
      for (guint i = 1; i < json_array_get_length (data); i++)
        json_array_add_element (args, json_node_copy (json_array_get_element (data, i)));
      g_signal_emit (self, signals[EVENT], 0, packet->nsp, json_array_get_string_element (data, 0), args);
      break;

    case CROWN_SIO_ACK:
    case CROWN_SIO_BINARY_ACK:
    default:
      handle_ack (self, packet);
    }
}

static void
handle_binary (CrownSioClient *self,
               GBytes         *bytes)
{
  g_autoptr (CrownSioPacket) packet = NULL;

  if (self->partial == NULL)
    {
      finish (self, "parse error");
      return;
    }
  g_ptr_array_add (self->attachments, g_bytes_ref (bytes));
  if (self->attachments->len < self->partial->n_attachments)
    return;
  packet = g_steal_pointer (&self->partial);
  if (!crown_sio_packet_attach (packet, self->attachments, NULL))
    {
      finish (self, "parse error");
      return;
    }
  g_ptr_array_set_size (self->attachments, 0);
  handle_sio_packet (self, packet);
}

static void
handle_message (CrownSioClient *self,
                const char     *text,
                gsize           length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownSioPacket) packet = crown_sio_packet_parse (text, length, &error);

  if (packet == NULL || self->partial != NULL)
    {
      g_warning ("%s: %s", self->url, error != NULL ? error->message : "an attachment was expected");
      finish (self, "parse error");
      return;
    }
  if (packet->n_attachments > 0)
    self->partial = g_steal_pointer (&packet);
  else
    handle_sio_packet (self, packet);
}

static void
handle_eio_packet (CrownSioClient *self,
                   const char     *data,
                   gsize           length)
{
  g_autofree char *text = NULL;

  if (length == 0)
    {
      finish (self, "parse error");
      return;
    }
  switch (*data)
    {
    case CROWN_EIO_OPEN:
      text = g_strndup (data + 1, length - 1);
      handle_open (self, text);
      break;

    case CROWN_EIO_PING:
      restart_silence (self);
      text = g_strndup (data + 1, length - 1);
      send_eio (self, CROWN_EIO_PONG, text);
      break;

    case CROWN_EIO_MESSAGE:
      handle_message (self, data + 1, length - 1);
      break;

    case CROWN_EIO_BINARY:
      {
        g_autoptr (GBytes) bytes = NULL;
        guchar *decoded;
        gsize size;

        text = g_strndup (data + 1, length - 1);
        decoded = g_base64_decode (text, &size);
        bytes = g_bytes_new_take (decoded, size);
        handle_binary (self, bytes);
      }
      break;

    case CROWN_EIO_CLOSE:
      finish (self, "transport close");
      break;

    case CROWN_EIO_NOOP:
    case CROWN_EIO_PONG:
      break;

    default:
      finish (self, "parse error");
    }
}

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
  g_return_if_fail (self->state == STATE_NEW);

  self->state = STATE_OPENING;
  /* Until the handshake says otherwise: a server that accepts and says nothing is gone. */
  self->silence_ms = CROWN_PING_TIMEOUT_MS;
  restart_silence (self);
  if (self->transports & CROWN_SIO_TRANSPORT_POLLING)
    poll_again (self);
  else
    start_websocket (self);
}

void
crown_sio_client_connect (CrownSioClient *self,
                          const char     *nsp,
                          JsonNode       *auth)
{
  g_autofree char *text = auth != NULL ? crown_json_to_string (auth) : NULL;

  if (self->state == STATE_OPEN)
    send_packet (self, CROWN_SIO_CONNECT, nsp, -1, text);
  else if (self->state != STATE_CLOSED)
    g_hash_table_insert (self->connects, g_strdup (nsp), g_steal_pointer (&text));
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
  if (self->state == STATE_OPEN)
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

  if (self->state != STATE_OPEN)
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
  if (self->state == STATE_OPEN && by_websocket (self))
    send_eio (self, CROWN_EIO_CLOSE, "");
  finish (self, NULL);
}

static void
crown_sio_client_dispose (GObject *object)
{
  CrownSioClient *self = CROWN_SIO_CLIENT (object);

  stop_silence (self);
  if (self->websocket != NULL)
    g_signal_handlers_disconnect_by_data (self->websocket, self);
  g_clear_object (&self->websocket);
  g_clear_object (&self->session);

  G_OBJECT_CLASS (crown_sio_client_parent_class)->dispose (object);
}

static void
crown_sio_client_finalize (GObject *object)
{
  CrownSioClient *self = CROWN_SIO_CLIENT (object);

  g_object_unref (self->cancellable);
  g_main_context_unref (self->context);
  g_queue_clear_full (&self->queue, g_free);
  g_hash_table_unref (self->connects);
  g_hash_table_unref (self->connected);
  g_hash_table_unref (self->acks);
  g_clear_pointer (&self->partial, crown_sio_packet_free);
  g_ptr_array_unref (self->attachments);
  g_free (self->sid);
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
  g_queue_init (&self->queue);
  self->connects = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->connected = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->acks = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, ack_free);
  self->attachments = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
}
