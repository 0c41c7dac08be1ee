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
 * Follows the cache; a meeting that goes leaves the empty page. What is derived leads to the line that it came from, and
 * back.
 */
struct _CrownMeetingDetail
{
  AdwBin              parent_instance;

  CrownClient        *client;
  CrownListModel     *tasks;
  gint64              meeting_id;        /* 0: none chosen */
  gint64              transcript_of;     /* whose transcript is shown or on its way; 0: nobody's */
  GCancellable       *cancellable;       /* of the transcript on its way */
  JsonArray          *segments;          /* (nullable): the transcript that is shown; a row's position is its line */
  GHashTable         *speakers;          /* utf8 → the number of the colour of who speaks, in their order */
  gint64              wanted_line;       /* shown as soon as the transcript is; -1: none */

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
  GtkSingleSelection *lines;
  GtkStack           *transcript_stack;
  GtkSearchEntry     *find;
  GtkWidget          *back;
  AdwStatusPage      *transcript_message;
  GtkWidget          *archive;
  GtkWidget          *complete;
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

static JsonObject *
segment_at (CrownMeetingDetail *self,
            guint               line)
{
  JsonNode *node = json_array_get_element (self->segments, line);

  return JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

/* Chosen, in sight, and with the focus, so that a screen reader says it. */
static void
choose_line (CrownMeetingDetail *self,
             guint               line)
{
  gtk_single_selection_set_selected (self->lines, line);
  gtk_widget_activate_action (GTK_WIDGET (self->transcript), "list.scroll-to-item", "u", line);
}

static void
show_wanted_line (CrownMeetingDetail *self)
{
  gint64 line = self->wanted_line;

  if (line < 0 || self->segments == NULL || line >= (gint64) json_array_get_length (self->segments))
    return;
  self->wanted_line = -1;
  choose_line (self, (guint) line);
}

static void
show_transcript (CrownMeetingDetail *self,
                 JsonArray          *segments)
{
  g_autoptr(GtkStringList) lines = gtk_string_list_new (NULL);

  g_clear_pointer (&self->segments, json_array_unref);
  self->segments = json_array_ref (segments);
  g_hash_table_remove_all (self->speakers);
  for (guint i = 0; i < json_array_get_length (segments); i++)
    {
      JsonObject *segment = segment_at (self, i);
      const char *speaker = segment != NULL ? string_member (segment, "speaker") : "";

      if (!g_hash_table_contains (self->speakers, speaker))
        g_hash_table_insert (self->speakers, g_strdup (speaker), GUINT_TO_POINTER (g_hash_table_size (self->speakers)));
      gtk_string_list_append (lines, segment != NULL ? string_member (segment, "text") : "");
    }

  gtk_single_selection_set_model (self->lines, G_LIST_MODEL (lines));
  gtk_stack_set_visible_child_name (self->transcript_stack, "lines");
  show_wanted_line (self);
}

/* The next line with these words after the one that is chosen, around the end. */
static void
find_line (CrownMeetingDetail *self,
           gboolean            here)
{
  g_autofree char *wanted = g_utf8_casefold (gtk_editable_get_text (GTK_EDITABLE (self->find)), -1);
  guint n = self->segments != NULL ? json_array_get_length (self->segments) : 0;
  guint chosen = gtk_single_selection_get_selected (self->lines);
  guint first = chosen == GTK_INVALID_LIST_POSITION ? 0 : here ? chosen : chosen + 1;

  gtk_widget_remove_css_class (GTK_WIDGET (self->find), "error");
  if (*wanted == '\0')
    return;
  for (guint i = 0; i < n; i++)
    {
      guint line = (first + i) % n;
      JsonObject *segment = segment_at (self, line);
      g_autofree char *text = segment != NULL ? g_utf8_casefold (string_member (segment, "text"), -1) : NULL;
      g_autofree char *speaker = segment != NULL ? g_utf8_casefold (string_member (segment, "speaker"), -1) : NULL;

      if (text != NULL && (strstr (text, wanted) != NULL || strstr (speaker, wanted) != NULL))
        {
          choose_line (self, line);
          return;
        }
    }
  gtk_widget_add_css_class (GTK_WIDGET (self->find), "error");
}

static void
find_cb (CrownMeetingDetail *self)
{
  find_line (self, TRUE);
}

static void
find_next_cb (CrownMeetingDetail *self)
{
  find_line (self, FALSE);
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

  if (self->meeting_id == 0 || g_strcmp0 (gtk_stack_get_visible_child_name (self->parts), "transcript") != 0)
    {
      gtk_widget_set_visible (self->back, FALSE);
      return;
    }
  if (self->transcript_of == self->meeting_id)
    return;

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);

  self->transcript_of = self->meeting_id;
  g_clear_pointer (&self->segments, json_array_unref);
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

/* Each sentence of the summary with a link to the line that it was made of. */
static void
show_summary (CrownMeetingDetail *self,
              CrownMeeting       *meeting)
{
  g_autoptr(GString) markup = g_string_new (NULL);
  guint n = meeting->summary_evidence != NULL ? json_array_get_length (meeting->summary_evidence) : 0;

  for (guint i = 0; i < n; i++)
    {
      JsonNode *node = json_array_get_element (meeting->summary_evidence, i);
      JsonObject *sentence = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
      gint64 line = sentence != NULL ? json_object_get_int_member_with_default (sentence, "line", -1) : -1;
      g_autofree char *text = sentence != NULL ? g_markup_escape_text (string_member (sentence, "text"), -1) : NULL;

      if (text == NULL || *text == '\0')
        continue;
      if (markup->len > 0)
        g_string_append_c (markup, '\n');
      g_string_append (markup, text);
      /* What was made of the whole meeting has no place in it. */
      if (line >= 0 && line < G_MAXINT && !g_str_equal (string_member (sentence, "kind"), "overview"))
        {
          /* Translators: a link to a line of the transcript, behind a sentence that was made of it */
          g_autofree char *name = g_strdup_printf (_("line %d"), (int) line + 1);

          g_string_append_printf (markup, " <a href=\"%d\"><small>%s</small></a>", (int) line, name);
        }
    }

  if (markup->len > 0)
    gtk_label_set_markup (self->summary, markup->str);
  else
    gtk_label_set_label (self->summary, *meeting->summary != '\0' ? meeting->summary : _("No summary yet."));
  gtk_label_set_use_markup (self->summary, markup->len > 0);
}

static gboolean
summary_link_cb (CrownMeetingDetail *self,
                 const char         *uri)
{
  crown_meeting_detail_show_line (self, g_ascii_strtoll (uri, NULL, 10));
  return TRUE;
}

static void
back_cb (CrownMeetingDetail *self)
{
  gtk_stack_set_visible_child_name (self->parts, "overview");
  gtk_widget_grab_focus (GTK_WIDGET (self->summary));
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
  show_summary (self, meeting);
  gtk_widget_set_visible (self->tasks_box, g_list_model_get_n_items (G_LIST_MODEL (self->tasks)) > 0);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->archive), "x", self->meeting_id);
  gtk_widget_set_visible (self->archive, !meeting->archived);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->complete), "x", self->meeting_id);
  gtk_widget_set_visible (self->complete, g_strcmp0 (meeting->status, "active") == 0);
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
  self->wanted_line = -1;
  gtk_widget_set_visible (self->back, FALSE);
  crown_list_model_set_session_id (self->tasks, meeting_id);
  crown_meeting_detail_show (self);
  load_transcript (self);
}

