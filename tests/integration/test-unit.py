#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit of systemd: systemd-analyze understands all of it and finds little that an intruder could do."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ["CROWN_SRCDIR"], "tests"))

from tools import BUILD, PATHS, PATIENCE_SECONDS, Skip, Tap

UNIT = "crown4-server.service"
EXPOSURE_MAX = 20  # tenths, as --threshold counts: “OK” up to 49, an unprotected service has 96


def analyze(*words):
    done = subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          env=dict(os.environ, LC_ALL="C.UTF-8", SYSTEMD_COLORS="0"), timeout=PATIENCE_SECONDS,
                          check=False)
    return done.returncode, done.stdout + done.stderr


def with_unit(case):
    """Gives @case the built unit with a program that exists: that it is installed is not what is asked."""
    def run():
        if not shutil.which("systemd-analyze"):
            raise Skip("systemd-analyze is missing")
        with open(os.path.join(BUILD, "data", UNIT), encoding="utf-8") as file:
            text = file.read()
        assert re.search(r"^ExecStart=/\S*/crown4-server ", text, re.MULTILINE), text
        text = re.sub(r"^ExecStart=\S+", f"ExecStart={PATHS['crown4-server']}", text, flags=re.MULTILINE)
        # Which manual pages are installed is another matter, too.
        text = re.sub(r"^Documentation=.*\n", "", text, flags=re.MULTILINE)
        folder = tempfile.mkdtemp(prefix="crown4-")
        try:
            case(text, os.path.join(folder, UNIT))
        finally:
            shutil.rmtree(folder)
    return run


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


@with_unit
def verify(text, path):
    status, said = analyze("verify", write(path, text))
    assert status == 0, said
    # It warns with status 0 of what it does not know.
    about_it = [line for line in said.splitlines() if UNIT in line]
    assert about_it == [], about_it
    _, said = analyze("verify", write(path, text.replace("WatchdogSec=", "WatchDogSec=")))
    assert "WatchDogSec" in said, f"a key that is misspelt passes: {said}"


@with_unit
def security(text, path):
    status, said = analyze("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", write(path, text))
    print(f"# {[line for line in said.splitlines() if 'exposure level' in line]}")
    assert status == 0, said
    bare = re.sub(r"^(Protect|Private|Restrict|NoNew|SystemCall|Capab|Dynamic|Lock).*\n", "", text, flags=re.MULTILINE)
    status, said = analyze("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", write(path, bare))
    assert status != 0, f"a unit that protects nothing passes: {said}"


@with_unit
def notifies(text, _):
    """What the watchdog needs to work at all."""
    lines = text.splitlines()
    for line in ("Type=notify", "NotifyAccess=main", "WatchdogSec=30", "Restart=on-failure"):
        assert line in lines, f"{line} is missing"


CASES = (
    ("systemd-analyze verify has nothing to say", verify),
    ("systemd-analyze security finds little exposed", security),
    ("the unit waits for the server's word, and for its pings", notifies),
)


if __name__ == "__main__":
    sys.exit(Tap().run(CASES))
