/* crown-error-handler.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-error-handler.h"

#include <glib/gi18n.h>

#include "core/crown-event-catalogue.h"
#include "core/crown-json.h"
#include "storage/crown-sqlite.h"

/* Where a failure comes from. */
typedef enum { NOWHERE, STATUS, IO, RESOLVER, TLS, SQLITE, JSON, EVENT, ANYWHERE } Source;

typedef struct {
  Source source;
  int    first;
  int    last;
} Cause;

typedef struct {
  const char         *name;     /* the same in all languages */
  CrownFailurePolicy  policy;
  const char         *text;     /* for people, with what they can do about it */
  Cause               causes[6];
  const char         *codes[3]; /* of the server's refusals, which say more than a status */
} Failure;

#define ALL 0, G_MAXINT

/* Every failure there is: how it is known, what is done about it, and what is said. The first that fits is meant. */
static const Failure failures[CROWN_N_FAILURES] = {
  [CROWN_FAILURE_NONE] = { "none", CROWN_POLICY_NONE, NULL,
    { { IO, G_IO_ERROR_CANCELLED, G_IO_ERROR_CANCELLED } } },
  [CROWN_FAILURE_OFFLINE] = { "offline", CROWN_POLICY_RETRY,
    N_("There is no network. What you change is sent when it is back."),
    { { IO, G_IO_ERROR_NETWORK_UNREACHABLE, G_IO_ERROR_NETWORK_UNREACHABLE },
      { IO, G_IO_ERROR_HOST_UNREACHABLE, G_IO_ERROR_HOST_UNREACHABLE },
      { IO, G_IO_ERROR_NOT_CONNECTED, G_IO_ERROR_NOT_CONNECTED } } },
  [CROWN_FAILURE_UNREACHABLE] = { "unreachable", CROWN_POLICY_RETRY,
    N_("The server cannot be reached. It is tried again by itself."),
    { { IO, G_IO_ERROR_CONNECTION_REFUSED, G_IO_ERROR_CONNECTION_REFUSED },
      { IO, G_IO_ERROR_HOST_NOT_FOUND, G_IO_ERROR_HOST_NOT_FOUND },
      { IO, G_IO_ERROR_PROXY_FAILED, G_IO_ERROR_PROXY_NOT_ALLOWED },
      { RESOLVER, ALL } } },
  [CROWN_FAILURE_TIMEOUT] = { "timeout", CROWN_POLICY_RETRY,
    N_("The server does not answer. It is tried again by itself."),
    { { IO, G_IO_ERROR_TIMED_OUT, G_IO_ERROR_TIMED_OUT }, { STATUS, 0, 0 }, { STATUS, 408, 408 }, { STATUS, 504, 504 } } },
  [CROWN_FAILURE_LOST] = { "lost", CROWN_POLICY_RETRY,
    N_("The connection was lost. It is made anew by itself."),
    { { IO, G_IO_ERROR_CONNECTION_CLOSED, G_IO_ERROR_CONNECTION_CLOSED },
      { IO, G_IO_ERROR_PARTIAL_INPUT, G_IO_ERROR_PARTIAL_INPUT } } },
  [CROWN_FAILURE_TLS] = { "tls", CROWN_POLICY_ASK,
    N_("The server’s certificate is not trusted. Check the server’s address, or ask who runs it."),
    { { TLS, ALL } } },
  [CROWN_FAILURE_NO_WORKSPACE] = { "no-workspace", CROWN_POLICY_ASK,
    N_("This workspace is not on the server, or you are not a member of it. Ask who runs it."),
    { { NOWHERE } }, { "no_such_workspace", "not_member" } },
  [CROWN_FAILURE_UNAUTHORIZED] = { "unauthorized", CROWN_POLICY_ASK,
    N_("The server does not accept the token. A new one is needed; what you changed is kept until then."),
    { { STATUS, 401, 401 } }, { "unauthorized" } },
  [CROWN_FAILURE_FORBIDDEN] = { "forbidden", CROWN_POLICY_TELL,
    N_("You may not do this in this workspace. Ask one of its administrators."),
    { { STATUS, 403, 403 } }, { "forbidden" } },
  [CROWN_FAILURE_MISSING] = { "missing", CROWN_POLICY_REPAIR,
    N_("This is not on the server any more."),
    { { STATUS, 404, 404 }, { IO, G_IO_ERROR_NOT_FOUND, G_IO_ERROR_NOT_FOUND } }, { "not_found" } },
  [CROWN_FAILURE_CONFLICT] = { "conflict", CROWN_POLICY_REPAIR,
    N_("Somebody else changed this at the same time. You see how it is now."),
    { { STATUS, 409, 409 } } },
  [CROWN_FAILURE_GONE] = { "gone", CROWN_POLICY_REPAIR,
    N_("This was deleted."),
    { { STATUS, 410, 410 } } },
  [CROWN_FAILURE_STALE] = { "stale", CROWN_POLICY_REPAIR,
    N_("This has changed since you saw it. You see how it is now."),
    { { STATUS, 412, 412 } }, { "stale" } },
  [CROWN_FAILURE_TOO_LARGE] = { "too-large", CROWN_POLICY_TELL,
    N_("This is larger than the server takes."),
    { { STATUS, 413, 413 }, { IO, G_IO_ERROR_MESSAGE_TOO_LARGE, G_IO_ERROR_MESSAGE_TOO_LARGE } }, { "too_large" } },
  [CROWN_FAILURE_BUSY] = { "busy", CROWN_POLICY_RETRY,
    N_("The server has too much to do. It is tried again in a moment."),
    { { STATUS, 429, 429 }, { STATUS, 425, 425 }, { STATUS, 502, 503 } }, { "rate_limited", "room_full" } },
  [CROWN_FAILURE_INVALID] = { "invalid", CROWN_POLICY_TELL,
    N_("The server does not accept this."),
    { { STATUS, 400, 499 } } },
  [CROWN_FAILURE_SERVER] = { "server", CROWN_POLICY_RETRY,
    N_("The server has a problem. It is tried again by itself."),
    { { STATUS, 500, 599 } }, { "internal", "ledger" } },
  [CROWN_FAILURE_ANSWER] = { "answer", CROWN_POLICY_ASK,
    N_("What the server answers cannot be used. It is tried again later; what is here stays readable."),
    { { JSON, ALL }, { EVENT, ALL }, { STATUS, ALL }, { IO, G_IO_ERROR_INVALID_DATA, G_IO_ERROR_INVALID_DATA } } },
  [CROWN_FAILURE_DIFFERENCE] = { "difference", CROWN_POLICY_REPAIR,
    N_("What is kept on this computer differs from what the server has."),
    { { NOWHERE } } },
  [CROWN_FAILURE_DISK_FULL] = { "disk-full", CROWN_POLICY_ASK,
    N_("The disk is full. Make some room: until then you see what is here, and nothing new can be kept."),
    { { SQLITE, CROWN_SQLITE_ERROR_FULL, CROWN_SQLITE_ERROR_FULL }, { IO, G_IO_ERROR_NO_SPACE, G_IO_ERROR_NO_SPACE } } },
  [CROWN_FAILURE_DISK_READ_ONLY] = { "disk-read-only", CROWN_POLICY_ASK,
    N_("The disk can only be read. Until it can be written you see what is here, and nothing new can be kept."),
    { { SQLITE, CROWN_SQLITE_ERROR_READONLY, CROWN_SQLITE_ERROR_READONLY },
      { IO, G_IO_ERROR_READ_ONLY, G_IO_ERROR_READ_ONLY }, { IO, G_IO_ERROR_PERMISSION_DENIED, G_IO_ERROR_PERMISSION_DENIED } } },
  [CROWN_FAILURE_DISK_DAMAGED] = { "disk-damaged", CROWN_POLICY_REPAIR,
    N_("What was kept on this computer is damaged. It is set aside and read again from the server."),
    { { SQLITE, CROWN_SQLITE_ERROR_CORRUPT, CROWN_SQLITE_ERROR_CORRUPT } } },
  [CROWN_FAILURE_DISK_NEWER] = { "disk-newer", CROWN_POLICY_ASK,
    N_("A newer version of this program has written what is here. Update this one to go on."),
    { { SQLITE, CROWN_SQLITE_ERROR_NEWER, CROWN_SQLITE_ERROR_NEWER } } },
  [CROWN_FAILURE_DISK] = { "disk", CROWN_POLICY_ASK,
    N_("The disk does not work as it should. Until it does, nothing new can be kept."),
    { { SQLITE, ALL } } },
  [CROWN_FAILURE_OTHER] = { "other", CROWN_POLICY_RETRY,
    N_("Something went wrong."),
    { { ANYWHERE, ALL } } },
};

