/* crown-live-meetings.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-live-meetings.h"

#include <string.h>

#include "analysis/crown-transcript.h"
#include "core/crown-json.h"
#include "core/crown-limits.h"
#include "crown-pipeline.h"
#include "crown-server-error.h"

#define REFRESH_US        (CROWN_LIVE_REFRESH_SECONDS * G_USEC_PER_SEC)
#define SPEAKER_BYTES_MAX 200
#define TEXT_BYTES_MAX    20000
#define SECONDS_MAX       1e6

/**
 * CrownLiveMeetings:
 *
 * What is said in meetings that go on is kept as it comes; while it comes, each meeting's analytics are refreshed, at most
 * once in %CROWN_LIVE_REFRESH_SECONDS, also where several servers of one ledger have the meeting. The end of a meeting is
 * CrownPipeline's.
 *
 * Belongs to the sequencer's thread; the analysis is on others.
 */
struct _CrownLiveMeetings
{
  CrownEventSequencer *sequencer;
  GMainContext        *context;
  GHashTable          *meetings; /* id → Live */
  guint                n_busy;
  gboolean             stopping;
};

typedef struct {
  CrownLiveMeetings *owner;
  gint64             id;
  gint64             workspace_id;
  gint64             due_us;     /* monotonic; 0: nothing has been said since the last analysis */
  gint64             last_us;    /* monotonic: when that began */
  gsize              bytes;      /* that came by this server */
  gboolean           busy;
  GSource           *source;     /* (nullable): calls when it is due, where the clock is the system's */
} Live;

/* An analysis on another thread. */
typedef struct {
  Live       *live;
  char       *transcript;
  char       *started_at; /* (nullable) */
  JsonObject *analysis;
} Refresh;

static void
live_free (gpointer data)
{
  Live *live = data;

  if (live->source != NULL)
    g_source_destroy (live->source);
  g_clear_pointer (&live->source, g_source_unref);
  g_free (live);
}

static void
refresh_free (gpointer data)
{
  Refresh *refresh = data;

  g_free (refresh->transcript);
  g_free (refresh->started_at);
  g_clear_pointer (&refresh->analysis, json_object_unref);
  g_free (refresh);
}

CrownLiveMeetings *
crown_live_meetings_new (CrownEventSequencer *sequencer)
{
  CrownLiveMeetings *self = g_new0 (CrownLiveMeetings, 1);

  self->sequencer = g_object_ref (sequencer);
  self->context = g_main_context_ref_thread_default ();
  self->meetings = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, live_free);
  return self;
}

/**
 * crown_live_meetings_load:
 * @transcript: (out) (transfer full) (nullable): JSON
 *
 * Reads what was said so far.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_live_meetings_load (CrownEventLedger  *ledger,
                          gint64             meeting_id,
                          char             **transcript,
                          GError           **error)
{
  g_autoptr (GPtrArray) parts = crown_event_ledger_list_segments (ledger, meeting_id, error);
  g_autoptr (GString) json = NULL;

  *transcript = NULL;
  if (parts == NULL)
    return FALSE;
  if (parts->len == 0)
    return TRUE;

  json = g_string_new (NULL);
  g_string_printf (json, "{\"session_id\":%" G_GINT64_FORMAT ",\"segments\":[", meeting_id);
  for (guint i = 0; i < parts->len; i++)
    {
      const char *part = g_ptr_array_index (parts, i);

      if (i > 0)
        g_string_append_c (json, ',');
      /* An array, without its brackets. */
      g_string_append_len (json, part + 1, (gssize) strlen (part) - 2);
    }
  g_string_append (json, "]}");
  *transcript = g_string_free (g_steal_pointer (&json), FALSE);
  return TRUE;
}

static gint64
now_of (CrownLiveMeetings *self)
{
  return crown_clock_monotonic_us (crown_event_sequencer_get_clock (self->sequencer));
}

static void begin_refresh (Live *live);

static gboolean
on_due (gpointer user_data)
{
  Live *live = user_data;

  g_clear_pointer (&live->source, g_source_unref);
  begin_refresh (live);
  return G_SOURCE_REMOVE;
}

