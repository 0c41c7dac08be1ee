#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our Socket.IO client against a stock server, and stock clients against our server, by every transport.

The lifecycle is the specification's: four namespaces, join, replay from 0, live events, the line drops, reconnect, the
rest is replayed.
"""

import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.environ["CROWN_SRCDIR"], "tests"))

import socketio

from tools import BUILD, PATHS, PATIENCE_SECONDS, SOURCE, Running, Server, Tap, ctl

NAMESPACES = ("/dashboard", "/tasks", "/analytics", "/meetings")
PATHS["crown-socket-client"] = os.path.join(BUILD, "tests", "integration", "crown-socket-client")
PATHS["python-socketio-server"] = os.path.join(SOURCE, "tests", "integration", "python-socketio-server.py")


def equal(actual, expected):
    assert actual == expected, f"{actual!r} instead of {expected!r}"


# Our client, a stock server

class StockServer(Running):
    def __init__(self, *words, env=None):
        super().__init__(*(words or ("python-socketio-server",)), stdin=subprocess.PIPE, env=env)
        first = self.next_line()
        assert first, self.complaints
        self.url = first.removeprefix("listening ")


def our_client(server, transports, namespace):
    done = subprocess.run([PATHS["crown-socket-client"], server.url, transports, namespace], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=PATIENCE_SECONDS, check=False)
    equal((done.returncode, done.stderr.decode()), (0, ""))
    return done.stdout.decode().splitlines()


def our_client_by(server, transports, namespace, carried_by):
    lines = our_client(server, transports, namespace)
    equal(lines[0], f"connected {namespace}")
    bye = lines.pop()
    equal([line for line in lines if line.startswith("count")], [f"count [{i}]" for i in range(100)])
    rest = [line for line in lines[1:] if not line.startswith("count")]
    equal(sorted(rest), sorted(['echoed ["hällo ☃",{"n":1.5}]',
                                'bytes [{"a":{"_placeholder":true,"num":0},"b":[{"_placeholder":true,"num":1}]}]',
                                "attachment first", "attachment second", 'ack [42,"done"]']))
    assert bye in carried_by, f"{bye} instead of one of {carried_by}"


def our_client_refused(server, transports):
    equal(our_client(server, transports, "/closed"), ["refused /closed not today"])
    assert our_client(server, transports, "/nothing")[0].startswith("refused /nothing"), "an unknown namespace"


# Stock clients, our server

class Team:
    """A server with a workspace, and what the tests do with it over REST."""

    def __init__(self, folder):
        self.ledger = os.path.join(folder, "ledger.db")
        uri = f"sqlite:{self.ledger}"
        self.workspace = int(ctl("--ledger", uri, "workspace", "create", "Team").succeeds().out)
        user = ctl("--ledger", uri, "user", "create", "Ada").succeeds().out.strip()
        self.token = ctl("--ledger", uri, "token", "create", "--user", user, "--workspace",
                         self.workspace).succeeds().out.strip()
        self.server = Server(self.ledger)
        self.number = 0

    def make_meeting(self):
        self.number += 1
        status, meeting = self.server.request("POST", f"/workspaces/{self.workspace}/meetings", self.token,
                                              {"title": f"Meeting {self.number}"})
        equal(status, 201)
        return meeting

    def make_task(self, meeting):
        status, task = self.server.request("POST", f"/workspaces/{self.workspace}/tasks", self.token,
                                           {"session_id": meeting["id"], "text": "Write it down"})
        equal(status, 201)
        return task


class Follower:
    """python-socketio's client, following a workspace by the protocol."""

    def __init__(self, team, transports):
        self.team = team
        self.client = socketio.Client(reconnection=False)
        self.happened = queue.Queue()
        for namespace in NAMESPACES:
            self.client.on("workspace_joined", self._put("joined", namespace), namespace=namespace)
            self.client.on("join_error", self._put("join_error", namespace), namespace=namespace)
            self.client.on("event_replay", self._put("replay", namespace), namespace=namespace)
            self.client.on("*", self._live(namespace), namespace=namespace)
        self.client.connect(team.server.url, auth={"token": team.token}, namespaces=list(NAMESPACES),
                            transports=transports, wait_timeout=PATIENCE_SECONDS)

    def _put(self, kind, namespace):
        return lambda data: self.happened.put((kind, namespace, data))

    def _live(self, namespace):
        return lambda event, data: self.happened.put((event, namespace, data))

    def next(self):
        try:
            return self.happened.get(timeout=PATIENCE_SECONDS)
        except queue.Empty:
            raise AssertionError("nothing comes") from None

    def join(self):
        for namespace in NAMESPACES:
            answer = self.client.call("join_workspace", {"workspace_id": self.team.workspace}, namespace=namespace,
                                      timeout=PATIENCE_SECONDS)
            equal((answer["namespace"], answer["workspace_id"]), (namespace, self.team.workspace))
        joined = [self.next() for _ in NAMESPACES]
        equal({(kind, namespace) for kind, namespace, _ in joined}, {("joined", namespace) for namespace in NAMESPACES})
        return joined[0][2]

    def replay(self, last_sequence, namespace="/dashboard"):
        events, more = [], True
        while more:
            self.client.emit("request_event_replay", {"last_sequence": last_sequence, "namespace": namespace},
                             namespace=namespace)
            kind, where, page = self.next()
            equal((kind, where, page["namespace"]), ("replay", namespace, namespace))
            equal(page["is_initial_sync"], last_sequence == 0)
            events += page["events"]
            more, last_sequence = page["has_more"], page["up_to_sequence"]
        return events

    def stop(self):
        self.client.disconnect()


