/* crown-models.h: the rows that people see, as structs
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib-object.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Row of `meetings`. On the wire and on disk a row is a JSON object; unknown members are kept there. Beside the
 * specification's members: participants (array of strings), started_at, external_session_id, archived_by, archived_at,
 * summary_evidence (array of {text, line}), source (file name). Boxed, atomic refcount. */
typedef struct {
  gint64   id;
  char    *title;
  char    *status;            /* active | completed | archived */
  char    *created_at;
  char    *started_at;        /* (nullable) */
  gint64   duration;          /* seconds */
  char    *summary;
  gint64   task_count;
  gint64   participant_count;
  gboolean archived;
  char    *archived_at;       /* (nullable) */
  gint64   archived_by;       /* 0: nobody */
  char   **participants;      /* (nullable) */
  JsonArray *summary_evidence; /* (nullable): {text, kind, line, end_line} of each sentence of the summary */
} CrownMeeting;

/* Row of `tasks`. Beside the specification's: created_at, completed_at, speaker, evidence_line (0-based segment; -1 none),
 * evidence_end_line, evidence_text, confidence, kind. */
typedef struct {
  gint64   id;
  gint64   session_id;
  char    *text;
  char    *status;            /* pending | completed | cancelled */
  char    *priority;          /* low | medium | high */
  char    *due_date;          /* (nullable) YYYY-MM-DD */
  char    *assignee;          /* (nullable) */
  char    *created_at;        /* (nullable) */
  char    *completed_at;      /* (nullable) */
  char    *speaker;           /* (nullable): who said it */
  char    *evidence_text;     /* (nullable) */
  gint64   evidence_line;
  double   confidence;
} CrownTask;

/* Row of `analytics`. Lines are indices of the transcript's segments. */
typedef struct {
  gint64      session_id;
  JsonObject *speaking_time;  /* name → seconds */
  JsonObject *sentiment;      /* {overall, by_speaker:{}, timeline:[{at, score}]} */
  JsonObject *participation;  /* {balance, turns:{}, words:{}, …} */
  JsonArray  *topics;         /* chapters, in order: {title (nullable), line, end_line, at} with `at` in seconds */
  JsonArray  *decisions;      /* {text, kind, line, end_line, speaker, confidence, due, assignee} */
  JsonArray  *events;         /* as decisions: what was arranged, such as the next meeting */
  JsonArray  *notes;
  char       *updated_at;
} CrownAnalytics;

GType           crown_meeting_get_type   (void);
CrownMeeting   *crown_meeting_from_json  (JsonObject *row, GError **error);
CrownMeeting   *crown_meeting_ref        (CrownMeeting *self);
void            crown_meeting_unref      (CrownMeeting *self);
GType           crown_task_get_type      (void);
CrownTask      *crown_task_from_json     (JsonObject *row, GError **error);
CrownTask      *crown_task_ref           (CrownTask *self);
void            crown_task_unref         (CrownTask *self);
GType           crown_analytics_get_type (void);
CrownAnalytics *crown_analytics_from_json(JsonObject *row, GError **error);
CrownAnalytics *crown_analytics_ref      (CrownAnalytics *self);
void            crown_analytics_unref    (CrownAnalytics *self);

#define CROWN_TYPE_MEETING   (crown_meeting_get_type ())
#define CROWN_TYPE_TASK      (crown_task_get_type ())
#define CROWN_TYPE_ANALYTICS (crown_analytics_get_type ())

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownMeeting, crown_meeting_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownTask, crown_task_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownAnalytics, crown_analytics_unref)

G_END_DECLS
