# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubelets of inventories/two-node rotate their certificates, for real: these end after three minutes."""

from __future__ import annotations

import collections.abc
import json
import pathlib
import time

import pytest

from . import checks, listed_certificates, rotation
from .driver import Cluster, eventually
from .killed_runs import killed_and_gone_on_with
from .old_authorities import NODE, OldAuthorities
from .probing import probed_in_pod, probed_on_node
from .setups import converged_hosts

pytestmark = pytest.mark.long
MASTER, MINION = "k8s.master.dev", "k8s.minion1.dev"
HOSTS = {MASTER: "192.168.200.100", MINION: "192.168.200.101"}
# So that kubelets rotate every minute or two. What is signed for less than eight hours is valid from five minutes before on.
SHORT = ("-e", json.dumps({"master_controller_manager_arguments": {"cluster-signing-duration": "3m"}}))
ROTATED = (*rotation.ROTATED, *SHORT)
# At which connection of a run, each of which goes on where the one before was killed.
KILLS = ("3+0.3", "8+0.05", "13+0.6", "7+0.2", "15+0.1", "20+0.4", "12+0.05", "26+0.3")


@pytest.fixture(scope="module")
def pair(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    folder = artefacts / "rotated"
    folder.mkdir()
    with converged_hosts("two-node", session=request.session, artefacts=folder) as cluster:
        checks.start_probes(cluster, HOSTS)
        yield cluster


def logs_and_exec_work(cluster: Cluster) -> None:
    checks.logs_are_read(cluster, HOSTS)
    for host in HOSTS:
        assert "there" in checks.in_probe(cluster, host, "echo", "there")


def test_the_choice_is_made_on_a_running_cluster(pair: Cluster, tmp_path: pathlib.Path) -> None:
    predicted = pair.playbook("playbooks/site.yml", *ROTATED, "--check")
    assert not (pair.inventory / "pki" / "node-ca.key").exists()
    done = pair.playbook("playbooks/site.yml", *ROTATED)
    checks.foretold(predicted, done)
    restarted = {(host, path) for host, kind, action, path in done.actions() if (kind, action) == ("unit", "restart")}
    assert restarted == {
        (MASTER, "kube-apiserver.service"),
        (MASTER, "kube-controller-manager.service"),
        *((host, "kubelet.service") for host in HOSTS),
    }
    logs_and_exec_work(pair)
    checks.nothing_changes(pair, HOSTS, *ROTATED)
    for host, address in HOSTS.items():
        found = rotation.held(pair, host, rotation.SERVER)
        assert found is not None
        assert rotation.is_of_node_authority(pair, found)
        assert rotation.shown(pair, host, address) == found.serial_number
    listed, found_list = listed_certificates.listed(pair, tmp_path, *ROTATED)
    assert listed.returncode == 0, listed.output
    assert {entry["host"] for entry in found_list["entries"] if entry["kind"] == "rotated certificate"} == set(HOSTS)


def test_kubelets_rotate_both_certificates_again_and_again(pair: Cluster) -> None:
    """Each certificate is replaced before its end, and the cluster works after the first ones have ended."""
    rotation.make_old(pair, MINION)
    client = eventually(lambda: rotation.held(pair, MINION, rotation.CLIENT), deadline=60, wanted="a client certificate of its own")
    assert rotation.is_of_node_authority(pair, client)
    server = rotation.held(pair, MINION, rotation.SERVER)
    assert server is not None
    seen: dict[str, set[int]] = {rotation.CLIENT: {client.serial_number}, rotation.SERVER: {server.serial_number}}
    end = max(client.not_valid_after_utc, server.not_valid_after_utc).timestamp() + 60
    while time.time() < end or min(map(len, seen.values())) < 3:
        assert time.time() < end + 400, seen
        for path, serials in seen.items():
            present = rotation.held(pair, MINION, path)
            assert present is not None
            assert present.not_valid_after_utc.timestamp() > time.time()
            serials.add(present.serial_number)
        time.sleep(5)
    print({path: len(serials) for path, serials in seen.items()})
    assert rotation.shown(pair, MINION, HOSTS[MINION]) in seen[rotation.SERVER]
    assert checks.all_ready(pair, HOSTS)
    logs_and_exec_work(pair)


def test_the_next_run_does_not_touch_what_was_rotated(pair: Cluster) -> None:
    """The issued certificate is mended, whose age the test has changed; then nothing is left to do."""
    mended = pair.playbook("playbooks/site.yml", *ROTATED)
    assert mended.actions() == [
        (MINION, "certificate", "issue", "/etc/kubernetes/pki/kubelet.crt"),
        (MINION, "unit", "restart", "kubelet.service"),
    ]
    checks.nothing_changes(pair, HOSTS, *ROTATED)
    assert rotation.is_of_node_authority(pair, rotation.held(pair, MINION, rotation.CLIENT))


def test_a_kubelet_that_was_away_for_too_long_comes_back_by_itself(pair: Cluster) -> None:
    pair.on(MINION, "systemctl stop kubelet")
    client = rotation.held(pair, MINION, rotation.CLIENT)
    assert client is not None
    time.sleep(max(0.0, client.not_valid_after_utc.timestamp() - time.time()) + 5)
    pair.on(MINION, "systemctl start kubelet")
    eventually(lambda: checks.all_ready(pair, HOSTS), deadline=120, wanted="the node is ready")
    again = rotation.held(pair, MINION, rotation.CLIENT)
    assert again is not None
    assert again.serial_number != client.serial_number
    eventually(lambda: logs_and_exec_work(pair) or True, deadline=60, wanted="logs and exec")


def test_nobody_gets_a_certificate_for_the_name_of_another(pair: Cluster) -> None:
    names = rotation.ask_for_what_is_not_theirs(pair, node=MINION, address=HOSTS[MINION], other=MASTER, other_address=HOSTS[MASTER])
    own = f"system:node:{MINION}"
    rotation.ask(pair, "own", rotation.request(own, dns=[MINION], ips=[HOSTS[MINION]]), user=own)
    eventually(lambda: rotation.decided(pair, "own") == ["Approved", "Issued"], deadline=30, wanted="what is its own is approved")
    time.sleep(70)
    assert {name: rotation.decided(pair, name) for name in names} == {name: [] for name in names}
    said = rotation.said(pair, MASTER)
    assert all(said.count(f"{name} of system:node:") == 1 for name in names), said
    health = pair.playbook("playbooks/health.yml", *ROTATED, check=False)
    assert health.returncode != 0
    assert "nobody approves its serving certificate another-address" in " ".join(health.output.split())
    pair.kubectl("delete", "csr", *names)
    pair.playbook("playbooks/health.yml", *ROTATED)


def test_the_authority_of_kubelets_is_replaced_by_runs_that_are_killed(pair: Cluster, tmp_path: pathlib.Path) -> None:
    """Nobody is refused meanwhile; the only apiserver is away for its restarts. From here on certificates are valid for a year."""
    pair.playbook("playbooks/site.yml", *rotation.ROTATED)
    pair.playbook("playbooks/renew-certificates.yml", *rotation.ROTATED, "-e", "renew=kubelet")
    rotation.make_old(pair, MINION)
    eventually(lambda: rotation.held(pair, MINION, rotation.CLIENT), deadline=60, wanted="a client certificate of its own")
    old = OldAuthorities(pair, MASTER, HOSTS[MASTER], copy=tmp_path / "old")
    foretold = pair.playbook(*rotation.REPLACE, "--check")
    assert {action[1:] for action in foretold.actions()} >= {("pki", phase, "node-ca") for phase in ("accepted", "switched", "dropped")}
    assert "node-ca: to do: a new one is made" in " ".join(foretold.output.split())
    with (
        probed_in_pod(pair, MINION, checks.probe(MINION)) as pod,
        probed_on_node(pair, MINION, server=f"https://{HOSTS[MASTER]}:6443") as kubelet,
    ):
        killed = killed_and_gone_on_with(pair, KILLS, *rotation.REPLACE)
    print(f"{killed} runs were killed\nkubelet: {kubelet.summary()}\npod: {pod.summary()}")
    assert killed >= 4
    for seen in (pod, kubelet):
        assert not [record for record in seen.failed if "certificate" in record["fault"] or "status 401" in record["fault"]], seen.summary()
        assert seen.reads[-1]["fault"] is None, seen.summary()
    assert not [path for path in (pair.inventory / "pki").glob("node-ca.*") if path.name.split(".")[1] in ("next", "previous", "replacing")]
    for host, address in HOSTS.items():
        rotation.holds_nothing_old(pair, host, address)
    old.nobody_lets_in({NODE})
    logs_and_exec_work(pair)
    checks.nothing_changes(pair, HOSTS, *rotation.ROTATED)


def test_a_node_that_is_away_meanwhile_is_told_of_and_brought_in_later(pair: Cluster, tmp_path: pathlib.Path) -> None:
    """Its kubelet has a certificate of the old authority, which nobody accepts when it comes back."""
    rotation.make_old(pair, MINION)
    eventually(lambda: rotation.held(pair, MINION, rotation.CLIENT), deadline=60, wanted="a client certificate of its own")
    old = OldAuthorities(pair, MASTER, HOSTS[MASTER], copy=tmp_path / "old")
    pair.lab("stop", MINION)
    refused = pair.playbook(*rotation.REPLACE, check=False)
    assert refused.returncode != 0 and refused.changed == []
    assert f"Nothing was changed: {MINION} did not answer" in " ".join(refused.output.split())
    without = pair.playbook(*rotation.REPLACE, "-e", f"replace_without={MINION}", check=False)
    assert {failure["host"] for failure in without.failures} <= {MINION}
    old.nobody_lets_in({NODE})
    pair.lab("start", MINION)
    assert not rotation.is_of_node_authority(pair, rotation.held(pair, MINION, rotation.SERVER))
    pair.playbook("playbooks/site.yml", *rotation.ROTATED)
    eventually(lambda: checks.all_ready(pair, HOSTS), deadline=60, wanted="the node is ready")
    for host, address in HOSTS.items():
        rotation.holds_nothing_old(pair, host, address)
    eventually(lambda: logs_and_exec_work(pair) or True, deadline=60, wanted="logs and exec")
    checks.nothing_changes(pair, HOSTS, *rotation.ROTATED)


def test_the_choice_is_taken_back(pair: Cluster, tmp_path: pathlib.Path) -> None:
    """No key of an authority stays on the master. It knows rotated certificates until their authority is a retired one."""
    old = OldAuthorities(pair, MASTER, HOSTS[MASTER], copy=tmp_path / "old")
    predicted = pair.playbook("playbooks/site.yml", "--check")
    done = pair.playbook("playbooks/site.yml")
    checks.foretold(predicted, done)
    pki = "/etc/kubernetes/pki"
    assert pair.on(MASTER, f"ls {pki}/node-ca.key {pki}/kubelet-certificate-approver.key 2>/dev/null; true") == ""
    assert pair.on(MASTER, "systemctl is-active kubelet-certificate-approver; true").strip() == "inactive"
    for host in HOSTS:
        assert pair.on(host, "ls -d /var/lib/kubelet/pki 2>/dev/null; true") == ""
    logs_and_exec_work(pair)
    checks.nothing_changes(pair, HOSTS)
    directory = pair.inventory / "pki"
    with (directory / "node-ca.retired.crt").open("a", encoding="ascii") as retired:
        retired.write((directory / "node-ca.crt").read_text(encoding="ascii"))
    for name in ("node-ca.crt", "node-ca.key"):
        (directory / name).unlink()
    pair.playbook("playbooks/site.yml")
    old.nobody_lets_in({NODE})
    for host in HOSTS:
        assert pair.on(host, f"ls {pki} | grep node-ca; true") == ""
    logs_and_exec_work(pair)
    checks.nothing_changes(pair, HOSTS)
