/* crown-action-items.c: what somebody takes upon themselves, or is asked to do
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-analysis"

#include "crown-analysis-private.h"

#include <math.h>
#include <string.h>

#define TEXT_MAX      120 /* bytes of a task */
#define CONFIDENCE_MIN 0.6 /* what is surer than "we'll …" without a day */
#define SAME_WITHIN   100 /* tasks back; who repeats one does it soon, and a long meeting is not compared with itself */
#define SAME_MIN      0.6 /* of the content words that two sentences about one task share */

typedef enum {
  WHO_SPEAKER,   /* I */
  WHO_ADDRESSEE, /* you */
  WHO_NOBODY,    /* we */
} Who;

/* How a commitment begins; the verb follows. The first that matches is taken, so the longer ones come first. */
typedef struct {
  const char *words;
  Who         who;
  double      confidence;
  gboolean    request; /* may be a question */
} Phrase;

static const Phrase phrases[] = {
  { "i am going to", WHO_SPEAKER, 0.75, FALSE },
  { "i'm going to", WHO_SPEAKER, 0.75, FALSE },
  { "i'm gonna", WHO_SPEAKER, 0.7, FALSE },
  { "i will", WHO_SPEAKER, 0.85, FALSE },
  { "i'll", WHO_SPEAKER, 0.85, FALSE },
  { "i can", WHO_SPEAKER, 0.6, FALSE },
  { "i need to", WHO_SPEAKER, 0.65, FALSE },
  { "i have to", WHO_SPEAKER, 0.6, FALSE },
  { "let me", WHO_SPEAKER, 0.55, FALSE },
  { "can you please", WHO_ADDRESSEE, 0.75, TRUE },
  { "could you please", WHO_ADDRESSEE, 0.75, TRUE },
  { "can you", WHO_ADDRESSEE, 0.7, TRUE },
  { "could you", WHO_ADDRESSEE, 0.7, TRUE },
  { "will you", WHO_ADDRESSEE, 0.65, TRUE },
  { "would you", WHO_ADDRESSEE, 0.6, TRUE },
  { "you should", WHO_ADDRESSEE, 0.5, FALSE },
  { "you need to", WHO_ADDRESSEE, 0.6, FALSE },
  { "please", WHO_ADDRESSEE, 0.7, FALSE },
  { "we need to", WHO_NOBODY, 0.6, FALSE },
  { "we have to", WHO_NOBODY, 0.55, FALSE },
  { "we must", WHO_NOBODY, 0.6, FALSE },
  { "we will", WHO_NOBODY, 0.55, FALSE },
  { "we'll", WHO_NOBODY, 0.55, FALSE },
  { "let's", WHO_NOBODY, 0.5, FALSE },
  { "somebody has to", WHO_NOBODY, 0.6, FALSE },
  { "someone needs to", WHO_NOBODY, 0.6, FALSE },
};

/* Sorted: what a task is made of. A commitment with another verb ("I'll be honest") is none. */
static const char *const verbs[] = {
  "add", "analyse", "analyze", "announce", "arrange", "ask", "assign", "book", "bring", "build", "buy", "call", "cancel",
  "change", "check", "circulate", "clean", "close", "collect", "compare", "complete", "confirm", "contact", "coordinate", "copy",
  "create", "cut", "define", "deliver", "deploy", "describe", "design", "discuss", "distribute", "document", "draft", "draw",
  "email", "estimate", "evaluate", "examine", "explain", "figure", "file", "fill", "finalise", "finalize", "find", "finish",
  "fix", "follow", "forward", "gather", "get", "give", "handle", "hire", "implement", "improve", "include", "inform", "install",
  "interview", "introduce", "investigate", "invite", "issue", "join", "list", "look", "mail", "make", "measure", "merge", "message",
  "migrate", "move", "notify", "open", "order", "organise", "organize", "pay", "phone", "ping", "plan", "post", "prepare",
  "present", "print", "prioritise", "prioritize", "propose", "provide", "publish", "put", "raise", "reach", "read", "record",
  "release", "remind", "remove", "rename", "replace", "report", "reproduce", "request", "research", "review", "rewrite", "run",
  "schedule", "send", "set", "setup", "share", "ship", "show", "sign", "sketch", "speak", "split", "start", "submit", "summarise",
  "summarize", "switch", "take", "talk", "tell", "test", "track", "train", "translate", "try", "turn", "update", "upgrade",
  "upload", "verify", "wire", "work", "write",
};

