/* crown-task-row.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-task-row.h"

#include "crown-compat.h"
#include "crown-format.h"
#include "crown-task-edit.h"

#include <glib/gi18n.h>

/**
 * CrownTaskRow:
 *
 * A check button, what is to do, and who, when and from which meeting.
 *
 * Ticking is a command that can be undone; the client's overlay shows it at once, and the button never holds a state of its
 * own for longer than that.
 */
struct _CrownTaskRow
{
  GtkWidget       parent_instance;

  GtkListItem    *list_item; /* (nullable): not owned, it owns this row */
  CrownItem      *item;      /* (nullable): bound */
  gulong          changed_id;
  gboolean        with_meeting;
  gboolean        showing;   /* the button is being set, not pressed */

  GtkWidget      *box;
  GtkCheckButton *check;
  GtkLabel       *text;
  GtkLabel       *facts;
  GtkWidget      *priority;
};

G_DEFINE_FINAL_TYPE (CrownTaskRow, crown_task_row, GTK_TYPE_WIDGET)

static char *
crown_task_row_dup_facts (CrownTaskRow *self,
                          CrownTask    *task)
{
  g_autoptr(GString) facts = g_string_new (NULL);
  g_autoptr(CrownMeeting) meeting = NULL;

  crown_format_append_fact (facts, task->assignee != NULL ? task->assignee : _("Unassigned"));
  if (task->due_date != NULL)
    {
      g_autofree char *date = crown_format_due (task->due_date);
      g_autofree char *today = crown_format_today ();
      gboolean late = g_strcmp0 (task->status, "pending") == 0 && strcmp (task->due_date, today) < 0;
      g_autofree char *due = g_strdup_printf (late ? _("overdue since %s") : _("due %s"), date);

      crown_format_append_fact (facts, due);
    }
  if (self->with_meeting)
    {
      meeting = crown_client_load_meeting (crown_item_get_client (self->item), task->session_id, NULL);
      crown_format_append_fact (facts, meeting != NULL ? meeting->title : NULL);
    }
  return g_string_free (g_steal_pointer (&facts), FALSE);
}

static void
crown_task_row_show (CrownTaskRow *self)
{
  CrownTask *task = crown_item_get_task (self->item);
  g_autofree char *facts = NULL;
  g_autofree char *spoken = NULL;
  gboolean done;

  if (task == NULL)
    return;

  done = g_strcmp0 (task->status, "completed") == 0;
  facts = crown_task_row_dup_facts (self, task);
  spoken = g_strdup_printf ("%s, %s", task->text, facts);

  self->showing = TRUE;
  gtk_check_button_set_active (self->check, done);
  self->showing = FALSE;

  gtk_label_set_label (self->text, task->text);
  gtk_label_set_label (self->facts, facts);
  gtk_widget_set_visible (self->priority, !done && g_strcmp0 (task->priority, "high") == 0);
  if (done)
    gtk_widget_add_css_class (GTK_WIDGET (self), "done");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self), "done");

  gtk_accessible_update_property (GTK_ACCESSIBLE (self->check), GTK_ACCESSIBLE_PROPERTY_LABEL, task->text, -1);
  if (self->list_item != NULL)
    crown_compat_list_item_set_label (self->list_item, spoken);
}

static void
check_toggled_cb (CrownTaskRow *self)
{
  gint64 id;
  gboolean done;

  if (self->showing || self->item == NULL)
    return;

  id = crown_item_get_id (self->item);
  done = gtk_check_button_get_active (self->check);
  crown_task_edit_set (GTK_WIDGET (self), crown_item_get_client (self->item), &id, 1, CROWN_TASK_STATUS,
                       done ? "completed" : "pending");
}

static void
crown_task_row_set_item (CrownTaskRow *self,
                         CrownItem    *item)
{
  if (self->item != NULL)
    g_clear_signal_handler (&self->changed_id, self->item);
  g_set_object (&self->item, item);
  if (item == NULL)
    return;

  self->changed_id = g_signal_connect_swapped (item, "changed", G_CALLBACK (crown_task_row_show), self);
  crown_task_row_show (self);
}

static void
setup_cb (GtkSignalListItemFactory *factory,
          GtkListItem              *list_item,
          gpointer                  with_meeting)
{
  CrownTaskRow *row = g_object_new (CROWN_TYPE_TASK_ROW, NULL);

  row->list_item = list_item;
  row->with_meeting = GPOINTER_TO_INT (with_meeting);
  gtk_list_item_set_child (list_item, GTK_WIDGET (row));
}

static void
bind_cb (GtkSignalListItemFactory *factory,
         GtkListItem              *list_item)
{
  crown_task_row_set_item (CROWN_TASK_ROW (gtk_list_item_get_child (list_item)), gtk_list_item_get_item (list_item));
}

static void
unbind_cb (GtkSignalListItemFactory *factory,
           GtkListItem              *list_item)
{
  crown_task_row_set_item (CROWN_TASK_ROW (gtk_list_item_get_child (list_item)), NULL);
}

/**
 * crown_task_row_factory_new:
 * @with_meeting: whether a row says which meeting it comes from
 *
 * Returns: (transfer full): a factory for a list of #CrownItem that are tasks
 */
GtkListItemFactory *
crown_task_row_factory_new (gboolean with_meeting)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();

  g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), GINT_TO_POINTER (with_meeting));
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), NULL);
  g_signal_connect (factory, "unbind", G_CALLBACK (unbind_cb), NULL);
  return factory;
}

/**
 * crown_task_row_new:
 * @item: a task
 *
 * Returns: (transfer floating): a row of @item for a short list that is not virtual
 */
GtkWidget *
crown_task_row_new (CrownItem *item)
{
  CrownTaskRow *self = g_object_new (CROWN_TYPE_TASK_ROW, NULL);

  crown_task_row_set_item (self, item);
  return GTK_WIDGET (self);
}

static void
crown_task_row_dispose (GObject *object)
{
  CrownTaskRow *self = CROWN_TASK_ROW (object);

  crown_task_row_set_item (self, NULL);
  g_clear_pointer (&self->box, gtk_widget_unparent);

  G_OBJECT_CLASS (crown_task_row_parent_class)->dispose (object);
}

static void
crown_task_row_class_init (CrownTaskRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = crown_task_row_dispose;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "taskrow");
  gtk_widget_class_set_template_from_resource (widget_class, "/org/crown4/Dashboard/crown-task-row.ui");
  gtk_widget_class_bind_template_child (widget_class, CrownTaskRow, box);
  gtk_widget_class_bind_template_child (widget_class, CrownTaskRow, check);
  gtk_widget_class_bind_template_child (widget_class, CrownTaskRow, text);
  gtk_widget_class_bind_template_child (widget_class, CrownTaskRow, facts);
  gtk_widget_class_bind_template_child (widget_class, CrownTaskRow, priority);
  gtk_widget_class_bind_template_callback (widget_class, check_toggled_cb);
}

static void
crown_task_row_init (CrownTaskRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
