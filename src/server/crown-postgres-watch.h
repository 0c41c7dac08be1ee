/* crown-postgres-watch.h: what other servers of the same database commit, and leases among them
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "server/crown-event-ledger.h"
#include "storage/crown-postgres.h"

G_BEGIN_DECLS

typedef struct _CrownPostgresWatch CrownPostgresWatch;

/* @writer: (transfer none): whose commits need not be told, because they are known; outlives the watch, which works in
 * the thread's main context */
CrownPostgresWatch *crown_postgres_watch_new     (const char *uri, CrownPostgres *writer, CrownLedgerWatchFunc func,
                                                  gpointer user_data, GError **error);
void                crown_postgres_watch_free    (CrownPostgresWatch *self);
/* As crown_event_ledger_claim() and crown_event_ledger_release(). */
gboolean            crown_postgres_watch_claim   (CrownPostgresWatch *self, gint64 workspace_id, gboolean *claimed,
                                                  GError **error);
void                crown_postgres_watch_release (CrownPostgresWatch *self, gint64 workspace_id);

G_END_DECLS
