/* crown-json.c: JSON out, canonically or not, and typed access to members
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-core"

#include "crown-json.h"
#include "crown-limits.h"

#include <math.h>
#include <string.h>

typedef struct {
  gboolean canonical;
  gboolean skip_private;
  guint    depth;
} WriteMode;

typedef struct {
  const char *name;
  JsonNode   *node;
} Member;

/* Rows have about a dozen members: these are sorted on the stack. */
#define MEMBERS_ON_STACK 32

static gboolean write_node (JsonNode *node, WriteMode *mode, GString *out, GError **error);

/* Bytes of valid UTF-8 order as code points do; UTF-16 code units differ only where a supplementary character (lead byte
 * F0…) meets one of U+E000…U+FFFF (lead bytes EE, EF): its surrogates are below those. */
static int
compare_utf16 (const char *a,
               const char *b)
{
  guchar x, y;

  while (*a != '\0' && *a == *b)
    {
      a++;
      b++;
    }
  x = (guchar) *a;
  y = (guchar) *b;
  if (x >= 0xEE && y >= 0xEE && (x >= 0xF0) != (y >= 0xF0))
    return x >= 0xF0 ? -1 : 1;

  return (int) x - (int) y;
}

static int
compare_members (const void *a,
                 const void *b)
{
  return compare_utf16 (((const Member *) a)->name, ((const Member *) b)->name);
}

static void
write_string (const char *text,
              GString    *out)
{
  static const char hex[] = "0123456789abcdef";
  const char *run = text;
  const char *p;

  g_string_append_c (out, '"');
  for (p = text; *p != '\0'; p++)
    {
      char escape[7] = "\\";

      if ((guchar) *p >= 0x20 && *p != '"' && *p != '\\')
        continue;
      g_string_append_len (out, run, p - run);
      run = p + 1;
      switch (*p)
        {
        case '"':  escape[1] = '"'; break;
        case '\\': escape[1] = '\\'; break;
        case '\b': escape[1] = 'b'; break;
        case '\f': escape[1] = 'f'; break;
        case '\n': escape[1] = 'n'; break;
        case '\r': escape[1] = 'r'; break;
        case '\t': escape[1] = 't'; break;
        default:
          memcpy (escape, "\\u00", 4);
          escape[4] = hex[(guchar) *p >> 4];
          escape[5] = hex[(guchar) *p & 15];
        }
      g_string_append (out, escape);
    }
  g_string_append_len (out, run, p - run);
  g_string_append_c (out, '"');
}

static gboolean
write_object (JsonObject  *object,
              WriteMode   *mode,
              GString     *out,
              GError     **error)
{
  Member on_stack[MEMBERS_ON_STACK];
  g_autofree Member *on_heap = NULL;
  Member *members = on_stack;
  guint n_members = json_object_get_size (object);
  guint n = 0;
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  if (n_members > MEMBERS_ON_STACK)
    members = on_heap = g_new (Member, n_members);

  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      Member member = { name, node };
      guint at = n;

      if (mode->skip_private && name[0] == '_')
        continue;
      /* Insertion while it is cheap: rows mostly come sorted already. */
      if (mode->canonical && n_members <= MEMBERS_ON_STACK)
        for (; at > 0 && compare_utf16 (members[at - 1].name, name) > 0; at--)
          members[at] = members[at - 1];
      members[at] = member;
      n++;
    }
  if (mode->canonical && n_members > MEMBERS_ON_STACK)
    qsort (members, n, sizeof *members, compare_members);

  g_string_append_c (out, '{');
  for (guint i = 0; i < n; i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      if (mode->canonical && !g_utf8_validate (members[i].name, -1, NULL))
        {
          g_set_error_literal (error, CROWN_JSON_ERROR, CROWN_JSON_ERROR_UTF8, "a member's name is not valid UTF-8");
          return FALSE;
        }
      write_string (members[i].name, out);
      g_string_append_c (out, ':');
      if (!write_node (members[i].node, mode, out, error))
        return FALSE;
    }
  g_string_append_c (out, '}');

  return TRUE;
}

