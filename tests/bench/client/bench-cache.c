/* bench-cache.c: what the cache takes in and gives back in a time
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "bench/crown-bench.h"
#include "client/crown-cache-reader.h"
#include "client/crown-cache.h"
#include "client/crown-outbox.h"
#include "core/crown-event-apply.h"
#include "core/crown-json.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define EPOCH     "6f9619ff-8b86-4011-b42d-00c04fc964ff"
#define TIMESTAMP "2026-11-20T10:00:00Z"

#define ROWS_A_TRANSACTION 100
#define TASKS_A_MEETING    5
#define ROWS_A_SCREEN      30
#define ROUNDS             3 /* the best counts: what other programs leave of the machine varies, the code does not */

typedef struct {
  char       *folder;
  CrownCache *cache;
  guint64     sequence;
} Bench;

static void
check (gboolean  ok,
       GError   *error)
{
  if (ok)
    return;
  g_printerr ("bench-cache: %s\n", error != NULL ? error->message : "the cache differs from the events");
  exit (1);
}

static void
bench_open (Bench *bench)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownOutbox) outbox = NULL;
  g_autofree char *cache_path = NULL;
  g_autofree char *outbox_path = NULL;

  bench->folder = g_dir_make_tmp ("crown-bench-XXXXXX", &error);
  check (bench->folder != NULL, error);
  cache_path = g_build_filename (bench->folder, "cache.db", NULL);
  outbox_path = g_build_filename (bench->folder, "outbox.db", NULL);
  check ((outbox = crown_outbox_open (outbox_path, &error)) != NULL, error);
  check ((bench->cache = crown_cache_open (cache_path, 1, 42, &error)) != NULL, error);
  bench->sequence = 0;
}

static void
bench_close (Bench *bench)
{
  g_autoptr (GDir) dir = g_dir_open (bench->folder, 0, NULL);
  const char *name;

  crown_cache_close (bench->cache);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (bench->folder, name, NULL);

      g_unlink (path);
    }
  g_rmdir (bench->folder);
  g_free (bench->folder);
}

static CrownEnvelope *
make_event (guint64         sequence,
            CrownEventType  type,
            JsonObject     *data) /* (transfer full) */
{
  CrownEnvelope *envelope = crown_envelope_new (type);

  envelope->event_id = (gint64) sequence;
  envelope->sequence = sequence;
  envelope->prev_sequence = sequence - 1;
  envelope->workspace_id = 1;
  envelope->user_id = 42;
  envelope->stream = g_strdup ("workspace_1");
  envelope->epoch = g_strdup (EPOCH);
  envelope->timestamp = g_strdup (TIMESTAMP);
  envelope->trace_id = g_strdup ("session_1_1795168800");
  json_object_set_int_member (data, "workspace_id", 1);
  json_object_set_string_member (data, "timestamp", TIMESTAMP);
  envelope->data = data;

  return envelope;
}

static JsonObject *
parse (char *text) /* (transfer full) */
{
  g_autofree char *owned = text;
  g_autoptr (GError) error = NULL;
  JsonObject *object = crown_json_parse_object (owned, -1, &error);

  check (object != NULL, error);

  return object;
}

static JsonObject *
payload_of_row (const char *member,
                JsonObject *row)    /* (transfer full) */
{
  JsonObject *data = json_object_new ();

  json_object_set_object_member (data, member, row);

  return data;
}

static void
apply (Bench     *bench,
       GPtrArray *batch)
{
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);
  g_autoptr (GPtrArray) released = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;

  check (crown_cache_apply (bench->cache, batch, changes, released, &error), error);
}

/* Every row that an event says differs from the server's would be read again: none may. */
static void
check_no_repairs (Bench *bench)
{
  g_autoptr (CrownChangeSet) repairs = crown_cache_take_repairs (bench->cache);

  check (repairs == NULL, NULL);
}

/* Puts @n_rows rows, each sixth of them a meeting and the others its tasks. Returns: the time that the transactions took;
 * the rows are made between them. */
