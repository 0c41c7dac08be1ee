/* test-rouge.c: the scorer on cases that were counted by hand
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "crown-rouge.h"

#include "analysis/crown-analysis-private.h"

static void
test_stems (void)
{
  /* The examples of Porter's paper, rule by rule. */
  static const struct { const char *word; const char *stem;
  } table[] = {
    { "caresses", "caress" },
    { "ponies", "poni" },
    { "ties", "ti" },
    { "caress", "caress" },
    { "cats", "cat" },
    { "feed", "feed" },
    { "agreed", "agre" },
    { "plastered", "plaster" },
    { "bled", "bled" },
    { "motoring", "motor" },
    { "sing", "sing" },
    { "conflated", "conflat" },
    { "troubled", "troubl" },
    { "sized", "size" },
    { "hopping", "hop" },
    { "tanned", "tan" },
    { "falling", "fall" },
    { "hissing", "hiss" },
    { "fizzed", "fizz" },
    { "failing", "fail" },
    { "filing", "file" },
    { "happy", "happi" },
    { "sky", "sky" },
    { "relational", "relat" },
    { "conditional", "condit" },
    { "rational", "ration" },
    { "valenci", "valenc" },
    { "digitizer", "digit" },
    { "conformabli", "conform" },
    { "radicalli", "radic" },
    { "differentli", "differ" },
    { "vileli", "vile" },
    { "analogousli", "analog" },
    { "vietnamization", "vietnam" },
    { "predication", "predic" },
    { "operator", "oper" },
    { "feudalism", "feudal" },
    { "decisiveness", "decis" },
    { "hopefulness", "hope" },
    { "callousness", "callous" },
    { "formaliti", "formal" },
    { "sensitiviti", "sensit" },
    { "sensibiliti", "sensibl" },
    { "triplicate", "triplic" },
    { "formative", "form" },
    { "formalize", "formal" },
    { "electriciti", "electr" },
    { "electrical", "electr" },
    { "hopeful", "hope" },
    { "goodness", "good" },
    { "revival", "reviv" },
    { "allowance", "allow" },
    { "inference", "infer" },
    { "airliner", "airlin" },
    { "gyroscopic", "gyroscop" },
    { "adjustable", "adjust" },
    { "defensible", "defens" },
    { "irritant", "irrit" },
    { "replacement", "replac" },
    { "adjustment", "adjust" },
    { "dependent", "depend" },
    { "adoption", "adopt" },
    { "communism", "commun" },
    { "activate", "activ" },
    { "effective", "effect" },
    { "bowdlerize", "bowdler" },
    { "probate", "probat" },
    { "rate", "rate" },
    { "cease", "ceas" },
    { "controll", "control" },
    { "roll", "roll" },
    { "is", "is" },
    { "y", "y" },
    { "", "" },
    { "naïve", "naïve" },
    { "ion", "ion" },
    { "s", "s" },
    { "eed", "eed" },
    { "oed", "o" },
    { "yyy", "yyi" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autofree char *stem = crown_stem (table[i].word);

      g_assert_cmpstr (stem, ==, table[i].stem);
    }
}

static void
test_tokens (void)
{
  g_auto (GStrv) tokens = crown_rouge_tokens ("The L.C.D.'s  12.5-Euro Prices, dogs’ ");
  g_autofree char *joined = g_strjoinv (" ", tokens);

  /* "dogs" has four letters and loses its s; what is not ASCII parts words. */
  g_assert_cmpstr (joined, ==, "the l c d s 12 5 euro price dog");
}

static void
test_scores (void)
{
  static const struct { const char *summary; const char *reference; double one, two, l; } table[] = {
    { "the cat sat", "the cat sat", 1, 1, 1 },
    { "The cats sat!", "the cat sat", 1, 1, 1 }, /* "cats" has four letters: stemmed */
    { "police killed the gunman", "police kill the gunman", 1, 1, 1 },
    /* Lin's own example: both share police, the, gunman; in order 3 of 4 and 2 of 4. */
    { "police kill the gunman", "police ended the gunman", 0.75, 1.0 / 3, 0.75 },
    { "the gunman kill police", "police ended the gunman", 0.75, 1.0 / 3, 0.5 },
    /* What is said thrice and written once counts once: 2 × 1 / (3 + 2). */
    { "the the the", "the end", 0.4, 0, 0.4 },
    { "a b c d", "a c", 2.0 * 2 / 6, 0, 2.0 * 2 / 6 },
    { "one", "one", 1, 0, 1 }, /* no pairs */
    { "", "one", 0, 0, 0 },
    { "one", "", 0, 0, 0 },
    { "one two", "three four", 0, 0, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      CrownRouge score = crown_rouge_score (table[i].summary, table[i].reference);

      g_test_message ("“%s” for “%s”", table[i].summary, table[i].reference);
      g_assert_cmpfloat_with_epsilon (score.one, table[i].one, 1e-9);
      g_assert_cmpfloat_with_epsilon (score.two, table[i].two, 1e-9);
      g_assert_cmpfloat_with_epsilon (score.l, table[i].l, 1e-9);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/analysis/rouge/stems", test_stems);
  g_test_add_func ("/analysis/rouge/tokens", test_tokens);
  g_test_add_func ("/analysis/rouge/scores", test_scores);

  return g_test_run ();
}
