/* crown-rate-limiter.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-rate-limiter.h"

#include <math.h>

/* ms that sums of doubles may be off by */
#define ROUNDING 1e-6
/* Buckets that are full again say nothing and are let go of, this often. */
#define SWEEP_INTERVAL_US (60 * G_USEC_PER_SEC)

typedef struct {
  gint64 key;
  double left;
  gint64 at_us; /* when @left was right */
} Bucket;

struct _CrownRateLimiter
{
  double      per_second;
  double      burst;
  CrownClock  clock;
  gboolean    has_clock;
  GHashTable *buckets; /* key → Bucket */
  gint64      swept_us;
};

/**
 * crown_rate_limiter_new:
 * @per_second: above 0
 * @burst: requests that may come at once, at least 1
 * @clock: (nullable): it is copied; only its monotonic time is asked for
 *
 * Returns: (transfer full): a limiter whose buckets are full
 */
CrownRateLimiter *
crown_rate_limiter_new (double            per_second,
                        double            burst,
                        const CrownClock *clock)
{
  CrownRateLimiter *self = g_new0 (CrownRateLimiter, 1);

  self->per_second = per_second;
  self->burst = burst;
  if (clock != NULL)
    {
      self->clock = *clock;
      self->has_clock = TRUE;
    }
  self->buckets = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
  self->swept_us = crown_clock_monotonic_us (clock);
  return self;
}

void
crown_rate_limiter_free (CrownRateLimiter *self)
{
  g_hash_table_unref (self->buckets);
  g_free (self);
}

static void
refill (CrownRateLimiter *self,
        Bucket           *bucket,
        gint64            now)
{
  bucket->left = MIN (self->burst, bucket->left + (double) (now - bucket->at_us) / G_USEC_PER_SEC * self->per_second);
  bucket->at_us = now;
}

static void
sweep (CrownRateLimiter *self,
       gint64            now)
{
  GHashTableIter iter;
  gpointer value;

  if (now - self->swept_us < SWEEP_INTERVAL_US)
    return;

  self->swept_us = now;
  g_hash_table_iter_init (&iter, self->buckets);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      refill (self, value, now);
      if (((Bucket *) value)->left >= self->burst)
        g_hash_table_iter_remove (&iter);
    }
}

/**
 * crown_rate_limiter_take:
 * @key: whose bucket
 * @cost: how many requests this one counts for
 * @retry_after_ms: (out) (optional): when there is enough for it, if it is refused
 *
 * Returns: %TRUE if it may be done
 */
gboolean
crown_rate_limiter_take (CrownRateLimiter *self,
                         gint64            key,
                         double            cost,
                         guint            *retry_after_ms)
{
  gint64 now = crown_clock_monotonic_us (self->has_clock ? &self->clock : NULL);
  Bucket *bucket;

  sweep (self, now);
  bucket = g_hash_table_lookup (self->buckets, &key);
  if (bucket == NULL)
    {
      bucket = g_new (Bucket, 1);
      *bucket = (Bucket) { key, self->burst, now };
      g_hash_table_insert (self->buckets, &bucket->key, bucket);
    }

  refill (self, bucket, now);
  cost = MIN (cost, self->burst);
  if (bucket->left >= cost)
    {
      bucket->left -= cost;
      return TRUE;
    }

  if (retry_after_ms != NULL)
    *retry_after_ms = (guint) ceil ((cost - bucket->left) / self->per_second * 1000 - ROUNDING);
  return FALSE;
}

guint
crown_rate_limiter_get_n_keys (CrownRateLimiter *self)
{
  return g_hash_table_size (self->buckets);
}
