/* crown-wording.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-analysis"

#include "crown-wording.h"

#include <string.h>

#define STATEMENT_WORDS_MAX 30
#define STATEMENT_WORDS_MIN 7

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

/* Whether @text begins with @phrase, and a word ends there. Returns: its length with what parts it from the next word,
 * or 0 */
static gsize
begins_with (const char *text,
             const char *phrase)
{
  gsize length = strlen (phrase);

  if (g_ascii_strncasecmp (text, phrase, length) != 0 || (text[length] != ' ' && text[length] != ','))
    return 0;
  return length + strspn (text + length, " ,");
}

static const char *
skip_openings (const char *text)
{
  /* The longer ones first. */
  static const char *const openings[] = {
    "what i would say is that",
    "what i would say is",
    "what i'd say is that",
    "what i'd say is",
    "what i think is",
    "i would say that",
    "i'd like to say that",
    "i want to say that",
    "i have to say that",
    "i have to say",
    "i must say that",
    "i must say",
    "i would also say that",
    "i would say",
    "i'd say that",
    "i'd say",
    "i also think that",
    "i also think",
    "i do think that",
    "i do think",
    "i don't know if",
    "i think it's fair to say that",
    "i think it's important to say that",
    "i think that",
    "i think",
    "i just think",
    "i thought that",
    "i thought",
    "i believe that",
    "i guess that",
    "i guess",
    "i mean",
    "i suppose that",
    "i suppose",
    "i understand that",
    "i know that",
    "it seems to me that",
    "as i said before",
    "as i said",
    "as you know",
    "as you can see",
    "you know",
    "you see",
    "of course",
    "to be honest",
    "in my opinion",
    "for me",
    "in fact",
    "as a matter of fact",
    "at the moment",
    "because",
    "cuz",
    "'cause",
    "then",
    "now",
    "also",
    "firstly",
    "secondly",
    "first of all",
    "again",
    "obviously",
    "actually",
    "basically",
    "personally",
    "certainly",
    "perhaps",
    "maybe",
    "and",
    "but",
    "so",
    "well",
    "or",
    "yeah",
    "okay",
    "just",
    "though",
    "or maybe",
    "yes",
    "no",
    "anyway",
    "alright",
    "plus",
    "we know that",
    "the other thing is that",
    "the other thing is",
    "the thing is that",
    "the thing is",
    "the point is that",
    "my point is that",
    "i'm sure that",
    "i'm sure",
    "i hope that",
    "i feel that",
    "i feel",
    "let's say",
    "say",
    "like",
    "that means that",
    "that means",
    "it means that",
    "which means that",
    "the answer is that",
    "i will say that",
    "i can say that",
    "oh",
    "ah",
    "right",
    "see",
    "hence",
    "therefore",
    "however",
    "otherwise",
    "thus",
    "to start with",
    "i will say",
  };

  for (guint turn = 0; turn < 5; turn++)
    {
      gsize skipped = 0;

      for (guint i = 0; i < G_N_ELEMENTS (openings) && skipped == 0; i++)
        skipped = begins_with (text, openings[i]);
      if (skipped == 0 || crown_count_words (text + skipped) < STATEMENT_WORDS_MIN)
        break;
      text += skipped;
    }
  return text;
}

/* "…, you know, …" */
static void
drop_insertions (GString *text)
{
  static const char *const insertions[] = {
    ", you know,", ", I mean,", ", I think,", ", I guess,", ", of course,", ", I suppose,", ", like,",
    ", so,", ", obviously,", ", actually,", ", basically,", ", well,", ", yeah,", ", really,",
    ", okay,", ", please,", ", I believe,", ", in fact,", ", you see,", " you know,", ", right,",
    ", I suggest,", ", I'd say,", ", perhaps,", ", again,", " I mean,", ", I mean", ", I guess",
    " I mean", ", I think", ", I suppose", " I guess", " {comment}"
  };

  for (guint i = 0; i < G_N_ELEMENTS (insertions); i++)
    g_string_replace (text, insertions[i], "", 0);
  g_string_replace (text, "\"", "", 0);
  g_string_replace (text, ",,", ",", 0);
}

/* A long statement up to where another thought begins. */
static gboolean
is_condition (const char *text)
{
  static const char *const starts[] = { "if ", "when ", "while ", "although ", "since ",
                                        "as ", "once ", "unless ", "whenever ", "given " };

  for (guint i = 0; i < G_N_ELEMENTS (starts); i++)
    if (g_ascii_strncasecmp (text, starts[i], strlen (starts[i])) == 0)
      return TRUE;
  return FALSE;
}