static gboolean
is_verb (const char *word)
{
  for (guint i = 0; i < G_N_ELEMENTS (verbs); i++)
    if (strcmp (verbs[i], word) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
is_one_of (const char *const *list,
           gsize              n,
           const char        *word)
{
  for (gsize i = 0; i < n; i++)
    if (strcmp (list[i], word) == 0)
      return TRUE;
  return FALSE;
}

/* What is done in the meeting itself: "I'll show you now", "I'll share my screen". Slides can also be sent, later. */
static gboolean
is_done_at_once (char  **words,
                 guint   verb)
{
  static const char *const here[] = { "now", "second", "minute", "moment", "here", "quickly" };
  static const char *const shown[] = { "slide", "slides", "screen" };
  static const char *const show[] = { "look", "open", "present", "put", "share", "show", "switch" };

  for (guint i = verb; words[i] != NULL; i++)
    if (is_one_of (here, G_N_ELEMENTS (here), words[i]) ||
        (is_one_of (shown, G_N_ELEMENTS (shown), words[i]) && is_one_of (show, G_N_ELEMENTS (show), words[verb])))
      return TRUE;
  return FALSE;
}

/* "I'll also quickly check": words between the phrase and its verb. */
static gboolean
may_come_between (const char *word)
{
  static const char *const adverbs[] = { "also", "then", "just", "quickly", "definitely", "probably", "please", "try", "to", "go",
                                         "and", "first", "personally", "still", "all", "both", "now", "ahead" };

  for (guint i = 0; i < G_N_ELEMENTS (adverbs); i++)
    if (strcmp (adverbs[i], word) == 0)
      return TRUE;
  return FALSE;
}

/* Negated, hypothetical, conditional, past or reported: not a commitment. */
static gboolean
is_no_commitment (char **words,
                  guint  at)
{
  static const char *const before[] = { "if", "whether", "unless", "maybe", "perhaps", "might", "would", "wish", "when", "said",
                                        "says", "told", "thought", "suppose", "imagine", "until", "once" };
  guint from = at > 4 ? at - 4 : 0;

  for (guint i = from; i < at; i++)
    for (guint j = 0; j < G_N_ELEMENTS (before); j++)
      if (strcmp (words[i], before[j]) == 0)
        return TRUE;
  return FALSE;
}

/* What the participants are called, in lower case, to their whole names. The first of two Anas is meant. */
static GHashTable *
first_names (GStrv participants)
{
  GHashTable *names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; participants[i] != NULL; i++)
    {
      g_autofree char *lower = g_utf8_strdown (participants[i], -1);
      char *space = strchr (lower, ' ');

      if (space != NULL)
        *space = '\0';
      if (strlen (lower) > 1 && !g_hash_table_contains (names, lower))
        g_hash_table_insert (names, g_steal_pointer (&lower), participants[i]);
    }
  return names;
}

/* Who "you" is: somebody named in the sentence, otherwise who answers. */
static const char *
addressee_of (const CrownTranscript *transcript,
              const CrownSentence   *sentence,
              char                 **words,
              GHashTable            *names)
{
  const CrownSegment *segment = transcript->segments->pdata[sentence->line];

  for (guint i = 0; words[i] != NULL; i++)
    {
      const char *name = g_hash_table_lookup (names, words[i]);

      if (name != NULL && strcmp (name, segment->speaker) != 0)
        return name;
    }
  if (sentence->line + 1 < transcript->segments->len)
    {
      const CrownSegment *next = transcript->segments->pdata[sentence->line + 1];

      if (*next->speaker != '\0' && strcmp (next->speaker, segment->speaker) != 0)
        return next->speaker;
    }
  return NULL;
}

typedef struct {
  const char *assignee; /* (nullable) */
  double      confidence;
  guint       verb;     /* index of its word */
  gboolean    request;
} Match;

static gboolean
phrase_at (char       **words,
           guint        at,
           const char  *phrase,
           guint       *length)
{
  guint n_words = 0;

  for (const char *p = phrase;; p++)
    {
      const char *word = words[at + n_words];
      gsize n = strcspn (p, " ");

      if (word == NULL || strncmp (word, p, n) != 0 || word[n] != '\0')
        return FALSE;
      n_words++;
      p += n;
      if (*p == '\0')
        break;
    }
  *length = n_words;
  return TRUE;
}

static gboolean
find_verb (char  **words,
           guint   from,
           guint  *verb)
{
  for (guint i = from; words[i] != NULL && i < from + 4; i++)
    {
      if (strcmp (words[i], "not") == 0 || strcmp (words[i], "never") == 0)
        return FALSE;
      if (is_verb (words[i]) && !(may_come_between (words[i]) && words[i + 1] != NULL && strcmp (words[i + 1], "to") == 0))
        {
          *verb = i;
          return TRUE;
        }
      if (!may_come_between (words[i]))
        return FALSE;
    }
  return FALSE;
}

static gboolean
match_sentence (const CrownTranscript *transcript,
                const CrownSentence   *sentence,
                char                 **words,
                GHashTable            *names,
                Match                 *match)
{
  const CrownSegment *segment = transcript->segments->pdata[sentence->line];
  gboolean question = g_str_has_suffix (sentence->text, "?");

  for (guint at = 0; words[at] != NULL; at++)
    {
      guint length;

      /* "Action item: …", "To do: …" say what they are. */
      if (at == 0 && (phrase_at (words, at, "action item", &length) || phrase_at (words, at, "action point", &length) ||
                      phrase_at (words, at, "todo", &length) || phrase_at (words, at, "to-do", &length)))
        {
          const char *name = words[length] != NULL ? g_hash_table_lookup (names, words[length]) : NULL;

          *match = (Match) { name, 0.95, name != NULL ? length + 1 : length, FALSE };
          if (words[match->verb] != NULL && strcmp (words[match->verb], "to") == 0)
            match->verb++;
          return words[match->verb] != NULL;
        }

      for (guint i = 0; i < G_N_ELEMENTS (phrases); i++)
        {
          const Phrase *phrase = &phrases[i];

          if (!phrase_at (words, at, phrase->words, &length))
            continue;
          if ((question && !phrase->request) || is_no_commitment (words, at) || !find_verb (words, at + length, &match->verb))
            break;
          /* "please" takes the verb that follows it at once, and only at the start of what is asked. */
          match->confidence = phrase->confidence;
          match->request = phrase->request;
          match->assignee = phrase->who == WHO_SPEAKER     ? segment->speaker
                            : phrase->who == WHO_ADDRESSEE ? addressee_of (transcript, sentence, words, names)
                                                           : NULL;
          return TRUE;
        }

      /* "Ana will send …" */
      if (!question && words[at + 1] != NULL && (strcmp (words[at + 1], "will") == 0 || strcmp (words[at + 1], "needs") == 0) &&
          !is_no_commitment (words, at))
        {
          const char *name = g_hash_table_lookup (names, words[at]);

          if (name != NULL && find_verb (words, at + 2, &match->verb))
            {
              match->assignee = name;
              match->confidence = 0.8;
              match->request = FALSE;
              return TRUE;
            }
        }
    }
  return FALSE;
}

/* The sentence from its verb on, as one would write it on a list. */
static char *
task_text (const CrownSentence *sentence,
           guint                verb)
{
  const char *p = sentence->text;
  GString *text;
  char *stop;

  for (guint i = 0; *p != '\0'; )
    {
      gboolean in_word = FALSE;

      while (*p != '\0' && !g_unichar_isalnum (g_utf8_get_char (p)))
        p = g_utf8_next_char (p);
      if (i == verb)
        break;
      while (*p != '\0')
        {
          gunichar c = g_utf8_get_char (p);
          const char *next = g_utf8_next_char (p);

          in_word = g_unichar_isalnum (c) ||
                    ((c == '\'' || c == 0x2019 || c == '-') && *next != '\0' && g_unichar_isalnum (g_utf8_get_char (next)));
          if (!in_word)
            break;
          p = next;
        }
      i++;
    }

  text = g_string_new (p);
  /* What follows is another thought: "…, and then I'll", "…, so". */
  for (guint i = 0; i < 6; i++)
    {
      static const char *const breaks[] = { ", and i'll ", ", so ", ", but ", ", because ", " -- ", "; " };
      g_autofree char *lower = g_ascii_strdown (text->str, -1);

      if ((stop = strstr (lower, breaks[i])) != NULL && stop - lower > 15)
        g_string_truncate (text, (gsize) (stop - lower));
    }
  while (text->len > 0 && strchr (".!?,;: ", text->str[text->len - 1]) != NULL)
    g_string_truncate (text, text->len - 1);
  if (text->len > TEXT_MAX)
    {
      char *end = text->str + TEXT_MAX;

      while (end > text->str && *end != ' ')
        end--;
      g_string_truncate (text, (gsize) (end - text->str));
      g_string_append (text, "\342\200\246");
    }
  if (text->len > 0)
    text->str[0] = g_ascii_toupper (text->str[0]);
  return g_string_free (text, FALSE);
}

static const char *
priority_of (char **words)
{
  static const char *const high[] = { "urgent", "urgently", "asap", "immediately", "critical", "blocker", "blocking", "today" };
  static const char *const low[] = { "eventually", "someday", "sometime", "whenever", "nice-to-have" };

  for (guint i = 0; words[i] != NULL; i++)
    {
      for (guint j = 0; j < G_N_ELEMENTS (high); j++)
        if (strcmp (words[i], high[j]) == 0)
          return "high";
      for (guint j = 0; j < G_N_ELEMENTS (low); j++)
        if (strcmp (words[i], low[j]) == 0)
          return "low";
    }
  return "medium";
}

typedef struct {
  char       *text;
  const char *assignee;
  const char *priority;
  char       *due;
  double      confidence;
  guint       line;
  GHashTable *words;
} Item;

static void
item_free (gpointer data)
{
  Item *item = data;

  g_free (item->text);
  g_free (item->due);
  g_hash_table_unref (item->words);
  g_free (item);
}

static double
similarity (const Item *a,
            const Item *b)
{
  GHashTableIter iter;
  gpointer word;
  guint same = 0;

  g_hash_table_iter_init (&iter, a->words);
  while (g_hash_table_iter_next (&iter, &word, NULL))
    same += g_hash_table_contains (b->words, word);
  return (double) same / MAX (1, MIN (g_hash_table_size (a->words), g_hash_table_size (b->words)));
}

/* A request and the promise that answers it are one task: the surer one's words, and what either knows. */
static gboolean
merge_into_earlier (GPtrArray *items,
                    Item      *item)
{
  for (guint i = items->len > SAME_WITHIN ? items->len - SAME_WITHIN : 0; i < items->len; i++)
    {
      Item *earlier = items->pdata[i];

      if (similarity (earlier, item) < SAME_MIN ||
          (earlier->assignee != NULL && item->assignee != NULL && strcmp (earlier->assignee, item->assignee) != 0))
        continue;
      if (item->confidence > earlier->confidence)
        {
          char *text = earlier->text;

          earlier->text = item->text;
          item->text = text;
          earlier->line = item->line;
          earlier->confidence = item->confidence;
        }
      if (earlier->assignee == NULL)
        earlier->assignee = item->assignee;
      if (earlier->due == NULL)
        earlier->due = g_steal_pointer (&item->due);
      if (strcmp (item->priority, "high") == 0)
        earlier->priority = "high";
      earlier->confidence = MIN (0.95, earlier->confidence + 0.05);
      return TRUE;
    }
  return FALSE;
}

static Item *
item_new (const CrownSentence *sentence,
          const Match         *match,
          char               **words,
          const char          *date)
{
  Item *item = g_new0 (Item, 1);

  item->text = task_text (sentence, match->verb);
  item->assignee = match->assignee != NULL && *match->assignee != '\0' ? match->assignee : NULL;
  item->priority = priority_of (words);
  item->due = crown_due_date_of (sentence->text, date);
  item->confidence = MIN (0.95, match->confidence + (item->due != NULL ? 0.1 : 0));
  item->line = sentence->line;
  item->words = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = match->verb; words[i] != NULL; i++)
    if (!crown_is_stop_word (CROWN_LANGUAGE_EN, words[i]))
      g_hash_table_add (item->words, g_strdup (words[i]));
  return item;
}

