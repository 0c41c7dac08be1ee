/* test-action-items.c: what is a task, whose, and until when
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "analysis/crown-analysis-private.h"
#include "core/crown-json.h"

#include <string.h>

#define MEETING_DATE "2026-10-05" /* a Monday */

static JsonArray *
items_of (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownTranscript) transcript = crown_transcript_read (text, strlen (text), NULL, &error);
  g_autoptr (JsonObject) analysis = NULL;

  g_assert_no_error (error);
  analysis = crown_analyze (transcript, MEETING_DATE);
  return json_array_ref (crown_json_opt_array (analysis, "action_items"));
}

static void
test_sentences (void)
{
  static const struct {
    const char *said; /* by Ana; Ben answers, Carl is there */
    const char *text; /* NULL: no item */
    const char *assignee;
    const char *due;
  } table[] = {
    /* taken upon oneself */
    { "I'll send the budget report by Friday.", "Send the budget report by Friday", "Ana", "2026-10-09" },
    { "I’ll send the budget report.", "Send the budget report", "Ana", NULL },
    { "So, um, I will also write the release notes tomorrow.", "Write the release notes tomorrow", "Ana",
      "2026-10-06" },
    { "I'm going to call the supplier next week.", "Call the supplier next week", "Ana", "2026-10-16" },
    { "I'm gonna fix the login page.", "Fix the login page", "Ana", NULL },
    { "I need to finish the contract draft, because the customer waits.", "Finish the contract draft", "Ana", NULL },
    { "I will send the slides by Friday.", "Send the slides by Friday", "Ana", "2026-10-09" },

    /* asked of somebody */
    { "Can you review the contract draft tomorrow?", "Review the contract draft tomorrow", "Ben", "2026-10-06" },
    { "Carl, could you please book the meeting room?", "Book the meeting room", "Carl", NULL },
    { "Please update the project roadmap by 2026-10-20.", "Update the project roadmap by 2026-10-20", "Ben",
      "2026-10-20" },
    { "Ben will prepare the customer interview.", "Prepare the customer interview", "Ben", NULL },
    { "Carl needs to order two new laptops by March 3rd.", "Order two new laptops by March 3rd", "Carl", "2027-03-03" },

    /* nobody in particular */
    { "We need to update the onboarding guide.", "Update the onboarding guide", NULL, NULL },
    { "Someone needs to clean the test database.", "Clean the test database", NULL, NULL },
    { "We'll deploy the new server on Thursday.", "Deploy the new server on Thursday", NULL, "2026-10-08" },
    { "We'll deploy the new server.", NULL, NULL, NULL }, /* too vague without a day */

    { "I'm happy to chase the translator next week.", "Chase the translator next week", "Ana", "2026-10-16" },
    { "Ben, would you mind getting a quote for the roof?", "Get a quote for the roof", "Ben", NULL },
    { "Ben, get three offers for the roof.", "Get three offers for the roof", "Ben", NULL },
    { "I will ask Carl to write the minutes.", "Write the minutes", "Carl", NULL },
    { "The contract has to be translated before Friday.", "The contract has to be translated before Friday", NULL,
      "2026-10-09" },
    { "I need the final figures for the budget from you.", "I need the final figures for the budget from you", "Ben",
      NULL },

    /* said to be one */
    { "Action item: Ben to call the supplier on October 15th.", "Call the supplier on October 15th", "Ben",
      "2026-10-15" },
    { "Todo: rotate the signing keys.", "Rotate the signing keys", NULL, NULL },

    /* none */
    { "The budget report is done.", NULL, NULL, NULL },
    { "I sent the budget report yesterday.", NULL, NULL, NULL },
    { "I will not send the budget report.", NULL, NULL, NULL },
    { "I won't send the budget report.", NULL, NULL, NULL },
    { "I'll never write the budget report.", NULL, NULL, NULL },
    { "If they agree, I'll send the budget report.", NULL, NULL, NULL },
    { "Maybe I'll send the budget report.", NULL, NULL, NULL },
    { "Dora said I will send the budget report.", NULL, NULL, NULL },
    { "I will send the budget report?", NULL, NULL, NULL },
    { "I'll be honest about the budget report.", NULL, NULL, NULL },
    { "I'll check that.", NULL, NULL, NULL },
    { "I'll share my screen with the budget report.", NULL, NULL, NULL },
    { "Let me show you the budget report now.", NULL, NULL, NULL },
    { "You should read that.", NULL, NULL, NULL },
    { "Could you tell us about the budget report?", NULL, NULL, NULL },
    { "I'll come back to the budget report.", NULL, NULL, NULL },
    { "I'll move on to the budget report.", NULL, NULL, NULL },
    { "I'll send the budget report if Ben agrees.", NULL, NULL, NULL },
    { "In case they ask, I'll send the budget report.", NULL, NULL, NULL },
    { "I would send the budget report.", NULL, NULL, NULL },
    { "Ben told me that I will send the budget report.", NULL, NULL, NULL },
    { "When I was at school, I would write a report a week.", NULL, NULL, NULL },
    { "Dora will send the budget report.", NULL, NULL, NULL }, /* not a participant */
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autofree char *text = g_strdup_printf ("Carl: Hello.\nAna: %s\nBen: Yes.\n", table[i].said);
      g_autoptr (JsonArray) items = items_of (text);
      guint n_items = json_array_get_length (items);
      JsonObject *item;

      if (n_items != (table[i].text != NULL))
        g_error ("“%s” has %u items", table[i].said, n_items);
      if (n_items == 0)
        continue;
      item = json_array_get_object_element (items, 0);
      g_test_message ("%s", table[i].said);
      g_assert_cmpstr (crown_json_opt_string (item, "text", NULL), ==, table[i].text);
      g_assert_cmpstr (crown_json_opt_string (item, "assignee", NULL), ==, table[i].assignee);
      g_assert_cmpstr (crown_json_opt_string (item, "due", NULL), ==, table[i].due);
      g_assert_cmpstr (crown_json_opt_string (item, "speaker", NULL), ==, "Ana");
      g_assert_cmpint (crown_json_opt_int (item, "line", -1), ==, 1);
      g_assert_cmpfloat (crown_json_opt_double (item, "confidence", 0), >=, 0.5);
      g_assert_cmpint (crown_json_opt_int (item, "end_line", -1), >=, 1);
      g_assert_cmpstr (crown_json_opt_string (item, "kind", NULL), ==, "task");
      g_assert_cmpfloat (crown_json_opt_double (item, "confidence", 1), <=, 0.95);
    }
}

