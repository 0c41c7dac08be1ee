/* crown-suspend-watch.h: tells that the computer slept
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How long the computer has slept since it was started, in microseconds. */
typedef gint64 (*CrownSleptFunc) (gpointer user_data);

/* By the kernel alone (timerfd_create(2): TFD_TIMER_CANCEL_ON_SET): no bus, which a sandbox may not have, and no wakeups. */
typedef struct _CrownSuspendWatch CrownSuspendWatch;

/* @func: is called in @context after each sleep. @slept: (nullable): the kernel's clocks. Of one thread. */
CrownSuspendWatch *crown_suspend_watch_new   (GMainContext *context, CrownSleptFunc slept, GFunc func, gpointer user_data);
void               crown_suspend_watch_free  (CrownSuspendWatch *self);
/* The clock was set, or may have been: calls @func if that was a sleep. */
void               crown_suspend_watch_check (CrownSuspendWatch *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownSuspendWatch, crown_suspend_watch_free)

G_END_DECLS
