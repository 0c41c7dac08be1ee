/* crown-sync-rest.c: the engine's requests: the outbox, snapshots, repairs, imports and transcripts
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-sync-engine-private.h"

#include "core/crown-backoff.h"
#include "core/crown-json.h"
#include "core/crown-limits.h"

#define IN_FLIGHT_MAX 8 /* writes at a time; of one row only ever one, so that its order is kept */

/* One request and who waits for it. */
typedef struct _Request Request;
typedef void (*AnswerFunc) (Request *request, guint status, GBytes *body, const GError *error);

struct _Request
{
  CrownSyncEngine  *self;
  SoupMessage      *message;
  AnswerFunc        func;
  GTask            *task;     /* (nullable) of the interface's thread */
  CrownOutboxEntry *entry;    /* (nullable) */
  CrownStore        store;
  gint64            id;
};

static void
request_free (Request *request)
{
  g_clear_object (&request->message);
  g_clear_object (&request->task);
  g_clear_pointer (&request->entry, crown_outbox_entry_free);
  g_free (request);
}

static void
answered_cb (GObject      *session,
             GAsyncResult *result,
             gpointer      user_data)
{
  Request *request = user_data;
  CrownSyncEngine *self = request->self;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = soup_session_send_and_read_finish (SOUP_SESSION (session), result, &error);

  request->func (request, body != NULL ? soup_message_get_status (request->message) : 0, body, error);
  self->n_requests--;
  request_free (request);
}

static Request *
request_new (CrownSyncEngine *self,
             const char      *method,
             const char      *path,
             AnswerFunc       func)
{
  g_autofree char *uri = g_strdup_printf ("%s/api/v1/workspaces/%" G_GINT64_FORMAT "%s", self->url, self->workspace_id, path);
  SoupMessage *message = soup_message_new (method, uri);
  g_autofree char *bearer = NULL;
  Request *request;

  if (message == NULL)
    return NULL;
  bearer = g_strdup_printf ("Bearer %s", self->token);
  soup_message_headers_replace (soup_message_get_request_headers (message), "Authorization", bearer);
  request = g_new0 (Request, 1);
  request->self = self;
  request->message = message;
  request->func = func;
  return request;
}

static void
request_send (Request      *request,
              GCancellable *cancellable)
{
  request->self->n_requests++;
  soup_session_send_and_read_async (request->self->soup, request->message, G_PRIORITY_DEFAULT, cancellable, answered_cb, request);
}

/* What the server said, for people; problem+json where it is that. */
static char *
problem_of (guint         status,
            GBytes       *body,
            const GError *error)
{
  g_autoptr (JsonObject) problem = NULL;
  gsize length;
  const char *text;

  if (error != NULL)
    return g_strdup (error->message);
  text = g_bytes_get_data (body, &length);
  problem = length > 0 ? crown_json_parse_object (text, (gssize) length, NULL) : NULL;
  if (problem != NULL && crown_json_opt_string (problem, "detail", NULL) != NULL)
    return g_strdup (crown_json_opt_string (problem, "detail", NULL));
  return g_strdup_printf ("The server answered with status %u", status);
}

static JsonObject *
object_of (GBytes  *body,
           GError **error)
{
  gsize length;
  const char *text = g_bytes_get_data (body, &length);

  return crown_json_parse_object (text != NULL ? text : "", (gssize) length, error);
}

/* The outbox */

void
crown_sync_engine_count_pending (CrownSyncEngine *self)
{
  g_autoptr (GPtrArray) entries = crown_outbox_list (self->outbox, NULL);

  if (entries != NULL)
    crown_sync_engine_report_pending (self, entries->len);
}

static void
report_overlay (CrownSyncEngine        *self,
                const CrownOutboxEntry *entry)
{
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (self->workspace_id);

  crown_change_set_add (changes, crown_event_info (entry->type)->store, entry->row_id);
  crown_sync_engine_report_changes (self, changes, TRUE);
  crown_sync_engine_count_pending (self);
}

