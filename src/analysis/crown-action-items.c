/* crown-action-items.c: what somebody takes upon themselves, or is asked to do; what was decided, and when one meets
 * again
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-analysis"

#include "crown-commitments.h"

#include <math.h>
#include <string.h>

#define TEXT_MAX       120 /* bytes of a task */
#define CONFIDENCE_MIN 0.5
#define CONFIDENCE_MAX 0.95
#define SAME_WITHIN    100 /* tasks back; who repeats one does it soon, and a long meeting is not compared with itself */
#define SAME_MIN       0.6 /* of the content words that two sentences about one task share */
#define ANSWER_WITHIN  3   /* turns in which a request is answered */
#define WORDS_MAX      200 /* of a sentence; more is no speech */

/* Where the word @n of @text begins, counted as crown_words_of() does, or its end. */
static const char *
word_at (const char *text,
         guint       n)
{
  const char *p = text;

  for (guint i = 0; *p != '\0'; i++)
    {
      while (*p != '\0' && !g_unichar_isalnum (g_utf8_get_char (p)))
        p = g_utf8_next_char (p);
      if (i == n)
        break;
      while (*p != '\0')
        {
          gunichar c = g_utf8_get_char (p);
          const char *next = g_utf8_next_char (p);

          if (!g_unichar_isalnum (c) &&
              !((c == '\'' || c == 0x2019 || c == '-') && *next != '\0' && g_unichar_isalnum (g_utf8_get_char (next))))
            break;
          p = next;
        }
    }
  return p;
}

/* What ends a task's text: punctuation, and words that lead on to another thought. */
static void
strip_end (GString *text)
{
  static const char *const words[] = { " and", " or", " but", " so", " then",
                                       " also", " please", " because", " right", " okay" };
  gboolean stripped = TRUE;

  while (stripped)
    {
      stripped = FALSE;
      while (text->len > 0 && strchr (".!?,;: ", text->str[text->len - 1]) != NULL)
        g_string_truncate (text, text->len - 1);
      for (guint i = 0; i < G_N_ELEMENTS (words) && !stripped; i++)
        if (g_str_has_suffix (text->str, words[i]))
          {
            g_string_truncate (text, text->len - strlen (words[i]));
            stripped = TRUE;
          }
    }
}

/* The sentence from the word @verb up to @to, as one would write it on a list. */
static char *
task_text (const CrownSentence *sentence,
           guint                verb,
           guint                to)
{
  static const char *const breaks[] = { ", so ", ", but ", ", because ", ", cuz ", ", right?",
                                        " -- ", "; ", ", if that", ", which " };
  const char *start = word_at (sentence->text, verb), *end = word_at (sentence->text, to);
  GString *text = g_string_new_len (start, MAX (end, start) - start);
  g_autofree char *base = crown_verb_of_gerund (text->str);

  if (base != NULL) /* "would you mind getting …" */
    {
      g_string_erase (text, 0, (gssize) strcspn (text->str, " "));
      g_string_prepend (text, base);
    }
  for (guint i = 0; i < G_N_ELEMENTS (breaks); i++)
    {
      const char *stop = strstr (text->str, breaks[i]);

      if (stop != NULL && stop - text->str > 15)
        g_string_truncate (text, (gsize) (stop - text->str));
    }
  strip_end (text);
  if (text->len > TEXT_MAX)
    {
      char *cut = text->str + TEXT_MAX;

      while (cut > text->str && *cut != ' ')
        cut--;
      g_string_truncate (text, (gsize) (cut - text->str));
      g_string_append (text, "\342\200\246");
    }
  if (text->len > 0)
    text->str[0] = g_ascii_toupper (text->str[0]);
  return g_string_free (text, FALSE);
}

