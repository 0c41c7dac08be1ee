/* crown-eio-packet.h: an Engine.IO v4 packet, encoded once for every transport and every receiver
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Engine.IO protocol, revision 4: the first character of a packet. */
typedef enum {
  CROWN_EIO_OPEN = '0',
  CROWN_EIO_CLOSE = '1',
  CROWN_EIO_PING = '2',
  CROWN_EIO_PONG = '3',
  CROWN_EIO_MESSAGE = '4',
  CROWN_EIO_UPGRADE = '5',
  CROWN_EIO_NOOP = '6',
} CrownEioType;

/* Between the packets of a polling payload; before base64 in one. */
#define CROWN_EIO_SEPARATOR '\x1e'
#define CROWN_EIO_BINARY    'b'

/* Immutable, counted atomically. */
typedef struct _CrownEioPacket CrownEioPacket;

CrownEioPacket *crown_eio_packet_new            (CrownEioType type, const char *data, gssize length);
CrownEioPacket *crown_eio_packet_new_binary     (gconstpointer data, gsize length);
/* @text: (transfer full): with its type in front */
CrownEioPacket *crown_eio_packet_new_take       (GString *text);
/* Bytes for the wire of a WebSocket that are a frame already, such as the answer to a ping. */
CrownEioPacket *crown_eio_packet_new_raw        (gconstpointer data, gsize length);
CrownEioPacket *crown_eio_packet_ref            (CrownEioPacket *packet);
void            crown_eio_packet_unref          (CrownEioPacket *packet);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownEioPacket, crown_eio_packet_unref)

gboolean        crown_eio_packet_is_binary      (CrownEioPacket *packet);
/* What a WebSocket message carries: text with the type in front, or the bytes alone. */
const char     *crown_eio_packet_get_data       (CrownEioPacket *packet, gsize *length);
/* The same as a whole, unmasked frame of RFC 6455, as a server sends it. */
const guint8   *crown_eio_packet_get_frame      (CrownEioPacket *packet, gsize *length);
/* Bytes that it takes in a polling payload. */
gsize           crown_eio_packet_payload_length (CrownEioPacket *packet);
void            crown_eio_packet_append         (CrownEioPacket *packet, GString *payload);

G_END_DECLS
