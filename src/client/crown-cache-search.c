/* crown-cache-search.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-cache-search.h"

#include "core/crown-json.h"
#include "crown-cache-schema.h"
#include "crown-search-text.h"

#include <string.h>

static const char *const add_sql[CROWN_SEARCH_N_KINDS] = {
  [CROWN_SEARCH_KIND_MEETING] = "INSERT INTO search_meetings (rowid, title, summary, people) VALUES (?1, ?2, ?3, ?4)",
  [CROWN_SEARCH_KIND_TASK] = "INSERT INTO search_tasks (rowid, text, people) VALUES (?1, ?2, ?3)",
  [CROWN_SEARCH_KIND_LINE] = "INSERT INTO search_lines (rowid, text, people) VALUES (?1, ?2, ?3)",
};
static const char *const remove_sql[CROWN_SEARCH_N_KINDS] = {
  [CROWN_SEARCH_KIND_MEETING] =
    "INSERT INTO search_meetings (search_meetings, rowid, title, summary, people) VALUES ('delete', ?1, ?2, ?3, ?4)",
  [CROWN_SEARCH_KIND_TASK] = "INSERT INTO search_tasks (search_tasks, rowid, text, people) VALUES ('delete', ?1, ?2, ?3)",
  [CROWN_SEARCH_KIND_LINE] = "INSERT INTO search_lines (search_lines, rowid, text, people) VALUES ('delete', ?1, ?2, ?3)",
};
static const char SQL_QUEUE[] = "INSERT OR IGNORE INTO search_queue (store, id, indexed) VALUES (?1, ?2, ?3)";
static const char SQL_QUEUED[] =
  "SELECT q.store, q.id, q.indexed, CASE q.store WHEN 0 THEN (SELECT folded FROM meetings WHERE id = q.id)"
  " ELSE (SELECT folded FROM tasks WHERE id = q.id) END FROM search_queue AS q";
static const char SQL_ALL_FOLDED[] =
  "SELECT 0, id, folded FROM meetings UNION ALL SELECT 1, id, folded FROM tasks";
static const char SQL_ALL_TRANSCRIPTS[] = "SELECT session_id, segments FROM transcripts";
static const char SQL_REFOLD_MEETINGS[] = "SELECT id, row FROM meetings";
static const char SQL_REFOLD_TASKS[] = "SELECT id, row FROM tasks";
static const char SQL_PUT_FOLDED_MEETING[] = "UPDATE meetings SET folded = ?2 WHERE id = ?1";
static const char SQL_PUT_FOLDED_TASK[] = "UPDATE tasks SET folded = ?2 WHERE id = ?1";

static const char SQL_MATCH_MEETINGS[] = "SELECT rowid FROM search_meetings WHERE search_meetings MATCH ?1";
static const char SQL_MATCH_TASKS[] = "SELECT rowid FROM search_tasks WHERE search_tasks MATCH ?1";
static const char SQL_QUEUED_MEETINGS[] =
  "SELECT q.id, m.folded FROM search_queue AS q LEFT JOIN meetings AS m ON m.id = q.id WHERE q.store = 0";
static const char SQL_QUEUED_TASKS[] =
  "SELECT q.id, t.folded FROM search_queue AS q LEFT JOIN tasks AS t ON t.id = q.id WHERE q.store = 1";
static const char SQL_FOLDED_MEETINGS[] = "SELECT id, folded FROM meetings";
static const char SQL_FOLDED_TASKS[] = "SELECT id, folded FROM tasks";

static void
bind_part (CrownSqliteStatement  *stmt,
           int                    column,
           const char           **rest)
{
  const char *end = strchr (*rest, CROWN_SEARCH_PART[0]);

  crown_sqlite_bind_text (stmt, column, *rest, end != NULL ? end - *rest : -1);
  *rest = end != NULL ? end + 1 : "";
}

static gboolean
write_row (CrownSqlite  *db,
           CrownStore    store,
           gint64        id,
           const char   *folded,
           gboolean      add,
           GError      **error)
{
  CrownSearchKind kind = store == CROWN_STORE_TASKS ? CROWN_SEARCH_KIND_TASK : CROWN_SEARCH_KIND_MEETING;
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "search index", add ? add_sql[kind] : remove_sql[kind], error);
  int n_parts = store == CROWN_STORE_TASKS ? 2 : 3;

  if (stmt == NULL)
    return FALSE;
  crown_sqlite_bind_int (stmt, 1, id);
  for (int i = 0; i < n_parts; i++)
    bind_part (stmt, 2 + i, &folded);
  return crown_sqlite_run (stmt, error);
}

gboolean
crown_cache_search_change (CrownSqlite  *db,
                           CrownStore    store,
                           gint64        id,
                           const char   *old,
                           const char   *new,
                           gboolean      direct,
                           guint        *n_queued,
                           GError      **error)
{
  CrownSqliteStatement *stmt;

  if (g_strcmp0 (old, new) == 0)
    return TRUE;
  /* What is queued must not be written past: the index has another text of it than the row. */
  if (direct && *n_queued > 0 && !crown_cache_search_drain (db, n_queued, error))
    return FALSE;
  if (direct)
    return (old == NULL || write_row (db, store, id, old, FALSE, error)) &&
           (new == NULL || write_row (db, store, id, new, TRUE, error));

  if ((stmt = crown_sqlite_prepare (db, "search queue", SQL_QUEUE, error)) == NULL)
    return FALSE;
  crown_sqlite_bind_int (stmt, 1, store == CROWN_STORE_TASKS);
  crown_sqlite_bind_int (stmt, 2, id);
  crown_sqlite_bind_text (stmt, 3, old, -1);
  if (!crown_sqlite_run (stmt, error))
    return FALSE;
  *n_queued += (guint) crown_sqlite_changes (db);
  return TRUE;
}

