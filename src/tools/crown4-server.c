/* crown4-server.c: the server as a daemon for a team
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-tools"

#include "crown-config.h"

#include <glib-unix.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "server/crown-server.h"
#include "crown-service-notify.h"

#define EXIT_FAILED 1
#define EXIT_USAGE  2

#define TLS_VERSIONS "NORMAL:%COMPAT:-VERS-TLS1.0:-VERS-TLS1.1"

#define LIMIT_MAX   1000000

#define NOT_GIVEN       G_MININT
#define KEEP_DAYS_MAX   36500
#define KEEP_EVENTS_MAX 1000000000

#define ASSISTANT_TIMEOUT_SECONDS 60
#define ASSISTANT_TIMEOUT_MAX     600

#define CONFIG_GROUP "server"

typedef struct {
  char     *ledger;
  char     *listen;
  gboolean  insecure_listen;
  char     *tls_cert;
  char     *tls_key;
  int       rate_limit;      /* 0: not given, as below */
  int       max_connections;
  int       request_timeout;
  int       keep_days;       /* NOT_GIVEN, as below: a 0 is refused, as it would mean another thing to crown4ctl */
  int       keep_events;
  char     *quiet_hours;
  char     *assistant_url;
  char     *assistant_model;
  char     *assistant_key_file;
  int       assistant_timeout;  /* 0: not given */
} Settings;

static void
settings_clear (Settings *self)
{
  g_clear_pointer (&self->ledger, g_free);
  g_clear_pointer (&self->listen, g_free);
  g_clear_pointer (&self->tls_cert, g_free);
  g_clear_pointer (&self->tls_key, g_free);
  g_clear_pointer (&self->quiet_hours, g_free);
  g_clear_pointer (&self->assistant_url, g_free);
  g_clear_pointer (&self->assistant_model, g_free);
  g_clear_pointer (&self->assistant_key_file, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Settings, settings_clear)

/* Blanks at a line's end belong to nothing. What is there already came from the command line, which wins. */
static gboolean
take_text (GKeyFile    *file,
           const char  *key,
           char       **setting,
           GError     **error)
{
  char *text = g_key_file_get_string (file, CONFIG_GROUP, key, error);

  if (text == NULL)
    return FALSE;

  if (*setting == NULL)
    *setting = g_strchomp (text);
  else
    g_free (text);
  return TRUE;
}

static gboolean
take_flag (GKeyFile    *file,
           const char  *key,
           gboolean    *setting,
           GError     **error)
{
  g_autoptr (GError) local_error = NULL;
  gboolean value = g_key_file_get_boolean (file, CONFIG_GROUP, key, &local_error);

  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  *setting = *setting || value;
  return TRUE;
}

static gboolean
take_number (GKeyFile    *file,
             const char  *key,
             int         *setting,
             GError     **error)
{
  g_autoptr (GError) local_error = NULL;
  int value = g_key_file_get_integer (file, CONFIG_GROUP, key, &local_error);

  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  if (*setting == 0 || *setting == NOT_GIVEN)
    *setting = value;
  return TRUE;
}

/* What a configuration may say; each is an option of the command line, too. */
static const struct {
  const char *key;
  enum { TEXT, FLAG, NUMBER } kind;
  gsize       offset;
} keys_known[] = {
  { "ledger", TEXT, G_STRUCT_OFFSET (Settings, ledger) },
  { "listen", TEXT, G_STRUCT_OFFSET (Settings, listen) },
  { "tls-cert", TEXT, G_STRUCT_OFFSET (Settings, tls_cert) },
  { "tls-key", TEXT, G_STRUCT_OFFSET (Settings, tls_key) },
  { "insecure-listen", FLAG, G_STRUCT_OFFSET (Settings, insecure_listen) },
  { "rate-limit", NUMBER, G_STRUCT_OFFSET (Settings, rate_limit) },
  { "max-connections", NUMBER, G_STRUCT_OFFSET (Settings, max_connections) },
  { "request-timeout", NUMBER, G_STRUCT_OFFSET (Settings, request_timeout) },
  { "keep-days", NUMBER, G_STRUCT_OFFSET (Settings, keep_days) },
  { "keep-events", NUMBER, G_STRUCT_OFFSET (Settings, keep_events) },
  { "quiet-hours", TEXT, G_STRUCT_OFFSET (Settings, quiet_hours) },
  { "assistant-url", TEXT, G_STRUCT_OFFSET (Settings, assistant_url) },
  { "assistant-model", TEXT, G_STRUCT_OFFSET (Settings, assistant_model) },
  { "assistant-key-file", TEXT, G_STRUCT_OFFSET (Settings, assistant_key_file) },
  { "assistant-timeout", NUMBER, G_STRUCT_OFFSET (Settings, assistant_timeout) },
};

static gboolean
take_key (Settings    *self,
          GKeyFile    *file,
          const char  *key,
          GError     **error)
{
  g_autoptr (GString) known = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (keys_known); i++)
    {
      gpointer setting = G_STRUCT_MEMBER_P (self, keys_known[i].offset);

      g_string_append_printf (known, "%s%s", i > 0 ? ", " : "", keys_known[i].key);
      if (strcmp (key, keys_known[i].key) != 0)
        continue;

      switch (keys_known[i].kind)
        {
        case TEXT:
          return take_text (file, key, setting, error);
        case FLAG:
          return take_flag (file, key, setting, error);
        case NUMBER:
        default:
          return take_number (file, key, setting, error);
        }
    }

  g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_KEY_NOT_FOUND,
               "there is no setting “%s”; there are %s", key, known->str);
  return FALSE;
}

