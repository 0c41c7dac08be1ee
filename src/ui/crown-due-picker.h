/* crown-due-picker.h: a popover that asks for a day
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define CROWN_TYPE_DUE_PICKER (crown_due_picker_get_type ())

G_DECLARE_FINAL_TYPE (CrownDuePicker, crown_due_picker, CROWN, DUE_PICKER, GtkPopover)

void crown_due_picker_set_day (CrownDuePicker *self,
                               const char     *day);

G_END_DECLS
