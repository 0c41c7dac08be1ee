/* crown-cache.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-cache-private.h"

#include "core/crown-bug.h"
#include "core/crown-clock.h"
#include "core/crown-event-apply.h"
#include "core/crown-json.h"
#include "crown-cache-schema.h"
#include "crown-cache-search.h"
#include "storage/crown-backup.h"

#include <glib/gstdio.h>
#include <string.h>

/* A transaction of so many events writes the search index for all of them; smaller ones queue, until so many rows wait. */
#define DIRECT_MIN 1000
#define QUEUE_MAX  1000

/* What `folded` is made by; another one and all of it is made anew. */
#define SEARCH_VERSION "1"

/* What changes together with the rows, so that a transaction that fails can take all of it back. */
typedef struct {
  CrownPosition position;
  CrownDigest   digests[CROWN_N_STORES];
  guint64       counts[CROWN_N_STORES];
  gint64        quarantined;
  gint64        unknown;
  gint64        n_repairs;
  guint         n_queued; /* rows whose search index waits; not saved, the queue is its own count */
} State;

struct _CrownCache
{
  CrownSqlite    *db;
  char           *stream;      /* workspace_{id} */
  char           *user_stream; /* user_{id} */
  gint64          workspace_id;
  State           state;
  CrownChangeSet *repairs;     /* (nullable) */
  GString        *canonical;   /* of the row at hand; kept for its memory */
  GString        *folded;      /* likewise */
  gboolean        direct;      /* the transaction at hand is large: it writes the search index itself */
};

static const char SQL_STATE_GET[] = "SELECT value FROM metadata WHERE key = '_state'";
static const char SQL_METADATA_PUT[] =
  "INSERT INTO metadata (key, value, updated_at) VALUES (?1, ?2, ?3)"
  " ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at";
static const char SQL_METADATA_GET[] = "SELECT value, updated_at FROM metadata WHERE key = ?1";
static const char SQL_COUNT_QUEUE[] = "SELECT count (*) FROM search_queue";
static const char SQL_TRANSCRIPT_GET[] = "SELECT segments FROM transcripts WHERE session_id = ?1";
static const char SQL_SESSION_PUT[] =
  "INSERT OR REPLACE INTO sessions (external_session_id, session_id, last_accessed, _cached_at) VALUES (?1, ?2, ?3, ?3)";
/* The filter is of the local stream: no server has it, so no snapshot replaces it. */
static const char SQL_METADATA_CLEAR[] = "DELETE FROM metadata WHERE substr (key, 1, 1) <> '_' AND key <> 'filter'";
static const char SQL_SESSION_DROP[] = "DELETE FROM sessions WHERE session_id = ?1";
static const char SQL_TRANSCRIPT_PUT[] = "INSERT OR REPLACE INTO transcripts (session_id, segments) VALUES (?1, ?2)";
static const char SQL_TRANSCRIPT_DROP[] = "DELETE FROM transcripts WHERE session_id = ?1";

/* How a row that is put differs from the one that is there, by what has to be written for it. */
typedef enum {
  CHANGE_BODY,  /* no column of an index */
  CHANGE_PLACE, /* those that give its place in the list that people see most */
  CHANGE_KEYS,  /* any */
  CHANGE_NEW,   /* there is none */
  N_CHANGES,
} Change;

/* The statements of the stores whose rows have a number and a digest. An update that names a column of an index writes that
 * index again, whatever is in the column; so there is one for each degree of change, and most write no index at all. */
typedef struct {
  const char *get_row;
  const char *get_old;        /* checksum, what was folded, then the columns of the indexes */
  const char *put[N_CHANGES]; /* all number the parameters alike, and use the first and the last */
  const char *drop;
  const char *clear;
} StoreSql;

#define MEETING_BODY \
  " row = ?4, _checksum = ?5, _cached_at = ?6, status = ?7, folded = ?8, title = ?9, created_at = ?10, duration = ?11," \
  " summary = ?12, task_count = ?13, participant_count = ?14 WHERE id = ?1"
#define MEETING_KEYS " archived = ?2, sort_at = ?3,"

#define TASK_BODY \
  " row = ?7, _checksum = ?8, _cached_at = ?9, folded = ?10, text = ?11, due_date = ?12, assignee = ?13 WHERE id = ?1"
#define TASK_PLACE " status = ?2, sort_due = ?3,"
#define TASK_KEYS  " session_id = ?4, line = ?5, priority = ?6,"

#define ANALYTICS_UPDATE \
  "UPDATE analytics SET row = ?2, _checksum = ?3, _cached_at = ?4, updated_at = ?5 WHERE session_id = ?1"

