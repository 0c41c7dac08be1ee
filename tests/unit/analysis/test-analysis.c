/* test-analysis.c: who spoke for how long, how it sounded, what it was about
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "analysis/crown-analysis-private.h"
#include "core/crown-json.h"

#include <string.h>

static CrownTranscript *
read_text (const char *text)
{
  g_autoptr (GError) error = NULL;
  CrownTranscript *transcript = crown_transcript_read (text, strlen (text), NULL, &error);

  g_assert_no_error (error);
  return transcript;
}

static JsonObject *
analyze_text (const char *text)
{
  g_autoptr (CrownTranscript) transcript = read_text (text);

  return crown_analyze (transcript, "2026-10-05");
}

static void
assert_member (JsonObject *object,
               const char *member,
               const char *expected)
{
  JsonNode *node = json_object_get_member (object, member);
  g_autofree char *text = node != NULL ? crown_json_to_string (node) : NULL;

  g_assert_cmpstr (text, ==, expected);
}

static double
sentiment_of (const char *said)
{
  g_autofree char *text = g_strconcat ("Ana: ", said, NULL);
  g_autoptr (JsonObject) analysis = analyze_text (text);

  return crown_json_opt_double (crown_json_opt_object (analysis, "sentiment"), "overall", G_MAXDOUBLE);
}

/* 150 s; Ana speaks for 60 + 30 + 10 of them, Ben for 30 + 10, and somebody unnamed for 10. */
static const char meeting[] = "WEBVTT - Release\n\n"
                              "00:00.000 --> 01:00.000\n<v Ana>We decided to ship the release on Friday.\n\n"
                              "01:00.000 --> 01:30.000\n<v Ana>Is that clear?\n\n"
                              "01:30.000 --> 02:00.000\n<v Ben>This is a terrible problem.\n\n"
                              "02:00.000 --> 02:10.000\n<v Ana>Thanks, great work.\n\n"
                              "02:10.000 --> 02:20.000\nMusic.\n\n"
                              "02:20.000 --> 02:30.000\n<v Ben>No.\n";

static void
test_speaking_time (void)
{
  g_autoptr (JsonObject) analysis = analyze_text (meeting);

  assert_member (analysis, "title", "\"Release\"");
  assert_member (analysis, "duration", "150");
  assert_member (analysis, "estimated_times", "false");
  assert_member (analysis, "participants", "[\"Ana\",\"Ben\"]");
  assert_member (analysis, "speaking_time", "{\"Ana\":100,\"Ben\":40}");
  /* The entropy of 100/140 and 40/140 is 0.59827; over log 2 that is 0.86312. Ana's first two segments are one turn. */
  assert_member (analysis, "participation",
                 "{\"balance\":0.863,\"turns\":{\"Ana\":2,\"Ben\":2},\"words\":{\"Ana\":14,\"Ben\":6},"
                 "\"longest_turn\":{\"Ana\":90,\"Ben\":30},\"questions\":{\"Ana\":1,\"Ben\":0},"
                 "\"words_per_minute\":{\"Ana\":8,\"Ben\":9},\"interruptions\":{\"Ana\":0,\"Ben\":0},"
                 "\"overlap\":{\"Ana\":0,\"Ben\":0},\"silence\":0}");
}

static void
test_overlaps (void)
{
  /* Ben takes the floor 2 s before Ana has done; Carl says a word beside Ben; Ana takes over 0.1 s early, which is no
   * interruption; then nobody speaks for 5 s. */
  g_autoptr (JsonObject) analysis = analyze_text ("WEBVTT\n\n00:00.000 --> 00:10.000\n<v Ana>One two three.\n\n"
                                                  "00:08.000 --> 00:20.000\n<v Ben>Four.\n\n"
                                                  "00:12.000 --> 00:13.500\n<v Carl>Yes.\n\n"
                                                  "00:19.900 --> 00:25.000\n<v Ana>Five.\n\n"
                                                  "00:30.000 --> 00:31.000\n<v Ana>Six.\n");
  g_autoptr (JsonObject) starts_only = analyze_text ("Ana  0:00\nOne two.\nBen  0:10\nThree.\nAna  0:20\nFour.\n");
  g_autoptr (JsonObject) no_times = analyze_text ("Ana: One two.\nBen: Three.\n");
  JsonObject *participation = crown_json_opt_object (analysis, "participation");

  assert_member (participation, "interruptions", "{\"Ana\":0,\"Ben\":1,\"Carl\":0}");
  assert_member (participation, "overlap", "{\"Ana\":0.1,\"Ben\":2,\"Carl\":1.5}");
  assert_member (participation, "silence", "5");
  /* 5 words in 16.1 s, one in 12, one in 1.5 */
  assert_member (participation, "words_per_minute", "{\"Ana\":19,\"Ben\":5,\"Carl\":40}");

  participation = crown_json_opt_object (starts_only, "participation");
  assert_member (participation, "words_per_minute", "{\"Ana\":17,\"Ben\":6}");
  assert_member (participation, "interruptions", "null");
  assert_member (participation, "silence", "null");
  participation = crown_json_opt_object (no_times, "participation");
  assert_member (participation, "words_per_minute", "null");
  assert_member (participation, "overlap", "null");
}

