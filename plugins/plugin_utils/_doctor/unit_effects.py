# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What other checks find when a unit is down or unwell: by unit, what its finding explains on the same host."""

from __future__ import annotations

import collections.abc as c

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import components

_TABLE = components()


def _unit(name: str) -> str:
    return _TABLE[name].unit


def _units(*names: str) -> tuple[str, ...]:
    """That these units fail, too."""
    return tuple(f"{check}:{_unit(name)}" for name in names for check in ("unit-down", "unit-unhealthy"))


_NODE = ("node-not-ready",)
_CONTROL_LOOPS = ("kube_controller_manager", "kube_scheduler")
_API = ("api-silent", "api-not-ready", *_units(*_CONTROL_LOOPS))
# Where there is only one of them in the cluster, all hosts feel it.
_WITHOUT_API = (
    "api-away",
    "api-endpoint-away",
    "pod-network-service-silent",
    "kubelet-errors",
    *_NODE,
    *_units("flanneld", "kube_proxy", "kubelet"),
)
OF_THE_ONLY_ONE: c.Mapping[str, tuple[str, ...]] = {_unit("etcd"): _WITHOUT_API, _unit("kube_apiserver"): _WITHOUT_API}
EFFECTS: c.Mapping[str, tuple[str, ...]] = {
    _unit("chronyd"): ("time-not-kept",),
    _unit("firewalld"): ("firewall-off",),
    _unit("etcd"): ("etcd-silent", "etcd-member-away", *_API, *_units("kube_apiserver")),
    _unit("kube_apiserver"): _API,
    _unit("kube_controller_manager"): ("control-leader-lost",),
    _unit("kube_scheduler"): ("control-leader-lost",),
    _unit("docker"): ("runtime-docker-silent", "runtime-cri-silent", "kubelet-errors", *_NODE, *_units("cri_dockerd", "kubelet")),
    _unit("cri_dockerd"): ("runtime-cri-silent", "kubelet-errors", *_NODE, *_units("kubelet")),
    _unit("cri_dockerd_socket"): ("runtime-cri-silent", *_NODE),
    _unit("kubelet"): ("kubelet-silent", *_NODE),
    _unit("kube_proxy"): ("pod-network-proxy-silent", "pod-network-service-silent"),
    _unit("flanneld"): ("pod-network-no-subnet", "pod-network-no-tunnel", "pod-network-no-way", "pod-network-cut", "node-not-ready"),
}
# Units that systemd stops along with another one, by Requires= and PartOf= of their files. A start of that one does not bring them back.
# cri-dockerd and its socket stop each other: the start of the service takes both along.
STOPPED_WITH: c.Mapping[str, tuple[str, ...]] = {
    _unit("docker"): (_unit("cri_dockerd"), _unit("cri_dockerd_socket")),
    _unit("cri_dockerd"): (_unit("cri_dockerd_socket"),),
    _unit("nginx"): (_unit("check_apiservers"),),
}


def effects_of(unit: str) -> tuple[str, ...]:
    """What the finding of a unit explains on its own host."""
    return (*EFFECTS.get(unit, ()), *(f"unit-down:{name}" for name in STOPPED_WITH.get(unit, ())))


def all_effects() -> tuple[str, ...]:
    """All that a unit can explain."""
    own = {effect for unit in {*EFFECTS, *STOPPED_WITH} for effect in effects_of(unit)}
    return tuple(sorted({*own, *(effect for effects in OF_THE_ONLY_ONE.values() for effect in effects)}))