static gboolean
send_again_cb (gpointer user_data)
{
  CrownSyncEngine *self = user_data;

  g_source_destroy (self->send_timer);
  g_clear_pointer (&self->send_timer, g_source_unref);
  crown_sync_engine_send (self);
  return G_SOURCE_REMOVE;
}

/* How an answer to a write is taken. Everything that is not listed is final: the server will never take it. */
static gboolean
may_pass_later (guint status)
{
  return status == 0 || status == SOUP_STATUS_UNAUTHORIZED || status == SOUP_STATUS_REQUEST_TIMEOUT || status == 429 ||
         status >= 500;
}

static void
write_answered (Request      *request,
                guint         status,
                GBytes       *body,
                const GError *error)
{
  CrownSyncEngine *self = request->self;
  const CrownOutboxEntry *entry = request->entry;

  g_hash_table_remove (self->in_flight, &entry->id);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  if (SOUP_STATUS_IS_SUCCESSFUL (status))
    {
      const char *header = soup_message_headers_get_one (soup_message_get_response_headers (request->message), "X-Crown-Sequence");
      guint64 sequence = header != NULL ? g_ascii_strtoull (header, NULL, 10) : 0;

      self->send_attempt = 0;
      /* The event that confirms it may have been here first, in an earlier life of this program. */
      if (sequence <= self->position.sequence && strcmp (self->epoch, self->position.epoch) == 0)
        {
          crown_outbox_remove (self->outbox, entry->id, NULL);
          report_overlay (self, entry);
        }
      else
        {
          crown_outbox_mark_sent (self->outbox, entry->id, self->epoch, sequence, NULL);
        }
      crown_sync_engine_send (self);
      return;
    }

  if (may_pass_later (status))
    {
      crown_outbox_count_attempt (self->outbox, entry->id, NULL);
      crown_sync_engine_start_timer (self, &self->send_timer,
                                     crown_backoff_delay_ms (self->send_attempt, crown_random_default, NULL), send_again_cb);
      self->send_attempt++;
      return;
    }

  g_autofree char *message = problem_of (status, body, error);

  crown_outbox_remove (self->outbox, entry->id, NULL);
  report_overlay (self, entry);
  crown_sync_engine_report_rejected (self, entry->path, message);
  crown_sync_engine_send (self);
}

static CrownOutboxEntry *
first_to_send (CrownSyncEngine *self,
               GPtrArray       *entries)
{
  g_autoptr (GHashTable) busy = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < entries->len; i++)
    {
      CrownOutboxEntry *entry = entries->pdata[i];
      g_autofree char *row = g_strdup_printf ("%u/%" G_GINT64_FORMAT, crown_event_info (entry->type)->store, entry->row_id);

      if (entry->sent || g_hash_table_contains (busy, row))
        continue;
      if (!g_hash_table_contains (self->in_flight, &entry->id))
        return g_ptr_array_steal_index (entries, i);
      g_hash_table_add (busy, g_steal_pointer (&row));
    }
  return NULL;
}

static void
send_entry (CrownSyncEngine  *self,
            CrownOutboxEntry *entry)
{
  Request *request = request_new (self, entry->method, entry->path, write_answered);

  if (request == NULL)
    {
      crown_outbox_entry_free (entry);
      return;
    }
  request->entry = entry;
  soup_message_headers_replace (soup_message_get_request_headers (request->message), "Idempotency-Key", entry->mutation_id);
  if (entry->body != NULL)
    {
      char *text = crown_json_object_to_string (entry->body);
      g_autoptr (GBytes) body = g_bytes_new_take (text, strlen (text));

      soup_message_set_request_body_from_bytes (request->message, "application/json", body);
    }
  g_hash_table_add (self->in_flight, g_memdup2 (&entry->id, sizeof entry->id));
  request_send (request, self->line_cancellable);
}

