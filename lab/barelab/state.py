# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of the lab, which commands read, and the lock that lets one command at a time change the lab.

The record is written before the first host is created, so that after a killed run the next one knows what to remove.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import ipaddress
import json
import os
import pathlib
import sys
from collections.abc import Iterator
from typing import Any

from barelab import names
from barelab.errors import LabError
from barelab.inventory import Host, Inventory

_NAME = "barehost-lab"
LABS = pathlib.Path("/run")
DIRECTORY = LABS / names.own(_NAME)
KUBECTL = DIRECTORY / "kubectl"
_FILE = DIRECTORY / "state.json"
_LOCK = DIRECTORY / "lock"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lab:
    """The lab that is up, or that a killed run was about to bring up."""

    inventory: pathlib.Path
    hosts: tuple[Host, ...]
    # What it offers for download: see offers.words.
    versions: tuple[str, ...]
    # What the disks of hosts are made from.
    base_tree: pathlib.Path
    data: pathlib.Path
    # The kind of its hosts: see driver.py.
    driver: str = "nspawn"
    # The name of the save that the hosts were started from.
    save: str | None = None
    cuts: tuple[tuple[str, str], ...] = ()

    def host(self, name: str) -> Host:
        """The host of that name or address; one part of the name is enough where only one host has it."""
        found = [host for host in self.hosts if name in (host.name, host.address)]
        found = found or [host for host in self.hosts if name in host.name.split(".")]
        if len(found) == 1:
            return found[0]
        raise LabError(f"{name!r} names {len(found)} hosts of the lab; wanted one of: " + ", ".join(host.name for host in self.hosts))

    @property
    def network(self) -> ipaddress.IPv4Network:
        return Inventory(folder=self.inventory, hosts=self.hosts, versions={}).network

    @property
    def bridge_address(self) -> str:
        return Inventory(folder=self.inventory, hosts=self.hosts, versions={}).bridge_address


def encode(lab: Lab) -> str:
    return json.dumps(dataclasses.asdict(lab), default=str, indent=1)


def decode(text: str) -> Lab:
    raw: dict[str, Any] = json.loads(text)
    return Lab(
        inventory=pathlib.Path(raw["inventory"]),
        hosts=tuple(Host(name=host["name"], address=host["address"], groups=tuple(host["groups"])) for host in raw["hosts"]),
        versions=tuple(raw["versions"]),
        base_tree=pathlib.Path(raw["base_tree"]),
        data=pathlib.Path(raw["data"]),
        driver=raw.get("driver", "nspawn"),
        save=raw.get("save"),
        cuts=tuple((first, second) for first, second in raw["cuts"]),
    )


def save(lab: Lab) -> None:
    DIRECTORY.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = _FILE.with_suffix(".partial")
    partial.write_text(encode(lab), encoding="utf-8")
    partial.replace(_FILE)


def load(directory: pathlib.Path = DIRECTORY) -> Lab | None:
    """The lab as last recorded; None if there is none."""
    try:
        return decode((directory / _FILE.name).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError, KeyError, TypeError):
        return None


def labs() -> Iterator[Lab]:
    """All labs of this machine, of whatever checkout."""
    yield from (lab for directory in _directories() if (lab := load(directory)))


def _directories() -> list[pathlib.Path]:
    return sorted(LABS.glob(f"{_NAME}*"))


def used_by_labs() -> Iterator[pathlib.Path]:
    """What all labs of this machine, of whatever checkout, use of the cache while they are up, even where all their hosts are off."""
    yield from (lab.base_tree for lab in labs())
    for directory in _directories():
        # kubectl, and all that the mirror serves
        for folder, folders, files in os.walk(directory):
            for path in (pathlib.Path(folder, name) for name in (*folders, *files)):
                with contextlib.suppress(OSError):  # no link, or gone
                    yield path.readlink()


def require() -> Lab:
    lab = load()
    if lab is None:
        raise LabError("no lab is up; bring one up with: lab/lab up INVENTORY_DIR")
    return lab


@contextlib.contextmanager
def lock(waiting: str) -> Iterator[int]:
    """Hold the lab's lock. Yields its descriptor: a child process that inherits it holds the lock until it closes it."""
    DIRECTORY.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(waiting, file=sys.stderr, flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)
