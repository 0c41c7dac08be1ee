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
 * "selected" says that other rows were chosen, "activated" that a person opened one. With the property "selecting" the
 * rows show check boxes, and a click adds to what is chosen (`list.toggle(position)`).
 */
struct _CrownListPage
{
  AdwBin              parent_instance;

  CrownListModel     *model;
  GtkMultiSelection  *selection;
  gboolean            selecting;
  gboolean            searching; /* for a text */
  gboolean            filtered;  /* by something else */
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
  PROP_SELECTING,
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
    page = self->searching || self->filtered ? "nothing-found" : "empty";
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
  gtk_selection_model_select_item (GTK_SELECTION_MODEL (self->selection), position, TRUE);
  g_signal_emit (self, signals[ACTIVATED], 0);
}

/* A list that activates on a single click selects what the pointer is over, which would undo a choice of many. */
static void
list_released_cb (CrownListPage   *self,
                  int              n_press,
                  double           x,
                  double           y,
                  GtkGestureClick *gesture)
{
  GdkModifierType state = gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (gesture));

  if (n_press == 1 && !self->selecting && (state & (GDK_CONTROL_MASK | GDK_SHIFT_MASK)) == 0 &&
      crown_list_page_get_selected (self) != 0)
    g_signal_emit (self, signals[ACTIVATED], 0);
}

