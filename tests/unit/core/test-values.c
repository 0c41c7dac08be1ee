/* test-values.c: digest, backoff, clock, change sets, models
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "core/crown-backoff.h"
#include "core/crown-change-set.h"
#include "core/crown-clock.h"
#include "core/crown-digest.h"
#include "core/crown-json.h"
#include "core/crown-models.h"

static double
always (gpointer user_data)
{
  return *(double *) user_data;
}

static void
test_backoff_is_the_specifications (void)
{
  static const guint middle[] = { 1000, 2000, 4000, 8000, 16000, 30000, 30000 };

  for (guint i = 0; i < G_N_ELEMENTS (middle); i++)
    {
      double low = 0, half = 0.5, high = 0.999999999;

      g_assert_cmpuint (crown_backoff_delay_ms (i, always, &half), ==, middle[i]);
      g_assert_cmpuint (crown_backoff_delay_ms (i, always, &low), ==, middle[i] * 8 / 10);
      g_assert_cmpuint (crown_backoff_delay_ms (i, always, &high), ==, middle[i] * 12 / 10);
    }
  g_assert_cmpuint (crown_backoff_delay_ms (G_MAXUINT, always, &(double) { 0.5 }), ==, 30000);
}

static void
test_digest_does_not_depend_on_the_order (void)
{
  CrownDigest forward = CROWN_DIGEST_INIT, backward = CROWN_DIGEST_INIT, empty = CROWN_DIGEST_INIT, read, rows[50];
  char hex[65];

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      char id[16], checksum[65];

      g_snprintf (id, sizeof id, "%u", i + 1);
      crown_checksum_bytes (id, 1, checksum);
      crown_digest_of_row ("tasks", id, checksum, &rows[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      crown_digest_add (&forward, &rows[i]);
      crown_digest_add (&backward, &rows[G_N_ELEMENTS (rows) - 1 - i]);
    }
  g_assert_true (crown_digest_equal (&forward, &backward));
  g_assert_false (crown_digest_equal (&forward, &empty));

  crown_digest_to_hex (&forward, hex);
  g_assert_true (crown_digest_from_hex (&read, hex));
  g_assert_true (crown_digest_equal (&forward, &read));
  g_assert_false (crown_digest_from_hex (&read, "00"));

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    crown_digest_remove (&forward, &rows[i]);
  g_assert_true (crown_digest_equal (&forward, &empty));
}

static void
test_digest_of_one_row_is_its_hash (void)
{
  CrownDigest row;
  char hex[65], expected[65];

  crown_digest_of_row ("tasks", "1", "ab", &row);
  crown_digest_to_hex (&row, hex);
  crown_checksum_bytes ("tasks\0" "1\0ab", 10, expected);
  g_assert_cmpstr (hex, ==, expected);
}

static void
test_times (void)
{
  gint64 time;
  g_autofree char *text = NULL;

  g_assert_true (crown_time_parse_iso ("2025-10-28T05:00:00+02:00", &time));
  text = crown_time_format_iso (time);
  g_assert_cmpstr (text, ==, "2025-10-28T03:00:00Z");
  g_assert_false (crown_time_parse_iso ("2025-10-28T05:00:00", &time));
  g_assert_false (crown_time_parse_iso ("", &time));
  g_assert_false (crown_time_parse_iso (NULL, &time));
}

/* The usual form is read by itself: as GLib reads it, and refused where GLib refuses it. */
static void
test_times_are_glibs (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (3339);
  guint n_valid = 0;

  for (guint i = 0; i < 20000; i++)
    {
      g_autofree char *text =
        g_strdup_printf ("%04d-%02d-%02dT%02d:%02d:%02dZ", g_rand_int_range (rand, 0, 10000), g_rand_int_range (rand, 0, 14),
                         g_rand_int_range (rand, 0, 33), g_rand_int_range (rand, 0, 26), g_rand_int_range (rand, 0, 62),
                         g_rand_int_range (rand, 0, 62));
      g_autoptr (GDateTime) expected = g_date_time_new_from_iso8601 (text, NULL);
      gint64 time = 0;

      g_assert_cmpint (crown_time_parse_iso (text, &time), ==, expected != NULL);
      if (expected == NULL)
        continue;
      g_assert_cmpint (time, ==, g_date_time_to_unix (expected) * G_USEC_PER_SEC);
      n_valid++;
    }
  g_assert_cmpuint (n_valid, >, 1000);
}

