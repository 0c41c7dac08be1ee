/* test-readers.c: what a transcript file says, in each of the formats, and what is refused
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "analysis/crown-transcript.h"
#include "core/crown-json.h"
#include "core/crown-limits.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#define LARGE_BYTES (CROWN_IMPORT_MAX_BYTES / 4) /* minutes, were it quadratic */

typedef struct {
  const char *speaker;
  const char *text;
  gint64      start_ms;
  gint64      end_ms;
} Expected;

static CrownTranscript *
read_text (const char *text)
{
  g_autoptr (GError) error = NULL;
  CrownTranscript *transcript = crown_transcript_read (text, strlen (text), NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (transcript);
  return transcript;
}

static void
assert_segments (const CrownTranscript *transcript,
                 const Expected        *expected,
                 guint                  n_expected)
{
  for (guint i = 0; i < MIN (n_expected, transcript->segments->len); i++)
    {
      const CrownSegment *segment = transcript->segments->pdata[i];

      g_assert_cmpstr (segment->speaker, ==, expected[i].speaker);
      g_assert_cmpstr (segment->text, ==, expected[i].text);
      g_assert_cmpint (segment->start_ms, ==, expected[i].start_ms);
      g_assert_cmpint (segment->end_ms, ==, expected[i].end_ms);
    }
  g_assert_cmpuint (transcript->segments->len, ==, n_expected);
}

static void
test_webvtt (void)
{
  static const Expected expected[] = {
    { "Ana Silva", "Good & early <today>.", 1000, 4500 },
    { "Ben", "Hi, all.", 5000, 6250 },
    { "Ana Silva", "Hello.", 5000, 6250 },
    { "Carl", "Bye.", 3600000, 3601000 },
    { "", "nobody's voice", 3602000, 3602000 },
  };
  g_autoptr (CrownTranscript) transcript = read_text ("WEBVTT - Weekly planning\n"
                                                      "\n"
                                                      "NOTE Date: 2026-10-05\n"
                                                      "\n"
                                                      "STYLE\n"
                                                      "::cue { color: red }\n"
                                                      "\n"
                                                      "1\n"
                                                      "00:00:01.000 --> 00:00:04.500 align:start\n"
                                                      "<v Ana Silva>Good &amp; early &lt;today&gt;.</v>\n"
                                                      "\n"
                                                      "intro\n"
                                                      "00:05.000 --> 00:06.250\n"
                                                      "<v.loud Ben>Hi,\n"
                                                      "<i>all</i>.</v>\n"
                                                      "<v ana silva>Hello.\n"
                                                      "\n"
                                                      "00:07.000 --> 00:08.000\n"
                                                      "\n"
                                                      "01:00:00.000 --> 01:00:01.000\n"
                                                      "Carl: Bye.\n"
                                                      "\n"
                                                      "01:00:02.000 --> 01:00:01.000\n"
                                                      "nobody's   voice\n");

  g_assert_cmpstr (transcript->format, ==, "webvtt");
  g_assert_cmpstr (transcript->title, ==, "Weekly planning");
  g_assert_cmpstr (transcript->started_at, ==, "2026-10-05");
  g_assert_true (transcript->has_times);
  assert_segments (transcript, expected, G_N_ELEMENTS (expected));
}

static void
test_webvtt_header_block (void)
{
  static const Expected expected[] = { { "Ana", "Hi.", 0, 1000 } };
  g_autoptr (CrownTranscript) transcript = read_text ("WEBVTT\nTitle: Retrospective\nDate: 2026-11-20T09:30\n\n"
                                                      "00:00.000 --> 00:01.000\n<v Ana>Hi.\n");

  g_assert_cmpstr (transcript->title, ==, "Retrospective");
  g_assert_cmpstr (transcript->started_at, ==, "2026-11-20T09:30:00Z");
  assert_segments (transcript, expected, G_N_ELEMENTS (expected));
}

static void
test_srt (void)
{
  static const Expected expected[] = {
    { "Ana Silva", "We ship on Friday.", 1000, 4000 },
    { "", "Two lines of one cue.", 4500, 6000 },
    { "Ben", "Good.", 3723004, 3724000 },
  };
  g_autoptr (CrownTranscript) transcript =
    read_text ("1\n00:00:01,000 --> 00:00:04,000\nAna Silva: We ship on Friday.\n\n"
               "2\n00:00:04,500 --> 00:00:06,000\nTwo lines\nof one cue.\n\n"
               "3\n01:02:03,004 --> 01:02:04,000\n- Ben: Good.\n");

  g_assert_cmpstr (transcript->format, ==, "srt");
  g_assert_null (transcript->title);
  g_assert_true (transcript->has_times);
  assert_segments (transcript, expected, G_N_ELEMENTS (expected));
}

/* Cues come in the order in which they are said, whatever the file's order. */
static void
test_cues_are_sorted (void)
{
  static const Expected expected[] = {
    { "Ana", "First.", 1000, 2000 },
    { "Ben", "Second.", 3000, 4000 },
    { "Carl", "At once.", 3000, 3500 },
  };
  g_autoptr (CrownTranscript) transcript = read_text ("1\n00:00:03,000 --> 00:00:04,000\nBen: Second.\n\n"
                                                      "2\n00:00:03,000 --> 00:00:03,500\nCarl: At once.\n\n"
                                                      "3\n00:00:01,000 --> 00:00:02,000\nAna: First.\n");

  assert_segments (transcript, expected, G_N_ELEMENTS (expected));
}

static void
test_speaker_lines (void)
{
  static const Expected expected[] = {
    { "Ana Silva", "Good morning. Let us start at http://example.org: it is up.", -1, -1 },
    { "Ben", "Hi! See you at 10:30", -1, -1 },
    { "Ana Silva", "Title: is a word here.", -1, -1 },
    { "Zoë", "Ünïcode — “fine”.", -1, -1 },
  };
  g_autoptr (CrownTranscript) transcript = read_text ("Title: Weekly planning\n"
                                                      "Date: 2026-10-05\n"
                                                      "\n"
                                                      "Ana Silva: Good morning.\n"
                                                      "  Let us start at http://example.org: it is up.\n"
                                                      "Ben (Host): Hi!\n"
                                                      "See you at 10:30\n"
                                                      "\n"
                                                      "ANA SILVA:   Title:  is a\tword here.\n"
                                                      "Zoë: Ünïcode — “fine”.\n");

  g_assert_cmpstr (transcript->format, ==, "speaker-text");
  g_assert_cmpstr (transcript->title, ==, "Weekly planning");
  g_assert_cmpstr (transcript->started_at, ==, "2026-10-05");
  g_assert_false (transcript->has_times);
  assert_segments (transcript, expected, G_N_ELEMENTS (expected));
}

/* A turn ends where the next begins; the last gets 400 ms a word. */
static void
test_speaker_lines_with_times (void)
{
  static const Expected expected[] = {
    { "Ana", "One two.", 5000, 12000 },
    { "Ben", "Three.", 12000, 61000 },
    { "Carl", "Four five six.", 61000, 62200 },
  };
  g_autoptr (CrownTranscript) before =
    read_text ("[00:00:05] Ana: One two.\n(0:12) Ben: Three.\n00:01:01 - Carl: Four five six.\n");
  g_autoptr (CrownTranscript) after =
    read_text ("Ana (00:00:05): One two.\nBen [0:12]: Three.\nCarl (1:01): Four five six.\n");

  g_assert_true (before->has_times);
  assert_segments (before, expected, G_N_ELEMENTS (expected));
  assert_segments (after, expected, G_N_ELEMENTS (expected));
}

static void
test_name_and_time_lines (void)
{
  static const Expected expected[] = {
    { "Ana Silva", "We ship on Friday. One thing: the notes.", 12000, 65000 },
    { "Ben Okafor", "Good.", 65000, 3723000 },
    { "Ana Silva", "Very good.", 3723000, 3723800 },
  };
  g_autoptr (CrownTranscript) zoom = read_text ("Ana Silva  0:12\nWe ship on Friday.\nOne thing: the notes.\n\n"
                                                "Ben Okafor  1:05\nGood.\n\nAna Silva  1:02:03\nVery good.\n");
  g_autoptr (CrownTranscript) brackets =
    read_text ("Title: Standup\nAna Silva [00:00:12]\nWe ship on Friday.\nOne thing: the notes.\n"
               "Ben Okafor (01:05)\nGood.\nana silva (1:02:03)\nVery good.\n");

  assert_segments (zoom, expected, G_N_ELEMENTS (expected));
  assert_segments (brackets, expected, G_N_ELEMENTS (expected));
  g_assert_cmpstr (brackets->title, ==, "Standup");
}

static void
test_json (void)
{
  static const Expected expected[] = {
    { "Ana", "Hi \"all\".", 500, 1250 },
    { "", "No name.", 1250, 2000 },
    { "Ben", "Later.", 3000, 3400 },
  };
  g_autoptr (CrownTranscript) object =
    read_text ("{\"title\": \"Planning\", \"started_at\": \"2026-10-05T09:00:00Z\", \"segments\": ["
               "{\"speaker\": \"Ana\", \"text\": \"Hi \\\"all\\\".\", \"start\": 0.5, \"end\": 1.25},"
               "{\"speaker\": null, \"text\": \" No \\n name. \", \"start\": 1.25, \"end\": 2},"
               "{\"speaker\": \"Ben\", \"text\": \"Later.\", \"start\": 3, \"end\": 3.4, \"x\": []}]}");
  g_autoptr (CrownTranscript) array = read_text (" [ {\"text\": \"Hi.\", \"speaker\": \"Ana\"} ]\n");

  g_assert_cmpstr (object->format, ==, "json");
  g_assert_cmpstr (object->title, ==, "Planning");
  g_assert_cmpstr (object->started_at, ==, "2026-10-05T09:00:00Z");
  assert_segments (object, expected, G_N_ELEMENTS (expected));

  g_assert_false (array->has_times);
  assert_segments (array, &(Expected) { "Ana", "Hi.", -1, -1 }, 1);
}

/* Where only some turns have times, the others keep their place, and a turn without an end lasts until the next. */
static void
test_json_with_some_times (void)
{
  static const Expected expected[] = {
    { "Ana", "One.", 10000, 12000 },
    { "Ben", "Two.", 12000, 20000 },
    { "Ana", "Three.", 20000, 30000 },
    { "Ben", "Four five.", 30000, 30800 },
  };
  g_autoptr (CrownTranscript) transcript =
    read_text ("{\"segments\": ["
               "{\"speaker\": \"Ana\", \"text\": \"One.\", \"start\": 10, \"end\": 12},"
               "{\"speaker\": \"Ben\", \"text\": \"Two.\"},"
               "{\"speaker\": \"Ana\", \"text\": \"Three.\", \"start\": 20},"
               "{\"speaker\": \"Ben\", \"text\": \"Four five.\", \"start\": 30, \"end\": null}]}");

  assert_segments (transcript, expected, G_N_ELEMENTS (expected));
}

static void
test_qmsum_json (void)
{
  static const Expected expected[] = {
    { "Project Manager", "Good morning {vocalsound} all.", -1, -1 },
    { "Industrial Designer", "Morning.", -1, -1 },
  };
  g_autoptr (CrownTranscript) transcript =
    read_text ("{\"topic_list\": [], \"meeting_transcripts\": ["
               "{\"speaker\": \"Project Manager\", \"content\": \"Good morning {vocalsound} all.\"},"
               "{\"speaker\": \"Industrial Designer\", \"content\": \"Morning.\"},"
               "{\"speaker\": \"Industrial Designer\", \"content\": \"\"}]}");

  g_assert_cmpstr (transcript->format, ==, "qmsum");
  g_assert_false (transcript->has_times);
  assert_segments (transcript, expected, G_N_ELEMENTS (expected));
}

static void
test_title_of_last_resort (void)
{
  const char *text = "Ana: Hi.\n";
  g_autoptr (CrownTranscript) named =
    crown_transcript_read (text, strlen (text), "a/2026-10-05_Weekly_planning.v2.txt", NULL);
  g_autoptr (CrownTranscript) unnamed = crown_transcript_read (text, strlen (text), NULL, NULL);

  g_assert_cmpstr (named->title, ==, "2026-10-05 Weekly planning.v2");
  g_assert_null (unnamed->title);
}

static char *
json_of (const CrownTranscript *transcript)
{
  g_autoptr (JsonObject) object = crown_transcript_to_json (transcript);

  return crown_json_object_to_string (object);
}

/* The same file as other systems write it: other line ends, a byte order mark, UTF-16, Windows' Western European. */
static void
test_encodings (void)
{
  const char *text = "Ana: Un café.\nJosé: Sí.\nOlé.\n";
  const char *expected = "{\"segments\":[{\"speaker\":\"Ana\",\"text\":\"Un café.\",\"start\":null,\"end\":null},"
                         "{\"speaker\":\"José\",\"text\":\"Sí. Olé.\",\"start\":null,\"end\":null}]}";
  static const struct { const char *charset; const char *mark; gsize mark_length; } encodings[] = {
    { "UTF-8", "", 0 }, { "UTF-8", "\xef\xbb\xbf", 3 }, { "UTF-16LE", "\xff\xfe", 2 }, { "UTF-16BE", "\xfe\xff", 2 },
    { "WINDOWS-1252", "", 0 }, { "UTF-16LE", "", 0 }, { "UTF-16BE", "", 0 },
  };
  static const char *const line_ends[] = { "\n", "\r\n", "\r" };

  for (guint i = 0; i < G_N_ELEMENTS (encodings); i++)
    for (guint j = 0; j < G_N_ELEMENTS (line_ends); j++)
      {
        g_autoptr (CrownTranscript) transcript = NULL;
        g_autoptr (GError) error = NULL;
        g_autoptr (GString) ended = g_string_new (text);
        g_autoptr (GByteArray) bytes = g_byte_array_new ();
        g_autofree char *converted = NULL, *json = NULL;
        gsize length;

        g_string_replace (ended, "\n", line_ends[j], 0);
        converted = g_convert (ended->str, (gssize) ended->len, encodings[i].charset, "UTF-8", NULL, &length, &error);
        g_assert_no_error (error);
        g_byte_array_append (bytes, (const guint8 *) encodings[i].mark, (guint) encodings[i].mark_length);
        g_byte_array_append (bytes, (const guint8 *) converted, (guint) length);
        transcript = crown_transcript_read ((const char *) bytes->data, bytes->len, NULL, &error);
        g_assert_no_error (error);
        json = json_of (transcript);
        g_assert_cmpstr (json, ==, expected);
      }
}

/* Google Meet: who was there above, times on lines of their own, a note below. */
static void
test_google_meet (void)
{
  static const Expected expected[] = {
    { "Ana Silva", "Hi: all. Welcome.", 0, 300000 },
    { "Ben Okafor", "Thanks.", 300000, 300400 },
  };
  g_autoptr (CrownTranscript) transcript =
    read_text ("Weekly sync (2026-10-05 at 09:00 GMT+1) - Transcript\n"
               "Attendees\nAna Silva, Ben Okafor\nTranscript\n\n00:00:00\n \n"
               "Ana Silva: Hi: all.\nWelcome.\n\n00:05:00\nBen Okafor: Thanks.\n"
               "Meeting ended after 00:45:12\nThis transcript was computer generated: beware.\n");

  assert_segments (transcript, expected, G_N_ELEMENTS (expected));
  g_assert_cmpstr (transcript->title, ==, "Weekly sync");
  g_assert_cmpstr (transcript->started_at, ==, "2026-10-05");
}

static void
test_otter (void)
{
  static const Expected expected[] = {
    { "Ana Silva", "Hello. The plan: we ship.", 2000, 12000 },
    { "Speaker 2", "Good.", 12000, 12400 },
  };
  g_autoptr (CrownTranscript) transcript =
    read_text ("Weekly: the plan\nMon, Oct 05, 2026 9:00AM • 45:12\n\nSUMMARY KEYWORDS\n"
               "plan, ship\n\nSPEAKERS\nAna Silva, Speaker 2\n\n"
               "Ana Silva  00:02\nHello.\nThe plan: we ship.\n\nSpeaker 2  00:12\nGood.\n\n"
               "Transcribed by https://otter.ai\n");

  assert_segments (transcript, expected, G_N_ELEMENTS (expected));
  g_assert_cmpstr (transcript->title, ==, "Weekly: the plan");
}

/* A zip archive with one file in it. */
static GByteArray *
zip_of (const char *name,
        const char *content)
{
  GByteArray *bytes = g_byte_array_new ();
  struct archive *archive = archive_write_new ();
  struct archive_entry *entry = archive_entry_new ();
  gsize used = 0;

  g_byte_array_set_size (bytes, 65536);
  g_assert_cmpint (archive_write_set_format_zip (archive), ==, ARCHIVE_OK);
  g_assert_cmpint (archive_write_open_memory (archive, bytes->data, bytes->len, &used), ==, ARCHIVE_OK);
  archive_entry_set_pathname (entry, name);
  archive_entry_set_filetype (entry, AE_IFREG);
  archive_entry_set_perm (entry, 0644);
  archive_entry_set_size (entry, (la_int64_t) strlen (content));
  g_assert_cmpint (archive_write_header (archive, entry), ==, ARCHIVE_OK);
  g_assert_cmpint (archive_write_data (archive, content, strlen (content)), ==, strlen (content));
  g_assert_cmpint (archive_write_close (archive), ==, ARCHIVE_OK);
  archive_entry_free (entry);
  archive_write_free (archive);
  g_byte_array_set_size (bytes, (guint) used);
  return bytes;
}

#define DOCUMENT(body) "<?xml version=\"1.0\"?><w:document xmlns:w=\"urn:w\"><w:body>" body "</w:body></w:document>"
#define PARAGRAPH(text) "<w:p><w:r><w:t>" text "</w:t></w:r></w:p>"

/* Microsoft Teams' Word documents, as they are now and as they were before. */
static void
test_docx (void)
{
  static const Expected expected[] = {
    { "Ana Silva", "Hello & welcome. Ben: are you there?", 3000, 12000 },
    { "Ben Okafor", "Yes.", 12000, 12400 },
  };
  static const char *const documents[] = {
    DOCUMENT (PARAGRAPH ("Weekly planning") PARAGRAPH ("October 5, 2026, 9:00AM")
                PARAGRAPH ("Ana Silva started transcription") "<w:p><w:r><w:t>Ana "
                                                              "Silva</w:t></w:r><w:r><w:tab/><w:t>0:03</w:t><w:br/"
                                                              "><w:t>Hello &amp; welcome.</w:t></w:r>"
                                                              "<w:r><w:br/><w:t>Ben: are you there?</w:t></w:r></w:p>"
                                                              "<w:p><w:r><w:t xml:space=\"preserve\">Ben Okafor   "
                                                              "0:12</w:t><w:br/><w:t>Yes.</w:t></w:r></w:p>" PARAGRAPH (
                                                                "Ana Silva stopped transcription")),
    DOCUMENT (PARAGRAPH ("0:0:3.0 --&gt; 0:0:9.450") PARAGRAPH ("Ana Silva")
                PARAGRAPH ("Hello &amp; welcome. Ben: are you there?") PARAGRAPH ("0:0:12.0 --&gt; 0:0:13.0")
                  PARAGRAPH ("Ben Okafor") PARAGRAPH ("Yes.")),
  };
  static const struct { const char *name; const char *content; const char *reason; } bad[] = {
    { "word/styles.xml", DOCUMENT (PARAGRAPH ("Ana: Hi.")), "no Word document" },
    { "word/document.xml", DOCUMENT (PARAGRAPH ("Lorem ipsum.")), "line 1: it does not say who speaks" },
    { "word/document.xml", "<w:document><w:p>", "line 1: the document is damaged" },
    { "word/document.xml", DOCUMENT (""), "it is empty" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (documents); i++)
    {
      g_autoptr (GByteArray) bytes = zip_of ("word/document.xml", documents[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (CrownTranscript) transcript =
        crown_transcript_read ((const char *) bytes->data, bytes->len, NULL, &error);

      g_assert_no_error (error);
      assert_segments (transcript, expected, G_N_ELEMENTS (expected));
      g_assert_cmpstr (transcript->title, ==, i == 0 ? "Weekly planning" : NULL);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GByteArray) bytes = zip_of (bad[i].name, bad[i].content);
      g_autoptr (GError) error = NULL;

      g_assert_null (crown_transcript_read ((const char *) bytes->data, bytes->len, "notes.docx", &error));
      g_assert_nonnull (error);
      if (strstr (error->message, bad[i].reason) == NULL)
        g_error ("“%s” is not what was expected, “%s”", error->message, bad[i].reason);
    }
}

/* Cut off or damaged anywhere, an archive is refused with a reason or read, and never more. */
static void
test_damaged_docx (void)
{
  g_autoptr (GByteArray) whole = zip_of ("word/document.xml", DOCUMENT (PARAGRAPH ("Ana: Hi.")));

  for (guint i = 4; i < 2 * whole->len; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree guint8 *data = g_memdup2 (whole->data, whole->len);
      g_autoptr (CrownTranscript) transcript = NULL;
      gsize length = i < whole->len ? i : whole->len;

      if (i >= whole->len)
        data[i - whole->len] ^= 0x55;
      transcript = crown_transcript_read ((const char *) data, length, NULL, &error);
      g_assert_true ((transcript == NULL) == (error != NULL));
    }
}

static void
test_spellings_are_joined (void)
{
  g_autoptr (CrownTranscript) transcript =
    read_text ("[{\"speaker\":\"Aña Silva\",\"text\":\"a\"},{\"speaker\":\"ANA SILVA (Host)\","
               "\"text\":\"b\"},{\"speaker\":\"Silva, Ana\",\"text\":\"c\"},"
               "{\"speaker\":\"Ana  Silva\",\"text\":\"d\"},"
               "{\"speaker\":\"Ana\",\"text\":\"e\"},{\"speaker\":\"The Chair (A. (B))\",\"text\":\"f\"}]");
  static const char *const speakers[] = { "Aña Silva", "Aña Silva", "Aña Silva", "Aña Silva", "Ana", "The Chair" };

  g_assert_cmpuint (transcript->segments->len, ==, G_N_ELEMENTS (speakers));
  for (guint i = 0; i < G_N_ELEMENTS (speakers); i++)
    g_assert_cmpstr (((CrownSegment *) transcript->segments->pdata[i])->speaker, ==, speakers[i]);
}

/* What crown_transcript_to_json() writes is read back as the same. */
static void
test_json_round_trip (void)
{
  g_autoptr (CrownTranscript) first =
    read_text ("WEBVTT\n\n00:00:01.001 --> 00:00:04.555\n<v Ana>Hi.\n\n00:05.000 --> 00:06.000\nx\n");
  g_autofree char *written = json_of (first);
  g_autoptr (CrownTranscript) second = read_text (written);
  g_autofree char *again = json_of (second);

  g_assert_cmpstr (written, ==, "{\"segments\":[{\"speaker\":\"Ana\",\"text\":\"Hi.\",\"start\":1.001,\"end\":4.555},"
                                "{\"speaker\":\"\",\"text\":\"x\",\"start\":5,\"end\":6}]}");
  g_assert_cmpstr (again, ==, written);
}

/* Text that merely looks like another format. */
static void
test_sniffing (void)
{
  g_autoptr (CrownTranscript) arrow = read_text ("Ana: From a --> b.\nBen: Yes.\n");
  g_autoptr (CrownTranscript) bracket = read_text ("\n\n[00:01] Ana: Hi.\n");

  g_assert_cmpstr (arrow->format, ==, "speaker-text");
  assert_segments (arrow, (Expected[]) { { "Ana", "From a --> b.", -1, -1 }, { "Ben", "Yes.", -1, -1 } }, 2);
  assert_segments (bracket, &(Expected) { "Ana", "Hi.", 1000, 1400 }, 1);
}

static void
assert_refused (const char           *data,
                gsize                 length,
                CrownTranscriptError  code,
                const char           *reason)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) unnamed = NULL;

  g_assert_null (crown_transcript_read (data, length, "notes.txt", &error));
  g_assert_true (error->domain == CROWN_TRANSCRIPT_ERROR);
  if (error->code != (int) code || strstr (error->message, reason) == NULL)
    g_error ("“%s” is not what was expected, “%s”", error->message, reason);
  g_assert_true (g_str_has_prefix (error->message, "notes.txt cannot be imported: "));

  g_assert_null (crown_transcript_read (data, length, NULL, &unnamed));
  g_assert_true (g_str_has_prefix (unnamed->message, "The transcript cannot be imported: "));
  g_assert_null (crown_transcript_read (data, length, NULL, NULL));
}

static void
test_bad_input_is_refused (void)
{
#define BAD(data, code, reason) { data, sizeof data - 1, CROWN_TRANSCRIPT_ERROR_##code, reason }
  static const struct { const char *data; gsize length; CrownTranscriptError code; const char *reason; } table[] = {
    BAD ("", EMPTY, "it is empty"),
    BAD (" \t\r\n\n", EMPTY, "it is empty"),
    BAD ("\xef\xbb\xbf", EMPTY, "it is empty"),
    BAD ("\xff\xfe", EMPTY, "it is empty"),
    BAD ("WEBVTT", EMPTY, "nobody says anything"),
    BAD ("WEBVTT - Weekly planning\n\nNOTE nothing\n", EMPTY, "nobody says anything"),
    BAD ("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ana></v>\n", EMPTY, "nobody says anything"),
    BAD ("Title: Weekly planning\nDate: 2026-10-05\n", EMPTY, "nobody says anything"),
    BAD ("Ana:\nBen:\n", EMPTY, "nobody says anything"),
    BAD ("{\"segments\": []}", EMPTY, "nobody says anything"),
    BAD ("{\"meeting_transcripts\": []}", EMPTY, "nobody says anything"),

    BAD ("WEBVTT\n\n00:01.000 --> 00:0", FORMAT, "line 3: the times of a cue cannot be read"),
    BAD ("WEBVTT\n\n00:01.000 --> 00:02.000\nHi.\n\n99:99.000 --> 99:99.100\nx\n", FORMAT, "line 6: the times"),
    BAD ("WEBVTT\n\n1\n\n00:01.000 --> 00:02.000\nHi.\n", FORMAT, "line 3: a cue has no times"),
    BAD ("WEBVTT\n\n00:01.000 --> 00:02.000\nHi.\n\n2", FORMAT, "line 6: a cue has no times"),
    BAD ("1\n00:00:01,000 --> \nHi.\n", FORMAT, "line 2: the times"),
    BAD ("1\n00:00:01,000 --> 00:00:02,000\nHi.\n\n2\n00:0", FORMAT, "line 5: a cue has no times"),

    BAD ("Lorem ipsum dolor sit amet.\n", FORMAT, "line 1: it does not say who speaks"),
    BAD ("Title: A\n\nLorem ipsum.\nAna: Hi.\n", FORMAT, "line 3: it does not say who speaks"),
    BAD ("a,b,c\n1,2,3\n", FORMAT, "line 1: it does not say who speaks"),
    BAD ("[]", FORMAT, "line 1: it does not say who speaks"),
    BAD ("[00:01]\n", FORMAT, "line 1: it does not say who speaks"),

    BAD ("{}", FORMAT, "no array “segments”"),
    BAD ("{\"segments\": 5}", FORMAT, "no array “segments”"),
    BAD ("{\"segments\": [{\"speaker\": \"Ana\", \"text\": \"H", FORMAT, "line 1"),
    BAD ("{\"segments\": [{\"text\": \"Hi.\"}, {\"speaker\": \"Ana\"}]}", FORMAT, "segment 2 has no “text”"),
    BAD ("{\"segments\": [{\"text\": \"Hi.\"}, 5]}", FORMAT, "segment 2 has no “text”"),
    BAD ("{\"meeting_transcripts\": [{\"text\": \"Hi.\"}]}", FORMAT, "segment 1 has no “content”"),
    BAD ("[{\"text\": \"Hi.\"}] []", FORMAT, ""),
    BAD ("[{\"text\": \"Hi.\", \"text\": \"Ho.\"}]", FORMAT, "text"),
    BAD ("[{\"text\": \"Hi\\u0000there.\"}]", FORMAT, ""),
    BAD ("[{\"text\": \"Hi.\", \"start\": NaN}]", FORMAT, ""),

    BAD ("PK\3\4", FORMAT, "line 1: the archive is damaged"),
    BAD ("PK\3\4 is what archives begin with", FORMAT, "line 1: "),

    BAD ("Ana: Hi.\0Ben: Ho.\n", ENCODING, "it is not text"),
    BAD ("\0", ENCODING, "it is not text"),
    BAD ("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", ENCODING, "it is not text"),
    BAD ("Ana: Hi \x81.\n", ENCODING, "it is not text"),
    BAD ("José: Hi.\nBen: Ol\xc3", ENCODING, "it is not text"),         /* cut in the middle of a letter */
    BAD ("José: Hi.\nBen: Ol\xe9.\n", ENCODING, "it is not text"),      /* two encodings */
    BAD ("Jos\xc3\xa9: \xed\xa0\x80.\n", ENCODING, "it is not text"),   /* half of a surrogate pair */
    BAD ("\xff\xfe" "A\0:\0 \0H", ENCODING, "it is not text"),          /* half of a UTF-16 unit */
    BAD ("\xff\xfe" "A\0:\0 \0H\0\0\0B\0", ENCODING, "it is not text"), /* U+0000 */
  };
#undef BAD

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    assert_refused (table[i].data, table[i].length, table[i].code, table[i].reason);
}

/* Whatever a WebVTT file is cut at, there are whole turns or an error. */
static void
test_truncated_anywhere (void)
{
  const char *text = "WEBVTT\n\n1\n00:00:01.000 --> 00:00:04.500\n<v Zoë>Hi.</v>\n\n"
                     "2\n00:05.000 --> 00:06.000\n<v Ben>Ho.</v>\n";
  guint n_read = 0, n_refused = 0;

  for (gsize length = 0; length <= strlen (text); length++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (CrownTranscript) transcript = crown_transcript_read (text, length, NULL, &error);

      g_assert_true ((transcript == NULL) == (error != NULL));
      if (transcript == NULL)
        {
          g_assert_true (error->domain == CROWN_TRANSCRIPT_ERROR);
          n_refused++;
          continue;
        }
      n_read++;
      g_assert_cmpuint (transcript->segments->len, >=, 1);
      for (guint i = 0; i < transcript->segments->len; i++)
        {
          const CrownSegment *segment = transcript->segments->pdata[i];

          g_assert_cmpint (segment->start_ms, ==, i == 0 ? 1000 : 5000);
          g_assert_cmpint (segment->end_ms, ==, i == 0 ? 4500 : 6000);
          g_assert_true (g_utf8_validate (segment->speaker, -1, NULL) && g_utf8_validate (segment->text, -1, NULL));
        }
    }
  g_assert_cmpuint (n_read, >, 0);
  g_assert_cmpuint (n_refused, >, 0);
}

static void
test_huge_input_is_refused (void)
{
  g_autofree char *large = g_malloc (CROWN_IMPORT_MAX_BYTES + 1);
  g_autoptr (GString) turns = g_string_new (NULL);

  memset (large, 'a', CROWN_IMPORT_MAX_BYTES + 1);
  memcpy (large, "Ana: ", 5);
  assert_refused (large, CROWN_IMPORT_MAX_BYTES + 1, CROWN_TRANSCRIPT_ERROR_TOO_LARGE, "it is larger than 16 MB");

  for (guint i = 0; i <= 200000; i++)
    g_string_append (turns, "A: b\n");
  assert_refused (turns->str, turns->len, CROWN_TRANSCRIPT_ERROR_TOO_LARGE, "more than 200000 turns");
}

/* Much of what a reader has to look ahead for: this ends only if the readers are linear. */
static void
test_large_input_is_read (void)
{
  static const struct { const char *start; const char *repeated; } table[] = {
    { "Ana: ", "a" }, { "Ana: ", "a " }, { "Ana: x", ":" }, { "Ana: x", "(" },
    { "WEBVTT\n\n00:01.000 --> 00:02.000\nx", "<" }, { "WEBVTT\n\n00:01.000 --> 00:02.000\nx", "&" },
    { "WEBVTT\n\n00:01.000 --> 00:02.000\nx", "<v a>" },
    { "1\n00:00:01,000 --> 00:00:02,000\nx", "-->" },
  };
  g_autofree char *text = g_malloc (LARGE_BYTES);

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (CrownTranscript) transcript = NULL;
      g_autoptr (GError) error = NULL;
      gsize start = strlen (table[i].start), length = strlen (table[i].repeated);

      memcpy (text, table[i].start, start);
      for (gsize at = start; at < LARGE_BYTES; at++)
        text[at] = table[i].repeated[(at - start) % length];
      transcript = crown_transcript_read (text, LARGE_BYTES, NULL, &error);
      if (error != NULL) /* a name line of colons says nothing */
        g_assert_error (error, CROWN_TRANSCRIPT_ERROR, CROWN_TRANSCRIPT_ERROR_EMPTY);
      else
        g_assert_cmpuint (transcript->segments->len, >=, 1);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/analysis/readers/webvtt", test_webvtt);
  g_test_add_func ("/analysis/readers/webvtt-header", test_webvtt_header_block);
  g_test_add_func ("/analysis/readers/srt", test_srt);
  g_test_add_func ("/analysis/readers/sorted", test_cues_are_sorted);
  g_test_add_func ("/analysis/readers/speaker-lines", test_speaker_lines);
  g_test_add_func ("/analysis/readers/speaker-lines-with-times", test_speaker_lines_with_times);
  g_test_add_func ("/analysis/readers/name-and-time-lines", test_name_and_time_lines);
  g_test_add_func ("/analysis/readers/json", test_json);
  g_test_add_func ("/analysis/readers/json-with-some-times", test_json_with_some_times);
  g_test_add_func ("/analysis/readers/qmsum", test_qmsum_json);
  g_test_add_func ("/analysis/readers/title", test_title_of_last_resort);
  g_test_add_func ("/analysis/readers/encodings", test_encodings);
  g_test_add_func ("/analysis/readers/google-meet", test_google_meet);
  g_test_add_func ("/analysis/readers/otter", test_otter);
  g_test_add_func ("/analysis/readers/docx", test_docx);
  g_test_add_func ("/analysis/readers/damaged-docx", test_damaged_docx);
  g_test_add_func ("/analysis/readers/spellings", test_spellings_are_joined);
  g_test_add_func ("/analysis/readers/round-trip", test_json_round_trip);
  g_test_add_func ("/analysis/readers/sniffing", test_sniffing);
  g_test_add_func ("/analysis/readers/refused", test_bad_input_is_refused);
  g_test_add_func ("/analysis/readers/truncated", test_truncated_anywhere);
  g_test_add_func ("/analysis/readers/huge", test_huge_input_is_refused);
  g_test_add_func ("/analysis/readers/large", test_large_input_is_read);

  return g_test_run ();
}
