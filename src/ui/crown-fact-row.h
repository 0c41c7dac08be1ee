/* crown-fact-row.h: a row that says one thing and its value
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define CROWN_TYPE_FACT_ROW (crown_fact_row_get_type ())

G_DECLARE_FINAL_TYPE (CrownFactRow, crown_fact_row, CROWN, FACT_ROW, AdwActionRow)

GtkWidget *crown_fact_row_new       (const char   *title,
                                     const char   *subtitle);
void       crown_fact_row_set_value (CrownFactRow *self,
                                     const char   *value);
void       crown_fact_row_set_icon  (CrownFactRow *self,
                                     const char   *icon_name,
                                     const char   *meaning);

G_END_DECLS
