# SPDX-License-Identifier: GPL-3.0-or-later
"""inventories/separate-etcd: etcd on its own host, one master, two nodes, flannel's network in etcd: the guide of 2017 in today's form."""

from __future__ import annotations

import collections.abc
import ipaddress
import json
import pathlib
import typing as t

import pytest

from . import checks, open_ports
from .driver import Cluster, PlaybookRun, eventually
from .own_inventory import copy_of, write_hosts
from .setups import bare_hosts

MASTER, ETCD = "k8s.master.dev", "k8s.etcd.dev"
NODES = ("k8s.node1.dev", "k8s.node2.dev")
HOSTS = {MASTER: "192.168.200.51", ETCD: "192.168.200.52", "k8s.node1.dev": "192.168.200.53", "k8s.node2.dev": "192.168.200.54"}
KUBELETS = {host: address for host, address in HOSTS.items() if host != ETCD}
SITE = "playbooks/site.yml"
PREFIX = "/k8s/network"


@pytest.fixture(scope="module")
def bare(
    request: pytest.FixtureRequest, artefacts: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> collections.abc.Iterator[Cluster]:
    inventory = copy_of("separate-etcd", tmp_path_factory.mktemp("inventories"))
    with bare_hosts(inventory, session=request.session, artefacts=artefacts) as cluster:
        for host in HOSTS:
            assert cluster.on(host, "command -v dockerd etcd kubelet chronyd; true") == ""
        yield cluster


@pytest.fixture(scope="module")
def predicted(bare: Cluster) -> PlaybookRun:
    return bare.playbook(SITE, "--check", "--diff")


@pytest.fixture(scope="module")
def first_run(bare: Cluster, predicted: PlaybookRun) -> PlaybookRun:
    return bare.playbook(SITE)


@pytest.fixture(scope="module")
def installed(bare: Cluster, first_run: PlaybookRun) -> Cluster:
    """With the guestbook, and a web server on each node."""
    bare.playbook("playbooks/guestbook.yml")
    checks.start_probes(bare, KUBELETS)
    return bare


def etcdctl(cluster: Cluster, command: str, *, certificate: str = "") -> tuple[int, str]:
    """Status and output of etcdctl on the etcd host, as root or with another certificate."""
    if certificate:
        ca, url = "/etc/etcd/pki/ca.crt", f"https://{HOSTS[ETCD]}:2379"
        access = f"--cacert={ca} --cert={certificate}.crt --key={certificate}.key --endpoints={url} --command-timeout=5s"
        command = f"etcdctl {access} {command}"
    else:
        command = f". /etc/profile.d/etcdctl.sh; etcdctl {command}"
    done = cluster.lab("exec", ETCD, "sh", "-c", command, check=False)
    return done.returncode, done.stdout + done.stderr


def test_check_mode_foretells_the_first_run(predicted: PlaybookRun, first_run: PlaybookRun) -> None:
    assert predicted.returncode == 0
    assert predicted.actions_by_task() == first_run.actions_by_task()
    assert {("etcd_role", "create", "flannel"), ("etcd_auth", "enable", "authentication")} < {action[1:] for action in first_run.actions()}


def test_open_ports_are_those_of_the_matrix(installed: Cluster) -> None:
    open_ports.are_the_matrix(installed, open_ports.matrix(installed), probed=[LEAVES])


def test_each_host_has_its_part(installed: Cluster) -> None:
    assert checks.all_ready(installed, KUBELETS)
    programs = "ls /usr/local/bin | grep -v -- -; command -v dockerd; true"
    assert set(installed.on(ETCD, programs).split()) == {"etcd", "etcdctl", "etcdutl"}
    for host in KUBELETS:
        assert "etcd" not in installed.on(host, programs).split()


def test_second_run_changes_and_restarts_nothing(installed: Cluster) -> None:
    checks.nothing_changes(installed, HOSTS)


@pytest.mark.long
def test_a_run_with_a_survey_does_what_one_without_does(installed: Cluster) -> None:
    checks.survey_and_roles_agree(installed, ETCD)


def test_network_of_the_guide(installed: Cluster) -> None:
    """Its prefix, its network, its file, its interface; every node has a part of its own, from etcd and not from its Node object."""
    network = json.loads(etcdctl(installed, f"get {PREFIX}/config --print-value-only")[1])
    assert network["Network"] == "10.255.0.0/16"
    leases = etcdctl(installed, f"get {PREFIX}/subnets --prefix --keys-only")[1].split()
    parts = set()
    for host in KUBELETS:
        lines = installed.on(host, "cat /run/flannel/subnet.env").splitlines()
        part = ipaddress.ip_interface(dict(line.split("=") for line in lines)["FLANNEL_SUBNET"]).network
        assert part.subnet_of(ipaddress.ip_network("10.255.0.0/16"))
        assert f"{PREFIX}/subnets/{str(part).replace('/', '-')}" in leases
        parts.add(part)
    assert len(parts) == len(KUBELETS)
    for node in installed.kubectl_json("get", "nodes")["items"]:
        assert "podCIDR" not in node["spec"]
    for host in NODES:
        settings = installed.on(host, "cat /etc/sysconfig/flanneld")
        assert f'FLANNELD_ETCD_PREFIX="{PREFIX}"' in settings
        assert 'FLANNELD_IFACE="eth0"' in settings


def test_flannel_may_touch_its_prefix_and_nothing_else(installed: Cluster) -> None:
    """Asked on the etcd host, with a node's certificate: etcdctl is not on nodes."""
    certificate = "/tmp/flannel-etcd"
    for ending in ("crt", "key"):
        text = installed.on(NODES[0], f"cat /etc/kubernetes/pki/flannel-etcd.{ending}")
        installed.lab("exec", ETCD, "sh", "-c", f"umask 077; cat > {certificate}.{ending}", input=text)

    def as_flannel(command: str) -> tuple[int, str]:
        return etcdctl(installed, command, certificate=certificate)

    try:
        assert as_flannel(f"get {PREFIX}/config --print-value-only")[0] == 0
        assert as_flannel(f"put {PREFIX}/tried yes")[0] == 0
        assert as_flannel(f"get {PREFIX}/tried --print-value-only") == (0, "yes\n")
        assert as_flannel(f"del {PREFIX}/tried")[0] == 0
        refused = (
            "get /registry/namespaces/default",
            "get / --prefix --keys-only",
            "put /registry/tried yes",
            f"get {PREFIX}s",
            "put compact_rev_key 1",
            "user list",
            "auth disable",
            "member add other --peer-urls=https://192.0.2.1:2380",
            "snapshot save /tmp/stolen",
        )
        for command in refused:
            status, output = as_flannel(command)
            assert status != 0 and "permission denied" in output, f"{command}: {status} {output}"
    finally:
        installed.on(ETCD, f"rm -rf {certificate}.crt {certificate}.key /tmp/stolen*")


def test_apiserver_may_touch_its_keys_and_nothing_else(installed: Cluster) -> None:
    roles = json.loads(etcdctl(installed, "user get kube-apiserver-etcd-client -w json")[1])["roles"]
    assert roles == ["kubernetes"]
    allowed = etcdctl(installed, "role get kubernetes")[1]
    assert "[/registry/, /registry0)" in allowed and "compact_rev_key" in allowed and PREFIX not in allowed
    assert installed.kubectl("get", "--raw", "/readyz/etcd").strip() == "ok"
    assert "--etcd-compaction-interval=0s" in installed.on(MASTER, "cat /proc/$(pidof kube-apiserver)/cmdline | tr '\\0' ' '")
    assert installed.on(ETCD, "grep COMPACTION_RETENTION /etc/etcd/etcd.conf").strip() == 'ETCD_AUTO_COMPACTION_RETENTION="5m"'
    denied = installed.on(ETCD, "journalctl -u etcd --no-pager | grep -c 'cannot find a user'; true")
    assert denied.strip() == "0"


def test_etcd_is_open_to_those_who_need_it(installed: Cluster) -> None:
    """With this backend, to the nodes too; the members' port to nobody else, since there is one member."""
    probe = f"python3 -c \"import socket; socket.create_connection(('{HOSTS[ETCD]}', {{port}}), 3)\""
    for host in KUBELETS:
        assert installed.lab("exec", host, "sh", "-c", probe.format(port=2379), check=False).returncode == 0
        assert installed.lab("exec", host, "sh", "-c", probe.format(port=2380), check=False).returncode != 0


def test_a_changed_right_and_a_changed_network_are_named_and_mended(installed: Cluster) -> None:
    before = checks.start_times(installed, HOSTS)
    for command in (
        "role grant-permission flannel read /registry/ --prefix",
        "role revoke-permission kubernetes compact_rev_key",
        "user add intruder --no-password",
        "user grant-role flannel root",
        f"put {PREFIX}/config -- '{{}}'",
    ):
        assert etcdctl(installed, command)[0] == 0
    wanted = [
        (ETCD, "etcd_key", "write", f"{PREFIX}/config"),
        (ETCD, "etcd_role", "patch", "flannel"),
        (ETCD, "etcd_role", "patch", "kubernetes"),
        (ETCD, "etcd_user", "patch", "flannel"),
    ]
    assert installed.playbook(SITE, "--check", "--diff").actions() == wanted
    assert installed.playbook(SITE).actions() == wanted
    assert etcdctl(installed, "user list")[1].split() == ["flannel", "intruder", "kube-apiserver-etcd-client", "root"], "others' users stay"
    assert checks.start_times(installed, HOSTS) == before


def test_guestbook(installed: Cluster) -> None:
    checks.guestbook_is_shared(installed, KUBELETS, through=NODES[1])


def test_names_logs_and_exec(installed: Cluster) -> None:
    checks.names_are_found(installed, KUBELETS)
    checks.logs_are_read(installed, KUBELETS)


def test_pods_of_all_nodes_reach_each_other(installed: Cluster) -> None:
    pods_reach_each_other(installed)


def pods_reach_each_other(cluster: Cluster) -> None:
    pods = cluster.kubectl_json("get", "pods", "-l", "app=probe")["items"]
    addresses = {pod["spec"]["nodeName"]: pod["status"]["podIP"] for pod in pods}
    for sender in KUBELETS:
        for receiver, address in addresses.items():
            page = checks.in_probe(cluster, sender, "wget", "-q", "-T", "5", "-O", "-", f"http://{address}:8080/")
            assert page.strip() == checks.probe(receiver), f"from {sender} to {receiver}"


def test_health(installed: Cluster) -> None:
    output = installed.playbook("playbooks/health.yml").output
    assert "is healthy" in output
    assert "Nodes: 3 of 3 ready" in output


@pytest.mark.long
def test_everything_comes_back_from_a_snapshot(installed: Cluster, tmp_path: pathlib.Path) -> None:
    """Objects of the API, etcd's users and their roles, flannel's network and leases; all programs then use what is there again."""
    installed.playbook("playbooks/backup.yml", "-e", f"backup_directory={tmp_path}/backups")
    (snapshot,) = (tmp_path / "backups").glob("*.snapshot")
    access, objects = access_and_network(installed), api_objects(installed)
    installed.kubectl("-n", "guestbook", "delete", "deployments,services", "--all")
    installed.kubectl("create", "configmap", "later", "--from-literal=text=lost")
    for command in (
        "user delete flannel",
        "role delete flannel",
        "user delete kube-apiserver-etcd-client",
        "user add later --no-password",
        f"del {PREFIX} --prefix",
    ):
        status, said = etcdctl(installed, command)
        assert status == 0, said
    assert access_and_network(installed) != access
    run = installed.playbook("playbooks/restore.yml", "-e", f"restore_snapshot={snapshot}")
    assert {host for host, _kind, action, path in run.actions() if (action, path) == ("start", "flanneld.service")} == set(KUBELETS)
    assert access_and_network(installed) == access
    assert api_objects(installed) == objects
    eventually(lambda: checks.all_ready(installed, KUBELETS), deadline=60, wanted="all nodes ready")
    checks.nothing_changes(installed, HOSTS)
    eventually(lambda: frontends_are_ready(installed), deadline=120, wanted="the guestbook's pods")
    pods_reach_each_other(installed)
    eventually(lambda: checks.guestbook_is_shared(installed, KUBELETS, through=NODES[0]) or True, deadline=60, wanted="the guestbook")


def access_and_network(cluster: Cluster) -> list[str]:
    """What etcd has for itself and for flannel: users, roles, flannel's network, who has which part of it."""
    commands = [f"get {PREFIX} --prefix"]
    for kind in ("user", "role"):
        commands += [f"{kind} get {name}" for name in etcdctl(cluster, f"{kind} list")[1].split()]
    return [f"{command}: {etcdctl(cluster, command)[1]}" for command in commands]


def api_objects(cluster: Cluster) -> dict[tuple[str, ...], t.Any]:
    """What people and playbooks have made; pods, endpoints and leases change by themselves."""
    kinds = "namespaces,configmaps,secrets,serviceaccounts,services,deployments,daemonsets,clusterroles,clusterrolebindings,nodes"
    found = cluster.kubectl_json("get", kinds, "--all-namespaces")["items"]
    return {
        (item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]): (item["metadata"]["uid"], item.get("data"))
        for item in found
    }


