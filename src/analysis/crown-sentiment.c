/* crown-sentiment.c: how positive what is said sounds, from -1 to 1
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-analysis"

#include "crown-analysis-private.h"

#include <math.h>
#include <string.h>

#define TIMELINE_POINTS 20
#define NEGATION_REACH  3     /* words */
#define NEGATED         -0.74 /* after Hutto and Gilbert's VADER, 2014, as the others */
#define BEFORE_BUT      0.35
#define NORMALIZER      15.0 /* sum / sqrt (sum² + 15) keeps a turn within ±1, as VADER (Hutto and Gilbert, 2014) does */

typedef struct {
  const char *word;
  double      weight;
} Weight;

/* Sorted, all of them: how a word sounds, from -3 to 3. Forms of English verbs and nouns are found by their base. */
static const Weight lexicon_en[] = {
  { "accept", 1.0 }, { "accepted", 1.0 }, { "achieve", 1.4 }, { "achieved", 1.4 }, { "achievement", 1.4 },
  { "advantage", 1.4 }, { "advantageous", 1.4 }, { "afraid", -1.6 }, { "agree", 1.4 }, { "alarming", -2.0 },
  { "amazing", 2.8 }, { "anger", -2.0 }, { "angry", -2.0 }, { "annoyed", -1.6 }, { "annoying", -1.6 },
  { "appalling", -2.6 }, { "appreciate", 1.8 }, { "approved", 1.0 }, { "attractive", 1.6 }, { "awesome", 3.0 },
  { "awful", -2.6 }, { "bad", -1.6 }, { "bankrupt", -1.6 }, { "beautiful", 2.6 }, { "benefit", 1.8 }, { "best", 2.6 },
  { "better", 1.4 }, { "blocked", -1.6 }, { "blocker", -1.6 }, { "bored", -1.0 }, { "boring", -1.0 }, { "break", -1.6 },
  { "brilliant", 2.8 }, { "broke", -1.6 }, { "broken", -1.6 }, { "broken-down", -1.6 }, { "bug", -1.0 },
  { "calm", 1.0 }, { "cancel", -1.0 }, { "canceled", -1.0 }, { "cancelled", -1.0 }, { "catastrophe", -2.6 },
  { "catastrophic", -2.6 }, { "celebrate", 2.2 }, { "chaos", -2.0 }, { "chaotic", -2.0 }, { "charming", 2.0 },
  { "cheap-looking", -1.0 }, { "cheerful", 2.0 }, { "clean", 1.4 }, { "clear", 1.0 }, { "clunky", -1.6 },
  { "comfortable", 1.8 }, { "complain", -1.3 }, { "complaint", -1.3 }, { "complicated", -1.0 }, { "concern", -1.3 },
  { "concerned", -1.3 }, { "confident", 1.6 }, { "confuse", -1.3 }, { "confused", -1.3 }, { "confusing", -1.3 },
  { "congratulations", 2.6 }, { "convincing", 1.6 }, { "cool", 1.6 }, { "costly", -1.0 }, { "crash", -1.6 },
  { "crashed", -1.6 }, { "crisis", -2.0 }, { "criticise", -1.6 }, { "criticize", -1.6 }, { "damage", -1.6 },
  { "damaged", -1.6 }, { "deficit", -1.6 }, { "delay", -1.0 }, { "delayed", -1.0 }, { "delight", 2.0 },
  { "delighted", 2.6 }, { "difficult", -1.0 }, { "dirty", -1.6 }, { "disagree", -1.3 }, { "disappointed", -1.6 },
  { "disappointing", -1.6 }, { "disaster", -2.6 }, { "disgrace", -2.6 }, { "disgusting", -2.0 }, { "doubt", -1.3 },
  { "dreadful", -2.0 }, { "dull", -1.0 }, { "easy", 1.4 }, { "effective", 1.6 }, { "efficient", 1.6 },
  { "elegant", 2.0 }, { "encouraging", 1.6 }, { "enjoy", 2.2 }, { "error", -1.3 }, { "excellent", 2.8 },
  { "excited", 2.2 }, { "exciting", 2.2 }, { "expensive", -1.0 }, { "fail", -1.6 }, { "failed", -1.6 },
  { "failing", -1.6 }, { "failure", -1.6 }, { "fair", 1.0 }, { "fantastic", 2.8 }, { "fast", 1.0 }, { "faster", 1.0 },
  { "favorite", 1.8 }, { "favourite", 1.8 }, { "fine", 1.0 }, { "fix", 1.0 }, { "fixed", 1.0 }, { "fresh", 1.0 },
  { "friendly", 1.8 }, { "frustrate", -1.6 }, { "frustrated", -2.0 }, { "frustrating", -2.0 }, { "fun", 2.0 },
  { "furious", -2.6 }, { "gain", 1.4 }, { "generous", 1.6 }, { "glad", 2.0 }, { "good", 1.8 }, { "gorgeous", 2.0 },
  { "grateful", 1.6 }, { "great", 2.6 }, { "growth", 1.0 }, { "happy", 2.4 }, { "hard", -1.3 }, { "harm", -1.6 },
  { "harmful", -1.6 }, { "hate", -2.6 }, { "healthy", 1.6 }, { "heavy", -1.0 }, { "helpful", 1.8 }, { "hope", 1.0 },
  { "hopeful", 1.0 }, { "hopefully", 1.0 }, { "horrible", -2.6 }, { "hurt", -1.6 }, { "impossible", -1.6 },
  { "impressed", 2.4 }, { "impressive", 2.4 }, { "improve", 1.6 }, { "improved", 1.6 }, { "improvement", 1.6 },
  { "incomplete", -1.3 }, { "inconvenient", -1.3 }, { "incredible", 2.8 }, { "inferior", -1.6 }, { "interesting", 1.4 },
  { "issue", -1.0 }, { "kind", 1.6 }, { "lack", -1.3 }, { "late", -1.0 }, { "like", 1.8 }, { "limited", -1.0 },
  { "lose", -1.3 }, { "lost", -1.3 }, { "love", 2.8 }, { "lovely", 2.4 }, { "magnificent", 2.8 }, { "marvellous", 2.4 },
  { "mess", -2.0 }, { "messy", -1.6 }, { "miserable", -2.6 }, { "miss", -1.0 }, { "missed", -1.0 }, { "missing", -1.0 },
  { "mistake", -1.3 }, { "nasty", -1.6 }, { "nervous", -1.3 }, { "nice", 1.8 }, { "nightmare", -2.0 },
  { "noisy", -1.0 }, { "odd", -1.0 }, { "old-fashioned", -1.0 }, { "opportunity", 1.0 }, { "optimistic", 1.4 },
  { "outage", -1.6 }, { "outstanding", 3.0 }, { "overdue", -1.3 }, { "overload", -1.6 }, { "overloaded", -1.6 },
  { "painful", -1.6 }, { "pathetic", -2.0 }, { "perfect", 2.8 }, { "pleasant", 2.0 }, { "pleased", 2.0 },
  { "pleasure", 2.0 }, { "poor", -1.6 }, { "popular", 1.6 }, { "positive", 1.6 }, { "praise", 1.4 },
  { "problem", -1.6 }, { "productive", 1.6 }, { "progress", 1.4 }, { "promising", 2.0 }, { "proper", 1.0 },
  { "proud", 2.2 }, { "quick", 1.0 }, { "quickly", 1.0 }, { "ready", 1.0 }, { "recommend", 1.4 }, { "reject", -1.6 },
  { "rejected", -1.6 }, { "reliable", 2.0 }, { "relief", 1.4 }, { "ridiculous", -2.0 }, { "risk", -1.0 },
  { "risky", -1.0 }, { "robust", 1.4 }, { "rude", -2.0 }, { "sad", -1.6 }, { "safe", 1.4 }, { "satisfied", 2.0 },
  { "scare", -1.6 }, { "scared", -1.6 }, { "scary", -1.6 }, { "shortage", -1.3 }, { "simple", 1.0 }, { "slow", -1.0 },
  { "slower", -1.0 }, { "smart", 1.8 }, { "smooth", 1.6 }, { "smoothly", 1.6 }, { "solution", 1.8 }, { "solved", 1.8 },
  { "sorry", -1.3 }, { "stable", 1.4 }, { "stress", -2.0 }, { "stressed", -2.0 }, { "strong", 1.8 },
  { "struggle", -1.3 }, { "struggling", -1.3 }, { "stuck", -1.3 }, { "stupid", -1.6 }, { "stylish", 1.0 },
  { "succeed", 1.4 }, { "success", 2.4 }, { "successful", 2.2 }, { "superb", 3.0 }, { "superior", 2.0 },
  { "support", 1.4 }, { "tedious", -1.3 }, { "tense", -1.3 }, { "terrible", -2.6 }, { "thank", 1.6 }, { "thanks", 1.6 },
  { "threat", -1.6 }, { "threaten", -1.6 }, { "thrilled", 2.6 }, { "tired", -1.0 }, { "tough", -1.0 },
  { "triumph", 2.2 }, { "trouble", -1.3 }, { "trust", 1.4 }, { "ugly", -1.6 }, { "unacceptable", -1.6 },
  { "unbearable", -2.0 }, { "unclear", -1.0 }, { "uncomfortable", -1.3 }, { "unfair", -1.6 }, { "unfortunately", -1.3 },
  { "unhappy", -1.6 }, { "unreliable", -1.6 }, { "unsure", -1.0 }, { "upset", -1.6 }, { "useful", 1.6 },
  { "useless", -1.6 }, { "valuable", 1.8 }, { "waste", -1.6 }, { "wasted", -1.6 }, { "weak", -1.3 }, { "weird", -1.0 },
  { "welcome", 1.8 }, { "well", 1.0 }, { "win", 1.6 }, { "won", 2.2 }, { "wonderful", 2.6 }, { "worried", -1.3 },
  { "worry", -1.3 }, { "worrying", -1.3 }, { "worse", -2.0 }, { "worst", -2.6 }, { "worth", 1.8 }, { "wrong", -1.3 },
};

