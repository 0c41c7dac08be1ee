/* crown-task-edit.h: what a person does to tasks, one or many, as commands that can be undone
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "client/crown-client.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef enum {
  CROWN_TASK_TEXT,
  CROWN_TASK_STATUS,
  CROWN_TASK_PRIORITY,
  CROWN_TASK_DUE,
  CROWN_TASK_ASSIGNEE,
  CROWN_N_TASK_FIELDS
} CrownTaskField;

const char *crown_task_get_field   (CrownTask      *task,
                                    CrownTaskField  field);
void        crown_task_edit_set    (GtkWidget      *where,
                                    CrownClient    *client,
                                    const gint64   *ids,
                                    guint           n_ids,
                                    CrownTaskField  field,
                                    const char     *value);
void        crown_task_edit_delete (GtkWidget      *where,
                                    CrownClient    *client,
                                    const gint64   *ids,
                                    guint           n_ids);
void        crown_task_edit_create (GtkWidget      *where,
                                    CrownClient    *client,
                                    JsonObject     *task);

G_END_DECLS
