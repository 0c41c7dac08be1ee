/* crown-eio-session.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-socketio"

#include "crown-eio-session.h"

#include <string.h>

/* open ──poll/post──► open            a session that began by polling
 * open ──websocket "2probe"──► probing ──"5"──► open, by websocket
 * any  ──close, ping timeout, transport gone, queue too long──► closed */
typedef enum {
  STATE_OPEN,
  STATE_PROBING,
  STATE_CLOSED,
} State;

struct _CrownEioSession
{
  GObject                  parent_instance;

  CrownSioOptions          options;
  char                    *sid;
  State                    state;
  GQueue                   queue;      /* GBytes: packets that wait for a poll */
  gsize                    queued;     /* bytes of them */
  SoupServer              *poll_server;
  SoupServerMessage       *poll;       /* (nullable) paused until there is something */
  SoupWebsocketConnection *websocket;  /* (nullable) the transport, or the one that is being probed */
  guint                    ping_source;
};

enum { MESSAGE, BINARY, CLOSED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CrownEioSession, crown_eio_session, G_TYPE_OBJECT)

static void handle_packet (CrownEioSession *self, const char *data, gsize length);

static guint
add_timeout (guint       milliseconds,
             GSourceFunc func,
             gpointer    data)
{
  g_autoptr (GSource) source = g_timeout_source_new (milliseconds);

  /* The context of the server's thread, which is not the default one. */
  g_source_set_callback (source, func, data, NULL);

  return g_source_attach (source, g_main_context_get_thread_default ());
}

static void
clear_timeout (guint *id)
{
  GSource *source;

  if (*id == 0)
    return;
  source = g_main_context_find_source_by_id (g_main_context_get_thread_default (), *id);
  if (source != NULL)
    g_source_destroy (source);
  *id = 0;
}

static gboolean
by_websocket (CrownEioSession *self)
{
  return self->websocket != NULL && self->state == STATE_OPEN;
}

/* Answers the waiting poll with all that is queued; a payload stays under maxPayload where its packets let it. */
static void
answer_poll (CrownEioSession *self)
{
  g_autoptr (GString) payload = g_string_new (NULL);
  g_autoptr (SoupServerMessage) poll = g_steal_pointer (&self->poll);
  GBytes *packet;

  while ((packet = g_queue_peek_head (&self->queue)) != NULL)
    {
      if (payload->len > 0 && payload->len + 1 + g_bytes_get_size (packet) > self->options.max_payload)
        break;
      if (payload->len > 0)
        g_string_append_c (payload, CROWN_EIO_SEPARATOR);
      g_string_append_len (payload, g_bytes_get_data (packet, NULL), (gssize) g_bytes_get_size (packet));
      self->queued -= g_bytes_get_size (packet);
      g_bytes_unref (g_queue_pop_head (&self->queue));
    }

  g_signal_handlers_disconnect_by_data (poll, self);
  soup_server_message_set_status (poll, SOUP_STATUS_OK, NULL);
  soup_server_message_set_response (poll, "text/plain; charset=UTF-8", SOUP_MEMORY_COPY, payload->str, payload->len);
  soup_server_message_unpause (poll);
}

static void
finish (CrownEioSession *self,
        const char      *reason)
{
  g_autoptr (CrownEioSession) alive = g_object_ref (self);

  if (self->state == STATE_CLOSED)
    return;
  self->state = STATE_CLOSED;
  clear_timeout (&self->ping_source);
  if (self->poll != NULL)
    {
      if (g_queue_is_empty (&self->queue))
        {
          g_queue_push_tail (&self->queue, g_bytes_new_static ("6", 1));
          self->queued++;
        }
      answer_poll (self);
    }
  if (self->websocket != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->websocket, self);
      if (soup_websocket_connection_get_state (self->websocket) == SOUP_WEBSOCKET_STATE_OPEN)
        soup_websocket_connection_close (self->websocket, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
      g_clear_object (&self->websocket);
    }
  g_signal_emit (self, signals[CLOSED], 0, reason);
}

void
crown_eio_session_close (CrownEioSession *self,
                         const char      *reason)
{
  if (self->state == STATE_CLOSED)
    return;
  crown_eio_session_send_text (self, CROWN_EIO_CLOSE, "");
  finish (self, reason);
}

static gboolean
on_ping_timeout (gpointer data)
{
  CrownEioSession *self = data;

  self->ping_source = 0;
  finish (self, "ping timeout");

  return G_SOURCE_REMOVE;
}

static gboolean
on_ping (gpointer data)
{
  CrownEioSession *self = data;

  self->ping_source = add_timeout (self->options.ping_timeout_ms, on_ping_timeout, self);
  crown_eio_session_send_text (self, CROWN_EIO_PING, "");

  return G_SOURCE_REMOVE;
}

static void
schedule_ping (CrownEioSession *self)
{
  clear_timeout (&self->ping_source);
  self->ping_source = add_timeout (self->options.ping_interval_ms, on_ping, self);
}