# -- from here on in this order: a node leaves, comes back as a new one, and another one is lost

REMOVE = "playbooks/remove-node.yml"
LEAVES, LOST = NODES[1], NODES[0]


def guarded() -> list[dict[str, t.Any]]:
    """A pod that only the node that leaves may run, and a budget that does not let it go."""
    labels = {"app": "guarded"}
    spec = {**checks.web_server("guarded"), "nodeSelector": {"kubernetes.io/hostname": LEAVES}}
    template = {"metadata": {"labels": labels}, "spec": spec}
    deployment = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    budget = {"minAvailable": 1, "selector": {"matchLabels": labels}}
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "guarded"}, "spec": deployment},
        {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "guard"}, "spec": budget},
    ]


def schedulable(cluster: Cluster, node: str) -> bool:
    return not cluster.kubectl_json("get", "node", node)["spec"].get("unschedulable", False)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("k8s.node9.dev", "which is no host of the cluster"),
        (MASTER, "is the only master"),
        (ETCD, "is the only member of etcd"),
    ],
)
def test_a_removal_that_cannot_be_is_refused(installed: Cluster, name: str, fault: str) -> None:
    refused = installed.playbook(REMOVE, "-e", f"remove_node={name}", check=False)
    assert refused.returncode != 0 and not refused.changed
    assert "Nothing was changed" in refused.output and fault in " ".join(refused.output.split())


