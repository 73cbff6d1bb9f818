# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host remembers of a restart of the cluster: in which one it had its turn, with which boot, and whether it is done.

Where a reboot is needed, the host itself shows that it was done. Where it was only asked for, nothing but this does.
"""

from __future__ import annotations

import json
import os
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic, locations

Object = dict[str, t.Any]


def path() -> str:
    return os.path.join(locations.STATE_DIRECTORY, "restart.json")


def read() -> t.Optional[Object]:
    try:
        with open(path(), encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def write(mark: Object) -> None:
    atomic.make_parents(path())
    atomic.write(path(), json.dumps(mark).encode(), ownership=atomic.Ownership("root", "root", "0600"))


def forget() -> None:
    if os.path.exists(path()):
        os.unlink(path())
