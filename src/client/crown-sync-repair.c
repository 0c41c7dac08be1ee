/* crown-sync-repair.c: snapshots, and rows that are read again
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-sync-machine-private.h"

#include "core/crown-json.h"
#include "crown-cache-upkeep.h"

/* Idle syncs in a row that find other digests: after the first ones rows are read again, then all of them, then it is said. */
#define DISAGREEMENTS_OF_ROWS 3
#define DISAGREEMENTS_MAX     5
/* More than this is less to read as a whole. */
#define BUCKETS_MAX 32
#define ROWS_MAX    500
/* Stale rows that are read again at one idle sync. */
#define STALE_MAX   50

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
      g_autofree char *message = g_strdup_printf ("the snapshot was answered with status %u (%s)", answer->status,
                                                  answer->message != NULL ? answer->message : "");

      crown_sync_machine_fail (self, message);
      return;
    }
  if ((snapshot = crown_sync_object_of (answer->body, &error)) == NULL ||
      !crown_cache_load_snapshot (self->cache, snapshot, changes, &error))
    {
      g_autofree char *message = g_strdup_printf ("The server's rows cannot be kept: %s", error->message);

      self->driver->trouble (message, self->user_data);
      crown_sync_machine_fail (self, error->message);
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

static void ask_for_row  (CrownSyncMachine *self, CrownStore store, gint64 id);
static void ask_for_each (CrownSyncMachine *self, CrownStore store, const GArray *ids);

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

/* Puts the rows that are of the position. */
gboolean
crown_sync_machine_put_held (CrownSyncMachine  *self,
                             GError           **error)
{
  for (guint i = self->held->len; i > 0; i--)
    {
      CrownSyncHeld *held = &g_array_index (self->held, CrownSyncHeld, i - 1);
      g_autoptr (CrownChangeSet) changes = NULL;

      if (held->sequence > self->position.sequence)
        continue;

      changes = crown_change_set_new (self->workspace_id);
      if (!crown_cache_put_row (self->cache, held->store, held->id, held->row, changes, error))
        return FALSE;
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
on_row_answered (CrownSyncMachine      *self,
                 CrownSyncPending      *pending,
                 const CrownSyncAnswer *answer)
{
  g_autoptr (GError) error = NULL;
  CrownSyncHeld held = { pending->store, pending->id, answer->sequence, NULL };

  if ((answer->status != 200 && answer->status != 404) || g_strcmp0 (self->epoch, self->position.epoch) != 0)
    {
      self->counted = FALSE; /* the next idle sync finds it again */
      return;
    }
  if (answer->status == 200 && (held.row = crown_sync_object_of (answer->body, &error)) == NULL)
    {
      g_warning ("a row cannot be used: %s", error->message);
      return;
    }
  if (answer->sequence < pending->touched)
    {
      clear_held (&held);
      ask_for_row (self, pending->store, pending->id);
      return;
    }

  g_array_append_val (self->held, held);
  if (!crown_sync_machine_put_held (self, &error))
    g_warning ("a row cannot be repaired: %s", error->message);
}

static void
ask_for_row (CrownSyncMachine *self,
             CrownStore        store,
             gint64            id)
{
  g_autofree char *path = g_strdup_printf ("/%s/%" G_GINT64_FORMAT, crown_store_to_string (store), id);
  CrownSyncPending *pending = crown_sync_machine_request (self, "GET", path, NULL, NULL, on_row_answered);

  pending->store = store;
  pending->id = id;
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
      ask_for_each (self, stores[i], repairs->ids[stores[i]]);
    }
}

/* @ids: (nullable) */
static void
ask_for_each (CrownSyncMachine *self,
              CrownStore        store,
              const GArray     *ids)
{
  for (guint i = 0; ids != NULL && i < ids->len; i++)
    ask_for_row (self, store, g_array_index (ids, gint64, i));
}

static void
ask_for_differing (CrownSyncMachine *self,
                   CrownStore        store,
                   const GArray     *ids)
{
  if (ids->len > ROWS_MAX)
    crown_sync_machine_step (self, CROWN_SYNC_TOO_OLD);
  else
    ask_for_each (self, store, ids);
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
    return; /* the next idle sync finds the same */
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
    return;
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
  return self->held->len > 0;
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
    ask_for_each (self, stores[i], stale->ids[stores[i]]);
}

static void
repair_store (CrownSyncMachine *self,
              CrownStore        store,
              const char       *theirs)
{
  g_autoptr (GError) error = NULL;

  if (++self->disagreements == DISAGREEMENTS_MAX)
    self->driver->trouble ("What is kept here does not come to what the server has, however often it is read again.",
                           self->user_data);
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
