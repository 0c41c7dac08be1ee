/* crown-terms.h: the words of a meeting as numbers, and the noun phrases that it is about
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-analysis-private.h"

G_BEGIN_DECLS

#define CROWN_TERM_BREAK 0 /* in a sentence's words: punctuation */

typedef struct {
  char    *text;     /* in lower case */
  char    *spelling; /* (nullable) with its capitals, where it was said inside a sentence */
  guint    stem;     /* an index of the stems; the same for "button" and "buttons" */
  gboolean stop;     /* says nothing of a subject */
  gboolean general;  /* is no part of a name for a subject: "problem", "discussed" */
  gboolean head;     /* can be a phrase's last word */
  guint    n_upper;  /* how often it has a capital inside a sentence */
  guint    n_lower;  /* … and has none */
  guint    n_noun;   /* how often the word before is an article or the like */
  guint    n_verb;   /* … or a pronoun or a modal */
  guint    n_head;   /* how often no other word of a noun phrase follows */
  guint    n_inner;  /* … and one does */
} CrownWord;

typedef struct {
  guint64 key;    /* of its stems */
  guint   words[3]; /* as it is said most */
  guint   vote;
  guint   n_words;
  guint   n;
  guint   n_the;  /* how often it is definite */
  guint   n_a;
  guint   last_turn; /* the last segment it was counted in, to count it once for each */
  guint   n_turns;
} CrownPhrase;

typedef struct {
  CrownLanguage language;
  GPtrArray    *sentences;   /* (element-type CrownSentence), borrowed */
  GArray       *words;       /* (element-type CrownWord); the first is the break */
  GArray       *stream;      /* (element-type guint): the words of all sentences */
  guint        *offsets;     /* of each sentence in it, and its end */
  guint         n_stems;
  guint        *stem_counts; /* sentences that each stem is in */
  GHashTable   *phrases;     /* of gint64 keys to CrownPhrase */
  GHashTable   *ids;         /* of texts to words */
  GHashTable   *stem_ids;
} CrownTerms;

CrownTerms  *crown_terms_new     (const CrownTranscript *transcript, GPtrArray *sentences, CrownLanguage language);
void         crown_terms_free    (CrownTerms *self);
const guint *crown_terms_get     (const CrownTerms *self, guint sentence, guint *n_words);
#define crown_terms_word(self, i) (&g_array_index ((self)->words, CrownWord, i))
/* The @n_max phrases that tell the sentences from @from up to @to from the others, best first.
 * (transfer container) (element-type CrownPhrase) */
GPtrArray   *crown_terms_phrases (const CrownTerms *self, guint from, guint to, guint n_max);
/* "the remote control" or, without @article, "remote control" */
char        *crown_terms_name    (const CrownTerms *self, const CrownPhrase *phrase, gboolean article);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownTerms, crown_terms_free)

/* A chapter: the sentences from @from up to @to. */
typedef struct {
  guint from;
  guint to;
  char *title;
} CrownChapter;

GPtrArray *crown_chapters_of (const CrownTranscript *transcript, const CrownTerms *terms); /* (transfer full) */

G_END_DECLS
