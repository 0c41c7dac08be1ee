/* crown-event-buffer.h: order and duplicates of one stream. No I/O, no clock.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "core/crown-envelope.h"

G_BEGIN_DECLS

typedef enum {
  CROWN_BUFFER_KEPT,      /* waits until all before it are there */
  CROWN_BUFFER_DUPLICATE, /* was applied, or waits already */
  CROWN_BUFFER_OVERFLOW,  /* kept, and the one that waited longest was dropped: it has to be replayed */
} CrownBufferResult;

/* Events of one stream that came before their turn: at most CROWN_EVENT_BUFFER_MAX (specification: Event Buffer). */
typedef struct _CrownEventBuffer CrownEventBuffer;

CrownEventBuffer *crown_event_buffer_new   (guint             max);
void              crown_event_buffer_free  (CrownEventBuffer *self);
/* @applied: the stream's position; @envelope (transfer none) */
CrownBufferResult crown_event_buffer_add   (CrownEventBuffer *self, CrownEnvelope *envelope, guint64 applied);
/* Appends what comes right after @applied, in order, without a gap, to @ready (element-type CrownEnvelope). Returns: the
 * sequence of the last one, or @applied */
guint64           crown_event_buffer_take  (CrownEventBuffer *self, guint64 applied, GPtrArray *ready);
/* Of those that wait: there is a gap before them */
guint             crown_event_buffer_get_n (CrownEventBuffer *self);
void              crown_event_buffer_clear (CrownEventBuffer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownEventBuffer, crown_event_buffer_free)

G_END_DECLS
