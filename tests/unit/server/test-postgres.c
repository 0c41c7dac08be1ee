/* test-postgres.c: what only happens to a ledger that is a server of its own: others write, it dies, it is another one
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <string.h>

#include "core/crown-json.h"
#include "postgres-fixture.h"
#include "server-fixture.h"
#include "server/crown-ledger-verifier.h"
#include "server/crown-postgres-ledger-private.h"

static void
assert_verifies (ServerFixture *fixture,
                 guint64        n_events)
{
  g_autoptr (GError) error = NULL;
  CrownLedgerReport report;

  crown_ledger_verify (fixture->ledger, &report, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (report.n_events, ==, n_events);
}

static CrownEventWrite *
begin_update (ServerFixture *fixture)
{
  g_autoptr (GError) error = NULL;
  CrownEventWrite *write = crown_event_sequencer_begin (fixture->sequencer, &fixture->who, NULL, &error);
  g_autoptr (JsonObject) data =
    crown_json_parse_object ("{\"task_id\":1,\"session_id\":1,\"updates\":{\"text\":\"Of the first\"}}", -1, NULL);

  g_assert_no_error (error);
  crown_event_write_emit (write, CROWN_EVENT_TASK_UPDATE, data, NULL, &error);
  g_assert_no_error (error);
  return write;
}

/* Ticks off the task that the other writer is changing. */
static gpointer
write_as_another (gpointer data)
{
  const ServerFixture *first = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GMainContext) context = g_main_context_new ();
  ServerFixture second = { .who = first->who };

  g_main_context_push_thread_default (context);
  second.ledger = crown_event_ledger_open (first->uri, &error);
  g_assert_no_error (error);
  second.sequencer = crown_event_sequencer_new (second.ledger, NULL);
  server_fixture_tick (&second, 1);
  g_clear_object (&second.sequencer);
  g_clear_object (&second.ledger);
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
wait_for_waiting_writer (ServerFixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownPostgres) db = crown_postgres_open (fixture->uri, &error);
  const CrownPostgresParams none = { .n = 0 };

  g_assert_no_error (error);
  for (;;)
    {
      g_autoptr (CrownPostgresResult) result =
        crown_postgres_run (db, "waiting", "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'", &none, &error);

      g_assert_no_error (error);
      if (crown_postgres_result_int (result, 0, 0) == 1)
        return;

      g_thread_yield ();
    }
}

static void
test_two_writers (ServerFixture *fixture,
                  gconstpointer  unused)
{
  g_autoptr (CrownEventWrite) write = NULL;
  GThread *second;

  server_fixture_add_meeting (fixture, 2);
  write = begin_update (fixture);
  second = g_thread_new ("second-writer", write_as_another, fixture);
  wait_for_waiting_writer (fixture);
  g_ptr_array_unref (server_fixture_commit (write));
  g_thread_join (second);

  /* Had the second read its row before the first had committed, the digest would be wrong and the text lost. */
  assert_verifies (fixture, 6);
}

static void
test_killed_between_writes (ServerFixture *fixture,
                            gconstpointer  unused)
{
  g_autoptr (GError) error = NULL;
  CrownEventWrite *write;

  server_fixture_add_meeting (fixture, 1);
  postgres_fixture_kill ();
  write = crown_event_sequencer_begin (fixture->sequencer, &fixture->who, NULL, &error);
  g_assert_null (write);
  g_assert_error (error, CROWN_POSTGRES_ERROR, CROWN_POSTGRES_ERROR_CONNECTION);
  g_assert_nonnull (strstr (error->message, "SQLSTATE"));

  postgres_fixture_start ();
  server_fixture_tick (fixture, 1);
  assert_verifies (fixture, 4);
}

static void
test_killed_in_a_write (ServerFixture *fixture,
                        gconstpointer  unused)
{
  g_autoptr (GError) error = NULL;
  CrownEventWrite *write;

  server_fixture_add_meeting (fixture, 1);
  write = begin_update (fixture);
  postgres_fixture_kill ();
  g_assert_null (crown_event_write_commit (write, &error));
  crown_event_write_free (write);
  g_assert_error (error, CROWN_POSTGRES_ERROR, CROWN_POSTGRES_ERROR_CONNECTION);

  /* Nothing of it is there, and its number is the next one's. */
  postgres_fixture_start ();
  assert_verifies (fixture, 3);
  server_fixture_tick (fixture, 1);
  assert_verifies (fixture, 4);
}

static void
test_statement_timeout (ServerFixture *fixture,
                        gconstpointer  unused)
{
  CrownPostgres *db = CROWN_POSTGRES_LEDGER (fixture->ledger)->db;
  g_autoptr (GError) error = NULL;
  CrownEventWrite *write;

  server_fixture_add_meeting (fixture, 1);
  write = begin_update (fixture);
  g_assert_false (crown_postgres_exec (db, "slow", "SET LOCAL statement_timeout = '10ms'; SELECT pg_sleep(600)", &error));
  g_assert_error (error, CROWN_POSTGRES_ERROR, CROWN_POSTGRES_ERROR_BUSY);
  g_clear_error (&error);

  /* PostgreSQL would answer COMMIT here, and roll back. */
  g_assert_null (crown_event_write_commit (write, &error));
  crown_event_write_free (write);
  g_assert_nonnull (error);
  assert_verifies (fixture, 3);
  server_fixture_tick (fixture, 1);
  assert_verifies (fixture, 4);
}

