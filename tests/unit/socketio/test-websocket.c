/* test-websocket.c: what a websocket writes in one call, and what it does not
 *
 * The line is a pair of sockets that keep records apart: one call that writes is one record for who reads.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "socketio/crown-websocket.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
  CrownReactor   *reactor;
  CrownWebsocket *websocket;
  int             peer;
  gboolean        overflowed;
  gboolean        gone;
} Fixture;

static void
on_overflowed (gpointer user_data)
{
  ((Fixture *) user_data)->overflowed = TRUE;
}

static void
on_gone (gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->gone = TRUE;
  g_clear_pointer (&fixture->websocket, crown_websocket_free);
}

static void
on_text (gpointer    user_data,
         const char *text,
         gsize       length)
{
}

static void
on_binary (gpointer  user_data,
           GBytes   *bytes)
{
}

static const CrownWebsocketFuncs funcs = {
  .text = on_text,
  .binary = on_binary,
  .overflowed = on_overflowed,
  .gone = on_gone,
};

static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  int ends[2];
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = NULL;
  GIOStream *stream;

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_SEQPACKET, 0, ends), ==, 0);
  fixture->peer = ends[1];
  fixture->reactor = crown_reactor_new (NULL, &error);
  g_assert_no_error (error);
  socket = g_socket_new_from_fd (ends[0], &error);
  g_assert_no_error (error);
  stream = G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
  fixture->websocket = crown_websocket_new (fixture->reactor, stream, socket, FALSE, 1000, 1000, &funcs, fixture, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  g_clear_pointer (&fixture->websocket, crown_websocket_free);
  crown_reactor_free (fixture->reactor);
  close (fixture->peer);
}

static void
send_text (Fixture    *fixture,
           const char *text)
{
  g_autoptr (CrownEioPacket) packet = crown_eio_packet_new (CROWN_EIO_MESSAGE, text, -1);

  crown_websocket_send (fixture->websocket, packet);
}

/* The next record, its frames' headers and type removed, joined by commas. */
static char *
next_record (Fixture *fixture)
{
  guint8 record[1000];
  gssize length;
  GString *text = g_string_new (NULL);

  while ((length = recv (fixture->peer, record, sizeof record, MSG_DONTWAIT)) < 0)
    g_main_context_iteration (NULL, TRUE);
  for (gssize at = 0; at < length; at += 2 + record[at + 1])
    {
      if (text->len > 0)
        g_string_append_c (text, ',');
      if ((record[at] & 0x0f) == 8)
        g_string_append (text, "close");
      else
        g_string_append_len (text, (const char *) record + at + 3, record[at + 1] - 1);
    }

  return g_string_free (text, FALSE);
}

static void
assert_record (Fixture    *fixture,
               const char *expected)
{
  g_autofree char *record = next_record (fixture);

  g_assert_cmpstr (record, ==, expected);
}

static void
test_together (Fixture       *fixture,
               gconstpointer  data)
{
  send_text (fixture, "a");
  send_text (fixture, "b");
  assert_record (fixture, "a,b");
}

static void
test_pause (Fixture       *fixture,
            gconstpointer  data)
{
  send_text (fixture, "connect");
  crown_websocket_pause (fixture->websocket);
  send_text (fixture, "a");
  assert_record (fixture, "connect");
  /* Between the two, when nothing else may be written either. */
  send_text (fixture, "b");
  assert_record (fixture, "a,b");
  send_text (fixture, "c");
  assert_record (fixture, "c");
}

static void
test_pause_of_nothing (Fixture       *fixture,
                       gconstpointer  data)
{
  crown_websocket_pause (fixture->websocket);
  send_text (fixture, "a");
  send_text (fixture, "b");
  assert_record (fixture, "a,b");
}

static void
test_close_after_pause (Fixture       *fixture,
                        gconstpointer  data)
{
  send_text (fixture, "connect");
  crown_websocket_pause (fixture->websocket);
  send_text (fixture, "a");
  crown_websocket_close (fixture->websocket);
  assert_record (fixture, "connect");
  assert_record (fixture, "a,close");
  while (!fixture->gone)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_overflow_in_pause (Fixture       *fixture,
                        gconstpointer  data)
{
  g_autofree char *large = g_strnfill (600, 'x');

  send_text (fixture, "connect");
  crown_websocket_pause (fixture->websocket);
  send_text (fixture, "a");
  assert_record (fixture, "connect");
  send_text (fixture, large);
  send_text (fixture, large);
  g_assert_true (fixture->overflowed);
  while (!fixture->gone)
    g_main_context_iteration (NULL, TRUE);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add ("/websocket/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("together", test_together);
  ADD ("pause", test_pause);
  ADD ("pause-of-nothing", test_pause_of_nothing);
  ADD ("close-after-pause", test_close_after_pause);
  ADD ("overflow-in-pause", test_overflow_in_pause);
#undef ADD

  return g_test_run ();
}
