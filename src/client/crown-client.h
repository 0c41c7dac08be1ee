/* crown-client.h: what the interface sees of the client: reading the cache, doing things, being told of changes
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "core/crown-change-set.h"
#include "core/crown-models.h"
#include "crown-error-handler.h"
#include "crown-search-text.h"

G_BEGIN_DECLS

typedef enum {
  CROWN_CLIENT_OFFLINE,      /* asked to be, or no server known */
  CROWN_CLIENT_CONNECTING,
  CROWN_CLIENT_JOINING,
  CROWN_CLIENT_REPLAYING,
  CROWN_CLIENT_SNAPSHOTTING,
  CROWN_CLIENT_LIVE,
  CROWN_CLIENT_BACKING_OFF,
  CROWN_CLIENT_STOPPED,
} CrownClientState;
GType crown_client_state_get_type (void);
#define CROWN_TYPE_CLIENT_STATE (crown_client_state_get_type ())

#define CROWN_TYPE_CLIENT (crown_client_get_type ())
G_DECLARE_FINAL_TYPE (CrownClient, crown_client, CROWN, CLIENT, GObject)

/* Opens (or makes) cache.db and outbox.db in @folder, which is one (server, user, workspace). Nothing is connected yet:
 * reads work at once. A damaged cache is set aside and rebuilt. Belongs to the thread that makes it (the interface's);
 * all signals and callbacks come there. */
CrownClient     *crown_client_new       (const char *folder, gint64 workspace_id, gint64 user_id, GError **error);
/* Starts the sync engine on its own thread. May be called again with another address (the server moved). */
void             crown_client_connect_server (CrownClient *self, const char *url, const char *token);
void             crown_client_reconnect_now  (CrownClient *self);
void             crown_client_disconnect     (CrownClient *self); /* → OFFLINE */
void             crown_client_close     (CrownClient *self); /* stops the thread, closes the databases; idempotent */

/* Properties: "state" (CrownClientState, notify), "pending" (guint: entries in the outbox, notify),
 *             "offline-since" (gint64 unix µs or 0, notify), "n-failures" (guint: that were noted, notify),
 *             "problem" (nullable text: what the person has to do something about, for as long as that is so, notify)
 *             "to-catch-up" (guint64: see crown_client_get_progress(), notify for each of its two numbers)
 * Signals:
 *   "changed" (CrownChangeSet *)           rows of these stores changed (cache or overlay); at most once a main-loop turn
 *   "made" (CrownChangeSet *)              of these, what this process did: its engine applied it, or it went into the outbox
 *                                          here. What other processes have to be told; never what crown_client_notice() said
 *   "rejected" (const char *what, const char *message)  something that the person is to be told: the server refused a write,
 *                                          whose overlay is gone already; a meeting was deleted there; "problem" is another
 */
/* Another process changed the same files: the rows and the overlay are read anew ("changed" follows), and a connected
 * engine looks for new entries in the outbox. */
void             crown_client_notice      (CrownClient *self, const CrownChangeSet *changes);
CrownClientState crown_client_get_state   (CrownClient *self);
guint            crown_client_get_pending (CrownClient *self);
gint64           crown_client_get_user_id (CrownClient *self); /* whose client it is */
/* What went wrong and what was done about it, the newest first; "n-failures" says when there is more.
 * (transfer full) (element-type CrownFailure) */
GPtrArray       *crown_client_list_failures (CrownClient *self);
const char      *crown_client_get_problem (CrownClient *self); /* (nullable) */
/* Unix µs; 0: it is live */
gint64           crown_client_get_offline_since (CrownClient *self);
/* How far catching up with the server is, in events. FALSE: it does not catch up, or the number is not known */
gboolean         crown_client_get_progress (CrownClient *self, guint64 *done, guint64 *total);

/* What the diagnostics show: that of crown_diagnostics_read() with `state`, `server`, `offline_since`, `buffered`,
 * `max_buffered`, and `latencies:[{name, count, last_us, median_us, p99_us, max_us, target_us}]`. Reads on a thread of its
 * own. Nothing in it is from a meeting or a task, and no token. (transfer full) */
void             crown_client_diagnose_async  (CrownClient *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                               gpointer user_data);
JsonObject      *crown_client_diagnose_finish (CrownClient *self, GAsyncResult *result, GError **error);

