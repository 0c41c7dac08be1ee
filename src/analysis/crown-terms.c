/* crown-terms.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-analysis"

#include "crown-terms.h"

#include <math.h>
#include <string.h>

#define STEM_BITS  21 /* three of them make a phrase's key */
#define STEMS_MAX  ((1u << STEM_BITS) - 1)
#define NOUN_MIN   0.45 /* the share of a phrase's last word that is said as a noun */
#define NOUN_MIN_ING 0.65
#define HEAD_MIN   0.45 /* … and that has no other noun behind it */
#define HEAD_MIN_ADJECTIVE 0.7
#define WORD_BYTES_MAX 40 /* of a word in a phrase */

/* Sorted: words that are frequent in any meeting, and name no subject by themselves. */
static const char *const general_words[] = {
  "'em", "able", "absolutely", "accept", "achieve", "across", "act", "add", "added", "adding", "address",
  "aforementioned", "afternoon", "agree", "agreed", "aha", "ahead", "aim", "allow", "allowed", "alone", "alright",
  "alrighty", "amount", "answer", "anymore", "apologies", "apparently", "appear", "apply", "appreciate", "approach",
  "area", "areas", "argue", "ask", "asked", "asking", "aspect", "aspects", "assume", "attend", "available", "aware",
  "away", "back", "bad", "based", "basic", "basically", "basis", "bear", "beautiful", "become", "began", "begin",
  "beginning", "believe", "best", "better", "big", "bigger", "bit", "bits", "blah", "bloody", "bottom", "bracket",
  "break", "bring", "bringing", "brought", "bunch", "business-like", "bye", "call", "called", "came", "care",
  "case", "cases", "cause", "certain", "certainly", "chair", "challenge", "chance", "change", "changed", "changes",
  "changing", "check", "choose", "chose", "clear", "clearly", "close", "colleague", "colleagues", "come", "comes",
  "coming", "comma", "comment", "comments", "committee", "complete", "completely", "concern", "concerned",
  "concerning", "concerns", "consider", "considered", "continue", "cool", "correct", "couple", "course", "crazy",
  "create", "cut", "damn", "dash", "day", "days", "deal", "dealing", "dear", "decide", "decided", "decision",
  "deep", "definitely", "depend", "depending", "depends", "describe", "details", "develop", "difference",
  "differences", "different", "difficult", "directly", "discuss", "discussed", "discussion", "discussions", "doubt",
  "draw", "drop", "due", "early", "easier", "easily", "easy", "effect", "eight", "eighteen", "eighty", "eleven",
  "em", "email", "end", "ended", "ends", "ensure", "entire", "equals", "especially", "essentially", "evening",
  "everywhere", "evidence", "exact", "exactly", "example", "examples", "except", "excuse", "exist", "expect",
  "explain", "extent", "extra", "extremely", "fact", "facts", "fair", "fairly", "familiar", "far", "fast", "feel",
  "feeling", "felt", "few", "fewer", "field", "fifteen", "fifty", "figure", "figured", "fill", "final", "finally",
  "find", "fine", "fine-tuned", "finish", "finished", "first", "firstly", "fit", "five", "fix", "focus", "folks",
  "follow", "following", "forget", "form", "forth", "forty", "forward", "found", "four", "fourteen", "friend",
  "front", "full", "fully", "fun", "funny", "future", "gave", "general", "generally", "gentlemen", "give", "given",
  "gives", "giving", "glad", "god", "gone", "gosh", "great", "group", "groups", "grow", "guess", "guess's", "guy",
  "guys", "ha", "half", "hand", "handle", "hang", "happen", "happened", "happening", "happens", "happy", "hard",
  "hear", "heard", "held", "hell", "hello", "help", "helpful", "helps", "hey", "hi", "high", "higher", "highlight",
  "hm", "hold", "home", "honest", "honourable", "hope", "hopefully", "hot", "hour", "hours", "huge", "hundred",
  "idea", "ideas", "identify", "imagine", "impact", "important", "impression", "include", "included", "including",
  "information", "initial", "instance", "interest", "interested", "interesting", "involve", "involved", "issue",
  "issues", "item", "items", "job", "joined", "keen", "keep", "keeping", "kept", "key", "kind", "kinds", "knew",
  "knowing", "known", "ladies", "large", "largely", "larger", "last", "late", "lately", "later", "latest", "laugh",
  "lead", "learn", "learned", "least", "leave", "led", "left", "less", "letter", "level", "levels", "light",
  "likely", "line", "list", "listen", "literally", "little", "live", "long", "longer", "look", "looked", "looking",
  "looks", "lose", "loss", "lost", "lots", "love", "low", "lower", "lucky", "madam", "made", "main", "mainly",
  "major", "make", "makes", "making", "man", "manner", "mark", "matter", "matters", "meaning", "means", "meant",
  "meet", "meeting", "meetings", "member", "member's", "members", "mention", "mentioned", "message", "met",
  "middle", "million", "mind", "minimum", "minister", "minus", "minute", "minutes", "miss", "mix", "mm-mm",
  "moment", "moments", "month", "months", "morning", "most", "move", "moved", "moving", "mr", "mrs", "ms", "name",
  "names", "naturally", "nature", "near", "nearly", "necessarily", "necessary", "need", "needed", "needs", "new",
  "next", "nice", "nine", "nineteen", "ninety", "nobody", "nope", "normal", "normally", "notice", "number",
  "numbers", "obvious", "obviously", "occasion", "odd", "offer", "often", "okay-ish", "old", "ongoing", "onward",
  "ooh", "open", "opening", "opinion", "opportunity", "option", "options", "order", "ought", "outcome", "outcomes",
  "outside", "overall", "overnight", "page", "paper", "paren", "part", "particular", "particularly", "parts",
  "party", "pass", "past", "pay", "period", "person", "personal", "personally", "perspective", "pick", "picked",
  "picture", "piece", "pieces", "place", "places", "plan", "plug", "plus", "point", "pointed", "points", "poor",
  "position", "positive", "possibility", "possible", "possibly", "potential", "potentially", "presentation",
  "pretty", "previous", "previously", "probable", "probably", "problem", "problems", "proceed", "process",
  "progress", "properly", "proposed", "provide", "provided", "providing", "pull", "purpose", "pursuant", "put",
  "puts", "putting", "question", "questions", "quick", "quickly", "quiet", "quote", "raise", "raised", "range",
  "rate", "reach", "read", "reading", "ready", "real", "realise", "realize", "really", "reason", "reasonable",
  "reasons", "receive", "received", "recent", "recently", "recognise", "refer", "reference", "referred", "regard",
  "regarding", "related", "relation", "remain", "remember", "report", "reports", "require", "required", "respect",
  "respond", "response", "rest", "result", "results", "return", "review", "role", "round", "rule", "run", "running",
  "sake", "sat", "saw", "saying", "scale", "second", "secondly", "section", "sense", "sent", "separate", "serious",
  "seriously", "serve", "set", "seven", "seventeen", "seventy", "several", "share", "short", "show", "showed",
  "showing", "shown", "shows", "side", "sides", "significant", "significantly", "similar", "simple", "simply",
  "single", "sir", "sit", "sitting", "situation", "six", "sixteen", "sixty", "size", "slash", "slide", "slides",
  "slightly", "slow", "small", "smart", "somebody's", "someone's", "sorry", "sorta", "sound", "sounds", "space",
  "speak", "speaker", "speaking", "specific", "specifically", "spend", "spent", "spoke", "stage", "stages", "stand",
  "standing", "start", "started", "starting", "starts", "state", "statement", "stay", "staying", "step", "steps",
  "stick", "stop", "story", "straight", "strange", "strong", "stuck", "stuff", "subject", "success", "sudden",
  "suggest", "suggested", "suggestion", "summary", "supplementary", "support", "suppose", "supposed", "surely",
  "surprised", "system-wide", "table", "take", "taken", "takes", "taking", "talk", "talked", "talking", "tell",
  "telling", "ten", "term", "terms", "thank", "thanks", "thinking", "third", "thirteen", "thirty", "thought",
  "thoughts", "thousand", "three", "time", "times", "today", "told", "tomorrow", "tonight", "took", "top", "topic",
  "total", "totally", "touch", "tough", "track", "tried", "trouble", "true", "truly", "trust", "try", "trying",
  "turn", "turned", "twelve", "twenty", "twice", "two", "type", "types", "ultimately", "unable", "underscore",
  "understand", "understanding", "understood", "unfortunately", "update", "use", "used", "useful", "uses", "using",
  "usual", "usually", "variety", "various", "version", "versus", "via", "view", "views", "visit", "wait", "walk",
  "wanted", "wants", "watch", "ways", "week", "weeks", "weird", "welcome", "went", "whatnot", "whatsoever", "whoa",
  "wide", "willing", "wish", "witness", "witnesses", "wonder", "wondering", "word", "words", "work", "worked",
  "working", "works", "world", "worried", "worry", "worse", "worst", "worth", "wow", "write", "written", "wrong",
  "wrote", "year", "years", "yesterday", "young", "zero",
};

