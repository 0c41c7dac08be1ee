#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Those with a token for one workspace try to get at another's, by every route and socket, and at more than is theirs."""

import http.client
import json
import os
import queue
import re
import shutil
import socket
import sys
import tempfile
import uuid

sys.path.insert(0, os.path.join(os.environ["CROWN_SRCDIR"], "tests"))

import socketio

from team import Line
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
        self.member = self.make_token(self.make("user", "Trudy"), self.ours, "member")
        self.viewer = self.make_token(self.make("user", "Eve"), self.ours, "viewer")
        self.their_token = self.make_token(self.them, self.theirs, "member")
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
        if sent["Idempotency-Key"] is None:
            del sent["Idempotency-Key"]
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


    def ids(self):
        """What our workspace has, as the answers tell it."""
        _, text = self.ask("GET", f"/api/v1/workspaces/{self.ours}/snapshot", self.token)
        return text.split("\n\n", 1)[1]

    def their_head(self):
        _, text = self.ask("GET", f"/api/v1/workspaces/{self.theirs}/digest?store=meetings", self.their_token)
        value = json.loads(text.split("\n\n", 1)[1])
        return value["epoch"], value["sequence"], value["digest"]


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
    """Their workspace in the path: no route answers, whatever the method and the role."""
    head, seen = two.their_head(), 0
    for method, pattern in all_routes():
        if "{w}" not in pattern:
            continue
        target = "/api/v1/" + pattern.replace("{w}", str(two.theirs)).replace("{id}", "1")
        body = "{}" if method in ("POST", "PATCH") else None
        for token in (two.token, two.member, two.viewer):
            equal(tries(two, method, target, token, body=body), 403, target)
            equal(tries(two, method, target.replace(f"/{two.theirs}", "/999", 1), token, body=body), 404, target)
        equal(tries(two, method, target, None, body=body), 401, target)
        # And the other way about: ours, with theirs.
        ours = "/api/v1/" + pattern.replace("{w}", str(two.ours)).replace("{id}", "1")
        equal(tries(two, method, ours, two.their_token, body=body), 403, ours)
        if method == "GET":
            equal(two.ask("HEAD", target, two.token)[0], 403, target)
        seen += 1
    assert seen > 15, seen
    equal(two.their_head(), head, "something of theirs has changed:")


def besides_the_routes(two):
    """What anybody may read says nothing of anybody."""
    for target in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/", "/socket.io/?EIO=4&transport=polling"):
        _, text = two.ask("GET", target)
        assert SECRET not in text, f"{target} tells: {text[:300]}"
    _, text = two.ask("GET", "/api/v1/workspaces", two.token)
    assert SECRET not in text and '"name":"Ours"' in text, text


def viewers_write(two):
    """A viewer reads; what changes rows is refused, whatever is sent, before it is looked at."""
    status, text = two.ask("POST", f"/api/v1/workspaces/{two.ours}/meetings", two.member, '{"title":"Ours"}')
    equal(status, 201, text)
    meeting = json.loads(text.split("\n\n", 1)[1])["id"]
    before, seen = two.ids(), 0
    for method, pattern in all_routes():
        target = "/api/v1/" + pattern.replace("{w}", str(two.ours)).replace("{id}", str(meeting))
        if method == "GET" or pattern.endswith("archive/reveal"):
            continue
        for body in ('{"title":"x"}', "{", "x" * 200000):
            equal(tries(two, method, target, two.viewer, body=body), 403, target)
        for name in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"):
            status, _ = two.ask("GET", target, two.viewer, headers={name: method})
            assert status in (200, 404, 405), (target, name, status)
        for name in ("X-User-Id", "X-Role", "X-Crown-Role", "X-Forwarded-User"):
            equal(tries(two, method, target, two.viewer, body='{"title":"x"}', headers={name: "admin"}), 403, target)
        seen += 1
    assert seen > 8, seen
    equal(two.ids(), before, "a viewer has changed something:")


