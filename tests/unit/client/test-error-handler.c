/* test-error-handler.c: each failure has its kind, its policy and its words; the log is bounded, and nothing is told twice
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "client/crown-error-handler.h"
#include "core/crown-json.h"
#include "storage/crown-sqlite.h"

static void
test_statuses (void)
{
  static const struct { guint status; const char *code; const char *name; CrownFailurePolicy policy; } cases[] = {
    { 0, NULL, "timeout", CROWN_POLICY_RETRY },
    { 302, NULL, "answer", CROWN_POLICY_ASK },
    { 400, "bad_request", "invalid", CROWN_POLICY_TELL },
    { 401, NULL, "unauthorized", CROWN_POLICY_ASK },
    { 403, NULL, "forbidden", CROWN_POLICY_TELL },
    { 403, "not_member", "no-workspace", CROWN_POLICY_ASK },
    { 404, "not_found", "missing", CROWN_POLICY_REPAIR },
    { 404, "no_such_workspace", "no-workspace", CROWN_POLICY_ASK },
    { 409, NULL, "conflict", CROWN_POLICY_REPAIR },
    { 410, NULL, "gone", CROWN_POLICY_REPAIR },
    { 412, "stale", "stale", CROWN_POLICY_REPAIR },
    { 413, "too_large", "too-large", CROWN_POLICY_TELL },
    { 408, NULL, "timeout", CROWN_POLICY_RETRY },
    { 422, "invalid", "invalid", CROWN_POLICY_TELL },
    { 425, NULL, "busy", CROWN_POLICY_RETRY },
    { 429, "rate_limited", "busy", CROWN_POLICY_RETRY },
    { 500, "internal", "server", CROWN_POLICY_RETRY },
    { 503, NULL, "busy", CROWN_POLICY_RETRY },
    { 504, NULL, "timeout", CROWN_POLICY_RETRY },
    { 599, NULL, "server", CROWN_POLICY_RETRY },
    { 777, NULL, "answer", CROWN_POLICY_ASK },
    { 0, "room_full", "busy", CROWN_POLICY_RETRY },       /* of Socket.IO: a code alone */
    { 0, "unauthorized", "unauthorized", CROWN_POLICY_ASK },
    { 0, "what a later server says", "other", CROWN_POLICY_RETRY },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      CrownFailureKind kind = crown_failure_of_status (cases[i].status, cases[i].code);

      g_assert_cmpstr (crown_failure_get_name (kind), ==, cases[i].name);
      g_assert_cmpint (crown_failure_get_policy (kind), ==, cases[i].policy);
    }
}

static void
test_errors (void)
{
  const struct { GQuark domain; int code; const char *name; } cases[] = {
    { G_IO_ERROR, G_IO_ERROR_CANCELLED, "none" },
    { G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE, "offline" },
    { G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED, "unreachable" },
    { G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "unreachable" },
    { G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "timeout" },
    { G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, "lost" },
    { G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE, "tls" },
    { CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_FULL, "disk-full" },
    { CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_READONLY, "disk-read-only" },
    { CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_CORRUPT, "disk-damaged" },
    { CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_NEWER, "disk-newer" },
    { CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_IO, "disk" },
    { CROWN_JSON_ERROR, CROWN_JSON_ERROR_SYNTAX, "answer" },
    { G_IO_ERROR, G_IO_ERROR_FAILED, "other" },
    { G_FILE_ERROR, G_FILE_ERROR_IO, "other" },
  };

  g_assert_cmpint (crown_failure_of_error (NULL), ==, CROWN_FAILURE_NONE);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = g_error_new_literal (cases[i].domain, cases[i].code, "It is so");

      g_assert_cmpstr (crown_failure_get_name (crown_failure_of_error (error)), ==, cases[i].name);
    }
}

