/* sim-client.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "sim-client.h"

#include <glib/gstdio.h>
#include <string.h>

#include "core/crown-json.h"
#include "sim-server.h"

#define REQUEST_TIMEOUT_US (10 * SIM_SECOND)

static void
write_free (gpointer data)
{
  SimWrite *write = data;

  g_free (write->mutation_id);
  g_free (write->path);
  g_free (write->member);
  g_free (write->value);
  g_free (write->confirmed);
  g_free (write);
}

/* The timer */

typedef struct {
  SimClient *client;
  guint64    number;
} Number;

static void
tick_cb (SimWorld *world,
         gpointer  data)
{
  Number *tick = data;
  SimClient *self = tick->client;

  if (self->machine == NULL || tick->number != self->tick)
    return;
  if (world->now_us >= self->asleep_until)
    crown_sync_machine_tick (self->machine);
  sim_client_settle (self);
}

static void
set_timer (SimClient *self)
{
  gint64 due = crown_sync_machine_get_due (self->machine);
  Number *tick;

  self->tick++;
  if (due == G_MAXINT64)
    return;
  tick = g_new (Number, 1);
  *tick = (Number) { self, self->tick };
  sim_world_at (self->world, MAX (due, self->asleep_until), self->index, tick_cb, tick, g_free);
}

gboolean
sim_client_is_up (SimClient *self)
{
  return self->machine != NULL;
}

static void mend (SimClient *self);

static gboolean
is_damaged (SimClient *self)
{
  return crown_cache_is_damaged (self->cache) || crown_cache_reader_is_damaged (self->reader);
}

void
sim_client_settle (SimClient *self)
{
  if (!sim_client_is_up (self))
    return;
  if (self->disk->dead)
    {
      sim_client_die (self);
      return;
    }
  set_timer (self);
  sim_client_check (self);
  if (is_damaged (self))
    mend (self);
}

/* The driver */

static void
driver_open (gpointer user_data)
{
  SimClient *self = user_data;

  self->line = sim_line_open (self);
}

static void
driver_close (gpointer user_data)
{
  SimClient *self = user_data;

  self->life++;
  if (self->line != NULL)
    sim_line_close (g_steal_pointer (&self->line));
}

static void
driver_emit (const char *nsp,
             const char *name,
             JsonObject *argument,
             gpointer    user_data)
{
  SimClient *self = user_data;

  if (self->line != NULL)
    sim_line_emit (self->line, nsp, name, argument);
}

typedef struct {
  SimClient *client;
  guint      life;
  guint      id;
  char      *method;
  char      *path;
  char      *key;
  char      *body;
  gboolean   answered;
  SimAnswer  answer;
} Request;

static void
request_clear (gpointer data)
{
  Request *request = data;

  g_free (request->method);
  g_free (request->path);
  g_free (request->key);
  g_free (request->body);
  g_free (request->answer.body);
}

static void
request_unref (gpointer data)
{
  g_rc_box_release_full (data, request_clear);
}

static void
answer_request (SimWorld *world,
                gpointer  data)
{
  Request *request = data;
  SimClient *self = request->client;
  g_autoptr (GBytes) body = request->answer.body != NULL ? g_bytes_new (request->answer.body, strlen (request->answer.body))
                                                         : NULL;
  const CrownSyncAnswer answer = {
    .status = request->answer.status,
    .sequence = request->answer.sequence,
    .body = body,
    .message = request->answer.status == 0 ? "it timed out" : NULL,
  };

  if (request->answered || request->life != self->life || !sim_client_is_up (self) || world->now_us < self->asleep_until)
    return;
  request->answered = TRUE;
  sim_world_trace (world, "client %u: %s %s is answered %u", self->index, request->method, request->path, answer.status);
  crown_sync_machine_answered (self->machine, request->id, &answer);
  sim_client_settle (self);
}

static void
answer_later (Request *request,
              gint64   us)
{
  SimClient *self = request->client;

  sim_world_at (self->world, self->world->now_us + us, self->index, answer_request, g_rc_box_acquire (request), request_unref);
}

