/* crown-network-types.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-socketio"

#include "crown-network-types.h"

#include <gio/gio.h>
#include <libsoup/soup.h>

/**
 * crown_network_types_ensure:
 *
 * Has the classes made that libsoup needs on the engine's and the server's threads; to be called before either is used.
 *
 * GLib up to 2.78 holds one lock while a class is made and another while a type is registered. A thread whose class needs
 * a type, and another that registers that type at the same moment, wait for one another for ever: seen as a program that
 * hangs at one start in a few hundred, in SoupSession here and GNetworkMonitor there.
 */
void
crown_network_types_ensure (void)
{
  static gsize ensured;

  if (!g_once_init_enter (&ensured))
    return;
  const GType types[] = {
    G_TYPE_INET_SOCKET_ADDRESS, G_TYPE_UNIX_SOCKET_ADDRESS, G_TYPE_PROXY_ADDRESS, G_TYPE_SOCKET, G_TYPE_TCP_CONNECTION,
    G_TYPE_SOCKET_CLIENT, G_TYPE_NETWORK_ADDRESS, G_TYPE_TLS_CERTIFICATE, G_TYPE_CANCELLABLE, G_TYPE_TASK,
    SOUP_TYPE_SESSION, SOUP_TYPE_MESSAGE, SOUP_TYPE_SERVER, SOUP_TYPE_SERVER_MESSAGE, SOUP_TYPE_WEBSOCKET_CONNECTION,
    SOUP_TYPE_CONTENT_DECODER,
  };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    g_type_class_unref (g_type_class_ref (types[i]));
  g_network_monitor_get_default ();
  g_once_init_leave (&ensured, 1);
}
