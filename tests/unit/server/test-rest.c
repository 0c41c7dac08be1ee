/* test-rest.c: the whole server over a loopback socket, as a program that speaks HTTP meets it
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "crown-config.h"

#include <libsoup/soup.h>
#include <string.h>

#include "core/crown-json.h"
#include "core/crown-limits.h"
#include "server-fixture.h"
#include "server/crown-ledger-admin.h"
#include "server/crown-server.h"

static const char transcript[] =
  "Ada: Good morning everybody, let us plan the release of the new dashboard.\n"
  "Ben: The tests are green since yesterday and I am happy with that.\n"
  "Ada: Great. Ben, can you send the release notes to the team by Friday?\n"
  "Ben: Yes, I will send the release notes by Friday.\n"
  "Ada: And I will update the documentation tomorrow.\n";

typedef struct {
  ServerFixture     ledger;
  CrownLedgerAdmin *admin;
  CrownServer      *server;
  SoupSession      *session;
  char             *token;
  char             *viewer;
  guint             n_keys;
  gint64            meeting_id;
} Fixture;

typedef struct {
  guint       status;
  JsonObject *body;      /* (nullable) */
  char       *etag;      /* (nullable) */
  gint64      sequence;  /* 0: the header is not there */
} Answer;

static void
answer_clear (Answer *answer)
{
  g_clear_pointer (&answer->body, json_object_unref);
  g_clear_pointer (&answer->etag, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Answer, answer_clear)

/* Of the one workspace, with a path below it. @key "" gives a new one, NULL none. */
static Answer
ask_with (Fixture    *fixture,
          const char *token,
          const char *method,
          const char *path,
          const char *body,
          gsize       length,
          const char *key,
          const char *header,
          const char *value)
{
  g_autofree char *url = g_strdup_printf ("%s/api/v1/workspaces/%" G_GINT64_FORMAT "/%s",
                                          crown_server_get_url (fixture->server), fixture->ledger.who.workspace_id, path);
  g_autoptr (SoupMessage) message = soup_message_new (method, url);
  SoupMessageHeaders *headers = soup_message_get_request_headers (message);
  g_autoptr (GError) error = NULL;
  Answer answer = { 0 };

  if (token != NULL)
    {
      g_autofree char *bearer = g_strconcat ("Bearer ", token, NULL);

      soup_message_headers_append (headers, "Authorization", bearer);
    }

  if (key != NULL)
    {
      g_autofree char *fresh = g_strdup_printf ("key-%u", fixture->n_keys++);

      soup_message_headers_append (headers, "Idempotency-Key", *key != '\0' ? key : fresh);
    }

  if (header != NULL)
    soup_message_headers_append (headers, header, value);

  if (body != NULL)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (body, length);

      const char *type = g_str_has_prefix (path, "imports") ? "application/octet-stream" : "application/json";

      soup_message_set_request_body_from_bytes (message, type, bytes);
    }

  g_autoptr (GBytes) bytes = soup_session_send_and_read (fixture->session, message, NULL, &error);
  g_assert_no_error (error);

  answer.status = soup_message_get_status (message);
  answer.etag = g_strdup (soup_message_headers_get_one (soup_message_get_response_headers (message), "ETag"));

  const char *sequence = soup_message_headers_get_one (soup_message_get_response_headers (message), "X-Crown-Sequence");

  answer.sequence = sequence != NULL ? g_ascii_strtoll (sequence, NULL, 10) : 0;
  if (g_bytes_get_size (bytes) > 0)
    {
      answer.body = crown_json_parse_object (g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes), &error);
      g_assert_no_error (error);
    }

  return answer;
}

static Answer
ask (Fixture    *fixture,
     const char *method,
     const char *path,
     const char *body)
{
  return ask_with (fixture, fixture->token, method, path, body, body != NULL ? strlen (body) : 0,
                   strcmp (method, "GET") != 0 ? "" : NULL, NULL, NULL);
}

static void
assert_refused (const Answer *answer,
                guint         status,
                const char   *code)
{
  g_assert_cmpuint (answer->status, ==, status);
  g_assert_cmpstr (crown_json_opt_string (answer->body, "code", NULL), ==, code);
  g_assert_cmpint (crown_json_opt_int (answer->body, "status", 0), ==, status);
}

