/* crown-sync-engine.c: the thread around CrownSyncMachine: its timer, its reports, and what is asked of it
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-sync-engine-private.h"

#include "core/crown-json.h"
#include "crown-cache-upkeep.h"
#include "crown-performance-monitor.h"

#define KEEP_FIRST_SECONDS 60   /* the files are looked after when the start is over, */
#define KEEP_SECONDS       3600 /* then so often, */
#define RETRY_SECONDS      30   /* or so often while they cannot be opened */
#define MENDED_MAX         3

void
crown_engine_report_free (CrownEngineReport *report)
{
  g_clear_pointer (&report->changed, crown_change_set_unref);
  g_clear_pointer (&report->made, crown_change_set_unref);
  g_clear_pointer (&report->rejected, g_ptr_array_unref);
  g_free (report->problem);
  g_free (report);
}

/* Reports: collected under the lock, handed over in the owner's main context */

static void
record_since (CrownMetric metric,
              gint64      since)
{
  if (since != 0)
    crown_performance_monitor_record (crown_performance_monitor_get_default (), metric, g_get_monotonic_time () - since);
}

static gboolean
deliver_report (gpointer user_data)
{
  CrownSyncEngine *self = user_data;
  g_autoptr (CrownEngineReport) report = NULL;

  g_mutex_lock (&self->lock);
  report = self->report;
  self->report = g_new0 (CrownEngineReport, 1);
  self->report->state = report->state;
  self->report->offline_since = report->offline_since;
  self->report->pending = report->pending;
  self->report->buffered = report->buffered;
  self->report->caught_up = report->caught_up;
  self->report->to_catch_up = report->to_catch_up;
  g_clear_pointer (&self->report_source, g_source_unref);
  g_mutex_unlock (&self->lock);
  report->n_failures = crown_error_handler_get_n (self->errors);
  report->problem = crown_error_handler_dup_problem (self->errors);

  self->func (report, self->user_data);
  record_since (CROWN_METRIC_SEQUENCING, report->arrived_at);
  record_since (CROWN_METRIC_PROPAGATION, report->written_at);
  return G_SOURCE_REMOVE;
}

/* With the lock held. */
static void
schedule_report (CrownSyncEngine *self)
{
  if (self->report_source != NULL || self->stopping)
    return;
  self->report_source = g_idle_source_new ();
  g_source_set_priority (self->report_source, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->report_source, deliver_report, self, NULL);
  g_source_attach (self->report_source, self->owner_context);
}

static void
merge_into (CrownChangeSet       **set,
            const CrownChangeSet  *changes)
{
  if (*set == NULL)
    *set = crown_change_set_new (changes->workspace_id);
  crown_change_set_merge (*set, changes);
}

/* The machine's driver: reports here, the rest in crown-sync-network.c */

/* What is live again at the first attempt was lost when the line was; after that the server was not there. */
static void
time_line (CrownSyncEngine  *self,
           CrownClientState  before,
           CrownClientState  state)
{
  if (state == CROWN_CLIENT_BACKING_OFF)
    self->lost_at = before == CROWN_CLIENT_LIVE ? g_get_monotonic_time () : 0;
  else if (state == CROWN_CLIENT_CONNECTING && self->lost_at == 0)
    self->lost_at = g_get_monotonic_time ();
  else if (state == CROWN_CLIENT_LIVE)
    {
      record_since (CROWN_METRIC_RECONNECTION, self->lost_at);
      self->lost_at = 0;
    }
}

