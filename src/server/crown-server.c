/* crown-server.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-server.h"

#include <libsoup/soup.h>
#include <string.h>

#include "core/crown-limits.h"
#include "socketio/crown-network-types.h"
#include "crown-authenticator.h"
#include "crown-event-broadcaster.h"
#include "crown-event-ledger.h"
#include "crown-event-sequencer.h"
#include "crown-http-listener.h"
#include "crown-metrics-endpoint.h"
#include "crown-pipeline-queue.h"
#include "crown-rest-api.h"
#include "crown-server-error.h"
#include "crown-server-tls.h"

/* Old events go in small steps, so that nobody waits for long; this often there may be some again. */
#define RETENTION_MS     (10 * 60 * 1000)
#define RETENTION_FIRST_MS 1000 /* who comes back after a restart is served first */
#define RETENTION_STEP   500
#define RETENTION_PAUSE_MS 100
/* How often the workspaces are looked through for what somebody should be reminded of. */
#define INSIGHTS_FIRST_MS (60 * 1000)
#define INSIGHTS_PAUSE_MS 20
/* A revoked token's sockets are cut within this time. */
#define RECHECK_MS       1000
/* A browser or a library keeps a connection for later; libsoup's own client for a minute. */
#define KEEPALIVE_SECONDS 75
#define CLOSING_RETRY_MS 1000 /* when clients are told to come back */
#define CLOSING_MAX_MS   1000 /* how long their connections may take to go */

/**
 * CrownServer:
 *
 * Ledger, sequencer, broadcaster, REST and Socket.IO on one thread with its own main context. The object itself is for
 * the thread that made it; what belongs to the server's thread is only touched there.
 */
struct _CrownServer
{
  GObject                parent_instance;

  char                  *ledger_uri;
  gboolean               insecure_listen;
  CrownServerLimits      limits;
  CrownRetention         keep;
  CrownQuietHours        quiet;
  guint                  insights_ms;
  char                  *tls_cert;       /* (nullable): PEM files, both or none */
  char                  *tls_key;
  guint                  heartbeat_ms;
  CrownServerHeartbeat   heartbeat;      /* (nullable) */
  gpointer               heartbeat_data;

  /* set before the thread starts, or by it before start returns */
  char                  *address;
  guint16                port;
  char                  *url;
  guint                  told;           /* connections at the stop; to be read when the thread has ended */
  GThread               *thread;
  GMainContext          *context;
  GMainLoop             *loop;

  /* how start waits for the thread */
  GMutex                 mutex;
  CrownAssistant        *assistant;  /* (nullable): guarded by mutex */
  GCond                  cond;
  gboolean               ready;      /* guarded by mutex: start may return */
  GError                *start_error;

  /* the server's thread only */
  CrownEventLedger      *ledger;
  CrownEventSequencer   *sequencer;
  CrownAuthenticator    *authenticator;
  SoupServer            *soup;
  CrownSioServer        *sio;
  CrownEventBroadcaster *broadcaster;
  CrownRestApi          *rest;
  CrownPipelineQueue    *queue;
  GSource               *idle_sync;
  GSource               *recheck;
  GSource               *retention;
  GSource               *insights;
  CrownInsightScheduler *scheduler;
  GSource               *beating;    /* (nullable) */
  CrownRateLimiter      *limiter;
  CrownMetrics          *metrics;
  CrownMetricsEndpoint  *metrics_endpoint;
  CrownHttpListener     *listener;
};

G_DEFINE_FINAL_TYPE (CrownServer, crown_server, G_TYPE_OBJECT)

/**
 * crown_server_new:
 * @ledger_uri: `sqlite:PATH`
 *
 * Returns: (transfer full): a server that does nothing yet
 */
CrownServer *
crown_server_new (const char *ledger_uri)
{
  g_return_val_if_fail (ledger_uri != NULL, NULL);

  CrownServer *self = g_object_new (CROWN_TYPE_SERVER, NULL);

  self->ledger_uri = g_strdup (ledger_uri);
  return self;
}

/**
 * crown_server_set_insecure_listen:
 * @allow: whether crown_server_start() may serve on an address that others can reach, without TLS
 */
void
crown_server_set_insecure_listen (CrownServer *self,
                                  gboolean     allow)
{
  g_return_if_fail (CROWN_IS_SERVER (self));

  self->insecure_listen = allow;
}

/**
 * crown_server_set_limits:
 * @limits: what one client may take of the server; from the next start
 */
