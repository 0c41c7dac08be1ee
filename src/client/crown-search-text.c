/* crown-search-text.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-client"

#include "crown-search-text.h"

#include <string.h>

#define ELLIPSIS "…"

struct _CrownSearchQuery
{
  GPtrArray *words;  /* folded, each with the space before it, or without where words are not told apart by spaces */
  char      *fts;    /* (nullable) */
};

static gboolean
is_mark (gunichar c)
{
  return g_unichar_ismark (c);
}

static gboolean
is_word (gunichar c)
{
  return g_unichar_isalnum (c);
}

/* Written without spaces between words: the beginning of a word cannot be told. */
static gboolean
runs_on (gunichar c)
{
  switch (g_unichar_get_script (c))
    {
    case G_UNICODE_SCRIPT_HAN:
    case G_UNICODE_SCRIPT_HIRAGANA:
    case G_UNICODE_SCRIPT_KATAKANA:
    case G_UNICODE_SCRIPT_THAI:
    case G_UNICODE_SCRIPT_LAO:
    case G_UNICODE_SCRIPT_KHMER:
    case G_UNICODE_SCRIPT_MYANMAR:
      return TRUE;

    default:
      return FALSE;
    }
}

static void
fold_ascii (const char *text,
            gsize       length,
            GString    *out)
{
  gboolean in_word = FALSE;
  gsize used = out->len;
  char *p;

  /* A word has at least one character, and one space. */
  g_string_set_size (out, used + 2 * length + 1);
  p = out->str + used;
  for (gsize i = 0; i < length; i++)
    {
      if (!g_ascii_isalnum (text[i]))
        {
          in_word = FALSE;
          continue;
        }
      if (!in_word)
        *p++ = ' ';
      in_word = TRUE;
      *p++ = g_ascii_tolower (text[i]);
    }
  g_string_truncate (out, (gsize) (p - out->str));
}

void
crown_search_fold (const char *text,
                   GString    *out)
{
  g_autofree char *lower = NULL;
  g_autofree char *apart = NULL;
  gboolean in_word = FALSE;
  const char *p;

  for (p = text; *p != '\0' && (guchar) *p < 0x80; p++)
    ;
  if (*p == '\0')
    {
      fold_ascii (text, (gsize) (p - text), out);
      return;
    }

  lower = g_utf8_casefold (text, -1);
  apart = g_utf8_normalize (lower, -1, G_NORMALIZE_ALL);
  for (p = apart; p != NULL && *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (is_mark (c))
        continue;
      if (!is_word (c))
        {
          in_word = FALSE;
          continue;
        }
      if (!in_word)
        g_string_append_c (out, ' ');
      in_word = TRUE;
      g_string_append_unichar (out, c);
    }
}

CrownSearchQuery *
crown_search_query_new (const char *text)
{
  g_autoptr (GString) folded = g_string_new (NULL);
  g_autoptr (GString) fts = g_string_new (NULL);
  g_auto (GStrv) words = NULL;
  CrownSearchQuery *self;
  gboolean any_runs_on = FALSE;

  crown_search_fold (text, folded);
  if (folded->len == 0)
    return NULL;

  self = g_new0 (CrownSearchQuery, 1);
  self->words = g_ptr_array_new_with_free_func (g_free);
  words = g_strsplit (folded->str + 1, " ", -1);
  for (guint i = 0; words[i] != NULL; i++)
    {
      gboolean word_runs_on = FALSE;

      for (const char *p = words[i]; *p != '\0' && !word_runs_on; p = g_utf8_next_char (p))
        word_runs_on = runs_on (g_utf8_get_char (p));
      any_runs_on |= word_runs_on;
      g_ptr_array_add (self->words, g_strconcat (word_runs_on ? "" : " ", words[i], NULL));
      /* There are only letters and digits in a word, so nothing in it is syntax once it is quoted. */
      g_string_append_printf (fts, "%s\"%s\"*", i > 0 ? " " : "", words[i]);
    }
  if (!any_runs_on)
    self->fts = g_string_free (g_steal_pointer (&fts), FALSE);
  return self;
}

void
crown_search_query_free (CrownSearchQuery *self)
{
  g_ptr_array_unref (self->words);
  g_free (self->fts);
  g_free (self);
}

const char *
crown_search_query_get_fts (const CrownSearchQuery *self)
{
  return self->fts;
}

gboolean
crown_search_query_matches (const CrownSearchQuery *self,
                            const char             *folded)
{
  for (guint i = 0; i < self->words->len; i++)
    if (strstr (folded, self->words->pdata[i]) == NULL)
      return FALSE;
  return TRUE;
}

static gboolean
matches_any (const CrownSearchQuery *self,
             const char             *word,
             gsize                   length,
             GString                *scratch)
{
  g_autofree char *copy = g_strndup (word, length);

  g_string_truncate (scratch, 0);
  crown_search_fold (copy, scratch);
  for (guint i = 0; i < self->words->len; i++)
    if (strstr (scratch->str, self->words->pdata[i]) != NULL)
      return TRUE;
  return FALSE;
}

static GArray *
find_words (const CrownSearchQuery *self,
            const char             *text)
{
  GArray *found = g_array_new (FALSE, FALSE, sizeof (CrownSearchRange));
  g_autoptr (GString) scratch = g_string_new (NULL);
  const char *p = text;

  while (*p != '\0')
    {
      const char *start = p;

      while (*p != '\0' && (is_word (g_utf8_get_char (p)) || (p > start && is_mark (g_utf8_get_char (p)))))
        p = g_utf8_next_char (p);
      if (p > start && matches_any (self, start, (gsize) (p - start), scratch))
        {
          CrownSearchRange range = { (guint) (start - text), (guint) (p - text) };

          g_array_append_val (found, range);
        }
      else if (p == start)
        {
          p = g_utf8_next_char (p);
        }
    }
  return found;
}

char *
crown_search_query_snippet (const CrownSearchQuery  *self,
                            const char              *text,
                            guint                    max_chars,
                            GArray                 **ranges)
{
  g_autoptr (GArray) found = find_words (self, text);
  const char *match = found->len > 0 ? text + g_array_index (found, CrownSearchRange, 0).start : text;
  const char *start = match, *end;
  GString *snippet = g_string_new (NULL);
  guint shift, n = 0;

  /* A third before the match, and from the beginning of a word. */
  while (start > text && n++ < max_chars / 3)
    start = g_utf8_prev_char (start);
  while (start > text && start < match && !g_unichar_isspace (g_utf8_get_char (g_utf8_prev_char (start))))
    start = g_utf8_next_char (start);
  for (end = start, n = 0; *end != '\0' && n < max_chars; n++)
    end = g_utf8_next_char (end);

  if (start > text)
    g_string_append (snippet, ELLIPSIS);
  shift = (guint) snippet->len;
  /* One line; byte by byte, so that the ranges stay where they are. */
  for (const char *p = start; p < end; p++)
    g_string_append_c (snippet, g_ascii_isspace (*p) ? ' ' : *p);
  if (*end != '\0')
    g_string_append (snippet, ELLIPSIS);

  *ranges = g_array_new (FALSE, FALSE, sizeof (CrownSearchRange));
  for (guint i = 0; i < found->len; i++)
    {
      CrownSearchRange range = g_array_index (found, CrownSearchRange, i);

      if (text + range.start < start || text + range.end > end)
        continue;
      range.start = range.start - (guint) (start - text) + shift;
      range.end = range.end - (guint) (start - text) + shift;
      g_array_append_val (*ranges, range);
    }
  return g_string_free (snippet, FALSE);
}
