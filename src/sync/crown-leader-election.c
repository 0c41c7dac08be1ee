/* crown-leader-election.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-sync"

#include "crown-leader-election.h"

#define NAME_PREFIX "org.crown4.Dashboard.Leader.k" /* PROTOCOL.md, D-Bus; a bus name's part must not begin with a digit */

/**
 * CrownLeaderElection:
 *
 * A queue for a name on the session bus: who owns it leads, the others wait for it in the order they came. The bus frees
 * the name of a process that ends, however it ends, and gives it to the next.
 *
 * Without a bus there is nobody to queue with, and the process leads.
 */
struct _CrownLeaderElection
{
  GObject   parent_instance;

  guint     owner_id; /* 0: resigned, or no bus */
  gboolean  leading;
};

enum {
  PROP_0,
  PROP_LEADING,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (CrownLeaderElection, crown_leader_election, G_TYPE_OBJECT)

static void
set_leading (CrownLeaderElection *self,
             gboolean             leading)
{
  if (self->leading == leading)
    return;

  self->leading = leading;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LEADING]);
}

static void
name_acquired_cb (GDBusConnection *bus,
                  const char      *name,
                  gpointer         user_data)
{
  g_debug ("leading as %s", name);
  set_leading (user_data, TRUE);
}

/* Also told at the start to those who have to queue, and with no bus when the bus goes. */
static void
name_lost_cb (GDBusConnection *bus,
              const char      *name,
              gpointer         user_data)
{
  CrownLeaderElection *self = user_data;

  if (self->leading && (bus == NULL || g_dbus_connection_is_closed (bus))) /* nobody is left to give it to */
    return;
  g_debug ("not leading %s", name);
  set_leading (self, FALSE);
}

/**
 * crown_leader_election_new:
 * @bus: (nullable): the session bus
 * @key: what is led, such as the cache's folder; the name on the bus holds only its hash
 *
 * Returns: (transfer full): a candidate that queues for the name from now on
 */
CrownLeaderElection *
crown_leader_election_new (GDBusConnection *bus,
                           const char      *key)
{
  CrownLeaderElection *self;
  g_autofree char *hash = NULL;
  g_autofree char *name = NULL;

  g_return_val_if_fail (bus == NULL || G_IS_DBUS_CONNECTION (bus), NULL);
  g_return_val_if_fail (key != NULL, NULL);

  self = g_object_new (CROWN_TYPE_LEADER_ELECTION, NULL);
  if (bus == NULL)
    {
      self->leading = TRUE;
      return self;
    }

  hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, key, -1);
  name = g_strdup_printf (NAME_PREFIX "%.32s", hash);
  self->owner_id = g_bus_own_name_on_connection (bus, name, G_BUS_NAME_OWNER_FLAGS_NONE, name_acquired_cb, name_lost_cb,
                                                 self, NULL);
  return self;
}

gboolean
crown_leader_election_is_leading (CrownLeaderElection *self)
{
  g_return_val_if_fail (CROWN_IS_LEADER_ELECTION (self), FALSE);

  return self->leading;
}

/**
 * crown_leader_election_resign:
 *
 * Leaves the queue; who led gives the name to the next. Call it when what only a leader does has ended.
 */
void
crown_leader_election_resign (CrownLeaderElection *self)
{
  g_return_if_fail (CROWN_IS_LEADER_ELECTION (self));

  if (self->owner_id != 0)
    g_bus_unown_name (self->owner_id);
  self->owner_id = 0;
  set_leading (self, FALSE);
}

static void
crown_leader_election_dispose (GObject *object)
{
  CrownLeaderElection *self = CROWN_LEADER_ELECTION (object);

  if (self->owner_id != 0)
    g_bus_unown_name (self->owner_id);
  self->owner_id = 0;

  G_OBJECT_CLASS (crown_leader_election_parent_class)->dispose (object);
}

static void
crown_leader_election_get_property (GObject    *object,
                                    guint       prop_id,
                                    GValue     *value,
                                    GParamSpec *pspec)
{
  CrownLeaderElection *self = CROWN_LEADER_ELECTION (object);

  switch (prop_id)
    {
    case PROP_LEADING:
      g_value_set_boolean (value, self->leading);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
crown_leader_election_class_init (CrownLeaderElectionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = crown_leader_election_dispose;
  object_class->get_property = crown_leader_election_get_property;

  properties[PROP_LEADING] = g_param_spec_boolean ("leading", NULL, NULL, FALSE,
                                                   G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
crown_leader_election_init (CrownLeaderElection *self)
{
}
