# SPDX-License-Identifier: GPL-3.0-or-later
"""Real ways back, under probes: etcd 3.7 → 3.6 → 3.7, nodes, and a control plane that has emulated the older version."""

from __future__ import annotations

import collections.abc
import json
import pathlib

import pytest

from . import checks, failing
from .driver import ROOT, Cluster, PlaybookRun, eventually
from .killed_runs import killed_run
from .probing import NAMESPACE, probed
from .setups import bare_hosts

pytestmark = pytest.mark.long
BACK = "playbooks/downgrade-etcd.yml"
NEW_ETCD, OLD_ETCD = "3.7.2", "3.6.16"
NEW, OLD = "1.37.1", "1.36.3"
TO_OLD_ETCD = ("-e", f"cluster_etcd_version={OLD_ETCD}")
HOST = "k8s.allinone.dev"
MASTERS = [f"k8s.master{number}.dev" for number in (1, 2, 3)]
# Killed at which connection of a run, each of which goes on where the one before was killed: until etcd is on its way back, and then.
KILLS = {False: ("5+0.3", "9+0.3", "11+0.3", "12+0.3", "13+0.3", "14+0.3"), True: ("5+0.3", "6+0.3", "7+0.7", "8+0.7")}


def bring_up(cluster: Cluster) -> None:
    versions = [f"etcd={version}" for version in (NEW_ETCD, OLD_ETCD)] + [f"kubernetes={version}" for version in (NEW, OLD)]
    cluster.lab("up", str(cluster.inventory), *(word for version in versions for word in ("--version", version)))
    cluster.playbook("playbooks/site.yml")


