/* crown-list-model.h: the answer to a query as a GListModel that follows the cache
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-item.h"

G_BEGIN_DECLS

#define CROWN_TYPE_LIST_MODEL (crown_list_model_get_type ())

G_DECLARE_FINAL_TYPE (CrownListModel, crown_list_model, CROWN, LIST_MODEL, GObject)

CrownListModel *crown_list_model_new            (CrownClient    *client,
                                                 CrownQueryKind  kind);
void            crown_list_model_set_text       (CrownListModel *self,
                                                 const char     *text);
void            crown_list_model_set_filter     (CrownListModel *self,
                                                 const char     *status,
                                                 const char     *due_from,
                                                 const char     *due_until);
void            crown_list_model_set_meetings   (CrownListModel   *self,
                                                 const CrownQuery *filter);
gboolean        crown_list_model_is_by_day      (CrownListModel *self);
GArray         *crown_list_model_get_ids        (CrownListModel *self);
void            crown_list_model_set_session_id (CrownListModel *self,
                                                 gint64          session_id);
void            crown_list_model_set_limit      (CrownListModel *self,
                                                 guint           limit);
gboolean        crown_list_model_is_limited     (CrownListModel *self);

G_END_DECLS
