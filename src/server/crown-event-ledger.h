/* crown-event-ledger.h: where the server keeps events, rows, digests and accounts
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "core/crown-digest.h"
#include "core/crown-envelope.h"
#include "crown-principal.h"

G_BEGIN_DECLS

/**
 * CrownStreamHead:
 * @sequence: the last event's sequence; 0: none yet
 * @prev: the last event's sequence in each namespace, by crown_namespace_index()
 * @floor: events up to here may be gone; who has applied less needs a snapshot
 */
typedef struct {
  guint64 sequence;
  guint64 prev[CROWN_N_NAMESPACES];
  guint64 floor;
} CrownStreamHead;

/**
 * CrownLedgerEvent:
 * @envelope: the event; its prev_sequence is that of /dashboard. Where the ledger no longer has its content it is a
 *   tombstone of this one sequence, with type and timestamp
 * @prev: prev_sequence in each namespace, by crown_namespace_index()
 *
 * An event as the ledger keeps it: one envelope that goes out with another prev_sequence in each namespace. Immutable
 * once it is committed. Atomic reference count.
 */
typedef struct {
  CrownEnvelope *envelope;
  guint64        prev[CROWN_N_NAMESPACES];
} CrownLedgerEvent;

CrownLedgerEvent *crown_ledger_event_new   (CrownEnvelope    *envelope); /* (transfer full) */
CrownLedgerEvent *crown_ledger_event_ref   (CrownLedgerEvent *self);
void              crown_ledger_event_unref (CrownLedgerEvent *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownLedgerEvent, crown_ledger_event_unref)

/**
 * CrownLedgerRow:
 * @id: the row's id as text
 * @json: canonical JSON
 * @checksum: SHA-256 of @json, hex
 */
typedef struct {
  char *id;
  char *json;
  char *checksum;
} CrownLedgerRow;

/* @id, @checksum: of one row, until it returns */
typedef void (*CrownRowChecksumFunc) (const char *id, const char *checksum, gpointer user_data);

void crown_ledger_row_free (CrownLedgerRow *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownLedgerRow, crown_ledger_row_free)

/**
 * CrownLedgerAnswer:
 * @request_hash: SHA-256 of method, path, query and body
 *
 * What a write was answered with, kept under its Idempotency-Key.
 */
typedef struct {
  char    *request_hash;
  guint    status;
  char    *body;
  char    *etag;     /* (nullable) */
  guint64  sequence;
} CrownLedgerAnswer;

void crown_ledger_answer_free (CrownLedgerAnswer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownLedgerAnswer, crown_ledger_answer_free)

/**
 * CrownLedgerImport:
 * @name: of the file; "" where it had none
 * @digest: SHA-256 of what was said, hex
 * @sketch: what crown_pipeline_is_alike() compares, as hex
 * @mutation_id: (nullable): the Idempotency-Key of the request
 * @pending: it was accepted, and the events that it makes are not there yet
 * @sequence: of the last event that it made; 0: none yet
 * @derived: JSON of what was derived from it, to be told apart from what people have made of that since
 *
 * Where a meeting came from. It is what makes an import that was cut off go on, and the same file no second meeting.
 */
typedef struct {
  gint64    meeting_id;
  gint64    workspace_id;
  gint64    user_id;
  char     *name;
  char     *digest;
  char     *sketch;
  char     *mutation_id;
  gboolean  pending;
  guint64   sequence;
  char     *derived;
} CrownLedgerImport;

void crown_ledger_import_free (CrownLedgerImport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownLedgerImport, crown_ledger_import_free)

/* @stream has events of another server, up to @sequence at least. FALSE: it could not be dealt with and has to be said
 * again. */
typedef gboolean (*CrownLedgerWatchFunc) (const char *stream, guint64 sequence, gpointer user_data);

typedef void (*CrownLedgerTokenFunc) (gint64                token_id,
                                      const CrownPrincipal *principal,
                                      const char           *user_name,
                                      const char           *workspace_name,
                                      const char           *created_at,
                                      gboolean              revoked,
                                      gpointer              user_data);

