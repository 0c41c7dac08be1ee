/* crown-pipeline.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-pipeline.h"

#include <string.h>

#include "analysis/crown-transcript.h"
#include "core/crown-json.h"
#include "crown-server-error.h"

struct _CrownPipeline
{
  char            *name;       /* (nullable) of the file */
  char            *started_at;
  CrownTranscript *transcript;
  JsonObject      *analysis;
  gint64           meeting_id; /* 0 until it is written */
  guint            task_count;
};

/* RFC 3339 in UTC. A day without a time is its noon in UTC, which is the same day for nearly everybody. */
static char *
normalize_date (const char *text)
{
  g_autofree char *noon = NULL;
  gint64 unix_us;

  if (text == NULL)
    return NULL;

  if (strlen (text) == strlen ("YYYY-MM-DD"))
    text = noon = g_strconcat (text, "T12:00:00Z", NULL);

  return crown_time_parse_iso (text, &unix_us) ? crown_time_format_iso (unix_us) : NULL;
}

/**
 * crown_pipeline_new:
 * @name: (nullable): the file's name
 * @date: (nullable): when the meeting was, as RFC 3339 or YYYY-MM-DD; otherwise what the transcript says, otherwise now
 * @error: (out) (optional): %CROWN_SERVER_ERROR_TRANSCRIPT with the reader's reason, %CROWN_SERVER_ERROR_TOO_LARGE, or
 *   %CROWN_SERVER_ERROR_BAD_REQUEST for a @date that is none
 *
 * Reads and analyses a transcript. Touches no ledger, so that it is done before a transaction is opened.
 *
 * Returns: (transfer full): what crown_pipeline_write() writes
 */
CrownPipeline *
crown_pipeline_new (const char       *data,
                    gsize             length,
                    const char       *name,
                    const char       *date,
                    const CrownClock *clock,
                    GError          **error)
{
  g_autoptr (CrownPipeline) self = g_new0 (CrownPipeline, 1);
  g_autoptr (GError) local_error = NULL;

  if (date != NULL && (self->started_at = normalize_date (date)) == NULL)
    {
      g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_BAD_REQUEST, "“%s” is no date", date);
      return NULL;
    }

  self->transcript = crown_transcript_read (data, length, name, &local_error);
  if (self->transcript == NULL)
    {
      CrownServerError code = g_error_matches (local_error, CROWN_TRANSCRIPT_ERROR, CROWN_TRANSCRIPT_ERROR_TOO_LARGE)
        ? CROWN_SERVER_ERROR_TOO_LARGE : CROWN_SERVER_ERROR_TRANSCRIPT;

      g_set_error_literal (error, CROWN_SERVER_ERROR, code, local_error->message);
      return NULL;
    }

  if (self->started_at == NULL)
    self->started_at = normalize_date (self->transcript->started_at);
  if (self->started_at == NULL)
    self->started_at = crown_clock_now_iso (clock);

  self->name = g_strdup (name);
  self->analysis = crown_analyze (self->transcript, self->started_at);
  return g_steal_pointer (&self);
}

void
crown_pipeline_free (CrownPipeline *self)
{
  g_free (self->name);
  g_free (self->started_at);
  g_clear_pointer (&self->transcript, crown_transcript_free);
  g_clear_pointer (&self->analysis, json_object_unref);
  g_free (self);
}

static void
set_string_or_null (JsonObject *object,
                    const char *member,
                    const char *value)
{
  if (value != NULL)
    json_object_set_string_member (object, member, value);
  else
    json_object_set_null_member (object, member);
}

static void
copy_member (JsonObject *to,
             JsonObject *from,
             const char *member)
{
  JsonNode *node = json_object_get_member (from, member);

  if (node != NULL)
    json_object_set_member (to, member, json_node_copy (node));
}

/**
 * crown_pipeline_create_meeting:
 * @id: that was allotted to it in @write
 * @title: not empty
 * @started_at: RFC 3339, UTC
 * @source: (nullable): the name of the file that it came from
 * @row: (out) (optional) (transfer full): the row as it is stored
 * @error: as crown_event_write_emit()
 *
 * Emits the SESSION_CREATE of a meeting of which nothing is known yet, and traces what follows in @write to it.
 */