static const char *
priority_of (char **words)
{
  static const char *const high[] = { "urgent", "urgently", "asap", "immediately",
                                      "critical", "blocker", "blocking", "today" };
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
  CrownOutcome kind;
  char        *text;
  const char  *assignee;  /* (nullable) */
  const char  *requester; /* (nullable) whose request it is */
  const char  *priority;
  char        *due;
  double       confidence;
  guint        line;
  guint        end_line;
  gboolean     answered;
  GHashTable  *words;
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

static const char *
speaker_at (const CrownTranscript *transcript,
            guint                  line)
{
  return ((const CrownSegment *) transcript->segments->pdata[line])->speaker;
}

/* What @item adds to @earlier: who and when, where it was open. */
static void
take_over (Item *earlier,
           Item *item)
{
  if (earlier->assignee == NULL)
    earlier->assignee = item->assignee;
  if (item->due != NULL)
    {
      g_free (earlier->due);
      earlier->due = g_steal_pointer (&item->due); /* who promises knows better than who asks */
    }
  if (strcmp (item->priority, "high") == 0)
    earlier->priority = "high";
  earlier->end_line = MAX (earlier->end_line, item->end_line);
}

/* A request and the promise that answers it are one task: the surer one's words, and what either knows. */
static gboolean
merge_into_earlier (GPtrArray *items,
                    Item      *item)
{
  for (guint i = items->len > SAME_WITHIN ? items->len - SAME_WITHIN : 0; i < items->len; i++)
    {
      Item *earlier = items->pdata[i];

      if (earlier->kind != item->kind || similarity (earlier, item) < SAME_MIN ||
          (earlier->assignee != NULL && item->assignee != NULL && strcmp (earlier->assignee, item->assignee) != 0))
        continue;
      if (item->confidence > earlier->confidence)
        {
          char *text = earlier->text;

          earlier->text = item->text;
          item->text = text;
          earlier->end_line = earlier->line;
          earlier->line = item->line;
          earlier->confidence = item->confidence;
        }
      take_over (earlier, item);
      earlier->confidence = MIN (CONFIDENCE_MAX, earlier->confidence + 0.05);
      return TRUE;
    }
  return FALSE;
}

/* The request that a promise of @speaker in @line answers; (nullable) */
static Item *
open_request (GPtrArray  *items,
              const char *speaker,
              guint       line)
{
  for (guint i = items->len; i > 0; i--)
    {
      Item *item = items->pdata[i - 1];

      if (item->end_line + ANSWER_WITHIN < line)
        break;
      if (item->kind == CROWN_OUTCOME_TASK && item->requester != NULL && !item->answered &&
          (item->line < line || item->assignee == NULL) &&
          (strcmp (item->requester, speaker) != 0 || item->assignee == NULL) &&
          (item->assignee == NULL || strcmp (item->assignee, speaker) == 0))
        return item;
    }
  return NULL;
}

/* Who "you" is: somebody named in the sentence, otherwise who answers. */
static const char *
addressee_of (const CrownTranscript *transcript,
              const CrownSentence   *sentence,
              char                 **words,
              const CrownPeople     *people)
{
  const char *speaker = speaker_at (transcript, sentence->line);
  guint person;

  for (guint i = 0; words[i] != NULL; i++)
    if (crown_people_at (people, words, i, &person) > 0 && strcmp (people->names[person], speaker) != 0)
      return people->names[person];
  if (sentence->end_line + 1 < transcript->segments->len)
    {
      const char *next = speaker_at (transcript, sentence->end_line + 1);

      if (*next != '\0' && strcmp (next, speaker) != 0)
        return next;
    }
  return NULL;
}

typedef struct {
  const CrownTranscript *transcript;
  GPtrArray             *sentences;
  const CrownPeople     *people;
  CrownLanguage          language;
  const char            *date;
  GPtrArray             *items;
} Search;

static GHashTable *
content_of (CrownLanguage language,
            char        **words,
            guint         from,
            guint         to)
{
  GHashTable *content = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = from; words[i] != NULL && i < to; i++)
    if (!crown_is_stop_word (language, words[i]))
      g_hash_table_add (content, g_strdup (words[i]));
  return content;
}

static Item *
item_new (const Search          *search,
          guint                  index,
          const CrownCommitment *commitment,
          guint                  to,
          char                 **words)
{
  const CrownSentence *sentence = search->sentences->pdata[index];
  const char *speaker = speaker_at (search->transcript, sentence->line);
  Item *item = g_new0 (Item, 1);

  item->kind = commitment->kind;
  item->text = task_text (sentence, commitment->verb, to);
  switch (commitment->who)
    {
    case CROWN_WHO_SPEAKER:
      item->assignee = speaker;
      break;
    case CROWN_WHO_ADDRESSEE:
      item->assignee = addressee_of (search->transcript, sentence, words, search->people);
      break;
    case CROWN_WHO_NAMED:
      item->assignee = search->people->names[commitment->person];
      break;
    default:
      break;
    }
  if (item->assignee != NULL && *item->assignee == '\0')
    item->assignee = NULL;
  item->requester = commitment->request ? speaker : NULL;
  item->priority = priority_of (words);
  if (commitment->kind != CROWN_OUTCOME_DECISION)
    item->due = crown_due_date_of (sentence->text, search->date);
  item->confidence = commitment->confidence + (item->due != NULL ? 0.1 : 0);
  item->line = sentence->line;
  item->end_line = sentence->end_line;
  item->words = content_of (search->language, words, commitment->verb, to);
  return item;
}

/* "The customer needs an answer. Can you take care of that?": the sentence before says what. Returns: whether it does */
static gboolean
take_text_before (const Search *search,
                  guint         index,
                  Item         *item)
{
  const CrownSentence *sentence = search->sentences->pdata[index];
  const CrownSentence *before = index > 0 ? search->sentences->pdata[index - 1] : NULL;
  g_auto (GStrv) words = NULL;

  if (before == NULL || before->line + 1 < sentence->line || before->n_words > WORDS_MAX ||
      g_str_has_suffix (before->text, "?"))
    return FALSE;
  words = crown_words_of (before->text);
  g_hash_table_unref (item->words);
  item->words = content_of (search->language, words, 0, G_MAXUINT);
  if (g_hash_table_size (item->words) < 2)
    return FALSE;
  g_free (item->text);
  item->text = task_text (before, 0, G_MAXUINT);
  item->line = before->line;
  if (item->due == NULL)
    item->due = crown_due_date_of (before->text, search->date);
  item->confidence -= 0.1;
  return TRUE;
}

