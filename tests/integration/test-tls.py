#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""crown4-server with a certificate: REST, Socket.IO by every transport, our own programs, and files that are no good."""

import json
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.error

sys.path.insert(0, os.path.join(os.environ["CROWN_SRCDIR"], "tests"))

import requests
import socketio

from team import Line, Team
from tools import PATIENCE_SECONDS, Server, Skip, Tail, Tap, ctl, run

TASKS = 100
TASK_BYTES = 8000


def make_certificate(folder, name, *more):
    """A certificate that is its own authority, and its key."""
    cert, key = (os.path.join(folder, f"{name}-{part}.pem") for part in ("cert", "key"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc",
                    "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", *more],
                   stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_SECONDS, check=True)
    return cert, key


class SecureTeam(Team):
    def __init__(self, folder):
        super().__init__(folder)
        self.cert, self.key = make_certificate(folder, "server")
        self.server = self.serve("--tls-cert", self.cert, "--tls-key", self.key, ca=self.cert)
        self.meeting = self.make_meeting(self.server)

    def at(self):
        return ("--server", self.server.url, "--workspace", self.workspace, "--token", self.token)

    def line(self, **options):
        return Line(self.server, self.token, ca=self.cert, **options)

    def fill(self):
        """Events that make a replay of several hundred kilobytes."""
        for number in range(TASKS):
            self.make_task(self.server, self.meeting, f"{number} " + "ä" * (TASK_BYTES // 2))


# Files

def refused_files(team):
    other_cert, other_key = make_certificate(team.folder, "other")
    locked = team.path("locked.pem")
    subprocess.run(["openssl", "ec", "-in", team.key, "-aes256", "-passout", "pass:secret", "-out", locked],
                   stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_SECONDS, check=True)
    text = team.path("notes.txt")
    with open(text, "w", encoding="utf-8") as file:
        file.write("no certificate\n")
    gone = team.path("gone.pem")
    new = team.path("new.db")
    for cert, key, about in ((gone, team.key, gone), (team.cert, gone, gone), (text, team.key, text),
                             (team.cert, text, text), (team.key, team.key, team.key), (team.cert, team.cert, team.cert),
                             (team.cert, locked, "passphrase"), (team.cert, other_key, other_key),
                             (other_cert, team.key, other_cert), (team.folder, team.key, team.folder)):
        run("crown4-server", "--ledger", f"sqlite:{new}", "--listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key",
            key).fails_silently(about)
    assert not os.path.exists(new), "what was refused made a ledger"


def wrong_use(team):
    listen = ("--ledger", team.uri, "--listen")
    run("crown4-server", *listen, "127.0.0.1:0", "--tls-cert", team.cert).is_wrong_use("--tls-key")
    run("crown4-server", *listen, "127.0.0.1:0", "--tls-key", team.key).is_wrong_use("--tls-cert")
    run("crown4-server", *listen, "192.0.2.1:0").is_wrong_use("--tls-cert")
    # Nobody has this address (RFC 5737): what is allowed to listen there fails.
    run("crown4-server", *listen, "192.0.2.1:0", "--tls-cert", team.cert, "--tls-key", team.key).fails_silently("192.0.2.1 port")


def configured(team):
    config = team.path("server.conf")

    def write(*lines):
        with open(config, "w", encoding="utf-8") as file:
            file.write("\n".join(("[server]", f"ledger={team.uri}", "listen=127.0.0.1:0", *lines)) + "\n")

    write(f"tls-cert={team.cert}", f"tls-key={team.key}")
    with Server(None, "--config", config, ca=team.cert) as server:
        assert server.request("GET", "/workspaces", team.token)[0] == 200
        assert server.stop() == 0
    write(f"tls-cert={team.cert}")
    run("crown4-server", "--config", config).is_wrong_use("--tls-key")


def expired(team):
    folder = tempfile.mkdtemp(dir=team.folder)
    cert, key = os.path.join(folder, "cert.pem"), team.key
    request = os.path.join(folder, "request.pem")
    made = subprocess.run(["openssl", "req", "-new", "-key", key, "-subj", "/CN=localhost", "-out", request],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_SECONDS, check=False)
    made = made.returncode or subprocess.run(
        ["openssl", "x509", "-req", "-in", request, "-signkey", key, "-days", "-1", "-out", cert],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_SECONDS, check=False).returncode
    if made != 0:
        raise Skip("openssl makes no certificate that has expired")
    with team.serve("--tls-cert", cert, "--tls-key", key, ca=team.cert) as server:
        assert server.stop() == 0
        assert any("expired" in line for line in server.complaints), server.complaints


# REST

def rest(team):
    status, answer = team.server.request("GET", "/workspaces", team.token)
    assert status == 200 and answer, answer
    with team.server.open("/healthz") as answer:
        assert answer.status == 200


def rest_of_size(team):
    """More than a socket takes at once, in both directions."""
    status, page = team.server.request("GET", f"/workspaces/{team.workspace}/events?after=0&limit=1000", team.token)
    assert status == 200 and len(page["events"]) >= TASKS, page
    large = "WEBVTT\n\n" + "".join(f"00:{i // 60:02}:{i % 60:02}.000 --> 00:{i // 60:02}:{i % 60:02}.900\n<v Ada>"
                                   f"{'word ' * 100}{i}\n\n" for i in range(3000))
    path = team.path("Long.vtt")
    with open(path, "w", encoding="utf-8") as file:
        file.write(large)
    ctl(*team.at(), "--tls-ca", team.cert, "import", path).succeeds()


def not_trusted(team):
    context = ssl.create_default_context()
    host, port = team.server.url.removeprefix("https://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS) as raw:
        try:
            context.wrap_socket(raw, server_hostname="localhost")
            raise AssertionError("a certificate that nobody vouches for was trusted")
        except ssl.SSLCertVerificationError:
            pass


def not_encrypted(team):
    """Whoever does not speak TLS is told nothing."""
    host, port = team.server.url.removeprefix("https://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS) as raw:
        raw.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        said = b""
        try:
            while more := raw.recv(4096):
                said += more
        except ConnectionResetError:
            pass
        assert b"HTTP/" not in said and b"ok" not in said, said
    rest(team)


def old_versions(team):
    """TLS 1.2 and 1.3 and nothing before them."""
    host, port = team.server.url.removeprefix("https://").split(":")
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = ssl.create_default_context(cafile=team.cert)
        context.minimum_version = context.maximum_version = version
        with socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS) as raw, \
                context.wrap_socket(raw, server_hostname="localhost") as line:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert b" 200 " in line.recv(4096)
    done = subprocess.run(["openssl", "s_client", "-connect", f"{host}:{port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_SECONDS, check=False)
    assert done.returncode != 0, "TLS 1.1 is spoken"


# Socket.IO

def follow(team, transports):
    session = requests.Session()
    session.verify = team.cert
    session.trust_env = False
    client = socketio.Client(reconnection=False, http_session=session)
    pages, live = [], []
    page_came, task_came = threading.Semaphore(0), threading.Event()

    def on_replay(page):
        pages.append(page)
        page_came.release()

    def on_task(envelope):
        live.append(envelope)
        task_came.set()

    client.on("event_replay", on_replay, namespace="/dashboard")
    client.on("TASK_CREATE", on_task, namespace="/dashboard")
    client.connect(team.server.url, auth={"token": team.token}, namespaces=["/dashboard"], transports=transports,
                   wait_timeout=PATIENCE_SECONDS)
    try:
        assert client.transport() == transports[-1], client.transport()
        joined = client.call("join_workspace", {"workspace_id": team.workspace}, namespace="/dashboard",
                             timeout=PATIENCE_SECONDS)
        events, more, last = [], True, 0
        while more:
            client.emit("request_event_replay", {"last_sequence": last, "namespace": "/dashboard"}, namespace="/dashboard")
            assert page_came.acquire(timeout=PATIENCE_SECONDS), "no replay comes"
            events += pages[-1]["events"]
            more, last = pages[-1]["has_more"], pages[-1]["up_to_sequence"]
        assert [event["sequence"] for event in events] == list(range(1, joined["sequence"] + 1))
        size = sum(len(str(event).encode()) for event in events)
        assert size > 600_000, f"the replay was {size} bytes, which shows nothing"
        task = team.make_task(team.server, team.meeting, "Live")
        assert task_came.wait(PATIENCE_SECONDS) and live[0]["data"]["task"]["id"] == task["id"], live
    finally:
        client.disconnect()


def reads_on(team):
    """A message's end that was decrypted, but not read, in a turn that had read enough makes no noise on the socket."""
    line = team.line(sockopt=((socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20),))
    line.join(team.workspace)
    # 256 KiB a turn, 4 KiB a reading, 16 KiB a record: the first message shifts the turn's end into a record.
    for number, first in enumerate((5000, 9000, 13000)):
        team.server.process.send_signal(signal.SIGSTOP)
        try:
            sender = threading.Thread(target=lambda: [
                line.send("2", ["leave_workspace", {"workspace_id": 0, "pad": "x" * size}], 2 * number + i)
                for i, size in enumerate((first, 16 * 16384 - 400))], daemon=True)
            sender.start()
            # Whatever goes into the buffers is there before the server looks; the rest follows while it does.
            while sender.is_alive() and select.select([], [line.socket.sock], [], 0)[1]:
                pass
        finally:
            team.server.process.send_signal(signal.SIGCONT)
        for i in range(2):
            answer = line.socket.recv()
            assert answer == f"43/dashboard,{2 * number + i}[]", f"{answer!r} came before the answer {i}"
        sender.join(PATIENCE_SECONDS)
    line.close()


# Our own programs

def own_client(team):
    trusted = ("--tls-ca", team.cert)
    with Tail(*team.at(), *trusted, "tail", "--namespace", "/tasks") as tail:
        task = team.make_task(team.server, team.meeting, "For tail")
        envelope = json.loads(tail.next_line())
        assert envelope["data"]["task"]["id"] == task["id"], envelope
        assert tail.stop() == 0
    replayed = ctl(*team.at(), *trusted, "replay", "--from", 0).succeeds().lines()
    assert [event["sequence"] for event in replayed] == list(range(1, len(replayed) + 1)) and len(replayed) > TASKS
    path = team.path("Planning.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write("Ada: Ben, can you write the notes by Friday?\nBen: Yes, I will write the notes by Friday.\n")
    for words in (("replay",), ("import", path)):
        ctl(*team.at(), *words).fails_silently()
        ctl(*team.at(), "--tls-ca", team.path("gone.pem"), *words).fails_silently("gone.pem")
        ctl(*team.at(), *trusted, *words).succeeds()


def ends(team):
    assert team.server.stop() == 0
    assert all("Stopped in" in line for line in team.server.complaints), team.server.complaints


def main():
    with tempfile.TemporaryDirectory(prefix="crown-tls-") as folder:
        team = SecureTeam(folder)
        with team.server:
            team.fill()
            cases = [("files that are no certificate, no key, or no pair are named", refused_files),
                     ("a certificate and its key go together, and allow any address", wrong_use),
                     ("certificate and key from a configuration file", configured),
                     ("a certificate that has expired is complained of", expired),
                     ("REST", rest),
                     ("large answers and large requests", rest_of_size),
                     ("the certificate is checked by clients", not_trusted),
                     ("nothing is said without TLS", not_encrypted),
                     ("versions", old_versions)]
            cases += [(f"python-socketio follows by {'+'.join(transports)}", lambda team, t=transports: follow(team, t))
                      for transports in (["polling"], ["websocket"], ["polling", "websocket"])]
            cases += [("what was decrypted is read", reads_on),
                      ("crown4ctl follows, replays and imports", own_client),
                      ("the server ends well", ends)]
            return Tap().run([(name, lambda case=case: case(team)) for name, case in cases])


if __name__ == "__main__":
    sys.exit(main())
