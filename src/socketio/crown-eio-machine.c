/* crown-eio-machine.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-socketio"

#include "crown-eio-machine.h"

#include "core/crown-json.h"
#include "core/crown-limits.h"

#include <string.h>
#include <sys/random.h>

/* A client gives up a handshake that does not come. */
#define OPENING_MAX_MS CROWN_PING_TIMEOUT_MS
/* 120 random bits, in base64's letters */
#define SID_BYTES 15

typedef enum {
  BY_REQUEST,
  BY_WEBSOCKET,
} Carrier;

struct _CrownEioMachine
{
  CrownEioRole                role;
  CrownEioState               state;
  CrownEioParameters          parameters;
  const CrownEioMachineFuncs *funcs;
  gpointer                    user_data;
  char                       *sid;
  GQueue                      queue;         /* CrownEioPacket that wait for a request */
  gsize                       queued;        /* bytes of them */
  gatomicrefcount             ref_count;     /* a callback may let go of the machine that calls it */
  gboolean                    carrier;       /* server: a GET waits; client: no POST is on its way */
  gboolean                    polling;       /* client: a GET is on its way */
  gboolean                    upgrading;     /* client: go on to a websocket */
  gboolean                    awaiting_pong; /* server */
  gboolean                    malformed;     /* what made it close was not a packet */
};

#define IN(state)     (1u << CROWN_EIO_STATE_##state)
#define BY_REQUESTS   (IN (POLLING) | IN (PROBING) | IN (PAUSING))

typedef void (*Handler) (CrownEioMachine *self, const char *data, gsize length);

static void take_message  (CrownEioMachine *self, const char *data, gsize length);
static void take_base64   (CrownEioMachine *self, const char *data, gsize length);
static void take_pong     (CrownEioMachine *self, const char *data, gsize length);
static void take_ping     (CrownEioMachine *self, const char *data, gsize length);
static void take_close    (CrownEioMachine *self, const char *data, gsize length);
static void take_open     (CrownEioMachine *self, const char *data, gsize length);
static void answer_probe  (CrownEioMachine *self, const char *data, gsize length);
static void take_probe    (CrownEioMachine *self, const char *data, gsize length);
static void take_upgrade  (CrownEioMachine *self, const char *data, gsize length);
static void ignore        (CrownEioMachine *self, const char *data, gsize length);

/* The packets that may come: in which states, by what, and what they do. Whatever is not here closes the session with
 * "parse error". Source: the Engine.IO protocol, revision 4. */
