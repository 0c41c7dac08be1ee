/* crown-websocket.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-socketio"

#include "crown-websocket.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wslay/wslay.h>

/* Places of a queue that are kept while nothing waits. */
#define QUEUE_KEPT 8
/* Frames that one call writes. */
#define FRAMES_A_CALL 128
/* Bytes that one turn reads from one socket, so that a loud one starves nobody. */
#define READ_A_TURN (256 * 1024)
/* When a turn that has read that much goes on. */
#define READ_ON_MS 1
/* crown_websocket_pause(): long enough for the peer to have read, and to have got back to its own loop. */
#define PAUSE_MS 1
/* How long a peer may take to answer the close. */
#define LINGER_MS 1000
/* RFC 6455, section 5.5.1: FIN with opcode 8, status 1000 */
static const guint8 CLOSE_NORMAL[] = { 0x88, 0x02, 0x03, 0xe8 };

struct _CrownWebsocket
{
  CrownReactor              *reactor; /* unowned */
  const CrownWebsocketFuncs *funcs;
  gpointer                   user_data;
  GIOStream                 *stream;  /* both NULL for a plain socket once libsoup's buffer is empty */
  GSocket                   *socket;
  gboolean                   secure;
  int                        fd;
  CrownReactorWatch          watch;
  CrownReactorTimer          linger;
  CrownReactorTimer          read_on;
  CrownReactorTimer          pause;
  CrownReactorTask           flush;
  CrownSend                  send;
  gsize                      max_message;

  /* What waits to be sent: packets[head … head + length), the first of them from @offset on. */
  CrownEioPacket           **packets;
  guint                      capacity;
  guint                      head;
  guint                      length;
  gsize                      offset;
  gsize                      queued; /* bytes */
  gsize                      queue_max;
  guint                      before_pause; /* packets of the queue that are written, then comes a pause; 0: none comes */
  gboolean                   paused;

  /* wslay's state takes 8 KiB, so it is there only while a frame or a message is partly read. */
  wslay_event_context_ptr    wslay;
  guint64                    fed;        /* bytes given to it */
  guint64                    framed;     /* bytes of the frames that it has begun */
  gboolean                   in_frame;
  gboolean                   in_message;
  gsize                      read_now;   /* bytes of this turn */
  gboolean                   drained;    /* the last read of this turn gave less than was asked for */

  gboolean                   closing;    /* the close frame is queued, nothing more is sent or delivered */
  gboolean                   peer_closed;
  gboolean                   shut;
  gboolean                   broken;
};

static void
say_gone (CrownWebsocket *self)
{
  self->funcs->gone (self->user_data);
}

/* From where the caller may still hold on to the websocket. */
static void
break_later (CrownWebsocket *self)
{
  self->broken = TRUE;
  crown_reactor_defer (self->reactor, &self->flush);
}

/* Sending */

static void
append (CrownWebsocket *self,
        CrownEioPacket *packet)
{
  gsize size;

  if (self->length == self->capacity)
    {
      guint capacity = MAX (QUEUE_KEPT, self->capacity * 2);
      CrownEioPacket **packets = g_new (CrownEioPacket *, capacity);

      for (guint i = 0; i < self->length; i++)
        packets[i] = self->packets[(self->head + i) % self->capacity];
      g_free (self->packets);
      self->packets = packets;
      self->capacity = capacity;
      self->head = 0;
    }
  self->packets[(self->head + self->length++) % self->capacity] = packet;
  crown_eio_packet_get_frame (packet, &size);
  self->queued += size;
}

static void
clear_queue (CrownWebsocket *self)
{
  for (; self->length > 0; self->length--)
    {
      crown_eio_packet_unref (self->packets[self->head]);
      self->head = (self->head + 1) % self->capacity;
    }
  /* One that was long once is given back; a short one is needed for the next event. */
  if (self->capacity > QUEUE_KEPT)
    {
      g_clear_pointer (&self->packets, g_free);
      self->capacity = 0;
    }
  self->head = 0;
  self->offset = self->queued = 0;
  self->before_pause = 0;
}

static void
overflow (CrownWebsocket *self)
{
  clear_queue (self);
  crown_reactor_cancel_send (self->reactor, &self->send);
  break_later (self);
  self->funcs->overflowed (self->user_data);
}

static void
drop_written (CrownWebsocket *self,
              gsize           written)
{
  self->queued -= written;
  written += self->offset;
  while (self->length > 0)
    {
      gsize size;

      crown_eio_packet_get_frame (self->packets[self->head], &size);
      if (written < size)
        break;
      written -= size;
      crown_eio_packet_unref (self->packets[self->head]);
      self->head = (self->head + 1) % self->capacity;
      self->length--;
      if (self->before_pause > 0 && --self->before_pause == 0)
        {
          self->paused = TRUE;
          crown_reactor_set_timer (self->reactor, &self->pause, PAUSE_MS);
        }
    }
  self->offset = written;
  if (self->length == 0)
    clear_queue (self);
}

