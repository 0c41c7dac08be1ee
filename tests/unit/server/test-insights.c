/* test-insights.c: a month of reminders from two servers that are started again and again
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "crown-config.h"

#include <string.h>

#include "core/crown-json.h"
#include "server-fixture.h"
#include "server/crown-insight-scheduler.h"
#include "server/crown-ledger-verifier.h"

#define N_DAYS    30
#define HOUR_US   ((gint64) 60 * 60 * G_USEC_PER_SEC)
#define DAY_US    (24 * HOUR_US)
#define TICK_US   HOUR_US
#define OFFSET_US (2 * HOUR_US)

static gint64
now_us (gpointer user_data)
{
  return *(gint64 *) user_data;
}

/* A server's part in it, with a connection of its own. */
typedef struct {
  CrownEventLedger      *ledger;
  CrownEventSequencer   *sequencer;
  CrownInsightScheduler *scheduler;
} Node;

static void
node_start (Node       *node,
            const char *uri,
            gint64     *now)
{
  static const CrownQuietHours quiet = CROWN_QUIET_HOURS_DEFAULT;
  g_autoptr (GTimeZone) zone = g_time_zone_new_identifier ("+02:00");
  g_autoptr (GError) error = NULL;

  node->ledger = crown_event_ledger_open (uri, &error);
  g_assert_no_error (error);
  node->sequencer = crown_event_sequencer_new (node->ledger, &(CrownClock) { now_us, now_us, now });
  node->scheduler = crown_insight_scheduler_new (node->sequencer, &quiet, zone);
}

static void
node_stop (Node *node)
{
  g_clear_pointer (&node->scheduler, crown_insight_scheduler_free);
  g_clear_object (&node->sequencer);
  g_clear_object (&node->ledger);
}

/* @n_steps: after how many it is stopped, if it is not through before */
static void
node_run (Node  *node,
          guint  n_steps)
{
  g_autoptr (GError) error = NULL;
  gboolean has_more = TRUE;

  for (guint i = 0; has_more && i < n_steps; i++)
    {
      crown_insight_scheduler_step (node->scheduler, &has_more, &error);
      g_assert_no_error (error);
      crown_event_sequencer_flush (node->sequencer);
    }
}

static void
emit (ServerFixture  *self,
      CrownEventType  type,
      const char     *format,
      ...) G_GNUC_PRINTF (3, 4);

static void
emit (ServerFixture  *self,
      CrownEventType  type,
      const char     *format,
      ...)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownEventWrite) write = crown_event_sequencer_begin (self->sequencer, &self->who, NULL, &error);
  g_autoptr (JsonObject) data = NULL;
  g_autofree char *json = NULL;
  va_list args;

  va_start (args, format);
  json = g_strdup_vprintf (format, args);
  va_end (args);
  data = crown_json_parse_object (json, -1, &error);
  g_assert_no_error (error);
  crown_event_write_emit (write, type, data, NULL, &error);
  g_assert_no_error (error);
  g_ptr_array_unref (server_fixture_commit (write));
}

static void
add_task (ServerFixture *self,
          guint          id,
          guint          session_id,
          const char    *assignee,
          const char    *due)
{
  emit (self, CROWN_EVENT_TASK_CREATE,
        "{\"task\":{\"id\":%u,\"session_id\":%u,\"text\":\"Task\",\"status\":\"pending\",\"priority\":\"medium\","
        "\"due_date\":%s,\"assignee\":%s,\"evidence_line\":3,\"confidence\":0.9}}", id, session_id, due, assignee);
}