static const struct {
  CrownEioRole role;
  Carrier      carrier;
  guint        states;
  char         type;
  Handler      handle;
} rules[] = {
  { CROWN_EIO_SERVER, BY_REQUEST,   BY_REQUESTS,   CROWN_EIO_MESSAGE, take_message },
  { CROWN_EIO_SERVER, BY_REQUEST,   BY_REQUESTS,   CROWN_EIO_BINARY,  take_base64 },
  { CROWN_EIO_SERVER, BY_REQUEST,   BY_REQUESTS,   CROWN_EIO_PONG,    take_pong },
  { CROWN_EIO_SERVER, BY_REQUEST,   BY_REQUESTS,   CROWN_EIO_CLOSE,   take_close },
  { CROWN_EIO_SERVER, BY_WEBSOCKET, IN (PROBING),  CROWN_EIO_PING,    answer_probe },
  { CROWN_EIO_SERVER, BY_WEBSOCKET, IN (PROBING) | IN (PAUSING), CROWN_EIO_UPGRADE, take_upgrade },
  { CROWN_EIO_SERVER, BY_WEBSOCKET, IN (WEBSOCKET), CROWN_EIO_MESSAGE, take_message },
  { CROWN_EIO_SERVER, BY_WEBSOCKET, IN (WEBSOCKET), CROWN_EIO_PONG,   take_pong },
  { CROWN_EIO_SERVER, BY_WEBSOCKET, IN (WEBSOCKET), CROWN_EIO_CLOSE,  take_close },

  { CROWN_EIO_CLIENT, BY_REQUEST,   IN (OPENING),  CROWN_EIO_OPEN,    take_open },
  { CROWN_EIO_CLIENT, BY_REQUEST,   BY_REQUESTS,   CROWN_EIO_MESSAGE, take_message },
  { CROWN_EIO_CLIENT, BY_REQUEST,   BY_REQUESTS,   CROWN_EIO_BINARY,  take_base64 },
  { CROWN_EIO_CLIENT, BY_REQUEST,   BY_REQUESTS,   CROWN_EIO_PING,    take_ping },
  { CROWN_EIO_CLIENT, BY_REQUEST,   BY_REQUESTS,   CROWN_EIO_CLOSE,   take_close },
  { CROWN_EIO_CLIENT, BY_REQUEST,   BY_REQUESTS,   CROWN_EIO_NOOP,    ignore },
  { CROWN_EIO_CLIENT, BY_WEBSOCKET, IN (OPENING),  CROWN_EIO_OPEN,    take_open },
  { CROWN_EIO_CLIENT, BY_WEBSOCKET, IN (PROBING),  CROWN_EIO_PONG,    take_probe },
  { CROWN_EIO_CLIENT, BY_WEBSOCKET, IN (WEBSOCKET), CROWN_EIO_MESSAGE, take_message },
  { CROWN_EIO_CLIENT, BY_WEBSOCKET, IN (WEBSOCKET), CROWN_EIO_PING,   take_ping },
  { CROWN_EIO_CLIENT, BY_WEBSOCKET, IN (WEBSOCKET), CROWN_EIO_CLOSE,  take_close },
  { CROWN_EIO_CLIENT, BY_WEBSOCKET, IN (WEBSOCKET), CROWN_EIO_NOOP,   ignore },
};

/* Sending */

static void
machine_unref (CrownEioMachine *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_queue_clear_full (&self->queue, (GDestroyNotify) crown_eio_packet_unref);
  g_free (self->sid);
  g_free (self);
}

static CrownEioMachine *
machine_ref (CrownEioMachine *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

typedef CrownEioMachine Alive;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Alive, machine_unref)

static void
enqueue (CrownEioMachine *self,
         CrownEioPacket  *packet)
{
  g_queue_push_tail (&self->queue, crown_eio_packet_ref (packet));
  self->queued += crown_eio_packet_payload_length (packet);
}

static CrownEioPacket *
dequeue (CrownEioMachine *self)
{
  CrownEioPacket *packet = g_queue_pop_head (&self->queue);

  if (packet != NULL)
    self->queued -= crown_eio_packet_payload_length (packet);

  return packet;
}

static void
enqueue_control (CrownEioMachine *self,
                 CrownEioType     type)
{
  g_autoptr (CrownEioPacket) packet = crown_eio_packet_new (type, NULL, 0);

  enqueue (self, packet);
}

/* One body of what waits, as much as max_payload lets in; a packet that is larger alone goes alone. */
static void
carry (CrownEioMachine *self)
{
  GString *payload = g_string_new (NULL);
  CrownEioPacket *packet;

  while ((packet = g_queue_peek_head (&self->queue)) != NULL)
    {
      gsize length = crown_eio_packet_payload_length (packet);

      if (payload->len > 0 && payload->len + 1 + length > self->parameters.max_payload)
        break;
      if (payload->len > 0)
        g_string_append_c (payload, CROWN_EIO_SEPARATOR);
      crown_eio_packet_append (packet, payload);
      crown_eio_packet_unref (dequeue (self));
    }
  self->carrier = FALSE;
  self->funcs->carry_payload (self->user_data, payload);
}

static void
flush (CrownEioMachine *self)
{
  /* A client that pauses sends nothing more by requests; a server answers each with what there is. */
  gboolean may = self->role == CROWN_EIO_SERVER ? ((1u << self->state) & BY_REQUESTS) != 0
                                                : self->state == CROWN_EIO_STATE_POLLING || self->state == CROWN_EIO_STATE_PROBING;

  if (may && self->carrier && !g_queue_is_empty (&self->queue))
    carry (self);
}

