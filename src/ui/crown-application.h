/* crown-application.h: the program: its arguments, its cache, its server
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define CROWN_TYPE_APPLICATION (crown_application_get_type ())

G_DECLARE_FINAL_TYPE (CrownApplication, crown_application, CROWN, APPLICATION, AdwApplication)

CrownApplication *crown_application_new        (gint64            started_at);
int               crown_application_get_status (CrownApplication *self);

G_END_DECLS
