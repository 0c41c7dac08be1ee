/* crown-sync-machine.c: the line, and the events that come over it
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-sync-machine-private.h"

#include "core/crown-bug.h"
#include "core/crown-event-apply.h"
#include "core/crown-json.h"
#include "core/crown-limits.h"

#include <string.h>

#define ALL_NAMESPACES ((1u << CROWN_N_NAMESPACES) - 1)

#define NEVER            G_MAXINT64
#define MS               G_GINT64_CONSTANT (1000)
#define ANSWER_US        (20000 * MS) /* a server that says nothing for so long is not there any more */
#define SNAPSHOT_US      (120000 * MS)
/* Pages or snapshots in a row that bring nothing new: first a snapshot is tried, then the line is given up. */
#define FRUITLESS_PAGES  3
#define FRUITLESS_ROUNDS 6
#define IDLE_US          (500 * MS)

/* Where the line goes from each state. What is not a transition is `–`: the input means nothing there. */
enum { _ = -1, OFF = CROWN_CLIENT_OFFLINE, CON = CROWN_CLIENT_CONNECTING, JOI = CROWN_CLIENT_JOINING,
       REP = CROWN_CLIENT_REPLAYING, SNA = CROWN_CLIENT_SNAPSHOTTING, LIV = CROWN_CLIENT_LIVE,
       BAC = CROWN_CLIENT_BACKING_OFF, STO = CROWN_CLIENT_STOPPED };

static const gint8 transitions[][CROWN_SYNC_N_INPUTS] = {
  /*                              CONNECT DISCONNECT OPENED JOINED MORE CURRENT TOO_OLD LOADED GAP  LOST REFUSED DUE  WAKE RESUME */
  [CROWN_CLIENT_OFFLINE]      = { CON,    _,         _,     _,     _,   _,      _,      _,     _,   _,   _,      _,   _,   _   },
  [CROWN_CLIENT_CONNECTING]   = { CON,    OFF,       JOI,   _,     _,   _,      _,      _,     _,   BAC, STO,    BAC, _,   CON },
  [CROWN_CLIENT_JOINING]      = { CON,    OFF,       _,     REP,   _,   _,      _,      _,     _,   BAC, STO,    BAC, _,   CON },
  [CROWN_CLIENT_REPLAYING]    = { CON,    OFF,       _,     _,     REP, LIV,    SNA,    _,     _,   BAC, STO,    BAC, _,   CON },
  [CROWN_CLIENT_SNAPSHOTTING] = { CON,    OFF,       _,     _,     _,   _,      _,      REP,   _,   BAC, STO,    BAC, _,   CON },
  [CROWN_CLIENT_LIVE]         = { CON,    OFF,       _,     _,     _,   _,      SNA,    _,     REP, BAC, STO,    _,   _,   CON },
  [CROWN_CLIENT_BACKING_OFF]  = { CON,    OFF,       _,     _,     _,   _,      _,      _,     _,   _,   _,      CON, CON, CON },
  [CROWN_CLIENT_STOPPED]      = { CON,    OFF,       _,     _,     _,   _,      _,      _,     _,   _,   _,      _,   CON, _   },
};

/* What a state begins with. */
static void enter_connecting   (CrownSyncMachine *self);
static void enter_joining      (CrownSyncMachine *self);
static void enter_replaying    (CrownSyncMachine *self);
static void enter_snapshotting (CrownSyncMachine *self);
static void enter_live         (CrownSyncMachine *self);
static void enter_backing_off  (CrownSyncMachine *self);
static void give_up_line       (CrownSyncMachine *self);

static void (*const enter[]) (CrownSyncMachine *self) = {
  [CROWN_CLIENT_OFFLINE]      = give_up_line,
  [CROWN_CLIENT_CONNECTING]   = enter_connecting,
  [CROWN_CLIENT_JOINING]      = enter_joining,
  [CROWN_CLIENT_REPLAYING]    = enter_replaying,
  [CROWN_CLIENT_SNAPSHOTTING] = enter_snapshotting,
  [CROWN_CLIENT_LIVE]         = enter_live,
  [CROWN_CLIENT_BACKING_OFF]  = enter_backing_off,
  [CROWN_CLIENT_STOPPED]      = give_up_line,
};