/* How many events there are, and the last one's sequence; DASHBOARD_REFRESH comes when the server thinks it is time. */
static guint
count_changes (Fixture *fixture,
               gint64  *last)
{
  g_auto (Answer) answer = ask (fixture, "GET", "events?after=0&limit=1000", NULL);
  JsonArray *events = crown_json_opt_array (answer.body, "events");
  guint n = 0;

  g_assert_cmpuint (answer.status, ==, 200);
  for (guint i = 0; i < json_array_get_length (events); i++)
    {
      JsonObject *event = json_array_get_object_element (events, i);

      if (g_strcmp0 (crown_json_opt_string (event, "event_type", NULL), "DASHBOARD_REFRESH") == 0)
        continue;
      n++;
      if (last != NULL)
        *last = crown_json_opt_int (event, "sequence", -1);
    }
  return n;
}

static void
assert_ledger_verifies (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  crown_ledger_admin_verify (fixture->admin, NULL, &error);
  g_assert_no_error (error);
}

static void
import (Fixture *fixture)
{
  g_auto (Answer) answer = ask (fixture, "POST", "imports?name=plan.txt&date=2025-10-28", transcript);

  g_assert_cmpuint (answer.status, ==, 201);
  fixture->meeting_id = crown_json_opt_int (answer.body, "meeting_id", 0);
  g_assert_cmpint (fixture->meeting_id, >, 0);
}

static void
set_up (Fixture       *fixture,
        gconstpointer  kind)
{
  g_autoptr (GError) error = NULL;

  server_fixture_set_up (&fixture->ledger, kind);
  fixture->admin = crown_ledger_admin_open (fixture->ledger.uri, &error);
  g_assert_no_error (error);
  fixture->token = crown_ledger_admin_create_token (fixture->admin, fixture->ledger.who.user_id,
                                                    fixture->ledger.who.workspace_id, "member", &error);
  fixture->viewer = crown_ledger_admin_create_token (fixture->admin, fixture->ledger.who.user_id,
                                                     fixture->ledger.who.workspace_id, "viewer", &error);
  g_assert_no_error (error);
  fixture->server = crown_server_new (fixture->ledger.uri);
  crown_server_start (fixture->server, "127.0.0.1", 0, &error);
  g_assert_no_error (error);
  fixture->session = soup_session_new_with_options ("timeout", 20, "proxy-resolver", NULL, NULL);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  unused)
{
  soup_session_abort (fixture->session);
  g_clear_object (&fixture->session);
  crown_server_stop (fixture->server);
  g_clear_object (&fixture->server);
  g_clear_pointer (&fixture->admin, crown_ledger_admin_close);
  g_clear_pointer (&fixture->token, g_free);
  g_clear_pointer (&fixture->viewer, g_free);
  server_fixture_tear_down (&fixture->ledger, NULL);
}

static void
test_import_makes_events (Fixture       *fixture,
                          gconstpointer  unused)
{
  g_autofree char *trace = NULL;
  guint n_tasks = 0;

  import (fixture);

  g_auto (Answer) answer = ask (fixture, "GET", "events?after=0&limit=1000", NULL);
  JsonArray *events = crown_json_opt_array (answer.body, "events");
  guint n_events = json_array_get_length (events);

  for (guint i = 0; i < n_events; i++)
    {
      JsonObject *event = json_array_get_object_element (events, i);
      const char *type = crown_json_opt_string (event, "event_type", NULL);

      g_assert_cmpint (crown_json_opt_int (event, "sequence", 0), ==, i + 1);
      g_assert_cmpint (crown_json_opt_int (event, "prev_sequence", -1), ==, i);
      if (i == 0)
        {
          g_assert_cmpstr (type, ==, "SESSION_CREATE");
          trace = g_strdup (crown_json_opt_string (event, "trace_id", NULL));
        }
      else if (i == 1)
        g_assert_cmpstr (type, ==, "MEETING_UPDATE");
      else if (i < n_events - 3)
        {
          g_assert_cmpstr (type, ==, "TASK_CREATE");
          n_tasks++;
        }
      else
        g_assert_cmpstr (type, ==, i == n_events - 3 ? "ANALYTICS_REFRESH"
                                   : i == n_events - 2 ? "SESSION_COMPLETE" : "DASHBOARD_REFRESH");

      g_assert_cmpstr (crown_json_opt_string (event, "trace_id", NULL), ==, trace);
    }

  g_assert_true (g_str_has_prefix (trace, "session_1_"));
  g_assert_cmpuint (n_tasks, >=, 1);

  g_auto (Answer) meeting = ask (fixture, "GET", "meetings/1", NULL);
  g_assert_cmpuint (meeting.status, ==, 200);
  g_assert_cmpstr (crown_json_opt_string (meeting.body, "status", NULL), ==, "completed");
  g_assert_cmpint (crown_json_opt_int (meeting.body, "task_count", -1), ==, n_tasks);

  g_auto (Answer) analytics = ask (fixture, "GET", "analytics/1", NULL);
  g_assert_nonnull (crown_json_opt_object (analytics.body, "speaking_time"));

  g_auto (Answer) segments = ask (fixture, "GET", "meetings/1/transcript", NULL);
  g_assert_cmpint (crown_json_opt_int (segments.body, "session_id", 0), ==, 1);
  g_assert_cmpuint (json_array_get_length (crown_json_opt_array (segments.body, "segments")), >=, 1);
  assert_ledger_verifies (fixture);
}