static void
on_server_answer (const SimAnswer *answer,
                  gpointer         user_data)
{
  Request *request = user_data;
  SimClient *self = request->client;
  SimWorld *world = self->world;

  if (world->now_us < self->network.cut_until || world->now_us < self->network.silent_until)
    return;
  if (world->now_us < self->network.unanswered_until && sim_chance (self->rand, 60))
    {
      sim_world_trace (world, "client %u: an answer is lost", self->index);
      return;
    }
  request->answer = *answer;
  request->answer.body = g_strdup (answer->body);
  answer_later (request, sim_network_latency (world, &self->network, self->rand));
}

static void
arrive_request (SimWorld *world,
                gpointer  data)
{
  Request *request = data;
  SimClient *self = request->client;
  SimServer *server = world->server;

  if (world->now_us < self->network.cut_until || world->now_us < self->network.silent_until)
    return;
  if (!sim_server_is_up (server))
    {
      answer_later (request, SIM_MS);
      return;
    }
  if (world->now_us < self->network.busy_until && sim_chance (self->rand, 60))
    {
      request->answer.status = 503;
      answer_later (request, SIM_MS);
      return;
    }
  sim_server_request (server, server->user_id, request->method, request->path, request->key, request->body, on_server_answer,
                      g_rc_box_acquire (request), request_unref);
}

static void
driver_request (const CrownSyncRequest *wanted,
                gpointer                user_data)
{
  SimClient *self = user_data;
  Request *request = g_rc_box_new0 (Request);
  SimWorld *world = self->world;

  request->client = self;
  request->life = self->life;
  request->id = wanted->id;
  request->method = g_strdup (wanted->method);
  request->path = g_strdup (wanted->path);
  request->key = g_strdup (wanted->key);
  if (wanted->body != NULL)
    request->body = g_strndup (g_bytes_get_data (wanted->body, NULL), g_bytes_get_size (wanted->body));
  sim_world_at (world, world->now_us + sim_network_latency (world, &self->network, self->rand), self->index, arrive_request,
                request, request_unref);
  sim_world_at (world, world->now_us + REQUEST_TIMEOUT_US, self->index, answer_request, g_rc_box_acquire (request), request_unref);
}

static void
driver_state_changed (CrownClientState state,
                      gpointer         user_data)
{
  SimClient *self = user_data;
  static const char *const names[] = { "offline", "connecting", "joining", "replaying", "snapshotting", "live", "backing off",
                                       "stopped" };

  sim_world_trace (self->world, "client %u is %s", self->index, names[state]);
}

static void
driver_changed (const CrownChangeSet *changes,
                gboolean              made_here,
                gpointer              user_data)
{
}

static void
driver_pending (guint    n,
                gpointer user_data)
{
}

static void
driver_failed (CrownFailureKind     kind,
               CrownFailureOutcome  outcome,
               const char          *what,
               const char          *mutation_id,
               const char          *detail,
               gpointer             user_data)
{
  SimClient *self = user_data;

  sim_world_trace (self->world, "client %u: %s: %s", self->index, what, crown_failure_get_name (kind));
  for (guint i = 0; i < self->writes->len; i++)
    {
      SimWrite *write = self->writes->pdata[i];

      if (g_strcmp0 (write->mutation_id, mutation_id) == 0)
        {
          write->rejected = TRUE;
          return;
        }
    }
}

static const CrownSyncDriver driver = {
  .open = driver_open,
  .close = driver_close,
  .emit = driver_emit,
  .request = driver_request,
  .state_changed = driver_state_changed,
  .changed = driver_changed,
  .pending = driver_pending,
  .failed = driver_failed,
};

/* What the line brings */

static void
line_event (SimClient  *self,
            const char *nsp,
            const char *name,
            JsonArray  *args)
{
  if (g_str_equal (name, "connect"))
    crown_sync_machine_opened (self->machine, nsp);
  else if (g_str_equal (name, "connect_error"))
    crown_sync_machine_refused (self->machine, CROWN_FAILURE_FORBIDDEN, "refused");
  else
    crown_sync_machine_event (self->machine, nsp, name, args);
  sim_client_settle (self);
}

