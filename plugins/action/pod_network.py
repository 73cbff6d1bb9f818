# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks from a node that the pod network works. Documented in plugins/modules/pod_network.py."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import plan_pod_network
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import FLANNELD, KUBE_PROXY, KUBELET
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.flannel_backend import interface

# kube-proxy may read what is needed: Nodes, and the endpoints of services.
_PROXY = KUBE_PROXY.pairs["proxy"]
_DNS = {"namespace": "kube-system", "service": "kube-dns"}
ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "device": {"type": "str", "default": interface({})},
    "deadline": {"type": "float", "default": 15},
}


class NetworkHost(Host):
    """The node from which the others are reached. It is only read."""

    MODULE = "_api.pod_network"
    VERIFIES_IDENTITY = False


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the pod network."""

    def _converge(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        arguments = self._arguments(ARGUMENT_SPEC)
        cluster: dict[str, t.Any] = plain(cluster_of(self._templar, variables))
        host = NetworkHost(self, variables)
        node = cluster["nodes"][host.name]
        found = host.step(
            "collect",
            {
                "connection": {"server": cluster["api"]["url"], "ca": KUBELET.pki["ca"], "cert": _PROXY.cert, "key": _PROXY.key},
                "name": node["name"],
                "address": node["address"],
                "peers": plan_pod_network.peers(cluster, host.name),
                "dns": _DNS,
                "device": str(arguments["device"]),
                "kubelet_port": KUBELET.ports["server"].number,
                # kubelets that rotate their certificates have them from an authority of their own
                "kubelet_ca": KUBELET.pki["kubernetes_and_node_ca" if cluster["certificates"]["node_authority"] else "ca"],
                "vxlan_port": FLANNELD.ports["vxlan"].number,
                "deadline": arguments["deadline"],
            },
        )
        return {"changed": False, "reached": found["reached"]}
