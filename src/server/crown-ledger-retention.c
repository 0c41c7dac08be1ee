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

  if (!crown_event_ledger_load_head (ledger, stream, head, error))
    return FALSE;

  *floor = head->sequence > keep ? MAX (head->sequence - keep, head->floor) : head->floor;

  /* Without days the age says nothing: not even that of an event of this very second. Where none is too many, it is not
   * asked for: to find it, all that are old and stay would be read each time. */
  if (*floor == head->floor || retention->keep_days == 0)
    return TRUE;
  if (!crown_event_ledger_find_since (ledger, stream, head->floor, since, &young, error))
    return FALSE;

  if (young > 0)
    *floor = MAX (MIN (*floor, young - 1), head->floor);
  return TRUE;
}

/* What a step may still do, and what it did. */
typedef struct {
  CrownEventLedger     *ledger;
  const CrownRetention *retention;
  char                 *since;      /* what is older may go */
  char                 *superseded; /* what is older and superseded loses its content */
  guint                 left;
  CrownRetentionReport  done;
} Step;

static void
step_clear (Step *self)
{
  g_clear_pointer (&self->since, g_free);
  g_clear_pointer (&self->superseded, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Step, step_clear)

static gboolean
raise_floors (Step        *self,
              char       **streams,
              GError     **error)
{
  for (guint i = 0; streams[i] != NULL && self->left > 0; i++)
    {
      CrownStreamHead head;
      guint64 floor;

      if (!find_floor (self->ledger, streams[i], self->retention, self->since, &head, &floor, error))
        return FALSE;

      floor = MIN (floor, head.floor + self->left);
      if (floor == head.floor)
        continue;
      if (!crown_event_ledger_raise_floor (self->ledger, streams[i], floor, error))
        return FALSE;
      self->left -= (guint) (floor - head.floor);
      self->done.deleted += floor - head.floor;
    }

  return TRUE;
}

static gboolean
make_tombstones (Step        *self,
                 char       **streams,
                 GError     **error)
{
  for (guint i = 0; streams[i] != NULL; i++)
    {
      for (CrownEventType type = CROWN_EVENT_UNKNOWN + 1; type < CROWN_N_EVENT_TYPES && self->left > 0; type++)
        {
          guint n = 0;

          if (!crown_event_info (type)->is_superseded)
            continue;
          if (!crown_event_ledger_drop_content (self->ledger, streams[i], type, self->superseded, self->left, &n, error))
            return FALSE;
          self->left -= n;
          self->done.tombstones += n;
        }
    }

  return TRUE;
}

static gboolean
forget_answers (Step        *self,
                gint64       now,
                GError     **error)
{
  guint n = 0;

  if (self->left > 0 && !crown_event_ledger_forget_answers (self->ledger, now, self->left, &n, error))
    return FALSE;

  self->left -= n;
  self->done.answers += n;
  return TRUE;
}

/**
 * crown_ledger_retention_step:
 * @clock: (nullable): the time
 * @limit: how many events and answers may be changed in this step
 * @report: (inout): what was done is added
 * @has_more: (out): whether there may be something left to do
 * @error: (out) (optional): the ledger's; nothing has changed then
 *
 * Deletes events that need not be kept, of one stream after the other, and raises the floors with them; takes their
 * content from those that are superseded; forgets answers that are too old. All in one transaction with no other write in
 * it. To be called again while @has_more.
 *
 * Returns: %TRUE if it is committed
 */
gboolean
crown_ledger_retention_step (CrownEventLedger      *ledger,
                             const CrownRetention  *retention,
                             const CrownClock      *clock,
                             guint                  limit,
                             CrownRetentionReport  *report,
                             gboolean              *has_more,
                             GError               **error)
{
  gint64 now_us = crown_clock_now_us (clock);
  g_auto (GStrv) streams = NULL;
  g_auto (Step) step = {
    .ledger = ledger,
    .retention = retention,
    .since = crown_time_format_iso (now_us - (gint64) retention->keep_days * G_TIME_SPAN_DAY),
    .superseded = crown_time_format_iso (now_us - CROWN_RETENTION_SUPERSEDED_SECONDS * G_TIME_SPAN_SECOND),
    .left = limit,
  };

  *has_more = FALSE;
  if (!crown_event_ledger_begin (ledger, TRUE, error))
    return FALSE;

  streams = crown_event_ledger_list_streams (ledger, error);
  if (streams == NULL || !raise_floors (&step, streams, error) || !make_tombstones (&step, streams, error) ||
      !forget_answers (&step, now_us / G_USEC_PER_SEC, error))
    {
      crown_event_ledger_rollback (ledger);
      return FALSE;
    }

  if (!crown_event_ledger_commit (ledger, error))
    return FALSE;

  report->deleted += step.done.deleted;
  report->tombstones += step.done.tombstones;
  report->answers += step.done.answers;
  *has_more = step.left == 0;
  return TRUE;
}
