/* crown-pipeline-outcome.c: the tasks of a meeting, and what becomes of them when its transcript comes again
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include <string.h>

#include "core/crown-json.h"
#include "crown-pipeline-private.h"

/* Of the words of two texts: below it they are two tasks. */
#define SAME_MIN  0.5
/* Items that are compared by their words: more have changed only in another transcript. */
#define ALIKE_MAX 200

/* What an item says and a task has, under other names. A person may set these. */
static const struct {
  const char *item;
  const char *task;
  const char *otherwise; /* (nullable) */
} said[] = {
  { "text", "text", "" },
  { "priority", "priority", "medium" },
  { "due", "due_date", NULL },
  { "assignee", "assignee", NULL },
};

typedef struct {
  CrownEventWrite       *write;
  gint64                 meeting_id;
  const CrownTranscript *transcript;
} Tasks;

static void
set_string_or_null (JsonObject *object,
                    const char *member,
                    const char *value)
{
  if (value != NULL)
    json_object_set_string_member (object, member, value);
  else
    json_object_set_null_member (object, member);
}

static gint64
id_of (JsonObject *known)
{
  return crown_json_opt_int (known, "id", 0);
}

/* Where an item was said, as a task has it. */
static JsonObject *
evidence_of (const Tasks *self,
             JsonObject  *item)
{
  JsonObject *evidence = json_object_new ();
  gint64 line = crown_json_opt_int (item, "line", -1);
  const CrownSegment *segment = NULL;

  if (line >= 0 && line < (gint64) self->transcript->segments->len)
    segment = g_ptr_array_index (self->transcript->segments, (guint) line);

  set_string_or_null (evidence, "speaker", crown_json_opt_string (item, "speaker", NULL));
  json_object_set_int_member (evidence, "evidence_line", line);
  json_object_set_int_member (evidence, "evidence_end_line", crown_json_opt_int (item, "end_line", line));
  set_string_or_null (evidence, "evidence_text", segment != NULL ? segment->text : NULL);
  json_object_set_double_member (evidence, "confidence", crown_json_opt_double (item, "confidence", 0.0));
  json_object_set_string_member (evidence, "kind", crown_json_opt_string (item, "kind", "task"));
  if (crown_json_opt_boolean (item, "unsupported", FALSE))
    json_object_set_boolean_member (evidence, "unsupported", TRUE);
  return evidence;
}

/* What is remembered of an item: its task and what it said. */
static JsonObject *
remember (JsonObject *item,
          gint64      id)
{
  JsonObject *known = json_object_new ();

  json_object_set_int_member (known, "id", id);
  json_object_set_int_member (known, "line", crown_json_opt_int (item, "line", -1));
  for (guint i = 0; i < G_N_ELEMENTS (said); i++)
    set_string_or_null (known, said[i].item, crown_json_opt_string (item, said[i].item, said[i].otherwise));
  return known;
}

static gboolean
load_task (Tasks       *self,
           gint64       id,
           JsonObject **task,
           GError     **error)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, id);
  g_autoptr (CrownLedgerRow) row = NULL;

  *task = NULL;
  if (!crown_event_ledger_load_row (crown_event_write_get_ledger (self->write), crown_event_write_get_stream (self->write),
                                    CROWN_STORE_TASKS, text, &row, error))
    return FALSE;

  return row == NULL || (*task = crown_json_parse_object (row->json, -1, error)) != NULL;
}

static gboolean
create (Tasks       *self,
        JsonObject  *item,
        gint64      *id,
        GError     **error)
{
  g_autoptr (JsonObject) data = json_object_new ();
  JsonObject *task;

  if (!crown_event_write_allot_id (self->write, CROWN_STORE_TASKS, id, error))
    return FALSE;

  task = evidence_of (self, item);
  json_object_set_int_member (task, "id", *id);
  json_object_set_int_member (task, "session_id", self->meeting_id);
  json_object_set_string_member (task, "status", "pending");
  for (guint i = 0; i < G_N_ELEMENTS (said); i++)
    set_string_or_null (task, said[i].task, crown_json_opt_string (item, said[i].item, said[i].otherwise));
  json_object_set_string_member (task, "created_at", crown_event_write_get_timestamp (self->write));
  json_object_set_null_member (task, "completed_at");
  json_object_set_object_member (data, "task", task);
  return crown_event_write_emit (self->write, CROWN_EVENT_TASK_CREATE, data, NULL, error);
}

