/* test-limits.c: what one client may take of the server
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gio/gio.h>
#include <string.h>

#include "server/crown-http-listener.h"
#include "server/crown-rate-limiter.h"

static gint64
now_us (gpointer user_data)
{
  return *(gint64 *) user_data;
}

static void
test_rate (void)
{
  gint64 now = 1000000;
  CrownClock clock = { now_us, now_us, &now };
  g_autoptr (CrownRateLimiter) limiter = crown_rate_limiter_new (10, 20, &clock);
  guint retry_after_ms = 0;

  for (guint i = 0; i < 20; i++)
    g_assert_true (crown_rate_limiter_take (limiter, 1, 1, NULL));
  g_assert_false (crown_rate_limiter_take (limiter, 1, 1, &retry_after_ms));
  g_assert_cmpuint (retry_after_ms, ==, 100);

  /* Others are not concerned. */
  g_assert_true (crown_rate_limiter_take (limiter, 2, 1, NULL));

  /* What it said is true: not before, and then. */
  now += 99 * 1000;
  g_assert_false (crown_rate_limiter_take (limiter, 1, 1, &retry_after_ms));
  g_assert_cmpuint (retry_after_ms, ==, 1);
  now += 1000;
  g_assert_true (crown_rate_limiter_take (limiter, 1, 1, NULL));
  g_assert_false (crown_rate_limiter_take (limiter, 1, 1, NULL));

  /* A bucket holds its burst and no more; a cost above it is the whole bucket. */
  now += 3600 * G_GINT64_CONSTANT (1000000);
  g_assert_true (crown_rate_limiter_take (limiter, 1, 50, NULL));
  g_assert_false (crown_rate_limiter_take (limiter, 1, 1, NULL));
}

/* Keys that ask no more cost no memory. */
static void
test_rate_forgets (void)
{
  gint64 now = 1000000;
  CrownClock clock = { now_us, now_us, &now };
  g_autoptr (CrownRateLimiter) limiter = crown_rate_limiter_new (10, 20, &clock);

  for (gint64 key = 0; key < 1000; key++)
    g_assert_true (crown_rate_limiter_take (limiter, key, 1, NULL));
  g_assert_cmpuint (crown_rate_limiter_get_n_keys (limiter), ==, 1000);
  now += 61 * G_USEC_PER_SEC;
  g_assert_true (crown_rate_limiter_take (limiter, 5000, 1, NULL));
  g_assert_cmpuint (crown_rate_limiter_get_n_keys (limiter), ==, 1);
}

/* Connections */

typedef struct {
  SoupServer           *soup;
  CrownHttpListener    *listener;
  guint16               port;
} Guarded;

static void
on_request (SoupServer        *soup,
            SoupServerMessage *message,
            const char        *path,
            GHashTable        *query,
            gpointer           user_data)
{
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_server_message_set_response (message, "text/plain", SOUP_MEMORY_STATIC, "ok", 2);
}

static void
guarded_init (Guarded *self,
              guint    connections_max)
{
  CrownHttpLimits limits = { connections_max, 1, 1, 60 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) effective = NULL;

  self->soup = soup_server_new (NULL, NULL);
  soup_server_add_handler (self->soup, NULL, on_request, NULL, NULL);
  self->listener = crown_http_listener_new (self->soup, &limits);
  effective = crown_http_listener_listen (self->listener, any, &error);
  g_assert_no_error (error);
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (effective));
}

static void
guarded_clear (Guarded *self)
{
  soup_server_disconnect (self->soup);
  crown_http_listener_free (self->listener);
  g_object_unref (self->soup);
}

static GSocketConnection *
connect_to (Guarded *self)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection = g_socket_client_connect_to_host (client, "127.0.0.1", self->port, NULL, &error);

  g_assert_no_error (error);
  return connection;
}

static void
on_read (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  gssize *n = user_data;
  g_autoptr (GError) error = NULL;

  *n = g_input_stream_read_finish (G_INPUT_STREAM (source), result, &error);
}

/* Writes, then waits for what the server does: bytes of an answer, or 0 or -1 for the end. */
static gssize
say (GSocketConnection *connection,
     const char        *text)
{
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (connection));
  GInputStream *in = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  char buffer[1024];
  gssize n = -2;

  g_output_stream_write_all (out, text, strlen (text), NULL, NULL, NULL);
  g_input_stream_read_async (in, buffer, sizeof buffer, G_PRIORITY_DEFAULT, NULL, on_read, &n);
  while (n == -2)
    g_main_context_iteration (NULL, TRUE);

  return n;
}

static const char REQUEST[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

static void
test_slow (void)
{
  static const char *const slow[] = {
    "",                                                                    /* says nothing */
    "GET / HTTP/1.1\r\nHost: loc",                                         /* never ends its headers */
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc", /* nor its body */
  };
  Guarded guarded;

  guarded_init (&guarded, 100);
  for (guint i = 0; i < G_N_ELEMENTS (slow); i++)
    {
      g_autoptr (GSocketConnection) connection = connect_to (&guarded);

      g_assert_cmpint (say (connection, slow[i]), <=, 0);
      g_assert_cmpuint (crown_http_listener_get_n_refused (guarded.listener), ==, i + 1);
    }
  /* A connection that does ask is answered as often as it asks. */
  g_autoptr (GSocketConnection) good = connect_to (&guarded);

  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (say (good, REQUEST), >, 0);
  guarded_clear (&guarded);
}

static void
test_too_many (void)
{
  GSocketConnection *connections[3];
  Guarded guarded;

  guarded_init (&guarded, 3);
  /* Those that went are not counted: many times as many as there may be at once. */
  for (guint round = 0; round < 5; round++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (connections); i++)
        {
          connections[i] = connect_to (&guarded);
          g_assert_cmpint (say (connections[i], REQUEST), >, 0);
        }
      g_autoptr (GSocketConnection) one_more = connect_to (&guarded);

      g_assert_cmpint (say (one_more, REQUEST), <=, 0);
      for (guint i = 0; i < G_N_ELEMENTS (connections); i++)
        {
          g_io_stream_close (G_IO_STREAM (connections[i]), NULL, NULL);
          g_object_unref (connections[i]);
        }
      /* The server has to see them go before the next round comes. */
      while (crown_http_listener_get_n_connections (guarded.listener) > 0)
        g_main_context_iteration (NULL, TRUE);
    }
  guarded_clear (&guarded);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/limits/rate", test_rate);
  g_test_add_func ("/limits/rate-forgets", test_rate_forgets);
  g_test_add_func ("/limits/slow", test_slow);
  g_test_add_func ("/limits/too-many", test_too_many);

  return g_test_run ();
}
