/* crown-cache-reader.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-cache-reader-private.h"

#include "core/crown-event-apply.h"
#include "core/crown-json.h"
#include "crown-cache-schema.h"
#include "crown-cache-search.h"

#include <string.h>


static const char SQL_OUTBOX[] = "SELECT type, row_id, overlay FROM entries WHERE rejected IS NULL ORDER BY id";
static const char SQL_RENAMED[] = "SELECT id FROM renamed WHERE store = ?1 AND temporary = ?2";
/* Of the newest rows: who is asked for is somebody of now, and a popover has no time for all rows. An evicted row is empty. */
static const char SQL_PEOPLE[] =
  "SELECT assignee FROM (SELECT assignee FROM tasks ORDER BY id DESC LIMIT 2000) WHERE assignee IS NOT NULL"
  " UNION SELECT person.value FROM (SELECT row FROM meetings WHERE row <> '' ORDER BY id DESC LIMIT 200) AS meeting,"
  " json_each (meeting.row, '$.participants') AS person WHERE person.type = 'text' ORDER BY 1";
static const char SQL_METADATA[] = "SELECT value FROM metadata WHERE key = ?1";
static const char SQL_OPEN_TASKS[] = "SELECT count (*) FROM tasks WHERE status = 'pending'"; /* a walk along the list's index */
static const char SQL_IS_OPEN[] = "SELECT status = 'pending' FROM tasks WHERE id = ?1";
static const char SQL_LINE_START[] =
  "SELECT json_extract (segments, '$[' || ?2 || '].start') FROM transcripts WHERE session_id = ?1 AND json_valid (segments)";
static const char SQL_TRANSCRIPT[] = "SELECT segments FROM transcripts WHERE session_id = ?1";

static const char *const row_sql[CROWN_N_STORES] = {
  [CROWN_STORE_MEETINGS] = "SELECT row, _checksum FROM meetings WHERE id = ?1",
  [CROWN_STORE_TASKS] = "SELECT row, _checksum FROM tasks WHERE id = ?1",
  [CROWN_STORE_ANALYTICS] = "SELECT row, _checksum FROM analytics WHERE session_id = ?1",
};

/* Each list: its ids, those that a filter leaves, and the keys of one row for placing an overlaid one.
 * ?2 is the status, ?3 the meeting, ?4 and ?5 the first and the last day, or the times. The plain forms are one walk along an index; what a search has found is picked from it,
 * which is less than to sort it again. */
typedef struct {
  CrownStore  store;
  const char *plain;
  const char *filtered;
  const char *key; /* first text, second text, number */
  int         first;  /* whether the first text, the number and the id go up (1) or down (-1); the second text goes up */
  int         number;
  int         id;
} List;

#define TASK_FILTER   " (?2 IS NULL OR status = ?2) AND (?4 IS NULL OR (due_date IS NOT NULL AND due_date >= ?4))" \
                      " AND (?5 IS NULL OR (due_date IS NOT NULL AND due_date <= ?5))"
#define TASK_ORDER    " ORDER BY status DESC, sort_due, id DESC"

#define MEETINGS(archived, order, key, first, number, id) \
  { CROWN_STORE_MEETINGS, \
    "SELECT id FROM meetings WHERE archived = " archived " ORDER BY " order, \
    "SELECT id FROM meetings WHERE archived = " archived " AND (?2 IS NULL OR status = ?2)" \
    " AND (?4 IS NULL OR sort_at >= ?4) AND (?5 IS NULL OR sort_at < ?5) ORDER BY " order, \
    "SELECT " key " FROM meetings WHERE id = ?1", first, number, id }
