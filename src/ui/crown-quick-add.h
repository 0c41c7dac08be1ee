/* crown-quick-add.h: a task from one line of text
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  char *text;     /* what is to do, without the rest */
  char *assignee; /* (nullable) */
  char *due;      /* (nullable): YYYY-MM-DD */
  char *priority; /* low | medium | high */
} CrownQuickAdd;

CrownQuickAdd *crown_quick_add_parse (const char         *line,
                                      const char         *today,
                                      const char *const  *people);
void           crown_quick_add_free  (CrownQuickAdd      *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownQuickAdd, crown_quick_add_free)

G_END_DECLS
