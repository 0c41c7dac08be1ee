/* crown-quick-add-bar.h: the entry that makes a task of one line, and says what it understood
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "client/crown-client.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define CROWN_TYPE_QUICK_ADD_BAR (crown_quick_add_bar_get_type ())

G_DECLARE_FINAL_TYPE (CrownQuickAddBar, crown_quick_add_bar, CROWN, QUICK_ADD_BAR, AdwBin)

void crown_quick_add_bar_set_client (CrownQuickAddBar *self,
                                     CrownClient      *client);

G_END_DECLS
