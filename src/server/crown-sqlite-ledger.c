/* crown-sqlite-ledger.c: events, rows and digests
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-sqlite-ledger.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "core/crown-json.h"
#include "core/crown-limits.h"
#include "crown-server-error.h"
#include "crown-sqlite-ledger-private.h"

/**
 * CrownSqliteLedger:
 *
 * The ledger in one SQLite file, in WAL mode with synchronous=FULL: what is committed survives a power cut. One writer at
 * a time, whichever process it is in; sequences are read inside the write transaction, so that commit order is sequence
 * order. Belongs to the thread that opened it.
 */

static void crown_sqlite_ledger_iface_init (CrownEventLedgerInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (CrownSqliteLedger, crown_sqlite_ledger, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CROWN_TYPE_EVENT_LEDGER, crown_sqlite_ledger_iface_init))

#define SQL_UUID \
  "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||" \
  " substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"

static const char * const migrations[] = {
  "CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
  "CREATE TABLE workspaces (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, created_at TEXT NOT NULL) STRICT;"
  "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, created_at TEXT NOT NULL) STRICT;"
  "CREATE TABLE tokens (id INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL UNIQUE,"
  " user_id INTEGER NOT NULL REFERENCES users (id), workspace_id INTEGER NOT NULL REFERENCES workspaces (id),"
  " role TEXT NOT NULL CHECK (role IN ('viewer', 'member', 'admin')), created_at TEXT NOT NULL,"
  " revoked INTEGER NOT NULL DEFAULT 0) STRICT;"
  "CREATE TABLE streams (name TEXT PRIMARY KEY NOT NULL, sequence INTEGER NOT NULL, floor INTEGER NOT NULL DEFAULT 0,"
  " prev_0 INTEGER NOT NULL, prev_1 INTEGER NOT NULL, prev_2 INTEGER NOT NULL, prev_3 INTEGER NOT NULL)"
  " STRICT, WITHOUT ROWID;"
  "CREATE TABLE events (event_id INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, sequence INTEGER NOT NULL,"
  " type TEXT NOT NULL, namespaces INTEGER NOT NULL, timestamp TEXT NOT NULL, workspace_id INTEGER NOT NULL,"
  " user_id INTEGER NOT NULL, trace_id TEXT, mutation_id TEXT, checksum TEXT,"
  " prev_0 INTEGER NOT NULL, prev_1 INTEGER NOT NULL, prev_2 INTEGER NOT NULL, prev_3 INTEGER NOT NULL,"
  " data TEXT NOT NULL, UNIQUE (stream, sequence)) STRICT;"
  /* id is a number everywhere but in metadata, where it is the key: one column of both kinds sorts each as it should. */
  "CREATE TABLE rows (stream TEXT NOT NULL, store TEXT NOT NULL, id ANY NOT NULL, json TEXT NOT NULL,"
  " checksum TEXT NOT NULL, PRIMARY KEY (stream, store, id)) STRICT, WITHOUT ROWID;"
  "CREATE TABLE digests (stream TEXT NOT NULL, store TEXT NOT NULL, count INTEGER NOT NULL, digest TEXT NOT NULL,"
  " PRIMARY KEY (stream, store)) STRICT, WITHOUT ROWID;"
  "CREATE TABLE counters (scope TEXT NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (scope, name))"
  " STRICT, WITHOUT ROWID;"
  "CREATE TABLE transcripts (meeting_id INTEGER PRIMARY KEY, json TEXT NOT NULL) STRICT;"
  "CREATE TABLE idempotency (key TEXT NOT NULL, user_id INTEGER NOT NULL, workspace_id INTEGER NOT NULL,"
  " request_hash TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL, etag TEXT, sequence INTEGER NOT NULL,"
  " created_at INTEGER NOT NULL, PRIMARY KEY (key, user_id, workspace_id)) STRICT;"
  "CREATE INDEX idempotency_age ON idempotency (created_at);"
  "INSERT INTO meta (key, value) VALUES ('epoch', " SQL_UUID ");",
  /* What SUPERSEDED finds; an event leaves it with its content. */
  "CREATE INDEX events_superseded ON events (stream, type, sequence)"
  " WHERE type IN ('DASHBOARD_REFRESH', 'DASHBOARD_IDLE_SYNC') AND data <> '';",
  /* crown-sqlite-ledger-imports.c */
  "CREATE TABLE imports (meeting_id INTEGER PRIMARY KEY, workspace_id INTEGER NOT NULL, user_id INTEGER NOT NULL,"
  " name TEXT NOT NULL, digest TEXT NOT NULL, sketch TEXT NOT NULL, mutation_id TEXT, pending INTEGER NOT NULL,"
  " sequence INTEGER NOT NULL, derived TEXT NOT NULL) STRICT;"
  "CREATE INDEX imports_name ON imports (workspace_id, name, meeting_id);"
  "CREATE INDEX imports_pending ON imports (meeting_id) WHERE pending <> 0;"
  "CREATE TABLE segments (meeting_id INTEGER NOT NULL, part INTEGER NOT NULL, json TEXT NOT NULL,"
  " PRIMARY KEY (meeting_id, part)) STRICT, WITHOUT ROWID;",
};

