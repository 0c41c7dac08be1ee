/* crown-window.h: the dashboard's window
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-session.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define CROWN_TYPE_WINDOW (crown_window_get_type ())

G_DECLARE_FINAL_TYPE (CrownWindow, crown_window, CROWN, WINDOW, AdwApplicationWindow)

CrownWindow *crown_window_new         (GtkApplication *application,
                                       CrownSession   *session);
void         crown_window_say         (CrownWindow    *self,
                                       const char     *message);
void         crown_window_import      (CrownWindow    *self,
                                       GFile          *file);
void         crown_window_set_offline (CrownWindow    *self,
                                       gboolean        offline);
gboolean     crown_window_is_painted  (CrownWindow    *self);

G_END_DECLS