static gint64
put_rows (Bench *bench,
          guint  n_rows,
          guint  revision)
{
  gint64 spent = 0;

  for (guint i = 0; i < n_rows;)
    {
      g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_envelope_unref);
      gint64 start;

      for (; batch->len < ROWS_A_TRANSACTION && i < n_rows; i++)
        {
          guint meeting = i / (TASKS_A_MEETING + 1) + 1;
          gboolean is_task = i % (TASKS_A_MEETING + 1) != 0;
          JsonObject *row = parse (is_task ? crown_bench_task_text (i - meeting + 1, meeting, revision)
                                           : crown_bench_meeting_text (meeting, revision));

          g_ptr_array_add (batch, make_event (++bench->sequence,
                                              is_task ? CROWN_EVENT_TASK_CREATE : CROWN_EVENT_SESSION_CREATE,
                                              payload_of_row (is_task ? "task" : "meeting", row)));
        }
      start = crown_bench_now_ns ();
      apply (bench, batch);
      spent += crown_bench_now_ns () - start;
    }

  return spent;
}

static void
measure_upserts (guint n_rows,
                 guint rounds)
{
  double inserts = 0, updates = 0;

  for (guint round = 0; round < rounds; round++)
    {
      Bench bench;

      bench_open (&bench);
      inserts = MAX (inserts, n_rows * 1e9 / (double) put_rows (&bench, n_rows, 0));
      updates = MAX (updates, n_rows * 1e9 / (double) put_rows (&bench, n_rows, 1));
      check_no_repairs (&bench);
      bench_close (&bench);
    }
  crown_bench_print ("cache/inserts", inserts, "rows/s", 80000, (guint64) n_rows * rounds);
  crown_bench_print ("cache/updates", updates, "rows/s", 80000, (guint64) n_rows * rounds);
}

static void
measure_reads (guint n_tasks,
               guint n_reads,
               guint n_queries)
{
  Bench bench;
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownCacheReader) reader = NULL;
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) query_times = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GRand) rand = g_rand_new_with_seed (4);
  const CrownQuery all_tasks = { CROWN_QUERY_TASKS, 0, NULL, NULL };

  bench_open (&bench);
  put_rows (&bench, n_tasks / TASKS_A_MEETING * (TASKS_A_MEETING + 1), 0);
  check ((reader = crown_cache_reader_open (bench.folder, &error)) != NULL, error);

  for (guint i = 0; i < n_queries; i++)
    {
      gint64 start = crown_bench_now_ns (), spent;
      g_autoptr (GArray) ids = crown_cache_reader_query_ids (reader, &all_tasks, &error);

      spent = crown_bench_now_ns () - start;
      check (ids != NULL && ids->len == n_tasks, error);
      g_array_append_val (query_times, spent);
    }
  for (guint i = 0; i < n_reads; i++)
    {
      gint64 id = g_rand_int_range (rand, 1, (gint32) n_tasks + 1);
      gint64 start = crown_bench_now_ns (), spent;
      g_autoptr (JsonObject) row = crown_cache_reader_load_row (reader, CROWN_STORE_TASKS, id, &error);

      spent = crown_bench_now_ns () - start;
      check (row != NULL && crown_json_opt_int (row, "id", 0) == id, error);
      g_array_append_val (times, spent);
    }
  crown_bench_print ("cache/read_p50", crown_bench_percentile (times, 50), "µs", 15, n_reads);
  crown_bench_print ("cache/read_p99", crown_bench_percentile (times, 99), "µs", CROWN_BENCH_NO_FLOOR, n_reads);
  crown_bench_print ("cache/query_ids", crown_bench_percentile (query_times, 50) / 1000, "ms", CROWN_BENCH_NO_FLOOR,
                     n_tasks);
  bench_close (&bench);
}

/* The workspace as the server has it: rows that the events of the stream are made of. */
typedef struct {
  GHashTable *meetings; /* id → JsonObject */
  GHashTable *tasks;
  guint       n_meetings;
  guint       n_tasks;
} Server;

