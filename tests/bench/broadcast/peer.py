#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""python3-socketio as a peer of crown-bench-broadcast-server, commanded alike."""

import asyncio
import json
import resource
import sys
import time

import socketio
from aiohttp import web

server = socketio.AsyncServer(async_mode="aiohttp")
joined = set()


class Bench(socketio.AsyncNamespace):
    async def on_connect(self, sid, environ, auth):
        joined.add(sid)

    async def on_disconnect(self, sid):
        joined.discard(sid)


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def measure(rate, seconds):
    begun, used, events = time.monotonic(), cpu(), 0
    while (elapsed := time.monotonic() - begun) < seconds:
        if rate == 0 or elapsed * rate >= events:
            for _ in range(1 if rate else 8):
                await server.emit("e", {"t": time.monotonic_ns(), "pad": "x" * 380}, namespace="/bench")
                events += 1
            await asyncio.sleep(0)
        else:
            await asyncio.sleep(events / rate - elapsed)
    seconds = time.monotonic() - begun
    deliveries = events * len(joined)
    used = cpu() - used
    print(json.dumps({"events": events, "deliveries": deliveries, "seconds": seconds,
                      "cpu_us": used * 1e6 / max(deliveries, 1), "cpu_part": used / seconds,
                      "resident": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}), flush=True)


async def main():
    server.register_namespace(Bench("/bench"))
    app = web.Application()
    server.attach(app)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(f"listening {site._server.sockets[0].getsockname()[1]}", flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        _, rate, seconds = line.split()
        await measure(float(rate), float(seconds))
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
