/* crown-server-tls.h: the certificate that a server shows
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

GTlsCertificate *crown_server_load_certificate (const char  *cert_file,
                                                const char  *key_file,
                                                GError     **error);

G_END_DECLS