static JsonObject *
updates_of_task (guint task,
                 guint i)
{
  return parse (g_strdup_printf ("{\"task_id\":%u,\"session_id\":1,\"updates\":{\"status\":\"%s\",\"completed_at\":%s},"
                                 "\"optimistic_ui\":true}", task, i % 2 == 0 ? "completed" : "pending",
                                 i % 2 == 0 ? "\"" TIMESTAMP "\"" : "null"));
}

/* A day's mix: of twenty events twelve change a task, three add one, one removes one, two change a meeting, one adds one,
 * one brings the workspace's figures. */
static char *
next_event (Server *server,
            guint64 sequence)
{
  guint i = (guint) sequence;
  guint old_task = i * 2654435761u % (server->n_tasks / 2) + 1; /* the newer half is for deleting */
  CrownEventType type;
  JsonObject *data;
  g_autoptr (CrownEnvelope) envelope = NULL;
  const CrownEventInfo *info;
  GString *text = g_string_new (NULL);

  switch (i % 20)
    {
    case 12: case 13: case 14:
      type = CROWN_EVENT_TASK_CREATE;
      data = payload_of_row ("task", parse (crown_bench_task_text (++server->n_tasks, 1, 0)));
      break;

    case 15: case 16:
      type = CROWN_EVENT_SESSION_UPDATE;
      data = parse (g_strdup_printf ("{\"session_id\":%u,\"updates\":{\"title\":\"Sync, second part\",\"task_count\":%u}}",
                                     i % server->n_meetings + 1, i % 9));
      break;

    case 17:
      type = CROWN_EVENT_DASHBOARD_REFRESH;
      data = parse (g_strdup_printf ("{\"stats\":{\"total_meetings\":%u,\"total_tasks\":%u,\"hours_saved\":78.5,"
                                     "\"active_meetings\":142,\"archived_meetings\":14}}",
                                     server->n_meetings, server->n_tasks));
      break;

    case 18:
      type = CROWN_EVENT_TASK_DELETE;
      data = parse (g_strdup_printf ("{\"task_id\":%u,\"session_id\":1}", server->n_tasks));
      break;

    case 19:
      type = CROWN_EVENT_SESSION_CREATE;
      data = payload_of_row ("meeting", parse (crown_bench_meeting_text (++server->n_meetings, 0)));
      break;

    default:
      type = CROWN_EVENT_TASK_UPDATE;
      data = updates_of_task (old_task, i);
    }

  envelope = make_event (sequence, type, data);
  info = crown_event_info (type);
  if (info->store != CROWN_STORE_METADATA)
    {
      GHashTable *rows = info->store == CROWN_STORE_TASKS ? server->tasks : server->meetings;
      gint64 id = crown_event_row_id (info, data);
      JsonObject *after;
      g_autoptr (GError) error = NULL;

      check (crown_event_apply_row (info, data, g_hash_table_lookup (rows, GINT_TO_POINTER (id)), &after, &error), error);
      if (after != NULL)
        {
          envelope->checksum = g_malloc (CROWN_CHECKSUM_HEX_LENGTH + 1);
          check (crown_checksum_object (after, envelope->checksum, &error), error);
          g_hash_table_insert (rows, GINT_TO_POINTER (id), after);
        }
      else
        {
          g_hash_table_remove (rows, GINT_TO_POINTER (id));
          server->n_tasks--;
        }
    }
  crown_envelope_write (envelope, sequence - 1, FALSE, text);

  return g_string_free (text, FALSE);
}

/* @n_rows: how many rows the cache has before, as put_rows() makes them */
static GPtrArray *
make_stream (guint n_rows,
             guint n_events)
{
  GPtrArray *texts = g_ptr_array_new_with_free_func (g_free);
  Server server = { g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) json_object_unref),
                    g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) json_object_unref),
                    n_rows / (TASKS_A_MEETING + 1), n_rows / (TASKS_A_MEETING + 1) * TASKS_A_MEETING };

  for (guint id = 1; id <= server.n_meetings; id++)
    g_hash_table_insert (server.meetings, GUINT_TO_POINTER (id), parse (crown_bench_meeting_text (id, 0)));
  for (guint id = 1; id <= server.n_tasks; id++)
    g_hash_table_insert (server.tasks, GUINT_TO_POINTER (id),
                         parse (crown_bench_task_text (id, (id - 1) / TASKS_A_MEETING + 1, 0)));
  for (guint i = 0; i < n_events; i++)
    g_ptr_array_add (texts, next_event (&server, n_rows + i + 1));
  g_hash_table_unref (server.meetings);
  g_hash_table_unref (server.tasks);

  return texts;
}