static void
test_bad_transcript_changes_nothing (Fixture       *fixture,
                                     gconstpointer  unused)
{
  static const char bytes[] = "\xff\xfe\x00\x01\x02 no transcript \x00 at all";
  g_auto (Answer) answer = ask_with (fixture, fixture->token, "POST", "imports?name=bad.bin", bytes, sizeof bytes, "",
                                     NULL, NULL);

  assert_refused (&answer, 422, "transcript_unreadable");
  g_assert_cmpuint (count_changes (fixture, NULL), ==, 0);

  g_auto (Answer) date = ask (fixture, "POST", "imports?date=yesterday", transcript);
  assert_refused (&date, 400, "bad_request");
  g_assert_cmpuint (count_changes (fixture, NULL), ==, 0);
}

static void
test_too_large_is_refused (Fixture       *fixture,
                           gconstpointer  unused)
{
  gsize length = CROWN_IMPORT_MAX_BYTES + 1;
  g_autofree char *body = g_malloc0 (length);
  g_auto (Answer) answer = ask_with (fixture, fixture->token, "POST", "imports", body, length, "", NULL, NULL);

  assert_refused (&answer, 413, "too_large");

  g_auto (Answer) task = ask_with (fixture, fixture->token, "POST", "tasks", body, 100000, "", NULL, NULL);
  assert_refused (&task, 413, "too_large");
}

static void
test_tick_is_task_update (Fixture       *fixture,
                          gconstpointer  unused)
{
  import (fixture);

  gint64 last = 0;
  guint before = count_changes (fixture, NULL);
  g_auto (Answer) answer = ask (fixture, "PATCH", "tasks/1", "{\"status\":\"completed\"}");

  g_assert_cmpuint (answer.status, ==, 200);
  g_assert_cmpuint (count_changes (fixture, &last), ==, before + 1);
  g_assert_cmpint (answer.sequence, ==, last);
  g_assert_cmpstr (crown_json_opt_string (answer.body, "status", NULL), ==, "completed");
  g_assert_nonnull (crown_json_opt_string (answer.body, "completed_at", NULL));
  g_assert_nonnull (answer.etag);

  g_autofree char *path = g_strdup_printf ("events?after=%" G_GINT64_FORMAT, last - 1);
  g_auto (Answer) events = ask (fixture, "GET", path, NULL);
  JsonArray *list = crown_json_opt_array (events.body, "events");
  JsonObject *update = json_array_get_object_element (list, 0);

  g_assert_cmpstr (crown_json_opt_string (update, "event_type", NULL), ==, "TASK_UPDATE");
  g_assert_true (g_str_has_prefix (crown_json_opt_string (update, "mutation_id", ""), "key-"));
  g_assert_cmpint (crown_json_opt_int (update, "user_id", 0), ==, fixture->ledger.who.user_id);

  g_auto (Answer) cleared = ask (fixture, "PATCH", "tasks/1", "{\"status\":\"pending\"}");
  g_assert_null (crown_json_opt_string (cleared.body, "completed_at", NULL));
  assert_ledger_verifies (fixture);
}