def test_a_pod_that_nobody_makes_again_is_not_lost_unasked(installed: Cluster) -> None:
    refused = installed.playbook(REMOVE, "-e", f"remove_node={LEAVES}", check=False)
    assert refused.returncode != 0 and not refused.changed
    assert f"default/{checks.probe(LEAVES)} would be lost" in " ".join(refused.output.split())
    assert schedulable(installed, LEAVES)


def test_a_budget_is_honoured(installed: Cluster) -> None:
    """The other pods leave, the guarded one stays, the host is not touched, and the message says why."""
    checks.apply(installed, *guarded())
    eventually(lambda: ready_guarded(installed) == 1, deadline=60, wanted="the guarded pod ready")
    arguments = ("-e", f"remove_node={LEAVES}", "-e", "remove_unmanaged_pods=true", "-e", "remove_timeout=45")
    refused = installed.playbook(REMOVE, *arguments, check=False)
    assert refused.returncode != 0
    said = " ".join(refused.output.split())
    # longer than the 30 seconds that Kubernetes gives a pod to end
    assert f"1 pods are still on {LEAVES} after 45 s" in said
    assert "disruption budget guard needs 1 healthy pods" in said
    assert pods_of_deployments(installed, LEAVES) == ["guarded"]
    assert not schedulable(installed, LEAVES)
    assert ready_guarded(installed) == 1
    assert installed.on(LEAVES, "systemctl is-active kubelet").strip() == "active"


