/* crown-local-stream.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-local-stream.h"

#include "core/crown-event-apply.h"
#include "core/crown-json.h"
#include "crown-cache-schema.h"
#include "storage/crown-sqlite.h"

#define STREAM "local"

struct _CrownLocalStream
{
  CrownSqlite *db;
  gint64       workspace_id;
  gint64       user_id;
  CrownClock   clock;
  gboolean     has_clock;
  char        *epoch;
};

static const char SQL_EPOCH[] = "SELECT value FROM metadata WHERE key = '_local_epoch'";
static const char SQL_HEAD[] = "SELECT coalesce (max (sequence), 0) FROM local_events";
static const char SQL_ADD[] = "INSERT INTO local_events (sequence, type, trace_id, data) VALUES (?1, ?2, ?3, ?4)";
static const char SQL_FORGET[] = "DELETE FROM local_events WHERE sequence <= ?1";
static const char SQL_METADATA_PUT[] =
  "INSERT INTO metadata (key, value, updated_at) VALUES (?1, ?2, ?3)"
  " ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at";
static const char SQL_AFTER[] =
  "SELECT sequence, type, trace_id, data FROM local_events WHERE sequence > ?1 ORDER BY sequence LIMIT ?2";

static gboolean
load_epoch (CrownLocalStream  *self,
            GError           **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "local epoch", SQL_EPOCH, error);
  g_autoptr (JsonNode) node = NULL;
  int step;

  if (stmt == NULL)
    return FALSE;
  step = crown_sqlite_step (stmt, error);
  if (step == 1)
    node = crown_json_parse (crown_sqlite_column_text (stmt, 0), -1, error);
  crown_sqlite_reset (stmt);
  if (node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    self->epoch = json_node_dup_string (node);
  else if (step == 0 || node != NULL)
    g_set_error_literal (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_CORRUPT, "the local stream has no epoch");
  return self->epoch != NULL;
}

/**
 * crown_local_stream_open:
 * @clock: (nullable): for the time of events that bring none
 * @error: (out) (optional): %CROWN_SQLITE_ERROR
 *
 * Returns: (transfer full): the stream, for the calling thread
 */
CrownLocalStream *
crown_local_stream_open (const char        *path,
                         gint64             workspace_id,
                         gint64             user_id,
                         const CrownClock  *clock,
                         GError           **error)
{
  g_autoptr (CrownLocalStream) self = g_new0 (CrownLocalStream, 1);

  self->workspace_id = workspace_id;
  self->user_id = user_id;
  self->has_clock = clock != NULL;
  if (clock != NULL)
    self->clock = *clock;
  self->db = crown_sqlite_open (path, CROWN_SQLITE_READ_WRITE | CROWN_SQLITE_BULK, error);
  if (self->db == NULL || !crown_sqlite_migrate (self->db, crown_cache_migrations, crown_cache_n_migrations, error) ||
      !load_epoch (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
crown_local_stream_close (CrownLocalStream *self)
{
  g_clear_pointer (&self->db, crown_sqlite_close);
  g_free (self->epoch);
  g_free (self);
}

static gboolean
load_head (CrownLocalStream  *self,
           guint64           *sequence,
           GError           **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "local head", SQL_HEAD, error);

  int step;

  if (stmt == NULL)
    return FALSE;
  step = crown_sqlite_step (stmt, error);
  if (step == 1)
    *sequence = (guint64) crown_sqlite_column_int (stmt, 0);
  crown_sqlite_reset (stmt);
  return step == 1;
}

/* The event sets its metadata as a whole, so its checksum needs no row before. @row: (out) (optional) */
static CrownEnvelope *
make_envelope (CrownLocalStream      *self,
               const CrownEventInfo  *info,
               guint64                sequence,
               const char            *trace_id,
               JsonObject            *data,
               JsonObject           **row,
               GError               **error)
{
  g_autoptr (CrownEnvelope) envelope = crown_envelope_new (info->type);
  g_autoptr (JsonObject) after = NULL;
  char checksum[CROWN_CHECKSUM_HEX_LENGTH + 1];

  if (!crown_event_apply_row (info, data, NULL, &after, error) || !crown_checksum_object (after, checksum, error))
    return NULL;
  envelope->event_id = (gint64) sequence;
  envelope->sequence = sequence;
  envelope->prev_sequence = sequence - 1;
  envelope->workspace_id = self->workspace_id;
  envelope->user_id = self->user_id;
  envelope->timestamp = g_strdup (crown_json_opt_string (data, "timestamp", ""));
  envelope->trace_id = g_strdup (trace_id);
  envelope->stream = g_strdup (STREAM);
  envelope->epoch = g_strdup (self->epoch);
  envelope->checksum = g_strdup (checksum);
  envelope->data = json_object_ref (data);
  if (row != NULL)
    *row = g_steal_pointer (&after);
  return g_steal_pointer (&envelope);
}

static gboolean
put_event (CrownLocalStream     *self,
           const CrownEnvelope  *envelope,
           GError              **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "local add", SQL_ADD, error);
  g_autofree char *data = crown_json_object_to_string (envelope->data);

  if (stmt == NULL)
    return FALSE;
  crown_sqlite_bind_int (stmt, 1, (gint64) envelope->sequence);
  crown_sqlite_bind_text (stmt, 2, envelope->event_type, -1);
  crown_sqlite_bind_text (stmt, 3, envelope->trace_id, -1);
  crown_sqlite_bind_text (stmt, 4, data, -1);
  if (!crown_sqlite_run (stmt, error))
    return FALSE;
  if (envelope->sequence <= CROWN_LOCAL_STREAM_KEPT)
    return TRUE;

  stmt = crown_sqlite_prepare (self->db, "local forget", SQL_FORGET, error);
  if (stmt == NULL)
    return FALSE;
  crown_sqlite_bind_int (stmt, 1, (gint64) envelope->sequence - CROWN_LOCAL_STREAM_KEPT);
  return crown_sqlite_run (stmt, error);
}

static gboolean
put_metadata (CrownLocalStream      *self,
              const CrownEventInfo  *info,
              JsonObject            *row,
              GError               **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "local metadata", SQL_METADATA_PUT, error);
  g_autofree char *value = crown_json_to_string (json_object_get_member (row, "value"));

  if (stmt == NULL)
    return FALSE;
  crown_sqlite_bind_text (stmt, 1, info->metadata_key, -1);
  crown_sqlite_bind_text (stmt, 2, value, -1);
  crown_sqlite_bind_text (stmt, 3, crown_json_opt_string (row, "updated_at", ""), -1);
  return crown_sqlite_run (stmt, error);
}