static void
test_bad_updates_are_refused (Fixture       *fixture,
                              gconstpointer  unused)
{
  static const char * const bodies[] = {
    "{\"status\":\"done\"}", "{\"text\":\"\"}", "{\"text\":null}", "{\"id\":7}", "{\"due_date\":\"soon\"}", "{}",
    "{\"completed_at\":\"2025-10-28T03:00:00Z\"}",
  };

  import (fixture);

  guint before = count_changes (fixture, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (bodies); i++)
    {
      g_auto (Answer) answer = ask (fixture, "PATCH", "tasks/1", bodies[i]);

      assert_refused (&answer, 422, "invalid");
    }

  g_auto (Answer) malformed = ask (fixture, "PATCH", "tasks/1", "{\"status\":");
  assert_refused (&malformed, 400, "bad_request");

  g_auto (Answer) missing = ask (fixture, "PATCH", "tasks/999", "{\"status\":\"completed\"}");
  assert_refused (&missing, 404, "not_found");
  g_assert_cmpuint (count_changes (fixture, NULL), ==, before);
}

static void
test_archive_and_restore (Fixture       *fixture,
                          gconstpointer  unused)
{
  import (fixture);

  g_auto (Answer) archived = ask (fixture, "POST", "meetings/1/archive", NULL);
  g_assert_cmpuint (archived.status, ==, 200);
  g_assert_true (crown_json_opt_boolean (archived.body, "archived", FALSE));
  g_assert_cmpint (crown_json_opt_int (archived.body, "archived_by", 0), ==, fixture->ledger.who.user_id);

  g_auto (Answer) stats = ask (fixture, "GET", "stats", NULL);
  g_assert_cmpint (crown_json_opt_int (stats.body, "archived_meetings", -1), ==, 1);
  g_assert_cmpint (crown_json_opt_int (stats.body, "active_meetings", -1), ==, 0);

  g_auto (Answer) restored = ask (fixture, "POST", "meetings/1/restore", NULL);
  g_assert_cmpuint (restored.status, ==, 200);
  g_assert_false (crown_json_opt_boolean (restored.body, "archived", TRUE));
  g_assert_cmpstr (crown_json_opt_string (restored.body, "status", NULL), ==, "completed");
  g_assert_true (json_object_get_null_member (restored.body, "archived_at"));
  assert_ledger_verifies (fixture);
}

static void
test_tasks_are_made_and_deleted (Fixture       *fixture,
                                 gconstpointer  unused)
{
  import (fixture);

  g_auto (Answer) meeting = ask (fixture, "GET", "meetings/1", NULL);
  gint64 n_tasks = crown_json_opt_int (meeting.body, "task_count", -1);

  g_auto (Answer) made = ask (fixture, "POST", "tasks", "{\"session_id\":1,\"text\":\"Book a room\",\"due_date\":\"2025-11-03\"}");
  g_assert_cmpuint (made.status, ==, 201);
  g_assert_cmpint (crown_json_opt_int (made.body, "id", 0), ==, n_tasks + 1);

  g_auto (Answer) more = ask (fixture, "GET", "meetings/1", NULL);
  g_assert_cmpint (crown_json_opt_int (more.body, "task_count", -1), ==, n_tasks + 1);

  g_autofree char *path = g_strdup_printf ("tasks/%" G_GINT64_FORMAT, n_tasks + 1);
  g_auto (Answer) deleted = ask (fixture, "DELETE", path, NULL);
  g_assert_cmpuint (deleted.status, ==, 204);
  g_assert_cmpint (deleted.sequence, >, made.sequence);

  g_auto (Answer) gone = ask (fixture, "GET", path, NULL);
  assert_refused (&gone, 404, "not_found");

  g_auto (Answer) anew = ask (fixture, "POST", "tasks", "{\"session_id\":1,\"text\":\"Book a room\",\"speaker\":\"Ana\","
                              "\"evidence_line\":3,\"evidence_text\":\"I book a room\",\"confidence\":0.75}");
  g_assert_cmpstr (crown_json_opt_string (anew.body, "speaker", NULL), ==, "Ana");
  g_assert_cmpstr (crown_json_opt_string (anew.body, "evidence_text", NULL), ==, "I book a room");
  g_assert_cmpint (crown_json_opt_int (anew.body, "evidence_line", -1), ==, 3);
  g_assert_cmpfloat (crown_json_opt_double (anew.body, "confidence", 0), ==, 0.75);

  g_auto (Answer) half = ask (fixture, "POST", "tasks", "{\"session_id\":1,\"text\":\"x\",\"evidence_line\":0.5}");
  assert_refused (&half, 422, "invalid");
  g_auto (Answer) sure = ask (fixture, "POST", "tasks", "{\"session_id\":1,\"text\":\"x\",\"confidence\":1.5}");
  assert_refused (&sure, 422, "invalid");

  g_auto (Answer) orphan = ask (fixture, "POST", "tasks", "{\"session_id\":99,\"text\":\"Book a room\"}");
  assert_refused (&orphan, 422, "invalid");
  assert_ledger_verifies (fixture);
}

