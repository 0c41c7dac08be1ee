/* test-cache-validator.c: one wrong row among many is found, and nothing else
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <glib/gstdio.h>

#include "client/crown-cache-validator.h"
#include "client/crown-cache.h"
#include "core/crown-json.h"
#include "storage/crown-sqlite.h"

#define N_TASKS 2000

typedef struct {
  char                *folder;
  char                *path;
  CrownCache          *cache;
  CrownCacheValidator *validator;
  GArray              *found;
} Fixture;

static JsonObject *
make_task (gint64      id,
           const char *text)
{
  JsonObject *task = json_object_new ();

  json_object_set_int_member (task, "id", id);
  json_object_set_int_member (task, "session_id", 1);
  json_object_set_string_member (task, "text", text);
  json_object_set_string_member (task, "status", "pending");
  return task;
}

static void
set_up (Fixture       *self,
        gconstpointer  unused)
{
  g_autoptr (JsonObject) snapshot = json_object_new ();
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);
  g_autoptr (GError) error = NULL;
  JsonObject *stores = json_object_new ();
  JsonArray *tasks = json_array_new ();

  self->folder = g_dir_make_tmp ("crown-validator-XXXXXX", &error);
  self->path = g_build_filename (self->folder, "cache.db", NULL);
  self->cache = crown_cache_open (self->path, 1, 42, &error);
  for (gint64 id = 1; id <= N_TASKS; id++)
    json_array_add_object_element (tasks, make_task (id, "Write it up"));
  json_object_set_array_member (stores, "tasks", tasks);
  json_object_set_string_member (snapshot, "epoch", "6e9a1f70-5f0e-4c6e-9a57-0d5c2b7f3a11");
  json_object_set_int_member (snapshot, "sequence", 1);
  json_object_set_object_member (snapshot, "stores", stores);
  g_assert_true (crown_cache_load_snapshot (self->cache, snapshot, changes, &error));
  self->validator = crown_cache_validator_new (self->path, &error);
  g_assert_no_error (error);
  self->found = g_array_new (FALSE, FALSE, sizeof (gint64));
}

static void
tear_down (Fixture       *self,
           gconstpointer  unused)
{
  static const char *const names[] = { "cache.db", "cache.db-wal", "cache.db-shm" };

  crown_cache_validator_free (self->validator);
  crown_cache_close (self->cache);
  g_array_unref (self->found);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (self->folder, names[i], NULL);

      g_remove (path);
    }
  g_rmdir (self->folder);
  g_free (self->folder);
  g_free (self->path);
}

static void
tamper (Fixture    *self,
        const char *sql)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownSqlite) db = crown_sqlite_open (self->path, CROWN_SQLITE_READ_WRITE, &error);

  crown_sqlite_exec (db, "tamper", sql, &error);
  g_assert_no_error (error);
}

static void
checksum_of (gint64      id,
             const char *text,
             char        hex[65])
{
  g_autoptr (JsonObject) task = make_task (id, text);
  g_autoptr (GString) canonical = g_string_new (NULL);

  g_assert_true (crown_json_canonicalize_object (task, TRUE, canonical, NULL));
  crown_checksum_bytes (canonical->str, canonical->len, hex);
}

/* What a server says that has the same rows, but for @other (0: none), and lacks @missing. */
static JsonArray *
their_buckets (gint64 other,
               gint64 missing)
{
  CrownDigest buckets[CROWN_DIGEST_BUCKETS] = { CROWN_DIGEST_INIT };
  JsonArray *array = json_array_new ();

  for (gint64 id = 1; id <= N_TASKS; id++)
    {
      g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, id);
      char checksum[65];
      CrownDigest digest;

      if (id == missing)
        continue;
      checksum_of (id, id == other ? "Write it down" : "Write it up", checksum);
      crown_digest_of_row ("tasks", text, checksum, &digest);
      crown_digest_add (&buckets[crown_digest_bucket (id)], &digest);
    }
  for (guint i = 0; i < CROWN_DIGEST_BUCKETS; i++)
    {
      char hex[65];

      crown_digest_to_hex (&buckets[i], hex);
      hex[16] = '\0';
      json_array_add_string_element (array, hex);
    }
  return array;
}

