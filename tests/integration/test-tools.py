#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""crown4ctl and crown4-server from a shell: what they print, what they refuse, how they end."""

import hashlib
import json
import os
import shutil
import signal
import socket
import re
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ["CROWN_SRCDIR"], "tests"))

from tools import BUILD, PATHS, SOURCE, Running, Server, Skip, Tail, Tap, ctl, help_of, run

PROGRAMS = tuple(PATHS)
PATHS["crown-follow-client"] = os.path.join(BUILD, "tests", "integration", "crown-follow-client")

PLANNING = """WEBVTT

NOTE title: Release planning
NOTE date: 2026-03-02

00:00:00.000 --> 00:00:06.000
<v Zoë>Welcome to the release planning. Ben, can you write the release notes by Friday?

00:00:06.000 --> 00:00:10.000
<v Ben>Yes, I will write the release notes by Friday.

00:00:10.000 --> 00:00:16.000
<v Zoë>Great. I will send the budget to the whole team tomorrow.
"""

RETROSPECTIVE = """1
00:00:00,000 --> 00:00:05,000
Anna: The release went well, but the tests took too long.

2
00:00:05,000 --> 00:00:09,000
Ben: I will split the test suite into two parts by Monday.
"""

BAD = "WEBVTT\n\n00:00:09.000 --> nonsense\nHello\n"

EVENT_TYPES = ("SESSION_CREATE", "SESSION_UPDATE", "TASK_CREATE", "TASK_UPDATE", "TASK_DELETE", "ANALYTICS_REFRESH",
               "DASHBOARD_REFRESH", "SESSION_ARCHIVE", "ARCHIVE_REVEAL", "MEETING_UPDATE", "DASHBOARD_IDLE_SYNC",
               "FILTER_APPLY", "INSIGHT_REMINDER", "SESSION_COMPLETE", "CACHE_INVALIDATE")

# What JSON.stringify of sorted keys gives; the third column is what is left without members that begin with '_'.
CANONICAL = (
    ('{"b":1,"a":2}', '{"a":2,"b":1}', None),
    ('  [ 1.0, -0, 1E21, 1e-7, 0.000001, 123456789012345680000 ] ', '[1,0,1e+21,1e-7,0.000001,123456789012345680000]', None),
    ('[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001]', '[333333333.3333333,1e+30,4.5,0.002,1e-27]', None),
    ('{"\\ufb33":1,"\\ud83d\\ude00":2,"\\u20ac":3,"\\r":4,"1":5}', '{"\\r":4,"1":5,"€":3,"😀":2,"\ufb33":1}', None),
    ('"\\u0007\\u001F\\n\\"\\\\\\/\\u00e9"', '"\\u0007\\u001f\\n\\"\\\\/é"', None),
    ('{"a":{"b":[{"c":null,"_z":3}],"_y":2},"_x":1}', '{"_x":1,"a":{"_y":2,"b":[{"_z":3,"c":null}]}}',
     '{"a":{"b":[{"c":null}]}}'),
    ('null', 'null', None),
)

NO_JSON = (b'{"a":1,"a":2}', b"[NaN]", b"[1e999]", b'"\xff"', b'{"a":1} 2', b"{'a':1}", b"", b'"a\tb"', b'"\\ud800"')


class Team:
    """A folder with a ledger in which there are a workspace, a user and a token."""

    def __init__(self, folder):
        self.folder = folder
        self.ledger = os.path.join(folder, "ledger.db")
        self.uri = f"sqlite:{self.ledger}"
        self.workspace = self.id_of("workspace", "create", "Team")
        self.user = self.id_of("user", "create", "Anna")
        self.token = self.new_token()
        self.stream = f"workspace_{self.workspace}"

    def ctl(self, *words, **options):
        return ctl("--ledger", self.uri, *words, **options)

    def id_of(self, *words):
        out = self.ctl(*words).succeeds().out
        assert out.endswith("\n") and out[:-1].isdecimal() and int(out) > 0, f"{words} printed {out!r}, no id alone"
        return int(out)

    def new_token(self, *more):
        out = self.ctl("token", "create", "--user", self.user, "--workspace", self.workspace, *more).succeeds().out
        assert out.endswith("\n") and len(out.split()) == 1 and len(out) > 40, f"{out!r} is no token alone"
        return out.strip()

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        return path

    def ask(self, sql):
        with sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True) as ledger:
            return ledger.execute(sql).fetchall()

    def head(self):
        rows = self.ask(f"SELECT sequence FROM streams WHERE name = '{self.stream}'")
        return rows[0][0] if rows else 0

    def at(self, server, token=None):
        return ("--server", server.url, "--token", token or self.token, "--workspace", self.workspace)

    def fill(self):
        """Two meetings, through a server that is gone again afterwards."""
        with Server(self.ledger) as server:
            files = (self.write("Release planning.vtt", PLANNING), self.write("Retrospective.srt", RETROSPECTIVE))
            ctl(*self.at(server), "import", *files).succeeds()
            assert server.stop() == 0


def with_team(case):
    def run_case():
        with tempfile.TemporaryDirectory(prefix="crown-tools-") as folder:
            case(Team(folder))
    return run_case


def in_folder(case):
    def run_case():
        with tempfile.TemporaryDirectory(prefix="crown-tools-") as folder:
            case(folder)
    return run_case


# Every program

def help_and_version():
    for program in PROGRAMS:
        shown = run(program, "--help").succeeds()
        assert "Usage:" in shown.out and program in shown.out and shown.err == "", str(shown)
        shown = run(program, "--version").succeeds()
        assert shown.out.split()[0] == program and len(shown.out.split()) == 2 and shown.err == "", str(shown)


