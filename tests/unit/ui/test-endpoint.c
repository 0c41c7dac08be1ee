/* test-endpoint.c: from the settings and the keyring to the server that asks an endpoint
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <glib/gstdio.h>
#include <libsoup/soup.h>
#include <string.h>

#include "ui/crown-endpoint.h"

static const char transcript[] = "Ada: I will send the report about the harbour to the council by Friday.\n";

static const char answer[] =
  "{\"choices\":[{\"message\":{\"content\":\"{\\\"summary\\\":[{\\\"text\\\":\\\"Ada will send the report about the harbour.\\\","
  "\\\"line\\\":0}]}\"}}]}";

typedef struct {
  char          *folder;
  GSettings     *settings;
  CrownServer   *server;
  SoupServer    *stub;
  SoupSession   *session;
  CrownEndpoint *endpoint;
  char          *import_url;
  char          *token;
  guint          n_applied;
  char          *problem;       /* (nullable) */
  guint          n_asked;
  char          *authorization; /* (nullable): of the last time the endpoint was asked */
  gboolean       done;
} Fixture;

static void
on_asked (SoupServer        *stub,
          SoupServerMessage *message,
          const char        *path,
          GHashTable        *query,
          gpointer           user_data)
{
  Fixture *self = user_data;

  self->n_asked++;
  g_assert_cmpstr (path, ==, "/v1/chat/completions");
  g_free (self->authorization);
  self->authorization = g_strdup (soup_message_headers_get_one (soup_server_message_get_request_headers (message),
                                                                "Authorization"));
  soup_server_message_set_status (message, 200, NULL);
  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_STATIC, answer, strlen (answer));
}

static void
on_applied (CrownEndpoint *endpoint,
            const char    *problem,
            gpointer       user_data)
{
  Fixture *self = user_data;

  self->n_applied++;
  g_free (self->problem);
  self->problem = g_strdup (problem);
}

static void
wait_until_applied (Fixture *self,
                    guint    n)
{
  while (self->n_applied < n)
    g_main_context_iteration (NULL, TRUE);
}

static void
set_up (Fixture       *self,
        gconstpointer  unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *ledger = NULL;
  gint64 user_id, workspace_id;

  self->folder = g_dir_make_tmp ("crown-endpoint-XXXXXX", &error);
  g_assert_no_error (error);
  ledger = g_strdup_printf ("sqlite:%s/ledger.db", self->folder);
  self->settings = g_settings_new ("org.crown4.Dashboard");
  g_settings_reset (self->settings, "endpoint-url");
  g_settings_reset (self->settings, "endpoint-model");
  self->server = crown_server_new (ledger);
  crown_server_start (self->server, "127.0.0.1", 0, &error);
  g_assert_no_error (error);
  crown_server_open_local_account (self->server, &user_id, &workspace_id, &self->token, &error);
  g_assert_no_error (error);
  self->import_url = g_strdup_printf ("%s/api/v1/workspaces/%" G_GINT64_FORMAT "/imports",
                                      crown_server_get_url (self->server), workspace_id);
  self->stub = soup_server_new (NULL, NULL);
  soup_server_add_handler (self->stub, NULL, on_asked, self, NULL);
  soup_server_listen_local (self->stub, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  self->session = soup_session_new_with_options ("proxy-resolver", NULL, NULL);
  self->endpoint = crown_endpoint_new (self->settings, self->server);
  g_signal_connect (self->endpoint, "applied", G_CALLBACK (on_applied), self);
}

static void
tear_down (Fixture       *self,
           gconstpointer  unused)
{
  static const char *const names[] = { "ledger.db", "ledger.db-wal", "ledger.db-shm" };

  g_clear_object (&self->endpoint);
  crown_server_stop (self->server);
  g_clear_object (&self->server);
  g_clear_object (&self->session);
  g_clear_object (&self->stub);
  g_clear_object (&self->settings);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (self->folder, names[i], NULL);

      g_remove (path);
    }
  g_rmdir (self->folder);
  g_free (self->folder);
  g_free (self->import_url);
  g_free (self->token);
  g_free (self->problem);
  g_free (self->authorization);
}

