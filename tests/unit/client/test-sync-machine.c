/* test-sync-machine.c: what the client does when, with a driver that only writes it down
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <glib/gstdio.h>
#include <string.h>

#include "client/crown-sync-machine.h"
#include "core/crown-json.h"
#include "core/crown-limits.h"
#include "storage/crown-sqlite.h"

#define EPOCH "6e9a1f70-5f0e-4c6e-9a57-0d5c2b7f3a11"
#define OTHER "7e9a1f70-5f0e-4c6e-9a57-0d5c2b7f3a11"
#define MS    G_GINT64_CONSTANT (1000)

typedef struct {
  char             *folder;
  CrownCache       *cache;
  CrownOutbox      *outbox;
  CrownSyncMachine *machine;
  gint64            now_us;
  double            random;
  CrownClock        clock;
  GString          *log;      /* what was done since it was last read */
  guint             request;  /* the last one's id */
} Fixture;

static void
note (Fixture    *self,
      const char *format,
      ...)
{
  va_list args;

  if (self->log->len > 0)
    g_string_append (self->log, "; ");
  va_start (args, format);
  g_string_append_vprintf (self->log, format, args);
  va_end (args);
}

static void
driver_open (gpointer user_data)
{
  note (user_data, "open");
}

static void
driver_close (gpointer user_data)
{
  note (user_data, "close");
}

static void
driver_emit (const char *nsp,
             const char *name,
             JsonObject *argument,
             gpointer    user_data)
{
  if (g_str_equal (name, "request_event_replay"))
    note (user_data, "replay after %" G_GINT64_FORMAT, crown_json_opt_int (argument, "last_sequence", -1));
  else if (g_str_equal (nsp, "/dashboard"))
    note (user_data, "%s", name);
}

static void
driver_request (const CrownSyncRequest *request,
                gpointer                user_data)
{
  ((Fixture *) user_data)->request = request->id;
  note (user_data, "%s %s", request->method, request->path);
}

static void
driver_state_changed (CrownClientState state,
                      gpointer         user_data)
{
}

static void
driver_changed (const CrownChangeSet *changes,
                gboolean              made_here,
                gpointer              user_data)
{
}

static void
driver_pending (guint    n,
                gpointer user_data)
{
}

/* What is tried again is not noted: that it is, is. */
static void
driver_failed (CrownFailureKind     kind,
               CrownFailureOutcome  outcome,
               const char          *what,
               const char          *mutation_id,
               const char          *detail,
               gpointer             user_data)
{
  if (outcome != CROWN_OUTCOME_RETRIES || crown_failure_get_policy (kind) == CROWN_POLICY_ASK)
    note (user_data, "%s: %s%s%s", what, crown_failure_get_name (kind), detail != NULL ? ", " : "", detail != NULL ? detail : "");
}

static const CrownSyncDriver driver = {
  driver_open, driver_close, driver_emit, driver_request, driver_state_changed, driver_changed, driver_pending,
  driver_failed,
};

static gint64
clock_now (gpointer user_data)
{
  return ((Fixture *) user_data)->now_us;
}

static double
not_random (gpointer user_data)
{
  return ((Fixture *) user_data)->random;
}

static void
wait_ms (Fixture *self,
         guint    ms)
{
  self->now_us += ms * MS;
  crown_sync_machine_tick (self->machine);
}

static void
set_up (Fixture       *self,
        gconstpointer  unused)
{
  g_autoptr (GError) error = NULL;

  self->folder = g_dir_make_tmp ("crown-machine-XXXXXX", &error);
  g_autofree char *cache = g_build_filename (self->folder, "cache.db", NULL);
  g_autofree char *outbox = g_build_filename (self->folder, "outbox.db", NULL);

  self->clock = (CrownClock) { clock_now, clock_now, self };
  self->now_us = G_USEC_PER_SEC;
  self->random = 0.5;
  self->log = g_string_new (NULL);
  self->outbox = crown_outbox_open (outbox, &error);
  self->cache = crown_cache_open (cache, 1, 42, &error);
  g_assert_no_error (error);
  self->machine = crown_sync_machine_new (self->cache, self->outbox, 1, 42, &driver, self, &self->clock,
                                          not_random, self);
  wait_ms (self, 500); /* what is done when there is nothing else to do */
}

static void
tear_down (Fixture       *self,
           gconstpointer  unused)
{
  g_autoptr (GDir) dir = g_dir_open (self->folder, 0, NULL);
  const char *name;

  crown_sync_machine_free (self->machine);
  crown_cache_close (self->cache);
  crown_outbox_close (self->outbox);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->folder, name, NULL);

      g_remove (path);
    }
  g_rmdir (self->folder);
  g_free (self->folder);
  g_string_free (self->log, TRUE);
}