static void
add_commitment (Search                *search,
                guint                  index,
                const CrownCommitment *commitment,
                guint                  to,
                char                 **words)
{
  const CrownSentence *sentence = search->sentences->pdata[index];
  const CrownSegment *segment = search->transcript->segments->pdata[sentence->line];
  Item *item = item_new (search, index, commitment, to, words);
  Item *request = NULL;

  if (commitment->kind == CROWN_OUTCOME_TASK && commitment->who == CROWN_WHO_SPEAKER)
    request = open_request (search->items, segment->speaker, sentence->line);
  if (request != NULL &&
      (commitment->pronoun || (request->line < sentence->line && crown_is_acceptance (segment->text)) ||
       similarity (request, item) >= SAME_MIN / 2))
    {
      take_over (request, item);
      request->answered = TRUE;
      request->confidence += 0.1;
      item_free (item);
      return;
    }
  /* Two words of substance at least: "I'll check that" is no task that anybody could do later. */
  if ((commitment->pronoun && commitment->verb > 0 && !(commitment->who == CROWN_WHO_SPEAKER && item->due != NULL) &&
       (commitment->who == CROWN_WHO_NOBODY || !take_text_before (search, index, item))) ||
      (commitment->pronoun && commitment->verb == 0 && item->due == NULL) ||
      g_hash_table_size (item->words) < (item->due != NULL || commitment->kind != CROWN_OUTCOME_TASK ? 1 : 2) ||
      item->confidence < CONFIDENCE_MIN || merge_into_earlier (search->items, item))
    item_free (item);
  else
    g_ptr_array_add (search->items, item);
}

/* "Sure." to what one was asked makes it surer; "Will do." says who does it. */
static void
note_answers (Search *search)
{
  for (guint i = 0; i < search->items->len; i++)
    {
      Item *item = search->items->pdata[i];

      for (guint line = item->end_line + 1; item->requester != NULL && !item->answered &&
                                            line < search->transcript->segments->len && line <= item->end_line + 2;
           line++)
        {
          const CrownSegment *segment = search->transcript->segments->pdata[line];

          if (item->assignee != NULL && strcmp (segment->speaker, item->assignee) == 0 &&
              crown_is_acceptance (segment->text))
            {
              item->answered = TRUE;
              item->confidence += 0.05;
            }
        }
    }
}

static JsonObject *
item_to_json (const Search *search,
              const Item   *item)
{
  static const char *const kinds[] = { "task", "decision", "event", "note" };
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
  json_object_set_int_member (object, "end_line", MAX (item->line, item->end_line));
  json_object_set_double_member (object, "confidence",
                                 round (100 * CLAMP (item->confidence, CONFIDENCE_MIN, CONFIDENCE_MAX)) / 100);
  json_object_set_string_member (object, "kind", kinds[item->kind]);
  json_object_set_string_member (object, "priority", item->priority);
  json_object_set_string_member (object, "speaker", speaker_at (search->transcript, item->line));
  return object;
}

void
crown_outcomes_of (const CrownTranscript *transcript,
                   GPtrArray             *sentences,
                   GStrv                  participants,
                   CrownLanguage          language,
                   const char            *date,
                   JsonArray             *outcomes[CROWN_OUTCOMES])
{
  g_autoptr (CrownPeople) people = crown_people_new (participants);
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (item_free);
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (CrownCommitment));
  Search search = { transcript, sentences, people, language, date, items };

  for (guint i = 0; i < sentences->len; i++)
    {
      const CrownSentence *sentence = sentences->pdata[i];
      g_auto (GStrv) words = NULL;

      if (sentence->n_words > WORDS_MAX)
        continue;
      words = crown_words_of (sentence->text);
      g_array_set_size (found, 0);
      crown_commitments_of (language, sentence->text, words, people, found);
      for (guint j = 0; j < found->len; j++)
        add_commitment (&search, i, &g_array_index (found, CrownCommitment, j),
                        j + 1 < found->len ? g_array_index (found, CrownCommitment, j + 1).start : G_MAXUINT, words);
    }
  note_answers (&search);

  for (guint i = 0; i < CROWN_OUTCOMES; i++)
    outcomes[i] = json_array_new ();
  for (guint i = 0; i < items->len; i++)
    json_array_add_object_element (outcomes[((Item *) items->pdata[i])->kind], item_to_json (&search, items->pdata[i]));
}
