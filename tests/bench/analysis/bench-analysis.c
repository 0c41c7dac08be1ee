/* bench-analysis.c: how long the analysis of a transcript takes, how that grows with its length, and how much memory
 * it needs
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "analysis/crown-transcript.h"
#include "bench/crown-bench.h"

#include <math.h>
#include <string.h>

#define HOUR_WORDS    10000 /* what is said in one */
#define HOUR_MS_MAX   100
#define WORDS_MAX     200000
#define EXPONENT_MAX  1.15
#define MEMORY_MAX    20
#define WORDS_A_TURN  25
#define VOCABULARY    6000

static const char *const frequent[] = { "the", "we", "to", "a", "and", "of", "is", "in", "it",
                                        "that", "for", "I", "you", "on", "will", "have", "this", "be",
                                        "not", "with", "should", "can", "so", "are", "uh", "but" };

/* Words are as frequent as in speech (Zipf), of five people in turns, with promises among them. */
static char *
make_transcript (guint n_words)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  GString *text = g_string_sized_new (n_words * 7);

  for (guint n = 0, turn = 0; n < n_words; turn++)
    {
      guint length = (guint) g_rand_int_range (random, 3, 2 * WORDS_A_TURN);

      g_string_append_printf (text, "Speaker%u: ", g_rand_int_range (random, 0, 5));
      if (turn % 40 == 0)
        g_string_append (text, "I'll send the budget report by Friday. ");
      for (guint i = 0; i < length; i++, n++)
        {
          guint rank = (guint) exp (g_rand_double (random) * log (VOCABULARY));

          if (g_rand_double (random) < 0.45)
            g_string_append (text, frequent[g_rand_int_range (random, 0, G_N_ELEMENTS (frequent))]);
          else
            g_string_append_printf (text, "%c%c%cer%u", 'a' + rank % 23, "aeiou"[rank % 5], 'b' + rank % 19, rank);
          g_string_append (text, i + 1 == length || g_rand_double (random) < 0.07 ? ". " : " ");
        }
      g_string_append_c (text, '\n');
    }
  return g_string_free (text, FALSE);
}

/* The best of some runs, from bytes to the result: others use the machine, too. */
static double
measure_ms (guint n_words,
            guint n_runs)
{
  g_autofree char *text = make_transcript (n_words);
  double best = G_MAXDOUBLE;

  for (guint run = 0; run < n_runs; run++)
    {
      gint64 start = crown_bench_now_ns ();
      g_autoptr (GError) error = NULL;
      g_autoptr (CrownTranscript) transcript = crown_transcript_read (text, strlen (text), NULL, &error);
      g_autoptr (JsonObject) analysis = NULL;

      g_assert_no_error (error);
      analysis = crown_analyze (transcript, "2026-10-05");
      best = MIN (best, (double) (crown_bench_now_ns () - start) / 1e6);
    }
  return best;
}

/* The most memory that the process has had, in bytes. Of getrusage() the program that started this one is part. */
static double
peak_memory (void)
{
  g_autofree char *status = NULL;
  const char *peak;

  if (!g_file_get_contents ("/proc/self/status", &status, NULL, NULL) || (peak = strstr (status, "VmHWM:")) == NULL)
    g_error ("/proc/self/status has no VmHWM");
  return g_ascii_strtod (peak + strlen ("VmHWM:"), NULL) * 1024;
}

/* By how much the process grew at most, over the transcript's size. To be called first: what the C library has kept
 * from before would be used again unseen. */
static double
measure_memory (guint n_words)
{
  g_autofree char *text = make_transcript (n_words);
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownTranscript) transcript = NULL;
  g_autoptr (JsonObject) analysis = NULL;
  double before = peak_memory ();

  transcript = crown_transcript_read (text, strlen (text), NULL, &error);
  g_assert_no_error (error);
  analysis = crown_analyze (transcript, "2026-10-05");
  return (peak_memory () - before) / (double) strlen (text);
}

int
main (int    argc,
      char **argv)
{
  gboolean quick = crown_bench_init (&argc, &argv);
  guint n_runs = quick ? 1 : 7;
  double logs_x = 0, logs_y = 0, squares = 0, products = 0, slope;
  guint n_points = 0;

  crown_bench_print ("analysis/memory", measure_memory (WORDS_MAX / (quick ? 8 : 1)), "of the text", MEMORY_MAX, 1);
  measure_ms (1000, 1);
  crown_bench_print ("analysis/hour", measure_ms (HOUR_WORDS, n_runs), "ms", HOUR_MS_MAX, n_runs);
  for (guint n_words = WORDS_MAX / 32; n_words <= (quick ? WORDS_MAX / 8 : WORDS_MAX); n_words *= 2, n_points++)
    {
      double x = log (n_words), y = log (measure_ms (n_words, MAX (1, n_runs / 2)));

      logs_x += x;
      logs_y += y;
      squares += x * x;
      products += x * y;
    }
  /* The line of least squares through the logarithms. */
  slope = (n_points * products - logs_x * logs_y) / (n_points * squares - logs_x * logs_x);
  crown_bench_print ("analysis/exponent", slope, "power of the length", EXPONENT_MAX, n_points);
  crown_bench_print ("analysis/longest", measure_ms (WORDS_MAX / (quick ? 8 : 1), 1), "ms", CROWN_BENCH_NO_FLOOR, 1);
  return 0;
}
