/* crown-transcript-readers.c: WebVTT and SubRip cues, lines of `Speaker: text`, JSON
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-analysis"

#include "crown-analysis-private.h"

#include "core/crown-json.h"

#include <stdio.h>
#include <string.h>

#define HEAD_LINES_MAX 40 /* above the talk */
#define NAME_MAX_BYTES 60 /* of a speaker at the start of a line; longer is a sentence with a colon */
#define NAME_MAX_WORDS 5

static void
set_format_error (GError     **error,
                  guint        line,
                  const char  *reason)
{
  g_set_error (error, CROWN_TRANSCRIPT_ERROR, CROWN_TRANSCRIPT_ERROR_FORMAT, "line %u: %s", line, reason);
}

/* A title or a date that the file itself gives: "Title: …", "date: …". Takes nothing else. */
static gboolean
take_fact (CrownTranscript *self,
           const char      *line)
{
  const char *colon = strchr (line, ':');
  char **target = NULL;

  if (colon == NULL)
    return FALSE;
  if (g_ascii_strncasecmp (line, "title", (gsize) (colon - line)) == 0 && colon - line == 5)
    target = &self->title;
  else if (g_ascii_strncasecmp (line, "date", (gsize) (colon - line)) == 0 && colon - line == 4)
    target = &self->started_at;
  if (target == NULL || *target != NULL)
    return FALSE;
  *target = g_strstrip (g_strdup (colon + 1));
  if (target == &self->started_at)
    {
      /* "2026-11-20T09:30" is told from a day by its length; the server wants it with seconds and an offset. */
      if (strlen (*target) == strlen ("YYYY-MM-DDTHH:MM"))
        {
          char *full = g_strconcat (*target, ":00Z", NULL);

          g_free (*target);
          *target = full;
        }
    }
  return TRUE;
}

/* The length of the speaker's name that @line begins with, before its colon; 0 for none. The colons of a time in
 * brackets, "Ana (00:12): …", are part of it. */
static gsize
speaker_prefix (const char *line)
{
  const char *colon = NULL;
  guint n_words = 1, n_open = 0;
  gunichar first = g_utf8_get_char (line);

  for (const char *p = line; *p != '\0' && p - line <= NAME_MAX_BYTES && colon == NULL; p++)
    {
      if (*p == '[' || *p == '(')
        n_open++;
      else if ((*p == ']' || *p == ')') && n_open > 0)
        n_open--;
      else if (*p == ':' && n_open == 0)
        colon = p;
    }
  if (colon == NULL || colon == line || !g_unichar_isalpha (first))
    return 0;
  if (colon[1] != '\0' && !g_ascii_isspace (colon[1])) /* "http://", "10:30" */
    return 0;
  for (const char *p = line; p < colon; p++)
    {
      if (*p == ' ')
        n_words++;
      if (strchr ("?!;,\"", *p) != NULL)
        return 0;
    }
  return n_words <= NAME_MAX_WORDS ? (gsize) (colon - line) : 0;
}

