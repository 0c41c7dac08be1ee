/* test-recovery.c: files of earlier and later versions, damaged ones, disks that are full or cannot be written, two writers
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "client/crown-cache-inspect.h"
#include "client/crown-cache-reader.h"
#include "client/crown-cache-upkeep.h"
#include "client/crown-cache.h"
#include "client/crown-client.h"
#include "client/crown-outbox.h"
#include "core/crown-json.h"
#include "simulation/sim-disk.h"
#include "storage/crown-backup.h"
#include "storage/crown-sqlite.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#define EPOCH     "6f9619ff-8b86-4011-b42d-00c04fc964ff"
#define N_TASKS   60
#define N_ENTRIES 40
#define N_FLIPS   150 /* places in a file, each in a copy of it */

/* The schemas as they were released. They are never edited: what a new migration has to open is in the files of people. */
static const char *const cache_schemas[] = {
  "CREATE TABLE meetings (id INTEGER PRIMARY KEY, title TEXT, status TEXT, created_at TEXT, duration INTEGER, summary TEXT,"
  " task_count INTEGER, participant_count INTEGER, archived INTEGER NOT NULL, sort_at TEXT NOT NULL, folded TEXT NOT NULL,"
  " row TEXT NOT NULL, _cached_at INTEGER NOT NULL, _checksum TEXT NOT NULL, last_accessed INTEGER NOT NULL DEFAULT 0) STRICT;"
  "CREATE INDEX meetings_order ON meetings (archived, sort_at DESC, id DESC);"
  "CREATE TABLE tasks (id INTEGER PRIMARY KEY, session_id INTEGER NOT NULL, text TEXT, status TEXT NOT NULL, priority TEXT,"
  " due_date TEXT, assignee TEXT, sort_due TEXT NOT NULL, line INTEGER NOT NULL, folded TEXT NOT NULL, row TEXT NOT NULL,"
  " _cached_at INTEGER NOT NULL, _checksum TEXT NOT NULL, last_accessed INTEGER NOT NULL DEFAULT 0) STRICT;"
  "CREATE INDEX tasks_order ON tasks (status DESC, sort_due, id DESC);"
  "CREATE INDEX tasks_session ON tasks (session_id, line, id);"
  "CREATE INDEX tasks_priority ON tasks (priority);"
  "CREATE TABLE analytics (session_id INTEGER PRIMARY KEY, updated_at TEXT, row TEXT NOT NULL, _cached_at INTEGER NOT NULL,"
  " _checksum TEXT NOT NULL, last_accessed INTEGER NOT NULL DEFAULT 0) STRICT;"
  "CREATE INDEX analytics_updated ON analytics (updated_at);"
  "CREATE TABLE sessions (external_session_id TEXT PRIMARY KEY NOT NULL, session_id INTEGER NOT NULL,"
  " last_accessed TEXT NOT NULL, _cached_at TEXT NOT NULL) STRICT, WITHOUT ROWID;"
  "CREATE INDEX sessions_session ON sessions (session_id);"
  "CREATE INDEX sessions_accessed ON sessions (last_accessed);"
  "CREATE TABLE metadata (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL, updated_at TEXT NOT NULL) STRICT, WITHOUT ROWID;"
  "CREATE TABLE transcripts (session_id INTEGER PRIMARY KEY, segments TEXT NOT NULL) STRICT;",
  "CREATE TABLE local_events (sequence INTEGER PRIMARY KEY, type TEXT NOT NULL, trace_id TEXT NOT NULL, data TEXT NOT NULL)"
  " STRICT;"
  "INSERT INTO metadata (key, value, updated_at) VALUES ('_local_epoch', '\"' || lower (hex (randomblob (4)) || '-' ||"
  " hex (randomblob (2)) || '-4' || substr (hex (randomblob (2)), 2) || '-' || substr ('89ab', 1 + (random () & 3), 1) ||"
  " substr (hex (randomblob (2)), 2) || '-' || hex (randomblob (6))) || '\"', '');",
  "CREATE VIRTUAL TABLE search_meetings USING fts5 (title, summary, people, "
  "content = '', prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2');"
  "CREATE VIRTUAL TABLE search_tasks USING fts5 (text, people, "
  "content = '', prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2');"
  "CREATE VIRTUAL TABLE search_lines USING fts5 (text, people, "
  "content = '', prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2');"
  "CREATE TABLE search_queue (store INTEGER NOT NULL, id INTEGER NOT NULL, indexed TEXT, PRIMARY KEY (store, id)) STRICT,"
  " WITHOUT ROWID;",
};