JsonArray *
crown_action_items_of (const CrownTranscript *transcript,
                       GPtrArray             *sentences,
                       GStrv                  participants,
                       const char            *date)
{
  g_autoptr (GHashTable) names = first_names (participants);
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (item_free);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < sentences->len; i++)
    {
      const CrownSentence *sentence = sentences->pdata[i];
      g_auto (GStrv) words = crown_words_of (sentence->text);
      Match match = { 0 };
      Item *item;

      if (!match_sentence (transcript, sentence, words, names, &match) || is_done_at_once (words, match.verb))
        continue;
      item = item_new (sentence, &match, words, date);
      /* Two words of substance at least: "I'll check that" is no task that anybody could do later. */
      if (g_hash_table_size (item->words) < 2 || item->confidence < CONFIDENCE_MIN || merge_into_earlier (items, item))
        item_free (item);
      else
        g_ptr_array_add (items, item);
    }

  for (guint i = 0; i < items->len; i++)
    {
      const Item *item = items->pdata[i];
      const CrownSegment *segment = transcript->segments->pdata[item->line];
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "text", item->text);
      if (item->assignee != NULL)
        json_object_set_string_member (object, "assignee", item->assignee);
      else
        json_object_set_null_member (object, "assignee");
      if (item->due != NULL)
        json_object_set_string_member (object, "due", item->due);
      else
        json_object_set_null_member (object, "due");
      json_object_set_int_member (object, "line", item->line);
      json_object_set_double_member (object, "confidence", round (100 * item->confidence) / 100);
      json_object_set_string_member (object, "priority", item->priority);
      json_object_set_string_member (object, "speaker", segment->speaker);
      json_array_add_object_element (array, object);
    }
  return array;
}
