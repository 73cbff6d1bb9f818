# SPDX-License-Identifier: GPL-3.0-or-later
"""inventories/two-node: a master with etcd, one minion, and what the guide of 2014 shows with them, in today's form."""

from __future__ import annotations

import collections.abc
import json
import pathlib
import re
import shutil
import subprocess
import typing as t

import pytest
import yaml

from .. import markdown
from . import checks, collecting, secrets
from . import docker_versions as docker
from .driver import ROOT, Cluster, eventually, lab_command
from .probing import NAMESPACE, probed
from .setups import bare_hosts

MASTER = "k8s.master.dev"
MINION = "k8s.minion1.dev"
HOSTS = {MASTER: "192.168.200.100", MINION: "192.168.200.101"}
MANIFESTS = "/etc/kubernetes/manifests"
PUBLISHED = 8081


ADDED = "k8s.minion2.dev"
ADDED_ADDRESS = "192.168.200.102"


def write_hosts(inventory: pathlib.Path, *, added: bool, etcd: collections.abc.Iterable[str] = (MASTER,)) -> None:
    """The hosts of inventories/two-node, and one more minion; the members of etcd are these."""
    hosts = yaml.safe_load((ROOT / "inventories" / "two-node" / "hosts.yml").read_text(encoding="utf-8"))
    hosts["all"]["children"]["etcd"]["hosts"] = dict.fromkeys(etcd)
    if added:
        hosts["all"]["hosts"][ADDED] = {"ansible_host": ADDED_ADDRESS}
        hosts["all"]["children"]["minion"]["hosts"][ADDED] = None
    (inventory / "hosts.yml").write_text(yaml.safe_dump(hosts), encoding="utf-8")


@pytest.fixture(scope="module")
def pair(
    request: pytest.FixtureRequest, artefacts: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> collections.abc.Iterator[Cluster]:
    """The cluster, with the guestbook, from bare hosts; a third bare host is there that no inventory speaks of yet."""
    inventory = tmp_path_factory.mktemp("inventories") / "two-node"
    (inventory / "group_vars" / "all").mkdir(parents=True)
    shutil.copy(ROOT / "inventories" / "two-node" / "group_vars" / "all" / "cluster.yml", inventory / "group_vars" / "all")
    write_hosts(inventory, added=True)
    with bare_hosts(inventory, session=request.session, artefacts=artefacts) as cluster:
        write_hosts(inventory, added=False)
        for host in HOSTS:
            assert cluster.on(host, "command -v dockerd etcd kubelet chronyd; true") == ""
        # where all keys are born, with all that Ansible can be made to say: test_no_secret_is_ever_shown reads it
        checks.install(cluster, "--diff", "-vvvv")
        cluster.playbook("playbooks/guestbook.yml")
        checks.start_probes(cluster, HOSTS)
        yield cluster


def fetch(cluster: Cluster, url: str) -> str:
    """A page as a pod on the minion sees it."""
    return checks.in_probe(cluster, MINION, "wget", "-q", "-T", "5", "-O", "-", url).strip()


def replicas(cluster: Cluster, kind: str, name: str) -> int:
    return int(cluster.kubectl_json("get", kind, name)["status"].get("readyReplicas", 0))


def replicated(kind: str, name: str) -> dict[str, t.Any]:
    labels = {"name": name, "tier": "frontend"}
    version, selector = ("v1", labels) if kind == "ReplicationController" else ("apps/v1", {"matchLabels": labels})
    template = {"metadata": {"labels": labels}, "spec": checks.web_server("web")}
    spec = {"replicas": 1, "selector": selector, "template": template}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "labels": labels}, "spec": spec}


def test_nodes(pair: Cluster) -> None:
    assert checks.all_ready(pair, HOSTS)
    assert [taint["effect"] for taint in pair.kubectl_json("get", "node", MASTER)["spec"]["taints"]] == ["NoSchedule"]
    assert "taints" not in pair.kubectl_json("get", "node", MINION)["spec"]


def test_names_and_clock(pair: Cluster) -> None:
    for host in HOSTS:
        for name, address in HOSTS.items():
            assert pair.on(host, f"getent ahostsv4 {name}").split()[0] == address
        pair.on(host, "chronyc waitsync 1 0.1")