/* Where there are no times, a word takes 400 ms. */
static void
test_estimated_times (void)
{
  g_autoptr (JsonObject) analysis = analyze_text ("Ana: One two three, four-and-a-half don't.\nBen: One two three.\n");

  assert_member (analysis, "title", "null");
  assert_member (analysis, "estimated_times", "true");
  assert_member (analysis, "duration", "3.2");
  assert_member (analysis, "speaking_time", "{\"Ana\":2,\"Ben\":1.2}");
}

static double
balance_of (const char *text)
{
  g_autoptr (JsonObject) analysis = analyze_text (text);

  return crown_json_opt_double (crown_json_opt_object (analysis, "participation"), "balance", -1);
}

static void
test_balance (void)
{
  g_assert_cmpfloat (balance_of ("Ana: One two.\nBen: Three four.\nCarl: Five six.\n"), ==, 1);
  g_assert_cmpfloat (balance_of ("Ana: One two.\n"), ==, 0);
  /* 3/4, 1/4: 0.56234 / 0.69315 */
  g_assert_cmpfloat (balance_of ("Ana: One two three.\nBen: Four.\n"), ==, 0.811);
  /* 1/2, 1/4, 1/4: 1.03972 / 1.09861 */
  g_assert_cmpfloat (balance_of ("Ana: One two.\nBen: Three.\nCarl: Four.\n"), ==, 0.946);
}

/* A transcript without any name has no participants, and still a length and a summary. */
static void
test_nobody_is_named (void)
{
  g_autoptr (JsonObject) analysis =
    analyze_text ("1\n00:00:01,000 --> 00:00:04,000\nWe ship the new release on Friday.\n");

  assert_member (analysis, "participants", "[]");
  assert_member (analysis, "speaking_time", "{}");
  assert_member (analysis, "duration", "3");
  assert_member (
    analysis, "summary",
    "[{\"text\":\"We ship the new release on Friday.\",\"line\":0,\"end_line\":0,\"kind\":\"statement\"}]");
  g_assert_cmpfloat (crown_json_opt_double (crown_json_opt_object (analysis, "participation"), "balance", -1), ==, 0);
}

/* A turn's score is sum / sqrt (sum² + 15): clear 1.0 → 0.25, terrible problem -4.2 → -0.73515, thanks great
 * 4.2 → 0.73515. Means are weighted by the turns' 8, 3, 5, 3, 1 and 1 words. */
static void
test_sentiment_by_hand (void)
{
  g_autoptr (JsonObject) analysis = analyze_text (meeting);
  JsonObject *sentiment = crown_json_opt_object (analysis, "sentiment");

  assert_member (sentiment, "overall", "-0.034");
  assert_member (sentiment, "by_speaker", "{\"Ana\":0.211,\"Ben\":-0.613}");
  assert_member (sentiment, "timeline",
                 "[{\"at\":0,\"score\":0},{\"at\":60,\"score\":0.25},{\"at\":90,\"score\":-0.735},"
                 "{\"at\":120,\"score\":0.735},{\"at\":127.5,\"score\":0},{\"at\":135,\"score\":0}]");
}