static void
add_meeting (ServerFixture *self,
             guint          id,
             const char    *status,
             const char    *start)
{
  emit (self, CROWN_EVENT_SESSION_CREATE,
        "{\"meeting\":{\"id\":%u,\"title\":\"Meeting %u\",\"status\":\"%s\",\"created_at\":\"%s\",\"started_at\":\"%s\","
        "\"duration\":60,\"summary\":\"\",\"task_count\":0,\"participant_count\":3,\"archived\":false}}",
        id, id, status, start, start);
  emit (self, CROWN_EVENT_ANALYTICS_REFRESH,
        "{\"analytics\":{\"session_id\":%u,\"speaking_time\":{\"Ada\":90,\"Ben\":5,\"Cleo\":5},\"sentiment\":{},"
        "\"participation\":{\"balance\":0.4},\"topics\":[{\"title\":\"The harbour\",\"line\":0,\"end_line\":9,\"at\":0}],"
        "\"decisions\":[],\"events\":[],\"notes\":[],\"updated_at\":\"%s\"}}", id, start);
}

/* 2025-10-28 is the first day. Ada has much to do and is late; Ben has one task that is due in the second week. */
static void
fill (ServerFixture *self)
{
  add_meeting (self, 1, "active", "2025-10-27T09:00:00Z");
  add_meeting (self, 2, "completed", "2025-10-26T09:00:00Z");
  add_meeting (self, 3, "completed", "2025-10-25T09:00:00Z");
  for (guint i = 1; i <= 6; i++)
    add_task (self, i, 2, "\"Ada\"", "\"2025-10-30\"");
  add_task (self, 7, 2, "\"ben\"", "\"2025-11-10\"");
  add_task (self, 8, 2, "null", "null");
}

typedef struct {
  gint64 user_id;
  char  *type;
  gint64 at_us;
} Sent;

static void
sent_free (gpointer data)
{
  Sent *sent = data;

  g_free (sent->type);
  g_free (sent);
}

/* The reminders of @user_id, each checked. */
static GPtrArray *
reminders_of (ServerFixture *self,
              gint64         user_id)
{
  g_autofree char *stream = crown_event_stream_name (CROWN_SCOPE_USER, user_id);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) events = crown_event_ledger_load_events (self->ledger, stream, 0, 0, 10000, &error);
  GPtrArray *sent = g_ptr_array_new_with_free_func (sent_free);

  g_assert_no_error (error);
  for (guint i = 0; i < events->len; i++)
    {
      const CrownEnvelope *envelope = ((CrownLedgerEvent *) events->pdata[i])->envelope;
      JsonObject *reminder = crown_json_opt_object (envelope->data, "reminder");
      Sent *entry = g_new0 (Sent, 1);
      gint64 minute;

      g_assert_cmpint (envelope->type, ==, CROWN_EVENT_INSIGHT_REMINDER);
      g_assert_cmpint (crown_json_opt_int (envelope->data, "user_id", 0), ==, user_id);
      g_assert_cmpfloat (crown_json_opt_double (reminder, "confidence", 0), >=, 0.5);
      entry->user_id = user_id;
      entry->type = g_strdup (crown_json_opt_string (reminder, "type", NULL));
      g_assert_true (crown_time_parse_iso (envelope->timestamp, &entry->at_us));
      minute = (entry->at_us + OFFSET_US) % DAY_US / (HOUR_US / 60);
      g_assert_cmpint (minute, >=, 8 * 60);
      g_assert_cmpint (minute, <, 20 * 60);
      for (guint j = 0; j < sent->len; j++)
        {
          const Sent *earlier = sent->pdata[j];

          if (strcmp (earlier->type, entry->type) == 0)
            g_assert_cmpint (entry->at_us - earlier->at_us, >=, DAY_US);
        }
      g_ptr_array_add (sent, entry);
    }
  return sent;
}

static guint
count (GPtrArray  *sent,
       const char *type)
{
  guint n = 0;

  for (guint i = 0; i < sent->len; i++)
    n += strcmp (((Sent *) sent->pdata[i])->type, type) == 0;
  return n;
}

static gint64
add_user (ServerFixture *self,
          const char    *name,
          const char    *hash,
          CrownRole      role)
{
  CrownPrincipal who = { .workspace_id = self->who.workspace_id, .role = role };
  g_autoptr (GError) error = NULL;

  if (strcmp (name, "Ada") == 0)
    who.user_id = self->who.user_id;
  else
    crown_event_ledger_create_user (self->ledger, name, &who.user_id, &error);
  crown_event_ledger_put_token (self->ledger, hash, &who, &error);
  g_assert_no_error (error);
  return who.user_id;
}

