/* crown-meetings.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "crown-meetings.h"

#include "core/crown-json.h"

#include <string.h>

static void
meeting_free (gpointer data)
{
  CrownMeeting *meeting = data;

  g_free (meeting->name);
  g_free (meeting->reference);
  crown_transcript_free (meeting->transcript);
  g_free (meeting);
}

static CrownMeeting *
load_one (const char *path,
          const char *file_name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = NULL;
  g_autofree char *data = NULL;
  CrownMeeting *meeting = g_new0 (CrownMeeting, 1);
  JsonArray *queries;
  gsize length;

  if (!g_file_get_contents (path, &data, &length, &error) || !(object = crown_json_parse_object (data, -1, &error)) ||
      !(meeting->transcript = crown_transcript_read (data, length, file_name, &error)))
    g_error ("%s: %s", path, error->message);
  queries = crown_json_opt_array (object, "general_query_list");
  if (queries == NULL || json_array_get_length (queries) == 0)
    g_error ("%s has no summary", path);
  meeting->reference = g_strdup (crown_json_opt_string (json_array_get_object_element (queries, 0), "answer", ""));
  meeting->name = g_strndup (file_name, strlen (file_name) - strlen (".json"));
  return meeting;
}

static int
compare_names (gconstpointer a,
               gconstpointer b)
{
  const CrownMeeting *x = *(CrownMeeting *const *) a, *y = *(CrownMeeting *const *) b;

  return strcmp (x->name, y->name);
}

static int
compare_hashes (gconstpointer a,
                gconstpointer b)
{
  const CrownMeeting *x = *(CrownMeeting *const *) a, *y = *(CrownMeeting *const *) b;
  g_autofree char *first = g_compute_checksum_for_string (G_CHECKSUM_SHA256, x->name, -1);
  g_autofree char *second = g_compute_checksum_for_string (G_CHECKSUM_SHA256, y->name, -1);

  return strcmp (first, second);
}

GPtrArray *
crown_meetings_load (void)
{
  const char *data = g_getenv ("CROWN_TEST_DATA");
  g_autofree char *folder = g_build_filename (data != NULL ? data : "", "qmsum", NULL);
  g_autoptr (GDir) files = g_dir_open (folder, 0, NULL);
  g_autoptr (GPtrArray) meetings = g_ptr_array_new_with_free_func (meeting_free);
  const char *name;

  if (files == NULL)
    {
      g_printerr ("no meetings: CROWN_TEST_DATA names no folder with “qmsum” in it\n");
      return NULL;
    }
  while ((name = g_dir_read_name (files)) != NULL)
    if (g_str_has_suffix (name, ".json"))
      {
        g_autofree char *path = g_build_filename (folder, name, NULL);

        g_ptr_array_add (meetings, load_one (path, name));
      }
  g_ptr_array_sort (meetings, compare_hashes);
  for (guint i = 0; i < meetings->len / 3; i++)
    ((CrownMeeting *) meetings->pdata[i])->held_out = TRUE;
  g_ptr_array_sort (meetings, compare_names);
  return g_steal_pointer (&meetings);
}
