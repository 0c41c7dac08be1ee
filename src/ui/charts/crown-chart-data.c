/* crown-chart-data.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-chart-data.h"

#include <string.h>

static void
mark_free (gpointer data)
{
  CrownChartMark *mark = data;

  g_free (mark->name);
  g_free (mark->series);
  g_free (mark->text);
  g_free (mark);
}

/**
 * crown_chart_data_new:
 * @title: what the chart is of
 * @how: how its values were computed
 *
 * Returns: (transfer full): data without marks
 */
CrownChartData *
crown_chart_data_new (const char *title,
                      const char *how)
{
  CrownChartData *self = g_new0 (CrownChartData, 1);

  self->title = g_strdup (title);
  self->how = g_strdup (how);
  self->marks = g_ptr_array_new_with_free_func (mark_free);
  return self;
}

void
crown_chart_data_free (CrownChartData *self)
{
  g_free (self->title);
  g_free (self->how);
  g_ptr_array_unref (self->marks);
  g_free (self);
}

/**
 * crown_chart_data_add:
 * @name: the category
 * @series: (nullable): the part of it
 * @value: the amount; one that is no number is left out
 * @text: the amount in words
 */
void
crown_chart_data_add (CrownChartData *self,
                      const char     *name,
                      const char     *series,
                      double          value,
                      const char     *text)
{
  CrownChartMark *mark;

  if (value != value || value - value != 0) /* not a number, or infinite */
    return;
  mark = g_new0 (CrownChartMark, 1);
  mark->name = g_strdup (name);
  mark->series = g_strdup (series);
  mark->value = value;
  mark->text = g_strdup (text);
  g_ptr_array_add (self->marks, mark);
}

CrownChartMark *
crown_chart_data_get (const CrownChartData *self,
                      guint                 i)
{
  return g_ptr_array_index (self->marks, i);
}

/* RFC 4180. A field that a spreadsheet would take for a formula is made a text by an apostrophe; a number stays one. */
static void
append_field (GString    *csv,
              const char *field,
              const char *end)
{
  g_string_append_c (csv, '"');
  if (*field != '\0' && strchr ("=+-@\t\r", *field) != NULL)
    g_string_append_c (csv, '\'');
  for (; *field != '\0'; field++)
    {
      if (*field == '"')
        g_string_append_c (csv, '"');
      g_string_append_c (csv, *field);
    }
  g_string_append_c (csv, '"');
  g_string_append (csv, end);
}

/**
 * crown_chart_data_to_csv:
 *
 * Returns: (transfer full): a head and a line a mark: name, series, value, text; numbers with a dot, whatever the locale
 */
char *
crown_chart_data_to_csv (const CrownChartData *self)
{
  g_autoptr(GString) csv = g_string_new ("\"name\",\"series\",\"value\",\"text\"\r\n");

  for (guint i = 0; i < self->marks->len; i++)
    {
      CrownChartMark *mark = crown_chart_data_get (self, i);
      char number[G_ASCII_DTOSTR_BUF_SIZE];

      append_field (csv, mark->name, ",");
      append_field (csv, mark->series != NULL ? mark->series : "", ",");
      g_string_append (csv, g_ascii_formatd (number, sizeof number, "%.10g", mark->value));
      g_string_append_c (csv, ',');
      append_field (csv, mark->text, "\r\n");
    }
  return g_string_free (g_steal_pointer (&csv), FALSE);
}
