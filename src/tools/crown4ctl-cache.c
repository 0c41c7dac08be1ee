/* crown4ctl-cache.c: the commands that look after what a dashboard keeps on this computer
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-tools"

#include "crown4ctl.h"

#include "client/crown-cache-inspect.h"
#include "core/crown-json.h"
#include "storage/crown-backup.h"

#include <unistd.h>

static const char *const databases[] = { "cache.db", "outbox.db" };

static void
print_object (JsonObject *object)
{
  g_autofree char *text = crown_json_object_to_string (object);

  g_print ("%s\n", text);
}

static void
print_backup (const CtlOptions  *options,
              const CrownBackup *backup)
{
  g_autofree char *made_at = crown_time_format_iso (backup->made_at);
  g_autoptr (JsonObject) object = NULL;

  if (!options->json)
    {
      g_print ("%s\t%s\t%s\t%s\t%" G_GINT64_FORMAT "\n", backup->name, backup->database, made_at, backup->reason,
               backup->bytes);
      return;
    }
  object = json_object_new ();
  json_object_set_string_member (object, "name", backup->name);
  json_object_set_string_member (object, "database", backup->database);
  json_object_set_string_member (object, "made_at", made_at);
  json_object_set_string_member (object, "reason", backup->reason);
  json_object_set_int_member (object, "bytes", backup->bytes);
  print_object (object);
}

int
ctl_cache_list_backups (const CtlOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) backups = crown_backup_list (options->folder, &error);

  if (backups == NULL)
    return ctl_fail (error);
  for (guint i = 0; i < backups->len; i++)
    print_backup (options, backups->pdata[i]);
  return 0;
}

int
ctl_cache_backup (const CtlOptions *options)
{
  for (guint i = 0; i < G_N_ELEMENTS (databases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *path = g_build_filename (options->folder, databases[i], NULL);
      g_autoptr (CrownSqlite) db = crown_sqlite_open (path, CROWN_SQLITE_READ_ONLY, &error);
      g_autofree char *name = NULL;

      if (db == NULL || !crown_sqlite_check (db, &error) || !crown_backup_make (db, "manual", NULL, &name, &error))
        return ctl_fail (error);
      g_print ("%s\n", name);
    }
  return 0;
}

int
ctl_cache_restore (const CtlOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *aside = NULL;

  if (!crown_backup_restore (options->folder, options->arguments[0], &aside, &error))
    return ctl_fail (error);
  if (aside != NULL)
    g_print ("%s\n", aside);
  return 0;
}

/* Only the cache: the server has what is in it. The outbox has what nobody else has. */
int
ctl_cache_rebuild (const CtlOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (options->folder, databases[0], NULL);
  g_autofree char *aside = NULL;
  gboolean done;
  int fd;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_printerr ("crown4ctl: there is no %s\n", path);
      return CROWN_EXIT_FAILED;
    }
  done = crown_sqlite_lock_alone (path, &fd, &error) && crown_sqlite_set_aside (path, "replaced", &aside, &error);
  if (fd >= 0)
    close (fd);
  if (!done)
    return ctl_fail (error);
  g_print ("%s\n", aside);
  return 0;
}

int
ctl_cache_verify (const CtlOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *report = NULL;

  if (!crown_cache_inspect_verify (options->folder, &report, &error))
    return ctl_fail (error);
  g_print ("%s\n", report);
  return 0;
}

static JsonObject *
object_of_stats (const CrownCacheStats *stats)
{
  JsonObject *object = json_object_new (), *rows = json_object_new ();

  for (CrownStore store = 0; store < CROWN_N_STORES; store++)
    if (stats->digests[store] != NULL)
      {
        JsonObject *of_store = json_object_new ();

        json_object_set_int_member (of_store, "count", (gint64) stats->counts[store]);
        json_object_set_int_member (of_store, "evicted", (gint64) stats->evicted[store]);
        json_object_set_string_member (of_store, "digest", stats->digests[store]);
        json_object_set_object_member (rows, crown_store_to_string (store), of_store);
      }
  json_object_set_int_member (object, "schema", stats->schema);
  json_object_set_string_member (object, "epoch", stats->epoch);
  json_object_set_int_member (object, "sequence", (gint64) stats->sequence);
  json_object_set_int_member (object, "user_sequence", (gint64) stats->user_sequence);
  json_object_set_object_member (object, "rows", rows);
  json_object_set_int_member (object, "transcripts", (gint64) stats->transcripts);
  json_object_set_int_member (object, "bytes", stats->bytes);
  json_object_set_int_member (object, "repairs", (gint64) stats->repairs);
  json_object_set_int_member (object, "quarantined", (gint64) stats->quarantined);
  json_object_set_int_member (object, "queued", (gint64) stats->queued);
  json_object_set_int_member (object, "outbox_schema", stats->outbox_schema);
  json_object_set_int_member (object, "pending", (gint64) stats->pending);
  json_object_set_int_member (object, "sent", (gint64) stats->sent);
  return object;
}

int
ctl_cache_stats (const CtlOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrownCacheStats) stats = crown_cache_inspect_stats (options->folder, &error);
  g_autoptr (JsonObject) object = NULL;

  if (stats == NULL)
    return ctl_fail (error);
  if (options->json)
    {
      object = object_of_stats (stats);
      print_object (object);
      return 0;
    }
  for (CrownStore store = 0; store < CROWN_N_STORES; store++)
    if (stats->digests[store] != NULL)
      g_print ("%s\t%" G_GUINT64_FORMAT " (%" G_GUINT64_FORMAT " without their content)\n", crown_store_to_string (store),
               stats->counts[store], stats->evicted[store]);
  g_print ("transcripts\t%" G_GUINT64_FORMAT "\nbytes\t%" G_GINT64_FORMAT "\nposition\t%" G_GUINT64_FORMAT " of %s\n"
           "repairs\t%" G_GUINT64_FORMAT "\npending\t%" G_GUINT64_FORMAT "\n",
           stats->transcripts, stats->bytes, stats->sequence, *stats->epoch != '\0' ? stats->epoch : "-", stats->repairs,
           stats->pending);
  return 0;
}