def sequences(events, stream):
    return [event["sequence"] for event in events if event["stream"] == stream]


def lifecycle(team, transports):
    stream = f"workspace_{team.workspace}"
    meeting = team.make_meeting()
    follower = Follower(team, transports)
    equal(follower.client.transport(), transports[-1])
    joined = follower.join()
    events = follower.replay(0)
    equal(sequences(events, stream), list(range(1, joined["sequence"] + 1)))

    # Live: a task is said in two namespaces, with one sequence and another prev_sequence.
    team.make_task(meeting)
    live = {}
    while set(live) != {"/dashboard", "/tasks"}:
        kind, namespace, envelope = follower.next()
        if kind == "TASK_CREATE":
            live[namespace] = envelope
    equal(live["/dashboard"]["sequence"], live["/tasks"]["sequence"])
    assert live["/dashboard"]["prev_sequence"] >= joined["sequence"], live["/dashboard"]
    seen = live["/dashboard"]["sequence"]
    follower.stop()

    # While nobody listens, things go on; the rest is replayed, and only the rest.
    for _ in range(3):
        team.make_task(meeting)
    follower = Follower(team, transports)
    joined = follower.join()
    events = follower.replay(seen)
    equal(sequences(events, stream), list(range(seen + 1, joined["sequence"] + 1)))
    equal([event["event_type"] for event in follower.replay(seen, "/tasks")], ["TASK_CREATE"] * 3)
    follower.stop()


def refused_token(team):
    client = socketio.Client(reconnection=False)
    refusals = queue.Queue()
    client.on("connect_error", refusals.put, namespace="/tasks")
    try:
        client.connect(team.server.url, auth={"token": "wrong"}, namespaces=["/tasks"], wait_timeout=PATIENCE_SECONDS)
        raise AssertionError("a wrong token was let in")
    except socketio.exceptions.ConnectionError:
        pass
    refusal = refusals.get(timeout=PATIENCE_SECONDS)
    equal(refusal["data"]["code"], "unauthorized")
    client.disconnect()


def heartbeats(team):
    """Two clients that only listen stay: their pings are answered by them, and ours by nobody."""
    follower = Follower(team, ["websocket"])
    follower.join()
    other = Follower(team, ["polling"])
    other.join()
    team.make_meeting()
    for each in (follower, other):
        kinds = set()
        while "SESSION_CREATE" not in kinds:
            kinds.add(each.next()[0])
    follower.stop()
    other.stop()


def revoked_token(team):
    """A token that is revoked by another process ends what is connected with it, and nothing else."""
    uri = f"sqlite:{team.ledger}"
    created = ctl("--ledger", uri, "token", "create", "--user", "1", "--workspace", team.workspace).succeeds().out.strip()
    tokens = ctl("--ledger", uri, "token", "list", "--json").succeeds().lines()
    number = max(token["id"] for token in tokens)
    clients, gone = [], queue.Queue()
    for name, token in (("revoked", created), ("kept", team.token)):
        client = socketio.Client(reconnection=False)
        client.on("disconnect", lambda name=name: gone.put(name), namespace="/tasks")
        client.connect(team.server.url, auth={"token": token}, namespaces=["/tasks"], wait_timeout=PATIENCE_SECONDS)
        clients.append(client)
    ctl("--ledger", uri, "token", "revoke", number).succeeds()
    equal(gone.get(timeout=PATIENCE_SECONDS), "revoked")
    answer = clients[1].call("join_workspace", {"workspace_id": team.workspace}, namespace="/tasks", timeout=PATIENCE_SECONDS)
    equal(answer["workspace_id"], team.workspace)
    for client in clients:
        client.disconnect()


