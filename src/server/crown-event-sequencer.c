/* crown-event-sequencer.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-event-sequencer.h"

#include "core/crown-bug.h"
#include "core/crown-event-apply.h"
#include "core/crown-json.h"
#include "crown-server-error.h"
#include "crown-workspace-stats.h"

/**
 * CrownEventSequencer:
 *
 * The only way to change what a ledger holds. A write is one transaction: it takes each event's payload, checks it, gives
 * it the next sequence of its stream, computes the row it makes, and stores event, row, digest and statistics together.
 * Events are told to others only after they are on disk, in the order of their sequences.
 *
 * Writes share commits: one that ends is kept in the ledger's batch, and the batch is committed when the main context has
 * nothing more urgent to do, which is after all writes that arrived while the last commit ran.
 *
 * Belongs to the ledger's thread; one write at a time.
 */
struct _CrownEventSequencer
{
  GObject           parent_instance;

  CrownEventLedger *ledger;
  CrownClock        clock;
  gboolean          has_clock;
  gboolean          writing;
  CrownMetrics     *metrics;       /* (nullable) */
  GMainContext     *context;
  GPtrArray        *kept;          /* (element-type Kept): writes of the open batch */
  gint64            kept_since;    /* monotonic µs of the first of them */
  GSource          *commit_source; /* (nullable) */
  GHashTable       *refreshes;     /* workspace_id → Refresh */
#ifdef CROWN_DELIBERATE_BUGS
  guint64           allotted;
#endif
};

/* A batch is committed at the latest when it is so large or so old: requests that never stop coming do not put it off. */
#define BATCH_WRITES_MAX 256
#define BATCH_AGE_MAX_US 5000
/* Just behind reading what has arrived, just before anything idle. */
#define COMMIT_PRIORITY (G_PRIORITY_DEFAULT + 5)

/* At most one DASHBOARD_REFRESH a second for a workspace, however many writes come. */
#define REFRESH_INTERVAL_US G_USEC_PER_SEC

typedef struct {
  GPtrArray            *events;
  gint64                begun_us; /* monotonic */
  CrownEventCommitFunc  func;     /* (nullable) */
  gpointer              user_data;
} Kept;

typedef struct {
  CrownEventSequencer *sequencer; /* unowned */
  gint64               workspace_id;
  gint64               last_us;   /* monotonic: when the last one was emitted */
  gint64               due_us;    /* monotonic: when the next one has to be; 0: none has */
  GSource             *source;    /* (nullable): calls for it, where the clock is the system's */
} Refresh;

struct _CrownEventWrite
{
  CrownEventSequencer *sequencer;
  CrownPrincipal       who;
  char                *stream;      /* of the workspace */
  char                *timestamp;
  char                *trace_id;
  char                *mutation_id; /* (nullable) */
  gint64               begun_us;    /* monotonic */
  GPtrArray           *events;      /* (element-type CrownLedgerEvent) */
  gboolean             done;        /* committed or rolled back */
};

enum {
  COMMITTED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CrownEventSequencer, crown_event_sequencer, G_TYPE_OBJECT)

/**
 * crown_event_sequencer_new:
 * @ledger: (transfer none): where to
 * @clock: (nullable): the time; it is copied
 *
 * Returns: (transfer full): a sequencer for the calling thread
 */
CrownEventSequencer *
crown_event_sequencer_new (CrownEventLedger *ledger,
                           const CrownClock *clock)
{
  g_return_val_if_fail (CROWN_IS_EVENT_LEDGER (ledger), NULL);

  CrownEventSequencer *self = g_object_new (CROWN_TYPE_EVENT_SEQUENCER, NULL);

  self->ledger = g_object_ref (ledger);
  self->context = g_main_context_ref_thread_default ();
  if (clock != NULL)
    {
      self->clock = *clock;
      self->has_clock = TRUE;
    }

  return self;
}

CrownEventLedger *
crown_event_sequencer_get_ledger (CrownEventSequencer *self)
{
  return self->ledger;
}

/* Returns: (nullable): the injected clock; %NULL is the system's */
const CrownClock *
crown_event_sequencer_get_clock (CrownEventSequencer *self)
{
  return self->has_clock ? &self->clock : NULL;
}

