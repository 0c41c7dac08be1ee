/* crown-undo-stack.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-undo-stack.h"

#include <glib/gi18n.h>

#define STEPS_MAX 100

/* One row of a command. */
typedef struct {
  gint64          id;
  CrownWriteFunc  apply;
  JsonObject     *after;  /* (nullable) */
  CrownWriteFunc  revert;
  JsonObject     *before; /* (nullable) */
  char           *written; /* (nullable): the mutation_id of what was written last */
} Change;

struct _CrownCommand
{
  guint  serial; /* of the stack that did it */
  char  *title;
  char  *done;
  GArray *changes; /* Change */
  guint  n_running; /* of its writes, on their way to the disk */
};

/**
 * CrownUndoStack:
 *
 * What was done to the rows of one client in this process, whichever window it was done in.
 *
 * What has not been sent is withdrawn; what has been is taken back by the opposite write through the outbox: both work
 * offline and show at once. A command leaves the list it is on when it is undone or redone, not when its writes are on the
 * disk: what keeps one of them from getting there is said, and the writes behind it keep their order anyway.
 *
 * A row that is made has another id each time; all commands of the stack follow it.
 *
 * "changed" says that what would be undone or redone is another.
 */
struct _CrownUndoStack
{
  GObject      parent_instance;

  CrownClient *client;      /* not owned: it owns this */
  GQueue       undo;        /* CrownCommand, the last one at the tail */
  GQueue       redo;
  guint        last_serial;
};

enum {
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CrownUndoStack, crown_undo_stack, G_TYPE_OBJECT)

static void
change_clear (gpointer data)
{
  Change *change = data;

  g_clear_pointer (&change->after, json_object_unref);
  g_clear_pointer (&change->before, json_object_unref);
  g_clear_pointer (&change->written, g_free);
}

/**
 * crown_command_new:
 * @title: what it is called behind "Undo": "Complete Task"
 * @done: what is said when it is done: "Task completed"
 *
 * Returns: (transfer full): a command that changes nothing yet
 */
CrownCommand *
crown_command_new (const char *title,
                   const char *done)
{
  CrownCommand *self = g_rc_box_new0 (CrownCommand);

  self->title = g_strdup (title);
  self->done = g_strdup (done);
  self->changes = g_array_new (FALSE, FALSE, sizeof (Change));
  g_array_set_clear_func (self->changes, change_clear);
  return self;
}

CrownCommand *
crown_command_ref (CrownCommand *self)
{
  return g_rc_box_acquire (self);
}

static void
crown_command_clear (gpointer data)
{
  CrownCommand *self = data;

  g_free (self->title);
  g_free (self->done);
  g_array_unref (self->changes);
}

void
crown_command_unref (CrownCommand *self)
{
  g_rc_box_release_full (self, crown_command_clear);
}

/**
 * crown_command_add:
 * @id: the row that is changed; 0 for one that is made
 * @apply: the write that does it
 * @after: (nullable): its values
 * @revert: the write that takes it back
 * @before: (nullable): its values
 */
void
crown_command_add (CrownCommand   *self,
                   gint64          id,
                   CrownWriteFunc  apply,
                   JsonObject     *after,
                   CrownWriteFunc  revert,
                   JsonObject     *before)
{
  Change change = { id, apply, NULL, revert, NULL, NULL };

  if (after != NULL)
    change.after = json_object_ref (after);
  if (before != NULL)
    change.before = json_object_ref (before);
  g_array_append_val (self->changes, change);
}

/**
 * crown_command_get_size:
 *
 * Returns: how many rows it changes
 */
guint
crown_command_get_size (CrownCommand *self)
{
  return self->changes->len;
}

/* The writes of one step, on their way to the disk. */
typedef struct {
  CrownUndoStack *stack;   /* (owned) */
  CrownCommand   *command; /* (owned) */
  GtkWidget      *window;  /* (nullable) weak */
  gboolean        undoing;
  char           *said;    /* when all is well */
  guint           n_failed;
  char           *reason;  /* (nullable): of the first that failed */
} Step;

static void
step_free (Step *step)
{
  g_clear_weak_pointer (&step->window);
  g_clear_object (&step->stack);
  g_clear_pointer (&step->command, crown_command_unref);
  g_free (step->said);
  g_free (step->reason);
  g_free (step);
}

static void
say (Step *step)
{
  guint n = step->command->changes->len;
  g_autofree char *report = NULL;

  if (step->window == NULL)
    return;

  if (step->n_failed > 0 && n > 1)
    /* Translators: how many failed of how many, and the reason of the first */
    report = g_strdup_printf (ngettext ("%u of %u change could not be kept: %s", "%u of %u changes could not be kept: %s", n),
                              step->n_failed, n, step->reason);
  else if (step->n_failed > 0)
    report = g_strdup (step->reason);

  if (report != NULL)
    gtk_widget_activate_action (step->window, "win.say", "s", report);
  else if (step->undoing)
    gtk_widget_activate_action (step->window, "win.say", "s", step->said);
  else
    gtk_widget_activate_action (step->window, "win.say-undo", "(us)", step->command->serial, step->said);
}