def pods_of_deployments(cluster: Cluster, node: str) -> list[str]:
    """The deployments with a pod there, also one that is still ending."""
    found = cluster.kubectl_json("get", "pods", "--all-namespaces", "--field-selector", f"spec.nodeName={node}")["items"]
    owned = [pod["metadata"] for pod in found if [owner["kind"] for owner in pod["metadata"].get("ownerReferences", [])] == ["ReplicaSet"]]
    return [metadata["name"].rsplit("-", 2)[0] for metadata in owned]


def ready_guarded(cluster: Cluster) -> int:
    return int(cluster.kubectl_json("get", "deployment", "guarded")["status"].get("readyReplicas", 0))


def test_a_node_is_removed(installed: Cluster) -> None:
    installed.kubectl("delete", "deployment,pdb", "--all", "-n", "default")
    others = [host for host in HOSTS if host != LEAVES]
    before = checks.start_times(installed, others)
    arguments = ("-e", f"remove_node={LEAVES}", "-e", "remove_unmanaged_pods=true")
    predicted = installed.playbook(REMOVE, *arguments, "--check")
    assert ("node", "delete", LEAVES) in {action[1:] for action in predicted.actions()}
    run = installed.playbook(REMOVE, *arguments)
    assert predicted.actions_by_task() == run.actions_by_task()
    assert checks.all_ready(installed, [host for host in KUBELETS if host != LEAVES])
    # of /etc/kubernetes only what the lab itself has put there before
    ours = "find /etc/kubernetes /etc/sysconfig/flanneld /run/flannel -type f ! -name 90-lab.conf 2>/dev/null; true"
    assert installed.on(LEAVES, f"command -v dockerd kubelet flanneld; {ours}") == ""
    assert checks.start_times(installed, others) == before
    pods = installed.kubectl_json("get", "pods", "--all-namespaces")["items"]
    assert LEAVES not in {pod["spec"].get("nodeName") for pod in pods}
    remaining = {host: address for host, address in KUBELETS.items() if host != LEAVES}
    eventually(lambda: frontends_are_ready(installed), deadline=90, wanted="three frontends on the other node")
    checks.guestbook_is_shared(installed, remaining, through=LOST)


