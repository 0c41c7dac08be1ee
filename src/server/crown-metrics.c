/* crown-metrics.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-metrics.h"

#include <stdio.h>
#include <unistd.h>

#define BUCKETS_MAX 12

/* Upper bounds; the last bucket, +Inf, is not listed. */
typedef struct {
  const char *name;
  const char *help;
  double      bounds[BUCKETS_MAX];
} HistogramInfo;

typedef enum {
  WRITE_SECONDS,
  COMMIT_SECONDS,
  COMMIT_WRITES,
  COMMIT_EVENTS,
  N_HISTOGRAMS,
} HistogramKind;

static const HistogramInfo histogram_infos[] = {
  [WRITE_SECONDS] = { "crown_write_seconds", "Time of a write from its beginning until it is on disk",
                      { 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1 } },
  [COMMIT_SECONDS] = { "crown_commit_seconds", "Time of a commit",
                       { 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1 } },
  [COMMIT_WRITES] = { "crown_commit_writes", "Writes that share a commit", { 1, 2, 5, 10, 25, 50, 100, 250 } },
  [COMMIT_EVENTS] = { "crown_commit_events", "Events of a commit", { 1, 2, 5, 10, 25, 50, 100, 250, 1000 } },
};

static const struct {
  const char *name;
  const char *help;
} count_infos[] = {
  [CROWN_COUNT_DELIVERIES] = { "crown_deliveries_total", "Frames of events given to sockets" },
  [CROWN_COUNT_REPLAYS] = { "crown_replays_total", "Pages of replays" },
  [CROWN_COUNT_RATE_LIMITED] = { "crown_rate_limited_total", "Requests refused because their token had too many" },
  [CROWN_COUNT_REVOKED] = { "crown_revoked_total", "Sockets cut because their token was revoked" },
  [CROWN_COUNT_DELETED] = { "crown_events_deleted_total", "Events that retention deleted" },
  [CROWN_COUNT_EMPTIED] = { "crown_events_emptied_total", "Superseded events that retention left only their number" },
};

typedef struct {
  guint64 buckets[BUCKETS_MAX + 1];
  guint64 count;
  double  sum;
} Histogram;

struct _CrownMetrics
{
  guint64     counts[CROWN_N_COUNTS];
  guint64     events[CROWN_N_EVENT_TYPES];
  Histogram   histograms[N_HISTOGRAMS];
  GHashTable *requests; /* labels → guint64 */
};

