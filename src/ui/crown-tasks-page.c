/* crown-tasks-page.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-tasks-page.h"

#include "crown-quick-add-bar.h"
#include "crown-task-detail.h"
#include "crown-task-edit.h"
#include "crown-task-row.h"

#include <glib/gi18n.h>

#define PAST_MIDNIGHT G_USEC_PER_SEC /* never before it */

typedef struct {
  const char *name; /* target of `tasks.view` */
  const char *status;
  int         from;  /* days from today; NO_DAY: any */
  int         until;
  const char *title; /* of the page for no rows */
  const char *description;
} View;

#define NO_DAY G_MININT

/* Today has what is late, too: it has to be done today all the same. */
static const View views[] = {
  { "today", "pending", NO_DAY, 0, N_("Nothing Due Today"), N_("Open tasks that are due today or were due before are here.") },
  { "upcoming", "pending", 1, NO_DAY, N_("Nothing Upcoming"), N_("Open tasks that are due after today are here.") },
  { "all", NULL, NO_DAY, NO_DAY, N_("No Tasks"), N_("What people agree to do in a meeting appears here.") },
  { "done", "completed", NO_DAY, NO_DAY, N_("Nothing Done Yet"), N_("Tasks that are ticked are kept here.") },
};

/**
 * CrownTasksPage:
 *
 * A list of tasks under the choice of a view: today's and late ones, upcoming ones, all, and done ones; and beside it, or
 * behind it where there is no room, the task that is chosen. A view that names a day follows midnight.
 */
struct _CrownTasksPage
{
  AdwBin            parent_instance;

  CrownClient      *client;   /* (nullable): not filled yet */
  CrownListModel   *model;    /* likewise */
  const View       *view;
  guint             midnight; /* source */

  AdwLeaflet       *leaflet;
  GtkWidget        *detail_pane;
  CrownQuickAddBar *quick_add;
  CrownListPage    *list;
  CrownTaskDetail  *detail;
};

G_DEFINE_FINAL_TYPE (CrownTasksPage, crown_tasks_page, ADW_TYPE_BIN)

static char *
day (GDateTime *now,
     int        days)
{
  g_autoptr(GDateTime) then = days != NO_DAY ? g_date_time_add_days (now, days) : NULL;

  return then != NULL ? g_date_time_format (then, "%Y-%m-%d") : NULL;
}

static void
show_view (CrownTasksPage *self)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *from = day (now, self->view->from);
  g_autofree char *until = day (now, self->view->until);

  if (self->model == NULL)
    return;
  crown_list_page_set_empty (self->list, _(self->view->title), _(self->view->description));
  crown_list_model_set_filter (self->model, self->view->status, from, until);
}

static void
wait_for_midnight (CrownTasksPage *self);

static gboolean
midnight_cb (gpointer user_data)
{
  CrownTasksPage *self = user_data;

  self->midnight = 0;
  show_view (self);
  wait_for_midnight (self);
  return G_SOURCE_REMOVE;
}

/* One wake-up a day. A computer that slept wakes it late, and mapping or focusing the window asks again anyway. */
static void
wait_for_midnight (CrownTasksPage *self)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_local ();
  g_autoptr(GDateTime) tomorrow = g_date_time_add_days (now, 1);
  g_autoptr(GDateTime) midnight = g_date_time_new_local (g_date_time_get_year (tomorrow), g_date_time_get_month (tomorrow),
                                                         g_date_time_get_day_of_month (tomorrow), 0, 0, 0);

  g_clear_handle_id (&self->midnight, g_source_remove);
  self->midnight = g_timeout_add_seconds ((guint) ((g_date_time_difference (midnight, now) + PAST_MIDNIGHT) / G_USEC_PER_SEC),
                                          midnight_cb, self);
}

static void
map_cb (CrownTasksPage *self)
{
  show_view (self);
  wait_for_midnight (self);
}

static void
unmap_cb (CrownTasksPage *self)
{
  g_clear_handle_id (&self->midnight, g_source_remove);
}

static void
root_active_cb (CrownTasksPage *self)
{
  if (gtk_widget_get_mapped (GTK_WIDGET (self)))
    map_cb (self);
}

/* Without tasks the page that says so has all the room. */
static void
items_changed_cb (CrownTasksPage *self)
{
  gboolean with_detail = g_list_model_get_n_items (G_LIST_MODEL (self->model)) > 0 ||
                         crown_task_detail_get_task (self->detail) != 0;

  gtk_widget_set_visible (self->detail_pane, with_detail);
}

/* What is ticked may leave the view; it stays in the detail, where it can be seen what became of it. */
static void
selected_cb (CrownTasksPage *self)
{
  gint64 id = crown_list_page_get_selected (self->list);

  if (id != 0)
    crown_task_detail_set_task (self->detail, id);
}

static void
activated_cb (CrownTasksPage *self)
{
  /* Where both are seen the keyboard stays in the list: navigating takes the focus with it. */
  if (adw_leaflet_get_folded (self->leaflet))
    adw_leaflet_navigate (self->leaflet, ADW_NAVIGATION_DIRECTION_FORWARD);
}

/**
 * crown_tasks_page_fill:
 * @client: where to read
 *
 * Reads the tasks; does nothing when it has been called before.
 */
