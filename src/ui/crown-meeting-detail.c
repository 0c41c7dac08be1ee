/* crown-meeting-detail.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-meeting-detail.h"

#include "crown-analytics-view.h"
#include "crown-format.h"
#include "crown-list-model.h"
#include "crown-task-row.h"

#include <glib/gi18n.h>

/**
 * CrownMeetingDetail:
 *
 * One meeting: summary, people, tasks, analytics, and its transcript, which is fetched when it is first looked at.
 * Follows the cache; a meeting that goes leaves the empty page.
 */
struct _CrownMeetingDetail
{
  AdwBin              parent_instance;

  CrownClient        *client;
  CrownListModel     *tasks;
  gint64              meeting_id;        /* 0: none chosen */
  gint64              transcript_of;     /* whose transcript is shown or on its way; 0: nobody's */
  GCancellable       *cancellable;       /* of the transcript on its way */

  GtkStack           *stack;
  GtkStack           *parts;
  GtkLabel           *title;
  GtkLabel           *facts;
  GtkLabel           *summary;
  GtkLabel           *people;
  GtkWidget          *people_box;
  GtkListBox         *task_list;
  GtkWidget          *tasks_box;
  CrownAnalyticsView *analytics;
  GtkListView        *transcript;
  GtkStack           *transcript_stack;
  AdwStatusPage      *transcript_message;
  GtkWidget          *archive;
};

G_DEFINE_FINAL_TYPE (CrownMeetingDetail, crown_meeting_detail, ADW_TYPE_BIN)

static void
show_people (CrownMeetingDetail *self,
             CrownMeeting       *meeting)
{
  g_autofree char *names = meeting->participants != NULL ? g_strjoinv (", ", meeting->participants) : NULL;

  gtk_widget_set_visible (self->people_box, names != NULL && *names != '\0');
  gtk_label_set_label (self->people, names != NULL ? names : "");
}

static const char *
string_member (JsonObject *object,
               const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : "";
}

static void
show_transcript (CrownMeetingDetail *self,
                 JsonArray          *segments)
{
  g_autoptr(GtkStringList) lines = gtk_string_list_new (NULL);
  g_autoptr(GtkNoSelection) selection = NULL;

  for (guint i = 0; i < json_array_get_length (segments); i++)
    {
      JsonNode *node = json_array_get_element (segments, i);
      JsonObject *segment = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
      JsonNode *start = segment != NULL ? json_object_get_member (segment, "start") : NULL;
      g_autofree char *time = NULL;

      if (segment == NULL)
        continue;
      if (start != NULL && JSON_NODE_HOLDS_VALUE (start))
        time = crown_format_position (json_node_get_double (start));
      gtk_string_list_take (lines, g_markup_printf_escaped ("<b>%s</b>  <span alpha=\"60%%\">%s</span>\n%s",
                                                            string_member (segment, "speaker"),
                                                            time != NULL ? time : "",
                                                            string_member (segment, "text")));
    }

  selection = gtk_no_selection_new (G_LIST_MODEL (g_steal_pointer (&lines)));
  gtk_list_view_set_model (self->transcript, GTK_SELECTION_MODEL (selection));
  gtk_stack_set_visible_child_name (self->transcript_stack, "lines");
}

static void
transcript_cb (GObject      *client,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr(CrownMeetingDetail) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonArray) segments = crown_client_fetch_transcript_finish (CROWN_CLIENT (client), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  g_clear_object (&self->cancellable);
  if (segments != NULL)
    {
      show_transcript (self, segments);
      return;
    }

  self->transcript_of = 0; /* looked at again, it is asked for again */
  adw_status_page_set_description (self->transcript_message,
                                   error != NULL ? error->message : _("It can be read when the server is there."));
  gtk_stack_set_visible_child_name (self->transcript_stack, "message");
}

static void
load_transcript (CrownMeetingDetail *self)
{
  g_autoptr(JsonArray) segments = NULL;

  if (self->meeting_id == 0 || self->transcript_of == self->meeting_id ||
      g_strcmp0 (gtk_stack_get_visible_child_name (self->parts), "transcript") != 0)
    return;

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);

  self->transcript_of = self->meeting_id;
  segments = crown_client_load_transcript (self->client, self->meeting_id, NULL);
  if (segments != NULL)
    {
      show_transcript (self, segments);
      return;
    }

  gtk_stack_set_visible_child_name (self->transcript_stack, "loading");
  self->cancellable = g_cancellable_new ();
  crown_client_fetch_transcript_async (self->client, self->meeting_id, self->cancellable,
                                       transcript_cb, g_object_ref (self));
}

