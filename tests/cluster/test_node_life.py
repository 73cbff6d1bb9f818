# SPDX-License-Identifier: GPL-3.0-or-later
"""What may happen to a Node while its host runs: it is deleted, registered anew with another pod CIDR, gets other taints, is cut off."""

from __future__ import annotations

import collections.abc
import pathlib

import pytest

from . import checks
from .driver import Cluster, eventually
from .setups import converged_hosts

MASTER = "k8s.master.dev"
MINION = "k8s.minion1.dev"
HOSTS = {MASTER: "192.168.200.100", MINION: "192.168.200.101"}
# Each takes the pod CIDR that is given next, so that a Node which comes back gets another one.
TAKERS = ("taker1", "taker2", "taker3")


@pytest.fixture(scope="module")
def cluster(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    with converged_hosts("two-node", session=request.session, artefacts=artefacts) as found:
        checks.start_probes(found, HOSTS)
        yield found


def pod_cidr(cluster: Cluster, node: str) -> str:
    return str(cluster.kubectl_json("get", "node", node)["spec"].get("podCIDR", ""))


def pods_of(cluster: Cluster, node: str) -> dict[str, str]:
    """The addresses of the pods of a node, by the pods' UIDs."""
    pods = cluster.kubectl_json("get", "pods", "--all-namespaces", f"--field-selector=spec.nodeName={node}")["items"]
    return {pod["metadata"]["uid"]: pod["status"].get("podIP", "") for pod in pods}


def restarts(run_actions: list[tuple[str, str, str, str]]) -> list[tuple[str, str]]:
    return [(host, path) for host, kind, action, path in run_actions if (kind, action) == ("unit", "restart")]


def test_f21_a_deleted_node_comes_back_with_another_pod_cidr(cluster: Cluster) -> None:
    """The same pods get addresses of it, and reach those of the other node."""
    before, pods = pod_cidr(cluster, MINION), pods_of(cluster, MINION)
    cluster.kubectl("delete", "node", MINION)
    for name in TAKERS:
        checks.apply(cluster, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
        eventually(lambda name=name: pod_cidr(cluster, name), deadline=20, wanted=f"a pod CIDR for {name}")
    predicted = cluster.playbook("playbooks/site.yml", "--check")
    done = cluster.playbook("playbooks/site.yml")
    checks.foretold(predicted, done)
    assert restarts(done.actions()) == [(MINION, "flanneld.service"), (MINION, "kubelet.service")]
    assert f"the API has no Node {MINION}" in done.output
    cluster.kubectl("delete", "node", *TAKERS)
    assert checks.all_ready(cluster, HOSTS)
    assert pod_cidr(cluster, MINION) not in ("", before)
    prefix = pod_cidr(cluster, MINION).rpartition(".")[0] + "."

    def same_pods_with_new_addresses() -> bool:
        found = pods_of(cluster, MINION)
        return found.keys() == pods.keys() and all(address.startswith(prefix) for address in found.values())

    eventually(same_pods_with_new_addresses, deadline=60, wanted=f"{len(pods)} pods with addresses {prefix}…")
    assert cluster.on(MINION, "ip -4 -oneline address show dev cni0").split()[3] == f"{prefix}1/24"
    cluster.kubectl("wait", "pod", "-l", "app=probe", "--for=condition=Ready", "--timeout=60s")
    checks.names_are_found(cluster, HOSTS)
    checks.guestbook_is_shared(cluster, HOSTS, through=MINION)
    checks.nothing_changes(cluster, HOSTS)
