/* crown-backup.h: copies of a database beside it, from before a migration, of each day and by hand, and the way back
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "core/crown-clock.h"
#include "crown-sqlite.h"

G_BEGIN_DECLS

/* Of one database's copies that are made by themselves; what was made by hand stays until somebody deletes it. */
#define CROWN_BACKUPS_KEPT 7
#define CROWN_BACKUP_US    (24 * G_TIME_SPAN_HOUR)

/* A file in the folder `backups` beside the database, called {database}-{made_at}-{reason}.db. */
typedef struct {
  char   *name;     /* of the file, without its folder */
  char   *database; /* "cache" of cache.db */
  char   *reason;   /* "daily", "schema-2" (before the migration from schema 2), "manual" */
  gint64  made_at;  /* µs since 1970, in whole milliseconds */
  gint64  bytes;
} CrownBackup;

void       crown_backup_free    (CrownBackup *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownBackup, crown_backup_free)

/**
 * crown_backup_make:
 * @reason: lower case letters, digits and '-'
 * @clock: (nullable)
 * @name: (out) (optional) (transfer full): of the file
 *
 * Copies the database while it is in use, whole or not at all, and deletes what is more than %CROWN_BACKUPS_KEPT.
 */
gboolean   crown_backup_make    (CrownSqlite *db, const char *reason, const CrownClock *clock, char **name,
                                 GError **error);
/**
 * crown_backup_keep:
 * @made: (out) (optional): whether it was time
 * @error: (out) (optional): %CROWN_SQLITE_ERROR_CORRUPT where the database is damaged, which is looked for before
 *
 * The copy of the day, if there is none of the last 24 hours.
 */
gboolean   crown_backup_keep    (CrownSqlite *db, const CrownClock *clock, gboolean *made, GError **error);
/* crown_sqlite_migrate(), after a copy of what there is, if there is something to migrate. */
gboolean   crown_backup_migrate (CrownSqlite *db, const char * const *scripts, guint n_scripts, const CrownClock *clock,
                                 GError **error);
/**
 * crown_backup_list:
 * @folder: of the databases
 *
 * Returns: (transfer full) (element-type CrownBackup): newest first; empty where there are none
 */
GPtrArray *crown_backup_list    (const char *folder, GError **error);
/**
 * crown_backup_restore:
 * @folder: of the databases
 * @name: of a backup, as crown_backup_list() has it
 * @aside: (out) (transfer full) (nullable): where the database that was there is kept now
 * @error: (out) (optional): %CROWN_SQLITE_ERROR_BUSY while a process has the database open, %CROWN_SQLITE_ERROR_CORRUPT where
 *   the copy is damaged; nothing was changed then
 *
 * Puts the copy in the place of the database. The copy stays.
 */
gboolean   crown_backup_restore (const char *folder, const char *name, char **aside, GError **error);

G_END_DECLS