def test_conditions_by_jsonpath(pair: Cluster) -> None:
    """As the guide of 2016 writes it, on the master."""
    path = "{range .items[*]}{@.metadata.name}:{range @.status.conditions[*]}{@.type}={@.status};{end}{end}"
    lines = pair.on(MASTER, f"kubectl get nodes -o jsonpath='{path}' | tr ';' '\\n'").splitlines()
    assert lines.count("Ready=True") == len(HOSTS)
    assert {line.split(":")[0] for line in lines if ":" in line} == set(HOSTS)
    internal = pair.on(MASTER, "kubectl get nodes -o jsonpath='{.items[*].status.addresses[?(@.type==\"InternalIP\")].address}'")
    assert sorted(internal.split()) == sorted(HOSTS.values())


def test_running_services_are_counted(pair: Cluster) -> None:
    assert checks.running_units(pair, MASTER, checks.CONTROL_PLANE) == 4
    assert checks.running_units(pair, MINION, ("kube-proxy", "kubelet", "docker")) == 3


def test_health_of_the_components(pair: Cluster) -> None:
    """Today's form of componentstatuses: each program's own answer."""
    assert "[+]etcd ok" in pair.kubectl("get", "--raw", "/readyz?verbose")
    for port in (10257, 10259):
        assert pair.on(MASTER, f"curl -sk https://127.0.0.1:{port}/healthz") == "ok"


def test_settings_are_where_the_guide_edits_them(pair: Cluster) -> None:
    for host, names in {
        MASTER: ("config", "apiserver", "controller-manager", "scheduler", "kubelet"),
        MINION: ("kubelet", "proxy"),
    }.items():
        for name in names:
            text = pair.on(host, f"cat /etc/kubernetes/{name}")
            assert re.search(r"^# [A-Z].*\nKUBE[A-Z_]*=", text, flags=re.MULTILINE), f"no commented setting in {name} of {host}: {text}"
    assert re.search(r"^# [A-Z].*\nETCD_[A-Z_]*=", pair.on(MASTER, "cat /etc/etcd/etcd.conf"), flags=re.MULTILINE)


def test_the_firewall_names_its_services(pair: Cluster) -> None:
    for host, services in {
        MASTER: {"barehost-kube-apiserver": "6443/tcp", "barehost-etcd-client": "2379/tcp", "barehost-kubelet": "10250/tcp"},
        MINION: {"barehost-kubelet": "10250/tcp", "barehost-flannel-vxlan": "8472/udp"},
    }.items():
        listed = pair.on(host, "firewall-cmd --list-all")
        for service, port in services.items():
            assert service in listed, f"{host}: {listed}"
            information = pair.on(
                host, f"firewall-cmd --info-service={service}; firewall-cmd --permanent --service={service} --get-description"
            )
            assert port in information
            assert information.splitlines()[-1].strip(), f"{service} has no description"


def test_labels_on_nodes_and_pods(pair: Cluster) -> None:
    labelled = pair.kubectl_json("get", "nodes", "-l", "barehost.example/disk=ssd")["items"]
    assert {node["metadata"]["name"] for node in labelled} == set(HOSTS)
    checks.apply(pair, checks.pod("web-01", labels={"tier": "frontend", "environment": "production"}, spec=checks.web_server("web")))
    pair.kubectl("label", "pod", "web-01", "version=testing")
    found = pair.kubectl_json("get", "pods", "-l", "tier in (frontend),version=testing")["items"]
    assert [pod["metadata"]["name"] for pod in found] == ["web-01"]
    pair.kubectl("delete", "pod", "web-01")
    assert pair.kubectl_json("get", "pods", "-l", "version=testing")["items"] == []


@pytest.mark.parametrize("kind", ["ReplicationController", "Deployment"])
def test_replication(pair: Cluster, kind: str) -> None:
    """Create, list, resize to 10, replace a lost pod, remove."""
    name = f"wordpress-{kind.lower()}"
    checks.apply(pair, replicated(kind, name))
    assert name in pair.kubectl("get", kind, "-o", "wide")
    eventually(lambda: replicas(pair, kind, name) == 1, deadline=60, wanted="one ready replica")
    first = pair.kubectl_json("get", "pods", "-l", f"name={name}")["items"][0]["metadata"]["name"]
    pair.kubectl("scale", kind, name, "--replicas=10")
    eventually(lambda: replicas(pair, kind, name) == 10, deadline=90, wanted="ten ready replicas")
    pair.kubectl("delete", "pod", first)
    eventually(lambda: replicas(pair, kind, name) == 10, deadline=60, wanted="ten ready replicas again")
    pods = pair.kubectl_json("get", "pods", "-l", f"name={name}")["items"]
    assert first not in {pod["metadata"]["name"] for pod in pods}
    assert {pod["spec"]["nodeName"] for pod in pods} == {MINION}
    pair.kubectl("delete", kind, name)
    eventually(lambda: not pair.kubectl_json("get", "pods", "-l", f"name={name}")["items"], deadline=60, wanted="no pods left")


