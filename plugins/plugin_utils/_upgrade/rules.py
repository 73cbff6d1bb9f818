# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which versions a running cluster can go to. Pure.

The rules are those of https://kubernetes.io/releases/version-skew-policy/ (apiservers at most one minor version apart, never older than
a kubelet, at most three newer) and of https://etcd.io/docs/v3.7/upgrades/ (one minor version at a time, from a release that can).
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.listed import at_most
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import older_versions, version_table
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.version_table import Version, minor_of, numbers_of, text_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade import emulation, etcd_levels

CONTROL_PLANE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
NODE = ("kubelet", "kube-proxy")
# Programs of a node that have versions of their own, which no rule is about.
BESIDE_KUBELET = ("cri-dockerd", "flanneld")
ETCD = "etcd"
# How many minor versions a kubelet may be older than an apiserver.
KUBELET_MAY_LAG = older_versions.MAY_LAG
# The first release of an etcd minor version from which the next one may be started (etcd's upgrade guides; etcd-io/etcd#20793).
ETCD_STEPPING_STONES: t.Mapping[tuple[int, int], Version] = {(3, 5): (3, 5, 26), (3, 6): (3, 6, 11)}
_HOW = "one run of site.yml for each, or playbooks/upgrade.yml, which does them"


@dataclasses.dataclass(frozen=True)
class Found:
    """What hosts of the run have, and what the API says of all.

    ``programs``: by host of the run, by program, its versions. ``apiservers``: by master, None if it does not answer. ``kubelets``: by
    Node, None if nobody answers. ``etcd``: what members of hosts of the run say, None if one does not answer.
    ``emulated``: by master, the minor version that its apiserver emulates, which is its own if it says no other.
    """

    programs: c.Mapping[str, c.Mapping[str, c.Collection[Version]]]
    apiservers: c.Mapping[str, Version | None]
    kubelets: c.Mapping[str, Version] | None
    etcd: c.Mapping[str, etcd_levels.Levels | None] = dataclasses.field(default_factory=dict)
    emulated: c.Mapping[str, Version | None] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Wanted:
    """``run``: the hosts of the run; ``masters`` and ``members`` (of etcd): those of the cluster; ``nodes``: the Node of each host with a
    kubelet.
    """

    kubernetes: str
    etcd: str
    run: c.Set[str]
    masters: c.Collection[str]
    members: c.Collection[str]
    nodes: c.Mapping[str, str]

    # of kubelets and kube-proxies; empty: that of apiservers
    node: str = ""
    # the minor version that the control plane emulates; empty: none
    emulated: str = ""
    # whether the operator answers for a control plane that goes back
    back: bool = False

    @property
    def minor(self) -> int:
        return numbers_of(self.kubernetes)[1]

    @property
    def of_nodes(self) -> str:
        """The version that nodes get. In a stage of an upgrade they are not newer than its apiservers."""
        return self.node if self.node and numbers_of(self.node)[1] <= self.minor else self.kubernetes

    @property
    def node_minor(self) -> int:
        return numbers_of(self.of_nodes)[1]


def faults(found: Found, wanted: Wanted) -> list[str]:
    """Why the run must not begin; empty if it may."""
    used = _in_use(found, wanted)
    return [*_control_plane(used, wanted), *_kubelets(used, wanted), *_etcd(used, wanted)]


def _in_use(found: Found, wanted: Wanted) -> Found:
    """Without programs of a role that a host has no more: a former member of etcd keeps them."""
    users = {**dict.fromkeys(CONTROL_PLANE, wanted.masters), **dict.fromkeys(NODE, wanted.nodes), ETCD: wanted.members}
    kept = {
        host: {name: versions for name, versions in programs.items() if host in users.get(name, ())}
        for host, programs in found.programs.items()
    }
    return dataclasses.replace(found, programs=kept)


def warnings(found: Found, wanted: Wanted) -> list[str]:
    """What may go on, but should be known."""
    return [*_silent_masters(found, wanted), *_held_up_etcd(found, wanted)]