static void
cut_long (GString *text)
{
  static const char *const breaks[] = { ", so ", ", but ", ", because ", ", and ", ", cuz ",
                                        ", which ", "; ", " - ", " -- ", ": ",
                                        ", if ", ", where ", ", you know ", ", then ", ", or ",
                                        " because ", " so that ", " and then ", " but " };
  const char *best = NULL;

  if (crown_count_words (text->str) <= STATEMENT_WORDS_MAX - 6 || is_condition (text->str))
    return; /* what follows from a condition is its main clause */
  for (guint i = 0; i < G_N_ELEMENTS (breaks) && best == NULL; i++)
    for (const char *p = text->str; (p = strstr (p, breaks[i])) != NULL; p++)
      {
        g_autofree char *head = g_strndup (text->str, (gsize) (p - text->str));
        guint n_words = crown_count_words (head);

        if (n_words >= 12 && n_words <= STATEMENT_WORDS_MAX - 4)
          best = p;
      }
  if (best != NULL)
    g_string_truncate (text, (gsize) (best - text->str));
}

char *
crown_wording_statement (const CrownTerms *terms,
                         const char       *sentence)
{
  g_autoptr (GString) text = g_string_new (skip_openings (sentence));
  gsize first = 0;
  gpointer id;

  drop_insertions (text);
  /* What stands behind a dash is said beside. */
  char *dash = strstr (text->str, "\342\200\224");

  if (dash != NULL && dash - text->str > 45)
    g_string_truncate (text, (gsize) (dash - text->str));
  /* "Clearly, …" */
  gsize adverb = strcspn (text->str, " ");

  if (adverb > 4 && text->str[adverb - 1] == ',' && text->str[adverb - 2] == 'y' && text->str[adverb - 3] == 'l')
    g_string_erase (text, 0, (gssize) MIN (adverb + 1, text->len));
  g_string_erase (text, 0, skip_openings (text->str) - text->str);
  cut_long (text);
  while (text->len > 0 && strchr (".!,;: -", text->str[text->len - 1]) != NULL)
    g_string_truncate (text, text->len - 1);

  while (text->str[first] != '\0' && text->str[first] != ' ')
    first++;
  if (first > 0 && g_ascii_isupper (text->str[0]) && strncmp (text->str, "I", first) != 0 &&
      strncmp (text->str, "I'", 2) != 0)
    {
      g_autofree char *word = g_utf8_strdown (text->str, (gssize) first);

      word[strcspn (word, ",;:")] = '\0';
      if (g_hash_table_lookup_extended (terms->ids, word, NULL, &id) &&
          (crown_terms_word (terms, GPOINTER_TO_UINT (id))->general ||
           crown_terms_word (terms, GPOINTER_TO_UINT (id))->n_lower >
             crown_terms_word (terms, GPOINTER_TO_UINT (id))->n_upper))
        text->str[0] = g_ascii_tolower (text->str[0]);
    }
  return g_strdup (text->str);
}

