# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of hosts of inventories/two-node: services, kernel, disks, clocks, names, firewall."""

from __future__ import annotations

import collections.abc as c

from .doctoring import MASTER, MINIONS, Seeded
from .driver import Cluster

MINION = MINIONS[0]
# Units of others, which only sleep.
_SLEEPER = "printf '[Service]\\nExecStart=/usr/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' > /etc/systemd/system/{0}"
# The file of resolvers that pods get.
_RESOLVERS = "file=$(sed -n 's/^resolvConf: *//p' /etc/kubernetes/kubelet.yaml); file=${file:-/etc/resolv.conf}"
_KEEP, _RESTORE = "cp --preserve {0} /root/seeded.kept", "cat /root/seeded.kept > {0}"


def on(host: str, *commands: str) -> c.Callable[[Cluster], object]:
    return lambda cluster: [cluster.on(host, command) for command in commands]


def _both(*commands: str) -> c.Callable[[Cluster], object]:
    return lambda cluster: [cluster.on(host, command) for host in (MASTER, MINION) for command in commands]


def _down(host: str, unit: str, *along: str) -> Seeded:
    """Its remedy starts it, and what was stopped along with it."""
    sockets = " docker.socket" if unit == "docker.service" else ""
    stop = f"systemctl stop {unit}{sockets}; test $(systemctl is-active {unit}) != active"
    return Seeded("unit-down", host, on(host, stop), f"{unit} is inactive", f"systemctl start {' '.join([unit, *along])}")


def _frozen(host: str, unit: str) -> Seeded:
    """A program that is there and answers nobody."""
    freeze, go_on = (f"systemctl kill --signal={signal} {unit}" for signal in ("STOP", "CONT"))
    return Seeded("unit-unhealthy", host, on(host, freeze), f"{unit} runs, and", f"journalctl -u {unit}", undo=on(host, go_on))


def _boot(identifier: str, size: str, fill: str, found: str, remedy: str) -> Seeded:
    """A small file system at /boot, which no service of a lab's host needs."""
    mount = f"mkdir -p /boot && mount -t tmpfs -o {size} seeded /boot"
    return Seeded(identifier, MINION, on(MINION, mount, fill), found, remedy, undo=on(MINION, "umount /boot"))


def _of_file(identifier: str, host: str, path: str, change: str, found: str, remedy: str) -> Seeded:
    """A file is changed, and gets what it had."""
    return Seeded(
        identifier, host, on(host, _KEEP.format(path), change), found, remedy, undo=on(host, _RESTORE.format(path), "rm /root/seeded.kept")
    )


def _resolvers(identifier: str, change: str, found: str, remedy: str) -> Seeded:
    do, undo = (on(MINION, f"{_RESOLVERS}; {command}") for command in (f"{_KEEP.format('$file')}; {change}", _RESTORE.format("$file")))
    return Seeded(identifier, MINION, do, found, remedy, undo=undo)


def _interface(*addresses: str) -> str:
    return "; ".join(
        ["ip link add seeded type bridge", "ip link set seeded up", *(f"ip address add {one} dev seeded" for one in addresses)]
    )


def _same_machine(cluster: Cluster) -> None:
    """As cloned machines are."""
    identity = cluster.on(MASTER, "cat /etc/machine-id").strip()
    cluster.on(MINION, f"{_KEEP.format('/etc/machine-id')}; echo {identity} > /etc/machine-id")


_NO_INTERFACE = "ip link delete seeded"
# The interface of the minion with its address.
OWN_INTERFACE = "dev=$(ip -4 -o address | awk '/192.168.200.101/ {print $2}')"

