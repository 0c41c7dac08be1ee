/* crown-json-parser.c: JSON from outside, strictly
 *
 * json-glib's own parser takes comments, single documents followed by others and duplicate keys; what comes from the
 * wire or from a file must not. This one builds json-glib's nodes in one pass.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-core"

#include "crown-json.h"
#include "crown-limits.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const char *start;
  const char *p;
  const char *end;
  guint       depth;
  GString    *scratch; /* the string that was read last */
} Parser;

/* Longer names than this are rare, and are copied to the heap. */
#define NAME_ON_STACK 64

G_DEFINE_QUARK (crown-json-error-quark, crown_json_error)

static JsonNode *parse_value (Parser *parser, GError **error);

static void
set_error (Parser         *parser,
           CrownJsonError  code,
           const char     *message,
           GError        **error)
{
  guint line = 1, column = 1;

  for (const char *p = parser->start; p < parser->p; p++)
    {
      column++;
      if (*p == '\n')
        {
          line++;
          column = 1;
        }
    }
  g_set_error (error, CROWN_JSON_ERROR, code, "line %u, column %u: %s", line, column, message);
}

static void
skip_space (Parser *parser)
{
  while (parser->p < parser->end &&
         (*parser->p == ' ' || *parser->p == '\n' || *parser->p == '\r' || *parser->p == '\t'))
    parser->p++;
}

static gboolean
parse_hex4 (Parser   *parser,
            gunichar *value)
{
  if (parser->end - parser->p < 4)
    return FALSE;

  *value = 0;
  for (guint i = 0; i < 4; i++)
    {
      int digit = g_ascii_xdigit_value (parser->p[i]);

      if (digit < 0)
        return FALSE;
      *value = *value << 4 | (gunichar) digit;
    }
  parser->p += 4;

  return TRUE;
}

