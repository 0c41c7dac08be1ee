/* test-outbox-order.c: order for each row, none between rows
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "client/crown-outbox-order.h"

#define LIMIT 4

static void
test_random (void)
{
  for (guint32 seed = 1; seed <= 300; seed++)
    {
      g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
      g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func (g_free);
      g_autoptr (GHashTable) in_flight = g_hash_table_new (g_int64_hash, g_int64_equal);
      g_autoptr (GHashTable) waiting = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
      guint done = 0;

      for (gint64 id = 1; id <= 30; id++)
        {
          CrownOutboxEntry *entry = g_new0 (CrownOutboxEntry, 1);

          entry->id = id;
          entry->type = CROWN_EVENT_TASK_UPDATE;
          entry->row_id = g_rand_int_range (rand, 1, 6);
          g_ptr_array_add (entries, entry);
        }
      for (gint64 now = 0; done < 30; now++)
        {
          CrownOutboxEntry *next;

          g_assert_cmpint (now, <, 10000);
          while ((next = crown_outbox_next (entries, in_flight, waiting, LIMIT, now)) != NULL)
            {
              const gint64 *not_before = g_hash_table_lookup (waiting, &next->id);

              g_assert_true (!next->sent && (not_before == NULL || *not_before <= now));
              for (guint i = 0; ((CrownOutboxEntry *) entries->pdata[i])->id < next->id; i++)
                {
                  CrownOutboxEntry *earlier = entries->pdata[i];

                  g_assert_true (earlier->row_id != next->row_id || earlier->sent);
                }
              g_assert_true (g_hash_table_add (in_flight, &next->id));
              g_assert_cmpuint (g_hash_table_size (in_flight), <=, LIMIT);
            }
          for (guint i = 0; i < entries->len; i++)
            {
              CrownOutboxEntry *entry = entries->pdata[i];

              if (!g_hash_table_contains (in_flight, &entry->id) || g_rand_boolean (rand))
                continue;
              g_hash_table_remove (in_flight, &entry->id);
              if (g_rand_int_range (rand, 0, 3) == 0)
                {
                  gint64 later = now + 5;

                  g_hash_table_replace (waiting, &entry->id, g_memdup2 (&later, sizeof later));
                }
              else
                {
                  entry->sent = TRUE;
                  done++;
                }
            }
        }
    }
}

static void
test_waiting (void)
{
  CrownOutboxEntry a = { .id = 1, .type = CROWN_EVENT_TASK_UPDATE, .row_id = 1 };
  CrownOutboxEntry b = { .id = 2, .type = CROWN_EVENT_TASK_UPDATE, .row_id = 1 };
  CrownOutboxEntry c = { .id = 3, .type = CROWN_EVENT_TASK_UPDATE, .row_id = 2 };
  g_autoptr (GPtrArray) entries = g_ptr_array_new ();
  g_autoptr (GHashTable) in_flight = g_hash_table_new (g_int64_hash, g_int64_equal);
  g_autoptr (GHashTable) waiting = g_hash_table_new (g_int64_hash, g_int64_equal);
  gint64 until = 100;

  g_ptr_array_add (entries, &a);
  g_ptr_array_add (entries, &b);
  g_ptr_array_add (entries, &c);
  g_hash_table_insert (waiting, &a.id, &until);
  g_assert_true (crown_outbox_next (entries, in_flight, waiting, LIMIT, 99) == &c);
  g_assert_true (crown_outbox_next (entries, in_flight, waiting, LIMIT, 100) == &a);
  g_hash_table_add (in_flight, &a.id);
  g_assert_true (crown_outbox_next (entries, in_flight, NULL, LIMIT, 100) == &c);
  g_assert_null (crown_outbox_next (entries, in_flight, NULL, 1, 100));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/client/outbox-order/random", test_random);
  g_test_add_func ("/client/outbox-order/waiting", test_waiting);
  return g_test_run ();
}