@in_folder
def wrong_use(folder):
    ledger = ("--ledger", f"sqlite:{folder}/ledger.db")
    online = ("--server", "http://127.0.0.1:9", "--workspace", 1)
    for program in PROGRAMS:
        run(program, "--nonsense").is_wrong_use("--nonsense")
    for words, about in (
            ((), "command"),
            (("nonsense",), "nonsense"),
            (("ledger",), "ledger"),
            (("ledger", "nonsense"), "ledger nonsense"),
            (("workspace", "create", "Team"), "--ledger"),
            ((*ledger, "workspace", "create"), "missing"),
            ((*ledger, "workspace", "create", "One", "Two"), "too much"),
            ((*ledger, "token", "create"), "--user"),
            ((*ledger, "token", "create", "--user", 1), "--workspace"),
            ((*ledger, "token", "create", "--user", 1, "--workspace", 1, "--role", "king"), "king"),
            ((*ledger, "token", "create", "--user", "Anna", "--workspace", 1), "Anna"),
            ((*ledger, "token", "revoke", "x"), "x"),
            ((*ledger, "ledger", "backup"), "missing"),
            (("cache", "stats"), "--folder"),
            (("--folder", folder, "cache", "restore"), "missing"),
            (("--folder", folder, "cache", "nonsense"), "cache nonsense"),
            (("import", "a.vtt"), "--server"),
            (("--server", "http://127.0.0.1:9", "import", "a.vtt"), "--workspace"),
            ((*online, "import", "a.vtt"), "CROWN4_TOKEN"),
            ((*online, "--token", "t", "import"), "missing"),
            ((*online, "--token", "t", "tail", "--namespace", "/nonsense"), "/nonsense"),
            ((*online, "--token", "t", "replay", "--from", "-1"), "--from"),
            (("--server", "nonsense", "--workspace", 1, "--token", "t", "tail"), "URL"),
            (("--server", "ftp://127.0.0.1", "--workspace", 1, "--token", "t", "import", "a.vtt"), "URL"),
            (("analyze",), "missing"),
            (("canonicalize", "file"), "too much")):
        ctl(*words).is_wrong_use(about)
    assert os.listdir(folder) == [], "wrong use made a ledger"


@in_folder
def what_fails(folder):
    here = f"sqlite:{folder}/ledger.db"
    ctl("--ledger", "nonsense:x", "workspace", "create", "Team").fails_silently("nonsense:x")
    ctl("--ledger", here, "workspace", "create", "").fails_silently("name")
    ctl("--ledger", here, "token", "create", "--user", 7, "--workspace", 8).fails_silently("no user 7")
    ctl("--ledger", here, "token", "revoke", 99).fails_silently("no token 99")
    ctl("analyze", f"{folder}/missing.vtt").fails_silently("missing.vtt")
    online = ("--server", "http://127.0.0.1:9", "--workspace", 1, "--token", "t")
    ctl(*online, "tail").fails_silently()
    ctl(*online, "replay", "--from", 0).fails_silently()
    ctl(*online, "import", __file__).fails_silently("test-tools.py")


def full_disk():
    with open("/dev/full", "wb") as full:
        for words in (("canonicalize",), ("canonicalize", "--checksum"), ("--version",)):
            ctl(*words, stdin=b"1\n", stdout=full).fails("standard output")


# Accounts

@with_team
def tokens(team):
    reader = team.new_token("--role", "viewer")
    with Server(team.ledger) as server:
        for token in (team.token, reader):
            assert server.request("GET", "/workspaces", token)[0] == 200
        with Tail(*team.at(server, reader), "tail") as tail:
            assert tail.stop() == 0, "SIGTERM is no clean end of tail"
        recording = team.write("Release planning.vtt", PLANNING)
        ctl(*team.at(server, reader), "import", recording).fails_silently("Release planning.vtt")
        assert team.head() == 0, "a viewer imported a meeting"

        shown = team.ctl("token", "list", "--json").succeeds()
        assert reader not in shown.out and team.token not in shown.out, "token list gives a token away"
        assert [(line["role"], line["revoked"], line["user"], line["workspace"]) for line in shown.lines()] == \
            [("member", False, "Anna", "Team"), ("viewer", False, "Anna", "Team")], str(shown)
        assert len(team.ctl("token", "list").succeeds().out.splitlines()) == 2

        number = shown.lines()[1]["id"]
        assert team.ctl("token", "revoke", number).succeeds().out == ""
        assert [line["revoked"] for line in team.ctl("token", "list", "--json").lines()] == [False, True]
        assert "revoked" in team.ctl("token", "list").out.splitlines()[1]

        status, problem = server.request("GET", "/workspaces", reader)
        assert (status, problem["code"]) == (401, "unauthorized"), f"a revoked token is answered {status}"
        ctl(*team.at(server, reader), "tail").fails_silently("revoked")
        ctl(*team.at(server, reader), "replay", "--from", 0).fails_silently("revoked")
        ctl(*team.at(server, reader), "import", recording).fails_silently("revoked")
        assert server.request("GET", "/workspaces", team.token)[0] == 200, "revoking one token took another"


@with_team
def token_from_the_environment(team):
    with Server(team.ledger) as server:
        words = ("--server", server.url, "--workspace", team.workspace, "replay", "--from", 0)
        ctl(*words, env={"CROWN4_TOKEN": team.token}).succeeds()
        ctl(*words, env={"CROWN4_TOKEN": "crown4_wrong"}).fails_silently("token")
        ctl("--token", team.token, *words, env={"CROWN4_TOKEN": "crown4_wrong"}).succeeds()


