/* crown-event-broadcaster.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-event-broadcaster.h"

#include "core/crown-json.h"
#include "core/crown-limits.h"
#include "crown-event-replay.h"
#include "crown-server-error.h"

/**
 * CrownEventBroadcaster:
 *
 * Rooms of sockets, and what is said in them. A room is a stream in one namespace: `workspace_1` in /tasks, `user_42` in
 * /dashboard. An event is serialised and encoded once a namespace; all sockets of a room share the bytes.
 *
 * Joining, replaying and broadcasting all happen on the server's thread, one after the other: after workspace_joined an
 * event is either in the ledger, and so in the replay, or it comes live. A socket whose queue is full is cut by
 * CrownSioServer, comes back and replays; nothing here grows with a slow consumer.
 *
 * Where other servers write to the same ledger, what they commit is read from it when the ledger's watch says so. Rooms
 * are told in the order of the stream, whoever wrote an event: what is missing before one of our own is read first.
 */
struct _CrownEventBroadcaster
{
  GObject              parent_instance;

  CrownSioServer      *sio;
  CrownEventSequencer *sequencer;
  CrownAuthenticator  *authenticator;

  CrownRateLimiter    *limiter; /* (nullable): requests a token */
  CrownMetrics        *metrics; /* (nullable) */
  GHashTable          *members; /* CrownSioSocket → Member */
  GHashTable          *rooms;   /* "/tasks workspace_1" → GHashTable, a set of CrownSioSocket (borrowed from members) */

  /* Of a ledger that is shared only. */
  gboolean             is_shared;
  GHashTable          *told;    /* stream that somebody is in → guint64, the last event that its rooms were told of */
  GHashTable          *claimed; /* workspace_id */
};

/* Events that are read at once. */
#define CATCH_UP_PAGE 500

/* One socket: a client in one namespace. */
typedef struct {
  CrownPrincipal  principal;
  gint64          joined;    /* the workspace; 0: none */
} Member;

G_DEFINE_FINAL_TYPE (CrownEventBroadcaster, crown_event_broadcaster, G_TYPE_OBJECT)

static char *
room_name (const char *nsp,
           const char *stream)
{
  return g_strconcat (nsp, " ", stream, NULL);
}

static guint
room_size (CrownEventBroadcaster *self,
           const char            *room)
{
  GHashTable *sockets = g_hash_table_lookup (self->rooms, room);

  return sockets != NULL ? g_hash_table_size (sockets) : 0;
}

static void
room_add (CrownEventBroadcaster *self,
          const char            *room,
          CrownSioSocket        *socket)
{
  GHashTable *sockets = g_hash_table_lookup (self->rooms, room);

  if (sockets == NULL)
    {
      sockets = g_hash_table_new (NULL, NULL);
      g_hash_table_insert (self->rooms, g_strdup (room), sockets);
    }

  g_hash_table_add (sockets, socket);
}

static void
room_remove (CrownEventBroadcaster *self,
             const char            *room,
             CrownSioSocket        *socket)
{
  GHashTable *sockets = g_hash_table_lookup (self->rooms, room);

  if (sockets != NULL && g_hash_table_remove (sockets, socket) && g_hash_table_size (sockets) == 0)
    g_hash_table_remove (self->rooms, room);
}

static gboolean
has_room (CrownEventBroadcaster *self,
          const char            *stream)
{
  for (guint bit = 0; bit < CROWN_N_NAMESPACES; bit++)
    {
      g_autofree char *room = room_name (crown_namespace_to_string ((CrownNamespaces) (1u << bit)), stream);

      if (g_hash_table_contains (self->rooms, room))
        return TRUE;
    }
  return FALSE;
}

/* From the joining of the first: what is before @sequence is replayed. */
static void
follow (CrownEventBroadcaster *self,
        const char            *stream,
        guint64                sequence)
{
  if (self->is_shared && !g_hash_table_contains (self->told, stream))
    g_hash_table_insert (self->told, g_strdup (stream), g_memdup2 (&sequence, sizeof sequence));
}

static void
unfollow (CrownEventBroadcaster *self,
          const char            *stream)
{
  if (self->is_shared && !has_room (self, stream))
    g_hash_table_remove (self->told, stream);
}

