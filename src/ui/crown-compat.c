/* crown-compat.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-compat.h"

/**
 * crown_compat_list_item_set_label:
 * @item: a bound list item
 * @label: what a screen reader says of it
 *
 * As gtk_list_item_set_accessible_label() of GTK 4.12 does.
 */
void
crown_compat_list_item_set_label (GtkListItem *item,
                                  const char  *label)
{
  GtkWidget *child = gtk_list_item_get_child (item);
  GtkWidget *row = child != NULL ? gtk_widget_get_parent (child) : NULL;

  if (row != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

/**
 * crown_compat_menu_button_set_label:
 * @label: what a screen reader says of it
 *
 * Before GTK 4.12 the button inside is the one that has the focus, and knows nothing of the label of the one outside.
 */
void
crown_compat_menu_button_set_label (GtkMenuButton *button,
                                    const char    *label)
{
  GtkWidget *inside = gtk_widget_get_first_child (GTK_WIDGET (button));

  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  if (inside != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (inside), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

/**
 * crown_compat_announce:
 * @widget: where it happened
 * @message: what a screen reader is to say
 *
 * As gtk_accessible_announce() of GTK 4.14; nothing before.
 */
void
crown_compat_announce (GtkWidget  *widget,
                       const char *message)
{
#if GTK_CHECK_VERSION (4, 14, 0)
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  gtk_accessible_announce (GTK_ACCESSIBLE (widget), message, GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
  G_GNUC_END_IGNORE_DEPRECATIONS
#endif
}

/**
 * crown_compat_banner_new:
 * @button_label: (nullable): of a button in it
 * @action_name: what the button does
 *
 * As adw_banner_new() of libadwaita 1.3: a bar under the header, hidden at first.
 *
 * Returns: (transfer floating): the banner
 */
#if ADW_CHECK_VERSION (1, 3, 0)
G_GNUC_BEGIN_IGNORE_DEPRECATIONS

GtkWidget *
crown_compat_banner_new (const char *button_label,
                         const char *action_name)
{
  GtkWidget *banner = adw_banner_new ("");

  gtk_actionable_set_action_name (GTK_ACTIONABLE (banner), action_name);
  crown_compat_banner_set_button (banner, button_label);
  crown_compat_banner_set_revealed (banner, FALSE);
  return banner;
}

void
crown_compat_banner_set_title (GtkWidget  *banner,
                               const char *title)
{
  adw_banner_set_title (ADW_BANNER (banner), title);
}

void
crown_compat_banner_set_button (GtkWidget  *banner,
                                const char *button_label)
{
  adw_banner_set_button_label (ADW_BANNER (banner), button_label);
}

void
crown_compat_banner_set_revealed (GtkWidget *banner,
                                  gboolean   revealed)
{
  gtk_widget_set_visible (banner, revealed);
  adw_banner_set_revealed (ADW_BANNER (banner), revealed);
}

G_GNUC_END_IGNORE_DEPRECATIONS
#else

GtkWidget *
crown_compat_banner_new (const char *button_label,
                         const char *action_name)
{
  GtkWidget *revealer = gtk_revealer_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *label = gtk_label_new ("");
  GtkWidget *button = gtk_button_new ();

  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_justify (GTK_LABEL (label), GTK_JUSTIFY_CENTER);
  gtk_widget_set_hexpand (label, TRUE);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_button_set_use_underline (GTK_BUTTON (button), TRUE);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action_name);
  gtk_widget_add_css_class (box, "crown-banner");
  gtk_box_append (GTK_BOX (box), label);
  gtk_box_append (GTK_BOX (box), button);
  gtk_revealer_set_child (GTK_REVEALER (revealer), box);
  crown_compat_banner_set_button (revealer, button_label);
  crown_compat_banner_set_revealed (revealer, FALSE);
  return revealer;
}

static GtkWidget *
banner_box (GtkWidget *banner)
{
  return gtk_revealer_get_child (GTK_REVEALER (banner));
}

void
crown_compat_banner_set_title (GtkWidget  *banner,
                               const char *title)
{
  gtk_label_set_label (GTK_LABEL (gtk_widget_get_first_child (banner_box (banner))), title);
}

void
crown_compat_banner_set_button (GtkWidget  *banner,
                                const char *button_label)
{
  GtkWidget *button = gtk_widget_get_last_child (banner_box (banner));

  gtk_widget_set_visible (button, button_label != NULL);
  gtk_button_set_label (GTK_BUTTON (button), button_label != NULL ? button_label : "");
}

/* A hidden banner must not be found by assistive technology either, so it is made invisible and not merely folded. */
void
crown_compat_banner_set_revealed (GtkWidget *banner,
                                  gboolean   revealed)
{
  gtk_widget_set_visible (banner, revealed);
  gtk_revealer_set_reveal_child (GTK_REVEALER (banner), revealed);
}

#endif
