/* test-simulation.c: seeds that have to come right, and bugs that have to be found
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <stdlib.h>

#include "core/crown-bug.h"
#include "sim-disk.h"
#include "sim-plan.h"

CrownBug crown_bug = CROWN_BUG_NONE;

static gint64 first_seed = 1;
static gint64 n_seeds = 0;
static double minutes = 0;
static char *bug_name = NULL;
static gboolean tracing = FALSE;

static const GOptionEntry options[] = {
  { "first", 'f', 0, G_OPTION_ARG_INT64, &first_seed, "The first seed (1)", "SEED" },
  { "seeds", 'n', 0, G_OPTION_ARG_INT64, &n_seeds, "How many seeds", "N" },
  { "minutes", 'm', 0, G_OPTION_ARG_DOUBLE, &minutes, "No seed is begun after so long", "M" },
  { "bug", 'b', 0, G_OPTION_ARG_STRING, &bug_name, "With a deliberate bug: its number, or `all`", "BUG" },
  { "trace", 't', 0, G_OPTION_ARG_NONE, &tracing, "Tell what happens", NULL },
  { NULL }
};

static GLogWriterOutput
drop_log (GLogLevelFlags   level,
          const GLogField *fields,
          gsize            n_fields,
          gpointer         user_data)
{
  return tracing && (level & G_LOG_LEVEL_MASK) <= G_LOG_LEVEL_MESSAGE
         ? g_log_writer_standard_streams (level, fields, n_fields, user_data) : G_LOG_WRITER_HANDLED;
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

  g_print ("# seed %" G_GUINT64_FORMAT ": %s\n", seed, violation);
  sim_plan_shrink (plan, seed);
  sim_plan_print (plan);
  sim_plan_free (plan);
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr (GOptionContext) context = g_option_context_new ("- has everything go wrong");
  g_autoptr (GError) error = NULL;
  gint64 started = g_get_monotonic_time ();
  guint n = 0, n_failed = 0;

  g_option_context_add_main_entries (context, options, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return 2;
    }
  g_log_set_writer_func (drop_log, NULL, NULL);
  sim_disk_init ();
  if (bug_name != NULL)
    crown_bug = (CrownBug) atoi (bug_name);

  for (guint64 seed = (guint64) first_seed; n < (guint64) MAX (n_seeds, 1); seed++, n++)
    {
      guint64 hash;
      g_autofree char *violation = run_seed (seed, &hash);

      if (violation != NULL)
        {
          explain (seed, violation);
          n_failed++;
          break;
        }
    }
  g_print ("# %u seeds, %u failed, %.1f s\n", n, n_failed, (double) (g_get_monotonic_time () - started) / G_USEC_PER_SEC);
  return n_failed > 0;
}