static const StoreSql store_sql[CROWN_N_STORES] = {
  [CROWN_STORE_MEETINGS] = {
    "SELECT row, _checksum FROM meetings WHERE id = ?1",
    "SELECT _checksum, folded, archived, sort_at FROM meetings WHERE id = ?1",
    {
      [CHANGE_BODY] = "UPDATE meetings SET" MEETING_BODY,
      [CHANGE_PLACE] = "UPDATE meetings SET" MEETING_KEYS MEETING_BODY,
      [CHANGE_KEYS] = "UPDATE meetings SET" MEETING_KEYS MEETING_BODY,
      [CHANGE_NEW] =
        "INSERT INTO meetings (id, archived, sort_at, row, _checksum, _cached_at, status, folded, title, created_at,"
        " duration, summary, task_count, participant_count) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    },
    "DELETE FROM meetings WHERE id = ?1",
    "DELETE FROM meetings",
  },
  [CROWN_STORE_TASKS] = {
    "SELECT row, _checksum FROM tasks WHERE id = ?1",
    "SELECT _checksum, folded, status, sort_due, session_id, line, priority FROM tasks WHERE id = ?1",
    {
      [CHANGE_BODY] = "UPDATE tasks SET" TASK_BODY,
      [CHANGE_PLACE] = "UPDATE tasks SET" TASK_PLACE TASK_BODY,
      [CHANGE_KEYS] = "UPDATE tasks SET" TASK_PLACE TASK_KEYS TASK_BODY,
      [CHANGE_NEW] =
        "INSERT INTO tasks (id, status, sort_due, session_id, line, priority, row, _checksum, _cached_at, folded, text,"
        " due_date, assignee) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    },
    "DELETE FROM tasks WHERE id = ?1",
    "DELETE FROM tasks",
  },
  [CROWN_STORE_ANALYTICS] = {
    "SELECT row, _checksum FROM analytics WHERE session_id = ?1",
    "SELECT _checksum FROM analytics WHERE session_id = ?1",
    {
      [CHANGE_BODY] = ANALYTICS_UPDATE,
      [CHANGE_PLACE] = ANALYTICS_UPDATE,
      [CHANGE_KEYS] = ANALYTICS_UPDATE,
      [CHANGE_NEW] =
        "INSERT INTO analytics (session_id, row, _checksum, _cached_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5)",
    },
    "DELETE FROM analytics WHERE session_id = ?1",
    "DELETE FROM analytics",
  },
};

static gboolean
has_rows (CrownStore store)
{
  return store < CROWN_N_STORES && store_sql[store].drop != NULL;
}

/* Opening */

static gboolean
load_state (CrownCache  *self,
            GError     **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "load state", SQL_STATE_GET, error);
  g_autoptr (JsonObject) object = NULL;
  JsonObject *digests;
  int step;

  if (stmt == NULL)
    return FALSE;
  step = crown_sqlite_step (stmt, error);
  if (step == 1)
    object = crown_json_parse_object (crown_sqlite_column_text (stmt, 0), -1, error);
  crown_sqlite_reset (stmt);
  if (step == 0)
    return TRUE;
  if (object == NULL)
    return FALSE;

  g_strlcpy (self->state.position.epoch, crown_json_opt_string (object, "epoch", ""), sizeof self->state.position.epoch);
  self->state.position.sequence = (guint64) crown_json_opt_int (object, "sequence", 0);
  self->state.position.user_sequence = (guint64) crown_json_opt_int (object, "user_sequence", 0);
  self->state.quarantined = crown_json_opt_int (object, "quarantined", 0);
  self->state.unknown = crown_json_opt_int (object, "unknown", 0);
  self->state.n_repairs = crown_json_opt_int (object, "repairs", 0);
  digests = crown_json_opt_object (object, "digests");
  for (guint store = 0; digests != NULL && store < CROWN_N_STORES; store++)
    {
      JsonObject *digest = has_rows (store) ? crown_json_opt_object (digests, crown_store_to_string (store)) : NULL;

      if (digest != NULL)
        {
          crown_digest_from_hex (&self->state.digests[store], crown_json_opt_string (digest, "digest", ""));
          self->state.counts[store] = (guint64) crown_json_opt_int (digest, "count", 0);
        }
    }
  return TRUE;
}

static gboolean
put_metadata (CrownCache  *self,
              const char  *key,
              const char  *value,
              const char  *updated_at,
              GError     **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "put metadata", SQL_METADATA_PUT, error);

  if (stmt == NULL)
    return FALSE;
  crown_sqlite_bind_text (stmt, 1, key, -1);
  crown_sqlite_bind_text (stmt, 2, value, -1);
  crown_sqlite_bind_text (stmt, 3, updated_at, -1);
  return crown_sqlite_run (stmt, error);
}

/* Names that begin with '_' are the cache's own; no event sets them. */
static gboolean
save_state (CrownCache  *self,
            GError     **error)
{
  const State *state = &self->state;
  g_autoptr (GString) json = g_string_sized_new (512);
  const char *separator = "";

  g_string_append_printf (json, "{\"epoch\":\"%s\",\"sequence\":%" G_GUINT64_FORMAT ",\"user_sequence\":%" G_GUINT64_FORMAT
                          ",\"quarantined\":%" G_GINT64_FORMAT ",\"unknown\":%" G_GINT64_FORMAT ",\"repairs\":%" G_GINT64_FORMAT
                          ",\"digests\":{",
                          state->position.epoch, state->position.sequence, state->position.user_sequence,
                          state->quarantined, state->unknown, state->n_repairs);
  for (guint store = 0; store < CROWN_N_STORES; store++)
    if (has_rows (store))
      {
        char hex[65];

        crown_digest_to_hex (&state->digests[store], hex);
        g_string_append_printf (json, "%s\"%s\":{\"count\":%" G_GUINT64_FORMAT ",\"digest\":\"%s\"}", separator,
                                crown_store_to_string (store), state->counts[store], hex);
        separator = ",";
      }
  g_string_append (json, "}}");
  return put_metadata (self, "_state", json->str, "", error);
}

/* More than SQLite's defaults: 8 MB hold the pages of a usual workspace's indexes, so that a write does not read first;
 * and the log may grow to 16 MB before its pages are put into the file, so that a page that many transactions change is
 * put there, and waited for, once. */
static gboolean
set_up_connection (CrownSqlite  *db,
                   GError      **error)
{
  return crown_sqlite_exec (db, "page cache", "PRAGMA cache_size = -8192", error) &&
         crown_sqlite_exec (db, "deleting", "PRAGMA secure_delete = OFF", error) &&
         crown_sqlite_exec (db, "checkpoint", "PRAGMA wal_autocheckpoint = 4000", error);
}

