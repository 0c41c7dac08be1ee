/* test-machine.c: a server's and a client's session joined by a network of this file's own
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "socketio/crown-eio-machine.h"

#include <string.h>

#define MESSAGES 200

typedef struct {
  CrownEioMachine *machine;
  GPtrArray       *out_payloads; /* char *: what was carried by requests: answers of a server, POSTs of a client */
  GPtrArray       *out_frames;   /* CrownEioPacket */
  GString         *received;     /* messages, joined by commas; binary in brackets */
  char            *reason;       /* of the close */
  guint            timer;
  guint            n_polls;      /* that a client wants to start */
  gboolean         wants_websocket;
  gboolean         dropped;      /* the websocket */
  gboolean         opened;
} Side;

static void
carry_payload (gpointer  user_data,
               GString  *payload)
{
  g_ptr_array_add (((Side *) user_data)->out_payloads, g_string_free (payload, FALSE));
}

static void
carry_packet (gpointer        user_data,
              CrownEioPacket *packet)
{
  g_ptr_array_add (((Side *) user_data)->out_frames, crown_eio_packet_ref (packet));
}

static void
start_poll (gpointer user_data)
{
  ((Side *) user_data)->n_polls++;
}

static void
start_websocket (gpointer user_data)
{
  ((Side *) user_data)->wants_websocket = TRUE;
}

static void
drop_websocket (gpointer user_data)
{
  ((Side *) user_data)->dropped = TRUE;
}

static void
set_timer (gpointer user_data,
           guint    ms)
{
  ((Side *) user_data)->timer = ms;
}

static void
on_opened (gpointer user_data)
{
  ((Side *) user_data)->opened = TRUE;
}

static void
on_message (gpointer    user_data,
            const char *text,
            gsize       length)
{
  Side *side = user_data;

  g_string_append_len (side->received, text, (gssize) length);
  g_string_append_c (side->received, ',');
}

static void
on_binary (gpointer  user_data,
           GBytes   *bytes)
{
  Side *side = user_data;
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  g_string_append_printf (side->received, "<%.*s>,", (int) length, data);
}

static void
on_closed (gpointer    user_data,
           const char *reason)
{
  Side *side = user_data;

  g_assert_null (side->reason);
  side->reason = g_strdup (reason);
}

static const CrownEioMachineFuncs funcs = {
  .carry_payload = carry_payload,
  .carry_packet = carry_packet,
  .start_poll = start_poll,
  .start_websocket = start_websocket,
  .drop_websocket = drop_websocket,
  .set_timer = set_timer,
  .opened = on_opened,
  .message = on_message,
  .binary = on_binary,
  .closed = on_closed,
};

static const CrownEioParameters parameters = {
  .ping_interval_ms = 300,
  .ping_timeout_ms = 200,
  .max_payload = 64,
  .send_queue_max = 4096,
};

static void
side_init (Side         *side,
           CrownEioRole  role)
{
  memset (side, 0, sizeof *side);
  side->machine = crown_eio_machine_new (role, &parameters, &funcs, side);
  side->out_payloads = g_ptr_array_new_with_free_func (g_free);
  side->out_frames = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_eio_packet_unref);
  side->received = g_string_new (NULL);
}

static void
side_clear (Side *side)
{
  crown_eio_machine_free (side->machine);
  g_ptr_array_unref (side->out_payloads);
  g_ptr_array_unref (side->out_frames);
  g_string_free (side->received, TRUE);
  g_free (side->reason);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Side, side_clear)

static void
send_text (Side       *side,
           const char *text)
{
  g_autoptr (CrownEioPacket) packet = crown_eio_packet_new (CROWN_EIO_MESSAGE, text, -1);

  crown_eio_machine_send (side->machine, packet);
}

static char *
last_payload (Side *side)
{
  g_assert_cmpuint (side->out_payloads->len, >, 0);

  return g_ptr_array_index (side->out_payloads, side->out_payloads->len - 1);
}

static char *
dup_last_frame (Side *side)
{
  gsize length;
  const char *data;

  g_assert_cmpuint (side->out_frames->len, >, 0);
  data = crown_eio_packet_get_data (g_ptr_array_index (side->out_frames, side->out_frames->len - 1), &length);

  return g_strndup (data, length);
}

#define assert_last_frame(side, expected) \
  G_STMT_START { \
    g_autofree char *frame_ = dup_last_frame (side); \
    g_assert_cmpstr (frame_, ==, expected); \
  } G_STMT_END

static gboolean
give_payload (Side       *side,
              const char *payload)
{
  return crown_eio_machine_on_payload (side->machine, payload, strlen (payload));
}

static void
give_frame (Side       *side,
            const char *text)
{
  crown_eio_machine_on_websocket_text (side->machine, text, strlen (text));
}

