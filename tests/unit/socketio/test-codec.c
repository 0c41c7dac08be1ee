/* test-codec.c: Engine.IO packets and Socket.IO packets as text
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "core/crown-json.h"
#include "socketio/crown-eio-packet.h"
#include "socketio/crown-sio-codec.h"

#include <string.h>

static void
test_good_packets (void)
{
  static const struct {
    const char  *text;
    CrownSioType type;
    const char  *nsp;
    gint64       id;
    guint        n_attachments;
    const char  *data;
  } cases[] = {
    { "0", CROWN_SIO_CONNECT, "/", -1, 0, NULL },
    { "0{\"token\":\"123\"}", CROWN_SIO_CONNECT, "/", -1, 0, "{\"token\":\"123\"}" },
    { "0/tasks", CROWN_SIO_CONNECT, "/tasks", -1, 0, NULL },
    { "0/tasks,", CROWN_SIO_CONNECT, "/tasks", -1, 0, NULL },
    { "0/tasks?token=1,{}", CROWN_SIO_CONNECT, "/tasks", -1, 0, "{}" },
    { "1/tasks,", CROWN_SIO_DISCONNECT, "/tasks", -1, 0, NULL },
    { "2[\"join\",1]", CROWN_SIO_EVENT, "/", -1, 0, "[\"join\",1]" },
    { "2/tasks,12[\"join\",{}]", CROWN_SIO_EVENT, "/tasks", 12, 0, "[\"join\",{}]" },
    { "30[]", CROWN_SIO_ACK, "/", 0, 0, "[]" },
    { "3/a,456[1]", CROWN_SIO_ACK, "/a", 456, 0, "[1]" },
    { "4{\"message\":\"no\"}", CROWN_SIO_CONNECT_ERROR, "/", -1, 0, "{\"message\":\"no\"}" },
    { "52-/a,7[\"m\",{\"_placeholder\":true,\"num\":0}]", CROWN_SIO_BINARY_EVENT, "/a", 7, 2,
      "[\"m\",{\"_placeholder\":true,\"num\":0}]" },
    { "61-9[]", CROWN_SIO_BINARY_ACK, "/", 9, 1, "[]" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (CrownSioPacket) packet = crown_sio_packet_parse (cases[i].text, strlen (cases[i].text), &error);
      g_autofree char *data = NULL;

      g_assert_no_error (error);
      data = packet->data != NULL ? crown_json_to_string (packet->data) : NULL;
      g_assert_cmpint (packet->type, ==, cases[i].type);
      g_assert_cmpstr (packet->nsp, ==, cases[i].nsp);
      g_assert_cmpint (packet->id, ==, cases[i].id);
      g_assert_cmpuint (packet->n_attachments, ==, cases[i].n_attachments);
      g_assert_cmpstr (data, ==, cases[i].data);
    }
}

static void
test_bad_packets (void)
{
  static const char *const cases[] = {
    "", "7", "a", "2", "2{}", "2[]", "2[1]", "2\"text\"", "3[]", "3", "5[\"m\"]", "5-[\"m\"]", "599[\"m\"]", "565-[\"m\"]",
    "61-[]", "0[]", "0\"text\"", "2[\"m\",]", "2[\"m\"] ]", "2[\"m\",{\"a\":1,\"a\":2}]", "2[\"m\",1e999]",
    "212x[\"m\"]", "2[\"\xff\"]",
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      CrownSioPacket *packet = crown_sio_packet_parse (cases[i], strlen (cases[i]), &error);

      if (packet != NULL)
        g_error ("“%s” was taken for a packet", cases[i]);
      g_assert_nonnull (error);
      g_assert_cmpstr (error->message, !=, "");
    }
}

static void
test_format (void)
{
  g_autofree char *event = crown_sio_packet_format (CROWN_SIO_EVENT, 0, "/tasks", 12, "[\"join\"]");
  g_autofree char *connect = crown_sio_packet_format (CROWN_SIO_CONNECT, 0, "/", -1, NULL);
  g_autofree char *binary = crown_sio_packet_format (CROWN_SIO_BINARY_ACK, 2, "/", 3, "[]");

  g_assert_cmpstr (event, ==, "2/tasks,12[\"join\"]");
  g_assert_cmpstr (connect, ==, "0");
  g_assert_cmpstr (binary, ==, "62-3[]");
}

static void
test_decoder (void)
{
  CrownSioDecoder decoder = { 0 };
  const char *text = "51-[\"m\",{\"_placeholder\":true,\"num\":0}]";
  g_autoptr (GBytes) bytes = g_bytes_new_static ("\1\2\3", 3);
  CrownSioPacket *packet = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (crown_sio_decoder_text (&decoder, "2[\"m\"]", 6, &packet, &error));
  g_assert_nonnull (packet);
  crown_sio_packet_free (packet);

  g_assert_true (crown_sio_decoder_text (&decoder, text, strlen (text), &packet, &error));
  g_assert_null (packet);
  g_assert_true (crown_sio_decoder_binary (&decoder, bytes, 3, &packet, &error));
  g_assert_nonnull (packet);
  g_assert_true (g_bytes_equal (g_ptr_array_index (packet->attachments, 0), bytes));
  crown_sio_packet_free (packet);

  /* Out of place, in each of the three ways, and too large. */
  g_assert_false (crown_sio_decoder_binary (&decoder, bytes, 3, &packet, &error));
  g_assert_error (error, CROWN_SIO_ERROR, CROWN_SIO_ERROR_PACKET);
  g_clear_error (&error);
  g_assert_true (crown_sio_decoder_text (&decoder, text, strlen (text), &packet, &error));
  g_assert_false (crown_sio_decoder_text (&decoder, "2[\"m\"]", 6, &packet, &error));
  g_assert_error (error, CROWN_SIO_ERROR, CROWN_SIO_ERROR_PACKET);
  g_clear_error (&error);
  g_assert_false (crown_sio_decoder_binary (&decoder, bytes, 2, &packet, &error));
  g_assert_error (error, CROWN_SIO_ERROR, CROWN_SIO_ERROR_PACKET);
  g_clear_error (&error);
  crown_sio_decoder_clear (&decoder);

  text = "51-[\"m\",[{\"_placeholder\":true,\"num\":1}]]";
  g_assert_false (crown_sio_decoder_text (&decoder, text, strlen (text), &packet, &error));
  g_assert_error (error, CROWN_SIO_ERROR, CROWN_SIO_ERROR_PACKET);
  crown_sio_decoder_clear (&decoder);
}

