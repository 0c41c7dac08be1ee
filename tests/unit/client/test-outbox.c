/* test-outbox.c: temporary ids, withdrawing, rejecting; and a process that dies at any write of them
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <glib/gstdio.h>

#include "client/crown-cache.h"
#include "client/crown-cache-reader.h"
#include "client/crown-outbox.h"
#include "core/crown-json.h"
#include "sim-disk.h"

typedef struct {
  char        *folder;
  char        *path;
  SimDisk     *disk;
  CrownOutbox *outbox;
} Fixture;

static void
open_outbox (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  f->outbox = crown_outbox_open (f->path, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture       *f,
        gconstpointer  data)
{
  f->folder = g_dir_make_tmp ("crown-outbox-XXXXXX", NULL);
  f->path = g_build_filename (f->folder, "outbox.db", NULL);
  f->disk = sim_disk_new (f->folder);
  open_outbox (f);
}

static void
tear_down (Fixture       *f,
           gconstpointer  data)
{
  g_autoptr (GDir) dir = g_dir_open (f->folder, 0, NULL);
  const char *name;

  g_clear_pointer (&f->outbox, crown_outbox_close);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (f->folder, name, NULL);

      g_unlink (path);
    }
  g_rmdir (f->folder);
  sim_disk_free (f->disk);
  g_free (f->folder);
  g_free (f->path);
}

static CrownOutboxEntry *
edit (gint64 id)
{
  CrownOutboxEntry *entry = g_new0 (CrownOutboxEntry, 1);

  entry->type = CROWN_EVENT_TASK_UPDATE;
  entry->row_id = id;
  entry->method = g_strdup ("PATCH");
  entry->path = g_strdup_printf ("/tasks/%" G_GINT64_FORMAT, id);
  entry->body = crown_json_parse_object ("{\"status\":\"completed\"}", -1, NULL);
  entry->overlay = crown_json_parse_object ("{\"updates\":{\"status\":\"completed\"}}", -1, NULL);
  json_object_set_int_member (entry->overlay, "task_id", id);
  return entry;
}

/* Adds @entry: (transfer full). Returns: its mutation_id; NULL: the process died */
static char *
add (Fixture          *f,
     CrownOutboxEntry *entry,
     gint64           *row_id)
{
  g_autoptr (CrownOutboxEntry) owned = entry;

  if (!crown_outbox_add (f->outbox, entry, NULL))
    return NULL;
  *row_id = entry->row_id;
  return g_steal_pointer (&entry->mutation_id);
}

static char *
add_meeting (Fixture *f,
             gint64  *row_id)
{
  g_autoptr (JsonObject) fields = crown_json_parse_object ("{\"title\":\"Plan\"}", -1, NULL);

  return add (f, crown_outbox_entry_new_meeting (fields, NULL), row_id);
}

static char *
add_task (Fixture *f,
          gint64   session_id,
          gint64  *row_id)
{
  g_autoptr (JsonObject) fields = crown_json_parse_object ("{\"text\":\"Send\"}", -1, NULL);

  json_object_set_int_member (fields, "session_id", session_id);
  return add (f, crown_outbox_entry_new_task (fields, NULL), row_id);
}

/* "path row early?" of each, in order */
static char *
describe (Fixture  *f,
          gboolean  all)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) entries = all ? crown_outbox_list_all (f->outbox, &error) : crown_outbox_list (f->outbox, &error);
  GString *text = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < entries->len; i++)
    {
      const CrownOutboxEntry *entry = entries->pdata[i];

      g_string_append_printf (text, "%s%s %" G_GINT64_FORMAT "%s%s", i > 0 ? "; " : "", entry->path, entry->row_id,
                              crown_outbox_entry_is_early (entry) ? " early" : "", entry->rejected != NULL ? " rejected" : "");
    }
  return g_string_free (text, FALSE);
}

static void
assert_entries (Fixture    *f,
                gboolean    all,
                const char *expected)
{
  g_autofree char *found = describe (f, all);

  g_assert_cmpstr (found, ==, expected);
}

