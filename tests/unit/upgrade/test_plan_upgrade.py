# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts an upgrade changes, in which order, and what it refuses before the first change."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import drains
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.batch import Batch
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.version_table import Version, numbers_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade import plan_upgrade, rules, told_plan
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.rules import Found, Wanted
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.upgrade_request import Request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.upgrade_terms import MARK, Observed, Upgrade

MASTERS = ("m1", "m2", "m3")
WORKERS = ("w1", "w2")
HOSTS = (*MASTERS, *WORKERS)
NODES = {host: f"{host}.example" for host in HOSTS}

Object = dict[str, t.Any]


def numbers(text: str) -> list[Version]:
    return [numbers_of(part) for part in text.split()]


def wanted(kubernetes: str = "1.37.1", etcd: str = "3.7.2", *, run: t.Iterable[str] = HOSTS) -> Wanted:
    return Wanted(kubernetes, etcd, frozenset(run), MASTERS, MASTERS, NODES)


def workloads(kubelet: str = "1.36.3", **changes: dict[str, t.Any]) -> Object:
    found = {
        node: {"schedulable": True, "marked": "", "ready": True, "tainted": False, "kubelet": f"v{kubelet}"} for node in NODES.values()
    }
    for host, change in changes.items():
        found[NODES[host]].update(change)
    return {"nodes": found, "unmanaged": [], "budgets": [], "unready_owners": []}


def cluster(kubernetes: str = "1.36.3", etcd: str = "3.6.16", *, run: t.Iterable[str] = HOSTS, **other: str) -> Found:
    """All hosts with one version, except those of ``other``; several versions of a host are one linked and one running."""
    programs: dict[str, dict[str, list[Version]]] = {}
    for host in run:
        versions = numbers(other.get(host, kubernetes))
        names = [*rules.NODE, *(rules.CONTROL_PLANE if host in MASTERS else ())]
        programs[host] = {
            **dict.fromkeys(names, versions),
            **({"etcd": numbers(other.get(f"{host}_etcd", etcd))} if host in MASTERS else {}),
        }
    answers = {host: numbers(other.get(host, kubernetes))[0] for host in MASTERS}
    return Found(programs=programs, apiservers={**answers}, kubelets={node: numbers(kubernetes)[0] for node in NODES.values()})


def observed(found: Found | None = None, **changes: t.Any) -> Observed:
    return Observed(**{"found": found or cluster(), "leader": "m1", "workloads": workloads(), **changes})


def plan(seen: Observed, goal: Wanted | None = None, **request: t.Any) -> Upgrade:
    return plan_upgrade.plan(seen, goal or wanted(), Request(**request))


def test_everything_in_order_and_the_leader_last() -> None:
    (work,) = plan(observed()).work
    assert (work.members, work.masters, work.nodes) == (("m2", "m3", "m1"), MASTERS, HOSTS)
    assert (work.saved, work.saved_later, work.first, work.objects) == (MASTERS, (), (), MASTERS)


def test_nothing_is_left_of_an_upgrade_that_is_done() -> None:
    done = observed(cluster("1.37.1", "3.7.2"), workloads=workloads("1.37.1"))
    assert plan(done) == Upgrade(())
    assert told_plan.lines(plan(done), done, wanted(), Request()) == ["Nothing to do: all hosts have the wanted versions"]


def test_a_minor_version_is_done_on_all_hosts_before_the_next() -> None:
    first, second = plan(observed(cluster("1.35.4", "3.6.14"), workloads=workloads("1.35.4"))).work
    assert (first.stage.kubernetes, first.members, first.masters, first.nodes) == ("1.36.3", (), MASTERS, HOSTS)
    assert (second.stage.kubernetes, second.members, second.masters, second.nodes) == ("1.37.1", ("m2", "m3", "m1"), MASTERS, HOSTS)


def test_a_run_that_stopped_within_a_stage_goes_on_there() -> None:
    halfway = cluster("1.36.3", "3.6.14", w1="1.35.4")
    first, second = plan(observed(halfway, workloads=workloads(w1={"kubelet": "v1.35.4"}))).work
    assert (first.stage.kubernetes, first.saved, first.masters, first.nodes) == ("1.36.3", (), (), ("w1",))
    assert second.nodes == HOSTS


