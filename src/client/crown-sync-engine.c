/* crown-sync-engine.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-sync-engine-private.h"

#include "core/crown-backoff.h"
#include "core/crown-json.h"
#include "core/crown-limits.h"

#define ANSWER_TIMEOUT_MS 20000 /* for each step of the way to LIVE; a line that says nothing for so long is dead */
#define STUCK_PAGES_MAX   3     /* replay pages in a row that bring nothing new before the line is given up */

/* How a connection comes to life, and where it goes from each state. `timed` states wait for the server's answer.
 *
 *   state          what is waited for                    then
 *   OFFLINE        crown_sync_engine_connect()           CONNECTING
 *   CONNECTING     four namespaces                       JOINING
 *   JOINING        four workspace_joined                 REPLAYING
 *   REPLAYING      the last event_replay                 LIVE; snapshot_required: SNAPSHOTTING
 *   SNAPSHOTTING   the snapshot                          REPLAYING
 *   LIVE           events; a gap that stays              REPLAYING
 *   BACKING_OFF    the timer, or a network change        CONNECTING
 *   STOPPED        nothing: the token was refused
 * From every connected state a line that is lost leads to BACKING_OFF, and crown_sync_engine_disconnect() to OFFLINE. */
typedef struct {
  gboolean connected; /* there is a line that may be lost */
  gboolean timed;
} StateInfo;

static const StateInfo states[] = {
  [CROWN_CLIENT_OFFLINE]      = { FALSE, FALSE },
  [CROWN_CLIENT_CONNECTING]   = { TRUE, TRUE },
  [CROWN_CLIENT_JOINING]      = { TRUE, TRUE },
  [CROWN_CLIENT_REPLAYING]    = { TRUE, TRUE },
  [CROWN_CLIENT_SNAPSHOTTING] = { TRUE, FALSE }, /* the request has its own limit */
  [CROWN_CLIENT_LIVE]         = { TRUE, FALSE }, /* Engine.IO's heartbeat watches the line */
  [CROWN_CLIENT_BACKING_OFF]  = { FALSE, FALSE },
  [CROWN_CLIENT_STOPPED]      = { FALSE, FALSE },
};

#define ALL_NAMESPACES ((1u << CROWN_N_NAMESPACES) - 1)

static void connect_now (CrownSyncEngine *self);
static void lose_line (CrownSyncEngine *self, const char *reason);
static void request_replay (CrownSyncEngine *self);

void
crown_engine_report_free (CrownEngineReport *report)
{
  g_clear_pointer (&report->changed, crown_change_set_unref);
  g_clear_pointer (&report->made, crown_change_set_unref);
  g_clear_pointer (&report->rejected, g_ptr_array_unref);
  g_free (report);
}

/* Reports: collected under the lock, handed over in the owner's main context */

static gboolean
deliver_report (gpointer user_data)
{
  CrownSyncEngine *self = user_data;
  g_autoptr (CrownEngineReport) report = NULL;

  g_mutex_lock (&self->lock);
  report = self->report;
  self->report = g_new0 (CrownEngineReport, 1);
  self->report->state = report->state;
  self->report->offline_since = report->offline_since;
  self->report->pending = report->pending;
  g_clear_pointer (&self->report_source, g_source_unref);
  g_mutex_unlock (&self->lock);

  self->func (report, self->user_data);
  return G_SOURCE_REMOVE;
}

/* With the lock held. */
static void
schedule_report (CrownSyncEngine *self)
{
  if (self->report_source != NULL || self->stopping)
    return;
  self->report_source = g_idle_source_new ();
  g_source_set_priority (self->report_source, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->report_source, deliver_report, self, NULL);
  g_source_attach (self->report_source, self->owner_context);
}

static void
merge_into (CrownChangeSet       **set,
            const CrownChangeSet  *changes)
{
  if (*set == NULL)
    *set = crown_change_set_new (changes->workspace_id);
  crown_change_set_merge (*set, changes);
}

