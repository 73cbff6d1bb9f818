# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is asked: for each group of facts what it needs to know, from the resolved spec and from what the roles describe. Pure."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import plan_pod_network
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import access
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import (
    CHRONYD,
    CRI_DOCKERD,
    DOCKER,
    ETCD,
    ETCD_SNAPSHOT,
    FIREWALLD,
    FLANNELD,
    KUBE_PROXY,
    KUBECTL,
    KUBELET,
    PACKET_FILTER,
    PATHS,
)

Object = dict[str, t.Any]
Items = c.Mapping[str, list[Object]]

# Seconds in which a host gathers all of it.
DEADLINE = 20.0
_BRIDGE = "cni0"
_API_NAME = "kubernetes.default.svc"
# Others that would set the same clock.
_KEEPERS = ("systemd-timesyncd.service", "ntpd.service", "ntpsec.service", "openntpd.service", "ptp4l.service")
# Groups that are asked by the items of a host, or by its certificates.
_OF_ROLES = ("kernel", "units", "certificates", "firewall", "selinux", "drift")


class Host(t.NamedTuple):
    """``items``: what the roles of the host describe, by kind. ``certificates``: what the list of certificates asks; ``drift`` likewise.

    ``etcd_data``: the directory of etcd's data. ``device``: the interface of flannel's tunnel.
    """

    cluster: c.Mapping[str, t.Any]
    name: str
    items: Items
    certificates: Object
    etcd_data: str
    device: str
    drift: c.Mapping[str, t.Any] = {}

    @property
    def is_node(self) -> bool:
        return self.name in self.cluster["node_hosts"]

    @property
    def is_master(self) -> bool:
        return self.name in self.cluster["masters"]

    @property
    def is_member(self) -> bool:
        return self.name in self.cluster["etcd_hosts"]


class Subject(t.NamedTuple):
    """What is asked beside the groups: a node or a pod of the API (its namespace and name), and journals of units that are well, too."""

    node: str = ""
    pod: tuple[str, str] | None = None
    journals: tuple[str, ...] = ()


def payload(host: Host, groups: c.Collection[str], subject: Subject | None = None) -> Object:
    """The payload of the host's program. A group that a host of these roles does not have is not asked."""
    asked = {group: ask(host) for group, ask in _GROUPS.items() if group in groups}
    if subject is not None:
        asked["subject"] = _subject(host, subject)
        if asked.get("units") is not None:
            asked["units"] = {**(asked["units"] or {}), "journals": list(subject.journals)}
    return {"asked": {group: given for group, given in asked.items() if given is not None}, "deadline": DEADLINE}


def follow_from_roles(groups: c.Iterable[str]) -> bool:
    """Whether any of these groups is asked by what roles describe. To read them takes longer than most looks."""
    return any(group in _OF_ROLES for group in groups)


def groups() -> list[str]:
    """All groups of facts."""
    return list(_GROUPS)


def _machine(_host: Host) -> Object:
    return {}


def _disks(host: Host) -> Object:
    paths = [("/", "root"), ("/boot", "boot"), ("/var/log", "logs"), ("/tmp", "temporary")]
    paths += [(PATHS[name], "programs") for name in ("programs", "helpers")]
    if host.is_member:
        paths.append((host.etcd_data, "etcd"))
    if host.is_node:
        paths += [
            (DOCKER.data_directory, "docker"),
            ("/var/lib/containerd", "containerd"),
            (KUBELET.data_directory, "kubelet"),
            (PATHS["cni_programs"], "programs"),
        ]
    return {"paths": paths, "docker": DOCKER.files["configuration"] if host.is_node else ""}


def _kernel(host: Host) -> Object:
    return {"sysctls": host.items["sysctl"], "modules": host.items["kernel_module"], "swap": _managed(host, "swap")}


def _managed(host: Host, kind: str) -> list[Object]:
    return [item for item in host.items[kind] if item["state"] != "unmanaged"]


def _time(_host: Host) -> Object:
    return {"keepers": [CHRONYD.unit, *_KEEPERS]}