#define MEETINGS_SORTED(archived) { \
  [CROWN_SORT_NEWEST] = MEETINGS (archived, "sort_at DESC, id DESC", "sort_at, '', 0", -1, 1, -1), \
  [CROWN_SORT_OLDEST] = MEETINGS (archived, "sort_at, id", "sort_at, '', 0", 1, 1, 1), \
  [CROWN_SORT_TITLE] = MEETINGS (archived, "folded, id", "folded, '', 0", 1, 1, 1), \
  [CROWN_SORT_LONGEST] = MEETINGS (archived, "duration DESC, id DESC", "'', '', duration", 1, -1, -1), \
  [CROWN_SORT_MOST_TASKS] = MEETINGS (archived, "task_count DESC, id DESC", "'', '', task_count", 1, -1, -1), \
}

/* Tasks have one order each. */
static const List lists[][CROWN_N_SORTS] = {
  [CROWN_QUERY_MEETINGS] = MEETINGS_SORTED ("0"),
  [CROWN_QUERY_ARCHIVE] = MEETINGS_SORTED ("1"),
  [CROWN_QUERY_TASKS] = { { CROWN_STORE_TASKS,
    "SELECT id FROM tasks" TASK_ORDER,
    "SELECT id FROM tasks WHERE" TASK_FILTER TASK_ORDER,
    "SELECT status, sort_due, 0 FROM tasks WHERE id = ?1", -1, 1, -1 } },
  [CROWN_QUERY_SESSION_TASKS] = { { CROWN_STORE_TASKS,
    "SELECT id FROM tasks WHERE session_id = ?3 ORDER BY line, id",
    "SELECT id FROM tasks WHERE session_id = ?3 AND" TASK_FILTER " ORDER BY line, id",
    "SELECT '', '', line FROM tasks WHERE id = ?1", 1, 1, 1 } },
};

static const List *
list_of (const CrownQuery *query)
{
  gboolean of_tasks = query->kind == CROWN_QUERY_TASKS || query->kind == CROWN_QUERY_SESSION_TASKS;

  return &lists[query->kind][of_tasks ? CROWN_SORT_NEWEST : query->sort];
}

typedef struct {
  char   *first;
  char   *second;
  gint64  number;
  gint64  id;
} Key;

static void
key_clear (Key *key)
{
  g_clear_pointer (&key->first, g_free);
  g_clear_pointer (&key->second, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Key, key_clear)

static void
overlaid_free (gpointer data)
{
  CrownOverlaid *overlaid = data;

  g_clear_pointer (&overlaid->row, json_object_unref);
  g_free (overlaid);
}

/**
 * crown_cache_reader_open:
 * @folder: with cache.db and outbox.db
 *
 * Returns: (transfer full): a reader for the calling thread
 */
CrownCacheReader *
crown_cache_reader_open (const char  *folder,
                         GError     **error)
{
  g_autoptr (CrownCacheReader) self = g_new0 (CrownCacheReader, 1);
  g_autofree char *cache = g_build_filename (folder, "cache.db", NULL);
  g_autofree char *outbox = g_build_filename (folder, "outbox.db", NULL);

  self->cache = crown_sqlite_open (cache, CROWN_SQLITE_READ_ONLY, error);
  if (self->cache != NULL)
    self->outbox = crown_sqlite_open (outbox, CROWN_SQLITE_READ_ONLY, error);
  return self->outbox != NULL ? g_steal_pointer (&self) : NULL;
}

void
crown_cache_reader_close (CrownCacheReader *self)
{
  g_clear_pointer (&self->overlaid, g_ptr_array_unref);
  g_clear_pointer (&self->missing, crown_change_set_unref);
  g_clear_pointer (&self->cache, crown_sqlite_close);
  g_clear_pointer (&self->outbox, crown_sqlite_close);
  g_free (self);
}

gboolean
crown_cache_reader_is_damaged (CrownCacheReader *self)
{
  return crown_sqlite_is_damaged (self->cache) || crown_sqlite_is_damaged (self->outbox);
}

/* A fresh file that cannot be opened yet is tried again with the next change; until then the old one is read. */
static void
follow_file (CrownSqlite **db)
{
  CrownSqlite *fresh;

  if (!crown_sqlite_is_replaced (*db) ||
      (fresh = crown_sqlite_open (crown_sqlite_get_path (*db), CROWN_SQLITE_READ_ONLY, NULL)) == NULL)
    return;
  crown_sqlite_close (*db);
  *db = fresh;
}

void
crown_cache_reader_invalidate_overlay (CrownCacheReader *self)
{
  g_clear_pointer (&self->overlaid, g_ptr_array_unref);
  follow_file (&self->cache);
  follow_file (&self->outbox);
}

static gboolean
load_text (CrownSqlite  *db,
           const char   *name,
           const char   *sql,
           gint64        id,
           const char   *key,
           char        **text,
           GError      **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, name, sql, error);
  int step;

  *text = NULL;
  if (stmt == NULL)
    return FALSE;
  if (key != NULL)
    crown_sqlite_bind_text (stmt, 1, key, -1);
  else
    crown_sqlite_bind_int (stmt, 1, id);
  step = crown_sqlite_step (stmt, error);
  if (step == 1)
    *text = g_strdup (crown_sqlite_column_text (stmt, 0));
  crown_sqlite_reset (stmt);
  return step >= 0;
}

