# SPDX-License-Identifier: GPL-3.0-or-later
"""What may happen to a Node while its host runs: it is deleted, registered anew with another pod CIDR, gets other taints, is cut off."""

from __future__ import annotations

import collections.abc
import json
import pathlib
import typing as t

import pytest
import yaml

from . import checks
from .driver import Cluster, eventually
from .setups import converged_hosts

MASTER = "k8s.master.dev"
MINION = "k8s.minion1.dev"
HOSTS = {MASTER: "192.168.200.100", MINION: "192.168.200.101"}
CHECK = "barehost.kubernetes.flannel : Check the pod network"
HEALTH_CHECK = "Reach the neighbours by the pod network"
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


def network_follows(cluster: Cluster, pods: collections.abc.Collection[str]) -> None:
    """The bridge of MINION and these pods, by their UIDs, have addresses of the Node's pod CIDR, and reach those of the other node."""
    prefix = pod_cidr(cluster, MINION).rpartition(".")[0] + "."

    def same_pods_with_new_addresses() -> bool:
        found = pods_of(cluster, MINION)
        return found.keys() == set(pods) and all(address.startswith(prefix) for address in found.values())

    def bridge_follows() -> bool:
        return f" {prefix}1/24 " in cluster.on(MINION, "ip -4 -oneline address show dev cni0")

    # After a restore, the API says of pods what the snapshot knows, until their kubelet has told it more. So the bridge comes first.
    eventually(bridge_follows, deadline=60, wanted=f"the bridge with the address {prefix}1/24")
    eventually(same_pods_with_new_addresses, deadline=60, wanted=f"{len(pods)} pods with addresses {prefix}…")
    for namespace in ("default", "guestbook", "kube-system"):
        cluster.kubectl("-n", namespace, "wait", "pod", "--all", "--for=condition=Ready", "--timeout=60s")
    eventually(lambda: checks.names_are_found(cluster, HOSTS) or True, deadline=90, wanted="names of services on all nodes")
    eventually(lambda: checks.guestbook_is_shared(cluster, HOSTS, through=MINION) or True, deadline=90, wanted="the guestbook on all nodes")
    checks.nothing_changes(cluster, HOSTS)


@pytest.fixture(scope="module")
def snapshot(cluster: Cluster) -> pathlib.Path:
    """Of the cluster as it was before all tests."""
    cluster.playbook("playbooks/backup.yml")
    (found,) = (cluster.inventory / "backups").glob("*.snapshot")
    return found


