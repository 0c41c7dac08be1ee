/* sim-disk.h: files that can be full, fail, and be left as a crash leaves them
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* All files of one process: those below its folder. A VFS of SQLite over the usual one. */
typedef struct {
  char    *folder;
  gboolean full;        /* nothing more can be written */
  int      writes_left; /* the process dies at the write after so many; -1: it does not */
  gboolean dead;        /* it did: nothing can be read or written until it starts anew */
} SimDisk;

/* Before the first database is opened. */
void     sim_disk_init    (void);
SimDisk *sim_disk_new     (const char *folder);
void     sim_disk_free    (SimDisk *self);
/* The process starts anew. */
void     sim_disk_restart (SimDisk *self);

G_END_DECLS
