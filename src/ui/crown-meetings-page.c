/* crown-meetings-page.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-meetings-page.h"

#include "crown-list-page.h"
#include "crown-meeting-row.h"

#include <glib/gi18n.h>
#include <string.h>

#define MEETINGS_A_TURN 40 /* read before the interface gets its turn again: about 4 ms */

/**
 * CrownMeetingsPage:
 *
 * A list of meetings by day, with what it is filtered and ordered by above it. The one class is the page of meetings and
 * that of the archive. "selected" and "activated" are those of its #CrownListPage.
 */
struct _CrownMeetingsPage
{
  AdwBin         parent_instance;

  CrownClient   *client;    /* (nullable) until it is filled */
  gboolean       archived;
  char          *from;      /* (nullable): of a range that somebody else asked for, as its words */
  char          *until;
  char          *words;
  gboolean       changing;  /* several of the filter's controls are set: it is applied after the last */

  GArray        *unread;    /* (nullable): gint64, the meetings whose people are still to be offered */
  guint          n_read;
  guint          reading;   /* source */
  GHashTable    *known;     /* utf8: the people that are offered */
  GtkStringList *people;    /* nobody in particular, then those */

  CrownListPage *list;
  GtkBox        *box;
  GtkWidget     *bar;
  GtkDropDown   *status;
  GtkDropDown   *range;
  GtkDropDown   *person;
  GtkDropDown   *sort;
  GtkWidget     *shown;
  GtkLabel      *shown_label;
  GtkWidget     *status_row;
  GtkToggleButton *select;
  GtkActionBar  *chosen_bar;
  GtkLabel      *chosen;
  GtkWidget     *archive;
  GtkWidget     *complete;
  GtkWidget     *restore;
};

enum {
  PROP_0,
  PROP_ARCHIVED,
  PROP_LIST,
  N_PROPS
};

enum {
  SELECTED,
  ACTIVATED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CrownMeetingsPage, crown_meetings_page, ADW_TYPE_BIN)

/* The rows of the drop-downs, in their order. */
static const char *const statuses[] = { NULL, "active", "completed" };
static const int days[] = { 0, 1, 7, 30, 365 };
static const CrownSort sorts[] = {
  CROWN_SORT_NEWEST, CROWN_SORT_OLDEST, CROWN_SORT_TITLE, CROWN_SORT_LONGEST, CROWN_SORT_MOST_TASKS,
};
G_STATIC_ASSERT (G_N_ELEMENTS (sorts) == CROWN_N_SORTS);

/* Local midnight at the beginning of the last @n days, in UTC as rows have it. */
static char *
begin_of_days (int n)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_local ();
  g_autoptr(GDateTime) day = g_date_time_add_days (now, 1 - n);
  g_autoptr(GDateTime) midnight = g_date_time_new_local (g_date_time_get_year (day), g_date_time_get_month (day),
                                                         g_date_time_get_day_of_month (day), 0, 0, 0);
  g_autoptr(GDateTime) utc = g_date_time_to_utc (midnight);

  return g_date_time_format (utc, "%Y-%m-%dT%H:%M:%SZ");
}

static const char *
chosen_text (GtkDropDown *drop_down)
{
  GtkStringObject *text = gtk_drop_down_get_selected_item (drop_down);

  return text != NULL && gtk_drop_down_get_selected (drop_down) > 0 ? gtk_string_object_get_string (text) : NULL;
}

static void
add_words (GString    *words,
           const char *text)
{
  if (text == NULL)
    return;
  if (words->len > 0)
    g_string_append (words, " · ");
  g_string_append (words, text);
}

/* What is not shown has to be said, or a meeting looks lost. */
static void
say_filter (CrownMeetingsPage *self)
{
  g_autoptr(GString) words = g_string_new (NULL);
  gboolean filtered;

  add_words (words, chosen_text (self->status));
  add_words (words, self->words != NULL ? self->words : chosen_text (self->range));
  add_words (words, chosen_text (self->person));
  filtered = words->len > 0;

  gtk_label_set_label (self->shown_label, words->str);
  gtk_widget_set_visible (self->shown, filtered);
  crown_list_page_set_filtered (self->list, filtered);
}