/* Reads: on the calling thread, from a read-only WAL connection that never waits for a writer; cache row + overlay. */
typedef enum {
  CROWN_QUERY_MEETINGS,  /* not archived, newest first */
  CROWN_QUERY_ARCHIVE,   /* archived, last archived first */
  CROWN_QUERY_TASKS,     /* pending first, then by due date (none last), then newest */
  CROWN_QUERY_SESSION_TASKS, /* of one meeting, in order of evidence */
} CrownQueryKind;
/* How meetings are ordered; an archived one's date is when it was archived. */
typedef enum {
  CROWN_SORT_NEWEST,
  CROWN_SORT_OLDEST,
  CROWN_SORT_TITLE,
  CROWN_SORT_LONGEST,
  CROWN_SORT_MOST_TASKS,
  CROWN_N_SORTS,
} CrownSort;
typedef struct {
  CrownQueryKind kind;
  gint64         session_id; /* SESSION_TASKS */
  const char    *text;       /* (nullable) each word begins a word of title, summary, task or people */
  const char    *status;     /* (nullable) */
  const char    *due_from;   /* (nullable) YYYY-MM-DD: of tasks, those that are due then or later */
  const char    *due_until;  /* (nullable) YYYY-MM-DD: … or until then; with either, a task without a day is none of them */
  CrownSort      sort;       /* of meetings */
  const char    *from;       /* (nullable) of meetings: a UTC time as rows have it, the first that is in … */
  const char    *until;      /* (nullable) … and the first that is not any more */
  const char    *person;     /* (nullable) of meetings: who took part; whole words of a name, whatever their case */
} CrownQuery;
/* ids in order; a covering index makes 100,000 of them cheap. (transfer full) (element-type gint64) */
GArray          *crown_client_query_ids     (CrownClient *self, const CrownQuery *query, GError **error);
CrownMeeting    *crown_client_load_meeting  (CrownClient *self, gint64 id, GError **error); /* (nullable) without error: not there */
CrownTask       *crown_client_load_task     (CrownClient *self, gint64 id, GError **error);
CrownAnalytics  *crown_client_load_analytics(CrownClient *self, gint64 session_id, GError **error);
/* Tasks whose status is pending; -1 with an error */
gint64           crown_client_count_open_tasks (CrownClient *self, GError **error);
/* {total_meetings, total_tasks, hours_saved, active_meetings, archived_meetings}; (nullable) (transfer full) */
JsonObject      *crown_client_load_stats    (CrownClient *self, GError **error);
/* Who has tasks or took part in meetings, of the newest; in the order of the locale. (transfer full) */
char           **crown_client_list_people   (CrownClient *self, GError **error);
/* Segments {speaker,text,start,end}; (nullable): not in the cache yet → crown_client_fetch_transcript_async() */
JsonArray       *crown_client_load_transcript (CrownClient *self, gint64 session_id, GError **error);
/* When a line of it (from 0) begins, in seconds; FALSE, also without error: it is not in the cache. */
gboolean         crown_client_load_line_start (CrownClient *self, gint64 session_id, gint64 line, double *start, GError **error);
void             crown_client_fetch_transcript_async (CrownClient *self, gint64 session_id, GCancellable *cancellable,
                                                      GAsyncReadyCallback callback, gpointer user_data);
JsonArray       *crown_client_fetch_transcript_finish (CrownClient *self, GAsyncResult *result, GError **error);

/* Where a search found something. */
typedef enum {
  CROWN_SEARCH_IN_TITLE,      /* of a meeting; or among its people */
  CROWN_SEARCH_IN_SUMMARY,
  CROWN_SEARCH_IN_TASK,
  CROWN_SEARCH_IN_TRANSCRIPT,
} CrownSearchPlace;

typedef struct {
  CrownSearchPlace place;
  gint64           session_id; /* the meeting, also of a task */
  gint64           task_id;    /* IN_TASK, otherwise 0 */
  guint            line;       /* IN_TRANSCRIPT, from 0 */
  double           score;      /* smaller is better */
  char            *snippet;    /* one line of what was found */
  GArray          *ranges;     /* (element-type CrownSearchRange) of the snippet: what matches */
} CrownSearchHit;

void             crown_search_hit_free (CrownSearchHit *self);
/* The best @limit hits in meetings, tasks and transcripts, best first; none for a text without letters and digits. Reads on
 * a thread of its own. (transfer full) (element-type CrownSearchHit) */
void             crown_client_search_async   (CrownClient *self, const char *text, guint limit, GCancellable *cancellable,
                                              GAsyncReadyCallback callback, gpointer user_data);
GPtrArray       *crown_client_search_finish  (CrownClient *self, GAsyncResult *result, GError **error);

