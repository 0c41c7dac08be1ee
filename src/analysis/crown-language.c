/* crown-language.c: which language a meeting is held in, and its words that say nothing of a subject
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-analysis"

#include "crown-analysis-private.h"

#include <string.h>

#define SAMPLE_WORDS 4000
#define SHARE_MIN    0.06 /* of a text's words in a language's list of marks; English has about 0.25 of it */

/* Sorted, all of them. */
static const char *const stops_en[] = {
  "a", "about", "actually", "after", "again", "ah", "all", "almost", "already", "also", "although", "always", "am",
  "an", "and", "another", "any", "anybody", "anyone", "anything", "anyway", "are", "aren't", "around", "as", "at",
  "away", "basically", "be", "because", "been", "before", "being", "below", "between", "both", "but", "by", "can",
  "can't", "cannot", "could", "couldn't", "cuz", "did", "didn't", "do", "does", "doesn't", "doing", "don't", "done",
  "down", "during", "each", "either", "else", "enough", "er", "erm", "etc", "even", "ever", "every", "everybody",
  "everyone", "everything", "for", "from", "get", "gets", "getting", "go", "goes", "going", "gonna", "good", "got",
  "gotta", "had", "has", "hasn't", "have", "haven't", "having", "he", "he's", "hence", "her", "here", "here's",
  "hers", "herself", "him", "himself", "his", "hmm", "how", "however", "huh", "i", "i'd", "i'll", "i'm", "i've", "if",
  "in", "indeed", "instead", "into", "is", "isn't", "it", "it'll", "it's", "its", "itself", "just", "kind", "know",
  "let", "let's", "like", "lot", "many", "may", "maybe", "me", "mean", "might", "mine", "mm", "mm-hmm", "more",
  "most", "much", "must", "my", "myself", "never", "no", "nobody", "none", "nor", "not", "nothing", "now", "of",
  "off", "oh", "ok", "okay", "on", "once", "one", "ones", "only", "onto", "or", "other", "others", "otherwise", "our",
  "ours", "ourselves", "out", "over", "own", "people", "per", "perhaps", "quite", "rather", "really", "right", "said",
  "same", "say", "saying", "says", "see", "seem", "seems", "shall", "she", "she's", "should", "shouldn't", "since",
  "so", "some", "somebody", "someone", "something", "sometimes", "somewhat", "somewhere", "sort", "still", "stuff",
  "such", "sure", "than", "that", "that'll", "that's", "the", "their", "theirs", "them", "themselves", "then",
  "there", "there's", "therefore", "these", "they", "they'd", "they'll", "they're", "they've", "thing", "things",
  "think", "this", "those", "though", "through", "thus", "till", "to", "together", "too", "toward", "towards", "uh",
  "um", "under", "unless", "until", "up", "upon", "us", "very", "wanna", "want", "was", "wasn't", "way", "we", "we'd",
  "we'll", "we're", "we've", "well", "were", "weren't", "what", "what's", "whatever", "when", "where", "whether",
  "which", "while", "who", "who's", "whole", "whom", "whose", "why", "will", "with", "within", "without", "won't",
  "would", "wouldn't", "yeah", "yep", "yes", "yet", "you", "you'd", "you'll", "you're", "you've", "your", "yours",
  "yourself",
};

