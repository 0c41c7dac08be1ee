/* crown-sync-uploads.c: from the outbox to the server
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-sync-machine-private.h"

#include "core/crown-bug.h"
#include "core/crown-json.h"

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

/* How an answer to a write is taken. Everything that is not listed is final: the server will never take it. */
static gboolean
may_pass_later (guint status)
{
  return status == 0 || status == 401 || status == 408 || status == 425 || status == 429 || status >= 500;
}

/* What the server said, for people: problem+json where it is that. */
static char *
problem_of (const CrownSyncAnswer *answer)
{
  g_autoptr (JsonObject) problem = NULL;

  if (crown_sync_machine_object (answer, &problem, NULL) && crown_json_opt_string (problem, "detail", NULL) != NULL)
    return g_strdup (crown_json_opt_string (problem, "detail", NULL));
  return g_strdup_printf ("The server answered with status %u", answer->status);
}

static gboolean
accept_write (CrownSyncMachine        *self,
              const CrownOutboxEntry  *entry,
              guint64                  sequence,
              GError                 **error)
{
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

static void
try_again_later (CrownSyncMachine *self,
                 guint             retry_after_ms)
{
  guint delay = crown_backoff_delay_ms (self->send_attempt++, self->random, self->random_data);

  crown_sync_machine_set_timer (self, CROWN_SYNC_TIMER_SEND, (gint64) MAX (delay, retry_after_ms) * 1000);
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
      self->send_attempt = 0;
      if (!accept_write (self, entry, answer->sequence, &error))
        {
          /* It goes again, under its key, and has the same answer. */
          g_warning ("what the server answered cannot be kept: %s", error->message);
          try_again_later (self, 0);
          return;
        }
    }
  else if (may_pass_later (answer->status))
    {
      crown_outbox_count_attempt (self->outbox, entry->id, NULL);
      if (CROWN_BUG (FORGET_ON_FAILURE))
        crown_outbox_remove (self->outbox, entry->id, NULL);
      try_again_later (self, answer->retry_after_ms);
      return;
    }
  else
    {
      g_autofree char *message = problem_of (answer);

      if (!crown_outbox_remove (self->outbox, entry->id, &error))
        {
          g_warning ("what was refused cannot be taken out of the outbox: %s", error->message);
          try_again_later (self, 0);
          return;
        }
      report_overlay (self, entry);
      self->driver->rejected (entry->path, entry->mutation_id, message, self->user_data);
    }
  crown_sync_machine_send (self);
}

static void
send_entry (CrownSyncMachine *self,
            CrownOutboxEntry *entry)
{
  g_autofree char *text = entry->body != NULL ? crown_json_object_to_string (entry->body) : NULL;
  g_autoptr (GBytes) body = text != NULL ? g_bytes_new (text, strlen (text)) : NULL;
  g_autofree char *key = CROWN_BUG (NEW_KEY) ? g_uuid_string_random () : g_strdup (entry->mutation_id);

  if (CROWN_BUG (FORGET_ON_SEND))
    crown_outbox_remove (self->outbox, entry->id, NULL);
  g_hash_table_add (self->in_flight, g_memdup2 (&entry->id, sizeof entry->id));
  crown_sync_machine_request (self, entry->method, entry->path, key, body, on_write_answered)->entry = entry;
}

/* One after the other of a row, so that its order is kept; what waits for its event has its place already. */
static gboolean
waits (CrownSyncMachine       *self,
       const CrownOutboxEntry *entry,
       GHashTable             *rows)
{
  CrownStore store = crown_event_info (entry->type)->store;
  g_autofree char *row = g_strdup_printf ("%u/%" G_GINT64_FORMAT, store, entry->row_id);

  if (entry->sent)
    return TRUE;
  if (!g_hash_table_add (rows, g_steal_pointer (&row)) && !CROWN_BUG (UNORDERED_WRITES))
    return TRUE;
  return g_hash_table_contains (self->in_flight, &entry->id);
}

void
crown_sync_machine_send (CrownSyncMachine *self)
{
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GHashTable) rows = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree gpointer *all = NULL;
  gsize n;

  if (self->joined == 0 || self->due[CROWN_SYNC_TIMER_SEND] != G_MAXINT64)
    return;
  entries = crown_outbox_list (self->outbox, &error);
  if (entries == NULL)
    {
      g_warning ("the outbox cannot be read: %s", error->message);
      return;
    }
  all = g_ptr_array_steal (entries, &n);
  for (gsize i = 0; i < n; i++)
    {
      if (waits (self, all[i], rows) || g_hash_table_size (self->in_flight) >= IN_FLIGHT_MAX)
        crown_outbox_entry_free (all[i]);
      else
        send_entry (self, all[i]);
    }
}

gboolean
crown_sync_machine_write (CrownSyncMachine  *self,
                          CrownOutboxEntry  *entry,
                          GError           **error)
{
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