void
crown_sync_engine_report_changes (CrownSyncEngine      *self,
                                  const CrownChangeSet *changes,
                                  gboolean              made_here)
{
  if (crown_change_set_is_empty (changes))
    return;
  g_mutex_lock (&self->lock);
  merge_into (&self->report->changed, changes);
  if (made_here)
    merge_into (&self->report->made, changes);
  schedule_report (self);
  g_mutex_unlock (&self->lock);
}

void
crown_sync_engine_report_rejected (CrownSyncEngine *self,
                                   const char      *what,
                                   const char      *message)
{
  g_mutex_lock (&self->lock);
  if (self->report->rejected == NULL)
    self->report->rejected = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (self->report->rejected, g_strdup (what));
  g_ptr_array_add (self->report->rejected, g_strdup (message));
  schedule_report (self);
  g_mutex_unlock (&self->lock);
}

void
crown_sync_engine_report_pending (CrownSyncEngine *self,
                                  guint            pending)
{
  g_mutex_lock (&self->lock);
  if (self->report->pending != pending)
    {
      self->report->pending = pending;
      schedule_report (self);
    }
  g_mutex_unlock (&self->lock);
}

/* Timers, in the engine's context */

static void
stop_timer (GSource **timer)
{
  if (*timer != NULL)
    g_source_destroy (*timer);
  g_clear_pointer (timer, g_source_unref);
}

void
crown_sync_engine_start_timer (CrownSyncEngine  *self,
                               GSource         **timer,
                               guint             milliseconds,
                               GSourceFunc       func)
{
  stop_timer (timer);
  *timer = g_timeout_source_new (milliseconds);
  g_source_set_callback (*timer, func, self, NULL);
  g_source_attach (*timer, self->context);
}

static gboolean
answer_timeout_cb (gpointer user_data)
{
  CrownSyncEngine *self = user_data;

  stop_timer (&self->answer_timer);
  lose_line (self, "the server does not answer");
  return G_SOURCE_REMOVE;
}

static void
set_state (CrownSyncEngine  *self,
           CrownClientState  state)
{
  self->state = state;
  if (states[state].timed)
    crown_sync_engine_start_timer (self, &self->answer_timer, ANSWER_TIMEOUT_MS, answer_timeout_cb);
  else
    stop_timer (&self->answer_timer);

  g_mutex_lock (&self->lock);
  self->report->state = state;
  if (state == CROWN_CLIENT_LIVE)
    self->report->offline_since = 0;
  else if (self->report->offline_since == 0 && (state == CROWN_CLIENT_BACKING_OFF || state == CROWN_CLIENT_OFFLINE))
    self->report->offline_since = g_get_real_time ();
  schedule_report (self);
  g_mutex_unlock (&self->lock);
}

/* Losing and getting the line */

static void
drop_line (CrownSyncEngine *self)
{
  stop_timer (&self->gap_timer);
  stop_timer (&self->backoff_timer);
  stop_timer (&self->apply_source);
  self->connected = 0;
  self->joined = 0;
  self->epoch[0] = '\0';
  self->replay_asked = FALSE;
  crown_event_buffer_clear (self->workspace);
  crown_event_buffer_clear (self->user);
  if (self->line_cancellable != NULL)
    g_cancellable_cancel (self->line_cancellable);
  g_clear_object (&self->line_cancellable);
  if (self->sio != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->sio, self);
      crown_sio_client_close (self->sio);
    }
  g_clear_object (&self->sio);
}

static gboolean
backoff_cb (gpointer user_data)
{
  CrownSyncEngine *self = user_data;

  stop_timer (&self->backoff_timer);
  connect_now (self);
  return G_SOURCE_REMOVE;
}

static void
lose_line (CrownSyncEngine *self,
           const char      *reason)
{
  guint delay;

  if (!states[self->state].connected)
    return;
  delay = crown_backoff_delay_ms (self->attempt, crown_random_default, NULL);
  self->attempt++;
  g_debug ("the line is lost (%s), next try in %u ms", reason, delay);
  drop_line (self);
  set_state (self, CROWN_CLIENT_BACKING_OFF);
  crown_sync_engine_start_timer (self, &self->backoff_timer, delay, backoff_cb);
}

