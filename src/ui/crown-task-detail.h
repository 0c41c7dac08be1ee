/* crown-task-detail.h: one task: what of it can be changed, where it comes from, and what became of it
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "client/crown-client.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define CROWN_TYPE_TASK_DETAIL (crown_task_detail_get_type ())

G_DECLARE_FINAL_TYPE (CrownTaskDetail, crown_task_detail, CROWN, TASK_DETAIL, AdwBin)

void   crown_task_detail_set_client (CrownTaskDetail *self,
                                     CrownClient     *client);
void   crown_task_detail_set_task   (CrownTaskDetail *self,
                                     gint64           task_id);
gint64 crown_task_detail_get_task   (CrownTaskDetail *self);
void   crown_task_detail_edit_text  (CrownTaskDetail *self);

G_END_DECLS
