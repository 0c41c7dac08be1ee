/* crown-rest-api.c: finding the route, who asks, and what they are told
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-rest-api.h"

#include <string.h>

#include "core/crown-bug.h"
#include "core/crown-json.h"
#include "crown-openapi.h"
#include "crown-rest-private.h"
#include "crown-server-error.h"

#define ROOT           "/api/v1/"
#define KEY_LENGTH_MAX 255
/* Up to this a packet carries it as it is; level 1 gives most of what there is for the least time. */
#define GZIP_MIN       1024
#define GZIP_LEVEL     1
#define ROUTE_KEY      "crown-route"
#define REFUSAL_KEY    "crown-rest-refusal"

/**
 * CrownRestApi:
 *
 * REST on a SoupServer: routes are two tables (reads and writes), and everything that all of them need is here: tokens,
 * roles, body limits, Idempotency-Key, ETag, problem+json. Runs on the SoupServer's thread.
 */
struct _CrownRestApi
{
  GObject              parent_instance;

  SoupServer          *soup;
  CrownEventSequencer *sequencer;
  CrownAuthenticator  *authenticator;
  CrownRateLimiter    *limiter; /* (nullable) */
  CrownLiveMeetings   *live;
  CrownAssistant      *assistant; /* (nullable) */
  guint                n_preparing;
};

G_DEFINE_FINAL_TYPE (CrownRestApi, crown_rest_api, G_TYPE_OBJECT)

/* Returns: (nullable): the value of ?@name= */
const char *
crown_rest_request_get_query (CrownRestRequest *request,
                              const char       *name)
{
  return request->query != NULL ? g_hash_table_lookup (request->query, name) : NULL;
}

/**
 * crown_rest_request_get_number:
 * @value: (out): the value of ?@name=, or @otherwise
 *
 * Returns: %FALSE with %CROWN_SERVER_ERROR_BAD_REQUEST if it is no number up to @max
 */
gboolean
crown_rest_request_get_number (CrownRestRequest  *request,
                               const char        *name,
                               guint64            otherwise,
                               guint64            max,
                               guint64           *value,
                               GError           **error)
{
  const char *text = crown_rest_request_get_query (request, name);

  *value = otherwise;
  if (text == NULL || g_ascii_string_to_unsigned (text, 10, 0, max, value, NULL))
    return TRUE;

  g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_BAD_REQUEST,
               "?%s= is no number from 0 to %" G_GUINT64_FORMAT, name, max);
  return FALSE;
}

/**
 * crown_rest_request_load_row:
 * @row: (out) (transfer full): the row
 *
 * Returns: %FALSE with %CROWN_SERVER_ERROR_NOT_FOUND if it is not there
 */
gboolean
crown_rest_request_load_row (CrownRestRequest  *request,
                             CrownStore         store,
                             gint64             id,
                             CrownLedgerRow   **row,
                             GError           **error)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, id);

  if (!crown_event_ledger_load_row (request->ledger, request->stream, store, text, row, error))
    return FALSE;

  if (*row != NULL)
    return TRUE;

  g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_NOT_FOUND, "There is no %s in %s",
               text, crown_store_to_string (store));
  return FALSE;
}

static gboolean
match_path (const char *pattern,
            const char *path,
            gint64     *workspace_id,
            gint64     *id)
{
  g_auto (GStrv) expected = g_strsplit (pattern, "/", -1);
  g_auto (GStrv) given = g_strsplit (path, "/", -1);
  guint i;

  *workspace_id = *id = 0;
  for (i = 0; expected[i] != NULL && given[i] != NULL; i++)
    {
      gint64 *number = strcmp (expected[i], "{w}") == 0 ? workspace_id : strcmp (expected[i], "{id}") == 0 ? id : NULL;
      guint64 value;

      if (number == NULL)
        {
          if (strcmp (expected[i], given[i]) != 0)
            return FALSE;
        }
      /* A row has one address: with zeroes in front it is not that. */
      else if (given[i][0] != '0' && g_ascii_string_to_unsigned (given[i], 10, 1, G_MAXINT64, &value, NULL))
        *number = (gint64) value;
      else
        return FALSE;
    }

  return expected[i] == NULL && given[i] == NULL;
}

/**
 * crown_rest_find_route:
 * @path: below /api/v1
 * @workspace_id: (out): 0 where the route has none; and @id
 * @allowed: gets the methods of @path, as `Allow` has them; all of them only where @method is none of them
 *
 * Returns: (transfer none): %NULL with %CROWN_SERVER_ERROR_NOT_FOUND or %CROWN_SERVER_ERROR_METHOD
 */