void
crown_sync_machine_step (CrownSyncMachine *self,
                         CrownSyncInput    input)
{
  int next = transitions[self->state][input];
  gboolean changed = next != (int) self->state;

  if (next < 0)
    return;

  self->state = (CrownClientState) next;
  crown_sync_machine_set_timer (self, CROWN_SYNC_TIMER_STATE, -1);
  if (changed)
    self->driver->state_changed (self->state, self->user_data);
  enter[self->state] (self);
}

/* Failures. What each is and what is done about it stands in the table of crown-error-handler.c. */

void
crown_sync_machine_note (CrownSyncMachine    *self,
                         CrownFailureKind     kind,
                         CrownFailureOutcome  outcome,
                         const char          *what,
                         const char          *mutation_id,
                         const char          *detail)
{
  if (kind != CROWN_FAILURE_NONE)
    self->driver->failed (kind, outcome, what, mutation_id, detail, self->user_data);
}

void
crown_sync_machine_fail (CrownSyncMachine *self,
                         CrownFailureKind  kind,
                         const char       *detail)
{
  if (transitions[self->state][CROWN_SYNC_LOST] < 0)
    return;
  crown_sync_machine_note (self, kind, CROWN_OUTCOME_RETRIES, "sync", NULL, detail);
  crown_sync_machine_step (self, CROWN_SYNC_LOST);
}

/* Who asks has to change first, or what is asked for. */
void
crown_sync_machine_refused (CrownSyncMachine *self,
                            CrownFailureKind  kind,
                            const char       *message)
{
  CrownFailurePolicy policy = crown_failure_get_policy (kind);

  if (transitions[self->state][CROWN_SYNC_REFUSED] < 0)
    return;
  if (policy != CROWN_POLICY_ASK && policy != CROWN_POLICY_TELL)
    {
      crown_sync_machine_fail (self, kind, message);
      return;
    }
  crown_sync_machine_step (self, CROWN_SYNC_REFUSED);
  crown_sync_machine_note (self, kind, CROWN_OUTCOME_STOPPED, "connect", NULL, message);
}

/* Timers */

void
crown_sync_machine_set_timer (CrownSyncMachine *self,
                              CrownSyncTimer    timer,
                              gint64            us)
{
  self->due[timer] = us < 0 ? NEVER : crown_clock_monotonic_us (self->clock) + us;
}

static gboolean
timer_runs (CrownSyncMachine *self,
            CrownSyncTimer    timer)
{
  return self->due[timer] != NEVER;
}

gint64
crown_sync_machine_get_due (CrownSyncMachine *self)
{
  gint64 due = NEVER;

  for (guint i = 0; i < CROWN_SYNC_N_TIMERS; i++)
    due = MIN (due, self->due[i]);
  return due;
}

/* Requests */

static void
pending_free (gpointer data)
{
  CrownSyncPending *pending = data;

  g_clear_pointer (&pending->entry, crown_outbox_entry_free);
  g_free (pending);
}

CrownSyncPending *
crown_sync_machine_request (CrownSyncMachine    *self,
                            const char          *method,
                            const char          *path,
                            const char          *key,
                            GBytes              *body,
                            CrownSyncAnswerFunc  func)
{
  const CrownSyncRequest request = { ++self->last_request, method, path, key, body };
  CrownSyncPending *pending = g_new0 (CrownSyncPending, 1);

  pending->func = func;
  g_hash_table_insert (self->pending, GUINT_TO_POINTER (request.id), pending);
  self->driver->request (&request, self->user_data);
  return pending;
}

/**
 * crown_sync_machine_answered:
 * @id: of the request; one that is not waited for any more is ignored
 */
void
crown_sync_machine_answered (CrownSyncMachine      *self,
                             guint                  id,
                             const CrownSyncAnswer *answer)
{
  gpointer pending;

  if (!g_hash_table_steal_extended (self->pending, GUINT_TO_POINTER (id), NULL, &pending))
    return;
  ((CrownSyncPending *) pending)->func (self, pending, answer);
  pending_free (pending);
}

