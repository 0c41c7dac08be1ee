/* crown-quick-add.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-ui"

#include "crown-quick-add.h"

#include "analysis/crown-transcript.h"

#include <string.h>

#define MAX_WORDS     200 /* of which a day is looked for */
#define MAX_DUE_WORDS 5 /* "by the end of next week" without its first */

static const char *const priorities[] = { "low", "medium", "high" };

void
crown_quick_add_free (CrownQuickAdd *self)
{
  g_free (self->text);
  g_free (self->assignee);
  g_free (self->due);
  g_free (self->priority);
  g_free (self);
}

/* "!high", "!h", "!!!"; NULL for an ordinary word */
static const char *
priority_of (const char *word)
{
  gsize marks = strspn (word, "!");

  if (marks == 0)
    return NULL;
  if (word[marks] == '\0')
    return priorities[MIN (marks, G_N_ELEMENTS (priorities)) - 1];
  for (guint i = 0; marks == 1 && i < G_N_ELEMENTS (priorities); i++)
    if (g_ascii_strncasecmp (priorities[i], word + 1, strlen (word + 1)) == 0)
      return priorities[i];
  return NULL;
}

/* Whom "@ana" means: of @people the one whose name, or a part of it, begins so; else the word itself. */
static char *
person_of (const char        *word,
           const char *const *people)
{
  g_autofree char *wanted = g_utf8_casefold (word, -1);

  for (guint i = 0; people != NULL && people[i] != NULL; i++)
    {
      g_autofree char *folded = g_utf8_casefold (people[i], -1);
      g_auto(GStrv) parts = g_strsplit (folded, " ", -1);

      for (guint j = 0; parts[j] != NULL; j++)
        if (g_str_has_prefix (parts[j], wanted))
          return g_strdup (people[i]);
    }
  return g_strdup (word);
}

static gboolean
begins_due (const char *word)
{
  static const char *const words[] = { "by", "on", "until", "before", "due" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_ascii_strcasecmp (words[i], word) == 0)
      return TRUE;
  return FALSE;
}

static char *
join (char  **words,
      guint   from,
      guint   n)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? " " : "", words[from + i]);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
is_article (const char *word)
{
  return g_ascii_strcasecmp (word, "the") == 0 || g_ascii_strcasecmp (word, "this") == 0 || g_ascii_strcasecmp (word, "next") == 0;
}

/* How many words from @from name a day, and which; the fewest that do, and no others before it: in "by car on Friday" the
 * car is no day. */
static guint
due_at (char       **words,
        guint        from,
        const char  *today,
        char       **due)
{
  guint n_words = g_strv_length (words + from);
  guint found = 0;

  for (guint n = 1; n <= MIN (n_words, MAX_DUE_WORDS); n++)
    {
      g_autofree char *phrase = join (words, from, n);
      g_autofree char *day = crown_due_date_of (phrase, today);
      g_autofree char *rest = n > 1 ? join (words, from + 1, n - 1) : NULL;
      g_autofree char *rest_day = rest != NULL ? crown_due_date_of (rest, today) : NULL;

      if (day == NULL)
        continue;
      /* It does not begin with a word that adds nothing to it, but for an article that belongs to it. */
      if (rest_day != NULL && strcmp (rest_day, day) == 0)
        {
          guint after = is_article (words[from]) ? due_at (words, from + 1, today, due) : 0;

          return after > 0 ? after + 1 : 0;
        }
      g_free (*due);
      *due = g_steal_pointer (&day);
      found = n;
      break;
    }
  /* "March 5": the number may come behind what is a day already. */
  if (found > 0 && from + found < from + n_words)
    {
      g_autofree char *longer = join (words, from, found + 1);
      g_autofree char *day = crown_due_date_of (longer, today);

      if (day != NULL && strcmp (day, *due) != 0)
        {
          g_free (*due);
          *due = g_steal_pointer (&day);
          found++;
        }
    }
  return found;
}

/**
 * crown_quick_add_parse:
 * @line: "send deck to Ana by Friday !high", or with "@ana" for who does it
 * @today: YYYY-MM-DD
 * @people: (nullable): names that may be meant
 *
 * Takes the priority, the person and the day out of the line, each where it stands. "to Ana" is to whom something is sent,
 * and stays; "Ana: send the deck" and "@Ana" are who does it. A line that is nothing but these keeps its words.
 *
 * Returns: (transfer full) (nullable): the task; %NULL for an empty line
 */
CrownQuickAdd *
crown_quick_add_parse (const char        *line,
                       const char        *today,
                       const char *const *people)
{
  g_autoptr(CrownQuickAdd) self = g_new0 (CrownQuickAdd, 1);
  g_autoptr(GPtrArray) kept = g_ptr_array_new ();
  g_autofree char *clean = g_utf8_make_valid (line, -1);
  g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
  g_auto(GStrv) split = NULL;
  char **all;

  g_strdelimit (clean, "\t\r\n", ' ');
  split = g_strsplit (clean, " ", -1);
  for (guint i = 0; split[i] != NULL; i++)
    if (*split[i] != '\0')
      g_ptr_array_add (words, g_strdup (split[i]));
  if (words->len == 0)
    return NULL;
  g_ptr_array_add (words, NULL);
  all = (char **) words->pdata;

  self->priority = g_strdup ("medium");
  for (guint i = 0; all[i] != NULL; i++)
    {
      const char *priority = priority_of (all[i]);
      gsize length = strlen (all[i]);
      guint skip = begins_due (all[i]) ? 1 : 0;
      guint n = self->due == NULL && i < MAX_WORDS && all[i + skip] != NULL ? due_at (all, i + skip, today, &self->due) : 0;

      if (priority != NULL)
        {
          g_free (self->priority);
          self->priority = g_strdup (priority);
        }
      else if (self->assignee == NULL && all[i][0] == '@' && length > 1)
        self->assignee = person_of (all[i] + 1, people);
      else if (i == 0 && all[1] != NULL && length > 1 && all[i][length - 1] == ':')
        {
          g_autofree char *name = g_strndup (all[i], length - 1);

          self->assignee = person_of (name, people);
        }
      else if (n > 0)
        i += skip + n - 1;
      else
        g_ptr_array_add (kept, all[i]);
    }

  g_ptr_array_add (kept, NULL);
  if (kept->len > 1)
    self->text = g_strjoinv (" ", (char **) kept->pdata);
  else
    self->text = g_strstrip (g_strdup (clean));
  return g_steal_pointer (&self);
}