const CrownRestRoute *
crown_rest_find_route (const char  *method,
                       const char  *path,
                       gint64      *workspace_id,
                       gint64      *id,
                       GString     *allowed,
                       GError     **error)
{
  const CrownRestRoute *tables[] = { crown_rest_read_routes, crown_rest_write_routes };

  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    {
      for (const CrownRestRoute *route = tables[i]; route->method != NULL; route++)
        {
          if (!match_path (route->pattern, path, workspace_id, id))
            continue;

          if (strcmp (route->method, method) == 0 || (strcmp (method, "HEAD") == 0 && strcmp (route->method, "GET") == 0))
            return route;

          g_string_append_printf (allowed, "%s%s%s", allowed->len > 0 ? ", " : "", route->method,
                                  strcmp (route->method, "GET") == 0 ? ", HEAD" : "");
        }
    }

  if (allowed->len > 0)
    g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_METHOD, "%s is not for this", method);
  else
    g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_NOT_FOUND, "There is nothing at %s%.200s", ROOT, path);
  return NULL;
}

/* What does not say of what type it is may be JSON; the parser will tell. */
static gboolean
may_be_json (SoupMessageHeaders  *headers,
             GError             **error)
{
  g_autoptr (GHashTable) params = NULL;
  const char *type = soup_message_headers_get_content_type (headers, &params);
  const char *charset = params != NULL ? g_hash_table_lookup (params, "charset") : NULL;

  if ((type == NULL && soup_message_headers_get_one (headers, "Content-Type") == NULL) ||
      (type != NULL && g_ascii_strcasecmp (type, "application/json") == 0 &&
       (charset == NULL || g_ascii_strcasecmp (charset, "utf-8") == 0)))
    return TRUE;

  g_set_error_literal (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_MEDIA_TYPE,
                       "The body has to be application/json, in UTF-8");
  return FALSE;
}

/* Finds the route and checks that the sender may use it. */
static const CrownRestRoute *
admit (CrownRestApi       *self,
       SoupServerMessage  *message,
       const char         *path,
       CrownPrincipal     *who,
       gint64             *workspace_id,
       gint64             *id,
       GError            **error)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const char *authorization = soup_message_headers_get_one (headers, "Authorization");
  g_autoptr (GString) allowed = g_string_new (NULL);
  const char *token = NULL;
  const CrownRestRoute *route;

  if (authorization != NULL && g_ascii_strncasecmp (authorization, "Bearer ", strlen ("Bearer ")) == 0)
    token = authorization + strlen ("Bearer ");

  if (!crown_authenticator_check (self->authenticator, token, who, error))
    return NULL;

  path = g_str_has_prefix (path, ROOT) ? path + strlen (ROOT) : "";
  route = crown_rest_find_route (soup_server_message_get_method (message), path, workspace_id, id, allowed, error);
  if (route == NULL)
    {
      if (allowed->len > 0)
        soup_message_headers_replace (soup_server_message_get_response_headers (message), "Allow", allowed->str);
      return NULL;
    }

  if (*workspace_id != 0 && !crown_authenticator_check_member (self->authenticator, who, *workspace_id, error))
    return NULL;

  if (who->role < route->role)
    {
      g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_FORBIDDEN,
                   "A %s may not do this", crown_role_to_string (who->role));
      return NULL;
    }

  return !route->takes_json || may_be_json (headers, error) ? route : NULL;
}

/* (nullable): where it would not be smaller */
static GBytes *
compress (const char *body,
          gsize       length)
{
  g_autoptr (GZlibCompressor) gzip = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, GZIP_LEVEL);
  g_autofree char *out = g_malloc (length);
  gsize read, written;

  if (g_converter_convert (G_CONVERTER (gzip), body, length, out, length, G_CONVERTER_INPUT_AT_END, &read, &written,
                           NULL) != G_CONVERTER_FINISHED)
    return NULL;

  return g_bytes_new (out, written);
}

static gboolean
has_coding (GSList     *codings,
            const char *name)
{
  return g_slist_find_custom (codings, name, (GCompareFunc) g_ascii_strcasecmp) != NULL;
}

static gboolean
accepts_gzip (SoupServerMessage *message)
{
  const char *header = soup_message_headers_get_list (soup_server_message_get_request_headers (message),
                                                      "Accept-Encoding");
  GSList *refused = NULL;
  GSList *accepted = header != NULL ? soup_header_parse_quality_list (header, &refused) : NULL;
  gboolean accepts = has_coding (accepted, "gzip") || (has_coding (accepted, "*") && !has_coding (refused, "gzip"));

  soup_header_free_list (accepted);
  soup_header_free_list (refused);
  return accepts;
}

