/* crown-rest-writes.c: the routes that emit events
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include <string.h>

#include "core/crown-json.h"
#include "core/crown-limits.h"
#include "crown-rest-private.h"
#include "crown-server-error.h"
#include "crown-workspace-stats.h"

#define TEXT_MAX  10000 /* bytes of a task's text or a meeting's summary */
#define TITLE_MAX 500   /* bytes of a title or a name */

/* What a person may set, and to what. */
typedef struct {
  const char *member;
  gboolean    nullable;
  gsize       length_max;
  gboolean    may_be_empty;
  gboolean    is_date;
  gboolean    is_number; /* from minimum to maximum; a text otherwise */
  gboolean    is_whole;
  double      minimum;
  double      maximum;
  const char *values[4]; /* any of them; none: any text */
} Field;

#define TASK_FIELDS \
  { "text", FALSE, TEXT_MAX }, \
  { "status", FALSE, 16, .values = { "pending", "completed", "cancelled" } }, \
  { "priority", FALSE, 16, .values = { "low", "medium", "high" } }, \
  { "due_date", TRUE, 10, .is_date = TRUE }, \
  { "assignee", TRUE, TITLE_MAX }

static const Field task_fields[] = {
  TASK_FIELDS,
  { NULL }
};

/* Where a task comes from is said once: one that was deleted and is made anew keeps it. */
static const Field new_task_fields[] = {
  TASK_FIELDS,
  { "speaker", TRUE, TITLE_MAX },
  { "evidence_text", TRUE, TEXT_MAX },
  { "evidence_line", .is_number = TRUE, .is_whole = TRUE, .minimum = -1, .maximum = G_MAXINT32 },
  { "confidence", .is_number = TRUE, .minimum = 0, .maximum = 1 },
  { NULL }
};

static const Field meeting_fields[] = {
  { "title", FALSE, TITLE_MAX },
  { "summary", FALSE, TEXT_MAX, .may_be_empty = TRUE },
  { NULL }
};

static gboolean
is_date (const char *text)
{
  g_autofree char *midnight = g_strconcat (text, "T00:00:00Z", NULL);
  gint64 unix_us;

  return strlen (text) == strlen ("YYYY-MM-DD") && crown_time_parse_iso (midnight, &unix_us);
}

static const char *
find_fault_of_number (const Field *field,
                      JsonNode    *node)
{
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_NONE;

  if (type != G_TYPE_INT64 && (type != G_TYPE_DOUBLE || field->is_whole))
    return field->is_whole ? "is not an integer" : "is not a number";

  double value = json_node_get_double (node);

  return value >= field->minimum && value <= field->maximum ? NULL : "is out of its range";
}

static const char *
find_fault (const Field *field,
            JsonNode    *node)
{
  if (JSON_NODE_HOLDS_NULL (node))
    return field->nullable ? NULL : "may not be null";

  if (field->is_number)
    return find_fault_of_number (field, node);

  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
    return "is not a text";

  const char *text = json_node_get_string (node);

  if (*text == '\0' && !field->may_be_empty)
    return "is empty";

  if (strlen (text) > field->length_max)
    return "is too long";

  if (field->is_date && !is_date (text))
    return "is no date such as 2025-10-28";

  if (field->values[0] != NULL && !g_strv_contains (field->values, text))
    return "has a value that is not allowed";

  return NULL;
}

/* Every member that is not in @fields, or is not as they say, refuses the whole of @updates. */
static gboolean
check_updates (JsonObject   *updates,
               const Field  *fields,
               const char   *besides,
               GError      **error)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init (&iter, updates);
  while (json_object_iter_next (&iter, &name, &node))
    {
      const Field *field = fields;
      const char *fault = "is not known or cannot be set";

      if (g_strcmp0 (name, besides) == 0)
        continue;

      while (field->member != NULL && strcmp (field->member, name) != 0)
        field++;

      if (field->member == NULL || (fault = find_fault (field, node)) != NULL)
        {
          g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_INVALID, "%.64s %s", name, fault);
          return FALSE;
        }
    }

  if (json_object_get_size (updates) == 0)
    {
      g_set_error_literal (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_INVALID, "Nothing is to be changed");
      return FALSE;
    }

  return TRUE;
}