/* A file of an earlier version has the index empty and its rows folded in another way. */
static gboolean
refresh_search (CrownCache  *self,
                GError     **error)
{
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;
  CrownSqliteStatement *stmt;
  gboolean current;

  if (!crown_sqlite_begin (self->db, &tx, error) ||
      !(stmt = crown_sqlite_prepare (self->db, "get metadata", SQL_METADATA_GET, error)))
    return FALSE;
  crown_sqlite_bind_text (stmt, 1, "_search", -1);
  if (crown_sqlite_step (stmt, error) < 0)
    return FALSE;
  current = g_strcmp0 (crown_sqlite_column_text (stmt, 0), SEARCH_VERSION) == 0;
  crown_sqlite_reset (stmt);
  if (!current && (!crown_cache_search_rebuild (self->db, TRUE, &self->state.n_queued, error) ||
                   !put_metadata (self, "_search", SEARCH_VERSION, "", error)))
    return FALSE;

  if ((stmt = crown_sqlite_prepare (self->db, "search queue", SQL_COUNT_QUEUE, error)) == NULL ||
      crown_sqlite_step (stmt, error) < 0)
    return FALSE;
  self->state.n_queued = (guint) crown_sqlite_column_int (stmt, 0);
  crown_sqlite_reset (stmt);
  return crown_sqlite_commit (&tx, error);
}

/* A log that is left says that the last process did not end by itself: the file is looked at as a whole then. */
static gboolean
has_log (const char *path)
{
  g_autofree char *log = g_strconcat (path, "-wal", NULL);
  GStatBuf status;

  return g_stat (log, &status) == 0 && status.st_size > 0;
}

static CrownCache *
try_open (const char  *path,
          gint64       workspace_id,
          gint64       user_id,
          GError     **error)
{
  g_autoptr (CrownCache) self = g_new0 (CrownCache, 1);
  gboolean crashed = has_log (path);

  self->workspace_id = workspace_id;
  self->stream = g_strdup_printf ("workspace_%" G_GINT64_FORMAT, workspace_id);
  self->user_stream = g_strdup_printf ("user_%" G_GINT64_FORMAT, user_id);
  self->canonical = g_string_sized_new (1024);
  self->folded = g_string_sized_new (1024);
  self->db = crown_sqlite_open (path, CROWN_SQLITE_BULK | CROWN_SQLITE_KNOWN_SCHEMA, error);
  if (self->db == NULL || !set_up_connection (self->db, error) || (crashed && !crown_cache_check (self, error)) ||
      !crown_backup_migrate (self->db, crown_cache_migrations, crown_cache_n_migrations, NULL, error) ||
      !load_state (self, error) || !refresh_search (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

static gboolean
set_aside (const char  *path,
           GError     **error)
{
  g_autofree char *aside = NULL;

  if (!crown_sqlite_set_aside (path, "damaged", &aside, error))
    return FALSE;
  g_message ("%s was damaged and is kept as %s; a fresh one is filled from the server", path, aside);
  return TRUE;
}

/**
 * crown_cache_open:
 * @path: cache.db
 * @error: (out) (optional): %CROWN_SQLITE_ERROR_NEWER for a file of a newer version, which is left as it is
 *
 * Returns: (transfer full): the cache, fresh where the file was missing or damaged
 */
CrownCache *
crown_cache_open (const char  *path,
                  gint64       workspace_id,
                  gint64       user_id,
                  GError     **error)
{
  g_autoptr (GError) local_error = NULL;
  CrownCache *self = try_open (path, workspace_id, user_id, &local_error);

  if (self != NULL)
    return self;
  if (local_error->domain != CROWN_JSON_ERROR && !g_error_matches (local_error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_CORRUPT))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  return set_aside (path, error) ? try_open (path, workspace_id, user_id, error) : NULL;
}

CrownCache *
crown_cache_reopen (CrownCache  *self,
                    GError     **error)
{
  g_autofree char *path = g_strdup (crown_sqlite_get_path (self->db));
  gint64 workspace_id = self->workspace_id;
  gint64 user_id = g_ascii_strtoll (self->user_stream + strlen ("user_"), NULL, 10);
  gboolean replaced = crown_sqlite_is_replaced (self->db);

  crown_cache_close (self);
  return replaced || set_aside (path, error) ? crown_cache_open (path, workspace_id, user_id, error) : NULL;
}

gboolean
crown_cache_check (CrownCache  *self,
                   GError     **error)
{
  return crown_sqlite_check (self->db, error);
}

gboolean
crown_cache_is_damaged (CrownCache *self)
{
  return crown_sqlite_is_damaged (self->db) || crown_sqlite_is_replaced (self->db);
}

void
crown_cache_close (CrownCache *self)
{
  g_clear_pointer (&self->db, crown_sqlite_close);
  g_clear_pointer (&self->repairs, crown_change_set_unref);
  if (self->canonical != NULL)
    g_string_free (self->canonical, TRUE);
  if (self->folded != NULL)
    g_string_free (self->folded, TRUE);
  g_free (self->stream);
  g_free (self->user_stream);
  g_free (self);
}

void
crown_cache_set_user (CrownCache *self,
                      gint64      user_id)
{
  g_free (self->user_stream);
  self->user_stream = g_strdup_printf ("user_%" G_GINT64_FORMAT, user_id);
}

CrownSqlite *
crown_cache_get_db (CrownCache *self)
{
  return self->db;
}

guint *
crown_cache_peek_n_queued (CrownCache *self)
{
  return &self->state.n_queued;
}

gboolean
crown_cache_get_position (CrownCache     *self,
                          CrownPosition  *position,
                          GError        **error)
{
  *position = self->state.position;
  return TRUE;
}

gboolean
crown_cache_get_digest (CrownCache   *self,
                        CrownStore    store,
                        CrownDigest  *digest,
                        guint64      *count,
                        GError      **error)
{
  *digest = self->state.digests[store];
  if (count != NULL)
    *count = self->state.counts[store];
  return TRUE;
}

gboolean
crown_cache_set_digest (CrownCache         *self,
                        CrownStore          store,
                        const CrownDigest  *digest,
                        guint64             count,
                        GError            **error)
{
  State before = self->state;

  self->state.digests[store] = *digest;
  self->state.counts[store] = count;
  if (save_state (self, error))
    return TRUE;
  self->state = before;
  return FALSE;
}

const char *
crown_cache_get_path (CrownCache *self)
{
  return crown_sqlite_get_path (self->db);
}

/* Rows */

static void
mark_repair (CrownCache *self,
             CrownStore  store,
             gint64      id)
{
  if (self->repairs == NULL)
    self->repairs = crown_change_set_new (self->workspace_id);
  if (id != 0)
    crown_change_set_add (self->repairs, store, id);
  else
    crown_change_set_add_all (self->repairs, store);
}

/* A row that turned out to be wrong by itself; what an event or the server asks to drop is none. */
static void
mark_wrong (CrownCache *self,
            CrownStore  store,
            gint64      id)
{
  self->state.n_repairs++;
  mark_repair (self, store, id);
}

gint64
crown_cache_get_n_repairs (CrownCache *self)
{
  return self->state.n_repairs;
}

CrownChangeSet *
crown_cache_take_repairs (CrownCache *self)
{
  return g_steal_pointer (&self->repairs);
}

/* @text: (out) (nullable): a copy of the one column, NULL where there is no row */
static gboolean
get_text (CrownCache  *self,
          const char  *name,
          const char  *sql,
          gint64       id,
          char       **text,
          GError     **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, name, sql, error);
  int step;

  *text = NULL;
  if (stmt == NULL)
    return FALSE;
  crown_sqlite_bind_int (stmt, 1, id);
  step = crown_sqlite_step (stmt, error);
  if (step == 1)
    *text = g_strdup (crown_sqlite_column_text (stmt, 0));
  crown_sqlite_reset (stmt);
  return step >= 0;
}

/* @row: (out) (nullable): NULL where there is none, it was @evicted, or its bytes do not have its checksum: an event must not
 * be applied to what is damaged */
static gboolean
load_row (CrownCache  *self,
          CrownStore   store,
          gint64       id,
          JsonObject **row,
          gboolean    *evicted,
          GError     **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "load row", store_sql[store].get_row, error);
  char checksum[CROWN_CHECKSUM_HEX_LENGTH + 1];
  int step;

  *row = NULL;
  if (stmt == NULL)
    return FALSE;
  crown_sqlite_bind_int (stmt, 1, id);
  step = crown_sqlite_step (stmt, error);
  if (step == 1)
    {
      const char *text = crown_sqlite_column_text (stmt, 0);
      int length = crown_sqlite_column_bytes (stmt, 0);

      *evicted = length == 0;
      crown_checksum_bytes (text, (gsize) length, checksum);
      if (g_strcmp0 (crown_sqlite_column_text (stmt, 1), checksum) == 0)
        *row = crown_json_parse_object (text, length, NULL);
    }
  crown_sqlite_reset (stmt);
  return step >= 0;
}

static void
count_row (CrownCache *self,
           CrownStore  store,
           gint64      id,
           const char *checksum,
           gboolean    add)
{
  char text[24];
  CrownDigest digest;

  g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT, id);
  crown_digest_of_row (crown_store_to_string (store), text, checksum, &digest);
  if (add)
    crown_digest_add (&self->state.digests[store], &digest);
  else
    crown_digest_remove (&self->state.digests[store], &digest);
  self->state.counts[store] += add ? 1 : -1;
}

