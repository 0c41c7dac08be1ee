/* test-suspend-watch.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "client/crown-suspend-watch.h"

typedef struct {
  gint64 slept_us;
  guint  n_resumed;
} Computer;

static gint64
slept (gpointer user_data)
{
  return ((Computer *) user_data)->slept_us;
}

static void
resumed (gpointer data,
         gpointer user_data)
{
  ((Computer *) user_data)->n_resumed++;
}

/* Setting the clock is no sleep, and neither is a nap; each sleep is told once. */
static void
test_sleeps (void)
{
  Computer computer = { .slept_us = 5 * G_USEC_PER_SEC };
  g_autoptr (CrownSuspendWatch) watch = crown_suspend_watch_new (NULL, slept, resumed, &computer);

  crown_suspend_watch_check (watch);
  g_assert_cmpuint (computer.n_resumed, ==, 0);
  computer.slept_us += G_USEC_PER_SEC;
  crown_suspend_watch_check (watch);
  g_assert_cmpuint (computer.n_resumed, ==, 0);
  computer.slept_us += 3600 * (gint64) G_USEC_PER_SEC;
  crown_suspend_watch_check (watch);
  crown_suspend_watch_check (watch);
  g_assert_cmpuint (computer.n_resumed, ==, 1);
}

/* It waits without waking up: nothing is ready before the clock is set. */
static void
test_sleeps_itself (void)
{
  Computer computer = { 0 };
  g_autoptr (CrownSuspendWatch) watch = crown_suspend_watch_new (NULL, NULL, resumed, &computer);

  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_false (g_main_context_pending (NULL));
  g_assert_cmpuint (computer.n_resumed, ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/client/suspend-watch/sleeps", test_sleeps);
  g_test_add_func ("/client/suspend-watch/quiet", test_sleeps_itself);
  return g_test_run ();
}
