# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undoes changes of the file system: restores or removes files, removes directories, unmounts and empties trees of programs."""

from __future__ import annotations

import contextlib
import os
import shutil
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._component import host_record
from ansible_collections.barehost.kubernetes.plugins.module_utils._component.host_record import Entry
from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import file_blocks, kernel
from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds.files import digest
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

MOUNTS = "/proc/self/mountinfo"


def _read(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()


def _path(entry: Entry) -> Entry:
    """The state of a path now. ``same``: its content is what it was before the collection."""
    now = atomic.file_state(entry["target"])
    kept = host_record.original_path(entry)
    same = now["type"] == "file" and os.path.exists(kept) and digest(_read(entry["target"])) == digest(_read(kept))
    return {**now, "same": same}


def _directory(entry: Entry) -> Entry:
    now = atomic.file_state(entry["target"])
    return {**now, "names": sorted(os.listdir(entry["target"])) if now["type"] == "directory" else []}


def _tree(entry: Entry) -> Entry:
    return {
        "contents": host_record.contents(entry["target"]),
        "mounts": _mounts_below(entry["target"]),
        "mount": os.path.ismount(entry["target"]),
    }


def _mounts_below(path: str) -> list[str]:
    """The mount points below a path, the deepest and latest first. The kernel lists them by real paths, and /var/lib may be a link."""
    with open(MOUNTS, encoding="utf-8", errors="surrogateescape") as stream:
        points = [line.split()[4].encode(errors="surrogateescape").decode("unicode_escape") for line in stream]
    return [point for point in reversed(points) if point.startswith(f"{os.path.realpath(path)}/")]


def _on_other_devices(path: str) -> str:
    """A directory below the path that is on another device, whatever the list of mounts says; empty if there is none."""
    with contextlib.suppress(FileNotFoundError):
        own = os.stat(path).st_dev
        for directory, names, _files in os.walk(path):
            for name in names:
                below = os.path.join(directory, name)
                if os.lstat(below).st_dev != own:
                    return below
    return ""


def _block(entry: Entry) -> bool:
    try:
        text = _read(entry["path"]).decode(errors="surrogateescape")
    except FileNotFoundError:
        return False
    return file_blocks.extract(text, entry["block"]) is not None


def _fstab(entry: Entry) -> list[str]:
    """The lines that the collection has commented out, if they are still comments."""
    lines = kernel.lines(entry["target"])
    return [line for line in entry["lines"] if f"# {line}" in lines]


def _remove(action: Entry) -> None:
    path = action["target"]
    for name in (path, f"{path}.new", atomic.beside(path), atomic.beside(f"{path}.new")):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(name)


def _restore(action: Entry) -> None:
    path, found = action["target"], action["data"]["found"]
    if found["type"] == "link":
        atomic.link(path, found["target"])
        return
    atomic.write(path, _read(host_record.original_path(action)), ownership=_ownership(found))


def _ownership(found: Entry) -> atomic.Ownership:
    """Sets owner and group by number: their names may be gone with a package."""
    return atomic.Ownership(found["uid"], found["gid"], found["mode"])


def _set_attributes(action: Entry) -> None:
    atomic.set_ownership(action["target"], ownership=_ownership(action["data"]["found"]))


def _remove_directory(action: Entry) -> t.Optional[str]:
    atomic.cleared_beside(action["target"])
    try:
        os.rmdir(action["target"])
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"{action['target']}: {error.strerror}"
    return None


def _clear(action: Entry) -> None:
    """Unmounts what is mounted in a tree, then empties or removes it. Refuses while something stays mounted: it may be data of others."""
    path = action["target"]
    for point in _mounts_below(path):
        if not run(["umount", "--", point]).ok:
            run(["umount", "--lazy", "--", point])
    left = _mounts_below(path)
    if left:
        raise HostError(f"{path} is not removed, because something is still mounted in it: {', '.join(left)}; unmount that and run again")
    if action["operation"] == "remove" and (os.path.islink(path) or not os.path.isdir(path)):
        _remove(action)
        return
    foreign = _on_other_devices(path)
    if foreign:
        raise HostError(f"{path} is not removed, because {foreign} in it is another file system; unmount that and run again")
    with contextlib.suppress(FileNotFoundError):
        for entry in os.scandir(path):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)
        if action["operation"] == "remove":
            os.rmdir(path)


def _remove_block(action: Entry) -> None:
    path, block, created = (action["data"][key] for key in ("path", "block", "created"))
    text = file_blocks.remove(_read(path).decode(errors="surrogateescape"), block)
    if created and not text.strip():
        os.unlink(path)
        return
    found = atomic.file_state(path)
    atomic.write(path, text.encode(errors="surrogateescape"), ownership=_ownership(found))


def _restore_fstab(action: Entry) -> None:
    wanted = {f"# {line}": line for line in action["data"]["lines"]}
    lines = [wanted.get(line, line) for line in kernel.lines(action["target"])]
    kernel.write_fstab(lines, path=action["target"])


OBSERVERS: dict[str, t.Callable[[Entry], t.Any]] = {
    "path": _path,
    "directory": _directory,
    "leftover_path": _tree,
    "block": _block,
    "fstab": _fstab,
}
UNDO: dict[tuple[str, str], t.Callable[[Entry], t.Optional[str]]] = {
    ("file", "remove"): _remove,
    ("file", "restore"): _restore,
    ("file", "set-attributes"): _set_attributes,
    ("file", "remove-block"): _remove_block,
    ("directory", "remove"): _remove_directory,
    ("directory", "set-attributes"): _set_attributes,
    ("tree", "remove"): _clear,
    ("tree", "empty"): _clear,
    ("swap", "restore"): _restore_fstab,
}
