/* crown-demo.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-demo.h"

#include "crown-config.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <stdio.h>

#define MAX_MEETINGS 100
#define DATE_MARK    "@DATE@"

/* "26 days ago at 09:30" of this place, in UTC as the transcript has to say it */
static char *
date_of (gint64      days_ago,
         const char *time)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_local ();
  g_autoptr(GDateTime) day = g_date_time_add_days (now, (int) -CLAMP (days_ago, 0, 3650));
  g_autoptr(GDateTime) moment = NULL;
  g_autoptr(GDateTime) utc = NULL;
  int hour = 10, minute = 0;

  if (time != NULL)
    sscanf (time, "%2d:%2d", &hour, &minute);
  moment = g_date_time_new_local (g_date_time_get_year (day), g_date_time_get_month (day), g_date_time_get_day_of_month (day),
                                  CLAMP (hour, 0, 23), CLAMP (minute, 0, 59), 0);
  utc = moment != NULL ? g_date_time_to_utc (moment) : g_date_time_to_utc (day);
  return g_date_time_format (utc, "%Y-%m-%dT%H:%M:%SZ");
}

static GFile *
write_dated (const char  *folder,
             const char  *to,
             JsonObject  *entry,
             GError     **error)
{
  const char *name = json_object_get_string_member_with_default (entry, "file", "");
  g_autofree char *date = date_of (json_object_get_int_member_with_default (entry, "days_ago", 0),
                                   json_object_get_string_member_with_default (entry, "time", NULL));
  g_autofree char *from_path = g_build_filename (folder, name, NULL);
  g_autofree char *to_path = g_build_filename (to, name, NULL);
  g_autofree char *text = NULL;
  g_autoptr(GString) dated = NULL;

  if (*name == '\0' || strchr (name, G_DIR_SEPARATOR) != NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "the demo's index names no file: “%s”", name);
      return NULL;
    }
  if (!g_file_get_contents (from_path, &text, NULL, error))
    return NULL;
  dated = g_string_new (text);
  g_string_replace (dated, DATE_MARK, date, 0);
  return g_file_set_contents (to_path, dated->str, (gssize) dated->len, error) ? g_file_new_for_path (to_path) : NULL;
}

/**
 * crown_demo_make_files:
 *
 * Writes the demo transcripts, dated relative to today, into a fresh temporary folder. They come from `demo/index.json`
 * of the installed data, or of the source tree that `CROWN_SRCDIR` names: an array of `{file, days_ago, time}`.
 *
 * Returns: (transfer full) (element-type GFile): the files in order; each is given back with crown_demo_remove_file()
 */
GPtrArray *
crown_demo_make_files (GError **error)
{
  const char *source = g_getenv ("CROWN_SRCDIR");
  g_autofree char *folder = source != NULL ? g_build_filename (source, "data", "demo", NULL)
                                           : g_build_filename (CROWN_PKGDATA_DIR, "demo", NULL);
  g_autofree char *index = g_build_filename (folder, "index.json", NULL);
  g_autofree char *to = NULL;
  g_autoptr(JsonParser) parser = json_parser_new ();
  g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  JsonNode *root;
  JsonArray *entries;

  if (!json_parser_load_from_file (parser, index, error))
    return NULL;
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_ARRAY (root))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: no list of meetings", index);
      return NULL;
    }
  if ((to = g_dir_make_tmp ("crown4-demo-XXXXXX", error)) == NULL)
    return NULL;

  entries = json_node_get_array (root);
  for (guint i = 0; i < MIN (json_array_get_length (entries), MAX_MEETINGS); i++)
    {
      JsonNode *entry = json_array_get_element (entries, i);
      GFile *file = JSON_NODE_HOLDS_OBJECT (entry) ? write_dated (folder, to, json_node_get_object (entry), error) : NULL;

      if (file == NULL)
        {
          for (guint j = 0; j < files->len; j++)
            crown_demo_remove_file (files->pdata[j]);
          g_rmdir (to);
          return NULL;
        }
      g_object_set_data (G_OBJECT (file), DATE_MARK, GINT_TO_POINTER (TRUE));
      g_ptr_array_add (files, file);
    }
  return g_steal_pointer (&files);
}

/**
 * crown_demo_remove_file:
 * @file: any file
 *
 * Removes @file if crown_demo_make_files() wrote it, and their folder with the last one. Leaves others alone.
 */
void
crown_demo_remove_file (GFile *file)
{
  g_autoptr(GFile) folder = NULL;

  if (g_object_get_data (G_OBJECT (file), DATE_MARK) == NULL)
    return;
  folder = g_file_get_parent (file);
  g_file_delete (file, NULL, NULL);
  g_file_delete (folder, NULL, NULL); /* fails while there are others */
}
