/* crown-cache-validator.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-cache-validator.h"

#include "core/crown-json.h"
#include "storage/crown-sqlite.h"

#include <string.h>

struct _CrownCacheValidator
{
  CrownSqlite *db;
};

static const struct {
  const char *all;
  const char *bucket;
} sql[CROWN_N_STORES] = {
  [CROWN_STORE_MEETINGS] = { "SELECT id, _checksum, row FROM meetings",
                             "SELECT id, _checksum FROM meetings WHERE (id & 255) = ?1" },
  [CROWN_STORE_TASKS] = { "SELECT id, _checksum, row FROM tasks",
                          "SELECT id, _checksum FROM tasks WHERE (id & 255) = ?1" },
  [CROWN_STORE_ANALYTICS] = { "SELECT session_id, _checksum, row FROM analytics",
                              "SELECT session_id, _checksum FROM analytics WHERE (session_id & 255) = ?1" },
};

G_STATIC_ASSERT (CROWN_DIGEST_BUCKETS == 256);

CrownCacheValidator *
crown_cache_validator_new (const char  *path,
                           GError     **error)
{
  g_autoptr (CrownCacheValidator) self = g_new0 (CrownCacheValidator, 1);

  self->db = crown_sqlite_open (path, CROWN_SQLITE_READ_ONLY, error);
  return self->db != NULL ? g_steal_pointer (&self) : NULL;
}

void
crown_cache_validator_free (CrownCacheValidator *self)
{
  g_clear_pointer (&self->db, crown_sqlite_close);
  g_free (self);
}

static gboolean
fits (const char *checksum,
      const char *row,
      gsize       length)
{
  char hex[65];

  crown_checksum_bytes (row, length, hex);
  return g_strcmp0 (checksum, hex) == 0;
}

/* @buckets: (nullable): gets the sum of each part; @damaged: (nullable) */
static gboolean
add_up (CrownCacheValidator  *self,
        CrownStore            store,
        CrownDigest          *digest,
        CrownDigest          *buckets,
        guint64              *count,
        GArray               *damaged,
        GError              **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "add up", sql[store].all, error);
  int step = -1;

  *digest = (CrownDigest) CROWN_DIGEST_INIT;
  *count = 0;
  while (stmt != NULL && (step = crown_sqlite_step (stmt, error)) == 1)
    {
      gint64 id = crown_sqlite_column_int (stmt, 0);
      const char *checksum = crown_sqlite_column_text (stmt, 1);
      char text[24];
      CrownDigest row;

      g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT, id);
      crown_digest_of_row (crown_store_to_string (store), text, checksum, &row);
      crown_digest_add (digest, &row);
      (*count)++;
      if (buckets != NULL)
        crown_digest_add (&buckets[crown_digest_bucket (id)], &row);
      /* An evicted row has no bytes to fit. */
      if (damaged != NULL && crown_sqlite_column_bytes (stmt, 2) > 0 &&
          !fits (checksum, crown_sqlite_column_text (stmt, 2), (gsize) crown_sqlite_column_bytes (stmt, 2)))
        g_array_append_val (damaged, id);
    }
  if (stmt != NULL)
    crown_sqlite_reset (stmt);
  return step == 0;
}

gboolean
crown_cache_validator_count (CrownCacheValidator  *self,
                             CrownStore            store,
                             CrownDigest          *digest,
                             guint64              *count,
                             GArray               *damaged,
                             GError              **error)
{
  return add_up (self, store, digest, NULL, count, damaged, error);
}

gboolean
crown_cache_validator_compare_buckets (CrownCacheValidator  *self,
                                       CrownStore            store,
                                       JsonArray            *theirs,
                                       GArray               *differing,
                                       GError              **error)
{
  CrownDigest ours[CROWN_DIGEST_BUCKETS] = { CROWN_DIGEST_INIT };
  CrownDigest all;
  guint64 count;

  if (json_array_get_length (theirs) != CROWN_DIGEST_BUCKETS)
    {
      g_set_error (error, CROWN_JSON_ERROR, CROWN_JSON_ERROR_TYPE, "buckets: there are %u of %d",
                   json_array_get_length (theirs), CROWN_DIGEST_BUCKETS);
      return FALSE;
    }
  if (!add_up (self, store, &all, ours, &count, NULL, error))
    return FALSE;

  for (guint i = 0; i < CROWN_DIGEST_BUCKETS; i++)
    {
      JsonNode *node = json_array_get_element (theirs, i);
      char hex[65];

      crown_digest_to_hex (&ours[i], hex);
      hex[16] = '\0';
      if (!JSON_NODE_HOLDS_VALUE (node) || g_strcmp0 (json_node_get_string (node), hex) != 0)
        g_array_append_val (differing, i);
    }
  return TRUE;
}

/* id → checksum of the part */
static GHashTable *
load_bucket (CrownCacheValidator  *self,
             CrownStore            store,
             guint                 bucket,
             GError              **error)
{
  g_autoptr (GHashTable) rows = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->db, "bucket", sql[store].bucket, error);
  int step;

  if (stmt == NULL)
    return NULL;
  crown_sqlite_bind_int (stmt, 1, bucket);
  while ((step = crown_sqlite_step (stmt, error)) == 1)
    {
      gint64 id = crown_sqlite_column_int (stmt, 0);

      g_hash_table_insert (rows, g_memdup2 (&id, sizeof id), g_strdup (crown_sqlite_column_text (stmt, 1)));
    }
  crown_sqlite_reset (stmt);
  return step == 0 ? g_steal_pointer (&rows) : NULL;
}

gboolean
crown_cache_validator_compare_rows (CrownCacheValidator  *self,
                                    CrownStore            store,
                                    guint                 bucket,
                                    JsonArray            *theirs,
                                    GArray               *differing,
                                    GError              **error)
{
  g_autoptr (GHashTable) ours = load_bucket (self, store, bucket, error);
  GHashTableIter iter;
  gpointer id;

  if (ours == NULL)
    return FALSE;

  for (guint i = 0; i < json_array_get_length (theirs); i++)
    {
      JsonNode *node = json_array_get_element (theirs, i);
      JsonArray *row = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
      gint64 their_id;

      if (row == NULL || json_array_get_length (row) != 2 || !JSON_NODE_HOLDS_VALUE (json_array_get_element (row, 0)) ||
          !JSON_NODE_HOLDS_VALUE (json_array_get_element (row, 1)))
        {
          g_set_error (error, CROWN_JSON_ERROR, CROWN_JSON_ERROR_TYPE, "rows: entry %u is no id with a checksum", i);
          return FALSE;
        }
      their_id = json_array_get_int_element (row, 0);
      if (g_strcmp0 (g_hash_table_lookup (ours, &their_id), json_node_get_string (json_array_get_element (row, 1))) != 0)
        g_array_append_val (differing, their_id);
      g_hash_table_remove (ours, &their_id);
    }

  g_hash_table_iter_init (&iter, ours);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    g_array_append_val (differing, *(gint64 *) id);
  return TRUE;
}