static gboolean
write_array (JsonArray  *array,
             WriteMode  *mode,
             GString    *out,
             GError    **error)
{
  g_string_append_c (out, '[');
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      if (!write_node (json_array_get_element (array, i), mode, out, error))
        return FALSE;
    }
  g_string_append_c (out, ']');

  return TRUE;
}

static gboolean
write_number (JsonNode  *node,
              GString   *out,
              GError   **error)
{
  char buffer[32];
  double value;

  /* An integer above 2^53 is, to everyone who reads JSON as ECMAScript does, the double next to it. */
  if (json_node_get_value_type (node) == G_TYPE_INT64)
    value = (double) json_node_get_int (node);
  else
    value = json_node_get_double (node);
  if (!isfinite (value))
    {
      g_set_error_literal (error, CROWN_JSON_ERROR, CROWN_JSON_ERROR_NUMBER, "NaN and infinities have no JSON");
      return FALSE;
    }
  g_string_append_len (out, buffer, (gssize) crown_json_format_number (value, buffer));

  return TRUE;
}

static gboolean
write_node (JsonNode   *node,
            WriteMode  *mode,
            GString    *out,
            GError    **error)
{
  GType type;
  gboolean written;

  if (JSON_NODE_HOLDS_NULL (node))
    {
      g_string_append (out, "null");
      return TRUE;
    }
  if (JSON_NODE_HOLDS_OBJECT (node) || JSON_NODE_HOLDS_ARRAY (node))
    {
      /* Twice the depth that is accepted: a document inside an envelope is still written. */
      if (++mode->depth > 2 * CROWN_JSON_DEPTH_MAX)
        {
          g_set_error_literal (error, CROWN_JSON_ERROR, CROWN_JSON_ERROR_DEPTH, "nested too deeply");
          return FALSE;
        }
      written = JSON_NODE_HOLDS_OBJECT (node) ? write_object (json_node_get_object (node), mode, out, error)
                                              : write_array (json_node_get_array (node), mode, out, error);
      mode->depth--;
      return written;
    }

  type = json_node_get_value_type (node);
  if (type == G_TYPE_STRING)
    {
      const char *text = json_node_get_string (node);

      if (mode->canonical && !g_utf8_validate (text, -1, NULL))
        {
          g_set_error_literal (error, CROWN_JSON_ERROR, CROWN_JSON_ERROR_UTF8, "a string is not valid UTF-8");
          return FALSE;
        }
      write_string (text, out);
      return TRUE;
    }
  if (type == G_TYPE_BOOLEAN)
    {
      g_string_append (out, json_node_get_boolean (node) ? "true" : "false");
      return TRUE;
    }

  return write_number (node, out, error);
}

/**
 * crown_json_write:
 * @node: a document that was parsed or built here: no NaN, valid UTF-8
 * @out: gets compact JSON appended, members in their own order
 */
void
crown_json_write (JsonNode *node,
                  GString  *out)
{
  WriteMode mode = { 0 };

  if (!write_node (node, &mode, out, NULL))
    g_critical ("A document that cannot be JSON was to be written");
}

char *
crown_json_to_string (JsonNode *node)
{
  GString *out = g_string_new (NULL);

  crown_json_write (node, out);

  return g_string_free (out, FALSE);
}

char *
crown_json_object_to_string (JsonObject *object)
{
  WriteMode mode = { 0 };
  GString *out = g_string_new (NULL);

  if (!write_object (object, &mode, out, NULL))
    g_critical ("A document that cannot be JSON was to be written");

  return g_string_free (out, FALSE);
}

/**
 * crown_json_canonicalize:
 * @node: any JSON
 * @skip_private: leave out members whose name begins with `_`, at every level (PROTOCOL.md)
 * @out: gets RFC 8785's canonical form appended
 * @error: (out) (optional): %CROWN_JSON_ERROR_NUMBER, %CROWN_JSON_ERROR_UTF8 or %CROWN_JSON_ERROR_DEPTH
 *
 * Any thread.
 */
gboolean
crown_json_canonicalize (JsonNode  *node,
                         gboolean   skip_private,
                         GString   *out,
                         GError   **error)
{
  WriteMode mode = { .canonical = TRUE, .skip_private = skip_private };

  return write_node (node, &mode, out, error);
}

