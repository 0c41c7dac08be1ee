/* crown-sync-repair.c: snapshots, and rows that are read again
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-sync-machine-private.h"

#include "core/crown-json.h"
#include "crown-cache-private.h"
#include "crown-cache-upkeep.h"

/* Idle syncs in a row that find other digests: after the first ones rows are read again, then all of them, then it is said. */
#define DISAGREEMENTS_OF_ROWS 3
#define DISAGREEMENTS_MAX     5
/* More than this is less to read as a whole. */
#define BUCKETS_MAX 32
#define ROWS_MAX    500
/* Stale rows that are read again at one idle sync. */
#define STALE_MAX   50
/* A row that the server does not know is asked for so often, by the reconnection's delays, before it is removed. */
#define MISSING_ATTEMPTS 3
/* The attempt at which a row is removed at once: that it is not there is known already. */
#define KNOWN MISSING_ATTEMPTS

static const char SQL_TASKS_OF[] = "SELECT id FROM tasks WHERE session_id = ?1";
static const char *const sql_has_row[CROWN_N_STORES] = {
  [CROWN_STORE_MEETINGS] = "SELECT 1 FROM meetings WHERE id = ?1",
  [CROWN_STORE_TASKS] = "SELECT 1 FROM tasks WHERE id = ?1",
};

static const CrownStore stores[] = { CROWN_STORE_MEETINGS, CROWN_STORE_TASKS, CROWN_STORE_ANALYTICS };

/* Snapshots */

static void
on_snapshot_answered (CrownSyncMachine      *self,
                      CrownSyncPending      *pending,
                      const CrownSyncAnswer *answer)
{
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (self->workspace_id);
  g_autoptr (JsonObject) snapshot = NULL;
  g_autoptr (GError) error = NULL;

  if (self->state != CROWN_CLIENT_SNAPSHOTTING)
    return;

  if (answer->status != 200)
    {
      g_autofree char *detail = NULL;
      CrownFailureKind kind = crown_sync_answer_get_failure (answer, &detail);

      crown_sync_machine_refused (self, kind, detail);
      return;
    }
  if ((snapshot = crown_sync_object_of (answer->body, &error)) == NULL ||
      !crown_cache_load_snapshot (self->cache, snapshot, changes, &error))
    {
      crown_sync_machine_fail (self, crown_failure_of_error (error), error->message);
      return;
    }

  crown_cache_get_position (self->cache, &self->position, NULL);
  crown_sync_machine_drop_held (self);
  g_clear_pointer (&changes, crown_change_set_unref);
  changes = crown_change_set_new (self->workspace_id);
  for (CrownStore store = CROWN_STORE_MEETINGS; store < CROWN_N_STORES; store++)
    crown_change_set_add_all (changes, store);
  crown_sync_machine_changed (self, changes);
  crown_sync_machine_step (self, CROWN_SYNC_LOADED);
}

void
crown_sync_machine_take_snapshot (CrownSyncMachine *self)
{
  crown_sync_machine_request (self, "GET", "/snapshot", NULL, NULL, on_snapshot_answered);
}

/* Rows */

static void ask_for_row  (CrownSyncMachine *self, CrownStore store, gint64 id, guint attempt);
static void ask_for_each (CrownSyncMachine *self, CrownStore store, const GArray *ids, guint attempt);

static void
clear_held (CrownSyncHeld *held)
{
  g_clear_pointer (&held->row, json_object_unref);
}

void
crown_sync_machine_drop_held (CrownSyncMachine *self)
{
  for (guint i = 0; i < self->held->len; i++)
    clear_held (&g_array_index (self->held, CrownSyncHeld, i));
  g_array_set_size (self->held, 0);
}

guint64
crown_sync_machine_next_held (CrownSyncMachine *self)
{
  guint64 next = G_MAXUINT64;

  for (guint i = 0; i < self->held->len; i++)
    next = MIN (next, g_array_index (self->held, CrownSyncHeld, i).sequence);
  return next;
}

static gboolean
is_here (CrownSyncMachine *self,
         CrownStore        store,
         gint64            id)
{
  CrownSqliteStatement *stmt = NULL;
  gboolean found;

  if (sql_has_row[store] == NULL ||
      !(stmt = crown_sqlite_prepare (crown_cache_get_db (self->cache), "row is here", sql_has_row[store], NULL)))
    return FALSE;
  crown_sqlite_bind_int (stmt, 1, id);
  found = crown_sqlite_step (stmt, NULL) == 1;
  crown_sqlite_reset (stmt);
  return found;
}

