/* crown-settings.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The application's settings; (transfer full) (nullable): %NULL where its schema is not installed, which is no reason to end */
GSettings *crown_settings_new (void);

G_END_DECLS
