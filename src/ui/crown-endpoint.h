/* crown-endpoint.h: the endpoint that a person has named for the minutes
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "server/crown-server.h"

G_BEGIN_DECLS

#define CROWN_TYPE_ENDPOINT (crown_endpoint_get_type ())
G_DECLARE_FINAL_TYPE (CrownEndpoint, crown_endpoint, CROWN, ENDPOINT, GObject)

/* Signals of CrownEndpoint:
 *  void "applied" (const char *problem)   (nullable): the settings are in force, or why they cannot be
 */
CrownEndpoint *crown_endpoint_new              (GSettings           *settings,
                                                CrownServer         *server);
void           crown_endpoint_store_key        (CrownEndpoint       *self,
                                                const char          *key,
                                                GCancellable        *cancellable,
                                                GAsyncReadyCallback  callback,
                                                gpointer             user_data);
gboolean       crown_endpoint_store_key_finish (CrownEndpoint       *self,
                                                GAsyncResult        *result,
                                                GError             **error);

G_END_DECLS