static const Weight lexicon_de[] = {
  { "abgelehnt", -1.8 }, { "angenehm", 1.8 }, { "angst", -1.8 }, { "ausfall", -1.8 }, { "ausgefallen", -1.8 },
  { "ausgezeichnet", 2.6 }, { "begeistert", 2.6 }, { "beschwerde", -1.8 }, { "beschweren", -1.8 },
  { "beschwert", -1.8 }, { "besser", 1.2 }, { "beste", 1.2 }, { "besten", 1.2 }, { "dank", 1.8 }, { "danke", 1.8 },
  { "defekt", -1.8 }, { "einfach", 1.2 }, { "einverstanden", 1.2 }, { "entsetzlich", -2.6 }, { "enttäuscht", -1.8 },
  { "erfolg", 1.8 }, { "erfolgreich", 1.8 }, { "falsch", -1.3 }, { "fantastisch", 2.6 }, { "fehler", -1.3 },
  { "fehlt", -1.3 }, { "fortschritt", 1.2 }, { "freue", 1.8 }, { "freut", 1.8 }, { "froh", 1.8 },
  { "frustriert", -1.8 }, { "funktioniert", 1.2 }, { "furchtbar", -2.6 }, { "fürchterlich", -2.6 }, { "geklappt", 1.2 },
  { "gelungen", 1.8 }, { "gelöst", 1.2 }, { "gern", 1.8 }, { "gescheitert", -1.8 }, { "glücklich", 1.8 },
  { "großartig", 2.6 }, { "gut", 1.8 }, { "gute", 1.8 }, { "guten", 1.8 }, { "guter", 1.8 }, { "gutes", 1.8 },
  { "hasse", -2.6 }, { "herrlich", 2.6 }, { "hervorragend", 2.6 }, { "hilfreich", 1.8 }, { "interessant", 1.2 },
  { "kaputt", -1.8 }, { "katastrophal", -2.6 }, { "katastrophe", -2.6 }, { "klappt", 1.2 }, { "kritik", -1.3 },
  { "langsam", -1.3 }, { "langsamer", -1.3 }, { "leicht", 1.2 }, { "leider", -1.3 }, { "lob", 1.8 }, { "lohnt", 1.2 },
  { "läuft", 1.2 }, { "lösung", 1.2 }, { "miserabel", -2.6 }, { "müde", -1.3 }, { "mühsam", -1.3 }, { "nervt", -1.8 },
  { "nutzlos", -1.8 }, { "nützlich", 1.8 }, { "perfekt", 2.6 }, { "praktisch", 1.2 }, { "prima", 2.6 },
  { "problem", -1.8 }, { "probleme", -1.8 }, { "risiko", -1.3 }, { "riskant", -1.3 }, { "schlecht", -1.8 },
  { "schlechte", -1.8 }, { "schlechter", -1.8 }, { "schneller", 1.2 }, { "schrecklich", -2.6 }, { "schwach", -1.3 },
  { "schwierig", -1.3 }, { "schön", 1.8 }, { "schöne", 1.8 }, { "sorge", -1.3 }, { "sorgen", -1.3 }, { "spitze", 2.6 },
  { "spät", -1.3 }, { "stabil", 1.2 }, { "stolz", 1.8 }, { "stört", -1.8 }, { "störung", -1.8 }, { "super", 2.6 },
  { "sympathisch", 1.8 }, { "teuer", -1.3 }, { "toll", 2.6 }, { "traurig", -1.8 }, { "unklar", -1.3 },
  { "unmöglich", -1.8 }, { "unzufrieden", -1.8 }, { "verbessert", 1.2 }, { "verloren", -1.3 }, { "verspätung", -1.3 },
  { "verzögert", -1.3 }, { "vorteil", 1.2 }, { "wunderbar", 2.6 }, { "wütend", -2.6 }, { "zufrieden", 1.8 },
  { "zweifel", -1.3 }, { "ärger", -1.8 }, { "ärgerlich", -1.8 }, { "überlastet", -1.8 },
};

