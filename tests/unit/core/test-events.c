/* test-events.c: the catalogue against the specification, envelopes, and rows before + event = rows after
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "core/crown-event-apply.h"
#include "core/crown-json.h"

#include <string.h>

#define EPOCH "6f9619ff-8b86-4011-b42d-00c04fc964ff"
#define AT    "2025-10-28T03:00:00Z"

/* The specification's Event Catalog, written out again on purpose: the table is compared with this. */
static const struct {
  guint       number;
  const char *name;
  const char *second_namespace; /* beside /dashboard, which has all */
  const char *scope;
} specification[] = {
  { 1, "SESSION_CREATE", "/meetings", "workspace" },
  { 2, "SESSION_UPDATE", "/meetings", "workspace" },
  { 3, "TASK_CREATE", "/tasks", "workspace" },
  { 4, "TASK_UPDATE", "/tasks", "workspace" },
  { 5, "TASK_DELETE", "/tasks", "workspace" },
  { 6, "ANALYTICS_REFRESH", "/analytics", "workspace" },
  { 7, "DASHBOARD_REFRESH", NULL, "workspace" },
  { 8, "SESSION_ARCHIVE", "/meetings", "workspace" },
  { 9, "ARCHIVE_REVEAL", NULL, "workspace" },
  { 10, "MEETING_UPDATE", "/meetings", "workspace" },
  { 11, "DASHBOARD_IDLE_SYNC", NULL, "workspace" },
  { 12, "FILTER_APPLY", NULL, "local" },
  { 13, "INSIGHT_REMINDER", NULL, "user" },
  { 14, "SESSION_COMPLETE", "/meetings", "workspace" },
  { 15, "CACHE_INVALIDATE", NULL, "workspace" },
};

static void
test_the_catalogue_is_the_specifications (void)
{
  static const char *const scopes[] = { "workspace", "user", "local" };

  g_assert_cmpuint (G_N_ELEMENTS (specification), ==, 15);
  g_assert_cmpuint (CROWN_N_EVENT_TYPES - 1, ==, 15);
  for (guint i = 0; i < G_N_ELEMENTS (specification); i++)
    {
      const CrownEventInfo *info = crown_event_info ((CrownEventType) specification[i].number);
      CrownNamespaces wanted = CROWN_NAMESPACE_DASHBOARD;
      CrownNamespaces second;

      if (specification[i].second_namespace != NULL)
        {
          g_assert_true (crown_namespace_from_string (specification[i].second_namespace, &second));
          wanted |= second;
        }
      g_assert_cmpstr (info->name, ==, specification[i].name);
      g_assert_cmpuint (info->type, ==, specification[i].number);
      g_assert_cmpuint (info->namespaces, ==, wanted);
      g_assert_cmpstr (scopes[info->scope], ==, specification[i].scope);
      g_assert_true (crown_event_info_by_name (specification[i].name) == info);
    }
  g_assert_cmpuint (crown_event_info (CROWN_EVENT_INSIGHT_REMINDER)->throttle_seconds, ==, 24 * 60 * 60);
  g_assert_null (crown_event_info_by_name ("SESSION_DELETE"));
  g_assert_null (crown_event_info (CROWN_EVENT_UNKNOWN));
}

/* For each type: a payload that is right, the row before (NULL: none), the row after (NULL: gone), and a member that a
 * wrong payload lacks. */