static const char *const outbox_schemas[] = {
  "CREATE TABLE entries (id INTEGER PRIMARY KEY AUTOINCREMENT, mutation_id TEXT NOT NULL UNIQUE, type TEXT NOT NULL,"
  " row_id INTEGER NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, body TEXT, overlay TEXT NOT NULL,"
  " attempts INTEGER NOT NULL DEFAULT 0, sent INTEGER NOT NULL DEFAULT 0, sequence INTEGER NOT NULL DEFAULT 0) STRICT;",
  "ALTER TABLE entries ADD COLUMN epoch TEXT NOT NULL DEFAULT '';",
  "ALTER TABLE entries ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE entries ADD COLUMN rejected TEXT;"
  "CREATE TABLE renamed (store TEXT NOT NULL, temporary INTEGER NOT NULL, id INTEGER NOT NULL,"
  " PRIMARY KEY (store, temporary)) STRICT, WITHOUT ROWID;",
};

/* What a file of the first schema has; `folded` as that version folded it. The checksums are those of the rows. */
#define OLD_ROWS \
  "INSERT INTO meetings (id, title, status, created_at, duration, summary, task_count, participant_count, archived, sort_at," \
  " folded, row, _cached_at, _checksum) VALUES (7, 'Élan', 'completed', '2026-11-20T10:00:00Z', 60, '', 1, 0, 0," \
  " '2026-11-20T10:00:00Z', 'élan', '%s', 1, '%s');" \
  "INSERT INTO tasks (id, session_id, text, status, sort_due, line, folded, row, _cached_at, _checksum) VALUES" \
  " (9, 7, 'Pay', 'pending', '9999-99-99', -1, 'pay', '%s', 1, '%s');" \
  "INSERT INTO metadata (key, value, updated_at) VALUES ('_state', '{\"epoch\":\"" EPOCH "\",\"sequence\":12," \
  "\"user_sequence\":3,\"quarantined\":0,\"unknown\":0,\"repairs\":0,\"digests\":{}}', '');"

static const char old_meeting[] = "{\"archived\":false,\"created_at\":\"2026-11-20T10:00:00Z\",\"duration\":60,\"id\":7,"
                                  "\"status\":\"completed\",\"title\":\"Élan\"}";
static const char old_task[] = "{\"id\":9,\"session_id\":7,\"status\":\"pending\",\"text\":\"Pay\"}";

static const char *program;

typedef struct {
  char   *folder;
  char   *cache;
  char   *outbox;
  GBytes *good; /* (nullable): what is damaged in each round */
} Fixture;

static void
set_up (Fixture       *f,
        gconstpointer  data)
{
  g_autoptr (GError) error = NULL;

  f->folder = g_dir_make_tmp ("crown-recovery-XXXXXX", &error);
  g_assert_no_error (error);
  f->cache = g_build_filename (f->folder, "cache.db", NULL);
  f->outbox = g_build_filename (f->folder, "outbox.db", NULL);
}

static void
empty_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        empty_folder (path);
      g_assert_cmpint (g_remove (path), ==, 0);
    }
}

static void
tear_down (Fixture       *f,
           gconstpointer  data)
{
  empty_folder (f->folder);
  g_assert_cmpint (g_rmdir (f->folder), ==, 0);
  g_clear_pointer (&f->good, g_bytes_unref);
  g_free (f->folder);
  g_free (f->cache);
  g_free (f->outbox);
}

/* Past what is tested: as another program would, with what SQLite itself has. */
static sqlite3 *
open_raw (const char *path)
{
  sqlite3 *db;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  return db;
}

static void
exec_raw (const char *path,
          const char *sql)
{
  sqlite3 *db = open_raw (path);
  char *message = NULL;

  sqlite3_exec (db, sql, NULL, NULL, &message);
  g_assert_cmpstr (message, ==, NULL);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
}