static void
respond (SoupServerMessage *message,
         guint              status,
         const char        *content_type,
         const char        *body,
         gsize              length)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);
  g_autoptr (GBytes) compressed = NULL;

  soup_server_message_set_status (message, status, NULL);
  /* A 304 says what the answer that it stands for would have said. */
  if (length > GZIP_MIN || status == SOUP_STATUS_NOT_MODIFIED)
    soup_message_headers_replace (headers, "Vary", "Accept-Encoding");
  if (length == 0)
    return;

  if (length > GZIP_MIN)
    {
      if (accepts_gzip (message) && (compressed = compress (body, length)) != NULL)
        {
          soup_message_headers_replace (headers, "Content-Encoding", "gzip");
          body = g_bytes_get_data (compressed, &length);
        }
    }
  soup_server_message_set_response (message, content_type, SOUP_MEMORY_COPY, body, length);
}

static void
respond_error (SoupServerMessage *message,
               const GError      *error,
               const char        *current)
{
  g_autoptr (JsonObject) problem = json_object_new ();
  const char *code = crown_server_error_code (error);
  guint status = crown_server_error_status (error);
  g_autofree char *type = g_strconcat ("urn:crown4:problem:", code, NULL);
  /* It may quote what was asked for, which may be any bytes, and cut off anywhere. */
  g_autofree char *detail = g_utf8_make_valid (error->message, -1);

  json_object_set_string_member (problem, "type", type);
  json_object_set_string_member (problem, "title", crown_server_error_title (error));
  json_object_set_int_member (problem, "status", status);
  /* What went wrong inside is for the log, not for whoever asks. */
  json_object_set_string_member (problem, "detail", status >= 500 ? "See the server's log" : detail);
  json_object_set_string_member (problem, "code", code);
  if (current != NULL)
    {
      JsonNode *node = crown_json_parse (current, -1, NULL);

      if (node != NULL)
        json_object_set_member (problem, "current", node);
    }

  if (status >= 500)
    g_warning ("%s %s: %s", soup_server_message_get_method (message),
               g_uri_get_path (soup_server_message_get_uri (message)), error->message);

  if (status == SOUP_STATUS_UNAUTHORIZED)
    soup_message_headers_replace (soup_server_message_get_response_headers (message), "WWW-Authenticate", "Bearer");

  g_autofree char *json = crown_json_object_to_string (problem);

  respond (message, status, "application/problem+json", json, strlen (json));
}

void
crown_rest_respond_error (SoupServerMessage *message,
                          const GError      *error)
{
  respond_error (message, error, NULL);
}

/**
 * crown_rest_admit_get:
 * @expected: the only path that is answered; libsoup's handlers get what is below theirs, too
 *
 * For what is beside /api/v1 and can only be read.
 *
 * Returns: %FALSE if it was answered with a refusal
 */
gboolean
crown_rest_admit_get (SoupServerMessage *message,
                      const char        *path,
                      const char        *expected)
{
  const char *method = soup_server_message_get_method (message);
  g_autoptr (GError) error = NULL;

  if (strcmp (path, expected) != 0)
    error = g_error_new (CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_NOT_FOUND, "There is nothing at %.200s", path);
  else if (strcmp (method, "GET") != 0 && strcmp (method, "HEAD") != 0)
    {
      soup_message_headers_replace (soup_server_message_get_response_headers (message), "Allow", "GET, HEAD");
      error = g_error_new (CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_METHOD, "%s is not for this", method);
    }

  if (error != NULL)
    respond_error (message, error, NULL);
  return error == NULL;
}

static void
say_sequence (SoupServerMessage *message,
              guint64            sequence)
{
  g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, sequence);

  if (sequence > 0)
    soup_message_headers_replace (soup_server_message_get_response_headers (message), "X-Crown-Sequence", number);
}

