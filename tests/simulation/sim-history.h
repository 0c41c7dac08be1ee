/* sim-history.h: what the server has committed, event by event: what is true
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "server/crown-event-ledger.h"
#include "sim-world.h"

G_BEGIN_DECLS

/* The rows that a cache must have at one position. */
typedef struct {
  char       *epoch;
  guint64     sequence;
  GHashTable *rows;     /* "store/id" → checksum */
} SimExpected;

/* The workspace's is the one that most is about; the user's carries reminders. */
typedef enum { SIM_STREAM_WORKSPACE, SIM_STREAM_USER } SimStream;

SimHistory *sim_history_new             (void);
void        sim_history_free            (SimHistory *self);
void        sim_history_begin           (SimHistory *self, const char *epoch);
void        sim_history_record          (SimHistory *self, SimWorld *world, const CrownLedgerEvent *event);
guint64     sim_history_get_head        (SimHistory *self, SimStream stream);
const char *sim_history_get_epoch       (SimHistory *self);
void        sim_history_back_up         (SimHistory *self);
/* The next epoch that is seen goes on from the backup. */
void        sim_history_restore         (SimHistory *self);
void        sim_history_see_epoch       (SimHistory *self, const char *epoch);
/* How often a write is in the ledger of @epoch as an event of @type, and where first. */
guint       sim_history_count           (SimHistory *self, const char *epoch, const char *mutation_id, CrownEventType type,
                                         guint64 *sequence);
void        sim_expected_clear          (SimExpected *self);
/* FALSE: no ledger ever was there. */
gboolean    sim_history_expect          (SimHistory *self, const char *epoch, guint64 sequence, SimExpected *expected);
/* @checksum: (out) (nullable): of the row of reminders; NULL: there is none. FALSE: no ledger ever was there. */
gboolean    sim_history_expect_reminders (SimHistory *self, const char *epoch, guint64 sequence, const char **checksum);

G_END_DECLS