static char *
text_raw (const char *path,
          const char *sql)
{
  sqlite3 *db = open_raw (path);
  sqlite3_stmt *stmt;
  char *text;

  g_assert_cmpint (sqlite3_prepare_v2 (db, sql, -1, &stmt, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (stmt), ==, SQLITE_ROW);
  text = g_strdup ((const char *) sqlite3_column_text (stmt, 0));
  sqlite3_finalize (stmt);
  sqlite3_close (db);
  return text;
}

#define assert_text(path, sql, expected) \
  G_STMT_START { \
    g_autofree char *found = text_raw ((path), (sql)); \
    g_assert_cmpstr (found, ==, (expected)); \
  } G_STMT_END

static void
make_schema (const char        *path,
             const char *const *scripts,
             guint              version)
{
  g_autofree char *set_version = g_strdup_printf ("PRAGMA user_version = %u", version);

  exec_raw (path, "PRAGMA journal_mode = WAL");
  for (guint i = 0; i < version; i++)
    exec_raw (path, scripts[i]);
  exec_raw (path, set_version);
}

/* One copy, of before the migration. */
static void
assert_copied (Fixture *f,
               guint    version)
{
  g_autoptr (GPtrArray) backups = crown_backup_list (f->folder, NULL);
  g_autofree char *reason = g_strdup_printf ("schema-%u", version);
  g_autofree char *number = g_strdup_printf ("%u", version);
  g_autofree char *path = NULL;

  g_assert_cmpuint (backups->len, ==, version > 0 ? 1 : 0);
  if (version == 0)
    return;
  g_assert_cmpstr (((CrownBackup *) backups->pdata[0])->reason, ==, reason);
  path = g_build_filename (f->folder, "backups", ((CrownBackup *) backups->pdata[0])->name, NULL);
  assert_text (path, "PRAGMA user_version", number);
}

static const char SQL_SCHEMA[] =
  "SELECT group_concat (sql, ';') FROM (SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name)";

static CrownCache *
open_cache (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  CrownCache *cache = crown_cache_open (f->cache, 1, 42, &error);

  g_assert_no_error (error);
  return cache;
}

static CrownOutbox *
open_outbox (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  CrownOutbox *outbox = crown_outbox_open (f->outbox, &error);

  g_assert_no_error (error);
  return outbox;
}

static CrownCacheReader *
open_reader (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  CrownCacheReader *reader = crown_cache_reader_open (f->folder, &error);

  g_assert_no_error (error);
  return reader;
}

/* Versions */

static void
fill_old_cache (Fixture *f)
{
  char meeting_sum[CROWN_CHECKSUM_HEX_LENGTH + 1], task_sum[CROWN_CHECKSUM_HEX_LENGTH + 1];
  g_autofree char *sql = NULL;

  crown_checksum_bytes (old_meeting, strlen (old_meeting), meeting_sum);
  crown_checksum_bytes (old_task, strlen (old_task), task_sum);
  sql = g_strdup_printf (OLD_ROWS, old_meeting, meeting_sum, old_task, task_sum);
  exec_raw (f->cache, sql);
}

static void
test_earlier_caches (Fixture       *f,
                     gconstpointer  data)
{
  g_autofree char *fresh = NULL;

  for (guint version = 0; version <= G_N_ELEMENTS (cache_schemas); version++)
    {
      g_autoptr (CrownOutbox) outbox = open_outbox (f);
      g_autoptr (CrownCache) cache = NULL;
      g_autoptr (CrownCacheReader) reader = NULL;
      g_autoptr (JsonObject) row = NULL;
      g_autoptr (GPtrArray) hits = NULL;
      g_autofree char *canonical = NULL;
      g_autofree char *schema = NULL;
      g_autoptr (GError) error = NULL;
      CrownPosition position;

      if (version > 0)
        {
          make_schema (f->cache, cache_schemas, version);
          fill_old_cache (f);
        }
      cache = open_cache (f);
      schema = text_raw (f->cache, SQL_SCHEMA);
      if (version == 0)
        {
          g_autofree char *number = g_strdup_printf ("%u", (guint) G_N_ELEMENTS (cache_schemas));

          /* Whoever adds a migration adds its script here. */
          assert_text (f->cache, "PRAGMA user_version", number);
          fresh = g_strdup (schema);
        }
      else
        {
          g_assert_cmpstr (schema, ==, fresh);
          g_assert_true (crown_cache_get_position (cache, &position, NULL));
          g_assert_cmpstr (position.epoch, ==, EPOCH);
          g_assert_cmpuint (position.sequence, ==, 12);
          g_assert_cmpuint (position.user_sequence, ==, 3);
          reader = open_reader (f);
          row = crown_cache_reader_load_row (reader, CROWN_STORE_MEETINGS, 7, &error);
          g_assert_no_error (error);
          canonical = crown_json_object_to_string (row);
          g_assert_cmpstr (canonical, ==, old_meeting);
          hits = crown_cache_reader_search (reader, "elan", 10, &error);
          g_assert_no_error (error);
          g_assert_cmpuint (hits->len, ==, 1);
          g_clear_pointer (&hits, g_ptr_array_unref);
          hits = crown_cache_reader_search (reader, "pay", 10, &error);
          g_assert_cmpuint (hits->len, ==, 1);
        }
      if (version < G_N_ELEMENTS (cache_schemas))
        assert_copied (f, version);
      g_clear_pointer (&reader, crown_cache_reader_close);
      g_clear_pointer (&cache, crown_cache_close);
      g_clear_pointer (&outbox, crown_outbox_close);
      empty_folder (f->folder);
    }
}

static void
test_earlier_outboxes (Fixture       *f,
                       gconstpointer  data)
{
  g_autofree char *fresh = NULL;

  for (guint version = 0; version <= G_N_ELEMENTS (outbox_schemas); version++)
    {
      g_autoptr (CrownOutbox) outbox = NULL;
      g_autofree char *schema = NULL;

      if (version > 0)
        {
          make_schema (f->outbox, outbox_schemas, version);
          exec_raw (f->outbox, "INSERT INTO entries (id, mutation_id, type, row_id, method, path, body, overlay, attempts, sent,"
                    " sequence) VALUES (5, '" EPOCH "', 'TASK_UPDATE', 9, 'PATCH', '/tasks/9', '{\"text\":\"Pay\"}',"
                    " '{\"task_id\":9,\"updates\":{\"text\":\"Pay\"}}', 2, 1, 11)");
        }
      outbox = open_outbox (f);
      schema = text_raw (f->outbox, SQL_SCHEMA);
      if (version == 0)
        {
          g_autofree char *number = g_strdup_printf ("%u", (guint) G_N_ELEMENTS (outbox_schemas));

          assert_text (f->outbox, "PRAGMA user_version", number);
          fresh = g_strdup (schema);
        }
      else
        {
          g_autoptr (GPtrArray) entries = crown_outbox_list (outbox, NULL);
          const CrownOutboxEntry *entry;

          g_assert_cmpstr (schema, ==, fresh);
          g_assert_cmpuint (entries->len, ==, 1);
          entry = entries->pdata[0];
          g_assert_cmpint (entry->id, ==, 5);
          g_assert_cmpstr (entry->mutation_id, ==, EPOCH);
          g_assert_cmpstr (entry->path, ==, "/tasks/9");
          g_assert_cmpuint (entry->attempts, ==, 2);
          g_assert_true (entry->sent);
          g_assert_cmpuint (entry->sequence, ==, 11);
        }
      if (version < G_N_ELEMENTS (outbox_schemas))
        assert_copied (f, version);
      g_clear_pointer (&outbox, crown_outbox_close);
      empty_folder (f->folder);
    }
}

static JsonObject *
make_task (gint64 id)
{
  JsonObject *row = json_object_new ();
  g_autofree char *text = g_strdup_printf ("Task %" G_GINT64_FORMAT ": %0200d", id, 0);

  json_object_set_int_member (row, "id", id);
  json_object_set_int_member (row, "session_id", 1);
  json_object_set_string_member (row, "status", id % 3 == 0 ? "completed" : "pending");
  json_object_set_string_member (row, "text", text);
  return row;
}

static void
load_snapshot (CrownCache *cache)
{
  g_autoptr (JsonObject) snapshot = json_object_new ();
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);
  JsonObject *stores = json_object_new ();
  JsonArray *tasks = json_array_new ();
  g_autoptr (GError) error = NULL;

  for (gint64 id = 1; id <= N_TASKS; id++)
    json_array_add_object_element (tasks, make_task (id));
  json_object_set_array_member (stores, "tasks", tasks);
  json_object_set_string_member (snapshot, "epoch", EPOCH);
  json_object_set_int_member (snapshot, "sequence", 1);
  json_object_set_object_member (snapshot, "stores", stores);
  g_assert_true (crown_cache_load_snapshot (cache, snapshot, changes, &error));
  g_assert_no_error (error);
}

