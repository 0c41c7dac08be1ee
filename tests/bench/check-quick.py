#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Usage: check-quick.py FIGURE… -- COMMAND…

Runs a benchmark and says in TAP whether it prints exactly these figures, each as a well-formed line of JSON with a
plausible value. How fast the machine is at the moment is none of its business.
"""

import json
import math
import subprocess
import sys


def is_positive(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value > 0


def read_figure(line):
    """(name, what is wrong with it or None)"""
    try:
        figure = json.loads(line)
    except ValueError as error:
        return None, f"no JSON: {error}"
    if not isinstance(figure, dict) or set(figure) != {"bench", "value", "unit", "floor", "n"}:
        return None, "has other members than bench, value, unit, floor and n"
    if not is_positive(figure["value"]) or not is_positive(figure["n"]):
        return figure["bench"], f"value {figure['value']!r} of {figure['n']!r} operations"
    if figure["floor"] is not None and not is_positive(figure["floor"]):
        return figure["bench"], f"floor {figure['floor']!r}"
    if not isinstance(figure["unit"], str) or not figure["unit"]:
        return figure["bench"], f"unit {figure['unit']!r}"
    return figure["bench"], None


def main():
    split = sys.argv.index("--")
    expected, command = sys.argv[1:split], sys.argv[split + 1:]
    run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
    if run.returncode == 77:
        print("1..0 # SKIP the benchmark cannot run here; it said why on standard error")
        return 0

    lines = run.stdout.splitlines()
    figures = [read_figure(line) for line in lines]
    print(f"1..{len(expected) + 1}")
    for number, name in enumerate(expected, 1):
        found = [problem for figure, problem in figures if figure == name]
        print(f"{'ok' if found == [None] else 'not ok'} {number} {name}")
        if found != [None]:
            print(f"# {name}: {'is missing' if not found else found}")
    nothing_else = run.returncode == 0 and sorted(figure or "" for figure, _ in figures) == sorted(expected)
    print(f"{'ok' if nothing_else else 'not ok'} {len(expected) + 1} nothing else, and exit status 0")
    for line in lines:
        print(f"# {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
