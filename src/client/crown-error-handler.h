/* crown-error-handler.h: what failed, what is done about it, and what a person is told
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "core/crown-clock.h"

G_BEGIN_DECLS

/* What kind of failure it is. The order is that of the table in crown-error-handler.c: what is named first is meant first. */
typedef enum {
  CROWN_FAILURE_NONE,
  /* No answer came. */
  CROWN_FAILURE_OFFLINE,       /* there is no network, or the person wants none */
  CROWN_FAILURE_UNREACHABLE,   /* nobody is there, or no such name */
  CROWN_FAILURE_TIMEOUT,
  CROWN_FAILURE_LOST,          /* the line broke */
  CROWN_FAILURE_TLS,
  /* The server refuses. */
  CROWN_FAILURE_NO_WORKSPACE,
  CROWN_FAILURE_UNAUTHORIZED,  /* 401 */
  CROWN_FAILURE_FORBIDDEN,     /* 403 */
  CROWN_FAILURE_MISSING,       /* 404 */
  CROWN_FAILURE_CONFLICT,      /* 409 */
  CROWN_FAILURE_GONE,          /* 410 */
  CROWN_FAILURE_STALE,         /* 412 */
  CROWN_FAILURE_TOO_LARGE,     /* 413 */
  CROWN_FAILURE_BUSY,          /* 429, 503, and what else passes */
  CROWN_FAILURE_INVALID,       /* any other 4xx */
  CROWN_FAILURE_SERVER,        /* any other 5xx */
  CROWN_FAILURE_ANSWER,        /* what it says cannot be used */
  CROWN_FAILURE_DIFFERENCE,    /* what is here does not come to what it has */
  /* This computer. */
  CROWN_FAILURE_DISK_FULL,
  CROWN_FAILURE_DISK_READ_ONLY,
  CROWN_FAILURE_DISK_DAMAGED,
  CROWN_FAILURE_DISK_NEWER,
  CROWN_FAILURE_DISK,
  CROWN_FAILURE_OTHER,
  CROWN_N_FAILURES,
} CrownFailureKind;

/* What is to be done about it. */
typedef enum {
  CROWN_POLICY_NONE,
  CROWN_POLICY_RETRY,  /* it passes: tried again by the backoff, and nobody is bothered */
  CROWN_POLICY_REPAIR, /* what is here is wrong: read again from the server, or removed */
  CROWN_POLICY_ASK,    /* a person has to do something; shown until it works again */
  CROWN_POLICY_TELL,   /* it will never work as it was asked: taken back, and told */
} CrownFailurePolicy;

/* What was done about it. */
typedef enum {
  CROWN_OUTCOME_RETURNED,    /* whoever asked was told */
  CROWN_OUTCOME_RETRIES,     /* it is tried again by itself */
  CROWN_OUTCOME_READS_AGAIN, /* rows are read again from the server */
  CROWN_OUTCOME_REMOVED,     /* it is not on the server, and not here any more */
  CROWN_OUTCOME_TAKEN_BACK,  /* the change is not shown any more */
  CROWN_OUTCOME_TAKEN_ALONG, /* the change was made on one that was taken back */
  CROWN_OUTCOME_STOPPED,     /* nothing is tried until the person says so */
  CROWN_OUTCOME_GIVEN_UP,
  CROWN_N_OUTCOMES,
} CrownFailureOutcome;

/**
 * CrownFailure:
 * @what: what was wanted: "PATCH /tasks/12", "sync"
 * @detail: (nullable): the words of who refused it, in its language
 * @at_us: real time of the last time
 * @n: how often it happened in a row
 */
typedef struct {
  CrownFailureKind    kind;
  CrownFailureOutcome outcome;
  char               *what;
  char               *detail;
  gint64              at_us;
  guint               n;
} CrownFailure;

void                crown_failure_free          (CrownFailure        *self);

CrownFailureKind    crown_failure_of_error      (const GError        *error);
CrownFailureKind    crown_failure_of_status     (guint                status,
                                                 const char          *code);
CrownFailurePolicy  crown_failure_get_policy    (CrownFailureKind     kind);
const char         *crown_failure_get_name      (CrownFailureKind     kind);
const char         *crown_failure_get_text      (CrownFailureKind     kind);
const char         *crown_outcome_get_text      (CrownFailureOutcome  outcome);
char               *crown_failure_describe      (CrownFailureKind     kind,
                                                 const char          *detail);

/* The failures of one client: the last of them, and what stands in the way now. Any thread; atomic reference count. */
typedef struct _CrownErrorHandler CrownErrorHandler;

/* So many are kept. */
#define CROWN_FAILURES_KEPT 200

CrownErrorHandler  *crown_error_handler_new         (const CrownClock  *clock);
CrownErrorHandler  *crown_error_handler_ref         (CrownErrorHandler *self);
void                crown_error_handler_unref       (CrownErrorHandler *self);
char               *crown_error_handler_note        (CrownErrorHandler *self, CrownFailureKind kind,
                                                     CrownFailureOutcome outcome, const char *what, const char *detail);
gboolean            crown_error_handler_recovered   (CrownErrorHandler *self);
GPtrArray          *crown_error_handler_list        (CrownErrorHandler *self);
char               *crown_error_handler_dup_problem (CrownErrorHandler *self);
guint               crown_error_handler_get_n       (CrownErrorHandler *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownFailure, crown_failure_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownErrorHandler, crown_error_handler_unref)

G_END_DECLS
