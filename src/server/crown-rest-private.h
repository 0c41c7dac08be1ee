/* crown-rest-private.h: what the routes of the REST interface share
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <libsoup/soup.h>

#include "crown-event-sequencer.h"
#include "crown-live-meetings.h"
#include "crown-pipeline.h"

G_BEGIN_DECLS

#define CROWN_REST_BODY_MAX  (64 * 1024) /* JSON bodies; transcripts have a limit of their own */
#define CROWN_REST_PAGE_MAX  1000        /* rows or events a page */

/* One request, from the moment that it is known to be allowed. */
typedef struct {
  CrownEventSequencer *sequencer;
  CrownEventLedger    *ledger;
  CrownPrincipal       who;
  gint64               workspace_id; /* {w}; 0: the route has none */
  gint64               id;           /* {id} */
  char                *stream;       /* (nullable) of the workspace */
  GHashTable          *query;        /* (nullable) */
  GBytes              *body;
  JsonObject          *json;         /* (nullable) the body of routes that take JSON */
  CrownLiveMeetings   *live;
  CrownAssistant      *assistant;    /* (nullable) */
  const char          *if_match;     /* (nullable) */
  CrownPipeline       *pipeline;     /* (nullable) of an import, or of a live meeting at its end */

  guint                status;       /* the answer: 200 if nothing is said */
  GString             *answer;
  char                *etag;         /* (nullable) */
  guint64              sequence;     /* of the event that holds the change; 0: none */
  char                *current;      /* (nullable) the row that made If-Match fail */
} CrownRestRequest;

/**
 * CrownRestRoute:
 * @pattern: path below /api/v1; `{w}` and `{id}` stand for ids
 * @takes_json: the body has to be a JSON object
 * @read: (nullable): answers; what it reads is of one moment
 * @prepare: (nullable): work of a write that needs no transaction, on another thread
 * @write: (nullable): emits the events and answers
 * @accept: (nullable): puts on disk, before the answer and in a write of its own, what has to be gone on with
 * @work: (nullable): work between @accept and @write, on another thread
 */
typedef struct {
  const char *method;
  const char *pattern;
  CrownRole   role;
  gsize       body_max;
  gboolean    takes_json;
  gboolean  (*read)    (CrownRestRequest *request, GError **error);
  gboolean  (*prepare) (CrownRestRequest *request, GError **error);
  gboolean  (*write)   (CrownRestRequest *request, CrownEventWrite *write, GError **error);
  gboolean  (*accept)  (CrownRestRequest *request, CrownEventWrite *write, GError **error);
  gboolean  (*work)    (CrownRestRequest *request, GError **error);
} CrownRestRoute;

extern const CrownRestRoute crown_rest_read_routes[];  /* ends with a NULL method */
extern const CrownRestRoute crown_rest_write_routes[];

const CrownRestRoute *
            crown_rest_find_route         (const char         *method,
                                           const char         *path,
                                           gint64             *workspace_id,
                                           gint64             *id,
                                           GString            *allowed,
                                           GError            **error);
gboolean    crown_rest_request_perform    (CrownRestRequest      *request,
                                           const CrownRestRoute  *route,
                                           CrownEventWrite       *write,
                                           const char            *key,
                                           const char            *hash,
                                           gint64                 now,
                                           CrownLedgerAnswer    **answer,
                                           GError               **error);
void        crown_rest_add_bare_handler   (SoupServer         *soup,
                                           const char         *path,
                                           SoupServerCallback  callback,
                                           gpointer            user_data);
void        crown_rest_respond_error      (SoupServerMessage *message,
                                           const GError      *error);
gboolean    crown_rest_admit_get          (SoupServerMessage *message,
                                           const char        *path,
                                           const char        *expected);
const char *crown_rest_request_get_query  (CrownRestRequest  *request,
                                           const char        *name);
gboolean    crown_rest_request_get_number (CrownRestRequest  *request,
                                           const char        *name,
                                           guint64            otherwise,
                                           guint64            max,
                                           guint64           *value,
                                           GError           **error);
gboolean    crown_rest_request_load_row   (CrownRestRequest  *request,
                                           CrownStore         store,
                                           gint64             id,
                                           CrownLedgerRow   **row,
                                           GError           **error);

G_END_DECLS