void
crown_server_set_limits (CrownServer             *self,
                         const CrownServerLimits *limits)
{
  g_return_if_fail (CROWN_IS_SERVER (self));

  self->limits = *limits;
}

/**
 * crown_server_set_retention:
 * @retention: how long events are kept; from the next start
 */
void
crown_server_set_retention (CrownServer          *self,
                            const CrownRetention *retention)
{
  g_return_if_fail (CROWN_IS_SERVER (self));

  self->keep = *retention;
}

/**
 * crown_server_set_insights:
 * @quiet: when nobody is reminded of anything, in this computer's time zone
 * @interval_ms: how often it is looked for what to remind of
 *
 * From the next start.
 */
void
crown_server_set_insights (CrownServer           *self,
                           const CrownQuietHours *quiet,
                           guint                  interval_ms)
{
  g_return_if_fail (CROWN_IS_SERVER (self));
  g_return_if_fail (interval_ms > 0);

  self->quiet = *quiet;
  self->insights_ms = interval_ms;
}

/* The thread's own parts are told of the assistant that there is now. */
static gboolean
on_assistant (gpointer user_data)
{
  CrownServer *self = user_data;
  CrownAssistant *assistant;

  g_mutex_lock (&self->mutex);
  assistant = self->assistant != NULL ? crown_assistant_ref (self->assistant) : NULL;
  g_mutex_unlock (&self->mutex);

  crown_rest_api_set_assistant (self->rest, assistant);
  crown_pipeline_queue_set_assistant (self->queue, assistant);
  g_clear_pointer (&assistant, crown_assistant_unref);
  return G_SOURCE_REMOVE;
}

/**
 * crown_server_set_assistant:
 * @assistant: (nullable) (transfer none): who writes the minutes of what is imported from here on; %NULL, as at first: nobody
 *   outside of this process
 *
 * Also while the server runs, from the thread that made it.
 */
void
crown_server_set_assistant (CrownServer    *self,
                            CrownAssistant *assistant)
{
  g_return_if_fail (CROWN_IS_SERVER (self));

  g_mutex_lock (&self->mutex);
  g_clear_pointer (&self->assistant, crown_assistant_unref);
  if (assistant != NULL)
    self->assistant = crown_assistant_ref (assistant);
  g_mutex_unlock (&self->mutex);

  if (self->thread != NULL)
    {
      g_autoptr (GSource) source = g_idle_source_new ();

      /* Before any request that comes after this. */
      g_source_set_priority (source, G_PRIORITY_HIGH);
      g_source_set_callback (source, on_assistant, self, NULL);
      g_source_attach (source, self->context);
    }
}

/**
 * crown_server_set_tls:
 * @cert_file: PEM: the server's certificate, then those that it is signed with
 * @key_file: PEM: its private key, without a passphrase
 *
 * Makes crown_server_start() read them and speak TLS and nothing else, on any address.
 */
void
crown_server_set_tls (CrownServer *self,
                      const char  *cert_file,
                      const char  *key_file)
{
  g_return_if_fail (CROWN_IS_SERVER (self));
  g_return_if_fail (cert_file != NULL && key_file != NULL);

  g_free (self->tls_cert);
  g_free (self->tls_key);
  self->tls_cert = g_strdup (cert_file);
  self->tls_key = g_strdup (key_file);
}

/**
 * crown_server_set_heartbeat:
 * @interval_ms: how often, in milliseconds
 * @heartbeat: what the server's thread calls as long as its loop turns, from the next start to the end of the stop
 * @user_data: for @heartbeat; has to live until the server has stopped
 */
void
crown_server_set_heartbeat (CrownServer          *self,
                            guint                 interval_ms,
                            CrownServerHeartbeat  heartbeat,
                            gpointer              user_data)
{
  g_return_if_fail (CROWN_IS_SERVER (self));
  g_return_if_fail (interval_ms > 0 && heartbeat != NULL);

  self->heartbeat_ms = interval_ms;
  self->heartbeat = heartbeat;
  self->heartbeat_data = user_data;
}

/**
 * crown_server_get_url:
 *
 * Returns: (nullable) (transfer none): such as `http://127.0.0.1:41231`; %NULL before start
 */
const char *
crown_server_get_url (CrownServer *self)
{
  g_return_val_if_fail (CROWN_IS_SERVER (self), NULL);

  return self->url;
}