static void
respond_answer (SoupServerMessage *message,
                guint              status,
                const char        *body,
                gsize              length,
                const char        *etag,
                guint64            sequence)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);

  say_sequence (message, sequence);
  if (etag != NULL)
    {
      g_autofree char *quoted = g_strconcat ("\"", etag, "\"", NULL);
      const char *known = soup_message_headers_get_list (soup_server_message_get_request_headers (message), "If-None-Match");

      soup_message_headers_replace (headers, "ETag", quoted);
      if (known != NULL && (soup_server_message_get_method (message) == SOUP_METHOD_GET ||
                            soup_server_message_get_method (message) == SOUP_METHOD_HEAD) &&
          strstr (known, quoted) != NULL)
        {
          respond (message, SOUP_STATUS_NOT_MODIFIED, NULL, NULL, 0);
          return;
        }
    }

  soup_message_headers_replace (headers, "Cache-Control", "no-cache");
  respond (message, status, "application/json", body, length);
}

/* What makes two requests the same one. */
static void
hash_request (SoupServerMessage *message,
              GBytes            *body,
              char               hex[65])
{
  GUri *uri = soup_server_message_get_uri (message);
  const char *query = g_uri_get_query (uri);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  const char *parts[] = { soup_server_message_get_method (message), g_uri_get_path (uri), query != NULL ? query : "" };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    g_byte_array_append (bytes, (const guint8 *) parts[i], (guint) strlen (parts[i]) + 1);

  gsize length;
  const guint8 *data = g_bytes_get_data (body, &length);

  if (length > 0)
    g_byte_array_append (bytes, data, (guint) length);
  crown_checksum_bytes (bytes->data, bytes->len, hex);
}

/* TRUE with *@answer NULL: the key is new. */
static gboolean
find_answer (CrownRestRequest   *request,
             const char         *key,
             const char         *hash,
             gint64              now,
             CrownLedgerAnswer **answer,
             GError            **error)
{
  if (!crown_event_ledger_load_answer (request->ledger, &request->who, key, now, answer, error))
    return FALSE;

  if (*answer == NULL || strcmp ((*answer)->request_hash, hash) == 0)
    return TRUE;

  g_clear_pointer (answer, crown_ledger_answer_free);
  g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_KEY_REUSED,
               "Idempotency-Key “%s” came before with another request", key);
  return FALSE;
}

static gboolean
handle_read (CrownRestRequest      *request,
             const CrownRestRoute  *route,
             SoupServerMessage     *message,
             GError               **error)
{
  gboolean ok;

  if (!crown_event_ledger_begin (request->ledger, FALSE, error))
    return FALSE;

  ok = route->read (request, error);
  crown_event_ledger_rollback (request->ledger);

  if (ok)
    respond_answer (message, request->status, request->answer->str, request->answer->len, request->etag, request->sequence);
  else
    say_sequence (message, request->sequence);
  return ok;
}

/* An answer that waits for its commit. */
typedef struct {
  SoupServerMessage *message;
  CrownLedgerAnswer  answer;
} Waiting;

static void
waiting_free (Waiting *waiting)
{
  g_object_unref (waiting->message);
  g_free (waiting->answer.body);
  g_free (waiting->answer.etag);
  g_free (waiting);
}

static void
on_committed (GPtrArray    *events,
              const GError *error,
              gpointer      user_data)
{
  Waiting *waiting = user_data;

  if (error != NULL)
    respond_error (waiting->message, error, NULL);
  else
    respond_answer (waiting->message, waiting->answer.status, waiting->answer.body, strlen (waiting->answer.body),
                    waiting->answer.etag, waiting->answer.sequence);

  soup_server_message_unpause (waiting->message);
  waiting_free (waiting);
}

/**
 * crown_rest_request_perform:
 * @key: the Idempotency-Key
 * @hash: of the request
 * @now: unix seconds
 * @answer: (out) (transfer full): what was answered to @key before, or is now, if @write is committed
 *
 * Does in @write what the route does, unless that was done under @key.
 */
gboolean
crown_rest_request_perform (CrownRestRequest      *request,
                            const CrownRestRoute  *route,
                            CrownEventWrite       *write,
                            const char            *key,
                            const char            *hash,
                            gint64                 now,
                            CrownLedgerAnswer    **answer,
                            GError               **error)
{
  if (!CROWN_BUG (FORGET_ANSWERS) && !find_answer (request, key, hash, now, answer, error))
    return FALSE;
  if (*answer != NULL)
    return TRUE;

  if (!route->write (request, write, error))
    return FALSE;

  *answer = g_new0 (CrownLedgerAnswer, 1);
  (*answer)->request_hash = g_strdup (hash);
  (*answer)->status = request->status;
  (*answer)->body = g_strdup (request->answer->str);
  (*answer)->etag = g_strdup (request->etag);
  (*answer)->sequence = request->sequence;
  return CROWN_BUG (FORGET_ANSWERS) ||
         crown_event_ledger_put_answer (request->ledger, &request->who, key, *answer, now, error);
}