/* The types that are superseded, spelled as in the index, or SQLite does not see that it may use it. */
#define SUPERSEDED \
  " stream = ?1 AND type = ?2 AND type IN ('DASHBOARD_REFRESH', 'DASHBOARD_IDLE_SYNC') AND data <> ''"

static const char SQL_LOAD_HEAD[] = "SELECT sequence, floor, prev_0, prev_1, prev_2, prev_3 FROM streams WHERE name = ?1";
static const char SQL_PUT_HEAD[] =
  "INSERT INTO streams (name, sequence, floor, prev_0, prev_1, prev_2, prev_3) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
  " ON CONFLICT (name) DO UPDATE SET sequence = excluded.sequence, floor = excluded.floor, prev_0 = excluded.prev_0,"
  " prev_1 = excluded.prev_1, prev_2 = excluded.prev_2, prev_3 = excluded.prev_3";
static const char SQL_PUT_EVENT[] =
  "INSERT INTO events (stream, sequence, type, namespaces, timestamp, workspace_id, user_id, trace_id, mutation_id,"
  " checksum, data, prev_0, prev_1, prev_2, prev_3)"
  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
static const char SQL_LOAD_EVENTS[] =
  "SELECT event_id, sequence, type, timestamp, workspace_id, user_id, trace_id, mutation_id, checksum, data,"
  " prev_0, prev_1, prev_2, prev_3 FROM events"
  " WHERE stream = ?1 AND sequence > ?2 AND (?3 = 0 OR namespaces & ?3) ORDER BY sequence LIMIT ?4";
static const char SQL_FIND_SINCE[] =
  "SELECT sequence FROM events WHERE stream = ?1 AND sequence > ?2 AND timestamp >= ?3 ORDER BY sequence LIMIT 1";
static const char SQL_RAISE_FLOOR[] = "UPDATE streams SET floor = ?2 WHERE name = ?1";
static const char SQL_DELETE_EVENTS[] = "DELETE FROM events WHERE stream = ?1 AND sequence <= ?2";
static const char SQL_FIND_SUPERSEDED[] =
  "SELECT sequence, timestamp FROM events WHERE" SUPERSEDED
  " AND sequence < (SELECT max (sequence) FROM events WHERE" SUPERSEDED ") ORDER BY sequence LIMIT ?3";
static const char SQL_DROP_CONTENT[] =
  "UPDATE events SET data = '', trace_id = NULL, mutation_id = NULL, checksum = NULL"
  " WHERE" SUPERSEDED " AND sequence <= ?3";
/* Also one whose head is lost: the verifier is who asks. */
static const char SQL_LIST_STREAMS[] =
  "SELECT name FROM streams UNION SELECT stream FROM events UNION SELECT stream FROM rows UNION SELECT stream FROM digests"
  " ORDER BY 1";
static const char SQL_LOAD_ROW[] = "SELECT json, checksum FROM rows WHERE stream = ?1 AND store = ?2 AND id = ?3";
static const char SQL_PUT_ROW[] =
  "INSERT INTO rows (stream, store, id, json, checksum) VALUES (?1, ?2, ?3, ?4, ?5)"
  " ON CONFLICT (stream, store, id) DO UPDATE SET json = excluded.json, checksum = excluded.checksum";
static const char SQL_DELETE_ROW[] = "DELETE FROM rows WHERE stream = ?1 AND store = ?2 AND id = ?3";
static const char SQL_LIST_ROWS[] =
  "SELECT id, json, checksum FROM rows WHERE stream = ?1 AND store = ?2 ORDER BY id LIMIT ?3";
static const char SQL_LIST_ROWS_AFTER[] =
  "SELECT id, json, checksum FROM rows WHERE stream = ?1 AND store = ?2 AND id > ?4 ORDER BY id LIMIT ?3";
static const char SQL_EACH_CHECKSUM[] =
  "SELECT id, checksum FROM rows WHERE stream = ?1 AND store = ?2 AND (?3 < 0 OR (id & 255) = ?3) ORDER BY id";
static const char SQL_LOAD_DIGEST[] = "SELECT count, digest FROM digests WHERE stream = ?1 AND store = ?2";
static const char SQL_PUT_DIGEST[] =
  "INSERT INTO digests (stream, store, count, digest) VALUES (?1, ?2, ?3, ?4)"
  " ON CONFLICT (stream, store) DO UPDATE SET count = excluded.count, digest = excluded.digest";