static gboolean
on_idle_sync (gpointer user_data)
{
  CrownServer *self = user_data;

  crown_event_broadcaster_idle_sync (self->broadcaster);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_recheck (gpointer user_data)
{
  CrownServer *self = user_data;

  crown_event_broadcaster_recheck (self->broadcaster);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_heartbeat (gpointer user_data)
{
  CrownServer *self = user_data;

  self->heartbeat (self->heartbeat_data);
  return G_SOURCE_CONTINUE;
}

static void
read_gauges (CrownGauges *gauges,
             gpointer     user_data)
{
  CrownServer *self = user_data;

  *gauges = (CrownGauges) {
    .connections = crown_sio_server_get_n_connections (self->sio),
    .http_connections = crown_http_listener_get_n_connections (self->listener),
    .refused = crown_http_listener_get_n_refused (self->listener),
    .drops = crown_sio_server_get_n_overflows (self->sio),
    .rooms = crown_event_broadcaster_get_n_rooms (self->broadcaster),
    .members = crown_event_broadcaster_get_n_members (self->broadcaster),
    .queued_bytes = crown_sio_server_get_queued (self->sio),
  };
}

static GSource *
add_timeout (CrownServer *self,
             guint        ms,
             GSourceFunc  func)
{
  GSource *source = g_timeout_source_new (ms);

  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, self->context);
  return source;
}

static gboolean
on_retention (gpointer user_data)
{
  CrownServer *self = user_data;
  g_autoptr (GError) error = NULL;
  CrownRetentionReport report = { 0 };
  gboolean has_more = FALSE;

  /* What waits for its commit is told by the sequencer, and so committed by it. */
  crown_event_sequencer_flush (self->sequencer);
  if (!crown_ledger_retention_step (self->ledger, &self->keep, NULL, RETENTION_STEP, &report, &has_more, &error))
    g_warning ("Old events could not be deleted: %s", error->message);
  crown_metrics_count (self->metrics, CROWN_COUNT_DELETED, report.deleted);
  crown_metrics_count (self->metrics, CROWN_COUNT_EMPTIED, report.tombstones);

  g_clear_pointer (&self->retention, g_source_unref);
  self->retention = add_timeout (self, has_more ? RETENTION_PAUSE_MS : RETENTION_MS, on_retention);
  return G_SOURCE_REMOVE;
}

static gboolean
on_insights (gpointer user_data)
{
  CrownServer *self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean has_more = FALSE;

  if (!crown_insight_scheduler_step (self->scheduler, &has_more, &error))
    g_warning ("Nobody could be reminded of anything: %s", error->message);

  g_clear_pointer (&self->insights, g_source_unref);
  self->insights = add_timeout (self, has_more ? INSIGHTS_PAUSE_MS : self->insights_ms, on_insights);
  return G_SOURCE_REMOVE;
}

static void
remove_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static gboolean
listen_on (CrownServer  *self,
           GError      **error)
{
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (strcmp (self->address, "localhost") == 0
                                                                    ? "127.0.0.1" : self->address);

  if (inet == NULL)
    {
      g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_LISTEN, "“%s” is no address", self->address);
      return FALSE;
    }

  if (self->tls_cert == NULL && !self->insecure_listen && !g_inet_address_get_is_loopback (inet))
    {
      g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_LISTEN,
                   "%s is not a loopback address, and nothing would be encrypted", self->address);
      return FALSE;
    }

  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (inet, self->port);

  g_autoptr (GSocketAddress) effective = crown_http_listener_listen (self->listener, address, error);

  if (effective == NULL)
    {
      g_prefix_error (error, "Cannot listen on %s port %u: ", self->address, self->port);
      return FALSE;
    }

  g_autofree char *host = g_inet_address_to_string (inet);

  self->url = g_strdup_printf (strchr (host, ':') != NULL ? "%s://[%s]:%d" : "%s://%s:%d",
                               self->tls_cert != NULL ? "https" : "http", host,
                               g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (effective)));
  return TRUE;
}

static gboolean
set_certificate (CrownServer  *self,
                 GError      **error)
{
  g_autoptr (GTlsCertificate) certificate = crown_server_load_certificate (self->tls_cert, self->tls_key, error);

  if (certificate == NULL)
    return FALSE;

  soup_server_set_tls_certificate (self->soup, certificate);
  return TRUE;
}