static void
schedule (Live   *live,
          gint64  due_us)
{
  CrownLiveMeetings *self = live->owner;

  if (live->due_us != 0 || self->stopping)
    return;

  live->due_us = due_us;
  if (live->busy || crown_event_sequencer_get_clock (self->sequencer) != NULL)
    return;

  live->source = g_timeout_source_new ((guint) (MAX (due_us - now_of (self), 0) / 1000));
  g_source_set_callback (live->source, on_due, live, NULL);
  g_source_attach (live->source, self->context);
}

static void
analyze_on_thread (GTask        *task,
                   gpointer      source,
                   gpointer      task_data,
                   GCancellable *cancellable)
{
  Refresh *refresh = task_data;
  GError *error = NULL;
  g_autoptr (CrownTranscript) transcript = crown_transcript_read (refresh->transcript, strlen (refresh->transcript), NULL,
                                                                  &error);

  if (transcript == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  refresh->analysis = crown_analyze (transcript, refresh->started_at);
  g_task_return_boolean (task, TRUE);
}

static gboolean
load_row (CrownEventLedger  *ledger,
          gint64             workspace_id,
          CrownStore         store,
          gint64             id,
          JsonObject       **object,
          GError           **error)
{
  g_autofree char *stream = crown_event_stream_name (CROWN_SCOPE_WORKSPACE, workspace_id);
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, id);
  g_autoptr (CrownLedgerRow) row = NULL;

  *object = NULL;
  return crown_event_ledger_load_row (ledger, stream, store, text, &row, error) &&
         (row == NULL || (*object = crown_json_parse_object (row->json, -1, error)) != NULL);
}

static gboolean
is_active (JsonObject *meeting)
{
  return meeting != NULL && g_strcmp0 (crown_json_opt_string (meeting, "status", NULL), "active") == 0;
}

/* Another server may have refreshed it a moment ago. @wait_us: (out): how long until it may be refreshed again */
static gboolean
check_last_refresh (CrownEventWrite  *write,
                    Live             *live,
                    gint64           *wait_us,
                    GError          **error)
{
  g_autoptr (JsonObject) analytics = NULL;
  const char *updated_at;
  gint64 updated_us, now_us;

  *wait_us = 0;
  if (!load_row (crown_event_write_get_ledger (write), live->workspace_id, CROWN_STORE_ANALYTICS, live->id, &analytics, error))
    return FALSE;

  updated_at = analytics != NULL ? crown_json_opt_string (analytics, "updated_at", NULL) : NULL;
  if (updated_at != NULL && crown_time_parse_iso (updated_at, &updated_us) &&
      crown_time_parse_iso (crown_event_write_get_timestamp (write), &now_us))
    *wait_us = CLAMP (updated_us + REFRESH_US - now_us, 0, REFRESH_US);
  return TRUE;
}

static gboolean
write_refresh (CrownLiveMeetings  *self,
               Refresh            *refresh,
               gint64             *wait_us,
               GError            **error)
{
  CrownPrincipal server = { .workspace_id = refresh->live->workspace_id, .role = CROWN_ROLE_ADMIN };
  g_autoptr (CrownEventWrite) write = crown_event_sequencer_begin (self->sequencer, &server, NULL, error);
  g_autoptr (JsonObject) meeting = NULL;

  if (write == NULL ||
      !load_row (crown_event_write_get_ledger (write), refresh->live->workspace_id, CROWN_STORE_MEETINGS, refresh->live->id,
                 &meeting, error) ||
      !check_last_refresh (write, refresh->live, wait_us, error))
    return FALSE;
  /* It may have ended meanwhile, and then its analytics are those of the whole of it. */
  if (!is_active (meeting) || *wait_us > 0)
    return TRUE;

  crown_event_write_set_meeting (write, meeting);
  return crown_pipeline_emit_analytics (write, refresh->live->id, refresh->analysis, error) &&
         crown_event_write_commit_later (g_steal_pointer (&write), NULL, NULL, error);
}

static void
on_analyzed (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  Refresh *refresh = g_task_get_task_data (G_TASK (result));
  Live *live = refresh->live;
  CrownLiveMeetings *self = live->owner;
  g_autoptr (GError) error = NULL;
  gint64 due_us = live->due_us;
  gint64 wait_us = 0;

  self->n_busy--;
  live->busy = FALSE;
  if (!g_task_propagate_boolean (G_TASK (result), &error) || !write_refresh (self, refresh, &wait_us, &error))
    g_warning ("The analytics of meeting %" G_GINT64_FORMAT " were not refreshed: %s", live->id, error->message);

  /* More may have come meanwhile; and what another server was too early for is not lost. */
  live->due_us = 0;
  if (wait_us > 0)
    schedule (live, MAX (due_us, now_of (self) + wait_us));
  else if (due_us != 0)
    schedule (live, due_us);
}

