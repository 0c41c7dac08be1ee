/* test-pipeline.c: from a transcript to a meeting, cut off in the middle, and again
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "crown-config.h"

#include <string.h>

#include "core/crown-json.h"
#include "server-fixture.h"
#include "server/crown-ledger-verifier.h"
#include "server/crown-pipeline-queue.h"

static const char planning[] =
  "Ada: Good morning everybody, let us plan the release of the new dashboard.\n"
  "Ben: The tests are green since yesterday and I am happy with that.\n"
  "Ada: We have decided to release on Thursday.\n"
  "Ada: Ben, can you send the release notes to the team by Friday?\n"
  "Ben: Yes, I will send the release notes by Friday.\n"
  "Ada: And I will update the documentation tomorrow.\n";

/* The second task is said otherwise, the third comes new, and the first is not said any more. */
static const char corrected[] =
  "Ada: Good morning everybody, let us plan the release of the new dashboard.\n"
  "Ben: The tests are green since yesterday and I am happy with that.\n"
  "Ada: We have decided to release on Thursday.\n"
  "Ada: And I will update the documentation today.\n"
  "Ben: I will order the printed stickers by Monday.\n";

static const char other[] =
  "Ada: The office needs new chairs before the summer begins.\n"
  "Ben: I will ask three companies for their prices by Friday.\n";

static CrownPipeline *
read_transcript (const char *text,
                 const char *name,
                 const char *date)
{
  g_autoptr (GError) error = NULL;
  CrownPipeline *pipeline = crown_pipeline_new (text, strlen (text), name, date, NULL, &error);

  g_assert_no_error (error);
  return pipeline;
}

static void
accept (ServerFixture *self,
        CrownPipeline *pipeline,
        const char    *key)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownEventWrite) write = crown_event_sequencer_begin (self->sequencer, &self->who, key, &error);

  g_assert_no_error (error);
  crown_pipeline_accept (pipeline, write, &error);
  g_assert_no_error (error);
  g_ptr_array_unref (server_fixture_commit (write));
}

/* Returns: the meeting */
static gint64
finish (ServerFixture *self,
        CrownPipeline *pipeline,
        const char    *key)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownEventWrite) write = NULL;

  crown_pipeline_analyze (pipeline, &error);
  g_assert_no_error (error);
  write = crown_event_sequencer_begin (self->sequencer, &self->who, key, &error);
  g_assert_no_error (error);
  crown_pipeline_write (pipeline, write, NULL, &error);
  g_assert_no_error (error);
  g_ptr_array_unref (server_fixture_commit (write));
  return crown_pipeline_get_import (pipeline)->meeting_id;
}

static gint64
import (ServerFixture *self,
        const char    *text,
        const char    *name,
        const char    *date,
        const char    *key)
{
  g_autoptr (CrownPipeline) pipeline = read_transcript (text, name, date);

  accept (self, pipeline, key);
  return finish (self, pipeline, key);
}

/* The types of the events after @after, one letter each, all of one trace. */
static char *
events_after (ServerFixture *self,
              guint64        after)
{
  static const struct { CrownEventType type; char letter; } letters[] = {
    { CROWN_EVENT_SESSION_CREATE, 'S' }, { CROWN_EVENT_MEETING_UPDATE, 'M' }, { CROWN_EVENT_TASK_CREATE, 'c' },
    { CROWN_EVENT_TASK_UPDATE, 'u' }, { CROWN_EVENT_TASK_DELETE, 'd' }, { CROWN_EVENT_ANALYTICS_REFRESH, 'A' },
    { CROWN_EVENT_SESSION_COMPLETE, 'C' }, { CROWN_EVENT_DASHBOARD_REFRESH, 'D' },
  };
  g_autofree char *stream = crown_event_stream_name (CROWN_SCOPE_WORKSPACE, self->who.workspace_id);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) events = crown_event_ledger_load_events (self->ledger, stream, 0, after, 1000, &error);
  GString *types = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < events->len; i++)
    {
      const CrownEnvelope *envelope = ((CrownLedgerEvent *) events->pdata[i])->envelope;

      g_assert_cmpstr (envelope->trace_id, ==, ((CrownLedgerEvent *) events->pdata[0])->envelope->trace_id);
      for (guint j = 0; j < G_N_ELEMENTS (letters); j++)
        if (letters[j].type == envelope->type)
          g_string_append_c (types, letters[j].letter);
    }
  return g_string_free (types, FALSE);
}

