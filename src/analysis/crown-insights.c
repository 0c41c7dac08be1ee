/* crown-insights.c: the rules of reminders
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-analysis"

#include "crown-insights.h"

#include <math.h>
#include <string.h>

#include "core/crown-clock.h"
#include "core/crown-json.h"

#define DAY_US                ((gint64) 24 * 60 * 60 * G_USEC_PER_SEC)
#define CONFIDENCE_MIN        0.5  /* below it one would rather not be reminded */
#define OVERDUE_HALF_DAYS     30   /* after so many days half of what is overdue is done, and nobody said so */
#define SOON_DAYS             2
#define STALLED_HALF_DAYS     1    /* of the meetings that go on for so long half are over, and nobody said so */
#define UNEVEN_MEETINGS_MIN   3
#define UNEVEN_PEOPLE_MIN     3
#define UNEVEN_BALANCE        0.6
#define OVERLOAD_TASKS_MIN    5
#define RECURRING_MIN         3
#define IDS_MAX               20

/* What a rule has found; nothing if @count is 0. */
typedef struct {
  guint       count;
  double      confidence;
  char       *message;
  JsonArray  *ids;
  char       *url; /* (nullable): instead of the rule's */
} Finding;

/* 2 for 2025-10-30 on 2025-10-28, whatever the time. */
static gboolean
days_until (const CrownInsightInput *input,
            const char              *date,
            int                     *days)
{
  g_autofree char *midnight = date != NULL ? g_strconcat (date, "T00:00:00Z", NULL) : NULL;
  gint64 unix_us;

  if (midnight == NULL || !crown_time_parse_iso (midnight, &unix_us))
    return FALSE;
  *days = (int) (unix_us / DAY_US - input->now_us / DAY_US);
  return TRUE;
}

static double
age_days (const CrownInsightInput *input,
          const char              *time)
{
  gint64 unix_us;

  return time != NULL && crown_time_parse_iso (time, &unix_us) ? (double) (input->now_us - unix_us) / (double) DAY_US : -1;
}

static char *
fold (const char *name)
{
  g_autofree char *stripped = g_strstrip (g_strdup (name));

  return g_utf8_casefold (stripped, -1);
}

/* "Ada" and "ada lovelace" are Ada Lovelace. */
static gboolean
is_person (const char *name,
           const char *person)
{
  g_autofree char *a = fold (name);
  g_autofree char *b = fold (person);
  gsize length = MIN (strlen (a), strlen (b));

  return length > 0 && strncmp (a, b, length) == 0 && (a[length] == '\0' || a[length] == ' ') &&
         (b[length] == '\0' || b[length] == ' ');
}

static gboolean
is_mine (const CrownInsightInput *input,
         const CrownTask         *task)
{
  return input->person == NULL || (task->assignee != NULL && is_person (task->assignee, input->person));
}

/* How sure it is that the task is one: what a person has written down is. */
static double
certainty (const CrownTask *task)
{
  return task->evidence_line < 0 || task->confidence <= 0 ? 1 : MIN (task->confidence, 1);
}

static void
add_id (Finding *finding,
        gint64   id)
{
  finding->count++;
  if (json_array_get_length (finding->ids) < IDS_MAX)
    json_array_add_int_element (finding->ids, id);
}

/* At least one of the tasks is what it is taken for: 1 - ∏ (1 - how sure each is). */
static void
add_task (Finding         *finding,
          const CrownTask *task,
          double           sure)
{
  add_id (finding, task->id);
  finding->confidence = 1 - (1 - finding->confidence) * (1 - sure);
}

static const char *
plural (guint n)
{
  return n == 1 ? "" : "s";
}

