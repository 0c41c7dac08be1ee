#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the desktop is told of the application, and what it does when the desktop starts it over the bus."""

import configparser
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

BUILD = os.environ["CROWN_BUILDDIR"]
SOURCE = os.environ["CROWN_SRCDIR"]
ID = "org.crown4.Dashboard"
PATH = "/org/crown4/Dashboard"
DATA = os.path.join(BUILD, "data")
PROGRAM = os.path.join(BUILD, "src", "ui", "crown4-dashboard")

# The bus looks into this folder for what it may start, and the application keeps its profile in it.
if "CROWN_TEST_DISPLAY" not in os.environ:
    os.environ["XDG_DATA_HOME"] = tempfile.mkdtemp(prefix="crown-desktop-")
    services = os.path.join(os.environ["XDG_DATA_HOME"], "dbus-1", "services")
    os.makedirs(services)
    with open(os.path.join(DATA, f"{ID}.service"), encoding="utf-8") as file:
        service = file.read()
    with open(os.path.join(services, f"{ID}.service"), "w", encoding="utf-8") as file:
        file.write(re.sub("^Exec=[^ ]*", f"Exec={PROGRAM}", service, flags=re.MULTILINE))
    os.environ |= {"GTK_A11Y": "atspi", "GSK_RENDERER": "cairo", "LIBGL_ALWAYS_SOFTWARE": "1", "LANGUAGE": "C",
                   "GSETTINGS_SCHEMA_DIR": DATA}
sys.path.insert(0, os.path.join(SOURCE, "tests", "ui"))

from dashboard import Dashboard, Tap, has_state, is_laid_out, wait_for

import gi
gi.require_version("GdkPixbuf", "2.0")
from gi.repository import Atspi, GdkPixbuf, Gio, GLib

MEETING = """WEBVTT

00:00:00.000 --> 00:00:06.000
<v Anna>Ben, can you write the release notes by Friday?

00:00:06.000 --> 00:00:10.000
<v Ben>Yes, I will write the release notes by Friday.
"""