def test_a_program_that_is_there_and_does_not_run_yet_is_not_done() -> None:
    """The link is new, the process is old; or the Node tells the old kubelet; or it is still cordoned."""
    seen = workloads("1.37.1", w1={"kubelet": "v1.36.3"}, w2={"marked": MARK, "schedulable": False}, m3={"schedulable": False})
    (work,) = plan(observed(cluster("1.37.1", "3.7.2", m2="1.36.3 1.37.1"), workloads=seen)).work
    assert (work.masters, work.nodes, work.drained) == (("m2",), ("m2", "w1", "w2"), ("m2", "w1"))


def test_pods_are_waited_for_again_where_a_run_has_ended_before_them() -> None:
    """The node has all programs and takes pods again. Whoever is not ready may be so because of the drain."""
    seen = workloads("1.37.1", w1={"marked": MARK})
    found = observed(cluster("1.37.1", "3.7.2"), workloads={**seen, "unready_owners": ["set"]})
    (work,) = plan(found).work
    assert (work.nodes, work.drained) == (("w1",), ())
    assert not [line for line in told_plan.lines(plan(found), found, wanted(), Request()) if line.startswith("Not drained")]
    assert drains.ignored({**seen, "unready_owners": ["set"]}, MARK) == []
    assert drains.ignored({**workloads(), "unready_owners": ["set"]}, MARK) == ["set"]


def test_a_node_that_another_playbook_has_cordoned_is_refused() -> None:
    other = workloads(w1={"marked": "playbooks/restart-nodes.yml", "schedulable": False})
    with pytest.raises(
        PlanError, match=r"cordoned by a run that has not ended: w1\.example by playbooks/restart-nodes\.yml\. Run that again"
    ):
        plan(observed(workloads=other))


def test_a_part_of_the_masters_touches_no_kubelet() -> None:
    some = wanted(run=["m1"])
    assert plan(observed(cluster(run=["m1"])), some, only="masters").work[0].masters == ("m1",)
    with pytest.raises(PlanError, match="the apiserver of m2, m3 does not say that it has this minor version"):
        plan(observed(cluster(run=["m1"])), some)


def test_nodes_do_not_pass_a_master_that_is_not_in_the_run_and_silent() -> None:
    found = cluster("1.37.1", "3.7.2", run=["m1", "m3", "w1"], w1="1.36.3")
    silent = dataclasses.replace(found, apiservers={**found.apiservers, "m2": None})
    with pytest.raises(PlanError, match="the apiserver of m2 does not say that it has this minor version"):
        plan(observed(silent), wanted(run=["m1", "m3", "w1"]))


def test_masters_are_not_upgraded_without_a_snapshot() -> None:
    apart = dataclasses.replace(wanted(run=MASTERS), members=("e1",))
    with pytest.raises(PlanError, match="no host of etcd is in this run, so no snapshot could be taken"):
        plan(observed(cluster(run=MASTERS)), apart)


def test_a_batch_leaves_a_node_that_takes_pods() -> None:
    masters: t.Any = {host: {"tainted": True} for host in MASTERS}
    seen = observed(workloads=workloads(**masters))
    assert plan(seen, batch=Batch(4)).work[0].drained == HOSTS
    with pytest.raises(PlanError, match=r"with upgrade_batch 100%, w1\.example, w2\.example would be drained at the same time"):
        plan(seen, batch=Batch(100, per_cent=True))


def test_nodes_may_skip_minor_versions_where_the_masters_are_there() -> None:
    behind = cluster("1.37.1", "3.7.2", w1="1.35.4", w2="1.35.4")
    (work,) = plan(observed(behind, workloads=workloads("1.37.1", w1={"kubelet": "v1.35.4"}))).work
    assert (work.stage.kubernetes, work.members, work.masters, work.nodes) == ("1.37.1", (), (), WORKERS)


def test_what_does_not_serve_comes_first() -> None:
    found = cluster()
    silent = dataclasses.replace(found, apiservers={**found.apiservers, "m2": None})
    (work,) = plan(observed(silent, unhealthy=["m3"])).work
    assert (work.saved, work.first, work.members, work.masters, work.objects) == (MASTERS, ("m2", "m3"), ("m1",), ("m1",), MASTERS)


def test_a_lonely_etcd_that_does_not_serve_is_saved_when_it_does() -> None:
    goal = Wanted("1.37.1", "3.7.2", frozenset({"m1"}), ("m1",), ("m1",), {"m1": NODES["m1"]})
    found = dataclasses.replace(cluster(run=["m1"]), apiservers={"m1": None})
    seen = observed(found, unhealthy=["m1"], workloads=None, leader="")
    (work,) = plan(seen, goal).work
    assert (work.saved, work.first, work.saved_later, work.members, work.masters, work.nodes) == ((), ("m1",), ("m1",), (), (), ("m1",))
    assert "It is not known what holds up drains, because no apiserver is ready" in told_plan.lines(plan(seen, goal), seen, goal, Request())