static void
leave (CrownEventBroadcaster *self,
       CrownSioSocket        *socket,
       Member                *member)
{
  if (member->joined == 0)
    return;

  const char *nsp = crown_sio_socket_get_namespace (socket);
  g_autofree char *workspace_stream = crown_event_stream_name (CROWN_SCOPE_WORKSPACE, member->joined);
  g_autofree char *workspace_room = room_name (nsp, workspace_stream);
  g_autofree char *user_stream = crown_event_stream_name (CROWN_SCOPE_USER, member->principal.user_id);
  g_autofree char *user_room = room_name (nsp, user_stream);

  room_remove (self, workspace_room, socket);
  room_remove (self, user_room, socket);
  unfollow (self, workspace_stream);
  unfollow (self, user_stream);
  member->joined = 0;
}

static void
emit_object (CrownSioSocket *socket,
             const char     *name,
             JsonObject     *argument,
             gint64          ack_id)
{
  g_autoptr (JsonNode) node = json_node_alloc ();

  json_node_init_object (node, argument);
  crown_sio_socket_emit (socket, name, node);

  if (ack_id >= 0)
    {
      g_autoptr (JsonArray) args = json_array_new ();

      json_array_add_element (args, json_node_copy (node));
      crown_sio_socket_ack (socket, ack_id, args);
    }
}

static void
emit_error (CrownSioSocket *socket,
            const char     *name,
            const GError   *error,
            gint64          ack_id)
{
  g_autoptr (JsonObject) argument = json_object_new ();

  json_object_set_string_member (argument, "code", crown_server_error_code (error));
  json_object_set_string_member (argument, "message", error->message);
  emit_object (socket, name, argument, ack_id);
}

static void
count (CrownEventBroadcaster *self,
       CrownCount             what,
       guint64                n)
{
  if (self->metrics != NULL)
    crown_metrics_count (self->metrics, what, n);
}

static gboolean
join (CrownEventBroadcaster  *self,
      CrownSioSocket         *socket,
      Member                 *member,
      JsonObject             *argument,
      JsonObject            **answer,
      GError                **error)
{
  CrownEventLedger *ledger = crown_event_sequencer_get_ledger (self->sequencer);
  const char *nsp = crown_sio_socket_get_namespace (socket);
  CrownStreamHead head;
  CrownStreamHead user_head;
  gint64 workspace_id;

  if (!crown_json_get_int (argument, "workspace_id", &workspace_id, error) ||
      !crown_authenticator_check_member (self->authenticator, &member->principal, workspace_id, error))
    return FALSE;

  g_autofree char *stream = crown_event_stream_name (CROWN_SCOPE_WORKSPACE, workspace_id);
  g_autofree char *room = room_name (nsp, stream);
  g_autofree char *user_stream = crown_event_stream_name (CROWN_SCOPE_USER, member->principal.user_id);
  g_autofree char *user_room = room_name (nsp, user_stream);

  if (member->joined != workspace_id && room_size (self, room) >= CROWN_ROOM_CONNECTIONS_MAX)
    {
      g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_ROOM_FULL,
                   "%s has %d connections already", room, CROWN_ROOM_CONNECTIONS_MAX);
      return FALSE;
    }

  if (!crown_event_ledger_load_head (ledger, stream, &head, error) ||
      !crown_event_ledger_load_head (ledger, user_stream, &user_head, error))
    return FALSE;

  leave (self, socket, member);
  room_add (self, room, socket);
  room_add (self, user_room, socket);
  follow (self, stream, head.sequence);
  follow (self, user_stream, user_head.sequence);
  member->joined = workspace_id;

  *answer = json_object_new ();
  json_object_set_int_member (*answer, "workspace_id", workspace_id);
  json_object_set_string_member (*answer, "namespace", nsp);
  json_object_set_int_member (*answer, "user_id", member->principal.user_id);
  json_object_set_string_member (*answer, "epoch", crown_event_ledger_get_epoch (ledger));
  json_object_set_int_member (*answer, "sequence", (gint64) head.sequence);
  json_object_set_int_member (*answer, "user_sequence", (gint64) user_head.sequence);
  json_object_set_int_member (*answer, "floor", (gint64) head.floor);
  return TRUE;
}

static void
on_join_workspace (CrownEventBroadcaster *self,
                   CrownSioSocket        *socket,
                   Member                *member,
                   JsonObject            *argument,
                   gint64                 ack_id)
{
  g_autoptr (JsonObject) answer = NULL;
  g_autoptr (GError) error = NULL;

  if (join (self, socket, member, argument, &answer, &error))
    emit_object (socket, "workspace_joined", answer, ack_id);
  else
    emit_error (socket, "join_error", error, ack_id);
}

