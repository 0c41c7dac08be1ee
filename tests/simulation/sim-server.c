/* sim-server.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "sim-server.h"

#include <glib/gstdio.h>
#include <libsoup/soup.h>
#include <string.h>

#include "core/crown-json.h"
#include "server/crown-ledger-retention.h"
#include "server/crown-rest-private.h"
#include "server/crown-server-error.h"
#include "server/crown-sqlite-ledger.h"
#include "sim-history.h"

typedef struct {
  SimServer      *server;
  SimAnswer       answer;
  SimAnswerFunc   func;
  gpointer        user_data;
  GDestroyNotify  destroy;
  gboolean        abandoned;
} Waiting;

static void
waiting_free (gpointer data)
{
  Waiting *waiting = data;

  if (waiting->destroy != NULL)
    waiting->destroy (waiting->user_data);
  g_free (waiting->answer.body);
  g_free (waiting);
}

static void
server_clear (SimServer *self)
{
  g_clear_object (&self->broadcaster);
  g_clear_object (&self->sio);
  g_clear_object (&self->authenticator);
  g_clear_object (&self->sequencer);
  g_clear_object (&self->ledger);
}

gboolean
sim_server_is_up (SimServer *self)
{
  return self->ledger != NULL;
}

static void
die (SimServer *self)
{
  sim_world_trace (self->world, "server dies");
  for (guint i = 0; i < self->lines->len; i++)
    sim_line_abandon (self->lines->pdata[i]);
  g_ptr_array_set_size (self->lines, 0);
  server_clear (self);
  /* Who waited is not told: the batch told them of the error that the crash is, and that is not what a crash does. */
  g_ptr_array_set_size (self->waiting, 0);
  sim_disk_restart (self->disk);
}

void
sim_server_settle (SimServer *self)
{
  if (sim_server_is_up (self) && self->disk->dead)
    die (self);
}

static void
on_committed (CrownEventSequencer *sequencer,
              GPtrArray           *events,
              gpointer             user_data)
{
  SimServer *self = user_data;

  for (guint i = 0; i < events->len; i++)
    sim_history_record (self->world->history, self->world, events->pdata[i]);
}

static gboolean
start (SimServer  *self,
       GError    **error)
{
  self->ledger = (CrownEventLedger *) crown_sqlite_ledger_open (self->path, error);
  if (self->ledger == NULL)
    return FALSE;
  self->sequencer = crown_event_sequencer_new (self->ledger, &self->clock.clock);
  /* First, so that what clients are told of is in the history before. */
  g_signal_connect (self->sequencer, "committed", G_CALLBACK (on_committed), self);
  self->authenticator = crown_authenticator_new (self->ledger);
  self->sio = sim_sio_server_new ();
  self->broadcaster = crown_event_broadcaster_new (self->sio, self->sequencer, self->authenticator, NULL, NULL);
  return TRUE;
}

/* A crash may have been after a commit and before anybody was told of it; never the other way about. */
static void
check_head (SimServer *self,
            SimStream  stream)
{
  g_autofree char *name = crown_event_stream_name (stream == SIM_STREAM_USER ? CROWN_SCOPE_USER : CROWN_SCOPE_WORKSPACE,
                                                   stream == SIM_STREAM_USER ? self->user_id : self->workspace_id);
  guint64 known = sim_history_get_head (self->world->history, stream);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) events = NULL;
  CrownStreamHead head;

  if (!crown_event_ledger_load_head (self->ledger, name, &head, &error) ||
      (events = crown_event_ledger_load_events (self->ledger, name, 0, known, 1000, &error)) == NULL)
    {
      sim_world_violate (self->world, "the ledger cannot be read: %s", error->message);
      return;
    }
  if (head.sequence < known)
    sim_world_violate (self->world, "the server told of %" G_GUINT64_FORMAT " events of %s and has %" G_GUINT64_FORMAT,
                       known, name, head.sequence);
  on_committed (self->sequencer, events, self);
}

void
sim_server_start (SimServer *self)
{
  g_autoptr (GError) error = NULL;

  if (sim_server_is_up (self))
    return;
  if (!start (self, &error))
    {
      sim_world_trace (self->world, "server does not start");
      server_clear (self);
      if (self->disk->dead || self->disk->full)
        sim_disk_restart (self->disk);
      else
        sim_world_violate (self->world, "the server does not start: %s", error->message);
      return;
    }
  sim_world_trace (self->world, "server starts");
  sim_history_see_epoch (self->world->history, crown_event_ledger_get_epoch (self->ledger));
  check_head (self, SIM_STREAM_WORKSPACE);
  check_head (self, SIM_STREAM_USER);
}

