/* crown-cache-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-cache.h"

#include "storage/crown-sqlite.h"

G_BEGIN_DECLS

CrownSqlite *crown_cache_get_db        (CrownCache *self);
/* The length of the search queue, which a transaction that is rolled back has to put back. */
guint       *crown_cache_peek_n_queued (CrownCache *self);

G_END_DECLS