gboolean
crown_cache_search_drain (CrownSqlite  *db,
                          guint        *n_queued,
                          GError      **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "search queue", SQL_QUEUED, error);
  int step = -1;

  while (stmt != NULL && (step = crown_sqlite_step (stmt, error)) == 1)
    {
      CrownStore store = crown_sqlite_column_int (stmt, 0) != 0 ? CROWN_STORE_TASKS : CROWN_STORE_MEETINGS;
      gint64 id = crown_sqlite_column_int (stmt, 1);
      const char *indexed = crown_sqlite_column_text (stmt, 2);
      const char *folded = crown_sqlite_column_text (stmt, 3);

      if (g_strcmp0 (indexed, folded) == 0)
        continue;
      if ((indexed != NULL && !write_row (db, store, id, indexed, FALSE, error)) ||
          (folded != NULL && !write_row (db, store, id, folded, TRUE, error)))
        {
          crown_sqlite_reset (stmt);
          return FALSE;
        }
    }
  if (step < 0 || !crown_sqlite_exec (db, "search queue", "DELETE FROM search_queue", error))
    return FALSE;
  *n_queued = 0;
  return TRUE;
}

gboolean
crown_cache_search_lines (CrownSqlite  *db,
                          gint64        session_id,
                          const char   *segments,
                          gboolean      add,
                          GError      **error)
{
  g_autoptr (JsonNode) node = crown_json_parse (segments, -1, NULL);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GString) speaker = g_string_new (NULL);
  JsonArray *lines = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  guint n_lines = lines != NULL ? MIN (json_array_get_length (lines), 1u << CROWN_SEARCH_LINE_BITS) : 0;

  /* A number that has no room for its lines has none in the index; no server of ours gives one. */
  if (session_id <= 0 || session_id > G_MAXINT64 >> CROWN_SEARCH_LINE_BITS)
    return TRUE;
  for (guint i = 0; i < n_lines; i++)
    {
      JsonNode *line = json_array_get_element (lines, i);
      CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "search index",
                                                         add ? add_sql[CROWN_SEARCH_KIND_LINE]
                                                             : remove_sql[CROWN_SEARCH_KIND_LINE], error);

      if (stmt == NULL)
        return FALSE;
      if (!JSON_NODE_HOLDS_OBJECT (line))
        continue;
      g_string_truncate (text, 0);
      g_string_truncate (speaker, 0);
      crown_search_fold (crown_json_opt_string (json_node_get_object (line), "text", ""), text);
      crown_search_fold (crown_json_opt_string (json_node_get_object (line), "speaker", ""), speaker);
      crown_sqlite_bind_int (stmt, 1, (session_id << CROWN_SEARCH_LINE_BITS) | i);
      crown_sqlite_bind_text (stmt, 3, speaker->str, -1);
      crown_sqlite_bind_text (stmt, 2, text->str, -1);
      if (!crown_sqlite_run (stmt, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
crown_cache_search_clear (CrownSqlite  *db,
                          guint        *n_queued,
                          GError      **error)
{
  *n_queued = 0;
  return crown_sqlite_exec (db, "clear search", "INSERT INTO search_meetings (search_meetings) VALUES ('delete-all');"
                            "INSERT INTO search_tasks (search_tasks) VALUES ('delete-all');"
                            "INSERT INTO search_lines (search_lines) VALUES ('delete-all');"
                            "DELETE FROM search_queue", error);
}

/* Two passes: a row must not change under the statement that reads it. */
static gboolean
refold (CrownSqlite  *db,
        CrownStore    store,
        GError      **error)
{
  gboolean is_task = store == CROWN_STORE_TASKS;
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "fold", is_task ? SQL_REFOLD_TASKS : SQL_REFOLD_MEETINGS, error);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) folded = g_string_new (NULL);
  int step = -1;

  while (stmt != NULL && (step = crown_sqlite_step (stmt, error)) == 1)
    {
      gint64 id = crown_sqlite_column_int (stmt, 0);
      g_autoptr (JsonObject) row = crown_json_parse_object (crown_sqlite_column_text (stmt, 1), -1, NULL);

      if (row == NULL)
        continue; /* damaged: whoever reads it will see that */
      crown_cache_fold (store, row, folded);
      g_array_append_val (ids, id);
      g_ptr_array_add (texts, g_strdup (folded->str));
    }
  for (guint i = 0; step == 0 && i < ids->len; i++)
    {
      stmt = crown_sqlite_prepare (db, "fold", is_task ? SQL_PUT_FOLDED_TASK : SQL_PUT_FOLDED_MEETING, error);
      if (stmt == NULL)
        return FALSE;
      crown_sqlite_bind_int (stmt, 1, g_array_index (ids, gint64, i));
      crown_sqlite_bind_text (stmt, 2, texts->pdata[i], -1);
      if (!crown_sqlite_run (stmt, error))
        return FALSE;
    }
  return step == 0;
}