static void
make_cache (Fixture *f)
{
  g_autoptr (CrownOutbox) outbox = open_outbox (f);
  g_autoptr (CrownCache) cache = open_cache (f);

  load_snapshot (cache);
}

typedef struct {
  char    *message;
  gboolean changed;
} Heard;

static void
on_rejected (CrownClient *client,
             const char  *what,
             const char  *message,
             Heard       *heard)
{
  if (heard->message == NULL)
    heard->message = g_strdup (message);
}

static void
on_changed (CrownClient          *client,
            const CrownChangeSet *changes,
            Heard                *heard)
{
  heard->changed = TRUE;
}

static guint
count_tasks (CrownClient *client)
{
  const CrownQuery query = { CROWN_QUERY_TASKS, 0, NULL, NULL };
  g_autoptr (GArray) ids = crown_client_query_ids (client, &query, NULL);

  return ids != NULL ? ids->len : 0;
}

/* Left as it is, read as far as it can be, and the person is told. */
static void
test_later (Fixture       *f,
            gconstpointer  data)
{
  const char *const paths[] = { f->cache, f->outbox };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (CrownClient) client = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (CrownTask) task = NULL;
      Heard heard = { NULL, FALSE };

      make_cache (f);
      exec_raw (paths[i], "PRAGMA user_version = 99");
      client = crown_client_new (f->folder, 1, 42, &error);
      g_assert_no_error (error);
      g_signal_connect (client, "rejected", G_CALLBACK (on_rejected), &heard);
      while (heard.message == NULL)
        g_main_context_iteration (NULL, TRUE);
      g_assert_nonnull (strstr (heard.message, "newer version"));
      g_assert_cmpint (crown_client_get_state (client), ==, CROWN_CLIENT_STOPPED);
      g_assert_cmpuint (count_tasks (client), ==, N_TASKS);
      task = crown_client_load_task (client, 5, &error);
      g_assert_nonnull (task);
      crown_client_close (client);
      assert_text (paths[i], "PRAGMA user_version", "99");
      g_clear_pointer (&heard.message, g_free);
      empty_folder (f->folder);
    }
}

