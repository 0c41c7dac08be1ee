/* crown-backup.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-storage"

#include "crown-backup.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define FOLDER     "backups"
#define SUFFIX     ".db"
#define UNFINISHED ".part"
#define DAILY      "daily"
#define MANUAL     "manual"

void
crown_backup_free (CrownBackup *self)
{
  g_free (self->name);
  g_free (self->database);
  g_free (self->reason);
  g_free (self);
}

static gboolean
set_io_error (const char  *path,
              const char  *what,
              GError     **error)
{
  int code = errno;

  g_set_error (error, CROWN_SQLITE_ERROR, code == ENOSPC ? CROWN_SQLITE_ERROR_FULL : CROWN_SQLITE_ERROR_IO,
               "%s: %s: %s", path, what, g_strerror (code));
  return FALSE;
}

/* "cache" of …/cache.db */
static char *
name_of (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);

  if (g_str_has_suffix (name, SUFFIX))
    name[strlen (name) - strlen (SUFFIX)] = '\0';
  return g_steal_pointer (&name);
}

/* NULL where it is no name that crown_backup_make() gives. */
static CrownBackup *
backup_of_name (const char *folder,
                const char *name)
{
  static GRegex *pattern;
  g_autoptr (GMatchInfo) match = NULL;
  g_autoptr (CrownBackup) self = NULL;
  g_autofree char *path = g_build_filename (folder, FOLDER, name, NULL);
  g_autofree char *time = NULL;
  g_autoptr (GDateTime) made_at = NULL;
  GStatBuf status;

  if (g_once_init_enter (&pattern))
    g_once_init_leave (&pattern, g_regex_new ("^([A-Za-z0-9_]+)-([0-9]{8}T[0-9]{6}\\.[0-9]{3}Z)-([a-z0-9-]+)\\.db$", 0, 0, NULL));
  if (!g_regex_match (pattern, name, 0, &match) || g_stat (path, &status) != 0)
    return NULL;

  self = g_new0 (CrownBackup, 1);
  self->name = g_strdup (name);
  self->database = g_match_info_fetch (match, 1);
  time = g_match_info_fetch (match, 2);
  self->reason = g_match_info_fetch (match, 3);
  if ((made_at = g_date_time_new_from_iso8601 (time, NULL)) == NULL)
    return NULL;
  self->made_at = g_date_time_to_unix (made_at) * G_USEC_PER_SEC + g_date_time_get_microsecond (made_at);
  self->bytes = status.st_size;
  return g_steal_pointer (&self);
}

static int
compare_newest_first (gconstpointer a,
                      gconstpointer b)
{
  const CrownBackup *x = *(CrownBackup *const *) a, *y = *(CrownBackup *const *) b;

  return x->made_at != y->made_at ? (x->made_at < y->made_at) - (x->made_at > y->made_at) : strcmp (x->name, y->name);
}

