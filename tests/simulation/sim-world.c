/* sim-world.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "sim-world.h"

typedef struct {
  gint64         due_us;
  guint          lane;
  guint64        order;
  SimFunc        func;
  gpointer       data;
  GDestroyNotify destroy;
} Task;

static gint64
clock_now_us (gpointer user_data)
{
  SimClock *self = user_data;

  return G_GINT64_CONSTANT (1761620400) * SIM_SECOND + self->world->now_us + self->wrong_us;
}

static gint64
clock_monotonic_us (gpointer user_data)
{
  return ((SimClock *) user_data)->world->now_us;
}

void
sim_clock_init (SimClock *self,
                SimWorld *world)
{
  *self = (SimClock) { world, 0, { clock_now_us, clock_monotonic_us, self } };
}

static int
compare_tasks (gconstpointer a,
               gconstpointer b,
               gpointer      unused)
{
  const Task *x = a;
  const Task *y = b;

  if (x->due_us != y->due_us)
    return x->due_us < y->due_us ? -1 : 1;
  if (x->lane != y->lane)
    return x->lane < y->lane ? -1 : 1;
  return (x->order > y->order) - (x->order < y->order);
}

void
sim_world_at (SimWorld       *self,
              gint64          due_us,
              guint           lane,
              SimFunc         func,
              gpointer        data,
              GDestroyNotify  destroy)
{
  Task *task = g_new (Task, 1);

  *task = (Task) { MAX (due_us, self->now_us), lane, self->orders[lane]++, func, data, destroy };
  g_sequence_insert_sorted (self->tasks, task, compare_tasks, NULL);
}

void
sim_world_run (SimWorld *self,
               gint64    until_us)
{
  while (self->violation == NULL)
    {
      GSequenceIter *first = g_sequence_get_begin_iter (self->tasks);
      g_autofree Task *task = NULL;

      if (g_sequence_iter_is_end (first) || ((Task *) g_sequence_get (first))->due_us > until_us)
        break;
      task = g_sequence_get (first);
      g_sequence_remove (first);
      self->now_us = task->due_us;
      task->func (self, task->data);
      if (task->destroy != NULL)
        task->destroy (task->data);
    }
  self->now_us = MAX (self->now_us, until_us);
}

void
sim_world_clear (SimWorld *self)
{
  while (!g_sequence_is_empty (self->tasks))
    {
      GSequenceIter *first = g_sequence_get_begin_iter (self->tasks);
      g_autofree Task *task = g_sequence_get (first);

      g_sequence_remove (first);
      if (task->destroy != NULL)
        task->destroy (task->data);
    }
}

void
sim_world_violate (SimWorld   *self,
                   const char *format,
                   ...)
{
  va_list args;

  if (self->violation != NULL)
    return;
  self->violation = g_string_new (NULL);
  g_string_printf (self->violation, "%.3f s: ", (double) self->now_us / SIM_SECOND);
  va_start (args, format);
  g_string_append_vprintf (self->violation, format, args);
  va_end (args);
}

void
sim_world_trace (SimWorld   *self,
                 const char *format,
                 ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);

  if (self->tracing)
    g_print ("# %9.3f  %s\n", (double) self->now_us / SIM_SECOND, text);
  /* FNV-1a, with the time in it. */
  for (guint i = 0; i < 8; i++)
    self->trace_hash = (self->trace_hash ^ ((self->now_us >> (8 * i)) & 0xff)) * G_GUINT64_CONSTANT (1099511628211);
  for (const char *p = text; *p != '\0'; p++)
    self->trace_hash = (self->trace_hash ^ (guchar) *p) * G_GUINT64_CONSTANT (1099511628211);
}

gint64
sim_random (GRand  *rand,
            gint64  low,
            gint64  high)
{
  return low + (gint64) (g_rand_double (rand) * (double) (high - low + 1));
}

gboolean
sim_chance (GRand *rand,
            guint  percent)
{
  return g_rand_double (rand) * 100 < percent;
}