static void
assert_did (Fixture    *self,
            const char *expected)
{
  g_assert_cmpstr (self->log->str, ==, expected);
  g_string_truncate (self->log, 0);
}

#define assert_state(self, state) g_assert_cmpint (crown_sync_machine_get_state ((self)->machine), ==, CROWN_CLIENT_ ## state)

static void
say (Fixture    *self,
     const char *nsp,
     const char *name,
     const char *argument)
{
  g_autofree char *text = g_strdup_printf ("[%s]", argument);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = crown_json_parse (text, -1, &error);

  g_assert_no_error (error);
  crown_sync_machine_event (self->machine, nsp, name, json_node_get_array (node));
}

static void
assert_due_in (Fixture *self,
               guint    ms)
{
  g_assert_cmpint (crown_sync_machine_get_due (self->machine) - self->now_us, ==, ms * MS);
}

static void
join_all (Fixture    *self,
          const char *epoch)
{
  for (guint i = 0; i < CROWN_N_NAMESPACES; i++)
    crown_sync_machine_opened (self->machine, crown_namespace_to_string ((CrownNamespaces) (1u << i)));
  for (guint i = 0; i < CROWN_N_NAMESPACES; i++)
    {
      g_autofree char *answer = g_strdup_printf ("{\"workspace_id\":1,\"user_id\":42,\"epoch\":\"%s\",\"sequence\":0}", epoch);

      say (self, crown_namespace_to_string ((CrownNamespaces) (1u << i)), "workspace_joined", answer);
    }
}

static char *
event_text (guint64 sequence)
{
  return g_strdup_printf (
    "{\"event_id\":%" G_GUINT64_FORMAT ",\"sequence\":%" G_GUINT64_FORMAT ",\"prev_sequence\":%" G_GUINT64_FORMAT ","
    "\"event_type\":\"ARCHIVE_REVEAL\",\"event_name\":\"Archive Revealed\",\"workspace_id\":1,\"user_id\":42,"
    "\"timestamp\":\"2025-10-28T03:00:00Z\",\"data\":{\"workspace_id\":1,\"user_id\":42,\"archived_count\":1,"
    "\"timestamp\":\"2025-10-28T03:00:00Z\"},\"stream\":\"workspace_1\",\"epoch\":\"" EPOCH "\"}",
    sequence, sequence, sequence - 1);
}

static void
say_event (Fixture *self,
           guint64  sequence)
{
  g_autofree char *text = event_text (sequence);

  say (self, "/dashboard", "ARCHIVE_REVEAL", text);
}

static void
come_alive (Fixture *self)
{
  crown_sync_machine_connect (self->machine);
  join_all (self, EPOCH);
  say (self, "/dashboard", "event_replay", "{\"events\":[],\"has_more\":false,\"up_to_sequence\":0,\"snapshot_required\":false}");
  assert_state (self, LIVE);
  wait_ms (self, 0);
  g_string_truncate (self->log, 0);
}

static void
test_way_to_live (Fixture       *self,
                  gconstpointer  unused)
{
  g_autofree char *first = event_text (1);
  g_autofree char *page = g_strdup_printf ("{\"events\":[%s],\"has_more\":true,\"up_to_sequence\":2}", first);
  g_autofree char *second = event_text (2);
  g_autofree char *last = g_strdup_printf ("{\"events\":[%s],\"has_more\":false,\"up_to_sequence\":2}", second);

  assert_state (self, OFFLINE);
  crown_sync_machine_connect (self->machine);
  assert_state (self, CONNECTING);
  assert_did (self, "close; open");
  crown_sync_machine_opened (self->machine, "/dashboard");
  assert_did (self, "join_workspace");
  join_all (self, EPOCH);
  assert_state (self, REPLAYING);
  assert_did (self, "replay after 0");
  say (self, "/dashboard", "event_replay", page);
  assert_state (self, REPLAYING);
  assert_did (self, "replay after 1");
  say (self, "/dashboard", "event_replay", last);
  assert_state (self, LIVE);
}

