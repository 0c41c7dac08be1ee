/* crown-insight-scheduler.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-insight-scheduler.h"

#include <stdio.h>
#include <string.h>

#include "analysis/crown-insights.h"
#include "core/crown-json.h"

#define PAGE_ROWS    200 /* that are read before others have their turn */
#define DAY_US       ((gint64) 24 * 60 * 60 * G_USEC_PER_SEC)
/* A reminder that is due each day comes at the same time, also where the clock is a little early. */
#define TOLERANCE_US ((gint64) 5 * 60 * G_USEC_PER_SEC)

/**
 * CrownInsightScheduler:
 *
 * Looks through the workspaces in small steps, and emits what its people should be reminded of: at most one reminder of a
 * type a user in the time that the catalogue and the rule say, by what the user's stream in the ledger holds, so that
 * neither a restart nor another server of the ledger reminds twice. In the quiet hours it rests.
 *
 * Belongs to the sequencer's thread.
 */
struct _CrownInsightScheduler
{
  CrownEventSequencer *sequencer;
  CrownQuietHours      quiet;
  GTimeZone           *zone;
  GPtrArray           *members; /* (element-type Member): by workspace, those that are left; the next one last */
  GPtrArray           *meetings;
  GPtrArray           *tasks;
  GPtrArray           *analytics;
  CrownStore           store;   /* that is being read; NONE: all is */
  char                *after;   /* (nullable): the row that was read last */
};

typedef struct {
  gint64  user_id;
  gint64  workspace_id;
  char   *name;   /* (nullable): the only one of the workspace */
} Member;

static void
member_free (gpointer data)
{
  Member *member = data;

  g_free (member->name);
  g_free (member);
}

/**
 * crown_quiet_hours_parse:
 * @text: "20:00-08:00" or "none"
 *
 * Returns: %FALSE if it is neither
 */
gboolean
crown_quiet_hours_parse (const char      *text,
                         CrownQuietHours *quiet)
{
  guint from_hour, from_minute, to_hour, to_minute;
  int length = 0;

  if (strcmp (text, "none") == 0)
    {
      *quiet = (CrownQuietHours) { 0, 0 };
      return TRUE;
    }
  if (sscanf (text, "%2u:%2u-%2u:%2u%n", &from_hour, &from_minute, &to_hour, &to_minute, &length) != 4 ||
      text[length] != '\0' || from_hour > 23 || to_hour > 23 || from_minute > 59 || to_minute > 59)
    return FALSE;

  *quiet = (CrownQuietHours) { from_hour * 60 + from_minute, to_hour * 60 + to_minute };
  return TRUE;
}

/**
 * crown_insight_scheduler_new:
 * @zone: (transfer none): of the quiet hours
 */
CrownInsightScheduler *
crown_insight_scheduler_new (CrownEventSequencer    *sequencer,
                             const CrownQuietHours  *quiet,
                             GTimeZone              *zone)
{
  CrownInsightScheduler *self = g_new0 (CrownInsightScheduler, 1);

  self->sequencer = g_object_ref (sequencer);
  self->quiet = *quiet;
  self->zone = g_time_zone_ref (zone);
  self->members = g_ptr_array_new_with_free_func (member_free);
  self->meetings = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_meeting_unref);
  self->tasks = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_task_unref);
  self->analytics = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_analytics_unref);
  return self;
}

static gint64
now_of (CrownInsightScheduler *self)
{
  return crown_clock_now_us (crown_event_sequencer_get_clock (self->sequencer));
}

static gboolean
is_quiet (CrownInsightScheduler *self)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (now_of (self) / G_USEC_PER_SEC);
  g_autoptr (GDateTime) local = g_date_time_to_timezone (utc, self->zone);
  guint minute = (guint) (g_date_time_get_hour (local) * 60 + g_date_time_get_minute (local));

  if (self->quiet.from <= self->quiet.to)
    return minute >= self->quiet.from && minute < self->quiet.to;
  return minute >= self->quiet.from || minute < self->quiet.to;
}

