/* sim-plan.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "sim-plan.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include "sim-client.h"
#include "sim-history.h"
#include "sim-server.h"

#define LENGTH_US  (40 * SIM_SECOND) /* in which things happen */
#define PEACE_US   (150 * SIM_SECOND) /* after them: all has to have come right by then */

/* What people do */

static void
edit (SimWorld *world, const SimStep *step)
{
  sim_client_edit (world->clients[step->client], step->a, step->b, FALSE);
}

static void
edit_elsewhere (SimWorld *world, const SimStep *step)
{
  sim_client_edit (world->clients[step->client], step->a, step->b, TRUE);
}

static void
create (SimWorld *world, const SimStep *step)
{
  sim_client_create (world->clients[step->client], step->a, step->b);
}

static void
withdraw_one (SimWorld *world, const SimStep *step)
{
  sim_client_withdraw (world->clients[step->client], step->b);
}

static void
ignore_answer (const SimAnswer *answer,
               gpointer         user_data)
{
}

static void
ask_server (SimWorld   *world,
            const char *method,
            char       *path,
            char       *body)
{
  g_autofree char *key = g_strdup_printf ("other-%u", ++world->n_writes);

  if (sim_server_is_up (world->server))
    sim_server_request (world->server, world->server->other_id, method, path, key, body, ignore_answer, NULL, NULL);
  g_free (path);
  g_free (body);
}

static void
other_creates_meeting (SimWorld *world, const SimStep *step)
{
  ask_server (world, "POST", g_strdup ("/meetings"), g_strdup_printf ("{\"title\":\"Meeting %u\"}", step->a));
}

static void
other_creates_task (SimWorld *world, const SimStep *step)
{
  ask_server (world, "POST", g_strdup ("/tasks"),
              g_strdup_printf ("{\"session_id\":%u,\"text\":\"Task %u\"}", 1 + step->b % 3, step->a));
}

static void
other_edits_task (SimWorld *world, const SimStep *step)
{
  ask_server (world, "PATCH", g_strdup_printf ("/tasks/%u", 1 + step->b % 8),
              step->a % 2 ? g_strdup_printf ("{\"text\":\"Said %u\"}", step->a) : g_strdup ("{\"status\":\"completed\"}"));
}

static void
other_deletes_task (SimWorld *world, const SimStep *step)
{
  ask_server (world, "DELETE", g_strdup_printf ("/tasks/%u", 1 + step->b % 8), NULL);
}

static void
other_archives (SimWorld *world, const SimStep *step)
{
  ask_server (world, "POST", g_strdup_printf ("/meetings/%u/%s", 1 + step->b % 3, step->a % 2 ? "archive" : "restore"), NULL);
}

/* More than fit a client's buffer; and for half of them something before it is missing. */
static void
burst (SimWorld *world, const SimStep *step)
{
  SimClient *client = world->clients[step->client];

  if (step->a % 2 == 0)
    client->network.holes_until = MAX (client->network.holes_until, world->now_us + 30 * SIM_MS);
  for (guint i = 0; i < 150; i++)
    ask_server (world, "PATCH", g_strdup_printf ("/tasks/%u", 1 + (step->b + i) % 4), g_strdup_printf ("{\"text\":\"Burst %u\"}", i));
}

/* What goes wrong */

static gint64
duration (const SimStep *step)
{
  return (gint64) (100 + step->a % 12000) * SIM_MS;
}

static void
cut_line (SimWorld *world, const SimStep *step)
{
  SimClient *client = world->clients[step->client];

  client->network.cut_until = world->now_us + duration (step);
  if (client->line != NULL)
    sim_line_break (client->line, "transport close");
}

/* The line stands and nothing comes through; in the end it is lost. */
static void
fall_silent (SimWorld *world, const SimStep *step)
{
  SimClient *client = world->clients[step->client];

  client->network.silent_until = world->now_us + duration (step);
  client->network.cut_until = MAX (client->network.cut_until, client->network.silent_until);
  if (client->line != NULL)
    sim_line_break (client->line, "ping timeout");
}