/* Each step has twenty seconds; min(1000·2ⁿ, 30000) ms ± 20 % are between the tries. */
static void
test_backoff (Fixture       *self,
              gconstpointer  unused)
{
  static const guint delays[] = { 1000, 2000, 4000, 8000, 16000, 30000, 30000 };

  crown_sync_machine_connect (self->machine);
  for (guint i = 0; i < G_N_ELEMENTS (delays); i++)
    {
      assert_did (self, "close; open");
      assert_due_in (self, 20000);
      wait_ms (self, 20000);
      assert_state (self, BACKING_OFF);
      assert_did (self, "close");
      assert_due_in (self, delays[i]);
      wait_ms (self, delays[i]);
      assert_state (self, CONNECTING);
    }
  self->random = 0;
  wait_ms (self, 20000);
  assert_due_in (self, 24000);
  crown_sync_machine_wake (self->machine);
  assert_state (self, CONNECTING);
  come_alive (self);
  crown_sync_machine_lost (self->machine, CROWN_FAILURE_LOST, "transport close");
  assert_due_in (self, 800); /* it begins anew */
}

static void
test_refusals (Fixture       *self,
               gconstpointer  unused)
{
  crown_sync_machine_connect (self->machine);
  crown_sync_machine_opened (self->machine, "/tasks");
  say (self, "/tasks", "join_error", "{\"code\":\"room_full\",\"message\":\"There are too many\"}");
  assert_state (self, BACKING_OFF); /* it passes */
  wait_ms (self, 1000);
  crown_sync_machine_opened (self->machine, "/tasks");
  g_string_truncate (self->log, 0);
  say (self, "/tasks", "join_error", "{\"code\":\"forbidden\",\"message\":\"You are no member\"}");
  assert_state (self, STOPPED);
  assert_did (self, "close; connect: forbidden, You are no member");
  g_assert_cmpint (crown_sync_machine_get_due (self->machine), ==, G_MAXINT64);
  crown_sync_machine_wake (self->machine);
  assert_state (self, CONNECTING);
}

static void
test_gap (Fixture       *self,
          gconstpointer  unused)
{
  come_alive (self);
  say_event (self, 1);
  assert_due_in (self, 0);
  wait_ms (self, 0);
  say_event (self, 3);
  wait_ms (self, 0);
  assert_due_in (self, CROWN_GAP_REPLAY_MS);
  wait_ms (self, CROWN_GAP_REPLAY_MS - 1);
  assert_did (self, "");
  wait_ms (self, 1);
  assert_did (self, "replay after 1");
  /* It comes by itself after all: what waited is applied with it. */
  say_event (self, 2);
  wait_ms (self, 0);
  say (self, "/dashboard", "event_replay", "{\"events\":[],\"has_more\":false,\"up_to_sequence\":3}");
  assert_state (self, LIVE);
  say_event (self, 2); /* a duplicate */
  wait_ms (self, 500);
  g_assert_cmpint (crown_sync_machine_get_due (self->machine), ==, G_MAXINT64);
  assert_did (self, "");
}

static void
test_overflow (Fixture       *self,
               gconstpointer  unused)
{
  come_alive (self);
  for (guint i = 0; i < CROWN_EVENT_BUFFER_MAX; i++)
    say_event (self, 2 + i);
  wait_ms (self, 0);
  assert_did (self, "");
  say_event (self, 2 + CROWN_EVENT_BUFFER_MAX);
  wait_ms (self, 0);
  assert_did (self, "replay after 0"); /* without waiting */
}

static void
answer (Fixture    *self,
        guint       status,
        guint64     sequence,
        const char *text)
{
  g_autoptr (GBytes) body = g_bytes_new (text, strlen (text));
  const CrownSyncAnswer said = { .status = status, .sequence = sequence, .body = body };

  crown_sync_machine_answered (self->machine, self->request, &said);
}

static void
test_other_epoch (Fixture       *self,
                  gconstpointer  unused)
{
  come_alive (self);
  say_event (self, 1);
  wait_ms (self, 0);
  crown_sync_machine_lost (self->machine, CROWN_FAILURE_LOST, "transport close");
  wait_ms (self, 1000);
  join_all (self, OTHER);
  g_string_truncate (self->log, 0);
  say (self, "/dashboard", "event_replay", "{\"events\":[],\"snapshot_required\":true}");
  assert_state (self, SNAPSHOTTING);
  assert_did (self, "GET /snapshot");
  answer (self, 200, 0, "{\"epoch\":\"" OTHER "\",\"sequence\":7,\"user_sequence\":0,\"stores\":{}}");
  assert_state (self, REPLAYING);
  assert_did (self, "replay after 7");
}

