#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much it costs to say one event to all sockets of a room, beside peers in the same run.

Saturated, each server is given eight events a turn, as a commit that writes share gives them, and goes on as soon as what
waits for its sockets allows it. Prints a line of JSON for each figure. --quick is a smoke: ten sockets, a moment, ours and the floor; --no-peers measures
those two alone.
"""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys

BUILD = os.environ.get("CROWN_BUILDDIR", os.path.join(os.path.dirname(__file__), "..", "..", "..", "_build"))
HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = os.path.join(BUILD, "tests", "bench", "broadcast")
MODULES = os.path.join(BUILD, "tests", "node")
PATIENCE_SECONDS = 60
SOCKET_IO = "/socket.io/?EIO=4&transport=websocket"
QUICK = "--quick" in sys.argv[1:]
ROUNDS = 1 if QUICK else 3

#             command, path of the websocket, what a client says
PEERS = {
    "crown4": ([os.path.join(PROGRAMS, "crown-bench-broadcast-server")], SOCKET_IO, ["40/bench,"]),
    "floor": ([os.path.join(PROGRAMS, "crown-bench-floor-server")], "/", []),
    "socket.io": (["node", os.path.join(HERE, "peers.js"), "socket.io"], SOCKET_IO, ["40/bench,"]),
    "socket.io-plain": (["node", os.path.join(HERE, "peers.js"), "socket.io-plain"], SOCKET_IO, ["40/bench,"]),
    "ws": (["node", os.path.join(HERE, "peers.js"), "ws"], "/", []),
    "python-socketio": (["/usr/bin/python3", os.path.join(HERE, "peer.py")], SOCKET_IO, ["40/bench,"]),
}


class Program:
    def __init__(self, words):
        self.process = subprocess.Popen(list(map(str, words)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=dict(os.environ, NODE_PATH=os.path.join(MODULES, "node_modules")))

    def line(self):
        text = self.process.stdout.readline()
        assert text, f"{self.process.args} ended"
        return text.strip()

    def say(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Run:
    """One server with its sockets."""

    def __init__(self, peer, sockets, stalled=0, probes=False):
        words, path, hello = PEERS[peer]
        self.server = Program(words)
        port = int(self.server.line().split()[1])
        self.empty = self.measure_server(1, 0.05)["resident"] if peer in ("crown4", "floor") else 0
        self.clients = Program([os.path.join(PROGRAMS, "crown-bench-sockets"), port, path, sockets, stalled, int(probes),
                                *hello])
        assert self.clients.line() == "ready"

    def measure_server(self, rate, seconds):
        self.server.say(f"go {rate} {seconds}")
        return json.loads(self.server.line())

    def measure(self, rate, seconds):
        """What the server and what the clients say of @seconds at @rate events a second."""
        self.clients.say("begin")
        server = self.measure_server(rate, seconds)
        self.clients.say("end")
        return server, json.loads(self.clients.line())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.clients.__exit__()
        self.server.__exit__()


def say(bench, value, unit, aim=None, n=ROUNDS):
    """@n: of how many runs it is the median."""
    print(json.dumps({"bench": f"broadcast/{bench}", "value": round(value, 3), "unit": unit, "floor": aim, "n": n}), flush=True)


def measure_once(peer, sockets, rate, seconds, **options):
    """CPU µs a delivery, deliveries a second, p99 µs, probe's p99 µs."""
    with Run(peer, sockets, **options) as run:
        run.measure(rate or 1, 0.2)  # warm
        server, clients = run.measure(rate, seconds)
        # By what arrived, not by what a server thinks that it has sent.
        cpu = server["cpu_part"] * server["seconds"] * 1e6 / max(clients["frames"], 1)
        return cpu, clients["per_second"], clients["p99_us"], clients["probe_p99_us"]