static const Weight lexicon_fr[] = {
  { "acceptable", 1.2 }, { "affreuse", -2.6 }, { "affreux", -2.6 }, { "agréable", 1.8 }, { "aime", 1.8 },
  { "amélioration", 1.2 }, { "amélioré", 1.2 }, { "avantage", 1.2 }, { "beau", 1.8 }, { "belle", 1.8 }, { "bien", 1.8 },
  { "bloqué", -1.8 }, { "bloquée", -1.8 }, { "bon", 1.8 }, { "bonne", 1.8 }, { "bonnes", 1.8 }, { "bons", 1.8 },
  { "bravo", 1.8 }, { "cassé", -1.8 }, { "cassée", -1.8 }, { "catastrophe", -2.6 }, { "catastrophique", -2.6 },
  { "cher", -1.3 }, { "chère", -1.3 }, { "compliqué", -1.3 }, { "compliquée", -1.3 }, { "content", 1.8 },
  { "contente", 1.8 }, { "contents", 1.8 }, { "d'accord", 1.2 }, { "difficile", -1.3 }, { "doute", -1.3 },
  { "doutes", -1.3 }, { "désastre", -2.6 }, { "déteste", -2.6 }, { "déçu", -1.8 }, { "déçue", -1.8 },
  { "efficace", 1.2 }, { "ennuyeux", -1.8 }, { "erreur", -1.3 }, { "erreurs", -1.3 }, { "excellent", 2.6 },
  { "excellente", 2.6 }, { "excellents", 2.6 }, { "facile", 1.2 }, { "faible", -1.3 }, { "fantastique", 2.6 },
  { "fatigué", -1.3 }, { "fier", 1.8 }, { "fière", 1.8 }, { "formidable", 2.6 }, { "furieuse", -2.6 },
  { "furieux", -2.6 }, { "génial", 2.6 }, { "géniale", 2.6 }, { "heureuse", 1.8 }, { "heureux", 1.8 },
  { "horrible", -2.6 }, { "impossible", -1.8 }, { "inacceptable", -1.8 }, { "inquiet", -1.3 }, { "inquiète", -1.3 },
  { "inquiétude", -1.3 }, { "insatisfait", -1.8 }, { "intéressant", 1.2 }, { "intéressante", 1.2 }, { "inutile", -1.8 },
  { "joli", 1.8 }, { "lent", -1.3 }, { "lente", -1.3 }, { "magnifique", 2.6 }, { "malheureusement", -1.3 },
  { "manque", -1.3 }, { "mauvais", -1.8 }, { "mauvaise", -1.8 }, { "meilleur", 1.2 }, { "meilleure", 1.2 },
  { "merci", 1.8 }, { "merveilleuse", 2.6 }, { "merveilleux", 2.6 }, { "mieux", 1.2 }, { "panne", -1.8 },
  { "parfait", 2.6 }, { "parfaite", 2.6 }, { "perdu", -1.3 }, { "peur", -1.8 }, { "pire", -2.6 }, { "plainte", -1.8 },
  { "plaintes", -1.8 }, { "problème", -1.8 }, { "problèmes", -1.8 }, { "progrès", 1.2 }, { "rapide", 1.2 },
  { "ravi", 1.8 }, { "ravie", 1.8 }, { "refusé", -1.8 }, { "retard", -1.3 }, { "risque", -1.3 }, { "réussi", 1.8 },
  { "réussite", 1.8 }, { "satisfait", 1.8 }, { "satisfaite", 1.8 }, { "solution", 1.2 }, { "stable", 1.2 },
  { "succès", 1.8 }, { "superbe", 2.6 }, { "terrible", -2.6 }, { "triste", -1.8 }, { "trop", -1.3 }, { "utile", 1.8 },
  { "échec", -1.8 }, { "échoué", -1.8 },
};

