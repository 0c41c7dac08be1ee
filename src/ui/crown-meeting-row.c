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
 * A meeting's title and facts, below the heading of its day where it is the day's first; in the archive also who put it
 * there, when, and the button that brings it back (`win.restore(id)`).
 */
struct _CrownMeetingRow
{
  GtkWidget    parent_instance;

  GtkListItem   *list_item; /* not owned: it owns this row */
  CrownListPage *page;      /* not owned: the list is in it */
  CrownItem     *item;      /* (nullable): bound */
  gulong         changed_id;

  GtkWidget     *box;
  GtkLabel      *day;
  GtkWidget     *check;
  GtkLabel      *title;
  GtkLabel      *facts;
  GtkLabel      *status;
  GtkWidget     *restore;
};

G_DEFINE_FINAL_TYPE (CrownMeetingRow, crown_meeting_row, GTK_TYPE_WIDGET)

/* What the list is in the order of. */
static const char *
date_of (CrownMeeting *meeting)
{
  if (meeting->archived && meeting->archived_at != NULL)
    return meeting->archived_at;
  return meeting->started_at != NULL ? meeting->started_at : meeting->created_at;
}

static const char *
status_in_words (CrownMeeting *meeting)
{
  if (g_strcmp0 (meeting->status, "active") == 0)
    return _("In progress");
  if (g_strcmp0 (meeting->status, "completed") == 0)
    return _("Completed");
  return NULL; /* of an archived one the page says it */
}

static void
show_day (CrownMeetingRow *self,
          const char      *date,
          gboolean         by_day)
{
  CrownListModel *model = crown_list_page_get_model (self->page);
  guint position = gtk_list_item_get_position (self->list_item);
  g_autoptr(CrownItem) before = NULL;
  CrownMeeting *other = NULL;
  gboolean first;

  if (by_day && position > 0 && position != GTK_INVALID_LIST_POSITION)
    before = g_list_model_get_item (G_LIST_MODEL (model), position - 1);
  if (before != NULL)
    other = crown_item_get_meeting (before);
  first = by_day && (other == NULL || !crown_format_is_same_day (date_of (other), date));

  gtk_widget_set_visible (GTK_WIDGET (self->day), first);
  if (first)
    {
      g_autoptr(GDateTime) now = g_date_time_new_now_local ();
      g_autofree char *day = crown_format_day (date, now);

      gtk_label_set_label (self->day, day);
    }
}

static char *
facts_of (CrownMeeting *meeting,
          gboolean      by_day)
{
  const char *started_at = meeting->started_at != NULL ? meeting->started_at : meeting->created_at;
  g_autofree char *date = by_day && !meeting->archived ? crown_format_time (started_at) : crown_format_date (started_at);

  return crown_format_meeting (date, meeting->duration, meeting->participant_count, meeting->task_count);
}

/* Of an archived meeting: "Archived by you at 14:05". */
static char *
archived_in_words (CrownMeetingRow *self,
                   CrownMeeting    *meeting)
{
  g_autofree char *time = crown_format_time (meeting->archived_at);

  if (meeting->archived_by == 0)
    return g_strdup_printf (_("Archived at %s"), time);
  if (meeting->archived_by == crown_client_get_user_id (crown_item_get_client (self->item)))
    return g_strdup_printf (_("Archived by you at %s"), time);
  /* Translators: the number of a person, whose name is not known here, and a time of day */
  return g_strdup_printf (_("Archived by user %d at %s"), (int) meeting->archived_by, time);
}

