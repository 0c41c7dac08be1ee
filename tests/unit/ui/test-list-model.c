/* test-list-model.c: what views are told is what there is, with a limit and without
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "client/crown-cache.h"
#include "client/crown-outbox.h"
#include "core/crown-json.h"
#include "ui/crown-list-model.h"

#include <glib/gstdio.h>

typedef struct {
  char           *folder;
  CrownCache     *cache;
  CrownClient    *client;
  CrownListModel *model;
  GArray         *seen; /* gint64: what a view has that only listens to items-changed */
} Fixture;

static gint64
id_at (Fixture *f,
       guint    position)
{
  g_autoptr (CrownItem) item = g_list_model_get_item (G_LIST_MODEL (f->model), position);

  g_assert_nonnull (item);
  return crown_item_get_id (item);
}

static void
items_changed_cb (Fixture *f,
                  guint    position,
                  guint    removed,
                  guint    added)
{
  g_assert_cmpuint (position + removed, <=, f->seen->len);
  g_array_remove_range (f->seen, position, removed);
  for (guint i = 0; i < added; i++)
    {
      gint64 id = id_at (f, position + i);

      g_array_insert_val (f->seen, position + i, id);
    }
}

/* The first and the last id that are shown, and how many, both in the model and in what was told. */
static void
assert_shows (Fixture *f,
              guint    n,
              gint64   first,
              gint64   last)
{
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->model)), ==, n);
  g_assert_cmpuint (f->seen->len, ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpint (g_array_index (f->seen, gint64, i), ==, id_at (f, i));
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (f->model), n));
  g_assert_cmpint (id_at (f, 0), ==, first);
  g_assert_cmpint (id_at (f, n - 1), ==, last);
}

static void
put_task (Fixture    *f,
          gint64      id,
          const char *text)
{
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);
  g_autoptr (GError) error = NULL;
  g_autofree char *json = g_strdup_printf ("{\"id\":%" G_GINT64_FORMAT ",\"session_id\":1,\"text\":\"%s\",\"status\":\"pending\","
                                           "\"priority\":\"low\",\"due_date\":null,\"assignee\":null}", id, text);
  g_autoptr (JsonObject) row = text != NULL ? crown_json_parse_object (json, -1, &error) : NULL;

  g_assert_no_error (error);
  crown_cache_put_row (f->cache, CROWN_STORE_TASKS, id, row, changes, &error);
  g_assert_no_error (error);
  if (f->client != NULL)
    g_signal_emit_by_name (f->client, "changed", changes);
}

static void
set_up (Fixture       *f,
        gconstpointer  data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownOutbox) outbox = NULL;
  g_autofree char *cache = NULL;
  g_autofree char *outbox_path = NULL;

  f->folder = g_dir_make_tmp ("crown-list-XXXXXX", NULL);
  cache = g_build_filename (f->folder, "cache.db", NULL);
  outbox_path = g_build_filename (f->folder, "outbox.db", NULL);
  outbox = crown_outbox_open (outbox_path, NULL);
  f->cache = crown_cache_open (cache, 1, 1, &error);
  g_assert_no_error (error);
  for (int i = 1; i <= 50; i++)
    put_task (f, i, i % 2 == 0 ? "even" : "odd");

  f->client = crown_client_new (f->folder, 1, 1, &error);
  g_assert_no_error (error);
  f->model = crown_list_model_new (f->client, CROWN_QUERY_TASKS);
  f->seen = g_array_new (FALSE, FALSE, sizeof (gint64));
  items_changed_cb (f, 0, 0, g_list_model_get_n_items (G_LIST_MODEL (f->model)));
  g_signal_connect_swapped (f->model, "items-changed", G_CALLBACK (items_changed_cb), f);
}

static void
tear_down (Fixture       *f,
           gconstpointer  data)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  g_clear_object (&f->model);
  crown_client_close (f->client);
  g_clear_object (&f->client);
  g_clear_pointer (&f->cache, crown_cache_close);
  g_clear_pointer (&f->seen, g_array_unref);

  dir = g_dir_open (f->folder, 0, NULL);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (f->folder, name, NULL);

      g_unlink (path);
    }
  g_rmdir (f->folder);
  g_free (f->folder);
}

static void
wait_for_change (Fixture *f)
{
  gboolean changed = FALSE;
  gulong id = g_signal_connect_swapped (f->model, "items-changed", G_CALLBACK (g_atomic_int_inc), &changed);

  while (!changed)
    g_main_context_iteration (NULL, TRUE);
  g_signal_handler_disconnect (f->model, id);
}

static void
test_limit (Fixture       *f,
            gconstpointer  data)
{
  assert_shows (f, 50, 50, 1); /* newest first */
  g_assert_false (crown_list_model_is_limited (f->model));

  crown_list_model_set_limit (f->model, 10);
  assert_shows (f, 10, 50, 41);
  g_assert_true (crown_list_model_is_limited (f->model));
  crown_list_model_set_limit (f->model, 20);
  assert_shows (f, 20, 50, 31);
  crown_list_model_set_limit (f->model, G_MAXUINT);
  assert_shows (f, 50, 50, 1);
  g_assert_false (crown_list_model_is_limited (f->model));
}

static void
test_changes_under_a_limit (Fixture       *f,
                            gconstpointer  data)
{
  crown_list_model_set_limit (f->model, 10);

  put_task (f, 51, "odd"); /* comes in at the head, pushes one out at the end */
  wait_for_change (f);
  assert_shows (f, 10, 51, 42);

  put_task (f, 45, NULL); /* goes, another moves up */
  wait_for_change (f);
  assert_shows (f, 10, 51, 41);

  crown_list_model_set_text (f->model, "even");
  assert_shows (f, 10, 50, 32);
  crown_list_model_set_limit (f->model, 30);
  assert_shows (f, 25, 50, 2);
  g_assert_false (crown_list_model_is_limited (f->model));
  crown_list_model_set_text (f->model, NULL);
  assert_shows (f, 30, 51, 21);
  crown_list_model_set_limit (f->model, G_MAXUINT);
  assert_shows (f, 50, 51, 1);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/ui/list-model/limit", Fixture, NULL, set_up, test_limit, tear_down);
  g_test_add ("/ui/list-model/changes", Fixture, NULL, set_up, test_changes_under_a_limit, tear_down);

  return g_test_run ();
}
