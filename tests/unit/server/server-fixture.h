/* server-fixture.h: a ledger in a folder of its own, and what the tests of the server do with it
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "server/crown-event-sequencer.h"

G_BEGIN_DECLS

typedef struct {
  char                *folder;
  char                *path;
  char                *uri;
  CrownEventLedger    *ledger;
  CrownEventSequencer *sequencer;
  CrownPrincipal       who;
} ServerFixture;

void       server_fixture_set_up    (ServerFixture *self, gconstpointer unused);
void       server_fixture_tear_down (ServerFixture *self, gconstpointer unused);
/* Runs @sql on the ledger's file behind its back. */
void       server_fixture_tamper    (ServerFixture *self, const char *sql);

gint64     server_fixture_add_meeting (ServerFixture *self, guint n_tasks);
void       server_fixture_tick        (ServerFixture *self, gint64 task_id);
GPtrArray *server_fixture_commit      (CrownEventWrite *write);

G_END_DECLS