/* Uploads do not wait for the replay: a server that was reached may be written to. */
void
crown_sync_engine_send (CrownSyncEngine *self)
{
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GError) error = NULL;
  CrownOutboxEntry *entry;

  if (self->joined == 0 || self->send_timer != NULL)
    return;
  entries = crown_outbox_list (self->outbox, &error);
  if (entries == NULL)
    {
      g_warning ("the outbox cannot be read: %s", error->message);
      return;
    }
  while (g_hash_table_size (self->in_flight) < IN_FLIGHT_MAX && (entry = first_to_send (self, entries)) != NULL)
    send_entry (self, entry);
}

typedef struct {
  CrownSyncEngine  *self;
  CrownOutboxEntry *entry;
  GTask            *task;
} Write;

static void
write_free (gpointer data)
{
  Write *write = data;

  g_clear_pointer (&write->entry, crown_outbox_entry_free);
  g_clear_object (&write->task);
  g_free (write);
}

static gboolean
write_cb (gpointer data)
{
  Write *write = data;
  CrownSyncEngine *self = write->self;
  GError *error = NULL;

  if (self->outbox == NULL)
    {
      g_task_return_new_error (write->task, G_IO_ERROR, G_IO_ERROR_FAILED, "Changes cannot be kept: the outbox is not open");
      return G_SOURCE_REMOVE;
    }
  if (!crown_outbox_add (self->outbox, write->entry, &error))
    {
      g_task_return_error (write->task, error);
      return G_SOURCE_REMOVE;
    }
  report_overlay (self, write->entry);
  g_task_return_boolean (write->task, TRUE);
  crown_sync_engine_send (self);
  return G_SOURCE_REMOVE;
}

void
crown_sync_engine_write (CrownSyncEngine  *self,
                         CrownOutboxEntry *entry,
                         GTask            *task)
{
  Write *write = g_new0 (Write, 1);

  write->self = self;
  write->entry = entry;
  write->task = g_object_ref (task);
  crown_sync_engine_invoke (self, write_cb, write, write_free);
}

typedef struct {
  CrownSyncEngine *self;
  CrownChangeSet  *changes;
} Look;

static void
look_free (gpointer data)
{
  Look *look = data;

  crown_change_set_unref (look->changes);
  g_free (look);
}

static gboolean
look_cb (gpointer data)
{
  Look *look = data;

  crown_sync_engine_report_changes (look->self, look->changes, FALSE);
  if (look->self->outbox != NULL)
    {
      crown_sync_engine_count_pending (look->self);
      crown_sync_engine_send (look->self);
    }
  return G_SOURCE_REMOVE;
}

void
crown_sync_engine_look (CrownSyncEngine      *self,
                        const CrownChangeSet *changes)
{
  Look *look = g_new0 (Look, 1);

  look->self = self;
  look->changes = crown_change_set_new (changes->workspace_id);
  crown_change_set_merge (look->changes, changes);
  crown_sync_engine_invoke (self, look_cb, look, look_free);
}

/* Snapshots and repairs */

static void
snapshot_answered (Request      *request,
                   guint         status,
                   GBytes       *body,
                   const GError *error)
{
  CrownSyncEngine *self = request->self;
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (self->workspace_id);
  g_autoptr (JsonObject) snapshot = NULL;
  g_autoptr (GError) local_error = NULL;

  if (self->state != CROWN_CLIENT_SNAPSHOTTING)
    return;
  if (status != SOUP_STATUS_OK)
    {
      g_autofree char *problem = problem_of (status, body, error);

      crown_sync_engine_fail (self, problem);
      return;
    }
  if ((snapshot = object_of (body, &local_error)) == NULL ||
      !crown_cache_load_snapshot (self->cache, snapshot, changes, &local_error))
    {
      g_warning ("the snapshot cannot be used: %s", local_error->message);
      crown_sync_engine_fail (self, local_error->message);
      return;
    }
  crown_cache_get_position (self->cache, &self->position, NULL);
  g_clear_pointer (&changes, crown_change_set_unref);
  changes = crown_change_set_new (self->workspace_id);
  for (CrownStore store = CROWN_STORE_MEETINGS; store < CROWN_N_STORES; store++)
    crown_change_set_add_all (changes, store);
  crown_sync_engine_report_changes (self, changes, TRUE);
  crown_sync_engine_replay (self);
}