static gboolean
load_cached_row (CrownCacheReader  *self,
                 CrownStore         store,
                 gint64             id,
                 JsonObject       **row,
                 GError           **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->cache, "read row", row_sql[store], error);
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

      /* Its bytes are what was hashed. What does not agree is not shown, and neither is what was evicted. */
      crown_checksum_bytes (text, (gsize) length, checksum);
      if (g_strcmp0 (crown_sqlite_column_text (stmt, 1), checksum) == 0)
        *row = crown_json_parse_object (text, length, NULL);
      if (*row == NULL)
        {
          if (length > 0)
            self->n_damaged++;
          if (self->missing == NULL)
            self->missing = crown_change_set_new (0);
          crown_change_set_add (self->missing, store, id);
        }
    }
  crown_sqlite_reset (stmt);
  return step >= 0;
}

CrownChangeSet *
crown_cache_reader_take_missing (CrownCacheReader *self,
                                 guint            *n_damaged)
{
  if (n_damaged != NULL)
    *n_damaged = self->n_damaged;
  self->n_damaged = 0;
  return g_steal_pointer (&self->missing);
}

CrownOverlaid *
crown_cache_reader_find_overlaid (CrownCacheReader *self,
                                  CrownStore        store,
                                  gint64            id)
{
  for (guint i = 0; i < self->overlaid->len; i++)
    {
      CrownOverlaid *overlaid = self->overlaid->pdata[i];

      if (overlaid->store == store && overlaid->id == id)
        return overlaid;
    }
  return NULL;
}

/* An entry whose row is gone has nothing to be drawn on; the server will say so. */
static gboolean
overlay_entry (CrownCacheReader      *self,
               const CrownEventInfo  *info,
               gint64                 id,
               JsonObject            *overlay,
               GError               **error)
{
  CrownOverlaid *overlaid = crown_cache_reader_find_overlaid (self, info->store, id);
  JsonObject *after = NULL;

  if (overlaid == NULL)
    {
      g_autoptr (JsonObject) row = NULL;

      if (!load_cached_row (self, info->store, id, &row, error))
        return FALSE;
      if (row == NULL && info->effect != CROWN_EFFECT_PUT)
        return TRUE;
      overlaid = g_new0 (CrownOverlaid, 1);
      overlaid->store = info->store;
      overlaid->id = id;
      overlaid->row = g_steal_pointer (&row);
      g_ptr_array_add (self->overlaid, overlaid);
    }
  if (!crown_event_apply_row (info, overlay, overlaid->row, &after, NULL))
    return TRUE;
  g_clear_pointer (&overlaid->row, json_object_unref);
  overlaid->row = after;
  return TRUE;
}