/* A meeting goes with what is of it: that is not shown without. */
static void
on_meeting_removed (CrownSyncMachine *self,
                    gint64            id)
{
  g_autofree char *what = g_strdup_printf ("/meetings/%" G_GINT64_FORMAT, id);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (crown_cache_get_db (self->cache), "tasks of a meeting", SQL_TASKS_OF, NULL);
  g_autoptr (GArray) tasks = g_array_new (FALSE, FALSE, sizeof (gint64));

  if (stmt != NULL)
    {
      crown_sqlite_bind_int (stmt, 1, id);
      while (crown_sqlite_step (stmt, NULL) == 1)
        {
          gint64 task = crown_sqlite_column_int (stmt, 0);

          g_array_append_val (tasks, task);
        }
      crown_sqlite_reset (stmt);
    }
  ask_for_each (self, CROWN_STORE_TASKS, tasks, KNOWN);
  ask_for_row (self, CROWN_STORE_ANALYTICS, id, KNOWN);
  crown_sync_machine_note (self, CROWN_FAILURE_MISSING, CROWN_OUTCOME_REMOVED, what, NULL, NULL);
}

/* Puts the rows that are of the position. */
gboolean
crown_sync_machine_put_held (CrownSyncMachine  *self,
                             GError           **error)
{
  for (guint i = self->held->len; i > 0; i--)
    {
      CrownSyncHeld *held = &g_array_index (self->held, CrownSyncHeld, i - 1);
      g_autoptr (CrownChangeSet) changes = NULL;
      gboolean is_removed;

      if (held->sequence > self->position.sequence)
        continue;

      changes = crown_change_set_new (self->workspace_id);
      is_removed = held->row == NULL && held->store == CROWN_STORE_MEETINGS && is_here (self, held->store, held->id);
      if (!crown_cache_put_row (self->cache, held->store, held->id, held->row, changes, error))
        return FALSE;
      if (is_removed)
        on_meeting_removed (self, held->id);
      clear_held (held);
      g_array_remove_index (self->held, i - 1);
      crown_sync_machine_changed (self, changes);
    }
  return TRUE;
}

/* An event in between makes an answer worthless that is from before it. */
void
crown_sync_machine_note_touched (CrownSyncMachine     *self,
                                 const CrownChangeSet *changes,
                                 guint64               sequence)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->pending);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      CrownSyncPending *pending = value;
      GArray *ids;

      if (pending->id == 0)
        continue;
      ids = changes->ids[pending->store];
      for (guint i = 0; ids != NULL && i < ids->len; i++)
        if (g_array_index (ids, gint64, i) == pending->id)
          pending->touched = sequence;
      if (changes->everything[pending->store])
        pending->touched = sequence;
    }
}

static void
set_missing_timer (CrownSyncMachine *self)
{
  gint64 first = G_MAXINT64;

  for (guint i = 0; i < self->missing->len; i++)
    first = MIN (first, g_array_index (self->missing, CrownSyncMissing, i).due);
  crown_sync_machine_set_timer (self, CROWN_SYNC_TIMER_ROWS,
                                first == G_MAXINT64 ? -1 : MAX (first - crown_clock_monotonic_us (self->clock), 0));
}

static void
ask_again_later (CrownSyncMachine       *self,
                 const CrownSyncPending *pending)
{
  guint delay = crown_backoff_delay_ms (pending->attempt, self->random, self->random_data);
  CrownSyncMissing missing = { pending->store, pending->id, pending->attempt + 1,
                               crown_clock_monotonic_us (self->clock) + (gint64) delay * 1000 };

  g_array_append_val (self->missing, missing);
  set_missing_timer (self);
}

void
crown_sync_machine_ask_again (CrownSyncMachine *self)
{
  gint64 now = crown_clock_monotonic_us (self->clock);

  for (guint i = self->missing->len; i > 0; i--)
    {
      CrownSyncMissing missing = g_array_index (self->missing, CrownSyncMissing, i - 1);

      if (missing.due > now)
        continue;
      g_array_remove_index (self->missing, i - 1);
      ask_for_row (self, missing.store, missing.id, missing.attempt);
    }
  set_missing_timer (self);
}

