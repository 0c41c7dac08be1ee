/* crown-stem.c: the stem of an English word, after M. F. Porter, "An algorithm for suffix stripping", 1980
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-analysis"

#include "crown-analysis-private.h"

#include <string.h>

#define LENGTH_MAX 64 /* bytes; what is longer is no word, and the rules look at each letter more than once */

/* The word is @b[0] … @b[@k - 1]; @j is where the suffix that was looked for begins. */
typedef struct {
  char  *b;
  gsize  k;
  gsize  j;
} Stem;

static gboolean
is_consonant (const char *b,
              gsize       i)
{
  gboolean consonant = TRUE;

  /* 'y' is one at the start and after a vowel: the run of them in front decides. */
  for (gsize at = 0; at <= i; at++)
    switch (b[at])
      {
      case 'a': case 'e': case 'i': case 'o': case 'u':
        consonant = FALSE;
        break;
      case 'y':
        consonant = at == 0 || !consonant;
        break;
      default:
        consonant = TRUE;
      }
  return consonant;
}

/* How often a vowel is followed by a consonant in what stands before the suffix. */
static guint
measure (const Stem *s)
{
  guint n = 0;
  gboolean vowel = FALSE;

  for (gsize i = 0; i < s->j; i++)
    {
      gboolean consonant = is_consonant (s->b, i);

      n += consonant && vowel;
      vowel = !consonant;
    }
  return n;
}

static gboolean
has_vowel (const Stem *s)
{
  for (gsize i = 0; i < s->j; i++)
    if (!is_consonant (s->b, i))
      return TRUE;
  return FALSE;
}

static gboolean
ends_double (const Stem *s)
{
  return s->k >= 2 && s->b[s->k - 1] == s->b[s->k - 2] && is_consonant (s->b, s->k - 1);
}

/* consonant, vowel, consonant other than w, x, y before @end: "hop", not "snow" */
static gboolean
ends_short (const char *b,
            gsize       end)
{
  return end >= 3 && is_consonant (b, end - 1) && !is_consonant (b, end - 2) && is_consonant (b, end - 3) &&
         strchr ("wxy", b[end - 1]) == NULL;
}

static gboolean
ends (Stem       *s,
      const char *suffix)
{
  gsize length = strlen (suffix);

  if (length > s->k || memcmp (s->b + s->k - length, suffix, length) != 0)
    return FALSE;
  s->j = s->k - length;
  return TRUE;
}

/* Never longer than the suffix and an 'e', for which there is room. */
static void
set_suffix (Stem       *s,
            const char *suffix)
{
  gsize length = strlen (suffix);

  memcpy (s->b + s->j, suffix, length);
  s->k = s->j + length;
}

typedef struct {
  const char *from;
  const char *to;
} Rule;

/* The first suffix that fits decides, whether it may be replaced or not. */
static void
replace_first (Stem       *s,
               const Rule *rules,
               gsize       n_rules)
{
  for (gsize i = 0; i < n_rules; i++)
    if (ends (s, rules[i].from))
      {
        if (measure (s) > 0)
          set_suffix (s, rules[i].to);
        return;
      }
}

static void
strip_plural_and_tense (Stem *s)
{
  if (ends (s, "sses") || ends (s, "ies"))
    s->k -= 2;
  else if (!ends (s, "ss") && ends (s, "s"))
    s->k--;

  if (ends (s, "eed"))
    {
      if (measure (s) > 0)
        s->k--;
    }
  else if ((ends (s, "ed") || ends (s, "ing")) && has_vowel (s))
    {
      s->k = s->j;
      if (ends (s, "at") || ends (s, "bl") || ends (s, "iz"))
        s->b[s->k++] = 'e';
      else if (ends_double (s) && strchr ("lsz", s->b[s->k - 1]) == NULL)
        s->k--;
      else
        {
          s->j = s->k;
          if (measure (s) == 1 && ends_short (s->b, s->k))
            s->b[s->k++] = 'e';
        }
    }

  if (ends (s, "y") && has_vowel (s))
    s->b[s->k - 1] = 'i';
}

static void
strip_last_suffix (Stem *s)
{
  static const char *const suffixes[] = { "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment",
                                          "ent", "ion", "ou", "ism", "ate", "iti", "ous", "ive", "ize" };

  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (ends (s, suffixes[i]))
      {
        if (measure (s) > 1 &&
            (strcmp (suffixes[i], "ion") != 0 || (s->j > 0 && strchr ("st", s->b[s->j - 1]) != NULL)))
          s->k = s->j;
        return;
      }
}

/* What ROUGE's tools call a stem: of words of lower-case ASCII letters; others, and up to two letters, stay as they
 * are. */
char *
crown_stem (const char *word)
{
  static const Rule second[] = {
    { "ational", "ate" }, { "tional", "tion" }, { "enci", "ence" }, { "anci", "ance" }, { "izer", "ize" },
    { "bli", "ble" }, { "alli", "al" }, { "entli", "ent" }, { "eli", "e" }, { "ousli", "ous" },
    { "ization", "ize" }, { "ation", "ate" }, { "ator", "ate" }, { "alism", "al" }, { "iveness", "ive" },
    { "fulness", "ful" }, { "ousness", "ous" }, { "aliti", "al" }, { "iviti", "ive" }, { "biliti", "ble" },
    { "logi", "log" },
  };
  static const Rule third[] = {
    { "icate", "ic" }, { "ative", "" }, { "alize", "al" }, { "iciti", "ic" },
    { "ical", "ic" }, { "ful", "" }, { "ness", "" },
  };
  gsize length = strlen (word);
  Stem s = { NULL, length, 0 };

  for (const char *p = word; *p != '\0'; p++)
    if (!g_ascii_islower (*p))
      return g_strdup (word);
  if (length < 3 || length > LENGTH_MAX)
    return g_strdup (word);
  s.b = g_malloc (length + 2);
  memcpy (s.b, word, length + 1);

  strip_plural_and_tense (&s);
  replace_first (&s, second, G_N_ELEMENTS (second));
  replace_first (&s, third, G_N_ELEMENTS (third));
  strip_last_suffix (&s);
  if (ends (&s, "e") && (measure (&s) > 1 || (measure (&s) == 1 && !ends_short (s.b, s.j))))
    s.k = s.j;
  s.j = s.k;
  if (ends_double (&s) && s.b[s.k - 1] == 'l' && measure (&s) > 1)
    s.k--;
  s.b[s.k] = '\0';
  return s.b;
}
