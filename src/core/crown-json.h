/* crown-json.h: strict JSON in, canonical JSON (RFC 8785) and checksums out
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef enum {
  CROWN_JSON_ERROR_SYNTAX,
  CROWN_JSON_ERROR_UTF8,
  CROWN_JSON_ERROR_DUPLICATE_KEY,
  CROWN_JSON_ERROR_NUMBER,   /* NaN, infinity, or out of the range of a double */
  CROWN_JSON_ERROR_DEPTH,
  CROWN_JSON_ERROR_TYPE,     /* a member has another type than was asked for */
  CROWN_JSON_ERROR_MISSING,
} CrownJsonError;
#define CROWN_JSON_ERROR (crown_json_error_quark ())
GQuark crown_json_error_quark (void);

/* Strict: one document, UTF-8, no duplicate keys, no trailing text, depth ≤ CROWN_JSON_DEPTH_MAX. (transfer full) */
JsonNode   *crown_json_parse            (const char *text, gssize length, GError **error);
JsonObject *crown_json_parse_object     (const char *text, gssize length, GError **error);

/* Compact JSON, members in the order they are in. */
void        crown_json_write            (JsonNode   *node, GString *out);
char       *crown_json_to_string        (JsonNode   *node);
char       *crown_json_object_to_string (JsonObject *object);

/* RFC 8785; at every level members whose name begins with '_' are left out if @skip_private. */
gboolean    crown_json_canonicalize        (JsonNode   *node, gboolean skip_private, GString *out, GError **error);
gboolean    crown_json_canonicalize_object (JsonObject *object, gboolean skip_private, GString *out, GError **error);
/* ECMAScript's Number::toString; @buffer is at least 32 bytes. Returns the length. */
gsize       crown_json_format_number       (double value, char *buffer);

#define CROWN_CHECKSUM_HEX_LENGTH 64
/* SHA-256, hex, of the canonical JSON without private members. @hex has room for 65 bytes. */
gboolean    crown_checksum_object (JsonObject *object, char *hex, GError **error);
void        crown_checksum_bytes  (const void *data, gsize length, char *hex);
void        crown_sha256          (const void *data, gsize length, guint8 digest[32]);

/* Typed readers: FALSE with CROWN_JSON_ERROR_MISSING/TYPE and the member's name. A JSON null counts as missing for the
 * opt_ variants, which return the default then. */
gboolean    crown_json_get_int     (JsonObject *object, const char *member, gint64 *value, GError **error);
gboolean    crown_json_get_string  (JsonObject *object, const char *member, const char **value, GError **error);
gboolean    crown_json_get_object  (JsonObject *object, const char *member, JsonObject **value, GError **error);
gint64      crown_json_opt_int     (JsonObject *object, const char *member, gint64 otherwise);
double      crown_json_opt_double  (JsonObject *object, const char *member, double otherwise);
gboolean    crown_json_opt_boolean (JsonObject *object, const char *member, gboolean otherwise);
const char *crown_json_opt_string  (JsonObject *object, const char *member, const char *otherwise);
JsonObject *crown_json_opt_object  (JsonObject *object, const char *member); /* (transfer none) (nullable) */
JsonArray  *crown_json_opt_array   (JsonObject *object, const char *member); /* (transfer none) (nullable) */
JsonObject *crown_json_object_copy (JsonObject *object);                     /* shallow; nodes are shared copies */

G_END_DECLS
