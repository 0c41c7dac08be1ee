/* crown-window-private.h: what the window and its actions share
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-window.h"

#include "crown-analytics-page.h"
#include "crown-connection-button.h"
#include "crown-meeting-detail.h"
#include "crown-meetings-page.h"
#include "crown-stats-strip.h"
#include "crown-tasks-page.h"

G_BEGIN_DECLS

struct _CrownWindow
{
  AdwApplicationWindow  parent_instance;

  CrownSession         *session;
  CrownClient          *client;    /* the session's */
  GSettings            *settings;  /* (nullable): the schema is not installed */
  GCancellable         *importing; /* cancelled when the window goes */
  gboolean              offline;   /* asked for by the person */
  AdwToast             *undo_toast; /* (nullable) weak */

  GMenu                *undo_section;
  AdwViewStack         *pages;
  AdwViewSwitcherTitle *switcher_title;
  AdwToastOverlay      *toasts;
  GtkBox               *content;
  GtkSearchBar         *search_bar;
  GtkSearchEntry       *search_entry;
  CrownConnectionButton *connection;
  CrownStatsStrip      *stats;
  GtkWidget            *banner;
  AdwLeaflet           *leaflet;
  GtkWidget            *detail_pane;
  CrownMeetingsPage    *meetings;
  CrownMeetingDetail   *detail;
  CrownTasksPage       *tasks;
  CrownAnalyticsPage   *analytics;
  CrownMeetingsPage    *archive;
};

AdwToast *crown_window_make_toast      (const char     *message);
void      crown_window_install_actions (GtkWidgetClass *widget_class);
void      crown_window_follow_undo     (CrownWindow    *self);

G_END_DECLS
