/* test-cache.c: what the cache and the outbox keep, and what the reader makes of both
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "client/crown-cache-reader.h"
#include "client/crown-cache.h"
#include "client/crown-outbox.h"
#include "core/crown-json.h"
#include "storage/crown-sqlite.h"

#include <glib/gstdio.h>
#include <string.h>

#define EPOCH "6f9619ff-8b86-4011-b42d-00c04fc964ff"

typedef struct {
  char       *folder;
  char       *path;
  CrownCache *cache;
  guint64     sequence;
} Fixture;

static void
open_cache (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  f->cache = crown_cache_open (f->path, 1, 42, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture       *f,
        gconstpointer  data)
{
  g_autofree char *outbox_path = NULL;
  g_autoptr (CrownOutbox) outbox = NULL;

  f->folder = g_dir_make_tmp ("crown-cache-XXXXXX", NULL);
  f->path = g_build_filename (f->folder, "cache.db", NULL);
  outbox_path = g_build_filename (f->folder, "outbox.db", NULL);
  outbox = crown_outbox_open (outbox_path, NULL);
  g_assert_nonnull (outbox);
  open_cache (f);
}

static void
tear_down (Fixture       *f,
           gconstpointer  data)
{
  g_autoptr (GDir) dir = g_dir_open (f->folder, 0, NULL);
  const char *name;

  g_clear_pointer (&f->cache, crown_cache_close);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (f->folder, name, NULL);

      g_unlink (path);
    }
  g_rmdir (f->folder);
  g_free (f->folder);
  g_free (f->path);
}

static CrownEnvelope *
make_event (Fixture        *f,
            CrownEventType  type,
            const char     *data)
{
  CrownEnvelope *envelope = crown_envelope_new (type);
  g_autoptr (GError) error = NULL;

  envelope->sequence = ++f->sequence;
  envelope->workspace_id = 1;
  envelope->stream = g_strdup ("workspace_1");
  envelope->epoch = g_strdup (EPOCH);
  envelope->timestamp = g_strdup ("2026-11-20T10:00:00Z");
  envelope->data = crown_json_parse_object (data, -1, &error);
  g_assert_no_error (error);
  return envelope;
}

static gboolean
apply (Fixture         *f,
       CrownEnvelope   *envelope, /* (transfer full) */
       CrownChangeSet  *changes,
       GError         **error)
{
  g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_envelope_unref);
  g_autoptr (CrownChangeSet) ignored = crown_change_set_new (1);

  g_ptr_array_add (batch, envelope);
  return crown_cache_apply (f->cache, batch, changes != NULL ? changes : ignored, NULL, error);
}

static void
apply_ok (Fixture        *f,
          CrownEventType  type,
          const char     *data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (apply (f, make_event (f, type, data), NULL, &error));
  g_assert_no_error (error);
}

static void
add_meeting (Fixture    *f,
             int         id,
             const char *created_at)
{
  g_autofree char *data =
    g_strdup_printf ("{\"workspace_id\":1,\"meeting\":{\"id\":%d,\"title\":\"Meeting %d\",\"status\":\"completed\","
                     "\"created_at\":\"%s\",\"duration\":60,\"summary\":\"Élan\",\"task_count\":0,\"participant_count\":2,"
                     "\"archived\":false,\"external_session_id\":\"x%d\"},\"timestamp\":\"2026-11-20T10:00:00Z\"}",
                     id, id, created_at, id);

  apply_ok (f, CROWN_EVENT_SESSION_CREATE, data);
}

static void
add_task (Fixture    *f,
          int         id,
          const char *status,
          const char *due)
{
  g_autofree char *data =
    g_strdup_printf ("{\"workspace_id\":1,\"task\":{\"id\":%d,\"session_id\":1,\"text\":\"Task %d\",\"status\":\"%s\","
                     "\"priority\":\"medium\",\"due_date\":%s,\"assignee\":null,\"evidence_line\":%d},"
                     "\"timestamp\":\"2026-11-20T10:00:00Z\"}", id, id, status, due, 100 - id);

  apply_ok (f, CROWN_EVENT_TASK_CREATE, data);
}

static char *
ids_of (Fixture        *f,
        CrownQueryKind  kind,
        const char     *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownCacheReader) reader = crown_cache_reader_open (f->folder, &error);
  CrownQuery query = { kind, 1, text, NULL };
  g_autoptr (GArray) ids = reader != NULL ? crown_cache_reader_query_ids (reader, &query, &error) : NULL;
  GString *list = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < ids->len; i++)
    g_string_append_printf (list, "%s%" G_GINT64_FORMAT, i > 0 ? " " : "", g_array_index (ids, gint64, i));
  return g_string_free (list, FALSE);
}

#define assert_ids(f, kind, text, expected) \
  G_STMT_START { \
    g_autofree char *found = ids_of ((f), (kind), (text)); \
    g_assert_cmpstr (found, ==, (expected)); \
  } G_STMT_END

static void
assert_due (Fixture    *f,
            const char *status,
            const char *from,
            const char *until,
            const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownCacheReader) reader = crown_cache_reader_open (f->folder, &error);
  CrownQuery query = { CROWN_QUERY_TASKS, .status = status, .due_from = from, .due_until = until };
  g_autoptr (GArray) ids = crown_cache_reader_query_ids (reader, &query, &error);
  g_autoptr (GString) list = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < ids->len; i++)
    g_string_append_printf (list, "%s%" G_GINT64_FORMAT, i > 0 ? " " : "", g_array_index (ids, gint64, i));
  g_assert_cmpstr (list->str, ==, expected);
}

