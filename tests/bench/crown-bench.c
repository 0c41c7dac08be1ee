/* crown-bench.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "crown-bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char *const names[] = { "Mara Lindqvist", "Jonas Petri", "Tomas Oduya", "Inês Barreto" };

static const char *const sentences[] = {
  "The booking is stored on the phone and sent later, that works.",
  "Without payment the offline booking is useless.",
  "We could reserve offline and charge when the phone is back.",
  "From the passenger’s side a reserved ticket is fine, as long as the app says clearly that it is not paid yet.",
  "I can build a small form for the delay messages next week.",
};

gboolean
crown_bench_init (int    *argc,
                  char ***argv)
{
  gboolean quick = FALSE;
  const GOptionEntry entries[] = {
    { "quick", 0, 0, G_OPTION_ARG_NONE, &quick, "A short run that only shows that everything works", NULL },
    { NULL }
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, &error))
    {
      g_printerr ("%s: %s\n", (*argv)[0], error->message);
      exit (2);
    }

  return quick;
}

gint64
crown_bench_now_ns (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);

  return now.tv_sec * G_GINT64_CONSTANT (1000000000) + now.tv_nsec;
}

void
crown_bench_print (const char *bench,
                   double      value,
                   const char *unit,
                   double      floor,
                   guint64     n)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE], least[G_ASCII_DTOSTR_BUF_SIZE] = "null";

  g_ascii_formatd (number, sizeof number, value >= 1000 ? "%.0f" : "%.3f", value);
  if (floor >= 0)
    g_ascii_formatd (least, sizeof least, "%.15g", floor);
  /* Not g_print(), which would turn µ into what the locale has for it. */
  printf ("{\"bench\":\"%s\",\"value\":%s,\"unit\":\"%s\",\"floor\":%s,\"n\":%" G_GUINT64_FORMAT "}\n",
          bench, number, unit, least, n);
}

static int
compare_times (gconstpointer a,
               gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

double
crown_bench_percentile (GArray *times,
                        guint   percent)
{
  g_array_sort (times, compare_times);

  return (double) g_array_index (times, gint64, (times->len - 1) * percent / 100) / 1000;
}

char *
crown_bench_meeting_text (guint id,
                          guint revision)
{
  GString *text = g_string_new (NULL);
  const char *separator = "";

  g_string_append_printf (text, "{\"id\":%u,\"title\":\"Weekly sync %u\",\"status\":\"%s\","
                          "\"created_at\":\"2026-11-%02uT09:%02u:00Z\",\"started_at\":\"2026-11-%02uT08:%02u:00Z\","
                          "\"duration\":%u,\"task_count\":5,\"participant_count\":4,\"archived\":false,"
                          "\"archived_at\":null,\"archived_by\":null,\"external_session_id\":\"import-%08x\",\"summary\":\"",
                          id, id, revision % 2 == 0 ? "completed" : "active", id % 28 + 1, id % 60, id % 28 + 1, id % 60,
                          1800 + revision, id * 2654435761u);
  for (guint i = 0; i < G_N_ELEMENTS (sentences); i++)
    g_string_append_printf (text, "%s%s: %s", i > 0 ? " " : "", names[(id + i) % G_N_ELEMENTS (names)], sentences[i]);
  g_string_append (text, "\",\"participants\":[");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++, separator = ",")
    g_string_append_printf (text, "%s\"%s\"", separator, names[i]);
  g_string_append (text, "],\"summary_evidence\":[");
  separator = "";
  for (guint i = 0; i < G_N_ELEMENTS (sentences); i++, separator = ",")
    g_string_append_printf (text, "%s{\"text\":\"%s: %s\",\"line\":%u}", separator,
                            names[(id + i) % G_N_ELEMENTS (names)], sentences[i], 3 * i + id % 7);
  g_string_append (text, "]}");

  return g_string_free (text, FALSE);
}

char *
crown_bench_task_text (guint id,
                       guint session_id,
                       guint revision)
{
  g_autofree char *due = id % 3 != 0 ? g_strdup ("null") : g_strdup_printf ("\"2026-12-%02u\"", id % 28 + 1);
  const char *name = names[id % G_N_ELEMENTS (names)];
  const char *sentence = sentences[(id + revision) % G_N_ELEMENTS (sentences)];

  return g_strdup_printf ("{\"id\":%u,\"session_id\":%u,\"text\":\"Part %u: build the form for the delay messages\","
                          "\"status\":\"%s\",\"priority\":\"medium\",\"due_date\":%s,\"assignee\":\"%s\","
                          "\"created_at\":\"2026-11-20T09:%02u:00Z\",\"completed_at\":null,\"speaker\":\"%s\","
                          "\"evidence_line\":%u,\"evidence_text\":\"%s\",\"confidence\":0.%u}",
                          id, session_id, id, revision > 0 && id % 4 == 0 ? "completed" : "pending", due, name, id % 60,
                          name,
                          id % 40, sentence, 60 + 5 * (id % 7));
}
