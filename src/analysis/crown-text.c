/* crown-text.c: words and sentences of what people say
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-analysis"

#include "crown-analysis-private.h"

#include <string.h>

#define SENTENCE_WORDS_MAX 60 /* speech without a full stop is cut here */

static gboolean
is_in (const char *const *sorted,
       gsize              n,
       const char        *word)
{
  gsize low = 0, high = n;

  while (low < high)
    {
      gsize middle = (low + high) / 2;
      int order = strcmp (word, sorted[middle]);

      if (order == 0)
        return TRUE;
      if (order < 0)
        high = middle;
      else
        low = middle + 1;
    }
  return FALSE;
}

gboolean
crown_is_stop_word (const char *word)
{
  /* Sorted: words that say nothing of a meeting's subject, and what speech fills its gaps with. */
  static const char *const stop_words[] = {
    "a", "about", "actually", "after", "again", "ah", "all", "also", "am", "an", "and", "any", "are", "as", "at", "basically",
    "be", "because", "been", "before", "being", "but", "by", "can", "could", "did", "do", "does", "doing", "don't", "down",
    "er", "erm", "even", "for", "from", "get", "go", "going", "gonna", "good", "got", "had", "has", "have", "he", "her", "here",
    "him", "his", "hmm", "how", "i", "i'd", "i'll", "i'm", "i've", "if", "in", "into", "is", "it", "it's", "its", "just", "kind",
    "know", "let", "let's", "like", "lot", "maybe", "me", "mean", "mm", "mm-hmm", "more", "much", "my", "no", "not", "now", "of",
    "oh", "ok", "okay", "on", "one", "only", "or", "other", "our", "out", "over", "people", "quite", "really", "right", "said",
    "say", "see", "she", "should", "so", "some", "something", "sort", "still", "stuff", "such", "sure", "than", "that", "that's",
    "the", "their", "them", "then", "there", "there's", "they", "they're", "thing", "things", "think", "this", "those", "to",
    "too", "uh", "um", "up", "us", "very", "want", "was", "we", "we'll", "we're", "we've", "well", "were", "what", "when",
    "where", "which", "who", "why", "will", "with", "would", "yeah", "yep", "yes", "you", "you'll", "you're", "you've", "your",
  };

  return word[0] == '\0' || word[1] == '\0' || is_in (stop_words, G_N_ELEMENTS (stop_words), word);
}

static gboolean
is_word_char (gunichar c)
{
  return g_unichar_isalnum (c);
}

char **
crown_words_of (const char *text)
{
  g_autofree char *lower = g_utf8_strdown (text, -1);
  GPtrArray *words = g_ptr_array_new ();
  const char *p = lower;

  while (*p != '\0')
    {
      const char *start;

      while (*p != '\0' && !is_word_char (g_utf8_get_char (p)))
        p = g_utf8_next_char (p);
      start = p;
      while (*p != '\0')
        {
          gunichar c = g_utf8_get_char (p);
          const char *next = g_utf8_next_char (p);

          if (!is_word_char (c) && !((c == '\'' || c == 0x2019 || c == '-') && *next != '\0' && is_word_char (g_utf8_get_char (next))))
            break;
          p = next;
        }
      if (p > start)
        {
          GString *word = g_string_new_len (start, p - start);

          g_string_replace (word, "\342\200\231", "'", 0);
          g_ptr_array_add (words, g_string_free (word, FALSE));
        }
    }
  g_ptr_array_add (words, NULL);
  return (char **) g_ptr_array_free (words, FALSE);
}

guint
crown_count_words (const char *text)
{
  guint n = 0;
  gboolean in_word = FALSE;

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      gboolean word = is_word_char (c) || (in_word && (c == '\'' || c == 0x2019 || c == '-'));

      n += word && !in_word;
      in_word = word;
    }
  return n;
}