static JsonObject *
load (Fixture    *f,
      CrownStore  store,
      gint64      id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownCacheReader) reader = crown_cache_reader_open (f->folder, &error);
  JsonObject *row = crown_cache_reader_load_row (reader, store, id, &error);

  g_assert_no_error (error);
  return row;
}

static guint64
position_of (Fixture *f)
{
  CrownPosition position;

  g_assert_true (crown_cache_get_position (f->cache, &position, NULL));
  return position.sequence;
}

static void
test_lists (Fixture       *f,
            gconstpointer  data)
{
  add_meeting (f, 1, "2026-11-20T09:00:00Z");
  add_meeting (f, 2, "2026-11-21T09:00:00Z");
  add_meeting (f, 3, "2026-11-19T09:00:00Z");
  add_task (f, 1, "pending", "\"2026-12-01\"");
  add_task (f, 2, "completed", "\"2026-11-01\"");
  add_task (f, 3, "pending", "null");
  add_task (f, 4, "pending", "\"2026-11-25\"");
  add_task (f, 5, "pending", "null");

  assert_ids (f, CROWN_QUERY_MEETINGS, NULL, "2 1 3");
  assert_ids (f, CROWN_QUERY_TASKS, NULL, "4 1 5 3 2");
  assert_ids (f, CROWN_QUERY_SESSION_TASKS, NULL, "5 4 3 2 1");
  assert_due (f, NULL, NULL, "2026-11-25", "4 2");
  assert_due (f, "pending", NULL, "2026-11-25", "4");
  assert_due (f, NULL, "2026-11-25", NULL, "4 1");
  assert_due (f, NULL, "2026-11-26", "2026-11-30", "");
  apply_ok (f, CROWN_EVENT_TASK_UPDATE, "{\"workspace_id\":1,\"task_id\":4,\"session_id\":1,\"updates\":{\"due_date\":\"2026-11-28\"},"
                                        "\"timestamp\":\"2026-11-22T10:00:00Z\"}");
  assert_due (f, NULL, "2026-11-26", "2026-11-30", "4");
  assert_ids (f, CROWN_QUERY_MEETINGS, "éLAN", "2 1 3");
  assert_ids (f, CROWN_QUERY_TASKS, "task 4", "4");

  apply_ok (f, CROWN_EVENT_SESSION_ARCHIVE,
            "{\"workspace_id\":1,\"meeting_id\":1,\"archived_by\":42,\"timestamp\":\"2026-11-22T10:00:00Z\"}");
  assert_ids (f, CROWN_QUERY_MEETINGS, NULL, "2 3");
  assert_ids (f, CROWN_QUERY_ARCHIVE, NULL, "1");
  apply_ok (f, CROWN_EVENT_TASK_DELETE, "{\"workspace_id\":1,\"task_id\":4,\"session_id\":1,\"timestamp\":\"2026-11-22T10:00:00Z\"}");
  assert_ids (f, CROWN_QUERY_TASKS, NULL, "1 5 3 2");
}

static void
test_merge (Fixture       *f,
            gconstpointer  data)
{
  g_autoptr (JsonObject) row = NULL;

  add_task (f, 7, "pending", "null");
  apply_ok (f, CROWN_EVENT_TASK_UPDATE,
            "{\"workspace_id\":1,\"task_id\":7,\"session_id\":1,\"updates\":{\"status\":\"completed\",\"unknown\":[1]},"
            "\"timestamp\":\"2026-11-20T10:00:00Z\"}");
  row = load (f, CROWN_STORE_TASKS, 7);
  g_assert_cmpstr (json_object_get_string_member (row, "status"), ==, "completed");
  g_assert_true (json_object_has_member (row, "unknown")); /* what a later version adds is kept */
  g_assert_true (json_object_get_null_member (row, "due_date"));
}

static void
update_task (Fixture    *f,
             int         id,
             const char *updates)
{
  g_autofree char *data = g_strdup_printf ("{\"workspace_id\":1,\"task_id\":%d,\"session_id\":1,\"updates\":%s,"
                                           "\"timestamp\":\"2026-11-20T10:00:00Z\"}", id, updates);

  apply_ok (f, CROWN_EVENT_TASK_UPDATE, data);
}