static const struct {
  const char *type;
  const char *payload;
  const char *before;
  const char *after;
  const char *required;
} cases[] = {
  { "SESSION_CREATE",
    "{\"workspace_id\":1,\"meeting\":{\"id\":7,\"title\":\"Plan\",\"status\":\"active\",\"created_at\":\"" AT "\",\"duration\":0},"
    "\"timestamp\":\"" AT "\"}",
    NULL, "{\"created_at\":\"" AT "\",\"duration\":0,\"id\":7,\"status\":\"active\",\"title\":\"Plan\"}", "meeting" },
  { "SESSION_UPDATE", "{\"workspace_id\":1,\"session_id\":7,\"updates\":{\"title\":\"B\"},\"timestamp\":\"" AT "\"}",
    "{\"id\":7,\"title\":\"A\",\"x\":[1]}", "{\"id\":7,\"title\":\"B\",\"x\":[1]}", "updates" },
  { "TASK_CREATE",
    "{\"workspace_id\":1,\"task\":{\"id\":3,\"session_id\":7,\"text\":\"T\",\"status\":\"pending\",\"priority\":\"low\"},"
    "\"timestamp\":\"" AT "\"}",
    NULL, "{\"id\":3,\"priority\":\"low\",\"session_id\":7,\"status\":\"pending\",\"text\":\"T\"}", "task" },
  { "TASK_UPDATE",
    "{\"workspace_id\":1,\"task_id\":3,\"session_id\":7,\"updates\":{\"status\":\"pending\",\"completed_at\":null},"
    "\"timestamp\":\"" AT "\"}",
    "{\"completed_at\":\"" AT "\",\"id\":3,\"status\":\"completed\"}", "{\"completed_at\":null,\"id\":3,\"status\":\"pending\"}",
    "task_id" },
  { "TASK_DELETE", "{\"workspace_id\":1,\"task_id\":3,\"session_id\":7,\"timestamp\":\"" AT "\"}", "{\"id\":3}", NULL, "task_id" },
  { "ANALYTICS_REFRESH",
    "{\"workspace_id\":1,\"analytics\":{\"session_id\":7,\"speaking_time\":{\"Ana\":3.5},\"sentiment\":{},\"participation\":{}},"
    "\"timestamp\":\"" AT "\"}",
    "{\"session_id\":7}", "{\"participation\":{},\"sentiment\":{},\"session_id\":7,\"speaking_time\":{\"Ana\":3.5}}", "analytics" },
  { "DASHBOARD_REFRESH",
    "{\"workspace_id\":1,\"stats\":{\"total_meetings\":1,\"total_tasks\":2,\"hours_saved\":0.5,\"active_meetings\":1,"
    "\"archived_meetings\":0},\"timestamp\":\"" AT "\"}",
    NULL,
    "{\"key\":\"stats\",\"updated_at\":\"" AT "\",\"value\":{\"active_meetings\":1,\"archived_meetings\":0,\"hours_saved\":0.5,"
    "\"total_meetings\":1,\"total_tasks\":2}}",
    "stats" },
  { "SESSION_ARCHIVE", "{\"workspace_id\":1,\"meeting_id\":7,\"archived_by\":42,\"timestamp\":\"" AT "\"}",
    "{\"archived\":false,\"id\":7,\"status\":\"completed\"}",
    "{\"archived\":true,\"archived_at\":\"" AT "\",\"archived_by\":42,\"id\":7,\"status\":\"archived\"}", "archived_by" },
  { "ARCHIVE_REVEAL", "{\"workspace_id\":1,\"user_id\":42,\"archived_count\":3,\"timestamp\":\"" AT "\"}", NULL, NULL,
    "archived_count" },
  { "MEETING_UPDATE",
    "{\"workspace_id\":1,\"session_id\":7,\"updates\":{\"archived\":false,\"status\":\"completed\",\"archived_by\":null},"
    "\"timestamp\":\"" AT "\"}",
    "{\"archived\":true,\"archived_by\":42,\"id\":7,\"status\":\"archived\"}",
    "{\"archived\":false,\"archived_by\":null,\"id\":7,\"status\":\"completed\"}", "session_id" },
  { "DASHBOARD_IDLE_SYNC",
    "{\"workspace_id\":1,\"digests\":{\"meetings\":{},\"tasks\":{},\"analytics\":{}},\"timestamp\":\"" AT "\"}", NULL, NULL,
    "digests" },
  { "FILTER_APPLY", "{\"query\":\"q\",\"time_range\":\"week\",\"timestamp\":\"" AT "\"}", NULL,
    "{\"key\":\"filter\",\"updated_at\":\"" AT "\",\"value\":{\"query\":\"q\",\"time_range\":\"week\",\"timestamp\":\"" AT "\"}}",
    "time_range" },
  { "INSIGHT_REMINDER",
    "{\"user_id\":42,\"workspace_id\":1,\"reminder\":{\"title\":\"t\",\"message\":\"m\",\"type\":\"overdue\",\"confidence\":0.85},"
    "\"timestamp\":\"" AT "\"}",
    "{\"key\":\"reminders\",\"updated_at\":\"" AT "\",\"value\":[1]}",
    "{\"key\":\"reminders\",\"updated_at\":\"" AT "\",\"value\":[1,{\"confidence\":0.85,\"message\":\"m\",\"title\":\"t\","
    "\"type\":\"overdue\"}]}",
    "reminder" },
  { "SESSION_COMPLETE",
    "{\"workspace_id\":1,\"session_id\":7,\"updates\":{\"status\":\"completed\",\"duration\":60},\"timestamp\":\"" AT "\"}",
    "{\"duration\":0,\"id\":7,\"status\":\"active\"}", "{\"duration\":60,\"id\":7,\"status\":\"completed\"}", "updates" },
  { "CACHE_INVALIDATE", "{\"workspace_id\":1,\"store\":\"tasks\",\"ids\":[1],\"reason\":\"r\",\"timestamp\":\"" AT "\"}",
    NULL, NULL, "reason" },
};

