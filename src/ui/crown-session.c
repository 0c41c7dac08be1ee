/* crown-session.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-session.h"

#include "crown-endpoint.h"
#include "crown-settings.h"
#include "server/crown-server.h"
#include "socketio/crown-network-types.h"
#include "sync/crown-broadcast-sync.h"
#include "sync/crown-leader-election.h"

#include <glib/gi18n.h>

#define LOCAL_USER      1
#define LOCAL_WORKSPACE 1

/* What processes of one person tell each other; both bodies are checked where they arrive. */
#define MESSAGE_CHANGES  "changes"  /* a change set: read these rows again */
#define MESSAGE_REJECTED "rejected" /* (ss): the server refused a write */

/**
 * CrownSession:
 *
 * Several processes may show the same data. All read the same cache and write into the same outbox; the one that leads
 * also holds the connection, and hosts the server where the data is on this computer. When it goes, the next one in the
 * queue takes over. They tell each other what to read again.
 */
struct _CrownSession
{
  GObject              parent_instance;

  char                *profile;
  char                *folder;     /* of the cache and the outbox; names the channel and the leader */
  char                *server_url; /* (nullable): a remote server */
  CrownClient         *client;
  CrownServer         *server;     /* (nullable): in this process */
  CrownEndpoint       *endpoint;   /* (nullable): of it */
  gboolean             starting;   /* the server is on its way */
  GCancellable        *cancellable;
  CrownBroadcastSync  *channel;    /* (nullable) until the bus is there, or known not to be */
  CrownLeaderElection *election;   /* (nullable) likewise */
};

enum {
  PROP_0,
  PROP_FOLLOWING,
  N_PROPS
};

enum {
  PROBLEM,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CrownSession, crown_session, G_TYPE_OBJECT)

static void
report (CrownSession *self,
        const char   *message)
{
  g_signal_emit (self, signals[PROBLEM], 0, message);
}

typedef struct {
  CrownServer *server;
  gint64       user_id;
  gint64       workspace_id;
  char        *token;
} LocalServer;

static void
local_server_free (LocalServer *local)
{
  if (local->server != NULL)
    crown_server_stop (local->server);
  g_clear_object (&local->server);
  g_free (local->token);
  g_free (local);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LocalServer, local_server_free)

static void
start_server_thread (GTask        *task,
                     gpointer      source,
                     gpointer      task_data,
                     GCancellable *cancellable)
{
  const char *profile = task_data;
  g_autofree char *folder = g_build_filename (profile, "server", NULL);
  g_autofree char *uri = g_strdup_printf ("sqlite:%s/ledger.db", folder);
  g_autoptr(LocalServer) local = g_new0 (LocalServer, 1);
  GError *error = NULL;

  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_task_return_new_error (task, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", folder, g_strerror (errno));
      return;
    }

  local->server = crown_server_new (uri);
  if (!crown_server_start (local->server, "127.0.0.1", 0, &error) ||
      !crown_server_open_local_account (local->server, &local->user_id, &local->workspace_id, &local->token, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  g_task_return_pointer (task, g_steal_pointer (&local), (GDestroyNotify) local_server_free);
}

static void
server_started_cb (GObject      *source,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  CrownSession *self = CROWN_SESSION (source);
  g_autoptr(GError) error = NULL;
  g_autoptr(LocalServer) local = g_task_propagate_pointer (G_TASK (result), &error);
  g_autoptr(GSettings) settings = NULL;

  self->starting = FALSE;
  g_application_release (g_application_get_default ());
  if (local == NULL)
    {
      report (self, error->message);
      return;
    }
  if (self->client == NULL || !crown_leader_election_is_leading (self->election)) /* closed, or overtaken, meanwhile */
    return;
  if (local->user_id != LOCAL_USER || local->workspace_id != LOCAL_WORKSPACE)
    {
      report (self, _("This profile’s server belongs to somebody else."));
      return;
    }

  self->server = g_steal_pointer (&local->server);
  settings = crown_settings_new ();
  if (settings != NULL)
    self->endpoint = crown_endpoint_new (settings, self->server);
  crown_client_connect_server (self->client, crown_server_get_url (self->server), local->token);
}

static void
lead (CrownSession *self)
{
  g_autoptr(GTask) task = NULL;

  if (self->server_url != NULL)
    {
      const char *token = g_getenv ("CROWN4_TOKEN");

      if (token != NULL)
        crown_client_connect_server (self->client, self->server_url, token);
      else
        report (self, _("Set CROWN4_TOKEN to the token for this server."));
      return;
    }

  if (self->server != NULL || self->starting)
    return;
  self->starting = TRUE;
  g_application_hold (g_application_get_default ()); /* until the server can be stopped in order */
  task = g_task_new (self, NULL, server_started_cb, NULL);
  g_task_set_task_data (task, g_strdup (self->profile), g_free);
  g_task_run_in_thread (task, start_server_thread);
}

static void
leading_cb (CrownSession *self)
{
  if (self->client == NULL)
    return;

  if (crown_leader_election_is_leading (self->election))
    {
      lead (self);
    }
  else
    {
      crown_client_disconnect (self->client);
      g_clear_object (&self->endpoint);
      if (self->server != NULL)
        crown_server_stop (self->server);
      g_clear_object (&self->server);
    }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FOLLOWING]);
}

