# SPDX-License-Identifier: GPL-3.0-or-later
"""What tells one kind of host from another: how its disk is made, what boots it, and how a command gets onto it.

Everything else of the lab (inventory, network, services, cgroups, ssh, the commands) is the same for all kinds.
"""

from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from barelab.built_folders import Progress
from barelab.errors import LabError
from barelab.guests import Guests
from barelab.inventory import Host
from barelab.nspawn import Nspawn
from barelab.state import Lab


class Driver(Protocol):
    """One kind of hosts."""

    @property
    def packages(self) -> frozenset[str]:
        """Debian packages that it needs on this machine beside those of all."""

    @property
    def boot_seconds(self) -> float:
        """How long a host may take until it is up."""

    @property
    def shutdown_seconds(self) -> float:
        """How long a host may take to shut down before its power is cut."""

    @property
    def answer_seconds(self) -> float:
        """How long a question of the lab's own to a host may take."""

    @property
    def pause(self) -> float:
        """Seconds between two looks at a host that boots."""

    @property
    def saves(self) -> bool:
        """Whether its hosts can be saved."""

    def require(self) -> None:
        """Raise LabError if this machine cannot have such hosts; change what can be changed."""

    def tree(self, base_tree: pathlib.Path, progress: Progress) -> pathlib.Path:
        """What its disks are made from: the base tree, or one that is made from it and kept in the cache."""

    def variables(self) -> dict[str, Any]:
        """Ansible variables for what such a host cannot do."""

    def create_disk(self, lab: Lab, host: Host, files: dict[str, bytes]) -> None:
        """Make a host's disk, with these files of the lab on it."""

    def plug_in(self, lab: Lab, host: Host) -> None:
        """Give the host a cable into the lab's bridge. What an earlier boot left of one is gone."""

    def command(self, lab: Lab, host: Host) -> list[str]:
        """What boots the host, and ends when it ends."""

    def environment(self) -> dict[str, str]:
        """What that command finds in its environment, beside this process's own."""

    def asked_for_reboot(self, status: int, said: str) -> bool:
        """Whether a host that has ended is to be booted again, by the command's exit status and what it said on its console."""

    def leader(self, lab: Lab, host: Host) -> int | None:
        """A process on this machine that lives as long as the host runs; None if it is stopped."""

    def enter(self, lab: Lab, host: Host, argv: Sequence[str]) -> list[str]:
        """The command of this machine that runs ``argv`` on a running host."""


DEFAULT = "nspawn"
_DRIVERS: Mapping[str, Driver] = {
    DEFAULT: Nspawn(),
    "guests": Guests(extra=True),
    # the kernel of an EL 10 host without kernel-modules-extra
    "guests-core": Guests(extra=False),
}
NAMES = tuple(_DRIVERS)


def named(name: str) -> Driver:
    if name not in _DRIVERS:
        raise LabError(f"there is no driver {name!r}; wanted one of: {', '.join(NAMES)}")
    return _DRIVERS[name]


def of(lab: Lab) -> Driver:
    return named(lab.driver)
