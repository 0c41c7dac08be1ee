/* crown-bench.h: what the benchmarks share: --quick, a clock, rows as an import makes them, one line of JSON a figure
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CROWN_BENCH_NO_FLOOR (-1.0)

/* Reads the command line, exits on --help and wrong use. Returns: whether --quick was given: a bounded smoke. */
gboolean crown_bench_init         (int *argc, char ***argv);
gint64   crown_bench_now_ns       (void); /* monotonic */
/* @value is the figure, @floor what it has to reach: from above for rates (`…/s`), from below for times and ratios;
 * @n: how many operations were measured */
void     crown_bench_print        (const char *bench, double value, const char *unit, double floor, guint64 n);
/* Sorts @times (element-type gint64, ns) and returns the one that @percent of them do not exceed, in µs. */
double   crown_bench_percentile   (GArray *times, guint percent);
/* JSON text of a row as an imported transcript leaves it: a task is pending, and one of three has a date. Another @revision
 * makes the same row another one: a quarter of the tasks are completed in it. */
char    *crown_bench_meeting_text (guint id, guint revision);
char    *crown_bench_task_text    (guint id, guint session_id, guint revision);

G_END_DECLS