/* Returns: events a second, from their text to the committed transaction */
static double
apply_stream (GPtrArray *texts,
              guint      n_rows,
              guint      events_a_transaction)
{
  Bench bench;
  gint64 start, spent;
  CrownPosition position;

  bench_open (&bench);
  put_rows (&bench, n_rows, 0);

  start = crown_bench_now_ns ();
  for (guint i = 0; i < texts->len;)
    {
      g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_envelope_unref);

      for (; batch->len < events_a_transaction && i < texts->len; i++)
        {
          g_autoptr (GError) error = NULL;
          CrownEnvelope *envelope = crown_envelope_parse (texts->pdata[i], -1, &error);

          check (envelope != NULL, error);
          g_ptr_array_add (batch, envelope);
        }
      apply (&bench, batch);
    }
  spent = crown_bench_now_ns () - start;

  check_no_repairs (&bench);
  check (crown_cache_get_position (bench.cache, &position, NULL) && position.sequence == n_rows + texts->len, NULL);
  bench_close (&bench);

  return texts->len * 1e9 / (double) spent;
}

static void
measure_events (guint n_rows,
                guint n_events,
                guint rounds)
{
  g_autoptr (GPtrArray) texts = make_stream (n_rows, n_events);
  double single = 0, batched = 0;

  for (guint round = 0; round < rounds; round++)
    {
      single = MAX (single, apply_stream (texts, n_rows, 1));
      batched = MAX (batched, apply_stream (texts, n_rows, 100));
    }
  crown_bench_print ("cache/events_single", single, "events/s", 12000, (guint64) n_events * rounds);
  crown_bench_print ("cache/events_batched", batched, "events/s", 20000, (guint64) n_events * rounds);
}

/* Somebody who scrolls while a burst is applied: random rows, on a thread and a connection of their own. */
typedef struct {
  const char *folder;
  guint       n_tasks;
  gint        done; /* atomic */
  GArray     *times;
} Scroller;

static gpointer
scroll (gpointer user_data)
{
  Scroller *self = user_data;
  g_autoptr (GRand) rand = g_rand_new_with_seed (4);
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownCacheReader) reader = crown_cache_reader_open (self->folder, &error);

  check (reader != NULL, error);
  while (!g_atomic_int_get (&self->done))
    {
      gint64 id = g_rand_int_range (rand, 1, (gint32) self->n_tasks / 2);
      gint64 start = crown_bench_now_ns (), spent;
      g_autoptr (JsonObject) row = crown_cache_reader_load_row (reader, CROWN_STORE_TASKS, id, &error);

      spent = crown_bench_now_ns () - start;
      check (row != NULL, error);
      g_array_append_val (self->times, spent);
      g_usleep (100); /* who never waits measures the processor that both share */
    }
  return NULL;
}

static void
measure_burst (guint n_rows,
               guint n_events)
{
  g_autoptr (GPtrArray) texts = make_stream (n_rows, n_events);
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));
  Bench bench;
  Scroller scroller = { NULL, n_rows / (TASKS_A_MEETING + 1) * TASKS_A_MEETING, FALSE, times };
  g_autoptr (GThread) thread = NULL;
  gint64 start, spent;

  bench_open (&bench);
  put_rows (&bench, n_rows, 0);
  scroller.folder = bench.folder;
  thread = g_thread_new ("scroll", scroll, &scroller);
  start = crown_bench_now_ns ();
  for (guint i = 0; i < texts->len;)
    {
      g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_envelope_unref);

      for (; batch->len < ROWS_A_TRANSACTION && i < texts->len; i++)
        g_ptr_array_add (batch, crown_envelope_parse (texts->pdata[i], -1, NULL));
      apply (&bench, batch);
    }
  spent = crown_bench_now_ns () - start;
  g_atomic_int_set (&scroller.done, TRUE);
  g_thread_join (g_steal_pointer (&thread));
  crown_bench_print ("cache/burst", texts->len * 1e9 / (double) spent, "events/s", CROWN_BENCH_NO_FLOOR, n_events);
  crown_bench_print ("cache/burst_read_p99", crown_bench_percentile (times, 99) / 1000, "ms", 1, times->len);
  bench_close (&bench);
}