void
sim_server_stop (SimServer *self,
                 gboolean   graceful)
{
  if (!sim_server_is_up (self))
    return;
  if (!graceful)
    {
      self->disk->dead = TRUE;
      sim_server_settle (self);
      return;
    }
  sim_world_trace (self->world, "server stops");
  crown_event_broadcaster_say_closing (self->broadcaster, 1000);
  crown_event_sequencer_flush (self->sequencer);
  for (guint i = 0; i < self->lines->len; i++)
    sim_line_abandon (self->lines->pdata[i]);
  g_ptr_array_set_size (self->lines, 0);
  server_clear (self);
  if (self->disk->dead)
    sim_disk_restart (self->disk);
}

void
sim_server_add_line (SimServer *self,
                     SimLine   *line)
{
  g_ptr_array_add (self->lines, g_rc_box_acquire (line));
}

/* REST */

static void
answer_error (SimAnswer    *answer,
              const GError *error)
{
  g_autoptr (JsonObject) problem = json_object_new ();

  answer->status = crown_server_error_status (error);
  json_object_set_string_member (problem, "detail", error->message);
  json_object_set_string_member (problem, "code", crown_server_error_code (error));
  g_free (answer->body);
  answer->body = crown_json_object_to_string (problem);
}

static void
finish (Waiting *waiting)
{
  SimServer *self = waiting->server;
  guint index;

  waiting->func (&waiting->answer, waiting->user_data);
  if (g_ptr_array_find (self->waiting, waiting, &index))
    g_ptr_array_remove_index (self->waiting, index);
}

static void
on_write_committed (GPtrArray    *events,
                    const GError *error,
                    gpointer      user_data)
{
  Waiting *waiting = user_data;

  if (waiting->server->disk->dead)
    return;
  if (error != NULL)
    {
      waiting->answer.sequence = 0;
      answer_error (&waiting->answer, error);
    }
  finish (waiting);
}

static void
flush_cb (SimWorld *world,
          gpointer  data)
{
  SimServer *self = data;

  self->flush_due = FALSE;
  if (!sim_server_is_up (self))
    return;
  crown_event_sequencer_flush (self->sequencer);
  sim_server_settle (self);
}

/* The batch is committed a little later, with what comes until then. */
static void
schedule_flush (SimServer *self)
{
  if (self->flush_due)
    return;
  self->flush_due = TRUE;
  sim_world_at (self->world, self->world->now_us + sim_random (self->rand, 0, 4 * SIM_MS), SIM_CLIENTS_MAX, flush_cb, self, NULL);
}

static gboolean
do_write (SimServer             *self,
          CrownRestRequest      *request,
          const CrownRestRoute  *route,
          const char            *path,
          const char            *key,
          const char            *body,
          Waiting               *waiting,
          GError               **error)
{
  gint64 now = crown_clock_now_us (&self->clock.clock) / G_USEC_PER_SEC;
  g_autofree char *all = g_strconcat (route->method, " ", path, "\n", body, NULL);
  g_autoptr (CrownLedgerAnswer) answer = NULL;
  g_autoptr (CrownEventWrite) write = NULL;
  char hash[65];

  crown_checksum_bytes (all, strlen (all), hash);
  if (route->takes_json && (request->json = crown_json_parse_object (body != NULL ? body : "", -1, error)) == NULL)
    return FALSE;
  write = crown_event_sequencer_begin (self->sequencer, &request->who, key, error);
  if (write == NULL || !crown_rest_request_perform (request, route, write, key, hash, now, &answer, error))
    return FALSE;

  waiting->answer.status = answer->status;
  waiting->answer.sequence = answer->sequence;
  waiting->answer.body = g_strdup (answer->body);
  return crown_event_write_commit_later (g_steal_pointer (&write), on_write_committed, waiting, error);
}

static gboolean
do_read (SimServer             *self,
         CrownRestRequest      *request,
         const CrownRestRoute  *route,
         Waiting               *waiting,
         GError               **error)
{
  gboolean ok;

  if (!crown_event_ledger_begin (self->ledger, FALSE, error))
    return FALSE;
  ok = route->read (request, error);
  crown_event_ledger_rollback (self->ledger);
  waiting->answer.sequence = request->sequence;
  if (ok)
    {
      waiting->answer.status = request->status;
      waiting->answer.body = g_strdup (request->answer->str);
    }
  return ok;
}