gboolean
crown_cache_reader_ensure_overlay (CrownCacheReader  *self,
                                   GError           **error)
{
  CrownSqliteStatement *stmt;
  int step;

  if (self->overlaid != NULL)
    return TRUE;
  if ((stmt = crown_sqlite_prepare (self->outbox, "read outbox", SQL_OUTBOX, error)) == NULL)
    return FALSE;

  self->overlaid = g_ptr_array_new_with_free_func (overlaid_free);
  while ((step = crown_sqlite_step (stmt, error)) == 1)
    {
      const CrownEventInfo *info = crown_event_info_by_name (crown_sqlite_column_text (stmt, 0));
      g_autoptr (JsonObject) overlay = crown_json_parse_object (crown_sqlite_column_text (stmt, 2), -1, NULL);

      if (info == NULL || overlay == NULL || info->store >= CROWN_N_STORES || row_sql[info->store] == NULL)
        continue;
      if (!overlay_entry (self, info, crown_sqlite_column_int (stmt, 1), overlay, error))
        {
          step = -1;
          break;
        }
    }
  crown_sqlite_reset (stmt);
  if (step < 0)
    crown_cache_reader_invalidate_overlay (self);
  return step == 0;
}

/* As `key` of the list selects it: what an order does not compare is the same in all rows. */
static Key
key_of_overlaid (const CrownQuery    *query,
                 const CrownOverlaid *overlaid)
{
  CrownSortKey sort = crown_cache_sort_key (overlaid->store, overlaid->row);
  g_autoptr (GString) folded = g_string_new (NULL);
  const char *first = "", *second = "";
  gint64 number = 0;

  if (query->kind == CROWN_QUERY_TASKS)
    {
      first = sort.status;
      second = sort.sort_due;
    }
  else if (query->kind == CROWN_QUERY_SESSION_TASKS)
    number = sort.line;
  else if (query->sort == CROWN_SORT_TITLE)
    {
      crown_cache_fold (overlaid->store, overlaid->row, folded);
      first = folded->str;
    }
  else if (query->sort == CROWN_SORT_LONGEST)
    number = crown_json_opt_int (overlaid->row, "duration", 0);
  else if (query->sort == CROWN_SORT_MOST_TASKS)
    number = crown_json_opt_int (overlaid->row, "task_count", 0);
  else
    first = sort.sort_at;
  return (Key) { g_strdup (first), g_strdup (second), number, overlaid->id };
}

static gboolean
key_of_cached (CrownCacheReader  *self,
               const List        *list,
               gint64             id,
               Key               *key,
               GError           **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->cache, "read key", list->key, error);
  int step;

  *key = (Key) { NULL, NULL, 0, id };
  if (stmt == NULL)
    return FALSE;
  crown_sqlite_bind_int (stmt, 1, id);
  step = crown_sqlite_step (stmt, error);
  if (step == 1)
    {
      key->first = g_strdup (crown_sqlite_column_text (stmt, 0));
      key->second = g_strdup (crown_sqlite_column_text (stmt, 1));
      key->number = crown_sqlite_column_int (stmt, 2);
    }
  crown_sqlite_reset (stmt);
  return step >= 0;
}

static int
key_compare (const List *list,
             const Key  *a,
             const Key  *b)
{
  int order = list->first * g_strcmp0 (a->first, b->first);

  if (order == 0)
    order = g_strcmp0 (a->second, b->second);
  if (order == 0)
    order = list->number * ((a->number > b->number) - (a->number < b->number));
  if (order == 0)
    order = list->id * ((a->id > b->id) - (a->id < b->id));
  return order;
}