# Meetings

def titles(team, server):
    status, page = server.request("GET", f"/workspaces/{team.workspace}/meetings", team.token)
    assert status == 200, f"meetings are answered {status}"
    return sorted(meeting["title"] for meeting in page["items"])


@with_team
def imports(team):
    files = [team.write("Release planning.vtt", PLANNING), team.write("Retrospective.srt", RETROSPECTIVE)]
    bad = team.write("notes.vtt", BAD)
    with Server(team.ledger) as server:
        lines = ctl(*team.at(server), "import", files[0]).succeeds().lines()
        assert len(lines) == 1 and set(lines[0]) == {"file", "meeting_id", "trace_id"}, f"import printed {lines}"
        assert lines[0]["file"] == files[0] and lines[0]["trace_id"].startswith(f"session_{lines[0]['meeting_id']}_")
        head = team.head()

        ctl(*team.at(server), "import", bad).fails_silently(bad, "line 3", "times")
        ctl(*team.at(server), "import", team.write("empty.txt", "\n")).fails_silently("empty")
        ctl(*team.at(server), "import", os.path.join(team.folder, "gone.vtt")).fails_silently("gone.vtt")
        assert team.head() == head and titles(team, server) == ["Release planning"], "a bad file left something behind"

        done = ctl(*team.at(server), "import", bad, files[1]).fails(bad)
        assert [line["file"] for line in done.lines()] == [files[1]], "a bad file kept a good one back"
        assert titles(team, server) == ["Release planning", "Retrospective"]


@with_team
def lives(team):
    with Server(team.ledger) as server:
        done = ctl(*team.at(server), "live", "Harbour", stdin=b"Ada: We begin.\n\nBen: I will send the report by Friday.\n"
                                                              b"And nobody knows who said this.\n").succeeds()
        meeting = done.lines()[0]["meeting_id"]
        status, row = server.request("GET", f"/workspaces/{team.workspace}/meetings/{meeting}", team.token)
        assert (status, row["title"], row["status"], row["task_count"]) == (200, "Harbour", "completed", 1), row
        status, transcript = server.request("GET", f"/workspaces/{team.workspace}/meetings/{meeting}/transcript", team.token)
        assert [segment["speaker"] for segment in transcript["segments"]] == ["Ada", "Ben", ""], transcript
        ctl(*team.at(server), "live", "x" * 501, stdin=b"Ada: Hello.\n").fails("title")


def check_gapless(envelopes, first):
    numbers = [envelope["sequence"] for envelope in envelopes]
    assert numbers == list(range(first, first + len(numbers))), f"from {first} on there should be no gap: {numbers}"
    for envelope in envelopes:
        assert envelope["event_type"] in EVENT_TYPES, f"{envelope['event_type']} is none of the 15"


@with_team
def tails_and_replays(team):
    first, second = team.write("Release planning.vtt", PLANNING), team.write("Retrospective.srt", RETROSPECTIVE)
    with Server(team.ledger) as server:
        ctl(*team.at(server), "import", first).succeeds()
        before = team.head()
        with Tail(*team.at(server), "tail") as tail, Tail(*team.at(server), "tail", "--namespace", "/tasks") as task_tail:
            done = ctl(*team.at(server), "import", second).succeeds().lines()[0]
            after = team.head()
            live = [envelope for envelope in tail.envelopes_up_to(after, team.stream) if envelope["stream"] == team.stream]
            last_task = [envelope["sequence"] for envelope in live if envelope["event_type"] == "TASK_CREATE"][-1]
            live_tasks = task_tail.envelopes_up_to(last_task, team.stream)
            assert tail.stop(signal.SIGINT) == 0 and task_tail.stop() == 0

        check_gapless(live, before + 1)
        assert {envelope["trace_id"] for envelope in live} >= {done["trace_id"]}, "the import's trace_id is on no event"
        for name in ("SESSION_CREATE", "TASK_CREATE", "ANALYTICS_REFRESH", "SESSION_COMPLETE"):
            assert name in [envelope["event_type"] for envelope in live], f"the import made no {name}"
        assert live_tasks and all(envelope["event_type"].startswith("TASK_") for envelope in live_tasks), \
            "/tasks has other events"

        def replay(*words):
            lines = ctl(*team.at(server), "replay", *words).succeeds().lines()
            return [envelope for envelope in lines if envelope["stream"] == team.stream]

        past = replay("--from", before)
        assert past[:len(live)] == live, "what is replayed is not what came live"
        check_gapless(replay("--from", 0), 1)
        assert replay("--from", 0)[before:before + len(live)] == [dict(line, is_initial_sync=True) for line in live]
        assert replay("--from", after - 1)[0] == live[-1]
        tasks = replay("--from", 0, "--namespace", "/tasks")
        assert [line["sequence"] for line in tasks][-len(live_tasks):] == [line["sequence"] for line in live_tasks]
        ctl(*team.at(server), "replay", "--from", 100000).fails_silently("ledger")


@with_team
def tail_without_a_reader(team):
    """As `tail | head -n 1` leaves it."""
    reader, writer = os.pipe()
    with Server(team.ledger) as server, Tail(*team.at(server), "tail", stdout=writer) as tail:
        os.close(writer)
        os.close(reader)
        ctl(*team.at(server), "import", team.write("Retrospective.srt", RETROSPECTIVE)).succeeds()
        assert tail.ends() == 1 and "standard output" in tail.complaints[-1], "tail calls it a success that nobody reads it"


