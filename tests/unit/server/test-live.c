/* test-live.c: meetings that go on
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "crown-config.h"

#include <string.h>

#include "core/crown-json.h"
#include "core/crown-limits.h"
#include "server-fixture.h"
#include "server/crown-ledger-verifier.h"
#include "server/crown-live-meetings.h"
#include "server/crown-pipeline-queue.h"
#include "server/crown-server-error.h"

static CrownEventWrite *
begin (ServerFixture *self,
       const char    *key)
{
  g_autoptr (GError) error = NULL;
  CrownEventWrite *write = crown_event_sequencer_begin (self->sequencer, &self->who, key, &error);

  g_assert_no_error (error);
  return write;
}

static JsonObject *
load (ServerFixture *self,
      CrownStore     store)
{
  g_autofree char *stream = crown_event_stream_name (CROWN_SCOPE_WORKSPACE, self->who.workspace_id);
  g_autoptr (CrownLedgerRow) row = NULL;

  g_assert_true (crown_event_ledger_load_row (self->ledger, stream, store, "1", &row, NULL));
  return row != NULL ? crown_json_parse_object (row->json, -1, NULL) : NULL;
}

/* Makes the one meeting of a test, and from here on the clock stands unless it is moved. */
static void
create (ServerFixture *self)
{
  g_autoptr (CrownEventWrite) write = NULL;
  g_autoptr (GError) error = NULL;
  gint64 id;

  self->step_us = 0;
  write = begin (self, "create");
  crown_event_write_allot_id (write, CROWN_STORE_MEETINGS, &id, &error);
  crown_pipeline_create_meeting (write, id, "Harbour", "2025-10-28T03:00:00Z", NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (id, ==, 1);
  g_ptr_array_unref (server_fixture_commit (write));
}

static void
try_add (ServerFixture      *self,
         CrownLiveMeetings  *live,
         const char         *text,
         GError            **error)
{
  g_autoptr (CrownEventWrite) write = begin (self, "add");
  g_autoptr (JsonObject) meeting = load (self, CROWN_STORE_MEETINGS);
  g_autoptr (JsonNode) segments = crown_json_parse (text, -1, NULL);

  if (crown_live_meetings_add (live, write, meeting, json_node_get_array (segments), error))
    g_ptr_array_unref (server_fixture_commit (write));
}

static void
add (ServerFixture     *self,
     CrownLiveMeetings *live,
     const char        *text)
{
  g_autoptr (GError) error = NULL;

  try_add (self, live, text, &error);
  g_assert_no_error (error);
}

/* Lets so many seconds pass, and what is due then be done. */
static void
pass (ServerFixture     *self,
      CrownLiveMeetings *live,
      guint              seconds)
{
  self->now_us += seconds * G_USEC_PER_SEC;
  crown_live_meetings_tick (live);
  while (crown_live_meetings_n_busy (live) > 0)
    g_main_context_iteration (NULL, TRUE);
  crown_event_sequencer_flush (self->sequencer);
}

static char *
types_of (ServerFixture *self)
{
  g_autofree char *stream = crown_event_stream_name (CROWN_SCOPE_WORKSPACE, self->who.workspace_id);
  g_autoptr (GPtrArray) events = crown_event_ledger_load_events (self->ledger, stream, 0, 0, 1000, NULL);
  GString *types = g_string_new (NULL);

  for (guint i = 0; i < events->len; i++)
    {
      const CrownEnvelope *envelope = ((CrownLedgerEvent *) events->pdata[i])->envelope;

      g_assert_cmpstr (envelope->trace_id, ==, "session_1_1761620400");
      g_string_append_printf (types, "%s%s", i > 0 ? " " : "", crown_event_info (envelope->type)->name);
    }
  return g_string_free (types, FALSE);
}

static void
assert_types (ServerFixture *self,
              const char    *expected)
{
  g_autofree char *types = types_of (self);

  g_assert_cmpstr (types, ==, expected);
}

#define SAID "[{\"speaker\":\"Ada\",\"text\":\"We have to look at the harbour again before spring.\"}]"
#define PROMISED \
  "[{\"speaker\":\"Ben\",\"text\":\"I will send the report about the harbour to the council by Friday.\"}," \
  "{\"speaker\":\"Ada\",\"text\":\"Thank you, that helps us a lot.\"}]"

static void
test_refreshes_are_seldom (ServerFixture *self,
                           gconstpointer  unused)
{
  g_autoptr (CrownLiveMeetings) live = crown_live_meetings_new (self->sequencer);
  g_autoptr (JsonObject) analytics = NULL;

  create (self);
  add (self, live, SAID);
  pass (self, live, 0);
  assert_types (self, "SESSION_CREATE ANALYTICS_REFRESH");

  for (guint i = 1; i < CROWN_LIVE_REFRESH_SECONDS; i++)
    {
      add (self, live, SAID);
      pass (self, live, 1);
    }
  assert_types (self, "SESSION_CREATE ANALYTICS_REFRESH");
  pass (self, live, 1);
  assert_types (self, "SESSION_CREATE ANALYTICS_REFRESH ANALYTICS_REFRESH");

  analytics = load (self, CROWN_STORE_ANALYTICS);
  g_assert_cmpint (crown_json_opt_int (crown_json_opt_object (crown_json_opt_object (analytics, "participation"), "words"),
                                       "Ada", 0), ==, 10 * CROWN_LIVE_REFRESH_SECONDS);

  /* Nothing was said: nothing is refreshed. */
  pass (self, live, 3600);
  assert_types (self, "SESSION_CREATE ANALYTICS_REFRESH ANALYTICS_REFRESH");
}

static void
test_two_servers_share_the_interval (ServerFixture *self,
                                     gconstpointer  unused)
{
  g_autoptr (CrownLiveMeetings) one = crown_live_meetings_new (self->sequencer);
  g_autoptr (CrownLiveMeetings) two = crown_live_meetings_new (self->sequencer);

  create (self);
  add (self, one, SAID);
  pass (self, one, 0);
  add (self, two, PROMISED);
  pass (self, two, 1);
  assert_types (self, "SESSION_CREATE ANALYTICS_REFRESH");
  pass (self, two, CROWN_LIVE_REFRESH_SECONDS);
  assert_types (self, "SESSION_CREATE ANALYTICS_REFRESH ANALYTICS_REFRESH");
}

static void
finish (ServerFixture *self,
        CrownPipeline *pipeline)
{
  g_autoptr (CrownEventWrite) write = NULL;
  g_autoptr (GError) error = NULL;

  crown_pipeline_analyze (pipeline, &error);
  g_assert_no_error (error);
  write = begin (self, "end");
  crown_pipeline_write (pipeline, write, NULL, &error);
  g_assert_no_error (error);
  g_ptr_array_unref (server_fixture_commit (write));
}

static CrownPipeline *
accept_end (ServerFixture *self)
{
  g_autoptr (CrownEventWrite) write = begin (self, "end");
  g_autoptr (GError) error = NULL;
  CrownPipeline *pipeline = crown_pipeline_new_live (write, 1, &error);

  g_assert_no_error (error);
  g_ptr_array_unref (server_fixture_commit (write));
  return pipeline;
}

static void
assert_ended (ServerFixture     *self,
              CrownLiveMeetings *live)
{
  g_autoptr (JsonObject) meeting = load (self, CROWN_STORE_MEETINGS);
  g_autoptr (JsonObject) task = load (self, CROWN_STORE_TASKS);
  g_autofree char *transcript = NULL;
  g_autofree char *rest = NULL;
  g_autoptr (GError) error = NULL;
  CrownLedgerReport report;

  g_assert_cmpstr (crown_json_opt_string (meeting, "status", NULL), ==, "completed");
  g_assert_cmpint (crown_json_opt_int (meeting, "task_count", 0), ==, 1);
  g_assert_cmpstr (crown_json_opt_string (task, "assignee", NULL), ==, "Ben");
  g_assert_cmpint (crown_json_opt_int (task, "evidence_line", -1), ==, 1);
  g_assert_true (crown_event_ledger_load_transcript (self->ledger, 1, &transcript, NULL));
  g_assert_nonnull (strstr (transcript, "\"speaker\":\"Ben\""));
  g_assert_true (crown_live_meetings_load (self->ledger, 1, &rest, NULL));
  g_assert_null (rest);

  try_add (self, live, SAID, &error);
  g_assert_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_OVER);
  g_clear_error (&error);
  crown_ledger_verify (self->ledger, &report, &error);
  g_assert_no_error (error);
}

