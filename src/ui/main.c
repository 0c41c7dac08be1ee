/* main.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-application.h"
#include "crown-config.h"

#include <glib/gi18n.h>

int
main (int    argc,
      char **argv)
{
  gint64 started_at = g_get_monotonic_time ();
  g_autoptr(CrownApplication) application = NULL;
  const char *locale_dir = g_getenv ("CROWN_LOCALEDIR"); /* of a build that is not installed */
  int status;

  bindtextdomain (CROWN_GETTEXT_DOMAIN, locale_dir != NULL ? locale_dir : CROWN_LOCALE_DIR);
  bind_textdomain_codeset (CROWN_GETTEXT_DOMAIN, "UTF-8");
  textdomain (CROWN_GETTEXT_DOMAIN);

  application = crown_application_new (started_at);
  status = g_application_run (G_APPLICATION (application), argc, argv);
  return status != 0 ? status : crown_application_get_status (application);
}