/* Who is followed by a noun, and who by a verb. Sorted. */
static const char *const before_nouns[] = {
  "a", "an", "any", "der", "die", "each", "el", "every", "her", "his", "its", "la", "le", "les", "los",
  "my", "no", "of", "our", "some", "that", "the", "their", "these", "this", "those", "un", "una", "une", "your",
};
static const char *const before_verbs[] = {
  "can", "can't", "could", "couldn't", "did", "didn't", "do", "does", "doesn't", "don't",
  "gonna", "he", "i", "i'd", "i'll", "i've", "it", "let's", "may", "might",
  "must", "not", "she", "should", "shouldn't", "they", "they'll", "to", "we", "we'd",
  "we'll", "we've", "will", "would", "wouldn't", "you", "you'd", "you'll",
};

static guint
word_id (CrownTerms *self,
         const char *text)
{
  gpointer id;
  CrownWord word = { 0 };
  char *stem;

  if (g_hash_table_lookup_extended (self->ids, text, NULL, &id))
    return GPOINTER_TO_UINT (id);

  stem = self->language == CROWN_LANGUAGE_EN ? crown_stem (text) : g_strdup (text);
  if (!g_hash_table_lookup_extended (self->stem_ids, stem, NULL, &id))
    {
      id = GUINT_TO_POINTER (MIN (g_hash_table_size (self->stem_ids), STEMS_MAX));
      g_hash_table_insert (self->stem_ids, g_steal_pointer (&stem), id);
    }
  g_free (stem);
  word.text = g_strdup (text);
  word.stem = GPOINTER_TO_UINT (id);
  word.stop = crown_is_stop_word (self->language, text);
  word.general = word.stop || crown_is_in (general_words, G_N_ELEMENTS (general_words), text) ||
                 g_ascii_isdigit (text[0]) || strchr (text, '\'') != NULL || g_str_has_suffix (text, "ly") ||
                 strlen (text) > WORD_BYTES_MAX;
  g_array_append_val (self->words, word);
  g_hash_table_insert (self->ids, word.text, GUINT_TO_POINTER (self->words->len - 1));
  return self->words->len - 1;
}

