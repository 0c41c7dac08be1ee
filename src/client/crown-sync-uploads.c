/* crown-sync-uploads.c: from the outbox to the server
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-sync-machine-private.h"

#include "core/crown-bug.h"
#include "core/crown-json.h"
#include "crown-outbox-order.h"

#include <string.h>

#define IN_FLIGHT_MAX 8 /* writes at a time; of one row only ever one, so that its order is kept */

void
crown_sync_machine_count_pending (CrownSyncMachine *self)
{
  g_autoptr (GPtrArray) entries = crown_outbox_list (self->outbox, NULL);

  if (entries != NULL)
    self->driver->pending (entries->len, self->user_data);
}

/* What @entry is drawn over looks different now. */
static void
report_overlay (CrownSyncMachine       *self,
                const CrownOutboxEntry *entry)
{
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (self->workspace_id);

  if (crown_event_info (entry->type)->store != CROWN_STORE_NONE)
    crown_change_set_add (changes, crown_event_info (entry->type)->store, entry->row_id);
  crown_sync_machine_changed (self, changes);
  crown_sync_machine_count_pending (self);
}

void
crown_sync_machine_settle (CrownSyncMachine *self)
{
  g_autoptr (CrownChangeSet) changes = NULL;
  g_autoptr (GError) error = NULL;
  guint n = 0;

  if (CROWN_BUG (NEVER_SETTLE))
    return;
  if (!crown_outbox_settle (self->outbox, self->epoch,
                            strcmp (self->epoch, self->position.epoch) == 0 ? self->position.sequence : 0, &n, &error))
    {
      g_warning ("the outbox cannot be settled: %s", error->message);
      return;
    }
  if (n == 0)
    return;
  changes = crown_change_set_new (self->workspace_id);
  crown_change_set_add_all (changes, CROWN_STORE_MEETINGS);
  crown_change_set_add_all (changes, CROWN_STORE_TASKS);
  crown_sync_machine_changed (self, changes);
  crown_sync_machine_count_pending (self);
}

/* What was made has its id by now. The answer's body is the row. */
static gboolean
name_row (CrownSyncMachine        *self,
          const CrownOutboxEntry  *entry,
          GBytes                  *body,
          GError                 **error)
{
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (self->workspace_id);
  g_autoptr (JsonObject) row = NULL;
  gint64 id;

  if (entry->row_id >= 0)
    return TRUE;
  if ((row = crown_sync_object_of (body, error)) == NULL ||
      !crown_json_get_int (row, crown_event_info (entry->type)->id_member, &id, error) ||
      !crown_outbox_name (self->outbox, entry->mutation_id, entry->type, id, changes, error))
    return FALSE;
  crown_sync_machine_changed (self, changes);
  return TRUE;
}

static gboolean
accept_write (CrownSyncMachine        *self,
              const CrownOutboxEntry  *entry,
              guint64                  sequence,
              GBytes                  *body,
              GError                 **error)
{
  if (!name_row (self, entry, body, error))
    return FALSE;
  /* The event that confirms it may have been here first, in an earlier life of this program. */
  if (CROWN_BUG (RELEASE_ON_ANSWER) ||
      (sequence <= self->position.sequence && strcmp (self->epoch, self->position.epoch) == 0))
    {
      if (!crown_outbox_remove (self->outbox, entry->id, error))
        return FALSE;
      report_overlay (self, entry);
      return TRUE;
    }
  return crown_outbox_mark_sent (self->outbox, entry->id, self->epoch, sequence, error);
}

/* Only what is of the same row waits with it. */
static void
try_again_later (CrownSyncMachine       *self,
                 const CrownOutboxEntry *entry,
                 guint                   retry_after_ms)
{
  guint delay = crown_backoff_delay_ms (entry->attempts, self->random, self->random_data);
  gint64 due = crown_clock_monotonic_us (self->clock) + (gint64) MAX (delay, retry_after_ms) * 1000;

  g_hash_table_replace (self->waiting, g_memdup2 (&entry->id, sizeof entry->id), g_memdup2 (&due, sizeof due));
}

/* @taken: (element-type CrownOutboxEntry) */
static void
report_taken (CrownSyncMachine *self,
              GPtrArray        *taken)
{
  for (guint i = 0; i < taken->len; i++)
    report_overlay (self, taken->pdata[i]);
}

/* What the server will never take is not shown any more, and neither is what was made on it. */
static void
take_back (CrownSyncMachine       *self,
           const CrownOutboxEntry *entry,
           CrownFailureKind        kind,
           const char             *what,
           const char             *detail)
{
  g_autoptr (GPtrArray) taken = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_outbox_entry_free);
  g_autofree char *reason = crown_failure_describe (kind, detail);
  g_autoptr (GError) error = NULL;

  if (!crown_outbox_reject (self->outbox, entry->id, reason, taken, &error))
    {
      g_warning ("what was refused cannot be taken out of the outbox: %s", error->message);
      try_again_later (self, entry, 0);
      return;
    }
  report_taken (self, taken);
  for (guint i = 0; i < taken->len; i++)
    crown_sync_machine_note (self, kind, i == 0 ? CROWN_OUTCOME_TAKEN_BACK : CROWN_OUTCOME_TAKEN_ALONG, what,
                             ((CrownOutboxEntry *) taken->pdata[i])->mutation_id, detail);
  if (crown_failure_get_policy (kind) == CROWN_POLICY_REPAIR && entry->row_id > 0)
    crown_sync_machine_doubt (self, crown_event_info (entry->type)->store, entry->row_id);
}