/* An update writes only the indexes that it has to: each kind of change, and the lists follow it. */
static void
test_updates_move_rows (Fixture       *f,
                        gconstpointer  data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownSqlite) db = NULL;

  for (int i = 1; i <= 3; i++)
    add_task (f, i, "pending", "null");
  add_meeting (f, 1, "2026-11-20T09:00:00Z");
  add_meeting (f, 2, "2026-11-21T09:00:00Z");

  update_task (f, 1, "{\"text\":\"Something else\",\"assignee\":\"Ana\"}");
  assert_ids (f, CROWN_QUERY_TASKS, NULL, "3 2 1");
  assert_ids (f, CROWN_QUERY_TASKS, "something", "1");
  update_task (f, 1, "{\"due_date\":\"2026-11-25\"}");
  assert_ids (f, CROWN_QUERY_TASKS, NULL, "1 3 2");
  update_task (f, 3, "{\"status\":\"completed\"}");
  assert_ids (f, CROWN_QUERY_TASKS, NULL, "1 2 3");
  update_task (f, 3, "{\"evidence_line\":200}");
  assert_ids (f, CROWN_QUERY_SESSION_TASKS, NULL, "2 1 3");
  update_task (f, 1, "{\"session_id\":2,\"due_date\":null}");
  assert_ids (f, CROWN_QUERY_SESSION_TASKS, NULL, "2 3");
  assert_ids (f, CROWN_QUERY_TASKS, NULL, "2 1 3");
  update_task (f, 1, "{\"priority\":\"high\"}");
  update_task (f, 2, "{\"priority\":null}");

  apply_ok (f, CROWN_EVENT_MEETING_UPDATE, "{\"workspace_id\":1,\"session_id\":1,\"updates\":{\"title\":\"Renamed\"},"
            "\"timestamp\":\"2026-11-20T10:00:00Z\"}");
  assert_ids (f, CROWN_QUERY_MEETINGS, "renamed", "1");
  apply_ok (f, CROWN_EVENT_MEETING_UPDATE, "{\"workspace_id\":1,\"session_id\":1,\"updates\":"
            "{\"started_at\":\"2026-11-22T09:00:00Z\"},\"timestamp\":\"2026-11-20T10:00:00Z\"}");
  assert_ids (f, CROWN_QUERY_MEETINGS, NULL, "1 2");

  db = crown_sqlite_open (f->path, CROWN_SQLITE_READ_ONLY, &error);
  g_assert_no_error (error);
  {
    CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "columns",
                                                       "SELECT group_concat (coalesce (priority, '-'), ' ') FROM"
                                                       " (SELECT priority FROM tasks NOT INDEXED ORDER BY id)", &error);

    g_assert_no_error (error);
    g_assert_cmpint (crown_sqlite_step (stmt, &error), ==, 1);
    g_assert_cmpstr (crown_sqlite_column_text (stmt, 0), ==, "high - medium");
    crown_sqlite_reset (stmt);
  }
  g_assert_true (crown_sqlite_check (db, &error)); /* also: each index agrees with its table */
  g_assert_no_error (error);
}

static void
test_duplicates_and_gaps (Fixture       *f,
                          gconstpointer  data)
{
  g_autoptr (GError) error = NULL;
  CrownEnvelope *event;

  add_task (f, 1, "pending", "null");
  event = make_event (f, CROWN_EVENT_TASK_DELETE, "{\"workspace_id\":1,\"task_id\":1,\"session_id\":1,\"timestamp\":\"2026-11-20T10:00:00Z\"}");
  event->sequence = 1; /* it was applied, whatever it says now */
  g_assert_true (apply (f, event, NULL, &error));
  assert_ids (f, CROWN_QUERY_TASKS, NULL, "1");

  event = make_event (f, CROWN_EVENT_TASK_DELETE, "{\"workspace_id\":1,\"task_id\":1,\"session_id\":1,\"timestamp\":\"2026-11-20T10:00:00Z\"}");
  event->sequence = 5;
  g_assert_false (apply (f, event, NULL, &error));
  g_assert_error (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_ENVELOPE);
  g_clear_error (&error);
  assert_ids (f, CROWN_QUERY_TASKS, NULL, "1");
  g_assert_cmpuint (position_of (f), ==, 1);

  f->sequence = 1;
  event = make_event (f, CROWN_EVENT_TASK_DELETE, "{\"workspace_id\":1,\"task_id\":1,\"session_id\":1,\"timestamp\":\"2026-11-20T10:00:00Z\"}");
  g_free (event->epoch);
  event->epoch = g_strdup ("00000000-0000-4000-8000-000000000000");
  g_assert_false (apply (f, event, NULL, &error));
  g_assert_error (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_ENVELOPE);
  g_assert_cmpuint (position_of (f), ==, 1);
}

static gboolean
apply_tombstone (Fixture  *f,
                 guint64   from,
                 guint64   to,
                 GError  **error)
{
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);
  gboolean ok = apply (f, crown_envelope_new_tombstone ("workspace_1", EPOCH, from, to, from - 1), changes, error);

  g_assert_true (crown_change_set_is_empty (changes));
  return ok;
}

static char *
state_of (Fixture *f)
{
  g_autoptr (CrownSqlite) db = crown_sqlite_open (f->path, CROWN_SQLITE_READ_ONLY, NULL);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "state", "SELECT value FROM metadata WHERE key = '_state'", NULL);
  char *state;

  g_assert_cmpint (crown_sqlite_step (stmt, NULL), ==, 1);
  state = g_strdup (crown_sqlite_column_text (stmt, 0));
  crown_sqlite_reset (stmt);
  return state;
}