static void
find_overdue (const CrownInsightInput *input,
              Finding                 *finding)
{
  int latest = 0, days;

  for (guint i = 0; i < input->tasks->len; i++)
    {
      const CrownTask *task = g_ptr_array_index (input->tasks, i);

      if (!is_mine (input, task) || !days_until (input, task->due_date, &days) || days >= 0)
        continue;
      latest = MIN (latest, days);
      add_task (finding, task, certainty (task) * exp2 ((double) days / OVERDUE_HALF_DAYS));
    }
  finding->message = g_strdup_printf ("%u task%s of yours should be done by now, one for %d day%s", finding->count,
                                      plural (finding->count), -latest, plural ((guint) -latest));
}

static void
find_due_soon (const CrownInsightInput *input,
               Finding                 *finding)
{
  int days;

  for (guint i = 0; i < input->tasks->len; i++)
    {
      const CrownTask *task = g_ptr_array_index (input->tasks, i);

      if (is_mine (input, task) && days_until (input, task->due_date, &days) && days >= 0 && days <= SOON_DAYS)
        add_task (finding, task, certainty (task));
    }
  finding->message = g_strdup_printf ("%u task%s of yours should be done within %d days", finding->count,
                                      plural (finding->count), SOON_DAYS);
}

static const CrownMeeting *
meeting_of (const CrownInsightInput *input,
            gint64                   id)
{
  for (guint i = 0; i < input->meetings->len; i++)
    {
      const CrownMeeting *meeting = g_ptr_array_index (input->meetings, i);

      if (meeting->id == id)
        return meeting;
    }
  return NULL;
}

/* A day after the meeting somebody should have taken it on. */
static void
find_unassigned (const CrownInsightInput *input,
                 Finding                 *finding)
{
  for (guint i = 0; i < input->tasks->len; i++)
    {
      const CrownTask *task = g_ptr_array_index (input->tasks, i);
      const CrownMeeting *meeting;

      if (task->assignee != NULL && *task->assignee != '\0')
        continue;
      meeting = meeting_of (input, task->session_id);
      if (meeting != NULL && age_days (input, meeting->created_at) >= 1)
        add_task (finding, task, certainty (task));
    }
  finding->message = g_strdup_printf ("%u task%s from meetings ha%s nobody who does %s", finding->count,
                                      plural (finding->count), finding->count == 1 ? "s" : "ve",
                                      finding->count == 1 ? "it" : "them");
}

/* The longest: 1 - 2^-days, from one day on. */
static void
find_stalled (const CrownInsightInput *input,
              Finding                 *finding)
{
  const CrownMeeting *longest = NULL;
  double most = 1;

  for (guint i = 0; i < input->meetings->len; i++)
    {
      const CrownMeeting *meeting = g_ptr_array_index (input->meetings, i);
      double age = age_days (input, meeting->started_at != NULL ? meeting->started_at : meeting->created_at);

      if (strcmp (meeting->status, "active") != 0 || age < 1)
        continue;
      add_id (finding, meeting->id);
      if (age >= most)
        {
          most = age;
          longest = meeting;
        }
    }
  if (longest == NULL)
    return;
  finding->confidence = 1 - exp2 (-most / STALLED_HALF_DAYS);
  finding->message = g_strdup_printf ("“%s” has not been ended for %.0f day%s", longest->title, floor (most),
                                      plural ((guint) most));
  finding->url = g_strdup_printf ("/meetings/%" G_GINT64_FORMAT, longest->id);
}

/* The share of the meetings that are uneven, as Laplace would guess it: (k + 1) / (n + 2). */
static void
find_uneven (const CrownInsightInput *input,
             Finding                 *finding)
{
  guint n = 0;

  for (guint i = 0; i < input->analytics->len; i++)
    {
      const CrownAnalytics *analytics = g_ptr_array_index (input->analytics, i);

      if (json_object_get_size (analytics->speaking_time) < UNEVEN_PEOPLE_MIN)
        continue;
      n++;
      if (crown_json_opt_double (analytics->participation, "balance", 1) < UNEVEN_BALANCE)
        add_id (finding, analytics->session_id);
    }
  if (finding->count < UNEVEN_MEETINGS_MIN)
    finding->count = 0;
  finding->confidence = (finding->count + 1.0) / (n + 2.0);
  finding->message = g_strdup_printf ("In %u of %u meetings of the last weeks a few have spoken for most of the time",
                                      finding->count, n);
}