/* Whatever it is, people and programs have a name for it. */
static void
test_words (void)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char *described = crown_failure_describe (CROWN_FAILURE_INVALID, "text is empty");

  for (CrownFailureKind kind = CROWN_FAILURE_NONE + 1; kind < CROWN_N_FAILURES; kind++)
    {
      g_assert_nonnull (crown_failure_get_text (kind));
      g_assert_cmpint (crown_failure_get_policy (kind), !=, CROWN_POLICY_NONE);
      g_assert_true (g_hash_table_add (names, (gpointer) crown_failure_get_name (kind)));
    }
  for (CrownFailureOutcome outcome = 0; outcome < CROWN_N_OUTCOMES; outcome++)
    g_assert_cmpstr (crown_outcome_get_text (outcome), !=, "");
  g_assert_true (g_str_has_suffix (described, "text is empty"));
}

static gint64
clock_now (gpointer user_data)
{
  return ++*(gint64 *) user_data;
}

static void
test_log (void)
{
  gint64 now = 0;
  const CrownClock clock = { clock_now, clock_now, &now };
  g_autoptr (CrownErrorHandler) handler = crown_error_handler_new (&clock);
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) last = NULL;
  const CrownFailure *failure;

  g_assert_null (crown_error_handler_note (handler, CROWN_FAILURE_NONE, CROWN_OUTCOME_RETURNED, "x", NULL));
  for (guint i = 0; i < 5; i++)
    g_assert_null (crown_error_handler_note (handler, CROWN_FAILURE_UNREACHABLE, CROWN_OUTCOME_RETRIES, "sync", "refused"));
  first = crown_error_handler_list (handler);
  g_assert_cmpuint (first->len, ==, 1); /* the same again and again */
  failure = first->pdata[0];
  g_assert_cmpuint (failure->n, ==, 5);
  g_assert_cmpint (failure->at_us, ==, 5);
  g_assert_cmpstr (failure->what, ==, "sync");
  g_assert_cmpstr (failure->detail, ==, "refused");

  for (guint i = 0; i < 3 * CROWN_FAILURES_KEPT; i++)
    {
      g_autofree char *what = g_strdup_printf ("PATCH /tasks/%u", i);
      g_autofree char *message = crown_error_handler_note (handler, CROWN_FAILURE_INVALID, CROWN_OUTCOME_TAKEN_BACK, what, "no");

      g_assert_nonnull (message);
    }
  last = crown_error_handler_list (handler);
  g_assert_cmpuint (last->len, ==, CROWN_FAILURES_KEPT);
  g_assert_cmpstr (((CrownFailure *) last->pdata[0])->what, ==, "PATCH /tasks/599"); /* the newest first */
  g_assert_cmpuint (crown_error_handler_get_n (handler), ==, 5 + 3 * CROWN_FAILURES_KEPT);
}

/* What a person has to do something about is said once, and stands until it works again. */
static void
test_problem (void)
{
  g_autoptr (CrownErrorHandler) handler = crown_error_handler_new (NULL);
  g_autofree char *none = crown_error_handler_dup_problem (handler);
  g_autofree char *told = NULL;
  g_autofree char *standing = NULL;
  g_autofree char *cleared = NULL;
  g_autofree char *again = NULL;

  g_assert_null (none);
  told = crown_error_handler_note (handler, CROWN_FAILURE_DISK_FULL, CROWN_OUTCOME_RETRIES, "sync", NULL);
  g_assert_cmpstr (told, ==, crown_failure_get_text (CROWN_FAILURE_DISK_FULL));
  g_assert_null (crown_error_handler_note (handler, CROWN_FAILURE_DISK_FULL, CROWN_OUTCOME_RETRIES, "sync", NULL));
  standing = crown_error_handler_dup_problem (handler);
  g_assert_cmpstr (standing, ==, told);
  g_assert_true (crown_error_handler_recovered (handler));
  g_assert_false (crown_error_handler_recovered (handler));
  cleared = crown_error_handler_dup_problem (handler);
  g_assert_null (cleared);
  again = crown_error_handler_note (handler, CROWN_FAILURE_DISK_FULL, CROWN_OUTCOME_RETRIES, "sync", NULL);
  g_assert_nonnull (again);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/client/error-handler/statuses", test_statuses);
  g_test_add_func ("/client/error-handler/errors", test_errors);
  g_test_add_func ("/client/error-handler/words", test_words);
  g_test_add_func ("/client/error-handler/log", test_log);
  g_test_add_func ("/client/error-handler/problem", test_problem);
  return g_test_run ();
}
