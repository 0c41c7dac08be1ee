/* crown-rest-reads.c: the routes that change nothing
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include <string.h>

#include "core/crown-json.h"
#include "core/crown-limits.h"
#include "crown-rest-private.h"
#include "crown-server-error.h"
#include "crown-workspace-stats.h"

static gboolean
get_workspaces (CrownRestRequest  *request,
                GError           **error)
{
  g_autoptr (JsonObject) answer = json_object_new ();
  g_autofree char *name = NULL;
  JsonArray *workspaces = json_array_new ();
  JsonObject *workspace = json_object_new ();

  if (!crown_event_ledger_load_workspace (request->ledger, request->who.workspace_id, &name, error))
    {
      json_array_unref (workspaces);
      json_object_unref (workspace);
      return FALSE;
    }

  json_object_set_int_member (workspace, "id", request->who.workspace_id);
  json_object_set_string_member (workspace, "name", name != NULL ? name : "");
  json_object_set_string_member (workspace, "role", crown_role_to_string (request->who.role));
  json_object_set_int_member (workspace, "user_id", request->who.user_id);
  json_array_add_object_element (workspaces, workspace);
  json_object_set_array_member (answer, "workspaces", workspaces);

  g_autofree char *json = crown_json_object_to_string (answer);

  g_string_assign (request->answer, json);
  return TRUE;
}

static void
append_rows (GString   *out,
             GPtrArray *rows,
             guint      n_rows)
{
  for (guint i = 0; i < n_rows; i++)
    {
      const CrownLedgerRow *row = g_ptr_array_index (rows, i);

      if (i > 0)
        g_string_append_c (out, ',');
      g_string_append (out, row->json);
    }
}

/* FALSE with an error where ?limit= is no number; more than a page may have is a page. */
static gboolean
get_limit (CrownRestRequest  *request,
           guint              otherwise,
           guint             *limit,
           GError           **error)
{
  guint64 number;

  if (!crown_rest_request_get_number (request, "limit", otherwise, G_MAXINT32, &number, error))
    return FALSE;

  *limit = (guint) CLAMP (number, 1, CROWN_REST_PAGE_MAX);
  return TRUE;
}

/* A part of the answer to a snapshot. */
typedef struct {
  guint       left;  /* rows that still go into the page; 0: it has all */
  CrownStore  store; /* the last row of the page before; NONE: there is no such page */
  gint64      after;
  CrownStore  last_store; /* (out) of this page, if another follows; otherwise NONE */
  gint64      last;
} Page;

/* @more: whether other stores follow */
static gboolean
append_store (CrownRestRequest  *request,
              CrownStore         store,
              Page              *page,
              gboolean           more,
              GError           **error)
{
  g_autofree char *after = page->store == store ? g_strdup_printf ("%" G_GINT64_FORMAT, page->after) : NULL;
  guint limit = page->left > 0 ? page->left + 1 : 0;
  g_autoptr (GPtrArray) rows = crown_event_ledger_list_rows (request->ledger, request->stream, store, after, limit, error);
  guint n_rows;

  if (rows == NULL)
    return FALSE;

  n_rows = page->left > 0 ? MIN (rows->len, page->left) : rows->len;
  g_string_append_printf (request->answer, "\"%s\":[", crown_store_to_string (store));
  append_rows (request->answer, rows, n_rows);
  g_string_append_c (request->answer, ']');

  if (page->left > 0)
    {
      page->left -= n_rows;
      if (rows->len > n_rows || (page->left == 0 && more))
        {
          const CrownLedgerRow *last = g_ptr_array_index (rows, n_rows - 1);

          page->last_store = store;
          page->last = g_ascii_strtoll (last->id, NULL, 10);
        }
    }

  return TRUE;
}

/* Few, with names for ids: all of them, whatever the page has. */
static gboolean
append_metadata (CrownRestRequest  *request,
                 GError           **error)
{
  g_autofree char *stream = crown_event_stream_name (CROWN_SCOPE_USER, request->who.user_id);
  g_autoptr (GPtrArray) rows =
    crown_event_ledger_list_rows (request->ledger, request->stream, CROWN_STORE_METADATA, NULL, 0, error);
  /* What belongs to the user alone, such as reminders, is in the user's stream. */
  g_autoptr (GPtrArray) own =
    rows != NULL ? crown_event_ledger_list_rows (request->ledger, stream, CROWN_STORE_METADATA, NULL, 0, error) : NULL;

  if (own == NULL)
    return FALSE;

  g_string_append (request->answer, "\"metadata\":[");
  append_rows (request->answer, rows, rows->len);
  if (rows->len > 0 && own->len > 0)
    g_string_append_c (request->answer, ',');
  append_rows (request->answer, own, own->len);
  g_string_append_c (request->answer, ']');
  return TRUE;
}

