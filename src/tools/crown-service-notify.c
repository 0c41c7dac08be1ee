/* crown-service-notify.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-tools"

#include "crown-service-notify.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_SECONDS 1 /* for a manager that does not read: nothing here is worth more */

/**
 * CrownServiceNotify:
 *
 * A datagram socket to whoever started this process, if it wants to be told. Nothing changes after construction: any
 * thread may speak.
 */
struct _CrownServiceNotify
{
  int                fd;          /* -1: nobody listens */
  struct sockaddr_un address;
  socklen_t          length;
  guint              watchdog_ms;
};

/* A path, or with '@' in front a name of Linux' abstract sockets. */
static gboolean
set_address (CrownServiceNotify *self,
             const char         *path)
{
  gsize length = strlen (path);

  if ((path[0] != '/' && path[0] != '@') || length < 2 || length >= sizeof self->address.sun_path)
    return FALSE;

  self->address.sun_family = AF_UNIX;
  memcpy (self->address.sun_path, path, length);
  if (path[0] == '@')
    self->address.sun_path[0] = '\0';
  /* An abstract name has no end but the length; a path is ended by a zero. */
  self->length = (socklen_t) (offsetof (struct sockaddr_un, sun_path) + length + (path[0] == '/' ? 1 : 0));
  return TRUE;
}

/* Half of what the manager allows, so that one ping may be late. */
static guint
read_watchdog_ms (void)
{
  const char *usec = g_getenv ("WATCHDOG_USEC");
  const char *pid = g_getenv ("WATCHDOG_PID");
  guint64 number;

  if (pid != NULL &&
      (!g_ascii_string_to_unsigned (pid, 10, 1, G_MAXINT32, &number, NULL) || number != (guint64) getpid ()))
    return 0;

  if (usec == NULL)
    return 0;

  if (!g_ascii_string_to_unsigned (usec, 10, 1, (guint64) G_MAXINT32 * 1000, &number, NULL))
    {
      g_warning ("The watchdog stays quiet: WATCHDOG_USEC “%s” is no time", usec);
      return 0;
    }

  return (guint) MAX (number / 2000, 1);
}

/**
 * crown_service_notify_new:
 *
 * Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`, and takes them out of the environment: they are for this
 * process, not for its children. Call it before there are threads.
 *
 * Returns: (transfer full): one that does nothing where nobody wants to be told
 */
CrownServiceNotify *
crown_service_notify_new (void)
{
  CrownServiceNotify *self = g_new0 (CrownServiceNotify, 1);
  const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
  const char *path = g_getenv ("NOTIFY_SOCKET");

  self->fd = -1;
  if (path != NULL && !set_address (self, path))
    g_warning ("The service manager is told nothing: NOTIFY_SOCKET “%s” is no address", path);
  else if (path != NULL)
    {
      self->fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      if (self->fd < 0 || setsockopt (self->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0)
        g_warning ("The service manager is told nothing: %s", g_strerror (errno));
      else
        self->watchdog_ms = read_watchdog_ms ();
    }

  g_unsetenv ("NOTIFY_SOCKET");
  g_unsetenv ("WATCHDOG_USEC");
  g_unsetenv ("WATCHDOG_PID");
  return self;
}

/**
 * crown_service_notify_get_watchdog_ms:
 *
 * Returns: how often to ping; 0: nobody waits for it
 */
guint
crown_service_notify_get_watchdog_ms (CrownServiceNotify *self)
{
  return self->watchdog_ms;
}

static void
send_state (CrownServiceNotify *self,
            const char         *state,
            int                 flags)
{
  gssize sent;

  if (self->fd < 0)
    return;

  do
    sent = sendto (self->fd, state, strlen (state), flags | MSG_NOSIGNAL, (struct sockaddr *) &self->address,
                   self->length);
  while (sent < 0 && errno == EINTR);

  if (sent < 0)
    g_warning ("The service manager was not told “%s”: %s", state, g_strerror (errno));
}

/**
 * crown_service_notify_say:
 * @state: such as `READY=1`
 *
 * Waits a moment if the manager has no room for it: it is said once.
 */
void
crown_service_notify_say (CrownServiceNotify *self,
                          const char         *state)
{
  send_state (self, state, 0);
}

/**
 * crown_service_notify_ping:
 * @self: the #CrownServiceNotify
 *
 * Says that the calling thread's loop turns. Waits for nobody: what is lost now is said again.
 */
void
crown_service_notify_ping (gpointer self)
{
  send_state (self, "WATCHDOG=1", MSG_DONTWAIT);
}

void
crown_service_notify_free (CrownServiceNotify *self)
{
  if (self->fd >= 0)
    close (self->fd);
  g_free (self);
}