static void
hang (SimWorld *world, const SimStep *step)
{
  world->clients[step->client]->network.silent_until = world->now_us + duration (step);
}

static void
slow_down (SimWorld *world, const SimStep *step)
{
  world->clients[step->client]->network.slow_until = world->now_us + duration (step);
}

static void
say_twice (SimWorld *world, const SimStep *step)
{
  world->clients[step->client]->network.twice_until = world->now_us + duration (step);
}

static void
mix (SimWorld *world, const SimStep *step)
{
  world->clients[step->client]->network.mixed_until = world->now_us + duration (step);
}

static void
make_holes (SimWorld *world, const SimStep *step)
{
  world->clients[step->client]->network.holes_until = world->now_us + duration (step);
}

static void
lose_answers (SimWorld *world, const SimStep *step)
{
  world->clients[step->client]->network.unanswered_until = world->now_us + duration (step);
}

static void
be_busy (SimWorld *world, const SimStep *step)
{
  world->clients[step->client]->network.busy_until = world->now_us + duration (step);
}

static void
come_back_cb (SimWorld *world,
              gpointer  data)
{
  sim_client_want (data, TRUE);
}

static void
go_offline (SimWorld *world, const SimStep *step)
{
  sim_client_want (world->clients[step->client], FALSE);
  sim_world_at (world, world->now_us + duration (step), step->client, come_back_cb, world->clients[step->client], NULL);
}

static void
sleep_a_while (SimWorld *world, const SimStep *step)
{
  sim_client_sleep (world->clients[step->client], duration (step));
}

static void
start_client_cb (SimWorld *world,
                 gpointer  data)
{
  SimClient *client = data;

  sim_client_start (client);
  if (!sim_client_is_up (client))
    sim_world_at (world, world->now_us + SIM_SECOND, client->index, start_client_cb, client, NULL);
}

static void
look_after_client_cb (SimWorld *world,
                      gpointer  data)
{
  SimClient *client = data;

  /* Where nothing was written in all this time it goes on living. */
  client->disk->writes_left = -1;
  start_client_cb (world, client);
}

/* Between any two writes: the next but so many is the last. */
static void
kill_client (SimWorld *world, const SimStep *step)
{
  SimClient *client = world->clients[step->client];

  client->disk->writes_left = (int) (step->b % 40);
  if (step->b % 4 == 0)
    sim_client_die (client);
  sim_world_at (world, world->now_us + duration (step), step->client, look_after_client_cb, client, NULL);
}

static void
damage_cache (SimWorld *world, const SimStep *step)
{
  SimClient *client = world->clients[step->client];

  sim_client_damage (client, step->b);
  sim_world_at (world, world->now_us + duration (step) / 4, step->client, look_after_client_cb, client, NULL);
}

static void
flip_bytes (SimWorld *world, const SimStep *step)
{
  SimClient *client = world->clients[step->client];

  sim_client_flip (client, step->b);
  sim_world_at (world, world->now_us + duration (step) / 4, step->client, look_after_client_cb, client, NULL);
}

static void
free_client_disk_cb (SimWorld *world,
                     gpointer  data)
{
  ((SimClient *) data)->disk->full = FALSE;
}

static void
fill_client_disk (SimWorld *world, const SimStep *step)
{
  SimClient *client = world->clients[step->client];

  client->disk->full = TRUE;
  sim_world_at (world, world->now_us + duration (step), step->client, free_client_disk_cb, client, NULL);
}

static void
set_client_clock (SimWorld *world, const SimStep *step)
{
  world->clients[step->client]->clock.wrong_us = (step->a % 2 ? 86400 : -86400) * SIM_SECOND;
}

static void
start_server_cb (SimWorld *world,
                 gpointer  data)
{
  sim_server_start (world->server);
  if (!sim_server_is_up (world->server))
    sim_world_at (world, world->now_us + SIM_SECOND, SIM_CLIENTS_MAX, start_server_cb, NULL, NULL);
}