gboolean
crown_pipeline_create_meeting (CrownEventWrite  *write,
                               gint64            id,
                               const char       *title,
                               const char       *started_at,
                               const char       *source,
                               JsonObject      **row,
                               GError          **error)
{
  g_autoptr (JsonObject) data = json_object_new ();
  g_autofree char *external_id = g_uuid_string_random ();
  JsonObject *meeting = json_object_new ();

  json_object_set_int_member (meeting, "id", id);
  json_object_set_string_member (meeting, "title", title);
  json_object_set_string_member (meeting, "status", "active");
  json_object_set_string_member (meeting, "created_at", crown_event_write_get_timestamp (write));
  json_object_set_string_member (meeting, "started_at", started_at);
  json_object_set_int_member (meeting, "duration", 0);
  json_object_set_string_member (meeting, "summary", "");
  json_object_set_int_member (meeting, "task_count", 0);
  json_object_set_int_member (meeting, "participant_count", 0);
  json_object_set_boolean_member (meeting, "archived", FALSE);
  json_object_set_null_member (meeting, "archived_at");
  json_object_set_null_member (meeting, "archived_by");
  json_object_set_string_member (meeting, "external_session_id", external_id);
  set_string_or_null (meeting, "source", source);
  json_object_set_object_member (data, "meeting", meeting);

  crown_event_write_set_meeting (write, meeting);
  return crown_event_write_emit (write, CROWN_EVENT_SESSION_CREATE, data, row, error);
}

static gboolean
emit_create (CrownPipeline    *self,
             CrownEventWrite  *write,
             GError          **error)
{
  const char *title = crown_json_opt_string (self->analysis, "title", NULL);

  if (title == NULL || *title == '\0')
    title = self->name != NULL && *self->name != '\0' ? self->name : "Meeting";

  return crown_pipeline_create_meeting (write, self->meeting_id, title, self->started_at, self->name, NULL, error);
}

static gboolean
emit_summary (CrownPipeline    *self,
              CrownEventWrite  *write,
              GError          **error)
{
  g_autoptr (JsonObject) data = json_object_new ();
  g_autoptr (GString) text = g_string_new (NULL);
  JsonObject *updates = json_object_new ();
  JsonArray *summary = crown_json_opt_array (self->analysis, "summary");
  JsonArray *participants = crown_json_opt_array (self->analysis, "participants");

  for (guint i = 0; summary != NULL && i < json_array_get_length (summary); i++)
    {
      JsonObject *sentence = json_array_get_object_element (summary, i);

      if (text->len > 0)
        g_string_append_c (text, ' ');
      g_string_append (text, crown_json_opt_string (sentence, "text", ""));
    }

  json_object_set_string_member (updates, "summary", text->str);
  json_object_set_array_member (updates, "summary_evidence",
                                summary != NULL ? json_array_ref (summary) : json_array_new ());
  json_object_set_array_member (updates, "participants",
                                participants != NULL ? json_array_ref (participants) : json_array_new ());
  json_object_set_int_member (updates, "participant_count",
                              participants != NULL ? json_array_get_length (participants) : 0);
  json_object_set_int_member (data, "session_id", self->meeting_id);
  json_object_set_object_member (data, "updates", updates);
  return crown_event_write_emit (write, CROWN_EVENT_MEETING_UPDATE, data, NULL, error);
}

static gboolean
emit_task (CrownPipeline    *self,
           CrownEventWrite  *write,
           JsonObject       *item,
           GError          **error)
{
  g_autoptr (JsonObject) data = json_object_new ();
  gint64 line = crown_json_opt_int (item, "line", -1);
  const char *evidence = NULL;
  gint64 id;

  if (!crown_event_write_allot_id (write, CROWN_STORE_TASKS, &id, error))
    return FALSE;

  if (line >= 0 && line < (gint64) self->transcript->segments->len)
    {
      const CrownSegment *segment = g_ptr_array_index (self->transcript->segments, (guint) line);

      evidence = segment->text;
    }

  JsonObject *task = json_object_new ();

  json_object_set_int_member (task, "id", id);
  json_object_set_int_member (task, "session_id", self->meeting_id);
  json_object_set_string_member (task, "text", crown_json_opt_string (item, "text", ""));
  json_object_set_string_member (task, "status", "pending");
  json_object_set_string_member (task, "priority", crown_json_opt_string (item, "priority", "medium"));
  set_string_or_null (task, "due_date", crown_json_opt_string (item, "due", NULL));
  set_string_or_null (task, "assignee", crown_json_opt_string (item, "assignee", NULL));
  json_object_set_string_member (task, "created_at", crown_event_write_get_timestamp (write));
  json_object_set_null_member (task, "completed_at");
  set_string_or_null (task, "speaker", crown_json_opt_string (item, "speaker", NULL));
  json_object_set_int_member (task, "evidence_line", line);
  set_string_or_null (task, "evidence_text", evidence);
  json_object_set_double_member (task, "confidence", crown_json_opt_double (item, "confidence", 0.0));
  json_object_set_object_member (data, "task", task);
  return crown_event_write_emit (write, CROWN_EVENT_TASK_CREATE, data, NULL, error);
}

