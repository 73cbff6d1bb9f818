# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that are made on purpose, and what the doctor says of them: one function each, with what is done and how it is undone."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import json
import pathlib
import re
import typing as t

from . import expired
from .driver import Cluster, PlaybookRun, eventually

MASTER = "k8s.master.dev"
MINIONS = [f"k8s.minion{number}.dev" for number in (1, 2, 3)]
HOSTS = [MASTER, *MINIONS]
Object = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Seeded:
    """A fault, and the finding that must name it: its id, its host, words of it and of its remedy.

    ``undo``: what the test does afterwards; without it, the commands of the remedy are typed on the host (or on the master, if it is
    kubectl's).
    """

    id: str
    host: str
    do: c.Callable[[Cluster], object]
    found: str
    remedy: str
    undo: c.Callable[[Cluster], object] | None = None


def examined(cluster: Cluster, directory: pathlib.Path, *options: str) -> tuple[PlaybookRun, Object]:
    """A run of the doctor with its report. It changes nothing."""
    data = directory / "doctor.json"
    data.unlink(missing_ok=True)
    done = cluster.playbook("playbooks/doctor.yml", "-e", f"doctor_json={data}", *options, check=False)
    assert data.exists(), done.output[-4000:]
    assert done.changed == []
    return done, json.loads(data.read_text(encoding="utf-8"))


def told(report: Object) -> list[tuple[str, str, str]]:
    """(id, host, what was found) of what counts."""
    return [(one["id"], one["host"], one["found"]) for one in report["findings"] if not one["explained_by"]]


def errors(report: Object) -> list[tuple[str, str, str]]:
    return [(one["id"], one["host"], one["found"]) for one in report["findings"] if one["severity"] == "error" and not one["explained_by"]]


def new(report: Object, before: Object) -> list[Object]:
    """The findings that count, and that were not there before, in their order."""
    known = {(one["id"], one["host"]) for one in before["findings"]}
    return [one for one in report["findings"] if not one["explained_by"] and (one["id"], one["host"]) not in known]


def typed(cluster: Cluster, finding: Object) -> list[str]:
    """Types the first command of a remedy, as an operator would."""
    commands = re.findall("`([^`]+)`", finding["remedy"])
    assert commands, finding
    command = next((one for one in commands if not one.startswith(("journalctl", "see "))), commands[0])
    cluster.on(MASTER if command.startswith("kubectl") or not finding["host"] else finding["host"], command)
    return [command]


def _on(host: str, command: str) -> c.Callable[[Cluster], object]:
    return lambda cluster: cluster.on(host, command)


def _expire(cluster: Cluster) -> None:
    """One certificate, whose program goes on with it until it is asked again."""
    path = "/etc/kubernetes/pki/proxy.crt"
    kept = cluster.on(MINIONS[0], f"cat {path}")
    expired.expire(cluster, MINIONS[0], days_ago=3)
    for other in expired.found(cluster, MINIONS[0]):
        if other != path:
            cluster.lab("exec", MINIONS[0], "sh", "-c", f"cp /root/kept{other} {other}")
    assert kept


def _keep_certificates(cluster: Cluster) -> None:
    cluster.on(MINIONS[0], "mkdir -p /root/kept && cp --parents --preserve /etc/kubernetes/pki/*.crt /root/kept")
    _expire(cluster)


def _restore_certificates(cluster: Cluster) -> None:
    cluster.on(MINIONS[0], "cp --preserve /root/kept/etc/kubernetes/pki/*.crt /etc/kubernetes/pki && rm -r /root/kept")


def _kubectl(*words: str) -> c.Callable[[Cluster], object]:
    return lambda cluster: cluster.kubectl(*words)


def _away(cluster: Cluster) -> None:
    cluster.lab("stop", MINIONS[2])


def _back(cluster: Cluster) -> None:
    cluster.lab("start", MINIONS[2])


