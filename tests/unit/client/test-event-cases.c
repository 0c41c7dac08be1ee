/* test-event-cases.c: what every type of event makes of a cache's rows
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "../event-cases.h"

#include "client/crown-cache.h"
#include "client/crown-local-stream.h"
#include "storage/crown-sqlite.h"

#include <glib/gstdio.h>
#include <string.h>

#define EPOCH "6f9619ff-8b86-4011-b42d-00c04fc964ff"

typedef struct {
  char       *folder;
  char       *path;
  CrownCache *cache;
} Fixture;

static GString *said;

static void
set_up (Fixture       *f,
        gconstpointer  data)
{
  g_autoptr (GError) error = NULL;

  f->folder = g_dir_make_tmp ("crown-cases-XXXXXX", &error);
  g_assert_no_error (error);
  f->path = g_build_filename (f->folder, "cache.db", NULL);
  f->cache = crown_cache_open (f->path, CASE_WORKSPACE, CASE_USER, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture       *f,
           gconstpointer  data)
{
  static const char *const names[] = { "cache.db", "cache.db-wal", "cache.db-shm" };

  g_clear_pointer (&f->cache, crown_cache_close);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (f->folder, names[i], NULL);

      g_unlink (path);
    }
  g_assert_cmpint (g_rmdir (f->folder), ==, 0);
  g_free (f->folder);
  g_free (f->path);
}

/* Metadata have no way in but events, so they are put into the file. */
static void
put_metadata (Fixture       *f,
              const CaseRow *row)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = crown_json_parse_object (row->row, -1, &error);
  g_autoptr (CrownSqlite) db = crown_sqlite_open (f->path, CROWN_SQLITE_READ_WRITE, &error);
  g_autofree char *value = crown_json_to_string (json_object_get_member (object, "value"));
  CrownSqliteStatement *stmt =
    crown_sqlite_prepare (db, "put", "INSERT INTO metadata (key, value, updated_at) VALUES (?1, ?2, ?3)", &error);

  g_assert_no_error (error);
  crown_sqlite_bind_text (stmt, 1, row->id, -1);
  crown_sqlite_bind_text (stmt, 2, value, -1);
  crown_sqlite_bind_text (stmt, 3, crown_json_opt_string (object, "updated_at", ""), -1);
  g_assert_true (crown_sqlite_run (stmt, &error));
}

static void
put_rows (Fixture         *f,
          const EventCase *event)
{
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (CASE_WORKSPACE);

  for (guint i = 0; i < CASE_ROWS_MAX && event->before[i].row != NULL; i++)
    {
      const CaseRow *row = &event->before[i];
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) object = crown_json_parse_object (row->row, -1, &error);

      g_assert_no_error (error);
      if (row->store == CROWN_STORE_METADATA)
        put_metadata (f, row);
      else if (row->store != CROWN_STORE_SESSIONS) /* they come with their meetings */
        g_assert_true (crown_cache_put_row (f->cache, row->store, g_ascii_strtoll (row->id, NULL, 10), object, changes, &error));
      g_assert_no_error (error);
    }
}

static CrownEnvelope *
make_event (const EventCase *event,
            guint64          sequence,
            JsonObject      *data)
{
  CrownEnvelope *envelope = crown_envelope_new (event->type);

  envelope->sequence = sequence;
  envelope->workspace_id = CASE_WORKSPACE;
  envelope->stream = g_strdup (event->stream);
  envelope->epoch = g_strdup (EPOCH);
  envelope->timestamp = g_strdup (AT);
  envelope->data = json_object_ref (data);
  return envelope;
}

static gboolean
apply (Fixture        *f,
       CrownEnvelope  *envelope, /* (transfer full) */
       GError        **error)
{
  g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_envelope_unref);
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (CASE_WORKSPACE);

  g_ptr_array_add (batch, envelope);
  return crown_cache_apply (f->cache, batch, changes, NULL, error);
}

/* Rows are canonical as they are stored; of metadata, which have no checksum here, only what they say counts. */
static void
append_metadata (CrownSqlite *db,
                 GString     *out)
{
  g_autoptr (GError) error = NULL;
  CrownSqliteStatement *stmt =
    crown_sqlite_prepare (db, "metadata", "SELECT key, json_object ('key', key, 'updated_at', updated_at, 'value', json (value))"
                          " FROM metadata WHERE substr (key, 1, 1) <> '_' ORDER BY key", &error);
  int step;

  g_assert_no_error (error);
  while ((step = crown_sqlite_step (stmt, &error)) == 1)
    {
      g_autoptr (JsonObject) row = crown_json_parse_object (crown_sqlite_column_text (stmt, 1), -1, &error);

      g_assert_no_error (error);
      g_string_append_printf (out, "metadata %s ", crown_sqlite_column_text (stmt, 0));
      g_assert_true (crown_json_canonicalize_object (row, FALSE, out, &error));
      g_string_append_c (out, '\n');
    }
  g_assert_no_error (error);
  crown_sqlite_reset (stmt);
}

static void
append_rows (CrownSqlite *db,
             const char  *store,
             const char  *sql,
             GString     *out)
{
  g_autoptr (GError) error = NULL;
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, store, sql, &error);
  int step;

  g_assert_no_error (error);
  while ((step = crown_sqlite_step (stmt, &error)) == 1)
    g_string_append_printf (out, "%s %s %s\n", store, crown_sqlite_column_text (stmt, 0), crown_sqlite_column_text (stmt, 1));
  g_assert_no_error (error);
  crown_sqlite_reset (stmt);
}