static gboolean
open_parts (CrownServer  *self,
            GError      **error)
{
  const CrownServerLimits *limits = &self->limits;
  double rate = limits->rate_per_second > 0 ? limits->rate_per_second : 2000;
  CrownHttpLimits http = {
    .connections_max = limits->connections_max > 0 ? limits->connections_max : 20000,
    .headers_seconds = limits->headers_seconds > 0 ? limits->headers_seconds : 20,
    .body_seconds = limits->body_seconds > 0 ? limits->body_seconds : 120,
    .keepalive_seconds = KEEPALIVE_SECONDS,
  };
  CrownSioOptions options = { .connections_max = http.connections_max };
  g_autoptr (GTimeZone) zone = g_time_zone_new_local ();

  /* First, as what is wrong here must not leave a new ledger. */
  self->soup = soup_server_new ("server-header", "crown4", NULL);
  if (self->tls_cert != NULL && !set_certificate (self, error))
    return FALSE;

  self->ledger = crown_event_ledger_open (self->ledger_uri, error);
  if (self->ledger == NULL)
    return FALSE;

  self->metrics = crown_metrics_new ();
  self->sequencer = crown_event_sequencer_new (self->ledger, NULL);
  crown_event_sequencer_set_metrics (self->sequencer, self->metrics);
  self->authenticator = crown_authenticator_new (self->ledger);
  self->listener = crown_http_listener_new (self->soup, &http);
  self->limiter = crown_rate_limiter_new (rate, rate * 2, NULL);
  self->sio = crown_sio_server_new (self->soup, "/socket.io/", &options, error);
  if (self->sio == NULL)
    return FALSE;
  self->broadcaster = crown_event_broadcaster_new (self->sio, self->sequencer, self->authenticator, self->limiter,
                                                   self->metrics);
  if (!crown_event_broadcaster_watch (self->broadcaster, error))
    return FALSE;
  self->rest = crown_rest_api_new (self->soup, self->sequencer, self->authenticator, self->limiter);

  self->metrics_endpoint = crown_metrics_endpoint_new (self->soup, self->metrics, self->authenticator, read_gauges, self);

  self->idle_sync = add_timeout (self, CROWN_IDLE_SYNC_SECONDS * 1000, on_idle_sync);
  self->recheck = add_timeout (self, RECHECK_MS, on_recheck);
  self->retention = add_timeout (self, RETENTION_FIRST_MS, on_retention);
  self->scheduler = crown_insight_scheduler_new (self->sequencer, &self->quiet, zone);
  self->insights = add_timeout (self, MIN (INSIGHTS_FIRST_MS, self->insights_ms), on_insights);
  if (self->heartbeat != NULL)
    self->beating = add_timeout (self, self->heartbeat_ms, on_heartbeat);

  self->queue = crown_pipeline_queue_new (self->sequencer);
  on_assistant (self);
  return listen_on (self, error) && crown_pipeline_queue_resume (self->queue, error);
}

static gboolean
on_closing_timeout (gpointer user_data)
{
  gboolean *expired = user_data;

  *expired = TRUE;
  return G_SOURCE_REMOVE;
}

/* Lets the goodbyes go out, but waits for nobody longer than CLOSING_MAX_MS. */
static void
drain (CrownServer *self)
{
  g_autoptr (GSource) timeout = g_timeout_source_new (CLOSING_MAX_MS);
  gboolean expired = FALSE;

  g_source_set_callback (timeout, on_closing_timeout, &expired, NULL);
  g_source_attach (timeout, self->context);

  while (!expired && crown_sio_server_get_n_connections (self->sio) > 0)
    g_main_context_iteration (self->context, TRUE);

  while (!expired && g_main_context_iteration (self->context, FALSE))
    continue;

  g_source_destroy (timeout);
}

