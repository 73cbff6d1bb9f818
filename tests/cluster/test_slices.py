# SPDX-License-Identifier: GPL-3.0-or-later
"""Two controllers at once, each with a slice of the hosts and both with one PKI directory; and a controller that has no keys."""

from __future__ import annotations

import base64
import collections.abc
import concurrent.futures
import json
import pathlib
import shutil

import pytest
import yaml

from . import checks
from .driver import ROOT, Cluster, PlaybookRun
from .setups import bare_hosts

pytestmark = pytest.mark.long
MASTER, OLD, *NEW = ("k8s.master.dev", "k8s.minion1.dev", "k8s.minion2.dev", "k8s.minion3.dev")
HOSTS = (MASTER, OLD, *NEW)
MORE_PODS = ("-e", json.dumps({"minion_kubelet_config": {"maxPods": 100}}))


@pytest.fixture(scope="module")
def cluster(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    """A master and a minion run, two minions are bare. The first controller."""
    with bare_hosts(ROOT / "inventories" / "lab", session=request.session, artefacts=artefacts) as found:
        found.playbook("playbooks/site.yml", "--limit", f"{MASTER},{OLD}")
        yield found


@pytest.fixture(scope="module")
def second(cluster: Cluster, artefacts: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """A second controller: an inventory folder of its own, which lacks what was born with the cluster."""
    return another(cluster, artefacts / "second", tmp_path_factory.mktemp("second"))


def another(cluster: Cluster, artefacts: pathlib.Path, folder: pathlib.Path) -> Cluster:
    inventory = folder / "lab"
    shutil.copytree(cluster.inventory, inventory, ignore=shutil.ignore_patterns("pki", "kubeconfig", "backups"))
    artefacts.mkdir()
    return Cluster(inventory, artefacts)


def restarts(*runs: PlaybookRun) -> set[tuple[str, str]]:
    return {(host, path) for run in runs for host, kind, action, path in run.actions() if (kind, action) == ("unit", "restart")}


def key_and_authority(cluster: Cluster) -> tuple[bytes, bytes]:
    config = yaml.safe_load((cluster.inventory / "kubeconfig").read_text(encoding="utf-8"))
    user, server = config["users"][0]["user"], config["clusters"][0]["cluster"]
    return base64.b64decode(user["client-key-data"]), base64.b64decode(server["certificate-authority-data"])


def test_two_controllers_bring_in_their_slices_at_once(cluster: Cluster, second: Cluster, tmp_path: pathlib.Path) -> None:
    shared = ("-e", f"cluster_pki_directory={cluster.inventory / 'pki'}")
    before = checks.start_times(cluster, [MASTER, OLD])
    cluster.playbook("playbooks/site.yml", "--tags", "host,firewall", "--limit", ",".join(["all", *(f"!{host}" for host in NEW)]))
    with concurrent.futures.ThreadPoolExecutor() as pool:
        runs = [
            pool.submit(
                controller.playbook,
                "playbooks/site.yml",
                "--limit",
                f"{host},master",
                *shared,
                environment={"ANSIBLE_HOME": str(tmp_path / host)},
            )
            for controller, host in zip((cluster, second), NEW, strict=True)
        ]
        done = [run.result() for run in runs]
    for run, host in zip(done, NEW, strict=True):
        assert {result["host"] for result in run.changed} <= {host, MASTER}
    assert not {host for host, _unit in restarts(*done)} & {MASTER, OLD}
    assert checks.start_times(cluster, [MASTER, OLD]) == before
    assert checks.all_ready(cluster, HOSTS)
    (first_key, authority), (second_key, same_authority) = key_and_authority(cluster), key_and_authority(second)
    assert authority == same_authority
    assert first_key != second_key
    checks.nothing_changes(cluster, HOSTS)
    checks.nothing_changes(second, HOSTS, *shared)


def test_pods_of_one_slice_reach_those_of_the_other(cluster: Cluster) -> None:
    addresses = checks.start_probes(cluster, HOSTS)
    for host in HOSTS:
        for other, address in addresses.items():
            assert checks.in_probe(cluster, host, "wget", "-qO-", f"http://{address}:8080/").strip() == checks.probe(other)


def test_a_controller_without_keys_does_what_needs_no_signature(cluster: Cluster, artefacts: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """As a node that runs ansible-pull: it has the certificates of the PKI directory, and no key."""
    keyless = another(cluster, artefacts / "keyless", tmp_path)
    (keyless.inventory / "pki").mkdir()
    for path in (cluster.inventory / "pki").iterdir():
        if path.suffix in (".crt", ".pub"):
            shutil.copy(path, keyless.inventory / "pki")
    run = keyless.playbook("playbooks/site.yml", "--limit", OLD, *MORE_PODS)
    assert restarts(run) == {(OLD, "kubelet.service")}
    assert keyless.playbook("playbooks/site.yml", "--limit", OLD, *MORE_PODS).changed == []

    certificate = "/etc/kubernetes/pki/kubelet.crt"
    cluster.on(OLD, f"rm {certificate}")
    before = checks.start_times(cluster, [OLD])
    run = keyless.playbook("playbooks/site.yml", "--limit", OLD, *MORE_PODS, check=False)
    assert run.returncode == 2, run.output
    assert "kubernetes-ca.key is missing, so nothing can be signed" in run.output
    assert run.changed == []
    assert checks.start_times(cluster, [OLD]) == before
    assert sorted(path.suffix for path in (keyless.inventory / "pki").iterdir()) == [".crt", ".crt", ".crt", ".pub"]

    # A controller that has the keys goes on from there.
    cluster.playbook("playbooks/site.yml", "--limit", OLD)
    cluster.on(OLD, f"test -s {certificate}")
    checks.nothing_changes(cluster, HOSTS)


def test_one_machine_is_not_taken_for_several_hosts(cluster: Cluster) -> None:
    """What ansible-pull without --limit would do."""
    run = cluster.playbook("playbooks/site.yml", "-c", "local", check=False)
    assert "have the connection local, so this run would take one machine for all of them" in run.output
    assert run.changed == []
