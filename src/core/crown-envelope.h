/* crown-envelope.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-event-catalogue.h"

G_BEGIN_DECLS

/**
 * CrownEnvelope:
 *
 * One event as it goes over the wire: the specification's standard envelope and PROTOCOL.md's additions. Or a tombstone,
 * which stands for events in a row that a ledger no longer keeps: it has no type, no data, and changes nothing.
 * Immutable once shared; reference counted atomically, so it may cross threads.
 */
typedef struct {
  gint64          event_id;
  guint64         sequence;
  guint64         from_sequence;   /* of a tombstone: it stands for all from here up to sequence; 0: it is an event */
  guint64         prev_sequence;   /* the stream's previous event in the namespace it is sent on; 0: none */
  CrownEventType  type;            /* CROWN_EVENT_UNKNOWN for a type this version does not know */
  char           *event_type;
  char           *event_name;
  gint64          workspace_id;
  gint64          user_id;         /* who did it; 0: the server */
  char           *timestamp;       /* RFC 3339, UTC, Z */
  JsonObject     *data;
  char           *trace_id;        /* (nullable) */
  gboolean        is_initial_sync;
  char           *stream;
  char           *epoch;
  char           *mutation_id;     /* (nullable) */
  char           *checksum;        /* (nullable) hex SHA-256 of the row after the change */
} CrownEnvelope;

CrownEnvelope *crown_envelope_new       (CrownEventType       type); /* event_type and event_name filled from the catalogue */
CrownEnvelope *crown_envelope_ref       (CrownEnvelope       *self);
void           crown_envelope_unref     (CrownEnvelope       *self);
/* (transfer full): a tombstone; @sequence is the last that it stands for */
CrownEnvelope *crown_envelope_new_tombstone (const char      *stream,
                                             const char      *epoch,
                                             guint64          from_sequence,
                                             guint64          sequence,
                                             guint64          prev_sequence);
gboolean       crown_envelope_is_tombstone (const CrownEnvelope *self);
/* the first sequence that it stands for: an event's own */
guint64        crown_envelope_get_first (const CrownEnvelope *self);
CrownEnvelope *crown_envelope_from_json (JsonObject          *object,
                                         GError             **error);
/* parses text with crown_json_parse() and then from_json */
CrownEnvelope *crown_envelope_parse     (const char          *text,
                                         gssize               length,
                                         GError             **error);
JsonObject    *crown_envelope_to_json   (const CrownEnvelope *self); /* (transfer full) */
/* appends the envelope as compact JSON, with the given prev_sequence and is_initial_sync instead of its own */
void           crown_envelope_write     (const CrownEnvelope *self,
                                         guint64              prev_sequence,
                                         gboolean             is_initial_sync,
                                         GString             *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownEnvelope, crown_envelope_unref)

G_END_DECLS