static const char SQL_ADD_COUNTER[] =
  "INSERT INTO counters (scope, name, value) VALUES (?1, ?2, ?3)"
  " ON CONFLICT (scope, name) DO UPDATE SET value = value + excluded.value RETURNING value";
static const char SQL_PUT_TRANSCRIPT[] =
  "INSERT INTO transcripts (meeting_id, json) VALUES (?1, ?2) ON CONFLICT (meeting_id) DO UPDATE SET json = excluded.json";
static const char SQL_LOAD_TRANSCRIPT[] = "SELECT json FROM transcripts WHERE meeting_id = ?1";

static const char *
get_epoch (CrownEventLedger *ledger)
{
  return CROWN_SQLITE_LEDGER (ledger)->epoch;
}

CrownSqlite *
crown_sqlite_ledger_reader (CrownSqliteLedger *self)
{
  return self->writing ? self->db : self->read_db;
}

static gboolean
begin (CrownEventLedger  *ledger,
       gboolean           write,
       GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);

  g_return_val_if_fail (!self->writing, FALSE);

  if (!write)
    return crown_sqlite_begin_read (self->read_db, &self->read, error);

  if (self->batch.db == NULL)
    {
      self->kept = 0;
      if (!crown_sqlite_begin (self->db, &self->batch, error))
        return FALSE;
    }

  self->writing = crown_sqlite_savepoint (&self->batch, error);
  return self->writing;
}

static gboolean
keep (CrownEventLedger  *ledger,
      GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);

  g_return_val_if_fail (self->writing, FALSE);

  if (!crown_sqlite_savepoint_release (&self->batch, error))
    return FALSE;

  self->writing = FALSE;
  self->kept++;
  return TRUE;
}

static gboolean
commit (CrownEventLedger  *ledger,
        GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);

  if ((!self->writing || keep (ledger, error)) && crown_sqlite_commit (&self->batch, error))
    return TRUE;

  self->writing = FALSE;
  crown_sqlite_rollback (&self->batch);
  return FALSE;
}

static void
rollback (CrownEventLedger *ledger)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);

  crown_sqlite_rollback (&self->read);
  if (!self->writing)
    return;

  self->writing = FALSE;
  if (self->kept > 0)
    crown_sqlite_savepoint_rollback (&self->batch);
  else
    crown_sqlite_rollback (&self->batch);
}

static gboolean
load_head (CrownEventLedger  *ledger,
           const char        *stream,
           CrownStreamHead   *head,
           GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (crown_sqlite_ledger_reader (self), "load-head", SQL_LOAD_HEAD, error);

  *head = (CrownStreamHead) { 0 };
  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_text (stmt, 1, stream, -1);

  int step = crown_sqlite_step (stmt, error);

  if (step == 1)
    {
      head->sequence = (guint64) crown_sqlite_column_int (stmt, 0);
      head->floor = (guint64) crown_sqlite_column_int (stmt, 1);
      for (int i = 0; i < CROWN_N_NAMESPACES; i++)
        head->prev[i] = (guint64) crown_sqlite_column_int (stmt, 2 + i);
    }

  crown_sqlite_reset (stmt);
  return step >= 0;
}

static gboolean
put_head (CrownSqliteLedger      *self,
          const char             *stream,
          const CrownStreamHead  *head,
          GError                **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "put-head", SQL_PUT_HEAD, error);

  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_text (stmt, 1, stream, -1);
  crown_sqlite_bind_int (stmt, 2, (gint64) head->sequence);
  crown_sqlite_bind_int (stmt, 3, (gint64) head->floor);
  for (int i = 0; i < CROWN_N_NAMESPACES; i++)
    crown_sqlite_bind_int (stmt, 4 + i, (gint64) head->prev[i]);

  return crown_sqlite_run (stmt, error);
}

static gboolean
append_event (CrownEventLedger       *ledger,
              CrownLedgerEvent       *event,
              const CrownStreamHead  *head,
              GError                **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  CrownEnvelope *envelope = event->envelope;
  g_autofree char *data = crown_json_object_to_string (envelope->data);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "put-event", SQL_PUT_EVENT, error);

  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_text (stmt, 1, envelope->stream, -1);
  crown_sqlite_bind_int (stmt, 2, (gint64) envelope->sequence);
  crown_sqlite_bind_text (stmt, 3, envelope->event_type, -1);
  crown_sqlite_bind_int (stmt, 4, crown_event_info (envelope->type)->namespaces);
  crown_sqlite_bind_text (stmt, 5, envelope->timestamp, -1);
  crown_sqlite_bind_int (stmt, 6, envelope->workspace_id);
  crown_sqlite_bind_int (stmt, 7, envelope->user_id);
  crown_sqlite_bind_text (stmt, 8, envelope->trace_id, -1);
  crown_sqlite_bind_text (stmt, 9, envelope->mutation_id, -1);
  crown_sqlite_bind_text (stmt, 10, envelope->checksum, -1);
  crown_sqlite_bind_text (stmt, 11, data, -1);
  for (int i = 0; i < CROWN_N_NAMESPACES; i++)
    crown_sqlite_bind_int (stmt, 12 + i, (gint64) event->prev[i]);

  if (!crown_sqlite_run (stmt, error))
    return FALSE;

  envelope->event_id = crown_sqlite_last_insert_id (self->db);
  return put_head (self, envelope->stream, head, error);
}

