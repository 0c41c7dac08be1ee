/* crown-checksum.c: SHA-256 of rows
 *
 * OpenSSL's libcrypto uses the processor's SHA instructions where GChecksum does not (docs/decisions). A thread keeps its
 * digest context and its buffer, since setting these up costs as much as hashing a row.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-core"

#include "crown-json.h"

#include <openssl/evp.h>

typedef struct {
  EVP_MD_CTX *context;
  GString    *buffer;
} Workspace;

/* Rows are small; a rare large one must not stay in memory for the life of the thread. */
#define BUFFER_KEPT_MAX (64 * 1024)

static void
workspace_free (gpointer data)
{
  Workspace *workspace = data;

  EVP_MD_CTX_free (workspace->context);
  g_string_free (workspace->buffer, TRUE);
  g_free (workspace);
}

static GPrivate workspace_key = G_PRIVATE_INIT (workspace_free);

static const EVP_MD *
get_sha256 (void)
{
  static gsize fetched;

  /* Fetched once: EVP_sha256() looks its implementation up at every use. */
  if (g_once_init_enter (&fetched))
    g_once_init_leave (&fetched, (gsize) EVP_MD_fetch (NULL, "SHA256", NULL));

  return (const EVP_MD *) fetched;
}

static Workspace *
get_workspace (void)
{
  Workspace *workspace = g_private_get (&workspace_key);

  if (workspace == NULL)
    {
      workspace = g_new0 (Workspace, 1);
      workspace->context = EVP_MD_CTX_new ();
      workspace->buffer = g_string_sized_new (1024);
      g_private_set (&workspace_key, workspace);
    }

  return workspace;
}

/**
 * crown_sha256:
 * @digest: (out caller-allocates): 32 bytes
 *
 * Any thread.
 */
void
crown_sha256 (const void *data,
              gsize       length,
              guint8      digest[32])
{
  Workspace *workspace = get_workspace ();

  if (!EVP_DigestInit_ex (workspace->context, get_sha256 (), NULL) ||
      !EVP_DigestUpdate (workspace->context, data, length) ||
      !EVP_DigestFinal_ex (workspace->context, digest, NULL))
    g_error ("libcrypto cannot compute SHA-256");
}

/**
 * crown_checksum_bytes:
 * @hex: (out caller-allocates): %CROWN_CHECKSUM_HEX_LENGTH characters and NUL
 */
void
crown_checksum_bytes (const void *data,
                      gsize       length,
                      char       *hex)
{
  static const char digits[] = "0123456789abcdef";
  guint8 digest[32];

  crown_sha256 (data, length, digest);
  for (guint i = 0; i < sizeof digest; i++)
    {
      hex[2 * i] = digits[digest[i] >> 4];
      hex[2 * i + 1] = digits[digest[i] & 15];
    }
  hex[CROWN_CHECKSUM_HEX_LENGTH] = '\0';
}

/**
 * crown_checksum_object:
 * @object: a row
 * @hex: (out caller-allocates): %CROWN_CHECKSUM_HEX_LENGTH characters and NUL
 *
 * The specification's Checksum Calculation: SHA-256 of the canonical JSON without private members. Any thread.
 */
gboolean
crown_checksum_object (JsonObject  *object,
                       char        *hex,
                       GError     **error)
{
  Workspace *workspace = get_workspace ();

  g_string_truncate (workspace->buffer, 0);
  if (!crown_json_canonicalize_object (object, TRUE, workspace->buffer, error))
    return FALSE;
  crown_checksum_bytes (workspace->buffer->str, workspace->buffer->len, hex);
  if (workspace->buffer->allocated_len > BUFFER_KEPT_MAX)
    {
      g_string_free (workspace->buffer, TRUE);
      workspace->buffer = g_string_sized_new (1024);
    }

  return TRUE;
}