/* A server that always wants a snapshot, and one that always says that there is more: neither is asked for ever. */
static void
test_loops (Fixture       *self,
            gconstpointer  unused)
{
  guint n = 0;

  come_alive (self);
  crown_sync_machine_lost (self->machine, CROWN_FAILURE_LOST, "transport close");
  wait_ms (self, 1000);
  join_all (self, EPOCH);
  while (crown_sync_machine_get_state (self->machine) == CROWN_CLIENT_REPLAYING && n++ < 100)
    {
      say (self, "/dashboard", "event_replay", "{\"events\":[],\"snapshot_required\":true}");
      if (crown_sync_machine_get_state (self->machine) == CROWN_CLIENT_SNAPSHOTTING)
        answer (self, 200, 0, "{\"epoch\":\"" EPOCH "\",\"sequence\":0,\"user_sequence\":0,\"stores\":{}}");
    }
  g_assert_cmpuint (n, <, 10);
  assert_state (self, BACKING_OFF);
  g_assert_nonnull (strstr (self->log->str, "sync: answer"));

  wait_ms (self, 30000);
  join_all (self, EPOCH);
  g_string_truncate (self->log, 0);
  for (n = 0; crown_sync_machine_get_state (self->machine) != CROWN_CLIENT_BACKING_OFF && n < 100; n++)
    {
      if (crown_sync_machine_get_state (self->machine) == CROWN_CLIENT_SNAPSHOTTING)
        answer (self, 200, 0, "{\"epoch\":\"" EPOCH "\",\"sequence\":0,\"user_sequence\":0,\"stores\":{}}");
      else
        say (self, "/dashboard", "event_replay", "{\"events\":[],\"has_more\":true,\"up_to_sequence\":9}");
    }
  g_assert_cmpuint (n, <, 20);
  g_assert_nonnull (strstr (self->log->str, "GET /snapshot"));
  g_assert_nonnull (strstr (self->log->str, "sync: answer"));
}

static CrownOutboxEntry *
task_entry (gint64 id)
{
  CrownOutboxEntry *entry = g_new0 (CrownOutboxEntry, 1);

  entry->type = CROWN_EVENT_TASK_UPDATE;
  entry->row_id = id;
  entry->method = g_strdup ("PATCH");
  entry->path = g_strdup_printf ("/tasks/%" G_GINT64_FORMAT, id);
  entry->body = crown_json_parse_object ("{\"status\":\"completed\"}", -1, NULL);
  entry->overlay = crown_json_parse_object ("{\"updates\":{\"status\":\"completed\"}}", -1, NULL);
  json_object_set_int_member (entry->overlay, "task_id", id);
  return entry;
}

/* What is asked for with a line goes with it: an answer that comes later is not heard. */
static void
test_disconnect_aborts (Fixture       *self,
                        gconstpointer  unused)
{
  g_autoptr (CrownOutboxEntry) entry = task_entry (5);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) left = NULL;

  come_alive (self);
  g_assert_true (crown_sync_machine_write (self->machine, entry, &error));
  assert_did (self, "PATCH /tasks/5");
  crown_sync_machine_disconnect (self->machine);
  assert_state (self, OFFLINE);
  assert_did (self, "close");
  answer (self, 404, 0, "{\"detail\":\"There is none\"}");
  assert_did (self, "");
  left = crown_outbox_list (self->outbox, &error);
  g_assert_cmpuint (left->len, ==, 1);
  /* It goes again, and is refused for good now. */
  crown_sync_machine_connect (self->machine);
  join_all (self, EPOCH);
  answer (self, 404, 0, "{\"detail\":\"There is none\"}");
  g_assert_nonnull (strstr (self->log->str, "PATCH /tasks/5: missing, There is none"));
}

/* A token that is not good for a write is good for nothing; the write waits for the next one. */
static void
test_bad_token (Fixture       *self,
                gconstpointer  unused)
{
  g_autoptr (CrownOutboxEntry) entry = task_entry (5);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) left = NULL;

  come_alive (self);
  g_assert_true (crown_sync_machine_write (self->machine, entry, &error));
  g_string_truncate (self->log, 0);
  answer (self, 401, 0, "{\"code\":\"unauthorized\",\"detail\":\"It was revoked\"}");
  assert_state (self, STOPPED);
  assert_did (self, "close; connect: unauthorized, It was revoked");
  left = crown_outbox_list (self->outbox, &error);
  g_assert_cmpuint (left->len, ==, 1);
}

static gboolean
has_row (Fixture    *self,
         const char *store,
         const char *id)
{
  g_autofree char *sql = g_strdup_printf ("SELECT 1 FROM %s WHERE %s", store, id);
  g_autoptr (CrownSqlite) db = crown_sqlite_open (crown_cache_get_path (self->cache), CROWN_SQLITE_READ_ONLY, NULL);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "has", sql, NULL);
  int step = crown_sqlite_step (stmt, NULL);

  crown_sqlite_reset (stmt);
  return step == 1;
}

