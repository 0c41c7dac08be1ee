/* crown-analysis-private.h: what the parts of the analysis share
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "crown-transcript.h"

G_BEGIN_DECLS

#define CROWN_MS_PER_WORD 400 /* 150 words a minute, where a transcript has no times */

/* The readers. @text: valid UTF-8 with '\n' line ends. */
CrownTranscript *crown_transcript_new        (const char *format);
void             crown_transcript_add        (CrownTranscript *self, const char *speaker, const char *text, gint64 start_ms,
                                              gint64 end_ms);
gboolean         crown_transcript_parse_time (const char *text, gint64 *milliseconds, const char **end);
CrownTranscript *crown_transcript_read_cues  (const char *text, gboolean webvtt, GError **error);
CrownTranscript *crown_transcript_read_lines (const char *text, GError **error);
CrownTranscript *crown_transcript_read_json  (const char *text, GError **error);

/* Word documents: zip archives with the text as XML. */
gboolean         crown_docx_is_one      (const char *data, gsize length);
char            *crown_docx_to_text     (const char *data, gsize length, GError **error);
char            *crown_docx_text_of_xml (const char *xml, gsize length, GError **error);

/* English is first class; of the other three stop words, phrases of commitment and dates are known. */
typedef enum {
  CROWN_LANGUAGE_EN,
  CROWN_LANGUAGE_DE,
  CROWN_LANGUAGE_FR,
  CROWN_LANGUAGE_ES,
  CROWN_LANGUAGE_OTHER,
} CrownLanguage;

CrownLanguage crown_language_of   (const CrownTranscript *transcript);
const char   *crown_language_code (CrownLanguage language); /* "en", … "und" */
gboolean      crown_is_stop_word  (CrownLanguage language, const char *word);
gboolean      crown_is_in         (const char *const *sorted, gsize n, const char *word); /* by strcmp() */

/* A sentence of a segment. */
typedef struct {
  char  *text;      /* cleaned of fillers and repetitions */
  guint  line;      /* the index of the segment that it begins in */
  guint  end_line;  /* and of that which it ends in: who is interrupted by a word or two goes on */
  guint  n_words;
  guint  n_dropped; /* how many were cleaned away */
} CrownSentence;

GPtrArray *crown_sentences_of   (const CrownTranscript *transcript); /* (transfer full) (element-type CrownSentence) */
/* Lower-case words of letters, digits and inner apostrophes; NULL-terminated, (transfer full) */
char     **crown_words_of       (const char *text);
guint      crown_count_words    (const char *text);
char      *crown_stem           (const char *word); /* (transfer full) */

double      crown_sentiment_score (CrownLanguage language, const char *text); /* from -1 to 1 */
JsonObject *crown_sentiment_of   (const CrownTranscript *transcript, CrownLanguage language, gint64 duration_ms, const gint64 *starts); /* (transfer full) */
/* Tasks, decisions, events and notes, in the order of CrownOutcome; each (transfer full) */
#define CROWN_OUTCOMES 4
void        crown_outcomes_of    (const CrownTranscript *transcript, GPtrArray *sentences, GStrv participants, CrownLanguage language,
                                  const char *date, JsonArray *outcomes[CROWN_OUTCOMES]);

G_END_DECLS
