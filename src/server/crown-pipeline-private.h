/* crown-pipeline-private.h: the parts of the pipeline
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "analysis/crown-transcript.h"
#include "crown-pipeline.h"

G_BEGIN_DECLS

/**
 * crown_pipeline_emit_tasks:
 * @items: (nullable): the action items of the analysis
 * @before: (nullable): what this function returned for the meeting last time
 * @n_added: (out): how many tasks the meeting has more than before; may be negative
 *
 * Brings the tasks of a meeting up to what its transcript says: makes those that are new, changes those that are said
 * otherwise, and deletes those that are not said any more. What a person has changed or deleted stays as it is.
 *
 * Returns: (transfer full) (nullable): which task came of which item, for the next time; %NULL with an error
 */
JsonArray *crown_pipeline_emit_tasks (CrownEventWrite        *write,
                                      gint64                  meeting_id,
                                      const CrownTranscript  *transcript,
                                      JsonArray              *items,
                                      JsonArray              *before,
                                      gint64                 *n_added,
                                      GError                **error);

G_END_DECLS
