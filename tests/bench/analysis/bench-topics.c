/* bench-topics.c: how far our chapters are from the topics that people put the turns of meetings in
 *
 * P_k (Beeferman and others, 1999): the share of pairs of turns, half a topic apart, that are in one chapter for
 * us and in two
 * for them, or the other way round. Beside it: as many chapters of the same length, and one chapter for everything.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "bench/crown-bench.h"
#include "core/crown-json.h"
#include "crown-meetings.h"

static double
pk_of (const int *found,
       const int *topics,
       guint      n)
{
  guint n_topics = 1, apart, wrong = 0;

  for (guint i = 1; i < n; i++)
    n_topics += topics[i] != topics[i - 1];
  apart = MAX (2, n / n_topics / 2);
  for (guint i = 0; i + apart < n; i++)
    {
      gboolean same = TRUE, found_same = TRUE;

      for (guint j = i + 1; j <= i + apart; j++)
        {
          same = same && topics[j] == topics[j - 1];
          found_same = found_same && found[j] == found[j - 1];
        }
      wrong += same != found_same;
    }
  return 100.0 * wrong / MAX (1, n - apart);
}

static const char *const systems[] = { "ours", "even", "one" };

static void
divide (const CrownMeeting *meeting,
        guint               system,
        int                *found)
{
  g_autoptr (JsonObject) analysis = crown_analyze (meeting->transcript, NULL);
  JsonArray *chapters = crown_json_opt_array (analysis, "topics");
  guint n = meeting->transcript->segments->len, n_chapters = json_array_get_length (chapters);

  for (guint i = 0; i < n; i++)
    found[i] = system == 1 ? (int) (i * n_chapters / n) : 0;
  for (guint c = 0; system == 0 && c < n_chapters; c++)
    for (gint64 i = crown_json_opt_int (json_array_get_object_element (chapters, c), "line", 0); i < n; i++)
      found[i] = (int) c;
}

int
main (int    argc,
      char **argv)
{
  crown_bench_init (&argc, &argv);

  g_autoptr (GPtrArray) meetings = crown_meetings_load ();

  if (meetings == NULL)
    return 77;
  for (int held_out = 0; held_out <= 1; held_out++)
    for (guint s = 0; s < G_N_ELEMENTS (systems); s++)
      {
        g_autofree char *name = g_strdup_printf ("topics/%s/%s", held_out ? "held-out" : "dev", systems[s]);
        double sum = 0;
        guint n = 0;

        for (guint i = 0; i < meetings->len; i++)
          {
            const CrownMeeting *meeting = meetings->pdata[i];
            g_autofree int *found = g_new (int, meeting->transcript->segments->len);

            if (meeting->held_out != held_out)
              continue;
            divide (meeting, s, found);
            sum += pk_of (found, meeting->topics, meeting->transcript->segments->len);
            n++;
          }
        crown_bench_print (name, sum / MAX (n, 1), "% of pairs", CROWN_BENCH_NO_FLOOR, n);
      }
  return 0;
}