static CrownLedgerEvent *
read_event (CrownSqliteLedger     *self,
            const char            *stream,
            CrownSqliteStatement  *stmt,
            GError               **error)
{
  const CrownEventInfo *info = crown_event_info_by_name (crown_sqlite_column_text (stmt, 2));
  guint64 sequence = (guint64) crown_sqlite_column_int (stmt, 1);

  if (info == NULL)
    {
      g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_LEDGER,
                   "%s: event %" G_GUINT64_FORMAT " has the unknown type “%s”",
                   stream, sequence, crown_sqlite_column_text (stmt, 2));
      return NULL;
    }

  gboolean has_content = crown_sqlite_column_bytes (stmt, 9) > 0;

  if (!has_content && !info->is_superseded)
    {
      g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_LEDGER,
                   "%s: event %" G_GUINT64_FORMAT " has no content, which a %s does not lose", stream, sequence, info->name);
      return NULL;
    }

  g_autoptr (JsonObject) data = !has_content ? NULL : crown_json_parse_object (crown_sqlite_column_text (stmt, 9),
                                                                               crown_sqlite_column_bytes (stmt, 9), error);
  if (data == NULL && has_content)
    {
      g_prefix_error (error, "%s: event %" G_GUINT64_FORMAT ": ", stream, sequence);
      return NULL;
    }

  CrownEnvelope *envelope = crown_envelope_new (info->type);
  g_autoptr (CrownLedgerEvent) event = crown_ledger_event_new (envelope);

  envelope->event_id = crown_sqlite_column_int (stmt, 0);
  envelope->sequence = sequence;
  envelope->from_sequence = has_content ? 0 : sequence;
  envelope->timestamp = g_strdup (crown_sqlite_column_text (stmt, 3));
  envelope->workspace_id = crown_sqlite_column_int (stmt, 4);
  envelope->user_id = crown_sqlite_column_int (stmt, 5);
  envelope->trace_id = g_strdup (crown_sqlite_column_text (stmt, 6));
  envelope->mutation_id = g_strdup (crown_sqlite_column_text (stmt, 7));
  envelope->checksum = g_strdup (crown_sqlite_column_text (stmt, 8));
  envelope->data = g_steal_pointer (&data);
  envelope->stream = g_strdup (stream);
  envelope->epoch = g_strdup (self->epoch);
  for (int i = 0; i < CROWN_N_NAMESPACES; i++)
    event->prev[i] = (guint64) crown_sqlite_column_int (stmt, 10 + i);
  envelope->prev_sequence = event->prev[crown_namespace_index (CROWN_NAMESPACE_DASHBOARD)];

  return g_steal_pointer (&event);
}

static GPtrArray *
load_events (CrownEventLedger  *ledger,
             const char        *stream,
             CrownNamespaces    namespaces,
             guint64            after,
             guint              limit,
             GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  g_autoptr (GPtrArray) events = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_ledger_event_unref);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (crown_sqlite_ledger_reader (self), "load-events", SQL_LOAD_EVENTS, error);
  int step;

  if (stmt == NULL)
    return NULL;

  crown_sqlite_bind_text (stmt, 1, stream, -1);
  crown_sqlite_bind_int (stmt, 2, (gint64) MIN (after, (guint64) G_MAXINT64));
  crown_sqlite_bind_int (stmt, 3, namespaces);
  crown_sqlite_bind_int (stmt, 4, limit);

  while ((step = crown_sqlite_step (stmt, error)) == 1)
    {
      CrownLedgerEvent *event = read_event (self, stream, stmt, error);

      if (event == NULL)
        {
          step = -1;
          break;
        }

      g_ptr_array_add (events, event);
    }

  crown_sqlite_reset (stmt);
  return step == 0 ? g_steal_pointer (&events) : NULL;
}

