/* crown-rouge.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "crown-rouge.h"

#include "analysis/crown-analysis-private.h"

#include <string.h>

#define STEMMED_LENGTH_MIN 4

char **
crown_rouge_tokens (const char *text)
{
  g_autofree char *lower = g_ascii_strdown (text, -1);
  GPtrArray *tokens = g_ptr_array_new ();

  for (const char *p = lower; *p != '\0';)
    {
      const char *start = p;

      while (g_ascii_isalnum (*p))
        p++;
      if (p == start)
        {
          p++;
          continue;
        }
      g_autofree char *word = g_strndup (start, (gsize) (p - start));

      g_ptr_array_add (tokens, p - start >= STEMMED_LENGTH_MIN ? crown_stem (word) : g_steal_pointer (&word));
    }
  g_ptr_array_add (tokens, NULL);
  return (char **) g_ptr_array_free (tokens, FALSE);
}

static double
f1_of (guint same,
       guint n_summary,
       guint n_reference)
{
  return same == 0 ? 0 : 2.0 * same / (n_summary + n_reference);
}

/* How many of all n-grams are in both; what is there twice in one and once in the other counts once. */
static double
score_n_grams (char  **summary,
               guint   n_summary,
               char  **reference,
               guint   n_reference,
               guint   n)
{
  g_autoptr (GHashTable) counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint same = 0;

  if (n_summary < n || n_reference < n)
    return 0;
  for (guint i = 0; i + n <= n_reference; i++)
    {
      char *key = n == 1 ? g_strdup (reference[i]) : g_strjoin (" ", reference[i], reference[i + 1], NULL);

      g_hash_table_insert (counts, key, GUINT_TO_POINTER (GPOINTER_TO_UINT (g_hash_table_lookup (counts, key)) + 1));
    }
  for (guint i = 0; i + n <= n_summary; i++)
    {
      g_autofree char *key = n == 1 ? g_strdup (summary[i]) : g_strjoin (" ", summary[i], summary[i + 1], NULL);
      guint left = GPOINTER_TO_UINT (g_hash_table_lookup (counts, key));

      if (left == 0)
        continue;
      same++;
      g_hash_table_insert (counts, g_steal_pointer (&key), GUINT_TO_POINTER (left - 1));
    }
  return f1_of (same, n_summary - n + 1, n_reference - n + 1);
}

static double
score_subsequence (char  **summary,
                   guint   n_summary,
                   char  **reference,
                   guint   n_reference)
{
  g_autofree guint *lengths = g_new0 (guint, n_reference + 1);

  for (guint i = 0; i < n_summary; i++)
    {
      guint diagonal = 0;

      for (guint j = 1; j <= n_reference; j++)
        {
          guint above = lengths[j];

          lengths[j] = strcmp (summary[i], reference[j - 1]) == 0 ? diagonal + 1 : MAX (above, lengths[j - 1]);
          diagonal = above;
        }
    }
  return f1_of (lengths[n_reference], n_summary, n_reference);
}

CrownRouge
crown_rouge_score (const char *summary,
                   const char *reference)
{
  g_auto (GStrv) a = crown_rouge_tokens (summary);
  g_auto (GStrv) b = crown_rouge_tokens (reference);
  guint n_a = g_strv_length (a), n_b = g_strv_length (b);

  return (CrownRouge){ score_n_grams (a, n_a, b, n_b, 1), score_n_grams (a, n_a, b, n_b, 2),
                       score_subsequence (a, n_a, b, n_b) };
}