/* Which columns of indexes the row at hand changes, against the row that @stmt stands on. */
static Change
compare_keys (CrownSqliteStatement *stmt,
              CrownStore            store,
              JsonObject           *row,
              const CrownSortKey   *key)
{
  switch (store)
    {
    case CROWN_STORE_MEETINGS:
      return crown_sqlite_column_int (stmt, 2) == key->archived &&
             strcmp (crown_sqlite_column_text (stmt, 3), key->sort_at) == 0 ? CHANGE_BODY : CHANGE_KEYS;

    case CROWN_STORE_TASKS:
      if (crown_sqlite_column_int (stmt, 4) != key->session_id || crown_sqlite_column_int (stmt, 5) != key->line ||
          g_strcmp0 (crown_sqlite_column_text (stmt, 6), crown_json_opt_string (row, "priority", NULL)) != 0)
        return CHANGE_KEYS;
      return strcmp (crown_sqlite_column_text (stmt, 2), key->status) == 0 &&
             strcmp (crown_sqlite_column_text (stmt, 3), key->sort_due) == 0 ? CHANGE_BODY : CHANGE_PLACE;

    default:
      return CHANGE_KEYS;
    }
}

/* @row: (nullable): what it will be; @same_words: as crown_cache_search_change() wants it already, it need not be folded;
 * @change: (out) */
static gboolean
take_out_old (CrownCache          *self,
             CrownStore           store,
             gint64               id,
             JsonObject          *row,
             const CrownSortKey  *key,
             gboolean             same_words,
             Change              *change,
             GError             **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "load checksum", store_sql[store].get_old, error);
  int step;

  *change = CHANGE_NEW;
  if (stmt == NULL)
    return FALSE;
  crown_sqlite_bind_int (stmt, 1, id);
  step = crown_sqlite_step (stmt, error);
  if (step < 0)
    return FALSE;
  if (step == 1)
    {
      count_row (self, store, id, crown_sqlite_column_text (stmt, 0), FALSE);
      *change = row != NULL ? compare_keys (stmt, store, row, key) : CHANGE_KEYS;
    }
  if (step == 1 && same_words)
    g_string_assign (self->folded, crown_sqlite_column_text (stmt, 1));
  else if (store != CROWN_STORE_ANALYTICS &&
           !crown_cache_search_change (self->db, store, id, step == 1 ? crown_sqlite_column_text (stmt, 1) : NULL,
                                       row != NULL ? self->folded->str : NULL, self->direct, &self->state.n_queued, error))
    step = -1;
  crown_sqlite_reset (stmt);
  return step >= 0;
}

