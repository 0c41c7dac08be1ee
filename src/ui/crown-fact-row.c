/* crown-fact-row.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-fact-row.h"

/**
 * CrownFactRow:
 *
 * What something is called, how it was found out, and its value at the end. A screen reader hears all of it as the row's
 * name.
 */
struct _CrownFactRow
{
  AdwActionRow  parent_instance;

  GtkLabel     *value;
  GtkImage     *icon;
};

G_DEFINE_FINAL_TYPE (CrownFactRow, crown_fact_row, ADW_TYPE_ACTION_ROW)

GtkWidget *
crown_fact_row_new (const char *title,
                    const char *subtitle)
{
  return g_object_new (CROWN_TYPE_FACT_ROW, "title", title, "subtitle", subtitle, NULL);
}

void
crown_fact_row_set_value (CrownFactRow *self,
                          const char   *value)
{
  g_autofree char *name = NULL;

  g_return_if_fail (CROWN_IS_FACT_ROW (self));

  if (g_strcmp0 (gtk_label_get_label (self->value), value) == 0)
    return;
  gtk_label_set_label (self->value, value);
  name = g_strdup_printf ("%s: %s", adw_preferences_row_get_title (ADW_PREFERENCES_ROW (self)), value);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

/**
 * crown_fact_row_set_icon:
 * @icon_name: (nullable): beside the value; %NULL for none
 * @meaning: (nullable): what it stands for, in words
 */
void
crown_fact_row_set_icon (CrownFactRow *self,
                         const char   *icon_name,
                         const char   *meaning)
{
  g_return_if_fail (CROWN_IS_FACT_ROW (self));

  gtk_image_set_from_icon_name (self->icon, icon_name);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->icon), meaning);
  gtk_widget_set_visible (GTK_WIDGET (self->icon), icon_name != NULL);
}

static void
crown_fact_row_class_init (CrownFactRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (widget_class, "/org/crown4/Dashboard/crown-fact-row.ui");
  gtk_widget_class_bind_template_child (widget_class, CrownFactRow, value);
  gtk_widget_class_bind_template_child (widget_class, CrownFactRow, icon);
}

static void
crown_fact_row_init (CrownFactRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
