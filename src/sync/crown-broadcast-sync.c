/* crown-broadcast-sync.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-sync"

#include "crown-broadcast-sync.h"

#include <string.h>

#define INTERFACE   "org.crown4.Dashboard.Broadcast1"
#define PATH_PREFIX "/org/crown4/Dashboard/Broadcast/"
#define SIGNATURE   "(stsv)" /* sender, number, type, body (PROTOCOL.md, D-Bus) */
#define SENDERS_MAX 256      /* whose last number is remembered; a process has a sender a channel object */

/**
 * CrownBroadcastSync:
 *
 * A named channel with the shape of BroadcastChannel: what one posts, all others on the channel get, in the order it was
 * posted, and the poster does not.
 *
 * Inside a process a message is handed over directly; to other processes it goes as one D-Bus signal. What comes over the
 * bus may come from anybody who is on it: a message of another shape, too long, or with a number that was there before is
 * ignored and counted. Losing a message loses no data, since a message only says what should be read again.
 */
struct _CrownBroadcastSync
{
  GObject          parent_instance;

  GDBusConnection *bus;        /* (nullable): no session bus, this process is alone */
  char            *channel;
  char            *path;
  char            *sender;     /* unique among all processes */
  guint64          number;     /* of the last message posted */
  guint            subscription;
  GHashTable      *last;       /* sender → guint64, the last number that came from it */
  guint64          n_ignored;
  GMainContext    *context;
  GMutex           lock;       /* of the inbox: another thread of this process may post */
  GQueue           inbox;      /* Message, handed over inside the process */
  GSource         *delivery;   /* (nullable): scheduled */
};

typedef struct {
  char     *type;
  GVariant *body;
} Message;

enum {
  MESSAGE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* The channel objects of this process, for handing messages over. */
static GMutex members_lock;
static GPtrArray *members;

G_DEFINE_FINAL_TYPE (CrownBroadcastSync, crown_broadcast_sync, G_TYPE_OBJECT)

static void
message_free (gpointer data)
{
  Message *message = data;

  g_free (message->type);
  g_variant_unref (message->body);
  g_free (message);
}

static const char *
process_id (void)
{
  static char *id;

  if (g_once_init_enter (&id))
    g_once_init_leave (&id, g_uuid_string_random ());
  return id;
}

static gboolean
deliver_cb (gpointer user_data)
{
  g_autoptr (CrownBroadcastSync) self = g_object_ref (user_data);
  GQueue messages = G_QUEUE_INIT;
  Message *message;

  g_mutex_lock (&self->lock);
  messages = self->inbox;
  g_queue_init (&self->inbox);
  g_clear_pointer (&self->delivery, g_source_unref);
  g_mutex_unlock (&self->lock);

  while ((message = g_queue_pop_head (&messages)) != NULL)
    {
      g_signal_emit (self, signals[MESSAGE], 0, message->type, message->body);
      message_free (message);
    }
  return G_SOURCE_REMOVE;
}

static void
hand_over (CrownBroadcastSync *self,
           const char         *type,
           GVariant           *body)
{
  Message *message = g_new0 (Message, 1);

  message->type = g_strdup (type);
  message->body = g_variant_ref (body);

  g_mutex_lock (&self->lock);
  g_queue_push_tail (&self->inbox, message);
  if (self->delivery == NULL)
    {
      self->delivery = g_idle_source_new ();
      g_source_set_priority (self->delivery, G_PRIORITY_DEFAULT);
      g_source_set_callback (self->delivery, deliver_cb, self, NULL);
      g_source_attach (self->delivery, self->context);
    }
  g_mutex_unlock (&self->lock);
}

/* Every sender counts from 1. A number that is not above the last was there before, or is made up. */
static gboolean
is_new (CrownBroadcastSync *self,
        const char         *sender,
        guint64             number)
{
  guint64 *last = g_hash_table_lookup (self->last, sender);

  if (last != NULL)
    {
      if (number <= *last)
        return FALSE;
      *last = number;
      return TRUE;
    }
  /* A flood of invented senders must not grow memory; forgetting real ones costs at most a repeated re-read. */
  if (g_hash_table_size (self->last) >= SENDERS_MAX)
    g_hash_table_remove_all (self->last);
  g_hash_table_insert (self->last, g_strdup (sender), g_memdup2 (&number, sizeof number));
  return number > 0;
}

static void
signal_cb (GDBusConnection *bus,
           const char      *sender_name,
           const char      *path,
           const char      *interface,
           const char      *signal,
           GVariant        *parameters,
           gpointer         user_data)
{
  CrownBroadcastSync *self = user_data;
  g_autoptr (GVariant) body = NULL;
  const char *sender, *type;
  guint64 number;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE (SIGNATURE)) ||
      g_variant_get_size (parameters) > CROWN_BROADCAST_BODY_MAX)
    {
      self->n_ignored++;
      return;
    }

  g_variant_get (parameters, "(&st&sv)", &sender, &number, &type, &body);
  if (g_str_has_prefix (sender, process_id ())) /* handed over already */
    return;
  if (*type == '\0' || strlen (type) > CROWN_BROADCAST_TYPE_MAX || strlen (sender) > 128 || !is_new (self, sender, number))
    {
      self->n_ignored++;
      return;
    }
  g_signal_emit (self, signals[MESSAGE], 0, type, body);
}

/* Letters and digits stay, other bytes are _xx: a channel's name may hold anything, an object path may not. */
static char *
path_of (const char *channel)
{
  GString *path = g_string_new (PATH_PREFIX);

  for (const char *p = channel; *p != '\0'; p++)
    {
      if (g_ascii_isalnum (*p))
        g_string_append_c (path, *p);
      else
        g_string_append_printf (path, "_%02x", (guchar) *p);
    }
  return g_string_free (path, FALSE);
}

