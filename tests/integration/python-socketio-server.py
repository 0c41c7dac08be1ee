#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stock Socket.IO server that answers crown-socket-client. Prints `listening URL` when it is ready."""

import asyncio
import sys

import socketio
from aiohttp import web
from socketio.exceptions import ConnectionRefusedError as Refused

server = socketio.AsyncServer(async_mode="aiohttp", ping_interval=1, ping_timeout=2)


class Namespace(socketio.AsyncNamespace):
    async def on_connect(self, sid, environ, auth):
        if auth != {"token": "secret"}:
            raise Refused("wrong token")
        if self.namespace == "/closed":
            raise Refused("not today")

    async def on_echo(self, sid, text):
        await self.emit("echoed", (text, {"n": 1.5}), room=sid)
        await self.emit("bytes", {"a": b"first", "b": [b"second"]}, room=sid)

    async def on_sum(self, sid, numbers):
        for i in range(100):
            await self.emit("count", i, room=sid)
        server.start_background_task(self.say_bye, sid)
        return sum(numbers), "done"

    async def say_bye(self, sid):
        await self.emit("bye", server.eio.transport(server.manager.eio_sid_from_sid(sid, self.namespace)), room=sid)


for name in ("/", "/tasks", "/closed"):
    server.register_namespace(Namespace(name))


async def main():
    app = web.Application()
    server.attach(app)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    print(f"listening http://127.0.0.1:{port}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
