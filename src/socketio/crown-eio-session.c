/* crown-eio-session.c: a CrownEioMachine with the requests and the websocket that carry for it
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-socketio"

#include "crown-eio-session.h"

struct _CrownEioSession
{
  const CrownEioShared *shared;
  CrownEioMachine      *machine;
  gpointer              data;
  SoupServerMessage    *poll;      /* (nullable) paused until there is something to say */
  CrownWebsocket       *websocket; /* (nullable) */
  CrownReactorTimer     heartbeat;
  CrownReactorTimer     deadline;
  const char           *deadline_reason;
  gboolean              closed;
};

static void
carry_payload (gpointer  user_data,
               GString  *payload)
{
  CrownEioSession *self = user_data;
  g_autoptr (SoupServerMessage) poll = g_steal_pointer (&self->poll);
  gsize length = payload->len;

  g_signal_handlers_disconnect_by_data (poll, self);
  soup_server_message_set_response (poll, "text/plain; charset=UTF-8", SOUP_MEMORY_TAKE,
                                    g_string_free (payload, FALSE), length);
  soup_server_message_unpause (poll);
}

static void
carry_packet (gpointer        user_data,
              CrownEioPacket *packet)
{
  CrownEioSession *self = user_data;

  if (self->websocket != NULL)
    crown_websocket_send (self->websocket, packet);
}

static void
drop_websocket (gpointer user_data)
{
  CrownEioSession *self = user_data;

  if (self->websocket != NULL)
    crown_websocket_close (self->websocket);
}

static void
set_timer (gpointer user_data,
           guint    ms)
{
  CrownEioSession *self = user_data;

  crown_reactor_set_timer (self->shared->reactor, &self->heartbeat, ms);
}

static void
on_message (gpointer    user_data,
            const char *text,
            gsize       length)
{
  CrownEioSession *self = user_data;

  self->shared->funcs->message (self, text, length, self->shared->user_data);
}

static void
on_binary (gpointer  user_data,
           GBytes   *bytes)
{
  CrownEioSession *self = user_data;

  self->shared->funcs->binary (self, bytes, self->shared->user_data);
}

static void
on_closed (gpointer    user_data,
           const char *reason)
{
  CrownEioSession *self = user_data;

  self->closed = TRUE;
  crown_reactor_set_timer (self->shared->reactor, &self->deadline, 0);
  self->shared->funcs->closed (self, reason, self->shared->user_data);
  if (self->websocket != NULL)
    self->shared->retire (self, self->shared->owner);
  else
    self->shared->release (self, self->shared->owner);
}

static const CrownEioMachineFuncs machine_funcs = {
  .carry_payload = carry_payload,
  .carry_packet = carry_packet,
  .drop_websocket = drop_websocket,
  .set_timer = set_timer,
  .message = on_message,
  .binary = on_binary,
  .closed = on_closed,
};

static void
on_websocket_text (gpointer    user_data,
                   const char *text,
                   gsize       length)
{
  CrownEioSession *self = user_data;

  crown_eio_machine_on_websocket_text (self->machine, text, length);
}

static void
on_websocket_binary (gpointer  user_data,
                     GBytes   *bytes)
{
  CrownEioSession *self = user_data;

  crown_eio_machine_on_websocket_binary (self->machine, bytes);
}

static void
on_websocket_gone (gpointer user_data)
{
  CrownEioSession *self = user_data;

  g_clear_pointer (&self->websocket, crown_websocket_free);
  if (self->closed)
    self->shared->release (self, self->shared->owner);
  else
    crown_eio_machine_on_websocket_gone (self->machine);
}

static void
on_websocket_overflowed (gpointer user_data)
{
  CrownEioSession *self = user_data;

  (*self->shared->n_overflows)++;
}

static const CrownWebsocketFuncs websocket_funcs = {
  .text = on_websocket_text,
  .binary = on_websocket_binary,
  .overflowed = on_websocket_overflowed,
  .gone = on_websocket_gone,
};

static gboolean
on_heartbeat (gpointer user_data)
{
  crown_eio_machine_on_timer (((CrownEioSession *) user_data)->machine);

  return G_SOURCE_REMOVE;
}

static gboolean
on_deadline (gpointer user_data)
{
  CrownEioSession *self = user_data;

  crown_eio_machine_close (self->machine, self->deadline_reason);

  return G_SOURCE_REMOVE;
}