static void
assert_rows (Fixture       *f,
             const CaseRow  expected[CASE_ROWS_MAX])
{
  g_autofree char *wanted = event_case_describe (expected, TRUE);
  g_autoptr (GString) found = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownSqlite) db = crown_sqlite_open (f->path, CROWN_SQLITE_READ_ONLY, &error);

  g_assert_no_error (error);
  append_rows (db, "meetings", "SELECT id, row FROM meetings ORDER BY id", found);
  append_rows (db, "analytics", "SELECT session_id, row FROM analytics ORDER BY session_id", found);
  append_rows (db, "tasks", "SELECT id, row FROM tasks ORDER BY id", found);
  append_rows (db, "sessions", "SELECT external_session_id, json_object ('external_session_id', external_session_id,"
               " 'session_id', session_id) FROM sessions ORDER BY session_id", found);
  append_metadata (db, found);
  g_assert_cmpstr (found->str, ==, wanted);
}

static CrownEnvelope *
emit_local (Fixture         *f,
            const EventCase *event,
            JsonObject      *payload,
            GError         **error)
{
  g_autoptr (CrownLocalStream) stream = crown_local_stream_open (f->path, CASE_WORKSPACE, CASE_USER, NULL, error);
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (CASE_WORKSPACE);

  g_assert_nonnull (stream);
  return crown_local_stream_emit (stream, event->type, payload, changes, error);
}

static gint64
count_quarantined (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownSqlite) db = crown_sqlite_open (f->path, CROWN_SQLITE_READ_ONLY, &error);
  g_autoptr (GString) state = g_string_new (NULL);
  g_autoptr (JsonObject) object = NULL;

  append_rows (db, "", "SELECT '', value FROM metadata WHERE key = '_state'", state);
  object = crown_json_parse_object (g_strstrip (state->str), -1, &error);
  g_assert_no_error (error);
  return crown_json_opt_int (object, "quarantined", -1);
}

static guint64
position_of (Fixture         *f,
             const EventCase *event)
{
  CrownPosition position;

  g_assert_true (crown_cache_get_position (f->cache, &position, NULL));
  return g_str_has_prefix (event->stream, "user_") ? position.user_sequence : position.sequence;
}

static void
test_case (Fixture       *f,
           gconstpointer  data)
{
  const EventCase *event = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) payload = crown_json_parse_object (event->payload, -1, &error);

  g_assert_no_error (error);
  put_rows (f, event);
  if (crown_event_info (event->type)->scope == CROWN_SCOPE_LOCAL)
    {
      /* No server sends it. */
      g_assert_false (apply (f, make_event (event, 1, payload), &error));
      g_assert_error (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_ENVELOPE);
      g_clear_error (&error);
      assert_rows (f, event->before);

      g_autoptr (CrownEnvelope) envelope = emit_local (f, event, payload, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (envelope->stream, ==, event->stream);
      assert_rows (f, event->cached);
      return;
    }
  g_assert_true (apply (f, make_event (event, 1, payload), &error));
  g_assert_no_error (error);
  assert_rows (f, event->cache_differs ? event->cached : event->after);
  g_assert_cmpint (count_quarantined (f), ==, 0);
  g_assert_cmpuint (position_of (f, event), ==, 1);
}

/* The rows stay, the position goes on, it is counted, and the log says which member it is. */
static void
test_refused (Fixture       *f,
              gconstpointer  data)
{
  const EventCase *event = data;
  guint64 sequence = 0;

  put_rows (f, event);
  for (guint i = 0; i < CASE_REFUSED_MAX && event->refused[i].member != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) payload = event_case_spoil (event, &event->refused[i]);
      g_autofree char *says = event_case_says (event, &event->refused[i]);

      g_string_truncate (said, 0);
      if (crown_event_info (event->type)->scope == CROWN_SCOPE_LOCAL)
        {
          g_assert_null (emit_local (f, event, payload, &error));
          g_assert_error (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_PAYLOAD);
          g_string_assign (said, error->message);
        }
      else
        {
          g_assert_true (apply (f, make_event (event, ++sequence, payload), &error));
          g_assert_no_error (error);
          g_assert_cmpint (count_quarantined (f), ==, (gint64) sequence);
          g_assert_cmpuint (position_of (f, event), ==, sequence);
        }
      if (strstr (said->str, says) == NULL)
        g_error ("“%s” and not “%s…”", said->str, says);
      assert_rows (f, event->before);
    }
}

static GLogWriterOutput
keep_what_is_said (GLogLevelFlags   level,
                   const GLogField *fields,
                   gsize            n_fields,
                   gpointer         unused)
{
  if ((level & G_LOG_LEVEL_MESSAGE) == 0)
    return g_log_writer_default (level, fields, n_fields, unused);
  for (gsize i = 0; i < n_fields; i++)
    if (strcmp (fields[i].key, "MESSAGE") == 0)
      g_string_append_printf (said, "%s\n", (const char *) fields[i].value);
  return G_LOG_WRITER_HANDLED;
}

int
main (int    argc,
      char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  said = g_string_new (NULL);
  g_log_set_writer_func (keep_what_is_said, NULL, NULL);
  g_test_add_func ("/client/event-cases/complete", event_cases_assert_complete);
  for (guint i = 0; i < G_N_ELEMENTS (event_cases); i++)
    {
      const char *name = crown_event_info (event_cases[i].type)->name;
      g_autofree char *applied = g_strdup_printf ("/client/event-cases/applied/%s-%u", name, i);
      g_autofree char *refused = g_strdup_printf ("/client/event-cases/refused/%s-%u", name, i);

      g_test_add (applied, Fixture, &event_cases[i], set_up, test_case, tear_down);
      if (event_cases[i].refused[0].member != NULL)
        g_test_add (refused, Fixture, &event_cases[i], set_up, test_refused, tear_down);
    }

  status = g_test_run ();
  g_string_free (said, TRUE);
  return status;
}
