/* crown-search-provider.h: meetings and tasks in the desktop's search
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "client/crown-client.h"

G_BEGIN_DECLS

#define CROWN_TYPE_SEARCH_PROVIDER (crown_search_provider_get_type ())

G_DECLARE_FINAL_TYPE (CrownSearchProvider, crown_search_provider, CROWN, SEARCH_PROVIDER, GObject)

/* Signal "needed": something was asked for; whoever has a client gives it now. Without one there are no results.
 * Signal "open" (gint64 meeting_id): a person chose a result; 0: a task that no meeting is known of.
 * Signal "search" (const char *text): a person wants to see all results. All on the interface's thread. */
CrownSearchProvider *crown_search_provider_new        (void);
gboolean             crown_search_provider_export     (CrownSearchProvider  *self,
                                                       GDBusConnection      *bus,
                                                       const char           *path,
                                                       GError              **error);
void                 crown_search_provider_unexport   (CrownSearchProvider  *self);
void                 crown_search_provider_set_client (CrownSearchProvider  *self,
                                                       CrownClient          *client);

G_END_DECLS
