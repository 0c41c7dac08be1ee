/* test-json.c: strict reading, RFC 8785, checksums
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "core/crown-json.h"

#include <math.h>
#include <string.h>

static char *
canonical (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = crown_json_parse (text, -1, &error);
  GString *out = g_string_new (NULL);

  g_assert_no_error (error);
  g_assert_true (crown_json_canonicalize (node, FALSE, out, &error));
  g_assert_no_error (error);

  return g_string_free (out, FALSE);
}

static void
assert_canonical (const char *text,
                  const char *expected)
{
  g_autofree char *got = canonical (text);

  g_assert_cmpstr (got, ==, expected);
}

static void
assert_refused (const char     *text,
                gssize          length,
                CrownJsonError  code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = crown_json_parse (text, length, &error);

  g_assert_null (node);
  g_assert_error (error, CROWN_JSON_ERROR, (int) code);
}

static void
test_numbers_are_ecmascripts (void)
{
  static const struct {
    double      value;
    const char *text;
  } cases[] = {
    { 0.0, "0" }, { -0.0, "0" }, { 1.0, "1" }, { -1.5, "-1.5" }, { 1e21, "1e+21" }, { 1e20, "100000000000000000000" },
    { 1e-6, "0.000001" }, { 1e-7, "1e-7" }, { 5e-324, "5e-324" }, { 1.7976931348623157e308, "1.7976931348623157e+308" },
    { 9007199254740992.0, "9007199254740992" }, { 9007199254740994.0, "9007199254740994" }, { 0.1, "0.1" },
    { 1.0 / 3.0, "0.3333333333333333" }, { 333333333.33333329, "333333333.3333333" }, { 4.35, "4.35" },
    { 123456789012345680000.0, "123456789012345680000" }, { 1.2345e25, "1.2345e+25" }, { -2.5e-9, "-2.5e-9" },
    { 295147905179352830000.0, "295147905179352830000" }, { 78.5, "78.5" },
    /* powers of two, whose neighbours are not equally far: the nearest 16 digits do not read back, these do */
    { 0x1p-1017, "7.120236347223045e-307" }, { 0x1p-44, "5.684341886080802e-14" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      char buffer[32];

      g_assert_cmpuint (crown_json_format_number (cases[i].value, buffer), ==, strlen (cases[i].text));
      g_assert_cmpstr (buffer, ==, cases[i].text);
    }
}

static void
test_any_number_reads_back (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (8785);

  for (guint i = 0; i < 20000; i++)
    {
      union { guint64 bits; double value; } number;
      char buffer[32];

      number.bits = (guint64) g_rand_int (rand) << 32 | g_rand_int (rand);
      if (!isfinite (number.value))
        continue;
      g_assert_cmpuint (crown_json_format_number (number.value, buffer), <, sizeof buffer);
      g_assert_true (g_ascii_strtod (buffer, NULL) == number.value);
    }
}

static void
test_a_decimal_prints_as_it_was_written (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (85);

  for (guint i = 0; i < 20000; i++)
    {
      guint decimals = (guint) g_rand_int_range (rand, 1, 7);
      guint unit = (guint) pow (10, decimals);
      guint whole = (guint) g_rand_int_range (rand, 0, g_rand_boolean (rand) ? 100 : 1000000);
      guint fraction = (guint) g_rand_int_range (rand, 0, (gint32) unit);
      g_autofree char *text = NULL;
      char buffer[32];

      if (fraction % 10 == 0)
        continue;
      text = g_strdup_printf ("%u.%0*u", whole, (int) decimals, fraction);
      crown_json_format_number (g_ascii_strtod (text, NULL), buffer);
      g_assert_cmpstr (buffer, ==, text);
    }
}

static void
test_an_integer_above_2_53_is_the_double_next_to_it (void)
{
  assert_canonical ("9007199254740993", "9007199254740992");
  assert_canonical ("[-0,-0.0,10e2]", "[0,0,1000]");
}

static void
test_keys_are_ordered_by_utf16 (void)
{
  /* RFC 8785, 3.2.3: the order of its example. */
  assert_canonical ("{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,\"\\u00f6\":7}",
                    "{\"\\r\":2,\"1\":4,\"\xc2\x80\":6,\"\xc3\xb6\":7,\"\xe2\x82\xac\":1,\"\xf0\x9f\x98\x80\":5,"
                    "\"\xef\xac\xb3\":3}");
}

static void
test_many_keys_are_ordered_too (void)
{
  g_autoptr (GString) text = g_string_new ("{");
  g_autoptr (GString) expected = g_string_new ("{");

  for (guint i = 0; i < 100; i++)
    {
      g_string_append_printf (text, "%s\"k%02u\":%u", i > 0 ? "," : "", 99 - i, 99 - i);
      g_string_append_printf (expected, "%s\"k%02u\":%u", i > 0 ? "," : "", i, i);
    }
  g_string_append_c (text, '}');
  g_string_append_c (expected, '}');
  assert_canonical (text->str, expected->str);
}