static void
test_same_key_same_answer (Fixture       *fixture,
                           gconstpointer  unused)
{
  import (fixture);

  static const char body[] = "{\"status\":\"completed\"}";
  static const char other[] = "{\"status\":\"pending\"}";
  g_auto (Answer) first = ask_with (fixture, fixture->token, "PATCH", "tasks/1", body, strlen (body), "once", NULL, NULL);
  guint head = count_changes (fixture, NULL);
  g_auto (Answer) again = ask_with (fixture, fixture->token, "PATCH", "tasks/1", body, strlen (body), "once", NULL, NULL);

  g_assert_cmpuint (again.status, ==, 200);
  g_assert_cmpint (again.sequence, ==, first.sequence);
  g_assert_cmpstr (again.etag, ==, first.etag);
  g_assert_true (json_object_equal (again.body, first.body));
  g_assert_cmpuint (count_changes (fixture, NULL), ==, head);

  g_auto (Answer) reused = ask_with (fixture, fixture->token, "PATCH", "tasks/1", other, strlen (other), "once", NULL, NULL);
  assert_refused (&reused, 422, "idempotency_key_reused");

  g_auto (Answer) missing = ask_with (fixture, fixture->token, "PATCH", "tasks/1", body, strlen (body), NULL, NULL, NULL);
  assert_refused (&missing, 400, "idempotency_key_missing");
  g_assert_cmpuint (count_changes (fixture, NULL), ==, head);
}

static void
test_tokens_and_roles (Fixture       *fixture,
                       gconstpointer  unused)
{
  static const char body[] = "{\"status\":\"completed\"}";

  import (fixture);

  g_auto (Answer) nobody = ask_with (fixture, NULL, "GET", "snapshot", NULL, 0, NULL, NULL, NULL);
  assert_refused (&nobody, 401, "unauthorized");

  g_auto (Answer) stranger = ask_with (fixture, "crown4_guess", "PATCH", "tasks/1", body, strlen (body), "", NULL, NULL);
  assert_refused (&stranger, 401, "unauthorized");

  g_auto (Answer) seen = ask_with (fixture, fixture->viewer, "GET", "tasks/1", NULL, 0, NULL, NULL, NULL);
  g_assert_cmpuint (seen.status, ==, 200);

  g_auto (Answer) viewer = ask_with (fixture, fixture->viewer, "PATCH", "tasks/1", body, strlen (body), "", NULL, NULL);
  assert_refused (&viewer, 403, "forbidden");

  g_autoptr (GPtrArray) tokens = crown_ledger_admin_list_tokens (fixture->admin, NULL);
  const CrownTokenInfo *member = g_ptr_array_index (tokens, 0);

  g_assert_true (crown_ledger_admin_revoke_token (fixture->admin, member->id, NULL));

  g_auto (Answer) revoked = ask (fixture, "GET", "snapshot", NULL);
  assert_refused (&revoked, 401, "unauthorized");
}

static void
test_other_workspaces (Fixture       *fixture,
                       gconstpointer  unused)
{
  gint64 own = fixture->ledger.who.workspace_id;
  gint64 other;

  g_assert_true (crown_ledger_admin_create_workspace (fixture->admin, "Other", &other, NULL));

  fixture->ledger.who.workspace_id = other;
  g_auto (Answer) foreign = ask (fixture, "GET", "snapshot", NULL);
  assert_refused (&foreign, 403, "not_member");

  fixture->ledger.who.workspace_id = 999;
  g_auto (Answer) missing = ask (fixture, "GET", "snapshot", NULL);
  assert_refused (&missing, 404, "no_such_workspace");
  fixture->ledger.who.workspace_id = own;
}