#define CROWN_TYPE_EVENT_LEDGER (crown_event_ledger_get_type ())
G_DECLARE_INTERFACE (CrownEventLedger, crown_event_ledger, CROWN, EVENT_LEDGER, GObject)

/**
 * CrownEventLedgerInterface:
 *
 * One implementation a database. All calls come from one thread. What changes events, rows, digests, counters or answers
 * is called between begin and commit, so that all of a write is there or none of it.
 *
 * Rows belong to the stream whose events change them. Ids are text; those of all stores but `metadata` are numbers.
 */
struct _CrownEventLedgerInterface
{
  GTypeInterface parent_iface;

  const char *(*get_epoch)     (CrownEventLedger *self);

  /* Transactions. A reader's sees one committed state throughout. Writes follow one another in a batch, which is one
   * transaction: each is kept or rolled back alone, and all that were kept are committed together. */
  gboolean    (*begin)         (CrownEventLedger *self, gboolean write, GError **error);
  gboolean    (*keep)          (CrownEventLedger *self, GError **error);
  gboolean    (*commit)        (CrownEventLedger *self, GError **error);
  void        (*rollback)      (CrownEventLedger *self);

  /* events */
  gboolean    (*load_head)     (CrownEventLedger *self, const char *stream, CrownStreamHead *head, GError **error);
  gboolean    (*append_event)  (CrownEventLedger *self, CrownLedgerEvent *event, const CrownStreamHead *head, GError **error);
  GPtrArray  *(*load_events)   (CrownEventLedger *self, const char *stream, CrownNamespaces namespaces, guint64 after,
                                guint limit, GError **error);
  char      **(*list_streams)  (CrownEventLedger *self, GError **error);
  gboolean    (*find_since)    (CrownEventLedger *self, const char *stream, guint64 after, const char *timestamp,
                                guint64 *sequence, GError **error);
  gboolean    (*raise_floor)   (CrownEventLedger *self, const char *stream, guint64 floor, GError **error);
  gboolean    (*drop_content)  (CrownEventLedger *self, const char *stream, CrownEventType type, const char *before,
                                guint limit, guint *n_dropped, GError **error);

  /* rows and their digests */
  gboolean    (*load_row)      (CrownEventLedger *self, const char *stream, CrownStore store, const char *id,
                                CrownLedgerRow **row, GError **error);
  gboolean    (*put_row)       (CrownEventLedger *self, const char *stream, CrownStore store, const CrownLedgerRow *row,
                                GError **error);
  gboolean    (*delete_row)    (CrownEventLedger *self, const char *stream, CrownStore store, const char *id, GError **error);
  GPtrArray  *(*list_rows)     (CrownEventLedger *self, const char *stream, CrownStore store, const char *after, guint limit,
                                GError **error);
  gboolean    (*each_checksum) (CrownEventLedger *self, const char *stream, CrownStore store, int bucket,
                                CrownRowChecksumFunc func, gpointer user_data, GError **error);
  gboolean    (*load_digest)   (CrownEventLedger *self, const char *stream, CrownStore store, guint64 *count,
                                CrownDigest *digest, GError **error);

  /* numbers that count in the transaction: ids of rows, a workspace's statistics */
  gboolean    (*add_counter)   (CrownEventLedger *self, const char *scope, const char *name, gint64 delta, gint64 *value,
                                GError **error);

