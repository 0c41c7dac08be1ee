/* crown-eio-server.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-socketio"

#include "crown-eio-server.h"

#include "core/crown-limits.h"
#include "crown-eio-session.h"

#include <string.h>

#define SEND_QUEUE_MAX     (4 * 1024 * 1024)
#define CONNECT_TIMEOUT_MS 45000 /* Socket.IO's default */
#define TOO_LARGE_KEY      "crown-eio-too-large"

struct _CrownEioServer
{
  SoupServer      *soup;
  char            *path;
  char            *cors_origin;
  guint            connections_max;
  CrownReactor    *reactor;
  CrownEioShared   shared;
  GHashTable      *sessions; /* sid → CrownEioSession */
  guint64          n_overflows;
  GHashTable      *retired;  /* set of CrownEioSession: closed, their last bytes are not out */
};

/* Between a websocket's handshake and its end. */
typedef struct {
  CrownEioServer *server;
  char           *sid; /* (nullable): of the session that goes on by it */
} Handshake;

/* Engine.IO's errors. Source: the Engine.IO protocol, revision 4; the reference's `Server.errors`. */
typedef enum {
  REFUSED_TRANSPORT,
  REFUSED_SID,
  REFUSED_METHOD,
  REFUSED_REQUEST,
  REFUSED_FORBIDDEN,
  REFUSED_VERSION,
} Refusal;

static const char *const refusals[] = {
  [REFUSED_TRANSPORT] = "Transport unknown",
  [REFUSED_SID] = "Session ID unknown",
  [REFUSED_METHOD] = "Bad handshake method",
  [REFUSED_REQUEST] = "Bad request",
  [REFUSED_FORBIDDEN] = "Forbidden",
  [REFUSED_VERSION] = "Unsupported protocol version",
};

static void
answer (SoupServerMessage *message,
        guint              status,
        const char        *type,
        const char        *body)
{
  soup_server_message_set_status (message, status, NULL);
  soup_server_message_set_response (message, type, SOUP_MEMORY_COPY, body, strlen (body));
}

static void
refuse (SoupServerMessage *message,
        Refusal            refusal)
{
  g_autofree char *body = g_strdup_printf ("{\"code\":%d,\"message\":\"%s\"}", refusal, refusals[refusal]);

  answer (message, SOUP_STATUS_BAD_REQUEST, "application/json", body);
}

static void
retire_session (CrownEioSession *session,
                gpointer         owner)
{
  CrownEioServer *self = owner;

  g_hash_table_steal (self->sessions, crown_eio_session_get_sid (session));
  g_hash_table_add (self->retired, session);
}

static void
release_session (CrownEioSession *session,
                 gpointer         owner)
{
  CrownEioServer *self = owner;

  if (!g_hash_table_remove (self->retired, session))
    g_hash_table_remove (self->sessions, crown_eio_session_get_sid (session));
}

static gboolean
is_full (CrownEioServer *self)
{
  return self->connections_max > 0 && crown_eio_server_get_n_connections (self) >= self->connections_max;
}

static CrownEioSession *
add_session (CrownEioServer *self)
{
  CrownEioSession *session = crown_eio_session_new (&self->shared);

  g_hash_table_insert (self->sessions, (gpointer) crown_eio_session_get_sid (session), session);
  self->shared.funcs->opened (session, self->shared.user_data);

  return session;
}

/* WebSocket */

static void
handshake_free (gpointer  data,
                GClosure *closure)
{
  Handshake *handshake = data;

  g_free (handshake->sid);
  g_free (handshake);
}

