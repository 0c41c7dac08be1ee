/* test-ledger.c: events, rows and digests are one; what is damaged is found
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "core/crown-json.h"
#include "server-fixture.h"
#include "server/crown-event-replay.h"
#include "server/crown-ledger-admin.h"
#include "server/crown-ledger-verifier.h"
#include "server/crown-server-error.h"

static guint64
head_of (ServerFixture *fixture)
{
  g_autofree char *stream = crown_event_stream_name (CROWN_SCOPE_WORKSPACE, fixture->who.workspace_id);
  CrownStreamHead head;

  g_assert_true (crown_event_ledger_load_head (fixture->ledger, stream, &head, NULL));
  return head.sequence;
}

static guint64
count_of (ServerFixture *fixture,
          CrownStore     store,
          CrownDigest   *digest)
{
  g_autofree char *stream = crown_event_stream_name (CROWN_SCOPE_WORKSPACE, fixture->who.workspace_id);
  guint64 count;

  g_assert_true (crown_event_ledger_load_digest (fixture->ledger, stream, store, &count, digest, NULL));
  return count;
}

static void
assert_verifies (ServerFixture *fixture)
{
  g_autoptr (GError) error = NULL;
  CrownLedgerReport report;

  crown_ledger_verify (fixture->ledger, &report, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (report.n_events, ==, head_of (fixture));
}

static void
assert_damaged (ServerFixture *fixture,
                const char    *sql,
                const char    *what)
{
  g_autoptr (GError) error = NULL;
  CrownLedgerReport report;

  assert_verifies (fixture);
  server_fixture_tamper (fixture, sql);
  g_assert_false (crown_ledger_verify (fixture->ledger, &report, &error));
  g_assert_nonnull (error);
  if (strstr (error->message, what) == NULL)
    g_error ("expected “%s” in “%s”", what, error->message);
}

static void
test_write_is_row_event_and_digest (ServerFixture *fixture,
                                    gconstpointer  unused)
{
  CrownDigest before = CROWN_DIGEST_INIT;
  CrownDigest after = CROWN_DIGEST_INIT;

  server_fixture_add_meeting (fixture, 3);
  g_assert_cmpuint (head_of (fixture), ==, 5);
  g_assert_cmpuint (count_of (fixture, CROWN_STORE_TASKS, &before), ==, 3);

  server_fixture_tick (fixture, 2);
  g_assert_cmpuint (count_of (fixture, CROWN_STORE_TASKS, &after), ==, 3);
  g_assert_false (crown_digest_equal (&before, &after));
  assert_verifies (fixture);
}

static void
test_abandoned_write_leaves_nothing (ServerFixture *fixture,
                                     gconstpointer  unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) data = crown_json_parse_object ("{\"task_id\":1,\"session_id\":1}", -1, NULL);
  CrownDigest digest;

  server_fixture_add_meeting (fixture, 1);
  {
    g_autoptr (CrownEventWrite) write = crown_event_sequencer_begin (fixture->sequencer, &fixture->who, NULL, &error);

    g_assert_true (crown_event_write_emit (write, CROWN_EVENT_TASK_DELETE, data, NULL, &error));
  }

  g_assert_cmpuint (head_of (fixture), ==, 3);
  g_assert_cmpuint (count_of (fixture, CROWN_STORE_TASKS, &digest), ==, 1);
  assert_verifies (fixture);

  /* and the number of the abandoned event is the next one's */
  server_fixture_tick (fixture, 1);
  g_assert_cmpuint (head_of (fixture), ==, 4);
}