/**
 * crown_meeting_detail_show_line:
 * @line: of the transcript, from 0; nothing happens where there is none
 *
 * Shows what something was derived from, and a way back.
 */
void
crown_meeting_detail_show_line (CrownMeetingDetail *self,
                                gint64              line)
{
  g_return_if_fail (CROWN_IS_MEETING_DETAIL (self));

  if (self->meeting_id == 0 || line < 0)
    return;
  self->wanted_line = line;
  gtk_stack_set_visible_child_name (self->parts, "transcript"); /* which loads the transcript */
  gtk_widget_set_visible (self->back, TRUE);
  if (self->transcript_of == self->meeting_id)
    show_wanted_line (self);
}

static void
line_setup_cb (CrownMeetingDetail *self,
               GtkListItem        *list_item)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_list_item_set_child (list_item, label);
  gtk_list_item_set_activatable (list_item, FALSE);
}

/* The name is there as well: colour only helps. */
static void
line_bind_cb (CrownMeetingDetail *self,
              GtkListItem        *list_item)
{
  static const char *const colours[] = {
    "speaker-0", "speaker-1", "speaker-2", "speaker-3", "speaker-4", "speaker-5", "speaker-6",
  };
  GtkWidget *label = gtk_list_item_get_child (list_item);
  JsonObject *segment = segment_at (self, gtk_list_item_get_position (list_item));
  JsonNode *start = segment != NULL ? json_object_get_member (segment, "start") : NULL;
  const char *speaker = segment != NULL ? string_member (segment, "speaker") : "";
  guint number = GPOINTER_TO_UINT (g_hash_table_lookup (self->speakers, speaker));
  const char *classes[] = { "speaker", colours[number % G_N_ELEMENTS (colours)], NULL };
  g_autofree char *time = NULL;
  g_autofree char *markup = NULL;

  if (start != NULL && JSON_NODE_HOLDS_VALUE (start))
    time = crown_format_position (json_node_get_double (start));
  markup = g_markup_printf_escaped ("<b>%s</b>  <span alpha=\"60%%\">%s</span>\n%s", speaker, time != NULL ? time : "",
                                    segment != NULL ? string_member (segment, "text") : "");
  gtk_label_set_markup (GTK_LABEL (label), markup);
  gtk_widget_set_css_classes (label, classes);
}

static void
crown_meeting_detail_dispose (GObject *object)
{
  CrownMeetingDetail *self = CROWN_MEETING_DETAIL (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->segments, json_array_unref);
  g_clear_pointer (&self->speakers, g_hash_table_unref);
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
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingDetail, complete);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingDetail, lines);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingDetail, find);
  gtk_widget_class_bind_template_child (widget_class, CrownMeetingDetail, back);
  gtk_widget_class_bind_template_callback (widget_class, find_cb);
  gtk_widget_class_bind_template_callback (widget_class, find_next_cb);
  gtk_widget_class_bind_template_callback (widget_class, back_cb);
  gtk_widget_class_bind_template_callback (widget_class, summary_link_cb);
  gtk_widget_class_bind_template_callback (widget_class, load_transcript);
  gtk_widget_class_bind_template_callback (widget_class, line_setup_cb);
  gtk_widget_class_bind_template_callback (widget_class, line_bind_cb);
}

static void
crown_meeting_detail_init (CrownMeetingDetail *self)
{
  self->wanted_line = -1;
  self->speakers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gtk_widget_init_template (GTK_WIDGET (self));
}
