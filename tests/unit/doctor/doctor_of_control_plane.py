# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts and faults of the groups ``control-plane``, ``nodes`` and ``capacity``, as far as an apiserver tells them."""

from __future__ import annotations

import typing as t

from doctor_situation import ADDRESSES, HOSTS, Fault, Situation

REFUSED = {"ready": False, "fault": "Connection refused", "listens": False, "gaps": []}


def healthy(host: str) -> dict[str, t.Any]:
    if host != "m1":
        return {}
    leaders = [{"name": name, "holder": "m1", "alive": True} for name in ("kube-controller-manager", "kube-scheduler")]
    return {
        "control_plane": {
            "ready": True,
            "fault": "",
            "version": "v1.37.1",
            "leaders": leaders,
            "requests": [],
            "nodes": [_well(name) for name in HOSTS],
            "pods": [],
            "pods_of_nodes": dict.fromkeys(HOSTS, 5),
            "unavailable": [],
            "webhooks": [],
            "stuck": [],
            "node_ports": 2,
            "gaps": [],
        }
    }


def _well(name: str) -> dict[str, t.Any]:
    return {
        "name": name,
        "fault": "",
        "pressures": [],
        "network": "",
        "unschedulable": False,
        "pod_cidr": f"10.255.{HOSTS.index(name) if name in HOSTS else 9}.0/24",
        "address": ADDRESSES.get(name, "192.0.2.200"),
        "kubelet": "v1.37.1",
        "runtime": "docker://29.8.1",
        "most_pods": 110,
    }


def _of(situation: Situation) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", situation.groups["m1"]["control_plane"])


def _replace(situation: Situation, told: dict[str, t.Any]) -> None:
    situation.groups["m1"]["control_plane"] = dict(told)


def _two_masters(situation: Situation) -> None:
    _replace(situation, REFUSED)
    situation.cluster["masters"] = ["m1", "m2"]


def _node(situation: Situation, **changes: t.Any) -> None:
    next(node for node in _of(situation)["nodes"] if node["name"] == "w1").update(changes)


def _small(situation: Situation) -> None:
    situation.cluster["network"] = {**situation.cluster["network"], "node_cidr_size": 17}


FAULTS: dict[str, Fault] = {
    "api-silent": Fault(lambda s: _replace(s, REFUSED), "Connection refused", "journalctl -u kube-apiserver", host="m1"),
    "api-not-ready": Fault(
        lambda s: _replace(s, {**REFUSED, "fault": "[-]etcd failed", "listens": True}), "[-]etcd failed", "/readyz?verbose", host="m1"
    ),
    "api-away": Fault(_two_masters, "no apiserver is ready: m1", "journalctl", host="", also=("api-silent",)),
    "control-leader-lost": Fault(
        lambda s: _of(s)["leaders"][1].update(alive=False), "kube-scheduler: m1 holds it", "systemctl status kube-scheduler", host=""
    ),
    "api-versions-differ": Fault(lambda s: _of(s).update(version="v1.36.3"), "v1.36.3 on m1", "upgrade.yml", host=""),
    "api-part-unavailable": Fault(
        lambda s: _of(s)["unavailable"].append({"name": "v1.metrics", "fault": "no endpoints"}),
        "v1.metrics: no endpoints",
        "kubectl",
        host="",
    ),
    "api-webhook-dead": Fault(
        lambda s: _of(s)["webhooks"].append(
            {"kind": "validatingwebhookconfigurations", "name": "policy", "hook": "a.policy", "service": "p/policy"}
        ),
        "a.policy of policy: the service p/policy has no endpoint",
        "kubectl delete validatingwebhookconfigurations policy",
        host="",
    ),
    "api-namespace-stuck": Fault(
        lambda s: _of(s)["stuck"].append({"name": "old", "fault": "a finalizer"}),
        "old: a finalizer",
        "kubectl describe namespace old",
        host="",
    ),
    "node-missing": Fault(lambda s: _of(s)["nodes"].pop(1), "the API has no node w1", "site.yml"),
    "node-not-ready": Fault(lambda s: _node(s, fault="Ready=Unknown (NodeStatusUnknown)"), "w1: Ready=Unknown", "kubectl describe node w1"),
    "node-pressure": Fault(lambda s: _node(s, pressures=["DiskPressure: has disk pressure"]), "DiskPressure", "df -h"),
    "node-network-away": Fault(lambda s: _node(s, network="no route created"), "no route created", "systemctl restart flanneld"),
    "node-cordoned": Fault(lambda s: _node(s, unschedulable=True), "w1 takes no new pods", "kubectl uncordon w1"),
    "node-unknown": Fault(
        lambda s: _of(s)["nodes"].append({**_well("w9"), "pod_cidr": "10.255.9.0/24"}), "w9", "kubectl delete node w9", host=""
    ),
    "node-version-differs": Fault(lambda s: _node(s, kubelet="v1.36.3"), "v1.36.3", "upgrade.yml"),
    "node-address-differs": Fault(lambda s: _node(s, address="192.0.2.88"), "192.0.2.88", "systemctl restart kubelet"),
    "node-without-network": Fault(lambda s: _node(s, pod_cidr="", network="no route"), "w1 has no podCIDR", "kube-controller-manager"),
    "node-pods-failing": Fault(
        lambda s: _of(s)["pods"].append({"namespace": "x", "name": "p", "node": "w1", "fault": "waits: ImagePullBackOff"}),
        "x/p: waits: ImagePullBackOff",
        "kubectl describe pod -n x p",
    ),
    "node-certificate-waits": Fault(
        lambda s: _of(s)["requests"].append({"name": "csr-1", "of": "system:node:w1"}), "csr-1 of system:node:w1", "approver", host=""
    ),
    "capacity-pods": Fault(lambda s: _of(s)["pods_of_nodes"].update(w1=100), "100 of 110", "minion_max_pods"),
    "capacity-node-networks": Fault(_small, "3 of 2", "plan another one", host=""),
    "capacity-node-ports": Fault(lambda s: _of(s).update(node_ports=2700), "2700 of 2768", "cluster_node_port_range", host=""),
}
