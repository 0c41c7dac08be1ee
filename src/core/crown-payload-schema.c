/* crown-payload-schema.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-core"

#include "crown-payload-schema.h"

#include "crown-clock.h"
#include "crown-event-catalogue.h"

#include <string.h>

/* The catalogue's names are shorter. */
#define NAME_SIZE 64

static gboolean
is_value (JsonNode *node,
          GType     type)
{
  return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type;
}

static gboolean
is_id (JsonNode *node)
{
  return is_value (node, G_TYPE_INT64) && json_node_get_int (node) >= 1;
}

static gboolean
is_int (JsonNode *node)
{
  return is_value (node, G_TYPE_INT64);
}

static gboolean
is_number (JsonNode *node)
{
  return is_value (node, G_TYPE_INT64) || is_value (node, G_TYPE_DOUBLE);
}

static gboolean
is_bool (JsonNode *node)
{
  return is_value (node, G_TYPE_BOOLEAN);
}

static gboolean
is_text (JsonNode *node)
{
  return is_value (node, G_TYPE_STRING);
}

static gboolean
is_time (JsonNode *node)
{
  return is_text (node) && crown_time_parse_iso (json_node_get_string (node), NULL);
}

static gboolean
is_array (JsonNode *node)
{
  return JSON_NODE_HOLDS_ARRAY (node);
}

static gboolean
is_object (JsonNode *node)
{
  return JSON_NODE_HOLDS_OBJECT (node);
}

static const struct {
  const char *name;
  const char *says;
  gboolean  (*check) (JsonNode *node);
} types[] = {
  { "id", "a positive integer", is_id },
  { "int", "an integer", is_int },
  { "number", "a number", is_number },
  { "bool", "true or false", is_bool },
  { "text", "a string", is_text },
  { "time", "an RFC 3339 time", is_time },
  { "array", "an array", is_array },
  { "object", "an object", is_object },
};

/* Checks members up to the end of the text or a '}'; leaves *cursor there. @path is "" or "stats." */
static gboolean
check_members (const char **cursor,
               JsonObject  *payload,
               const char  *path,
               GError     **error)
{
  const char *p = *cursor;

  while (*p != '\0' && *p != '}')
    {
      char name[NAME_SIZE];
      gsize name_length = strcspn (p, "?:");
      gboolean optional = p[name_length] == '?';
      JsonNode *node;
      gsize type_length;
      guint i;

      g_assert (name_length < sizeof name);
      memcpy (name, p, name_length);
      name[name_length] = '\0';
      p += name_length + (optional ? 2 : 1);
      type_length = strcspn (p, " {}");
      for (i = 0; i < G_N_ELEMENTS (types); i++)
        if (strlen (types[i].name) == type_length && strncmp (types[i].name, p, type_length) == 0)
          break;
      g_assert (i < G_N_ELEMENTS (types));
      p += type_length;

      node = json_object_get_member (payload, name);
      if (node == NULL && !optional)
        {
          g_set_error (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_PAYLOAD, "%s%s is missing", path, name);
          return FALSE;
        }
      if (node != NULL && !(optional && JSON_NODE_HOLDS_NULL (node)) && !types[i].check (node))
        {
          g_set_error (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_PAYLOAD, "%s%s is not %s", path, name, types[i].says);
          return FALSE;
        }

      if (*p == '{')
        {
          p++;
          if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
            {
              g_autofree char *inner = g_strconcat (path, name, ".", NULL);

              if (!check_members (&p, json_node_get_object (node), inner, error))
                return FALSE;
            }
          else
            {
              p += strcspn (p, "}");
            }
          p++;
        }
      if (*p == ' ')
        p++;
    }
  *cursor = p;

  return TRUE;
}

gboolean
crown_payload_schema_check (const char  *schema,
                            JsonObject  *payload,
                            GError     **error)
{
  const char *cursor = schema;

  return check_members (&cursor, payload, "", error);
}
