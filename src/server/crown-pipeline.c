/* crown-pipeline.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-pipeline.h"

#include <string.h>

#include "core/crown-json.h"
#include "crown-live-meetings.h"
#include "crown-pipeline-private.h"
#include "crown-server-error.h"

/* Imports of the same name that are looked at for the same meeting. */
#define CANDIDATES    4
/* The smallest hashes of a transcript's lines: two transcripts share about as large a part of them as of their lines. */
#define SKETCH_SIZE   64
#define SKETCH_WORDS  4 /* a line of fewer may be in any transcript: "Good morning, everybody" */
#define ALIKE_MIN     0.3
/* Decisions, events and notes of a meeting, each: a row travels in one event. */
#define OUTCOMES_KEPT 500

/**
 * CrownPipeline:
 *
 * From a transcript to the events of a meeting, in two writes. The first accepts it: the meeting is there (SESSION_CREATE),
 * and what was said is on disk. The second, after the analysis, emits all that follows, and is one transaction. A server
 * that dies in between finds the import pending when it starts again, and does the second (crown_pipeline_resume()).
 */
struct _CrownPipeline
{
  char              *name;       /* (nullable) of the file */
  char              *started_at;
  gboolean           dated;      /* the transcript or who sent it says when that was */
  char              *source;     /* (nullable): JSON of the transcript, while that has not been read */
  CrownTranscript   *transcript; /* (nullable) */
  char              *said;       /* (nullable): the transcript as it is kept */
  JsonObject        *analysis;   /* (nullable) */
  CrownLedgerImport *import;
  CrownAssistant    *assistant;  /* (nullable) */
  gboolean           assisted;   /* it has written the summary */
  gboolean           done;       /* all of it is there already */
  guint              task_count;
};

/* RFC 3339 in UTC. A day without a time is its noon in UTC, which is the same day for nearly everybody. */
static char *
normalize_date (const char *text)
{
  g_autofree char *noon = NULL;
  gint64 unix_us;

  if (text == NULL)
    return NULL;

  if (strlen (text) == strlen ("YYYY-MM-DD"))
    text = noon = g_strconcat (text, "T12:00:00Z", NULL);

  return crown_time_parse_iso (text, &unix_us) ? crown_time_format_iso (unix_us) : NULL;
}

static CrownPipeline *
pipeline_new (void)
{
  CrownPipeline *self = g_new0 (CrownPipeline, 1);

  self->import = g_new0 (CrownLedgerImport, 1);
  return self;
}

static int
compare_hashes (gconstpointer a,
                gconstpointer b)
{
  guint first = *(const guint *) a, second = *(const guint *) b;

  return first < second ? -1 : first > second;
}

/* The smallest hashes of the lines, each as eight digits. */
static char *
sketch_of (const CrownTranscript *transcript)
{
  g_autoptr (GArray) hashes = g_array_new (FALSE, FALSE, sizeof (guint));
  GString *sketch = g_string_new (NULL);
  guint last = 0;
  guint n = 0;

  for (guint i = 0; i < transcript->segments->len; i++)
    {
      const CrownSegment *segment = g_ptr_array_index (transcript->segments, i);
      guint hash = g_str_hash (segment->text);
      guint n_words = 1;

      for (const char *space = strchr (segment->text, ' '); space != NULL; space = strchr (space + 1, ' '))
        n_words++;
      if (n_words >= SKETCH_WORDS)
        g_array_append_val (hashes, hash);
    }

  g_array_sort (hashes, compare_hashes);
  for (guint i = 0; i < hashes->len && n < SKETCH_SIZE; i++)
    {
      guint hash = g_array_index (hashes, guint, i);

      if (n > 0 && hash == last)
        continue;
      g_string_append_printf (sketch, "%08x", hash);
      last = hash;
      n++;
    }
  return g_string_free (sketch, FALSE);
}

