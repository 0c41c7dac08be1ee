/* crown-demo.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-demo.h"

#include "crown-config.h"

#include <json-glib/json-glib.h>

#define MAX_MEETINGS 100

static const char *
name_of (JsonNode *node)
{
  JsonNode *name;

  if (json_node_get_value_type (node) == G_TYPE_STRING)
    return json_node_get_string (node);
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return NULL;
  name = json_object_get_member (json_node_get_object (node), "file");
  return name != NULL && json_node_get_value_type (name) == G_TYPE_STRING ? json_node_get_string (name) : NULL;
}

/**
 * crown_demo_list_files:
 *
 * Reads `demo/index.json` of the installed data, or of the source tree that `CROWN_SRCDIR` names: an array (or an
 * object with the array `meetings`) of file names or objects with a member `file`.
 *
 * Returns: (transfer full) (element-type GFile): the demo transcripts in order
 */
GPtrArray *
crown_demo_list_files (GError **error)
{
  const char *source = g_getenv ("CROWN_SRCDIR");
  g_autofree char *folder = source != NULL ? g_build_filename (source, "data", "demo", NULL)
                                           : g_build_filename (CROWN_PKGDATA_DIR, "demo", NULL);
  g_autofree char *index = g_build_filename (folder, "index.json", NULL);
  g_autoptr(JsonParser) parser = json_parser_new ();
  g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  JsonNode *root;
  JsonArray *entries;

  if (!json_parser_load_from_file (parser, index, error))
    return NULL;

  root = json_parser_get_root (parser);
  if (root != NULL && JSON_NODE_HOLDS_OBJECT (root))
    root = json_object_get_member (json_node_get_object (root), "meetings");
  if (root == NULL || !JSON_NODE_HOLDS_ARRAY (root))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: no list of meetings", index);
      return NULL;
    }

  entries = json_node_get_array (root);
  for (guint i = 0; i < MIN (json_array_get_length (entries), MAX_MEETINGS); i++)
    {
      const char *name = name_of (json_array_get_element (entries, i));

      if (name != NULL && strchr (name, G_DIR_SEPARATOR) == NULL)
        {
          g_autofree char *path = g_build_filename (folder, name, NULL);

          g_ptr_array_add (files, g_file_new_for_path (path));
        }
    }
  return g_steal_pointer (&files);
}
