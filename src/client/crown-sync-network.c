/* crown-sync-network.c: the engine's line and requests: what CrownSyncMachine wants done, imports and transcripts
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-sync-engine-private.h"

#include <glib/gi18n.h>

#include "core/crown-json.h"

#define REQUEST_SECONDS 60
#define RETRY_AFTER_MAX 3600 /* seconds */

/* One request and who waits for it: the machine, or a task of the interface's thread. */
typedef struct _Request Request;
typedef void (*AnswerFunc) (Request *request, guint status, GBytes *body, const GError *error);

struct _Request
{
  CrownSyncEngine *self;
  SoupMessage     *message;
  AnswerFunc       func;
  GTask           *task;  /* (nullable) */
  gint64           id;    /* the machine's, or of a meeting */
};

static void
request_free (Request *request)
{
  g_clear_object (&request->message);
  g_clear_object (&request->task);
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

/* @uri: may be none that can be asked: what was typed as the server's address */
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

static guint64
header_number (SoupMessage *message,
               const char  *name,
               guint64      max)
{
  const char *text = soup_message_headers_get_one (soup_message_get_response_headers (message), name);
  guint64 number;

  return text != NULL && g_ascii_string_to_unsigned (text, 10, 0, max, &number, NULL) ? number : 0;
}

static void
machine_answered (Request      *request,
                  guint         status,
                  GBytes       *body,
                  const GError *error)
{
  const CrownSyncAnswer answer = {
    .status = status,
    .sequence = header_number (request->message, "X-Crown-Sequence", G_MAXINT64),
    .retry_after_ms = (guint) header_number (request->message, "Retry-After", RETRY_AFTER_MAX) * 1000,
    .body = body,
    .failure = crown_failure_of_error (error),
    .message = error != NULL ? error->message : NULL,
  };

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || request->self->machine == NULL)
    return;
  crown_sync_machine_answered (request->self->machine, (guint) request->id, &answer);
  crown_sync_engine_set_timer (request->self);
}

void
crown_sync_network_request (const CrownSyncRequest *wanted,
                            gpointer                engine)
{
  CrownSyncEngine *self = engine;
  Request *request = request_new (self, wanted->method, wanted->path, machine_answered);

  if (request == NULL) /* the state's own limit ends the wait */
    {
      g_warning ("%s is no address that can be asked", self->url);
      return;
    }
  request->id = wanted->id;
  if (wanted->key != NULL)
    soup_message_headers_replace (soup_message_get_request_headers (request->message), "Idempotency-Key", wanted->key);
  if (wanted->body != NULL)
    soup_message_set_request_body_from_bytes (request->message, "application/json", wanted->body);
  request_send (request, self->line_cancellable);
}

/* The line */

static void
clear_lost (CrownSyncEngine *self)
{
  if (self->lost_source != NULL)
    g_source_destroy (self->lost_source);
  g_clear_pointer (&self->lost_source, g_source_unref);
  g_clear_pointer (&self->lost_reason, g_free);
}

void
crown_sync_network_close (gpointer engine)
{
  CrownSyncEngine *self = engine;

  clear_lost (self);
  if (self->line_cancellable != NULL)
    g_cancellable_cancel (self->line_cancellable);
  g_clear_object (&self->line_cancellable);
  if (self->sio != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->sio, self);
      crown_sio_client_close (self->sio);
    }
  g_clear_object (&self->sio);
}

static gboolean
lost_cb (gpointer user_data)
{
  CrownSyncEngine *self = user_data;
  g_autofree char *reason = g_steal_pointer (&self->lost_reason);
  const GError *failure = g_str_has_prefix (reason, "transport error") ? crown_sio_client_get_failure (self->sio) : NULL;
  CrownFailureKind kind = failure != NULL ? crown_failure_of_error (failure) : CROWN_FAILURE_LOST;

  clear_lost (self);
  crown_sync_machine_lost (self->machine, kind, reason);
  crown_sync_engine_set_timer (self);
  return G_SOURCE_REMOVE;
}

/* The line may end while the machine writes to it: it is told when it has come back. */
static void
tell_lost (CrownSyncEngine *self,
           const char      *reason)
{
  if (self->lost_source != NULL)
    return;
  self->may_poll = !self->opened;
  self->lost_reason = g_strdup (reason);
  self->lost_source = g_idle_source_new ();
  g_source_set_priority (self->lost_source, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->lost_source, lost_cb, self, NULL);
  g_source_attach (self->lost_source, self->context);
}

static void
on_connected (CrownSyncEngine *self,
              const char      *nsp)
{
  self->opened = TRUE;
  crown_sync_machine_opened (self->machine, nsp);
  crown_sync_engine_set_timer (self);
}

static void
on_connect_error (CrownSyncEngine *self,
                  const char      *nsp,
                  const char      *message,
                  JsonObject      *data)
{
  const char *code = data != NULL ? crown_json_opt_string (data, "code", NULL) : NULL;

  crown_sync_machine_refused (self->machine, code != NULL ? crown_failure_of_status (0, code) : CROWN_FAILURE_FORBIDDEN, message);
  crown_sync_engine_set_timer (self);
}

