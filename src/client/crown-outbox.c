/* crown-outbox.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-outbox.h"

#include <glib/gi18n.h>
#include <string.h>

#include "core/crown-bug.h"
#include "core/crown-json.h"
#include "crown-outbox-salvage.h"
#include "storage/crown-backup.h"
#include "storage/crown-sqlite.h"

/* The one database that nothing can rebuild: its changes are on the disk before the caller goes on. */
struct _CrownOutbox
{
  CrownSqlite *db;
};

static const char *const migrations[] = {
  "CREATE TABLE entries (id INTEGER PRIMARY KEY AUTOINCREMENT, mutation_id TEXT NOT NULL UNIQUE, type TEXT NOT NULL,"
  " row_id INTEGER NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, body TEXT, overlay TEXT NOT NULL,"
  " attempts INTEGER NOT NULL DEFAULT 0, sent INTEGER NOT NULL DEFAULT 0, sequence INTEGER NOT NULL DEFAULT 0) STRICT;",
  /* A number alone says nothing: it is of the ledger that gave it. */
  "ALTER TABLE entries ADD COLUMN epoch TEXT NOT NULL DEFAULT '';",
  /* Who still has a row by its temporary id finds it here. */
  "ALTER TABLE entries ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE entries ADD COLUMN rejected TEXT;"
  "CREATE TABLE renamed (store TEXT NOT NULL, temporary INTEGER NOT NULL, id INTEGER NOT NULL,"
  " PRIMARY KEY (store, temporary)) STRICT, WITHOUT ROWID;",
};

static const char SQL_ADD[] =
  "INSERT INTO entries (mutation_id, type, row_id, method, path, body, overlay, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
#define SELECT_ENTRIES "SELECT id, mutation_id, type, row_id, method, path, body, overlay, attempts, sent, sequence, created_at," \
                       " rejected FROM entries"
static const char SQL_LIST[] = SELECT_ENTRIES " WHERE rejected IS NULL ORDER BY id";
static const char SQL_LIST_ALL[] = SELECT_ENTRIES " ORDER BY id";
static const char SQL_REWRITE[] = "UPDATE entries SET row_id = ?2, path = ?3, body = ?4, overlay = ?5 WHERE id = ?1";
static const char SQL_RENAMED[] = "SELECT id FROM renamed WHERE store = ?1 AND temporary = ?2";
static const char SQL_RENAME[] = "INSERT OR REPLACE INTO renamed (store, temporary, id) VALUES (?1, ?2, ?3)";
static const char SQL_REJECT[] = "UPDATE entries SET rejected = ?2 WHERE id = ?1";
static const char SQL_FORGET_REJECTED[] =
  "DELETE FROM entries WHERE rejected IS NOT NULL AND id NOT IN"
  " (SELECT id FROM entries WHERE rejected IS NOT NULL ORDER BY id DESC LIMIT ?1)";
static const char SQL_RETRY[] =
  "UPDATE entries SET rejected = NULL, attempts = 0, mutation_id = ?2 WHERE mutation_id = ?1 AND rejected IS NOT NULL";
static const char SQL_MARK_SENT[] = "UPDATE entries SET sent = 1, sequence = ?2, epoch = ?3 WHERE id = ?1";
static const char SQL_SETTLE[] = "DELETE FROM entries WHERE sent = 1 AND epoch = ?1 AND sequence <= ?2";
static const char SQL_LOST[] = "SELECT id FROM entries WHERE sent = 1 AND epoch <> ?1";
static const char SQL_UNNAME[] = "DELETE FROM renamed WHERE store = ?1 AND temporary = ?2";
static const char SQL_SEND_AGAIN[] = "UPDATE entries SET sent = 0, sequence = 0, epoch = '' WHERE sent = 1 AND epoch <> ?1";
static const char SQL_CLAIM[] = "UPDATE entries SET attempts = attempts + 1 WHERE id = ?1 AND sent = 0 AND rejected IS NULL";
static const char SQL_REMOVE[] = "DELETE FROM entries WHERE id = ?1";
/* What made a row goes when that has its id: others may refer to it by the temporary one. */
static const char SQL_RELEASE[] = "DELETE FROM entries WHERE mutation_id = ?1 AND row_id >= 0";

