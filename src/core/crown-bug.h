/* crown-bug.h: deliberate bugs, so that the simulation can show that it would find them
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Only the libraries that tests/simulation builds for itself have these; in all others CROWN_BUG() is constant FALSE and
 * leaves no code. Each names what is done wrong. */
typedef enum {
  CROWN_BUG_NONE,
  CROWN_BUG_SKIP_DEDUPE,          /* an event that was applied is applied again */
  CROWN_BUG_IGNORE_GAPS,          /* what comes is applied, whatever is missing before it */
  CROWN_BUG_FORGET_OVERFLOW,      /* what finds no room in the buffer is not waited for */
  CROWN_BUG_SPLIT_TRANSACTION,    /* rows are committed before the position */
  CROWN_BUG_POSITION_FIRST,       /* the position is committed before the rows */
  CROWN_BUG_EPOCH_TOO_EARLY,      /* the server's epoch is taken on before its snapshot */
  CROWN_BUG_FORGET_USER_POSITION, /* the user's events are committed, and that they were is not */
  CROWN_BUG_KEEP_USER_POSITION,   /* a snapshot brings the user's reminders and not how far they go */
  CROWN_BUG_KEEP_OLD_ROWS,        /* a snapshot is put over what was there */
  CROWN_BUG_RELEASE_ON_ANSWER,    /* an entry leaves the outbox when it is answered, not when its event comes */
  CROWN_BUG_FORGET_ON_SEND,       /* an entry leaves the outbox when it is sent */
  CROWN_BUG_FORGET_ON_FAILURE,    /* an entry that a busy server would not take is gone */
  CROWN_BUG_NEW_KEY,              /* a write that is tried again has another Idempotency-Key */
  CROWN_BUG_NEVER_SETTLE,         /* what a snapshot confirms stays in the outbox */
  CROWN_BUG_SETTLE_BY_NUMBER,     /* what a lost ledger had answered is taken for answered by the restored one */
  CROWN_BUG_WITHDRAW_SENT,        /* what was sent is withdrawn as if it had not been */
  CROWN_BUG_KEEP_TEMPORARY_IDS,   /* what was done to a new row does not follow when that gets its id */
  CROWN_BUG_UNORDERED_WRITES,     /* a row's second write does not wait for its first */
  CROWN_BUG_ALLOT_BEFORE_COMMIT,  /* the server gives numbers that a rollback does not take back */
  CROWN_BUG_TELL_BEFORE_COMMIT,   /* the server tells of events that are not on the disk yet */
  CROWN_BUG_FORGET_ANSWERS,       /* the server does again what it has done for the same Idempotency-Key */
  CROWN_N_BUGS,
} CrownBug;

#ifdef CROWN_DELIBERATE_BUGS
extern CrownBug crown_bug;
#define CROWN_BUG(name) (crown_bug == CROWN_BUG_ ## name)
#else
#define CROWN_BUG(name) FALSE
#endif

G_END_DECLS
