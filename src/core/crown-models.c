/* crown-models.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-core"

#include "crown-models.h"

#include "crown-json.h"

G_DEFINE_BOXED_TYPE (CrownMeeting, crown_meeting, crown_meeting_ref, crown_meeting_unref)
G_DEFINE_BOXED_TYPE (CrownTask, crown_task, crown_task_ref, crown_task_unref)
G_DEFINE_BOXED_TYPE (CrownAnalytics, crown_analytics, crown_analytics_ref, crown_analytics_unref)

static char *
dup_text (JsonObject *row,
          const char *member,
          const char *otherwise)
{
  return g_strdup (crown_json_opt_string (row, member, otherwise));
}

static char **
dup_texts (JsonObject *row,
           const char *member)
{
  JsonArray *array = crown_json_opt_array (row, member);
  g_autoptr (GStrvBuilder) builder = NULL;

  if (array == NULL)
    return NULL;
  builder = g_strv_builder_new ();
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);

      if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
        g_strv_builder_add (builder, json_node_get_string (node));
    }

  return g_strv_builder_end (builder);
}

/**
 * crown_meeting_from_json:
 * @row: a row of `meetings`
 * @error: (out) (optional): %CROWN_JSON_ERROR where it has no id
 *
 * Members that are absent or of another type have their empty value: a row that an older server wrote is still shown.
 *
 * Returns: (transfer full) (nullable): the meeting
 */
CrownMeeting *
crown_meeting_from_json (JsonObject  *row,
                         GError     **error)
{
  CrownMeeting *self;
  gint64 id;

  if (!crown_json_get_int (row, "id", &id, error))
    return NULL;

  self = g_atomic_rc_box_new0 (CrownMeeting);
  self->id = id;
  self->title = dup_text (row, "title", "");
  self->status = dup_text (row, "status", "active");
  self->created_at = dup_text (row, "created_at", "");
  self->started_at = dup_text (row, "started_at", NULL);
  self->duration = crown_json_opt_int (row, "duration", 0);
  self->summary = dup_text (row, "summary", "");
  self->task_count = crown_json_opt_int (row, "task_count", 0);
  self->participant_count = crown_json_opt_int (row, "participant_count", 0);
  self->archived = crown_json_opt_boolean (row, "archived", FALSE);
  self->archived_at = dup_text (row, "archived_at", NULL);
  self->archived_by = crown_json_opt_int (row, "archived_by", 0);
  self->participants = dup_texts (row, "participants");
  self->summary_evidence = crown_json_opt_array (row, "summary_evidence");
  if (self->summary_evidence != NULL)
    json_array_ref (self->summary_evidence);

  return self;
}

CrownMeeting *
crown_meeting_ref (CrownMeeting *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
crown_meeting_clear (gpointer data)
{
  CrownMeeting *self = data;

  g_free (self->title);
  g_free (self->status);
  g_free (self->created_at);
  g_free (self->started_at);
  g_free (self->summary);
  g_free (self->archived_at);
  g_strfreev (self->participants);
  g_clear_pointer (&self->summary_evidence, json_array_unref);
}

void
crown_meeting_unref (CrownMeeting *self)
{
  g_atomic_rc_box_release_full (self, crown_meeting_clear);
}

/**
 * crown_task_from_json:
 * @row: a row of `tasks`
 *
 * Returns: (transfer full) (nullable): the task; as crown_meeting_from_json()
 */
CrownTask *
crown_task_from_json (JsonObject  *row,
                      GError     **error)
{
  CrownTask *self;
  gint64 id;

  if (!crown_json_get_int (row, "id", &id, error))
    return NULL;

  self = g_atomic_rc_box_new0 (CrownTask);
  self->id = id;
  self->session_id = crown_json_opt_int (row, "session_id", 0);
  self->text = dup_text (row, "text", "");
  self->status = dup_text (row, "status", "pending");
  self->priority = dup_text (row, "priority", "medium");
  self->due_date = dup_text (row, "due_date", NULL);
  self->assignee = dup_text (row, "assignee", NULL);
  self->created_at = dup_text (row, "created_at", NULL);
  self->completed_at = dup_text (row, "completed_at", NULL);
  self->speaker = dup_text (row, "speaker", NULL);
  self->evidence_text = dup_text (row, "evidence_text", NULL);
  self->evidence_line = crown_json_opt_int (row, "evidence_line", -1);
  self->confidence = crown_json_opt_double (row, "confidence", 0);

  return self;
}

CrownTask *
crown_task_ref (CrownTask *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
crown_task_clear (gpointer data)
{
  CrownTask *self = data;

  g_free (self->text);
  g_free (self->status);
  g_free (self->priority);
  g_free (self->due_date);
  g_free (self->assignee);
  g_free (self->created_at);
  g_free (self->completed_at);
  g_free (self->speaker);
  g_free (self->evidence_text);
}

void
crown_task_unref (CrownTask *self)
{
  g_atomic_rc_box_release_full (self, crown_task_clear);
}

static JsonObject *
dup_object (JsonObject *row,
            const char *member)
{
  JsonObject *object = crown_json_opt_object (row, member);

  return object != NULL ? json_object_ref (object) : json_object_new ();
}

static JsonArray *
dup_array (JsonObject *row,
           const char *member)
{
  JsonArray *array = crown_json_opt_array (row, member);

  return array != NULL ? json_array_ref (array) : json_array_new ();
}

CrownAnalytics *
crown_analytics_from_json (JsonObject  *row,
                           GError     **error)
{
  CrownAnalytics *self;
  gint64 session_id;

  if (!crown_json_get_int (row, "session_id", &session_id, error))
    return NULL;

  self = g_atomic_rc_box_new0 (CrownAnalytics);
  self->session_id = session_id;
  self->speaking_time = dup_object (row, "speaking_time");
  self->sentiment = dup_object (row, "sentiment");
  self->participation = dup_object (row, "participation");
  self->topics = dup_array (row, "topics");
  self->decisions = dup_array (row, "decisions");
  self->events = dup_array (row, "events");
  self->notes = dup_array (row, "notes");
  self->updated_at = dup_text (row, "updated_at", "");

  return self;
}

CrownAnalytics *
crown_analytics_ref (CrownAnalytics *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
crown_analytics_clear (gpointer data)
{
  CrownAnalytics *self = data;

  json_object_unref (self->speaking_time);
  json_object_unref (self->sentiment);
  json_object_unref (self->participation);
  json_array_unref (self->topics);
  json_array_unref (self->decisions);
  json_array_unref (self->events);
  json_array_unref (self->notes);
  g_free (self->updated_at);
}

void
crown_analytics_unref (CrownAnalytics *self)
{
  g_atomic_rc_box_release_full (self, crown_analytics_clear);
}