/* Whether two sketches are of one transcript and a later edition of it. */
static gboolean
are_alike (const char *a,
           const char *b)
{
  gsize length_a = strlen (a), length_b = strlen (b), i = 0, j = 0;
  guint n_same = 0, n_all = 0;

  /* The smallest hashes of both together are a sample of both. */
  while (i + 8 <= length_a && j + 8 <= length_b && n_all < SKETCH_SIZE)
    {
      int order = strncmp (a + i, b + j, 8);

      n_same += order == 0;
      n_all++;
      if (order <= 0)
        i += 8;
      if (order >= 0)
        j += 8;
    }
  n_all = MIN (SKETCH_SIZE, n_all + (guint) ((length_a - i) + (length_b - j)) / 8);
  return n_same > 0 && n_same >= ALIKE_MIN * n_all;
}

static void
keep_said (CrownPipeline *self)
{
  g_autoptr (JsonObject) said = crown_transcript_to_json (self->transcript);
  char digest[CROWN_CHECKSUM_HEX_LENGTH + 1];

  self->said = crown_json_object_to_string (said);
  crown_checksum_bytes (self->said, strlen (self->said), digest);
  g_free (self->import->digest);
  g_free (self->import->sketch);
  self->import->digest = g_strdup (digest);
  self->import->sketch = sketch_of (self->transcript);
}

/**
 * crown_pipeline_new:
 * @name: (nullable): the file's name
 * @date: (nullable): when the meeting was, as RFC 3339 or YYYY-MM-DD; otherwise what the transcript says, otherwise now
 * @error: (out) (optional): %CROWN_SERVER_ERROR_TRANSCRIPT with the reader's reason, %CROWN_SERVER_ERROR_TOO_LARGE, or
 *   %CROWN_SERVER_ERROR_BAD_REQUEST for a @date that is none
 *
 * Reads a transcript. Touches no ledger; any thread.
 *
 * Returns: (transfer full): what crown_pipeline_accept() accepts
 */
CrownPipeline *
crown_pipeline_new (const char       *data,
                    gsize             length,
                    const char       *name,
                    const char       *date,
                    const CrownClock *clock,
                    GError          **error)
{
  g_autoptr (CrownPipeline) self = pipeline_new ();
  g_autoptr (GError) local_error = NULL;

  if (date != NULL && (self->started_at = normalize_date (date)) == NULL)
    {
      g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_BAD_REQUEST, "“%s” is no date", date);
      return NULL;
    }

  self->transcript = crown_transcript_read (data, length, name, &local_error);
  if (self->transcript == NULL)
    {
      CrownServerError code = g_error_matches (local_error, CROWN_TRANSCRIPT_ERROR, CROWN_TRANSCRIPT_ERROR_TOO_LARGE)
        ? CROWN_SERVER_ERROR_TOO_LARGE : CROWN_SERVER_ERROR_TRANSCRIPT;

      g_set_error_literal (error, CROWN_SERVER_ERROR, code, local_error->message);
      return NULL;
    }

  if (self->started_at == NULL)
    self->started_at = normalize_date (self->transcript->started_at);
  self->dated = self->started_at != NULL;
  if (self->started_at == NULL)
    self->started_at = crown_clock_now_iso (clock);

  self->name = g_strdup (name);
  self->import->name = g_strdup (name != NULL ? name : "");
  keep_said (self);
  return g_steal_pointer (&self);
}

/**
 * crown_pipeline_new_pending:
 * @import: (transfer full): an import that was accepted, of crown_event_ledger_list_pending()
 *
 * What was said is read from the ledger.
 *
 * Returns: (transfer full): what crown_pipeline_analyze() goes on with
 */
CrownPipeline *
crown_pipeline_new_pending (CrownEventLedger   *ledger,
                            CrownLedgerImport  *import,
                            GError            **error)
{
  g_autoptr (CrownPipeline) self = g_new0 (CrownPipeline, 1);
  g_autofree char *stream = crown_event_stream_name (CROWN_SCOPE_WORKSPACE, import->workspace_id);
  g_autofree char *id = g_strdup_printf ("%" G_GINT64_FORMAT, import->meeting_id);
  g_autoptr (CrownLedgerRow) row = NULL;
  g_autoptr (JsonObject) meeting = NULL;

  self->import = import;
  if (!crown_event_ledger_load_row (ledger, stream, CROWN_STORE_MEETINGS, id, &row, error) ||
      (row != NULL && (meeting = crown_json_parse_object (row->json, -1, error)) == NULL) ||
      !crown_event_ledger_load_transcript (ledger, import->meeting_id, &self->source, error))
    return NULL;

  if (meeting == NULL || self->source == NULL)
    {
      g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_NOT_FOUND, "Meeting %s or its transcript is gone", id);
      return NULL;
    }

  self->started_at = g_strdup (crown_json_opt_string (meeting, "started_at", NULL));
  return g_steal_pointer (&self);
}

