/* test-retention.c: old events go, and nothing else does
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <string.h>

#include "core/crown-json.h"
#include "server-fixture.h"
#include "server/crown-event-replay.h"
#include "server/crown-ledger-retention.h"
#include "server/crown-ledger-verifier.h"

static gint64
now_us (gpointer user_data)
{
  return ((ServerFixture *) user_data)->now_us;
}

static CrownRetentionReport
step (ServerFixture *fixture,
      guint          keep_days,
      guint64        keep_events,
      guint          limit,
      gboolean      *has_more)
{
  const CrownRetention retention = { keep_days, keep_events };
  const CrownClock clock = { now_us, now_us, fixture };
  g_autoptr (GError) error = NULL;
  CrownRetentionReport report = { 0 };

  g_assert_true (crown_ledger_retention_step (fixture->ledger, &retention, &clock, limit, &report, has_more, &error));
  g_assert_no_error (error);
  return report;
}

/* Of tests that are about what is deleted. */
static guint64
compact (ServerFixture *fixture,
         guint          keep_days,
         guint64        keep_events,
         guint          limit)
{
  gboolean has_more;

  return step (fixture, keep_days, keep_events, limit, &has_more).deleted;
}

static CrownStreamHead
head_of (ServerFixture *fixture)
{
  CrownStreamHead head;

  g_assert_true (crown_event_ledger_load_head (fixture->ledger, "workspace_1", &head, NULL));
  return head;
}

static void
assert_verifies (ServerFixture *fixture)
{
  CrownLedgerReport report;
  g_autoptr (GError) error = NULL;

  crown_ledger_verify (fixture->ledger, &report, &error);
  g_assert_no_error (error);
}