/* The socket below libsoup's buffer and TLS. libsoup knows it only of connections that it has accepted itself. */
static GSocket *
dup_socket (GIOStream *stream,
            gboolean  *secure)
{
  g_autoptr (GIOStream) layer = g_object_ref (stream);

  *secure = FALSE;
  while (layer != NULL && !G_IS_SOCKET_CONNECTION (layer))
    {
      GIOStream *below = g_object_get_data (G_OBJECT (layer), CROWN_EIO_STREAM_BELOW);

      *secure = *secure || G_IS_TLS_CONNECTION (layer);
      if (below != NULL)
        g_object_ref (below);
      else
        g_object_get (layer, G_IS_TLS_CONNECTION (layer) ? "base-io-stream" : "base-iostream", &below, NULL);
      g_object_unref (layer);
      layer = below;
    }

  return layer != NULL ? g_object_ref (g_socket_connection_get_socket (G_SOCKET_CONNECTION (layer))) : NULL;
}

/* As the reference server: a websocket for a session that has one, or that closed while the handshake was written, is
 * closed without touching the session. The frame fits any socket's buffer; where it does not, the end of the stream says
 * the same. */
static void
close_unwanted (GIOStream *stream)
{
  static const guint8 CLOSE_FRAME[] = { 0x88, 0x00 };
  GOutputStream *output = g_io_stream_get_output_stream (stream);

  g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (output), CLOSE_FRAME, sizeof CLOSE_FRAME, NULL,
                                              NULL);
  g_io_stream_close_async (stream, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
}

static void
on_handshake_written (SoupServerMessage *message,
                      gpointer           user_data)
{
  Handshake *handshake = user_data;
  CrownEioServer *self = handshake->server;
  g_autoptr (GIOStream) stream = soup_server_message_steal_connection (message);
  gboolean secure;
  g_autoptr (GSocket) socket = dup_socket (stream, &secure);
  CrownEioSession *session;

  if (socket == NULL)
    {
      g_warning ("A websocket's stream has no socket");
      return;
    }

  if (handshake->sid == NULL)
    {
      session = add_session (self);
      if (crown_eio_session_take (session, g_steal_pointer (&stream), socket, secure))
        crown_eio_session_start (session, TRUE);
      return;
    }
  session = g_hash_table_lookup (self->sessions, handshake->sid);
  if (session != NULL && crown_eio_session_upgrade (session))
    crown_eio_session_take (session, g_steal_pointer (&stream), socket, secure);
  else
    close_unwanted (stream);
}

static void
handle_websocket (CrownEioServer    *self,
                  SoupServerMessage *message,
                  const char        *sid)
{
  Handshake *handshake;

  if (sid != NULL && !g_hash_table_contains (self->sessions, sid))
    {
      refuse (message, REFUSED_SID);
      return;
    }
  if (sid == NULL && is_full (self))
    {
      answer (message, SOUP_STATUS_SERVICE_UNAVAILABLE, "text/plain", "Too many connections\n");
      return;
    }
  /* It answers what is not a handshake. Compressing small frames one by one costs more than it saves: no extensions. */
  if (!soup_websocket_server_process_handshake (message, NULL, NULL, NULL, NULL))
    return;
  handshake = g_new (Handshake, 1);
  handshake->server = self;
  handshake->sid = g_strdup (sid);
  g_signal_connect_data (message, "wrote-informational", G_CALLBACK (on_handshake_written), handshake, handshake_free, 0);
}

/* Polling */