static gboolean
is_filler (const char *bare)
{
  static const char *const fillers[] = { "uh", "um", "er", "erm", "hmm", "mm", "mm-hmm", "ah", "eh", "uhm", "mhm", "{vocalsound}",
                                         "{disfmarker}", "{gap}", "{pause}", "{nonvocalsound}" };

  for (guint i = 0; i < G_N_ELEMENTS (fillers); i++)
    if (g_ascii_strcasecmp (bare, fillers[i]) == 0)
      return TRUE;
  return FALSE;
}

/* Appends the tokens from @from up to @to without fillers, without words said twice in a row, and without a beginning
 * that only takes the floor. */
static void
add_sentence (GPtrArray  *sentences,
              char      **tokens,
              guint       from,
              guint       to,
              guint       line)
{
  static const char *const openers[] = { "so", "well", "okay", "ok", "yeah", "yes", "and", "but", "oh", "right", "alright", "like",
                                         "basically", "actually", "no", "great", "good", "sure", "thanks", "perfect" };
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *previous = NULL;
  CrownSentence *sentence;
  gboolean opening = TRUE;

  for (guint i = from; i < to; i++)
    {
      g_autofree char *bare = g_strdup (tokens[i]);
      gsize length;

      while ((length = strlen (bare)) > 0 && strchr (",.;:!?\"", bare[length - 1]) != NULL)
        bare[length - 1] = '\0';
      if (*bare != '\0' && is_filler (bare))
        continue;
      if (*bare != '\0' && previous != NULL && g_ascii_strcasecmp (previous, bare) == 0 && strlen (bare) < 8)
        continue;
      if (opening && i + 3 < to)
        {
          gboolean is_opener = FALSE;

          for (guint j = 0; j < G_N_ELEMENTS (openers); j++)
            is_opener = is_opener || g_ascii_strcasecmp (openers[j], bare) == 0;
          if (is_opener)
            continue;
        }
      opening = FALSE;
      if (text->len > 0 && *bare != '\0')
        g_string_append_c (text, ' ');
      g_string_append (text, tokens[i]);
      g_free (previous);
      previous = g_steal_pointer (&bare);
    }
  if (text->len == 0)
    return;

  sentence = g_new0 (CrownSentence, 1);
  sentence->n_words = crown_count_words (text->str);
  if (g_ascii_islower (text->str[0]))
    text->str[0] = g_ascii_toupper (text->str[0]);
  sentence->text = g_strdup (text->str);
  sentence->line = line;
  g_ptr_array_add (sentences, sentence);
}

static void
sentence_free (gpointer data)
{
  CrownSentence *sentence = data;

  g_free (sentence->text);
  g_free (sentence);
}

/* Whether the point of @token, which @next (nullable) follows, belongs to it: "e.g.", "Dr.", "3." */
static gboolean
is_abbreviation (const char *token,
                 const char *next)
{
  static const char *const abbreviations[] = { "dr.", "e.g.", "i.e.", "mr.", "mrs.", "ms.", "prof.", "vs." };

  if (next == NULL || !g_str_has_suffix (token, "."))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (abbreviations); i++)
    if (g_ascii_strcasecmp (token, abbreviations[i]) == 0)
      return TRUE;
  return strlen (token) <= 3 && !g_ascii_isupper (next[0]);
}

GPtrArray *
crown_sentences_of (const CrownTranscript *transcript)
{
  GPtrArray *sentences = g_ptr_array_new_with_free_func (sentence_free);

  for (guint i = 0; i < transcript->segments->len; i++)
    {
      const CrownSegment *segment = transcript->segments->pdata[i];
      g_auto (GStrv) tokens = g_strsplit (segment->text, " ", -1);
      guint from = 0, to;

      for (to = 0; tokens[to] != NULL; to++)
        {
          gsize length = strlen (tokens[to]);
          gboolean ends = length > 0 && strchr (".!?", tokens[to][length - 1]) != NULL;

          ends = ends && !is_abbreviation (tokens[to], tokens[to + 1]);
          if (ends || to - from + 1 >= SENTENCE_WORDS_MAX)
            {
              add_sentence (sentences, tokens, from, to + 1, i);
              from = to + 1;
            }
        }
      if (from < to)
        add_sentence (sentences, tokens, from, to, i);
    }
  return sentences;
}