static gboolean
is_word_char (gunichar c)
{
  return g_unichar_isalnum (c);
}

/* The words of @text to the stream, a break where it has punctuation. */
static void
read_words (CrownTerms *self,
            const char *text)
{
  const char *p = text;
  guint none = CROWN_TERM_BREAK, last = CROWN_TERM_BREAK;
  gboolean first = TRUE, noun_phrase = FALSE;

  while (*p != '\0')
    {
      const char *start;
      g_autofree char *word = NULL;
      guint id;
      CrownWord *entry;

      while (*p != '\0' && !is_word_char (g_utf8_get_char (p)))
        {
          if (*p != ' ' && last != CROWN_TERM_BREAK)
            {
              g_array_append_val (self->stream, none);
              last = CROWN_TERM_BREAK;
            }
          p = g_utf8_next_char (p);
        }
      start = p;
      while (*p != '\0')
        {
          gunichar c = g_utf8_get_char (p);
          const char *next = g_utf8_next_char (p);

          if (!is_word_char (c) && !((c == '\'' || c == 0x2019 || c == '-' || c == '.') && *next != '\0' &&
                                     is_word_char (g_utf8_get_char (next))))
            break;
          p = next;
        }
      if (p == start)
        continue;
      word = g_utf8_strdown (start, p - start);
      for (char *c; (c = strstr (word, "\342\200\231")) != NULL;)
        {
          *c = '\'';
          memmove (c + 1, c + 3, strlen (c + 3) + 1);
        }
      id = word_id (self, word);
      entry = crown_terms_word (self, id);
      if (!first && g_unichar_isupper (g_utf8_get_char (start)))
        {
          entry->n_upper++;
          if (entry->spelling == NULL)
            entry->spelling = g_strndup (start, (gsize) (p - start));
        }
      else if (!first)
        entry->n_lower++;
      if (last != CROWN_TERM_BREAK)
        {
          const CrownWord *before = crown_terms_word (self, last);

          /* "the remote control": the article is for both words */
          noun_phrase =
            crown_is_in (before_nouns, G_N_ELEMENTS (before_nouns), before->text) || (noun_phrase && !before->stop);
          entry->n_noun += noun_phrase && !entry->stop;
          entry->n_verb += crown_is_in (before_verbs, G_N_ELEMENTS (before_verbs), before->text);
        }
      else
        noun_phrase = FALSE;
      g_array_append_val (self->stream, id);
      last = id;
      first = FALSE;
    }
  g_array_append_val (self->stream, none);
}

