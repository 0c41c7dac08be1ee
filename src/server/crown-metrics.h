/* crown-metrics.h: what the server counts of itself, as Prometheus reads it
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

#include "core/crown-event-catalogue.h"

G_BEGIN_DECLS

/* Of the server's thread. Counting is an addition; text is made when somebody asks. */
typedef struct _CrownMetrics CrownMetrics;

/* What only goes up. */
typedef enum {
  CROWN_COUNT_DELIVERIES,    /* frames given to sockets */
  CROWN_COUNT_REPLAYS,       /* pages */
  CROWN_COUNT_RATE_LIMITED,  /* requests refused */
  CROWN_COUNT_REVOKED,       /* sockets cut because their token was revoked */
  CROWN_COUNT_DELETED,       /* events that retention deleted */
  CROWN_COUNT_EMPTIED,       /* superseded events that retention left only their number */
  CROWN_N_COUNTS,
} CrownCount;

/* What is what it is at the moment, asked for when the text is made. */
typedef struct {
  guint   connections;       /* Socket.IO */
  guint   http_connections;
  guint64 refused;           /* HTTP connections, for being slow or too many; only goes up */
  guint64 drops;             /* Socket.IO connections, because they did not read; only goes up */
  guint   rooms;
  guint   members;           /* sockets that have joined */
  gsize   queued_bytes;
} CrownGauges;

CrownMetrics *crown_metrics_new              (void);
void          crown_metrics_free             (CrownMetrics *self);
void          crown_metrics_count            (CrownMetrics *self, CrownCount count, guint64 n);
void          crown_metrics_count_event      (CrownMetrics *self, CrownEventType type);
void          crown_metrics_count_request    (CrownMetrics *self, const char *method, const char *route, guint status);
/* One commit: how long it took, and how many writes and events shared it. */
void          crown_metrics_observe_commit   (CrownMetrics *self, double seconds, guint writes, guint events);
/* How long a write waited from its beginning to the disk. */
void          crown_metrics_observe_write    (CrownMetrics *self, double seconds);
/* Prometheus' text format, version 0.0.4. (transfer full) */
char         *crown_metrics_to_text          (CrownMetrics *self, const CrownGauges *gauges);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownMetrics, crown_metrics_free)

G_END_DECLS