/* The events, the rows and the answer under its key are one transaction: whoever asks again, however the first attempt
 * ended, is either told the same or does it for the first time. Nothing is answered before it is on disk, not even to who
 * asks again while it is on its way there. */
static gboolean
write_prepared (CrownRestRequest      *request,
                const CrownRestRoute  *route,
                SoupServerMessage     *message,
                const char            *key,
                const char            *hash,
                GError               **error)
{
  gint64 now = crown_clock_now_us (crown_event_sequencer_get_clock (request->sequencer)) / G_USEC_PER_SEC;
  g_autoptr (CrownLedgerAnswer) answer = NULL;
  g_autoptr (CrownEventWrite) write = crown_event_sequencer_begin (request->sequencer, &request->who, key, error);
  Waiting *waiting;

  if (write == NULL || !crown_rest_request_perform (request, route, write, key, hash, now, &answer, error))
    return FALSE;

  waiting = g_new0 (Waiting, 1);
  waiting->message = g_object_ref (message);
  waiting->answer.status = answer->status;
  waiting->answer.body = g_steal_pointer (&answer->body);
  waiting->answer.etag = g_steal_pointer (&answer->etag);
  waiting->answer.sequence = answer->sequence;
  soup_server_message_pause (message);
  if (!crown_event_write_commit_later (g_steal_pointer (&write), on_committed, waiting, error))
    {
      soup_server_message_unpause (message);
      waiting_free (waiting);
      return FALSE;
    }
  return TRUE;
}

static void
request_free (gpointer data)
{
  CrownRestRequest *request = data;

  g_string_free (request->answer, TRUE);
  g_bytes_unref (request->body);
  g_clear_pointer (&request->query, g_hash_table_unref);
  g_free (request->stream);
  g_free (request->etag);
  g_free (request->current);
  g_clear_pointer (&request->json, json_object_unref);
  g_clear_pointer (&request->pipeline, crown_pipeline_free);
  g_clear_pointer (&request->assistant, crown_assistant_unref);
  g_object_unref (request->sequencer);
  g_free (request);
}

/* A write whose costly parts are done on another thread, while the server goes on. */
typedef struct {
  CrownRestApi         *api; /* unowned: it is asked whether any is left before it goes */
  CrownRestRequest     *request;
  const CrownRestRoute *route;
  SoupServerMessage    *message;
  char                 *key;
  char                  hash[65];
  gboolean              accepted; /* route->accept is done */
} Preparing;

static void
preparing_free (gpointer data)
{
  Preparing *preparing = data;

  preparing->api->n_preparing--;
  request_free (preparing->request);
  g_object_unref (preparing->message);
  g_free (preparing->key);
  g_free (preparing);
}