static guint64
head_of (ServerFixture *self)
{
  g_autofree char *stream = crown_event_stream_name (CROWN_SCOPE_WORKSPACE, self->who.workspace_id);
  g_autoptr (GError) error = NULL;
  CrownStreamHead head;

  crown_event_ledger_load_head (self->ledger, stream, &head, &error);
  g_assert_no_error (error);
  return head.sequence;
}

static void
assert_events (ServerFixture *self,
               guint64        after,
               const char    *expected)
{
  g_autofree char *types = events_after (self, after);

  g_assert_cmpstr (types, ==, expected);
}

static JsonObject *
row_of (ServerFixture *self,
        CrownStore     store,
        gint64         id)
{
  g_autofree char *stream = crown_event_stream_name (CROWN_SCOPE_WORKSPACE, self->who.workspace_id);
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, id);
  g_autoptr (CrownLedgerRow) row = NULL;
  g_autoptr (GError) error = NULL;

  crown_event_ledger_load_row (self->ledger, stream, store, text, &row, &error);
  g_assert_no_error (error);
  return row != NULL ? crown_json_parse_object (row->json, -1, NULL) : NULL;
}

static guint
count_rows (ServerFixture *self,
            CrownStore     store)
{
  g_autofree char *stream = crown_event_stream_name (CROWN_SCOPE_WORKSPACE, self->who.workspace_id);
  g_autoptr (GPtrArray) rows = crown_event_ledger_list_rows (self->ledger, stream, store, NULL, 0, NULL);

  return rows->len;
}

static void
emit (ServerFixture  *self,
      CrownEventType  type,
      const char     *json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownEventWrite) write = crown_event_sequencer_begin (self->sequencer, &self->who, NULL, &error);
  g_autoptr (JsonObject) data = crown_json_parse_object (json, -1, &error);

  g_assert_no_error (error);
  crown_event_write_emit (write, type, data, NULL, &error);
  g_assert_no_error (error);
  g_ptr_array_unref (server_fixture_commit (write));
}

static void
assert_verifies (ServerFixture *self)
{
  g_autoptr (GError) error = NULL;
  CrownLedgerReport report;

  crown_ledger_verify (self->ledger, &report, &error);
  g_assert_no_error (error);
}

/* Another server finds what the one that died has accepted. */
static void
resume (ServerFixture *self)
{
  g_autoptr (CrownPipelineQueue) queue = crown_pipeline_queue_new (self->sequencer);
  g_autoptr (GError) error = NULL;

  crown_pipeline_queue_resume (queue, &error);
  g_assert_no_error (error);
  while (crown_pipeline_queue_is_busy (queue))
    g_main_context_iteration (NULL, TRUE);
  crown_event_sequencer_flush (self->sequencer);
}

static void
test_order (ServerFixture *self,
            gconstpointer  unused)
{
  gint64 id = import (self, planning, "plan.txt", "2025-10-28", "key");
  g_autoptr (JsonObject) analytics = row_of (self, CROWN_STORE_ANALYTICS, id);
  g_autoptr (JsonObject) task = row_of (self, CROWN_STORE_TASKS, 1);
  JsonArray *decisions = crown_json_opt_array (analytics, "decisions");
  JsonArray *topics = crown_json_opt_array (analytics, "topics");

  assert_events (self, 0, "SMccAC");
  g_assert_cmpuint (json_array_get_length (decisions), ==, 1);
  g_assert_cmpint (crown_json_opt_int (json_array_get_object_element (decisions, 0), "line", -1), ==, 2);
  g_assert_cmpuint (json_array_get_length (topics), >=, 1);
  g_assert_cmpint (crown_json_opt_int (json_array_get_object_element (topics, 0), "line", -1), ==, 0);
  g_assert_nonnull (crown_json_opt_array (analytics, "events"));
  g_assert_nonnull (crown_json_opt_array (analytics, "notes"));
  g_assert_cmpstr (crown_json_opt_string (task, "assignee", NULL), ==, "Ben");
  g_assert_cmpstr (crown_json_opt_string (task, "due_date", NULL), ==, "2025-10-31");
  assert_verifies (self);
}

