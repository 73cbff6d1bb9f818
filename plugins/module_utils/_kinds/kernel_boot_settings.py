# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the files of sysctl.d set at the next boot, as sysctl.d(5) orders them."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.small_files import lines_of

ROOT = "/"
# A file name in an earlier directory hides the same name in a later one.
_DIRECTORIES = ("etc/sysctl.d", "run/sysctl.d", "usr/local/lib/sysctl.d", "usr/lib/sysctl.d")


class Assignment(t.NamedTuple):
    """One line of a file. ``value`` is None for a line that takes a setting out of the patterns."""

    file: str
    path: str
    value: t.Optional[str]


def path_of(name: str) -> str:
    """The path of a setting below /proc/sys.

    A dot separates and a slash stands for a dot, unless the first separator is a slash (sysctl.d(5)).
    """
    first = re.search(r"[./]", name)
    return name if first and first.group() == "/" else name.translate(str.maketrans("./", "/."))


def overriding(name: str, value: str, *, file: str) -> t.Optional[tuple[str, str]]:
    """The file that sets another value at the next boot although ``file`` sets this one, and its value; None if none does."""
    wanted = path_of(name)
    later = [found for found in _assignments() if os.path.basename(found.file) > os.path.basename(file)]
    # A pattern never changes what is set by name, and ours is.
    last = [found for found in later if found.path == wanted and found.value is not None][-1:]
    if last and last[0].value != value:
        return last[0].file, str(last[0].value)
    return None


def _assignments() -> t.Iterator[Assignment]:
    for file in _files():
        for line in lines_of(file):
            text = line.strip()
            if not text or text[0] in "#;":
                continue
            key, equals, value = text.partition("=")
            # A dash before the name: a failure to set it is no error.
            path = path_of(key.strip().removeprefix("-").strip())
            yield Assignment(file, path, " ".join(value.split()) if equals else None)


def _files() -> list[str]:
    """All files in the order in which systemd-sysctl reads them: by name, whatever the directory."""
    found: dict[str, str] = {}
    for directory in _DIRECTORIES:
        place = os.path.join(ROOT, directory)
        names = os.listdir(place) if os.path.isdir(place) else []
        for name in names:
            if name.endswith(".conf"):
                found.setdefault(name, os.path.join(place, name))
    return [found[name] for name in sorted(found)]
