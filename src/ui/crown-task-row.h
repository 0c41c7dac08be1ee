/* crown-task-row.h: a task in a list, tickable
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-item.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define CROWN_TYPE_TASK_ROW (crown_task_row_get_type ())

G_DECLARE_FINAL_TYPE (CrownTaskRow, crown_task_row, CROWN, TASK_ROW, GtkWidget)

GtkListItemFactory *crown_task_row_factory_new (gboolean with_meeting);

GtkWidget          *crown_task_row_new         (CrownItem *item);

G_END_DECLS
