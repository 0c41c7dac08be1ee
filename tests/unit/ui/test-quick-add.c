/* test-quick-add.c: what is understood of a line
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "ui/crown-quick-add.h"

#define TODAY "2026-11-25" /* a Wednesday */

static const char *const people[] = { "Mara Lindqvist", "Ana Petri", "Zoë Ömer", NULL };

static const struct {
  const char *line;
  const char *text;
  const char *assignee;
  const char *due;
  const char *priority;
} cases[] = {
  { "send deck to Ana by Friday !high", "send deck to Ana", NULL, "2026-11-27", "high" },
  { "@ana send deck by tomorrow", "send deck", "Ana Petri", "2026-11-26", "medium" },
  { "Petri: send deck", "send deck", "Ana Petri", NULL, "medium" },
  { "@ZOË call", "call", "Zoë Ömer", NULL, "medium" },
  { "@stranger call !", "call", "stranger", NULL, "low" },
  { "call !!! today", "call", NULL, "2026-11-25", "high" },
  { "go by car on Friday", "go by car", NULL, "2026-11-27", "medium" },
  { "write until the end of the month", "write", NULL, "2026-11-30", "medium" },
  { "write by next Friday !low", "write", NULL, "2026-12-04", "low" },
  { "pay on March 5 in cash", "pay in cash", NULL, "2027-03-05", "medium" },
  { "pay in 3 days", "pay", NULL, "2026-11-28", "medium" },
  { "pay by 2026-12-24", "pay", NULL, "2026-12-24", "medium" },
  { "wash the car Friday", "wash the car", NULL, "2026-11-27", "medium" },
  { "wash it by the Friday", "wash it", NULL, "2026-11-27", "medium" },
  { "stop by the office", "stop by the office", NULL, NULL, "medium" },
  { "say hello!", "say hello!", NULL, NULL, "medium" },
  { "do !something", "do !something", NULL, NULL, "medium" },
  { "  spaced\t out \n", "spaced out", NULL, NULL, "medium" },
  { "tomorrow", "tomorrow", NULL, "2026-11-26", "medium" },
  { "mail @", "mail @", NULL, NULL, "medium" },
};

static void
test_lines (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (CrownQuickAdd) task = crown_quick_add_parse (cases[i].line, TODAY, people);

      g_test_message ("%s", cases[i].line);
      g_assert_cmpstr (task->text, ==, cases[i].text);
      g_assert_cmpstr (task->assignee, ==, cases[i].assignee);
      g_assert_cmpstr (task->due, ==, cases[i].due);
      g_assert_cmpstr (task->priority, ==, cases[i].priority);
    }
}

static void
test_hostile (void)
{
  g_autofree char *spaces = g_strnfill (100000, ' ');
  g_autofree char *marks = g_strnfill (100000, '!');
  g_autoptr (CrownQuickAdd) shout = crown_quick_add_parse (marks, TODAY, NULL);
  g_autoptr (CrownQuickAdd) broken = crown_quick_add_parse ("\xff\xfe by \xff", TODAY, people);

  g_assert_null (crown_quick_add_parse ("", TODAY, people));
  g_assert_null (crown_quick_add_parse (spaces, TODAY, people));
  g_assert_cmpstr (shout->priority, ==, "high");
  g_assert_true (g_utf8_validate (broken->text, -1, NULL));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ui/quick-add/lines", test_lines);
  g_test_add_func ("/ui/quick-add/hostile", test_hostile);
  return g_test_run ();
}
