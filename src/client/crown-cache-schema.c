/* crown-cache-schema.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-cache-schema.h"

#include "core/crown-json.h"
#include "crown-search-text.h"


#define NO_DUE "9999-99-99"

/* `row` is the whole row in canonical JSON: it was made for the checksum anyway, it is given back byte for byte, and no
 * null, number or unknown member has to be put together again from columns. The specification's fields are columns beside
 * it. An index that is in the order of a list makes reading its ids one walk along the index: 'pending' sorts behind the
 * other states, so descending puts it first. */
const char *const crown_cache_migrations[] = {
  "CREATE TABLE meetings (id INTEGER PRIMARY KEY, title TEXT, status TEXT, created_at TEXT, duration INTEGER, summary TEXT,"
  " task_count INTEGER, participant_count INTEGER, archived INTEGER NOT NULL, sort_at TEXT NOT NULL, folded TEXT NOT NULL,"
  " row TEXT NOT NULL, _cached_at INTEGER NOT NULL, _checksum TEXT NOT NULL, last_accessed INTEGER NOT NULL DEFAULT 0) STRICT;"
  "CREATE INDEX meetings_order ON meetings (archived, sort_at DESC, id DESC);"
  "CREATE TABLE tasks (id INTEGER PRIMARY KEY, session_id INTEGER NOT NULL, text TEXT, status TEXT NOT NULL, priority TEXT,"
  " due_date TEXT, assignee TEXT, sort_due TEXT NOT NULL, line INTEGER NOT NULL, folded TEXT NOT NULL, row TEXT NOT NULL,"
  " _cached_at INTEGER NOT NULL, _checksum TEXT NOT NULL, last_accessed INTEGER NOT NULL DEFAULT 0) STRICT;"
  "CREATE INDEX tasks_order ON tasks (status DESC, sort_due, id DESC);"
  "CREATE INDEX tasks_session ON tasks (session_id, line, id);"
  "CREATE INDEX tasks_priority ON tasks (priority);"
  "CREATE TABLE analytics (session_id INTEGER PRIMARY KEY, updated_at TEXT, row TEXT NOT NULL, _cached_at INTEGER NOT NULL,"
  " _checksum TEXT NOT NULL, last_accessed INTEGER NOT NULL DEFAULT 0) STRICT;"
  "CREATE INDEX analytics_updated ON analytics (updated_at);"
  "CREATE TABLE sessions (external_session_id TEXT PRIMARY KEY NOT NULL, session_id INTEGER NOT NULL,"
  " last_accessed TEXT NOT NULL, _cached_at TEXT NOT NULL) STRICT, WITHOUT ROWID;"
  "CREATE INDEX sessions_session ON sessions (session_id);"
  "CREATE INDEX sessions_accessed ON sessions (last_accessed);"
  "CREATE TABLE metadata (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL, updated_at TEXT NOT NULL) STRICT, WITHOUT ROWID;"
  "CREATE TABLE transcripts (session_id INTEGER PRIMARY KEY, segments TEXT NOT NULL) STRICT;",
  /* crown-local-stream.c */
  "CREATE TABLE local_events (sequence INTEGER PRIMARY KEY, type TEXT NOT NULL, trace_id TEXT NOT NULL, data TEXT NOT NULL)"
  " STRICT;"
  "INSERT INTO metadata (key, value, updated_at) VALUES ('_local_epoch', '\"' || lower (hex (randomblob (4)) || '-' ||"
  " hex (randomblob (2)) || '-4' || substr (hex (randomblob (2)), 2) || '-' || substr ('89ab', 1 + (random () & 3), 1) ||"
  " substr (hex (randomblob (2)), 2) || '-' || hex (randomblob (6))) || '\"', '');",
  /* `folded` is what is indexed, so the index holds no text of its own; crown_cache_search_rebuild() fills it. The queue has
   * the rows whose text has changed since, with the text that the index still has of them (null: none). */
  "CREATE VIRTUAL TABLE search_meetings USING fts5 (title, summary, people, "
  "content = '', prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2');"
  "CREATE VIRTUAL TABLE search_tasks USING fts5 (text, people, "
  "content = '', prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2');"
  "CREATE VIRTUAL TABLE search_lines USING fts5 (text, people, "
  "content = '', prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2');"
  "CREATE TABLE search_queue (store INTEGER NOT NULL, id INTEGER NOT NULL, indexed TEXT, PRIMARY KEY (store, id)) STRICT,"
  " WITHOUT ROWID;",
};

const guint crown_cache_n_migrations = G_N_ELEMENTS (crown_cache_migrations);

CrownSortKey
crown_cache_sort_key (CrownStore  store,
                      JsonObject *row)
{
  CrownSortKey key = { 0 };

  if (store == CROWN_STORE_MEETINGS)
    {
      key.archived = crown_json_opt_boolean (row, "archived", FALSE);
      key.sort_at = key.archived ? crown_json_opt_string (row, "archived_at", NULL)
                                 : crown_json_opt_string (row, "started_at", NULL);
      if (key.sort_at == NULL)
        key.sort_at = crown_json_opt_string (row, "created_at", "");
      key.status = crown_json_opt_string (row, "status", "");
    }
  else if (store == CROWN_STORE_TASKS)
    {
      key.status = crown_json_opt_string (row, "status", "");
      key.sort_due = crown_json_opt_string (row, "due_date", NO_DUE);
      key.line = crown_json_opt_int (row, "evidence_line", -1);
      key.session_id = crown_json_opt_int (row, "session_id", 0);
    }
  return key;
}

/* Title, summary, people; or text, people. */
void
crown_cache_fold (CrownStore  store,
                  JsonObject *row,
                  GString    *out)
{
  gboolean is_task = store == CROWN_STORE_TASKS;
  JsonArray *participants = is_task ? NULL : crown_json_opt_array (row, "participants");

  g_string_truncate (out, 0);
  crown_search_fold (crown_json_opt_string (row, is_task ? "text" : "title", ""), out);
  g_string_append (out, CROWN_SEARCH_PART);
  if (is_task)
    {
      crown_search_fold (crown_json_opt_string (row, "assignee", ""), out);
      crown_search_fold (crown_json_opt_string (row, "speaker", ""), out);
      return;
    }
  crown_search_fold (crown_json_opt_string (row, "summary", ""), out);
  g_string_append (out, CROWN_SEARCH_PART);
  for (guint i = 0; participants != NULL && i < json_array_get_length (participants); i++)
    {
      JsonNode *node = json_array_get_element (participants, i);

      if (json_node_get_value_type (node) == G_TYPE_STRING)
        crown_search_fold (json_node_get_string (node), out);
    }
}

/* Most events change a status or a number; folding a summary again for that costs more than the rest of them. */
gboolean
crown_cache_changes_words (const CrownEventInfo *info,
                           JsonObject           *data)
{
  static const char *const members[] = { "title", "summary", "participants", "text", "assignee", "speaker" };
  JsonObject *updates = crown_json_opt_object (data, "updates");

  if (info->effect == CROWN_EFFECT_ARCHIVE)
    return FALSE;
  if (info->effect != CROWN_EFFECT_MERGE || info->store == CROWN_STORE_ANALYTICS || updates == NULL)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    if (json_object_has_member (updates, members[i]))
      return TRUE;
  return FALSE;
}
