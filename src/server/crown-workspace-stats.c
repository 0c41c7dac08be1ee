/* crown-workspace-stats.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-workspace-stats.h"

#include "core/crown-json.h"

typedef enum {
  TOTAL_MEETINGS,
  ARCHIVED_MEETINGS,
  TOTAL_TASKS,
  SAVED_SECONDS,
  N_COUNTERS
} Counter;

static const char * const counter_names[N_COUNTERS] = {
  [TOTAL_MEETINGS]    = "total_meetings",
  [ARCHIVED_MEETINGS] = "archived_meetings",
  [TOTAL_TASKS]       = "total_tasks",
  [SAVED_SECONDS]     = "saved_seconds",
};

/* What one row adds to each counter. Whole numbers, so that adding and taking away never drifts. */
static void
count_row (CrownStore  store,
           JsonObject *row,
           gint64      sign,
           gint64      counters[N_COUNTERS])
{
  if (row == NULL)
    return;

  if (store == CROWN_STORE_MEETINGS)
    {
      gint64 duration = CLAMP (crown_json_opt_int (row, "duration", 0), 0, G_MAXINT32);

      counters[TOTAL_MEETINGS] += sign;
      counters[ARCHIVED_MEETINGS] += crown_json_opt_boolean (row, "archived", FALSE) ? sign : 0;
      counters[SAVED_SECONDS] += sign * (duration * CROWN_SAVED_PERCENT_OF_MEETING / 100);
    }
  else if (store == CROWN_STORE_TASKS)
    {
      counters[TOTAL_TASKS] += sign;
      counters[SAVED_SECONDS] += sign * CROWN_SAVED_SECONDS_A_TASK;
    }
}

/**
 * crown_workspace_stats_row_changed:
 * @stream: the stream of the workspace
 * @before: (nullable): the row before
 * @after: (nullable): the row after
 *
 * Brings the counters in step with a change, in the transaction that makes it.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_workspace_stats_row_changed (CrownEventLedger  *ledger,
                                   const char        *stream,
                                   CrownStore         store,
                                   JsonObject        *before,
                                   JsonObject        *after,
                                   GError           **error)
{
  gint64 deltas[N_COUNTERS] = { 0 };
  gint64 value;

  count_row (store, before, -1, deltas);
  count_row (store, after, 1, deltas);

  for (guint i = 0; i < N_COUNTERS; i++)
    {
      if (deltas[i] != 0 &&
          !crown_event_ledger_add_counter (ledger, stream, counter_names[i], deltas[i], &value, error))
        return FALSE;
    }

  return TRUE;
}

/**
 * crown_workspace_stats_load:
 * @stream: the stream of the workspace
 *
 * Called inside a write transaction.
 *
 * Returns: (transfer full): the `stats` of DASHBOARD_REFRESH
 */
JsonObject *
crown_workspace_stats_load (CrownEventLedger  *ledger,
                            const char        *stream,
                            GError           **error)
{
  gint64 values[N_COUNTERS];

  for (guint i = 0; i < N_COUNTERS; i++)
    {
      if (!crown_event_ledger_add_counter (ledger, stream, counter_names[i], 0, &values[i], error))
        return NULL;
    }

  JsonObject *stats = json_object_new ();

  json_object_set_int_member (stats, "total_meetings", values[TOTAL_MEETINGS]);
  json_object_set_int_member (stats, "total_tasks", values[TOTAL_TASKS]);
  /* Tenths, by whole numbers: the same on every machine. */
  json_object_set_double_member (stats, "hours_saved", (double) (values[SAVED_SECONDS] / 360) / 10.0);
  json_object_set_int_member (stats, "active_meetings", values[TOTAL_MEETINGS] - values[ARCHIVED_MEETINGS]);
  json_object_set_int_member (stats, "archived_meetings", values[ARCHIVED_MEETINGS]);
  return stats;
}
