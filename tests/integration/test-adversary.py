#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody with a token for one workspace tries to get at another's, by every route and every socket."""

import http.client
import json
import os
import queue
import re
import shutil
import sys
import tempfile
import uuid

sys.path.insert(0, os.path.join(os.environ["CROWN_SRCDIR"], "tests"))

import socketio

from tools import PATIENCE_SECONDS, SOURCE, Server, Tap, ctl

SECRET = "Zanzibar"  # in everything that the other workspace has
TRANSCRIPT = f"WEBVTT\n\nNOTE title: {SECRET}\n\n00:00:00.000 --> 00:00:06.000\n<v {SECRET}>I will send {SECRET} by Friday.\n"
NAMESPACES = ("/dashboard", "/tasks", "/analytics", "/meetings")


def equal(actual, expected, what=""):
    assert actual == expected, f"{what} {actual!r} instead of {expected!r}"


class Two:
    """A server with two workspaces: ours, and one whose every text has the secret."""

    def __init__(self, folder):
        self.ledger = os.path.join(folder, "ledger.db")
        self.uri = f"sqlite:{self.ledger}"
        self.ours = self.make("workspace", "Ours")
        self.theirs = self.make("workspace", SECRET)
        self.me, self.them = self.make("user", "Mallory"), self.make("user", SECRET)
        self.token = self.make_token(self.me, self.ours, "admin")
        self.their_token = self.make_token(self.them, self.theirs, "admin")
        self.server = Server(self.ledger)
        self.port = int(self.server.url.rsplit(":", 1)[1])
        path = os.path.join(folder, f"{SECRET}.vtt")
        with open(path, "w", encoding="utf-8") as file:
            file.write(TRANSCRIPT)
        ctl("--server", self.server.url, "--token", self.their_token, "--workspace", self.theirs, "import", path).succeeds()

    def make(self, what, name):
        return int(ctl("--ledger", self.uri, what, "create", name).succeeds().out)

    def make_token(self, user, workspace, role):
        return ctl("--ledger", self.uri, "token", "create", "--user", user, "--workspace", workspace, "--role",
                   role).succeeds().out.strip()

    def ask(self, method, target, token=None, body=None, headers=()):
        """(status, whole answer as text) of a request whose target is sent as it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        connection.putrequest(method, target, skip_accept_encoding=True)
        sent = dict(headers)
        if token:
            sent["Authorization"] = f"Bearer {token}"
        sent.setdefault("Idempotency-Key", str(uuid.uuid4()))
        data = body.encode() if isinstance(body, str) else body
        if data is not None:
            sent["Content-Length"] = str(len(data))
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders(data)
        answer = connection.getresponse()
        text = f"{answer.headers}\n{answer.read().decode('utf-8', 'replace')}"
        connection.close()
        return answer.status, text


def all_routes():
    for name in ("reads", "writes"):
        with open(os.path.join(SOURCE, "src", "server", f"crown-rest-{name}.c"), encoding="utf-8") as file:
            yield from re.findall(r'^  \{ "([A-Z]+)", "(workspaces[^"]*)"', file.read(), re.MULTILINE)


def tries(two, method, target, token, **more):
    status, text = two.ask(method, target, token, **more)
    assert status >= 400, f"{method} {target}: {status} {text[:300]}"
    assert SECRET not in text, f"{method} {target} tells: {text[:500]}"
    return status


def every_route(two):
    """Their workspace in the path: no route answers, whatever the method."""
    seen = 0
    for method, pattern in all_routes():
        if "{w}" not in pattern:
            continue
        target = "/api/v1/" + pattern.replace("{w}", str(two.theirs)).replace("{id}", "1")
        equal(tries(two, method, target, two.token, body="{}" if method in ("POST", "PATCH") else None), 403, target)
        equal(tries(two, method, target, None, body="{}" if method in ("POST", "PATCH") else None), 401, target)
        seen += 1
    assert seen > 15, seen


def foreign_rows(two):
    """The ids of their rows below our workspace: there are none such."""
    for method, pattern in all_routes():
        if "{id}" not in pattern:
            continue
        target = "/api/v1/" + pattern.replace("{w}", str(two.ours)).replace("{id}", "1")
        body = {"POST": "{}", "PATCH": '{"text":"mine","title":"mine"}'}.get(method)
        assert tries(two, method, target, two.token, body=body) in (404, 422), target
    # A task in their meeting would tell that it is there, and change it.
    equal(tries(two, "POST", f"/api/v1/workspaces/{two.ours}/tasks", two.token,
                body=json.dumps({"session_id": 1, "text": "x"})), 422)


def claims_in_bodies(two):
    """Who one is comes from the token, never from what one says."""
    for member, value in (("user_id", two.them), ("workspace_id", two.theirs), ("id", 1), ("archived_by", two.them)):
        equal(tries(two, "POST", f"/api/v1/workspaces/{two.ours}/meetings", two.token,
                    body=json.dumps({"title": "x", member: value})), 422)
    status, text = two.ask("POST", f"/api/v1/workspaces/{two.ours}/meetings", two.token, body='{"title":"Mine"}')
    equal(status, 201, text)
    status, text = two.ask("GET", f"/api/v1/workspaces/{two.ours}/events", two.token)
    equal({event["user_id"] for event in json.loads(text.split("\n\n", 1)[1])["events"]
           if event["event_type"] == "SESSION_CREATE"}, {two.me})


def tokens(two):
    target = f"/api/v1/workspaces/{two.theirs}/stats"
    for token in ("", "crown4_" + "0" * 64, two.their_token[:-1], two.their_token + "0", two.their_token.upper(), "x" * 5000):
        equal(tries(two, "GET", target, None, headers={"Authorization": f"Bearer {token}"}), 401, token[:80])
    equal(tries(two, "GET", f"{target}?token={two.their_token}", None), 401)
    equal(tries(two, "GET", target, None, headers={"Authorization": f"Basic {two.their_token}"}), 401)
    equal(tries(two, "GET", target, None, headers={"Cookie": f"token={two.their_token}"}), 401)


def path_tricks(two):
    ours, theirs = two.ours, two.theirs
    for target in (f"/api/v1/workspaces/{ours}/../{theirs}/meetings", f"/api/v1/workspaces/{ours}/%2e%2e/{theirs}/meetings",
                   f"/api/v1/workspaces/{ours}%2f..%2f{theirs}/meetings", f"/api/v1//workspaces/{theirs}/meetings",
                   f"/api/v1/workspaces/{theirs}/meetings/", f"/api/v1/workspaces/0{theirs}/meetings",
                   f"/api/v1/workspaces/+{theirs}/meetings", f"/api/v1/workspaces/{theirs}%00/meetings",
                   f"/api/v1/workspaces/{theirs}.0/meetings", f"/api/v1/workspaces/{ours},{theirs}/meetings",
                   "/api/v1/workspaces/-1/meetings", "/api/v1/workspaces/99999999999999999999/meetings",
                   f"/API/V1/WORKSPACES/{theirs}/MEETINGS", "/api/v1/" + "a/" * 5000, "/api/v1/workspaces/" + "9" * 9000,
                   f"/api/v1/workspaces/{ours}/meetings/../../{theirs}/tasks/1",
                   f"/api/v1/workspaces/{ours}/tasks/1?w={theirs}&workspace_id={theirs}"):
        tries(two, "GET", target, two.token)


def hostile_bodies(two):
    target = f"/api/v1/workspaces/{two.ours}/meetings"
    for body in ("{", "[]", "null", '"x"', "{}", '{"title":1}', '{"title":"x","title":"y"}', '{"title":"\\ud800"}',
                 "[" * 10000, '{"title":' + "[" * 1000 + "]" * 1000 + "}", '{"title":"' + "x" * 60000 + '"}',
                 b'{"title":"\xff\xfe"}', b'{"title":"\x00"}', ""):
        assert tries(two, "POST", target, two.token, body=body) in (400, 422), body[:50]
    equal(tries(two, "POST", target, two.token, body='{"title":"' + "x" * 200000 + '"}'), 413)
    for key in ("x" * 10000, "\x7f" * 300):
        assert tries(two, "POST", target, two.token, body='{"title":"x"}', headers={"Idempotency-Key": key}) == 400, key[:20]
    # It still answers.
    equal(two.ask("GET", "/healthz")[0], 200)


def sockets(two):
    """Joining and replaying what is not ours, in each namespace; and none of theirs comes by itself."""
    client = socketio.Client(reconnection=False)
    heard = queue.Queue()
    for namespace in NAMESPACES:
        client.on("*", lambda event, data, n=namespace: heard.put((n, event, data)), namespace=namespace)
    client.connect(two.server.url, auth={"token": two.token}, namespaces=list(NAMESPACES), wait_timeout=PATIENCE_SECONDS)
    for namespace in NAMESPACES:
        for workspace in (two.theirs, 999, -1, "1", None, {"$ne": 0}, [two.theirs], 1e300):
            answer = client.call("join_workspace", {"workspace_id": workspace, "user_id": two.them}, namespace=namespace,
                                 timeout=PATIENCE_SECONDS)
            assert "code" in answer, f"{workspace!r} in {namespace}: {answer}"
        client.emit("request_event_replay", {"last_sequence": 0, "namespace": namespace, "workspace_id": two.theirs,
                                             "user_id": two.them}, namespace=namespace)
        joined = client.call("join_workspace", {"workspace_id": two.ours}, namespace=namespace, timeout=PATIENCE_SECONDS)
        equal((joined["workspace_id"], joined["user_id"]), (two.ours, two.me))
    status, text = two.ask("POST", f"/api/v1/workspaces/{two.theirs}/meetings", two.their_token,
                           body=json.dumps({"title": SECRET}))
    equal(status, 201, text)
    # What we do after it comes after it, if that came at all.
    two.ask("POST", f"/api/v1/workspaces/{two.ours}/meetings", two.token, body='{"title":"Last"}')
    said = []
    while not any(event == "SESSION_CREATE" and data["data"]["meeting"]["title"] == "Last" for _, event, data in said):
        said.append(heard.get(timeout=PATIENCE_SECONDS))
    assert SECRET not in json.dumps(said), [entry for entry in said if SECRET in json.dumps(entry)]
    client.disconnect()


CASES = (
    ("another workspace's routes", every_route),
    ("another workspace's rows below ours", foreign_rows),
    ("claims in bodies", claims_in_bodies),
    ("tokens that are almost good", tokens),
    ("paths that try to get around", path_tricks),
    ("bodies that hope for a mistake", hostile_bodies),
    ("another workspace over sockets", sockets),
)


def main():
    folder = tempfile.mkdtemp(prefix="crown4-")
    try:
        two = Two(folder)
        with two.server:
            status = Tap().run([(name, lambda case=case: case(two)) for name, case in CASES])
            if two.server.stop() != 0 or any("CRITICAL" in line for line in two.server.complaints):
                print(f"# the server complained: {two.server.complaints}", file=sys.stderr)
                status = 1
        return status
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