/* Damage */

static void
write_file (const char *path,
            GBytes     *content)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, g_bytes_get_data (content, NULL), (gssize) g_bytes_get_size (content), &error));
  g_assert_no_error (error);
}

static GBytes *
read_file (const char *path)
{
  g_autoptr (GError) error = NULL;
  char *content;
  gsize length;

  g_assert_true (g_file_get_contents (path, &content, &length, &error));
  g_assert_no_error (error);
  return g_bytes_new_take (content, length);
}

/* In each round another: nothing, bytes in the file, its end, all of it. Returns: (transfer full) */
static GBytes *
damage (GBytes *good,
        guint   round,
        GRand  *rand)
{
  gsize length;
  const guint8 *from = g_bytes_get_data (good, &length);
  guint8 *content = g_memdup2 (from, length);
  gsize left = length;

  if (round < N_FLIPS)
    {
      gsize at = (gsize) (g_rand_double (rand) * (double) length);
      gsize n = MIN ((gsize) g_rand_int_range (rand, 1, 40), length - at);

      for (gsize i = 0; i < n; i++)
        content[at + i] ^= (guint8) g_rand_int_range (rand, 1, 256);
    }
  else if (round < N_FLIPS + N_FLIPS / 3)
    {
      left = (gsize) (g_rand_double (rand) * (double) length);
    }
  else
    {
      for (gsize i = 0; i < length; i++)
        content[i] = (guint8) g_rand_int (rand);
    }
  return g_bytes_new_take (content, left);
}

#define N_ROUNDS (N_FLIPS + N_FLIPS / 3 + 2)

/* Whatever was done to the file: a row is given as it was, or not at all. Returns: how many are given */
static guint
check_rows (Fixture *f)
{
  g_autoptr (CrownCacheReader) reader = open_reader (f);
  guint n = 0;

  for (gint64 id = 1; id <= N_TASKS; id++)
    {
      g_autoptr (JsonObject) row = crown_cache_reader_load_row (reader, CROWN_STORE_TASKS, id, NULL);
      g_autoptr (JsonObject) expected = make_task (id);
      g_autofree char *found_text = row != NULL ? crown_json_object_to_string (row) : NULL;
      g_autofree char *text = crown_json_object_to_string (expected);

      if (row == NULL)
        continue;
      g_assert_cmpstr (found_text, ==, text);
      n++;
    }
  return n;
}

static gboolean
is_aside (const char *path,
          GBytes     *damaged)
{
  g_autofree char *aside = g_strconcat (path, ".damaged-1", NULL);
  g_autoptr (GBytes) content = NULL;

  if (!g_file_test (aside, G_FILE_TEST_EXISTS))
    return FALSE;
  content = read_file (aside);
  g_assert_true (g_bytes_equal (content, damaged) || g_bytes_get_size (content) > 0);
  return TRUE;
}

/* Hundreds of files are damaged here, and each is a message. */
static GLogWriterOutput
write_log (GLogLevelFlags   level,
           const GLogField *fields,
           gsize            n_fields,
           gpointer         user_data)
{
  return level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL) ? g_log_writer_default (level, fields, n_fields, user_data)
                                                            : G_LOG_WRITER_HANDLED;
}

static void
test_damaged_caches (Fixture       *f,
                     gconstpointer  data)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (20261125);
  guint n_aside = 0, n_rows = 0;

  make_cache (f);
  f->good = read_file (f->cache);
  for (guint round = 0; round < N_ROUNDS; round++)
    {
      g_autoptr (GBytes) damaged = damage (f->good, round, rand);
      g_autoptr (CrownOutbox) outbox = NULL;
      g_autoptr (CrownCache) cache = NULL;
      g_autoptr (GError) error = NULL;
      g_autofree char *report = NULL;

      empty_folder (f->folder);
      outbox = open_outbox (f);
      write_file (f->cache, damaged);
      cache = open_cache (f);
      /* What the daily look finds, and what the engine does then. */
      if (!crown_cache_check (cache, NULL))
        {
          g_assert_true (crown_cache_is_damaged (cache));
          cache = crown_cache_reopen (g_steal_pointer (&cache), &error);
          g_assert_no_error (error);
        }
      g_assert_true (crown_cache_check (cache, NULL));
      n_rows += check_rows (f);
      n_aside += is_aside (f->cache, damaged) ? 1 : 0;
      load_snapshot (cache);
      g_assert_cmpuint (check_rows (f), ==, N_TASKS);
      crown_cache_inspect_verify (f->folder, &report, &error);
      g_assert_no_error (error);
    }
  /* Many flips are in a row, whose own checksum tells, or where there is nothing. */
  g_test_message ("%u of %u files were set aside, %u rows could be read", n_aside, N_ROUNDS, n_rows);
  g_assert_cmpuint (n_aside, >, N_FLIPS / 3);
  g_assert_cmpuint (n_rows, >, 0);
}

