/* crown-task-detail.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-task-detail.h"

#include "crown-due-picker.h"
#include "crown-format.h"
#include "crown-person-picker.h"
#include "crown-task-edit.h"

#include <glib/gi18n.h>
#include <string.h>

/* In the order of the choice in crown-task-detail.ui. */
static const char *const priorities[] = { "high", "medium", "low" };

/**
 * CrownTaskDetail:
 *
 * One task. Each change is one command, that toasts and Ctrl+Z undo; what is shown is what the client reads, never what a
 * control was left at. Follows the cache; a task that goes leaves the empty page.
 */
struct _CrownTaskDetail
{
  AdwBin             parent_instance;

  CrownClient       *client;
  gint64             task_id;  /* 0: none chosen */
  gboolean           showing;  /* the controls are being set, not used */

  GtkStack          *stack;
  AdwEntryRow       *text;
  AdwComboRow       *priority;
  GtkMenuButton     *due;
  CrownDuePicker    *due_picker;
  GtkMenuButton     *assignee;
  CrownPersonPicker *person_picker;
  GtkButton         *tick;
  GtkButton         *cancel;
  GtkWidget         *origin;
  AdwActionRow      *meeting;
  AdwActionRow      *words;
  AdwActionRow      *confidence;
};

G_DEFINE_FINAL_TYPE (CrownTaskDetail, crown_task_detail, ADW_TYPE_BIN)

static void
edit (CrownTaskDetail *self,
      CrownTaskField   field,
      const char      *value)
{
  if (self->task_id != 0)
    crown_task_edit_set (GTK_WIDGET (self), self->client, &self->task_id, 1, field, value);
}

static void
show_origin (CrownTaskDetail *self,
             CrownTask       *task)
{
  g_autoptr(CrownMeeting) meeting = crown_client_load_meeting (self->client, task->session_id, NULL);
  g_autofree char *date = meeting != NULL ? crown_format_date (meeting->started_at != NULL ? meeting->started_at : meeting->created_at) : NULL;
  g_autoptr(GString) said = g_string_new (NULL);
  g_autofree char *position = NULL;
  g_autofree char *quote = NULL;
  g_autofree char *certainty = NULL;
  double start;
  gboolean heard = task->evidence_line >= 0;

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->meeting), meeting != NULL ? meeting->title : _("Not on this computer"));
  adw_action_row_set_subtitle (self->meeting, date != NULL ? date : "");
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->meeting), "(xx)", task->session_id, task->evidence_line);
  gtk_widget_set_sensitive (GTK_WIDGET (self->meeting), meeting != NULL);

  crown_format_append_fact (said, task->speaker);
  if (heard && crown_client_load_line_start (self->client, task->session_id, task->evidence_line, &start, NULL))
    position = crown_format_position (start);
  else if (heard)
    /* Translators: a line of a transcript */
    position = g_strdup_printf (_("line %d"), (int) task->evidence_line + 1);
  crown_format_append_fact (said, position);
  /* Translators: what somebody said, in the quotation marks of the language */
  quote = task->evidence_text != NULL ? g_strdup_printf (_("“%s”"), task->evidence_text) : NULL;
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->words), quote != NULL ? quote : "");
  adw_action_row_set_subtitle (self->words, said->str);
  gtk_widget_set_visible (GTK_WIDGET (self->words), quote != NULL || said->len > 0);

  certainty = g_strdup_printf (_("%d %%"), (int) (task->confidence * 100 + 0.5));
  adw_action_row_set_subtitle (self->confidence, certainty);
  gtk_widget_set_visible (GTK_WIDGET (self->confidence), heard && task->confidence > 0);
}

