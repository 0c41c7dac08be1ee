/* crown-event-buffer.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-event-buffer.h"

/* The queue is in the order of arrival, since the specification's buffer is a FIFO: what overflows is what came first. */
struct _CrownEventBuffer
{
  guint       max;
  GQueue      arrived;     /* CrownEnvelope, borrowed from by_sequence */
  GHashTable *by_sequence; /* guint64, the last that it stands for → CrownEnvelope */
};

CrownEventBuffer *
crown_event_buffer_new (guint max)
{
  CrownEventBuffer *self = g_new0 (CrownEventBuffer, 1);

  self->max = max;
  g_queue_init (&self->arrived);
  self->by_sequence = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, (GDestroyNotify) crown_envelope_unref);
  return self;
}

void
crown_event_buffer_free (CrownEventBuffer *self)
{
  g_queue_clear (&self->arrived);
  g_hash_table_unref (self->by_sequence);
  g_free (self);
}

CrownBufferResult
crown_event_buffer_add (CrownEventBuffer *self,
                        CrownEnvelope    *envelope,
                        guint64           applied)
{
  if (envelope->sequence <= applied || g_hash_table_contains (self->by_sequence, &envelope->sequence))
    return CROWN_BUFFER_DUPLICATE;

  g_queue_push_tail (&self->arrived, envelope);
  g_hash_table_insert (self->by_sequence, &envelope->sequence, crown_envelope_ref (envelope));
  if (self->arrived.length <= self->max)
    return CROWN_BUFFER_KEPT;

  envelope = g_queue_pop_head (&self->arrived);
  g_hash_table_remove (self->by_sequence, &envelope->sequence);
  return CROWN_BUFFER_OVERFLOW;
}

/* What continues the stream after @applied: its next event, or a tombstone that reaches over it. */
static CrownEnvelope *
find_next (CrownEventBuffer *self,
           guint64           applied)
{
  guint64 next = applied + 1;
  CrownEnvelope *envelope = g_hash_table_lookup (self->by_sequence, &next);

  for (GList *link = self->arrived.head; envelope == NULL && link != NULL; link = link->next)
    {
      CrownEnvelope *other = link->data;

      if (crown_envelope_is_tombstone (other) && other->from_sequence <= next && other->sequence >= next)
        envelope = other;
    }
  return envelope;
}

guint64
crown_event_buffer_take (CrownEventBuffer *self,
                         guint64           applied,
                         GPtrArray        *ready)
{
  CrownEnvelope *envelope;

  while ((envelope = find_next (self, applied)) != NULL)
    {
      applied = envelope->sequence;
      g_ptr_array_add (ready, crown_envelope_ref (envelope));
      g_queue_remove (&self->arrived, envelope);
      g_hash_table_remove (self->by_sequence, &applied);
    }

  /* What a replay has overtaken. */
  for (GList *link = self->arrived.head, *following; link != NULL; link = following)
    {
      envelope = link->data;
      following = link->next;
      if (envelope->sequence <= applied)
        {
          g_queue_delete_link (&self->arrived, link);
          g_hash_table_remove (self->by_sequence, &envelope->sequence);
        }
    }
  return applied;
}

guint
crown_event_buffer_get_n (CrownEventBuffer *self)
{
  return self->arrived.length;
}

void
crown_event_buffer_clear (CrownEventBuffer *self)
{
  g_queue_clear (&self->arrived);
  g_hash_table_remove_all (self->by_sequence);
}