static const Weight lexicon_es[] = {
  { "acuerdo", 1.2 }, { "agradable", 1.8 }, { "alegra", 1.8 }, { "averiado", -1.8 }, { "avería", -1.8 },
  { "bien", 1.8 }, { "bloqueado", -1.8 }, { "bonita", 1.8 }, { "bonito", 1.8 }, { "buen", 1.8 }, { "buena", 1.8 },
  { "buenas", 1.8 }, { "bueno", 1.8 }, { "buenos", 1.8 }, { "cansado", -1.3 }, { "cara", -1.3 }, { "caro", -1.3 },
  { "catástrofe", -2.6 }, { "complicado", -1.3 }, { "contenta", 1.8 }, { "contento", 1.8 }, { "decepcionada", -1.8 },
  { "decepcionado", -1.8 }, { "desastre", -2.6 }, { "desgraciadamente", -1.3 }, { "difícil", -1.3 }, { "duda", -1.3 },
  { "dudas", -1.3 }, { "débil", -1.3 }, { "eficaz", 1.2 }, { "encanta", 2.6 }, { "enhorabuena", 1.8 },
  { "error", -1.3 }, { "errores", -1.3 }, { "estable", 1.2 }, { "estupenda", 2.6 }, { "estupendo", 2.6 },
  { "excelente", 2.6 }, { "excelentes", 2.6 }, { "fallo", -1.8 }, { "fallos", -1.8 }, { "falta", -1.3 },
  { "fantástica", 2.6 }, { "fantástico", 2.6 }, { "fatal", -2.6 }, { "feliz", 1.8 }, { "fracaso", -1.8 },
  { "funciona", 1.2 }, { "furioso", -2.6 }, { "fácil", 1.2 }, { "genial", 2.6 }, { "gracias", 1.8 }, { "gusta", 1.8 },
  { "horrible", -2.6 }, { "imposible", -1.8 }, { "inaceptable", -1.8 }, { "increíble", 2.6 }, { "interesante", 1.2 },
  { "inútil", -1.8 }, { "lamentablemente", -1.3 }, { "lenta", -1.3 }, { "lento", -1.3 }, { "magnífico", 2.6 },
  { "mal", -1.8 }, { "mala", -1.8 }, { "malo", -1.8 }, { "malos", -1.8 }, { "maravillosa", 2.6 },
  { "maravilloso", 2.6 }, { "mejor", 1.2 }, { "mejora", 1.2 }, { "mejorado", 1.2 }, { "mejores", 1.2 },
  { "miedo", -1.8 }, { "molesto", -1.8 }, { "odio", -2.6 }, { "orgulloso", 1.8 }, { "peor", -2.6 }, { "perdido", -1.3 },
  { "perfecta", 2.6 }, { "perfecto", 2.6 }, { "preocupa", -1.3 }, { "preocupada", -1.3 }, { "preocupado", -1.3 },
  { "problema", -1.8 }, { "problemas", -1.8 }, { "progreso", 1.2 }, { "pésima", -2.6 }, { "pésimo", -2.6 },
  { "queja", -1.8 }, { "quejas", -1.8 }, { "rechazado", -1.8 }, { "retraso", -1.3 }, { "riesgo", -1.3 },
  { "rota", -1.8 }, { "roto", -1.8 }, { "rápida", 1.2 }, { "rápido", 1.2 }, { "satisfecha", 1.8 },
  { "satisfecho", 1.8 }, { "solución", 1.2 }, { "tarde", -1.3 }, { "terrible", -2.6 }, { "triste", -1.8 },
  { "ventaja", 1.2 }, { "éxito", 1.8 }, { "útil", 1.8 },
};