/**
 * crown_broadcast_sync_new:
 * @bus: (nullable): the session bus; %NULL where there is none: then only this process is reached
 * @channel: the channel's name, not empty
 *
 * Returns: (transfer full): a member of the channel, which hears what is posted from now on
 */
CrownBroadcastSync *
crown_broadcast_sync_new (GDBusConnection *bus,
                          const char      *channel)
{
  static int n_made;
  CrownBroadcastSync *self;

  g_return_val_if_fail (bus == NULL || G_IS_DBUS_CONNECTION (bus), NULL);
  g_return_val_if_fail (channel != NULL && *channel != '\0', NULL);

  self = g_object_new (CROWN_TYPE_BROADCAST_SYNC, NULL);
  self->channel = g_strdup (channel);
  self->path = path_of (channel);
  self->sender = g_strdup_printf ("%s.%d", process_id (), g_atomic_int_add (&n_made, 1));
  g_set_object (&self->bus, bus);
  if (bus != NULL)
    self->subscription = g_dbus_connection_signal_subscribe (bus, NULL, INTERFACE, "Message", self->path, NULL,
                                                             G_DBUS_SIGNAL_FLAGS_NONE, signal_cb, self, NULL);

  g_mutex_lock (&members_lock);
  if (members == NULL)
    members = g_ptr_array_new ();
  g_ptr_array_add (members, self);
  g_mutex_unlock (&members_lock);
  return self;
}

/**
 * crown_broadcast_sync_post:
 * @type: what kind of message, at most %CROWN_BROADCAST_TYPE_MAX bytes
 * @body: (transfer floating): what it says
 *
 * Tells everybody else on the channel. Never waits. A body that is longer than %CROWN_BROADCAST_BODY_MAX is told inside
 * the process only, with a warning: others would ignore it.
 */
void
crown_broadcast_sync_post (CrownBroadcastSync *self,
                           const char         *type,
                           GVariant           *body)
{
  g_autoptr (GVariant) owned = NULL;
  g_autoptr (GError) error = NULL;

  g_return_if_fail (CROWN_IS_BROADCAST_SYNC (self));
  g_return_if_fail (type != NULL && *type != '\0' && strlen (type) <= CROWN_BROADCAST_TYPE_MAX);
  g_return_if_fail (body != NULL);

  owned = g_variant_ref_sink (body);
  self->number++;

  g_mutex_lock (&members_lock);
  for (guint i = 0; i < members->len; i++)
    {
      CrownBroadcastSync *member = members->pdata[i];

      if (member != self && strcmp (member->channel, self->channel) == 0)
        hand_over (member, type, owned);
    }
  g_mutex_unlock (&members_lock);

  if (self->bus == NULL || g_dbus_connection_is_closed (self->bus))
    return;
  if (g_variant_get_size (owned) + 512 > CROWN_BROADCAST_BODY_MAX)
    g_warning ("%s: a message of %" G_GSIZE_FORMAT " bytes is too long for other processes", self->channel,
               g_variant_get_size (owned));
  else if (!g_dbus_connection_emit_signal (self->bus, NULL, self->path, INTERFACE, "Message",
                                           g_variant_new (SIGNATURE, self->sender, self->number, type, owned), &error))
    g_warning ("%s: other processes could not be told: %s", self->channel, error->message);
}

/**
 * crown_broadcast_sync_get_n_ignored:
 *
 * Returns: how many messages from the bus were malformed, too long or repeated
 */
guint64
crown_broadcast_sync_get_n_ignored (CrownBroadcastSync *self)
{
  g_return_val_if_fail (CROWN_IS_BROADCAST_SYNC (self), 0);

  return self->n_ignored;
}

static void
crown_broadcast_sync_dispose (GObject *object)
{
  CrownBroadcastSync *self = CROWN_BROADCAST_SYNC (object);

  g_mutex_lock (&members_lock);
  if (members != NULL)
    g_ptr_array_remove_fast (members, self);
  if (members != NULL && members->len == 0)
    g_clear_pointer (&members, g_ptr_array_unref);
  g_mutex_unlock (&members_lock);

  if (self->subscription != 0)
    g_dbus_connection_signal_unsubscribe (self->bus, self->subscription);
  self->subscription = 0;
  g_clear_object (&self->bus);

  if (self->delivery != NULL)
    g_source_destroy (self->delivery);
  g_clear_pointer (&self->delivery, g_source_unref);

  G_OBJECT_CLASS (crown_broadcast_sync_parent_class)->dispose (object);
}

static void
crown_broadcast_sync_finalize (GObject *object)
{
  CrownBroadcastSync *self = CROWN_BROADCAST_SYNC (object);

  g_queue_clear_full (&self->inbox, message_free);
  g_mutex_clear (&self->lock);
  g_clear_pointer (&self->last, g_hash_table_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->channel, g_free);
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->sender, g_free);

  G_OBJECT_CLASS (crown_broadcast_sync_parent_class)->finalize (object);
}

static void
crown_broadcast_sync_class_init (CrownBroadcastSyncClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = crown_broadcast_sync_dispose;
  object_class->finalize = crown_broadcast_sync_finalize;

  /**
   * CrownBroadcastSync::message:
   * @type: what kind of message
   * @body: what it says; from another process it has any shape, so check it
   */
  signals[MESSAGE] = g_signal_new ("message", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 2, G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE, G_TYPE_VARIANT);
}

static void
crown_broadcast_sync_init (CrownBroadcastSync *self)
{
  g_mutex_init (&self->lock);
  g_queue_init (&self->inbox);
  self->last = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->context = g_main_context_ref_thread_default ();
}