static void
begin_refresh (Live *live)
{
  CrownLiveMeetings *self = live->owner;
  CrownEventLedger *ledger = crown_event_sequencer_get_ledger (self->sequencer);
  Refresh *refresh;
  g_autoptr (GTask) task = NULL;
  g_autoptr (JsonObject) meeting = NULL;
  g_autofree char *transcript = NULL;
  g_autoptr (GError) error = NULL;

  live->due_us = 0;
  live->last_us = now_of (self);
  if (!load_row (ledger, live->workspace_id, CROWN_STORE_MEETINGS, live->id, &meeting, &error) ||
      !crown_live_meetings_load (ledger, live->id, &transcript, &error))
    {
      g_warning ("Meeting %" G_GINT64_FORMAT " cannot be read: %s", live->id, error->message);
      return;
    }
  if (!is_active (meeting) || transcript == NULL)
    {
      g_hash_table_remove (self->meetings, &live->id);
      return;
    }

  refresh = g_new0 (Refresh, 1);
  refresh->live = live;
  refresh->transcript = g_steal_pointer (&transcript);
  task = g_task_new (NULL, NULL, on_analyzed, NULL);
  g_task_set_task_data (task, refresh, refresh_free);
  refresh->started_at = g_strdup (crown_json_opt_string (meeting, "started_at", NULL));
  live->busy = TRUE;
  self->n_busy++;
  g_task_run_in_thread (task, analyze_on_thread);
}

static const char *
find_fault (JsonNode *node)
{
  JsonObject *segment = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  static const char *const times[] = { "start", "end" };
  const char *text, *speaker;

  if (segment == NULL)
    return "is no object";
  if ((text = crown_json_opt_string (segment, "text", NULL)) == NULL || *text == '\0')
    return "has no text";
  if ((speaker = crown_json_opt_string (segment, "speaker", NULL)) == NULL)
    return "has no speaker; who is not known is an empty text";
  if (strlen (text) > TEXT_BYTES_MAX || strlen (speaker) > SPEAKER_BYTES_MAX)
    return "has a text or a speaker that is too long";

  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    {
      JsonNode *value = json_object_get_member (segment, times[i]);
      double seconds = value != NULL && !JSON_NODE_HOLDS_NULL (value) ? crown_json_opt_double (segment, times[i], -1) : 0;

      if (!(seconds >= 0 && seconds < SECONDS_MAX))
        return "has a time that is no number of seconds";
    }
  return NULL;
}

/* Only what is known of a segment is kept. */
static gboolean
append_segments (JsonArray  *segments,
                 JsonArray  *kept,
                 GError    **error)
{
  static const char *const members[] = { "speaker", "text", "start", "end" };

  for (guint i = 0; i < json_array_get_length (segments); i++)
    {
      JsonNode *node = json_array_get_element (segments, i);
      const char *fault = find_fault (node);
      JsonObject *segment;

      if (fault != NULL)
        {
          g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_INVALID, "segments[%u] %s", i, fault);
          return FALSE;
        }

      segment = json_object_new ();
      for (guint j = 0; j < G_N_ELEMENTS (members); j++)
        {
          JsonNode *value = json_object_get_member (json_node_get_object (node), members[j]);

          if (value != NULL)
            json_object_set_member (segment, members[j], json_node_copy (value));
          else
            json_object_set_null_member (segment, members[j]);
        }
      json_array_add_object_element (kept, segment);
    }
  return TRUE;
}

static gsize
bytes_of (CrownLiveMeetings  *self,
          gint64              id,
          GError            **error)
{
  g_autoptr (GPtrArray) parts = crown_event_ledger_list_segments (crown_event_sequencer_get_ledger (self->sequencer), id,
                                                                  error);
  gsize bytes = 0;

  for (guint i = 0; parts != NULL && i < parts->len; i++)
    bytes += strlen (g_ptr_array_index (parts, i));
  return bytes;
}