/**
 * crown_event_sequencer_begin:
 * @who: for whom, and in which workspace; a user_id of 0 is the server itself
 * @mutation_id: (nullable): the Idempotency-Key of the request
 *
 * Opens a write. What is read from the ledger until its end is what the write changes.
 *
 * Returns: (transfer full): a write, which is rolled back if it is freed before it is committed
 */
CrownEventWrite *
crown_event_sequencer_begin (CrownEventSequencer   *self,
                             const CrownPrincipal  *who,
                             const char            *mutation_id,
                             GError               **error)
{
  g_return_val_if_fail (CROWN_IS_EVENT_SEQUENCER (self), NULL);
  g_return_val_if_fail (!self->writing, NULL);

  if (!crown_event_ledger_begin (self->ledger, TRUE, error))
    return NULL;

  g_autofree char *uuid = g_uuid_string_random ();
  CrownEventWrite *write = g_new0 (CrownEventWrite, 1);

  self->writing = TRUE;
  write->sequencer = g_object_ref (self);
  write->who = *who;
  write->stream = crown_event_stream_name (CROWN_SCOPE_WORKSPACE, who->workspace_id);
  write->timestamp = crown_clock_now_iso (crown_event_sequencer_get_clock (self));
  write->trace_id = g_strconcat ("request_", uuid, NULL);
  write->mutation_id = g_strdup (mutation_id);
  write->begun_us = g_get_monotonic_time ();
  write->events = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_ledger_event_unref);
  return write;
}

const CrownPrincipal *
crown_event_write_get_principal (CrownEventWrite *self)
{
  return &self->who;
}

CrownEventLedger *
crown_event_write_get_ledger (CrownEventWrite *self)
{
  return self->sequencer->ledger;
}

const char *
crown_event_write_get_stream (CrownEventWrite *self)
{
  return self->stream;
}

const char *
crown_event_write_get_timestamp (CrownEventWrite *self)
{
  return self->timestamp;
}

const char *
crown_event_write_get_trace_id (CrownEventWrite *self)
{
  return self->trace_id;
}

/* Returns: (nullable): the Idempotency-Key of the request */
const char *
crown_event_write_get_mutation_id (CrownEventWrite *self)
{
  return self->mutation_id;
}

/* Returns: (nullable) (transfer none): the event that was emitted last */
CrownLedgerEvent *
crown_event_write_get_last (CrownEventWrite *self)
{
  return self->events->len > 0 ? g_ptr_array_index (self->events, self->events->len - 1) : NULL;
}

/**
 * crown_event_write_set_meeting:
 * @meeting: the row of the meeting that the following events belong to
 *
 * Gives them the trace_id of the meeting: `session_{id}_{unix seconds of its start}`.
 */
void
crown_event_write_set_meeting (CrownEventWrite *self,
                               JsonObject      *meeting)
{
  const char *start = crown_json_opt_string (meeting, "started_at", NULL);
  gint64 unix_us = 0;

  if ((start == NULL || !crown_time_parse_iso (start, &unix_us)) &&
      (start = crown_json_opt_string (meeting, "created_at", NULL)) != NULL)
    crown_time_parse_iso (start, &unix_us);

  g_free (self->trace_id);
  self->trace_id = g_strdup_printf ("session_%" G_GINT64_FORMAT "_%" G_GINT64_FORMAT,
                                    crown_json_opt_int (meeting, "id", 0), unix_us / G_USEC_PER_SEC);
}