def _silent_masters(found: Found, wanted: Wanted) -> list[str]:
    silent = sorted(host for host in wanted.masters if host not in wanted.run and found.apiservers.get(host) is None)
    if not silent or all(host in silent for host in wanted.masters):
        return []
    return [
        f"It is not known which Kubernetes {', '.join(silent)} had. Before an older apiserver there serves kubelets {wanted.kubernetes}, "
        "run site.yml for it"
    ]


def _held_up_etcd(found: Found, wanted: Wanted) -> list[str]:
    older = etcd_levels.held_up(found.etcd, wanted=wanted.etcd)
    if not older:
        return []
    return [
        f"etcd is on its way back to {older}, and stays at what {older} can do, whatever its programs are. End that: "
        f"ansible-playbook {etcd_levels.PLAYBOOK} -e downgrade_cancel=true"
    ]


def _control_plane(found: Found, wanted: Wanted) -> list[str]:
    levels = _levels(found)
    changing = [host for host in wanted.masters if host in wanted.run]
    if not levels or not changing:
        return []
    highest, lowest = max(levels), min(levels)
    if _minor(highest) > wanted.minor:
        why = emulation.refusal(
            emulation.Question(
                highest=highest,
                target=numbers_of(wanted.kubernetes),
                emulated={host: found.emulated.get(host) for host in wanted.masters},
                back=[host for host in found.programs if all(_minor(v) <= wanted.minor for v, hosts in levels.items() if host in hosts)],
                kubelets=found.kubelets,
                answered=wanted.back,
            )
        )
        return (
            [f"{_told(levels[highest], 'kube-apiserver', highest)}, and cluster_kubernetes_version is {wanted.kubernetes}: {why}"]
            if why
            else []
        )
    if _minor(highest) < wanted.minor and wanted.minor - _minor(lowest) > 1:
        return [
            f"{_told(levels[lowest], 'kube-apiserver', lowest)}, and cluster_kubernetes_version is {wanted.kubernetes}: a minor version "
            f"must not be skipped. Go {path(lowest, numbers_of(wanted.kubernetes))}: {_HOW}"
        ]
    return []


def _levels(found: Found) -> dict[Version, list[str]]:
    """By version, the masters that have it, by their files, processes and answers."""
    levels: dict[Version, list[str]] = {}
    for host, programs in found.programs.items():
        for version in {version for name in CONTROL_PLANE for version in programs.get(name, ())}:
            levels.setdefault(version, []).append(host)
    for host, answer in found.apiservers.items():
        if answer is not None and host not in levels.setdefault(answer, []):
            levels[answer].append(host)
    return levels


def _kubelets(found: Found, wanted: Wanted) -> list[str]:
    told = []
    newer: dict[Version, list[str]] = {}
    for host, programs in found.programs.items():
        for version in {version for name in NODE for version in programs.get(name, ()) if _minor(version) > wanted.minor}:
            newer.setdefault(version, []).append(host)
    for version, hosts in newer.items():
        told.append(
            f"{_told(hosts, 'kubelet', version)}, and cluster_kubernetes_version is {wanted.kubernetes}: Kubernetes does not go back to an "
            f"older minor version. Write cluster_kubernetes_version: {text_of(version)}, or replace these nodes"
        )
    return [*told, *_too_new(found, wanted), *_too_old(found, wanted)]


def _too_new(found: Found, wanted: Wanted) -> list[str]:
    """Kubelets of this run that would be newer than an apiserver that it leaves as it is."""
    if not any(_rises(programs.get("kubelet", ()), wanted) for host, programs in found.programs.items() if host in wanted.nodes):
        return []
    staying = {host: found.apiservers.get(host) for host in wanted.masters if host not in wanted.run}
    older = {host: version for host, version in staying.items() if version is not None and _minor(version) < wanted.node_minor}
    if older:
        lowest = min(older.values())
        return [
            f"kubelets would get {wanted.of_nodes}, and {_told(sorted(older), 'kube-apiserver', lowest)}: a kubelet must not be newer "
            "than an apiserver. Run site.yml for all masters at once first (--limit master)"
        ]
    if staying and len(staying) == len(wanted.masters) and not any(staying.values()):
        return [
            f"kubelets would get {wanted.of_nodes}, and no apiserver says which version it has ({', '.join(sorted(staying))}): a kubelet "
            "must not be newer. Mend the API (playbooks/health.yml tells what is wrong), or run site.yml for the masters, too"
        ]
    return []