void
crown_outbox_entry_free (CrownOutboxEntry *entry)
{
  g_free (entry->mutation_id);
  g_free (entry->method);
  g_free (entry->path);
  g_clear_pointer (&entry->body, json_object_unref);
  g_clear_pointer (&entry->overlay, json_object_unref);
  g_free (entry->rejected);
  g_free (entry);
}

CrownOutboxEntry *
crown_outbox_entry_copy (const CrownOutboxEntry *entry)
{
  CrownOutboxEntry *copy = g_memdup2 (entry, sizeof *entry);

  copy->mutation_id = g_strdup (entry->mutation_id);
  copy->method = g_strdup (entry->method);
  copy->path = g_strdup (entry->path);
  copy->rejected = g_strdup (entry->rejected);
  if (entry->body != NULL)
    copy->body = json_object_ref (entry->body);
  if (entry->overlay != NULL)
    copy->overlay = json_object_ref (entry->overlay);
  return copy;
}

/* It is small, and nothing can rebuild it: all of it is looked at. */
static CrownSqlite *
open_db (const char  *path,
         GError     **error)
{
  g_autoptr (CrownSqlite) db = crown_sqlite_open (path, CROWN_SQLITE_SYNC_FULL | CROWN_SQLITE_KNOWN_SCHEMA, error);

  if (db == NULL || !crown_sqlite_check (db, error) ||
      !crown_backup_migrate (db, migrations, G_N_ELEMENTS (migrations), NULL, error))
    return NULL;
  return g_steal_pointer (&db);
}

static CrownSqlite *
salvage (const char  *path,
         GError     **error)
{
  g_autofree char *aside = NULL;
  CrownSqlite *db;
  guint n;

  if (!crown_sqlite_set_aside (path, "damaged", &aside, error) || !(db = open_db (path, error)))
    return NULL;
  n = aside != NULL ? crown_outbox_salvage (db, aside) : 0;
  g_message ("%s was damaged and is kept as %s; %u entries of it could be read and are in the fresh one", path, aside,
             n);
  return db;
}

/**
 * crown_outbox_open:
 * @path: outbox.db; made where it is missing. A damaged one is set aside as outbox.db.damaged-N, and what can be read of
 *   its entries is put into a fresh one
 * @error: (out) (optional): %CROWN_SQLITE_ERROR
 *
 * Returns: (transfer full): a connection for the calling thread
 */
CrownOutbox *
crown_outbox_open (const char  *path,
                   GError     **error)
{
  g_autoptr (GError) local_error = NULL;
  CrownSqlite *db = open_db (path, &local_error);
  CrownOutbox *self;

  if (db == NULL && !g_error_matches (local_error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_CORRUPT))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  if (db == NULL && (db = salvage (path, error)) == NULL)
    return NULL;
  self = g_new0 (CrownOutbox, 1);
  self->db = db;
  return self;
}

gboolean
crown_outbox_keep (CrownOutbox       *self,
                   const CrownClock  *clock,
                   GError           **error)
{
  return crown_backup_keep (self->db, clock, NULL, error);
}

gboolean
crown_outbox_is_damaged (CrownOutbox *self)
{
  return crown_sqlite_is_damaged (self->db) || crown_sqlite_is_replaced (self->db);
}

void
crown_outbox_close (CrownOutbox *self)
{
  g_clear_pointer (&self->db, crown_sqlite_close);
  g_free (self);
}

static JsonObject *
with_defaults (JsonObject *fields,
               const char *defaults)
{
  JsonObject *row = crown_json_parse_object (defaults, -1, NULL);
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, fields);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    json_object_set_member (row, name, json_node_copy (node));
  return row;
}

static CrownOutboxEntry *
new_row (CrownEventType    type,
         JsonObject       *fields,
         const char       *defaults,
         const CrownClock *clock)
{
  const CrownEventInfo *info = crown_event_info (type);
  CrownOutboxEntry *entry = g_new0 (CrownOutboxEntry, 1);
  g_autofree char *now = crown_clock_now_iso (clock);
  JsonObject *row = with_defaults (fields, defaults);

  json_object_set_string_member (row, "created_at", now);
  if (type == CROWN_EVENT_SESSION_CREATE && !json_object_has_member (row, "started_at"))
    json_object_set_string_member (row, "started_at", now);
  entry->type = type;
  entry->method = g_strdup ("POST");
  entry->path = g_strdup_printf ("/%s", crown_store_to_string (info->store));
  entry->body = crown_json_object_copy (fields);
  entry->overlay = json_object_new ();
  json_object_set_object_member (entry->overlay, info->row_member, row);
  json_object_set_string_member (entry->overlay, "timestamp", now);
  return entry;
}