static JsonObject *
make_snapshot (guint n_meetings)
{
  JsonObject *snapshot = json_object_new (), *stores = json_object_new ();
  JsonArray *meetings = json_array_new (), *tasks = json_array_new ();

  for (guint id = 1; id <= n_meetings; id++)
    json_array_add_object_element (meetings, parse (crown_bench_meeting_text (id, 0)));
  for (guint id = 1; id <= n_meetings * TASKS_A_MEETING; id++)
    json_array_add_object_element (tasks, parse (crown_bench_task_text (id, (id - 1) / TASKS_A_MEETING + 1, 0)));
  json_object_set_array_member (stores, "meetings", meetings);
  json_object_set_array_member (stores, "tasks", tasks);
  json_object_set_string_member (snapshot, "epoch", EPOCH);
  json_object_set_int_member (snapshot, "sequence", 1);
  json_object_set_object_member (snapshot, "stores", stores);

  return snapshot;
}

/* What a window shows first: the list's ids, and the rows that fit. */
static void
measure_first_screen (Bench *bench)
{
  const CrownQuery query = { CROWN_QUERY_MEETINGS, 0, NULL, NULL };
  g_autoptr (GError) error = NULL;
  gint64 start = crown_bench_now_ns ();
  g_autoptr (CrownCacheReader) reader = crown_cache_reader_open (bench->folder, &error);
  g_autoptr (GArray) ids = reader != NULL ? crown_cache_reader_query_ids (reader, &query, &error) : NULL;

  check (ids != NULL, error);
  for (guint i = 0; i < MIN (ids->len, ROWS_A_SCREEN); i++)
    {
      gint64 id = g_array_index (ids, gint64, i);
      g_autoptr (JsonObject) row = crown_cache_reader_load_row (reader, CROWN_STORE_MEETINGS, id, &error);

      check (row != NULL, error);
    }
  crown_bench_print ("cache/first_screen", (double) (crown_bench_now_ns () - start) / 1e6, "ms", 100, ids->len);
}

/* As at each idle sync: all stores' digests against the server's. */
static void
measure_comparison (Bench *bench,
                    guint  n_rows)
{
  static const CrownStore stores[] = { CROWN_STORE_MEETINGS, CROWN_STORE_TASKS, CROWN_STORE_ANALYTICS };
  gint64 start = crown_bench_now_ns ();
  guint n_equal = 0;

  for (guint i = 0; i < G_N_ELEMENTS (stores); i++)
    {
      CrownDigest digest;
      char hex[65];

      check (crown_cache_get_digest (bench->cache, stores[i], &digest, NULL, NULL), NULL);
      crown_digest_to_hex (&digest, hex);
      n_equal += strlen (hex) == 64;
    }
  check (n_equal == G_N_ELEMENTS (stores), NULL);
  crown_bench_print ("cache/compare", (double) (crown_bench_now_ns () - start) / 1e6, "ms", 1, n_rows);
}

