/* crown-demo.h: the demo meetings
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

GPtrArray *crown_demo_make_files  (GError **error);
void       crown_demo_remove_file (GFile   *file);

G_END_DECLS
