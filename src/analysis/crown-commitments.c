/* crown-commitments.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-analysis"

#include "crown-commitments.h"

#include <string.h>

/* How a commitment begins; the verb follows. Of two that fit the first is taken, so longer ones come first. */
typedef struct {
  const char *words;
  CrownWho    who;
  double      confidence;
  gboolean    request; /* may be a question */
} Phrase;

static const Phrase english[] = {
  { "i am going to", CROWN_WHO_SPEAKER, 0.75 },
  { "i'm going to", CROWN_WHO_SPEAKER, 0.75 },
  { "i'm gonna", CROWN_WHO_SPEAKER, 0.7 },
  { "i'll have to", CROWN_WHO_SPEAKER, 0.7 },
  { "i'll be", CROWN_WHO_SPEAKER, 0.75 },
  { "i will be", CROWN_WHO_SPEAKER, 0.7 },
  { "i will", CROWN_WHO_SPEAKER, 0.85 },
  { "i'll", CROWN_WHO_SPEAKER, 0.85 },
  { "i should be able to", CROWN_WHO_SPEAKER, 0.75 },
  { "i'm hoping to", CROWN_WHO_SPEAKER, 0.65 },
  { "i plan to", CROWN_WHO_SPEAKER, 0.7 },
  { "i promise to", CROWN_WHO_SPEAKER, 0.85 },
  { "i'm happy to", CROWN_WHO_SPEAKER, 0.65 },
  { "i'd better", CROWN_WHO_SPEAKER, 0.65 },
  { "i'd be happy to", CROWN_WHO_SPEAKER, 0.65 },
  { "i'd be glad to", CROWN_WHO_SPEAKER, 0.65 },
  { "i can", CROWN_WHO_SPEAKER, 0.6 },
  { "i could", CROWN_WHO_SPEAKER, 0.45 },
  { "i need to", CROWN_WHO_SPEAKER, 0.65 },
  { "i have to", CROWN_WHO_SPEAKER, 0.6 },
  { "i've got to", CROWN_WHO_SPEAKER, 0.6 },
  { "i still have to", CROWN_WHO_SPEAKER, 0.65 },
  { "i must", CROWN_WHO_SPEAKER, 0.6 },
  { "i should", CROWN_WHO_SPEAKER, 0.55 },
  { "i was gonna", CROWN_WHO_SPEAKER, 0.5 },
  { "i was going to", CROWN_WHO_SPEAKER, 0.5 },
  { "let me", CROWN_WHO_SPEAKER, 0.6 },
  { "can you please", CROWN_WHO_ADDRESSEE, 0.8, TRUE },
  { "could you please", CROWN_WHO_ADDRESSEE, 0.8, TRUE },
  { "can you", CROWN_WHO_ADDRESSEE, 0.7, TRUE },
  { "could you", CROWN_WHO_ADDRESSEE, 0.7, TRUE },
  { "if you could", CROWN_WHO_ADDRESSEE, 0.65, TRUE },
  { "will you", CROWN_WHO_ADDRESSEE, 0.65, TRUE },
  { "would you", CROWN_WHO_ADDRESSEE, 0.6, TRUE },
  { "i'd like you to", CROWN_WHO_ADDRESSEE, 0.8, TRUE },
  { "i want you to", CROWN_WHO_ADDRESSEE, 0.75, TRUE },
  { "i need you to", CROWN_WHO_ADDRESSEE, 0.75, TRUE },
  { "ask you to", CROWN_WHO_ADDRESSEE, 0.65, TRUE },
  { "don't forget to", CROWN_WHO_ADDRESSEE, 0.8, TRUE },
  { "remember to", CROWN_WHO_ADDRESSEE, 0.75, TRUE },
  { "make sure to", CROWN_WHO_ADDRESSEE, 0.7, TRUE },
  { "you should", CROWN_WHO_ADDRESSEE, 0.5, TRUE },
  { "you need to", CROWN_WHO_ADDRESSEE, 0.6, TRUE },
  { "you have to", CROWN_WHO_ADDRESSEE, 0.5, TRUE },
  { "you are going to", CROWN_WHO_ADDRESSEE, 0.6, TRUE },
  { "you're going to", CROWN_WHO_ADDRESSEE, 0.6, TRUE },
  { "you're gonna", CROWN_WHO_ADDRESSEE, 0.6, TRUE },
  { "you were gonna", CROWN_WHO_ADDRESSEE, 0.65, TRUE },
  { "you were going to", CROWN_WHO_ADDRESSEE, 0.65, TRUE },
  { "you'll", CROWN_WHO_ADDRESSEE, 0.5, TRUE },
  { "please", CROWN_WHO_ADDRESSEE, 0.75, TRUE },
  { "we need to", CROWN_WHO_NOBODY, 0.6 },
  { "we have to", CROWN_WHO_NOBODY, 0.55 },
  { "we will have to", CROWN_WHO_NOBODY, 0.6 },
  { "we'll have to", CROWN_WHO_NOBODY, 0.6 },
  { "we're supposed to", CROWN_WHO_NOBODY, 0.65 },
  { "we're gonna", CROWN_WHO_NOBODY, 0.5 },
  { "we're going to", CROWN_WHO_NOBODY, 0.5 },
  { "we must", CROWN_WHO_NOBODY, 0.6 },
  { "we will", CROWN_WHO_NOBODY, 0.45 },
  { "we'll", CROWN_WHO_NOBODY, 0.45 },
  { "let's", CROWN_WHO_NOBODY, 0.45 },
  { "somebody has to", CROWN_WHO_NOBODY, 0.7 },
  { "someone has to", CROWN_WHO_NOBODY, 0.7 },
  { "somebody needs to", CROWN_WHO_NOBODY, 0.75 },
  { "someone needs to", CROWN_WHO_NOBODY, 0.75 },
  { "somebody should", CROWN_WHO_NOBODY, 0.7 },
  { "someone should", CROWN_WHO_NOBODY, 0.7 },
  { "somebody must", CROWN_WHO_NOBODY, 0.7 },
  { "someone must", CROWN_WHO_NOBODY, 0.7 },
  { "somebody to", CROWN_WHO_NOBODY, 0.6 },
  { "someone to", CROWN_WHO_NOBODY, 0.6 },
  { "people are supposed to", CROWN_WHO_NOBODY, 0.7 },
  { "everybody has to", CROWN_WHO_NOBODY, 0.6 },
  { "everyone has to", CROWN_WHO_NOBODY, 0.6 },
};