void
crown_sync_engine_take_snapshot (CrownSyncEngine *self)
{
  Request *request;

  if (self->state == CROWN_CLIENT_SNAPSHOTTING)
    return;
  if ((request = request_new (self, "GET", "/snapshot", snapshot_answered)) == NULL)
    return;
  crown_sync_engine_set_snapshotting (self);
  request_send (request, self->line_cancellable);
}

static void
repair_answered (Request      *request,
                 guint         status,
                 GBytes       *body,
                 const GError *error)
{
  CrownSyncEngine *self = request->self;
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (self->workspace_id);
  g_autoptr (JsonObject) row = NULL;
  g_autoptr (GError) local_error = NULL;

  if (status != SOUP_STATUS_OK && status != SOUP_STATUS_NOT_FOUND)
    return; /* the digests of the next idle sync find it again */
  if (status == SOUP_STATUS_OK && (row = object_of (body, &local_error)) == NULL)
    g_warning ("a row cannot be used: %s", local_error->message);
  else if (!crown_cache_put_row (self->cache, request->store, request->id, row, changes, &local_error))
    g_warning ("a row cannot be repaired: %s", local_error->message);
  else
    crown_sync_engine_report_changes (self, changes, TRUE);
}

void
crown_sync_engine_repair (CrownSyncEngine *self)
{
  static const CrownStore stores[] = { CROWN_STORE_MEETINGS, CROWN_STORE_TASKS, CROWN_STORE_ANALYTICS };
  g_autoptr (CrownChangeSet) repairs = crown_cache_take_repairs (self->cache);

  for (guint i = 0; repairs != NULL && i < G_N_ELEMENTS (stores); i++)
    {
      GArray *ids = repairs->ids[stores[i]];

      if (repairs->everything[stores[i]])
        {
          crown_sync_engine_take_snapshot (self);
          return;
        }
      for (guint j = 0; ids != NULL && j < ids->len; j++)
        {
          gint64 id = g_array_index (ids, gint64, j);
          g_autofree char *path = g_strdup_printf ("/%s/%" G_GINT64_FORMAT, crown_store_to_string (stores[i]), id);
          Request *request = request_new (self, "GET", path, repair_answered);

          if (request == NULL)
            return;
          request->store = stores[i];
          request->id = id;
          request_send (request, self->line_cancellable);
        }
    }
}

/* Imports and transcripts, for the interface */

typedef struct {
  CrownSyncEngine *self;
  GTask           *task;
  GBytes          *content;
  char            *name;
  gint64           id;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_clear_object (&job->task);
  g_clear_pointer (&job->content, g_bytes_unref);
  g_free (job->name);
  g_free (job);
}

static gboolean
refuse_offline (CrownSyncEngine *self,
                GTask           *task)
{
  if (self->joined != 0)
    return FALSE;
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED,
                           "This needs the server, and it is not connected. Try again when it is.");
  return TRUE;
}

/* TRUE if @task has its error already. */
static gboolean
return_failure (GTask        *task,
                guint         status,
                guint         wanted,
                GBytes       *body,
                const GError *error)
{
  g_autofree char *problem = NULL;

  if (status == wanted)
    return FALSE;
  if (error != NULL)
    {
      g_task_return_error (task, g_error_copy (error));
      return TRUE;
    }
  problem = problem_of (status, body, NULL);
  g_task_return_new_error (task, G_IO_ERROR, status == SOUP_STATUS_NOT_FOUND ? G_IO_ERROR_NOT_FOUND : G_IO_ERROR_FAILED, "%s",
                           problem);
  return TRUE;
}

