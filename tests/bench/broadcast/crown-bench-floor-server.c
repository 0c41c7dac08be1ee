/* crown-bench-floor-server.c: a bare loop that writes one prepared frame to each socket: nobody can do it with less
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "bench-event.h"

#define SOCKETS_MAX 65536
#define QUEUE_MAX   (32 * 1024)

typedef struct {
  int     fd;
  int     open;              /* the handshake was answered */
  size_t  waiting;           /* bytes of @queue */
  uint8_t *queue;
} Client;

static int epoll_fd, listener;
static Client *clients[SOCKETS_MAX];
static int n_clients, n_open;

static uint64_t
now_ns (void)
{
  struct timespec t;

  clock_gettime (CLOCK_MONOTONIC, &t);
  return (uint64_t) t.tv_sec * 1000000000u + (uint64_t) t.tv_nsec;
}

static double
cpu_seconds (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void
accept_client (void)
{
  int fd = accept4 (listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  int one = 1;
  Client *client;

  if (fd < 0 || n_clients == SOCKETS_MAX)
    return;
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  client = calloc (1, sizeof *client);
  client->fd = fd;
  clients[n_clients++] = client;
  epoll_ctl (epoll_fd, EPOLL_CTL_ADD, fd, &(struct epoll_event) { .events = EPOLLIN, .data.ptr = client });
}

static void
drop_client (Client *client)
{
  for (int i = 0; i < n_clients; i++)
    if (clients[i] == client)
      clients[i] = clients[--n_clients];
  n_open -= client->open;
  close (client->fd);
  free (client->queue);
  free (client);
}

static void
answer_handshake (Client     *client,
                  const char *request)
{
  const char *key = strstr (request, "Sec-WebSocket-Key: ");
  char text[128], accept[64], answer[256];
  unsigned char digest[SHA_DIGEST_LENGTH];
  int length;

  if (key == NULL)
    return;
  length = snprintf (text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key + 19);
  SHA1 ((const unsigned char *) text, (size_t) length, digest);
  EVP_EncodeBlock ((unsigned char *) accept, digest, sizeof digest);
  length = snprintf (answer, sizeof answer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Accept: %s\r\n\r\n", accept);
  if (write (client->fd, answer, (size_t) length) == length)
    {
      client->open = 1;
      n_open++;
    }
}

static void
on_client (Client   *client,
           uint32_t  events)
{
  char data[4096];
  ssize_t n;

  if ((events & EPOLLOUT) != 0 && client->waiting > 0)
    {
      n = send (client->fd, client->queue, client->waiting, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n > 0)
        {
          client->waiting -= (size_t) n;
          memmove (client->queue, client->queue + n, client->waiting);
        }
      if (client->waiting == 0)
        epoll_ctl (epoll_fd, EPOLL_CTL_MOD, client->fd, &(struct epoll_event) { .events = EPOLLIN, .data.ptr = client });
    }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0)
    return;
  n = read (client->fd, data, sizeof data - 1);
  if (n == 0 || (n < 0 && errno != EAGAIN))
    {
      drop_client (client);
      return;
    }
  if (n > 0 && !client->open)
    {
      data[n] = '\0';
      answer_handshake (client, data);
    }
}

static void
write_frame (Client        *client,
             const uint8_t *frame,
             size_t         size)
{
  ssize_t n = 0;

  if (!client->open || client->waiting + size > QUEUE_MAX)
    return;
  if (client->waiting == 0)
    {
      n = send (client->fd, frame, size, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0)
        n = 0;
      if ((size_t) n == size)
        return;
      epoll_ctl (epoll_fd, EPOLL_CTL_MOD, client->fd,
                 &(struct epoll_event) { .events = EPOLLIN | EPOLLOUT, .data.ptr = client });
    }
  if (client->queue == NULL)
    client->queue = malloc (QUEUE_MAX);
  memcpy (client->queue + client->waiting, frame + n, size - (size_t) n);
  client->waiting += size - (size_t) n;
}

static void
broadcast (void)
{
  uint8_t frame[BENCH_EVENT_SIZE + 32] = { 0x81, 126 };
  size_t size = 4;
  static const char prefix[] = "42/bench,[\"e\",";

  memcpy (frame + size, prefix, sizeof prefix - 1);
  size += sizeof prefix - 1;
  bench_event ((char *) frame + size);
  size += BENCH_EVENT_SIZE;
  frame[size++] = ']';
  frame[2] = (uint8_t) ((size - 4) >> 8);
  frame[3] = (uint8_t) (size - 4);
  for (int i = 0; i < n_clients; i++)
    write_frame (clients[i], frame, size);
}

static void
turn (int timeout_ms)
{
  struct epoll_event events[256];
  int n = epoll_wait (epoll_fd, events, 256, timeout_ms);

  for (int i = 0; i < n; i++)
    {
      if (events[i].data.ptr == &listener)
        accept_client ();
      else if (events[i].data.ptr != &epoll_fd)
        on_client (events[i].data.ptr, events[i].events);
    }
}

static void
measure (double rate,
         double seconds)
{
  uint64_t begun = now_ns (), until = begun + (uint64_t) (seconds * 1e9), events = 0;
  double cpu = cpu_seconds ();
  uint64_t now;

  epoll_ctl (epoll_fd, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
  while ((now = now_ns ()) < until)
    {
      if (rate <= 0 || (double) (now - begun) / 1e9 * rate >= (double) events)
        {
          for (int i = 0; i < (rate > 0 ? 1 : BENCH_EVENTS_A_TURN); i++, events++)
            broadcast ();
          if (rate <= 0)
            turn (0);
          continue;
        }
      struct timespec due = { 0 };
      uint64_t next = begun + (uint64_t) ((double) events / rate * 1e9);
      struct epoll_event ready[256];

      next = next < until ? next : until;
      due.tv_nsec = next > now ? (long) ((next - now) % 1000000000) : 0;
      int n = epoll_pwait2 (epoll_fd, ready, 256, &due, NULL);

      for (int i = 0; i < n; i++)
        {
          if (ready[i].data.ptr == &listener)
            accept_client ();
          else
            on_client (ready[i].data.ptr, ready[i].events);
        }
    }
  bench_report (events, (unsigned) n_open, cpu_seconds () - cpu, (double) (now_ns () - begun) / 1e9);
  epoll_ctl (epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &(struct epoll_event) { .events = EPOLLIN, .data.ptr = &epoll_fd });
}

int
main (void)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t length = sizeof address;
  char line[128];

  bench_raise_limit ();
  listener = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (bind (listener, (struct sockaddr *) &address, sizeof address) < 0 || listen (listener, 4096) < 0)
    return 1;
  getsockname (listener, (struct sockaddr *) &address, &length);
  epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  epoll_ctl (epoll_fd, EPOLL_CTL_ADD, listener, &(struct epoll_event) { .events = EPOLLIN, .data.ptr = &listener });
  epoll_ctl (epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &(struct epoll_event) { .events = EPOLLIN, .data.ptr = &epoll_fd });
  printf ("listening %d\n", ntohs (address.sin_port));
  fflush (stdout);

  for (;;)
    {
      struct epoll_event events[256];
      int n = epoll_wait (epoll_fd, events, 256, -1);

      for (int i = 0; i < n; i++)
        {
          double rate, seconds;

          if (events[i].data.ptr == &listener)
            accept_client ();
          else if (events[i].data.ptr != &epoll_fd)
            on_client (events[i].data.ptr, events[i].events);
          else if (read (STDIN_FILENO, line, sizeof line - 1) <= 0 || sscanf (line, "go %lf %lf", &rate, &seconds) != 2)
            return 0;
          else
            measure (rate, seconds);
        }
    }
}