static void
test_sentiment_sign (void)
{
  static const struct { const char *said; int sign; } table[] = {
    { "This is great.", 1 },
    { "I agree, that was a wonderful win.", 1 },
    { "I am afraid this is wrong.", -1 },
    { "The build is broken again.", -1 },
    { "That is not great.", -1 },
    { "I didn't enjoy it.", -1 },
    { "There is no problem.", 1 },
    { "I don’t hate it.", 1 },
    { "We never had an issue.", 1 }, /* three words before */
    { "The table is brown.", 0 },
    { "Greatness and badges.", 0 }, /* words, not parts of words */
    { "GREAT!", 1 },
    { "It was great, but now it is broken.", -1 },
    { "It was broken, but now it is great.", 1 },
    { "It is too simple.", -1 },
    { "They complained about the delays.", -1 }, /* forms of complain and delay */
    { "We are behind schedule.", -1 },
    { "Well done.", 1 },
    { "Good morning.", 0 },
    { "1234 — …", 0 },
  };
  g_autofree char *many = g_strnfill (60000, ' ');

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      double score = sentiment_of (table[i].said);

      if ((score > 0) - (score < 0) != table[i].sign)
        g_error ("“%s” has %g", table[i].said, score);
    }

  g_assert_cmpfloat (sentiment_of ("really good"), >, sentiment_of ("good"));
  g_assert_cmpfloat (sentiment_of ("fairly good"), <, sentiment_of ("good"));
  g_assert_cmpfloat (sentiment_of ("not great"), >, sentiment_of ("terrible"));

  for (gsize i = 0; i + 12 <= 60000; i += 12)
    memcpy (many + i, "it is great ", 12);
  g_assert_cmpfloat (sentiment_of (many), ==, 1);
}

static void
test_sentiment_languages (void)
{
  static const struct { CrownLanguage language; const char *said; int sign; } table[] = {
    { CROWN_LANGUAGE_DE, "Das ist sehr gut.", 1 },
    { CROWN_LANGUAGE_DE, "Das ist nicht gut.", -1 },
    { CROWN_LANGUAGE_DE, "Wir haben kein Problem.", 1 },
    { CROWN_LANGUAGE_DE, "Guten Morgen.", 0 },
    { CROWN_LANGUAGE_FR, "C'est parfait.", 1 },
    { CROWN_LANGUAGE_FR, "Ce n'est pas acceptable.", -1 },
    { CROWN_LANGUAGE_FR, "Le serveur est en panne.", -1 },
    { CROWN_LANGUAGE_FR, "Je suis déçu.", -1 },
    { CROWN_LANGUAGE_ES, "Es un trabajo excelente.", 1 },
    { CROWN_LANGUAGE_ES, "Nadie está satisfecho.", -1 },
    { CROWN_LANGUAGE_ES, "Buenos días.", 0 },
    { CROWN_LANGUAGE_EN, "Das ist sehr gut.", 0 },
    { CROWN_LANGUAGE_OTHER, "This is great.", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      double score = crown_sentiment_score (table[i].language, table[i].said);

      if ((score > 0) - (score < 0) != table[i].sign)
        g_error ("“%s” has %g", table[i].said, score);
    }
}

/* Tables that are searched by halves have to be sorted: a word from each region of them. */
static void
test_stop_words (void)
{
  static const char *const stop[] = { "a", "about", "because", "don't", "i'll", "i'm", "it's",
                                      "its", "let's", "mm-hmm", "that's", "they're", "we'll", "well",
                                      "were", "you're", "you've", "your", "x", "" };
  static const char *const content[] = { "release", "budget", "zebra", "aardvark", "zoo", "éa" };

  for (guint i = 0; i < G_N_ELEMENTS (stop); i++)
    g_assert_true (crown_is_stop_word (CROWN_LANGUAGE_EN, stop[i]));
  for (guint i = 0; i < G_N_ELEMENTS (content); i++)
    g_assert_false (crown_is_stop_word (CROWN_LANGUAGE_EN, content[i]));
}

static void
test_words_and_sentences (void)
{
  g_auto (GStrv) words = crown_words_of ("“Don’t” re-run Zoë's 2nd—test - it's OK'");
  g_autofree char *joined = g_strjoinv ("|", words);
  g_autoptr (CrownTranscript) transcript = read_text ("Ana: So, um, we we ship version 2.5 on e.g. Friday. Right? Uh.\n"
                                                      "Ben: okay so the budget is fixed\n");
  g_autoptr (GPtrArray) sentences = crown_sentences_of (transcript);
  static const struct { const char *text; guint line; } expected[] = {
    { "We ship version 2.5 on e.g. Friday.", 0 }, { "Right?", 0 }, { "The budget is fixed", 1 },
  };

  g_assert_cmpstr (joined, ==, "don't|re-run|zoë's|2nd|test|it's|ok");
  for (guint i = 0; i < MIN (sentences->len, G_N_ELEMENTS (expected)); i++)
    {
      const CrownSentence *sentence = sentences->pdata[i];

      g_assert_cmpstr (sentence->text, ==, expected[i].text);
      g_assert_cmpuint (sentence->line, ==, expected[i].line);
      g_assert_cmpuint (sentence->n_words, ==, crown_count_words (sentence->text));
    }
  g_assert_cmpuint (sentences->len, ==, G_N_ELEMENTS (expected));
}

/* Sentences of substance between turns that say nothing. */
static char *
long_meeting (void)
{
  static const char *const who[] = { "release", "budget", "contract", "database", "interview", "customer", "roadmap" };
  static const char *const does[] = { "delays", "improves", "blocks", "explains", "replaces" };
  static const char *const what[] = { "hiring", "pricing", "testing", "training", "billing", "shipping", "planning" };
  static const char *const where[] = { "Lisbon", "Oslo", "Berlin", "Madrid", "Vienna", "Dublin", "Prague", "Warsaw" };
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < 60; i++)
    {
      g_string_append_printf (text, "Ana: The %s group %s all of the %s in %s.\n", who[i % G_N_ELEMENTS (who)],
                              does[i % G_N_ELEMENTS (does)], what[i % G_N_ELEMENTS (what)],
                              where[i % G_N_ELEMENTS (where)]);
      g_string_append (text, i % 2 ? "Ben: Yeah, okay.\n" : "Carl: Right. Mm-hmm.\n");
    }
  return g_string_free (text, FALSE);
}

