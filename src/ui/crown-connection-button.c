/* crown-connection-button.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-connection-button.h"

#include "crown-compat.h"
#include "crown-format.h"

#include <glib/gi18n.h>

/**
 * CrownConnectionButton:
 *
 * An icon for the state of the connection; pressed, it says in words what the state is, since when, how much is on its way,
 * and offers to connect now.
 */
struct _CrownConnectionButton
{
  AdwBin         parent_instance;

  CrownSession  *session;  /* (nullable): not set yet */
  CrownClient   *client;   /* the session's */
  gboolean       offline;  /* asked for by the person */
  guint          most;     /* changes that waited since none did */

  GtkMenuButton *button;
  GtkStack      *picture;
  GtkImage      *icon;
  GtkLabel      *title;
  GtkLabel      *detail;
  GtkProgressBar *progress;
  GtkWidget     *reconnect;
};

G_DEFINE_FINAL_TYPE (CrownConnectionButton, crown_connection_button, ADW_TYPE_BIN)

typedef struct {
  const char *icon;  /* NULL: a spinner */
  const char *title;
} Look;

static const Look looks[] = {
  [CROWN_CLIENT_OFFLINE]      = { NULL, N_("Starting…") }, /* before it has been asked to connect */
  [CROWN_CLIENT_CONNECTING]   = { NULL, N_("Connecting…") },
  [CROWN_CLIENT_JOINING]      = { NULL, N_("Connecting…") },
  [CROWN_CLIENT_REPLAYING]    = { NULL, N_("Catching up…") },
  [CROWN_CLIENT_SNAPSHOTTING] = { NULL, N_("Catching up…") },
  [CROWN_CLIENT_LIVE]         = { "network-wired-symbolic", N_("Live") },
  [CROWN_CLIENT_BACKING_OFF]  = { "network-wired-disconnected-symbolic", N_("Connection lost") },
  [CROWN_CLIENT_STOPPED]      = { "network-error-symbolic", N_("Not connected") },
};
static const Look by_choice = { "network-offline-symbolic", N_("Offline") };
static const Look following = { "network-wired-symbolic", N_("In step with another window") };

static const Look *
look_of (CrownConnectionButton *self,
         CrownClientState       state)
{
  if (self->offline)
    return &by_choice;
  if (state == CROWN_CLIENT_OFFLINE && crown_session_is_following (self->session))
    return &following;
  return &looks[state];
}

/* What is on its way: events from the server, or changes to it. (nullable) */
static char *
describe_progress (CrownConnectionButton *self,
                   CrownClientState       state,
                   guint                  pending,
                   double                *fraction)
{
  guint64 done, total;

  *fraction = -1;
  if (crown_client_get_progress (self->client, &done, &total))
    {
      *fraction = (double) done / (double) total;
      /* Translators: changes that came from the server, of how many */
      return g_strdup_printf (_("Syncing %u of %u"), (guint) MIN (done, G_MAXUINT), (guint) MIN (total, G_MAXUINT));
    }
  if (pending == 0)
    return NULL;
  if (state == CROWN_CLIENT_LIVE)
    {
      *fraction = (double) (self->most - pending) / self->most;
      /* Translators: changes that were sent to the server, of how many */
      return g_strdup_printf (_("Sending %u of %u"), self->most - pending + 1, self->most);
    }
  return g_strdup_printf (ngettext ("%u change to send", "%u changes to send", pending), pending);
}

static char *
describe_since (CrownConnectionButton *self,
                CrownClientState       state)
{
  gint64 since = crown_client_get_offline_since (self->client);
  g_autofree char *when = NULL;

  if (since == 0 || !(self->offline || state == CROWN_CLIENT_BACKING_OFF || state == CROWN_CLIENT_STOPPED))
    return NULL;
  when = crown_format_moment (since);
  /* Translators: %s is a time of day, or a date and a time */
  return g_strdup_printf (_("Offline since %s"), when);
}