def idempotency_keys(two):
    """Without one there is no write; one that has been used gives nothing but its own answer, to its own user."""
    target = f"/api/v1/workspaces/{two.ours}/meetings"
    theirs = f"/api/v1/workspaces/{two.theirs}/meetings"
    before = two.ids()
    for key in (None, "", "x" * 256, "x" * 10000, "\x7f" * 300):
        equal(tries(two, "POST", target, two.token, body='{"title":"x"}', headers={"Idempotency-Key": key}), 400, key)
    equal(two.ids(), before, "without a key something was made:")
    key = {"Idempotency-Key": "shared"}
    status, text = two.ask("POST", theirs, two.their_token, f'{{"title":"{SECRET}"}}', key)
    equal(status, 201, text)
    # The same key, and the same words: what another has made with it is not told.
    equal(tries(two, "POST", theirs, two.token, body=f'{{"title":"{SECRET}"}}', headers=key), 403)
    status, text = two.ask("POST", target, two.token, '{"title":"Mine"}', key)
    equal((status, SECRET in text), (201, False), text)
    status, member = two.ask("POST", target, two.member, '{"title":"Mine"}', key)
    equal(status, 201, member)
    assert json.loads(member.split("\n\n", 1)[1])["id"] != json.loads(text.split("\n\n", 1)[1])["id"], "another's answer"
    equal(tries(two, "POST", target, two.token, body='{"title":"Other"}', headers=key), 422)
    equal(tries(two, "POST", f"{target}?x=1", two.token, body='{"title":"Mine"}', headers=key), 422)
    equal(tries(two, "POST", target.replace("meetings", "tasks"), two.token, body='{"title":"Mine"}', headers=key), 422)
    status, again = two.ask("POST", target, two.token, '{"title":"Mine"}', key)
    equal((status, again.split("\n\n", 1)[1]), (201, text.split("\n\n", 1)[1]))


def cursors(two):
    """A cursor says where to go on, not in what: those that are made up, or of others, lead nowhere else."""
    _, text = two.ask("GET", f"/api/v1/workspaces/{two.theirs}/snapshot?limit=1", two.their_token)
    theirs = json.loads(text.split("\n\n", 1)[1])["next"]
    assert theirs, text
    for path in ("snapshot?cursor=", "snapshot?store=tasks&cursor=", "snapshot?limit=1000&cursor="):
        for cursor in (theirs, theirs.replace("meetings", "tasks"), "x", "1.1.1.meetings.1", "%00", "%ff", ".....", "9" * 9000,
                       theirs.rsplit(".", 1)[0] + ".-1", theirs.rsplit(".", 1)[0] + ".99999999999999999999",
                       theirs.replace("meetings", "sessions"), theirs.replace("meetings", "metadata")):
            assert tries(two, "GET", f"/api/v1/workspaces/{two.ours}/{path}{cursor}", two.token) in (400, 409), cursor[:80]
    for path in ("events?after=", "events?cursor=", "events?limit=", "meetings?cursor=", "tasks?limit=", "digest?store=tasks&bucket="):
        for number in ("-1", "x", "1e3", "0x1", "99999999999999999999", "%00", "%ff", "1%202", "+1", "1.0", ""):
            equal(tries(two, "GET", f"/api/v1/workspaces/{two.ours}/{path}{number}", two.token), 400, path + number)
    # Ids of theirs are passed over where ours are counted.
    for path in ("events?after=0", "meetings?cursor=0&limit=1000", "tasks?cursor=0&limit=1000", "snapshot?limit=1000", "insights"):
        status, text = two.ask("GET", f"/api/v1/workspaces/{two.ours}/{path}", two.token)
        equal((status, SECRET in text), (200, False), path)


def foreign_rows(two):
    """The ids of their rows below our workspace: there are none such."""
    for method, pattern in all_routes():
        if "{id}" not in pattern:
            continue
        target = "/api/v1/" + pattern.replace("{w}", str(two.ours)).replace("{id}", "1")
        body = {"POST": "{}", "PATCH": '{"text":"mine","title":"mine"}'}.get(method)
        assert tries(two, method, target, two.token, body=body) in (404, 422), target
        for bad in ("-1", "0", "01", "+1", "1%00", "1%20", "1.0", "0x1", "99999999999999999999", "%ff", "1;2", "*"):
            target = "/api/v1/" + pattern.replace("{w}", str(two.ours)).replace("{id}", bad)
            assert tries(two, method, target, two.token, body=body) in (400, 404), target  # 400: what is no address
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
    equal([event["user_id"] for event in json.loads(text.split("\n\n", 1)[1])["events"]
           if event["event_type"] == "SESSION_CREATE"][-1], two.me)