def cluster_of(name: str, request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    folder = artefacts / f"back-{name}"
    folder.mkdir()
    with bare_hosts(ROOT / "inventories" / name, session=request.session, artefacts=folder, bring_up=bring_up) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def single(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    yield from cluster_of("all-in-one", request, artefacts)


@pytest.fixture(scope="module")
def ha(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    yield from cluster_of("ha", request, artefacts)


def members(cluster: Cluster, host: str) -> set[tuple[str, str, bool]]:
    """Program, data, and whether it is on its way back, of all members."""
    answers = [entry["Status"] for entry in json.loads(cluster.on(host, f"{failing.ETCDCTL} endpoint status --cluster -w json"))]
    return {(said["version"], said["storageVersion"], bool(said["downgradeInfo"].get("enabled"))) for said in answers}


def is_there(cluster: Cluster, host: str) -> bool:
    return members(cluster, host) == {(OLD_ETCD, "3.6.0", False)}


def plan(run: PlaybookRun) -> list[str]:
    """The lines that show it, without their numbers."""
    lines = [line.strip().lstrip("- ").strip("'") for line in run.output.splitlines()]
    return [line for line in lines if line[1:3] == ". " or "nothing to do" in line]


def written(cluster: Cluster) -> set[str]:
    return {entry["metadata"]["name"] for entry in cluster.kubectl_json("get", "configmaps", "-n", NAMESPACE)["items"]}


def test_check_mode_shows_the_plan_and_changes_nothing(single: Cluster) -> None:
    before = checks.start_times(single, [HOST])
    run = single.playbook(BACK, *TO_OLD_ETCD, "--check")
    assert plan(run)[0] == f"1. etcd goes back from {NEW_ETCD} to {OLD_ETCD}"
    assert members(single, HOST) == {(NEW_ETCD, "3.7.0", False)}
    assert checks.start_times(single, [HOST]) == before
    assert not (single.inventory / "backups").exists()


def test_etcd_is_told_nothing_where_the_older_programs_cannot_be_had(single: Cluster) -> None:
    """The lab does not offer this release."""
    before = checks.start_times(single, [HOST])
    run = single.playbook(BACK, "-e", "cluster_etcd_version=3.6.15", check=False)
    assert run.returncode == 2 and "404 Not Found" in run.output
    assert run.actions() == []
    assert members(single, HOST) == {(NEW_ETCD, "3.7.0", False)}
    assert checks.start_times(single, [HOST]) == before


def test_runs_that_are_killed_lead_etcd_back(single: Cluster) -> None:
    killed = []
    with probed(single) as api:
        for later, kills in KILLS.items():
            for moment in kills:
                run = killed_run(single, moment, BACK, *TO_OLD_ETCD)
                killed.append((moment, run.returncode, *eventually(lambda: members(single, HOST), deadline=30, wanted="etcd answers")))
                if not run.killed or (killed[-1][2][2] and not later):
                    break
        single.playbook(BACK, *TO_OLD_ETCD)
    print(killed)
    assert sum(returncode != 0 for _moment, returncode, _member in killed) >= 3
    assert any(member[2] for _moment, _returncode, member in killed), "no run was killed while etcd was on its way"
    assert is_there(single, HOST)
    assert api.acknowledged <= written(single), api.summary()
    print(api.summary())
    again = single.playbook(BACK, *TO_OLD_ETCD)
    assert (again.changed, plan(again)) == ([], ["etcd has 3.6 already, and is on no way back. There is nothing to do"])
    checks.nothing_changes(single, [HOST], *TO_OLD_ETCD)


def test_and_forward_again(single: Cluster) -> None:
    before = written(single)
    single.playbook("playbooks/site.yml")
    eventually(lambda: members(single, HOST) == {(NEW_ETCD, "3.7.0", False)}, deadline=20, wanted="etcd has data of 3.7")
    assert before <= written(single)
    eventually(lambda: checks.all_ready(single, [HOST]), deadline=60, wanted="the node is ready")


def test_site_goes_on_with_a_way_back_and_a_way_back_is_cancelled(single: Cluster) -> None:
    single.on(HOST, f"{failing.ETCDCTL} downgrade enable 3.6")
    cancelled = single.playbook(BACK, "-e", "downgrade_cancel=true")
    assert cancelled.actions() == [(HOST, "etcd_downgrade", "cancel", "etcd")]
    eventually(lambda: members(single, HOST) == {(NEW_ETCD, "3.7.0", False)}, deadline=20, wanted="etcd has data of 3.7")
    single.on(HOST, f"{failing.ETCDCTL} downgrade enable 3.6")
    eventually(lambda: members(single, HOST) == {(NEW_ETCD, "3.6.0", True)}, deadline=20, wanted="etcd has data of 3.6")
    single.playbook("playbooks/site.yml", *TO_OLD_ETCD)
    eventually(lambda: is_there(single, HOST), deadline=20, wanted="etcd is there")
    single.playbook("playbooks/site.yml")


def kubelet(cluster: Cluster, host: str) -> str:
    return str(cluster.kubectl_json("get", "node", host)["status"]["nodeInfo"]["kubeletVersion"])


def apiserver(cluster: Cluster) -> tuple[str, str]:
    said = json.loads(cluster.kubectl("get", "--raw", "/version"))
    return said["gitVersion"], f"{said['emulationMajor']}.{said['emulationMinor']}"


def test_nodes_go_back_and_the_control_plane_does_after_it_has_emulated(single: Cluster) -> None:
    """The containers of pods run on. What was never seen of the newer version is not missed by the older one."""
    checks.apply(single, checks.pod("stays", labels={}, spec=checks.web_server("stays")))
    single.kubectl("wait", "pod/stays", "--for=condition=Ready", "--timeout=90s")

    def container() -> tuple[str, int]:
        status = single.kubectl_json("get", "pod", "stays")["status"]["containerStatuses"][0]
        return status["containerID"], status["restartCount"]

    before = container()
    old_nodes = ("-e", f"cluster_node_version={OLD}")
    single.playbook("playbooks/site.yml", *old_nodes)
    assert (kubelet(single, HOST), apiserver(single)) == (f"v{OLD}", (f"v{NEW}", "1.37"))
    assert container() == before
    checks.nothing_changes(single, [HOST], *old_nodes)

    emulating = (*old_nodes, "-e", "cluster_emulated_version=1.36")
    single.playbook("playbooks/site.yml", *emulating)
    assert apiserver(single) == (f"v{NEW}", "1.36")
    eventually(lambda: checks.all_ready(single, [HOST]), deadline=60, wanted="the node is ready")
    checks.nothing_changes(single, [HOST], *emulating)

    old = ("-e", f"cluster_kubernetes_version={OLD}")
    refused = single.playbook("playbooks/site.yml", *old, check=False)
    assert refused.returncode == 2 and refused.actions() == []
    assert "the apiservers emulate 1.36. If they have done so ever since" in " ".join(refused.output.split())
    single.playbook("playbooks/site.yml", *old, "-e", "site_control_plane_back=true")
    assert apiserver(single) == (f"v{OLD}", "1.36")
    checks.nothing_changes(single, [HOST], *old)
    single.playbook("playbooks/site.yml")
    assert (kubelet(single, HOST), apiserver(single)) == (f"v{NEW}", (f"v{NEW}", "1.37"))
    eventually(lambda: checks.all_ready(single, [HOST]), deadline=60, wanted="the node is ready")
    assert container() == before


def test_nobody_notices_where_there_are_three(ha: Cluster) -> None:
    with probed(ha) as api:
        run = ha.playbook(BACK, *TO_OLD_ETCD)
    print(f"{plan(run)}\n{api.summary()}")
    assert api.failed == [], api.summary()
    assert min(len(api.reads), len(api.writes)) > 100
    eventually(lambda: is_there(ha, MASTERS[0]), deadline=20, wanted="etcd is there")
    assert api.acknowledged <= written(ha)
    turns = [line for line in plan(run) if "its member restarts" in line]
    assert len(turns) == 3 and turns[-1].endswith("(the leader)")
    with probed(ha) as api:
        ha.playbook("playbooks/site.yml")
    print(api.summary())
    eventually(lambda: members(ha, MASTERS[0]) == {(NEW_ETCD, "3.7.0", False)}, deadline=20, wanted="etcd has data of 3.7")
    assert api.failed == [], api.summary()


def test_nodes_are_drained_on_their_way_back_where_there_are_three(ha: Cluster) -> None:
    nodes = [entry["metadata"]["name"] for entry in ha.kubectl_json("get", "nodes")["items"]]
    old_nodes = ("-e", f"cluster_node_version={OLD}")
    with probed(ha) as api:
        run = ha.playbook("playbooks/upgrade.yml", *old_nodes)
    assert f"→ Kubernetes {NEW} (nodes {OLD}), etcd {NEW_ETCD}" in " ".join(run.output.split())
    print(api.summary())
    assert api.failed == [], api.summary()
    assert {kubelet(ha, node) for node in nodes} == {f"v{OLD}"}
    assert apiserver(ha) == (f"v{NEW}", "1.37")
    again = ha.playbook("playbooks/upgrade.yml", *old_nodes)
    assert again.changed == [] and "Nothing to do: all hosts have the wanted versions" in again.output
    checks.nothing_changes(ha, nodes, *old_nodes)