static void
add_member (GPtrArray  *members,
            gint64      user_id,
            gint64      workspace_id,
            const char *name)
{
  Member *member;

  for (guint i = 0; i < members->len; i++)
    {
      const Member *other = g_ptr_array_index (members, i);

      if (other->user_id == user_id && other->workspace_id == workspace_id)
        return;
    }
  member = g_new0 (Member, 1);
  member->user_id = user_id;
  member->workspace_id = workspace_id;
  member->name = g_strdup (name);
  g_ptr_array_add (members, member);
}

static void
on_token (gint64                token_id,
          const CrownPrincipal *principal,
          const char           *user_name,
          const char           *workspace_name,
          const char           *created_at,
          gboolean              revoked,
          gpointer              user_data)
{
  if (!revoked && principal->role >= CROWN_ROLE_MEMBER)
    add_member (user_data, principal->user_id, principal->workspace_id, user_name);
}

static int
compare_members (gconstpointer a,
                 gconstpointer b)
{
  const Member *first = *(const Member *const *) a, *second = *(const Member *const *) b;

  if (first->workspace_id != second->workspace_id)
    return first->workspace_id < second->workspace_id ? 1 : -1;
  return first->user_id < second->user_id ? 1 : first->user_id > second->user_id ? -1 : 0;
}

static gboolean
load_number (CrownEventLedger  *ledger,
             const char        *key,
             gint64            *number,
             GError           **error)
{
  g_autofree char *text = NULL;

  *number = 0;
  if (!crown_event_ledger_load_meta (ledger, key, &text, error))
    return FALSE;
  if (text != NULL)
    g_ascii_string_to_signed (text, 10, 1, G_MAXINT64, number, NULL);
  return TRUE;
}

/* Who has a token that is good for more than looking, and the person at this computer. */
static gboolean
list_members (CrownInsightScheduler  *self,
              GError                **error)
{
  CrownEventLedger *ledger = crown_event_sequencer_get_ledger (self->sequencer);
  gint64 user_id, workspace_id;

  if (!crown_event_ledger_list_tokens (ledger, on_token, self->members, error) ||
      !load_number (ledger, "local_user", &user_id, error) ||
      !load_number (ledger, "local_workspace", &workspace_id, error))
    return FALSE;

  if (user_id != 0 && workspace_id != 0)
    add_member (self->members, user_id, workspace_id, g_get_real_name ());
  g_ptr_array_sort (self->members, compare_members);
  return TRUE;
}

static const Member *
next_member (CrownInsightScheduler *self)
{
  return self->members->len > 0 ? g_ptr_array_index (self->members, self->members->len - 1) : NULL;
}

static void
begin_workspace (CrownInsightScheduler *self)
{
  g_ptr_array_set_size (self->meetings, 0);
  g_ptr_array_set_size (self->tasks, 0);
  g_ptr_array_set_size (self->analytics, 0);
  g_clear_pointer (&self->after, g_free);
  self->store = next_member (self) != NULL ? CROWN_STORE_MEETINGS : CROWN_STORE_NONE;
}

static gboolean
is_recent (CrownInsightScheduler *self,
           const char            *time)
{
  gint64 unix_us;

  return time != NULL && crown_time_parse_iso (time, &unix_us) &&
         now_of (self) - unix_us < CROWN_INSIGHT_WINDOW_DAYS * DAY_US;
}