/* FALSE with an error where the query names a store that the server does not have. */
static gboolean
get_store (CrownRestRequest  *request,
           CrownStore        *store,
           GError           **error)
{
  const char *name = crown_rest_request_get_query (request, "store");

  *store = CROWN_STORE_NONE;
  if (name == NULL)
    return TRUE;

  if (crown_store_from_string (name, store) && *store != CROWN_STORE_SESSIONS && *store != CROWN_STORE_NONE)
    return TRUE;

  g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_BAD_REQUEST, "There is no store “%s”", name);
  return FALSE;
}

/* A cursor is MOMENT.STORE.ID: what the ledger was at, and the last row of the page. */
static gboolean
read_cursor (CrownRestRequest  *request,
             const char        *moment,
             CrownStore         only,
             Page              *page,
             GError           **error)
{
  const char *cursor = crown_rest_request_get_query (request, "cursor");
  g_auto (GStrv) parts = NULL;
  guint64 after;

  if (cursor == NULL)
    return TRUE;

  parts = g_strsplit (cursor, ".", -1);
  if (g_strv_length (parts) != 5 || !crown_store_from_string (parts[3], &page->store) ||
      (page->store != CROWN_STORE_MEETINGS && page->store != CROWN_STORE_TASKS && page->store != CROWN_STORE_ANALYTICS) ||
      (only != CROWN_STORE_NONE && only != page->store) ||
      !g_ascii_string_to_unsigned (parts[4], 10, 1, G_MAXINT64, &after, NULL))
    {
      g_set_error_literal (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_BAD_REQUEST, "?cursor= is of no page of this");
      return FALSE;
    }

  if (!g_str_has_prefix (cursor, moment) || cursor[strlen (moment)] != '.')
    {
      g_set_error_literal (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_MOVED,
                           "Something has happened since the first page; begin again, or ask for the whole without ?limit=");
      return FALSE;
    }

  page->after = (gint64) after;
  return TRUE;
}

static gboolean
get_snapshot (CrownRestRequest  *request,
              GError           **error)
{
  static const CrownStore stores[] = {
    CROWN_STORE_MEETINGS, CROWN_STORE_TASKS, CROWN_STORE_ANALYTICS, CROWN_STORE_METADATA
  };
  gboolean paged = crown_rest_request_get_query (request, "limit") != NULL ||
                   crown_rest_request_get_query (request, "cursor") != NULL;
  g_autofree char *moment = NULL;
  Page page = { 0 };
  g_autofree char *user_stream = crown_event_stream_name (CROWN_SCOPE_USER, request->who.user_id);
  CrownStreamHead head;
  CrownStreamHead user_head;
  CrownStore only;
  gboolean first = TRUE;

  if (!get_store (request, &only, error) ||
      !crown_event_ledger_load_head (request->ledger, request->stream, &head, error) ||
      !crown_event_ledger_load_head (request->ledger, user_stream, &user_head, error) ||
      (paged && !get_limit (request, CROWN_REST_PAGE_MAX, &page.left, error)))
    return FALSE;

  moment = g_strdup_printf ("%s.%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT,
                            crown_event_ledger_get_epoch (request->ledger), head.sequence, user_head.sequence);
  if (!read_cursor (request, moment, only, &page, error))
    return FALSE;

  g_string_append_printf (request->answer,
                          "{\"epoch\":\"%s\",\"sequence\":%" G_GUINT64_FORMAT ",\"user_sequence\":%" G_GUINT64_FORMAT
                          ",\"stores\":{",
                          crown_event_ledger_get_epoch (request->ledger), head.sequence, user_head.sequence);

  for (guint i = 0; i < G_N_ELEMENTS (stores); i++)
    {
      if (only != CROWN_STORE_NONE && only != stores[i])
        continue;

      /* Stores of the pages before, in the order above. */
      if (first && page.store != CROWN_STORE_NONE && page.store != stores[i])
        continue;

      if (!first)
        g_string_append_c (request->answer, ',');
      first = FALSE;

      if (stores[i] == CROWN_STORE_METADATA ? !append_metadata (request, error)
                                            : !append_store (request, stores[i], &page, only == CROWN_STORE_NONE, error))
        return FALSE;

      if (page.last_store != CROWN_STORE_NONE)
        break;
    }

  g_string_append_c (request->answer, '}');
  if (page.last_store != CROWN_STORE_NONE)
    g_string_append_printf (request->answer, ",\"next\":\"%s.%s.%" G_GINT64_FORMAT "\"", moment,
                            crown_store_to_string (page.last_store), page.last);
  else if (paged)
    g_string_append (request->answer, ",\"next\":null");
  g_string_append_c (request->answer, '}');
  return TRUE;
}

