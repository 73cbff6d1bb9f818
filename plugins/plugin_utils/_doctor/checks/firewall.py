# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of firewalld: what the cluster needs of it, what else it lets in, and who else makes rules."""

from __future__ import annotations

import collections.abc as c

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, NOTE, WARNING, Checks, Found
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts, HostFacts
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan import firewall as planner
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import PACKET_FILTER

CHECKS = Checks("firewall", "firewalld, and who else makes rules.", needs=("firewall",))

# Services of the distribution's zones as they are shipped.
_SHIPPED = {"ssh", "dhcpv6-client", "cockpit", "mdns", "samba-client"}
_OURS = "barehost-"
# Of a table, in the family inet; older releases have it in ip and ip6.
_NAME = "firewalld"
_TRUSTED = "trusted"
_OF_PODS = ("cni", "flannel")


def _planned(host: HostFacts, facts: Facts) -> list[tuple[str, bool]]:
    """What site.yml would change, and whether firewalld's runtime differs already."""
    found = []
    firewall = host["firewall"]
    for item, state in zip(firewall["items"], firewall["states"], strict=True):
        for action in planner.plan(item, state, PlanContext("firewall", facts.now)):
            now = action.data.get("runtime") or any(sides["runtime"] for sides in action.data.get("zones", {}).values())
            found.append((f"{action.target}: {action.reason}", bool(now)))
    return found