static gboolean
parse_escape (Parser  *parser,
              GError **error)
{
  static const char names[] = "\"\\/bfnrt";
  static const char values[] = "\"\\/\b\f\n\r\t";
  const char *name;
  gunichar c, low;

  if (parser->p == parser->end)
    {
      set_error (parser, CROWN_JSON_ERROR_SYNTAX, "the text ends inside a string", error);
      return FALSE;
    }

  if (*parser->p != 'u')
    {
      name = *parser->p != '\0' ? strchr (names, *parser->p) : NULL;
      if (name == NULL)
        {
          set_error (parser, CROWN_JSON_ERROR_SYNTAX, "unknown escape in a string", error);
          return FALSE;
        }
      g_string_append_c (parser->scratch, values[name - names]);
      parser->p++;
      return TRUE;
    }

  parser->p++;
  if (!parse_hex4 (parser, &c))
    {
      set_error (parser, CROWN_JSON_ERROR_SYNTAX, "\\u needs four hexadecimal digits", error);
      return FALSE;
    }
  if (c >= 0xD800 && c <= 0xDBFF && parser->end - parser->p >= 2 && parser->p[0] == '\\' && parser->p[1] == 'u')
    {
      parser->p += 2;
      if (parse_hex4 (parser, &low) && low >= 0xDC00 && low <= 0xDFFF)
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
  if (c >= 0xD800 && c <= 0xDFFF)
    {
      set_error (parser, CROWN_JSON_ERROR_UTF8, "a lone surrogate in a string", error);
      return FALSE;
    }
  if (c == 0)
    {
      /* json-glib's strings end at NUL: taking it would drop what follows it, silently. */
      set_error (parser, CROWN_JSON_ERROR_UTF8, "NUL in a string", error);
      return FALSE;
    }
  g_string_append_unichar (parser->scratch, c);

  return TRUE;
}

/* The string's text, or NULL; the parser's until it reads the next one. json-glib makes its own copy of every string. */
static const char *
parse_string (Parser  *parser,
              GError **error)
{
  const char *from = ++parser->p;

  while (parser->p < parser->end && *parser->p != '"' && *parser->p != '\\' && (guchar) *parser->p >= 0x20)
    parser->p++;
  g_string_truncate (parser->scratch, 0);
  g_string_append_len (parser->scratch, from, parser->p - from);

  while (parser->p < parser->end)
    {
      char c = *parser->p;

      if (c == '"')
        {
          parser->p++;
          return parser->scratch->str;
        }
      if ((guchar) c < 0x20)
        {
          set_error (parser, CROWN_JSON_ERROR_SYNTAX, "a control character in a string", error);
          return NULL;
        }
      parser->p++;
      if (c != '\\')
        g_string_append_c (parser->scratch, c);
      else if (!parse_escape (parser, error))
        return NULL;
    }
  set_error (parser, CROWN_JSON_ERROR_SYNTAX, "the text ends inside a string", error);

  return NULL;
}

static gboolean
skip_digits (Parser *parser)
{
  const char *from = parser->p;

  while (parser->p < parser->end && g_ascii_isdigit (*parser->p))
    parser->p++;

  return parser->p > from;
}

static JsonNode *
parse_number (Parser  *parser,
              GError **error)
{
  const char *from = parser->p;
  gboolean integer = TRUE;
  char text[64];
  g_autofree char *long_text = NULL;
  const char *number = text;
  gsize length;
  double value;

  if (*parser->p == '-')
    parser->p++;
  if (parser->p < parser->end && *parser->p == '0')
    parser->p++;
  else if (!skip_digits (parser))
    goto malformed;

  if (parser->p < parser->end && *parser->p == '.')
    {
      integer = FALSE;
      parser->p++;
      if (!skip_digits (parser))
        goto malformed;
    }
  if (parser->p < parser->end && (*parser->p == 'e' || *parser->p == 'E'))
    {
      integer = FALSE;
      parser->p++;
      if (parser->p < parser->end && (*parser->p == '+' || *parser->p == '-'))
        parser->p++;
      if (!skip_digits (parser))
        goto malformed;
    }

  length = (gsize) (parser->p - from);
  if (length < sizeof text)
    {
      memcpy (text, from, length);
      text[length] = '\0';
    }
  else
    {
      number = long_text = g_strndup (from, length);
    }

  if (integer)
    {
      gint64 whole;

      errno = 0;
      whole = g_ascii_strtoll (number, NULL, 10);
      if (errno == 0 && !(whole == 0 && *from == '-'))
        return json_node_init_int (json_node_alloc (), whole);
    }
  value = g_ascii_strtod (number, NULL);
  if (!isfinite (value))
    {
      set_error (parser, CROWN_JSON_ERROR_NUMBER, "a number out of range", error);
      return NULL;
    }

  return json_node_init_double (json_node_alloc (), value);

malformed:
  set_error (parser, CROWN_JSON_ERROR_SYNTAX, "malformed number", error);
  return NULL;
}

static JsonNode *
parse_object (Parser  *parser,
              GError **error)
{
  g_autoptr (JsonObject) object = json_object_new ();

  parser->p++;
  skip_space (parser);
  if (parser->p < parser->end && *parser->p == '}')
    {
      parser->p++;
      return json_node_init_object (json_node_alloc (), object);
    }

  for (;;)
    {
      char on_stack[NAME_ON_STACK];
      g_autofree char *on_heap = NULL;
      const char *name;
      JsonNode *value;

      skip_space (parser);
      if (parser->p == parser->end || *parser->p != '"')
        {
          set_error (parser, CROWN_JSON_ERROR_SYNTAX, "a member's name was expected", error);
          return NULL;
        }
      if (!(name = parse_string (parser, error)))
        return NULL;
      if (json_object_has_member (object, name))
        {
          g_autofree char *message = g_strdup_printf ("duplicate key \"%.64s\"", name);
          set_error (parser, CROWN_JSON_ERROR_DUPLICATE_KEY, message, error);
          return NULL;
        }
      /* The value may have strings of its own. */
      if (parser->scratch->len < sizeof on_stack)
        name = memcpy (on_stack, name, parser->scratch->len + 1);
      else
        name = on_heap = g_strdup (name);
      skip_space (parser);
      if (parser->p == parser->end || *parser->p != ':')
        {
          set_error (parser, CROWN_JSON_ERROR_SYNTAX, "':' was expected", error);
          return NULL;
        }
      parser->p++;
      if (!(value = parse_value (parser, error)))
        return NULL;
      json_object_set_member (object, name, value);

      skip_space (parser);
      if (parser->p < parser->end && *parser->p == ',')
        {
          parser->p++;
          continue;
        }
      if (parser->p < parser->end && *parser->p == '}')
        {
          parser->p++;
          return json_node_init_object (json_node_alloc (), object);
        }
      set_error (parser, CROWN_JSON_ERROR_SYNTAX, "',' or '}' was expected", error);
      return NULL;
    }
}

static JsonNode *
parse_array (Parser  *parser,
             GError **error)
{
  g_autoptr (JsonArray) array = json_array_new ();

  parser->p++;
  skip_space (parser);
  if (parser->p < parser->end && *parser->p == ']')
    {
      parser->p++;
      return json_node_init_array (json_node_alloc (), array);
    }

  for (;;)
    {
      JsonNode *value = parse_value (parser, error);

      if (value == NULL)
        return NULL;
      json_array_add_element (array, value);

      skip_space (parser);
      if (parser->p < parser->end && *parser->p == ',')
        {
          parser->p++;
          continue;
        }
      if (parser->p < parser->end && *parser->p == ']')
        {
          parser->p++;
          return json_node_init_array (json_node_alloc (), array);
        }
      set_error (parser, CROWN_JSON_ERROR_SYNTAX, "',' or ']' was expected", error);
      return NULL;
    }
}

static gboolean
skip_word (Parser     *parser,
           const char *word)
{
  gsize length = strlen (word);

  if ((gsize) (parser->end - parser->p) < length || memcmp (parser->p, word, length) != 0)
    return FALSE;
  parser->p += length;

  return TRUE;
}

static JsonNode *
parse_value (Parser  *parser,
             GError **error)
{
  skip_space (parser);
  if (parser->p == parser->end)
    {
      set_error (parser, CROWN_JSON_ERROR_SYNTAX, "the text ends where a value was expected", error);
      return NULL;
    }

  if (*parser->p == '{' || *parser->p == '[')
    {
      JsonNode *node;

      if (++parser->depth > CROWN_JSON_DEPTH_MAX)
        {
          set_error (parser, CROWN_JSON_ERROR_DEPTH, "nested too deeply", error);
          return NULL;
        }
      node = *parser->p == '{' ? parse_object (parser, error) : parse_array (parser, error);
      parser->depth--;
      return node;
    }
  if (*parser->p == '"')
    {
      const char *text = parse_string (parser, error);

      return text != NULL ? json_node_init_string (json_node_alloc (), text) : NULL;
    }
  if (*parser->p == '-' || g_ascii_isdigit (*parser->p))
    return parse_number (parser, error);
  if (skip_word (parser, "true"))
    return json_node_init_boolean (json_node_alloc (), TRUE);
  if (skip_word (parser, "false"))
    return json_node_init_boolean (json_node_alloc (), FALSE);
  if (skip_word (parser, "null"))
    return json_node_init_null (json_node_alloc ());

  set_error (parser, CROWN_JSON_ERROR_SYNTAX, "a value was expected", error);
  return NULL;
}

/**
 * crown_json_parse:
 * @text: one JSON document
 * @length: its length in bytes, or -1 where it ends with NUL
 * @error: (out) (optional): %CROWN_JSON_ERROR, with line and column
 *
 * Reads JSON from outside, strictly: RFC 8259, UTF-8, one document, no duplicate keys, at most
 * %CROWN_JSON_DEPTH_MAX levels. Any thread.
 *
 * Returns: (transfer full) (nullable): the document
 */
JsonNode *
crown_json_parse (const char  *text,
                  gssize       length,
                  GError     **error)
{
  g_autoptr (GString) scratch = NULL;
  g_autoptr (JsonNode) node = NULL;
  Parser parser = { 0 };
  const char *invalid;

  g_return_val_if_fail (text != NULL, NULL);

  if (length < 0)
    length = (gssize) strlen (text);
  parser.start = parser.p = text;
  parser.end = text + length;
  if (!g_utf8_validate_len (text, (gsize) length, &invalid))
    {
      parser.p = invalid;
      set_error (&parser, CROWN_JSON_ERROR_UTF8, "the text is not valid UTF-8", error);
      return NULL;
    }

  parser.scratch = scratch = g_string_sized_new (64);
  if (!(node = parse_value (&parser, error)))
    return NULL;
  skip_space (&parser);
  if (parser.p != parser.end)
    {
      set_error (&parser, CROWN_JSON_ERROR_SYNTAX, "text behind the document", error);
      return NULL;
    }

  return g_steal_pointer (&node);
}

/**
 * crown_json_parse_object:
 *
 * As crown_json_parse(), for a document that has to be an object.
 *
 * Returns: (transfer full) (nullable): the object
 */
JsonObject *
crown_json_parse_object (const char  *text,
                         gssize       length,
                         GError     **error)
{
  g_autoptr (JsonNode) node = crown_json_parse (text, length, error);

  if (node == NULL)
    return NULL;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    {
      g_set_error_literal (error, CROWN_JSON_ERROR, CROWN_JSON_ERROR_TYPE, "the document is not a JSON object");
      return NULL;
    }

  return json_node_dup_object (node);
}
