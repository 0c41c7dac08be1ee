/* test-sync.c: the broadcast channel and the leader's name, on a bus of the test's own and with real processes
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "sync/crown-broadcast-sync.h"
#include "sync/crown-leader-election.h"

#include <stdio.h>
#include <string.h>

#define N_MESSAGES 200

static const char *program;

typedef struct {
  GTestDBus       *dbus;
  GDBusConnection *bus;
  GPtrArray       *heard; /* "type:number" */
} Fixture;

static GDBusConnection *
connect_bus (const char *address)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *bus =
    g_dbus_connection_new_for_address_sync (address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                            G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION, NULL, NULL, &error);

  g_assert_no_error (error);
  return bus;
}

static void
set_up (Fixture       *f,
        gconstpointer  data)
{
  f->dbus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (f->dbus);
  f->bus = connect_bus (g_test_dbus_get_bus_address (f->dbus));
  f->heard = g_ptr_array_new_with_free_func (g_free);
}

static void
tear_down (Fixture       *f,
           gconstpointer  data)
{
  g_object_unref (f->bus);
  g_test_dbus_down (f->dbus);
  g_object_unref (f->dbus);
  g_ptr_array_unref (f->heard);
}

static void
heard_cb (CrownBroadcastSync *channel,
          const char         *type,
          GVariant           *body,
          gpointer            user_data)
{
  GPtrArray *heard = user_data;

  g_ptr_array_add (heard, g_strdup_printf ("%s:%u", type,
                                           g_variant_is_of_type (body, G_VARIANT_TYPE_UINT32) ? g_variant_get_uint32 (body)
                                                                                              : 999));
}

static gboolean
too_late_cb (gpointer what)
{
  g_error ("never happened: %s", (const char *) what);
  return G_SOURCE_REMOVE;
}

/* Runs the loop until @condition; a limit that is far beyond any machine's slowness ends a broken run. */
#define wait_until(condition) \
  G_STMT_START { \
    guint limit = g_timeout_add_seconds (60, too_late_cb, (gpointer) #condition); \
    while (!(condition)) \
      g_main_context_iteration (NULL, TRUE); \
    g_source_remove (limit); \
  } G_STMT_END

static void
test_direct (void)
{
  g_autoptr (CrownBroadcastSync) a = crown_broadcast_sync_new (NULL, "workspace 1");
  g_autoptr (CrownBroadcastSync) b = crown_broadcast_sync_new (NULL, "workspace 1");
  g_autoptr (CrownBroadcastSync) other = crown_broadcast_sync_new (NULL, "workspace 2");
  g_autoptr (GPtrArray) by_a = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) by_b = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) by_other = g_ptr_array_new_with_free_func (g_free);

  g_signal_connect (a, "message", G_CALLBACK (heard_cb), by_a);
  g_signal_connect (b, "message", G_CALLBACK (heard_cb), by_b);
  g_signal_connect (other, "message", G_CALLBACK (heard_cb), by_other);

  for (guint i = 0; i < N_MESSAGES; i++)
    crown_broadcast_sync_post (a, "count", g_variant_new_uint32 (i));
  crown_broadcast_sync_post (b, "answer", g_variant_new_uint32 (7));
  g_assert_cmpuint (by_b->len, ==, 0); /* as BroadcastChannel: never inside post */

  wait_until (by_b->len == N_MESSAGES && by_a->len == 1);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  for (guint i = 0; i < N_MESSAGES; i++)
    {
      g_autofree char *expected = g_strdup_printf ("count:%u", i);

      g_assert_cmpstr (by_b->pdata[i], ==, expected);
    }
  g_assert_cmpuint (by_a->len, ==, 1); /* no echo */
  g_assert_cmpstr (by_a->pdata[0], ==, "answer:7");
  g_assert_cmpuint (by_other->len, ==, 0);
}