static void
prepare_on_thread (GTask        *task,
                   gpointer      source,
                   gpointer      task_data,
                   GCancellable *cancellable)
{
  Preparing *preparing = task_data;
  GError *error = NULL;

  if (preparing->accepted ? preparing->route->work (preparing->request, &error)
                          : preparing->route->prepare (preparing->request, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void advance (Preparing *preparing);

/* Pausing counts nothing: the write pauses again before it waits. */
static void
refuse_prepared (Preparing    *preparing,
                 const GError *error)
{
  soup_server_message_unpause (preparing->message);
  respond_error (preparing->message, error, preparing->request->current);
  preparing_free (preparing);
}

static void
on_prepared (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  Preparing *preparing = user_data;
  g_autoptr (GError) error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    advance (preparing);
  else
    refuse_prepared (preparing, error);
}

static void
run_on_thread (Preparing *preparing)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_prepared, preparing);

  g_task_set_task_data (task, preparing, NULL);
  g_task_run_in_thread (task, prepare_on_thread);
}

static void
on_accepted (GPtrArray    *events,
             const GError *error,
             gpointer      user_data)
{
  Preparing *preparing = user_data;

  if (error == NULL)
    run_on_thread (preparing);
  else
    refuse_prepared (preparing, error);
}

/* After a thread has done its part: to the next write. */
static void
advance (Preparing *preparing)
{
  CrownRestRequest *request = preparing->request;
  const CrownRestRoute *route = preparing->route;
  g_autoptr (CrownEventWrite) write = NULL;
  g_autoptr (GError) error = NULL;

  if (route->accept == NULL || preparing->accepted)
    {
      soup_server_message_unpause (preparing->message);
      if (!write_prepared (request, route, preparing->message, preparing->key, preparing->hash, &error))
        respond_error (preparing->message, error, request->current);
      preparing_free (preparing);
      return;
    }

  preparing->accepted = TRUE;
  write = crown_event_sequencer_begin (request->sequencer, &request->who, preparing->key, &error);
  if (write == NULL || !route->accept (request, write, &error) ||
      !crown_event_write_commit_later (g_steal_pointer (&write), on_accepted, preparing, &error))
    {
      /* The write is rolled back before anything else happens. */
      g_clear_pointer (&write, crown_event_write_free);
      refuse_prepared (preparing, error);
    }
}

/* @kept: (out): whether the request is still needed when this returns, and goes by itself */
static gboolean
handle_write (CrownRestApi          *self,
              CrownRestRequest      *request,
              const CrownRestRoute  *route,
              SoupServerMessage     *message,
              gboolean              *kept,
              GError               **error)
{
  const char *key = soup_message_headers_get_one (soup_server_message_get_request_headers (message), "Idempotency-Key");
  gint64 now = crown_clock_now_us (crown_event_sequencer_get_clock (request->sequencer)) / G_USEC_PER_SEC;
  g_autoptr (CrownLedgerAnswer) answer = NULL;
  Preparing *preparing;
  char hash[65];

  if (key == NULL || *key == '\0' || strlen (key) > KEY_LENGTH_MAX || !g_utf8_validate (key, -1, NULL))
    {
      g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_KEY_MISSING,
                   "A write needs an Idempotency-Key of at most %d bytes", KEY_LENGTH_MAX);
      return FALSE;
    }

  hash_request (message, request->body, hash);
  if (route->takes_json)
    {
      gsize length;
      const char *data = g_bytes_get_data (request->body, &length);

      request->json = crown_json_parse_object (data != NULL ? data : "", (gssize) length, error);
      if (request->json == NULL)
        return FALSE;
    }

  if (route->prepare == NULL && route->accept == NULL)
    return write_prepared (request, route, message, key, hash, error);

  /* What was answered before is not prepared again. */
  if (!find_answer (request, key, hash, now, &answer, error))
    return FALSE;
  if (answer != NULL)
    {
      respond_answer (message, answer->status, answer->body, strlen (answer->body), answer->etag, answer->sequence);
      return TRUE;
    }

  preparing = g_new0 (Preparing, 1);
  preparing->api = self;
  preparing->api->n_preparing++;
  preparing->request = request;
  preparing->route = route;
  preparing->message = g_object_ref (message);
  preparing->key = g_strdup (key);
  memcpy (preparing->hash, hash, sizeof hash);
  soup_server_message_pause (message);
  *kept = TRUE;
  if (route->prepare != NULL)
    run_on_thread (preparing);
  else
    advance (preparing);
  return TRUE;
}

static void
on_request (SoupServer        *soup,
            SoupServerMessage *message,
            const char        *path,
            GHashTable        *query,
            gpointer           user_data)
{
  CrownRestApi *self = user_data;
  const GError *refusal = g_object_get_data (G_OBJECT (message), REFUSAL_KEY);
  g_autoptr (GError) error = NULL;
  CrownRestRequest *request;
  const CrownRestRoute *route;
  CrownPrincipal who;
  gint64 workspace_id;
  gint64 id;
  gboolean kept = FALSE;
  gboolean ok;

  if (refusal != NULL)
    {
      respond_error (message, refusal, NULL);
      return;
    }

  route = admit (self, message, path, &who, &workspace_id, &id, &error);
  if (route == NULL)
    {
      respond_error (message, error, NULL);
      return;
    }

  request = g_new0 (CrownRestRequest, 1);
  request->sequencer = g_object_ref (self->sequencer);
  request->ledger = crown_event_sequencer_get_ledger (self->sequencer);
  request->live = self->live;
  request->assistant = self->assistant != NULL ? crown_assistant_ref (self->assistant) : NULL;
  request->who = who;
  request->workspace_id = workspace_id;
  request->id = id;
  request->query = query != NULL ? g_hash_table_ref (query) : NULL;
  request->status = SOUP_STATUS_OK;
  request->if_match = soup_message_headers_get_one (soup_server_message_get_request_headers (message), "If-Match");
  request->stream = crown_event_stream_name (CROWN_SCOPE_WORKSPACE, who.workspace_id);
  request->body = soup_message_body_flatten (soup_server_message_get_request_body (message));
  request->answer = g_string_new (NULL);

  ok = route->write != NULL ? handle_write (self, request, route, message, &kept, &error)
                            : handle_read (request, route, message, &error);
  if (!ok)
    respond_error (message, error, request->current);

  if (!kept)
    request_free (request);
}

