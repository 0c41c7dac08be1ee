/* crown-change-set.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-event-catalogue.h"

G_BEGIN_DECLS

/* 'This store, these ids, up to this position': what models, D-Bus and tests are told. Atomic refcount. */
typedef struct {
  gint64   workspace_id;
  guint64  sequence;
  gboolean everything[CROWN_N_STORES]; /* all rows of the store may have changed */
  GArray  *ids[CROWN_N_STORES];        /* (nullable) (element-type gint64) */
} CrownChangeSet;

CrownChangeSet *crown_change_set_new   (gint64 workspace_id);
CrownChangeSet *crown_change_set_ref   (CrownChangeSet *self);
void            crown_change_set_unref (CrownChangeSet *self);
void            crown_change_set_add   (CrownChangeSet *self, CrownStore store, gint64 id);
void            crown_change_set_add_all (CrownChangeSet *self, CrownStore store);
void            crown_change_set_merge (CrownChangeSet *self, const CrownChangeSet *other);
gboolean        crown_change_set_touches (const CrownChangeSet *self, CrownStore store);
gboolean        crown_change_set_is_empty (const CrownChangeSet *self);
GVariant       *crown_change_set_to_variant (const CrownChangeSet *self); /* floating */
CrownChangeSet *crown_change_set_from_variant (GVariant *variant, GError **error);

GType crown_change_set_get_type (void);
#define CROWN_TYPE_CHANGE_SET (crown_change_set_get_type ())
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownChangeSet, crown_change_set_unref)

G_END_DECLS
