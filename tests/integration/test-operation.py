#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody who runs the server for a team relies on: metrics, limits, many writers, an orderly end."""

import asyncio
import json
import os
import queue
import re
import resource
import shutil
import socket
import sqlite3
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid

sys.path.insert(0, os.path.join(os.environ["CROWN_SRCDIR"], "tests"))

from team import Team
from tools import PATIENCE_SECONDS, Skip, Tap, run

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-z_]+="[^"\\]*",?)*\})? (-?[0-9.e+-]+|\+Inf)$')


def equal(actual, expected, what=""):
    assert actual == expected, f"{what} {actual!r} instead of {expected!r}"


def fetch(server, path, headers=None):
    request = urllib.request.Request(server.url + path, headers=headers or {})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=PATIENCE_SECONDS) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode()


def read_metrics(server, headers=None):
    """{name with labels: value} of the text, every line of which has to be what the format allows."""
    status, head, text = fetch(server, "/metrics", headers)
    equal(status, 200)
    assert head["Content-Type"].startswith("text/plain; version=0.0.4"), head["Content-Type"]
    values, types, described = {}, {}, set()
    for line in text.splitlines():
        if line.startswith("# HELP "):
            described.add(line.split()[2])
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name not in types and kind in ("counter", "gauge", "histogram"), line
            types[name] = kind
        else:
            match = SAMPLE.match(line)
            assert match, f"no sample: {line!r}"
            family = re.sub(r"_(bucket|sum|count)$", "", match[1]) if match[1] not in types else match[1]
            assert family in types, f"{line!r} has no type"
            assert line.split(" ")[0] not in values, f"{line!r} comes twice"
            values[(match[1] + (match[2] or ""))] = float(match[3])
    equal(described, set(types))
    for name, kind in types.items():
        if kind == "histogram":
            buckets = [value for key, value in values.items() if key.startswith(name + "_bucket")]
            assert buckets == sorted(buckets) and buckets[-1] == values[name + "_count"], name
    return values


def metrics(folder):
    team = Team(folder)
    with team.serve() as server:
        before = read_metrics(server)
        meeting = team.make_meeting(server)
        for _ in range(3):
            team.make_task(server, meeting)
        server.request("GET", f"/workspaces/{team.workspace}/tasks", team.token)
        server.request("GET", f"/workspaces/{team.workspace}/tasks/999", team.token)
        after = read_metrics(server)
        moved = {key: after[key] - before.get(key, 0) for key in after}
        equal(moved['crown_events_total{type="TASK_CREATE"}'], 3)
        equal(moved['crown_events_total{type="SESSION_CREATE"}'], 1)
        equal(moved["crown_write_seconds_count"], 4)
        equal(moved["crown_commit_writes_sum"], 4)
        equal(moved['crown_requests_total{method="POST",route="workspaces/{w}/tasks",status="201"}'], 3)
        equal(moved['crown_requests_total{method="GET",route="workspaces/{w}/tasks",status="200"}'], 1)
        equal(moved['crown_requests_total{method="GET",route="workspaces/{w}/tasks/{id}",status="404"}'], 1)
        assert after["process_resident_memory_bytes"] > 1e6 and after["process_open_fds"] > 5, after
        # What a proxy on this machine lets through is not this machine's.
        equal(fetch(server, "/metrics", {"X-Forwarded-For": "203.0.113.7"})[0], 403)
        viewer = team.new_token("viewer")
        equal(fetch(server, "/metrics", {"X-Forwarded-For": "203.0.113.7", "Authorization": f"Bearer {viewer}"})[0], 403)
        read_metrics(server, {"X-Forwarded-For": "203.0.113.7", "Authorization": f"Bearer {team.token}"})
        equal(server.stop(), 0)


def rate_limit(folder):
    team = Team(folder)
    other = team.new_token("member")
    with team.serve("--rate-limit", "5") as server:
        path = f"/api/v1/workspaces/{team.workspace}/stats"
        answers = [fetch(server, path, {"Authorization": f"Bearer {team.token}"}) for _ in range(30)]
        refused = [answer for answer in answers if answer[0] == 429]
        assert len([answer for answer in answers if answer[0] == 200]) >= 10 and refused, [answer[0] for answer in answers]
        for _, headers, body in refused:
            equal(json.loads(body)["code"], "rate_limited")
            assert int(headers["Retry-After"]) >= 1, headers["Retry-After"]
        # It is this token's doing, and nobody else's affair.
        equal(fetch(server, path, {"Authorization": f"Bearer {other}"})[0], 200)
        equal(read_metrics(server)["crown_rate_limited_total"], len(refused))
        equal(server.stop(), 0)