void
crown_sync_engine_fail (CrownSyncEngine *self,
                        const char      *reason)
{
  lose_line (self, reason);
}

/* Applying */

static void
compare_digests (CrownSyncEngine     *self,
                 const CrownEnvelope *envelope)
{
  static const CrownStore stores[] = { CROWN_STORE_MEETINGS, CROWN_STORE_TASKS, CROWN_STORE_ANALYTICS };
  JsonObject *digests = crown_json_opt_object (envelope->data, "digests");

  for (guint i = 0; digests != NULL && i < G_N_ELEMENTS (stores); i++)
    {
      JsonObject *theirs = crown_json_opt_object (digests, crown_store_to_string (stores[i]));
      CrownDigest own;
      char hex[65];

      if (theirs == NULL || !crown_cache_get_digest (self->cache, stores[i], &own, NULL, NULL))
        continue;
      crown_digest_to_hex (&own, hex);
      if (g_strcmp0 (crown_json_opt_string (theirs, "digest", NULL), hex) == 0)
        continue;
      g_message ("%s differ from the server's at %" G_GUINT64_FORMAT "; they are read again", crown_store_to_string (stores[i]),
                 envelope->sequence);
      crown_sync_engine_take_snapshot (self);
      return;
    }
}

void
crown_sync_engine_settle (CrownSyncEngine *self)
{
  g_autoptr (CrownChangeSet) changes = NULL;
  g_autoptr (GError) error = NULL;
  guint n = 0;

  if (!crown_outbox_settle (self->outbox, self->position.epoch, self->position.sequence, &n, &error))
    {
      g_warning ("the outbox cannot be settled: %s", error->message);
      return;
    }
  if (n == 0)
    return;
  changes = crown_change_set_new (self->workspace_id);
  crown_change_set_add_all (changes, CROWN_STORE_MEETINGS);
  crown_change_set_add_all (changes, CROWN_STORE_TASKS);
  crown_sync_engine_report_changes (self, changes, TRUE);
  crown_sync_engine_count_pending (self);
}

static gboolean
gap_timeout_cb (gpointer user_data)
{
  CrownSyncEngine *self = user_data;

  stop_timer (&self->gap_timer);
  request_replay (self);
  return G_SOURCE_REMOVE;
}

static void
watch_gap (CrownSyncEngine *self)
{
  gboolean gap = crown_event_buffer_get_n (self->workspace) > 0 || crown_event_buffer_get_n (self->user) > 0;

  if (!gap)
    stop_timer (&self->gap_timer);
  else if (self->gap_timer == NULL && self->state == CROWN_CLIENT_LIVE)
    crown_sync_engine_start_timer (self, &self->gap_timer, CROWN_GAP_REPLAY_MS, gap_timeout_cb);
}

/* Applies @ready, releases what it confirms, and has the rows read again that turn out wrong. */
static gboolean
apply (CrownSyncEngine *self,
       GPtrArray       *ready)
{
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (self->workspace_id);
  g_autoptr (GPtrArray) released = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  const CrownEnvelope *last;

  if (ready->len == 0)
    return TRUE;
  if (!crown_cache_apply (self->cache, ready, changes, released, &error) ||
      (released->len > 0 && !crown_outbox_release (self->outbox, released, NULL, &error)))
    {
      g_warning ("events were not applied: %s", error->message);
      lose_line (self, error->message);
      return FALSE;
    }
  crown_cache_get_position (self->cache, &self->position, NULL);
  crown_sync_engine_report_changes (self, changes, TRUE);
  if (released->len > 0)
    crown_sync_engine_count_pending (self);
  crown_sync_engine_repair (self);

  last = ready->pdata[ready->len - 1];
  if (last->type == CROWN_EVENT_DASHBOARD_IDLE_SYNC && last->sequence == self->position.sequence)
    compare_digests (self, last);
  return TRUE;
}

