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
from .setups import converged_hosts

pytestmark = pytest.mark.long
MASTER, MINION = "k8s.master.dev", "k8s.minion1.dev"
HOSTS = {MASTER: "192.168.200.100", MINION: "192.168.200.101"}
# So that kubelets rotate every minute or two. What is signed for less than eight hours is valid from five minutes before on.
SHORT = ("-e", json.dumps({"master_controller_manager_arguments": {"cluster-signing-duration": "3m"}}))
ROTATED = (*rotation.ROTATED, *SHORT)


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


def test_the_choice_is_taken_back(pair: Cluster) -> None:
    """No key of an authority stays on the master. It knows rotated certificates until their authority leaves the PKI directory."""
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
    for name in ("node-ca.crt", "node-ca.key"):
        (pair.inventory / "pki" / name).unlink()
    pair.playbook("playbooks/site.yml")
    for host in HOSTS:
        assert pair.on(host, f"ls {pki} | grep node-ca; true") == ""
    logs_and_exec_work(pair)
    checks.nothing_changes(pair, HOSTS)
