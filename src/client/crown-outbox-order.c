/* crown-outbox-order.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-outbox-order.h"

#include "core/crown-bug.h"

CrownOutboxEntry *
crown_outbox_next (GPtrArray  *entries,
                   GHashTable *in_flight,
                   GHashTable *waiting,
                   guint       max_in_flight,
                   gint64      now)
{
  g_autoptr (GHashTable) busy = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  if (g_hash_table_size (in_flight) >= max_in_flight)
    return NULL;
  for (guint i = 0; i < entries->len; i++)
    {
      CrownOutboxEntry *entry = entries->pdata[i];
      const gint64 *not_before = waiting != NULL ? g_hash_table_lookup (waiting, &entry->id) : NULL;
      g_autofree char *row = g_strdup_printf ("%u/%" G_GINT64_FORMAT, crown_event_info (entry->type)->store, entry->row_id);

      /* What the server has answered is in its order already. */
      if (entry->sent || crown_outbox_entry_is_early (entry) || (g_hash_table_contains (busy, row) && !CROWN_BUG (UNORDERED_WRITES)))
        continue;
      if (!g_hash_table_contains (in_flight, &entry->id) && (not_before == NULL || *not_before <= now))
        return entry;
      g_hash_table_add (busy, g_steal_pointer (&row));
    }
  return NULL;
}