  /* what is kept beside the rows */
  gboolean    (*put_transcript)  (CrownEventLedger *self, gint64 meeting_id, const char *json, GError **error);
  gboolean    (*load_transcript) (CrownEventLedger *self, gint64 meeting_id, char **json, GError **error);
  gboolean    (*put_import)      (CrownEventLedger *self, const CrownLedgerImport *import, GError **error);
  GPtrArray  *(*find_imports)    (CrownEventLedger *self, gint64 workspace_id, const char *name, const char *digest,
                                  guint limit, GError **error);
  gboolean    (*load_import)     (CrownEventLedger *self, gint64 meeting_id, CrownLedgerImport **import, GError **error);
  GPtrArray  *(*list_pending)    (CrownEventLedger *self, GError **error);
  gboolean    (*add_segments)    (CrownEventLedger *self, gint64 meeting_id, const char *json, GError **error);
  GPtrArray  *(*list_segments)   (CrownEventLedger *self, gint64 meeting_id, GError **error);
  gboolean    (*drop_segments)   (CrownEventLedger *self, gint64 meeting_id, GError **error);
  gboolean    (*put_answer)      (CrownEventLedger *self, const CrownPrincipal *who, const char *key,
                                  const CrownLedgerAnswer *answer, gint64 now, GError **error);
  gboolean    (*load_answer)     (CrownEventLedger *self, const CrownPrincipal *who, const char *key, gint64 now,
                                  CrownLedgerAnswer **answer, GError **error);
  gboolean    (*forget_answers)  (CrownEventLedger *self, gint64 now, guint limit, guint *n_forgotten, GError **error);

  /* accounts */
  gboolean    (*load_meta)        (CrownEventLedger *self, const char *key, char **value, GError **error);
  gboolean    (*put_meta)         (CrownEventLedger *self, const char *key, const char *value, GError **error);
  gboolean    (*create_workspace) (CrownEventLedger *self, const char *name, gint64 *id, GError **error);
  gboolean    (*load_workspace)   (CrownEventLedger *self, gint64 id, char **name, GError **error);
  gboolean    (*create_user)      (CrownEventLedger *self, const char *name, gint64 *id, GError **error);
  gboolean    (*put_token)        (CrownEventLedger *self, const char *hash, const CrownPrincipal *principal, GError **error);
  gboolean    (*load_token)       (CrownEventLedger *self, const char *hash, CrownPrincipal *principal, gboolean *found,
                                   GError **error);
  gboolean    (*check_token)      (CrownEventLedger *self, gint64 token_id, gboolean *good, GError **error);
  gboolean    (*revoke_token)     (CrownEventLedger *self, gint64 token_id, gboolean *found, GError **error);
  gboolean    (*list_tokens)      (CrownEventLedger *self, CrownLedgerTokenFunc func, gpointer user_data, GError **error);

  /* other servers of the same ledger; NULL, all of them, where there can be none */
  gboolean    (*watch)            (CrownEventLedger *self, CrownLedgerWatchFunc func, gpointer user_data, GError **error);
  void        (*unwatch)          (CrownEventLedger *self);
  gboolean    (*claim)            (CrownEventLedger *self, gint64 workspace_id, gboolean *claimed, GError **error);
  void        (*release)          (CrownEventLedger *self, gint64 workspace_id);

  /* the files or the database itself */
  gboolean    (*check)            (CrownEventLedger *self, GError **error);
  gboolean    (*backup)           (CrownEventLedger *self, const char *path, GError **error);
  gboolean    (*shrink)           (CrownEventLedger *self, GError **error);
};

CrownEventLedger *crown_event_ledger_open             (const char             *uri,
                                                       GError                **error);
const char       *crown_event_ledger_get_epoch        (CrownEventLedger       *self);
gboolean          crown_event_ledger_begin            (CrownEventLedger       *self,
                                                       gboolean                write,
                                                       GError                **error);
gboolean          crown_event_ledger_keep             (CrownEventLedger       *self,
                                                       GError                **error);
gboolean          crown_event_ledger_commit           (CrownEventLedger       *self,
                                                       GError                **error);
void              crown_event_ledger_rollback         (CrownEventLedger       *self);
gboolean          crown_event_ledger_load_head        (CrownEventLedger       *self,
                                                       const char             *stream,
                                                       CrownStreamHead        *head,
                                                       GError                **error);
gboolean          crown_event_ledger_append_event     (CrownEventLedger       *self,
                                                       CrownLedgerEvent       *event,
                                                       const CrownStreamHead  *head,
                                                       GError                **error);
GPtrArray        *crown_event_ledger_load_events      (CrownEventLedger       *self,
                                                       const char             *stream,
                                                       CrownNamespaces         namespaces,
                                                       guint64                 after,
                                                       guint                   limit,
                                                       GError                **error);
