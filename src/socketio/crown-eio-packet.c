/* crown-eio-packet.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-socketio"

#include "crown-eio-packet.h"

#include <string.h>

/* RFC 6455, section 5.2: FIN with the opcode; lengths above 125 and above 65535 in 2 and in 8 more bytes. */
#define FRAME_TEXT       0x81
#define FRAME_BINARY     0x82
#define FRAME_HEADER_MAX 10

struct _CrownEioPacket
{
  gatomicrefcount ref_count;
  gboolean        binary;
  guint           header;  /* bytes of the frame's header at the start of @bytes */
  gsize           length;  /* of what follows it */
  guint8          bytes[];
};

static guint
write_header (guint8   *out,
              gboolean  binary,
              gsize     length)
{
  out[0] = binary ? FRAME_BINARY : FRAME_TEXT;
  if (length < 126)
    {
      out[1] = (guint8) length;
      return 2;
    }
  if (length <= G_MAXUINT16)
    {
      out[1] = 126;
      out[2] = (guint8) (length >> 8);
      out[3] = (guint8) length;
      return 4;
    }
  out[1] = 127;
  for (guint i = 0; i < 8; i++)
    out[2 + i] = (guint8) ((guint64) length >> (56 - 8 * i));

  return FRAME_HEADER_MAX;
}

static CrownEioPacket *
allocate (gboolean binary,
          gboolean framed,
          gsize    length)
{
  guint8 header[FRAME_HEADER_MAX];
  guint size = framed ? write_header (header, binary, length) : 0;
  CrownEioPacket *packet = g_malloc (sizeof *packet + size + length);

  g_atomic_ref_count_init (&packet->ref_count);
  packet->binary = binary;
  packet->header = size;
  packet->length = length;
  memcpy (packet->bytes, header, size);

  return packet;
}

/**
 * crown_eio_packet_new:
 * @data: (nullable): what follows the type
 * @length: of @data in bytes, or -1
 *
 * Returns: (transfer full): a text packet
 */
CrownEioPacket *
crown_eio_packet_new (CrownEioType type,
                      const char  *data,
                      gssize       length)
{
  gsize size = data == NULL ? 0 : length < 0 ? strlen (data) : (gsize) length;
  CrownEioPacket *packet = allocate (FALSE, TRUE, size + 1);

  packet->bytes[packet->header] = (guint8) type;
  if (size > 0)
    memcpy (packet->bytes + packet->header + 1, data, size);

  return packet;
}

CrownEioPacket *
crown_eio_packet_new_take (GString *text)
{
  CrownEioPacket *packet = allocate (FALSE, TRUE, text->len);

  memcpy (packet->bytes + packet->header, text->str, text->len);
  g_string_free (text, TRUE);

  return packet;
}

CrownEioPacket *
crown_eio_packet_new_binary (gconstpointer data,
                             gsize         length)
{
  CrownEioPacket *packet = allocate (TRUE, TRUE, length);

  if (length > 0)
    memcpy (packet->bytes + packet->header, data, length);

  return packet;
}

CrownEioPacket *
crown_eio_packet_new_raw (gconstpointer data,
                          gsize         length)
{
  CrownEioPacket *packet = allocate (TRUE, FALSE, length);

  memcpy (packet->bytes, data, length);

  return packet;
}

CrownEioPacket *
crown_eio_packet_ref (CrownEioPacket *packet)
{
  g_atomic_ref_count_inc (&packet->ref_count);

  return packet;
}

void
crown_eio_packet_unref (CrownEioPacket *packet)
{
  if (g_atomic_ref_count_dec (&packet->ref_count))
    g_free (packet);
}

gboolean
crown_eio_packet_is_binary (CrownEioPacket *packet)
{
  return packet->binary;
}

const char *
crown_eio_packet_get_data (CrownEioPacket *packet,
                           gsize          *length)
{
  *length = packet->length;

  return (const char *) packet->bytes + packet->header;
}

const guint8 *
crown_eio_packet_get_frame (CrownEioPacket *packet,
                            gsize          *length)
{
  *length = packet->header + packet->length;

  return packet->bytes;
}

gsize
crown_eio_packet_payload_length (CrownEioPacket *packet)
{
  return packet->binary ? 1 + (packet->length + 2) / 3 * 4 : packet->length;
}

void
crown_eio_packet_append (CrownEioPacket *packet,
                         GString        *payload)
{
  const guint8 *data = packet->bytes + packet->header;
  g_autofree char *base64 = NULL;

  if (!packet->binary)
    {
      g_string_append_len (payload, (const char *) data, (gssize) packet->length);
      return;
    }
  base64 = g_base64_encode (data, packet->length);
  g_string_append_c (payload, CROWN_EIO_BINARY);
  g_string_append (payload, base64);
}