static void
line_lost (SimClient  *self,
           const char *reason)
{
  sim_world_trace (self->world, "client %u: %s", self->index, reason);
  crown_sync_machine_lost (self->machine, CROWN_FAILURE_LOST, reason);
  sim_client_settle (self);
}

const SimLineFuncs sim_client_line_funcs = { .event = line_event, .lost = line_lost };

/* The process */

static double
jitter (gpointer user_data)
{
  return g_rand_double (((SimClient *) user_data)->jitter);
}

static void
close_files (SimClient *self)
{
  g_clear_pointer (&self->machine, crown_sync_machine_free);
  g_clear_pointer (&self->reader, crown_cache_reader_close);
  g_clear_pointer (&self->view, crown_sqlite_close);
  g_clear_pointer (&self->cache, crown_cache_close);
  g_clear_pointer (&self->outbox, crown_outbox_close);
}

void
sim_client_die (SimClient *self)
{
  if (!sim_client_is_up (self))
    return;
  sim_world_trace (self->world, "client %u dies", self->index);
  self->disk->dead = TRUE;
  driver_close (self);
  close_files (self);
  sim_disk_restart (self->disk);
}

static gboolean
open_files (SimClient  *self,
            GError    **error)
{
  g_autofree char *cache = g_build_filename (self->folder, "cache.db", NULL);
  g_autofree char *outbox = g_build_filename (self->folder, "outbox.db", NULL);

  self->outbox = crown_outbox_open (outbox, error);
  if (self->outbox == NULL)
    return FALSE;
  self->cache = crown_cache_open (cache, self->world->server->workspace_id, self->world->server->user_id, error);
  if (self->cache == NULL)
    return FALSE;
  self->view = crown_sqlite_open (cache, CROWN_SQLITE_READ_ONLY, error);
  self->reader = self->view != NULL ? crown_cache_reader_open (self->folder, error) : NULL;
  return self->reader != NULL;
}

/* (transfer none) (nullable) */
static const CrownOutboxEntry *
find_entry (GPtrArray      *entries,
            const SimWrite *write)
{
  for (guint i = 0; entries != NULL && i < entries->len; i++)
    if (g_strcmp0 (((CrownOutboxEntry *) entries->pdata[i])->mutation_id, write->mutation_id) == 0)
      return entries->pdata[i];
  return NULL;
}

static void
note_withdrawn (SimClient *self)
{
  g_autoptr (GPtrArray) entries = crown_outbox_list (self->outbox, NULL);

  for (guint i = 0; entries != NULL && i < self->writes->len; i++)
    {
      SimWrite *write = self->writes->pdata[i];

      write->withdrawn = write->withdrawn || (write->present && find_entry (entries, write) == NULL);
      write->present = FALSE;
    }
}

/* The process died while it wrote: half a write there must not be. */
static void
make_sure (SimClient *self)
{
  SimWrite *unsure = g_steal_pointer (&self->unsure);
  g_autoptr (GPtrArray) entries = crown_outbox_list (self->outbox, NULL);
  const CrownOutboxEntry *entry = unsure != NULL ? find_entry (entries, unsure) : NULL;

  note_withdrawn (self);
  if (entry != NULL)
    {
      unsure->row_id = entry->row_id;
      g_ptr_array_add (self->writes, unsure);
    }
  else if (unsure != NULL)
    {
      write_free (unsure);
    }
}

void
sim_client_start (SimClient *self)
{
  g_autoptr (GError) error = NULL;

  if (sim_client_is_up (self))
    return;
  if (!open_files (self, &error))
    {
      if (!self->disk->dead && !self->disk->full)
        sim_world_violate (self->world, "client %u does not start: %s", self->index, error->message);
      sim_world_trace (self->world, "client %u does not start", self->index);
      close_files (self);
      sim_disk_restart (self->disk);
      return;
    }
  sim_world_trace (self->world, "client %u starts", self->index);
  make_sure (self);
  self->machine = crown_sync_machine_new (self->cache, self->outbox, self->world->server->workspace_id,
                                          self->world->server->user_id, &driver, self, &self->clock.clock, jitter, self);
  if (self->wants)
    crown_sync_machine_connect (self->machine);
  sim_client_settle (self);
}

