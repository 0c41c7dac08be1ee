/* crown-server-tls.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-server-tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "crown-server-error.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)

/* A daemon has nobody to ask; without this OpenSSL would ask on the terminal. */
static int
no_passphrase (char *buffer,
               int   size,
               int   writing,
               void *user_data)
{
  return -1;
}

static char *
read_file (const char  *path,
           gsize       *length,
           GError     **error)
{
  char *text = NULL;

  if (!g_file_get_contents (path, &text, length, error))
    return NULL;

  if (*length <= G_MAXINT)
    return text;

  g_free (text);
  g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_LISTEN, "“%s” is too large", path);
  return NULL;
}

static X509 *
read_certificate (const char  *path,
                  GError     **error)
{
  gsize length;
  g_autofree char *text = read_file (path, &length, error);

  if (text == NULL)
    return NULL;

  g_autoptr (BIO) bio = BIO_new_mem_buf (text, (int) length);
  X509 *certificate = PEM_read_bio_X509 (bio, NULL, no_passphrase, NULL);

  if (certificate == NULL)
    g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_LISTEN, "“%s” has no certificate in PEM form", path);
  return certificate;
}

static EVP_PKEY *
read_key (const char  *path,
          GError     **error)
{
  gsize length;
  g_autofree char *text = read_file (path, &length, error);

  if (text == NULL)
    return NULL;

  g_autoptr (BIO) bio = BIO_new_mem_buf (text, (int) length);
  EVP_PKEY *key = PEM_read_bio_PrivateKey (bio, NULL, no_passphrase, NULL);

  OPENSSL_cleanse (text, length);
  if (key == NULL)
    g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_LISTEN,
                 "“%s” has no private key in PEM form, or one with a passphrase", path);
  return key;
}

/* GTls takes any pair and fails at each handshake; whoever starts the server is told at once. */
static gboolean
check_pair (const char  *cert_file,
            const char  *key_file,
            GError     **error)
{
  g_autoptr (X509) certificate = read_certificate (cert_file, error);
  g_autoptr (EVP_PKEY) key = certificate != NULL ? read_key (key_file, error) : NULL;
  gboolean fits;

  if (key == NULL)
    return FALSE;

  fits = X509_check_private_key (certificate, key) == 1;
  if (!fits)
    g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_LISTEN, "The key in “%s” is not the one of the certificate in “%s”",
                 key_file, cert_file);
  else if (X509_cmp_current_time (X509_get0_notAfter (certificate)) < 0)
    g_warning ("The certificate in “%s” has expired: clients will refuse it", cert_file);

  return fits;
}

/**
 * crown_server_load_certificate:
 * @cert_file: PEM: the server's certificate, then those that it is signed with
 * @key_file: PEM: its private key, without a passphrase
 * @error: (out) (optional): what is wrong with which file
 *
 * Any thread.
 *
 * Returns: (transfer full): a certificate with its key and its chain
 */
GTlsCertificate *
crown_server_load_certificate (const char  *cert_file,
                               const char  *key_file,
                               GError     **error)
{
  GTlsCertificate *certificate = NULL;

  if (!g_tls_backend_supports_tls (g_tls_backend_get_default ()))
    {
      g_set_error_literal (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_LISTEN,
                           "There is no TLS on this computer: the package glib-networking is missing");
      return NULL;
    }

  if (check_pair (cert_file, key_file, error))
    certificate = g_tls_certificate_new_from_files (cert_file, key_file, error);

  /* What OpenSSL had to say of these files is said above. */
  ERR_clear_error ();
  return certificate;
}