gboolean
crown_json_canonicalize_object (JsonObject  *object,
                                gboolean     skip_private,
                                GString     *out,
                                GError     **error)
{
  WriteMode mode = { .canonical = TRUE, .skip_private = skip_private };

  return write_object (object, &mode, out, error);
}

static JsonNode *
get_member (JsonObject  *object,
            const char  *member,
            GError     **error)
{
  JsonNode *node = json_object_get_member (object, member);

  if (node == NULL)
    g_set_error (error, CROWN_JSON_ERROR, CROWN_JSON_ERROR_MISSING, "%s is missing", member);

  return node;
}

static gboolean
wrong_type (const char  *member,
            const char  *wanted,
            GError     **error)
{
  g_set_error (error, CROWN_JSON_ERROR, CROWN_JSON_ERROR_TYPE, "%s is not %s", member, wanted);

  return FALSE;
}

gboolean
crown_json_get_int (JsonObject  *object,
                    const char  *member,
                    gint64      *value,
                    GError     **error)
{
  JsonNode *node = get_member (object, member, error);

  if (node == NULL)
    return FALSE;
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_INT64)
    return wrong_type (member, "an integer", error);
  *value = json_node_get_int (node);

  return TRUE;
}

gboolean
crown_json_get_string (JsonObject  *object,
                       const char  *member,
                       const char **value,
                       GError     **error)
{
  JsonNode *node = get_member (object, member, error);

  if (node == NULL)
    return FALSE;
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
    return wrong_type (member, "a string", error);
  *value = json_node_get_string (node);

  return TRUE;
}

gboolean
crown_json_get_object (JsonObject  *object,
                       const char  *member,
                       JsonObject **value,
                       GError     **error)
{
  JsonNode *node = get_member (object, member, error);

  if (node == NULL)
    return FALSE;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return wrong_type (member, "an object", error);
  *value = json_node_get_object (node);

  return TRUE;
}

/* The member where it has a value of the type; %NULL otherwise. */
static JsonNode *
opt_value (JsonObject *object,
           const char *member,
           GType       type)
{
  JsonNode *node = json_object_get_member (object, member);

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node))
    return NULL;

  return type == G_TYPE_INVALID || json_node_get_value_type (node) == type ? node : NULL;
}

gint64
crown_json_opt_int (JsonObject *object,
                    const char *member,
                    gint64      otherwise)
{
  JsonNode *node = opt_value (object, member, G_TYPE_INT64);

  return node != NULL ? json_node_get_int (node) : otherwise;
}

double
crown_json_opt_double (JsonObject *object,
                       const char *member,
                       double      otherwise)
{
  JsonNode *node = opt_value (object, member, G_TYPE_INVALID);

  if (node == NULL)
    return otherwise;
  if (json_node_get_value_type (node) == G_TYPE_INT64)
    return (double) json_node_get_int (node);

  return json_node_get_value_type (node) == G_TYPE_DOUBLE ? json_node_get_double (node) : otherwise;
}

gboolean
crown_json_opt_boolean (JsonObject *object,
                        const char *member,
                        gboolean    otherwise)
{
  JsonNode *node = opt_value (object, member, G_TYPE_BOOLEAN);

  return node != NULL ? json_node_get_boolean (node) : otherwise;
}

const char *
crown_json_opt_string (JsonObject *object,
                       const char *member,
                       const char *otherwise)
{
  JsonNode *node = opt_value (object, member, G_TYPE_STRING);

  return node != NULL ? json_node_get_string (node) : otherwise;
}

JsonObject *
crown_json_opt_object (JsonObject *object,
                       const char *member)
{
  JsonNode *node = json_object_get_member (object, member);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

JsonArray *
crown_json_opt_array (JsonObject *object,
                      const char *member)
{
  JsonNode *node = json_object_get_member (object, member);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

/**
 * crown_json_object_copy:
 * @object: any object
 *
 * Returns: (transfer full): a new object with the same members; objects and arrays below are shared
 */
JsonObject *
crown_json_object_copy (JsonObject *object)
{
  JsonObject *copy = json_object_new ();
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    json_object_set_member (copy, name, json_node_copy (node));

  return copy;
}