def succeeds(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


class Files:
    def __init__(self):
        self.desktop_path = os.path.join(DATA, f"{ID}.desktop")
        self.metainfo_path = os.path.join(DATA, f"{ID}.metainfo.xml")
        self.desktop = configparser.RawConfigParser(strict=False)
        self.desktop.optionxform = str
        self.desktop.read(self.desktop_path, encoding="utf-8")
        self.entry = self.desktop["Desktop Entry"]
        self.metainfo = ElementTree.parse(self.metainfo_path).getroot()

    def metainfo_is_valid(self):
        succeeds("appstreamcli", "validate", "--pedantic", "--no-net", self.metainfo_path)
        for tag in ("screenshots/screenshot/image", "releases/release", "content_rating", "branding/color"):
            assert self.metainfo.find(tag) is not None, tag

    def desktop_file_is_valid(self):
        succeeds("desktop-file-validate", self.desktop_path)
        assert self.entry["DBusActivatable"] == "true"
        for action in self.entry["Actions"].strip(";").split(";"):
            group = self.desktop[f"Desktop Action {action}"]
            assert group["Name"] and group["Exec"], action

    def they_agree(self):
        assert self.metainfo.findtext("id") == ID == self.entry["Icon"]
        assert self.metainfo.findtext("launchable") == f"{ID}.desktop"
        assert self.metainfo.findtext("provides/dbus") == ID
        assert self.metainfo.findtext("name") == self.entry["Name"]
        types = [node.text for node in self.metainfo.iterfind("provides/mediatype")]
        assert types == self.entry["MimeType"].strip(";").split(";"), types
        version = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
        assert self.metainfo.find("releases/release").get("version") == version

    def files_are_taken_to_it(self):
        """A .vtt and a .srt are of the types that the desktop file names."""
        types = [Gio.content_type_guess(f"a.{suffix}", None)[0] for suffix in ("vtt", "srt")]
        assert types == self.entry["MimeType"].strip(";").split(";"), types

    def icons_are_pictures(self):
        for name, colours in ((ID, None), (f"{ID}-symbolic", {"#2e3436"})):
            path = os.path.join(SOURCE, "data", "icons", f"{name}.svg")
            for size in (16, 128):
                picture = GdkPixbuf.Pixbuf.new_from_file_at_size(path, size, size)
                assert (picture.get_width(), picture.get_height()) == (size, size)
                alpha = picture.get_pixels()[3::4]
                drawn = sum(1 for value in alpha if value > 127) / (size * size)
                assert 0.3 < drawn < 0.9, f"{name}: {drawn:.2f} of {size} pixels square"
            if colours:  # a symbolic icon is recoloured by the theme
                with open(path, encoding="utf-8") as file:
                    assert set(re.findall(r"#[0-9a-f]{6}\b", file.read())) == colours


class Started(Dashboard):
    """The application as the bus started it."""

    def __init__(self, bus):
        self.bus = bus
        self.root = wait_for("the application is on the accessibility bus", self.find_root)

    def is_running(self):
        return True  # the bus told its number

    def has_window(self, name):
        windows = [self.root.get_child_at_index(index) for index in range(self.root.get_child_count())]
        return any(window.get_name() == name and is_laid_out(window) for window in windows)

    def owns(self, application):
        return application.get_process_id() == self.bus.number()


class Bus:
    def __init__(self):
        self.bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        self.dashboard = None

    def ask(self, method, signature, *values):
        self.bus.call_sync(ID, PATH, "org.freedesktop.Application", method, GLib.Variant(signature, values), None, 0, -1, None)

    def search(self, method, signature, *values):
        provider = configparser.RawConfigParser()
        provider.read(os.path.join(SOURCE, "data", f"{ID}.search-provider.ini"), encoding="utf-8")
        names = provider["Shell Search Provider"]
        answer = self.bus.call_sync(names["BusName"], names["ObjectPath"], "org.gnome.Shell.SearchProvider2", method,
                                    GLib.Variant(signature, values), None, 0, -1, None).unpack()
        return answer[0] if answer else None

    def act(self, name):
        self.ask("ActivateAction", "(sava{sv})", name, [], {})

    def number(self):
        """Of the process that owns the application's name."""
        return self.bus.call_sync("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetConnectionUnixProcessID",
                                  GLib.Variant("(s)", (ID,)), None, 0, -1, None).unpack()[0]

    def is_running(self):
        return self.bus.call_sync("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "NameHasOwner",
                                  GLib.Variant("(s)", (ID,)), None, 0, -1, None).unpack()[0]

    def an_action_starts_it(self):
        assert not self.is_running()
        self.act("add-task")
        self.dashboard = Started(self)
        tab = self.dashboard.wait(("radio button", "toggle button", "page tab"), "Tasks")
        wait_for("the tasks are shown", lambda: has_state(tab, Atspi.StateType.CHECKED) or has_state(tab, Atspi.StateType.PRESSED)
                 or has_state(tab, Atspi.StateType.SELECTED))

    def a_file_is_imported(self):
        path = os.path.join(os.environ["XDG_DATA_HOME"], "Release planning.vtt")
        with open(path, "w", encoding="utf-8") as file:
            file.write(MEETING)
        self.ask("Open", "(asa{sv})", [Gio.File.new_for_path(path).get_uri()], {})
        self.dashboard.page("Meetings")
        self.dashboard.wait(("list item",), "Release planning")

    def windows_are_opened(self):
        self.act("new-window")
        wait_for("there are two windows", lambda: len(self.dashboard.windows()) == 2)
        self.act("import")
        wait_for("the file chooser is there", lambda: self.dashboard.has_window("Import Transcripts"))

    def the_desktop_searches(self):
        """Over the names that GNOME Shell reads in the .ini file, with a process that has no window."""
        self.stop()
        number = None
        for terms in (["rel"], ["release"]):
            began = time.monotonic()
            results = self.search("GetInitialResultSet", "(as)", terms)
            self.milliseconds = (time.monotonic() - began) * 1000
            assert [name.split(":")[0] for name in results] == ["meeting", "task"], results
            assert number in (None, self.number()), "it was started again"
            number = self.number()
        assert self.search("GetSubsearchResultSet", "(asas)", results, ["nothing like it"]) == []
        assert self.search("GetInitialResultSet", "(as)", [" "]) == []
        assert self.search("GetInitialResultSet", "(as)", ["x" * 1000]) == []
        metas = self.search("GetResultMetas", "(as)", [*results, "task:999", "meeting:-1", "else"])
        assert len(metas) == 5 and [meta["id"] for meta in metas[:2]] == results
        assert metas[0]["name"] == "Release planning" and "1 task" in metas[0]["description"], metas[0]
        assert "release notes" in metas[1]["name"] and "Release planning" in metas[1]["description"], metas[1]
        assert {meta["name"] for meta in metas[2:]} == {"No longer there"}
        shown = subprocess.run(["xdotool", "search", "--onlyvisible", "--class", "crown4-dashboard"], capture_output=True, text=True)
        assert shown.stdout == "", "a window was opened"
        print(f"# answered in {self.milliseconds:.1f} ms", flush=True)

    def a_result_is_opened(self):
        task = self.search("GetInitialResultSet", "(as)", ["release"])[1]
        self.search("ActivateResult", "(sasu)", task, ["release"], 0)
        self.dashboard = Started(self)
        self.dashboard.wait(("label",), "Anna, Ben")
        self.search("LaunchSearch", "(asu)", ["nothing like it"], 0)
        self.dashboard.wait(("label",), "Nothing Found")

    def activating_shows_what_is_there(self):
        self.ask("Activate", "(a{sv})", {})
        self.stop()

    def stop(self):
        number = self.number()
        self.act("quit")
        wait_for("it has ended", lambda: not self.is_running() and not os.path.exists(f"/proc/{number}"))


def main():
    files = Files()
    bus = Bus()
    try:
        return Tap().run((
            ("the metainfo is valid", files.metainfo_is_valid),
            ("the desktop file is valid", files.desktop_file_is_valid),
            ("they say the same", files.they_agree),
            ("transcripts are of its types", files.files_are_taken_to_it),
            ("the icons are pictures", files.icons_are_pictures),
            ("an action of its menu starts it", bus.an_action_starts_it),
            ("a file that is opened with it is imported", bus.a_file_is_imported),
            ("the other actions open windows", bus.windows_are_opened),
            ("the desktop's search finds meetings and tasks", bus.the_desktop_searches),
            ("a result of the search is opened", bus.a_result_is_opened),
            ("it is shown, and it quits", bus.activating_shows_what_is_there),
        ))
    finally:
        if bus.is_running():
            os.kill(bus.number(), signal.SIGKILL)
        shutil.rmtree(os.environ["XDG_DATA_HOME"])


sys.exit(main())