static void
test_etags (Fixture       *fixture,
            gconstpointer  unused)
{
  static const char body[] = "{\"priority\":\"high\"}";

  import (fixture);

  g_auto (Answer) row = ask (fixture, "GET", "tasks/1", NULL);
  g_auto (Answer) same = ask_with (fixture, fixture->token, "GET", "tasks/1", NULL, 0, NULL, "If-None-Match", row.etag);
  g_assert_cmpuint (same.status, ==, 304);

  g_auto (Answer) changed = ask (fixture, "PATCH", "tasks/1", "{\"text\":\"Something else\"}");
  g_assert_cmpstr (changed.etag, !=, row.etag);

  g_auto (Answer) stale = ask_with (fixture, fixture->token, "PATCH", "tasks/1", body, strlen (body), "", "If-Match", row.etag);
  assert_refused (&stale, 412, "stale");
  g_assert_cmpstr (crown_json_opt_string (crown_json_opt_object (stale.body, "current"), "text", NULL), ==, "Something else");

  g_auto (Answer) fresh = ask_with (fixture, fixture->token, "PATCH", "tasks/1", body, strlen (body), "", "If-Match", changed.etag);
  g_assert_cmpuint (fresh.status, ==, 200);
}

static void
test_snapshot_and_digest_agree (Fixture       *fixture,
                                gconstpointer  unused)
{
  static const char * const stores[] = { "meetings", "tasks", "analytics" };

  import (fixture);

  g_auto (Answer) snapshot = ask (fixture, "GET", "snapshot", NULL);
  JsonObject *rows_of = crown_json_opt_object (snapshot.body, "stores");

  for (guint i = 0; i < G_N_ELEMENTS (stores); i++)
    {
      g_autofree char *path = g_strconcat ("digest?store=", stores[i], NULL);
      g_auto (Answer) answer = ask (fixture, "GET", path, NULL);
      JsonArray *rows = crown_json_opt_array (rows_of, stores[i]);
      CrownDigest sum = CROWN_DIGEST_INIT;
      char hex[65];

      for (guint j = 0; j < json_array_get_length (rows); j++)
        {
          JsonObject *row = json_array_get_object_element (rows, j);
          g_autofree char *id = g_strdup_printf ("%" G_GINT64_FORMAT,
                                                 crown_json_opt_int (row, "id", crown_json_opt_int (row, "session_id", 0)));
          CrownDigest part;

          g_assert_true (crown_checksum_object (row, hex, NULL));
          crown_digest_of_row (stores[i], id, hex, &part);
          crown_digest_add (&sum, &part);
        }

      crown_digest_to_hex (&sum, hex);
      g_assert_cmpstr (crown_json_opt_string (answer.body, "digest", NULL), ==, hex);
      g_assert_cmpint (crown_json_opt_int (answer.body, "count", -1), ==, json_array_get_length (rows));
      g_assert_cmpstr (crown_json_opt_string (answer.body, "epoch", NULL), ==,
                       crown_json_opt_string (snapshot.body, "epoch", ""));
    }

  g_assert_cmpuint (json_array_get_length (crown_json_opt_array (rows_of, "metadata")), ==, 1);
}

static void
test_unknown_paths (Fixture       *fixture,
                    gconstpointer  unused)
{
  g_auto (Answer) nothing = ask (fixture, "GET", "nothing", NULL);
  assert_refused (&nothing, 404, "not_found");

  g_auto (Answer) number = ask (fixture, "GET", "tasks/-1", NULL);
  assert_refused (&number, 404, "not_found");

  g_auto (Answer) method = ask (fixture, "POST", "snapshot", NULL);
  assert_refused (&method, 405, "method_not_allowed");

  g_auto (Answer) store = ask (fixture, "GET", "snapshot?store=secrets", NULL);
  assert_refused (&store, 400, "bad_request");
}

static void
test_local_account_is_found_again (Fixture       *fixture,
                                   gconstpointer  unused)
{
  g_autoptr (GError) error = NULL;
  gint64 user_id[2];
  gint64 workspace_id[2];

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *token = NULL;

      g_assert_true (crown_server_open_local_account (fixture->server, &user_id[i], &workspace_id[i], &token, &error));
      g_assert_no_error (error);

      fixture->ledger.who.workspace_id = workspace_id[i];
      g_auto (Answer) answer = ask_with (fixture, token, "GET", "snapshot", NULL, 0, NULL, NULL, NULL);
      g_assert_cmpuint (answer.status, ==, 200);

      /* the second time after a restart, which ends the first token */
      crown_server_stop (fixture->server);
      crown_server_start (fixture->server, "127.0.0.1", 0, &error);
      g_assert_no_error (error);

      g_auto (Answer) ended = ask_with (fixture, token, "GET", "snapshot", NULL, 0, NULL, NULL, NULL);
      assert_refused (&ended, 401, "unauthorized");
    }

  g_assert_cmpint (user_id[0], ==, user_id[1]);
  g_assert_cmpint (workspace_id[0], ==, workspace_id[1]);
}