/* Keeps of a row what a rule may ask for. */
static gboolean
take_row (CrownInsightScheduler  *self,
          CrownEventLedger       *ledger,
          const char             *stream,
          const CrownLedgerRow   *row,
          GError                **error)
{
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (CrownMeeting) meeting = NULL;
  g_autoptr (CrownLedgerRow) analytics = NULL;

  /* Most tasks of a workspace are done: they are not worth the parsing. Canonical JSON has no blanks. */
  if (self->store == CROWN_STORE_TASKS)
    {
      if (strstr (row->json, "\"status\":\"pending\"") == NULL)
        return TRUE;
      if ((object = crown_json_parse_object (row->json, -1, error)) == NULL)
        return FALSE;
      g_ptr_array_add (self->tasks, crown_task_from_json (object, NULL));
      return TRUE;
    }

  if (strstr (row->json, "\"archived\":true") != NULL)
    return TRUE;
  if ((object = crown_json_parse_object (row->json, -1, error)) == NULL ||
      (meeting = crown_meeting_from_json (object, error)) == NULL)
    return FALSE;
  g_ptr_array_add (self->meetings, crown_meeting_ref (meeting));
  if (!is_recent (self, meeting->started_at != NULL ? meeting->started_at : meeting->created_at))
    return TRUE;

  g_clear_pointer (&object, json_object_unref);
  if (!crown_event_ledger_load_row (ledger, stream, CROWN_STORE_ANALYTICS, row->id, &analytics, error))
    return FALSE;
  if (analytics == NULL)
    return TRUE;
  if ((object = crown_json_parse_object (analytics->json, -1, error)) == NULL)
    return FALSE;
  g_ptr_array_add (self->analytics, crown_analytics_from_json (object, NULL));
  return TRUE;
}

static gboolean
read_page (CrownInsightScheduler  *self,
           GError                **error)
{
  CrownEventLedger *ledger = crown_event_sequencer_get_ledger (self->sequencer);
  g_autofree char *stream = crown_event_stream_name (CROWN_SCOPE_WORKSPACE, next_member (self)->workspace_id);
  g_autoptr (GPtrArray) rows = crown_event_ledger_list_rows (ledger, stream, self->store, self->after, PAGE_ROWS, error);

  if (rows == NULL)
    return FALSE;

  for (guint i = 0; i < rows->len; i++)
    if (!take_row (self, ledger, stream, g_ptr_array_index (rows, i), error))
      return FALSE;

  g_clear_pointer (&self->after, g_free);
  if (rows->len == PAGE_ROWS)
    self->after = g_strdup (((CrownLedgerRow *) g_ptr_array_index (rows, rows->len - 1))->id);
  else
    self->store = self->store == CROWN_STORE_MEETINGS ? CROWN_STORE_TASKS : CROWN_STORE_NONE;
  return TRUE;
}

/* Whether the ledger has a reminder of this type that is too young for another one. */
static gboolean
was_reminded (CrownInsightScheduler *self,
              JsonArray             *reminders,
              const char            *type)
{
  gint64 throttle_us = (gint64) crown_event_info (CROWN_EVENT_INSIGHT_REMINDER)->throttle_seconds * G_USEC_PER_SEC;
  gint64 interval_us = MAX (throttle_us, crown_insights_repeat_days (type) * DAY_US - TOLERANCE_US);

  for (guint i = reminders != NULL ? json_array_get_length (reminders) : 0; i > 0; i--)
    {
      JsonObject *reminder = json_array_get_object_element (reminders, i - 1);
      const char *created_at = crown_json_opt_string (reminder, "created_at", NULL);
      gint64 created_us;

      if (strcmp (crown_json_opt_string (reminder, "type", ""), type) == 0 && created_at != NULL &&
          crown_time_parse_iso (created_at, &created_us) && now_of (self) - created_us < interval_us)
        return TRUE;
    }
  return FALSE;
}

static gboolean
emit (CrownEventWrite  *write,
      const Member     *member,
      JsonObject       *reminder,
      GError          **error)
{
  g_autoptr (JsonObject) data = json_object_new ();

  json_object_set_string_member (reminder, "created_at", crown_event_write_get_timestamp (write));
  json_object_set_int_member (data, "user_id", member->user_id);
  json_object_set_object_member (data, "reminder", json_object_ref (reminder));
  return crown_event_write_emit (write, CROWN_EVENT_INSIGHT_REMINDER, data, NULL, error);
}

