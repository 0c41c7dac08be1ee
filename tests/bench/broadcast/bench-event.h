/* bench-event.h: the event that is broadcast, and what a server says at the end of a measurement
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define BENCH_EVENT_SIZE 410 /* which makes a frame of about 430 bytes */
/* Saturating: events between two looks at the sockets, for all peers alike. */
#define BENCH_EVENTS_A_TURN 8

/* JSON of BENCH_EVENT_SIZE bytes with the time in it. */
static inline void
bench_event (char *json)
{
  struct timespec t;
  int length;

  clock_gettime (CLOCK_MONOTONIC, &t);
  length = snprintf (json, BENCH_EVENT_SIZE, "{\"t\":%lld%09ld,\"pad\":\"", (long long) t.tv_sec, t.tv_nsec);
  memset (json + length, 'x', (size_t) (BENCH_EVENT_SIZE - 2 - length));
  memcpy (json + BENCH_EVENT_SIZE - 2, "\"}", 3);
}

/* Bytes of memory that are in use now. */
static inline long
bench_resident (void)
{
  FILE *file = fopen ("/proc/self/statm", "r");
  long size = 0, resident = 0;

  if (file != NULL)
    {
      if (fscanf (file, "%ld %ld", &size, &resident) != 2)
        resident = 0;
      fclose (file);
    }

  return resident * sysconf (_SC_PAGESIZE);
}

static inline void
bench_report (unsigned long long events,
              unsigned           sockets,
              double             cpu,
              double             seconds)
{
  unsigned long long deliveries = events * sockets;

  printf ("{\"events\":%llu,\"deliveries\":%llu,\"seconds\":%.3f,\"cpu_us\":%.3f,\"cpu_part\":%.4f,\"resident\":%ld}\n", events,
          deliveries, seconds, deliveries > 0 ? cpu * 1e6 / (double) deliveries : 0, cpu / seconds, bench_resident ());
  fflush (stdout);
}

static inline void
bench_raise_limit (void)
{
  struct rlimit limit;

  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
}