double
crown_wording_form (const CrownTerms    *terms,
                    const char          *statement,
                    const CrownSentence *sentence)
{
  static const char *const pointing[] = { "this", "that", "it", "it's", "that's", "these", "those",
                                          "he", "she", "they", "they're", "there", "here", "he's",
                                          "she's", "such", "one", "both", "him", "her" };
  static const char *const dangling[] = { "a", "an", "the", "and", "or", "but", "so", "of", "to",
                                          "in", "on", "at", "for", "with", "that", "is", "are", "was",
                                          "be", "because", "if", "my", "our", "your", "their", "from", "by",
                                          "as", "we", "i", "they", "you", "it's", "which", "just", "uh",
                                          "like", "can", "will", "not", "into", "about", "has", "have", "some",
                                          "than", "very", "also", "more", "when", "what", "kind" };
  static const char *const no_start[] = {
    "to", "of", "which", "who", "than", "or", "with", "from", "by", "as", "like", "where",
    "how", "why", "what", "whether", "be", "is", "are", "was", "were", "do", "does", "did",
    "for", "don't", "not", "in", "on", "at", "about", "thank", "thanks", "can", "could", "would",
    "will", "please", "sorry", "let", "have", "has", "had", "going", "until", "than", "into", "sort",
    "kind", "give", "get", "got", "put", "make", "take", "use", "see", "say", "go", "welcome",
    "good", "am", "been", "being", "let's", "lets", "mr", "hello", "hi"
  };
  static const char *const restarts[] = { " The ", " So ", " At ", " And ", " But ", " What ", " They ",
                                          " It ", " If ", " We ", " Well ", " This ", " That ", " There " };
  g_auto (GStrv) words = crown_words_of (statement);
  guint n_words = g_strv_length (words), n_i = 0, n_you = 0, n_content = 0;
  double form = 1;

  if (n_words < STATEMENT_WORDS_MIN || n_words > STATEMENT_WORDS_MAX + 4 || strchr (statement, '?') != NULL)
    return 0;
  for (guint i = 0; i < n_words; i++)
    {
      n_i += g_str_has_prefix (words[i], "i'") || strcmp (words[i], "i") == 0 || strcmp (words[i], "my") == 0 ||
             strcmp (words[i], "me") == 0;
      n_you += g_str_has_prefix (words[i], "you");
      n_content += !crown_is_stop_word (terms->language, words[i]);
    }
  if (n_content < 3)
    return 0;
  if (is_any (words[0], pointing, G_N_ELEMENTS (pointing)))
    form *= 0.75;
  if (is_any (words[0], no_start, G_N_ELEMENTS (no_start)))
    form *= 0.35;
  if (is_any (words[n_words - 1], dangling, G_N_ELEMENTS (dangling)))
    form *= 0.15;
  if (sentence->text[0] == '\0' || strchr (".!", sentence->text[strlen (sentence->text) - 1]) == NULL)
    form *= 0.6; /* broken off */
  if (strstr (statement, "..") != NULL || strstr (statement, "\342\200\246") != NULL ||
      strstr (statement, " - ") != NULL)
    form *= 0.4;
  /* "two cases where The first …": begun again without a stop */
  for (guint i = 0; i < G_N_ELEMENTS (restarts); i++)
    if (strstr (statement, restarts[i]) != NULL)
      form *= 0.2;
  form *= 1 - MIN (0.7, 2.0 * sentence->n_dropped / (sentence->n_words + sentence->n_dropped));
  form *= is_condition (statement) ? (strchr (statement, ',') != NULL ? 0.7 : 0.3) : 1;
  form *= strchr (statement, ':') != NULL || strstr (statement, "\342\200\224") != NULL ? 0.6 : 1;
  form *= strstr (statement, "welcome") != NULL || strstr (statement, "thank") != NULL ||
              strstr (statement, "pleased to") != NULL
            ? 0.4
            : 1;
  form *= n_i > 1 ? 0.75 : 1;
  form *= n_you > 1 ? 0.6 : n_you > 0 ? 0.8 : 1;
  form *= n_words < 10 ? 0.7 : 1;
  return form;
}

/* What becomes of a word of the first person when others report it: "I" is the speaker, "we" are all. */
static const struct { const char *word; const char *reported; } persons[] = {
  { "I", "they" }, { "I'm", "they are" }, { "I've", "they have" }, { "I'll", "they will" }, { "I'd", "they would" },
  { "i", "they" }, { "my", "their" }, { "mine", "theirs" }, { "myself", "themselves" }, { "am", "are" },
  { "we", "they" }, { "we're", "they are" }, { "we've", "they have" }, { "we'll", "they will" },
  { "we'd", "they would" },
  { "our", "their" }, { "ours", "theirs" }, { "us", "them" }, { "ourselves", "themselves" }, { "me", "them" },
  { "gonna", "going to" }, { "wanna", "want to" }, { "cuz", "because" }, { "'em", "them" }, { "gotta", "have to" },
  { "can't", "cannot" }, { "don't", "do not" }, { "it's", "it is" }, { "doesn't", "does not" }, { "isn't", "is not" },
  { "didn't", "did not" }, { "won't", "will not" }, { "aren't", "are not" }, { "they're", "they are" },
  { "couldn't", "could not" }, { "wouldn't", "would not" }, { "shouldn't", "should not" }, { "haven't", "have not" },
  { "hasn't", "has not" }, { "that's", "that is" }, { "there's", "there is" }, { "wasn't", "was not" },
  { "weren't", "were not" },
  { "you're", "you are" }, { "you've", "you have" }, { "you'll", "you will" }, { "they've", "they have" },
  { "they'll", "they will" },
  { "let's", "they should" }, { "ain't", "is not" }, { "what's", "what is" }, { "it'll", "it will" },
  { "kinda", "somewhat" },
};