JsonObject *
crown_sync_object_of (GBytes  *body,
                      GError **error)
{
  gsize length = 0;
  const char *text = body != NULL ? g_bytes_get_data (body, &length) : NULL;

  return crown_json_parse_object (text != NULL ? text : "", (gssize) length, error);
}

CrownFailureKind
crown_sync_failure_of (guint    status,
                       GBytes  *body,
                       char   **detail)
{
  g_autoptr (JsonObject) problem = crown_sync_object_of (body, NULL);

  if (detail != NULL)
    *detail = problem != NULL ? g_strdup (crown_json_opt_string (problem, "detail", NULL)) : NULL;
  return crown_failure_of_status (status, problem != NULL ? crown_json_opt_string (problem, "code", NULL) : NULL);
}

CrownFailureKind
crown_sync_answer_get_failure (const CrownSyncAnswer  *answer,
                               char                  **detail)
{
  if (answer->status != 0 || answer->failure == CROWN_FAILURE_NONE)
    return crown_sync_failure_of (answer->status, answer->body, detail);
  *detail = g_strdup (answer->message);
  return answer->failure;
}

void
crown_sync_machine_answer_failed (CrownSyncMachine      *self,
                                  const CrownSyncAnswer *answer,
                                  CrownFailureOutcome    outcome,
                                  const char            *what)
{
  g_autofree char *detail = NULL;
  CrownFailureKind kind = crown_sync_answer_get_failure (answer, &detail);

  if (answer->status >= 400 && crown_failure_get_policy (kind) == CROWN_POLICY_ASK)
    crown_sync_machine_refused (self, kind, detail);
  else
    crown_sync_machine_note (self, kind, outcome, what, NULL, detail);
}

void
crown_sync_machine_changed (CrownSyncMachine     *self,
                            const CrownChangeSet *changes)
{
  if (!crown_change_set_is_empty (changes))
    self->driver->changed (changes, TRUE, self->user_data);
}

/* Losing and getting the line */

/* The search index is right without it, and quicker with it. */
static void
do_what_can_wait (CrownSyncMachine *self)
{
  g_autoptr (GError) error = NULL;

  if (!crown_cache_index_search (self->cache, &error))
    g_warning ("the search index is behind: %s", error->message);
}

static void
forget_line (CrownSyncMachine *self)
{
  /* What was asked for and did not come is found again. */
  self->counted = self->counted && !crown_sync_machine_is_repairing (self);
  for (guint i = 0; i < CROWN_SYNC_N_TIMERS; i++)
    if (i != CROWN_SYNC_TIMER_IDLE)
      crown_sync_machine_set_timer (self, i, -1);
  self->opened = 0;
  self->joined = 0;
  self->epoch[0] = '\0';
  self->replay_from = 0;
  self->replay_until = 0;
  self->replay_asked = FALSE;
  self->dropped = FALSE;
  self->disagreements = 0;
  crown_event_buffer_clear (self->workspace);
  crown_event_buffer_clear (self->user);
  crown_sync_machine_drop_held (self);
  g_array_set_size (self->missing, 0);
  g_hash_table_remove_all (self->pending);
  g_hash_table_remove_all (self->in_flight);
  g_hash_table_remove_all (self->waiting);
}

static void
give_up_line (CrownSyncMachine *self)
{
  forget_line (self);
  self->driver->close (self->user_data);
}

static void
enter_connecting (CrownSyncMachine *self)
{
  give_up_line (self);
  crown_sync_machine_set_timer (self, CROWN_SYNC_TIMER_STATE, ANSWER_US);
  self->driver->open (self->user_data);
}

static void
enter_backing_off (CrownSyncMachine *self)
{
  guint delay = crown_backoff_delay_ms (self->attempt, self->random, self->random_data);

  give_up_line (self);
  self->attempt++;
  crown_sync_machine_set_timer (self, CROWN_SYNC_TIMER_STATE, delay * MS);
}

