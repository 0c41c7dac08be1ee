/* crown-sqlite-ledger-private.h: the parts of the SQLite ledger
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "storage/crown-sqlite.h"
#include "crown-sqlite-ledger.h"

G_BEGIN_DECLS

struct _CrownSqliteLedger
{
  GObject                 parent_instance;

  CrownSqlite            *db;
  CrownSqliteTransaction  transaction; /* its db is NULL outside of one */
  char                   *epoch;
};

/* Events and rows are in crown-sqlite-ledger.c, accounts and answers in crown-sqlite-ledger-accounts.c. */
void crown_sqlite_ledger_init_accounts (CrownEventLedgerInterface *iface);

G_END_DECLS
