# SPDX-License-Identifier: GPL-3.0-or-later
"""A ledger with somebody in it, and a client that speaks Socket.IO by hand, for tests that look at single frames."""

import json
import os
import ssl

import websocket

from tools import PATIENCE_SECONDS, Server, ctl


class Team:
    """A folder with a ledger in which there are a workspace, a user and an admin's token."""

    def __init__(self, folder):
        self.folder = folder
        self.ledger = os.path.join(folder, "ledger.db")
        self.uri = f"sqlite:{self.ledger}"
        self.workspace = int(self.ctl("workspace", "create", "Team").out)
        self.user = int(self.ctl("user", "create", "Ada").out)
        self.token = self.new_token("admin")

    def ctl(self, *words):
        return ctl("--ledger", self.uri, *words).succeeds()

    def new_token(self, role):
        return self.ctl("token", "create", "--user", self.user, "--workspace", self.workspace, "--role", role).out.strip()

    def serve(self, *more, **options):
        return Server(self.ledger, *more, **options)

    def path(self, name):
        return os.path.join(self.folder, name)

    def make_meeting(self, server, title="Meeting"):
        status, meeting = server.request("POST", f"/workspaces/{self.workspace}/meetings", self.token, {"title": title})
        assert status == 201, (status, meeting)
        return meeting

    def make_task(self, server, meeting, text="Write it down"):
        status, task = server.request("POST", f"/workspaces/{self.workspace}/tasks", self.token,
                                      {"session_id": meeting["id"], "text": text})
        assert status == 201, (status, task)
        return task


class Line:
    """A websocket with one namespace, frame by frame."""

    def __init__(self, server, token, namespace="/dashboard", ca=None, sockopt=()):
        self.namespace = namespace
        self.socket = websocket.create_connection(
            server.url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket", timeout=PATIENCE_SECONDS,
            sockopt=sockopt, sslopt={"ca_certs": ca, "cert_reqs": ssl.CERT_REQUIRED} if ca else None)
        assert self.next()[0] == "0"
        self.send("0", {"token": token})
        assert self.next().startswith(f"40{namespace},"), "the namespace was refused"

    def send(self, kind, argument, ack=""):
        self.socket.send(f"4{kind}{self.namespace},{ack}{json.dumps(argument)}")

    def next(self):
        """The next packet; heartbeats are answered."""
        while (packet := self.socket.recv()) == "2":
            self.socket.send("3")
        return packet

    def event(self, *names):
        """The argument of the next event that is one of @names."""
        while True:
            packet = self.next()
            head = f"42{self.namespace},"
            if packet.startswith(head):
                name, argument = json.loads(packet[len(head):])
                if name in names:
                    return argument

    def join(self, workspace):
        self.send("2", ["join_workspace", {"workspace_id": workspace}])
        return self.event("workspace_joined")

    def ask_for_replay(self, last_sequence=0):
        self.send("2", ["request_event_replay", {"last_sequence": last_sequence, "namespace": self.namespace}])

    def close(self):
        self.socket.close()