static void
test_change_sets_cross_the_bus (void)
{
  g_autoptr (CrownChangeSet) sent = crown_change_set_new (3);
  g_autoptr (CrownChangeSet) got = NULL;
  g_autoptr (GVariant) variant = NULL;
  g_autoptr (GVariant) hostile = g_variant_ref_sink (g_variant_new_string ("x"));
  g_autoptr (GError) error = NULL;

  g_assert_true (crown_change_set_is_empty (sent));
  crown_change_set_add (sent, CROWN_STORE_TASKS, 5);
  crown_change_set_add (sent, CROWN_STORE_TASKS, 5);
  crown_change_set_add (sent, CROWN_STORE_TASKS, 6);
  crown_change_set_add_all (sent, CROWN_STORE_MEETINGS);
  sent->sequence = 9;

  variant = g_variant_ref_sink (crown_change_set_to_variant (sent));
  got = crown_change_set_from_variant (variant, &error);
  g_assert_no_error (error);
  g_assert_cmpint (got->workspace_id, ==, 3);
  g_assert_cmpuint (got->sequence, ==, 9);
  g_assert_cmpuint (got->ids[CROWN_STORE_TASKS]->len, ==, 2);
  g_assert_cmpint (g_array_index (got->ids[CROWN_STORE_TASKS], gint64, 1), ==, 6);
  g_assert_true (got->everything[CROWN_STORE_MEETINGS]);
  g_assert_false (crown_change_set_touches (got, CROWN_STORE_ANALYTICS));

  g_assert_null (crown_change_set_from_variant (hostile, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
}

static void
test_too_many_ids_become_everything (void)
{
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);

  for (gint64 id = 1; id <= 5001; id++)
    crown_change_set_add (changes, CROWN_STORE_TASKS, id);
  g_assert_true (changes->everything[CROWN_STORE_TASKS]);
  g_assert_true (crown_change_set_touches (changes, CROWN_STORE_TASKS));
}

static void
test_models_bear_rows_of_other_versions (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) row = crown_json_parse_object ("{\"id\":1,\"title\":7,\"participants\":[\"Ana\",5],\"new\":{}}", -1, NULL);
  g_autoptr (JsonObject) nameless = crown_json_parse_object ("{\"id\":\"1\"}", -1, NULL);
  g_autoptr (CrownMeeting) meeting = crown_meeting_from_json (row, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (meeting->title, ==, "");
  g_assert_cmpuint (g_strv_length (meeting->participants), ==, 1);
  g_assert_null (crown_task_from_json (nameless, &error));
  g_assert_error (error, CROWN_JSON_ERROR, CROWN_JSON_ERROR_TYPE);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/core/backoff", test_backoff_is_the_specifications);
  g_test_add_func ("/core/digest/order", test_digest_does_not_depend_on_the_order);
  g_test_add_func ("/core/digest/definition", test_digest_of_one_row_is_its_hash);
  g_test_add_func ("/core/clock", test_times);
  g_test_add_func ("/core/clock/as-glib", test_times_are_glibs);
  g_test_add_func ("/core/change-set/bus", test_change_sets_cross_the_bus);
  g_test_add_func ("/core/change-set/bound", test_too_many_ids_become_everything);
  g_test_add_func ("/core/models", test_models_bear_rows_of_other_versions);

  return g_test_run ();
}
