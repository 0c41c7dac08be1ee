/* crown-reactor.h: many sockets and timers behind one epoll and one GSource
 *
 * A GMainContext polls each of its sources at every turn; with a thousand sockets that costs more than the writes do
 * (docs/decisions/0011). Everything happens in the main context that the reactor was made for.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-send-batch.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _CrownReactor CrownReactor;

/* @events: of epoll(7) */
typedef void (*CrownReactorFdFunc) (guint32 events, gpointer user_data);

/* To be embedded in what is watched: no allocation a socket. */
typedef struct {
  CrownReactorFdFunc func;
  gpointer           user_data;
  int                fd;
  guint32            events;
} CrownReactorWatch;

/* To be embedded, zeroed before first use. */
typedef struct {
  GSourceFunc    func; /* its answer is ignored: each set fires once */
  gpointer       user_data;
  GSequenceIter *place;
  gint64         due;
} CrownReactorTimer;

/* To be embedded: what is to be done once at the end of this turn, however often it was asked for. */
typedef struct _CrownReactorTask CrownReactorTask;
struct _CrownReactorTask {
  GSourceFunc       func;
  gpointer          user_data;
  gboolean          queued;
  CrownReactorTask *next;
  CrownReactorTask *previous;
};

/* @context: (nullable): the thread-default one. NULL with @error where the kernel gives no epoll. */
CrownReactor *crown_reactor_new       (GMainContext *context, GError **error);
void          crown_reactor_free      (CrownReactor *self);
gboolean      crown_reactor_watch     (CrownReactor *self, CrownReactorWatch *watch, int fd, guint32 events, GError **error);
void          crown_reactor_change    (CrownReactor *self, CrownReactorWatch *watch, guint32 events);
void          crown_reactor_unwatch   (CrownReactor *self, CrownReactorWatch *watch);
/* @ms: 0 stops it */
void          crown_reactor_set_timer (CrownReactor *self, CrownReactorTimer *timer, guint ms);
void          crown_reactor_defer     (CrownReactor *self, CrownReactorTask *task);
void          crown_reactor_cancel    (CrownReactor *self, CrownReactorTask *task);
/* From a deferred task: is written once this turn's tasks are done, together with what the others send. */
void          crown_reactor_send        (CrownReactor *self, CrownSend *send);
void          crown_reactor_cancel_send (CrownReactor *self, CrownSend *send);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownReactor, crown_reactor_free)

G_END_DECLS