static const struct {
  const Weight *words;
  gsize         n;
} lexicons[] = {
  { lexicon_en, G_N_ELEMENTS (lexicon_en) },
  { lexicon_de, G_N_ELEMENTS (lexicon_de) },
  { lexicon_fr, G_N_ELEMENTS (lexicon_fr) },
  { lexicon_es, G_N_ELEMENTS (lexicon_es) },
};

static const Weight intensifiers[] = {
  { "absolutely", 1.5 }, { "bien", 1.2 }, { "bit", 0.6 }, { "completely", 1.4 }, { "deutlich", 1.3 }, { "etwas", 0.7 },
  { "extremely", 1.6 }, { "fairly", 0.8 }, { "highly", 1.4 }, { "muy", 1.4 }, { "peu", 0.7 }, { "poco", 0.7 },
  { "quite", 1.1 },
  { "really", 1.4 }, { "sehr", 1.4 }, { "slightly", 0.6 }, { "so", 1.2 }, { "somewhat", 0.7 }, { "totally", 1.4 },
  { "très", 1.4 },
  { "vraiment", 1.3 }, { "very", 1.4 }, { "wirklich", 1.3 },
};

/* What words say together. */
static const Weight expressions[] = {
  { "ahead of schedule", 2 }, { "behind schedule", -2 }, { "does not work", -1.8 }, { "doesn't work", -1.8 },
  { "not work", -1.8 },
  { "out of order", -1.8 }, { "waste of time", -2.2 }, { "well done", 2.2 }, { "was down", -1.5 }, { "is down", -1.5 },
  { "went down", -1.2 }, { "are up", 1.5 }, { "is up", 0 }, { "pas mal", 1.5 }, { "freut mich", 2 },
  { "keeps failing", -2 },
  { "enough for", 0 }, { "nothing to complain", 1.5 }, { "no idea", 0 }, { "of course", 0 }, { "kind of", 0 },
  { "as well", 0 },
  { "well as", 0 }, { "would like", 0 }, { "looks like", 0 }, { "look like", 0 }, { "something like", 0 },
  { "things like", 0 },
  { "like that", 0 }, { "like this", 0 }, { "i'd like", 0 }, { "good morning", 0 }, { "good afternoon", 0 },
  { "no problem", 1 },
  { "guten morgen", 0 }, { "guten tag", 0 }, { "buenos días", 0 }, { "buenas tardes", 0 }, { "más o menos", 0 },
  { "bien sûr", 0 },
  { "ou bien", 0 }, { "o bien", 0 }, { "ever worked", 0 }, { "fair enough", 0.5 }, { "hard to", -1.3 },
  { "hard drive", 0 },
  { "hard disk", 0 }, { "user friendly", 1.6 }, { "broke down", -1.8 }, { "let down", -1.8 }, { "falls apart", -1.8 },
};