static void
test_reminders_come (Fixture       *fixture,
                     gconstpointer  unused)
{
  const CrownQuietHours never = { 0, 0 };
  gint64 begin_us = g_get_monotonic_time ();
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GDateTime) due = g_date_time_add_days (now, -2);
  g_autofree char *date = g_date_time_format (due, "%Y-%m-%d");
  g_autofree char *body = g_strdup_printf ("{\"session_id\":1,\"text\":\"Book a room\",\"due_date\":\"%s\"}", date);
  g_autoptr (GError) error = NULL;
  JsonArray *items = NULL;
  JsonObject *overdue;

  crown_server_stop (fixture->server);
  crown_server_set_insights (fixture->server, &never, 10);
  crown_server_start (fixture->server, "127.0.0.1", 0, &error);
  g_assert_no_error (error);

  import (fixture);
  g_auto (Answer) made = ask (fixture, "POST", "tasks", body);
  g_assert_cmpuint (made.status, ==, 201);
  for (;;)
    {
      g_auto (Answer) answer = ask (fixture, "GET", "insights", NULL);

      items = crown_json_opt_array (answer.body, "items");
      g_assert_cmpint (g_get_monotonic_time () - begin_us, <, 60 * G_USEC_PER_SEC);
      if (json_array_get_length (items) == 0)
        continue;
      overdue = json_array_get_object_element (items, 0);
      g_assert_cmpstr (crown_json_opt_string (overdue, "type", NULL), ==, "overdue");
      g_assert_nonnull (crown_json_opt_string (overdue, "created_at", NULL));
      break;
    }
  assert_ledger_verifies (fixture);
}

static void
test_start_says_why_not (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownServer) nowhere = crown_server_new ("sqlite:/dev/null/ledger.db");
  g_autoptr (CrownServer) unknown = crown_server_new ("paper:ledger");
  g_autofree char *uri = g_strdup_printf ("sqlite:%s/open.db", g_get_tmp_dir ());
  g_autoptr (CrownServer) open = crown_server_new (uri);

  g_assert_false (crown_server_start (nowhere, "127.0.0.1", 0, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_false (crown_server_start (unknown, "127.0.0.1", 0, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_false (crown_server_start (open, "0.0.0.0", 0, &error));
  g_assert_nonnull (error);
}

static void
add (const char *path,
     void      (*func) (Fixture *fixture, gconstpointer kind))
{
  g_test_add (path, Fixture, NULL, set_up, func, tear_down);
#ifdef CROWN_HAVE_POSTGRESQL
  g_autofree char *other = g_strdup_printf ("/postgresql%s", path);

  g_test_add (other, Fixture, SERVER_FIXTURE_POSTGRESQL, set_up, func, tear_down);
#endif
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

#define ADD(path, func) add ("/server/rest/" path, func)
  ADD ("import", test_import_makes_events);
  ADD ("bad-transcript", test_bad_transcript_changes_nothing);
  ADD ("too-large", test_too_large_is_refused);
  ADD ("tick", test_tick_is_task_update);
  ADD ("bad-updates", test_bad_updates_are_refused);
  ADD ("archive", test_archive_and_restore);
  ADD ("tasks", test_tasks_are_made_and_deleted);
  ADD ("idempotency", test_same_key_same_answer);
  ADD ("tokens", test_tokens_and_roles);
  ADD ("workspaces", test_other_workspaces);
  ADD ("etags", test_etags);
  ADD ("snapshot", test_snapshot_and_digest_agree);
  ADD ("unknown", test_unknown_paths);
  ADD ("local-account", test_local_account_is_found_again);
  ADD ("reminders", test_reminders_come);
#undef ADD
  g_test_add_func ("/server/rest/start", test_start_says_why_not);

  return server_fixture_run ();
}
