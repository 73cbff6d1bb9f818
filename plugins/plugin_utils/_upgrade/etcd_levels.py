# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which older version of etcd the data of a member may be given to. Pure.

The fields are those of module_utils/_etcd_client/levels.py.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.version_table import minor_of

PLAYBOOK = "playbooks/downgrade-etcd.yml"
# By the minor version that runs, the one that it leads back to. etcd 3.6 leads back to 3.5, which goes with no Kubernetes in the table.
WAYS: t.Mapping[str, str] = {"3.7": "3.6"}


@dataclasses.dataclass(frozen=True)
class Levels:
    """What a member says; empty texts where it does not."""

    cluster: str = ""
    storage: str = ""
    downgrade: str = ""

    def fits(self, older: str) -> bool:
        """Whether that minor version can read the member's data, and speaks with its cluster."""
        return minor_of(self.storage) == older and minor_of(self.cluster) == older


def refused(members: c.Mapping[str, Levels | None], hosts: c.Collection[str], *, older: str, mixed: bool) -> list[str]:
    """Those of the hosts that must not get the older minor version.

    ``members``: what was asked, by host; None where a member did not answer. ``mixed``: another member has that minor version. With none,
    and without an order to go back, etcd would be on its way forward within seconds.
    """
    ordered = any(levels is not None and minor_of(levels.downgrade) == older for levels in members.values())
    ready = {host for host, levels in members.items() if levels is not None and levels.fits(older) and (ordered or mixed)}
    return [host for host in hosts if host not in ready]


def held_up(members: c.Mapping[str, Levels | None], *, wanted: str) -> str:
    """The minor version to which etcd is on its way back, if another one is wanted; else empty."""
    targets = {minor_of(levels.downgrade) for levels in members.values() if levels is not None and levels.downgrade}
    return next(iter(sorted(targets - {minor_of(wanted)})), "")