void
crown_pipeline_free (CrownPipeline *self)
{
  g_free (self->name);
  g_free (self->started_at);
  g_free (self->source);
  g_free (self->said);
  g_clear_pointer (&self->transcript, crown_transcript_free);
  g_clear_pointer (&self->analysis, json_object_unref);
  g_clear_pointer (&self->import, crown_ledger_import_free);
  g_clear_pointer (&self->assistant, crown_assistant_unref);
  g_free (self);
}

static void
set_string_or_null (JsonObject *object,
                    const char *member,
                    const char *value)
{
  if (value != NULL)
    json_object_set_string_member (object, member, value);
  else
    json_object_set_null_member (object, member);
}

static void
copy_member (JsonObject *to,
             JsonObject *from,
             const char *member)
{
  JsonNode *node = json_object_get_member (from, member);

  if (node != NULL)
    json_object_set_member (to, member, json_node_copy (node));
}

/**
 * crown_pipeline_create_meeting:
 * @id: that was allotted to it in @write
 * @title: not empty
 * @started_at: RFC 3339, UTC
 * @source: (nullable): the name of the file that it came from
 * @row: (out) (optional) (transfer full): the row as it is stored
 * @error: as crown_event_write_emit()
 *
 * Emits the SESSION_CREATE of a meeting of which nothing is known yet, and traces what follows in @write to it.
 */
gboolean
crown_pipeline_create_meeting (CrownEventWrite  *write,
                               gint64            id,
                               const char       *title,
                               const char       *started_at,
                               const char       *source,
                               JsonObject      **row,
                               GError          **error)
{
  g_autoptr (JsonObject) data = json_object_new ();
  g_autofree char *external_id = g_uuid_string_random ();
  JsonObject *meeting = json_object_new ();

  json_object_set_int_member (meeting, "id", id);
  json_object_set_string_member (meeting, "title", title);
  json_object_set_string_member (meeting, "status", "active");
  json_object_set_string_member (meeting, "created_at", crown_event_write_get_timestamp (write));
  json_object_set_string_member (meeting, "started_at", started_at);
  json_object_set_int_member (meeting, "duration", 0);
  json_object_set_string_member (meeting, "summary", "");
  json_object_set_int_member (meeting, "task_count", 0);
  json_object_set_int_member (meeting, "participant_count", 0);
  json_object_set_boolean_member (meeting, "archived", FALSE);
  json_object_set_null_member (meeting, "archived_at");
  json_object_set_null_member (meeting, "archived_by");
  json_object_set_string_member (meeting, "external_session_id", external_id);
  set_string_or_null (meeting, "source", source);
  json_object_set_object_member (data, "meeting", meeting);

  crown_event_write_set_meeting (write, meeting);
  return crown_event_write_emit (write, CROWN_EVENT_SESSION_CREATE, data, row, error);
}

static gboolean
load_meeting (CrownEventWrite  *write,
              gint64            id,
              JsonObject      **meeting,
              GError          **error)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, id);
  g_autoptr (CrownLedgerRow) row = NULL;

  *meeting = NULL;
  if (!crown_event_ledger_load_row (crown_event_write_get_ledger (write), crown_event_write_get_stream (write),
                                    CROWN_STORE_MEETINGS, text, &row, error))
    return FALSE;

  return row == NULL || (*meeting = crown_json_parse_object (row->json, -1, error)) != NULL;
}

/* Whether @candidate is of this transcript, or of an earlier edition of it: a file of that name with the same lines or many
 * of them, which is not said to be of another day. */