CrownOutboxEntry *
crown_outbox_entry_new_task (JsonObject       *fields,
                             const CrownClock *clock)
{
  return new_row (CROWN_EVENT_TASK_CREATE, fields, "{\"id\":0,\"session_id\":0,\"text\":\"\",\"status\":\"pending\","
                  "\"priority\":\"medium\",\"due_date\":null,\"assignee\":null,\"completed_at\":null,\"evidence_line\":-1}",
                  clock);
}

CrownOutboxEntry *
crown_outbox_entry_new_meeting (JsonObject       *fields,
                                const CrownClock *clock)
{
  return new_row (CROWN_EVENT_SESSION_CREATE, fields, "{\"id\":0,\"title\":\"\",\"status\":\"active\",\"duration\":0,"
                  "\"summary\":\"\",\"task_count\":0,\"participant_count\":0,\"archived\":false}", clock);
}

static gboolean
makes_row (const CrownOutboxEntry *entry)
{
  return crown_event_info (entry->type)->effect == CROWN_EFFECT_PUT;
}

CrownWriteState
crown_outbox_entry_get_state (const CrownOutboxEntry *entry)
{
  if (entry->rejected != NULL)
    return CROWN_WRITE_REJECTED;
  if (entry->sent)
    return CROWN_WRITE_ANSWERED;
  return entry->attempts > 0 ? CROWN_WRITE_TRIED : CROWN_WRITE_WAITING;
}

/* The meeting of a task that is made. */
static gint64
session_of (const CrownOutboxEntry *entry)
{
  return entry->body != NULL && makes_row (entry) ? crown_json_opt_int (entry->body, "session_id", 0) : 0;
}

gboolean
crown_outbox_entry_is_early (const CrownOutboxEntry *entry)
{
  return (entry->row_id < 0 && !makes_row (entry)) || session_of (entry) < 0;
}

/* Whether @entry is made on the row that @maker makes. */
static gboolean
is_made_on (const CrownOutboxEntry *entry,
            const CrownOutboxEntry *maker)
{
  CrownStore store = crown_event_info (maker->type)->store;

  if (maker->row_id >= 0 || !makes_row (maker) || entry->id == maker->id)
    return FALSE;
  return (crown_event_info (entry->type)->store == store && entry->row_id == maker->row_id) ||
         (store == CROWN_STORE_MEETINGS && session_of (entry) == maker->row_id);
}

static void
replace_int (JsonObject *object,
             const char *member,
             gint64      from,
             gint64      to)
{
  if (object != NULL && crown_json_opt_int (object, member, 0) == from)
    json_object_set_int_member (object, member, to);
}

/* @from is a temporary id, so that nothing else is the same number. */
static void
rename_row (CrownOutboxEntry *entry,
            CrownStore        store,
            gint64            from,
            gint64            to)
{
  const CrownEventInfo *info = crown_event_info (entry->type);
  JsonObject *row = info->row_member != NULL ? crown_json_opt_object (entry->overlay, info->row_member) : NULL;

  if (info->store == store && entry->row_id == from)
    {
      g_autofree char *begin = g_strdup_printf ("/%s/%" G_GINT64_FORMAT, crown_store_to_string (store), from);

      entry->row_id = to;
      replace_int (row != NULL ? row : entry->overlay, info->id_member, from, to);
      if (g_str_has_prefix (entry->path, begin))
        {
          g_autofree char *path = g_strdup_printf ("/%s/%" G_GINT64_FORMAT "%s", crown_store_to_string (store), to,
                                                   entry->path + strlen (begin));

          g_free (entry->path);
          entry->path = g_steal_pointer (&path);
        }
    }
  if (store == CROWN_STORE_MEETINGS)
    {
      replace_int (row, "session_id", from, to);
      replace_int (entry->overlay, "session_id", from, to);
      replace_int (entry->body, "session_id", from, to);
    }
}