static void
on_leave_workspace (CrownEventBroadcaster *self,
                    CrownSioSocket        *socket,
                    Member                *member,
                    JsonObject            *argument,
                    gint64                 ack_id)
{
  if (crown_json_opt_int (argument, "workspace_id", member->joined) == member->joined)
    leave (self, socket, member);

  if (ack_id >= 0)
    crown_sio_socket_ack (socket, ack_id, NULL);
}

static void
on_request_event_replay (CrownEventBroadcaster *self,
                         CrownSioSocket        *socket,
                         Member                *member,
                         JsonObject            *argument,
                         gint64                 ack_id)
{
  CrownReplayRequest request = {
    .workspace_id = member->principal.workspace_id,
    .user_id = member->principal.user_id,
  };
  const char *nsp = crown_sio_socket_get_namespace (socket);
  g_autofree char *page = NULL;
  g_autoptr (GError) error = NULL;

  crown_namespace_from_string (nsp, &request.ns);

  if (!crown_replay_request_parse (&request, argument, &error) ||
      (page = crown_event_replay_page (crown_event_sequencer_get_ledger (self->sequencer), &request, &error)) == NULL)
    {
      g_warning ("Replay for user %" G_GINT64_FORMAT " in %s failed: %s", request.user_id, nsp, error->message);
      emit_error (socket, "replay_error", error, ack_id);
      return;
    }

  count (self, CROWN_COUNT_REPLAYS, 1);
  g_autoptr (CrownSioFrame) frame = crown_sio_frame_new (nsp, "event_replay", page, -1);

  crown_sio_socket_send (socket, frame);
  if (ack_id >= 0)
    crown_sio_socket_ack (socket, ack_id, NULL);
}

/* As the errors of the request that it is, so that who made it learns of it. */
static void
say_rate_limited (CrownSioSocket *socket,
                  const char     *name,
                  guint           retry_after_ms,
                  gint64          ack_id)
{
  g_autoptr (JsonObject) argument = json_object_new ();

  json_object_set_string_member (argument, "code", "rate_limited");
  json_object_set_string_member (argument, "message", "There were too many requests");
  json_object_set_int_member (argument, "retry_after_ms", retry_after_ms);
  emit_object (socket, name, argument, ack_id);
}

static const struct {
  const char *name;
  const char *error; /* what it is answered with when it is refused */
  void      (*handle) (CrownEventBroadcaster *self,
                       CrownSioSocket        *socket,
                       Member                *member,
                       JsonObject            *argument,
                       gint64                 ack_id);
} requests[] = {
  { "join_workspace", "join_error", on_join_workspace },
  { "leave_workspace", "join_error", on_leave_workspace },
  { "request_event_replay", "replay_error", on_request_event_replay },
};

static void
on_event (CrownEventBroadcaster *self,
          CrownSioSocket        *socket,
          const char            *name,
          JsonArray             *args,
          gint64                 ack_id)
{
  Member *member = g_hash_table_lookup (self->members, socket);
  g_autoptr (JsonObject) argument = NULL;

  if (member == NULL)
    return;

  if (args != NULL && json_array_get_length (args) > 0 && JSON_NODE_HOLDS_OBJECT (json_array_get_element (args, 0)))
    argument = json_object_ref (json_array_get_object_element (args, 0));
  else
    argument = json_object_new ();

  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      if (g_strcmp0 (name, requests[i].name) == 0)
        {
          guint retry_after_ms;

          if (self->limiter != NULL && member->principal.token_id != 0 &&
              !crown_rate_limiter_take (self->limiter, member->principal.token_id, 1, &retry_after_ms))
            {
              count (self, CROWN_COUNT_RATE_LIMITED, 1);
              say_rate_limited (socket, requests[i].error, retry_after_ms, ack_id);
              return;
            }
          requests[i].handle (self, socket, member, argument, ack_id);
          return;
        }
    }

  g_debug ("Event “%s” is not known and ignored", name);
  if (ack_id >= 0)
    crown_sio_socket_ack (socket, ack_id, NULL);
}