static Live *
find_live (CrownLiveMeetings  *self,
           gint64              id,
           gint64              workspace_id,
           GError            **error)
{
  Live *live = g_hash_table_lookup (self->meetings, &id);
  GError *local = NULL;

  if (live != NULL)
    return live;

  live = g_new0 (Live, 1);
  live->owner = self;
  live->id = id;
  live->workspace_id = workspace_id;
  live->last_us = G_MININT64 / 2;
  live->bytes = bytes_of (self, id, &local);
  if (local != NULL)
    {
      g_propagate_error (error, local);
      live_free (live);
      return NULL;
    }
  g_hash_table_insert (self->meetings, &live->id, live);
  return live;
}

/**
 * crown_live_meetings_add:
 * @write: an open write
 * @meeting: the row of the meeting
 * @segments: `{speaker, text, start?, end?}` each, times in seconds from its beginning
 * @error: (out) (optional): %CROWN_SERVER_ERROR_INVALID with the segment that is wrong, %CROWN_SERVER_ERROR_OVER for a
 *   meeting that has ended, %CROWN_SERVER_ERROR_TOO_LARGE, or the ledger's
 *
 * Keeps what was said next.
 *
 * Returns: %FALSE if the write has to be given up
 */
gboolean
crown_live_meetings_add (CrownLiveMeetings  *self,
                         CrownEventWrite    *write,
                         JsonObject         *meeting,
                         JsonArray          *segments,
                         GError            **error)
{
  gint64 id = crown_json_opt_int (meeting, "id", 0);
  CrownEventLedger *ledger = crown_event_write_get_ledger (write);
  g_autoptr (JsonNode) kept = json_node_new (JSON_NODE_ARRAY);
  g_autoptr (CrownLedgerImport) import = NULL;
  g_autofree char *json = NULL;
  Live *live;

  json_node_take_array (kept, json_array_new ());
  if (!crown_event_ledger_load_import (ledger, id, &import, error))
    return FALSE;
  if (!is_active (meeting) || import != NULL)
    {
      g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_OVER, "Meeting %" G_GINT64_FORMAT " is over", id);
      return FALSE;
    }

  if (json_array_get_length (segments) == 0)
    {
      g_set_error_literal (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_INVALID, "segments is empty");
      return FALSE;
    }
  live = find_live (self, id, crown_event_write_get_principal (write)->workspace_id, error);
  if (live == NULL || !append_segments (segments, json_node_get_array (kept), error))
    return FALSE;

  json = crown_json_to_string (kept);
  if (live->bytes + strlen (json) > CROWN_IMPORT_MAX_BYTES)
    {
      g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_TOO_LARGE, "Meeting %" G_GINT64_FORMAT " has no room for more",
                   id);
      return FALSE;
    }
  if (!crown_event_ledger_add_segments (ledger, id, json, error))
    return FALSE;

  live->bytes += strlen (json);
  schedule (live, MAX (now_of (self), live->last_us + REFRESH_US));
  return TRUE;
}

/**
 * crown_live_meetings_tick:
 *
 * Refreshes what is due by an injected clock, whose owner calls this when it has moved. With the system's clock nobody has
 * to.
 */
void
crown_live_meetings_tick (CrownLiveMeetings *self)
{
  g_autoptr (GPtrArray) due = g_ptr_array_new ();
  gint64 now = now_of (self);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->meetings);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Live *live = value;

      if (live->due_us != 0 && live->due_us <= now && !live->busy)
        g_ptr_array_add (due, live);
    }
  for (guint i = 0; i < due->len; i++)
    begin_refresh (due->pdata[i]);
}

/**
 * crown_live_meetings_stop:
 *
 * Begins no analysis any more; those that were begun are finished. What was said is on disk.
 */
void
crown_live_meetings_stop (CrownLiveMeetings *self)
{
  GHashTableIter iter;
  gpointer value;

  self->stopping = TRUE;
  g_hash_table_iter_init (&iter, self->meetings);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Live *live = value;

      live->due_us = 0;
      if (live->source != NULL)
        g_source_destroy (live->source);
      g_clear_pointer (&live->source, g_source_unref);
    }
}

/* How many analyses are on other threads; none may be when it is freed. */
guint
crown_live_meetings_n_busy (CrownLiveMeetings *self)
{
  return self->n_busy;
}

void
crown_live_meetings_free (CrownLiveMeetings *self)
{
  g_return_if_fail (self->n_busy == 0);

  g_hash_table_unref (self->meetings);
  g_main_context_unref (self->context);
  g_object_unref (self->sequencer);
  g_free (self);
}