NODE_CLIENT = r"""
const { io } = require("socket.io-client");
const [url, token, workspace, transports] = process.argv.slice(2);
const socket = io(url + "/tasks", { auth: { token }, transports: transports.split(","), reconnection: false });
socket.on("connect", () => socket.emit("join_workspace", { workspace_id: Number(workspace) }));
socket.on("workspace_joined", (joined) => {
  socket.emit("request_event_replay", { last_sequence: 0, namespace: "/tasks" });
});
socket.on("event_replay", (page) => {
  console.log(JSON.stringify({ events: page.events.length, up_to: page.up_to_sequence,
                               transport: socket.io.engine.transport.name }));
  socket.disconnect();
});
socket.on("connect_error", (error) => { console.log(JSON.stringify({ error: error.message, data: error.data })); });
"""


def node_modules():
    """Where npm's socket.io-client is, for this test only; None where node or the registry is not to be had."""
    if not shutil.which("node") or not shutil.which("npm"):
        return None
    folder = os.path.join(BUILD, "tests", "node")
    os.makedirs(folder, exist_ok=True)
    if not all(os.path.isdir(os.path.join(folder, "node_modules", name)) for name in ("socket.io-client", "socket.io")):
        done = subprocess.run(["npm", "install", "--no-save", "--no-audit", "--no-fund", "--silent", "--prefix", folder,
                               "socket.io-client@4", "socket.io@4"], stdin=subprocess.DEVNULL, capture_output=True, timeout=100,
                              check=False)
        if done.returncode != 0:
            return None
    return folder


def our_client_npm_server(folder, words):
    script = os.path.join(SOURCE, "tests", "integration", "node-socketio-server.js")
    with StockServer("node", script, env={"NODE_PATH": os.path.join(folder, "node_modules")}) as server:
        our_client_by(server, *words)
        equal(our_client(server, words[0], "/closed"), ["refused /closed not today"])


def node_client(team, folder, transports):
    script = os.path.join(folder, "client.js")
    with open(script, "w", encoding="utf-8") as file:
        file.write(NODE_CLIENT)
    done = subprocess.run(["node", script, team.server.url, team.token, str(team.workspace), transports],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_SECONDS, check=False)
    said = json.loads(done.stdout or b"{}")
    assert said.get("events", 0) > 0, f"{done.stdout!r} {done.stderr!r}"
    assert said["transport"] in transports, said
    done = subprocess.run(["node", script, team.server.url, "wrong", str(team.workspace), transports],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_SECONDS, check=False)
    equal(json.loads(done.stdout)["data"]["code"], "unauthorized")


def main():
    folder = tempfile.mkdtemp(prefix="crown4-")
    try:
        team, stock = Team(folder), StockServer()
        with team.server, stock:
            ours = (("polling", "/", ['bye ["polling"]']), ("websocket", "/tasks", ['bye ["websocket"]']),
                    ("both", "/tasks", ['bye ["polling"]', 'bye ["websocket"]']))
            cases = [(f"our client, python-socketio's server, {transports}",
                      lambda words=words: our_client_by(stock, *words)) for words in ours for transports in [words[0]]]
            cases += [(f"our client is refused, {transports}", lambda t=transports: our_client_refused(stock, t))
                      for transports in ("polling", "websocket")]
            cases += [(f"python-socketio's client, our server, {'+'.join(transports)}",
                       lambda t=transports: lifecycle(team, t))
                      for transports in (["polling"], ["websocket"], ["polling", "websocket"])]
            cases += [("a wrong token is refused in a stock client's words", lambda: refused_token(team)),
                      ("a revoked token ends its connections", lambda: revoked_token(team)),
                      ("clients of every transport get the same events", lambda: heartbeats(team))]
            node = node_modules()
            PATHS["node"] = shutil.which("node") or "node"
            for words in ours:
                name = f"our client, npm's socket.io, {words[0]}"
                if node:
                    cases.append((name, lambda words=words: our_client_npm_server(node, words)))
                else:
                    cases.append((f"{name} # SKIP node, npm or its registry is missing", lambda: None))
            for transports in ("polling", "websocket", "polling,websocket"):
                name = f"npm's socket.io-client, our server, {transports}"
                if node:
                    cases.append((name, lambda t=transports: node_client(team, node, t)))
                else:
                    cases.append((f"{name} # SKIP node, npm or its registry is missing", lambda: None))
            return Tap().run(cases)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