static JsonObject *
replay_page (ServerFixture   *fixture,
             CrownNamespaces  ns,
             guint64          sequence,
             guint            limit)
{
  CrownReplayRequest request = { .workspace_id = 1, .user_id = 1, .ns = CROWN_NAMESPACE_DASHBOARD };
  g_autofree char *text = g_strdup_printf ("{\"last_sequence\":%" G_GUINT64_FORMAT ",\"namespace\":\"%s\",\"limit\":%u}",
                                           sequence, crown_namespace_to_string (ns), limit);
  g_autoptr (JsonObject) argument = crown_json_parse_object (text, -1, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *page = NULL;

  g_assert_true (crown_replay_request_parse (&request, argument, &error));
  page = crown_event_replay_page (fixture->ledger, &request, &error);
  g_assert_no_error (error);
  return crown_json_parse_object (page, -1, NULL);
}

static JsonObject *
replay_after (ServerFixture *fixture,
              guint64        sequence)
{
  return replay_page (fixture, CROWN_NAMESPACE_DASHBOARD, sequence, 1000);
}

static void
test_by_age (ServerFixture *fixture,
             gconstpointer  unused)
{
  CrownStreamHead before, after;

  server_fixture_add_meeting (fixture, 5);
  before = head_of (fixture);
  g_assert_cmpuint (compact (fixture, 30, 1, 1000), ==, 0);

  fixture->now_us += 31 * G_TIME_SPAN_DAY;
  server_fixture_tick (fixture, 1);
  g_assert_cmpuint (compact (fixture, 30, 1, 1000), ==, before.sequence);
  after = head_of (fixture);
  g_assert_cmpuint (after.floor, ==, before.sequence);
  g_assert_cmpuint (after.sequence, >, before.sequence);
  assert_verifies (fixture);

  /* Again: nothing is left to do. */
  g_assert_cmpuint (compact (fixture, 30, 1, 1000), ==, 0);

  /* Rows and numbers are as they were: what comes next is the next. */
  server_fixture_tick (fixture, 2);
  g_assert_cmpuint (head_of (fixture).sequence, >, after.sequence);
  assert_verifies (fixture);
}

static void
test_keeps_the_last (ServerFixture *fixture,
                     gconstpointer  unused)
{
  CrownStreamHead head;

  server_fixture_add_meeting (fixture, 20);
  fixture->now_us += 100 * G_TIME_SPAN_DAY;
  g_assert_cmpuint (compact (fixture, 30, 10, 1000), >, 0);
  head = head_of (fixture);
  g_assert_cmpuint (head.sequence - head.floor, ==, 10);
  /* However old it is, the newest stays: it says where the stream is. And without days none is too young to go. */
  fixture->now_us -= 200 * G_TIME_SPAN_DAY;
  g_assert_cmpuint (compact (fixture, 0, 0, 1000), ==, 9);
  head = head_of (fixture);
  g_assert_cmpuint (head.sequence - head.floor, ==, 1);
  assert_verifies (fixture);
}

/* A step is bounded, and after each the ledger is whole: a server that dies between two of them has lost nothing. */
static void
test_in_steps (ServerFixture *fixture,
               gconstpointer  unused)
{
  guint64 total = 0, n;

  server_fixture_add_meeting (fixture, 50);
  fixture->now_us += 100 * G_TIME_SPAN_DAY;
  while ((n = compact (fixture, 30, 1, 7)) > 0)
    {
      g_assert_cmpuint (n, <=, 7);
      total += n;
      g_assert_cmpuint (head_of (fixture).floor, ==, total);
      assert_verifies (fixture);
    }
  g_assert_cmpuint (total, ==, head_of (fixture).sequence - 1);
}

static void
test_replay (ServerFixture *fixture,
             gconstpointer  unused)
{
  CrownStreamHead head;

  server_fixture_add_meeting (fixture, 20);
  fixture->now_us += 100 * G_TIME_SPAN_DAY;
  compact (fixture, 30, 10, 1000);
  head = head_of (fixture);

  for (guint64 last = 0; last <= head.sequence; last++)
    {
      g_autoptr (JsonObject) page = replay_after (fixture, last);
      JsonArray *events = crown_json_opt_array (page, "events");
      gboolean below = last < head.floor;

      g_assert_cmpint (crown_json_opt_boolean (page, "snapshot_required", FALSE), ==, below);
      g_assert_cmpuint (json_array_get_length (events), ==, below ? 0 : head.sequence - last);
      if (!below && last < head.sequence)
        g_assert_cmpint (crown_json_opt_int (json_array_get_object_element (events, 0), "sequence", 0), ==, (gint64) last + 1);
    }
}

/* What is missing above the floor is damage as before. */
static void
test_damage_is_found (ServerFixture *fixture,
                      gconstpointer  unused)
{
  CrownLedgerReport report;
  g_autoptr (GError) error = NULL;
  g_autofree char *sql = NULL;

  server_fixture_add_meeting (fixture, 20);
  fixture->now_us += 100 * G_TIME_SPAN_DAY;
  compact (fixture, 30, 10, 1000);
  sql = g_strdup_printf ("DELETE FROM events WHERE sequence = %" G_GUINT64_FORMAT, head_of (fixture).floor + 1);
  server_fixture_tamper (fixture, sql);
  g_assert_false (crown_ledger_verify (fixture->ledger, &report, &error));
  g_assert_nonnull (error);
}

/* @n times stats and digests, and after each four of them a change of a task. */
static void
add_superseded (ServerFixture *fixture,
                guint          n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (CrownEventWrite) write = crown_event_sequencer_begin (fixture->sequencer, &fixture->who, NULL, &error);

      g_assert_true (crown_event_write_emit_stats (write, &error) && crown_event_write_emit_digests (write, &error));
      g_ptr_array_unref (server_fixture_commit (write));
      if (i % 4 == 3)
        server_fixture_tick (fixture, 1);
    }
}

static guint
count_content (ServerFixture *fixture,
               guint         *n_empty)
{
  g_autoptr (GPtrArray) events = crown_event_ledger_load_events (fixture->ledger, "workspace_1", 0, 0, 1000, NULL);
  guint n = 0;

  for (guint i = 0; i < events->len; i++)
    n += !crown_envelope_is_tombstone (((CrownLedgerEvent *) events->pdata[i])->envelope);
  *n_empty = events->len - n;
  return n;
}