static int
compare_counts (gconstpointer a,
                gconstpointer b)
{
  return (int) *(const guint *) a - (int) *(const guint *) b;
}

/* How much more somebody has to do than the middle of the others: 1 - median / own. */
static void
find_overload (const CrownInsightInput *input,
               Finding                 *finding)
{
  g_autoptr (GHashTable) counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GArray) others = g_array_new (FALSE, FALSE, sizeof (guint));
  const char *most = NULL, *name;
  GHashTableIter iter;
  gpointer key, value;
  guint own = 0;

  for (guint i = 0; i < input->tasks->len; i++)
    {
      const CrownTask *task = g_ptr_array_index (input->tasks, i);
      char *folded;

      if (task->assignee == NULL || *task->assignee == '\0')
        continue;
      folded = fold (task->assignee);
      value = g_hash_table_lookup (counts, folded);
      g_hash_table_insert (counts, folded, GUINT_TO_POINTER (GPOINTER_TO_UINT (value) + 1));
    }

  g_hash_table_iter_init (&iter, counts);
  while (g_hash_table_iter_next (&iter, &key, &value))
    if ((input->person == NULL || is_person (key, input->person)) &&
        (GPOINTER_TO_UINT (value) > own || (GPOINTER_TO_UINT (value) == own && most != NULL && strcmp (key, most) < 0)))
      {
        most = key;
        own = GPOINTER_TO_UINT (value);
      }
  g_hash_table_iter_init (&iter, counts);
  while (g_hash_table_iter_next (&iter, &key, &value))
    if (key != most)
      {
        guint n = GPOINTER_TO_UINT (value);

        g_array_append_val (others, n);
      }
  if (own < OVERLOAD_TASKS_MIN || others->len == 0)
    return;

  g_array_sort (others, compare_counts);
  name = NULL;
  for (guint i = 0; i < input->tasks->len; i++)
    {
      const CrownTask *task = g_ptr_array_index (input->tasks, i);
      g_autofree char *folded = task->assignee != NULL ? fold (task->assignee) : NULL;

      if (g_strcmp0 (folded, most) != 0)
        continue;
      name = task->assignee;
      add_id (finding, task->id);
    }
  finding->confidence = 1 - (double) g_array_index (others, guint, others->len / 2) / own;
  finding->message = g_strdup_printf ("%s has %u tasks to do, and the others %u each", name, own,
                                      g_array_index (others, guint, others->len / 2));
}

static gboolean
is_decided (const CrownAnalytics *analytics,
            gint64                from,
            gint64                to)
{
  for (guint i = 0; i < json_array_get_length (analytics->decisions); i++)
    {
      gint64 line = crown_json_opt_int (json_array_get_object_element (analytics->decisions, i), "line", -1);

      if (line >= from && line <= to)
        return TRUE;
    }
  return FALSE;
}

typedef struct {
  char     *title;
  GArray   *meetings; /* ids */
  gboolean  decided;
} Subject;

static void
subject_free (gpointer data)
{
  Subject *subject = data;

  g_free (subject->title);
  g_array_unref (subject->meetings);
  g_free (subject);
}

static GHashTable *
subjects_of (const CrownInsightInput *input)
{
  GHashTable *subjects = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, subject_free);

  for (guint i = 0; i < input->analytics->len; i++)
    {
      const CrownAnalytics *analytics = g_ptr_array_index (input->analytics, i);

      for (guint j = 0; j < json_array_get_length (analytics->topics); j++)
        {
          JsonObject *topic = json_array_get_object_element (analytics->topics, j);
          const char *title = crown_json_opt_string (topic, "title", NULL);
          g_autofree char *folded = title != NULL ? fold (title) : NULL;
          Subject *subject;

          if (folded == NULL || *folded == '\0')
            continue;
          subject = g_hash_table_lookup (subjects, folded);
          if (subject == NULL)
            {
              subject = g_new0 (Subject, 1);
              subject->title = g_strdup (title);
              subject->meetings = g_array_new (FALSE, FALSE, sizeof (gint64));
              g_hash_table_insert (subjects, g_steal_pointer (&folded), subject);
            }
          subject->decided = subject->decided || is_decided (analytics, crown_json_opt_int (topic, "line", 0),
                                                             crown_json_opt_int (topic, "end_line", G_MAXINT));
          if (subject->meetings->len == 0 ||
              g_array_index (subject->meetings, gint64, subject->meetings->len - 1) != analytics->session_id)
            g_array_append_val (subject->meetings, analytics->session_id);
        }
    }
  return subjects;
}

