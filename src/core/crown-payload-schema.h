/* crown-payload-schema.h: a payload's members and their types in one line of text
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * crown_payload_schema_check:
 * @schema: members separated by spaces: `name:type`, with `?` behind the name of one that may be absent.
 *   Types: `id` (integer ≥ 1), `int`, `number`, `bool`, `text`, `time` (RFC 3339), `array`, `object`,
 *   and `object{member:type …}` for what has to be inside.
 * @payload: what to check; members that the schema does not name are accepted (PROTOCOL.md, Envelope)
 * @error: (out) (optional): %CROWN_EVENT_ERROR_PAYLOAD, with the member's path
 */
gboolean crown_payload_schema_check (const char  *schema,
                                     JsonObject  *payload,
                                     GError     **error);

G_END_DECLS