/* What is younger than an hour, what is the last of its type, and every other type stay as they are. */
static void
test_superseded_lose_their_content (ServerFixture *fixture,
                                    gconstpointer  unused)
{
  CrownRetentionReport report;
  gboolean has_more = TRUE;
  guint n_full, n_empty, n_steps = 0, n_before;
  guint64 total = 0;

  server_fixture_add_meeting (fixture, 1);
  add_superseded (fixture, 8);
  n_before = count_content (fixture, &n_empty);
  g_assert_cmpuint (n_before, ==, 3 + 2 * 8 + 2);
  g_assert_cmpuint (n_empty, ==, 0);

  report = step (fixture, 30, 1000, 1000, &has_more);
  g_assert_cmpuint (report.tombstones, ==, 0);
  g_assert_false (has_more);

  fixture->now_us += 2 * G_TIME_SPAN_HOUR;
  for (has_more = TRUE; has_more; n_steps++)
    {
      report = step (fixture, 30, 1000, 5, &has_more);
      g_assert_cmpuint (report.tombstones, <=, 5);
      g_assert_cmpuint (report.deleted, ==, 0);
      total += report.tombstones;
      assert_verifies (fixture);
    }
  /* Of nine stats and eight digests the last ones stay. */
  g_assert_cmpuint (total, ==, 8 + 7);
  g_assert_cmpuint (n_steps, ==, 4);
  n_full = count_content (fixture, &n_empty);
  g_assert_cmpuint (n_empty, ==, 8 + 7);
  g_assert_cmpuint (n_full, ==, n_before - n_empty);
  g_assert_cmpuint (head_of (fixture).sequence, ==, n_before);
  g_assert_cmpuint (step (fixture, 30, 1000, 1000, &has_more).tombstones, ==, 0);
}

/* Follows the pages as a client does, by prev_sequence in its namespace. */
static void
assert_pages_are_whole (ServerFixture   *fixture,
                        CrownNamespaces  ns,
                        guint            limit,
                        guint64          after,
                        guint           *n_ranges,
                        guint64         *n_in_ranges)
{
  guint64 last = 0, up_to = after;
  gboolean has_more = TRUE;

  *n_ranges = 0;
  *n_in_ranges = 0;
  while (has_more)
    {
      g_autoptr (JsonObject) page = replay_page (fixture, ns, up_to, limit);
      JsonArray *events = crown_json_opt_array (page, "events");

      g_assert_cmpuint (json_array_get_length (events), <=, limit);
      for (guint i = 0; i < json_array_get_length (events); i++)
        {
          g_autoptr (GError) error = NULL;
          g_autoptr (CrownEnvelope) envelope = crown_envelope_from_json (json_array_get_object_element (events, i), &error);

          g_assert_no_error (error);
          if (last > 0)
            g_assert_cmpuint (envelope->prev_sequence, ==, last);
          if (ns == CROWN_NAMESPACE_DASHBOARD)
            g_assert_cmpuint (crown_envelope_get_first (envelope), ==, MAX (last, after) + 1);
          g_assert_cmpint (envelope->is_initial_sync, ==, up_to == 0);
          if (crown_envelope_is_tombstone (envelope))
            {
              (*n_ranges)++;
              *n_in_ranges += envelope->sequence - envelope->from_sequence + 1;
            }
          last = envelope->sequence;
        }
      up_to = (guint64) crown_json_opt_int (page, "up_to_sequence", 0);
      has_more = crown_json_opt_boolean (page, "has_more", TRUE);
      if (has_more)
        g_assert_cmpuint (up_to, ==, last);
    }
  g_assert_cmpuint (up_to, ==, head_of (fixture).sequence);
}