/* 0: it has no other yet. */
static gboolean
find_name (CrownOutbox  *self,
           CrownStore    store,
           gint64        temporary,
           gint64       *id,
           GError      **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "outbox renamed", SQL_RENAMED, error);
  int step;

  *id = 0;
  if (stmt == NULL)
    return FALSE;
  crown_sqlite_bind_text (stmt, 1, crown_store_to_string (store), -1);
  crown_sqlite_bind_int (stmt, 2, temporary);
  step = crown_sqlite_step (stmt, error);
  if (step == 1)
    *id = crown_sqlite_column_int (stmt, 0);
  crown_sqlite_reset (stmt);
  return step >= 0;
}

static gboolean
follow_name (CrownOutbox       *self,
             CrownOutboxEntry  *entry,
             CrownStore         store,
             gint64             temporary,
             GError           **error)
{
  g_autoptr (GPtrArray) entries = NULL;
  gint64 id;

  if (temporary >= 0)
    return TRUE;
  if (!find_name (self, store, temporary, &id, error))
    return FALSE;
  if (id != 0)
    {
      rename_row (entry, store, temporary, id);
      return TRUE;
    }
  if ((entries = crown_outbox_list (self, error)) == NULL)
    return FALSE;
  for (guint i = 0; i < entries->len; i++)
    {
      const CrownOutboxEntry *maker = entries->pdata[i];

      if (makes_row (maker) && maker->row_id == temporary && crown_event_info (maker->type)->store == store)
        return TRUE;
    }
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _("This is not there any more: it was taken back."));
  return FALSE;
}

/* Whoever made the entry may not know yet that its row has got its id, or was withdrawn. */
static gboolean
follow_names (CrownOutbox       *self,
              CrownOutboxEntry  *entry,
              GError           **error)
{
  return (makes_row (entry) || follow_name (self, entry, crown_event_info (entry->type)->store, entry->row_id, error)) &&
         follow_name (self, entry, CROWN_STORE_MEETINGS, session_of (entry), error);
}

static gboolean
rewrite (CrownOutbox             *self,
         const CrownOutboxEntry  *entry,
         GError                 **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "outbox rewrite", SQL_REWRITE, error);
  g_autofree char *body = entry->body != NULL ? crown_json_object_to_string (entry->body) : NULL;
  g_autofree char *overlay = crown_json_object_to_string (entry->overlay);

  if (stmt == NULL)
    return FALSE;
  crown_sqlite_bind_int (stmt, 1, entry->id);
  crown_sqlite_bind_int (stmt, 2, entry->row_id);
  crown_sqlite_bind_text (stmt, 3, entry->path, -1);
  crown_sqlite_bind_text (stmt, 4, body, -1);
  crown_sqlite_bind_text (stmt, 5, overlay, -1);
  return crown_sqlite_run (stmt, error);
}

/* The number of the entry is never used again: below 0 it is the id of the row that it makes. */
static gboolean
insert (CrownOutbox       *self,
        CrownOutboxEntry  *entry,
        GError           **error)
{
  const CrownEventInfo *info = crown_event_info (entry->type);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "outbox add", SQL_ADD, error);
  g_autofree char *body = entry->body != NULL ? crown_json_object_to_string (entry->body) : NULL;
  g_autofree char *overlay = crown_json_object_to_string (entry->overlay);

  if (stmt == NULL)
    return FALSE;
  crown_sqlite_bind_text (stmt, 1, entry->mutation_id, -1);
  crown_sqlite_bind_text (stmt, 2, info->name, -1);
  crown_sqlite_bind_int (stmt, 3, entry->row_id);
  crown_sqlite_bind_text (stmt, 4, entry->method, -1);
  crown_sqlite_bind_text (stmt, 5, entry->path, -1);
  crown_sqlite_bind_text (stmt, 6, body, -1);
  crown_sqlite_bind_text (stmt, 7, overlay, -1);
  crown_sqlite_bind_int (stmt, 8, entry->created_us);
  if (!crown_sqlite_run (stmt, error))
    return FALSE;
  entry->id = crown_sqlite_last_insert_id (self->db);
  if (!makes_row (entry) || entry->row_id != 0)
    return TRUE;
  entry->row_id = -entry->id;
  json_object_set_int_member (crown_json_opt_object (entry->overlay, info->row_member), info->id_member, entry->row_id);
  return rewrite (self, entry, error);
}

