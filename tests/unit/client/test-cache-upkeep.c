/* test-cache-upkeep.c: age, use and eviction of the cache's rows, on a clock of the test's
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "client/crown-cache-reader.h"
#include "client/crown-cache-upkeep.h"
#include "client/crown-outbox.h"
#include "core/crown-json.h"

#include <glib/gstdio.h>
#include <string.h>

#define N_TASKS 1000

typedef struct {
  char       *folder;
  CrownCache *cache;
  CrownClock  clock;
  gint64      now;
} Fixture;

static gint64
now_us (gpointer user_data)
{
  return *(gint64 *) user_data;
}

static JsonObject *
task (gint64 id)
{
  g_autofree char *padding = g_strnfill (900, 'x');
  g_autofree char *text = g_strdup_printf ("{\"id\":%" G_GINT64_FORMAT ",\"session_id\":1,\"status\":\"pending\",\"text\":\"word%"
                                           G_GINT64_FORMAT "\",\"note\":\"%s\"}", id, id, padding);
  g_autoptr (GError) error = NULL;
  JsonObject *row = crown_json_parse_object (text, -1, &error);

  g_assert_no_error (error);
  return row;
}

static void
set_up (Fixture       *f,
        gconstpointer  data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autofree char *outbox_path = NULL;
  g_autoptr (CrownOutbox) outbox = NULL;
  g_autoptr (JsonObject) snapshot = json_object_new ();
  JsonObject *stores = json_object_new ();
  JsonArray *tasks = json_array_new ();
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);

  f->folder = g_dir_make_tmp ("crown-upkeep-XXXXXX", NULL);
  path = g_build_filename (f->folder, "cache.db", NULL);
  outbox_path = g_build_filename (f->folder, "outbox.db", NULL);
  outbox = crown_outbox_open (outbox_path, &error);
  g_assert_no_error (error);
  f->cache = crown_cache_open (path, 1, 42, &error);
  g_assert_no_error (error);
  for (gint64 id = 1; id <= N_TASKS; id++)
    json_array_add_object_element (tasks, task (id));
  json_object_set_array_member (stores, "tasks", tasks);
  json_object_set_string_member (snapshot, "epoch", "6f9619ff-8b86-4011-b42d-00c04fc964ff");
  json_object_set_int_member (snapshot, "sequence", 1);
  json_object_set_object_member (snapshot, "stores", stores);
  g_assert_true (crown_cache_load_snapshot (f->cache, snapshot, changes, &error));
  g_assert_no_error (error);
  f->now = g_get_real_time ();
  f->clock = (CrownClock) { now_us, now_us, &f->now };
}

static void
tear_down (Fixture       *f,
           gconstpointer  data)
{
  g_autoptr (GDir) dir = g_dir_open (f->folder, 0, NULL);
  const char *name;

  crown_cache_close (f->cache);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (f->folder, name, NULL);

      g_unlink (path);
    }
  g_rmdir (f->folder);
  g_free (f->folder);
}

static guint
n_tasks_of (const CrownChangeSet *changes)
{
  return changes->ids[CROWN_STORE_TASKS] != NULL ? changes->ids[CROWN_STORE_TASKS]->len : 0;
}

static void
test_stale (Fixture       *f,
            gconstpointer  data)
{
  static const gint64 used[] = { 700, 3 };
  g_autoptr (CrownChangeSet) none = crown_cache_list_stale (f->cache, &f->clock, 10, NULL);
  g_autoptr (CrownChangeSet) stale = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (crown_change_set_is_empty (none));
  g_assert_true (crown_cache_touch (f->cache, CROWN_STORE_TASKS, used, G_N_ELEMENTS (used), &f->clock, &error));
  f->now += CROWN_CACHE_STALE_US + G_TIME_SPAN_MINUTE;
  stale = crown_cache_list_stale (f->cache, &f->clock, 2, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n_tasks_of (stale), ==, 2);
  g_assert_cmpint (g_array_index (stale->ids[CROWN_STORE_TASKS], gint64, 0), ==, 3);
  g_assert_cmpint (g_array_index (stale->ids[CROWN_STORE_TASKS], gint64, 1), ==, 700);
}

static gboolean
is_there (Fixture *f,
          gint64   id)
{
  g_autoptr (CrownCacheReader) reader = crown_cache_reader_open (f->folder, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) row = crown_cache_reader_load_row (reader, CROWN_STORE_TASKS, id, &error);
  g_autoptr (CrownChangeSet) missing = NULL;
  guint n_damaged = 0;

  g_assert_no_error (error);
  missing = crown_cache_reader_take_missing (reader, &n_damaged);
  /* What was evicted is asked for, and is not damaged. */
  g_assert_true ((row == NULL) == (missing != NULL));
  g_assert_cmpuint (n_damaged, ==, 0);
  return row != NULL;
}

