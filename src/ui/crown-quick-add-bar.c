/* crown-quick-add-bar.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-quick-add-bar.h"

#include "crown-format.h"
#include "crown-list-model.h"
#include "crown-quick-add.h"
#include "crown-task-edit.h"

#include <glib/gi18n.h>

#define LINE_LENGTH_MAX 2000 /* characters that are typed or pasted; the server takes more */

/**
 * CrownQuickAddBar:
 *
 * "send deck to Ana by Friday !high", with what was understood of it under it while it is typed. A task belongs to a meeting:
 * the newest one, until the person chooses another.
 */
struct _CrownQuickAddBar
{
  AdwBin          parent_instance;

  CrownClient    *client;
  CrownListModel *meetings;
  char          **people;   /* (nullable): of the line that is being typed */

  GtkEntry       *entry;
  GtkWidget      *preview;
  GtkLabel       *text;
  GtkLabel       *assignee;
  GtkLabel       *due;
  GtkLabel       *priority;
  GtkDropDown    *meeting;
};

G_DEFINE_FINAL_TYPE (CrownQuickAddBar, crown_quick_add_bar, ADW_TYPE_BIN)

static CrownQuickAdd *
parse (CrownQuickAddBar *self)
{
  g_autofree char *today = crown_format_today ();

  return crown_quick_add_parse (gtk_editable_get_text (GTK_EDITABLE (self->entry)), today, (const char *const *) self->people);
}

/* @words: (nullable): nothing was understood of this kind */
static void
show_chip (GtkLabel   *label,
           const char *words)
{
  gtk_label_set_label (label, words != NULL ? words : "");
  gtk_widget_set_visible (gtk_widget_get_parent (GTK_WIDGET (label)), words != NULL);
}

static void
changed_cb (CrownQuickAddBar *self)
{
  g_autoptr(CrownQuickAdd) task = NULL;
  g_autofree char *date = NULL;
  g_autofree char *due = NULL;
  g_autofree char *assignee = NULL;

  if (self->client != NULL && self->people == NULL)
    self->people = crown_client_list_people (self->client, NULL);
  task = parse (self);
  gtk_widget_set_visible (self->preview, task != NULL);
  if (task == NULL)
    {
      g_clear_pointer (&self->people, g_strfreev);
      return;
    }

  date = task->due != NULL ? crown_format_due (task->due) : NULL;
  due = date != NULL ? g_strdup_printf (_("due %s"), date) : NULL;
  /* Translators: who is to do the task that is being typed */
  assignee = task->assignee != NULL ? g_strdup_printf (_("for %s"), task->assignee) : NULL;
  show_chip (self->text, task->text);
  show_chip (self->assignee, assignee);
  show_chip (self->due, due);
  if (g_str_equal (task->priority, "medium"))
    show_chip (self->priority, NULL);
  else
    show_chip (self->priority, g_str_equal (task->priority, "high") ? _("High priority") : _("Low priority"));
}

static void
activate_cb (CrownQuickAddBar *self)
{
  g_autoptr(CrownQuickAdd) line = parse (self);
  CrownItem *meeting = gtk_drop_down_get_selected_item (self->meeting);
  g_autoptr(JsonObject) task = NULL;

  if (line == NULL || meeting == NULL)
    return;

  task = json_object_new ();
  json_object_set_int_member (task, "session_id", crown_item_get_id (meeting));
  json_object_set_string_member (task, "text", line->text);
  json_object_set_string_member (task, "priority", line->priority);
  if (line->due != NULL)
    json_object_set_string_member (task, "due_date", line->due);
  if (line->assignee != NULL)
    json_object_set_string_member (task, "assignee", line->assignee);
  crown_task_edit_create (GTK_WIDGET (self), self->client, task);
  gtk_editable_set_text (GTK_EDITABLE (self->entry), "");
}

static void
meeting_bind_cb (GtkSignalListItemFactory *factory,
                 GtkListItem              *list_item)
{
  CrownMeeting *meeting = crown_item_get_meeting (gtk_list_item_get_item (list_item));

  gtk_label_set_label (GTK_LABEL (gtk_list_item_get_child (list_item)), meeting != NULL ? meeting->title : "");
}

static void
meeting_setup_cb (GtkSignalListItemFactory *factory,
                  GtkListItem              *list_item)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 24);
  gtk_list_item_set_child (list_item, label);
}

static void
meetings_changed_cb (CrownQuickAddBar *self)
{
  gboolean any = g_list_model_get_n_items (G_LIST_MODEL (self->meetings)) > 0;

  gtk_widget_set_sensitive (GTK_WIDGET (self->entry), any);
  gtk_entry_set_placeholder_text (self->entry, any ? _("Send the deck to Ana by Friday !high")
                                                   : _("A task belongs to a meeting: import one first"));
}

/**
 * crown_quick_add_bar_set_client:
 * @client: where the task goes; once in the widget's life
 */
void
crown_quick_add_bar_set_client (CrownQuickAddBar *self,
                                CrownClient      *client)
{
  g_return_if_fail (CROWN_IS_QUICK_ADD_BAR (self));
  g_return_if_fail (self->client == NULL);

  self->client = g_object_ref (client);
  self->meetings = crown_list_model_new (client, CROWN_QUERY_MEETINGS);
  gtk_drop_down_set_model (self->meeting, G_LIST_MODEL (self->meetings));
  g_signal_connect_object (self->meetings, "items-changed", G_CALLBACK (meetings_changed_cb), self, G_CONNECT_SWAPPED);
  meetings_changed_cb (self);
}

static gboolean
crown_quick_add_bar_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (GTK_WIDGET (CROWN_QUICK_ADD_BAR (widget)->entry));
}

static void
crown_quick_add_bar_dispose (GObject *object)
{
  CrownQuickAddBar *self = CROWN_QUICK_ADD_BAR (object);

  g_clear_object (&self->meetings);
  g_clear_object (&self->client);
  g_clear_pointer (&self->people, g_strfreev);

  G_OBJECT_CLASS (crown_quick_add_bar_parent_class)->dispose (object);
}

static void
crown_quick_add_bar_class_init (CrownQuickAddBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = crown_quick_add_bar_dispose;
  widget_class->grab_focus = crown_quick_add_bar_grab_focus;

  gtk_widget_class_set_template_from_resource (widget_class, "/org/crown4/Dashboard/crown-quick-add-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, CrownQuickAddBar, entry);
  gtk_widget_class_bind_template_child (widget_class, CrownQuickAddBar, preview);
  gtk_widget_class_bind_template_child (widget_class, CrownQuickAddBar, text);
  gtk_widget_class_bind_template_child (widget_class, CrownQuickAddBar, assignee);
  gtk_widget_class_bind_template_child (widget_class, CrownQuickAddBar, due);
  gtk_widget_class_bind_template_child (widget_class, CrownQuickAddBar, priority);
  gtk_widget_class_bind_template_child (widget_class, CrownQuickAddBar, meeting);
  gtk_widget_class_bind_template_callback (widget_class, changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, activate_cb);
  gtk_widget_class_bind_template_callback (widget_class, meeting_setup_cb);
  gtk_widget_class_bind_template_callback (widget_class, meeting_bind_cb);
}

static void
crown_quick_add_bar_init (CrownQuickAddBar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_entry_set_max_length (self->entry, LINE_LENGTH_MAX);
}
