/* crown-transcript.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct {
  char   *speaker;  /* "" where the transcript names none */
  char   *text;
  gint64  start_ms; /* -1: the transcript has no times */
  gint64  end_ms;
} CrownSegment;

typedef struct {
  char      *title;      /* (nullable) from the transcript itself */
  char      *started_at; /* (nullable) RFC 3339 or a date */
  char      *format;     /* "webvtt", "speaker-text", "srt", "json", "qmsum" … */
  gboolean   has_times;
  gboolean   has_ends;   /* how long turns take was measured, too */
  GPtrArray *segments;   /* (element-type CrownSegment) */
} CrownTranscript;

typedef enum {
  CROWN_TRANSCRIPT_ERROR_FORMAT,   /* nothing that a reader knows; the message has line and reason */
  CROWN_TRANSCRIPT_ERROR_EMPTY,
  CROWN_TRANSCRIPT_ERROR_ENCODING,
  CROWN_TRANSCRIPT_ERROR_TOO_LARGE,
} CrownTranscriptError;
#define CROWN_TRANSCRIPT_ERROR (crown_transcript_error_quark ())
GQuark crown_transcript_error_quark (void);

/* Sniffs by content. @name (nullable) is only used for messages and as a title of last resort. Pure. */
CrownTranscript *crown_transcript_read    (const char *data, gsize length, const char *name, GError **error);
void             crown_transcript_free    (CrownTranscript *self);
/* {segments:[{speaker, text, start, end}], estimated_ends?}, in seconds; crown_transcript_read() makes the same transcript of
 * it. (transfer full) */
JsonObject      *crown_transcript_to_json (const CrownTranscript *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownTranscript, crown_transcript_free)

/**
 * crown_analyze:
 * @meeting_date: (nullable): RFC 3339 or YYYY-MM-DD, what 'by Friday' is relative to
 *
 * Pure and deterministic. The result is what `crown4ctl analyze --json` prints (PROTOCOL.md, Command lines):
 * `{title, duration, language, participants:[…], speaking_time:{name:seconds},
 *   participation:{balance, turns:{}, words:{}, longest_turn:{}, questions:{}, words_per_minute:{}, interruptions:{}, overlap:{},
 *                  silence},
 *   sentiment:{overall, by_speaker:{}, timeline:[{at, score}]}, estimated_times:bool,
 *   summary:[{text, kind, line, end_line}], topics:[{title, line, end_line, at}],
 *   action_items:[{text, kind, assignee, due, line, end_line, confidence, priority, speaker}], decisions:[…], events:[…],
 *   notes:[…]}`; `line` and `end_line` are the first and the last 0-based segment of the evidence. What only measured times give
 * (words a minute, interruptions, overlap and silence in seconds) is null where there are none.
 *
 * Returns: (transfer full)
 */
JsonObject      *crown_analyze            (const CrownTranscript *transcript, const char *meeting_date);

/* How much of what @claim says was said in the segments around @line: the share of its content words, by their stems; 0 for
 * a line that is not there. Pure. */
double           crown_evidence_share     (const CrownTranscript *transcript, const char *claim, gint64 line);

/* The first day that @text names, relative to @date (YYYY-MM-DD…), as YYYY-MM-DD. Pure. (transfer full) (nullable) */
char            *crown_due_date_of        (const char *text, const char *date);

G_END_DECLS
