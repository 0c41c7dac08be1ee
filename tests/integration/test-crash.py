#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients and servers are killed with SIGKILL in loops while events flow.

A killed client's cache has to be exactly a prefix of the stream; what it said was kept has to reach the server. A killed
server's ledger has to verify, with every write that was answered in it once. CROWN_TEST_KILLS sets how often each is
killed (default 20).
"""

import hashlib
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import urllib.error
import uuid

sys.path.insert(0, os.path.join(os.environ["CROWN_SRCDIR"], "tests"))

from tools import BUILD, PATHS, Running, Server, Tap, ctl

PATHS["crown-follow-client"] = os.path.join(BUILD, "tests", "integration", "crown-follow-client")
KILLS = int(os.environ.get("CROWN_TEST_KILLS", "20"))
TRANSCRIPT = """WEBVTT

NOTE title: Planning
NOTE date: 2026-03-02

00:00:00.000 --> 00:00:06.000
<v Ada>I will send the plan to everyone by Friday.

00:00:06.000 --> 00:00:12.000
<v Ben>Thanks. I will book the room tomorrow.
"""


def equal(actual, expected, what):
    assert actual == expected, f"{what}: {actual!r} instead of {expected!r}"


class Follow(Running):
    def __init__(self, folder, team, url):
        super().__init__("crown-follow-client", "--folder", folder, "--server", url, "--workspace", team.workspace,
                         "--user", team.user, stdin=subprocess.PIPE, env={"CROWN4_TOKEN": team.token})

    def until(self, line):
        said = []
        while not said or said[-1] != line:
            try:
                said.append(self.next_line())
            except AssertionError as error:
                raise AssertionError(f"“{line}” does not come after {said}: {error}") from None
            assert said[-1] is not None, f"the client ended after {said}; it complained {self.complaints!r}"

    def obey(self, command):
        self.process.stdin.write(f"{command}\n".encode())
        self.process.stdin.flush()
        self.until("kept")

    def kill(self):
        self.stop(signal.SIGKILL)


class Team:
    def __init__(self, folder):
        self.ledger = os.path.join(folder, "ledger.db")
        self.uri = f"sqlite:{self.ledger}"
        self.workspace = int(ctl("--ledger", self.uri, "workspace", "create", "Team").succeeds().out)
        self.user = int(ctl("--ledger", self.uri, "user", "create", "Ada").succeeds().out)
        self.token = ctl("--ledger", self.uri, "token", "create", "--user", self.user, "--workspace",
                         self.workspace).succeeds().out.strip()
        with socket.socket() as probe:  # the server has to come back where the clients look for it
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def serve(self):
        return Server(self.ledger, "--listen", f"127.0.0.1:{self.port}")

    def import_transcript(self, server, folder, name):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(TRANSCRIPT)
        ctl("--server", server.url, "--token", self.token, "--workspace", self.workspace, "import", path).succeeds()

    def tasks(self, server):
        status, page = server.request("GET", f"/workspaces/{self.workspace}/tasks", self.token)
        equal(status, 200, "tasks")
        return page["items"]

    def events(self, server):
        lines = ctl("--server", server.url, "--token", self.token, "--workspace", self.workspace, "replay", "--from",
                    "0").succeeds().lines()
        return [event for event in lines if event["stream"] == f"workspace_{self.workspace}"]


class Writer:
    """Changes tasks one after the other until it is stopped; remembers what was answered."""

    def __init__(self, team, server, task_ids):
        self.team, self.server, self.task_ids = team, server, task_ids
        self.answered = []  # (task, text)
        self.count = 0
        self.changed = threading.Condition()
        self.stopping = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.stopping:
            task = random.choice(self.task_ids)
            text = f"Text {uuid.uuid4()}"
            try:
                status, _ = self.server.request("PATCH", f"/workspaces/{self.team.workspace}/tasks/{task}",
                                                self.team.token, {"text": text})
            except (urllib.error.URLError, OSError, json.JSONDecodeError):
                break  # the server was killed
            if status != 200:
                break
            self.answered.append((task, text))
            with self.changed:
                self.count += 1
                self.changed.notify_all()

    def wait_for(self, n):
        """Until @n more writes have been answered."""
        with self.changed:
            target = self.count + n
            assert self.changed.wait_for(lambda: self.count >= target, timeout=30), "the writer stands still"

    def stop(self):
        self.stopping = True
        self.thread.join(30)


def rows_of(cache):
    """What a cache says: its position and its rows, each of which is what its checksum says."""
    connection = sqlite3.connect(cache)
    state = json.loads(connection.execute("SELECT value FROM metadata WHERE key = '_state'").fetchone()[0])
    rows = {}
    for store, key in (("meetings", "id"), ("tasks", "id"), ("analytics", "session_id")):
        for identity, row, checksum in connection.execute(f"SELECT {key}, row, _checksum FROM {store}"):
            equal(hashlib.sha256(row.encode()).hexdigest(), checksum, f"checksum of {store} {identity}")
            rows[store, identity] = checksum
    integrity = connection.execute("PRAGMA integrity_check").fetchone()[0]
    equal(integrity, "ok", "integrity of the cache")
    connection.close()
    return state, rows


STORES = {"SESSION_CREATE": ("meetings", "meeting", "id"), "TASK_CREATE": ("tasks", "task", "id"),
          "ANALYTICS_REFRESH": ("analytics", "analytics", "session_id")}
CHANGES = {"SESSION_UPDATE": ("meetings", "session_id"), "MEETING_UPDATE": ("meetings", "session_id"),
           "SESSION_ARCHIVE": ("meetings", "session_id"), "SESSION_COMPLETE": ("meetings", "session_id"),
           "TASK_UPDATE": ("tasks", "task_id")}


def prefix(events, sequence):
    """The checksums of all rows after @sequence, from what the events themselves say."""
    rows = {}
    for event in events:
        if event["sequence"] > sequence:
            break
        kind, data = event["event_type"], event["data"]
        if kind in STORES:
            store, member, key = STORES[kind]
            rows[store, data[member][key]] = event["checksum"]
        elif kind in CHANGES:
            store, key = CHANGES[kind]
            rows[store, data[key]] = event["checksum"]
        elif kind == "TASK_DELETE":
            del rows["tasks", data["task_id"]]
    return rows


def kill_clients():
    folder = tempfile.mkdtemp(prefix="crown4-")
    home = os.path.join(folder, "client")
    os.mkdir(home)
    try:
        team = Team(folder)
        with team.serve() as server:
            for i in range(3):
                team.import_transcript(server, folder, f"meeting-{i}.vtt")
            ids = [task["id"] for task in team.tasks(server)]
            mine = ids.pop()  # only the client changes this one
            writer = Writer(team, server, ids)
            positions, kept = [], 0
            for turn in range(KILLS):
                with Follow(home, team, server.url) as client:
                    client.until("live")
                    writer.wait_for(random.randrange(1, 20))
                    client.obey(f"{'complete' if turn % 2 == 0 else 'reopen'} {mine}")
                    kept += 1
                    if turn % 3 == 0:
                        writer.wait_for(random.randrange(1, 5))
                    client.kill()
                state, rows = rows_of(os.path.join(home, "cache.db"))
                positions.append((state, rows))
            writer.stop()

            events = team.events(server)
            equal([event["sequence"] for event in events], list(range(1, len(events) + 1)), "sequences")
            before = 0
            for state, rows in positions:
                sequence = state["sequence"]
                assert sequence > before, f"the position went from {before} to {sequence}"
                before = sequence
                equal(rows, prefix(events, sequence), f"rows at {sequence}")

            # What was kept before the last kill is sent by the next start.
            with Follow(home, team, server.url) as client:
                client.until("live")
                if not outbox_is_empty(home):
                    client.until("pending 0")
                client.process.stdin.close()
                equal(client.ends(), 0, "the client's end")
            wanted = "completed" if (KILLS - 1) % 2 == 0 else "pending"
            found = {task["id"]: task["status"] for task in team.tasks(server)}[mine]
            equal(found, wanted, "the task that the killed client changed")
            statuses = [event["data"]["updates"]["status"] for event in team.events(server)
                        if event["event_type"] == "TASK_UPDATE" and event["data"]["task_id"] == mine]
            equal(len(statuses), kept, "changes of the client's that arrived")
            equal(server.stop(), 0, "the server's end")
            print(f"# {KILLS} kills, {len(events)} events", file=sys.stderr)
        ctl("--ledger", team.uri, "ledger", "verify").succeeds()
    finally:
        shutil.rmtree(folder)


def outbox_is_empty(home):
    connection = sqlite3.connect(os.path.join(home, "outbox.db"))
    empty = connection.execute("SELECT count(*) FROM entries").fetchone()[0] == 0
    connection.close()
    return empty


def kill_servers():
    folder = tempfile.mkdtemp(prefix="crown4-")
    try:
        team = Team(folder)
        answered = []
        kills = max(1, KILLS // 2)
        for turn in range(kills):
            with team.serve() as server:
                if turn == 0:
                    team.import_transcript(server, folder, "meeting.vtt")
                ids = [task["id"] for task in team.tasks(server)]
                writers = [Writer(team, server, ids) for _ in range(8)]
                writers[0].wait_for(random.randrange(5, 30))
                server.stop(signal.SIGKILL)
                for writer in writers:
                    writer.stop()
                    answered += writer.answered
            ctl("--ledger", team.uri, "ledger", "verify").succeeds()
        with team.serve() as server:
            events = team.events(server)
            equal([event["sequence"] for event in events], list(range(1, len(events) + 1)), "sequences")
            texts = [event["data"]["updates"]["text"] for event in events
                     if event["event_type"] == "TASK_UPDATE" and "text" in event["data"]["updates"]]
            equal(len(texts), len(set(texts)), "writes that are there once")
            lost = [text for _, text in answered if text not in set(texts)]
            equal(lost, [], "answered writes that are lost")
            last = {}
            for event in events:
                if event["event_type"] == "TASK_UPDATE" and "text" in event["data"]["updates"]:
                    last[event["data"]["task_id"]] = event["data"]["updates"]["text"]
            for task in team.tasks(server):
                if task["id"] in last:
                    equal(task["text"], last[task["id"]], f"task {task['id']}")
            equal(server.stop(), 0, "the server's end")
        print(f"# {kills} kills, {len(answered)} answered writes, {len(texts)} in the ledger", file=sys.stderr)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(Tap().run((("a killed client's cache is a prefix of the stream, and what it kept arrives", kill_clients),
                        ("a killed server has what it answered, once, and nothing by halves", kill_servers))))
