/* crown-tasks-page.h: the tasks, by when they are due
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-list-page.h"

G_BEGIN_DECLS

#define CROWN_TYPE_TASKS_PAGE (crown_tasks_page_get_type ())

G_DECLARE_FINAL_TYPE (CrownTasksPage, crown_tasks_page, CROWN, TASKS_PAGE, AdwBin)

void crown_tasks_page_fill     (CrownTasksPage *self,
                                CrownClient    *client);
void crown_tasks_page_open     (CrownTasksPage *self,
                                gint64          task_id);
void crown_tasks_page_set_text (CrownTasksPage *self,
                                const char     *text);

G_END_DECLS