/* A log that is gone takes what was in it along, and nothing else. */
static void
test_log_is_gone (Fixture       *f,
                  gconstpointer  data)
{
  g_autofree char *log = g_strconcat (f->cache, "-wal", NULL);
  g_autofree char *index = g_strconcat (f->cache, "-shm", NULL);
  g_autoptr (CrownOutbox) outbox = open_outbox (f);
  g_autoptr (CrownCache) cache = open_cache (f);
  g_autoptr (GBytes) content = NULL;
  g_autoptr (GBytes) log_content = NULL;

  load_snapshot (cache);
  content = read_file (f->cache);
  log_content = read_file (log);
  g_assert_cmpuint (g_bytes_get_size (log_content), >, 0);
  g_clear_pointer (&cache, crown_cache_close);
  g_unlink (log);
  g_unlink (index);
  write_file (f->cache, content);
  cache = open_cache (f);
  g_assert_true (crown_cache_check (cache, NULL));
  g_assert_cmpuint (check_rows (f), <=, N_TASKS);
  load_snapshot (cache);
  g_assert_cmpuint (check_rows (f), ==, N_TASKS);
}

static CrownOutboxEntry *
make_entry (guint number)
{
  CrownOutboxEntry *entry = g_new0 (CrownOutboxEntry, 1);
  g_autofree char *text = g_strdup_printf ("Task %u: %0300d", number, 0);
  JsonObject *updates = json_object_new ();

  json_object_set_string_member (updates, "text", text);
  entry->type = CROWN_EVENT_TASK_UPDATE;
  entry->row_id = number;
  entry->method = g_strdup ("PATCH");
  entry->path = g_strdup_printf ("/tasks/%u", number);
  entry->body = json_object_ref (updates);
  entry->overlay = json_object_new ();
  json_object_set_int_member (entry->overlay, "task_id", number);
  json_object_set_object_member (entry->overlay, "updates", updates);
  return entry;
}

static void
add_entries (CrownOutbox *outbox,
             guint        n)
{
  for (guint i = 1; i <= n; i++)
    {
      g_autoptr (CrownOutboxEntry) entry = make_entry (i);
      g_autoptr (GError) error = NULL;

      g_assert_true (crown_outbox_add (outbox, entry, &error));
      g_assert_no_error (error);
    }
}

static void
test_damaged_outboxes (Fixture       *f,
                       gconstpointer  data)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (20261125);
  guint n_aside = 0, n_entries = 0;

  {
    g_autoptr (CrownOutbox) outbox = open_outbox (f);

    add_entries (outbox, N_ENTRIES);
  }
  f->good = read_file (f->outbox);
  for (guint round = 0; round < N_ROUNDS; round++)
    {
      g_autoptr (GBytes) damaged = damage (f->good, round, rand);
      g_autoptr (CrownOutbox) outbox = NULL;
      g_autoptr (GPtrArray) entries = NULL;
      g_autoptr (CrownOutboxEntry) more = make_entry (99);
      g_autoptr (GError) error = NULL;
      gint64 last = 0;

      empty_folder (f->folder);
      write_file (f->outbox, damaged);
      outbox = open_outbox (f);
      entries = crown_outbox_list (outbox, &error);
      g_assert_no_error (error);
      for (guint i = 0; i < entries->len; i++)
        {
          const CrownOutboxEntry *entry = entries->pdata[i];

          g_assert_cmpint (entry->id, >, last);
          last = entry->id;
        }
      n_entries += entries->len;
      n_aside += is_aside (f->outbox, damaged) ? 1 : 0;
      g_assert_true (crown_outbox_add (outbox, more, &error));
      g_assert_no_error (error);
      g_assert_false (crown_outbox_is_damaged (outbox));
    }
  g_test_message ("%u of %u files were set aside, %u of %u entries could be read", n_aside, N_ROUNDS, n_entries,
                  N_ROUNDS * N_ENTRIES);
  g_assert_cmpuint (n_aside, >, N_FLIPS / 3);
  g_assert_cmpuint (n_entries, >, N_ROUNDS * N_ENTRIES / 2);
}