static GSubprocess *
start_child (Fixture    *f,
             const char *role)
{
  g_autoptr (GSubprocessLauncher) launcher =
    g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDIN_PIPE);
  g_autoptr (GError) error = NULL;
  GSubprocess *child;

  child = g_subprocess_launcher_spawn (launcher, &error, program, "--child", role,
                                       g_test_dbus_get_bus_address (f->dbus), NULL);
  g_assert_no_error (error);
  return child;
}

static void
test_between_processes (Fixture       *f,
                        gconstpointer  data)
{
  g_autoptr (CrownBroadcastSync) channel = crown_broadcast_sync_new (f->bus, "workspace/1");
  g_autoptr (CrownBroadcastSync) own = crown_broadcast_sync_new (f->bus, "workspace/1");
  g_autoptr (GSubprocess) child = NULL;
  g_autoptr (GError) error = NULL;

  g_signal_connect (channel, "message", G_CALLBACK (heard_cb), f->heard);
  /* The subscription is on its way to the bus; a round trip on the same line says that it has arrived. */
  g_assert_nonnull (g_dbus_connection_call_sync (f->bus, "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetId", NULL,
                                                 NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error));
  g_assert_no_error (error);

  child = start_child (f, "poster");
  wait_until (f->heard->len >= N_MESSAGES);
  g_assert_true (g_subprocess_wait_check (child, NULL, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < N_MESSAGES; i++)
    {
      g_autofree char *expected = g_strdup_printf ("count:%u", i);

      g_assert_cmpstr (f->heard->pdata[i], ==, expected);
    }

  /* What this process posts comes once, not a second time by the bus. */
  g_ptr_array_set_size (f->heard, 0);
  crown_broadcast_sync_post (own, "direct", g_variant_new_uint32 (1));
  crown_broadcast_sync_post (own, "direct", g_variant_new_uint32 (2));
  g_dbus_connection_flush_sync (f->bus, NULL, NULL);
  wait_until (f->heard->len >= 2);
  child = (g_object_unref (child), start_child (f, "poster"));
  wait_until (f->heard->len >= 2 + N_MESSAGES); /* the bus keeps its order: an echo would have come before these */
  g_assert_cmpuint (f->heard->len, ==, 2 + N_MESSAGES);
  g_assert_true (g_subprocess_wait_check (child, NULL, &error));
  g_assert_cmpuint (crown_broadcast_sync_get_n_ignored (channel), ==, 0);
}

static void
test_strangers (Fixture       *f,
                gconstpointer  data)
{
  g_autoptr (GDBusConnection) stranger = connect_bus (g_test_dbus_get_bus_address (f->dbus));
  g_autoptr (CrownBroadcastSync) channel = crown_broadcast_sync_new (f->bus, "w");
  g_autofree char *long_type = g_strnfill (CROWN_BROADCAST_TYPE_MAX + 1, 'x');
  g_autofree char *huge = g_strnfill (CROWN_BROADCAST_BODY_MAX, 'x');
  GVariant *bodies[] = {
    g_variant_new ("(s)", "nonsense"),
    g_variant_new ("(tssv)", (guint64) 1, "s", "t", g_variant_new_uint32 (1)),
    g_variant_new ("(stsv)", "s", (guint64) 0, "zero", g_variant_new_uint32 (1)),
    g_variant_new ("(stsv)", "s", (guint64) 2, "", g_variant_new_uint32 (1)),
    g_variant_new ("(stsv)", "s", (guint64) 2, long_type, g_variant_new_uint32 (1)),
    g_variant_new ("(stsv)", "s", (guint64) 2, "huge", g_variant_new_string (huge)),
    g_variant_new ("(stsv)", "s", (guint64) 2, "good", g_variant_new_uint32 (2)),
    g_variant_new ("(stsv)", "s", (guint64) 2, "again", g_variant_new_uint32 (3)),
    g_variant_new ("(stsv)", "s", (guint64) 1, "late", g_variant_new_uint32 (4)),
    g_variant_new ("(stsv)", "s", (guint64) 9, "good", g_variant_new_uint32 (5)),
  };

  g_signal_connect (channel, "message", G_CALLBACK (heard_cb), f->heard);
  g_assert_nonnull (g_dbus_connection_call_sync (f->bus, "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetId", NULL,
                                                 NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (bodies); i++)
    g_assert_true (g_dbus_connection_emit_signal (stranger, NULL, "/org/crown4/Dashboard/Broadcast/w",
                                                  "org.crown4.Dashboard.Broadcast1", "Message", bodies[i], NULL));

  wait_until (f->heard->len == 2);
  g_assert_cmpstr (f->heard->pdata[0], ==, "good:2");
  g_assert_cmpstr (f->heard->pdata[1], ==, "good:5");
  g_assert_cmpuint (crown_broadcast_sync_get_n_ignored (channel), ==, G_N_ELEMENTS (bodies) - 2);
}

static void
test_leader (Fixture       *f,
             gconstpointer  data)
{
  g_autoptr (GSubprocess) first = start_child (f, "leader");
  g_autoptr (GSubprocess) second = NULL;
  g_autoptr (CrownLeaderElection) third = NULL;
  g_autoptr (CrownLeaderElection) elsewhere = NULL;
  char line[8] = "";

  /* The child says when it leads. */
  g_assert_cmpint (g_input_stream_read (g_subprocess_get_stdout_pipe (first), line, 1, NULL, NULL), ==, 1);
  g_assert_cmpstr (line, ==, "L");

  third = crown_leader_election_new (f->bus, "cache 1");
  elsewhere = crown_leader_election_new (f->bus, "cache 2");
  wait_until (crown_leader_election_is_leading (elsewhere));
  g_assert_false (crown_leader_election_is_leading (third));

  g_subprocess_send_signal (first, SIGKILL);
  wait_until (crown_leader_election_is_leading (third));

  second = start_child (f, "leader");
  crown_leader_election_resign (third);
  g_assert_false (crown_leader_election_is_leading (third));
  g_assert_cmpint (g_input_stream_read (g_subprocess_get_stdout_pipe (second), line, 1, NULL, NULL), ==, 1);
  g_assert_cmpstr (line, ==, "L");
  g_subprocess_force_exit (second);
  g_subprocess_wait (second, NULL, NULL);
  g_subprocess_wait (first, NULL, NULL);
}

static void
test_alone (void)
{
  g_autoptr (CrownLeaderElection) election = crown_leader_election_new (NULL, "cache 1");

  g_assert_true (crown_leader_election_is_leading (election));
  crown_leader_election_resign (election);
  g_assert_false (crown_leader_election_is_leading (election));
}

static int
child_main (const char *role,
            const char *address)
{
  g_autoptr (GDBusConnection) bus = connect_bus (address);

  if (strcmp (role, "poster") == 0)
    {
      g_autoptr (CrownBroadcastSync) channel = crown_broadcast_sync_new (bus, "workspace/1");

      for (guint i = 0; i < N_MESSAGES; i++)
        crown_broadcast_sync_post (channel, "count", g_variant_new_uint32 (i));
      g_dbus_connection_flush_sync (bus, NULL, NULL);
    }
  else
    {
      g_autoptr (CrownLeaderElection) election = crown_leader_election_new (bus, "cache 1");

      wait_until (crown_leader_election_is_leading (election));
      putchar ('L');
      fflush (stdout);
      getchar (); /* until the parent is gone */
    }
  return 0;
}

int
main (int   argc,
      char *argv[])
{
  if (argc == 4 && strcmp (argv[1], "--child") == 0)
    return child_main (argv[2], argv[3]);

  program = argv[0];
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/sync/broadcast/direct", test_direct);
  g_test_add ("/sync/broadcast/between-processes", Fixture, NULL, set_up, test_between_processes, tear_down);
  g_test_add ("/sync/broadcast/strangers", Fixture, NULL, set_up, test_strangers, tear_down);
  g_test_add ("/sync/leader/takeover", Fixture, NULL, set_up, test_leader, tear_down);
  g_test_add_func ("/sync/leader/alone", test_alone);

  return g_test_run ();
}
