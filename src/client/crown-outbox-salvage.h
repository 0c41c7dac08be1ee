/* crown-outbox-salvage.h: what can still be read of a damaged outbox
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "storage/crown-sqlite.h"

G_BEGIN_DECLS

/**
 * crown_outbox_salvage:
 * @db: an outbox that was just made
 * @damaged: the file that was set aside, of this schema or an earlier one
 *
 * Copies the entries that can be read and make sense, with their ids. A file of which nothing can be read gives none.
 *
 * Returns: how many
 */
guint crown_outbox_salvage (CrownSqlite *db, const char *damaged);

G_END_DECLS