static void
append_entity (GString     *out,
               const char **p)
{
  static const struct { const char *name; const char *text; } entities[] = {
    { "&amp;", "&" }, { "&lt;", "<" }, { "&gt;", ">" }, { "&nbsp;", " " }, { "&quot;", "\"" }, { "&#39;", "'" },
    { "&lrm;", "" }, { "&rlm;", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (entities); i++)
    if (g_str_has_prefix (*p, entities[i].name))
      {
        g_string_append (out, entities[i].text);
        *p += strlen (entities[i].name);
        return;
      }
  g_string_append_c (out, *(*p)++);
}

/* One cue may have several voices. */
static void
add_cue (CrownTranscript *self,
         const char      *text,
         gint64           start_ms,
         gint64           end_ms)
{
  g_autoptr (GString) words = g_string_new (NULL);
  g_autofree char *voice = NULL;
  gboolean may_close = TRUE; /* or each '<' would search the rest again */
  const char *p = text;

  while (*p != '\0')
    {
      const char *close = *p == '<' && may_close ? strchr (p, '>') : NULL;

      may_close = may_close && (*p != '<' || close != NULL);
      if (close != NULL)
        {
          if (p[1] == 'v' && (p[2] == ' ' || p[2] == '.' || p[2] == '\t'))
            {
              const char *name = strpbrk (p, " \t>");

              if (words->len > 0)
                crown_transcript_add (self, voice != NULL ? voice : "", words->str, start_ms, end_ms);
              g_string_truncate (words, 0);
              g_free (voice);
              voice = name < close ? g_strndup (name + 1, (gsize) (close - name - 1)) : g_strdup ("");
            }
          p = close + 1;
        }
      else if (*p == '&')
        append_entity (words, &p);
      else
        g_string_append_c (words, *p++);
    }

  if (voice == NULL)
    {
      const char *said = words->str + strspn (words->str, " -");
      gsize length = speaker_prefix (said);

      if (length > 0)
        {
          voice = g_strndup (said, length);
          crown_transcript_add (self, voice, said + length + 1, start_ms, end_ms);
          return;
        }
    }
  crown_transcript_add (self, voice != NULL ? voice : "", words->str, start_ms, end_ms);
}

static gboolean
parse_timing (const char *line,
              gint64     *start_ms,
              gint64     *end_ms)
{
  const char *p = line + strspn (line, " \t");

  if (!crown_transcript_parse_time (p, start_ms, &p))
    return FALSE;
  p += strspn (p, " \t");
  if (!g_str_has_prefix (p, "-->"))
    return FALSE;
  p += 3;
  p += strspn (p, " \t");
  return crown_transcript_parse_time (p, end_ms, &p) && (*p == '\0' || *p == ' ' || *p == '\t');
}

static void
read_header (CrownTranscript *self,
             const char      *line)
{
  const char *title = line + strlen ("WEBVTT");

  title += strspn (title, " \t-");
  if (*title != '\0')
    self->title = g_strdup (title);
}

/* https://www.w3.org/TR/webvtt1/ without positions and styles, which a transcript does not need; SubRip is its elder. */
CrownTranscript *
crown_transcript_read_cues (const char  *text,
                            gboolean     webvtt,
                            GError     **error)
{
  g_autoptr (CrownTranscript) self = crown_transcript_new (webvtt ? "webvtt" : "srt");
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint i = 0;

  if (webvtt)
    {
      read_header (self, lines[0]);
      for (i = 1; lines[i] != NULL && *g_strchomp (lines[i]) != '\0' && strstr (lines[i], "-->") == NULL; i++)
        take_fact (self, lines[i]);
    }

  while (lines[i] != NULL)
    {
      g_autoptr (GString) words = g_string_new (NULL);
      gint64 start_ms, end_ms;

      g_strchomp (lines[i]);
      if (*lines[i] == '\0')
        {
          i++;
          continue;
        }
      if (webvtt && (g_str_has_prefix (lines[i], "NOTE") || g_str_has_prefix (lines[i], "STYLE") ||
                     g_str_has_prefix (lines[i], "REGION")))
        {
          for (; lines[i] != NULL && *g_strchomp (lines[i]) != '\0'; i++)
            {
              const char *note = g_str_has_prefix (lines[i], "NOTE") ? lines[i] + strlen ("NOTE") : lines[i];

              take_fact (self, note + strspn (note, " \t"));
            }
          continue;
        }
      if (strstr (lines[i], "-->") == NULL)
        {
          i++; /* the cue's name */
          if (lines[i] == NULL || strstr (lines[i], "-->") == NULL)
            {
              set_format_error (error, i, "a cue has no times (“00:00:01.000 --> 00:00:04.000”)");
              return NULL;
            }
          g_strchomp (lines[i]);
        }
      if (!parse_timing (lines[i], &start_ms, &end_ms))
        {
          set_format_error (error, i + 1, "the times of a cue cannot be read");
          return NULL;
        }
      for (i++; lines[i] != NULL && *g_strchomp (lines[i]) != '\0'; i++)
        g_string_append_printf (words, "%s%s", words->len > 0 ? " " : "", lines[i]);
      add_cue (self, words->str, start_ms, end_ms);
    }
  return g_steal_pointer (&self);
}

/* "[00:01:02]", "(00:01)", "00:01:02" at the start of @line. Returns what follows. */
static const char *
skip_time (const char *line,
           gint64     *milliseconds)
{
  const char *p = line + strspn (line, " \t");
  char close = *p == '[' ? ']' : *p == '(' ? ')' : '\0';

  *milliseconds = -1;
  if (close != '\0')
    p++;
  if (!crown_transcript_parse_time (p, milliseconds, &p) || (close != '\0' && *p != close))
    {
      *milliseconds = -1;
      return line;
    }
  if (close != '\0')
    p++;
  return p + strspn (p, " \t-");
}

/* "See you at 10:30" is said, not a name with a time. */
static gboolean
leads_to_a_time (const char *words)
{
  static const char *const before[] = { "about", "after", "and", "around", "at", "before", "by", "for",
                                        "from", "is", "or", "past", "since", "till", "to", "until" };
  const char *last = strrchr (words, ' ');

  last = last != NULL ? last + 1 : words;
  for (guint i = 0; i < G_N_ELEMENTS (before); i++)
    if (g_ascii_strcasecmp (before[i], last) == 0)
      return TRUE;
  return FALSE;
}

/* A name with a time and nothing else, as Zoom, Teams, Meet and Otter write above what is said: "Ana Silva  0:12". */
static gboolean
is_speaker_line (const char  *line,
                 char       **speaker,
                 gint64      *milliseconds)
{
  const char *end = line + strlen (line);
  const char *digits = end;
  g_autofree char *name = NULL;
  gsize length;

  while (digits > line && (g_ascii_isdigit (digits[-1]) || digits[-1] == ':' || strchr ("[]()", digits[-1]) != NULL))
    digits--;
  length = (gsize) (digits - line);
  if (digits == end || length == 0 || length > NAME_MAX_BYTES || !g_ascii_isspace (digits[-1]) ||
      !g_unichar_isalpha (g_utf8_get_char (line)) || strpbrk (line, "?!;,\"") != NULL)
    return FALSE;
  if (*skip_time (digits, milliseconds) != '\0' || *milliseconds < 0)
    return FALSE;
  name = g_strchomp (g_strndup (line, length));
  if (leads_to_a_time (name))
    return FALSE;
  *speaker = g_steal_pointer (&name);
  return TRUE;
}

/* "Weekly sync (2026-10-05 at 09:00 GMT+1) - Transcript" → "Weekly sync", and the day if there is one */
static void
take_title (CrownTranscript *self,
            const char      *line)
{
  g_autofree char *title = g_strdup (line);
  char *end;

  if (self->title != NULL)
    return;
  if (g_str_has_suffix (title, "Transcript"))
    {
      title[strlen (title) - strlen ("Transcript")] = '\0';
      for (end = title + strlen (title); end > title && strchr (" -:", end[-1]) != NULL; end--)
        end[-1] = '\0';
    }
  end = strrchr (title, '(');
  if (end != NULL && end > title)
    {
      guint year, month, day;

      if (self->started_at == NULL && sscanf (end, "(%4u-%2u-%2u", &year, &month, &day) == 3 &&
          g_date_valid_dmy ((GDateDay) day, (GDateMonth) month, (GDateYear) year))
        self->started_at = g_strdup_printf ("%04u-%02u-%02u", year, month, day);
      *end = '\0';
    }
  g_strstrip (title);
  if (*title != '\0')
    self->title = g_steal_pointer (&title);
}

/* Which line the talk begins in: Google Meet, Otter and Teams write who was there above it. 0: at the first line */
static guint
skip_head (CrownTranscript *self,
           GStrv            lines)
{
  static const char *const heads[] = { "Attendees", "Transcript", "SPEAKERS",
                                       "SUMMARY KEYWORDS", "Invited", "Participants" };
  gint64 time_ms;
  gboolean has_head = FALSE;

  for (guint i = 0; lines[i] != NULL && i < HEAD_LINES_MAX; i++)
    {
      g_autofree char *line = g_strstrip (g_strdup (lines[i]));
      g_autofree char *name = NULL;

      for (guint j = 0; j < G_N_ELEMENTS (heads); j++)
        has_head = has_head || strcmp (line, heads[j]) == 0;
      has_head =
        has_head || g_str_has_suffix (line, " - Transcript") || g_str_has_suffix (line, "started transcription");
      /* After the head: a line that says who speaks, which a title with a colon does not do before it. */
      if (has_head && *line != '\0' && (speaker_prefix (line) > 0 || is_speaker_line (line, &name, &time_ms)))
        {
          for (guint j = 0; j < i && self->title == NULL; j++)
            {
              g_autofree char *title = g_strstrip (g_strdup (lines[j]));

              if (*title != '\0')
                {
                  take_title (self, title);
                  break;
                }
            }
          return i;
        }
    }
  return 0;
}

/* What the programs write themselves. */
static gboolean
is_note_of_program (const char *line,
                    gboolean   *ends)
{
  *ends = g_str_has_prefix (line, "Meeting ended after") || g_str_has_prefix (line, "Transcription ended after") ||
          g_str_has_prefix (line, "Transcribed by https://otter.ai");
  return *ends || g_str_has_suffix (line, "started transcription") || g_str_has_suffix (line, "stopped transcription");
}

/* "0:0:1.5 --> 0:0:4.0", as older Word documents from Teams have it above the name */
static gboolean
is_loose_timing (const char *line,
                 gint64     *start_ms)
{
  guint hours, minutes;
  double seconds;
  int length = 0;
  char *end;

  if (sscanf (line, "%3u:%2u:%n", &hours, &minutes, &length) != 2 || length == 0 || minutes > 59 ||
      !g_ascii_isdigit (line[length]))
    return FALSE;
  seconds = g_ascii_strtod (line + length, &end); /* in any locale */
  if (!g_str_has_prefix (end, " --> ") || !(seconds < 60))
    return FALSE;
  *start_ms = (gint64) (((hours * 60.0 + minutes) * 60 + seconds) * 1000 + 0.5);
  return TRUE;
}

CrownTranscript *
crown_transcript_read_lines (const char  *text,
                             GError     **error)
{
  g_autoptr (CrownTranscript) self = crown_transcript_new ("speaker-text");
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GString) said = g_string_new (NULL);
  g_autofree char *speaker = NULL;
  gboolean name_lines = FALSE; /* then a colon is only a colon */
  gboolean name_next = FALSE;  /* after a line of times */
  gint64 start_ms = -1, line_ms = -1;

  for (guint i = skip_head (self, lines); lines[i] != NULL; i++)
    {
      g_autofree char *name = NULL;
      const char *line, *rest;
      gint64 time_ms = -1;
      gboolean ends;
      gsize length;

      line = g_strstrip (lines[i]);
      if (*line == '\0' || (speaker == NULL && take_fact (self, line)))
        continue;
      if (is_note_of_program (line, &ends))
        {
          if (ends)
            break;
          continue;
        }
      if (is_loose_timing (line, &line_ms))
        {
          name_next = name_lines = TRUE;
          continue;
        }

      rest = skip_time (line, &time_ms);
      if (time_ms >= 0 && *rest == '\0') /* what follows was said then */
        {
          line_ms = time_ms;
          continue;
        }
      length = name_lines ? 0 : speaker_prefix (rest);
      if (name_next)
        {
          name = g_strdup (line);
          name_next = FALSE;
          rest = "";
        }
      else if (length > 0)
        {
          name = g_strndup (rest, length);
          rest += length + 1;
          if (time_ms < 0) /* "Ana (00:12): …" */
            {
              char *bracket = strpbrk (name, "[(");

              if (bracket != NULL && *skip_time (bracket, &time_ms) == '\0' && time_ms >= 0)
                *bracket = '\0';
            }
        }
      else if (is_speaker_line (line, &name, &time_ms))
        {
          name_lines = name_lines || speaker == NULL;
          rest = "";
        }
      else if (speaker == NULL)
        {
          set_format_error (error, i + 1, "it does not say who speaks (“Name: what was said”)");
          return NULL;
        }

      if (name != NULL)
        {
          if (speaker != NULL)
            crown_transcript_add (self, speaker, said->str, start_ms, -1);
          g_string_assign (said, rest);
          g_free (speaker);
          speaker = g_strdup (g_strstrip (name));
          start_ms = time_ms >= 0 ? time_ms : line_ms;
          line_ms = -1;
        }
      else
        g_string_append_printf (said, " %s", rest);
    }
  if (speaker == NULL && line_ms >= 0) /* times and nothing else */
    {
      set_format_error (error, 1, "it does not say who speaks (“Name: what was said”)");
      return NULL;
    }
  if (speaker != NULL)
    crown_transcript_add (self, speaker, said->str, start_ms, -1);
  return g_steal_pointer (&self);
}

