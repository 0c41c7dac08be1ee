/* test-cache-search.c: what a search finds, and that its index goes with the rows
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "client/crown-cache-reader.h"
#include "client/crown-cache.h"
#include "client/crown-outbox.h"
#include "client/crown-search-text.h"
#include "core/crown-json.h"
#include "storage/crown-sqlite.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct {
  char             *folder;
  char             *path;
  CrownCache       *cache;
  CrownCacheReader *reader;
} Fixture;

static void
set_up (Fixture       *f,
        gconstpointer  data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *outbox_path = NULL;
  g_autoptr (CrownOutbox) outbox = NULL;

  f->folder = g_dir_make_tmp ("crown-search-XXXXXX", NULL);
  f->path = g_build_filename (f->folder, "cache.db", NULL);
  outbox_path = g_build_filename (f->folder, "outbox.db", NULL);
  outbox = crown_outbox_open (outbox_path, &error);
  g_assert_no_error (error);
  f->cache = crown_cache_open (f->path, 1, 42, &error);
  g_assert_no_error (error);
  f->reader = crown_cache_reader_open (f->folder, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture       *f,
           gconstpointer  data)
{
  g_autoptr (GDir) dir = g_dir_open (f->folder, 0, NULL);
  const char *name;

  crown_cache_reader_close (f->reader);
  g_clear_pointer (&f->cache, crown_cache_close);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (f->folder, name, NULL);

      g_unlink (path);
    }
  g_rmdir (f->folder);
  g_free (f->folder);
  g_free (f->path);
}

static JsonObject *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  JsonObject *object = crown_json_parse_object (text, -1, &error);

  g_assert_no_error (error);
  return object;
}

static JsonObject *
meeting (int         id,
         const char *title,
         const char *summary,
         const char *participant)
{
  g_autofree char *text =
    g_strdup_printf ("{\"id\":%d,\"title\":\"%s\",\"summary\":\"%s\",\"participants\":[\"%s\",null],\"archived\":false,"
                     "\"status\":\"completed\",\"created_at\":\"2026-11-%02dT09:00:00Z\"}", id, title, summary, participant, id);

  return parse (text);
}

static JsonObject *
task (int         id,
      const char *what,
      const char *assignee)
{
  g_autofree char *text =
    g_strdup_printf ("{\"id\":%d,\"session_id\":1,\"text\":\"%s\",\"assignee\":\"%s\",\"status\":\"pending\",\"due_date\":null}",
                     id, what, assignee);

  return parse (text);
}

static void
put (Fixture    *f,
     CrownStore  store,
     gint64      id,
     JsonObject *row) /* (transfer full) (nullable) */
{
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);
  g_autoptr (GError) error = NULL;

  crown_cache_put_row (f->cache, store, id, row, changes, &error);
  g_assert_no_error (error);
  g_clear_pointer (&row, json_object_unref);
}

static char *
ids_of (Fixture        *f,
        CrownQueryKind  kind,
        const char     *text)
{
  CrownQuery query = { kind, 1, text, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) ids = crown_cache_reader_query_ids (f->reader, &query, &error);
  GString *list = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < ids->len; i++)
    g_string_append_printf (list, "%s%" G_GINT64_FORMAT, i > 0 ? " " : "", g_array_index (ids, gint64, i));
  return g_string_free (list, FALSE);
}

#define assert_ids(f, kind, text, expected) \
  G_STMT_START { \
    g_autofree char *found_ids = ids_of ((f), (kind), (text)); \
    g_assert_cmpstr (found_ids, ==, (expected)); \
  } G_STMT_END

/* "title 3, line 1/0": where the hits are, best first */
static char *
places_of (Fixture    *f,
           const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) hits = crown_cache_reader_search (f->reader, text, 20, &error);
  GString *list = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < hits->len; i++)
    {
      const CrownSearchHit *hit = hits->pdata[i];

      g_string_append (list, i > 0 ? ", " : "");
      switch (hit->place)
        {
        case CROWN_SEARCH_IN_TITLE:
          g_string_append_printf (list, "title %" G_GINT64_FORMAT, hit->session_id);
          break;

        case CROWN_SEARCH_IN_SUMMARY:
          g_string_append_printf (list, "summary %" G_GINT64_FORMAT, hit->session_id);
          break;

        case CROWN_SEARCH_IN_TASK:
          g_string_append_printf (list, "task %" G_GINT64_FORMAT "/%" G_GINT64_FORMAT, hit->session_id, hit->task_id);
          break;

        case CROWN_SEARCH_IN_TRANSCRIPT:
          g_string_append_printf (list, "line %" G_GINT64_FORMAT "/%u", hit->session_id, hit->line);
          break;

        default:
          g_assert_not_reached ();
        }
    }
  return g_string_free (list, FALSE);
}

