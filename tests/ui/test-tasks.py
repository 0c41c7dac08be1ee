#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tasks of today, upcoming ones and done ones, and what a tick moves from one to the other; charts by the keyboard."""

import os
import sys
import tempfile

from dashboard import BUTTON, SWITCH, Dashboard, Tap, has_state, wait_for

from gi.repository import Atspi

TRANSCRIPT = """WEBVTT

NOTE title: {title}
NOTE date: {date}

00:00:00.000 --> 00:00:06.000
<v Anna>Ben, can you tell us what comes next?

00:00:06.000 --> 00:00:10.000
<v Ben>I will {what} by Friday.
"""
MEETINGS = (("Long ago", "2020-01-06T10:00:00Z", "send the report"), ("To come", "2099-01-05T10:00:00Z", "prepare the slides"))
CHECK = ("check box",)


class Story:
    def __init__(self, folder):
        paths = []
        for title, date, what in MEETINGS:
            paths.append(os.path.join(folder, f"{title}.vtt"))
            with open(paths[-1], "w", encoding="utf-8") as file:
                file.write(TRANSCRIPT.format(title=title, date=date, what=what))
        self.dashboard = Dashboard(os.path.join(folder, "profile"), "--import", paths[0], "--import", paths[1])

    def shows(self, view, report, slides):
        """In @view, whether the two tasks are there."""
        self.dashboard.press(BUTTON + SWITCH, view)  # GTK 4.8 calls a toggle button a button
        wait_for(f"{view}: the report {report}, the slides {slides}", lambda: (
            self.dashboard.count(CHECK, "report"), self.dashboard.count(CHECK, "slides")) == (report, slides))

    def views(self):
        for title, _date, _what in MEETINGS:
            self.dashboard.wait(("list item",), title)
        self.dashboard.page("Tasks")
        self.shows("All", 1, 1)
        self.shows("Today", 1, 0)
        self.dashboard.wait(("label",), "overdue since 10 January 2020")
        self.shows("Upcoming", 0, 1)
        self.shows("Done", 0, 0)
        self.dashboard.wait(("label",), "Nothing Done Yet")

    def tick(self):
        self.shows("Today", 1, 0)
        self.dashboard.list("Tasks").click(CHECK, "report")
        wait_for("it is no task of today any more", lambda: self.dashboard.count(CHECK, "report") == 0)
        self.dashboard.wait(("label",), "Nothing Due Today")
        self.shows("Done", 1, 0)
        self.dashboard.list("Tasks").wait_checked("report")

    def charts(self):
        """A chart is walked through by the arrows, and says what it is at."""
        self.dashboard.page("Analytics")
        chart = self.dashboard.wait(("image", "icon", "img"), "Speaking Time")
        self.dashboard.click((chart.get_role_name(),), "Speaking Time")
        wait_for("the chart has the keyboard", lambda: has_state(chart, Atspi.StateType.FOCUSED))
        self.dashboard.press_key("Home")
        self.dashboard.wait((chart.get_role_name(),), "Speaking Time. Anna: 6 s")
        self.dashboard.press_key("Down")
        self.dashboard.wait((chart.get_role_name(),), "Speaking Time. Ben: 4 s")
        self.dashboard.press_key("End")
        self.dashboard.wait((chart.get_role_name(),), "Speaking Time. Ben: 4 s")

    def over_time(self):
        self.dashboard.press(SWITCH, "Over Time")
        self.dashboard.wait(("label",), "There is no data for this.")


def main():
    with tempfile.TemporaryDirectory(prefix="crown-ui-") as folder:
        story = Story(folder)
        status = Tap().run((
            ("each view has its tasks", story.views),
            ("what is ticked today is done", story.tick),
            ("a chart is read by the keyboard", story.charts),
            ("a range without meetings says so", story.over_time),
        ))
        story.dashboard.kill()
        return status


sys.exit(main())