static void
send_websocket (CrownEioSession *self,
                GBytes          *packet)
{
  gsize length;
  const char *data = g_bytes_get_data (packet, &length);
  g_autofree char *text = NULL;

  if (soup_websocket_connection_get_state (self->websocket) != SOUP_WEBSOCKET_STATE_OPEN)
    return;
  text = g_strndup (data, length);
  soup_websocket_connection_send_text (self->websocket, text);
}

void
crown_eio_session_send (CrownEioSession *self,
                        GBytes          *packet)
{
  gsize length = g_bytes_get_size (packet);

  if (self->state == STATE_CLOSED)
    return;
  if (by_websocket (self))
    {
      send_websocket (self, packet);
      return;
    }
  if (self->queued + length > self->options.send_queue_max)
    {
      finish (self, "transport error");
      return;
    }
  g_queue_push_tail (&self->queue, g_bytes_ref (packet));
  self->queued += length;
  if (self->poll != NULL)
    answer_poll (self);
}

void
crown_eio_session_send_text (CrownEioSession *self,
                             CrownEioType     type,
                             const char      *data)
{
  char *text = g_strdup_printf ("%c%s", type, data);
  g_autoptr (GBytes) packet = g_bytes_new_take (text, strlen (text));

  crown_eio_session_send (self, packet);
}

gsize
crown_eio_session_get_queued (CrownEioSession *self)
{
  return self->queued;
}

static void
complete_upgrade (CrownEioSession *self)
{
  GBytes *packet;

  self->state = STATE_OPEN;
  while ((packet = g_queue_pop_head (&self->queue)) != NULL)
    {
      self->queued -= g_bytes_get_size (packet);
      send_websocket (self, packet);
      g_bytes_unref (packet);
    }
}

/* The only packets of a websocket that is being probed: "2probe" and "5". */
static void
handle_probe (CrownEioSession *self,
              const char      *data,
              gsize            length)
{
  if (length == strlen ("2probe") && memcmp (data, "2probe", length) == 0)
    {
      soup_websocket_connection_send_text (self->websocket, "3probe");
      /* The poll that waits is ended, so that the client can leave polling. */
      if (self->poll != NULL)
        {
          g_autoptr (GBytes) noop = g_bytes_new_static ("6", 1);

          crown_eio_session_send (self, noop);
        }
    }
  else if (length == 1 && *data == CROWN_EIO_UPGRADE)
    {
      complete_upgrade (self);
    }
  else
    {
      finish (self, "transport error");
    }
}

static void
handle_packet (CrownEioSession *self,
               const char      *data,
               gsize            length)
{
  g_autofree char *text = NULL;

  if (length == 0)
    {
      finish (self, "parse error");
      return;
    }

  switch (*data)
    {
    case CROWN_EIO_MESSAGE:
      text = g_strndup (data + 1, length - 1);
      if (strlen (text) != length - 1)
        finish (self, "parse error");
      else
        g_signal_emit (self, signals[MESSAGE], 0, text);
      break;

    case CROWN_EIO_PONG:
      schedule_ping (self);
      break;

    case CROWN_EIO_PING: /* in revision 4 the server pings */
      crown_eio_session_send_text (self, CROWN_EIO_PONG, "");
      break;

    case CROWN_EIO_CLOSE:
      finish (self, "transport close");
      break;

    case CROWN_EIO_BINARY:
      {
        g_autofree char *base64 = g_strndup (data + 1, length - 1);
        gsize decoded;
        guchar *bytes = g_base64_decode (base64, &decoded);
        g_autoptr (GBytes) binary = g_bytes_new_take (bytes, decoded);

        g_signal_emit (self, signals[BINARY], 0, binary);
      }
      break;

    default:
      finish (self, "parse error");
    }
}

static void
on_poll_disconnected (SoupServerMessage *message,
                      gpointer           user_data)
{
  CrownEioSession *self = user_data;

  if (self->poll == message)
    {
      g_clear_object (&self->poll);
      finish (self, "transport close");
    }
}

static void
answer_post (SoupServerMessage *message,
             guint              status,
             const char        *text)
{
  soup_server_message_set_status (message, status, NULL);
  soup_server_message_set_response (message, "text/html", SOUP_MEMORY_STATIC, text, strlen (text));
}

void
crown_eio_session_poll (CrownEioSession   *self,
                        SoupServer        *server,
                        SoupServerMessage *message)
{
  if (self->poll != NULL || by_websocket (self))
    {
      /* A second poll beside the first is an error of the client's: the reference ends the session. */
      answer_post (message, SOUP_STATUS_BAD_REQUEST, "{\"code\":3,\"message\":\"Bad request\"}");
      finish (self, "transport error");
      return;
    }
  self->poll = g_object_ref (message);
  soup_server_message_pause (message);
  g_signal_connect (message, "disconnected", G_CALLBACK (on_poll_disconnected), self);
  /* While a websocket is probed nothing is lost by answering at once: what is queued goes over the new line. */
  if (self->state == STATE_PROBING && g_queue_is_empty (&self->queue))
    {
      g_queue_push_tail (&self->queue, g_bytes_new_static ("6", 1));
      self->queued++;
    }
  if (!g_queue_is_empty (&self->queue))
    answer_poll (self);
}