static void
on_event (CrownSyncEngine *self,
          const char      *nsp,
          const char      *name,
          JsonArray       *args)
{
  crown_sync_engine_time_event (self, args);
  crown_sync_machine_event (self->machine, nsp, name, args);
  crown_sync_engine_set_timer (self);
}

static void
on_disconnected (CrownSyncEngine *self,
                 const char      *nsp,
                 const char      *reason)
{
  tell_lost (self, reason);
}

/* By websocket alone a line is there a round trip earlier; where that does not come through, it begins with polling. */
void
crown_sync_network_open (gpointer engine)
{
  CrownSyncEngine *self = engine;
  CrownSioTransports transports = CROWN_SIO_TRANSPORT_WEBSOCKET | (self->may_poll ? CROWN_SIO_TRANSPORT_POLLING : 0);
  g_autoptr (JsonObject) auth = json_object_new ();
  g_autoptr (JsonNode) node = NULL;

  if (self->soup == NULL)
    self->soup = soup_session_new_with_options ("timeout", REQUEST_SECONDS, "user-agent", "crown4-dashboard", NULL);
  self->opened = FALSE;
  self->line_cancellable = g_cancellable_new ();
  self->sio = crown_sio_client_new (self->url, "/socket.io/", transports, NULL);
  g_signal_connect_swapped (self->sio, "connected", G_CALLBACK (on_connected), self);
  g_signal_connect_swapped (self->sio, "connect-error", G_CALLBACK (on_connect_error), self);
  g_signal_connect_swapped (self->sio, "event", G_CALLBACK (on_event), self);
  g_signal_connect_swapped (self->sio, "disconnected", G_CALLBACK (on_disconnected), self);
  g_signal_connect_swapped (self->sio, "closed", G_CALLBACK (tell_lost), self);

  json_object_set_string_member (auth, "token", self->token);
  node = json_node_init_object (json_node_alloc (), auth);
  for (guint i = 0; i < CROWN_N_NAMESPACES; i++)
    crown_sio_client_connect (self->sio, crown_namespace_to_string ((CrownNamespaces) (1 << i)), node);
  crown_sio_client_open (self->sio);
}

void
crown_sync_network_emit (const char *nsp,
                         const char *name,
                         JsonObject *argument,
                         gpointer    engine)
{
  CrownSyncEngine *self = engine;
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), argument);

  crown_sio_client_emit (self->sio, nsp, name, node);
}

void
crown_sync_network_stop (CrownSyncEngine *self)
{
  crown_sync_network_close (self);
  g_cancellable_cancel (self->cancellable);
  if (self->soup != NULL)
    soup_session_abort (self->soup);
  while (self->n_requests > 0) /* each is cancelled and says so */
    g_main_context_iteration (self->context, TRUE);
  g_clear_object (&self->soup);
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
  if (self->line_cancellable != NULL && self->opened)
    return FALSE;
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "%s",
                           _("This needs the server, and it is not connected. Try again when it is."));
  return TRUE;
}

/* TRUE if the task has its error already. */
static gboolean
return_failure (Request      *request,
                const char   *what,
                guint         status,
                guint         wanted,
                GBytes       *body,
                const GError *error)
{
  g_autofree char *detail = NULL;
  g_autofree char *message = NULL;
  CrownFailureKind kind;

  if (status == wanted)
    return FALSE;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_task_return_error (request->task, g_error_copy (error));
      return TRUE;
    }
  kind = error != NULL ? crown_failure_of_error (error) : crown_sync_failure_of (status, body, &detail);
  message = crown_failure_describe (kind, error != NULL ? error->message : detail);
  crown_sync_engine_note (request->self, kind, CROWN_OUTCOME_RETURNED, what, error != NULL ? error->message : detail);
  g_task_return_new_error (request->task, G_IO_ERROR,
                           kind == CROWN_FAILURE_MISSING || kind == CROWN_FAILURE_GONE ? G_IO_ERROR_NOT_FOUND : G_IO_ERROR_FAILED,
                           "%s", message);
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

  if (return_failure (request, "POST /imports", status, SOUP_STATUS_CREATED, body, error))
    return;
  if ((answer = crown_sync_object_of (body, &local_error)) == NULL || !crown_json_get_int (answer, "meeting_id", &id, &local_error))
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

/* It may be the meeting that is not there any more. */
static void
doubt_meeting (Request *request)
{
  CrownSyncEngine *self = request->self;
  g_autoptr (CrownChangeSet) doubtful = crown_change_set_new (self->workspace_id);

  if (self->machine == NULL)
    return;
  crown_change_set_add (doubtful, CROWN_STORE_MEETINGS, request->id);
  crown_sync_machine_miss (self->machine, doubtful, 0);
  crown_sync_engine_set_timer (self);
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

  if (return_failure (request, "GET /transcript", status, SOUP_STATUS_OK, body, error))
    {
      if (status == SOUP_STATUS_NOT_FOUND || status == SOUP_STATUS_GONE)
        doubt_meeting (request);
      return;
    }
  if ((answer = crown_sync_object_of (body, &local_error)) == NULL)
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