static void
test_prev_sequence_a_namespace (ServerFixture *fixture,
                                gconstpointer  unused)
{
  g_autoptr (GError) error = NULL;
  guint tasks = crown_namespace_index (CROWN_NAMESPACE_TASKS);
  guint dashboard = crown_namespace_index (CROWN_NAMESPACE_DASHBOARD);

  server_fixture_add_meeting (fixture, 1); /* 1 meeting, 2 task, 3 stats */
  server_fixture_add_meeting (fixture, 1); /* 4 meeting, 5 task, 6 stats */

  g_autoptr (GPtrArray) events =
    crown_event_ledger_load_events (fixture->ledger, "workspace_1", CROWN_NAMESPACE_TASKS, 0, 100, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (events->len, ==, 2);

  CrownLedgerEvent *first = g_ptr_array_index (events, 0);
  CrownLedgerEvent *second = g_ptr_array_index (events, 1);

  g_assert_cmpuint (first->envelope->sequence, ==, 2);
  g_assert_cmpuint (first->prev[tasks], ==, 0);
  g_assert_cmpuint (second->envelope->sequence, ==, 5);
  g_assert_cmpuint (second->prev[tasks], ==, 2);
  g_assert_cmpuint (second->prev[dashboard], ==, 4);
  g_assert_cmpstr (second->envelope->mutation_id, ==, "key-of-import");
  g_assert_nonnull (second->envelope->checksum);
}

static void
test_bad_payload_is_refused (ServerFixture *fixture,
                             gconstpointer  unused)
{
  static const struct { CrownEventType type; const char *data; int code; } cases[] = {
    { CROWN_EVENT_TASK_CREATE, "{}", CROWN_EVENT_ERROR_PAYLOAD },
    { CROWN_EVENT_TASK_UPDATE, "{\"task_id\":\"one\",\"session_id\":1,\"updates\":{}}", CROWN_EVENT_ERROR_PAYLOAD },
    { CROWN_EVENT_TASK_UPDATE, "{\"task_id\":99,\"session_id\":1,\"updates\":{\"status\":\"completed\"}}", CROWN_EVENT_ERROR_NO_ROW },
    { CROWN_EVENT_FILTER_APPLY, "{\"query\":\"\",\"time_range\":\"all\"}", CROWN_EVENT_ERROR_PAYLOAD },
  };

  server_fixture_add_meeting (fixture, 1);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) data = crown_json_parse_object (cases[i].data, -1, NULL);
      g_autoptr (CrownEventWrite) write = crown_event_sequencer_begin (fixture->sequencer, &fixture->who, NULL, NULL);

      g_assert_false (crown_event_write_emit (write, cases[i].type, data, NULL, &error));
      g_assert_error (error, CROWN_EVENT_ERROR, cases[i].code);
    }

  g_assert_cmpuint (head_of (fixture), ==, 3);
  assert_verifies (fixture);
}

static void
on_committed (CrownEventSequencer *sequencer,
              GPtrArray           *events,
              gpointer             user_data)
{
  guint64 *last = user_data;

  for (guint i = 0; i < events->len; i++)
    {
      CrownLedgerEvent *event = g_ptr_array_index (events, i);
      CrownStreamHead head;

      /* on disk already, and in order */
      g_assert_true (crown_event_ledger_load_head (crown_event_sequencer_get_ledger (sequencer), "workspace_1", &head, NULL));
      g_assert_cmpuint (event->envelope->sequence, <=, head.sequence);
      g_assert_cmpuint (event->envelope->sequence, ==, *last + 1);
      *last = event->envelope->sequence;
    }
}

static void
test_told_after_commit_in_order (ServerFixture *fixture,
                                 gconstpointer  unused)
{
  guint64 last = 0;

  g_signal_connect (fixture->sequencer, "committed", G_CALLBACK (on_committed), &last);
  server_fixture_add_meeting (fixture, 5);
  server_fixture_tick (fixture, 3);
  g_assert_cmpuint (last, ==, 8);
}

/* Writes that share a commit */

typedef struct {
  guint told;      /* events of the signal */
  GString *done;   /* the order of the functions */
} Batch;

static void
on_batch_committed (CrownEventSequencer *sequencer,
                    GPtrArray           *events,
                    gpointer             user_data)
{
  ((Batch *) user_data)->told += events->len;
}

static void
on_first_done (GPtrArray    *events,
               const GError *error,
               gpointer      user_data)
{
  Batch *batch = user_data;

  g_assert_no_error (error);
  /* Others have been told before whoever asked is answered. */
  g_assert_cmpuint (batch->told, ==, 2);
  g_string_append_printf (batch->done, "first %u,", events->len);
}

static void
on_second_done (GPtrArray    *events,
                const GError *error,
                gpointer      user_data)
{
  Batch *batch = user_data;

  g_assert_no_error (error);
  g_string_append_printf (batch->done, "second %u,", events->len);
}