static void
test_summary_points_at_its_lines (void)
{
  g_autofree char *text = long_meeting ();
  g_autoptr (CrownTranscript) transcript = read_text (text);
  g_autoptr (JsonObject) analysis = crown_analyze (transcript, NULL);
  JsonArray *summary = crown_json_opt_array (analysis, "summary");
  gint64 last = -1;
  guint n_words = 0, n_statements = 0;

  g_assert_cmpuint (json_array_get_length (summary), >=, 3);
  g_assert_cmpuint (json_array_get_length (summary), <=, 12);
  for (guint i = 0; i < json_array_get_length (summary); i++)
    {
      JsonObject *element = json_array_get_object_element (summary, i);
      gint64 line = json_object_get_int_member (element, "line");
      gint64 end_line = json_object_get_int_member (element, "end_line");
      const char *kind = json_object_get_string_member (element, "kind");
      const char *said = json_object_get_string_member (element, "text");
      const CrownSegment *segment;

      n_words += crown_count_words (said);
      g_assert_cmpint (end_line, <, transcript->segments->len);
      g_assert_cmpint (line, <=, end_line);
      g_assert_true (i > 0 || strcmp (kind, "overview") == 0);
      if (strcmp (kind, "statement") != 0)
        continue;
      n_statements++;
      g_assert_cmpint (line, >, last);
      segment = transcript->segments->pdata[line];
      g_assert_cmpstr (segment->speaker, ==, "Ana");
      g_assert_true (g_str_has_prefix (said, "Ana "));
      /* "Ana said that the release …" for "The release …" */
      said = strstr (said, " that ");
      g_assert_nonnull (said);
      g_assert_cmpstr (said + strlen (" that t"), ==, segment->text + 1);
      last = line;
    }
  g_assert_cmpuint (n_statements, >=, 3);
  g_assert_cmpuint (n_words, <=, 145);
}

/* Who says the same again is not quoted again. */
static void
test_summary_is_not_redundant (void)
{
  g_autoptr (JsonObject) analysis =
    analyze_text ("Ana: The release is delayed because the database migration failed.\n"
                  "Ben: The customers want the new budget report every month.\n"
                  "Carl: So the release is delayed because the database migration failed.\n"
                  "Ben: Customers want that budget report, new, every single month.\n");

  assert_member (analysis, "summary",
                 "[{\"text\":\"Ana said that the release is delayed because the database migration failed.\","
                 "\"line\":0,\"end_line\":0,\"kind\":\"statement\"},"
                 "{\"text\":\"Ben explained that customers want that budget report, new, every single month.\","
                 "\"line\":3,\"end_line\":3,\"kind\":\"statement\"}]");
}

