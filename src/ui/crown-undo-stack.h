/* crown-undo-stack.h: what was done, to be undone and done again
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "client/crown-client.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * CrownWriteFunc:
 * @id: of the row; not looked at by what makes one
 * @values: (nullable): what is written into it
 *
 * A write of #CrownClient, ended by crown_client_write_finish_full(). crown_client_update_task_async() is one as it stands.
 */
typedef void (*CrownWriteFunc) (CrownClient         *client,
                                gint64               id,
                                JsonObject          *values,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data);

/**
 * CrownCommand:
 *
 * One thing that a person does, to one row or to many: what the menus call it, what is said when it is done, and for each
 * row the write that does it and the one that takes it back. Used on one thread.
 */
typedef struct _CrownCommand CrownCommand;

CrownCommand   *crown_command_new       (const char     *title,
                                         const char     *done);
CrownCommand   *crown_command_ref       (CrownCommand   *self);
void            crown_command_unref     (CrownCommand   *self);
void            crown_command_add       (CrownCommand   *self,
                                         gint64          id,
                                         CrownWriteFunc  apply,
                                         JsonObject     *after,
                                         CrownWriteFunc  revert,
                                         JsonObject     *before);
guint           crown_command_get_size  (CrownCommand   *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownCommand, crown_command_unref)

#define CROWN_TYPE_UNDO_STACK (crown_undo_stack_get_type ())

G_DECLARE_FINAL_TYPE (CrownUndoStack, crown_undo_stack, CROWN, UNDO_STACK, GObject)

CrownUndoStack *crown_undo_stack_of              (CrownClient    *client);
void            crown_undo_stack_do              (CrownUndoStack *self,
                                                  CrownCommand   *command,
                                                  GtkWidget      *where);
void            crown_undo_stack_undo            (CrownUndoStack *self,
                                                  GtkWidget      *where);
void            crown_undo_stack_undo_one        (CrownUndoStack *self,
                                                  guint           serial,
                                                  GtkWidget      *where);
void            crown_undo_stack_redo            (CrownUndoStack *self,
                                                  GtkWidget      *where);
const char     *crown_undo_stack_get_undo_title  (CrownUndoStack *self);
const char     *crown_undo_stack_get_redo_title  (CrownUndoStack *self);

G_END_DECLS