static gboolean
drop_by_id (CrownCache  *self,
            const char  *name,
            const char  *sql,
            gint64       id,
            GError     **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, name, sql, error);

  if (stmt == NULL)
    return FALSE;
  crown_sqlite_bind_int (stmt, 1, id);
  return crown_sqlite_run (stmt, error);
}

static gboolean
put_session (CrownCache  *self,
             gint64       id,
             JsonObject  *meeting,
             GError     **error)
{
  const char *external_id = crown_json_opt_string (meeting, "external_session_id", NULL);
  g_autofree char *now = NULL;
  CrownSqliteStatement *stmt;

  if (external_id == NULL)
    return TRUE;
  now = crown_clock_now_iso (NULL);
  if ((stmt = crown_sqlite_prepare (self->db, "put session", SQL_SESSION_PUT, error)) == NULL)
    return FALSE;
  crown_sqlite_bind_text (stmt, 1, external_id, -1);
  crown_sqlite_bind_int (stmt, 2, id);
  crown_sqlite_bind_text (stmt, 3, now, -1);
  return crown_sqlite_run (stmt, error);
}

/* @canonical, @checksum and @folded stay with the caller until the statement has run. */
static void
bind_row (CrownSqliteStatement *stmt,
          CrownStore            store,
          JsonObject           *row,
          const CrownSortKey   *key,
          const GString        *canonical,
          const char           *checksum,
          const char           *folded)
{
  gint64 now = g_get_real_time ();
  int n = 2;

#define bind_int(value)           crown_sqlite_bind_int (stmt, n++, (value))
#define bind_text(value)          crown_sqlite_bind_text (stmt, n++, (value), -1)
#define bind_text_member(member)  bind_text (crown_json_opt_string (row, (member), NULL))
#define bind_int_member(member)   bind_int (crown_json_opt_int (row, (member), 0))

  if (store == CROWN_STORE_MEETINGS)
    {
      bind_int (key->archived);
      bind_text (key->sort_at);
    }
  else if (store == CROWN_STORE_TASKS)
    {
      bind_text (key->status);
      bind_text (key->sort_due);
      bind_int (key->session_id);
      bind_int (key->line);
      bind_text_member ("priority");
    }

  crown_sqlite_bind_text (stmt, n++, canonical->str, (gssize) canonical->len);
  crown_sqlite_bind_text (stmt, n++, checksum, CROWN_CHECKSUM_HEX_LENGTH);
  bind_int (now);

  if (store == CROWN_STORE_MEETINGS)
    {
      bind_text (key->status);
      bind_text (folded);
      bind_text_member ("title");
      bind_text_member ("created_at");
      bind_int_member ("duration");
      bind_text_member ("summary");
      bind_int_member ("task_count");
      bind_int_member ("participant_count");
    }
  else if (store == CROWN_STORE_TASKS)
    {
      bind_text (folded);
      bind_text_member ("text");
      bind_text_member ("due_date");
      bind_text_member ("assignee");
    }
  else
    {
      bind_text_member ("updated_at");
    }

#undef bind_int
#undef bind_text
#undef bind_text_member
#undef bind_int_member
}

/* @same_words: what is searched of the row is what was searched of it before; @checksum: (out): room for 65 bytes */
static gboolean
put_row (CrownCache  *self,
         CrownStore   store,
         gint64       id,
         JsonObject  *row,
         gboolean     same_words,
         char        *checksum,
         GError     **error)
{
  CrownSortKey key = crown_cache_sort_key (store, row);
  CrownSqliteStatement *stmt;
  Change change;

  g_string_truncate (self->canonical, 0);
  if (!crown_json_canonicalize_object (row, TRUE, self->canonical, error))
    return FALSE;
  crown_checksum_bytes (self->canonical->str, self->canonical->len, checksum);
  if (store != CROWN_STORE_ANALYTICS && !same_words)
    crown_cache_fold (store, row, self->folded);

  if (!take_out_old (self, store, id, row, &key, same_words, &change, error) ||
      !(stmt = crown_sqlite_prepare (self->db, "put row", store_sql[store].put[change], error)))
    return FALSE;
  crown_sqlite_bind_int (stmt, 1, id);
  bind_row (stmt, store, row, &key, self->canonical, checksum, self->folded->str);
  if (!crown_sqlite_run (stmt, error))
    return FALSE;
  count_row (self, store, id, checksum, TRUE);
  return store != CROWN_STORE_MEETINGS || change != CHANGE_NEW || put_session (self, id, row, error);
}

static gboolean
unindex_transcript (CrownCache  *self,
                    gint64       session_id,
                    GError     **error)
{
  g_autofree char *segments = NULL;

  return get_text (self, "load transcript", SQL_TRANSCRIPT_GET, session_id, &segments, error) &&
         (segments == NULL || crown_cache_search_lines (self->db, session_id, segments, FALSE, error));
}