/* FALSE: the row is not to be removed. A known deletion is believed at once; that one is missing, when it is still. */
static gboolean
is_gone (CrownSyncMachine      *self,
         CrownSyncPending      *pending,
         const CrownSyncAnswer *answer)
{
  g_autofree char *what = g_strdup_printf ("/%s/%" G_GINT64_FORMAT, crown_store_to_string (pending->store), pending->id);
  CrownFailureKind kind = crown_sync_failure_of (answer->status, answer->body, NULL);

  if (kind == CROWN_FAILURE_GONE || (kind == CROWN_FAILURE_MISSING && pending->attempt >= KNOWN))
    return TRUE;
  if (kind == CROWN_FAILURE_MISSING)
    ask_again_later (self, pending);
  else
    self->counted = FALSE; /* the next idle sync finds it again */
  crown_sync_machine_answer_failed (self, answer, CROWN_OUTCOME_READS_AGAIN, what);
  return FALSE;
}

static void
on_row_answered (CrownSyncMachine      *self,
                 CrownSyncPending      *pending,
                 const CrownSyncAnswer *answer)
{
  g_autoptr (GError) error = NULL;
  CrownSyncHeld held = { pending->store, pending->id, answer->sequence, NULL };

  if (g_strcmp0 (self->epoch, self->position.epoch) != 0)
    {
      self->counted = FALSE;
      return;
    }
  if (answer->status != 200 && !is_gone (self, pending, answer))
    return;
  if (answer->status == 200 && (held.row = crown_sync_object_of (answer->body, &error)) == NULL)
    {
      g_warning ("a row cannot be used: %s", error->message);
      return;
    }
  if (answer->sequence < pending->touched)
    {
      clear_held (&held);
      ask_for_row (self, pending->store, pending->id, pending->attempt);
      return;
    }

  g_array_append_val (self->held, held);
  if (!crown_sync_machine_put_held (self, &error))
    g_warning ("a row cannot be repaired: %s", error->message);
}

static void
ask_for_row (CrownSyncMachine *self,
             CrownStore        store,
             gint64            id,
             guint             attempt)
{
  g_autofree char *path = g_strdup_printf ("/%s/%" G_GINT64_FORMAT, crown_store_to_string (store), id);
  CrownSyncPending *pending = crown_sync_machine_request (self, "GET", path, NULL, NULL, on_row_answered);

  pending->store = store;
  pending->id = id;
  pending->attempt = attempt;
}

void
crown_sync_machine_doubt (CrownSyncMachine *self,
                          CrownStore        store,
                          gint64            id)
{
  if (self->joined != 0 && is_here (self, store, id))
    ask_for_row (self, store, id, 0);
}

void
crown_sync_machine_miss (CrownSyncMachine     *self,
                         const CrownChangeSet *missing,
                         guint                 n_damaged)
{
  g_autoptr (GError) error = NULL;

  if (!crown_cache_mark_missing (self->cache, missing, n_damaged, &error))
    g_warning ("rows that are missing cannot be noted: %s", error->message);
  crown_sync_machine_repair (self);
}

/* Without a line they stay noted until there is one. */
void
crown_sync_machine_repair (CrownSyncMachine *self)
{
  g_autoptr (CrownChangeSet) repairs = self->joined != 0 ? crown_cache_take_repairs (self->cache) : NULL;

  for (guint i = 0; repairs != NULL && i < G_N_ELEMENTS (stores); i++)
    {
      if (repairs->everything[stores[i]])
        {
          /* While a replay is under way the idle sync after it finds the same. */
          crown_sync_machine_step (self, CROWN_SYNC_TOO_OLD);
          return;
        }
      ask_for_each (self, stores[i], repairs->ids[stores[i]], 0);
    }
}

/* @ids: (nullable) */
static void
ask_for_each (CrownSyncMachine *self,
              CrownStore        store,
              const GArray     *ids,
              guint             attempt)
{
  for (guint i = 0; ids != NULL && i < ids->len; i++)
    ask_for_row (self, store, g_array_index (ids, gint64, i), attempt);
}

static void
ask_for_differing (CrownSyncMachine *self,
                   CrownStore        store,
                   const GArray     *ids)
{
  if (ids->len > ROWS_MAX)
    crown_sync_machine_step (self, CROWN_SYNC_TOO_OLD);
  else
    ask_for_each (self, store, ids, KNOWN); /* what the server's list of rows does not have is deleted */
}

/* @array: (out) (transfer none): of @object, which is to be kept as long */
static gboolean
get_array (const CrownSyncAnswer  *answer,
           const char             *member,
           JsonObject            **object,
           JsonArray             **array,
           GError                **error)
{
  *object = crown_sync_object_of (answer->body, error);
  if (*object == NULL)
    return FALSE;
  *array = crown_json_opt_array (*object, member);
  if (*array == NULL)
    g_set_error (error, CROWN_JSON_ERROR, CROWN_JSON_ERROR_TYPE, "%s is not there", member);
  return *array != NULL;
}

