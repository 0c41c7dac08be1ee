/* sim-line.c: a network, and the part of crown-sio-server.h that CrownEventBroadcaster uses, on it
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "sim-line.h"

#include "core/crown-json.h"
#include "sim-client.h"
#include "sim-server.h"

#define QUEUE_MAX        500 /* messages that may wait for a client before the server cuts it */
#define PING_TIMEOUT_US  (20 * SIM_SECOND)

struct _CrownSioServer
{
  GObject parent_instance;
};

struct _CrownSioSocket
{
  GObject  parent_instance;
  SimLine *line;      /* (nullable): it is gone */
  guint    nsp;       /* index */
  char    *refusal;
};

struct _CrownSioFrame
{
  char *nsp;
  char *event;
  char *args;
};

enum { AUTHORIZE, EVENT, DISCONNECTED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CrownSioServer, crown_sio_server, G_TYPE_OBJECT)
G_DEFINE_FINAL_TYPE (CrownSioSocket, crown_sio_socket, G_TYPE_OBJECT)

/* The line */

static SimLine *
line_ref (SimLine *self)
{
  return g_rc_box_acquire (self);
}

static void
line_clear (gpointer data)
{
  SimLine *self = data;

  for (guint i = 0; i < CROWN_N_NAMESPACES; i++)
    {
      if (self->sockets[i] != NULL)
        self->sockets[i]->line = NULL;
      g_clear_object (&self->sockets[i]);
    }
}

void
sim_line_unref (SimLine *self)
{
  g_rc_box_release_full (self, line_clear);
}

gint64
sim_network_latency (SimWorld         *world,
                     const SimNetwork *network,
                     GRand            *rand)
{
  gint64 us = sim_random (rand, SIM_MS, 40 * SIM_MS);

  return world->now_us < network->slow_until ? us + sim_random (rand, SIM_SECOND, 4 * SIM_SECOND) : us;
}

typedef struct {
  SimLine *line;
  char    *nsp;
  char    *name;
  char    *args; /* JSON, without brackets */
} Message;

static void
message_free (gpointer data)
{
  Message *message = data;

  sim_line_unref (message->line);
  g_free (message->nsp);
  g_free (message->name);
  g_free (message->args);
  g_free (message);
}

static Message *
message_new (SimLine    *line,
             const char *nsp,
             const char *name,
             const char *args)
{
  Message *message = g_new (Message, 1);

  *message = (Message) { line_ref (line), g_strdup (nsp), g_strdup (name), g_strdup (args) };
  return message;
}