static double
find (const Weight *weights,
      gsize         n,
      const char   *word,
      double        otherwise)
{
  gsize low = 0, high = n;

  while (low < high)
    {
      gsize middle = (low + high) / 2;
      int order = strcmp (word, weights[middle].word);

      if (order == 0)
        return weights[middle].weight;
      if (order < 0)
        high = middle;
      else
        low = middle + 1;
    }
  return otherwise;
}

static gboolean
negates (const char *word)
{
  static const char *const negations[] = {
    "cannot", "hardly", "jamais", "kaum", "kein", "keine", "keinen", "keiner", "nadie",
    "neither", "never", "nicht", "nie", "niemand", "no", "nobody", "none", "nor",
    "not", "nothing", "nunca", "pas", "personne", "rien", "sans", "sin", "without",
  };

  return crown_is_in (negations, G_N_ELEMENTS (negations), word) || g_str_has_suffix (word, "n't");
}

static gboolean
turns_around (const char *word)
{
  return strcmp (word, "but") == 0 || strcmp (word, "aber") == 0 || strcmp (word, "mais") == 0 ||
         strcmp (word, "pero") == 0 || strcmp (word, "however") == 0;
}

static double
weight_of (CrownLanguage  language,
           const char    *word)
{
  static const struct { const char *suffix; const char *base;
  } forms[] = {
    { "s", "" }, { "es", "" }, { "d", "" }, { "ed", "" }, { "ing", "" }, { "ing", "e" },
    { "ly", "" }, { "ied", "y" }, { "ies", "y" }, { "ment", "" }, { "er", "" }, { "ful", "" },
  };
  gsize length = strlen (word);
  double weight = find (lexicons[language].words, lexicons[language].n, word, 0);

  if (weight != 0 || language != CROWN_LANGUAGE_EN || length > 40)
    return weight;
  for (guint i = 0; i < G_N_ELEMENTS (forms) && weight == 0; i++)
    {
      gsize cut = strlen (forms[i].suffix);
      char base[48];

      if (length < cut + 3 || !g_str_has_suffix (word, forms[i].suffix))
        continue;
      memcpy (base, word, length - cut);
      strcpy (base + length - cut, forms[i].base);
      weight = find (lexicons[language].words, lexicons[language].n, base, 0);
    }
  return weight;
}

