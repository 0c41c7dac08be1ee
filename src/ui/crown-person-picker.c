/* crown-person-picker.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-person-picker.h"

#include <glib/gi18n.h>

#define ROWS_MAX 50

/**
 * CrownPersonPicker:
 *
 * Completes a name from the people that the cache knows, takes one that it does not know, and nobody.
 *
 * "picked" (const char *name) says whom; %NULL for nobody. It pops down by itself.
 */
struct _CrownPersonPicker
{
  GtkPopover      parent_instance;

  CrownClient    *client; /* (nullable): not told yet */
  char          **people; /* (nullable): read when it is shown */

  GtkSearchEntry *entry;
  GtkListBox     *list;
};

enum {
  PICKED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CrownPersonPicker, crown_person_picker, GTK_TYPE_POPOVER)

/* @name: (nullable): nobody */
static void
add_row (CrownPersonPicker *self,
         const char        *words,
         const char        *name)
{
  GtkWidget *row = gtk_list_box_row_new ();
  GtkWidget *label = gtk_label_new (words);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, words, -1);
  g_object_set_data_full (G_OBJECT (row), "name", g_strdup (name), g_free);
  gtk_list_box_append (self->list, row);
}

/* Each word of a name may be meant: "mü" is Anna Müller. */
static gboolean
matches (const char *name,
         const char *folded)
{
  g_autofree char *folded_name = g_utf8_casefold (name, -1);
  g_auto(GStrv) words = NULL;

  if (g_str_has_prefix (folded_name, folded))
    return TRUE;
  words = g_strsplit (folded_name, " ", -1);
  for (guint i = 1; words[0] != NULL && words[i] != NULL; i++)
    if (g_str_has_prefix (words[i], folded))
      return TRUE;
  return FALSE;
}

static void
fill (CrownPersonPicker *self)
{
  g_autofree char *text = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->entry))));
  g_autofree char *folded = g_utf8_casefold (text, -1);
  gboolean known = FALSE;
  GtkWidget *row;

  while ((row = GTK_WIDGET (gtk_list_box_get_row_at_index (self->list, 0))) != NULL)
    gtk_list_box_remove (self->list, row);

  for (guint i = 0, n = 0; self->people != NULL && self->people[i] != NULL && n < ROWS_MAX; i++)
    if (matches (self->people[i], folded))
      {
        g_autofree char *name = g_utf8_casefold (self->people[i], -1);

        add_row (self, self->people[i], self->people[i]);
        known = known || g_str_equal (name, folded);
        n++;
      }
  if (*text == '\0')
    add_row (self, _("Nobody"), NULL);
  else if (!known)
    {
      /* Translators: a name that nobody has yet; a row that assigns a task to it */
      g_autofree char *words = g_strdup_printf (_("New person “%s”"), text);

      add_row (self, words, text);
    }
}

static void
pick (CrownPersonPicker *self,
      GtkListBoxRow     *row)
{
  g_autofree char *name = g_strdup (g_object_get_data (G_OBJECT (row), "name"));

  gtk_popover_popdown (GTK_POPOVER (self));
  g_signal_emit (self, signals[PICKED], 0, name);
}

/* Enter takes the first; of an empty text nothing is meant. */
static void
entry_activate_cb (CrownPersonPicker *self)
{
  GtkListBoxRow *row = gtk_list_box_get_row_at_index (self->list, 0);

  if (row != NULL && *gtk_editable_get_text (GTK_EDITABLE (self->entry)) != '\0')
    pick (self, row);
}

static void
crown_person_picker_map (GtkWidget *widget)
{
  CrownPersonPicker *self = CROWN_PERSON_PICKER (widget);

  g_clear_pointer (&self->people, g_strfreev);
  if (self->client != NULL)
    self->people = crown_client_list_people (self->client, NULL);
  gtk_editable_set_text (GTK_EDITABLE (self->entry), "");
  fill (self);

  GTK_WIDGET_CLASS (crown_person_picker_parent_class)->map (widget);
  gtk_widget_grab_focus (GTK_WIDGET (self->entry));
}

/**
 * crown_person_picker_set_client:
 * @client: whose people are offered
 */
void
crown_person_picker_set_client (CrownPersonPicker *self,
                                CrownClient       *client)
{
  g_return_if_fail (CROWN_IS_PERSON_PICKER (self));

  g_set_object (&self->client, client);
}

static void
crown_person_picker_dispose (GObject *object)
{
  g_clear_object (&CROWN_PERSON_PICKER (object)->client);

  G_OBJECT_CLASS (crown_person_picker_parent_class)->dispose (object);
}

static void
crown_person_picker_finalize (GObject *object)
{
  g_clear_pointer (&CROWN_PERSON_PICKER (object)->people, g_strfreev);

  G_OBJECT_CLASS (crown_person_picker_parent_class)->finalize (object);
}

static void
crown_person_picker_class_init (CrownPersonPickerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = crown_person_picker_dispose;
  object_class->finalize = crown_person_picker_finalize;
  widget_class->map = crown_person_picker_map;

  signals[PICKED] = g_signal_new ("picked", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                  NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);

  gtk_widget_class_set_template_from_resource (widget_class, "/org/crown4/Dashboard/crown-person-picker.ui");
  gtk_widget_class_bind_template_child (widget_class, CrownPersonPicker, entry);
  gtk_widget_class_bind_template_child (widget_class, CrownPersonPicker, list);
  gtk_widget_class_bind_template_callback (widget_class, fill);
  gtk_widget_class_bind_template_callback (widget_class, pick);
  gtk_widget_class_bind_template_callback (widget_class, entry_activate_cb);
}

static void
crown_person_picker_init (CrownPersonPicker *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
