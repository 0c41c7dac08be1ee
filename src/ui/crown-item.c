/* crown-item.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-item.h"

/**
 * CrownItem:
 *
 * What a #CrownListModel holds: an id, and the row behind it from the moment somebody asks.
 *
 * A list of 100,000 ids has items only for what is on screen, and an item reads its row from the cache once. The
 * interface's thread only. "changed" says that the row has to be read again.
 */
struct _CrownItem
{
  GObject        parent_instance;

  CrownClient   *client;
  gint64         id;
  CrownItemKind  kind;
  CrownMeeting  *meeting; /* (nullable): not read yet, or gone */
  CrownTask     *task;
};

enum {
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CrownItem, crown_item, G_TYPE_OBJECT)

/**
 * crown_item_new:
 * @client: where the row is read
 * @kind: what @id names
 * @id: the row's id
 *
 * Returns: (transfer full): an item that has not read anything yet
 */
CrownItem *
crown_item_new (CrownClient   *client,
                CrownItemKind  kind,
                gint64         id)
{
  CrownItem *self = g_object_new (CROWN_TYPE_ITEM, NULL);

  self->client = g_object_ref (client);
  self->kind = kind;
  self->id = id;
  return self;
}

/**
 * crown_item_get_client:
 *
 * Returns: (transfer none): the client that the row comes from
 */
CrownClient *
crown_item_get_client (CrownItem *self)
{
  return self->client;
}

gint64
crown_item_get_id (CrownItem *self)
{
  return self->id;
}

CrownItemKind
crown_item_get_kind (CrownItem *self)
{
  return self->kind;
}

/**
 * crown_item_get_meeting:
 *
 * Returns: (transfer none) (nullable): the row, or %NULL when it is gone or the item is no meeting
 */
CrownMeeting *
crown_item_get_meeting (CrownItem *self)
{
  g_autoptr(GError) error = NULL;

  if (self->meeting != NULL || self->kind != CROWN_ITEM_MEETING)
    return self->meeting;

  self->meeting = crown_client_load_meeting (self->client, self->id, &error);
  if (error != NULL)
    g_warning ("meeting %" G_GINT64_FORMAT ": %s", self->id, error->message);
  return self->meeting;
}

/**
 * crown_item_get_task:
 *
 * Returns: (transfer none) (nullable): the row, or %NULL when it is gone or the item is no task
 */
CrownTask *
crown_item_get_task (CrownItem *self)
{
  g_autoptr(GError) error = NULL;

  if (self->task != NULL || self->kind != CROWN_ITEM_TASK)
    return self->task;

  self->task = crown_client_load_task (self->client, self->id, &error);
  if (error != NULL)
    g_warning ("task %" G_GINT64_FORMAT ": %s", self->id, error->message);
  return self->task;
}

/**
 * crown_item_invalidate:
 *
 * Forgets the row and emits "changed", so that whoever shows it reads it again.
 */
void
crown_item_invalidate (CrownItem *self)
{
  g_clear_pointer (&self->meeting, crown_meeting_unref);
  g_clear_pointer (&self->task, crown_task_unref);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
crown_item_finalize (GObject *object)
{
  CrownItem *self = CROWN_ITEM (object);

  g_clear_pointer (&self->meeting, crown_meeting_unref);
  g_clear_pointer (&self->task, crown_task_unref);
  g_clear_object (&self->client);

  G_OBJECT_CLASS (crown_item_parent_class)->finalize (object);
}

static void
crown_item_class_init (CrownItemClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = crown_item_finalize;

  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                   NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
crown_item_init (CrownItem *self)
{
}
