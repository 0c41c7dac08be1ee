/* crown-envelope.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-core"

#include "crown-envelope.h"

#include "crown-clock.h"
#include "crown-json.h"

#include <string.h>

/* Longer names, ids and trace ids than these are not ours, and are refused rather than stored. */
#define TEXT_MAX 256

CrownEnvelope *
crown_envelope_new (CrownEventType type)
{
  CrownEnvelope *self = g_atomic_rc_box_new0 (CrownEnvelope);
  const CrownEventInfo *info = crown_event_info (type);

  self->type = type;
  if (info != NULL)
    {
      self->event_type = g_strdup (info->name);
      self->event_name = g_strdup (info->title);
    }

  return self;
}

CrownEnvelope *
crown_envelope_new_tombstone (const char *stream,
                              const char *epoch,
                              guint64     from_sequence,
                              guint64     sequence,
                              guint64     prev_sequence)
{
  g_return_val_if_fail (from_sequence > prev_sequence && sequence >= from_sequence, NULL);

  CrownEnvelope *self = crown_envelope_new (CROWN_EVENT_UNKNOWN);

  self->stream = g_strdup (stream);
  self->epoch = g_strdup (epoch);
  self->from_sequence = from_sequence;
  self->sequence = sequence;
  self->prev_sequence = prev_sequence;

  return self;
}

gboolean
crown_envelope_is_tombstone (const CrownEnvelope *self)
{
  return self->from_sequence > 0;
}

guint64
crown_envelope_get_first (const CrownEnvelope *self)
{
  return self->from_sequence > 0 ? self->from_sequence : self->sequence;
}

CrownEnvelope *
crown_envelope_ref (CrownEnvelope *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
crown_envelope_clear (gpointer data)
{
  CrownEnvelope *self = data;

  g_free (self->event_type);
  g_free (self->event_name);
  g_free (self->timestamp);
  g_clear_pointer (&self->data, json_object_unref);
  g_free (self->trace_id);
  g_free (self->stream);
  g_free (self->epoch);
  g_free (self->mutation_id);
  g_free (self->checksum);
}

void
crown_envelope_unref (CrownEnvelope *self)
{
  g_atomic_rc_box_release_full (self, crown_envelope_clear);
}

static gboolean
refuse (GError     **error,
        const char  *member,
        const char  *reason)
{
  g_set_error (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_ENVELOPE, "envelope: %s %s", member, reason);

  return FALSE;
}

static gboolean
read_int (JsonObject  *object,
          const char  *member,
          gint64       least,
          gint64      *value,
          GError     **error)
{
  if (!crown_json_get_int (object, member, value, NULL))
    return refuse (error, member, "is missing or not an integer");
  if (*value < least)
    return refuse (error, member, "is too small");

  return TRUE;
}

/* An absent or null member is accepted where it is optional. */
static gboolean
read_text (JsonObject  *object,
           const char  *member,
           gboolean     optional,
           char       **value,
           GError     **error)
{
  JsonNode *node = json_object_get_member (object, member);
  const char *text;

  if (optional && (node == NULL || JSON_NODE_HOLDS_NULL (node)))
    return TRUE;
  if (!crown_json_get_string (object, member, &text, NULL))
    return refuse (error, member, "is missing or not a string");
  if (*text == '\0' || strlen (text) > TEXT_MAX)
    return refuse (error, member, "is empty or too long");
  *value = g_strdup (text);

  return TRUE;
}

static gboolean
is_hex (const char *text,
        gsize       length)
{
  return strlen (text) == length && strspn (text, "0123456789abcdef") == length;
}

/* `workspace_1`, `user_42` or `local` */
static gboolean
is_stream (const char *text)
{
  const char *number;

  if (strcmp (text, "local") == 0)
    return TRUE;
  if (g_str_has_prefix (text, "workspace_"))
    number = text + strlen ("workspace_");
  else if (g_str_has_prefix (text, "user_"))
    number = text + strlen ("user_");
  else
    return FALSE;

  return *number >= '1' && *number <= '9' && strspn (number, "0123456789") == strlen (number);
}

/* What an event and a tombstone have in common. */
static gboolean
read_place (CrownEnvelope  *self,
            JsonObject     *object,
            const char     *sequence_member,
            GError        **error)
{
  gint64 sequence, prev_sequence;

  if (!read_int (object, sequence_member, 1, &sequence, error) ||
      !read_int (object, "prev_sequence", 0, &prev_sequence, error) ||
      !read_text (object, "stream", FALSE, &self->stream, error) ||
      !read_text (object, "epoch", FALSE, &self->epoch, error))
    return FALSE;

  self->sequence = (guint64) sequence;
  self->prev_sequence = (guint64) prev_sequence;
  if (!is_stream (self->stream))
    return refuse (error, "stream", "is none");
  if (!g_uuid_string_is_valid (self->epoch))
    return refuse (error, "epoch", "is not a UUID");

  return TRUE;
}

static CrownEnvelope *
read_tombstone (JsonObject  *object,
                GError     **error)
{
  g_autoptr (CrownEnvelope) self = crown_envelope_new (CROWN_EVENT_UNKNOWN);
  gint64 from_sequence;

  if (!read_place (self, object, "to_sequence", error) || !read_int (object, "from_sequence", 1, &from_sequence, error))
    return NULL;

  self->from_sequence = (guint64) from_sequence;
  self->is_initial_sync = crown_json_opt_boolean (object, "is_initial_sync", FALSE);
  if (self->prev_sequence >= self->from_sequence)
    {
      refuse (error, "prev_sequence", "is not below from_sequence");
      return NULL;
    }
  if (self->from_sequence > self->sequence)
    {
      refuse (error, "from_sequence", "is above to_sequence");
      return NULL;
    }

  return g_steal_pointer (&self);
}

/**
 * crown_envelope_from_json:
 * @object: what came from the wire or from a ledger
 * @error: (out) (optional): %CROWN_EVENT_ERROR_ENVELOPE with the member's name
 *
 * Reads an event or, where `tombstone` is true, a tombstone. Checks the envelope, not the payload: that is
 * crown_event_check_payload()'s. A type that this version does not know is kept as %CROWN_EVENT_UNKNOWN; members that it
 * does not know are ignored (PROTOCOL.md, Envelope). Any thread.
 *
 * Returns: (transfer full) (nullable): the envelope, which shares `data` with @object
 */
CrownEnvelope *
crown_envelope_from_json (JsonObject  *object,
                          GError     **error)
{
  g_autoptr (CrownEnvelope) self = NULL;
  const CrownEventInfo *info;
  JsonObject *data;

  if (crown_json_opt_boolean (object, "tombstone", FALSE))
    return read_tombstone (object, error);

  self = crown_envelope_new (CROWN_EVENT_UNKNOWN);
  if (!read_int (object, "event_id", 0, &self->event_id, error) ||
      !read_place (self, object, "sequence", error) ||
      !read_int (object, "workspace_id", 0, &self->workspace_id, error) ||
      !read_int (object, "user_id", 0, &self->user_id, error) ||
      !read_text (object, "event_type", FALSE, &self->event_type, error) ||
      !read_text (object, "event_name", FALSE, &self->event_name, error) ||
      !read_text (object, "timestamp", FALSE, &self->timestamp, error) ||
      !read_text (object, "trace_id", TRUE, &self->trace_id, error) ||
      !read_text (object, "mutation_id", TRUE, &self->mutation_id, error) ||
      !read_text (object, "checksum", TRUE, &self->checksum, error))
    return NULL;

  if (self->prev_sequence >= self->sequence)
    {
      refuse (error, "prev_sequence", "is not below sequence");
      return NULL;
    }
  if (!crown_time_parse_iso (self->timestamp, NULL) || !g_str_has_suffix (self->timestamp, "Z"))
    {
      refuse (error, "timestamp", "is not an RFC 3339 time in UTC");
      return NULL;
    }
  if (self->checksum != NULL && !is_hex (self->checksum, CROWN_CHECKSUM_HEX_LENGTH))
    {
      refuse (error, "checksum", "is not a SHA-256 in hex");
      return NULL;
    }
  if (!crown_json_get_object (object, "data", &data, NULL))
    {
      refuse (error, "data", "is missing or not an object");
      return NULL;
    }

  info = crown_event_info_by_name (self->event_type);
  self->type = info != NULL ? info->type : CROWN_EVENT_UNKNOWN;
  self->is_initial_sync = crown_json_opt_boolean (object, "is_initial_sync", FALSE);
  self->data = json_object_ref (data);

  return g_steal_pointer (&self);
}

CrownEnvelope *
crown_envelope_parse (const char  *text,
                      gssize       length,
                      GError     **error)
{
  g_autoptr (JsonObject) object = crown_json_parse_object (text, length, error);

  return object != NULL ? crown_envelope_from_json (object, error) : NULL;
}

static void
set_optional (JsonObject *object,
              const char *member,
              const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, member, text);
}

