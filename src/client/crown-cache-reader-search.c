/* crown-cache-reader-search.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-cache-reader-private.h"

#include "core/crown-json.h"
#include "crown-cache-schema.h"
#include "crown-cache-search.h"

#include <string.h>

/* How many rows of a kind are ranked, the newest ones: ranking looks at each match. */
#define RANKED_MAX    500
#define SNIPPET_CHARS 120

/* What is queued for the index is the newest there is, and comes before what is ranked. */
#define SCORE_QUEUED -1000.0

/* A title says most of what something is about, a line of a transcript least. */
static const char *const search_sql[CROWN_SEARCH_N_KINDS] = {
  [CROWN_SEARCH_KIND_MEETING] =
    "SELECT rowid, bm25 (search_meetings, 10.0, 3.0, 5.0) FROM search_meetings WHERE search_meetings MATCH ?1"
    " ORDER BY rowid DESC LIMIT ?2",
  [CROWN_SEARCH_KIND_TASK] =
    "SELECT rowid, bm25 (search_tasks, 6.0, 5.0) FROM search_tasks WHERE search_tasks MATCH ?1 ORDER BY rowid DESC LIMIT ?2",
  [CROWN_SEARCH_KIND_LINE] =
    "SELECT rowid, bm25 (search_lines, 1.0, 1.0) FROM search_lines WHERE search_lines MATCH ?1 ORDER BY rowid DESC LIMIT ?2",
};
static const char SQL_QUEUED[] = "SELECT store, id FROM search_queue";
static const char SQL_LINE[] =
  "SELECT json_extract (segments, '$[' || ?2 || '].text'), json_extract (segments, '$[' || ?2 || '].speaker')"
  " FROM transcripts WHERE session_id = ?1";

typedef struct {
  CrownSearchKind kind;
  gint64          id;
  double          score;
} Candidate;

void
crown_search_hit_free (CrownSearchHit *self)
{
  g_free (self->snippet);
  g_clear_pointer (&self->ranges, g_array_unref);
  g_free (self);
}

static int
compare_candidates (gconstpointer a,
                    gconstpointer b)
{
  const Candidate *x = a, *y = b;

  if (x->score != y->score)
    return x->score < y->score ? -1 : 1;
  if (x->kind != y->kind)
    return x->kind < y->kind ? -1 : 1;
  return (x->id < y->id) - (x->id > y->id);
}

static CrownStore
store_of_kind (CrownSearchKind kind)
{
  return kind == CROWN_SEARCH_KIND_TASK ? CROWN_STORE_TASKS : CROWN_STORE_MEETINGS;
}

/* The rows that the outbox changes and those that wait for the index: both are looked at as they are now. */
static gboolean
find_recent (CrownCacheReader  *self,
             GHashTable        *recent[2],
             GError           **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->cache, "search queue", SQL_QUEUED, error);
  int step = -1;

  while (stmt != NULL && (step = crown_sqlite_step (stmt, error)) == 1)
    g_hash_table_add (recent[crown_sqlite_column_int (stmt, 0) != 0], (gpointer) (gintptr) crown_sqlite_column_int (stmt, 1));
  for (guint i = 0; i < self->overlaid->len; i++)
    {
      const CrownOverlaid *overlaid = self->overlaid->pdata[i];

      if (overlaid->store == CROWN_STORE_MEETINGS || overlaid->store == CROWN_STORE_TASKS)
        g_hash_table_add (recent[overlaid->store == CROWN_STORE_TASKS], (gpointer) (gintptr) overlaid->id);
    }
  return step == 0;
}

static gboolean
find_indexed (CrownCacheReader        *self,
              const CrownSearchQuery  *query,
              GHashTable              *recent[2],
              GArray                  *candidates,
              GError                 **error)
{
  for (CrownSearchKind kind = 0; kind < CROWN_SEARCH_N_KINDS; kind++)
    {
      CrownSqliteStatement *stmt = crown_sqlite_prepare (self->cache, "search", search_sql[kind], error);
      int step;

      if (stmt == NULL)
        return FALSE;
      crown_sqlite_bind_text (stmt, 1, crown_search_query_get_fts (query), -1);
      crown_sqlite_bind_int (stmt, 2, RANKED_MAX);
      while ((step = crown_sqlite_step (stmt, error)) == 1)
        {
          Candidate candidate = { kind, crown_sqlite_column_int (stmt, 0), crown_sqlite_column_double (stmt, 1) };

          if (kind == CROWN_SEARCH_KIND_LINE ||
              !g_hash_table_contains (recent[kind == CROWN_SEARCH_KIND_TASK], (gpointer) (gintptr) candidate.id))
            g_array_append_val (candidates, candidate);
        }
      if (step < 0)
        return FALSE;
    }
  return TRUE;
}

