/* crown-digest.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-core"

#include "crown-digest.h"

#include "crown-json.h"
#include "crown-limits.h"

#include <string.h>

/**
 * crown_digest_of_row:
 * @store: the store's name, such as `tasks`
 * @id: the row's id as text
 * @checksum: the row's checksum, hex
 * @row: (out caller-allocates): H = SHA-256(store ‖ 0x00 ‖ id ‖ 0x00 ‖ checksum), four little-endian lanes
 */
void
crown_digest_of_row (const char  *store,
                     const char  *id,
                     const char  *checksum,
                     CrownDigest *row)
{
  guint8 buffer[256];
  guint8 hash[32];
  gsize length = 0;
  g_autofree guint8 *large = NULL;
  guint8 *bytes = buffer;
  const char *parts[] = { store, id, checksum };
  gsize needed = strlen (store) + strlen (id) + strlen (checksum) + 2;

  if (needed > sizeof buffer)
    bytes = large = g_malloc (needed);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      gsize n = strlen (parts[i]);

      if (i > 0)
        bytes[length++] = 0;
      memcpy (bytes + length, parts[i], n);
      length += n;
    }

  crown_sha256 (bytes, length, hash);
  memcpy (row->lanes, hash, sizeof row->lanes);
  for (guint i = 0; i < G_N_ELEMENTS (row->lanes); i++)
    row->lanes[i] = GUINT64_FROM_LE (row->lanes[i]);
}

void
crown_digest_add (CrownDigest       *self,
                  const CrownDigest *row)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->lanes); i++)
    self->lanes[i] += row->lanes[i];
}

void
crown_digest_remove (CrownDigest       *self,
                     const CrownDigest *row)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->lanes); i++)
    self->lanes[i] -= row->lanes[i];
}

gboolean
crown_digest_equal (const CrownDigest *a,
                    const CrownDigest *b)
{
  return memcmp (a->lanes, b->lanes, sizeof a->lanes) == 0;
}

/* The lanes' bytes in their order on the wire: little-endian, lane by lane. */
void
crown_digest_to_hex (const CrownDigest *self,
                     char               hex[65])
{
  static const char digits[] = "0123456789abcdef";

  for (guint i = 0; i < 32; i++)
    {
      guint8 byte = (guint8) (self->lanes[i / 8] >> (8 * (i % 8)));

      hex[2 * i] = digits[byte >> 4];
      hex[2 * i + 1] = digits[byte & 15];
    }
  hex[64] = '\0';
}

gboolean
crown_digest_from_hex (CrownDigest *self,
                       const char  *hex)
{
  CrownDigest digest = CROWN_DIGEST_INIT;

  for (guint i = 0; i < 32; i++)
    {
      int high = g_ascii_xdigit_value (hex[2 * i]);
      int low = high >= 0 ? g_ascii_xdigit_value (hex[2 * i + 1]) : -1;

      if (low < 0)
        return FALSE;
      digest.lanes[i / 8] |= (guint64) (high << 4 | low) << (8 * (i % 8));
    }
  if (hex[64] != '\0')
    return FALSE;
  *self = digest;

  return TRUE;
}

guint
crown_digest_bucket (gint64 id)
{
  return (guint) ((guint64) id % CROWN_DIGEST_BUCKETS);
}