static char **
list_streams (CrownEventLedger  *ledger,
              GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  CrownSqliteStatement *stmt = crown_sqlite_prepare (crown_sqlite_ledger_reader (self), "list-streams", SQL_LIST_STREAMS, error);
  int step;

  if (stmt == NULL)
    return NULL;

  while ((step = crown_sqlite_step (stmt, error)) == 1)
    g_strv_builder_add (names, crown_sqlite_column_text (stmt, 0));

  crown_sqlite_reset (stmt);
  return step == 0 ? g_strv_builder_end (names) : NULL;
}

static void
bind_row_id (CrownSqliteStatement *stmt,
             int                   index,
             CrownStore            store,
             const char           *id)
{
  if (store == CROWN_STORE_METADATA)
    crown_sqlite_bind_text (stmt, index, id, -1);
  else
    crown_sqlite_bind_int (stmt, index, g_ascii_strtoll (id, NULL, 10));
}

static CrownSqliteStatement *
prepare_for_row (CrownSqliteLedger  *self,
                 const char         *name,
                 const char         *sql,
                 const char         *stream,
                 CrownStore          store,
                 const char         *id,
                 GError            **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (crown_sqlite_ledger_reader (self), name, sql, error);

  if (stmt == NULL)
    return NULL;

  crown_sqlite_bind_text (stmt, 1, stream, -1);
  crown_sqlite_bind_text (stmt, 2, crown_store_to_string (store), -1);
  if (id != NULL)
    bind_row_id (stmt, 3, store, id);
  return stmt;
}

static gboolean
load_row (CrownEventLedger  *ledger,
          const char        *stream,
          CrownStore         store,
          const char        *id,
          CrownLedgerRow   **row,
          GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  CrownSqliteStatement *stmt = prepare_for_row (self, "load-row", SQL_LOAD_ROW, stream, store, id, error);

  *row = NULL;
  if (stmt == NULL)
    return FALSE;

  int step = crown_sqlite_step (stmt, error);

  if (step == 1)
    {
      *row = g_new0 (CrownLedgerRow, 1);
      (*row)->id = g_strdup (id);
      (*row)->json = g_strdup (crown_sqlite_column_text (stmt, 0));
      (*row)->checksum = g_strdup (crown_sqlite_column_text (stmt, 1));
    }

  crown_sqlite_reset (stmt);
  return step >= 0;
}

static gboolean
load_digest (CrownEventLedger  *ledger,
             const char        *stream,
             CrownStore         store,
             guint64           *count,
             CrownDigest       *digest,
             GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  CrownSqliteStatement *stmt = prepare_for_row (self, "load-digest", SQL_LOAD_DIGEST, stream, store, NULL, error);

  *count = 0;
  *digest = (CrownDigest) CROWN_DIGEST_INIT;
  if (stmt == NULL)
    return FALSE;

  int step = crown_sqlite_step (stmt, error);

  if (step == 1)
    {
      *count = (guint64) crown_sqlite_column_int (stmt, 0);
      if (!crown_digest_from_hex (digest, crown_sqlite_column_text (stmt, 1)))
        {
          g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_LEDGER,
                       "%s: the digest of %s is no digest", stream, crown_store_to_string (store));
          step = -1;
        }
    }

  crown_sqlite_reset (stmt);
  return step >= 0;
}

/* Takes the row that was out of the store's digest and puts the new one in; either may be NULL. */
static gboolean
update_digest (CrownSqliteLedger  *self,
               const char         *stream,
               CrownStore          store,
               const char         *id,
               const char         *old_checksum,
               const char         *new_checksum,
               GError            **error)
{
  const char *store_name = crown_store_to_string (store);
  CrownDigest digest;
  CrownDigest part;
  guint64 count;
  char hex[65];

  if (!load_digest (CROWN_EVENT_LEDGER (self), stream, store, &count, &digest, error))
    return FALSE;

  if (old_checksum != NULL)
    {
      crown_digest_of_row (store_name, id, old_checksum, &part);
      crown_digest_remove (&digest, &part);
      count--;
    }

  if (new_checksum != NULL)
    {
      crown_digest_of_row (store_name, id, new_checksum, &part);
      crown_digest_add (&digest, &part);
      count++;
    }

  CrownSqliteStatement *stmt = prepare_for_row (self, "put-digest", SQL_PUT_DIGEST, stream, store, NULL, error);

  if (stmt == NULL)
    return FALSE;

  crown_digest_to_hex (&digest, hex);
  crown_sqlite_bind_int (stmt, 3, (gint64) count);
  crown_sqlite_bind_text (stmt, 4, hex, -1);
  return crown_sqlite_run (stmt, error);
}