/* Each namespace joins as soon as it is there; what is waited for are the answers. */
static void
enter_joining (CrownSyncMachine *self)
{
  crown_sync_machine_set_timer (self, CROWN_SYNC_TIMER_STATE, ANSWER_US);
  if (self->joined == ALL_NAMESPACES)
    crown_sync_machine_step (self, CROWN_SYNC_JOINED);
}

void
crown_sync_machine_opened (CrownSyncMachine *self,
                           const char       *nsp)
{
  g_autoptr (JsonObject) request = NULL;
  CrownNamespaces ns;

  if (!crown_namespace_from_string (nsp, &ns) || (self->opened & ns) != 0)
    return;

  self->opened |= ns;
  request = json_object_new ();
  json_object_set_int_member (request, "workspace_id", self->workspace_id);
  self->driver->emit (nsp, "join_workspace", request, self->user_data);
  if (self->opened == ALL_NAMESPACES)
    crown_sync_machine_step (self, CROWN_SYNC_OPENED);
}

static void
on_joined (CrownSyncMachine *self,
           CrownNamespaces   ns,
           JsonObject       *answer)
{
  gint64 user_id = crown_json_opt_int (answer, "user_id", self->user_id);
  gboolean is_first = self->joined == 0;

  g_strlcpy (self->epoch, crown_json_opt_string (answer, "epoch", ""), sizeof self->epoch);
  if (user_id != self->user_id)
    {
      self->user_id = user_id;
      crown_cache_set_user (self->cache, user_id);
    }
  self->joined |= ns;
  if (is_first && strcmp (self->epoch, self->position.epoch) == 0)
    {
      self->replay_from = self->position.sequence;
      self->replay_until = (guint64) MAX (crown_json_opt_int (answer, "sequence", 0), 0);
    }
  if (self->joined == ALL_NAMESPACES)
    crown_sync_machine_step (self, CROWN_SYNC_JOINED);
  /* Uploads do not wait for the replay: a server that was reached may be written to. But what a lost ledger has answered goes
   * to this one before what was done after it. */
  if (is_first)
    {
      crown_sync_machine_settle (self);
      crown_sync_machine_send (self);
    }
}

void
crown_sync_machine_lost (CrownSyncMachine *self,
                         CrownFailureKind  kind,
                         const char       *reason)
{
  crown_sync_machine_fail (self, kind, reason);
}

/* Applying */

/* After everything that can be applied was. */
static gboolean
has_gap (CrownSyncMachine *self)
{
  return crown_event_buffer_get_n (self->workspace) > 0 || crown_event_buffer_get_n (self->user) > 0;
}

static void
watch_gap (CrownSyncMachine *self)
{
  if (self->dropped)
    crown_sync_machine_step (self, CROWN_SYNC_GAP);
  else if (!has_gap (self))
    crown_sync_machine_set_timer (self, CROWN_SYNC_TIMER_GAP, -1);
  else if (!timer_runs (self, CROWN_SYNC_TIMER_GAP) && self->state == CROWN_CLIENT_LIVE)
    crown_sync_machine_set_timer (self, CROWN_SYNC_TIMER_GAP, CROWN_GAP_REPLAY_MS * MS);
}

static gboolean
is_of_user (const CrownEnvelope *envelope)
{
  return g_str_has_prefix (envelope->stream, "user_");
}

/* What was made here is among the events: it has its id now. */
static gboolean
name_rows (CrownSyncMachine  *self,
           GPtrArray         *part,
           CrownChangeSet    *changes,
           GError           **error)
{
  for (guint i = 0; i < part->len; i++)
    {
      const CrownEnvelope *envelope = part->pdata[i];
      const CrownEventInfo *info = crown_event_info (envelope->type);

      if (envelope->mutation_id != NULL && info != NULL && info->effect == CROWN_EFFECT_PUT &&
          !crown_outbox_name (self->outbox, envelope->mutation_id, envelope->type,
                              crown_event_row_id (info, envelope->data), changes, error))
        return FALSE;
    }
  return TRUE;
}

