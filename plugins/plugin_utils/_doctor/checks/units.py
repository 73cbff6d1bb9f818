# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of services: whether those of the cluster run as described, and whether others have failed."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, WARNING, Checks, Found
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts, HostFacts
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.unit_effects import (
    OF_THE_ONLY_ONE,
    STOPPED_WITH,
    all_effects,
    effects_of,
)
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import ETCD

CHECKS = Checks("units", "The services of systemd, as the roles describe them.", needs=("units",))

_RUNNING = ("active", "reloading")
_ENABLED = ("enabled", "static", "alias", "indirect", "generated", "linked")
_OFTEN = 5


def _wanted(host: HostFacts, *states: str) -> list[c.Mapping[str, t.Any]]:
    return [unit for unit in host["units"]["units"] if unit["wanted"] in states]


def _state(unit: c.Mapping[str, t.Any]) -> str:
    why = f", result {unit['result']}" if unit["result"] not in ("", "success") else ""
    return f"{unit['active']} ({unit['state']}{why})"


def _effects(unit: c.Mapping[str, t.Any], facts: Facts) -> dict[str, t.Any]:
    """What the finding of a unit explains, and where."""
    name = unit["name"]
    alone = len(facts.cluster["etcd_hosts"] if name == ETCD.unit else facts.cluster["masters"]) == 1 and name in OF_THE_ONLY_ONE
    return {"of": (name,), "explains": (*effects_of(name), *(OF_THE_ONLY_ONE[name] if alone else ())), "everywhere": alone}


def _stopped(unit: c.Mapping[str, t.Any]) -> bool:
    """By somebody, or along with what it needs."""
    return bool(unit["active"] == "inactive" and unit["result"] in ("", "success"))


def _stopped_with(host: HostFacts, name: str) -> list[str]:
    """The units that systemd has stopped along with this one, and does not start along with it."""
    return [unit["name"] for unit in _wanted(host, "started") if unit["name"] in STOPPED_WITH.get(name, ()) and _stopped(unit)]


def _came_along(host: HostFacts, name: str) -> bool:
    """Whether this unit was stopped along with another one that is down, too."""
    return any(name in STOPPED_WITH.get(unit["name"], ()) and unit["active"] not in _RUNNING for unit in _wanted(host, "started"))


