/* crown-metrics-endpoint.h: GET /metrics
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <libsoup/soup.h>

#include "crown-authenticator.h"
#include "crown-metrics.h"

G_BEGIN_DECLS

typedef void (*CrownGaugesFunc) (CrownGauges *gauges, gpointer user_data);

typedef struct _CrownMetricsEndpoint CrownMetricsEndpoint;

CrownMetricsEndpoint *crown_metrics_endpoint_new  (SoupServer         *soup,
                                                   CrownMetrics       *metrics,
                                                   CrownAuthenticator *authenticator,
                                                   CrownGaugesFunc     gauges,
                                                   gpointer            user_data);
void                  crown_metrics_endpoint_free (CrownMetricsEndpoint *self);

G_END_DECLS