#define assert_places(f, text, expected) \
  G_STMT_START { \
    g_autofree char *found_places = places_of ((f), (text)); \
    g_assert_cmpstr (found_places, ==, (expected)); \
  } G_STMT_END

/* The index is what it would be if it were made now: no word of an old text is left, none of a new one is missing. */
static void
assert_index_is_of_rows (Fixture *f)
{
  static const char *const dump =
    "SELECT group_concat (term || ' ' || doc || ' ' || col, char (10)) FROM (SELECT * FROM (SELECT * FROM temp.m"
    " UNION ALL SELECT * FROM temp.t UNION ALL SELECT * FROM temp.l) ORDER BY term, doc, col, \"offset\")";
  g_autofree char *texts[2] = { NULL };
  g_autoptr (CrownSqlite) db = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (crown_cache_index_search (f->cache, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < 2; i++)
    {
      CrownSqliteStatement *stmt;

      if (i == 1)
        {
          /* Another way of folding makes the cache index everything anew. */
          g_assert_true (crown_sqlite_exec (db, "forget", "UPDATE metadata SET value = '0' WHERE key = '_search'", &error));
          g_clear_pointer (&db, crown_sqlite_close);
          g_clear_pointer (&f->cache, crown_cache_close);
          f->cache = crown_cache_open (f->path, 1, 42, &error);
          g_assert_no_error (error);
        }
      db = crown_sqlite_open (f->path, CROWN_SQLITE_READ_WRITE, &error);
      g_assert_no_error (error);
      g_assert_true (crown_sqlite_exec (db, "terms", "CREATE VIRTUAL TABLE temp.m USING fts5vocab (main, search_meetings, instance);"
                                        "CREATE VIRTUAL TABLE temp.t USING fts5vocab (main, search_tasks, instance);"
                                        "CREATE VIRTUAL TABLE temp.l USING fts5vocab (main, search_lines, instance)",
                                        &error));
      stmt = crown_sqlite_prepare (db, "dump", dump, &error);
      g_assert_no_error (error);
      g_assert_cmpint (crown_sqlite_step (stmt, &error), ==, 1);
      texts[i] = g_strdup (crown_sqlite_column_text (stmt, 0));
      crown_sqlite_reset (stmt);
    }
  g_assert_cmpstr (texts[0], ==, texts[1]);
  g_free (texts[1]);
  texts[1] = NULL;
}

static void
test_words (Fixture       *f,
            gconstpointer  data)
{
  put (f, CROWN_STORE_MEETINGS, 1, meeting (1, "Größe der Übersetzung", "Élan vital", "Zoë Müller"));
  put (f, CROWN_STORE_MEETINGS, 2, meeting (2, "Weekly sync", "budget 2027, C++ and \\\"quotes\\\"", "Ben"));
  put (f, CROWN_STORE_MEETINGS, 3, meeting (3, "会議の予定", "ﬁnal", "Ben"));
  put (f, CROWN_STORE_TASKS, 1, task (1, "Send the budget", "Zoë"));
  put (f, CROWN_STORE_TASKS, 2, task (2, "Resend it", "Ben"));

  assert_ids (f, CROWN_QUERY_MEETINGS, "ubersetz", "1");
  assert_ids (f, CROWN_QUERY_MEETINGS, "GROSS", "1");
  assert_ids (f, CROWN_QUERY_MEETINGS, "elan mull", "1");
  assert_ids (f, CROWN_QUERY_MEETINGS, "ben", "3 2");
  assert_ids (f, CROWN_QUERY_MEETINGS, "ben we", "2");
  assert_ids (f, CROWN_QUERY_MEETINGS, "final", "3");
  assert_ids (f, CROWN_QUERY_MEETINGS, "予定", "3");
  assert_ids (f, CROWN_QUERY_TASKS, "send", "1");
  assert_ids (f, CROWN_QUERY_TASKS, "zoe", "1");
  assert_ids (f, CROWN_QUERY_SESSION_TASKS, "s", "1");
  assert_ids (f, CROWN_QUERY_TASKS, "nobody", "");
}

/* Whatever FTS5 would read as its syntax is only text here. */
static void
test_syntax_is_text (Fixture       *f,
                     gconstpointer  data)
{
  static const char *const typed[] = {
    "\"", "quo\"tes", "NOT", "a AND", "NEAR(", "title:", "*", "^weekly", "{title}", "-sync", "sync)", "'; DROP TABLE search; --",
    "a OR b", "\x01", "+", ":", "weekly + sync", "col : x", "\\", "%", "_",
  };

  put (f, CROWN_STORE_MEETINGS, 2, meeting (2, "Weekly sync", "budget not or and near", "Ben"));
  for (guint i = 0; i < G_N_ELEMENTS (typed); i++)
    {
      g_autofree char *ids = ids_of (f, CROWN_QUERY_MEETINGS, typed[i]);
      g_autofree char *places = places_of (f, typed[i]);

      g_assert_nonnull (ids);
      g_assert_nonnull (places);
    }
  assert_ids (f, CROWN_QUERY_MEETINGS, "NOT", "2");
  assert_ids (f, CROWN_QUERY_MEETINGS, "^weekly -sync", "2");
  assert_ids (f, CROWN_QUERY_MEETINGS, "weekly OR nothing", "");
  assert_ids (f, CROWN_QUERY_MEETINGS, "?!", "2");
}

static void
test_index_follows (Fixture       *f,
                    gconstpointer  data)
{
  for (int round = 0; round < 2; round++)
    for (int id = 1; id <= 1200; id++)
      {
        g_autofree char *text = g_strdup_printf ("thing%d round%d", id, round);

        put (f, CROWN_STORE_TASKS, id, task (id, text, "Ben"));
        if (id % 10 == 0)
          put (f, CROWN_STORE_TASKS, id, NULL);
      }
  assert_ids (f, CROWN_QUERY_TASKS, "thing7 round0", "");
  assert_ids (f, CROWN_QUERY_TASKS, "thing1199", "1199");
  assert_ids (f, CROWN_QUERY_TASKS, "thing8 round1", "899 898 897 896 895 894 893 892 891 889 888 887 886 885 884 883 882 881 879"
              " 878 877 876 875 874 873 872 871 869 868 867 866 865 864 863 862 861 859 858 857 856 855 854 853 852 851 849 848"
              " 847 846 845 844 843 842 841 839 838 837 836 835 834 833 832 831 829 828 827 826 825 824 823 822 821 819 818 817"
              " 816 815 814 813 812 811 809 808 807 806 805 804 803 802 801 89 88 87 86 85 84 83 82 81 8");
  assert_index_is_of_rows (f);
}

static void
put_transcript (Fixture    *f,
                gint64      id,
                const char *text)
{
  g_autoptr (JsonNode) node = crown_json_parse (text, -1, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (crown_cache_put_transcript (f->cache, id, json_node_get_array (node), &error));
  g_assert_no_error (error);
}

static void
test_everywhere (Fixture       *f,
                 gconstpointer  data)
{
  g_autoptr (GPtrArray) hits = NULL;
  const CrownSearchHit *hit;
  const CrownSearchRange *range;

  put (f, CROWN_STORE_MEETINGS, 1, meeting (1, "Planning", "The budget was cut", "Ana"));
  put (f, CROWN_STORE_MEETINGS, 2, meeting (2, "Budget", "Numbers", "Ben"));
  put (f, CROWN_STORE_MEETINGS, 3, meeting (3, "Lunch", "Soup", "Cleo"));
  put (f, CROWN_STORE_TASKS, 7, task (7, "Send the budget", "Ana"));
  put_transcript (f, 3, "[{\"speaker\":\"Cleo\",\"text\":\"Hello\"},{\"speaker\":\"Ana\",\"text\":\"What about\\nthe budgét?\"}]");
  /* The index, not the queue. */
  assert_index_is_of_rows (f);

  assert_places (f, "budg", "title 2, task 1/7, summary 1, line 3/1");
  assert_places (f, "cleo", "title 3, line 3/0");
  assert_places (f, "", "");
  hits = crown_cache_reader_search (f->reader, "BUDGET", 20, NULL);
  hit = hits->pdata[3];
  g_assert_cmpstr (hit->snippet, ==, "Ana: What about the budgét?");
  g_assert_cmpuint (hit->ranges->len, ==, 1);
  range = &g_array_index (hit->ranges, CrownSearchRange, 0);
  g_assert_cmpmem (hit->snippet + range->start, range->end - range->start, "budgét", strlen ("budgét"));

  /* Replaced and dropped transcripts leave nothing. */
  put_transcript (f, 3, "[{\"speaker\":\"Cleo\",\"text\":\"Nothing\"}]");
  assert_places (f, "budget about", "");
  assert_places (f, "noth", "line 3/0");
  put (f, CROWN_STORE_MEETINGS, 3, NULL);
  assert_places (f, "noth", "");
}

static void
test_snapshot (Fixture       *f,
               gconstpointer  data)
{
  g_autoptr (JsonObject) snapshot = parse ("{\"epoch\":\"6f9619ff-8b86-4011-b42d-00c04fc964ff\",\"sequence\":5,\"stores\":{"
    "\"meetings\":[{\"id\":3,\"title\":\"Fresh\"}],\"tasks\":[{\"id\":7,\"session_id\":3,\"text\":\"Fresh task\"}]}}");
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (1);
  g_autoptr (GError) error = NULL;

  put (f, CROWN_STORE_MEETINGS, 3, meeting (3, "Old", "Soup", "Cleo"));
  put (f, CROWN_STORE_TASKS, 8, task (8, "Old task", "Ana"));
  put_transcript (f, 3, "[{\"speaker\":\"Cleo\",\"text\":\"Kept\"}]");
  put_transcript (f, 4, "[{\"speaker\":\"Cleo\",\"text\":\"Dropped\"}]");
  g_assert_true (crown_cache_load_snapshot (f->cache, snapshot, changes, &error));
  g_assert_no_error (error);

  assert_places (f, "fresh", "title 3, task 3/7");
  assert_places (f, "old", "");
  assert_places (f, "kept", "line 3/0");
  assert_places (f, "dropped", "");
  assert_index_is_of_rows (f);
}

static void
test_overlay (Fixture       *f,
              gconstpointer  data)
{
  g_autofree char *path = g_build_filename (f->folder, "outbox.db", NULL);
  g_autoptr (CrownOutbox) outbox = crown_outbox_open (path, NULL);
  g_autoptr (GError) error = NULL;
  CrownOutboxEntry entry = { .type = CROWN_EVENT_TASK_UPDATE, .row_id = 7, .method = (char *) "PATCH", .path = (char *) "/tasks/7" };

  put (f, CROWN_STORE_TASKS, 7, task (7, "Send the budget", "Ana"));
  entry.overlay = parse ("{\"updates\":{\"text\":\"Burn the letter\"}}");
  g_assert_true (crown_outbox_add (outbox, &entry, &error));
  g_assert_no_error (error);
  json_object_unref (entry.overlay);
  g_free (entry.mutation_id);
  crown_cache_reader_invalidate_overlay (f->reader);

  assert_ids (f, CROWN_QUERY_TASKS, "budget", "");
  assert_ids (f, CROWN_QUERY_TASKS, "letter", "7");
  assert_places (f, "budget", "");
  assert_places (f, "letter", "task 1/7");
}

static void
test_snippet (void)
{
  g_autoptr (CrownSearchQuery) query = crown_search_query_new ("needle");
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GArray) ranges = NULL;
  g_autofree char *snippet = NULL;
  const CrownSearchRange *range;

  for (guint i = 0; i < 100; i++)
    g_string_append (text, "häy ");
  g_string_append (text, "Needles ");
  for (guint i = 0; i < 100; i++)
    g_string_append (text, "häy ");
  snippet = crown_search_query_snippet (query, text->str, 40, &ranges);

  g_assert_true (g_utf8_validate (snippet, -1, NULL));
  g_assert_cmpint (g_utf8_strlen (snippet, -1), <=, 42);
  g_assert_true (g_str_has_prefix (snippet, "…") && g_str_has_suffix (snippet, "…"));
  g_assert_cmpuint (ranges->len, ==, 1);
  range = &g_array_index (ranges, CrownSearchRange, 0);
  g_assert_cmpmem (snippet + range->start, range->end - range->start, "Needles", 7);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define add(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  add ("/client/cache-search/words", test_words);
  add ("/client/cache-search/syntax-is-text", test_syntax_is_text);
  add ("/client/cache-search/index-follows", test_index_follows);
  add ("/client/cache-search/everywhere", test_everywhere);
  add ("/client/cache-search/snapshot", test_snapshot);
  add ("/client/cache-search/overlay", test_overlay);
  g_test_add_func ("/client/cache-search/snippet", test_snippet);

  return g_test_run ();
}