static void
handle_polling (CrownEioServer    *self,
                SoupServerMessage *message,
                const char        *sid)
{
  const char *method = soup_server_message_get_method (message);
  gboolean get = method == SOUP_METHOD_GET;
  g_autoptr (GBytes) body = NULL;
  CrownEioSession *session;

  if (sid == NULL)
    {
      if (!get)
        {
          refuse (message, REFUSED_METHOD);
          return;
        }
      if (is_full (self))
        {
          answer (message, SOUP_STATUS_SERVICE_UNAVAILABLE, "text/plain", "Too many connections\n");
          return;
        }
      session = add_session (self);
      crown_eio_session_start (session, FALSE);
      crown_eio_session_poll (session, message);
      return;
    }

  session = g_hash_table_lookup (self->sessions, sid);
  if (session == NULL)
    {
      refuse (message, REFUSED_SID);
      return;
    }
  if (get)
    {
      if (!crown_eio_session_poll (session, message))
        refuse (message, REFUSED_REQUEST);
      return;
    }
  if (method != SOUP_METHOD_POST || crown_eio_session_get_state (session) == CROWN_EIO_STATE_WEBSOCKET)
    {
      refuse (message, REFUSED_REQUEST);
      return;
    }
  if (g_object_get_data (G_OBJECT (message), TOO_LARGE_KEY) != NULL)
    {
      answer (message, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE, "text/plain", "");
      crown_eio_session_close (session, "transport error");
      return;
    }
  body = soup_message_body_flatten (soup_server_message_get_request_body (message));
  if (crown_eio_session_post (session, body))
    answer (message, SOUP_STATUS_OK, "text/html", "ok");
  else
    refuse (message, REFUSED_REQUEST);
}

/* Neither what is too large for a payload nor what nobody has a session for is kept until it is refused. */
static void
on_got_chunk (SoupServerMessage *message,
              GBytes            *chunk,
              gpointer           user_data)
{
  SoupMessageBody *body = soup_server_message_get_request_body (message);

  if ((gsize) body->length <= GPOINTER_TO_SIZE (user_data))
    return;

  g_object_set_data (G_OBJECT (message), TOO_LARGE_KEY, GINT_TO_POINTER (TRUE));
  soup_message_body_set_accumulate (body, FALSE);
  soup_message_body_truncate (body);
}

static void
on_headers (SoupServer        *soup,
            SoupServerMessage *message,
            const char        *path,
            GHashTable        *query,
            gpointer           user_data)
{
  CrownEioServer *self = user_data;
  const char *sid = query != NULL ? g_hash_table_lookup (query, "sid") : NULL;

  if (sid == NULL || !g_hash_table_contains (self->sessions, sid))
    soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
  else
    g_signal_connect (message, "got-chunk", G_CALLBACK (on_got_chunk),
                      GSIZE_TO_POINTER (self->shared.parameters.max_payload));
}

static void
on_request (SoupServer        *soup,
            SoupServerMessage *message,
            const char        *path,
            GHashTable        *query,
            gpointer           user_data)
{
  CrownEioServer *self = user_data;
  const char *transport = query != NULL ? g_hash_table_lookup (query, "transport") : NULL;
  const char *sid = query != NULL ? g_hash_table_lookup (query, "sid") : NULL;
  SoupMessageHeaders *request = soup_server_message_get_request_headers (message);
  SoupMessageHeaders *response = soup_server_message_get_response_headers (message);

  if (self->cors_origin != NULL)
    {
      soup_message_headers_replace (response, "Access-Control-Allow-Origin", self->cors_origin);
      soup_message_headers_append (response, "Vary", "Origin");
      if (soup_server_message_get_method (message) == SOUP_METHOD_OPTIONS)
        {
          soup_message_headers_replace (response, "Access-Control-Allow-Methods", "GET, POST");
          soup_message_headers_replace (response, "Access-Control-Allow-Headers", "Content-Type");
          soup_server_message_set_status (message, SOUP_STATUS_NO_CONTENT, NULL);
          return;
        }
    }
  soup_message_headers_replace (response, "Cache-Control", "no-store");

  if (g_strcmp0 (transport, "polling") != 0 && g_strcmp0 (transport, "websocket") != 0)
    refuse (message, REFUSED_TRANSPORT);
  else if (g_strcmp0 (g_hash_table_lookup (query, "EIO"), "4") != 0)
    refuse (message, REFUSED_VERSION);
  else if (g_str_equal (transport, "polling"))
    handle_polling (self, message, sid);
  else if (soup_message_headers_header_contains (request, "Upgrade", "websocket"))
    handle_websocket (self, message, sid);
  else
    refuse (message, REFUSED_REQUEST);
}

