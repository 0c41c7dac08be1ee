/* crown-diagnostics-window.h: how the connection, the cache and the outbox are, and how fast
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-session.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define CROWN_TYPE_DIAGNOSTICS_WINDOW (crown_diagnostics_window_get_type ())

G_DECLARE_FINAL_TYPE (CrownDiagnosticsWindow, crown_diagnostics_window, CROWN, DIAGNOSTICS_WINDOW, AdwWindow)

GtkWindow *crown_diagnostics_window_new (CrownSession *session);

G_END_DECLS