static void
on_write_failed (CrownSyncMachine       *self,
                 const CrownOutboxEntry *entry,
                 const CrownSyncAnswer  *answer)
{
  g_autofree char *what = g_strdup_printf ("%s %s", entry->method, entry->path);
  g_autofree char *detail = NULL;
  CrownFailureKind kind = crown_sync_answer_get_failure (answer, &detail);
  CrownFailurePolicy policy = crown_failure_get_policy (kind);

  if (policy == CROWN_POLICY_REPAIR || policy == CROWN_POLICY_TELL)
    {
      take_back (self, entry, kind, what, detail);
      return;
    }
  try_again_later (self, entry, answer->retry_after_ms);
  if (CROWN_BUG (FORGET_ON_FAILURE))
    crown_outbox_remove (self->outbox, entry->id, NULL);
  crown_sync_machine_answer_failed (self, answer, CROWN_OUTCOME_RETRIES, what);
}

static void
on_write_answered (CrownSyncMachine      *self,
                   CrownSyncPending      *pending,
                   const CrownSyncAnswer *answer)
{
  const CrownOutboxEntry *entry = pending->entry;
  g_autoptr (GError) error = NULL;

  g_hash_table_remove (self->in_flight, &entry->id);

  if (answer->status >= 200 && answer->status < 300)
    {
      if (!accept_write (self, entry, answer->sequence, answer->body, &error))
        {
          /* It goes again, under its key, and has the same answer. */
          g_warning ("what the server answered cannot be kept: %s", error->message);
          try_again_later (self, entry, 0);
        }
    }
  else
    {
      on_write_failed (self, entry, answer);
    }
  crown_sync_machine_send (self);
}

/* FALSE: it is not there any more. */
static gboolean
send_entry (CrownSyncMachine       *self,
            const CrownOutboxEntry *entry)
{
  g_autofree char *text = entry->body != NULL ? crown_json_object_to_string (entry->body) : NULL;
  g_autoptr (GBytes) body = text != NULL ? g_bytes_new (text, strlen (text)) : NULL;
  g_autofree char *key = CROWN_BUG (NEW_KEY) ? g_uuid_string_random () : g_strdup (entry->mutation_id);
  g_autoptr (GError) error = NULL;

  if (!crown_outbox_claim (self->outbox, entry->id, &error))
    {
      if (error == NULL)
        return FALSE;
      g_warning ("a change cannot be sent now: %s", error->message);
      try_again_later (self, entry, 0);
      return TRUE;
    }
  g_hash_table_remove (self->waiting, &entry->id);
  if (CROWN_BUG (FORGET_ON_SEND))
    crown_outbox_remove (self->outbox, entry->id, NULL);
  g_hash_table_add (self->in_flight, g_memdup2 (&entry->id, sizeof entry->id));
  crown_sync_machine_request (self, entry->method, entry->path, key, body, on_write_answered)->entry =
    crown_outbox_entry_copy (entry);
  return TRUE;
}

/* When the first of those that wait may be tried again. */
static void
set_send_timer (CrownSyncMachine *self)
{
  gint64 now = crown_clock_monotonic_us (self->clock);
  gint64 first = G_MAXINT64;
  GHashTableIter iter;
  gpointer due;

  g_hash_table_iter_init (&iter, self->waiting);
  while (g_hash_table_iter_next (&iter, NULL, &due))
    first = *(gint64 *) due > now ? MIN (first, *(gint64 *) due) : first;
  crown_sync_machine_set_timer (self, CROWN_SYNC_TIMER_SEND, first == G_MAXINT64 ? -1 : first - now);
}

void
crown_sync_machine_send (CrownSyncMachine *self)
{
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GError) error = NULL;
  CrownOutboxEntry *entry;

  if (self->joined == 0)
    return;
  entries = crown_outbox_list (self->outbox, &error);
  if (entries == NULL)
    {
      g_warning ("the outbox cannot be read: %s", error->message);
      return;
    }
  while ((entry = crown_outbox_next (entries, self->in_flight, self->waiting, IN_FLIGHT_MAX,
                                     crown_clock_monotonic_us (self->clock))) != NULL)
    if (!send_entry (self, entry))
      g_ptr_array_remove (entries, entry);
  set_send_timer (self);
}

gboolean
crown_sync_machine_write (CrownSyncMachine  *self,
                          CrownOutboxEntry  *entry,
                          GError           **error)
{
  entry->created_us = crown_clock_now_us (self->clock);
  if (!crown_outbox_add (self->outbox, entry, error))
    return FALSE;

  report_overlay (self, entry);
  crown_sync_machine_send (self);
  return TRUE;
}

void
crown_sync_machine_look (CrownSyncMachine *self)
{
  crown_sync_machine_count_pending (self);
  crown_sync_machine_send (self);
}

gboolean
crown_sync_machine_withdraw (CrownSyncMachine  *self,
                             const char        *mutation_id,
                             gboolean           tried,
                             GError           **error)
{
  g_autoptr (GPtrArray) taken = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_outbox_entry_free);

  if (!crown_outbox_withdraw (self->outbox, mutation_id, tried, taken, error))
    return FALSE;
  report_taken (self, taken);
  crown_sync_machine_send (self);
  return TRUE;
}

gboolean
crown_sync_machine_retry (CrownSyncMachine  *self,
                          const char        *mutation_id,
                          GError           **error)
{
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (self->workspace_id);

  if (!crown_outbox_retry (self->outbox, mutation_id, error))
    return FALSE;
  g_hash_table_remove_all (self->waiting);
  crown_change_set_add_all (changes, CROWN_STORE_MEETINGS);
  crown_change_set_add_all (changes, CROWN_STORE_TASKS);
  crown_sync_machine_changed (self, changes);
  crown_sync_machine_count_pending (self);
  crown_sync_machine_send (self);
  return TRUE;
}
