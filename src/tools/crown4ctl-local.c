/* crown4ctl-local.c: the commands that need neither ledger nor server
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-tools"

#include "crown4ctl.h"

#include "analysis/crown-transcript.h"
#include "core/crown-json.h"

#include <gio/gunixinputstream.h>
#include <stdio.h>

/* The date is what 'by Friday' is relative to: the transcript's own, otherwise today. */
int
ctl_analyze (const CtlOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownTranscript) transcript = NULL;
  g_autoptr (JsonObject) analysis = NULL;
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *today = g_date_time_format (now, "%Y-%m-%d");
  g_autofree char *name = g_path_get_basename (options->arguments[0]);
  g_autofree char *data = NULL;
  g_autofree char *text = NULL;
  JsonArray *items;
  gsize length;

  if (!g_file_get_contents (options->arguments[0], &data, &length, &error) ||
      !(transcript = crown_transcript_read (data, length, name, &error)))
    return ctl_fail (error);
  analysis = crown_analyze (transcript, transcript->started_at != NULL ? transcript->started_at : today);

  if (options->json)
    {
      text = crown_json_object_to_string (analysis);
      g_print ("%s\n", text);
      return 0;
    }

  g_print ("%s\n%.0f s, %u people\n\n", crown_json_opt_string (analysis, "title", ""),
           crown_json_opt_double (analysis, "duration", 0),
           json_array_get_length (crown_json_opt_array (analysis, "participants")));
  items = crown_json_opt_array (analysis, "summary");
  for (guint i = 0; i < json_array_get_length (items); i++)
    g_print ("%s\n", crown_json_opt_string (json_array_get_object_element (items, i), "text", ""));
  items = crown_json_opt_array (analysis, "action_items");
  g_print ("\n");
  for (guint i = 0; i < json_array_get_length (items); i++)
    {
      JsonObject *item = json_array_get_object_element (items, i);

      g_print ("[ ] %s (%s%s%s)\n", crown_json_opt_string (item, "text", ""), crown_json_opt_string (item, "assignee", "nobody"),
               crown_json_opt_string (item, "due", NULL) != NULL ? ", " : "", crown_json_opt_string (item, "due", ""));
    }
  return 0;
}

int
ctl_canonicalize (const CtlOptions *options)
{
  g_autoptr (GInputStream) bytes = g_unix_input_stream_new (0, FALSE);
  g_autoptr (GDataInputStream) lines = g_data_input_stream_new (bytes);
  g_autoptr (GError) error = NULL;

  for (guint64 number = 1;; number++)
    {
      gsize length;
      g_autofree char *line = g_data_input_stream_read_line (lines, &length, NULL, &error);
      g_autoptr (GString) canonical = g_string_new (NULL);
      g_autoptr (JsonNode) node = NULL;
      char hex[CROWN_CHECKSUM_HEX_LENGTH + 1];

      if (line == NULL)
        return error == NULL ? 0 : ctl_fail (error);
      if (!(node = crown_json_parse (line, (gssize) length, &error)) ||
          !crown_json_canonicalize (node, options->checksum, canonical, &error))
        {
          g_printerr ("crown4ctl: line %" G_GUINT64_FORMAT ": %s\n", number, error->message);
          return CROWN_EXIT_FAILED;
        }
      if (options->checksum)
        {
          crown_checksum_bytes (canonical->str, canonical->len, hex);
          g_print ("%s\n", hex);
        }
      else
        {
          g_string_append_c (canonical, '\n');
          fwrite (canonical->str, 1, canonical->len, stdout);
        }
    }
}