/* The subject of most meetings that has no decision in any of them: each meeting more halves the doubt. */
static void
find_recurring (const CrownInsightInput *input,
                Finding                 *finding)
{
  g_autoptr (GHashTable) subjects = subjects_of (input);
  const Subject *best = NULL;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, subjects);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Subject *subject = value;

      if (!subject->decided && subject->meetings->len >= RECURRING_MIN &&
          (best == NULL || subject->meetings->len > best->meetings->len ||
           (subject->meetings->len == best->meetings->len && strcmp (subject->title, best->title) < 0)))
        best = subject;
    }
  if (best == NULL)
    return;

  for (guint i = 0; i < best->meetings->len; i++)
    add_id (finding, g_array_index (best->meetings, gint64, i));
  finding->confidence = 1 - exp2 (1.0 - best->meetings->len);
  finding->message = g_strdup_printf ("“%s” was spoken about in %u meetings, and nothing was decided", best->title,
                                      best->meetings->len);
}

/* README.md says how each confidence comes about. */
static const struct {
  const char *type;
  const char *title;
  const char *action_text;
  const char *action_url;
  guint       repeat_days;
  void      (*find) (const CrownInsightInput *input, Finding *finding);
} rules[] = {
  { "overdue", "Overdue Task Alert", "View Tasks", "/tasks", 1, find_overdue },
  { "due_soon", "Due Soon", "View Tasks", "/tasks", 1, find_due_soon },
  { "unassigned", "Unassigned Tasks", "View Tasks", "/tasks", 3, find_unassigned },
  { "stalled_meeting", "Meeting Not Ended", "View Meeting", "/meetings", 2, find_stalled },
  { "uneven_participation", "Uneven Participation", "View Analytics", "/analytics", 7, find_uneven },
  { "overload", "Much to Do", "View Tasks", "/tasks", 3, find_overload },
  { "recurring_topic", "Recurring Topic", "View Meetings", "/meetings", 7, find_recurring },
};

guint
crown_insights_repeat_days (const char *type)
{
  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    if (strcmp (rules[i].type, type) == 0)
      return rules[i].repeat_days;

  return 0;
}

GPtrArray *
crown_insights_of (const CrownInsightInput *input)
{
  GPtrArray *reminders = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);

  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    {
      Finding finding = { .ids = json_array_new () };
      JsonObject *reminder;

      rules[i].find (input, &finding);
      if (finding.count > 0 && finding.confidence >= CONFIDENCE_MIN)
        {
          reminder = json_object_new ();
          json_object_set_string_member (reminder, "title", rules[i].title);
          json_object_set_string_member (reminder, "message", finding.message);
          json_object_set_string_member (reminder, "action_text", rules[i].action_text);
          json_object_set_string_member (reminder, "action_url", finding.url != NULL ? finding.url : rules[i].action_url);
          json_object_set_string_member (reminder, "type", rules[i].type);
          json_object_set_double_member (reminder, "confidence", round (100 * finding.confidence) / 100);
          json_object_set_int_member (reminder, "count", finding.count);
          json_object_set_array_member (reminder, "ids", json_array_ref (finding.ids));
          g_ptr_array_add (reminders, reminder);
        }
      json_array_unref (finding.ids);
      g_free (finding.message);
      g_free (finding.url);
    }
  return reminders;
}