/* Whether an expression begins at @at. Returns: how many words it has, 0 for none */
static guint
expression_at (char   **words,
               guint    at,
               double  *weight)
{
  for (guint i = 0; i < G_N_ELEMENTS (expressions); i++)
    {
      guint n = 0;
      const char *p = expressions[i].word;

      while (words[at + n] != NULL && *p != '\0' && strncmp (p, words[at + n], strcspn (p, " ")) == 0 &&
             words[at + n][strcspn (p, " ")] == '\0')
        {
          p += strcspn (p, " ");
          p += *p == ' ';
          n++;
        }
      if (*p == '\0')
        {
          *weight = expressions[i].weight;
          return n;
        }
    }
  return 0;
}

/* A negation up to three words before turns a word's weight and dampens it: "not great" is not "terrible". What stands
 * before a "but" counts a third of what follows it. "Too" makes what is good or plain bad. */
double
crown_sentiment_score (CrownLanguage  language,
                       const char    *text)
{
  g_auto (GStrv) words = crown_words_of (text);
  double sum = 0;

  if (language == CROWN_LANGUAGE_OTHER)
    return 0;
  for (guint i = 0; words[i] != NULL; i++)
    {
      double weight;
      guint n = expression_at (words, i, &weight);

      if (turns_around (words[i]) && i > 0)
        {
          sum *= BEFORE_BUT;
          continue;
        }
      if (n > 0)
        {
          sum += weight;
          i += n - 1;
          continue;
        }
      weight = weight_of (language, words[i]);
      if (weight == 0)
        continue;
      /* "fairly good" is good, and not fair */
      if (words[i + 1] != NULL && find (intensifiers, G_N_ELEMENTS (intensifiers), words[i], 0) != 0 &&
          weight_of (language, words[i + 1]) != 0)
        continue;
      if (i > 0 && strcmp (words[i - 1], "too") == 0)
        weight = -fabs (weight);
      else if (i > 0)
        weight *= find (intensifiers, G_N_ELEMENTS (intensifiers), words[i - 1], 1);
      for (guint back = 1; back <= NEGATION_REACH && back <= i; back++)
        {
          if (turns_around (words[i - back]))
            break;
          if (negates (words[i - back]))
            {
              weight *= NEGATED;
              break;
            }
        }
      sum += weight;
    }
  return sum == 0 ? 0 : sum / sqrt (sum * sum + NORMALIZER);
}