/**
 * crown_event_write_allot_id:
 * @store: of which store
 * @id: (out): an id that no row of the ledger has had, if the write is committed
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_write_allot_id (CrownEventWrite  *self,
                            CrownStore        store,
                            gint64           *id,
                            GError          **error)
{
  return crown_event_ledger_add_counter (self->sequencer->ledger, "ledger", crown_store_to_string (store), 1, id, error);
}

static gboolean
changes_row (const CrownEventInfo *info)
{
  return info->effect != CROWN_EFFECT_NONE && info->effect != CROWN_EFFECT_INVALIDATE;
}

static char *
dup_row_id (const CrownEventInfo *info,
            JsonObject           *data)
{
  if (info->store == CROWN_STORE_METADATA)
    return g_strdup (info->metadata_key);

  return g_strdup_printf ("%" G_GINT64_FORMAT, crown_event_row_id (info, data));
}

/* Computes the row that the event makes and stores it; @checksum is NULL where the row goes. */
static gboolean
apply_to_row (CrownEventWrite       *self,
              const CrownEventInfo  *info,
              const char            *stream,
              JsonObject            *data,
              JsonObject           **row,
              char                 **checksum,
              GError               **error)
{
  CrownEventLedger *ledger = self->sequencer->ledger;
  g_autofree char *id = dup_row_id (info, data);
  g_autoptr (CrownLedgerRow) stored = NULL;
  g_autoptr (JsonObject) before = NULL;
  g_autoptr (JsonObject) after = NULL;

  if (!crown_event_ledger_load_row (ledger, stream, info->store, id, &stored, error))
    return FALSE;

  if (stored != NULL && (before = crown_json_parse_object (stored->json, -1, error)) == NULL)
    {
      g_prefix_error (error, "%s %s of %s: ", crown_store_to_string (info->store), id, stream);
      return FALSE;
    }

  if (!crown_event_apply_row (info, data, before, &after, error))
    return FALSE;

  if (after != NULL)
    {
      g_autoptr (CrownLedgerRow) next = g_new0 (CrownLedgerRow, 1);
      g_autoptr (GString) json = g_string_new (NULL);
      char hex[CROWN_CHECKSUM_HEX_LENGTH + 1];

      if (!crown_json_canonicalize_object (after, TRUE, json, error))
        return FALSE;

      crown_checksum_bytes (json->str, json->len, hex);
      next->id = g_strdup (id);
      next->json = g_string_free (g_steal_pointer (&json), FALSE);
      next->checksum = g_strdup (hex);

      if (!crown_event_ledger_put_row (ledger, stream, info->store, next, error))
        return FALSE;

      *checksum = g_strdup (hex);
    }
  else if (!crown_event_ledger_delete_row (ledger, stream, info->store, id, error))
    return FALSE;

  if (info->scope == CROWN_SCOPE_WORKSPACE &&
      !crown_workspace_stats_row_changed (ledger, stream, info->store, before, after, error))
    return FALSE;

  if (row != NULL)
    *row = g_steal_pointer (&after);
  return TRUE;
}

/**
 * crown_event_write_emit:
 * @data: (transfer none): the payload; workspace_id and timestamp are filled in where they are missing. It becomes the
 *   event's and must not be changed afterwards
 * @row: (out) (optional) (nullable) (transfer full): the row as the event made it
 * @error: (out) (optional): %CROWN_EVENT_ERROR_PAYLOAD with the member that is wrong, %CROWN_EVENT_ERROR_NO_ROW, or the
 *   ledger's
 *
 * Puts an event into the write. After an error the write can only be freed.
 *
 * Returns: %TRUE if the event has its place
 */