static guint
fill_vectors (gpointer      user_data,
              struct iovec *vectors,
              guint         max)
{
  CrownWebsocket *self = user_data;
  guint n = MIN (self->before_pause > 0 ? self->before_pause : self->length, max);

  for (guint i = 0; i < n; i++)
    {
      gsize size;
      const guint8 *bytes = crown_eio_packet_get_frame (self->packets[(self->head + i) % self->capacity], &size);
      gsize skipped = i == 0 ? self->offset : 0;

      vectors[i].iov_base = (gpointer) (bytes + skipped);
      vectors[i].iov_len = size - skipped;
    }

  return n;
}

/* As CrownSendFuncs.sent has it. */
static gssize
write_some (CrownWebsocket *self)
{
  struct iovec vectors[FRAMES_A_CALL];
  guint n = fill_vectors (self, vectors, self->secure ? 1 : FRAMES_A_CALL);
  g_autoptr (GError) error = NULL;
  gssize written;

  if (!self->secure)
    return crown_send_now (self->fd, vectors, n);
  written = g_pollable_output_stream_write_nonblocking (
    G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (self->stream)), vectors[0].iov_base, vectors[0].iov_len,
    NULL, &error);
  if (written < 0)
    return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) ? 0 : -EIO;

  return written;
}

static gboolean
has_to_write (CrownWebsocket *self)
{
  return self->length > 0 && !self->paused;
}

/* After a write. FALSE: the websocket may be freed already. */
static gboolean
take_result (CrownWebsocket *self,
             gssize          written)
{
  if (written < 0)
    {
      say_gone (self);
      return FALSE;
    }
  drop_written (self, (gsize) written);

  return TRUE;
}

/* Nothing is to be written, or not now. FALSE: the websocket may be freed already. */
static gboolean
settle (CrownWebsocket *self)
{
  crown_reactor_change (self->reactor, &self->watch, has_to_write (self) ? EPOLLIN | EPOLLOUT : EPOLLIN);
  if (self->length > 0)
    return TRUE;
  if (self->closing && self->peer_closed)
    {
      say_gone (self);
      return FALSE;
    }
  if (self->closing && !self->shut)
    {
      self->shut = TRUE;
      shutdown (self->fd, SHUT_WR);
    }

  return TRUE;
}

/* FALSE: the websocket may be freed already. */
static gboolean
flush (CrownWebsocket *self)
{
  if (self->broken)
    {
      say_gone (self);
      return FALSE;
    }
  while (has_to_write (self))
    {
      gssize written = write_some (self);

      if (!take_result (self, written))
        return FALSE;
      if (written == 0)
        break;
    }

  return settle (self);
}

static void
on_sent (gpointer user_data,
         gssize   written)
{
  CrownWebsocket *self = user_data;

  if (!take_result (self, written))
    return;
  if (written > 0 && has_to_write (self))
    crown_reactor_send (self->reactor, &self->send);
  else
    settle (self);
}

static const CrownSendFuncs send_funcs = { .fill = fill_vectors, .sent = on_sent };

static gboolean
on_flush (gpointer user_data)
{
  CrownWebsocket *self = user_data;

  if (self->secure || self->broken || !has_to_write (self))
    flush (self);
  else
    crown_reactor_send (self->reactor, &self->send);

  return G_SOURCE_REMOVE;
}

static gboolean
on_pause_over (gpointer user_data)
{
  CrownWebsocket *self = user_data;

  self->paused = FALSE;
  flush (self);

  return G_SOURCE_REMOVE;
}

static gboolean
on_linger (gpointer user_data)
{
  say_gone (user_data);

  return G_SOURCE_REMOVE;
}

void
crown_websocket_send (CrownWebsocket *self,
                      CrownEioPacket *packet)
{
  gsize size;

  if (self->closing || self->broken)
    return;
  crown_eio_packet_get_frame (packet, &size);
  if (self->queued + size > self->queue_max)
    {
      /* A reader that stalls: it comes back and replays. */
      overflow (self);
      return;
    }
  append (self, crown_eio_packet_ref (packet));
  crown_reactor_defer (self->reactor, &self->flush);
}

void
crown_websocket_pause (CrownWebsocket *self)
{
  if (!self->paused)
    self->before_pause = self->length;
}

gsize
crown_websocket_get_queued (CrownWebsocket *self)
{
  return self->queued;
}

static void
begin_close (CrownWebsocket *self)
{
  self->closing = TRUE;
  crown_reactor_set_timer (self->reactor, &self->linger, LINGER_MS);
  crown_reactor_defer (self->reactor, &self->flush);
}