/* Writes: durable in the outbox when the callback comes; the overlay shows at once ("changed" follows). They work
 * offline. Each returns TRUE in finish, or the reason why it could not be kept. */
void     crown_client_set_task_status_async  (CrownClient *self, gint64 task_id, const char *status, GAsyncReadyCallback callback, gpointer user_data);
void     crown_client_archive_meeting_async  (CrownClient *self, gint64 meeting_id, GAsyncReadyCallback callback, gpointer user_data);
void     crown_client_restore_meeting_async  (CrownClient *self, gint64 meeting_id, GAsyncReadyCallback callback, gpointer user_data);
void     crown_client_update_task_async      (CrownClient *self, gint64 task_id, JsonObject *updates, GAsyncReadyCallback callback, gpointer user_data);
/* @updates: members of the row, such as its title */
void     crown_client_update_meeting_async   (CrownClient *self, gint64 meeting_id, JsonObject *updates, GAsyncReadyCallback callback, gpointer user_data);
void     crown_client_complete_meeting_async (CrownClient *self, gint64 meeting_id, GAsyncReadyCallback callback, gpointer user_data);
/* Says that the archive was looked at (ARCHIVE_REVEAL); changes no row. */
void     crown_client_reveal_archive_async   (CrownClient *self, GAsyncReadyCallback callback, gpointer user_data);
void     crown_client_delete_task_async      (CrownClient *self, gint64 task_id, GAsyncReadyCallback callback, gpointer user_data);
gboolean crown_client_write_finish           (CrownClient *self, GAsyncResult *result, GError **error);
/* Writes that make a row: @fields are what the server takes at POST, with `session_id` of a task. It has a temporary id below
 * 0 until the server confirms it; who goes on using that gets and changes the row all the same. */
void     crown_client_create_task_async      (CrownClient *self, JsonObject *fields, GAsyncReadyCallback callback, gpointer user_data);
void     crown_client_create_meeting_async   (CrownClient *self, JsonObject *fields, GAsyncReadyCallback callback, gpointer user_data);
/* As crown_client_write_finish(), with the row's id by now (0: failed), and @mutation_id: (out) (optional) (transfer full): what
 * crown_client_withdraw_async() takes. For any write. */
gint64   crown_client_write_finish_full      (CrownClient *self, GAsyncResult *result, char **mutation_id, GError **error);
/* The id of a row that was made under a temporary one, as soon as it has it. "changed" names both then. */
gint64   crown_client_resolve_id             (CrownClient *self, CrownStore store, gint64 id);
/* What has not been sent yet is undone without a trace; G_IO_ERROR_BUSY: it was sent, so that the opposite has to be written. */
void     crown_client_withdraw_async         (CrownClient *self, const char *mutation_id, GAsyncReadyCallback callback, gpointer user_data);
/* Forgets a write that was rejected, or that waits though it was tried: the server may have done that one. */
void     crown_client_discard_async          (CrownClient *self, const char *mutation_id, GAsyncReadyCallback callback, gpointer user_data);
/* Sends a write that was rejected once more, or one that waits now. */
void     crown_client_retry_async            (CrownClient *self, const char *mutation_id, GAsyncReadyCallback callback, gpointer user_data);
/* Of the three. */
gboolean crown_client_change_write_finish    (CrownClient *self, GAsyncResult *result, GError **error);
/* All that is in the outbox, also what was rejected, in the order of what was done. (transfer full) (element-type
 * CrownOutboxEntry): its state is crown_outbox_entry_get_state(), its age that of `created_us` */
void       crown_client_list_writes_async    (CrownClient *self, GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *crown_client_list_writes_finish   (CrownClient *self, GAsyncResult *result, GError **error);
/* What the person looks for is an event of this computer's own stream, FILTER_APPLY, and never sent: @status, @assignee:
 * (nullable). crown_client_load_filter() says it again after a restart: (nullable) (transfer full). */
void        crown_client_apply_filter        (CrownClient *self, const char *query, const char *time_range, const char *status,
                                              const char *assignee);
JsonObject *crown_client_load_filter         (CrownClient *self, GError **error);
/* Sends the file to the server's /imports (needs a connection: an import cannot be overlaid). Refusals carry the server's
 * text. Finish gives the new meeting's id, or 0 and error. */
void     crown_client_import_async           (CrownClient *self, GFile *file, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gint64   crown_client_import_finish          (CrownClient *self, GAsyncResult *result, GError **error);

G_END_DECLS
