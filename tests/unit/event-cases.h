/* event-cases.h: rows before + event = rows after, for every type of the catalogue; server and client read the same table
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "core/crown-event-catalogue.h"
#include "core/crown-json.h"

#define CASE_ROWS_MAX    4
#define CASE_REFUSED_MAX 12

/* Workspace and user of all cases. */
#define CASE_WORKSPACE 1
#define CASE_USER      1

/* @row: canonical JSON. Metadata are {key, updated_at, value}; sessions are the client's alone, {external_session_id,
 * session_id}. */
typedef struct {
  CrownStore  store;
  const char *id;
  const char *row;
} CaseRow;

/* @member: of the payload, a dot goes into an object; the message has to name it. @value: JSON; NULL: it is taken away. */
typedef struct {
  const char *member;
  const char *value;
} CaseRefused;

/* Rows are in the order of stores in the catalogue, and of ids. */
typedef struct {
  CrownEventType type;
  const char    *stream;
  CaseRow        before[CASE_ROWS_MAX];
  const char    *payload;
  CaseRow        after[CASE_ROWS_MAX];
  gboolean       cache_differs;           /* the client's rows are those of @cached, the server's those of @after */
  CaseRow        cached[CASE_ROWS_MAX];
  CaseRefused    refused[CASE_REFUSED_MAX];
} EventCase;

#define AT  "2026-03-02T10:00:00.000Z"
#define OLD "2026-03-01T10:00:00.000Z"

#define MEETING(id, archived, status, title)                                                                   \
  "{\"archived\":" archived ",\"created_at\":\"" OLD "\",\"duration\":3600,\"external_session_id\":\"x" #id "\"," \
  "\"id\":" #id ",\"status\":\"" status "\",\"title\":\"" title "\"}"
#define MEETING_7 { CROWN_STORE_MEETINGS, "7", MEETING (7, "false", "active", "Plan") }
#define MEETING_8 { CROWN_STORE_MEETINGS, "8", MEETING (8, "false", "active", "Élan") }
#define SESSION_7 { CROWN_STORE_SESSIONS, "x7", "{\"external_session_id\":\"x7\",\"session_id\":7}" }
#define SESSION_8 { CROWN_STORE_SESSIONS, "x8", "{\"external_session_id\":\"x8\",\"session_id\":8}" }

#define TASK(id, status, text)                                                                                          \
  "{\"assignee\":null,\"due_date\":null,\"id\":" #id ",\"priority\":\"medium\",\"session_id\":7,\"status\":\"" status \
  "\",\"text\":\"" text "\"}"
#define TASK_4 { CROWN_STORE_TASKS, "4", TASK (4, "pending", "Write") }
#define TASK_5 { CROWN_STORE_TASKS, "5", TASK (5, "pending", "Send") }

#define ANALYTICS_7(share)                                                                                \
  "{\"participation\":{\"Ada\":" share "},\"sentiment\":{\"score\":0.5},\"session_id\":7,\"speaking_time\":{\"Ada\":60}}"

#define STATS(n)                                                                                          \
  "{\"active_meetings\":" n ",\"archived_meetings\":0,\"hours_saved\":1.5,\"total_meetings\":" n ",\"total_tasks\":2}"
#define METADATA(key, at, value) { CROWN_STORE_METADATA, key, "{\"key\":\"" key "\",\"updated_at\":\"" at "\",\"value\":" value "}" }
#define REMINDER(title)                                                                                   \
  "{\"confidence\":0.75,\"message\":\"Look\",\"title\":\"" title "\",\"type\":\"deadline\"}"

/* What every payload of a workspace has to have right. */
#define REFUSED_ENDS                                                                                      \
  { "workspace_id", "0" }, { "workspace_id", "\"1\"" }, { "timestamp", "\"yesterday\"" }, { "timestamp", "5" }

