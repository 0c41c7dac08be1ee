#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A translation that is there is complete: every text of the interface, with its placeholders, in every language."""

import os
import subprocess
import sys
import tempfile

SOURCE = os.environ["CROWN_SRCDIR"]


def run(*arguments):
    return subprocess.run(arguments, cwd=SOURCE, check=True, capture_output=True, text=True).stdout


def main():
    languages = [line.strip() for line in open(os.path.join(SOURCE, "po", "LINGUAS"), encoding="utf-8")
                 if line.strip() and not line.startswith("#")]
    files = [line.strip() for line in open(os.path.join(SOURCE, "po", "POTFILES.in"), encoding="utf-8")
             if line.startswith("src/")]
    print(f"1..{len(languages)}")
    status = 0
    with tempfile.TemporaryDirectory() as folder:
        template = os.path.join(folder, "all.pot")
        run("xgettext", "--from-code=UTF-8", "-k_", "-kN_", "-kC_:1c,2", "-kngettext:1,2", "-kPLURAL_:1,2", "-o", template, *files)
        for number, language in enumerate(languages, 1):
            catalogue = os.path.join(SOURCE, "po", f"{language}.po")
            merged = os.path.join(folder, f"{language}.po")
            run("msgmerge", "-q", "-N", catalogue, template, "-o", merged)
            run("msgfmt", "--check-format", "-o", os.devnull, merged)
            missing = [line for line in run("msgattrib", "--untranslated", "--no-obsolete", "--no-wrap", merged).splitlines()
                       if line.startswith("msgid ") and line != 'msgid ""']
            print(f"{'not ' if missing else ''}ok {number} - {language} has every text {' '.join(missing)}")
            status |= bool(missing)
    return status


sys.exit(main())