/* What follows a name: "Ana will send …" */
static const Phrase after_name[] = {
  { "will also", CROWN_WHO_NAMED, 0.8 },
  { "will", CROWN_WHO_NAMED, 0.8 },
  { "needs to", CROWN_WHO_NAMED, 0.8 },
  { "has to", CROWN_WHO_NAMED, 0.8 },
  { "have to", CROWN_WHO_NAMED, 0.75 },
  { "should", CROWN_WHO_NAMED, 0.65 },
  { "must", CROWN_WHO_NAMED, 0.75 },
  { "is going to", CROWN_WHO_NAMED, 0.75 },
  { "are going to", CROWN_WHO_NAMED, 0.75 },
  { "is gonna", CROWN_WHO_NAMED, 0.7 },
  { "gonna", CROWN_WHO_NAMED, 0.7 },
  { "you're gonna", CROWN_WHO_NAMED, 0.75 },
  { "you're going to", CROWN_WHO_NAMED, 0.75 },
  { "to", CROWN_WHO_NAMED, 0.65 },
  { "please", CROWN_WHO_NAMED, 0.8 },
  { "you", CROWN_WHO_NAMED, 0.65 },
  { "can you please", CROWN_WHO_NAMED, 0.85 },
  { "could you please", CROWN_WHO_NAMED, 0.85 },
  { "can you", CROWN_WHO_NAMED, 0.8 },
  { "could you", CROWN_WHO_NAMED, 0.8 },
  { "would you mind", CROWN_WHO_NAMED, 0.8 },
  { "can", CROWN_WHO_NAMED, 0.55 },
};

/* Sorted: what a task is made of. A commitment with another verb ("I'll be honest") is none. */
static const char *const verbs[] = {
  "add", "adjust", "allocate", "amend", "analyse", "analyze", "announce", "append", "apply", "approach", "approve",
  "archive", "arrange", "ask", "assemble", "assess", "assign", "attach", "audit", "back", "backup", "bill", "block",
  "book", "borrow", "bring", "broadcast", "brush", "build", "buy", "calculate", "call", "cancel", "change", "charge",
  "chase", "check", "circulate", "cite", "clarify", "clean", "close", "collect", "come", "compare", "compile",
  "complete", "compose", "configure", "confirm", "consult", "contact", "convert", "coordinate", "copy", "correct",
  "cover", "create", "cut", "debug", "decide", "define", "delegate", "delete", "deliver", "deploy", "describe",
  "design", "diagnose", "dig", "disable", "discuss", "distribute", "do", "document", "double", "draft", "draw", "drop",
  "edit", "email", "enable", "escalate", "estimate", "evaluate", "examine", "exchange", "expand", "export", "extend",
  "feed", "fetch", "figure", "file", "fill", "finalise", "finalize", "finance", "find", "finish", "fix", "follow",
  "format", "forward", "frame", "gather", "generate", "get", "give", "go", "handle", "hang", "have", "help",
  "hire", "host", "implement", "import", "improve", "include", "inform", "install", "interview", "introduce",
  "investigate", "invite", "invoice", "issue", "join", "label", "launch", "let", "list", "lock", "log", "look", "lower",
  "mail", "maintain", "make", "map", "mark", "measure", "meet", "merge", "message", "migrate", "monitor", "mount",
  "move", "negotiate", "note", "notify", "obtain", "onboard", "open", "order", "organise", "organize", "outline",
  "pack", "paint", "park", "patch", "pay", "phone", "pick", "pin", "ping", "plan", "plot", "polish", "post",
  "prepare", "present", "print", "prioritise", "prioritize", "process", "proofread", "propose", "prototype", "provide",
  "prune", "publish", "pull", "purchase", "push", "put", "query", "quote", "raise", "reach", "read", "rebuild",
  "record", "recruit", "redo", "refactor", "refine", "refund", "register", "rehearse", "reject", "release", "relocate",
  "remind", "remove", "rename", "renew", "rent", "reorganise", "reorganize", "repair", "repeat", "replace", "reply",
  "report", "reprint", "reproduce", "request", "rerun", "reschedule", "research", "reserve", "reset", "resolve",
  "respond", "restart", "restore", "retest", "return", "revert", "review", "revise", "revisit", "rework", "rewrite",
  "rotate", "run", "save", "scan", "schedule", "scope", "secure", "see", "sell", "send", "set", "settle", "setup",
  "share", "ship", "show", "sign", "simplify", "sketch", "solve", "sort", "source", "speak", "specify", "split",
  "staff", "start", "stock", "store", "submit", "subscribe", "summarise", "summarize", "supply", "support", "survey",
  "swap", "switch", "sync", "tackle", "tag", "take", "talk", "tell", "test", "think", "tidy", "trace", "track", "train",
  "transcribe", "transfer", "translate", "trim", "try", "turn", "type", "unblock", "unify", "update", "upgrade",
  "upload", "validate", "verify", "vet", "visit", "walk", "warn", "wash", "water", "weigh", "wire", "work", "wrap",
  "write",
};

/* Verbs that mostly say what is done in the meeting itself, or nothing; with one of them more has to point at a task. */
static const char *const weak_verbs[] = {
  "ask", "back", "block", "build", "change", "cite", "cover", "cut", "decide", "describe", "design", "discuss", "do",
  "draw", "drop", "feed", "find", "frame", "get", "give", "go", "hang", "have", "help", "include", "introduce",
  "join", "let", "list", "log", "look", "lower", "make", "mark", "mount", "move", "note", "open", "order", "park",
  "pick", "pin", "plan", "plot", "present", "process", "pull", "put", "reach", "read", "repeat", "run", "save",
  "see", "set", "settle", "share", "show", "solve", "sort", "source", "speak", "split", "start", "support", "switch",
  "tackle", "take", "talk", "tell", "think", "track", "train", "try", "turn", "type", "walk", "weigh", "work", "wrap",
};

#define IS_IN(list, word) crown_is_in (list, G_N_ELEMENTS (list), word)

static gboolean
is_any (const char        *word,
        const char *const *list,
        gsize              n)
{
  for (gsize i = 0; i < n; i++)
    if (strcmp (list[i], word) == 0)
      return TRUE;
  return FALSE;
}

