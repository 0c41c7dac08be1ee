/* crown-list-page.h: a page that is one list, with what to say when it is empty
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-list-model.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define CROWN_TYPE_LIST_PAGE (crown_list_page_get_type ())

G_DECLARE_FINAL_TYPE (CrownListPage, crown_list_page, CROWN, LIST_PAGE, AdwBin)

void     crown_list_page_set_list    (CrownListPage      *self,
                                      CrownListModel     *model,
                                      GtkListItemFactory *factory);
void     crown_list_page_set_text    (CrownListPage      *self,
                                      const char         *text);
void     crown_list_page_set_empty   (CrownListPage      *self,
                                      const char         *title,
                                      const char         *description);
void     crown_list_page_set_filtered (CrownListPage     *self,
                                       gboolean           filtered);
gint64   crown_list_page_get_selected (CrownListPage     *self);
GArray  *crown_list_page_get_selection (CrownListPage    *self);
guint    crown_list_page_get_n_selected (CrownListPage   *self);
gboolean crown_list_page_select      (CrownListPage      *self,
                                      gint64              id);
void     crown_list_page_select_all  (CrownListPage      *self,
                                      gboolean            all);
CrownListModel *crown_list_page_get_model (CrownListPage *self);
gboolean crown_list_page_is_filled   (CrownListPage      *self);
gboolean crown_list_page_is_painted  (CrownListPage      *self);

G_END_DECLS