guint             crown_ledger_events_write           (GPtrArray              *events,
                                                       guint                   first,
                                                       guint                   end,
                                                       CrownNamespaces         ns,
                                                       gboolean                is_initial_sync,
                                                       GString                *json);
char            **crown_event_ledger_list_streams     (CrownEventLedger       *self,
                                                       GError                **error);
gboolean          crown_event_ledger_find_since       (CrownEventLedger       *self,
                                                       const char             *stream,
                                                       guint64                 after,
                                                       const char             *timestamp,
                                                       guint64                *sequence,
                                                       GError                **error);
gboolean          crown_event_ledger_raise_floor      (CrownEventLedger       *self,
                                                       const char             *stream,
                                                       guint64                 floor,
                                                       GError                **error);
gboolean          crown_event_ledger_drop_content     (CrownEventLedger       *self,
                                                       const char             *stream,
                                                       CrownEventType          type,
                                                       const char             *before,
                                                       guint                   limit,
                                                       guint                  *n_dropped,
                                                       GError                **error);
gboolean          crown_event_ledger_load_row         (CrownEventLedger       *self,
                                                       const char             *stream,
                                                       CrownStore              store,
                                                       const char             *id,
                                                       CrownLedgerRow        **row,
                                                       GError                **error);
gboolean          crown_event_ledger_put_row          (CrownEventLedger       *self,
                                                       const char             *stream,
                                                       CrownStore              store,
                                                       const CrownLedgerRow   *row,
                                                       GError                **error);
gboolean          crown_event_ledger_delete_row       (CrownEventLedger       *self,
                                                       const char             *stream,
                                                       CrownStore              store,
                                                       const char             *id,
                                                       GError                **error);
GPtrArray        *crown_event_ledger_list_rows        (CrownEventLedger       *self,
                                                       const char             *stream,
                                                       CrownStore              store,
                                                       const char             *after,
                                                       guint                   limit,
                                                       GError                **error);
gboolean          crown_event_ledger_each_checksum    (CrownEventLedger       *self,
                                                       const char             *stream,
                                                       CrownStore              store,
                                                       int                     bucket,
                                                       CrownRowChecksumFunc    func,
                                                       gpointer                user_data,
                                                       GError                **error);
gboolean          crown_event_ledger_load_digest      (CrownEventLedger       *self,
                                                       const char             *stream,
                                                       CrownStore              store,
                                                       guint64                *count,
                                                       CrownDigest            *digest,
                                                       GError                **error);
gboolean          crown_event_ledger_add_counter      (CrownEventLedger       *self,
                                                       const char             *scope,
                                                       const char             *name,
                                                       gint64                  delta,
                                                       gint64                 *value,
                                                       GError                **error);
gboolean          crown_event_ledger_put_transcript   (CrownEventLedger       *self,
                                                       gint64                  meeting_id,
                                                       const char             *json,
                                                       GError                **error);
gboolean          crown_event_ledger_load_transcript  (CrownEventLedger       *self,
                                                       gint64                  meeting_id,
                                                       char                  **json,
                                                       GError                **error);
gboolean          crown_event_ledger_put_import       (CrownEventLedger       *self,
                                                       const CrownLedgerImport *import,
                                                       GError                **error);
GPtrArray        *crown_event_ledger_find_imports     (CrownEventLedger       *self,
                                                       gint64                  workspace_id,
                                                       const char             *name,
                                                       const char             *digest,
                                                       guint                   limit,
                                                       GError                **error);
gboolean          crown_event_ledger_load_import      (CrownEventLedger       *self,
                                                       gint64                  meeting_id,
                                                       CrownLedgerImport     **import,
                                                       GError                **error);
GPtrArray        *crown_event_ledger_list_pending     (CrownEventLedger       *self,
                                                       GError                **error);
gboolean          crown_event_ledger_add_segments     (CrownEventLedger       *self,
                                                       gint64                  meeting_id,
                                                       const char             *json,
                                                       GError                **error);
