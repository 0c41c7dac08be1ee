/* sim-history.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "sim-history.h"

#include "core/crown-event-apply.h"

/* What an event made of a row. Checked by the checksum that the server put into the envelope. */
typedef struct {
  CrownEventType type;
  char          *key;         /* (nullable): "store/id" */
  char          *checksum;    /* (nullable): it is gone */
  char          *mutation_id; /* (nullable) */
} Delta;

typedef struct {
  char      *epoch;     /* (nullable): not seen yet */
  GPtrArray *deltas;    /* reference counted: a backup shares them */
  GPtrArray *reminders; /* of the user's stream: the row's checksum after each of its events */
} Epoch;

struct _SimHistory
{
  GPtrArray *epochs;           /* the last is the present one */
  GPtrArray *backup;           /* (nullable) of deltas */
  GPtrArray *backed_reminders; /* (nullable) */
};

static void
delta_clear (gpointer data)
{
  Delta *delta = data;

  g_free (delta->key);
  g_free (delta->checksum);
  g_free (delta->mutation_id);
}

static void
delta_unref (gpointer data)
{
  g_rc_box_release_full (data, delta_clear);
}

static GPtrArray *
copy_deltas (GPtrArray *deltas)
{
  GPtrArray *copy = g_ptr_array_new_full (deltas->len, delta_unref);

  for (guint i = 0; i < deltas->len; i++)
    g_ptr_array_add (copy, g_rc_box_acquire (deltas->pdata[i]));
  return copy;
}

static gpointer
copy_string (gconstpointer string,
             gpointer      user_data)
{
  return g_strdup (string);
}

static void
epoch_free (gpointer data)
{
  Epoch *epoch = data;

  g_free (epoch->epoch);
  g_ptr_array_unref (epoch->deltas);
  g_ptr_array_unref (epoch->reminders);
  g_free (epoch);
}

SimHistory *
sim_history_new (void)
{
  SimHistory *self = g_new0 (SimHistory, 1);

  self->epochs = g_ptr_array_new_with_free_func (epoch_free);
  return self;
}

void
sim_history_free (SimHistory *self)
{
  g_ptr_array_unref (self->epochs);
  g_clear_pointer (&self->backup, g_ptr_array_unref);
  g_clear_pointer (&self->backed_reminders, g_ptr_array_unref);
  g_free (self);
}

static Epoch *
present (SimHistory *self)
{
  return self->epochs->pdata[self->epochs->len - 1];
}

static void
add_epoch (SimHistory *self,
           const char *name,
           GPtrArray  *deltas,
           GPtrArray  *reminders)
{
  Epoch *epoch = g_new0 (Epoch, 1);

  epoch->epoch = g_strdup (name);
  epoch->deltas = deltas;
  epoch->reminders = reminders;
  g_ptr_array_add (self->epochs, epoch);
}

void
sim_history_begin (SimHistory *self,
                   const char *epoch)
{
  add_epoch (self, epoch, g_ptr_array_new_with_free_func (delta_unref), g_ptr_array_new_with_free_func (g_free));
}

guint64
sim_history_get_head (SimHistory *self,
                      SimStream   stream)
{
  return stream == SIM_STREAM_USER ? present (self)->reminders->len : present (self)->deltas->len;
}

const char *
sim_history_get_epoch (SimHistory *self)
{
  return present (self)->epoch;
}

static void
record_reminder (SimHistory          *self,
                 SimWorld            *world,
                 const CrownEnvelope *envelope)
{
  GPtrArray *reminders = present (self)->reminders;

  if (envelope->sequence != reminders->len + 1)
    {
      sim_world_violate (world, "the server gave the user's number %" G_GUINT64_FORMAT " after %u", envelope->sequence,
                         reminders->len);
      return;
    }
  g_ptr_array_add (reminders, g_strdup (envelope->checksum));
  sim_world_trace (world, "server: %s is the user's %" G_GUINT64_FORMAT, envelope->event_type, envelope->sequence);
}

