# SPDX-License-Identifier: GPL-3.0-or-later
"""A PostgreSQL of a test's own, in a folder and behind a Unix socket. Where there is none to start, that is a failure."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import urllib.parse

READY = "ready to accept connections"


class Postgres:
    def __init__(self):
        self.programs = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True).stdout.strip()
        self.folder = tempfile.mkdtemp(prefix="crown-postgres-")
        self.data = os.path.join(self.folder, "data")
        # It refuses to run as root, and is asked to end when the test does, however that ends.
        self.prefix = ["setpriv", "--pdeathsig", "QUIT"]
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self.prefix += ["--reuid", "postgres", "--regid", "postgres", "--init-groups"]
        self.run("initdb", "--pgdata", self.data, "--username", "crown", "--auth", "trust", "--no-sync", "--encoding", "UTF8",
                 "--locale", "C.UTF-8")
        self.process = subprocess.Popen(
            [*self.prefix, os.path.join(self.programs, "postgres"), "-D", self.data, "-k", self.folder, "-c",
             "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=60", "-c", "shared_buffers=16MB"],
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        log = iter(self.process.stderr)
        assert any(READY in line for line in log), "PostgreSQL does not start"
        threading.Thread(target=lambda: all(True for _ in log), daemon=True).start()  # so that it never waits for a reader

    def run(self, program, *words):
        done = subprocess.run([*self.prefix, os.path.join(self.programs, program), *words], cwd=self.folder,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, f"{program}: {done.stderr}"
        return done.stdout.strip()

    def create(self, database):
        """A new database; gives its URI."""
        self.run("createdb", "-h", self.folder, "-U", "crown", database)
        return f"postgresql://crown@/{database}?host={urllib.parse.quote(self.folder, safe='')}"

    def sql(self, database, text):
        return self.run("psql", "-h", self.folder, "-U", "crown", "-d", database, "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(timeout=30)
        shutil.rmtree(self.folder, ignore_errors=True)