@with_team
def the_server_goes(team):
    server = Server(team.ledger)
    with server, Tail(*team.at(server), "tail") as tail:
        assert server.stop() == 0, "the server does not end well while somebody listens"
        assert tail.ends() == 1 and tail.complaints[-1], "tail says nothing about the server that went"


# Without a server

@in_folder
def analyses(folder):
    path = os.path.join(folder, "Release planning.vtt")
    with open(path, "w", encoding="utf-8") as file:
        file.write(PLANNING)
    result = ctl("analyze", path, "--json").succeeds()
    assert len(result.out.splitlines()) == 1, "the analysis is more than a line"
    analysis = result.lines()[0]
    for name in ("title", "duration", "participants", "speaking_time", "participation", "sentiment", "summary",
                 "action_items"):
        assert name in analysis, f"the analysis has no {name}"
    assert (analysis["title"], analysis["duration"]) == ("Release planning", 16)
    assert sorted(analysis["participants"]) == ["Ben", "Zoë"] and analysis["speaking_time"] == {"Zoë": 12, "Ben": 4}
    assert analysis["summary"] and all(set(item) >= {"text", "line"} for item in analysis["summary"])
    items = analysis["action_items"]
    assert items and all(set(item) >= {"text", "assignee", "due", "line", "confidence"} for item in items)
    notes = [item for item in items if "release notes" in item["text"]]
    assert notes and (notes[0]["assignee"], notes[0]["due"]) == ("Ben", "2026-03-06"), f"nobody is to write notes: {items}"

    for locale in ("C", "POSIX"):
        assert ctl("analyze", "--json", path, env={"LC_ALL": locale}).succeeds().bytes == result.bytes, \
            f"JSON depends on the locale {locale}"
    shown = ctl("analyze", path).succeeds().out
    assert "Release planning" in shown and "Ben, 2026-03-06" in shown, f"for people it prints {shown!r}"
    with open(path, "w", encoding="utf-8") as file:
        file.write(BAD)
    ctl("analyze", path, "--json").fails_silently("Release planning.vtt", "line 3")


def canonical_form():
    given = "\n".join(text for text, _, _ in CANONICAL).encode()
    expected = "".join(f"{form}\n" for _, form, _ in CANONICAL)
    for locale in ("C.UTF-8", "C"):
        for end in (b"", b"\n"):
            result = ctl("canonicalize", stdin=given + end, env={"LC_ALL": locale}).succeeds()
            assert result.out == expected, f"{result.out!r} is not {expected!r}"
    sums = [hashlib.sha256((public or form).encode()).hexdigest() for _, form, public in CANONICAL]
    assert ctl("canonicalize", "--checksum", stdin=given).succeeds().out.split() == sums
    assert ctl("canonicalize").succeeds().out == ""


def no_canonical_form():
    for line in NO_JSON:
        for more in ((), ("--checksum",)):
            result = ctl("canonicalize", *more, stdin=b"1\n" + line + b"\n2\n").fails("line 2: ")
            assert len(result.out.splitlines()) == 1, f"after a bad line it should end: {result}"


# Ledgers

def damage(team, *statements):
    """A copy in which something is not as it was."""
    copy = os.path.join(team.folder, "damaged.db")
    shutil.copyfile(team.ledger, copy)
    ledger = sqlite3.connect(copy)
    for statement in statements:
        assert ledger.execute(statement).rowcount > 0, f"this damages nothing: {statement}"
    ledger.commit()
    ledger.close()
    return f"sqlite:{copy}"


@with_team
def verifies(team):
    team.fill()
    report = team.ctl("ledger", "verify").succeeds().out
    n_events, n_rows = team.ask("SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM rows)")[0]
    assert f"{n_events} events, {n_rows} rows" in report, f"{report!r} does not say what was checked"


@with_team
def finds_damage(team):
    team.fill()
    head, stream = team.head(), team.stream
    task, task_id = team.ask("SELECT sequence, json_extract(data, '$.task.id') FROM events WHERE type = 'TASK_CREATE'")[0]
    n_tasks = team.ask("SELECT count(*) FROM rows WHERE store = 'tasks'")[0][0]
    middle = head // 2
    the_event = f"stream = '{stream}' AND sequence ="
    the_tasks = f"stream = '{stream}' AND store = 'tasks'"
    the_task = f"{the_tasks} AND id = {task_id}"
    the_stream = f"name = '{stream}'"
    swap = (f"UPDATE events SET sequence = -sequence WHERE stream = '{stream}' AND sequence IN ({middle}, {middle + 1})",
            f"UPDATE events SET sequence = {middle} WHERE {the_event} -{middle + 1}",
            f"UPDATE events SET sequence = {middle + 1} WHERE {the_event} -{middle}")
    # Somebody who makes the checksum fit as well.
    row = team.ask(f"SELECT json FROM rows WHERE {the_task}")[0][0].replace('"text":"', '"text":"Not ')
    forge = (f"UPDATE rows SET checksum = '{hashlib.sha256(row.encode()).hexdigest()}',"
             f" json = '{row.replace(chr(39), chr(39) * 2)}' WHERE {the_task}",)
    for about, *statements in (
            (f"event {middle} is missing", f"DELETE FROM events WHERE {the_event} {middle}"),
            (f"event {head} is missing", f"DELETE FROM events WHERE {the_event} {head}"),
            ("event 1 is missing", f"DELETE FROM events WHERE {the_event} 1"),
            (f"event {middle} says", *swap),
            (f"event {task} does not make the row tasks/{task_id}",
             f"UPDATE events SET data = json_set(data, '$.task.text', 'Forged') WHERE {the_event} {task}"),
            (f"event {task}: ", f"UPDATE events SET data = '{{' WHERE {the_event} {task}"),
            (f"event {task} has the unknown type", f"UPDATE events SET type = 'NONSENSE' WHERE {the_event} {task}"),
            (f"row tasks/{task_id} has another checksum",
             f"UPDATE rows SET json = json_set(json, '$.text', 'Forged') WHERE {the_task}"),
            (f"row tasks/{task_id} is not what its events make of it", *forge),
            (f"the digest of tasks is not that of its {n_tasks - 1} rows", f"DELETE FROM rows WHERE {the_task}"),
            (f"the digest of tasks is not that of its {n_tasks} rows",
             f"UPDATE digests SET digest = '{'0' * 64}' WHERE {the_tasks}"),
            (f"the digest of tasks is not that of its {n_tasks} rows",
             f"UPDATE digests SET count = count + 1 WHERE {the_tasks}"),
            ("the digest of tasks is no digest", f"UPDATE digests SET digest = 'x' WHERE {the_tasks}"),
            (f"event {head + 1} is missing", f"UPDATE streams SET sequence = {head + 1} WHERE {the_stream}"),
            (f"the head says {middle} ", f"UPDATE streams SET sequence = {middle} WHERE {the_stream}"),
            ("the head says 0 ", f"DELETE FROM streams WHERE {the_stream}"),
            ("the stream's head is wrong in /tasks", f"UPDATE streams SET prev_1 = prev_1 - 1 WHERE {the_stream}")):
        ctl("--ledger", damage(team, *statements), "ledger", "verify").fails_silently(f"{stream}: ", about)


