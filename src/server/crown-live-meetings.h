/* crown-live-meetings.h: meetings that go on
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-event-sequencer.h"

G_BEGIN_DECLS

typedef struct _CrownLiveMeetings CrownLiveMeetings;

CrownLiveMeetings *crown_live_meetings_new     (CrownEventSequencer *sequencer);
gboolean           crown_live_meetings_add     (CrownLiveMeetings   *self,
                                                CrownEventWrite     *write,
                                                JsonObject          *meeting,
                                                JsonArray           *segments,
                                                GError             **error);
void               crown_live_meetings_tick    (CrownLiveMeetings   *self);
void               crown_live_meetings_stop    (CrownLiveMeetings   *self);
guint              crown_live_meetings_n_busy  (CrownLiveMeetings   *self);
void               crown_live_meetings_free    (CrownLiveMeetings   *self);

/* What was said so far, as the transcript of a meeting. (transfer full) (nullable): %NULL without an error where nothing was */
gboolean           crown_live_meetings_load    (CrownEventLedger    *ledger,
                                                gint64               meeting_id,
                                                char               **transcript,
                                                GError             **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownLiveMeetings, crown_live_meetings_free)

G_END_DECLS