static gboolean
is_import_of (CrownPipeline            *self,
              const CrownLedgerImport  *candidate,
              JsonObject               *meeting)
{
  return (strcmp (candidate->digest, self->import->digest) == 0 || are_alike (candidate->sketch, self->import->sketch)) &&
         (!self->dated || strncmp (crown_json_opt_string (meeting, "started_at", ""), self->started_at,
                                   strlen ("YYYY-MM-DD")) == 0);
}

/* Takes over what is known of the meeting that this transcript is of, if there is one. */
static gboolean
find_meeting (CrownPipeline    *self,
              CrownEventWrite  *write,
              gboolean         *found,
              GError          **error)
{
  g_autoptr (GPtrArray) candidates = NULL;

  *found = FALSE;
  candidates = crown_event_ledger_find_imports (crown_event_write_get_ledger (write),
                                                crown_event_write_get_principal (write)->workspace_id, self->import->name,
                                                self->import->digest, CANDIDATES, error);
  if (candidates == NULL)
    return FALSE;

  for (guint i = 0; i < candidates->len && !*found; i++)
    {
      const CrownLedgerImport *candidate = g_ptr_array_index (candidates, i);
      g_autoptr (JsonObject) meeting = NULL;

      if (!load_meeting (write, candidate->meeting_id, &meeting, error))
        return FALSE;
      if (meeting == NULL || !is_import_of (self, candidate, meeting))
        continue;

      g_free (self->started_at);
      self->started_at = g_strdup (crown_json_opt_string (meeting, "started_at", NULL));
      self->import->meeting_id = candidate->meeting_id;
      self->import->sequence = candidate->sequence;
      self->import->derived = g_strdup (candidate->derived);
      /* Asked again by the same request: what it has made is there, or will be. */
      self->done = !candidate->pending && candidate->mutation_id != NULL &&
                   g_strcmp0 (candidate->mutation_id, crown_event_write_get_mutation_id (write)) == 0;
      *found = TRUE;
    }
  return TRUE;
}

static gboolean
emit_create (CrownPipeline    *self,
             CrownEventWrite  *write,
             GError          **error)
{
  const char *title = self->transcript->title;

  if (title == NULL || *title == '\0')
    title = self->name != NULL && *self->name != '\0' ? self->name : "Meeting";

  return crown_event_write_allot_id (write, CROWN_STORE_MEETINGS, &self->import->meeting_id, error) &&
         crown_pipeline_create_meeting (write, self->import->meeting_id, title, self->started_at, self->name, NULL, error);
}

static gboolean
put_transcript (CrownPipeline    *self,
                CrownEventWrite  *write,
                const char       *said,
                GError          **error)
{
  g_autofree char *json = g_strdup_printf ("{\"session_id\":%" G_GINT64_FORMAT ",%s", self->import->meeting_id, said + 1);

  return crown_event_ledger_put_transcript (crown_event_write_get_ledger (write), self->import->meeting_id, json, error);
}

static gboolean
put_pending (CrownPipeline    *self,
             CrownEventWrite  *write,
             GError          **error)
{
  const CrownPrincipal *who = crown_event_write_get_principal (write);

  self->import->workspace_id = who->workspace_id;
  self->import->user_id = who->user_id;
  g_free (self->import->mutation_id);
  self->import->mutation_id = g_strdup (crown_event_write_get_mutation_id (write));
  self->import->pending = TRUE;
  if (self->import->derived == NULL)
    self->import->derived = g_strdup ("{}");
  return crown_event_ledger_put_import (crown_event_write_get_ledger (write), self->import, error);
}

/**
 * crown_pipeline_accept:
 * @write: an open write; it gets the trace_id of the meeting
 *
 * Puts what was said on disk, with the promise to go on with it: emits SESSION_CREATE, unless the transcript is of a meeting
 * that there is already. When @write is committed crown_pipeline_analyze() and crown_pipeline_write() follow.
 *
 * Returns: %FALSE if the write has to be given up
 */