GPtrArray *
crown_backup_list (const char  *folder,
                   GError     **error)
{
  g_autoptr (GPtrArray) backups = g_ptr_array_new_with_free_func ((GDestroyNotify) crown_backup_free);
  g_autofree char *path = g_build_filename (folder, FOLDER, NULL);
  g_autoptr (GError) local_error = NULL;
  g_autoptr (GDir) dir = g_dir_open (path, 0, &local_error);
  const char *name;

  if (dir == NULL && !g_error_matches (local_error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      CrownBackup *backup = backup_of_name (folder, name);

      if (backup != NULL)
        g_ptr_array_add (backups, backup);
    }
  g_ptr_array_sort (backups, compare_newest_first);
  return g_steal_pointer (&backups);
}

/* How far away from @now it was made. Not its age: a clock that was set back must not make the copies of the time after
 * it the ones that are kept. */
static gint64
distance_to (const CrownBackup *backup,
             gint64             now)
{
  return ABS (backup->made_at - now);
}

static int
compare_nearest_first (gconstpointer a,
                       gconstpointer b,
                       gpointer      now)
{
  gint64 x = distance_to (*(CrownBackup *const *) a, *(gint64 *) now);
  gint64 y = distance_to (*(CrownBackup *const *) b, *(gint64 *) now);

  return (x > y) - (x < y);
}

/* The copies of @database that were made by themselves, nearest to @now first. */
static GPtrArray *
list_kept (const char  *folder,
           const char  *database,
           gint64       now,
           GError     **error)
{
  GPtrArray *backups = crown_backup_list (folder, error);

  for (guint i = backups != NULL ? backups->len : 0; i-- > 0;)
    {
      const CrownBackup *backup = backups->pdata[i];

      if (strcmp (backup->database, database) != 0 || strcmp (backup->reason, MANUAL) == 0)
        g_ptr_array_remove_index (backups, i);
    }
  if (backups != NULL)
    g_ptr_array_sort_with_data (backups, compare_nearest_first, &now);
  return backups;
}

static gboolean
delete_old (const char  *folder,
            const char  *database,
            gint64       now,
            GError     **error)
{
  g_autoptr (GPtrArray) backups = list_kept (folder, database, now, error);

  if (backups == NULL)
    return FALSE;
  for (guint i = CROWN_BACKUPS_KEPT; i < backups->len; i++)
    {
      g_autofree char *path = g_build_filename (folder, FOLDER, ((CrownBackup *) backups->pdata[i])->name, NULL);

      if (g_unlink (path) != 0 && errno != ENOENT)
        return set_io_error (path, "the old backup cannot be deleted", error);
    }
  return TRUE;
}

/* @path: gets the copy of @db at once: whoever looks sees all of it or what was there before. */
static gboolean
copy_to (CrownSqlite  *db,
         const char   *path,
         GError      **error)
{
  g_autofree char *unfinished = g_strconcat (path, UNFINISHED, NULL);

  g_unlink (unfinished);
  if (!crown_sqlite_backup (db, unfinished, error))
    {
      g_unlink (unfinished);
      return FALSE;
    }
  return g_rename (unfinished, path) == 0 || set_io_error (path, "the copy cannot be put there", error);
}

gboolean
crown_backup_make (CrownSqlite       *db,
                   const char        *reason,
                   const CrownClock  *clock,
                   char             **name,
                   GError           **error)
{
  gint64 now = crown_clock_now_us (clock);
  g_autofree char *folder = g_path_get_dirname (crown_sqlite_get_path (db));
  g_autofree char *database = name_of (crown_sqlite_get_path (db));
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (now / G_USEC_PER_SEC);
  g_autofree char *time = g_date_time_format (utc, "%Y%m%dT%H%M%S");
  g_autofree char *file = g_strdup_printf ("%s-%s.%03dZ-%s" SUFFIX, database, time,
                                           (int) (now / G_TIME_SPAN_MILLISECOND % 1000), reason);
  g_autofree char *path = g_build_filename (folder, FOLDER, file, NULL);

  if (!copy_to (db, path, error) || !delete_old (folder, database, now, error))
    return FALSE;
  if (name != NULL)
    *name = g_steal_pointer (&file);
  return TRUE;
}

gboolean
crown_backup_keep (CrownSqlite       *db,
                   const CrownClock  *clock,
                   gboolean          *made,
                   GError           **error)
{
  gint64 now = crown_clock_now_us (clock);
  g_autofree char *folder = g_path_get_dirname (crown_sqlite_get_path (db));
  g_autofree char *database = name_of (crown_sqlite_get_path (db));
  g_autoptr (GPtrArray) backups = list_kept (folder, database, now, error);

  if (backups == NULL)
    return FALSE;
  if (made != NULL)
    *made = FALSE;
  for (guint i = 0; i < backups->len && distance_to (backups->pdata[i], now) < CROWN_BACKUP_US; i++)
    if (strcmp (((CrownBackup *) backups->pdata[i])->reason, DAILY) == 0)
      return TRUE;
  /* A damaged database would push the good copies out, one a day. */
  if (!crown_sqlite_check (db, error) || !crown_backup_make (db, DAILY, clock, NULL, error))
    return FALSE;
  if (made != NULL)
    *made = TRUE;
  return TRUE;
}

gboolean
crown_backup_migrate (CrownSqlite         *db,
                      const char * const  *scripts,
                      guint                n_scripts,
                      const CrownClock    *clock,
                      GError             **error)
{
  guint version;

  if (!crown_sqlite_get_version (db, &version, error))
    return FALSE;
  if (version > 0 && version < n_scripts)
    {
      g_autofree char *reason = g_strdup_printf ("schema-%u", version);

      if (!crown_backup_make (db, reason, clock, NULL, error))
        return FALSE;
    }
  return crown_sqlite_migrate (db, scripts, n_scripts, error);
}

gboolean
crown_backup_restore (const char  *folder,
                      const char  *name,
                      char       **aside,
                      GError     **error)
{
  g_autoptr (CrownBackup) backup = backup_of_name (folder, name);
  g_autofree char *from = g_build_filename (folder, FOLDER, name, NULL);
  g_autofree char *to = NULL;
  g_autofree char *fresh = NULL;
  g_autoptr (CrownSqlite) copy = NULL;
  gboolean done;
  int fd;

  *aside = NULL;
  if (backup == NULL)
    {
      g_set_error (error, CROWN_SQLITE_ERROR, CROWN_SQLITE_ERROR_IO, "there is no backup %s of %s", name, folder);
      return FALSE;
    }
  to = g_strdup_printf ("%s%c%s" SUFFIX, folder, G_DIR_SEPARATOR, backup->database);
  fresh = g_strconcat (to, ".restored", NULL);
  copy = crown_sqlite_open (from, CROWN_SQLITE_READ_ONLY, error);
  if (copy == NULL || !crown_sqlite_check (copy, error) || !copy_to (copy, fresh, error))
    return FALSE;
  done = crown_sqlite_lock_alone (to, &fd, error) && crown_sqlite_set_aside (to, "replaced", aside, error) &&
         (g_rename (fresh, to) == 0 || set_io_error (to, "the copy cannot be put there", error));
  if (!done)
    g_unlink (fresh);
  if (fd >= 0)
    close (fd);
  return done;
}
