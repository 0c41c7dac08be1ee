/* crown-backoff.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* delay = min(1000·2ⁿ, 30000) ms + jitter of ±20 % (specification, Reconnection Strategy).
 * @random: uniform in [0, 1); injected, so that a test decides. @attempt counts from 0. */
typedef double (*CrownRandomFunc) (gpointer user_data);
guint  crown_backoff_delay_ms (guint attempt, CrownRandomFunc random, gpointer user_data);
double crown_random_default   (gpointer unused);

G_END_DECLS