static void
close_parts (CrownServer *self)
{
  remove_source (&self->idle_sync);
  remove_source (&self->recheck);
  remove_source (&self->retention);
  remove_source (&self->insights);

  if (self->listener != NULL)
    crown_http_listener_stop (self->listener);

  /* A transcript that is being analysed is finished: whoever sent it is told. */
  if (self->rest != NULL)
    crown_rest_api_stop (self->rest);
  g_mutex_lock (&self->mutex);
  if (self->assistant != NULL)
    crown_assistant_cancel (self->assistant);
  g_mutex_unlock (&self->mutex);
  while (self->rest != NULL && crown_rest_api_get_n_preparing (self->rest) > 0)
    g_main_context_iteration (self->context, TRUE);

  if (self->queue != NULL)
    crown_pipeline_queue_stop (self->queue);
  while (self->queue != NULL && crown_pipeline_queue_is_busy (self->queue))
    g_main_context_iteration (self->context, TRUE);

  g_mutex_lock (&self->mutex);
  if (self->assistant != NULL)
    crown_assistant_reset (self->assistant);
  g_mutex_unlock (&self->mutex);

  if (self->sequencer != NULL)
    crown_event_sequencer_flush (self->sequencer);

  if (self->broadcaster != NULL)
    {
      self->told = crown_sio_server_get_n_connections (self->sio);
      crown_event_broadcaster_say_closing (self->broadcaster, CLOSING_RETRY_MS);
      crown_sio_server_close (self->sio);
      drain (self);
    }

  if (self->soup != NULL)
    soup_server_disconnect (self->soup);

  g_clear_pointer (&self->metrics_endpoint, crown_metrics_endpoint_free);
  g_clear_object (&self->rest);
  g_clear_pointer (&self->queue, crown_pipeline_queue_free);
  g_clear_pointer (&self->scheduler, crown_insight_scheduler_free);
  g_clear_object (&self->broadcaster);
  g_clear_object (&self->sio);
  g_clear_pointer (&self->listener, crown_http_listener_free);
  g_clear_pointer (&self->limiter, crown_rate_limiter_free);
  g_clear_object (&self->soup);
  g_clear_object (&self->authenticator);
  g_clear_object (&self->sequencer);
  g_clear_pointer (&self->metrics, crown_metrics_free);
  g_clear_object (&self->ledger);
  remove_source (&self->beating);
}

static void
say_ready (CrownServer *self,
           GError      *error)
{
  g_mutex_lock (&self->mutex);
  self->start_error = error;
  self->ready = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->mutex);
}

static gpointer
run (gpointer user_data)
{
  CrownServer *self = user_data;
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (self->context);

  if (open_parts (self, &error))
    {
      say_ready (self, NULL);
      g_main_loop_run (self->loop);
      close_parts (self);
    }
  else
    {
      close_parts (self);
      say_ready (self, g_steal_pointer (&error));
    }

  g_main_context_pop_thread_default (self->context);
  return NULL;
}

static void
join (CrownServer *self)
{
  g_thread_join (g_steal_pointer (&self->thread));
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
}

/**
 * crown_server_start:
 * @address: "127.0.0.1", "::1", "localhost"; another one only after crown_server_set_tls() or
 *   crown_server_set_insecure_listen()
 * @port: 0 takes a free one
 * @error: (out) (optional): %CROWN_SERVER_ERROR_LISTEN, the ledger's, or the socket's
 *
 * Opens the ledger and listens. Blocks until both are done.
 *
 * Returns: %TRUE if requests are answered
 */
gboolean
crown_server_start (CrownServer  *self,
                    const char   *address,
                    guint16       port,
                    GError      **error)
{
  g_return_val_if_fail (CROWN_IS_SERVER (self), FALSE);
  g_return_val_if_fail (self->thread == NULL, FALSE);

  crown_network_types_ensure ();
  g_free (self->address);
  self->address = g_strdup (address);
  self->port = port;
  self->ready = FALSE;
  self->told = 0;
  g_clear_pointer (&self->url, g_free);
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->thread = g_thread_new ("crown-server", run, self);

  g_mutex_lock (&self->mutex);
  while (!self->ready)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);

  if (self->start_error == NULL)
    return TRUE;

  join (self);
  g_propagate_error (error, g_steal_pointer (&self->start_error));
  return FALSE;
}

