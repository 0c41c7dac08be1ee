/* test-format.c: what is said of a meeting, in any direction of writing
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "ui/crown-format.h"

static void
test_facts (void)
{
  g_autoptr (GString) facts = g_string_new (NULL);

  crown_format_append_fact (facts, NULL);
  crown_format_append_fact (facts, "");
  g_assert_cmpstr (facts->str, ==, "");
  crown_format_append_fact (facts, "24 نوفمبر");
  g_assert_cmpstr (facts->str, ==, "\u206824 نوفمبر\u2069");
  crown_format_append_fact (facts, "3 min");
  g_assert_cmpstr (facts->str, ==, "\u206824 نوفمبر\u2069 · \u20683 min\u2069");
}

static void
test_meeting (void)
{
  g_autofree char *whole = crown_format_meeting ("24 November", 180, 1, 2);
  g_autofree char *bare = crown_format_meeting ("24 November", 0, 0, 0);

  g_assert_cmpstr (whole, ==, "\u206824 November\u2069 · \u20683 min\u2069 · \u20681 person\u2069 · \u20682 tasks\u2069");
  g_assert_cmpstr (bare, ==, "\u206824 November\u2069 · \u2068no tasks\u2069");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ui/format/facts", test_facts);
  g_test_add_func ("/ui/format/meeting", test_meeting);
  return g_test_run ();
}