static void
crown_task_detail_show (CrownTaskDetail *self)
{
  g_autoptr(CrownTask) task = self->task_id != 0 ? crown_client_load_task (self->client, self->task_id, NULL) : NULL;
  g_autofree char *due = NULL;
  gboolean pending, cancelled;

  gtk_stack_set_visible_child_name (self->stack, task != NULL ? "task" : "none");
  if (task == NULL)
    return;

  self->task_id = task->id; /* one that was made here may have its own by now */
  self->showing = TRUE;
  pending = g_strcmp0 (task->status, "pending") == 0;
  cancelled = g_strcmp0 (task->status, "cancelled") == 0;

  /* What somebody is typing is theirs until they apply it. */
  if (g_strcmp0 (g_object_get_data (G_OBJECT (self->text), "shown"), task->text) != 0)
    {
      /* The text that was just applied is there already; set again, the row would think that it is to be applied again. */
      if (strcmp (gtk_editable_get_text (GTK_EDITABLE (self->text)), task->text) != 0)
        gtk_editable_set_text (GTK_EDITABLE (self->text), task->text);
      g_object_set_data_full (G_OBJECT (self->text), "shown", g_strdup (task->text), g_free);
    }
  for (guint i = 0; i < G_N_ELEMENTS (priorities); i++)
    if (g_strcmp0 (priorities[i], task->priority) == 0)
      adw_combo_row_set_selected (self->priority, i);
  due = task->due_date != NULL ? crown_format_due (task->due_date) : g_strdup (_("No date"));
  gtk_menu_button_set_label (self->due, due);
  crown_due_picker_set_day (self->due_picker, task->due_date);
  gtk_menu_button_set_label (self->assignee, task->assignee != NULL ? task->assignee : _("Nobody"));
  gtk_button_set_label (self->tick, pending ? _("C_omplete") : _("Re_open"));
  gtk_widget_set_visible (GTK_WIDGET (self->cancel), !cancelled);
  show_origin (self, task);
  self->showing = FALSE;
}

static void
text_apply_cb (CrownTaskDetail *self)
{
  g_autofree char *text = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->text))));

  if (*text != '\0')
    {
      edit (self, CROWN_TASK_TEXT, text);
      return;
    }
  gtk_widget_activate_action (GTK_WIDGET (self), "win.say", "s", _("A task needs words; it keeps the ones it had."));
  g_object_set_data (G_OBJECT (self->text), "shown", NULL);
  crown_task_detail_show (self);
}

static void
priority_cb (CrownTaskDetail *self)
{
  guint selected = adw_combo_row_get_selected (self->priority);

  if (!self->showing && selected < G_N_ELEMENTS (priorities))
    edit (self, CROWN_TASK_PRIORITY, priorities[selected]);
}

static void
due_picked_cb (CrownTaskDetail *self,
               const char      *day)
{
  edit (self, CROWN_TASK_DUE, day);
}

static void
person_picked_cb (CrownTaskDetail *self,
                  const char      *name)
{
  edit (self, CROWN_TASK_ASSIGNEE, name);
}

static void
tick_cb (CrownTaskDetail *self)
{
  g_autoptr(CrownTask) task = crown_client_load_task (self->client, self->task_id, NULL);

  if (task != NULL)
    edit (self, CROWN_TASK_STATUS, g_strcmp0 (task->status, "pending") == 0 ? "completed" : "pending");
}

static void
cancel_cb (CrownTaskDetail *self)
{
  edit (self, CROWN_TASK_STATUS, "cancelled");
}

static void
delete_cb (CrownTaskDetail *self)
{
  if (self->task_id != 0)
    crown_task_edit_delete (GTK_WIDGET (self), self->client, &self->task_id, 1);
}

static void
client_changed_cb (CrownTaskDetail *self,
                   CrownChangeSet  *changes)
{
  if (crown_change_set_touches (changes, CROWN_STORE_TASKS) || crown_change_set_touches (changes, CROWN_STORE_MEETINGS))
    crown_task_detail_show (self);
}

/**
 * crown_task_detail_set_client:
 * @client: where to read and write; once in the widget's life
 */