def medians(peers, *words, **options):
    """{peer: medians}; the peers take turns, so that what else the machine does meets them alike."""
    rows = {peer: [] for peer in peers}
    for _ in range(ROUNDS):
        for peer in peers:
            rows[peer].append(measure_once(peer, *words, **options))
    return {peer: [statistics.median(column) for column in zip(*rows[peer])] for peer in peers}


def available():
    if QUICK or "--no-peers" in sys.argv[1:]:
        return ["crown4", "floor"]
    peers = ["crown4", "floor", "python-socketio"]
    if shutil.which("node") and shutil.which("npm"):
        os.makedirs(MODULES, exist_ok=True)
        done = subprocess.run(["npm", "install", "--no-save", "--no-audit", "--no-fund", "--silent", "--prefix", MODULES,
                               "socket.io@4", "ws@8", "socket.io-client@4"], stdin=subprocess.DEVNULL, check=False,
                              capture_output=True, timeout=200)
        if done.returncode == 0:
            peers[2:2] = ["socket.io", "socket.io-plain", "ws"]
        else:
            print("npm's registry is not to be had: its peers are left out", file=sys.stderr)
    else:
        print("node is missing: its peers are left out", file=sys.stderr)
    return peers


def main():
    peers = available()
    counts = [10] if QUICK else [100, 1000]
    seconds = 0.3 if QUICK else 4
    for sockets in counts:
        moderate = medians(peers, sockets, 20000 / sockets / (20 if QUICK else 1), seconds)
        for peer, (cpu, rate, p99, _) in moderate.items():
            say(f"moderate/{peer}/{sockets}/cpu", cpu, "µs/delivery")
            say(f"moderate/{peer}/{sockets}/rate", rate, "deliveries/s")
            say(f"moderate/{peer}/{sockets}/p99", p99, "µs")
        ours, floor = moderate["crown4"], moderate["floor"]
        say(f"moderate/{sockets}/cpu-by-floor", ours[0] / floor[0], "ratio", 1.15)
        say(f"moderate/{sockets}/p99-by-floor", ours[2] / max(floor[2], 1), "ratio", 1.2)

    sockets = counts[-1]
    saturated = medians(peers, sockets, 0, seconds, probes=True)
    for peer, (cpu, rate, _, probe) in saturated.items():
        say(f"saturated/{peer}/{sockets}", rate, "deliveries/s")
        say(f"saturated/{peer}/{sockets}/cpu", cpu, "µs/delivery")
        say(f"saturated/{peer}/{sockets}/connect-p99", probe / 1000, "ms", 100 if peer == "crown4" else None)
    if "socket.io" in peers:
        say(f"saturated/{sockets}/by-socket.io", saturated["crown4"][1] / saturated["socket.io"][1], "ratio", 5)
    rate = 20000 / sockets / (20 if QUICK else 1)
    clear = medians(["crown4"], sockets, rate, seconds)["crown4"][2]
    stalled = medians(["crown4"], sockets, rate, seconds, stalled=1)["crown4"][2]
    say(f"stalled-reader/{sockets}/p99-by-none", stalled / max(clear, 1), "ratio")

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    for sockets in [10] if QUICK else [1000, 10000]:
        if limit < sockets + 100:
            print(f"descriptors are limited to {limit}: {sockets} idle sockets are left out", file=sys.stderr)
            continue
        with Run("crown4", sockets) as run:
            run.measure(1, 0.1)  # which makes what is made lazily
            # As long as a heartbeat takes to come round.
            idle = run.measure_server(-1, 0.5 if QUICK else 26)
            say(f"idle/{sockets}/memory", (idle["resident"] - run.empty) / sockets / 1024, "KiB/connection", 8, 1)
            say(f"idle/{sockets}/resident", idle["resident"] / 1e6, "MB", 100, 1)
            if not QUICK:  # which is too short for the clock that counts it
                say(f"idle/{sockets}/cpu", idle["cpu_part"] * 100, "% of a core", 1, 1)


if __name__ == "__main__":
    main()
