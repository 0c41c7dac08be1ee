/* crown-text.c: words and sentences of what people say
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-analysis"

#include "crown-analysis-private.h"

#include <string.h>

#define SENTENCE_WORDS_MAX 60 /* speech without a full stop is cut here */
#define GO_ON_SEGMENTS     4  /* after at most so many somebody goes on with a sentence */
#define PUT_IN_WORDS       5  /* and what others say between has at most so many words */

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

          if (!is_word_char (c) &&
              !((c == '\'' || c == 0x2019 || c == '-') && *next != '\0' && is_word_char (g_utf8_get_char (next))))
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

/* A sound, a note of who wrote down what was said ("{disfmarker}", "[laughter]", "@"), or nothing. */
static gboolean
is_filler (const char *bare)
{
  static const char *const fillers[] = { "uh", "um", "er", "erm", "hmm", "mm", "mm-hmm",
                                         "ah", "eh", "uhm", "mhm", "uh-huh", "huh", "mmm",
                                         "ehm", "\303\244h", "\303\244hm", "euh", "este" };
  gsize length = strlen (bare);

  if (length == 0 || bare[0] == '@' || (bare[0] == '{' && bare[length - 1] == '}') ||
      (bare[0] == '[' && bare[length - 1] == ']'))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (fillers); i++)
    if (g_ascii_strcasecmp (bare, fillers[i]) == 0)
      return TRUE;
  return FALSE;
}

/* "L_C_D_" → "LCD" */
static void
join_letters (char *token)
{
  char *out = token;

  if (!g_ascii_isalpha (token[0]) || token[1] != '_')
    return;
  for (const char *p = token; *p != '\0'; p++)
    if (*p != '_')
      *out++ = *p;
  *out = '\0';
}

/* The words of @text, with the punctuation and the "'re" that some write apart put back to the word before. */
static GPtrArray *
tokens_of (const char *text)
{
  GPtrArray *tokens = g_ptr_array_new_with_free_func (g_free);

  for (const char *p = text; *p != '\0';)
    {
      gsize length = strcspn (p, " ");
      g_autofree char *token = g_strndup (p, length);
      gboolean belongs = tokens->len > 0 && (strspn (token, ",.;:!?") == length ||
                                             (token[0] == '\'' && g_ascii_islower (token[1]) && length <= 3));

      p += length;
      p += strspn (p, " ");
      if (length == 0)
        continue;
      join_letters (token);
      if (belongs)
        {
          char *joined = g_strconcat (tokens->pdata[tokens->len - 1], token, NULL);

          g_free (tokens->pdata[tokens->len - 1]);
          tokens->pdata[tokens->len - 1] = joined;
        }
      else
        g_ptr_array_add (tokens, g_steal_pointer (&token));
    }
  return tokens;
}

/* The bare word of a token, and the punctuation that follows it. */
typedef struct {
  char       *token;
  char       *bare;
  const char *punctuation; /* in @token */
  gboolean    dropped;
} Word;

static gboolean
same_word (const Word *a,
           const Word *b)
{
  return g_ascii_strcasecmp (a->bare, b->bare) == 0;
}

/* "w we", "becau because", "it it's", but not "to tomorrow" */
static gboolean
is_beginning_of (const Word *a,
                 const Word *b)
{
  gsize length = strlen (a->bare), whole = strlen (b->bare);

  if (length == 0 || length >= whole || *a->punctuation != '\0' || !g_ascii_isalpha (a->bare[0]) ||
      g_ascii_strncasecmp (a->bare, b->bare, length) != 0)
    return FALSE;
  if (b->bare[length] == '\'')
    return TRUE;
  if (length == 1)
    return a->bare[0] != 'I' && g_ascii_tolower (a->bare[0]) != 'a';
  return !crown_is_stop_word (CROWN_LANGUAGE_EN, a->bare) &&
         (length <= 3 || (whole <= length + 3 && b->bare[length] != 's'));
}

static gboolean
is_any (const char        *word,
        const char *const *list,
        gsize              n)
{
  for (gsize i = 0; i < n; i++)
    if (g_ascii_strcasecmp (list[i], word) == 0)
      return TRUE;
  return FALSE;
}

/* Drops fillers, words that are begun and said again, words and pairs of words that are said twice, and what only gives
 * time to think. Returns: how many words were dropped */
