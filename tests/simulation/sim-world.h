/* sim-world.h: time, chance, and who is in the simulation
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "core/crown-clock.h"

G_BEGIN_DECLS

#define SIM_CLIENTS_MAX 4
#define SIM_MS          G_GINT64_CONSTANT (1000)
#define SIM_SECOND      G_GINT64_CONSTANT (1000000)

typedef struct _SimWorld SimWorld;
typedef struct _SimServer SimServer;
typedef struct _SimClient SimClient;
typedef struct _SimHistory SimHistory;

typedef void (*SimFunc) (SimWorld *world, gpointer data);

/* A clock that runs with the world's, but may be set wrong. */
typedef struct {
  SimWorld  *world;
  gint64     wrong_us;
  CrownClock clock;
} SimClock;

struct _SimWorld
{
  guint64     seed;
  gint64      now_us;
  char       *folder;
  GSequence  *tasks;
  guint64     orders[SIM_CLIENTS_MAX + 1]; /* a lane: the clients, and the rest of the world */
  SimServer  *server;
  SimClient  *clients[SIM_CLIENTS_MAX];
  guint       n_clients;
  SimHistory *history;
  guint       n_writes;    /* what people did, so that each is told apart */
  gboolean    tracing;
  guint64     trace_hash;
  GString    *violation;   /* (nullable): what must not be */
};

void     sim_clock_init    (SimClock *self, SimWorld *world);

/* @lane: whose: what is due at the same moment happens in the order of lanes, and in a lane in that of the calls */
void     sim_world_at      (SimWorld *self, gint64 due_us, guint lane, SimFunc func, gpointer data, GDestroyNotify destroy);
void     sim_world_run     (SimWorld *self, gint64 until_us);
/* Forgets what is due. */
void     sim_world_clear   (SimWorld *self);
/* Something that must not be: the run ends. The first is kept. */
void     sim_world_violate (SimWorld *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* Two runs of a seed say the same. Nothing that is random by itself, such as UUIDs, may be in it. */
void     sim_world_trace   (SimWorld *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* From @low to @high, both may come. */
gint64   sim_random        (GRand *rand, gint64 low, gint64 high);
gboolean sim_chance        (GRand *rand, guint percent);

G_END_DECLS