static gboolean
forget (GQueue       *queue,
        CrownCommand *command)
{
  if (!g_queue_remove (queue, command))
    return FALSE;
  crown_command_unref (command);
  return TRUE;
}

static void
rename_row (GQueue *queue,
            gint64  from,
            gint64  to)
{
  for (GList *l = queue->head; l != NULL; l = l->next)
    {
      CrownCommand *command = l->data;

      for (guint i = 0; i < command->changes->len; i++)
        {
          Change *change = &g_array_index (command->changes, Change, i);

          if (change->id == from)
            change->id = to;
        }
    }
}

/* One write of a step, or the withdrawal of one. */
typedef struct {
  Step  *step;
  guint  index; /* of the change */
} Write;

/* @error: (nullable): why it was not kept */
static void
one_done (Step         *step,
          const GError *error)
{
  if (error != NULL)
    {
      step->n_failed++;
      if (step->reason == NULL)
        step->reason = g_strdup (error->message);
    }
  if (--step->command->n_running > 0)
    return;

  /* What was not done at all cannot be undone. */
  if (!step->undoing && step->n_failed == step->command->changes->len && forget (&step->stack->undo, step->command))
    g_signal_emit (step->stack, signals[CHANGED], 0);
  say (step);
  step_free (step);
}

static void
written_cb (GObject      *client,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autofree Write *write = user_data;
  Step *step = write->step;
  Change *change = &g_array_index (step->command->changes, Change, write->index);
  g_autoptr(GError) error = NULL;
  gint64 id;

  g_clear_pointer (&change->written, g_free);
  id = crown_client_write_finish_full (CROWN_CLIENT (client), result, &change->written, &error);
  if (id != 0 && id != change->id)
    {
      if (change->id != 0)
        {
          gint64 old = change->id;

          rename_row (&step->stack->undo, old, id);
          rename_row (&step->stack->redo, old, id);
        }
      change->id = id;
    }
  one_done (step, error);
}

static void
write_change (Write *write)
{
  Step *step = write->step;
  Change *change = &g_array_index (step->command->changes, Change, write->index);

  if (step->undoing)
    change->revert (step->stack->client, change->id, change->before, written_cb, write);
  else
    change->apply (step->stack->client, change->id, change->after, written_cb, write);
}

static void
withdrawn_cb (GObject      *client,
              GAsyncResult *result,
              gpointer      user_data)
{
  Write *write = user_data;

  /* It was sent already, or confirmed: then the opposite has to be written. */
  if (!crown_client_change_write_finish (CROWN_CLIENT (client), result, NULL))
    {
      write_change (write);
      return;
    }
  one_done (write->step, NULL);
  g_free (write);
}

static void
run (CrownUndoStack *self,
     CrownCommand   *command,
     gboolean        undoing,
     GtkWidget      *where,
     char           *said)
{
  Step *step = g_new0 (Step, 1);
  guint n = command->changes->len;

  step->stack = g_object_ref (self);
  step->command = crown_command_ref (command);
  step->undoing = undoing;
  step->said = said;
  command->n_running = n;
  /* The widget may be a row that is gone when the disk has answered. */
  g_set_weak_pointer (&step->window, where != NULL ? GTK_WIDGET (gtk_widget_get_root (where)) : NULL);

  for (guint i = 0; i < n; i++)
    {
      Write *write = g_new (Write, 1);
      Change *change;

      write->step = step;
      write->index = undoing ? n - 1 - i : i;
      change = &g_array_index (command->changes, Change, write->index);
      if (change->written != NULL)
        {
          g_autofree char *written = g_steal_pointer (&change->written);

          crown_client_withdraw_async (self->client, written, withdrawn_cb, write);
        }
      else
        write_change (write);
    }
}

static void
push (GQueue       *queue,
      CrownCommand *command)
{
  g_queue_push_tail (queue, command);
  if (g_queue_get_length (queue) > STEPS_MAX)
    crown_command_unref (g_queue_pop_head (queue));
}

static void
clear (GQueue *queue)
{
  g_queue_clear_full (queue, (GDestroyNotify) crown_command_unref);
}

/**
 * crown_undo_stack_do:
 * @command: what is to be done; one without changes is nothing
 * @where: (nullable): a widget of the window that is told what became of it, by `win.say-undo` and `win.say`
 *
 * Does it and remembers it. What was undone before cannot be done again any more.
 */
void
crown_undo_stack_do (CrownUndoStack *self,
                     CrownCommand   *command,
                     GtkWidget      *where)
{
  g_return_if_fail (CROWN_IS_UNDO_STACK (self));

  if (command->changes->len == 0)
    return;

  command->serial = ++self->last_serial;
  push (&self->undo, crown_command_ref (command));
  clear (&self->redo);
  g_signal_emit (self, signals[CHANGED], 0);
  run (self, command, FALSE, where, g_strdup (command->done));
}