/* A tombstone moves the position and nothing else; one that would leave a gap is refused as an event would be. */
static void
test_tombstones (Fixture       *f,
                 gconstpointer  data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) before = NULL;
  g_autoptr (JsonObject) after = NULL;
  g_autofree char *text_before = NULL;
  g_autofree char *text_after = NULL;

  add_task (f, 1, "pending", "null");
  text_before = state_of (f);
  g_assert_true (apply_tombstone (f, 2, 9, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (position_of (f), ==, 9);
  text_after = state_of (f);
  before = crown_json_parse_object (text_before, -1, NULL);
  after = crown_json_parse_object (text_after, -1, NULL);
  json_object_set_int_member (before, "sequence", 9);
  g_assert_true (json_object_equal (before, after)); /* also: none is counted as unknown */

  g_assert_true (apply_tombstone (f, 3, 9, &error)); /* was applied */
  g_assert_true (apply_tombstone (f, 4, 12, &error)); /* begins before the position */
  g_assert_no_error (error);
  g_assert_cmpuint (position_of (f), ==, 12);

  g_assert_false (apply_tombstone (f, 14, 20, &error));
  g_assert_error (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_ENVELOPE);
  g_assert_nonnull (strstr (error->message, "event 14 after 12"));
  g_assert_cmpuint (position_of (f), ==, 12);

  f->sequence = 12;
  add_task (f, 2, "pending", "null");
  g_assert_cmpuint (position_of (f), ==, 13);
  assert_ids (f, CROWN_QUERY_TASKS, NULL, "2 1");
}

/* A server that sends what only this computer may say moves the position, and sets nothing. */
static void
test_local_event_of_a_server (Fixture       *f,
                              gconstpointer  data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);
  g_autoptr (CrownCacheReader) reader = NULL;
  g_autoptr (JsonNode) filter = NULL;
  g_autofree char *state = NULL;

  g_assert_true (apply (f, make_event (f, CROWN_EVENT_FILTER_APPLY, "{\"query\":\"theirs\",\"time_range\":\"all\","
                                       "\"timestamp\":\"2026-11-20T10:00:00Z\"}"), changes, &error));
  g_assert_no_error (error);
  g_assert_true (crown_change_set_is_empty (changes));
  g_assert_cmpuint (position_of (f), ==, 1);
  reader = crown_cache_reader_open (f->folder, &error);
  g_assert_no_error (error);
  filter = crown_cache_reader_load_metadata (reader, "filter", &error);
  g_assert_no_error (error);
  g_assert_null (filter);
  state = state_of (f);
  g_assert_nonnull (strstr (state, "\"unknown\":1"));
}

static void
assert_digest_is_right (Fixture    *f,
                        CrownStore  store,
                        const char *sql)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownSqlite) db = crown_sqlite_open (f->path, CROWN_SQLITE_READ_ONLY, &error);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "checksums", sql, &error);
  CrownDigest sum = CROWN_DIGEST_INIT, kept;
  guint64 n = 0, count;

  g_assert_no_error (error);
  while (crown_sqlite_step (stmt, &error) == 1)
    {
      CrownDigest row;

      crown_digest_of_row (crown_store_to_string (store), crown_sqlite_column_text (stmt, 0), crown_sqlite_column_text (stmt, 1), &row);
      crown_digest_add (&sum, &row);
      n++;
    }
  crown_sqlite_reset (stmt);
  g_assert_true (crown_cache_get_digest (f->cache, store, &kept, &count, NULL));
  g_assert_true (crown_digest_equal (&sum, &kept));
  g_assert_cmpuint (n, ==, count);
}

static void
test_batch_is_all_or_nothing (Fixture       *f,
                              gconstpointer  data)
{
  g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_envelope_unref);
  g_autoptr (GPtrArray) released = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);
  g_autoptr (GError) error = NULL;
  CrownEnvelope *stray;

  add_task (f, 1, "pending", "null");
  g_ptr_array_add (batch, make_event (f, CROWN_EVENT_TASK_DELETE,
                                      "{\"workspace_id\":1,\"task_id\":1,\"session_id\":1,\"timestamp\":\"2026-11-20T10:00:00Z\"}"));
  ((CrownEnvelope *) batch->pdata[0])->mutation_id = g_strdup ("m");
  stray = make_event (f, CROWN_EVENT_ARCHIVE_REVEAL, "{}");
  g_free (stray->stream);
  stray->stream = g_strdup ("workspace_2");
  g_ptr_array_add (batch, stray);

  g_assert_false (crown_cache_apply (f->cache, batch, changes, released, &error));
  g_assert_nonnull (error);
  g_assert_cmpuint (released->len, ==, 0);
  g_assert_true (crown_change_set_is_empty (changes));
  g_assert_cmpuint (position_of (f), ==, 1);
  assert_ids (f, CROWN_QUERY_TASKS, NULL, "1");
  assert_digest_is_right (f, CROWN_STORE_TASKS, "SELECT id, _checksum FROM tasks");
}

static void
test_digests (Fixture       *f,
              gconstpointer  data)
{
  for (int i = 1; i <= 20; i++)
    add_task (f, i, i % 2 == 0 ? "pending" : "completed", "null");
  add_task (f, 3, "pending", "null"); /* replaces */
  apply_ok (f, CROWN_EVENT_TASK_DELETE, "{\"workspace_id\":1,\"task_id\":9,\"session_id\":1,\"timestamp\":\"2026-11-20T10:00:00Z\"}");
  add_meeting (f, 1, "2026-11-20T09:00:00Z");
  assert_digest_is_right (f, CROWN_STORE_TASKS, "SELECT id, _checksum FROM tasks");
  assert_digest_is_right (f, CROWN_STORE_MEETINGS, "SELECT id, _checksum FROM meetings");

  g_clear_pointer (&f->cache, crown_cache_close); /* and they are still right when it is opened again */
  open_cache (f);
  assert_digest_is_right (f, CROWN_STORE_TASKS, "SELECT id, _checksum FROM tasks");
  g_assert_cmpuint (position_of (f), ==, f->sequence);
}