@CHECKS.of_host(
    "unit-missing",
    ERROR,
    looks_at="the units that the roles describe",
    wanted="that systemd knows them",
    why="The service was never installed, or somebody has removed it.",
    remedy="run site.yml",
    explains=all_effects(),
)
def _missing(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    for unit in _wanted(host, "started"):
        if not unit["known"] and not unit["masked"]:
            yield Found(f"systemd knows no {unit['name']}", **_effects(unit, facts))


@CHECKS.of_host(
    "unit-masked",
    ERROR,
    looks_at="the units that the roles describe",
    wanted="that none of them is masked",
    why="A masked unit cannot be started, by nobody.",
    remedy="`systemctl unmask NAME && systemctl enable --now NAME`",
    explains=all_effects(),
)
def _masked(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    for unit in _wanted(host, "started"):
        if unit["masked"]:
            name = unit["name"]
            along = _stopped_with(host, name)
            yield Found(
                f"{name} is masked, and {_state(unit)}",
                remedy=f"`systemctl unmask {name} && systemctl enable --now {' '.join([name, *along])}`",
                **_effects(unit, facts),
            )


@CHECKS.of_host(
    "unit-down",
    ERROR,
    looks_at="the units that the roles describe",
    wanted="that they run",
    why="What the service does for the cluster is not done on this host.",
    remedy="see why: `journalctl -u NAME -n 50`; start it: `systemctl start NAME`",
    explains=all_effects(),
)
def _down(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    for unit in _wanted(host, "started"):
        if unit["known"] and not unit["masked"] and unit["active"] not in _RUNNING:
            name = unit["name"]
            stopped = _stopped(unit)
            start = f"`systemctl start {' '.join([name, *_stopped_with(host, name)])}`"
            why = f"see why: `journalctl -u {name} -n 50 --no-pager`, mend it, then "
            yield Found(
                f"{name} is {_state(unit)}",
                wanted=f"{name} active",
                remedy=start if stopped else f"{why}{start}",
                # what was stopped by itself is not explained by another unit that is down: nobody but who stopped it starts it
                about="" if stopped and not _came_along(host, name) else name,
                evidence=tuple(unit["journal"]),
                **_effects(unit, facts),
            )


@CHECKS.of_host(
    "unit-unhealthy",
    ERROR,
    looks_at="the health checks of units that run",
    wanted="that they hold",
    why="The service runs and does not do its work.",
    remedy="see what it says: `journalctl -u NAME -n 50`",
    explains=all_effects(),
)
def _unhealthy(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    for unit in _wanted(host, "started"):
        if unit["health"]:
            name = unit["name"]
            yield Found(
                f"{name} runs, and {unit['health']}",
                wanted=f"{name} healthy",
                about=name,
                remedy=f"see what it says: `journalctl -u {name} -n 50 --no-pager`",
                evidence=tuple(unit["journal"]),
                **_effects(unit, facts),
            )


@CHECKS.of_host(
    "unit-not-enabled",
    WARNING,
    looks_at="the units that the roles describe",
    wanted="that they start at boot",
    why="After the next reboot the service is down.",
    remedy="`systemctl enable NAME`",
)
def _not_enabled(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for unit in _wanted(host, "started"):
        if unit["wanted_enabled"] and unit["known"] and not unit["masked"] and unit["enabled"] not in _ENABLED:
            yield Found(f"{unit['name']} is {unit['enabled'] or 'not enabled'}", remedy=f"`systemctl enable {unit['name']}`")


@CHECKS.of_host(
    "unit-restarts",
    WARNING,
    subject="started again",
    looks_at="how often systemd has started a unit again by itself",
    wanted="less than 5 times",
    why="A service that ends again and again does its work with gaps.",
    remedy="see why it ends: `journalctl -u NAME --no-pager | grep -iE 'error|fatal|failed' | tail`",
)
def _restarts(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for unit in _wanted(host, "started"):
        if unit["restarts"] >= _OFTEN:
            remedy = f"see why it ends: `journalctl -u {unit['name']} -n 100 --no-pager`; `systemctl reset-failed` begins to count anew"
            yield Found(f"{unit['name']}: {unit['restarts']} times", remedy=remedy)


@CHECKS.of_host(
    "unit-outdated",
    WARNING,
    looks_at="the files with which a unit was started",
    wanted="the files that are there now",
    why="The service runs with a former program, certificate or setting until it is restarted.",
    remedy="run site.yml, which restarts it in its turn",
)
def _outdated(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for unit in _wanted(host, "started"):
        if unit["changed_inputs"] and unit["active"] in _RUNNING:
            yield Found(f"{unit['name']}: {', '.join(unit['changed_inputs'])} changed since its start", about=unit["name"])


@CHECKS.of_host(
    "unit-reload-due",
    WARNING,
    looks_at="whether systemd has read the files of its units",
    wanted="that it has",
    why="A changed unit file has no effect before systemd reads it again.",
    remedy="`systemctl daemon-reload`",
)
def _reload(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for unit in host["units"]["units"]:
        if unit["needs_daemon_reload"]:
            yield Found(f"{unit['name']} changed on disk", about=unit["name"])


@CHECKS.of_host(
    "unit-unwanted",
    WARNING,
    looks_at="units that the roles want stopped",
    wanted="that they do not run",
    why="It holds ports, or works against what replaced it.",
    remedy="run site.yml, or `systemctl disable --now NAME`",
)
def _unwanted(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for unit in _wanted(host, "stopped"):
        if unit["active"] in (*_RUNNING, "activating"):
            yield Found(f"{unit['name']} is {_state(unit)}", remedy=f"`systemctl disable --now {unit['name']}`")


@CHECKS.of_host(
    "unit-of-others-failed",
    WARNING,
    looks_at="all other units of the host",
    wanted="that none has failed",
    why="It may be what the cluster needs: a mount, the network, a disk check.",
    remedy="`systemctl status NAME`; when it is mended or needless: `systemctl reset-failed NAME`",
)
def _others(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    failed = host["units"]["failed"]
    if failed:
        yield Found(
            f"failed: {', '.join(failed)}",
            remedy=f"`systemctl status {failed[0]}`; when it is mended or needless: `systemctl reset-failed`",
        )
