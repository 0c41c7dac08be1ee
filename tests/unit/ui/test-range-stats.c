/* test-range-stats.c: what is counted in a time range, and what is not
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "core/crown-json.h"
#include "ui/crown-range-stats.h"

static CrownRangeStats *
make_stats (const char *from,
            const char *to)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_identifier ("Europe/Berlin");
  g_autoptr (GDateTime) begin = from != NULL ? g_date_time_new_from_iso8601 (from, zone) : NULL;
  g_autoptr (GDateTime) utc_end = g_date_time_new_from_iso8601 (to, zone);
  g_autoptr (GDateTime) end = g_date_time_to_timezone (utc_end, zone);
  g_autoptr (GDateTime) local = begin != NULL ? g_date_time_to_timezone (begin, zone) : NULL;

  g_assert_nonnull (zone);
  return crown_range_stats_new (local, end);
}

static gboolean
add_meeting (CrownRangeStats *stats,
             const char      *started_at,
             int              duration)
{
  g_autofree char *json = g_strdup_printf ("{\"id\":1,\"title\":\"M\",\"status\":\"completed\",\"created_at\":\"%s\",\"duration\":%d,"
                                           "\"summary\":\"\",\"task_count\":0,\"participant_count\":0,\"archived\":false}",
                                           started_at, duration);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) row = crown_json_parse_object (json, -1, &error);
  g_autoptr (CrownMeeting) meeting = crown_meeting_from_json (row, &error);

  g_assert_no_error (error);
  return crown_range_stats_add_meeting (stats, meeting);
}

static void
add_task (CrownRangeStats *stats,
          const char      *status,
          const char      *due,
          const char      *assignee)
{
  g_autofree char *json = g_strdup_printf ("{\"id\":1,\"session_id\":1,\"text\":\"T\",\"status\":\"%s\",\"priority\":\"low\","
                                           "\"due_date\":%s,\"assignee\":%s}", status, due, assignee);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) row = crown_json_parse_object (json, -1, &error);
  g_autoptr (CrownTask) task = crown_task_from_json (row, &error);

  g_assert_no_error (error);
  crown_range_stats_add_task (stats, task);
}

static void
assert_mark (CrownChartData *data,
             guint           i,
             const char     *name,
             const char     *series,
             double          value)
{
  CrownChartMark *mark;

  g_assert_cmpuint (i, <, data->marks->len);
  mark = crown_chart_data_get (data, i);
  if (name != NULL)
    g_assert_cmpstr (mark->name, ==, name);
  g_assert_cmpstr (mark->series, ==, series);
  g_assert_cmpfloat (mark->value, ==, value);
}

/* 25 October 2026, a Sunday, is when the clocks go back in Berlin. */
static void
test_weeks (void)
{
  g_autoptr (CrownRangeStats) stats = make_stats ("2026-10-21T12:00:00", "2026-11-04T12:00:00");
  g_autoptr (CrownChartData) load = NULL;

  g_assert_false (add_meeting (stats, "2026-10-18T21:59:00Z", 1)); /* Sunday 23:59 */
  g_assert_true (add_meeting (stats, "2026-10-18T22:00:00Z", 60)); /* Monday 0:00 */
  g_assert_true (add_meeting (stats, "2026-10-25T22:59:00Z", 30)); /* Sunday 23:59, the clocks went back */
  g_assert_true (add_meeting (stats, "2026-11-04T10:00:00Z", 600));
  g_assert_false (add_meeting (stats, "2026-11-04T12:00:00Z", 1)); /* not yet */
  g_assert_false (add_meeting (stats, "some day", 1));
  load = crown_range_stats_load (stats);
  g_assert_cmpuint (load->marks->len, ==, 3);
  assert_mark (load, 0, NULL, NULL, 90);
  assert_mark (load, 1, NULL, NULL, 0);
  assert_mark (load, 2, NULL, NULL, 600);
}

static void
test_everything (void)
{
  g_autoptr (CrownRangeStats) stats = make_stats (NULL, "2026-11-04T12:00:00");
  g_autoptr (CrownChartData) load = NULL;

  g_assert_true (add_meeting (stats, "2026-11-02T10:00:00Z", 5));
  g_assert_true (add_meeting (stats, "2026-10-20T10:00:00Z", 7));
  g_assert_true (add_meeting (stats, "2026-10-27T10:00:00Z", 6));
  g_assert_false (add_meeting (stats, "1926-10-27T10:00:00Z", 6)); /* too many weeks for a picture */
  load = crown_range_stats_load (stats);
  g_assert_cmpuint (load->marks->len, ==, 3);
  assert_mark (load, 0, NULL, NULL, 7);
  assert_mark (load, 1, NULL, NULL, 6);
  assert_mark (load, 2, NULL, NULL, 5);
}

static void
test_tasks (void)
{
  g_autoptr (CrownRangeStats) stats = make_stats (NULL, "2026-11-04T12:00:00");
  g_autoptr (CrownChartData) completion = NULL;
  g_autoptr (CrownChartData) people = NULL;
  g_autoptr (CrownChartData) overdue = NULL;

  add_task (stats, "pending", "\"2026-11-03\"", "\"Ben\"");
  add_task (stats, "pending", "\"2026-11-04\"", "\"Anna\""); /* today is not late */
  add_task (stats, "completed", "\"2026-11-01\"", "\"Anna\"");
  add_task (stats, "cancelled", "\"2026-11-01\"", "\"Anna\"");
  add_task (stats, "pending", "\"2026-11-01\"", "null");

  completion = crown_range_stats_completion (stats);
  assert_mark (completion, 0, "Done", NULL, 1);
  assert_mark (completion, 1, "Open", NULL, 3);
  assert_mark (completion, 2, "Cancelled", NULL, 1);
  people = crown_range_stats_people (stats);
  g_assert_cmpuint (people->marks->len, ==, 4);
  assert_mark (people, 0, "Anna", "Done", 1);
  assert_mark (people, 1, "Anna", "Open", 1);
  overdue = crown_range_stats_overdue (stats);
  g_assert_cmpuint (overdue->marks->len, ==, 2);
  assert_mark (overdue, 0, "Unassigned", NULL, 1);
  assert_mark (overdue, 1, "Ben", NULL, 1);
}

static void
test_nothing (void)
{
  g_autoptr (CrownRangeStats) stats = make_stats ("2026-10-21T12:00:00", "2026-11-04T12:00:00");
  g_autoptr (CrownChartData) load = crown_range_stats_load (stats);
  g_autoptr (CrownChartData) completion = crown_range_stats_completion (stats);

  g_assert_cmpuint (load->marks->len, ==, 0); /* no meetings: that is said, not drawn as a line of zeros */
  g_assert_cmpuint (completion->marks->len, ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ui/range-stats/weeks", test_weeks);
  g_test_add_func ("/ui/range-stats/everything", test_everything);
  g_test_add_func ("/ui/range-stats/tasks", test_tasks);
  g_test_add_func ("/ui/range-stats/nothing", test_nothing);
  return g_test_run ();
}