static void
test_repairs (Fixture       *f,
              gconstpointer  data)
{
  g_autoptr (CrownChangeSet) repairs = NULL;
  g_autoptr (CrownChangeSet) none = NULL;
  CrownEnvelope *event;

  event = make_event (f, CROWN_EVENT_TASK_CREATE,
                      "{\"workspace_id\":1,\"task\":{\"id\":1,\"session_id\":1,\"text\":\"T\",\"status\":\"pending\","
                      "\"priority\":\"low\"},\"timestamp\":\"2026-11-20T10:00:00Z\"}");
  event->checksum = g_strdup ("00");
  g_assert_true (apply (f, event, NULL, NULL));
  apply_ok (f, CROWN_EVENT_TASK_UPDATE, /* a row that is not there */
            "{\"workspace_id\":1,\"task_id\":2,\"session_id\":1,\"updates\":{\"text\":\"U\"},\"timestamp\":\"2026-11-20T10:00:00Z\"}");
  apply_ok (f, CROWN_EVENT_TASK_UPDATE, /* a payload that breaks its schema */
            "{\"workspace_id\":1,\"task_id\":3,\"session_id\":1,\"updates\":7,\"timestamp\":\"2026-11-20T10:00:00Z\"}");

  repairs = crown_cache_take_repairs (f->cache);
  g_assert_nonnull (repairs);
  g_assert_cmpuint (repairs->ids[CROWN_STORE_TASKS]->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (g_array_index (repairs->ids[CROWN_STORE_TASKS], gint64, i), ==, i + 1);
  none = crown_cache_take_repairs (f->cache);
  g_assert_null (none);
  g_assert_cmpuint (position_of (f), ==, 3); /* the stream goes on */
}

static void
test_snapshot (Fixture       *f,
               gconstpointer  data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);
  g_autoptr (JsonObject) snapshot =
    crown_json_parse_object ("{\"epoch\":\"11111111-8b86-4011-b42d-00c04fc964ff\",\"sequence\":90,\"user_sequence\":4,\"stores\":{"
                             "\"meetings\":[],\"tasks\":[{\"id\":8,\"session_id\":1,\"text\":\"New\",\"status\":\"pending\"}],"
                             "\"analytics\":[],\"metadata\":[{\"key\":\"stats\",\"value\":{\"a\":1},\"updated_at\":\"\"}]}}", -1, &error);
  g_autoptr (JsonObject) broken =
    crown_json_parse_object ("{\"epoch\":\"x\",\"sequence\":91,\"stores\":{\"tasks\":[{\"text\":\"no id\"}]}}", -1, NULL);
  CrownPosition position;

  add_meeting (f, 1, "2026-11-20T09:00:00Z");
  add_task (f, 1, "pending", "null");
  g_assert_true (crown_cache_load_snapshot (f->cache, snapshot, changes, &error));
  g_assert_no_error (error);
  assert_ids (f, CROWN_QUERY_MEETINGS, NULL, "");
  assert_ids (f, CROWN_QUERY_TASKS, NULL, "8");

  g_assert_false (crown_cache_load_snapshot (f->cache, broken, changes, &error));
  g_assert_nonnull (error);
  assert_ids (f, CROWN_QUERY_TASKS, NULL, "8");
  g_assert_true (crown_cache_get_position (f->cache, &position, NULL));
  g_assert_cmpstr (position.epoch, ==, "11111111-8b86-4011-b42d-00c04fc964ff");
  g_assert_cmpuint (position.sequence, ==, 90);
  g_assert_cmpuint (position.user_sequence, ==, 4);
  assert_digest_is_right (f, CROWN_STORE_TASKS, "SELECT id, _checksum FROM tasks");
}

static void
test_damage (Fixture       *f,
             gconstpointer  data)
{
  g_autofree char *aside = g_strconcat (f->path, ".damaged-1", NULL);
  g_autoptr (GError) error = NULL;

  add_task (f, 1, "pending", "null");
  g_clear_pointer (&f->cache, crown_cache_close);
  g_assert_true (g_file_set_contents (f->path, "this is no database, and it is long enough to be read as a header", -1, NULL));

  open_cache (f);
  g_assert_cmpuint (position_of (f), ==, 0);
  g_assert_true (g_file_test (aside, G_FILE_TEST_EXISTS));
  f->sequence = 0;
  add_task (f, 2, "pending", "null");
  assert_ids (f, CROWN_QUERY_TASKS, NULL, "2");

  /* A file of a newer version is left as it is. */
  g_clear_pointer (&f->cache, crown_cache_close);
  {
    g_autoptr (CrownSqlite) db = crown_sqlite_open (f->path, CROWN_SQLITE_READ_WRITE, NULL);

    g_assert_true (crown_sqlite_exec (db, "newer", "PRAGMA user_version = 99", NULL));
  }
  g_assert_null (crown_cache_open (f->path, 1, 42, &error));
  g_assert_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_NEWER);
  assert_ids (f, CROWN_QUERY_TASKS, NULL, "2");
}

static CrownOutbox *
open_outbox (Fixture *f)
{
  g_autofree char *path = g_build_filename (f->folder, "outbox.db", NULL);
  CrownOutbox *outbox = crown_outbox_open (path, NULL);

  g_assert_nonnull (outbox);
  return outbox;
}