static CrownEventWrite *
begin_update (ServerFixture *fixture,
              const char    *text)
{
  g_autoptr (GError) error = NULL;
  CrownEventWrite *write = crown_event_sequencer_begin (fixture->sequencer, &fixture->who, NULL, &error);
  g_autoptr (JsonObject) data = crown_json_parse_object ("{\"task_id\":1,\"session_id\":1}", -1, NULL);
  JsonObject *updates = json_object_new ();

  g_assert_no_error (error);
  json_object_set_string_member (updates, "text", text);
  json_object_set_object_member (data, "updates", updates);
  g_assert_true (crown_event_write_emit (write, CROWN_EVENT_TASK_UPDATE, data, NULL, &error));
  g_assert_no_error (error);
  return write;
}

static char *
text_of_task (ServerFixture *fixture)
{
  g_autoptr (CrownLedgerRow) row = NULL;
  g_autoptr (JsonObject) object = NULL;

  g_assert_true (crown_event_ledger_load_row (fixture->ledger, "workspace_1", CROWN_STORE_TASKS, "1", &row, NULL));
  object = crown_json_parse_object (row->json, -1, NULL);
  return g_strdup (crown_json_opt_string (object, "text", NULL));
}

static void
test_writes_share_a_commit (ServerFixture *fixture,
                            gconstpointer  unused)
{
  Batch batch = { 0, g_string_new (NULL) };
  g_autofree char *before = NULL;
  g_autofree char *within = NULL;
  g_autofree char *after = NULL;

  fixture->step_us = 1; /* a batch that is old would be committed */
  server_fixture_add_meeting (fixture, 1);
  before = text_of_task (fixture);
  g_signal_connect (fixture->sequencer, "committed", G_CALLBACK (on_batch_committed), &batch);

  g_assert_true (crown_event_write_commit_later (begin_update (fixture, "first"), on_first_done, &batch, NULL));
  /* One that is given up takes nothing with it, and leaves no gap. */
  crown_event_write_free (begin_update (fixture, "abandoned"));
  g_assert_true (crown_event_write_commit_later (begin_update (fixture, "second"), on_second_done, &batch, NULL));

  /* Not on disk: nobody is told, and whoever reads sees what was. */
  within = text_of_task (fixture);
  g_assert_cmpstr (within, ==, before);
  g_assert_cmpuint (batch.told, ==, 0);
  g_assert_cmpstr (batch.done->str, ==, "");

  while (batch.told == 0)
    g_main_context_iteration (NULL, TRUE);
  after = text_of_task (fixture);
  g_assert_cmpstr (after, ==, "second");
  g_assert_cmpstr (batch.done->str, ==, "first 1,second 1,");
  g_string_free (batch.done, TRUE);
  assert_verifies (fixture);
}

static void
on_not_done (GPtrArray    *events,
             const GError *error,
             gpointer      user_data)
{
  guint *n = user_data;

  g_assert_null (events);
  g_assert_nonnull (error);
  (*n)++;
}

/* SQLite rolls the whole transaction back after some errors: then none of the batch is answered as if it were there. */
static void
test_batch_fails_together (ServerFixture *fixture,
                           gconstpointer  unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownEventWrite) late = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  guint n_failed = 0;
  guint told = 0;

  fixture->step_us = 1; /* a batch that is old would be committed */
  server_fixture_add_meeting (fixture, 1);
  before = text_of_task (fixture);
  g_signal_connect_swapped (fixture->sequencer, "committed", G_CALLBACK (g_atomic_int_inc), &told);
  g_assert_true (crown_event_write_commit_later (begin_update (fixture, "lost"), on_not_done, &n_failed, NULL));
  server_fixture_break_transaction (fixture);
  late = crown_event_sequencer_begin (fixture->sequencer, &fixture->who, NULL, &error);
  g_assert_null (late);
  g_assert_nonnull (error);

  crown_event_sequencer_flush (fixture->sequencer);
  g_assert_cmpuint (n_failed, ==, 1);
  g_assert_cmpuint (told, ==, 0);
  after = text_of_task (fixture);
  g_assert_cmpstr (after, ==, before);

  /* The next one begins anew. */
  g_assert_true (crown_event_write_commit_later (begin_update (fixture, "kept"), NULL, NULL, NULL));
  crown_event_sequencer_flush (fixture->sequencer);
  g_free (after);
  after = text_of_task (fixture);
  g_assert_cmpstr (after, ==, "kept");
  assert_verifies (fixture);
}

