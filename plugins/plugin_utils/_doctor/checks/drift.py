# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of drift: what site.yml would change, beside what checks of other groups compare themselves."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import NOTE, WARNING, Checks, Found
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts, HostFacts

CHECKS = Checks(
    "drift",
    "What site.yml would change of files, packages, users, directories and programs. Other groups compare the rest.",
    needs=("drift",),
)

_NAMED = 3


def _components(host: HostFacts) -> list[c.Mapping[str, t.Any]]:
    return list(host["drift"]["components"])


@CHECKS.of_host(
    "drift-pending",
    WARNING,
    looks_at="what the roles describe of files, packages, users, directories and programs",
    wanted="nothing to be changed",
    why="Somebody has changed the host, or the inventory has changed since the last run. The next run changes it, whenever that is.",
    remedy="see it: run site.yml with --check --diff; then run it without, or put into the inventory what is to stay",
    explains=("unit-outdated", "unit-reload-due"),
)
def _pending(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for one in _components(host):
        changes = [f"{change['kind']} {change['path']}: {change['reason']}" for change in one["changes"]]
        if changes:
            more = f"; and {len(changes) - _NAMED} more" if len(changes) > _NAMED else ""
            yield Found(
                f"site.yml would change {one['name']}: {'; '.join(changes[:_NAMED])}{more}",
                evidence=tuple(changes),
                # the run reads changed unit files, and restarts what was started with others
                explains=tuple(f"{check}:{unit}" for check in ("unit-outdated", "unit-reload-due") for unit in one["units"]),
                of=(one["name"],),
            )


@CHECKS.of_host(
    "drift-refused",
    WARNING,
    looks_at="whether site.yml could change what is different",
    wanted="that nothing is in its way",
    why="The next run of site.yml stops at this host.",
    remedy="mend what is found; site.yml with --check tells whether it was all",
)
def _refused(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for one in _components(host):
        if one["refused"]:
            yield Found(f"site.yml would refuse to change {one['name']}: {one['refused']}")


@CHECKS.of_host(
    "drift-unknown",
    NOTE,
    looks_at="whether all that the roles describe could be compared",
    wanted="descriptions that need nothing but the inventory",
    why="What a description needs that only a run gathers is not known here, such as the interfaces of a balancer.",
    remedy="run site.yml with --check, which gathers it",
)
def _unknown(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for one in _components(host):
        if one["unknown"]:
            yield Found(f"{one['name']} was not compared: {one['unknown']}")