static void
look_after_server_cb (SimWorld *world,
                      gpointer  data)
{
  world->server->disk->writes_left = -1;
  start_server_cb (world, data);
}

static void
restart_server (SimWorld *world, const SimStep *step)
{
  sim_server_stop (world->server, TRUE);
  sim_world_at (world, world->now_us + duration (step) / 4, SIM_CLIENTS_MAX, start_server_cb, NULL, NULL);
}

static void
kill_server (SimWorld *world, const SimStep *step)
{
  world->server->disk->writes_left = (int) (step->b % 60);
  if (step->b % 4 == 0)
    sim_server_stop (world->server, FALSE);
  sim_world_at (world, world->now_us + duration (step), SIM_CLIENTS_MAX, look_after_server_cb, NULL, NULL);
}

static void
free_server_disk_cb (SimWorld *world,
                     gpointer  data)
{
  world->server->disk->full = FALSE;
}

static void
fill_server_disk (SimWorld *world, const SimStep *step)
{
  world->server->disk->full = TRUE;
  sim_world_at (world, world->now_us + duration (step), SIM_CLIENTS_MAX, free_server_disk_cb, NULL, NULL);
}

static void
set_server_clock (SimWorld *world, const SimStep *step)
{
  world->server->clock.wrong_us = (step->a % 2 ? 86400 : -86400) * SIM_SECOND;
}

static void
forget (SimWorld *world, const SimStep *step)
{
  sim_server_retain (world->server, 1 + step->b % 10);
}

static void
back_up (SimWorld *world, const SimStep *step)
{
  sim_server_back_up (world->server);
}

static void
restore_cb (SimWorld *world,
            gpointer  data)
{
  if (!world->server->has_backup)
    return;
  sim_server_restore (world->server);
  sim_world_at (world, world->now_us + GPOINTER_TO_UINT (data) * SIM_MS, SIM_CLIENTS_MAX, start_server_cb, NULL, NULL);
}

/* For half of them in the middle of a write, whose answer comes and whose event does not. */
static void
restore (SimWorld *world, const SimStep *step)
{
  gint64 due = world->now_us;

  if (step->a % 2 == 0)
    {
      world->clients[step->client]->network.holes_until = world->now_us + 200 * SIM_MS;
      sim_client_edit (world->clients[step->client], step->b, step->a, FALSE);
      due += sim_random (world->server->rand, 20 * SIM_MS, 200 * SIM_MS);
    }
  sim_world_at (world, due, SIM_CLIENTS_MAX, restore_cb, GUINT_TO_POINTER (step->a % 1500), NULL);
}

static void
idle_sync (SimWorld *world, const SimStep *step)
{
  sim_server_idle_sync (world->server);
}

static void
remind (SimWorld *world, const SimStep *step)
{
  sim_server_remind (world->server, step->a);
}

static const struct {
  const char *name;
  guint       weight;
  void      (*happen) (SimWorld *world, const SimStep *step);
} kinds[] = {
  { "edit", 40, edit },
  { "edit-elsewhere", 8, edit_elsewhere },
  { "create", 12, create },
  { "withdraw", 8, withdraw_one },
  { "other-creates-meeting", 3, other_creates_meeting },
  { "other-creates-task", 10, other_creates_task },
  { "other-edits-task", 20, other_edits_task },
  { "other-deletes-task", 4, other_deletes_task },
  { "other-archives", 5, other_archives },
  { "burst", 2, burst },
  { "idle-sync", 2, idle_sync },
  { "remind", 6, remind },
  { "cut", 6, cut_line },
  { "silence", 3, fall_silent },
  { "hang", 3, hang },
  { "slow", 3, slow_down },
  { "twice", 4, say_twice },
  { "mixed", 4, mix },
  { "holes", 4, make_holes },
  { "lost-answers", 4, lose_answers },
  { "busy", 3, be_busy },
  { "offline", 4, go_offline },
  { "sleep", 3, sleep_a_while },
  { "kill-client", 8, kill_client },
  { "damage", 3, damage_cache },
  { "flip-bytes", 3, flip_bytes },
  { "full-client-disk", 2, fill_client_disk },
  { "client-clock", 2, set_client_clock },
  { "restart-server", 2, restart_server },
  { "kill-server", 4, kill_server },
  { "full-server-disk", 2, fill_server_disk },
  { "server-clock", 1, set_server_clock },
  { "forget", 3, forget },
  { "back-up", 3, back_up },
  { "restore", 3, restore },
};

