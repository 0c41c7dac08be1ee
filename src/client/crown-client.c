/* crown-client.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-client.h"

#include <glib/gi18n.h>

#include "core/crown-clock.h"
#include "core/crown-json.h"
#include "core/crown-limits.h"
#include "socketio/crown-network-types.h"
#include "crown-cache-reader.h"
#include "crown-cache.h"
#include "crown-diagnostics.h"
#include "crown-performance-monitor.h"
#include "crown-sync-engine.h"

/**
 * CrownClient:
 *
 * The interface's side: reads the cache on the interface's thread, and gives everything that may wait (writes, requests,
 * the connection) to the #CrownSyncEngine.
 */
struct _CrownClient
{
  GObject           parent_instance;

  gint64            workspace_id;
  gint64            user_id;
  char             *folder;
  char             *server;  /* (nullable): not asked to connect yet */
  CrownCacheReader *reader;
  CrownSyncEngine  *engine;  /* (nullable): closed */
  CrownClientState  state;
  guint             pending;
  guint             buffered;
  gint64            offline_since;
  CrownErrorHandler *errors;
  guint             n_failures;
  char             *problem; /* (nullable) */
  CrownChangeSet   *shown;   /* (nullable): rows that were read for being shown, and are not told to the engine yet */
  guint             shown_source;
  guint64           caught_up;
  guint64           to_catch_up;
};

enum {
  PROP_0,
  PROP_STATE,
  PROP_PENDING,
  PROP_OFFLINE_SINCE,
  PROP_N_FAILURES,
  PROP_PROBLEM,
  PROP_TO_CATCH_UP,
  N_PROPS
};

enum {
  CHANGED,
  MADE,
  REJECTED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CrownClient, crown_client, G_TYPE_OBJECT)

GType
crown_client_state_get_type (void)
{
  static gsize type;
  static const GEnumValue values[] = {
    { CROWN_CLIENT_OFFLINE, "CROWN_CLIENT_OFFLINE", "offline" },
    { CROWN_CLIENT_CONNECTING, "CROWN_CLIENT_CONNECTING", "connecting" },
    { CROWN_CLIENT_JOINING, "CROWN_CLIENT_JOINING", "joining" },
    { CROWN_CLIENT_REPLAYING, "CROWN_CLIENT_REPLAYING", "replaying" },
    { CROWN_CLIENT_SNAPSHOTTING, "CROWN_CLIENT_SNAPSHOTTING", "snapshotting" },
    { CROWN_CLIENT_LIVE, "CROWN_CLIENT_LIVE", "live" },
    { CROWN_CLIENT_BACKING_OFF, "CROWN_CLIENT_BACKING_OFF", "backing-off" },
    { CROWN_CLIENT_STOPPED, "CROWN_CLIENT_STOPPED", "stopped" },
    { 0, NULL, NULL }
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("CrownClientState", values));
  return type;
}

static void
engine_cb (CrownEngineReport *report,
           gpointer           user_data)
{
  g_autoptr (CrownClient) self = g_object_ref (user_data);

  if (self->reader != NULL && report->changed != NULL)
    crown_cache_reader_invalidate_overlay (self->reader);

  g_object_freeze_notify (G_OBJECT (self));
  if (self->state != report->state)
    {
      self->state = report->state;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
    }
  self->buffered = report->buffered;
  if (self->pending != report->pending)
    {
      self->pending = report->pending;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PENDING]);
    }
  if (self->offline_since != report->offline_since)
    {
      self->offline_since = report->offline_since;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_OFFLINE_SINCE]);
    }
  if (self->n_failures != report->n_failures)
    {
      self->n_failures = report->n_failures;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_FAILURES]);
    }
  if (g_strcmp0 (self->problem, report->problem) != 0)
    {
      g_free (self->problem);
      self->problem = g_strdup (report->problem);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROBLEM]);
    }
  if (self->caught_up != report->caught_up || self->to_catch_up != report->to_catch_up)
    {
      self->caught_up = report->caught_up;
      self->to_catch_up = report->to_catch_up;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TO_CATCH_UP]);
    }
  g_object_thaw_notify (G_OBJECT (self));

  if (report->made != NULL)
    g_signal_emit (self, signals[MADE], 0, report->made);
  if (report->changed != NULL && self->reader != NULL)
    g_signal_emit (self, signals[CHANGED], 0, report->changed);
  for (guint i = 0; report->rejected != NULL && i < report->rejected->len; i += 2)
    g_signal_emit (self, signals[REJECTED], 0, report->rejected->pdata[i], report->rejected->pdata[i + 1]);
}