static gboolean
on_stop (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

/**
 * crown_server_stop:
 *
 * Says goodbye to the clients, closes the ledger and ends the thread. Idempotent.
 *
 * Returns: how many connections were told; 0 if it did not run
 */
guint
crown_server_stop (CrownServer *self)
{
  g_return_val_if_fail (CROWN_IS_SERVER (self), 0);

  if (self->thread == NULL)
    return 0;

  /* A source of its own, never called directly: the loop may not be running yet. */
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_callback (source, on_stop, g_main_loop_ref (self->loop), (GDestroyNotify) g_main_loop_unref);
  g_source_attach (source, self->context);
  join (self);
  return self->told;
}

/* A call that another thread makes on the server's, and waits for. */
typedef struct {
  CrownServer *self;
  gint64       user_id;
  gint64       workspace_id;
  char        *token;
  GError      *error;
  GMutex       mutex;
  GCond        cond;
  gboolean     done;
} AccountCall;

/* The id that the ledger keeps under @key, made by @create where there is none. */
static gboolean
find_or_create (CrownEventLedger  *ledger,
                const char        *key,
                gboolean         (*create) (CrownEventLedger *, const char *, gint64 *, GError **),
                const char        *name,
                gint64            *id,
                GError           **error)
{
  g_autofree char *text = NULL;

  if (!crown_event_ledger_load_meta (ledger, key, &text, error))
    return FALSE;

  if (text != NULL && g_ascii_string_to_signed (text, 10, 1, G_MAXINT64, id, NULL))
    return TRUE;

  if (!create (ledger, name, id, error))
    return FALSE;

  g_autofree char *number = g_strdup_printf ("%" G_GINT64_FORMAT, *id);

  return crown_event_ledger_put_meta (ledger, key, number, error);
}

static gboolean
open_account (AccountCall  *call,
              GError      **error)
{
  CrownServer *self = call->self;
  const char *name = g_get_real_name ();

  /* What waits for its commit is not committed here, where nobody would tell who waits. */
  crown_event_sequencer_flush (self->sequencer);
  if (!crown_event_ledger_begin (self->ledger, TRUE, error))
    return FALSE;

  if (!find_or_create (self->ledger, "local_user", crown_event_ledger_create_user,
                       g_utf8_validate (name, -1, NULL) ? name : "Me", &call->user_id, error) ||
      !find_or_create (self->ledger, "local_workspace", crown_event_ledger_create_workspace,
                       "Personal", &call->workspace_id, error))
    {
      crown_event_ledger_rollback (self->ledger);
      return FALSE;
    }

  if (!crown_event_ledger_commit (self->ledger, error))
    return FALSE;

  CrownPrincipal principal = {
    .user_id = call->user_id,
    .workspace_id = call->workspace_id,
    .role = CROWN_ROLE_ADMIN,
  };

  call->token = crown_authenticator_add_session_token (self->authenticator, &principal, error);
  return call->token != NULL;
}

static gboolean
on_open_account (gpointer user_data)
{
  AccountCall *call = user_data;

  open_account (call, &call->error);

  g_mutex_lock (&call->mutex);
  call->done = TRUE;
  g_cond_signal (&call->cond);
  g_mutex_unlock (&call->mutex);
  return G_SOURCE_REMOVE;
}

/**
 * crown_server_open_local_account:
 * @user_id: (out): the local user
 * @workspace_id: (out): the local workspace
 * @token: (out) (transfer full): an admin's token, good until the server stops
 *
 * The account of the one person who uses this computer. Any thread but the server's; blocks until the server answers.
 *
 * Returns: %FALSE on a database error
 */
gboolean
crown_server_open_local_account (CrownServer  *self,
                                 gint64       *user_id,
                                 gint64       *workspace_id,
                                 char        **token,
                                 GError      **error)
{
  AccountCall call = { .self = self };

  g_return_val_if_fail (CROWN_IS_SERVER (self) && self->thread != NULL, FALSE);
  g_return_val_if_fail (g_thread_self () != self->thread, FALSE);

  g_mutex_init (&call.mutex);
  g_cond_init (&call.cond);

  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_open_account, &call, NULL);
  g_source_attach (source, self->context);

  g_mutex_lock (&call.mutex);
  while (!call.done)
    g_cond_wait (&call.cond, &call.mutex);
  g_mutex_unlock (&call.mutex);
  g_mutex_clear (&call.mutex);
  g_cond_clear (&call.cond);

  if (call.error != NULL)
    {
      g_propagate_error (error, call.error);
      return FALSE;
    }

  *user_id = call.user_id;
  *workspace_id = call.workspace_id;
  *token = call.token;
  return TRUE;
}

static void
crown_server_finalize (GObject *object)
{
  CrownServer *self = CROWN_SERVER (object);

  crown_server_stop (self);
  g_clear_pointer (&self->ledger_uri, g_free);
  g_clear_pointer (&self->tls_cert, g_free);
  g_clear_pointer (&self->tls_key, g_free);
  g_clear_pointer (&self->address, g_free);
  g_clear_pointer (&self->url, g_free);
  g_clear_pointer (&self->assistant, crown_assistant_unref);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);

  G_OBJECT_CLASS (crown_server_parent_class)->finalize (object);
}

static void
crown_server_class_init (CrownServerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = crown_server_finalize;
}

static void
crown_server_init (CrownServer *self)
{
  self->keep = (CrownRetention) CROWN_RETENTION_DEFAULT;
  self->quiet = (CrownQuietHours) CROWN_QUIET_HOURS_DEFAULT;
  self->insights_ms = CROWN_INSIGHTS_INTERVAL_MS;
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
}
