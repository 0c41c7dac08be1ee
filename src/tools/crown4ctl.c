/* crown4ctl.c: administration and proof from the command line
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-tools"

#include "crown4ctl.h"

#include "crown-config.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

/* What a command cannot do without. */
typedef enum {
  NEEDS_LEDGER = 1 << 0,
  NEEDS_SERVER = 1 << 1, /* and a token and a workspace */
  NEEDS_USER   = 1 << 2,
  NEEDS_FOLDER = 1 << 3,
} Needs;

typedef struct {
  const char *name;  /* one or two words */
  const char *usage;
  const char *help;
  Needs       needs;
  guint       min_arguments;
  guint       max_arguments;
  int       (*run) (const CtlOptions *options);
} Command;

static const Command commands[] = {
  { "workspace create", "NAME", "makes a workspace, prints its id", NEEDS_LEDGER, 1, 1, ctl_workspace_create },
  { "user create", "NAME", "makes a user, prints the id", NEEDS_LEDGER, 1, 1, ctl_user_create },
  { "token create", "--user U --workspace W [--role R]", "makes a token, prints it once", NEEDS_LEDGER | NEEDS_USER, 0, 0,
    ctl_token_create },
  { "token list", "", "lists tokens, never the tokens themselves", NEEDS_LEDGER, 0, 0, ctl_token_list },
  { "token revoke", "ID", "revokes a token", NEEDS_LEDGER, 1, 1, ctl_token_revoke },
  { "ledger verify", "", "checks order, gaplessness, checksums and digests", NEEDS_LEDGER, 0, 0, ctl_ledger_verify },
  { "ledger compact", "[--keep-days N] [--keep-events N]", "deletes old events, empties superseded ones",
    NEEDS_LEDGER, 0, 0, ctl_ledger_compact },
  { "ledger backup", "FILE", "copies the ledger while it is in use", NEEDS_LEDGER, 1, 1, ctl_ledger_backup },
  { "cache stats", "[--json]", "what a dashboard keeps on this computer", NEEDS_FOLDER, 0, 0, ctl_cache_stats },
  { "cache verify", "", "checks files, checksums, lists and digests of it", NEEDS_FOLDER, 0, 0, ctl_cache_verify },
  { "cache backup", "", "copies it while it is in use", NEEDS_FOLDER, 0, 0, ctl_cache_backup },
  { "cache list-backups", "[--json]", "lists copies, newest first", NEEDS_FOLDER, 0, 0, ctl_cache_list_backups },
  { "cache restore", "NAME", "puts a copy back; what was there is kept", NEEDS_FOLDER, 1, 1, ctl_cache_restore },
  { "cache rebuild", "", "has the cache filled from the server again", NEEDS_FOLDER, 0, 0, ctl_cache_rebuild },
  { "import", "FILE…", "sends transcripts, prints a line of JSON each", NEEDS_SERVER, 1, G_MAXUINT, ctl_import },
  { "live", "TITLE", "a meeting of what comes on standard input, line by line", NEEDS_SERVER, 1, 1, ctl_live },
  { "tail", "[--namespace N]", "prints events as they come, a line of JSON each", NEEDS_SERVER, 0, 0, ctl_tail },
  { "replay", "--from S", "prints the events after sequence S", NEEDS_SERVER, 0, 0, ctl_replay },
  { "analyze", "FILE [--json]", "analyses a transcript without any server", 0, 1, 1, ctl_analyze },
  { "canonicalize", "[--checksum]", "JSON lines from standard input in canonical form", 0, 0, 0, ctl_canonicalize },
};

/* The arguments are main()'s. */
static void
ctl_options_clear (CtlOptions *self)
{
  g_clear_pointer (&self->ledger, g_free);
  g_clear_pointer (&self->folder, g_free);
  g_clear_pointer (&self->server, g_free);
  g_clear_pointer (&self->tls_ca, g_free);
  g_clear_pointer (&self->token, g_free);
  g_clear_pointer (&self->role, g_free);
  g_clear_pointer (&self->nsp, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CtlOptions, ctl_options_clear)

int
ctl_fail (GError *error)
{
  g_printerr ("crown4ctl: %s\n", error->message);
  return CROWN_EXIT_FAILED;
}

static int
wrong_use (const char *what)
{
  g_printerr ("crown4ctl: %s; see crown4ctl --help\n", what);
  return CROWN_EXIT_USAGE;
}

/* Results are UTF-8 in every locale; g_print() by itself would put question marks in place of letters. */
static void
print_as_it_is (const char *text)
{
  fputs (text, stdout);
  fflush (stdout);
}

/* What could not be written was not done. */
static int
finish (int status)
{
  if (fflush (stdout) == 0 && !ferror (stdout))
    return status;
  g_printerr ("crown4ctl: standard output cannot be written\n");
  return CROWN_EXIT_FAILED;
}

static char *
describe_commands (void)
{
  GString *text = g_string_new ("Commands:\n");

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      g_autofree char *form = g_strdup_printf ("%s %s", commands[i].name, commands[i].usage);

      g_string_append_printf (text, "  %-48s %s\n", form, commands[i].help);
    }
  g_string_append (text, "\nThe token may come from CROWN4_TOKEN instead of the command line.");
  return g_string_free (text, FALSE);
}

