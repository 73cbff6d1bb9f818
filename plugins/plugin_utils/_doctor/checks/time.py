# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of clocks: of each host against the controller, and of who keeps them right."""

from __future__ import annotations

import collections.abc as c
import statistics

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, WARNING, Checks, Found
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts, HostFacts
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import CHRONYD

CHECKS = Checks("time", "The clocks of the hosts, and who keeps them right.", needs=("time",))

# Certificates are valid from some minutes before they are signed, and leases last 15 seconds and more.
_FAR, _SPREAD = 30.0, 5.0
_OFFSET = 0.1
_CHRONYD = CHRONYD.unit


def _chrony_is_ours(host: HostFacts) -> bool:
    """Whether role host keeps the clock of this host."""
    return any(unit["name"] == _CHRONYD and unit["wanted"] == "started" for unit in host.groups.get("units", {}).get("units", []))


def _all_alike(facts: Facts) -> float:
    """By how much all hosts are ahead, if they agree with each other: then it is the controller's clock that is wrong."""
    ahead = [host.ahead for host in facts.hosts.values()]
    if len(ahead) > 1 and min(map(abs, ahead)) > _FAR and max(ahead) - min(ahead) < _SPREAD:
        return statistics.median(ahead)
    return 0.0


def _words(seconds: float) -> str:
    size = abs(seconds)
    return f"{size:.0f} seconds" if size < 120 else f"{size / 60:.0f} minutes" if size < 7200 else f"{size / 3600:.0f} hours"


@CHECKS.of_host(
    "time-off",
    ERROR,
    subject="clock",
    looks_at="the clock of each host, beside the controller's",
    wanted="less than 30 seconds away",
    why="Certificates count as ended or not valid yet, and leases as lost.",
    remedy="see what chrony says: `chronyc tracking; chronyc sources`. Set the clock at once: `chronyc makestep`",
    needs=(),
    bare=True,
    explains=("certificate-ended", "certificate-not-yet", "unit-unhealthy"),
)
def _off(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    if abs(host.ahead) > _FAR and not _all_alike(facts):
        yield Found(f"{_words(host.ahead)} {'ahead of' if host.ahead > 0 else 'behind'} the controller")


@CHECKS.of_cluster(
    "time-controller-off",
    ERROR,
    subject="clock of the controller",
    looks_at="the clock of the controller, beside those of all hosts",
    wanted="less than 30 seconds away",
    why="All hosts agree with each other. What the controller signs is not valid yet, or ends too soon.",
    remedy="set the clock of the controller: `timedatectl` shows it",
    needs=(),
    bare=True,
)
def _controller(facts: Facts) -> c.Iterator[Found]:
    ahead = _all_alike(facts)
    if ahead:
        yield Found(f"{_words(ahead)} {'behind' if ahead > 0 else 'ahead of'} all hosts")


@CHECKS.of_host(
    "time-not-kept",
    ERROR,
    subject="clock",
    looks_at="whether chrony follows a source",
    wanted="a clock that is synchronised",
    why="A clock that nobody corrects goes wrong by seconds each day, and by more in a virtual machine.",
    remedy="see `chronyc sources`: a `?` does not answer. Allow UDP port 123, or set host_ntp_servers and run site.yml",
    needs=("time", "units"),
)
def _not_kept(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    tracking = host["time"]["tracking"]
    if not _chrony_is_ours(host):
        return
    if tracking["fault"]:
        yield Found(
            f"chrony does not answer: {tracking['fault']}", remedy="`systemctl start chronyd`, and see `journalctl -u chronyd -n 30`"
        )
    elif tracking["leap"] == "Not synchronised":
        sources = ", ".join(f"{source['state']}{source['name']}" for source in host["time"]["sources"]) or "no source"
        yield Found(f"not synchronised; {sources}")


@CHECKS.of_host(
    "time-inexact",
    WARNING,
    subject="clock is off by",
    looks_at="by how much chrony still corrects the clock",
    wanted="0.1 seconds or less",
    why="etcd warns of clocks that differ, and events of hosts cannot be put in order.",
    remedy="wait for some minutes, or set the clock at once: `chronyc makestep`",
)
def _inexact(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    tracking = host["time"]["tracking"]
    if not tracking["fault"] and tracking["leap"] != "Not synchronised" and abs(tracking["offset"]) > _OFFSET:
        yield Found(f"{abs(tracking['offset']):.2f} seconds")


@CHECKS.of_host(
    "time-keepers-many",
    WARNING,
    subject="keepers of the clock",
    looks_at="which services keep the clock",
    wanted="one",
    why="Two of them correct each other, and the clock jumps.",
    remedy="stop the other for good: `systemctl disable --now NAME`",
    bare=True,
)
def _many(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    keepers = host["time"]["keepers"]
    if len(keepers) > 1:
        others = [name for name in keepers if name != _CHRONYD]
        yield Found(", ".join(keepers), remedy=f"`systemctl disable --now {' '.join(others)}`")


@CHECKS.of_host(
    "time-keeper-none",
    WARNING,
    subject="keepers of the clock",
    looks_at="which services keep the clock, where the collection does not",
    wanted="one, or a hypervisor that does",
    why="A clock that nobody corrects goes wrong by seconds each day.",
    remedy="start one: `systemctl enable --now chronyd`; or set host_time_state to chrony, and run site.yml",
    needs=("time", "units"),
)
def _none(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    if not host["time"]["keepers"] and not _chrony_is_ours(host):
        yield Found("none")
