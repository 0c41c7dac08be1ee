#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A list that is longer than what the first frame shows gets all the rows that GTK makes for one."""

import os
import subprocess
import sys
import tempfile

from dashboard import BUILD, Dashboard, Tap, wait_for, walk

N_MEETINGS = 600
ROWS_OF_GTK = 200


def main():
    with tempfile.TemporaryDirectory(prefix="crown-ui-") as folder:
        fill = os.path.join(BUILD, "tests", "bench", "startup", "crown-bench-fill-cache")
        subprocess.run([fill, os.path.join(folder, "clients", "local-1-1"), str(N_MEETINGS), "0"], check=True)
        dashboard = Dashboard(folder, "--offline")

        def first_rows():
            dashboard.list("Meetings").wait(("list item",), "Planning 1,")

        def other_rows():
            meetings = dashboard.list("Meetings").root
            wait_for("the other rows follow", lambda: ROWS_OF_GTK <= sum(
                1 for node in walk(meetings) if node.get_role_name() == "list item"))

        def keyboard_stays():
            """A row that was clicked keeps the keyboard: End goes to the last one."""
            dashboard.list("Meetings").click(("list item",), "Planning 2,")
            dashboard.press_key("End")
            dashboard.list("Meetings").wait(("list item",), f"Planning {N_MEETINGS},")

        status = Tap().run((("the first rows are shown", first_rows), ("the others follow", other_rows),
                            ("a clicked row keeps the keyboard", keyboard_stays)))
        dashboard.kill()
        return status


sys.exit(main())
