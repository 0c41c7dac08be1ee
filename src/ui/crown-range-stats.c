/* crown-range-stats.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-range-stats.h"

#include "crown-format.h"

#include <glib/gi18n.h>

#define MAX_WEEKS 520
#define MAX_ROWS  30 /* people in a chart; the table of a company is not read */

typedef struct {
  guint pending;
  guint completed;
  guint cancelled;
  guint overdue;
} Counts;

/**
 * CrownRangeStats:
 *
 * Counts what it is given, and nothing else: a week without meetings is a zero, a range without tasks has no charts of
 * them. Knows no clock: the range's end is the day that a task is late on.
 */
struct _CrownRangeStats
{
  GDateTime  *from;   /* the Monday at or before the asked one, local midnight; the first meeting's if none was asked */
  GDateTime  *to;
  GArray     *weeks;  /* gint64: seconds of meetings, from the oldest */
  Counts      all;
  GHashTable *people; /* utf8 → Counts; "" for nobody */
  guint       n_meetings;
  gboolean    open;   /* no beginning was asked for */
};

static GDateTime *
monday_of (GDateTime *time)
{
  g_autoptr(GDateTime) day = g_date_time_new (g_date_time_get_timezone (time), g_date_time_get_year (time),
                                              g_date_time_get_month (time), g_date_time_get_day_of_month (time), 0, 0, 0);

  return g_date_time_add_days (day, 1 - g_date_time_get_day_of_week (day));
}

/* Days, not seconds: a week in which clocks change is one of 167 or 169 hours. */
static int
weeks_between (GDateTime *from,
               GDateTime *to)
{
  GDate a, b;

  g_date_clear (&a, 1);
  g_date_clear (&b, 1);
  g_date_set_dmy (&a, (GDateDay) g_date_time_get_day_of_month (from), (GDateMonth) g_date_time_get_month (from),
                  (GDateYear) g_date_time_get_year (from));
  g_date_set_dmy (&b, (GDateDay) g_date_time_get_day_of_month (to), (GDateMonth) g_date_time_get_month (to),
                  (GDateYear) g_date_time_get_year (to));
  return g_date_days_between (&a, &b) / 7;
}

/**
 * crown_range_stats_new:
 * @from: (nullable): where the range begins; its whole week counts; %NULL: with the first meeting
 * @to: where it ends, in the time zone that weeks and days are of
 *
 * Returns: (transfer full)
 */