/* The words of the command come first among what is no option. */
static const Command *
find_command (char  **words,
              guint  *n_words)
{
  for (guint i = 0; words[0] != NULL && i < G_N_ELEMENTS (commands); i++)
    {
      g_auto (GStrv) name = g_strsplit (commands[i].name, " ", -1);
      guint n = g_strv_length (name);

      if (strcmp (name[0], words[0]) == 0 && (n == 1 || g_strcmp0 (name[1], words[1]) == 0))
        {
          *n_words = n;
          return &commands[i];
        }
    }
  return NULL;
}

static gboolean
is_server_url (const char *text)
{
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);

  return uri != NULL && (g_str_equal (g_uri_get_scheme (uri), "http") || g_str_equal (g_uri_get_scheme (uri), "https")) &&
         g_uri_get_host (uri) != NULL && *g_uri_get_host (uri) != '\0';
}

static const char *
find_missing (const Command    *command,
              const CtlOptions *options)
{
  if ((command->needs & NEEDS_LEDGER) && options->ledger == NULL)
    return "--ledger URI is needed";
  if ((command->needs & NEEDS_FOLDER) && options->folder == NULL)
    return "--folder DIR is needed, the one with cache.db";
  if ((command->needs & NEEDS_USER) && (options->user <= 0 || options->workspace <= 0))
    return "--user and --workspace are needed, as the numbers that user create and workspace create print";
  if ((command->needs & NEEDS_SERVER) && options->server == NULL)
    return "--server URL is needed";
  if ((command->needs & NEEDS_SERVER) && !is_server_url (options->server))
    return "--server is a URL such as http://127.0.0.1:8080";
  if ((command->needs & NEEDS_SERVER) && options->workspace <= 0)
    return "--workspace W is needed";
  if ((command->needs & NEEDS_SERVER) && options->token == NULL)
    return "--token T, or CROWN4_TOKEN, is needed";
  if (options->n_arguments < command->min_arguments)
    return "something is missing after the command";
  if (options->n_arguments > command->max_arguments)
    return "there is too much after the command";
  if (options->from < 0)
    return "--from is a sequence, 0 or more";
  return NULL;
}

int
main (int   argc,
      char *argv[])
{
  g_auto (CtlOptions) options = { .keep_days = 30, .keep_events = 10000 };
  gboolean version = FALSE;
  const GOptionEntry entries[] = {
    { "ledger", 0, 0, G_OPTION_ARG_FILENAME, &options.ledger, "The ledger, as sqlite:PATH or postgresql://…", "URI" },
    { "folder", 0, 0, G_OPTION_ARG_FILENAME, &options.folder, "The folder with a dashboard's cache.db", "DIR" },
    { "server", 0, 0, G_OPTION_ARG_STRING, &options.server, "The server, such as http://127.0.0.1:8080", "URL" },
    { "tls-ca", 0, 0, G_OPTION_ARG_FILENAME, &options.tls_ca, "Trust the server's certificate by those in this file",
      "FILE" },
    { "token", 0, 0, G_OPTION_ARG_STRING, &options.token, "The token for it", "T" },
    { "workspace", 0, 0, G_OPTION_ARG_INT64, &options.workspace, "The workspace", "W" },
    { "user", 0, 0, G_OPTION_ARG_INT64, &options.user, "The user", "U" },
    { "role", 0, 0, G_OPTION_ARG_STRING, &options.role, "viewer, member (the default) or admin", "R" },
    { "namespace", 0, 0, G_OPTION_ARG_STRING, &options.nsp, "Only events of /dashboard, /tasks, /analytics or /meetings", "N" },
    { "keep-days", 0, 0, G_OPTION_ARG_INT, &options.keep_days, "Keep events that are younger; 30 if not given", "N" },
    { "keep-events", 0, 0, G_OPTION_ARG_INT64, &options.keep_events,
      "Keep the last so many of each stream; 10000 if not given", "N" },
    { "from", 0, 0, G_OPTION_ARG_INT64, &options.from, "Replay what comes after this sequence", "S" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Results for machines", NULL },
    { "checksum", 0, 0, G_OPTION_ARG_NONE, &options.checksum, "The SHA-256 of the canonical form", NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version and quit", NULL },
    { NULL }
  };
  g_autoptr (GOptionContext) context =
    g_option_context_new ("COMMAND [ARGUMENT…] — look after CROWN⁴ ledgers, servers and caches");
  g_autofree char *description = describe_commands ();
  g_autoptr (GError) error = NULL;
  const Command *command;
  const char *missing;
  guint n_words = 0;

  setlocale (LC_ALL, "");
  g_set_print_handler (print_as_it_is);
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_description (context, description);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    return wrong_use (error->message);
  if (version)
    {
      g_print ("crown4ctl %s\n", CROWN_VERSION);
      return finish (0);
    }
  if (argc > 1 && strcmp (argv[1], "--") == 0)
    {
      argv++;
      argc--;
    }
  if (argc < 2)
    return wrong_use ("a command is needed");
  command = find_command (argv + 1, &n_words);
  if (command == NULL)
    {
      g_autofree char *what = g_strdup_printf ("there is no command “%s%s%s”", argv[1], argc > 2 ? " " : "", argc > 2 ? argv[2] : "");

      return wrong_use (what);
    }

  if (options.token == NULL)
    options.token = g_strdup (g_getenv ("CROWN4_TOKEN"));
  options.arguments = argv + 1 + n_words;
  options.n_arguments = (guint) argc - 1 - n_words;
  missing = find_missing (command, &options);
  if (missing != NULL)
    return wrong_use (missing);
  return finish (command->run (&options));
}
