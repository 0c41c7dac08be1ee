/* crown-performance-monitor.h: how long things take that the specification sets a target for
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The rows of the specification's latency targets. */
typedef enum {
  CROWN_METRIC_PROPAGATION,  /* from a write here to the rows of its event being told: longer than from the server alone,
                                and measured by one clock */
  CROWN_METRIC_BOOTSTRAP,    /* from main() to the first painted rows */
  CROWN_METRIC_RECONNECTION, /* from the connection's loss, or the last attempt before it held, to live with the replay done */
  CROWN_METRIC_CACHE_READ,   /* one query or one row, on the interface's thread */
  CROWN_METRIC_SEQUENCING,   /* from an event's arrival to its rows being told */
  CROWN_N_METRICS,
} CrownMetric;

/* Times in microseconds. Percentiles are the upper end of a bucket: at most 6 % too high, never too low. */
typedef struct {
  guint64 count;
  gint64  last;
  gint64  median;
  gint64  p99;
  gint64  max;
  gint64  target;
} CrownMetricSummary;

/* Histograms of a process that any thread adds to without a lock: cheap enough to be always on. */
typedef struct _CrownPerformanceMonitor CrownPerformanceMonitor;

CrownPerformanceMonitor *crown_performance_monitor_new         (void);
void                     crown_performance_monitor_free        (CrownPerformanceMonitor *self);
/* (transfer none): that of this process */
CrownPerformanceMonitor *crown_performance_monitor_get_default (void);
/* What is below 0 (the clocks of two computers) counts as 0. */
void                     crown_performance_monitor_record      (CrownPerformanceMonitor *self, CrownMetric metric, gint64 us);
void                     crown_performance_monitor_summarize   (CrownPerformanceMonitor *self, CrownMetric metric,
                                                                CrownMetricSummary *summary);
/* "propagation" …, for reports */
const char              *crown_metric_get_name                 (CrownMetric metric);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownPerformanceMonitor, crown_performance_monitor_free)

G_END_DECLS
