/* crown-person-picker.h: a popover that asks for a person
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "client/crown-client.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define CROWN_TYPE_PERSON_PICKER (crown_person_picker_get_type ())

G_DECLARE_FINAL_TYPE (CrownPersonPicker, crown_person_picker, CROWN, PERSON_PICKER, GtkPopover)

void crown_person_picker_set_client (CrownPersonPicker *self,
                                     CrownClient       *client);

G_END_DECLS