static gboolean
drop_row (CrownCache  *self,
          CrownStore   store,
          gint64       id,
          GError     **error)
{
  Change change;

  return take_out_old (self, store, id, NULL, NULL, FALSE, &change, error) &&
         drop_by_id (self, "drop row", store_sql[store].drop, id, error) &&
         (store != CROWN_STORE_MEETINGS ||
          (drop_by_id (self, "drop session", SQL_SESSION_DROP, id, error) &&
           unindex_transcript (self, id, error) && drop_by_id (self, "drop transcript", SQL_TRANSCRIPT_DROP, id, error)));
}

static gboolean
clear_store (CrownCache  *self,
             CrownStore   store,
             GError     **error)
{
  self->state.digests[store] = (CrownDigest) CROWN_DIGEST_INIT;
  self->state.counts[store] = 0;
  if (!crown_sqlite_exec (self->db, "clear store", store_sql[store].clear, error))
    return FALSE;
  return store != CROWN_STORE_MEETINGS || crown_sqlite_exec (self->db, "clear sessions", "DELETE FROM sessions", error);
}

/* Events */

static gboolean
apply_metadata (CrownCache           *self,
                const CrownEventInfo *info,
                JsonObject           *data,
                CrownChangeSet       *changes,
                GError              **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "get metadata", SQL_METADATA_GET, error);
  g_autoptr (JsonObject) before = NULL;
  g_autoptr (JsonObject) after = NULL;
  g_autofree char *text = NULL;
  int step;

  if (stmt == NULL)
    return FALSE;
  crown_sqlite_bind_text (stmt, 1, info->metadata_key, -1);
  step = crown_sqlite_step (stmt, error);
  if (step == 1)
    {
      JsonNode *value = crown_json_parse (crown_sqlite_column_text (stmt, 0), -1, NULL);

      if (value != NULL)
        {
          before = json_object_new ();
          json_object_set_string_member (before, "key", info->metadata_key);
          json_object_set_member (before, "value", value);
          json_object_set_string_member (before, "updated_at", crown_sqlite_column_text (stmt, 1));
        }
    }
  crown_sqlite_reset (stmt);
  if (step < 0 || !crown_event_apply_row (info, data, before, &after, error))
    return FALSE;

  text = crown_json_to_string (json_object_get_member (after, "value"));
  crown_change_set_add_all (changes, CROWN_STORE_METADATA);
  return put_metadata (self, info->metadata_key, text, crown_json_opt_string (after, "updated_at", ""), error);
}

