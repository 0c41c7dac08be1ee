/* crown-list-page.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-list-page.h"

#include <glib/gi18n.h>

/* GTK makes widgets for about 200 rows of a longer list, at almost a millisecond each. The first frame waits for those of a
 * tall window only; each one after it for as many more, until GTK has all it wants. */
#define ROWS_A_FRAME 24
#define ROWS_OF_GTK  (10 * ROWS_A_FRAME)

/**
 * CrownListPage:
 *
 * A virtual list over a #CrownListModel, a status page for no rows, and another for a search that finds none.
 *
 * "selected" says that another row was chosen, "activated" that a person opened one.
 */
struct _CrownListPage
{
  AdwBin              parent_instance;

  CrownListModel     *model;
  GtkSingleSelection *selection;
  gboolean            searching;
  guint               n_rows;   /* how many the model may show; for the first frames */

  GtkStack           *stack;
  GtkListView        *list;
  AdwStatusPage      *empty;
  char               *list_name;
  char               *icon_name;
  char               *title;
  char               *description;
  gboolean            can_import;
  GtkWidget          *import_button;
};

enum {
  PROP_0,
  PROP_LIST_NAME,
  PROP_ICON_NAME,
  PROP_TITLE,
  PROP_DESCRIPTION,
  PROP_CAN_IMPORT,
  N_PROPS
};

enum {
  SELECTED,
  ACTIVATED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CrownListPage, crown_list_page, ADW_TYPE_BIN)

static void
items_changed_cb (CrownListPage *self)
{
  const char *page = "list";

  if (g_list_model_get_n_items (G_LIST_MODEL (self->model)) == 0)
    page = self->searching ? "nothing-found" : "empty";
  gtk_stack_set_visible_child_name (self->stack, page);
}

static void
selection_cb (CrownListPage *self)
{
  g_signal_emit (self, signals[SELECTED], 0);
}

static void
list_activate_cb (CrownListPage *self,
                  guint          position)
{
  gtk_single_selection_set_selected (self->selection, position);
  g_signal_emit (self, signals[ACTIVATED], 0);
}

static gboolean
show_more_cb (GtkWidget     *list,
              GdkFrameClock *clock,
              gpointer       user_data)
{
  CrownListPage *self = CROWN_LIST_PAGE (user_data);

  if (!crown_list_page_is_painted (self))
    return G_SOURCE_CONTINUE;

  self->n_rows += ROWS_A_FRAME;
  if (self->n_rows < ROWS_OF_GTK && crown_list_model_is_limited (self->model))
    {
      crown_list_model_set_limit (self->model, self->n_rows);
      return G_SOURCE_CONTINUE;
    }
  crown_list_model_set_limit (self->model, G_MAXUINT);
  return G_SOURCE_REMOVE;
}

/**
 * crown_list_page_set_list:
 * @model: the rows
 * @factory: (transfer full): makes their widgets
 *
 * Fills the page; once in its life.
 */
void
crown_list_page_set_list (CrownListPage      *self,
                          CrownListModel     *model,
                          GtkListItemFactory *factory)
{
  g_return_if_fail (CROWN_IS_LIST_PAGE (self));
  g_return_if_fail (self->model == NULL);

  self->model = g_object_ref (model);
  self->n_rows = ROWS_A_FRAME;
  crown_list_model_set_limit (model, self->n_rows);
  gtk_widget_add_tick_callback (GTK_WIDGET (self->list), show_more_cb, self, NULL);
  self->selection = gtk_single_selection_new (G_LIST_MODEL (g_object_ref (model)));
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  g_signal_connect_object (self->selection, "notify::selected-item", G_CALLBACK (selection_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (model, "items-changed", G_CALLBACK (items_changed_cb), self, G_CONNECT_SWAPPED);

  gtk_list_view_set_factory (self->list, factory);
  gtk_list_view_set_model (self->list, GTK_SELECTION_MODEL (self->selection));
  g_object_unref (factory);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->list), GTK_ACCESSIBLE_PROPERTY_LABEL, self->list_name, -1);
  items_changed_cb (self);
}

/**
 * crown_list_page_set_text:
 * @text: (nullable): shows only rows that contain this
 */
void
crown_list_page_set_text (CrownListPage *self,
                          const char    *text)
{
  g_return_if_fail (CROWN_IS_LIST_PAGE (self));

  if (self->model == NULL)
    return;

  self->searching = text != NULL && *text != '\0';
  crown_list_model_set_text (self->model, text);
  items_changed_cb (self);
}

/**
 * crown_list_page_set_empty:
 * @title: what to say when there are no rows
 * @description: and what would be there
 */
