# SPDX-License-Identifier: GPL-3.0-or-later
"""inventories/ha-local: three masters and no balancer; every node balances for itself."""

from __future__ import annotations

import collections.abc
import pathlib
import shutil
import time

import pytest
import yaml

from . import apiservers, checks, failing, open_ports
from .driver import ROOT, Cluster, eventually
from .probing import probed_on_node
from .second_fault import cells
from .second_fault.faults import faults
from .setups import bare_hosts

MASTERS = {f"k8s.master{number}.dev": f"192.168.200.10{number}" for number in (1, 2, 3)}
MINION = "k8s.minion1.dev"
NODES = {**MASTERS, MINION: "192.168.200.121"}
LOCAL = "https://127.0.0.1:6444"
BOUND = 5.0


@pytest.fixture(scope="module")
def local(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    with bare_hosts(ROOT / "inventories" / "ha-local", session=request.session, artefacts=artefacts) as cluster:
        checks.install(cluster)
        cluster.playbook("playbooks/guestbook.yml")
        checks.start_probes(cluster, NODES)
        yield cluster


def test_every_node_uses_its_own_proxy(local: Cluster) -> None:
    assert checks.all_ready(local, NODES)
    for host in NODES:
        for client in ("kubelet", "proxy", "flannel"):
            assert f"server: {LOCAL}" in local.on(host, f"cat /etc/kubernetes/{client}.kubeconfig")
        assert local.on(host, "systemctl is-active haproxy; systemctl is-enabled haproxy").split() == ["active", "enabled"]
        assert local.on(host, "ss -Htln sport = :6444 | awk '{print $4}'").split() == ["127.0.0.1:6444"]


def test_the_administrator_can_ask_every_master(local: Cluster) -> None:
    config = yaml.safe_load((local.inventory / "kubeconfig").read_text(encoding="utf-8"))
    servers = [entry["cluster"]["server"] for entry in config["clusters"]]
    assert servers == [f"https://{address}:6443" for address in MASTERS.values()]
    for context in (entry["name"] for entry in config["contexts"]):
        assert local.kubectl("--context", context, "get", "--raw", "/readyz") == "ok"


def test_guestbook_names_logs_and_exec(local: Cluster) -> None:
    checks.guestbook_is_shared(local, NODES, through=MINION)
    checks.names_are_found(local, NODES)
    checks.logs_are_read(local, NODES)


def test_open_ports_are_those_of_the_matrix(local: Cluster) -> None:
    open_ports.are_the_matrix(local, open_ports.matrix(local), probed=[MINION])


def test_second_run(local: Cluster) -> None:
    checks.nothing_changes(local, NODES)


@pytest.mark.long
def test_a_run_with_a_survey_does_what_one_without_does(local: Cluster) -> None:
    checks.survey_and_roles_agree(local, MINION)


def test_a_stopped_apiserver_is_not_noticed(local: Cluster) -> None:
    with probed_on_node(local, MINION, server=LOCAL) as seen:
        local.on("k8s.master2.dev", "systemctl restart kube-apiserver")
        eventually(lambda: failing.apiserver_is_ready(local, "k8s.master2.dev"), deadline=60, wanted="the apiserver back")
    assert len(seen.reads) > 50
    assert seen.failed == [], seen.summary()


def test_a_master_loses_power(local: Cluster) -> None:
    """Not the one that the administrator's kubeconfig asks."""
    victim = "k8s.master3.dev"
    with probed_on_node(local, MINION, server=LOCAL) as seen:
        event = time.time()
        local.lab("stop", victim)
        time.sleep(2 * BOUND)
        local.kubectl("create", "namespace", "written-meanwhile")
    assert seen.errors_end(event) <= BOUND, seen.summary(event)
    local.lab("start", victim)
    failing.is_whole(local, MASTERS, NODES)


def test_nobody_keeps_to_an_apiserver_without_etcd(local: Cluster) -> None:
    """It is ended as by a liveness probe; the looks come five times as often here. Who was stopped by somebody stays so."""
    victim = "k8s.master3.dev"
    others = [host for host in MASTERS if host != victim]
    checks.apply(local, checks.pod("leaves", labels={}, spec=checks.web_server("leaves", nodeName=MINION)))
    with apiservers.watched_closely(local, MASTERS):
        apiservers.gather_clients(local, NODES, on=victim, away_from=others)
        before = apiservers.starts(local, MASTERS)
        local.on(victim, "systemctl stop etcd")
        eventually(lambda: apiservers.starts(local, [victim]) != [before[-1]], deadline=60, wanted="the end of the apiserver")
        local.kubectl("delete", "pod", "leaves", "--timeout=60s")
        eventually(lambda: checks.all_ready(local, NODES), deadline=60, wanted="all nodes Ready")
        assert "kube-apiserver.service has lost its etcd" in local.on(victim, "journalctl --no-pager -u kube-apiserver-liveness")
        local.on(victim, "systemctl start --no-block etcd")
        failing.is_whole(local, MASTERS, NODES)
    assert apiservers.starts(local, others) == before[:-1]


@pytest.fixture(scope="module")
def snapshot(local: Cluster, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Saved while all is well."""
    folder = tmp_path_factory.mktemp("backups")
    local.playbook("playbooks/backup.yml", "-e", f"backup_directory={folder}")
    return next(folder.glob("*.snapshot"))


@pytest.mark.parametrize(
    ("row", "playbook"),
    [
        pytest.param("member stopped", "remove-master", id="F2"),
        pytest.param("quorum lost", "site", id="quorum lost"),
        pytest.param("member cut off", "restore", id="cut off", marks=pytest.mark.long),
        pytest.param("a worker off", "restore", id="F5", marks=pytest.mark.long),
    ],
)
def test_a_second_fault_is_not_made_worse(local: Cluster, snapshot: pathlib.Path, row: str, playbook: str) -> None:
    """The most dangerous cells of docs/second-fault.md, two of them in `make test`; `make matrix` runs the others."""
    bench = cells.Bench(local, snapshot, row, faults(snapshot.parent, NODES)[row])
    try:
        cells.check(bench, playbook)
    finally:
        bench.fault.mend(local)
    failing.is_whole(local, MASTERS, NODES)


def a_clone_without_the_pki_does_not_begin_a_cluster(cluster: Cluster, folder: pathlib.Path, bare: str) -> None:
    """F1: a run on a bare host alone cannot know that the others carry a cluster."""
    inventory = folder / "clone"
    shutil.copytree(cluster.inventory, inventory, ignore=shutil.ignore_patterns("pki", "backups", "kubeconfig"))
    clone = Cluster(inventory, folder)
    for arguments in (("--limit", bare), ("--limit", bare, "--check"), ("--limit", bare, "--tags", "master")):
        run = clone.playbook("playbooks/site.yml", *arguments, check=False)
        assert run.returncode != 0
        assert run.changed == []
        text = " ".join(run.output.split())
        assert "Nothing was changed on any host" in text
        assert "did not say whether a cluster is running there" in text
        assert "add -e site_new_cluster=true" in text
        assert not (inventory / "pki").exists()


def test_any_master_is_replaced(local: Cluster, tmp_path: pathlib.Path) -> None:
    """Run last, and with the one that the inventory names first: out with its etcd member, and in again as a new host."""
    leaves, *staying = MASTERS
    others = {host: address for host, address in NODES.items() if host != leaves}
    failing.give_leadership(local, leaves, hosts=MASTERS)
    before = checks.start_times(local, others)
    arguments = ("-e", f"remove_node={leaves}", "-e", "remove_unmanaged_pods=true")
    predicted = local.playbook("playbooks/remove-node.yml", *arguments, "--check")
    with probed_on_node(local, MINION, server=LOCAL) as seen:
        run = local.playbook("playbooks/remove-node.yml", *arguments)
    # A kubelet that has the time removes the containers of evicted pods before the host is made bare.
    checks.foretold(predicted, run, but="containers")
    assert ("etcd_member", "remove", leaves) in {action[1:] for action in run.actions()}
    assert seen.failed == [], seen.summary()
    assert checks.start_times(local, others) == before
    assert local.on(leaves, "command -v etcd kube-apiserver dockerd kubelet; ls -d /var/lib/etcd 2>/dev/null; true") == ""
    for host in staying:
        assert failing.healthy_members(local, host) == len(staying)
        nodes = local.on(host, "kubectl get nodes -o name").split()
        assert sorted(nodes) == sorted(f"node/{name}" for name in others)

    a_clone_without_the_pki_does_not_begin_a_cluster(local, tmp_path, leaves)
    again = local.playbook("playbooks/site.yml")
    assert ("etcd_member", "promote", leaves) in {action[1:] for action in again.actions()}
    assert checks.start_times(local, others) == before
    failing.is_whole(local, MASTERS, NODES)
    checks.nothing_changes(local, NODES)
