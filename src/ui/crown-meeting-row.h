/* crown-meeting-row.h: a meeting in a list
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-list-page.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define CROWN_TYPE_MEETING_ROW (crown_meeting_row_get_type ())

G_DECLARE_FINAL_TYPE (CrownMeetingRow, crown_meeting_row, CROWN, MEETING_ROW, GtkWidget)

GtkListItemFactory *crown_meeting_row_factory_new (CrownListPage *page,
                                                   gboolean       archived);

G_END_DECLS