gboolean
crown_event_write_emit (CrownEventWrite  *self,
                        CrownEventType    type,
                        JsonObject       *data,
                        JsonObject      **row,
                        GError          **error)
{
  const CrownEventInfo *info = crown_event_info (type);
  CrownEventLedger *ledger = self->sequencer->ledger;
  g_autofree char *checksum = NULL;
  CrownStreamHead head;

  g_return_val_if_fail (!self->done && info != NULL, FALSE);

  if (row != NULL)
    *row = NULL;

  if (!json_object_has_member (data, "workspace_id"))
    json_object_set_int_member (data, "workspace_id", self->who.workspace_id);
  if (!json_object_has_member (data, "timestamp"))
    json_object_set_string_member (data, "timestamp", self->timestamp);

  if (info->scope == CROWN_SCOPE_LOCAL)
    {
      g_set_error (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_PAYLOAD, "%s is never sent", info->name);
      return FALSE;
    }

  if (!crown_event_check_payload (info, data, error))
    return FALSE;

  g_autofree char *stream = info->scope == CROWN_SCOPE_USER
    ? crown_event_stream_name (CROWN_SCOPE_USER, crown_json_opt_int (data, "user_id", 0))
    : g_strdup (self->stream);

  if (changes_row (info) && !apply_to_row (self, info, stream, data, row, &checksum, error))
    return FALSE;

  if (!crown_event_ledger_load_head (ledger, stream, &head, error))
    return FALSE;

  CrownEnvelope *envelope = crown_envelope_new (type);
  g_autoptr (CrownLedgerEvent) event = crown_ledger_event_new (envelope);

  for (guint i = 0; i < CROWN_N_NAMESPACES; i++)
    event->prev[i] = head.prev[i];

#ifdef CROWN_DELIBERATE_BUGS
  if (CROWN_BUG (ALLOT_BEFORE_COMMIT) && info->scope == CROWN_SCOPE_WORKSPACE)
    {
      head.sequence = MAX (head.sequence, self->sequencer->allotted);
      self->sequencer->allotted = head.sequence + 1;
    }
#endif
  head.sequence++;
  for (guint i = 0; i < CROWN_N_NAMESPACES; i++)
    {
      if (info->namespaces & (1u << i))
        head.prev[crown_namespace_index (1u << i)] = head.sequence;
    }

  envelope->sequence = head.sequence;
  envelope->prev_sequence = event->prev[crown_namespace_index (CROWN_NAMESPACE_DASHBOARD)];
  envelope->workspace_id = self->who.workspace_id;
  envelope->user_id = self->who.user_id;
  envelope->timestamp = g_strdup (self->timestamp);
  envelope->data = json_object_ref (data);
  envelope->trace_id = g_strdup (self->trace_id);
  envelope->stream = g_strdup (stream);
  envelope->epoch = g_strdup (crown_event_ledger_get_epoch (ledger));
  envelope->mutation_id = g_strdup (self->mutation_id);
  envelope->checksum = g_steal_pointer (&checksum);

  if (!crown_event_ledger_append_event (ledger, event, &head, error))
    return FALSE;

  g_ptr_array_add (self->events, g_steal_pointer (&event));
  return TRUE;
}

static gboolean
emit_stats_now (CrownEventWrite  *self,
                JsonObject       *stats,
                GError          **error)
{
  g_autoptr (JsonObject) data = json_object_new ();

  json_object_set_object_member (data, "stats", json_object_ref (stats));
  return crown_event_write_emit (self, CROWN_EVENT_DASHBOARD_REFRESH, data, NULL, error);
}

static void
emit_refresh (Refresh *refresh)
{
  CrownPrincipal server = { .workspace_id = refresh->workspace_id, .role = CROWN_ROLE_ADMIN };
  g_autoptr (CrownEventWrite) write = NULL;
  g_autoptr (GError) error = NULL;

  refresh->due_us = 0;
  write = crown_event_sequencer_begin (refresh->sequencer, &server, NULL, &error);
  if (write == NULL || !crown_event_write_emit_stats (write, &error) ||
      !crown_event_write_commit_later (g_steal_pointer (&write), NULL, NULL, &error))
    g_warning ("Statistics of workspace %" G_GINT64_FORMAT " were not sent: %s", refresh->workspace_id, error->message);
}

static gboolean
on_refresh_due (gpointer user_data)
{
  Refresh *refresh = user_data;

  g_clear_pointer (&refresh->source, g_source_unref);
  emit_refresh (refresh);
  return G_SOURCE_REMOVE;
}

/**
 * crown_event_sequencer_tick:
 *
 * Emits what is due by an injected clock, whose owner calls this when it has moved. With the system's clock nobody has to.
 */
void
crown_event_sequencer_tick (CrownEventSequencer *self)
{
  GHashTableIter iter;
  gpointer value;
  gint64 now = crown_clock_monotonic_us (crown_event_sequencer_get_clock (self));
  g_autoptr (GPtrArray) due = g_ptr_array_new ();

  g_hash_table_iter_init (&iter, self->refreshes);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Refresh *refresh = value;

      if (refresh->due_us != 0 && refresh->due_us <= now)
        g_ptr_array_add (due, refresh);
    }
  for (guint i = 0; i < due->len; i++)
    emit_refresh (due->pdata[i]);
}

static Refresh *
find_refresh (CrownEventWrite *self)
{
  GHashTable *refreshes = self->sequencer->refreshes;
  Refresh *refresh = g_hash_table_lookup (refreshes, &self->who.workspace_id);

  if (refresh == NULL)
    {
      refresh = g_new0 (Refresh, 1);
      refresh->sequencer = self->sequencer;
      refresh->workspace_id = self->who.workspace_id;
      refresh->last_us = G_MININT64 / 2;
      g_hash_table_insert (refreshes, &refresh->workspace_id, refresh);
    }

  return refresh;
}