void
crown_tasks_page_fill (CrownTasksPage *self,
                       CrownClient    *client)
{
  g_return_if_fail (CROWN_IS_TASKS_PAGE (self));

  if (self->model != NULL)
    return;
  self->client = g_object_ref (client);
  self->model = crown_list_model_new (client, CROWN_QUERY_TASKS);
  crown_quick_add_bar_set_client (self->quick_add, client);
  crown_task_detail_set_client (self->detail, client);
  g_signal_connect_object (self->model, "items-changed", G_CALLBACK (items_changed_cb), self, G_CONNECT_SWAPPED);
  crown_list_page_set_list (self->list, self->model, crown_task_row_factory_new (TRUE));
  g_signal_connect_object (gtk_widget_get_root (GTK_WIDGET (self)), "notify::is-active", G_CALLBACK (root_active_cb), self,
                           G_CONNECT_SWAPPED);
  show_view (self);
  items_changed_cb (self);
}

/**
 * crown_tasks_page_open:
 * @task_id: of a task of the client that the page was filled from
 *
 * Shows the task, whether it is in the view or not.
 */
void
crown_tasks_page_open (CrownTasksPage *self,
                       gint64          task_id)
{
  g_return_if_fail (CROWN_IS_TASKS_PAGE (self));

  if (self->client == NULL)
    return;
  crown_task_detail_set_task (self->detail, task_id);
  items_changed_cb (self);
  activated_cb (self);
}

/**
 * crown_tasks_page_set_text:
 * @text: (nullable): shows only tasks of the view that contain this
 */
void
crown_tasks_page_set_text (CrownTasksPage *self,
                           const char     *text)
{
  g_return_if_fail (CROWN_IS_TASKS_PAGE (self));

  crown_list_page_set_text (self->list, text);
}

static void
view_action (GSimpleAction *action,
             GVariant      *state,
             gpointer       user_data)
{
  CrownTasksPage *self = CROWN_TASKS_PAGE (user_data);

  for (guint i = 0; i < G_N_ELEMENTS (views); i++)
    {
      if (!g_str_equal (views[i].name, g_variant_get_string (state, NULL)))
        continue;
      g_simple_action_set_state (action, state);
      self->view = &views[i];
      show_view (self);
    }
}

static void
back_action (GSimpleAction *action,
             GVariant      *parameter,
             gpointer       user_data)
{
  adw_leaflet_navigate (CROWN_TASKS_PAGE (user_data)->leaflet, ADW_NAVIGATION_DIRECTION_BACK);
}

static void
edit_action (GSimpleAction *action,
             GVariant      *parameter,
             gpointer       user_data)
{
  CrownTasksPage *self = CROWN_TASKS_PAGE (user_data);

  if (crown_task_detail_get_task (self->detail) == 0)
    return;
  activated_cb (self);
  crown_task_detail_edit_text (self->detail);
}

static void
delete_action (GSimpleAction *action,
               GVariant      *parameter,
               gpointer       user_data)
{
  CrownTasksPage *self = CROWN_TASKS_PAGE (user_data);
  gint64 id = crown_list_page_get_selected (self->list);

  if (id != 0)
    crown_task_edit_delete (GTK_WIDGET (self), self->client, &id, 1);
}

static void
crown_tasks_page_dispose (GObject *object)
{
  CrownTasksPage *self = CROWN_TASKS_PAGE (object);

  g_clear_handle_id (&self->midnight, g_source_remove);
  g_clear_object (&self->model);
  g_clear_object (&self->client);

  G_OBJECT_CLASS (crown_tasks_page_parent_class)->dispose (object);
}

/* Of the list only: in the detail's entry these keys are the text's. */
static void
add_list_keys (CrownTasksPage *self)
{
  static const struct {
    guint       key;
    const char *action;
  } keys[] = {
    { GDK_KEY_F2, "tasks.edit" },
    { GDK_KEY_Delete, "tasks.delete" },
  };
  GtkEventController *controller = gtk_shortcut_controller_new ();

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (controller),
                                          gtk_shortcut_new (gtk_keyval_trigger_new (keys[i].key, 0),
                                                            gtk_named_action_new (keys[i].action)));
  gtk_widget_add_controller (GTK_WIDGET (self->list), controller);
}

static void
crown_tasks_page_class_init (CrownTasksPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = crown_tasks_page_dispose;
  g_type_ensure (CROWN_TYPE_LIST_PAGE);
  g_type_ensure (CROWN_TYPE_QUICK_ADD_BAR);
  g_type_ensure (CROWN_TYPE_TASK_DETAIL);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/crown4/Dashboard/crown-tasks-page.ui");
  gtk_widget_class_bind_template_child (widget_class, CrownTasksPage, leaflet);
  gtk_widget_class_bind_template_child (widget_class, CrownTasksPage, detail_pane);
  gtk_widget_class_bind_template_child (widget_class, CrownTasksPage, quick_add);
  gtk_widget_class_bind_template_child (widget_class, CrownTasksPage, list);
  gtk_widget_class_bind_template_child (widget_class, CrownTasksPage, detail);
  gtk_widget_class_bind_template_callback (widget_class, selected_cb);
  gtk_widget_class_bind_template_callback (widget_class, activated_cb);
}

static void
crown_tasks_page_init (CrownTasksPage *self)
{
  static const GActionEntry actions[] = {
    { "view", NULL, "s", "'all'", view_action },
    { "back", back_action },
    { "edit", edit_action },
    { "delete", delete_action },
  };
  g_autoptr(GSimpleActionGroup) group = g_simple_action_group_new ();

  self->view = &views[2];
  gtk_widget_init_template (GTK_WIDGET (self));
  g_action_map_add_action_entries (G_ACTION_MAP (group), actions, G_N_ELEMENTS (actions), self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "tasks", G_ACTION_GROUP (group));
  add_list_keys (self);
  g_signal_connect (self, "map", G_CALLBACK (map_cb), NULL);
  g_signal_connect (self, "unmap", G_CALLBACK (unmap_cb), NULL);
}
