/* crown-event-replay.h: what a client has missed, a page at a time
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-event-ledger.h"

G_BEGIN_DECLS

/* Bytes of events after which a page ends, so that it fits the queue of one connection several times. */
#define CROWN_REPLAY_PAGE_BYTES (512 * 1024)

/**
 * CrownReplayRequest:
 * @epoch: (nullable): the epoch that the sequences are of
 * @with_user_stream: whether the user's own stream is replayed too, after @last_user_sequence
 */
typedef struct {
  gint64           workspace_id;
  gint64           user_id;
  CrownNamespaces  ns;
  const char      *epoch;
  guint64          last_sequence;
  gboolean         with_user_stream;
  guint64          last_user_sequence;
  guint            limit;
} CrownReplayRequest;

gboolean crown_replay_request_parse (CrownReplayRequest        *request,
                                     JsonObject                *argument,
                                     GError                   **error);
char    *crown_event_replay_page    (CrownEventLedger          *ledger,
                                     const CrownReplayRequest  *request,
                                     GError                   **error);

G_END_DECLS