static gboolean
on_authorize (CrownEventBroadcaster  *self,
              CrownSioSocket         *socket,
              JsonNode               *auth,
              gpointer               *error_out)
{
  const char *token = NULL;
  CrownPrincipal principal;
  g_autoptr (GError) error = NULL;

  if (auth != NULL && JSON_NODE_HOLDS_OBJECT (auth))
    token = crown_json_opt_string (json_node_get_object (auth), "token", NULL);

  if (crown_authenticator_check (self->authenticator, token, &principal, &error))
    {
      Member *member = g_new0 (Member, 1);

      member->principal = principal;
      g_hash_table_insert (self->members, g_object_ref (socket), member);
      return TRUE;
    }

  crown_sio_socket_set_refusal (socket, error->message, crown_server_error_code (error));
  if (error_out != NULL)
    *error_out = g_steal_pointer (&error);
  return FALSE;
}

static void
on_disconnected (CrownEventBroadcaster *self,
                 CrownSioSocket        *socket,
                 const char            *reason)
{
  Member *member = g_hash_table_lookup (self->members, socket);

  if (member == NULL)
    return;

  leave (self, socket, member);
  g_hash_table_remove (self->members, socket);
}

/* The keys, each with a reference: what is done with them may change the table. */
static GPtrArray *
dup_sockets (GHashTable *table)
{
  GPtrArray *sockets = g_ptr_array_new_full (g_hash_table_size (table), g_object_unref);
  GHashTableIter iter;
  gpointer socket;

  g_hash_table_iter_init (&iter, table);
  while (g_hash_table_iter_next (&iter, &socket, NULL))
    g_ptr_array_add (sockets, g_object_ref (socket));

  return sockets;
}

static void
broadcast (CrownEventBroadcaster *self,
           CrownLedgerEvent      *event,
           CrownNamespaces        ns)
{
  const char *nsp = crown_namespace_to_string (ns);
  g_autofree char *room = room_name (nsp, event->envelope->stream);
  GHashTable *sockets = g_hash_table_lookup (self->rooms, room);

  if (sockets == NULL)
    return;

  g_autoptr (GString) json = g_string_new (NULL);

  crown_envelope_write (event->envelope, event->prev[crown_namespace_index (ns)], FALSE, json);

  g_autoptr (CrownSioFrame) frame = crown_sio_frame_new (nsp, event->envelope->event_type, json->str, (gssize) json->len);

  /* Sending may cut a socket whose queue is full, which takes it out of the room. */
  g_autoptr (GPtrArray) receivers = dup_sockets (sockets);

  count (self, CROWN_COUNT_DELIVERIES, receivers->len);
  for (guint i = 0; i < receivers->len; i++)
    crown_sio_socket_send (g_ptr_array_index (receivers, i), frame);
}

static void
tell (CrownEventBroadcaster *self,
      CrownLedgerEvent      *event)
{
  CrownNamespaces namespaces = crown_event_info (event->envelope->type)->namespaces;

  for (guint bit = 0; bit < CROWN_N_NAMESPACES; bit++)
    {
      if (namespaces & (1u << bit))
        broadcast (self, event, (CrownNamespaces) (1u << bit));
    }
}

/* Tells the rooms of @stream what is in the ledger up to @sequence and was not told. Where it cannot be read, nothing after
 * it is told either: the watch comes back to it. */
static gboolean
catch_up (CrownEventBroadcaster *self,
          const char            *stream,
          guint64                sequence)
{
  CrownEventLedger *ledger = crown_event_sequencer_get_ledger (self->sequencer);
  guint64 *told;

  while ((told = g_hash_table_lookup (self->told, stream)) != NULL && *told < sequence)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) events = crown_event_ledger_load_events (ledger, stream, 0, *told, CATCH_UP_PAGE, &error);

      if (events == NULL)
        {
          g_warning ("%s: what follows %" G_GUINT64_FORMAT " was not told yet: %s", stream, *told, error->message);
          return FALSE;
        }
      /* Retention was faster than we. The rooms see the gap at the next event, and ask. */
      if (events->len == 0)
        *told = sequence;
      for (guint i = 0; i < events->len; i++)
        {
          CrownLedgerEvent *event = g_ptr_array_index (events, i);

          *told = event->envelope->sequence;
          tell (self, event);
          /* Sending may have cut the last socket of the stream. */
          if ((told = g_hash_table_lookup (self->told, stream)) == NULL)
            return TRUE;
        }
    }
  return TRUE;
}

static gboolean
on_watched (const char *stream,
            guint64     sequence,
            gpointer    user_data)
{
  return catch_up (user_data, stream, sequence);
}