static void
add_entry (CrownOutbox    *outbox,
           CrownEventType  type,
           gint64          id,
           const char     *overlay)
{
  g_autoptr (CrownOutboxEntry) entry = g_new0 (CrownOutboxEntry, 1);

  entry->type = type;
  entry->row_id = id;
  entry->method = g_strdup ("PATCH");
  entry->path = g_strdup ("/x");
  entry->overlay = crown_json_parse_object (overlay, -1, NULL);
  g_assert_true (crown_outbox_add (outbox, entry, NULL));
  g_assert_nonnull (entry->mutation_id);
}

static void
test_overlay (Fixture       *f,
              gconstpointer  data)
{
  g_autoptr (CrownOutbox) outbox = open_outbox (f);
  g_autoptr (JsonObject) row = NULL;
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GPtrArray) ids = g_ptr_array_new ();
  guint n_removed;

  add_meeting (f, 1, "2026-11-20T09:00:00Z");
  add_meeting (f, 2, "2026-11-21T09:00:00Z");
  for (int i = 1; i <= 5; i++)
    add_task (f, i, "pending", "null");

  add_entry (outbox, CROWN_EVENT_TASK_UPDATE, 4, "{\"updates\":{\"status\":\"completed\"}}");
  add_entry (outbox, CROWN_EVENT_TASK_UPDATE, 2, "{\"updates\":{\"due_date\":\"2026-11-25\"}}");
  add_entry (outbox, CROWN_EVENT_SESSION_ARCHIVE, 2, "{\"archived_by\":42,\"timestamp\":\"2026-11-22T10:00:00Z\"}");
  add_entry (outbox, CROWN_EVENT_TASK_UPDATE, 999, "{\"updates\":{\"status\":\"completed\"}}"); /* gone: drawn on nothing */

  assert_ids (f, CROWN_QUERY_TASKS, NULL, "2 5 3 1 4");
  assert_due (f, NULL, "2026-11-25", "2026-11-25", "2");
  assert_due (f, NULL, "2026-11-26", NULL, "");
  assert_due (f, NULL, NULL, "2026-11-24", "");
  assert_ids (f, CROWN_QUERY_MEETINGS, NULL, "1");
  assert_ids (f, CROWN_QUERY_ARCHIVE, NULL, "2");
  row = load (f, CROWN_STORE_TASKS, 4);
  g_assert_cmpstr (json_object_get_string_member (row, "status"), ==, "completed");

  /* An entry that is confirmed takes its overlay with it. */
  entries = crown_outbox_list (outbox, NULL);
  g_assert_cmpuint (entries->len, ==, 4);
  g_ptr_array_add (ids, ((CrownOutboxEntry *) entries->pdata[2])->mutation_id);
  g_ptr_array_add (ids, (char *) "somebody else's");
  g_assert_true (crown_outbox_release (outbox, ids, &n_removed, NULL));
  g_assert_cmpuint (n_removed, ==, 1);
  assert_ids (f, CROWN_QUERY_MEETINGS, NULL, "2 1");
}

/* Who has a task, took part, or is about to have a task; once each. */
static void
test_people (Fixture       *f,
             gconstpointer  data)
{
  g_autoptr (CrownOutbox) outbox = open_outbox (f);
  g_autoptr (CrownCacheReader) reader = NULL;
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);
  g_autoptr (JsonObject) meeting = crown_json_parse_object ("{\"id\":1,\"title\":\"x\",\"participants\":[\"Zoe\",\"Ana\",7]}", -1, NULL);
  g_autoptr (JsonObject) task = crown_json_parse_object ("{\"id\":1,\"session_id\":1,\"text\":\"x\",\"assignee\":\"Ana\"}", -1, NULL);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) people = NULL;
  g_autofree char *joined = NULL;

  g_assert_true (crown_cache_put_row (f->cache, CROWN_STORE_MEETINGS, 1, meeting, changes, &error));
  g_assert_true (crown_cache_put_row (f->cache, CROWN_STORE_TASKS, 1, task, changes, &error));
  add_task (f, 2, "pending", "null");
  add_entry (outbox, CROWN_EVENT_TASK_UPDATE, 2, "{\"updates\":{\"assignee\":\"Ben\"}}");

  reader = crown_cache_reader_open (f->folder, &error);
  people = crown_cache_reader_list_people (reader, &error);
  g_assert_no_error (error);
  joined = g_strjoinv (" ", people);
  g_assert_cmpstr (joined, ==, "Ana Ben Zoe");
}