static const char *const stops_de[] = {
  "aber", "alle", "allem", "allen", "aller", "alles", "als", "also", "am", "an", "auch", "auf", "aus", "bei", "beim",
  "bin", "bis", "bist", "da", "dabei", "dafür", "damit", "dann", "daran", "darauf", "das", "dass", "davon", "dazu",
  "dein", "deine", "dem", "den", "denn", "der", "deren", "des", "deshalb", "die", "dies", "diese", "diesem", "diesen",
  "dieser", "dieses", "doch", "dort", "du", "durch", "eben", "ein", "eine", "einem", "einen", "einer", "eines",
  "einfach", "einmal", "er", "es", "etwas", "euch", "euer", "für", "ganz", "gar", "gegen", "genau", "gerade", "gibt",
  "gleich", "gut", "habe", "haben", "habt", "halt", "hat", "hatte", "hatten", "hier", "hin", "ich", "ihm", "ihn",
  "ihnen", "ihr", "ihre", "ihrem", "ihren", "ihrer", "im", "immer", "in", "ins", "irgendwie", "ist", "ja", "jede",
  "jedem", "jeden", "jeder", "jedes", "jetzt", "kann", "kannst", "kein", "keine", "keinen", "können", "könnte",
  "könnten", "machen", "mal", "man", "mehr", "mein", "meine", "meinem", "meinen", "meiner", "mich", "mir", "mit",
  "muss", "müssen", "müsste", "nach", "nein", "nicht", "nichts", "noch", "nochmal", "nun", "nur", "ob", "oder",
  "ohne", "schon", "sehr", "sein", "seine", "seinem", "seinen", "seiner", "seit", "sich", "sie", "sind", "so",
  "sogar", "soll", "sollen", "sollte", "sollten", "sondern", "sonst", "um", "und", "uns", "unser", "unsere",
  "unserem", "unseren", "unter", "viel", "viele", "vielleicht", "vom", "von", "vor", "wann", "war", "waren", "warum",
  "was", "weil", "weiter", "welche", "wenn", "wer", "werde", "werden", "wie", "wieder", "will", "wir", "wird",
  "wirklich", "wo", "wollen", "worden", "wurde", "wurden", "würde", "würden", "zu", "zum", "zur", "zwischen", "über",
};

static const char *const stops_fr[] = {
  "ah", "alors", "après", "au", "aucun", "aussi", "autre", "autres", "aux", "avant", "avec", "avez", "avoir", "avons",
  "bah", "beaucoup", "ben", "bien", "bon", "c'est", "car", "ce", "ceci", "cela", "celle", "celui", "ces", "cet",
  "cette", "ceux", "chaque", "chez", "comme", "comment", "d'accord", "d'un", "d'une", "dans", "de", "depuis", "des",
  "deux", "devant", "doit", "doivent", "donc", "dont", "du", "elle", "elles", "en", "encore", "entre", "est", "et",
  "eu", "euh", "eux", "faire", "fait", "faut", "font", "hein", "ici", "il", "ils", "j'ai", "j'en", "je", "jusqu'à",
  "l'on", "la", "le", "les", "leur", "leurs", "lors", "lui", "là", "ma", "mais", "me", "merci", "mes", "moi", "moins",
  "mon", "même", "n'a", "n'est", "ne", "ni", "non", "nos", "notre", "nous", "on", "ont", "ou", "oui", "où", "par",
  "parce", "pas", "pendant", "peu", "peut", "peuvent", "plus", "pour", "pourquoi", "pourrait", "pouvez", "puis",
  "qu'elle", "qu'il", "qu'on", "quand", "que", "quel", "quelle", "quelque", "quelques", "qui", "quoi", "s'il", "sa",
  "sans", "se", "sera", "serait", "ses", "si", "son", "sont", "sous", "suis", "sur", "ta", "te", "tes", "toi", "ton",
  "toujours", "tous", "tout", "toute", "toutes", "trop", "très", "tu", "un", "une", "va", "vais", "vers", "voilà",
  "vos", "votre", "vous", "vraiment", "y", "était", "été", "être",
};

static const char *const stops_es[] = {
  "a", "ahora", "al", "algo", "alguna", "algunas", "algunos", "algún", "allí", "ante", "antes", "aquí", "así",
  "aunque", "bien", "bueno", "cada", "casi", "como", "con", "cosas", "cual", "cuando", "cómo", "da", "de", "del",
  "desde", "después", "donde", "dos", "el", "ella", "ellas", "ellos", "en", "entonces", "entre", "era", "eran", "es",
  "esa", "esas", "ese", "eso", "esos", "esta", "estaba", "estamos", "estar", "estas", "este", "esto", "estos", "está",
  "están", "fue", "fueron", "gracias", "ha", "hace", "hacer", "hacia", "han", "hasta", "hay", "he", "hemos", "hoy",
  "igual", "la", "las", "le", "les", "lo", "los", "luego", "me", "menos", "mi", "mis", "mismo", "mucho", "muchos",
  "muy", "más", "nada", "ni", "no", "nos", "nosotros", "nuestra", "nuestras", "nuestro", "nuestros", "o", "otra",
  "otras", "otro", "otros", "para", "pero", "poco", "podemos", "por", "porque", "puede", "pueden", "pues", "que",
  "quien", "qué", "se", "sea", "ser", "será", "si", "sido", "sin", "sobre", "solo", "son", "su", "sus", "sí",
  "también", "tan", "te", "tenemos", "tener", "tengo", "tiene", "tienen", "toda", "todas", "todo", "todos", "tu",
  "tú", "un", "una", "unas", "uno", "unos", "usted", "ustedes", "va", "vale", "vamos", "van", "voy", "y", "ya", "yo",
  "él", "éste",
};