typedef struct {
  double sum;
  double words;
} Mean;

static void
mean_add (Mean   *mean,
          double  score,
          double  words)
{
  mean->sum += score * words;
  mean->words += words;
}

/* Three digits are more than such a lexicon can know. */
static double
mean_get (const Mean *mean)
{
  return mean->words > 0 ? round (1000 * mean->sum / mean->words) / 1000 : 0;
}

/* {overall, by_speaker: {name: score}, timeline: [{at, score}]}; each is the mean of its turns, weighted by their
 * words. */
JsonObject *
crown_sentiment_of (const CrownTranscript *transcript,
                    CrownLanguage          language,
                    gint64                 duration_ms,
                    const gint64          *starts)
{
  g_autoptr (GHashTable) speakers = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  g_autoptr (GPtrArray) order = g_ptr_array_new ();
  Mean overall = { 0 }, timeline[TIMELINE_POINTS] = { { 0 } };
  JsonObject *sentiment = json_object_new ();
  JsonObject *by_speaker = json_object_new ();
  JsonArray *points = json_array_new ();

  for (guint i = 0; i < transcript->segments->len; i++)
    {
      const CrownSegment *segment = transcript->segments->pdata[i];
      double words = crown_count_words (segment->text);
      double score = crown_sentiment_score (language, segment->text);
      guint point = duration_ms > 0
                      ? (guint) CLAMP ((starts[i] - starts[0]) * TIMELINE_POINTS / duration_ms, 0, TIMELINE_POINTS - 1)
                      : 0;
      Mean *mean = g_hash_table_lookup (speakers, segment->speaker);

      if (mean == NULL && *segment->speaker != '\0')
        {
          mean = g_new0 (Mean, 1);
          g_hash_table_insert (speakers, segment->speaker, mean);
          g_ptr_array_add (order, segment->speaker);
        }
      if (mean != NULL)
        mean_add (mean, score, words);
      mean_add (&overall, score, words);
      mean_add (&timeline[point], score, words);
    }

  for (guint i = 0; i < order->len; i++)
    json_object_set_double_member (by_speaker, order->pdata[i],
                                   mean_get (g_hash_table_lookup (speakers, order->pdata[i])));
  for (guint i = 0; i < TIMELINE_POINTS; i++)
    if (timeline[i].words > 0)
      {
        JsonObject *point = json_object_new ();

        json_object_set_double_member (point, "at", round ((double) duration_ms * i / TIMELINE_POINTS) / 1000);
        json_object_set_double_member (point, "score", mean_get (&timeline[i]));
        json_array_add_object_element (points, point);
      }
  json_object_set_double_member (sentiment, "overall", mean_get (&overall));
  json_object_set_object_member (sentiment, "by_speaker", by_speaker);
  json_object_set_array_member (sentiment, "timeline", points);
  return sentiment;
}
