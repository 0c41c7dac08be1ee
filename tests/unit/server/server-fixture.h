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
  gint64               now_us;  /* of the sequencer's clock */
  gint64               step_us; /* by which it goes on whenever it is asked */
} ServerFixture;

/* A test's data where it is for that ledger; NULL: SQLite. */
extern const char SERVER_FIXTURE_POSTGRESQL[];

/* Adds @func for every kind of ledger that is built: @path, and /postgresql@path. */
void       server_fixture_add       (const char *path, void (*func) (ServerFixture *self, gconstpointer kind));
/* g_test_run(), and the end of what the fixtures have begun. */
int        server_fixture_run       (void);
gboolean   server_fixture_is_file   (ServerFixture *self);
void       server_fixture_set_up    (ServerFixture *self, gconstpointer kind);
void       server_fixture_tear_down (ServerFixture *self, gconstpointer unused);
/* Runs @sql on the ledger's file behind its back. */
void       server_fixture_tamper    (ServerFixture *self, const char *sql);
/* What SQLite does by itself when the disk is full in the middle of a transaction. */
void       server_fixture_break_transaction (ServerFixture *self);

gint64     server_fixture_add_meeting (ServerFixture *self, guint n_tasks);
void       server_fixture_tick        (ServerFixture *self, gint64 task_id);
GPtrArray *server_fixture_commit      (CrownEventWrite *write);

G_END_DECLS