UNITS = [
    _down(MINION, "kube-proxy.service"),
    _down(MINION, "flanneld.service"),
    _down(MINION, "docker.service", "cri-docker.socket", "cri-docker.service"),
    _down(MINION, "cri-docker.service", "cri-docker.socket"),
    _down(MASTER, "kube-controller-manager.service"),
    _down(MASTER, "chronyd.service"),
    _down(MASTER, "kubelet.service"),
    _down(MASTER, "firewalld.service"),
    Seeded(
        "unit-masked",
        MINION,
        on(MINION, "systemctl mask --now docker.service; systemctl stop docker.service; true"),
        "docker.service is masked",
        "systemctl unmask docker.service",
    ),
    Seeded("unit-not-enabled", MINION, on(MINION, "systemctl disable kubelet"), "kubelet.service is disabled", "systemctl enable kubelet"),
    Seeded(
        "unit-not-enabled", MASTER, on(MASTER, "systemctl disable firewalld"), "firewalld.service is disabled", "systemctl enable firewalld"
    ),
    Seeded(
        "unit-reload-due",
        MINION,
        on(MINION, "touch /etc/systemd/system/kubelet.service"),
        "kubelet.service",
        "systemctl daemon-reload",
    ),
    Seeded(
        "unit-of-others-failed",
        MINION,
        on(MINION, "systemd-run --unit=seeded false; sleep 1"),
        "seeded.service",
        "systemctl reset-failed",
        undo=on(MINION, "systemctl reset-failed"),
    ),
    _frozen(MINION, "kube-proxy.service"),
    _frozen(MINION, "kubelet.service"),
    _frozen(MASTER, "kube-scheduler.service"),
]
KERNEL = [
    Seeded(
        "kernel-setting-differs", MASTER, on(MASTER, "sysctl -w net.ipv4.ip_forward=0"), "net.ipv4.ip_forward is 0", "sysctl -w net.ipv4"
    ),
    Seeded(
        "kernel-swap-at-boot",
        MINION,
        on(MINION, "touch /etc/fstab; echo '/seeded none swap sw 0 0' >> /etc/fstab"),
        "/seeded",
        "site.yml",
        undo=on(MINION, "sed -i '/^.seeded/d' /etc/fstab; systemctl daemon-reload"),
    ),
]
DISKS = [
    _boot("disk-filling", "size=16m", "head -c 14500k /dev/zero > /boot/full", "/boot: ", "du -xh /boot"),
    _boot("disk-inodes-gone", "nr_inodes=50", "for n in $(seq 48); do touch /boot/$n; done", "inodes free", "du --inodes -x /boot"),
    _boot("disk-inodes-few", "nr_inodes=50", "for n in $(seq 43); do touch /boot/$n; done", "inodes free", "du --inodes"),
    Seeded(
        "disk-noexec",
        MINION,
        on(MINION, "mount --bind /usr/local/bin /usr/local/bin && mount -o remount,bind,noexec /usr/local/bin"),
        "/usr/local/bin is on /usr/local/bin, which is mounted with noexec",
        "mount -o remount,exec /usr/local/bin",
        undo=on(MINION, "umount /usr/local/bin"),
    ),
]
NAMES = [
    Seeded(
        "time-keepers-many",
        MINION,
        on(MINION, _SLEEPER.format("openntpd.service"), "systemctl daemon-reload; systemctl start openntpd"),
        "openntpd.service",
        "systemctl disable --now openntpd.service",
    ),
    _of_file(
        "names-own-is-loopback",
        MINION,
        "/etc/hosts",
        f"sed '/{MINION}/d' /root/seeded.kept > /etc/hosts; echo 127.0.0.1 {MINION} >> /etc/hosts",
        f"{MINION} is 127.0.0.1",
        "127.0.0.1 in /etc/hosts",
    ),
    _of_file(
        "names-of-others-wrong",
        MASTER,
        "/etc/hosts",
        f"echo 192.0.2.78 {MINION} >> /etc/hosts",
        f"{MINION} is 192.0.2.78 there",
        f"grep -n {MINION} /etc/hosts",
    ),
    _resolvers("names-resolver-loop", "echo nameserver 127.0.0.53 > $file", "has 127.0.0.53", "minion_resolv_conf"),
    _resolvers("names-resolvers-many", "for n in 1 2 3 4; do echo nameserver 192.0.2.$n >> $file; done", "servers", "take the others out"),
    Seeded(
        "names-networks-overlap",
        MINION,
        on(MINION, _interface("10.254.200.1/24")),
        "seeded is in 10.254.200.0/24, which overlaps",
        "cluster_service_cidr",
        undo=on(MINION, _NO_INTERFACE),
    ),
    Seeded(
        "names-address-twice",
        "",
        _both(_interface("198.51.100.7/32")),
        "198.51.100.7 is on",
        "take it from one of them",
        undo=_both(_NO_INTERFACE),
    ),
    Seeded(
        "names-mtu-differs",
        "",
        on(MINION, f"{OWN_INTERFACE}; ip link set $dev mtu 1490"),
        "1490 on",
        "802-3-ethernet.mtu",
        undo=on(MINION, f"{OWN_INTERFACE}; ip link set $dev mtu 1500"),
    ),
    Seeded(
        "machine-id-twice",
        "",
        _same_machine,
        f"the same on {MASTER}, {MINION}",
        "systemd-machine-id-setup",
        undo=on(MINION, _RESTORE.format("/etc/machine-id")),
    ),
]
_OWNED = "sed -i s/^NftablesTableOwner=.*/NftablesTableOwner={}/ /etc/firewalld/firewalld.conf"
FIREWALL = [
    Seeded(
        "firewall-of-others",
        MINION,
        on(MINION, _SLEEPER.format("ufw.service"), "systemctl daemon-reload; systemctl start ufw"),
        "ufw.service",
        "systemctl disable --now ufw.service",
    ),
    Seeded(
        "firewall-flushed",
        MINION,
        # which is how EL 9 has it
        on(MINION, _OWNED.format("no"), "firewall-cmd --reload", "nft delete table inet firewalld"),
        "it runs, and there is no table firewalld",
        "systemctl restart firewalld",
        undo=on(MINION, _OWNED.format("yes"), "firewall-cmd --reload"),
    ),
    Seeded(
        "firewall-no-packet-filter",
        MINION,
        on(MINION, "nft delete table inet barehost"),
        "there is no table inet barehost",
        "systemctl restart barehost-packet-filter.service",
    ),
    Seeded(
        "firewall-no-packet-filter",
        MINION,
        on(MINION, "nft flush table inet barehost"),
        "the table inet barehost has no rules",
        "systemctl restart barehost-packet-filter.service",
    ),
    _of_file(
        "firewall-strict-forward",
        MINION,
        "/etc/firewalld/firewalld.conf",
        "sed -i /^StrictForwardPorts/d /etc/firewalld/firewalld.conf; echo StrictForwardPorts=yes >> /etc/firewalld/firewalld.conf",
        "StrictForwardPorts: yes",
        "firewall-cmd --reload",
    ),
    Seeded(
        "firewall-all-trusted",
        MINION,
        on(MINION, _interface(), "firewall-cmd --zone=trusted --change-interface=seeded"),
        "zone trusted: seeded",
        "--change-interface=seeded",
        undo=on(MINION, "firewall-cmd --zone=trusted --remove-interface=seeded", _NO_INTERFACE),
    ),
    Seeded(
        "firewall-differs",
        MASTER,
        on(MASTER, "firewall-cmd --remove-service=barehost-kube-apiserver"),
        "barehost-kube-apiserver",
        "firewall-cmd --reload",
    ),
    Seeded(
        "firewall-differs-at-boot",
        MASTER,
        on(MASTER, "cp -a /etc/firewalld /root/firewalld.kept; firewall-cmd --permanent --remove-service=barehost-kube-apiserver"),
        "barehost-kube-apiserver",
        "site.yml with --tags firewall",
        undo=on(MASTER, "rm -r /etc/firewalld; mv /root/firewalld.kept /etc/firewalld; firewall-cmd --reload"),
    ),
]
SEEDED: list[Seeded] = [*UNITS, *KERNEL, *DISKS, *NAMES, *FIREWALL]
