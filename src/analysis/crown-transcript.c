/* crown-transcript.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-analysis"

#include "crown-analysis-private.h"

#include "core/crown-limits.h"

#include <string.h>

#define SEGMENTS_MAX 200000 /* more than a day of talk */
#define SPEAKER_MAX  200    /* bytes */

G_DEFINE_QUARK (crown-transcript-error-quark, crown_transcript_error)

static void
segment_free (gpointer data)
{
  CrownSegment *segment = data;

  g_free (segment->speaker);
  g_free (segment->text);
  g_free (segment);
}

CrownTranscript *
crown_transcript_new (const char *format)
{
  CrownTranscript *self = g_new0 (CrownTranscript, 1);

  self->format = g_strdup (format);
  self->segments = g_ptr_array_new_with_free_func (segment_free);
  return self;
}

void
crown_transcript_free (CrownTranscript *self)
{
  g_free (self->title);
  g_free (self->started_at);
  g_free (self->format);
  g_ptr_array_unref (self->segments);
  g_free (self);
}

/* One space between words, none around them. */
static char *
squeeze (const char *text)
{
  GString *out = g_string_sized_new (strlen (text));

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (g_unichar_isspace (c) || c == 0xfeff)
        {
          if (out->len > 0 && out->str[out->len - 1] != ' ')
            g_string_append_c (out, ' ');
        }
      else if (!g_unichar_iscntrl (c))
        g_string_append_unichar (out, c);
    }
  if (out->len > 0 && out->str[out->len - 1] == ' ')
    g_string_truncate (out, out->len - 1);
  return g_string_free (out, FALSE);
}

/* "Ana Silva (Host)" and "ana silva" are one person. */
static char *
speaker_name (const char *speaker)
{
  g_autofree char *squeezed = squeeze (speaker);
  char *bracket = strchr (squeezed, '(');

  if (bracket != NULL && bracket > squeezed && g_str_has_suffix (bracket, ")"))
    {
      *bracket = '\0';
      g_strchomp (squeezed);
    }
  if (strlen (squeezed) > SPEAKER_MAX)
    *(char *) g_utf8_find_prev_char (squeezed, squeezed + SPEAKER_MAX + 1) = '\0';
  return g_steal_pointer (&squeezed);
}

void
crown_transcript_add (CrownTranscript *self,
                      const char      *speaker,
                      const char      *text,
                      gint64           start_ms,
                      gint64           end_ms)
{
  g_autofree char *squeezed = squeeze (text);
  CrownSegment *segment;

  if (*squeezed == '\0')
    return;
  segment = g_new0 (CrownSegment, 1);
  segment->speaker = speaker_name (speaker);
  segment->text = g_steal_pointer (&squeezed);
  segment->start_ms = start_ms;
  segment->end_ms = start_ms < 0 || end_ms < 0 ? -1 : MAX (end_ms, start_ms);
  self->has_times = self->has_times || start_ms >= 0;
  self->has_ends = self->has_ends || (start_ms >= 0 && end_ms >= 0);
  g_ptr_array_add (self->segments, segment);
}

/* [hh:]mm:ss[.mmm] with a point or a comma */
gboolean
crown_transcript_parse_time (const char  *text,
                             gint64      *milliseconds,
                             const char **end)
{
  gint64 parts[3];
  guint n_parts = 0;
  const char *p = text;

  for (;;)
    {
      char *stop;

      if (!g_ascii_isdigit (*p) || n_parts == G_N_ELEMENTS (parts))
        return FALSE;
      parts[n_parts++] = (gint64) g_ascii_strtoull (p, &stop, 10);
      if (stop - p > 4 || (n_parts > 1 && stop - p != 2)) /* "00:0" has been cut off */
        return FALSE;
      p = stop;
      if (*p != ':')
        break;
      p++;
    }
  if (n_parts < 2 || parts[n_parts - 1] > 59 || parts[n_parts - 2] > (n_parts == 3 ? 59 : 9999))
    return FALSE;

  *milliseconds = 0;
  for (guint i = 0; i < n_parts; i++)
    *milliseconds = *milliseconds * 60 + parts[i];
  *milliseconds *= 1000;
  if ((*p == '.' || *p == ',') && g_ascii_isdigit (p[1]))
    {
      gint64 unit = 100;

      for (p++; g_ascii_isdigit (*p); p++, unit /= 10)
        *milliseconds += (*p - '0') * unit;
    }
  if (end != NULL)
    *end = p;
  return TRUE;
}

