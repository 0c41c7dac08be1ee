#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three servers on one PostgreSQL: whichever a client is at, it is told everything, once and in order."""

import json
import os
import random
import signal
import statistics
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.environ["CROWN_SRCDIR"], "tests"))

import websocket

from postgres import Postgres
from team import Line, Team
from tools import Server, Tap

NODES = 3
FOLLOWERS = 300
WRITES = 150


class Nodes(Team):
    """A team whose ledger is a database of @postgres, with a workspace of its own a test."""

    def __init__(self, folder, postgres, name):
        self.folder, self.postgres, self.name = folder, postgres, name
        self.uri = postgres.create(name)
        self.workspace = int(self.ctl("workspace", "create", "Team").out)
        self.user = int(self.ctl("user", "create", "Ada").out)
        self.token = self.new_token("admin")
        self.nodes = [self.start() for _ in range(NODES)]
        self.meeting = self.make_meeting(self.nodes[0])

    def start(self):
        return Server(None, "--ledger", self.uri, "--listen", "127.0.0.1:0", "--rate-limit", "100000")

    def head(self):
        return int(self.postgres.sql(self.name, f"SELECT sequence FROM streams WHERE name = 'workspace_{self.workspace}'"))

    def join(self, node):
        line = Line(node, self.token)
        line.last = line.join(self.workspace)["sequence"]
        return line

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for node in self.nodes:
            node.__exit__()


def envelope_of(packet, line):
    """The envelope of the workspace's stream in a packet, or None."""
    head = f"42{line.namespace},"
    if not packet.startswith(head):
        return None
    argument = json.loads(packet[len(head):])[1]
    return argument if isinstance(argument, dict) and str(argument.get("stream", "")).startswith("workspace_") else None


def follow(line, last):
    """Reads live events up to @last, each the next of its stream. Gives when each was there."""
    times = {}
    while line.last < last:
        envelope = envelope_of(line.next(), line)
        if envelope is not None:
            assert envelope["sequence"] == line.last + 1, f"{envelope['sequence']} after {line.last}"
            line.last = envelope["sequence"]
            times[line.last] = time.monotonic()
    return times


