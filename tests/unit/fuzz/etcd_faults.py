# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with the members of etcd, and what an operator may want at the same time."""

from __future__ import annotations

import dataclasses
import typing as t

import etcd_truth
from etcd_truth import CLUSTER, FOREIGN, Etcd, Listed, Server
from hypothesis import strategies as st
from two_faults import Fault

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import host_plan
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.cluster_view import View
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.steps import Members, Policy


@dataclasses.dataclass
class Cluster:
    """The truth, and what the inventory and the variables say."""

    etcd: Etcd
    names: str
    policy: Policy = dataclasses.field(default_factory=Policy)

    @property
    def wanted(self) -> Members:
        return host_plan.wanted_of(etcd_truth.wanted_members(self.names))

    @property
    def view(self) -> View:
        """As the run sees it that has reached every host it could reach."""
        hosts = {entry.host for entry in self.wanted}
        return host_plan.view_of({host: found for host, found in self.etcd.observations().items() if host in hosts})


def _well(names: str, mute: bool) -> Cluster:
    return Cluster(Etcd.well(names), names) if mute else Cluster(dataclasses.replace(Etcd.well(names), mute=False), names)


WELL = st.builds(_well, st.sampled_from(["a", "ab", "abc", "abcd", "abcde"]), st.booleans())


def _some(cluster: Cluster, draw: st.DrawFn) -> tuple[Listed, Server] | None:
    """One member that has data and runs as it should, of those that are left."""
    found = [(member, server) for member in cluster.etcd.members if (server := cluster.etcd.server_of(member)) and server.data]
    return draw(st.sampled_from(found)) if found else None


def _on_member(change: t.Callable[[Listed, Server], None]) -> t.Callable[[Cluster, st.DrawFn], bool]:
    def strike(cluster: Cluster, draw: st.DrawFn) -> bool:
        found = _some(cluster, draw)
        if found is None:
            return False
        change(*found)
        return True

    return strike


def _stop(member: Listed, server: Server) -> None:
    server.runs = False


def _lose_data(member: Listed, server: Server) -> None:
    server.runs = server.data = False


def _delete_files(member: Listed, server: Server) -> None:
    server.data = False


def _cut_off(member: Listed, server: Server) -> None:
    server.cut_off = True


def _unreachable(member: Listed, server: Server) -> None:
    server.answers_ansible = False


def _no_power(member: Listed, server: Server) -> None:
    server.runs = server.answers_ansible = False


def _other_address(member: Listed, server: Server) -> None:
    member.peer_url = server.listens = f"https://old-{server.name}.example:2380"


def _other_name(member: Listed, server: Server) -> None:
    member.name = f"old-{server.name}"


def _other_cluster(member: Listed, server: Server) -> None:
    server.identity = ("id-foreign", FOREIGN)


def _corrupt(member: Listed, server: Server) -> None:
    server.errors = (f"memberID:{member.id} alarm:CORRUPT ",)


def _full(member: Listed, server: Server) -> None:
    server.errors = (f"memberID:{member.id} alarm:NOSPACE ",)


def _behind(member: Listed, server: Server) -> None:
    server.committed = 3


def _removed_before(cluster: Cluster, draw: st.DrawFn) -> bool:
    """A killed run has removed it from the list; its data is there."""
    found = _some(cluster, draw)
    if found is None or len(cluster.etcd.voters) < 2:
        return False
    cluster.etcd.members.remove(found[0])
    found[1].runs = False
    return True


def _learner(cluster: Cluster, draw: st.DrawFn) -> bool:
    """A killed run has added it as learner, and has started it or not."""
    absent = [name for name in etcd_truth.NAMES if all(member.peer_url != etcd_truth.peer_url(name) for member in cluster.etcd.members)]
    if not absent or not cluster.etcd.led() or any(member.learner for member in cluster.etcd.members):
        return False
    name, started = draw(st.sampled_from(absent)), draw(st.booleans())
    cluster.etcd.members.append(Listed(f"id-{name}", name if started else "", etcd_truth.peer_url(name), learner=True))
    if started:
        cluster.etcd.servers[name] = Server(
            name, (f"id-{name}", CLUSTER), data=True, runs=True, listens=etcd_truth.peer_url(name), was_up=True
        )
    if name not in cluster.names and draw(st.booleans()):
        cluster.names += name
    return True


def _added(cluster: Cluster, draw: st.DrawFn) -> bool:
    absent = [name for name in etcd_truth.NAMES if name not in cluster.names]
    if not absent:
        return False
    cluster.names = "".join(draw(st.permutations([*cluster.names, draw(st.sampled_from(absent))])))
    return True


def _left_out(cluster: Cluster, draw: st.DrawFn) -> bool:
    if len(cluster.names) < 2:
        return False
    cluster.names = cluster.names.replace(draw(st.sampled_from(cluster.names)), "")
    return True


def _replaced(cluster: Cluster, draw: st.DrawFn) -> bool:
    absent = [name for name in etcd_truth.NAMES if name not in cluster.names]
    if not absent:
        return False
    cluster.names = cluster.names.replace(draw(st.sampled_from(cluster.names)), draw(st.sampled_from(absent)))
    return True


def _leftover(cluster: Cluster, draw: st.DrawFn) -> bool:
    """A host that is to join has the data of another cluster."""
    server = next((cluster.etcd.servers[name] for name in cluster.names if not cluster.etcd.servers[name].was_up), None)
    if server is None:
        return False
    server.data, server.was_up, server.identity = True, True, ("id-foreign", FOREIGN)
    return True


def _bare(cluster: Cluster, draw: st.DrawFn) -> bool:
    """Nothing was ever installed."""
    cluster.etcd = Etcd(servers={name: Server(name) for name in etcd_truth.NAMES}, members=[], mute=cluster.etcd.mute)
    return True


def _with_policy(**fields: t.Any) -> t.Callable[[Cluster, st.DrawFn], None]:
    def strike(cluster: Cluster, draw: st.DrawFn) -> None:
        cluster.policy = dataclasses.replace(cluster.policy, **fields)

    return strike


FAULTS: list[Fault[Cluster]] = [
    Fault("nothing installed", _bare),
    Fault("removed by a killed run", _removed_before),
    Fault("stopped", _on_member(_stop)),
    Fault("another stopped", _on_member(_stop)),
    Fault("dead without data", _on_member(_lose_data)),
    Fault("runs on deleted files", _on_member(_delete_files)),
    Fault("cut off from its peers", _on_member(_cut_off)),
    Fault("not reached", _on_member(_unreachable)),
    Fault("without power", _on_member(_no_power)),
    Fault("another address", _on_member(_other_address)),
    Fault("another name", _on_member(_other_name)),
    Fault("of another cluster", _on_member(_other_cluster)),
    Fault("alarm CORRUPT", _on_member(_corrupt)),
    Fault("alarm NOSPACE", _on_member(_full)),
    Fault("behind", _on_member(_behind)),
    Fault("a learner is left", _learner),
    Fault("a member is added to the inventory", _added),
    Fault("a member is taken out of the inventory", _left_out),
    Fault("a member is replaced in the inventory", _replaced),
    Fault("a new host has old data", _leftover),
    Fault("remove_unlisted is never", _with_policy(remove_unlisted="never")),
    Fault("remove_unlisted is always", _with_policy(remove_unlisted="always")),
    Fault("disaster_recovery is set", _with_policy(disaster_recovery=True)),
]