CrownMetrics *
crown_metrics_new (void)
{
  CrownMetrics *self = g_new0 (CrownMetrics, 1);

  self->requests = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
crown_metrics_free (CrownMetrics *self)
{
  g_hash_table_unref (self->requests);
  g_free (self);
}

void
crown_metrics_count (CrownMetrics *self,
                     CrownCount    count,
                     guint64       n)
{
  self->counts[count] += n;
}

void
crown_metrics_count_event (CrownMetrics   *self,
                           CrownEventType  type)
{
  if ((guint) type < CROWN_N_EVENT_TYPES)
    self->events[type]++;
}

/**
 * crown_metrics_count_request:
 * @route: the pattern of the route, never a path: what a client may choose must not make a series
 */
void
crown_metrics_count_request (CrownMetrics *self,
                             const char   *method,
                             const char   *route,
                             guint         status)
{
  g_autofree char *labels = g_strdup_printf ("method=\"%s\",route=\"%s\",status=\"%u\"", method, route, status);
  guint64 *n = g_hash_table_lookup (self->requests, labels);

  if (n == NULL)
    {
      n = g_new0 (guint64, 1);
      g_hash_table_insert (self->requests, g_steal_pointer (&labels), n);
    }
  (*n)++;
}

static void
observe (CrownMetrics  *self,
         HistogramKind  kind,
         double         value)
{
  const double *bounds = histogram_infos[kind].bounds;
  Histogram *histogram = &self->histograms[kind];
  guint i = 0;

  while (i < BUCKETS_MAX && bounds[i] > 0 && value > bounds[i])
    i++;
  histogram->buckets[i]++;
  histogram->count++;
  histogram->sum += value;
}

void
crown_metrics_observe_commit (CrownMetrics *self,
                              double        seconds,
                              guint         writes,
                              guint         events)
{
  observe (self, COMMIT_SECONDS, seconds);
  observe (self, COMMIT_WRITES, writes);
  observe (self, COMMIT_EVENTS, events);
}

void
crown_metrics_observe_write (CrownMetrics *self,
                             double        seconds)
{
  observe (self, WRITE_SECONDS, seconds);
}

/* The text */

static void
append_head (GString    *out,
             const char *name,
             const char *help,
             const char *type)
{
  g_string_append_printf (out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
append_value (GString    *out,
              const char *name,
              const char *help,
              const char *type,
              double      value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  append_head (out, name, help, type);
  g_string_append_printf (out, "%s %s\n", name, g_ascii_dtostr (number, sizeof number, value));
}

static void
append_histogram (GString             *out,
                  const HistogramInfo *info,
                  const Histogram     *histogram)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  guint64 below = 0;

  append_head (out, info->name, info->help, "histogram");
  for (guint i = 0; i < BUCKETS_MAX && info->bounds[i] > 0; i++)
    {
      below += histogram->buckets[i];
      g_string_append_printf (out, "%s_bucket{le=\"%s\"} %" G_GUINT64_FORMAT "\n", info->name,
                              g_ascii_formatd (number, sizeof number, "%g", info->bounds[i]), below);
    }
  g_string_append_printf (out, "%s_bucket{le=\"+Inf\"} %" G_GUINT64_FORMAT "\n", info->name, histogram->count);
  g_string_append_printf (out, "%s_sum %s\n", info->name, g_ascii_dtostr (number, sizeof number, histogram->sum));
  g_string_append_printf (out, "%s_count %" G_GUINT64_FORMAT "\n", info->name, histogram->count);
}

/* Of the process, by the names that Prometheus' own clients use. */
static void
append_process (GString *out)
{
  g_autofree char *statm = NULL;
  g_autoptr (GDir) fds = g_dir_open ("/proc/self/fd", 0, NULL);
  guint64 resident = 0;
  guint n_fds = 0;

  if (g_file_get_contents ("/proc/self/statm", &statm, NULL, NULL))
    sscanf (statm, "%*u %" G_GUINT64_FORMAT, &resident);
  while (fds != NULL && g_dir_read_name (fds) != NULL)
    n_fds++;
  append_value (out, "process_resident_memory_bytes", "Memory in use", "gauge",
                (double) resident * (double) sysconf (_SC_PAGESIZE));
  append_value (out, "process_open_fds", "Open descriptors", "gauge", n_fds);
}

char *
crown_metrics_to_text (CrownMetrics      *self,
                       const CrownGauges *gauges)
{
  GString *out = g_string_new (NULL);
  g_autoptr (GList) labels = g_list_sort (g_hash_table_get_keys (self->requests), (GCompareFunc) g_strcmp0);

  for (guint i = 0; i < N_HISTOGRAMS; i++)
    append_histogram (out, &histogram_infos[i], &self->histograms[i]);
  for (guint i = 0; i < CROWN_N_COUNTS; i++)
    append_value (out, count_infos[i].name, count_infos[i].help, "counter", (double) self->counts[i]);

  append_head (out, "crown_events_total", "Events committed", "counter");
  for (guint i = CROWN_EVENT_UNKNOWN + 1; i < CROWN_N_EVENT_TYPES; i++)
    g_string_append_printf (out, "crown_events_total{type=\"%s\"} %" G_GUINT64_FORMAT "\n",
                            crown_event_info ((CrownEventType) i)->name, self->events[i]);
  append_head (out, "crown_requests_total", "REST requests answered", "counter");
  for (GList *l = labels; l != NULL; l = l->next)
    g_string_append_printf (out, "crown_requests_total{%s} %" G_GUINT64_FORMAT "\n", (char *) l->data,
                            *(guint64 *) g_hash_table_lookup (self->requests, l->data));

  append_value (out, "crown_connections", "Socket.IO connections", "gauge", gauges->connections);
  append_value (out, "crown_http_connections", "HTTP connections", "gauge", gauges->http_connections);
  append_value (out, "crown_refused_connections_total", "Connections closed for being slow or too many", "counter",
                (double) gauges->refused);
  append_value (out, "crown_drops_total", "Connections cut because they did not read", "counter", (double) gauges->drops);
  append_value (out, "crown_rooms", "Rooms that have somebody in them", "gauge", gauges->rooms);
  append_value (out, "crown_members", "Sockets that have joined a workspace", "gauge", gauges->members);
  append_value (out, "crown_queued_bytes", "Bytes that wait to be sent to all sockets", "gauge", (double) gauges->queued_bytes);
  append_process (out);

  return g_string_free (out, FALSE);
}
