/* crown-reactor.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-socketio"

#include "crown-reactor.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Sockets that are served in one turn; the rest is served in the next, after whatever else waits in the context. */
#define EVENTS_A_TURN 256
/* A timer may be late by this part of itself. */
#define TIMER_GRAINS 100
#define PRECISE_MS   1000

typedef struct {
  GSource       source;
  CrownReactor *reactor;
} ReactorSource;

struct _CrownReactor
{
  ReactorSource      *source;
  int                 epoll;
  GSequence          *timers;      /* CrownReactorTimer by due time */
  CrownReactorTask    tasks;       /* head of a ring */
  CrownSendBatch     *batch;
  struct epoll_event  events[EVENTS_A_TURN];
  int                 n_events;    /* of this turn; those of what is unwatched in it are blanked */
};

static void
run_tasks (CrownReactor *self)
{
  CrownReactorTask *task;

  do
    {
      while ((task = self->tasks.next) != &self->tasks)
        {
          crown_reactor_cancel (self, task);
          task->func (task->user_data);
        }
      crown_send_batch_run (self->batch);
    }
  while (self->tasks.next != &self->tasks);
}

static void
run_timers (CrownReactor *self,
            gint64        now)
{
  while (!g_sequence_is_empty (self->timers))
    {
      CrownReactorTimer *timer = g_sequence_get (g_sequence_get_begin_iter (self->timers));

      if (timer->due > now)
        break;
      crown_reactor_set_timer (self, timer, 0);
      timer->func (timer->user_data);
    }
}

static gint64
first_due (CrownReactor *self)
{
  if (g_sequence_is_empty (self->timers))
    return G_MAXINT64;

  return ((CrownReactorTimer *) g_sequence_get (g_sequence_get_begin_iter (self->timers)))->due;
}

/* Said at each turn's poll, not by g_source_set_ready_time(): that writes to the context's eventfd each time, and with it
 * makes the next turn poll twice. */
static gboolean
reactor_prepare (GSource *source,
                 int     *timeout)
{
  CrownReactor *self = ((ReactorSource *) source)->reactor;
  gint64 due = first_due (self);

  *timeout = -1;
  if (self->tasks.next != &self->tasks)
    return TRUE;
  if (due == G_MAXINT64)
    return FALSE;
  due = MAX (due - g_source_get_time (source), 0);
  *timeout = (int) MIN ((due + 999) / 1000, G_MAXINT);

  return due == 0;
}

static gboolean
reactor_check (GSource *source)
{
  CrownReactor *self = ((ReactorSource *) source)->reactor;

  return self->tasks.next != &self->tasks || first_due (self) <= g_source_get_time (source);
}

static gboolean
reactor_dispatch (GSource     *source,
                  GSourceFunc  callback,
                  gpointer     user_data)
{
  CrownReactor *self = ((ReactorSource *) source)->reactor;

  self->n_events = epoll_wait (self->epoll, self->events, EVENTS_A_TURN, 0);
  for (int i = 0; i < self->n_events; i++)
    {
      CrownReactorWatch *watch = self->events[i].data.ptr;

      if (watch != NULL)
        watch->func (self->events[i].events, watch->user_data);
    }
  self->n_events = 0;
  run_timers (self, g_source_get_time (source));
  run_tasks (self);

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs reactor_source_funcs = {
  .prepare = reactor_prepare,
  .check = reactor_check,
  .dispatch = reactor_dispatch,
};

CrownReactor *
crown_reactor_new (GMainContext  *context,
                   GError       **error)
{
  g_autofree CrownReactor *self = g_new0 (CrownReactor, 1);

  self->epoll = epoll_create1 (EPOLL_CLOEXEC);
  if (self->epoll < 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "No epoll: %s", g_strerror (errno));
      return NULL;
    }
  self->timers = g_sequence_new (NULL);
  self->tasks.next = self->tasks.previous = &self->tasks;
  self->batch = crown_send_batch_new ();
  self->source = (ReactorSource *) g_source_new (&reactor_source_funcs, sizeof (ReactorSource));
  self->source->reactor = self;
  g_source_set_name (&self->source->source, "CrownReactor");
  g_source_add_unix_fd (&self->source->source, self->epoll, G_IO_IN);
  /* GLib takes the descriptor of a source that may not recurse from the poll for each dispatch and puts it back, and
   * writes to the context's eventfd for both. A turn within a turn takes the rest of the outer one's events with it. */
  g_source_set_can_recurse (&self->source->source, TRUE);
  g_source_attach (&self->source->source, context != NULL ? context : g_main_context_get_thread_default ());

  return g_steal_pointer (&self);
}

