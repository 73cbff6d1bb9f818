# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The links of the chain to a node that is ready, in the order in which they need each other: which findings of the doctor break which.

The doctor's checks judge; a link only says which of their findings are its own, and which service shows more of it.
"""

from __future__ import annotations

import dataclasses

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import components

_TABLE = components()
OF_UNITS = ("unit-missing", "unit-masked", "unit-down", "unit-unhealthy")
LEADER = "control-leader-lost"
NO_WAY = "pod-network-no-way"
# Directories without which a node does not work.
_OF_NODES = ("root", "programs", "docker", "kubelet", "temporary")
_DISKS = ("disk-full", "disk-inodes-gone", "disk-read-only", "disk-noexec")
_ENDED = ("certificate-ended", "certificate-not-yet", "certificate-missing")
_FIREWALL = ("firewall-panic", "firewall-differs", "firewall-strict-forward")


@dataclasses.dataclass(frozen=True)
class Link:
    """``ids``: the checks whose findings break it. ``units``: components whose services break it when they do not work.

    ``purposes``: of which directories a finding may be that is about some. ``groups``: facts without which the link is not known.
    ``journal``: the component whose journal shows more.
    """

    name: str
    asks: str
    ids: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    purposes: tuple[str, ...] = _OF_NODES
    groups: tuple[str, ...] = ()
    journal: str = ""

    def has(self, check: str, of: tuple[str, ...]) -> bool:
        """Whether a finding of this check, about these things of its host, breaks the link."""
        if check in (*OF_UNITS, LEADER):
            return not set(of).isdisjoint(_TABLE[name].unit for name in self.units)
        if check in _DISKS and of and set(of).isdisjoint(self.purposes):
            return False
        return check in self.ids

    @property
    def journal_unit(self) -> str:
        return _TABLE[self.journal].unit if self.journal else ""


HOST = Link("host", "does the host answer?", ids=("host-away", "host-without-root"))
_MACHINE_IDS = (
    *_DISKS,
    "machine-memory-gone",
    "machine-cgroup-controllers",
    "kernel-setting-differs",
    "kernel-setting-missing",
    "kernel-module-missing",
    "kernel-swap-on",
    "kernel-connections-full",
    "names-address-missing",
    "names-resolver-loop",
    "node-pressure",
)
MACHINE = Link("machine", "has it what a node needs?", ids=_MACHINE_IDS, groups=("machine", "disks", "kernel", "names"))
CLOCK = Link("clock", "is its clock right?", ids=("time-off", "time-controller-off"), groups=("time",))
RUNTIME = Link(
    "runtime",
    "does Docker answer?",
    ids=("runtime-docker-silent", "runtime-docker-old", "runtime-cgroup-driver"),
    units=("docker",),
    groups=("units", "runtime"),
    journal="docker",
)
CRI = Link(
    "CRI",
    "does cri-dockerd answer?",
    ids=("runtime-cri-silent",),
    units=("cri_dockerd", "cri_dockerd_socket"),
    groups=("units", "runtime"),
    journal="cri_dockerd",
)
KUBELET = Link(
    "kubelet",
    "does the kubelet work?",
    ids=("kubelet-silent", "kubelet-blind"),
    units=("kubelet",),
    groups=("units", "node"),
    journal="kubelet",
)
CERTIFICATES = Link("certificates", "are its certificates good?", ids=_ENDED, groups=("certificates",), journal="kubelet")
FIREWALL = Link("firewall", "does its firewall let the cluster pass?", ids=_FIREWALL, groups=("firewall",), journal="firewalld")
# Found on the hosts of the control plane, where the node reaches no API.
CONTROL_PLANE = Link(
    "API",
    "does the node reach the API?",
    ids=(
        "host-away",
        "host-without-root",
        *_DISKS,
        *_ENDED,
        *_FIREWALL,
        "etcd-no-quorum",
        "etcd-silent",
        "etcd-not-healthy",
        "etcd-alarm",
        "etcd-database-full",
        "api-silent",
        "api-not-ready",
        "api-away",
    ),
    units=("etcd", "kube_apiserver", "haproxy", "nginx", "check_apiservers", "keepalived"),
    purposes=("root", "etcd", "logs"),
    journal="kube_apiserver",
)
# Found on the node itself.
ENDPOINT = Link("API", CONTROL_PLANE.asks, ids=("api-endpoint-away",), units=("haproxy", "nginx", "check_apiservers"), journal="kubelet")
CONTROLLERS = Link(
    "controllers",
    "does a controller manager work?",
    ids=(LEADER,),
    units=("kube_controller_manager",),
    journal="kube_controller_manager",
)
REGISTERED = Link(
    "registered", "has the API its Node?", ids=("node-missing", "node-address-differs", "node-certificate-waits"), journal="kubelet"
)
FLANNEL = Link(
    "flannel",
    "has it its part of the pod network?",
    ids=(
        "node-without-network",
        "node-network-away",
        "pod-network-no-subnet",
        "pod-network-lease-differs",
        "pod-network-no-tunnel",
        "pod-network-mtu",
        NO_WAY,
        "pod-network-cut",
    ),
    units=("flanneld",),
    groups=("units", "pod_network"),
    journal="flanneld",
)
CNI = Link(
    "CNI",
    "do pods get addresses of it?",
    ids=("runtime-network-missing", "runtime-network-of-others", "pod-network-bridge-differs"),
    groups=("runtime", "pod_network"),
    journal="flanneld",
)
SERVICES = Link(
    "services",
    "do services and names work on it?",
    ids=("pod-network-proxy-silent", "pod-network-no-rules", "pod-network-service-silent", "pod-network-names-silent"),
    units=("kube_proxy",),
    groups=("units", "pod_network"),
    journal="kube_proxy",
)
READY = Link("ready", "does the API call it ready?", ids=("node-not-ready",), journal="kubelet")
# A certificate that is not as described stops a node that is not ready, and is a matter of order on one that is.
SUSPECTS = Link("certificates", CERTIFICATES.asks, ids=("certificate-differs",), journal="kubelet")

BEFORE_THE_API = (HOST, MACHINE, CLOCK, RUNTIME, CRI, KUBELET, CERTIFICATES, FIREWALL)
BEHIND_THE_API = (REGISTERED, FLANNEL, CNI, SERVICES, READY)
PARTS = (BEFORE_THE_API, BEHIND_THE_API)

SCHEDULER = Link("scheduler", "does the scheduler give the pod a node?", ids=(LEADER,), units=("kube_scheduler",), journal="kube_scheduler")


def journals() -> list[str]:
    """The units whose journals the chain may show."""
    links = (*BEFORE_THE_API, CONTROL_PLANE, ENDPOINT, CONTROLLERS, *BEHIND_THE_API, SCHEDULER)
    return sorted({link.journal_unit for link in links if link.journal} | {_TABLE["etcd"].unit})


def ids() -> frozenset[str]:
    """All checks that break some link."""
    links = (*BEFORE_THE_API, CONTROL_PLANE, ENDPOINT, CONTROLLERS, *BEHIND_THE_API, SCHEDULER)
    return frozenset({*OF_UNITS, *(identifier for link in links for identifier in link.ids)})