def tokens(two):
    target = f"/api/v1/workspaces/{two.theirs}/stats"
    for token in ("", "crown4_" + "0" * 64, two.their_token[:-1], two.their_token + "0", two.their_token.upper(), "x" * 5000):
        equal(tries(two, "GET", target, None, headers={"Authorization": f"Bearer {token}"}), 401, token[:80])
    equal(tries(two, "GET", f"{target}?token={two.their_token}", None), 401)
    equal(tries(two, "GET", target, None, headers={"Authorization": f"Basic {two.their_token}"}), 401)
    equal(tries(two, "GET", target, None, headers={"Cookie": f"token={two.their_token}"}), 401)
    for name in ("token", "access_token", "auth", "authorization"):
        equal(tries(two, "GET", f"{target}?{name}={two.their_token}", two.token), 403, name)


def revoked(two):
    """A token that was taken back opens nothing, from then on, and what it had opened is closed."""
    user = two.make("user", "Gone")
    token = two.make_token(user, two.ours, "member")
    target = f"/api/v1/workspaces/{two.ours}/stats"
    equal(two.ask("GET", target, token)[0], 200)
    line = Line(two.server, token)
    line.join(two.ours)
    listed = ctl("--ledger", two.uri, "token", "list", "--json").succeeds()
    assert token not in listed.out and two.their_token not in listed.out, "the list has tokens"
    ctl("--ledger", two.uri, "token", "revoke", max(entry["id"] for entry in listed.lines())).succeeds()
    equal(tries(two, "GET", target, token), 401)
    for method, pattern in all_routes():
        path = "/api/v1/" + pattern.replace("{w}", str(two.ours)).replace("{id}", "1")
        equal(tries(two, method, path, token, body="{}" if method in ("POST", "PATCH") else None), 401, path)
    while line.next()[:2] != "41":  # DISCONNECT of the namespace
        pass
    line.close()
    for bad in (token, "", None, two.their_token + "0", {"$ne": ""}, ["x"], 1):
        try:
            Line(two.server, bad)
        except AssertionError as refusal:
            equal(str(refusal), "the namespace was refused")
            continue
        raise AssertionError(f"a socket was opened with {bad!r}")


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
                   f"/api/v1/workspaces/{ours}/tasks/1?w={theirs}&workspace_id={theirs}",
                   f"/api/v1/workspaces/{ours}/%2e%2e/%2e%2e/{theirs}/meetings", f"//api/v1/workspaces/{theirs}/meetings",
                   f"/api/v1/workspaces/{theirs}/meetings#/{ours}", f"/api/v1/workspaces/{ours}%0d%0aX:%201/{theirs}/meetings",
                   f"/api/v1/workspaces/{ours}\\..\\{theirs}/meetings", "/api/v1/workspaces/%ff/meetings",
                   f"/api/v1/workspaces/{ours}/meetings/%c0%ae%c0%ae/{theirs}", f"/healthz/../api/v1/workspaces/{theirs}/meetings",
                   f"http://127.0.0.1/api/v1/workspaces/{theirs}/meetings"):
        tries(two, "GET", target, two.token)
        tries(two, "GET", target, None)
    for bad in ("%00", "%ff", "%c3", "x%00y", "%ed%a0%80"):
        tries(two, "GET", f"/api/v1/workspaces/{ours}/snapshot?store={bad}", two.token)
        tries(two, "POST", f"/api/v1/workspaces/{ours}/imports?date={bad}", two.token, body="Ada: I will do it.\n")


def head_tricks(two):
    """Heads that no client sends: the connection may end, and the next is served."""
    target = f"/api/v1/workspaces/{two.theirs}/meetings"
    for head in (f"GET {target} HTTP/1.1\r\nX: {'x' * 100000}", "GET /" + "a" * 100000 + " HTTP/1.1\r\nX: y",
                 f"GET {target} HTTP/1.1\r\n" + "\r\n".join(f"X-{i}: y" for i in range(5000)),
                 f"GET {target}", f"GET {target} HTTP/9.9", f"\0GET {target} HTTP/1.1", f"GET {target}\0 HTTP/1.1\r\nX: y",
                 f"GET\t{target}\tHTTP/1.1", f"POST {target} HTTP/1.1\r\nContent-Length: -1",
                 f"POST {target} HTTP/1.1\r\nContent-Length: 99999999999999999999",
                 f"POST {target} HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
                 f"GET {target} HTTP/1.1\r\nAuthorization: Bearer {two.token}\r\nAuthorization: Bearer x",
                 f"GET {target} HTTP/1.1\r\nAuthorization: Bearer\r\n {two.token}"):
        with socket.create_connection(("127.0.0.1", two.port), timeout=PATIENCE_SECONDS) as line:
            answer = b""
            try:
                line.sendall(head.encode() + b"\r\nConnection: close\r\n\r\n")
                line.shutdown(socket.SHUT_WR)
                while part := line.recv(65536):
                    answer += part
            except OSError:  # the server has closed it
                pass
            assert SECRET.encode() not in answer and not answer.startswith(b"HTTP/1.1 2"), (head[:80], answer[:300])
        equal(two.ask("GET", "/healthz")[0], 200, head[:80])