static void
on_imported (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  Fixture *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = soup_session_send_and_read_finish (SOUP_SESSION (source), result, &error);

  g_assert_no_error (error);
  self->done = TRUE;
}

static void
import (Fixture    *self,
        const char *key)
{
  g_autoptr (SoupMessage) message = soup_message_new ("POST", self->import_url);
  g_autofree char *bearer = g_strconcat ("Bearer ", self->token, NULL);
  g_autoptr (GBytes) body = g_bytes_new_static (transcript, strlen (transcript));

  soup_message_headers_append (soup_message_get_request_headers (message), "Authorization", bearer);
  soup_message_headers_append (soup_message_get_request_headers (message), "Idempotency-Key", key);
  soup_message_set_request_body_from_bytes (message, "application/octet-stream", body);
  self->done = FALSE;
  soup_session_send_and_read_async (self->session, message, G_PRIORITY_DEFAULT, NULL, on_imported, self);
  while (!self->done)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (soup_message_get_status (message), ==, 201);
}

static void
on_stored (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  Fixture *self = user_data;
  g_autoptr (GError) error = NULL;

  crown_endpoint_store_key_finish (CROWN_ENDPOINT (source), result, &error);
  g_assert_no_error (error);
  self->done = TRUE;
}

static void
store_key (Fixture    *self,
           const char *key)
{
  guint n = self->n_applied;

  self->done = FALSE;
  crown_endpoint_store_key (self->endpoint, key, NULL, on_stored, self);
  while (!self->done)
    g_main_context_iteration (NULL, TRUE);
  wait_until_applied (self, n + 1);
}

static void
test_follows_settings (Fixture       *self,
                       gconstpointer  unused)
{
  g_autoptr (GSList) uris = soup_server_get_uris (self->stub);
  g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%d/v1", g_uri_get_port (uris->data));

  /* Off, as it is without settings. */
  import (self, "first");
  g_assert_cmpuint (self->n_asked, ==, 0);

  g_settings_set_string (self->settings, "endpoint-model", "tiny");
  g_settings_set_string (self->settings, "endpoint-url", url);
  wait_until_applied (self, 2);
  g_assert_null (self->problem);
  import (self, "second");
  g_assert_cmpuint (self->n_asked, ==, 1);
  g_assert_null (self->authorization);

  store_key (self, "secret");
  import (self, "third");
  g_assert_cmpuint (self->n_asked, ==, 2);
  g_assert_cmpstr (self->authorization, ==, "Bearer secret");

  store_key (self, "");
  import (self, "fourth");
  g_assert_cmpuint (self->n_asked, ==, 3);
  g_assert_null (self->authorization);

  g_settings_set_string (self->settings, "endpoint-url", "http://192.0.2.1/v1");
  wait_until_applied (self, 5);
  g_assert_nonnull (self->problem);
  g_settings_set_string (self->settings, "endpoint-url", "");
  wait_until_applied (self, 6);
  g_assert_null (self->problem);
  import (self, "fifth");
  g_assert_cmpuint (self->n_asked, ==, 3);
  g_slist_free_full (g_steal_pointer (&uris), (GDestroyNotify) g_uri_unref);
}

int
main (int   argc,
      char *argv[])
{
  g_autofree char *keyring = NULL;
  g_autofree char *schemas = g_build_filename (g_getenv ("CROWN_BUILDDIR"), "data", NULL);
  int result;

  /* A keyring in a file instead of the person's. */
  keyring = g_strdup_printf ("%s/crown-endpoint-%u.keyring", g_get_tmp_dir (), g_random_int ());
  g_setenv ("SECRET_BACKEND", "file", TRUE);
  g_setenv ("SECRET_FILE_TEST_PATH", keyring, TRUE);
  g_setenv ("SECRET_FILE_TEST_PASSWORD", "test", TRUE);
  g_setenv ("GSETTINGS_SCHEMA_DIR", schemas, TRUE);
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/ui/endpoint/follows-settings", Fixture, NULL, set_up, test_follows_settings, tear_down);

  result = g_test_run ();
  g_remove (keyring);
  return result;
}
