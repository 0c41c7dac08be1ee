/* crown4ctl-online.c: the commands that talk to a server
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-tools"

#include "crown4ctl.h"

#include "core/crown-event-catalogue.h"
#include "core/crown-json.h"
#include "core/crown-limits.h"
#include "socketio/crown-sio-client.h"

#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define IMPORT_TIMEOUT_SECONDS 60
#define REPLAY_TIMEOUT_SECONDS 30 /* for the next page */
#define SPEAKER_BYTES_MAX      60 /* before a colon; more is a sentence with one in it */

/* NULL: --tls-ca cannot be read. */
static SoupSession *
make_session (const CtlOptions  *options,
              guint              timeout_seconds,
              GError           **error)
{
  g_autoptr (SoupSession) session = soup_session_new_with_options ("user-agent", "crown4ctl", "timeout", timeout_seconds, NULL);

  if (options->tls_ca != NULL)
    {
      g_autofree char *path = g_canonicalize_filename (options->tls_ca, NULL);
      g_autoptr (GTlsDatabase) database = g_tls_file_database_new (path, error);

      if (database == NULL)
        {
          g_prefix_error (error, "%s: ", options->tls_ca);
          return NULL;
        }
      soup_session_set_tls_database (session, database);
    }
  return g_steal_pointer (&session);
}

static char *
problem_of (guint   status,
            GBytes *body)
{
  gsize length;
  const char *text = g_bytes_get_data (body, &length);
  g_autoptr (JsonObject) problem = length > 0 ? crown_json_parse_object (text, (gssize) length, NULL) : NULL;

  if (problem != NULL && crown_json_opt_string (problem, "detail", NULL) != NULL)
    return g_strdup (crown_json_opt_string (problem, "detail", NULL));
  return g_strdup_printf ("the server answered with status %u", status);
}

/* @path: below the workspace. Returns: (transfer full) (nullable): the answer; %NULL with the server's reason */
static JsonObject *
post (const CtlOptions  *options,
      SoupSession       *session,
      const char        *path,
      const char        *type,
      GBytes            *content,
      GError           **error)
{
  g_autofree char *uri = g_strdup_printf ("%s/api/v1/workspaces/%" G_GINT64_FORMAT "/%s", options->server,
                                          options->workspace, path);
  g_autofree char *bearer = g_strdup_printf ("Bearer %s", options->token);
  g_autofree char *key = g_uuid_string_random ();
  g_autoptr (SoupMessage) message = soup_message_new ("POST", uri);
  SoupMessageHeaders *headers = soup_message_get_request_headers (message);
  g_autoptr (GBytes) body = NULL;

  soup_message_headers_replace (headers, "Authorization", bearer);
  soup_message_headers_replace (headers, "Idempotency-Key", key);
  if (content != NULL)
    soup_message_set_request_body_from_bytes (message, type, content);
  body = soup_session_send_and_read (session, message, NULL, error);
  if (body == NULL)
    return NULL;
  if (!SOUP_STATUS_IS_SUCCESSFUL (soup_message_get_status (message)))
    {
      g_autofree char *problem = problem_of (soup_message_get_status (message), body);

      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, problem);
      return NULL;
    }
  return crown_json_parse_object (g_bytes_get_data (body, NULL), (gssize) g_bytes_get_size (body), error);
}

static JsonObject *
post_json (const CtlOptions  *options,
           SoupSession       *session,
           const char        *path,
           JsonObject        *object,
           GError           **error)
{
  char *text = crown_json_object_to_string (object);
  g_autoptr (GBytes) content = g_bytes_new_take (text, strlen (text));

  return post (options, session, path, "application/json", content, error);
}

static gboolean
import_file (const CtlOptions  *options,
             SoupSession       *session,
             const char        *path,
             GError           **error)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *escaped = g_uri_escape_string (name, NULL, FALSE);
  g_autofree char *below = g_strconcat ("imports?name=", escaped, NULL);
  g_autoptr (JsonObject) answer = NULL;
  g_autoptr (JsonObject) line = json_object_new ();
  g_autoptr (GBytes) content = NULL;
  g_autofree char *text = NULL;
  char *data;
  gsize length;

  if (!g_file_get_contents (path, &data, &length, error))
    return FALSE;
  content = g_bytes_new_take (data, length);
  if ((answer = post (options, session, below, "application/octet-stream", content, error)) == NULL)
    return FALSE;

  json_object_set_string_member (line, "file", path);
  json_object_set_int_member (line, "meeting_id", crown_json_opt_int (answer, "meeting_id", 0));
  json_object_set_string_member (line, "trace_id", crown_json_opt_string (answer, "trace_id", ""));
  text = crown_json_object_to_string (line);
  g_print ("%s\n", text);
  return TRUE;
}

