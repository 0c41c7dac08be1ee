/* crown-bench-broadcast-server.c: says one event to all sockets of /bench, on our library
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "server/crown-http-listener.h"
#include "socketio/crown-sio-server.h"

#include <gio/gunixinputstream.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench-event.h"

#define NSP "/bench"
/* Saturating, no more than this waits for all sockets together, per socket. */
#define QUEUED_A_SOCKET (32 * 1024)

typedef struct {
  CrownSioServer   *sio;
  GDataInputStream *input;
  GMainLoop        *loop;
  GPtrArray        *sockets;
  double            rate;     /* events a second; 0: as many as go; below 0: none */
  gint64            until_us;
  gint64            begun_us;
  guint64           events;
  double            cpu;      /* seconds, at the beginning */
} Server;

static double
cpu_seconds (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);

  return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void
on_connected (CrownSioServer *sio,
              CrownSioSocket *socket,
              gpointer        user_data)
{
  g_ptr_array_add (((Server *) user_data)->sockets, g_object_ref (socket));
}

static void
on_disconnected (CrownSioServer *sio,
                 CrownSioSocket *socket,
                 const char     *reason,
                 gpointer        user_data)
{
  g_ptr_array_remove_fast (((Server *) user_data)->sockets, socket);
}

static void
broadcast (Server *self)
{
  char json[BENCH_EVENT_SIZE + 1];
  g_autoptr (CrownSioFrame) frame = NULL;

  bench_event (json);
  frame = crown_sio_frame_new (NSP, "e", json, -1);
  for (guint i = 0; i < self->sockets->len; i++)
    crown_sio_socket_send (self->sockets->pdata[i], frame);
  self->events++;
}

static void read_line (Server *self);

static void
report (Server *self)
{
  double seconds = (double) (g_get_monotonic_time () - self->begun_us) / 1e6;

  bench_report (self->events, self->sockets->len, cpu_seconds () - self->cpu, seconds);
  read_line (self);
}

static gboolean
on_saturate (gpointer user_data)
{
  Server *self = user_data;

  if (g_get_monotonic_time () >= self->until_us)
    {
      report (self);
      return G_SOURCE_REMOVE;
    }
  if (crown_sio_server_get_queued (self->sio) < (gsize) self->sockets->len * QUEUED_A_SOCKET)
    for (guint i = 0; i < BENCH_EVENTS_A_TURN; i++)
      broadcast (self);

  return G_SOURCE_CONTINUE;
}

static gboolean
on_due (gpointer user_data)
{
  Server *self = user_data;
  gint64 now = g_get_monotonic_time ();

  if (now >= self->until_us)
    {
      report (self);
      return G_SOURCE_REMOVE;
    }
  if (self->rate > 0 && (double) (now - self->begun_us) / 1e6 * self->rate >= (double) self->events)
    broadcast (self);
  g_source_set_ready_time (g_main_current_source (),
                           self->rate < 0 ? self->until_us
                                          : MIN (self->until_us,
                                                 self->begun_us + (gint64) ((double) self->events / self->rate * 1e6)));

  return G_SOURCE_CONTINUE;
}

static gboolean
dispatch_due (GSource     *source,
              GSourceFunc  callback,
              gpointer     user_data)
{
  return callback (user_data);
}

static GSourceFuncs due_funcs = { .dispatch = dispatch_due };

static void
on_line (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  Server *self = user_data;
  g_autofree char *line = g_data_input_stream_read_line_finish (self->input, result, NULL, NULL);
  g_autoptr (GSource) due = NULL;
  double seconds;

  if (line == NULL || sscanf (line, "go %lf %lf", &self->rate, &seconds) != 2)
    {
      g_main_loop_quit (self->loop);
      return;
    }
  self->events = 0;
  self->cpu = cpu_seconds ();
  self->begun_us = g_get_monotonic_time ();
  self->until_us = self->begun_us + (gint64) (seconds * 1e6);
  if (self->rate != 0)
    {
      due = g_source_new (&due_funcs, sizeof (GSource));
      g_source_set_callback (due, on_due, self, NULL);
      g_source_set_ready_time (due, 0);
    }
  else
    {
      due = g_idle_source_new ();
      g_source_set_priority (due, G_PRIORITY_DEFAULT);
      g_source_set_callback (due, on_saturate, self, NULL);
    }
  g_source_attach (due, NULL);
}

static void
read_line (Server *self)
{
  g_data_input_stream_read_line_async (self->input, G_PRIORITY_DEFAULT, NULL, on_line, self);
}

int
main (void)
{
  Server self = { 0 };
  const CrownHttpLimits limits = { 100000, 60, 60, 60 };
  g_autoptr (SoupServer) soup = soup_server_new (NULL, NULL);
  g_autoptr (CrownHttpListener) listener = crown_http_listener_new (soup, &limits);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) effective = NULL;
  g_autoptr (GInputStream) raw = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  g_autoptr (GError) error = NULL;

  bench_raise_limit ();
  self.loop = g_main_loop_new (NULL, FALSE);
  self.input = g_data_input_stream_new (raw);
  self.sockets = g_ptr_array_new_with_free_func (g_object_unref);
  self.sio = crown_sio_server_new (soup, "/socket.io/", NULL, &error);
  if (self.sio == NULL || (effective = crown_http_listener_listen (listener, any, &error)) == NULL)
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  crown_sio_server_add_namespace (self.sio, NSP);
  g_signal_connect (self.sio, "connected", G_CALLBACK (on_connected), &self);
  g_signal_connect (self.sio, "disconnected", G_CALLBACK (on_disconnected), &self);
  printf ("listening %d\n", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (effective)));
  fflush (stdout);
  read_line (&self);
  g_main_loop_run (self.loop);

  return 0;
}
