/* crown-event-ledger.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-config.h"

#include "crown-event-ledger.h"

#include <string.h>

#ifdef CROWN_HAVE_POSTGRESQL
#include "crown-postgres-ledger.h"
#endif
#include "crown-server-error.h"
#include "crown-sqlite-ledger.h"

G_DEFINE_INTERFACE (CrownEventLedger, crown_event_ledger, G_TYPE_OBJECT)

static void
crown_event_ledger_default_init (CrownEventLedgerInterface *iface)
{
}

/**
 * crown_ledger_event_new:
 * @envelope: (transfer full): an envelope that nobody else writes to
 *
 * Returns: (transfer full): an event that is not in the ledger yet
 */
CrownLedgerEvent *
crown_ledger_event_new (CrownEnvelope *envelope)
{
  CrownLedgerEvent *self = g_atomic_rc_box_new0 (CrownLedgerEvent);

  self->envelope = envelope;
  return self;
}

CrownLedgerEvent *
crown_ledger_event_ref (CrownLedgerEvent *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
crown_ledger_event_clear (gpointer data)
{
  CrownLedgerEvent *self = data;

  g_clear_pointer (&self->envelope, crown_envelope_unref);
}

void
crown_ledger_event_unref (CrownLedgerEvent *self)
{
  g_atomic_rc_box_release_full (self, crown_ledger_event_clear);
}

void
crown_ledger_row_free (CrownLedgerRow *self)
{
  g_free (self->id);
  g_free (self->json);
  g_free (self->checksum);
  g_free (self);
}

void
crown_ledger_answer_free (CrownLedgerAnswer *self)
{
  g_free (self->request_hash);
  g_free (self->body);
  g_free (self->etag);
  g_free (self);
}

void
crown_ledger_import_free (CrownLedgerImport *self)
{
  g_free (self->name);
  g_free (self->digest);
  g_free (self->sketch);
  g_free (self->mutation_id);
  g_free (self->derived);
  g_free (self);
}

/**
 * crown_event_stream_name:
 * @scope: whose stream
 * @id: the workspace's or user's id
 *
 * Returns: (transfer full): `workspace_1`, `user_42` or `local`
 */
char *
crown_event_stream_name (CrownEventScope scope,
                         gint64          id)
{
  switch (scope)
    {
    case CROWN_SCOPE_WORKSPACE:
      return g_strdup_printf ("workspace_%" G_GINT64_FORMAT, id);

    case CROWN_SCOPE_USER:
      return g_strdup_printf ("user_%" G_GINT64_FORMAT, id);

    case CROWN_SCOPE_LOCAL:
    default:
      return g_strdup ("local");
    }
}

/**
 * crown_event_ledger_open:
 * @uri: `sqlite:PATH` or `postgresql://…`
 * @error: (out) (optional): %CROWN_SERVER_ERROR_BAD_REQUEST for another kind of URI, or the database's
 *
 * Opens the ledger, and makes it where there is none.
 *
 * Returns: (transfer full): the ledger, for the thread that opened it
 */
CrownEventLedger *
crown_event_ledger_open (const char  *uri,
                         GError     **error)
{
  g_return_val_if_fail (uri != NULL, NULL);

  if (g_str_has_prefix (uri, "sqlite:") && uri[strlen ("sqlite:")] != '\0')
    return CROWN_EVENT_LEDGER (crown_sqlite_ledger_open (uri + strlen ("sqlite:"), error));

  /* The rest of the URI may hold a password. */
  if (g_str_has_prefix (uri, "postgresql://") || g_str_has_prefix (uri, "postgres://"))
    {
#ifdef CROWN_HAVE_POSTGRESQL
      return CROWN_EVENT_LEDGER (crown_postgres_ledger_open (uri, error));
#else
      g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_BAD_REQUEST,
                   "This program was built without PostgreSQL (-Dserver_postgresql=enabled); use sqlite:PATH");
      return NULL;
#endif
    }

  g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_BAD_REQUEST,
               "Ledger “%s” is not of a kind that is known; use sqlite:PATH or postgresql://…", uri);
  return NULL;
}