/* The answer is the row as it is now, at the event that made it. */
static gboolean
answer_with_row (CrownRestRequest  *request,
                 CrownEventWrite   *write,
                 JsonObject        *row,
                 GError           **error)
{
  const CrownEnvelope *envelope = crown_event_write_get_last (write)->envelope;

  request->sequence = envelope->sequence;
  request->etag = g_strdup (envelope->checksum);
  return crown_json_canonicalize_object (row, TRUE, request->answer, error);
}

/* Loads the row that is to be changed; a stale If-Match ends the write here. */
static gboolean
load_for_change (CrownRestRequest  *request,
                 CrownStore         store,
                 JsonObject       **row,
                 GError           **error)
{
  g_autoptr (CrownLedgerRow) stored = NULL;

  if (!crown_rest_request_load_row (request, store, request->id, &stored, error))
    return FALSE;

  if (request->if_match != NULL && strcmp (request->if_match, "*") != 0)
    {
      g_autofree char *etag = g_strconcat ("\"", stored->checksum, "\"", NULL);

      if (strcmp (request->if_match, etag) != 0)
        {
          request->current = g_strdup (stored->json);
          g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_STALE,
                       "%s %" G_GINT64_FORMAT " has changed since it was read",
                       crown_store_to_string (store), request->id);
          return FALSE;
        }
    }

  *row = crown_json_parse_object (stored->json, -1, error);
  return *row != NULL;
}

static gboolean
load_meeting_for_change (CrownRestRequest  *request,
                         CrownEventWrite   *write,
                         JsonObject       **meeting,
                         GError           **error)
{
  if (!load_for_change (request, CROWN_STORE_MEETINGS, meeting, error))
    return FALSE;

  crown_event_write_set_meeting (write, *meeting);
  return TRUE;
}

/* Gives the events of a task the trace of its meeting. @meeting is NULL if that is not there any more. */
static gboolean
trace_session (CrownRestRequest  *request,
               CrownEventWrite   *write,
               gint64             session_id,
               JsonObject       **meeting,
               GError           **error)
{
  g_autofree char *id = g_strdup_printf ("%" G_GINT64_FORMAT, session_id);
  g_autoptr (CrownLedgerRow) stored = NULL;

  *meeting = NULL;
  if (!crown_event_ledger_load_row (request->ledger, request->stream, CROWN_STORE_MEETINGS, id, &stored, error))
    return FALSE;

  if (stored == NULL)
    return TRUE;

  if ((*meeting = crown_json_parse_object (stored->json, -1, error)) == NULL)
    return FALSE;

  crown_event_write_set_meeting (write, *meeting);
  return TRUE;
}

static gboolean
change_meeting (CrownRestRequest  *request,
                CrownEventWrite   *write,
                CrownEventType     type,
                JsonObject        *updates,
                GError           **error)
{
  g_autoptr (JsonObject) data = json_object_new ();
  g_autoptr (JsonObject) row = NULL;

  json_object_set_int_member (data, "session_id", request->id);
  json_object_set_object_member (data, "updates", json_object_ref (updates));

  return crown_event_write_emit (write, type, data, &row, error) &&
         answer_with_row (request, write, row, error) &&
         crown_event_write_emit_stats (write, error);
}

static gboolean
patch_meeting (CrownRestRequest  *request,
               CrownEventWrite   *write,
               GError           **error)
{
  g_autoptr (JsonObject) meeting = NULL;

  return check_updates (request->json, meeting_fields, NULL, error) &&
         load_meeting_for_change (request, write, &meeting, error) &&
         change_meeting (request, write, CROWN_EVENT_SESSION_UPDATE, request->json, error);
}