static void
on_committed (CrownEventBroadcaster *self,
              GPtrArray             *events)
{
  for (guint i = 0; i < events->len; i++)
    {
      CrownLedgerEvent *event = g_ptr_array_index (events, i);
      const CrownEnvelope *envelope = event->envelope;
      guint64 *told;

      if (!self->is_shared)
        {
          tell (self, event);
          continue;
        }
      if (!g_hash_table_contains (self->told, envelope->stream) || !catch_up (self, envelope->stream, envelope->sequence - 1))
        continue;
      told = g_hash_table_lookup (self->told, envelope->stream);
      if (told == NULL || *told >= envelope->sequence)
        continue;
      *told = envelope->sequence;
      tell (self, event);
    }
}

/**
 * crown_event_broadcaster_new:
 * @sio: (transfer none): its namespaces are declared and its signals handled here
 * @limiter: (nullable) (transfer none): for requests a token; outlives the broadcaster
 * @metrics: (nullable) (transfer none): outlives the broadcaster
 *
 * Returns: (transfer full): a broadcaster that works for as long as it is kept
 */
CrownEventBroadcaster *
crown_event_broadcaster_new (CrownSioServer      *sio,
                             CrownEventSequencer *sequencer,
                             CrownAuthenticator  *authenticator,
                             CrownRateLimiter    *limiter,
                             CrownMetrics        *metrics)
{
  CrownEventBroadcaster *self = g_object_new (CROWN_TYPE_EVENT_BROADCASTER, NULL);

  self->limiter = limiter;
  self->metrics = metrics;
  self->sio = g_object_ref (sio);
  self->sequencer = g_object_ref (sequencer);
  self->authenticator = g_object_ref (authenticator);

  for (guint bit = 0; bit < CROWN_N_NAMESPACES; bit++)
    crown_sio_server_add_namespace (sio, crown_namespace_to_string ((CrownNamespaces) (1u << bit)));

  g_signal_connect_object (sio, "authorize", G_CALLBACK (on_authorize), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (sio, "event", G_CALLBACK (on_event), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (sio, "disconnected", G_CALLBACK (on_disconnected), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (sequencer, "committed", G_CALLBACK (on_committed), self, G_CONNECT_SWAPPED);
  return self;
}

guint
crown_event_broadcaster_get_n_rooms (CrownEventBroadcaster *self)
{
  return g_hash_table_size (self->rooms);
}

guint
crown_event_broadcaster_get_n_members (CrownEventBroadcaster *self)
{
  return g_hash_table_size (self->members);
}

/**
 * crown_event_broadcaster_recheck:
 *
 * Disconnects who came with a token that has been revoked since, perhaps by crown4ctl: what a token may is asked of the
 * ledger at each request, and of sockets by this.
 */
void
crown_event_broadcaster_recheck (CrownEventBroadcaster *self)
{
  CrownEventLedger *ledger = crown_event_sequencer_get_ledger (self->sequencer);
  g_autoptr (GHashTable) checked = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, NULL); /* token_id → good */
  g_autoptr (GPtrArray) revoked = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  gpointer socket, value, known;

  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, &socket, &value))
    {
      Member *member = value;
      g_autoptr (GError) error = NULL;
      gboolean good = TRUE;

      if (member->principal.token_id == 0)
        continue;

      if (g_hash_table_lookup_extended (checked, &member->principal.token_id, NULL, &known))
        {
          good = GPOINTER_TO_INT (known);
        }
      else if (!crown_event_ledger_check_token (ledger, member->principal.token_id, &good, &error))
        {
          g_warning ("Tokens cannot be checked: %s", error->message);
          return;
        }
      g_hash_table_insert (checked, &member->principal.token_id, GINT_TO_POINTER (good));
      if (!good)
        g_ptr_array_add (revoked, g_object_ref (socket));
    }

  count (self, CROWN_COUNT_REVOKED, revoked->len);
  for (guint i = 0; i < revoked->len; i++)
    crown_sio_socket_disconnect (g_ptr_array_index (revoked, i), TRUE);
}