/* The writing side makes, migrates and mends the files; the usual start finds them good and does not wait for anybody. */
static gboolean
make_files (const char  *folder,
            gint64       workspace_id,
            gint64       user_id,
            GError     **error)
{
  g_autofree char *cache_path = g_build_filename (folder, "cache.db", NULL);
  g_autofree char *outbox_path = g_build_filename (folder, "outbox.db", NULL);
  g_autoptr (CrownOutbox) outbox = crown_outbox_open (outbox_path, error);
  g_autoptr (CrownCache) cache = outbox != NULL ? crown_cache_open (cache_path, workspace_id, user_id, error) : NULL;

  return cache != NULL;
}

static CrownCacheReader *
open_reader (const char  *folder,
             GError     **error)
{
  g_autoptr (CrownCacheReader) reader = crown_cache_reader_open (folder, error);
  CrownQuery query = { CROWN_QUERY_SESSION_TASKS, 0, NULL, NULL };
  g_autoptr (GArray) ids = reader != NULL ? crown_cache_reader_query_ids (reader, &query, error) : NULL;

  return ids != NULL ? g_steal_pointer (&reader) : NULL;
}

static void tell_shown (CrownClient *self);

static void
network_changed_cb (CrownClient *self,
                    gboolean     available)
{
  if (available)
    crown_client_reconnect_now (self);
}

CrownClient *
crown_client_new (const char  *folder,
                  gint64       workspace_id,
                  gint64       user_id,
                  GError     **error)
{
  g_autoptr (CrownClient) self = g_object_new (CROWN_TYPE_CLIENT, NULL);

  self->workspace_id = workspace_id;
  self->user_id = user_id;
  self->folder = g_strdup (folder);
  self->reader = open_reader (folder, NULL);
  if (self->reader == NULL)
    {
      if (!make_files (folder, workspace_id, user_id, error) || !(self->reader = open_reader (folder, error)))
        return NULL;
    }
  self->offline_since = g_get_real_time ();
  self->engine = crown_sync_engine_new (folder, workspace_id, user_id, self->errors, engine_cb, self);
  return g_steal_pointer (&self);
}

