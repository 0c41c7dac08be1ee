/* crown-metrics-endpoint.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-metrics-endpoint.h"

#include "crown-rest-api.h"
#include "crown-rest-private.h"
#include "crown-server-error.h"

#include <string.h>

#define TOO_MANY_REQUESTS 429 /* RFC 6585; libsoup has no name for it */
#define CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct _CrownMetricsEndpoint
{
  SoupServer         *soup;
  CrownMetrics       *metrics;
  CrownAuthenticator *authenticator;
  CrownGaugesFunc     gauges;
  gpointer            user_data;
};

/* This machine's own agent, but not what a proxy on it lets through from elsewhere. */
static gboolean
is_local (SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  GSocketAddress *remote = soup_server_message_get_remote_address (message);

  return G_IS_INET_SOCKET_ADDRESS (remote) &&
         g_inet_address_get_is_loopback (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (remote))) &&
         soup_message_headers_get_list (headers, "X-Forwarded-For") == NULL &&
         soup_message_headers_get_list (headers, "Forwarded") == NULL;
}

static gboolean
is_admin (CrownMetricsEndpoint *self,
          SoupServerMessage    *message)
{
  const char *header = soup_message_headers_get_one (soup_server_message_get_request_headers (message), "Authorization");
  CrownPrincipal who;

  return header != NULL && g_ascii_strncasecmp (header, "Bearer ", strlen ("Bearer ")) == 0 &&
         crown_authenticator_check (self->authenticator, header + strlen ("Bearer "), &who, NULL) &&
         who.role >= CROWN_ROLE_ADMIN;
}

static void
on_metrics (SoupServer        *soup,
            SoupServerMessage *message,
            const char        *path,
            GHashTable        *query,
            gpointer           user_data)
{
  CrownMetricsEndpoint *self = user_data;
  CrownGauges gauges = { 0 };
  char *text;

  if (!is_local (message) && !is_admin (self, message))
    {
      g_autoptr (GError) error = g_error_new_literal (CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_FORBIDDEN,
                                                      "This is for this computer, and for admins");

      crown_rest_respond_error (message, error);
      return;
    }
  if (!crown_rest_admit_get (message, path, "/metrics"))
    return;

  self->gauges (&gauges, self->user_data);
  text = crown_metrics_to_text (self->metrics, &gauges);
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_server_message_set_response (message, CONTENT_TYPE, SOUP_MEMORY_TAKE, text, strlen (text));
}

static void
on_request_finished (SoupServer        *soup,
                     SoupServerMessage *message,
                     gpointer           user_data)
{
  CrownMetricsEndpoint *self = user_data;
  const char *route = crown_rest_api_get_route (message);
  guint status = soup_server_message_get_status (message);

  if (route == NULL)
    return;

  crown_metrics_count_request (self->metrics, soup_server_message_get_method (message), route, status);
  if (status == TOO_MANY_REQUESTS)
    crown_metrics_count (self->metrics, CROWN_COUNT_RATE_LIMITED, 1);
}

/**
 * crown_metrics_endpoint_new:
 * @soup: (transfer none): gets a handler at /metrics
 * @gauges: what is asked for when somebody reads
 *
 * Answers loopback peers, and who has an admin's token; counts REST requests by their routes.
 *
 * Returns: (transfer full): an endpoint that answers for as long as it is kept
 */
CrownMetricsEndpoint *
crown_metrics_endpoint_new (SoupServer         *soup,
                            CrownMetrics       *metrics,
                            CrownAuthenticator *authenticator,
                            CrownGaugesFunc     gauges,
                            gpointer            user_data)
{
  CrownMetricsEndpoint *self = g_new0 (CrownMetricsEndpoint, 1);

  self->soup = g_object_ref (soup);
  self->metrics = metrics;
  self->authenticator = g_object_ref (authenticator);
  self->gauges = gauges;
  self->user_data = user_data;
  crown_rest_add_bare_handler (soup, "/metrics", on_metrics, self);
  g_signal_connect (soup, "request-finished", G_CALLBACK (on_request_finished), self);
  return self;
}

void
crown_metrics_endpoint_free (CrownMetricsEndpoint *self)
{
  soup_server_remove_handler (self->soup, "/metrics");
  g_signal_handlers_disconnect_by_data (self->soup, self);
  g_object_unref (self->soup);
  g_object_unref (self->authenticator);
  g_free (self);
}