static void
test_states (ServerFixture *fixture,
             gconstpointer  unused)
{
  static const struct { const char *state; int code; } cases[] = {
    { "40P01", CROWN_POSTGRES_ERROR_RETRY },
    { "40001", CROWN_POSTGRES_ERROR_RETRY },
    { "55P03", CROWN_POSTGRES_ERROR_BUSY },
    { "23505", CROWN_POSTGRES_ERROR_CONSTRAINT },
    { "53100", CROWN_POSTGRES_ERROR_FULL },
    { "42P01", CROWN_POSTGRES_ERROR_FAILED },
  };
  CrownPostgres *db = CROWN_POSTGRES_LEDGER (fixture->ledger)->db;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *sql = g_strdup_printf ("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '%s'; END $$", cases[i].state);
      g_autoptr (GError) error = NULL;

      g_assert_false (crown_postgres_exec (db, "raise", sql, &error));
      g_assert_error (error, CROWN_POSTGRES_ERROR, cases[i].code);
      g_assert_nonnull (strstr (error->message, cases[i].state));
    }
}

/* A copy of the database is what a restored dump is: the same rows in another place. */
static void
test_restored_copy (ServerFixture *fixture,
                    gconstpointer  unused)
{
  g_autofree char *epoch = g_strdup (crown_event_ledger_get_epoch (fixture->ledger));
  g_autofree char *database = g_strdup (strstr (fixture->uri, "@/") + strlen ("@/"));
  g_autofree char *sql = NULL;
  g_autofree char *postgres = postgres_fixture_uri_of ("postgres");
  g_autofree char *copy = postgres_fixture_uri_of ("restored");
  g_autoptr (GError) error = NULL;

  server_fixture_add_meeting (fixture, 1);
  *strchr (database, '?') = '\0';
  sql = g_strdup_printf ("CREATE DATABASE restored TEMPLATE %s", database);
  g_clear_object (&fixture->sequencer);
  g_clear_object (&fixture->ledger);
  postgres_fixture_exec (postgres, sql);

  fixture->ledger = crown_event_ledger_open (fixture->uri, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (crown_event_ledger_get_epoch (fixture->ledger), ==, epoch);

  g_clear_object (&fixture->ledger);
  fixture->ledger = crown_event_ledger_open (copy, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (crown_event_ledger_get_epoch (fixture->ledger), !=, epoch);
  assert_verifies (fixture, 3);
}

static void
test_newer_schema (ServerFixture *fixture,
                   gconstpointer  unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownEventLedger) ledger = NULL;

  server_fixture_tamper (fixture, "UPDATE schema_version SET version = 99");
  ledger = crown_event_ledger_open (fixture->uri, &error);
  g_assert_null (ledger);
  g_assert_error (error, CROWN_POSTGRES_ERROR, CROWN_POSTGRES_ERROR_NEWER);
}

/* A password that stands in the URI is not said. */
static gboolean
count_told (const char *stream,
            guint64     sequence,
            gpointer    user_data)
{
  guint *n = user_data;

  (*n)++;
  return TRUE;
}

/* One server at a time does for a workspace what one has to do, until it lets go or is gone. */
static void
test_claims (ServerFixture *fixture,
             gconstpointer  unused)
{
  CrownEventLedger *servers[3];
  gboolean claimed[3];
  guint n_told = 0;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (servers); i++)
    {
      servers[i] = crown_event_ledger_open (fixture->uri, &error);
      g_assert_no_error (error);
      g_assert_true (crown_event_ledger_is_shared (servers[i]));
      g_assert_true (crown_event_ledger_watch (servers[i], count_told, &n_told, &error));
    }

#define CLAIM(i, workspace_id) \
  (crown_event_ledger_claim (servers[i], workspace_id, &claimed[i], &error) && error == NULL && claimed[i])
  g_assert_true (CLAIM (0, 1));
  g_assert_true (CLAIM (0, 1)); /* again is the same claim, and is let go of once */
  g_assert_false (CLAIM (1, 1));
  g_assert_true (CLAIM (1, 2));
  g_assert_false (CLAIM (2, 1));
  crown_event_ledger_release (servers[0], 1);
  g_assert_true (CLAIM (2, 1));
  g_assert_false (CLAIM (0, 1));
  crown_event_ledger_release (servers[0], 1); /* not its own: nothing happens */
  g_assert_false (CLAIM (0, 1));

  /* As when a server is killed: its session ends, and PostgreSQL notices that a moment later. */
  g_clear_object (&servers[2]);
  while (!CLAIM (0, 1))
    g_assert_no_error (error);
#undef CLAIM
  g_assert_cmpuint (n_told, ==, 0);
  g_object_unref (servers[0]);
  g_object_unref (servers[1]);
}

static void
test_errors_keep_the_password (ServerFixture *fixture,
                               gconstpointer  unused)
{
  static const char * const uris[] = {
    "postgresql://ada:secret@/none?host=/nonexistent",
    "postgresql://ada:secret@/none?no_such_option=1",
    "postgresql://ada:secret@[broken/none",
  };

  for (guint i = 0; i < G_N_ELEMENTS (uris); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (crown_event_ledger_open (uris[i], &error));
      g_assert_nonnull (error);
      g_assert_null (strstr (error->message, "secret"));
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) \
  g_test_add ("/postgresql/" path, ServerFixture, SERVER_FIXTURE_POSTGRESQL, server_fixture_set_up, func, \
              server_fixture_tear_down)
  ADD ("two-writers", test_two_writers);
  ADD ("killed/between-writes", test_killed_between_writes);
  ADD ("killed/in-a-write", test_killed_in_a_write);
  ADD ("statement-timeout", test_statement_timeout);
  ADD ("claims", test_claims);
  ADD ("states", test_states);
  ADD ("restored-copy", test_restored_copy);
  ADD ("newer-schema", test_newer_schema);
  ADD ("password", test_errors_keep_the_password);
#undef ADD

  return server_fixture_run ();
}
