/* test-local-stream.c: what stays on this computer is numbered, kept and replayed
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "client/crown-cache.h"
#include "client/crown-local-stream.h"
#include "core/crown-json.h"
#include "storage/crown-sqlite.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct {
  char             *folder;
  char             *path;
  CrownLocalStream *stream;
  gint64            now_us;
} Fixture;

static gint64
now_us (gpointer user_data)
{
  return ((Fixture *) user_data)->now_us;
}

static CrownLocalStream *
open_stream (Fixture *f)
{
  const CrownClock clock = { now_us, now_us, f };
  g_autoptr (GError) error = NULL;
  CrownLocalStream *stream = crown_local_stream_open (f->path, 1, 42, &clock, &error);

  g_assert_no_error (error);
  return stream;
}

static void
set_up (Fixture       *f,
        gconstpointer  data)
{
  f->folder = g_dir_make_tmp ("crown-local-XXXXXX", NULL);
  f->path = g_build_filename (f->folder, "cache.db", NULL);
  f->now_us = G_GINT64_CONSTANT (1772445600) * G_USEC_PER_SEC;
  f->stream = open_stream (f);
}

static void
tear_down (Fixture       *f,
           gconstpointer  data)
{
  static const char *const names[] = { "cache.db", "cache.db-wal", "cache.db-shm" };

  g_clear_pointer (&f->stream, crown_local_stream_close);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (f->folder, names[i], NULL);

      g_unlink (path);
    }
  g_assert_cmpint (g_rmdir (f->folder), ==, 0);
  g_free (f->folder);
  g_free (f->path);
}

static CrownEnvelope *
apply_filter (CrownLocalStream *stream,
              guint             n)
{
  g_autofree char *text = g_strdup_printf ("{\"query\":\"plan %u\",\"time_range\":\"week\"}", n);
  g_autoptr (JsonObject) data = crown_json_parse_object (text, -1, NULL);
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);
  g_autoptr (GError) error = NULL;
  CrownEnvelope *envelope = crown_local_stream_emit (stream, CROWN_EVENT_FILTER_APPLY, data, changes, &error);

  g_assert_no_error (error);
  g_assert_true (crown_change_set_touches (changes, CROWN_STORE_METADATA));
  return envelope;
}

static char *
filter_of (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownSqlite) db = crown_sqlite_open (f->path, CROWN_SQLITE_READ_ONLY, &error);
  CrownSqliteStatement *stmt =
    crown_sqlite_prepare (db, "filter", "SELECT json_extract (value, '$.query') || ' at ' || updated_at FROM metadata"
                          " WHERE key = 'filter'", &error);
  char *text = NULL;

  g_assert_no_error (error);
  if (crown_sqlite_step (stmt, &error) == 1)
    text = g_strdup (crown_sqlite_column_text (stmt, 0));
  g_assert_no_error (error);
  crown_sqlite_reset (stmt);
  return text;
}

/* Numbers go on, whoever opens the stream; a replay gives back what was emitted, byte for byte. */
static void
test_sequence (Fixture       *f,
               gconstpointer  data)
{
  g_autoptr (GPtrArray) emitted = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_envelope_unref);
  g_autoptr (CrownLocalStream) other = open_stream (f); /* another window's */
  g_autoptr (GPtrArray) replayed = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *filter = NULL;

  for (guint i = 1; i <= 6; i++)
    {
      f->now_us += G_USEC_PER_SEC;
      if (i == 5)
        {
          crown_local_stream_close (f->stream);
          f->stream = open_stream (f);
        }
      g_ptr_array_add (emitted, apply_filter (i % 2 == 0 ? other : f->stream, i));
    }
  filter = filter_of (f);
  g_assert_cmpstr (filter, ==, "plan 6 at 2026-03-02T10:00:06Z");

  replayed = crown_local_stream_replay (f->stream, 0, 100, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (replayed->len, ==, 6);
  for (guint i = 0; i < 6; i++)
    {
      CrownEnvelope *envelope = replayed->pdata[i];
      g_autoptr (JsonObject) a = crown_envelope_to_json (emitted->pdata[i]);
      g_autoptr (JsonObject) b = crown_envelope_to_json (envelope);
      g_autoptr (CrownEnvelope) parsed = crown_envelope_from_json (b, &error);
      g_autofree char *text_a = crown_json_object_to_string (a);
      g_autofree char *text_b = crown_json_object_to_string (b);

      g_assert_no_error (error);
      g_assert_nonnull (parsed); /* it is an envelope as any other */
      g_assert_cmpstr (text_a, ==, text_b);
      g_assert_cmpuint (envelope->sequence, ==, i + 1);
      g_assert_cmpuint (envelope->prev_sequence, ==, i);
      g_assert_cmpstr (envelope->stream, ==, "local");
      g_assert_cmpint (envelope->user_id, ==, 42);
      g_assert_nonnull (envelope->checksum);
      g_assert_true (g_str_has_prefix (envelope->trace_id, "request_"));
      g_assert_true (g_uuid_string_is_valid (envelope->trace_id + strlen ("request_")));
    }

  g_clear_pointer (&replayed, g_ptr_array_unref);
  replayed = crown_local_stream_replay (f->stream, 3, 2, &error);
  g_assert_cmpuint (replayed->len, ==, 2);
  g_assert_cmpuint (((CrownEnvelope *) replayed->pdata[0])->sequence, ==, 4);
  g_clear_pointer (&replayed, g_ptr_array_unref);
  replayed = crown_local_stream_replay (f->stream, 6, 100, &error);
  g_assert_cmpuint (replayed->len, ==, 0);
}