static gboolean
emit_update (Tasks       *self,
             gint64       id,
             JsonObject  *updates,
             GError     **error)
{
  g_autoptr (JsonObject) data = json_object_new ();

  if (json_object_get_size (updates) == 0)
    return TRUE;

  json_object_set_int_member (data, "task_id", id);
  json_object_set_int_member (data, "session_id", self->meeting_id);
  json_object_set_object_member (data, "updates", json_object_ref (updates));
  return crown_event_write_emit (self->write, CROWN_EVENT_TASK_UPDATE, data, NULL, error);
}

/* Where the task still says what was derived, it says what is derived now; where a person has set something, that stays. */
static gboolean
update (Tasks       *self,
        JsonObject  *item,
        JsonObject  *known,
        JsonObject  *task,
        GError     **error)
{
  g_autoptr (JsonObject) updates = json_object_new ();
  g_autoptr (JsonObject) evidence = evidence_of (self, item);
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  for (guint i = 0; i < G_N_ELEMENTS (said); i++)
    {
      const char *now = crown_json_opt_string (item, said[i].item, said[i].otherwise);
      const char *was = crown_json_opt_string (known, said[i].item, said[i].otherwise);

      if (g_strcmp0 (now, was) != 0 && g_strcmp0 (crown_json_opt_string (task, said[i].task, said[i].otherwise), was) == 0)
        set_string_or_null (updates, said[i].task, now);
    }

  json_object_iter_init_ordered (&iter, evidence);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    if (!json_object_has_member (task, name) || !json_node_equal (json_object_get_member (task, name), node))
      json_object_set_member (updates, name, json_node_copy (node));
  if (crown_json_opt_boolean (task, "unsupported", FALSE) && !json_object_has_member (evidence, "unsupported"))
    json_object_set_boolean_member (updates, "unsupported", FALSE);

  return emit_update (self, id_of (known), updates, error);
}

static gboolean
is_untouched (JsonObject *known,
              JsonObject *task)
{
  if (g_strcmp0 (crown_json_opt_string (task, "status", NULL), "pending") != 0)
    return FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (said); i++)
    if (g_strcmp0 (crown_json_opt_string (task, said[i].task, said[i].otherwise),
                   crown_json_opt_string (known, said[i].item, said[i].otherwise)) != 0)
      return FALSE;

  return TRUE;
}

/* Nobody says it any more. What a person has taken on stays, without its evidence. */
static gboolean
drop (Tasks       *self,
      JsonObject  *known,
      JsonObject  *task,
      gint64      *n_added,
      GError     **error)
{
  g_autoptr (JsonObject) data = json_object_new ();

  if (!is_untouched (known, task))
    {
      json_object_set_int_member (data, "evidence_line", -1);
      return emit_update (self, id_of (known), data, error);
    }

  (*n_added)--;
  json_object_set_int_member (data, "task_id", id_of (known));
  json_object_set_int_member (data, "session_id", self->meeting_id);
  return crown_event_write_emit (self->write, CROWN_EVENT_TASK_DELETE, data, NULL, error);
}

static GHashTable *
words_of (const char *text)
{
  g_autofree char *folded = g_utf8_casefold (text, -1);
  g_auto (GStrv) words = g_strsplit_set (folded, " ,.;:!?", -1);
  GHashTable *set = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; words[i] != NULL; i++)
    if (*words[i] != '\0')
      g_hash_table_add (set, g_steal_pointer (&words[i]));
    else
      g_clear_pointer (&words[i], g_free);
  return set;
}

static double
likeness (GHashTable *words_a,
          GHashTable *words_b)
{
  GHashTableIter iter;
  gpointer word;
  guint same = 0;

  g_hash_table_iter_init (&iter, words_a);
  while (g_hash_table_iter_next (&iter, &word, NULL))
    same += g_hash_table_contains (words_b, word);
  return (double) same / MAX (1, MAX (g_hash_table_size (words_a), g_hash_table_size (words_b)));
}