/**
 * crown_outbox_add:
 * @entry: what is to be sent; gets its id and, where it has none, its mutation_id
 *
 * Returns: %TRUE when it is on the disk
 */
gboolean
crown_outbox_add (CrownOutbox       *self,
                  CrownOutboxEntry  *entry,
                  GError           **error)
{
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;

  if (entry->mutation_id == NULL)
    entry->mutation_id = g_uuid_string_random ();
  if (entry->created_us == 0)
    entry->created_us = crown_clock_now_us (NULL);
  return crown_sqlite_begin (self->db, &tx, error) && follow_names (self, entry, error) && insert (self, entry, error) &&
         crown_sqlite_commit (&tx, error);
}

/* NULL where another version wrote what this one cannot read: the entry stays in the file, and is not sent. */
static CrownOutboxEntry *
entry_of_row (CrownSqliteStatement *stmt)
{
  const CrownEventInfo *info = crown_event_info_by_name (crown_sqlite_column_text (stmt, 2));
  const char *body = crown_sqlite_column_text (stmt, 6);
  g_autoptr (CrownOutboxEntry) entry = g_new0 (CrownOutboxEntry, 1);
  g_autoptr (GError) error = NULL;

  entry->id = crown_sqlite_column_int (stmt, 0);
  if (info == NULL ||
      (body != NULL && (entry->body = crown_json_parse_object (body, -1, &error)) == NULL) ||
      (entry->overlay = crown_json_parse_object (crown_sqlite_column_text (stmt, 7), -1, &error)) == NULL)
    {
      g_warning ("outbox entry %" G_GINT64_FORMAT " cannot be read: %s", entry->id,
                 error != NULL ? error->message : "its type is not known");
      return NULL;
    }
  entry->type = info->type;
  entry->mutation_id = g_strdup (crown_sqlite_column_text (stmt, 1));
  entry->row_id = crown_sqlite_column_int (stmt, 3);
  entry->method = g_strdup (crown_sqlite_column_text (stmt, 4));
  entry->path = g_strdup (crown_sqlite_column_text (stmt, 5));
  entry->attempts = (guint) crown_sqlite_column_int (stmt, 8);
  entry->sent = crown_sqlite_column_int (stmt, 9) != 0;
  entry->sequence = (guint64) crown_sqlite_column_int (stmt, 10);
  entry->created_us = crown_sqlite_column_int (stmt, 11);
  entry->rejected = g_strdup (crown_sqlite_column_text (stmt, 12));
  return g_steal_pointer (&entry);
}

static GPtrArray *
list (CrownOutbox  *self,
      const char   *name,
      const char   *sql,
      GError      **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_outbox_entry_free);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, name, sql, error);
  int step = -1;

  if (stmt == NULL)
    return NULL;
  while ((step = crown_sqlite_step (stmt, error)) == 1)
    {
      CrownOutboxEntry *entry = entry_of_row (stmt);

      if (entry != NULL)
        g_ptr_array_add (entries, entry);
    }
  crown_sqlite_reset (stmt);
  return step == 0 ? g_steal_pointer (&entries) : NULL;
}

/**
 * crown_outbox_list:
 *
 * Returns: (transfer full) (element-type CrownOutboxEntry): what is to be sent or confirmed, in the order of what was done
 */
GPtrArray *
crown_outbox_list (CrownOutbox  *self,
                   GError      **error)
{
  return list (self, "outbox list", SQL_LIST, error);
}

GPtrArray *
crown_outbox_list_all (CrownOutbox  *self,
                       GError      **error)
{
  return list (self, "outbox list all", SQL_LIST_ALL, error);
}

static gboolean
run_for_id (CrownOutbox  *self,
            const char   *name,
            const char   *sql,
            gint64        id,
            GError      **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, name, sql, error);

  if (stmt == NULL)
    return FALSE;
  crown_sqlite_bind_int (stmt, 1, id);
  return crown_sqlite_run (stmt, error);
}