static void
append_checksum (const char *id,
                 const char *checksum,
                 gpointer    answer)
{
  const char *last = ((GString *) answer)->str + ((GString *) answer)->len - 1;

  g_string_append_printf (answer, "%s[%s,\"%s\"]", *last == '[' ? "" : ",", id, checksum);
}

/* The ids and checksums of one of the 256 parts of a store: where two digests differ, this says which rows do. */
static gboolean
append_bucket (CrownRestRequest  *request,
               CrownStore         store,
               guint              bucket,
               GError           **error)
{
  g_string_append_printf (request->answer, ",\"bucket\":%u,\"rows\":[", bucket);
  if (!crown_event_ledger_each_checksum (request->ledger, request->stream, store, (int) bucket, append_checksum,
                                         request->answer, error))
    return FALSE;
  g_string_append_c (request->answer, ']');
  return TRUE;
}

typedef struct {
  const char  *store;
  CrownDigest  digests[CROWN_DIGEST_BUCKETS];
} Buckets;

static void
add_to_bucket (const char *id,
               const char *checksum,
               gpointer    user_data)
{
  Buckets *buckets = user_data;
  CrownDigest digest;

  crown_digest_of_row (buckets->store, id, checksum, &digest);
  crown_digest_add (&buckets->digests[crown_digest_bucket (g_ascii_strtoll (id, NULL, 10))], &digest);
}

/* The first lane of the digest of each part: enough to see which differ, and a quarter of the whole. */
static gboolean
append_buckets (CrownRestRequest  *request,
                CrownStore         store,
                GError           **error)
{
  Buckets buckets = { crown_store_to_string (store), { CROWN_DIGEST_INIT } };

  if (!crown_event_ledger_each_checksum (request->ledger, request->stream, store, -1, add_to_bucket, &buckets, error))
    return FALSE;

  g_string_append (request->answer, ",\"buckets\":[");
  for (guint i = 0; i < CROWN_DIGEST_BUCKETS; i++)
    {
      char hex[65];

      crown_digest_to_hex (&buckets.digests[i], hex);
      g_string_append_printf (request->answer, "%s\"%.16s\"", i > 0 ? "," : "", hex);
    }
  g_string_append_c (request->answer, ']');
  return TRUE;
}

static gboolean
get_digest (CrownRestRequest  *request,
            GError           **error)
{
  CrownStreamHead head;
  CrownDigest digest;
  CrownStore store;
  guint64 count;
  guint64 bucket;
  char hex[65];

  if (!get_store (request, &store, error))
    return FALSE;

  if (store == CROWN_STORE_NONE)
    {
      g_set_error_literal (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_BAD_REQUEST, "?store= is needed");
      return FALSE;
    }

  if (!crown_event_ledger_load_head (request->ledger, request->stream, &head, error) ||
      !crown_event_ledger_load_digest (request->ledger, request->stream, store, &count, &digest, error) ||
      !crown_rest_request_get_number (request, "bucket", 0, CROWN_DIGEST_BUCKETS - 1, &bucket, error))
    return FALSE;

  crown_digest_to_hex (&digest, hex);
  g_string_append_printf (request->answer,
                          "{\"store\":\"%s\",\"count\":%" G_GUINT64_FORMAT ",\"digest\":\"%s\""
                          ",\"sequence\":%" G_GUINT64_FORMAT ",\"epoch\":\"%s\"",
                          crown_store_to_string (store), count, hex, head.sequence,
                          crown_event_ledger_get_epoch (request->ledger));

  if (crown_rest_request_get_query (request, "bucket") != NULL && store != CROWN_STORE_METADATA &&
      !append_bucket (request, store, (guint) bucket, error))
    return FALSE;

  if (crown_rest_request_get_query (request, "buckets") != NULL && store != CROWN_STORE_METADATA &&
      !append_buckets (request, store, error))
    return FALSE;

  g_string_append_c (request->answer, '}');
  return TRUE;
}