void
sim_server_request (SimServer      *self,
                    gint64          user_id,
                    const char     *method,
                    const char     *path,
                    const char     *key,
                    const char     *body,
                    SimAnswerFunc   func,
                    gpointer        user_data,
                    GDestroyNotify  destroy)
{
  g_auto (GStrv) parts = g_strsplit (path, "?", 2);
  g_autofree char *full = g_strdup_printf ("workspaces/%" G_GINT64_FORMAT "%s", self->workspace_id, parts[0]);
  g_autoptr (GString) allowed = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = body != NULL ? g_bytes_new (body, strlen (body)) : g_bytes_new (NULL, 0);
  Waiting *waiting = g_new0 (Waiting, 1);
  CrownRestRequest request = {
    .sequencer = self->sequencer,
    .ledger = self->ledger,
    .who = { .user_id = user_id, .workspace_id = self->workspace_id, .role = CROWN_ROLE_MEMBER },
    .status = 200,
    .body = bytes,
    .answer = g_string_new (NULL),
    .stream = crown_event_stream_name (CROWN_SCOPE_WORKSPACE, self->workspace_id),
    .query = parts[1] != NULL ? soup_form_decode (parts[1]) : NULL,
  };
  const CrownRestRoute *route = crown_rest_find_route (method, full, &request.workspace_id, &request.id, allowed, &error);
  gboolean ok;

  *waiting = (Waiting) { .server = self, .func = func, .user_data = user_data, .destroy = destroy };
  g_ptr_array_add (self->waiting, waiting);
  if (route == NULL)
    ok = FALSE;
  else if (route->write != NULL)
    ok = do_write (self, &request, route, path, key, body, waiting, &error);
  else
    ok = do_read (self, &request, route, waiting, &error);

  if (!ok && !self->disk->dead)
    {
      answer_error (&waiting->answer, error);
      finish (waiting);
    }
  else if (ok && route->write == NULL)
    {
      finish (waiting);
    }
  g_string_free (request.answer, TRUE);
  g_clear_pointer (&request.query, g_hash_table_unref);
  g_clear_pointer (&request.json, json_object_unref);
  g_free (request.stream);
  g_free (request.etag);
  g_free (request.current);
  sim_server_settle (self);
  if (sim_server_is_up (self))
    schedule_flush (self);
}

/* What the server does by itself */

void
sim_server_remind (SimServer *self,
                   guint      what)
{
  CrownPrincipal who = { .user_id = self->user_id, .workspace_id = self->workspace_id, .role = CROWN_ROLE_MEMBER };
  g_autofree char *title = g_strdup_printf ("Reminder %u", what);
  g_autoptr (JsonObject) data = json_object_new ();
  JsonObject *reminder = json_object_new ();
  g_autoptr (CrownEventWrite) write = NULL;

  if (!sim_server_is_up (self))
    return;
  json_object_set_string_member (reminder, "title", title);
  json_object_set_string_member (reminder, "message", "It is due");
  json_object_set_string_member (reminder, "type", "due_soon");
  json_object_set_double_member (reminder, "confidence", 0.5);
  json_object_set_int_member (data, "user_id", self->user_id);
  json_object_set_object_member (data, "reminder", reminder);
  write = crown_event_sequencer_begin (self->sequencer, &who, NULL, NULL);
  if (write != NULL && crown_event_write_emit (write, CROWN_EVENT_INSIGHT_REMINDER, data, NULL, NULL))
    crown_event_write_commit_later (g_steal_pointer (&write), NULL, NULL, NULL);
  sim_server_settle (self);
  if (sim_server_is_up (self))
    schedule_flush (self);
}

void
sim_server_idle_sync (SimServer *self)
{
  if (!sim_server_is_up (self))
    return;
  crown_event_broadcaster_idle_sync (self->broadcaster);
  sim_server_settle (self);
  if (sim_server_is_up (self))
    schedule_flush (self);
}

void
sim_server_retain (SimServer *self,
                   guint      keep_events)
{
  const CrownRetention retention = { 0, keep_events };
  g_autoptr (GError) error = NULL;
  CrownRetentionReport report = { 0 };
  gboolean has_more;

  if (!sim_server_is_up (self))
    return;
  crown_event_sequencer_flush (self->sequencer);
  sim_server_settle (self);
  if (!sim_server_is_up (self))
    return;
  crown_ledger_retention_step (self->ledger, &retention, &self->clock.clock, 1000, &report, &has_more, &error);
  sim_world_trace (self->world, "server forgets %" G_GUINT64_FORMAT " events, and what %" G_GUINT64_FORMAT " said",
                   report.deleted, report.tombstones);
  sim_server_settle (self);
}

