/* crown-performance-monitor.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-performance-monitor.h"

#include "core/crown-limits.h"

/* A bucket is a sixteenth of a power of two wide. */
#define FINE_BITS  4
#define FINE       (1 << FINE_BITS)
#define TOP_BIT    37 /* 2^37 µs are 38 hours: longer ones are counted as that */
#define N_BUCKETS  ((TOP_BIT - FINE_BITS + 1) * FINE)
#define LONGEST_US ((G_GINT64_CONSTANT (1) << TOP_BIT) - 1)

typedef struct {
  guint  buckets[N_BUCKETS];
  gint64 last;
  gint64 max;
} Histogram;

struct _CrownPerformanceMonitor
{
  Histogram histograms[CROWN_N_METRICS];
};

static const struct {
  const char *name;
  gint64      target_ms;
} metrics[CROWN_N_METRICS] = {
  [CROWN_METRIC_PROPAGATION]  = { "propagation", CROWN_TARGET_PROPAGATION_MS },
  [CROWN_METRIC_BOOTSTRAP]    = { "bootstrap", CROWN_TARGET_BOOTSTRAP_MS },
  [CROWN_METRIC_RECONNECTION] = { "reconnection", CROWN_TARGET_RECONNECTION_MS },
  [CROWN_METRIC_CACHE_READ]   = { "cache_read", CROWN_TARGET_CACHE_READ_MS },
  [CROWN_METRIC_SEQUENCING]   = { "sequencing", CROWN_TARGET_SEQUENCING_MS },
};

CrownPerformanceMonitor *
crown_performance_monitor_new (void)
{
  return g_new0 (CrownPerformanceMonitor, 1);
}

void
crown_performance_monitor_free (CrownPerformanceMonitor *self)
{
  g_free (self);
}

CrownPerformanceMonitor *
crown_performance_monitor_get_default (void)
{
  static CrownPerformanceMonitor monitor;

  return &monitor;
}

static guint
bucket_of (gint64 us)
{
  guint bits;

  if (us < FINE)
    return (guint) us;
  bits = g_bit_storage ((gulong) us) - 1;
  return (bits - FINE_BITS + 1) * FINE + (guint) ((us >> (bits - FINE_BITS)) & (FINE - 1));
}

/* The longest time that falls into the bucket. */
static gint64
end_of (guint bucket)
{
  guint bits = bucket / FINE + FINE_BITS - 1;

  if (bucket < FINE)
    return bucket;
  return (((gint64) FINE + bucket % FINE + 1) << (bits - FINE_BITS)) - 1;
}

void
crown_performance_monitor_record (CrownPerformanceMonitor *self,
                                  CrownMetric              metric,
                                  gint64                   us)
{
  Histogram *histogram = &self->histograms[metric];
  gint64 max;

  us = CLAMP (us, 0, LONGEST_US);
  g_atomic_int_inc (&histogram->buckets[bucket_of (us)]);
  __atomic_store_n (&histogram->last, us, __ATOMIC_RELAXED);
  max = __atomic_load_n (&histogram->max, __ATOMIC_RELAXED);
  while (us > max &&
         !__atomic_compare_exchange_n (&histogram->max, &max, us, TRUE, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
    ;
}

static gint64
percentile (const guint *counts,
            guint64      total,
            guint        per_mille,
            gint64       max)
{
  guint64 rank = (total * per_mille + 999) / 1000, seen = 0;

  for (guint i = 0; i < N_BUCKETS; i++)
    if ((seen += counts[i]) >= rank)
      return MIN (end_of (i), max);
  return max;
}

void
crown_performance_monitor_summarize (CrownPerformanceMonitor *self,
                                     CrownMetric              metric,
                                     CrownMetricSummary      *summary)
{
  Histogram *histogram = &self->histograms[metric];
  guint counts[N_BUCKETS];

  *summary = (CrownMetricSummary) { .target = metrics[metric].target_ms * 1000 };
  for (guint i = 0; i < N_BUCKETS; i++)
    {
      counts[i] = (guint) g_atomic_int_get (&histogram->buckets[i]);
      summary->count += counts[i];
    }
  if (summary->count == 0)
    return;
  summary->last = __atomic_load_n (&histogram->last, __ATOMIC_RELAXED);
  summary->max = __atomic_load_n (&histogram->max, __ATOMIC_RELAXED);
  summary->median = percentile (counts, summary->count, 500, summary->max);
  summary->p99 = percentile (counts, summary->count, 990, summary->max);
}

const char *
crown_metric_get_name (CrownMetric metric)
{
  return metrics[metric].name;
}
