/* crown-search-provider.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-search-provider.h"

#include "crown-format.h"
#include "crown-shell-search.h"

#include <glib/gi18n.h>

#define MAX_RESULTS 20  /* of a kind; the desktop shows five and a way to the rest */
#define MAX_TEXT    256 /* bytes of what is searched for */

/**
 * CrownSearchProvider:
 *
 * Answers from the cache. It opens no window and no connection: the desktop starts the program for it while a person types.
 */
struct _CrownSearchProvider
{
  GObject           parent_instance;

  CrownShellSearch *skeleton;
  CrownClient      *client; /* (nullable) */
};

enum {
  NEEDED,
  OPEN,
  SEARCH,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CrownSearchProvider, crown_search_provider, G_TYPE_OBJECT)

static void
describe_meeting (CrownSearchProvider *self,
                  gint64               id,
                  GVariantDict        *meta)
{
  g_autoptr(CrownMeeting) meeting = crown_client_load_meeting (self->client, id, NULL);
  g_autofree char *date = NULL;
  g_autofree char *facts = NULL;

  if (meeting == NULL)
    return;
  date = crown_format_date (meeting->started_at != NULL ? meeting->started_at : meeting->created_at);
  facts = crown_format_meeting (date, meeting->duration, meeting->participant_count, meeting->task_count);
  g_variant_dict_insert (meta, "name", "s", meeting->title);
  g_variant_dict_insert (meta, "description", "s", facts);
}

static void
describe_task (CrownSearchProvider *self,
               gint64               id,
               GVariantDict        *meta)
{
  g_autoptr(CrownTask) task = crown_client_load_task (self->client, id, NULL);
  g_autoptr(CrownMeeting) meeting = NULL;
  g_autoptr(GString) facts = g_string_new (NULL);
  g_autofree char *due = NULL;

  if (task == NULL)
    return;
  meeting = crown_client_load_meeting (self->client, task->session_id, NULL);
  due = crown_format_due (task->due_date);
  if (task->assignee != NULL)
    crown_format_append_fact (facts, task->assignee);
  if (due[0] != '\0')
    crown_format_append_fact (facts, due);
  if (meeting != NULL)
    crown_format_append_fact (facts, meeting->title);
  g_variant_dict_insert (meta, "name", "s", task->text);
  g_variant_dict_insert (meta, "description", "s", facts->str);
}

static gint64
find_meeting_of_task (CrownSearchProvider *self,
                      gint64               id)
{
  g_autoptr(CrownTask) task = crown_client_load_task (self->client, id, NULL);

  return task != NULL ? task->session_id : 0;
}

static gint64
find_meeting (CrownSearchProvider *self,
              gint64               id)
{
  return id;
}

static const struct {
  CrownQueryKind   query;
  const char      *prefix; /* of a result's identifier; the row's id follows */
  const char      *icon;
  void           (*describe) (CrownSearchProvider *self, gint64 id, GVariantDict *meta);
  gint64         (*find_meeting) (CrownSearchProvider *self, gint64 id);
} kinds[] = {
  { CROWN_QUERY_MEETINGS, "meeting:", "x-office-calendar-symbolic", describe_meeting, find_meeting },
  { CROWN_QUERY_TASKS, "task:", "object-select-symbolic", describe_task, find_meeting_of_task },
};

/* Any program may ask with any identifier. Returns the index in kinds, or -1. */
static int
parse_identifier (const char *identifier,
                  gint64     *id)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_has_prefix (identifier, kinds[i].prefix) &&
        g_ascii_string_to_signed (identifier + strlen (kinds[i].prefix), 10, 1, G_MAXINT64, id, NULL))
      return (int) i;
  return -1;
}

static GStrv
find_results (CrownSearchProvider *self,
              const char * const  *terms)
{
  g_autofree char *text = g_strstrip (g_strjoinv (" ", (char **) terms));
  g_autoptr(GStrvBuilder) results = g_strv_builder_new ();

  g_signal_emit (self, signals[NEEDED], 0);
  if (self->client == NULL || text[0] == '\0' || strlen (text) > MAX_TEXT)
    return g_strv_builder_end (results);

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      CrownQuery query = { kinds[i].query, 0, text, NULL };
      g_autoptr(GError) error = NULL;
      g_autoptr(GArray) ids = crown_client_query_ids (self->client, &query, &error);

      if (ids == NULL)
        g_warning ("search: %s", error->message);
      for (guint j = 0; ids != NULL && j < MIN (ids->len, MAX_RESULTS); j++)
        {
          g_autofree char *identifier = g_strdup_printf ("%s%" G_GINT64_FORMAT, kinds[i].prefix,
                                                         g_array_index (ids, gint64, j));

          g_strv_builder_add (results, identifier);
        }
    }
  return g_strv_builder_end (results);
}

static gboolean
initial_cb (CrownSearchProvider   *self,
            GDBusMethodInvocation *invocation,
            const char * const    *terms)
{
  g_auto(GStrv) results = find_results (self, terms);

  crown_shell_search_complete_get_initial_result_set (self->skeleton, invocation, (const char * const *) results);
  return TRUE;
}

/* More letters: the index is as fast as looking through the results so far, and those are cut off. */
static gboolean
subsearch_cb (CrownSearchProvider   *self,
              GDBusMethodInvocation *invocation,
              const char * const    *previous,
              const char * const    *terms)
{
  g_auto(GStrv) results = find_results (self, terms);

  crown_shell_search_complete_get_subsearch_result_set (self->skeleton, invocation, (const char * const *) results);
  return TRUE;
}

