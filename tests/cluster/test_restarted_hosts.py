# SPDX-License-Identifier: GPL-3.0-or-later
"""All hosts of inventories/ha are restarted: a page and a database stay, whatever ends a run is gone on with, a host may be away."""

from __future__ import annotations

import collections.abc
import contextlib
import pathlib
import threading

import pytest

from . import checks, failing, restarting
from .driver import Cluster, Failure
from .killed_runs import killed_run
from .probing import NAMESPACE, probed, probed_page_at_several
from .restarting import PAGE_PORT, RESTART
from .setups import converged_hosts

pytestmark = pytest.mark.long
MASTERS = {f"k8s.master{number}.dev": f"192.168.200.10{number}" for number in (1, 2, 3)}
BALANCERS = [f"k8s.balancer{number}.dev" for number in (1, 2)]
MINIONS = [f"k8s.minion{number}.dev" for number in (1, 2)]
NODES = [*MASTERS, *MINIONS]
HOSTS = [*NODES, *BALANCERS]
ALWAYS = (RESTART, "-e", "restart_reboot=always")


@pytest.fixture(scope="module")
def ha(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    folder = artefacts / "restarted"
    folder.mkdir()
    with converged_hosts("ha", session=request.session, artefacts=folder) as cluster:
        failing.is_whole(cluster, MASTERS, NODES)
        restarting.start_workloads(cluster)
        yield cluster


@contextlib.contextmanager
def watched(cluster: Cluster, name: str) -> collections.abc.Iterator[list[int]]:
    """How many replicas of a StatefulSet are available, once a second."""
    seen: list[int] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(1):
            with contextlib.suppress(Failure, ValueError):  # the API is asked through the virtual address
                seen.append(restarting.available(cluster, name))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


def order(output: str) -> list[str]:
    """The hosts in the order of their turns, as the plan shows them."""
    lines = (line.strip(" -'") for line in output.splitlines())
    return [line.split()[1].rstrip(":") for line in lines if line[:1].isdigit() and ". k8s." in line[:10]]


def test_the_plan_is_shown_and_nothing_is_done(ha: Cluster) -> None:
    before = restarting.boots(ha, HOSTS)
    run = ha.playbook(*ALWAYS, "--check")
    leader = failing.etcd_leader(ha, MASTERS, ask=next(iter(MASTERS)))
    planned = order(run.output)
    assert planned[:2] == MINIONS
    assert set(planned[2:4]) == set(BALANCERS)
    assert planned[-1] == leader
    assert run.actions() == []
    assert restarting.boots(ha, HOSTS) == before
    restarting.nothing_is_left(ha, HOSTS)


def test_a_page_and_a_database_stay_while_all_hosts_restart(ha: Cluster) -> None:
    before = restarting.boots(ha, HOSTS)
    pages = [f"http://{address}:{PAGE_PORT}/" for address in MASTERS.values()]
    with probed_page_at_several(ha, *pages) as page, probed(ha) as api, watched(ha, "database") as database:
        ha.playbook(*ALWAYS, timeout=1200)
    print(f"page: {page.summary()}\nAPI: {api.summary()}\ndatabase: {len(database)} looks, least {min(database)}")
    assert restarting.rebooted(before, restarting.boots(ha, HOSTS)) == set(HOSTS)
    restarting.nothing_is_left(ha, HOSTS)
    failing.is_whole(ha, MASTERS, NODES)
    assert page.failed == []
    assert len(page.reads) > 500
    assert min(database) >= 1
    failing.nothing_is_lost(ha, api.acknowledged, namespace=NAMESPACE)
    # a connection through a balancer ends with it
    assert len(api.failed) < 0.005 * (len(api.reads) + len(api.writes)), api.summary()


def test_a_second_run_does_nothing(ha: Cluster) -> None:
    before = restarting.boots(ha, HOSTS)
    run = ha.playbook(RESTART)
    assert "No host has to be restarted" in run.output
    assert run.changed == []
    assert restarting.boots(ha, HOSTS) == before
    checks.nothing_changes(ha, HOSTS)


def boots_in_journal(cluster: Cluster, host: str) -> int:
    return int(cluster.on(host, "journalctl --list-boots --no-pager --quiet | wc -l"))


def test_a_run_goes_on_where_another_was_killed(ha: Cluster) -> None:
    """Each run is killed later than the one before. Whoever had its turn has it once."""
    before = restarting.boots(ha, HOSTS)
    starts = {host: boots_in_journal(ha, host) for host in HOSTS}
    killed = 0
    for moment in ("22+0.4", "27+1.0", "33+0.2", "30+1.5"):
        killed += killed_run(ha, moment, *ALWAYS, timeout=1200).killed
        assert len(restarting.cordoned(ha)) <= 1
    assert killed >= 2
    run = ha.playbook(*ALWAYS, timeout=1200)
    assert "Goes on with the restart of" in run.output
    after = restarting.boots(ha, HOSTS)
    assert restarting.rebooted(before, after) == set(HOSTS)
    assert {host: boots_in_journal(ha, host) - starts[host] for host in HOSTS} == dict.fromkeys(HOSTS, 1)
    restarting.nothing_is_left(ha, HOSTS)
    failing.is_whole(ha, MASTERS, NODES)


def test_a_host_that_is_away_is_left_out_and_comes_later(ha: Cluster) -> None:
    some = [MINIONS[1], BALANCERS[0]]
    before = restarting.boots(ha, some)
    ha.lab("stop", MINIONS[1])
    run = ha.playbook(*ALWAYS, "--limit", ",".join(some), check=False)
    ha.lab("start", MINIONS[1])
    assert run.returncode == 2
    assert f"Left out: {MINIONS[1]}: it does not answer" in run.output
    assert restarting.boots(ha, [BALANCERS[0]])[BALANCERS[0]] != before[BALANCERS[0]]
    failing.is_whole(ha, MASTERS, NODES)
    between = restarting.boots(ha, some)
    ha.playbook(*ALWAYS, "--limit", ",".join(some))
    assert restarting.rebooted(between, restarting.boots(ha, some)) == {MINIONS[1]}
    restarting.nothing_is_left(ha, HOSTS)


def test_while_a_member_is_down_no_other_restarts(ha: Cluster) -> None:
    """The host that is away is not in the run. A worker can go all the same."""
    down, first, second = MASTERS
    others = [first, second, MINIONS[0]]
    before = restarting.boots(ha, others)
    ha.lab("stop", down)
    run = ha.playbook(*ALWAYS, "--limit", ",".join(others), check=False)
    ha.lab("start", down)
    assert run.returncode == 2
    assert "1 of 3 members would be left, the quorum is 2" in " ".join(run.output.split())
    assert restarting.rebooted(before, restarting.boots(ha, others)) == {MINIONS[0]}
    failing.is_whole(ha, MASTERS, NODES)
    ha.playbook(*ALWAYS, "--limit", ",".join(others), timeout=1200)
    assert restarting.rebooted(before, restarting.boots(ha, others)) == set(others)
    restarting.nothing_is_left(ha, others)


def test_a_failure_stops_the_others_and_says_how_to_go_on(ha: Cluster) -> None:
    """The kernel that is to boot does not: the lab has no other. The first host stays cordoned, and the second is not touched."""
    host, other = MINIONS
    release = "9.9.9-1.el10.x86_64"
    modules = {f"/lib/modules/{release}/modules.builtin": "".join(f"kernel/{name}.ko\n" for name in ("overlay", "br_netfilter", "vxlan"))}
    restarting.install_package(ha, host, "kernel-core", "9.9.9-1.el10", files=modules)
    before = restarting.boots(ha, HOSTS)
    refused = ha.playbook(RESTART, "--limit", ",".join(MINIONS), check=False)
    output = " ".join(refused.output.split())
    assert refused.returncode == 2
    assert f"takes the kernel {release}, which lacks nf_conntrack" in output and f"dnf install kernel-modules-extra-{release}" in output
    assert restarting.boots(ha, HOSTS) == before

    complete = {path: text + "kernel/nf_conntrack.ko" for path, text in modules.items()}
    restarting.install_package(ha, host, "kernel-core", "9.9.9-1.el10", files=complete)
    failed = ha.playbook(*ALWAYS, "--limit", ",".join(MINIONS), check=False)
    output = " ".join(failed.output.split())
    assert failed.returncode == 2
    assert f"after its reboot, and {release} was to boot" in output
    assert f"Not restarted: {other}." in output and f"kubectl uncordon {host}" in output
    assert restarting.rebooted(before, restarting.boots(ha, HOSTS)) == {host}
    assert restarting.cordoned(ha) == {host}

    restarting.remove_package(ha, host, "kernel-core")
    ha.playbook(*ALWAYS, "--limit", ",".join(MINIONS))
    assert restarting.rebooted(before, restarting.boots(ha, HOSTS)) == set(MINIONS)
    restarting.nothing_is_left(ha, HOSTS)


def test_packages_are_upgraded_and_those_of_the_inventory_stay(ha: Cluster) -> None:
    host = MINIONS[0]
    ha.on(host, "dnf -q -y downgrade socat", timeout=300)
    older = ha.on(host, "rpm -q socat")
    before = restarting.boots(ha, [host])
    pinned = ha.playbook(RESTART, "-e", "restart_packages=all", "-e", '{"host_packages": ["socat-1.8.0.3"]}', "--limit", host)
    assert "No host has to be restarted" in pinned.output and ha.on(host, "rpm -q socat") == older
    run = ha.playbook(RESTART, "-e", "restart_packages=all", "--limit", host)
    assert [action[1:3] for action in run.actions() if action[1] == "package"] == [("package", "upgrade")]
    assert ha.on(host, "rpm -q socat") != older
    assert restarting.boots(ha, [host]) == before
    restarting.nothing_is_left(ha, HOSTS)
