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
  guint64     prefix; /* the first eight bytes of the name, so that most comparisons need no look at it */
  const char *name;
  JsonNode   *node;
} Member;

/* Rows have about a dozen members: these are sorted on the stack. */
#define MEMBERS_ON_STACK 32

/* A word with the same byte eight times. */
#define ALL_BYTES(byte) (G_GUINT64_CONSTANT (0x0101010101010101) * (byte))

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

/* Prefixes compare as the names do, unless they are equal or hold a byte for which UTF-16 has another order. */
static guint64
prefix_of (const char *name)
{
  guint64 prefix = 0;
  guint i;

  for (i = 0; i < 8 && name[i] != '\0'; i++)
    prefix = prefix << 8 | (guchar) name[i];

  return i < 8 ? prefix << 8 * (8 - i) : prefix;
}

static int
compare_members (const void *a,
                 const void *b)
{
  const Member *x = a, *y = b;

  if (x->prefix != y->prefix && ((x->prefix | y->prefix) & ALL_BYTES (0x80)) == 0)
    return x->prefix < y->prefix ? -1 : 1;

  return compare_utf16 (x->name, y->name);
}

/* As g_string_append_len(), which is a call for every few bytes that are written here. */
static inline void
append (GString    *out,
        const char *text,
        gsize       length)
{
  gsize end = out->len + length;

  if (G_UNLIKELY (end >= out->allocated_len))
    {
      g_string_append_len (out, text, (gssize) length);
      return;
    }
  memcpy (out->str + out->len, text, length);
  out->str[end] = '\0';
  out->len = end;
}

static void
write_escape (char     c,
              GString *out)
{
  static const char hex[] = "0123456789abcdef";
  char escape[7] = "\\";

  switch (c)
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
      escape[4] = hex[(guchar) c >> 4];
      escape[5] = hex[(guchar) c & 15];
    }
  append (out, escape, strlen (escape));
}

/* How many bytes from @text on are written as they are. Almost all text is plain, so it is looked at eight bytes at a time:
 * the high bit of a byte of `marks` says that it is above 0x7f, below 0x20, '"' or '\'. A borrow may mark a byte beside a
 * true one as well, never one in a word without. */
static gsize
count_plain (const char *text,
             gsize       length)
{
  gsize n = 0;

  for (; n + sizeof (guint64) <= length; n += sizeof (guint64))
    {
      guint64 bytes, marks;

      memcpy (&bytes, text + n, sizeof bytes);
      marks = bytes | (bytes - ALL_BYTES (0x20)) | ((bytes ^ ALL_BYTES ('"')) - ALL_BYTES (1)) |
              ((bytes ^ ALL_BYTES ('\\')) - ALL_BYTES (1));
      if ((marks & ALL_BYTES (0x80)) != 0)
        break;
    }
  while (n < length && (guchar) text[n] >= 0x20 && (guchar) text[n] < 0x80 && text[n] != '"' && text[n] != '\\')
    n++;

  return n;
}

/* FALSE where @must_be_valid and the text is not UTF-8. */
static gboolean
write_string (const char *text,
              gboolean    must_be_valid,
              GString    *out)
{
  gsize length = strlen (text);
  gsize run = 0;
  gsize i;

  g_string_append_c (out, '"');
  for (i = count_plain (text, length); i < length; i += count_plain (text + i, length - i))
    {
      gsize from = i;

      if ((guchar) text[i] < 0x80)
        {
          append (out, text + run, i - run);
          write_escape (text[i], out);
          run = ++i;
          continue;
        }
      /* ASCII stands between characters only: what is between ASCII is valid by itself or not at all. */
      while (i < length && (guchar) text[i] >= 0x80)
        i++;
      if (must_be_valid && !g_utf8_validate_len (text + from, i - from, NULL))
        return FALSE;
    }
  append (out, text + run, length - run);
  g_string_append_c (out, '"');

  return TRUE;
}

static void
sort_in (Member       *members,
         guint         n,
         const Member *member)
{
  for (; n > 0 && compare_members (&members[n - 1], member) > 0; n--)
    members[n] = members[n - 1];
  members[n] = *member;
}

/* The members that are to be written, in their order. @members has room for all. */
static guint
collect_members (JsonObject *object,
                 WriteMode  *mode,
                 Member     *members)
{
  gboolean few = json_object_get_size (object) <= MEMBERS_ON_STACK;
  Member member = { 0 };
  JsonObjectIter iter;
  guint n = 0;

  if (!mode->canonical)
    {
      json_object_iter_init_ordered (&iter, object);
      while (json_object_iter_next_ordered (&iter, &member.name, &member.node))
        if (!mode->skip_private || member.name[0] != '_')
          members[n++] = member;
      return n;
    }

  /* The order comes from the sorting, so the iterator that looks each member up for it would be a waste. */
  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &member.name, &member.node))
    {
      if (mode->skip_private && member.name[0] == '_')
        continue;
      member.prefix = prefix_of (member.name);
      if (few)
        sort_in (members, n, &member);
      else
        members[n] = member;
      n++;
    }
  if (!few)
    qsort (members, n, sizeof *members, compare_members);

  return n;
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
  guint n;

  if (json_object_get_size (object) > MEMBERS_ON_STACK)
    members = on_heap = g_new (Member, json_object_get_size (object));
  n = collect_members (object, mode, members);

  g_string_append_c (out, '{');
  for (guint i = 0; i < n; i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      if (!write_string (members[i].name, mode->canonical, out))
        {
          g_set_error_literal (error, CROWN_JSON_ERROR, CROWN_JSON_ERROR_UTF8, "a member's name is not valid UTF-8");
          return FALSE;
        }
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
  append (out, buffer, crown_json_format_number (value, buffer));

  return TRUE;
}

static gboolean
write_node (JsonNode   *node,
            WriteMode  *mode,
            GString    *out,
            GError    **error)
{
  JsonNodeType kind = json_node_get_node_type (node);
  GType type;
  gboolean written;

  if (kind == JSON_NODE_NULL)
    {
      append (out, "null", 4);
      return TRUE;
    }
  if (kind != JSON_NODE_VALUE)
    {
      /* Twice the depth that is accepted: a document inside an envelope is still written. */
      if (++mode->depth > 2 * CROWN_JSON_DEPTH_MAX)
        {
          g_set_error_literal (error, CROWN_JSON_ERROR, CROWN_JSON_ERROR_DEPTH, "nested too deeply");
          return FALSE;
        }
      written = kind == JSON_NODE_OBJECT ? write_object (json_node_get_object (node), mode, out, error)
                                         : write_array (json_node_get_array (node), mode, out, error);
      mode->depth--;
      return written;
    }

  type = json_node_get_value_type (node);
  if (type == G_TYPE_STRING)
    {
      if (write_string (json_node_get_string (node), mode->canonical, out))
        return TRUE;
      g_set_error_literal (error, CROWN_JSON_ERROR, CROWN_JSON_ERROR_UTF8, "a string is not valid UTF-8");
      return FALSE;
    }
  if (type == G_TYPE_BOOLEAN)
    {
      gboolean value = json_node_get_boolean (node);

      append (out, value ? "true" : "false", value ? 4 : 5);
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