static gboolean
archive_meeting (CrownRestRequest  *request,
                 CrownEventWrite   *write,
                 GError           **error)
{
  g_autoptr (JsonObject) meeting = NULL;
  g_autoptr (JsonObject) data = json_object_new ();
  g_autoptr (JsonObject) row = NULL;

  json_object_set_int_member (data, "meeting_id", request->id);
  json_object_set_int_member (data, "archived_by", request->who.user_id);

  return load_meeting_for_change (request, write, &meeting, error) &&
         crown_event_write_emit (write, CROWN_EVENT_SESSION_ARCHIVE, data, &row, error) &&
         answer_with_row (request, write, row, error) &&
         crown_event_write_emit_stats (write, error);
}

static gboolean
restore_meeting (CrownRestRequest  *request,
                 CrownEventWrite   *write,
                 GError           **error)
{
  g_autoptr (JsonObject) meeting = NULL;
  g_autoptr (JsonObject) updates = json_object_new ();

  if (!load_meeting_for_change (request, write, &meeting, error))
    return FALSE;

  /* Archiving has overwritten the status; a meeting gets its duration when it is completed. */
  json_object_set_string_member (updates, "status",
                                 crown_json_opt_int (meeting, "duration", 0) > 0 ? "completed" : "active");
  json_object_set_boolean_member (updates, "archived", FALSE);
  json_object_set_null_member (updates, "archived_by");
  json_object_set_null_member (updates, "archived_at");
  return change_meeting (request, write, CROWN_EVENT_MEETING_UPDATE, updates, error);
}