@pytest.mark.parametrize(
    ("only", "members", "masters", "nodes"), [("masters", ("m2", "m3", "m1"), MASTERS, ()), ("nodes", (), (), HOSTS), ("all", (), (), ())]
)
def test_a_part_of_the_cluster(only: str, members: tuple[str, ...], masters: tuple[str, ...], nodes: tuple[str, ...]) -> None:
    found = cluster("1.37.1", "3.7.2") if only == "all" else cluster(m1="1.37.1") if only == "nodes" else cluster()
    if only == "nodes":
        found = Found(
            {host: {**programs, **dict.fromkeys(rules.CONTROL_PLANE, numbers("1.37.1"))} for host, programs in cluster().programs.items()},
            dict.fromkeys(MASTERS, numbers("1.37.1")[0]),
            found.kubelets,
        )
    work = plan(observed(found, workloads=workloads("1.37.1") if only == "all" else workloads()), only=only).work
    assert [(step.members, step.masters, step.nodes) for step in work] == ([(members, masters, nodes)] if only != "all" else [])


def test_a_node_is_drained_only_if_another_one_takes_its_pods() -> None:
    assert plan(observed()).work[0].drained == HOSTS
    assert plan(observed(cluster("1.37.0", "3.7.2")), drain=False).work[0].drained == ()
    masters: t.Any = {host: {"tainted": True} for host in MASTERS}
    alone = observed(workloads=workloads(**masters, w2={"schedulable": False}))
    assert plan(alone).work[0].drained == (*MASTERS, "w2")
    assert "Not drained, because no other node takes its pods: w1.example. Its containers run on" in told_plan.lines(
        plan(alone), alone, wanted(), Request()
    )
    left = observed(workloads=workloads(**masters, w2={"schedulable": False, "marked": MARK}))
    assert plan(left).work[0].drained == HOSTS


def test_a_node_that_is_away_is_left_out_and_named() -> None:
    seen = observed(cluster(run=[*MASTERS, "w1"]), away=["w2"])
    found = plan(seen)
    assert found.left_out == ("w2",)
    assert found.work[0].nodes == (*MASTERS, "w1")
    last = told_plan.lines(found, seen, wanted(), Request())[-1]
    assert last == "Left out, because the host does not answer: w2.example. Run this again when it is back"


@pytest.mark.parametrize(
    ("seen", "goal", "request_", "told"),
    [
        pytest.param(observed(cluster(run=["m1", "m3", *WORKERS]), away=["m2"]), wanted(), {}, "m2 does not answer", id="a master"),
        pytest.param(observed(cluster("1.37.1")), wanted("1.36.3"), {}, "does not go back to an older minor version", id="back"),
        pytest.param(observed(cluster(etcd="3.7.2")), wanted(etcd="3.6.16"), {}, "does not start under an older one", id="etcd back"),
        pytest.param(observed(), wanted(), {"drain": False}, "another minor version of the kubelet with its pods", id="without drain"),
        pytest.param(observed(workloads=None), wanted(), {}, "no apiserver is ready", id="no API"),
        pytest.param(observed(), wanted(), {"only": "nodes"}, "A kubelet must not be newer than an apiserver", id="nodes before masters"),
        pytest.param(observed(cluster(w2="")), wanted(), {}, "w2 has not all programs yet. First bring", id="a bare host"),
        pytest.param(
            observed(workloads={**workloads(), "unmanaged": [{"namespace": "default", "name": "alone", "node": "w1.example"}]}),
            wanted(),
            {},
            "default/alone would be lost by a drain",
            id="a pod that nothing replaces",
        ),
    ],
)
def test_refusals(seen: Observed, goal: Wanted, request_: Object, told: str) -> None:
    with pytest.raises(PlanError, match="Nothing was changed") as caught:
        plan(seen, goal, **request_)
    assert told in caught.value.message


def test_what_may_be_lost_or_needs_no_drain_is_not_refused() -> None:
    lost = {**workloads(), "unmanaged": [{"namespace": "default", "name": "alone", "node": "w1.example"}]}
    assert plan(observed(workloads=lost), unmanaged_pods=True).work
    assert plan(observed(cluster("1.37.0", "3.7.2"), workloads=lost), drain=False).work


