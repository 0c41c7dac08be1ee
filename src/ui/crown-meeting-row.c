/* crown-meeting-row.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-meeting-row.h"

#include "crown-compat.h"
#include "crown-format.h"

#include <glib/gi18n.h>

/**
 * CrownMeetingRow:
 *
 * A meeting's title and facts; in the archive also the button that brings it back (`win.restore(id)`).
 */
struct _CrownMeetingRow
{
  GtkWidget    parent_instance;

  GtkListItem *list_item; /* not owned: it owns this row */
  CrownItem   *item;      /* (nullable): bound */
  gulong       changed_id;

  GtkWidget   *box;
  GtkLabel    *title;
  GtkLabel    *facts;
  GtkWidget   *active;
  GtkWidget   *restore;
};

G_DEFINE_FINAL_TYPE (CrownMeetingRow, crown_meeting_row, GTK_TYPE_WIDGET)

static void
crown_meeting_row_show (CrownMeetingRow *self)
{
  CrownMeeting *meeting = crown_item_get_meeting (self->item);
  g_autofree char *date = NULL;
  g_autofree char *facts = NULL;
  g_autofree char *spoken = NULL;

  if (meeting == NULL) /* gone; the model takes the row away in the same update */
    return;

  date = crown_format_date (meeting->started_at != NULL ? meeting->started_at : meeting->created_at);
  facts = crown_format_meeting (date, meeting->duration, meeting->participant_count, meeting->task_count);
  spoken = g_strdup_printf ("%s, %s", meeting->title, facts);

  gtk_label_set_label (self->title, meeting->title);
  gtk_label_set_label (self->facts, facts);
  gtk_widget_set_visible (self->active, g_strcmp0 (meeting->status, "active") == 0);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->title), meeting->title);
  crown_compat_list_item_set_label (self->list_item, spoken);

  if (gtk_widget_get_visible (self->restore))
    {
      g_autofree char *name = g_strdup_printf (_("Restore %s"), meeting->title);

      gtk_actionable_set_action_target (GTK_ACTIONABLE (self->restore), "x", meeting->id);
      gtk_accessible_update_property (GTK_ACCESSIBLE (self->restore), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    }
}

static void
crown_meeting_row_set_item (CrownMeetingRow *self,
                            CrownItem       *item)
{
  if (self->item != NULL)
    g_clear_signal_handler (&self->changed_id, self->item);
  g_set_object (&self->item, item);
  if (item == NULL)
    return;

  self->changed_id = g_signal_connect_swapped (item, "changed", G_CALLBACK (crown_meeting_row_show), self);
  crown_meeting_row_show (self);
}

static void
setup_cb (GtkSignalListItemFactory *factory,
          GtkListItem              *list_item,
          gpointer                  with_restore)
{
  CrownMeetingRow *row = g_object_new (CROWN_TYPE_MEETING_ROW, NULL);

  row->list_item = list_item;
  gtk_widget_set_visible (row->restore, GPOINTER_TO_INT (with_restore));
  gtk_list_item_set_child (list_item, GTK_WIDGET (row));
}

static void
bind_cb (GtkSignalListItemFactory *factory,
         GtkListItem              *list_item)
{
  crown_meeting_row_set_item (CROWN_MEETING_ROW (gtk_list_item_get_child (list_item)),
                              gtk_list_item_get_item (list_item));
}

static void
unbind_cb (GtkSignalListItemFactory *factory,
           GtkListItem              *list_item)
{
  crown_meeting_row_set_item (CROWN_MEETING_ROW (gtk_list_item_get_child (list_item)), NULL);
}

/**
 * crown_meeting_row_factory_new:
 * @with_restore: whether each row has a Restore button
 *
 * Returns: (transfer full): a factory for a list of #CrownItem that are meetings
 */
GtkListItemFactory *
crown_meeting_row_factory_new (gboolean with_restore)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();

  g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), GINT_TO_POINTER (with_restore));
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), NULL);
  g_signal_connect (factory, "unbind", G_CALLBACK (unbind_cb), NULL);
  return factory;
}

static void
crown_meeting_row_dispose (GObject *object)
{
  CrownMeetingRow *self = CROWN_MEETING_ROW (object);

  crown_meeting_row_set_item (self, NULL);
  g_clear_pointer (&self->box, gtk_widget_unparent);

  G_OBJECT_CLASS (crown_meeting_row_parent_class)->dispose (object);
}

static void
crown_meeting_row_class_init (CrownMeetingRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = crown_meeting_row_dispose;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/crown4/Dashboard/crown-meeting-row.ui");
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingRow, box);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingRow, title);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingRow, facts);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingRow, active);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingRow, restore);
}

static void
crown_meeting_row_init (CrownMeetingRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