static JsonObject *
tombstone_to_json (const CrownEnvelope *self,
                   guint64              prev_sequence,
                   gboolean             is_initial_sync)
{
  JsonObject *object = json_object_new ();

  json_object_set_boolean_member (object, "tombstone", TRUE);
  json_object_set_string_member (object, "stream", self->stream);
  json_object_set_string_member (object, "epoch", self->epoch);
  json_object_set_int_member (object, "from_sequence", (gint64) self->from_sequence);
  json_object_set_int_member (object, "to_sequence", (gint64) self->sequence);
  json_object_set_int_member (object, "prev_sequence", (gint64) prev_sequence);
  json_object_set_boolean_member (object, "is_initial_sync", is_initial_sync);

  return object;
}

static JsonObject *
to_json (const CrownEnvelope *self,
         guint64              prev_sequence,
         gboolean             is_initial_sync)
{
  JsonObject *object;

  if (crown_envelope_is_tombstone (self))
    return tombstone_to_json (self, prev_sequence, is_initial_sync);

  object = json_object_new ();
  json_object_set_int_member (object, "event_id", self->event_id);
  json_object_set_int_member (object, "sequence", (gint64) self->sequence);
  json_object_set_int_member (object, "prev_sequence", (gint64) prev_sequence);
  json_object_set_string_member (object, "event_type", self->event_type);
  json_object_set_string_member (object, "event_name", self->event_name);
  json_object_set_int_member (object, "workspace_id", self->workspace_id);
  json_object_set_int_member (object, "user_id", self->user_id);
  json_object_set_string_member (object, "timestamp", self->timestamp);
  json_object_set_string_member (object, "stream", self->stream);
  json_object_set_string_member (object, "epoch", self->epoch);
  set_optional (object, "trace_id", self->trace_id);
  set_optional (object, "mutation_id", self->mutation_id);
  set_optional (object, "checksum", self->checksum);
  json_object_set_boolean_member (object, "is_initial_sync", is_initial_sync);
  json_object_set_object_member (object, "data", json_object_ref (self->data));

  return object;
}

JsonObject *
crown_envelope_to_json (const CrownEnvelope *self)
{
  return to_json (self, self->prev_sequence, self->is_initial_sync);
}

void
crown_envelope_write (const CrownEnvelope *self,
                      guint64              prev_sequence,
                      gboolean             is_initial_sync,
                      GString             *out)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, to_json (self, prev_sequence, is_initial_sync));
  crown_json_write (node, out);
}
