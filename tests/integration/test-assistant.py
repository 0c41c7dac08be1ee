#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Minutes that an endpoint writes: what it is asked, what becomes of its answers, and of those that never come."""

import http.server
import json
import os
import shutil
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.environ["CROWN_SRCDIR"], "tests"))

from team import Team
from tools import PATIENCE_SECONDS, Tap, run

TRANSCRIPT = """Ada: Let us talk about the harbour bridge and its new lights.
Ben: The council has accepted the price for the lights last week.
Ada: Good. Ben, can you order the lights by Friday?
Ben: Yes, I will order the lights by Friday.
"""
MINUTES = {
    "summary": [{"text": "The council accepted the price for the lights.", "line": 1},
                {"text": "Ben will order the lights.", "line": 3},
                {"text": "Everybody gets a holiday in Spain.", "line": 1}],
    "action_items": [{"text": "Order the lights", "assignee": "Ben", "due": "2025-10-31", "line": 3},
                     {"text": "Book flights to Spain", "assignee": "Zoe", "due": "soon", "line": 0},
                     {"text": "Paint the harbour bridge", "assignee": "Ada", "due": None, "line": 99}, 7, {"line": 1}],
}
MARK = " [not in the transcript]"


def equal(actual, expected, what=""):
    assert actual == expected, f"{what} {actual!r} instead of {expected!r}"


class Stub:
    """An endpoint on this computer that answers with what it is given, or lets its guests wait."""

    def __init__(self, answer, status=200, content_type="application/json"):
        self.asked, self.arrived, self.release = [], threading.Event(), threading.Event()
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                stub.asked.append((self.path, self.headers["Authorization"], json.loads(body)))
                stub.arrived.set()
                if answer is None:
                    stub.release.wait(PATIENCE_SECONDS)
                    return
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                if status == 307:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.release.set()
        self.http.shutdown()
        self.http.server_close()

    def options(self, *more):
        return ("--assistant-url", f"http://127.0.0.1:{self.http.server_address[1]}/v1", "--assistant-model", "tiny", *more)


def completion(content):
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": content}}]}).encode()


def minutes_of(team, server, path):
    done = team.ctl("--server", server.url, "--token", team.token, "--workspace", team.workspace, "import", path).succeeds()
    below = f"/workspaces/{team.workspace}"
    _, meeting = server.request("GET", f"{below}/meetings/{done.lines()[0]['meeting_id']}", team.token)
    _, tasks = server.request("GET", f"{below}/tasks", team.token)
    return meeting, [task for task in tasks["items"] if task["session_id"] == meeting["id"]]


def with_team(case):
    def run_case():
        folder = tempfile.mkdtemp(prefix="crown4-")
        try:
            team = Team(folder)
            path = team.path("Harbour.txt")
            with open(path, "w", encoding="utf-8") as file:
                file.write(TRANSCRIPT)
            case(team, path)
            team.ctl("--ledger", team.uri, "ledger", "verify").succeeds()
        finally:
            shutil.rmtree(folder)

    return run_case


@with_team
def answers_are_checked(team, path):
    key = team.path("key")
    with open(key, "w", encoding="utf-8") as file:
        file.write("secret\n")
    with Stub(completion("Gladly!\n```json\n" + json.dumps(MINUTES) + "\n```")) as stub:
        with team.serve(*stub.options("--assistant-key-file", key)) as server:
            meeting, tasks = minutes_of(team, server, path)
            server.stop()
    (where, authorization, question), = stub.asked
    equal((where, authorization, question["model"]), ("/v1/chat/completions", "Bearer secret", "tiny"))
    equal(question["messages"][1]["content"].splitlines()[3], "[3] Ben: Yes, I will order the lights by Friday.")
    texts = [entry["text"] for entry in MINUTES["summary"]]
    equal(meeting["summary"], f"{texts[0]} {texts[1]} {texts[2]}{MARK}")
    equal([(entry["line"], entry.get("unsupported", False)) for entry in meeting["summary_evidence"]],
          [(1, False), (3, False), (-1, True)])
    equal(meeting["summary_by"], "tiny")
    tasks.sort(key=lambda task: task["id"])
    equal([(task["text"], task["assignee"], task["due_date"], task["evidence_line"], task.get("unsupported", False))
           for task in tasks],
          [("Order the lights", "Ben", "2025-10-31", 3, False), ("Book flights to Spain", None, None, -1, True),
           ("Paint the harbour bridge", "Ada", None, -1, True)])
    assert tasks[0]["confidence"] >= 0.5 > tasks[1]["confidence"], tasks


