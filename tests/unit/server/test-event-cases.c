/* test-event-cases.c: what every type of event makes of the ledger's rows
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "../event-cases.h"
#include "server-fixture.h"

#include <string.h>

static const CrownStore stores[] = {
  CROWN_STORE_MEETINGS, CROWN_STORE_ANALYTICS, CROWN_STORE_TASKS, CROWN_STORE_METADATA
};

static void
put_rows (ServerFixture   *fixture,
          const EventCase *event)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (crown_event_ledger_begin (fixture->ledger, TRUE, &error));
  for (guint i = 0; i < CASE_ROWS_MAX && event->before[i].row != NULL; i++)
    {
      const CaseRow *row = &event->before[i];
      char checksum[CROWN_CHECKSUM_HEX_LENGTH + 1];
      CrownLedgerRow stored = { (char *) row->id, (char *) row->row, checksum };

      if (row->store == CROWN_STORE_SESSIONS)
        continue;
      crown_checksum_bytes (row->row, strlen (row->row), checksum);
      g_assert_true (crown_event_ledger_put_row (fixture->ledger, event->stream, row->store, &stored, &error));
    }
  g_assert_true (crown_event_ledger_commit (fixture->ledger, &error));
  g_assert_no_error (error);
}

static void
assert_rows (ServerFixture   *fixture,
             const EventCase *event,
             const CaseRow    expected[CASE_ROWS_MAX])
{
  g_autofree char *wanted = event_case_describe (expected, FALSE);
  g_autoptr (GString) found = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (stores); i++)
    {
      g_autoptr (GPtrArray) rows =
        crown_event_ledger_list_rows (fixture->ledger, event->stream, stores[i], NULL, 0, &error);

      g_assert_no_error (error);
      for (guint j = 0; j < rows->len; j++)
        {
          const CrownLedgerRow *row = rows->pdata[j];

          g_string_append_printf (found, "%s %s %s\n", crown_store_to_string (stores[i]), row->id, row->json);
        }
    }
  g_assert_cmpstr (found->str, ==, wanted);
}

/* The checksum that the event has to carry: of the row that is in @after and not the same in @before. */
static void
assert_checksum (const CrownEnvelope *envelope,
                 const EventCase     *event)
{
  const char *changed = NULL;
  char checksum[CROWN_CHECKSUM_HEX_LENGTH + 1];

  for (guint i = 0; i < CASE_ROWS_MAX && event->after[i].row != NULL; i++)
    {
      gboolean was_there = FALSE;

      for (guint j = 0; j < CASE_ROWS_MAX && event->before[j].row != NULL; j++)
        was_there |= strcmp (event->before[j].row, event->after[i].row) == 0;
      if (!was_there && event->after[i].store != CROWN_STORE_SESSIONS)
        changed = event->after[i].row;
    }
  if (changed != NULL)
    crown_checksum_bytes (changed, strlen (changed), checksum);
  g_assert_cmpstr (envelope->checksum, ==, changed != NULL ? checksum : NULL);
}

static void
test_case (ServerFixture *fixture,
           gconstpointer  data)
{
  const EventCase *event = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) payload = crown_json_parse_object (event->payload, -1, &error);
  g_autoptr (CrownEventWrite) write = NULL;
  g_autoptr (GPtrArray) committed = NULL;
  g_autoptr (GPtrArray) stored = NULL;
  g_autofree char *sent = NULL;
  g_autofree char *kept = NULL;
  const CrownEnvelope *envelope;

  g_assert_no_error (error);
  put_rows (fixture, event);
  write = crown_event_sequencer_begin (fixture->sequencer, &fixture->who, NULL, &error);
  g_assert_no_error (error);
  if (crown_event_info (event->type)->scope == CROWN_SCOPE_LOCAL)
    {
      g_assert_false (crown_event_write_emit (write, event->type, payload, NULL, &error));
      g_assert_error (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_PAYLOAD);
      g_assert_nonnull (strstr (error->message, "never sent"));
      g_clear_pointer (&write, crown_event_write_free);
      assert_rows (fixture, event, event->after);
      return;
    }
  g_assert_true (crown_event_write_emit (write, event->type, payload, NULL, &error));
  committed = server_fixture_commit (write);
  g_assert_cmpuint (committed->len, ==, 1);
  assert_rows (fixture, event, event->after);

  stored = crown_event_ledger_load_events (fixture->ledger, event->stream, 0, 0, 10, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (stored->len, ==, 1);
  envelope = ((CrownLedgerEvent *) stored->pdata[0])->envelope;
  g_assert_cmpint (envelope->type, ==, event->type);
  g_assert_cmpuint (envelope->sequence, ==, 1);
  assert_checksum (envelope, event);
  sent = crown_json_object_to_string (payload);
  kept = crown_json_object_to_string (envelope->data);
  g_assert_cmpstr (kept, ==, sent);
}

/* Neither rows nor numbers move, and the message says which member it is. */
static void
test_refused (ServerFixture *fixture,
              gconstpointer  data)
{
  const EventCase *event = data;

  put_rows (fixture, event);
  for (guint i = 0; i < CASE_REFUSED_MAX && event->refused[i].member != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) payload = event_case_spoil (event, &event->refused[i]);
      g_autoptr (CrownEventWrite) write =
        crown_event_sequencer_begin (fixture->sequencer, &fixture->who, NULL, &error);
      g_autofree char *says = event_case_says (event, &event->refused[i]);
      CrownStreamHead head;

      g_assert_no_error (error);
      g_assert_false (crown_event_write_emit (write, event->type, payload, NULL, &error));
      g_assert_error (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_PAYLOAD);
      if (crown_event_info (event->type)->scope != CROWN_SCOPE_LOCAL && !g_str_has_prefix (error->message, says))
        g_error ("“%s” instead of “%s…”", error->message, says);
      g_clear_pointer (&write, crown_event_write_free);

      g_assert_true (crown_event_ledger_load_head (fixture->ledger, event->stream, &head, NULL));
      g_assert_cmpuint (head.sequence, ==, 0);
      assert_rows (fixture, event, event->before);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server/event-cases/complete", event_cases_assert_complete);
  for (guint i = 0; i < G_N_ELEMENTS (event_cases); i++)
    {
      const char *name = crown_event_info (event_cases[i].type)->name;
      g_autofree char *applied = g_strdup_printf ("/server/event-cases/applied/%s-%u", name, i);
      g_autofree char *refused = g_strdup_printf ("/server/event-cases/refused/%s-%u", name, i);

      g_test_add (applied, ServerFixture, &event_cases[i], server_fixture_set_up, test_case, server_fixture_tear_down);
      if (event_cases[i].refused[0].member != NULL)
        g_test_add (refused, ServerFixture, &event_cases[i], server_fixture_set_up, test_refused, server_fixture_tear_down);
    }

  return g_test_run ();
}