static gboolean
is_ascii (const char *from,
          const char *to)
{
  for (const char *p = from; p < to; p++)
    if ((guchar) *p >= 0x80)
      return FALSE;
  return TRUE;
}

/* Text in UTF-16 has a zero in most of its pairs of bytes, always on the same side. */
static const char *
utf_16_without_mark (const guchar *bytes,
                     gsize         length)
{
  gsize n_even = 0, n_odd = 0;

  for (gsize i = 0; i + 1 < length; i += 2)
    {
      n_even += bytes[i] == 0;
      n_odd += bytes[i + 1] == 0;
    }
  if (length % 2 != 0 || MAX (n_even, n_odd) * 4 < length || MIN (n_even, n_odd) > 0)
    return NULL;
  return n_odd > n_even ? "UTF-16LE" : "UTF-16BE";
}

/* UTF-8 with '\n' line ends, from what the bytes are. A file that is UTF-8 up to some letter and not from there on is
 * cut off or damaged, not in another encoding. */
static char *
decode (const char  *data,
        gsize        length,
        GError     **error)
{
  g_autofree char *text = NULL;
  const guchar *bytes = (const guchar *) data;
  const char *invalid = data;
  gsize text_length = length;
  GString *out;

  if (length >= 2 && ((bytes[0] == 0xff && bytes[1] == 0xfe) || (bytes[0] == 0xfe && bytes[1] == 0xff)))
    text = g_convert (data + 2, (gssize) length - 2, "UTF-8", bytes[0] == 0xff ? "UTF-16LE" : "UTF-16BE", NULL,
                      &text_length, NULL);
  else if (memchr (data, 0, length) != NULL)
    {
      const char *encoding = utf_16_without_mark (bytes, length);

      if (encoding != NULL)
        text = g_convert (data, (gssize) length, "UTF-8", encoding, NULL, &text_length, NULL);
    }
  else if (g_utf8_validate_len (data, length, &invalid))
    text = g_strndup (data, length);
  else if (is_ascii (data, invalid))
    text = g_convert (data, (gssize) length, "UTF-8", "WINDOWS-1252", NULL, &text_length, NULL);

  if (text == NULL || !g_utf8_validate_len (text, text_length, NULL)) /* U+0000 is no text either */
    {
      g_set_error_literal (error, CROWN_TRANSCRIPT_ERROR, CROWN_TRANSCRIPT_ERROR_ENCODING, "it is not text");
      return NULL;
    }

  out = g_string_sized_new (strlen (text));
  for (const char *p = g_str_has_prefix (text, "\xef\xbb\xbf") ? text + 3 : text; *p != '\0'; p++)
    {
      if (*p != '\r')
        g_string_append_c (out, *p);
      else if (p[1] != '\n')
        g_string_append_c (out, '\n');
    }
  return g_string_free (out, FALSE);
}

/* Whether one of the first lines has the times of a cue: they begin with a digit, which "a --> b" does not. */
static gboolean
begins_with_cue (const char *text)
{
  const char *line = text;

  for (guint i = 0; i < 4 && line != NULL; i++)
    {
      const char *end = strchr (line, '\n');
      const char *first = line + strspn (line, " \t");

      if (g_ascii_isdigit (*first) && g_strstr_len (line, end != NULL ? end - line : -1, "-->") != NULL)
        return TRUE;
      line = end != NULL ? end + 1 : NULL;
    }
  return FALSE;
}