static void
strv_clear (gpointer data)
{
  g_strfreev (data);
}

CrownPeople *
crown_people_new (GStrv participants)
{
  CrownPeople *self = g_new0 (CrownPeople, 1);

  self->names = g_strdupv (participants);
  self->first = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->starts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->words = g_ptr_array_new_with_free_func (strv_clear);
  for (guint i = 0; participants[i] != NULL; i++)
    {
      char **words = crown_words_of (participants[i]);
      static const char *const titles[] = { "dr", "hon", "mr", "mrs", "ms", "prof",
                                            "chair", "grad", "phd", "professor", "right", "the",
                                            "postdoc", "project", "user", "industrial", "undergrad", "speaker" };

      /* The first of two Anas is meant. */
      for (guint j = 0; words[j] != NULL && j < 2; j++)
        {
          if (is_any (words[j], titles, G_N_ELEMENTS (titles)) && words[j + 1] != NULL)
            {
              if (strlen (words[j]) > 4 || j > 0)
                break;
              continue;
            }
          if (strlen (words[j]) > 1 && !g_hash_table_contains (self->first, words[j]))
            g_hash_table_insert (self->first, g_strdup (words[j]), GUINT_TO_POINTER (i + 1));
          break;
        }
      if (words[0] != NULL && words[1] != NULL)
        g_hash_table_add (self->starts, g_strdup (words[0]));
      g_ptr_array_add (self->words, words);
    }
  return self;
}

void
crown_people_free (CrownPeople *self)
{
  g_strfreev (self->names);
  g_hash_table_unref (self->first);
  g_hash_table_unref (self->starts);
  g_ptr_array_unref (self->words);
  g_free (self);
}

#define NAMES_MAX 64 /* names of several words that are looked for; a hundred speak only in a parliament */

guint
crown_people_at (const CrownPeople *self,
                 char             **words,
                 guint              at,
                 guint             *person)
{
  gpointer index;

  for (guint i = 0; i < MIN (self->words->len, NAMES_MAX) && g_hash_table_contains (self->starts, words[at]); i++)
    {
      char **name = self->words->pdata[i];
      guint n = 0;

      while (name[n] != NULL && words[at + n] != NULL && strcmp (name[n], words[at + n]) == 0)
        n++;
      if (n > 1 && name[n] == NULL)
        {
          *person = i;
          /* "the User Interface Designer" */
          return words[at + n] != NULL &&
                     (strcmp (words[at + n], "designer") == 0 || strcmp (words[at + n], "expert") == 0)
                   ? n + 1
                   : n;
        }
    }
  index = g_hash_table_lookup (self->first, words[at]);
  if (index == NULL)
    return 0;
  *person = GPOINTER_TO_UINT (index) - 1;
  return 1;
}

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
has_phrase (char             **words,
            const char *const *phrases,
            gsize              n,
            guint             *at)
{
  guint length;

  for (guint i = 0; words[i] != NULL; i++)
    for (gsize j = 0; j < n; j++)
      if (phrase_at (words, i, phrases[j], &length))
        {
          if (at != NULL)
            *at = i;
          return TRUE;
        }
  return FALSE;
}

char *
crown_verb_of_gerund (const char *text)
{
  gsize length = strcspn (text, " ");
  g_autofree char *stem = NULL;
  g_autofree char *with_e = NULL;

  if (length < 6 || strncmp (text + length - 3, "ing", 3) != 0)
    return NULL;
  stem = g_ascii_strdown (text, (gssize) length - 3);
  if (IS_IN (verbs, stem))
    return g_steal_pointer (&stem);
  with_e = g_strconcat (stem, "e", NULL);
  if (IS_IN (verbs, with_e))
    return g_steal_pointer (&with_e);
  length = strlen (stem);
  if (length > 2 && stem[length - 1] == stem[length - 2])
    {
      stem[length - 1] = '\0';
      if (IS_IN (verbs, stem))
        return g_steal_pointer (&stem);
    }
  return NULL;
}

/* "I'll also quickly check": words between the phrase and its verb. */
static gboolean
may_come_between (const char *word)
{
  static const char *const adverbs[] = { "also", "then", "just", "quickly", "definitely", "probably",
                                         "please", "to", "go", "and", "first", "personally",
                                         "still", "all", "both", "now", "ahead", "actually",
                                         "happily", "certainly", "be", "able", "try", "maybe",
                                         "always", "again", "either", "really", "mind", "need",
                                         "have", "want", "like", "each", "individually", "basically",
                                         "you" };

  return is_any (word, adverbs, G_N_ELEMENTS (adverbs));
}