static void
test_due_dates (void)
{
  static const struct { const char *text; const char *date; const char *due; } table[] = {
    { "by tomorrow", MEETING_DATE, "2026-10-06" },
    { "TOMORROW morning", "2026-12-31", "2027-01-01" },
    { "the day after tomorrow", MEETING_DATE, "2026-10-07" },
    { "today", MEETING_DATE, "2026-10-05" },
    { "tonight", MEETING_DATE, "2026-10-05" },

    { "by Friday", MEETING_DATE, "2026-10-09" },
    { "by Friday", "2026-10-09", "2026-10-16" },  /* a Friday: not what is over this evening */
    { "by Friday", "2026-10-10", "2026-10-16" },
    { "on Monday", MEETING_DATE, "2026-10-12" },
    { "on Sunday", MEETING_DATE, "2026-10-11" },
    { "next Friday", MEETING_DATE, "2026-10-16" },
    { "next Monday", "2026-10-07", "2026-10-12" },
    { "since last Friday", MEETING_DATE, NULL },
    { "as we said last Friday, by Wednesday", MEETING_DATE, "2026-10-07" },

    { "next week", MEETING_DATE, "2026-10-16" },
    { "next week", "2026-10-11", "2026-10-16" },
    { "by the end of the week", MEETING_DATE, "2026-10-09" },
    { "by the end of the week", "2026-10-10", "2026-10-16" },
    { "by the end of next week", MEETING_DATE, "2026-10-16" },
    { "at the end of the day", MEETING_DATE, "2026-10-05" },
    { "by end of this month", MEETING_DATE, "2026-10-31" },
    { "by end of month", "2028-02-10", "2028-02-29" },
    { "in 3 days", MEETING_DATE, "2026-10-08" },
    { "in two weeks", MEETING_DATE, "2026-10-19" },
    { "in a week", MEETING_DATE, "2026-10-12" },
    { "in 99999999999999999999 days", MEETING_DATE, NULL },

    { "on October 15th", MEETING_DATE, "2026-10-15" },
    { "by the 15th of October", MEETING_DATE, "2026-10-15" },
    { "15 october", MEETING_DATE, "2026-10-15" },
    { "October 5", MEETING_DATE, "2026-10-05" },
    { "by October 4", MEETING_DATE, "2027-10-04" }, /* gone by this year */
    { "March 3rd", MEETING_DATE, "2027-03-03" },
    { "February 29", "2028-01-10", "2028-02-29" },
    { "February 30", MEETING_DATE, NULL },
    { "some time in May", MEETING_DATE, NULL },
    { "it may take 3 people", MEETING_DATE, NULL },

    { "by 2026-10-20", MEETING_DATE, "2026-10-20" },
    { "by 2026-10-20, not Friday", MEETING_DATE, "2026-10-20" },
    { "by 2026-13-40", MEETING_DATE, NULL },
    { "since 2020-01-01", MEETING_DATE, NULL }, /* nothing is due before it is promised */
    { "ticket 2026-10-20-7", MEETING_DATE, NULL },

    { "this week", MEETING_DATE, "2026-10-09" },
    { "over the weekend", MEETING_DATE, "2026-10-10" },
    { "this afternoon", MEETING_DATE, "2026-10-05" },
    { "on the fifteenth of October", MEETING_DATE, "2026-10-15" },
    { "bis übermorgen", MEETING_DATE, "2026-10-07" },
    { "guten Morgen", MEETING_DATE, NULL },
    { "morgen früh", MEETING_DATE, "2026-10-06" },
    { "bis Ende des Monats", MEETING_DATE, "2026-10-31" },
    { "in zwei Wochen", MEETING_DATE, "2026-10-19" },
    { "am 15. Oktober", MEETING_DATE, "2026-10-15" },
    { "nächste Woche", MEETING_DATE, "2026-10-16" },
    { "letzten Freitag", MEETING_DATE, NULL },
    { "avant vendredi", MEETING_DATE, "2026-10-09" },
    { "vendredi dernier", MEETING_DATE, NULL },
    { "d'ici la fin du mois", MEETING_DATE, "2026-10-31" },
    { "dans trois jours", MEETING_DATE, "2026-10-08" },
    { "le 15 octobre", MEETING_DATE, "2026-10-15" },
    { "cette semaine", MEETING_DATE, "2026-10-09" },
    { "pasado mañana", MEETING_DATE, "2026-10-07" },
    { "mañana por la mañana", MEETING_DATE, "2026-10-06" },
    { "por la mañana", MEETING_DATE, NULL },
    { "el 15 de octubre", MEETING_DATE, "2026-10-15" },
    { "a fin de mes", MEETING_DATE, "2026-10-31" },
    { "la próxima semana", MEETING_DATE, "2026-10-16" },

    { "as soon as possible", MEETING_DATE, NULL },
    { "", MEETING_DATE, NULL },
    { "by Friday", "2026-10-05T23:30:00+02:00", "2026-10-09" },
    { "by Friday", "", NULL },
    { "by Friday", "yesterday", NULL },
    { "by Friday", "2026-02-30", NULL },
    { "by Friday", NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autofree char *due = crown_due_date_of (table[i].text, table[i].date);

      if (g_strcmp0 (due, table[i].due) != 0)
        g_error ("“%s” on %s is due %s, not %s", table[i].text, table[i].date, due, table[i].due);
    }
}

/* A request and the promise that answers it are one task, surer than either, with what both know. */
static void
test_request_and_promise_are_one (void)
{
  static const struct { const char *asked; const char *answered; const char *assignee; const char *due;
  } table[] = {
    { "Ben, can you send the budget report?", "Yes, I'll send the budget report by Friday.", "Ben", "2026-10-09" },
    { "Ben, can you send the budget report?", "Sure, I'll do it tomorrow.", "Ben", "2026-10-06" },
    { "Ben, can you send the budget report?", "Okay, you'll have it on Friday.", "Ben", "2026-10-09" },
    { "Somebody needs to send the budget report.", "I can do that by Friday.", "Ben", "2026-10-09" },
    { "Ben, can you send the budget report by Friday?", "Of course.", "Ben", "2026-10-09" },
    { "Kannst du bitte noch heute den Bericht schicken? Das ist für uns alle sehr wichtig, und wir haben nicht mehr "
      "viel Zeit.",
      "Ja, das mache ich morgen.", "Ben", "2026-10-06" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autofree char *text = g_strdup_printf ("Ana: %s\nBen: %s\n", table[i].asked, table[i].answered);
      g_autoptr (JsonArray) items = items_of (text);
      JsonObject *item;

      g_test_message ("%s – %s", table[i].asked, table[i].answered);
      g_assert_cmpuint (json_array_get_length (items), ==, 1);
      item = json_array_get_object_element (items, 0);
      g_assert_cmpstr (crown_json_opt_string (item, "assignee", NULL), ==, table[i].assignee);
      g_assert_cmpstr (crown_json_opt_string (item, "due", NULL), ==, table[i].due);
      g_assert_cmpint (crown_json_opt_int (item, "line", -1), ==, 0);
      g_assert_cmpstr (crown_json_opt_string (item, "speaker", NULL), ==, "Ana");
      g_assert_cmpfloat (crown_json_opt_double (item, "confidence", -1), >=, 0.75);
    }
}

/* "Can you take care of it?" is about what was said before. */
static void
test_pronouns (void)
{
  g_autoptr (JsonArray) items =
    items_of ("Ana: The supplier wants a new contract. Ben, can you take care of that?\nBen: Sure.\n");
  g_autoptr (JsonArray) none = items_of ("Ana: Hello.\nBen: I'll do that.\n");
  JsonObject *item;

  g_assert_cmpuint (json_array_get_length (items), ==, 1);
  item = json_array_get_object_element (items, 0);
  g_assert_cmpstr (crown_json_opt_string (item, "text", NULL), ==, "The supplier wants a new contract");
  g_assert_cmpstr (crown_json_opt_string (item, "assignee", NULL), ==, "Ben");
  g_assert_cmpuint (json_array_get_length (none), ==, 0);
}

/* Two promises in a breath are two tasks, each with its own words. */
static void
test_two_in_a_sentence (void)
{
  g_autoptr (JsonArray) items =
    items_of ("Ana: I'll send the budget report and I'll call the supplier tomorrow.\nBen: Fine.\n");

  g_assert_cmpuint (json_array_get_length (items), ==, 2);
  g_assert_cmpstr (crown_json_opt_string (json_array_get_object_element (items, 0), "text", NULL), ==,
                   "Send the budget report");
  g_assert_cmpstr (crown_json_opt_string (json_array_get_object_element (items, 1), "text", NULL), ==,
                   "Call the supplier tomorrow");
}

/* Decisions, events and notes are told apart from tasks. */
static void
test_kinds (void)
{
  static const struct { const char *said; const char *member; const char *due; } table[] = {
    { "We decided to keep the old supplier.", "decisions", NULL },
    { "So we've agreed that the office stays open.", "decisions", NULL },
    { "The motion to buy new chairs is approved.", "decisions", NULL },
    { "The next meeting is on Thursday at ten.", "events", "2026-10-08" },
    { "Shall we meet again on Friday?", "events", "2026-10-09" },
    { "Please note that the office will be closed on Friday.", "notes", "2026-10-09" },
    { "I'll send the budget report.", "action_items", NULL },
    { "Have we decided to keep the old supplier?", NULL, NULL },
    { "If we decided to keep the supplier, we would save money.", NULL, NULL },
  };
  static const char *const members[] = { "action_items", "decisions", "events", "notes" };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autofree char *text = g_strdup_printf ("Ana: %s\nBen: Yes.\n", table[i].said);
      g_autoptr (GError) error = NULL;
      g_autoptr (CrownTranscript) transcript = crown_transcript_read (text, strlen (text), NULL, &error);
      g_autoptr (JsonObject) analysis = crown_analyze (transcript, MEETING_DATE);

      g_test_message ("%s", table[i].said);
      for (guint j = 0; j < G_N_ELEMENTS (members); j++)
        {
          JsonArray *found = crown_json_opt_array (analysis, members[j]);

          g_assert_cmpuint (json_array_get_length (found), ==, g_strcmp0 (table[i].member, members[j]) == 0);
          if (json_array_get_length (found) > 0)
            g_assert_cmpstr (crown_json_opt_string (json_array_get_object_element (found, 0), "due", NULL), ==,
                             table[i].due);
        }
    }
}

/* In each language what is promised and asked, and what looks like it. The sentence before tells the language. */
static void
test_languages (void)
{
  static const char *const before[] = {
    "Wir haben das noch nicht besprochen und es ist auch für die anderen wichtig, wenn wir das mit dem neuen Büro "
    "machen.",
    "Nous avons la réunion avec le bureau et je pense que ce n'est pas un problème pour les autres.",
    "Tenemos la reunión con el equipo y no es un problema para los que están en la oficina.",
  };
  static const struct
  {
    guint language;
    const char *said;
    const char *assignee;
    const char *due;
    gboolean none;
  } table[] = {
    { 0, "Ich schicke den Bericht bis Freitag.", "Ana", "2026-10-09" },
    { 0, "Dann bereite ich die Unterlagen vor.", "Ana", NULL },
    { 0, "Ich werde übermorgen den Kunden anrufen.", "Ana", "2026-10-07" },
    { 0, "Ben, kannst du bitte das Handbuch aktualisieren?", "Ben", NULL },
    { 0, "Jemand muss noch den Raum buchen.", NULL, NULL },
    { 0, "Ich schicke den Bericht nicht.", NULL, NULL, TRUE },
    { 0, "Wenn er fragt, schicke ich den Bericht.", NULL, NULL, TRUE },
    { 0, "Ich habe den Bericht gestern geschickt.", NULL, NULL, TRUE },
    { 0, "Schicke ich den Bericht am Freitag?", NULL, NULL, TRUE },
    { 1, "Je vais envoyer le rapport vendredi.", "Ana", "2026-10-09" },
    { 1, "Je vous enverrai le rapport la semaine prochaine.", "Ana", "2026-10-16" },
    { 1, "Ben, peux-tu préparer la présentation ?", "Ben", NULL },
    { 1, "Il faut réserver une salle.", NULL, NULL },
    { 1, "Je ne vais pas envoyer le rapport.", NULL, NULL, TRUE },
    { 1, "Si Ben refuse, je ferai une autre offre.", NULL, NULL, TRUE },
    { 1, "J'ai envoyé le rapport hier.", NULL, NULL, TRUE },
    { 2, "Voy a enviar el informe el viernes.", "Ana", "2026-10-09" },
    { 2, "Llamaré al cliente mañana.", "Ana", "2026-10-06" },
    { 2, "Ben, ¿puedes preparar la presentación?", "Ben", NULL },
    { 2, "Hay que reservar una sala.", NULL, NULL },
    { 2, "No voy a enviar el informe.", NULL, NULL, TRUE },
    { 2, "Si el cliente quiere, llamaré a Carl.", NULL, NULL, TRUE },
    { 2, "Ayer hablé con el cliente.", NULL, NULL, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autofree char *text =
        g_strdup_printf ("Carl: %s\nAna: %s\nBen: Hm.\n", before[table[i].language], table[i].said);
      g_autoptr (JsonArray) items = items_of (text);
      JsonObject *item;

      g_test_message ("%s", table[i].said);
      if (json_array_get_length (items) != !table[i].none)
        g_error ("“%s” has %u items", table[i].said, json_array_get_length (items));
      if (table[i].none)
        continue;
      item = json_array_get_object_element (items, 0);
      g_assert_cmpstr (crown_json_opt_string (item, "assignee", NULL), ==, table[i].assignee);
      g_assert_cmpstr (crown_json_opt_string (item, "due", NULL), ==, table[i].due);
    }
}

/* The same work of two people is two tasks. */
static void
test_two_people_are_two_tasks (void)
{
  g_autoptr (JsonArray) items =
    items_of ("Ana: I'll review the contract draft.\nBen: I'll review the contract draft.\n");

  g_assert_cmpuint (json_array_get_length (items), ==, 2);
}

/* People are called by their first names. */
static void
test_first_names (void)
{
  g_autoptr (JsonArray) items =
    items_of ("Ana Silva: Ben, please call the supplier office.\nZoë Wu: Zoë will write the release notes.\n"
              "Ben Okafor: Sure.\n");

  g_assert_cmpuint (json_array_get_length (items), ==, 2);
  g_assert_cmpstr (crown_json_opt_string (json_array_get_object_element (items, 0), "assignee", NULL), ==,
                   "Ben Okafor");
  g_assert_cmpstr (crown_json_opt_string (json_array_get_object_element (items, 1), "assignee", NULL), ==, "Zoë Wu");
}

static void
test_priority (void)
{
  static const struct { const char *said; const char *priority; } table[] = {
    { "I'll fix the login page, it is urgent.", "high" },
    { "I'll fix the login page today.", "high" },
    { "I'll fix the login page eventually.", "low" },
    { "I'll fix the login page.", "medium" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autofree char *text = g_strconcat ("Ana: ", table[i].said, NULL);
      g_autoptr (JsonArray) items = items_of (text);
      JsonObject *item;

      g_assert_cmpuint (json_array_get_length (items), ==, 1);
      item = json_array_get_object_element (items, 0);
      g_assert_cmpstr (crown_json_opt_string (item, "priority", NULL), ==, table[i].priority);
    }
}

/* A long task is cut between words, and stays UTF-8. */
static void
test_long_task_is_cut (void)
{
  g_autoptr (GString) text = g_string_new ("Ana: I'll send the report to Ben");
  g_autoptr (JsonArray) items = NULL;
  const char *task;
  gsize length;

  for (guint i = 0; i < 40; i++)
    g_string_append_printf (text, " and to Zoë%u", i);
  items = items_of (text->str);
  g_assert_cmpuint (json_array_get_length (items), ==, 1);
  task = crown_json_opt_string (json_array_get_object_element (items, 0), "text", "");
  g_assert_true (g_str_has_prefix (task, "Send the report to Ben and to Zoë0 and to Zoë1"));
  g_assert_true (g_str_has_suffix (task, "…"));
  length = strlen (task) - strlen ("…");
  g_assert_cmpmem (task + 1, length - 1, strstr (text->str, "end the report"), length - 1);
  g_assert_cmpint (strstr (text->str, "end the report")[length - 1], ==, ' ');
  g_assert_true (g_utf8_validate (task, -1, NULL));
  g_assert_cmpuint (strlen (task), <=, 120 + strlen ("…"));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/analysis/action-items/sentences", test_sentences);
  g_test_add_func ("/analysis/action-items/due-dates", test_due_dates);
  g_test_add_func ("/analysis/action-items/request-and-promise", test_request_and_promise_are_one);
  g_test_add_func ("/analysis/action-items/pronouns", test_pronouns);
  g_test_add_func ("/analysis/action-items/two-in-a-sentence", test_two_in_a_sentence);
  g_test_add_func ("/analysis/action-items/kinds", test_kinds);
  g_test_add_func ("/analysis/action-items/languages", test_languages);
  g_test_add_func ("/analysis/action-items/two-people", test_two_people_are_two_tasks);
  g_test_add_func ("/analysis/action-items/first-names", test_first_names);
  g_test_add_func ("/analysis/action-items/priority", test_priority);
  g_test_add_func ("/analysis/action-items/long", test_long_task_is_cut);

  return g_test_run ();
}