void
crown_client_connect_server (CrownClient *self,
                             const char  *url,
                             const char  *token)
{
  g_return_if_fail (CROWN_IS_CLIENT (self));

  if (self->engine == NULL)
    return;
  /* Here and not at the start: this starts the network's own machinery. */
  crown_network_types_ensure ();
  g_signal_connect_object (g_network_monitor_get_default (), "network-changed", G_CALLBACK (network_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_free (self->server);
  self->server = g_strdup (url);
  crown_sync_engine_connect (self->engine, url, token);
}

void
crown_client_reconnect_now (CrownClient *self)
{
  g_return_if_fail (CROWN_IS_CLIENT (self));

  if (self->engine != NULL)
    crown_sync_engine_retry (self->engine);
}

void
crown_client_disconnect (CrownClient *self)
{
  g_return_if_fail (CROWN_IS_CLIENT (self));

  if (self->engine != NULL)
    crown_sync_engine_disconnect (self->engine);
}

void
crown_client_close (CrownClient *self)
{
  g_return_if_fail (CROWN_IS_CLIENT (self));

  /* The last that has a file open puts the log into it, which the reader may not. */
  g_clear_pointer (&self->reader, crown_cache_reader_close);
  tell_shown (self);
  g_clear_pointer (&self->engine, crown_sync_engine_stop);
}

void
crown_client_notice (CrownClient          *self,
                     const CrownChangeSet *changes)
{
  g_return_if_fail (CROWN_IS_CLIENT (self));

  if (self->engine != NULL)
    crown_sync_engine_look (self->engine, changes);
}

CrownClientState
crown_client_get_state (CrownClient *self)
{
  return self->state;
}

guint
crown_client_get_pending (CrownClient *self)
{
  return self->pending;
}

gint64
crown_client_get_user_id (CrownClient *self)
{
  return self->user_id;
}

GPtrArray *
crown_client_list_failures (CrownClient *self)
{
  g_return_val_if_fail (CROWN_IS_CLIENT (self), NULL);

  return crown_error_handler_list (self->errors);
}

const char *
crown_client_get_problem (CrownClient *self)
{
  return self->problem;
}

gint64
crown_client_get_offline_since (CrownClient *self)
{
  return self->offline_since;
}

gboolean
crown_client_get_progress (CrownClient *self,
                           guint64     *done,
                           guint64     *total)
{
  *done = self->caught_up;
  *total = self->to_catch_up;
  return self->to_catch_up > 0;
}

/* Reads */

static void
record_read (gint64 since)
{
  crown_performance_monitor_record (crown_performance_monitor_get_default (), CROWN_METRIC_CACHE_READ,
                                    g_get_monotonic_time () - since);
}

static gboolean
is_open (CrownClient  *self,
         GError      **error)
{
  if (self->reader != NULL)
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The cache is closed");
  return FALSE;
}

/* What the reader found damaged the engine looks at, and makes anew: "changed" says when. */
static void
watch_reader (CrownClient *self)
{
  if (self->reader != NULL && self->engine != NULL && crown_cache_reader_is_damaged (self->reader))
    crown_sync_engine_check (self->engine);
}

GArray *
crown_client_query_ids (CrownClient       *self,
                        const CrownQuery  *query,
                        GError           **error)
{
  gint64 since = g_get_monotonic_time ();
  GArray *ids = is_open (self, error) ? crown_cache_reader_query_ids (self->reader, query, error) : NULL;

  record_read (since);
  if (ids == NULL)
    watch_reader (self);
  return ids;
}

/* Rows that are shown one after another are noted together. */
#define SHOWN_SECONDS 2

static void
tell_shown (CrownClient *self)
{
  g_clear_handle_id (&self->shown_source, g_source_remove);
  if (self->shown != NULL && self->engine != NULL)
    crown_sync_engine_touch (self->engine, self->shown);
  g_clear_pointer (&self->shown, crown_change_set_unref);
}

static gboolean
shown_cb (gpointer user_data)
{
  CrownClient *self = user_data;

  self->shown_source = 0;
  tell_shown (self);
  return G_SOURCE_REMOVE;
}

static void
note_shown (CrownClient *self,
            CrownStore   store,
            gint64       id)
{
  if (self->shown == NULL)
    self->shown = crown_change_set_new (self->workspace_id);
  crown_change_set_add (self->shown, store, id);
  if (self->shown_source == 0)
    self->shown_source = g_timeout_add_seconds (SHOWN_SECONDS, shown_cb, self);
}

static JsonObject *
load_row (CrownClient  *self,
          CrownStore    store,
          gint64        id,
          GError      **error)
{
  gint64 since = g_get_monotonic_time ();
  JsonObject *row = is_open (self, error) ? crown_cache_reader_load_row (self->reader, store, id, error) : NULL;
  CrownChangeSet *missing;
  guint n_damaged;

  record_read (since);
  /* Only a row that does not come may be damaged or evicted: it is read again, and "changed" says when. */
  if (row == NULL && self->reader != NULL && self->engine != NULL &&
      (missing = crown_cache_reader_take_missing (self->reader, &n_damaged)) != NULL)
    crown_sync_engine_miss (self->engine, missing, n_damaged);
  if (row == NULL)
    watch_reader (self);
  else if (id > 0)
    note_shown (self, store, id);
  return row;
}

CrownMeeting *
crown_client_load_meeting (CrownClient  *self,
                           gint64        id,
                           GError      **error)
{
  g_autoptr (JsonObject) row = load_row (self, CROWN_STORE_MEETINGS, id, error);

  return row != NULL ? crown_meeting_from_json (row, error) : NULL;
}

CrownTask *
crown_client_load_task (CrownClient  *self,
                        gint64        id,
                        GError      **error)
{
  g_autoptr (JsonObject) row = load_row (self, CROWN_STORE_TASKS, id, error);

  return row != NULL ? crown_task_from_json (row, error) : NULL;
}

CrownAnalytics *
crown_client_load_analytics (CrownClient  *self,
                             gint64        session_id,
                             GError      **error)
{
  g_autoptr (JsonObject) row = load_row (self, CROWN_STORE_ANALYTICS, session_id, error);

  return row != NULL ? crown_analytics_from_json (row, error) : NULL;
}

gint64
crown_client_count_open_tasks (CrownClient  *self,
                               GError      **error)
{
  return is_open (self, error) ? crown_cache_reader_count_open_tasks (self->reader, error) : -1;
}

JsonObject *
crown_client_load_stats (CrownClient  *self,
                         GError      **error)
{
  g_autoptr (JsonNode) node = is_open (self, error) ? crown_cache_reader_load_metadata (self->reader, "stats", error) : NULL;

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_object_ref (json_node_get_object (node)) : NULL;
}

JsonObject *
crown_client_load_filter (CrownClient  *self,
                          GError      **error)
{
  g_autoptr (JsonNode) node = is_open (self, error) ? crown_cache_reader_load_metadata (self->reader, "filter", error) : NULL;

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_object_ref (json_node_get_object (node)) : NULL;
}

void
crown_client_apply_filter (CrownClient *self,
                           const char  *query,
                           const char  *time_range,
                           const char  *status,
                           const char  *assignee)
{
  JsonObject *data;

  g_return_if_fail (CROWN_IS_CLIENT (self));

  if (self->engine == NULL)
    return;
  data = json_object_new ();
  json_object_set_string_member (data, "query", query);
  json_object_set_string_member (data, "time_range", time_range);
  if (status != NULL)
    json_object_set_string_member (data, "status", status);
  if (assignee != NULL)
    json_object_set_string_member (data, "assignee", assignee);
  crown_sync_engine_emit_local (self->engine, CROWN_EVENT_FILTER_APPLY, data);
}

char **
crown_client_list_people (CrownClient  *self,
                          GError      **error)
{
  return is_open (self, error) ? crown_cache_reader_list_people (self->reader, error) : NULL;
}

JsonArray *
crown_client_load_transcript (CrownClient  *self,
                              gint64        session_id,
                              GError      **error)
{
  return is_open (self, error) ? crown_cache_reader_load_transcript (self->reader, session_id, error) : NULL;
}

/* Searches: a word that is in a million lines takes longer to rank than a frame has */

typedef struct {
  char  *folder;
  char  *text;
  guint  limit;
} Search;

static void
search_free (gpointer data)
{
  Search *search = data;

  g_free (search->folder);
  g_free (search->text);
  g_free (search);
}

static void
search_thread (GTask        *task,
               gpointer      source,
               gpointer      task_data,
               GCancellable *cancellable)
{
  const Search *search = task_data;
  GError *error = NULL;
  g_autoptr (CrownCacheReader) reader = crown_cache_reader_open (search->folder, &error);
  GPtrArray *hits = reader != NULL ? crown_cache_reader_search (reader, search->text, search->limit, &error) : NULL;

  if (hits != NULL)
    g_task_return_pointer (task, hits, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

void
crown_client_search_async (CrownClient         *self,
                           const char          *text,
                           guint                limit,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Search *search = g_new0 (Search, 1);

  g_return_if_fail (CROWN_IS_CLIENT (self));

  search->folder = g_strdup (self->folder);
  search->text = g_strdup (text);
  search->limit = limit;
  g_task_set_source_tag (task, crown_client_search_async);
  g_task_set_task_data (task, search, search_free);
  g_task_run_in_thread (task, search_thread);
}

GPtrArray *
crown_client_search_finish (CrownClient   *self,
                            GAsyncResult  *result,
                            GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Diagnostics */

static void
diagnose_thread (GTask        *task,
                 gpointer      source,
                 gpointer      folder,
                 GCancellable *cancellable)
{
  GError *error = NULL;
  JsonObject *found = crown_diagnostics_read (folder, &error);

  if (found != NULL)
    g_task_return_pointer (task, found, (GDestroyNotify) json_object_unref);
  else
    g_task_return_error (task, error);
}

void
crown_client_diagnose_async (CrownClient         *self,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_return_if_fail (CROWN_IS_CLIENT (self));

  g_task_set_source_tag (task, crown_client_diagnose_async);
  g_task_set_task_data (task, g_strdup (self->folder), g_free);
  g_task_run_in_thread (task, diagnose_thread);
}

static JsonArray *
describe_latencies (void)
{
  JsonArray *latencies = json_array_new ();

  for (guint i = 0; i < CROWN_N_METRICS; i++)
    {
      JsonObject *latency = json_object_new ();
      CrownMetricSummary summary;

      crown_performance_monitor_summarize (crown_performance_monitor_get_default (), i, &summary);
      json_object_set_string_member (latency, "name", crown_metric_get_name (i));
      json_object_set_int_member (latency, "count", (gint64) summary.count);
      json_object_set_int_member (latency, "last_us", summary.last);
      json_object_set_int_member (latency, "median_us", summary.median);
      json_object_set_int_member (latency, "p99_us", summary.p99);
      json_object_set_int_member (latency, "max_us", summary.max);
      json_object_set_int_member (latency, "target_us", summary.target);
      json_array_add_object_element (latencies, latency);
    }
  return latencies;
}

static const char *
state_nick (CrownClientState state)
{
  g_autoptr (GEnumClass) states = g_type_class_ref (CROWN_TYPE_CLIENT_STATE);

  return g_enum_get_value (states, state)->value_nick;
}

JsonObject *
crown_client_diagnose_finish (CrownClient   *self,
                              GAsyncResult  *result,
                              GError       **error)
{
  JsonObject *found;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  found = g_task_propagate_pointer (G_TASK (result), error);
  if (found == NULL)
    return NULL;
  json_object_set_string_member (found, "state", state_nick (self->state));
  json_object_set_string_member (found, "server", self->server != NULL ? self->server : "");
  json_object_set_int_member (found, "workspace", self->workspace_id);
  json_object_set_int_member (found, "offline_since", self->offline_since);
  json_object_set_int_member (found, "buffered", self->buffered);
  json_object_set_int_member (found, "max_buffered", CROWN_EVENT_BUFFER_MAX);
  json_object_set_array_member (found, "latencies", describe_latencies ());
  return found;
}

/* Requests */

static gboolean
refuse_closed (CrownClient *self,
               GTask       *task)
{
  if (self->engine != NULL)
    return FALSE;
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CLOSED, "The client is closed");
  return TRUE;
}

gboolean
crown_client_load_line_start (CrownClient  *self,
                              gint64        session_id,
                              gint64        line,
                              double       *start,
                              GError      **error)
{
  return is_open (self, error) && crown_cache_reader_load_line_start (self->reader, session_id, line, start, error);
}

void
crown_client_fetch_transcript_async (CrownClient         *self,
                                     gint64               session_id,
                                     GCancellable        *cancellable,
                                     GAsyncReadyCallback  callback,
                                     gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, crown_client_fetch_transcript_async);
  if (!refuse_closed (self, task))
    crown_sync_engine_fetch_transcript (self->engine, session_id, task);
}

JsonArray *
crown_client_fetch_transcript_finish (CrownClient   *self,
                                      GAsyncResult  *result,
                                      GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
file_read_cb (GObject      *file,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  CrownClient *self = g_task_get_source_object (task);
  g_autofree char *name = g_file_get_basename (G_FILE (file));
  g_autofree char *shown = name != NULL ? g_filename_display_name (name) : g_strdup ("transcript");
  g_autoptr (GBytes) content = NULL;
  GError *error = NULL;
  char *data;
  gsize length;

  if (!g_file_load_contents_finish (G_FILE (file), result, &data, &length, NULL, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  content = g_bytes_new_take (data, length);
  if (length > CROWN_IMPORT_MAX_BYTES)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE, _("%s is larger than %d MB"), shown,
                             CROWN_IMPORT_MAX_BYTES / (1024 * 1024));
  else if (!refuse_closed (self, task))
    crown_sync_engine_import (self->engine, content, shown, task);
}

void
crown_client_import_async (CrownClient         *self,
                           GFile               *file,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, crown_client_import_async);
  g_file_load_contents_async (file, cancellable, file_read_cb, task);
}

gint64
crown_client_import_finish (CrownClient   *self,
                            GAsyncResult  *result,
                            GError       **error)
{
  gssize id;

  g_return_val_if_fail (g_task_is_valid (result, self), 0);

  id = g_task_propagate_int (G_TASK (result), error);
  return MAX (id, 0);
}

/* Writes */

static void
write_async (CrownClient         *self,
             CrownOutboxEntry    *entry,
             GAsyncReadyCallback  callback,
             gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);

  g_task_set_source_tag (task, write_async);
  if (refuse_closed (self, task))
    crown_outbox_entry_free (entry);
  else
    crown_sync_engine_write (self->engine, entry, task);
}

gboolean
crown_client_write_finish (CrownClient   *self,
                           GAsyncResult  *result,
                           GError       **error)
{
  g_autoptr (CrownOutboxEntry) entry = NULL;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  /* Not by its row: there are writes that change none. */
  entry = g_task_propagate_pointer (G_TASK (result), error);
  return entry != NULL;
}

gint64
crown_client_write_finish_full (CrownClient   *self,
                                GAsyncResult  *result,
                                char         **mutation_id,
                                GError       **error)
{
  g_autoptr (CrownOutboxEntry) entry = NULL;

  g_return_val_if_fail (g_task_is_valid (result, self), 0);

  entry = g_task_propagate_pointer (G_TASK (result), error);
  if (entry == NULL)
    return 0;
  if (mutation_id != NULL)
    *mutation_id = g_steal_pointer (&entry->mutation_id);
  return entry->row_id;
}

gint64
crown_client_resolve_id (CrownClient *self,
                         CrownStore   store,
                         gint64       id)
{
  return self->reader != NULL ? crown_cache_reader_resolve_id (self->reader, store, id) : id;
}

static void
change_write_async (CrownClient         *self,
                    CrownEngineWish      wish,
                    const char          *mutation_id,
                    GAsyncReadyCallback  callback,
                    gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);

  g_task_set_source_tag (task, change_write_async);
  if (!refuse_closed (self, task))
    crown_sync_engine_change_write (self->engine, wish, mutation_id, task);
}

void
crown_client_withdraw_async (CrownClient         *self,
                             const char          *mutation_id,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  change_write_async (self, CROWN_ENGINE_WITHDRAW, mutation_id, callback, user_data);
}

void
crown_client_discard_async (CrownClient         *self,
                            const char          *mutation_id,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  change_write_async (self, CROWN_ENGINE_DISCARD, mutation_id, callback, user_data);
}

void
crown_client_retry_async (CrownClient         *self,
                          const char          *mutation_id,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  change_write_async (self, CROWN_ENGINE_RETRY, mutation_id, callback, user_data);
}

gboolean
crown_client_change_write_finish (CrownClient   *self,
                                  GAsyncResult  *result,
                                  GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
crown_client_list_writes_async (CrownClient         *self,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);

  g_task_set_source_tag (task, crown_client_list_writes_async);
  if (!refuse_closed (self, task))
    crown_sync_engine_list_writes (self->engine, task);
}

GPtrArray *
crown_client_list_writes_finish (CrownClient   *self,
                                 GAsyncResult  *result,
                                 GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static CrownOutboxEntry *
entry_new (CrownEventType  type,
           gint64          row_id,
           const char     *method,
           char           *path,
           JsonObject     *overlay)
{
  CrownOutboxEntry *entry = g_new0 (CrownOutboxEntry, 1);
  g_autofree char *now = crown_clock_now_iso (NULL);

  json_object_set_string_member (overlay, "timestamp", now);
  entry->type = type;
  entry->row_id = row_id;
  entry->method = g_strdup (method);
  entry->path = path;
  entry->overlay = overlay;
  return entry;
}

void
crown_client_create_task_async (CrownClient         *self,
                                JsonObject          *fields,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  write_async (self, crown_outbox_entry_new_task (fields, NULL), callback, user_data);
}

void
crown_client_create_meeting_async (CrownClient         *self,
                                   JsonObject          *fields,
                                   GAsyncReadyCallback  callback,
                                   gpointer             user_data)
{
  write_async (self, crown_outbox_entry_new_meeting (fields, NULL), callback, user_data);
}

void
crown_client_update_task_async (CrownClient         *self,
                                gint64               task_id,
                                JsonObject          *updates,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  JsonObject *overlay = json_object_new ();
  CrownOutboxEntry *entry;

  json_object_set_int_member (overlay, "task_id", task_id);
  json_object_set_object_member (overlay, "updates", json_object_ref (updates));
  entry = entry_new (CROWN_EVENT_TASK_UPDATE, task_id, "PATCH", g_strdup_printf ("/tasks/%" G_GINT64_FORMAT, task_id), overlay);
  entry->body = json_object_ref (updates);
  write_async (self, entry, callback, user_data);
}

void
crown_client_delete_task_async (CrownClient         *self,
                                gint64               task_id,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  JsonObject *overlay = json_object_new ();

  json_object_set_int_member (overlay, "task_id", task_id);
  write_async (self, entry_new (CROWN_EVENT_TASK_DELETE, task_id, "DELETE",
                                g_strdup_printf ("/tasks/%" G_GINT64_FORMAT, task_id), overlay),
               callback, user_data);
}

void
crown_client_set_task_status_async (CrownClient         *self,
                                    gint64               task_id,
                                    const char          *status,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data)
{
  g_autoptr (JsonObject) updates = json_object_new ();

  json_object_set_string_member (updates, "status", status);
  crown_client_update_task_async (self, task_id, updates, callback, user_data);
}

static void
change_meeting (CrownClient         *self,
                CrownEventType       type,
                gint64               meeting_id,
                JsonObject          *updates,
                const char          *method,
                const char          *suffix,
                JsonObject          *body,
                GAsyncReadyCallback  callback,
                gpointer             user_data)
{
  JsonObject *overlay = json_object_new ();
  CrownOutboxEntry *entry;

  json_object_set_int_member (overlay, "session_id", meeting_id);
  json_object_set_object_member (overlay, "updates", json_object_ref (updates));
  entry = entry_new (type, meeting_id, method, g_strdup_printf ("/meetings/%" G_GINT64_FORMAT "%s", meeting_id, suffix), overlay);
  entry->body = body != NULL ? json_object_ref (body) : NULL;
  write_async (self, entry, callback, user_data);
}

void
crown_client_update_meeting_async (CrownClient         *self,
                                   gint64               meeting_id,
                                   JsonObject          *updates,
                                   GAsyncReadyCallback  callback,
                                   gpointer             user_data)
{
  change_meeting (self, CROWN_EVENT_SESSION_UPDATE, meeting_id, updates, "PATCH", "", updates, callback, user_data);
}

void
crown_client_complete_meeting_async (CrownClient         *self,
                                     gint64               meeting_id,
                                     GAsyncReadyCallback  callback,
                                     gpointer             user_data)
{
  g_autoptr (JsonObject) updates = json_object_new ();

  json_object_set_string_member (updates, "status", "completed");
  change_meeting (self, CROWN_EVENT_SESSION_COMPLETE, meeting_id, updates, "POST", "/complete", NULL, callback, user_data);
}

void
crown_client_archive_meeting_async (CrownClient         *self,
                                    gint64               meeting_id,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data)
{
  JsonObject *overlay = json_object_new ();

  json_object_set_int_member (overlay, "meeting_id", meeting_id);
  json_object_set_int_member (overlay, "archived_by", self->user_id);
  write_async (self, entry_new (CROWN_EVENT_SESSION_ARCHIVE, meeting_id, "POST",
                                g_strdup_printf ("/meetings/%" G_GINT64_FORMAT "/archive", meeting_id), overlay),
               callback, user_data);
}

void
crown_client_restore_meeting_async (CrownClient         *self,
                                    gint64               meeting_id,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data)
{
  g_autoptr (JsonObject) updates = json_object_new ();
  g_autoptr (CrownMeeting) meeting = crown_client_load_meeting (self, meeting_id, NULL);

  /* As the server will decide: a meeting gets its duration when it is completed. */
  json_object_set_string_member (updates, "status", meeting != NULL && meeting->duration > 0 ? "completed" : "active");
  json_object_set_boolean_member (updates, "archived", FALSE);
  json_object_set_null_member (updates, "archived_by");
  json_object_set_null_member (updates, "archived_at");
  change_meeting (self, CROWN_EVENT_MEETING_UPDATE, meeting_id, updates, "POST", "/restore", NULL, callback, user_data);
}

void
crown_client_reveal_archive_async (CrownClient         *self,
                                   GAsyncReadyCallback  callback,
                                   gpointer             user_data)
{
  write_async (self, entry_new (CROWN_EVENT_ARCHIVE_REVEAL, 0, "POST", g_strdup ("/archive/reveal"), json_object_new ()),
               callback, user_data);
}

static void
crown_client_dispose (GObject *object)
{
  crown_client_close (CROWN_CLIENT (object));

  G_OBJECT_CLASS (crown_client_parent_class)->dispose (object);
}

static void
crown_client_finalize (GObject *object)
{
  CrownClient *self = CROWN_CLIENT (object);

  g_clear_pointer (&self->errors, crown_error_handler_unref);
  g_free (self->problem);
  g_clear_pointer (&self->folder, g_free);
  g_clear_pointer (&self->server, g_free);

  G_OBJECT_CLASS (crown_client_parent_class)->finalize (object);
}

static void
crown_client_get_property (GObject    *object,
                           guint       prop_id,
                           GValue     *value,
                           GParamSpec *pspec)
{
  CrownClient *self = CROWN_CLIENT (object);

  switch (prop_id)
    {
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;

    case PROP_PENDING:
      g_value_set_uint (value, self->pending);
      break;

    case PROP_OFFLINE_SINCE:
      g_value_set_int64 (value, self->offline_since);
      break;

    case PROP_N_FAILURES:
      g_value_set_uint (value, self->n_failures);
      break;

    case PROP_PROBLEM:
      g_value_set_string (value, self->problem);
      break;

    case PROP_TO_CATCH_UP:
      g_value_set_uint64 (value, self->to_catch_up);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
crown_client_class_init (CrownClientClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;
  GType type = G_TYPE_FROM_CLASS (klass);

  object_class->dispose = crown_client_dispose;
  object_class->finalize = crown_client_finalize;
  object_class->get_property = crown_client_get_property;

  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, CROWN_TYPE_CLIENT_STATE, CROWN_CLIENT_OFFLINE, flags);
  properties[PROP_PENDING] = g_param_spec_uint ("pending", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_OFFLINE_SINCE] = g_param_spec_int64 ("offline-since", NULL, NULL, 0, G_MAXINT64, 0, flags);
  properties[PROP_N_FAILURES] = g_param_spec_uint ("n-failures", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_PROBLEM] = g_param_spec_string ("problem", NULL, NULL, NULL, flags);
  properties[PROP_TO_CATCH_UP] = g_param_spec_uint64 ("to-catch-up", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[CHANGED] = g_signal_new ("changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                   CROWN_TYPE_CHANGE_SET | G_SIGNAL_TYPE_STATIC_SCOPE);
  signals[MADE] = g_signal_new ("made", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                CROWN_TYPE_CHANGE_SET | G_SIGNAL_TYPE_STATIC_SCOPE);
  signals[REJECTED] = g_signal_new ("rejected", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING,
                                    G_TYPE_STRING);
}

static void
crown_client_init (CrownClient *self)
{
  self->errors = crown_error_handler_new (NULL);
}
