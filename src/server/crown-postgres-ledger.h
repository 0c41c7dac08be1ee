/* crown-postgres-ledger.h: the ledger in a PostgreSQL database
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-event-ledger.h"

G_BEGIN_DECLS

#define CROWN_TYPE_POSTGRES_LEDGER (crown_postgres_ledger_get_type ())
G_DECLARE_FINAL_TYPE (CrownPostgresLedger, crown_postgres_ledger, CROWN, POSTGRES_LEDGER, GObject)

CrownPostgresLedger *crown_postgres_ledger_open (const char  *uri,
                                                 GError     **error);

G_END_DECLS
