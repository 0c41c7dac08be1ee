/* crown-bench-fill-cache.c: fills a profile's cache from a made-up snapshot, as if a server had sent it
 *
 * Usage: crown-bench-fill-cache FOLDER MEETINGS TASKS
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "client/crown-cache.h"
#include "client/crown-outbox.h"
#include "core/crown-clock.h"
#include "core/crown-json.h"

#include <stdlib.h>

static void
append_rows (GString    *json,
             const char *store,
             guint       n_rows,
             guint       n_meetings)
{
  gint64 now = crown_clock_now_us (NULL);

  g_string_append_printf (json, "\"%s\":[", store);
  for (guint i = 0; i < n_rows; i++)
    {
      g_autofree char *created = crown_time_format_iso (now - (gint64) i * 600 * G_USEC_PER_SEC);

      if (i > 0)
        g_string_append_c (json, ',');
      if (g_str_equal (store, "meetings"))
        g_string_append_printf (json,
                                "{\"id\":%u,\"title\":\"Planning %u\",\"status\":\"completed\",\"created_at\":\"%s\","
                                "\"duration\":1800,\"summary\":\"What was said in meeting %u.\",\"task_count\":5,"
                                "\"participant_count\":4,\"archived\":false}",
                                i + 1, i + 1, created, i + 1);
      else
        g_string_append_printf (json,
                                "{\"id\":%u,\"session_id\":%u,\"text\":\"Send the figures of part %u to the team\","
                                "\"status\":\"%s\",\"priority\":\"medium\",\"due_date\":%s,\"assignee\":\"Ana\","
                                "\"created_at\":\"%s\"}",
                                i + 1, i % n_meetings + 1, i + 1, i % 3 == 0 ? "completed" : "pending",
                                i % 2 == 0 ? "null" : "\"2026-12-01\"", created);
    }
  g_string_append_c (json, ']');
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) json = g_string_new ("{\"epoch\":\"6f9619ff-8b86-4011-b42d-00c04fc964ff\",\"sequence\":1,"
                                           "\"user_sequence\":0,\"stores\":{\"analytics\":[],\"metadata\":[],");
  g_autoptr (JsonObject) snapshot = NULL;
  g_autoptr (CrownChangeSet) changes = NULL;
  g_autoptr (CrownOutbox) outbox = NULL;
  g_autoptr (CrownCache) cache = NULL;
  g_autofree char *cache_path = NULL;
  g_autofree char *outbox_path = NULL;
  guint n_meetings;

  if (argc != 4 || (n_meetings = (guint) strtoul (argv[2], NULL, 10)) == 0)
    {
      g_printerr ("Usage: %s FOLDER MEETINGS TASKS\n", argv[0]);
      return 2;
    }

  append_rows (json, "meetings", n_meetings, n_meetings);
  g_string_append_c (json, ',');
  append_rows (json, "tasks", (guint) strtoul (argv[3], NULL, 10), n_meetings);
  g_string_append (json, "}}");

  g_mkdir_with_parents (argv[1], 0700);
  cache_path = g_build_filename (argv[1], "cache.db", NULL);
  outbox_path = g_build_filename (argv[1], "outbox.db", NULL);
  changes = crown_change_set_new (1);

  if (!(snapshot = crown_json_parse_object (json->str, (gssize) json->len, &error)) ||
      !(cache = crown_cache_open (cache_path, 1, 1, &error)) ||
      !(outbox = crown_outbox_open (outbox_path, &error)) ||
      !crown_cache_load_snapshot (cache, snapshot, changes, &error))
    {
      g_printerr ("%s: %s\n", argv[0], error->message);
      return 1;
    }
  return 0;
}