static gboolean
belongs (const CrownQuery       *query,
         const CrownSearchQuery *search,
         const char             *person,
         const CrownOverlaid    *overlaid)
{
  CrownSortKey sort;
  g_autoptr (GString) folded = NULL;

  if (overlaid->row == NULL || overlaid->store != list_of (query)->store)
    return FALSE;
  sort = crown_cache_sort_key (overlaid->store, overlaid->row);
  if (overlaid->store == CROWN_STORE_MEETINGS && sort.archived != (query->kind == CROWN_QUERY_ARCHIVE))
    return FALSE;
  if (query->kind == CROWN_QUERY_SESSION_TASKS && sort.session_id != query->session_id)
    return FALSE;
  if (query->status != NULL && strcmp (sort.status, query->status) != 0)
    return FALSE;
  if (overlaid->store == CROWN_STORE_TASKS && (query->due_from != NULL || query->due_until != NULL))
    {
      const char *due = crown_json_opt_string (overlaid->row, "due_date", NULL);

      if (due == NULL || (query->due_from != NULL && strcmp (due, query->due_from) < 0) ||
          (query->due_until != NULL && strcmp (due, query->due_until) > 0))
        return FALSE;
    }
  if (overlaid->store == CROWN_STORE_MEETINGS &&
      ((query->from != NULL && strcmp (sort.sort_at, query->from) < 0) ||
       (query->until != NULL && strcmp (sort.sort_at, query->until) >= 0)))
    return FALSE;
  if (search == NULL && person == NULL)
    return TRUE;
  folded = g_string_new (NULL);
  crown_cache_fold (overlaid->store, overlaid->row, folded);
  return (search == NULL || crown_search_query_matches (search, folded->str)) &&
         (person == NULL || crown_cache_folded_has_person (folded->str, person));
}

/* Takes the overlaid rows out of where the cache has them and puts them where they look like they belong. */
static gboolean
place_overlaid (CrownCacheReader        *self,
                const CrownQuery        *query,
                const CrownSearchQuery  *search,
                GArray                  *ids,
                GError                 **error)
{
  const List *list = list_of (query);
  g_autoptr (GString) person = g_string_new (NULL);
  guint kept = 0;

  if (self->overlaid->len == 0)
    return TRUE;
  if (query->person != NULL)
    crown_search_fold (query->person, person);

  for (guint i = 0; i < ids->len; i++)
    {
      gint64 id = g_array_index (ids, gint64, i);

      if (crown_cache_reader_find_overlaid (self, list->store, id) == NULL)
        g_array_index (ids, gint64, kept++) = id;
    }
  g_array_set_size (ids, kept);

  for (guint i = 0; i < self->overlaid->len; i++)
    {
      const CrownOverlaid *overlaid = self->overlaid->pdata[i];
      g_auto (Key) key = { 0 };
      guint low = 0, high = ids->len;

      if (!belongs (query, search, query->person != NULL ? person->str : NULL, overlaid))
        continue;
      key = key_of_overlaid (query, overlaid);
      while (low < high)
        {
          guint middle = low + (high - low) / 2;
          gint64 id = g_array_index (ids, gint64, middle);
          CrownOverlaid *other = crown_cache_reader_find_overlaid (self, list->store, id);
          g_auto (Key) other_key = { 0 };

          if (other != NULL)
            other_key = key_of_overlaid (query, other);
          else if (!key_of_cached (self, list, id, &other_key, error))
            return FALSE;
          if (key_compare (list, &other_key, &key) < 0)
            low = middle + 1;
          else
            high = middle;
        }
      g_array_insert_val (ids, low, overlaid->id);
    }
  return TRUE;
}

