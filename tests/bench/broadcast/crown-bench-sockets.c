/* crown-bench-sockets.c: many WebSocket clients in one thread, that count what comes and how long it took
 *
 * `crown-bench-sockets PORT PATH SOCKETS STALLED HELLO…`: connects, sends each HELLO as a text message, answers
 * Engine.IO's pings, and says `ready` when all are connected. Of each frame that has `"t":NANOSECONDS` of
 * CLOCK_MONOTONIC in it, or a text that begins with `t=NANOSECONDS`, the latency is counted. STALLED sockets are never
 * read once they are ready. A line on standard input starts a measurement, the next ends it: one JSON line. While one
 * runs a new connection is made every 50 ms and timed.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define READ_SIZE   (256 * 1024)
#define BUFFER_SIZE (4 * 1024)
#define BUCKETS     200000 /* of 1 µs */
#define PROBES_MAX  4096

typedef struct {
  int      fd;
  int      ready;    /* the handshake is done */
  int      stalled;
  int      hello;    /* messages sent */
  size_t   have;     /* bytes of an incomplete frame or handshake */
  uint8_t  buffer[BUFFER_SIZE];
} Socket;

static struct sockaddr_in address;
static const char *path;
static char **hellos;
static int n_hellos;
static int epoll_fd;
static Socket *sockets;
static int n_sockets, n_ready, n_stalled;
static int measuring;
static uint64_t frames, bytes_read, started_ns;
static uint32_t *buckets;
static uint64_t beyond;
static uint64_t probes[PROBES_MAX];
static int n_probes;
static uint8_t *input;

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
  fprintf (stderr, "crown-bench-sockets: %s: %s\n", what, strerror (errno));
  exit (1);
}

static int
open_socket (int nonblocking)
{
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int one = 1;

  if (fd < 0 || connect (fd, (struct sockaddr *) &address, sizeof address) < 0)
    fail ("connect");
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (nonblocking)
    fcntl (fd, F_SETFL, O_NONBLOCK);
  return fd;
}

static void
send_handshake (int fd)
{
  char text[512];
  int length = snprintf (text, sizeof text,
                         "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n", path);

  if (write (fd, text, (size_t) length) != length)
    fail ("handshake");
}

/* A masked text frame; the mask is zeros, which RFC 6455 does not forbid. */
static void
send_text (int         fd,
           const char *text)
{
  uint8_t frame[512] = { 0x81 };
  size_t length = strlen (text), header = 6;

  if (length < 126)
    {
      frame[1] = (uint8_t) (0x80 | length);
    }
  else
    {
      frame[1] = 0x80 | 126;
      frame[2] = (uint8_t) (length >> 8);
      frame[3] = (uint8_t) length;
      header = 8;
    }
  memcpy (frame + header, text, length);
  if (write (fd, frame, header + length) < 0)
    fail ("send");
}

static void
take_payload (Socket        *socket,
              const uint8_t *payload,
              size_t         length,
              uint64_t       now)
{
  const char *mark;

  if (length == 1 && *payload == '2')
    {
      send_text (socket->fd, "3");
      return;
    }
  /* The first message answers the opening; then each hello gets the next one sent. */
  if (!socket->ready)
    {
      if (socket->hello < n_hellos)
        {
          send_text (socket->fd, hellos[socket->hello++]);
        }
      else
        {
          socket->ready = 1;
          n_ready++;
          if (socket->stalled)
            epoll_ctl (epoll_fd, EPOLL_CTL_DEL, socket->fd, NULL);
        }
      return;
    }
  mark = measuring ? memmem (payload, length, "\"t\":", 4) : NULL;
  if (mark == NULL && measuring)
    mark = memmem (payload, length, ":\"t=", 4);
  if (mark != NULL)
    {
      uint64_t sent = strtoull (mark + 4, NULL, 10);
      uint64_t us = now > sent ? (now - sent) / 1000 : 0;

      frames++;
      if (us < BUCKETS)
        buckets[us]++;
      else
        beyond++;
    }
}

/* Takes whole frames off; gives how many bytes they were. */
static size_t
take_frames (Socket        *socket,
             const uint8_t *data,
             size_t         length,
             uint64_t       now)
{
  size_t at = 0;

  while (length - at >= 2)
    {
      size_t size = data[at + 1] & 0x7f, header = 2;

      if (size == 126)
        {
          if (length - at < 4)
            break;
          size = (size_t) data[at + 2] << 8 | data[at + 3];
          header = 4;
        }
      else if (size == 127)
        {
          fprintf (stderr, "crown-bench-sockets: a frame over 64 KiB\n");
          exit (1);
        }
      if (length - at < header + size)
        break;
      take_payload (socket, data + at + header, size, now);
      at += header + size;
    }
  return at;
}

static void
on_readable (Socket *socket,
             int     need_opening)
{
  ssize_t n;
  uint64_t now;
  size_t taken = 0, length;

  memcpy (input, socket->buffer, socket->have);
  n = read (socket->fd, input + socket->have, READ_SIZE);
  if (n == 0 || (n < 0 && errno != EAGAIN))
    {
      fprintf (stderr, "crown-bench-sockets: a socket was closed\n");
      exit (1);
    }
  if (n < 0)
    return;
  now = now_ns ();
  length = socket->have + (size_t) n;
  bytes_read += (size_t) n;
  if (socket->hello < 0)
    {
      uint8_t *end = memmem (input, length, "\r\n\r\n", 4);

      if (end != NULL)
        {
          if (memcmp (input, "HTTP/1.1 101", 12) != 0)
            {
              fprintf (stderr, "crown-bench-sockets: no websocket: %.*s\n", 80, input);
              exit (1);
            }
          socket->hello = 0;
          taken = (size_t) (end + 4 - input);
          /* A server that says nothing first is greeted at once, or is ready. */
          if (!need_opening)
            take_payload (socket, (const uint8_t *) "", 0, now);
        }
    }
  if (socket->hello >= 0)
    taken += take_frames (socket, input + taken, length - taken, now);
  socket->have = length - taken;
  if (socket->have > BUFFER_SIZE)
    {
      fprintf (stderr, "crown-bench-sockets: a frame over %d bytes\n", BUFFER_SIZE);
      exit (1);
    }
  memcpy (socket->buffer, input + taken, socket->have);
}

