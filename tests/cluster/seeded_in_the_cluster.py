# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of the cluster on inventories/two-node: certificates, the API, nodes, the pod network, the runtime."""

from __future__ import annotations

import collections.abc as c
import typing as t

from . import checks
from .doctoring import MASTER, Seeded
from .driver import Cluster
from .seeded_on_hosts import MINION, OWN_INTERFACE, on

_PKI = "/etc/kubernetes/pki"
_NETWORKS = "/etc/cni/net.d"
_CONTAINER = "/var/lib/docker/containers/seeded"
_ADDRESSES = "/var/lib/cni/networks/flannel"
_SUBNET = "subnet=$(sed -n s/^FLANNEL_SUBNET=//p /run/flannel/subnet.env)"


def _applied(*manifests: dict[str, t.Any]) -> c.Callable[[Cluster], object]:
    return lambda cluster: checks.apply(cluster, *manifests)


def _deleted(kind: str, name: str) -> c.Callable[[Cluster], object]:
    return lambda cluster: cluster.kubectl("delete", kind, name, "--ignore-not-found")


def _webhook(kind: str) -> Seeded:
    """Nobody serves it, and it is asked about nothing that there is."""
    service = {"namespace": "default", "name": "nobody"}
    hook = {
        "name": "seeded.example.com",
        "clientConfig": {"service": service},
        "rules": [{"apiGroups": ["seeded.example.com"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}],
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    manifest = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": f"{kind}WebhookConfiguration",
        "metadata": {"name": "seeded"},
        "webhooks": [hook],
    }
    remedy = f"kubectl delete {kind.lower()}webhookconfigurations seeded"
    return Seeded("api-webhook-dead", "", _applied(manifest), "the service default/nobody has no endpoint", remedy)


API_SERVICE = {
    "apiVersion": "apiregistration.k8s.io/v1",
    "kind": "APIService",
    "metadata": {"name": "v1.seeded.example.com"},
    "spec": {
        "group": "seeded.example.com",
        "version": "v1",
        "groupPriorityMinimum": 1,
        "versionPriority": 1,
        "service": {"namespace": "default", "name": "nobody"},
        "insecureSkipTLSVerify": True,
    },
}
NODE = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "seeded.example.com"}}


def _certificate(host: str, name: str) -> Seeded:
    path = f"{_PKI}/{name}.crt"
    do, undo = on(host, f"mv {path} /root/seeded.crt"), on(host, f"mv /root/seeded.crt {path}")
    return Seeded("certificate-missing", host, do, path, "site.yml", undo=undo)


def _network_of_others(host: str, name: str) -> Seeded:
    return Seeded("runtime-network-of-others", host, on(host, f"echo '{{}}' > {_NETWORKS}/{name}"), name, f"rm {_NETWORKS}/{name}")


CERTIFICATES = [
    _certificate(MINION, "proxy"),
    _certificate(MASTER, "scheduler"),
    Seeded(
        "certificate-differs",
        MINION,
        on(MINION, f"chmod 0644 {_PKI}/proxy.key"),
        "its key: its mode is 0644",
        "site.yml",
        undo=on(MINION, f"chmod 0600 {_PKI}/proxy.key"),
    ),
]
CONTROL_PLANE = [
    Seeded(
        "unit-down",
        MASTER,
        on(MASTER, "systemctl stop kube-apiserver-liveness"),
        "kube-apiserver-liveness.service is inactive",
        "systemctl start kube-apiserver-liveness",
    ),
    Seeded(
        "api-part-unavailable",
        "",
        _applied(API_SERVICE),
        "v1.seeded.example.com",
        "kubectl describe apiservice v1.seeded.example.com",
        undo=_deleted("apiservice", "v1.seeded.example.com"),
    ),
    _webhook("Validating"),
    _webhook("Mutating"),
    Seeded("node-unknown", "", _applied(NODE), "seeded.example.com", "kubectl delete node seeded.example.com"),
    Seeded(
        "node-cordoned",
        MINION,
        lambda cluster: cluster.kubectl("cordon", MINION),
        f"{MINION} takes no new pods",
        f"kubectl uncordon {MINION}",
    ),
]
POD_NETWORK = [
    Seeded("pod-network-no-way", MASTER, on(MASTER, "ip link delete flannel.1"), "has", "systemctl restart flanneld"),
    Seeded("pod-network-no-tunnel", MINION, on(MINION, "ip link set flannel.1 down"), "flannel.1 is down", "systemctl restart flanneld"),
    Seeded(
        "pod-network-mtu",
        MINION,
        on(MINION, f"{OWN_INTERFACE}; ip link set $dev mtu 1490"),
        "has 1490",
        "MTU in flannel_backend",
        undo=on(MINION, f"{OWN_INTERFACE}; ip link set $dev mtu 1500"),
    ),
    Seeded("pod-network-no-subnet", MINION, on(MINION, "rm /run/flannel/subnet.env"), "no subnet", "systemctl restart flanneld"),
    Seeded(
        "pod-network-bridge-differs",
        MINION,
        on(MINION, f"{_SUBNET}; ip address add 203.0.113.1/24 dev cni0; ip address delete $subnet dev cni0"),
        "cni0 has 203.0.113.1/24",
        "systemctl restart flanneld",
    ),
    Seeded(
        "pod-network-cut",
        MASTER,
        on(
            MINION,
            "nft 'add table inet seeded'",
            "nft 'add chain inet seeded in { type filter hook input priority -200; }'",
            "nft 'add rule inet seeded in udp dport 8472 drop'",
        ),
        f"not between {MASTER} and {MINION}",
        "UDP port 8472",
        undo=on(MINION, "nft delete table inet seeded"),
    ),
    Seeded(
        "pod-network-no-rules",
        MINION,
        on(MINION, "nft delete table ip kube-proxy"),
        "there is no table ip kube-proxy",
        "systemctl restart kube-proxy",
    ),
]
RUNTIME = [
    _network_of_others(MASTER, "00-calico.conflist"),
    _network_of_others(MINION, "05-bridge.conf"),
    Seeded(
        "unit-unhealthy",
        MINION,
        on(MINION, f"mv {_NETWORKS}/10-flannel.conflist /root/"),
        "10-flannel.conflist",
        "journalctl -u flanneld.service",
        undo=on(MINION, f"mv /root/10-flannel.conflist {_NETWORKS}/"),
    ),
    Seeded(
        "runtime-log-large",
        MINION,
        on(MINION, f"mkdir {_CONTAINER}; truncate -s 2G {_CONTAINER}/seeded-json.log"),
        "seeded-json.log: 2.0 GiB",
        "docker_log_max_size",
        undo=on(MINION, f"rm -r {_CONTAINER}"),
    ),
    Seeded(
        "capacity-addresses",
        MINION,
        on(MINION, f"for n in $(seq 230); do touch {_ADDRESSES}/192.0.2.$n; done"),
        "of 253",
        "spread the pods",
        undo=on(MINION, f"rm {_ADDRESSES}/192.0.2.*"),
    ),
]
SEEDED: list[Seeded] = [*CERTIFICATES, *CONTROL_PLANE, *POD_NETWORK, *RUNTIME]