static const EventCase event_cases[] = {
  { CROWN_EVENT_SESSION_CREATE, "workspace_1",
    .before = { MEETING_7, SESSION_7 },
    /* Members in another order, and one that no version knows: they are stored, in canonical order. */
    .payload = "{\"timestamp\":\"" AT "\",\"workspace_id\":1,\"meeting\":{\"title\":\"New\",\"id\":9,\"status\":\"active\","
               "\"created_at\":\"" AT "\",\"duration\":0,\"external_session_id\":\"x9\",\"archived\":false,\"later\":[1.0]}}",
    .after = { MEETING_7,
               { CROWN_STORE_MEETINGS, "9", "{\"archived\":false,\"created_at\":\"" AT "\",\"duration\":0,"
                 "\"external_session_id\":\"x9\",\"id\":9,\"later\":[1],\"status\":\"active\",\"title\":\"New\"}" },
               SESSION_7, { CROWN_STORE_SESSIONS, "x9", "{\"external_session_id\":\"x9\",\"session_id\":9}" } },
    .refused = { REFUSED_ENDS, { "meeting", NULL }, { "meeting", "[]" }, { "meeting.id", NULL }, { "meeting.id", "-9" },
                 { "meeting.title", "null" }, { "meeting.status", "true" }, { "meeting.created_at", "\"soon\"" },
                 { "meeting.duration", "1.5" } } },
  { CROWN_EVENT_SESSION_UPDATE, "workspace_1",
    .before = { MEETING_7, MEETING_8, SESSION_7, SESSION_8 },
    .payload = "{\"workspace_id\":1,\"session_id\":8,\"updates\":{\"title\":\"Other\",\"summary\":null},\"timestamp\":\"" AT "\"}",
    .after = { MEETING_7,
               { CROWN_STORE_MEETINGS, "8", "{\"archived\":false,\"created_at\":\"" OLD "\",\"duration\":3600,"
                 "\"external_session_id\":\"x8\",\"id\":8,\"status\":\"active\",\"summary\":null,\"title\":\"Other\"}" },
               SESSION_7, SESSION_8 },
    .refused = { REFUSED_ENDS, { "session_id", NULL }, { "session_id", "0" }, { "updates", NULL }, { "updates", "[]" } } },
  { CROWN_EVENT_TASK_CREATE, "workspace_1",
    .before = { TASK_4 },
    .payload = "{\"workspace_id\":1,\"task\":" TASK (5, "pending", "Send") ",\"timestamp\":\"" AT "\"}",
    .after = { TASK_4, TASK_5 },
    .refused = { REFUSED_ENDS, { "task", NULL }, { "task.id", "0" }, { "task.id", "1.5" }, { "task.session_id", NULL },
                 { "task.text", "7" }, { "task.status", NULL }, { "task.priority", "null" } } },
  { CROWN_EVENT_TASK_UPDATE, "workspace_1",
    .before = { TASK_4, TASK_5 },
    .payload = "{\"workspace_id\":1,\"task_id\":4,\"session_id\":7,\"updates\":{\"status\":\"completed\"},\"timestamp\":\"" AT "\"}",
    .after = { { CROWN_STORE_TASKS, "4", TASK (4, "completed", "Write") }, TASK_5 },
    .refused = { REFUSED_ENDS, { "task_id", NULL }, { "task_id", "0" }, { "session_id", "\"7\"" }, { "updates", NULL },
                 { "updates", "\"completed\"" }, { "optimistic_ui", "1" } } },
  /* A member that this version does not know is kept and ignored. */
  { CROWN_EVENT_TASK_DELETE, "workspace_1",
    .before = { TASK_4, TASK_5 },
    .payload = "{\"workspace_id\":1,\"task_id\":4,\"session_id\":7,\"later\":{\"a\":1},\"timestamp\":\"" AT "\"}",
    .after = { TASK_5 },
    .refused = { REFUSED_ENDS, { "task_id", NULL }, { "task_id", "-1" }, { "session_id", NULL } } },
  { CROWN_EVENT_ANALYTICS_REFRESH, "workspace_1",
    .before = { { CROWN_STORE_ANALYTICS, "7", ANALYTICS_7 ("0.25") } },
    .payload = "{\"workspace_id\":1,\"analytics\":" ANALYTICS_7 ("1e0") ",\"timestamp\":\"" AT "\"}",
    .after = { { CROWN_STORE_ANALYTICS, "7", ANALYTICS_7 ("1") } },
    .refused = { REFUSED_ENDS, { "analytics", NULL }, { "analytics.session_id", "0" }, { "analytics.speaking_time", NULL },
                 { "analytics.sentiment", "0.5" }, { "analytics.participation", "[]" } } },
  { CROWN_EVENT_DASHBOARD_REFRESH, "workspace_1",
    .before = { METADATA ("stats", OLD, STATS ("1")) },
    .payload = "{\"workspace_id\":1,\"stats\":" STATS ("2") ",\"timestamp\":\"" AT "\"}",
    .after = { METADATA ("stats", AT, STATS ("2")) },
    .refused = { REFUSED_ENDS, { "stats", NULL }, { "stats.total_meetings", "1.5" }, { "stats.total_tasks", NULL },
                 { "stats.hours_saved", "\"1.5\"" }, { "stats.active_meetings", "null" }, { "stats.archived_meetings", "[]" } } },
  { CROWN_EVENT_SESSION_ARCHIVE, "workspace_1",
    .before = { MEETING_7, SESSION_7 },
    .payload = "{\"workspace_id\":1,\"meeting_id\":7,\"archived_by\":3,\"timestamp\":\"" AT "\"}",
    .after = { { CROWN_STORE_MEETINGS, "7", "{\"archived\":true,\"archived_at\":\"" AT "\",\"archived_by\":3,"
                 "\"created_at\":\"" OLD "\",\"duration\":3600,\"external_session_id\":\"x7\",\"id\":7,"
                 "\"status\":\"archived\",\"title\":\"Plan\"}" }, SESSION_7 },
    .refused = { REFUSED_ENDS, { "meeting_id", NULL }, { "meeting_id", "0" }, { "archived_by", NULL }, { "archived_by", "\"Ada\"" } } },
  { CROWN_EVENT_ARCHIVE_REVEAL, "workspace_1",
    .before = { MEETING_7, SESSION_7 },
    .payload = "{\"workspace_id\":1,\"user_id\":1,\"archived_count\":3,\"timestamp\":\"" AT "\"}",
    .after = { MEETING_7, SESSION_7 },
    .refused = { REFUSED_ENDS, { "user_id", NULL }, { "archived_count", NULL }, { "archived_count", "\"3\"" } } },
  { CROWN_EVENT_MEETING_UPDATE, "workspace_1",
    .before = { { CROWN_STORE_MEETINGS, "7", MEETING (7, "true", "archived", "Plan") }, SESSION_7 },
    .payload = "{\"workspace_id\":1,\"session_id\":7,\"updates\":{\"archived\":false,\"status\":\"active\"},\"timestamp\":\"" AT "\"}",
    .after = { MEETING_7, SESSION_7 },
    .refused = { REFUSED_ENDS, { "session_id", NULL }, { "session_id", "0" }, { "updates", NULL }, { "updates", "null" } } },
  { CROWN_EVENT_DASHBOARD_IDLE_SYNC, "workspace_1",
    .before = { TASK_4 },
    .payload = "{\"workspace_id\":1,\"digests\":{\"meetings\":{},\"tasks\":{},\"analytics\":{}},\"timestamp\":\"" AT "\"}",
    .after = { TASK_4 },
    .refused = { REFUSED_ENDS, { "digests", NULL }, { "digests.meetings", NULL }, { "digests.tasks", "5" },
                 { "digests.analytics", "\"\"" } } },
  /* The server refuses it, the client has a stream of its own for it. */
  { CROWN_EVENT_FILTER_APPLY, "local",
    .before = { METADATA ("filter", OLD, "{\"query\":\"\"}") },
    .payload = "{\"query\":\"plan\",\"time_range\":\"week\",\"status\":null,\"timestamp\":\"" AT "\"}",
    .after = { METADATA ("filter", OLD, "{\"query\":\"\"}") },
    .cache_differs = TRUE,
    .cached = { METADATA ("filter", AT, "{\"query\":\"plan\",\"status\":null,\"time_range\":\"week\",\"timestamp\":\"" AT "\"}") },
    .refused = { { "query", NULL }, { "query", "5" }, { "time_range", NULL }, { "status", "1" }, { "assignee", "[]" },
                 { "timestamp", "\"now\"" } } },
  { CROWN_EVENT_INSIGHT_REMINDER, "user_1",
    .before = { METADATA ("reminders", OLD, "[" REMINDER ("First") "]") },
    .payload = "{\"user_id\":1,\"workspace_id\":1,\"reminder\":" REMINDER ("Second") ",\"timestamp\":\"" AT "\"}",
    .after = { METADATA ("reminders", AT, "[" REMINDER ("First") "," REMINDER ("Second") "]") },
    .refused = { REFUSED_ENDS, { "user_id", NULL }, { "user_id", "0" }, { "reminder", NULL }, { "reminder.title", "null" },
                 { "reminder.type", NULL }, { "reminder.action_url", "5" }, { "reminder.confidence", "\"high\"" } } },
  { CROWN_EVENT_SESSION_COMPLETE, "workspace_1",
    .before = { MEETING_7, SESSION_7 },
    .payload = "{\"workspace_id\":1,\"session_id\":7,\"updates\":{\"status\":\"completed\"},\"timestamp\":\"" AT "\"}",
    .after = { { CROWN_STORE_MEETINGS, "7", MEETING (7, "false", "completed", "Plan") }, SESSION_7 },
    .refused = { REFUSED_ENDS, { "session_id", NULL }, { "updates", NULL }, { "updates.status", NULL }, { "updates.status", "1" } } },
  /* The server's rows stay: what goes is what a client has of them. */
  { CROWN_EVENT_CACHE_INVALIDATE, "workspace_1",
    .before = { MEETING_7, TASK_4, TASK_5, SESSION_7 },
    .payload = "{\"workspace_id\":1,\"store\":\"tasks\",\"ids\":[4,99],\"reason\":\"restored\",\"timestamp\":\"" AT "\"}",
    .after = { MEETING_7, TASK_4, TASK_5, SESSION_7 },
    .cache_differs = TRUE,
    .cached = { MEETING_7, TASK_5, SESSION_7 },
    .refused = { REFUSED_ENDS, { "store", NULL }, { "store", "5" }, { "ids", "4" }, { "reason", NULL } } },
  { CROWN_EVENT_CACHE_INVALIDATE, "workspace_1",
    .before = { MEETING_7, MEETING_8, TASK_4, SESSION_7 },
    .payload = "{\"workspace_id\":1,\"store\":\"meetings\",\"reason\":\"restored\",\"timestamp\":\"" AT "\"}",
    .after = { MEETING_7, MEETING_8, TASK_4, SESSION_7 },
    .cache_differs = TRUE,
    .cached = { TASK_4 } },
};