static void
test_month (ServerFixture *self,
            gconstpointer  unused)
{
  static const char *const types[] = { "overdue", "due_soon", "unassigned", "stalled_meeting", "uneven_participation",
                                       "overload", "recurring_topic" };
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  gint64 ada = add_user (self, "Ada", "a", CROWN_ROLE_MEMBER);
  gint64 ben = add_user (self, "Ben Okri", "b", CROWN_ROLE_ADMIN);
  gint64 viewer = add_user (self, "Vera", "c", CROWN_ROLE_VIEWER);
  gint64 begin_us = self->now_us / DAY_US * DAY_US;
  gint64 now = begin_us;
  Node nodes[2] = { 0 };
  g_autoptr (GPtrArray) of_ada = NULL;
  g_autoptr (GPtrArray) of_ben = NULL;
  g_autoptr (GPtrArray) of_viewer = NULL;
  g_autoptr (GError) error = NULL;
  CrownLedgerReport report;

  fill (self);
  for (; now < begin_us + N_DAYS * DAY_US; now += TICK_US)
    for (guint i = 0; i < G_N_ELEMENTS (nodes); i++)
      {
        /* Each is killed now and then, also in the middle of a look through, and away for some hours. */
        if (nodes[i].ledger != NULL && g_rand_int_range (rand, 0, 20) == 0)
          {
            node_run (&nodes[i], (guint) g_rand_int_range (rand, 1, 4));
            node_stop (&nodes[i]);
          }
        else if (nodes[i].ledger == NULL && g_rand_int_range (rand, 0, 6) == 0)
          node_start (&nodes[i], self->uri, &now);
        if (nodes[i].ledger != NULL)
          node_run (&nodes[i], G_MAXUINT);
      }
  node_stop (&nodes[0]);
  node_stop (&nodes[1]);

  of_ada = reminders_of (self, ada);
  of_ben = reminders_of (self, ben);
  of_viewer = reminders_of (self, viewer);
  g_test_message ("%u and %u reminders in %d days", of_ada->len, of_ben->len, N_DAYS);
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    g_assert_cmpuint (count (of_ada, types[i]), >, 0);

  /* Overdue from the 31st on, each day until half of such tasks may be done anyway; due soon on the 28th, 29th and 30th. */
  g_assert_cmpuint (count (of_ada, "overdue"), >=, 20);
  g_assert_cmpuint (count (of_ada, "due_soon"), <=, 3);
  g_assert_cmpuint (count (of_ada, "recurring_topic"), <=, 5);
  g_assert_cmpuint (count (of_ben, "due_soon"), <=, 3);
  g_assert_cmpuint (count (of_ben, "due_soon"), >, 0);
  g_assert_cmpuint (count (of_ben, "overload"), ==, 0);
  g_assert_cmpuint (count (of_ben, "overdue"), >, 0);
  g_assert_cmpuint (of_viewer->len, ==, 0);
  crown_ledger_verify (self->ledger, &report, &error);
  g_assert_no_error (error);
}

static void
test_quiet_hours (void)
{
  static const char *const bad[] = { "", "20:00", "20:00-24:00", "20:60-08:00", "20:00-08:00 ", "always", "20-8" };
  CrownQuietHours quiet;

  g_assert_true (crown_quiet_hours_parse ("21:30-06:05", &quiet));
  g_assert_cmpuint (quiet.from, ==, 21 * 60 + 30);
  g_assert_cmpuint (quiet.to, ==, 6 * 60 + 5);
  g_assert_true (crown_quiet_hours_parse ("none", &quiet));
  g_assert_cmpuint (quiet.from, ==, quiet.to);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (crown_quiet_hours_parse (bad[i], &quiet));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  server_fixture_add ("/server/insights/month", test_month);
  g_test_add_func ("/server/insights/quiet-hours", test_quiet_hours);

  return server_fixture_run ();
}