/* Nothing more of the body is kept; the answer comes when it has been read past. */
static void
refuse_body (SoupServerMessage *message,
             GError            *error)
{
  SoupMessageBody *body = soup_server_message_get_request_body (message);

  g_object_set_data_full (G_OBJECT (message), REFUSAL_KEY, error, (GDestroyNotify) g_error_free);
  soup_message_body_set_accumulate (body, FALSE);
  soup_message_body_truncate (body);
}

static void
refuse_too_large (SoupServerMessage *message,
                  gsize              limit)
{
  refuse_body (message, g_error_new (CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_TOO_LARGE,
                                     "The body is over %" G_GSIZE_FORMAT " bytes", limit));
}

static void
on_got_chunk (SoupServerMessage *message,
              GBytes            *chunk,
              gpointer           user_data)
{
  gsize limit = GPOINTER_TO_SIZE (user_data);

  if (g_object_get_data (G_OBJECT (message), REFUSAL_KEY) == NULL &&
      (gsize) soup_server_message_get_request_body (message)->length > limit)
    refuse_too_large (message, limit);
}

/* Before the body: whoever may not send it, or sends too much, does not fill the memory. */
static void
on_headers (SoupServer        *soup,
            SoupServerMessage *message,
            const char        *path,
            GHashTable        *query,
            gpointer           user_data)
{
  CrownRestApi *self = user_data;
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  g_autoptr (GError) error = NULL;
  CrownPrincipal who;
  gint64 workspace_id;
  gint64 id;
  guint retry_after_ms;
  const CrownRestRoute *route = admit (self, message, path, &who, &workspace_id, &id, &error);

  if (route == NULL)
    {
      refuse_body (message, g_steal_pointer (&error));
      return;
    }

  g_object_set_data (G_OBJECT (message), ROUTE_KEY, (gpointer) route->pattern);
  if (self->limiter != NULL && who.token_id != 0 &&
      !crown_rate_limiter_take (self->limiter, who.token_id, 1, &retry_after_ms))
    {
      g_autofree char *seconds = g_strdup_printf ("%u", (retry_after_ms + 999) / 1000);

      soup_message_headers_replace (soup_server_message_get_response_headers (message), "Retry-After", seconds);
      refuse_body (message, g_error_new (CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_RATE_LIMITED,
                                         "There were too many requests with this token; the next may come in %u ms",
                                         retry_after_ms));
      return;
    }

  if (soup_message_headers_get_content_length (headers) > (goffset) route->body_max)
    refuse_too_large (message, route->body_max);
  else
    g_signal_connect (message, "got-chunk", G_CALLBACK (on_got_chunk), GSIZE_TO_POINTER (route->body_max));
}

/* What takes no body does not keep one either: whoever sends it need not even have a token. */
static void
on_bare_headers (SoupServer        *soup,
                 SoupServerMessage *message,
                 const char        *path,
                 GHashTable        *query,
                 gpointer           user_data)
{
  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
}

/**
 * crown_rest_add_bare_handler:
 * @path: (nullable): for what nobody else has taken
 *
 * As soup_server_add_handler(), for what takes no body.
 */
void
crown_rest_add_bare_handler (SoupServer         *soup,
                             const char         *path,
                             SoupServerCallback  callback,
                             gpointer            user_data)
{
  soup_server_add_early_handler (soup, path, on_bare_headers, NULL, NULL);
  soup_server_add_handler (soup, path, callback, user_data, NULL);
}

static void
respond_ok (SoupServerMessage *message)
{
  static const char answer[] = "{\"status\":\"ok\"}";

  respond (message, SOUP_STATUS_OK, "application/json", answer, strlen (answer));
}

static void
on_healthz (SoupServer        *soup,
            SoupServerMessage *message,
            const char        *path,
            GHashTable        *query,
            gpointer           user_data)
{
  if (crown_rest_admit_get (message, path, "/healthz"))
    respond_ok (message);
}

static void
on_readyz (SoupServer        *soup,
           SoupServerMessage *message,
           const char        *path,
           GHashTable        *query,
           gpointer           user_data)
{
  CrownRestApi *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *epoch = NULL;

  if (!crown_rest_admit_get (message, path, "/readyz"))
    return;

  if (crown_event_ledger_load_meta (crown_event_sequencer_get_ledger (self->sequencer), "epoch", &epoch, &error))
    respond_ok (message);
  else
    respond_error (message, error, NULL);
}