static void
apply_filter (CrownMeetingsPage *self)
{
  CrownListModel *model = self->list != NULL ? crown_list_page_get_model (self->list) : NULL;
  CrownQuery filter = { 0 };
  guint status, range, sort;
  g_autofree char *from = NULL;

  if (model == NULL || self->changing) /* also while the template is built */
    return;

  status = gtk_drop_down_get_selected (self->status);
  range = gtk_drop_down_get_selected (self->range);
  sort = gtk_drop_down_get_selected (self->sort);
  from = range > 0 && range < G_N_ELEMENTS (days) ? begin_of_days (days[range]) : g_strdup (self->from);
  filter.status = status < G_N_ELEMENTS (statuses) ? statuses[status] : NULL;
  filter.sort = sort < G_N_ELEMENTS (sorts) ? sorts[sort] : CROWN_SORT_NEWEST;
  filter.from = from;
  filter.until = self->until;
  filter.person = chosen_text (self->person);
  crown_list_model_set_meetings (model, &filter);
  say_filter (self);
}

static void
forget_range (CrownMeetingsPage *self)
{
  g_clear_pointer (&self->from, g_free);
  g_clear_pointer (&self->until, g_free);
  g_clear_pointer (&self->words, g_free);
}

static void
range_changed_cb (CrownMeetingsPage *self)
{
  if (!self->changing)
    forget_range (self);
  apply_filter (self);
}

static guint
offer_person (CrownMeetingsPage *self,
              const char        *name)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->people));

  if (g_hash_table_add (self->known, g_strdup (name)))
    {
      gtk_string_list_append (self->people, name);
      return n;
    }
  for (guint i = 1; i < n; i++)
    if (g_str_equal (gtk_string_list_get_string (self->people, i), name))
      return i;
  return 0;
}

static gboolean
read_people_cb (gpointer user_data)
{
  CrownMeetingsPage *self = user_data;
  guint end = MIN (self->n_read + MEETINGS_A_TURN, self->unread->len);

  for (; self->n_read < end; self->n_read++)
    {
      g_autoptr(CrownMeeting) meeting =
        crown_client_load_meeting (self->client, g_array_index (self->unread, gint64, self->n_read), NULL);

      for (guint i = 0; meeting != NULL && meeting->participants != NULL && meeting->participants[i] != NULL; i++)
        offer_person (self, meeting->participants[i]);
    }
  if (self->n_read < self->unread->len)
    return G_SOURCE_CONTINUE;

  self->reading = 0;
  g_clear_pointer (&self->unread, g_array_unref);
  return G_SOURCE_REMOVE;
}

/* Who took part is in the rows only: they are read, a few at a time, when somebody wants to choose. */
static void
filter_shown_cb (CrownMeetingsPage *self)
{
  CrownQuery query = { self->archived ? CROWN_QUERY_ARCHIVE : CROWN_QUERY_MEETINGS };

  if (self->client == NULL || self->reading != 0)
    return;
  self->unread = crown_client_query_ids (self->client, &query, NULL);
  self->n_read = 0;
  if (self->unread != NULL)
    self->reading = g_idle_add (read_people_cb, self);
}

static void
clear_action (GtkWidget  *widget,
              const char *name,
              GVariant   *parameter)
{
  crown_meetings_page_show_only (CROWN_MEETINGS_PAGE (widget), NULL, NULL, NULL, NULL);
}

/* The bar comes with the mode, and with the second chosen row. */
static void
show_chosen (CrownMeetingsPage *self)
{
  guint n = crown_list_page_get_n_selected (self->list);
  gboolean selecting = gtk_toggle_button_get_active (self->select);
  g_autofree char *words = g_strdup_printf (ngettext ("%u selected", "%u selected", n), n);

  gtk_action_bar_set_revealed (self->chosen_bar, selecting || n > 1);
  gtk_label_set_label (self->chosen, words);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "meetings.archive", n > 0);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "meetings.complete", n > 0);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "meetings.restore", n > 0);
}

static void
select_toggled_cb (CrownMeetingsPage *self)
{
  gboolean selecting = gtk_toggle_button_get_active (self->select);

  g_object_set (self->list, "selecting", selecting, NULL);
  if (!selecting)
    crown_list_page_select_all (self->list, FALSE);
  show_chosen (self);
}

static void
select_all_action (GtkWidget  *widget,
                   const char *name,
                   GVariant   *parameter)
{
  crown_list_page_select_all (CROWN_MEETINGS_PAGE (widget)->list, TRUE);
}