/* As the engine does it. */
static void
mend (SimClient *self)
{
  g_autoptr (GError) error = NULL;
  CrownCache *cache;

  sim_world_trace (self->world, "client %u sets its cache aside", self->index);
  driver_close (self);
  cache = g_steal_pointer (&self->cache);
  close_files (self);
  cache = crown_cache_reopen (cache, &error);
  g_clear_pointer (&cache, crown_cache_close);
  if (error != NULL && !self->disk->dead && !self->disk->full)
    sim_world_violate (self->world, "client %u cannot begin anew: %s", self->index, error->message);
  sim_client_start (self);
}

void
sim_client_want (SimClient *self,
                 gboolean   wants)
{
  self->wants = wants;
  if (!sim_client_is_up (self))
    return;
  if (wants)
    crown_sync_machine_connect (self->machine);
  else
    crown_sync_machine_disconnect (self->machine);
  sim_client_settle (self);
}

void
sim_client_damage (SimClient *self,
                   guint      how)
{
  static const char *const damages[] = {
    "DELETE FROM tasks WHERE id IN (SELECT id FROM tasks ORDER BY id LIMIT 2)",
    "UPDATE tasks SET row = replace (row, 'pending', 'pendant') WHERE id % 2 = 0",
    "UPDATE meetings SET _checksum = (SELECT _checksum FROM meetings ORDER BY id LIMIT 1)",
    "UPDATE metadata SET value = replace (value, '1', '2') WHERE key = 'stats'",
  };
  g_autofree char *path = g_build_filename (self->folder, "cache.db", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownSqlite) db = NULL;

  sim_client_die (self);
  sim_disk_restart (self->disk); /* what damages it does not die of it */
  db = crown_sqlite_open (path, CROWN_SQLITE_READ_WRITE, &error);
  if (db != NULL && crown_sqlite_exec (db, "damage", damages[how % G_N_ELEMENTS (damages)], &error))
    self->damaged = TRUE;
  sim_world_trace (self->world, "client %u is damaged: %s", self->index, self->damaged ? "yes" : "no");
}

void
sim_client_flip (SimClient *self,
                 guint      which)
{
  g_autofree char *path = g_build_filename (self->folder, "cache.db", NULL);
  g_autoptr (GRand) rand = g_rand_new_with_seed (which);
  g_autofree char *bytes = NULL;
  gsize length;

  sim_client_die (self);
  sim_disk_restart (self->disk);
  if (!g_file_get_contents (path, &bytes, &length, NULL) || length == 0)
    return;
  for (guint i = 0; i <= which % 8; i++)
    bytes[g_rand_int (rand) % length] ^= (char) (1u << (which / 8 % 8));
  self->damaged = g_file_set_contents_full (path, bytes, (gssize) length, G_FILE_SET_CONTENTS_NONE, 0600, NULL);
  sim_world_trace (self->world, "client %u has %u bytes flipped", self->index, which % 8 + 1);
}

static void
wake_up (SimWorld *world,
         gpointer  data)
{
  SimClient *self = data;

  if (!sim_client_is_up (self) || world->now_us < self->asleep_until)
    return;
  crown_sync_machine_resume (self->machine);
  sim_client_settle (self);
}

void
sim_client_sleep (SimClient *self,
                  gint64     us)
{
  self->asleep_until = MAX (self->asleep_until, self->world->now_us + us);
  self->network.silent_until = MAX (self->network.silent_until, self->asleep_until);
  sim_world_at (self->world, self->asleep_until, self->index, wake_up, self, NULL);
}

/* What the person does, as crown-client.c writes it into the outbox */

static CrownOutboxEntry *
entry_new (SimClient      *self,
           CrownEventType  type,
           gint64          id,
           const char     *method,
           char           *path,
           JsonObject     *overlay)
{
  CrownOutboxEntry *entry = g_new0 (CrownOutboxEntry, 1);
  g_autofree char *now = crown_clock_now_iso (&self->clock.clock);

  json_object_set_string_member (overlay, "timestamp", now);
  entry->type = type;
  entry->row_id = id;
  entry->method = g_strdup (method);
  entry->path = path;
  entry->overlay = overlay;
  return entry;
}

