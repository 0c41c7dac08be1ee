/* bench-core.c: canonical JSON and checksum of meetings as imports leave them
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "bench/crown-bench.h"
#include "core/crown-json.h"

#include <stdlib.h>

/* More rows than one, so that no branch predictor learns them, and few enough to stay in the second level cache. */
#define N_ROWS 256

#define ROUNDS 5

static void
fail (GError *error)
{
  g_printerr ("bench-core: %s\n", error->message);
  exit (1);
}

/* Returns: rows a second, the best of the rounds: what the machine's other users leave of it varies, the code does not */
static double
measure_checksum (JsonObject **rows,
                  guint        n_passes,
                  guint        rounds)
{
  char hex[CROWN_CHECKSUM_HEX_LENGTH + 1];
  double best = 0;

  for (guint round = 0; round < rounds; round++)
    {
      gint64 start = crown_bench_now_ns ();
      g_autoptr (GError) error = NULL;

      for (guint pass = 0; pass < n_passes; pass++)
        for (guint i = 0; i < N_ROWS; i++)
          if (!crown_checksum_object (rows[i], hex, &error))
            fail (error);
      best = MAX (best, (double) n_passes * N_ROWS * 1e9 / (double) (crown_bench_now_ns () - start));
    }

  return best;
}

int
main (int   argc,
      char *argv[])
{
  gboolean quick = crown_bench_init (&argc, &argv);
  guint n_passes = quick ? 20 : 1500;
  guint rounds = quick ? 1 : ROUNDS;
  JsonObject *rows[N_ROWS];
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < N_ROWS; i++)
    {
      g_autofree char *text = crown_bench_meeting_text (i + 1, 0);

      if (!(rows[i] = crown_json_parse_object (text, -1, &error)))
        fail (error);
    }

  crown_bench_print ("core/checksum", measure_checksum (rows, n_passes, rounds), "rows/s", 400000,
                     (guint64) n_passes * N_ROWS * rounds);

  for (guint i = 0; i < N_ROWS; i++)
    json_object_unref (rows[i]);
  return 0;
}