/* One transaction of the cache, and what it releases from the outbox. */
static gboolean
apply_part (CrownSyncMachine  *self,
            GPtrArray         *part,
            GError           **error)
{
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (self->workspace_id);
  g_autoptr (GPtrArray) released = g_ptr_array_new_with_free_func (g_free);
  guint n_released = 0;

  if (!crown_cache_apply (self->cache, part, changes, released, error))
    return FALSE;

  crown_cache_get_position (self->cache, &self->position, NULL);
  crown_sync_machine_note_touched (self, changes, self->position.sequence);
  if (!name_rows (self, part, changes, error))
    {
      crown_sync_machine_changed (self, changes);
      return FALSE;
    }
  /* A crash before the entries are gone is mended when the position is next looked at as a whole: see settle. */
  if (released->len > 0 && !crown_outbox_release (self->outbox, released, &n_released, error))
    {
      crown_sync_machine_changed (self, changes);
      return FALSE;
    }
  crown_sync_machine_changed (self, changes);
  if (n_released > 0)
    crown_sync_machine_count_pending (self);
  return TRUE;
}

/* Splits @ready where a row that was read again belongs. */
static gboolean
apply_in_parts (CrownSyncMachine  *self,
                GPtrArray         *ready,
                GError           **error)
{
  guint i = 0;

  while (i < ready->len)
    {
      g_autoptr (GPtrArray) part = g_ptr_array_new ();
      guint64 until = crown_sync_machine_next_held (self);

      for (; i < ready->len; i++)
        {
          const CrownEnvelope *envelope = ready->pdata[i];

          if (!is_of_user (envelope) && envelope->sequence > until)
            break;
          g_ptr_array_add (part, ready->pdata[i]);
        }
      if ((part->len > 0 && !apply_part (self, part, error)) || !crown_sync_machine_put_held (self, error))
        return FALSE;
    }
  return TRUE;
}

/* FALSE: the line was given up. */
static gboolean
apply (CrownSyncMachine *self,
       GPtrArray        *ready)
{
  const CrownEnvelope *last = NULL;
  g_autoptr (GError) error = NULL;

  if (ready->len == 0)
    return TRUE;

  if (!apply_in_parts (self, ready, &error))
    {
      crown_sync_machine_fail (self, crown_failure_of_error (error), error->message);
      return FALSE;
    }

  self->fruitless = 0;
  crown_sync_machine_set_timer (self, CROWN_SYNC_TIMER_IDLE, IDLE_US);
  crown_sync_machine_repair (self);
  for (guint i = ready->len; i > 0 && last == NULL; i--)
    if (!is_of_user (ready->pdata[i - 1]))
      last = ready->pdata[i - 1];
  if (last != NULL && last->type == CROWN_EVENT_DASHBOARD_IDLE_SYNC && last->sequence == self->position.sequence)
    {
      crown_sync_machine_send (self); /* what another process put into the outbox and was not heard saying so */
      crown_sync_machine_compare (self, last);
    }
  return TRUE;
}

static void
apply_buffered (CrownSyncMachine *self)
{
  g_autoptr (GPtrArray) ready = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_envelope_unref);

  crown_event_buffer_take (self->workspace, self->position.sequence, ready);
  crown_event_buffer_take (self->user, self->position.user_sequence, ready);
  if (apply (self, ready))
    watch_gap (self);
}

/* What only a deliberate bug does. */
static void
apply_alone (CrownSyncMachine *self,
             CrownEnvelope    *envelope)
{
  g_autoptr (GPtrArray) alone = g_ptr_array_new ();

  g_ptr_array_add (alone, envelope);
  apply (self, alone);
}

static void
on_live_event (CrownSyncMachine *self,
               JsonArray        *args)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownEnvelope) envelope = NULL;
  gboolean of_user;

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
      crown_sync_machine_step (self, CROWN_SYNC_GAP); /* the replay says that a snapshot is required */
      return;
    }
  if ((CROWN_BUG (SKIP_DEDUPE) || CROWN_BUG (IGNORE_GAPS)) && self->state == CROWN_CLIENT_LIVE)
    {
      apply_alone (self, envelope);
      return;
    }

  of_user = is_of_user (envelope);
  if (crown_event_buffer_add (of_user ? self->user : self->workspace, envelope,
                              of_user ? self->position.user_sequence : self->position.sequence) == CROWN_BUFFER_OVERFLOW)
    self->dropped = TRUE;
  if (CROWN_BUG (FORGET_OVERFLOW) && self->dropped)
    apply_alone (self, envelope);
  if (!timer_runs (self, CROWN_SYNC_TIMER_APPLY))
    crown_sync_machine_set_timer (self, CROWN_SYNC_TIMER_APPLY, 0);
}

