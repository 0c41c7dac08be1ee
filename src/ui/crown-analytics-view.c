/* crown-analytics-view.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-analytics-view.h"

#include "charts/crown-chart.h"
#include "crown-format.h"

#include <glib/gi18n.h>

/**
 * CrownAnalyticsView:
 *
 * The analytics of one meeting: speaking time, balance of participation, turns, sentiment over time and by speaker.
 */
struct _CrownAnalyticsView
{
  AdwBin         parent_instance;

  GtkStack      *stack;
  CrownChart    *speaking;
  CrownChart    *turns;
  CrownChart    *timeline;
  CrownChart    *sentiment;
  GtkWidget     *balance_box;
  GtkLabel      *balance;
};

G_DEFINE_FINAL_TYPE (CrownAnalyticsView, crown_analytics_view, ADW_TYPE_BIN)

typedef struct {
  const char *name; /* not owned: the object's */
  double      amount;
} Entry;

static int
entry_compare (gconstpointer a,
               gconstpointer b)
{
  const Entry *x = a, *y = b;

  if (x->amount != y->amount)
    return x->amount < y->amount ? 1 : -1;
  return g_strcmp0 (x->name, y->name);
}

/* Largest first; members that are no numbers are left out. */
static GArray *
entries_of (JsonObject *object)
{
  GArray *entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  if (object == NULL)
    return entries;

  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &name, &node))
    {
      GType type = json_node_get_value_type (node);

      if (JSON_NODE_HOLDS_VALUE (node) && (type == G_TYPE_INT64 || type == G_TYPE_DOUBLE))
        {
          Entry entry = { name, json_node_get_double (node) };

          g_array_append_val (entries, entry);
        }
    }
  g_array_sort (entries, entry_compare);
  return entries;
}

static void
show_speaking (CrownAnalyticsView *self,
               JsonObject         *speaking_time)
{
  CrownChartData *data = crown_chart_data_new (_("Speaking Time"),
                                               _("From the beginning to the end of what each person said, added up. "
                                                 "Where a transcript has no times, they are estimated from its words."));
  g_autoptr(GArray) entries = entries_of (speaking_time);
  double total = 0;

  for (guint i = 0; i < entries->len; i++)
    total += g_array_index (entries, Entry, i).amount;
  for (guint i = 0; i < entries->len; i++)
    {
      Entry *entry = &g_array_index (entries, Entry, i);
      g_autofree char *time = crown_format_duration ((gint64) (entry->amount + 0.5));
      g_autofree char *amount = NULL;

      /* Translators: a speaking time and its share of all, such as "4 min · 32 %" */
      amount = g_strdup_printf (_("%s · %d %%"), time, total > 0 ? (int) (100 * entry->amount / total + 0.5) : 0);
      crown_chart_data_add (data, entry->name, NULL, entry->amount, amount);
    }
  crown_chart_take_data (self->speaking, data);
}

static const char *
sentiment_in_words (double score)
{
  if (score > 0.5)
    return _("very positive");
  if (score > 0.1)
    return _("positive");
  if (score < -0.5)
    return _("very negative");
  if (score < -0.1)
    return _("negative");
  return _("neutral");
}

