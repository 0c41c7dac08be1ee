/* crown-postgres-watch.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-postgres-watch.h"

#include <glib-unix.h>

/* A notification may be lost with its connection, or never be sent: this often the events are looked at without one. */
#define POLL_MS 1000
/* Streams that one look finds; the next look goes on. */
#define STREAMS_A_LOOK "1000"
/* “idle” in ASCII, the first half of the advisory locks' keys. */
#define IDLE_LOCK "1768189029"

/**
 * CrownPostgresWatch:
 *
 * A connection of its own that hears NOTIFY crown_events, which each batch of events brings with its commit, and then asks
 * which streams have new events. It asks each second as well. Events are numbered across all streams in the order of their
 * commits, as every batch holds the writers' lock, so that one number says how far it has looked.
 *
 * Its session also holds the leases: they end with it, however the server ends.
 */
struct _CrownPostgresWatch
{
  CrownPostgres        *db;
  CrownPostgres        *writer;    /* unowned */
  CrownLedgerWatchFunc  func;
  gpointer              user_data;
  GSource              *source;    /* (nullable): of the connection's socket */
  GSource              *timer;
  gint64                seen;      /* event_id */
  GHashTable           *claimed;   /* workspace_id */
  gboolean              broken;    /* as was said */
};

static const char SQL_LAST[] = "SELECT coalesce (max (event_id), 0) FROM events";
static const char SQL_LOOK[] =
  "SELECT stream, max (sequence), max (event_id) FROM events WHERE event_id > $1 GROUP BY stream ORDER BY 3"
  " LIMIT " STREAMS_A_LOOK;
static const char SQL_CLAIM[] = "SELECT pg_try_advisory_lock (" IDLE_LOCK ", $1::integer)::integer";
static const char SQL_RELEASE[] = "SELECT pg_advisory_unlock (" IDLE_LOCK ", $1::integer)::integer";

static gboolean on_readable (gint fd, GIOCondition condition, gpointer user_data);

static void
stop_listening (CrownPostgresWatch *self)
{
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
}

static gboolean
start_listening (CrownPostgresWatch  *self,
                 GError             **error)
{
  stop_listening (self);
  if (!crown_postgres_exec (self->db, "listen", "LISTEN crown_events", error))
    return FALSE;

  self->source = g_unix_fd_source_new (crown_postgres_get_fd (self->db), G_IO_IN);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_readable), self, NULL);
  g_source_attach (self->source, g_main_context_get_thread_default ());
  return TRUE;
}

static gboolean
look (CrownPostgresWatch  *self,
      GError             **error)
{
  CrownPostgresParams params = { .n = 0 };
  g_autoptr (CrownPostgresResult) result = NULL;

  crown_postgres_add_int (&params, self->seen);
  result = crown_postgres_run (self->db, "look", SQL_LOOK, &params, error);
  if (result == NULL)
    return FALSE;

  for (guint i = 0; i < crown_postgres_result_rows (result); i++)
    {
      if (!self->func (crown_postgres_result_text (result, i, 0), (guint64) crown_postgres_result_int (result, i, 1),
                       self->user_data))
        break; /* the next look begins with it */
      self->seen = crown_postgres_result_int (result, i, 2);
    }
  return TRUE;
}

/* FALSE: the connection is broken, the timer makes it anew. */
static gboolean
said_good (CrownPostgresWatch *self,
           gboolean            good,
           const GError       *error)
{
  if (good == !self->broken)
    return good;

  self->broken = !good;
  if (good)
    g_message ("Other servers' events are heard again");
  else
    g_warning ("Other servers' events are not heard: %s", error->message);
  return good;
}

static gboolean
on_readable (gint         fd,
             GIOCondition condition,
             gpointer     user_data)
{
  CrownPostgresWatch *self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean heard = FALSE;

  gboolean good = crown_postgres_hear (self->db, crown_postgres_get_pid (self->writer), &heard, &error) &&
                  (!heard || look (self, &error));

  if (said_good (self, good, error))
    return G_SOURCE_CONTINUE;

  g_clear_pointer (&self->source, g_source_unref);
  return G_SOURCE_REMOVE;
}

static gboolean
on_poll (gpointer user_data)
{
  CrownPostgresWatch *self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean again = FALSE;
  gboolean good = crown_postgres_ensure (self->db, &again, &error);

  if (again)
    g_hash_table_remove_all (self->claimed); /* they went with their session */
  if (good && (again || self->source == NULL))
    good = start_listening (self, &error);
  said_good (self, good && look (self, &error), error);

  return G_SOURCE_CONTINUE;
}

CrownPostgresWatch *
crown_postgres_watch_new (const char            *uri,
                          CrownPostgres         *writer,
                          CrownLedgerWatchFunc   func,
                          gpointer               user_data,
                          GError               **error)
{
  CrownPostgresWatch *self = g_new0 (CrownPostgresWatch, 1);
  const CrownPostgresParams none = { .n = 0 };
  g_autoptr (CrownPostgresResult) last = NULL;

  self->writer = writer;
  self->func = func;
  self->user_data = user_data;
  self->claimed = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->db = crown_postgres_open (uri, error);
  /* Listens before it looks where it begins: what is committed in between is heard. */
  if (self->db == NULL || !start_listening (self, error) ||
      (last = crown_postgres_run (self->db, "last", SQL_LAST, &none, error)) == NULL)
    {
      crown_postgres_watch_free (self);
      return NULL;
    }
  self->seen = crown_postgres_result_int (last, 0, 0);
  self->timer = g_timeout_source_new (POLL_MS);
  g_source_set_callback (self->timer, on_poll, self, NULL);
  g_source_attach (self->timer, g_main_context_get_thread_default ());

  return self;
}

void
crown_postgres_watch_free (CrownPostgresWatch *self)
{
  stop_listening (self);
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
  g_clear_pointer (&self->db, crown_postgres_close);
  g_hash_table_unref (self->claimed);
  g_free (self);
}

gboolean
crown_postgres_watch_claim (CrownPostgresWatch  *self,
                            gint64               workspace_id,
                            gboolean            *claimed,
                            GError             **error)
{
  CrownPostgresParams params = { .n = 0 };
  g_autoptr (CrownPostgresResult) result = NULL;

  /* A session may hold a lock twice, and would have to let go of it twice. */
  *claimed = g_hash_table_contains (self->claimed, &workspace_id);
  if (*claimed)
    return TRUE;

  crown_postgres_add_int (&params, workspace_id);
  result = crown_postgres_run (self->db, "claim", SQL_CLAIM, &params, error);
  if (result == NULL)
    return FALSE;

  *claimed = crown_postgres_result_int (result, 0, 0) != 0;
  if (*claimed)
    g_hash_table_add (self->claimed, g_memdup2 (&workspace_id, sizeof workspace_id));
  return TRUE;
}

void
crown_postgres_watch_release (CrownPostgresWatch *self,
                              gint64              workspace_id)
{
  CrownPostgresParams params = { .n = 0 };
  g_autoptr (GError) error = NULL;

  if (!g_hash_table_remove (self->claimed, &workspace_id))
    return;
  crown_postgres_add_int (&params, workspace_id);
  if (!crown_postgres_change (self->db, "release", SQL_RELEASE, &params, NULL, &error))
    g_message ("A lease of workspace %" G_GINT64_FORMAT " goes with its session: %s", workspace_id, error->message);
}