FIRST, SECOND, THIRD = MINIONS
SEEDED: list[Seeded] = [
    Seeded("unit-down", FIRST, _on(FIRST, "systemctl stop kubelet"), "kubelet.service is inactive", "systemctl start kubelet.service"),
    Seeded("unit-down", SECOND, _on(SECOND, "systemctl stop chronyd"), "chronyd.service is inactive", "systemctl start chronyd.service"),
    Seeded("unit-down", MASTER, _on(MASTER, "systemctl stop kube-scheduler"), "kube-scheduler.service", "systemctl start kube-scheduler"),
    Seeded("unit-down", MASTER, _on(MASTER, "systemctl stop kube-apiserver"), "kube-apiserver.service", "systemctl start kube-apiserver"),
    Seeded("unit-down", MASTER, _on(MASTER, "systemctl stop etcd"), "etcd.service is inactive", "systemctl start etcd.service"),
    Seeded(
        "unit-masked", SECOND, _on(SECOND, "systemctl mask --now chronyd"), "chronyd.service is masked", "systemctl unmask chronyd.service"
    ),
    Seeded(
        "unit-not-enabled", THIRD, _on(THIRD, "systemctl disable flanneld"), "flanneld.service is disabled", "systemctl enable flanneld"
    ),
    Seeded(
        "kernel-setting-differs",
        FIRST,
        _on(FIRST, "sysctl -w net.ipv4.ip_forward=0"),
        "net.ipv4.ip_forward is 0",
        "sysctl -w net.ipv4.ip_forward",
    ),
    Seeded(
        "kernel-setting-at-boot",
        THIRD,
        _on(THIRD, "echo net.ipv4.ip_forward=0 > /etc/sysctl.d/zzz-other.conf"),
        "/etc/sysctl.d/zzz-other.conf sets net.ipv4.ip_forward = 0",
        "grep -n net.ipv4.ip_forward /etc/sysctl.d/zzz-other.conf",
        undo=_on(THIRD, "rm /etc/sysctl.d/zzz-other.conf"),
    ),
    Seeded(
        "disk-full",
        FIRST,
        _on(FIRST, "mkdir -p /boot && mount -t tmpfs -o size=16m doctor /boot && head -c 20m /dev/zero > /boot/full; df /boot"),
        "/boot: 0 MiB of 16 MiB free",
        "du -xh /boot",
        undo=_on(FIRST, "umount /boot"),
    ),
    Seeded(
        "disk-read-only",
        SECOND,
        _on(SECOND, "mkdir -p /boot && mount -t tmpfs -o size=16m,ro doctor /boot"),
        "/boot is read-only",
        "findmnt /boot",
        undo=_on(SECOND, "umount /boot"),
    ),
    Seeded(
        "certificate-ended",
        FIRST,
        _keep_certificates,
        "/etc/kubernetes/pki/proxy.crt (CN=system:kube-proxy",
        "site.yml",
        undo=_restore_certificates,
    ),
    Seeded(
        "certificate-differs",
        MASTER,
        _on(MASTER, "chmod 0644 /etc/kubernetes/pki/admin.key"),
        "its key: its mode is 0644",
        "site.yml",
        undo=_on(MASTER, "chmod 0600 /etc/kubernetes/pki/admin.key"),
    ),
    Seeded(
        "firewall-opened-by-others",
        SECOND,
        _on(SECOND, "firewall-cmd --add-port=9999/tcp"),
        "9999/tcp",
        "--remove-port",
        undo=_on(SECOND, "firewall-cmd --remove-port=9999/tcp"),
    ),
    Seeded(
        "firewall-differs",
        THIRD,
        _on(
            THIRD,
            'firewall-cmd --list-rich-rules | grep barehost-kubelet | while read -r rule; do firewall-cmd --remove-rich-rule="$rule"; done',
        ),
        "barehost-kubelet",
        "firewall-cmd --reload",
        undo=_on(THIRD, "firewall-cmd --reload"),
    ),
    Seeded(
        "unit-down", FIRST, _on(FIRST, "systemctl stop firewalld"), "firewalld.service is inactive", "systemctl start firewalld.service"
    ),
    Seeded(
        "names-of-others-wrong",
        SECOND,
        _on(SECOND, f"echo 192.0.2.77 {MASTER} >> /etc/hosts"),
        f"{MASTER} is 192.0.2.77 there",
        "grep -n",
        undo=_on(SECOND, "sed -i /^192.0.2.77/d /etc/hosts"),
    ),
    Seeded("pod-network-no-way", THIRD, _on(THIRD, "ip link delete flannel.1"), "it has no way to", "systemctl restart flanneld"),
    Seeded(
        "runtime-network-of-others",
        FIRST,
        _on(FIRST, "echo '{}' > /etc/cni/net.d/05-other.conflist"),
        "05-other.conflist",
        "rm /etc/cni/net.d/05-other.conflist",
    ),
    Seeded("node-cordoned", SECOND, _kubectl("cordon", SECOND), f"{SECOND} takes no new pods", f"kubectl uncordon {SECOND}"),
    Seeded("host-away", THIRD, _away, "does not answer", f"ansible {THIRD} -m ansible.builtin.ping", undo=_back),
]


# They look back on the last minutes, or on the time since a start.
LOOKING_BACK = {"kubelet-errors", "kubelet-blind", "unit-restarts", "etcd-leaders-change", "machine-load-high", "machine-disk-waits"}


def seeded_well(cluster: Cluster, fault: Seeded, before: Object, directory: pathlib.Path) -> Object:
    """Makes a fault, and returns the finding that names it, as the first or the second of what is new."""
    fault.do(cluster)
    done, report = examined(cluster, directory)
    found = new(report, before)
    named = [one for one in found[:2] if (one["id"], one["host"]) == (fault.id, fault.host) and fault.found in one["found"]]
    assert named, (told(report), done.output[-3000:])
    assert fault.remedy in named[0]["remedy"]
    return named[0]


def undone(cluster: Cluster, fault: Seeded, finding: Object) -> None:
    """By its remedy, if the fault has no other way back."""
    if fault.undo is None:
        typed(cluster, finding)
    else:
        fault.undo(cluster)


def well_again(cluster: Cluster, before: Object, directory: pathlib.Path) -> None:
    """Nothing is found any more that was not there before."""

    def nothing_new() -> bool:
        found = new(examined(cluster, directory)[1], before)
        return not [one for one in found if one["severity"] != "note" and one["id"] not in LOOKING_BACK]

    eventually(nothing_new, deadline=120, wanted="the doctor finds nothing new")


def named_and_mended(cluster: Cluster, fault: Seeded, before: Object, directory: pathlib.Path) -> None:
    """The whole test of a fault. One that was not named is undone, if it has another way back than its remedy."""
    finding = None
    try:
        finding = seeded_well(cluster, fault, before, directory)
    finally:
        if finding is not None or fault.undo is not None:
            undone(cluster, fault, finding or {})
    well_again(cluster, before, directory)
