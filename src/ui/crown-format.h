/* crown-format.h: how times and people are said to a person
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *crown_format_date     (const char *iso);
char *crown_format_day      (const char *iso,
                             GDateTime  *now);
char *crown_format_time     (const char *iso);
gboolean crown_format_is_same_day (const char *iso,
                                   const char *other);
char *crown_format_moment   (gint64      unix_us);
char *crown_format_due      (const char *date);
char *crown_format_today    (void);
char *crown_format_duration (gint64      seconds);
char *crown_format_position (double      seconds);
char *crown_format_meeting  (const char *date,
                             gint64      duration,
                             gint64      people,
                             gint64      tasks);
void  crown_format_append_fact (GString    *facts,
                                const char *fact);

G_END_DECLS
