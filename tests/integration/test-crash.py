#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients and servers are killed with SIGKILL in loops while events flow.

A killed client's cache has to be exactly a prefix of the stream; what it said was kept has to reach the server. A killed
server's ledger has to verify, with every write that was answered in it once. CROWN_TEST_KILLS sets how often each is
killed (default 20). And a client that was killed long ago comes back over events that have lost their content since.
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
import time
import urllib.error
import uuid

sys.path.insert(0, os.path.join(os.environ["CROWN_SRCDIR"], "tests"))

from tools import BUILD, PATHS, PATIENCE_SECONDS, Running, Server, Tail, Tap, ctl

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


def long_transcript():
    turns = (f"{('Ada', 'Ben')[i % 2]}: I will send report number {i} about the harbour and the bridge to everyone by Friday, "
             "because the council wants to see what we have measured there since spring.\n" for i in range(4000))
    return "".join(turns)


def kill_in_the_middle_of_an_import():
    """What was accepted is finished by the next server, though nobody asks again."""
    folder = tempfile.mkdtemp(prefix="crown4-")
    try:
        team = Team(folder)
        path = os.path.join(folder, "Harbour.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write(long_transcript())
        with team.serve() as server:
            at = ("--server", server.url, "--token", team.token, "--workspace", team.workspace)
            with Tail(*at, "tail") as tail, Running("crown4ctl", *at, "import", path) as sender:
                created = json.loads(tail.next_line())
                equal(created["event_type"], "SESSION_CREATE", "what comes first")
                server.stop(signal.SIGKILL)
                equal(sender.ends(), 1, "the sender's end")
        with sqlite3.connect(team.ledger) as ledger:
            equal(ledger.execute("SELECT pending FROM imports").fetchall(), [(1,)], "imports that were cut off")
        with team.serve() as server:
            deadline = time.monotonic() + PATIENCE_SECONDS
            kinds = []
            while "DASHBOARD_REFRESH" not in kinds and time.monotonic() < deadline:
                events = [event for event in team.events(server) if event["event_type"] != "DASHBOARD_IDLE_SYNC"]
                kinds = [event["event_type"] for event in events]
            n_tasks = kinds.count("TASK_CREATE")
            equal(n_tasks > 0, True, "tasks are found")
            equal(kinds, ["SESSION_CREATE", "MEETING_UPDATE"] + n_tasks * ["TASK_CREATE"] +
                  ["ANALYTICS_REFRESH", "SESSION_COMPLETE", "DASHBOARD_REFRESH"], "the order")
            equal({event["trace_id"] for event in events}, {created["trace_id"]}, "traces")
            again = ctl("--server", server.url, "--token", team.token, "--workspace", team.workspace, "import",
                        path).succeeds().lines()[0]
            equal(again["meeting_id"], created["data"]["meeting"]["id"], "the meeting of the file that is sent again")
            kinds = [event["event_type"] for event in team.events(server)]
            equal((kinds.count("SESSION_CREATE"), kinds.count("TASK_CREATE")), (1, n_tasks), "meetings and tasks")
            equal(server.stop(), 0, "the server's end")
        ctl("--ledger", team.uri, "ledger", "verify").succeeds()
    finally:
        shutil.rmtree(folder)


def add_quiet_night(team, digests, n):
    """The @n DASHBOARD_IDLE_SYNC of a night in which nothing happened, as the server would have put them."""
    stream = f"workspace_{team.workspace}"
    data = json.dumps({"workspace_id": team.workspace, "digests": digests, "timestamp": "2026-03-03T00:00:00.000Z"})
    connection = sqlite3.connect(team.ledger)
    with connection:
        for _ in range(n):
            connection.execute(
                "INSERT INTO events (stream, sequence, type, namespaces, timestamp, workspace_id, user_id, data, prev_0,"
                " prev_1, prev_2, prev_3) SELECT name, sequence + 1, 'DASHBOARD_IDLE_SYNC', 1, '2026-03-03T00:00:00.000Z',"
                " ?, 0, ?, prev_0, prev_1, prev_2, prev_3 FROM streams WHERE name = ?", (team.workspace, data, stream))
            connection.execute("UPDATE streams SET sequence = sequence + 1, prev_0 = sequence + 1 WHERE name = ?", (stream,))
    connection.close()


def let_time_pass(ledger, kinds):
    """Makes events of @kinds as old as they would be after a night."""
    connection = sqlite3.connect(ledger)
    marks = ",".join("?" * len(kinds))
    with connection:
        connection.execute(f"UPDATE events SET timestamp = strftime('%Y-%m-%dT%H:%M:%fZ', timestamp, '-12 hours')"
                           f" WHERE type IN ({marks})", kinds)
    connection.close()


def stats_of(cache):
    connection = sqlite3.connect(cache)
    value = connection.execute("SELECT value FROM metadata WHERE key = 'stats'").fetchone()[0]
    connection.close()
    return json.loads(value)


def come_back_over_tombstones():
    folder = tempfile.mkdtemp(prefix="crown4-")
    home, fresh = os.path.join(folder, "client"), os.path.join(folder, "fresh")
    os.mkdir(home)
    os.mkdir(fresh)
    cache = os.path.join(home, "cache.db")
    superseded = ("DASHBOARD_REFRESH", "DASHBOARD_IDLE_SYNC")
    try:
        team = Team(folder)
        with team.serve() as server:
            team.import_transcript(server, folder, "before.vtt")
            with Follow(home, team, server.url) as client:
                client.until("live")
                client.kill()
            away_at = rows_of(cache)[0]["sequence"]
            equal(server.stop(), 0, "the server's end")
        for i in range(4):  # the first write of a server tells the stats at once
            with team.serve() as server:
                team.import_transcript(server, folder, f"while-away-{i}.vtt")
                digests = {}
                for store in ("meetings", "tasks", "analytics"):
                    _, digest = server.request("GET", f"/workspaces/{team.workspace}/digest?store={store}", team.token)
                    digests[store] = {"count": digest["count"], "digest": digest["digest"]}
                equal(server.stop(), 0, "the server's end")
            add_quiet_night(team, digests, 40)

        connection = sqlite3.connect(team.ledger)
        kinds = [kind for kind, in connection.execute(
            "SELECT type FROM events WHERE stream = ? AND sequence > ? ORDER BY sequence",
            (f"workspace_{team.workspace}", away_at))]
        connection.close()
        assert kinds.count("DASHBOARD_REFRESH") > 1, kinds
        let_time_pass(team.ledger, superseded)
        report, = ctl("--ledger", team.uri, "ledger", "compact", "--json").succeeds().lines()
        equal(report["deleted"], 0, "deleted events")
        assert report["tombstones"] >= kinds.count("DASHBOARD_REFRESH") - 1, report
        ctl("--ledger", team.uri, "ledger", "verify").succeeds()

        with team.serve() as server:
            events = team.events(server)
            ranges = [event for event in events if event.get("tombstone")]
            assert any(event["from_sequence"] > away_at and event["to_sequence"] - event["from_sequence"] >= 39
                       for event in ranges), f"the client crosses no long tombstone: {ranges}"
            reached = 0
            for event in events:
                equal(event["prev_sequence"], reached, "prev_sequence")
                equal(event.get("from_sequence", event.get("sequence")), reached + 1, "the next sequence")
                reached = event.get("to_sequence", event.get("sequence"))
            equal(sum(event["to_sequence"] - event["from_sequence"] + 1 for event in ranges), report["tombstones"],
                  "events that the tombstones stand for")
            # In pages of two the same events are there, and the ranges meet where a page ends.
            after, seen = 0, 0
            while after is not None:
                status, page = server.request("GET", f"/workspaces/{team.workspace}/events?after={after}&limit=2",
                                              team.token)
                equal(status, 200, "events")
                for event in page["events"]:
                    equal(event.get("from_sequence", event.get("sequence")), seen + 1, "the next sequence of a page")
                    seen = event.get("to_sequence", event.get("sequence"))
                after = page["next"]
            equal(seen, reached, "the last sequence of the pages")

            with Follow(home, team, server.url) as client:
                client.until("live")
                client.kill()
            with server.open("/metrics") as answer:
                assert b'route="workspaces/{w}/snapshot"' not in answer.read(), "the client took a snapshot"
            with Follow(fresh, team, server.url) as client:
                client.until("live")
                client.kill()
            state, rows = rows_of(cache)
            fresh_cache = os.path.join(fresh, "cache.db")
            equal(rows, rows_of(fresh_cache)[1], "rows after tombstones and rows of a snapshot")
            equal(state["sequence"] >= reached, True, "the client is where the stream is")
            equal({key: state[key] for key in ("quarantined", "unknown")}, {"quarantined": 0, "unknown": 0}, "counted")
            for store in ("meetings", "tasks", "analytics"):
                status, digest = server.request("GET", f"/workspaces/{team.workspace}/digest?store={store}", team.token)
                equal(status, 200, "digest")
                equal(digest["count"], sum(1 for kind, _ in rows if kind == store), f"rows of {store}")
                equal(digest["digest"], digest_of(store, rows), f"digest of {store}")
            status, stats = server.request("GET", f"/workspaces/{team.workspace}/stats", team.token)
            equal(stats_of(cache), stats, "stats")
            equal(server.stop(), 0, "the server's end")
        ctl("--ledger", team.uri, "ledger", "verify").succeeds()
        print(f"# {len(ranges)} ranges for {report['tombstones']} events", file=sys.stderr)
    finally:
        shutil.rmtree(folder)


def digest_of(store, rows):
    lanes = [0, 0, 0, 0]
    for (kind, identity), checksum in rows.items():
        if kind == store:
            digest = hashlib.sha256(b"\0".join((store.encode(), str(identity).encode(), checksum.encode()))).digest()
            lanes = [(lane + int.from_bytes(digest[8 * i:8 * i + 8], "little")) % 2 ** 64 for i, lane in enumerate(lanes)]
    return b"".join(lane.to_bytes(8, "little") for lane in lanes).hex()


if __name__ == "__main__":
    sys.exit(Tap().run((("a client comes back over events without content", come_back_over_tombstones),
                        ("a killed client's cache is a prefix of the stream, and what it kept arrives", kill_clients),
                        ("a killed server has what it answered, once, and nothing by halves", kill_servers),
                        ("an import that was cut off is finished, once", kill_in_the_middle_of_an_import))))