CrownRangeStats *
crown_range_stats_new (GDateTime *from,
                       GDateTime *to)
{
  CrownRangeStats *self = g_new0 (CrownRangeStats, 1);

  self->open = from == NULL;
  self->from = monday_of (from != NULL ? from : to);
  self->to = g_date_time_ref (to);
  self->weeks = g_array_new (FALSE, TRUE, sizeof (gint64));
  g_array_set_size (self->weeks, (guint) CLAMP (weeks_between (self->from, to) + 1, 1, MAX_WEEKS));
  self->people = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
crown_range_stats_free (CrownRangeStats *self)
{
  g_date_time_unref (self->from);
  g_date_time_unref (self->to);
  g_array_unref (self->weeks);
  g_hash_table_unref (self->people);
  g_free (self);
}

/**
 * crown_range_stats_add_meeting:
 *
 * Returns: whether @meeting is in the range, so that its tasks count
 */
gboolean
crown_range_stats_add_meeting (CrownRangeStats *self,
                               CrownMeeting    *meeting)
{
  const char *iso = meeting->started_at != NULL ? meeting->started_at : meeting->created_at;
  g_autoptr(GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr(GDateTime) time = iso != NULL ? g_date_time_new_from_iso8601 (iso, utc) : NULL;
  g_autoptr(GDateTime) local = NULL;
  g_autoptr(GDateTime) monday = NULL;
  int week;

  if (time == NULL)
    return FALSE;
  local = g_date_time_to_timezone (time, g_date_time_get_timezone (self->to));
  if (g_date_time_compare (local, self->to) > 0)
    return FALSE;

  week = weeks_between (self->from, local);
  if (g_date_time_compare (local, self->from) < 0)
    {
      guint more;

      if (!self->open)
        return FALSE;
      monday = monday_of (local);
      more = (guint) weeks_between (monday, self->from);
      if (self->weeks->len + more > MAX_WEEKS)
        return FALSE;
      for (guint i = 0; i < more; i++)
        {
          gint64 none = 0;

          g_array_prepend_val (self->weeks, none);
        }
      g_date_time_unref (self->from);
      self->from = g_steal_pointer (&monday);
      week = 0;
    }
  if (week < 0 || (guint) week >= self->weeks->len)
    return FALSE;
  g_array_index (self->weeks, gint64, week) += MAX (meeting->duration, 0);
  self->n_meetings++;
  return TRUE;
}

static void
count (Counts     *counts,
       const char *status,
       gboolean    overdue)
{
  if (g_strcmp0 (status, "completed") == 0)
    counts->completed++;
  else if (g_strcmp0 (status, "cancelled") == 0)
    counts->cancelled++;
  else
    counts->pending++;
  counts->overdue += overdue ? 1 : 0;
}

/**
 * crown_range_stats_add_task:
 * @task: of a meeting in the range
 */
void
crown_range_stats_add_task (CrownRangeStats *self,
                            CrownTask       *task)
{
  const char *name = task->assignee != NULL ? task->assignee : "";
  Counts *counts = g_hash_table_lookup (self->people, name);
  g_autofree char *today = g_date_time_format (self->to, "%Y-%m-%d");
  gboolean overdue = g_strcmp0 (task->status, "pending") == 0 && task->due_date != NULL && strcmp (task->due_date, today) < 0;

  if (counts == NULL)
    {
      counts = g_new0 (Counts, 1);
      g_hash_table_insert (self->people, g_strdup (name), counts);
    }
  count (counts, task->status, overdue);
  count (&self->all, task->status, overdue);
}

/**
 * crown_range_stats_load:
 *
 * Returns: (transfer full): the time in meetings for each week
 */
CrownChartData *
crown_range_stats_load (const CrownRangeStats *self)
{
  CrownChartData *data = crown_chart_data_new (_("Meeting Load per Week"),
                                               _("The durations of the meetings that began in a week, from Monday, added up."));

  for (guint i = 0; self->n_meetings > 0 && i < self->weeks->len; i++)
    {
      g_autoptr(GDateTime) monday = g_date_time_add_weeks (self->from, (int) i);
      g_autofree char *date = g_date_time_format (monday, "%Y-%m-%d");
      g_autofree char *name = crown_format_due (date);
      g_autofree char *text = crown_format_duration (g_array_index (self->weeks, gint64, i));

      crown_chart_data_add (data, name, NULL, (double) g_array_index (self->weeks, gint64, i), text);
    }
  return data;
}

static void
add_count (CrownChartData *data,
           const char     *name,
           const char     *series,
           guint           n,
           guint           of)
{
  g_autofree char *text = of > 0 ? g_strdup_printf (_("%u · %u %%"), n, (100 * n + of / 2) / of) : g_strdup_printf ("%u", n);

  if (n > 0)
    crown_chart_data_add (data, name, series, n, text);
}

/**
 * crown_range_stats_completion:
 *
 * Returns: (transfer full): how many tasks are done, open and cancelled
 */
CrownChartData *
crown_range_stats_completion (const CrownRangeStats *self)
{
  CrownChartData *data = crown_chart_data_new (_("Task Completion"),
                                               _("Tasks of the meetings in this range by what they are now."));
  guint total = self->all.pending + self->all.completed + self->all.cancelled;

  add_count (data, _("Done"), NULL, self->all.completed, total);
  add_count (data, _("Open"), NULL, self->all.pending, total);
  add_count (data, _("Cancelled"), NULL, self->all.cancelled, total);
  return data;
}

typedef struct {
  const char   *name; /* not owned */
  const Counts *counts;
} Person;

static int
most_tasks_first (gconstpointer a,
                  gconstpointer b)
{
  const Person *x = a, *y = b;
  guint m = x->counts->pending + x->counts->completed, n = y->counts->pending + y->counts->completed;

  return m != n ? (m < n ? 1 : -1) : g_utf8_collate (x->name, y->name);
}

static int
most_overdue_first (gconstpointer a,
                    gconstpointer b)
{
  const Person *x = a, *y = b;
  guint m = x->counts->overdue, n = y->counts->overdue;

  return m != n ? (m < n ? 1 : -1) : g_utf8_collate (x->name, y->name);
}

static GArray *
sorted_people (const CrownRangeStats *self,
               GCompareFunc           compare)
{
  GArray *people = g_array_new (FALSE, FALSE, sizeof (Person));
  GHashTableIter iter;
  gpointer name, counts;

  g_hash_table_iter_init (&iter, self->people);
  while (g_hash_table_iter_next (&iter, &name, &counts))
    {
      Person person = { name, counts };

      g_array_append_val (people, person);
    }
  g_array_sort (people, compare);
  g_array_set_size (people, MIN (people->len, MAX_ROWS));
  return people;
}

static const char *
say_name (const char *name)
{
  return *name != '\0' ? name : _("Unassigned");
}

/**
 * crown_range_stats_people:
 *
 * Returns: (transfer full): each person's done and open tasks
 */
CrownChartData *
crown_range_stats_people (const CrownRangeStats *self)
{
  CrownChartData *data = crown_chart_data_new (_("Tasks by Person"),
                                               _("Tasks of the meetings in this range by who does them, without cancelled ones."));
  g_autoptr(GArray) people = sorted_people (self, most_tasks_first);

  for (guint i = 0; i < people->len; i++)
    {
      Person *person = &g_array_index (people, Person, i);

      add_count (data, say_name (person->name), _("Done"), person->counts->completed, 0);
      add_count (data, say_name (person->name), _("Open"), person->counts->pending, 0);
    }
  return data;
}

/**
 * crown_range_stats_overdue:
 *
 * Returns: (transfer full): each person's overdue tasks
 */
CrownChartData *
crown_range_stats_overdue (const CrownRangeStats *self)
{
  CrownChartData *data = crown_chart_data_new (_("Overdue by Person"),
                                               _("Open tasks of the meetings in this range that were due before today."));
  g_autoptr(GArray) people = sorted_people (self, most_overdue_first);

  for (guint i = 0; i < people->len; i++)
    {
      Person *person = &g_array_index (people, Person, i);

      add_count (data, say_name (person->name), NULL, person->counts->overdue, 0);
    }
  return data;
}
