/* test-simulation.c: seeds that have to come right, and bugs that have to be found
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <stdio.h>
#include <glib.h>

#include "core/crown-bug.h"
#include "sim-disk.h"
#include "sim-plan.h"

CrownBug crown_bug = CROWN_BUG_NONE;

#define BUG_SEEDS_MAX 1500 /* a bug that is not found in so many is not found */

static gint64 first_seed = 1;
static gint64 n_seeds = 2000;
static double minutes = 3;
static char *bug_name = NULL;
static gboolean tracing = FALSE;

static const GOptionEntry options[] = {
  { "first", 'f', 0, G_OPTION_ARG_INT64, &first_seed, "The first seed (1)", "SEED" },
  { "seeds", 'n', 0, G_OPTION_ARG_INT64, &n_seeds, "How many seeds (2000)", "N" },
  { "minutes", 'm', 0, G_OPTION_ARG_DOUBLE, &minutes, "No seed is begun after so long (3)", "M" },
  { "bug", 'b', 0, G_OPTION_ARG_STRING, &bug_name, "With a deliberate bug, which has to be found: its name, or all", "BUG" },
  { "trace", 't', 0, G_OPTION_ARG_NONE, &tracing, "Tell what happens", NULL },
  { NULL }
};

/* As in crown-bug.h, in its order. */
static const char *const bugs[] = {
  "none", "skip-dedupe", "ignore-gaps", "forget-overflow", "split-transaction", "position-first", "epoch-too-early",
  "forget-user-position", "keep-user-position",
  "keep-old-rows", "release-on-answer", "forget-on-send", "forget-on-failure", "new-key", "never-settle", "settle-by-number",
  "withdraw-sent", "keep-temporary-ids", "unordered-writes", "allot-before-commit", "tell-before-commit", "forget-answers",
};

G_STATIC_ASSERT (G_N_ELEMENTS (bugs) == CROWN_N_BUGS);

/* What goes wrong here is meant to; with --trace it is shown. */
static GLogWriterOutput
drop_log (GLogLevelFlags   level,
          const GLogField *fields,
          gsize            n_fields,
          gpointer         user_data)
{
  if ((level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) == 0 && !tracing)
    return G_LOG_WRITER_HANDLED;
  return g_log_writer_standard_streams (level, fields, n_fields, user_data);
}

/* Returns: (nullable) (transfer full): what was violated */
static char *
run_seed (guint64  seed,
          guint64 *hash)
{
  SimPlan *plan = sim_plan_new (seed);
  char *violation = sim_plan_run (plan, seed, tracing, hash);

  sim_plan_free (plan);
  return violation;
}

static void
explain (guint64     seed,
         const char *violation)
{
  SimPlan *plan = sim_plan_new (seed);

  g_print ("# seed %" G_GUINT64_FORMAT ": %s\n# without what is not needed for it:\n", seed, violation);
  sim_plan_shrink (plan, seed);
  sim_plan_print (plan);
  g_print ("# crown-simulation --first %" G_GUINT64_FORMAT " --seeds 1 --trace\n", seed);
  sim_plan_free (plan);
}

static gboolean
run_seeds (void)
{
  gint64 started = g_get_monotonic_time ();
  guint64 seed = (guint64) first_seed;
  gboolean failed = FALSE;

  for (; !failed && (gint64) seed < first_seed + n_seeds &&
         (double) (g_get_monotonic_time () - started) < minutes * 60 * G_USEC_PER_SEC; seed++)
    {
      guint64 hash;
      g_autofree char *violation = run_seed (seed, &hash);

      failed = violation != NULL;
      if (failed)
        explain (seed, violation);
    }
  g_print ("%s 1 - %" G_GUINT64_FORMAT " seeds come right\n", failed ? "not ok" : "ok", seed - (guint64) first_seed);
  g_print ("# %.1f s\n", (double) (g_get_monotonic_time () - started) / G_USEC_PER_SEC);
  return !failed;
}

static gboolean
run_twice (void)
{
  gboolean same = TRUE;

  for (guint64 seed = (guint64) first_seed; seed < (guint64) first_seed + 10; seed++)
    {
      guint64 first, second;
      g_autofree char *violation = run_seed (seed, &first);
      g_autofree char *again = run_seed (seed, &second);

      if (first != second || (violation == NULL) != (again == NULL))
        {
          g_print ("# seed %" G_GUINT64_FORMAT " does not replay\n", seed);
          same = FALSE;
        }
    }
  g_print ("%s 2 - a seed replays exactly\n", same ? "ok" : "not ok");
  return same;
}

static gboolean
find_bug (CrownBug bug)
{
  g_autofree char *violation = NULL;
  guint64 seed = (guint64) first_seed, hash;

  crown_bug = bug;
  for (; violation == NULL && seed < (guint64) first_seed + BUG_SEEDS_MAX; seed++)
    violation = run_seed (seed, &hash);
  crown_bug = CROWN_BUG_NONE;
  if (violation != NULL)
    g_print ("# seed %" G_GUINT64_FORMAT ": %.150s\n", seed - 1, violation);
  return violation != NULL;
}

static gboolean
find_bugs (void)
{
  gboolean all = TRUE;
  guint n = 0;

  g_print ("1..%u\n", CROWN_N_BUGS - 1);
  for (guint bug = CROWN_BUG_NONE + 1; bug < CROWN_N_BUGS; bug++)
    {
      gboolean found;

      if (!g_str_equal (bug_name, "all") && !g_str_equal (bug_name, bugs[bug]))
        {
          g_print ("ok %u - %s # SKIP not asked for\n", ++n, bugs[bug]);
          continue;
        }
      found = find_bug ((CrownBug) bug);
      g_print ("%s %u - %s is found\n", found ? "ok" : "not ok", ++n, bugs[bug]);
      all = all && found;
    }
  return all;
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr (GOptionContext) context = g_option_context_new ("- has everything go wrong, and all come right");
  g_autoptr (GError) error = NULL;
  gboolean ok;

  g_option_context_add_main_entries (context, options, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return 2;
    }
  g_log_set_writer_func (drop_log, NULL, NULL);
  setvbuf (stdout, NULL, _IOLBF, 0);
  sim_disk_init ();

  if (bug_name != NULL)
    return find_bugs () ? 0 : 1;
  g_print ("1..2\n");
  ok = run_seeds ();
  return run_twice () && ok ? 0 : 1;
}
