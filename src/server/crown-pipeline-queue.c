/* crown-pipeline-queue.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-pipeline-queue.h"

/**
 * CrownPipelineQueue:
 *
 * What a server has accepted and not finished when it died is finished by the next, one import after another, while
 * requests are answered. Several servers of one ledger may do so at once: the first that comes to an end has done it.
 */
struct _CrownPipelineQueue
{
  CrownEventSequencer *sequencer;
  GPtrArray           *imports;  /* (element-type CrownLedgerImport): not begun, the next one last */
  CrownPipeline       *pipeline; /* (nullable): on the other thread */
  CrownAssistant      *assistant; /* (nullable) */
};

CrownPipelineQueue *
crown_pipeline_queue_new (CrownEventSequencer *sequencer)
{
  CrownPipelineQueue *self = g_new0 (CrownPipelineQueue, 1);

  self->sequencer = g_object_ref (sequencer);
  self->imports = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_ledger_import_free);
  return self;
}

static void
analyze_on_thread (GTask        *task,
                   gpointer      source,
                   gpointer      task_data,
                   GCancellable *cancellable)
{
  GError *error = NULL;

  if (crown_pipeline_analyze (task_data, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static gboolean
write_pipeline (CrownPipelineQueue  *self,
                GError             **error)
{
  const CrownLedgerImport *import = crown_pipeline_get_import (self->pipeline);
  CrownPrincipal who = { .user_id = import->user_id, .workspace_id = import->workspace_id, .role = CROWN_ROLE_MEMBER };
  g_autoptr (CrownEventWrite) write = crown_event_sequencer_begin (self->sequencer, &who, import->mutation_id, error);

  return write != NULL &&
         crown_pipeline_write (self->pipeline, write, NULL, error) &&
         (crown_pipeline_is_done (self->pipeline) ||
          (crown_event_write_emit_stats (write, error) &&
           crown_event_write_commit_later (g_steal_pointer (&write), NULL, NULL, error)));
}

static void begin_next (CrownPipelineQueue *self);

static void
on_analyzed (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  CrownPipelineQueue *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error) || !write_pipeline (self, &error))
    g_warning ("The import of meeting %" G_GINT64_FORMAT " was not gone on with: %s",
               crown_pipeline_get_import (self->pipeline)->meeting_id, error->message);

  g_clear_pointer (&self->pipeline, crown_pipeline_free);
  begin_next (self);
}

static void
begin_next (CrownPipelineQueue *self)
{
  while (self->pipeline == NULL && self->imports->len > 0)
    {
      CrownLedgerImport *import = g_ptr_array_steal_index (self->imports, self->imports->len - 1);
      gint64 id = import->meeting_id;
      g_autoptr (GError) error = NULL;
      g_autoptr (GTask) task = NULL;

      self->pipeline = crown_pipeline_new_pending (crown_event_sequencer_get_ledger (self->sequencer), import, &error);
      if (self->pipeline == NULL)
        {
          g_warning ("The import of meeting %" G_GINT64_FORMAT " cannot be gone on with: %s", id, error->message);
          continue;
        }

      crown_pipeline_set_assistant (self->pipeline, self->assistant);
      task = g_task_new (NULL, NULL, on_analyzed, self);
      g_task_set_task_data (task, self->pipeline, NULL);
      g_task_run_in_thread (task, analyze_on_thread);
    }
}

/**
 * crown_pipeline_queue_resume:
 *
 * Begins to finish what is pending in the ledger. The calling thread's main context has to run.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_pipeline_queue_resume (CrownPipelineQueue  *self,
                             GError             **error)
{
  g_autoptr (GPtrArray) pending = crown_event_ledger_list_pending (crown_event_sequencer_get_ledger (self->sequencer), error);

  if (pending == NULL)
    return FALSE;

  for (guint i = pending->len; i > 0; i--)
    g_ptr_array_add (self->imports, g_ptr_array_steal_index (pending, i - 1));
  begin_next (self);
  return TRUE;
}

/* @assistant: (nullable): for what is begun from here on */
void
crown_pipeline_queue_set_assistant (CrownPipelineQueue *self,
                                    CrownAssistant     *assistant)
{
  g_clear_pointer (&self->assistant, crown_assistant_unref);
  if (assistant != NULL)
    self->assistant = crown_assistant_ref (assistant);
}

/**
 * crown_pipeline_queue_stop:
 *
 * Begins nothing more; what is on the other thread is finished. The next server does the rest.
 */
void
crown_pipeline_queue_stop (CrownPipelineQueue *self)
{
  g_ptr_array_set_size (self->imports, 0);
}

/* Whether something is on the other thread: the queue must not be freed then. */
gboolean
crown_pipeline_queue_is_busy (CrownPipelineQueue *self)
{
  return self->pipeline != NULL;
}

void
crown_pipeline_queue_free (CrownPipelineQueue *self)
{
  g_return_if_fail (self->pipeline == NULL);

  g_ptr_array_unref (self->imports);
  g_clear_pointer (&self->assistant, crown_assistant_unref);
  g_object_unref (self->sequencer);
  g_free (self);
}
