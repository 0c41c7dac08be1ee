/* test-retention.c: old events go, and nothing else does
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

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

static guint64
compact (ServerFixture *fixture,
         guint          keep_days,
         guint64        keep_events,
         guint          limit)
{
  const CrownRetention retention = { keep_days, keep_events };
  const CrownClock clock = { now_us, now_us, fixture };
  g_autoptr (GError) error = NULL;
  guint64 n;

  g_assert_true (crown_ledger_retention_step (fixture->ledger, &retention, &clock, limit, &n, &error));
  g_assert_no_error (error);
  return n;
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
replay_after (ServerFixture *fixture,
              guint64        sequence)
{
  CrownReplayRequest request = { .workspace_id = 1, .user_id = 1, .ns = CROWN_NAMESPACE_DASHBOARD };
  g_autofree char *text = g_strdup_printf ("{\"last_sequence\":%" G_GUINT64_FORMAT ",\"namespace\":\"/dashboard\"}", sequence);
  g_autoptr (JsonObject) argument = crown_json_parse_object (text, -1, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *page = NULL;

  g_assert_true (crown_replay_request_parse (&request, argument, &error));
  page = crown_event_replay_page (fixture->ledger, &request, &error);
  g_assert_no_error (error);
  return crown_json_parse_object (page, -1, NULL);
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

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) \
  g_test_add ("/retention/" path, ServerFixture, NULL, server_fixture_set_up, func, server_fixture_tear_down)
  ADD ("by-age", test_by_age);
  ADD ("keeps-the-last", test_keeps_the_last);
  ADD ("in-steps", test_in_steps);
  ADD ("replay", test_replay);
  ADD ("damage", test_damage_is_found);

  return g_test_run ();
}
