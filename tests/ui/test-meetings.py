#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Meetings are found by day, order and filter."""

import os
import sqlite3
import sys
import tempfile

from dashboard import BUTTON, Atspi, Dashboard, Tap, View, has_state, is_laid_out, wait_for, walk

MEETING = """WEBVTT

NOTE title: {title}
NOTE date: {date}

00:00:00.000 --> 00:00:{seconds}.000
<v {host}>Welcome to this meeting about the {topic}. Ben, can you write the plan of the {topic} by Friday?

00:00:{seconds}.000 --> 00:01:{seconds}.000
<v Ben Carter>Yes, I will write the plan of the {topic} by Friday.
"""

MEETINGS = (
    {"title": "Budget", "date": "2024-03-04T09:00:00Z", "host": "Anna Groß", "topic": "budget", "seconds": "10"},
    {"title": "Accounts", "date": "2024-03-05T09:00:00Z", "host": "Carla", "topic": "account", "seconds": "30"},
    {"title": "Zoo", "date": "2024-03-05T14:00:00Z", "host": "Anna Groß", "topic": "zoo", "seconds": "20"},
)


class Story:
    def __init__(self, folder):
        self.folder = folder
        self.dashboard = None

    def rows(self):
        """The titles in the order of the list."""
        view = self.dashboard.list("Meetings")
        found = []
        for node in walk(view.root):
            if node.get_role_name() == "list item" and is_laid_out(node):
                place = node.get_extents(Atspi.CoordType.WINDOW)
                found.append((place.y, (node.get_name() or "").split(",")[0]))
        return [name for _, name in sorted(found)]

    def wait_rows(self, *expected):
        wait_for(f"the meetings are {expected}", lambda: self.rows() == list(expected))

    def choose(self, box, number):
        """The row of this number of a drop-down: its list is a window of its own, where the keys are surer than the mouse."""
        self.dashboard.click(("combo box",), box)
        self.dashboard.press_key("Home" + " Down" * number + " Return")

    def begin(self):
        arguments = []
        for meeting in MEETINGS:
            path = os.path.join(self.folder, meeting["title"] + ".vtt")
            with open(path, "w", encoding="utf-8") as file:
                file.write(MEETING.format(**meeting))
            arguments += ["--import", path]
        self.dashboard = Dashboard(os.path.join(self.folder, "profile"), *arguments)
        for meeting in MEETINGS:
            self.dashboard.wait(("list item",), meeting["title"])

    def by_day(self):
        self.wait_rows("Zoo", "Accounts", "Budget")
        view = self.dashboard.list("Meetings")
        assert view.count(("label",), "Tuesday, 5 March 2024") == 1, "a day has one heading"
        assert view.count(("label",), "Monday, 4 March 2024") == 1

    def order(self):
        self.choose("Order", 2)
        self.wait_rows("Accounts", "Budget", "Zoo")
        wait_for("there are no days in another order",
                 lambda: not self.dashboard.list("Meetings").find(("label",), "Tuesday, 5 March 2024"))
        self.choose("Order", 1)
        self.wait_rows("Budget", "Accounts", "Zoo")
        self.dashboard.list("Meetings").wait(("label",), "Tuesday, 5 March 2024")
        self.choose("Order", 3)
        self.wait_rows("Accounts", "Zoo", "Budget")
        self.choose("Order", 0)

    def filter(self):
        self.dashboard.click(("toggle button", "button", "push button"), "Filter")
        self.dashboard.wait(("combo box",), "Person")
        # Popovers are windows of their own. The newest meeting is read first, and its first person is Anna.
        self.dashboard.press_key("Tab Tab space Home Down Return")
        self.wait_rows("Zoo", "Budget")
        self.dashboard.press_key("shift+Tab space Home Down Down Return")
        self.dashboard.wait(("label",), "Nothing Found")
        self.dashboard.press_key("Escape")
        self.dashboard.wait(("label",), "The last 7 days · Anna Groß")
        self.dashboard.press(("button", "push button"), "Show all meetings")
        self.wait_rows("Zoo", "Accounts", "Budget")

    def evidence(self):
        self.dashboard.open_row("Zoo")
        self.dashboard.wait(("label",), "line\u00a02")
        self.dashboard.page("Transcript")
        self.dashboard.wait(("label",), "Welcome to this meeting about the zoo")
        self.dashboard.click(("text", "entry"), "Find in the transcript")
        self.dashboard.type("i will WRITE")

        def is_found():
            view = self.dashboard.list("Transcript")
            return [node for node in walk(view.root) if node.get_role_name() == "list item" and
                    has_state(node, Atspi.StateType.SELECTED)]
        found = wait_for("a line is chosen", is_found)
        assert len(found) == 1
        assert View(found[0]).find(("label",), "Yes, I will write"), "the wrong line was found"

    def archive(self):
        self.dashboard.page("Archive")
        archived = self.dashboard.list("Archived meetings")
        archived.wait(("list item",), "Zoo")
        archived.wait(("list item",), "Budget")

        def revealed():
            path = os.path.join(self.folder, "profile", "server", "ledger.db")
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as ledger:
                return ledger.execute("SELECT count(*) FROM events WHERE type = 'ARCHIVE_REVEAL'").fetchone()[0]
        wait_for("that the archive was looked at is an event", revealed)

    def bulk(self):
        self.dashboard.press(BUTTON, "Select meetings")  # Zoo is chosen already
        self.dashboard.open_row("Budget")
        self.dashboard.wait(("label",), "2 selected")
        self.dashboard.press(BUTTON, "Selected meetings: archive")
        self.wait_rows("Accounts")

    def quit(self):
        self.dashboard.quit()


def main():
    with tempfile.TemporaryDirectory(prefix="crown-ui-") as folder:
        story = Story(folder)
        cases = (
            ("three meetings are imported", story.begin),
            ("they are listed by day", story.by_day),
            ("they are put in another order", story.order),
            ("a filter leaves some, says what it leaves, and goes", story.filter),
            ("the summary names its lines, and a line of the transcript is found", story.evidence),
            ("two meetings are archived at once", story.bulk),
            ("they are in the archive, and a look at it is told", story.archive),
            ("it quits", story.quit),
        )
        return Tap().run(cases)


sys.exit(main())