/* Scripts without spaces, whose words only a look at all texts finds. */
static gboolean
find_by_scan (CrownCacheReader        *self,
              const CrownSearchQuery  *query,
              GHashTable              *recent[2],
              GArray                  *candidates,
              GError                 **error)
{
  for (CrownSearchKind kind = CROWN_SEARCH_KIND_MEETING; kind <= CROWN_SEARCH_KIND_TASK; kind++)
    {
      g_autoptr (GHashTable) ids = crown_cache_search_ids (self->cache, query, store_of_kind (kind), error);
      GHashTableIter iter;
      gpointer id;

      if (ids == NULL)
        return FALSE;
      g_hash_table_iter_init (&iter, ids);
      while (g_hash_table_iter_next (&iter, &id, NULL))
        {
          Candidate candidate = { kind, (gint64) (gintptr) id, 0 };

          if (!g_hash_table_contains (recent[kind == CROWN_SEARCH_KIND_TASK], id))
            g_array_append_val (candidates, candidate);
        }
    }
  return TRUE;
}

static gboolean
add_recent (CrownCacheReader        *self,
            const CrownSearchQuery  *query,
            GHashTable              *recent[2],
            GArray                  *candidates,
            GError                 **error)
{
  g_autoptr (GString) folded = g_string_new (NULL);

  for (CrownSearchKind kind = CROWN_SEARCH_KIND_MEETING; kind <= CROWN_SEARCH_KIND_TASK; kind++)
    {
      GHashTableIter iter;
      gpointer id;

      g_hash_table_iter_init (&iter, recent[kind == CROWN_SEARCH_KIND_TASK]);
      while (g_hash_table_iter_next (&iter, &id, NULL))
        {
          Candidate candidate = { kind, (gint64) (gintptr) id, SCORE_QUEUED };
          g_autoptr (GError) local_error = NULL;
          g_autoptr (JsonObject) row = crown_cache_reader_load_row (self, store_of_kind (kind), candidate.id, &local_error);

          if (local_error != NULL)
            {
              g_propagate_error (error, g_steal_pointer (&local_error));
              return FALSE;
            }
          if (row == NULL)
            continue;
          crown_cache_fold (store_of_kind (kind), row, folded);
          if (crown_search_query_matches (query, folded->str))
            g_array_append_val (candidates, candidate);
        }
    }
  return TRUE;
}

static char *
people_of (JsonObject *row)
{
  JsonArray *participants = crown_json_opt_array (row, "participants");
  GString *people = g_string_new (NULL);

  for (guint i = 0; participants != NULL && i < json_array_get_length (participants); i++)
    if (json_node_get_value_type (json_array_get_element (participants, i)) == G_TYPE_STRING)
      g_string_append_printf (people, "%s%s", people->len > 0 ? ", " : "", json_array_get_string_element (participants, i));
  return g_string_free (people, FALSE);
}

/* The part that has a word of the query: the title if it has one, then the summary, then the people. */
static void
show_meeting (const CrownSearchQuery *query,
              JsonObject             *row,
              CrownSearchHit         *hit)
{
  g_autofree char *people = people_of (row);
  const char *const parts[] = { crown_json_opt_string (row, "title", ""), crown_json_opt_string (row, "summary", ""), people };
  static const CrownSearchPlace places[] = { CROWN_SEARCH_IN_TITLE, CROWN_SEARCH_IN_SUMMARY, CROWN_SEARCH_IN_TITLE };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_clear_pointer (&hit->snippet, g_free);
      g_clear_pointer (&hit->ranges, g_array_unref);
      hit->place = places[i];
      hit->snippet = crown_search_query_snippet (query, parts[i], SNIPPET_CHARS, &hit->ranges);
      if (hit->ranges->len > 0)
        return;
    }
}

