/* crown-ledger-retention.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-ledger-retention.h"

/* How far the floor of @stream may rise: below the younger events, below the last ones, and never over the newest. */
static gboolean
find_floor (CrownEventLedger      *ledger,
            const char            *stream,
            const CrownRetention  *retention,
            const char            *since,
            CrownStreamHead       *head,
            guint64               *floor,
            GError               **error)
{
  guint64 keep = MAX (retention->keep_events, 1);
  guint64 young = 0;

  /* Without days the age says nothing: not even that of an event of this very second. */
  if (!crown_event_ledger_load_head (ledger, stream, head, error) ||
      (retention->keep_days > 0 &&
       !crown_event_ledger_find_since (ledger, stream, head->floor, since, &young, error)))
    return FALSE;

  *floor = head->sequence > keep ? head->sequence - keep : 0;
  if (young > 0)
    *floor = MIN (*floor, young - 1);
  *floor = MAX (*floor, head->floor);
  return TRUE;
}

static gboolean
raise_floors (CrownEventLedger      *ledger,
              char                 **streams,
              const CrownRetention  *retention,
              const char            *since,
              guint                  limit,
              guint64               *n_deleted,
              GError               **error)
{
  for (guint i = 0; streams[i] != NULL && *n_deleted < limit; i++)
    {
      CrownStreamHead head;
      guint64 floor;

      if (!find_floor (ledger, streams[i], retention, since, &head, &floor, error))
        return FALSE;

      floor = MIN (floor, head.floor + (limit - *n_deleted));
      if (floor == head.floor)
        continue;
      if (!crown_event_ledger_raise_floor (ledger, streams[i], floor, error))
        return FALSE;
      *n_deleted += floor - head.floor;
    }

  return TRUE;
}

/**
 * crown_ledger_retention_step:
 * @clock: (nullable): the time
 * @limit: how many events may go in this step
 * @n_deleted: (out): how many went; 0: there is nothing left to do
 * @error: (out) (optional): the ledger's; nothing has changed then
 *
 * Deletes events that need not be kept, of one stream after the other, and raises the floors with them, in one transaction
 * with no other write in it. To be called again until nothing goes.
 *
 * Returns: %TRUE if it is committed
 */
gboolean
crown_ledger_retention_step (CrownEventLedger      *ledger,
                             const CrownRetention  *retention,
                             const CrownClock      *clock,
                             guint                  limit,
                             guint64               *n_deleted,
                             GError               **error)
{
  gint64 since_us = crown_clock_now_us (clock) - (gint64) retention->keep_days * G_TIME_SPAN_DAY;
  g_autofree char *since = crown_time_format_iso (since_us);
  g_auto (GStrv) streams = NULL;

  *n_deleted = 0;
  if (!crown_event_ledger_begin (ledger, TRUE, error))
    return FALSE;

  streams = crown_event_ledger_list_streams (ledger, error);
  if (streams == NULL || !raise_floors (ledger, streams, retention, since, limit, n_deleted, error))
    {
      *n_deleted = 0;
      crown_event_ledger_rollback (ledger);
      return FALSE;
    }

  return crown_event_ledger_commit (ledger, error);
}
