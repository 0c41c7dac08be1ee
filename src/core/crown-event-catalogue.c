/* crown-event-catalogue.c: the 15 event types, described once
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-core"

#include "crown-event-catalogue.h"

#include "crown-limits.h"
#include "crown-payload-schema.h"

#include <string.h>

G_DEFINE_QUARK (crown-event-error-quark, crown_event_error)

#define DASHBOARD CROWN_NAMESPACE_DASHBOARD
#define TASKS     CROWN_NAMESPACE_TASKS
#define ANALYTICS CROWN_NAMESPACE_ANALYTICS
#define MEETINGS  CROWN_NAMESPACE_MEETINGS

#define SESSION_UPDATES "workspace_id:id session_id:id updates:object timestamp:time"

/* Names, namespaces, scopes: specification, Event Catalog. Payloads: specification and PROTOCOL.md, Envelope. */
static const CrownEventInfo catalogue[] = {
  { CROWN_EVENT_SESSION_CREATE, "SESSION_CREATE", "Meeting Created",
    DASHBOARD | MEETINGS, CROWN_SCOPE_WORKSPACE, 0,
    CROWN_STORE_MEETINGS, CROWN_EFFECT_PUT, "id", "meeting", NULL,
    "workspace_id:id meeting:object{id:id title:text status:text created_at:time duration:int} timestamp:time" },
  { CROWN_EVENT_SESSION_UPDATE, "SESSION_UPDATE", "Meeting Updated",
    DASHBOARD | MEETINGS, CROWN_SCOPE_WORKSPACE, 0,
    CROWN_STORE_MEETINGS, CROWN_EFFECT_MERGE, "session_id", NULL, NULL,
    SESSION_UPDATES },
  { CROWN_EVENT_TASK_CREATE, "TASK_CREATE", "Task Created",
    DASHBOARD | TASKS, CROWN_SCOPE_WORKSPACE, 0,
    CROWN_STORE_TASKS, CROWN_EFFECT_PUT, "id", "task", NULL,
    "workspace_id:id task:object{id:id session_id:int text:text status:text priority:text} timestamp:time" },
  { CROWN_EVENT_TASK_UPDATE, "TASK_UPDATE", "Task Updated",
    DASHBOARD | TASKS, CROWN_SCOPE_WORKSPACE, 0,
    CROWN_STORE_TASKS, CROWN_EFFECT_MERGE, "task_id", NULL, NULL,
    "workspace_id:id task_id:id session_id:int updates:object optimistic_ui?:bool timestamp:time" },
  { CROWN_EVENT_TASK_DELETE, "TASK_DELETE", "Task Deleted",
    DASHBOARD | TASKS, CROWN_SCOPE_WORKSPACE, 0,
    CROWN_STORE_TASKS, CROWN_EFFECT_DELETE, "task_id", NULL, NULL,
    "workspace_id:id task_id:id session_id:int timestamp:time" },
  { CROWN_EVENT_ANALYTICS_REFRESH, "ANALYTICS_REFRESH", "Analytics Refreshed",
    DASHBOARD | ANALYTICS, CROWN_SCOPE_WORKSPACE, 0,
    CROWN_STORE_ANALYTICS, CROWN_EFFECT_PUT, "session_id", "analytics", NULL,
    "workspace_id:id analytics:object{session_id:id speaking_time:object sentiment:object participation:object} "
    "timestamp:time" },
  { CROWN_EVENT_DASHBOARD_REFRESH, "DASHBOARD_REFRESH", "Dashboard Refreshed",
    DASHBOARD, CROWN_SCOPE_WORKSPACE, 0,
    CROWN_STORE_METADATA, CROWN_EFFECT_SET, NULL, "stats", "stats",
    "workspace_id:id stats:object{total_meetings:int total_tasks:int hours_saved:number active_meetings:int "
    "archived_meetings:int} timestamp:time",
    TRUE },
  { CROWN_EVENT_SESSION_ARCHIVE, "SESSION_ARCHIVE", "Meeting Archived",
    DASHBOARD | MEETINGS, CROWN_SCOPE_WORKSPACE, 0,
    CROWN_STORE_MEETINGS, CROWN_EFFECT_ARCHIVE, "meeting_id", NULL, NULL,
    "workspace_id:id meeting_id:id archived_by:int timestamp:time" },
  { CROWN_EVENT_ARCHIVE_REVEAL, "ARCHIVE_REVEAL", "Archive Viewed",
    DASHBOARD, CROWN_SCOPE_WORKSPACE, 0,
    CROWN_STORE_NONE, CROWN_EFFECT_NONE, NULL, NULL, NULL,
    "workspace_id:id user_id:int archived_count:int timestamp:time" },
  { CROWN_EVENT_MEETING_UPDATE, "MEETING_UPDATE", "Meeting Details Updated",
    DASHBOARD | MEETINGS, CROWN_SCOPE_WORKSPACE, 0,
    CROWN_STORE_MEETINGS, CROWN_EFFECT_MERGE, "session_id", NULL, NULL,
    SESSION_UPDATES },
  { CROWN_EVENT_DASHBOARD_IDLE_SYNC, "DASHBOARD_IDLE_SYNC", "Background Sync",
    DASHBOARD, CROWN_SCOPE_WORKSPACE, 0,
    CROWN_STORE_NONE, CROWN_EFFECT_NONE, NULL, NULL, NULL,
    "workspace_id:id digests:object{meetings:object tasks:object analytics:object} timestamp:time",
    TRUE },
  { CROWN_EVENT_FILTER_APPLY, "FILTER_APPLY", "Filter Applied",
    DASHBOARD, CROWN_SCOPE_LOCAL, 0,
    CROWN_STORE_METADATA, CROWN_EFFECT_SET, NULL, NULL, "filter",
    "query:text time_range:text status?:text assignee?:text timestamp:time" },
  { CROWN_EVENT_INSIGHT_REMINDER, "INSIGHT_REMINDER", "Insight Reminder",
    DASHBOARD, CROWN_SCOPE_USER, CROWN_REMINDER_THROTTLE_SECONDS,
    CROWN_STORE_METADATA, CROWN_EFFECT_APPEND, NULL, "reminder", "reminders",
    "user_id:id workspace_id:id reminder:object{title:text message:text action_text?:text action_url?:text type:text "
    "confidence:number} timestamp:time" },
  { CROWN_EVENT_SESSION_COMPLETE, "SESSION_COMPLETE", "Meeting Completed",
    DASHBOARD | MEETINGS, CROWN_SCOPE_WORKSPACE, 0,
    CROWN_STORE_MEETINGS, CROWN_EFFECT_MERGE, "session_id", NULL, NULL,
    "workspace_id:id session_id:id updates:object{status:text} timestamp:time" },
  { CROWN_EVENT_CACHE_INVALIDATE, "CACHE_INVALIDATE", "Cache Invalidated",
    DASHBOARD, CROWN_SCOPE_WORKSPACE, 0,
    CROWN_STORE_NONE, CROWN_EFFECT_INVALIDATE, NULL, NULL, NULL,
    "workspace_id:id store:text ids?:array reason:text timestamp:time" },
};