static gint64
seconds_member (JsonObject *object,
                const char *name)
{
  double seconds = crown_json_opt_double (object, name, -1);

  return seconds >= 0 && seconds < 1e6 ? (gint64) (seconds * 1000 + 0.5) : -1;
}

/* {title, started_at, segments: [{speaker, text, start, end}]}, the array alone, or QMSum's meeting_transcripts. */
CrownTranscript *
crown_transcript_read_json (const char  *text,
                            GError     **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autoptr (JsonNode) root = crown_json_parse (text, -1, &local_error);
  g_autoptr (CrownTranscript) self = crown_transcript_new ("json");
  JsonObject *object = root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  JsonArray *segments = NULL;
  const char *text_member = "text";

  if (root == NULL)
    {
      g_set_error_literal (error, CROWN_TRANSCRIPT_ERROR, CROWN_TRANSCRIPT_ERROR_FORMAT, local_error->message);
      return NULL;
    }
  if (object != NULL && (segments = crown_json_opt_array (object, "meeting_transcripts")) != NULL)
    {
      g_free (self->format);
      self->format = g_strdup ("qmsum");
      text_member = "content";
    }
  else if (object != NULL)
    segments = crown_json_opt_array (object, "segments");
  else if (JSON_NODE_HOLDS_ARRAY (root))
    segments = json_node_get_array (root);
  if (segments == NULL)
    {
      set_format_error (error, 1, "the JSON has no array “segments”");
      return NULL;
    }

  if (object != NULL)
    {
      self->title = g_strdup (crown_json_opt_string (object, "title", NULL));
      self->started_at =
        g_strdup (crown_json_opt_string (object, "started_at", crown_json_opt_string (object, "date", NULL)));
    }
  for (guint i = 0; i < json_array_get_length (segments); i++)
    {
      JsonNode *node = json_array_get_element (segments, i);
      JsonObject *segment = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
      const char *said = segment != NULL ? crown_json_opt_string (segment, text_member, NULL) : NULL;

      if (said == NULL)
        {
          g_set_error (error, CROWN_TRANSCRIPT_ERROR, CROWN_TRANSCRIPT_ERROR_FORMAT, "segment %u has no “%s”", i + 1,
                       text_member);
          return NULL;
        }
      crown_transcript_add (self, crown_json_opt_string (segment, "speaker", ""), said,
                            seconds_member (segment, "start"), seconds_member (segment, "end"));
    }
  if (object != NULL && crown_json_opt_boolean (object, "estimated_ends", FALSE))
    self->has_ends = FALSE;
  return g_steal_pointer (&self);
}