/* One page of the entries is gone: those before and behind it are there, in a fresh file with their numbers. */
static void
test_salvage (Fixture       *f,
              gconstpointer  data)
{
  g_autoptr (CrownOutbox) outbox = open_outbox (f);
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GBytes) content = NULL;
  g_autofree guint8 *bytes = NULL;
  const char *place;
  gsize length;

  add_entries (outbox, 200);
  g_clear_pointer (&outbox, crown_outbox_close);
  content = read_file (f->outbox);
  bytes = g_memdup2 (g_bytes_get_data (content, &length), g_bytes_get_size (content));
  place = g_strstr_len ((const char *) bytes, (gssize) length, "SQLite format 3");
  g_assert_nonnull (place);
  for (gsize at = 0; at + 16 < length; at++)
    if (memcmp (bytes + at, "Task 100: ", 10) == 0)
      {
        memset (bytes + at / 4096 * 4096, 0xff, 4096);
        break;
      }
  g_clear_pointer (&content, g_bytes_unref);
  content = g_bytes_new (bytes, length);
  write_file (f->outbox, content);
  outbox = open_outbox (f);
  entries = crown_outbox_list (outbox, NULL);
  g_assert_cmpuint (entries->len, >, 180);
  g_assert_cmpuint (entries->len, <, 200);
  g_assert_cmpint (((CrownOutboxEntry *) entries->pdata[0])->id, ==, 1);
  g_assert_cmpint (((CrownOutboxEntry *) entries->pdata[entries->len - 1])->id, ==, 200);
  for (guint i = 0; i < entries->len; i++)
    {
      const CrownOutboxEntry *entry = entries->pdata[i];

      g_assert_cmpint (entry->id, ==, entry->row_id);
      g_assert_true (g_uuid_string_is_valid (entry->mutation_id));
    }
}

/* While the program runs: whoever reads finds it, the engine sets it aside, and the reader goes on in the fresh file. */
static void
test_damage_is_met (Fixture       *f,
                    gconstpointer  data)
{
  g_autoptr (CrownClient) client = NULL;
  g_autofree char *aside = g_strconcat (f->cache, ".damaged-1", NULL);
  g_autoptr (GBytes) content = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *bytes = NULL;
  Heard heard = { NULL, FALSE };
  gsize length;

  make_cache (f);
  content = read_file (f->cache);
  bytes = g_memdup2 (g_bytes_get_data (content, &length), g_bytes_get_size (content));
  for (gsize page = 8192; page < length; page += 8192)
    for (gsize at = page; at + 10 < page + 8192; at++)
      if (memcmp (bytes + at, "{\"id\":", 6) == 0)
        {
          memset (bytes + page, 0x7f, 8192);
          break;
        }
  g_clear_pointer (&content, g_bytes_unref);
  content = g_bytes_new (bytes, length);
  write_file (f->cache, content);

  client = crown_client_new (f->folder, 1, 42, &error);
  g_assert_no_error (error);
  g_signal_connect (client, "changed", G_CALLBACK (on_changed), &heard);
  for (gint64 id = 1; id <= N_TASKS; id++)
    {
      g_autoptr (CrownTask) task = crown_client_load_task (client, id, NULL);

      g_assert_null (task);
    }
  while (!heard.changed)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (g_file_test (aside, G_FILE_TEST_EXISTS));
  g_assert_cmpuint (count_tasks (client), ==, 0);
  crown_client_close (client);
}

/* Disks */

static void
put_task (CrownCache *cache,
          gint64      id,
          GError    **error)
{
  g_autoptr (JsonObject) row = make_task (id);
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);

  crown_cache_put_row (cache, CROWN_STORE_TASKS, id, row, changes, error);
}

static void
test_full_disk (Fixture       *f,
                gconstpointer  data)
{
  SimDisk *disk = sim_disk_new (f->folder);
  g_autoptr (CrownOutbox) outbox = NULL;
  g_autoptr (CrownCache) cache = NULL;
  g_autoptr (CrownOutboxEntry) entry = make_entry (1);
  g_autoptr (GError) error = NULL;

  make_cache (f);
  outbox = open_outbox (f);
  cache = open_cache (f);
  disk->full = TRUE;
  put_task (cache, N_TASKS + 1, &error);
  g_assert_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_FULL);
  g_clear_error (&error);
  g_assert_false (crown_outbox_add (outbox, entry, &error));
  g_assert_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_FULL);
  g_clear_error (&error);
  g_assert_cmpuint (check_rows (f), ==, N_TASKS);
  g_assert_false (crown_cache_keep (cache, NULL, &error));
  g_assert_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_FULL);
  g_clear_error (&error);
  g_assert_false (crown_cache_is_damaged (cache));
  g_assert_false (crown_outbox_is_damaged (outbox));

  disk->full = FALSE;
  put_task (cache, N_TASKS + 1, &error);
  g_assert_no_error (error);
  g_assert_true (crown_outbox_add (outbox, entry, &error));
  g_assert_no_error (error);
  g_clear_pointer (&cache, crown_cache_close);
  g_clear_pointer (&outbox, crown_outbox_close);
  sim_disk_free (disk);
}