void
crown_task_detail_set_client (CrownTaskDetail *self,
                              CrownClient     *client)
{
  g_return_if_fail (CROWN_IS_TASK_DETAIL (self));
  g_return_if_fail (self->client == NULL);

  self->client = g_object_ref (client);
  crown_person_picker_set_client (self->person_picker, client);
  g_signal_connect_object (client, "changed", G_CALLBACK (client_changed_cb), self, G_CONNECT_SWAPPED);
}

/**
 * crown_task_detail_set_task:
 * @task_id: which one; 0 for none
 */
void
crown_task_detail_set_task (CrownTaskDetail *self,
                            gint64           task_id)
{
  g_return_if_fail (CROWN_IS_TASK_DETAIL (self));

  if (self->task_id == task_id)
    return;

  self->task_id = task_id;
  g_object_set_data (G_OBJECT (self->text), "shown", NULL);
  crown_task_detail_show (self);
}

/**
 * crown_task_detail_get_task:
 *
 * Returns: the id of the task that is shown; 0 for none
 */
gint64
crown_task_detail_get_task (CrownTaskDetail *self)
{
  g_return_val_if_fail (CROWN_IS_TASK_DETAIL (self), 0);

  return self->task_id;
}

/**
 * crown_task_detail_edit_text:
 *
 * Gives the keyboard to the task's words.
 */
void
crown_task_detail_edit_text (CrownTaskDetail *self)
{
  g_return_if_fail (CROWN_IS_TASK_DETAIL (self));

  gtk_widget_grab_focus (GTK_WIDGET (self->text));
}

static void
crown_task_detail_dispose (GObject *object)
{
  g_clear_object (&CROWN_TASK_DETAIL (object)->client);

  G_OBJECT_CLASS (crown_task_detail_parent_class)->dispose (object);
}

static void
crown_task_detail_class_init (CrownTaskDetailClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = crown_task_detail_dispose;
  g_type_ensure (CROWN_TYPE_DUE_PICKER);
  g_type_ensure (CROWN_TYPE_PERSON_PICKER);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/crown4/Dashboard/crown-task-detail.ui");
  gtk_widget_class_bind_template_child (widget_class, CrownTaskDetail, stack);
  gtk_widget_class_bind_template_child (widget_class, CrownTaskDetail, text);
  gtk_widget_class_bind_template_child (widget_class, CrownTaskDetail, priority);
  gtk_widget_class_bind_template_child (widget_class, CrownTaskDetail, due);
  gtk_widget_class_bind_template_child (widget_class, CrownTaskDetail, due_picker);
  gtk_widget_class_bind_template_child (widget_class, CrownTaskDetail, assignee);
  gtk_widget_class_bind_template_child (widget_class, CrownTaskDetail, person_picker);
  gtk_widget_class_bind_template_child (widget_class, CrownTaskDetail, tick);
  gtk_widget_class_bind_template_child (widget_class, CrownTaskDetail, cancel);
  gtk_widget_class_bind_template_child (widget_class, CrownTaskDetail, origin);
  gtk_widget_class_bind_template_child (widget_class, CrownTaskDetail, meeting);
  gtk_widget_class_bind_template_child (widget_class, CrownTaskDetail, words);
  gtk_widget_class_bind_template_child (widget_class, CrownTaskDetail, confidence);
  gtk_widget_class_bind_template_callback (widget_class, text_apply_cb);
  gtk_widget_class_bind_template_callback (widget_class, priority_cb);
  gtk_widget_class_bind_template_callback (widget_class, due_picked_cb);
  gtk_widget_class_bind_template_callback (widget_class, person_picked_cb);
  gtk_widget_class_bind_template_callback (widget_class, tick_cb);
  gtk_widget_class_bind_template_callback (widget_class, cancel_cb);
  gtk_widget_class_bind_template_callback (widget_class, delete_cb);
}

static void
crown_task_detail_init (CrownTaskDetail *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
