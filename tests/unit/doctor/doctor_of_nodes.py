# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts and faults of nodes, as their hosts tell them: the kubelet, the runtime, the pod network."""

from __future__ import annotations

import typing as t

from doctor_situation import HOSTS, Fault, Situation

GIB = 1 << 30
ERROR = {"place": "eviction_manager.go:270", "count": 60, "last": '"failed" err="cannot find filesystem info for device"'}


def healthy(host: str) -> dict[str, t.Any]:
    subnet = f"10.255.{HOSTS.index(host)}.1/24"
    return {
        "node": {"health": "", "api": "", "errors": [], "gaps": []},
        "runtime": {
            "docker": {
                "fault": "",
                "version": "29.8.1",
                "cgroup_driver": "systemd",
                "store": "overlay2",
                "directory": "/var/lib/docker",
                "live_restore": True,
                "warnings": ["WARNING: No blkio throttle.read_bps_device support"],
                "states": {"running": 8, "exited": 3},
                "images": 6,
            },
            "cri": {"fault": "", "version": "0.4.4"},
            "logs": [],
            "cni": ["10-flannel.conflist"],
        },
        "pod_network": {
            "lease": {"FLANNEL_NETWORK": "10.255.0.0/16", "FLANNEL_SUBNET": subnet, "FLANNEL_MTU": "1450"},
            "tunnel": _interface("flannel.1"),
            "bridge": {**_interface("cni0"), "addresses": [subnet]},
            "peers": [{"name": other, "known": True, "fault": ""} for other in HOSTS if other != host],
            "service": "",
            "dns": "",
            "proxy": "",
            "mode": "nftables",
            "addresses": 5,
        },
    }


def _interface(name: str) -> dict[str, t.Any]:
    return {"name": name, "exists": True, "mtu": 1450, "up": True, "addresses": []}


def _of(situation: Situation, group: str) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", situation.groups["w1"][group])


def _docker(situation: Situation, **changes: t.Any) -> None:
    _of(situation, "runtime")["docker"].update(changes)


def _network(situation: Situation, **changes: t.Any) -> None:
    _of(situation, "pod_network").update(changes)


def _no_way(situation: Situation) -> None:
    for peer in _of(situation, "pod_network")["peers"]:
        peer["known"] = False


def _cut(situation: Situation) -> None:
    """w1 reaches nobody, and nobody reaches it."""
    for host in HOSTS:
        for peer in situation.groups[host]["pod_network"]["peers"]:
            if "w1" in (host, peer["name"]):
                peer["fault"] = "no connection"


def _no_rules(situation: Situation, **found: str) -> None:
    nftables = _of(situation, "firewall")["nftables"]
    nftables["tables"] = [table for table in nftables["tables"] if table != "ip kube-proxy"]
    _network(situation, **(found or {"service": "timed out"}))


def _silent_without_rules(situation: Situation) -> None:
    """That it has no rules is not told, too."""
    _no_rules(situation, proxy="refused")


FAULTS: dict[str, Fault] = {
    "api-endpoint-away": Fault(lambda s: _of(s, "node").update(api="timed out"), "timed out", "/livez"),
    "kubelet-silent": Fault(lambda s: _of(s, "node").update(health="Connection refused"), "Connection refused", "journalctl -u kubelet"),
    "kubelet-blind": Fault(lambda s: _of(s, "node")["errors"].append(ERROR), "60 times in ten minutes", "filesystem"),
    "kubelet-errors": Fault(
        lambda s: _of(s, "node")["errors"].append({"place": "a.go:1", "count": 7, "last": "x"}), "7 times from a.go:1: x", "journalctl"
    ),
    "runtime-docker-silent": Fault(
        lambda s: s.groups["w1"]["runtime"].update(docker={"fault": "refused"}), "refused", "journalctl -u docker"
    ),
    "runtime-cri-silent": Fault(
        lambda s: _of(s, "runtime")["cri"].update(fault="No such file"), "No such file", "journalctl -u cri-docker"
    ),
    "runtime-cgroup-driver": Fault(lambda s: _docker(s, cgroup_driver="cgroupfs"), "cgroupfs", "site.yml"),
    "runtime-docker-old": Fault(lambda s: _docker(s, version="19.3.1"), "19.3.1", "cluster_docker_version"),
    "runtime-versions-differ": Fault(lambda s: _of(s, "runtime")["cri"].update(version="0.3.1"), "cri-dockerd 0.3.1", "site.yml"),
    "runtime-restart-kills": Fault(lambda s: _docker(s, live_restore=False), "false", "docker_daemon_options"),
    "runtime-complains": Fault(
        lambda s: _docker(s, warnings=["WARNING: No blkio throttle", "WARNING: IPv4 is off"]), "IPv4", "docker info"
    ),
    "runtime-containers-stuck": Fault(lambda s: _docker(s, states={"dead": 2}), "2 dead", "docker rm --force"),
    "runtime-ended-many": Fault(lambda s: _docker(s, states={"exited": 500}), "500", "docker container prune"),
    "runtime-log-large": Fault(
        lambda s: _of(s, "runtime")["logs"].append({"path": "/x-json.log", "size": 3 * GIB}), "/x-json.log: 3.0 GiB", "docker_log_max_size"
    ),
    "runtime-network-of-others": Fault(
        lambda s: _of(s, "runtime")["cni"].insert(0, "05-calico.conflist"), "05-calico.conflist", "rm /etc/cni/net.d/05-calico.conflist"
    ),
    "runtime-network-missing": Fault(lambda s: _of(s, "runtime")["cni"].clear(), "there is no 10-flannel", "systemctl restart flanneld"),
    "pod-network-no-subnet": Fault(lambda s: _network(s, lease={}), "no subnet", "systemctl restart flanneld"),
    "pod-network-no-tunnel": Fault(
        lambda s: (_of(s, "pod_network")["tunnel"].update(exists=False, up=False, mtu=0), _no_way(s)),
        "flannel.1 is not there",
        "systemctl restart flanneld",
    ),
    "pod-network-mtu": Fault(lambda s: _of(s, "pod_network")["tunnel"].update(mtu=1500), "flannel.1 has 1500, eth0 has 1500", "MTU"),
    "pod-network-bridge-differs": Fault(
        lambda s: _of(s, "pod_network")["bridge"].update(addresses=["10.255.7.1/24"]), "cni0 has 10.255.7.1/24", "restart flanneld"
    ),
    "pod-network-lease-differs": Fault(
        lambda s: _network(s, lease={"FLANNEL_SUBNET": "10.255.7.1/24"}, bridge={**_interface("cni0"), "addresses": []}),
        "10.255.7.0/24",
        "systemctl restart flanneld",
    ),
    # as flannel 0.28.9 leaves it after its interface was deleted: it makes another one, and nothing more
    "pod-network-no-way": Fault(lambda s: (_no_way(s), _cut(s)), "it has no way to m1, w2", "systemctl restart flanneld"),
    "pod-network-cut": Fault(_cut, "not between w1 and m1, w2: no connection", "UDP port 8472"),
    "pod-network-proxy-silent": Fault(_silent_without_rules, "refused", "journalctl -u kube-proxy"),
    "pod-network-no-rules": Fault(_no_rules, "there is no table ip kube-proxy", "restart kube-proxy"),
    "pod-network-service-silent": Fault(lambda s: _network(s, service="timed out"), "timed out", "nft list table"),
    "pod-network-names-silent": Fault(lambda s: _network(s, dns="no answer: timed out"), "no answer", "kubectl logs -n kube-system"),
    "capacity-addresses": Fault(lambda s: _network(s, addresses=250), "250 of 253", "spread the pods"),
}
