# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file systems of the directories that matter: their space, their inodes, how they are mounted."""

from __future__ import annotations

import json
import os
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import errors
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.small_files import lines_of, text_of

Object = dict[str, t.Any]

PROC = "/proc"
# A space in a path, as the kernel writes it.
_ESCAPED = re.compile(r"\\([0-7]{3})")


class Mount(t.NamedTuple):
    """A line of mountinfo (proc(5))."""

    place: str
    kind: str
    source: str
    options: tuple[str, ...]


def look(asked: Object) -> Object:
    """``paths``: the directories with their purposes; ``docker``: Docker's configuration, which may name one more. Sizes are in bytes."""
    mounts = _mounts()
    found, gaps = [], list[str]()
    for path, purpose in [*asked["paths"], *((path, "docker") for path in _data_roots(asked["docker"]))]:
        try:
            found.append({"path": path, "purpose": purpose, **_space(path, mounts)})
        except OSError as error:
            gaps.append(f"{path}: {errors.trouble(error)}")
    return {"directories": found, "gaps": gaps}


def _data_roots(configuration: str) -> list[str]:
    try:
        given = json.loads(text_of(configuration) or "{}") if configuration else {}
    except ValueError:
        return []
    place = given.get("data-root") if isinstance(given, dict) else None
    return [place] if isinstance(place, str) and place.startswith("/") else []


def _space(path: str, mounts: t.Sequence[Mount]) -> Object:
    """Of a directory that is not there yet, of the nearest one above it: there it will be."""
    there = os.path.realpath(path)
    while not os.path.isdir(there) and there != "/":
        there = os.path.dirname(there)
    found, mount = os.statvfs(there), _mount_of(there, mounts)
    return {
        "exists": os.path.isdir(path),
        "device": os.stat(there).st_dev,
        "mount": mount.place,
        "kind": mount.kind,
        "source": mount.source,
        "options": sorted({*mount.options} & {"ro", "noexec", "nosuid", "nodev"}),
        "size": found.f_blocks * found.f_frsize,
        # what others than root may use: the rest of the disk is not there for services with users of their own
        "free": found.f_bavail * found.f_frsize,
        "used": (found.f_blocks - found.f_bfree) * found.f_frsize,
        # 0 where a file system has no such limit
        "inodes": found.f_files,
        "inodes_free": found.f_favail,
    }


def _mounts() -> list[Mount]:
    found = []
    for line in lines_of(os.path.join(PROC, "self/mountinfo")):
        before, _dash, after = line.partition(" - ")
        own, of_system = before.split(" "), after.split(" ")
        if len(own) >= 6 and len(of_system) >= 3:
            options = {*own[5].split(","), *of_system[2].split(",")}
            found.append(Mount(_plain(own[4]), of_system[0], _plain(of_system[1]), tuple(sorted(options))))
    return found


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 8)), text)


def _mount_of(path: str, mounts: t.Sequence[Mount]) -> Mount:
    """The last of those at the longest path: it hides the others."""
    above = [mount for mount in mounts if path == mount.place or path.startswith(mount.place.rstrip("/") + "/")]
    longest = max((len(mount.place) for mount in above), default=0)
    return next((mount for mount in reversed(above) if len(mount.place) == longest), Mount("/", "unknown", "", ()))