def test_the_plan_is_told() -> None:
    budget = {
        "namespace": "default",
        "name": "redis",
        "healthy": 1,
        "needed": 1,
        "pods": [{"name": "redis-0", "node": "w1.example"}, {"name": "redis-1", "node": "elsewhere"}],
    }
    seen = observed(workloads={**workloads(w2={"ready": False}), "budgets": [budget]})
    lines = told_plan.lines(plan(seen), seen, wanted(), Request())
    assert lines == [
        "Stage 1 of 1: Kubernetes 1.36.3, etcd 3.6.16 → Kubernetes 1.37.1, etcd 3.7.2",
        "  1. a snapshot of etcd, verified and saved on the controller",
        "  2. etcd on m2, m3, m1, one member after the other: the others serve meanwhile",
        "  3. masters m1, m2, m3, one after the other, kube-apiserver before kube-controller-manager and kube-scheduler: the others serve "
        "meanwhile",
        "  4. access rules and CoreDNS",
        "  5. nodes m1, m2, m3, w1, w2: cordoned and drained, Docker, cri-dockerd, kubelet, kube-proxy, flannel, then it takes pods again",
        "Not ready now, so cordoned but not drained: w2.example",
        "Holds up a drain now: PodDisruptionBudget default/redis needs 1 healthy pods and has 1: redis-0 on w1.example",
    ]


VERSIONS = st.sampled_from(["1.35.4", "1.36.3", "1.37.1", "1.36.3 1.37.1"])


@given(st.tuples(*[VERSIONS] * len(HOSTS)), st.tuples(*[st.sampled_from(["3.6.14", "3.7.2", "3.6.14 3.7.2"])] * len(MASTERS)))
def test_whatever_is_found_the_plan_ends_at_the_wanted_versions_or_is_refused(kubernetes: tuple[str, ...], etcd: tuple[str, ...]) -> None:
    found = cluster(**dict(zip(HOSTS, kubernetes, strict=True)), **{f"{host}_etcd": text for host, text in zip(MASTERS, etcd, strict=True)})
    lowest = min(version for host in MASTERS for version in found.programs[host]["kube-apiserver"])
    newest = max(version for host in HOSTS for version in found.programs[host]["kubelet"])
    try:
        upgrade = plan(observed(found, workloads=workloads("1.37.1")))
    except PlanError as error:
        assert newest[1] > lowest[1] or lowest[1] < 36, error.message
        return
    for work in upgrade.work:
        before = found
        found = plan_upgrade._after(found, work)
        assert found != before or work.first
    assert all(found.programs[host][name] == numbers("1.37.1") for host in HOSTS for name in rules.NODE)
    assert all(found.programs[host][name] == numbers("1.37.1") for host in MASTERS for name in rules.CONTROL_PLANE)
    assert all(found.programs[host][rules.ETCD] == numbers("3.7.2") for host in MASTERS)


@pytest.mark.parametrize(
    ("now", "of_nodes", "nodes", "told"),
    [
        pytest.param(
            "1.36.3", "1.36.3", (), "Stage 1 of 1: Kubernetes 1.36.3, etcd 3.7.2 → Kubernetes 1.37.1 (nodes 1.36.3), etcd 3.7.2", id="stay"
        ),
        pytest.param(
            "1.37.1", "1.36.3", HOSTS, "Stage 1 of 1: Kubernetes 1.37.1, etcd 3.7.2 → Kubernetes 1.37.1 (nodes 1.36.3), et", id="go back"
        ),
    ],
)
def test_nodes_may_have_an_older_version(now: str, of_nodes: str, nodes: tuple[str, ...], told: str) -> None:
    seen = observed(cluster(now, "3.7.2"), workloads=workloads(now))
    goal = dataclasses.replace(wanted(), node=of_nodes, emulated="1.36")
    (work,) = (upgrade := plan(seen, goal)).work
    assert (work.nodes, work.drained, work.stage.node, work.stage.emulated) == (nodes, nodes, of_nodes, "1.36")
    assert told_plan.lines(upgrade, seen, goal, Request())[0].startswith(told)
    if nodes:
        with pytest.raises(PlanError, match="another minor version of the kubelet with its pods"):
            plan(seen, goal, drain=False)


def test_a_stage_before_has_neither_newer_nodes_nor_an_emulated_version() -> None:
    seen = observed(cluster("1.35.4"), workloads=workloads("1.35.4"))
    goal = dataclasses.replace(wanted(), node="1.36.3", emulated="1.36")
    stages = [(work.stage.kubernetes, work.stage.node, work.stage.emulated, work.nodes) for work in plan(seen, goal).work]
    assert stages == [("1.36.3", "1.36.3", "", HOSTS), ("1.37.1", "1.36.3", "1.36", ())]
