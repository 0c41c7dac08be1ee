/* crown-bench-writer.c: changes tasks over REST at a rate, whether the server keeps up or not
 *
 * `crown-bench-writer PORT TOKEN WORKSPACE TASKS RATE SECONDS CONNECTIONS`: tasks 1 to TASKS get a text that begins
 * with `t=NANOSECONDS`, the time of CLOCK_MONOTONIC at which the write was due, not that at which there was a free
 * connection for it: what waits here counts (an open loop). One JSON line at the end: how long it took until a write
 * was answered.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define TICK_NS     1000000
#define ANSWER_SIZE (16 * 1024)

typedef struct {
  int      fd;
  uint64_t due_ns; /* of the write that is not answered yet */
  size_t   have;
  char     answer[ANSWER_SIZE];
} Connection;

static const char *token, *workspace;
static unsigned n_tasks;
static Connection **idle;
static unsigned n_idle;
static uint64_t *times;
static uint64_t n_answered;

static uint64_t
now_ns (void)
{
  struct timespec t;

  clock_gettime (CLOCK_MONOTONIC, &t);
  return (uint64_t) t.tv_sec * 1000000000u + (uint64_t) t.tv_nsec;
}

static void
fail (const char *what)
{
  fprintf (stderr, "crown-bench-writer: %s\n", what);
  exit (1);
}

static void
send_write (Connection *connection,
            uint64_t    number,
            uint64_t    due_ns)
{
  char body[64], request[1024];
  int size = snprintf (body, sizeof body, "{\"text\":\"t=%llu\"}", (unsigned long long) due_ns);
  int length = snprintf (request, sizeof request,
                         "PATCH /api/v1/workspaces/%s/tasks/%llu HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                         "Authorization: Bearer %s\r\nIdempotency-Key: %08x-0000-4000-8000-%012llx\r\n"
                         "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                         workspace, (unsigned long long) (number % n_tasks + 1), token, (unsigned) getpid (),
                         (unsigned long long) number, size, body);

  connection->due_ns = due_ns;
  connection->have = 0;
  if (write (connection->fd, request, (size_t) length) != length)
    fail ("a request could not be sent");
}

static void
on_readable (Connection *connection)
{
  ssize_t n = read (connection->fd, connection->answer + connection->have, ANSWER_SIZE - 1 - connection->have);
  const char *end, *length;

  if (n <= 0)
    fail ("the server closed a connection");
  connection->have += (size_t) n;
  connection->answer[connection->have] = '\0';

  end = strstr (connection->answer, "\r\n\r\n");
  if (end == NULL)
    return;
  length = strcasestr (connection->answer, "\r\nContent-Length: ");
  if (length == NULL || length > end)
    fail ("an answer has no length");
  if (connection->have < (size_t) (end + 4 - connection->answer) + strtoul (length + 18, NULL, 10))
    return;
  if (strncmp (connection->answer, "HTTP/1.1 200", 12) != 0)
    fail (connection->answer);

  times[n_answered++] = now_ns () - connection->due_ns;
  idle[n_idle++] = connection;
}

static int
compare (const void *a,
         const void *b)
{
  uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

  return (x > y) - (x < y);
}

int
main (int    argc,
      char **argv)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  struct epoll_event events[256];
  int one = 1;

  if (argc != 8)
    {
      fprintf (stderr, "usage: %s PORT TOKEN WORKSPACE TASKS RATE SECONDS CONNECTIONS\n", argv[0]);
      return 2;
    }
  address.sin_port = htons ((uint16_t) atoi (argv[1]));
  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  token = argv[2];
  workspace = argv[3];
  n_tasks = (unsigned) atoi (argv[4]);

  double rate = atof (argv[5]);
  uint64_t total = (uint64_t) (rate * atof (argv[6]));
  unsigned n_connections = (unsigned) atoi (argv[7]);
  int epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  int timer = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC);

  if (n_tasks == 0 || total == 0 || n_connections == 0)
    fail ("there is nothing to do");
  times = calloc (total, sizeof *times);
  idle = calloc (n_connections, sizeof *idle);
  for (unsigned i = 0; i < n_connections; i++)
    {
      Connection *connection = calloc (1, sizeof *connection);

      connection->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      if (connection->fd < 0 || connect (connection->fd, (struct sockaddr *) &address, sizeof address) < 0)
        fail (strerror (errno));
      setsockopt (connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      epoll_ctl (epoll_fd, EPOLL_CTL_ADD, connection->fd,
                 &(struct epoll_event) { .events = EPOLLIN, .data.ptr = connection });
      idle[n_idle++] = connection;
    }
  epoll_ctl (epoll_fd, EPOLL_CTL_ADD, timer, &(struct epoll_event) { .events = EPOLLIN, .data.ptr = NULL });
  timerfd_settime (timer, 0, &(struct itimerspec) { { 0, TICK_NS }, { 0, TICK_NS } }, NULL);

  uint64_t begun = now_ns (), sent = 0;

  while (n_answered < total)
    {
      int n = epoll_wait (epoll_fd, events, 256, -1);

      for (int i = 0; i < n; i++)
        {
          uint64_t ticks;

          if (events[i].data.ptr != NULL)
            on_readable (events[i].data.ptr);
          else if (read (timer, &ticks, sizeof ticks) < 0)
            fail ("the timer cannot be read");
        }
      while (sent < total && n_idle > 0)
        {
          uint64_t due_ns = begun + (uint64_t) ((double) sent * 1e9 / rate);

          if (due_ns > now_ns ())
            break;
          send_write (idle[--n_idle], sent++, due_ns);
        }
    }

  double seconds = (double) (now_ns () - begun) / 1e9;

  qsort (times, total, sizeof *times, compare);
  printf ("{\"writes\":%llu,\"per_second\":%.0f,\"p50_us\":%llu,\"p99_us\":%llu}\n", (unsigned long long) total,
          (double) total / seconds, (unsigned long long) times[total / 2] / 1000,
          (unsigned long long) times[total * 99 / 100] / 1000);
  return 0;
}