gboolean
crown_outbox_mark_sent (CrownOutbox  *self,
                        gint64        id,
                        const char   *epoch,
                        guint64       sequence,
                        GError      **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "outbox mark sent", SQL_MARK_SENT, error);

  if (stmt == NULL)
    return FALSE;
  crown_sqlite_bind_int (stmt, 1, id);
  crown_sqlite_bind_int (stmt, 2, (gint64) sequence);
  crown_sqlite_bind_text (stmt, 3, epoch, -1);
  return crown_sqlite_run (stmt, error);
}

/* (transfer none) (nullable): of @entries */
static CrownOutboxEntry *
find_entry (GPtrArray  *entries,
            const char *mutation_id,
            gint64      id)
{
  for (guint i = 0; i < entries->len; i++)
    {
      CrownOutboxEntry *entry = entries->pdata[i];

      if (mutation_id != NULL ? g_str_equal (entry->mutation_id, mutation_id) : entry->id == id)
        return entry;
    }
  return NULL;
}

/* A row that was made in a ledger that is lost gets another id; what was done to it since follows that one. */
static gboolean
unname (CrownOutbox  *self,
        GPtrArray    *entries,
        gint64        maker_id,
        GError      **error)
{
  const CrownOutboxEntry *maker = find_entry (entries, NULL, maker_id);
  CrownStore store = maker != NULL ? crown_event_info (maker->type)->store : CROWN_STORE_NONE;
  gint64 named = maker != NULL ? maker->row_id : 0;
  CrownSqliteStatement *stmt;

  if (named <= 0 || !makes_row (maker))
    return TRUE;
  for (guint i = 0; i < entries->len; i++)
    {
      CrownOutboxEntry *entry = entries->pdata[i];

      if (entry->id < maker_id)
        continue;
      rename_row (entry, store, named, -maker_id);
      if (!rewrite (self, entry, error))
        return FALSE;
    }
  if ((stmt = crown_sqlite_prepare (self->db, "outbox unname", SQL_UNNAME, error)) == NULL)
    return FALSE;
  crown_sqlite_bind_text (stmt, 1, crown_store_to_string (store), -1);
  crown_sqlite_bind_int (stmt, 2, -maker_id);
  return crown_sqlite_run (stmt, error);
}

static gboolean
unname_lost (CrownOutbox  *self,
             const char   *epoch,
             GError      **error)
{
  g_autoptr (GPtrArray) entries = crown_outbox_list_all (self, error);
  g_autoptr (GArray) lost = g_array_new (FALSE, FALSE, sizeof (gint64));
  CrownSqliteStatement *stmt = entries != NULL ? crown_sqlite_prepare (self->db, "outbox lost", SQL_LOST, error) : NULL;
  int step;

  if (stmt == NULL)
    return FALSE;
  crown_sqlite_bind_text (stmt, 1, epoch, -1);
  while ((step = crown_sqlite_step (stmt, error)) == 1)
    {
      gint64 id = crown_sqlite_column_int (stmt, 0);

      g_array_append_val (lost, id);
    }
  crown_sqlite_reset (stmt);
  if (step < 0)
    return FALSE;
  for (guint i = 0; i < lost->len; i++)
    if (!unname (self, entries, g_array_index (lost, gint64, i), error))
      return FALSE;
  return TRUE;
}

/**
 * crown_outbox_settle:
 * @epoch: of the ledger that the cache follows
 * @sequence: up to which the cache has its events
 * @n_settled: (out) (optional): how many entries were released or are to be sent again
 *
 * An event that confirms an entry may have been applied without releasing it: in a snapshot, or before a crash between the
 * two files. And what another ledger had answered may be unknown to this one, which was restored from a backup: it is sent
 * again under its Idempotency-Key.
 */