void
crown_list_page_set_empty (CrownListPage *self,
                           const char    *title,
                           const char    *description)
{
  g_return_if_fail (CROWN_IS_LIST_PAGE (self));

  adw_status_page_set_title (self->empty, title);
  adw_status_page_set_description (self->empty, description);
}

/**
 * crown_list_page_get_selected:
 *
 * Returns: the id of the chosen row, 0 for none
 */
gint64
crown_list_page_get_selected (CrownListPage *self)
{
  CrownItem *item = gtk_single_selection_get_selected_item (self->selection);

  return item != NULL ? crown_item_get_id (item) : 0;
}

/**
 * crown_list_page_is_filled:
 *
 * Returns: %TRUE after crown_list_page_set_list()
 */
gboolean
crown_list_page_is_filled (CrownListPage *self)
{
  return self->model != NULL;
}

/**
 * crown_list_page_is_painted:
 *
 * Returns: %TRUE when what the last frame showed were rows, or the page for no rows
 */
gboolean
crown_list_page_is_painted (CrownListPage *self)
{
  GtkWidget *row;

  if (!gtk_widget_get_mapped (GTK_WIDGET (self)))
    return FALSE;
  if (g_strcmp0 (gtk_stack_get_visible_child_name (self->stack), "list") != 0)
    return TRUE;

  row = gtk_widget_get_first_child (GTK_WIDGET (self->list));
  return row != NULL && gtk_widget_get_mapped (row) && gtk_widget_get_allocated_height (row) > 0;
}

static void
crown_list_page_constructed (GObject *object)
{
  CrownListPage *self = CROWN_LIST_PAGE (object);

  G_OBJECT_CLASS (crown_list_page_parent_class)->constructed (object);

  adw_status_page_set_icon_name (self->empty, self->icon_name);
  adw_status_page_set_title (self->empty, self->title);
  adw_status_page_set_description (self->empty, self->description);
  gtk_widget_set_visible (self->import_button, self->can_import);
}

static void
crown_list_page_dispose (GObject *object)
{
  CrownListPage *self = CROWN_LIST_PAGE (object);

  g_clear_object (&self->selection);
  g_clear_object (&self->model);

  G_OBJECT_CLASS (crown_list_page_parent_class)->dispose (object);
}

static void
crown_list_page_finalize (GObject *object)
{
  CrownListPage *self = CROWN_LIST_PAGE (object);

  g_clear_pointer (&self->list_name, g_free);
  g_clear_pointer (&self->icon_name, g_free);
  g_clear_pointer (&self->title, g_free);
  g_clear_pointer (&self->description, g_free);

  G_OBJECT_CLASS (crown_list_page_parent_class)->finalize (object);
}

static void
crown_list_page_set_property (GObject      *object,
                              guint         prop_id,
                              const GValue *value,
                              GParamSpec   *pspec)
{
  CrownListPage *self = CROWN_LIST_PAGE (object);

  switch (prop_id)
    {
    case PROP_LIST_NAME:
      self->list_name = g_value_dup_string (value);
      break;

    case PROP_ICON_NAME:
      self->icon_name = g_value_dup_string (value);
      break;

    case PROP_TITLE:
      self->title = g_value_dup_string (value);
      break;

    case PROP_DESCRIPTION:
      self->description = g_value_dup_string (value);
      break;

    case PROP_CAN_IMPORT:
      self->can_import = g_value_get_boolean (value);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
crown_list_page_class_init (CrownListPageClass *klass)
{
  static const char *names[] = { NULL, "list-name", "icon-name", "title", "description" };
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->constructed = crown_list_page_constructed;
  object_class->dispose = crown_list_page_dispose;
  object_class->finalize = crown_list_page_finalize;
  object_class->set_property = crown_list_page_set_property;

  for (guint i = PROP_LIST_NAME; i <= PROP_DESCRIPTION; i++)
    properties[i] = g_param_spec_string (names[i], NULL, NULL, NULL, flags);
  properties[PROP_CAN_IMPORT] = g_param_spec_boolean ("can-import", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[SELECTED] = g_signal_new ("selected", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                    NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[ACTIVATED] = g_signal_new ("activated", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                     NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class, "/org/crown4/Dashboard/crown-list-page.ui");
  gtk_widget_class_bind_template_child (widget_class, CrownListPage, stack);
  gtk_widget_class_bind_template_child (widget_class, CrownListPage, list);
  gtk_widget_class_bind_template_child (widget_class, CrownListPage, empty);
  gtk_widget_class_bind_template_child (widget_class, CrownListPage, import_button);
  gtk_widget_class_bind_template_callback (widget_class, list_activate_cb);
}

static void
crown_list_page_init (CrownListPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