static JsonArray *
parse_args (const char *text)
{
  g_autofree char *json = g_strconcat ("[", text, "]", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = crown_json_parse (json, -1, &error);

  g_assert_no_error (error);
  return json_node_dup_array (node);
}

static gboolean
is_through (SimWorld         *world,
            const SimNetwork *network)
{
  return world->now_us >= network->cut_until && world->now_us >= network->silent_until;
}

/* Down: to the client */

static void
arrive_down (SimWorld *world,
             gpointer  data)
{
  Message *message = data;
  SimClient *client = message->line->client;
  g_autoptr (JsonArray) args = NULL;

  message->line->queued--;
  if (client == NULL || !is_through (world, &client->network))
    return;
  if (world->now_us < client->network.holes_until && sim_chance (client->rand, 30))
    {
      sim_world_trace (world, "client %u: %s is lost", client->index, message->name);
      return;
    }
  args = parse_args (message->args);
  sim_client_line_funcs.event (client, message->nsp, message->name, args);
}

static void
send_down (SimLine    *self,
           const char *nsp,
           const char *name,
           const char *args)
{
  SimClient *client = self->client;
  SimWorld *world;
  gint64 due;

  if (client == NULL || !self->open)
    return;

  world = client->world;
  due = world->now_us + sim_network_latency (world, &client->network, client->rand);
  if (!(world->now_us < client->network.mixed_until && sim_chance (client->rand, 20)))
    due = self->last_down = MAX (due, self->last_down + 1);
  else
    due += sim_random (client->rand, 0, 600 * SIM_MS);
  self->queued++;
  sim_world_at (world, due, client->index, arrive_down, message_new (self, nsp, name, args), message_free);
  if (world->now_us < client->network.twice_until && sim_chance (client->rand, 40))
    {
      self->queued++;
      sim_world_at (world, due + sim_random (client->rand, 0, 500 * SIM_MS), client->index, arrive_down,
                    message_new (self, nsp, name, args), message_free);
    }
  if (self->queued > QUEUE_MAX)
    {
      sim_world_trace (world, "client %u reads too slowly", client->index);
      sim_line_break (self, "transport close");
    }
}

/* Ending */

static void
leave_server (SimLine    *self,
              const char *reason)
{
  if (!self->open)
    return;

  self->open = FALSE;
  for (guint i = 0; i < CROWN_N_NAMESPACES; i++)
    if (self->sockets[i] != NULL && self->server->sio != NULL)
      g_signal_emit (self->server->sio, signals[DISCONNECTED], 0, self->sockets[i], reason);
}

static void
tell_lost (SimWorld *world,
           gpointer  data)
{
  Message *message = data;

  if (message->line->client != NULL)
    sim_client_line_funcs.lost (message->line->client, message->name);
}

static void
tell_server (SimWorld *world,
             gpointer  data)
{
  Message *message = data;

  leave_server (message->line, message->name);
}

void
sim_line_break (SimLine    *self,
                const char *reason)
{
  SimClient *client = self->client;

  if (client == NULL)
    return;
  sim_world_at (client->world, client->world->now_us, client->index, tell_lost, message_new (self, "", reason, ""), message_free);
  sim_world_at (client->world, client->world->now_us, client->index, tell_server, message_new (self, "", reason, ""),
                message_free);
}

void
sim_line_abandon (SimLine *self)
{
  self->open = FALSE;
  if (self->client != NULL)
    sim_world_at (self->client->world, self->client->world->now_us + 10 * SIM_MS, self->client->index, tell_lost,
                  message_new (self, "", "transport error", ""), message_free);
}

void
sim_line_close (SimLine *self)
{
  SimClient *client = self->client;

  /* The server hears of it, or waits for a pong that does not come. */
  if (client != NULL)
    sim_world_at (client->world, client->world->now_us + (is_through (client->world, &client->network)
                                                          ? sim_network_latency (client->world, &client->network, client->rand)
                                                          : PING_TIMEOUT_US),
                  client->index, tell_server, message_new (self, "", "transport close", ""), message_free);
  self->client = NULL;
  sim_line_unref (self);
}

/* Up: to the server */

static void
connect_namespaces (SimLine *self)
{
  g_autoptr (JsonNode) auth = crown_json_parse (self->server->auth, -1, NULL);

  for (guint i = 0; i < CROWN_N_NAMESPACES; i++)
    {
      gboolean accepted = FALSE;

      self->sockets[i] = g_object_new (CROWN_TYPE_SIO_SOCKET, NULL);
      self->sockets[i]->line = self;
      self->sockets[i]->nsp = i;
      g_signal_emit (self->server->sio, signals[AUTHORIZE], 0, self->sockets[i], auth, NULL, &accepted);
      send_down (self, crown_namespace_to_string ((CrownNamespaces) (1u << i)), accepted ? "connect" : "connect_error", "");
    }
}

static void
arrive_open (SimWorld *world,
             gpointer  data)
{
  SimLine *self = ((Message *) data)->line;
  SimClient *client = self->client;

  if (client == NULL)
    return;
  if (!is_through (world, &client->network) || !sim_server_is_up (self->server))
    {
      tell_lost (world, data);
      return;
    }
  self->open = TRUE;
  sim_server_add_line (self->server, self);
  connect_namespaces (self);
}

SimLine *
sim_line_open (SimClient *client)
{
  SimLine *self = g_rc_box_new0 (SimLine);
  gint64 due = client->world->now_us + sim_network_latency (client->world, &client->network, client->rand);

  self->client = client;
  self->server = client->world->server;
  sim_world_at (client->world, due, client->index, arrive_open, message_new (self, "", "connection refused", ""), message_free);
  return self;
}

static void
arrive_up (SimWorld *world,
           gpointer  data)
{
  Message *message = data;
  SimLine *self = message->line;
  CrownNamespaces ns;
  CrownSioSocket *socket;
  g_autoptr (JsonArray) args = NULL;

  if (!self->open || self->client == NULL || !is_through (world, &self->client->network) ||
      !crown_namespace_from_string (message->nsp, &ns) || (socket = self->sockets[crown_namespace_index (ns)]) == NULL)
    return;
  args = parse_args (message->args);
  g_signal_emit (self->server->sio, signals[EVENT], 0, socket, message->name, args, (gint64) -1);
  sim_server_settle (self->server);
}

void
sim_line_emit (SimLine    *self,
               const char *nsp,
               const char *name,
               JsonObject *argument)
{
  SimClient *client = self->client;
  g_autofree char *args = crown_json_object_to_string (argument);
  gint64 due = client->world->now_us + sim_network_latency (client->world, &client->network, client->rand);

  due = self->last_up = MAX (due, self->last_up + 1);
  sim_world_at (client->world, due, client->index, arrive_up, message_new (self, nsp, name, args), message_free);
}

/* crown-sio-server.h */

CrownSioServer *
sim_sio_server_new (void)
{
  return g_object_new (CROWN_TYPE_SIO_SERVER, NULL);
}

void
crown_sio_server_add_namespace (CrownSioServer *self,
                                const char     *nsp)
{
}

CrownSioFrame *
crown_sio_frame_new (const char *nsp,
                     const char *event,
                     const char *args_json,
                     gssize      length)
{
  CrownSioFrame *frame = g_rc_box_new (CrownSioFrame);

  frame->nsp = g_strdup (nsp);
  frame->event = g_strdup (event);
  frame->args = length < 0 ? g_strdup (args_json) : g_strndup (args_json, (gsize) length);
  return frame;
}

static void
frame_clear (gpointer data)
{
  CrownSioFrame *frame = data;

  g_free (frame->nsp);
  g_free (frame->event);
  g_free (frame->args);
}

void
crown_sio_frame_unref (CrownSioFrame *frame)
{
  g_rc_box_release_full (frame, frame_clear);
}

const char *
crown_sio_socket_get_namespace (CrownSioSocket *self)
{
  return crown_namespace_to_string ((CrownNamespaces) (1u << self->nsp));
}

void
crown_sio_socket_set_refusal (CrownSioSocket *self,
                              const char     *message,
                              const char     *code)
{
  g_free (self->refusal);
  self->refusal = g_strdup (message);
}

gboolean
crown_sio_socket_is_connected (CrownSioSocket *self)
{
  return self->line != NULL && self->line->open;
}

void
crown_sio_socket_send (CrownSioSocket *self,
                       CrownSioFrame  *frame)
{
  if (self->line != NULL)
    send_down (self->line, frame->nsp, frame->event, frame->args);
}

void
crown_sio_socket_emit (CrownSioSocket *self,
                       const char     *event,
                       JsonNode       *argument)
{
  g_autofree char *args = crown_json_to_string (argument);

  if (self->line != NULL)
    send_down (self->line, crown_sio_socket_get_namespace (self), event, args);
}

void
crown_sio_socket_ack (CrownSioSocket *self,
                      gint64          ack_id,
                      JsonArray      *args)
{
}

void
crown_sio_socket_disconnect (CrownSioSocket *self,
                             gboolean        close_connection)
{
  if (self->line != NULL)
    sim_line_break (self->line, "io server disconnect");
}

static void
crown_sio_socket_finalize (GObject *object)
{
  g_free (CROWN_SIO_SOCKET (object)->refusal);

  G_OBJECT_CLASS (crown_sio_socket_parent_class)->finalize (object);
}

static void
crown_sio_socket_class_init (CrownSioSocketClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = crown_sio_socket_finalize;
}

static void
crown_sio_socket_init (CrownSioSocket *self)
{
}

static void
crown_sio_server_class_init (CrownSioServerClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  signals[AUTHORIZE] = g_signal_new ("authorize", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_BOOLEAN, 3,
                                     CROWN_TYPE_SIO_SOCKET, JSON_TYPE_NODE, G_TYPE_POINTER);
  signals[EVENT] = g_signal_new ("event", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 4,
                                 CROWN_TYPE_SIO_SOCKET, G_TYPE_STRING, JSON_TYPE_ARRAY, G_TYPE_INT64);
  signals[DISCONNECTED] = g_signal_new ("disconnected", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                        CROWN_TYPE_SIO_SOCKET, G_TYPE_STRING);
}

static void
crown_sio_server_init (CrownSioServer *self)
{
}