/* How long until a new client's handshake is answered. */
static void
probe (void)
{
  char answer[1024];
  uint64_t start = now_ns ();
  int fd = open_socket (0);

  send_handshake (fd);
  if (read (fd, answer, sizeof answer) > 0 && n_probes < PROBES_MAX)
    probes[n_probes++] = now_ns () - start;
  close (fd);
}

static uint64_t
percentile (double part)
{
  uint64_t wanted = (uint64_t) ((double) frames * part), seen = 0;

  for (uint64_t us = 0; us < BUCKETS; us++)
    {
      seen += buckets[us];
      if (seen > wanted)
        return us;
    }
  return BUCKETS;
}

static int
compare (const void *a,
         const void *b)
{
  uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

  return (x > y) - (x < y);
}

static void
report (void)
{
  double seconds = (double) (now_ns () - started_ns) / 1e9;

  qsort (probes, (size_t) n_probes, sizeof *probes, compare);
  printf ("{\"sockets\":%d,\"frames\":%llu,\"seconds\":%.3f,\"per_second\":%.0f,\"p50_us\":%llu,\"p90_us\":%llu,"
          "\"p99_us\":%llu,\"beyond\":%llu,\"probes\":%d,\"probe_p99_us\":%llu}\n",
          n_sockets, (unsigned long long) frames, seconds, (double) frames / seconds,
          (unsigned long long) percentile (0.5), (unsigned long long) percentile (0.9),
          (unsigned long long) percentile (0.99), (unsigned long long) beyond, n_probes,
          n_probes > 0 ? (unsigned long long) probes[n_probes * 99 / 100] / 1000 : 0);
  fflush (stdout);
}

int
main (int    argc,
      char **argv)
{
  struct epoll_event events[512];
  struct rlimit limit;
  int timer, opened = 0, told = 0;
  int need_opening;

  if (argc < 6)
    {
      fprintf (stderr, "usage: %s PORT PATH SOCKETS STALLED PROBES HELLO…\n", argv[0]);
      return 2;
    }
  address.sin_family = AF_INET;
  address.sin_port = htons ((uint16_t) atoi (argv[1]));
  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  path = argv[2];
  n_sockets = atoi (argv[3]);
  n_stalled = atoi (argv[4]);
  int with_probes = atoi (argv[5]);
  hellos = argv + 6;
  n_hellos = argc - 6;
  need_opening = n_hellos > 0;

  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);

  epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  sockets = calloc ((size_t) n_sockets, sizeof *sockets);
  buckets = calloc (BUCKETS, sizeof *buckets);
  input = malloc (READ_SIZE + BUFFER_SIZE);
  timer = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC);
  epoll_ctl (epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &(struct epoll_event) { .events = EPOLLIN, .data.ptr = &epoll_fd });
  epoll_ctl (epoll_fd, EPOLL_CTL_ADD, timer, &(struct epoll_event) { .events = EPOLLIN, .data.ptr = &timer });

  for (;;)
    {
      int n;

      /* A few at a time, so that no backlog overflows. */
      for (int i = 0; i < 20 && opened < n_sockets && opened - n_ready < 200; i++, opened++)
        {
          Socket *socket = &sockets[opened];

          socket->fd = open_socket (1);
          socket->hello = -1;
          socket->stalled = opened < n_stalled;
          send_handshake (socket->fd);
          epoll_ctl (epoll_fd, EPOLL_CTL_ADD, socket->fd, &(struct epoll_event) { .events = EPOLLIN, .data.ptr = socket });
        }
      if (!told && n_ready == n_sockets)
        {
          told = 1;
          printf ("ready\n");
          fflush (stdout);
        }

      n = epoll_wait (epoll_fd, events, 512, opened < n_sockets ? 1 : -1);
      for (int i = 0; i < n; i++)
        {
          if (events[i].data.ptr == &epoll_fd)
            {
              char line[64];

              if (read (STDIN_FILENO, line, sizeof line) <= 0)
                return 0;
              if (measuring)
                {
                  report ();
                  measuring = 0;
                  timerfd_settime (timer, 0, &(struct itimerspec) { 0 }, NULL);
                  continue;
                }
              frames = beyond = bytes_read = 0;
              n_probes = 0;
              memset (buckets, 0, BUCKETS * sizeof *buckets);
              measuring = 1;
              started_ns = now_ns ();
              if (with_probes)
                timerfd_settime (timer, 0, &(struct itimerspec) { { 0, 50000000 }, { 0, 50000000 } }, NULL);
            }
          else if (events[i].data.ptr == &timer)
            {
              uint64_t times;

              if (read (timer, &times, sizeof times) > 0)
                probe ();
            }
          else
            {
              on_readable (events[i].data.ptr, need_opening);
            }
        }
    }
}