static gboolean
apply_cb (gpointer user_data)
{
  CrownSyncEngine *self = user_data;
  g_autoptr (GPtrArray) ready = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_envelope_unref);

  stop_timer (&self->apply_source);
  crown_event_buffer_take (self->workspace, self->position.sequence, ready);
  crown_event_buffer_take (self->user, self->position.user_sequence, ready);
  if (apply (self, ready))
    watch_gap (self);
  return G_SOURCE_REMOVE;
}

/* What arrives in one turn of the loop is one transaction. */
static void
schedule_apply (CrownSyncEngine *self)
{
  if (self->apply_source != NULL)
    return;
  self->apply_source = g_idle_source_new ();
  g_source_set_priority (self->apply_source, G_PRIORITY_DEFAULT + 10);
  g_source_set_callback (self->apply_source, apply_cb, self, NULL);
  g_source_attach (self->apply_source, self->context);
}

static CrownBufferResult
buffer_event (CrownSyncEngine *self,
              CrownEnvelope   *envelope)
{
  if (g_str_has_prefix (envelope->stream, "user_"))
    return crown_event_buffer_add (self->user, envelope, self->position.user_sequence);
  return crown_event_buffer_add (self->workspace, envelope, self->position.sequence);
}

static void
on_live_event (CrownSyncEngine *self,
               JsonArray       *args)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownEnvelope) envelope = NULL;

  if (json_array_get_length (args) > 0 && JSON_NODE_HOLDS_OBJECT (json_array_get_element (args, 0)))
    envelope = crown_envelope_from_json (json_array_get_object_element (args, 0), &error);
  if (envelope == NULL)
    {
      /* Its number is missing from the order then, so that the gap brings a replay. */
      g_message ("an event was not understood: %s", error != NULL ? error->message : "it is no envelope");
      return;
    }
  if (self->position.epoch[0] != '\0' && g_strcmp0 (envelope->epoch, self->position.epoch) != 0)
    {
      request_replay (self); /* which answers that a snapshot is required */
      return;
    }
  if (buffer_event (self, envelope) == CROWN_BUFFER_OVERFLOW)
    request_replay (self);
  schedule_apply (self);
}

/* Replay */

/* One namespace is enough: /dashboard carries every event of both streams. */
static void
request_replay (CrownSyncEngine *self)
{
  g_autoptr (JsonObject) request = NULL;
  g_autoptr (JsonNode) node = NULL;

  if (self->replay_asked || self->joined != ALL_NAMESPACES || self->state == CROWN_CLIENT_SNAPSHOTTING)
    return;
  request = json_object_new ();
  json_object_set_int_member (request, "last_sequence", (gint64) self->position.sequence);
  json_object_set_int_member (request, "last_user_sequence", (gint64) self->position.user_sequence);
  json_object_set_string_member (request, "namespace", "/dashboard");
  if (self->position.epoch[0] != '\0')
    json_object_set_string_member (request, "epoch", self->position.epoch);
  json_object_set_int_member (request, "limit", CROWN_REPLAY_PAGE_MAX);
  node = json_node_init_object (json_node_alloc (), request);
  self->replay_asked = TRUE;
  set_state (self, CROWN_CLIENT_REPLAYING);
  crown_sio_client_emit (self->sio, "/dashboard", "request_event_replay", node);
}

void
crown_sync_engine_set_snapshotting (CrownSyncEngine *self)
{
  self->replay_asked = FALSE;
  set_state (self, CROWN_CLIENT_SNAPSHOTTING);
}

void
crown_sync_engine_replay (CrownSyncEngine *self)
{
  set_state (self, CROWN_CLIENT_REPLAYING);
  request_replay (self);
}