static gboolean
metas_cb (CrownSearchProvider   *self,
          GDBusMethodInvocation *invocation,
          const char * const    *identifiers)
{
  GVariantBuilder metas;

  g_signal_emit (self, signals[NEEDED], 0);
  g_variant_builder_init (&metas, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; identifiers[i] != NULL && i < G_N_ELEMENTS (kinds) * MAX_RESULTS; i++)
    {
      g_auto(GVariantDict) meta = G_VARIANT_DICT_INIT (NULL);
      gint64 id = 0;
      int kind = parse_identifier (identifiers[i], &id);

      g_variant_dict_insert (&meta, "id", "s", identifiers[i]);
      if (kind >= 0 && self->client != NULL)
        {
          g_variant_dict_insert (&meta, "gicon", "s", kinds[kind].icon);
          kinds[kind].describe (self, id, &meta);
        }
      /* The desktop drops all of an answer that has fewer than it asked for. */
      if (!g_variant_dict_contains (&meta, "name"))
        g_variant_dict_insert (&meta, "name", "s", _("No longer there"));
      g_variant_builder_add_value (&metas, g_variant_dict_end (&meta));
    }
  crown_shell_search_complete_get_result_metas (self->skeleton, invocation, g_variant_builder_end (&metas));
  return TRUE;
}

static gboolean
activate_cb (CrownSearchProvider   *self,
             GDBusMethodInvocation *invocation,
             const char            *identifier,
             const char * const    *terms,
             guint                  timestamp)
{
  gint64 id = 0;
  int kind = parse_identifier (identifier, &id);

  g_signal_emit (self, signals[NEEDED], 0);
  if (kind >= 0 && self->client != NULL)
    g_signal_emit (self, signals[OPEN], 0, kinds[kind].find_meeting (self, id));
  crown_shell_search_complete_activate_result (self->skeleton, invocation);
  return TRUE;
}

static gboolean
launch_cb (CrownSearchProvider   *self,
           GDBusMethodInvocation *invocation,
           const char * const    *terms,
           guint                  timestamp)
{
  g_autofree char *text = g_strjoinv (" ", (char **) terms);

  g_signal_emit (self, signals[NEEDED], 0);
  if (strlen (text) <= MAX_TEXT)
    g_signal_emit (self, signals[SEARCH], 0, text);
  crown_shell_search_complete_launch_search (self->skeleton, invocation);
  return TRUE;
}

/**
 * crown_search_provider_set_client:
 * @client: where to look
 *
 * Gives what "needed" asks for; the provider keeps it.
 */
void
crown_search_provider_set_client (CrownSearchProvider *self,
                                  CrownClient         *client)
{
  g_return_if_fail (CROWN_IS_SEARCH_PROVIDER (self));

  g_set_object (&self->client, client);
}

/**
 * crown_search_provider_export:
 * @bus: the session bus
 * @path: the object path that the .ini file of the desktop's search names
 *
 * Returns: %FALSE and @error where @path is taken
 */
gboolean
crown_search_provider_export (CrownSearchProvider  *self,
                              GDBusConnection      *bus,
                              const char           *path,
                              GError              **error)
{
  g_return_val_if_fail (CROWN_IS_SEARCH_PROVIDER (self), FALSE);

  return g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (self->skeleton), bus, path, error);
}

/**
 * crown_search_provider_unexport:
 *
 * Idempotent.
 */
void
crown_search_provider_unexport (CrownSearchProvider *self)
{
  g_return_if_fail (CROWN_IS_SEARCH_PROVIDER (self));

  if (g_dbus_interface_skeleton_get_connection (G_DBUS_INTERFACE_SKELETON (self->skeleton)) != NULL)
    g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (self->skeleton));
}

static void
crown_search_provider_dispose (GObject *object)
{
  CrownSearchProvider *self = CROWN_SEARCH_PROVIDER (object);

  if (self->skeleton != NULL)
    crown_search_provider_unexport (self);
  g_clear_object (&self->skeleton);
  g_clear_object (&self->client);

  G_OBJECT_CLASS (crown_search_provider_parent_class)->dispose (object);
}

static void
crown_search_provider_class_init (CrownSearchProviderClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = crown_search_provider_dispose;

  signals[NEEDED] = g_signal_new ("needed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[OPEN] = g_signal_new ("open", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 1, G_TYPE_INT64);
  signals[SEARCH] = g_signal_new ("search", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
crown_search_provider_init (CrownSearchProvider *self)
{
  self->skeleton = crown_shell_search_skeleton_new ();
  g_signal_connect_object (self->skeleton, "handle-get-initial-result-set", G_CALLBACK (initial_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->skeleton, "handle-get-subsearch-result-set", G_CALLBACK (subsearch_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->skeleton, "handle-get-result-metas", G_CALLBACK (metas_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->skeleton, "handle-activate-result", G_CALLBACK (activate_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->skeleton, "handle-launch-search", G_CALLBACK (launch_cb), self, G_CONNECT_SWAPPED);
}

/**
 * crown_search_provider_new:
 *
 * Returns: (transfer full): a provider that is not on a bus yet
 */
CrownSearchProvider *
crown_search_provider_new (void)
{
  return g_object_new (CROWN_TYPE_SEARCH_PROVIDER, NULL);
}