/**
 * crown_event_ledger_get_epoch:
 *
 * The ledger's UUID: another epoch is another history.
 *
 * Returns: (transfer none): the epoch
 */
const char *
crown_event_ledger_get_epoch (CrownEventLedger *self)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->get_epoch (self);
}

/**
 * crown_event_ledger_begin:
 *
 * Opens a reading transaction, or a write: the next of a batch that is open, or the first of a new one, which no other
 * process's writer can come into. In a write reads see what it and those that were kept before it have changed; outside of
 * one they see what is committed.
 *
 * Returns: %FALSE with @error if the database is busy or broken
 */
gboolean
crown_event_ledger_begin (CrownEventLedger  *self,
                          gboolean           write,
                          GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->begin (self, write, error);
}

/**
 * crown_event_ledger_keep:
 *
 * Ends the write and leaves it in the batch, to be committed with it.
 *
 * Returns: %FALSE with @error if it could not be kept; it has to be rolled back then
 */
gboolean
crown_event_ledger_keep (CrownEventLedger  *self,
                         GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->keep (self, error);
}

/**
 * crown_event_ledger_commit:
 *
 * Commits the batch, with the write that is open. When it returns %TRUE everything in it is on disk; on failure all of it
 * is rolled back.
 *
 * Returns: %TRUE if it is committed
 */
gboolean
crown_event_ledger_commit (CrownEventLedger  *self,
                           GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->commit (self, error);
}

/**
 * crown_event_ledger_rollback:
 *
 * Ends a read, or a write as if it had never been. What was kept before it stays in the batch.
 */
void
crown_event_ledger_rollback (CrownEventLedger *self)
{
  CROWN_EVENT_LEDGER_GET_IFACE (self)->rollback (self);
}

/**
 * crown_event_ledger_load_head:
 *
 * Reads where @stream stands; a stream without events has a head of zeros.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_load_head (CrownEventLedger  *self,
                              const char        *stream,
                              CrownStreamHead   *head,
                              GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->load_head (self, stream, head, error);
}

/**
 * crown_event_ledger_append_event:
 *
 * Stores @event, sets its envelope's event_id and moves the stream's head to @head.
 *
 * Returns: %FALSE on a database error, also when the sequence is taken
 */
gboolean
crown_event_ledger_append_event (CrownEventLedger       *self,
                                 CrownLedgerEvent       *event,
                                 const CrownStreamHead  *head,
                                 GError                **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->append_event (self, event, head, error);
}

/**
 * crown_event_ledger_load_events:
 *
 * Reads the events of @stream after the sequence @after, in order, of @namespaces only (0: of all).
 *
 * Returns: (transfer full) (element-type CrownLedgerEvent): at most @limit events
 */
GPtrArray *
crown_event_ledger_load_events (CrownEventLedger  *self,
                                const char        *stream,
                                CrownNamespaces    namespaces,
                                guint64            after,
                                guint              limit,
                                GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->load_events (self, stream, namespaces, after, limit, error);
}

/**
 * crown_ledger_events_write:
 * @events: (element-type CrownLedgerEvent): as crown_event_ledger_load_events() gives them
 * @first: where in @events to begin
 * @end: where to end at the latest
 * @ns: the namespace that they go out on
 * @json: gets one more envelope
 *
 * Writes the event at @first. Where its content is gone, all that follow it without a gap and have none either become one
 * tombstone with it: the range, with what comes before its first. A range ends where @end is, so a page may begin in the
 * middle of what another one would have as a whole.
 *
 * Returns: how many of @events that were
 */