static void
test_goes_on (ServerFixture *self,
              gconstpointer  unused)
{
  g_autoptr (CrownPipeline) late = read_transcript (planning, "plan.txt", "2025-10-28");
  guint64 end;

  /* The server dies after it has accepted it, and with it what it knows. */
  accept (self, late, "key");
  assert_events (self, 0, "S");
  resume (self);
  assert_events (self, 0, "SMccACD");
  end = head_of (self);

  /* Nothing is pending any more; who asks again is told what there is; and a server that only was slow changes nothing. */
  resume (self);
  g_assert_cmpint (import (self, planning, "plan.txt", "2025-10-28", "key"), ==, 1);
  g_assert_cmpint (finish (self, late, "key"), ==, 1);
  g_assert_cmpuint (crown_pipeline_get_task_count (late), ==, 2);
  g_assert_cmpuint (crown_pipeline_get_import (late)->sequence, ==, end - 1);
  assert_events (self, end, "");
  assert_verifies (self);
}

static void
test_goes_on_with_exact_times (ServerFixture *self,
                               gconstpointer  unused)
{
  /* Starts and no ends: read again from the ledger, the ends that were filled in must not count as measured. */
  static const char text[] =
    "[00:00:05] Ada: Let us begin with the numbers of the last quarter, please.\n"
    "[00:00:20] Ben: They are better than we thought when we met in June.\n";
  g_autoptr (CrownPipeline) pipeline = read_transcript (text, "numbers.txt", "2025-10-28");
  g_autoptr (JsonObject) whole = NULL;
  g_autoptr (JsonObject) resumed = NULL;
  gint64 id = import (self, text, "whole.txt", "2025-10-28", "first");

  accept (self, pipeline, "second");
  resume (self);
  whole = row_of (self, CROWN_STORE_ANALYTICS, id);
  resumed = row_of (self, CROWN_STORE_ANALYTICS, crown_pipeline_get_import (pipeline)->meeting_id);
  json_object_remove_member (whole, "session_id");
  json_object_remove_member (resumed, "session_id");
  json_object_remove_member (whole, "updated_at");
  json_object_remove_member (resumed, "updated_at");
  g_assert_true (json_object_equal (whole, resumed));
}

static void
test_again_is_no_double (ServerFixture *self,
                         gconstpointer  unused)
{
  guint64 end;

  g_assert_cmpint (import (self, planning, "plan.txt", "2025-10-28", "first"), ==, 1);
  end = head_of (self);
  g_assert_cmpint (import (self, planning, "plan.txt", "2025-10-28", "second"), ==, 1);
  assert_events (self, end, "MAC");
  end = head_of (self);
  g_assert_cmpint (import (self, planning, "plan.txt", NULL, "third"), ==, 1);
  assert_events (self, end, "MAC");
  g_assert_cmpuint (count_rows (self, CROWN_STORE_MEETINGS), ==, 1);
  g_assert_cmpuint (count_rows (self, CROWN_STORE_TASKS), ==, 2);

  /* What has only the name, or only the words, or is of another day, is another meeting. */
  g_assert_cmpint (import (self, other, "plan.txt", "2025-10-28", "fourth"), ==, 2);
  g_assert_cmpint (import (self, planning, "copy.txt", "2025-10-28", "fifth"), ==, 3);
  g_assert_cmpint (import (self, planning, "plan.txt", "2025-11-04", "sixth"), ==, 4);
  assert_verifies (self);
}