/* The window does it: "meetings.archive" here is "win.archive-many" there. */
static void
bulk_action (GtkWidget  *widget,
             const char *name,
             GVariant   *parameter)
{
  CrownMeetingsPage *self = CROWN_MEETINGS_PAGE (widget);
  g_autoptr(GArray) chosen = crown_list_page_get_selection (self->list);
  g_autofree char *action = g_strdup_printf ("win.%s-many", name + strlen ("meetings."));

  if (chosen->len > 0)
    gtk_widget_activate_action_variant (widget, action,
                                        g_variant_new_fixed_array (G_VARIANT_TYPE_INT64, chosen->data, chosen->len,
                                                                   sizeof (gint64)));
  gtk_toggle_button_set_active (self->select, FALSE);
}

static void
selected_cb (CrownMeetingsPage *self)
{
  show_chosen (self);
  g_signal_emit (self, signals[SELECTED], 0);
}

static void
activated_cb (CrownMeetingsPage *self)
{
  g_signal_emit (self, signals[ACTIVATED], 0);
}

/**
 * crown_meetings_page_fill:
 * @client: where to read; the first call counts
 */
void
crown_meetings_page_fill (CrownMeetingsPage *self,
                          CrownClient       *client)
{
  g_autoptr(CrownListModel) model = NULL;

  g_return_if_fail (CROWN_IS_MEETINGS_PAGE (self));

  if (self->client != NULL)
    return;
  self->client = g_object_ref (client);
  model = crown_list_model_new (client, self->archived ? CROWN_QUERY_ARCHIVE : CROWN_QUERY_MEETINGS);
  crown_list_page_set_list (self->list, model, crown_meeting_row_factory_new (self->list, self->archived));
}

/**
 * crown_meetings_page_get_model:
 *
 * Returns: (transfer none) (nullable): the rows
 */
GListModel *
crown_meetings_page_get_model (CrownMeetingsPage *self)
{
  g_return_val_if_fail (CROWN_IS_MEETINGS_PAGE (self), NULL);

  return (GListModel *) crown_list_page_get_model (self->list);
}

/**
 * crown_meetings_page_set_text:
 * @text: (nullable): shows only meetings that contain this
 */
void
crown_meetings_page_set_text (CrownMeetingsPage *self,
                              const char        *text)
{
  g_return_if_fail (CROWN_IS_MEETINGS_PAGE (self));

  crown_list_page_set_text (self->list, text);
}

/**
 * crown_meetings_page_show_only:
 * @person: (nullable): who took part
 * @from: (nullable): the first UTC time, as rows have it
 * @until: (nullable): and the first that is not wanted any more
 * @words: (nullable): the range, as a person says it
 *
 * Replaces the whole filter; without any of these there is none.
 */
void
crown_meetings_page_show_only (CrownMeetingsPage *self,
                               const char        *person,
                               const char        *from,
                               const char        *until,
                               const char        *words)
{
  g_return_if_fail (CROWN_IS_MEETINGS_PAGE (self));

  self->changing = TRUE;
  forget_range (self);
  self->from = g_strdup (from);
  self->until = g_strdup (until);
  self->words = g_strdup (words);
  gtk_drop_down_set_selected (self->status, 0);
  gtk_drop_down_set_selected (self->range, 0);
  gtk_drop_down_set_selected (self->person, person != NULL ? offer_person (self, person) : 0);
  self->changing = FALSE;
  apply_filter (self);
}

/**
 * crown_meetings_page_get_selected:
 *
 * Returns: the chosen meeting, 0 where none is, or more than one
 */
gint64
crown_meetings_page_get_selected (CrownMeetingsPage *self)
{
  g_return_val_if_fail (CROWN_IS_MEETINGS_PAGE (self), 0);

  return crown_list_page_get_selected (self->list);
}

/**
 * crown_meetings_page_select:
 * @meeting_id: which one to choose; the filter goes where it hides it
 *
 * Returns: whether it is there
 */
gboolean
crown_meetings_page_select (CrownMeetingsPage *self,
                            gint64             meeting_id)
{
  g_return_val_if_fail (CROWN_IS_MEETINGS_PAGE (self), FALSE);

  if (crown_list_page_select (self->list, meeting_id))
    return TRUE;
  if (!crown_meetings_page_is_filtered (self))
    return FALSE;
  crown_meetings_page_show_only (self, NULL, NULL, NULL, NULL);
  return crown_list_page_select (self->list, meeting_id);
}

/**
 * crown_meetings_page_is_filtered:
 *
 * Returns: whether the filter keeps meetings from being shown; a search is none
 */
gboolean
crown_meetings_page_is_filtered (CrownMeetingsPage *self)
{
  g_return_val_if_fail (CROWN_IS_MEETINGS_PAGE (self), FALSE);

  return gtk_widget_get_visible (self->shown);
}

