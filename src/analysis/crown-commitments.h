/* crown-commitments.h: what a sentence commits somebody to
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-analysis-private.h"

G_BEGIN_DECLS

typedef enum {
  CROWN_OUTCOME_TASK,
  CROWN_OUTCOME_DECISION,
  CROWN_OUTCOME_EVENT,
  CROWN_OUTCOME_NOTE,
} CrownOutcome;

/* Who is meant by it. */
typedef enum {
  CROWN_WHO_SPEAKER,   /* I */
  CROWN_WHO_ADDRESSEE, /* you */
  CROWN_WHO_NAMED,     /* somebody by name */
  CROWN_WHO_NOBODY,    /* we, somebody */
} CrownWho;

typedef struct {
  CrownOutcome kind;
  CrownWho     who;
  guint        person;     /* an index of the participants, for %CROWN_WHO_NAMED */
  double       confidence; /* of the rule alone */
  guint        start;      /* the index of the word that says who */
  guint        verb;       /* the index of the word that what is to be done begins with */
  gboolean     request;    /* may be answered by a promise */
  gboolean     pronoun;    /* says only "it" or "that" of what is to be done */
} CrownCommitment;

/* The people of a meeting, as they are called. */
typedef struct {
  GStrv       names;
  GHashTable *first; /* of first names and of names of one word, in lower case, to indices + 1 */
  GHashTable *starts; /* first words of names of several */
  GPtrArray  *words; /* of each name (element-type GStrv), in lower case */
} CrownPeople;

CrownPeople *crown_people_new  (GStrv participants);
void         crown_people_free (CrownPeople *self);
/* Whether the words from @at on name somebody. Returns: how many words the name has, 0 for none */
guint        crown_people_at   (const CrownPeople *self, char **words, guint at, guint *person);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownPeople, crown_people_free)

/* @words: of @sentence; (element-type CrownCommitment) @found: what is found is added to it */
void         crown_commitments_of (CrownLanguage language, const char *sentence, char **words, const CrownPeople *people,
                                   GArray *found);
/* "get" for "getting the keys"; (nullable) (transfer full): %NULL if @text begins with no such form */
char        *crown_verb_of_gerund (const char *text);
/* Whether a turn begins with a yes: "Sure, …" */
gboolean     crown_is_acceptance  (const char *turn);

G_END_DECLS