static CrownTranscript *
read_sniffed (const char  *text,
              GError     **error)
{
  const char *first = text + strspn (text, " \t\n");

  if (g_str_has_prefix (first, "WEBVTT"))
    return crown_transcript_read_cues (first, TRUE, error);
  if (*first == '{' || (*first == '[' && (first[1 + strspn (first + 1, " \t\n")] == '{')))
    return crown_transcript_read_json (first, error);
  if (begins_with_cue (first))
    return crown_transcript_read_cues (text, FALSE, error);
  return crown_transcript_read_lines (text, error);
}

/* A turn without a start begins where the one before ends; one without an end lasts until the next begins, the last as
 * long as its words take. */
static void
fill_times (CrownTranscript *self)
{
  for (guint i = 0; self->has_times && i < self->segments->len; i++)
    {
      CrownSegment *segment = self->segments->pdata[i];
      const CrownSegment *previous = i > 0 ? self->segments->pdata[i - 1] : NULL;
      const CrownSegment *next = i + 1 < self->segments->len ? self->segments->pdata[i + 1] : NULL;

      if (segment->start_ms < 0)
        segment->start_ms = previous != NULL ? previous->end_ms : 0;
      if (segment->end_ms < 0 && next != NULL && next->start_ms >= segment->start_ms)
        segment->end_ms = next->start_ms;
      else if (segment->end_ms < 0)
        segment->end_ms = segment->start_ms + (gint64) crown_count_words (segment->text) * CROWN_MS_PER_WORD;
    }
}

/* What is the same of all spellings of a name: "Silva, Ana", "ANA SILVA" and "Aña Silva" are Ana Silva. */
static char *
spelling_key (const char *speaker)
{
  g_autofree char *folded = g_utf8_casefold (speaker, -1);
  g_autofree char *apart = g_utf8_normalize (folded, -1, G_NORMALIZE_ALL);
  const char *comma = strstr (apart, ", ");
  GString *key = g_string_new (comma != NULL ? comma + 2 : apart);

  if (comma != NULL)
    g_string_append_printf (key, " %.*s", (int) (comma - apart), apart);
  for (gsize i = 0; i < key->len;)
    {
      gunichar c = g_utf8_get_char (key->str + i);
      gsize length = (gsize) (g_utf8_next_char (key->str + i) - (key->str + i));

      if (g_unichar_ismark (c) || c == '.' || (c == ' ' && i > 0 && key->str[i - 1] == ' '))
        g_string_erase (key, (gssize) i, (gssize) length);
      else
        i += length;
    }
  return g_string_free (key, FALSE);
}

/* All spellings of a name become the one that came first. */
static void
join_spellings (CrownTranscript *self)
{
  g_autoptr (GHashTable) first = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < self->segments->len; i++)
    {
      CrownSegment *segment = self->segments->pdata[i];
      const char *spelling = g_hash_table_lookup (known, segment->speaker);

      if (spelling == NULL)
        {
          g_autofree char *key = spelling_key (segment->speaker);

          spelling = g_hash_table_lookup (first, key);
          if (spelling == NULL)
            {
              spelling = segment->speaker;
              g_hash_table_insert (first, g_steal_pointer (&key), segment->speaker);
            }
          g_hash_table_insert (known, g_strdup (segment->speaker), (char *) spelling);
        }
      if (strcmp (spelling, segment->speaker) != 0)
        {
          g_free (segment->speaker);
          segment->speaker = g_strdup (spelling);
        }
    }
}

static int
compare_starts (gconstpointer a,
                gconstpointer b)
{
  const CrownSegment *x = *(CrownSegment *const *) a;
  const CrownSegment *y = *(CrownSegment *const *) b;

  return (x->start_ms > y->start_ms) - (x->start_ms < y->start_ms);
}

/* "2026-10-05 Weekly planning.vtt" → "2026-10-05 Weekly planning" */
static char *
title_of_name (const char *name)
{
  g_autofree char *base = g_path_get_basename (name);
  char *dot = strrchr (base, '.');

  if (dot != NULL && dot != base)
    *dot = '\0';
  g_strdelimit (base, "_", ' ');
  return squeeze (base);
}

