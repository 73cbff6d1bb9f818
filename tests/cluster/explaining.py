# SPDX-License-Identifier: GPL-3.0-or-later
"""What is broken on purpose for a node or a pod of inventories/two-node, and the link that explain.yml must name."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from . import checks
from .driver import Cluster, PlaybookRun, eventually

MASTER, MINION = "k8s.master.dev", "k8s.minion1.dev"
HOSTS = {MASTER: "192.168.200.100", MINION: "192.168.200.101"}
_KUBELET_CERTIFICATE = "/etc/kubernetes/pki/kubelet.crt"


@dataclasses.dataclass(frozen=True)
class Broken:
    """``words``: what must be told. ``subject``: the pod, or empty for the node MINION."""

    link: str
    do: c.Callable[[Cluster], object]
    undo: c.Callable[[Cluster], object]
    words: tuple[str, ...]
    subject: str = ""
    deadline: float = 60


def explained(cluster: Cluster, subject: str = "") -> PlaybookRun:
    """A run of explain.yml. It changes nothing."""
    option = f"explain_pod={subject}" if subject else f"explain_node={MINION}"
    done = cluster.playbook("playbooks/explain.yml", "-e", option, check=False)
    assert done.changed == []
    return done


def first(done: PlaybookRun) -> str:
    """The first broken link; empty if there is none."""
    after = done.output.partition("First broken link: ")[2]
    return after.split(" (", 1)[0]


def on(host: str, *commands: str) -> c.Callable[[Cluster], object]:
    return lambda cluster: [cluster.on(host, command) for command in commands]


def _pod(name: str, **options: t.Any) -> c.Callable[[Cluster], object]:
    def start(cluster: Cluster) -> None:
        checks.apply(cluster, checks.pod(name, labels={"app": name}, spec=checks.web_server(name, **options)))

    return start


def _gone(name: str) -> c.Callable[[Cluster], object]:
    return lambda cluster: cluster.kubectl("delete", "pod", name, "--ignore-not-found", "--grace-period=0", "--force")


def _stop(cluster: Cluster) -> None:
    cluster.lab("stop", MINION)


def _start(cluster: Cluster) -> None:
    cluster.lab("start", MINION)


BROKEN: list[Broken] = [
    Broken(
        "kubelet",
        on(MINION, "systemctl stop kubelet"),
        on(MINION, "systemctl start kubelet"),
        ("kubelet.service is inactive", "`systemctl start kubelet.service`", "Stopped kubelet.service"),
    ),
    Broken(
        "runtime",
        on(MINION, "systemctl stop docker.socket docker.service 2>/dev/null; systemctl is-active docker.service || true"),
        # systemd has stopped along with it what needs it
        on(MINION, "systemctl start docker.service cri-docker.socket cri-docker.service kubelet.service"),
        ("docker.service is inactive", "Broken, too: CRI"),
    ),
    Broken(
        "CRI",
        on(MINION, "systemctl stop cri-docker.socket cri-docker.service"),
        on(MINION, "systemctl start cri-docker.socket cri-docker.service kubelet.service"),
        ("cri-docker.service is inactive",),
    ),
    Broken(
        "certificates",
        on(MINION, f"mv {_KUBELET_CERTIFICATE} /root/kept.crt", "systemctl restart --no-block kubelet"),
        on(MINION, f"mv /root/kept.crt {_KUBELET_CERTIFICATE}", "systemctl reset-failed kubelet; systemctl restart kubelet"),
        (_KUBELET_CERTIFICATE, "certificate-missing"),
    ),
    Broken(
        "API",
        on(MASTER, "systemctl stop kube-apiserver"),
        on(MASTER, "systemctl start kube-apiserver"),
        (f"{MASTER}: kube-apiserver.service is inactive", "no apiserver says how it is", "kubelet ok"),
    ),
    Broken(
        "API",
        on(MASTER, "systemctl stop etcd"),
        on(MASTER, "systemctl start etcd"),
        (f"{MASTER}: etcd.service is inactive", "no apiserver says how it is"),
    ),
    Broken(
        "API",
        on(MASTER, "firewall-cmd --remove-service=barehost-kube-apiserver"),
        on(MASTER, "firewall-cmd --reload"),
        (f"{MASTER}: ", "firewall-differs"),
    ),
    Broken(
        "controllers",
        on(MASTER, "systemctl stop kube-controller-manager"),
        on(MASTER, "systemctl start kube-controller-manager"),
        (f"{MASTER}: kube-controller-manager.service is inactive",),
        deadline=120,
    ),
    Broken(
        "flannel",
        on(MINION, "ip link delete flannel.1"),
        on(MINION, "systemctl restart flanneld"),
        (f"{MINION}: flannel: it has no way to {MASTER}", "`systemctl restart flanneld`"),
    ),
    Broken(
        "CNI",
        on(MINION, "echo '{}' > /etc/cni/net.d/05-other.conflist"),
        on(MINION, "rm /etc/cni/net.d/05-other.conflist"),
        ("05-other.conflist", "`rm /etc/cni/net.d/05-other.conflist`"),
    ),
    # which flannel writes, and whose health says so
    Broken(
        "flannel",
        on(MINION, "mv /etc/cni/net.d/10-flannel.conflist /root/kept.conflist"),
        on(MINION, "mv /root/kept.conflist /etc/cni/net.d/10-flannel.conflist"),
        ("10-flannel.conflist: no such file", "CNI BROKEN"),
    ),
    Broken(
        "services", on(MINION, "systemctl stop kube-proxy"), on(MINION, "systemctl start kube-proxy"), ("kube-proxy.service is inactive",)
    ),
    Broken("host", _stop, _start, (f"{MINION}: does not answer", "kubelet not known"), deadline=90),
    Broken(
        "image",
        _pod("imageless", container={"image": f"{checks.REGISTRY}/no-such-image:1"}),
        _gone("imageless"),
        ("pod default/imageless is not ready", "no-such-image:1"),
        subject="default/imageless",
    ),
    Broken(
        "scheduler",
        _pod("homeless", nodeSelector={"example.com/no": "where"}),
        _gone("homeless"),
        ("kubectl get nodes --show-labels",),
        subject="default/homeless",
    ),
    Broken(
        "settings",
        _pod("unset", container={"envFrom": [{"configMapRef": {"name": "no-such-settings"}}]}),
        _gone("unset"),
        ('configmap "no-such-settings" not found', "`kubectl get configmaps,secrets -n default`"),
        subject="default/unset",
    ),
    Broken(
        "volumes",
        _pod(
            "unmounted",
            volumes=[{"name": "v", "configMap": {"name": "no-such-volume"}}],
            container={"volumeMounts": [{"name": "v", "mountPath": "/v"}]},
        ),
        _gone("unmounted"),
        ("no-such-volume",),
        subject="default/unmounted",
    ),
    Broken(
        "containers",
        _pod("restless", container={"command": ["sh", "-c", "exit 3"]}),
        _gone("restless"),
        ("ended with 3", "`kubectl logs -n default restless -c restless --previous`"),
        subject="default/restless",
    ),
    Broken(
        "probes",
        _pod("unready", container={"readinessProbe": {"tcpSocket": {"port": 9}, "periodSeconds": 1}}),
        _gone("unready"),
        ("not ready: unready", "Unhealthy"),
        subject="default/unready",
    ),
]


def named(cluster: Cluster, broken: Broken) -> PlaybookRun:
    """The run that names the link; it may take the cluster some seconds to notice."""
    runs: list[PlaybookRun] = []

    def found() -> bool:
        runs.append(explained(cluster, broken.subject))
        return first(runs[-1]) == broken.link and all(word in runs[-1].output for word in broken.words)

    try:
        eventually(found, deadline=broken.deadline, wanted=f"{broken.link} is named")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{runs[-1].output[-4000:]}") from error
    return runs[-1]