static gboolean
get_events (CrownRestRequest  *request,
            GError           **error)
{
  CrownStreamHead head;
  guint64 after;
  guint limit;

  if (!crown_rest_request_get_number (request, "after", 0, G_MAXINT64, &after, error) ||
      !crown_rest_request_get_number (request, "cursor", after, G_MAXINT64, &after, error) ||
      !get_limit (request, CROWN_REST_PAGE_MAX, &limit, error) ||
      !crown_event_ledger_load_head (request->ledger, request->stream, &head, error))
    return FALSE;

  g_autoptr (GPtrArray) events =
    crown_event_ledger_load_events (request->ledger, request->stream, 0, after, limit + 1, error);

  if (events == NULL)
    return FALSE;

  g_string_append (request->answer, "{\"events\":[");
  for (guint i = 0, end = MIN (events->len, limit); i < end;)
    {
      if (i > 0)
        g_string_append_c (request->answer, ',');
      i += crown_ledger_events_write (events, i, end, CROWN_NAMESPACE_DASHBOARD, FALSE, request->answer);
      after = ((CrownLedgerEvent *) g_ptr_array_index (events, i - 1))->envelope->sequence;
    }

  g_string_append_printf (request->answer,
                          "],\"has_more\":%s,\"epoch\":\"%s\",\"sequence\":%" G_GUINT64_FORMAT
                          ",\"floor\":%" G_GUINT64_FORMAT ",\"next\":",
                          events->len > limit ? "true" : "false", crown_event_ledger_get_epoch (request->ledger),
                          head.sequence, head.floor);
  if (events->len > limit)
    g_string_append_printf (request->answer, "%" G_GUINT64_FORMAT "}", after);
  else
    g_string_append (request->answer, "null}");
  return TRUE;
}

static gboolean
get_stats (CrownRestRequest  *request,
           GError           **error)
{
  /* The counters and not the last DASHBOARD_REFRESH, which may be a second old. */
  g_autoptr (JsonObject) stats = crown_workspace_stats_load (request->ledger, request->stream, error);
  g_autofree char *json = stats != NULL ? crown_json_object_to_string (stats) : NULL;

  if (json == NULL)
    return FALSE;

  g_string_assign (request->answer, json);
  return TRUE;
}

static gboolean
list_store (CrownRestRequest  *request,
            CrownStore         store,
            GError           **error)
{
  guint64 cursor;
  guint limit;

  if (!get_limit (request, 100, &limit, error) ||
      !crown_rest_request_get_number (request, "cursor", 0, G_MAXINT64, &cursor, error))
    return FALSE;

  g_autofree char *after = g_strdup_printf ("%" G_GUINT64_FORMAT, cursor);
  g_autoptr (GPtrArray) rows =
    crown_event_ledger_list_rows (request->ledger, request->stream, store, after, limit + 1, error);

  if (rows == NULL)
    return FALSE;

  guint n_rows = MIN (rows->len, limit);

  g_string_append (request->answer, "{\"items\":[");
  append_rows (request->answer, rows, n_rows);
  if (rows->len > n_rows)
    {
      const CrownLedgerRow *last = g_ptr_array_index (rows, n_rows - 1);

      g_string_append_printf (request->answer, "],\"next\":%s,\"next_cursor\":%s}", last->id, last->id);
    }
  else
    g_string_append (request->answer, "],\"next\":null,\"next_cursor\":null}");
  return TRUE;
}

static gboolean
get_meetings (CrownRestRequest  *request,
              GError           **error)
{
  return list_store (request, CROWN_STORE_MEETINGS, error);
}

static gboolean
get_tasks (CrownRestRequest  *request,
           GError           **error)
{
  return list_store (request, CROWN_STORE_TASKS, error);
}

static gboolean
get_row (CrownRestRequest  *request,
         CrownStore         store,
         GError           **error)
{
  g_autoptr (CrownLedgerRow) row = NULL;
  CrownStreamHead head;

  /* Who puts the row beside events has to know which of them are in it; also when it is not there. */
  if (!crown_event_ledger_load_head (request->ledger, request->stream, &head, error))
    return FALSE;

  request->sequence = head.sequence;
  if (!crown_rest_request_load_row (request, store, request->id, &row, error))
    return FALSE;

  request->etag = g_strdup (row->checksum);
  g_string_assign (request->answer, row->json);
  return TRUE;
}