/* What was said while the meeting went on becomes its transcript. */
static gboolean
accept_end (CrownRestRequest  *request,
            CrownEventWrite   *write,
            GError           **error)
{
  g_autoptr (JsonObject) meeting = NULL;
  g_autoptr (GError) local_error = NULL;

  if (!load_meeting_for_change (request, write, &meeting, error))
    return FALSE;

  request->pipeline = crown_pipeline_new_live (write, request->id, &local_error);
  if (request->pipeline != NULL)
    crown_pipeline_set_assistant (request->pipeline, request->assistant);
  if (local_error == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

static gboolean
analyze_end (CrownRestRequest  *request,
             GError           **error)
{
  return request->pipeline == NULL || crown_pipeline_analyze (request->pipeline, error);
}

static gboolean
end_live_meeting (CrownRestRequest  *request,
                  CrownEventWrite   *write,
                  GError           **error)
{
  g_autoptr (JsonObject) row = NULL;
  char checksum[CROWN_CHECKSUM_HEX_LENGTH + 1];

  if (!crown_pipeline_write (request->pipeline, write, &row, error) ||
      !crown_json_canonicalize_object (row, TRUE, request->answer, error))
    return FALSE;

  crown_checksum_bytes (request->answer->str, request->answer->len, checksum);
  request->etag = g_strdup (checksum);
  request->sequence = crown_pipeline_get_import (request->pipeline)->sequence;
  return crown_event_write_emit_stats (write, error);
}

static gboolean
complete_meeting (CrownRestRequest  *request,
                  CrownEventWrite   *write,
                  GError           **error)
{
  g_autoptr (JsonObject) meeting = NULL;
  g_autoptr (JsonObject) updates = json_object_new ();

  if (request->pipeline != NULL)
    return end_live_meeting (request, write, error);

  json_object_set_string_member (updates, "status", "completed");
  return load_meeting_for_change (request, write, &meeting, error) &&
         change_meeting (request, write, CROWN_EVENT_SESSION_COMPLETE, updates, error);
}

static gboolean
post_segments (CrownRestRequest  *request,
               CrownEventWrite   *write,
               GError           **error)
{
  JsonArray *segments = crown_json_opt_array (request->json, "segments");
  g_autoptr (JsonObject) meeting = NULL;

  if (segments == NULL)
    {
      g_set_error_literal (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_INVALID, "segments is no array");
      return FALSE;
    }

  if (!load_meeting_for_change (request, write, &meeting, error) ||
      !crown_live_meetings_add (request->live, write, meeting, segments, error))
    return FALSE;

  request->status = SOUP_STATUS_CREATED;
  g_string_printf (request->answer, "{\"accepted\":%u}", json_array_get_length (segments));
  return TRUE;
}

static gboolean
prepare_import (CrownRestRequest  *request,
                GError           **error)
{
  gsize length;
  const char *data = g_bytes_get_data (request->body, &length);

  request->pipeline = crown_pipeline_new (data != NULL ? data : "", length,
                                          crown_rest_request_get_query (request, "name"),
                                          crown_rest_request_get_query (request, "date"),
                                          crown_event_sequencer_get_clock (request->sequencer), error);
  return request->pipeline != NULL;
}

static gboolean
accept_import (CrownRestRequest  *request,
               CrownEventWrite   *write,
               GError           **error)
{
  crown_pipeline_set_assistant (request->pipeline, request->assistant);
  return crown_pipeline_accept (request->pipeline, write, error);
}

static gboolean
analyze_import (CrownRestRequest  *request,
                GError           **error)
{
  return crown_pipeline_analyze (request->pipeline, error);
}

static gboolean
post_import (CrownRestRequest  *request,
             CrownEventWrite   *write,
             GError           **error)
{
  const CrownLedgerImport *import = crown_pipeline_get_import (request->pipeline);

  if (!crown_pipeline_write (request->pipeline, write, NULL, error))
    return FALSE;

  request->sequence = import->sequence;
  request->status = SOUP_STATUS_CREATED;
  g_string_printf (request->answer, "{\"meeting_id\":%" G_GINT64_FORMAT ",\"trace_id\":\"%s\",\"task_count\":%u}",
                   import->meeting_id, crown_event_write_get_trace_id (write),
                   crown_pipeline_get_task_count (request->pipeline));
  return crown_event_write_emit_stats (write, error);
}

/* A meeting that somebody plans or begins; what is said in it comes while it goes on, by updates, or by an import. */
static gboolean
post_meeting (CrownRestRequest  *request,
              CrownEventWrite   *write,
              GError           **error)
{
  g_autoptr (JsonObject) row = NULL;
  const char *title;
  gint64 started_us;
  gint64 id;

  if (!check_updates (request->json, meeting_fields, "started_at", error) ||
      !crown_json_get_string (request->json, "title", &title, error))
    return FALSE;

  const char *started_at = crown_json_opt_string (request->json, "started_at", crown_event_write_get_timestamp (write));

  if (!crown_time_parse_iso (started_at, &started_us))
    {
      g_set_error_literal (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_INVALID,
                           "started_at is no time such as 2025-10-28T09:30:00Z");
      return FALSE;
    }

  request->status = SOUP_STATUS_CREATED;
  return crown_event_write_allot_id (write, CROWN_STORE_MEETINGS, &id, error) &&
         crown_pipeline_create_meeting (write, id, title, started_at, NULL, &row, error) &&
         answer_with_row (request, write, row, error) &&
         crown_event_write_emit_stats (write, error);
}

/* A meeting's task_count follows its tasks by an event of its own. */
static gboolean
emit_task_count (CrownEventWrite  *write,
                 JsonObject       *meeting,
                 int               delta,
                 GError          **error)
{
  g_autoptr (JsonObject) data = json_object_new ();
  JsonObject *updates = json_object_new ();

  json_object_set_int_member (updates, "task_count", MAX (crown_json_opt_int (meeting, "task_count", 0) + delta, 0));
  json_object_set_int_member (data, "session_id", crown_json_opt_int (meeting, "id", 0));
  json_object_set_object_member (data, "updates", updates);
  return crown_event_write_emit (write, CROWN_EVENT_SESSION_UPDATE, data, NULL, error);
}

static void
copy_or_null (JsonObject *to,
              JsonObject *from,
              const char *member)
{
  JsonNode *node = json_object_get_member (from, member);

  if (node != NULL)
    json_object_set_member (to, member, json_node_copy (node));
  else
    json_object_set_null_member (to, member);
}

static gboolean
post_task (CrownRestRequest  *request,
           CrownEventWrite   *write,
           GError           **error)
{
  static const char *const origin[] = { "speaker", "evidence_text", "confidence" };
  g_autoptr (JsonObject) meeting = NULL;
  g_autoptr (JsonObject) row = NULL;
  g_autoptr (JsonObject) data = json_object_new ();
  const char *text;
  gint64 session_id;
  gint64 id;

  if (!check_updates (request->json, new_task_fields, "session_id", error) ||
      !crown_json_get_string (request->json, "text", &text, error) ||
      !crown_json_get_int (request->json, "session_id", &session_id, error) ||
      !trace_session (request, write, session_id, &meeting, error))
    return FALSE;

  if (meeting == NULL)
    {
      g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_INVALID,
                   "session_id: there is no meeting %" G_GINT64_FORMAT, session_id);
      return FALSE;
    }

  if (!crown_event_write_allot_id (write, CROWN_STORE_TASKS, &id, error))
    return FALSE;

  const char *status = crown_json_opt_string (request->json, "status", "pending");
  JsonObject *task = json_object_new ();

  json_object_set_int_member (task, "id", id);
  json_object_set_int_member (task, "session_id", session_id);
  json_object_set_string_member (task, "text", text);
  json_object_set_string_member (task, "status", status);
  json_object_set_string_member (task, "priority", crown_json_opt_string (request->json, "priority", "medium"));
  copy_or_null (task, request->json, "due_date");
  copy_or_null (task, request->json, "assignee");
  json_object_set_string_member (task, "created_at", crown_event_write_get_timestamp (write));
  if (strcmp (status, "completed") == 0)
    json_object_set_string_member (task, "completed_at", crown_event_write_get_timestamp (write));
  else
    json_object_set_null_member (task, "completed_at");
  json_object_set_int_member (task, "evidence_line", crown_json_opt_int (request->json, "evidence_line", -1));
  for (guint i = 0; i < G_N_ELEMENTS (origin); i++)
    {
      JsonNode *node = json_object_get_member (request->json, origin[i]);

      if (node != NULL)
        json_object_set_member (task, origin[i], json_node_copy (node));
    }
  json_object_set_object_member (data, "task", task);

  request->status = SOUP_STATUS_CREATED;
  return crown_event_write_emit (write, CROWN_EVENT_TASK_CREATE, data, &row, error) &&
         answer_with_row (request, write, row, error) &&
         emit_task_count (write, meeting, 1, error) &&
         crown_event_write_emit_stats (write, error);
}

static gboolean
patch_task (CrownRestRequest  *request,
            CrownEventWrite   *write,
            GError           **error)
{
  g_autoptr (JsonObject) task = NULL;
  g_autoptr (JsonObject) meeting = NULL;
  g_autoptr (JsonObject) row = NULL;
  g_autoptr (JsonObject) data = json_object_new ();

  if (!check_updates (request->json, task_fields, NULL, error) ||
      !load_for_change (request, CROWN_STORE_TASKS, &task, error))
    return FALSE;

  gint64 session_id = crown_json_opt_int (task, "session_id", 0);
  const char *status = crown_json_opt_string (request->json, "status", NULL);

  if (!trace_session (request, write, session_id, &meeting, error))
    return FALSE;

  /* When it was done is the server's to say, so that all clients agree. */
  if (g_strcmp0 (status, "completed") == 0)
    json_object_set_string_member (request->json, "completed_at", crown_event_write_get_timestamp (write));
  else if (status != NULL)
    json_object_set_null_member (request->json, "completed_at");

  json_object_set_int_member (data, "task_id", request->id);
  json_object_set_int_member (data, "session_id", session_id);
  json_object_set_object_member (data, "updates", json_object_ref (request->json));

  return crown_event_write_emit (write, CROWN_EVENT_TASK_UPDATE, data, &row, error) &&
         answer_with_row (request, write, row, error) &&
         crown_event_write_emit_stats (write, error);
}

static gboolean
delete_task (CrownRestRequest  *request,
             CrownEventWrite   *write,
             GError           **error)
{
  g_autoptr (JsonObject) task = NULL;
  g_autoptr (JsonObject) meeting = NULL;
  g_autoptr (JsonObject) data = json_object_new ();

  if (!load_for_change (request, CROWN_STORE_TASKS, &task, error))
    return FALSE;

  gint64 session_id = crown_json_opt_int (task, "session_id", 0);

  json_object_set_int_member (data, "task_id", request->id);
  json_object_set_int_member (data, "session_id", session_id);

  if (!trace_session (request, write, session_id, &meeting, error) ||
      !crown_event_write_emit (write, CROWN_EVENT_TASK_DELETE, data, NULL, error))
    return FALSE;

  request->sequence = crown_event_write_get_last (write)->envelope->sequence;
  request->status = SOUP_STATUS_NO_CONTENT;
  return (meeting == NULL || emit_task_count (write, meeting, -1, error)) &&
         crown_event_write_emit_stats (write, error);
}

static gboolean
reveal_archive (CrownRestRequest  *request,
                CrownEventWrite   *write,
                GError           **error)
{
  g_autoptr (JsonObject) stats = crown_workspace_stats_load (request->ledger, request->stream, error);
  g_autoptr (JsonObject) data = json_object_new ();

  if (stats == NULL)
    return FALSE;

  gint64 archived = crown_json_opt_int (stats, "archived_meetings", 0);

  json_object_set_int_member (data, "user_id", request->who.user_id);
  json_object_set_int_member (data, "archived_count", archived);
  if (!crown_event_write_emit (write, CROWN_EVENT_ARCHIVE_REVEAL, data, NULL, error))
    return FALSE;

  request->sequence = crown_event_write_get_last (write)->envelope->sequence;
  g_string_printf (request->answer, "{\"archived_count\":%" G_GINT64_FORMAT "}", archived);
  return TRUE;
}

const CrownRestRoute crown_rest_write_routes[] = {
  { "POST", "workspaces/{w}/imports", CROWN_ROLE_MEMBER, CROWN_IMPORT_MAX_BYTES, FALSE, NULL, prepare_import, post_import,
    accept_import, analyze_import },
  { "POST", "workspaces/{w}/meetings", CROWN_ROLE_MEMBER, CROWN_REST_BODY_MAX, TRUE, NULL, NULL, post_meeting },
  { "PATCH", "workspaces/{w}/meetings/{id}", CROWN_ROLE_MEMBER, CROWN_REST_BODY_MAX, TRUE, NULL, NULL, patch_meeting },
  { "POST", "workspaces/{w}/meetings/{id}/archive", CROWN_ROLE_MEMBER, CROWN_REST_BODY_MAX, FALSE, NULL, NULL, archive_meeting },
  { "POST", "workspaces/{w}/meetings/{id}/restore", CROWN_ROLE_MEMBER, CROWN_REST_BODY_MAX, FALSE, NULL, NULL, restore_meeting },
  { "POST", "workspaces/{w}/meetings/{id}/complete", CROWN_ROLE_MEMBER, CROWN_REST_BODY_MAX, FALSE, NULL, NULL, complete_meeting,
    accept_end, analyze_end },
  { "POST", "workspaces/{w}/meetings/{id}/segments", CROWN_ROLE_MEMBER, CROWN_REST_BODY_MAX, TRUE, NULL, NULL, post_segments },
  { "POST", "workspaces/{w}/tasks", CROWN_ROLE_MEMBER, CROWN_REST_BODY_MAX, TRUE, NULL, NULL, post_task },
  { "PATCH", "workspaces/{w}/tasks/{id}", CROWN_ROLE_MEMBER, CROWN_REST_BODY_MAX, TRUE, NULL, NULL, patch_task },
  { "DELETE", "workspaces/{w}/tasks/{id}", CROWN_ROLE_MEMBER, CROWN_REST_BODY_MAX, FALSE, NULL, NULL, delete_task },
  { "POST", "workspaces/{w}/archive/reveal", CROWN_ROLE_VIEWER, CROWN_REST_BODY_MAX, FALSE, NULL, NULL, reveal_archive },
  { NULL }
};
