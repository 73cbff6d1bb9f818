# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource kind ``selinux_port``: the type that a port has in the SELinux policy, by which a confined program may listen on it.

What was changed on this host is in a file of libsemanage; the policy's own types are not: to ask for them takes a second, and a package.
"""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import must, run
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.small_files import text_of

ENFORCE = "/sys/fs/selinux/enforce"
CONFIG = "/etc/selinux/config"
STORE = "/var/lib/selinux"
TOOL = "/usr/sbin/semanage"
_POLICY = re.compile(r"^SELINUXTYPE=(\w+)[ \t]*$", re.MULTILINE)
_PORT = re.compile(r"^portcon\s+(?P<protocol>\w+)\s+(?P<first>\d+)(?:-(?P<last>\d+))?\s+\w+:\w+:(?P<type>\w+)", re.MULTILINE)
# It compiles the policy again.
_TIMEOUT = 300.0


def collect(items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """``type`` is what this host has changed; None for the type of the policy. ``tool``: whether there is the program to change it."""
    enabled = os.path.exists(ENFORCE)
    changed = _changed() if enabled else []
    return [{"enabled": enabled, "tool": os.path.exists(TOOL), "type": _type(item["port"], changed)} for item in items]


def _changed() -> list[re.Match[str]]:
    policies = _POLICY.findall(text_of(CONFIG) or "")
    return list(_PORT.finditer(text_of(f"{STORE}/{policies[-1] if policies else 'targeted'}/active/ports.local") or ""))


def _type(port: str, changed: list[re.Match[str]]) -> t.Optional[str]:
    number, protocol = port.split("/")
    for line in changed:
        if line["protocol"] == protocol and int(line["first"]) <= int(number) <= int(line["last"] or line["first"]):
            return line["type"]
    return None


def apply(actions: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    for action in actions:
        number, protocol = action["target"].split("/")
        if action["operation"] == "remove":
            must([TOOL, "port", "-d", "-p", protocol, number], what=f"give {action['target']} back its type in SELinux", timeout=_TIMEOUT)
        else:
            _set(action["data"]["type"], protocol, number)
    return [{} for _action in actions]


def _set(kind: str, protocol: str, number: str) -> None:
    """A port that the policy names itself is refused by ``-a``."""
    change = ["-t", kind, "-p", protocol, number]
    if not run([TOOL, "port", "-a", *change], timeout=_TIMEOUT).ok:
        must([TOOL, "port", "-m", *change], what=f"give {number}/{protocol} the SELinux type {kind}", timeout=_TIMEOUT)