guint
crown_ledger_events_write (GPtrArray        *events,
                           guint             first,
                           guint             end,
                           CrownNamespaces   ns,
                           gboolean          is_initial_sync,
                           GString          *json)
{
  const CrownLedgerEvent *event = g_ptr_array_index (events, first);
  const CrownEnvelope *last = event->envelope;
  guint64 prev = event->prev[crown_namespace_index (ns)];
  guint n = 1;

  if (!crown_envelope_is_tombstone (last))
    {
      crown_envelope_write (event->envelope, prev, is_initial_sync, json);
      return 1;
    }

  for (; first + n < end; n++)
    {
      const CrownEnvelope *next = ((CrownLedgerEvent *) g_ptr_array_index (events, first + n))->envelope;

      if (!crown_envelope_is_tombstone (next) || next->from_sequence != last->sequence + 1)
        break;
      last = next;
    }

  g_autoptr (CrownEnvelope) range =
    crown_envelope_new_tombstone (last->stream, last->epoch, event->envelope->from_sequence, last->sequence, prev);

  crown_envelope_write (range, prev, is_initial_sync, json);
  return n;
}

/**
 * crown_event_ledger_list_streams:
 *
 * Names every stream that has events.
 *
 * Returns: (transfer full): names
 */
char **
crown_event_ledger_list_streams (CrownEventLedger  *self,
                                 GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->list_streams (self, error);
}

/**
 * crown_event_ledger_find_since:
 * @after: events up to here are not looked at
 * @timestamp: RFC 3339, UTC
 * @sequence: (out): the first event that is not older; 0: all are
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_find_since (CrownEventLedger  *self,
                               const char        *stream,
                               guint64            after,
                               const char        *timestamp,
                               guint64           *sequence,
                               GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->find_since (self, stream, after, timestamp, sequence, error);
}

/**
 * crown_event_ledger_raise_floor:
 * @floor: below the stream's newest event
 *
 * Deletes the events up to @floor in the write that is open; who has applied less needs a snapshot from then on.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_raise_floor (CrownEventLedger  *self,
                                const char        *stream,
                                guint64            floor,
                                GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->raise_floor (self, stream, floor, error);
}

/**
 * crown_event_ledger_drop_content:
 * @type: one that is superseded
 * @before: RFC 3339, UTC; what is younger keeps its content
 * @limit: of how many events
 * @n_dropped: (out): of how many it was; less than @limit: there are no more
 *
 * Takes their content from events that a later one of the type supersedes, from the oldest on, in the write that is open.
 * Their numbers, types and times stay, and so does what says which came before them.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_drop_content (CrownEventLedger  *self,
                                 const char        *stream,
                                 CrownEventType     type,
                                 const char        *before,
                                 guint              limit,
                                 guint             *n_dropped,
                                 GError           **error)
{
  g_return_val_if_fail (crown_event_info (type) != NULL && crown_event_info (type)->is_superseded, FALSE);

  return CROWN_EVENT_LEDGER_GET_IFACE (self)->drop_content (self, stream, type, before, limit, n_dropped, error);
}

/**
 * crown_event_ledger_load_row:
 *
 * Reads a row; @row is %NULL without an error where there is none.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_load_row (CrownEventLedger  *self,
                             const char        *stream,
                             CrownStore         store,
                             const char        *id,
                             CrownLedgerRow   **row,
                             GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->load_row (self, stream, store, id, row, error);
}

/**
 * crown_event_ledger_put_row:
 *
 * Stores @row in place of what was there, and keeps the store's digest.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_put_row (CrownEventLedger      *self,
                            const char            *stream,
                            CrownStore             store,
                            const CrownLedgerRow  *row,
                            GError               **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->put_row (self, stream, store, row, error);
}

/**
 * crown_event_ledger_delete_row:
 *
 * Removes a row, if it is there, and keeps the store's digest.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_delete_row (CrownEventLedger  *self,
                               const char        *stream,
                               CrownStore         store,
                               const char        *id,
                               GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->delete_row (self, stream, store, id, error);
}

/**
 * crown_event_ledger_list_rows:
 *
 * Reads rows in the order of their ids, after the id @after (%NULL: from the first). @limit 0: all.
 *
 * Returns: (transfer full) (element-type CrownLedgerRow): rows
 */