static void
finish (CrownEioMachine *self,
        const char      *reason,
        CrownEioType     farewell)
{
  CrownEioState was = self->state;

  if (was == CROWN_EIO_STATE_CLOSED)
    return;
  self->state = CROWN_EIO_STATE_CLOSED;
  self->funcs->set_timer (self->user_data, 0);
  if (self->role == CROWN_EIO_SERVER && self->carrier)
    {
      enqueue_control (self, farewell);
      carry (self);
    }
  if (was == CROWN_EIO_STATE_PROBING || was == CROWN_EIO_STATE_PAUSING || was == CROWN_EIO_STATE_WEBSOCKET)
    self->funcs->drop_websocket (self->user_data);
  self->funcs->closed (self->user_data, reason);
}

void
crown_eio_machine_send (CrownEioMachine *self,
                        CrownEioPacket  *packet)
{
  g_autoptr (Alive) alive = machine_ref (self);

  if (self->state == CROWN_EIO_STATE_CLOSED)
    return;
  if (self->state == CROWN_EIO_STATE_WEBSOCKET)
    {
      self->funcs->carry_packet (self->user_data, packet);
      return;
    }
  if (self->queued + crown_eio_packet_payload_length (packet) > self->parameters.send_queue_max)
    {
      finish (self, "transport error", CROWN_EIO_CLOSE);
      return;
    }
  enqueue (self, packet);
  flush (self);
}

static void
send_control (CrownEioMachine *self,
              CrownEioType     type,
              const char      *data,
              gsize            length)
{
  g_autoptr (CrownEioPacket) packet = crown_eio_packet_new (type, data, (gssize) length);

  crown_eio_machine_send (self, packet);
}

/* Beside the requests, which still carry. */
static void
send_probing (CrownEioMachine *self,
              CrownEioType     type,
              const char      *data)
{
  g_autoptr (CrownEioPacket) packet = crown_eio_packet_new (type, data, -1);

  self->funcs->carry_packet (self->user_data, packet);
}

static void
go_on_by_websocket (CrownEioMachine *self)
{
  CrownEioPacket *packet;

  self->state = CROWN_EIO_STATE_WEBSOCKET;
  while ((packet = dequeue (self)) != NULL)
    {
      self->funcs->carry_packet (self->user_data, packet);
      crown_eio_packet_unref (packet);
    }
}

/* A client leaves the requests when the last of them has ended. */
static void
leave_requests (CrownEioMachine *self)
{
  if (self->state != CROWN_EIO_STATE_PAUSING || self->polling || !self->carrier)
    return;
  send_probing (self, CROWN_EIO_UPGRADE, NULL);
  go_on_by_websocket (self);
}

static void
poll_again (CrownEioMachine *self)
{
  if (self->role != CROWN_EIO_CLIENT || self->polling ||
      (self->state != CROWN_EIO_STATE_POLLING && self->state != CROWN_EIO_STATE_PROBING))
    return;
  self->polling = TRUE;
  self->funcs->start_poll (self->user_data);
}

/* What comes */

static void
take_message (CrownEioMachine *self,
              const char      *data,
              gsize            length)
{
  self->funcs->message (self->user_data, data, length);
}

static void
take_base64 (CrownEioMachine *self,
             const char      *data,
             gsize            length)
{
  g_autofree char *base64 = g_strndup (data, length);
  gsize size;
  guchar *decoded = g_base64_decode (base64, &size);
  g_autoptr (GBytes) bytes = g_bytes_new_take (decoded, size);

  self->funcs->binary (self->user_data, bytes);
}

static void
take_pong (CrownEioMachine *self,
           const char      *data,
           gsize            length)
{
  self->awaiting_pong = FALSE;
  self->funcs->set_timer (self->user_data, self->parameters.ping_interval_ms);
}

static void
expect_ping (CrownEioMachine *self)
{
  self->funcs->set_timer (self->user_data, self->parameters.ping_interval_ms + self->parameters.ping_timeout_ms);
}