static int
compare_sequences (gconstpointer a,
                   gconstpointer b)
{
  const CrownEnvelope *x = *(CrownEnvelope *const *) a;
  const CrownEnvelope *y = *(CrownEnvelope *const *) b;

  return (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

/* The events of a page that come right after the position, each stream in order. */
static GPtrArray *
contiguous (CrownSyncEngine *self,
            JsonArray       *events)
{
  GPtrArray *ready = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_envelope_unref);
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_envelope_unref);
  guint64 sequence = self->position.sequence, user_sequence = self->position.user_sequence;

  for (guint i = 0; i < json_array_get_length (events); i++)
    {
      JsonNode *node = json_array_get_element (events, i);
      g_autoptr (GError) error = NULL;
      CrownEnvelope *envelope = JSON_NODE_HOLDS_OBJECT (node) ? crown_envelope_from_json (json_node_get_object (node), &error)
                                                              : NULL;

      if (envelope != NULL)
        g_ptr_array_add (all, envelope);
      else
        g_message ("a replayed event was not understood: %s", error != NULL ? error->message : "it is no envelope");
    }
  g_ptr_array_sort (all, compare_sequences);
  for (guint i = 0; i < all->len; i++)
    {
      CrownEnvelope *envelope = all->pdata[i];
      guint64 *last = g_str_has_prefix (envelope->stream, "user_") ? &user_sequence : &sequence;

      if (envelope->sequence == *last + 1)
        {
          g_ptr_array_add (ready, crown_envelope_ref (envelope));
          *last = envelope->sequence;
        }
    }
  return ready;
}

static void
on_replay (CrownSyncEngine *self,
           JsonObject      *page)
{
  JsonArray *events = crown_json_opt_array (page, "events");
  g_autoptr (GPtrArray) ready = NULL;

  self->replay_asked = FALSE;
  if (self->state != CROWN_CLIENT_REPLAYING)
    return;
  if (crown_json_opt_boolean (page, "snapshot_required", FALSE))
    {
      crown_sync_engine_take_snapshot (self);
      return;
    }

  ready = events != NULL ? contiguous (self, events) : g_ptr_array_new ();
  self->stuck_pages = ready->len > 0 ? 0 : self->stuck_pages + 1;
  if (!apply (self, ready) || self->state != CROWN_CLIENT_REPLAYING)
    return;
  if (crown_json_opt_boolean (page, "has_more", FALSE) ||
      (guint64) crown_json_opt_int (page, "up_to_sequence", 0) > self->position.sequence)
    {
      if (self->stuck_pages >= STUCK_PAGES_MAX)
        lose_line (self, "replays bring nothing new");
      else
        request_replay (self);
      return;
    }

  self->stuck_pages = 0;
  self->attempt = 0;
  crown_sync_engine_settle (self);
  set_state (self, CROWN_CLIENT_LIVE);
  schedule_apply (self);
  crown_sync_engine_send (self);
}

/* The line's signals */

static void
on_connected (CrownSyncEngine *self,
              const char      *nsp)
{
  g_autoptr (JsonObject) request = json_object_new ();
  g_autoptr (JsonNode) node = NULL;
  CrownNamespaces ns;

  if (!crown_namespace_from_string (nsp, &ns))
    return;
  self->connected |= ns;
  if (self->connected == ALL_NAMESPACES)
    set_state (self, CROWN_CLIENT_JOINING);
  json_object_set_int_member (request, "workspace_id", self->workspace_id);
  node = json_node_init_object (json_node_alloc (), request);
  crown_sio_client_emit (self->sio, nsp, "join_workspace", node);
}

static void
refuse_for_good (CrownSyncEngine *self,
                 const char      *message)
{
  drop_line (self);
  set_state (self, CROWN_CLIENT_STOPPED);
  crown_sync_engine_report_rejected (self, "connect", message);
}

static void
on_connect_error (CrownSyncEngine *self,
                  const char      *nsp,
                  const char      *message,
                  JsonObject      *data)
{
  refuse_for_good (self, message);
}

static void
on_joined (CrownSyncEngine *self,
           const char      *nsp,
           JsonObject      *answer)
{
  CrownNamespaces ns;
  gint64 user_id = crown_json_opt_int (answer, "user_id", self->user_id);

  if (!crown_namespace_from_string (nsp, &ns))
    return;
  g_strlcpy (self->epoch, crown_json_opt_string (answer, "epoch", ""), sizeof self->epoch);
  if (user_id != self->user_id)
    {
      self->user_id = user_id;
      crown_cache_set_user (self->cache, user_id);
    }
  self->joined |= ns;
  if (self->joined == ALL_NAMESPACES && self->state == CROWN_CLIENT_JOINING)
    request_replay (self);
}

