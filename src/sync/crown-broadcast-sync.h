/* crown-broadcast-sync.h: messages between the windows and processes of one person, as BroadcastChannel has them for tabs
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define CROWN_TYPE_BROADCAST_SYNC (crown_broadcast_sync_get_type ())
G_DECLARE_FINAL_TYPE (CrownBroadcastSync, crown_broadcast_sync, CROWN, BROADCAST_SYNC, GObject)

/* Of a message that comes over the bus; longer ones are ignored and counted. */
#define CROWN_BROADCAST_TYPE_MAX 64
#define CROWN_BROADCAST_BODY_MAX (1024 * 1024)

/* Signal "message" (const char *type, GVariant *body): somebody else on the channel posted; never one's own.
 * In the thread-default main context of the thread that made the object, which is the only one that may use it. */
CrownBroadcastSync *crown_broadcast_sync_new           (GDBusConnection    *bus,
                                                        const char         *channel);
void                crown_broadcast_sync_post          (CrownBroadcastSync *self,
                                                        const char         *type,
                                                        GVariant           *body);
guint64             crown_broadcast_sync_get_n_ignored (CrownBroadcastSync *self);

G_END_DECLS
