# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a module from being loaded by itself or at boot: lines of modprobe.d(5), and the kernel's command line."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import kernel_library
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.small_files import lines_of

ROOT = "/"
# A file name in an earlier directory hides the same name in a later one.
_DIRECTORIES = ("etc/modprobe.d", "run/modprobe.d", "usr/local/lib/modprobe.d", "usr/lib/modprobe.d", "lib/modprobe.d")
_COMMAND_LINE = "proc/cmdline"
_PARAMETERS = ("module_blacklist", "modprobe.blacklist")
# What stands there instead of a command that loads the module.
_NO_COMMANDS = ("false", "true", ":")


class Denial(t.NamedTuple):
    """Where it is written, and what."""

    place: str
    text: str


def denials() -> dict[str, Denial]:
    """By module. ``modprobe`` by hand ignores a line ``blacklist``; aliases and systemd-modules-load at boot do not."""
    found: dict[str, Denial] = {}
    for path in _files():
        for line in lines_of(path):
            words = line.split()
            if len(words) >= 2 and (words[0] == "blacklist" or (words[0] == "install" and _does_nothing(words[2:]))):
                found[kernel_library.module(words[1])] = Denial(path, " ".join(words))
    for word in " ".join(lines_of(os.path.join(ROOT, _COMMAND_LINE))).split():
        parameter, _equals, names = word.partition("=")
        if parameter in _PARAMETERS:
            found.update((kernel_library.module(name), Denial("the kernel's command line", word)) for name in names.split(","))
    return found


def _does_nothing(command: list[str]) -> bool:
    return not command or os.path.basename(command[0]) in _NO_COMMANDS


def _files() -> list[str]:
    found: dict[str, str] = {}
    for directory in _DIRECTORIES:
        place = os.path.join(ROOT, directory)
        for name in os.listdir(place) if os.path.isdir(place) else ():
            if name.endswith(".conf"):
                found.setdefault(name, os.path.join(place, name))
    return [found[name] for name in sorted(found)]