static gboolean
invalidate (CrownCache      *self,
            JsonObject      *data,
            CrownChangeSet  *changes,
            GError         **error)
{
  JsonArray *ids = crown_json_opt_array (data, "ids");
  CrownStore store;

  if (!crown_store_from_string (crown_json_opt_string (data, "store", ""), &store) || !has_rows (store))
    return TRUE; /* a store of a later version */

  if (ids == NULL)
    {
      mark_repair (self, store, 0);
      crown_change_set_add_all (changes, store);
      return clear_store (self, store, error) &&
             crown_cache_search_rebuild (self->db, FALSE, &self->state.n_queued, error);
    }
  for (guint i = 0; i < json_array_get_length (ids); i++)
    {
      JsonNode *node = json_array_get_element (ids, i);
      gint64 id = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_int (node) : 0;

      if (id <= 0)
        continue;
      mark_repair (self, store, id);
      crown_change_set_add (changes, store, id);
      if (!drop_row (self, store, id, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
apply_row (CrownCache           *self,
           const CrownEventInfo *info,
           const CrownEnvelope  *envelope,
           CrownChangeSet       *changes,
           GError              **error)
{
  gint64 id = crown_event_row_id (info, envelope->data);
  gboolean evicted = FALSE;
  g_autoptr (JsonObject) before = NULL;
  g_autoptr (JsonObject) after = NULL;
  g_autoptr (GError) local_error = NULL;
  char checksum[CROWN_CHECKSUM_HEX_LENGTH + 1];

  /* What is deleted goes, also where it was evicted or is damaged, and cannot be read. */
  if (info->effect == CROWN_EFFECT_DELETE)
    {
      crown_change_set_add (changes, info->store, id);
      return drop_row (self, info->store, id, error);
    }

  /* A whole row needs no row before it. */
  if (info->effect != CROWN_EFFECT_PUT && !load_row (self, info->store, id, &before, &evicted, error))
    return FALSE;

  if (!crown_event_apply_own_row (info, envelope->data, before, &after, &local_error))
    {
      g_message ("%s %" G_GUINT64_FORMAT ": %s; it is read again", envelope->stream, envelope->sequence, local_error->message);
      if (evicted)
        mark_repair (self, info->store, id);
      else
        mark_wrong (self, info->store, id);
      return TRUE;
    }

  crown_change_set_add (changes, info->store, id);
  if (!put_row (self, info->store, id, after, !crown_cache_changes_words (info, envelope->data), checksum, error))
    return FALSE;
  if (envelope->checksum != NULL && strcmp (envelope->checksum, checksum) != 0)
    {
      g_message ("%s %" G_GUINT64_FORMAT ": %s %" G_GINT64_FORMAT " differs from the server's; it is read again",
                 envelope->stream, envelope->sequence, crown_store_to_string (info->store), id);
      mark_wrong (self, info->store, id);
    }
  return TRUE;
}

static gboolean
apply_event (CrownCache          *self,
             const CrownEnvelope *envelope,
             CrownChangeSet      *changes,
             GError             **error)
{
  const CrownEventInfo *info = crown_event_info (envelope->type);
  g_autoptr (GError) local_error = NULL;

  /* What it stands for was superseded: what it changed, a later event changes again. */
  if (crown_envelope_is_tombstone (envelope))
    return TRUE;
  /* What is of this computer alone has no place in a server's stream, and must not set anything here. */
  if (info == NULL || info->scope == CROWN_SCOPE_LOCAL)
    {
      self->state.unknown++;
      return TRUE;
    }
  if (!crown_event_check_payload (info, envelope->data, &local_error))
    {
      g_message ("%s %" G_GUINT64_FORMAT " is not applied: %s", envelope->stream, envelope->sequence, local_error->message);
      self->state.quarantined++;
      if (has_rows (info->store))
        mark_repair (self, info->store, MAX (crown_event_row_id (info, envelope->data), 0));
      return TRUE;
    }
  if (info->effect == CROWN_EFFECT_NONE)
    return TRUE;
  if (info->effect == CROWN_EFFECT_INVALIDATE)
    return invalidate (self, envelope->data, changes, error);
  if (info->store == CROWN_STORE_METADATA)
    return apply_metadata (self, info, envelope->data, changes, error);
  return apply_row (self, info, envelope, changes, error);
}

static gboolean
drain_queue (CrownCache  *self,
             GError     **error)
{
  return self->state.n_queued <= QUEUE_MAX || crown_cache_search_drain (self->db, &self->state.n_queued, error);
}

static gboolean
apply_all (CrownCache      *self,
           GPtrArray       *envelopes,
           CrownChangeSet  *changes,
           GPtrArray       *released,
           GError         **error)
{
  CrownPosition *position = &self->state.position;
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;

  if (CROWN_BUG (POSITION_FIRST) && envelopes->len > 0)
    {
      State before = self->state;
      const CrownEnvelope *last = envelopes->pdata[envelopes->len - 1];
      gboolean saved;

      if (before.position.epoch[0] == '\0')
        g_strlcpy (self->state.position.epoch, last->epoch, sizeof self->state.position.epoch);
      self->state.position.sequence = last->sequence;
      saved = save_state (self, error);
      self->state = before;
      if (!saved)
        return FALSE;
    }
  if (!crown_sqlite_begin (self->db, &tx, error))
    return FALSE;
  self->direct = envelopes->len >= DIRECT_MIN;

  for (guint i = 0; i < envelopes->len; i++)
    {
      const CrownEnvelope *envelope = envelopes->pdata[i];
      gboolean of_user = strcmp (envelope->stream, self->user_stream) == 0;
      guint64 *sequence = of_user ? &position->user_sequence : &position->sequence;

      if (!of_user && strcmp (envelope->stream, self->stream) != 0)
        {
          g_set_error (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_ENVELOPE, "%.64s is not a stream of this cache",
                       envelope->stream);
          return FALSE;
        }
      if (position->epoch[0] == '\0')
        g_strlcpy (position->epoch, envelope->epoch, sizeof position->epoch);
      if (strcmp (envelope->epoch, position->epoch) != 0)
        {
          g_set_error (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_ENVELOPE, "%s: epoch %.64s instead of %s",
                       envelope->stream, envelope->epoch, position->epoch);
          return FALSE;
        }
      if (envelope->sequence <= *sequence && !CROWN_BUG (SKIP_DEDUPE))
        continue;
      if (crown_envelope_get_first (envelope) > *sequence + 1 && !CROWN_BUG (IGNORE_GAPS) && !CROWN_BUG (FORGET_OVERFLOW))
        {
          g_set_error (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_ENVELOPE,
                       "%s: event %" G_GUINT64_FORMAT " after %" G_GUINT64_FORMAT, envelope->stream,
                       crown_envelope_get_first (envelope), *sequence);
          return FALSE;
        }
      if (!apply_event (self, envelope, changes, error))
        return FALSE;
      if (!of_user || !CROWN_BUG (FORGET_USER_POSITION))
        *sequence = envelope->sequence;
      if (released != NULL && envelope->mutation_id != NULL)
        g_ptr_array_add (released, g_strdup (envelope->mutation_id));
    }

  changes->sequence = position->sequence;
  if (!drain_queue (self, error))
    return FALSE;
  if (CROWN_BUG (SPLIT_TRANSACTION))
    return crown_sqlite_commit (&tx, error) && save_state (self, error);
  return save_state (self, error) && crown_sqlite_commit (&tx, error);
}

gboolean
crown_cache_apply (CrownCache      *self,
                   GPtrArray       *envelopes,
                   CrownChangeSet  *changes,
                   GPtrArray       *released,
                   GError         **error)
{
  State before = self->state;
  g_autoptr (CrownChangeSet) found = crown_change_set_new (self->workspace_id);
  guint n_released = released != NULL ? released->len : 0;

  if (!apply_all (self, envelopes, found, released, error))
    {
      self->state = before;
      if (released != NULL)
        g_ptr_array_set_size (released, (int) n_released);
      return FALSE;
    }
  crown_change_set_merge (changes, found);
  return TRUE;
}

/* Rows from the server */

static gboolean
put_rows (CrownCache  *self,
          CrownStore   store,
          JsonArray   *rows,
          GError     **error)
{
  const char *id_member = store == CROWN_STORE_ANALYTICS ? "session_id" : "id";
  char checksum[CROWN_CHECKSUM_HEX_LENGTH + 1];

  for (guint i = 0; rows != NULL && i < json_array_get_length (rows); i++)
    {
      JsonNode *node = json_array_get_element (rows, i);
      JsonObject *row = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
      gint64 id;

      if (row == NULL)
        {
          g_set_error (error, CROWN_JSON_ERROR, CROWN_JSON_ERROR_TYPE, "snapshot: a row of %s is no object",
                       crown_store_to_string (store));
          return FALSE;
        }
      if (!crown_json_get_int (row, id_member, &id, error) || !put_row (self, store, id, row, FALSE, checksum, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
put_snapshot_metadata (CrownCache  *self,
                       JsonArray   *rows,
                       GError     **error)
{
  for (guint i = 0; rows != NULL && i < json_array_get_length (rows); i++)
    {
      JsonNode *node = json_array_get_element (rows, i);
      JsonObject *row = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
      const char *key = row != NULL ? crown_json_opt_string (row, "key", NULL) : NULL;
      JsonNode *value = row != NULL ? json_object_get_member (row, "value") : NULL;
      g_autofree char *text = NULL;

      if (key == NULL || *key == '_' || value == NULL)
        continue;
      text = crown_json_to_string (value);
      if (!put_metadata (self, key, text, crown_json_opt_string (row, "updated_at", ""), error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
replace_all (CrownCache      *self,
             JsonObject      *snapshot,
             CrownChangeSet  *changes,
             GError         **error)
{
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;
  JsonObject *stores;
  const char *epoch;
  gint64 sequence;

  if (!crown_json_get_string (snapshot, "epoch", &epoch, error) ||
      !crown_json_get_int (snapshot, "sequence", &sequence, error) ||
      !crown_json_get_object (snapshot, "stores", &stores, error) ||
      !crown_sqlite_begin (self->db, &tx, error) ||
      !crown_cache_search_clear (self->db, &self->state.n_queued, error))
    return FALSE;
  self->direct = TRUE;

  for (CrownStore store = 0; store < CROWN_N_STORES; store++)
    {
      if (!has_rows (store))
        continue;
      if ((!CROWN_BUG (KEEP_OLD_ROWS) && !clear_store (self, store, error)) ||
          !put_rows (self, store, crown_json_opt_array (stores, crown_store_to_string (store)), error))
        return FALSE;
      crown_change_set_add_all (changes, store);
    }
  if (!crown_sqlite_exec (self->db, "clear metadata", SQL_METADATA_CLEAR, error) ||
      !crown_sqlite_exec (self->db, "drop transcripts",
                          "DELETE FROM transcripts WHERE session_id NOT IN (SELECT id FROM meetings)", error) ||
      !crown_cache_search_add_transcripts (self->db, error) ||
      !put_snapshot_metadata (self, crown_json_opt_array (stores, "metadata"), error))
    return FALSE;
  crown_change_set_add_all (changes, CROWN_STORE_METADATA);

  g_strlcpy (self->state.position.epoch, epoch, sizeof self->state.position.epoch);
  self->state.position.sequence = (guint64) sequence;
  if (!CROWN_BUG (KEEP_USER_POSITION))
    self->state.position.user_sequence = (guint64) crown_json_opt_int (snapshot, "user_sequence", 0);
  changes->sequence = (guint64) sequence;
  return save_state (self, error) && crown_sqlite_commit (&tx, error);
}

gboolean
crown_cache_load_snapshot (CrownCache      *self,
                           JsonObject      *snapshot,
                           CrownChangeSet  *changes,
                           GError         **error)
{
  State before = self->state;

  if (replace_all (self, snapshot, changes, error))
    return TRUE;
  self->state = before;
  return FALSE;
}

gboolean
crown_cache_put_row (CrownCache      *self,
                     CrownStore       store,
                     gint64           id,
                     JsonObject      *row,
                     CrownChangeSet  *changes,
                     GError         **error)
{
  State before = self->state;
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;
  char checksum[CROWN_CHECKSUM_HEX_LENGTH + 1];

  g_return_val_if_fail (has_rows (store), FALSE);

  self->direct = FALSE;
  if (crown_sqlite_begin (self->db, &tx, error) &&
      (row != NULL ? put_row (self, store, id, row, FALSE, checksum, error) : drop_row (self, store, id, error)) &&
      drain_queue (self, error) && save_state (self, error) && crown_sqlite_commit (&tx, error))
    {
      crown_change_set_add (changes, store, id);
      return TRUE;
    }
  self->state = before;
  return FALSE;
}

gboolean
crown_cache_put_transcript (CrownCache  *self,
                            gint64       session_id,
                            JsonArray   *segments,
                            GError     **error)
{
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;
  g_autoptr (JsonNode) node = json_node_init_array (json_node_alloc (), segments);
  g_autofree char *text = crown_json_to_string (node);
  CrownSqliteStatement *stmt;

  if (!crown_sqlite_begin (self->db, &tx, error) || !unindex_transcript (self, session_id, error) ||
      !(stmt = crown_sqlite_prepare (self->db, "put transcript", SQL_TRANSCRIPT_PUT, error)))
    return FALSE;
  crown_sqlite_bind_int (stmt, 1, session_id);
  crown_sqlite_bind_text (stmt, 2, text, -1);
  return crown_sqlite_run (stmt, error) && crown_cache_search_lines (self->db, session_id, text, TRUE, error) &&
         crown_sqlite_commit (&tx, error);
}

gboolean
crown_cache_index_search (CrownCache  *self,
                          GError     **error)
{
  guint before = self->state.n_queued;
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;

  if (before == 0)
    return TRUE;
  if (crown_sqlite_begin (self->db, &tx, error) && crown_cache_search_drain (self->db, &self->state.n_queued, error) &&
      crown_sqlite_commit (&tx, error))
    return TRUE;
  self->state.n_queued = before;
  return FALSE;
}

gboolean
crown_cache_mark_missing (CrownCache            *self,
                          const CrownChangeSet  *missing,
                          guint                  n_damaged,
                          GError               **error)
{
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;

  if (self->repairs == NULL)
    self->repairs = crown_change_set_new (self->workspace_id);
  crown_change_set_merge (self->repairs, missing);
  if (n_damaged == 0)
    return TRUE;
  self->state.n_repairs += n_damaged;
  if (crown_sqlite_begin (self->db, &tx, error) && save_state (self, error) && crown_sqlite_commit (&tx, error))
    return TRUE;
  self->state.n_repairs -= n_damaged;
  return FALSE;
}