void
crown_eio_session_post (CrownEioSession   *self,
                        SoupServerMessage *message)
{
  g_autoptr (CrownEioSession) alive = g_object_ref (self);
  SoupMessageBody *body = soup_server_message_get_request_body (message);
  g_autoptr (GBytes) bytes = soup_message_body_flatten (body);
  gsize length;
  const char *p = g_bytes_get_data (bytes, &length);
  const char *end = p + length;

  if (length > self->options.max_payload)
    {
      answer_post (message, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE, "");
      finish (self, "transport error");
      return;
    }
  if (length == 0 || !g_utf8_validate_len (p, length, NULL))
    {
      answer_post (message, SOUP_STATUS_BAD_REQUEST, "{\"code\":3,\"message\":\"Bad request\"}");
      finish (self, "parse error");
      return;
    }
  answer_post (message, SOUP_STATUS_OK, "ok");

  while (p <= end && self->state != STATE_CLOSED)
    {
      const char *stop = memchr (p, CROWN_EIO_SEPARATOR, (gsize) (end - p));

      if (stop == NULL)
        stop = end;
      handle_packet (self, p, (gsize) (stop - p));
      p = stop + 1;
    }
}

static void
on_websocket_message (SoupWebsocketConnection *connection,
                      gint                     type,
                      GBytes                  *message,
                      gpointer                 user_data)
{
  g_autoptr (CrownEioSession) self = g_object_ref (user_data);
  gsize length;
  const char *data = g_bytes_get_data (message, &length);

  if (self->state == STATE_PROBING)
    handle_probe (self, data, length);
  else if (type == SOUP_WEBSOCKET_DATA_BINARY)
    g_signal_emit (self, signals[BINARY], 0, message);
  else
    handle_packet (self, data, length);
}

static void
on_websocket_closed (SoupWebsocketConnection *connection,
                     gpointer                 user_data)
{
  CrownEioSession *self = user_data;

  if (self->state == STATE_PROBING)
    {
      /* The upgrade failed; polling goes on. */
      g_signal_handlers_disconnect_by_data (connection, self);
      g_clear_object (&self->websocket);
      self->state = STATE_OPEN;
      return;
    }
  finish (self, "transport close");
}

void
crown_eio_session_take_websocket (CrownEioSession         *self,
                                  SoupWebsocketConnection *connection,
                                  gboolean                 upgrade)
{
  if (self->websocket != NULL || self->state == STATE_CLOSED)
    {
      soup_websocket_connection_close (connection, SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION, NULL);
      return;
    }
  self->websocket = g_object_ref (connection);
  if (upgrade)
    self->state = STATE_PROBING;
  soup_websocket_connection_set_max_incoming_payload_size (connection, self->options.max_payload);
  g_signal_connect (connection, "message", G_CALLBACK (on_websocket_message), self);
  g_signal_connect (connection, "closed", G_CALLBACK (on_websocket_closed), self);
}

char *
crown_eio_session_handshake (CrownEioSession *self,
                             gboolean         websocket)
{
  return g_strdup_printf ("{\"sid\":\"%s\",\"upgrades\":[%s],\"pingInterval\":%u,\"pingTimeout\":%u,"
                          "\"maxPayload\":%" G_GSIZE_FORMAT "}",
                          self->sid, websocket ? "" : "\"websocket\"", self->options.ping_interval_ms,
                          self->options.ping_timeout_ms, self->options.max_payload);
}

const char *
crown_eio_session_get_sid (CrownEioSession *self)
{
  return self->sid;
}

gboolean
crown_eio_session_is_open (CrownEioSession *self)
{
  return self->state != STATE_CLOSED;
}

CrownEioSession *
crown_eio_session_new (const CrownSioOptions *options)
{
  CrownEioSession *self = g_object_new (CROWN_TYPE_EIO_SESSION, NULL);

  self->options = *options;
  schedule_ping (self);

  return self;
}

static void
crown_eio_session_finalize (GObject *object)
{
  CrownEioSession *self = CROWN_EIO_SESSION (object);

  clear_timeout (&self->ping_source);
  g_clear_object (&self->poll);
  if (self->websocket != NULL)
    g_signal_handlers_disconnect_by_data (self->websocket, self);
  g_clear_object (&self->websocket);
  g_queue_clear_full (&self->queue, (GDestroyNotify) g_bytes_unref);
  g_free (self->sid);

  G_OBJECT_CLASS (crown_eio_session_parent_class)->finalize (object);
}

static void
crown_eio_session_class_init (CrownEioSessionClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = crown_eio_session_finalize;

  signals[MESSAGE] = g_signal_new ("message", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                   G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE);
  signals[BINARY] = g_signal_new ("binary", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_BYTES);
  signals[CLOSED] = g_signal_new ("closed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                  G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
crown_eio_session_init (CrownEioSession *self)
{
  self->sid = g_uuid_string_random ();
  g_queue_init (&self->queue);
}