/* How often a word ends a noun phrase, rather than to describe the noun that follows. */
static void
count_heads (CrownTerms *self)
{
  for (guint i = 0; i + 1 < self->stream->len; i++)
    {
      CrownWord *word = crown_terms_word (self, g_array_index (self->stream, guint, i));
      const CrownWord *next = crown_terms_word (self, g_array_index (self->stream, guint, i + 1));

      if (next->stop)
        word->n_head++;
      else
        word->n_inner++;
    }
}

static double
noun_share (const CrownWord *word)
{
  return (word->n_noun + 0.5) / (word->n_noun + 1.5 * word->n_verb + 1.0);
}

/* Whether a phrase can end with @word: it is no verb and no adjective, by what stands around it. */
static gboolean
is_head (const CrownTerms *self,
         const CrownWord  *word)
{
  static const char *const adjectives[] = {
    "able", "al", "ant", "ent", "ful", "ible", "ic", "ish", "ive", "less", "ous"
  };
  double head = (word->n_head + 0.5) / (word->n_head + word->n_inner + 1.0);

  if (word->n_noun == 0 || noun_share (word) < NOUN_MIN || head < HEAD_MIN)
    return FALSE;
  if (self->language != CROWN_LANGUAGE_EN)
    return TRUE;
  if (g_str_has_suffix (word->text, "ed"))
    return strlen (word->text) < 5;
  if (g_str_has_suffix (word->text, "ing"))
    return noun_share (word) >= NOUN_MIN_ING && word->n_noun > 1;
  for (guint i = 0; i < G_N_ELEMENTS (adjectives); i++)
    if (g_str_has_suffix (word->text, adjectives[i]))
      return head >= HEAD_MIN_ADJECTIVE && word->n_noun > 1;
  return TRUE;
}

static gboolean
is_definite (const char *word)
{
  static const char *const definite[] = { "our", "that", "the", "their", "these", "this", "those", "your" };

  return crown_is_in (definite, G_N_ELEMENTS (definite), word);
}

static void
count_phrases (CrownTerms *self)
{
  const guint *stream = (const guint *) self->stream->data;

  for (guint s = 0; s < self->sentences->len; s++)
    {
      guint turn = ((CrownSentence *) self->sentences->pdata[s])->line;

      for (guint i = self->offsets[s]; i < self->offsets[s + 1]; i++)
        {
          guint64 key = 0;

          for (guint n = 1; n <= 3 && i + n <= self->offsets[s + 1]; n++)
            {
              const CrownWord *word = crown_terms_word (self, stream[i + n - 1]);
              const char *before = i > self->offsets[s] ? crown_terms_word (self, stream[i - 1])->text : "";
              CrownPhrase *phrase;

              if (stream[i + n - 1] == CROWN_TERM_BREAK || word->general || word->stem >= STEMS_MAX)
                break;
              key = (key << STEM_BITS) | (word->stem + 1);
              if (!word->head || (n > 1 && word->stem == crown_terms_word (self, stream[i + n - 2])->stem))
                continue;
              phrase = g_hash_table_lookup (self->phrases, &key);
              if (phrase == NULL)
                {
                  phrase = g_new0 (CrownPhrase, 1);
                  phrase->key = key;
                  phrase->n_words = n;
                  memcpy (phrase->words, stream + i, n * sizeof *stream);
                  phrase->last_turn = G_MAXUINT;
                  g_hash_table_insert (self->phrases, &phrase->key, phrase);
                }
              /* The spelling that most use wins: "button" or "buttons" (Boyer and Moore's vote). */
              if (memcmp (phrase->words, stream + i, n * sizeof *stream) == 0)
                phrase->vote++;
              else if (phrase->vote == 0)
                {
                  memcpy (phrase->words, stream + i, n * sizeof *stream);
                  phrase->vote = 1;
                }
              else
                phrase->vote--;
              phrase->n++;
              phrase->n_the += is_definite (before);
              phrase->n_a += strcmp (before, "a") == 0 || strcmp (before, "an") == 0;
              phrase->n_turns += phrase->last_turn != turn;
              phrase->last_turn = turn;
            }
        }
    }
}