@with_team
def finds_damaged_files(team):
    team.fill()
    copy = damage(team).removeprefix("sqlite:")
    whole = os.path.getsize(copy)
    for size in (whole // 2, whole - 4096, 5000, 50, 0):
        shutil.copyfile(team.ledger, copy)
        os.truncate(copy, size)
        ctl("--ledger", f"sqlite:{copy}", "ledger", "verify").fails_silently(copy)
    with open(copy, "wb") as file:
        file.write(b"this is no database, and nothing like one\n" * 500)
    ctl("--ledger", f"sqlite:{copy}", "ledger", "verify").fails_silently(copy)


@in_folder
def no_ledger(folder):
    """What only reads or changes a ledger makes none where there is none: a mistyped path is not proved to be in order."""
    missing = f"{folder}/mistyped.db"
    for words in (("ledger", "verify"), ("ledger", "backup", f"{folder}/copy.db"), ("token", "list"), ("token", "revoke", 1),
                  ("token", "create", "--user", 1, "--workspace", 1)):
        ctl("--ledger", f"sqlite:{missing}", *words).fails_silently(missing)
    assert os.listdir(folder) == [], f"something was made: {os.listdir(folder)}"


@with_team
def backs_up(team):
    team.fill()
    copy = os.path.join(team.folder, "copy", "backup.db")
    with Server(team.ledger) as server:
        assert team.ctl("ledger", "backup", copy).succeeds().out == ""
        report = ctl("--ledger", f"sqlite:{copy}", "ledger", "verify").succeeds().out
        ctl(*team.at(server), "import", team.write("Later.srt", RETROSPECTIVE)).succeeds()
        team.ctl("ledger", "backup", copy).succeeds()
        later = ctl("--ledger", f"sqlite:{copy}", "ledger", "verify").succeeds().out
    assert later != report and later == team.ctl("ledger", "verify").out, "the second copy has not what came later"
    with Server(copy) as server:
        assert titles(team, server) == ["Later", "Release planning", "Retrospective"]
    team.ctl("ledger", "backup", os.path.join(team.ledger, "copy.db")).fails_silently(team.ledger)
    team.ctl("ledger", "backup", team.ledger).fails_silently(team.ledger)
    notes = team.write("notes.txt", "These are not to be lost. " * 100)
    team.ctl("ledger", "backup", notes).fails_silently(notes)
    with open(notes, encoding="utf-8") as file:
        assert file.read().startswith("These are not"), "backup wrote over what is no database"
    team.ctl("ledger", "verify").succeeds()


@in_folder
def compacts(folder):
    """Old events go and the ledger still verifies; a replay from the beginning is then a snapshot's affair."""
    ledger = os.path.join(folder, "ledger.db")
    uri = f"sqlite:{ledger}"
    workspace = ctl("--ledger", uri, "workspace", "create", "Team").succeeds().out.strip()
    user = ctl("--ledger", uri, "user", "create", "Ada").succeeds().out.strip()
    token = ctl("--ledger", uri, "token", "create", "--user", user, "--workspace", workspace).succeeds().out.strip()
    path = os.path.join(folder, "planning.vtt")
    with open(path, "w", encoding="utf-8") as file:
        file.write(PLANNING)
    with Server(ledger) as server:
        words = ("--server", server.url, "--token", token, "--workspace", workspace)
        ctl(*words, "import", path).succeeds()
        events = len(ctl(*words, "replay", "--from", "0").succeeds().lines())
        assert ctl("--ledger", uri, "ledger", "compact", "--json").succeeds().lines() == [
            {"deleted": 0, "tombstones": 0, "answers": 0}]
        done = ctl("--ledger", uri, "ledger", "compact", "--keep-days", "0", "--keep-events", "2", "--json").succeeds()
        assert done.lines() == [{"deleted": events - 2, "tombstones": 0, "answers": 0}], (done.lines(), events)
        assert len(ctl(*words, "replay", "--from", str(events - 2)).succeeds().lines()) == 2
        status, snapshot = server.request("GET", f"/workspaces/{workspace}/snapshot", token)
        assert status == 200 and snapshot["sequence"] == events, snapshot["sequence"]
        assert server.stop() == 0
    ctl("--ledger", uri, "ledger", "verify").succeeds()
    ctl("--ledger", uri, "ledger", "compact", "--keep-days", "-1").is_wrong_use("--keep-days")


@in_folder
def paths_of_any_kind(folder):
    """A path is bytes, whatever the locale."""
    for number, locale in enumerate(("C", "C.UTF-8")):
        path = f"{folder}/Bücher & Töne {number}.db"
        ctl("--ledger", f"sqlite:{path}", "workspace", "create", "Büro", env={"LC_ALL": locale}).succeeds()
        assert os.path.exists(path)
        with Server(path, env={"LC_ALL": locale}) as server:
            assert server.stop() == 0


# What a dashboard keeps

class Cache:
    """A dashboard's folder that has followed a team's server, and the commands on it."""

    def __init__(self, team):
        self.folder = os.path.join(team.folder, "cache")
        self.cache = os.path.join(self.folder, "cache.db")
        self.outbox = os.path.join(self.folder, "outbox.db")

    def ctl(self, *words):
        return ctl("--folder", self.folder, "cache", *words)

    def stats(self):
        return self.ctl("stats", "--json").succeeds().lines()[0]

    def backups(self):
        return self.ctl("list-backups", "--json").succeeds().lines()

    def follow(self, team, server):
        """A client that is live; it has both files open until it is stopped."""
        os.makedirs(self.folder, exist_ok=True)
        client = Running("crown-follow-client", "--folder", self.folder, "--server", server.url, "--workspace",
                         team.workspace, "--user", team.user, stdin=subprocess.PIPE, env={"CROWN4_TOKEN": team.token})
        while (line := client.next_line()) != "live":
            assert line is not None, f"the client ended: {client.complaints}"
        return client

    def catch_up(self, team, server):
        self.end(self.follow(team, server))

    def end(self, client):
        client.process.stdin.close()
        assert client.ends() == 0, f"the client fails: {client.complaints}"

    def fill(self, team):
        team.fill()
        with Server(team.ledger) as server:
            self.catch_up(team, server)

    def write(self, path, *statements):
        with sqlite3.connect(path) as database:
            for statement in statements:
                assert database.execute(statement).rowcount > 0, f"this changes nothing: {statement}"
        database.close()


@with_team
def cache_statistics(team):
    cache = Cache(team)
    cache.fill(team)
    rows = dict(team.ask("SELECT store, count(*) FROM rows WHERE stream LIKE 'workspace%' GROUP BY store"))
    stats = cache.stats()
    assert {name: stats["rows"][name]["count"] for name in ("meetings", "tasks", "analytics")} == \
        {name: rows[name] for name in ("meetings", "tasks", "analytics")}, f"{stats} for {rows}"
    assert stats["sequence"] == team.head() and stats["epoch"] and stats["pending"] == 0 and stats["repairs"] == 0
    shown = cache.ctl("stats").succeeds().out
    assert f"tasks\t{rows['tasks']} " in shown and f"position\t{team.head()} of " in shown, shown
    n_rows = rows["meetings"] + rows["tasks"] + rows["analytics"]
    assert f"{n_rows} rows" in cache.ctl("verify").succeeds().out


@with_team
def cache_damage(team):
    cache = Cache(team)
    cache.fill(team)
    good = {path: open(path, "rb").read() for path in (cache.cache, cache.outbox)}
    entry = ("INSERT INTO entries (mutation_id, type, row_id, method, path, overlay) VALUES"
             " ('6f9619ff-8b86-4011-b42d-00c04fc964ff', 'TASK_UPDATE', 1, 'PATCH', '/tasks/1', '{')")
    for path, statement, about in (
            (cache.cache, "UPDATE tasks SET row = replace(row, '\"text\":\"', '\"text\":\"Not ') WHERE id = 1",
             "tasks 1 does not have its checksum"),
            (cache.cache, "UPDATE tasks SET sort_due = '2000-01-01' WHERE id = 1", "tasks 1 is not in its place"),
            (cache.cache, "UPDATE meetings SET archived = 1 WHERE id = 1", "meetings 1 is not in its place"),
            (cache.cache, "UPDATE tasks SET folded = 'nothing' WHERE id = 1", "tasks 1 is not found by its words"),
            (cache.cache, "DELETE FROM tasks WHERE id = 1", "tasks do not come to the digest"),
            (cache.outbox, entry, "entry 1 cannot be read")):
        cache.write(path, statement)
        cache.ctl("verify").fails_silently(path, about)
        for file, content in good.items():
            for log in (f"{file}-wal", f"{file}-shm"):
                if os.path.exists(log):
                    os.remove(log)
            with open(file, "wb") as target:
                target.write(content)
        cache.ctl("verify").succeeds()
    os.truncate(cache.cache, len(good[cache.cache]) // 2)
    cache.ctl("verify").fails_silently(cache.cache)
    cache.ctl("backup").fails_silently(cache.cache)
    assert cache.backups() == [], "what is damaged was copied"


@with_team
def cache_backups(team):
    cache = Cache(team)
    cache.fill(team)
    assert cache.backups() == [] and cache.ctl("list-backups").succeeds().out == ""
    names = cache.ctl("backup").succeeds().out.splitlines()
    assert [name.split("-")[0] for name in names] == ["cache", "outbox"], names
    backups = {backup["name"]: backup for backup in cache.backups()}
    assert sorted(backups) == sorted(names) and all(backup["reason"] == "manual" for backup in backups.values())
    assert {backup["database"] for backup in backups.values()} == {"cache", "outbox"}
    assert all(name in cache.ctl("list-backups").succeeds().out for name in names)

    before = cache.stats()
    with Server(team.ledger) as server:
        ctl(*team.at(server), "import", team.write("Later.srt", RETROSPECTIVE)).succeeds()
        client = cache.follow(team, server)
        for words in (("restore", names[0]), ("restore", names[1]), ("rebuild",)):
            cache.ctl(*words).fails_silently("in use by process", str(client.process.pid))
        cache.ctl("backup").succeeds()
        cache.ctl("verify").succeeds()
        cache.end(client)
        after = cache.stats()
        assert after["sequence"] == team.head() > before["sequence"]

        aside = cache.ctl("restore", names[0]).succeeds().out.strip()
        assert os.path.exists(aside) and "replaced" in aside, f"what was there is not kept: {aside}"
        assert cache.stats() == before, f"the restored cache is {cache.stats()}, the copied one was {before}"
        cache.catch_up(team, server)
        assert cache.stats()["rows"] == after["rows"], "the restored cache does not catch up"

        aside = cache.ctl("rebuild").succeeds().out.strip()
        assert os.path.exists(aside) and not os.path.exists(cache.cache)
        cache.ctl("rebuild").fails_silently(cache.cache)
        cache.catch_up(team, server)
        assert cache.stats()["rows"] == after["rows"], "the cache is not filled again"
    cache.ctl("restore", "cache-20200101T000000Z-daily.db").fails_silently("no backup")
    cache.ctl("restore", "../outbox.db").fails_silently("no backup")


# The server

@in_folder
def server_refuses(folder):
    ledger = ("--ledger", f"sqlite:{folder}/ledger.db")
    run("crown4-server").is_wrong_use("--ledger")
    run("crown4-server", *ledger).is_wrong_use("--listen")
    run("crown4-server", *ledger, "--listen", "127.0.0.1:0", "more").is_wrong_use("more")
    for listen in ("127.0.0.1", ":80", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:-1", "127.0.0.1:http",
                   "example.com:80", "[::1:0", ""):
        run("crown4-server", *ledger, "--listen", listen).is_wrong_use("--listen", listen)
    for listen in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0"):
        run("crown4-server", *ledger, "--listen", listen).is_wrong_use("loopback", "--insecure-listen")
    assert os.listdir(folder) == [], "what was refused made a ledger"
    run("crown4-server", *ledger, "--insecure-listen", "--listen", "192.0.2.1:0").fails_silently("192.0.2.1")


@in_folder
def server_with_a_bad_ledger(folder):
    text = os.path.join(folder, "notes.txt")
    with open(text, "w", encoding="utf-8") as file:
        file.write("no database\n" * 500)
    newer = os.path.join(folder, "newer.db")
    ctl("--ledger", f"sqlite:{newer}", "workspace", "create", "Team").succeeds()
    with sqlite3.connect(newer) as ledger:
        ledger.execute("PRAGMA user_version = 999")
    for path, about in ((folder, folder), (text, text), (os.path.join(text, "ledger.db"), text), (newer, "newer version")):
        run("crown4-server", "--ledger", f"sqlite:{path}", "--listen", "127.0.0.1:0").fails_silently(about)
    if os.geteuid() != 0:  # nothing is unreadable for root
        os.chmod(newer, 0)
        run("crown4-server", "--ledger", f"sqlite:{newer}", "--listen", "127.0.0.1:0").fails_silently(newer)
    run("crown4-server", "--ledger", "nonsense:x", "--listen", "127.0.0.1:0").fails_silently("nonsense:x", "sqlite:PATH")


@with_team
def server_on_a_taken_port(team):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run("crown4-server", "--ledger", team.uri, "--listen", f"127.0.0.1:{port}").fails_silently(str(port))


@with_team
def server_ends(team):
    for number in (signal.SIGTERM, signal.SIGINT):
        with Server(team.ledger) as server:
            assert server.request("GET", "/workspaces", None)[0] == 401
            assert server.stop(number) == 0, f"signal {number} is no clean end"
            assert server.next_line() is None, "there is more on standard output than the first line"
            while server.next_line(server.err) is not None:
                pass
            assert len(server.complaints) == 1 and "Stopped in" in server.complaints[0], \
                f"a clean end complains: {server.complaints}"
    assert not os.path.exists(team.ledger + "-wal"), "the server left its write-ahead log"


@with_team
def server_configured(team):
    def config(*lines):
        return team.write("server.conf", "\n".join(lines) + "\n")

    whole = config("# for the team", "[server]", f"ledger={team.uri}", "listen = 127.0.0.1:0  ", "insecure-listen=false")
    with Server(None, "--config", whole) as server:
        assert server.request("GET", "/workspaces", team.token)[0] == 200, "the ledger is not the file's"
    other = os.path.join(team.folder, "other.db")
    with Server(None, "--config", whole, "--ledger", f"sqlite:{other}") as server:
        assert server.request("GET", "/workspaces", team.token)[0] == 401, "the command line's ledger does not win"
    with Server(team.ledger, "--config", config("[server]", "ledger=nonsense:x", "listen=nonsense")) as server:
        assert server.request("GET", "/workspaces", team.token)[0] == 200
    with Server(None, "--listen", "127.0.0.1:0", "--config", config("[server]", f"ledger={team.uri}")) as server:
        assert server.stop() == 0
    os.remove(other)
    example = os.path.join(SOURCE, "data", "crown4-server.conf.example")
    with Server(team.ledger, "--config", example) as server:
        assert server.stop() == 0

    ledger, loopback, outside = f"ledger=sqlite:{other}", "listen=127.0.0.1:0", "listen=192.0.2.1:0"
    for lines, *about in (
            (("[server]", ledger, loopback, "Listen=1"), "“Listen”"),
            (("[server]", ledger, loopback, "[servers]", "x=1"), "[servers]"),
            (("[servers]", ledger, loopback), "[servers]"),
            ((ledger, loopback), ""),
            (("[server]", ledger, loopback, "nonsense"), "nonsense"),
            (("[server]", ledger, loopback, "insecure-listen=perhaps"), "insecure-listen"),
            (("[server]", ledger, "listen=127.0.0.1"), "127.0.0.1"),
            (("[server]", ledger, outside), "loopback"),
            (("[server]", ledger, outside, "insecure-listen=false"), "loopback"),
            (("[server]", ledger), "--listen"),
            (("[server]", loopback), "--ledger"),
            (("",), "--ledger")):
        run("crown4-server", "--config", config(*lines)).is_wrong_use(*about)
    named = run("crown4-server", "--config", config("[server]", "lisen=1")).is_wrong_use("server.conf", "“lisen”")
    assert "insecure-listen" in named.err, "it does not say which settings there are"
    run("crown4-server", "--config", team.folder).is_wrong_use(team.folder)
    run("crown4-server", "--config", os.path.join(team.folder, "gone.conf")).fails_silently("gone.conf")
    assert not os.path.exists(other), "what was refused made a ledger"
    # Nobody has this address (RFC 5737): what is allowed to listen there fails.
    allowed = config("[server]", ledger, outside, "insecure-listen=true")
    run("crown4-server", "--config", allowed).fails_silently("192.0.2.1 port")
    refused = config("[server]", ledger, outside, "insecure-listen=false")
    run("crown4-server", "--insecure-listen", "--config", refused).fails_silently("192.0.2.1 port")


# Manual pages

def page_of(program):
    return os.path.join(SOURCE, "data", "man", f"{program}.1")


def text_of_page(program):
    """What a person reads of a page: no comments, no fonts, words of one phrase with single spaces between."""
    with open(page_of(program), encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith('.\\"')]
    text = re.sub(r"\\f[A-Z]", "", "".join(lines).replace("\\-", "-"))
    return " ".join(re.sub(r"^\.[A-Z]+ ", "", text, flags=re.MULTILINE).replace('"', "").split())


def pages_name_everything():
    everything = {option for program in PROGRAMS for option in help_of(program)[0]}
    for program in PROGRAMS:
        text = text_of_page(program)
        options, commands = help_of(program)
        assert "--version" in options and (commands or program != "crown4ctl"), f"the help of {program} was not understood"
        for name in options + commands:
            assert re.search(rf"(?<![\w-]){name}(?![\w-])", text), f"the page of {program} does not name {name}"
        unknown = set(re.findall(r"(?<![\w-])--[a-z-]+", text)) - everything
        assert not unknown, f"the page of {program} names {unknown}, which there is not"
        for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES"):
            assert f" {section} " in text, f"the page of {program} has no {section}"


def pages_are_well_formed():
    if not shutil.which("mandoc"):
        raise Skip("mandoc is missing")
    for program in PROGRAMS:
        done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page_of(program)], capture_output=True, text=True,
                              timeout=30, check=False)
        assert done.returncode == 0 and done.stdout + done.stderr == "", done.stdout + done.stderr