static char *
canonical (JsonObject *object)
{
  GString *out = g_string_new (NULL);

  g_assert_true (crown_json_canonicalize_object (object, FALSE, out, NULL));

  return g_string_free (out, FALSE);
}

static void
test_rows_before_and_event_make_rows_after (void)
{
  g_assert_cmpuint (G_N_ELEMENTS (cases), ==, 15);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const CrownEventInfo *info = crown_event_info_by_name (cases[i].type);
      g_autoptr (JsonObject) payload = crown_json_parse_object (cases[i].payload, -1, NULL);
      g_autoptr (JsonObject) before = cases[i].before != NULL ? crown_json_parse_object (cases[i].before, -1, NULL) : NULL;
      g_autoptr (JsonObject) after = NULL;
      g_autoptr (GError) error = NULL;
      g_autofree char *got = NULL;

      g_test_message ("%s", cases[i].type);
      g_assert_true (crown_event_check_payload (info, payload, &error));
      g_assert_no_error (error);
      g_assert_true (crown_event_apply_row (info, payload, before, &after, &error));
      g_assert_no_error (error);
      if (after != NULL)
        got = canonical (after);
      g_assert_cmpstr (got, ==, cases[i].after);
      if (before != NULL)
        {
          g_autofree char *untouched = canonical (before);

          g_assert_cmpstr (untouched, ==, cases[i].before);
        }
    }
}

static void
test_a_payload_without_a_member_is_refused_by_name (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const CrownEventInfo *info = crown_event_info_by_name (cases[i].type);
      g_autoptr (JsonObject) payload = crown_json_parse_object (cases[i].payload, -1, NULL);
      g_autoptr (GError) error = NULL;

      json_object_remove_member (payload, cases[i].required);
      g_assert_false (crown_event_check_payload (info, payload, &error));
      g_assert_error (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_PAYLOAD);
      g_assert_nonnull (strstr (error->message, cases[i].required));
    }
}

static void
test_a_nested_member_is_named_by_its_path (void)
{
  g_autoptr (JsonObject) payload = crown_json_parse_object (cases[6].payload, -1, NULL);
  g_autoptr (GError) error = NULL;

  json_object_set_string_member (json_object_get_object_member (payload, "stats"), "hours_saved", "many");
  g_assert_false (crown_event_check_payload (crown_event_info (CROWN_EVENT_DASHBOARD_REFRESH), payload, &error));
  g_assert_cmpstr (error->message, ==, "DASHBOARD_REFRESH: stats.hours_saved is not a number");
}

static void
test_a_change_of_a_missing_row_is_an_error (void)
{
  g_autoptr (JsonObject) payload = crown_json_parse_object (cases[1].payload, -1, NULL);
  g_autoptr (JsonObject) after = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (crown_event_apply_row (crown_event_info (CROWN_EVENT_SESSION_UPDATE), payload, NULL, &after, &error));
  g_assert_error (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_NO_ROW);
}

#define ENVELOPE                                                                                                           \
  "{\"event_id\":12345,\"sequence\":98,\"prev_sequence\":97,\"event_type\":\"TASK_DELETE\",\"event_name\":\"Task Deleted\"," \
  "\"workspace_id\":1,\"user_id\":42,\"timestamp\":\"" AT "\",\"stream\":\"workspace_1\",\"epoch\":\"" EPOCH "\","          \
  "\"trace_id\":\"session_123_1730084400\",\"is_initial_sync\":false,"                                                    \
  "\"data\":{\"workspace_id\":1,\"task_id\":3,\"session_id\":7,\"timestamp\":\"" AT "\"}}"

static void
test_an_envelope_goes_there_and_back (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownEnvelope) envelope = crown_envelope_parse (ENVELOPE, -1, &error);
  g_autoptr (JsonObject) sent = crown_json_parse_object (ENVELOPE, -1, NULL);
  g_autoptr (JsonObject) object = NULL;
  g_autofree char *a = NULL;
  g_autofree char *b = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (envelope->type, ==, CROWN_EVENT_TASK_DELETE);
  g_assert_cmpuint (envelope->sequence, ==, 98);
  object = crown_envelope_to_json (envelope);
  a = canonical (object);
  b = canonical (sent);
  g_assert_cmpstr (a, ==, b);
}

