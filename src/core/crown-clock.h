/* crown-clock.h: time, injected
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A clock is two functions; %NULL anywhere a clock is taken means the system's. */
typedef struct {
  gint64 (*now_us)       (gpointer user_data); /* real time, microseconds since 1970 */
  gint64 (*monotonic_us) (gpointer user_data);
  gpointer user_data;
} CrownClock;

gint64 crown_clock_now_us       (const CrownClock *clock);
gint64 crown_clock_monotonic_us (const CrownClock *clock);
/* "2025-10-28T03:00:00Z" of real time; (transfer full) */
char  *crown_clock_now_iso      (const CrownClock *clock);
char  *crown_time_format_iso    (gint64 unix_us);
/* RFC 3339 with any offset; FALSE if it is none */
gboolean crown_time_parse_iso   (const char *text, gint64 *unix_us);

G_END_DECLS