gboolean
crown_outbox_settle (CrownOutbox  *self,
                     const char   *epoch,
                     guint64       sequence,
                     guint        *n_settled,
                     GError      **error)
{
  const char *sql = CROWN_BUG (SETTLE_BY_NUMBER) ? "DELETE FROM entries WHERE sent = 1 AND sequence <= ?2" : SQL_SETTLE;
  CrownSqliteStatement *settle = crown_sqlite_prepare (self->db, "outbox settle", sql, error);
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;
  CrownSqliteStatement *again = settle != NULL ? crown_sqlite_prepare (self->db, "outbox send again", SQL_SEND_AGAIN, error) : NULL;
  guint n;

  if (again == NULL || !crown_sqlite_begin (self->db, &tx, error))
    return FALSE;
  crown_sqlite_bind_text (settle, 1, epoch, -1);
  crown_sqlite_bind_int (settle, 2, (gint64) sequence);
  if (!crown_sqlite_run (settle, error))
    return FALSE;
  n = (guint) crown_sqlite_changes (self->db);
  if (CROWN_BUG (SETTLE_BY_NUMBER))
    return crown_sqlite_commit (&tx, error);
  if (!unname_lost (self, epoch, error))
    return FALSE;
  crown_sqlite_bind_text (again, 1, epoch, -1);
  if (!crown_sqlite_run (again, error))
    return FALSE;
  if (n_settled != NULL)
    *n_settled = n + (guint) crown_sqlite_changes (self->db);
  return crown_sqlite_commit (&tx, error);
}

gboolean
crown_outbox_claim (CrownOutbox  *self,
                    gint64        id,
                    GError      **error)
{
  return run_for_id (self, "outbox claim", SQL_CLAIM, id, error) && crown_sqlite_changes (self->db) == 1;
}

gboolean
crown_outbox_name (CrownOutbox     *self,
                   const char      *mutation_id,
                   CrownEventType   type,
                   gint64           id,
                   CrownChangeSet  *changes,
                   GError         **error)
{
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;
  g_autoptr (GPtrArray) entries = NULL;
  CrownOutboxEntry *maker;
  CrownSqliteStatement *stmt;
  CrownStore store;
  gint64 from;

  if (!crown_sqlite_begin (self->db, &tx, error) || (entries = crown_outbox_list_all (self, error)) == NULL)
    return FALSE;
  maker = find_entry (entries, mutation_id, 0);
  if (maker == NULL || maker->type != type || !makes_row (maker) || maker->row_id >= 0 || id <= 0)
    return TRUE;

  store = crown_event_info (maker->type)->store;
  from = maker->row_id;
  for (guint i = 0; i < entries->len; i++)
    {
      CrownOutboxEntry *entry = entries->pdata[i];

      if (entry != maker && (!is_made_on (entry, maker) || CROWN_BUG (KEEP_TEMPORARY_IDS)))
        continue;
      if (entry != maker)
        rename_row (entry, store, from, id);
      if (entry != maker && !rewrite (self, entry, error))
        return FALSE;
    }
  rename_row (maker, store, from, id);
  if (!rewrite (self, maker, error) || !(stmt = crown_sqlite_prepare (self->db, "outbox rename", SQL_RENAME, error)))
    return FALSE;
  crown_sqlite_bind_text (stmt, 1, crown_store_to_string (store), -1);
  crown_sqlite_bind_int (stmt, 2, from);
  crown_sqlite_bind_int (stmt, 3, id);
  if (!crown_sqlite_run (stmt, error) || !crown_sqlite_commit (&tx, error))
    return FALSE;
  crown_change_set_add (changes, store, from);
  crown_change_set_add (changes, store, id);
  if (store == CROWN_STORE_MEETINGS)
    crown_change_set_add_all (changes, CROWN_STORE_TASKS);
  return TRUE;
}

/* The entry, what is made on it, and what on that: rejected for @reason, or removed. */
static gboolean
take_out (CrownOutbox             *self,
          GPtrArray               *entries,
          const CrownOutboxEntry  *first,
          const char              *reason,
          GPtrArray               *taken,
          GError                 **error)
{
  CrownSqliteStatement *stmt =
    crown_sqlite_prepare (self->db, "outbox take out", reason != NULL ? SQL_REJECT : SQL_REMOVE, error);

  if (stmt == NULL)
    return FALSE;
  crown_sqlite_bind_int (stmt, 1, first->id);
  if (reason != NULL)
    crown_sqlite_bind_text (stmt, 2, reason, -1);
  if (!crown_sqlite_run (stmt, error))
    return FALSE;
  g_ptr_array_add (taken, crown_outbox_entry_copy (first));
  for (guint i = 0; i < entries->len; i++)
    if (is_made_on (entries->pdata[i], first) && !take_out (self, entries, entries->pdata[i], reason, taken, error))
      return FALSE;
  return TRUE;
}

