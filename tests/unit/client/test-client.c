/* test-client.c: what the interface does by CrownClient and is for this computer alone
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <glib/gstdio.h>

#include "client/crown-cache.h"
#include "client/crown-client.h"
#include "client/crown-outbox.h"
#include "core/crown-json.h"
#include "storage/crown-sqlite.h"

typedef struct {
  char        *folder;
  CrownClient *client;
} Fixture;

static void
set_up (Fixture       *f,
        gconstpointer  data)
{
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) row = crown_json_parse_object (
    "{\"id\":7,\"title\":\"Plan\",\"status\":\"active\",\"created_at\":\"2025-10-28T03:00:00Z\",\"duration\":0,"
    "\"summary\":\"\",\"task_count\":0,\"participant_count\":0,\"archived\":false,\"external_session_id\":\"x7\"}", -1, NULL);

  f->folder = g_dir_make_tmp ("crown-client-XXXXXX", NULL);
  g_autofree char *cache_path = g_build_filename (f->folder, "cache.db", NULL);
  CrownCache *cache = crown_cache_open (cache_path, 1, 42, &error);
  g_assert_no_error (error);
  g_assert_true (crown_cache_put_row (cache, CROWN_STORE_MEETINGS, 7, row, changes, &error));
  crown_cache_close (cache);
  f->client = crown_client_new (f->folder, 1, 42, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture       *f,
           gconstpointer  data)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  crown_client_close (f->client);
  g_clear_object (&f->client);
  dir = g_dir_open (f->folder, 0, NULL);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (f->folder, name, NULL);

      g_unlink (path);
    }
  g_rmdir (f->folder);
  g_free (f->folder);
}

static gint64
last_accessed (Fixture *f)
{
  g_autofree char *path = g_build_filename (f->folder, "cache.db", NULL);
  g_autoptr (CrownSqlite) db = crown_sqlite_open (path, CROWN_SQLITE_READ_ONLY, NULL);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "used", "SELECT last_accessed FROM meetings WHERE id = 7", NULL);
  gint64 used;

  g_assert_cmpint (crown_sqlite_step (stmt, NULL), ==, 1);
  used = crown_sqlite_column_int (stmt, 0);
  crown_sqlite_reset (stmt);
  return used;
}

/* What is shown is used: it is the last to make room. */
static void
test_shown_is_used (Fixture       *f,
                    gconstpointer  data)
{
  g_autoptr (CrownMeeting) meeting = crown_client_load_meeting (f->client, 7, NULL);
  gint64 before = last_accessed (f);

  g_assert_nonnull (meeting);
  crown_client_close (f->client);
  g_assert_cmpint (last_accessed (f), >, before);
}

static void
changed_cb (CrownClient    *client,
            CrownChangeSet *changes,
            gpointer        user_data)
{
  *(gboolean *) user_data |= crown_change_set_touches (changes, CROWN_STORE_METADATA);
}

static void
test_filter (Fixture       *f,
             gconstpointer  data)
{
  gboolean changed = FALSE;
  g_autoptr (JsonObject) filter = NULL;

  g_assert_null (crown_client_load_filter (f->client, NULL));
  g_signal_connect (f->client, "changed", G_CALLBACK (changed_cb), &changed);
  crown_client_apply_filter (f->client, "budget", "week", NULL, "Ana");
  while (!changed)
    g_main_context_iteration (NULL, TRUE);
  filter = crown_client_load_filter (f->client, NULL);
  g_assert_cmpstr (crown_json_opt_string (filter, "query", NULL), ==, "budget");
  g_assert_cmpstr (crown_json_opt_string (filter, "assignee", NULL), ==, "Ana");
  g_assert_cmpuint (crown_client_get_pending (f->client), ==, 0); /* it is never sent */
}

typedef struct {
  gboolean   done;
  gint64     id;
  char      *mutation_id;
  GPtrArray *writes;
} Answer;

static void
written_cb (GObject      *client,
            GAsyncResult *result,
            gpointer      user_data)
{
  Answer *answer = user_data;
  g_autoptr (GError) error = NULL;

  answer->id = crown_client_write_finish_full (CROWN_CLIENT (client), result, &answer->mutation_id, &error);
  g_assert_no_error (error);
  answer->done = TRUE;
}

static void
withdrawn_cb (GObject      *client,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_assert_true (crown_client_change_write_finish (CROWN_CLIENT (client), result, NULL));
  ((Answer *) user_data)->done = TRUE;
}

static void
listed_cb (GObject      *client,
           GAsyncResult *result,
           gpointer      user_data)
{
  Answer *answer = user_data;

  answer->writes = crown_client_list_writes_finish (CROWN_CLIENT (client), result, NULL);
  answer->done = TRUE;
}

static void
wait_for (Answer *answer)
{
  while (!answer->done)
    g_main_context_iteration (NULL, TRUE);
  answer->done = FALSE;
}

/* Made offline, shown, listed, and taken back. */
static void
test_make_and_withdraw (Fixture       *f,
                        gconstpointer  data)
{
  g_autoptr (JsonObject) fields = crown_json_parse_object ("{\"session_id\":7,\"text\":\"Send\"}", -1, NULL);
  Answer answer = { 0 };
  g_autoptr (CrownTask) task = NULL;
  const CrownOutboxEntry *entry;

  crown_client_create_task_async (f->client, fields, written_cb, &answer);
  wait_for (&answer);
  g_assert_cmpint (answer.id, <, 0);
  while (crown_client_get_pending (f->client) != 1)
    g_main_context_iteration (NULL, TRUE);
  task = crown_client_load_task (f->client, answer.id, NULL);
  g_assert_cmpstr (task->text, ==, "Send");

  crown_client_list_writes_async (f->client, listed_cb, &answer);
  wait_for (&answer);
  g_assert_cmpuint (answer.writes->len, ==, 1);
  entry = answer.writes->pdata[0];
  g_assert_cmpint (crown_outbox_entry_get_state (entry), ==, CROWN_WRITE_WAITING);
  g_assert_cmpint (entry->created_us, >, 0);

  crown_client_withdraw_async (f->client, answer.mutation_id, withdrawn_cb, &answer);
  wait_for (&answer);
  while (crown_client_get_pending (f->client) != 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (crown_client_load_task (f->client, answer.id, NULL));
  g_ptr_array_unref (answer.writes);
  g_free (answer.mutation_id);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add ("/client/client/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("shown-is-used", test_shown_is_used);
  ADD ("filter", test_filter);
  ADD ("make-and-withdraw", test_make_and_withdraw);
  return g_test_run ();
}
