/* postgres-fixture.h: a real PostgreSQL in a temporary folder, on a Unix socket
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* One cluster a program, begun by the first call; it ends with the program. fsync is off: what is tested here is not
 * whether the disk keeps what it is told. */
char *postgres_fixture_new_database (void); /* (transfer full): the URI of an empty database */
char *postgres_fixture_uri_of       (const char *database);
void  postgres_fixture_exec         (const char *uri, const char *sql);
/* SIGKILL for the server and all that it has begun, and the recovery after it. */
void  postgres_fixture_kill         (void);
void  postgres_fixture_start        (void);
void  postgres_fixture_stop         (void);

G_END_DECLS
