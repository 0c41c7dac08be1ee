/* bench-sentiment.c: how often a sentence is scored on the side where a person puts it
 *
 * The sentences are in tests/data/sentiment.tsv, some of them written after the word lists (fresh). Beside it: what
 * who calls everything neutral gets right.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "analysis/crown-analysis-private.h"
#include "bench/crown-bench.h"

#include <string.h>

#define NEUTRAL_MAX 0.05 /* a score up to here is none */

static const char *const sets[] = { "known", "fresh" };
static const char *const codes[] = { "en", "de", "fr", "es" };

int
main (int    argc,
      char **argv)
{
  const char *source = g_getenv ("CROWN_SRCDIR");
  g_autofree char *path = g_build_filename (source != NULL ? source : ".", "tests", "data", "sentiment.tsv", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) lines = NULL;
  gboolean show = g_getenv ("CROWN_BENCH_SHOW") != NULL;

  crown_bench_init (&argc, &argv);
  if (!g_file_get_contents (path, &text, NULL, &error))
    g_error ("%s", error->message);
  lines = g_strsplit (text, "\n", -1);
  for (guint set = 0; set < G_N_ELEMENTS (sets); set++)
    {
      guint n = 0, n_right = 0, n_neutral = 0, n_opposite = 0;
      g_autofree char *right = g_strdup_printf ("sentiment/%s/right", sets[set]);
      g_autofree char *neutral = g_strdup_printf ("sentiment/%s/all-neutral", sets[set]);
      g_autofree char *side = g_strdup_printf ("sentiment/%s/not-opposite", sets[set]);

      for (guint i = 0; lines[i] != NULL; i++)
        {
          g_auto (GStrv) fields = g_strsplit (lines[i], "\t", 4);
          CrownLanguage language = CROWN_LANGUAGE_EN;
          double score;
          char label;

          if (g_strv_length (fields) != 4 || strcmp (fields[0], sets[set]) != 0)
            continue;
          for (guint l = 0; l < G_N_ELEMENTS (codes); l++)
            if (strcmp (fields[1], codes[l]) == 0)
              language = l;
          score = crown_sentiment_score (language, fields[3]);
          label = score > NEUTRAL_MAX ? '+' : score < -NEUTRAL_MAX ? '-' : '0';
          n++;
          n_right += label == *fields[2];
          n_neutral += *fields[2] == '0';
          n_opposite += (label == '+' && *fields[2] == '-') || (label == '-' && *fields[2] == '+');
          if (show && set == 0 && label != *fields[2])
            g_printerr ("%s is %c (%.2f): %s\n", fields[2], label, score, fields[3]);
        }
      crown_bench_print (right, 100.0 * n_right / n, "%", CROWN_BENCH_NO_FLOOR, n);
      crown_bench_print (side, 100.0 * (n - n_opposite) / n, "%", CROWN_BENCH_NO_FLOOR, n);
      crown_bench_print (neutral, 100.0 * n_neutral / n, "%", CROWN_BENCH_NO_FLOOR, n);
    }
  return 0;
}