@pytest.fixture(scope="module")
def service(pair: Cluster) -> collections.abc.Iterator[str]:
    """A service with a pod behind it; the address of the service."""
    checks.apply(pair, checks.pod("nginx", labels={"app": "nginx"}, spec=checks.web_server("nginx")))
    pair.kubectl("wait", "pod", "nginx", "--for=condition=Ready", "--timeout=60s")
    pair.kubectl("expose", "pod", "nginx", "--port=80", "--target-port=8080", "--name=my-nginx")
    address = pair.kubectl_json("get", "service", "my-nginx")["spec"]["clusterIP"]
    assert address.startswith("10.254.")
    yield address
    pair.kubectl("delete", "pod", "nginx", "--ignore-not-found")
    pair.kubectl("delete", "service", "my-nginx", "--ignore-not-found")


def test_service_by_address_and_name(pair: Cluster, service: str) -> None:
    for name in (service, "my-nginx", "my-nginx.default.svc.cluster.local"):
        eventually(lambda name=name: fetch(pair, f"http://{name}/") == "nginx", deadline=20, wanted=f"the page by {name}")


def test_service_by_environment_variables(pair: Cluster, service: str) -> None:
    """A pod that is started after the service has its address among its variables."""
    checks.apply(pair, checks.pod("finder", labels={"app": "finder"}, spec=checks.web_server("finder")))
    pair.kubectl("wait", "pod", "finder", "--for=condition=Ready", "--timeout=60s")
    ask = 'echo $MY_NGINX_SERVICE_HOST $MY_NGINX_SERVICE_PORT; wget -q -T 5 -O - "http://$MY_NGINX_SERVICE_HOST:$MY_NGINX_SERVICE_PORT/"'
    assert pair.kubectl("exec", "finder", "--", "sh", "-c", ask).split() == [service, "80", "nginx"]
    pair.kubectl("delete", "pod", "finder")


def test_service_is_deleted(pair: Cluster, service: str) -> None:
    assert "my-nginx" in pair.kubectl("get", "services")
    pair.kubectl("delete", "service", "my-nginx")
    assert "my-nginx" not in pair.kubectl("get", "services")
    gone = ["wget", "-q", "-T", "2", "-O", "-", f"http://{service}/"]

    def unanswered() -> bool:
        return pair.lab("kubectl", "exec", checks.probe(MINION), "--", *gone, check=False).returncode != 0

    eventually(unanswered, deadline=20, wanted="no answer from the deleted service's address")


def test_published_port(pair: Cluster) -> None:
    """hostPort, by the portmap plugin: reached from another machine, and closed when the pod is gone."""
    ports = {"ports": [{"containerPort": 8080, "hostPort": PUBLISHED}]}
    checks.apply(pair, checks.pod("published", labels={"app": "published"}, spec=checks.web_server("published", container=ports)))
    pair.kubectl("wait", "pod", "published", "--for=condition=Ready", "--timeout=60s")
    url = f"http://{HOSTS[MINION]}:{PUBLISHED}/"
    eventually(lambda: pair.curl(url, "--fail").stdout.strip() == "published", deadline=20, wanted="the page from outside")
    pair.kubectl("delete", "pod", "published")
    eventually(lambda: pair.curl(url, check=False).returncode != 0, deadline=20, wanted="the port closed again")


def test_port_forward(pair: Cluster) -> None:
    command = lab_command("kubectl", "port-forward", f"pod/{checks.probe(MINION)}", "18080:8080")
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as forward:
        try:
            page = eventually(
                lambda: pair.curl("http://127.0.0.1:18080/", "--fail").stdout.strip(), deadline=20, wanted="the forwarded page"
            )
            assert page == checks.probe(MINION)
        finally:
            forward.terminate()


def test_static_pod(pair: Cluster) -> None:
    """A manifest in the kubelet's directory is run, seen in the API, and stopped with the file."""
    manifest = json.dumps(checks.pod("by-file", labels={"app": "by-file"}, spec=checks.web_server("by-file")))
    pair.lab("exec", MINION, "sh", "-c", f"cat > /root/by-file.json && mv /root/by-file.json {MANIFESTS}/by-file.json", input=manifest)
    name = f"by-file-{MINION}"
    try:
        eventually(lambda: "True" in ready_condition(pair, name), deadline=60, wanted="the static pod Ready")
        assert pair.kubectl_json("get", "pod", name)["metadata"]["ownerReferences"][0]["kind"] == "Node"
    finally:
        pair.on(MINION, f"rm -f {MANIFESTS}/by-file.json")
    eventually(lambda: name not in pair.kubectl("get", "pods", "-o", "name"), deadline=60, wanted="the static pod gone")