/* An event that was applied without releasing its entry, in a snapshot or before a crash; and a ledger that was restored. */
static void
test_settle (Fixture       *f,
             gconstpointer  data)
{
  g_autoptr (CrownOutbox) outbox = open_outbox (f);
  g_autoptr (GPtrArray) entries = NULL;
  guint n = 0;

  for (int i = 1; i <= 4; i++)
    add_entry (outbox, CROWN_EVENT_TASK_UPDATE, i, "{\"updates\":{\"status\":\"completed\"}}");
  g_assert_true (crown_outbox_mark_sent (outbox, 1, "this", 10, NULL));
  g_assert_true (crown_outbox_mark_sent (outbox, 2, "this", 11, NULL));
  g_assert_true (crown_outbox_mark_sent (outbox, 3, "another", 5, NULL));

  g_assert_true (crown_outbox_settle (outbox, "this", 10, &n, NULL));
  g_assert_cmpuint (n, ==, 2);
  entries = crown_outbox_list (outbox, NULL);
  g_assert_cmpuint (entries->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    {
      CrownOutboxEntry *entry = entries->pdata[i];

      g_assert_cmpint (entry->row_id, ==, i + 2);
      g_assert_cmpint (entry->sent, ==, entry->row_id == 2);
    }
  g_assert_true (crown_outbox_settle (outbox, "this", 10, &n, NULL));
  g_assert_cmpuint (n, ==, 0);
}

/* Bytes that do not have their checksum are no row, are told, counted, and good again once the server's row is put. */
static void
test_damaged_row (Fixture       *f,
                  gconstpointer  data)
{
  g_autoptr (CrownSqlite) db = NULL;
  g_autoptr (CrownCacheReader) reader = NULL;
  g_autoptr (CrownChangeSet) missing = NULL;
  g_autoptr (CrownChangeSet) repairs = NULL;
  g_autoptr (JsonObject) good = NULL;
  g_autoptr (JsonObject) bad = NULL;
  g_autoptr (JsonObject) again = NULL;
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);
  g_autoptr (GError) error = NULL;
  guint n_damaged = 0;

  add_task (f, 1, "pending", "null");
  add_task (f, 2, "pending", "null");
  good = load (f, CROWN_STORE_TASKS, 1);
  db = crown_sqlite_open (f->path, CROWN_SQLITE_READ_WRITE, &error);
  g_assert_no_error (error);
  g_assert_true (crown_sqlite_exec (db, "damage", "UPDATE tasks SET row = replace (row, 'Task 1', 'Task l')", &error));

  reader = crown_cache_reader_open (f->folder, &error);
  g_assert_no_error (error);
  bad = crown_cache_reader_load_row (reader, CROWN_STORE_TASKS, 1, &error);
  g_assert_no_error (error);
  g_assert_null (bad);
  bad = crown_cache_reader_load_row (reader, CROWN_STORE_TASKS, 2, &error);
  g_assert_nonnull (bad);
  missing = crown_cache_reader_take_missing (reader, &n_damaged);
  g_assert_cmpuint (n_damaged, ==, 1);
  g_assert_cmpuint (missing->ids[CROWN_STORE_TASKS]->len, ==, 1);
  g_assert_cmpint (g_array_index (missing->ids[CROWN_STORE_TASKS], gint64, 0), ==, 1);
  g_assert_null (crown_cache_reader_take_missing (reader, &n_damaged));
  g_assert_cmpuint (n_damaged, ==, 0);

  g_assert_true (crown_cache_mark_missing (f->cache, missing, 1, &error));
  repairs = crown_cache_take_repairs (f->cache);
  g_assert_true (crown_change_set_touches (repairs, CROWN_STORE_TASKS));
  /* An event must not be built on it either. */
  apply_ok (f, CROWN_EVENT_TASK_UPDATE, "{\"workspace_id\":1,\"task_id\":1,\"session_id\":1,\"updates\":{\"status\":\"completed\"},"
            "\"timestamp\":\"2026-11-20T10:00:00Z\"}");
  g_assert_cmpint (crown_cache_get_n_repairs (f->cache), ==, 2);
  g_assert_true (crown_cache_put_row (f->cache, CROWN_STORE_TASKS, 1, good, changes, &error));
  again = crown_cache_reader_load_row (reader, CROWN_STORE_TASKS, 1, &error);
  g_assert_nonnull (again);

  g_clear_pointer (&f->cache, crown_cache_close);
  open_cache (f);
  g_assert_cmpint (crown_cache_get_n_repairs (f->cache), ==, 2);
}

/* A walk along an index: no temporary tree for the order, whatever the number of rows. */
static void
test_query_plans (Fixture       *f,
                  gconstpointer  data)
{
  static const char *const queries[] = {
    "EXPLAIN QUERY PLAN SELECT id FROM tasks ORDER BY status DESC, sort_due, id DESC",
    "EXPLAIN QUERY PLAN SELECT id FROM meetings WHERE archived = 0 ORDER BY sort_at DESC, id DESC",
    "EXPLAIN QUERY PLAN SELECT id FROM tasks WHERE session_id = 1 ORDER BY line, id",
  };
  g_autoptr (CrownSqlite) db = crown_sqlite_open (f->path, CROWN_SQLITE_READ_ONLY, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (queries); i++)
    {
      CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "plan", queries[i], NULL);
      guint n_steps = 0;

      while (crown_sqlite_step (stmt, NULL) == 1)
        {
          const char *step = crown_sqlite_column_text (stmt, 3);

          g_assert_nonnull (strstr (step, "COVERING INDEX"));
          g_assert_null (strstr (step, "TEMP B-TREE"));
          n_steps++;
        }
      crown_sqlite_reset (stmt);
      g_assert_cmpuint (n_steps, ==, 1);
    }
}

static void
assert_meetings (Fixture    *f,
                 CrownSort   sort,
                 const char *from,
                 const char *until,
                 const char *person,
                 const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownCacheReader) reader = crown_cache_reader_open (f->folder, &error);
  CrownQuery query = { CROWN_QUERY_MEETINGS, .sort = sort, .from = from, .until = until, .person = person };
  g_autoptr (GArray) ids = crown_cache_reader_query_ids (reader, &query, &error);
  g_autoptr (GString) list = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < ids->len; i++)
    g_string_append_printf (list, "%s%" G_GINT64_FORMAT, i > 0 ? " " : "", g_array_index (ids, gint64, i));
  g_assert_cmpstr (list->str, ==, expected);
}