static const char *const marks_en[] = {
  "and", "are", "for", "have", "is", "it", "of", "that", "the", "they", "this", "to", "we", "will", "with", "you",
};

static const char *const marks_de[] = {
  "aber", "auch", "auf", "das", "dass", "der", "die", "ein", "eine", "es", "haben", "ich", "ist", "mit", "nicht",
  "noch", "sie", "sind", "und", "wenn", "wir", "zu",
};

static const char *const marks_fr[] = {
  "avec", "c'est", "ce", "dans", "de", "des", "du", "elle", "en", "est", "et", "je", "la", "le", "les", "mais",
  "nous", "on", "pas", "plus", "pour", "que", "qui", "sur", "un", "une", "vous",
};

static const char *const marks_es[] = {
  "con", "de", "del", "el", "en", "es", "esta", "está", "hay", "la", "las", "lo", "los", "más", "no", "nos", "para",
  "pero", "por", "que", "qué", "se", "un", "una", "vamos", "y",
};

typedef struct {
  const char        *code;
  const char *const *stops;
  gsize              n_stops;
  const char *const *marks; /* words that are frequent in it */
  gsize              n_marks;
} Language;

/* In the order of CrownLanguage. */
static const Language languages[] = {
  { "en", stops_en, G_N_ELEMENTS (stops_en), marks_en, G_N_ELEMENTS (marks_en) },
  { "de", stops_de, G_N_ELEMENTS (stops_de), marks_de, G_N_ELEMENTS (marks_de) },
  { "fr", stops_fr, G_N_ELEMENTS (stops_fr), marks_fr, G_N_ELEMENTS (marks_fr) },
  { "es", stops_es, G_N_ELEMENTS (stops_es), marks_es, G_N_ELEMENTS (marks_es) },
};

gboolean
crown_is_in (const char *const *sorted,
             gsize              n,
             const char        *word)
{
  gsize low = 0, high = n;

  while (low < high)
    {
      gsize middle = (low + high) / 2;
      int order = strcmp (word, sorted[middle]);

      if (order == 0)
        return TRUE;
      if (order < 0)
        high = middle;
      else
        low = middle + 1;
    }
  return FALSE;
}

gboolean
crown_is_stop_word (CrownLanguage  language,
                    const char    *word)
{
  if (word[0] == '\0' || word[1] == '\0')
    return TRUE;
  if (language == CROWN_LANGUAGE_OTHER)
    return g_utf8_strlen (word, 5) < 4; /* better than nothing: what is short is grammar in most */
  return crown_is_in (languages[language].stops, languages[language].n_stops, word);
}

const char *
crown_language_code (CrownLanguage language)
{
  return language == CROWN_LANGUAGE_OTHER ? "und" : languages[language].code;
}

/* From the words of the first turns. */
CrownLanguage
crown_language_of (const CrownTranscript *transcript)
{
  guint counts[CROWN_LANGUAGE_OTHER] = { 0 }, n_words = 0;
  CrownLanguage best = CROWN_LANGUAGE_EN;

  for (guint i = 0; i < transcript->segments->len && n_words < SAMPLE_WORDS; i++)
    {
      g_auto (GStrv) words = crown_words_of (((const CrownSegment *) transcript->segments->pdata[i])->text);

      for (guint j = 0; words[j] != NULL; j++, n_words++)
        for (guint l = 0; l < CROWN_LANGUAGE_OTHER; l++)
          counts[l] += crown_is_in (languages[l].marks, languages[l].n_marks, words[j]);
    }
  for (guint l = 0; l < CROWN_LANGUAGE_OTHER; l++)
    if (counts[l] > counts[best])
      best = l;
  /* Of a few words nothing can be told, and most are in English. */
  return n_words >= 20 && counts[best] < SHARE_MIN * n_words ? CROWN_LANGUAGE_OTHER : best;
}