static void
on_poll_disconnected (SoupServerMessage *message,
                      gpointer           user_data)
{
  CrownEioSession *self = user_data;

  g_signal_handlers_disconnect_by_data (message, self);
  g_clear_object (&self->poll);
  crown_eio_machine_on_request_failed (self->machine);
}

CrownEioSession *
crown_eio_session_new (const CrownEioShared *shared)
{
  CrownEioSession *self = g_new0 (CrownEioSession, 1);

  self->shared = shared;
  self->machine = crown_eio_machine_new (CROWN_EIO_SERVER, &shared->parameters, &machine_funcs, self);
  self->heartbeat.func = on_heartbeat;
  self->heartbeat.user_data = self;
  self->deadline.func = on_deadline;
  self->deadline.user_data = self;

  return self;
}

void
crown_eio_session_free (CrownEioSession *self)
{
  crown_reactor_set_timer (self->shared->reactor, &self->heartbeat, 0);
  crown_reactor_set_timer (self->shared->reactor, &self->deadline, 0);
  g_clear_pointer (&self->websocket, crown_websocket_free);
  if (self->poll != NULL)
    g_signal_handlers_disconnect_by_data (self->poll, self);
  g_clear_object (&self->poll);
  crown_eio_machine_free (self->machine);
  g_free (self);
}

void
crown_eio_session_start (CrownEioSession *self,
                         gboolean         websocket)
{
  crown_eio_machine_start (self->machine, websocket, FALSE);
}

CrownEioState
crown_eio_session_get_state (CrownEioSession *self)
{
  return crown_eio_machine_get_state (self->machine);
}

gboolean
crown_eio_session_poll (CrownEioSession   *self,
                        SoupServerMessage *message)
{
  if (self->closed || crown_eio_session_get_state (self) == CROWN_EIO_STATE_WEBSOCKET)
    return FALSE;
  if (self->poll == NULL)
    {
      self->poll = g_object_ref (message);
      /* Before it waits: without a status libsoup would go on to look for who else answers. */
      soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
      soup_server_message_pause (message);
      g_signal_connect (message, "disconnected", G_CALLBACK (on_poll_disconnected), self);
    }

  return crown_eio_machine_on_carrier (self->machine);
}

gboolean
crown_eio_session_post (CrownEioSession *self,
                        GBytes          *body)
{
  gsize length;
  const char *data = g_bytes_get_data (body, &length);

  return crown_eio_machine_on_payload (self->machine, data, length);
}

gboolean
crown_eio_session_take (CrownEioSession *self,
                        GIOStream       *stream,
                        GSocket         *socket,
                        gboolean         secure)
{
  g_autoptr (GError) error = NULL;

  self->websocket = crown_websocket_new (self->shared->reactor, stream, socket, secure, self->shared->parameters.max_payload,
                                         self->shared->parameters.send_queue_max, &websocket_funcs, self, &error);
  if (self->websocket == NULL)
    {
      g_warning ("%s", error->message);
      crown_eio_machine_on_websocket_gone (self->machine);
      return FALSE;
    }

  return TRUE;
}

gboolean
crown_eio_session_upgrade (CrownEioSession *self)
{
  return crown_eio_machine_on_websocket (self->machine);
}

const char *
crown_eio_session_get_sid (CrownEioSession *self)
{
  return crown_eio_machine_get_sid (self->machine);
}

void
crown_eio_session_set_data (CrownEioSession *self,
                            gpointer         data)
{
  self->data = data;
}

gpointer
crown_eio_session_get_data (CrownEioSession *self)
{
  return self->data;
}

void
crown_eio_session_send (CrownEioSession *self,
                        CrownEioPacket  *packet)
{
  crown_eio_machine_send (self->machine, packet);
}

void
crown_eio_session_pause (CrownEioSession *self)
{
  if (self->websocket != NULL)
    crown_websocket_pause (self->websocket);
}

gsize
crown_eio_session_get_queued (CrownEioSession *self)
{
  return crown_eio_machine_get_queued (self->machine) +
         (self->websocket != NULL ? crown_websocket_get_queued (self->websocket) : 0);
}

void
crown_eio_session_close (CrownEioSession *self,
                         const char      *reason)
{
  crown_eio_machine_close (self->machine, reason);
}

void
crown_eio_session_set_deadline (CrownEioSession *self,
                                guint            ms,
                                const char      *reason)
{
  self->deadline_reason = reason;
  crown_reactor_set_timer (self->shared->reactor, &self->deadline, ms);
}
