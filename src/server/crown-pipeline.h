/* crown-pipeline.h: from a transcript to the events of a meeting
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-assistant.h"
#include "crown-event-sequencer.h"

G_BEGIN_DECLS

/* A transcript on its way: read, accepted, analysed, written. Each step is for the thread that has it. */
typedef struct _CrownPipeline CrownPipeline;

CrownPipeline *crown_pipeline_new             (const char        *data,
                                               gsize              length,
                                               const char        *name,
                                               const char        *date,
                                               const CrownClock  *clock,
                                               GError           **error);
CrownPipeline *crown_pipeline_new_pending     (CrownEventLedger  *ledger,
                                               CrownLedgerImport *import,
                                               GError           **error);
CrownPipeline *crown_pipeline_new_live        (CrownEventWrite   *write,
                                               gint64             meeting_id,
                                               GError           **error);
void           crown_pipeline_free            (CrownPipeline     *self);
gboolean       crown_pipeline_accept          (CrownPipeline     *self,
                                               CrownEventWrite   *write,
                                               GError           **error);
void           crown_pipeline_set_assistant   (CrownPipeline     *self,
                                               CrownAssistant    *assistant);
gboolean       crown_pipeline_analyze         (CrownPipeline     *self,
                                               GError           **error);
gboolean       crown_pipeline_write           (CrownPipeline     *self,
                                               CrownEventWrite   *write,
                                               JsonObject       **row,
                                               GError           **error);
gboolean       crown_pipeline_is_done         (CrownPipeline     *self);
const CrownLedgerImport *
               crown_pipeline_get_import      (CrownPipeline     *self);
guint          crown_pipeline_get_task_count  (CrownPipeline     *self);

gboolean       crown_pipeline_create_meeting  (CrownEventWrite   *write,
                                               gint64             id,
                                               const char        *title,
                                               const char        *started_at,
                                               const char        *source,
                                               JsonObject       **row,
                                               GError           **error);
gboolean       crown_pipeline_emit_analytics  (CrownEventWrite   *write,
                                               gint64             meeting_id,
                                               JsonObject        *analysis,
                                               GError           **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownPipeline, crown_pipeline_free)

G_END_DECLS
