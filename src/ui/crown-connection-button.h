/* crown-connection-button.h: how the connection is, in the header bar
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-session.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define CROWN_TYPE_CONNECTION_BUTTON (crown_connection_button_get_type ())

G_DECLARE_FINAL_TYPE (CrownConnectionButton, crown_connection_button, CROWN, CONNECTION_BUTTON, AdwBin)

void crown_connection_button_set_session (CrownConnectionButton *self,
                                          CrownSession          *session);
void crown_connection_button_set_offline (CrownConnectionButton *self,
                                          gboolean               offline);

G_END_DECLS
