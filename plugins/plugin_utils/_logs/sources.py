# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each host is asked for, by the resolved spec and what its roles describe: the most useful first. Pure.

No program is asked for what may hold a secret: not for the arguments of processes, not for variables of containers.
"""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.asked import Host
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import DOCKER, KUBECTL, PATHS, components

Object = dict[str, t.Any]

# Seconds for all that a host is asked for, and bytes of one text before it is compressed.
DEADLINE = 120.0
ROOM = 8 << 20
_LINES = 50_000
# Files of settings by their names in the table of components. Those with keys and logins have other names.
_SETTINGS = ("common", "settings", "configuration", "network", "audit_policy")
_STATES: dict[str, list[str]] = {
    "units": ["systemctl", "list-units", "--all", "--plain", "--full", "--no-legend", "--type=service,socket,timer,mount,swap"],
    "kernel": ["uname", "-a"],
    "uptime": ["uptime"],
    "space": ["df", "-h", "-T"],
    "inodes": ["df", "-i"],
    "mounts": ["findmnt", "--list", "--output", "TARGET,SOURCE,FSTYPE,OPTIONS"],
    "memory": ["free", "-m"],
    # no arguments: they may hold what is secret
    "processes": ["ps", "-eo", "pid,ppid,user,stat,pcpu,pmem,rss,etime,comm", "--sort=-pcpu"],
    "addresses": ["ip", "-details", "address"],
    "routes": ["ip", "route", "show", "table", "all"],
    "neighbours": ["ip", "neighbour"],
    "sockets": ["ss", "-n", "-t", "-u", "-l", "-p"],
    "rules": ["nft", "list", "ruleset"],
    "firewall": ["firewall-cmd", "--list-all-zones"],
    "clock": ["chronyc", "-n", "tracking"],
    "time-servers": ["chronyc", "-n", "sources"],
    "modules": ["lsmod"],
    "packages": ["rpm", "-q", "--all", "--last"],
}
_OF_NODES: dict[str, list[str]] = {
    "docker": ["docker", "info"],
    "containers": ["docker", "ps", "--all", "--format", "{{.ID}} {{.Names}} {{.Image}} {{.State}} {{.Status}}"],
    "images": ["docker", "images", "--digests"],
}
_OF_THE_API = ("events", "nodes", "pods")


def payload(host: Host, *, size: int, hours: int) -> Object:
    """The payload of the host's program. ``size``: bytes of all that it may give."""
    sources = [*_states(host), *_settings(host), *_api(host), *_journals(host, hours)]
    return {"sources": sources, "size": size, "room": ROOM, "deadline": DEADLINE}


def _units(host: Host) -> list[str]:
    return [str(item["name"]) for item in host.items["unit"] if item["state"] == "started"]


def _states(host: Host) -> c.Iterator[Object]:
    programs = {**_STATES, **(_OF_NODES if host.is_node else {})}
    for name, argv in programs.items():
        yield {"name": f"states/{name}.txt", "argv": argv}
    units = _units(host)
    if units:
        yield {"name": "states/our-units.txt", "argv": ["systemctl", "show", "--no-pager", *_PROPERTIES, "--", *units]}
    known = set(units)
    for name, component in components().items():
        # our own programs have no version of their own
        if component.program.startswith(f"{PATHS['programs']}/") and component.unit in known:
            yield {"name": f"versions/{name}.txt", "argv": [component.program, "--version"]}


_PROPERTIES = tuple(
    f"--property={name}"
    for name in (
        "Id",
        "ActiveState",
        "SubState",
        "Result",
        "NRestarts",
        "MainPID",
        "ExecMainStatus",
        "ActiveEnterTimestamp",
        "MemoryCurrent",
    )
)


def _settings(host: Host) -> c.Iterator[Object]:
    units = set(_units(host))
    paths = ["/etc/os-release", "/etc/hosts", "/etc/resolv.conf"]
    for component in components().values():
        if component.unit in units or (component.unit == DOCKER.unit and host.is_node):
            paths += [path for name, path in component.files.items() if name in _SETTINGS]
    for path in dict.fromkeys(paths):
        yield {"name": f"settings{path}", "path": path}


def _api(host: Host) -> c.Iterator[Object]:
    if not host.is_master:
        return
    admin = KUBECTL.pairs["admin"]
    server = f"https://127.0.0.1:{host.cluster['api']['server_port']}"
    connection = {"server": server, "ca": KUBECTL.pki["ca"], "cert": admin.cert, "key": admin.key}
    for what in _OF_THE_API:
        yield {"name": f"api/{what}.jsonl", "api": {"connection": connection, "what": what}}


def _journals(host: Host, hours: int) -> c.Iterator[Object]:
    common = ["journalctl", "--no-pager", "--output=short-iso", f"--since=-{hours}h", f"--lines={_LINES}"]
    for unit in _units(host):
        if not unit.endswith(".timer"):
            yield {"name": f"journals/{unit}.log", "argv": [*common, f"--unit={unit}"]}
    yield {"name": "journals/kernel.log", "argv": [*common, "--dmesg"]}
    yield {"name": "journals/errors-of-all.log", "argv": [*common, "--priority=err"]}