static void
test_end (ServerFixture *self,
          gconstpointer  unused)
{
  g_autoptr (CrownLiveMeetings) live = crown_live_meetings_new (self->sequencer);
  g_autoptr (CrownPipeline) pipeline = NULL;

  create (self);
  add (self, live, SAID);
  add (self, live, PROMISED);
  pipeline = accept_end (self);
  finish (self, pipeline);
  /* What was due when it ended is not refreshed any more. */
  pass (self, live, 60);
  assert_types (self, "SESSION_CREATE MEETING_UPDATE TASK_CREATE ANALYTICS_REFRESH SESSION_COMPLETE");
  g_assert_null (accept_end (self));
  assert_ended (self, live);
}

static void
test_end_goes_on (ServerFixture *self,
                  gconstpointer  unused)
{
  g_autoptr (CrownLiveMeetings) live = crown_live_meetings_new (self->sequencer);
  g_autoptr (CrownPipelineQueue) queue = crown_pipeline_queue_new (self->sequencer);
  g_autoptr (CrownPipeline) late = NULL;
  g_autoptr (CrownPipeline) again = NULL;

  create (self);
  add (self, live, SAID);
  add (self, live, PROMISED);
  late = accept_end (self);
  again = accept_end (self);
  g_assert_nonnull (again);
  g_assert_true (crown_pipeline_queue_resume (queue, NULL));
  while (crown_pipeline_queue_is_busy (queue))
    g_main_context_iteration (NULL, TRUE);
  crown_event_sequencer_flush (self->sequencer);
  finish (self, late);
  finish (self, again);
  assert_types (self, "SESSION_CREATE MEETING_UPDATE TASK_CREATE ANALYTICS_REFRESH SESSION_COMPLETE DASHBOARD_REFRESH");
  assert_ended (self, live);
}