static int
compare_steps (gconstpointer a,
               gconstpointer b)
{
  const SimStep *x = a;
  const SimStep *y = b;

  return (x->at_us > y->at_us) - (x->at_us < y->at_us);
}

static gboolean
has_kind (SimPlan *self,
          void   (*happen) (SimWorld *world, const SimStep *step))
{
  for (guint i = 0; i < self->steps->len; i++)
    if (kinds[g_array_index (self->steps, SimStep, i).what].happen == happen)
      return TRUE;
  return FALSE;
}

SimPlan *
sim_plan_new (guint64 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32) seed);
  SimPlan *self = g_new0 (SimPlan, 1);
  guint n_steps = (guint) sim_random (rand, 10, 70);
  guint sum = 0;

  self->n_clients = (guint) sim_random (rand, 1, SIM_CLIENTS_MAX);
  self->steps = g_array_new (FALSE, FALSE, sizeof (SimStep));
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    sum += kinds[i].weight;
  for (guint i = 0; i < n_steps; i++)
    {
      guint pick = (guint) sim_random (rand, 0, sum - 1);
      SimStep step = { .at_us = sim_random (rand, 0, LENGTH_US) };

      while (pick >= kinds[step.what].weight)
        pick -= kinds[step.what++].weight;
      step.client = (guint) sim_random (rand, 0, self->n_clients - 1);
      step.a = (guint) sim_random (rand, 0, 1000000);
      step.b = (guint) sim_random (rand, 0, 1000000);
      g_array_append_val (self->steps, step);
    }
  /* What becomes of a temporary id when the ledger that replaced it is itself replaced by an older copy is not settled:
   * such plans have no creations (README, "What is not simulated"). */
  for (guint i = 0; has_kind (self, restore) && i < self->steps->len; i++)
    {
      SimStep *step = &g_array_index (self->steps, SimStep, i);

      if (kinds[step->what].happen == create)
        step->what = 0;
    }
  g_array_sort (self->steps, compare_steps);
  return self;
}

void
sim_plan_free (SimPlan *self)
{
  g_array_unref (self->steps);
  g_free (self);
}

static void
step_cb (SimWorld *world,
         gpointer  data)
{
  const SimStep *step = data;

  sim_world_trace (world, "-- %s (client %u, %u, %u)", kinds[step->what].name, step->client, step->a, step->b);
  kinds[step->what].happen (world, step);
}

static void
remind_cb (SimWorld *world,
           gpointer  data)
{
  sim_server_remind (world->server, 0);
}

/* Everything that was broken works again. */
static void
make_peace (SimWorld *world)
{
  sim_world_trace (world, "-- peace");
  world->server->disk->full = FALSE;
  world->server->disk->writes_left = -1;
  start_server_cb (world, NULL);
  /* A hole at the end of the user's stream shows when its next event comes; the workspace's has its idle syncs. */
  sim_world_at (world, world->now_us + PEACE_US / 2, SIM_CLIENTS_MAX, remind_cb, NULL, NULL);
  for (guint i = 0; i < world->n_clients; i++)
    {
      SimClient *client = world->clients[i];

      client->disk->full = FALSE;
      client->disk->writes_left = -1;
      client->network = (SimNetwork) { 0 };
      client->asleep_until = 0;
      start_client_cb (world, client);
      if (!client->wants)
        sim_client_want (client, TRUE);
      sim_client_settle (client);
    }
}