static CrownOutboxEntry *
edit_task (SimClient *self,
           gint64     id,
           guint      what)
{
  static const char *const statuses[] = { "pending", "completed", "cancelled" };
  static const char *const priorities[] = { "low", "medium", "high" };
  g_autoptr (JsonObject) updates = json_object_new ();
  g_autofree char *text = g_strdup_printf ("Write %u", ++self->world->n_writes);
  JsonObject *overlay = json_object_new ();
  CrownOutboxEntry *entry;

  if (what % 3 == 0)
    json_object_set_string_member (updates, "status", statuses[what / 3 % 3]);
  else if (what % 3 == 1)
    json_object_set_string_member (updates, "priority", priorities[what / 3 % 3]);
  else
    json_object_set_string_member (updates, "text", text);
  json_object_set_int_member (overlay, "task_id", id);
  json_object_set_object_member (overlay, "updates", json_object_ref (updates));
  entry = entry_new (self, CROWN_EVENT_TASK_UPDATE, id, "PATCH", g_strdup_printf ("/tasks/%" G_GINT64_FORMAT, id), overlay);
  entry->body = json_object_ref (updates);
  return entry;
}

static CrownOutboxEntry *
archive_meeting (SimClient *self,
                 gint64     id)
{
  JsonObject *overlay = json_object_new ();

  json_object_set_int_member (overlay, "meeting_id", id);
  json_object_set_int_member (overlay, "archived_by", self->world->server->user_id);
  return entry_new (self, CROWN_EVENT_SESSION_ARCHIVE, id, "POST", g_strdup_printf ("/meetings/%" G_GINT64_FORMAT "/archive", id),
                    overlay);
}

static SimWrite *
write_new (const CrownOutboxEntry *entry)
{
  SimWrite *write = g_new (SimWrite, 1);
  g_autoptr (GList) names = entry->body != NULL ? json_object_get_members (entry->body) : NULL;

  *write = (SimWrite) { g_strdup (entry->mutation_id), entry->type, entry->row_id, g_strdup (entry->path) };
  for (GList *name = names; name != NULL && write->value == NULL; name = name->next)
    {
      write->member = g_strdup (name->data);
      write->value = g_strdup (crown_json_opt_string (entry->body, name->data, NULL));
      if (write->value == NULL)
        g_clear_pointer (&write->member, g_free);
    }
  return write;
}

gint64
sim_client_row_of (SimClient      *self,
                   const SimWrite *write)
{
  return crown_cache_reader_resolve_id (self->reader, crown_event_info (write->type)->store, write->row_id);
}

void
sim_client_withdraw (SimClient *self,
                     guint      which)
{
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GError) error = NULL;
  const char *mutation_id = NULL;
  gboolean done;

  if (!sim_client_is_up (self) || self->world->now_us < self->asleep_until ||
      (entries = crown_outbox_list (self->outbox, NULL)) == NULL || entries->len == 0)
    return;
  mutation_id = ((CrownOutboxEntry *) entries->pdata[which % entries->len])->mutation_id;
  for (guint i = 0; i < self->writes->len; i++)
    ((SimWrite *) self->writes->pdata[i])->present = find_entry (entries, self->writes->pdata[i]) != NULL;
  done = crown_sync_machine_withdraw (self->machine, mutation_id, FALSE, &error);
  sim_world_trace (self->world, "client %u %s a change", self->index, done ? "withdraws" : "cannot withdraw");
  if (!self->disk->dead)
    note_withdrawn (self);
  sim_client_settle (self);
}

static void put_write (SimClient *self, CrownOutboxEntry *entry, guint which, gboolean second);