/* Replay */

/* One namespace is enough: /dashboard carries every event of both streams. */
static void
enter_replaying (CrownSyncMachine *self)
{
  g_autoptr (JsonObject) request = json_object_new ();

  json_object_set_int_member (request, "last_sequence", (gint64) self->position.sequence);
  json_object_set_int_member (request, "last_user_sequence", (gint64) self->position.user_sequence);
  json_object_set_string_member (request, "namespace", "/dashboard");
  if (self->position.epoch[0] != '\0')
    json_object_set_string_member (request, "epoch", CROWN_BUG (EPOCH_TOO_EARLY) ? self->epoch : self->position.epoch);
  json_object_set_int_member (request, "limit", CROWN_REPLAY_PAGE_MAX);
  self->replay_asked = TRUE;
  self->dropped = FALSE;
  crown_sync_machine_set_timer (self, CROWN_SYNC_TIMER_GAP, -1);
  crown_sync_machine_set_timer (self, CROWN_SYNC_TIMER_STATE, ANSWER_US);
  self->driver->emit ("/dashboard", "request_event_replay", request, self->user_data);
}

static int
compare_sequences (gconstpointer a,
                   gconstpointer b)
{
  const CrownEnvelope *x = *(CrownEnvelope *const *) a;
  const CrownEnvelope *y = *(CrownEnvelope *const *) b;

  return (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

/* The events of a page that come right after the position, each stream in order. A tombstone may begin before it. */
static GPtrArray *
contiguous (CrownSyncMachine *self,
            JsonArray        *events)
{
  GPtrArray *ready = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_envelope_unref);
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_envelope_unref);
  guint64 sequence = self->position.sequence, user_sequence = self->position.user_sequence;

  for (guint i = 0; events != NULL && i < json_array_get_length (events); i++)
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
      guint64 *last = is_of_user (envelope) ? &user_sequence : &sequence;

      if (crown_envelope_get_first (envelope) <= *last + 1 && envelope->sequence > *last)
        {
          g_ptr_array_add (ready, crown_envelope_ref (envelope));
          *last = envelope->sequence;
        }
    }
  return ready;
}

/* A server that keeps answering so that nothing follows from it must not be asked for ever. TRUE: it was given up. */
static gboolean
is_fruitless (CrownSyncMachine *self)
{
  if (++self->fruitless < FRUITLESS_ROUNDS)
    return FALSE;

  self->fruitless = 0;
  crown_sync_machine_fail (self, CROWN_FAILURE_ANSWER, NULL);
  return TRUE;
}

static void
on_replay (CrownSyncMachine *self,
           JsonObject       *page)
{
  g_autoptr (GPtrArray) ready = NULL;
  gboolean has_more;

  if (!self->replay_asked)
    return;
  self->replay_asked = FALSE;
  if (crown_json_opt_boolean (page, "snapshot_required", FALSE))
    {
      if (!is_fruitless (self))
        crown_sync_machine_step (self, CROWN_SYNC_TOO_OLD);
      return;
    }

  ready = contiguous (self, crown_json_opt_array (page, "events"));
  if (!apply (self, ready) || self->state != CROWN_CLIENT_REPLAYING)
    return;

  has_more = crown_json_opt_boolean (page, "has_more", FALSE) ||
             (guint64) crown_json_opt_int (page, "up_to_sequence", 0) > self->position.sequence;
  if (!has_more)
    {
      /* An event that came early has still none before it, and the server knows of none. */
      if (ready->len > 0 || !has_gap (self) || !is_fruitless (self))
        crown_sync_machine_step (self, CROWN_SYNC_CURRENT);
    }
  else if (ready->len > 0 || !is_fruitless (self))
    crown_sync_machine_step (self, self->fruitless >= FRUITLESS_PAGES ? CROWN_SYNC_TOO_OLD : CROWN_SYNC_MORE);
}

