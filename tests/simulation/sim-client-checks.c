/* sim-client-checks.c: what must be true of a client, always and in the end
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "sim-client.h"

#include <string.h>

#include "core/crown-json.h"
#include "sim-server.h"

static const struct {
  CrownStore  store;
  const char *sql;
} views[] = {
  { CROWN_STORE_MEETINGS, "SELECT id, row, _checksum FROM meetings ORDER BY id" },
  { CROWN_STORE_TASKS, "SELECT id, row, _checksum FROM tasks ORDER BY id" },
  { CROWN_STORE_ANALYTICS, "SELECT session_id, row, _checksum FROM analytics ORDER BY session_id" },
};

static const char SQL_REMINDERS[] = "SELECT value, updated_at FROM metadata WHERE key = 'reminders'";
static const char SQL_STATE[] = "SELECT value FROM metadata WHERE key = '_state'";

/* The position that the disk has. */
static gboolean
load_position (SimClient      *self,
               CrownPosition  *position,
               GError        **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->view, "state", SQL_STATE, error);
  g_autoptr (JsonObject) state = NULL;
  int step;

  *position = (CrownPosition) { 0 };
  if (stmt == NULL || (step = crown_sqlite_step (stmt, error)) < 0)
    return FALSE;
  if (step == 1)
    state = crown_json_parse_object (crown_sqlite_column_text (stmt, 0), -1, error);
  crown_sqlite_reset (stmt);
  if (step == 0)
    return TRUE;
  if (state == NULL)
    return FALSE;
  g_strlcpy (position->epoch, crown_json_opt_string (state, "epoch", ""), sizeof position->epoch);
  position->sequence = (guint64) crown_json_opt_int (state, "sequence", 0);
  position->user_sequence = (guint64) crown_json_opt_int (state, "user_sequence", 0);
  return TRUE;
}

/* Nothing is applied twice or taken back: on one ledger the position only goes on. */
static void
check_order (SimClient           *self,
             const CrownPosition *position)
{
  if (strcmp (position->epoch, self->highest.epoch) == 0 && position->sequence < self->highest.sequence)
    sim_world_violate (self->world, "client %u was at %" G_GUINT64_FORMAT " and is at %" G_GUINT64_FORMAT, self->index,
                       self->highest.sequence, position->sequence);
  if (strcmp (position->epoch, self->highest.epoch) == 0 && position->user_sequence < self->highest.user_sequence)
    sim_world_violate (self->world, "client %u was at the user's %" G_GUINT64_FORMAT " and is at %" G_GUINT64_FORMAT,
                       self->index, self->highest.user_sequence, position->user_sequence);
  self->highest = *position;
}

/* (nullable): there are none, which is what an empty list is, too */
static char *
checksum_of_reminders (SimClient  *self,
                       GError    **error)
{
  CrownSqliteStatement *stmt = crown_sqlite_prepare (self->view, "reminders", SQL_REMINDERS, error);
  g_autoptr (JsonObject) row = json_object_new ();
  g_autoptr (GString) text = g_string_new (NULL);
  JsonNode *value;
  char checksum[65];
  int step;

  if (stmt == NULL || (step = crown_sqlite_step (stmt, error)) < 0)
    return NULL;
  if (step == 0)
    {
      crown_sqlite_reset (stmt);
      return NULL;
    }
  value = crown_json_parse (crown_sqlite_column_text (stmt, 0), -1, error);
  json_object_set_string_member (row, "key", "reminders");
  if (value != NULL)
    json_object_set_member (row, "value", value);
  json_object_set_string_member (row, "updated_at", crown_sqlite_column_text (stmt, 1));
  crown_sqlite_reset (stmt);
  if (value == NULL || !crown_json_canonicalize_object (row, TRUE, text, error))
    return NULL;
  crown_checksum_bytes (text->str, text->len, checksum);
  return g_strdup (checksum);
}

/* So are the user's reminders those of a prefix of the user's stream. */
static gboolean
check_reminders (SimClient           *self,
                 const CrownPosition *position,
                 GError             **error)
{
  g_autofree char *checksum = checksum_of_reminders (self, error);
  const char *expected;

  if (checksum == NULL && *error != NULL)
    return FALSE;
  if (!sim_history_expect_reminders (self->world->history, position->epoch, position->user_sequence, &expected))
    sim_world_violate (self->world, "client %u is at the user's %" G_GUINT64_FORMAT ", where no server was", self->index,
                       position->user_sequence);
  else if (g_strcmp0 (checksum, expected) != 0)
    sim_world_violate (self->world, "client %u at the user's %" G_GUINT64_FORMAT " has reminders as they never were",
                       self->index, position->user_sequence);
  return TRUE;
}