gboolean
crown_cache_search_add_transcripts (CrownSqlite  *db,
                                    GError      **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "transcripts", SQL_ALL_TRANSCRIPTS, error);
  int step = -1;

  while (stmt != NULL && (step = crown_sqlite_step (stmt, error)) == 1)
    if (!crown_cache_search_lines (db, crown_sqlite_column_int (stmt, 0), crown_sqlite_column_text (stmt, 1), TRUE, error))
      {
        crown_sqlite_reset (stmt);
        return FALSE;
      }
  return step == 0;
}

gboolean
crown_cache_search_rebuild (CrownSqlite  *db,
                            gboolean      fold,
                            guint        *n_queued,
                            GError      **error)
{
  CrownSqliteStatement *stmt;
  int step = -1;

  if ((fold && (!refold (db, CROWN_STORE_MEETINGS, error) || !refold (db, CROWN_STORE_TASKS, error))) ||
      !crown_cache_search_clear (db, n_queued, error))
    return FALSE;
  stmt = crown_sqlite_prepare (db, "fill search", SQL_ALL_FOLDED, error);
  while (stmt != NULL && (step = crown_sqlite_step (stmt, error)) == 1)
    {
      CrownStore store = crown_sqlite_column_int (stmt, 0) != 0 ? CROWN_STORE_TASKS : CROWN_STORE_MEETINGS;
      gint64 id = crown_sqlite_column_int (stmt, 1);

      if (!write_row (db, store, id, crown_sqlite_column_text (stmt, 2), TRUE, error))
        {
          crown_sqlite_reset (stmt);
          return FALSE;
        }
    }
  return step == 0 && crown_cache_search_add_transcripts (db, error);
}