/* In a process of its own, as somebody who may not write: for root every disk can be written. */
static void
read_only_child (const char *folder)
{
  g_autoptr (CrownClient) client = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownTask) task = NULL;
  Heard heard = { NULL, FALSE };

  if (geteuid () == 0)
    g_assert_cmpint (setuid (65534), ==, 0);
  client = crown_client_new (folder, 1, 42, &error);
  g_assert_no_error (error);
  g_signal_connect (client, "rejected", G_CALLBACK (on_rejected), &heard);
  g_assert_cmpuint (count_tasks (client), ==, N_TASKS);
  task = crown_client_load_task (client, 5, &error);
  g_assert_no_error (error);
  g_assert_nonnull (task);
  while (heard.message == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (crown_client_get_state (client), ==, CROWN_CLIENT_STOPPED);
  g_assert_cmpuint (count_tasks (client), ==, N_TASKS);
  crown_client_close (client);
}

static void
run_child (const char *mode,
           const char *folder,
           guint       n)
{
  g_autoptr (GPtrArray) children = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < n; i++)
    {
      g_ptr_array_add (children, g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error, program, mode, folder, NULL));
      g_assert_no_error (error);
    }
  for (guint i = 0; i < n; i++)
    {
      g_assert_true (g_subprocess_wait_check (children->pdata[i], NULL, &error));
      g_assert_no_error (error);
    }
}

static void
test_read_only_disk (Fixture       *f,
                     gconstpointer  data)
{
  make_cache (f);
  if (geteuid () == 0)
    {
      g_assert_cmpint (chown (f->folder, 65534, 65534), ==, 0);
      g_assert_cmpint (chown (f->cache, 65534, 65534), ==, 0);
      g_assert_cmpint (chown (f->outbox, 65534, 65534), ==, 0);
    }
  g_assert_cmpint (g_chmod (f->cache, 0400), ==, 0);
  g_assert_cmpint (g_chmod (f->outbox, 0400), ==, 0);
  g_assert_cmpint (g_chmod (f->folder, 0500), ==, 0);
  run_child ("--read-only", f->folder, 1);
  g_assert_cmpint (g_chmod (f->folder, 0700), ==, 0);
}

static void
writing_child (const char *folder)
{
  Fixture f = { NULL, g_build_filename (folder, "cache.db", NULL), g_build_filename (folder, "outbox.db", NULL), NULL };
  g_autoptr (CrownOutbox) outbox = open_outbox (&f);
  g_autoptr (CrownCache) cache = open_cache (&f);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 10; i++)
    {
      add_entries (outbox, N_ENTRIES / 10);
      load_snapshot (cache);
      put_task (cache, 1 + i, &error);
      g_assert_no_error (error);
    }
  g_free (f.cache);
  g_free (f.outbox);
}

static void
test_two_writers (Fixture       *f,
                  gconstpointer  data)
{
  g_autoptr (CrownOutbox) outbox = NULL;
  g_autoptr (CrownCache) cache = NULL;
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GError) error = NULL;

  run_child ("--write", f->folder, 2); /* both make the files, too */
  outbox = open_outbox (f);
  entries = crown_outbox_list (outbox, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (entries->len, ==, 2 * N_ENTRIES);
  cache = open_cache (f);
  crown_cache_check (cache, &error);
  g_assert_no_error (error);
  assert_text (f->cache, "SELECT count (*) FROM tasks", G_STRINGIFY (N_TASKS));
}

#define add(path, func) g_test_add ("/client/recovery/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int   argc,
      char *argv[])
{
  program = argv[0];
  sim_disk_init ();
  g_log_set_writer_func (write_log, NULL, NULL);
  if (argc == 3 && strcmp (argv[1], "--read-only") == 0)
    {
      read_only_child (argv[2]);
      return 0;
    }
  if (argc == 3 && strcmp (argv[1], "--write") == 0)
    {
      writing_child (argv[2]);
      return 0;
    }
  g_test_init (&argc, &argv, NULL);

  add ("earlier-caches", test_earlier_caches);
  add ("earlier-outboxes", test_earlier_outboxes);
  add ("later", test_later);
  add ("damaged-caches", test_damaged_caches);
  add ("log-is-gone", test_log_is_gone);
  add ("damaged-outboxes", test_damaged_outboxes);
  add ("salvage", test_salvage);
  add ("damage-is-met", test_damage_is_met);
  add ("full-disk", test_full_disk);
  add ("read-only-disk", test_read_only_disk);
  add ("two-writers", test_two_writers);

  return g_test_run ();
}