def ready_condition(cluster: Cluster, pod: str) -> str:
    return cluster.kubectl("get", "pod", pod, "-o", "jsonpath={.status.conditions[?(@.type=='Ready')].status}")


def test_guestbook(pair: Cluster) -> None:
    checks.guestbook_is_shared(pair, HOSTS, through=MINION)


def test_guestbook_finds_redis_by_environment_variables(pair: Cluster) -> None:
    """The guides' GET_HOSTS_FROM=env: one more frontend, that reads what the others wrote."""
    image = pair.kubectl_json("-n", "guestbook", "get", "deployment", "frontend")["spec"]["template"]["spec"]["containers"][0]["image"]
    pair.kubectl("-n", "guestbook", "run", "by-env", f"--image={image}", "--env=GET_HOSTS_FROM=env", "--restart=Never")
    pair.kubectl("-n", "guestbook", "wait", "pod", "by-env", "--for=condition=Ready", "--timeout=60s")
    service = pair.kubectl_json("-n", "guestbook", "get", "service", "redis-primary")["spec"]["clusterIP"]
    assert f"writing to {service}:6379" in pair.kubectl("-n", "guestbook", "logs", "by-env")
    address = pair.kubectl_json("-n", "guestbook", "get", "pod", "by-env")["status"]["podIP"]
    assert "posted through" in fetch(pair, f"http://{address}:8080/messages?format=json")
    pair.kubectl("-n", "guestbook", "delete", "pod", "by-env", "--now")


def test_names_logs_and_exec(pair: Cluster) -> None:
    checks.names_are_found(pair, HOSTS)
    checks.logs_are_read(pair, HOSTS)


# Pages with commands for a host that has every unit.
PAGES = ("check-health", "read-logs", "firewall", "certificates")


def documented(start: str) -> list[str]:
    """The commands of these pages that begin like this."""
    pages = [(ROOT / "docs" / "tasks" / f"{name}.md").read_text(encoding="utf-8") for name in PAGES]
    commands = [command for page in pages for command in markdown.commands(page) if command.startswith(f"{start} ")]
    assert commands, f"no page has a command {start}"
    return commands


@pytest.mark.parametrize("start", ["journalctl", "systemctl", "firewall-cmd", "chronyc", "docker", "openssl"])
def test_documented_commands_on_hosts(pair: Cluster, start: str) -> None:
    """Each command of these pages runs on the master, which has every unit, and says something."""
    for command in documented(start):
        output = pair.on(MASTER, command)
        assert output.strip() and "-- No entries --" not in output, f"{command} says nothing"


def test_documented_kubectl(pair: Cluster) -> None:
    for command in documented("kubectl"):
        assert pair.on(MASTER, command).strip(), f"{command} says nothing"


def test_documented_snapshot(pair: Cluster) -> None:
    page = (ROOT / "docs" / "tasks" / "back-up.md").read_text(encoding="utf-8")
    commands = [command for command in markdown.commands(page) if "etcd" in command]
    assert len(commands) == 5
    assert "HASH" in pair.on(MASTER, "\n".join(["set -e", *commands]))
    assert pair.on(MASTER, "stat -c %a /root/etcd.snapshot").strip() == "600"


def test_containers_are_the_same_whatever_docker_is(pair: Cluster) -> None:
    """One limit of open files, and one image store, below the directory that cri-dockerd tells the kubelet of."""
    for host in HOSTS:
        assert docker.runs(pair, host) == docker.DEFAULT
        docker.gives_containers_what_the_machine_allows(pair, host)
        docker.keeps_images_below_its_own_directory(pair, host)


@pytest.mark.parametrize("host", HOSTS)
def test_the_journal_is_limited(pair: Cluster, host: str) -> None:
    checks.journal_is_limited(pair, host)