static void
take_ping (CrownEioMachine *self,
           const char      *data,
           gsize            length)
{
  expect_ping (self);
  send_control (self, CROWN_EIO_PONG, data, length);
}

static void
take_close (CrownEioMachine *self,
            const char      *data,
            gsize            length)
{
  finish (self, "transport close", CROWN_EIO_NOOP);
}

static void
ignore (CrownEioMachine *self,
        const char      *data,
        gsize            length)
{
}

static void
take_open (CrownEioMachine *self,
           const char      *data,
           gsize            length)
{
  g_autoptr (JsonObject) handshake = crown_json_parse_object (data, (gssize) length, NULL);
  const char *sid = handshake != NULL ? crown_json_opt_string (handshake, "sid", NULL) : NULL;

  if (sid == NULL)
    {
      finish (self, "parse error", CROWN_EIO_CLOSE);
      return;
    }
  self->sid = g_strdup (sid);
  self->parameters.ping_interval_ms =
    (guint) CLAMP (crown_json_opt_int (handshake, "pingInterval", CROWN_PING_INTERVAL_MS), 50, G_TIME_SPAN_DAY / 1000);
  self->parameters.ping_timeout_ms =
    (guint) CLAMP (crown_json_opt_int (handshake, "pingTimeout", CROWN_PING_TIMEOUT_MS), 50, G_TIME_SPAN_DAY / 1000);
  self->parameters.max_payload =
    (gsize) CLAMP (crown_json_opt_int (handshake, "maxPayload", CROWN_MAX_PAYLOAD), 1, CROWN_MAX_PAYLOAD);
  self->state = self->polling ? CROWN_EIO_STATE_POLLING : CROWN_EIO_STATE_WEBSOCKET;
  expect_ping (self);
  self->funcs->opened (self->user_data);

  if (self->state == CROWN_EIO_STATE_WEBSOCKET)
    go_on_by_websocket (self);
  else if (self->state == CROWN_EIO_STATE_POLLING && self->upgrading)
    self->funcs->start_websocket (self->user_data);
}

static gboolean
is_probe (const char *data,
          gsize       length)
{
  return length == strlen ("probe") && memcmp (data, "probe", length) == 0;
}

static void
answer_probe (CrownEioMachine *self,
              const char      *data,
              gsize            length)
{
  if (!is_probe (data, length))
    {
      finish (self, "parse error", CROWN_EIO_CLOSE);
      return;
    }
  self->state = CROWN_EIO_STATE_PAUSING;
  send_probing (self, CROWN_EIO_PONG, "probe");
  /* The request that waits is ended, so that the client can leave polling. */
  if (self->carrier)
    {
      enqueue_control (self, CROWN_EIO_NOOP);
      carry (self);
    }
}

static void
take_probe (CrownEioMachine *self,
            const char      *data,
            gsize            length)
{
  if (!is_probe (data, length))
    {
      finish (self, "parse error", CROWN_EIO_CLOSE);
      return;
    }
  self->state = CROWN_EIO_STATE_PAUSING;
  leave_requests (self);
}

static void
take_upgrade (CrownEioMachine *self,
              const char      *data,
              gsize            length)
{
  if (self->carrier)
    {
      enqueue_control (self, CROWN_EIO_NOOP);
      carry (self);
    }
  go_on_by_websocket (self);
}

static void
take_packet (CrownEioMachine *self,
             Carrier          carrier,
             const char      *data,
             gsize            length)
{
  if (self->state == CROWN_EIO_STATE_CLOSED)
    return;
  for (guint i = 0; length > 0 && i < G_N_ELEMENTS (rules); i++)
    {
      if (rules[i].type == *data && rules[i].role == self->role && rules[i].carrier == carrier &&
          (rules[i].states & (1u << self->state)) != 0)
        {
          rules[i].handle (self, data + 1, length - 1);
          return;
        }
    }
  self->malformed = TRUE;
  finish (self, "parse error", CROWN_EIO_CLOSE);
}

/* The inputs */