void
sim_history_record (SimHistory             *self,
                    SimWorld               *world,
                    const CrownLedgerEvent *event)
{
  const CrownEnvelope *envelope = event->envelope;
  const CrownEventInfo *info = crown_event_info (envelope->type);
  GPtrArray *deltas = present (self)->deltas;
  Delta *delta;

  if (!g_str_has_prefix (envelope->stream, "workspace_"))
    {
      record_reminder (self, world, envelope);
      return;
    }
  if (envelope->sequence != deltas->len + 1)
    {
      sim_world_violate (world, "the server gave number %" G_GUINT64_FORMAT " after %u", envelope->sequence, deltas->len);
      return;
    }
  delta = g_rc_box_new0 (Delta);
  delta->type = envelope->type;
  delta->mutation_id = g_strdup (envelope->mutation_id);
  delta->checksum = g_strdup (envelope->checksum);
  if (envelope->checksum != NULL || info->effect == CROWN_EFFECT_DELETE)
    delta->key = g_strdup_printf ("%s/%" G_GINT64_FORMAT, crown_store_to_string (info->store),
                                  crown_event_row_id (info, envelope->data));
  if (info->store == CROWN_STORE_METADATA)
    g_clear_pointer (&delta->key, g_free);
  g_ptr_array_add (deltas, delta);
  sim_world_trace (world, "server: %s is %" G_GUINT64_FORMAT, envelope->event_type, envelope->sequence);
}

void
sim_history_back_up (SimHistory *self)
{
  g_clear_pointer (&self->backup, g_ptr_array_unref);
  self->backup = copy_deltas (present (self)->deltas);
  g_clear_pointer (&self->backed_reminders, g_ptr_array_unref);
  self->backed_reminders = g_ptr_array_copy (present (self)->reminders, copy_string, NULL);
  g_ptr_array_set_free_func (self->backed_reminders, g_free);
}

void
sim_history_restore (SimHistory *self)
{
  add_epoch (self, NULL, g_steal_pointer (&self->backup), g_steal_pointer (&self->backed_reminders));
}

void
sim_history_see_epoch (SimHistory *self,
                       const char *epoch)
{
  if (present (self)->epoch == NULL)
    present (self)->epoch = g_strdup (epoch);
}

static Epoch *
find_epoch (SimHistory *self,
            const char *name)
{
  for (guint i = 0; i < self->epochs->len; i++)
    if (g_strcmp0 (((Epoch *) self->epochs->pdata[i])->epoch, name) == 0)
      return self->epochs->pdata[i];
  return NULL;
}

gboolean
sim_history_expect_reminders (SimHistory  *self,
                              const char  *epoch,
                              guint64      sequence,
                              const char **checksum)
{
  Epoch *found = find_epoch (self, epoch);

  *checksum = NULL;
  if (sequence == 0)
    return TRUE;
  if (found == NULL || sequence > found->reminders->len)
    return FALSE;
  *checksum = found->reminders->pdata[sequence - 1];
  return TRUE;
}

guint
sim_history_count (SimHistory     *self,
                   const char     *epoch,
                   const char     *mutation_id,
                   CrownEventType  type,
                   guint64        *sequence)
{
  Epoch *found = find_epoch (self, epoch);
  guint n = 0;

  *sequence = 0;
  for (guint i = 0; found != NULL && i < found->deltas->len; i++)
    {
      Delta *delta = found->deltas->pdata[i];

      if (delta->type == type && g_strcmp0 (delta->mutation_id, mutation_id) == 0 && n++ == 0)
        *sequence = i + 1;
    }
  return n;
}

void
sim_expected_clear (SimExpected *self)
{
  g_clear_pointer (&self->epoch, g_free);
  g_clear_pointer (&self->rows, g_hash_table_unref);
  self->sequence = 0;
}

gboolean
sim_history_expect (SimHistory  *self,
                    const char  *epoch,
                    guint64      sequence,
                    SimExpected *expected)
{
  Epoch *found;

  if (g_strcmp0 (expected->epoch, epoch) != 0 || expected->sequence > sequence)
    {
      sim_expected_clear (expected);
      expected->epoch = g_strdup (epoch);
      expected->rows = g_hash_table_new (g_str_hash, g_str_equal);
    }
  if (*epoch == '\0')
    return sequence == 0;
  found = find_epoch (self, epoch);
  if (found == NULL || sequence > found->deltas->len)
    return FALSE;

  for (; expected->sequence < sequence; expected->sequence++)
    {
      Delta *delta = found->deltas->pdata[expected->sequence];

      if (delta->key != NULL && delta->checksum != NULL)
        g_hash_table_insert (expected->rows, delta->key, delta->checksum);
      else if (delta->key != NULL)
        g_hash_table_remove (expected->rows, delta->key);
    }
  return TRUE;
}