static void
import_answered (Request      *request,
                 guint         status,
                 GBytes       *body,
                 const GError *error)
{
  g_autoptr (JsonObject) answer = NULL;
  GError *local_error = NULL;
  gint64 id;

  if (return_failure (request->task, status, SOUP_STATUS_CREATED, body, error))
    return;
  if ((answer = object_of (body, &local_error)) == NULL || !crown_json_get_int (answer, "meeting_id", &id, &local_error))
    g_task_return_error (request->task, local_error);
  else
    g_task_return_int (request->task, id);
}

static gboolean
import_cb (gpointer data)
{
  Job *job = data;
  g_autofree char *escaped = g_uri_escape_string (job->name, NULL, FALSE);
  g_autofree char *path = g_strdup_printf ("/imports?name=%s", escaped);
  g_autofree char *key = g_uuid_string_random ();
  Request *request;

  if (refuse_offline (job->self, job->task) || !(request = request_new (job->self, "POST", path, import_answered)))
    return G_SOURCE_REMOVE;
  request->task = g_object_ref (job->task);
  soup_message_headers_replace (soup_message_get_request_headers (request->message), "Idempotency-Key", key);
  soup_message_set_request_body_from_bytes (request->message, "application/octet-stream", job->content);
  request_send (request, g_task_get_cancellable (job->task) != NULL ? g_task_get_cancellable (job->task)
                                                                     : job->self->line_cancellable);
  return G_SOURCE_REMOVE;
}

void
crown_sync_engine_import (CrownSyncEngine *self,
                          GBytes          *content,
                          const char      *name,
                          GTask           *task)
{
  Job *job = g_new0 (Job, 1);

  job->self = self;
  job->task = g_object_ref (task);
  job->content = g_bytes_ref (content);
  job->name = g_strdup (name);
  crown_sync_engine_invoke (self, import_cb, job, job_free);
}

static void
transcript_answered (Request      *request,
                     guint         status,
                     GBytes       *body,
                     const GError *error)
{
  g_autoptr (JsonObject) answer = NULL;
  g_autoptr (GError) cache_error = NULL;
  GError *local_error = NULL;
  JsonArray *segments;

  if (return_failure (request->task, status, SOUP_STATUS_OK, body, error))
    return;
  if ((answer = object_of (body, &local_error)) == NULL)
    {
      g_task_return_error (request->task, local_error);
      return;
    }
  segments = crown_json_opt_array (answer, "segments");
  if (segments == NULL)
    {
      g_task_return_new_error (request->task, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "The server's transcript has no segments");
      return;
    }
  if (!crown_cache_put_transcript (request->self->cache, request->id, segments, &cache_error))
    g_warning ("the transcript of %" G_GINT64_FORMAT " is not kept: %s", request->id, cache_error->message);
  g_task_return_pointer (request->task, json_array_ref (segments), (GDestroyNotify) json_array_unref);
}

static gboolean
transcript_cb (gpointer data)
{
  Job *job = data;
  g_autofree char *path = g_strdup_printf ("/meetings/%" G_GINT64_FORMAT "/transcript", job->id);
  Request *request;

  if (refuse_offline (job->self, job->task) || !(request = request_new (job->self, "GET", path, transcript_answered)))
    return G_SOURCE_REMOVE;
  request->task = g_object_ref (job->task);
  request->id = job->id;
  request_send (request, g_task_get_cancellable (job->task) != NULL ? g_task_get_cancellable (job->task)
                                                                     : job->self->line_cancellable);
  return G_SOURCE_REMOVE;
}

void
crown_sync_engine_fetch_transcript (CrownSyncEngine *self,
                                    gint64           session_id,
                                    GTask           *task)
{
  Job *job = g_new0 (Job, 1);

  job->self = self;
  job->task = g_object_ref (task);
  job->id = session_id;
  crown_sync_engine_invoke (self, transcript_cb, job, job_free);
}