static void
test_escapes_are_minimal (void)
{
  assert_canonical ("\"\\u0041\\/\\u000f\\n\\\"\\\\\\u007f\"", "\"A/\\u000f\\n\\\"\\\\\x7f\"");
}

static void
test_keys_that_begin_alike_are_ordered (void)
{
  assert_canonical ("{\"archived_by\":1,\"archived\":2,\"archived_at\":3,\"archive\":4,\"archiveé\":5,\"archivez\":6,"
                    "\"\xef\xac\xb3x\":7,\"\xf0\x9f\x98\x80x\":8}",
                    "{\"archive\":4,\"archived\":2,\"archived_at\":3,\"archived_by\":1,\"archivez\":6,\"archiveé\":5,"
                    "\"\xf0\x9f\x98\x80x\":8,\"\xef\xac\xb3x\":7}");
}

/* Text is looked at in words: what is unusual has to be found at each place of one, alone and beside others. */
static void
test_what_is_unusual_is_found_at_every_place (void)
{
  static const struct {
    const char *raw;
    const char *written; /* NULL: refused */
  } cases[] = {
    { "\"", "\\\"" }, { "\\", "\\\\" }, { "\x01", "\\u0001" }, { "\x1f", "\\u001f" }, { "\n\"", "\\n\\\"" },
    { "\x7f", "\x7f" }, { "!#[]~", "!#[]~" }, { "é", "é" }, { "é\"€", "é\\\"€" }, { "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
    { "\xff", NULL }, { "é\xc3", NULL }, { "é\"\xa9", NULL }, { "\xed\xa0\x80", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint before = 0; before < 20; before++)
      for (guint after = 0; after < 10; after++)
        {
          g_autofree char *a = g_strnfill (before, 'a');
          g_autofree char *b = g_strnfill (after, ' ');
          g_autofree char *raw = g_strconcat (a, cases[i].raw, b, NULL);
          g_autofree char *expected = g_strconcat ("\"", a, cases[i].written != NULL ? cases[i].written : "", b, "\"", NULL);
          g_autoptr (JsonNode) node = json_node_init_string (json_node_alloc (), raw);
          g_autoptr (GString) out = g_string_new (NULL);
          g_autoptr (GError) error = NULL;

          if (cases[i].written == NULL)
            {
              g_assert_false (crown_json_canonicalize (node, FALSE, out, &error));
              g_assert_error (error, CROWN_JSON_ERROR, CROWN_JSON_ERROR_UTF8);
              continue;
            }
          g_assert_true (crown_json_canonicalize (node, FALSE, out, &error));
          g_assert_cmpstr (out->str, ==, expected);
          g_assert_cmpuint (out->len, ==, strlen (expected));
        }
}

static void
test_private_members_do_not_count (void)
{
  g_autoptr (JsonObject) plain = crown_json_parse_object ("{\"a\":1,\"b\":{\"c\":2}}", -1, NULL);
  g_autoptr (JsonObject) marked = crown_json_parse_object ("{\"b\":{\"_x\":0,\"c\":2},\"_cached_at\":\"now\",\"a\":1}", -1, NULL);
  char a[65], b[65];

  g_assert_true (crown_checksum_object (plain, a, NULL));
  g_assert_true (crown_checksum_object (marked, b, NULL));
  g_assert_cmpstr (a, ==, b);
  /* printf '{"a":1,"b":{"c":2}}' | sha256sum */
  g_assert_cmpstr (a, ==, "007f2c1c104514608c3cdf42ec59d710d0888592c1d1f72437d9b075093617b8");
}

static void
test_what_is_not_strict_is_refused (void)
{
  g_autoptr (GString) deep = g_string_new (NULL);

  assert_refused ("{\"a\":1,\"a\":2}", -1, CROWN_JSON_ERROR_DUPLICATE_KEY);
  assert_refused ("{\"a\":1} {}", -1, CROWN_JSON_ERROR_SYNTAX);
  assert_refused ("{\"a\":1,}", -1, CROWN_JSON_ERROR_SYNTAX);
  assert_refused ("{'a':1}", -1, CROWN_JSON_ERROR_SYNTAX);
  assert_refused ("/* c */ 1", -1, CROWN_JSON_ERROR_SYNTAX);
  assert_refused ("01", -1, CROWN_JSON_ERROR_SYNTAX);
  assert_refused ("1.", -1, CROWN_JSON_ERROR_SYNTAX);
  assert_refused ("NaN", -1, CROWN_JSON_ERROR_SYNTAX);
  assert_refused ("-Infinity", -1, CROWN_JSON_ERROR_SYNTAX);
  assert_refused ("1e400", -1, CROWN_JSON_ERROR_NUMBER);
  assert_refused ("\"\xff\"", -1, CROWN_JSON_ERROR_UTF8);
  assert_refused ("\"\\ud800\"", -1, CROWN_JSON_ERROR_UTF8);
  assert_refused ("\"\\ud800\\u0041\"", -1, CROWN_JSON_ERROR_UTF8);
  assert_refused ("\"a\nb\"", -1, CROWN_JSON_ERROR_SYNTAX);
  assert_refused ("\"a\\x\"", -1, CROWN_JSON_ERROR_SYNTAX);
  assert_refused ("\"a\0b\"", 5, CROWN_JSON_ERROR_UTF8);
  assert_refused ("\"", -1, CROWN_JSON_ERROR_SYNTAX);
  assert_refused ("", -1, CROWN_JSON_ERROR_SYNTAX);
  for (guint i = 0; i < 65; i++)
    g_string_append_c (deep, '[');
  assert_refused (deep->str, -1, CROWN_JSON_ERROR_DEPTH);
}

static void
test_an_error_says_where (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (crown_json_parse ("{\n  \"a\": tru\n}", -1, &error));
  g_assert_nonnull (strstr (error->message, "line 2, column 8"));
}

static void
test_nan_cannot_be_made_canonical (void)
{
  g_autoptr (JsonNode) node = json_node_init_double (json_node_alloc (), NAN);
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (crown_json_canonicalize (node, FALSE, out, &error));
  g_assert_error (error, CROWN_JSON_ERROR, CROWN_JSON_ERROR_NUMBER);
}

static JsonNode *
random_document (GRand *rand,
                 guint  depth)
{
  switch (g_rand_int_range (rand, 0, depth > 3 ? 4 : 6))
    {
    case 0: return json_node_init_null (json_node_alloc ());
    case 1: return json_node_init_int (json_node_alloc (), g_rand_int_range (rand, -1000000, 1000000));
    case 2: return json_node_init_double (json_node_alloc (), g_rand_double_range (rand, -1e6, 1e30));
    case 3:
      {
        g_autoptr (GString) text = g_string_new (NULL);

        for (int n = g_rand_int_range (rand, 0, 12); n > 0; n--)
          {
            gunichar c = (gunichar) g_rand_int_range (rand, 1, 0x11000);

            g_string_append_unichar (text, c >= 0xD800 && c <= 0xDFFF ? '?' : c);
          }
        return json_node_init_string (json_node_alloc (), text->str);
      }
    case 4:
      {
        g_autoptr (JsonArray) array = json_array_new ();

        for (int n = g_rand_int_range (rand, 0, 5); n > 0; n--)
          json_array_add_element (array, random_document (rand, depth + 1));
        return json_node_init_array (json_node_alloc (), array);
      }
    default:
      {
        g_autoptr (JsonObject) object = json_object_new ();

        for (int n = g_rand_int_range (rand, 0, 6); n > 0; n--)
          {
            char name[8] = { 0 };

            g_unichar_to_utf8 ((gunichar) g_rand_int_range (rand, 1, 0xD800), name);
            json_object_set_member (object, name, random_document (rand, depth + 1));
          }
        return json_node_init_object (json_node_alloc (), object);
      }
    }
}

static void
test_the_canonical_form_is_its_own (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (4);

  for (guint i = 0; i < 2000; i++)
    {
      g_autoptr (JsonNode) node = random_document (rand, 0);
      g_autofree char *text = crown_json_to_string (node);
      g_autofree char *once = canonical (text);
      g_autofree char *twice = canonical (once);

      g_assert_cmpstr (once, ==, twice);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/core/json/numbers", test_numbers_are_ecmascripts);
  g_test_add_func ("/core/json/numbers-read-back", test_any_number_reads_back);
  g_test_add_func ("/core/json/decimals", test_a_decimal_prints_as_it_was_written);
  g_test_add_func ("/core/json/large-integers", test_an_integer_above_2_53_is_the_double_next_to_it);
  g_test_add_func ("/core/json/key-order", test_keys_are_ordered_by_utf16);
  g_test_add_func ("/core/json/many-keys", test_many_keys_are_ordered_too);
  g_test_add_func ("/core/json/escapes", test_escapes_are_minimal);
  g_test_add_func ("/core/json/like-keys", test_keys_that_begin_alike_are_ordered);
  g_test_add_func ("/core/json/unusual-text", test_what_is_unusual_is_found_at_every_place);
  g_test_add_func ("/core/json/private-members", test_private_members_do_not_count);
  g_test_add_func ("/core/json/strict", test_what_is_not_strict_is_refused);
  g_test_add_func ("/core/json/position", test_an_error_says_where);
  g_test_add_func ("/core/json/nan", test_nan_cannot_be_made_canonical);
  g_test_add_func ("/core/json/idempotent", test_the_canonical_form_is_its_own);

  return g_test_run ();
}