/**
 * crown_transcript_read:
 * @data: (array length=length): the file's content
 * @name: (nullable): the file's name, for messages and as a title of last resort
 * @error: (out) (optional): %CROWN_TRANSCRIPT_ERROR; the message has the line and the reason
 *
 * Returns: (transfer full): the transcript, with at least one segment
 */
CrownTranscript *
crown_transcript_read (const char  *data,
                       gsize        length,
                       const char  *name,
                       GError     **error)
{
  g_autoptr (CrownTranscript) self = NULL;
  g_autofree char *unpacked = NULL;
  g_autofree char *text = NULL;

  if (length > CROWN_IMPORT_MAX_BYTES)
    g_set_error (error, CROWN_TRANSCRIPT_ERROR, CROWN_TRANSCRIPT_ERROR_TOO_LARGE, "it is larger than %d MB",
                 CROWN_IMPORT_MAX_BYTES / (1024 * 1024));
  else if (crown_docx_is_one (data, length) && (unpacked = crown_docx_to_text (data, length, error)) == NULL)
    self = NULL;
  else if ((text = unpacked != NULL ? decode (unpacked, strlen (unpacked), error) : decode (data, length, error)) !=
           NULL)
    {
      if (text[strspn (text, " \t\n")] == '\0')
        g_set_error_literal (error, CROWN_TRANSCRIPT_ERROR, CROWN_TRANSCRIPT_ERROR_EMPTY, "it is empty");
      else
        self = unpacked != NULL ? crown_transcript_read_lines (text, error) : read_sniffed (text, error);
    }

  if (self != NULL && self->segments->len == 0)
    {
      g_clear_pointer (&self, crown_transcript_free);
      g_set_error_literal (error, CROWN_TRANSCRIPT_ERROR, CROWN_TRANSCRIPT_ERROR_EMPTY, "nobody says anything in it");
    }
  else if (self != NULL && self->segments->len > SEGMENTS_MAX)
    {
      g_clear_pointer (&self, crown_transcript_free);
      g_set_error (error, CROWN_TRANSCRIPT_ERROR, CROWN_TRANSCRIPT_ERROR_TOO_LARGE, "it has more than %d turns",
                   SEGMENTS_MAX);
    }
  if (self == NULL)
    {
      g_prefix_error (error, "%s cannot be imported: ", name != NULL ? name : "The transcript");
      return NULL;
    }

  fill_times (self);
  if (self->has_times)
    g_ptr_array_sort (self->segments, compare_starts);
  join_spellings (self);
  if (self->title == NULL && name != NULL)
    self->title = title_of_name (name);
  return g_steal_pointer (&self);
}

JsonObject *
crown_transcript_to_json (const CrownTranscript *self)
{
  JsonObject *object = json_object_new ();
  JsonArray *segments = json_array_sized_new (self->segments->len);

  for (guint i = 0; i < self->segments->len; i++)
    {
      const CrownSegment *segment = self->segments->pdata[i];
      JsonObject *element = json_object_new ();

      json_object_set_string_member (element, "speaker", segment->speaker);
      json_object_set_string_member (element, "text", segment->text);
      if (segment->start_ms >= 0)
        {
          json_object_set_double_member (element, "start", (double) segment->start_ms / 1000);
          json_object_set_double_member (element, "end", (double) segment->end_ms / 1000);
        }
      else
        {
          json_object_set_null_member (element, "start");
          json_object_set_null_member (element, "end");
        }
      json_array_add_object_element (segments, element);
    }
  json_object_set_array_member (object, "segments", segments);
  /* Read again it gives the same analysis, which tells ends that were measured from those that were filled in. */
  if (self->has_times && !self->has_ends)
    json_object_set_boolean_member (object, "estimated_ends", TRUE);
  return object;
}
