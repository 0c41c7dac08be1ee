/* crown-sio-codec.h: Socket.IO v5 packets, and what carries them in Engine.IO messages. No I/O
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

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
  guint         n_attachments; /* binary messages that follow */
  JsonNode     *data;          /* (nullable); `{"_placeholder":true,"num":N}` stands for attachment N */
  GPtrArray    *attachments;   /* (nullable) (element-type GBytes) */
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
/* What follows an event's name. (transfer full) */
JsonArray      *crown_sio_packet_dup_arguments (CrownSioPacket *packet);
/* The text of an Engine.IO message, without Engine.IO's type.
 * @n_attachments: of a binary type; @data_json (nullable): JSON text. (transfer full) */
char           *crown_sio_packet_format (CrownSioType type, guint n_attachments, const char *nsp, gint64 id,
                                         const char *data_json);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownSioPacket, crown_sio_packet_free)

/* Messages in, packets out. Zeroed before first use. */
typedef struct {
  CrownSioPacket *partial;  /* waits for its attachments */
  gsize           attached; /* bytes of them so far */
} CrownSioDecoder;

/* @packet: (out) (nullable) (transfer full): NULL while attachments are missing. FALSE: what came must not come. */
gboolean        crown_sio_decoder_text   (CrownSioDecoder *self, const char *text, gsize length, CrownSioPacket **packet,
                                          GError **error);
/* @max: bytes of attachments that one packet may have */
gboolean        crown_sio_decoder_binary (CrownSioDecoder *self, GBytes *bytes, gsize max, CrownSioPacket **packet,
                                          GError **error);
void            crown_sio_decoder_clear  (CrownSioDecoder *self);

G_END_DECLS