static void
on_bucket_answered (CrownSyncMachine      *self,
                    CrownSyncPending      *pending,
                    const CrownSyncAnswer *answer)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (GError) error = NULL;
  JsonArray *rows;

  if (answer->status != 200)
    {
      crown_sync_machine_answer_failed (self, answer, CROWN_OUTCOME_RETRIES, "/digest"); /* at the next idle sync */
      return;
    }
  if (!get_array (answer, "rows", &object, &rows, &error) ||
      !crown_cache_validator_compare_rows (self->validator, pending->store, pending->bucket, rows, ids, &error))
    g_warning ("what the server's rows are cannot be compared: %s", error->message);
  else
    ask_for_differing (self, pending->store, ids);
}

static void
on_buckets_answered (CrownSyncMachine      *self,
                     CrownSyncPending      *pending,
                     const CrownSyncAnswer *answer)
{
  g_autoptr (GArray) buckets = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (GError) error = NULL;
  JsonArray *theirs;

  if (answer->status != 200)
    {
      crown_sync_machine_answer_failed (self, answer, CROWN_OUTCOME_RETRIES, "/digest");
      return;
    }
  if (!get_array (answer, "buckets", &object, &theirs, &error) ||
      !crown_cache_validator_compare_buckets (self->validator, pending->store, theirs, buckets, &error))
    {
      g_warning ("what the server's rows add up to cannot be compared: %s", error->message);
      return;
    }
  if (buckets->len > BUCKETS_MAX)
    {
      crown_sync_machine_step (self, CROWN_SYNC_TOO_OLD);
      return;
    }
  for (guint i = 0; i < buckets->len; i++)
    {
      guint bucket = g_array_index (buckets, guint, i);
      g_autofree char *path = g_strdup_printf ("/digest?store=%s&bucket=%u", crown_store_to_string (pending->store), bucket);
      CrownSyncPending *next = crown_sync_machine_request (self, "GET", path, NULL, NULL, on_bucket_answered);

      next->store = pending->store;
      next->bucket = bucket;
    }
}

/* Adds up anew what is here, and has the rows read again that are damaged. */
static gboolean
count_anew (CrownSyncMachine  *self,
            CrownStore         store,
            CrownDigest       *digest,
            GError           **error)
{
  g_autoptr (GArray) damaged = g_array_new (FALSE, FALSE, sizeof (gint64));
  CrownDigest kept;
  guint64 count;

  if (self->validator == NULL &&
      (self->validator = crown_cache_validator_new (crown_cache_get_path (self->cache), error)) == NULL)
    return FALSE;
  if (!crown_cache_validator_count (self->validator, store, digest, &count, damaged, error) ||
      !crown_cache_get_digest (self->cache, store, &kept, NULL, error))
    return FALSE;
  if (!crown_digest_equal (digest, &kept) && !crown_cache_set_digest (self->cache, store, digest, count, error))
    return FALSE;
  if (damaged->len > 0)
    g_message ("%u rows of %s are damaged and are read again", damaged->len, crown_store_to_string (store));
  ask_for_differing (self, store, damaged);
  return TRUE;
}

/* Once in each life: the sums are kept from one to the next, and the disk may have lost what they are of. */
static void
count_all (CrownSyncMachine *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (stores); i++)
    {
      g_autoptr (GError) error = NULL;
      CrownDigest digest;

      if (!count_anew (self, stores[i], &digest, &error))
        g_warning ("%s cannot be counted: %s", crown_store_to_string (stores[i]), error->message);
    }
}

/* First what is here is added up anew: it may be this sum that is wrong. Then the parts are compared, then their rows. */
static gboolean
reconcile (CrownSyncMachine  *self,
           CrownStore         store,
           const char        *theirs,
           GError           **error)
{
  g_autofree char *path = NULL;
  CrownDigest digest;
  char hex[65];

  if (!count_anew (self, store, &digest, error))
    return FALSE;
  if (self->state == CROWN_CLIENT_SNAPSHOTTING)
    return TRUE;

  crown_digest_to_hex (&digest, hex);
  if (g_strcmp0 (theirs, hex) == 0)
    return TRUE;
  path = g_strdup_printf ("/digest?store=%s&buckets=all", crown_store_to_string (store));
  crown_sync_machine_request (self, "GET", path, NULL, NULL, on_buckets_answered)->store = store;
  return TRUE;
}