/* A meeting, a task of it, and that task done: all while nobody can be asked. */
static void
test_temporary_ids (Fixture       *f,
                    gconstpointer  data)
{
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);
  g_autoptr (GError) error = NULL;
  gint64 meeting_id = 0, task_id = 0, ignored = 0;
  g_autofree char *meeting = add_meeting (f, &meeting_id);
  g_autofree char *task = add_task (f, meeting_id, &task_id);
  g_autofree char *done = add (f, edit (task_id), &ignored);
  g_autofree char *later = NULL;
  g_autoptr (GPtrArray) entries = NULL;
  const CrownOutboxEntry *entry;

  assert_entries (f, FALSE, "/meetings -1; /tasks -2 early; /tasks/-2 -2 early");
  g_assert_true (crown_outbox_name (f->outbox, meeting, CROWN_EVENT_SESSION_CREATE, 7, changes, &error));
  assert_entries (f, FALSE, "/meetings 7; /tasks -2; /tasks/-2 -2 early");
  g_assert_cmpint (g_array_index (changes->ids[CROWN_STORE_MEETINGS], gint64, 0), ==, -1);
  g_assert_cmpint (g_array_index (changes->ids[CROWN_STORE_MEETINGS], gint64, 1), ==, 7);
  entries = crown_outbox_list (f->outbox, NULL);
  entry = entries->pdata[1];
  g_assert_cmpint (crown_json_opt_int (entry->body, "session_id", 0), ==, 7);
  g_assert_cmpint (crown_json_opt_int (crown_json_opt_object (entry->overlay, "task"), "session_id", 0), ==, 7);
  g_assert_cmpint (crown_json_opt_int (crown_json_opt_object (entry->overlay, "task"), "id", 0), ==, -2);

  /* Another event with the same key, as the task count's, does not name it. */
  g_assert_true (crown_outbox_name (f->outbox, task, CROWN_EVENT_SESSION_CREATE, 99, changes, &error));
  g_assert_true (crown_outbox_name (f->outbox, task, CROWN_EVENT_TASK_CREATE, 30, changes, &error));
  assert_entries (f, FALSE, "/meetings 7; /tasks 30; /tasks/30 30");
  /* A window that does not know it yet. */
  later = add (f, edit (-2), &ignored);
  g_assert_cmpint (ignored, ==, 30);
  assert_entries (f, FALSE, "/meetings 7; /tasks 30; /tasks/30 30; /tasks/30 30");
}

static void
test_withdraw (Fixture       *f,
               gconstpointer  data)
{
  g_autoptr (GPtrArray) taken = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_outbox_entry_free);
  g_autoptr (GError) error = NULL;
  gint64 meeting_id = 0, task_id = 0, ignored = 0;
  g_autofree char *meeting = add_meeting (f, &meeting_id);
  g_autofree char *task = add_task (f, meeting_id, &task_id);
  g_autofree char *done = add (f, edit (task_id), &ignored);
  g_autofree char *other = add (f, edit (5), &ignored);

  g_assert_true (crown_outbox_withdraw (f->outbox, meeting, FALSE, taken, &error));
  g_assert_cmpuint (taken->len, ==, 3); /* with all that is made on it */
  assert_entries (f, TRUE, "/tasks/5 5");
  g_assert_null (add (f, edit (task_id), &ignored)); /* there is nothing to be changed any more */

  g_assert_true (crown_outbox_claim (f->outbox, 4, &error));
  g_assert_false (crown_outbox_withdraw (f->outbox, other, FALSE, taken, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_clear_error (&error);
  g_assert_true (crown_outbox_withdraw (f->outbox, other, TRUE, taken, &error));
  assert_entries (f, TRUE, "");
  g_assert_false (crown_outbox_claim (f->outbox, 4, &error)); /* another process took it back meanwhile */
  g_assert_no_error (error);
}

static void
test_reject (Fixture       *f,
             gconstpointer  data)
{
  g_autoptr (GPtrArray) taken = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_outbox_entry_free);
  g_autoptr (GError) error = NULL;
  gint64 task_id = 0, ignored = 0;
  g_autofree char *task = add_task (f, 3, &task_id);
  g_autofree char *done = add (f, edit (task_id), &ignored);

  g_assert_true (crown_outbox_reject (f->outbox, 1, "No", taken, &error));
  g_assert_cmpuint (taken->len, ==, 2);
  assert_entries (f, FALSE, "");
  assert_entries (f, TRUE, "/tasks -1 rejected; /tasks/-1 -1 early rejected");
  g_assert_false (crown_outbox_retry (f->outbox, done, &error)); /* what it is made on is not there */
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_true (crown_outbox_retry (f->outbox, task, &error));
  g_assert_true (crown_outbox_retry (f->outbox, done, &error));
  assert_entries (f, FALSE, "/tasks -1; /tasks/-1 -1 early");

  for (gint64 i = 0; i < CROWN_OUTBOX_REJECTED_KEPT + 20; i++)
    {
      g_autofree char *id = add (f, edit (5), &ignored);

      g_assert_true (crown_outbox_reject (f->outbox, 3 + i, "No", taken, &error));
    }
  {
    g_autoptr (GPtrArray) all = crown_outbox_list_all (f->outbox, &error);

    g_assert_cmpuint (all->len, ==, 2 + CROWN_OUTBOX_REJECTED_KEPT);
  }
}

