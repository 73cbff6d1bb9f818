# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource kind ``selinux``: the mode of the running kernel and of the next boot."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.small_files import lines_of

ENFORCE = "/sys/fs/selinux/enforce"
CONFIG = "/etc/selinux/config"
COMMAND_LINE = "/proc/cmdline"
# Made by `fixfiles onboot`: the next boot labels all files, and removes it.
RELABEL = "/.autorelabel"
_FORCES = ("selinux=0", "enforcing=0")
_MODE = re.compile(r"^SELINUX=(\w+)[ \t]*$", re.MULTILINE)


def collect(items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """``forced``: what of the kernel's command line wins over the configuration. ``relabels``: the next boot labels all files."""
    state = {"kernel": _kernel(), "config": _config(), "forced": _forced(), "relabels": os.path.exists(RELABEL)}
    return [dict(state) for _item in items]


def _kernel() -> str:
    try:
        with open(ENFORCE, encoding="ascii") as stream:
            return "enforcing" if stream.read().strip() == "1" else "permissive"
    except OSError:
        return "disabled"


def _config() -> str | None:
    """The mode of the next boot; None on a host without SELinux."""
    try:
        with open(CONFIG, encoding="utf-8") as stream:
            modes = _MODE.findall(stream.read())
    except OSError:
        return None
    return modes[-1] if modes else ""


def _forced() -> list[str]:
    words = " ".join(lines_of(COMMAND_LINE)).split()
    return [word for word in _FORCES if word in words]


def apply(actions: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    for action in actions:
        wanted = action["data"]["state"]
        if action["operation"] == "set-live":
            _set_live(wanted)
        else:
            _set_config(wanted)
    return [{} for _action in actions]


def _set_live(wanted: str) -> None:
    try:
        with open(ENFORCE, "w", encoding="ascii") as stream:
            stream.write("1" if wanted == "enforcing" else "0")
    except OSError as error:
        raise HostError(f"SELinux cannot be made {wanted}: {error.strerror}; the policy may forbid it until a reboot") from error


def _set_config(wanted: str) -> None:
    path = os.path.realpath(CONFIG)
    with open(path, encoding="utf-8") as stream:
        text = stream.read()
    line = f"SELINUX={wanted}"
    text = _MODE.sub(line, text) if _MODE.search(text) else f"{text.rstrip()}\n{line}\n".lstrip()
    found = atomic.file_state(path)
    atomic.write(path, text.encode(), ownership=atomic.Ownership(found["owner"], found["group"], found["mode"]))
