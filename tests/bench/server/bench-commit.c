/* bench-commit.c: durable events a second with 1, 10 and 100 writers, each of which waits for its answer
 *
 * Beside it, on the same disk: how often a file can be appended to and synced, and the writer's own cost without a disk.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "bench/crown-bench.h"
#include "core/crown-json.h"
#include "server/crown-event-sequencer.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What a commit of one event writes to the log: about four pages of SQLite. */
#define SYNC_BYTES (4 * 4096)

typedef struct {
  CrownEventSequencer *sequencer;
  CrownPrincipal       who;
  GMainLoop           *loop;
  guint                left;    /* to be begun */
  guint                running;
} Load;

static void write_one (Load *load);

static void
fail (const GError *error)
{
  g_printerr ("bench-commit: %s\n", error->message);
  exit (1);
}

static void
on_done (GPtrArray    *events,
         const GError *error,
         gpointer      user_data)
{
  Load *load = user_data;

  if (error != NULL)
    fail (error);
  load->running--;
  if (load->left > 0)
    write_one (load);
  else if (load->running == 0)
    g_main_loop_quit (load->loop);
}

static void
write_one (Load *load)
{
  g_autoptr (GError) error = NULL;
  CrownEventWrite *write = crown_event_sequencer_begin (load->sequencer, &load->who, NULL, &error);
  g_autoptr (JsonObject) data = crown_json_parse_object ("{\"task_id\":1,\"session_id\":1,\"updates\":{}}", -1, NULL);
  g_autofree char *text = g_strdup_printf ("Text %u", load->left);

  load->left--;
  load->running++;
  json_object_set_string_member (json_object_get_object_member (data, "updates"), "text", text);
  if (write == NULL || !crown_event_write_emit (write, CROWN_EVENT_TASK_UPDATE, data, NULL, &error) ||
      !crown_event_write_commit_later (write, on_done, load, &error))
    fail (error);
}

static void
emit_text (CrownEventWrite *write,
           CrownEventType   type,
           const char      *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) data = crown_json_parse_object (text, -1, &error);

  if (data == NULL || !crown_event_write_emit (write, type, data, NULL, &error))
    fail (error);
}

static double
measure_writers (Load  *load,
                 guint  writers,
                 guint  writes)
{
  gint64 start = crown_bench_now_ns ();

  load->left = writes;
  for (guint i = 0; i < writers; i++)
    write_one (load);
  g_main_loop_run (load->loop);

  return writes * 1e9 / (double) (crown_bench_now_ns () - start);
}

static double
measure_syncs (const char *folder,
               guint       times)
{
  g_autofree char *path = g_build_filename (folder, "synced", NULL);
  g_autofree char *bytes = g_malloc0 (SYNC_BYTES);
  int fd = g_open (path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  gint64 start = crown_bench_now_ns ();

  for (guint i = 0; i < times; i++)
    {
      if (fd < 0 || write (fd, bytes, SYNC_BYTES) != SYNC_BYTES || fdatasync (fd) != 0)
        {
          g_printerr ("bench-commit: %s cannot be written\n", path);
          exit (1);
        }
    }
  close (fd);
  g_unlink (path);

  return times * 1e9 / (double) (crown_bench_now_ns () - start);
}

int
main (int   argc,
      char *argv[])
{
  static const guint writers[] = { 1, 10, 100 };
  gboolean quick = crown_bench_init (&argc, &argv);
  /* Not /tmp, which may be memory: where the program is built. */
  g_autofree char *template = g_build_filename (g_get_current_dir (), "bench-commit-XXXXXX", NULL);
  char *folder = g_mkdtemp (template);
  g_autofree char *path = g_build_filename (folder, "ledger.db", NULL);
  g_autofree char *uri = g_strconcat ("sqlite:", path, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownEventLedger) ledger = crown_event_ledger_open (uri, &error);
  g_autoptr (CrownEventSequencer) sequencer = NULL;
  g_autoptr (CrownEventWrite) write = NULL;
  g_autoptr (GPtrArray) events = NULL;
  g_autofree char *meeting = crown_bench_meeting_text (1, 0);
  g_autofree char *create = g_strdup_printf ("{\"meeting\":%s}", meeting);
  Load load = { 0 };
  guint n;

  if (ledger == NULL || !crown_event_ledger_create_user (ledger, "Ada", &load.who.user_id, &error) ||
      !crown_event_ledger_create_workspace (ledger, "Team", &load.who.workspace_id, &error))
    fail (error);
  sequencer = crown_event_sequencer_new (ledger, NULL);
  load.sequencer = sequencer;
  load.who.role = CROWN_ROLE_MEMBER;
  load.loop = g_main_loop_new (NULL, FALSE);
  write = crown_event_sequencer_begin (sequencer, &load.who, NULL, &error);
  emit_text (write, CROWN_EVENT_SESSION_CREATE, create);
  emit_text (write, CROWN_EVENT_TASK_CREATE,
             "{\"task\":{\"id\":1,\"session_id\":1,\"text\":\"Write it up\",\"status\":\"pending\",\"priority\":\"medium\","
             "\"due_date\":null,\"assignee\":null}}");
  events = crown_event_write_commit (write, &error);
  if (events == NULL)
    fail (error);

  n = quick ? 20 : 500;
  crown_bench_print ("server/syncs", measure_syncs (folder, n), "syncs/s", CROWN_BENCH_NO_FLOOR, n);
  for (guint i = 0; i < G_N_ELEMENTS (writers); i++)
    {
      g_autofree char *name = g_strdup_printf ("server/durable-events/%u-writers", writers[i]);
      guint writes = (quick ? 20 : 500) * MIN (writers[i], 40);

      crown_bench_print (name, measure_writers (&load, writers[i], writes), "events/s", CROWN_BENCH_NO_FLOOR, writes);
    }

  g_main_loop_unref (load.loop);
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *file = g_strconcat (path, (const char *[]) { "", "-wal", "-shm" }[i], NULL);

      g_unlink (file);
    }
  g_clear_object (&sequencer);
  g_clear_object (&ledger);
  g_rmdir (folder);

  return 0;
}