/* A server's session in each of its states. */
static void
bring_server_to (Side          *side,
                 CrownEioState  state)
{
  side_init (side, CROWN_EIO_SERVER);
  crown_eio_machine_start (side->machine, state == CROWN_EIO_STATE_WEBSOCKET, FALSE);
  if (state == CROWN_EIO_STATE_WEBSOCKET || state == CROWN_EIO_STATE_POLLING)
    return;
  g_assert_true (crown_eio_machine_on_carrier (side->machine));
  g_assert_true (crown_eio_machine_on_websocket (side->machine));
  if (state == CROWN_EIO_STATE_PAUSING)
    give_frame (side, "2probe");
  g_assert_cmpint (crown_eio_machine_get_state (side->machine), ==, state);
}

/* Every packet in every state of a server: what the protocol lets come, and "parse error" for the rest. */
static void
test_server_rules (void)
{
  static const struct {
    CrownEioState state;
    gboolean      by_websocket;
    const char   *good; /* types that may come so */
  } cases[] = {
    { CROWN_EIO_STATE_POLLING, FALSE, "134b" },
    { CROWN_EIO_STATE_PROBING, FALSE, "134b" },
    { CROWN_EIO_STATE_PROBING, TRUE, "5" },
    { CROWN_EIO_STATE_PAUSING, FALSE, "134b" },
    { CROWN_EIO_STATE_PAUSING, TRUE, "5" },
    { CROWN_EIO_STATE_WEBSOCKET, TRUE, "134" },
    { CROWN_EIO_STATE_WEBSOCKET, FALSE, "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      for (const char *type = "0123456789abx"; *type != '\0'; type++)
        {
          g_auto (Side) side = { 0 };
          char packet[] = { *type, '\0' };
          gboolean good = strchr (cases[i].good, *type) != NULL;

          bring_server_to (&side, cases[i].state);
          if (cases[i].by_websocket)
            give_frame (&side, packet);
          else
            g_assert_cmpint (give_payload (&side, packet), ==, good);
          if (!good)
            g_assert_cmpstr (side.reason, ==, "parse error");
          else if (*type == '1')
            g_assert_cmpstr (side.reason, ==, "transport close");
          else
            g_assert_null (side.reason);
        }
    }
}

static void
test_server_heartbeat (void)
{
  for (gboolean websocket = FALSE; websocket <= TRUE; websocket++)
    {
      g_auto (Side) side = { 0 };

      bring_server_to (&side, websocket ? CROWN_EIO_STATE_WEBSOCKET : CROWN_EIO_STATE_POLLING);
      if (!websocket)
        crown_eio_machine_on_carrier (side.machine);
      for (guint i = 0; i < 3; i++)
        {
          g_assert_cmpuint (side.timer, ==, 300);
          if (!websocket)
            crown_eio_machine_on_carrier (side.machine);
          crown_eio_machine_on_timer (side.machine);
          g_assert_cmpuint (side.timer, ==, 200);
          if (websocket)
            {
              assert_last_frame (&side, "2");
              give_frame (&side, "3");
            }
          else
            {
              g_assert_cmpstr (last_payload (&side), ==, "2");
              give_payload (&side, "3");
            }
        }
      crown_eio_machine_on_timer (side.machine);
      crown_eio_machine_on_timer (side.machine);
      g_assert_cmpstr (side.reason, ==, "ping timeout");
      g_assert_cmpuint (side.timer, ==, 0);
      g_assert_cmpint (side.dropped, ==, websocket);
      /* Whatever comes after the end does nothing. */
      g_assert_cmpint (give_payload (&side, "4late"), ==, TRUE);
      give_frame (&side, "4late");
      crown_eio_machine_on_timer (side.machine);
      send_text (&side, "late");
      g_assert_cmpstr (side.received->str, ==, "");
    }
}

static void
test_server_polling (void)
{
  g_auto (Side) side = { 0 };

  bring_server_to (&side, CROWN_EIO_STATE_POLLING);
  g_assert_true (crown_eio_machine_on_carrier (side.machine));
  g_assert_true (g_str_has_prefix (last_payload (&side), "0{\"sid\":\""));
  g_assert_cmpuint (side.out_payloads->len, ==, 1);

  /* Nothing to say: the request waits, and is answered with the first word. */
  g_assert_true (crown_eio_machine_on_carrier (side.machine));
  g_assert_cmpuint (side.out_payloads->len, ==, 1);
  send_text (&side, "one");
  g_assert_cmpstr (last_payload (&side), ==, "4one");

  /* What is said between requests waits for the next, up to max_payload a body. */
  send_text (&side, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
  send_text (&side, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
  send_text (&side, "cccccccccccccccccccccccccccccc");
  g_assert_cmpuint (crown_eio_machine_get_queued (side.machine), ==, 93);
  g_assert_true (crown_eio_machine_on_carrier (side.machine));
  g_assert_cmpstr (last_payload (&side), ==, "4aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\x1e" "4bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
  g_assert_true (crown_eio_machine_on_carrier (side.machine));
  g_assert_cmpstr (last_payload (&side), ==, "4cccccccccccccccccccccccccccccc");
  g_assert_cmpuint (crown_eio_machine_get_queued (side.machine), ==, 0);

  /* A second request beside one that waits ends the session, and says so to the first. */
  g_assert_true (crown_eio_machine_on_carrier (side.machine));
  g_assert_false (crown_eio_machine_on_carrier (side.machine));
  g_assert_cmpstr (last_payload (&side), ==, "1");
  g_assert_cmpstr (side.reason, ==, "transport error");
}

/* A reader that never comes back costs send_queue_max, and then nothing. */
static void
test_queue_is_bounded (void)
{
  g_auto (Side) side = { 0 };
  guint sent = 0;

  bring_server_to (&side, CROWN_EIO_STATE_POLLING);
  for (; side.reason == NULL && sent < 10000; sent++)
    {
      send_text (&side, "0123456789");
      g_assert_cmpuint (crown_eio_machine_get_queued (side.machine), <=, parameters.send_queue_max);
    }
  g_assert_cmpstr (side.reason, ==, "transport error");
  g_assert_cmpuint (sent, <, 4096 / 11 + 1);
}

static void
test_client_opening (void)
{
  static const struct {
    gboolean    websocket;
    const char *first;  /* what the server says */
    const char *reason; /* (nullable) */
  } cases[] = {
    { FALSE, "0{\"sid\":\"s\",\"upgrades\":[],\"pingInterval\":1000,\"pingTimeout\":500,\"maxPayload\":100}", NULL },
    { TRUE, "0{\"sid\":\"s\",\"pingInterval\":1000,\"pingTimeout\":500}", NULL },
    { FALSE, "0{}", "parse error" },
    { FALSE, "0", "parse error" },
    { TRUE, "0{\"sid\":1}", "parse error" },
    { TRUE, "4hello", "parse error" },
    { FALSE, "2", "parse error" },
    { FALSE, "", "parse error" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Side) side = { 0 };

      side_init (&side, CROWN_EIO_CLIENT);
      crown_eio_machine_start (side.machine, cases[i].websocket, FALSE);
      g_assert_cmpuint (side.n_polls, ==, cases[i].websocket ? 0 : 1);
      g_assert_cmpint (side.wants_websocket, ==, cases[i].websocket);
      g_assert_cmpuint (side.timer, >, 0);
      send_text (&side, "early");
      if (cases[i].websocket)
        {
          g_assert_true (crown_eio_machine_on_websocket (side.machine));
          give_frame (&side, cases[i].first);
        }
      else
        {
          give_payload (&side, cases[i].first);
        }
      g_assert_cmpstr (side.reason, ==, cases[i].reason);
      g_assert_cmpint (side.opened, ==, cases[i].reason == NULL);
      if (cases[i].reason != NULL)
        continue;
      g_assert_cmpstr (crown_eio_machine_get_sid (side.machine), ==, "s");
      g_assert_cmpuint (side.timer, ==, 1500);
      if (cases[i].websocket)
        assert_last_frame (&side, "4early");
      else
        g_assert_cmpuint (side.n_polls, ==, 2);
      crown_eio_machine_on_timer (side.machine);
      g_assert_cmpstr (side.reason, ==, "ping timeout");
    }
}

/* The network: what it carries between the two, one thing at a time in an order that chance chooses; requests and
 * websocket are each in order, but not to one another. */
typedef struct {
  Side      server;
  Side      client;
  GRand    *random;
  gboolean  websocket;      /* it is open */
  guint     answers_done;   /* of the server's payloads */
  guint     posts_done;
  guint     polls_done;     /* of the client's wishes */
  guint     server_frames_done;
  guint     client_frames_done;
  gboolean  loses_websocket;
} Network;

static gboolean
deliver_frame (Side  *from,
               Side  *to,
               guint *done)
{
  gsize length;
  const char *data;
  CrownEioPacket *packet;

  if (*done == from->out_frames->len)
    return FALSE;
  packet = g_ptr_array_index (from->out_frames, (*done)++);
  data = crown_eio_packet_get_data (packet, &length);
  if (crown_eio_packet_is_binary (packet))
    {
      g_autoptr (GBytes) bytes = g_bytes_new (data, length);

      crown_eio_machine_on_websocket_binary (to->machine, bytes);
    }
  else
    {
      crown_eio_machine_on_websocket_text (to->machine, data, length);
    }

  return TRUE;
}

static gboolean
step (Network *net)
{
  switch (g_rand_int_range (net->random, 0, 6))
    {
    case 0: /* a GET arrives */
      if (net->polls_done == net->client.n_polls)
        return FALSE;
      net->polls_done++;
      g_assert_true (crown_eio_machine_on_carrier (net->server.machine));
      return TRUE;

    case 1: /* its answer arrives */
      if (net->answers_done == net->server.out_payloads->len)
        return FALSE;
      g_assert_true (give_payload (&net->client, g_ptr_array_index (net->server.out_payloads, net->answers_done++)));
      return TRUE;

    case 2: /* a POST arrives and is answered */
      if (net->posts_done == net->client.out_payloads->len)
        return FALSE;
      g_assert_true (give_payload (&net->server, g_ptr_array_index (net->client.out_payloads, net->posts_done++)));
      crown_eio_machine_on_carrier (net->client.machine);
      return TRUE;

    case 3:
      return deliver_frame (&net->server, &net->client, &net->server_frames_done);

    case 4:
      return deliver_frame (&net->client, &net->server, &net->client_frames_done);

    default: /* the websocket is there, or is lost while it is probed */
      if (net->client.wants_websocket && !net->websocket)
        {
          net->websocket = TRUE;
          g_assert_true (crown_eio_machine_on_websocket (net->server.machine));
          g_assert_true (crown_eio_machine_on_websocket (net->client.machine));
          return TRUE;
        }
      if (net->loses_websocket && net->websocket &&
          crown_eio_machine_get_state (net->client.machine) == CROWN_EIO_STATE_PROBING)
        {
          net->loses_websocket = FALSE;
          net->server_frames_done = net->server.out_frames->len;
          net->client_frames_done = net->client.out_frames->len;
          crown_eio_machine_on_websocket_gone (net->server.machine);
          crown_eio_machine_on_websocket_gone (net->client.machine);
          return TRUE;
        }
      return FALSE;
    }
}

/* Whatever the order, and wherever the upgrade falls: all that is sent arrives, once, in order, both ways. */
static void
test_upgrade_in_any_order (void)
{
  guint upgraded = 0;

  for (guint seed = 0; seed < 300; seed++)
    {
      Network net = { .random = g_rand_new_with_seed (seed), .loses_websocket = seed % 4 == 0 };
      g_autoptr (GString) expected = g_string_new (NULL);
      guint server_said = 0, client_said = 0;

      side_init (&net.server, CROWN_EIO_SERVER);
      side_init (&net.client, CROWN_EIO_CLIENT);
      crown_eio_machine_start (net.server.machine, FALSE, FALSE);
      crown_eio_machine_start (net.client.machine, FALSE, seed % 8 != 7);
      for (guint i = 0; i < MESSAGES; i++)
        g_string_append_printf (expected, "%u,", i);

      for (guint turn = 0; turn < 20000; turn++)
        {
          g_autofree char *text = NULL;

          if (g_rand_int_range (net.random, 0, 8) == 0 && server_said < MESSAGES)
            {
              text = g_strdup_printf ("%u", server_said++);
              send_text (&net.server, text);
            }
          else if (g_rand_int_range (net.random, 0, 8) == 0 && client_said < MESSAGES)
            {
              text = g_strdup_printf ("%u", client_said++);
              send_text (&net.client, text);
            }
          else if (g_rand_int_range (net.random, 0, 2000) == 0)
            {
              crown_eio_machine_on_timer (net.server.machine);
              if (net.server.reason != NULL)
                break;
            }
          else
            {
              step (&net);
            }
          if (net.server.received->len == expected->len && net.client.received->len == expected->len)
            break;
        }
      /* A second tick before the pong is a timeout, which is right, and ends this seed's run. */
      if (net.server.reason == NULL)
        {
          g_assert_cmpstr (net.server.received->str, ==, expected->str);
          g_assert_cmpstr (net.client.received->str, ==, expected->str);
          upgraded += crown_eio_machine_get_state (net.server.machine) == CROWN_EIO_STATE_WEBSOCKET;
        }
      else
        {
          g_assert_cmpstr (net.server.reason, ==, "ping timeout");
          g_assert_true (g_str_has_prefix (expected->str, net.server.received->str));
          g_assert_true (g_str_has_prefix (expected->str, net.client.received->str));
        }
      side_clear (&net.server);
      side_clear (&net.client);
      g_rand_free (net.random);
    }
  g_assert_cmpuint (upgraded, >, 150);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/machine/server-rules", test_server_rules);
  g_test_add_func ("/machine/server-heartbeat", test_server_heartbeat);
  g_test_add_func ("/machine/server-polling", test_server_polling);
  g_test_add_func ("/machine/queue-is-bounded", test_queue_is_bounded);
  g_test_add_func ("/machine/client-opening", test_client_opening);
  g_test_add_func ("/machine/upgrade-in-any-order", test_upgrade_in_any_order);

  return g_test_run ();
}
