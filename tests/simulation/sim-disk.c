/* sim-disk.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "sim-disk.h"

#include <sqlite3.h>
#include <string.h>

typedef struct {
  sqlite3_file base;
  SimDisk     *disk; /* (nullable) */
  sqlite3_file real; /* as large as the real VFS says */
} SimFile;

static sqlite3_vfs *real_vfs;
static sqlite3_vfs sim_vfs;
static GPtrArray *disks;

static SimDisk *
find_disk (const char *path)
{
  for (guint i = 0; path != NULL && i < disks->len; i++)
    {
      SimDisk *disk = disks->pdata[i];

      if (g_str_has_prefix (path, disk->folder) && path[strlen (disk->folder)] == '/')
        return disk;
    }
  return NULL;
}

#define REAL(file) (&((SimFile *) (file))->real)
#define IS_DEAD(file) (((SimFile *) (file))->disk != NULL && ((SimFile *) (file))->disk->dead)

/* TRUE if the process dies with this write. */
static gboolean
dies (SimDisk *disk)
{
  if (disk == NULL || disk->writes_left < 0 || disk->writes_left-- > 0)
    return FALSE;

  disk->writes_left = -1;
  disk->dead = TRUE;
  return TRUE;
}

static int
file_close (sqlite3_file *file)
{
  return REAL (file)->pMethods != NULL ? REAL (file)->pMethods->xClose (REAL (file)) : SQLITE_OK;
}

static int
file_read (sqlite3_file  *file,
           void          *buffer,
           int            n,
           sqlite3_int64  offset)
{
  return IS_DEAD (file) ? SQLITE_IOERR_READ : REAL (file)->pMethods->xRead (REAL (file), buffer, n, offset);
}

static int
file_write (sqlite3_file  *file,
            const void    *buffer,
            int            n,
            sqlite3_int64  offset)
{
  SimDisk *disk = ((SimFile *) file)->disk;

  if (IS_DEAD (file))
    return SQLITE_IOERR_WRITE;
  if (disk != NULL && disk->full)
    return SQLITE_FULL;
  if (dies (disk))
    {
      /* Half of it is there, as it may be. */
      REAL (file)->pMethods->xWrite (REAL (file), buffer, n / 2, offset);
      return SQLITE_IOERR_WRITE;
    }
  return REAL (file)->pMethods->xWrite (REAL (file), buffer, n, offset);
}

static int
file_truncate (sqlite3_file  *file,
               sqlite3_int64  size)
{
  if (IS_DEAD (file) || dies (((SimFile *) file)->disk))
    return SQLITE_IOERR_TRUNCATE;
  return REAL (file)->pMethods->xTruncate (REAL (file), size);
}

/* What a process has written stays when it dies; only the computer's own crash would need this. */
static int
file_sync (sqlite3_file *file,
           int           flags)
{
  return IS_DEAD (file) || dies (((SimFile *) file)->disk) ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int
file_size (sqlite3_file  *file,
           sqlite3_int64 *size)
{
  return REAL (file)->pMethods->xFileSize (REAL (file), size);
}

static int
file_lock (sqlite3_file *file,
           int           lock)
{
  return REAL (file)->pMethods->xLock (REAL (file), lock);
}

static int
file_unlock (sqlite3_file *file,
             int           lock)
{
  return REAL (file)->pMethods->xUnlock (REAL (file), lock);
}

static int
file_check_reserved (sqlite3_file *file,
                     int          *reserved)
{
  return REAL (file)->pMethods->xCheckReservedLock (REAL (file), reserved);
}

static int
file_control (sqlite3_file *file,
              int           op,
              void         *argument)
{
  return REAL (file)->pMethods->xFileControl (REAL (file), op, argument);
}

static int
file_sector_size (sqlite3_file *file)
{
  return REAL (file)->pMethods->xSectorSize (REAL (file));
}

static int
file_characteristics (sqlite3_file *file)
{
  return REAL (file)->pMethods->xDeviceCharacteristics (REAL (file));
}

static int
file_shm_map (sqlite3_file   *file,
              int             page,
              int             size,
              int             extend,
              void volatile **memory)
{
  return REAL (file)->pMethods->xShmMap (REAL (file), page, size, extend, memory);
}

static int
file_shm_lock (sqlite3_file *file,
               int           offset,
               int           n,
               int           flags)
{
  return REAL (file)->pMethods->xShmLock (REAL (file), offset, n, flags);
}

static void
file_shm_barrier (sqlite3_file *file)
{
  REAL (file)->pMethods->xShmBarrier (REAL (file));
}

/* A dead process unlinks nothing. */
static int
file_shm_unmap (sqlite3_file *file,
                int           delete_it)
{
  return REAL (file)->pMethods->xShmUnmap (REAL (file), delete_it && !IS_DEAD (file));
}

static const sqlite3_io_methods methods = {
  .iVersion = 2,
  .xClose = file_close,
  .xRead = file_read,
  .xWrite = file_write,
  .xTruncate = file_truncate,
  .xSync = file_sync,
  .xFileSize = file_size,
  .xLock = file_lock,
  .xUnlock = file_unlock,
  .xCheckReservedLock = file_check_reserved,
  .xFileControl = file_control,
  .xSectorSize = file_sector_size,
  .xDeviceCharacteristics = file_characteristics,
  .xShmMap = file_shm_map,
  .xShmLock = file_shm_lock,
  .xShmBarrier = file_shm_barrier,
  .xShmUnmap = file_shm_unmap,
};

static int
vfs_open (sqlite3_vfs  *vfs,
          const char   *path,
          sqlite3_file *file,
          int           flags,
          int          *out_flags)
{
  SimFile *self = (SimFile *) file;
  int rc;

  self->base.pMethods = NULL;
  self->disk = find_disk (path);
  if (self->disk != NULL && self->disk->dead)
    return SQLITE_CANTOPEN;
  rc = real_vfs->xOpen (real_vfs, path, &self->real, flags, out_flags);
  if (rc == SQLITE_OK)
    self->base.pMethods = &methods;
  return rc;
}

static int
vfs_delete (sqlite3_vfs *vfs,
            const char  *path,
            int          sync)
{
  SimDisk *disk = find_disk (path);

  if (disk != NULL && (disk->dead || dies (disk)))
    return SQLITE_IOERR_DELETE;
  return real_vfs->xDelete (real_vfs, path, sync);
}

void
sim_disk_init (void)
{
  real_vfs = sqlite3_vfs_find (NULL);
  sim_vfs = *real_vfs;
  sim_vfs.zName = "crown-simulation";
  sim_vfs.szOsFile = (int) G_STRUCT_OFFSET (SimFile, real) + real_vfs->szOsFile;
  sim_vfs.pNext = NULL;
  sim_vfs.xOpen = vfs_open;
  sim_vfs.xDelete = vfs_delete;
  sqlite3_vfs_register (&sim_vfs, 1);
  disks = g_ptr_array_new ();
}

SimDisk *
sim_disk_new (const char *folder)
{
  SimDisk *self = g_new0 (SimDisk, 1);

  self->folder = g_strdup (folder);
  self->writes_left = -1;
  g_ptr_array_add (disks, self);
  return self;
}

void
sim_disk_free (SimDisk *self)
{
  g_ptr_array_remove (disks, self);
  g_free (self->folder);
  g_free (self);
}

void
sim_disk_restart (SimDisk *self)
{
  self->dead = FALSE;
  self->writes_left = -1;
}