/* Rows that the outbox draws over are put where they look like they belong, in each order. */
static void
test_meetings (Fixture       *f,
               gconstpointer  data)
{
  static const struct {
    const char *title, *people, *started_at;
    int         duration, n_tasks;
  } meetings[] = {
    { "Budget", "\"Anna Groß\",\"Ben\"", "2026-11-20T09:00:00Z", 600, 1 },
    { "accounts of Ben", "\"Benjamin\"", "2026-11-21T09:00:00Z", 1200, 0 },
    { "Élan", "\"Anna\"", "2026-11-22T09:00:00Z", 300, 7 },
  };
  g_autoptr (CrownOutbox) outbox = open_outbox (f);

  for (guint i = 0; i < G_N_ELEMENTS (meetings); i++)
    {
      g_autofree char *event =
        g_strdup_printf ("{\"workspace_id\":1,\"meeting\":{\"id\":%u,\"title\":\"%s\",\"status\":\"active\",\"created_at\":"
                         "\"2026-11-23T09:00:00Z\",\"started_at\":\"%s\",\"duration\":%d,\"summary\":\"\",\"task_count\":%d,"
                         "\"participants\":[%s],\"archived\":false},\"timestamp\":\"2026-11-23T10:00:00Z\"}",
                         i + 1, meetings[i].title, meetings[i].started_at, meetings[i].duration, meetings[i].n_tasks,
                         meetings[i].people);

      apply_ok (f, CROWN_EVENT_SESSION_CREATE, event);
    }

  assert_meetings (f, CROWN_SORT_NEWEST, NULL, NULL, NULL, "3 2 1");
  assert_meetings (f, CROWN_SORT_OLDEST, NULL, NULL, NULL, "1 2 3");
  assert_meetings (f, CROWN_SORT_TITLE, NULL, NULL, NULL, "2 1 3");
  assert_meetings (f, CROWN_SORT_LONGEST, NULL, NULL, NULL, "2 1 3");
  assert_meetings (f, CROWN_SORT_MOST_TASKS, NULL, NULL, NULL, "3 1 2");
  assert_meetings (f, CROWN_SORT_NEWEST, "2026-11-21T09:00:00Z", NULL, NULL, "3 2");
  assert_meetings (f, CROWN_SORT_NEWEST, NULL, "2026-11-21T09:00:00Z", NULL, "1");
  assert_meetings (f, CROWN_SORT_NEWEST, NULL, NULL, "anna", "3 1");
  assert_meetings (f, CROWN_SORT_NEWEST, NULL, NULL, "ANNA GROSS", "1");
  assert_meetings (f, CROWN_SORT_NEWEST, NULL, NULL, "Ben", "1"); /* neither in a title, nor the beginning of a name */
  assert_meetings (f, CROWN_SORT_NEWEST, NULL, NULL, "\" OR title : \"", "");
  assert_meetings (f, CROWN_SORT_NEWEST, NULL, NULL, "…", "");

  add_entry (outbox, CROWN_EVENT_SESSION_UPDATE, 2,
             "{\"updates\":{\"title\":\"Zebra\",\"duration\":400,\"task_count\":3,\"participants\":[\"Anna Groß\"]}}");
  assert_meetings (f, CROWN_SORT_NEWEST, NULL, NULL, NULL, "3 2 1");
  assert_meetings (f, CROWN_SORT_OLDEST, NULL, NULL, NULL, "1 2 3");
  assert_meetings (f, CROWN_SORT_TITLE, NULL, NULL, NULL, "1 3 2");
  assert_meetings (f, CROWN_SORT_LONGEST, NULL, NULL, NULL, "1 2 3");
  assert_meetings (f, CROWN_SORT_MOST_TASKS, NULL, NULL, NULL, "3 2 1");
  assert_meetings (f, CROWN_SORT_NEWEST, "2026-11-21T10:00:00Z", NULL, NULL, "3");
  assert_meetings (f, CROWN_SORT_NEWEST, "2026-11-21T09:00:00Z", "2026-11-22T00:00:00Z", NULL, "2");
  assert_meetings (f, CROWN_SORT_NEWEST, NULL, NULL, "Anna Groß", "2 1");
  assert_meetings (f, CROWN_SORT_NEWEST, NULL, NULL, "Benjamin", "");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define add(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  add ("/client/cache/lists", test_lists);
  add ("/client/cache/meetings", test_meetings);
  add ("/client/cache/merge", test_merge);
  add ("/client/cache/updates", test_updates_move_rows);
  add ("/client/cache/duplicates-and-gaps", test_duplicates_and_gaps);
  add ("/client/cache/tombstones", test_tombstones);
  add ("/client/cache/local-event-of-a-server", test_local_event_of_a_server);
  add ("/client/cache/all-or-nothing", test_batch_is_all_or_nothing);
  add ("/client/cache/digests", test_digests);
  add ("/client/cache/repairs", test_repairs);
  add ("/client/cache/snapshot", test_snapshot);
  add ("/client/cache/damage", test_damage);
  add ("/client/cache/damaged-row", test_damaged_row);
  add ("/client/cache/query-plans", test_query_plans);
  add ("/client/outbox/overlay", test_overlay);
  add ("/client/cache/people", test_people);
  add ("/client/outbox/settle", test_settle);

  return g_test_run ();
}
