#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start to first painted rows, beside a blank AdwApplicationWindow in the same run.

Prints a line of JSON for each figure. The time is taken by this process, from just before the
program is started to the arrival of the line that it prints at its first frame (blank window) or
its first painted rows (dashboard). The three kinds take turns, so that a slow moment of the
machine hits all of them; the figure is the median. `--quick` takes each once.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

START_TIMEOUT_S = 30
NOTHING_TO_RUN_ON = 77
BLANK, NO_TASKS, MANY_TASKS = "blank_window", "rows_no_tasks", "rows_many_tasks"


def under_private_display():
    """Run again under an X server and a bus of its own: nobody's display or settings have a part in the figures."""
    if os.environ.get("CROWN_BENCH_DISPLAY"):
        return
    for program in ("Xvfb", "xvfb-run", "dbus-run-session"):
        if not shutil.which(program):
            print(f"bench-startup: skipped: {program} is missing", file=sys.stderr)
            sys.exit(NOTHING_TO_RUN_ON)
    os.environ["CROWN_BENCH_DISPLAY"] = "1"
    os.execvp("xvfb-run", ["xvfb-run", "-a", "-s", "-screen 0 1280x800x24",
                           "dbus-run-session", "--", sys.executable, *sys.argv])


def time_to_first_line(command, environment):
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               env=environment)
    watchdog = threading.Timer(START_TIMEOUT_S, process.kill)
    watchdog.start()
    line = process.stdout.readline()
    elapsed = (time.monotonic() - start) * 1000
    process.stdout.read()
    process.wait()
    watchdog.cancel()
    if process.returncode != 0 or not line.startswith(b"{"):
        raise SystemExit(f"bench-startup: {command[0]} printed {line!r} instead of its report, status {process.returncode}")
    return elapsed


def report(name, value, unit, floor, runs):
    figure = {"bench": f"startup/{name}", "value": round(value, 3), "unit": unit, "floor": floor, "n": runs}
    print(json.dumps(figure, separators=(",", ":")), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--builddir", default=os.environ.get("CROWN_BUILDDIR", "_build"))
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--quick", action="store_true", help="one run of each, with few tasks")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.runs, arguments.tasks = 1, 1000
    under_private_display()

    build = os.path.abspath(arguments.builddir)
    here = os.path.join(build, "tests", "bench", "startup")
    environment = dict(os.environ, GSETTINGS_SCHEMA_DIR=os.path.join(build, "data"), GSETTINGS_BACKEND="memory",
                       GSK_RENDERER="cairo", LIBGL_ALWAYS_SOFTWARE="1", GTK_A11Y="none")

    with tempfile.TemporaryDirectory(prefix="crown-bench-") as scratch:
        commands = {BLANK: [os.path.join(here, "crown-bench-blank-window")]}
        for name, meetings, tasks in ((NO_TASKS, 10, 0), (MANY_TASKS, 1000, arguments.tasks)):
            profile = os.path.join(scratch, name)
            subprocess.run([os.path.join(here, "crown-bench-fill-cache"),
                            os.path.join(profile, "clients", "local-1-1"), str(meetings), str(tasks)], check=True)
            commands[name] = [os.path.join(build, "src", "ui", "crown4-dashboard"),
                              "--profile", profile, "--offline", "--startup-report"]

        if not arguments.quick:
            for command in commands.values():
                time_to_first_line(command, environment)  # fills the disk cache; not counted
        times = {name: [] for name in commands}
        for _ in range(arguments.runs):
            for name, command in commands.items():
                times[name].append(time_to_first_line(command, environment))

    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        report(name, median, "ms", None, arguments.runs)
    report("rows_vs_blank", medians[NO_TASKS] / medians[BLANK], "ratio", 1.5, arguments.runs)
    report("many_vs_no_tasks", medians[MANY_TASKS] / medians[NO_TASKS], "ratio", 1.25, arguments.runs)


if __name__ == "__main__":
    main()