static void
made_cb (CrownSession   *self,
         CrownChangeSet *changes)
{
  if (self->channel != NULL)
    crown_broadcast_sync_post (self->channel, MESSAGE_CHANGES, crown_change_set_to_variant (changes));
}

static void
rejected_cb (CrownSession *self,
             const char   *what,
             const char   *message)
{
  if (self->channel != NULL)
    crown_broadcast_sync_post (self->channel, MESSAGE_REJECTED, g_variant_new ("(ss)", what, message));
}

static void
message_cb (CrownSession *self,
            const char   *type,
            GVariant     *body)
{
  g_autoptr(GError) error = NULL;

  if (self->client == NULL)
    return;

  if (g_str_equal (type, MESSAGE_CHANGES))
    {
      g_autoptr(CrownChangeSet) changes = crown_change_set_from_variant (body, &error);

      if (changes != NULL)
        crown_client_notice (self->client, changes);
      else
        g_debug ("a message from another process was ignored: %s", error->message);
    }
  else if (g_str_equal (type, MESSAGE_REJECTED) && g_variant_is_of_type (body, G_VARIANT_TYPE ("(ss)")))
    {
      const char *message;

      g_variant_get (body, "(&s&s)", NULL, &message);
      report (self, message);
    }
}

static void
bus_cb (GObject      *source,
        GAsyncResult *result,
        gpointer      user_data)
{
  g_autoptr(CrownSession) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GDBusConnection) bus = g_bus_get_finish (result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || self->client == NULL)
    return;
  if (bus == NULL)
    g_debug ("no session bus, this process works alone: %s", error->message);
  else
    g_dbus_connection_set_exit_on_close (bus, FALSE); /* a bus that is restarted must not take the program with it */

  self->channel = crown_broadcast_sync_new (bus, self->folder);
  g_signal_connect_object (self->channel, "message", G_CALLBACK (message_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->client, "made", G_CALLBACK (made_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->client, "rejected", G_CALLBACK (rejected_cb), self, G_CONNECT_SWAPPED);

  self->election = crown_leader_election_new (bus, self->folder);
  g_signal_connect_object (self->election, "notify::leading", G_CALLBACK (leading_cb), self, G_CONNECT_SWAPPED);
  if (crown_leader_election_is_leading (self->election))
    leading_cb (self);
}

/**
 * crown_session_new:
 * @profile: folder of everything that the program keeps
 * @server_url: (nullable): a remote server; %NULL for the data on this computer
 * @workspace: which of its workspaces
 *
 * Opens the cache and the outbox. Nothing is connected: reads work at once.
 *
 * Returns: (transfer full): a session, or %NULL with the reason why there is no place for its files
 */
CrownSession *
crown_session_new (const char  *profile,
                   const char  *server_url,
                   gint64       workspace,
                   GError     **error)
{
  g_autoptr(CrownSession) self = g_object_new (CROWN_TYPE_SESSION, NULL);
  g_autofree char *name = NULL;

  if (server_url != NULL)
    {
      g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, server_url, -1);

      name = g_strdup_printf ("%.16s-%d-%" G_GINT64_FORMAT, hash, LOCAL_USER, workspace);
    }
  else
    name = g_strdup_printf ("local-%d-%d", LOCAL_USER, LOCAL_WORKSPACE);

  self->profile = g_canonicalize_filename (profile, NULL);
  self->server_url = g_strdup (server_url);
  self->folder = g_build_filename (self->profile, "clients", name, NULL);
  if (g_mkdir_with_parents (self->folder, 0700) != 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", self->folder, g_strerror (errno));
      return NULL;
    }
  self->client = crown_client_new (self->folder, workspace, LOCAL_USER, error);
  if (self->client == NULL)
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * crown_session_get_client:
 *
 * Returns: (transfer none) (nullable): the client; %NULL after crown_session_close()
 */
CrownClient *
crown_session_get_client (CrownSession *self)
{
  g_return_val_if_fail (CROWN_IS_SESSION (self), NULL);

  return self->client;
}

gboolean
crown_session_is_following (CrownSession *self)
{
  g_return_val_if_fail (CROWN_IS_SESSION (self), FALSE);

  return self->election != NULL && !crown_leader_election_is_leading (self->election);
}

/**
 * crown_session_connect:
 *
 * Queues for the lead and, once it has it, connects; to a server of this process where none was named. Once in a
 * session's life. Never waits.
 */
void
crown_session_connect (CrownSession *self)
{
  g_return_if_fail (CROWN_IS_SESSION (self));
  g_return_if_fail (self->cancellable == NULL);

  /* On this thread, before GDBus and the server have theirs. */
  crown_network_types_ensure ();
  self->cancellable = g_cancellable_new ();
  g_bus_get (G_BUS_TYPE_SESSION, self->cancellable, bus_cb, g_object_ref (self));
}

/**
 * crown_session_close:
 *
 * Ends the connection and the server, in this order, so that the client can say goodbye; then leaves the queue, so that
 * whoever comes next finds the ledger free. Idempotent.
 */
void
crown_session_close (CrownSession *self)
{
  g_return_if_fail (CROWN_IS_SESSION (self));

  g_cancellable_cancel (self->cancellable);
  if (self->client != NULL)
    crown_client_close (self->client);
  g_clear_object (&self->client);
  g_clear_object (&self->endpoint);
  if (self->server != NULL)
    crown_server_stop (self->server);
  g_clear_object (&self->server);
  if (self->election != NULL)
    crown_leader_election_resign (self->election);
  g_clear_object (&self->channel);
}

static void
crown_session_dispose (GObject *object)
{
  CrownSession *self = CROWN_SESSION (object);

  crown_session_close (self);
  g_clear_object (&self->election);
  g_clear_object (&self->cancellable);

  G_OBJECT_CLASS (crown_session_parent_class)->dispose (object);
}

static void
crown_session_finalize (GObject *object)
{
  CrownSession *self = CROWN_SESSION (object);

  g_clear_pointer (&self->profile, g_free);
  g_clear_pointer (&self->folder, g_free);
  g_clear_pointer (&self->server_url, g_free);

  G_OBJECT_CLASS (crown_session_parent_class)->finalize (object);
}

static void
crown_session_get_property (GObject    *object,
                            guint       prop_id,
                            GValue     *value,
                            GParamSpec *pspec)
{
  CrownSession *self = CROWN_SESSION (object);

  switch (prop_id)
    {
    case PROP_FOLLOWING:
      g_value_set_boolean (value, crown_session_is_following (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
crown_session_class_init (CrownSessionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = crown_session_dispose;
  object_class->finalize = crown_session_finalize;
  object_class->get_property = crown_session_get_property;

  properties[PROP_FOLLOWING] = g_param_spec_boolean ("following", NULL, NULL, FALSE,
                                                     G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[PROBLEM] = g_signal_new ("problem", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
crown_session_init (CrownSession *self)
{
}