/* Takes out what does not match of the rows that @sql gives, and adds what does. */
static gboolean
match_folded (CrownSqlite             *db,
              const CrownSearchQuery  *query,
              const char              *sql,
              GHashTable              *ids,
              GError                 **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (db, "search rows", sql, error);
  int step = -1;

  while (stmt != NULL && (step = crown_sqlite_step (stmt, error)) == 1)
    {
      gint64 id = crown_sqlite_column_int (stmt, 0);
      const char *folded = crown_sqlite_column_text (stmt, 1);

      if (folded != NULL && crown_search_query_matches (query, folded))
        g_hash_table_add (ids, (gpointer) (gintptr) id);
      else
        g_hash_table_remove (ids, (gpointer) (gintptr) id);
    }
  return step == 0;
}

G_STATIC_ASSERT (sizeof (gpointer) >= sizeof (gint64));

GHashTable *
crown_cache_search_ids (CrownSqlite             *db,
                        const CrownSearchQuery  *query,
                        CrownStore               store,
                        GError                 **error)
{
  g_autoptr (GHashTable) ids = g_hash_table_new (NULL, NULL);
  const char *fts = crown_search_query_get_fts (query);
  CrownSqliteStatement *stmt;
  int step;

  if (fts == NULL)
    return match_folded (db, query, store == CROWN_STORE_TASKS ? SQL_FOLDED_TASKS : SQL_FOLDED_MEETINGS, ids, error)
             ? g_steal_pointer (&ids) : NULL;

  if ((stmt = crown_sqlite_prepare (db, "search", store == CROWN_STORE_TASKS ? SQL_MATCH_TASKS : SQL_MATCH_MEETINGS,
                                     error)) == NULL)
    return NULL;
  crown_sqlite_bind_text (stmt, 1, fts, -1);
  while ((step = crown_sqlite_step (stmt, error)) == 1)
    g_hash_table_add (ids, (gpointer) (gintptr) crown_sqlite_column_int (stmt, 0));
  return step == 0 && match_folded (db, query, store == CROWN_STORE_TASKS ? SQL_QUEUED_TASKS : SQL_QUEUED_MEETINGS, ids, error)
           ? g_steal_pointer (&ids) : NULL;
}

gboolean
crown_cache_folded_has_person (const char *folded,
                               const char *name)
{
  const char *people = strrchr (folded, CROWN_SEARCH_PART[0]);
  gsize length = strlen (name);

  for (const char *p = people; length > 0 && p != NULL && (p = strstr (p + 1, name)) != NULL;)
    if (p[length] == '\0' || p[length] == ' ')
      return TRUE;
  return FALSE;
}

GHashTable *
crown_cache_search_person (CrownSqlite  *db,
                           const char   *name,
                           GError      **error)
{
  g_autoptr (GHashTable) ids = g_hash_table_new (NULL, NULL);
  g_autoptr (GString) folded = g_string_new (NULL);
  g_autofree char *phrase = NULL;
  CrownSqliteStatement *stmt;
  int step;

  crown_search_fold (name, folded);
  if (folded->len == 0)
    return g_steal_pointer (&ids);

  /* Letters, digits and spaces only: there is nothing in it that could end the phrase. */
  phrase = g_strdup_printf ("people : \"%s\"", folded->str + 1);
  if ((stmt = crown_sqlite_prepare (db, "search", SQL_MATCH_MEETINGS, error)) == NULL)
    return NULL;
  crown_sqlite_bind_text (stmt, 1, phrase, -1);
  while ((step = crown_sqlite_step (stmt, error)) == 1)
    g_hash_table_add (ids, (gpointer) (gintptr) crown_sqlite_column_int (stmt, 0));
  if (step < 0 || (stmt = crown_sqlite_prepare (db, "search rows", SQL_QUEUED_MEETINGS, error)) == NULL)
    return NULL;

  while ((step = crown_sqlite_step (stmt, error)) == 1)
    {
      gint64 id = crown_sqlite_column_int (stmt, 0);
      const char *text = crown_sqlite_column_text (stmt, 1);

      if (text != NULL && crown_cache_folded_has_person (text, folded->str))
        g_hash_table_add (ids, (gpointer) (gintptr) id);
      else
        g_hash_table_remove (ids, (gpointer) (gintptr) id);
    }
  return step == 0 ? g_steal_pointer (&ids) : NULL;
}
