/* crown-due-picker.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-due-picker.h"

#define DAYS_A_WEEK 7

/**
 * CrownDuePicker:
 *
 * Some days at one press, any day from the calendar, and none.
 *
 * "picked" (const char *day) says which, YYYY-MM-DD; %NULL for none. It pops down by itself. A day of the calendar is taken by
 * the button under it: walking through the calendar by keys or by months must not take one.
 */
struct _CrownDuePicker
{
  GtkPopover   parent_instance;

  char        *day; /* (nullable): shown when it pops up */
  GtkCalendar *calendar;
};

enum {
  PICKED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CrownDuePicker, crown_due_picker, GTK_TYPE_POPOVER)

/* @day: (nullable) */
static void
pick (CrownDuePicker *self,
      GDateTime      *day)
{
  g_autofree char *text = day != NULL ? g_date_time_format (day, "%Y-%m-%d") : NULL;

  gtk_popover_popdown (GTK_POPOVER (self));
  g_signal_emit (self, signals[PICKED], 0, text);
}

static void
pick_in (CrownDuePicker *self,
         int             days)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_local ();
  g_autoptr(GDateTime) day = g_date_time_add_days (now, days);

  pick (self, day);
}

static void
today_cb (CrownDuePicker *self)
{
  pick_in (self, 0);
}

static void
tomorrow_cb (CrownDuePicker *self)
{
  pick_in (self, 1);
}

/* The Monday that comes next. */
static void
next_week_cb (CrownDuePicker *self)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_local ();

  pick_in (self, DAYS_A_WEEK + 1 - g_date_time_get_day_of_week (now));
}

static void
no_date_cb (CrownDuePicker *self)
{
  pick (self, NULL);
}

static void
set_cb (CrownDuePicker *self)
{
  g_autoptr(GDateTime) day = gtk_calendar_get_date (self->calendar);

  pick (self, day);
}

static void
crown_due_picker_map (GtkWidget *widget)
{
  CrownDuePicker *self = CROWN_DUE_PICKER (widget);
  g_autofree char *noon = self->day != NULL ? g_strconcat (self->day, "T12:00:00", NULL) : NULL;
  g_autoptr(GTimeZone) zone = g_time_zone_new_local ();
  g_autoptr(GDateTime) day = noon != NULL ? g_date_time_new_from_iso8601 (noon, zone) : NULL;

  if (day == NULL)
    day = g_date_time_new_now_local ();
  gtk_calendar_select_day (self->calendar, day);

  GTK_WIDGET_CLASS (crown_due_picker_parent_class)->map (widget);
}

/**
 * crown_due_picker_set_day:
 * @day: (nullable): YYYY-MM-DD, where the calendar begins; %NULL for today
 */
void
crown_due_picker_set_day (CrownDuePicker *self,
                          const char     *day)
{
  g_return_if_fail (CROWN_IS_DUE_PICKER (self));

  g_free (self->day);
  self->day = g_strdup (day);
}

static void
crown_due_picker_finalize (GObject *object)
{
  g_clear_pointer (&CROWN_DUE_PICKER (object)->day, g_free);

  G_OBJECT_CLASS (crown_due_picker_parent_class)->finalize (object);
}

static void
crown_due_picker_class_init (CrownDuePickerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = crown_due_picker_finalize;
  widget_class->map = crown_due_picker_map;

  signals[PICKED] = g_signal_new ("picked", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                  NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);

  gtk_widget_class_set_template_from_resource (widget_class, "/org/crown4/Dashboard/crown-due-picker.ui");
  gtk_widget_class_bind_template_child (widget_class, CrownDuePicker, calendar);
  gtk_widget_class_bind_template_callback (widget_class, today_cb);
  gtk_widget_class_bind_template_callback (widget_class, tomorrow_cb);
  gtk_widget_class_bind_template_callback (widget_class, next_week_cb);
  gtk_widget_class_bind_template_callback (widget_class, no_date_cb);
  gtk_widget_class_bind_template_callback (widget_class, set_cb);
}

static void
crown_due_picker_init (CrownDuePicker *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
