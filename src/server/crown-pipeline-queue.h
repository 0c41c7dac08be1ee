/* crown-pipeline-queue.h: goes on with the imports that were cut off
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-pipeline.h"

G_BEGIN_DECLS

typedef struct _CrownPipelineQueue CrownPipelineQueue;

CrownPipelineQueue *crown_pipeline_queue_new     (CrownEventSequencer *sequencer);
gboolean            crown_pipeline_queue_resume  (CrownPipelineQueue  *self,
                                                  GError             **error);
void                crown_pipeline_queue_set_assistant (CrownPipelineQueue *self,
                                                        CrownAssistant     *assistant);
void                crown_pipeline_queue_stop    (CrownPipelineQueue  *self);
gboolean            crown_pipeline_queue_is_busy (CrownPipelineQueue  *self);
void                crown_pipeline_queue_free    (CrownPipelineQueue  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownPipelineQueue, crown_pipeline_queue_free)

G_END_DECLS