/* A meeting with a task and analytics, of which the meeting has to be read again. */
static void
miss_meeting (Fixture *self)
{
  static const struct { CrownStore store; const char *row; } rows[] = {
    { CROWN_STORE_MEETINGS, "{\"id\":7,\"title\":\"Plan\",\"status\":\"active\",\"created_at\":\"2025-10-28T03:00:00Z\"}" },
    { CROWN_STORE_TASKS, "{\"id\":9,\"session_id\":7,\"text\":\"Send\",\"status\":\"pending\"}" },
    { CROWN_STORE_ANALYTICS, "{\"session_id\":7}" },
  };
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);
  g_autoptr (CrownChangeSet) missing = crown_change_set_new (1);
  g_autoptr (GError) error = NULL;

  come_alive (self);
  say_event (self, 1);
  wait_ms (self, 0);
  wait_ms (self, 500);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (JsonObject) row = crown_json_parse_object (rows[i].row, -1, &error);

      g_assert_true (crown_cache_put_row (self->cache, rows[i].store, i == 1 ? 9 : 7, row, changes, &error));
    }
  crown_change_set_add (missing, CROWN_STORE_MEETINGS, 7);
  crown_sync_machine_miss (self->machine, missing, 0);
  assert_did (self, "GET /meetings/7");
}

/* The one that was asked may be behind: it is asked again, by the reconnection's delays, and believed then. */
static void
test_missing_meeting (Fixture       *self,
                      gconstpointer  unused)
{
  static const guint delays[] = { 1000, 2000, 4000 };

  miss_meeting (self);
  for (guint i = 0; i < G_N_ELEMENTS (delays); i++)
    {
      answer (self, 404, 1, "{\"code\":\"not_found\"}");
      assert_did (self, "/meetings/7: missing");
      assert_due_in (self, delays[i]);
      wait_ms (self, delays[i]);
      g_assert_true (has_row (self, "meetings", "id = 7"));
      assert_did (self, "GET /meetings/7");
    }
  answer (self, 404, 1, "{\"code\":\"not_found\"}");
  g_assert_false (has_row (self, "meetings", "id = 7"));
  assert_did (self, "GET /tasks/9; GET /analytics/7; /meetings/7: missing");

  answer (self, 404, 1, "{\"code\":\"not_found\"}");
  g_assert_false (has_row (self, "analytics", "session_id = 7")); /* what is of it goes at once */
  self->request--;
  answer (self, 404, 1, "{\"code\":\"not_found\"}");
  g_assert_false (has_row (self, "tasks", "id = 9"));
}

static void
test_deleted_meeting (Fixture       *self,
                      gconstpointer  unused)
{
  miss_meeting (self);
  answer (self, 410, 1, "{}");
  g_assert_false (has_row (self, "meetings", "id = 7"));
  assert_did (self, "GET /tasks/9; GET /analytics/7; /meetings/7: missing");
}

/* It was only behind. */
static void
test_meeting_comes_back (Fixture       *self,
                         gconstpointer  unused)
{
  miss_meeting (self);
  answer (self, 404, 1, "{}");
  wait_ms (self, 1000);
  answer (self, 200, 1, "{\"id\":7,\"title\":\"Plan\",\"status\":\"active\",\"created_at\":\"2025-10-28T03:00:00Z\"}");
  wait_ms (self, 60000);
  g_assert_true (has_row (self, "meetings", "id = 7"));
}

static void
test_resume (Fixture       *self,
             gconstpointer  unused)
{
  come_alive (self);
  crown_sync_machine_resume (self->machine);
  assert_state (self, CONNECTING);
  assert_did (self, "close; open");
  crown_sync_machine_disconnect (self->machine);
  g_string_truncate (self->log, 0);
  crown_sync_machine_resume (self->machine);
  crown_sync_machine_wake (self->machine);
  assert_state (self, OFFLINE); /* as the person wants it */
  assert_did (self, "");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add ("/client/sync-machine/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("way-to-live", test_way_to_live);
  ADD ("backoff", test_backoff);
  ADD ("refusals", test_refusals);
  ADD ("gap", test_gap);
  ADD ("overflow", test_overflow);
  ADD ("other-epoch", test_other_epoch);
  ADD ("loops", test_loops);
  ADD ("disconnect-aborts", test_disconnect_aborts);
  ADD ("bad-token", test_bad_token);
  ADD ("missing-meeting", test_missing_meeting);
  ADD ("deleted-meeting", test_deleted_meeting);
  ADD ("meeting-comes-back", test_meeting_comes_back);
  ADD ("resume", test_resume);
  return g_test_run ();
}
