/* crown-leader-election.h: which process holds the connection of one (server, user, workspace)
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define CROWN_TYPE_LEADER_ELECTION (crown_leader_election_get_type ())
G_DECLARE_FINAL_TYPE (CrownLeaderElection, crown_leader_election, CROWN, LEADER_ELECTION, GObject)

/* Property "leading" (gboolean, notify). Of one thread, with its thread-default main context. */
CrownLeaderElection *crown_leader_election_new        (GDBusConnection     *bus,
                                                       const char          *key);
gboolean             crown_leader_election_is_leading (CrownLeaderElection *self);
void                 crown_leader_election_resign     (CrownLeaderElection *self);

G_END_DECLS