/* The rows are exactly a prefix of the stream: that up to the position. */
static gboolean
check_rows (SimClient  *self,
            GError    **error)
{
  CrownPosition position;
  guint n = 0;

  if (!load_position (self, &position, error))
    return FALSE;
  check_order (self, &position);
  if (!sim_history_expect (self->world->history, position.epoch, position.sequence, &self->expected))
    {
      sim_world_violate (self->world, "client %u is at %" G_GUINT64_FORMAT ", where no server was", self->index,
                         position.sequence);
      return TRUE;
    }
  if (!check_reminders (self, &position, error))
    return FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (views); i++)
    {
      CrownSqliteStatement *stmt = crown_sqlite_prepare (self->view, "view", views[i].sql, error);
      int step = -1;

      while (stmt != NULL && (step = crown_sqlite_step (stmt, error)) == 1)
        {
          g_autofree char *key = g_strdup_printf ("%s/%" G_GINT64_FORMAT, crown_store_to_string (views[i].store),
                                                  crown_sqlite_column_int (stmt, 0));
          char checksum[65];

          crown_checksum_bytes (crown_sqlite_column_text (stmt, 1), (gsize) crown_sqlite_column_bytes (stmt, 1), checksum);
          if (g_strcmp0 (g_hash_table_lookup (self->expected.rows, key), checksum) == 0 &&
              g_strcmp0 (crown_sqlite_column_text (stmt, 2), checksum) == 0)
            n++;
          else if (!self->damaged)
            sim_world_violate (self->world, "client %u at %" G_GUINT64_FORMAT " has %s as it never was: %s", self->index,
                               position.sequence, key, crown_sqlite_column_text (stmt, 1));
        }
      if (stmt == NULL || step < 0)
        return FALSE;
      crown_sqlite_reset (stmt);
    }
  if (n == g_hash_table_size (self->expected.rows))
    self->damaged = FALSE;
  else if (!self->damaged)
    sim_world_violate (self->world, "client %u at %" G_GUINT64_FORMAT " has %u rows of %u", self->index, position.sequence, n,
                       g_hash_table_size (self->expected.rows));
  return TRUE;
}

/* What a person has changed looks so until the server has said something else: in order to see no change go and come. */
static gboolean
check_overlay (SimClient  *self,
               GError    **error)
{
  crown_cache_reader_invalidate_overlay (self->reader);
  for (guint i = 0; i < self->writes->len; i++)
    {
      SimWrite *write = self->writes->pdata[i];
      g_autoptr (JsonObject) row = NULL;
      gboolean is_last = TRUE;
      guint64 sequence;

      if (write->confirmed != NULL || write->rejected || write->withdrawn)
        continue;
      if (sim_history_count (self->world->history, self->highest.epoch, write->mutation_id, write->type, &sequence) > 0 &&
          sequence <= self->highest.sequence)
        {
          write->confirmed = g_strdup (self->highest.epoch);
          continue;
        }
      for (guint j = i + 1; j < self->writes->len; j++)
        {
          const SimWrite *later = self->writes->pdata[j];

          is_last = is_last && (later->withdrawn || sim_client_row_of (self, later) != sim_client_row_of (self, write) ||
                                g_strcmp0 (later->member, write->member) != 0);
        }
      if (!is_last || write->member == NULL)
        continue;
      row = crown_cache_reader_load_row (self->reader, crown_event_info (write->type)->store, write->row_id, error);
      if (row == NULL && *error != NULL)
        return FALSE;
      /* Somebody may have deleted it. */
      if (row != NULL && g_strcmp0 (crown_json_opt_string (row, write->member, NULL), write->value) != 0)
        sim_world_violate (self->world, "client %u does not show its own change of tasks/%" G_GINT64_FORMAT, self->index,
                           write->row_id);
    }
  return TRUE;
}

void
sim_client_check (SimClient *self)
{
  g_autoptr (GError) error = NULL;

  if ((!check_rows (self, &error) || !check_overlay (self, &error)) &&
      !(self->damaged && g_error_matches (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_CORRUPT)))
    sim_world_violate (self->world, "client %u cannot be read: %s", self->index, error->message);
}

/* In the end */