G_STATIC_ASSERT (G_N_ELEMENTS (catalogue) == CROWN_N_EVENT_TYPES - 1);

static const char *const namespaces[CROWN_N_NAMESPACES] = { "/dashboard", "/tasks", "/analytics", "/meetings" };
static const char *const stores[CROWN_N_STORES] = { "", "meetings", "analytics", "tasks", "sessions", "metadata" };

/**
 * crown_event_info:
 * @type: a type
 *
 * Returns: (transfer none) (nullable): its row of the catalogue; %NULL for %CROWN_EVENT_UNKNOWN
 */
const CrownEventInfo *
crown_event_info (CrownEventType type)
{
  return type > CROWN_EVENT_UNKNOWN && type < CROWN_N_EVENT_TYPES ? &catalogue[type - 1] : NULL;
}

const CrownEventInfo *
crown_event_info_by_name (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (catalogue); i++)
    if (strcmp (catalogue[i].name, name) == 0)
      return &catalogue[i];

  return NULL;
}

gboolean
crown_event_check_payload (const CrownEventInfo  *info,
                           JsonObject            *data,
                           GError               **error)
{
  if (crown_payload_schema_check (info->payload, data, error))
    return TRUE;
  g_prefix_error (error, "%s: ", info->name);

  return FALSE;
}

const char *
crown_namespace_to_string (CrownNamespaces ns)
{
  return namespaces[crown_namespace_index (ns)];
}

gboolean
crown_namespace_from_string (const char      *str,
                             CrownNamespaces *ns)
{
  for (guint i = 0; i < CROWN_N_NAMESPACES; i++)
    if (g_strcmp0 (namespaces[i], str) == 0)
      {
        *ns = (CrownNamespaces) (1 << i);
        return TRUE;
      }

  return FALSE;
}

guint
crown_namespace_index (CrownNamespaces ns)
{
  for (guint i = 0; i < CROWN_N_NAMESPACES; i++)
    if (ns == (CrownNamespaces) (1 << i))
      return i;

  g_return_val_if_reached (0);
}

const char *
crown_store_to_string (CrownStore store)
{
  g_return_val_if_fail (store > CROWN_STORE_NONE && store < CROWN_N_STORES, "");

  return stores[store];
}

gboolean
crown_store_from_string (const char *str,
                         CrownStore *store)
{
  for (guint i = CROWN_STORE_NONE + 1; i < CROWN_N_STORES; i++)
    if (g_strcmp0 (stores[i], str) == 0)
      {
        *store = (CrownStore) i;
        return TRUE;
      }

  return FALSE;
}
