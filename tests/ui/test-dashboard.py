#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dashboard as a person uses it: import, read, tick, archive, restore, a second window, offline, a crash, online again."""

import os
import sqlite3
import sys
import tempfile

from dashboard import BUTTON, Dashboard, Tap, wait_for

PLANNING = """WEBVTT

00:00:00.000 --> 00:00:06.000
<v Anna>Welcome to the release planning. Ben, can you write the release notes by Friday?

00:00:06.000 --> 00:00:10.000
<v Ben>Yes, I will write the release notes by Friday.

00:00:10.000 --> 00:00:16.000
<v Anna>Great. I will send the budget to the whole team tomorrow.
"""

RETROSPECTIVE = """Anna: The release went well, but the tests took too long.
Ben: I will split the test suite into two parts by Monday.
Anna: Good. I will write to the customers about the new version tomorrow.
"""


class Story:
    def __init__(self, folder):
        self.folder = folder
        self.profile = os.path.join(folder, "profile")
        self.dashboard = None
        self.text = None

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        return path

    def ask_ledger(self, sql):
        path = os.path.join(self.profile, "server", "ledger.db")
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as ledger:
            return ledger.execute(sql).fetchall()

    def choose_file(self, path):
        known = self.dashboard.x_windows()
        self.dashboard.key("ctrl+o")
        self.dashboard.focus_new_window(known)
        self.dashboard.type(path)  # the slash that it begins with opens a line for the path
        self.dashboard.press_key("Return")
        wait_for("the file chooser is gone", lambda: len(self.dashboard.x_windows()) == len(known))

    def import_from_the_command_line(self):
        self.dashboard = Dashboard(self.profile, "--import", self.write("Release planning.vtt", PLANNING))
        self.dashboard.wait(("list item",), "Release planning")

    def read_the_meeting(self):
        self.dashboard.open_row("Release planning")
        self.dashboard.wait(("label",), "Anna, Ben")
        self.dashboard.page("Transcript")
        self.dashboard.wait(("label",), "I will send the budget to the whole team tomorrow.")
        self.dashboard.page("Analytics")
        self.dashboard.wait(("label",), "Release planning")

    def import_through_the_interface(self):
        self.choose_file(self.write("Retrospective.txt", RETROSPECTIVE))
        self.dashboard.wait(("list item",), "Retrospective")

    def refuse_a_bad_file(self):
        before = self.ask_ledger("SELECT count(*) FROM events WHERE type <> 'DASHBOARD_IDLE_SYNC'")
        self.choose_file(self.write("notes.vtt", "WEBVTT\n\n00:00:09.000 --> nonsense\nHello\n"))
        self.dashboard.wait(("label",), "notes.vtt")
        assert self.ask_ledger("SELECT count(*) FROM events WHERE type <> 'DASHBOARD_IDLE_SYNC'") == before
        assert self.dashboard.count(("list item",), "notes") == 0

    def tick(self):
        self.dashboard.page("Tasks")
        tasks = self.dashboard.list("Tasks")
        self.text = tasks.wait(("check box",), "release notes").get_name()
        tasks.click(("check box",), self.text)
        tasks.wait_checked(self.text)

    def archive_and_restore(self):
        self.dashboard.page("Meetings")
        self.dashboard.open_row("Release planning")
        self.dashboard.press(BUTTON, "Archive")
        self.dashboard.page("Archive")
        self.dashboard.press(BUTTON, "Restore Release planning")
        self.dashboard.page("Meetings")
        self.dashboard.wait(("list item",), "Release planning")

    def second_window(self):
        self.dashboard.page("Tasks")
        self.dashboard.key("ctrl+n")
        first, second = wait_for("two windows", lambda: (windows := self.dashboard.windows()) and
                                 len(windows) == 2 and windows)
        for window in (first, second):
            window.page("Tasks")
            window.list("Tasks").wait(("check box",), "budget")
        second.list("Tasks").click(("check box",), "budget")
        for window in (first, second):
            window.list("Tasks").wait_checked("budget")
        second.list("Tasks").click(("check box",), "budget")
        for window in (first, second):
            window.list("Tasks").wait_checked("budget", False)

    def events(self):
        types = [row[0] for row in self.ask_ledger("SELECT type FROM events ORDER BY event_id")]
        for name in ("SESSION_CREATE", "TASK_CREATE", "ANALYTICS_REFRESH", "SESSION_COMPLETE", "TASK_UPDATE",
                     "SESSION_ARCHIVE", "MEETING_UPDATE"):
            assert name in types, f"no {name} among {types}"

    def quit(self):
        self.dashboard.quit()

    def offline(self):
        self.dashboard = Dashboard(self.profile, "--offline")
        self.dashboard.wait(("label",), "Offline: you see")
        self.dashboard.page("Meetings")
        self.dashboard.wait(("list item",), "Release planning")
        self.dashboard.page("Tasks")
        self.dashboard.list("Tasks").wait_checked(self.text)

    def tick_offline_and_crash(self):
        self.dashboard.list("Tasks").click(("check box",), "budget")
        self.dashboard.wait(BUTTON, "1 change to send")
        self.dashboard.kill()
        assert not self.is_done_on_server("budget"), "an offline change reached the server"
        self.dashboard = Dashboard(self.profile, "--offline")
        self.dashboard.page("Tasks")
        self.dashboard.list("Tasks").wait_checked("budget")
        self.dashboard.kill()

    def is_done_on_server(self, words):
        rows = self.ask_ledger("SELECT json FROM rows WHERE store = 'tasks'")
        found = [row[0] for row in rows if words in row[0]]
        assert found, f"no task with “{words}” on the server"
        return '"status":"completed"' in found[0]

    def reaches_the_server(self):
        self.dashboard = Dashboard(self.profile)
        self.dashboard.page("Tasks")
        wait_for("the change is on the server", lambda: self.is_done_on_server("budget"))
        self.dashboard.list("Tasks").wait_checked("budget")
        self.dashboard.quit()


def main():
    with tempfile.TemporaryDirectory(prefix="crown-ui-") as folder:
        story = Story(folder)
        cases = (
            ("a transcript is imported", story.import_from_the_command_line),
            ("a transcript is imported through the file chooser", story.import_through_the_interface),
            ("a bad file is refused with a message and changes nothing", story.refuse_a_bad_file),
            ("the meeting, its transcript and its analytics can be read", story.read_the_meeting),
            ("a task is ticked", story.tick),
            ("a meeting is archived and restored", story.archive_and_restore),
            ("a second window follows the first, and the first the second", story.second_window),
            ("everything came through events", story.events),
            ("it quits", story.quit),
            ("everything is there offline", story.offline),
            ("what is ticked offline survives a crash", story.tick_offline_and_crash),
            ("what was ticked offline reaches the server", story.reaches_the_server),
        )
        return Tap().run(cases)


sys.exit(main())
