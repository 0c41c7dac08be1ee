/* crown-send-batch.h: what waits for many sockets, written in few system calls
 *
 * An event for a room is the same write on each of its sockets. Entering the kernel once for each of them costs more than
 * a third of the server's time (docs/decisions/0016): with io_uring one call takes them all. Where the kernel has none, or
 * forbids it, or only few sockets wait, each is written with a call of its own. Nothing is in flight once
 * crown_send_batch_run() returns.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>
#include <sys/uio.h>

G_BEGIN_DECLS

typedef struct _CrownSendBatch CrownSendBatch;

typedef struct {
  /* What to write, as it is when the batch runs. Returns how many of @max vectors it has filled, at least one. */
  guint (*fill) (gpointer user_data, struct iovec *vectors, guint max);
  /* @result: bytes written, 0 where the socket takes none now, or an errno below 0 */
  void  (*sent) (gpointer user_data, gssize result);
} CrownSendFuncs;

/* To be embedded in who sends, zeroed before first use. */
typedef struct {
  const CrownSendFuncs *funcs;
  gpointer              user_data;
  int                   fd;
  guint                 place; /* in the batch, counted from 1; 0: it is in none */
} CrownSend;

CrownSendBatch *crown_send_batch_new    (void);
void            crown_send_batch_free   (CrownSendBatch *self);
/* One that is in it stays where it is. */
void            crown_send_batch_add    (CrownSendBatch *self, CrownSend *send);
void            crown_send_batch_remove (CrownSendBatch *self, CrownSend *send);
/* What is added meanwhile is written as well. */
void            crown_send_batch_run    (CrownSendBatch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownSendBatch, crown_send_batch_free)

/* One write of one socket; the result is that of CrownSendFuncs.sent. */
gssize          crown_send_now          (int fd, struct iovec *vectors, guint n_vectors);

G_END_DECLS