@CHECKS.of_host(
    "firewall-off",
    ERROR,
    subject="firewalld",
    looks_at="whether firewalld runs",
    wanted="that it does",
    why="Every port of the host is open, and rules of the cluster are missing.",
    remedy="`systemctl enable --now firewalld`",
    explains=("firewall-differs", "firewall-differs-at-boot"),
)
def _off(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    if host["firewall"]["items"] and not host["firewall"]["running"]:
        yield Found("it does not run")


@CHECKS.of_host(
    "firewall-flushed",
    ERROR,
    subject="firewalld",
    looks_at="firewalld's table of nftables, where that is its backend",
    wanted="that it is there while firewalld runs",
    why="Somebody has flushed the kernel's rules. firewalld does not notice, and every port of the host is open.",
    remedy="`systemctl restart firewalld`; see who flushes: `systemctl status nftables`",
)
def _flushed(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    firewall = host["firewall"]
    nftables = firewall["nftables"]
    by_nftables = firewall["settings"].get("FirewallBackend", "nftables").lower() == "nftables"
    known = firewall["items"] and firewall["running"] and by_nftables and not nftables["fault"]
    if known and not any(_NAME in table.split() for table in nftables["tables"]):
        yield Found(f"it runs, and there is no table {_NAME}")


@CHECKS.of_host(
    "firewall-differs",
    ERROR,
    subject="firewalld",
    looks_at="the services and zones of the cluster in the running firewalld",
    wanted="what the matrix of ports asks for",
    why="A port that is closed cuts hosts off. One that is open to more than its sources is a risk.",
    remedy="run site.yml with --tags firewall, or `firewall-cmd --reload` to take what is on disk",
)
def _differs(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    for text, now in _planned(host, facts):
        if host["firewall"]["running"] and now:
            yield Found(text)


@CHECKS.of_host(
    "firewall-differs-at-boot",
    WARNING,
    subject="firewalld",
    looks_at="the services and zones of the cluster in firewalld's files",
    wanted="what the matrix of ports asks for",
    why="After a reload or a reboot the firewall is another one.",
    remedy="run site.yml with --tags firewall",
)
def _at_boot(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    for text, now in _planned(host, facts):
        if host["firewall"]["running"] and not now:
            yield Found(text)


@CHECKS.of_host(
    "firewall-no-packet-filter",
    ERROR,
    subject="nftables",
    looks_at="the collection's own table of nftables, on nodes where its unit has run",
    wanted=f"that {PACKET_FILTER.table} is there, with rules",
    why="Without it, pods reach ports that are for hosts alone, and everybody reaches NodePorts. Somebody has flushed the kernel's rules.",
    remedy=f"`systemctl restart {PACKET_FILTER.unit}`; see who flushes: `systemctl status nftables`",
    needs=("units", "firewall"),
    explains=(f"unit-unhealthy:{PACKET_FILTER.unit}",),
)
def _no_packet_filter(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    # where it has not run, the unit is the finding
    active = any(unit["name"] == PACKET_FILTER.unit and unit["active"] == "active" for unit in host["units"]["units"])
    nftables = host["firewall"]["nftables"]
    if active and nftables["fault"]:
        # A start of the unit would fail, and it would then count as stopped.
        yield Found(f"nobody knows the tables: {nftables['fault']}", remedy="`dnf reinstall nftables`, and run the doctor again")
    elif active and PACKET_FILTER.table not in nftables["tables"]:
        yield Found(f"there is no table {PACKET_FILTER.table}")
    elif active and nftables["emptied"]:
        yield Found(f"the table {PACKET_FILTER.table} has no rules")


@CHECKS.of_host(
    "firewall-of-others",
    WARNING,
    subject="beside firewalld runs",
    looks_at="other services that make rules",
    wanted="none beside firewalld",
    why="Each reload of nftables.service flushes the rules of Docker, flannel and kube-proxy.",
    remedy="`systemctl disable --now NAME && systemctl start firewalld`",
    bare=True,
)
def _others(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    others = host["firewall"]["others"]
    if others:
        # firewalld's unit conflicts with most of them: their start has stopped it, and their end does not bring it back
        yield Found(", ".join(others), remedy=f"`systemctl disable --now {' '.join(others)} && systemctl start firewalld`")


@CHECKS.of_host(
    "firewall-strict-forward",
    ERROR,
    subject="StrictForwardPorts",
    looks_at="StrictForwardPorts in firewalld.conf",
    wanted="no",
    why="NodePorts and ports of containers are rejected: they are redirected, and firewalld has no rule for them.",
    remedy="set StrictForwardPorts=no in /etc/firewalld/firewalld.conf, then `firewall-cmd --reload`",
    bare=True,
)
def _strict(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    if host.name in facts.cluster["node_hosts"] and host["firewall"]["settings"].get("StrictForwardPorts", "no").lower() in ("yes", "true"):
        yield Found("yes")


@CHECKS.of_host(
    "firewall-panic",
    ERROR,
    subject="panic mode",
    looks_at="firewalld's panic mode",
    wanted="off",
    why="In this mode all packets are dropped.",
    remedy="`firewall-cmd --panic-off`",
    bare=True,
)
def _panic(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    if host["firewall"]["panic"]:
        yield Found("on")


@CHECKS.of_host(
    "firewall-opened-by-others",
    NOTE,
    subject="opened",
    looks_at="ports and services that zones with interfaces let in",
    wanted="none but the cluster's, firewall_services and those of the distribution",
    why="Somebody has opened it by hand. Nobody knows whether it is still needed.",
    remedy="see `firewall-cmd --list-all`; write it into firewall_services, or close it: `firewall-cmd --permanent --remove-port PORT`",
)
def _opened(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for name, zone in host["firewall"]["zones"].items():
        if name == _TRUSTED:
            continue
        services = [one for one in zone["services"] if one not in _SHIPPED and not one.startswith(_OURS)]
        found = [*zone["ports"], *services]
        if found:
            yield Found(f"zone {name}: {', '.join(found)}")


@CHECKS.of_host(
    "firewall-all-trusted",
    WARNING,
    subject="zone trusted",
    looks_at="the interfaces of the zone trusted",
    wanted="those of pods, and firewall_trusted_interfaces",
    why="The zone trusted lets in everything. What comes by another interface meets no firewall.",
    remedy="move it: `firewall-cmd --permanent --zone=public --change-interface=NAME && firewall-cmd --reload`",
)
def _trusted(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    wanted = {name for item in host["firewall"]["items"] for name in item.get("trusted_interfaces", [])}
    zone = host["firewall"]["zones"].get(_TRUSTED, {"interfaces": []})
    others = [name for name in zone["interfaces"] if name not in wanted and not name.startswith(_OF_PODS)]
    if others:
        move = " && ".join(f"firewall-cmd --permanent --zone=public --change-interface={name}" for name in others)
        remedy = f"move it: `{move} && firewall-cmd --reload`"
        yield Found(", ".join(others), wanted=", ".join(sorted(wanted)) or "none", remedy=remedy)
