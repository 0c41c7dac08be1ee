/* crown-ledger-verifier.h: proves that a ledger is what it says
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-event-ledger.h"

G_BEGIN_DECLS

/**
 * CrownLedgerReport:
 *
 * What was looked at.
 */
typedef struct {
  guint   n_streams;
  guint64 n_events;
  guint64 n_rows;
} CrownLedgerReport;

gboolean crown_ledger_verify (CrownEventLedger   *ledger,
                              CrownLedgerReport  *report,
                              GError            **error);

G_END_DECLS