/**
 * crown_meetings_page_is_painted:
 *
 * Returns: as crown_list_page_is_painted()
 */
gboolean
crown_meetings_page_is_painted (CrownMeetingsPage *self)
{
  g_return_val_if_fail (CROWN_IS_MEETINGS_PAGE (self), FALSE);

  return crown_list_page_is_painted (self->list);
}

static void
crown_meetings_page_constructed (GObject *object)
{
  CrownMeetingsPage *self = CROWN_MEETINGS_PAGE (object);

  G_OBJECT_CLASS (crown_meetings_page_parent_class)->constructed (object);

  gtk_widget_set_vexpand (GTK_WIDGET (self->list), TRUE);
  gtk_box_insert_child_after (self->box, GTK_WIDGET (self->list), self->bar);
  g_signal_connect_object (self->list, "selected", G_CALLBACK (selected_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->list, "activated", G_CALLBACK (activated_cb), self, G_CONNECT_SWAPPED);
  gtk_widget_set_visible (self->status_row, !self->archived);
  gtk_widget_set_visible (self->archive, !self->archived);
  gtk_widget_set_visible (self->complete, !self->archived);
  gtk_widget_set_visible (self->restore, self->archived);
  show_chosen (self);
}

static void
crown_meetings_page_dispose (GObject *object)
{
  CrownMeetingsPage *self = CROWN_MEETINGS_PAGE (object);

  g_clear_handle_id (&self->reading, g_source_remove);
  g_clear_pointer (&self->unread, g_array_unref);
  g_clear_object (&self->client);

  G_OBJECT_CLASS (crown_meetings_page_parent_class)->dispose (object);
}

static void
crown_meetings_page_finalize (GObject *object)
{
  CrownMeetingsPage *self = CROWN_MEETINGS_PAGE (object);

  forget_range (self);
  g_clear_pointer (&self->known, g_hash_table_unref);

  G_OBJECT_CLASS (crown_meetings_page_parent_class)->finalize (object);
}

static void
crown_meetings_page_set_property (GObject      *object,
                                  guint         prop_id,
                                  const GValue *value,
                                  GParamSpec   *pspec)
{
  CrownMeetingsPage *self = CROWN_MEETINGS_PAGE (object);

  switch (prop_id)
    {
    case PROP_ARCHIVED:
      self->archived = g_value_get_boolean (value);
      break;

    case PROP_LIST: /* the box of the template takes the reference over */
      self->list = g_value_get_object (value);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
crown_meetings_page_class_init (CrownMeetingsPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->constructed = crown_meetings_page_constructed;
  object_class->dispose = crown_meetings_page_dispose;
  object_class->finalize = crown_meetings_page_finalize;
  object_class->set_property = crown_meetings_page_set_property;

  properties[PROP_ARCHIVED] = g_param_spec_boolean ("archived", NULL, NULL, FALSE, flags);
  properties[PROP_LIST] = g_param_spec_object ("list", NULL, NULL, CROWN_TYPE_LIST_PAGE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[SELECTED] = g_signal_new ("selected", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                    NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[ACTIVATED] = g_signal_new ("activated", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                     NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_install_action (widget_class, "meetings.clear-filter", NULL, clear_action);
  gtk_widget_class_install_action (widget_class, "meetings.select-all", NULL, select_all_action);
  gtk_widget_class_install_action (widget_class, "meetings.archive", NULL, bulk_action);
  gtk_widget_class_install_action (widget_class, "meetings.complete", NULL, bulk_action);
  gtk_widget_class_install_action (widget_class, "meetings.restore", NULL, bulk_action);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/crown4/Dashboard/crown-meetings-page.ui");
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingsPage, box);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingsPage, bar);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingsPage, people);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingsPage, status);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingsPage, status_row);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingsPage, range);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingsPage, person);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingsPage, sort);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingsPage, shown);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingsPage, shown_label);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingsPage, select);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingsPage, chosen_bar);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingsPage, chosen);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingsPage, archive);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingsPage, complete);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingsPage, restore);
  gtk_widget_class_bind_template_callback (widget_class, select_toggled_cb);
  gtk_widget_class_bind_template_callback (widget_class, apply_filter);
  gtk_widget_class_bind_template_callback (widget_class, range_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, filter_shown_cb);
}

static void
crown_meetings_page_init (CrownMeetingsPage *self)
{
  self->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gtk_widget_init_template (GTK_WIDGET (self));
}