static gboolean
get_meeting (CrownRestRequest  *request,
             GError           **error)
{
  return get_row (request, CROWN_STORE_MEETINGS, error);
}

static gboolean
get_task (CrownRestRequest  *request,
          GError           **error)
{
  return get_row (request, CROWN_STORE_TASKS, error);
}

static gboolean
get_analytics (CrownRestRequest  *request,
               GError           **error)
{
  return get_row (request, CROWN_STORE_ANALYTICS, error);
}

static gboolean
get_transcript (CrownRestRequest  *request,
                GError           **error)
{
  g_autoptr (CrownLedgerRow) meeting = NULL;
  g_autofree char *json = NULL;

  /* The meeting first: a transcript is found by the meeting's id alone, and that may be of another workspace. */
  if (!crown_rest_request_load_row (request, CROWN_STORE_MEETINGS, request->id, &meeting, error) ||
      !crown_event_ledger_load_transcript (request->ledger, request->id, &json, error) ||
      (json == NULL && !crown_live_meetings_load (request->ledger, request->id, &json, error)))
    return FALSE;

  if (json == NULL)
    {
      g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_NOT_FOUND,
                   "Meeting %" G_GINT64_FORMAT " has no transcript", request->id);
      return FALSE;
    }

  g_string_assign (request->answer, json);
  return TRUE;
}

/* The reminders that the user was sent, as they are in the user's stream. */
static gboolean
get_insights (CrownRestRequest  *request,
              GError           **error)
{
  g_autofree char *stream = crown_event_stream_name (CROWN_SCOPE_USER, request->who.user_id);
  const char *key = crown_event_info (CROWN_EVENT_INSIGHT_REMINDER)->metadata_key;
  g_autoptr (CrownLedgerRow) row = NULL;
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (JsonNode) items = json_node_new (JSON_NODE_ARRAY);
  JsonArray *value = NULL;

  if (!crown_event_ledger_load_row (request->ledger, stream, CROWN_STORE_METADATA, key, &row, error) ||
      (row != NULL && (object = crown_json_parse_object (row->json, -1, error)) == NULL))
    return FALSE;

  if (object != NULL)
    value = crown_json_opt_array (object, "value");
  json_node_take_array (items, value != NULL ? json_array_ref (value) : json_array_new ());
  g_string_append (request->answer, "{\"items\":");
  crown_json_write (items, request->answer);
  g_string_append_c (request->answer, '}');
  return TRUE;
}

const CrownRestRoute crown_rest_read_routes[] = {
  { "GET", "workspaces", CROWN_ROLE_VIEWER, 0, FALSE, get_workspaces },
  { "GET", "workspaces/{w}/snapshot", CROWN_ROLE_VIEWER, 0, FALSE, get_snapshot },
  { "GET", "workspaces/{w}/digest", CROWN_ROLE_VIEWER, 0, FALSE, get_digest },
  { "GET", "workspaces/{w}/events", CROWN_ROLE_VIEWER, 0, FALSE, get_events },
  { "GET", "workspaces/{w}/stats", CROWN_ROLE_VIEWER, 0, FALSE, get_stats },
  { "GET", "workspaces/{w}/meetings", CROWN_ROLE_VIEWER, 0, FALSE, get_meetings },
  { "GET", "workspaces/{w}/meetings/{id}", CROWN_ROLE_VIEWER, 0, FALSE, get_meeting },
  { "GET", "workspaces/{w}/meetings/{id}/transcript", CROWN_ROLE_VIEWER, 0, FALSE, get_transcript },
  { "GET", "workspaces/{w}/tasks", CROWN_ROLE_VIEWER, 0, FALSE, get_tasks },
  { "GET", "workspaces/{w}/tasks/{id}", CROWN_ROLE_VIEWER, 0, FALSE, get_task },
  { "GET", "workspaces/{w}/insights", CROWN_ROLE_VIEWER, 0, FALSE, get_insights },
  { "GET", "workspaces/{w}/analytics/{id}", CROWN_ROLE_VIEWER, 0, FALSE, get_analytics },
  { NULL }
};