static gboolean
put_row (CrownEventLedger      *ledger,
         const char            *stream,
         CrownStore             store,
         const CrownLedgerRow  *row,
         GError               **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  g_autoptr (CrownLedgerRow) before = NULL;

  if (!load_row (ledger, stream, store, row->id, &before, error))
    return FALSE;

  CrownSqliteStatement *stmt = prepare_for_row (self, "put-row", SQL_PUT_ROW, stream, store, row->id, error);

  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_text (stmt, 4, row->json, -1);
  crown_sqlite_bind_text (stmt, 5, row->checksum, -1);

  return crown_sqlite_run (stmt, error) &&
         update_digest (self, stream, store, row->id, before != NULL ? before->checksum : NULL, row->checksum, error);
}

static gboolean
delete_row (CrownEventLedger  *ledger,
            const char        *stream,
            CrownStore         store,
            const char        *id,
            GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  g_autoptr (CrownLedgerRow) before = NULL;

  if (!load_row (ledger, stream, store, id, &before, error))
    return FALSE;

  if (before == NULL)
    return TRUE;

  CrownSqliteStatement *stmt = prepare_for_row (self, "delete-row", SQL_DELETE_ROW, stream, store, id, error);

  return stmt != NULL &&
         crown_sqlite_run (stmt, error) &&
         update_digest (self, stream, store, id, before->checksum, NULL, error);
}

static GPtrArray *
list_rows (CrownEventLedger  *ledger,
           const char        *stream,
           CrownStore         store,
           const char        *after,
           guint              limit,
           GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_ledger_row_free);
  CrownSqliteStatement *stmt = after != NULL
    ? prepare_for_row (self, "list-rows-after", SQL_LIST_ROWS_AFTER, stream, store, NULL, error)
    : prepare_for_row (self, "list-rows", SQL_LIST_ROWS, stream, store, NULL, error);
  int step;

  if (stmt == NULL)
    return NULL;

  crown_sqlite_bind_int (stmt, 3, limit > 0 ? (gint64) limit : -1);
  if (after != NULL)
    bind_row_id (stmt, 4, store, after);

  while ((step = crown_sqlite_step (stmt, error)) == 1)
    {
      CrownLedgerRow *row = g_new0 (CrownLedgerRow, 1);

      row->id = g_strdup (crown_sqlite_column_text (stmt, 0));
      row->json = g_strdup (crown_sqlite_column_text (stmt, 1));
      row->checksum = g_strdup (crown_sqlite_column_text (stmt, 2));
      g_ptr_array_add (rows, row);
    }

  crown_sqlite_reset (stmt);
  return step == 0 ? g_steal_pointer (&rows) : NULL;
}

G_STATIC_ASSERT (CROWN_DIGEST_BUCKETS == 256);

static gboolean
each_checksum (CrownEventLedger      *ledger,
               const char            *stream,
               CrownStore             store,
               int                    bucket,
               CrownRowChecksumFunc   func,
               gpointer               user_data,
               GError               **error)
{
  CrownSqliteStatement *stmt = prepare_for_row (CROWN_SQLITE_LEDGER (ledger), "each-checksum", SQL_EACH_CHECKSUM, stream,
                                                store, NULL, error);
  int step;

  if (stmt == NULL)
    return FALSE;
  crown_sqlite_bind_int (stmt, 3, bucket);
  while ((step = crown_sqlite_step (stmt, error)) == 1)
    func (crown_sqlite_column_text (stmt, 0), crown_sqlite_column_text (stmt, 1), user_data);
  return step == 0;
}

static gboolean
add_counter (CrownEventLedger  *ledger,
             const char        *scope,
             const char        *name,
             gint64             delta,
             gint64            *value,
             GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "add-counter", SQL_ADD_COUNTER, error);
  int step;

  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_text (stmt, 1, scope, -1);
  crown_sqlite_bind_text (stmt, 2, name, -1);
  crown_sqlite_bind_int (stmt, 3, delta);

  /* RETURNING gives its row before the statement is done: both steps are needed for the change to be made. */
  while ((step = crown_sqlite_step (stmt, error)) == 1)
    *value = crown_sqlite_column_int (stmt, 0);

  crown_sqlite_reset (stmt);
  return step == 0;
}

static gboolean
put_transcript (CrownEventLedger  *ledger,
                gint64             meeting_id,
                const char        *json,
                GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "put-transcript", SQL_PUT_TRANSCRIPT, error);

  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_int (stmt, 1, meeting_id);
  crown_sqlite_bind_text (stmt, 2, json, -1);
  return crown_sqlite_run (stmt, error);
}

static gboolean
load_transcript (CrownEventLedger  *ledger,
                 gint64             meeting_id,
                 char             **json,
                 GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (crown_sqlite_ledger_reader (self), "load-transcript", SQL_LOAD_TRANSCRIPT, error);

  *json = NULL;
  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_int (stmt, 1, meeting_id);

  int step = crown_sqlite_step (stmt, error);

  if (step == 1)
    *json = g_strdup (crown_sqlite_column_text (stmt, 0));

  crown_sqlite_reset (stmt);
  return step >= 0;
}

