# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator wants upgraded and how, from the variables of playbooks/upgrade.yml. Pure, but for a look for files of tasks."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import os.path
import pathlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import batch, misspelt
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.batch import ONE_BY_ONE, Batch
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.given_options import Option, flag, number, values

_PREFIX = "upgrade_"
_DAY = 86400
ALL, MASTERS, NODES = "all", "masters", "nodes"


@dataclasses.dataclass(frozen=True)
class Request:
    """``only``: all, masters (with the members of etcd) or nodes. ``batch``: nodes at the same time. ``timeout`` and ``pause`` in seconds.
    The tasks of the user as absolute paths; empty without any. ``beside``: the versions of other programs of nodes, which are no option."""

    only: str = ALL
    drain: bool = True
    unmanaged_pods: bool = False
    wait_for_pods: bool = True
    batch: Batch = ONE_BY_ONE
    timeout: float = 300.0
    pause: float = 0.0
    before_node: str = ""
    after_node: str = ""
    beside: c.Mapping[str, str] = dataclasses.field(default_factory=dict)

    def for_plays(self) -> dict[str, t.Any]:
        """What plays use: ``serial`` and the tasks do not see the variables of the same host."""
        names = ("timeout", "pause", "wait_for_pods", "unmanaged_pods", "before_node", "after_node")
        return {**{name: getattr(self, name) for name in names}, "batch": str(self.batch)}


def _only(value: t.Any) -> str:
    if value not in (ALL, MASTERS, NODES):
        raise ValueError
    return str(value)


def _tasks(value: t.Any) -> str:
    """As Ansible reads paths: from where the run was started, with ~ and $VARIABLES."""
    if not isinstance(value, str):
        raise TypeError
    if not value:
        return ""
    path = pathlib.Path(os.path.expanduser(os.path.expandvars(value)))
    if not path.is_file():
        raise ValueError
    return str(path.resolve())


_FILE = Option(_tasks, "the path of a file with tasks, which is there", "tasks/node.yml")
_OPTIONS = {
    "only": Option(_only, "all, masters or nodes", "masters"),
    "drain": flag(example="false"),
    "unmanaged_pods": flag(),
    "wait_for_pods": flag(example="false"),
    "batch": Option(batch.read, "a number of nodes from 1, or per cent of them such as 20%", "2"),
    "timeout": number(float, lowest=1, highest=_DAY, wanted="seconds, a number", example="900"),
    "pause": number(float, lowest=0, highest=_DAY, wanted="seconds, a number", example="60"),
    "before_node": _FILE,
    "after_node": _FILE,
}
OPTIONS = tuple(_OPTIONS)


def request(given: c.Mapping[str, t.Any], *, variables: c.Iterable[str] = (), tags: c.Collection[str] = ()) -> Request:
    """The request, from the options by name; None for one that is not given. Raises PlanError with every fault.

    ``variables``: the names of all variables, of which one may be an option written almost right. ``tags``: those that the run was asked
    for, or to skip.
    """
    found, faults = values(given, _OPTIONS, prefix=_PREFIX, variables=variables, elsewhere=[misspelt.TAKE_OVER])
    if tags:
        faults.append(f"tags ({', '.join(sorted(tags))}) divide no upgrade; leave them out, and use upgrade_only or --limit")
    if faults:
        raise PlanError(f"Nothing was changed: {'; '.join(faults)}")
    return Request(**found)
