/* crown-list-model.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-list-model.h"

/* Just before GTK lays out and draws, so that whatever arrived since the last frame is one update. */
#define UPDATE_PRIORITY    (G_PRIORITY_HIGH_IDLE + 15)
#define UPDATE_INTERVAL_MS 16

/**
 * CrownListModel:
 *
 * The ids that a query finds, in order, as #CrownItem.
 *
 * Follows #CrownClient::changed: at most one update per frame, in which the ids are asked again, one items-changed is
 * emitted for what lies between the equal head and the equal tail, and the items that are alive and touched are
 * invalidated. An item that survives stays the same object, so selection, focus and scroll position stay too.
 *
 * Invariants: `items` holds no reference, an item removes itself when it dies; g_list_model_get_item() never queries.
 */
struct _CrownListModel
{
  GObject         parent_instance;

  CrownClient    *client;
  CrownQueryKind  kind;
  gint64          session_id;
  char           *text;    /* (nullable) */
  char           *status;  /* (nullable), as the others of the filter */
  char           *due_from;
  char           *due_until;
  CrownSort       sort;
  char           *from;    /* (nullable), as the others of the filter of meetings */
  char           *until;
  char           *person;
  GArray         *ids;     /* gint64, in the order shown */
  guint           limit;   /* no more of them than this are shown */
  GHashTable     *items;   /* gint64 → CrownItem, not owned */
  CrownChangeSet *pending; /* (nullable): what came since the last update */
  guint           update_source;
};

static void crown_list_model_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (CrownListModel, crown_list_model, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, crown_list_model_list_model_init))

static gboolean
shows_tasks (CrownListModel *self)
{
  return self->kind == CROWN_QUERY_TASKS || self->kind == CROWN_QUERY_SESSION_TASKS;
}

static gint64
id_at (GArray *ids,
       guint   position)
{
  return g_array_index (ids, gint64, position);
}

static guint
n_shown (CrownListModel *self)
{
  return MIN (self->ids->len, self->limit);
}

/* What is before a row from @first to @last may be another row now, so that its day needs a heading, or not any more. Views
 * do not bind an item again that they had before. */
static void
show_headings (CrownListModel *self,
               guint           first,
               guint           last)
{
  g_autoptr(GPtrArray) moved = g_ptr_array_new_with_free_func (g_object_unref);

  if (shows_tasks (self))
    return;
  for (guint i = first; i <= last && i < n_shown (self); i++)
    {
      CrownItem *item = g_hash_table_lookup (self->items, &g_array_index (self->ids, gint64, i));

      if (item != NULL)
        g_ptr_array_add (moved, g_object_ref (item));
    }
  for (guint i = 0; i < moved->len; i++)
    g_signal_emit_by_name (moved->pdata[i], "changed");
}

static void
crown_list_model_requery (CrownListModel *self)
{
  CrownQuery query = { self->kind, self->session_id, self->text, self->status, self->due_from, self->due_until,
                       self->sort, self->from, self->until, self->person };
  g_autoptr(GError) error = NULL;
  g_autoptr(GArray) old = NULL;
  GArray *ids;
  guint head = 0, tail = 0, shorter;
  guint n_before = n_shown (self), n_after;

  ids = crown_client_query_ids (self->client, &query, &error);
  if (ids == NULL)
    {
      g_warning ("query %d: %s", self->kind, error->message);
      return;
    }

  old = g_steal_pointer (&self->ids);
  self->ids = ids;
  n_after = n_shown (self);

  shorter = MIN (n_before, n_after);
  while (head < shorter && id_at (old, head) == id_at (ids, head))
    head++;
  while (tail < shorter - head && id_at (old, n_before - 1 - tail) == id_at (ids, n_after - 1 - tail))
    tail++;

  if (n_before != n_after || head < n_after)
    {
      g_list_model_items_changed (G_LIST_MODEL (self), head, n_before - head - tail, n_after - head - tail);
      show_headings (self, head, n_after - tail);
    }
}

/* A handler of "changed" may drop an item or make one: the touched ones are held before the first is told. */
static void
crown_list_model_invalidate (CrownListModel       *self,
                             const CrownChangeSet *changes)
{
  CrownStore store = shows_tasks (self) ? CROWN_STORE_TASKS : CROWN_STORE_MEETINGS;
  g_autoptr(GPtrArray) touched = g_ptr_array_new_with_free_func (g_object_unref);

  if (changes->everything[store] || (shows_tasks (self) && crown_change_set_touches (changes, CROWN_STORE_MEETINGS)))
    {
      GHashTableIter iter;
      gpointer item;

      g_hash_table_iter_init (&iter, self->items);
      while (g_hash_table_iter_next (&iter, NULL, &item))
        g_ptr_array_add (touched, g_object_ref (item));
    }
  else if (changes->ids[store] != NULL)
    {
      for (guint i = 0; i < changes->ids[store]->len; i++)
        {
          CrownItem *item = g_hash_table_lookup (self->items, &g_array_index (changes->ids[store], gint64, i));

          if (item != NULL)
            g_ptr_array_add (touched, g_object_ref (item));
        }
    }

  for (guint i = 0; i < touched->len; i++)
    crown_item_invalidate (touched->pdata[i]);
}

