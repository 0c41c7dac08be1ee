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
  g_array_unref (meeting->segments);
  g_free (meeting->topics);
  g_free (meeting);
}

/* The reader leaves out turns that say nothing. */
static void
map_segments (CrownMeeting *meeting,
              JsonObject   *object)
{
  JsonArray *turns = crown_json_opt_array (object, "meeting_transcripts");
  int next = 0;

  meeting->segments = g_array_new (FALSE, FALSE, sizeof (int));
  for (guint i = 0; i < json_array_get_length (turns); i++)
    {
      g_autofree char *said =
        g_strdup (crown_json_opt_string (json_array_get_object_element (turns, i), "content", ""));
      int segment = *g_strstrip (said) != '\0' ? next++ : -1;

      g_array_append_val (meeting->segments, segment);
    }
  if (next != (int) meeting->transcript->segments->len)
    g_error ("%s has %d turns and %u segments", meeting->name, next, meeting->transcript->segments->len);
}

/* Topics may have several spans; what is in none belongs to what was before. */
static void
read_topics (CrownMeeting *meeting,
             JsonObject   *object)
{
  JsonArray *topics = crown_json_opt_array (object, "topic_list");

  meeting->topics = g_new (int, meeting->transcript->segments->len);
  for (guint i = 0; i < meeting->transcript->segments->len; i++)
    meeting->topics[i] = -1;
  for (guint t = 0; t < json_array_get_length (topics); t++)
    {
      JsonArray *spans = crown_json_opt_array (json_array_get_object_element (topics, t), "relevant_text_span");

      for (guint s = 0; s < json_array_get_length (spans); s++)
        {
          JsonArray *span = json_array_get_array_element (spans, s);
          guint64 to = g_ascii_strtoull (json_array_get_string_element (span, 1), NULL, 10);

          for (guint64 turn = g_ascii_strtoull (json_array_get_string_element (span, 0), NULL, 10);
               turn <= to && turn < meeting->segments->len; turn++)
            if (g_array_index (meeting->segments, int, turn) >= 0 &&
                meeting->topics[g_array_index (meeting->segments, int, turn)] < 0)
              meeting->topics[g_array_index (meeting->segments, int, turn)] = (int) t;
        }
    }
  for (guint i = 1; i < meeting->transcript->segments->len; i++)
    if (meeting->topics[i] < 0)
      meeting->topics[i] = meeting->topics[i - 1];
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
  map_segments (meeting, object);
  read_topics (meeting, object);
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
