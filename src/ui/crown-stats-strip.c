/* crown-stats-strip.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-stats-strip.h"

#include "core/crown-json.h"

#include <glib/gi18n.h>

#define REFRESH_MS 250 /* a burst of events changes the numbers once in this time */
#define OPEN_TASKS ""  /* is counted here; the others are members of DASHBOARD_REFRESH's stats */

enum { MEETINGS, TASKS, HOURS, ACTIVE, ARCHIVED, N_STATS };

static const struct {
  const char *member;
  const char *title; /* for screen readers */
} stats[N_STATS] = {
  [MEETINGS] = { "total_meetings", N_("Meetings") },
  [TASKS]    = { OPEN_TASKS, N_("Open tasks") },
  [HOURS]    = { "hours_saved", N_("Hours saved") },
  [ACTIVE]   = { "active_meetings", N_("Active meetings") },
  [ARCHIVED] = { "archived_meetings", N_("In the archive") },
};

/**
 * CrownStatsStrip:
 *
 * Numbers of the workspace as the last DASHBOARD_REFRESH said them, each a button to what it counts. Hidden until there
 * are some.
 */
struct _CrownStatsStrip
{
  AdwBin       parent_instance;

  CrownClient *client;
  guint        refresh; /* source */

  GtkWidget   *button[N_STATS];
  GtkLabel    *value[N_STATS];
};

G_DEFINE_FINAL_TYPE (CrownStatsStrip, crown_stats_strip, ADW_TYPE_BIN)

/* (nullable): there is none */
static char *
read_stat (CrownStatsStrip *self,
           guint            i,
           JsonObject      *values)
{
  JsonNode *node;
  gint64 n;

  if (i == TASKS)
    {
      n = crown_client_count_open_tasks (self->client, NULL);
      return n >= 0 ? g_strdup_printf ("%'" G_GINT64_FORMAT, n) : NULL;
    }
  node = json_object_get_member (values, stats[i].member);
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node))
    return NULL;
  return i == HOURS ? g_strdup_printf ("%'.1f", json_node_get_double (node))
                    : g_strdup_printf ("%'" G_GINT64_FORMAT, json_node_get_int (node));
}

static void
refresh (CrownStatsStrip *self)
{
  g_autoptr(JsonObject) values = crown_client_load_stats (self->client, NULL);

  gtk_widget_set_visible (GTK_WIDGET (self), values != NULL && crown_json_opt_int (values, "total_meetings", 0) > 0);
  for (guint i = 0; values != NULL && i < N_STATS; i++)
    {
      g_autofree char *value = read_stat (self, i, values);
      /* Translators: what is counted, and how many of it there are */
      g_autofree char *label = g_strdup_printf (_("%s: %s"), _(stats[i].title), value != NULL ? value : _("not known"));

      gtk_label_set_label (self->value[i], value != NULL ? value : "–");
      gtk_accessible_update_property (GTK_ACCESSIBLE (self->button[i]), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
    }
}

static gboolean
refresh_cb (gpointer user_data)
{
  CrownStatsStrip *self = user_data;

  self->refresh = 0;
  refresh (self);
  return G_SOURCE_REMOVE;
}

static void
changed_cb (CrownStatsStrip *self,
            CrownChangeSet  *changes)
{
  if (self->refresh == 0 && (crown_change_set_touches (changes, CROWN_STORE_METADATA) ||
                             crown_change_set_touches (changes, CROWN_STORE_TASKS)))
    self->refresh = g_timeout_add (REFRESH_MS, refresh_cb, self);
}

/**
 * crown_stats_strip_set_client:
 * @client: where to read; once in the strip's life
 */
void
crown_stats_strip_set_client (CrownStatsStrip *self,
                              CrownClient     *client)
{
  g_return_if_fail (CROWN_IS_STATS_STRIP (self));
  g_return_if_fail (self->client == NULL);

  self->client = g_object_ref (client);
  g_signal_connect_object (client, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  refresh (self);
}

static void
crown_stats_strip_dispose (GObject *object)
{
  CrownStatsStrip *self = CROWN_STATS_STRIP (object);

  g_clear_handle_id (&self->refresh, g_source_remove);
  g_clear_object (&self->client);

  G_OBJECT_CLASS (crown_stats_strip_parent_class)->dispose (object);
}

static void
crown_stats_strip_class_init (CrownStatsStripClass *klass)
{
  static const char *buttons[N_STATS] = { "meetings", "tasks", "hours", "active", "archived" };
  static const char *values[N_STATS] = { "n_meetings", "n_tasks", "n_hours", "n_active", "n_archived" };
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = crown_stats_strip_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/crown4/Dashboard/crown-stats-strip.ui");
  for (guint i = 0; i < N_STATS; i++)
    {
      gtk_widget_class_bind_template_child_full (widget_class, buttons[i], FALSE,
                                                 G_STRUCT_OFFSET (CrownStatsStrip, button[i]));
      gtk_widget_class_bind_template_child_full (widget_class, values[i], FALSE, G_STRUCT_OFFSET (CrownStatsStrip, value[i]));
    }
}

static void
crown_stats_strip_init (CrownStatsStrip *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
