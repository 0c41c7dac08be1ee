/* crown-change-set.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-core"

#include "crown-change-set.h"

G_DEFINE_BOXED_TYPE (CrownChangeSet, crown_change_set, crown_change_set_ref, crown_change_set_unref)

/* More ids than this in one store are told as 'everything': re-reading is cheaper than naming them. */
#define IDS_MAX 5000

#define VARIANT_TYPE "(xta(sbax))"

CrownChangeSet *
crown_change_set_new (gint64 workspace_id)
{
  CrownChangeSet *self = g_atomic_rc_box_new0 (CrownChangeSet);

  self->workspace_id = workspace_id;

  return self;
}

CrownChangeSet *
crown_change_set_ref (CrownChangeSet *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
crown_change_set_clear (gpointer data)
{
  CrownChangeSet *self = data;

  for (guint i = 0; i < CROWN_N_STORES; i++)
    g_clear_pointer (&self->ids[i], g_array_unref);
}

void
crown_change_set_unref (CrownChangeSet *self)
{
  g_atomic_rc_box_release_full (self, crown_change_set_clear);
}

/**
 * crown_change_set_add:
 * @store: where
 * @id: which row; for metadata, 0
 *
 * A row that is added twice in a row is told once; otherwise a receiver has to bear a repeated id.
 */
void
crown_change_set_add (CrownChangeSet *self,
                      CrownStore      store,
                      gint64          id)
{
  GArray *ids;

  g_return_if_fail (store > CROWN_STORE_NONE && store < CROWN_N_STORES);

  if (self->everything[store])
    return;
  if (self->ids[store] == NULL)
    self->ids[store] = g_array_new (FALSE, FALSE, sizeof (gint64));
  ids = self->ids[store];
  if (ids->len > 0 && g_array_index (ids, gint64, ids->len - 1) == id)
    return;
  if (ids->len >= IDS_MAX)
    crown_change_set_add_all (self, store);
  else
    g_array_append_val (ids, id);
}

void
crown_change_set_add_all (CrownChangeSet *self,
                          CrownStore      store)
{
  g_return_if_fail (store > CROWN_STORE_NONE && store < CROWN_N_STORES);

  self->everything[store] = TRUE;
  g_clear_pointer (&self->ids[store], g_array_unref);
}

void
crown_change_set_merge (CrownChangeSet       *self,
                        const CrownChangeSet *other)
{
  self->sequence = MAX (self->sequence, other->sequence);
  for (guint i = CROWN_STORE_NONE + 1; i < CROWN_N_STORES; i++)
    {
      if (other->everything[i])
        crown_change_set_add_all (self, (CrownStore) i);
      for (guint j = 0; other->ids[i] != NULL && j < other->ids[i]->len; j++)
        crown_change_set_add (self, (CrownStore) i, g_array_index (other->ids[i], gint64, j));
    }
}

gboolean
crown_change_set_touches (const CrownChangeSet *self,
                          CrownStore            store)
{
  return self->everything[store] || (self->ids[store] != NULL && self->ids[store]->len > 0);
}

gboolean
crown_change_set_is_empty (const CrownChangeSet *self)
{
  for (guint i = CROWN_STORE_NONE + 1; i < CROWN_N_STORES; i++)
    if (crown_change_set_touches (self, (CrownStore) i))
      return FALSE;

  return TRUE;
}

/**
 * crown_change_set_to_variant:
 *
 * Returns: (transfer floating): `(xta(sbax))`: workspace, sequence, and for each store its name, everything, ids
 */
GVariant *
crown_change_set_to_variant (const CrownChangeSet *self)
{
  GVariantBuilder stores;

  g_variant_builder_init (&stores, G_VARIANT_TYPE ("a(sbax)"));
  for (guint i = CROWN_STORE_NONE + 1; i < CROWN_N_STORES; i++)
    {
      if (!crown_change_set_touches (self, (CrownStore) i))
        continue;
      g_variant_builder_add (&stores, "(sb@ax)", crown_store_to_string ((CrownStore) i), self->everything[i],
                             g_variant_new_fixed_array (G_VARIANT_TYPE_INT64,
                                                        self->ids[i] != NULL ? self->ids[i]->data : NULL,
                                                        self->ids[i] != NULL ? self->ids[i]->len : 0,
                                                        sizeof (gint64)));
    }

  return g_variant_new ("(xta(sbax))", self->workspace_id, self->sequence, &stores);
}

/**
 * crown_change_set_from_variant:
 * @variant: what came over the bus
 * @error: (out) (optional): %G_IO_ERROR_INVALID_DATA
 *
 * Stores that this version does not know are left out.
 *
 * Returns: (transfer full) (nullable): the change set
 */
CrownChangeSet *
crown_change_set_from_variant (GVariant  *variant,
                               GError   **error)
{
  g_autoptr (CrownChangeSet) self = NULL;
  g_autoptr (GVariantIter) iter = NULL;
  const char *name;
  gboolean everything;
  GVariant *ids;

  if (!g_variant_is_of_type (variant, G_VARIANT_TYPE (VARIANT_TYPE)))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "a change set is %s, not %s", VARIANT_TYPE,
                   g_variant_get_type_string (variant));
      return NULL;
    }

  self = crown_change_set_new (0);
  g_variant_get (variant, VARIANT_TYPE, &self->workspace_id, &self->sequence, &iter);
  while (g_variant_iter_next (iter, "(&sb@ax)", &name, &everything, &ids))
    {
      g_autoptr (GVariant) owned = ids;
      gsize n_ids;
      const gint64 *values = g_variant_get_fixed_array (owned, &n_ids, sizeof (gint64));
      CrownStore store;

      if (!crown_store_from_string (name, &store))
        continue;
      if (everything || n_ids > IDS_MAX)
        crown_change_set_add_all (self, store);
      else
        for (gsize i = 0; i < n_ids; i++)
          crown_change_set_add (self, store, values[i]);
    }

  return g_steal_pointer (&self);
}