static gboolean
is_said_once (gpointer key,
              gpointer value,
              gpointer data)
{
  return ((CrownPhrase *) value)->n < 2;
}

static void
word_clear (gpointer data)
{
  CrownWord *word = data;

  g_free (word->text);
  g_free (word->spelling);
}

CrownTerms *
crown_terms_new (const CrownTranscript *transcript,
                 GPtrArray             *sentences,
                 CrownLanguage          language)
{
  CrownTerms *self = g_new0 (CrownTerms, 1);
  CrownWord none = { .text = g_strdup (""), .stem = STEMS_MAX, .stop = TRUE, .general = TRUE };
  g_autofree guint *seen = NULL;

  self->language = language;
  self->sentences = sentences;
  self->words = g_array_new (FALSE, FALSE, sizeof (CrownWord));
  g_array_set_clear_func (self->words, word_clear);
  g_array_append_val (self->words, none);
  self->stream = g_array_new (FALSE, FALSE, sizeof (guint));
  self->offsets = g_new0 (guint, sentences->len + 1);
  self->ids = g_hash_table_new (g_str_hash, g_str_equal);
  self->stem_ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->phrases = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);

  for (guint i = 0; i < sentences->len; i++)
    {
      read_words (self, ((CrownSentence *) sentences->pdata[i])->text);
      self->offsets[i + 1] = self->stream->len;
    }
  self->n_stems = g_hash_table_size (self->stem_ids);
  self->stem_counts = g_new0 (guint, self->n_stems + 1);
  seen = g_new0 (guint, self->n_stems + 1);
  for (guint i = 0; i < sentences->len; i++)
    for (guint j = self->offsets[i]; j < self->offsets[i + 1]; j++)
      {
        const CrownWord *word = crown_terms_word (self, g_array_index (self->stream, guint, j));

        if (word->stem < self->n_stems && seen[word->stem] != i + 1)
          {
            seen[word->stem] = i + 1;
            self->stem_counts[word->stem]++;
          }
      }
  count_heads (self);
  for (guint i = 1; i < self->words->len; i++)
    crown_terms_word (self, i)->head = is_head (self, crown_terms_word (self, i));
  count_phrases (self);
  g_hash_table_foreach_remove (self->phrases, is_said_once, NULL);
  return self;
}

void
crown_terms_free (CrownTerms *self)
{
  g_hash_table_unref (self->ids);
  g_hash_table_unref (self->stem_ids);
  g_hash_table_unref (self->phrases);
  g_array_unref (self->words);
  g_array_unref (self->stream);
  g_free (self->offsets);
  g_free (self->stem_counts);
  g_free (self);
}

const guint *
crown_terms_get (const CrownTerms *self,
                 guint             sentence,
                 guint            *n_words)
{
  *n_words = self->offsets[sentence + 1] - self->offsets[sentence];
  return (const guint *) self->stream->data + self->offsets[sentence];
}

typedef struct {
  CrownPhrase *phrase;
  guint        n;     /* in these sentences */
  double       score;
} Choice;

static int
compare_choices (gconstpointer a,
                 gconstpointer b)
{
  const Choice *x = a, *y = b;

  if (x->score != y->score)
    return x->score < y->score ? 1 : -1;
  return (x->phrase->key > y->phrase->key) - (x->phrase->key < y->phrase->key);
}

/* Whether all stems of the shorter phrase are in the longer one. */
static gboolean
is_within (const CrownPhrase *shorter,
           const CrownPhrase *longer)
{
  guint mask = STEMS_MAX;

  for (guint64 a = shorter->key; a != 0; a >>= STEM_BITS)
    {
      gboolean found = FALSE;

      for (guint64 b = longer->key; b != 0; b >>= STEM_BITS)
        found = found || (a & mask) == (b & mask);
      if (!found)
        return FALSE;
    }
  return TRUE;
}

