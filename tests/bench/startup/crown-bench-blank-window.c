/* crown-bench-blank-window.c: the time that an empty AdwApplicationWindow needs, the yardstick for start-up
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <adwaita.h>
#include <stdio.h>

static GApplication *application;

static void
on_after_paint (GdkFrameClock *clock,
                gpointer       user_data)
{
  /* The parent takes the time when the line arrives, as it does for the dashboard. */
  puts ("{\"first_frame\": true}");
  fflush (stdout);
  g_signal_handlers_disconnect_by_func (clock, on_after_paint, user_data);
  g_application_quit (application);
}

static void
on_activate (GtkApplication *app,
             gpointer        user_data)
{
  GtkWidget *window = adw_application_window_new (app);

  gtk_window_set_default_size (GTK_WINDOW (window), 1100, 720);
  gtk_widget_realize (window);
  g_signal_connect (gtk_widget_get_frame_clock (window), "after-paint", G_CALLBACK (on_after_paint), NULL);
  gtk_window_present (GTK_WINDOW (window));
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr (AdwApplication) app = adw_application_new ("org.crown4.Bench.Blank", G_APPLICATION_NON_UNIQUE);

  application = G_APPLICATION (app);
  g_signal_connect (app, "activate", G_CALLBACK (on_activate), NULL);
  return g_application_run (G_APPLICATION (app), argc, argv);
}