static void
toggle_action (GtkWidget  *widget,
               const char *name,
               GVariant   *parameter)
{
  GtkSelectionModel *selection = GTK_SELECTION_MODEL (CROWN_LIST_PAGE (widget)->selection);
  guint position = g_variant_get_uint32 (parameter);

  if (selection == NULL || position >= g_list_model_get_n_items (G_LIST_MODEL (selection)))
    return;
  if (gtk_selection_model_is_selected (selection, position))
    gtk_selection_model_unselect_item (selection, position);
  else
    gtk_selection_model_select_item (selection, position, FALSE);
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
  self->selection = gtk_multi_selection_new (G_LIST_MODEL (g_object_ref (model)));
  g_signal_connect_object (self->selection, "selection-changed", G_CALLBACK (selection_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->selection, "items-changed", G_CALLBACK (selection_cb), self, G_CONNECT_SWAPPED);
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
 * crown_list_page_set_filtered:
 * @filtered: whether rows are kept out by something else than the text, so that no rows means that nothing was found
 */
void
crown_list_page_set_filtered (CrownListPage *self,
                              gboolean       filtered)
{
  g_return_if_fail (CROWN_IS_LIST_PAGE (self));

  self->filtered = filtered;
  if (self->model != NULL)
    items_changed_cb (self);
}

/**
 * crown_list_page_get_selection:
 *
 * Returns: (transfer full) (element-type gint64): the ids of the chosen rows, in their order
 */
GArray *
crown_list_page_get_selection (CrownListPage *self)
{
  GArray *chosen = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr(GtkBitset) positions = NULL;
  GtkBitsetIter iter;
  guint position;

  g_return_val_if_fail (CROWN_IS_LIST_PAGE (self), chosen);

  if (self->selection == NULL)
    return chosen;
  positions = gtk_selection_model_get_selection (GTK_SELECTION_MODEL (self->selection));
  for (gboolean more = gtk_bitset_iter_init_first (&iter, positions, &position); more;
       more = gtk_bitset_iter_next (&iter, &position))
    g_array_append_val (chosen, g_array_index (crown_list_model_get_ids (self->model), gint64, position));
  return chosen;
}

/**
 * crown_list_page_get_n_selected:
 *
 * Returns: how many rows are chosen
 */
guint
crown_list_page_get_n_selected (CrownListPage *self)
{
  g_autoptr(GtkBitset) positions = NULL;

  g_return_val_if_fail (CROWN_IS_LIST_PAGE (self), 0);

  if (self->selection == NULL)
    return 0;
  positions = gtk_selection_model_get_selection (GTK_SELECTION_MODEL (self->selection));
  return (guint) gtk_bitset_get_size (positions);
}

/**
 * crown_list_page_get_selected:
 *
 * Returns: the id of the chosen row, 0 where none is, or more than one
 */
gint64
crown_list_page_get_selected (CrownListPage *self)
{
  g_autoptr(GArray) chosen = NULL;

  if (crown_list_page_get_n_selected (self) != 1)
    return 0;
  chosen = crown_list_page_get_selection (self);
  return g_array_index (chosen, gint64, 0);
}

/**
 * crown_list_page_select_all:
 * @all: whether to choose every row, or none
 */
void
crown_list_page_select_all (CrownListPage *self,
                            gboolean       all)
{
  g_return_if_fail (CROWN_IS_LIST_PAGE (self));

  if (self->selection == NULL)
    return;
  if (!all)
    {
      gtk_selection_model_unselect_all (GTK_SELECTION_MODEL (self->selection));
      return;
    }
  crown_list_model_set_limit (self->model, G_MAXUINT);
  gtk_selection_model_select_all (GTK_SELECTION_MODEL (self->selection));
}

/**
 * crown_list_page_select:
 * @id: the row to choose, and to scroll to
 *
 * Returns: whether it is in the list
 */
gboolean
crown_list_page_select (CrownListPage *self,
                        gint64         id)
{
  GArray *ids;

  g_return_val_if_fail (CROWN_IS_LIST_PAGE (self), FALSE);

  if (self->model == NULL)
    return FALSE;
  crown_list_model_set_limit (self->model, G_MAXUINT);
  ids = crown_list_model_get_ids (self->model);
  for (guint i = 0; i < ids->len; i++)
    if (g_array_index (ids, gint64, i) == id)
      {
        gtk_selection_model_select_item (GTK_SELECTION_MODEL (self->selection), i, TRUE);
        gtk_widget_activate_action (GTK_WIDGET (self->list), "list.scroll-to-item", "u", i);
        return TRUE;
      }
  return FALSE;
}

/**
 * crown_list_page_get_model:
 *
 * Returns: (transfer none) (nullable): what crown_list_page_set_list() was given
 */
CrownListModel *
crown_list_page_get_model (CrownListPage *self)
{
  g_return_val_if_fail (CROWN_IS_LIST_PAGE (self), NULL);

  return self->model;
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

    case PROP_SELECTING:
      if (self->selecting == g_value_get_boolean (value))
        break;
      self->selecting = !self->selecting;
      g_object_notify_by_pspec (object, pspec);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
crown_list_page_get_property (GObject    *object,
                              guint       prop_id,
                              GValue     *value,
                              GParamSpec *pspec)
{
  if (prop_id == PROP_SELECTING)
    g_value_set_boolean (value, CROWN_LIST_PAGE (object)->selecting);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
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
  object_class->get_property = crown_list_page_get_property;
  object_class->set_property = crown_list_page_set_property;

  for (guint i = PROP_LIST_NAME; i <= PROP_DESCRIPTION; i++)
    properties[i] = g_param_spec_string (names[i], NULL, NULL, NULL, flags);
  properties[PROP_CAN_IMPORT] = g_param_spec_boolean ("can-import", NULL, NULL, FALSE, flags);
  properties[PROP_SELECTING] = g_param_spec_boolean ("selecting", NULL, NULL, FALSE,
                                                     G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[SELECTED] = g_signal_new ("selected", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                    NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[ACTIVATED] = g_signal_new ("activated", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                     NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_install_action (widget_class, "list.toggle", "u", toggle_action);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/crown4/Dashboard/crown-list-page.ui");
  gtk_widget_class_bind_template_child (widget_class, CrownListPage, stack);
  gtk_widget_class_bind_template_child (widget_class, CrownListPage, list);
  gtk_widget_class_bind_template_child (widget_class, CrownListPage, empty);
  gtk_widget_class_bind_template_child (widget_class, CrownListPage, import_button);
  gtk_widget_class_bind_template_callback (widget_class, list_activate_cb);
  gtk_widget_class_bind_template_callback (widget_class, list_released_cb);
}

static void
crown_list_page_init (CrownListPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
