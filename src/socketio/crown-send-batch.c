/* crown-send-batch.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-socketio"

#include "crown-send-batch.h"

#include "crown-config.h"

#include <errno.h>
#include <sys/socket.h>
#ifdef CROWN_HAVE_LIBURING
#include <liburing.h>
#endif

/* Of one call to the kernel. */
#define SENDS_A_CALL   256
#define VECTORS_A_CALL 4096
#define VECTORS_A_SEND 128
/* Below this a call for each costs no more; a dashboard's own server never asks the kernel for a ring. */
#define SENDS_WORTH_A_RING 8
/* The socket says EAGAIN instead of having the write wait: all of them are done when the call returns. */
#define SEND_FLAGS (MSG_NOSIGNAL | MSG_DONTWAIT)

struct _CrownSendBatch
{
  GPtrArray     *sends;                    /* CrownSend; NULL where one was taken out */
  guint          places[SENDS_A_CALL];     /* of those that one call writes */
  guint          first[SENDS_A_CALL + 1];  /* of the vectors of each */
  gssize         results[SENDS_A_CALL];
  struct iovec   vectors[VECTORS_A_CALL];
#ifdef CROWN_HAVE_LIBURING
  struct io_uring ring;
  struct msghdr  messages[SENDS_A_CALL];
  gboolean       has_ring;
  gboolean       refused;                  /* no ring is to be had */
#endif
};

static gssize
result_of (gssize written)
{
  return written == -EAGAIN || written == -EWOULDBLOCK ? 0 : written;
}

gssize
crown_send_now (int           fd,
                struct iovec *vectors,
                guint         n_vectors)
{
  struct msghdr message = { .msg_iov = vectors, .msg_iovlen = n_vectors };
  gssize written;

  do
    written = n_vectors == 1 ? send (fd, vectors[0].iov_base, vectors[0].iov_len, SEND_FLAGS)
                             : sendmsg (fd, &message, SEND_FLAGS);
  while (written < 0 && errno == EINTR);

  return written < 0 ? result_of (-errno) : written;
}

static void
send_one (CrownSendBatch *self,
          guint           i)
{
  CrownSend *send = self->sends->pdata[self->places[i]];

  self->results[i] = crown_send_now (send->fd, self->vectors + self->first[i], self->first[i + 1] - self->first[i]);
}

#ifdef CROWN_HAVE_LIBURING

/* Made by the thread that uses it, when it is first worth one. */
static gboolean
ensure_ring (CrownSendBatch *self)
{
  int status;

  if (self->has_ring || self->refused)
    return self->has_ring;
  status = io_uring_queue_init (SENDS_A_CALL, &self->ring, 0);
  self->has_ring = status == 0;
  self->refused = status != 0;
  if (self->refused)
    g_debug ("No io_uring: %s. Each socket is written with a call of its own", g_strerror (-status));

  return self->has_ring;
}

static void
prepare (CrownSendBatch *self,
         guint           i)
{
  CrownSend *send = self->sends->pdata[self->places[i]];
  struct io_uring_sqe *entry = io_uring_get_sqe (&self->ring);
  struct iovec *vectors = self->vectors + self->first[i];
  guint n_vectors = self->first[i + 1] - self->first[i];

  if (n_vectors == 1)
    {
      io_uring_prep_send (entry, send->fd, vectors[0].iov_base, vectors[0].iov_len, SEND_FLAGS);
    }
  else
    {
      self->messages[i] = (struct msghdr) { .msg_iov = vectors, .msg_iovlen = n_vectors };
      io_uring_prep_sendmsg (entry, send->fd, &self->messages[i], SEND_FLAGS);
    }
  io_uring_sqe_set_data64 (entry, i);
}

/* How many of @n the kernel took, all of which are done and have their result. */
static guint
submit (CrownSendBatch *self,
        guint           n)
{
  guint submitted = 0;
  guint done = 0;

  while (submitted < n)
    {
      int status = io_uring_submit_and_wait (&self->ring, n - submitted);

      if (status == -EINTR)
        continue;
      if (status <= 0)
        {
          g_warning ("io_uring took %u of %u writes: %s. It is not used any more", submitted, n, g_strerror (-status));
          break;
        }
      submitted += (guint) status;
    }
  while (done < submitted)
    {
      struct io_uring_cqe *completion;
      int status = io_uring_wait_cqe (&self->ring, &completion);

      if (status == -EINTR)
        continue;
      g_assert (status == 0);
      self->results[io_uring_cqe_get_data64 (completion)] = result_of (completion->res);
      io_uring_cqe_seen (&self->ring, completion);
      done++;
    }

  return submitted;
}

static void
send_all (CrownSendBatch *self,
          guint           n)
{
  guint sent = 0;

  if (n >= SENDS_WORTH_A_RING && ensure_ring (self))
    {
      for (guint i = 0; i < n; i++)
        prepare (self, i);
      sent = submit (self, n);
      if (sent < n)
        {
          io_uring_queue_exit (&self->ring);
          self->has_ring = FALSE;
          self->refused = TRUE;
        }
    }
  for (guint i = sent; i < n; i++)
    send_one (self, i);
}

#else

static void
send_all (CrownSendBatch *self,
          guint           n)
{
  for (guint i = 0; i < n; i++)
    send_one (self, i);
}

#endif

CrownSendBatch *
crown_send_batch_new (void)
{
  CrownSendBatch *self = g_new0 (CrownSendBatch, 1);

  self->sends = g_ptr_array_new ();

  return self;
}

void
crown_send_batch_free (CrownSendBatch *self)
{
#ifdef CROWN_HAVE_LIBURING
  if (self->has_ring)
    io_uring_queue_exit (&self->ring);
#endif
  g_ptr_array_unref (self->sends);
  g_free (self);
}

void
crown_send_batch_add (CrownSendBatch *self,
                      CrownSend      *send)
{
  if (send->place > 0)
    return;
  g_ptr_array_add (self->sends, send);
  send->place = self->sends->len;
}

void
crown_send_batch_remove (CrownSendBatch *self,
                         CrownSend      *send)
{
  if (send->place == 0)
    return;
  self->sends->pdata[send->place - 1] = NULL;
  send->place = 0;
}

void
crown_send_batch_run (CrownSendBatch *self)
{
  guint next = 0;

  while (next < self->sends->len)
    {
      guint n = 0;

      self->first[0] = 0;
      for (; next < self->sends->len && n < SENDS_A_CALL && self->first[n] + VECTORS_A_SEND <= VECTORS_A_CALL; next++)
        {
          CrownSend *send = self->sends->pdata[next];

          if (send == NULL)
            continue;
          self->places[n] = next;
          self->first[n + 1] = self->first[n] + send->funcs->fill (send->user_data, self->vectors + self->first[n],
                                                                   VECTORS_A_SEND);
          n++;
        }
      send_all (self, n);
      for (guint i = 0; i < n; i++)
        {
          CrownSend *send = self->sends->pdata[self->places[i]];

          /* One that an earlier one's end took with it. */
          if (send == NULL)
            continue;
          crown_send_batch_remove (self, send);
          send->funcs->sent (send->user_data, self->results[i]);
        }
    }
  g_ptr_array_set_size (self->sends, 0);
}
