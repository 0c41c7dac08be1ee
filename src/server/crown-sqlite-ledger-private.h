/* crown-sqlite-ledger-private.h: the parts of the SQLite ledger
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "storage/crown-sqlite.h"
#include "server/crown-sqlite-ledger.h"

G_BEGIN_DECLS

struct _CrownSqliteLedger
{
  GObject                 parent_instance;

  CrownSqlite            *db;
  CrownSqlite            *read_db; /* what is committed, while a batch is open on the other */
  CrownSqliteTransaction  batch;   /* its db is NULL outside of one */
  CrownSqliteTransaction  read;
  gboolean                writing; /* a write of the batch is open */
  guint                   kept;    /* writes of the batch that ended well */
  char                   *epoch;
};

/* Events and rows are in crown-sqlite-ledger.c, accounts and answers in crown-sqlite-ledger-accounts.c, where meetings came
 * from in crown-sqlite-ledger-imports.c. */
/* In a write its own connection, otherwise the one that sees what is committed. */
CrownSqlite *crown_sqlite_ledger_reader (CrownSqliteLedger *self);
void crown_sqlite_ledger_init_accounts (CrownEventLedgerInterface *iface);
void crown_sqlite_ledger_init_imports (CrownEventLedgerInterface *iface);

G_END_DECLS
