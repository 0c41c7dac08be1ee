/* crown-compat.h: what newer GTK and libadwaita have, and 4.8 and 1.2 lack
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

void       crown_compat_list_item_set_label (GtkListItem *item,
                                             const char  *label);
GtkWidget *crown_compat_banner_new          (const char  *title);
void       crown_compat_banner_set_title    (GtkWidget   *banner,
                                             const char  *title);
void       crown_compat_banner_set_revealed (GtkWidget   *banner,
                                             gboolean     revealed);

G_END_DECLS