def _names(host: Host) -> Object:
    return {"name": host.cluster["nodes"][host.name]["name"], "kubelet": KUBELET.files["configuration"] if host.is_node else ""}


def _units(host: Host) -> Object:
    kept = ("name", "enabled", "state", "inputs", "reload_on", "health", "stamped")
    return {"units": [{name: item[name] for name in kept} for item in host.items["unit"] if item["state"] != "unmanaged"]}


def _certificates(host: Host) -> Object:
    return host.certificates


def _etcd(host: Host) -> Object | None:
    if not host.is_member:
        return None
    return {
        "host": host.name,
        "url": ETCD.urls["client"],
        "metrics": ETCD.urls["metrics"],
        "access": access.of_administrator(),
        "members": host.cluster["etcd"]["members"],
        "snapshots": ETCD_SNAPSHOT.files["settings"],
    }


def _control_plane(host: Host) -> Object | None:
    if not host.is_master:
        return None
    admin = KUBECTL.pairs["admin"]
    server = f"https://127.0.0.1:{host.cluster['api']['server_port']}"
    return {"connection": {"server": server, "ca": KUBECTL.pki["ca"], "cert": admin.cert, "key": admin.key}}


def _subject(host: Host, subject: Subject) -> Object | None:
    plane = _control_plane(host)
    pod = {"namespace": subject.pod[0], "name": subject.pod[1]} if subject.pod is not None else None
    return plane if plane is None else {**plane, "node": subject.node, "pod": pod}


def _node(host: Host) -> Object | None:
    if not host.is_node:
        return None
    api = {"http": f"{host.cluster['api']['url']}/livez", "ca": KUBELET.pki["ca"]}
    return {"health": [dict(check) for check in KUBELET.health], "api": api, "unit": KUBELET.unit}


def _firewall(host: Host) -> Object:
    return {"items": host.items["firewall"], "unit": FIREWALLD.unit, "filter_table": PACKET_FILTER.table}


def _selinux(host: Host) -> Object:
    return {"items": _managed(host, "selinux"), "booleans": host.items["selinux_boolean"]}


def _drift(host: Host) -> Object:
    return dict(host.drift)


def _runtime(host: Host) -> Object | None:
    if not host.is_node:
        return None
    return {
        "docker": DOCKER.socket,
        "cri": CRI_DOCKERD.socket,
        "units": {"docker": DOCKER.unit, "cri": CRI_DOCKERD.unit},
        "program": CRI_DOCKERD.program,
        "cni": PATHS["cni"],
    }


def _pod_network(host: Host) -> Object | None:
    if not host.is_node:
        return None
    cluster, network = host.cluster, host.cluster["network"]
    return {
        "device": host.device,
        "bridge": _BRIDGE,
        "lease": FLANNELD.files["subnet"],
        "addresses": FLANNELD.files["addresses"],
        "peers": plan_pod_network.peers(dict(cluster), host.name),
        "kubelet_port": KUBELET.ports["server"].number,
        # kubelets that rotate their certificates have them from an authority of their own
        "kubelet_ca": KUBELET.pki["kubernetes_and_node_ca" if cluster["certificates"]["node_authority"] else "ca"],
        "service": f"{network['api_service_address']}:443",
        "dns": {"address": network["dns_address"], "name": f"{_API_NAME}.{cluster['domain']}"},
        "proxy_configuration": KUBE_PROXY.files["configuration"],
        "proxy": [{"http": f"http://127.0.0.1:{KUBE_PROXY.ports['healthz'].number}/healthz"}],
    }


_GROUPS: dict[str, c.Callable[[Host], Object | None]] = {
    "machine": _machine,
    "disks": _disks,
    "kernel": _kernel,
    "time": _time,
    "names": _names,
    "units": _units,
    "certificates": _certificates,
    "etcd": _etcd,
    "control_plane": _control_plane,
    "node": _node,
    "firewall": _firewall,
    "selinux": _selinux,
    "runtime": _runtime,
    "pod_network": _pod_network,
    "drift": _drift,
}