/**
 * crown_event_write_emit_stats:
 *
 * Emits DASHBOARD_REFRESH with the statistics as this write leaves them; if the workspace has had one within the last
 * second, one is emitted for this write and all that follow when that second is over.
 *
 * Returns: as crown_event_write_emit()
 */
gboolean
crown_event_write_emit_stats (CrownEventWrite  *self,
                              GError          **error)
{
  Refresh *refresh = find_refresh (self);
  gint64 now = crown_clock_monotonic_us (crown_event_sequencer_get_clock (self->sequencer));
  gint64 since = now - refresh->last_us;
  g_autoptr (JsonObject) stats = NULL;

  if (refresh->due_us != 0)
    return TRUE;

  if (since < REFRESH_INTERVAL_US)
    {
      refresh->due_us = refresh->last_us + REFRESH_INTERVAL_US;
      if (self->sequencer->has_clock)
        return TRUE;

      refresh->source = g_timeout_source_new ((guint) ((REFRESH_INTERVAL_US - since) / 1000) + 1);
      g_source_set_callback (refresh->source, on_refresh_due, refresh, NULL);
      g_source_attach (refresh->source, self->sequencer->context);
      return TRUE;
    }

  stats = crown_workspace_stats_load (self->sequencer->ledger, self->stream, error);
  if (stats == NULL || !emit_stats_now (self, stats, error))
    return FALSE;

  refresh->last_us = now;
  return TRUE;
}

/**
 * crown_event_write_mend_stats:
 *
 * Emits DASHBOARD_REFRESH where the last one is not what the counters say: a server may have died within the second that
 * crown_event_write_emit_stats() waits.
 *
 * Returns: as crown_event_write_emit()
 */
gboolean
crown_event_write_mend_stats (CrownEventWrite  *self,
                              GError          **error)
{
  const char *key = crown_event_info (CROWN_EVENT_DASHBOARD_REFRESH)->metadata_key;
  g_autoptr (JsonObject) stats = crown_workspace_stats_load (self->sequencer->ledger, self->stream, error);
  g_autoptr (CrownLedgerRow) row = NULL;
  g_autoptr (JsonObject) said = NULL;

  if (stats == NULL ||
      !crown_event_ledger_load_row (self->sequencer->ledger, self->stream, CROWN_STORE_METADATA, key, &row, error) ||
      (row != NULL && (said = crown_json_parse_object (row->json, -1, error)) == NULL))
    return FALSE;

  if (said != NULL && crown_json_opt_object (said, "value") != NULL &&
      json_object_equal (crown_json_opt_object (said, "value"), stats))
    return TRUE;

  return emit_stats_now (self, stats, error);
}

/**
 * crown_event_write_emit_digests:
 *
 * Emits DASHBOARD_IDLE_SYNC: what every cache that has applied the stream up to here must come to.
 *
 * Returns: as crown_event_write_emit()
 */
gboolean
crown_event_write_emit_digests (CrownEventWrite  *self,
                                GError          **error)
{
  static const CrownStore stores[] = { CROWN_STORE_MEETINGS, CROWN_STORE_TASKS, CROWN_STORE_ANALYTICS };
  g_autoptr (JsonObject) digests = json_object_new ();

  for (guint i = 0; i < G_N_ELEMENTS (stores); i++)
    {
      CrownDigest digest;
      guint64 count;
      char hex[65];

      if (!crown_event_ledger_load_digest (self->sequencer->ledger, self->stream, stores[i], &count, &digest, error))
        return FALSE;

      JsonObject *entry = json_object_new ();

      crown_digest_to_hex (&digest, hex);
      json_object_set_int_member (entry, "count", (gint64) count);
      json_object_set_string_member (entry, "digest", hex);
      json_object_set_object_member (digests, crown_store_to_string (stores[i]), entry);
    }

  g_autoptr (JsonObject) data = json_object_new ();

  json_object_set_object_member (data, "digests", g_steal_pointer (&digests));
  return crown_event_write_emit (self, CROWN_EVENT_DASHBOARD_IDLE_SYNC, data, NULL, error);
}

static void
finish (CrownEventWrite *self)
{
  self->done = TRUE;
  self->sequencer->writing = FALSE;
}