/* A payload that is refused takes no number and leaves the filter. */
static void
test_refused (Fixture       *f,
              gconstpointer  data)
{
  g_autoptr (JsonObject) wrong = crown_json_parse_object ("{\"query\":5,\"time_range\":\"week\"}", -1, NULL);
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);
  g_autoptr (CrownEnvelope) envelope = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *filter = NULL;

  crown_envelope_unref (apply_filter (f->stream, 1));
  g_assert_null (crown_local_stream_emit (f->stream, CROWN_EVENT_FILTER_APPLY, wrong, changes, &error));
  g_assert_error (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_PAYLOAD);
  g_assert_nonnull (strstr (error->message, "query is not"));
  g_assert_true (crown_change_set_is_empty (changes));
  filter = filter_of (f);
  g_assert_true (g_str_has_prefix (filter, "plan 1 "));
  envelope = apply_filter (f->stream, 2);
  g_assert_cmpuint (envelope->sequence, ==, 2);
}

/* What is too old to be kept is a tombstone, so that a replay has no gap. */
static void
test_bounded (Fixture       *f,
              gconstpointer  data)
{
  g_autoptr (GPtrArray) replayed = NULL;
  g_autoptr (GError) error = NULL;
  CrownEnvelope *first;

  for (guint i = 1; i <= CROWN_LOCAL_STREAM_KEPT + 5; i++)
    crown_envelope_unref (apply_filter (f->stream, i));

  replayed = crown_local_stream_replay (f->stream, 2, 2 * CROWN_LOCAL_STREAM_KEPT, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (replayed->len, ==, 1 + CROWN_LOCAL_STREAM_KEPT);
  first = replayed->pdata[0];
  g_assert_true (crown_envelope_is_tombstone (first));
  g_assert_cmpuint (first->from_sequence, ==, 3);
  g_assert_cmpuint (first->sequence, ==, 5);
  g_assert_cmpuint (((CrownEnvelope *) replayed->pdata[1])->sequence, ==, 6);
}

/* The filter is no server's: it outlives a snapshot, and the streams' position does not move with it. */
static void
test_beside_the_cache (Fixture       *f,
                       gconstpointer  data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownCache) cache = crown_cache_open (f->path, 1, 42, &error);
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);
  g_autoptr (JsonObject) snapshot =
    crown_json_parse_object ("{\"epoch\":\"6f9619ff-8b86-4011-b42d-00c04fc964ff\",\"sequence\":9,\"stores\":{\"meetings\":[],"
                             "\"tasks\":[],\"analytics\":[],\"metadata\":[]}}", -1, NULL);
  g_autoptr (GPtrArray) replayed = NULL;
  g_autofree char *filter = NULL;
  CrownPosition position;

  g_assert_no_error (error);
  crown_envelope_unref (apply_filter (f->stream, 1));
  g_assert_true (crown_cache_get_position (cache, &position, NULL));
  g_assert_cmpuint (position.sequence, ==, 0);
  g_assert_true (crown_cache_load_snapshot (cache, snapshot, changes, &error));
  g_assert_no_error (error);
  filter = filter_of (f);
  g_assert_nonnull (filter);
  replayed = crown_local_stream_replay (f->stream, 0, 10, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (replayed->len, ==, 1);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/client/local-stream/sequence", Fixture, NULL, set_up, test_sequence, tear_down);
  g_test_add ("/client/local-stream/refused", Fixture, NULL, set_up, test_refused, tear_down);
  g_test_add ("/client/local-stream/bounded", Fixture, NULL, set_up, test_bounded, tear_down);
  g_test_add ("/client/local-stream/beside-the-cache", Fixture, NULL, set_up, test_beside_the_cache, tear_down);

  return g_test_run ();
}
