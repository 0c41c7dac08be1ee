/* crown-meetings-page.h: the meetings, or the archived ones: found, ordered, chosen, and many of them changed at once
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "client/crown-client.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define CROWN_TYPE_MEETINGS_PAGE (crown_meetings_page_get_type ())

G_DECLARE_FINAL_TYPE (CrownMeetingsPage, crown_meetings_page, CROWN, MEETINGS_PAGE, AdwBin)

void        crown_meetings_page_fill         (CrownMeetingsPage *self,
                                              CrownClient       *client);
GListModel *crown_meetings_page_get_model    (CrownMeetingsPage *self);
void        crown_meetings_page_set_text     (CrownMeetingsPage *self,
                                              const char        *text);
void        crown_meetings_page_show_only    (CrownMeetingsPage *self,
                                              const char        *person,
                                              const char        *from,
                                              const char        *until,
                                              const char        *words);
gint64      crown_meetings_page_get_selected (CrownMeetingsPage *self);
gboolean    crown_meetings_page_select       (CrownMeetingsPage *self,
                                              gint64             meeting_id);
gboolean    crown_meetings_page_is_filtered  (CrownMeetingsPage *self);
gboolean    crown_meetings_page_is_painted   (CrownMeetingsPage *self);

G_END_DECLS
