#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start to first painted rows, beside a blank AdwApplicationWindow in the same run.

Prints a line of JSON for each figure. The time is taken by this process, from just before the
program is started to the arrival of the line that it prints at its first frame (blank window) or
its first painted rows (dashboard). The three kinds take turns, so that a slow moment of the
machine hits all of them; the figure is the median.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


def under_display(argv):
    """Run again under Xvfb and a bus of its own where there is no display."""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return
    if not shutil.which("xvfb-run") or not shutil.which("dbus-run-session"):
        print("bench-startup: skipped: no display, and xvfb-run or dbus-run-session is missing", file=sys.stderr)
        sys.exit(77)
    os.execvp("dbus-run-session", ["dbus-run-session", "--", "xvfb-run", "-a", "-s", "-screen 0 1280x800x24",
                                   "/usr/bin/python3", *argv])


def time_to_first_line(command, environment):
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    line = process.stdout.readline()
    elapsed = (time.monotonic() - start) * 1000
    process.stdout.read()
    process.wait(timeout=30)
    if not line.strip().startswith(b"{"):
        raise SystemExit(f"bench-startup: {command[0]} printed {line!r} instead of its report")
    return elapsed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--builddir", default=os.environ.get("CROWN_BUILDDIR", "_build"))
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--tasks", type=int, default=100_000)
    arguments = parser.parse_args()
    under_display(sys.argv)

    build = os.path.abspath(arguments.builddir)
    here = os.path.join(build, "tests", "bench", "startup")
    environment = dict(os.environ, GSETTINGS_SCHEMA_DIR=os.path.join(build, "data"), GSETTINGS_BACKEND="memory",
                       GSK_RENDERER="cairo", LIBGL_ALWAYS_SOFTWARE="1", GTK_A11Y="none")

    with tempfile.TemporaryDirectory(prefix="crown-bench-") as scratch:
        commands = {"blank_window": [os.path.join(here, "crown-bench-blank-window")]}
        for name, meetings, tasks in (("rows_0_tasks", 10, 0), (f"rows_{arguments.tasks}_tasks", 1000, arguments.tasks)):
            profile = os.path.join(scratch, name)
            subprocess.run([os.path.join(here, "crown-bench-fill-cache"),
                            os.path.join(profile, "clients", "local-1-1"), str(meetings), str(tasks)], check=True)
            commands[name] = [os.path.join(build, "src", "ui", "crown4-dashboard"),
                              "--profile", profile, "--offline", "--startup-report"]

        for command in commands.values():
            time_to_first_line(command, environment)  # fills the disk cache; not counted
        times = {name: [] for name in commands}
        for _ in range(arguments.runs):
            for name, command in commands.items():
                times[name].append(time_to_first_line(command, environment))

    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, values in times.items():
        print(json.dumps({"name": f"startup/{name}", "unit": "ms", "value": round(medians[name], 1),
                          "min": round(min(values), 1), "max": round(max(values), 1), "runs": len(values)}))
    names = list(commands)
    for name, above, below in (("rows_vs_blank", names[1], names[0]), ("many_tasks_vs_none", names[2], names[1])):
        print(json.dumps({"name": f"startup/{name}", "unit": "ratio",
                          "value": round(medians[above] / medians[below], 3)}))


if __name__ == "__main__":
    main()
