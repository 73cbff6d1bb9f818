# SPDX-License-Identifier: GPL-3.0-or-later
"""The removal of a host while two things are wrong: refused before the first change, or its member is gone and the quorum is there."""

from __future__ import annotations

import copy
import typing as t

import pytest
from etcd_faults import FAULTS, WELL, Cluster
from etcd_truth import RunStops
from hypothesis import given
from hypothesis import strategies as st
from test_fuzz_etcd_members import moved_and_renamed
from two_faults import TALLY, Case, can_be_drawn, cases, examples, planned

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._removal import plan_removal

Object = dict[str, t.Any]


def spec_of(cluster: Cluster) -> Object:
    """The hosts of etcd are masters and nodes too."""
    hosts = [entry.host for entry in cluster.wanted]
    members = [
        {"host": entry.host, "name": entry.name, "peer_url": entry.peer_url, "client_url": entry.client_url} for entry in cluster.wanted
    ]
    nodes = {entry.host: {"name": entry.name, "address": f"{entry.name}.example"} for entry in cluster.wanted}
    return {"nodes": nodes, "masters": hosts, "etcd_hosts": hosts, "node_hosts": hosts, "etcd": {"members": members}}


def steps(cluster: Cluster, host: str, *, allow: bool) -> list[PlannedAction] | None:
    """The changes of the list of members, from a look that is made after the host was drained; None if the removal is refused."""
    spec = spec_of(cluster)
    observations = cluster.etcd.observations()
    return planned(lambda: _steps(cluster, spec, host, observations, allow=allow))


def _steps(cluster: Cluster, spec: Object, host: str, observations: Object, *, allow: bool) -> tuple[PlannedAction, ...]:
    plan_removal.plan(spec, host, observations=observations, allow_unreachable=allow)
    others = next(found for name, found in observations.items() if name != host)
    view = plan_removal.view_after(others, observations)
    return plan_removal.remove_member(plan_removal.leaving(spec, host), staying=plan_removal.staying_members(spec, host), view=view)


def carry_out(case: Case[Cluster], host: str, *, allow: bool) -> None:
    """The host is reset at the end, whatever runs on it: raises AssertionError if that takes the quorum."""
    cluster = copy.deepcopy(case.state)
    actions = steps(cluster, host, allow=allow)
    if actions is None or cluster.etcd.is_taken_for_another():
        return
    led = cluster.etcd.led()
    for action in actions:
        try:
            cluster.etcd.perform(action)
        except RunStops:
            return
        assert cluster.etcd.led() or not led, f"{action.operation} {action.target} loses the quorum"
    server = next(server for server in cluster.etcd.servers.values() if server.host == host)
    listed = [member for member in cluster.etcd.members if cluster.etcd.server_of(member) is server]
    assert not listed, "the host is reset while its member is in the list"
    server.runs = server.data = False
    assert cluster.etcd.led() or not led, "the reset of the host loses the quorum"


@examples(3)
@given(case=cases(WELL, FAULTS), data=st.data(), allow=st.booleans())
def test_no_removal_loses_the_quorum(case: Case[Cluster], data: st.DataObject, allow: bool) -> None:
    TALLY.count("removal", case.faults)
    carry_out(case, data.draw(st.sampled_from([entry.host for entry in case.state.wanted])), allow=allow)


def test_f2_can_be_drawn_and_a_removal_that_plans_nothing_fails_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A voter of three is stopped, and another one is to be removed: the second look planned nothing, and its host was reset."""
    stopped = [fault for fault in FAULTS if fault.name == "stopped"]
    f2 = can_be_drawn(WELL, stopped, lambda case: bool(case.faults) and case.state.names == "abc")
    leaving = next(server for server in f2.state.etcd.servers.values() if server.runs)
    assert steps(f2.state, leaving.host, allow=False) is None
    monkeypatch.setattr(plan_removal, "remove_member", lambda *arguments, **named: ())
    with pytest.raises(AssertionError, match="the host is reset while its member is in the list"):
        carry_out(f2, leaving.host, allow=False)


def test_who_may_be_listed_under_another_name_is_not_reset() -> None:
    """Found by this file: a host that got another name and another address was not found in the list, and reset as if it had left."""
    found = moved_and_renamed()
    moved = next(member.name.removeprefix("old-") for member in found.state.etcd.members if member.name.startswith("old-"))
    spec, observations = spec_of(found.state), found.state.etcd.observations()
    with pytest.raises(PlanError, match=rf"old-{moved} .*may be {moved} under another name"):
        _steps(found.state, spec, f"h-{moved}", observations, allow=False)