static void
on_event (CrownSyncEngine *self,
          const char      *nsp,
          const char      *name,
          JsonArray       *args)
{
  JsonNode *first = json_array_get_length (args) > 0 ? json_array_get_element (args, 0) : NULL;
  JsonObject *argument = first != NULL && JSON_NODE_HOLDS_OBJECT (first) ? json_node_get_object (first) : NULL;

  if (g_str_equal (name, "workspace_joined") && argument != NULL)
    on_joined (self, nsp, argument);
  else if (g_str_equal (name, "join_error") && argument != NULL)
    refuse_for_good (self, crown_json_opt_string (argument, "message", "The workspace cannot be joined"));
  else if (g_str_equal (name, "event_replay") && argument != NULL)
    on_replay (self, argument);
  else if (g_str_equal (name, "replay_error"))
    lose_line (self, "the replay failed");
  else if (!g_str_equal (name, "server_closing"))
    on_live_event (self, args);
}

static void
on_disconnected (CrownSyncEngine *self,
                 const char      *nsp,
                 const char      *reason)
{
  lose_line (self, reason);
}

static void
connect_now (CrownSyncEngine *self)
{
  g_autoptr (JsonObject) auth = json_object_new ();
  g_autoptr (JsonNode) node = NULL;

  drop_line (self);
  if (self->soup == NULL)
    self->soup = soup_session_new_with_options ("timeout", 60u, "user-agent", "crown4-dashboard", NULL);
  set_state (self, CROWN_CLIENT_CONNECTING);
  self->line_cancellable = g_cancellable_new ();
  self->sio = crown_sio_client_new (self->url, "/socket.io/", CROWN_SIO_TRANSPORT_WEBSOCKET, NULL);
  g_signal_connect_swapped (self->sio, "connected", G_CALLBACK (on_connected), self);
  g_signal_connect_swapped (self->sio, "connect-error", G_CALLBACK (on_connect_error), self);
  g_signal_connect_swapped (self->sio, "event", G_CALLBACK (on_event), self);
  g_signal_connect_swapped (self->sio, "disconnected", G_CALLBACK (on_disconnected), self);
  g_signal_connect_swapped (self->sio, "closed", G_CALLBACK (lose_line), self);

  json_object_set_string_member (auth, "token", self->token);
  node = json_node_init_object (json_node_alloc (), auth);
  for (guint i = 0; i < CROWN_N_NAMESPACES; i++)
    crown_sio_client_connect (self->sio, crown_namespace_to_string ((CrownNamespaces) (1 << i)), node);
  crown_sio_client_open (self->sio);
}

/* The thread */

static gboolean
open_databases (CrownSyncEngine  *self,
                GError          **error)
{
  g_autofree char *cache = g_build_filename (self->folder, "cache.db", NULL);
  g_autofree char *outbox = g_build_filename (self->folder, "outbox.db", NULL);

  self->outbox = crown_outbox_open (outbox, error);
  if (self->outbox == NULL)
    return FALSE;
  self->cache = crown_cache_open (cache, self->workspace_id, self->user_id, error);
  return self->cache != NULL && crown_cache_get_position (self->cache, &self->position, error);
}