static void
test_bad_segments (ServerFixture *self,
                   gconstpointer  unused)
{
  static const char *const bad[] = {
    "[]", "[1]", "[{\"speaker\":\"Ada\"}]", "[{\"text\":\"Hello\"}]", "[{\"speaker\":\"Ada\",\"text\":\"\"}]",
    "[{\"speaker\":\"Ada\",\"text\":\"Hello\",\"start\":\"0:10\"}]", "[{\"speaker\":\"Ada\",\"text\":\"Hello\",\"end\":-1}]",
    "[{\"speaker\":\"Ada\",\"text\":\"Hello\",\"start\":1e9}]",
  };
  g_autoptr (CrownLiveMeetings) live = crown_live_meetings_new (self->sequencer);

  create (self);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      try_add (self, live, bad[i], &error);
      g_assert_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_INVALID);
    }
  pass (self, live, 60);
  assert_types (self, "SESSION_CREATE");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  server_fixture_add ("/server/live/refreshes", test_refreshes_are_seldom);
  server_fixture_add ("/server/live/two-servers", test_two_servers_share_the_interval);
  server_fixture_add ("/server/live/end", test_end);
  server_fixture_add ("/server/live/end-goes-on", test_end_goes_on);
  server_fixture_add ("/server/live/bad-segments", test_bad_segments);

  return server_fixture_run ();
}
