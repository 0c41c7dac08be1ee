/* crown-pipeline.h: from a transcript to the events of a meeting
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-event-sequencer.h"

G_BEGIN_DECLS

/* A transcript that was read and analysed, and has changed nothing yet. */
typedef struct _CrownPipeline CrownPipeline;

CrownPipeline *crown_pipeline_new            (const char       *data,
                                              gsize             length,
                                              const char       *name,
                                              const char       *date,
                                              const CrownClock *clock,
                                              GError          **error);
void           crown_pipeline_free           (CrownPipeline    *self);
gboolean       crown_pipeline_write          (CrownPipeline    *self,
                                              CrownEventWrite  *write,
                                              GError          **error);
gint64         crown_pipeline_get_meeting_id (CrownPipeline    *self);
guint          crown_pipeline_get_task_count (CrownPipeline    *self);

gboolean       crown_pipeline_create_meeting  (CrownEventWrite *write, gint64 id, const char *title, const char *started_at,
                                               const char *source, JsonObject **row, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownPipeline, crown_pipeline_free)

G_END_DECLS
