# SPDX-License-Identifier: GPL-3.0-or-later
"""explain.yml on inventories/two-node: nothing is broken where all is well, and the first broken link is named, whatever is broken."""

from __future__ import annotations

import collections.abc
import pathlib

import pytest

from . import checks, collecting, explaining, secrets
from .driver import Cluster, eventually
from .explaining import BROKEN, HOSTS, MASTER, MINION, Broken
from .setups import converged_hosts

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def cluster(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    folder = artefacts / "explain"
    folder.mkdir()
    with converged_hosts("two-node", session=request.session, artefacts=folder) as found:
        well(found)
        yield found


def well(cluster: Cluster) -> None:
    """Nothing is broken, for either node and for a pod."""
    eventually(lambda: checks.all_ready(cluster, HOSTS), deadline=120, wanted="the nodes are ready")

    def whole() -> bool:
        return explaining.explained(cluster).returncode == 0

    eventually(whole, deadline=120, wanted="no link is broken")


def test_nothing_is_broken(cluster: Cluster) -> None:
    for host in HOSTS:
        done = cluster.playbook("playbooks/explain.yml", "-e", f"explain_node={host}")
        assert f"{host} is ready" in done.output and "BROKEN" not in done.output
        assert done.seconds < 25
    pod = cluster.kubectl_json("get", "pods", "--namespace", "kube-system")["items"][0]["metadata"]["name"]
    done = explaining.explained(cluster, f"kube-system/{pod}")
    assert done.returncode == 0 and f"pod kube-system/{pod} is ready" in done.output


def test_a_pod_that_is_not_there_has_neighbours(cluster: Cluster) -> None:
    done = explaining.explained(cluster, "kube-system/coredns")
    assert done.returncode == 2 and "did you mean kube-system/coredns-" in done.output


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: f"{broken.link} {broken.words[0]}")
def test_the_first_broken_link_is_named(cluster: Cluster, broken: Broken) -> None:
    broken.do(cluster)
    try:
        done = explaining.named(cluster, broken)
        assert done.returncode == 2
    finally:
        broken.undo(cluster)
    well(cluster)


def test_of_two_the_first_is_named_and_the_other_too(cluster: Cluster) -> None:
    cluster.on(MINION, "systemctl stop flanneld kubelet")
    try:
        done = explaining.explained(cluster)
        assert explaining.first(done) == "kubelet"
        assert "Broken, too: flannel" in done.output
    finally:
        cluster.on(MINION, "systemctl start flanneld kubelet")
    well(cluster)


def test_no_secret_of_a_journal_is_shown(cluster: Cluster) -> None:
    token, drop_in = "abcdef.0123456789abcdef", "/run/systemd/system/kubelet.service.d"
    lines = f"[Service]\\nExecStopPost=/usr/bin/echo joined with {token}\\n"
    cluster.on(MINION, f"mkdir -p {drop_in} && printf '{lines}' > {drop_in}/told.conf && systemctl daemon-reload && systemctl stop kubelet")
    try:
        assert token in cluster.on(MINION, "journalctl --unit=kubelet --lines=6 --no-pager")
        done = explaining.explained(cluster)
        assert explaining.first(done) == "kubelet"
        assert token not in done.output and "(a line that may hold a secret is left out)" in done.output
    finally:
        cluster.on(MINION, f"rm -r {drop_in} && systemctl daemon-reload && systemctl start kubelet")
    well(cluster)


def test_logs_are_collected_while_a_host_is_away_and_the_api_is_down(cluster: Cluster, tmp_path: pathlib.Path) -> None:
    cluster.on(MASTER, "systemctl stop kube-apiserver")
    cluster.lab("stop", MINION)
    try:
        done, texts = collecting.collected(cluster, tmp_path, "-e", "collect_logs_size=1")
    finally:
        cluster.lab("start", MINION)
        cluster.on(MASTER, "systemctl start kube-apiserver")
    assert f"not asked: {MINION}: does not answer" in " ".join(done.output.split())
    assert f"hosts/{MINION}: does not answer" in texts["contents.txt"]
    assert f"hosts/{MASTER}/api/events.jsonl: not there" in texts["contents.txt"]
    assert "kube-apiserver" in texts[f"hosts/{MASTER}/journals/kube-apiserver.service.log"]
    assert (tmp_path / "logs.tar.gz").stat().st_size <= 1 << 20
    assert collecting.leaked(texts, secrets.on_host(cluster, MASTER) | secrets.on_controller(cluster.inventory)) == []
    well(cluster)
