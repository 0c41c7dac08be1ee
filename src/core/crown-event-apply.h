/* crown-event-apply.h: rows before + event = rows after; the one place where an event's meaning for a row is computed
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-envelope.h"

G_BEGIN_DECLS

/**
 * crown_event_apply_row:
 * @info: the event's type; its effect is one of PUT, MERGE, ARCHIVE, DELETE, SET, APPEND
 * @before: (nullable): the row before, or for metadata `{key, value, updated_at}`
 * @after: (out) (nullable) (transfer full): the row after; %NULL when it goes
 *
 * Pure: the server uses it to make the row it stores, the client to make the row it caches, so that both are equal byte
 * for byte. Never changes @before.
 * ARCHIVE sets archived=true, status="archived", archived_by, archived_at=data.timestamp. A restore is a MEETING_UPDATE
 * with {archived:false, status:"completed"|"active", archived_by:null, archived_at:null}.
 * Merging a row's member with null stores null.
 *
 * Returns: %FALSE with %CROWN_EVENT_ERROR_NO_ROW where a row is needed and @before is %NULL
 */
gboolean crown_event_apply_row (const CrownEventInfo *info,
                                JsonObject           *data,
                                JsonObject           *before,
                                JsonObject          **after,
                                GError              **error);

/* The same for a @before that nobody else has: it may become @after instead of being copied. */
gboolean crown_event_apply_own_row (const CrownEventInfo *info,
                                    JsonObject           *data,
                                    JsonObject           *before,
                                    JsonObject          **after,
                                    GError              **error);

/* The row's id as the event names it; 0 where it names none. Analytics' id is their session_id. */
gint64   crown_event_row_id    (const CrownEventInfo *info,
                                JsonObject           *data);

G_END_DECLS