static gboolean
has_near (char       **words,
          guint        from,
          guint        within,
          const char  *word)
{
  for (guint i = from; words[i] != NULL && i < from + within; i++)
    if (strcmp (words[i], word) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
find_verb (char  **words,
           guint   from,
           guint  *verb,
           gboolean *gerund)
{
  for (guint i = from; words[i] != NULL && i < from + 5; i++)
    {
      const char *next = words[i + 1] != NULL ? words[i + 1] : "";
      gboolean after_be = i > 0 && (strcmp (words[i - 1], "be") == 0 || strcmp (words[i - 1], "mind") == 0);

      g_autofree char *base = after_be ? crown_verb_of_gerund (words[i]) : NULL;

      if (strcmp (words[i], "not") == 0 || strcmp (words[i], "never") == 0)
        return FALSE;
      *gerund = base != NULL;
      /* "I'll come back to you", but not to the next question */
      if (strcmp (words[i], "come") == 0 &&
          (strcmp (next, "back") != 0 || (words[i + 2] != NULL && strcmp (words[i + 2], "to") == 0 &&
                                          (words[i + 3] == NULL || strcmp (words[i + 3], "you") != 0))))
        return FALSE;
      if ((strcmp (words[i], "go") == 0 && !is_any (next, (const char *const[]) { "through", "over" }, 2)) ||
          (strcmp (words[i], "let") == 0 && !(words[i + 1] != NULL && has_near (words, i + 1, 4, "know"))))
        {
          if (may_come_between (words[i]))
            continue;
          return FALSE;
        }
      if ((*gerund || IS_IN (verbs, words[i])) &&
          !(may_come_between (words[i]) && (strcmp (next, "to") == 0 || strcmp (next, "and") == 0)))
        {
          *verb = i;
          return TRUE;
        }
      if (!may_come_between (words[i]))
        return FALSE;
    }
  return FALSE;
}

/* What makes a sentence no commitment when it stands before one: conditions, reports, what is only thought of. */
static gboolean
is_no_commitment (char  **words,
                  guint   at)
{
  static const char *const near[] = { "if", "whether", "unless", "maybe", "perhaps", "might", "would",
                                      "wish", "when", "said", "say", "says", "told", "tell",
                                      "thought", "thinks", "suppose", "imagine", "until", "once", "asked",
                                      "asks", "why", "how", "whenever", "where", "what", "which",
                                      "because", "remember", "hope", "means", "like", "people", "sure" };
  static const char *const first[] = { "if", "unless", "suppose", "supposing", "imagine", "when", "once", "whenever",
                                       "in", "whether", "maybe", "perhaps", "had", "would", "were" };
  guint from = at > 4 ? at - 4 : 0;

  for (guint i = from; i < at; i++)
    if (is_any (words[i], near, G_N_ELEMENTS (near)))
      return TRUE;
  if (at > 0 && strcmp (words[0], "in") == 0)
    return words[1] != NULL && strcmp (words[1], "case") == 0;
  return at > 0 && is_any (words[0], first, G_N_ELEMENTS (first));
}

/* "I'll send it if they agree", but "… if that's okay" */
static gboolean
has_condition_behind (char  **words,
                      guint   from)
{
  static const char *const polite[] = { "that's", "it's", "you", "possible", "okay", "necessary", "that", "not" };
  static const char *const conditions[] = { "unless", "provided", "assuming" };

  for (guint i = from; words[i] != NULL; i++)
    {
      if (is_any (words[i], conditions, G_N_ELEMENTS (conditions)))
        return TRUE;
      if (strcmp (words[i], "if") == 0 && words[i + 1] != NULL &&
          !is_any (words[i + 1], polite, G_N_ELEMENTS (polite)) &&
          !is_any (words[i - 1], (const char *const[]){ "see", "check", "and", "ask", "know" }, 5))
        return TRUE;
    }
  return FALSE;
}

/* What is done in the meeting itself: "I'll show you now", "I'll share my screen". Slides can also be sent, later. */
static gboolean
is_done_at_once (char  **words,
                 guint   verb)
{
  static const char *const here[] = { "now", "here", "quickly" };
  static const char *const soon[] = { "second", "minute", "moment" };
  static const char *const shown[] = { "slide", "slides", "screen", "agenda",
                                       "presentation", "discussion", "question", "questions" };
  static const char *const show[] = { "finish", "give", "look", "move", "open", "present",
                                      "put", "raise", "share", "show", "start", "switch" };
  static const char *const talk[] = { "analyse", "analyze", "ask", "clarify", "confirm", "describe", "expand",
                                      "give", "have", "help", "introduce", "outline", "read", "see",
                                      "show", "speak", "start", "talk", "tell", "telling" };
  static const char *const us[] = { "us", "me", "you", "about", "that", "off", "by", "with",
                                    "to", "it", "the", "this", "a", "some", "what", "in",
                                    "from", "on", "how", "why", "another", "one", "your", "any",
                                    "something", "when", "those", "whether", "for" };

  for (guint i = verb; words[i] != NULL; i++)
    {
      if (strcmp (words[i], "now") == 0 && words[i + 1] != NULL &&
          (strcmp (words[i + 1], "on") == 0 || strcmp (words[i + 1], "ask") == 0))
        continue;
      if (i > verb && is_any (words[i], soon, G_N_ELEMENTS (soon)) &&
          is_any (words[i - 1], (const char *const[]){ "a", "one", "this" }, 3))
        return TRUE;
      if ((is_any (words[i], here, G_N_ELEMENTS (here)) && !(i > verb && strcmp (words[i - 1], "from") == 0)) ||
          (is_any (words[i], shown, G_N_ELEMENTS (shown)) && is_any (words[verb], show, G_N_ELEMENTS (show))))
        return TRUE;
    }
  /* "I'll move on", "let's turn to" */
  if (words[verb + 1] != NULL && is_any (words[verb], (const char *const[]) { "move", "turn" }, 2) &&
      is_any (words[verb + 1], (const char *const[]) { "on", "to" }, 2))
    return TRUE;
  /* "Can you tell us why", "I'll give you an example" */
  if (is_any (words[verb], talk, G_N_ELEMENTS (talk)) &&
      (words[verb + 1] == NULL || is_any (words[verb + 1], us, G_N_ELEMENTS (us))))
    {
      static const char *const later[] = { "tomorrow", "today", "tonight", "week", "month", "monday",
                                           "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
                                           "email", "customer", "customers", "legal", "them", "him",
                                           "people", "afternoon", "draft" };

      for (guint i = verb + 1; words[i] != NULL; i++)
        if (is_any (words[i], later, G_N_ELEMENTS (later)))
          return FALSE;
      return TRUE;
    }
  return FALSE;
}

/* "I'll take that one", "can you take care of it": what is meant was said before. */
static gboolean
is_only_pronoun (char  **words,
                 guint   verb)
{
  static const char *const empty[] = {
    "it", "that", "this", "one", "them", "those", "these", "care", "of", "do",
    "to", "then", "too", "well", "as", "right", "away", "for", "you", "so",
    "over", "up", "on", "in", "the", "first", "at", "all", "today", "tomorrow",
    "tonight", "week", "lunch", "after", "before", "by", "with", "into", "out", "if",
    "monday", "tuesday", "wednesday", "thursday", "friday", "soon", "later", "morning", "afternoon", "noon",
    "evening", "next", "be", "done", "and", "see", "a", "bit", "look", "who",
    "is", "can", "thing", "same", "please", "us", "me", "go", "going", "there",
    "what", "they", "have", "now", "just", "when", "month"
  };

  for (guint i = verb + 1; words[i] != NULL; i++)
    if (!is_any (words[i], empty, G_N_ELEMENTS (empty)))
      return FALSE;
  return TRUE;
}

static void
add (GArray          *found,
     CrownOutcome     kind,
     CrownWho         who,
     guint            person,
     double           confidence,
     guint            start,
     guint            verb,
     gboolean         request,
     gboolean         pronoun)
{
  CrownCommitment commitment = { kind, who, person, confidence, start, verb, request, pronoun };

  g_array_append_val (found, commitment);
}

/* What the words around a phrase add to its confidence, or take from it. */
static double
weigh (char  **words,
       guint   verb,
       double  confidence)
{
  static const char *const objects[] = { "email", "emails", "draft", "report", "notes", "minutes",
                                         "list", "letter", "document", "offer", "quote", "invoice",
                                         "mail", "page", "contract", "meeting", "file", "files",
                                         "board", "team", "numbers", "prototype", "questionnaire", "summary",
                                         "folder", "script", "data", "test", "tests" };
  static const char *const vague[] = { "probably", "try", "maybe", "somehow", "something",
                                       "anything", "stuff", "hopefully", "guess", "think" };
  guint n_words = 0;

  if (IS_IN (weak_verbs, words[verb]))
    confidence -= 0.15;
  for (guint i = verb; words[i] != NULL; i++, n_words++)
    {
      if (n_words < 12 && is_any (words[i], objects, G_N_ELEMENTS (objects)))
        {
          confidence += 0.08;
          break;
        }
    }
  for (guint i = verb > 3 ? verb - 3 : 0; words[i] != NULL && i < verb + 6; i++)
    if (is_any (words[i], vague, G_N_ELEMENTS (vague)))
      {
        confidence -= 0.08;
        break;
      }
  if (g_strv_length (words) > 45)
    confidence -= 0.1; /* a speech rather than a promise */
  return confidence;
}

/* The phrases of @list that stand at @at. */
static gboolean
try_phrases (const Phrase *list,
             gsize         n_list,
             char        **words,
             guint         at,
             guint         start,
             guint         person,
             gboolean      question,
             gboolean      vocative,
             GArray       *found,
             guint        *next)
{
  for (gsize i = 0; i < n_list; i++)
    {
      const Phrase *phrase = &list[i];
      guint length, verb;
      gboolean gerund, request = phrase->request || (vocative && question);
      double confidence = phrase->confidence;

      if (!phrase_at (words, at, phrase->words, &length))
        continue;
      if (question && !request && !g_str_has_prefix (phrase->words, "can you") &&
          !g_str_has_prefix (phrase->words, "could you") && !g_str_has_prefix (phrase->words, "would you") &&
          strcmp (phrase->words, "you") != 0)
        return FALSE;
      if (is_no_commitment (words, start) || !find_verb (words, at + length, &verb, &gerund) ||
          is_done_at_once (words, verb) || has_condition_behind (words, verb))
        return FALSE;
      /* "I will ask Ana to send …" */
      if (strcmp (phrase->words, "to") == 0 && start > 0 &&
          (strcmp (words[start - 1], "ask") == 0 || (start > 1 && strcmp (words[start - 2], "ask") == 0)))
        confidence += 0.1;
      /* "Your opinion, Ana, to send …" is rarer than "Ana to send …" as a note of who does what, at its start. */
      else if ((strcmp (phrase->words, "to") == 0 || strcmp (phrase->words, "you") == 0) && start > 3)
        return FALSE;
      add (found, CROWN_OUTCOME_TASK, phrase->who, person, weigh (words, verb, confidence), start, verb,
           request || phrase->who == CROWN_WHO_NOBODY || phrase->who == CROWN_WHO_NAMED, is_only_pronoun (words, verb));
      *next = verb;
      return TRUE;
    }
  return FALSE;
}

/* "I will ask the printer to send …": somebody who is not here is asked, and who asks is to see to it. */
static gboolean
try_asking (const CrownPeople  *people,
            char              **words,
            guint               at,
            GArray             *found)
{
  guint verb, person;
  gboolean gerund;

  if (strcmp (words[at], "ask") != 0 || at == 0 || is_no_commitment (words, at - 1))
    return FALSE;
  for (guint i = at + 1; words[i] != NULL && i < at + 4; i++)
    if (crown_people_at (people, words, i, &person) > 0)
      return FALSE; /* found under the name */
  for (guint i = at + 1; words[i] != NULL && i < at + 6; i++)
    if (i > at + 1 && strcmp (words[i], "to") == 0 && strcmp (words[i - 1], "you") != 0 &&
        find_verb (words, i + 1, &verb, &gerund) && !gerund)
      {
        add (found, CROWN_OUTCOME_TASK, CROWN_WHO_NOBODY, 0, 0.62, at, verb, TRUE, FALSE);
        return TRUE;
      }
  return FALSE;
}

/* "The roof has to be repaired." */
static gboolean
try_passive (char   **words,
             guint    at,
             GArray  *found)
{
  static const char *const passives[] = { "has to be", "have to be", "needs to be", "need to be",
                                          "must be", "ought to be", "should be" };
  guint length;

  for (guint i = 0; i < G_N_ELEMENTS (passives); i++)
    if (at > 0 && phrase_at (words, at, passives[i], &length))
      {
        const char *verb = words[at + length];
        g_autofree char *stem = NULL;

        if (verb == NULL || !g_str_has_suffix (verb, "ed") || is_no_commitment (words, at) ||
            has_condition_behind (words, at))
          return FALSE;
        stem = g_strndup (verb, strlen (verb) - 2);
        if (!IS_IN (verbs, stem))
          {
            g_autofree char *with_e = g_strconcat (stem, "e", NULL);

            if (!IS_IN (verbs, with_e))
              return FALSE;
          }
        add (found, CROWN_OUTCOME_TASK, CROWN_WHO_NOBODY, 0, i < 6 ? 0.62 : 0.42, 0, 0, TRUE, FALSE);
        return TRUE;
      }
  return FALSE;
}

/* Decisions, events and notes, by the phrases that announce them. */
typedef struct {
  const char        *const *phrases;
  gsize                     n;
} List;

#define LIST(list) { list, G_N_ELEMENTS (list) }

static const char *const decisions_en[] = {
  "we've decided", "we have decided",
  "we decided", "it's decided",
  "is decided", "was decided",
  "has been decided", "it has been resolved",
  "we agreed to", "we agreed that",
  "we've agreed", "we have agreed",
  "we agree that", "is approved",
  "is carried", "that's settled",
  "it's settled", "is settled",
  "that's decided", "we're going with",
  "let's go with", "we'll go with",
  "we will go with", "we will keep",
  "we'll keep", "we'll stick with",
  "let's stick with", "we will use",
  "from now on", "the decision is",
  "final decision", "is adopted",
  "that's final", "it's final",
  "is final", "we are not going to",
  "we make her an", "we make him an",
  "let's agree", "shall we agree",
  "so agreed", "we're not going to change",
};
static const char *const decisions_de[] = {
  "haben beschlossen", "haben entschieden", "ist entschieden", "ist beschlossen",
  "wurde beschlossen", "wurde entschieden", "wir bleiben bei", "es bleibt bei",
  "haben uns geeinigt", "haben uns entschieden", "damit beschlossen", "wir nehmen also",
};
static const char *const decisions_fr[] = {
  "avons décidé", "a décidé", "est décidé", "décidé de", "avons convenu",
  "on garde", "avons choisi", "est adopté", "est adoptée",
};
static const char *const decisions_es[] = {
  "hemos decidido", "hemos acordado", "se ha decidido", "se decidió",
  "queda decidido", "queda acordado", "quedamos en", "está decidido",
};
static const char *const events_en[] = {
  "next meeting is", "next meeting will", "next meeting on", "next session is", "next session will",
  "next call is", "next call will", "next meeting starts", "meeting will start", "meet again",
  "talk again", "i'm meeting", "we're meeting", "let's meet", "shall we meet",
  "we meet on", "will meet on", "the workshop is", "the demo is", "will take place",
  "takes place", "trial run",
};
static const char *const events_de[] = {
  "nächste treffen ist", "nächste treffen findet", "nächste sitzung ist", "nächste sitzung findet", "treffen uns",
  "sehen uns am", "findet statt", "nächste termin ist", "nächste besprechung ist",
};
static const char *const events_fr[] = {
  "prochaine réunion", "prochaine séance", "aura lieu", "on se voit", "on se retrouve", "prochain rendez-vous",
};
static const char *const events_es[] = {
  "próxima reunión", "próxima sesión", "nos vemos", "nos reunimos", "tendrá lugar", "próxima cita",
};
static const char *const notes_en[] = {
  "note that", "keep in mind", "the deadline is", "submission deadline is",
  "for the record", "fyi", "please note", "will be closed",
};
static const char *const notes_de[] = { "zur info", "zur information", "beachtet bitte",
                                        "die frist ist", "die frist endet", "bleibt geschlossen" };
static const char *const notes_fr[] = { "à noter", "pour information", "notez que", "la date limite est",
                                        "sera fermé" };
static const char *const notes_es[] = { "tened en cuenta", "para que conste", "nota que",
                                        "la fecha límite es", "estará cerrado", "estará cerrada" };

static const struct {
  List decisions, events, notes;
} announcements[] = {
  { LIST (decisions_en), LIST (events_en), LIST (notes_en) },
  { LIST (decisions_de), LIST (events_de), LIST (notes_de) },
  { LIST (decisions_fr), LIST (events_fr), LIST (notes_fr) },
  { LIST (decisions_es), LIST (events_es), LIST (notes_es) },
};

static gboolean
find_announcement (CrownLanguage language,
                   char        **words,
                   gboolean      question,
                   GArray       *found)
{
  static const char *const conditions[] = { "if", "unless", "when", "was", "until", "wenn",
                                            "falls", "si", "quand", "cuando", "once", "before" };
  guint at;

  if (has_phrase (words, announcements[language].events.phrases, announcements[language].events.n, &at))
    {
      if (at > 0 && is_any (words[0], conditions, G_N_ELEMENTS (conditions)))
        return FALSE;
      add (found, CROWN_OUTCOME_EVENT, CROWN_WHO_NOBODY, 0, 0.7, 0, 0, FALSE, FALSE);
      return TRUE;
    }
  if (question)
    return FALSE;
  if (has_phrase (words, announcements[language].decisions.phrases, announcements[language].decisions.n, &at) ||
      (language == CROWN_LANGUAGE_EN && strcmp (words[0], "agreed") == 0 && words[1] != NULL && words[2] != NULL))
    {
      if (is_any (words[0], conditions, G_N_ELEMENTS (conditions)))
        return FALSE;
      add (found, CROWN_OUTCOME_DECISION, CROWN_WHO_NOBODY, 0, 0.75, 0, 0, FALSE, FALSE);
      return TRUE;
    }
  if (has_phrase (words, announcements[language].notes.phrases, announcements[language].notes.n, &at))
    {
      add (found, CROWN_OUTCOME_NOTE, CROWN_WHO_NOBODY, 0, 0.7, 0, 0, FALSE, FALSE);
      return TRUE;
    }
  return FALSE;
}

static void
find_english (const char        *sentence,
              char             **words,
              const CrownPeople *people,
              gboolean           question,
              GArray            *found)
{
  guint length, person = 0;

  /* "Action item: …", "To do: …" say what they are. */
  if (phrase_at (words, 0, "action item", &length) || phrase_at (words, 0, "action point", &length) ||
      phrase_at (words, 0, "todo", &length) || phrase_at (words, 0, "to-do", &length))
    {
      guint n = words[length] != NULL ? crown_people_at (people, words, length, &person) : 0;
      guint verb = length + n;

      if (words[verb] != NULL && strcmp (words[verb], "to") == 0)
        verb++;
      if (words[verb] != NULL && strchr (sentence, ':') != NULL)
        add (found, CROWN_OUTCOME_TASK, n > 0 ? CROWN_WHO_NAMED : CROWN_WHO_NOBODY, person, 0.95, 0, verb, FALSE,
             FALSE);
      if (found->len > 0)
        return;
    }

  /* "You'll have it tomorrow." */
  if ((phrase_at (words, 0, "you'll get it", &length) || phrase_at (words, 0, "you'll have it", &length) ||
       phrase_at (words, 0, "you will have it", &length)) && !has_condition_behind (words, length))
    {
      add (found, CROWN_OUTCOME_TASK, CROWN_WHO_SPEAKER, 0, 0.7, 0, length - 2, FALSE, TRUE);
      return;
    }

  /* "I need the figures from you." */
  if (!question && phrase_at (words, 0, "i need", &length) && g_strv_length (words) > 4)
    for (guint i = 3; words[i] != NULL && words[i + 1] != NULL; i++)
      if (strcmp (words[i], "from") == 0 && strcmp (words[i + 1], "you") == 0)
        {
          add (found, CROWN_OUTCOME_TASK, CROWN_WHO_ADDRESSEE, 0, 0.65, 0, 0, TRUE, FALSE);
          return;
        }

  for (guint at = 0; words[at] != NULL; at++)
    {
      guint next = at, n = crown_people_at (people, words, at, &person), verb = 0;
      gboolean gerund = FALSE;

      if (n > 0 && words[at + n] != NULL)
        {
          if (try_phrases (after_name, G_N_ELEMENTS (after_name), words, at + n, at, person, question, TRUE, found,
                           &next))
            {
              at = next;
              continue;
            }
          /* "Ravi, get three offers": to somebody by name, at the start */
          if (at < 3 && !question && find_verb (words, at + n, &verb, &gerund) && verb == at + n && !gerund &&
              strchr (sentence, ',') != NULL && !is_done_at_once (words, verb) && !is_only_pronoun (words, verb))
            {
              add (found, CROWN_OUTCOME_TASK, CROWN_WHO_NAMED, person, weigh (words, verb, 0.8), at, verb, TRUE, FALSE);
              at = verb;
              continue;
            }
        }
      if (try_phrases (english, G_N_ELEMENTS (english), words, at, at, 0, question, FALSE, found, &next))
        at = next;
      else if (try_asking (people, words, at, found))
        return;
      else
        try_passive (words, at, found);
    }
}

/* The other languages are known by whole forms: a first person with its verb, requests, and who has to. */
typedef struct {
  const char *const *promises;
  gsize              n_promises;
  const char *const *verbs;     /* in the first person of the present, with or without a pronoun */
  gsize              n_verbs;
  const char *const *pronouns;  /* that have to stand before or behind the verb; none: the verb alone is enough */
  gsize              n_pronouns;
  const char        *future;    /* (nullable) the end of a verb in the first person of the future */
  const char *const *requests;
  gsize              n_requests;
  const char *const *duties;    /* of nobody in particular */
  gsize              n_duties;
  const char *const *blocks;    /* negations, conditions, past and reports */
  gsize              n_blocks;
  const char *const *accepts;   /* "I'll do that" */
  gsize              n_accepts;
} Rules;

#define NAMED(list) list, G_N_ELEMENTS (list)

static const char *const de_promises[] = { "ich werde", "ich kümmere mich", "ich muss noch", "ich will noch",
                                           "ich soll noch", "werde ich", "ich sorge" };
static const char *const de_verbs[] = {
  "antworte", "bezahle", "bringe", "drucke", "fahre", "fülle", "hänge",
  "markiere", "messe", "nehme", "räume", "repariere", "reserviere", "setze",
  "unterschreibe", "veröffentliche", "zahle", "ändere", "aktualisiere", "baue", "bereite",
  "besorge", "bestelle", "bespreche", "buche", "dokumentiere", "entwerfe", "erledige",
  "erstelle", "formuliere", "frage", "gebe", "hole", "informiere", "installiere",
  "kaufe", "kläre", "kontaktiere", "korrigiere", "kümmere", "lade", "leite",
  "lese", "liefere", "mache", "melde", "organisiere", "plane", "prüfe",
  "reiche", "rufe", "sammle", "schaue", "schicke", "schreibe", "sende",
  "spreche", "stelle", "suche", "teile", "teste", "treffe", "überarbeite",
  "übernehme", "übersetze", "vereinbare", "vergleiche", "verschicke", "vorbereite", "zeichne",
};
static const char *const de_pronouns[] = { "ich" };
static const char *const de_requests[] = { "kannst du", "könntest du", "können sie",
                                           "könnten sie", "würdest du", "bitte",
                                           "du musst", "denk daran", "vergiss nicht",
                                           "ich möchte dass du" };
static const char *const de_duties[] = { "jemand muss", "jemand sollte", "jemand müsste", "wir müssen noch",
                                         "wir müssen", "es muss noch", "muss noch" };
static const char *const de_blocks[] = { "nicht", "kein", "keine", "keinen", "nie", "niemals", "wenn",
                                         "falls", "vielleicht", "würde", "würden", "wäre", "hätte", "wollte",
                                         "habe", "hatte", "gestern", "früher", "sagte", "gesagt", "könnte",
                                         "letzte", "immer", "ob", "bevor" };
static const char *const de_accepts[] = { "das mache ich", "das übernehme ich", "mache ich",
                                          "ich mache das", "ich mach das", "ich übernehme das",
                                          "das erledige ich", "ich kümmere mich darum" };
static const char *const fr_promises[] = { "je vais", "je dois", "je m'occupe", "je me charge", "je compte" };
static const char *const fr_verbs[] = {
  "annonce", "apporte", "avertis", "confirme", "crée", "dépose", "livre", "mets", "note",
  "paie", "passe", "préviens", "propose", "publie", "range", "remplis", "répare", "réponds",
  "signe", "achète", "ajoute", "appelle", "cherche", "commande", "contacte", "corrige", "demande",
  "écris", "envoie", "fais", "finis", "organise", "parle", "prends", "prépare", "rappelle",
  "rédige", "regarde", "relis", "réserve", "teste", "termine", "traduis", "transmets", "vérifie",
};
static const char *const fr_pronouns[] = { "je", "j'" };
static const char *const fr_requests[] = { "peux-tu", "tu peux", "pouvez-vous", "vous pouvez",
                                           "pourrais-tu", "pourriez-vous", "s'il te plaît", "s'il vous plaît",
                                           "merci de", "n'oublie pas", "n'oubliez pas", "tu dois",
                                           "il faut que tu" };
static const char *const fr_duties[] = { "il faut", "quelqu'un doit", "quelqu'un devrait", "nous devons", "on doit" };
static const char *const fr_blocks[] = { "pas", "ne", "jamais", "si", "peut-être", "aurait",
                                         "aurais", "pourrais", "pourrait", "j'aimerais", "hier", "j'ai",
                                         "dit", "année", "dernière", "quand", "toujours", "est-ce" };
static const char *const fr_accepts[] = { "je m'en occupe", "je m'en charge", "je le fais", "je la fais",
                                          "je prends ça" };
static const char *const es_promises[] = {
  "voy a", "tengo que", "debo", "me ocupo", "yo me encargo de", "me encargo de"
};
static const char *const es_verbs[] = {
  "anoto", "aviso", "cierro", "coloco", "creo", "dejo", "limpio", "miro", "pago",
  "pinto", "pongo", "publico", "recojo", "respondo", "subo", "actualizo", "añado", "arreglo",
  "busco", "compro", "confirmo", "contacto", "corrijo", "entrego", "envío", "escribo", "hablo",
  "hago", "llamo", "llevo", "mando", "organizo", "paso", "pido", "preparo", "pregunto",
  "pruebo", "redacto", "reservo", "reviso", "termino", "traduzco", "verifico",
};
static const char *const es_requests[] = { "puedes", "podrías", "puede usted", "podéis", "pueden ustedes",
                                           "por favor", "no olvides", "no te olvides", "tienes que", "recuerda" };
static const char *const es_duties[] = { "hay que", "alguien tiene que", "alguien debe", "tenemos que", "debemos" };
static const char *const es_blocks[] = { "no", "nunca", "si", "tal", "quizás", "quizá", "podría",
                                         "ayer", "dijo", "decía", "pasado", "siempre", "cuando", "quieres" };
static const char *const es_accepts[] = { "yo me encargo", "me encargo yo", "ya lo hago", "lo hago yo", "yo me ocupo" };

static const Rules rules[] = {
  { 0 },
  { NAMED (de_promises), NAMED (de_verbs), NAMED (de_pronouns), NULL,
    NAMED (de_requests), NAMED (de_duties), NAMED (de_blocks), NAMED (de_accepts) },
  { NAMED (fr_promises), NAMED (fr_verbs), NAMED (fr_pronouns), "rai",
    NAMED (fr_requests), NAMED (fr_duties), NAMED (fr_blocks), NAMED (fr_accepts) },
  { NAMED (es_promises), NAMED (es_verbs), NULL, 0, "ré",
    NAMED (es_requests), NAMED (es_duties), NAMED (es_blocks), NAMED (es_accepts) },
};

/* "je la prépare", "bereite ich" */
static gboolean
has_first_person (const Rules *r,
                  char       **words)
{
  for (guint i = 0; words[i] != NULL; i++)
    {
      const char *word = words[i];
      gboolean is_future =
        r->future != NULL && g_str_has_suffix (word, r->future) && strlen (word) > strlen (r->future) + 2;

      /* "j'achète" is one word */
      if (r->n_pronouns > 1 && g_str_has_prefix (word, "j'"))
        {
          if (is_any (word + 2, r->verbs, r->n_verbs) || is_future)
            return TRUE;
          continue;
        }
      if (!is_any (word, r->verbs, r->n_verbs) && !is_future)
        continue;
      if (r->n_pronouns == 0)
        return TRUE;
      for (guint j = i > 3 ? i - 3 : 0; words[j] != NULL && j <= i + 1; j++)
        if (is_any (words[j], r->pronouns, r->n_pronouns))
          return TRUE;
    }
  return FALSE;
}

static void
find_other (CrownLanguage      language,
            char             **words,
            const CrownPeople *people,
            gboolean           question,
            GArray            *found)
{
  const Rules *r = &rules[language];
  guint at = 0, person = 0;
  gboolean blocked = has_phrase (words, r->blocks, r->n_blocks, NULL);
  gboolean request = has_phrase (words, r->requests, r->n_requests, &at);

  /* "n'oublie pas" is no negation of what is asked */
  if (request && g_strv_length (words) > 3 &&
      (!blocked || strstr (words[at], "oubli") != NULL || strstr (words[at], "vergiss") != NULL ||
       (words[at + 1] != NULL && strstr (words[at + 1], "olvides") != NULL)))
    {
      for (guint i = 0; words[i] != NULL; i++)
        if (crown_people_at (people, words, i, &person) > 0)
          {
            add (found, CROWN_OUTCOME_TASK, CROWN_WHO_NAMED, person, 0.8, 0, 0, TRUE, FALSE);
            return;
          }
      add (found, CROWN_OUTCOME_TASK, CROWN_WHO_ADDRESSEE, 0, 0.72, 0, 0, TRUE, FALSE);
      return;
    }
  if (blocked || question)
    return;
  if (has_phrase (words, r->accepts, r->n_accepts, NULL))
    add (found, CROWN_OUTCOME_TASK, CROWN_WHO_SPEAKER, 0, 0.75, 0, 0, FALSE, g_strv_length (words) < 8);
  else if (has_phrase (words, r->duties, r->n_duties, NULL))
    add (found, CROWN_OUTCOME_TASK, CROWN_WHO_NOBODY, 0, 0.62, 0, 0, TRUE, FALSE);
  else if (has_phrase (words, r->promises, r->n_promises, NULL))
    add (found, CROWN_OUTCOME_TASK, CROWN_WHO_SPEAKER, 0, 0.78, 0, 0, FALSE, FALSE);
  else if (has_first_person (r, words))
    add (found, CROWN_OUTCOME_TASK, CROWN_WHO_SPEAKER, 0, 0.72, 0, 0, FALSE, g_strv_length (words) < 4);
}

void
crown_commitments_of (CrownLanguage      language,
                      const char        *sentence,
                      char             **words,
                      const CrownPeople *people,
                      GArray            *found)
{
  gboolean question = g_str_has_suffix (sentence, "?");

  if (words[0] == NULL || language == CROWN_LANGUAGE_OTHER || find_announcement (language, words, question, found))
    return;
  if (language == CROWN_LANGUAGE_EN)
    find_english (sentence, words, people, question, found);
  else
    find_other (language, words, people, question, found);
}

gboolean
crown_is_acceptance (const char *turn)
{
  static const char *const yes[] = { "absolutely", "all right", "alright", "claro", "certainly", "d'accord",
                                     "fine", "gerne", "good", "in ordnung", "ja", "klar",
                                     "no problem", "not at all", "of course", "okay", "ok", "oui",
                                     "perfect", "right", "sí", "sure", "vale", "will do",
                                     "yeah", "yep", "yes", "bien sûr", "natürlich", "mm-hmm",
                                     "great", "you'll" };
  g_autofree char *lower = g_utf8_strdown (turn, (gssize) MIN (strlen (turn), 40));

  for (guint i = 0; i < G_N_ELEMENTS (yes); i++)
    if (g_str_has_prefix (lower, yes[i]) && !g_ascii_isalpha (lower[strlen (yes[i])]))
      return TRUE;
  return FALSE;
}