/* FALSE without @error: it is not there any more */
static gboolean
show (CrownCacheReader        *self,
      const CrownSearchQuery  *query,
      const Candidate         *candidate,
      CrownSearchHit          *hit,
      GError                 **error)
{
  g_autoptr (JsonObject) row = NULL;
  CrownSqliteStatement *stmt;
  int step;

  hit->score = candidate->score;
  if (candidate->kind != CROWN_SEARCH_KIND_LINE)
    {
      row = crown_cache_reader_load_row (self, store_of_kind (candidate->kind), candidate->id, error);
      if (row == NULL)
        return FALSE;
      if (candidate->kind == CROWN_SEARCH_KIND_MEETING)
        {
          hit->session_id = candidate->id;
          show_meeting (query, row, hit);
          return TRUE;
        }
      hit->place = CROWN_SEARCH_IN_TASK;
      hit->task_id = candidate->id;
      hit->session_id = crown_json_opt_int (row, "session_id", 0);
      hit->snippet = crown_search_query_snippet (query, crown_json_opt_string (row, "text", ""), SNIPPET_CHARS, &hit->ranges);
      return TRUE;
    }

  hit->place = CROWN_SEARCH_IN_TRANSCRIPT;
  hit->session_id = candidate->id >> CROWN_SEARCH_LINE_BITS;
  hit->line = (guint) (candidate->id & ((1 << CROWN_SEARCH_LINE_BITS) - 1));
  if ((stmt = crown_sqlite_prepare (self->cache, "read line", SQL_LINE, error)) == NULL)
    return FALSE;
  crown_sqlite_bind_int (stmt, 1, hit->session_id);
  crown_sqlite_bind_int (stmt, 2, hit->line);
  step = crown_sqlite_step (stmt, error);
  if (step == 1 && crown_sqlite_column_text (stmt, 0) != NULL)
    {
      const char *speaker = crown_sqlite_column_text (stmt, 1);
      g_autofree char *line = speaker != NULL ? g_strconcat (speaker, ": ", crown_sqlite_column_text (stmt, 0), NULL)
                                              : g_strdup (crown_sqlite_column_text (stmt, 0));

      hit->snippet = crown_search_query_snippet (query, line, SNIPPET_CHARS, &hit->ranges);
    }
  crown_sqlite_reset (stmt);
  return hit->snippet != NULL;
}

GPtrArray *
crown_cache_reader_search (CrownCacheReader  *self,
                           const char        *text,
                           guint              limit,
                           GError           **error)
{
  g_autoptr (CrownSearchQuery) query = crown_search_query_new (text);
  g_autoptr (GPtrArray) hits = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_search_hit_free);
  g_autoptr (GArray) candidates = g_array_new (FALSE, FALSE, sizeof (Candidate));
  g_autoptr (GHashTable) meetings = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) tasks = g_hash_table_new (NULL, NULL);
  g_auto (CrownSqliteTransaction) tx = CROWN_SQLITE_TRANSACTION_INIT;
  GHashTable *recent[] = { meetings, tasks };

  if (query == NULL)
    return g_steal_pointer (&hits);
  if (!crown_sqlite_begin_read (self->cache, &tx, error) || !crown_cache_reader_ensure_overlay (self, error) ||
      !find_recent (self, recent, error) ||
      !(crown_search_query_get_fts (query) != NULL ? find_indexed (self, query, recent, candidates, error)
                                                   : find_by_scan (self, query, recent, candidates, error)) ||
      !add_recent (self, query, recent, candidates, error))
    return NULL;

  g_array_sort (candidates, compare_candidates);
  for (guint i = 0; i < candidates->len && hits->len < limit; i++)
    {
      CrownSearchHit *hit = g_new0 (CrownSearchHit, 1);
      g_autoptr (GError) local_error = NULL;

      if (show (self, query, &g_array_index (candidates, Candidate, i), hit, &local_error))
        {
          g_ptr_array_add (hits, hit);
          continue;
        }
      crown_search_hit_free (hit);
      if (local_error != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return NULL;
        }
    }
  return g_steal_pointer (&hits);
}
