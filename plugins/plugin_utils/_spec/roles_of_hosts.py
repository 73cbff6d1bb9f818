# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which host has which role, by the groups of the inventory or by the variables that stand for them."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import ClusterInputs, Reader, nearest
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.problems import Problems

ROLES = ("etcd", "master", "minion", "balancer")


@dataclasses.dataclass(frozen=True)
class Roles:
    """The inventory host names of each role, in inventory order; ``nodes`` run a kubelet."""

    by_role: t.Mapping[str, tuple[str, ...]]
    nodes: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(sorted({host for role in ROLES for host in self.by_role[role]}))

    def of(self, host: str) -> tuple[str, ...]:
        return tuple(role for role in ROLES if host in self.by_role[role])


def read_roles(inputs: ClusterInputs, reader: Reader, problems: Problems) -> Roles:
    """Which host has which role, and whether the cluster has what it needs."""
    by_role = {role: _hosts_of(inputs, reader, role) for role in ROLES}
    # In an order of their own: whoever lists the same hosts otherwise describes the same cluster, and no host is the first one.
    known = {role: tuple(sorted(hosts or ())) for role, hosts in by_role.items()}
    for role, purpose in (("etcd", "nothing would hold the cluster's data"), ("master", "nothing would run the control plane")):
        if by_role[role] == () and not (role == "master" and _is_etcd_alone(reader, known)):
            _no_hosts(inputs, reader, role, purpose)
    meant = [role for role in ("minion", "balancer") if by_role[role] == () and _is_misspelt(inputs, reader, role, known)]
    if len(known["etcd"]) % 2 == 0 and known["etcd"]:
        problems.warn(
            f"etcd has {len(known['etcd'])} members: an even number survives no more failures than {len(known['etcd']) - 1} would, "
            "and stands still when it is split in half; use an odd number"
        )
    registers = reader.boolean("master_registers_node")
    nodes = tuple(sorted({*(known["master"] if registers else ()), *known["minion"]}))
    if known["master"] and not known["minion"] and "minion" not in meant:
        problems.warn(
            "no host is a minion: ordinary pods can run nowhere until the masters' taint is removed or hosts join the group 'minion'"
        )
    return Roles(by_role=known, nodes=nodes)


def _is_etcd_alone(reader: Reader, known: t.Mapping[str, tuple[str, ...]]) -> bool:
    """Whether the user says, with an empty ``cluster_master_hosts``, that only etcd is wanted: the etcd role in another's playbook."""
    return reader.given("cluster_master_hosts") and bool(known["etcd"]) and not known["minion"] and not known["balancer"]


def check_groups(inputs: ClusterInputs, reader: Reader, roles: Roles) -> None:
    """Plays on groups do not reach hosts that only ``cluster_<role>_hosts`` names, and such a run would end well and do nothing.

    A pattern of groups also matches a host of the same name, which may be none of the cluster's.
    """
    if not inputs.hosts_from_groups:
        return
    for role in ROLES:
        if role in inputs.hosts and role not in inputs.groups.get(role, ()):
            reader.problem(
                f"the host {role!r}",
                f"has the name of the group {role!r} and is not in it, so Ansible's patterns take it for one of its hosts",
                "Give the host another name in the inventory, with ansible_host for its address",
            )
        name, group = f"cluster_{role}_hosts", set(inputs.groups.get(role, ()))
        others = sorted(set(roles.by_role[role]) ^ group)
        if reader.given(name) and others:
            reader.fault(
                name,
                f"differs from the group {role!r}, on which this playbook runs, by {', '.join(others)}",
                f"Put exactly these hosts into the group {role!r} and leave the variable out; it is for roles in a playbook of your own",
            )


def _hosts_of(inputs: ClusterInputs, reader: Reader, role: str) -> tuple[str, ...] | None:
    """The hosts of a role; None when what was given cannot be used."""
    name = f"cluster_{role}_hosts"
    if not reader.given(name):
        return tuple(dict.fromkeys(str(host) for host in inputs.groups.get(role, ())))
    hosts = reader.list_of_text(name)
    if hosts is None:
        return None
    unknown = [host for host in hosts if host not in inputs.hosts]
    for host in unknown:
        near = nearest(host, inputs.hosts)
        reader.fault(
            name,
            f"names {host!r}, which is not in the inventory",
            f"Did you mean {near!r}?" if near else "Add the host to the inventory, or take it out of the list",
        )
    return None if unknown else tuple(dict.fromkeys(hosts))


def _no_hosts(inputs: ClusterInputs, reader: Reader, role: str, purpose: str) -> None:
    if reader.given(f"cluster_{role}_hosts"):
        reader.fault(f"cluster_{role}_hosts", f"names no host, so {purpose}", f"List at least one {role} host")
        return
    candidates = [group for group in inputs.groups if group not in ("all", "ungrouped") and inputs.groups[group] and group not in ROLES]
    near = nearest(role, candidates, cutoff=0.6) or next((group for group in candidates if role in group.lower()), "")
    state = "is empty" if role in inputs.groups else "does not exist"
    hint = f"Rename the group {near!r} to {role!r}" if near else f"Put at least one host into the group {role!r}"
    if not inputs.hosts_from_groups:  # the playbooks refuse other hosts than those of the groups, see check_groups
        hint += f", or set cluster_{role}_hosts to its hosts" if near else f", or list hosts in cluster_{role}_hosts"
    reader.problem(f"the inventory's group {role!r}", f"{state}, so {purpose}", hint)


def _is_misspelt(inputs: ClusterInputs, reader: Reader, role: str, known: t.Mapping[str, t.Sequence[str]]) -> bool:
    """Whether a role that a cluster need not have is missing because its group has a similar name. That is a problem, told here.

    A run would leave those hosts out and end well. Who means none says so by an empty group of the role's name.
    """
    if role in inputs.groups or reader.given(f"cluster_{role}_hosts"):
        return False
    in_a_role = {host for hosts in known.values() for host in hosts}
    without = {group: [host for host in hosts if host not in in_a_role] for group, hosts in inputs.groups.items() if group != "ungrouped"}
    near = nearest(role, (group for group, hosts in without.items() if hosts and group not in ROLES), cutoff=0.85)
    if near:
        count = len(without[near])
        reader.problem(
            f"the inventory's group {role!r}",
            f"does not exist, but {near!r} does, with {count} host{'' if count == 1 else 's'} that ha{'s' if count == 1 else 've'} no role",
            f"Rename the group {near!r} to {role!r}; if it is for something else, add an empty group {role!r}",
        )
    return bool(near)