/* Who is interrupted goes on; what is thought aloud is cleaned away; "I" becomes who said it. */
static void
test_summary_reports (void)
{
  static const struct { const char *said; const char *reported;
  } table[] = {
    { "I think that the budget of the project is too small for that.",
      "Ana said that the budget of the project is too small for that." },
    { "I'll send my budget report to the customers tomorrow.",
      "Ana will send their budget report to the customers tomorrow." },
    { "We decided to ship our new release without the payment.",
      "The group decided to ship their new release without the payment." },
    { "So, you know, it it's the, uh, the budget that our customers, I guess, worry about.",
      "Ana said that it is the budget that their customers worry about." },
    { "Th the pro product needs needs a a new database before the summer.",
      "Ana said that the product needs a new database before the summer." },
    { "The budget was fine for the product when I was in the office of the customers.",
      "Ana said that the budget was fine for the product when they were in the office of the customers." },
    { "The product should have a new database before the summer.",
      "Ana suggested that the product should have a new database before the summer." },
    { "The L_C_D_ screen of the product , is expensive for our customers .",
      "Ana said that the LCD screen of the product, is expensive for their customers." },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autofree char *text = g_strdup_printf ("Ana: %s\nBen: Yes.\n", table[i].said);
      g_autoptr (JsonObject) analysis = analyze_text (text);
      JsonArray *summary = crown_json_opt_array (analysis, "summary");

      g_test_message ("%s", table[i].said);
      g_assert_cmpuint (json_array_get_length (summary), ==, 1);
      g_assert_cmpstr (json_object_get_string_member (json_array_get_object_element (summary, 0), "text"), ==,
                       table[i].reported);
    }
}

static void
test_sentence_goes_on (void)
{
  g_autoptr (CrownTranscript) transcript =
    read_text ("Ana: The batteries of the remote control\nBen: Mm-hmm.\nCarl: Okay.\n"
               "Ana: are too heavy. We change them.\nBen: which we\nAna: Are you sure?\n"
               "Ben: Now.\n");
  static const struct { const char *text; guint line, end_line; } expected[] = {
    { "The batteries of the remote control are too heavy.", 0, 3 }, { "Okay.", 2, 2 }, { "We change them.", 3, 3 },
    { "Which we", 4, 4 }, { "Are you sure?", 5, 5 }, { "Now.", 6, 6 },
  };
  g_autoptr (GPtrArray) sentences = crown_sentences_of (transcript);

  for (guint i = 0; i < MIN (sentences->len, G_N_ELEMENTS (expected)); i++)
    {
      const CrownSentence *sentence = sentences->pdata[i];

      g_assert_cmpstr (sentence->text, ==, expected[i].text);
      g_assert_cmpuint (sentence->line, ==, expected[i].line);
      g_assert_cmpuint (sentence->end_line, ==, expected[i].end_line);
    }
  g_assert_cmpuint (sentences->len, ==, G_N_ELEMENTS (expected));
}

static void
test_language (void)
{
  static const struct { const char *text; CrownLanguage language;
  } table[] = {
    { "We have to ship the release and it is late for this.", CROWN_LANGUAGE_EN },
    { "Wir müssen das noch machen und ich habe die Zahlen nicht, aber es ist wichtig.", CROWN_LANGUAGE_DE },
    { "Nous avons la version et je dois faire les essais, mais on est en retard.", CROWN_LANGUAGE_FR },
    { "Tenemos la versión y hay que hacer las pruebas, pero no está el equipo en la oficina.", CROWN_LANGUAGE_ES },
    { "Yes.", CROWN_LANGUAGE_EN },
    { "Musimy wysłać raport do klienta, bo termin jest jutro rano. Potem zrobimy testy nowej wersji systemu i "
      "przygotujemy "
      "prezentację dla zarządu w piątek po południu, zanim wszyscy wyjadą.",
      CROWN_LANGUAGE_OTHER },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autofree char *text = g_strdup_printf ("Ana: %s\n", table[i].text);
      g_autoptr (CrownTranscript) transcript = read_text (text);

      g_assert_cmpint (crown_language_of (transcript), ==, table[i].language);
    }
}

/* Two halves about two things: the second chapter begins where the second thing is named, and each is called after its
 * own. */