static JsonArray *
their_rows (guint  bucket,
            gint64 other,
            gint64 missing)
{
  JsonArray *rows = json_array_new ();

  for (gint64 id = 1; id <= N_TASKS; id++)
    if (crown_digest_bucket (id) == bucket && id != missing)
      {
        JsonArray *row = json_array_new ();
        char checksum[65];

        checksum_of (id, id == other ? "Write it down" : "Write it up", checksum);
        json_array_add_int_element (row, id);
        json_array_add_string_element (row, checksum);
        json_array_add_array_element (rows, row);
      }
  return rows;
}

static void
assert_differs (Fixture *self,
                gint64   other,
                gint64   missing,
                gint64   expected)
{
  g_autoptr (JsonArray) buckets = their_buckets (other, missing);
  g_autoptr (GArray) differing = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (JsonArray) rows = NULL;
  g_autoptr (GError) error = NULL;
  guint bucket;

  g_assert_true (crown_cache_validator_compare_buckets (self->validator, CROWN_STORE_TASKS, buckets, differing, &error));
  if (expected == 0)
    {
      g_assert_cmpuint (differing->len, ==, 0);
      return;
    }
  g_assert_cmpuint (differing->len, ==, 1);
  bucket = g_array_index (differing, guint, 0);
  g_assert_cmpuint (bucket, ==, crown_digest_bucket (expected));
  rows = their_rows (bucket, other, missing);
  g_array_set_size (self->found, 0);
  g_assert_true (crown_cache_validator_compare_rows (self->validator, CROWN_STORE_TASKS, bucket, rows, self->found, &error));
  g_assert_cmpuint (self->found->len, ==, 1);
  g_assert_cmpint (g_array_index (self->found, gint64, 0), ==, expected);
}

static void
test_finds_one (Fixture       *self,
                gconstpointer  unused)
{
  assert_differs (self, 0, 0, 0);
  assert_differs (self, 777, 0, 777);
  assert_differs (self, 0, 1234, 1234); /* only here */
  tamper (self, "DELETE FROM tasks WHERE id = 99");
  assert_differs (self, 0, 0, 99); /* only there */
}

static void
test_counts (Fixture       *self,
             gconstpointer  unused)
{
  g_autoptr (GError) error = NULL;
  CrownDigest kept, digest;
  guint64 count;

  crown_cache_get_digest (self->cache, CROWN_STORE_TASKS, &kept, NULL, NULL);
  g_assert_true (crown_cache_validator_count (self->validator, CROWN_STORE_TASKS, &digest, &count, self->found, &error));
  g_assert_true (crown_digest_equal (&digest, &kept));
  g_assert_cmpuint (count, ==, N_TASKS);
  g_assert_cmpuint (self->found->len, ==, 0);

  tamper (self, "UPDATE tasks SET row = replace (row, 'up', 'on') WHERE id = 5;"
                "UPDATE tasks SET row = '' WHERE id = 6;" /* evicted */
                "DELETE FROM tasks WHERE id = 7");
  g_assert_true (crown_cache_validator_count (self->validator, CROWN_STORE_TASKS, &digest, &count, self->found, &error));
  g_assert_false (crown_digest_equal (&digest, &kept));
  g_assert_cmpuint (count, ==, N_TASKS - 1);
  g_assert_cmpuint (self->found->len, ==, 1);
  g_assert_cmpint (g_array_index (self->found, gint64, 0), ==, 5);
}

static void
test_nonsense (Fixture       *self,
               gconstpointer  unused)
{
  static const char *const texts[] = { "[]", "[1]", "[[1]]", "[[1,2,3]]", "[{}]", "[[[],\"x\"]]" };
  g_autoptr (GError) error = NULL;

  for (guint i = 1; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (JsonNode) node = crown_json_parse (texts[i], -1, NULL);

      g_assert_false (crown_cache_validator_compare_rows (self->validator, CROWN_STORE_TASKS, 0, json_node_get_array (node),
                                                          self->found, &error));
      g_assert_error (error, CROWN_JSON_ERROR, CROWN_JSON_ERROR_TYPE);
      g_clear_error (&error);
    }
  g_autoptr (JsonNode) empty = crown_json_parse (texts[0], -1, NULL);

  g_assert_false (crown_cache_validator_compare_buckets (self->validator, CROWN_STORE_TASKS, json_node_get_array (empty),
                                                         self->found, &error));
  g_assert_error (error, CROWN_JSON_ERROR, CROWN_JSON_ERROR_TYPE);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add ("/client/cache-validator/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("finds-one", test_finds_one);
  ADD ("counts", test_counts);
  ADD ("nonsense", test_nonsense);
  return g_test_run ();
}