static JsonObject *
member_object (JsonObject *object,
               const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static void
show_turns (CrownAnalyticsView *self,
            JsonObject         *participation)
{
  CrownChartData *data = crown_chart_data_new (_("Turns"), _("How often each person began to speak after somebody else."));
  g_autoptr(GArray) entries = entries_of (member_object (participation, "turns"));

  for (guint i = 0; i < entries->len; i++)
    {
      Entry *entry = &g_array_index (entries, Entry, i);
      guint n = (guint) MAX (entry->amount, 0);
      g_autofree char *amount = g_strdup_printf (ngettext ("%u turn", "%u turns", n), n);

      crown_chart_data_add (data, entry->name, NULL, entry->amount, amount);
    }
  crown_chart_take_data (self->turns, data);
}

static char *
say_score (double score)
{
  /* Translators: a sentiment in words, and as a number from -1 to 1 */
  return g_strdup_printf (_("%s (%+.2f)"), sentiment_in_words (score), score);
}

static void
show_timeline (CrownAnalyticsView *self,
               JsonObject         *sentiment)
{
  CrownChartData *data = crown_chart_data_new (_("Sentiment over Time"),
                                               _("How positive the words sound in each twentieth of the meeting, from -1 "
                                                 "(down) to 1 (up), weighted by the length of what was said."));
  JsonNode *node = sentiment != NULL ? json_object_get_member (sentiment, "timeline") : NULL;
  JsonArray *points = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  for (guint i = 0; points != NULL && i < json_array_get_length (points); i++)
    {
      JsonNode *element = json_array_get_element (points, i);
      JsonObject *point = JSON_NODE_HOLDS_OBJECT (element) ? json_node_get_object (element) : NULL;
      JsonNode *at = point != NULL ? json_object_get_member (point, "at") : NULL;
      JsonNode *score = point != NULL ? json_object_get_member (point, "score") : NULL;
      g_autofree char *time = NULL;
      g_autofree char *text = NULL;

      if (at == NULL || score == NULL || !JSON_NODE_HOLDS_VALUE (at) || !JSON_NODE_HOLDS_VALUE (score))
        continue;
      time = crown_format_position (json_node_get_double (at));
      text = say_score (json_node_get_double (score));
      crown_chart_data_add (data, time, NULL, json_node_get_double (score), text);
    }
  crown_chart_take_data (self->timeline, data);
}

static void
show_sentiment (CrownAnalyticsView *self,
                JsonObject         *sentiment)
{
  CrownChartData *data = crown_chart_data_new (_("Sentiment by Speaker"),
                                               _("The mean of what each person said, by the words of a fixed list, from -1 to 1."));
  g_autoptr(GArray) entries = entries_of (member_object (sentiment, "by_speaker"));

  data->low = -1;
  data->high = 1;
  for (guint i = 0; i < entries->len; i++)
    {
      Entry *entry = &g_array_index (entries, Entry, i);
      g_autofree char *text = say_score (entry->amount);

      crown_chart_data_add (data, entry->name, NULL, entry->amount, text);
    }
  crown_chart_take_data (self->sentiment, data);
}

static void
show_balance (CrownAnalyticsView *self,
              JsonObject         *participation)
{
  JsonNode *node = participation != NULL ? json_object_get_member (participation, "balance") : NULL;
  g_autofree char *text = NULL;
  const char *words;
  double balance;

  gtk_widget_set_visible (self->balance_box, node != NULL && JSON_NODE_HOLDS_VALUE (node));
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node))
    return;

  balance = CLAMP (json_node_get_double (node), 0, 1);
  if (balance >= 0.8)
    words = _("everybody had a say");
  else if (balance >= 0.5)
    words = _("some spoke more than others");
  else
    words = _("a few did most of the talking");
  text = g_strdup_printf (_("%d %%: %s"), (int) (100 * balance + 0.5), words);
  gtk_label_set_label (self->balance, text);
}

/**
 * crown_analytics_view_show:
 * @analytics: (nullable): what to show; %NULL says that there is nothing
 */
void
crown_analytics_view_show (CrownAnalyticsView *self,
                           CrownAnalytics     *analytics)
{
  g_return_if_fail (CROWN_IS_ANALYTICS_VIEW (self));

  gtk_stack_set_visible_child_name (self->stack, analytics != NULL ? "charts" : "none");
  if (analytics == NULL)
    return;

  show_speaking (self, analytics->speaking_time);
  show_balance (self, analytics->participation);
  show_turns (self, analytics->participation);
  show_timeline (self, analytics->sentiment);
  show_sentiment (self, analytics->sentiment);
}

static void
crown_analytics_view_class_init (CrownAnalyticsViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  g_type_ensure (CROWN_TYPE_CHART);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/crown4/Dashboard/crown-analytics-view.ui");
  gtk_widget_class_bind_template_child (widget_class, CrownAnalyticsView, stack);
  gtk_widget_class_bind_template_child (widget_class, CrownAnalyticsView, speaking);
  gtk_widget_class_bind_template_child (widget_class, CrownAnalyticsView, sentiment);
  gtk_widget_class_bind_template_child (widget_class, CrownAnalyticsView, turns);
  gtk_widget_class_bind_template_child (widget_class, CrownAnalyticsView, timeline);
  gtk_widget_class_bind_template_child (widget_class, CrownAnalyticsView, balance_box);
  gtk_widget_class_bind_template_child (widget_class, CrownAnalyticsView, balance);
}

static void
crown_analytics_view_init (CrownAnalyticsView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
