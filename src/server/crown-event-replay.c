/* crown-event-replay.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-event-replay.h"

#include "core/crown-json.h"
#include "core/crown-limits.h"
#include "crown-server-error.h"

static gboolean
parse_sequence (JsonObject  *argument,
                const char  *member,
                guint64     *sequence,
                GError     **error)
{
  gint64 value;

  if (!crown_json_get_int (argument, member, &value, error))
    return FALSE;

  if (value < 0)
    {
      g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_BAD_REQUEST, "%s is below 0", member);
      return FALSE;
    }

  *sequence = (guint64) value;
  return TRUE;
}

/**
 * crown_replay_request_parse:
 * @request: (inout): workspace_id, user_id and ns are there already; the rest is filled in. It borrows from @argument
 * @argument: what came with `request_event_replay`
 * @error: (out) (optional): what is wrong with it
 *
 * Returns: %TRUE if it can be answered
 */
gboolean
crown_replay_request_parse (CrownReplayRequest  *request,
                            JsonObject          *argument,
                            GError             **error)
{
  const char *ns = crown_json_opt_string (argument, "namespace", NULL);

  if (ns != NULL && !crown_namespace_from_string (ns, &request->ns))
    {
      g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_BAD_REQUEST, "There is no namespace “%s”", ns);
      return FALSE;
    }

  if (!parse_sequence (argument, "last_sequence", &request->last_sequence, error))
    return FALSE;

  request->with_user_stream = json_object_has_member (argument, "last_user_sequence") &&
                              !json_object_get_null_member (argument, "last_user_sequence");
  if (request->with_user_stream &&
      !parse_sequence (argument, "last_user_sequence", &request->last_user_sequence, error))
    return FALSE;

  request->epoch = crown_json_opt_string (argument, "epoch", NULL);
  request->limit = (guint) CLAMP (crown_json_opt_int (argument, "limit", CROWN_REPLAY_PAGE_MAX), 1, CROWN_REPLAY_PAGE_MAX);
  return TRUE;
}

typedef struct {
  guint64  up_to;
  gboolean has_more;
  gboolean snapshot_required;
} StreamPage;

/* Appends the events of one stream to @events, at most @room of them. A client that is ahead of the head has seen a
 * history that this ledger, restored from an older copy, does not have: it needs a snapshot like one below the floor. */
static gboolean
append_stream (CrownEventLedger          *ledger,
               const CrownReplayRequest  *request,
               const char                *stream,
               guint64                    after,
               gboolean                   is_initial_sync,
               guint                     *room,
               GString                   *events,
               StreamPage                *page,
               GError                   **error)
{
  CrownStreamHead head;

  if (!crown_event_ledger_load_head (ledger, stream, &head, error))
    return FALSE;

  *page = (StreamPage) { .up_to = after };
  if (after < head.floor || after > head.sequence)
    {
      page->snapshot_required = TRUE;
      return TRUE;
    }

  /* One more than there is room for tells whether there is another page. */
  g_autoptr (GPtrArray) found = crown_event_ledger_load_events (ledger, stream, request->ns, after, *room + 1, error);

  if (found == NULL)
    return FALSE;

  for (guint i = 0, n; i < found->len; i += n)
    {
      if (*room == 0 || events->len > CROWN_REPLAY_PAGE_BYTES)
        {
          page->has_more = TRUE;
          return TRUE;
        }

      if (events->len > 0)
        g_string_append_c (events, ',');
      n = crown_ledger_events_write (found, i, MIN (found->len, i + *room), request->ns, is_initial_sync, events);
      page->up_to = ((CrownLedgerEvent *) g_ptr_array_index (found, i + n - 1))->envelope->sequence;
      *room -= n;
    }

  /* Nothing else of this namespace is in the stream: the client is as far as the stream itself. */
  page->up_to = head.sequence;
  return TRUE;
}

/**
 * crown_event_replay_page:
 * @error: (out) (optional): the ledger's; a replay that fails is an error, never an empty page
 *
 * Returns: (transfer full): the argument of `event_replay`, as JSON text
 */
char *
crown_event_replay_page (CrownEventLedger          *ledger,
                         const CrownReplayRequest  *request,
                         GError                   **error)
{
  const char *epoch = crown_event_ledger_get_epoch (ledger);
  gboolean is_initial_sync = request->last_sequence == 0;
  gboolean snapshot_required = request->epoch != NULL && g_strcmp0 (request->epoch, epoch) != 0;
  g_autofree char *stream = crown_event_stream_name (CROWN_SCOPE_WORKSPACE, request->workspace_id);
  g_autofree char *user_stream = crown_event_stream_name (CROWN_SCOPE_USER, request->user_id);
  g_autoptr (GString) events = g_string_new (NULL);
  StreamPage workspace = { .up_to = request->last_sequence };
  StreamPage user = { .up_to = request->last_user_sequence };
  guint room = request->limit;

  if (!snapshot_required)
    {
      gboolean ok;

      if (!crown_event_ledger_begin (ledger, FALSE, error))
        return NULL;

      ok = append_stream (ledger, request, stream, request->last_sequence, is_initial_sync, &room, events, &workspace, error) &&
           (!request->with_user_stream ||
            append_stream (ledger, request, user_stream, request->last_user_sequence, is_initial_sync, &room, events, &user, error));

      crown_event_ledger_rollback (ledger);
      if (!ok)
        return NULL;

      snapshot_required = workspace.snapshot_required || user.snapshot_required;
    }

  if (snapshot_required)
    {
      g_string_truncate (events, 0);
      workspace = (StreamPage) { .up_to = request->last_sequence };
      user = (StreamPage) { .up_to = request->last_user_sequence };
    }

  GString *page = g_string_sized_new (events->len + 256);

  g_string_append (page, "{\"events\":[");
  g_string_append_len (page, events->str, (gssize) events->len);
  g_string_append_printf (page,
                          "],\"is_initial_sync\":%s,\"namespace\":\"%s\",\"epoch\":\"%s\""
                          ",\"from_sequence\":%" G_GUINT64_FORMAT ",\"up_to_sequence\":%" G_GUINT64_FORMAT,
                          is_initial_sync ? "true" : "false", crown_namespace_to_string (request->ns), epoch,
                          request->last_sequence, workspace.up_to);
  if (request->with_user_stream)
    g_string_append_printf (page, ",\"up_to_user_sequence\":%" G_GUINT64_FORMAT, user.up_to);
  g_string_append_printf (page, ",\"has_more\":%s,\"snapshot_required\":%s}",
                          workspace.has_more || user.has_more ? "true" : "false", snapshot_required ? "true" : "false");
  return g_string_free (page, FALSE);
}