def test_a_minion_is_added(pair: Cluster) -> None:
    """Run last: a line in the inventory, and site.yml again. The others learn its name and let it in; nothing of them is restarted."""
    before = checks.start_times(pair, HOSTS)
    write_hosts(pair.inventory, added=True)
    run = pair.playbook("playbooks/site.yml")
    elsewhere = [(kind, path) for host, kind, _action, path in run.actions() if host in HOSTS and ADDED not in path]
    assert {kind if kind == "firewall" else path for kind, path in elsewhere} == checks.OF_ALL_ADDRESSES
    assert checks.start_times(pair, HOSTS) == before
    assert checks.all_ready(pair, [*HOSTS, ADDED])
    checks.apply(pair, checks.pod("newcomer", labels={"app": "newcomer"}, spec=checks.web_server("newcomer", nodeName=ADDED)))
    pair.kubectl("wait", "pod", "newcomer", "--for=condition=Ready", "--timeout=60s")
    address = pair.kubectl_json("get", "pod", "newcomer")["status"]["podIP"]
    assert fetch(pair, f"http://{address}:8080/") == "newcomer"
    assert "<form" in pair.curl(f"http://{ADDED_ADDRESS}:{checks.GUESTBOOK_PORT}/", "--fail").stdout


def test_logs_are_collected_without_secrets(pair: Cluster, tmp_path: pathlib.Path) -> None:
    known = collecting.plant(pair, MINION) | secrets.on_host(pair, MASTER)
    try:
        texts = collecting.collected(pair, tmp_path)[1]
    finally:
        collecting.pull(pair)
    assert len(known) > 60 and collecting.leaked(texts, known) == []
    assert {"findings.json", "cluster.json", f"hosts/{MASTER}/facts.json", f"hosts/{MASTER}/versions/etcd.txt"} <= set(texts)
    assert (
        "kubelet" in texts[f"hosts/{MINION}/journals/kubelet.service.log"] and '"about": "Pod ' in texts[f"hosts/{MASTER}/api/events.jsonl"]
    )
    hosts = {path.split("/")[1] for path in texts if path.startswith("hosts/")}
    assert f"checks of {len(hosts)} hosts" in texts["findings.txt"]
    assert f"hosts/{MINION}/journals/errors-of-all.log: " in texts["contents.txt"]
    assert "(a line that may hold a secret is left out)" in texts[f"hosts/{MINION}/journals/errors-of-all.log"]


def test_no_secret_is_ever_shown(pair: Cluster) -> None:
    """Run late: in nothing that the runs printed, the installation at the highest verbosity with diffs among it, is a line of a key."""
    needles = secrets.on_controller(pair.inventory) | {needle for host in HOSTS for needle in secrets.on_host(pair, host)}
    assert len(needles) > 30, "keys have been looked for in the wrong place"
    logs = {log: log.read_text(encoding="utf-8") for log in pair.artefacts.glob("*.log")}
    assert any("SSH: EXEC" in text and "+++ after" in text for text in logs.values()), "no log of the wanted verbosity"
    for log, text in logs.items():
        assert "PRIVATE KEY" not in text, log
        shown = [needle[:6] for needle in needles if needle in text]
        assert shown == [], f"{log} holds what begins with {shown}"


def test_etcd_moves_from_the_master_to_the_minion(pair: Cluster) -> None:
    """Run last, since keys go with it: in two runs. The API is away for one restart, nothing that was written is lost, and of the old
    member its data stays."""
    write_hosts(pair.inventory, added=True, etcd=(MASTER, MINION))
    checks.foretold(pair.playbook("playbooks/site.yml", "--check"), pair.playbook("playbooks/site.yml"))
    write_hosts(pair.inventory, added=True, etcd=(MINION,))
    predicted = pair.playbook("playbooks/site.yml", "--check")
    with probed(pair) as seen:
        checks.foretold(predicted, pair.playbook("playbooks/site.yml"))
    began = [record["began"] for record in seen.failed] or [0.0]
    # a restart takes some seconds; from the removal to the master's turn would be far more
    assert max(began) - min(began) <= 6.0, seen.summary(min(began))
    kept = {entry["metadata"]["name"] for entry in pair.kubectl_json("-n", NAMESPACE, "get", "configmaps")["items"]}
    assert len(seen.acknowledged) > 10
    assert seen.acknowledged <= kept
    checks.nothing_changes(pair, (*HOSTS, ADDED))
    members = pair.on(MINION, ". /etc/profile.d/etcdctl.sh; etcdctl member list -w json")
    assert [member["name"] for member in json.loads(members)["members"]] == [MINION]
    assert pair.on(MASTER, "systemctl show -P LoadState etcd").strip() == "not-found"
    assert pair.on(MASTER, "ls -d /etc/etcd /etc/profile.d/etcdctl.sh 2>/dev/null; true") == ""
    assert re.fullmatch(r"member\.discarded-\S+\n", pair.on(MASTER, "ls /var/lib/etcd"))
    assert pair.lab("exec", MASTER, "firewall-cmd", "--query-service=barehost-etcd-peer", check=False).returncode != 0
    assert "is healthy" in pair.playbook("playbooks/health.yml").output
