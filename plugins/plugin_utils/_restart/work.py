# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be done on one host, from what it says of itself. Pure.

A restart of the cluster that was ended goes on by the same command. Who is done is known by what hosts say: where a reboot is needed, by
that need; where it is only asked for, by the mark that each host keeps of its turn.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._restart.request import ALWAYS, NEEDED, Request

# Seconds. A restart that ended longer ago was given up: a new one begins with all hosts.
_OLDEST = 86400.0

Object = c.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Work:
    """What is done on a host.

    ``packages``: those that are upgraded. ``reboot``: why it is rebooted; ``perhaps``: it is, if the packages ask for it.
    ``goes_on``: an earlier run has begun its turn. ``done``: an earlier run has ended its turn, and nothing else is to be done.
    """

    packages: tuple[str, ...] = ()
    reboot: tuple[str, ...] = ()
    perhaps: bool = False
    goes_on: bool = False
    done: bool = False

    @property
    def disturbs(self) -> bool:
        """Whether pods of the host would be disturbed."""
        return bool(self.packages or self.reboot)

    @property
    def any(self) -> bool:
        return self.disturbs or self.goes_on


def began(marks: c.Iterable[Object | None], *, now: float) -> float:
    """When the restart began that this run goes on with; now, if it goes on with none."""
    recent = [mark for mark in marks if mark and now - float(mark.get("at", 0)) < _OLDEST]
    newest = max(recent, key=lambda mark: float(mark["at"]), default=None)
    return float(newest["began"]) if newest else now


def work(found: Object, packages: c.Sequence[str], wanted: Request, *, began_at: float, cordoned: bool) -> Work:
    """What is done on a host.

    ``found``: what the host says; ``packages``: those that an upgrade would bring; ``cordoned``: an earlier run has cordoned its Node.
    """
    mark = found["mark"] if found["mark"] and float(found["mark"].get("began", 0)) == began_at else None
    done = bool(mark and mark.get("done"))
    goes_on = bool(mark and not done) or cordoned
    rebooted = bool(mark and not done and mark.get("boot") != found["boot"])
    reasons: tuple[str, ...] = ()
    if wanted.reboot == NEEDED:
        reasons = needs(found)
    elif wanted.reboot == ALWAYS and not done and not rebooted:
        reasons = ("asked for", *needs(found))
    available = tuple(packages) if wanted.upgrades else ()
    if done and wanted.reboot == ALWAYS:
        available = ()
    perhaps = bool(available) and not reasons and wanted.reboot == NEEDED
    return Work(available, reasons, perhaps, goes_on, done and not (available or reasons))


def needs(found: Object) -> tuple[str, ...]:
    """Why a host needs a reboot."""
    kernel = [f"kernel {found['kernel_to_boot']} follows {found['kernel']}"] if found["kernel_to_boot"] != found["kernel"] else []
    updated = [f"{', '.join(found['updated'])} installed since the last boot"] if found["updated"] else []
    return (*kernel, *updated)


def refusal(found: Object) -> str:
    """Why the host must not be rebooted; empty if it may be."""
    if not found["lacking"]:
        return ""
    release = found["kernel_to_boot"]
    return (
        f"the next boot takes the kernel {release}, which lacks {', '.join(found['lacking'])}: Docker, flannel or the kubelet would not "
        f"start. Install them, on EL 10 by 'dnf install kernel-modules-extra-{release}'; or keep the kernel that runs, by "
        f"'grubby --set-default /boot/vmlinuz-{found['kernel']}'"
    )
