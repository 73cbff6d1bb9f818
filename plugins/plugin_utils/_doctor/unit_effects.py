# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What other checks find when a unit is down or unwell: by unit, the checks that its finding explains on the same host."""

from __future__ import annotations

import collections.abc as c

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import components

_TABLE = components()


def _unit(name: str) -> str:
    return _TABLE[name].unit


_NODE = ("node-not-ready",)
EFFECTS: c.Mapping[str, tuple[str, ...]] = {
    _unit("chronyd"): ("time-not-kept",),
    _unit("firewalld"): ("firewall-off",),
    _unit("etcd"): ("etcd-silent", "etcd-member-away"),
    _unit("kube_apiserver"): ("api-silent", "api-not-ready"),
    _unit("kube_controller_manager"): ("control-leader-lost",),
    _unit("kube_scheduler"): ("control-leader-lost",),
    _unit("docker"): ("runtime-docker-silent", "runtime-cri-silent", *_NODE),
    _unit("cri_dockerd"): ("runtime-cri-silent", *_NODE),
    _unit("cri_dockerd_socket"): ("runtime-cri-silent", *_NODE),
    _unit("kubelet"): ("kubelet-silent", *_NODE),
    _unit("kube_proxy"): ("pod-network-proxy-silent", "pod-network-service-silent"),
    _unit("flanneld"): ("pod-network-no-subnet", "pod-network-no-tunnel", "pod-network-cut", "node-not-ready"),
}
