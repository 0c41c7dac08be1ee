/* crown-evidence.c: whether what somebody claims was said
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-analysis"

#include "crown-analysis-private.h"

#define REACH 2 /* segments around the line: a thought goes on, and an answer leaves out what was asked */

static void
add_stems (GHashTable    *stems,
           CrownLanguage  language,
           const char    *text)
{
  g_auto (GStrv) words = crown_words_of (text);

  for (guint i = 0; words[i] != NULL; i++)
    if (!crown_is_stop_word (language, words[i]))
      g_hash_table_add (stems, crown_stem (words[i]));
}

double
crown_evidence_share (const CrownTranscript *transcript,
                      const char            *claim,
                      gint64                 line)
{
  CrownLanguage language = crown_language_of (transcript);
  g_autoptr (GHashTable) claimed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) said = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gint64 n_lines = transcript->segments->len;
  GHashTableIter iter;
  gpointer stem;
  guint n = 0;

  if (line < 0 || line >= n_lines)
    return 0;

  add_stems (claimed, language, claim);
  for (gint64 i = MAX (line - REACH, 0); i <= MIN (line + REACH, n_lines - 1); i++)
    {
      const CrownSegment *segment = transcript->segments->pdata[i];

      add_stems (said, language, segment->text);
      add_stems (said, language, segment->speaker);
    }

  g_hash_table_iter_init (&iter, claimed);
  while (g_hash_table_iter_next (&iter, &stem, NULL))
    n += g_hash_table_contains (said, stem);
  return g_hash_table_size (claimed) > 0 ? (double) n / g_hash_table_size (claimed) : 0;
}
