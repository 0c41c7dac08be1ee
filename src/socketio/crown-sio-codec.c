/* crown-sio-codec.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-socketio"

#include "crown-sio-codec.h"

#include "core/crown-json.h"

#include <string.h>

G_DEFINE_QUARK (crown-sio-error-quark, crown_sio_error)

/* What a type carries: the check of a packet is this table. */
static const struct {
  CrownSioType type;
  gboolean     binary;
  gboolean     needs_id;
  JsonNodeType data;     /* JSON_NODE_NULL: none is needed */
} shapes[] = {
  { CROWN_SIO_CONNECT,       FALSE, FALSE, JSON_NODE_NULL },
  { CROWN_SIO_DISCONNECT,    FALSE, FALSE, JSON_NODE_NULL },
  { CROWN_SIO_EVENT,         FALSE, FALSE, JSON_NODE_ARRAY },
  { CROWN_SIO_ACK,           FALSE, TRUE,  JSON_NODE_ARRAY },
  { CROWN_SIO_CONNECT_ERROR, FALSE, FALSE, JSON_NODE_NULL },
  { CROWN_SIO_BINARY_EVENT,  TRUE,  FALSE, JSON_NODE_ARRAY },
  { CROWN_SIO_BINARY_ACK,    TRUE,  TRUE,  JSON_NODE_ARRAY },
};

static gboolean
refuse (GError     **error,
        const char  *reason)
{
  g_set_error (error, CROWN_SIO_ERROR, CROWN_SIO_ERROR_PACKET, "Socket.IO packet: %s", reason);

  return FALSE;
}

void
crown_sio_packet_free (CrownSioPacket *packet)
{
  g_free (packet->nsp);
  g_clear_pointer (&packet->data, json_node_unref);
  g_clear_pointer (&packet->attachments, g_ptr_array_unref);
  g_free (packet);
}

/* Up to 15 digits; -1 where there is none. */
static gint64
parse_digits (const char **p,
              const char  *end)
{
  gint64 value = 0;
  const char *from = *p;

  while (*p < end && g_ascii_isdigit (**p) && *p - from < 15)
    value = value * 10 + (*(*p)++ - '0');

  return *p > from ? value : -1;
}

static gboolean
check_shape (CrownSioPacket  *packet,
             GError         **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      JsonArray *array;

      if (shapes[i].type != packet->type)
        continue;
      if (shapes[i].needs_id && packet->id < 0)
        return refuse (error, "an ack without an id");
      if (shapes[i].data != JSON_NODE_ARRAY)
        return packet->data == NULL || JSON_NODE_HOLDS_OBJECT (packet->data) ||
               packet->type == CROWN_SIO_CONNECT_ERROR || refuse (error, "its data is not an object");
      if (packet->data == NULL || !JSON_NODE_HOLDS_ARRAY (packet->data))
        return refuse (error, "its data is not an array");
      array = json_node_get_array (packet->data);
      if ((packet->type == CROWN_SIO_EVENT || packet->type == CROWN_SIO_BINARY_EVENT) &&
          (json_array_get_length (array) == 0 ||
           json_node_get_value_type (json_array_get_element (array, 0)) != G_TYPE_STRING))
        return refuse (error, "an event without a name");
      return TRUE;
    }

  return refuse (error, "unknown type");
}

/**
 * crown_sio_packet_parse:
 * @text: a message's text, such as `2/tasks,12["join",{}]`
 * @length: in bytes
 * @error: (out) (optional): %CROWN_SIO_ERROR_PACKET or what crown_json_parse() says
 *
 * Returns: (transfer full) (nullable): the packet
 */
CrownSioPacket *
crown_sio_packet_parse (const char  *text,
                        gsize        length,
                        GError     **error)
{
  g_autoptr (CrownSioPacket) packet = g_new0 (CrownSioPacket, 1);
  const char *p = text;
  const char *end = text + length;
  guint shape;

  if (length == 0 || *p < CROWN_SIO_CONNECT || *p > CROWN_SIO_BINARY_ACK)
    {
      refuse (error, "unknown type");
      return NULL;
    }
  packet->type = (CrownSioType) *p++;
  shape = (guint) (packet->type - CROWN_SIO_CONNECT);

  if (shapes[shape].binary)
    {
      gint64 n = parse_digits (&p, end);

      if (n < 0 || n > CROWN_SIO_ATTACHMENTS_MAX || p == end || *p != '-')
        {
          refuse (error, "malformed number of attachments");
          return NULL;
        }
      packet->n_attachments = (guint) n;
      packet->attachments = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
      p++;
    }

  if (p < end && *p == '/')
    {
      const char *comma = memchr (p, ',', (gsize) (end - p));
      const char *stop = comma != NULL ? comma : end;
      const char *query = memchr (p, '?', (gsize) (stop - p));

      packet->nsp = g_strndup (p, (gsize) ((query != NULL ? query : stop) - p));
      p = comma != NULL ? comma + 1 : end;
    }
  else
    {
      packet->nsp = g_strdup ("/");
    }
  packet->id = parse_digits (&p, end);

  if (p < end && !(packet->data = crown_json_parse (p, end - p, error)))
    return NULL;
  if (!check_shape (packet, error))
    return NULL;

  return g_steal_pointer (&packet);
}