static void
remove_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR))
        remove_folder (child);
      else
        g_remove (child);
    }
  g_rmdir (path);
}

static void
begin (SimWorld *world)
{
  world->server = sim_server_new (world);
  for (guint i = 0; i < 3; i++)
    other_creates_meeting (world, &(SimStep) { .a = i });
  for (guint i = 0; i < 6; i++)
    other_creates_task (world, &(SimStep) { .a = i, .b = i });
  for (guint i = 0; i < world->n_clients; i++)
    {
      world->clients[i] = sim_client_new (world, i);
      sim_client_start (world->clients[i]);
    }
}

static void
end (SimWorld *world)
{
  sim_world_clear (world); /* what is still under way has the lines and clients in it */
  for (guint i = 0; i < world->n_clients; i++)
    sim_client_free (world->clients[i]);
  sim_server_free (world->server);
}

char *
sim_plan_run (SimPlan  *self,
              guint64   seed,
              gboolean  tracing,
              guint64  *hash)
{
  static guint n_runs;
  SimWorld world = { .seed = seed, .n_clients = self->n_clients, .tracing = tracing };
  const char *base = g_file_test ("/dev/shm", G_FILE_TEST_IS_DIR) ? "/dev/shm" : g_get_tmp_dir ();

  world.folder = g_strdup_printf ("%s/crown-simulation-%d-%u", base, (int) getpid (), n_runs++);
  g_mkdir (world.folder, 0700);
  world.tasks = g_sequence_new (NULL);
  world.history = sim_history_new ();
  begin (&world);
  for (guint i = 0; i < self->steps->len; i++)
    {
      SimStep *step = &g_array_index (self->steps, SimStep, i);

      if (!step->left_out)
        sim_world_at (&world, step->at_us, SIM_CLIENTS_MAX, step_cb, step, NULL);
    }
  sim_world_run (&world, LENGTH_US + 5 * SIM_SECOND);
  if (world.violation == NULL)
    make_peace (&world);
  sim_world_run (&world, LENGTH_US + PEACE_US);
  for (guint i = 0; i < world.n_clients && world.violation == NULL; i++)
    sim_client_check_end (world.clients[i]);

  end (&world);
  g_sequence_free (world.tasks);
  sim_history_free (world.history);
  remove_folder (world.folder);
  g_free (world.folder);
  if (hash != NULL)
    *hash = world.trace_hash;
  return world.violation != NULL ? g_string_free (world.violation, FALSE) : NULL;
}

void
sim_plan_shrink (SimPlan *self,
                 guint64  seed)
{
  for (guint size = MAX (self->steps->len / 2, 1); size > 0; size /= 2)
    for (guint from = 0; from < self->steps->len; from += size)
      {
        g_autofree char *violation = NULL;
        g_autofree gboolean *before = g_new (gboolean, size);
        guint n = MIN (size, self->steps->len - from);

        for (guint i = 0; i < n; i++)
          {
            before[i] = g_array_index (self->steps, SimStep, from + i).left_out;
            g_array_index (self->steps, SimStep, from + i).left_out = TRUE;
          }
        violation = sim_plan_run (self, seed, FALSE, NULL);
        for (guint i = 0; violation == NULL && i < n; i++)
          g_array_index (self->steps, SimStep, from + i).left_out = before[i];
      }
}

void
sim_plan_print (SimPlan *self)
{
  g_print ("# %u clients\n", self->n_clients);
  for (guint i = 0; i < self->steps->len; i++)
    {
      const SimStep *step = &g_array_index (self->steps, SimStep, i);

      if (!step->left_out)
        g_print ("# %9.3f  %s (client %u, %u, %u)\n", (double) step->at_us / SIM_SECOND, kinds[step->what].name, step->client,
                 step->a, step->b);
    }
}
