/* crown-meeting-detail.h: all of one meeting
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "client/crown-client.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define CROWN_TYPE_MEETING_DETAIL (crown_meeting_detail_get_type ())

G_DECLARE_FINAL_TYPE (CrownMeetingDetail, crown_meeting_detail, CROWN, MEETING_DETAIL, AdwBin)

void crown_meeting_detail_set_client  (CrownMeetingDetail *self,
                                       CrownClient        *client);
void crown_meeting_detail_set_meeting (CrownMeetingDetail *self,
                                       gint64              meeting_id);
void crown_meeting_detail_show_line   (CrownMeetingDetail *self,
                                       gint64              line);

G_END_DECLS