static guint
drop_repairs (Word  *words,
              guint  n_words)
{
  static const char *const holds[] = { "a", "the", "this", "that", "some", "what",
                                       "any", "every", "same", "different", "another", "one",
                                       "these", "those", "which", "other", "right", "all" };
  guint n_dropped = 0;
  Word *kept[3] = { NULL }; /* the last ones, the latest first */

  for (guint i = 0; i < n_words; i++)
    {
      Word *word = &words[i];
      Word *next = i + 1 < n_words ? &words[i + 1] : NULL;
      Word *after = i + 2 < n_words ? &words[i + 2] : NULL;

      if (word->dropped)
        continue;
      if (is_filler (word->bare))
        word->dropped = TRUE;
      else if (next != NULL && is_beginning_of (word, next))
        word->dropped = TRUE;
      else if (kept[0] != NULL && same_word (kept[0], word) && strlen (word->bare) < 8)
        word->dropped = TRUE;
      else if (kept[1] != NULL && next != NULL && same_word (kept[1], word) && same_word (kept[0], next) &&
               *kept[0]->punctuation != '.')
        word->dropped = next->dropped = TRUE;
      /* "it is a, it is something" */
      else if (kept[2] != NULL && next != NULL && same_word (kept[2], word) && same_word (kept[1], next) &&
               *kept[0]->punctuation != '.' && *kept[1]->punctuation == '\0' && strlen (kept[0]->bare) <= 3 &&
               crown_is_stop_word (CROWN_LANGUAGE_EN, kept[0]->bare))
        {
          kept[0]->dropped = kept[1]->dropped = kept[2]->dropped = TRUE;
          n_dropped += 3;
          kept[0] = kept[1] = kept[2] = NULL;
        }
      /* a letter that a word was begun with, and a nod in between */
      else if (next != NULL && *word->punctuation == '\0' && kept[0] != NULL &&
               ((word->bare[1] == '\0' && g_ascii_islower (word->bare[0]) && strchr ("aioey", word->bare[0]) == NULL) ||
                strcmp (word->bare, "yeah") == 0))
        word->dropped = TRUE;
      /* "you know, …", "I mean, …"; "sort of" where it is no noun */
      else if (next != NULL &&
               ((g_ascii_strcasecmp (word->bare, "you") == 0 && strcmp (next->bare, "know") == 0 &&
                 *word->punctuation == '\0' && (*next->punctuation == ',' || after == NULL)) ||
                (strcmp (word->bare, "I") == 0 && strcmp (next->bare, "mean") == 0 && *next->punctuation == ',')))
        word->dropped = next->dropped = TRUE;
      else if (next != NULL && after != NULL && kept[0] != NULL && strcmp (next->bare, "of") == 0 &&
               *word->punctuation == '\0' && (strcmp (word->bare, "kind") == 0 || strcmp (word->bare, "sort") == 0) &&
               !is_any (kept[0]->bare, holds, G_N_ELEMENTS (holds)))
        word->dropped = next->dropped = TRUE;

      if (word->dropped)
        n_dropped++;
      else
        {
          kept[2] = kept[1];
          kept[1] = kept[0];
          kept[0] = word;
        }
    }
  return n_dropped;
}

/* Appends the tokens from @from up to @to without repairs, and without a beginning that only takes the floor. */
static void
add_sentence (GPtrArray    *sentences,
              GPtrArray    *tokens,
              guint         from,
              guint         to,
              guint         line,
              guint         end_line)
{
  static const char *const openers[] = { "so", "well", "okay", "ok", "yeah", "yes", "and", "but",
                                         "oh", "right", "alright", "like", "basically", "actually", "no", "great",
                                         "good", "sure", "thanks", "perfect", "yep", "cool", "'kay" };
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree Word *words = g_new0 (Word, to - from + 1);
  CrownSentence *sentence;
  gboolean opening = TRUE;
  guint n_words = to - from, n_dropped;

  for (guint i = 0; i < n_words; i++)
    {
      gsize length;

      words[i].token = tokens->pdata[from + i];
      length = strlen (words[i].token);
      while (length > 0 && strchr (",.;:!?\"", words[i].token[length - 1]) != NULL)
        length--;
      words[i].punctuation = words[i].token + length;
      words[i].bare = g_strndup (words[i].token, length);
    }
  n_dropped = drop_repairs (words, n_words);

  for (guint i = 0; i < n_words; i++)
    {
      if (words[i].dropped)
        {
          /* Its stop ends the sentence still; its comma is about itself. */
          if (text->len > 0 && *words[i].punctuation != '\0' && strchr (".!?", *words[i].punctuation) != NULL &&
              i + 1 == n_words && strchr (".!?,", text->str[text->len - 1]) == NULL)
            g_string_append_c (text, *words[i].punctuation);
          /* "it is, uh, good": the commas were around it */
          else if (text->len > 0 && *words[i].punctuation == ',' && text->str[text->len - 1] == ',')
            g_string_truncate (text, text->len - 1);
          continue;
        }
      /* "No, I'll go", but not "No voy" */
      if (opening && i + 3 < n_words && is_any (words[i].bare, openers, G_N_ELEMENTS (openers)) &&
          (*words[i].punctuation != '\0' || g_ascii_strcasecmp (words[i].bare, "no") != 0))
        continue;
      opening = FALSE;
      if (text->len > 0)
        g_string_append_c (text, ' ');
      g_string_append (text, words[i].token);
    }
  for (guint i = 0; i < n_words; i++)
    g_free (words[i].bare);
  while (text->len > 0 && strchr (",;: ", text->str[text->len - 1]) != NULL)
    g_string_truncate (text, text->len - 1);
  if (text->len == 0)
    return;

  sentence = g_new0 (CrownSentence, 1);
  sentence->n_words = crown_count_words (text->str);
  sentence->n_dropped = n_dropped;
  if (g_ascii_islower (text->str[0]))
    text->str[0] = g_ascii_toupper (text->str[0]);
  sentence->text = g_strdup (text->str);
  sentence->line = line;
  sentence->end_line = end_line;
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
  static const char *const abbreviations[] = { "dr.", "e.g.", "i.e.", "mr.", "mrs.", "ms.",
                                               "prof.", "vs.", "z.b.", "bzw.", "hon.", "st." };

  if (next == NULL || !g_str_has_suffix (token, "."))
    return FALSE;
  if (is_any (token, abbreviations, G_N_ELEMENTS (abbreviations)))
    return TRUE;
  return strlen (token) <= 3 && !g_ascii_isupper (next[0]);
}