/* One write: what the ledger says of earlier reminders is so until these are in it. */
static gboolean
remind (CrownInsightScheduler  *self,
        const Member           *member,
        GPtrArray              *reminders,
        GError                **error)
{
  CrownPrincipal who = { .user_id = member->user_id, .workspace_id = member->workspace_id, .role = CROWN_ROLE_ADMIN };
  g_autofree char *stream = crown_event_stream_name (CROWN_SCOPE_USER, member->user_id);
  const char *key = crown_event_info (CROWN_EVENT_INSIGHT_REMINDER)->metadata_key;
  g_autoptr (CrownLedgerRow) row = NULL;
  g_autoptr (JsonObject) before = NULL;
  g_autoptr (CrownEventWrite) write = NULL;

  if (reminders->len == 0)
    return TRUE;

  write = crown_event_sequencer_begin (self->sequencer, &who, NULL, error);
  if (write == NULL ||
      !crown_event_ledger_load_row (crown_event_write_get_ledger (write), stream, CROWN_STORE_METADATA, key, &row, error) ||
      (row != NULL && (before = crown_json_parse_object (row->json, -1, error)) == NULL))
    return FALSE;

  for (guint i = 0; i < reminders->len; i++)
    {
      JsonObject *reminder = g_ptr_array_index (reminders, i);

      if (!was_reminded (self, before != NULL ? crown_json_opt_array (before, "value") : NULL,
                         crown_json_opt_string (reminder, "type", "")) &&
          !emit (write, member, reminder, error))
        return FALSE;
    }

  return crown_event_write_get_last (write) == NULL ||
         crown_event_write_commit_later (g_steal_pointer (&write), NULL, NULL, error);
}

static guint
count_members (CrownInsightScheduler *self,
               gint64                 workspace_id)
{
  guint n = 0;

  for (guint i = 0; i < self->members->len; i++)
    n += ((Member *) g_ptr_array_index (self->members, i))->workspace_id == workspace_id;
  return n;
}

/* The workspace has been read: reminds all of its people. */
static gboolean
remind_workspace (CrownInsightScheduler  *self,
                  GError                **error)
{
  gint64 workspace_id = next_member (self)->workspace_id;
  gboolean alone = count_members (self, workspace_id) == 1;

  while (next_member (self) != NULL && next_member (self)->workspace_id == workspace_id)
    {
      const Member *member = next_member (self);
      CrownInsightInput input = { self->meetings, self->tasks, self->analytics, alone ? NULL : member->name, now_of (self) };
      g_autoptr (GPtrArray) reminders = crown_insights_of (&input);

      if (!remind (self, member, reminders, error))
        return FALSE;
      g_ptr_array_set_size (self->members, (int) self->members->len - 1);
    }
  return TRUE;
}

static gboolean
step (CrownInsightScheduler  *self,
      GError                **error)
{
  if (next_member (self) == NULL)
    {
      if (!list_members (self, error))
        return FALSE;
      begin_workspace (self);
      return TRUE;
    }

  if (self->store != CROWN_STORE_NONE)
    return read_page (self, error);

  if (!remind_workspace (self, error))
    return FALSE;
  begin_workspace (self);
  return TRUE;
}

/**
 * crown_insight_scheduler_step:
 * @has_more: (out): whether another step follows at once; otherwise all workspaces have been looked through
 *
 * Reads a little, or reminds the people of one workspace.
 *
 * Returns: %FALSE on a database error; the next step begins from the beginning
 */
gboolean
crown_insight_scheduler_step (CrownInsightScheduler  *self,
                              gboolean               *has_more,
                              GError                **error)
{
  *has_more = FALSE;
  if (is_quiet (self))
    {
      g_ptr_array_set_size (self->members, 0);
      return TRUE;
    }

  if (!step (self, error))
    {
      g_ptr_array_set_size (self->members, 0);
      return FALSE;
    }
  *has_more = next_member (self) != NULL;
  return TRUE;
}

void
crown_insight_scheduler_free (CrownInsightScheduler *self)
{
  g_ptr_array_unref (self->members);
  g_ptr_array_unref (self->meetings);
  g_ptr_array_unref (self->tasks);
  g_ptr_array_unref (self->analytics);
  g_free (self->after);
  g_time_zone_unref (self->zone);
  g_object_unref (self->sequencer);
  g_free (self);
}