/* Each placeholder names an attachment that is there. The depth of what was parsed is bounded already. */
static gboolean
check_placeholders (JsonNode *node,
                    guint     n_attachments)
{
  if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);

      for (guint i = 0; i < json_array_get_length (array); i++)
        {
          if (!check_placeholders (json_array_get_element (array, i), n_attachments))
            return FALSE;
        }
    }
  else if (JSON_NODE_HOLDS_OBJECT (node))
    {
      JsonObject *object = json_node_get_object (node);
      JsonObjectIter iter;
      JsonNode *member;

      if (crown_json_opt_boolean (object, "_placeholder", FALSE))
        {
          gint64 number = crown_json_opt_int (object, "num", -1);

          return number >= 0 && number < n_attachments;
        }
      json_object_iter_init (&iter, object);
      while (json_object_iter_next (&iter, NULL, &member))
        {
          if (!check_placeholders (member, n_attachments))
            return FALSE;
        }
    }

  return TRUE;
}

gboolean
crown_sio_decoder_text (CrownSioDecoder  *self,
                        const char       *text,
                        gsize             length,
                        CrownSioPacket  **packet,
                        GError          **error)
{
  g_autoptr (CrownSioPacket) parsed = NULL;

  *packet = NULL;
  if (self->partial != NULL)
    return refuse (error, "an attachment was expected");
  parsed = crown_sio_packet_parse (text, length, error);
  if (parsed == NULL)
    return FALSE;
  if (parsed->attachments != NULL && !check_placeholders (parsed->data, parsed->n_attachments))
    return refuse (error, "a placeholder without its attachment");
  if (parsed->n_attachments > 0)
    self->partial = g_steal_pointer (&parsed);
  else
    *packet = g_steal_pointer (&parsed);

  return TRUE;
}

gboolean
crown_sio_decoder_binary (CrownSioDecoder  *self,
                          GBytes           *bytes,
                          gsize             max,
                          CrownSioPacket  **packet,
                          GError          **error)
{
  *packet = NULL;
  if (self->partial == NULL)
    return refuse (error, "an attachment of nothing");
  self->attached += g_bytes_get_size (bytes);
  if (self->attached > max)
    return refuse (error, "its attachments are too large");
  g_ptr_array_add (self->partial->attachments, g_bytes_ref (bytes));
  if (self->partial->attachments->len == self->partial->n_attachments)
    {
      *packet = g_steal_pointer (&self->partial);
      self->attached = 0;
    }

  return TRUE;
}

void
crown_sio_decoder_clear (CrownSioDecoder *self)
{
  g_clear_pointer (&self->partial, crown_sio_packet_free);
  self->attached = 0;
}

JsonArray *
crown_sio_packet_dup_arguments (CrownSioPacket *packet)
{
  JsonArray *data = json_node_get_array (packet->data);
  JsonArray *args = json_array_new ();

  for (guint i = 1; i < json_array_get_length (data); i++)
    json_array_add_element (args, json_node_copy (json_array_get_element (data, i)));

  return args;
}

char *
crown_sio_packet_format (CrownSioType  type,
                         guint         n_attachments,
                         const char   *nsp,
                         gint64        id,
                         const char   *data_json)
{
  GString *out = g_string_new (NULL);

  g_string_append_c (out, (char) type);
  if (type == CROWN_SIO_BINARY_EVENT || type == CROWN_SIO_BINARY_ACK)
    g_string_append_printf (out, "%u-", n_attachments);
  if (strcmp (nsp, "/") != 0)
    g_string_append_printf (out, "%s,", nsp);
  if (id >= 0)
    g_string_append_printf (out, "%" G_GINT64_FORMAT, id);
  if (data_json != NULL)
    g_string_append (out, data_json);

  return g_string_free (out, FALSE);
}