void
crown_sync_engine_time_event (CrownSyncEngine *self,
                              JsonArray       *args)
{
  JsonNode *node = json_array_get_length (args) > 0 ? json_array_get_element (args, 0) : NULL;

  if (crown_sync_machine_get_state (self->machine) != CROWN_CLIENT_LIVE || node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return;
  if (self->arrived_at == 0)
    self->arrived_at = g_get_monotonic_time ();
  if (self->timed != NULL &&
      g_strcmp0 (crown_json_opt_string (json_node_get_object (node), "mutation_id", NULL), self->timed) == 0)
    self->timed_arrived = TRUE;
}

/* One at a time: a sample, not a list of all that is under way. */
static void
time_write (CrownSyncEngine        *self,
            const CrownOutboxEntry *entry)
{
  if (self->timed != NULL || crown_sync_machine_get_state (self->machine) != CROWN_CLIENT_LIVE)
    return;
  self->timed = g_strdup (entry->mutation_id);
  self->timed_at = g_get_monotonic_time ();
  self->timed_arrived = FALSE;
}

/* With the lock held. */
static void
take_times (CrownSyncEngine *self)
{
  if (self->report->arrived_at == 0)
    self->report->arrived_at = self->arrived_at;
  self->arrived_at = 0;
  if (self->timed != NULL && self->timed_arrived)
    {
      self->report->written_at = self->timed_at;
      g_clear_pointer (&self->timed, g_free);
    }
}

static void
report_state (CrownClientState state,
              gpointer         user_data)
{
  CrownSyncEngine *self = user_data;

  if (state == CROWN_CLIENT_LIVE || state == CROWN_CLIENT_OFFLINE)
    crown_error_handler_recovered (self->errors);
  g_mutex_lock (&self->lock);
  time_line (self, self->report->state, state);
  if (state != CROWN_CLIENT_LIVE) /* what is waited for may have been lost with the line */
    g_clear_pointer (&self->timed, g_free);
  self->report->state = state;
  if (state == CROWN_CLIENT_LIVE)
    self->report->offline_since = 0;
  else if (self->report->offline_since == 0 && (state == CROWN_CLIENT_BACKING_OFF || state == CROWN_CLIENT_OFFLINE))
    self->report->offline_since = g_get_real_time ();
  schedule_report (self);
  g_mutex_unlock (&self->lock);
}

static void
report_changes (const CrownChangeSet *changes,
                gboolean              made_here,
                gpointer              user_data)
{
  CrownSyncEngine *self = user_data;

  g_mutex_lock (&self->lock);
  merge_into (&self->report->changed, changes);
  take_times (self);
  if (made_here)
    merge_into (&self->report->made, changes);
  schedule_report (self);
  g_mutex_unlock (&self->lock);
}

void
crown_sync_engine_note (CrownSyncEngine     *self,
                        CrownFailureKind     kind,
                        CrownFailureOutcome  outcome,
                        const char          *what,
                        const char          *detail)
{
  g_autofree char *message = crown_error_handler_note (self->errors, kind, outcome, what, detail);

  g_mutex_lock (&self->lock);
  if (message != NULL && self->report->rejected == NULL)
    self->report->rejected = g_ptr_array_new_with_free_func (g_free);
  if (message != NULL)
    {
      g_ptr_array_add (self->report->rejected, g_strdup (what));
      g_ptr_array_add (self->report->rejected, g_steal_pointer (&message));
    }
  schedule_report (self);
  g_mutex_unlock (&self->lock);
}

static void
report_failed (CrownFailureKind     kind,
               CrownFailureOutcome  outcome,
               const char          *what,
               const char          *mutation_id,
               const char          *detail,
               gpointer             user_data)
{
  crown_sync_engine_note (user_data, kind, outcome, what, detail);
}

static void
report_pending (guint    pending,
                gpointer user_data)
{
  CrownSyncEngine *self = user_data;

  g_mutex_lock (&self->lock);
  if (self->report->pending != pending)
    {
      self->report->pending = pending;
      schedule_report (self);
    }
  g_mutex_unlock (&self->lock);
}

static const CrownSyncDriver driver = {
  .open = crown_sync_network_open,
  .close = crown_sync_network_close,
  .emit = crown_sync_network_emit,
  .request = crown_sync_network_request,
  .state_changed = report_state,
  .changed = report_changes,
  .pending = report_pending,
  .failed = report_failed,
};

static void
report_progress (CrownSyncEngine *self)
{
  guint buffered = crown_sync_machine_get_n_buffered (self->machine);
  guint64 done = 0, total = 0;

  crown_sync_machine_get_progress (self->machine, &done, &total);
  g_mutex_lock (&self->lock);
  if (self->report->caught_up != done || self->report->to_catch_up != total || self->report->buffered != buffered)
    {
      self->report->buffered = buffered;
      self->report->caught_up = done;
      self->report->to_catch_up = total;
      schedule_report (self);
    }
  g_mutex_unlock (&self->lock);
}

/* The timer */

static void watch_files (CrownSyncEngine *self);

void
crown_sync_engine_set_timer (CrownSyncEngine *self)
{
  gint64 due = crown_sync_machine_get_due (self->machine);

  report_progress (self);
  g_source_set_ready_time (self->timer, due == G_MAXINT64 ? -1 : due);
  watch_files (self);
}

static gboolean
timer_dispatch (GSource     *source,
                GSourceFunc  callback,
                gpointer     user_data)
{
  CrownSyncEngine *self = user_data;

  g_source_set_ready_time (source, -1);
  crown_sync_machine_tick (self->machine);
  crown_sync_engine_set_timer (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
timer_cb (gpointer user_data)
{
  g_assert_not_reached ();
}

static GSourceFuncs timer_funcs = { NULL, NULL, timer_dispatch, NULL };

/* What has arrived in one turn of the loop is there before the machine looks: it is one transaction. */
static void
start_timer (CrownSyncEngine *self)
{
  self->timer = g_source_new (&timer_funcs, sizeof (GSource));
  g_source_set_priority (self->timer, G_PRIORITY_DEFAULT + 10);
  g_source_set_callback (self->timer, timer_cb, self, NULL);
  g_source_attach (self->timer, self->context);
}

/* The thread */

/* The files: opened, looked after, and opened anew where they are damaged */

static gboolean
open_databases (CrownSyncEngine  *self,
                GError          **error)
{
  g_autofree char *cache = g_build_filename (self->folder, "cache.db", NULL);
  g_autofree char *outbox = g_build_filename (self->folder, "outbox.db", NULL);

  if (self->outbox == NULL)
    self->outbox = crown_outbox_open (outbox, error);
  if (self->outbox != NULL && self->cache == NULL)
    self->cache = crown_cache_open (cache, self->workspace_id, self->user_id, error);
  return self->cache != NULL && self->outbox != NULL;
}

static void
start_machine (CrownSyncEngine *self)
{
  g_autoptr (GError) error = NULL;

  if (!open_databases (self, &error))
    {
      report_state (CROWN_CLIENT_STOPPED, self);
      crown_sync_engine_note (self, crown_failure_of_error (error), CROWN_OUTCOME_STOPPED, "open", error->message);
      return;
    }
  self->machine = crown_sync_machine_new (self->cache, self->outbox, self->workspace_id, self->user_id, &driver, self,
                                          NULL, NULL, NULL);
  crown_error_handler_recovered (self->errors);
  if (self->url != NULL)
    crown_sync_machine_connect (self->machine);
  crown_sync_engine_set_timer (self);
}

static void
stop_machine (CrownSyncEngine *self)
{
  g_clear_pointer (&self->local, crown_local_stream_close);
  g_clear_pointer (&self->machine, crown_sync_machine_free);
  crown_sync_network_stop (self);
}

/* A disk that was full or could not be written may be good again; a file of a later version stays as it is. */
static void
try_again (CrownSyncEngine *self)
{
  g_autoptr (GError) error = NULL;

  if (open_databases (self, &error))
    start_machine (self);
  else
    g_debug ("the files still cannot be opened: %s", error->message);
}

static gboolean
mend_cb (gpointer user_data)
{
  CrownSyncEngine *self = user_data;
  g_autoptr (CrownChangeSet) everything = crown_change_set_new (self->workspace_id);
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->mend_source, g_source_unref);
  stop_machine (self);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  /* Its opening looks at all of it, and saves what can be read. */
  if (crown_outbox_is_damaged (self->outbox))
    g_clear_pointer (&self->outbox, crown_outbox_close);
  if (crown_cache_is_damaged (self->cache) &&
      (self->cache = crown_cache_reopen (g_steal_pointer (&self->cache), &error)) == NULL)
    g_warning ("%s", error->message);
  start_machine (self);
  for (CrownStore store = CROWN_STORE_NONE + 1; store < CROWN_N_STORES; store++)
    crown_change_set_add_all (everything, store);
  report_changes (everything, TRUE, self);
  return G_SOURCE_REMOVE;
}

/* After what was done with the files. Not at once: the machine is in the middle of something. */
static void
watch_files (CrownSyncEngine *self)
{
  if (self->machine == NULL || self->mend_source != NULL || self->n_mended >= MENDED_MAX ||
      !(crown_cache_is_damaged (self->cache) || crown_outbox_is_damaged (self->outbox)))
    return;
  if (++self->n_mended == MENDED_MAX)
    crown_sync_engine_note (self, CROWN_FAILURE_DISK, CROWN_OUTCOME_GIVEN_UP, "files", NULL);
  self->mend_source = g_idle_source_new ();
  g_source_set_callback (self->mend_source, mend_cb, self, NULL);
  g_source_attach (self->mend_source, self->context);
}

static gboolean keep_cb (gpointer user_data);

static void
schedule_keep (CrownSyncEngine *self,
               guint            seconds)
{
  g_clear_pointer (&self->keep_source, g_source_unref);
  self->keep_source = g_timeout_source_new_seconds (seconds);
  g_source_set_callback (self->keep_source, keep_cb, self, NULL);
  g_source_attach (self->keep_source, self->context);
}

static gboolean
keep_cb (gpointer user_data)
{
  CrownSyncEngine *self = user_data;
  g_autoptr (GError) error = NULL;

  if (self->machine == NULL)
    try_again (self);
  else if (!crown_outbox_keep (self->outbox, NULL, &error) || !crown_cache_keep (self->cache, NULL, &error))
    g_warning ("no copy is made: %s", error->message);
  watch_files (self);
  schedule_keep (self, self->machine != NULL ? KEEP_SECONDS : RETRY_SECONDS);
  return G_SOURCE_REMOVE;
}

static void
on_resumed (gpointer data,
            gpointer user_data)
{
  CrownSyncEngine *self = user_data;

  if (self->machine == NULL)
    return;
  crown_sync_machine_resume (self->machine);
  crown_sync_engine_set_timer (self);
}

static gpointer
run (gpointer user_data)
{
  CrownSyncEngine *self = user_data;

  g_main_context_push_thread_default (self->context);
  start_timer (self);
  self->suspend_watch = crown_suspend_watch_new (self->context, NULL, on_resumed, self);
  start_machine (self);
  schedule_keep (self, self->machine != NULL ? KEEP_FIRST_SECONDS : RETRY_SECONDS);
  g_main_loop_run (self->loop);

  g_clear_pointer (&self->suspend_watch, crown_suspend_watch_free);
  g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
  g_source_destroy (self->keep_source);
  g_clear_pointer (&self->keep_source, g_source_unref);
  if (self->mend_source != NULL)
    g_source_destroy (self->mend_source);
  g_clear_pointer (&self->mend_source, g_source_unref);
  stop_machine (self);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_clear_pointer (&self->cache, crown_cache_close);
  g_clear_pointer (&self->outbox, crown_outbox_close);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

CrownSyncEngine *
crown_sync_engine_new (const char        *folder,
                       gint64             workspace_id,
                       gint64             user_id,
                       CrownErrorHandler *errors,
                       CrownEngineFunc    func,
                       gpointer           user_data)
{
  CrownSyncEngine *self = g_new0 (CrownSyncEngine, 1);

  g_mutex_init (&self->lock);
  self->folder = g_strdup (folder);
  self->workspace_id = workspace_id;
  self->user_id = user_id;
  self->errors = crown_error_handler_ref (errors);
  self->func = func;
  self->user_data = user_data;
  self->owner_context = g_main_context_ref_thread_default ();
  self->report = g_new0 (CrownEngineReport, 1);
  self->report->offline_since = g_get_real_time ();
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->cancellable = g_cancellable_new ();
  self->thread = g_thread_new ("crown-sync", run, self);
  return self;
}

static gboolean
quit_cb (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

void
crown_sync_engine_invoke (CrownSyncEngine *self,
                          GSourceFunc      func,
                          gpointer         data,
                          GDestroyNotify   destroy)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, data, destroy);
  g_source_attach (source, self->context);
}

void
crown_sync_engine_stop (CrownSyncEngine *self)
{
  g_mutex_lock (&self->lock);
  self->stopping = TRUE;
  if (self->report_source != NULL)
    g_source_destroy (self->report_source);
  g_clear_pointer (&self->report_source, g_source_unref);
  g_mutex_unlock (&self->lock);

  crown_sync_engine_invoke (self, quit_cb, self->loop, NULL);
  g_thread_join (self->thread);

  g_clear_pointer (&self->report, crown_engine_report_free);
  g_clear_pointer (&self->errors, crown_error_handler_unref);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->owner_context, g_main_context_unref);
  g_free (self->folder);
  g_free (self->url);
  g_free (self->token);
  g_free (self->timed);
  g_mutex_clear (&self->lock);
  g_free (self);
}

typedef struct {
  CrownSyncEngine *self;
  char            *url;
  char            *token;
} Address;

static void
address_free (gpointer data)
{
  Address *address = data;

  g_free (address->url);
  g_free (address->token);
  g_free (address);
}

static gboolean
connect_cb (gpointer data)
{
  Address *address = data;
  CrownSyncEngine *self = address->self;

  g_free (self->url);
  g_free (self->token);
  self->url = g_steal_pointer (&address->url);
  self->token = g_steal_pointer (&address->token);
  self->may_poll = FALSE;
  if (self->machine == NULL)
    return G_SOURCE_REMOVE;
  crown_sync_machine_connect (self->machine);
  crown_sync_engine_set_timer (self);
  return G_SOURCE_REMOVE;
}

void
crown_sync_engine_connect (CrownSyncEngine *self,
                           const char      *url,
                           const char      *token)
{
  Address *address = g_new0 (Address, 1);

  address->self = self;
  address->url = g_strdup (url);
  address->token = g_strdup (token);
  crown_sync_engine_invoke (self, connect_cb, address, address_free);
}

typedef struct {
  CrownSyncEngine  *self;
  void            (*func) (CrownSyncMachine *machine);
} Wish;

static gboolean
wish_cb (gpointer data)
{
  Wish *wish = data;

  if (wish->self->machine == NULL || wish->self->url == NULL)
    return G_SOURCE_REMOVE;
  wish->func (wish->self->machine);
  crown_sync_engine_set_timer (wish->self);
  return G_SOURCE_REMOVE;
}

static void
wish (CrownSyncEngine  *self,
      void            (*func) (CrownSyncMachine *machine))
{
  Wish *data = g_new (Wish, 1);

  data->self = self;
  data->func = func;
  crown_sync_engine_invoke (self, wish_cb, data, g_free);
}

void
crown_sync_engine_disconnect (CrownSyncEngine *self)
{
  wish (self, crown_sync_machine_disconnect);
}

void
crown_sync_engine_retry (CrownSyncEngine *self)
{
  wish (self, crown_sync_machine_wake);
}

/* Writes */

typedef struct {
  CrownSyncEngine  *self;
  CrownOutboxEntry *entry;
  GTask            *task;
} Write;

static void
write_free (gpointer data)
{
  Write *write = data;

  g_clear_pointer (&write->entry, crown_outbox_entry_free);
  g_clear_object (&write->task);
  g_free (write);
}

static gboolean
write_cb (gpointer data)
{
  Write *write = data;
  CrownSyncEngine *self = write->self;
  GError *error = NULL;

  if (self->machine == NULL)
    {
      g_task_return_new_error (write->task, G_IO_ERROR, G_IO_ERROR_FAILED, "Changes cannot be kept: the outbox is not open");
      return G_SOURCE_REMOVE;
    }
  if (crown_sync_machine_write (self->machine, write->entry, &error))
    {
      time_write (self, write->entry);
      g_task_return_pointer (write->task, g_steal_pointer (&write->entry), (GDestroyNotify) crown_outbox_entry_free);
    }
  else
    g_task_return_error (write->task, error);
  crown_sync_engine_set_timer (self);
  return G_SOURCE_REMOVE;
}

void
crown_sync_engine_write (CrownSyncEngine  *self,
                         CrownOutboxEntry *entry,
                         GTask            *task)
{
  Write *write = g_new0 (Write, 1);

  write->self = self;
  write->entry = entry;
  write->task = g_object_ref (task);
  crown_sync_engine_invoke (self, write_cb, write, write_free);
}

typedef struct {
  CrownSyncEngine *self;
  CrownEngineWish  wish;
  char            *mutation_id;
  GTask           *task;
} WriteWish;

static void
write_wish_free (gpointer data)
{
  WriteWish *wished = data;

  g_free (wished->mutation_id);
  g_clear_object (&wished->task);
  g_free (wished);
}

static gboolean
change_write_cb (gpointer data)
{
  WriteWish *wished = data;
  CrownSyncEngine *self = wished->self;
  GError *error = NULL;
  gboolean done;

  if (self->machine == NULL)
    {
      g_task_return_new_error (wished->task, G_IO_ERROR, G_IO_ERROR_FAILED, "The outbox is not open");
      return G_SOURCE_REMOVE;
    }
  if (wished->wish == CROWN_ENGINE_RETRY)
    done = crown_sync_machine_retry (self->machine, wished->mutation_id, &error);
  else
    done = crown_sync_machine_withdraw (self->machine, wished->mutation_id, wished->wish == CROWN_ENGINE_DISCARD, &error);
  if (done)
    g_task_return_boolean (wished->task, TRUE);
  else
    g_task_return_error (wished->task, error);
  crown_sync_engine_set_timer (self);
  return G_SOURCE_REMOVE;
}

void
crown_sync_engine_change_write (CrownSyncEngine *self,
                                CrownEngineWish  wish,
                                const char      *mutation_id,
                                GTask           *task)
{
  WriteWish *wished = g_new0 (WriteWish, 1);

  wished->self = self;
  wished->wish = wish;
  wished->mutation_id = g_strdup (mutation_id);
  wished->task = g_object_ref (task);
  crown_sync_engine_invoke (self, change_write_cb, wished, write_wish_free);
}

static gboolean
list_writes_cb (gpointer data)
{
  WriteWish *wished = data;
  GError *error = NULL;
  GPtrArray *entries = NULL;

  if (wished->self->outbox != NULL)
    entries = crown_outbox_list_all (wished->self->outbox, &error);
  if (entries != NULL)
    g_task_return_pointer (wished->task, entries, (GDestroyNotify) g_ptr_array_unref);
  else if (error != NULL)
    g_task_return_error (wished->task, error);
  else
    g_task_return_new_error (wished->task, G_IO_ERROR, G_IO_ERROR_FAILED, "The outbox is not open");
  return G_SOURCE_REMOVE;
}

void
crown_sync_engine_list_writes (CrownSyncEngine *self,
                               GTask           *task)
{
  WriteWish *wished = g_new0 (WriteWish, 1);

  wished->self = self;
  wished->task = g_object_ref (task);
  crown_sync_engine_invoke (self, list_writes_cb, wished, write_wish_free);
}

typedef struct {
  CrownSyncEngine *self;
  CrownChangeSet  *changes;
  guint            n_damaged;
} Look;

static void
look_free (gpointer data)
{
  Look *look = data;

  crown_change_set_unref (look->changes);
  g_free (look);
}

static gboolean
look_cb (gpointer data)
{
  Look *look = data;

  report_changes (look->changes, FALSE, look->self);
  if (look->self->machine != NULL)
    {
      crown_sync_machine_look (look->self->machine);
      crown_sync_engine_set_timer (look->self);
    }
  return G_SOURCE_REMOVE;
}

void
crown_sync_engine_look (CrownSyncEngine      *self,
                        const CrownChangeSet *changes)
{
  Look *look = g_new0 (Look, 1);

  look->self = self;
  look->changes = crown_change_set_new (changes->workspace_id);
  crown_change_set_merge (look->changes, changes);
  crown_sync_engine_invoke (self, look_cb, look, look_free);
}

static gboolean
miss_cb (gpointer data)
{
  Look *look = data;

  if (look->self->machine != NULL)
    {
      crown_sync_machine_miss (look->self->machine, look->changes, look->n_damaged);
      crown_sync_engine_set_timer (look->self);
    }
  return G_SOURCE_REMOVE;
}

void
crown_sync_engine_miss (CrownSyncEngine *self,
                        CrownChangeSet  *missing,
                        guint            n_damaged)
{
  Look *look = g_new0 (Look, 1);

  look->self = self;
  look->changes = missing;
  look->n_damaged = n_damaged;
  crown_sync_engine_invoke (self, miss_cb, look, look_free);
}

static gboolean
check_cb (gpointer data)
{
  CrownSyncEngine *self = data;
  g_autoptr (GError) error = NULL;

  if (self->machine != NULL && !crown_cache_check (self->cache, &error))
    g_message ("%s", error->message);
  watch_files (self);
  return G_SOURCE_REMOVE;
}

void
crown_sync_engine_check (CrownSyncEngine *self)
{
  crown_sync_engine_invoke (self, check_cb, self, NULL);
}

static gboolean
touch_cb (gpointer data)
{
  Look *look = data;
  CrownCache *cache = look->self->machine != NULL ? look->self->cache : NULL;

  for (CrownStore store = 0; cache != NULL && store < CROWN_N_STORES; store++)
    {
      GArray *ids = look->changes->ids[store];
      g_autoptr (GError) error = NULL;

      if (ids != NULL && !crown_cache_touch (cache, store, (const gint64 *) (gpointer) ids->data, ids->len, NULL, &error))
        g_debug ("what was shown is not noted: %s", error->message);
    }
  return G_SOURCE_REMOVE;
}

void
crown_sync_engine_touch (CrownSyncEngine      *self,
                         const CrownChangeSet *shown)
{
  Look *look = g_new0 (Look, 1);

  look->self = self;
  look->changes = crown_change_set_new (shown->workspace_id);
  crown_change_set_merge (look->changes, shown);
  crown_sync_engine_invoke (self, touch_cb, look, look_free);
}

/* The local stream */

typedef struct {
  CrownSyncEngine *self;
  CrownEventType   type;
  JsonObject      *data;
} LocalEvent;

static void
local_event_free (gpointer data)
{
  LocalEvent *event = data;

  json_object_unref (event->data);
  g_free (event);
}

static gboolean
emit_local (CrownSyncEngine  *self,
            CrownEventType    type,
            JsonObject       *data,
            CrownChangeSet   *changes,
            GError          **error)
{
  g_autoptr (CrownEnvelope) envelope = NULL;

  if (self->local == NULL)
    self->local = crown_local_stream_open (crown_cache_get_path (self->cache), self->workspace_id, self->user_id, NULL, error);
  if (self->local != NULL)
    envelope = crown_local_stream_emit (self->local, type, data, changes, error);
  return envelope != NULL;
}

static gboolean
emit_local_cb (gpointer data)
{
  LocalEvent *event = data;
  CrownSyncEngine *self = event->self;
  g_autoptr (CrownChangeSet) changes = crown_change_set_new (self->workspace_id);
  g_autoptr (GError) error = NULL;

  if (self->machine == NULL)
    return G_SOURCE_REMOVE;
  if (emit_local (self, event->type, event->data, changes, &error))
    report_changes (changes, TRUE, self);
  else
    crown_sync_engine_note (self, crown_failure_of_error (error), CROWN_OUTCOME_RETURNED, "local", error->message);
  return G_SOURCE_REMOVE;
}

void
crown_sync_engine_emit_local (CrownSyncEngine *self,
                              CrownEventType   type,
                              JsonObject      *data)
{
  LocalEvent *event = g_new0 (LocalEvent, 1);

  event->self = self;
  event->type = type;
  event->data = data;
  crown_sync_engine_invoke (self, emit_local_cb, event, local_event_free);
}