static gboolean
emit_tasks (CrownPipeline    *self,
            CrownEventWrite  *write,
            GError          **error)
{
  JsonArray *items = crown_json_opt_array (self->analysis, "action_items");

  self->task_count = items != NULL ? json_array_get_length (items) : 0;
  for (guint i = 0; i < self->task_count; i++)
    {
      if (!emit_task (self, write, json_array_get_object_element (items, i), error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
emit_analytics (CrownPipeline    *self,
                CrownEventWrite  *write,
                GError          **error)
{
  g_autoptr (JsonObject) data = json_object_new ();
  JsonObject *analytics = json_object_new ();

  json_object_set_int_member (analytics, "session_id", self->meeting_id);
  copy_member (analytics, self->analysis, "speaking_time");
  copy_member (analytics, self->analysis, "sentiment");
  copy_member (analytics, self->analysis, "participation");
  copy_member (analytics, self->analysis, "estimated_times");
  json_object_set_string_member (analytics, "updated_at", crown_event_write_get_timestamp (write));
  json_object_set_object_member (data, "analytics", analytics);
  return crown_event_write_emit (write, CROWN_EVENT_ANALYTICS_REFRESH, data, NULL, error);
}

static gboolean
emit_complete (CrownPipeline    *self,
               CrownEventWrite  *write,
               GError          **error)
{
  g_autoptr (JsonObject) data = json_object_new ();
  JsonObject *updates = json_object_new ();
  double duration = crown_json_opt_double (self->analysis, "duration", 0.0);

  json_object_set_string_member (updates, "status", "completed");
  json_object_set_int_member (updates, "duration", (gint64) (CLAMP (duration, 0.0, (double) G_MAXINT32) + 0.5));
  json_object_set_int_member (updates, "task_count", self->task_count);
  json_object_set_int_member (data, "session_id", self->meeting_id);
  json_object_set_object_member (data, "updates", updates);
  return crown_event_write_emit (write, CROWN_EVENT_SESSION_COMPLETE, data, NULL, error);
}

static gboolean
keep_transcript (CrownPipeline    *self,
                 CrownEventWrite  *write,
                 GError          **error)
{
  g_autoptr (JsonObject) transcript = crown_transcript_to_json (self->transcript);

  json_object_set_int_member (transcript, "session_id", self->meeting_id);

  g_autofree char *json = crown_json_object_to_string (transcript);

  return crown_event_ledger_put_transcript (crown_event_write_get_ledger (write), self->meeting_id, json, error);
}

/**
 * crown_pipeline_write:
 * @write: an open write; it gets the trace_id of the meeting
 *
 * Emits SESSION_CREATE, MEETING_UPDATE, TASK_CREATE…, ANALYTICS_REFRESH, SESSION_COMPLETE, and keeps the transcript.
 * DASHBOARD_REFRESH is the caller's.
 *
 * Returns: %FALSE if the write has to be given up
 */
gboolean
crown_pipeline_write (CrownPipeline    *self,
                      CrownEventWrite  *write,
                      GError          **error)
{
  return crown_event_write_allot_id (write, CROWN_STORE_MEETINGS, &self->meeting_id, error) &&
         emit_create (self, write, error) &&
         emit_summary (self, write, error) &&
         emit_tasks (self, write, error) &&
         emit_analytics (self, write, error) &&
         emit_complete (self, write, error) &&
         keep_transcript (self, write, error);
}

gint64
crown_pipeline_get_meeting_id (CrownPipeline *self)
{
  return self->meeting_id;
}

guint
crown_pipeline_get_task_count (CrownPipeline *self)
{
  return self->task_count;
}
