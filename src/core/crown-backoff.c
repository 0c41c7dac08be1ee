/* crown-backoff.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-core"

#include "crown-backoff.h"

#include "crown-limits.h"

/**
 * crown_backoff_delay_ms:
 * @attempt: from 0
 * @random: uniform in [0, 1)
 *
 * The specification's Exponential Backoff Formula: min(baseDelay · 2ⁿ, maxDelay) + random(−20 %, +20 %) of it.
 *
 * Returns: milliseconds to wait
 */
guint
crown_backoff_delay_ms (guint           attempt,
                        CrownRandomFunc random,
                        gpointer        user_data)
{
  /* 2^15 s is far above the cap already: no shift overflows. */
  guint delay = MIN ((guint) CROWN_BACKOFF_BASE_MS << MIN (attempt, 15), CROWN_BACKOFF_MAX_MS);
  double jitter = (2 * random (user_data) - 1) * CROWN_BACKOFF_JITTER;

  return (guint) (delay * (1 + jitter) + 0.5);
}

double
crown_random_default (gpointer unused)
{
  return g_random_double ();
}