GPtrArray *
crown_event_ledger_list_rows (CrownEventLedger  *self,
                              const char        *stream,
                              CrownStore         store,
                              const char        *after,
                              guint              limit,
                              GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->list_rows (self, stream, store, after, limit, error);
}

/**
 * crown_event_ledger_each_checksum:
 * @store: one whose ids are numbers
 * @bucket: only the rows of this part of the store (crown_digest_bucket()); -1: all
 * @func: (scope call): called for each row, in the order of their ids
 *
 * What a comparison needs, without the rows themselves.
 */
gboolean
crown_event_ledger_each_checksum (CrownEventLedger      *self,
                                  const char            *stream,
                                  CrownStore             store,
                                  int                    bucket,
                                  CrownRowChecksumFunc   func,
                                  gpointer               user_data,
                                  GError               **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->each_checksum (self, stream, store, bucket, func, user_data, error);
}

/**
 * crown_event_ledger_load_digest:
 *
 * Reads how many rows a store has, and their digest.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_load_digest (CrownEventLedger  *self,
                                const char        *stream,
                                CrownStore         store,
                                guint64           *count,
                                CrownDigest       *digest,
                                GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->load_digest (self, stream, store, count, digest, error);
}

/**
 * crown_event_ledger_add_counter:
 *
 * Adds @delta to a counter that begins at 0, and reads it.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_add_counter (CrownEventLedger  *self,
                                const char        *scope,
                                const char        *name,
                                gint64             delta,
                                gint64            *value,
                                GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->add_counter (self, scope, name, delta, value, error);
}

/**
 * crown_event_ledger_put_transcript:
 *
 * Keeps the segments of a meeting.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_put_transcript (CrownEventLedger  *self,
                                   gint64             meeting_id,
                                   const char        *json,
                                   GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->put_transcript (self, meeting_id, json, error);
}

/**
 * crown_event_ledger_load_transcript:
 *
 * Reads the segments of a meeting; @json is %NULL without an error where there are none.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_load_transcript (CrownEventLedger  *self,
                                    gint64             meeting_id,
                                    char             **json,
                                    GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->load_transcript (self, meeting_id, json, error);
}

/**
 * crown_event_ledger_put_import:
 *
 * Keeps where a meeting came from, instead of what was kept of it before.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_put_import (CrownEventLedger         *self,
                               const CrownLedgerImport  *import,
                               GError                  **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->put_import (self, import, error);
}

/**
 * crown_event_ledger_find_imports:
 *
 * Finds the imports of files with the name: those with the digest first, then the newest.
 *
 * Returns: (transfer full) (element-type CrownLedgerImport) (nullable): at most @limit of them; %NULL with an error
 */
GPtrArray *
crown_event_ledger_find_imports (CrownEventLedger  *self,
                                 gint64             workspace_id,
                                 const char        *name,
                                 const char        *digest,
                                 guint              limit,
                                 GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->find_imports (self, workspace_id, name, digest, limit, error);
}

/**
 * crown_event_ledger_load_import:
 *
 * Reads where a meeting came from; @import is %NULL without an error where it was not imported.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_load_import (CrownEventLedger   *self,
                                gint64              meeting_id,
                                CrownLedgerImport **import,
                                GError            **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->load_import (self, meeting_id, import, error);
}

/**
 * crown_event_ledger_list_pending:
 *
 * Returns: (transfer full) (element-type CrownLedgerImport) (nullable): the imports that were cut off, oldest first; %NULL
 *   with an error
 */
GPtrArray *
crown_event_ledger_list_pending (CrownEventLedger  *self,
                                 GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->list_pending (self, error);
}