static char *
make_sid (void)
{
  guint8 random[SID_BYTES];
  char *sid;

  /* The sid is what lets a request speak for its session: it must not be guessed from others. */
  if (getrandom (random, sizeof random, 0) != sizeof random)
    g_error ("getrandom() gave no random bytes");
  sid = g_base64_encode (random, sizeof random);

  return g_strcanon (sid, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-", '_');
}

/**
 * crown_eio_machine_new:
 * @funcs: (transfer none): static
 *
 * Returns: (transfer full): a session that has not begun
 */
CrownEioMachine *
crown_eio_machine_new (CrownEioRole                role,
                       const CrownEioParameters   *parameters,
                       const CrownEioMachineFuncs *funcs,
                       gpointer                    user_data)
{
  CrownEioMachine *self = g_new0 (CrownEioMachine, 1);

  self->role = role;
  self->parameters = *parameters;
  self->funcs = funcs;
  self->user_data = user_data;
  g_atomic_ref_count_init (&self->ref_count);
  if (role == CROWN_EIO_SERVER)
    self->sid = make_sid ();

  return self;
}

void
crown_eio_machine_free (CrownEioMachine *self)
{
  machine_unref (self);
}

CrownEioState
crown_eio_machine_get_state (CrownEioMachine *self)
{
  return self->state;
}

const char *
crown_eio_machine_get_sid (CrownEioMachine *self)
{
  return self->sid;
}

gsize
crown_eio_machine_get_queued (CrownEioMachine *self)
{
  return self->queued;
}

void
crown_eio_machine_start (CrownEioMachine *self,
                         gboolean         websocket,
                         gboolean         upgrading)
{
  g_autoptr (Alive) alive = machine_ref (self);

  g_return_if_fail (self->state == CROWN_EIO_STATE_OPENING);

  if (self->role == CROWN_EIO_CLIENT)
    {
      self->carrier = TRUE;
      self->upgrading = upgrading;
      self->funcs->set_timer (self->user_data, OPENING_MAX_MS);
      self->polling = !websocket;
      if (websocket)
        self->funcs->start_websocket (self->user_data);
      else
        self->funcs->start_poll (self->user_data);
      return;
    }

  g_autofree char *handshake =
    g_strdup_printf ("{\"sid\":\"%s\",\"upgrades\":[%s],\"pingInterval\":%u,\"pingTimeout\":%u,"
                     "\"maxPayload\":%" G_GSIZE_FORMAT "}",
                     self->sid, websocket ? "" : "\"websocket\"", self->parameters.ping_interval_ms,
                     self->parameters.ping_timeout_ms, self->parameters.max_payload);

  self->state = websocket ? CROWN_EIO_STATE_WEBSOCKET : CROWN_EIO_STATE_POLLING;
  self->funcs->set_timer (self->user_data, self->parameters.ping_interval_ms);
  send_control (self, CROWN_EIO_OPEN, handshake, strlen (handshake));
}

void
crown_eio_machine_close (CrownEioMachine *self,
                         const char      *reason)
{
  g_autoptr (Alive) alive = machine_ref (self);

  if (self->role == CROWN_EIO_CLIENT && self->state == CROWN_EIO_STATE_WEBSOCKET)
    send_control (self, CROWN_EIO_CLOSE, NULL, 0);
  finish (self, reason, CROWN_EIO_CLOSE);
}

void
crown_eio_machine_on_timer (CrownEioMachine *self)
{
  g_autoptr (Alive) alive = machine_ref (self);

  if (self->state == CROWN_EIO_STATE_CLOSED)
    return;
  if (self->role == CROWN_EIO_CLIENT || self->awaiting_pong)
    {
      finish (self, "ping timeout", CROWN_EIO_CLOSE);
      return;
    }
  self->awaiting_pong = TRUE;
  self->funcs->set_timer (self->user_data, self->parameters.ping_timeout_ms);
  send_control (self, CROWN_EIO_PING, NULL, 0);
}

gboolean
crown_eio_machine_on_carrier (CrownEioMachine *self)
{
  g_autoptr (Alive) alive = machine_ref (self);

  if (((1u << self->state) & BY_REQUESTS) == 0)
    return FALSE;
  if (self->role == CROWN_EIO_SERVER && self->carrier)
    {
      /* Two requests that wait: the client has lost count. The reference ends the session, and so does this. */
      finish (self, "transport error", CROWN_EIO_CLOSE);
      return FALSE;
    }
  self->carrier = TRUE;
  if (self->role == CROWN_EIO_CLIENT)
    leave_requests (self);
  else if (self->state == CROWN_EIO_STATE_PAUSING && g_queue_is_empty (&self->queue))
    enqueue_control (self, CROWN_EIO_NOOP);
  flush (self);

  return TRUE;
}

void
crown_eio_machine_on_request_failed (CrownEioMachine *self)
{
  g_autoptr (Alive) alive = machine_ref (self);

  self->polling = FALSE;
  if (self->role == CROWN_EIO_SERVER)
    self->carrier = FALSE;
  /* What fails after the upgrade is not missed. */
  if (self->state == CROWN_EIO_STATE_WEBSOCKET)
    return;
  finish (self, self->role == CROWN_EIO_SERVER ? "transport close" : "transport error", CROWN_EIO_CLOSE);
}

gboolean
crown_eio_machine_on_payload (CrownEioMachine *self,
                              const char      *data,
                              gsize            length)
{
  g_autoptr (Alive) alive = machine_ref (self);
  const char *p = data;
  const char *end = data + length;

  if (length == 0 || !g_utf8_validate_len (data, length, NULL))
    {
      self->malformed = TRUE;
      finish (self, "parse error", CROWN_EIO_CLOSE);
    }
  while (p <= end && self->state != CROWN_EIO_STATE_CLOSED)
    {
      const char *stop = memchr (p, CROWN_EIO_SEPARATOR, (gsize) (end - p));

      if (stop == NULL)
        stop = end;
      take_packet (self, BY_REQUEST, p, (gsize) (stop - p));
      p = stop + 1;
    }
  if (self->role == CROWN_EIO_CLIENT && self->state != CROWN_EIO_STATE_CLOSED)
    {
      self->polling = FALSE;
      leave_requests (self);
      poll_again (self);
    }

  return !self->malformed;
}

gboolean
crown_eio_machine_on_websocket (CrownEioMachine *self)
{
  if (self->role == CROWN_EIO_CLIENT && self->state == CROWN_EIO_STATE_OPENING && !self->polling)
    return TRUE;
  if (self->state != CROWN_EIO_STATE_POLLING)
    return FALSE;
  self->state = CROWN_EIO_STATE_PROBING;
  if (self->role == CROWN_EIO_CLIENT)
    send_probing (self, CROWN_EIO_PING, "probe");

  return TRUE;
}

void
crown_eio_machine_on_websocket_text (CrownEioMachine *self,
                                     const char      *data,
                                     gsize            length)
{
  g_autoptr (Alive) alive = machine_ref (self);

  take_packet (self, BY_WEBSOCKET, data, length);
}

void
crown_eio_machine_on_websocket_binary (CrownEioMachine *self,
                                       GBytes          *bytes)
{
  g_autoptr (Alive) alive = machine_ref (self);

  if (self->state == CROWN_EIO_STATE_WEBSOCKET)
    self->funcs->binary (self->user_data, bytes);
  else
    finish (self, "parse error", CROWN_EIO_CLOSE);
}

void
crown_eio_machine_on_websocket_gone (CrownEioMachine *self)
{
  g_autoptr (Alive) alive = machine_ref (self);

  if (self->state == CROWN_EIO_STATE_CLOSED)
    return;
  if (self->state != CROWN_EIO_STATE_PROBING && self->state != CROWN_EIO_STATE_PAUSING)
    {
      finish (self, self->state == CROWN_EIO_STATE_OPENING ? "transport error" : "transport close", CROWN_EIO_CLOSE);
      return;
    }
  /* No upgrade; the requests go on. */
  self->state = CROWN_EIO_STATE_POLLING;
  poll_again (self);
  flush (self);
}