/* However many writes come within a second, one refresh; and one when it is over that has them all. */
static void
test_refresh_is_coalesced (ServerFixture *fixture,
                           gconstpointer  unused)
{
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GError) error = NULL;
  guint refreshes = 0;

  server_fixture_add_meeting (fixture, 1);
  fixture->step_us = 1000;
  for (guint i = 0; i < 50; i++)
    {
      CrownEventWrite *write = begin_update (fixture, "again");

      g_assert_true (crown_event_write_emit_stats (write, &error));
      g_assert_true (crown_event_write_commit_later (write, NULL, NULL, &error));
    }
  crown_event_sequencer_flush (fixture->sequencer);
  crown_event_sequencer_tick (fixture->sequencer); /* not yet */
  fixture->now_us += G_USEC_PER_SEC;
  crown_event_sequencer_tick (fixture->sequencer);
  crown_event_sequencer_flush (fixture->sequencer);
  all = crown_event_ledger_load_events (fixture->ledger, "workspace_1", 0, 0, 1000, &error);
  for (guint i = 0; i < all->len; i++)
    refreshes += ((CrownLedgerEvent *) all->pdata[i])->envelope->type == CROWN_EVENT_DASHBOARD_REFRESH;
  g_assert_cmpuint (refreshes, ==, 2);
  g_assert_cmpint (((CrownLedgerEvent *) all->pdata[all->len - 1])->envelope->type, ==, CROWN_EVENT_DASHBOARD_REFRESH);
  assert_verifies (fixture);
}

static void
test_stats_are_kept (ServerFixture *fixture,
                     gconstpointer  unused)
{
  g_autoptr (CrownLedgerRow) row = NULL;

  server_fixture_add_meeting (fixture, 3);
  server_fixture_add_meeting (fixture, 0);
  g_assert_true (crown_event_ledger_load_row (fixture->ledger, "workspace_1", CROWN_STORE_METADATA, "stats", &row, NULL));

  g_autoptr (JsonObject) object = crown_json_parse_object (row->json, -1, NULL);
  JsonObject *stats = crown_json_opt_object (object, "value");

  g_assert_cmpint (crown_json_opt_int (stats, "total_meetings", -1), ==, 2);
  g_assert_cmpint (crown_json_opt_int (stats, "active_meetings", -1), ==, 2);
  g_assert_cmpint (crown_json_opt_int (stats, "archived_meetings", -1), ==, 0);
  g_assert_cmpint (crown_json_opt_int (stats, "total_tasks", -1), ==, 3);
  /* 2 × 15 % of an hour + 3 × 5 minutes = 33 minutes */
  g_assert_cmpfloat (crown_json_opt_double (stats, "hours_saved", -1), ==, 0.5);
}

static void
test_verify_finds_damaged_row (ServerFixture *fixture,
                               gconstpointer  unused)
{
  server_fixture_add_meeting (fixture, 2);
  assert_damaged (fixture, "UPDATE rows SET json = replace (json, 'Write', 'Burn') WHERE store = 'tasks' AND id = 2",
                  "row tasks/2 has another checksum");
}

static void
test_verify_finds_missing_row (ServerFixture *fixture,
                               gconstpointer  unused)
{
  server_fixture_add_meeting (fixture, 2);
  assert_damaged (fixture, "DELETE FROM rows WHERE store = 'tasks' AND id = 1", "the digest of tasks");
}

static void
test_verify_finds_missing_event (ServerFixture *fixture,
                                 gconstpointer  unused)
{
  server_fixture_add_meeting (fixture, 2);
  assert_damaged (fixture, "DELETE FROM events WHERE sequence = 2", "event 2 is missing");
}