/* The server */

/**
 * crown_eio_server_new:
 * @soup: (transfer none): its handler at @path is taken
 * @options: (nullable): all defaults
 * @funcs: (transfer none): static
 * @error: (out) (optional): a GIOError where the kernel gives no epoll
 *
 * Returns: (transfer full) (nullable): a server that answers as soon as @soup listens
 */
CrownEioServer *
crown_eio_server_new (SoupServer                 *soup,
                      const char                 *path,
                      const CrownSioOptions      *options,
                      const CrownEioServerFuncs  *funcs,
                      gpointer                    user_data,
                      GError                    **error)
{
  static const CrownSioOptions defaults = { 0 };
  CrownReactor *reactor = crown_reactor_new (NULL, error);
  CrownEioServer *self;

  if (reactor == NULL)
    return NULL;
  if (options == NULL)
    options = &defaults;
  self = g_new0 (CrownEioServer, 1);
  self->soup = g_object_ref (soup);
  self->path = g_strdup (path);
  self->cors_origin = g_strdup (options->cors_origin);
  self->connections_max = options->connections_max;
  self->reactor = reactor;
  self->sessions = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) crown_eio_session_free);
  self->retired = g_hash_table_new_full (NULL, NULL, (GDestroyNotify) crown_eio_session_free, NULL);
  self->shared = (CrownEioShared) {
    .reactor = reactor,
    .parameters = {
      .ping_interval_ms = options->ping_interval_ms > 0 ? options->ping_interval_ms : CROWN_PING_INTERVAL_MS,
      .ping_timeout_ms = options->ping_timeout_ms > 0 ? options->ping_timeout_ms : CROWN_PING_TIMEOUT_MS,
      .max_payload = options->max_payload > 0 ? options->max_payload : CROWN_MAX_PAYLOAD,
      .send_queue_max = options->send_queue_max > 0 ? options->send_queue_max : SEND_QUEUE_MAX,
    },
    .funcs = funcs,
    .user_data = user_data,
    .retire = retire_session,
    .release = release_session,
    .owner = self,
    .n_overflows = &self->n_overflows,
  };
  soup_server_add_early_handler (soup, path, on_headers, self, NULL);
  soup_server_add_handler (soup, path, on_request, self, NULL);

  return self;
}

void
crown_eio_server_close (CrownEioServer *self,
                        const char     *reason)
{
  g_autoptr (GPtrArray) sids = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->sessions);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_ptr_array_add (sids, g_strdup (key));
  for (guint i = 0; i < sids->len; i++)
    {
      /* Closing one may have closed another. */
      CrownEioSession *session = g_hash_table_lookup (self->sessions, g_ptr_array_index (sids, i));

      if (session != NULL)
        crown_eio_session_close (session, reason);
    }
}

void
crown_eio_server_free (CrownEioServer *self)
{
  crown_eio_server_close (self, "server shutting down");
  soup_server_remove_handler (self->soup, self->path);
  g_hash_table_unref (self->sessions);
  g_hash_table_unref (self->retired);
  crown_reactor_free (self->reactor);
  g_object_unref (self->soup);
  g_free (self->path);
  g_free (self->cors_origin);
  g_free (self);
}

guint
crown_eio_server_get_n_connections (CrownEioServer *self)
{
  return g_hash_table_size (self->sessions) + g_hash_table_size (self->retired);
}

gsize
crown_eio_server_get_queued (CrownEioServer *self)
{
  GHashTableIter iter;
  gpointer session;
  gsize queued = 0;

  g_hash_table_iter_init (&iter, self->sessions);
  while (g_hash_table_iter_next (&iter, NULL, &session))
    queued += crown_eio_session_get_queued (session);

  return queued;
}

guint64
crown_eio_server_get_n_overflows (CrownEioServer *self)
{
  return self->n_overflows;
}