static gboolean
update_cb (gpointer user_data)
{
  CrownListModel *self = user_data;
  g_autoptr(CrownChangeSet) changes = g_steal_pointer (&self->pending);

  self->update_source = 0;
  g_object_ref (self);
  crown_list_model_invalidate (self, changes);
  crown_list_model_requery (self);
  g_object_unref (self);
  return G_SOURCE_REMOVE;
}

static void
client_changed_cb (CrownListModel *self,
                   CrownChangeSet *changes)
{
  if (!crown_change_set_touches (changes, CROWN_STORE_MEETINGS) &&
      !crown_change_set_touches (changes, CROWN_STORE_TASKS))
    return;

  if (self->pending == NULL)
    self->pending = crown_change_set_new (changes->workspace_id);
  crown_change_set_merge (self->pending, changes);

  if (self->update_source == 0)
    self->update_source = g_timeout_add_full (UPDATE_PRIORITY, UPDATE_INTERVAL_MS, update_cb, self, NULL);
}

/**
 * crown_list_model_new:
 * @client: where to read
 * @kind: which list
 *
 * Reads the ids at once; %CROWN_QUERY_SESSION_TASKS is empty until it is told of which meeting.
 *
 * Returns: (transfer full): a model of #CrownItem
 */
CrownListModel *
crown_list_model_new (CrownClient    *client,
                      CrownQueryKind  kind)
{
  CrownListModel *self = g_object_new (CROWN_TYPE_LIST_MODEL, NULL);

  self->client = g_object_ref (client);
  self->kind = kind;
  g_signal_connect_object (client, "changed", G_CALLBACK (client_changed_cb), self, G_CONNECT_SWAPPED);
  crown_list_model_requery (self);
  return self;
}

/**
 * crown_list_model_set_text:
 * @text: (nullable): what the rows must contain; %NULL or empty for all
 */
void
crown_list_model_set_text (CrownListModel *self,
                           const char     *text)
{
  g_return_if_fail (CROWN_IS_LIST_MODEL (self));

  if (text != NULL && *text == '\0')
    text = NULL;
  if (g_strcmp0 (self->text, text) == 0)
    return;

  g_free (self->text);
  self->text = g_strdup (text);
  crown_list_model_requery (self);
}

static gboolean
replace (char       **member,
         const char  *value)
{
  if (g_strcmp0 (*member, value) == 0)
    return FALSE;
  g_free (*member);
  *member = g_strdup (value);
  return TRUE;
}

/**
 * crown_list_model_set_filter:
 * @status: (nullable): what the rows must be
 * @due_from: (nullable): the first day, YYYY-MM-DD, on which they are due
 * @due_until: (nullable): the last
 */
void
crown_list_model_set_filter (CrownListModel *self,
                             const char     *status,
                             const char     *due_from,
                             const char     *due_until)
{
  gboolean changed;

  g_return_if_fail (CROWN_IS_LIST_MODEL (self));

  changed = replace (&self->status, status);
  changed |= replace (&self->due_from, due_from);
  changed |= replace (&self->due_until, due_until);
  if (changed)
    crown_list_model_requery (self);
}

/**
 * crown_list_model_set_meetings:
 * @filter: `sort`, `status`, `from`, `until` and `person` of it: which meetings, in which order
 */
void
crown_list_model_set_meetings (CrownListModel   *self,
                               const CrownQuery *filter)
{
  gboolean changed;

  g_return_if_fail (CROWN_IS_LIST_MODEL (self));

  changed = self->sort != filter->sort;
  self->sort = filter->sort;
  changed |= replace (&self->status, filter->status);
  changed |= replace (&self->from, filter->from);
  changed |= replace (&self->until, filter->until);
  changed |= replace (&self->person, filter->person);
  if (changed)
    crown_list_model_requery (self);
}

/**
 * crown_list_model_is_by_day:
 *
 * Returns: whether the rows are meetings in the order of their days
 */
gboolean
crown_list_model_is_by_day (CrownListModel *self)
{
  g_return_val_if_fail (CROWN_IS_LIST_MODEL (self), FALSE);

  return !shows_tasks (self) && (self->sort == CROWN_SORT_NEWEST || self->sort == CROWN_SORT_OLDEST);
}