/* What was done, for people, and whether that is news to them. */
static const struct {
  const char *text;
  gboolean    tells;
} outcomes[CROWN_N_OUTCOMES] = {
  [CROWN_OUTCOME_RETURNED]    = { N_("Said where it was asked for"), FALSE },
  [CROWN_OUTCOME_RETRIES]     = { N_("Tried again by itself"), FALSE },
  [CROWN_OUTCOME_READS_AGAIN] = { N_("Read again from the server"), FALSE },
  [CROWN_OUTCOME_REMOVED]     = { N_("Removed here, too"), TRUE },
  [CROWN_OUTCOME_TAKEN_BACK]  = { N_("The change was taken back"), TRUE },
  [CROWN_OUTCOME_TAKEN_ALONG] = { N_("Taken back with the change that it was made on"), FALSE },
  [CROWN_OUTCOME_STOPPED]     = { N_("Waits for you"), TRUE },
  [CROWN_OUTCOME_GIVEN_UP]    = { N_("Given up"), TRUE },
};

struct _CrownErrorHandler
{
  gatomicrefcount  ref_count;
  CrownClock       clock;
  gboolean         has_clock;

  /* Under the lock. */
  GMutex           lock;
  GQueue           log;     /* CrownFailure, the newest first */
  guint            n;       /* noted, ever */
  CrownFailureKind problem; /* what a person has to do something about */
};

