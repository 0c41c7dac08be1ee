# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts the dashboard on a private display and looks at it through accessibility, as a screen reader does."""

import os
import shutil
import subprocess
import sys


def skip(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(0)


def under_private_display():
    """Run again under an X server, a bus and an accessibility bus of its own."""
    if os.environ.get("CROWN_TEST_DISPLAY"):
        return
    for program in ("xvfb-run", "Xvfb", "dbus-run-session", "xdotool"):
        if not shutil.which(program):
            skip(f"{program} is missing")
    if not os.path.exists("/usr/libexec/at-spi-bus-launcher"):
        skip("at-spi2-core is missing")
    os.environ["CROWN_TEST_DISPLAY"] = "1"
    sys.stdout.flush()
    os.execvp("xvfb-run", ["xvfb-run", "-a", "-s", "-screen 0 " + os.environ.get("CROWN_TEST_SCREEN", "1280x800x24"),
                           "dbus-run-session", "--", sys.executable, *sys.argv])


under_private_display()

try:
    import gi
    gi.require_version("Atspi", "2.0")
    from gi.repository import Atspi, GLib
except (ImportError, ValueError) as error:
    skip(f"python3-gi or the Atspi typelib is missing: {error}")

BUILD = os.environ["CROWN_BUILDDIR"]
BUTTON = ("button", "push button")
SWITCH = ("radio button", "toggle button", "page tab")


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

    ticks = GLib.timeout_add(50, check)
    end = GLib.timeout_add_seconds(seconds, loop.quit)
    loop.run()
    if not found:
        GLib.source_remove(ticks)
        raise AssertionError(f"never happened: {what}")
    GLib.source_remove(end)
    return found[0]


def walk(node):
    yield node
    for index in range(node.get_child_count()):
        child = node.get_child_at_index(index)
        if child is not None:
            yield from walk(child)


def has_state(node, state):
    return node.get_state_set().contains(state)


def is_laid_out(node):
    """GTK 4.8 gives SHOWING to windows only; what has never been shown has no size."""
    if not has_state(node, Atspi.StateType.VISIBLE):
        return False
    extents = node.get_extents(Atspi.CoordType.WINDOW)
    return extents.width > 0 and extents.height > 0


class View:
    """What is below one node: an application, or one of its windows."""

    def __init__(self, root):
        self.root = root

    def find(self, roles, name):
        for node in walk(self.root):
            node.clear_cache()
            if node.get_role_name() in roles and name in (node.get_name() or "") and is_laid_out(node):
                return node
        return None

    def count(self, roles, name=""):
        return sum(1 for node in walk(self.root) if node.get_role_name() in roles and name in (node.get_name() or "")
                   and is_laid_out(node))

    def wait(self, roles, name=""):
        return wait_for(f"{'/'.join(roles)} “{name}” is shown", lambda: self.find(roles, name))

    def list(self, name):
        """The list of exactly this name: a page that was shown before keeps its place, and may have rows of the same text."""
        return View(wait_for(f"the list “{name}” is shown", lambda: next(
            (node for node in walk(self.root) if node.get_role_name() == "list" and node.get_name() == name and is_laid_out(node)),
            None)))

    def press(self, roles, name):
        self.wait(roles, name).do_action(0)

    def click(self, roles, name):
        """With the mouse: GTK 4.8 gives rows and check boxes no accessible action. Without a window manager all windows
        are at 0, 0, so this reaches the one that was opened last."""
        place = self.wait(roles, name).get_extents(Atspi.CoordType.WINDOW)
        # From elsewhere: --sync waits for the pointer to move, for ever where it is there already.
        subprocess.run(["xdotool", "mousemove", "0", "0", "mousemove", "--sync", str(place.x + min(place.width // 2, 40)),
                        str(place.y + place.height // 2), "click", "1"], check=True)

    def open_row(self, name):
        self.click(("list item",), name)

    def page(self, name):
        self.press(SWITCH, name)

    def wait_checked(self, text, checked=True):
        def is_so():
            check = self.find(("check box",), text)
            return check is not None and has_state(check, Atspi.StateType.CHECKED) == checked
        wait_for(f"“{text}” is {'ticked' if checked else 'not ticked'}", is_so)

    def dump(self):
        for node in walk(self.root):
            if is_laid_out(node):
                print("#", node.get_role_name(), repr(node.get_name()), file=sys.stderr)


class Dashboard(View):
    """One process of the dashboard."""

    def __init__(self, profile, *arguments, environment=None):
        program = os.path.join(BUILD, "src", "ui", "crown4-dashboard")
        variables = dict(os.environ, GTK_A11Y="atspi", GSK_RENDERER="cairo", LIBGL_ALWAYS_SOFTWARE="1",
                         GSETTINGS_SCHEMA_DIR=os.path.join(BUILD, "data"), LANGUAGE="C") | (environment or {})
        self.start([program, "--profile", profile, *arguments], variables)

    def start(self, command, variables):
        self.process = subprocess.Popen(command, env=variables)
        super().__init__(None)
        self.root = wait_for("the application is on the accessibility bus", self.find_root)

    def find_root(self):
        assert self.is_running(), "the dashboard ended"
        desktop = Atspi.get_desktop(0)
        for index in range(desktop.get_child_count()):
            application = desktop.get_child_at_index(index)
            if application is not None and self.owns(application):
                return application
        return None

    def is_running(self):
        return self.process.poll() is None

    def owns(self, application):
        return application.get_process_id() == self.process.pid

    def windows(self):
        found = [self.root.get_child_at_index(index) for index in range(self.root.get_child_count())]
        return [View(node) for node in found if node is not None and has_state(node, Atspi.StateType.SHOWING)]

    def x_windows(self):
        return subprocess.run(["xdotool", "search", "--onlyvisible", "--pid", str(self.process.pid)],
                              capture_output=True, text=True).stdout.split()

    def focus_new_window(self, known):
        """Without a window manager a dialog does not get the keys by itself."""
        window = wait_for("another window is mapped", lambda: [w for w in self.x_windows() if w not in known])[0]
        subprocess.run(["xdotool", "windowfocus", "--sync", window], check=True)

    def key(self, keys):
        """Press keys in this process's window; without a window manager the focus has to be given."""
        subprocess.run(["xdotool", "windowfocus", "--sync", self.x_windows()[0], "key", "--clearmodifiers", *keys.split()], check=True)

    def press_key(self, keys):
        """Press keys wherever the focus is."""
        subprocess.run(["xdotool", "key", "--clearmodifiers", *keys.split()], check=True)

    def type(self, text):
        subprocess.run(["xdotool", "type", "--delay", "5", text], check=True)

    def quit(self):
        self.key("ctrl+q")
        assert self.process.wait(timeout=20) == 0, f"the dashboard ended with {self.process.returncode}"

    def kill(self):
        self.process.kill()
        self.process.wait()


class Tap:
    """Runs cases in order, one line each; later cases build on earlier ones, so the first failure ends the run."""

    def __init__(self):
        self.number = 0

    def run(self, cases):
        print(f"1..{len(cases)}", flush=True)
        failed = False
        for name, case in cases:
            self.number += 1
            if failed:
                print(f"not ok {self.number} - {name} (an earlier case failed)", flush=True)
                continue
            try:
                case()
                print(f"ok {self.number} - {name}", flush=True)
            except Exception as error:  # whatever it was, it is this case's result
                print(f"not ok {self.number} - {name}: {type(error).__name__}: {error}", flush=True)
                failed = True
        return 1 if failed else 0
