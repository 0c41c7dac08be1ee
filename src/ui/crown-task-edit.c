/* crown-task-edit.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-task-edit.h"

#include "core/crown-json.h"
#include "crown-undo-stack.h"

#include <glib/gi18n.h>

#define PLURAL_(one, many) one, many /* marked for translation, as N_() marks one text */

/* What a change is called, of one task and of %u. The first line that has the field and the value, or no value, says it. */
typedef struct {
  CrownTaskField  field;
  const char     *value; /* (nullable): any */
  const char     *title;
  const char     *titles;
  const char     *done;
  const char     *dones;
} Wording;

static const Wording wordings[] = {
  { CROWN_TASK_STATUS, "completed", PLURAL_ ("Complete Task", "Complete %u Tasks"), PLURAL_ ("Task completed", "%u tasks completed") },
  { CROWN_TASK_STATUS, "cancelled", PLURAL_ ("Cancel Task", "Cancel %u Tasks"), PLURAL_ ("Task cancelled", "%u tasks cancelled") },
  { CROWN_TASK_STATUS, NULL, PLURAL_ ("Reopen Task", "Reopen %u Tasks"), PLURAL_ ("Task reopened", "%u tasks reopened") },
  { CROWN_TASK_TEXT, NULL, PLURAL_ ("Change Text", "Change Text of %u Tasks"), PLURAL_ ("Text changed", "Text of %u tasks changed") },
  { CROWN_TASK_PRIORITY, NULL, PLURAL_ ("Change Priority", "Change Priority of %u Tasks"),
    PLURAL_ ("Priority changed", "Priority of %u tasks changed") },
  { CROWN_TASK_DUE, NULL, PLURAL_ ("Change Due Date", "Change Due Date of %u Tasks"),
    PLURAL_ ("Due date changed", "Due date of %u tasks changed") },
  { CROWN_TASK_ASSIGNEE, NULL, PLURAL_ ("Assign Task", "Assign %u Tasks"), PLURAL_ ("Task assigned", "%u tasks assigned") },
};
static const Wording wording_of_delete = { CROWN_N_TASK_FIELDS, NULL, PLURAL_ ("Delete Task", "Delete %u Tasks"),
                                           PLURAL_ ("Task deleted", "%u tasks deleted") };

static const struct {
  const char *member; /* of the row */
  gsize       offset; /* of the struct */
} fields[CROWN_N_TASK_FIELDS] = {
  [CROWN_TASK_TEXT] = { "text", G_STRUCT_OFFSET (CrownTask, text) },
  [CROWN_TASK_STATUS] = { "status", G_STRUCT_OFFSET (CrownTask, status) },
  [CROWN_TASK_PRIORITY] = { "priority", G_STRUCT_OFFSET (CrownTask, priority) },
  [CROWN_TASK_DUE] = { "due_date", G_STRUCT_OFFSET (CrownTask, due_date) },
  [CROWN_TASK_ASSIGNEE] = { "assignee", G_STRUCT_OFFSET (CrownTask, assignee) },
};

/**
 * crown_task_get_field:
 *
 * Returns: (nullable): what @task has there
 */
const char *
crown_task_get_field (CrownTask      *task,
                      CrownTaskField  field)
{
  return G_STRUCT_MEMBER (const char *, task, fields[field].offset);
}

static char *
with_number (const char *text,
             guint       n)
{
  g_autoptr(GString) words = g_string_new (text);
  g_autofree char *number = g_strdup_printf ("%u", n);

  g_string_replace (words, "%u", number, 0);
  return g_string_free (g_steal_pointer (&words), FALSE);
}

static CrownCommand *
command_new (const Wording *wording,
             guint          n)
{
  g_autofree char *title = with_number (ngettext (wording->title, wording->titles, n), n);
  g_autofree char *done = with_number (ngettext (wording->done, wording->dones, n), n);

  return crown_command_new (title, done);
}

static const Wording *
wording_of (CrownTaskField  field,
            const char     *value)
{
  const Wording *wording = wordings;

  while (wording->field != field || (wording->value != NULL && g_strcmp0 (wording->value, value) != 0))
    wording++;
  return wording;
}

static void
set_member (JsonObject *row,
            const char *member,
            const char *value)
{
  if (value != NULL)
    json_object_set_string_member (row, member, value);
  else
    json_object_set_null_member (row, member);
}

