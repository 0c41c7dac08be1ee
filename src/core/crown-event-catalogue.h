/* crown-event-catalogue.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* The numbers are those of the specification's event catalogue. */
typedef enum {
  CROWN_EVENT_UNKNOWN = 0,
  CROWN_EVENT_SESSION_CREATE = 1,
  CROWN_EVENT_SESSION_UPDATE,
  CROWN_EVENT_TASK_CREATE,
  CROWN_EVENT_TASK_UPDATE,
  CROWN_EVENT_TASK_DELETE,
  CROWN_EVENT_ANALYTICS_REFRESH,
  CROWN_EVENT_DASHBOARD_REFRESH,
  CROWN_EVENT_SESSION_ARCHIVE,
  CROWN_EVENT_ARCHIVE_REVEAL,
  CROWN_EVENT_MEETING_UPDATE,
  CROWN_EVENT_DASHBOARD_IDLE_SYNC,
  CROWN_EVENT_FILTER_APPLY,
  CROWN_EVENT_INSIGHT_REMINDER,
  CROWN_EVENT_SESSION_COMPLETE,
  CROWN_EVENT_CACHE_INVALIDATE,
  CROWN_N_EVENT_TYPES
} CrownEventType;

typedef enum {
  CROWN_SCOPE_WORKSPACE, /* stream workspace_{id} */
  CROWN_SCOPE_USER,      /* stream user_{id} */
  CROWN_SCOPE_LOCAL,     /* stream local, never sent */
} CrownEventScope;

typedef enum {
  CROWN_NAMESPACE_DASHBOARD = 1 << 0,
  CROWN_NAMESPACE_TASKS     = 1 << 1,
  CROWN_NAMESPACE_ANALYTICS = 1 << 2,
  CROWN_NAMESPACE_MEETINGS  = 1 << 3,
} CrownNamespaces;
#define CROWN_N_NAMESPACES 4

typedef enum {
  CROWN_STORE_NONE,
  CROWN_STORE_MEETINGS,
  CROWN_STORE_ANALYTICS,
  CROWN_STORE_TASKS,
  CROWN_STORE_SESSIONS,
  CROWN_STORE_METADATA,
  CROWN_N_STORES
} CrownStore;

/* How an event changes its store. */
typedef enum {
  CROWN_EFFECT_NONE,       /* usage or digests: no row changes */
  CROWN_EFFECT_PUT,        /* data[row_member] is the whole row */
  CROWN_EFFECT_MERGE,      /* data.updates is merged over the row, member by member */
  CROWN_EFFECT_ARCHIVE,    /* archived, archived_by, archived_at, status of the meeting */
  CROWN_EFFECT_DELETE,     /* the row goes */
  CROWN_EFFECT_SET,        /* metadata[metadata_key] = data[row_member] (or data when row_member is NULL) */
  CROWN_EFFECT_APPEND,     /* metadata[metadata_key] gets data[row_member] appended */
  CROWN_EFFECT_INVALIDATE, /* drops data.ids of data.store, or all of it */
} CrownEventEffect;

typedef struct {
  CrownEventType   type;
  const char      *name;             /* on the wire: "SESSION_CREATE" */
  const char      *title;            /* event_name: "Meeting Created" (not translated: it is on the wire) */
  CrownNamespaces  namespaces;
  CrownEventScope  scope;
  guint            throttle_seconds; /* at most one of a kind a user in this time; 0: no limit */
  CrownStore       store;
  CrownEventEffect effect;
  const char      *id_member;        /* member of data that names the row: "session_id", "task_id", "meeting_id" */
  const char      *row_member;       /* "meeting", "task", "analytics", "stats", "reminder" */
  const char      *metadata_key;     /* for SET and APPEND */
  const char      *payload;          /* the payload's schema in the small language of crown-payload-schema.h */
  gboolean         is_superseded;    /* a later one of the type in the stream says all that this one said */
} CrownEventInfo;

const CrownEventInfo *crown_event_info         (CrownEventType   type);
const CrownEventInfo *crown_event_info_by_name (const char      *name);

/**
 * crown_event_check_payload:
 * Returns: %TRUE if @data is a payload of the type; else %CROWN_EVENT_ERROR_PAYLOAD with the member's path in the message
 */
gboolean              crown_event_check_payload (const CrownEventInfo *info,
                                                 JsonObject           *data,
                                                 GError              **error);

/* "/dashboard" … */
const char           *crown_namespace_to_string   (CrownNamespaces ns);
gboolean              crown_namespace_from_string (const char      *str,
                                                   CrownNamespaces *ns);
/* 0…3 for one flag; for arrays of CROWN_N_NAMESPACES */
guint                 crown_namespace_index       (CrownNamespaces ns);
const char           *crown_store_to_string       (CrownStore  store);
gboolean              crown_store_from_string     (const char *str,
                                                   CrownStore *store);

typedef enum {
  CROWN_EVENT_ERROR_ENVELOPE, /* a member of the envelope is missing or of the wrong type */
  CROWN_EVENT_ERROR_PAYLOAD,  /* the payload breaks its type's schema */
  CROWN_EVENT_ERROR_CHECKSUM, /* the row after the change has another checksum than the envelope says */
  CROWN_EVENT_ERROR_NO_ROW,   /* the row that the event changes is not there */
} CrownEventError;
#define CROWN_EVENT_ERROR (crown_event_error_quark ())
GQuark crown_event_error_quark (void);

G_END_DECLS
