#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task is changed where it is shown, each change is undone and done again in many steps, and it says where it comes from."""

import os
import sys
import tempfile

from dashboard import BUTTON, SWITCH, Dashboard, Tap, wait_for

TRANSCRIPT = """WEBVTT

NOTE title: Weekly Sync
NOTE date: 2020-01-06T10:00:00Z

00:00:00.000 --> 00:00:06.000
<v Anna>Ben, can you tell us what comes next?

00:00:06.000 --> 00:00:10.000
<v Ben>I will send the report by Friday.
"""
LABEL = ("label",)
MENU = BUTTON + SWITCH


class Story:
    def __init__(self, folder):
        path = os.path.join(folder, "weekly.vtt")
        with open(path, "w", encoding="utf-8") as file:
            file.write(TRANSCRIPT)
        self.dashboard = Dashboard(os.path.join(folder, "profile"), "--import", path)

    def row(self, text, facts=""):
        """The task's row in the list says this."""
        self.dashboard.list("Tasks").wait(("label",), text)
        if facts:
            self.dashboard.list("Tasks").wait(("label",), facts)

    def focus_list(self):
        self.dashboard.list("Tasks").click(("list item",), "")

    def undo(self, keys="ctrl+z"):
        self.focus_list()
        self.dashboard.press_key(keys)

    def origin(self):
        self.dashboard.wait(("list item",), "Weekly Sync")
        self.dashboard.page("Tasks")
        self.dashboard.list("Tasks").click(("list item",), "report")
        self.dashboard.wait(LABEL, "Where It Comes From")
        self.dashboard.wait(LABEL, "“I will send the report by Friday.”")

    def text(self):
        self.dashboard.click(("text",), "Task")
        self.dashboard.press_key("ctrl+a")
        self.dashboard.type("Send the deck")
        self.dashboard.press_key("Return")
        self.row("Send the deck")

    def due(self):
        self.dashboard.press(MENU, "10 January 2020")
        self.dashboard.press(BUTTON, "No Date")
        self.dashboard.wait(MENU, "No date")

    def assignee(self):
        self.dashboard.press(MENU, "Ben")
        self.dashboard.wait(("list item",), "Anna")
        self.dashboard.type("ann")
        self.dashboard.wait(("list item",), "New person “ann”")
        self.dashboard.press_key("Return")
        self.row("Send the deck", "Anna")

    def undo_all(self):
        self.undo()
        self.row("Send the deck", "Ben")
        self.undo()
        self.row("Send the deck", "overdue since 10 January 2020")
        self.undo()
        self.row("end the report")

    def redo(self):
        self.undo("ctrl+shift+z")
        self.row("Send the deck")
        self.undo("ctrl+shift+z")
        self.dashboard.wait(MENU, "No date")

    def delete(self):
        self.focus_list()
        self.dashboard.press_key("Delete")
        self.dashboard.press(BUTTON, "Undo")
        self.row("Send the deck")
        self.dashboard.list("Tasks").click(("list item",), "")
        self.dashboard.wait(LABEL, "“I will send the report by Friday.”")

    def delete_again(self):
        self.focus_list()
        self.dashboard.press_key("Delete")
        wait_for("the list is empty", lambda: self.dashboard.count(("check box",), "Send the deck") == 0)
        self.dashboard.press_key("ctrl+z")
        self.row("Send the deck")

    def quit(self):
        self.dashboard.quit()


def main():
    with tempfile.TemporaryDirectory(prefix="crown-ui-") as folder:
        story = Story(folder)
        status = Tap().run((
            ("a task says where it comes from", story.origin),
            ("its text is changed in place", story.text),
            ("its date by the calendar's popover", story.due),
            ("its person by completion", story.assignee),
            ("all of it is undone, step by step", story.undo_all),
            ("and done again", story.redo),
            ("it is deleted and brought back by the toast", story.delete),
            ("and again, by the key", story.delete_again),
            ("the program ends", story.quit),
        ))
        if status:
            story.dashboard.dump()
        story.dashboard.kill()
        return status


sys.exit(main())