static JsonObject *
one_member (const char *member,
            const char *value)
{
  JsonObject *values = json_object_new ();

  set_member (values, member, value);
  return values;
}

/* (element-type CrownTask): those of @ids that are there */
static GPtrArray *
load_tasks (CrownClient  *client,
            const gint64 *ids,
            guint         n_ids)
{
  GPtrArray *tasks = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_task_unref);

  for (guint i = 0; i < n_ids; i++)
    {
      CrownTask *task = crown_client_load_task (client, ids[i], NULL);

      if (task != NULL)
        g_ptr_array_add (tasks, task);
    }
  return tasks;
}

/**
 * crown_task_edit_set:
 * @where: a widget of the window that is told
 * @ids: (array length=n_ids): which tasks
 * @field: what is changed
 * @value: (nullable): to what; a person or a day may be %NULL
 *
 * One command, whose undo gives each task what it had; tasks that have @value already are not in it.
 */
void
crown_task_edit_set (GtkWidget      *where,
                     CrownClient    *client,
                     const gint64   *ids,
                     guint           n_ids,
                     CrownTaskField  field,
                     const char     *value)
{
  g_autoptr(GPtrArray) tasks = load_tasks (client, ids, n_ids);
  g_autoptr(JsonObject) after = one_member (fields[field].member, value);
  g_autoptr(CrownCommand) command = NULL;

  for (guint i = tasks->len; i > 0; i--)
    if (g_strcmp0 (crown_task_get_field (tasks->pdata[i - 1], field), value) == 0)
      g_ptr_array_remove_index (tasks, i - 1);

  command = command_new (wording_of (field, value), tasks->len);
  for (guint i = 0; i < tasks->len; i++)
    {
      CrownTask *task = tasks->pdata[i];
      g_autoptr(JsonObject) before = one_member (fields[field].member, crown_task_get_field (task, field));

      crown_command_add (command, task->id, crown_client_update_task_async, after, crown_client_update_task_async, before);
    }
  crown_undo_stack_do (crown_undo_stack_of (client), command, where);
}

static void
delete_async (CrownClient         *client,
              gint64               id,
              JsonObject          *values,
              GAsyncReadyCallback  callback,
              gpointer             user_data)
{
  crown_client_delete_task_async (client, id, callback, user_data);
}

static void
create_async (CrownClient         *client,
              gint64               id,
              JsonObject          *values,
              GAsyncReadyCallback  callback,
              gpointer             user_data)
{
  crown_client_create_task_async (client, values, callback, user_data);
}

/* What makes @task anew, with where it comes from. */
static JsonObject *
values_of (CrownTask *task)
{
  JsonObject *values = json_object_new ();

  json_object_set_int_member (values, "session_id", task->session_id);
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    set_member (values, fields[i].member, crown_task_get_field (task, (CrownTaskField) i));
  set_member (values, "speaker", task->speaker);
  set_member (values, "evidence_text", task->evidence_text);
  json_object_set_int_member (values, "evidence_line", task->evidence_line);
  json_object_set_double_member (values, "confidence", task->confidence);
  return values;
}

/**
 * crown_task_edit_delete:
 * @where: a widget of the window that is told
 * @ids: (array length=n_ids): which tasks
 *
 * One command, whose undo makes them anew, under other ids, where they were deleted on the server already.
 */
void
crown_task_edit_delete (GtkWidget    *where,
                        CrownClient  *client,
                        const gint64 *ids,
                        guint         n_ids)
{
  g_autoptr(GPtrArray) tasks = load_tasks (client, ids, n_ids);
  g_autoptr(CrownCommand) command = command_new (&wording_of_delete, tasks->len);

  for (guint i = 0; i < tasks->len; i++)
    {
      CrownTask *task = tasks->pdata[i];
      g_autoptr(JsonObject) before = values_of (task);

      crown_command_add (command, task->id, delete_async, NULL, create_async, before);
    }
  crown_undo_stack_do (crown_undo_stack_of (client), command, where);
}

/**
 * crown_task_edit_create:
 * @where: a widget of the window that is told
 * @task: as for crown_client_create_task_async()
 */
void
crown_task_edit_create (GtkWidget   *where,
                        CrownClient *client,
                        JsonObject  *task)
{
  g_autoptr(CrownCommand) command = crown_command_new (_("Add Task"), _("Task added"));

  crown_command_add (command, 0, create_async, task, delete_async, NULL);
  crown_undo_stack_do (crown_undo_stack_of (client), command, where);
}