static void
enter_snapshotting (CrownSyncMachine *self)
{
  self->replay_asked = FALSE;
  crown_sync_machine_set_timer (self, CROWN_SYNC_TIMER_STATE, SNAPSHOT_US);
  crown_sync_machine_take_snapshot (self);
}

static void
enter_live (CrownSyncMachine *self)
{
  self->attempt = 0;
  if (!has_gap (self))
    self->fruitless = 0;
  crown_sync_machine_settle (self);
  crown_sync_machine_repair (self);
  crown_sync_machine_set_timer (self, CROWN_SYNC_TIMER_APPLY, 0); /* what came live while the replay was under way */
  crown_sync_machine_send (self);
}

/* What the server says */

static void
on_join_error (CrownSyncMachine *self,
               CrownNamespaces   ns,
               JsonObject       *argument)
{
  crown_sync_machine_refused (self, crown_failure_of_status (0, crown_json_opt_string (argument, "code", "")),
                              crown_json_opt_string (argument, "message", NULL));
}

static void
on_event_replay (CrownSyncMachine *self,
                 CrownNamespaces   ns,
                 JsonObject       *argument)
{
  if (self->state == CROWN_CLIENT_REPLAYING)
    on_replay (self, argument);
}

static void
on_replay_error (CrownSyncMachine *self,
                 CrownNamespaces   ns,
                 JsonObject       *argument)
{
  crown_sync_machine_fail (self, crown_failure_of_status (0, crown_json_opt_string (argument, "code", "")),
                           crown_json_opt_string (argument, "message", NULL));
}

static void
on_server_closing (CrownSyncMachine *self,
                   CrownNamespaces   ns,
                   JsonObject       *argument)
{
  /* It closes the line itself. */
}

static const struct {
  const char *name;
  void      (*handle) (CrownSyncMachine *self, CrownNamespaces ns, JsonObject *argument);
} messages[] = {
  { "workspace_joined", on_joined },
  { "join_error",       on_join_error },
  { "event_replay",     on_event_replay },
  { "replay_error",     on_replay_error },
  { "server_closing",   on_server_closing },
};

/**
 * crown_sync_machine_event:
 * @name: what is not one of the server's messages is an event of a stream
 */
void
crown_sync_machine_event (CrownSyncMachine *self,
                          const char       *nsp,
                          const char       *name,
                          JsonArray        *args)
{
  JsonNode *first = json_array_get_length (args) > 0 ? json_array_get_element (args, 0) : NULL;
  JsonObject *argument = first != NULL && JSON_NODE_HOLDS_OBJECT (first) ? json_node_get_object (first) : NULL;
  CrownNamespaces ns;

  /* A line that was given up says nothing. */
  if (self->opened == 0 || !crown_namespace_from_string (nsp, &ns))
    return;

  for (guint i = 0; i < G_N_ELEMENTS (messages); i++)
    if (g_str_equal (name, messages[i].name))
      {
        if (argument != NULL)
          messages[i].handle (self, ns, argument);
        return;
      }
  on_live_event (self, args);
}

/* What the person wants, and time */

void
crown_sync_machine_connect (CrownSyncMachine *self)
{
  self->attempt = 0;
  crown_sync_machine_step (self, CROWN_SYNC_CONNECT);
}

void
crown_sync_machine_disconnect (CrownSyncMachine *self)
{
  crown_sync_machine_step (self, CROWN_SYNC_DISCONNECT);
}

void
crown_sync_machine_wake (CrownSyncMachine *self)
{
  crown_sync_machine_step (self, CROWN_SYNC_WAKE);
}

void
crown_sync_machine_resume (CrownSyncMachine *self)
{
  crown_sync_machine_step (self, CROWN_SYNC_RESUME);
}

