/* server-fixture.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "crown-config.h"

#include "server-fixture.h"

#include <glib/gstdio.h>

#include "core/crown-json.h"
#include "server/crown-sqlite-ledger-private.h"
#include "storage/crown-sqlite.h"

#ifdef CROWN_HAVE_POSTGRESQL
#include "postgres-fixture.h"
#include "server/crown-postgres-ledger-private.h"
#endif

const char SERVER_FIXTURE_POSTGRESQL[] = "postgresql";

static gint64
now_us (gpointer user_data)
{
  ServerFixture *self = user_data;

  return self->now_us += self->step_us;
}

static gint64
monotonic_us (gpointer user_data)
{
  ServerFixture *self = user_data;

  return self->now_us;
}

void
server_fixture_set_up (ServerFixture *self,
                       gconstpointer  kind)
{
  g_autoptr (GError) error = NULL;

  self->folder = g_dir_make_tmp ("crown-server-XXXXXX", &error);
  g_assert_no_error (error);
  self->path = g_build_filename (self->folder, "ledger.db", NULL);
#ifdef CROWN_HAVE_POSTGRESQL
  if (kind == SERVER_FIXTURE_POSTGRESQL)
    self->uri = postgres_fixture_new_database ();
#endif
  if (self->uri == NULL)
    self->uri = g_strconcat ("sqlite:", self->path, NULL);
  self->ledger = crown_event_ledger_open (self->uri, &error);
  g_assert_no_error (error);
  /* More than a second a write, so that each has its DASHBOARD_REFRESH. */
  self->now_us = G_GINT64_CONSTANT (1761620400) * G_USEC_PER_SEC;
  self->step_us = 2 * G_USEC_PER_SEC;
  self->sequencer = crown_event_sequencer_new (self->ledger, &(CrownClock) { now_us, monotonic_us, self });
  self->who = (CrownPrincipal) { .role = CROWN_ROLE_MEMBER };
  g_assert_true (crown_event_ledger_create_user (self->ledger, "Ada", &self->who.user_id, &error));
  g_assert_true (crown_event_ledger_create_workspace (self->ledger, "Team", &self->who.workspace_id, &error));
}

void
server_fixture_tear_down (ServerFixture *self,
                          gconstpointer  unused)
{
  static const char * const names[] = { "ledger.db", "ledger.db-wal", "ledger.db-shm", "copy.db" };

  g_clear_object (&self->sequencer);
  g_clear_object (&self->ledger);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (self->folder, names[i], NULL);

      g_remove (path);
    }
  g_rmdir (self->folder);
  g_free (self->folder);
  g_free (self->path);
  g_free (self->uri);
}

void
server_fixture_tamper (ServerFixture *self,
                       const char    *sql)
{
#ifdef CROWN_HAVE_POSTGRESQL
  if (CROWN_IS_POSTGRES_LEDGER (self->ledger))
    {
      postgres_fixture_exec (self->uri, sql);
      return;
    }
#endif

  g_autoptr (GError) error = NULL;
  g_autoptr (CrownSqlite) db = crown_sqlite_open (self->path, CROWN_SQLITE_READ_WRITE, &error);

  g_assert_no_error (error);
  crown_sqlite_exec (db, "tamper", sql, &error);
  g_assert_no_error (error);
}

void
server_fixture_break_transaction (ServerFixture *self)
{
  g_autoptr (GError) error = NULL;

#ifdef CROWN_HAVE_POSTGRESQL
  if (CROWN_IS_POSTGRES_LEDGER (self->ledger))
    {
      crown_postgres_exec (CROWN_POSTGRES_LEDGER (self->ledger)->db, "break", "ROLLBACK", &error);
      g_assert_no_error (error);
      return;
    }
#endif

  crown_sqlite_exec (CROWN_SQLITE_LEDGER (self->ledger)->db, "break", "ROLLBACK", &error);
  g_assert_no_error (error);
}

void
server_fixture_add (const char *path,
                    void      (*func) (ServerFixture *self, gconstpointer kind))
{
  g_test_add (path, ServerFixture, NULL, server_fixture_set_up, func, server_fixture_tear_down);
#ifdef CROWN_HAVE_POSTGRESQL
  g_autofree char *other = g_strdup_printf ("/%s%s", SERVER_FIXTURE_POSTGRESQL, path);

  g_test_add (other, ServerFixture, SERVER_FIXTURE_POSTGRESQL, server_fixture_set_up, func, server_fixture_tear_down);
#endif
}

int
server_fixture_run (void)
{
  int result = g_test_run ();

#ifdef CROWN_HAVE_POSTGRESQL
  postgres_fixture_stop ();
#endif
  return result;
}

gboolean
server_fixture_is_file (ServerFixture *self)
{
  return g_str_has_prefix (self->uri, "sqlite:");
}

GPtrArray *
server_fixture_commit (CrownEventWrite *write)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *events = crown_event_write_commit (write, &error);

  g_assert_no_error (error);
  return events;
}

static void
emit_text (CrownEventWrite *write,
           CrownEventType   type,
           const char      *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) data = crown_json_parse_object (text, -1, &error);

  g_assert_no_error (error);
  crown_event_write_emit (write, type, data, NULL, &error);
  g_assert_no_error (error);
}

gint64
server_fixture_add_meeting (ServerFixture *self,
                            guint          n_tasks)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownEventWrite) write = crown_event_sequencer_begin (self->sequencer, &self->who, "key-of-import", &error);
  gint64 id;

  g_assert_no_error (error);
  g_assert_true (crown_event_write_allot_id (write, CROWN_STORE_MEETINGS, &id, &error));

  g_autofree char *meeting = g_strdup_printf (
    "{\"meeting\":{\"id\":%" G_GINT64_FORMAT ",\"title\":\"Planning\",\"status\":\"active\","
    "\"created_at\":\"2025-10-28T03:00:00Z\",\"duration\":3600,\"summary\":\"\",\"task_count\":0,"
    "\"participant_count\":2,\"archived\":false}}", id);

  emit_text (write, CROWN_EVENT_SESSION_CREATE, meeting);
  for (guint i = 0; i < n_tasks; i++)
    {
      gint64 task_id;

      g_assert_true (crown_event_write_allot_id (write, CROWN_STORE_TASKS, &task_id, &error));

      g_autofree char *task = g_strdup_printf (
        "{\"task\":{\"id\":%" G_GINT64_FORMAT ",\"session_id\":%" G_GINT64_FORMAT ",\"text\":\"Write it up\","
        "\"status\":\"pending\",\"priority\":\"medium\",\"due_date\":null,\"assignee\":null}}", task_id, id);

      emit_text (write, CROWN_EVENT_TASK_CREATE, task);
    }

  g_assert_true (crown_event_write_emit_stats (write, &error));

  g_autoptr (GPtrArray) events = server_fixture_commit (write);
  g_assert_cmpuint (events->len, ==, n_tasks + 2);
  return id;
}

void
server_fixture_tick (ServerFixture *self,
                     gint64         task_id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownEventWrite) write = crown_event_sequencer_begin (self->sequencer, &self->who, "key-of-tick", &error);
  g_autofree char *update = g_strdup_printf (
    "{\"task_id\":%" G_GINT64_FORMAT ",\"session_id\":1,\"updates\":{\"status\":\"completed\"}}", task_id);

  g_assert_no_error (error);
  emit_text (write, CROWN_EVENT_TASK_UPDATE, update);

  g_autoptr (GPtrArray) events = server_fixture_commit (write);
  g_assert_cmpuint (events->len, ==, 1);
}