void
sim_server_back_up (SimServer *self)
{
  g_autofree char *copy = g_strconcat (self->path, ".copy", NULL);
  g_autoptr (GError) error = NULL;

  if (!sim_server_is_up (self) || self->disk->full)
    return;
  crown_event_sequencer_flush (self->sequencer);
  sim_server_settle (self);
  if (!sim_server_is_up (self))
    return;
  if (crown_event_ledger_backup (self->ledger, copy, &error))
    {
      sim_history_back_up (self->world->history);
      self->has_backup = TRUE;
      sim_world_trace (self->world, "server is backed up");
    }
  sim_server_settle (self);
}

void
sim_server_restore (SimServer *self)
{
  static const char *const suffixes[] = { "-wal", "-shm" };
  g_autofree char *copy = g_strconcat (self->path, ".copy", NULL);

  if (!self->has_backup)
    return;
  sim_server_stop (self, FALSE);
  self->has_backup = FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *name = g_strconcat (self->path, suffixes[i], NULL);

      g_remove (name);
    }
  g_rename (copy, self->path);
  sim_history_restore (self->world->history);
  sim_world_trace (self->world, "server is restored");
}

static void
tick_cb (SimWorld *world,
         gpointer  data)
{
  SimServer *self = data;

  if (sim_server_is_up (self))
    {
      crown_event_sequencer_tick (self->sequencer);
      sim_server_settle (self);
      if (sim_server_is_up (self))
        schedule_flush (self);
    }
  sim_world_at (world, world->now_us + SIM_SECOND, SIM_CLIENTS_MAX, tick_cb, self, NULL);
}

static void
idle_cb (SimWorld *world,
         gpointer  data)
{
  SimServer *self = data;

  sim_server_idle_sync (self);
  sim_world_at (world, world->now_us + 30 * SIM_SECOND, SIM_CLIENTS_MAX, idle_cb, self, NULL);
}

SimServer *
sim_server_new (SimWorld *world)
{
  SimServer *self = g_new0 (SimServer, 1);
  g_autoptr (GError) error = NULL;
  CrownPrincipal who = { .role = CROWN_ROLE_MEMBER };
  char hash[65];

  self->world = world;
  self->folder = g_build_filename (world->folder, "server", NULL);
  g_mkdir (self->folder, 0700);
  self->path = g_build_filename (self->folder, "ledger.db", NULL);
  self->disk = sim_disk_new (self->folder);
  sim_clock_init (&self->clock, world);
  self->rand = g_rand_new_with_seed ((guint32) world->seed ^ 0x5eed);
  self->lines = g_ptr_array_new_with_free_func ((GDestroyNotify) sim_line_unref);
  self->waiting = g_ptr_array_new_with_free_func (waiting_free);
  start (self, &error);
  g_assert_no_error (error);
  crown_event_ledger_create_user (self->ledger, "Ada", &self->user_id, &error);
  crown_event_ledger_create_user (self->ledger, "Ben", &self->other_id, &error);
  crown_event_ledger_create_workspace (self->ledger, "Team", &self->workspace_id, &error);
  g_assert_no_error (error);
  self->token = crown_token_new (&error);
  who.user_id = self->user_id;
  who.workspace_id = self->workspace_id;
  crown_token_hash (self->token, hash);
  crown_event_ledger_put_token (self->ledger, hash, &who, &error);
  g_assert_no_error (error);
  self->auth = g_strdup_printf ("{\"token\":\"%s\"}", self->token);
  sim_history_begin (world->history, crown_event_ledger_get_epoch (self->ledger));
  sim_world_at (world, 0, SIM_CLIENTS_MAX, tick_cb, self, NULL);
  sim_world_at (world, 30 * SIM_SECOND, SIM_CLIENTS_MAX, idle_cb, self, NULL);
  return self;
}

void
sim_server_free (SimServer *self)
{
  self->disk->dead = TRUE;
  for (guint i = 0; i < self->lines->len; i++)
    ((SimLine *) self->lines->pdata[i])->open = FALSE;
  g_ptr_array_set_size (self->lines, 0);
  server_clear (self);
  g_ptr_array_unref (self->lines);
  g_ptr_array_unref (self->waiting);
  sim_disk_free (self->disk);
  g_rand_free (self->rand);
  g_free (self->folder);
  g_free (self->path);
  g_free (self->token);
  g_free (self->auth);
  g_free (self);
}