static gboolean
find_since (CrownEventLedger  *ledger,
            const char        *stream,
            guint64            after,
            const char        *timestamp,
            guint64           *sequence,
            GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (crown_sqlite_ledger_reader (self), "find-since", SQL_FIND_SINCE, error);

  *sequence = 0;
  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_text (stmt, 1, stream, -1);
  crown_sqlite_bind_int (stmt, 2, (gint64) after);
  crown_sqlite_bind_text (stmt, 3, timestamp, -1);

  int step = crown_sqlite_step (stmt, error);

  if (step == 1)
    *sequence = (guint64) crown_sqlite_column_int (stmt, 0);

  crown_sqlite_reset (stmt);
  return step >= 0;
}

static gboolean
run_on_stream (CrownSqliteLedger  *self,
               const char         *name,
               const char         *sql,
               const char         *stream,
               guint64             sequence,
               GError            **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, name, sql, error);

  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_text (stmt, 1, stream, -1);
  crown_sqlite_bind_int (stmt, 2, (gint64) sequence);
  return crown_sqlite_run (stmt, error);
}

static gboolean
raise_floor (CrownEventLedger  *ledger,
             const char        *stream,
             guint64            floor,
             GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);

  g_return_val_if_fail (self->writing, FALSE);

  return run_on_stream (self, "raise-floor", SQL_RAISE_FLOOR, stream, floor, error) &&
         run_on_stream (self, "delete-events", SQL_DELETE_EVENTS, stream, floor, error);
}

/* The last of the events, at most @limit, that have a later one of their type and are older than @before; 0: none. */
static gboolean
find_superseded (CrownSqliteLedger  *self,
                 const char         *stream,
                 CrownEventType      type,
                 const char         *before,
                 guint               limit,
                 gint64             *last,
                 GError            **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "find-superseded", SQL_FIND_SUPERSEDED, error);
  int step;

  *last = 0;
  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_text (stmt, 1, stream, -1);
  crown_sqlite_bind_text (stmt, 2, crown_event_info (type)->name, -1);
  crown_sqlite_bind_int (stmt, 3, limit);

  /* In order up to the first that is too young: the others are not looked at. */
  while ((step = crown_sqlite_step (stmt, error)) == 1 && strcmp (crown_sqlite_column_text (stmt, 1), before) < 0)
    *last = crown_sqlite_column_int (stmt, 0);

  crown_sqlite_reset (stmt);
  return step >= 0;
}

static gboolean
drop_content (CrownEventLedger  *ledger,
              const char        *stream,
              CrownEventType     type,
              const char        *before,
              guint              limit,
              guint             *n_dropped,
              GError           **error)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (ledger);
  CrownSqliteStatement *stmt;
  gint64 last;

  g_return_val_if_fail (self->writing, FALSE);

  *n_dropped = 0;
  if (!find_superseded (self, stream, type, before, limit, &last, error))
    return FALSE;
  if (last == 0)
    return TRUE;

  stmt = crown_sqlite_prepare (self->db, "drop-content", SQL_DROP_CONTENT, error);
  if (stmt == NULL)
    return FALSE;

  crown_sqlite_bind_text (stmt, 1, stream, -1);
  crown_sqlite_bind_text (stmt, 2, crown_event_info (type)->name, -1);
  crown_sqlite_bind_int (stmt, 3, last);
  if (!crown_sqlite_run (stmt, error))
    return FALSE;

  *n_dropped = (guint) crown_sqlite_changes (self->db);
  return TRUE;
}

static gboolean
shrink (CrownEventLedger  *ledger,
        GError           **error)
{
  return crown_sqlite_exec (CROWN_SQLITE_LEDGER (ledger)->db, "vacuum", "VACUUM", error);
}

static gboolean
check (CrownEventLedger  *ledger,
       GError           **error)
{
  return crown_sqlite_check (CROWN_SQLITE_LEDGER (ledger)->db, error);
}

static gboolean
set_new_epoch (const char  *path,
               GError     **error)
{
  g_autoptr (CrownSqlite) db = crown_sqlite_open (path, CROWN_SQLITE_READ_WRITE | CROWN_SQLITE_SYNC_FULL, error);

  return db != NULL && crown_sqlite_exec (db, "new epoch", "UPDATE meta SET value = " SQL_UUID " WHERE key = 'epoch'", error);
}