GPtrArray        *crown_event_ledger_list_segments    (CrownEventLedger       *self,
                                                       gint64                  meeting_id,
                                                       GError                **error);
gboolean          crown_event_ledger_drop_segments    (CrownEventLedger       *self,
                                                       gint64                  meeting_id,
                                                       GError                **error);
gboolean          crown_event_ledger_put_answer       (CrownEventLedger       *self,
                                                       const CrownPrincipal   *who,
                                                       const char             *key,
                                                       const CrownLedgerAnswer *answer,
                                                       gint64                  now,
                                                       GError                **error);
gboolean          crown_event_ledger_load_answer      (CrownEventLedger       *self,
                                                       const CrownPrincipal   *who,
                                                       const char             *key,
                                                       gint64                  now,
                                                       CrownLedgerAnswer     **answer,
                                                       GError                **error);
gboolean          crown_event_ledger_forget_answers   (CrownEventLedger       *self,
                                                       gint64                  now,
                                                       guint                   limit,
                                                       guint                  *n_forgotten,
                                                       GError                **error);
gboolean          crown_event_ledger_load_meta        (CrownEventLedger       *self,
                                                       const char             *key,
                                                       char                  **value,
                                                       GError                **error);
gboolean          crown_event_ledger_put_meta         (CrownEventLedger       *self,
                                                       const char             *key,
                                                       const char             *value,
                                                       GError                **error);
gboolean          crown_event_ledger_create_workspace (CrownEventLedger       *self,
                                                       const char             *name,
                                                       gint64                 *id,
                                                       GError                **error);
gboolean          crown_event_ledger_load_workspace   (CrownEventLedger       *self,
                                                       gint64                  id,
                                                       char                  **name,
                                                       GError                **error);
gboolean          crown_event_ledger_create_user      (CrownEventLedger       *self,
                                                       const char             *name,
                                                       gint64                 *id,
                                                       GError                **error);
gboolean          crown_event_ledger_put_token        (CrownEventLedger       *self,
                                                       const char             *hash,
                                                       const CrownPrincipal   *principal,
                                                       GError                **error);
gboolean          crown_event_ledger_load_token       (CrownEventLedger       *self,
                                                       const char             *hash,
                                                       CrownPrincipal         *principal,
                                                       gboolean               *found,
                                                       GError                **error);
gboolean          crown_event_ledger_check_token      (CrownEventLedger       *self,
                                                       gint64                  token_id,
                                                       gboolean               *good,
                                                       GError                **error);
gboolean          crown_event_ledger_revoke_token     (CrownEventLedger       *self,
                                                       gint64                  token_id,
                                                       gboolean               *found,
                                                       GError                **error);
gboolean          crown_event_ledger_list_tokens      (CrownEventLedger       *self,
                                                       CrownLedgerTokenFunc    func,
                                                       gpointer                user_data,
                                                       GError                **error);
gboolean          crown_event_ledger_is_shared        (CrownEventLedger       *self);
gboolean          crown_event_ledger_watch            (CrownEventLedger       *self,
                                                       CrownLedgerWatchFunc    func,
                                                       gpointer                user_data,
                                                       GError                **error);
void              crown_event_ledger_unwatch          (CrownEventLedger       *self);
gboolean          crown_event_ledger_claim            (CrownEventLedger       *self,
                                                       gint64                  workspace_id,
                                                       gboolean               *claimed,
                                                       GError                **error);
void              crown_event_ledger_release          (CrownEventLedger       *self,
                                                       gint64                  workspace_id);
gboolean          crown_event_ledger_check            (CrownEventLedger       *self,
                                                       GError                **error);
gboolean          crown_event_ledger_backup           (CrownEventLedger       *self,
                                                       const char             *path,
                                                       GError                **error);
gboolean          crown_event_ledger_shrink           (CrownEventLedger       *self,
                                                       GError                **error);

/* Stream names: crown_event_stream_name() of each scope. */
char             *crown_event_stream_name             (CrownEventScope         scope,
                                                       gint64                  id);

G_END_DECLS