def test_f21_a_deleted_node_comes_back_with_another_pod_cidr(cluster: Cluster, snapshot: pathlib.Path) -> None:
    """The same pods get addresses of it."""
    assert snapshot.is_file()
    before, pods = pod_cidr(cluster, MINION), pods_of(cluster, MINION)
    cluster.kubectl("delete", "node", MINION)
    for name in TAKERS:
        checks.apply(cluster, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
        eventually(lambda name=name: pod_cidr(cluster, name), deadline=20, wanted=f"a pod CIDR for {name}")
    # At once: after 40 s, Kubernetes deletes the pods of a Node that is not there (quarantineTime of its pod garbage collector).
    done = cluster.playbook("playbooks/site.yml")
    assert restarts(done.actions()) == [(MINION, "flanneld.service"), (MINION, "kubelet.service")]
    assert f"the API has no Node {MINION}" in done.output
    cluster.kubectl("delete", "node", *TAKERS)
    assert checks.all_ready(cluster, HOSTS)
    assert pod_cidr(cluster, MINION) not in ("", before)
    network_follows(cluster, pods)


def test_f21_a_restored_node_has_its_earlier_pod_cidr(cluster: Cluster, snapshot: pathlib.Path) -> None:
    """It has flannel's annotations too, those of then, so that no other node's flannel would see a change."""
    now, pods = pod_cidr(cluster, MINION), pods_of(cluster, MINION)
    cluster.playbook("playbooks/restore.yml", "-e", f"restore_snapshot={snapshot}")
    eventually(lambda: checks.all_ready(cluster, HOSTS), deadline=90, wanted="all nodes Ready")
    assert pod_cidr(cluster, MINION) != now
    network_follows(cluster, pods)
    cluster.playbook("playbooks/health.yml")


def test_f21_what_a_deleted_node_needs_is_foretold(cluster: Cluster) -> None:
    show = "systemctl show -P InvocationID kube-proxy; systemctl is-active kube-proxy || true"
    before = cluster.on(MINION, show).split()[0]
    cluster.kubectl("delete", "node", MINION)

    def proxy_is_back() -> bool:
        invocation, state = cluster.on(MINION, show).split()
        return invocation != before and state == "active"

    # kube-proxy ends when its Node is deleted, and systemd starts it again. In between, check mode would foretell a start.
    eventually(proxy_is_back, deadline=60, wanted="kube-proxy was started again")
    converge(cluster)
    eventually(lambda: checks.all_ready(cluster, HOSTS), deadline=90, wanted="all nodes Ready")


def write_inventory(cluster: Cluster, *, minions: collections.abc.Iterable[str] = (MINION,), **variables: t.Any) -> None:
    """These hosts are minions, and MINION has these variables."""
    path = cluster.inventory / "hosts.yml"
    hosts = yaml.safe_load(path.read_text(encoding="utf-8"))
    hosts["all"]["hosts"][MINION] = {"ansible_host": HOSTS[MINION], **variables}
    hosts["all"]["children"]["minion"]["hosts"] = dict.fromkeys(minions)
    path.write_text(yaml.safe_dump(hosts), encoding="utf-8")


def taints(cluster: Cluster, node: str) -> list[str]:
    found = cluster.kubectl_json("get", "node", node)["spec"].get("taints", [])
    return sorted(f"{taint['key']}={taint.get('value', '')}:{taint['effect']}" for taint in found)


def labels(cluster: Cluster, node: str) -> set[str]:
    return set(cluster.kubectl_json("get", "node", node)["metadata"]["labels"])


def converge(cluster: Cluster) -> None:
    predicted = cluster.playbook("playbooks/site.yml", "--check")
    checks.foretold(predicted, cluster.playbook("playbooks/site.yml"))


def test_f20_labels_and_taints_follow_the_inventory(cluster: Cluster) -> None:
    """Those of somebody else stay."""
    cluster.kubectl("taint", "node", MINION, "others.example/held=:PreferNoSchedule")
    cluster.kubectl("label", "node", MINION, "others.example/rack=7")
    write_inventory(cluster, node_taints=["example.com/gpu=yes:PreferNoSchedule"], node_labels={"example.com/gpu": "yes"})
    converge(cluster)
    assert taints(cluster, MINION) == ["example.com/gpu=yes:PreferNoSchedule", "others.example/held=:PreferNoSchedule"]
    assert {"example.com/gpu", "others.example/rack"} <= labels(cluster, MINION)
    write_inventory(cluster)
    converge(cluster)
    assert taints(cluster, MINION) == ["others.example/held=:PreferNoSchedule"]
    assert "example.com/gpu" not in labels(cluster, MINION)
    assert "others.example/rack" in labels(cluster, MINION)
    cluster.kubectl("taint", "node", MINION, "others.example/held-")
    cluster.kubectl("label", "node", MINION, "others.example/rack-")
    checks.nothing_changes(cluster, HOSTS)


@pytest.mark.long
def test_f20_taint_and_label_follow_the_role(cluster: Cluster) -> None:
    """A master is a minion too, and then no more."""
    assert taints(cluster, MASTER) == ["node-role.kubernetes.io/control-plane=:NoSchedule"]
    write_inventory(cluster, minions=HOSTS)
    converge(cluster)
    assert taints(cluster, MASTER) == []
    assert "node-role.kubernetes.io/minion" in labels(cluster, MASTER)
    write_inventory(cluster)
    converge(cluster)
    assert taints(cluster, MASTER) == ["node-role.kubernetes.io/control-plane=:NoSchedule"]
    assert "node-role.kubernetes.io/minion" not in labels(cluster, MASTER)


def test_a_node_that_does_not_become_ready_is_explained(cluster: Cluster) -> None:
    """The condition with its message, and the first broken link with what its kubelet said last, which is on another host."""
    cluster.on(MINION, "systemctl kill --signal=STOP kubelet")
    try:
        eventually(lambda: not checks.all_ready(cluster, HOSTS), deadline=90, wanted=f"{MINION} not Ready")
        run = cluster.playbook("playbooks/site.yml", "-e", "addons_ready_deadline=3", check=False)
        assert run.returncode == 2, run.output
        told = run.output[run.output.index("FAILED! Tell why") :]
        assert f"Node not ready within 3 s: {MINION}: Ready=Unknown (NodeStatusUnknown): Kubelet stopped posting node status" in told
        assert "First broken link: kubelet (" in told
        assert f"{MINION}: kubelet.service runs, and http http://127.0.0.1:10248/healthz: timed out" in told
        assert "kubelet[" in told
        assert "CRI ok · kubelet BROKEN · certificates ok" in told
    finally:
        cluster.on(MINION, "systemctl kill --signal=CONT kubelet")
    eventually(lambda: checks.all_ready(cluster, HOSTS), deadline=90, wanted="all nodes Ready")


def test_a_deployment_that_does_not_become_available_is_explained(cluster: Cluster, tmp_path: pathlib.Path) -> None:
    """Which pods wait, and for what."""
    labels = {"app": "imageless"}
    spec = checks.web_server("imageless", container={"image": f"{checks.REGISTRY}/no-such-image:1"})
    template = {"metadata": {"labels": labels}, "spec": spec}
    deployment = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    metadata = {"name": "imageless", "namespace": "default"}
    options = {
        "objects": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": deployment}],
        "wait": [{"kind": "Deployment", "namespace": "default", "name": "imageless", "deadline": 15}],
    }
    play = {"hosts": "master", "gather_facts": False, "tasks": [{"name": "Run it", "barehost.kubernetes.api_objects": options}]}
    (tmp_path / "imageless.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    try:
        run = cluster.playbook(str(tmp_path / "imageless.yml"), check=False)
        assert run.returncode == 2, run.output
        assert "Deployment not available within 15 s: default/imageless: available 0 of 1" in run.output
        assert "Pod imageless-" in run.output
        assert "container imageless waits: ImagePullBackOff" in run.output or "container imageless waits: ErrImagePull" in run.output
        assert "no-such-image:1" in run.output
    finally:
        cluster.kubectl("delete", "deployment", "imageless", "--ignore-not-found")


@pytest.mark.parametrize(
    ("packets", "found"),
    [
        ("", "no connection to 10.255."),
        ("meta length gt 1000", "in the pod network takes connections, but whole packets get lost on the way (MTU)"),
    ],
    ids=["all", "large ones"],
)
def test_packets_that_a_firewall_drops_between_nodes_are_found(cluster: Cluster, packets: str, found: str) -> None:
    """By health.yml, and by a site.yml that changes something; what it names is what must pass."""
    chain = "add table inet cut; add chain inet cut in { type filter hook input priority -300; };"
    cluster.on(MINION, f"nft '{chain} add rule inet cut in udp dport 8472 {packets} drop'")
    try:
        run = cluster.playbook("playbooks/health.yml", check=False)
        assert run.returncode == 2
        [told] = [result["msg"] for result in run.failures]
        assert all(f"{host} ({address}) does not reach all of the pod network" in told for host, address in HOSTS.items()), run.output
        said = " ".join(run.output.split())
        assert f"{MASTER} ({HOSTS[MASTER]}) does not reach all of the pod network. Found: {MINION} ({HOSTS[MINION]}):" in said
        assert found in said
        assert f"UDP port 8472 open between {HOSTS[MASTER]} and {HOSTS[MINION]} in both directions, in packets of 1500 bytes" in said
    finally:
        cluster.on(MINION, "nft delete table inet cut")


@pytest.mark.long
def test_a_run_that_changes_a_node_checks_the_pod_network(cluster: Cluster) -> None:
    """And one that changes nothing does not."""
    cluster.on(MINION, "systemctl stop kube-proxy")
    cluster.on(
        MINION,
        "nft 'add table inet cut; add chain inet cut in { type filter hook input priority -300; }; "
        "add rule inet cut in udp dport 8472 drop'",
    )
    try:
        run = cluster.playbook("playbooks/site.yml", check=False)
        assert {(result["host"], result["task"]) for result in run.failures} == {(host, CHECK) for host in HOSTS}
        assert [result for result in cluster.playbook("playbooks/site.yml").results if result["task"] == CHECK] == []
    finally:
        cluster.on(MINION, "nft delete table inet cut")
    assert {result["host"] for result in cluster.playbook("playbooks/health.yml").results if result["task"] == HEALTH_CHECK} == set(HOSTS)


@pytest.mark.long
def test_f21_a_renamed_node_leaves_one_behind_that_is_told_of(cluster: Cluster) -> None:
    """Nothing of it is deleted unasked; once it is, its pods run on the new one, and no other node loses the way to them."""
    renamed = "renamed.example"
    before = tunnel(cluster)
    write_inventory(cluster, node_name=renamed)
    run = cluster.playbook("playbooks/site.yml")
    command = f"kubectl delete node {MINION}"
    said = " ".join(run.output.split())
    assert f"no host of the inventory has this name; its address {HOSTS[MINION]} is that of {renamed} now" in said
    assert command in said
    assert checks.all_ready(cluster, (MASTER, renamed), of=(MASTER, renamed))
    cluster.kubectl(*command.split()[1:])
    eventually(lambda: frontends(cluster) == {renamed}, deadline=120, wanted=f"the guestbook on {renamed}")
    eventually(lambda: checks.guestbook_is_shared(cluster, HOSTS, through=MINION) or True, deadline=90, wanted="the guestbook on all nodes")
    now = tunnel(cluster)
    assert now != before
    assert now in cluster.on(MASTER, "bridge fdb show dev flannel.1")
    cluster.playbook("playbooks/health.yml")
    # a start for the same Node takes the interface that is there
    cluster.on(MINION, "systemctl restart flanneld")
    assert tunnel(cluster) == now


@pytest.mark.long
def test_another_vni_is_another_tunnel(cluster: Cluster) -> None:
    """For the firewall and NetworkManager too, and the tunnel of before goes."""
    (cluster.inventory / "group_vars" / "all" / "flannel.yml").write_text("flannel_backend: {Type: vxlan, VNI: 7}\n", encoding="utf-8")
    converge(cluster)
    for host in HOSTS:
        assert {name for name in interfaces(cluster, host) if name.startswith("flannel")} == {"flannel.7"}
        assert "flannel.7" in cluster.on(host, "firewall-cmd --zone=trusted --list-interfaces").split()
        assert "interface-name:flannel.7;" in cluster.on(host, "cat /etc/NetworkManager/conf.d/90-barehost.conf")
    cluster.playbook("playbooks/health.yml")


def tunnel(cluster: Cluster) -> str:
    """The MAC address of the tunnel of MINION."""
    return str(interfaces(cluster, MINION)["flannel.1"])


def interfaces(cluster: Cluster, host: str) -> dict[str, str]:
    """The MAC addresses by the names. /sys of a lab host shows another network."""
    return {entry["ifname"]: entry["address"] for entry in json.loads(cluster.on(host, "ip -json link show"))}


def frontends(cluster: Cluster) -> set[str]:
    """Where the ready frontends of the guestbook run."""
    pods = cluster.kubectl_json("-n", "guestbook", "get", "pods")["items"]
    ready = [pod for pod in pods if {"Ready": "True"}.items() <= conditions(pod).items()]
    return {pod["spec"]["nodeName"] for pod in ready if pod["metadata"]["name"].startswith("frontend-")}


def conditions(pod: dict[str, t.Any]) -> dict[str, str]:
    return {entry["type"]: entry["status"] for entry in pod["status"].get("conditions", [])}
