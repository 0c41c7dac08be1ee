/* crown-event-broadcaster.h: tells the rooms of what was committed
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-authenticator.h"
#include "crown-rate-limiter.h"
#include "crown-event-sequencer.h"
#include "socketio/crown-sio-server.h"

G_BEGIN_DECLS

#define CROWN_TYPE_EVENT_BROADCASTER (crown_event_broadcaster_get_type ())
G_DECLARE_FINAL_TYPE (CrownEventBroadcaster, crown_event_broadcaster, CROWN, EVENT_BROADCASTER, GObject)

CrownEventBroadcaster *crown_event_broadcaster_new        (CrownSioServer        *sio,
                                                           CrownEventSequencer   *sequencer,
                                                           CrownAuthenticator    *authenticator,
                                                              CrownRateLimiter      *limiter,
                                                           CrownMetrics          *metrics);
/* Rooms that have somebody in them; sockets that have joined. */
guint                  crown_event_broadcaster_get_n_rooms   (CrownEventBroadcaster *self);
guint                  crown_event_broadcaster_get_n_members (CrownEventBroadcaster *self);
/* Cuts the sockets whose token was revoked, by whatever process. */
gboolean               crown_event_broadcaster_watch      (CrownEventBroadcaster *self, GError **error);
void                   crown_event_broadcaster_recheck    (CrownEventBroadcaster *self);
void                   crown_event_broadcaster_idle_sync  (CrownEventBroadcaster *self);
void                   crown_event_broadcaster_say_closing (CrownEventBroadcaster *self,
                                                            guint                  retry_after_ms);

G_END_DECLS
