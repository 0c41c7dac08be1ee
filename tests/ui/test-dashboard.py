#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dashboard as a person uses it, through accessibility.

Imports a transcript, finds the meeting, ticks a task, archives the meeting and restores it, quits, and sees all of it
again offline.
"""

import os
import shutil
import subprocess
import sys
import tempfile

TRANSCRIPT = """WEBVTT

00:00:00.000 --> 00:00:06.000
<v Anna>Welcome to the release planning. Ben, can you write the release notes by Friday?

00:00:06.000 --> 00:00:10.000
<v Ben>Yes, I will write the release notes by Friday.

00:00:10.000 --> 00:00:16.000
<v Anna>Great. I will send the budget to the whole team tomorrow.
"""


def skip(why):
    print(f"skipped: {why}", file=sys.stderr)
    sys.exit(77)


def under_private_display():
    """Run again under an X server, a bus and an accessibility bus of its own."""
    if os.environ.get("CROWN_TEST_DISPLAY"):
        return
    for program in ("xvfb-run", "Xvfb", "dbus-run-session"):
        if not shutil.which(program):
            skip(f"{program} is missing")
    if not os.path.exists("/usr/libexec/at-spi-bus-launcher"):
        skip("at-spi2-core is missing")
    os.environ["CROWN_TEST_DISPLAY"] = "1"
    os.execvp("xvfb-run", ["xvfb-run", "-a", "-s", "-screen 0 1280x800x24",
                           "dbus-run-session", "--", sys.executable, *sys.argv])


under_private_display()

try:
    import gi
    gi.require_version("Atspi", "2.0")
    from gi.repository import Atspi, GLib
except (ImportError, ValueError) as error:
    skip(f"python3-gi or the Atspi typelib is missing: {error}")


def wait_for(what, condition, seconds=30):
    """Run the main loop until condition() gives something true."""
    loop = GLib.MainLoop()
    found = []

    def check():
        try:
            value = condition()
        except GLib.Error:  # it went away while we looked
            value = None
        if value:
            found.append(value)
            loop.quit()
            return GLib.SOURCE_REMOVE
        return GLib.SOURCE_CONTINUE

    GLib.timeout_add(100, check)
    GLib.timeout_add_seconds(seconds, loop.quit)
    loop.run()
    if not found:
        raise AssertionError(f"never happened: {what}")
    return found[0]


def walk(node):
    yield node
    for index in range(node.get_child_count()):
        child = node.get_child_at_index(index)
        if child is not None:
            yield from walk(child)


def showing(node):
    return node.get_state_set().contains(Atspi.StateType.SHOWING)


class Dashboard:
    def __init__(self, profile, *arguments):
        program = os.path.join(os.environ["CROWN_BUILDDIR"], "src", "ui", "crown4-dashboard")
        environment = dict(os.environ, GTK_A11Y="atspi", GSK_RENDERER="cairo", LIBGL_ALWAYS_SOFTWARE="1",
                           GSETTINGS_SCHEMA_DIR=os.path.join(os.environ["CROWN_BUILDDIR"], "data"), LANGUAGE="C")
        self.process = subprocess.Popen([program, "--profile", profile, *arguments], env=environment)
        self.root = wait_for("the application is on the accessibility bus", self.find_root)

    def find_root(self):
        assert self.process.poll() is None, "the dashboard ended"
        desktop = Atspi.get_desktop(0)
        for index in range(desktop.get_child_count()):
            application = desktop.get_child_at_index(index)
            if application is not None and application.get_process_id() == self.process.pid:
                return application
        return None

    def find(self, roles, name):
        for node in walk(self.root):
            if node.get_role_name() in roles and name in (node.get_name() or "") and showing(node):
                return node
        return None

    def wait(self, roles, name=""):
        return wait_for(f"{'/'.join(roles)} “{name}”", lambda: self.find(roles, name))

    def press(self, roles, name):
        self.wait(roles, name).do_action(0)

    def page(self, name):
        self.press(("radio button", "toggle button", "page tab"), name)

    def quit(self):
        self.press(("button", "push button"), "Close")
        assert self.process.wait(timeout=20) == 0


def main():
    BUTTON = ("button", "push button")
    with tempfile.TemporaryDirectory(prefix="crown-ui-") as folder:
        transcript = os.path.join(folder, "Release planning.vtt")
        with open(transcript, "w", encoding="utf-8") as file:
            file.write(TRANSCRIPT)
        profile = os.path.join(folder, "profile")

        dashboard = Dashboard(profile, "--import", transcript)
        dashboard.wait(("list item",), "Release planning")
        print("ok 1 - the imported meeting is there")

        dashboard.page("Tasks")
        check = dashboard.wait(("check box",))
        text = check.get_name()
        check.do_action(0)
        wait_for("the task is ticked", lambda: (found := dashboard.find(("check box",), text)) and
                 found.get_state_set().contains(Atspi.StateType.CHECKED))
        print("ok 2 - a task is ticked")

        dashboard.page("Meetings")
        row = dashboard.wait(("list item",), "Release planning")
        row.get_component_iface().grab_focus()
        subprocess.run(["xdotool", "key", "Return"], check=True)
        dashboard.press(BUTTON, "Archive")
        dashboard.page("Archive")
        dashboard.press(BUTTON, "Restore Release planning")
        dashboard.page("Meetings")
        dashboard.wait(("list item",), "Release planning")
        print("ok 3 - the meeting is archived and restored")
        dashboard.quit()

        dashboard = Dashboard(profile, "--offline")
        dashboard.wait(("label",), "Offline: you see")
        dashboard.page("Meetings")
        dashboard.wait(("list item",), "Release planning")
        dashboard.page("Tasks")
        check = dashboard.wait(("check box",), text)
        assert check.get_state_set().contains(Atspi.StateType.CHECKED), f"“{text}” is no longer ticked"
        print("ok 4 - everything is there offline")
        dashboard.quit()
    print("1..4")


main()