static void
show_state (CrownConnectionButton *self)
{
  CrownClientState state;
  const Look *look;
  const char *title;
  guint pending;
  double fraction;
  g_autofree char *progress = NULL;
  g_autofree char *since = NULL;
  g_autofree char *label = NULL;
  g_autoptr(GString) detail = g_string_new (NULL);

  if (self->client == NULL)
    return;

  state = crown_client_get_state (self->client);
  look = look_of (self, state);
  pending = crown_client_get_pending (self->client);
  self->most = pending > 0 ? MAX (self->most, pending) : 0;
  progress = describe_progress (self, state, pending, &fraction);
  since = describe_since (self, state);
  title = look == &by_choice && since != NULL ? since : _(look->title);
  crown_format_append_fact (detail, title == since ? NULL : since);
  crown_format_append_fact (detail, progress);
  label = detail->len > 0 ? g_strdup_printf ("%s · %s", title, detail->str) : g_strdup (title);

  if (look->icon != NULL)
    gtk_image_set_from_icon_name (self->icon, look->icon);
  gtk_stack_set_visible_child_name (self->picture, look->icon != NULL ? "icon" : "busy");
  gtk_label_set_label (self->title, title);
  gtk_label_set_label (self->detail, detail->str);
  gtk_widget_set_visible (GTK_WIDGET (self->detail), detail->len > 0);
  gtk_progress_bar_set_fraction (self->progress, MAX (fraction, 0));
  gtk_widget_set_visible (GTK_WIDGET (self->progress), fraction >= 0);
  gtk_widget_set_visible (self->reconnect, !self->offline &&
                          (state == CROWN_CLIENT_BACKING_OFF || state == CROWN_CLIENT_STOPPED));

  /* It is said when it turns into another state, not with each number. */
  if (g_strcmp0 (gtk_widget_get_tooltip_text (GTK_WIDGET (self->button)), label) != 0)
    {
      gtk_widget_set_tooltip_text (GTK_WIDGET (self->button), label);
      crown_compat_menu_button_set_label (self->button, label);
    }
}

/**
 * crown_connection_button_set_session:
 * @session: whose connection is shown; once in the button's life
 */
void
crown_connection_button_set_session (CrownConnectionButton *self,
                                     CrownSession          *session)
{
  static const char *signals[] = { "notify::state", "notify::pending", "notify::offline-since", "notify::to-catch-up" };

  g_return_if_fail (CROWN_IS_CONNECTION_BUTTON (self));
  g_return_if_fail (self->session == NULL);

  self->session = g_object_ref (session);
  self->client = g_object_ref (crown_session_get_client (session));
  g_signal_connect_object (session, "notify::following", G_CALLBACK (show_state), self, G_CONNECT_SWAPPED);
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    g_signal_connect_object (self->client, signals[i], G_CALLBACK (show_state), self, G_CONNECT_SWAPPED);
  show_state (self);
}

/**
 * crown_connection_button_set_offline:
 * @offline: whether the person asked not to be connected
 */
void
crown_connection_button_set_offline (CrownConnectionButton *self,
                                     gboolean               offline)
{
  g_return_if_fail (CROWN_IS_CONNECTION_BUTTON (self));

  self->offline = offline;
  show_state (self);
}

static void
close_popover_cb (CrownConnectionButton *self)
{
  gtk_menu_button_popdown (self->button);
}

static void
crown_connection_button_dispose (GObject *object)
{
  CrownConnectionButton *self = CROWN_CONNECTION_BUTTON (object);

  g_clear_object (&self->client);
  g_clear_object (&self->session);

  G_OBJECT_CLASS (crown_connection_button_parent_class)->dispose (object);
}

static void
crown_connection_button_class_init (CrownConnectionButtonClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = crown_connection_button_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/crown4/Dashboard/crown-connection-button.ui");
  gtk_widget_class_bind_template_child (widget_class, CrownConnectionButton, button);
  gtk_widget_class_bind_template_child (widget_class, CrownConnectionButton, picture);
  gtk_widget_class_bind_template_child (widget_class, CrownConnectionButton, icon);
  gtk_widget_class_bind_template_child (widget_class, CrownConnectionButton, title);
  gtk_widget_class_bind_template_child (widget_class, CrownConnectionButton, detail);
  gtk_widget_class_bind_template_child (widget_class, CrownConnectionButton, progress);
  gtk_widget_class_bind_template_child (widget_class, CrownConnectionButton, reconnect);
  gtk_widget_class_bind_template_callback (widget_class, close_popover_cb);
}

static void
crown_connection_button_init (CrownConnectionButton *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
