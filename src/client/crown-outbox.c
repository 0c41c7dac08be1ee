/* crown-outbox.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-outbox.h"

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
};

static const char SQL_ADD[] =
  "INSERT INTO entries (mutation_id, type, row_id, method, path, body, overlay) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
static const char SQL_LIST[] =
  "SELECT id, mutation_id, type, row_id, method, path, body, overlay, attempts, sent, sequence FROM entries ORDER BY id";
static const char SQL_MARK_SENT[] = "UPDATE entries SET sent = 1, sequence = ?2, epoch = ?3 WHERE id = ?1";
static const char SQL_SETTLE[] = "DELETE FROM entries WHERE sent = 1 AND epoch = ?1 AND sequence <= ?2";
static const char SQL_SEND_AGAIN[] = "UPDATE entries SET sent = 0, sequence = 0, epoch = '' WHERE sent = 1 AND epoch <> ?1";
static const char SQL_COUNT_ATTEMPT[] = "UPDATE entries SET attempts = attempts + 1 WHERE id = ?1";
static const char SQL_REMOVE[] = "DELETE FROM entries WHERE id = ?1";
static const char SQL_RELEASE[] = "DELETE FROM entries WHERE mutation_id = ?1";

void
crown_outbox_entry_free (CrownOutboxEntry *entry)
{
  g_free (entry->mutation_id);
  g_free (entry->method);
  g_free (entry->path);
  g_clear_pointer (&entry->body, json_object_unref);
  g_clear_pointer (&entry->overlay, json_object_unref);
  g_free (entry);
}

CrownOutboxEntry *
crown_outbox_entry_copy (const CrownOutboxEntry *entry)
{
  CrownOutboxEntry *copy = g_memdup2 (entry, sizeof *entry);

  copy->mutation_id = g_strdup (entry->mutation_id);
  copy->method = g_strdup (entry->method);
  copy->path = g_strdup (entry->path);
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
  const CrownEventInfo *info = crown_event_info (entry->type);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "outbox add", SQL_ADD, error);
  g_autofree char *body = entry->body != NULL ? crown_json_object_to_string (entry->body) : NULL;
  g_autofree char *overlay = crown_json_object_to_string (entry->overlay);

  if (stmt == NULL)
    return FALSE;
  if (entry->mutation_id == NULL)
    entry->mutation_id = g_uuid_string_random ();

  crown_sqlite_bind_text (stmt, 1, entry->mutation_id, -1);
  crown_sqlite_bind_text (stmt, 2, info->name, -1);
  crown_sqlite_bind_int (stmt, 3, entry->row_id);
  crown_sqlite_bind_text (stmt, 4, entry->method, -1);
  crown_sqlite_bind_text (stmt, 5, entry->path, -1);
  crown_sqlite_bind_text (stmt, 6, body, -1);
  crown_sqlite_bind_text (stmt, 7, overlay, -1);
  if (!crown_sqlite_run (stmt, error))
    return FALSE;
  entry->id = crown_sqlite_last_insert_id (self->db);
  return TRUE;
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
  return g_steal_pointer (&entry);
}

/**
 * crown_outbox_list:
 *
 * Returns: (transfer full) (element-type CrownOutboxEntry): all entries in the order of what was done
 */
GPtrArray *
crown_outbox_list (CrownOutbox  *self,
                   GError      **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_outbox_entry_free);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "outbox list", SQL_LIST, error);
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
  CrownSqliteStatement *again = settle != NULL ? crown_sqlite_prepare (self->db, "outbox send again", SQL_SEND_AGAIN, error) : NULL;
  guint n;

  if (again == NULL)
    return FALSE;
  crown_sqlite_bind_text (settle, 1, epoch, -1);
  crown_sqlite_bind_int (settle, 2, (gint64) sequence);
  if (!crown_sqlite_run (settle, error))
    return FALSE;
  n = (guint) crown_sqlite_changes (self->db);
  if (CROWN_BUG (SETTLE_BY_NUMBER))
    return TRUE;
  crown_sqlite_bind_text (again, 1, epoch, -1);
  if (!crown_sqlite_run (again, error))
    return FALSE;
  if (n_settled != NULL)
    *n_settled = n + (guint) crown_sqlite_changes (self->db);
  return TRUE;
}

gboolean
crown_outbox_count_attempt (CrownOutbox  *self,
                            gint64        id,
                            GError      **error)
{
  return run_for_id (self, "outbox count attempt", SQL_COUNT_ATTEMPT, id, error);
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
