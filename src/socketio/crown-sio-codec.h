/* crown-sio-codec.h: Engine.IO v4 packets and payloads, Socket.IO v5 packets. No I/O.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

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

/* Socket.IO protocol, revision 5: the first character of a message. */
typedef enum {
  CROWN_SIO_CONNECT = '0',
  CROWN_SIO_DISCONNECT = '1',
  CROWN_SIO_EVENT = '2',
  CROWN_SIO_ACK = '3',
  CROWN_SIO_CONNECT_ERROR = '4',
  CROWN_SIO_BINARY_EVENT = '5',
  CROWN_SIO_BINARY_ACK = '6',
} CrownSioType;

typedef struct {
  CrownSioType  type;
  char         *nsp;           /* "/" where the packet names none */
  gint64        id;            /* of the ack; -1: none */
  guint         n_attachments; /* binary frames that follow */
  JsonNode     *data;          /* (nullable) */
} CrownSioPacket;

typedef enum {
  CROWN_SIO_ERROR_PACKET, /* not a packet, or one that must not come */
  CROWN_SIO_ERROR_CLOSED,
} CrownSioError;
#define CROWN_SIO_ERROR (crown_sio_error_quark ())
GQuark crown_sio_error_quark (void);

/* More attachments than this in one packet are refused. */
#define CROWN_SIO_ATTACHMENTS_MAX 64

CrownSioPacket *crown_sio_packet_parse  (const char *text, gsize length, GError **error);
void            crown_sio_packet_free   (CrownSioPacket *packet);
/* Puts the base64 of each of @attachments (element-type GBytes) where the packet's placeholders are. */
gboolean        crown_sio_packet_attach (CrownSioPacket *packet, GPtrArray *attachments, GError **error);
/* @data_json (nullable): JSON text. (transfer full) */
char           *crown_sio_packet_format (CrownSioType type, const char *nsp, gint64 id, const char *data_json);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownSioPacket, crown_sio_packet_free)

G_END_DECLS
