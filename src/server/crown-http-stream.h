/* crown-http-stream.h: a connection as libsoup is given it, so that it notices when an idle one ends
 *
 * libsoup 3.2 forgets a connection whose client leaves between two requests: descriptor and memory stay for ever. Such an
 * end is therefore told to it as one last request that asks for nothing and for the connection to be closed.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* @connection: (transfer none): what is below, TLS or not; alive as long as the stream. Returns: (transfer full) */
GIOStream *crown_http_stream_new      (GIOStream *connection);
/* Whether the connection is between two requests. */
void       crown_http_stream_set_idle (GIOStream *stream, gboolean idle);

G_END_DECLS
