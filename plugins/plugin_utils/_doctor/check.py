# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check is: what it looks at, what it wants and why, and a pure function from facts to findings."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts, HostFacts

ERROR, WARNING, NOTE = "error", "warning", "note"
# The worst first.
SEVERITIES = (ERROR, WARNING, NOTE)


class Found(t.NamedTuple):
    """What a check has found wrong. What is empty is as the check has it.

    ``host``: of whom it is, for a check of the whole cluster that knows that. ``about``: what of the host, by which others can explain just
    this. ``explains``: what this finding explains, such as ``node-not-ready``, or ``unit-down:etcd.service`` for one that is about that
    unit; None for all that the check can explain. ``everywhere``: on all hosts, and not only on its own.
    ``of``: which things of the host it is about, such as a unit, or what a directory is for, for those who want only some.
    """

    found: str
    wanted: str = ""
    remedy: str = ""
    host: str = ""
    evidence: tuple[str, ...] = ()
    explains: tuple[str, ...] | None = None
    about: str = ""
    everywhere: bool = False
    of: tuple[str, ...] = ()


OfHost = c.Callable[[HostFacts, Facts], c.Iterable[Found]]
OfCluster = c.Callable[[Facts], c.Iterable[Found]]


@dataclasses.dataclass(frozen=True)
class Check:
    """``needs``: the groups of facts without which it cannot judge. ``explains``: checks whose findings come of this one's.

    ``bare``: it needs no cluster, so it can judge a host before the first run of site.yml. ``subject`` comes before what is found.
    Exactly one of the two functions is given: ``of_host`` judges one host after the other, ``of_cluster`` what all hosts have told.
    """

    id: str
    group: str
    severity: str
    looks_at: str
    wanted: str
    why: str
    remedy: str
    needs: tuple[str, ...]
    explains: tuple[str, ...] = ()
    bare: bool = False
    subject: str = ""
    of_host: OfHost | None = None
    of_cluster: OfCluster | None = None


class Checks:
    """The checks of one group, which a file of ``checks/`` collects by decorators. ``needs``: the facts that most of them need."""

    def __init__(self, group: str, about: str, *, needs: tuple[str, ...]) -> None:
        self.group = group
        self.about = about
        self.all: list[Check] = []
        self._needs = needs

    def of_host(self, identifier: str, severity: str, **fields: t.Any) -> c.Callable[[OfHost], OfHost]:
        """Adds a check that judges one host after the other."""

        def add(function: OfHost) -> OfHost:
            self._add(identifier, severity, fields, of_host=function)
            return function

        return add

    def of_cluster(self, identifier: str, severity: str, **fields: t.Any) -> c.Callable[[OfCluster], OfCluster]:
        """Adds a check that judges what all hosts have told."""

        def add(function: OfCluster) -> OfCluster:
            self._add(identifier, severity, fields, of_cluster=function)
            return function

        return add

    def _add(self, identifier: str, severity: str, fields: dict[str, t.Any], **function: t.Any) -> None:
        given = {"needs": self._needs, **fields}
        self.all.append(Check(id=identifier, group=self.group, severity=severity, **given, **function))
