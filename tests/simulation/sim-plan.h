/* sim-plan.h: what a seed has happen, as a list that can be made shorter
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "sim-world.h"

G_BEGIN_DECLS

typedef struct {
  gint64   at_us;
  guint    what;      /* of the table in sim-plan.c */
  guint    client;
  guint    a, b;
  gboolean left_out;  /* while it is found out which of them are needed */
} SimStep;

typedef struct {
  guint   n_clients;
  GArray *steps;      /* (element-type SimStep) */
} SimPlan;

SimPlan *sim_plan_new   (guint64 seed);
void     sim_plan_free  (SimPlan *self);
/* Returns: (nullable) (transfer full): what was violated. @hash: (out): of the trace */
char    *sim_plan_run   (SimPlan *self, guint64 seed, gboolean tracing, guint64 *hash);
/* Leaves out all steps without which it fails, too. */
void     sim_plan_shrink (SimPlan *self, guint64 seed);
void     sim_plan_print (SimPlan *self);

G_END_DECLS