/* Each is done once, unless it was refused, or done in a ledger that was lost; and those of a row in their order. */
static void
check_writes (SimClient *self)
{
  const char *epoch = sim_history_get_epoch (self->world->history);
  g_autoptr (GHashTable) last = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (guint i = 0; i < self->writes->len; i++)
    {
      const SimWrite *write = self->writes->pdata[i];
      guint64 sequence;
      guint n = sim_history_count (self->world->history, epoch, write->mutation_id, write->type, &sequence);
      g_autofree char *row = g_strdup_printf ("%u/%" G_GINT64_FORMAT, crown_event_info (write->type)->store,
                                              sim_client_row_of (self, write));
      guint64 *before = g_hash_table_lookup (last, row);

      if (n > 1)
        sim_world_violate (self->world, "write %u of client %u was done %u times", i, self->index, n);
      else if (n == 1 && write->withdrawn)
        sim_world_violate (self->world, "write %u of client %u was done, and withdrawn", i, self->index);
      else if (n == 1 && write->rejected)
        sim_world_violate (self->world, "write %u of client %u was done, and refused", i, self->index);
      else if (n == 0 && !write->rejected && !write->withdrawn && (write->confirmed == NULL || g_str_equal (write->confirmed, epoch)))
        sim_world_violate (self->world, "write %u of client %u is gone", i, self->index);
      if (n == 1 && before != NULL && *before > sequence && write->type == CROWN_EVENT_TASK_UPDATE)
        sim_world_violate (self->world, "write %u of client %u overtook an earlier one", i, self->index);
      if (n == 1)
        g_hash_table_replace (last, g_steal_pointer (&row), g_memdup2 (&sequence, sizeof sequence));
    }
}

static void
check_digests (SimClient *self)
{
  CrownEventLedger *ledger = self->world->server->ledger;

  for (guint i = 0; i < G_N_ELEMENTS (views); i++)
    {
      CrownDigest theirs, ours;
      guint64 their_count, our_count;

      if (!crown_event_ledger_load_digest (ledger, "workspace_1", views[i].store, &their_count, &theirs, NULL) ||
          !crown_cache_get_digest (self->cache, views[i].store, &ours, &our_count, NULL) ||
          their_count != our_count || memcmp (&theirs, &ours, sizeof ours) != 0)
        sim_world_violate (self->world, "client %u has another digest of %s", self->index, crown_store_to_string (views[i].store));
    }
}

/* Byte for byte what the ledger has. */
static void
check_bytes (SimClient *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (views); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) rows = crown_event_ledger_list_rows (self->world->server->ledger, "workspace_1", views[i].store,
                                                                NULL, 1000, &error);

      for (guint j = 0; rows != NULL && j < rows->len; j++)
        {
          const CrownLedgerRow *theirs = rows->pdata[j];
          g_autoptr (JsonObject) ours = crown_cache_reader_load_row (self->reader, views[i].store,
                                                                     g_ascii_strtoll (theirs->id, NULL, 10), &error);
          g_autoptr (GString) text = g_string_new (NULL);

          if (ours == NULL || !crown_json_canonicalize_object (ours, TRUE, text, &error) || strcmp (text->str, theirs->json) != 0)
            sim_world_violate (self->world, "client %u shows %s/%s as %s, and the server has %s", self->index,
                               crown_store_to_string (views[i].store), theirs->id, text->str, theirs->json);
        }
    }
}

void
sim_client_check_end (SimClient *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) entries = NULL;

  if (!sim_client_is_up (self) || crown_sync_machine_get_state (self->machine) != CROWN_CLIENT_LIVE)
    {
      sim_world_violate (self->world, "client %u is not live", self->index);
      return;
    }
  sim_client_check (self);
  entries = crown_outbox_list (self->outbox, &error);
  if (entries == NULL || entries->len > 0)
    sim_world_violate (self->world, "client %u has %u entries left in its outbox", self->index,
                       entries != NULL ? entries->len : 0);
  if (strcmp (self->highest.epoch, crown_event_ledger_get_epoch (self->world->server->ledger)) != 0 ||
      self->highest.sequence != sim_history_get_head (self->world->history, SIM_STREAM_WORKSPACE))
    sim_world_violate (self->world, "client %u is at %" G_GUINT64_FORMAT " and the server at %" G_GUINT64_FORMAT, self->index,
                       self->highest.sequence, sim_history_get_head (self->world->history, SIM_STREAM_WORKSPACE));
  if (self->highest.user_sequence != sim_history_get_head (self->world->history, SIM_STREAM_USER))
    sim_world_violate (self->world, "client %u is at the user's %" G_GUINT64_FORMAT " and the server at %" G_GUINT64_FORMAT,
                       self->index, self->highest.user_sequence,
                       sim_history_get_head (self->world->history, SIM_STREAM_USER));
  check_digests (self);
  check_bytes (self);
  check_writes (self);
}