static void
append_reported (GString    *text,
                 const char *statement)
{
  for (const char *p = statement; *p != '\0';)
    {
      gsize length = strcspn (p, " ,.;:!?)");
      g_autofree char *word = g_strndup (p, length);
      const char *reported = NULL;

      for (guint i = 0; i < G_N_ELEMENTS (persons) && reported == NULL && length > 0; i++)
        if (strcmp (persons[i].word, word) == 0 || (length > 1 && g_ascii_strcasecmp (persons[i].word, word) == 0 &&
                                                    !g_str_equal (word, "US") && !g_str_equal (word, "AM")))
          reported = persons[i].reported;
      /* "when I was" → "when they were" */
      if (strcmp (word, "was") == 0 && (g_str_has_suffix (text->str, " they ")))
        reported = "were";
      g_string_append (text, reported != NULL ? reported : word);
      p += length;
      while (*p != '\0' && strchr (" ,.;:!?)", *p) != NULL)
        g_string_append_c (text, *p++);
    }
}

/* "I'll …" with the speaker's name in its place: what follows the name, and the rest of the statement. */
static const char *
after_i (const char  *statement,
         const char **verb)
{
  static const struct { const char *said; const char *verb;
  } forms[] = {
    { "I'll ", " will " },
    { "I've ", " has " },
    { "I'm ", " is " },
    { "I am ", " is " },
    { "I was ", " was " },
    { "I will ", " will " },
    { "I would ", " would " },
    { "I'd ", " would " },
    { "I could ", " could " },
    { "I should ", " should " },
    { "I can ", " can " },
    { "I had ", " had " },
    { "I have ", " has " },
    { "I did ", " did " },
    { "I must ", " must " },
    { "I want ", " wants " },
    { "I need ", " needs " },
    { "I like ", " likes " },
    { "I hope ", " hopes " },
    { "I agree ", " agrees " },
    { "I propose ", " proposes " },
    { "I suggest ", " suggests " },
    { "I prefer ", " prefers " },
    { "I wonder ", " wonders " },
    { "I don't ", " does not " },
    { "I made ", " made " },
    { "I found ", " found " },
    { "I looked ", " looked " },
    { "I took ", " took " },
    { "I got ", " got " },
    { "I saw ", " saw " },
    { "I wrote ", " wrote " },
    { "I started ", " started " },
    { "I tried ", " tried " },
    { "I can't ", " cannot " },
    { "I didn't ", " did not " },
    { "I recognise ", " recognises " },
    { "I recognize ", " recognizes " },
  };

  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    if (g_str_has_prefix (statement, forms[i].said))
      {
        *verb = forms[i].verb;
        return statement + strlen (forms[i].said);
      }
  return NULL;
}

char *
crown_wording_report (const char *statement,
                      const char *speaker,
                      guint       number)
{
  static const char *const verbs[] = { " said that ", " explained that ", " pointed out that ", " noted that " };
  static const char *const groups[] = { "we decided ", "we agreed ", "we discussed ", "we talked ", "we concluded " };
  GString *text = g_string_new (NULL);
  const char *verb, *rest;

  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    if (g_str_has_prefix (statement, groups[i]))
      {
        g_string_append (text, "The group ");
        append_reported (text, statement + strlen ("we "));
        g_string_append_c (text, '.');
        return g_string_free (text, FALSE);
      }
  if (*speaker == '\0')
    {
      g_autofree char *first = g_utf8_strup (statement, (gssize) (g_utf8_next_char (statement) - statement));

      g_string_append_printf (text, "%s%s.", first, *statement != '\0' ? g_utf8_next_char (statement) : "");
      return g_string_free (text, FALSE);
    }

  g_string_append (text, speaker);
  if ((rest = after_i (statement, &verb)) != NULL)
    g_string_append (text, verb);
  else
    {
      g_string_append (text, strstr (statement, "should ") != NULL || g_ascii_strncasecmp (statement, "let's ", 6) == 0
                               ? " suggested that " : verbs[number % G_N_ELEMENTS (verbs)]);
      rest = statement;
    }
  append_reported (text, rest);
  g_string_append_c (text, '.');
  return g_string_free (text, FALSE);
}