/* What kind it is */

static gboolean
is_caused_by (const Failure *failure,
              Source         source,
              int            code)
{
  for (guint i = 0; i < G_N_ELEMENTS (failure->causes); i++)
    {
      const Cause *cause = &failure->causes[i];

      if (cause->source == ANYWHERE || (cause->source == source && source != NOWHERE && code >= cause->first && code <= cause->last))
        return TRUE;
    }
  return FALSE;
}

static CrownFailureKind
find_failure (Source source,
              int    code)
{
  CrownFailureKind kind = CROWN_FAILURE_NONE;

  while (!is_caused_by (&failures[kind], source, code))
    kind++;
  return kind;
}

static Source
source_of (GQuark domain)
{
  const struct { GQuark domain; Source source; } domains[] = {
    { G_IO_ERROR, IO }, { G_RESOLVER_ERROR, RESOLVER }, { G_TLS_ERROR, TLS }, { CROWN_SQLITE_ERROR, SQLITE },
    { CROWN_JSON_ERROR, JSON }, { CROWN_EVENT_ERROR, EVENT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (domains); i++)
    if (domains[i].domain == domain)
      return domains[i].source;
  return NOWHERE;
}

/**
 * crown_failure_of_error:
 * @error: (nullable): of the network, the disk, or of something that could not be read
 *
 * Returns: its kind; %CROWN_FAILURE_NONE for what was cancelled
 */
CrownFailureKind
crown_failure_of_error (const GError *error)
{
  return error != NULL ? find_failure (source_of (error->domain), error->code) : CROWN_FAILURE_NONE;
}

/**
 * crown_failure_of_status:
 * @status: of HTTP; 0: no answer came, or it is one of Socket.IO, with a code alone
 * @code: (nullable): the stable code of the server's refusal
 *
 * Returns: the kind of an answer that is not the wanted one
 */
CrownFailureKind
crown_failure_of_status (guint       status,
                         const char *code)
{
  for (CrownFailureKind kind = 0; code != NULL && kind < CROWN_N_FAILURES; kind++)
    for (guint i = 0; i < G_N_ELEMENTS (failures[kind].codes) && failures[kind].codes[i] != NULL; i++)
      if (g_str_equal (failures[kind].codes[i], code))
        return kind;
  return status == 0 && code != NULL ? CROWN_FAILURE_OTHER : find_failure (STATUS, (int) status);
}

CrownFailurePolicy
crown_failure_get_policy (CrownFailureKind kind)
{
  return failures[kind].policy;
}

/* The same in all languages, for logs and tests. */
const char *
crown_failure_get_name (CrownFailureKind kind)
{
  return failures[kind].name;
}

/* (nullable): of %CROWN_FAILURE_NONE. In the person's language, with what they can do about it. */
const char *
crown_failure_get_text (CrownFailureKind kind)
{
  return failures[kind].text != NULL ? _(failures[kind].text) : NULL;
}

/* In the person's language. */
const char *
crown_outcome_get_text (CrownFailureOutcome outcome)
{
  return _(outcomes[outcome].text);
}

/**
 * crown_failure_describe:
 * @detail: (nullable): the words of who refused it
 *
 * Returns: (transfer full): what a person is told
 */
char *
crown_failure_describe (CrownFailureKind  kind,
                        const char       *detail)
{
  const char *text = crown_failure_get_text (kind);

  if (text == NULL)
    return g_strdup (detail != NULL ? detail : "");
  return detail != NULL ? g_strdup_printf ("%s %s", text, detail) : g_strdup (text);
}

void
crown_failure_free (CrownFailure *self)
{
  g_free (self->what);
  g_free (self->detail);
  g_free (self);
}

static CrownFailure *
failure_copy (const CrownFailure *self)
{
  CrownFailure *copy = g_memdup2 (self, sizeof *self);

  copy->what = g_strdup (self->what);
  copy->detail = g_strdup (self->detail);
  return copy;
}

/* The log */

/**
 * crown_error_handler_new:
 * @clock: (nullable): for when something happened
 */
CrownErrorHandler *
crown_error_handler_new (const CrownClock *clock)
{
  CrownErrorHandler *self = g_new0 (CrownErrorHandler, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  g_queue_init (&self->log);
  self->has_clock = clock != NULL;
  if (clock != NULL)
    self->clock = *clock;
  return self;
}

CrownErrorHandler *
crown_error_handler_ref (CrownErrorHandler *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
crown_error_handler_unref (CrownErrorHandler *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_queue_clear_full (&self->log, (GDestroyNotify) crown_failure_free);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static gboolean
is_same (const CrownFailure  *failure,
         CrownFailureKind     kind,
         CrownFailureOutcome  outcome,
         const char          *what)
{
  return failure != NULL && failure->kind == kind && failure->outcome == outcome && g_str_equal (failure->what, what);
}

/* What comes again and again is one line that counts. */
static void
log_failure (CrownErrorHandler   *self,
             CrownFailureKind     kind,
             CrownFailureOutcome  outcome,
             const char          *what,
             const char          *detail)
{
  CrownFailure *failure = g_queue_peek_head (&self->log);

  if (!is_same (failure, kind, outcome, what))
    {
      failure = g_new0 (CrownFailure, 1);
      failure->kind = kind;
      failure->outcome = outcome;
      failure->what = g_strdup (what);
      g_queue_push_head (&self->log, failure);
      if (g_queue_get_length (&self->log) > CROWN_FAILURES_KEPT)
        crown_failure_free (g_queue_pop_tail (&self->log));
    }
  g_free (failure->detail);
  failure->detail = g_strdup (detail);
  failure->at_us = crown_clock_now_us (self->has_clock ? &self->clock : NULL);
  failure->n++;
  self->n++;
}

/**
 * crown_error_handler_note:
 * @outcome: what is done about it
 * @what: what was wanted: "PATCH /tasks/12", "sync"
 * @detail: (nullable): the words of who refused it
 *
 * Keeps what happened. What only a person can help with stands until crown_error_handler_recovered(), and is told once.
 *
 * Returns: (nullable) (transfer full): what the person is to be told now
 */
char *
crown_error_handler_note (CrownErrorHandler   *self,
                          CrownFailureKind     kind,
                          CrownFailureOutcome  outcome,
                          const char          *what,
                          const char          *detail)
{
  gboolean stands = failures[kind].policy == CROWN_POLICY_ASK && outcome != CROWN_OUTCOME_RETURNED;
  gboolean tells = outcomes[outcome].tells;

  if (kind == CROWN_FAILURE_NONE)
    return NULL;

  g_debug ("%s: %s%s%s; %s", what, failures[kind].name, detail != NULL ? ": " : "", detail != NULL ? detail : "",
           outcomes[outcome].text);
  g_mutex_lock (&self->lock);
  log_failure (self, kind, outcome, what, detail);
  if (stands)
    {
      tells = self->problem != kind;
      self->problem = kind;
    }
  g_mutex_unlock (&self->lock);
  return tells ? crown_failure_describe (kind, detail) : NULL;
}

/**
 * crown_error_handler_recovered:
 *
 * It works again: nothing stands in the way any more.
 *
 * Returns: whether anything did
 */
gboolean
crown_error_handler_recovered (CrownErrorHandler *self)
{
  gboolean had_problem;

  g_mutex_lock (&self->lock);
  had_problem = self->problem != CROWN_FAILURE_NONE;
  self->problem = CROWN_FAILURE_NONE;
  g_mutex_unlock (&self->lock);
  return had_problem;
}

/**
 * crown_error_handler_list:
 *
 * Returns: (transfer full) (element-type CrownFailure): what is kept, the newest first
 */
GPtrArray *
crown_error_handler_list (CrownErrorHandler *self)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_failure_free);

  g_mutex_lock (&self->lock);
  for (GList *link = self->log.head; link != NULL; link = link->next)
    g_ptr_array_add (list, failure_copy (link->data));
  g_mutex_unlock (&self->lock);
  return list;
}

/**
 * crown_error_handler_dup_problem:
 *
 * Returns: (nullable) (transfer full): what a person has to do something about, for as long as that is so
 */
char *
crown_error_handler_dup_problem (CrownErrorHandler *self)
{
  CrownFailureKind problem;

  g_mutex_lock (&self->lock);
  problem = self->problem;
  g_mutex_unlock (&self->lock);
  return g_strdup (crown_failure_get_text (problem));
}

/* How many were noted, ever: another number means that there is something new to be listed. */
guint
crown_error_handler_get_n (CrownErrorHandler *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->n;
  g_mutex_unlock (&self->lock);
  return n;
}