static void
test_people_keep_what_they_did (ServerFixture *self,
                                gconstpointer  unused)
{
  guint64 end;

  import (self, planning, "plan.txt", "2025-10-28", "first");
  emit (self, CROWN_EVENT_TASK_DELETE, "{\"task_id\":2,\"session_id\":1}");
  emit (self, CROWN_EVENT_TASK_UPDATE, "{\"task_id\":1,\"session_id\":1,\"updates\":{\"assignee\":\"Cleo\","
                                       "\"status\":\"completed\"}}");
  emit (self, CROWN_EVENT_SESSION_UPDATE, "{\"session_id\":1,\"updates\":{\"summary\":\"We release.\"}}");
  emit (self, CROWN_EVENT_SESSION_ARCHIVE, "{\"meeting_id\":1,\"archived_by\":1}");
  end = head_of (self);
  import (self, planning, "plan.txt", "2025-10-28", "second");
  assert_events (self, end, "MAC");

  g_autoptr (JsonObject) task = row_of (self, CROWN_STORE_TASKS, 1);
  g_autoptr (JsonObject) meeting = row_of (self, CROWN_STORE_MEETINGS, 1);

  g_assert_cmpstr (crown_json_opt_string (task, "assignee", NULL), ==, "Cleo");
  g_assert_cmpstr (crown_json_opt_string (task, "status", NULL), ==, "completed");
  g_assert_cmpstr (crown_json_opt_string (meeting, "summary", NULL), ==, "We release.");
  g_assert_cmpstr (crown_json_opt_string (meeting, "status", NULL), ==, "archived");
  g_assert_cmpuint (count_rows (self, CROWN_STORE_TASKS), ==, 1);
}

static void
test_correction_updates (ServerFixture *self,
                         gconstpointer  unused)
{
  guint64 end;

  import (self, planning, "plan.txt", "2025-10-28", "first");
  end = head_of (self);
  g_assert_cmpint (import (self, corrected, "plan.txt", "2025-10-28", "second"), ==, 1);
  assert_events (self, end, "MucdAC");

  g_autoptr (JsonObject) first = row_of (self, CROWN_STORE_TASKS, 1);
  g_autoptr (JsonObject) second = row_of (self, CROWN_STORE_TASKS, 2);
  g_autoptr (JsonObject) third = row_of (self, CROWN_STORE_TASKS, 3);
  g_autoptr (JsonObject) meeting = row_of (self, CROWN_STORE_MEETINGS, 1);

  g_assert_null (first);
  g_assert_cmpstr (crown_json_opt_string (second, "due_date", NULL), ==, "2025-10-28");
  g_assert_cmpint (crown_json_opt_int (second, "evidence_line", -1), ==, 3);
  g_assert_cmpstr (crown_json_opt_string (third, "assignee", NULL), ==, "Ben");
  g_assert_cmpint (crown_json_opt_int (meeting, "task_count", -1), ==, 2);

  /* What somebody has taken on stays, and loses its evidence. */
  emit (self, CROWN_EVENT_TASK_UPDATE, "{\"task_id\":3,\"session_id\":1,\"updates\":{\"priority\":\"high\"}}");
  import (self, planning, "plan.txt", "2025-10-28", "third");
  g_clear_pointer (&third, json_object_unref);
  third = row_of (self, CROWN_STORE_TASKS, 3);
  g_assert_cmpint (crown_json_opt_int (third, "evidence_line", 0), ==, -1);
  g_assert_cmpuint (count_rows (self, CROWN_STORE_TASKS), ==, 3);
  assert_verifies (self);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  server_fixture_add ("/server/pipeline/order", test_order);
  server_fixture_add ("/server/pipeline/goes-on", test_goes_on);
  server_fixture_add ("/server/pipeline/goes-on-with-times", test_goes_on_with_exact_times);
  server_fixture_add ("/server/pipeline/again", test_again_is_no_double);
  server_fixture_add ("/server/pipeline/people", test_people_keep_what_they_did);
  server_fixture_add ("/server/pipeline/correction", test_correction_updates);

  return server_fixture_run ();
}