gboolean
crown_outbox_reject (CrownOutbox  *self,
                     gint64        id,
                     const char   *reason,
                     GPtrArray    *taken,
                     GError      **error)
{
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;
  g_autoptr (GPtrArray) entries = NULL;
  CrownOutboxEntry *entry;

  if (!crown_sqlite_begin (self->db, &tx, error) || (entries = crown_outbox_list (self, error)) == NULL)
    return FALSE;
  entry = find_entry (entries, NULL, id);
  return entry == NULL ||
         (take_out (self, entries, entry, reason, taken, error) &&
          run_for_id (self, "outbox forget rejected", SQL_FORGET_REJECTED, CROWN_OUTBOX_REJECTED_KEPT, error) &&
          crown_sqlite_commit (&tx, error));
}

gboolean
crown_outbox_withdraw (CrownOutbox  *self,
                       const char   *mutation_id,
                       gboolean      tried,
                       GPtrArray    *taken,
                       GError      **error)
{
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;
  g_autoptr (GPtrArray) entries = NULL;
  CrownOutboxEntry *entry;
  CrownWriteState state;

  if (!crown_sqlite_begin (self->db, &tx, error) || (entries = crown_outbox_list_all (self, error)) == NULL)
    return FALSE;
  entry = find_entry (entries, mutation_id, 0);
  state = entry != NULL ? crown_outbox_entry_get_state (entry) : CROWN_WRITE_ANSWERED;
  if (state == CROWN_WRITE_ANSWERED || (state == CROWN_WRITE_TRIED && !tried && !CROWN_BUG (WITHDRAW_SENT)))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, _("This was sent already."));
      return FALSE;
    }
  return take_out (self, entries, entry, NULL, taken, error) && crown_sqlite_commit (&tx, error);
}

gboolean
crown_outbox_retry (CrownOutbox  *self,
                    const char   *mutation_id,
                    GError      **error)
{
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;
  g_autoptr (GPtrArray) entries = NULL;
  g_autofree char *key = g_uuid_string_random ();
  CrownOutboxEntry *entry;
  CrownSqliteStatement *stmt;

  if (!crown_sqlite_begin (self->db, &tx, error) || (entries = crown_outbox_list_all (self, error)) == NULL)
    return FALSE;
  entry = find_entry (entries, mutation_id, 0);
  if (entry == NULL || entry->rejected == NULL)
    return TRUE;
  if (!follow_names (self, entry, error) || !rewrite (self, entry, error) ||
      !(stmt = crown_sqlite_prepare (self->db, "outbox retry", SQL_RETRY, error)))
    return FALSE;
  crown_sqlite_bind_text (stmt, 1, mutation_id, -1);
  crown_sqlite_bind_text (stmt, 2, key, -1);
  return crown_sqlite_run (stmt, error) && crown_sqlite_commit (&tx, error);
}

gboolean
crown_outbox_remove (CrownOutbox  *self,
                     gint64        id,
                     GError      **error)
{
  return run_for_id (self, "outbox remove", SQL_REMOVE, id, error);
}

/**
 * crown_outbox_release:
 * @mutation_ids: (element-type utf8): of events that were applied; most are other people's
 * @n_removed: (out) (optional): how many entries they confirmed
 */
gboolean
crown_outbox_release (CrownOutbox  *self,
                      GPtrArray    *mutation_ids,
                      guint        *n_removed,
                      GError      **error)
{
  guint n = 0;

  for (guint i = 0; i < mutation_ids->len; i++)
    {
      CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "outbox release", SQL_RELEASE, error);

      if (stmt == NULL)
        return FALSE;
      crown_sqlite_bind_text (stmt, 1, mutation_ids->pdata[i], -1);
      if (!crown_sqlite_run (stmt, error))
        return FALSE;
      n += (guint) crown_sqlite_changes (self->db);
    }
  if (n_removed != NULL)
    *n_removed = n;
  return TRUE;
}