/* Fills in what the command line left open. What is not known is an error: a setting that is misspelt would be missed only
 * when it is too late. */
static gboolean
read_config (Settings    *self,
             const char  *path,
             GError     **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();

  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, error))
    return FALSE;

  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);

  for (guint i = 0; groups[i] != NULL; i++)
    {
      if (strcmp (groups[i], CONFIG_GROUP) != 0)
        {
          g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_GROUP_NOT_FOUND,
                       "there is no group [%s]; there is [" CONFIG_GROUP "]", groups[i]);
          return FALSE;
        }
    }

  g_auto (GStrv) keys = g_key_file_get_keys (file, CONFIG_GROUP, NULL, NULL);

  for (guint i = 0; keys != NULL && keys[i] != NULL; i++)
    {
      if (!take_key (self, file, keys[i], error))
        return FALSE;
    }

  return TRUE;
}

/* "127.0.0.1:8080", "[::1]:8080"; the port is what stands after the last colon. */
static gboolean
parse_listen (const char  *text,
              char       **address,
              guint16     *port)
{
  const char *colon = strrchr (text, ':');
  guint64 number = 0;

  if (colon == NULL || colon == text ||
      !g_ascii_string_to_unsigned (colon + 1, 10, 0, G_MAXUINT16, &number, NULL))
    return FALSE;

  g_autofree char *host = g_strndup (text, colon - text);
  gsize length = strlen (host);

  if (length > 2 && host[0] == '[' && host[length - 1] == ']')
    {
      g_autofree char *inner = g_strndup (host + 1, length - 2);

      g_free (g_steal_pointer (&host));
      host = g_steal_pointer (&inner);
    }

  if (strcmp (host, "localhost") != 0 && !g_hostname_is_ip_address (host))
    return FALSE;

  *address = g_steal_pointer (&host);
  *port = (guint16) number;
  return TRUE;
}

static gboolean
is_loopback (const char *host)
{
  if (strcmp (host, "localhost") == 0)
    return TRUE;

  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  return address != NULL && g_inet_address_get_is_loopback (address);
}

/* A descriptor a connection: as many as the system lets this process have. */
static void
raise_descriptor_limit (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
    return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit (RLIMIT_NOFILE, &limit) != 0)
    g_warning ("The limit of open descriptors stays at %lu", (unsigned long) limit.rlim_cur);
}

/* Nobody is asked unless a URL is given. */
static gboolean
set_assistant (CrownServer     *server,
               const Settings  *settings,
               GError         **error)
{
  g_autoptr (CrownAssistant) assistant = NULL;
  g_autofree char *key = NULL;

  if (settings->assistant_url == NULL)
    return TRUE;
  if (settings->assistant_key_file != NULL && !g_file_get_contents (settings->assistant_key_file, &key, NULL, error))
    return FALSE;

  assistant = crown_assistant_new (settings->assistant_url, settings->assistant_model != NULL ? settings->assistant_model : "",
                                   key != NULL ? g_strstrip (key) : NULL,
                                   settings->assistant_timeout > 0 ? (guint) settings->assistant_timeout
                                                                   : ASSISTANT_TIMEOUT_SECONDS, error);
  crown_server_set_assistant (server, assistant);
  return assistant != NULL;
}

