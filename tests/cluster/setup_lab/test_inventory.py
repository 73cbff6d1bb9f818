# SPDX-License-Identifier: GPL-3.0-or-later
"""inventories/lab: bare hosts to a working cluster, by the commands that the README names."""

from __future__ import annotations

import json
import stat

import pytest

from .. import checks, open_ports
from ..checks import ON_MASTERS, REGISTRY, UNITS, VERSION
from ..driver import Cluster, PlaybookRun, eventually

HOSTS = {
    "k8s.master.dev": "192.168.200.100",
    "k8s.minion1.dev": "192.168.200.101",
    "k8s.minion2.dev": "192.168.200.102",
    "k8s.minion3.dev": "192.168.200.103",
}
MASTER = "k8s.master.dev"


def test_hosts_were_bare(found_bare: dict[str, str]) -> None:
    """What the roles install must really be absent before."""
    assert found_bare == dict.fromkeys(HOSTS, "active\n")


def test_first_run_installs_everything(first_run: PlaybookRun) -> None:
    assert first_run.returncode == 0
    assert {result["host"] for result in first_run.changed} >= set(HOSTS)


def test_nodes_are_ready_and_of_the_wanted_version(cluster: Cluster) -> None:
    assert checks.all_ready(cluster, HOSTS)
    nodes = {node["metadata"]["name"]: node for node in cluster.kubectl_json("get", "nodes")["items"]}
    assert {node["status"]["nodeInfo"]["kubeletVersion"] for node in nodes.values()} == {VERSION}
    addresses = {
        name: [entry["address"] for entry in node["status"]["addresses"] if entry["type"] == "InternalIP"] for name, node in nodes.items()
    }
    assert addresses == {name: [address] for name, address in HOSTS.items()}


def test_the_master_is_tainted(cluster: Cluster) -> None:
    taints = cluster.kubectl_json("get", "node", MASTER)["spec"]["taints"]
    assert [(taint["key"], taint["effect"]) for taint in taints] == [("node-role.kubernetes.io/control-plane", "NoSchedule")]


def test_nodes_are_labelled_with_their_roles(cluster: Cluster) -> None:
    nodes = cluster.kubectl_json("get", "nodes")["items"]
    roles = {node["metadata"]["name"]: {label for label in node["metadata"]["labels"] if "node-role" in label} for node in nodes}
    assert roles == {host: {f"node-role.kubernetes.io/{'control-plane' if host == MASTER else 'minion'}"} for host in HOSTS}


def test_second_run_changes_and_restarts_nothing(guestbook: Cluster) -> None:
    checks.nothing_changes(guestbook, HOSTS)
    checks.survey_and_roles_agree(guestbook, "k8s.minion2.dev")


@pytest.mark.parametrize("host", HOSTS)
def test_units_are_enabled_and_running(cluster: Cluster, host: str) -> None:
    units = [unit for unit in UNITS if host == MASTER or unit not in ON_MASTERS]
    assert cluster.on(host, "systemctl is-active " + " ".join(units)).split() == ["active"] * len(units)
    assert cluster.on(host, "systemctl is-enabled " + " ".join(units)).split() == ["enabled"] * len(units)
    assert cluster.on(host, "systemctl is-enabled cri-docker.socket").strip() == "enabled"


@pytest.mark.parametrize("host", HOSTS)
def test_a_container_runs_by_docker_alone(cluster: Cluster, host: str) -> None:
    assert "Hello" in cluster.on(host, f"docker run --rm {REGISTRY}/hello-world:1")


def test_guestbook_answers_on_every_node(guestbook: Cluster) -> None:
    checks.guestbook_is_shared(guestbook, HOSTS, through="k8s.minion1.dev")


def test_a_killed_guestbook_pod_comes_back(guestbook: Cluster) -> None:
    pods = guestbook.kubectl_json("-n", "guestbook", "get", "pods", "-l", "app=frontend")["items"]
    victim = pods[0]["metadata"]["name"]
    guestbook.kubectl("-n", "guestbook", "delete", "pod", victim, "--wait=true")

    def three_others() -> bool:
        names = {
            pod["metadata"]["name"]
            for pod in guestbook.kubectl_json("-n", "guestbook", "get", "pods", "-l", "app=frontend")["items"]
            if all(status["ready"] for status in pod["status"].get("containerStatuses", [{"ready": False}]))
        }
        return len(names) == 3 and victim not in names

    eventually(three_others, deadline=60, wanted="three ready frontends without the killed one")


@pytest.fixture(scope="module")
def probes(guestbook: Cluster) -> dict[str, str]:
    """A small web server on every node, the master too: the addresses of the pods by node."""
    return checks.start_probes(guestbook, HOSTS)