/* The document tells of itself by its checksum, as rows do. */
static void
on_openapi (SoupServer        *soup,
            SoupServerMessage *message,
            const char        *path,
            GHashTable        *query,
            gpointer           user_data)
{
  char hex[CROWN_CHECKSUM_HEX_LENGTH + 1];

  if (!crown_rest_admit_get (message, path, "/openapi.json"))
    return;

  crown_checksum_bytes (crown_openapi_json, strlen (crown_openapi_json), hex);
  respond_answer (message, SOUP_STATUS_OK, crown_openapi_json, strlen (crown_openapi_json), hex, 0);
}

/* Whatever nobody else has taken. */
static void
on_nothing (SoupServer        *soup,
            SoupServerMessage *message,
            const char        *path,
            GHashTable        *query,
            gpointer           user_data)
{
  g_autoptr (GError) error = g_error_new (CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_NOT_FOUND,
                                          "There is nothing at %.200s", path);

  respond_error (message, error, NULL);
}

/**
 * crown_rest_api_new:
 * @soup: (transfer none): gets handlers at /api/v1, /healthz, /readyz, /openapi.json, and for what nobody else has
 * @limiter: (nullable) (transfer none): for requests a token; outlives the interface
 *
 * Returns: (transfer full): an interface that answers for as long as it is kept
 */
CrownRestApi *
crown_rest_api_new (SoupServer          *soup,
                    CrownEventSequencer *sequencer,
                    CrownAuthenticator  *authenticator,
                    CrownRateLimiter    *limiter)
{
  CrownRestApi *self = g_object_new (CROWN_TYPE_REST_API, NULL);

  self->limiter = limiter;
  self->soup = g_object_ref (soup);
  self->sequencer = g_object_ref (sequencer);
  self->authenticator = g_object_ref (authenticator);
  self->live = crown_live_meetings_new (sequencer);

  soup_server_add_early_handler (soup, "/api/v1", on_headers, self, NULL);
  soup_server_add_handler (soup, "/api/v1", on_request, self, NULL);
  crown_rest_add_bare_handler (soup, "/healthz", on_healthz, self);
  crown_rest_add_bare_handler (soup, "/readyz", on_readyz, self);
  crown_rest_add_bare_handler (soup, "/openapi.json", on_openapi, self);
  crown_rest_add_bare_handler (soup, NULL, on_nothing, self);
  return self;
}

const char *
crown_rest_api_get_route (SoupServerMessage *message)
{
  return g_object_get_data (G_OBJECT (message), ROUTE_KEY);
}

/**
 * crown_rest_api_get_n_preparing:
 *
 * Returns: how much is being prepared on other threads; the interface must not go before that is done
 */
guint
crown_rest_api_get_n_preparing (CrownRestApi *self)
{
  return self->n_preparing + crown_live_meetings_n_busy (self->live);
}

/**
 * crown_rest_api_set_assistant:
 * @assistant: (nullable): who writes the minutes of what comes from here on
 */
void
crown_rest_api_set_assistant (CrownRestApi   *self,
                              CrownAssistant *assistant)
{
  g_clear_pointer (&self->assistant, crown_assistant_unref);
  if (assistant != NULL)
    self->assistant = crown_assistant_ref (assistant);
}

/**
 * crown_rest_api_stop:
 *
 * Begins nothing more by itself: requests that are there are answered.
 */
void
crown_rest_api_stop (CrownRestApi *self)
{
  crown_live_meetings_stop (self->live);
}

static void
crown_rest_api_finalize (GObject *object)
{
  CrownRestApi *self = CROWN_REST_API (object);

  soup_server_remove_handler (self->soup, "/api/v1");
  soup_server_remove_handler (self->soup, "/healthz");
  soup_server_remove_handler (self->soup, "/readyz");
  soup_server_remove_handler (self->soup, "/openapi.json");
  soup_server_remove_handler (self->soup, "/");
  g_clear_pointer (&self->live, crown_live_meetings_free);
  g_clear_pointer (&self->assistant, crown_assistant_unref);
  g_clear_object (&self->soup);
  g_clear_object (&self->sequencer);
  g_clear_object (&self->authenticator);

  G_OBJECT_CLASS (crown_rest_api_parent_class)->finalize (object);
}

static void
crown_rest_api_class_init (CrownRestApiClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = crown_rest_api_finalize;
}

static void
crown_rest_api_init (CrownRestApi *self)
{
}