static void
crown_meeting_row_show (CrownMeetingRow *self)
{
  CrownMeeting *meeting = crown_item_get_meeting (self->item);
  gboolean by_day;
  const char *status;
  g_autofree char *date = NULL;
  g_autofree char *facts = NULL;
  g_autofree char *archived = NULL;
  g_autofree char *spoken = NULL;

  if (meeting == NULL) /* gone; the model takes the row away in the same update */
    return;

  by_day = crown_list_model_is_by_day (crown_list_page_get_model (self->page));
  status = status_in_words (meeting);
  date = crown_format_date (date_of (meeting));
  facts = facts_of (meeting, by_day);
  if (meeting->archived && meeting->archived_at != NULL)
    {
      g_autoptr(GString) both = g_string_new (NULL);

      archived = archived_in_words (self, meeting);
      crown_format_append_fact (both, archived);
      crown_format_append_fact (both, facts);
      g_free (facts);
      facts = g_string_free (g_steal_pointer (&both), FALSE);
    }
  spoken = g_strdup_printf ("%s, %s%s%s, %s", meeting->title, status != NULL ? status : "", status != NULL ? ", " : "",
                            date, facts);

  show_day (self, date_of (meeting), by_day);
  gtk_label_set_label (self->title, meeting->title);
  gtk_label_set_label (self->facts, facts);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->facts), facts);
  gtk_widget_set_visible (GTK_WIDGET (self->status), status != NULL);
  gtk_label_set_label (self->status, status != NULL ? status : "");
  if (g_strcmp0 (meeting->status, "active") == 0)
    gtk_widget_add_css_class (GTK_WIDGET (self->status), "accent");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->status), "accent");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->title), meeting->title);
  crown_compat_list_item_set_label (self->list_item, spoken);
  {
    g_autofree char *name = g_strdup_printf (_("Select %s"), meeting->title);

    gtk_accessible_update_property (GTK_ACCESSIBLE (self->check), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  }

  if (gtk_widget_get_visible (self->restore))
    {
      g_autofree char *name = g_strdup_printf (_("Restore %s"), meeting->title);

      gtk_actionable_set_action_target (GTK_ACTIONABLE (self->restore), "x", meeting->id);
      gtk_accessible_update_property (GTK_ACCESSIBLE (self->restore), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    }
}

static void
selected_cb (CrownMeetingRow *self)
{
  gtk_check_button_set_active (GTK_CHECK_BUTTON (self->check), gtk_list_item_get_selected (self->list_item));
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
  selected_cb (self);
  crown_meeting_row_show (self);
}

static void
toggle_row (CrownMeetingRow *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "list.toggle", "u", gtk_list_item_get_position (self->list_item));
}

/* The box says what the selection is; when it was pressed it is the selection that has to follow. */
static void
check_toggled_cb (CrownMeetingRow *self)
{
  if (gtk_check_button_get_active (GTK_CHECK_BUTTON (self->check)) != gtk_list_item_get_selected (self->list_item))
    toggle_row (self);
}

static void
pressed_cb (CrownMeetingRow *self,
            int              n_press,
            double           x,
            double           y,
            GtkGesture      *gesture)
{
  if (!gtk_widget_get_visible (self->check))
    return;
  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
  toggle_row (self);
}

static void
setup_cb (GtkSignalListItemFactory *factory,
          GtkListItem              *list_item,
          gpointer                  page)
{
  CrownMeetingRow *row = g_object_new (CROWN_TYPE_MEETING_ROW, NULL);

  row->list_item = list_item;
  row->page = page;
  gtk_list_item_set_child (list_item, GTK_WIDGET (row));
  g_object_bind_property (page, "selecting", row->check, "visible", G_BINDING_SYNC_CREATE);
  g_signal_connect_object (list_item, "notify::selected", G_CALLBACK (selected_cb), row, G_CONNECT_SWAPPED);
}

static void
setup_archived_cb (GtkSignalListItemFactory *factory,
                   GtkListItem              *list_item)
{
  CrownMeetingRow *row = CROWN_MEETING_ROW (gtk_list_item_get_child (list_item));

  gtk_widget_set_visible (row->restore, TRUE);
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
 * @page: the page of the list
 * @archived: whether the meetings are archived, so that each has a Restore button
 *
 * Returns: (transfer full): a factory for a list of #CrownItem that are meetings
 */
GtkListItemFactory *
crown_meeting_row_factory_new (CrownListPage *page,
                               gboolean       archived)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();

  g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), page);
  if (archived)
    g_signal_connect (factory, "setup", G_CALLBACK (setup_archived_cb), NULL);
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
  gtk_widget_class_set_css_name (widget_class, "meetingrow");
  gtk_widget_class_set_template_from_resource (widget_class, "/org/crown4/Dashboard/crown-meeting-row.ui");
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingRow, box);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingRow, day);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingRow, check);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingRow, title);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingRow, facts);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingRow, status);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingRow, restore);
  gtk_widget_class_bind_template_callback (widget_class, check_toggled_cb);
  gtk_widget_class_bind_template_callback (widget_class, pressed_cb);
}

static void
crown_meeting_row_init (CrownMeetingRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
