/* crown-rate-limiter.h: how often each token may ask
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "core/crown-clock.h"

G_BEGIN_DECLS

/* A bucket a key: it holds @burst requests and is refilled by @per_second of them. One thread. */
typedef struct _CrownRateLimiter CrownRateLimiter;

CrownRateLimiter *crown_rate_limiter_new  (double per_second, double burst, const CrownClock *clock);
void              crown_rate_limiter_free (CrownRateLimiter *self);
gboolean          crown_rate_limiter_take (CrownRateLimiter *self, gint64 key, double cost, guint *retry_after_ms);
guint             crown_rate_limiter_get_n_keys (CrownRateLimiter *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownRateLimiter, crown_rate_limiter_free)

G_END_DECLS
