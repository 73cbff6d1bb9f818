# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of the page: hosts, etcd, services, versions, certificates, ports, disks. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates import html_page as certificates
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import html_page
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.html_page import Section, bullets, cell, row, text
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, WARNING
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report import connections
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.essentials import of_bytes, since
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.host_view import (
    AWAY,
    FOLLOWER,
    LEADER,
    LEFT_OUT,
    READY,
    STATES,
    UNKNOWN,
    WELL,
    Disk,
    HostView,
)
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.view import Member, Unit, View

STYLES = {AWAY: "bad", ERROR: "bad", WARNING: "warn", LEFT_OUT: "dim", WELL: "good"}
_GOOD = (READY, LEADER, FOLLOWER)
_CERTIFICATES = ("Days", "State", "Host", "Path", "Subject", "Used by", "Differs")
_HOSTS = ("Host", "State", "Address", "Roles", "In its roles", "Pods", "Pod network", "kubelet", "Docker", "System")
_MACHINES = ("Host", "Processors", "Load", "Memory", "Fullest disk", "Up for", "Clock")
_ETCD = ("Member", "State", "Version", "Database", "In use", "Quota", "Applied", "99 % of syncs", "Alarms")
_FULL, _FILLING = 0.95, 0.85


def sections(view: View) -> list[Section]:
    found = [_hosts(view), _etcd(view), _units(view), _versions(view), _of_certificates(view), _ports(view), _disks(view)]
    return [section for section in found if section is not None]


def _table(label: str, columns: t.Sequence[str], rows: list[str]) -> str:
    return html_page.table(label=label, columns=columns, rows=rows)


def _hosts(view: View) -> Section:
    rows = [_host(host) for host in view.hosts]
    machines = [_machine(host) for host in view.hosts if host.system or host.processors]
    parts = [_table("Hosts", _HOSTS, rows)]
    parts += ["<h3>Machines</h3>", _table("Machines", _MACHINES, machines)] if machines else []
    return Section("hosts", "Hosts", tuple(parts))


def _host(host: HostView) -> str:
    node = f'<br><span class="dim">node {text(host.node_name)}</span>' if host.node and host.node_name != host.name else ""
    reason = f'<br><span class="dim">{text(host.reason)}</span>' if host.reason else ""
    return row(
        cell(f"{text(host.name)}{node}"),
        cell(f"{text(host.told)}{reason}", style=STYLES[host.state], order=STATES.index(host.state)),
        cell(text(host.address)),
        cell(text(", ".join(host.roles))),
        cell(_in_roles(host)),
        _number(host.pods, "" if host.pods is None else f"{host.pods} of {host.most_pods}"),
        cell(text(host.pod_network)),
        cell(text(host.kubelet)),
        cell(text(host.docker)),
        cell(text(host.system)),
    )


def _in_roles(host: HostView) -> str:
    told = [("etcd", host.member), ("API", host.apiserver), ("node", host.node)]
    return ", ".join(
        f'<span class="{"" if state in _GOOD else "dim" if state == UNKNOWN else "bad"}">{role} {text(state)}</span>'
        for role, state in told
        if state
    )


def _number(value: float | None, told: str) -> str:
    return cell(text(told), style="number", order=-1 if value is None else value)


def _machine(host: HostView) -> str:
    disk = host.fullest
    return row(
        cell(text(host.name)),
        _number(host.processors, str(host.processors or "")),
        _number(host.load, "" if host.load is None else f"{host.load:.1f}"),
        _number(host.memory, "" if host.memory is None else f"{host.memory:.0%} of {of_bytes(host.memory_size)}"),
        _number(disk.used if disk else None, f"{disk.used:.0%} of {disk.mount}" if disk else ""),
        _number(host.uptime, "" if host.uptime is None else since(host.uptime)),
        _number(abs(host.ahead or 0), _clock(host.ahead)),
    )


def _clock(ahead: float | None) -> str:
    """By how much it is off at least, as far as that can be told."""
    if ahead is None:
        return ""
    return "right" if abs(ahead) < 1 else f"{since(abs(ahead))} {'ahead' if ahead > 0 else 'behind'}"