static gboolean
is_same_file (const char *a,
              const char *b)
{
  GStatBuf x, y;

  return g_stat (a, &x) == 0 && g_stat (b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* What is at @path may be replaced: nothing, or a database. */
static gboolean
may_replace (CrownSqliteLedger  *self,
             const char         *path,
             GError            **error)
{
  static const char magic[] = "SQLite format 3";
  char head[sizeof magic] = "";
  FILE *file;
  gsize n;

  if (is_same_file (path, crown_sqlite_get_path (self->db)))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS, "%s is the ledger itself", path);
      return FALSE;
    }
  file = g_fopen (path, "rb");
  if (file == NULL)
    return TRUE;

  n = fread (head, 1, sizeof head, file);
  fclose (file);
  if (n == 0 || (n == sizeof head && memcmp (head, magic, sizeof magic) == 0))
    return TRUE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS, "%s is no database and is left alone", path);
  return FALSE;
}

/* The copy is another ledger from here on: where it is put in the place of this one, the numbers that this one has given
 * since are given again, to other events. With an epoch of its own no client takes these for those. */
static gboolean
backup (CrownEventLedger  *ledger,
        const char        *path,
        GError           **error)
{
  g_autofree char *copy = g_strconcat (path, ".unfinished", NULL);

  if (!may_replace (CROWN_SQLITE_LEDGER (ledger), path, error))
    return FALSE;
  if (!crown_sqlite_backup (CROWN_SQLITE_LEDGER (ledger)->db, copy, error) || !set_new_epoch (copy, error))
    {
      g_remove (copy);
      return FALSE;
    }
  if (g_rename (copy, path) != 0)
    {
      int saved_errno = errno;

      g_remove (copy);
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno), "%s: %s", path, g_strerror (saved_errno));
      return FALSE;
    }
  return TRUE;
}

static void
crown_sqlite_ledger_iface_init (CrownEventLedgerInterface *iface)
{
  iface->get_epoch = get_epoch;
  iface->begin = begin;
  iface->keep = keep;
  iface->commit = commit;
  iface->rollback = rollback;
  iface->load_head = load_head;
  iface->append_event = append_event;
  iface->load_events = load_events;
  iface->list_streams = list_streams;
  iface->find_since = find_since;
  iface->raise_floor = raise_floor;
  iface->drop_content = drop_content;
  iface->load_row = load_row;
  iface->put_row = put_row;
  iface->delete_row = delete_row;
  iface->list_rows = list_rows;
  iface->each_checksum = each_checksum;
  iface->load_digest = load_digest;
  iface->add_counter = add_counter;
  iface->put_transcript = put_transcript;
  iface->load_transcript = load_transcript;
  iface->check = check;
  iface->backup = backup;
  iface->shrink = shrink;
  crown_sqlite_ledger_init_accounts (iface);
  crown_sqlite_ledger_init_imports (iface);
}

/**
 * crown_sqlite_ledger_open:
 * @path: the file; it is made where there is none
 * @error: (out) (optional): %CROWN_SQLITE_ERROR
 *
 * Returns: (transfer full): the ledger, for the thread that opened it
 */
CrownSqliteLedger *
crown_sqlite_ledger_open (const char  *path,
                          GError     **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  g_autoptr (CrownSqliteLedger) self = g_object_new (CROWN_TYPE_SQLITE_LEDGER, NULL);

  self->db = crown_sqlite_open (path, CROWN_SQLITE_READ_WRITE | CROWN_SQLITE_SYNC_FULL, error);
  if (self->db == NULL ||
      !crown_sqlite_migrate (self->db, migrations, G_N_ELEMENTS (migrations), error) ||
      (self->read_db = crown_sqlite_open (path, CROWN_SQLITE_READ_ONLY, error)) == NULL ||
      !crown_event_ledger_load_meta (CROWN_EVENT_LEDGER (self), "epoch", &self->epoch, error))
    return NULL;

  if (self->epoch == NULL)
    {
      g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_LEDGER, "%s: the ledger has no epoch", path);
      return NULL;
    }

  return g_steal_pointer (&self);
}

static void
crown_sqlite_ledger_finalize (GObject *object)
{
  CrownSqliteLedger *self = CROWN_SQLITE_LEDGER (object);

  crown_sqlite_rollback (&self->read);
  crown_sqlite_rollback (&self->batch);
  g_clear_pointer (&self->read_db, crown_sqlite_close);
  g_clear_pointer (&self->db, crown_sqlite_close);
  g_clear_pointer (&self->epoch, g_free);

  G_OBJECT_CLASS (crown_sqlite_ledger_parent_class)->finalize (object);
}

static void
crown_sqlite_ledger_class_init (CrownSqliteLedgerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = crown_sqlite_ledger_finalize;
}

static void
crown_sqlite_ledger_init (CrownSqliteLedger *self)
{
  self->batch = (CrownSqliteTransaction) CROWN_SQLITE_TRANSACTION_INIT;
  self->read = (CrownSqliteTransaction) CROWN_SQLITE_TRANSACTION_INIT;
}