def frontends_are_ready(cluster: Cluster) -> bool:
    deployments = cluster.kubectl_json("-n", "guestbook", "get", "deployments")["items"]
    return all(entry["status"].get("readyReplicas") == entry["spec"]["replicas"] for entry in deployments)


def test_the_node_comes_back_by_site(installed: Cluster) -> None:
    """It is in the inventory still: to site.yml it is a new host, and the others have nothing to do with it."""
    others = [host for host in HOSTS if host != LEAVES]
    before = checks.start_times(installed, others)
    run = installed.playbook(SITE)
    assert {(host, kind) for host, kind, _action, _path in run.actions() if host != LEAVES} <= {(MASTER, "api_object")}
    assert checks.all_ready(installed, KUBELETS)
    assert checks.start_times(installed, others) == before


def test_a_lost_node_is_removed_and_forgotten(installed: Cluster) -> None:
    installed.lab("stop", LOST)
    refused = installed.playbook(REMOVE, "-e", f"remove_node={LOST}", check=False)
    assert refused.returncode != 0 and not refused.changed
    assert "add -e remove_unreachable=true" in " ".join(refused.output.split())
    installed.playbook(REMOVE, "-e", f"remove_node={LOST}", "-e", "remove_unreachable=true")
    assert checks.all_ready(installed, [host for host in KUBELETS if host != LOST])
    others = [host for host in HOSTS if host != LOST]
    before = checks.start_times(installed, others)
    write_hosts(installed.inventory, without=LOST)
    run = installed.playbook(SITE)
    assert {kind if kind == "firewall" else path for _host, kind, _action, path in run.actions()} == checks.OF_ALL_ADDRESSES
    assert checks.start_times(installed, others) == before
    eventually(lambda: frontends_are_ready(installed), deadline=90, wanted="three frontends on the node that is left")
    checks.guestbook_is_shared(installed, {LEAVES: HOSTS[LEAVES]}, through=LEAVES)
