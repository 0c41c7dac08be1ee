/* fuzz-json.c: what parses has a canonical form, and that is its own canonical form
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "crown-fuzz.h"

#include "core/crown-json.h"

#include <string.h>

const char *const crown_fuzz_seeds[] = {
  "{\"b\":[1,-0,1e21,1e-7,5e-324,9007199254740993],\"a\":{\"\\u20ac\":\"\\ud83d\\ude00\",\"_x\":null}}",
  "[true,false,null,\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\",123456789012345678901234567890]",
  "\"text\"", "-12.5e-3", "{}", NULL,
};

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  g_autoptr (JsonNode) node = crown_json_parse ((const char *) data, (gssize) size, NULL);
  g_autoptr (JsonNode) again = NULL;
  g_autoptr (GString) once = g_string_new (NULL);
  g_autoptr (GString) twice = g_string_new (NULL);

  if (node == NULL || !crown_json_canonicalize (node, FALSE, once, NULL))
    return 0;
  again = crown_json_parse (once->str, (gssize) once->len, NULL);
  if (again == NULL || !crown_json_canonicalize (again, FALSE, twice, NULL) || strcmp (once->str, twice->str) != 0)
    g_error ("“%s” is not its own canonical form", once->str);

  return 0;
}