void
crown_websocket_close (CrownWebsocket *self)
{
  if (self->closing || self->broken)
    return;
  append (self, crown_eio_packet_new_raw (CLOSE_NORMAL, sizeof CLOSE_NORMAL));
  begin_close (self);
}

/* Receiving */

static void
let_go_of_soup (CrownWebsocket *self)
{
  /* In so many words: libsoup 3.2 loses a reference to each socket that it accepts, so that letting go closes nothing. */
  if (self->socket != NULL)
    g_socket_close (self->socket, NULL);
  g_clear_object (&self->socket);
  g_clear_object (&self->stream);
}

/* Bytes read; 0: end; -1: not now; -2: the line is broken. */
static gssize
read_some (CrownWebsocket *self,
           void           *buffer,
           gsize           size)
{
  gssize n;

  if (self->stream != NULL)
    {
      g_autoptr (GError) error = NULL;

      n = g_pollable_input_stream_read_nonblocking (
        G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (self->stream)), buffer, size, NULL, &error);
      if (n >= 0)
        return n;
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return -2;
      /* libsoup's buffer is empty. A plain socket needs nothing more of libsoup's, and its memory. */
      if (!self->secure)
        let_go_of_soup (self);
      return -1;
    }

  do
    n = recv (self->fd, buffer, size, MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  if (n >= 0)
    return n;

  return errno == EAGAIN || errno == EWOULDBLOCK ? -1 : -2;
}

static ssize_t
on_wslay_recv (wslay_event_context_ptr  wslay,
               uint8_t                 *buffer,
               size_t                   size,
               int                      flags,
               void                    *user_data)
{
  CrownWebsocket *self = user_data;
  gssize n = self->read_now >= READ_A_TURN || self->drained ? -1 : read_some (self, buffer, size);

  if (n > 0)
    {
      /* Of a plain socket that is all there was: asking again would only be told so. */
      self->drained = self->stream == NULL && (gsize) n < size;
      self->fed += (guint64) n;
      self->read_now += (gsize) n;
      return n;
    }
  wslay_event_set_error (wslay, n == -1 ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);

  return -1;
}

/* wslay only answers: pongs and closes. */
static ssize_t
on_wslay_send (wslay_event_context_ptr  wslay,
               const uint8_t           *data,
               size_t                   size,
               int                      flags,
               void                    *user_data)
{
  CrownWebsocket *self = user_data;

  if (!self->closing)
    append (self, crown_eio_packet_new_raw (data, size));

  return (ssize_t) size;
}

static void
on_wslay_frame_start (wslay_event_context_ptr                          wslay,
                      const struct wslay_event_on_frame_recv_start_arg *arg,
                      void                                            *user_data)
{
  CrownWebsocket *self = user_data;

  self->framed += 2 + 4 /* mask */ + arg->payload_length;
  if (arg->payload_length > G_MAXUINT16)
    self->framed += 8;
  else if (arg->payload_length > 125)
    self->framed += 2;
  self->in_frame = TRUE;
  if (!wslay_is_ctrl_frame (arg->opcode))
    self->in_message = !arg->fin;
}

static void
on_wslay_frame_end (wslay_event_context_ptr wslay,
                    void                   *user_data)
{
  ((CrownWebsocket *) user_data)->in_frame = FALSE;
}

static void
on_wslay_message (wslay_event_context_ptr                   wslay,
                  const struct wslay_event_on_msg_recv_arg *arg,
                  void                                     *user_data)
{
  CrownWebsocket *self = user_data;

  if (self->closing || self->broken)
    return;
  if (arg->opcode == WSLAY_TEXT_FRAME)
    {
      self->funcs->text (self->user_data, (const char *) arg->msg, arg->msg_length);
    }
  else if (arg->opcode == WSLAY_BINARY_FRAME)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (arg->msg, arg->msg_length);

      self->funcs->binary (self->user_data, bytes);
    }
}

static const struct wslay_event_callbacks wslay_callbacks = {
  .recv_callback = on_wslay_recv,
  .send_callback = on_wslay_send,
  .on_frame_recv_start_callback = on_wslay_frame_start,
  .on_frame_recv_end_callback = on_wslay_frame_end,
  .on_msg_recv_callback = on_wslay_message,
};

/* After our close frame only the end of the stream matters. */
static gboolean
read_to_end (CrownWebsocket *self)
{
  guint8 scrap[4096];
  gssize n;

  while ((n = read_some (self, scrap, sizeof scrap)) > 0 && (self->read_now += (gsize) n) < READ_A_TURN)
    continue;

  return n == 0 || n == -2;
}

static void
release_wslay (CrownWebsocket *self)
{
  g_clear_pointer (&self->wslay, wslay_event_context_free);
  self->fed = self->framed = 0;
}

