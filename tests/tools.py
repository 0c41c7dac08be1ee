# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs crown4ctl, crown4-server and the dashboard as a person does from a shell, and asks a server over HTTP."""

import json
import os
import queue
import re
import signal
import ssl
import subprocess
import sys
import threading
import time
import traceback
import urllib.error
import urllib.request
import uuid

BUILD = os.environ["CROWN_BUILDDIR"]
SOURCE = os.environ["CROWN_SRCDIR"]
PATHS = {
    "crown4-server": os.path.join(BUILD, "src", "tools", "crown4-server"),
    "crown4ctl": os.path.join(BUILD, "src", "tools", "crown4ctl"),
    "crown4-dashboard": os.path.join(BUILD, "src", "ui", "crown4-dashboard"),
}
PATIENCE_SECONDS = 30  # how long something may take before it counts as never happening


def environment(changes=None):
    """UTF-8, and nothing from whoever runs the tests; a change to None takes a variable out."""
    result = dict(os.environ, LC_ALL="C.UTF-8", LANGUAGE="C", GSETTINGS_SCHEMA_DIR=os.path.join(BUILD, "data"))
    for name in ("CROWN4_TOKEN", "http_proxy", "DISPLAY", "WAYLAND_DISPLAY"):
        result.pop(name, None)
    for name, value in (changes or {}).items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = value
    return result


def help_of(program):
    """What --help names: (options, commands), in the order they are in."""
    text = run(program, "--help").succeeds().out
    options = re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", text, re.MULTILINE)
    commands = re.findall(r"^  ([a-z]+(?: [a-z-]+)?) ", text.partition("Commands:")[2], re.MULTILINE)
    return options, commands


class Result:
    """What a program that has ended left behind, and what is to be said of it."""

    def __init__(self, words, status, out, err):
        self.words = words
        self.status = status
        self.bytes = out
        self.out = out.decode("utf-8", "replace")
        self.err = err.decode("utf-8", "replace")

    def __str__(self):
        return f"{' '.join(map(str, self.words))} → {self.status}, said {self.out!r}, complained {self.err!r}"

    def succeeds(self):
        assert self.status == 0, f"failed: {self}"
        return self

    def fails(self, *about):
        return self._refuses(1, about)

    def fails_silently(self, *about):
        return self.fails(*about)._says_nothing()

    def is_wrong_use(self, *about):
        return self._refuses(2, about)._says_nothing()

    def _refuses(self, status, about):
        assert self.status == status, f"exit status {status} was due: {self}"
        assert self.err.endswith("\n") and self.err.strip(), f"no message: {self}"
        for words in about:
            assert words in self.err, f"“{words}” is not in the message: {self}"
        return self

    def _says_nothing(self):
        assert self.out == "", f"something was on standard output: {self}"
        return self

    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]


def run(program, *words, stdin=b"", stdout=subprocess.PIPE, env=None):
    done = subprocess.run([PATHS[program], *map(str, words)], input=stdin, stdout=stdout, stderr=subprocess.PIPE,
                          env=environment(env), timeout=PATIENCE_SECONDS, check=False)
    return Result([program, *words], done.returncode, done.stdout or b"", done.stderr)


def ctl(*words, **options):
    return run("crown4ctl", *words, **options)


class Running:
    """A program that goes on until it is stopped; what it writes is read as it comes, unless @stdout takes it."""

    def __init__(self, program, *words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=None):
        self.words = [program, *words]
        self.process = subprocess.Popen([PATHS[program], *map(str, words)], stdin=stdin, stdout=stdout,
                                        stderr=subprocess.PIPE, env=environment(env))
        self.complaints = []
        self.out, self.err = queue.Queue(), queue.Queue()
        if self.process.stdout:
            self._follow(self.process.stdout, self.out.put)
        self._follow(self.process.stderr, self.err.put, self.complaints.append)

    def _follow(self, pipe, *takers):
        def read():
            for line in pipe:
                for take in takers:
                    take(line.decode("utf-8", "replace").rstrip("\n"))
            takers[0](None)

        threading.Thread(target=read, daemon=True).start()

    def next_line(self, lines=None):
        """The next line; None when the program has closed its output."""
        try:
            return (lines or self.out).get(timeout=PATIENCE_SECONDS)
        except queue.Empty:
            raise AssertionError(f"{self.words[0]} says nothing; it complained {self.complaints!r}") from None

    def ends(self):
        """Waits for the end by itself; gives the exit status."""
        try:
            return self.process.wait(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.words[0]} does not end") from None

    def stop(self, by=signal.SIGTERM):
        self.process.send_signal(by)
        return self.ends()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Server(Running):
    """crown4-server on a free port of this computer; without a ledger, the other words have to say where.

    With @ca it is one that speaks TLS, and is trusted by that file.
    """

    def __init__(self, ledger, *more, ca=None, **options):
        words = ("--ledger", f"sqlite:{ledger}", "--listen", "127.0.0.1:0") if ledger else ()
        super().__init__("crown4-server", *words, *more, **options)
        first = self.next_line()
        scheme = "https" if ca else "http"
        assert first is not None and first.startswith(f"listening {scheme}://127.0.0.1:"), \
            f"the server's first line is {first!r}; it complained {self.complaints!r}"
        self.url = first.removeprefix("listening ")
        self.trust = ssl.create_default_context(cafile=ca) if ca else None

    def open(self, request):
        """The answer to a urllib.request.Request, or to a GET of a path."""
        if isinstance(request, str):
            request = urllib.request.Request(self.url + request)
        handlers = [urllib.request.ProxyHandler({})]
        if self.trust:
            handlers.append(urllib.request.HTTPSHandler(context=self.trust))
        return urllib.request.build_opener(*handlers).open(request, timeout=PATIENCE_SECONDS)

    def request(self, method, path, token, body=None):
        """(status, JSON or None) of a request to the REST interface."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if method != "GET":
            headers["Idempotency-Key"] = str(uuid.uuid4())
        data = json.dumps(body).encode() if body is not None else None
        if data is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data=data, method=method, headers=headers)
        try:
            with self.open(request) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")


class Tail(Running):
    """crown4ctl tail, from the moment it listens."""

    def __init__(self, *words, **options):
        super().__init__("crown4ctl", *words, **options)
        while (line := self.next_line(self.err)) is not None:
            if "listening on" in line:
                return
        raise AssertionError(f"tail does not listen: {self.complaints!r}")

    def envelopes_up_to(self, sequence, stream):
        """What comes, until @stream has reached @sequence."""
        envelopes = []
        while not envelopes or envelopes[-1]["stream"] != stream or envelopes[-1]["sequence"] < sequence:
            line = self.next_line()
            assert line is not None, f"tail ended: {self.complaints!r}"
            envelopes.append(json.loads(line))
        return envelopes


class Skip(Exception):
    """A case cannot be decided here; says why."""


class Tap:
    """Runs cases that do not depend on one another, a line each."""

    def run(self, cases):
        print(f"1..{len(cases)}", flush=True)
        failed = False
        for number, (name, case) in enumerate(cases, 1):
            started = time.monotonic()
            try:
                case()
                print(f"ok {number} - {name}", flush=True)
            except Skip as why:
                print(f"ok {number} - {name} # SKIP {why}", flush=True)
            except Exception as error:  # whatever it was, it is this case's result
                failed = True
                print(f"not ok {number} - {name}: {type(error).__name__}: {' '.join(str(error).split())}", flush=True)
                traceback.print_exc()
            print(f"# {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)
        return 1 if failed else 0