def bodies_without_end(two):
    """What is too large, or for nobody, is not kept in memory, whoever sends it and wherever."""
    def memory():
        with open(f"/proc/{two.server.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"^VmHWM:\s+(\d+) kB", file.read(), re.MULTILINE).group(1))

    with open(f"/proc/{two.server.process.pid}/maps", encoding="utf-8") as file:
        checked = "asan" in file.read()
    before, size, part = memory(), 96 << 20, b"x" * (1 << 20)
    _, text = two.ask("GET", "/socket.io/?EIO=4&transport=polling")
    sid = re.search(r'"sid":"([^"]+)"', text).group(1)
    for target, token, status in (("/healthz", None, 405), ("/metrics", None, 405), ("/nothing", None, 404),
                                  ("/openapi.json", None, 405), ("/socket.io/?EIO=4&transport=polling", None, 400),
                                  ("/socket.io/?EIO=4&transport=polling&sid=nonsense", None, 400),
                                  (f"/socket.io/?EIO=4&transport=polling&sid={sid}", None, 413),
                                  ("/api/v1/workspaces", None, 401),
                                  (f"/api/v1/workspaces/{two.ours}/meetings", two.token, 413),
                                  (f"/api/v1/workspaces/{two.ours}/imports", two.viewer, 403),
                                  (f"/api/v1/workspaces/{two.theirs}/imports", two.token, 403)):
        for chunked in (False, True):
            connection = http.client.HTTPConnection("127.0.0.1", two.port, timeout=PATIENCE_SECONDS)
            headers = {"Idempotency-Key": "x"} if chunked else {"Idempotency-Key": "x", "Content-Length": str(size)}
            if token:
                headers["Authorization"] = f"Bearer {token}"
            connection.request("POST", target, (part for _ in range(size // len(part))), headers, encode_chunked=chunked)
            got = connection.getresponse().status
            connection.close()
            # The session ended with what was too large.
            assert got == status or (chunked and status == 413 and sid in target and got == 400), (target, chunked, got)
    # A checked build keeps what was freed for a while, to see who still reads it.
    assert checked or memory() - before < size // 1024 // 2, f"{memory() - before} kB more for {size // 1024} kB sent"


def hostile_bodies(two):
    target = f"/api/v1/workspaces/{two.ours}/meetings"
    for body in ("{", "[]", "null", '"x"', "{}", '{"title":1}', '{"title":"x","title":"y"}', '{"title":"\\ud800"}',
                 "[" * 10000, '{"title":' + "[" * 1000 + "]" * 1000 + "}", '{"title":"' + "x" * 60000 + '"}',
                 b'{"title":"\xff\xfe"}', b'{"title":"\x00"}', ""):
        assert tries(two, "POST", target, two.token, body=body) in (400, 422), body[:50]
    equal(tries(two, "POST", target, two.token, body='{"title":"' + "x" * 200000 + '"}'), 413)
    for name in ("\\u00e4" * 40, "\u00e4" * 60, "x" + "\u00e4" * 60, "\u20ac" * 60):  # cut where it is quoted
        equal(tries(two, "POST", target, two.token, body=f'{{"title":"x","{name}":1}}'), 422, name)
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
    ("what anybody may read", besides_the_routes),
    ("viewers that write", viewers_write),
    ("keys that are missing, used, or another's", idempotency_keys),
    ("cursors that are made up, or another's", cursors),
    ("another workspace's rows below ours", foreign_rows),
    ("claims in bodies", claims_in_bodies),
    ("tokens that are almost good", tokens),
    ("tokens that were taken back", revoked),
    ("paths that try to get around", path_tricks),
    ("heads that no client sends", head_tricks),
    ("bodies without end", bodies_without_end),
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