/* A workspace from its snapshot, with the transcripts of some meetings; then what people type, letter by letter. */
static void
measure_workspace (guint n_meetings,
                   guint n_transcripts,
                   guint n_searches)
{
  static const char *const typed[] = { "b", "bu", "budget", "weekly sync", "w s", "ana", "sent", "q", "zzz", "weekly sync 77" };
  Bench bench;
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownCacheReader) reader = NULL;
  g_autoptr (JsonObject) snapshot = make_snapshot (n_meetings);
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);
  g_autoptr (GArray) search_times = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) list_times = g_array_new (FALSE, FALSE, sizeof (gint64));
  gint64 start, spent;

  bench_open (&bench);
  start = crown_bench_now_ns ();
  check (crown_cache_load_snapshot (bench.cache, snapshot, changes, &error), error);
  spent = crown_bench_now_ns () - start;
  crown_bench_print ("cache/snapshot", (double) spent / 1e6, "ms", 2000, n_meetings * (TASKS_A_MEETING + 1));
  measure_first_screen (&bench);
  measure_comparison (&bench, n_meetings * (TASKS_A_MEETING + 1));

  for (guint id = 1; id <= n_transcripts; id++)
    {
      g_autoptr (JsonArray) segments = json_array_new ();

      for (guint line = 0; line < 100; line++)
        {
          JsonObject *segment = json_object_new ();
          g_autofree char *text = g_strdup_printf ("We should look at the budget of quarter %u before item %u is sent",
                                                   line % 4 + 1, id * 100 + line);

          json_object_set_string_member (segment, "speaker", line % 2 == 0 ? "Ana" : "Ben");
          json_object_set_string_member (segment, "text", text);
          json_array_add_object_element (segments, segment);
        }
      check (crown_cache_put_transcript (bench.cache, id, segments, &error), error);
    }

  check ((reader = crown_cache_reader_open (bench.folder, &error)) != NULL, error);
  for (guint i = 0; i < n_searches; i++)
    {
      const char *text = typed[i % G_N_ELEMENTS (typed)];
      const CrownQuery query = { CROWN_QUERY_TASKS, 0, text, NULL };
      g_autoptr (GPtrArray) hits = NULL;
      g_autoptr (GArray) ids = NULL;

      start = crown_bench_now_ns ();
      hits = crown_cache_reader_search (reader, text, 20, &error);
      spent = crown_bench_now_ns () - start;
      check (hits != NULL && (hits->len > 0) == (strcmp (text, "zzz") != 0), error);
      g_array_append_val (search_times, spent);

      start = crown_bench_now_ns ();
      ids = crown_cache_reader_query_ids (reader, &query, &error);
      spent = crown_bench_now_ns () - start;
      check (ids != NULL, error);
      g_array_append_val (list_times, spent);
    }
  crown_bench_print ("cache/search_p50", crown_bench_percentile (search_times, 50) / 1000, "ms", CROWN_BENCH_NO_FLOOR, n_searches);
  crown_bench_print ("cache/search_p99", crown_bench_percentile (search_times, 99) / 1000, "ms", CROWN_BENCH_NO_FLOOR, n_searches);
  crown_bench_print ("cache/search_list_p99", crown_bench_percentile (list_times, 99) / 1000, "ms", CROWN_BENCH_NO_FLOOR,
                     n_searches);
  bench_close (&bench);
}

/* `bench-cache upserts` and the like measure one part alone, for a profiler. */
static gboolean
wanted (char       *argv[],
        const char *part)
{
  return argv[1] == NULL || g_strv_contains ((const char *const *) argv + 1, part);
}

int
main (int   argc,
      char *argv[])
{
  gboolean quick = crown_bench_init (&argc, &argv);
  guint rounds = quick ? 1 : ROUNDS;

  if (wanted (argv, "upserts"))
    measure_upserts (quick ? 1200 : 60000, rounds);
  if (wanted (argv, "reads"))
    measure_reads (quick ? 1000 : 100000, quick ? 500 : 50000, quick ? 3 : 31);
  if (wanted (argv, "workspace"))
    measure_workspace (quick ? 200 : 10000, quick ? 10 : 500, quick ? 20 : 1000);
  if (wanted (argv, "burst"))
    measure_burst (quick ? 600 : 12000, quick ? 600 : 60000);
  if (wanted (argv, "events"))
    measure_events (quick ? 600 : 12000, quick ? 600 : 30000, rounds);

  return 0;
}