def test_names_are_found_from_every_node(guestbook: Cluster, probes: dict[str, str]) -> None:
    checks.names_are_found(guestbook, probes)


def test_logs(guestbook: Cluster, probes: dict[str, str]) -> None:
    checks.logs_are_read(guestbook, probes)


def test_pods_of_all_nodes_reach_each_other(guestbook: Cluster, probes: dict[str, str]) -> None:
    assert set(probes) == set(HOSTS)
    for sender in probes:
        for receiver, address in probes.items():
            page = checks.in_probe(guestbook, sender, "wget", "-q", "-T", "5", "-O", "-", f"http://{address}:8080/")
            assert page.strip() == checks.probe(receiver), f"from {sender} to {receiver}"


def test_firewalld_runs_and_refuses_what_is_not_listed(cluster: Cluster) -> None:
    for host in HOSTS:
        assert cluster.on(host, "firewall-cmd --state").strip() == "running"
    listen = "systemd-run --unit=unlisted --collect python3 -m http.server 9999"
    cluster.on("k8s.minion1.dev", listen)
    try:
        inside = "python3 -c \"import socket; socket.create_connection(('127.0.0.1', 9999), 3)\""
        eventually(
            lambda: cluster.lab("exec", "k8s.minion1.dev", "sh", "-c", inside, check=False).returncode == 0,
            deadline=15,
            wanted="a listener",
        )
        probe = f"python3 -c \"import socket; socket.create_connection(('{HOSTS['k8s.minion1.dev']}', 9999), 3)\""
        refused = cluster.lab("exec", "k8s.minion2.dev", "sh", "-c", probe, check=False)
        assert refused.returncode != 0
        assert "No route to host" in refused.stderr or "timed out" in refused.stderr or "refused" in refused.stderr
    finally:
        cluster.on("k8s.minion1.dev", "systemctl stop unlisted")


def test_open_ports_are_those_of_the_matrix(guestbook: Cluster, probes: dict[str, str]) -> None:
    open_ports.are_the_matrix(guestbook, open_ports.matrix(guestbook), probed=probes)


def test_etcd_is_closed_to_minions(cluster: Cluster) -> None:
    probe = f"python3 -c \"import socket; socket.create_connection(('{HOSTS[MASTER]}', {{port}}), 3)\""
    assert cluster.lab("exec", "k8s.minion1.dev", "sh", "-c", probe.format(port=6443), check=False).returncode == 0
    assert cluster.lab("exec", "k8s.minion1.dev", "sh", "-c", probe.format(port=2379), check=False).returncode != 0


def test_secrets_are_encrypted_in_etcd(cluster: Cluster) -> None:
    cluster.kubectl("create", "secret", "generic", "canary", "--from-literal=word=nightingale")
    try:
        stored = cluster.on(
            MASTER, ". /etc/profile.d/etcdctl.sh; etcdctl get /registry/secrets/default/canary --print-value-only | tr -cd '[:print:]'"
        )
        assert "k8s:enc:secretbox" in stored
        assert "nightingale" not in stored
    finally:
        cluster.kubectl("delete", "secret", "canary")


def test_the_administrators_kubeconfig(cluster: Cluster) -> None:
    kubeconfig = cluster.inventory / "kubeconfig"
    assert stat.S_IMODE(kubeconfig.stat().st_mode) == 0o600
    assert cluster.kubectl("auth", "can-i", "*", "*").strip() == "yes"
    assert json.loads(cluster.on(MASTER, "kubectl version -o json"))["serverVersion"]["gitVersion"] == VERSION


def test_private_keys_are_private(cluster: Cluster) -> None:
    for host in HOSTS:
        loose = cluster.on(host, "find /etc/kubernetes /etc/etcd -name '*.key' ! -perm 0600 2>/dev/null; true")
        assert loose == "", f"{host}: {loose}"


def test_every_host_loses_power_and_returns(guestbook: Cluster) -> None:
    """Run last: all hosts are cut off at once and come back with no playbook run."""
    for host in HOSTS:
        guestbook.lab("stop", host)
    for host in HOSTS:
        guestbook.lab("start", host)
    eventually(lambda: checks.all_ready(guestbook, HOSTS), deadline=180, wanted="all nodes Ready")
    for address in HOSTS.values():
        eventually(
            lambda address=address: guestbook.curl(f"http://{address}:30001/messages?format=json", "--fail").returncode == 0,
            deadline=120,
            wanted=f"the guestbook on {address}",
        )
    after = guestbook.playbook("playbooks/site.yml")
    assert [(result["host"], result["task"], result["actions"]) for result in after.changed] == []
