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
 * crown_compat_banner_new:
 * @title: what it says
 *
 * As adw_banner_new() of libadwaita 1.3: a bar under the header, hidden at first.
 *
 * Returns: (transfer floating): the banner
 */
GtkWidget *
crown_compat_banner_new (const char *title)
{
  GtkWidget *revealer = gtk_revealer_new ();
  GtkWidget *label = gtk_label_new (title);

  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_justify (GTK_LABEL (label), GTK_JUSTIFY_CENTER);
  gtk_widget_add_css_class (label, "crown-banner");
  gtk_revealer_set_child (GTK_REVEALER (revealer), label);
  return revealer;
}

void
crown_compat_banner_set_title (GtkWidget  *banner,
                               const char *title)
{
  gtk_label_set_label (GTK_LABEL (gtk_revealer_get_child (GTK_REVEALER (banner))), title);
}

/* A hidden banner must not be found by assistive technology either, so it is made invisible and not merely folded. */
void
crown_compat_banner_set_revealed (GtkWidget *banner,
                                  gboolean   revealed)
{
  gtk_widget_set_visible (banner, revealed);
  gtk_revealer_set_reveal_child (GTK_REVEALER (banner), revealed);
}
