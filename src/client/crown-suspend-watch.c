/* crown-suspend-watch.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-suspend-watch.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* A line survives a nap. */
#define NAP_US (2 * G_USEC_PER_SEC)

struct _CrownSuspendWatch
{
  int             fd;      /* -1: the kernel has none */
  GSource        *source;
  CrownSleptFunc  slept;
  gint64          slept_us;
  GFunc           func;
  gpointer        user_data;
};

static gint64
clock_us (clockid_t id)
{
  struct timespec now;

  return clock_gettime (id, &now) == 0 ? (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000 : 0;
}

/* CLOCK_MONOTONIC stands while the computer sleeps, CLOCK_BOOTTIME does not. */
static gint64
kernel_slept (gpointer user_data)
{
  return clock_us (CLOCK_BOOTTIME) - clock_us (CLOCK_MONOTONIC);
}

/* The time that is waited for does not come; what comes is that the clock was set, which a resume does, too. */
static void
wait_for_set (CrownSuspendWatch *self)
{
  const struct itimerspec never = { .it_value = { .tv_sec = G_MAXINT32 } };

  timerfd_settime (self->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

static gboolean
on_set (int           fd,
        GIOCondition  condition,
        gpointer      user_data)
{
  CrownSuspendWatch *self = user_data;
  guint64 n;

  if (read (fd, &n, sizeof n) < 0 && errno == EAGAIN)
    return G_SOURCE_CONTINUE;
  wait_for_set (self);
  crown_suspend_watch_check (self);
  return G_SOURCE_CONTINUE;
}

CrownSuspendWatch *
crown_suspend_watch_new (GMainContext   *context,
                         CrownSleptFunc  slept,
                         GFunc           func,
                         gpointer        user_data)
{
  CrownSuspendWatch *self = g_new0 (CrownSuspendWatch, 1);

  self->slept = slept != NULL ? slept : kernel_slept;
  self->func = func;
  self->user_data = user_data;
  self->slept_us = self->slept (user_data);
  self->fd = timerfd_create (CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  if (self->fd < 0)
    return self;

  wait_for_set (self);
  self->source = g_unix_fd_source_new (self->fd, G_IO_IN);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_set), self, NULL);
  g_source_attach (self->source, context);
  return self;
}

void
crown_suspend_watch_free (CrownSuspendWatch *self)
{
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  if (self->fd >= 0)
    close (self->fd);
  g_free (self);
}

void
crown_suspend_watch_check (CrownSuspendWatch *self)
{
  gint64 slept_us = self->slept (self->user_data);
  gint64 nap = slept_us - self->slept_us;

  self->slept_us = slept_us;
  if (nap >= NAP_US)
    self->func (NULL, self->user_data);
}
