/* test-event-buffer.c: whatever order events come in, they are taken as 1, 2, 3 …
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "client/crown-event-buffer.h"

#define N_EVENTS 400

static CrownEnvelope *
make_event (guint64 sequence)
{
  CrownEnvelope *envelope = crown_envelope_new (CROWN_EVENT_ARCHIVE_REVEAL);

  envelope->sequence = sequence;
  return envelope;
}

static CrownBufferResult
add (CrownEventBuffer *buffer,
     guint64           sequence,
     guint64           applied)
{
  g_autoptr (CrownEnvelope) envelope = make_event (sequence);

  return crown_event_buffer_add (buffer, envelope, applied);
}

static void
test_order (void)
{
  g_autoptr (CrownEventBuffer) buffer = crown_event_buffer_new (100);
  g_autoptr (GPtrArray) ready = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_envelope_unref);

  g_assert_cmpint (add (buffer, 3, 0), ==, CROWN_BUFFER_KEPT);
  g_assert_cmpint (add (buffer, 3, 0), ==, CROWN_BUFFER_DUPLICATE);
  g_assert_cmpint (add (buffer, 2, 2), ==, CROWN_BUFFER_DUPLICATE);
  g_assert_cmpuint (crown_event_buffer_take (buffer, 0, ready), ==, 0);
  g_assert_cmpuint (crown_event_buffer_get_n (buffer), ==, 1);

  add (buffer, 1, 0);
  add (buffer, 2, 0);
  g_assert_cmpuint (crown_event_buffer_take (buffer, 0, ready), ==, 3);
  g_assert_cmpuint (crown_event_buffer_get_n (buffer), ==, 0);
  g_assert_cmpuint (ready->len, ==, 3);
  for (guint i = 0; i < ready->len; i++)
    g_assert_cmpuint (((CrownEnvelope *) ready->pdata[i])->sequence, ==, i + 1);
}

static void
test_overflow_drops_the_oldest (void)
{
  g_autoptr (CrownEventBuffer) buffer = crown_event_buffer_new (3);
  g_autoptr (GPtrArray) ready = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_envelope_unref);

  add (buffer, 9, 0);
  add (buffer, 7, 0);
  add (buffer, 8, 0);
  g_assert_cmpint (add (buffer, 6, 0), ==, CROWN_BUFFER_OVERFLOW);
  g_assert_cmpuint (crown_event_buffer_get_n (buffer), ==, 3);
  g_assert_cmpuint (crown_event_buffer_take (buffer, 5, ready), ==, 8); /* 9 came first and is gone */
}

static void
test_replay_overtakes (void)
{
  g_autoptr (CrownEventBuffer) buffer = crown_event_buffer_new (100);
  g_autoptr (GPtrArray) ready = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_envelope_unref);

  add (buffer, 5, 0);
  add (buffer, 6, 0);
  add (buffer, 9, 0);
  g_assert_cmpuint (crown_event_buffer_take (buffer, 6, ready), ==, 6);
  g_assert_cmpuint (ready->len, ==, 0);
  g_assert_cmpuint (crown_event_buffer_get_n (buffer), ==, 1);
}

static void
add_tombstone (CrownEventBuffer *buffer,
               guint64           from,
               guint64           to,
               guint64           applied)
{
  g_autoptr (CrownEnvelope) envelope =
    crown_envelope_new_tombstone ("workspace_1", "6f9619ff-8b86-4011-b42d-00c04fc964ff", from, to, from - 1);

  crown_event_buffer_add (buffer, envelope, applied);
}

/* A tombstone is taken when its turn comes, as a whole, also where what it begins with was applied. */
static void
test_tombstones (void)
{
  g_autoptr (CrownEventBuffer) buffer = crown_event_buffer_new (100);
  g_autoptr (GPtrArray) ready = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_envelope_unref);

  add_tombstone (buffer, 5, 9, 1);
  add (buffer, 10, 1);
  add_tombstone (buffer, 11, 11, 1);
  g_assert_cmpuint (crown_event_buffer_take (buffer, 1, ready), ==, 1);
  g_assert_cmpuint (crown_event_buffer_take (buffer, 3, ready), ==, 3);
  g_assert_cmpuint (ready->len, ==, 0);
  g_assert_cmpuint (crown_event_buffer_get_n (buffer), ==, 3);

  g_assert_cmpuint (crown_event_buffer_take (buffer, 6, ready), ==, 11);
  g_assert_cmpuint (ready->len, ==, 3);
  g_assert_cmpuint (((CrownEnvelope *) ready->pdata[0])->from_sequence, ==, 5);
  g_assert_cmpuint (((CrownEnvelope *) ready->pdata[1])->sequence, ==, 10);
  g_assert_cmpuint (crown_event_buffer_get_n (buffer), ==, 0);

  add_tombstone (buffer, 5, 9, 11);
  g_assert_cmpuint (crown_event_buffer_get_n (buffer), ==, 0);
}

/* Shuffled within a window, some twice, some lost: a replay from the last contiguous one fills what is missing. */
static void
test_any_order (void)
{
  for (guint round = 0; round < 50; round++)
    {
      g_autoptr (CrownEventBuffer) buffer = crown_event_buffer_new (100);
      g_autoptr (GPtrArray) ready = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_envelope_unref);
      guint64 arrival[N_EVENTS];
      guint64 applied = 0;

      for (guint i = 0; i < N_EVENTS; i++)
        arrival[i] = i + 1;
      for (guint i = 0; i < N_EVENTS; i++)
        {
          guint ahead = (guint) g_test_rand_int_range (0, 40);
          guint other = MIN (i + ahead, N_EVENTS - 1);
          guint64 swapped = arrival[i];

          arrival[i] = arrival[other];
          arrival[other] = swapped;
        }
      for (guint i = 0; i < N_EVENTS; i++)
        {
          if (g_test_rand_int_range (0, 10) == 0)
            continue; /* lost */
          for (int copies = g_test_rand_int_range (1, 3); copies > 0; copies--)
            add (buffer, arrival[i], applied);
          applied = crown_event_buffer_take (buffer, applied, ready);
        }
      for (guint64 sequence = applied + 1; sequence <= N_EVENTS; sequence++)
        {
          add (buffer, sequence, applied);
          applied = crown_event_buffer_take (buffer, applied, ready);
        }

      g_assert_cmpuint (applied, ==, N_EVENTS);
      g_assert_cmpuint (ready->len, ==, N_EVENTS);
      for (guint i = 0; i < ready->len; i++)
        g_assert_cmpuint (((CrownEnvelope *) ready->pdata[i])->sequence, ==, i + 1);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/client/event-buffer/order", test_order);
  g_test_add_func ("/client/event-buffer/overflow", test_overflow_drops_the_oldest);
  g_test_add_func ("/client/event-buffer/replay-overtakes", test_replay_overtakes);
  g_test_add_func ("/client/event-buffer/tombstones", test_tombstones);
  g_test_add_func ("/client/event-buffer/any-order", test_any_order);

  return g_test_run ();
}
