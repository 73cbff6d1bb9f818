# SPDX-License-Identifier: GPL-3.0-or-later
"""Authorities of inventories/ha are replaced: no request fails, whatever kills a run is gone on with, and a host may be away."""

from __future__ import annotations

import collections.abc
import pathlib
import random

import pytest

from . import checks, encrypted, failing, old_authorities, rotation
from .driver import Cluster
from .killed_runs import killed_and_gone_on_with
from .probing import probed_in_pod, probed_on_node
from .setups import converged_hosts

pytestmark = pytest.mark.long
MASTERS = {f"k8s.master{number}.dev": f"192.168.200.10{number}" for number in (1, 2, 3)}
MINIONS = [f"k8s.minion{number}.dev" for number in (1, 2)]
NODES = [*MASTERS, *MINIONS]
VIRTUAL = "https://192.168.200.100:6443"
REPLACE = "playbooks/replace-authority.yml"
# Killed at which connection of a run, each of which goes on where the one before was killed: a sample, the same each time.
_SAMPLE = random.Random(20261129)
KILLS = [f"{number}+{_SAMPLE.uniform(0.0, 1.5):.2f}" for number in (3, 16, 30, 45, 12, 28, 50, 14, 33)]


@pytest.fixture(scope="module")
def ha(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    folder = artefacts / "replaced"
    folder.mkdir()
    with converged_hosts("ha", session=request.session, artefacts=folder) as cluster:
        failing.is_whole(cluster, MASTERS, NODES)
        checks.start_probes(cluster, NODES)
        yield cluster


def files(cluster: Cluster) -> set[str]:
    return {path.name for path in (cluster.inventory / "pki").iterdir()}


def test_no_request_fails(ha: Cluster, tmp_path: pathlib.Path) -> None:
    old = {host: old_authorities.OldAuthorities(ha, host, address, copy=tmp_path / host) for host, address in MASTERS.items()}
    with probed_on_node(ha, MINIONS[0], server=VIRTUAL) as kubelet, probed_in_pod(ha, MINIONS[1], checks.probe(MINIONS[1])) as pod:
        ha.playbook(REPLACE, "-e", "replace_authority=kubernetes,etcd,front-proxy")
    print(f"kubelet: {kubelet.summary()}\npod: {pod.summary()}")
    assert [*kubelet.failed, *pod.failed] == []
    assert min(len(kubelet.reads), len(pod.reads)) > 500
    for host, authorities in old.items():
        authorities.nobody_lets_in()
        assert set(authorities.shown().values()) == {False}, host
        assert set(authorities.shown_by_new().values()) == {True}, host
    checks.nothing_changes(ha, NODES)


def test_a_run_goes_on_where_another_was_killed(ha: Cluster) -> None:
    encrypted.make_secret(ha, "kept")
    options = (REPLACE, "-e", "replace_authority=kubernetes,etcd,encryption", "-e", "replace_pause=5")
    assert killed_and_gone_on_with(ha, KILLS, *options) >= 5
    assert not [name for name in files(ha) if "next" in name or "previous" in name or "replacing" in name]
    (key,) = encrypted.keys_of_controller(ha)
    assert encrypted.keys_of_values(ha, next(iter(MASTERS))) == {key.name}
    assert encrypted.is_readable(ha, "kept")
    failing.is_whole(ha, MASTERS, NODES)
    checks.nothing_changes(ha, NODES)


def test_a_host_that_is_away_is_told_of_and_brought_in_later(ha: Cluster) -> None:
    away = MINIONS[1]
    ha.lab("stop", away)
    options = (REPLACE, "-e", "replace_authority=kubernetes", "-e", "replace_pause=5")
    refused = ha.playbook(*options, check=False)
    assert refused.returncode != 0
    assert refused.changed == []
    assert f"Nothing was changed: {away} did not answer" in " ".join(refused.output.split())
    assert "kubernetes-ca.next.crt" not in files(ha)
    without = ha.playbook(*options, "-e", f"replace_without={away}", check=False)
    assert {failure["host"] for failure in without.failures} <= {away}
    assert not [name for name in files(ha) if name.startswith("kubernetes-ca") and ("next" in name or "replacing" in name)]
    ha.lab("start", away)
    ha.playbook("playbooks/site.yml")
    failing.is_whole(ha, MASTERS, NODES)
    checks.nothing_changes(ha, NODES)


def test_what_a_master_has_that_was_away_is_accepted_by_nobody(ha: Cluster, tmp_path: pathlib.Path) -> None:
    """When it is back, its apiserver trusts the old authorities still, and publishes them again. Then it is brought in."""
    away, present = "k8s.master3.dev", {host: address for host, address in MASTERS.items() if host != "k8s.master3.dev"}
    old = {host: old_authorities.OldAuthorities(ha, host, address, copy=tmp_path / host) for host, address in MASTERS.items()}
    ha.lab("stop", away)
    options = (REPLACE, "-e", "replace_authority=kubernetes,front-proxy", "-e", "replace_pause=5")
    refused = ha.playbook(*options, check=False)
    assert refused.returncode != 0 and refused.changed == []
    assert f"{away} did not answer" in " ".join(refused.output.split())
    without = ha.playbook(*options, "-e", f"replace_without={away}", check=False)
    assert {failure["host"] for failure in without.failures} <= {away}
    replaced = ("kubernetes", old_authorities.FRONT_PROXY)
    for host in present:
        old[host].nobody_lets_in(replaced)
    ha.lab("start", away)
    ha.playbook("playbooks/site.yml")
    failing.is_whole(ha, MASTERS, NODES)
    for authorities in old.values():
        authorities.nobody_lets_in(replaced)
    checks.nothing_changes(ha, NODES)


def test_no_request_fails_while_the_authority_of_kubelets_is_replaced(ha: Cluster, tmp_path: pathlib.Path) -> None:
    ha.playbook("playbooks/site.yml", *rotation.ROTATED)
    addresses = {**MASTERS, **dict(zip(MINIONS, ("192.168.200.121", "192.168.200.122"), strict=True))}
    with probed_on_node(ha, MINIONS[0], server=VIRTUAL) as kubelet, probed_in_pod(ha, MINIONS[1], checks.probe(MINIONS[1])) as pod:
        rotation.replaces_its_authority(ha, addresses, copy=tmp_path / "old")
    print(f"kubelet: {kubelet.summary()}\npod: {pod.summary()}")
    assert [*kubelet.failed, *pod.failed] == []
    assert checks.all_ready(ha, NODES)
    checks.nothing_changes(ha, NODES, *rotation.ROTATED)