/* A file that is refused does not keep the others back. */
int
ctl_import (const CtlOptions *options)
{
  g_autoptr (GError) session_error = NULL;
  g_autoptr (SoupSession) session = make_session (options, IMPORT_TIMEOUT_SECONDS, &session_error);
  int status = 0;

  if (session == NULL)
    return ctl_fail (session_error);

  for (guint i = 0; i < options->n_arguments; i++)
    {
      g_autoptr (GError) error = NULL;

      if (!import_file (options, session, options->arguments[i], &error))
        {
          g_printerr ("crown4ctl: %s: %s\n", options->arguments[i], error->message);
          status = CROWN_EXIT_FAILED;
        }
    }
  return status;
}

/* "Ana: Good morning" or, where nobody is named, "Good morning" */
static JsonObject *
segment_of (char *line)
{
  JsonObject *segment = json_object_new ();
  char *colon = strstr (line, ": ");

  if (colon != NULL && colon - line <= SPEAKER_BYTES_MAX)
    {
      *colon = '\0';
      json_object_set_string_member (segment, "speaker", g_strstrip (line));
      line = colon + 2;
    }
  else
    json_object_set_string_member (segment, "speaker", "");
  json_object_set_string_member (segment, "text", g_strstrip (line));
  return segment;
}

/* Sends what comes on standard input, line by line as it comes. */
static gboolean
send_lines (const CtlOptions  *options,
            SoupSession       *session,
            gint64             meeting_id,
            GError           **error)
{
  g_autofree char *path = g_strdup_printf ("meetings/%" G_GINT64_FORMAT "/segments", meeting_id);
  g_autoptr (GIOChannel) input = g_io_channel_unix_new (STDIN_FILENO);
  GIOStatus status;
  char *line;

  while ((status = g_io_channel_read_line (input, &line, NULL, NULL, error)) == G_IO_STATUS_NORMAL)
    {
      g_autofree char *owned = line;
      g_autoptr (JsonObject) body = NULL;
      g_autoptr (JsonObject) answer = NULL;
      JsonArray *segments;

      if (*g_strstrip (line) == '\0')
        continue;
      body = json_object_new ();
      segments = json_array_new ();
      json_array_add_object_element (segments, segment_of (line));
      json_object_set_array_member (body, "segments", segments);
      if ((answer = post_json (options, session, path, body, error)) == NULL)
        return FALSE;
    }
  return status == G_IO_STATUS_EOF;
}

int
ctl_live (const CtlOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SoupSession) session = make_session (options, IMPORT_TIMEOUT_SECONDS, &error);
  g_autoptr (JsonObject) body = json_object_new ();
  g_autoptr (JsonObject) meeting = NULL;
  g_autoptr (JsonObject) ended = NULL;
  g_autofree char *path = NULL;
  gint64 id;

  json_object_set_string_member (body, "title", options->arguments[0]);
  if (session == NULL || (meeting = post_json (options, session, "meetings", body, &error)) == NULL)
    return ctl_fail (error);

  id = crown_json_opt_int (meeting, "id", 0);
  g_print ("{\"meeting_id\":%" G_GINT64_FORMAT "}\n", id);
  path = g_strdup_printf ("meetings/%" G_GINT64_FORMAT "/complete", id);
  if (!send_lines (options, session, id, &error) ||
      (ended = post (options, session, path, NULL, NULL, &error)) == NULL)
    return ctl_fail (error);
  return 0;
}

typedef struct {
  const CtlOptions *options;
  CrownSioClient   *sio;
  GMainLoop        *loop;
  const char       *nsp;      /* listened to: one carries every event, or the one that was asked for */
  gboolean          replay;   /* past events, then quit; otherwise live ones */
  gint64            sequence; /* printed up to here */
  guint             timeout;
  int               status;
} Listener;

static void
end_with (Listener   *self,
          const char *message)
{
  g_printerr ("crown4ctl: %s\n", message);
  self->status = CROWN_EXIT_FAILED;
  g_main_loop_quit (self->loop);
}

static gboolean
on_timeout (gpointer user_data)
{
  Listener *self = user_data;

  self->timeout = 0;
  end_with (self, "the server does not answer");
  return G_SOURCE_REMOVE;
}

static void
emit_object (Listener   *self,
             const char *event,
             JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);

  crown_sio_client_emit (self->sio, self->nsp, event, node);
}

static void
request_page (Listener *self)
{
  g_autoptr (JsonObject) request = json_object_new ();

  json_object_set_int_member (request, "last_sequence", self->sequence);
  json_object_set_string_member (request, "namespace", self->nsp);
  json_object_set_int_member (request, "limit", CROWN_REPLAY_PAGE_MAX);
  emit_object (self, "request_event_replay", request);
  g_clear_handle_id (&self->timeout, g_source_remove);
  self->timeout = g_timeout_add_seconds (REPLAY_TIMEOUT_SECONDS, on_timeout, self);
}

