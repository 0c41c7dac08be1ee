/* crown-diagnostics.h: what the files of one client say of its state
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * crown_diagnostics_read:
 * @folder: with cache.db and outbox.db
 *
 * Reads with connections of its own and goes through all rows: for a thread that may take its time. Nothing of what it says
 * is from a meeting or a task.
 *
 * Returns: (transfer full): `{epoch, sequence, user_sequence, repairs, quarantined, unknown, stores:[{name, rows, bytes}],
 *   bytes, max_bytes, outbox:[{id, type, row_id, attempts, sent}]}`
 */
JsonObject *crown_diagnostics_read (const char *folder, GError **error);

G_END_DECLS
