/* crown-item.h: one row of a list, loaded when it is looked at
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "client/crown-client.h"

G_BEGIN_DECLS

typedef enum {
  CROWN_ITEM_MEETING,
  CROWN_ITEM_TASK,
} CrownItemKind;

#define CROWN_TYPE_ITEM (crown_item_get_type ())

G_DECLARE_FINAL_TYPE (CrownItem, crown_item, CROWN, ITEM, GObject)

CrownItem    *crown_item_new         (CrownClient   *client,
                                      CrownItemKind  kind,
                                      gint64         id);
CrownClient  *crown_item_get_client  (CrownItem     *self);
gint64        crown_item_get_id      (CrownItem     *self);
CrownItemKind crown_item_get_kind    (CrownItem     *self);
CrownMeeting *crown_item_get_meeting (CrownItem     *self);
CrownTask    *crown_item_get_task    (CrownItem     *self);
void          crown_item_invalidate  (CrownItem     *self);

G_END_DECLS
