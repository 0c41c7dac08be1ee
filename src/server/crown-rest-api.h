/* crown-rest-api.h: the server's REST interface, /api/v1
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <libsoup/soup.h>

#include "crown-assistant.h"
#include "crown-authenticator.h"
#include "crown-rate-limiter.h"
#include "crown-event-sequencer.h"

G_BEGIN_DECLS

#define CROWN_TYPE_REST_API (crown_rest_api_get_type ())
G_DECLARE_FINAL_TYPE (CrownRestApi, crown_rest_api, CROWN, REST_API, GObject)

CrownRestApi *crown_rest_api_new (SoupServer          *soup,
                                  CrownEventSequencer *sequencer,
                                  CrownAuthenticator  *authenticator,
                                  CrownRateLimiter    *limiter);
/* (nullable): the pattern of the route that @message was for, such as `workspaces/{w}/tasks` */
const char   *crown_rest_api_get_route (SoupServerMessage *message);
guint         crown_rest_api_get_n_preparing (CrownRestApi *self);
void          crown_rest_api_set_assistant (CrownRestApi    *self,
                                            CrownAssistant  *assistant);
void          crown_rest_api_stop      (CrownRestApi      *self);

G_END_DECLS
