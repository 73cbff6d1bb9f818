# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts are restarted, in which order, and what stands in the way."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.batch import Batch
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._restart import plan as plans
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._restart import told
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._restart.plan import MARK, Plan, Situation
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._restart.request import Request

Object = dict[str, t.Any]

MASTERS = ("m1", "m2", "m3")
BALANCERS = ("b1", "b2")
WORKERS = ("w1", "w2", "w3", "w4")
NOW = 1_800_000_000.0
ALWAYS = Request(reboot="always")


class Cluster:
    """Three masters with etcd, two balancers and four workers, all well; m2 leads, b1 holds the address. Tests change what they need."""

    def __init__(self, *, masters: tuple[str, ...] = MASTERS, balancers: tuple[str, ...] = BALANCERS, workers: tuple[str, ...] = WORKERS):
        self.masters, self.balancers, self.workers = masters, balancers, workers
        self.hosts = (*masters, *balancers, *workers)
        self.found: dict[str, Object] = {host: self._host(host) for host in self.hosts}
        self.leader = masters[1] if len(masters) > 1 else masters[0]
        self.silent: set[str] = set()
        well = {"schedulable": True, "marked": "", "ready": True, "kubelet": "v1.37.1"}
        self.nodes = {f"{host}.x": {**well, "tainted": host in masters} for host in (*masters, *workers)}
        self.unready: dict[str, str] = dict.fromkeys(masters, "")
        self.unmanaged: list[Object] = []
        self.budgets: list[Object] = []
        self.away: set[str] = set()
        self.packages: dict[str, Object] = {}

    def _host(self, host: str) -> Object:
        kernels = {"kernel": "6.12-1", "kernel_to_boot": "6.12-1", "lacking": [], "updated": [], "absent": []}
        return {"boot": f"boot-{host}", "mark": None, "holds_address": host == "b1", "units": [], **kernels}

    def spec(self) -> Object:
        members = [
            {"host": host, "name": f"{host}.x", "client_url": f"https://{host}:2379", "peer_url": f"https://{host}:2380"}
            for host in self.masters
        ]
        nodes = {host: {"name": f"{host}.x"} for host in self.hosts}
        return {
            "nodes": nodes,
            "masters": list(self.masters),
            "etcd_hosts": list(self.masters),
            "node_hosts": [*self.masters, *self.workers],
            "balancers": list(self.balancers),
            "etcd": {"members": members},
        }

    def _answers(self) -> list[Object]:
        listed = [
            {
                "id": f"id-{host}",
                "name": f"{host}.x",
                "peer_urls": [f"https://{host}:2380"],
                "client_urls": [f"https://{host}:2379"],
                "learner": False,
            }
            for host in self.masters
        ]
        return [
            {
                "url": f"https://{host}:2379",
                "members": None if host in self.silent else listed,
                "cluster_id": "1",
                "member_id": f"id-{host}",
                "linearizable": host not in self.silent,
                "learner": False,
                "leader": f"id-{self.leader}",
                "applied": 7,
                "errors": [],
                "fault": "refused" if host in self.silent else "",
            }
            for host in self.masters
        ]

    def observation(self, host: str) -> Object:
        is_master = host in self.masters
        of_host = {"data": True, "committed": 7, "was_up": True}
        return {
            "host": self.found[host],
            "local": False,
            "packages": self.packages.get(host, {"available": [], "fault": ""}),
            "etcd": {"answers": self._answers(), "host": of_host} if is_master else None,
            "api": {"unready": self.unready[host]} if is_master else None,
        }

    def plan(self, wanted: Request = ALWAYS, *, asked: t.Iterable[str] | None = None, controller: str = "") -> Plan:
        observations = {host: self.observation(host) for host in self.hosts if host not in self.away}
        said = {"nodes": self.nodes, "unmanaged": self.unmanaged, "budgets": self.budgets, "unready_owners": ["broken"]}
        ready = any(not self.unready[host] for host in self.masters if host in observations)
        return plans.plan(
            Situation(self.spec(), observations, said if ready else None, tuple(asked or self.hosts), controller, NOW), wanted
        )


def mark(*, done: bool = False, boot: str = "", ago: float = 60.0, began: float = NOW - 600) -> Object:
    return {"began": began, "at": NOW - ago, "by": "", "done": done, "boot": boot, "units": []}


def test_workers_go_first_and_the_leader_of_etcd_last() -> None:
    plan = Cluster().plan()
    assert plan.order == ("w1", "w2", "w3", "w4", "b2", "b1", "m1", "m3", "m2")
    assert all(len(batch) == 1 for batch in plan.batches)
    assert plan.turns["m1"].through == "m2"
    assert plan.turns["w1"].through == "m1"
    assert plan.ignored == ("broken",)
    assert not plan.left_out and not plan.notes


def test_the_first_worker_goes_alone_and_only_workers_go_together() -> None:
    batched = Request(reboot="always", batch=Batch(2))
    assert Cluster().plan(batched).batches == (("w1",), ("w2", "w3"), ("w4",), ("b2",), ("b1",), ("m1",), ("m3",), ("m2",))
    assert Cluster().plan(Request(reboot="always", batch=Batch(50, per_cent=True))).batches[1] == ("w2", "w3")