gboolean
crown_pipeline_accept (CrownPipeline    *self,
                       CrownEventWrite  *write,
                       GError          **error)
{
  gboolean found;

  if (!find_meeting (self, write, &found, error))
    return FALSE;
  if (self->done)
    return TRUE;

  return (found || emit_create (self, write, error)) &&
         put_transcript (self, write, self->said, error) &&
         put_pending (self, write, error);
}

/**
 * crown_pipeline_new_live:
 * @write: an open write
 *
 * Accepts what was said in a meeting while it went on: from here on it is its transcript. When @write is committed
 * crown_pipeline_analyze() and crown_pipeline_write() follow.
 *
 * Returns: (transfer full) (nullable): %NULL without an error where nothing was said, or all of it is done
 */
CrownPipeline *
crown_pipeline_new_live (CrownEventWrite  *write,
                         gint64            meeting_id,
                         GError          **error)
{
  CrownEventLedger *ledger = crown_event_write_get_ledger (write);
  g_autoptr (CrownLedgerImport) import = NULL;
  g_autofree char *transcript = NULL;

  if (!crown_event_ledger_load_import (ledger, meeting_id, &import, error))
    return NULL;
  if (import != NULL)
    return import->pending ? crown_pipeline_new_pending (ledger, g_steal_pointer (&import), error) : NULL;

  if (!crown_live_meetings_load (ledger, meeting_id, &transcript, error) || transcript == NULL)
    return NULL;

  g_autoptr (CrownPipeline) self = pipeline_new ();

  self->import->meeting_id = meeting_id;
  self->import->name = g_strdup ("");
  self->import->digest = g_strdup ("");
  self->import->sketch = g_strdup ("");
  if (!crown_event_ledger_put_transcript (ledger, meeting_id, transcript, error) ||
      !crown_event_ledger_drop_segments (ledger, meeting_id, error) ||
      !put_pending (self, write, error))
    return NULL;

  import = g_steal_pointer (&self->import);
  return crown_pipeline_new_pending (ledger, g_steal_pointer (&import), error);
}

/**
 * crown_pipeline_set_assistant:
 * @assistant: (nullable): who is asked for summary and tasks by crown_pipeline_analyze()
 */
void
crown_pipeline_set_assistant (CrownPipeline  *self,
                              CrownAssistant *assistant)
{
  g_clear_pointer (&self->assistant, crown_assistant_unref);
  if (assistant != NULL)
    self->assistant = crown_assistant_ref (assistant);
}

/**
 * crown_pipeline_analyze:
 * @error: (out) (optional): as crown_pipeline_new(), for what was read from the ledger
 *
 * The costly part. Touches no ledger; any thread.
 *
 * Returns: %FALSE if there is nothing to write
 */
gboolean
crown_pipeline_analyze (CrownPipeline  *self,
                        GError        **error)
{
  g_autoptr (GError) refusal = NULL;

  if (self->done)
    return TRUE;

  if (self->transcript == NULL)
    {
      self->transcript = crown_transcript_read (self->source, strlen (self->source), NULL, error);
      if (self->transcript == NULL)
        return FALSE;
      keep_said (self);
    }

  self->analysis = crown_analyze (self->transcript, self->started_at);
  if (self->assistant != NULL)
    self->assisted = crown_assistant_refine (self->assistant, self->transcript, self->analysis, &refusal);
  if (refusal != NULL)
    g_warning ("The endpoint did not write the minutes of meeting %" G_GINT64_FORMAT ", so they are our own: %s",
               self->import->meeting_id, refusal->message);
  return TRUE;
}

static char *
summary_text (JsonArray *summary)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; summary != NULL && i < json_array_get_length (summary); i++)
    {
      JsonObject *sentence = json_array_get_object_element (summary, i);

      if (text->len > 0)
        g_string_append_c (text, ' ');
      g_string_append (text, crown_json_opt_string (sentence, "text", ""));
    }
  return g_string_free (text, FALSE);
}