/* RFC 6455, section 5.2: the three forms of a length, at their borders. */
static void
test_frames (void)
{
  static const struct {
    gsize  length; /* of the payload, with Engine.IO's type */
    guint8 header[10];
    guint  size;
  } cases[] = {
    { 1, { 0x81, 1 }, 2 },
    { 125, { 0x81, 125 }, 2 },
    { 126, { 0x81, 126, 0, 126 }, 4 },
    { 65535, { 0x81, 126, 0xff, 0xff }, 4 },
    { 65536, { 0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0 }, 10 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strnfill (cases[i].length - 1, 'x');
      g_autoptr (CrownEioPacket) packet = crown_eio_packet_new (CROWN_EIO_MESSAGE, text, -1);
      gsize length;
      const guint8 *frame = crown_eio_packet_get_frame (packet, &length);

      g_assert_cmpmem (frame, cases[i].size, cases[i].header, cases[i].size);
      g_assert_cmpuint (length, ==, cases[i].size + cases[i].length);
      g_assert_cmpint (frame[cases[i].size], ==, '4');
      g_assert_cmpmem (frame + cases[i].size + 1, length - cases[i].size - 1, text, strlen (text));
    }
}

static void
test_payload (void)
{
  g_autoptr (CrownEioPacket) text = crown_eio_packet_new (CROWN_EIO_MESSAGE, "hello", 5);
  g_autoptr (CrownEioPacket) binary = crown_eio_packet_new_binary ("\1\2\3\4", 4);
  g_autoptr (GString) payload = g_string_new (NULL);
  gsize length;

  crown_eio_packet_append (text, payload);
  g_assert_cmpstr (payload->str, ==, "4hello");
  g_assert_cmpuint (crown_eio_packet_payload_length (text), ==, 6);
  g_string_truncate (payload, 0);
  crown_eio_packet_append (binary, payload);
  g_assert_cmpstr (payload->str, ==, "bAQIDBA==");
  g_assert_cmpuint (crown_eio_packet_payload_length (binary), ==, 9);
  g_assert_cmpint (crown_eio_packet_get_frame (binary, &length)[0], ==, 0x82);
  g_assert_cmpuint (length, ==, 6);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/codec/good-packets", test_good_packets);
  g_test_add_func ("/codec/bad-packets", test_bad_packets);
  g_test_add_func ("/codec/format", test_format);
  g_test_add_func ("/codec/decoder", test_decoder);
  g_test_add_func ("/codec/frames", test_frames);
  g_test_add_func ("/codec/payload", test_payload);

  return g_test_run ();
}