static void
on_timer (CrownSyncMachine *self,
          CrownSyncTimer    timer)
{
  switch (timer)
    {
    case CROWN_SYNC_TIMER_STATE:
      if (transitions[self->state][CROWN_SYNC_DUE] == BAC)
        crown_sync_machine_note (self, CROWN_FAILURE_TIMEOUT, CROWN_OUTCOME_RETRIES, "sync", NULL, NULL);
      crown_sync_machine_step (self, CROWN_SYNC_DUE);
      break;

    case CROWN_SYNC_TIMER_ROWS:
      crown_sync_machine_ask_again (self);
      break;

    case CROWN_SYNC_TIMER_APPLY:
      apply_buffered (self);
      break;

    case CROWN_SYNC_TIMER_GAP:
      crown_sync_machine_step (self, CROWN_SYNC_GAP);
      break;

    case CROWN_SYNC_TIMER_SEND:
      crown_sync_machine_send (self);
      break;

    case CROWN_SYNC_TIMER_IDLE:
      do_what_can_wait (self);
      break;

    default:
      g_assert_not_reached ();
    }
}

void
crown_sync_machine_tick (CrownSyncMachine *self)
{
  gint64 now = crown_clock_monotonic_us (self->clock);

  for (guint i = 0; i < CROWN_SYNC_N_TIMERS; i++)
    {
      if (self->due[i] > now)
        continue;
      self->due[i] = NEVER;
      on_timer (self, i);
    }
}

CrownSyncMachine *
crown_sync_machine_new (CrownCache            *cache,
                        CrownOutbox           *outbox,
                        gint64                 workspace_id,
                        gint64                 user_id,
                        const CrownSyncDriver *driver,
                        gpointer               user_data,
                        const CrownClock      *clock,
                        CrownRandomFunc        random,
                        gpointer               random_data)
{
  CrownSyncMachine *self = g_new0 (CrownSyncMachine, 1);

  self->cache = cache;
  self->outbox = outbox;
  self->workspace_id = workspace_id;
  self->user_id = user_id;
  self->driver = driver;
  self->user_data = user_data;
  self->clock = clock;
  self->random = random != NULL ? random : crown_random_default;
  self->random_data = random_data;
  self->state = CROWN_CLIENT_OFFLINE;
  self->workspace = crown_event_buffer_new (CROWN_EVENT_BUFFER_MAX);
  self->user = crown_event_buffer_new (CROWN_EVENT_BUFFER_MAX);
  self->pending = g_hash_table_new_full (NULL, NULL, NULL, pending_free);
  self->in_flight = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->waiting = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  self->held = g_array_new (FALSE, FALSE, sizeof (CrownSyncHeld));
  self->missing = g_array_new (FALSE, FALSE, sizeof (CrownSyncMissing));
  for (guint i = 0; i < CROWN_SYNC_N_TIMERS; i++)
    self->due[i] = NEVER;
  crown_cache_get_position (cache, &self->position, NULL);
  crown_sync_machine_count_pending (self);
  crown_sync_machine_set_timer (self, CROWN_SYNC_TIMER_IDLE, IDLE_US);
  return self;
}

/* Gives the line up without a word. */
void
crown_sync_machine_free (CrownSyncMachine *self)
{
  forget_line (self);
  g_clear_pointer (&self->workspace, crown_event_buffer_free);
  g_clear_pointer (&self->user, crown_event_buffer_free);
  g_hash_table_unref (self->pending);
  g_hash_table_unref (self->in_flight);
  g_hash_table_unref (self->waiting);
  g_array_unref (self->held);
  g_array_unref (self->missing);
  g_clear_pointer (&self->validator, crown_cache_validator_free);
  g_free (self);
}

CrownClientState
crown_sync_machine_get_state (CrownSyncMachine *self)
{
  return self->state;
}

gboolean
crown_sync_machine_get_progress (CrownSyncMachine *self,
                                 guint64          *done,
                                 guint64          *total)
{
  if (self->state != CROWN_CLIENT_REPLAYING || self->replay_until <= self->replay_from ||
      self->position.sequence < self->replay_from)
    return FALSE;

  *total = self->replay_until - self->replay_from;
  *done = MIN (self->position.sequence - self->replay_from, *total);
  return TRUE;
}

guint
crown_sync_machine_get_n_buffered (CrownSyncMachine *self)
{
  return crown_event_buffer_get_n (self->workspace) + crown_event_buffer_get_n (self->user);
}
