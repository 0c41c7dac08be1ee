/* crown-service-notify.h: tells the service manager how the daemon is, as sd_notify(3) has it
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _CrownServiceNotify CrownServiceNotify;

CrownServiceNotify *crown_service_notify_new             (void);
guint               crown_service_notify_get_watchdog_ms (CrownServiceNotify *self);
void                crown_service_notify_say             (CrownServiceNotify *self,
                                                          const char         *state);
void                crown_service_notify_ping            (gpointer            self);
void                crown_service_notify_free            (CrownServiceNotify *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownServiceNotify, crown_service_notify_free)

G_END_DECLS