/* Without this a type that is added to the catalogue would have no case and nobody would see it. */
static inline void
event_cases_assert_complete (void)
{
  for (CrownEventType type = CROWN_EVENT_UNKNOWN + 1; type < CROWN_N_EVENT_TYPES; type++)
    {
      gboolean has_case = FALSE;
      gboolean has_refused = FALSE;

      for (guint i = 0; i < G_N_ELEMENTS (event_cases); i++)
        if (event_cases[i].type == type)
          {
            has_case = TRUE;
            has_refused |= event_cases[i].refused[0].member != NULL;
          }
      if (!has_case || !has_refused)
        g_error ("event-cases.h lacks %s", crown_event_info (type)->name);
    }
}

/* (transfer full): the payload with one member spoilt */
static inline JsonObject *
event_case_spoil (const EventCase   *event,
                  const CaseRefused *refused)
{
  g_autoptr (GError) error = NULL;
  JsonObject *data = crown_json_parse_object (event->payload, -1, &error);
  g_auto (GStrv) path = g_strsplit (refused->member, ".", 2);
  JsonObject *holder = path[1] != NULL ? json_object_get_object_member (data, path[0]) : data;
  const char *name = path[1] != NULL ? path[1] : path[0];

  g_assert_no_error (error);
  if (refused->value == NULL)
    json_object_remove_member (holder, name);
  else
    json_object_set_member (holder, name, crown_json_parse (refused->value, -1, &error));
  g_assert_no_error (error);
  return data;
}

static inline char *
event_case_says (const EventCase   *event,
                 const CaseRefused *refused)
{
  return g_strdup_printf ("%s: %s is %s", crown_event_info (event->type)->name, refused->member,
                          refused->value == NULL ? "missing" : "not ");
}

/* All rows as one text, to compare and to read when they differ. */
static inline char *
event_case_describe (const CaseRow rows[CASE_ROWS_MAX],
                     gboolean      with_sessions)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < CASE_ROWS_MAX && rows[i].row != NULL; i++)
    if (with_sessions || rows[i].store != CROWN_STORE_SESSIONS)
      g_string_append_printf (text, "%s %s %s\n", crown_store_to_string (rows[i].store), rows[i].id, rows[i].row);
  return g_string_free (text, FALSE);
}