/* Of the items that nobody says in these words any more, the one that is most like @item. (nullable) */
static JsonObject *
find_alike (JsonObject *item,
            GPtrArray  *left,
            GPtrArray  *left_words,
            GHashTable *matched)
{
  g_autoptr (GHashTable) words = words_of (crown_json_opt_string (item, "text", ""));
  JsonObject *best = NULL;
  double most = SAME_MIN;

  for (guint i = 0; i < left->len; i++)
    {
      double share = g_hash_table_contains (matched, left->pdata[i]) ? 0 : likeness (words, left_words->pdata[i]);

      if (share >= most && (best == NULL || share > most))
        {
          most = share;
          best = left->pdata[i];
        }
    }
  return best;
}

/* The known item that each of @items is: it says the same, or nearly. (element-type JsonObject), with NULL for what is new */
static GPtrArray *
match (JsonArray  *items,
       JsonArray  *before,
       GHashTable *matched)
{
  GPtrArray *matches = g_ptr_array_new ();
  guint n_items = items != NULL ? json_array_get_length (items) : 0;
  guint n_before = before != NULL ? json_array_get_length (before) : 0;
  g_autoptr (GHashTable) by_text = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) left = g_ptr_array_new ();
  g_autoptr (GPtrArray) left_words = g_ptr_array_new_with_free_func ((GDestroyNotify) g_hash_table_unref);

  for (guint i = 0; i < n_before; i++)
    {
      JsonObject *known = json_array_get_object_element (before, i);

      g_hash_table_insert (by_text, (gpointer) crown_json_opt_string (known, "text", ""), known);
    }

  g_ptr_array_set_size (matches, (int) n_items);
  for (guint i = 0; i < n_items; i++)
    {
      const char *text = crown_json_opt_string (json_array_get_object_element (items, i), "text", "");
      JsonObject *known = g_hash_table_lookup (by_text, text);

      if (known != NULL && g_hash_table_add (matched, known))
        matches->pdata[i] = known;
    }

  for (guint i = 0; i < n_before && left->len < ALIKE_MAX; i++)
    {
      JsonObject *known = json_array_get_object_element (before, i);

      if (g_hash_table_contains (matched, known))
        continue;
      g_ptr_array_add (left, known);
      g_ptr_array_add (left_words, words_of (crown_json_opt_string (known, "text", "")));
    }

  for (guint i = 0; i < n_items && left->len > 0; i++)
    if (matches->pdata[i] == NULL &&
        (matches->pdata[i] = find_alike (json_array_get_object_element (items, i), left, left_words, matched)) != NULL)
      g_hash_table_add (matched, matches->pdata[i]);
  return matches;
}

JsonArray *
crown_pipeline_emit_tasks (CrownEventWrite        *write,
                           gint64                  meeting_id,
                           const CrownTranscript  *transcript,
                           JsonArray              *items,
                           JsonArray              *before,
                           gint64                 *n_added,
                           GError                **error)
{
  Tasks self = { write, meeting_id, transcript };
  g_autoptr (GHashTable) matched = g_hash_table_new (g_direct_hash, g_direct_equal);
  g_autoptr (GPtrArray) matches = match (items, before, matched);
  g_autoptr (JsonArray) after = json_array_new ();

  *n_added = 0;
  for (guint i = 0; i < matches->len; i++)
    {
      JsonObject *item = json_array_get_object_element (items, i);
      JsonObject *known = matches->pdata[i];
      g_autoptr (JsonObject) task = NULL;
      gint64 id = known != NULL ? id_of (known) : 0;

      if (known == NULL)
        {
          if (!create (&self, item, &id, error))
            return NULL;
          (*n_added)++;
        }
      /* A task that is gone was deleted by somebody, and does not come again. */
      else if (!load_task (&self, id, &task, error) || (task != NULL && !update (&self, item, known, task, error)))
        return NULL;

      json_array_add_object_element (after, remember (item, id));
    }

  for (guint i = 0; before != NULL && i < json_array_get_length (before); i++)
    {
      JsonObject *known = json_array_get_object_element (before, i);
      g_autoptr (JsonObject) task = NULL;

      if (!g_hash_table_contains (matched, known) &&
          (!load_task (&self, id_of (known), &task, error) || (task != NULL && !drop (&self, known, task, n_added, error))))
        return NULL;
    }

  return g_steal_pointer (&after);
}
