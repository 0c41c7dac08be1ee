/* crown-fuzz-main.c: a fuzz target without libFuzzer: `target [RUNS]`
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "crown-fuzz.h"

#include <stdio.h>
#include <string.h>

#define RUNS_DEFAULT 20000

/* What tends to be special in text formats. */
static const char *const tokens[] = {
  "\"", "\\", "{", "}", "[", "]", ":", ",", "\n", "\r\n", "\x1e", "-", "0", "1e999", "\\ud800", "\xff", "\xc3", "--> ",
  "WEBVTT", "/", "<v ", "null", "9999999999999999999", "\\u0000", "_placeholder",
};

static void
mutate (GString *text,
        GRand   *random)
{
  guint times = (guint) g_rand_int_range (random, 1, 6);

  for (guint i = 0; i < times; i++)
    {
      gint at = g_rand_int_range (random, 0, (gint) text->len + 1);
      const char *token = tokens[g_rand_int_range (random, 0, G_N_ELEMENTS (tokens))];

      switch (g_rand_int_range (random, 0, 5))
        {
        case 0:
          g_string_insert (text, at, token);
          break;
        case 1:
          g_string_truncate (text, (gsize) at);
          break;
        case 2:
          g_string_erase (text, at, g_rand_int_range (random, 0, MIN (16, (gint) text->len - at + 1)));
          break;
        case 3:
          if (at < (gint) text->len)
            text->str[at] = (char) g_rand_int_range (random, 0, 256);
          break;
        default:
          if (text->len < 4096)
            {
              g_autofree char *half = g_memdup2 (text->str, text->len / 2);

              g_string_insert_len (text, at, half, (gssize) (text->len / 2));
            }
        }
    }
}

int
main (int    argc,
      char **argv)
{
  guint64 runs = argc > 1 ? g_ascii_strtoull (argv[1], NULL, 10) : RUNS_DEFAULT;
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  guint n_seeds = 0;

  while (crown_fuzz_seeds[n_seeds] != NULL)
    {
      const char *seed = crown_fuzz_seeds[n_seeds++];

      LLVMFuzzerTestOneInput ((const guint8 *) seed, strlen (seed));
    }
  LLVMFuzzerTestOneInput ((const guint8 *) "", 0);
  for (guint64 run = 0; run < runs; run++)
    {
      g_autoptr (GString) text = g_string_new (crown_fuzz_seeds[g_rand_int_range (random, 0, (gint) n_seeds)]);

      mutate (text, random);
      LLVMFuzzerTestOneInput ((const guint8 *) text->str, text->len);
    }
  printf ("1..1\nok 1 - %s after %" G_GUINT64_FORMAT " mutations\n", g_get_prgname () != NULL ? g_get_prgname () : argv[0], runs);

  return 0;
}