void
crown_reactor_free (CrownReactor *self)
{
  g_source_destroy (&self->source->source);
  g_source_unref (&self->source->source);
  g_sequence_free (self->timers);
  crown_send_batch_free (self->batch);
  close (self->epoll);
  g_free (self);
}

gboolean
crown_reactor_watch (CrownReactor       *self,
                     CrownReactorWatch  *watch,
                     int                 fd,
                     guint32             events,
                     GError            **error)
{
  struct epoll_event event = { .events = events, .data = { .ptr = watch } };

  if (epoll_ctl (self->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "Cannot watch a socket: %s", g_strerror (errno));
      return FALSE;
    }
  watch->fd = fd;
  watch->events = events;

  return TRUE;
}

void
crown_reactor_change (CrownReactor      *self,
                      CrownReactorWatch *watch,
                      guint32            events)
{
  struct epoll_event event = { .events = events, .data = { .ptr = watch } };

  if (watch->events == events)
    return;
  watch->events = events;
  if (epoll_ctl (self->epoll, EPOLL_CTL_MOD, watch->fd, &event) < 0)
    g_warning ("Cannot change the watch of a socket: %s", g_strerror (errno));
}

void
crown_reactor_unwatch (CrownReactor      *self,
                       CrownReactorWatch *watch)
{
  epoll_ctl (self->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
  for (int i = 0; i < self->n_events; i++)
    {
      if (self->events[i].data.ptr == watch)
        self->events[i].data.ptr = NULL;
    }
}

static int
compare_due (gconstpointer a,
             gconstpointer b,
             gpointer      user_data)
{
  gint64 first = ((const CrownReactorTimer *) a)->due;
  gint64 second = ((const CrownReactorTimer *) b)->due;

  return (first > second) - (first < second);
}

void
crown_reactor_set_timer (CrownReactor      *self,
                         CrownReactorTimer *timer,
                         guint              ms)
{
  g_clear_pointer (&timer->place, g_sequence_remove);
  if (ms > 0)
    {
      gint64 grain = (gint64) ms * 1000 / TIMER_GRAINS;

      /* Up to the next grain: the heartbeats of thousands of sockets fall together, and wake the process once. Who asks for
       * less than a second means it. */
      timer->due = g_get_monotonic_time () + (gint64) ms * 1000;
      if (ms >= PRECISE_MS)
        timer->due += grain - timer->due % grain;
      timer->place = g_sequence_insert_sorted (self->timers, timer, compare_due, NULL);
    }
}

void
crown_reactor_defer (CrownReactor     *self,
                     CrownReactorTask *task)
{
  if (task->queued)
    return;
  task->queued = TRUE;
  task->next = &self->tasks;
  task->previous = self->tasks.previous;
  task->previous->next = task;
  self->tasks.previous = task;
}

void
crown_reactor_cancel (CrownReactor     *self,
                      CrownReactorTask *task)
{
  if (!task->queued)
    return;
  task->queued = FALSE;
  task->previous->next = task->next;
  task->next->previous = task->previous;
}

void
crown_reactor_send (CrownReactor *self,
                    CrownSend    *send)
{
  crown_send_batch_add (self->batch, send);
}

void
crown_reactor_cancel_send (CrownReactor *self,
                           CrownSend    *send)
{
  crown_send_batch_remove (self->batch, send);
}