GArray *
crown_cache_reader_query_ids (CrownCacheReader  *self,
                              const CrownQuery  *query,
                              GError           **error)
{
  const List *list = list_of (query);
  gboolean of_tasks = list->store == CROWN_STORE_TASKS;
  const char *from = of_tasks ? query->due_from : query->from;
  const char *until = of_tasks ? query->due_until : query->until;
  gboolean filtered = query->status != NULL || from != NULL || until != NULL;
  g_autoptr (CrownSearchQuery) search = query->text != NULL ? crown_search_query_new (query->text) : NULL;
  g_autoptr (GHashTable) found = NULL;
  g_autoptr (GHashTable) of_person = NULL;
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;
  CrownSqliteStatement *stmt;
  int step;

  if (!crown_sqlite_begin_read (self->cache, &tx, error) || !crown_cache_reader_ensure_overlay (self, error) ||
      (search != NULL && !(found = crown_cache_search_ids (self->cache, search, list->store, error))) ||
      (query->person != NULL && !of_tasks &&
       !(of_person = crown_cache_search_person (self->cache, query->person, error))) ||
      !(stmt = crown_sqlite_prepare (self->cache, "query ids", filtered ? list->filtered : list->plain, error)))
    return NULL;

  if (filtered)
    {
      crown_sqlite_bind_text (stmt, 2, query->status, -1);
      crown_sqlite_bind_text (stmt, 4, from, -1);
      crown_sqlite_bind_text (stmt, 5, until, -1);
    }
  if (query->kind == CROWN_QUERY_SESSION_TASKS)
    crown_sqlite_bind_int (stmt, 3, query->session_id);
  while ((step = crown_sqlite_step (stmt, error)) == 1)
    {
      gint64 id = crown_sqlite_column_int (stmt, 0);

      if ((found == NULL || g_hash_table_contains (found, (gpointer) (gintptr) id)) &&
          (of_person == NULL || g_hash_table_contains (of_person, (gpointer) (gintptr) id)))
        g_array_append_val (ids, id);
    }
  crown_sqlite_reset (stmt);
  if (step < 0 || !place_overlaid (self, query, search, ids, error))
    return NULL;
  return g_steal_pointer (&ids);
}

gint64
crown_cache_reader_resolve_id (CrownCacheReader *self,
                               CrownStore        store,
                               gint64            id)
{
  CrownSqliteStatement *stmt = id < 0 ? crown_sqlite_prepare (self->outbox, "resolve", SQL_RENAMED, NULL) : NULL;

  if (stmt == NULL)
    return id;
  crown_sqlite_bind_text (stmt, 1, crown_store_to_string (store), -1);
  crown_sqlite_bind_int (stmt, 2, id);
  if (crown_sqlite_step (stmt, NULL) == 1)
    id = crown_sqlite_column_int (stmt, 0);
  crown_sqlite_reset (stmt);
  return id;
}

static gboolean
read_int (CrownCacheReader  *self,
          const char        *name,
          const char        *sql,
          gint64             id,
          gint64            *value,
          GError           **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->cache, name, sql, error);
  int step;

  if (stmt == NULL)
    return FALSE;
  if (id != 0)
    crown_sqlite_bind_int (stmt, 1, id);
  step = crown_sqlite_step (stmt, error);
  *value = step == 1 ? crown_sqlite_column_int (stmt, 0) : 0;
  crown_sqlite_reset (stmt);
  return step >= 0;
}

gint64
crown_cache_reader_count_open_tasks (CrownCacheReader  *self,
                                     GError           **error)
{
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;
  gint64 n, was_open;

  if (!crown_sqlite_begin_read (self->cache, &tx, error) || !crown_cache_reader_ensure_overlay (self, error) ||
      !read_int (self, "count open tasks", SQL_OPEN_TASKS, 0, &n, error))
    return -1;

  for (guint i = 0; i < self->overlaid->len; i++)
    {
      const CrownOverlaid *overlaid = self->overlaid->pdata[i];

      if (overlaid->store != CROWN_STORE_TASKS)
        continue;
      if (!read_int (self, "is task open", SQL_IS_OPEN, overlaid->id, &was_open, error))
        return -1;
      n -= was_open;
      if (overlaid->row != NULL && strcmp (crown_cache_sort_key (CROWN_STORE_TASKS, overlaid->row).status, "pending") == 0)
        n++;
    }
  return n;
}

