/* crown-principal.h: who asks, and what they may
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* In order: each may what those before it may. */
typedef enum {
  CROWN_ROLE_VIEWER,
  CROWN_ROLE_MEMBER,
  CROWN_ROLE_ADMIN,
} CrownRole;

/**
 * CrownPrincipal:
 *
 * @token_id: of the token in the ledger; 0: one that is good only as long as the server runs, or the server itself
 *
 * What a token stands for: a user with a role in one workspace.
 */
typedef struct {
  gint64    token_id;
  gint64    user_id;
  gint64    workspace_id;
  CrownRole role;
} CrownPrincipal;

const char *crown_role_to_string   (CrownRole   role);
gboolean    crown_role_from_string (const char *text,
                                    CrownRole  *role);

G_END_DECLS
