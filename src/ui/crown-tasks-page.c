/* crown-tasks-page.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-tasks-page.h"

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
 * A list of tasks under the choice of a view: today's and late ones, upcoming ones, all, and done ones. A view that names
 * a day follows midnight.
 */
struct _CrownTasksPage
{
  AdwBin          parent_instance;

  CrownListModel *model;    /* (nullable): not filled yet */
  const View     *view;
  guint           midnight; /* source */

  CrownListPage  *list;
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
  self->model = crown_list_model_new (client, CROWN_QUERY_TASKS);
  crown_list_page_set_list (self->list, self->model, crown_task_row_factory_new (TRUE));
  g_signal_connect_object (gtk_widget_get_root (GTK_WIDGET (self)), "notify::is-active", G_CALLBACK (root_active_cb), self,
                           G_CONNECT_SWAPPED);
  show_view (self);
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
crown_tasks_page_dispose (GObject *object)
{
  CrownTasksPage *self = CROWN_TASKS_PAGE (object);

  g_clear_handle_id (&self->midnight, g_source_remove);
  g_clear_object (&self->model);

  G_OBJECT_CLASS (crown_tasks_page_parent_class)->dispose (object);
}

static void
crown_tasks_page_class_init (CrownTasksPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = crown_tasks_page_dispose;
  g_type_ensure (CROWN_TYPE_LIST_PAGE);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/crown4/Dashboard/crown-tasks-page.ui");
  gtk_widget_class_bind_template_child (widget_class, CrownTasksPage, list);
}

static void
crown_tasks_page_init (CrownTasksPage *self)
{
  static const GActionEntry actions[] = {
    { "view", NULL, "s", "'all'", view_action },
  };
  g_autoptr(GSimpleActionGroup) group = g_simple_action_group_new ();

  self->view = &views[2];
  gtk_widget_init_template (GTK_WIDGET (self));
  g_action_map_add_action_entries (G_ACTION_MAP (group), actions, G_N_ELEMENTS (actions), self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "tasks", G_ACTION_GROUP (group));
  g_signal_connect (self, "map", G_CALLBACK (map_cb), NULL);
  g_signal_connect (self, "unmap", G_CALLBACK (unmap_cb), NULL);
}