static void
test_an_envelope_is_checked_at_the_door (void)
{
  static const struct {
    const char *member;
    const char *value;
  } wrong[] = {
    { "event_id", "-1" }, { "sequence", "0" }, { "sequence", "\"98\"" }, { "prev_sequence", "98" }, { "event_type", "7" },
    { "timestamp", "\"yesterday\"" }, { "timestamp", "\"2025-10-28T03:00:00+01:00\"" }, { "stream", "\"workspace_0\"" },
    { "stream", "\"team_1\"" }, { "epoch", "\"x\"" }, { "data", "[]" }, { "data", "null" }, { "checksum", "\"AB\"" },
    { "workspace_id", "1.5" }, { "trace_id", "5" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (JsonObject) object = crown_json_parse_object (ENVELOPE, -1, NULL);
      g_autoptr (GError) error = NULL;

      json_object_set_member (object, wrong[i].member, crown_json_parse (wrong[i].value, -1, NULL));
      g_assert_null (crown_envelope_from_json (object, &error));
      g_assert_error (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_ENVELOPE);
      g_assert_nonnull (strstr (error->message, wrong[i].member));
    }
}

#define TOMBSTONE                                                                                                     \
  "{\"tombstone\":true,\"stream\":\"workspace_1\",\"epoch\":\"" EPOCH "\",\"from_sequence\":40,\"to_sequence\":97," \
  "\"prev_sequence\":38,\"is_initial_sync\":false}"

static void
test_a_tombstone_goes_there_and_back (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownEnvelope) envelope = crown_envelope_parse (TOMBSTONE, -1, &error);
  g_autoptr (CrownEnvelope) event = crown_envelope_parse (ENVELOPE, -1, NULL);
  g_autoptr (JsonObject) sent = crown_json_parse_object (TOMBSTONE, -1, NULL);
  g_autoptr (JsonObject) object = NULL;
  g_autofree char *a = NULL;
  g_autofree char *b = NULL;

  g_assert_no_error (error);
  g_assert_true (crown_envelope_is_tombstone (envelope));
  g_assert_cmpuint (envelope->type, ==, CROWN_EVENT_UNKNOWN);
  g_assert_cmpuint (crown_envelope_get_first (envelope), ==, 40);
  g_assert_cmpuint (envelope->sequence, ==, 97);
  g_assert_cmpuint (envelope->prev_sequence, ==, 38);
  object = crown_envelope_to_json (envelope);
  a = canonical (object);
  b = canonical (sent);
  g_assert_cmpstr (a, ==, b);

  g_assert_false (crown_envelope_is_tombstone (event));
  g_assert_cmpuint (crown_envelope_get_first (event), ==, 98);
}

static void
test_a_tombstone_is_checked_at_the_door (void)
{
  static const struct {
    const char *member;
    const char *value;
  } wrong[] = {
    { "from_sequence", "0" }, { "from_sequence", "98" }, { "from_sequence", "\"40\"" }, { "to_sequence", "39" },
    { "to_sequence", "null" }, { "prev_sequence", "40" }, { "prev_sequence", "-1" }, { "stream", "\"team_1\"" },
    { "epoch", "\"x\"" }, { "tombstone", "false" }, { "tombstone", "1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (JsonObject) object = crown_json_parse_object (TOMBSTONE, -1, NULL);
      g_autoptr (GError) error = NULL;

      json_object_set_member (object, wrong[i].member, crown_json_parse (wrong[i].value, -1, NULL));
      g_assert_null (crown_envelope_from_json (object, &error));
      g_assert_error (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_ENVELOPE);
    }
}

static void
test_an_unknown_type_is_kept (void)
{
  g_autoptr (JsonObject) object = crown_json_parse_object (ENVELOPE, -1, NULL);
  g_autoptr (CrownEnvelope) envelope = NULL;

  json_object_set_string_member (object, "event_type", "TASK_SNOOZE");
  json_object_set_int_member (object, "colour", 7);
  envelope = crown_envelope_from_json (object, NULL);
  g_assert_nonnull (envelope);
  g_assert_cmpuint (envelope->type, ==, CROWN_EVENT_UNKNOWN);
  g_assert_cmpstr (envelope->event_type, ==, "TASK_SNOOZE");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/core/catalogue/specification", test_the_catalogue_is_the_specifications);
  g_test_add_func ("/core/events/apply", test_rows_before_and_event_make_rows_after);
  g_test_add_func ("/core/events/payload", test_a_payload_without_a_member_is_refused_by_name);
  g_test_add_func ("/core/events/payload-path", test_a_nested_member_is_named_by_its_path);
  g_test_add_func ("/core/events/missing-row", test_a_change_of_a_missing_row_is_an_error);
  g_test_add_func ("/core/envelope/round-trip", test_an_envelope_goes_there_and_back);
  g_test_add_func ("/core/envelope/strict", test_an_envelope_is_checked_at_the_door);
  g_test_add_func ("/core/envelope/tombstone/round-trip", test_a_tombstone_goes_there_and_back);
  g_test_add_func ("/core/envelope/tombstone/strict", test_a_tombstone_is_checked_at_the_door);
  g_test_add_func ("/core/envelope/unknown-type", test_an_unknown_type_is_kept);

  return g_test_run ();
}