static void
kept_free (gpointer data)
{
  Kept *kept = data;

  g_ptr_array_unref (kept->events);
  g_free (kept);
}

static void
stop_commit_source (CrownEventSequencer *self)
{
  if (self->commit_source == NULL)
    return;

  g_source_destroy (self->commit_source);
  g_clear_pointer (&self->commit_source, g_source_unref);
}

/**
 * crown_event_sequencer_set_metrics:
 * @metrics: (nullable) (transfer none): outlives the sequencer
 */
void
crown_event_sequencer_set_metrics (CrownEventSequencer *self,
                                   CrownMetrics        *metrics)
{
  self->metrics = metrics;
}

static void
observe (CrownEventSequencer *self,
         GPtrArray           *batch,
         GPtrArray           *events,
         gint64               started_us)
{
  gint64 now = g_get_monotonic_time ();

  if (self->metrics == NULL)
    return;

  crown_metrics_observe_commit (self->metrics, (double) (now - started_us) / G_USEC_PER_SEC, batch->len, events->len);
  for (guint i = 0; i < batch->len; i++)
    crown_metrics_observe_write (self->metrics,
                                 (double) (now - ((Kept *) g_ptr_array_index (batch, i))->begun_us) / G_USEC_PER_SEC);
  for (guint i = 0; i < events->len; i++)
    crown_metrics_count_event (self->metrics, ((CrownLedgerEvent *) g_ptr_array_index (events, i))->envelope->type);
}

/**
 * crown_event_sequencer_flush:
 *
 * Commits the writes that wait for it, if there are any: tells of their events, then each write's function.
 */
void
crown_event_sequencer_flush (CrownEventSequencer *self)
{
  g_autoptr (CrownEventSequencer) alive = g_object_ref (self);
  g_autoptr (GPtrArray) batch = NULL;
  g_autoptr (GPtrArray) events = NULL;
  g_autoptr (GError) error = NULL;
  gint64 started_us = g_get_monotonic_time ();

  g_return_if_fail (!self->writing);

  stop_commit_source (self);
  if (self->kept->len == 0)
    return;

  batch = g_steal_pointer (&self->kept);
  self->kept = g_ptr_array_new_with_free_func (kept_free);
  for (guint i = 0; CROWN_BUG (TELL_BEFORE_COMMIT) && i < batch->len; i++)
    g_signal_emit (self, signals[COMMITTED], 0, ((Kept *) g_ptr_array_index (batch, i))->events);
  if (crown_event_ledger_commit (self->ledger, &error))
    {
      events = g_ptr_array_new ();
      for (guint i = 0; i < batch->len; i++)
        {
          Kept *kept = g_ptr_array_index (batch, i);

          g_ptr_array_extend (events, kept->events, NULL, NULL);
        }
      observe (self, batch, events, started_us);
      if (events->len > 0 && !CROWN_BUG (TELL_BEFORE_COMMIT))
        g_signal_emit (self, signals[COMMITTED], 0, events);
    }

  for (guint i = 0; i < batch->len; i++)
    {
      Kept *kept = g_ptr_array_index (batch, i);

      if (kept->func != NULL)
        kept->func (error == NULL ? kept->events : NULL, error, kept->user_data);
      else if (error != NULL)
        g_warning ("%u events were not committed: %s", kept->events->len, error->message);
    }
}

static gboolean
on_commit (gpointer user_data)
{
  crown_event_sequencer_flush (user_data);

  return G_SOURCE_REMOVE;
}

/* Ends the write; from here on its batch decides. */
static gboolean
keep_write (CrownEventWrite       *self,
            CrownEventCommitFunc   func,
            gpointer               user_data,
            GError               **error)
{
  CrownEventSequencer *sequencer = self->sequencer;
  Kept *kept;

  if (!crown_event_ledger_keep (sequencer->ledger, error))
    return FALSE;

  finish (self);
  if (sequencer->kept->len == 0)
    sequencer->kept_since = crown_clock_monotonic_us (crown_event_sequencer_get_clock (sequencer));
  kept = g_new (Kept, 1);
  kept->events = g_ptr_array_ref (self->events);
  kept->begun_us = self->begun_us;
  kept->func = func;
  kept->user_data = user_data;
  g_ptr_array_add (sequencer->kept, kept);
  return TRUE;
}

