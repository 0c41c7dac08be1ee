/* crown-sqlite-ledger.h: the ledger in one SQLite file
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-event-ledger.h"

G_BEGIN_DECLS

#define CROWN_TYPE_SQLITE_LEDGER (crown_sqlite_ledger_get_type ())
G_DECLARE_FINAL_TYPE (CrownSqliteLedger, crown_sqlite_ledger, CROWN, SQLITE_LEDGER, GObject)

CrownSqliteLedger *crown_sqlite_ledger_open (const char  *path,
                                             GError     **error);

G_END_DECLS