static gpointer
run (gpointer user_data)
{
  CrownSyncEngine *self = user_data;
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (self->context);
  if (open_databases (self, &error))
    crown_sync_engine_count_pending (self);
  else
    {
      set_state (self, CROWN_CLIENT_STOPPED);
      crown_sync_engine_report_rejected (self, "open", error->message);
    }

  g_main_loop_run (self->loop);

  drop_line (self);
  stop_timer (&self->answer_timer);
  stop_timer (&self->send_timer);
  g_cancellable_cancel (self->cancellable);
  if (self->soup != NULL)
    soup_session_abort (self->soup);
  while (self->n_requests > 0) /* each is cancelled and says so */
    g_main_context_iteration (self->context, TRUE);
  g_clear_object (&self->soup);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_clear_pointer (&self->cache, crown_cache_close);
  g_clear_pointer (&self->outbox, crown_outbox_close);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

CrownSyncEngine *
crown_sync_engine_new (const char      *folder,
                       gint64           workspace_id,
                       gint64           user_id,
                       CrownEngineFunc  func,
                       gpointer         user_data)
{
  CrownSyncEngine *self = g_new0 (CrownSyncEngine, 1);

  g_mutex_init (&self->lock);
  self->folder = g_strdup (folder);
  self->workspace_id = workspace_id;
  self->user_id = user_id;
  self->func = func;
  self->user_data = user_data;
  self->owner_context = g_main_context_ref_thread_default ();
  self->report = g_new0 (CrownEngineReport, 1);
  self->report->offline_since = g_get_real_time ();
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->cancellable = g_cancellable_new ();
  self->workspace = crown_event_buffer_new (CROWN_EVENT_BUFFER_MAX);
  self->user = crown_event_buffer_new (CROWN_EVENT_BUFFER_MAX);
  self->in_flight = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->thread = g_thread_new ("crown-sync", run, self);
  return self;
}

static gboolean
quit_cb (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

void
crown_sync_engine_invoke (CrownSyncEngine *self,
                          GSourceFunc      func,
                          gpointer         data,
                          GDestroyNotify   destroy)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, data, destroy);
  g_source_attach (source, self->context);
}

void
crown_sync_engine_stop (CrownSyncEngine *self)
{
  g_mutex_lock (&self->lock);
  self->stopping = TRUE;
  if (self->report_source != NULL)
    g_source_destroy (self->report_source);
  g_clear_pointer (&self->report_source, g_source_unref);
  g_mutex_unlock (&self->lock);

  crown_sync_engine_invoke (self, quit_cb, self->loop, NULL);
  g_thread_join (self->thread);

  g_clear_pointer (&self->report, crown_engine_report_free);
  g_clear_pointer (&self->workspace, crown_event_buffer_free);
  g_clear_pointer (&self->user, crown_event_buffer_free);
  g_clear_pointer (&self->in_flight, g_hash_table_unref);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->owner_context, g_main_context_unref);
  g_free (self->folder);
  g_free (self->url);
  g_free (self->token);
  g_mutex_clear (&self->lock);
  g_free (self);
}

typedef struct {
  CrownSyncEngine *self;
  char            *url;
  char            *token;
} Address;

static void
address_free (gpointer data)
{
  Address *address = data;

  g_free (address->url);
  g_free (address->token);
  g_free (address);
}

static gboolean
connect_cb (gpointer data)
{
  Address *address = data;
  CrownSyncEngine *self = address->self;

  if (self->cache == NULL)
    return G_SOURCE_REMOVE;
  g_free (self->url);
  g_free (self->token);
  self->url = g_steal_pointer (&address->url);
  self->token = g_steal_pointer (&address->token);
  self->attempt = 0;
  connect_now (self);
  return G_SOURCE_REMOVE;
}

void
crown_sync_engine_connect (CrownSyncEngine *self,
                           const char      *url,
                           const char      *token)
{
  Address *address = g_new0 (Address, 1);

  address->self = self;
  address->url = g_strdup (url);
  address->token = g_strdup (token);
  crown_sync_engine_invoke (self, connect_cb, address, address_free);
}

static gboolean
disconnect_cb (gpointer data)
{
  CrownSyncEngine *self = data;

  drop_line (self);
  set_state (self, CROWN_CLIENT_OFFLINE);
  return G_SOURCE_REMOVE;
}

void
crown_sync_engine_disconnect (CrownSyncEngine *self)
{
  crown_sync_engine_invoke (self, disconnect_cb, self, NULL);
}

static gboolean
retry_cb (gpointer data)
{
  CrownSyncEngine *self = data;

  if (self->state == CROWN_CLIENT_BACKING_OFF || (self->state == CROWN_CLIENT_STOPPED && self->url != NULL))
    connect_now (self);
  return G_SOURCE_REMOVE;
}

void
crown_sync_engine_retry (CrownSyncEngine *self)
{
  crown_sync_engine_invoke (self, retry_cb, self, NULL);
}