/**
 * crown_list_model_get_ids:
 *
 * Returns: (transfer none) (element-type gint64): all ids, also those that the limit keeps from being shown
 */
GArray *
crown_list_model_get_ids (CrownListModel *self)
{
  g_return_val_if_fail (CROWN_IS_LIST_MODEL (self), NULL);

  return self->ids;
}

/**
 * crown_list_model_set_session_id:
 * @session_id: the meeting whose tasks are shown
 */
void
crown_list_model_set_session_id (CrownListModel *self,
                                 gint64          session_id)
{
  g_return_if_fail (CROWN_IS_LIST_MODEL (self));

  if (self->session_id == session_id)
    return;

  self->session_id = session_id;
  crown_list_model_requery (self);
}

/**
 * crown_list_model_set_limit:
 * @limit: how many rows are shown at most; %G_MAXUINT, as at first, for all
 *
 * The ids are there anyway. It is the view that has work for every row, whether it is seen or not, up to about 200.
 */
void
crown_list_model_set_limit (CrownListModel *self,
                            guint           limit)
{
  guint n_before, n_after;

  g_return_if_fail (CROWN_IS_LIST_MODEL (self));

  n_before = n_shown (self);
  self->limit = limit;
  n_after = n_shown (self);
  if (n_after > n_before)
    g_list_model_items_changed (G_LIST_MODEL (self), n_before, 0, n_after - n_before);
  else if (n_after < n_before)
    g_list_model_items_changed (G_LIST_MODEL (self), n_after, n_before - n_after, 0);
}

/**
 * crown_list_model_is_limited:
 *
 * Returns: %TRUE where there are rows that the limit keeps from being shown
 */
gboolean
crown_list_model_is_limited (CrownListModel *self)
{
  g_return_val_if_fail (CROWN_IS_LIST_MODEL (self), FALSE);

  return self->ids->len > self->limit;
}

static GType
crown_list_model_get_item_type (GListModel *model)
{
  return CROWN_TYPE_ITEM;
}

static guint
crown_list_model_get_n_items (GListModel *model)
{
  return n_shown (CROWN_LIST_MODEL (model));
}

static void
item_died_cb (gpointer  data,
              GObject  *item)
{
  CrownListModel *self = data;
  gint64 id = crown_item_get_id ((CrownItem *) item); /* weak references are told before the memory goes */

  g_hash_table_remove (self->items, &id);
}

static gpointer
crown_list_model_get_item (GListModel *model,
                           guint       position)
{
  CrownListModel *self = CROWN_LIST_MODEL (model);
  CrownItem *item;
  gint64 id;

  if (position >= n_shown (self))
    return NULL;

  id = id_at (self->ids, position);
  item = g_hash_table_lookup (self->items, &id);
  if (item != NULL)
    return g_object_ref (item);

  item = crown_item_new (self->client, shows_tasks (self) ? CROWN_ITEM_TASK : CROWN_ITEM_MEETING, id);
  g_object_weak_ref (G_OBJECT (item), item_died_cb, self);
  g_hash_table_insert (self->items, g_memdup2 (&id, sizeof id), item);
  return item;
}

static void
crown_list_model_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = crown_list_model_get_item_type;
  iface->get_n_items = crown_list_model_get_n_items;
  iface->get_item = crown_list_model_get_item;
}

static void
crown_list_model_finalize (GObject *object)
{
  CrownListModel *self = CROWN_LIST_MODEL (object);
  GHashTableIter iter;
  gpointer item;

  g_clear_handle_id (&self->update_source, g_source_remove);
  g_clear_pointer (&self->pending, crown_change_set_unref);

  g_hash_table_iter_init (&iter, self->items);
  while (g_hash_table_iter_next (&iter, NULL, &item))
    g_object_weak_unref (item, item_died_cb, self);
  g_clear_pointer (&self->items, g_hash_table_unref);

  g_clear_pointer (&self->ids, g_array_unref);
  g_clear_pointer (&self->text, g_free);
  g_clear_pointer (&self->status, g_free);
  g_clear_pointer (&self->due_from, g_free);
  g_clear_pointer (&self->due_until, g_free);
  g_clear_pointer (&self->from, g_free);
  g_clear_pointer (&self->until, g_free);
  g_clear_pointer (&self->person, g_free);
  g_clear_object (&self->client);

  G_OBJECT_CLASS (crown_list_model_parent_class)->finalize (object);
}

static void
crown_list_model_class_init (CrownListModelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = crown_list_model_finalize;
}

static void
crown_list_model_init (CrownListModel *self)
{
  self->ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->limit = G_MAXUINT;
  self->items = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
}