void
sim_client_create (SimClient *self,
                   guint      what,
                   guint      which)
{
  CrownQuery query = { CROWN_QUERY_MEETINGS };
  g_autofree char *text = g_strdup_printf ("Made %u", ++self->world->n_writes);
  g_autoptr (JsonObject) fields = json_object_new ();
  g_autoptr (CrownOutboxEntry) entry = NULL;
  g_autoptr (GArray) ids = NULL;

  if (!sim_client_is_up (self) || self->world->now_us < self->asleep_until)
    return;
  crown_cache_reader_invalidate_overlay (self->reader);
  ids = crown_cache_reader_query_ids (self->reader, &query, NULL);
  if (ids == NULL || ids->len == 0 || what % 4 == 0)
    {
      json_object_set_string_member (fields, "title", text);
      entry = crown_outbox_entry_new_meeting (fields, &self->clock.clock);
    }
  else
    {
      json_object_set_string_member (fields, "text", text);
      json_object_set_int_member (fields, "session_id", g_array_index (ids, gint64, which % ids->len));
      entry = crown_outbox_entry_new_task (fields, &self->clock.clock);
    }
  put_write (self, entry, which, what % 3 == 0);
}

void
sim_client_edit (SimClient *self,
                 guint      what,
                 guint      which,
                 gboolean   second)
{
  gboolean is_meeting = what % 5 == 4;
  CrownQuery query = { is_meeting ? CROWN_QUERY_MEETINGS : CROWN_QUERY_TASKS };
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) ids = NULL;
  g_autoptr (CrownOutboxEntry) entry = NULL;
  gint64 id;

  if (!sim_client_is_up (self) || self->world->now_us < self->asleep_until)
    return;
  crown_cache_reader_invalidate_overlay (self->reader);
  ids = crown_cache_reader_query_ids (self->reader, &query, &error);
  if (ids == NULL || ids->len == 0)
    return;
  id = g_array_index (ids, gint64, which % ids->len);
  entry = is_meeting ? archive_meeting (self, id) : edit_task (self, id, what / 5);
  put_write (self, entry, which, second);
}

static void
put_write (SimClient        *self,
           CrownOutboxEntry *entry,
           guint             which,
           gboolean          second)
{
  g_autoptr (GError) error = NULL;
  gboolean written;

  if (second)
    {
      g_autofree char *path = g_build_filename (self->folder, "outbox.db", NULL);
      g_autoptr (CrownOutbox) other = crown_outbox_open (path, &error);

      written = other != NULL && crown_outbox_add (other, entry, &error);
    }
  else
    {
      written = crown_sync_machine_write (self->machine, entry, &error);
    }
  sim_world_trace (self->world, "client %u %s %s %s%s", self->index, written ? "writes" : "cannot write", entry->method,
                   entry->path, second ? " by a second process" : "");
  if (written)
    g_ptr_array_add (self->writes, write_new (entry));
  else if (self->disk->dead)
    self->unsure = write_new (entry);
  if (written && second && which % 2 == 0)
    crown_sync_machine_look (self->machine);
  sim_client_settle (self);
}

SimClient *
sim_client_new (SimWorld *world,
                guint     index)
{
  SimClient *self = g_new0 (SimClient, 1);
  g_autofree char *name = g_strdup_printf ("client-%u", index);

  self->world = world;
  self->index = index;
  self->folder = g_build_filename (world->folder, name, NULL);
  g_mkdir (self->folder, 0700);
  self->disk = sim_disk_new (self->folder);
  sim_clock_init (&self->clock, world);
  self->rand = g_rand_new_with_seed ((guint32) world->seed * 31 + index);
  self->jitter = g_rand_new_with_seed ((guint32) world->seed * 37 + index);
  self->writes = g_ptr_array_new_with_free_func (write_free);
  self->wants = TRUE;
  return self;
}

void
sim_client_free (SimClient *self)
{
  self->disk->dead = TRUE;
  if (self->line != NULL)
    {
      self->line->client = NULL;
      sim_line_unref (g_steal_pointer (&self->line));
    }
  close_files (self);
  sim_expected_clear (&self->expected);
  g_ptr_array_unref (self->writes);
  g_clear_pointer (&self->unsure, write_free);
  g_rand_free (self->rand);
  g_rand_free (self->jitter);
  sim_disk_free (self->disk);
  g_free (self->folder);
  g_free (self);
}
