# SPDX-License-Identifier: GPL-3.0-or-later
"""What may go wrong with a host that was fine: how it is done, what mends it, and which units must be started anew for it."""

from __future__ import annotations

import typing as t

MASTER, ONE, TWO, THREE = "k8s.master.dev", "k8s.minion1.dev", "k8s.minion2.dev", "k8s.minion3.dev"
PKI = "/etc/kubernetes/pki"
UNITS = "/etc/systemd/system"
STAMP = "/usr/local/libexec/barehost/stamp"

Action = tuple[str, str, str]


class Drift(t.NamedTuple):
    """One drift. Those of one wave happen together, so they must not concern the same things of a host.

    ``actions`` are (kind, action, path); ``started`` are the units with another start afterwards.
    """

    name: str
    wave: int
    host: str
    command: str
    actions: set[Action]
    started: frozenset[str] = frozenset()


def written(path: str) -> Action:
    return ("file", "write", path)


def unit(operation: str, name: str) -> Action:
    return ("unit", operation, name)


def units(*names: str) -> frozenset[str]:
    return frozenset(names)


DRIFTS = [
    # -- files and their attributes
    Drift(
        "a flag is added",
        1,
        MASTER,
        """echo 'KUBE_API_ARGS="--profiling=false"' >> /etc/kubernetes/apiserver""",
        {written("/etc/kubernetes/apiserver"), unit("restart", "kube-apiserver.service")},
        units("kube-apiserver.service"),
    ),
    Drift("a mode is wider", 1, MASTER, "chmod 0644 /etc/etcd/etcd.conf", {("file", "set-attributes", "/etc/etcd/etcd.conf")}),
    Drift("a file is gone", 1, MASTER, "rm /etc/profile.d/etcdctl.sh", {written("/etc/profile.d/etcdctl.sh")}),
    Drift(
        "an owner is another",
        1,
        MASTER,
        "chown root /etc/kubernetes/encryption-config.yaml",
        {("file", "set-attributes", "/etc/kubernetes/encryption-config.yaml")},
    ),
    Drift("a name of a host is gone", 1, TWO, "sed '/minion3/d' /etc/hosts > /tmp/h; cat /tmp/h > /etc/hosts", {written("/etc/hosts")}),
    Drift("the stamp helper cannot be run", 1, THREE, f"chmod 0644 {STAMP}", {("file", "set-attributes", STAMP)}),
    Drift("the stamp helper is another", 2, ONE, f"echo exit 0 >> {STAMP}", {written(STAMP)}),
    Drift(
        "a configuration is another",
        2,
        THREE,
        "sed -i 's/^maxPods:.*/maxPods: 7/; $a # edited' /etc/kubernetes/kubelet.yaml",
        {written("/etc/kubernetes/kubelet.yaml"), unit("restart", "kubelet.service")},
        units("kubelet.service"),
    ),
    Drift(
        "the modules of the next boot are gone",
        2,
        TWO,
        "rm /etc/modules-load.d/barehost.conf",
        {written("/etc/modules-load.d/barehost.conf")},
    ),
    Drift(
        "a kubeconfig is gone",
        2,
        MASTER,
        "rm /etc/kubernetes/controller-manager.kubeconfig",
        {written("/etc/kubernetes/controller-manager.kubeconfig"), unit("restart", "kube-controller-manager.service")},
        units("kube-controller-manager.service"),
    ),
    Drift(
        "the network of pods is another",
        3,
        ONE,
        "sed -i 's/10.255/10.244/' /etc/kubernetes/flannel-net.json",
        {written("/etc/kubernetes/flannel-net.json"), unit("restart", "flanneld.service")},
        units("flanneld.service"),
    ),
    Drift("a directory is closed", 1, ONE, f"chmod 0700 {PKI}", {("directory", "set-attributes", PKI)}),
    Drift(
        "a directory is gone",
        2,
        ONE,
        "rm -r /var/lib/kube-proxy",
        {("directory", "create", "/var/lib/kube-proxy")},
    ),
    Drift(
        "the journal may grow",
        1,
        ONE,
        "echo '[Journal]' > /etc/systemd/journald.conf.d/90-barehost.conf",
        {written("/etc/systemd/journald.conf.d/90-barehost.conf"), unit("restart", "systemd-journald.service")},
        units("systemd-journald.service"),
    ),
    # -- certificates
    Drift(
        "a certificate is somebody else's",
        1,
        TWO,
        f"cat {PKI}/proxy.crt > {PKI}/kubelet.crt",
        {("certificate", "issue", f"{PKI}/kubelet.crt"), unit("restart", "kubelet.service")},
        units("kubelet.service"),
    ),
    Drift(
        "a key is gone",
        2,
        ONE,
        f"rm {PKI}/proxy.key",
        {("certificate", "issue", f"{PKI}/proxy.crt"), unit("restart", "kube-proxy.service")},
        units("kube-proxy.service"),
    ),
    Drift("a key can be read", 1, ONE, f"chmod 0644 {PKI}/kubelet.key", {("certificate", "set-attributes", f"{PKI}/kubelet.key")}),
    Drift(
        # flannel has it too, but what it was started with is there again when its turn comes
        "an authority is another",
        3,
        TWO,
        f"echo >> {PKI}/ca.crt",
        {written(f"{PKI}/ca.crt"), unit("restart", "kubelet.service"), unit("restart", "kube-proxy.service")},
        units("kubelet.service", "kube-proxy.service"),
    ),
    # -- programs and packages
    Drift(
        "a program is an older one",
        1,
        THREE,
        "cp /usr/local/bin/kube-proxy-1.37.1 /usr/local/bin/kube-proxy-1.36.3; ln -sfn /usr/local/bin/kube-proxy-1.36.3 "
        "/usr/local/bin/kube-proxy",
        {("binary", "switch", "/usr/local/bin/kube-proxy"), unit("restart", "kube-proxy.service")},
        units("kube-proxy.service"),
    ),
    Drift(
        "a program cannot be run",
        1,
        TWO,
        "chmod 0644 /usr/local/bin/kube-proxy-*",
        {("binary", "set-mode", "/usr/local/bin/kube-proxy-1.37.1")},
    ),
    Drift(
        "a program is damaged",
        2,
        THREE,
        "cd /usr/local/bin; head -c 100000 kube-proxy-1.37.1 > x; chmod 0755 x; mv x kube-proxy-1.37.1",
        {("binary", "download", "/usr/local/bin/kube-proxy-1.37.1"), unit("restart", "kube-proxy.service")},
        units("kube-proxy.service"),
    ),
    Drift("a package is missing", 1, THREE, "rpm -e --nodeps socat", {("package", "install", "socat")}),
    # -- users, kernel
    Drift("a user has a shell", 1, MASTER, "usermod -s /bin/sh kube", {("user", "modify", "kube")}),
    Drift("a foreign sysctl", 2, THREE, "sysctl -w net.ipv4.ip_forward=0", {("sysctl", "set", "net.ipv4.ip_forward")}),
    Drift("swap at the next boot", 2, TWO, "echo '/swap none swap sw 0 0' >> /etc/fstab", {("swap", "disable", "/etc/fstab")}),
    # -- firewall
    Drift(
        "a port is closed",
        1,
        ONE,
        "firewall-cmd --permanent --service=barehost-kubelet --remove-port=10250/tcp; firewall-cmd --reload",
        {("firewall", "write", "service barehost-kubelet")},
    ),
    Drift(
        "an interface is not trusted",
        2,
        TWO,
        "firewall-cmd --permanent --zone=trusted --remove-interface=cni0; firewall-cmd --zone=trusted --remove-interface=cni0",
        {("firewall", "add", "zone trusted: cni0")},
    ),
    Drift(
        "the firewall is stopped",
        3,
        THREE,
        "systemctl stop firewalld",
        {unit("start", "firewalld.service")},
        units("firewalld.service"),
    ),
    Drift(
        # firewalld does not notice; with its setting of EL 10, the kernel would refuse it
        "the firewall's rules are flushed",
        2,
        THREE,
        "sed -i s/^NftablesTableOwner=.*/NftablesTableOwner=no/ /etc/firewalld/firewalld.conf; firewall-cmd --reload; "
        "nft delete table inet firewalld",
        {unit("restart", "firewalld.service")},
        units("firewalld.service"),
    ),
    Drift(
        # Which kube-proxy makes when it starts, and when a change of an endpoint fails. So not while an apiserver restarts.
        "the rules of services are flushed",
        2,
        TWO,
        "nft delete table ip kube-proxy",
        {unit("restart", "kube-proxy.service")},
        units("kube-proxy.service"),
    ),
    Drift(
        "the rules for pods are flushed",
        1,
        THREE,
        "nft flush table inet barehost",
        {unit("restart", "barehost-packet-filter.service")},
        units("barehost-packet-filter.service"),
    ),
    # -- units
    Drift(
        "a unit is stopped",
        1,
        MASTER,
        "systemctl stop kube-scheduler",
        {unit("start", "kube-scheduler.service")},
        units("kube-scheduler.service"),
    ),
    Drift(
        "a unit is gone",
        3,
        ONE,
        f"rm {UNITS}/kube-proxy.service",
        {
            written(f"{UNITS}/kube-proxy.service"),
            unit("daemon-reload", "kube-proxy.service"),
            unit("restart", "kube-proxy.service"),
        },
        units("kube-proxy.service"),
    ),
    Drift("a unit is disabled", 1, TWO, "systemctl disable flanneld", {unit("enable", "flanneld.service")}),
    Drift(
        "a unit is masked",
        3,
        TWO,
        "systemctl mask --now chronyd",
        {unit("unmask", "chronyd.service"), unit("enable", "chronyd.service"), unit("start", "chronyd.service")},
        units("chronyd.service"),
    ),
    Drift(
        "a drop-in of ours is gone",
        2,
        TWO,
        f"rm {UNITS}/flanneld.service.d/10-barehost.conf",
        {
            written(f"{UNITS}/flanneld.service.d/10-barehost.conf"),
            unit("daemon-reload", "flanneld.service"),
        },
    ),
    Drift(
        "the list of inputs is another",
        1,
        THREE,
        "echo /etc/motd >> /etc/barehost/inputs/kubelet.service",
        {written("/etc/barehost/inputs/kubelet.service")},
    ),
    Drift(
        # its socket is part of it
        "the shim has other arguments",
        3,
        THREE,
        "echo >> /etc/sysconfig/cri-docker",
        {written("/etc/sysconfig/cri-docker"), unit("restart", "cri-docker.service")},
        units("cri-docker.service", "cri-docker.socket"),
    ),
    # -- objects of the API
    Drift(
        "an access rule is gone",
        2,
        MASTER,
        "kubectl delete clusterrolebinding barehost:flannel",
        {("api_object", "create", "ClusterRoleBinding barehost:flannel")},
    ),
    Drift(
        "a label is gone",
        2,
        MASTER,
        "kubectl label node k8s.minion1.dev node-role.kubernetes.io/minion-",
        {("api_object", "patch", f"Node {ONE}")},
    ),
    Drift(
        "an addon has another setting",
        3,
        MASTER,
        "kubectl -n kube-system label service kube-dns kubernetes.io/name=Other --overwrite",
        {("api_object", "patch", "Service kube-system/kube-dns")},
    ),
]