/**
 * crown_local_stream_emit:
 * @type: one whose scope is local
 * @data: (transfer none): the payload, which becomes the event's; its timestamp is filled in where it is missing
 * @changes: the metadata that it sets are added
 * @error: (out) (optional): %CROWN_EVENT_ERROR_PAYLOAD with the member that is wrong, or %CROWN_SQLITE_ERROR
 *
 * Gives the event its number, keeps it and sets its metadata, in one transaction.
 *
 * Returns: (transfer full): the event; %NULL: nothing has changed
 */
CrownEnvelope *
crown_local_stream_emit (CrownLocalStream  *self,
                         CrownEventType     type,
                         JsonObject        *data,
                         CrownChangeSet    *changes,
                         GError           **error)
{
  const CrownEventInfo *info = crown_event_info (type);
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *trace_id = g_strconcat ("request_", uuid, NULL);
  g_autoptr (CrownEnvelope) envelope = NULL;
  g_autoptr (JsonObject) row = NULL;
  guint64 sequence;

  g_return_val_if_fail (info != NULL && info->scope == CROWN_SCOPE_LOCAL && info->effect == CROWN_EFFECT_SET, NULL);

  if (!json_object_has_member (data, "timestamp"))
    {
      g_autofree char *now = crown_time_format_iso (crown_clock_now_us (self->has_clock ? &self->clock : NULL));

      json_object_set_string_member (data, "timestamp", now);
    }
  if (!crown_event_check_payload (info, data, error) || !crown_sqlite_begin (self->db, &tx, error) ||
      !load_head (self, &sequence, error) ||
      (envelope = make_envelope (self, info, sequence + 1, trace_id, data, &row, error)) == NULL ||
      !put_event (self, envelope, error) || !put_metadata (self, info, row, error) || !crown_sqlite_commit (&tx, error))
    return NULL;

  crown_change_set_add_all (changes, CROWN_STORE_METADATA);
  return g_steal_pointer (&envelope);
}

static CrownEnvelope *
read_event (CrownLocalStream      *self,
            CrownSqliteStatement  *stmt,
            GError               **error)
{
  const CrownEventInfo *info = crown_event_info_by_name (crown_sqlite_column_text (stmt, 1));
  g_autoptr (JsonObject) data = crown_json_parse_object (crown_sqlite_column_text (stmt, 3), -1, error);

  if (data == NULL)
    return NULL;
  if (info == NULL || info->scope != CROWN_SCOPE_LOCAL)
    {
      g_set_error (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_ENVELOPE, "%s is no type of the local stream",
                   crown_sqlite_column_text (stmt, 1));
      return NULL;
    }
  return make_envelope (self, info, (guint64) crown_sqlite_column_int (stmt, 0), crown_sqlite_column_text (stmt, 2), data, NULL,
                        error);
}

/**
 * crown_local_stream_replay:
 * @after: the last sequence that the caller has; 0: from the beginning
 * @limit: how many events at most
 * @error: (out) (optional): a replay that fails is an error, never an empty list
 *
 * Reads the events after @after, in order and without a gap: where they are no longer kept, a tombstone comes first.
 *
 * Returns: (transfer full) (element-type CrownEnvelope): they have no further ones after them if they are less than @limit
 */
GPtrArray *
crown_local_stream_replay (CrownLocalStream  *self,
                           guint64            after,
                           guint              limit,
                           GError           **error)
{
  g_autoptr (GPtrArray) events = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_envelope_unref);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "local replay", SQL_AFTER, error);
  int step;

  if (stmt == NULL)
    return NULL;
  crown_sqlite_bind_int (stmt, 1, (gint64) MIN (after, (guint64) G_MAXINT64));
  crown_sqlite_bind_int (stmt, 2, limit);
  while ((step = crown_sqlite_step (stmt, error)) == 1)
    {
      CrownEnvelope *envelope = read_event (self, stmt, error);

      if (envelope == NULL)
        {
          step = -1;
          break;
        }
      if (events->len == 0 && envelope->sequence > after + 1)
        g_ptr_array_add (events, crown_envelope_new_tombstone (STREAM, self->epoch, after + 1, envelope->sequence - 1, after));
      g_ptr_array_add (events, envelope);
    }
  crown_sqlite_reset (stmt);
  return step == 0 ? g_steal_pointer (&events) : NULL;
}