/* A summary that a person has written stays. */
static gboolean
emit_summary (CrownPipeline    *self,
              CrownEventWrite  *write,
              JsonObject       *meeting,
              const char       *text,
              const char       *text_before,
              GError          **error)
{
  g_autoptr (JsonObject) data = json_object_new ();
  JsonObject *updates = json_object_new ();
  JsonArray *summary = crown_json_opt_array (self->analysis, "summary");
  JsonArray *participants = crown_json_opt_array (self->analysis, "participants");

  if (strcmp (crown_json_opt_string (meeting, "summary", ""), text_before) == 0)
    {
      json_object_set_string_member (updates, "summary", text);
      json_object_set_array_member (updates, "summary_evidence",
                                    summary != NULL ? json_array_ref (summary) : json_array_new ());
      if (self->assisted)
        json_object_set_string_member (updates, "summary_by", crown_assistant_model (self->assistant));
      else if (json_object_has_member (meeting, "summary_by"))
        json_object_set_null_member (updates, "summary_by");
    }
  json_object_set_array_member (updates, "participants",
                                participants != NULL ? json_array_ref (participants) : json_array_new ());
  json_object_set_int_member (updates, "participant_count",
                              participants != NULL ? json_array_get_length (participants) : 0);
  json_object_set_int_member (data, "session_id", self->import->meeting_id);
  json_object_set_object_member (data, "updates", updates);
  return crown_event_write_emit (write, CROWN_EVENT_MEETING_UPDATE, data, NULL, error);
}

static void
copy_first (JsonObject *to,
            JsonObject *from,
            const char *member)
{
  JsonArray *all = crown_json_opt_array (from, member);
  JsonArray *first = json_array_new ();

  for (guint i = 0; all != NULL && i < json_array_get_length (all) && i < OUTCOMES_KEPT; i++)
    json_array_add_element (first, json_node_copy (json_array_get_element (all, i)));
  json_object_set_array_member (to, member, first);
}

/**
 * crown_pipeline_emit_analytics:
 * @analysis: of crown_analyze()
 *
 * Emits ANALYTICS_REFRESH with the row that @analysis makes.
 *
 * Returns: as crown_event_write_emit()
 */
gboolean
crown_pipeline_emit_analytics (CrownEventWrite  *write,
                               gint64            meeting_id,
                               JsonObject       *analysis,
                               GError          **error)
{
  static const char *const measures[] = { "speaking_time", "sentiment", "participation", "estimated_times", "language" };
  static const char *const lists[] = { "topics", "decisions", "events", "notes" };
  g_autoptr (JsonObject) data = json_object_new ();
  JsonObject *analytics = json_object_new ();

  json_object_set_int_member (analytics, "session_id", meeting_id);
  for (guint i = 0; i < G_N_ELEMENTS (measures); i++)
    copy_member (analytics, analysis, measures[i]);
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    copy_first (analytics, analysis, lists[i]);
  json_object_set_string_member (analytics, "updated_at", crown_event_write_get_timestamp (write));
  json_object_set_object_member (data, "analytics", analytics);
  return crown_event_write_emit (write, CROWN_EVENT_ANALYTICS_REFRESH, data, NULL, error);
}

static gboolean
emit_complete (CrownPipeline    *self,
               CrownEventWrite  *write,
               JsonObject       *meeting,
               JsonObject      **row,
               GError          **error)
{
  g_autoptr (JsonObject) data = json_object_new ();
  JsonObject *updates = json_object_new ();
  double duration = crown_json_opt_double (self->analysis, "duration", 0.0);

  json_object_set_string_member (updates, "status",
                                 crown_json_opt_boolean (meeting, "archived", FALSE) ? "archived" : "completed");
  json_object_set_int_member (updates, "duration", (gint64) (CLAMP (duration, 0.0, (double) G_MAXINT32) + 0.5));
  json_object_set_int_member (updates, "task_count", self->task_count);
  json_object_set_int_member (data, "session_id", self->import->meeting_id);
  json_object_set_object_member (data, "updates", updates);
  return crown_event_write_emit (write, CROWN_EVENT_SESSION_COMPLETE, data, row, error);
}

