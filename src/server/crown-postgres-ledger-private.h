/* crown-postgres-ledger-private.h: the parts of the PostgreSQL ledger
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "server/crown-postgres-ledger.h"
#include "server/crown-postgres-watch.h"
#include "storage/crown-postgres.h"

G_BEGIN_DECLS

struct _CrownPostgresLedger
{
  GObject        parent_instance;

  char               *uri;
  CrownPostgresWatch *watch; /* (nullable) */
  CrownPostgres *db;
  CrownPostgres *read_db;  /* what is committed, while a batch is open on the other */
  gboolean       in_batch;
  gboolean       writing;  /* a write of the batch is open */
  gboolean       reading;  /* a reading transaction is open */
  gboolean       replaced; /* another history was found behind the URI */
  guint          kept;     /* writes of the batch that ended well */
  char          *epoch;
};

/* Events and rows are in crown-postgres-ledger.c, accounts and answers in crown-postgres-ledger-accounts.c, where meetings
 * came from in crown-postgres-ledger-imports.c. */
/* In a write its own connection, otherwise the one that sees what is committed; connected again where it broke. */
CrownPostgres *crown_postgres_ledger_reader (CrownPostgresLedger *self, GError **error);
/* The connection of writes, whether a batch is open or not. */
CrownPostgres *crown_postgres_ledger_writer (CrownPostgresLedger *self, GError **error);
void crown_postgres_ledger_init_accounts (CrownEventLedgerInterface *iface);
void crown_postgres_ledger_init_imports (CrownEventLedgerInterface *iface);

G_END_DECLS
