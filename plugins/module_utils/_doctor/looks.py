# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``doctor``: gathers groups of facts in one call. Changes nothing, and asks nobody's permission but root's.

The groups are gathered at the same time. One that fails, or that does not end in time, is told as a gap: it hides nothing that the others
have found. What a group tells is bounded.
"""

from __future__ import annotations

import json
import os
import threading
import time
import types
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._certificates import looks as certificates
from ansible_collections.barehost.kubernetes.plugins.module_utils._doctor import (
    clock,
    control_plane,
    disks,
    drift,
    etcd,
    firewall,
    kernel,
    machine,
    names,
    node,
    pod_network,
    runtime,
    selinux,
    subject,
    units,
)
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import errors

Object = dict[str, t.Any]

# By their names on the controller. Each is compiled when it is used.
GROUPS: dict[str, types.ModuleType] = {
    "machine": machine,
    "disks": disks,
    "kernel": kernel,
    "time": clock,
    "names": names,
    "units": units,
    "etcd": etcd,
    "control_plane": control_plane,
    "node": node,
    "firewall": firewall,
    "selinux": selinux,
    "runtime": runtime,
    "pod_network": pod_network,
    "drift": drift,
    "subject": subject,
}
# Characters of what one group tells.
LARGEST = 1_000_000


def run(_step: str, payload: Object) -> Object:
    """``asked``: what each group is to know, by its name; only these are gathered. ``deadline``: in seconds from now."""
    began, now = time.monotonic(), time.time()
    threads = [_Gathering(name, asked) for name, asked in payload["asked"].items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, began + payload["deadline"] - time.monotonic()))
    found = {thread.group: thread.outcome() for thread in threads}
    return {
        "time": now,
        "root": os.geteuid() == 0,
        "facts": {group: facts for group, (facts, _gap) in found.items() if facts is not None},
        "gaps": {group: gap for group, (_facts, gap) in found.items() if gap},
        "seconds": {thread.group: round(thread.seconds, 2) for thread in threads},
    }


class _Gathering(threading.Thread):
    """Gathers one group. Nobody waits for it when the program ends."""

    def __init__(self, group: str, asked: Object) -> None:
        super().__init__(daemon=True)
        self.group = group
        self.seconds = 0.0
        self._asked = asked
        self._facts: t.Optional[Object] = None
        self._gap = ""

    def run(self) -> None:
        began = time.monotonic()
        try:
            facts = gather(self.group, self._asked)
            size = len(json.dumps(facts))
            self._gap = f"there is too much to be told: {size} characters" if size > LARGEST else ""
            self._facts = None if self._gap else facts
        except errors.HostError as error:
            self._gap = error.message
        except OSError as error:
            self._gap = errors.of_system(error).message
        except Exception as error:  # what nobody has thought of hides no other group
            self._gap = f"{type(error).__name__}: {error}"[:300]
        finally:
            self.seconds = time.monotonic() - began

    def outcome(self) -> tuple[t.Optional[Object], str]:
        """The facts, or the gap."""
        if self._facts is None and not self._gap:
            return None, "it did not end in time: a program or a file system of this host does not answer"
        return self._facts, self._gap


def gather(group: str, asked: Object) -> Object:
    if group == "certificates":
        return certificates.run("collect", asked)
    return t.cast(Object, GROUPS[group].look(asked))