/* Without a reader (`tail | head -n 1`) there is nothing more to do; main() says so. */
static gboolean
print_envelope (Listener *self,
                JsonNode *node)
{
  g_autofree char *text = crown_json_to_string (node);

  if (puts (text) != EOF && fflush (stdout) == 0)
    return TRUE;
  self->status = CROWN_EXIT_FAILED;
  g_main_loop_quit (self->loop);
  return FALSE;
}

static void
on_page (Listener   *self,
         JsonObject *page)
{
  JsonArray *events = crown_json_opt_array (page, "events");

  if (crown_json_opt_boolean (page, "snapshot_required", FALSE))
    {
      end_with (self, "the ledger no longer has the events from there");
      return;
    }
  for (guint i = 0; events != NULL && i < json_array_get_length (events); i++)
    {
      if (!print_envelope (self, json_array_get_element (events, i)))
        return;
    }
  self->sequence = crown_json_opt_int (page, "up_to_sequence", self->sequence);
  if (crown_json_opt_boolean (page, "has_more", FALSE))
    request_page (self);
  else
    g_main_loop_quit (self->loop);
}

static void
on_connected (Listener   *self,
              const char *nsp)
{
  g_autoptr (JsonObject) request = json_object_new ();

  json_object_set_int_member (request, "workspace_id", self->options->workspace);
  emit_object (self, "join_workspace", request);
}

static void
on_connect_error (Listener   *self,
                  const char *nsp,
                  const char *message,
                  JsonObject *data)
{
  end_with (self, message);
}

static void
on_event (Listener   *self,
          const char *nsp,
          const char *name,
          JsonArray  *args)
{
  JsonNode *first = json_array_get_length (args) > 0 ? json_array_get_element (args, 0) : NULL;
  JsonObject *argument = first != NULL && JSON_NODE_HOLDS_OBJECT (first) ? json_node_get_object (first) : NULL;

  if (argument == NULL)
    return;
  if (g_str_equal (name, "workspace_joined"))
    {
      g_clear_handle_id (&self->timeout, g_source_remove);
      if (self->replay)
        request_page (self);
      else
        g_printerr ("crown4ctl: listening on %s\n", self->nsp);
    }
  else if (g_str_equal (name, "join_error") || g_str_equal (name, "replay_error"))
    end_with (self, crown_json_opt_string (argument, "message", "the server refuses"));
  else if (g_str_equal (name, "event_replay"))
    on_page (self, argument);
  else if (json_object_has_member (argument, "event_type") && !self->replay)
    print_envelope (self, first);
}

static void
on_closed (Listener   *self,
           const char *reason)
{
  g_autofree char *message = g_strdup_printf ("the line to %s is gone: %s", self->options->server, reason);

  end_with (self, message);
}

static gboolean
on_signal (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

static int
listen_to (const CtlOptions *options,
           gboolean          replay)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (JsonObject) auth = json_object_new ();
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (SoupSession) session = NULL;
  g_autoptr (GError) error = NULL;
  Listener self = { options, NULL, loop, options->nsp != NULL ? options->nsp : "/dashboard", replay, options->from, 0, 0 };
  CrownNamespaces ns;
  guint term, interrupt;

  if (!crown_namespace_from_string (self.nsp, &ns))
    {
      g_printerr ("crown4ctl: --namespace is /dashboard, /tasks, /analytics or /meetings, not “%s”\n", self.nsp);
      return CROWN_EXIT_USAGE;
    }
  /* Lines stay open for as long as they are good: the heartbeat tells, not the session. */
  session = make_session (options, 0, &error);
  if (session == NULL)
    return ctl_fail (error);
  self.sio = crown_sio_client_new (options->server, "/socket.io/", CROWN_SIO_TRANSPORT_WEBSOCKET, session);
  g_signal_connect_swapped (self.sio, "connected", G_CALLBACK (on_connected), &self);
  g_signal_connect_swapped (self.sio, "connect-error", G_CALLBACK (on_connect_error), &self);
  g_signal_connect_swapped (self.sio, "event", G_CALLBACK (on_event), &self);
  g_signal_connect_swapped (self.sio, "closed", G_CALLBACK (on_closed), &self);
  term = g_unix_signal_add (SIGTERM, on_signal, loop);
  interrupt = g_unix_signal_add (SIGINT, on_signal, loop);

  json_object_set_string_member (auth, "token", options->token);
  node = json_node_init_object (json_node_alloc (), auth);
  self.timeout = g_timeout_add_seconds (REPLAY_TIMEOUT_SECONDS, on_timeout, &self);
  crown_sio_client_connect (self.sio, self.nsp, node);
  crown_sio_client_open (self.sio);
  g_main_loop_run (loop);

  g_source_remove (term);
  g_source_remove (interrupt);
  g_clear_handle_id (&self.timeout, g_source_remove);
  crown_sio_client_close (self.sio);
  g_object_unref (self.sio);
  return self.status;
}

int
ctl_tail (const CtlOptions *options)
{
  return listen_to (options, FALSE);
}

int
ctl_replay (const CtlOptions *options)
{
  return listen_to (options, TRUE);
}