/**
 * crown_event_ledger_add_segments:
 * @json: an array
 *
 * Keeps what was said next in a meeting that goes on.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_add_segments (CrownEventLedger  *self,
                                 gint64             meeting_id,
                                 const char        *json,
                                 GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->add_segments (self, meeting_id, json, error);
}

/**
 * crown_event_ledger_list_segments:
 *
 * Returns: (transfer full) (element-type utf8) (nullable): what crown_event_ledger_add_segments() was given, in order;
 *   %NULL with an error
 */
GPtrArray *
crown_event_ledger_list_segments (CrownEventLedger  *self,
                                  gint64             meeting_id,
                                  GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->list_segments (self, meeting_id, error);
}

/**
 * crown_event_ledger_drop_segments:
 *
 * Forgets them: they are in the meeting's transcript now.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_drop_segments (CrownEventLedger  *self,
                                  gint64             meeting_id,
                                  GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->drop_segments (self, meeting_id, error);
}

/**
 * crown_event_ledger_put_answer:
 *
 * Keeps the answer to a write under its Idempotency-Key, and forgets those that are too old at @now (unix seconds).
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_put_answer (CrownEventLedger         *self,
                               const CrownPrincipal     *who,
                               const char               *key,
                               const CrownLedgerAnswer  *answer,
                               gint64                    now,
                               GError                  **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->put_answer (self, who, key, answer, now, error);
}

/**
 * crown_event_ledger_load_answer:
 *
 * Reads the answer that was given under @key; %NULL without an error where there is none or it is too old at @now.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_load_answer (CrownEventLedger      *self,
                                const CrownPrincipal  *who,
                                const char            *key,
                                gint64                 now,
                                CrownLedgerAnswer    **answer,
                                GError               **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->load_answer (self, who, key, now, answer, error);
}

/**
 * crown_event_ledger_forget_answers:
 * @now: unix seconds
 * @limit: how many
 * @n_forgotten: (out): how many it were
 *
 * Deletes answers that are too old to be given again.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_forget_answers (CrownEventLedger  *self,
                                   gint64             now,
                                   guint              limit,
                                   guint             *n_forgotten,
                                   GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->forget_answers (self, now, limit, n_forgotten, error);
}

/**
 * crown_event_ledger_load_meta:
 *
 * Reads a setting of the ledger itself; %NULL without an error where there is none.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_load_meta (CrownEventLedger  *self,
                              const char        *key,
                              char             **value,
                              GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->load_meta (self, key, value, error);
}

/**
 * crown_event_ledger_put_meta:
 *
 * Writes a setting of the ledger itself.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_put_meta (CrownEventLedger  *self,
                             const char        *key,
                             const char        *value,
                             GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->put_meta (self, key, value, error);
}

/**
 * crown_event_ledger_create_workspace:
 *
 * Makes a workspace.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_create_workspace (CrownEventLedger  *self,
                                     const char        *name,
                                     gint64            *id,
                                     GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->create_workspace (self, name, id, error);
}

/**
 * crown_event_ledger_load_workspace:
 *
 * Reads a workspace's name; %NULL without an error where there is no such workspace.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_load_workspace (CrownEventLedger  *self,
                                   gint64             id,
                                   char             **name,
                                   GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->load_workspace (self, id, name, error);
}

/**
 * crown_event_ledger_create_user:
 *
 * Makes a user.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_create_user (CrownEventLedger  *self,
                                const char        *name,
                                gint64            *id,
                                GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->create_user (self, name, id, error);
}

/**
 * crown_event_ledger_put_token:
 *
 * Keeps the SHA-256 of a token. The user and the workspace have to be there.
 *
 * Returns: %FALSE on a database error, or %CROWN_SERVER_ERROR_NOT_FOUND
 */
gboolean
crown_event_ledger_put_token (CrownEventLedger      *self,
                              const char            *hash,
                              const CrownPrincipal  *principal,
                              GError               **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->put_token (self, hash, principal, error);
}

