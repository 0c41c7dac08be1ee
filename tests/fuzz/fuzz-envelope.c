/* fuzz-envelope.c: what parses as an envelope is written so that it parses to the same
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "crown-fuzz.h"

#include "core/crown-envelope.h"

#include <string.h>

#define EPOCH "\"epoch\":\"0f0e0d0c-0b0a-4908-8706-050403020100\""

const char *const crown_fuzz_seeds[] = {
  "{\"event_id\":1,\"event_type\":\"TASK_UPDATE\",\"event_name\":\"task_update\",\"sequence\":3,\"prev_sequence\":2,"
  "\"stream\":\"workspace_1\"," EPOCH ",\"timestamp\":\"2026-03-02T10:00:00.000Z\",\"trace_id\":\"request_1\","
  "\"workspace_id\":1,\"data\":{\"workspace_id\":1,\"task_id\":5,\"session_id\":1,\"updates\":{\"status\":\"completed\"},"
  "\"timestamp\":\"2026-03-02T10:00:00.000Z\"}}",
  "{\"event_id\":1,\"event_type\":\"UNKNOWN\",\"sequence\":1,\"stream\":\"user_1\"," EPOCH ",\"data\":{}}",
  "{\"tombstone\":true,\"stream\":\"workspace_1\"," EPOCH ",\"from_sequence\":3,\"to_sequence\":9,\"prev_sequence\":2,"
  "\"is_initial_sync\":false}",
  NULL,
};

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  g_autoptr (CrownEnvelope) envelope = crown_envelope_parse ((const char *) data, (gssize) size, NULL);
  g_autoptr (CrownEnvelope) again = NULL;
  g_autoptr (GString) once = g_string_new (NULL);
  g_autoptr (GString) twice = g_string_new (NULL);

  if (envelope == NULL)
    return 0;
  crown_envelope_write (envelope, envelope->prev_sequence, FALSE, once);
  again = crown_envelope_parse (once->str, (gssize) once->len, NULL);
  if (again == NULL)
    g_error ("“%s” does not parse", once->str);
  crown_envelope_write (again, again->prev_sequence, FALSE, twice);
  if (strcmp (once->str, twice->str) != 0)
    g_error ("“%s” became “%s”", once->str, twice->str);

  return 0;
}
