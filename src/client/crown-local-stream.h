/* crown-local-stream.h: the events that stay on this computer, in order and to be replayed: FILTER_APPLY
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "core/crown-change-set.h"
#include "core/crown-clock.h"
#include "core/crown-envelope.h"

G_BEGIN_DECLS

/* So many events are kept, the newest; those before are superseded, and a replay has a tombstone for them. */
#define CROWN_LOCAL_STREAM_KEPT 1000

/* A connection to cache.db of its own, for one thread; several processes may have one. */
typedef struct _CrownLocalStream CrownLocalStream;

/* @path: cache.db, made or migrated as crown_cache_open() does it, but not set aside where it is damaged */
CrownLocalStream *crown_local_stream_open   (const char        *path,
                                             gint64             workspace_id,
                                             gint64             user_id,
                                             const CrownClock  *clock,
                                             GError           **error);
void              crown_local_stream_close  (CrownLocalStream  *self);
CrownEnvelope    *crown_local_stream_emit   (CrownLocalStream  *self,
                                             CrownEventType     type,
                                             JsonObject        *data,
                                             CrownChangeSet    *changes,
                                             GError           **error);
GPtrArray        *crown_local_stream_replay (CrownLocalStream  *self,
                                             guint64            after,
                                             guint              limit,
                                             GError           **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownLocalStream, crown_local_stream_close)

G_END_DECLS