/* Whether the token at @at is the last one of a sentence. */
static gboolean
ends_sentence (GPtrArray *tokens,
               guint      at)
{
  const char *token = tokens->pdata[at];
  gsize length = strlen (token);

  while (length > 0 && strchr ("\"')", token[length - 1]) != NULL)
    length--;
  return length > 0 && strchr (".!?", token[length - 1]) != NULL &&
         !is_abbreviation (token, at + 1 < tokens->len ? tokens->pdata[at + 1] : NULL);
}

/* The tokens of the segments around the one at work, made when they are looked at and let go of behind it. */
typedef struct {
  const CrownTranscript *transcript;
  GPtrArray            **tokens; /* per segment; (nullable) */
  guint                 *used;   /* how many of them an earlier sentence has taken */
} Window;

static GPtrArray *
window_get (Window *window,
            guint   i)
{
  if (window->tokens[i] == NULL)
    window->tokens[i] = tokens_of (((const CrownSegment *) window->transcript->segments->pdata[i])->text);
  return window->tokens[i];
}

/* Where somebody goes on after others put in a word or two: "… and when it breaks" – "Hmm." – "it should be replaced." */
static gboolean
find_continuation (Window *window,
                   guint   i,
                   guint  *continuation)
{
  const CrownSegment *segment = window->transcript->segments->pdata[i];

  for (guint j = i + 1; *segment->speaker != '\0' && j < window->transcript->segments->len && j <= i + GO_ON_SEGMENTS;
       j++)
    {
      const CrownSegment *next = window->transcript->segments->pdata[j];
      GPtrArray *tokens = window_get (window, j);

      if (strcmp (next->speaker, segment->speaker) == 0)
        {
          *continuation = j;
          return tokens->len > 0 && window->used[j] == 0 && g_ascii_islower (((const char *) tokens->pdata[0])[0]);
        }
      if (tokens->len > PUT_IN_WORDS)
        return FALSE;
    }
  return FALSE;
}

GPtrArray *
crown_sentences_of (const CrownTranscript *transcript)
{
  guint n_segments = transcript->segments->len;
  GPtrArray *sentences = g_ptr_array_new_with_free_func (sentence_free);
  g_autofree GPtrArray **tokens_of_all = g_new0 (GPtrArray *, n_segments + 1);
  g_autofree guint *used = g_new0 (guint, n_segments + 1);
  Window window = { transcript, tokens_of_all, used };

  for (guint i = 0; i < n_segments; i++)
    {
      GPtrArray *tokens = window_get (&window, i);
      guint from = used[i], end_line = i, next, at = i;

      for (guint to = from; to < tokens->len; to++)
        if (ends_sentence (tokens, to) || to - from + 1 >= SENTENCE_WORDS_MAX)
          {
            add_sentence (sentences, tokens, from, to + 1, i, i);
            from = to + 1;
          }
      if (from < tokens->len)
        {
          g_autoptr (GPtrArray) whole = g_ptr_array_new (); /* borrows */
          gboolean ended = FALSE;

          for (guint to = from; to < tokens->len; to++)
            g_ptr_array_add (whole, tokens->pdata[to]);
          while (!ended && whole->len < SENTENCE_WORDS_MAX && find_continuation (&window, at, &next))
            {
              GPtrArray *more = window.tokens[next];

              while (!ended && used[next] < more->len && whole->len < SENTENCE_WORDS_MAX)
                {
                  ended = ends_sentence (more, used[next]);
                  g_ptr_array_add (whole, more->pdata[used[next]++]);
                }
              ended = ended || used[next] < more->len;
              end_line = at = next;
            }
          add_sentence (sentences, whole, 0, whole->len, i, end_line);
        }
      g_clear_pointer (&tokens_of_all[i], g_ptr_array_unref);
    }
  return sentences;
}