def _etcd(view: View) -> Section | None:
    states = {host.name: host.member for host in view.hosts}
    rows = [_member(member, states.get(member.host, "")) for member in view.members]
    return Section("etcd", "etcd", (_table("Members of etcd", _ETCD, rows),)) if rows else None


def _member(member: Member, state: str) -> str:
    fault = f'<br><span class="dim">{text(member.fault)}</span>' if member.fault else ""
    return row(
        cell(text(member.host)),
        cell(f"{text(state)}{fault}", style="good" if state in _GOOD else "bad"),
        cell(text(member.version)),
        _number(member.size, of_bytes(member.size)),
        _number(member.in_use, of_bytes(member.in_use)),
        _number(member.quota, of_bytes(member.quota)),
        _number(member.applied, "" if member.applied is None else f"{member.applied:.0f}"),
        _number(member.sync, "" if member.sync is None else f"{member.sync * 1000:.0f} ms"),
        cell(bullets(member.alarms, "plain"), style="bad" if member.alarms else ""),
    )


def _units(view: View) -> Section | None:
    if view.units is None:
        return None
    rows = [_unit(unit) for unit in view.units]
    return Section("services", "Services", (_table("Services", ("Service", "As wanted", "Not as wanted", "Restarts"), rows),))


def _unit(unit: Unit) -> str:
    well = unit.running == unit.hosts
    return row(
        cell(f"<code>{text(unit.name)}</code>"),
        cell(f"{unit.running} of {unit.hosts}", style="good" if well else "bad", order=unit.running - unit.hosts),
        cell(bullets(unit.others, "plain")),
        _number(unit.restarts, str(unit.restarts)),
    )


def _versions(view: View) -> Section:
    wanted = view.cluster["versions"]
    rows = [_version(name, str(version), view.versions.get(name)) for name, version in wanted.items() if version or view.versions.get(name)]
    return Section("versions", "Versions", (_table("Versions", ("Program", "Inventory", "On hosts"), rows),))


# Names of the spec that are no names of programs.
_PROGRAMS = {"kubernetes": "control plane", "node": "kubelet, kube-proxy", "emulated": "emulated by the control plane", "docker": "Docker"}


def _version(name: str, wanted: str, found: t.Mapping[str, int] | None) -> str:
    told = [f"{version} on {count} host{'' if count == 1 else 's'}" for version, count in (found or {}).items()]
    differs = bool(wanted) and any(version.partition("+")[0] != wanted for version in found or {})
    return row(
        cell(text(_PROGRAMS.get(name, name.replace("_", "-")))),
        cell(text(wanted or "what the repository offers")),
        cell(bullets(told, "plain"), style="warn" if differs else ""),
    )


def _of_certificates(view: View) -> Section | None:
    if view.certificates is None:
        return None
    return Section("certificates", "Certificates and keys", (certificates.table(view.certificates, _CERTIFICATES),))


def _ports(view: View) -> Section:
    rows = [
        row(
            cell(text(one.port), order=float(one.port.partition("/")[0].partition("-")[0]) if one.port[0].isdigit() else 0),
            cell(text(one.purpose)),
            cell(bullets(connections.names(view, one.answering), "plain")),
            cell(bullets(connections.who_asks(view, one), "plain")),
        )
        for one in connections.connections(view)
    ]
    words = '<p class="dim">Groups of hosts are named by their roles.</p>'
    return Section("ports", "Ports", (words, _table("Ports", ("Port", "For", "Who answers", "Who asks"), rows)))


def _disks(view: View) -> Section | None:
    rows = [_disk(host, disk) for host in view.hosts for disk in host.disks]
    return Section("disks", "Disks", (_table("Disks", ("Host", "Used", "Mounted at", "Free", "Size", "Holds"), rows),)) if rows else None


def _disk(host: HostView, disk: Disk) -> str:
    style = "bad" if disk.used > _FULL else "warn" if disk.used > _FILLING else ""
    return row(
        cell(text(host.name)),
        cell(f"{disk.used:.0%}", style=f"number {style}".strip(), order=disk.used),
        cell(f"<code>{text(disk.mount)}</code>"),
        _number(disk.free, of_bytes(disk.free)),
        _number(disk.size, of_bytes(disk.size)),
        cell(text(", ".join(disk.purposes))),
    )
