#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a write takes until it is durable and answered, and until the sockets of its room have it.

A thousand writes a second are due whether the server keeps up or not, and 100 sockets have joined over websocket; a
time begins when its write was due. Prints a line of JSON for each figure. --quick is a smoke: ten sockets, a moment.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, "..", "..", "..")
os.environ.setdefault("CROWN_SRCDIR", SOURCE)
os.environ.setdefault("CROWN_BUILDDIR", os.path.join(SOURCE, "_build"))
sys.path[:0] = [os.path.join(SOURCE, "tests"), os.path.join(SOURCE, "tests", "integration")]

from team import Team
from tools import BUILD

BENCH = os.path.join(BUILD, "tests", "bench")
QUICK = "--quick" in sys.argv[1:]
ROUNDS = 1 if QUICK else 3
TASKS = 100
CONNECTIONS = 64
RATE = 100 if QUICK else 1000
SECONDS = 0.3 if QUICK else 8
SOCKETS = 10 if QUICK else 100


def write(port, team, seconds):
    done = subprocess.run([os.path.join(BENCH, "server", "crown-bench-writer"), port, team.token, str(team.workspace),
                           str(TASKS), str(RATE), str(seconds), str(CONNECTIONS)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=120, check=True)
    return json.loads(done.stdout)


def measure(folder):
    team = Team(folder)
    with team.serve("--rate-limit", "100000") as server:
        port = server.url.rsplit(":", 1)[1]
        meeting = team.make_meeting(server)
        for _ in range(TASKS):
            team.make_task(server, meeting)
        words = [os.path.join(BENCH, "broadcast", "crown-bench-sockets"), port, "/socket.io/?EIO=4&transport=websocket",
                 SOCKETS, 0, 0, f'40/dashboard,{json.dumps({"token": team.token})}',
                 f'42/dashboard,{json.dumps(["join_workspace", {"workspace_id": team.workspace}])}']
        with subprocess.Popen(list(map(str, words)), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as clients:
            assert clients.stdout.readline() == "ready\n"
            write(port, team, SECONDS / 10)  # warm
            clients.stdin.write("begin\n")
            clients.stdin.flush()
            written = write(port, team, SECONDS)
            # The answer and the frames leave in the same turn; a last write gives them the time to arrive.
            server.request("GET", f"/workspaces/{team.workspace}/stats", team.token)
            clients.stdin.write("end\n")
            clients.stdin.flush()
            received = json.loads(clients.stdout.readline())
            clients.stdin.close()
        assert server.stop() == 0
    return written, received


def say(name, value, unit, floor=None, n=ROUNDS):
    figure = {"bench": f"server/delivery/{name}", "value": round(value, 3), "unit": unit, "floor": floor, "n": n}
    print(json.dumps(figure), flush=True)


def main():
    rows = []
    for _ in range(ROUNDS):
        # Not /tmp, which may be memory: where the programs are built.
        folder = tempfile.mkdtemp(prefix="bench-delivery-", dir=BUILD)
        try:
            rows.append(measure(folder))
        finally:
            shutil.rmtree(folder)
    median = lambda part, key: statistics.median(row[part][key] for row in rows)
    say("writes", median(0, "per_second"), "events/s", RATE * 0.95)
    say("complete", min(row[1]["frames"] / (row[0]["writes"] * SOCKETS) for row in rows), "parts")
    say("durable-p50", median(0, "p50_us") / 1000, "ms")
    say("durable-p99", median(0, "p99_us") / 1000, "ms")
    say("received-p50", median(1, "p50_us") / 1000, "ms")
    say("received-p99", median(1, "p99_us") / 1000, "ms", 10)


if __name__ == "__main__":
    main()