def test_a_batch_that_leaves_no_node_for_the_pods_is_refused() -> None:
    cluster = Cluster()
    cluster.nodes["w1.x"]["ready"] = False
    with pytest.raises(PlanError, match=r"restart_batch is 100%, so w2, w3, w4 would be drained together, and no other Node takes their"):
        cluster.plan(Request(reboot="always", batch=Batch(100, per_cent=True)))


def test_only_hosts_that_need_it_are_restarted() -> None:
    cluster = Cluster()
    assert cluster.plan(Request()).order == ()
    cluster.found["w2"].update(updated=["glibc"])
    cluster.found["m1"].update(kernel_to_boot="6.12-2")
    plan = cluster.plan(Request())
    assert plan.order == ("w2", "m1")
    assert plan.turns["w2"].work.reboot == ("glibc installed since the last boot",)
    assert plan.turns["m1"].work.reboot == ("kernel 6.12-2 follows 6.12-1",)
    assert set(plan.idle) == set(cluster.hosts) - {"w2", "m1"}


def test_packages_alone_are_work_and_may_ask_for_a_reboot() -> None:
    cluster = Cluster()
    cluster.packages["w1"] = {"available": ["bash-5.3", "glibc-2.40"], "fault": ""}
    cluster.packages["w3"] = {"available": [], "fault": "no mirror answers"}
    plan = cluster.plan(Request(packages="all"))
    assert plan.order == ("w1",)
    assert plan.turns["w1"].drains and plan.turns["w1"].work.perhaps
    assert plan.left_out == {"w3": "its packages cannot be looked at: no mirror answers"}
    lines = told.lines(plan, Request(packages="all"))
    assert "1. w1: drain; upgrade 2 packages (bash-5.3, glibc-2.40); reboot if the packages need it" in lines
    never = Request(packages="all", reboot="never")
    assert "1. w1: drain; upgrade 2 packages (bash-5.3, glibc-2.40); no reboot" in told.lines(cluster.plan(never), never)


def test_packages_that_no_host_has_are_refused() -> None:
    cluster = Cluster()
    for host in cluster.hosts:
        cluster.found[host]["absent"] = ["kernal"] if host == "w1" else ["kernal", "haproxy"]
    with pytest.raises(PlanError, match="restart_packages has kernal, and no host of this run has that installed"):
        cluster.plan(Request(packages=("kernal", "haproxy")))
    assert cluster.plan(Request(packages=("haproxy",))).order == ()


def test_a_host_that_is_away_is_left_out() -> None:
    cluster = Cluster()
    cluster.away.add("w2")
    plan = cluster.plan()
    assert "w2" not in plan.order
    assert told.lines(plan, ALWAYS)[-1] == "Left out: w2: it does not answer"


def test_while_a_member_of_etcd_is_down_no_other_goes() -> None:
    cluster = Cluster()
    cluster.silent.add("m3")
    plan = cluster.plan()
    assert set(plan.left_out) == {"m1", "m2"}
    assert (
        "m3.x (https://m3:2380) of etcd does not answer, and m1 must not go as well: 1 of 3 members would be left, the quorum is 2"
        in (plan.left_out["m1"])
    )
    assert plan.order[-1] == "m3"


def test_the_last_apiserver_that_is_ready_does_not_go() -> None:
    cluster = Cluster()
    cluster.unready.update(m2="etcd", m3="etcd")
    assert set(cluster.plan().left_out) == {"m1"}
    cluster.unready.update(m1="etcd")
    with pytest.raises(PlanError, match="no apiserver is ready, so nobody knows which pods run where: m1: etcd; m2: etcd; m3: etcd"):
        cluster.plan()


def test_a_single_master_goes_and_it_is_said_what_is_away() -> None:
    plan = Cluster(masters=("m1",), balancers=(), workers=("w1", "w2")).plan()
    assert plan.order == ("w1", "w2", "m1")
    assert plan.turns["m1"].through == "m1"
    assert plan.notes == ("the API is away while m1 restarts: it is the only master. Pods run on",)


def test_two_members_of_etcd_cannot_do_without_one() -> None:
    plan = Cluster(masters=("m1", "m2")).plan()
    assert [note for note in plan.notes if "etcd has 2 member(s)" in note] == list(plan.notes)
    assert len(plan.notes) == 2


def test_pods_stay_where_no_other_node_takes_them() -> None:
    plan = Cluster(masters=("m1",), balancers=(), workers=("w1",)).plan()
    assert not plan.turns["w1"].drains
    assert "1. w1: reboot (asked for); its pods stay: no other Node takes them" in told.lines(plan, ALWAYS)
    # the taint of the control plane keeps pods away from masters, and those of masters may go to the worker
    assert plan.turns["m1"].drains


