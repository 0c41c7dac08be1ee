/* fuzz-socketio.c: a server's and a client's session, and the packets within
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "crown-fuzz.h"

#include "socketio/crown-eio-machine.h"
#include "socketio/crown-sio-codec.h"

const char *const crown_fuzz_seeds[] = {
  "40{\"token\":\"123\"}", "40/tasks,{\"token\":\"1\"}", "42/tasks,12[\"join_workspace\",{\"workspace_id\":1}]", "43/a,456[]",
  "451-[\"message\",{\"_placeholder\":true,\"num\":0}]\x1e" "bAQIDBA==", "41/tasks,", "3", "1", "2", "2probe", "5", "6",
  "0{\"sid\":\"abc\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":1000000}\x1e" "40",
  NULL,
};

static CrownSioDecoder decoder;

static void
take_packet (CrownSioPacket *packet)
{
  g_clear_pointer (&packet, crown_sio_packet_free);
}

static void
on_message (gpointer    user_data,
            const char *text,
            gsize       length)
{
  CrownSioPacket *packet = NULL;

  if (crown_sio_decoder_text (&decoder, text, length, &packet, NULL))
    take_packet (packet);
}

static void
on_binary (gpointer  user_data,
           GBytes   *bytes)
{
  CrownSioPacket *packet = NULL;

  if (crown_sio_decoder_binary (&decoder, bytes, 1024, &packet, NULL))
    take_packet (packet);
}

static void
carry_payload (gpointer  user_data,
               GString  *payload)
{
  g_string_free (payload, TRUE);
}

static void
ignore_packet (gpointer        user_data,
               CrownEioPacket *packet)
{
}

static void
ignore (gpointer user_data)
{
}

static void
ignore_timer (gpointer user_data,
              guint    ms)
{
}

static void
on_closed (gpointer    user_data,
           const char *reason)
{
  gboolean *closed = user_data;

  if (*closed)
    g_error ("A session was closed twice");
  *closed = TRUE;
}

static const CrownEioMachineFuncs funcs = {
  .carry_payload = carry_payload, .carry_packet = ignore_packet, .start_poll = ignore, .start_websocket = ignore,
  .drop_websocket = ignore, .set_timer = ignore_timer, .opened = ignore, .message = on_message, .binary = on_binary,
  .closed = on_closed,
};

static void
try_machine (CrownEioRole  role,
             gboolean      websocket,
             const guint8 *data,
             gsize         size)
{
  const CrownEioParameters parameters = { 300, 200, 1000, 4096 };
  gboolean closed = FALSE;
  g_autoptr (CrownEioMachine) machine = crown_eio_machine_new (role, &parameters, &funcs, &closed);

  crown_eio_machine_start (machine, websocket, TRUE);
  if (websocket)
    {
      crown_eio_machine_on_websocket (machine);
      if (g_utf8_validate_len ((const char *) data, size, NULL))
        crown_eio_machine_on_websocket_text (machine, (const char *) data, size);
    }
  else
    {
      crown_eio_machine_on_carrier (machine);
      crown_eio_machine_on_payload (machine, (const char *) data, size);
      crown_eio_machine_on_websocket (machine);
      if (g_utf8_validate_len ((const char *) data, size, NULL))
        crown_eio_machine_on_websocket_text (machine, (const char *) data, size);
      crown_eio_machine_on_carrier (machine);
    }
  crown_eio_machine_on_timer (machine);
  crown_eio_machine_close (machine, "done");
  if (!closed)
    g_error ("A session stays open");
  crown_sio_decoder_clear (&decoder);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  CrownSioPacket *packet = crown_sio_packet_parse ((const char *) data, size, NULL);

  take_packet (packet);
  for (guint websocket = 0; websocket < 2; websocket++)
    {
      try_machine (CROWN_EIO_SERVER, websocket == 1, data, size);
      try_machine (CROWN_EIO_CLIENT, websocket == 1, data, size);
    }

  return 0;
}
