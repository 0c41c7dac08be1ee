/* crown-compat.h: what newer GTK and libadwaita have, and 4.8 and 1.2 lack
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

void       crown_compat_list_item_set_label (GtkListItem *item,
                                             const char  *label);
void       crown_compat_menu_button_set_label (GtkMenuButton *button,
                                             const char  *label);
GtkWidget *crown_compat_banner_new          (const char  *button_label,
                                             const char  *action_name);
void       crown_compat_banner_set_title    (GtkWidget   *banner,
                                             const char  *title);
void       crown_compat_banner_set_button   (GtkWidget   *banner,
                                             const char  *button_label);
void       crown_compat_banner_set_revealed (GtkWidget   *banner,
                                             gboolean     revealed);
void       crown_compat_announce            (GtkWidget   *widget,
                                             const char  *message);

G_END_DECLS
