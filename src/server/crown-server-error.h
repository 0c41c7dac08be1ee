/* crown-server-error.h: what the server refuses, with the code that a client sees
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * CrownServerError:
 *
 * Every refusal that reaches a client. Each has one HTTP status and one stable code (crown_server_error_status(),
 * crown_server_error_code()), used by REST's problem+json and by Socket.IO's `join_error` and CONNECT_ERROR alike.
 */
typedef enum {
  CROWN_SERVER_ERROR_INTERNAL,
  CROWN_SERVER_ERROR_UNAUTHORIZED,
  CROWN_SERVER_ERROR_FORBIDDEN,
  CROWN_SERVER_ERROR_NOT_MEMBER,
  CROWN_SERVER_ERROR_NO_SUCH_WORKSPACE,
  CROWN_SERVER_ERROR_ROOM_FULL,
  CROWN_SERVER_ERROR_NOT_FOUND,
  CROWN_SERVER_ERROR_METHOD,
  CROWN_SERVER_ERROR_BAD_REQUEST,
  CROWN_SERVER_ERROR_INVALID,
  CROWN_SERVER_ERROR_TRANSCRIPT,
  CROWN_SERVER_ERROR_TOO_LARGE,
  CROWN_SERVER_ERROR_KEY_MISSING,
  CROWN_SERVER_ERROR_KEY_REUSED,
  CROWN_SERVER_ERROR_STALE,
  CROWN_SERVER_ERROR_MOVED,
  CROWN_SERVER_ERROR_OVER,
  CROWN_SERVER_ERROR_MEDIA_TYPE,
  CROWN_SERVER_ERROR_RATE_LIMITED,
  CROWN_SERVER_ERROR_LEDGER,
  CROWN_SERVER_ERROR_LISTEN,
} CrownServerError;

#define CROWN_SERVER_ERROR (crown_server_error_quark ())
GQuark      crown_server_error_quark  (void);
guint       crown_server_error_status (const GError *error);
const char *crown_server_error_code   (const GError *error);
const char *crown_server_error_title  (const GError *error);

G_END_DECLS