static void
test_replay_merges_tombstones (ServerFixture *fixture,
                               gconstpointer  unused)
{
  gboolean has_more;
  guint n_ranges;
  guint64 n;

  server_fixture_add_meeting (fixture, 1);
  add_superseded (fixture, 8);
  fixture->now_us += 2 * G_TIME_SPAN_HOUR;
  g_assert_cmpuint (step (fixture, 30, 1000, 1000, &has_more).tombstones, ==, 15);

  /* 3 to 11, a change of the task, 13 to 18, and the last stats and digests. */
  assert_pages_are_whole (fixture, CROWN_NAMESPACE_DASHBOARD, 1000, 0, &n_ranges, &n);
  g_assert_cmpuint (n_ranges, ==, 2);
  g_assert_cmpuint (n, ==, 15);

  /* A page ends and a client may be anywhere, also in the middle of a range. */
  for (guint limit = 1; limit < 12; limit++)
    {
      assert_pages_are_whole (fixture, CROWN_NAMESPACE_DASHBOARD, limit, 0, &n_ranges, &n);
      g_assert_cmpuint (n, ==, 15);
      assert_pages_are_whole (fixture, CROWN_NAMESPACE_DASHBOARD, limit, 5, &n_ranges, &n);
      g_assert_cmpuint (n, ==, 12);
      assert_pages_are_whole (fixture, CROWN_NAMESPACE_TASKS, limit, 0, &n_ranges, &n);
      g_assert_cmpuint (n, ==, 0);
    }
}

static void
assert_damage (ServerFixture *fixture,
               const char    *sql,
               const char    *says)
{
  CrownLedgerReport report;
  g_autoptr (GError) error = NULL;

  server_fixture_tamper (fixture, sql);
  g_assert_false (crown_ledger_verify (fixture->ledger, &report, &error));
  g_assert_nonnull (strstr (error->message, says));
}

/* Only what is superseded may be without content, and only where what supersedes it is there. */
static void
test_other_types_may_not (ServerFixture *fixture,
                          gconstpointer  unused)
{
  server_fixture_add_meeting (fixture, 1);
  add_superseded (fixture, 4);
  assert_damage (fixture, "UPDATE events SET data = '' WHERE sequence = 2", "event 2 has no content, which a TASK_CREATE");
}

static void
test_the_last_may_not (ServerFixture *fixture,
                       gconstpointer  unused)
{
  server_fixture_add_meeting (fixture, 1);
  add_superseded (fixture, 4);
  assert_damage (fixture, "UPDATE events SET data = '' WHERE type = 'DASHBOARD_IDLE_SYNC'",
                 "event 11 has no content, and no later one");
}

/* The rows are still compared with what the events that have content make. */
static void
test_rows_are_still_checked (ServerFixture *fixture,
                             gconstpointer  unused)
{
  gboolean has_more;

  server_fixture_add_meeting (fixture, 1);
  add_superseded (fixture, 4);
  fixture->now_us += 2 * G_TIME_SPAN_HOUR;
  g_assert_cmpuint (step (fixture, 30, 1000, 1000, &has_more).tombstones, ==, 7);
  assert_verifies (fixture);
  assert_damage (fixture, "UPDATE events SET data = replace (data, '\"total_tasks\":1', '\"total_tasks\":7')"
                 " WHERE type = 'DASHBOARD_REFRESH'", "does not make the row metadata/stats");
}

/* A tombstone changes nothing, so what it stands for may only set a value as a whole, or change nothing itself. */
static void
test_what_is_superseded (ServerFixture *fixture,
                         gconstpointer  unused)
{
  for (CrownEventType type = CROWN_EVENT_UNKNOWN + 1; type < CROWN_N_EVENT_TYPES; type++)
    {
      const CrownEventInfo *info = crown_event_info (type);

      if (info->is_superseded)
        g_assert_true (info->effect == CROWN_EFFECT_NONE || info->effect == CROWN_EFFECT_SET);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) server_fixture_add ("/retention/" path, func)
  ADD ("by-age", test_by_age);
  ADD ("keeps-the-last", test_keeps_the_last);
  ADD ("in-steps", test_in_steps);
  ADD ("replay", test_replay);
  ADD ("damage", test_damage_is_found);
  ADD ("tombstones/made", test_superseded_lose_their_content);
  ADD ("tombstones/replay", test_replay_merges_tombstones);
  ADD ("tombstones/other-types", test_other_types_may_not);
  ADD ("tombstones/last", test_the_last_may_not);
  ADD ("tombstones/rows", test_rows_are_still_checked);
  ADD ("tombstones/what", test_what_is_superseded);

  return server_fixture_run ();
}
