/* crown-server-error.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-server-error.h"

#include "core/crown-event-catalogue.h"
#include "core/crown-json.h"

G_DEFINE_QUARK (crown-server-error-quark, crown_server_error)

typedef struct {
  guint       status;
  const char *code;
  const char *title;
} Refusal;

static const Refusal refusals[] = {
  [CROWN_SERVER_ERROR_INTERNAL]          = { 500, "internal", "Internal error" },
  [CROWN_SERVER_ERROR_UNAUTHORIZED]      = { 401, "unauthorized", "A valid token is needed" },
  [CROWN_SERVER_ERROR_FORBIDDEN]         = { 403, "forbidden", "Not allowed" },
  [CROWN_SERVER_ERROR_NOT_MEMBER]        = { 403, "not_member", "Not a member of the workspace" },
  [CROWN_SERVER_ERROR_NO_SUCH_WORKSPACE] = { 404, "no_such_workspace", "No such workspace" },
  [CROWN_SERVER_ERROR_ROOM_FULL]         = { 503, "room_full", "The room is full" },
  [CROWN_SERVER_ERROR_NOT_FOUND]         = { 404, "not_found", "Not found" },
  [CROWN_SERVER_ERROR_METHOD]            = { 405, "method_not_allowed", "Method not allowed" },
  [CROWN_SERVER_ERROR_BAD_REQUEST]       = { 400, "bad_request", "Bad request" },
  [CROWN_SERVER_ERROR_INVALID]           = { 422, "invalid", "The change is not valid" },
  [CROWN_SERVER_ERROR_TRANSCRIPT]        = { 422, "transcript_unreadable", "The transcript cannot be read" },
  [CROWN_SERVER_ERROR_TOO_LARGE]         = { 413, "too_large", "Too large" },
  [CROWN_SERVER_ERROR_KEY_MISSING]       = { 400, "idempotency_key_missing", "Idempotency-Key is needed" },
  [CROWN_SERVER_ERROR_KEY_REUSED]        = { 422, "idempotency_key_reused", "Idempotency-Key was used for another request" },
  [CROWN_SERVER_ERROR_STALE]             = { 412, "stale", "The row has changed" },
  [CROWN_SERVER_ERROR_MOVED]             = { 409, "snapshot_moved", "The rows have changed since the first page" },
  [CROWN_SERVER_ERROR_OVER]              = { 409, "meeting_over", "The meeting is over" },
  [CROWN_SERVER_ERROR_MEDIA_TYPE]        = { 415, "unsupported_media_type", "The body is of another type" },
  [CROWN_SERVER_ERROR_RATE_LIMITED]      = { 429, "rate_limited", "Too many requests" },
  [CROWN_SERVER_ERROR_LEDGER]            = { 500, "ledger", "The ledger is damaged" },
  [CROWN_SERVER_ERROR_LISTEN]            = { 500, "listen", "Cannot listen" },
};

/* Errors of the layers below that are the client's doing have their place in the table too. */
static const Refusal *
find_refusal (const GError *error)
{
  if (error->domain == CROWN_SERVER_ERROR && error->code >= 0 && error->code < (int) G_N_ELEMENTS (refusals))
    return &refusals[error->code];

  if (g_error_matches (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_PAYLOAD))
    return &refusals[CROWN_SERVER_ERROR_INVALID];

  if (g_error_matches (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_NO_ROW))
    return &refusals[CROWN_SERVER_ERROR_NOT_FOUND];

  if (error->domain == CROWN_JSON_ERROR)
    return &refusals[CROWN_SERVER_ERROR_BAD_REQUEST];

  return &refusals[CROWN_SERVER_ERROR_INTERNAL];
}

/**
 * crown_server_error_status:
 * @error: any error that a request ended with
 *
 * Returns: the HTTP status; 500 for what is not the client's doing
 */
guint
crown_server_error_status (const GError *error)
{
  return find_refusal (error)->status;
}

/**
 * crown_server_error_code:
 * @error: any error that a request ended with
 *
 * Returns: the stable code that programs may compare
 */
const char *
crown_server_error_code (const GError *error)
{
  return find_refusal (error)->code;
}

/**
 * crown_server_error_title:
 * @error: any error that a request ended with
 *
 * Returns: the same short text for each error of a code
 */
const char *
crown_server_error_title (const GError *error)
{
  return find_refusal (error)->title;
}
