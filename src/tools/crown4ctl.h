/* crown4ctl.h: what the groups of commands share
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define CROWN_EXIT_FAILED 1
#define CROWN_EXIT_USAGE  2

typedef struct {
  char    *ledger;
  char    *folder;
  char    *server;
  char    *tls_ca;
  char    *token;
  gint64   workspace;
  gint64   user;
  char    *role;
  char    *nsp;
  gint64   from;
  int      keep_days;
  gint64   keep_events;
  gboolean json;
  gboolean checksum;
  char   **arguments; /* after the command's words; NULL-terminated */
  guint    n_arguments;
} CtlOptions;

/* Each returns the program's exit status. */
int ctl_workspace_create   (const CtlOptions *options);
int ctl_user_create        (const CtlOptions *options);
int ctl_token_create       (const CtlOptions *options);
int ctl_token_list         (const CtlOptions *options);
int ctl_token_revoke       (const CtlOptions *options);
int ctl_ledger_verify      (const CtlOptions *options);
int ctl_ledger_compact     (const CtlOptions *options);
int ctl_ledger_backup      (const CtlOptions *options);
int ctl_cache_stats        (const CtlOptions *options);
int ctl_cache_verify       (const CtlOptions *options);
int ctl_cache_backup       (const CtlOptions *options);
int ctl_cache_list_backups (const CtlOptions *options);
int ctl_cache_restore      (const CtlOptions *options);
int ctl_cache_rebuild      (const CtlOptions *options);
int ctl_import             (const CtlOptions *options);
int ctl_live               (const CtlOptions *options);
int ctl_tail               (const CtlOptions *options);
int ctl_replay             (const CtlOptions *options);
int ctl_analyze            (const CtlOptions *options);
int ctl_canonicalize       (const CtlOptions *options);

/* Says @error on standard error. Returns: CROWN_EXIT_FAILED */
int ctl_fail  (GError *error);

G_END_DECLS