static void
test_verify_finds_missing_last_event (ServerFixture *fixture,
                                      gconstpointer  unused)
{
  server_fixture_add_meeting (fixture, 2);
  assert_damaged (fixture, "DELETE FROM events WHERE sequence = 4", "event 4 is missing");
}

static void
test_verify_finds_forged_event (ServerFixture *fixture,
                                gconstpointer  unused)
{
  server_fixture_add_meeting (fixture, 2);
  assert_damaged (fixture, "UPDATE events SET data = replace (data, 'Write', 'Burn') WHERE sequence = 2",
                  "event 2 does not make the row");
}

static void
test_verify_finds_broken_chain (ServerFixture *fixture,
                                gconstpointer  unused)
{
  server_fixture_add_meeting (fixture, 2);
  assert_damaged (fixture, "UPDATE events SET prev_1 = 1 WHERE sequence = 3", "event 3 says 1 comes before it");
}

static JsonObject *
replay (ServerFixture *fixture,
        const char    *argument)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = crown_json_parse_object (argument, -1, &error);
  CrownReplayRequest request = { .workspace_id = fixture->who.workspace_id, .user_id = fixture->who.user_id };

  g_assert_no_error (error);
  g_assert_true (crown_replay_request_parse (&request, object, &error));

  g_autofree char *text = crown_event_replay_page (fixture->ledger, &request, &error);
  g_assert_no_error (error);

  JsonObject *page = crown_json_parse_object (text, -1, &error);
  g_assert_no_error (error);
  return page;
}

static void
test_replay_in_pages (ServerFixture *fixture,
                      gconstpointer  unused)
{
  gint64 after = 0;
  guint n_events = 0;
  gboolean has_more = TRUE;

  server_fixture_add_meeting (fixture, 10); /* 12 events, 10 of them in /tasks: 2…11 */
  while (has_more)
    {
      g_autofree char *argument = g_strdup_printf (
        "{\"last_sequence\":%" G_GINT64_FORMAT ",\"namespace\":\"/tasks\",\"limit\":4}", after);
      g_autoptr (JsonObject) page = replay (fixture, argument);
      JsonArray *events = crown_json_opt_array (page, "events");

      g_assert_cmpint (crown_json_opt_int (page, "from_sequence", -1), ==, after);
      g_assert_true (crown_json_opt_boolean (page, "is_initial_sync", FALSE) == (after == 0));
      for (guint i = 0; i < json_array_get_length (events); i++)
        {
          JsonObject *event = json_array_get_object_element (events, i);
          gint64 sequence = crown_json_opt_int (event, "sequence", -1);

          g_assert_cmpstr (crown_json_opt_string (event, "event_type", NULL), ==, "TASK_CREATE");
          g_assert_cmpint (sequence, ==, (gint64) n_events + 2);
          g_assert_cmpint (crown_json_opt_int (event, "prev_sequence", -1), ==, n_events == 0 ? 0 : sequence - 1);
          n_events++;
        }

      after = crown_json_opt_int (page, "up_to_sequence", -1);
      has_more = crown_json_opt_boolean (page, "has_more", FALSE);
    }

  g_assert_cmpuint (n_events, ==, 10);
  g_assert_cmpint (after, ==, 12);
}

static void
test_replay_wants_a_snapshot (ServerFixture *fixture,
                              gconstpointer  unused)
{
  static const char * const arguments[] = {
    "{\"last_sequence\":2,\"namespace\":\"/dashboard\",\"epoch\":\"of another ledger\"}",
    "{\"last_sequence\":99,\"namespace\":\"/dashboard\"}",
    "{\"last_sequence\":1,\"namespace\":\"/dashboard\"}",
  };

  server_fixture_add_meeting (fixture, 2);
  server_fixture_tamper (fixture, "UPDATE streams SET floor = 2");
  for (guint i = 0; i < G_N_ELEMENTS (arguments); i++)
    {
      g_autoptr (JsonObject) page = replay (fixture, arguments[i]);

      g_assert_true (crown_json_opt_boolean (page, "snapshot_required", FALSE));
      g_assert_cmpuint (json_array_get_length (crown_json_opt_array (page, "events")), ==, 0);
    }

  g_autoptr (JsonObject) page = replay (fixture, "{\"last_sequence\":2,\"namespace\":\"/dashboard\"}");

  g_assert_false (crown_json_opt_boolean (page, "snapshot_required", TRUE));
  g_assert_cmpuint (json_array_get_length (crown_json_opt_array (page, "events")), ==, 2);
}