def many_writers(folder, writers=100, writes=5):
    team = Team(folder)
    problems = []
    with team.serve() as server:
        meeting = team.make_meeting(server)
        tasks = [team.make_task(server, meeting)["id"] for _ in range(writers)]

        def write(task):
            for _ in range(writes):
                status, _ = server.request("PATCH", f"/workspaces/{team.workspace}/tasks/{task}", team.token,
                                           {"text": str(uuid.uuid4())})
                if status != 200:
                    problems.append(status)

        threads = [threading.Thread(target=write, args=(task,)) for task in tasks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)
        equal(problems, [])
        values = read_metrics(server)
        equal(values['crown_events_total{type="TASK_UPDATE"}'], writers * writes)
        assert values["crown_commit_seconds_count"] < values["crown_write_seconds_count"], "no two writes shared a commit"
        equal(server.stop(), 0)
    team.ctl("ledger", "verify")


CLOSE_FRAME = 0x88
STOPPED = re.compile(r"Stopped in ([0-9]+\.[0-9]{3}) s: ([0-9]+) connections were told$")


async def sit(port, token, joined, ends):
    """A websocket in a namespace until the server ends it; says whether it was told why."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                 b"Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    connect = f'40/dashboard,{{"token":"{token}"}}'.encode()
    assert len(connect) < 126, "a longer frame has another header"
    writer.write(bytes([0x81, 0x80 | len(connect)]) + bytes(4) + connect)  # the mask is zeros
    await reader.readuntil(b'40/dashboard,{"sid"')
    joined.release()
    rest = await reader.read()
    ends.append((b"server_closing" in rest, rest[-4:][:1] == bytes([CLOSE_FRAME])))
    writer.close()


async def sit_all(server, token, sockets):
    port = int(server.url.rsplit(":", 1)[1])
    joined, ends = asyncio.Semaphore(0), []
    clients = []
    for _ in range(sockets):
        clients.append(asyncio.create_task(sit(port, token, joined, ends)))
        if len(clients) % 50 == 0:
            await asyncio.sleep(0)
    for _ in range(sockets):
        await asyncio.wait_for(joined.acquire(), PATIENCE_SECONDS)
    status = await asyncio.get_running_loop().run_in_executor(None, server.stop)
    await asyncio.wait_for(asyncio.gather(*clients), PATIENCE_SECONDS)
    while server.next_line(server.err) is not None:
        pass
    return status, ends


def graceful_stop(folder, sockets=1000):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < sockets * 2:
        raise Skip(f"descriptors are limited to {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    team = Team(folder)
    with team.serve() as server:
        status, ends = asyncio.run(sit_all(server, team.token, sockets))
        equal(status, 0)
        told = [match for match in map(STOPPED.search, server.complaints) if match]
        equal([int(match[2]) for match in told], [sockets], server.complaints)
        print(f"# the server stopped in {told[0][1]} s")
        equal(len(ends), sockets)
        equal([end for end in ends if end != (True, True)], [])


def notify(folder):
    """What systemd is told, over a path and over a name without a file: ready, alive, stopping, in this order."""
    team = Team(folder)
    path = team.path("notify")
    for name, address in ((path, path), (f"@crown4-{uuid.uuid4()}", None)):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(address or "\0" + name[1:])
            said = queue.Queue()
            words = iter(lambda: manager.recv(100), b"end")
            reader = threading.Thread(target=lambda: [said.put(word) for word in words])
            reader.start()
            try:
                heard = []
                with team.serve(env={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "40000"}) as server:
                    while heard.count(b"READY=1") < 1 or heard.count(b"WATCHDOG=1") < 2:
                        heard.append(said.get(timeout=PATIENCE_SECONDS))
                    equal(server.stop(), 0)
                    equal([line for line in server.complaints if "service manager" in line], [])
            finally:
                with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
                    last.sendto(b"end", manager.getsockname())
                reader.join(PATIENCE_SECONDS)
            heard += list(said.queue)
            equal([word for word in heard if word != b"WATCHDOG=1"], [b"READY=1", b"STOPPING=1"])


def notify_only_whom_it_concerns(folder):
    """A watchdog of another process is none of ours, and an address that is none stops nobody from serving."""
    team = Team(folder)
    path = team.path("notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(PATIENCE_SECONDS)
        with team.serve(env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}) as server:
            equal(manager.recv(100), b"READY=1")
            for _ in range(20):
                equal(fetch(server, "/healthz")[0], 200)
            equal(server.stop(), 0)
        equal(manager.recv(100), b"STOPPING=1")
    for wrong in ("relative", "@", "/" + "x" * 200):
        with team.serve(env={"NOTIFY_SOCKET": wrong}) as server:
            equal(fetch(server, "/healthz")[0], 200)
            equal(server.stop(), 0)
            assert any("NOTIFY_SOCKET" in line for line in server.complaints), server.complaints


def retention(folder):
    """What is both older than the days and not among the last events goes; wrong bounds are refused."""
    team = Team(folder)
    with team.serve() as server:
        meeting = team.make_meeting(server)
        for _ in range(8):
            team.make_task(server, meeting)
        equal(server.stop(), 0)
    with sqlite3.connect(team.ledger) as ledger:
        events = ledger.execute("SELECT count(*) FROM events").fetchone()[0]
        ledger.execute("UPDATE events SET timestamp = strftime('%Y-%m-%dT%H:%M:%fZ', 'now',"
                       " iif(sequence <= 2, '-10 days', '-5 days'))")
    ledger.close()
    config = team.path("server.conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write("[server]\nkeep-days=4\nkeep-events=5\n")
    for more, stay in ((("--keep-days", 6, "--keep-events", 3), events - 2), ((), 5), (("--keep-events", 3), 3)):
        with team.serve("--config", config, *map(str, more)) as server:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while read_metrics(server)["crown_events_deleted_total"] == 0:
                assert time.monotonic() < deadline, "nothing was deleted"
            equal(server.stop(), 0)
        with sqlite3.connect(team.ledger) as ledger:
            equal(ledger.execute("SELECT count(*) FROM events").fetchone()[0], stay, more)
        ledger.close()
    for option, bad in (("keep-days", 0), ("keep-days", -1), ("keep-days", 36501), ("keep-events", 0),
                        ("keep-events", 1000000001)):
        words = ("--ledger", team.uri, "--listen", "127.0.0.1:0")
        run("crown4-server", *words, f"--{option}={bad}").is_wrong_use(f"--{option} is from 1 to", f"not {bad}")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"[server]\n{option}={bad}\n")
        run("crown4-server", *words, "--config", config).is_wrong_use(f"--{option} is from 1 to", f"not {bad}")
    for bad in ("", "20:00", "24:00-08:00", "always"):
        run("crown4-server", *words, f"--quiet-hours={bad}").is_wrong_use("--quiet-hours")


ROOM_MAX = 1000


class Guest:
    """A websocket that joins the workspace's room of a namespace, in one thread with many others."""

    async def arrive(self, port, token, workspace, namespace="/dashboard"):
        """(name, argument) of the answer to the join"""
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        self.writer.write(b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\n"
                          b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                          b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
        await self.reader.readuntil(b"\r\n\r\n")
        self.say(f'40{namespace},{{"token":"{token}"}}')
        await self.reader.readuntil(f'40{namespace},{{"sid"'.encode())
        return await self.join(workspace, namespace)

    def say(self, text):
        assert len(text) < 126, "a longer frame has another header"
        self.writer.write(bytes([0x81, 0x80 | len(text)]) + bytes(4) + text.encode())  # the mask is zeros

    async def join(self, workspace, namespace):
        head = f"42{namespace},".encode()
        self.say(f'42{namespace},["join_workspace",{{"workspace_id":{workspace}}}]')
        while True:
            await self.reader.readuntil(head)
            name, argument = json.loads(await self.reader.readuntil(b"]"))
            if name in ("workspace_joined", "join_error"):
                return name, argument


async def fill_room(server, team):
    port = int(server.url.rsplit(":", 1)[1])
    guests = [Guest() for _ in range(ROOM_MAX)]
    answers = []
    for some in range(0, ROOM_MAX, 50):
        arriving = [guest.arrive(port, team.token, team.workspace) for guest in guests[some:some + 50]]
        answers += await asyncio.wait_for(asyncio.gather(*arriving), PATIENCE_SECONDS)
    equal({name for name, _ in answers}, {"workspace_joined"})

    late = Guest()
    name, why = await asyncio.wait_for(late.arrive(port, team.token, team.workspace), PATIENCE_SECONDS)
    equal((name, why["code"]), ("join_error", "room_full"), why)
    # Another namespace's room is another one, and who is in may ask again.
    name, _ = await asyncio.wait_for(Guest().arrive(port, team.token, team.workspace, "/tasks"), PATIENCE_SECONDS)
    equal(name, "workspace_joined")
    name, _ = await asyncio.wait_for(guests[1].join(team.workspace, "/dashboard"), PATIENCE_SECONDS)
    equal(name, "workspace_joined")

    # A place that becomes free is somebody else's: as soon as the server has seen it.
    guests[0].writer.close()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (await asyncio.wait_for(late.join(team.workspace, "/dashboard"), PATIENCE_SECONDS))[0] == "join_error":
        assert time.monotonic() < deadline, "the place stays taken"
    name, why = await asyncio.wait_for(Guest().arrive(port, team.token, team.workspace), PATIENCE_SECONDS)
    equal((name, why["code"]), ("join_error", "room_full"), why)


def full_room(folder):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < ROOM_MAX * 2:
        raise Skip(f"descriptors are limited to {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    team = Team(folder)
    with team.serve("--rate-limit", "100000") as server:
        asyncio.run(fill_room(server, team))
        equal(server.stop(), 0)


def read_pages(server, team, limit, between):
    """(sequence, {id: text}) of a snapshot's pages; None if it moved on the way."""
    texts, query, moment = {}, f"?limit={limit}" if limit else "", None
    while query is not None:
        status, page = server.request("GET", f"/workspaces/{team.workspace}/snapshot{query}", team.token)
        if status == 409:
            equal(page["code"], "snapshot_moved")
            return None
        equal(status, 200)
        moment = moment or (page["sequence"], page["epoch"])
        equal((page["sequence"], page["epoch"]), moment, "a page is of another moment")
        for task in page["stores"].get("tasks", []):
            assert task["id"] not in texts, f"task {task['id']} comes twice"
            texts[task["id"]] = task["text"]
        between()
        query = f"?limit={limit}&cursor={page['next']}" if page.get("next") is not None else None
    return moment[0], texts


def snapshots(folder, writers=4, wanted=10):
    """Each snapshot is what the events up to its sequence make, while tasks are made and changed; so are its pages."""
    team = Team(folder)
    over, turns, problems = threading.Event(), threading.Semaphore(0), []

    def write(server, meeting, task):
        path = f"/workspaces/{team.workspace}/tasks"
        for number in range(10000):
            # A few pages, so that a snapshot of several can both be moved and be whole.
            for _ in range(3 * writers):
                turns.acquire()
            if over.is_set():
                return
            method, where, body = (("POST", path, {"session_id": meeting["id"], "text": f"{number}"}) if number % 8 == 7
                                   else ("PATCH", f"{path}/{task['id']}", {"text": str(uuid.uuid4())}))
            status, answer = server.request(method, where, team.token, body)
            if status not in (200, 201):
                problems.append(answer)

    with team.serve("--rate-limit", "100000") as server:
        meeting = team.make_meeting(server)
        tasks = [team.make_task(server, meeting) for _ in range(writers)]
        threads = [threading.Thread(target=write, args=(server, meeting, task)) for task in tasks]
        for thread in threads:
            thread.start()
        whole, paged, moved = [], [], 0
        deadline = time.monotonic() + PATIENCE_SECONDS
        try:
            while len(whole) < wanted or len({sequence for sequence, _ in paged}) < wanted or moved == 0:
                assert time.monotonic() < deadline, (len(whole), len(paged), moved)
                whole.append(read_pages(server, team, None, lambda: len(whole) < wanted and turns.release(20)))
                # A few pages however many tasks there are, or nearly each snapshot would be moved.
                found = read_pages(server, team, 1 + len(whole[-1][1]) // 3, lambda: turns.release(2))
                if found:
                    paged.append(found)
                else:
                    moved += 1
        finally:
            over.set()
            turns.release(10000)
            for thread in threads:
                thread.join(PATIENCE_SECONDS)
        equal(problems, [])
        texts, made, after = {}, {0: {}}, 0
        while after is not None:
            _, page = server.request("GET", f"/workspaces/{team.workspace}/events?cursor={after}", team.token)
            for event in page["events"]:
                data = event["data"]
                if event["event_type"] == "TASK_CREATE":
                    texts[data["task"]["id"]] = data["task"]["text"]
                elif event["event_type"] == "TASK_UPDATE":
                    texts[data["task_id"]] = data["updates"]["text"]
                made[event["sequence"]] = dict(texts)
            after = page["next"]
        for sequence, found in whole + paged:
            equal(found, made[sequence], f"the snapshot at {sequence}")
        equal(server.stop(), 0)


CASES = (
    ("metrics are what Prometheus reads, and move", metrics),
    ("a token that asks too often is told when to come back", rate_limit),
    ("a hundred writers leave no gap and share commits", many_writers),
    ("a thousand sockets are told that the server closes", graceful_stop),
    ("a room is full at a thousand connections", full_room),
    ("a snapshot and its pages are of one moment while others write", snapshots),
    ("old events go as the server was told, and only within bounds", retention),
    ("a service manager is told ready, alive and stopping", notify),
    ("a service manager's variables may be another's or wrong", notify_only_whom_it_concerns),
)


def in_folder(case):
    folder = tempfile.mkdtemp(prefix="crown4-")
    try:
        case(folder)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(Tap().run([(name, lambda case=case: in_folder(case)) for name, case in CASES]))