static void
test_topics (void)
{
  static const char *const first[] = { "The kitchen needs a new oven and the oven is expensive.",
                                       "Our cook wants the oven near the window of the kitchen.",
                                       "A smaller oven would leave the kitchen some space for the table." };
  static const char *const second[] = { "The garden has a broken fence and the fence lets the dogs in.",
                                        "Our gardener says that the fence of the garden is rotten.",
                                        "A wooden fence would suit the garden and the roses best." };
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (JsonObject) analysis = NULL;
  JsonArray *topics;
  JsonObject *last;
  const char *title;

  for (guint i = 0; i < 120; i++)
    g_string_append_printf (text, "Ana: %s\n", i < 60 ? first[i % 3] : second[i % 3]);
  analysis = analyze_text (text->str);
  topics = crown_json_opt_array (analysis, "topics");
  g_assert_cmpuint (json_array_get_length (topics), >=, 2);
  for (guint i = 0; i < json_array_get_length (topics); i++)
    {
      JsonObject *topic = json_array_get_object_element (topics, i);
      gint64 line = crown_json_opt_int (topic, "line", -1), end_line = crown_json_opt_int (topic, "end_line", -1);

      title = crown_json_opt_string (topic, "title", NULL);
      g_assert_cmpstr (title, !=, NULL);
      g_test_message ("%d–%d: %s", (int) line, (int) end_line, title);
      /* Without a gap, and none in the middle of both subjects but for a turn or two. */
      g_assert_cmpint (
        line, ==, i == 0 ? 0 : crown_json_opt_int (json_array_get_object_element (topics, i - 1), "end_line", -1) + 1);
      g_assert_true (line >= 57 || end_line <= 63);
      g_assert_true (strstr (title, line < 57 ? "itchen" : "arden") != NULL ||
                     strstr (title, line < 57 ? "ven" : "ence") != NULL);
    }
  last = json_array_get_object_element (topics, json_array_get_length (topics) - 1);
  g_assert_cmpint (crown_json_opt_int (last, "end_line", -1), ==, 119);
}

static void
test_same_in_same_out (void)
{
  g_autofree char *text = long_meeting ();
  g_autoptr (CrownTranscript) first = read_text (text);
  g_autoptr (CrownTranscript) second = read_text (text);
  g_autoptr (JsonObject) before = crown_transcript_to_json (first);
  g_autofree char *before_text = crown_json_object_to_string (before);
  g_autofree char *expected = NULL;
  g_autoptr (JsonObject) after = NULL;
  g_autofree char *after_text = NULL;

  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (JsonObject) analysis = crown_analyze (i % 2 ? first : second, "2026-10-05");
      g_autofree char *result = crown_json_object_to_string (analysis);

      if (expected == NULL)
        expected = g_steal_pointer (&result);
      else
        g_assert_cmpstr (result, ==, expected);
    }
  after = crown_transcript_to_json (first);
  after_text = crown_json_object_to_string (after);
  g_assert_cmpstr (after_text, ==, before_text);
}

/* As many turns as may be, each of somebody else: this ends only if a name is not compared with every other. */
static void
test_many_speakers (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (JsonObject) analysis = NULL;

  for (guint i = 0; i < 50000; i++)
    g_string_append_printf (text, "Speaker%u: I will review the budget report number %u tomorrow.\n", i, i);
  analysis = analyze_text (text->str);
  g_assert_cmpuint (json_array_get_length (crown_json_opt_array (analysis, "participants")), ==, 50000);
  g_assert_cmpuint (json_array_get_length (crown_json_opt_array (analysis, "action_items")), >, 0);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/analysis/speaking-time", test_speaking_time);
  g_test_add_func ("/analysis/estimated-times", test_estimated_times);
  g_test_add_func ("/analysis/overlaps", test_overlaps);
  g_test_add_func ("/analysis/balance", test_balance);
  g_test_add_func ("/analysis/nobody-is-named", test_nobody_is_named);
  g_test_add_func ("/analysis/sentiment/by-hand", test_sentiment_by_hand);
  g_test_add_func ("/analysis/sentiment/sign", test_sentiment_sign);
  g_test_add_func ("/analysis/sentiment/languages", test_sentiment_languages);
  g_test_add_func ("/analysis/text/stop-words", test_stop_words);
  g_test_add_func ("/analysis/text/words-and-sentences", test_words_and_sentences);
  g_test_add_func ("/analysis/summary/lines", test_summary_points_at_its_lines);
  g_test_add_func ("/analysis/summary/not-redundant", test_summary_is_not_redundant);
  g_test_add_func ("/analysis/summary/reports", test_summary_reports);
  g_test_add_func ("/analysis/sentence-goes-on", test_sentence_goes_on);
  g_test_add_func ("/analysis/language", test_language);
  g_test_add_func ("/analysis/topics", test_topics);
  g_test_add_func ("/analysis/same-in-same-out", test_same_in_same_out);
  g_test_add_func ("/analysis/many-speakers", test_many_speakers);

  return g_test_run ();
}