/* @command: (transfer full) */
static void
take_back (CrownUndoStack *self,
           CrownCommand   *command,
           GtkWidget      *where)
{
  push (&self->redo, command);
  g_signal_emit (self, signals[CHANGED], 0);
  /* Translators: what was undone: "Undone: Complete Task" */
  run (self, command, TRUE, where, g_strdup_printf (_("Undone: %s"), command->title));
}

/**
 * crown_undo_stack_undo:
 * @where: (nullable): as in crown_undo_stack_do()
 *
 * Takes the last command back; nothing where there is none.
 */
void
crown_undo_stack_undo (CrownUndoStack *self,
                       GtkWidget      *where)
{
  CrownCommand *command;

  g_return_if_fail (CROWN_IS_UNDO_STACK (self));

  command = g_queue_peek_tail (&self->undo);
  if (command != NULL && command->n_running == 0) /* in a moment it is done, and can be undone */
    take_back (self, g_queue_pop_tail (&self->undo), where);
}

/**
 * crown_undo_stack_undo_one:
 * @serial: which one, as `win.say-undo` was told; one that is undone already, or forgotten, is nothing
 * @where: (nullable): as in crown_undo_stack_do()
 *
 * Takes one command back, although others were done after it: a toast means what it says, however long it stands.
 */
void
crown_undo_stack_undo_one (CrownUndoStack *self,
                           guint           serial,
                           GtkWidget      *where)
{
  g_return_if_fail (CROWN_IS_UNDO_STACK (self));

  for (GList *l = self->undo.tail; l != NULL; l = l->prev)
    {
      CrownCommand *command = l->data;

      if (command->serial != serial || command->n_running > 0)
        continue;
      g_queue_delete_link (&self->undo, l);
      take_back (self, command, where);
      return;
    }
}

/**
 * crown_undo_stack_redo:
 * @where: (nullable): as in crown_undo_stack_do()
 *
 * Does again what was undone last; nothing where there is none.
 */
void
crown_undo_stack_redo (CrownUndoStack *self,
                       GtkWidget      *where)
{
  CrownCommand *command;

  g_return_if_fail (CROWN_IS_UNDO_STACK (self));

  command = g_queue_peek_tail (&self->redo);
  if (command == NULL || command->n_running > 0)
    return;
  g_queue_pop_tail (&self->redo);
  push (&self->undo, command);
  g_signal_emit (self, signals[CHANGED], 0);
  run (self, command, FALSE, where, g_strdup (command->done));
}

static const char *
title_of_last (GQueue *queue)
{
  CrownCommand *command = g_queue_peek_tail (queue);

  return command != NULL ? command->title : NULL;
}

/**
 * crown_undo_stack_get_undo_title:
 *
 * Returns: (nullable): what crown_undo_stack_undo() would undo
 */
const char *
crown_undo_stack_get_undo_title (CrownUndoStack *self)
{
  g_return_val_if_fail (CROWN_IS_UNDO_STACK (self), NULL);

  return title_of_last (&self->undo);
}

/**
 * crown_undo_stack_get_redo_title:
 *
 * Returns: (nullable): what crown_undo_stack_redo() would do again
 */
const char *
crown_undo_stack_get_redo_title (CrownUndoStack *self)
{
  g_return_val_if_fail (CROWN_IS_UNDO_STACK (self), NULL);

  return title_of_last (&self->redo);
}

/**
 * crown_undo_stack_of:
 * @client: whose rows are changed
 *
 * Every window of a process that shows the rows of @client has the same stack: what was done in one can be undone in
 * another.
 *
 * Returns: (transfer none): the stack; it lives as long as @client
 */
CrownUndoStack *
crown_undo_stack_of (CrownClient *client)
{
  static const char key[] = "crown-undo-stack";
  CrownUndoStack *self = g_object_get_data (G_OBJECT (client), key);

  if (self != NULL)
    return self;
  self = g_object_new (CROWN_TYPE_UNDO_STACK, NULL);
  self->client = client;
  g_object_set_data_full (G_OBJECT (client), key, self, g_object_unref);
  return self;
}

static void
crown_undo_stack_finalize (GObject *object)
{
  CrownUndoStack *self = CROWN_UNDO_STACK (object);

  clear (&self->undo);
  clear (&self->redo);

  G_OBJECT_CLASS (crown_undo_stack_parent_class)->finalize (object);
}

static void
crown_undo_stack_class_init (CrownUndoStackClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = crown_undo_stack_finalize;

  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                   NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
crown_undo_stack_init (CrownUndoStack *self)
{
  g_queue_init (&self->undo);
  g_queue_init (&self->redo);
}