def everyone_hears_everyone(make):
    with make() as team:
        lines = [team.join(node) for node in team.nodes]

        def write(node):
            for _ in range(WRITES // NODES):
                team.make_task(node, team.meeting)

        writers = [threading.Thread(target=write, args=(node,)) for node in team.nodes]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        last = team.head()
        assert last >= WRITES, last
        for line in lines:
            follow(line, last)
            line.close()


def one_hears_another_soon(make):
    """What is written at one node and when it is at another's socket: printed, and that it comes by NOTIFY and not later."""
    with make() as team:
        line = team.join(team.nodes[1])
        delays = []
        for _ in range(50):
            team.make_task(team.nodes[0], team.meeting)
            answered = time.monotonic()
            times = follow(line, line.last + 1)
            delays.append(max(times.values()) - answered)
        delays.sort()
        print(f"# from the answer at one node to a socket of another: p50 {statistics.median(delays) * 1000:.1f} ms, "
              f"p98 {delays[-2] * 1000:.1f} ms", file=sys.stderr)
        line.close()


def without_notify(make):
    """An event that nobody was notified of: the look of each second finds it."""
    with make() as team:
        lines = [team.join(node) for node in team.nodes]
        stream = f"workspace_{team.workspace}"
        team.postgres.sql(team.name, f"""
          BEGIN;
          INSERT INTO events (stream, sequence, type, namespaces, timestamp, workspace_id, user_id, prev_0, prev_1, prev_2,
                              prev_3, data)
            SELECT stream, sequence + 1, 'ARCHIVE_REVEAL', 1, timestamp, workspace_id, user_id, sequence, prev_1, prev_2, prev_3,
                   '{{"workspace_id":{team.workspace},"user_id":1,"archived_count":0,"timestamp":"' || timestamp || '"}}'
              FROM events WHERE stream = '{stream}' ORDER BY sequence DESC LIMIT 1;
          UPDATE streams SET sequence = sequence + 1, prev_0 = sequence + 1 WHERE name = '{stream}';
          COMMIT""")
        for line in lines:
            follow(line, team.head())
            line.close()


def watch_is_cut(make):
    """The sessions that listen are ended: they come back, and what was committed meanwhile is told."""
    with make() as team:
        line = team.join(team.nodes[1])
        team.postgres.sql(team.name, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                                     " WHERE pid <> pg_backend_pid() AND (query LIKE 'LISTEN%' OR query LIKE '%event_id >%')")
        for _ in range(5):
            team.make_task(team.nodes[0], team.meeting)
        follow(line, team.head())
        line.close()


def node_dies(make):
    """SIGKILL: its clients go to another node, say where they were, and miss nothing."""
    with make() as team:
        line = team.join(team.nodes[0])
        for node in team.nodes[1:]:
            team.make_task(node, team.meeting)
        follow(line, team.head())
        team.nodes[0].stop(signal.SIGKILL)
        for _ in range(10):
            team.make_task(team.nodes[1], team.meeting)
        last = line.last
        line = team.join(team.nodes[2])
        line.ask_for_replay(last)
        missed = [event["sequence"] for event in line.event("event_replay")["events"]
                  if event["stream"] == f"workspace_{team.workspace}"]
        assert missed[:10] == list(range(last + 1, last + 11)), missed
        line.last = missed[-1]
        team.make_task(team.nodes[1], team.meeting)
        follow(line, team.head())
        line.close()


class OutOfOrder(Exception):
    pass


class Follower(threading.Thread):
    """A client that has to see each event once and in order, at whatever node it is, until @last is there."""

    def __init__(self, team, index):
        super().__init__(daemon=True)
        self.team, self.index = team, index
        self.random = random.Random(index)
        self.last = 0
        self.until = None
        self.problem = None
        self.reconnects = 0

    def run(self):
        try:
            while self.until is None or self.last < self.until:
                try:
                    self.follow_one()
                except (OSError, AssertionError, websocket.WebSocketException):
                    self.reconnects += 1
        except OutOfOrder as error:
            self.problem = str(error)

    def take(self, envelope):
        if envelope["sequence"] <= self.last:
            return
        if envelope["sequence"] != self.last + 1:
            raise OutOfOrder(f"client {self.index}: {envelope['sequence']} after {self.last}")
        self.last = envelope["sequence"]

    def follow_one(self):
        line = Line(self.random.choice(self.team.nodes), self.team.token)
        try:
            line.socket.settimeout(2)
            line.join(self.team.workspace)
            line.ask_for_replay(self.last)
            held = []
            replayed = False
            while self.until is None or self.last < self.until:
                packet = line.next()
                if packet.startswith(f'42{line.namespace},["event_replay"'):
                    page = json.loads(packet[len(f"42{line.namespace},"):])[1]
                    for envelope in page["events"]:
                        if envelope["stream"].startswith("workspace_"):
                            self.take(envelope)
                    if page.get("has_more"):
                        line.ask_for_replay(self.last)
                        continue
                    replayed = True
                    for envelope in held:
                        self.take(envelope)
                    continue
                envelope = envelope_of(packet, line)
                if envelope is not None:
                    if replayed:
                        self.take(envelope)
                    else:
                        held.append(envelope)
        finally:
            line.close()


def rolling_restart(make):
    """Each node is stopped and started again while others write and many follow: nothing is lost, order is kept."""
    with make() as team:
        followers = [Follower(team, index) for index in range(FOLLOWERS)]
        for follower in followers:
            follower.start()
        stopping = threading.Event()
        written = []

        def write():
            chooser = random.Random(1)
            while not stopping.is_set():
                try:
                    written.append(team.make_task(chooser.choice(team.nodes), team.meeting)["id"])
                except (OSError, AssertionError):
                    continue

        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        for index in range(NODES):
            while len(written) < (index + 1) * 20:
                stopping.wait(0.01)
            old = team.nodes[index]
            team.nodes[index] = team.start()
            assert old.stop() == 0
        while len(written) < (NODES + 1) * 20:
            stopping.wait(0.01)
        stopping.set()
        writer.join()
        last = team.head()
        for follower in followers:
            follower.until = last
        # What each waits for is an event: one more wakes those that have all and do not know it.
        team.make_task(team.nodes[0], team.meeting)
        for follower in followers:
            follower.join(timeout=60)
            assert follower.problem is None, follower.problem
            assert follower.last >= last, f"client {follower.index} is at {follower.last} of {last}"
        assert sum(follower.reconnects for follower in followers) >= FOLLOWERS / 2, "nobody was at a node that went"
        tasks = int(team.postgres.sql(team.name, "SELECT count(*) FROM rows WHERE store = 'tasks'"))
        assert tasks >= len(set(written)) == len(written), (tasks, len(written))
        team.ctl("ledger", "verify")


def main():
    with tempfile.TemporaryDirectory() as folder, Postgres() as postgres:
        names = iter(f"ledger_{number}" for number in range(100))

        def make():
            return Nodes(folder, postgres, next(names))

        return Tap().run([(name, lambda case=case: case(make)) for name, case in (
            ("all sockets hear all nodes' writes, once and in order", everyone_hears_everyone),
            ("another node's write is heard soon", one_hears_another_soon),
            ("a write without a notification is heard", without_notify),
            ("the sessions that listen are ended", watch_is_cut),
            ("a node is killed", node_dies),
            ("nodes are restarted one by one under load", rolling_restart),
        )])


if __name__ == "__main__":
    sys.exit(main())