/* What is left in a buffer of the stream's, a decrypted record perhaps, makes no noise on the socket. */
static void
read_on_later (CrownWebsocket *self)
{
  if (self->stream != NULL && self->read_now >= READ_A_TURN)
    crown_reactor_set_timer (self->reactor, &self->read_on, READ_ON_MS);
}

/* FALSE: the websocket may be freed already. */
static gboolean
receive (CrownWebsocket *self)
{
  self->read_now = 0;
  self->drained = FALSE;
  if (self->closing)
    {
      if (!read_to_end (self))
        {
          read_on_later (self);
          return TRUE;
        }
      say_gone (self);
      return FALSE;
    }

  if (self->wslay == NULL)
    {
      if (wslay_event_context_server_init (&self->wslay, &wslay_callbacks, self) != 0)
        g_error ("Out of memory");
      wslay_event_config_set_max_recv_msg_length (self->wslay, self->max_message);
    }
  if (wslay_event_recv (self->wslay) != 0)
    {
      say_gone (self);
      return FALSE;
    }
  read_on_later (self);
  if (wslay_event_want_write (self->wslay))
    {
      /* Answers to pings count as what waits, too: a peer that only pings and never reads is cut. */
      if (self->queued > self->queue_max)
        {
          overflow (self);
          return TRUE;
        }
      wslay_event_send (self->wslay);
      crown_reactor_defer (self->reactor, &self->flush);
    }
  if (wslay_event_get_close_sent (self->wslay) && !self->closing)
    {
      self->peer_closed = wslay_event_get_close_received (self->wslay);
      begin_close (self);
    }
  if (self->closing || (self->fed == self->framed && !self->in_frame && !self->in_message))
    release_wslay (self);

  return TRUE;
}

static void
on_ready (guint32  events,
          gpointer user_data)
{
  CrownWebsocket *self = user_data;

  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !receive (self))
    return;
  if ((events & EPOLLOUT) != 0)
    flush (self);
}

static gboolean
on_read_on (gpointer user_data)
{
  receive (user_data);

  return G_SOURCE_REMOVE;
}

static gboolean
on_first_read (gpointer user_data)
{
  CrownWebsocket *self = user_data;

  /* What libsoup had read already makes no noise on the socket. */
  if (receive (self))
    {
      self->flush.func = on_flush;
      flush (self);
    }

  return G_SOURCE_REMOVE;
}

CrownWebsocket *
crown_websocket_new (CrownReactor               *reactor,
                     GIOStream                  *stream,
                     GSocket                    *socket,
                     gboolean                    secure,
                     gsize                       max_message,
                     gsize                       send_queue_max,
                     const CrownWebsocketFuncs  *funcs,
                     gpointer                    user_data,
                     GError                    **error)
{
  CrownWebsocket *self = g_new0 (CrownWebsocket, 1);

  self->reactor = reactor;
  self->stream = stream;
  self->socket = g_object_ref (socket);
  self->secure = secure;
  self->funcs = funcs;
  self->user_data = user_data;
  self->max_message = max_message;
  self->queue_max = send_queue_max;
  self->linger.func = on_linger;
  self->linger.user_data = self;
  self->pause.func = on_pause_over;
  self->pause.user_data = self;
  self->read_on.func = on_read_on;
  self->read_on.user_data = self;
  self->flush.func = on_first_read;
  self->flush.user_data = self;
  self->send.funcs = &send_funcs;
  self->send.user_data = self;
  self->watch.func = on_ready;
  self->watch.user_data = self;
  /* A descriptor of our own: libsoup's is closed with its stream. */
  self->fd = self->send.fd = dup (g_socket_get_fd (socket));
  if (self->fd < 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "Cannot take a socket over: %s", g_strerror (errno));
      crown_websocket_free (self);
      return NULL;
    }
  if (!crown_reactor_watch (reactor, &self->watch, self->fd, EPOLLIN, error))
    {
      close (self->fd);
      self->fd = -1;
      crown_websocket_free (self);
      return NULL;
    }
  crown_reactor_defer (reactor, &self->flush);

  return self;
}

void
crown_websocket_free (CrownWebsocket *self)
{
  crown_reactor_cancel (self->reactor, &self->flush);
  crown_reactor_cancel_send (self->reactor, &self->send);
  crown_reactor_set_timer (self->reactor, &self->linger, 0);
  crown_reactor_set_timer (self->reactor, &self->read_on, 0);
  crown_reactor_set_timer (self->reactor, &self->pause, 0);
  if (self->fd >= 0)
    {
      crown_reactor_unwatch (self->reactor, &self->watch);
      close (self->fd);
    }
  clear_queue (self);
  g_free (self->packets);
  release_wslay (self);
  let_go_of_soup (self);
  g_free (self);
}