def test_pods_that_would_be_lost_are_refused_before_anything() -> None:
    cluster = Cluster()
    cluster.unmanaged = [{"namespace": "default", "name": "alone", "node": "w1.x"}]
    with pytest.raises(PlanError, match=r"Nothing was changed: default/alone would be lost by a drain.*-e restart_unmanaged_pods=true"):
        cluster.plan()
    assert cluster.plan(Request(reboot="always", unmanaged_pods=True)).order
    assert cluster.plan(Request(reboot="always", drain=False)).order
    assert cluster.plan(ALWAYS, asked=["w2"]).order == ("w2",)


def test_a_budget_that_lets_no_pod_go_is_told() -> None:
    cluster = Cluster()
    cluster.budgets = [{"namespace": "db", "name": "pg", "healthy": 1, "needed": 1, "pods": [{"name": "pg-0", "node": "w3.x"}]}]
    assert cluster.plan().notes == ("the budget db/pg lets no pod go now (1 healthy, 1 needed): a drain waits for it",)
    assert cluster.plan(ALWAYS, asked=["w1"]).notes == ()


def test_the_host_of_this_run_is_left_out() -> None:
    assert "this run works from it" in Cluster().plan(controller="boot-w1").left_out["w1"]


def test_a_kernel_without_its_modules_is_not_booted() -> None:
    cluster = Cluster()
    cluster.found["w1"].update(kernel_to_boot="6.12-2", lacking=["br_netfilter", "nft_compat"])
    why = cluster.plan(Request()).left_out["w1"]
    assert "kernel 6.12-2, which lacks br_netfilter, nft_compat" in why
    assert "dnf install kernel-modules-extra-6.12-2" in why and "grubby --set-default /boot/vmlinuz-6.12-1" in why
    # an upgrade may bring them, so it is decided after that
    cluster.packages["w1"] = {"available": ["kernel-modules-extra-6.12-2"], "fault": ""}
    assert cluster.plan(Request(packages="all")).order == ("w1",)


def test_an_upgrade_that_has_not_ended_is_not_mixed_with_this() -> None:
    cluster = Cluster()
    cluster.nodes["w1.x"].update(schedulable=False, marked="playbooks/upgrade.yml")
    assert cluster.plan().left_out == {"w1": "its Node is cordoned by playbooks/upgrade.yml, which has not ended. Run that again first"}


def test_a_killed_run_is_gone_on_with() -> None:
    """w1 is done, w2 was rebooted and not finished, m1 has its mark and was not rebooted."""
    cluster = Cluster()
    cluster.found["w1"]["mark"] = mark(done=True)
    cluster.found["w2"]["mark"] = mark(boot="an earlier one")
    cluster.nodes["w2.x"].update(schedulable=False, marked=MARK)
    cluster.found["m1"]["mark"] = mark(boot="boot-m1")
    plan = cluster.plan()
    assert plan.order[:2] == ("w2", "m1")
    assert "w1" not in plan.order and plan.done == ("w1",)
    assert plan.turns["w2"].work.reboot == () and not plan.turns["w2"].drains and plan.turns["w2"].work.goes_on
    assert plan.turns["m1"].work.reboot == ("asked for",)
    assert plan.began == NOW - 600
    lines = told.lines(plan, ALWAYS)
    assert lines[0].endswith(", in which w1 had their turn")
    assert "1. w2: goes on where an earlier run has ended" in lines


def test_what_only_a_need_asks_for_is_done_again_where_the_need_is_there_again() -> None:
    cluster = Cluster()
    cluster.found["w1"].update(mark=mark(done=True), updated=["systemd"])
    assert cluster.plan(Request()).order == ("w1",)


def test_a_restart_that_was_given_up_does_not_leave_hosts_out() -> None:
    cluster = Cluster()
    cluster.found["w1"]["mark"] = mark(done=True, ago=100_000)
    plan = cluster.plan()
    assert "w1" in plan.order and plan.began == NOW


def test_a_cordon_of_ours_is_ended_whatever_is_left_to_do() -> None:
    cluster = Cluster()
    cluster.nodes["w3.x"].update(schedulable=False, marked=MARK)
    assert cluster.plan(Request()).order == ("w3",)


CHOICES = st.sets(st.sampled_from([*MASTERS, *BALANCERS, *WORKERS]))


@given(away=CHOICES, silent=st.sets(st.sampled_from(MASTERS)), batch=st.integers(1, 3), asked=CHOICES)
def test_whatever_is_away_the_quorum_stays(away: set[str], silent: set[str], batch: int, asked: set[str]) -> None:
    cluster = Cluster()
    cluster.away, cluster.silent = away, silent | (away & set(MASTERS))
    try:
        plan = cluster.plan(Request(reboot="always", batch=Batch(batch)), asked=asked or None)
    except PlanError as error:
        assert "Nothing was changed" in error.message
        return
    scope = asked or set(cluster.hosts)
    assert set(plan.order) | set(plan.left_out) | set(plan.idle) == scope
    assert not set(plan.order) & away
    for group in plan.batches:
        assert len(group) == 1 or not set(group) & {*MASTERS, *BALANCERS}
        for host in set(group) & set(MASTERS):
            assert len(set(MASTERS) - cluster.silent - {host}) >= 2
