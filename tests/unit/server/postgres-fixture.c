/* postgres-fixture.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "postgres-fixture.h"

#include <glib/gstdio.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/crown-postgres.h"

#define START_TRIES 3000 /* of 10 ms: a machine may be slow, but not for ever */

static char *folder;
static GPid server;

static char *
find_program_of_server (const char *name)
{
  g_autofree char *folder_of_programs = NULL;

  g_spawn_command_line_sync ("pg_config --bindir", &folder_of_programs, NULL, NULL, NULL);
  if (folder_of_programs != NULL)
    {
      g_autofree char *path = g_build_filename (g_strchomp (folder_of_programs), name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer (&path);
    }

  /* Not skipped: half of what the server promises would go untested without a word. */
  g_error ("There is no %s: install PostgreSQL's server (build-aux/dependencies)", name);
}

/* PostgreSQL refuses to run as root. The server is asked to end when the test does, however that ends. */
static GStrvBuilder *
new_command (const char *name)
{
  GStrvBuilder *command = g_strv_builder_new ();
  g_autofree char *program = find_program_of_server (name);

  g_strv_builder_add_many (command, "setpriv", "--pdeathsig", "QUIT", NULL);
  if (geteuid () == 0)
    g_strv_builder_add_many (command, "--reuid", "postgres", "--regid", "postgres", "--init-groups", NULL);
  g_strv_builder_add (command, program);
  return command;
}

static void
make_cluster (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GStrvBuilder) command = new_command ("initdb");
  g_autofree char *data = NULL;
  g_autofree char *output = NULL;
  int status;

  folder = g_dir_make_tmp ("crown-postgres-XXXXXX", &error);
  g_assert_no_error (error);
  data = g_build_filename (folder, "data", NULL);
  if (geteuid () == 0)
    {
      const struct passwd *user = getpwnam ("postgres");

      g_assert_nonnull (user);
      g_assert_cmpint (chown (folder, user->pw_uid, user->pw_gid), ==, 0);
    }

  g_strv_builder_add_many (command, "--pgdata", data, "--username", "crown", "--auth", "trust", "--no-sync", "--encoding",
                           "UTF8", "--locale", "C.UTF-8", NULL);

  g_auto (GStrv) words = g_strv_builder_end (command);

  g_spawn_sync (folder, words, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &output, &status,
                &error);
  g_assert_no_error (error);
  if (!g_spawn_check_wait_status (status, &error))
    g_error ("initdb: %s: %s", error->message, output);
}

char *
postgres_fixture_uri_of (const char *database)
{
  g_autofree char *host = g_uri_escape_string (folder, NULL, FALSE);

  return g_strdup_printf ("postgresql://crown@/%s?host=%s", database, host);
}

void
postgres_fixture_start (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GStrvBuilder) command = new_command ("postgres");
  g_autofree char *data = g_build_filename (folder, "data", NULL);
  g_autofree char *uri = postgres_fixture_uri_of ("postgres");

  g_strv_builder_add_many (command, "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off", "-c",
                           "logging_collector=off", "-c", "max_connections=40", "-c", "shared_buffers=16MB", NULL);

  g_auto (GStrv) words = g_strv_builder_end (command);

  for (guint tries = 0; tries < START_TRIES; tries++)
    {
      /* It gives up where processes of one that was killed are still there. */
      if (server != 0 && waitpid (server, NULL, WNOHANG) == server)
        server = 0;
      if (server == 0)
        g_spawn_async (folder, words, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL |
                       G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, &server, &error);
      g_assert_no_error (error);

      g_autoptr (CrownPostgres) db = crown_postgres_open (uri, NULL);

      if (db != NULL)
        return;

      g_usleep (10000);
    }
  g_error ("PostgreSQL in %s does not answer", folder);
}

void
postgres_fixture_kill (void)
{
  kill (server, SIGKILL);
  g_assert_cmpint (waitpid (server, NULL, 0), ==, server);
  server = 0;
}

void
postgres_fixture_stop (void)
{
  g_autofree char *remove = NULL;

  if (folder == NULL)
    return;

  if (server != 0)
    {
      kill (server, SIGQUIT);
      g_assert_cmpint (waitpid (server, NULL, 0), ==, server);
      server = 0;
    }

  remove = g_strdup_printf ("rm -rf %s", folder);
  g_spawn_command_line_sync (remove, NULL, NULL, NULL, NULL);
  g_clear_pointer (&folder, g_free);
}

void
postgres_fixture_exec (const char *uri,
                       const char *sql)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownPostgres) db = crown_postgres_open (uri, &error);

  g_assert_no_error (error);
  crown_postgres_exec (db, "fixture", sql, &error);
  g_assert_no_error (error);
}

char *
postgres_fixture_new_database (void)
{
  static guint n_databases;

  if (folder == NULL)
    {
      make_cluster ();
      postgres_fixture_start ();
    }

  g_autofree char *name = g_strdup_printf ("ledger_%u", ++n_databases);
  g_autofree char *sql = g_strdup_printf ("CREATE DATABASE %s", name);
  g_autofree char *uri = postgres_fixture_uri_of ("postgres");

  postgres_fixture_exec (uri, sql);
  return postgres_fixture_uri_of (name);
}
