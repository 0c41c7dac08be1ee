/* crown-principal.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-principal.h"

static const char * const roles[] = {
  [CROWN_ROLE_VIEWER] = "viewer",
  [CROWN_ROLE_MEMBER] = "member",
  [CROWN_ROLE_ADMIN]  = "admin",
};

const char *
crown_role_to_string (CrownRole role)
{
  g_return_val_if_fail ((guint) role < G_N_ELEMENTS (roles), NULL);

  return roles[role];
}

/**
 * crown_role_from_string:
 * @text: "viewer", "member" or "admin"
 * @role: (out): the role
 *
 * Returns: %FALSE if there is no such role
 */
gboolean
crown_role_from_string (const char *text,
                        CrownRole  *role)
{
  for (guint i = 0; text != NULL && i < G_N_ELEMENTS (roles); i++)
    {
      if (g_strcmp0 (text, roles[i]) == 0)
        {
          *role = (CrownRole) i;
          return TRUE;
        }
    }

  return FALSE;
}