JsonObject *
crown_cache_reader_load_row (CrownCacheReader  *self,
                             CrownStore         store,
                             gint64             id,
                             GError           **error)
{
  const CrownOverlaid *overlaid;
  JsonObject *row;

  g_return_val_if_fail (store < CROWN_N_STORES && row_sql[store] != NULL, NULL);

  if (!crown_cache_reader_ensure_overlay (self, error))
    return NULL;
  overlaid = crown_cache_reader_find_overlaid (self, store, id);
  if (overlaid == NULL && id < 0)
    {
      id = crown_cache_reader_resolve_id (self, store, id);
      overlaid = crown_cache_reader_find_overlaid (self, store, id);
    }
  if (overlaid != NULL)
    return overlaid->row != NULL ? json_object_ref (overlaid->row) : NULL;
  return load_cached_row (self, store, id, &row, error) ? row : NULL;
}

static int
compare_people (gconstpointer a,
                gconstpointer b)
{
  return g_utf8_collate (*(const char *const *) a, *(const char *const *) b);
}

char **
crown_cache_reader_list_people (CrownCacheReader  *self,
                                GError           **error)
{
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->cache, "read people", SQL_PEOPLE, error);
  g_autoptr (GPtrArray) people = NULL;
  GHashTableIter iter;
  gpointer name;
  int step;

  if (stmt == NULL || !crown_cache_reader_ensure_overlay (self, error))
    return NULL;
  while ((step = crown_sqlite_step (stmt, error)) == 1)
    g_hash_table_add (names, g_strdup (crown_sqlite_column_text (stmt, 0)));
  crown_sqlite_reset (stmt);
  if (step < 0)
    return NULL;
  for (guint i = 0; i < self->overlaid->len; i++)
    {
      const CrownOverlaid *overlaid = self->overlaid->pdata[i];
      const char *assignee = overlaid->store == CROWN_STORE_TASKS && overlaid->row != NULL
                               ? crown_json_opt_string (overlaid->row, "assignee", NULL) : NULL;

      if (assignee != NULL)
        g_hash_table_add (names, g_strdup (assignee));
    }

  people = g_ptr_array_new ();
  g_hash_table_iter_init (&iter, names);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    {
      g_hash_table_iter_steal (&iter);
      g_ptr_array_add (people, name);
    }
  g_ptr_array_sort (people, compare_people);
  g_ptr_array_add (people, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&people), FALSE);
}

JsonNode *
crown_cache_reader_load_metadata (CrownCacheReader  *self,
                                  const char        *key,
                                  GError           **error)
{
  g_autofree char *text = NULL;

  if (!load_text (self->cache, "read metadata", SQL_METADATA, 0, key, &text, error) || text == NULL)
    return NULL;
  return crown_json_parse (text, -1, error);
}

gboolean
crown_cache_reader_load_line_start (CrownCacheReader  *self,
                                    gint64             session_id,
                                    gint64             line,
                                    double            *start,
                                    GError           **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->cache, "read line start", SQL_LINE_START, error);
  gboolean found;

  if (stmt == NULL)
    return FALSE;
  crown_sqlite_bind_int (stmt, 1, session_id);
  crown_sqlite_bind_int (stmt, 2, line);
  found = crown_sqlite_step (stmt, error) == 1 && !crown_sqlite_column_is_null (stmt, 0);
  if (found)
    *start = crown_sqlite_column_double (stmt, 0);
  crown_sqlite_reset (stmt);
  return found;
}

JsonArray *
crown_cache_reader_load_transcript (CrownCacheReader  *self,
                                    gint64             session_id,
                                    GError           **error)
{
  g_autofree char *text = NULL;
  g_autoptr (JsonNode) node = NULL;

  if (!load_text (self->cache, "read transcript", SQL_TRANSCRIPT, session_id, NULL, &text, error) || text == NULL)
    return NULL;
  if ((node = crown_json_parse (text, -1, error)) == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return NULL;
  return json_array_ref (json_node_get_array (node));
}