CASES = (
    ("every program has --help and --version", help_and_version),
    ("wrong use is 2 with a message, and nothing on standard output", wrong_use),
    ("what fails is 1 with a message", what_fails),
    ("a result that cannot be written is a failure", full_disk),
    ("tokens are made, listed and revoked", tokens),
    ("a token may come from the environment", token_from_the_environment),
    ("transcripts are imported, and a bad one makes nothing", imports),
    ("a meeting is kept while it goes on", lives),
    ("tail shows what comes, replay what was, without a gap", tails_and_replays),
    ("tail ends when nobody reads it", tail_without_a_reader),
    ("tail ends when the server goes", the_server_goes),
    ("a transcript is analysed without a server", analyses),
    ("canonical form and checksum", canonical_form),
    ("what is no JSON has no canonical form", no_canonical_form),
    ("a good ledger verifies", verifies),
    ("verify says what is wrong and where", finds_damage),
    ("verify finds damaged files", finds_damaged_files),
    ("a ledger that is not there is none", no_ledger),
    ("old events go, and nothing else does", compacts),
    ("a backup is a ledger", backs_up),
    ("a path is bytes in every locale", paths_of_any_kind),
    ("the cache's statistics are the server's rows", cache_statistics),
    ("cache verify says what is wrong", cache_damage),
    ("the cache is backed up, restored and rebuilt, never while it is in use", cache_backups),
    ("the server refuses addresses", server_refuses),
    ("the server says why a ledger cannot be opened", server_with_a_bad_ledger),
    ("the server says that a port is taken", server_on_a_taken_port),
    ("SIGTERM and SIGINT end the server", server_ends),
    ("the server is configured by a file, and the command line wins", server_configured),
    ("manual pages name every option and command", pages_name_everything),
    ("manual pages are well formed", pages_are_well_formed),
)

if __name__ == "__main__":
    sys.exit(Tap().run(CASES))
