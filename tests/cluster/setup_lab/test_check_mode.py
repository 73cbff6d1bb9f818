# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode tells the truth: of bare hosts, of a cluster that is as it should be, and of one that is not."""

from __future__ import annotations

import typing as t

import pytest

from .. import checks
from ..driver import Cluster, PlaybookRun
from .drifts import DRIFTS

SITE = "playbooks/site.yml"
HOSTS = ("k8s.master.dev", "k8s.minion1.dev", "k8s.minion2.dev", "k8s.minion3.dev")
# What is started now and then by a timer or a login is nobody's business here.
OURS = (
    "etcd.service kube-apiserver.service kube-controller-manager.service kube-scheduler.service docker.service cri-docker.service "
    "cri-docker.socket kubelet.service kube-proxy.service flanneld.service chronyd.service firewalld.service systemd-journald.service "
    "NetworkManager.service sshd.service kube-apiserver-liveness.service barehost-packet-filter.service"
)
WAVES = sorted({drift.wave for drift in DRIFTS})

Actions = dict[str, list[tuple[str, str, str]]]


def test_check_mode_of_bare_hosts_ends_well(predicted: PlaybookRun) -> None:
    assert predicted.returncode == 0, predicted.output[-6000:]
    assert len({result["host"] for result in predicted.changed}) == len(HOSTS)


def test_check_mode_foretells_the_first_run(predicted: PlaybookRun, first_run: PlaybookRun) -> None:
    checks.foretold(predicted, first_run)


def test_check_mode_finds_nothing_on_a_cluster_that_is_as_it_should_be(cluster: Cluster) -> None:
    again = cluster.playbook(SITE, "--check", "--diff")
    assert again.actions_by_task() == []
    assert again.changed == []


def test_there_are_enough_drifts() -> None:
    assert len(DRIFTS) >= 30
    assert len({drift.name for drift in DRIFTS}) == len(DRIFTS)


@pytest.mark.parametrize("wave", WAVES)
def test_drifts_are_named_and_mended_and_nothing_else(cluster: Cluster, wave: int) -> None:
    drifts = [drift for drift in DRIFTS if drift.wave == wave]
    for host in HOSTS:
        # one call for each host; each command has its own shell, so that a `cd` is nobody else's
        cluster.on(host, "set -e\n" + "\n".join(f"( {drift.command} )" for drift in drifts if drift.host == host))
    wanted = sorted((drift.host, *action) for drift in drifts for action in drift.actions)
    before = {host: invocations(cluster, host) for host in HOSTS}

    assert cluster.playbook(SITE, "--check", "--diff").actions() == wanted
    assert {host: invocations(cluster, host) for host in HOSTS} == before, "check mode started something"

    assert cluster.playbook(SITE).actions() == wanted
    started = {host: differing(before[host], invocations(cluster, host)) for host in HOSTS}
    assert started == {host: {name for drift in drifts if drift.host == host for name in drift.started} for host in HOSTS}


def test_nothing_is_left_of_the_drifts(cluster: Cluster) -> None:
    assert cluster.playbook(SITE, "--check").actions() == []


class Start(t.NamedTuple):
    """One start of a unit, and how often systemd has started it again by itself."""

    invocation: str
    restarts: int


def invocations(cluster: Cluster, host: str) -> dict[str, Start]:
    """What tells one start of a unit from another; nothing for a unit that the host does not have."""
    blocks = cluster.on(host, f"systemctl show -p Id,InvocationID,NRestarts {OURS}").strip().split("\n\n")
    pairs = [dict(line.split("=", 1) for line in block.splitlines()) for block in blocks]
    return {pair["Id"]: Start(pair["InvocationID"], int(pair.get("NRestarts", 0))) for pair in pairs}


def differing(before: dict[str, Start], after: dict[str, Start]) -> set[str]:
    """The units that somebody has started since.

    Not those that ended and came back by themselves: a controller-manager does when its only apiserver is away for longer than its
    lease may wait for a renewal (10 s), which a restart on a busy machine can take.
    """
    return {name for name in after if after[name].invocation != before[name].invocation and after[name].restarts <= before[name].restarts}
