#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is around the pages: the connection, the numbers of the workspace and where they lead."""

import os
import sys
import tempfile

from dashboard import BUTTON, Dashboard, Tap, wait_for

TRANSCRIPT = """WEBVTT

00:00:00.000 --> 00:00:06.000
<v Anna>Ben, can you write the release notes by Friday?

00:00:06.000 --> 00:00:10.000
<v Ben>Yes, I will write the release notes by Friday.

00:00:10.000 --> 00:20:16.000
<v Anna>Great. I will send the budget to the whole team tomorrow.
"""
CHECK = ("check box",)
ROW = ("list item", "row", "table row")
NOWHERE = "http://127.0.0.1:1"  # a port that nobody listens on


class Story:
    def __init__(self, folder):
        self.folder = folder
        self.profile = os.path.join(folder, "profile")
        paths = []
        for name in ("Release planning", "Retrospective"):
            paths += ["--import", os.path.join(folder, f"{name}.vtt")]
            with open(paths[-1], "w", encoding="utf-8") as file:
                file.write(TRANSCRIPT)
        self.dashboard = Dashboard(self.profile, *paths)

    def live(self):
        self.dashboard.wait(BUTTON, "Live")

    def numbers(self):
        for label in ("Meetings: 2", "Open tasks: 4", "Hours saved: 0.", "Active meetings: 2", "In the archive: 0"):
            self.dashboard.wait(BUTTON, label)

    def drill(self):
        self.dashboard.press(BUTTON, "Open tasks")
        tasks = self.dashboard.list("Tasks")
        tasks.wait(CHECK, "budget")
        tasks.click(CHECK, "budget")
        self.dashboard.wait(BUTTON, "Open tasks: 3")
        self.dashboard.press(BUTTON, "Active meetings")
        self.dashboard.open_row("Release planning")
        self.dashboard.press(BUTTON, "Archive")
        self.dashboard.wait(BUTTON, "In the archive: 1")
        self.dashboard.wait(BUTTON, "Active meetings: 1")
        self.dashboard.press(BUTTON, "In the archive")
        self.dashboard.wait(BUTTON, "Restore Release planning")

    def diagnostics(self):
        known = self.dashboard.x_windows()
        self.dashboard.key("ctrl+shift+d")
        self.dashboard.focus_new_window(known)
        for fact in ("State: Live", "Server: http://127.0.0.1:", "Repaired Rows: 0", "Meetings: 2 rows"):
            self.dashboard.wait(ROW, fact)
        for latency in ("Start: median", "Reading the cache: median", "A change until it has come back: median",
                        "Applying an event: median"):
            self.dashboard.wait(ROW, latency)
        self.dashboard.press(BUTTON, "Copy Report")
        self.dashboard.wait(("label",), "Report copied")
        self.dashboard.press_key("Escape")
        wait_for("the window is gone", lambda: len(self.dashboard.x_windows()) == len(known))

    def lost(self):
        self.dashboard.quit()
        self.dashboard = Dashboard(os.path.join(self.folder, "lost"), "--server", NOWHERE,
                                   environment={"CROWN4_TOKEN": "nobody"})
        self.dashboard.wait(BUTTON, "Connection lost · \u2068Offline since ")
        self.dashboard.wait(("label",), "The server cannot be reached")
        self.dashboard.press(BUTTON, "Reconnect Now")
        self.dashboard.quit()

    def offline(self):
        self.dashboard = Dashboard(self.profile, "--offline")
        self.dashboard.wait(BUTTON, "Offline since ")
        assert self.dashboard.find(BUTTON, "Reconnect Now") is None, "there is nothing to reconnect to"
        self.dashboard.wait(BUTTON, "Meetings: 2")
        self.dashboard.quit()


def main():
    with tempfile.TemporaryDirectory(prefix="crown-ui-") as folder:
        story = Story(folder)
        return Tap().run((
            ("a connection that is there is called live", story.live),
            ("the numbers of the workspace are shown", story.numbers),
            ("a number leads to what it counts, and follows it", story.drill),
            ("the diagnostics are read from what is there", story.diagnostics),
            ("a lost connection says since when, and offers to try again", story.lost),
            ("offline says since when", story.offline),
        ))


sys.exit(main())