gboolean
crown_sync_machine_is_repairing (CrownSyncMachine *self)
{
  GHashTableIter iter;
  gpointer pending;

  g_hash_table_iter_init (&iter, self->pending);
  while (g_hash_table_iter_next (&iter, NULL, &pending))
    if (((CrownSyncPending *) pending)->store != CROWN_STORE_NONE)
      return TRUE;
  return self->held->len > 0 || self->missing->len > 0;
}

/* (transfer full) (nullable): the rows that entries of the outbox change */
static CrownChangeSet *
list_pending (CrownSyncMachine  *self,
              GError           **error)
{
  g_autoptr (GPtrArray) entries = crown_outbox_list (self->outbox, error);
  CrownChangeSet *pending = entries != NULL ? crown_change_set_new (self->workspace_id) : NULL;

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const CrownOutboxEntry *entry = entries->pdata[i];

      if (crown_event_info (entry->type)->store != CROWN_STORE_NONE)
        crown_change_set_add (pending, crown_event_info (entry->type)->store, entry->row_id);
    }
  return pending;
}

/* Once an hour what is not used makes room. */
static void
make_room (CrownSyncMachine *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownChangeSet) evicted = NULL;
  g_autoptr (CrownChangeSet) pending = NULL;

  if (!crown_cache_is_purge_due (self->cache, self->clock))
    return;
  evicted = crown_change_set_new (self->workspace_id);
  pending = list_pending (self, &error);
  if (pending == NULL ||
      !crown_cache_purge (self->cache, self->clock, FALSE, pending, CROWN_CACHE_MAX_BYTES, evicted, &error))
    g_warning ("no room is made in the cache: %s", error->message);
  crown_sync_machine_changed (self, evicted);
}

/* Shown at once and read again behind that. */
static void
refresh_stale (CrownSyncMachine *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownChangeSet) stale = crown_cache_list_stale (self->cache, self->clock, STALE_MAX, &error);

  if (stale == NULL)
    g_warning ("stale rows are not found: %s", error->message);
  for (guint i = 0; stale != NULL && i < G_N_ELEMENTS (stores); i++)
    ask_for_each (self, stores[i], stale->ids[stores[i]], 0);
}

static void
repair_store (CrownSyncMachine *self,
              CrownStore        store,
              const char       *theirs)
{
  g_autoptr (GError) error = NULL;

  if (++self->disagreements <= DISAGREEMENTS_MAX)
    crown_sync_machine_note (self, CROWN_FAILURE_DIFFERENCE, self->disagreements < DISAGREEMENTS_MAX
                             ? CROWN_OUTCOME_READS_AGAIN : CROWN_OUTCOME_GIVEN_UP, crown_store_to_string (store), NULL, NULL);
  if (self->disagreements >= DISAGREEMENTS_MAX)
    return;
  if (self->disagreements > DISAGREEMENTS_OF_ROWS || !reconcile (self, store, theirs, &error))
    {
      if (error != NULL)
        g_warning ("%s cannot be compared with the server's: %s", crown_store_to_string (store), error->message);
      crown_sync_machine_step (self, CROWN_SYNC_TOO_OLD);
    }
}

/* What the digests say at exactly the position that they are of. */
void
crown_sync_machine_compare (CrownSyncMachine    *self,
                            const CrownEnvelope *envelope)
{
  JsonObject *digests = crown_json_opt_object (envelope->data, "digests");
  gboolean agree = TRUE;

  if (crown_sync_machine_is_repairing (self))
    return;
  if (!self->counted)
    {
      self->counted = TRUE;
      count_all (self);
    }
  refresh_stale (self);
  make_room (self);
  for (guint i = 0; digests != NULL && i < G_N_ELEMENTS (stores); i++)
    {
      JsonObject *object = crown_json_opt_object (digests, crown_store_to_string (stores[i]));
      const char *theirs = object != NULL ? crown_json_opt_string (object, "digest", NULL) : NULL;
      CrownDigest own;
      char hex[65];

      if (theirs == NULL || !crown_cache_get_digest (self->cache, stores[i], &own, NULL, NULL))
        continue;
      crown_digest_to_hex (&own, hex);
      if (g_strcmp0 (theirs, hex) == 0)
        continue;

      agree = FALSE;
      g_message ("%s differ from the server's at %" G_GUINT64_FORMAT, crown_store_to_string (stores[i]), envelope->sequence);
      repair_store (self, stores[i], theirs);
      if (self->state == CROWN_CLIENT_SNAPSHOTTING)
        return;
    }
  if (agree)
    self->disagreements = 0;
}