static void
test_purge (Fixture       *f,
            gconstpointer  data)
{
  static const gint64 used[] = { 1, 2, 3 };
  const CrownQuery all = { CROWN_QUERY_TASKS, 0, NULL, NULL };
  const CrownQuery word = { CROWN_QUERY_TASKS, 0, "word5", NULL };
  g_autoptr (CrownChangeSet) evicted = crown_change_set_new (1);
  g_autoptr (CrownChangeSet) again = crown_change_set_new (1);
  g_autoptr (CrownChangeSet) pending = crown_change_set_new (1);
  g_autoptr (CrownCacheReader) reader = NULL;
  g_autoptr (GArray) ids = NULL;
  g_autoptr (GArray) found = NULL;
  g_autoptr (JsonObject) row = task (5);
  g_autoptr (GError) error = NULL;
  CrownDigest before, after;
  guint64 n_before, n_after;
  const gint64 max_bytes = 700 * 1000;

  crown_cache_get_digest (f->cache, CROWN_STORE_TASKS, &before, &n_before, NULL);
  g_assert_true (crown_cache_touch (f->cache, CROWN_STORE_TASKS, used, G_N_ELEMENTS (used), &f->clock, &error));
  crown_change_set_add (pending, CROWN_STORE_TASKS, 4);

  /* Never offline, however old and large. */
  f->now += 30 * CROWN_CACHE_STALE_US;
  g_assert_true (crown_cache_purge (f->cache, &f->clock, TRUE, pending, max_bytes, evicted, &error));
  g_assert_true (crown_change_set_is_empty (evicted));
  /* Nothing has to go of what fits. */
  g_assert_true (crown_cache_purge (f->cache, &f->clock, FALSE, pending, CROWN_CACHE_MAX_BYTES, evicted, &error));
  g_assert_true (crown_change_set_is_empty (evicted));
  /* Not again within an hour. */
  f->now += CROWN_CACHE_PURGE_US - 1;
  g_assert_true (crown_cache_purge (f->cache, &f->clock, FALSE, pending, max_bytes, evicted, &error));
  g_assert_true (crown_change_set_is_empty (evicted));
  f->now += 1;
  g_assert_true (crown_cache_purge (f->cache, &f->clock, FALSE, pending, max_bytes, evicted, &error));
  g_assert_no_error (error);

  g_assert_cmpuint (n_tasks_of (evicted), >, 200);
  g_assert_cmpuint (n_tasks_of (evicted), <, 900);
  for (gint64 id = 1; id <= 4; id++)
    g_assert_true (is_there (f, id));
  g_assert_false (is_there (f, 5));
  g_assert_true (is_there (f, N_TASKS));

  /* It is known, at its place and in the digest, but not found by what it no longer has. */
  crown_cache_get_digest (f->cache, CROWN_STORE_TASKS, &after, &n_after, NULL);
  g_assert_true (crown_digest_equal (&before, &after));
  g_assert_cmpuint (n_before, ==, n_after);
  reader = crown_cache_reader_open (f->folder, NULL);
  ids = crown_cache_reader_query_ids (reader, &all, &error);
  g_assert_cmpuint (ids->len, ==, N_TASKS);
  found = crown_cache_reader_query_ids (reader, &word, &error);
  for (guint i = 0; i < found->len; i++)
    g_assert_cmpint (g_array_index (found, gint64, i), !=, 5);

  /* Shown, it is read again, and that changes nothing else. */
  g_assert_true (crown_cache_put_row (f->cache, CROWN_STORE_TASKS, 5, row, again, &error));
  g_assert_true (is_there (f, 5));
  crown_cache_get_digest (f->cache, CROWN_STORE_TASKS, &after, &n_after, NULL);
  g_assert_true (crown_digest_equal (&before, &after));
  g_assert_cmpint (crown_cache_get_n_repairs (f->cache), ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define add(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  add ("/client/cache-upkeep/stale", test_stale);
  add ("/client/cache-upkeep/purge", test_purge);

  return g_test_run ();
}