static gboolean
on_signal (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

int
main (int   argc,
      char *argv[])
{
  g_auto (Settings) settings = { .keep_days = NOT_GIVEN, .keep_events = NOT_GIVEN };
  g_autofree char *config = NULL;
  g_autofree char *address = NULL;
  gboolean version = FALSE;
  guint16 port = 0;
  g_autoptr (GError) error = NULL;
  CrownRetention retention = CROWN_RETENTION_DEFAULT;
  CrownQuietHours quiet = CROWN_QUIET_HOURS_DEFAULT;
  const GOptionEntry entries[] = {
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &config, "Read what is not given here from a key file", "FILE" },
    { "ledger", 0, 0, G_OPTION_ARG_FILENAME, &settings.ledger, "Where the events are kept, as sqlite:PATH or postgresql://…", "URI" },
    { "listen", 0, 0, G_OPTION_ARG_STRING, &settings.listen, "Address and port to serve on; port 0 takes a free one",
      "ADDR:PORT" },
    { "tls-cert", 0, 0, G_OPTION_ARG_FILENAME, &settings.tls_cert, "Speak TLS, with this certificate in PEM form", "FILE" },
    { "tls-key", 0, 0, G_OPTION_ARG_FILENAME, &settings.tls_key, "The certificate's private key", "FILE" },
    { "insecure-listen", 0, 0, G_OPTION_ARG_NONE, &settings.insecure_listen,
      "Allow a non-loopback address without TLS", NULL },
    { "rate-limit", 0, 0, G_OPTION_ARG_INT, &settings.rate_limit,
      "Requests a second that a token may make, twice as many at once; 2000 if not given", "N" },
    { "max-connections", 0, 0, G_OPTION_ARG_INT, &settings.max_connections,
      "Connections at the same time; 20000 if not given", "N" },
    { "request-timeout", 0, 0, G_OPTION_ARG_INT, &settings.request_timeout,
      "Seconds that a request's headers may take, and six times as many for its body; 20 if not given", "SECONDS" },
    { "keep-days", 0, 0, G_OPTION_ARG_INT, &settings.keep_days, "Keep events that are younger; 30 if not given", "N" },
    { "keep-events", 0, 0, G_OPTION_ARG_INT, &settings.keep_events,
      "Keep the last so many of each stream, however old; 10000 if not given", "N" },
    { "quiet-hours", 0, 0, G_OPTION_ARG_STRING, &settings.quiet_hours,
      "When nobody is reminded of anything, in local time, or none; 20:00-08:00 if not given", "HH:MM-HH:MM" },
    { "assistant-url", 0, 0, G_OPTION_ARG_STRING, &settings.assistant_url,
      "Send transcripts to this endpoint, which speaks OpenAI's chat completions, for summary and tasks", "URL" },
    { "assistant-model", 0, 0, G_OPTION_ARG_STRING, &settings.assistant_model, "The model to ask there", "NAME" },
    { "assistant-key-file", 0, 0, G_OPTION_ARG_FILENAME, &settings.assistant_key_file, "The file with the key for it",
      "FILE" },
    { "assistant-timeout", 0, 0, G_OPTION_ARG_INT, &settings.assistant_timeout,
      "Seconds that its answer may take; 60 if not given", "SECONDS" },
    { "version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version and quit", NULL },
    { NULL }
  };

  setlocale (LC_ALL, "");
  /* glib-networking lets clients have TLS 1.0 (RFC 8996). It asks before the first certificate is read. */
  g_setenv ("G_TLS_GNUTLS_PRIORITY", TLS_VERSIONS, FALSE);

  g_autoptr (GOptionContext) context = g_option_context_new ("— serve a ledger over REST and Socket.IO");
  g_option_context_add_main_entries (context, entries, NULL);

  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("crown4-server: %s\n", error->message);
      return EXIT_USAGE;
    }

  if (version)
    {
      g_print ("crown4-server %s\n", CROWN_VERSION);
      return 0;
    }

  if (argc > 1)
    {
      g_printerr ("crown4-server: unexpected argument “%s”; see --help\n", argv[1]);
      return EXIT_USAGE;
    }

  if (config != NULL && !read_config (&settings, config, &error))
    {
      g_printerr ("crown4-server: %s: %s\n", config, error->message);
      return error->domain == G_KEY_FILE_ERROR ? EXIT_USAGE : EXIT_FAILED;
    }

  if (settings.rate_limit < 0 || settings.max_connections < 0 || settings.request_timeout < 0 ||
      settings.request_timeout > LIMIT_MAX || settings.rate_limit > LIMIT_MAX || settings.max_connections > LIMIT_MAX)
    {
      g_printerr ("crown4-server: --rate-limit, --max-connections and --request-timeout are from 1 to %d\n", LIMIT_MAX);
      return EXIT_USAGE;
    }

  if (settings.keep_days == NOT_GIVEN)
    settings.keep_days = (int) retention.keep_days;
  if (settings.keep_events == NOT_GIVEN)
    settings.keep_events = (int) retention.keep_events;
  if (settings.keep_days < 1 || settings.keep_days > KEEP_DAYS_MAX)
    {
      g_printerr ("crown4-server: --keep-days is from 1 to %d, not %d\n", KEEP_DAYS_MAX, settings.keep_days);
      return EXIT_USAGE;
    }

  if (settings.keep_events < 1 || settings.keep_events > KEEP_EVENTS_MAX)
    {
      g_printerr ("crown4-server: --keep-events is from 1 to %d, not %d\n", KEEP_EVENTS_MAX, settings.keep_events);
      return EXIT_USAGE;
    }

  if (settings.assistant_timeout < 0 || settings.assistant_timeout > ASSISTANT_TIMEOUT_MAX)
    {
      g_printerr ("crown4-server: --assistant-timeout is from 1 to %d\n", ASSISTANT_TIMEOUT_MAX);
      return EXIT_USAGE;
    }

  if (settings.quiet_hours != NULL && !crown_quiet_hours_parse (settings.quiet_hours, &quiet))
    {
      g_printerr ("crown4-server: --quiet-hours is such as 20:00-08:00, or none, not “%s”\n", settings.quiet_hours);
      return EXIT_USAGE;
    }

  if (settings.ledger == NULL || settings.listen == NULL)
    {
      g_printerr ("crown4-server: --ledger and --listen are needed, here or in a --config; see --help\n");
      return EXIT_USAGE;
    }

  if (!parse_listen (settings.listen, &address, &port))
    {
      g_printerr ("crown4-server: --listen “%s” is no ADDR:PORT such as 127.0.0.1:8080\n", settings.listen);
      return EXIT_USAGE;
    }

  if ((settings.tls_cert != NULL) != (settings.tls_key != NULL))
    {
      g_printerr ("crown4-server: --tls-cert and --tls-key go together, here or in a --config\n");
      return EXIT_USAGE;
    }

  if (settings.tls_cert == NULL && !settings.insecure_listen && !is_loopback (address))
    {
      g_printerr ("crown4-server: %s is not a loopback address: everything would go over the network unencrypted. "
                  "--tls-cert and --tls-key encrypt it; --insecure-listen allows it as it is\n", address);
      return EXIT_USAGE;
    }

  raise_descriptor_limit ();

  g_autoptr (CrownServiceNotify) notify = crown_service_notify_new ();
  g_autoptr (CrownServer) server = crown_server_new (settings.ledger);
  crown_server_set_insecure_listen (server, settings.insecure_listen);
  crown_server_set_limits (server, &(CrownServerLimits) {
    .rate_per_second = settings.rate_limit,
    .connections_max = (guint) settings.max_connections,
    .headers_seconds = (guint) settings.request_timeout,
    .body_seconds = (guint) settings.request_timeout * 6,
  });
  retention.keep_days = (guint) settings.keep_days;
  retention.keep_events = (guint64) settings.keep_events;
  crown_server_set_retention (server, &retention);
  crown_server_set_insights (server, &quiet, CROWN_INSIGHTS_INTERVAL_MS);
  if (!set_assistant (server, &settings, &error))
    {
      g_printerr ("crown4-server: --assistant-url: %s\n", error->message);
      return EXIT_USAGE;
    }
  if (settings.tls_cert != NULL)
    crown_server_set_tls (server, settings.tls_cert, settings.tls_key);
  /* By the thread that does the work: a loop that hangs is restarted. */
  if (crown_service_notify_get_watchdog_ms (notify) > 0)
    crown_server_set_heartbeat (server, crown_service_notify_get_watchdog_ms (notify), crown_service_notify_ping,
                                notify);

  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  guint term = g_unix_signal_add (SIGTERM, on_signal, loop);
  guint interrupt = g_unix_signal_add (SIGINT, on_signal, loop);

  if (!crown_server_start (server, address, port, &error))
    {
      g_printerr ("crown4-server: %s\n", error->message);
      return EXIT_FAILED;
    }

  printf ("listening %s\n", crown_server_get_url (server));
  fflush (stdout);
  crown_service_notify_say (notify, "READY=1");

  g_main_loop_run (loop);

  crown_service_notify_say (notify, "STOPPING=1");

  gint64 stopping_us = g_get_monotonic_time ();
  guint told = crown_server_stop (server);

  g_message ("Stopped in %.3f s: %u connections were told",
             (double) (g_get_monotonic_time () - stopping_us) / 1e6, told);

  /* Each source removes itself when its signal comes; the other one is still there. */
  GSource *source = g_main_context_find_source_by_id (NULL, term);
  if (source != NULL)
    g_source_destroy (source);
  source = g_main_context_find_source_by_id (NULL, interrupt);
  if (source != NULL)
    g_source_destroy (source);

  return 0;
}