/* What was derived, and that nothing is left to do. */
static gboolean
put_done (CrownPipeline    *self,
          CrownEventWrite  *write,
          const char       *summary,
          JsonArray        *tasks,
          GError          **error)
{
  g_autoptr (JsonObject) derived = json_object_new ();

  json_object_set_string_member (derived, "summary", summary);
  json_object_set_array_member (derived, "tasks", json_array_ref (tasks));
  g_free (self->import->derived);
  self->import->derived = crown_json_object_to_string (derived);
  self->import->sequence = crown_event_write_get_last (write)->envelope->sequence;
  self->import->pending = FALSE;
  return crown_event_ledger_put_import (crown_event_write_get_ledger (write), self->import, error);
}

static gboolean
emit_all (CrownPipeline    *self,
          CrownEventWrite  *write,
          JsonObject       *meeting,
          JsonObject      **row,
          GError          **error)
{
  g_autoptr (JsonObject) derived = crown_json_parse_object (self->import->derived, -1, error);
  g_autofree char *summary = summary_text (crown_json_opt_array (self->analysis, "summary"));
  g_autoptr (JsonArray) tasks = NULL;
  gint64 n_added;

  if (derived == NULL ||
      !emit_summary (self, write, meeting, summary, crown_json_opt_string (derived, "summary", ""), error))
    return FALSE;

  tasks = crown_pipeline_emit_tasks (write, self->import->meeting_id, self->transcript,
                                     crown_json_opt_array (self->analysis, "action_items"),
                                     crown_json_opt_array (derived, "tasks"), &n_added, error);
  if (tasks == NULL)
    return FALSE;

  self->task_count = (guint) MAX (crown_json_opt_int (meeting, "task_count", 0) + n_added, 0);
  return crown_pipeline_emit_analytics (write, self->import->meeting_id, self->analysis, error) &&
         emit_complete (self, write, meeting, row, error) &&
         put_transcript (self, write, self->said, error) &&
         put_done (self, write, summary, tasks, error);
}

/**
 * crown_pipeline_write:
 * @write: an open write; it gets the trace_id of the meeting
 * @row: (out) (optional) (transfer full): the meeting's row
 *
 * Emits MEETING_UPDATE, TASK_CREATE, TASK_UPDATE, TASK_DELETE…, ANALYTICS_REFRESH and SESSION_COMPLETE, or nothing, where
 * somebody else has gone on with the import. DASHBOARD_REFRESH is the caller's.
 *
 * Returns: %FALSE if the write has to be given up
 */
gboolean
crown_pipeline_write (CrownPipeline    *self,
                      CrownEventWrite  *write,
                      JsonObject      **row,
                      GError          **error)
{
  gint64 id = self->import->meeting_id;
  g_autoptr (CrownLedgerImport) stored = NULL;
  g_autoptr (JsonObject) meeting = NULL;

  if (!crown_event_ledger_load_import (crown_event_write_get_ledger (write), id, &stored, error) ||
      !load_meeting (write, id, &meeting, error))
    return FALSE;
  if (stored == NULL || meeting == NULL)
    {
      g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_NOT_FOUND, "Meeting %" G_GINT64_FORMAT " is gone", id);
      return FALSE;
    }

  crown_event_write_set_meeting (write, meeting);
  self->done = self->done || (!stored->pending && g_strcmp0 (stored->mutation_id, self->import->mutation_id) == 0);
  if (self->done)
    {
      self->import->sequence = stored->sequence;
      self->task_count = (guint) crown_json_opt_int (meeting, "task_count", 0);
      if (row != NULL)
        *row = g_steal_pointer (&meeting);
      return TRUE;
    }

  /* Another import of the file may have ended meanwhile. */
  g_free (self->import->derived);
  self->import->derived = g_steal_pointer (&stored->derived);
  return emit_all (self, write, meeting, row, error);
}

/**
 * crown_pipeline_is_done:
 *
 * Returns: whether nothing is left to write
 */
gboolean
crown_pipeline_is_done (CrownPipeline *self)
{
  return self->done;
}

const CrownLedgerImport *
crown_pipeline_get_import (CrownPipeline *self)
{
  return self->import;
}

guint
crown_pipeline_get_task_count (CrownPipeline *self)
{
  return self->task_count;
}
