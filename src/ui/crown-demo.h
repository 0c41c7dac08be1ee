/* crown-demo.h: the demo meetings
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

GPtrArray *crown_demo_list_files (GError **error);

G_END_DECLS
