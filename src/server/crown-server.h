/* crown-server.h: the whole server as one object, in the application's process or as a daemon
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "crown-assistant.h"
#include "crown-insight-scheduler.h"
#include "crown-ledger-retention.h"

G_BEGIN_DECLS

#define CROWN_TYPE_SERVER (crown_server_get_type ())
G_DECLARE_FINAL_TYPE (CrownServer, crown_server, CROWN, SERVER, GObject)

/* Zeroes are defaults. */
typedef struct {
  double rate_per_second; /* requests a token; at most twice as many at once; 2000 */
  guint  connections_max; /* of HTTP, and as many of Socket.IO; 20000 */
  guint  headers_seconds; /* for a request's headers; 20 */
  guint  body_seconds;    /* for the rest of it; 120 */
} CrownServerLimits;

#define CROWN_INSIGHTS_INTERVAL_MS (10 * 60 * 1000)

/* Runs on the server's thread. */
typedef void (*CrownServerHeartbeat) (gpointer user_data);

CrownServer *crown_server_new                 (const char   *ledger_uri);
void         crown_server_set_insecure_listen (CrownServer  *self,
                                               gboolean      allow);
void         crown_server_set_limits          (CrownServer  *self,
                                               const CrownServerLimits *limits);
void         crown_server_set_retention       (CrownServer  *self,
                                               const CrownRetention *retention);
void         crown_server_set_insights        (CrownServer  *self,
                                               const CrownQuietHours *quiet,
                                               guint         interval_ms);
void         crown_server_set_assistant       (CrownServer  *self,
                                               CrownAssistant *assistant);
void         crown_server_set_tls             (CrownServer  *self,
                                               const char   *cert_file,
                                               const char   *key_file);
void         crown_server_set_heartbeat       (CrownServer  *self,
                                               guint         interval_ms,
                                               CrownServerHeartbeat heartbeat,
                                               gpointer      user_data);
gboolean     crown_server_start               (CrownServer  *self,
                                               const char   *address,
                                               guint16       port,
                                               GError      **error);
const char  *crown_server_get_url             (CrownServer  *self);
guint        crown_server_stop                (CrownServer  *self);
gboolean     crown_server_open_local_account  (CrownServer  *self,
                                               gint64       *user_id,
                                               gint64       *workspace_id,
                                               char        **token,
                                               GError      **error);

G_END_DECLS