/**
 * crown_event_write_commit_later:
 * @self: (transfer full): the write
 * @func: (nullable): is called once, when the write is on disk or could not be put there
 * @error: (out) (optional): the ledger's; @func is not called then, and nothing of the write is there
 *
 * Has the write committed together with those that came before it and those that come while the context is busy.
 *
 * Returns: %TRUE if @func will be called; perhaps it has been already
 */
gboolean
crown_event_write_commit_later (CrownEventWrite       *self,
                                CrownEventCommitFunc   func,
                                gpointer               user_data,
                                GError               **error)
{
  g_autoptr (CrownEventWrite) owned = self;
  CrownEventSequencer *sequencer = self->sequencer;

  g_return_val_if_fail (!self->done, FALSE);

  if (!keep_write (self, func, user_data, error))
    return FALSE;

  if (sequencer->kept->len >= BATCH_WRITES_MAX ||
      crown_clock_monotonic_us (crown_event_sequencer_get_clock (sequencer)) - sequencer->kept_since >= BATCH_AGE_MAX_US)
    {
      crown_event_sequencer_flush (sequencer);
    }
  else if (sequencer->commit_source == NULL)
    {
      sequencer->commit_source = g_idle_source_new ();
      g_source_set_priority (sequencer->commit_source, COMMIT_PRIORITY);
      g_source_set_callback (sequencer->commit_source, on_commit, sequencer, NULL);
      g_source_attach (sequencer->commit_source, sequencer->context);
    }
  return TRUE;
}

typedef struct {
  GPtrArray *events;
  GError    *error;
} Outcome;

static void
on_committed_now (GPtrArray    *events,
                  const GError *error,
                  gpointer      user_data)
{
  Outcome *outcome = user_data;

  outcome->events = events != NULL ? g_ptr_array_ref (events) : NULL;
  outcome->error = error != NULL ? g_error_copy (error) : NULL;
}

/**
 * crown_event_write_commit:
 * @error: (out) (optional): the ledger's; nothing of the write is there then
 *
 * Commits the write at once, and those that wait for their commit with it. The write can only be freed after.
 *
 * Returns: (transfer full) (element-type CrownLedgerEvent): the events in order
 */
GPtrArray *
crown_event_write_commit (CrownEventWrite  *self,
                          GError          **error)
{
  Outcome outcome = { NULL, NULL };

  g_return_val_if_fail (!self->done, NULL);

  if (!keep_write (self, on_committed_now, &outcome, error))
    return NULL;

  crown_event_sequencer_flush (self->sequencer);
  if (outcome.events == NULL)
    g_propagate_error (error, outcome.error);
  return outcome.events;
}

/* Rolls back what was not committed. */
void
crown_event_write_free (CrownEventWrite *self)
{
  if (!self->done)
    {
      finish (self);
      crown_event_ledger_rollback (self->sequencer->ledger);
    }

  g_ptr_array_unref (self->events);
  g_free (self->stream);
  g_free (self->timestamp);
  g_free (self->trace_id);
  g_free (self->mutation_id);
  g_object_unref (self->sequencer);
  g_free (self);
}

static void
refresh_free (gpointer data)
{
  Refresh *refresh = data;

  if (refresh->source != NULL)
    g_source_destroy (refresh->source);
  g_clear_pointer (&refresh->source, g_source_unref);
  g_free (refresh);
}

static void
crown_event_sequencer_finalize (GObject *object)
{
  CrownEventSequencer *self = CROWN_EVENT_SEQUENCER (object);

  stop_commit_source (self);
  g_ptr_array_unref (self->kept);
  g_hash_table_unref (self->refreshes);
  g_main_context_unref (self->context);
  g_clear_object (&self->ledger);

  G_OBJECT_CLASS (crown_event_sequencer_parent_class)->finalize (object);
}

static void
crown_event_sequencer_class_init (CrownEventSequencerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = crown_event_sequencer_finalize;

  signals[COMMITTED] =
    g_signal_new ("committed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, G_TYPE_PTR_ARRAY);
}

static void
crown_event_sequencer_init (CrownEventSequencer *self)
{
  self->kept = g_ptr_array_new_with_free_func (kept_free);
  self->refreshes = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, refresh_free);
}