@with_team
def nothing_is_sent_unless_wanted(team, path):
    with team.serve() as server:
        meeting, tasks = minutes_of(team, server, path)
        server.stop()
    assert "summary_by" not in meeting and meeting["summary"] and len(tasks) == 1, (meeting, tasks)


@with_team
def failures_leave_the_local_minutes(team, path):
    with team.serve() as server:
        local, local_tasks = minutes_of(team, server, path)
        server.stop()
    nonsense = {"summary": [{"text": "Everybody gets a holiday in Spain.", "line": 1}], "action_items": []}
    for answer, status in ((b"", 500), (b"", 307), (b"no JSON", 200), (completion("I cannot do that."), 200),
                           (completion("{}"), 200), (completion(json.dumps(nonsense)), 200),
                           (b'{"choices":[]}', 200), (b'{"choices":[7]}', 200), (completion("x" * 1100000), 200), (None, 0)):
        again = os.path.join(os.path.dirname(path), f"Harbour {status} {len(answer or b'')}.txt")
        shutil.copy(path, again)
        with Stub(answer, status) as stub:
            with team.serve(*stub.options("--assistant-timeout", 2)) as server:
                meeting, tasks = minutes_of(team, server, again)
                server.stop()
        what = f"{status} {(answer or b'nothing')[:60]}"
        equal(len(stub.asked), 1, what)
        equal(meeting["summary"], local["summary"], what)
        assert "summary_by" not in meeting, what
        equal([task["text"] for task in tasks], [task["text"] for task in local_tasks], what)


@with_team
def a_stop_waits_for_nobody(team, path):
    with Stub(None) as stub:
        with team.serve(*stub.options("--assistant-timeout", 600)) as server:
            answer = []
            sender = threading.Thread(target=lambda: answer.append(team.ctl(
                "--server", server.url, "--token", team.token, "--workspace", team.workspace, "import", path)))
            sender.start()
            assert stub.arrived.wait(PATIENCE_SECONDS), "the endpoint was not asked"
            equal(server.stop(), 0, "the server's end")
            sender.join(PATIENCE_SECONDS)
            answer[0].succeeds()


@with_team
def bad_endpoints_are_refused(team, path):
    words = ("--ledger", team.uri, "--listen", "127.0.0.1:0", "--assistant-model", "tiny")
    for url in ("nonsense", "http://192.0.2.1/v1", "ftp://127.0.0.1/v1", "https://"):
        run("crown4-server", *words, "--assistant-url", url).is_wrong_use("--assistant-url")
    run("crown4-server", *words[:4], "--assistant-url", "https://example.org/v1").is_wrong_use("model")
    run("crown4-server", *words, "--assistant-timeout", "601").is_wrong_use("--assistant-timeout")


if __name__ == "__main__":
    sys.exit(Tap().run((("what it claims is looked up", answers_are_checked),
                        ("nothing is sent to anybody unless somebody wants it", nothing_is_sent_unless_wanted),
                        ("where it fails the minutes are our own", failures_leave_the_local_minutes),
                        ("a stop does not wait for it", a_stop_waits_for_nobody),
                        ("endpoints that cannot be are refused", bad_endpoints_are_refused))))