/**
 * crown_event_ledger_load_token:
 *
 * Finds what a token stands for by its hash; a revoked one is not found.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_load_token (CrownEventLedger  *self,
                               const char        *hash,
                               CrownPrincipal    *principal,
                               gboolean          *found,
                               GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->load_token (self, hash, principal, found, error);
}

/**
 * crown_event_ledger_check_token:
 * @token_id: of a token that was good
 * @good: (out): whether it still is
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_check_token (CrownEventLedger  *self,
                                gint64             token_id,
                                gboolean          *good,
                                GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->check_token (self, token_id, good, error);
}

/**
 * crown_event_ledger_revoke_token:
 *
 * Makes a token worthless.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_revoke_token (CrownEventLedger  *self,
                                 gint64             token_id,
                                 gboolean          *found,
                                 GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->revoke_token (self, token_id, found, error);
}

/**
 * crown_event_ledger_list_tokens:
 *
 * Calls @func for each token, in order of their numbers.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_list_tokens (CrownEventLedger      *self,
                                CrownLedgerTokenFunc   func,
                                gpointer               user_data,
                                GError               **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->list_tokens (self, func, user_data, error);
}

/* Whether other servers may write to it at the same time. */
gboolean
crown_event_ledger_is_shared (CrownEventLedger *self)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->watch != NULL;
}

/**
 * crown_event_ledger_watch:
 * @func: is called, in the main context of the thread, for each stream in which another server has committed events, soon
 *   after each commit. Not for what the ledger's own writes commit, or as well
 *
 * Only for one that is shared, and once.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_watch (CrownEventLedger      *self,
                          CrownLedgerWatchFunc   func,
                          gpointer               user_data,
                          GError               **error)
{
  g_return_val_if_fail (crown_event_ledger_is_shared (self), FALSE);

  return CROWN_EVENT_LEDGER_GET_IFACE (self)->watch (self, func, user_data, error);
}

void
crown_event_ledger_unwatch (CrownEventLedger *self)
{
  if (crown_event_ledger_is_shared (self))
    CROWN_EVENT_LEDGER_GET_IFACE (self)->unwatch (self);
}

/**
 * crown_event_ledger_claim:
 * @claimed: (out): whether it is this server that does for the workspace what one server has to do
 *
 * A claim holds until crown_event_ledger_release() or until the server is gone, however that comes. Of a ledger that is
 * not shared every claim is granted. One that is shared has to be watched.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_claim (CrownEventLedger  *self,
                          gint64             workspace_id,
                          gboolean          *claimed,
                          GError           **error)
{
  *claimed = TRUE;

  return !crown_event_ledger_is_shared (self) ||
         CROWN_EVENT_LEDGER_GET_IFACE (self)->claim (self, workspace_id, claimed, error);
}

void
crown_event_ledger_release (CrownEventLedger *self,
                            gint64            workspace_id)
{
  if (crown_event_ledger_is_shared (self))
    CROWN_EVENT_LEDGER_GET_IFACE (self)->release (self, workspace_id);
}

/**
 * crown_event_ledger_check:
 *
 * Asks the database whether it is whole.
 *
 * Returns: %FALSE with the first complaint
 */
gboolean
crown_event_ledger_check (CrownEventLedger  *self,
                          GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->check (self, error);
}

/**
 * crown_event_ledger_backup:
 *
 * Copies the ledger while it is in use.
 *
 * Returns: %FALSE if the copy could not be made
 */
gboolean
crown_event_ledger_backup (CrownEventLedger  *self,
                           const char        *path,
                           GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->backup (self, path, error);
}

/**
 * crown_event_ledger_shrink:
 *
 * Gives the room of what was deleted back to the file system. Outside of any transaction; others wait meanwhile.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_event_ledger_shrink (CrownEventLedger  *self,
                           GError           **error)
{
  return CROWN_EVENT_LEDGER_GET_IFACE (self)->shrink (self, error);
}