/* What the answer of a lost ledger named is made anew, under another id; what was done to it follows that one. */
static void
test_lost_ledger (Fixture       *f,
                  gconstpointer  data)
{
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);
  g_autoptr (GError) error = NULL;
  gint64 task_id = 0, ignored = 0;
  g_autofree char *task = add_task (f, 3, &task_id);
  g_autofree char *done = add (f, edit (task_id), &ignored);

  g_assert_true (crown_outbox_name (f->outbox, task, CROWN_EVENT_TASK_CREATE, 30, changes, &error));
  g_assert_true (crown_outbox_mark_sent (f->outbox, 1, "lost", 9, &error));
  g_assert_true (crown_outbox_settle (f->outbox, "restored", 20, NULL, &error));
  assert_entries (f, FALSE, "/tasks -1; /tasks/-1 -1 early");
  g_assert_true (crown_outbox_name (f->outbox, task, CROWN_EVENT_TASK_CREATE, 31, changes, &error));
  assert_entries (f, FALSE, "/tasks 31; /tasks/31 31");
}

/* The process dies at the write after @n. Returns: whether it did */
static gboolean
live_and_die (Fixture *f,
              int      n)
{
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);
  g_autoptr (GPtrArray) taken = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_outbox_entry_free);
  g_autofree char *meeting = NULL;
  g_autofree char *task = NULL;
  g_autofree char *done = NULL;
  gint64 meeting_id = 0, task_id = 0, ignored = 0;

  f->disk->writes_left = n;
  if ((meeting = add_meeting (f, &meeting_id)) != NULL && (task = add_task (f, meeting_id, &task_id)) != NULL &&
      (done = add (f, edit (task_id), &ignored)) != NULL &&
      crown_outbox_name (f->outbox, meeting, CROWN_EVENT_SESSION_CREATE, 7, changes, NULL))
    crown_outbox_withdraw (f->outbox, task, FALSE, taken, NULL);
  g_clear_pointer (&f->outbox, crown_outbox_close);
  return f->disk->dead;
}

static void
test_crash_points (Fixture       *f,
                   gconstpointer  data)
{
  static const char *const states[] = {
    "", "/meetings -1", "/meetings -1; /tasks -2 early", "/meetings -1; /tasks -2 early; /tasks/-2 -2 early",
    "/meetings 7; /tasks -2; /tasks/-2 -2 early", "/meetings 7", NULL
  };
  guint seen = 0;
  gboolean died = TRUE;

  for (int n = 0; died; n++)
    {
      Fixture life = { 0 };
      g_autofree char *found = NULL;
      guint state = 0;

      g_assert_cmpint (n, <, 1000);
      set_up (&life, NULL);
      died = live_and_die (&life, n);
      sim_disk_restart (life.disk);
      open_outbox (&life);
      found = describe (&life, TRUE);
      while (states[state] != NULL && !g_str_equal (states[state], found))
        state++;
      if (states[state] == NULL)
        g_error ("the process died at write %d and left %s", n, found);
      seen |= 1u << state;
      tear_down (&life, NULL);
    }
  g_assert_cmpuint (seen, ==, (1u << (G_N_ELEMENTS (states) - 1)) - 1);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  sim_disk_init ();
#define ADD(path, func) g_test_add ("/client/outbox/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("temporary-ids", test_temporary_ids);
  ADD ("withdraw", test_withdraw);
  ADD ("reject", test_reject);
  ADD ("lost-ledger", test_lost_ledger);
  ADD ("crash-points", test_crash_points);
  return g_test_run ();
}
