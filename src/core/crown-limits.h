/* crown-limits.h: the numbers of the specification, each with its source
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#define CROWN_BACKOFF_BASE_MS          1000   /* specification: baseDelay */
#define CROWN_BACKOFF_MAX_MS           30000  /* specification: maxDelay */
#define CROWN_BACKOFF_JITTER           0.2    /* specification: ±20 % */
#define CROWN_EVENT_BUFFER_MAX         100    /* specification: Event Buffer, FIFO with overflow */
#define CROWN_GAP_REPLAY_MS            250    /* protocol: a gap older than this asks for a replay */
#define CROWN_REPLAY_PAGE_MAX          1000   /* protocol: events a replay page */
#define CROWN_ROOM_CONNECTIONS_MAX     1000   /* specification: WebSocket Rooms */
#define CROWN_STALE_SECONDS            86400  /* specification: Staleness Threshold, 24 h */
#define CROWN_PURGE_INTERVAL_SECONDS   3600   /* specification: Purge Interval */
#define CROWN_CACHE_MAX_BYTES          (50 * 1024 * 1024) /* specification: Max Cache Size a workspace */
#define CROWN_IDLE_SYNC_SECONDS        30     /* specification: DASHBOARD_IDLE_SYNC */
#define CROWN_REMINDER_THROTTLE_SECONDS 86400 /* specification: INSIGHT_REMINDER, 24 h */
#define CROWN_IDEMPOTENCY_SECONDS      (30 * 86400) /* protocol: 24 h at least; so long a client may be away with a write whose
                                                  answer was lost, or the clock be wrong, and it is still done once */
#define CROWN_TARGET_PROPAGATION_MS    300    /* specification: Latency Targets */
#define CROWN_TARGET_BOOTSTRAP_MS      200    /* specification: Latency Targets */
#define CROWN_TARGET_RECONNECTION_MS   5000   /* specification: Latency Targets */
#define CROWN_TARGET_CACHE_READ_MS     10     /* specification: Latency Targets */
#define CROWN_TARGET_SEQUENCING_MS     50     /* specification: Latency Targets */
#define CROWN_DIGEST_BUCKETS           256    /* protocol: buckets of a store's digest */
#define CROWN_PING_INTERVAL_MS         25000  /* Engine.IO's default */
#define CROWN_PING_TIMEOUT_MS          20000  /* Engine.IO's default */
#define CROWN_MAX_PAYLOAD              1000000 /* Engine.IO's default, bytes */
#define CROWN_IMPORT_MAX_BYTES         (16 * 1024 * 1024) /* a ten-hour transcript is under 2 MB */
#define CROWN_LIVE_REFRESH_SECONDS     5      /* analytics of a meeting that goes on, at most once in */
#define CROWN_JSON_DEPTH_MAX           64     /* nesting accepted from outside */
