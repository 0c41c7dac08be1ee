/* crown-digest.h: the digest of a store, kept by adding and subtracting rows (PROTOCOL.md, Canonical JSON, checksum, digest)
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct { guint64 lanes[4]; } CrownDigest;

#define CROWN_DIGEST_INIT { { 0, 0, 0, 0 } }

/* @id is the row's id as text; @checksum its hex. */
void     crown_digest_of_row  (const char *store, const char *id, const char *checksum, CrownDigest *row);
void     crown_digest_add     (CrownDigest *self, const CrownDigest *row);
void     crown_digest_remove  (CrownDigest *self, const CrownDigest *row);
gboolean crown_digest_equal   (const CrownDigest *a, const CrownDigest *b);
void     crown_digest_to_hex  (const CrownDigest *self, char hex[65]);
gboolean crown_digest_from_hex(CrownDigest *self, const char *hex);
guint    crown_digest_bucket  (gint64 id); /* id mod 256 */

G_END_DECLS