/**
 * crown_event_broadcaster_watch:
 *
 * Has the rooms told of what other servers of the same ledger commit, where there can be any.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_broadcaster_watch (CrownEventBroadcaster  *self,
                               GError                **error)
{
  CrownEventLedger *ledger = crown_event_sequencer_get_ledger (self->sequencer);

  self->is_shared = crown_event_ledger_is_shared (ledger);

  return !self->is_shared || crown_event_ledger_watch (ledger, on_watched, self, error);
}

/* Which of the servers emits a workspace's idle syncs: the first that asks for as long as it has somebody in it. */
static gboolean
is_mine (CrownEventBroadcaster *self,
         gint64                 workspace_id)
{
  CrownEventLedger *ledger = crown_event_sequencer_get_ledger (self->sequencer);
  g_autoptr (GError) error = NULL;
  gboolean claimed = FALSE;

  if (!crown_event_ledger_claim (ledger, workspace_id, &claimed, &error))
    g_warning ("Idle sync of workspace %" G_GINT64_FORMAT " failed: %s", workspace_id, error->message);
  if (claimed)
    g_hash_table_add (self->claimed, g_memdup2 (&workspace_id, sizeof workspace_id));
  return claimed;
}

static void
release_unused (CrownEventBroadcaster *self,
                GHashTable            *workspaces)
{
  CrownEventLedger *ledger = crown_event_sequencer_get_ledger (self->sequencer);
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->claimed);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      if (g_hash_table_contains (workspaces, key))
        continue;
      crown_event_ledger_release (ledger, *(gint64 *) key);
      g_hash_table_iter_remove (&iter);
    }
}

/**
 * crown_event_broadcaster_idle_sync:
 *
 * Emits DASHBOARD_IDLE_SYNC to each workspace that somebody has joined, unless another server does.
 */
void
crown_event_broadcaster_idle_sync (CrownEventBroadcaster *self)
{
  g_autoptr (GHashTable) workspaces = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Member *member = value;

      if (member->joined != 0)
        g_hash_table_add (workspaces, g_memdup2 (&member->joined, sizeof member->joined));
    }

  release_unused (self, workspaces);
  g_hash_table_iter_init (&iter, workspaces);
  while (g_hash_table_iter_next (&iter, &value, NULL))
    {
      CrownPrincipal server = { .workspace_id = *(gint64 *) value, .role = CROWN_ROLE_ADMIN };
      g_autoptr (GError) error = NULL;
      g_autoptr (CrownEventWrite) write = NULL;

      if (!is_mine (self, server.workspace_id))
        continue;
      write = crown_event_sequencer_begin (self->sequencer, &server, NULL, &error);
      if (write == NULL || !crown_event_write_mend_stats (write, &error) || !crown_event_write_emit_digests (write, &error) ||
          !crown_event_write_commit_later (g_steal_pointer (&write), NULL, NULL, &error))
        g_warning ("Idle sync of workspace %" G_GINT64_FORMAT " failed: %s", server.workspace_id, error->message);
    }
}

/**
 * crown_event_broadcaster_say_closing:
 * @retry_after_ms: when to come back
 *
 * Says `server_closing` to everybody.
 */
void
crown_event_broadcaster_say_closing (CrownEventBroadcaster *self,
                                     guint                  retry_after_ms)
{
  g_autofree char *argument = g_strdup_printf ("{\"retry_after_ms\":%u}", retry_after_ms);
  g_autoptr (GPtrArray) sockets = dup_sockets (self->members);

  for (guint i = 0; i < sockets->len; i++)
    {
      CrownSioSocket *socket = g_ptr_array_index (sockets, i);
      g_autoptr (CrownSioFrame) frame =
        crown_sio_frame_new (crown_sio_socket_get_namespace (socket), "server_closing", argument, -1);

      if (crown_sio_socket_is_connected (socket))
        crown_sio_socket_send (socket, frame);
    }
}

static void
crown_event_broadcaster_finalize (GObject *object)
{
  CrownEventBroadcaster *self = CROWN_EVENT_BROADCASTER (object);

  if (self->is_shared)
    crown_event_ledger_unwatch (crown_event_sequencer_get_ledger (self->sequencer));
  g_clear_pointer (&self->told, g_hash_table_unref);
  g_clear_pointer (&self->claimed, g_hash_table_unref);
  g_clear_pointer (&self->rooms, g_hash_table_unref);
  g_clear_pointer (&self->members, g_hash_table_unref);
  g_clear_object (&self->sio);
  g_clear_object (&self->sequencer);
  g_clear_object (&self->authenticator);

  G_OBJECT_CLASS (crown_event_broadcaster_parent_class)->finalize (object);
}

static void
crown_event_broadcaster_class_init (CrownEventBroadcasterClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = crown_event_broadcaster_finalize;
}

static void
crown_event_broadcaster_init (CrownEventBroadcaster *self)
{
  self->told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->claimed = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->members = g_hash_table_new_full (NULL, NULL, g_object_unref, g_free);
  self->rooms = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_hash_table_unref);
}