GPtrArray *
crown_terms_phrases (const CrownTerms *self,
                     guint             from,
                     guint             to,
                     guint             n_max)
{
  static const double length_weights[] = { 0, 1.0, 2.2, 2.4 };
  const guint *stream = (const guint *) self->stream->data;
  g_autoptr (GHashTable) counts = g_hash_table_new (NULL, NULL);
  g_autoptr (GArray) choices = g_array_new (FALSE, FALSE, sizeof (Choice));
  GPtrArray *best = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer phrase_pointer, count;

  for (guint s = from; s < to; s++)
    for (guint i = self->offsets[s]; i < self->offsets[s + 1]; i++)
      {
        guint64 key = 0;

        for (guint n = 1; n <= 3 && i + n <= self->offsets[s + 1]; n++)
          {
            const CrownWord *word = crown_terms_word (self, stream[i + n - 1]);
            CrownPhrase *phrase;

            if (stream[i + n - 1] == CROWN_TERM_BREAK || word->general || word->stem >= STEMS_MAX)
              break;
            key = (key << STEM_BITS) | (word->stem + 1);
            phrase = word->head ? g_hash_table_lookup (self->phrases, &key) : NULL;
            if (phrase != NULL)
              g_hash_table_insert (counts, phrase,
                                   GUINT_TO_POINTER (GPOINTER_TO_UINT (g_hash_table_lookup (counts, phrase)) + 1));
          }
      }

  g_hash_table_iter_init (&iter, counts);
  while (g_hash_table_iter_next (&iter, &phrase_pointer, &count))
    {
      CrownPhrase *phrase = phrase_pointer;
      guint n = GPOINTER_TO_UINT (count);
      double share = (double) n / phrase->n;
      const CrownWord *last = crown_terms_word (self, phrase->words[phrase->n_words - 1]);
      Choice choice = { phrase, n, 0 };

      if (n < (phrase->n_words > 1 ? 2 : 3) || (phrase->n_words == 1 && last->n_noun < 2))
        continue;
      choice.score = pow (n, 0.8) * (0.35 + 0.65 * share) * length_weights[phrase->n_words] *
                     (0.4 + noun_share (last)) * (phrase->n_turns > 1 ? 1 : 0.5);
      g_array_append_val (choices, choice);
    }
  g_array_sort (choices, compare_choices);

  for (guint i = 0; i < choices->len && best->len < n_max; i++)
    {
      Choice *choice = &g_array_index (choices, Choice, i);
      gboolean known = FALSE;

      /* A part of a longer one that is said nearly as often gives way to it. */
      for (guint j = 0; j < MIN (choices->len, 4 * n_max + 20) && !known; j++)
        {
          Choice *other = &g_array_index (choices, Choice, j);

          known = other->phrase->n_words > choice->phrase->n_words && is_within (choice->phrase, other->phrase) &&
                  (j < i || other->n * 2 > choice->n);
        }
      for (guint j = 0; j < best->len && !known; j++)
        known = is_within (best->pdata[j], choice->phrase) || is_within (choice->phrase, best->pdata[j]);
      if (!known)
        g_ptr_array_add (best, choice->phrase);
    }
  return best;
}

char *
crown_terms_name (const CrownTerms  *self,
                  const CrownPhrase *phrase,
                  gboolean           article)
{
  GString *name = g_string_new (NULL);

  const CrownWord *head = crown_terms_word (self, phrase->words[phrase->n_words - 1]);
  gboolean is_name = head->n_upper > head->n_lower;

  /* "the remote control", "speech recognition", "SmartKom", "the EU" */
  if (article && self->language == CROWN_LANGUAGE_EN &&
      (is_name ? (phrase->n_words > 1 ? 2 : 3) * phrase->n_the >= phrase->n
               : 5 * phrase->n_the >= phrase->n || phrase->n_a > 0))
    g_string_append (name, "the ");
  for (guint i = 0; i < phrase->n_words; i++)
    {
      const CrownWord *word = crown_terms_word (self, phrase->words[i]);

      if (i > 0)
        g_string_append_c (name, ' ');
      g_string_append (name, word->n_upper > word->n_lower ? word->spelling : word->text);
    }
  return g_string_free (name, FALSE);
}
