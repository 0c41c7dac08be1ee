/* crown-endpoint.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-endpoint.h"

#include <glib/gi18n.h>
#include <libsecret/secret.h>

#define TIMEOUT_SECONDS 60

/**
 * CrownEndpoint:
 *
 * URL and model are settings (`endpoint-url`, `endpoint-model`), the key is in the person's keyring, by the URL that it is
 * for. Whenever one of them changes the server in this process is told. Without a URL nothing is sent to anybody.
 */
struct _CrownEndpoint
{
  GObject       parent_instance;

  GSettings    *settings;
  CrownServer  *server;
  GCancellable *cancellable; /* (nullable): of the key that is being looked up */
};

enum {
  APPLIED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static const SecretSchema schema = {
  "org.crown4.Dashboard.Endpoint", SECRET_SCHEMA_NONE, { { "url", SECRET_SCHEMA_ATTRIBUTE_STRING }, { NULL, 0 } },
};

G_DEFINE_FINAL_TYPE (CrownEndpoint, crown_endpoint, G_TYPE_OBJECT)

static void
set_assistant (CrownEndpoint *self,
               const char    *key)
{
  g_autofree char *url = g_settings_get_string (self->settings, "endpoint-url");
  g_autofree char *model = g_settings_get_string (self->settings, "endpoint-model");
  g_autoptr (CrownAssistant) assistant = NULL;
  g_autoptr (GError) error = NULL;

  if (*url != '\0')
    assistant = crown_assistant_new (url, model, key, TIMEOUT_SECONDS, &error);
  crown_server_set_assistant (self->server, assistant);
  g_signal_emit (self, signals[APPLIED], 0, error != NULL ? error->message : NULL);
}

static void
key_found_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *key = secret_password_lookup_finish (result, &error);
  CrownEndpoint *self = user_data;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  g_clear_object (&self->cancellable);
  if (error == NULL)
    {
      set_assistant (self, key);
      return;
    }
  crown_server_set_assistant (self->server, NULL);
  g_signal_emit (self, signals[APPLIED], 0, error->message);
}

static void
apply (CrownEndpoint *self)
{
  g_autofree char *url = g_settings_get_string (self->settings, "endpoint-url");

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (*url == '\0')
    {
      set_assistant (self, NULL);
      return;
    }
  self->cancellable = g_cancellable_new ();
  secret_password_lookup (&schema, self->cancellable, key_found_cb, self, "url", url, NULL);
}

static void
key_stored_cb (GObject      *source,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  secret_password_store_finish (result, &error);
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  apply (g_task_get_source_object (task));
  g_task_return_boolean (task, TRUE);
}

static void
key_cleared_cb (GObject      *source,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  secret_password_clear_finish (result, &error); /* FALSE without an error: there was none */
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  apply (g_task_get_source_object (task));
  g_task_return_boolean (task, TRUE);
}

/**
 * crown_endpoint_store_key:
 * @key: for the URL that is set now; "" forgets it
 *
 * Puts the key into the person's keyring, which may ask to be unlocked, and uses it.
 */
void
crown_endpoint_store_key (CrownEndpoint       *self,
                          const char          *key,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  g_autofree char *url = g_settings_get_string (self->settings, "endpoint-url");
  g_autofree char *label = NULL;

  if (*key == '\0')
    {
      secret_password_clear (&schema, cancellable, key_cleared_cb, task, "url", url, NULL);
      return;
    }
  /* Translators: %s is a URL. */
  label = g_strdup_printf (_("Key for minutes by %s"), url);
  secret_password_store (&schema, SECRET_COLLECTION_DEFAULT, label, key, cancellable, key_stored_cb, task, "url", url, NULL);
}

gboolean
crown_endpoint_store_key_finish (CrownEndpoint  *self,
                                 GAsyncResult   *result,
                                 GError        **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * crown_endpoint_new:
 * @settings: (transfer none): of the application
 * @server: (transfer none): in this process
 *
 * Returns: (transfer full): what keeps @server told for as long as it lives
 */
CrownEndpoint *
crown_endpoint_new (GSettings   *settings,
                    CrownServer *server)
{
  CrownEndpoint *self = g_object_new (CROWN_TYPE_ENDPOINT, NULL);

  self->settings = g_object_ref (settings);
  self->server = g_object_ref (server);
  g_signal_connect_object (settings, "changed::endpoint-url", G_CALLBACK (apply), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "changed::endpoint-model", G_CALLBACK (apply), self, G_CONNECT_SWAPPED);
  apply (self);
  return self;
}

static void
crown_endpoint_dispose (GObject *object)
{
  CrownEndpoint *self = CROWN_ENDPOINT (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->settings);
  g_clear_object (&self->server);

  G_OBJECT_CLASS (crown_endpoint_parent_class)->dispose (object);
}

static void
crown_endpoint_class_init (CrownEndpointClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = crown_endpoint_dispose;

  signals[APPLIED] = g_signal_new ("applied", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
crown_endpoint_init (CrownEndpoint *self)
{
}