def _rises(versions: c.Collection[Version], wanted: Wanted) -> bool:
    return not versions or any(_minor(version) < wanted.node_minor for version in versions)


def _too_old(found: Found, wanted: Wanted) -> list[str]:
    """Kubelets that this run leaves as they are, and that the new apiservers would not serve."""
    if not any(host in wanted.run for host in wanted.masters):
        return []
    brought = {node for host, node in wanted.nodes.items() if host in wanted.run}
    left = {node: version for node, version in (found.kubelets or {}).items() if node not in brought}
    old = {node: version for node, version in left.items() if wanted.minor - _minor(version) > KUBELET_MAY_LAG}
    if not old:
        return []
    return [
        f"apiservers would get {wanted.kubernetes}, and {_told(sorted(old), 'kubelet', min(old.values()))}: a kubelet may be at most "
        f"{KUBELET_MAY_LAG} minor versions older. Bring these nodes to a newer version first, or remove them (playbooks/remove-node.yml)"
    ]


def _etcd(found: Found, wanted: Wanted) -> list[str]:
    by_version: dict[Version, list[str]] = {}
    for host, programs in found.programs.items():
        for version in programs.get(ETCD, ()):
            by_version.setdefault(version, []).append(host)
    target = numbers_of(wanted.etcd)
    told = []
    older = minor_of(target)
    mixed = any(version[:2] == target[:2] for version in by_version)
    for version, hosts in sorted(by_version.items()):
        back = target[:2] < version[:2]
        refused = etcd_levels.refused(found.etcd, hosts, older=older, mixed=mixed) if back else hosts
        why = _etcd_step(version, target)
        if why and refused:
            told.append(f"{_told(refused, ETCD, version)}, and cluster_etcd_version is {wanted.etcd}: {why}")
    return told


def _etcd_step(version: Version, target: Version) -> str:
    if target[:2] < version[:2]:
        leads = etcd_levels.WAYS.get(minor_of(version)) == minor_of(target)
        way = f", or lead etcd back by {etcd_levels.PLAYBOOK}" if leads else ""
        return (
            "a data directory that a newer minor version has written does not start under an older one. Write cluster_etcd_version: "
            f"{text_of(version)}{way}"
        )
    if target[0] != version[0] or target[1] - version[1] > 1:
        return f"a minor version must not be skipped. Go {_etcd_path(version, target)}: {_HOW}"
    stone = ETCD_STEPPING_STONES.get((version[0], version[1]))
    if target[:2] != version[:2] and stone is not None and version < stone:
        return f"only {text_of(stone)} or later can go on to it. Go {_etcd_path(version, target)}: {_HOW}"
    return ""


def _etcd_path(version: Version, target: Version) -> str:
    steps = [text_of(version)]
    for minor in range(version[1], target[1]):
        stone = ETCD_STEPPING_STONES.get((version[0], minor))
        if stone is not None and (minor > version[1] or version < stone):
            steps.append(f"{text_of(stone)} or a later {minor_of(stone)}")
        elif stone is None and minor > version[1]:
            steps.append(f"{version[0]}.{minor}")
    return " → ".join([*steps, text_of(target)])


def path(version: Version, target: Version) -> str:
    """The releases to go through, the tested ones where the table has them: ``1.35.4 → 1.36.3 → 1.37.1``."""
    tested = {minor_of(release): release for release in reversed(version_table.TESTED)}
    between = [f"{version[0]}.{minor}" for minor in range(version[1] + 1, target[1])]
    return " → ".join([text_of(version), *(tested.get(minor, f"a {minor}") for minor in between), text_of(target)])


def _told(hosts: c.Collection[str], program: str, version: Version) -> str:
    """Names at most five."""
    names = sorted(hosts)
    return f"{at_most(5, names)} {'has' if len(names) == 1 else 'have'} {program} {text_of(version)}"


def _minor(version: Version) -> int:
    return version[1]