/* In the ledger's place it gives numbers anew: no client may take its events for the lost ones. */
static void
assert_has_another_epoch (ServerFixture *fixture,
                          const char    *path)
{
  g_autofree char *uri = g_strconcat ("sqlite:", path, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownEventLedger) copy = crown_event_ledger_open (uri, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (crown_event_ledger_get_epoch (copy), !=, crown_event_ledger_get_epoch (fixture->ledger));
}

static void
test_admin_tokens_and_backup (ServerFixture *fixture,
                              gconstpointer  unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownLedgerAdmin) admin = crown_ledger_admin_open (fixture->uri, &error);
  g_autofree char *copy = g_build_filename (fixture->folder, "copy.db", NULL);
  g_autofree char *report = NULL;

  g_assert_no_error (error);
  server_fixture_add_meeting (fixture, 2);

  g_assert_null (crown_ledger_admin_create_token (admin, fixture->who.user_id, fixture->who.workspace_id, "king", &error));
  g_assert_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_null (crown_ledger_admin_create_token (admin, 77, fixture->who.workspace_id, "member", &error));
  g_assert_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_NOT_FOUND);
  g_clear_error (&error);

  g_autofree char *token =
    crown_ledger_admin_create_token (admin, fixture->who.user_id, fixture->who.workspace_id, "member", &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (token, "crown4_"));

  g_autoptr (GPtrArray) tokens = crown_ledger_admin_list_tokens (admin, &error);
  g_assert_cmpuint (tokens->len, ==, 1);

  const CrownTokenInfo *info = g_ptr_array_index (tokens, 0);
  g_assert_cmpstr (info->role, ==, "member");
  g_assert_false (info->revoked);
  g_assert_true (crown_ledger_admin_revoke_token (admin, info->id, &error));
  g_assert_false (crown_ledger_admin_revoke_token (admin, 999, &error));
  g_assert_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_NOT_FOUND);
  g_clear_error (&error);

  g_assert_true (crown_ledger_admin_verify (admin, &report, &error));
  g_assert_cmpstr (report, ==, "ok: 1 streams, 4 events, 4 rows");
  if (!server_fixture_is_file (fixture))
    {
      g_assert_false (crown_ledger_admin_backup (admin, copy, &error));
      g_assert_nonnull (strstr (error->message, "pg_dump"));
      return;
    }
  g_assert_true (crown_ledger_admin_backup (admin, copy, &error));
  assert_has_another_epoch (fixture, copy);
  g_assert_true (g_file_test (copy, G_FILE_TEST_EXISTS));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

#define ADD(path, func) server_fixture_add ("/server/ledger/" path, func)
  ADD ("write", test_write_is_row_event_and_digest);
  ADD ("abandoned", test_abandoned_write_leaves_nothing);
  ADD ("prev-sequence", test_prev_sequence_a_namespace);
  ADD ("batch/shared", test_writes_share_a_commit);
  ADD ("batch/failed", test_batch_fails_together);
  ADD ("batch/refresh", test_refresh_is_coalesced);
  ADD ("bad-payload", test_bad_payload_is_refused);
  ADD ("committed", test_told_after_commit_in_order);
  ADD ("stats", test_stats_are_kept);
  ADD ("verify/damaged-row", test_verify_finds_damaged_row);
  ADD ("verify/missing-row", test_verify_finds_missing_row);
  ADD ("verify/missing-event", test_verify_finds_missing_event);
  ADD ("verify/missing-last-event", test_verify_finds_missing_last_event);
  ADD ("verify/forged-event", test_verify_finds_forged_event);
  ADD ("verify/broken-chain", test_verify_finds_broken_chain);
  ADD ("replay/pages", test_replay_in_pages);
  ADD ("replay/snapshot-required", test_replay_wants_a_snapshot);
  ADD ("admin", test_admin_tokens_and_backup);
#undef ADD

  return server_fixture_run ();
}