static void
crown_meeting_detail_show (CrownMeetingDetail *self)
{
  g_autoptr(CrownMeeting) meeting = NULL;
  g_autoptr(CrownAnalytics) analytics = NULL;
  g_autofree char *date = NULL;
  g_autofree char *facts = NULL;

  if (self->meeting_id != 0)
    meeting = crown_client_load_meeting (self->client, self->meeting_id, NULL);

  gtk_stack_set_visible_child_name (self->stack, meeting != NULL ? "meeting" : "none");
  if (meeting == NULL)
    return;

  date = crown_format_date (meeting->started_at != NULL ? meeting->started_at : meeting->created_at);
  facts = crown_format_meeting (date, meeting->duration, meeting->participant_count, meeting->task_count);
  analytics = crown_client_load_analytics (self->client, self->meeting_id, NULL);

  gtk_label_set_label (self->title, meeting->title);
  gtk_label_set_label (self->facts, facts);
  gtk_label_set_label (self->summary, meeting->summary != NULL && *meeting->summary != '\0'
                                        ? meeting->summary : _("No summary yet."));
  gtk_widget_set_visible (self->tasks_box, g_list_model_get_n_items (G_LIST_MODEL (self->tasks)) > 0);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->archive), "x", self->meeting_id);
  gtk_widget_set_visible (self->archive, !meeting->archived);
  show_people (self, meeting);
  crown_analytics_view_show (self->analytics, analytics);
}

static void
client_changed_cb (CrownMeetingDetail *self,
                   CrownChangeSet     *changes)
{
  if (crown_change_set_touches (changes, CROWN_STORE_MEETINGS) ||
      crown_change_set_touches (changes, CROWN_STORE_ANALYTICS))
    crown_meeting_detail_show (self);
}

static void
tasks_changed_cb (CrownMeetingDetail *self)
{
  gtk_widget_set_visible (self->tasks_box, g_list_model_get_n_items (G_LIST_MODEL (self->tasks)) > 0);
}

/* A list view guesses its height when it is not the one that scrolls; a meeting has few tasks, so each gets a row. */
static GtkWidget *
make_task_row (gpointer item,
               gpointer user_data)
{
  GtkWidget *row = gtk_list_box_row_new ();

  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), crown_task_row_new (item));
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), FALSE);
  return row;
}

/**
 * crown_meeting_detail_set_client:
 * @client: where to read; once in the widget's life
 */
void
crown_meeting_detail_set_client (CrownMeetingDetail *self,
                                 CrownClient        *client)
{
  g_return_if_fail (CROWN_IS_MEETING_DETAIL (self));
  g_return_if_fail (self->client == NULL);

  self->client = g_object_ref (client);
  self->tasks = crown_list_model_new (client, CROWN_QUERY_SESSION_TASKS);
  gtk_list_box_bind_model (self->task_list, G_LIST_MODEL (self->tasks), make_task_row, NULL, NULL);
  g_signal_connect_object (self->tasks, "items-changed", G_CALLBACK (tasks_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (client, "changed", G_CALLBACK (client_changed_cb), self, G_CONNECT_SWAPPED);
}

/**
 * crown_meeting_detail_set_meeting:
 * @meeting_id: which one; 0 for none
 */
void
crown_meeting_detail_set_meeting (CrownMeetingDetail *self,
                                  gint64              meeting_id)
{
  g_return_if_fail (CROWN_IS_MEETING_DETAIL (self));

  if (self->meeting_id == meeting_id)
    return;

  self->meeting_id = meeting_id;
  self->transcript_of = 0;
  crown_list_model_set_session_id (self->tasks, meeting_id);
  crown_meeting_detail_show (self);
  load_transcript (self);
}

static void
line_setup_cb (GtkSignalListItemFactory *factory,
               GtkListItem              *list_item)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_selectable (GTK_LABEL (label), FALSE);
  gtk_widget_set_margin_top (label, 6);
  gtk_widget_set_margin_bottom (label, 6);
  gtk_list_item_set_child (list_item, label);
  gtk_list_item_set_activatable (list_item, FALSE);
}

static void
line_bind_cb (GtkSignalListItemFactory *factory,
              GtkListItem              *list_item)
{
  GtkStringObject *line = gtk_list_item_get_item (list_item);

  gtk_label_set_markup (GTK_LABEL (gtk_list_item_get_child (list_item)), gtk_string_object_get_string (line));
}

static void
crown_meeting_detail_dispose (GObject *object)
{
  CrownMeetingDetail *self = CROWN_MEETING_DETAIL (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->tasks);
  g_clear_object (&self->client);

  G_OBJECT_CLASS (crown_meeting_detail_parent_class)->dispose (object);
}

static void
crown_meeting_detail_class_init (CrownMeetingDetailClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = crown_meeting_detail_dispose;
  g_type_ensure (CROWN_TYPE_ANALYTICS_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/crown4/Dashboard/crown-meeting-detail.ui");
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingDetail, stack);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingDetail, parts);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingDetail, title);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingDetail, facts);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingDetail, summary);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingDetail, people);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingDetail, people_box);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingDetail, task_list);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingDetail, tasks_box);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingDetail, analytics);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingDetail, transcript);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingDetail, transcript_stack);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingDetail, transcript_message);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingDetail, archive);
  gtk_widget_class_bind_template_callback (widget_class, load_transcript);
  gtk_widget_class_bind_template_callback (widget_class, line_setup_cb);
  gtk_widget_class_bind_template_callback (widget_class, line_bind_cb);
}

static void
crown_meeting_detail_init (CrownMeetingDetail *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
