# SPDX-License-Identifier: GPL-3.0-or-later
"""The store of saves: their form, whether one can still be used, and how they are made and removed.

A save is a folder of the cache that nothing ever writes to again. It is made under another name and renamed when it is complete, so a save
that was killed halfway is never taken for a finished one. Any number of labs can start from one save at the same time.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import pathlib
import re
import shutil
import time
from collections.abc import Iterator
from typing import Any

from barelab import built_folders, cache, state
from barelab.errors import LabError
from barelab.inventory import Host

# Written into each save. Raise it when the form of a save changes.
FORMAT = 1
# The certificates in a save are valid for a year, and a cluster renews them only while it runs.
OLDEST_DAYS = 90
# What must stay free on the disk after hosts were copied.
RESERVE = 2 * 1024**3
_DESCRIPTION = "save.json"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Save:
    """The description of a saved lab."""

    name: str
    inventory: pathlib.Path
    hosts: tuple[Host, ...]
    # What the lab offered for download: see offers.py.
    versions: tuple[str, ...]
    # What the hosts were made from, by name: see ingredients.py.
    ingredients: dict[str, str]
    created: float

    @property
    def folder(self) -> pathlib.Path:
        return store() / self.name

    def layers(self, host: str) -> list[pathlib.Path]:
        """The changes to the base tree, the newest first, as an overlay wants its lower layers."""
        return sorted((self.folder / "hosts" / host / "layers").iterdir(), reverse=True)

    def data(self, host: str) -> pathlib.Path:
        """The host's /var/lib."""
        return self.folder / "hosts" / host / "var-lib"

    def born(self) -> pathlib.Path:
        """What playbooks made in the inventory's folder."""
        return self.folder / "inventory"

    def keys(self) -> pathlib.Path:
        """The ssh keys of the lab's user and of the hosts."""
        return self.folder / "keys"


def store() -> pathlib.Path:
    return cache.root() / "saves"


def checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise LabError(f"{name!r} cannot name a save; wanted up to 80 lower case letters, digits, '.', '_' and '-'")
    return name


def encode(save: Save) -> str:
    return json.dumps({"format": FORMAT, **dataclasses.asdict(save)}, default=str, indent=1)


def decode(text: str) -> Save:
    raw: dict[str, Any] = json.loads(text)
    if raw["format"] != FORMAT:
        raise LabError(f"the save {raw['name']} has format {raw['format']}, wanted {FORMAT}: forget it and save again")
    return Save(
        name=raw["name"],
        inventory=pathlib.Path(raw["inventory"]),
        hosts=tuple(Host(name=host["name"], address=host["address"], groups=tuple(host["groups"])) for host in raw["hosts"]),
        versions=tuple(raw["versions"]),
        ingredients=raw["ingredients"],
        created=raw["created"],
    )


def load(name: str) -> Save:
    try:
        return decode((store() / checked(name) / _DESCRIPTION).read_text(encoding="utf-8"))
    except FileNotFoundError:
        there = ", ".join(names()) or "none"
        raise LabError(f"there is no save {name}; there are: {there}") from None


def exists(name: str) -> bool:
    return (store() / checked(name) / _DESCRIPTION).is_file()


def names() -> list[str]:
    return sorted(path.parent.name for path in store().glob(f"[!.]*/{_DESCRIPTION}"))


def changes(save: Save, *, ingredients: dict[str, str]) -> list[str]:
    """What differs between the save and what hosts would be made from now; a save with differences cannot be used."""
    both = {**save.ingredients, **ingredients}
    found = [name for name in both if save.ingredients.get(name) != ingredients.get(name)]
    days = (time.time() - save.created) / 86400
    if days < 0:
        found.append("the clock, which is before the time of the save")
    if days > OLDEST_DAYS:
        found.append(f"the time: it is {days:.0f} days old, and its certificates may have expired")
    return found


def host_changes(save: Save, hosts: tuple[Host, ...]) -> list[str]:
    """The hosts of an inventory that the save has not, or with another address. It may have hosts that the inventory has not."""
    saved = {host.name: host.address for host in save.hosts}
    return [
        f"{host.name} ({host.address}; in the save {saved.get(host.name, 'it is missing')})"
        for host in hosts
        if saved.get(host.name) != host.address
    ]


def require_room(size: int) -> None:
    store().mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(store()).free
    if free < size + RESERVE:
        found, wanted = (f"{number / 1024**3:.1f} GiB" for number in (free, size + RESERVE))
        raise LabError(f"{store()}: {found} of the disk are free, wanted {wanted}; see lab/lab saved and lab/lab forget")


def size_of(*folders: pathlib.Path) -> int:
    """What files take on the disk."""
    total = 0
    for folder in folders:
        for place, _, files in os.walk(folder):
            total += sum(os.lstat(os.path.join(place, file)).st_blocks * 512 for file in files)
    return total


@contextlib.contextmanager
def using() -> Iterator[None]:
    """No save is removed while a lab starts from one. Afterwards the mounts of the lab show which one it uses."""
    with _locked(fcntl.LOCK_SH):
        yield


@contextlib.contextmanager
def making(name: str) -> Iterator[pathlib.Path]:
    """An empty folder that becomes the save when the block ends without an error, in place of an older save of this name."""
    partial = store() / f".{checked(name)}.partial"
    waiting = f"lab: another process makes the save {name}; waiting for it"
    with built_folders.lock(store() / f".{name}.lock", waiting=lambda: print(waiting)):
        require_unused(name)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700, parents=True)
        try:
            yield partial
            with _locked(fcntl.LOCK_EX):
                _remove(store() / name)
                partial.rename(store() / name)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise


def describe(folder: pathlib.Path, save: Save) -> None:
    (folder / _DESCRIPTION).write_text(encode(save), encoding="utf-8")


def forget(name: str) -> None:
    """Remove a save, or what is left of one that was killed halfway."""
    with _locked(fcntl.LOCK_EX):
        partial = store() / f".{checked(name)}.partial"
        if not (store() / name).exists() and not partial.exists():
            load(name)  # says that there is none
        _remove(store() / name)
        shutil.rmtree(partial, ignore_errors=True)


def _remove(folder: pathlib.Path) -> None:
    if not folder.exists():
        return
    require_unused(folder.name)
    # The description goes first: what is left if this is killed is no save.
    (folder / _DESCRIPTION).unlink(missing_ok=True)
    shutil.rmtree(folder)


def hosts_use(folder: pathlib.Path) -> bool:
    """Whether a disk of a host, of whatever lab, has layers in this folder, or will have as soon as the host is on again."""
    recorded = any((lab.save, lab.data.parent) == (folder.name, cache.root()) for lab in state.labs())
    return recorded or f"{folder}/" in pathlib.Path("/proc/mounts").read_text(encoding="utf-8")


def require_unused(name: str) -> None:
    """Raise LabError if hosts run from the save of this name, which cannot be removed or replaced then."""
    if hosts_use(store() / checked(name)):
        raise LabError(f"hosts of a lab run from the save {name}: choose another name, or take that lab down first (lab/lab down)")


@contextlib.contextmanager
def _locked(kind: int) -> Iterator[None]:
    store().mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(store() / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, kind)
        yield
    finally:
        os.close(handle)
