# SPDX-License-Identifier: GPL-3.0-or-later
"""What is looked at on more than one set-up."""

from __future__ import annotations

import collections.abc
import json
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import releases, version_table

from .driver import Cluster, PlaybookRun, eventually

CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
ON_MASTERS = (*CONTROL_PLANE, "kube-apiserver-liveness")
NODE = ("docker", "cri-docker", "kubelet", "kube-proxy", "flanneld")
UNITS = (*ON_MASTERS, *NODE, "chronyd", "firewalld")
BALANCER = ("haproxy", "nginx", "check-apiservers", "keepalived")
# What other hosts change where one comes or goes, and restarts nothing: names, sets of addresses, and the rules for what pods send.
OF_ALL_ADDRESSES = {"/etc/hosts", "firewall", "/etc/barehost/packet-filter.nft", "barehost-packet-filter.service"}
# On a node: what makes rules of the kernel again, and so might leave a gap.
MAKES_RULES_ANEW = (
    "firewall-cmd --reload",
    "firewall-cmd --complete-reload",
    *(f"systemctl restart {unit}" for unit in ("firewalld", "docker", "kube-proxy", "flanneld")),
    "systemctl reload barehost-packet-filter.service",
)
VERSION = "v1.37.1"
REGISTRY = "192.168.200.1:5000"
BUSYBOX = f"{REGISTRY}/busybox:1.37"
GUESTBOOK_PORT = 30001


def start_times(cluster: Cluster, hosts: collections.abc.Iterable[str]) -> dict[str, str]:
    """When each unit was started and with which process, on every host."""
    units = " ".join(f"{unit}.service" for unit in (*UNITS, *BALANCER, "systemd-journald"))
    show = f"systemctl show -p Id,MainPID,ExecMainStartTimestampMonotonic,InvocationID {units}"
    return {host: cluster.on(host, show) for host in hosts}


def all_ready(cluster: Cluster, hosts: collections.abc.Iterable[str], *, of: collections.abc.Container[str] | None = None) -> bool:
    """Whether the nodes of the cluster (of these of it) are exactly the hosts, all Ready."""
    nodes = [node for node in cluster.kubectl_json("get", "nodes")["items"] if of is None or node["metadata"]["name"] in of]
    conditions = {
        node["metadata"]["name"]: {entry["type"]: entry["status"] for entry in node["status"]["conditions"]}.get("Ready") for node in nodes
    }
    return conditions == dict.fromkeys(hosts, "True")


def foretold(predicted: PlaybookRun, done: PlaybookRun, *, but: str = "") -> None:
    """What check mode said is exactly what was then done, ``but`` for actions of a kind that nobody can foretell."""
    said, made = ([action for action in run.actions_by_task() if action[2] != but] for run in (predicted, done))
    assert [action for action in said if action not in made] == [], "foretold, but not done"
    assert [action for action in made if action not in said] == [], "done, but not foretold"
    assert said == made


def install(cluster: Cluster, *arguments: str) -> PlaybookRun:
    """site.yml on bare hosts, check mode first, which foretells all of it."""
    predicted = cluster.playbook("playbooks/site.yml", "--check", "--diff")
    assert predicted.changed
    done = cluster.playbook("playbooks/site.yml", *arguments)
    foretold(predicted, done)
    return done


def nothing_changes(cluster: Cluster, hosts: collections.abc.Collection[str], *arguments: str) -> None:
    """site.yml again, with these arguments: something is looked at, nothing is changed, no process started anew."""
    before = start_times(cluster, hosts)
    again = cluster.playbook("playbooks/site.yml", *arguments)
    assert [result for result in again.results if _looks(result["task"]) and result["outcome"] == "ok"]
    assert [(result["host"], result["task"], result["actions"]) for result in again.changed] == []
    assert start_times(cluster, hosts) == before


def other_builds_are_refused(cluster: Cluster, host: str) -> None:
    """The lab's mirror has builds of its own. Without the variable that says so, pins hold for it as for every other mirror."""
    look = "readlink /usr/local/bin/*; ls -a /usr/local/bin"
    before, programs = start_times(cluster, [host]), cluster.on(host, look)
    run = cluster.playbook("playbooks/site.yml", "-e", "cluster_mirror_own_builds=false", check=False)
    assert run.returncode == 2
    output = " ".join(run.output.split())
    minor = version_table.MINORS[".".join(version_table.DEFAULT_KUBERNETES.split(".")[:2])]
    pin = releases.pin("etcd", minor.programs["etcd"].default, "amd64")
    assert pin
    assert f"wrong checksum. Wanted sha256 {pin}, the " in output
    assert "set cluster_mirror_own_builds: true, or give their digests in cluster_checksums" in output
    assert start_times(cluster, [host]) == before
    assert cluster.on(host, look) == programs
    nothing_changes(cluster, [host])


def survey_and_roles_agree(cluster: Cluster, host: str) -> None:
    """A run with a survey does what a run without one does, while something is wrong on one host of many."""
    cluster.on(host, "echo '# drift' >> /etc/sysctl.d/zz-barehost.conf && systemctl stop chronyd && chmod 0600 /etc/barehost/cluster.json")
    alone = cluster.playbook("playbooks/site.yml", "--check", "-e", "site_survey=false").actions()
    assert {action[0] for action in alone} == {host}
    assert cluster.playbook("playbooks/site.yml", "--check").actions() == alone
    assert cluster.playbook("playbooks/site.yml").actions() == alone
    assert cluster.playbook("playbooks/site.yml", "-e", "site_survey=false").actions() == []


def _looks(task: str) -> bool:
    """Whether a task looks at a host: the survey at all of it, others at one component."""
    return "Survey the host" in task or "Converge" in task


def guestbook_is_shared(cluster: Cluster, addresses: collections.abc.Mapping[str, str], *, through: str) -> None:
    """A message posted through one node is read through each."""
    message = f"posted through {through}"
    cluster.curl(f"http://{addresses[through]}:{GUESTBOOK_PORT}/messages", "--fail", "--data-urlencode", f"message={message}")
    for host, address in addresses.items():
        page = cluster.curl(f"http://{address}:{GUESTBOOK_PORT}/", "--fail").stdout
        assert "<form" in page, f"{host} serves no page to post from"
        eventually(
            lambda address=address: message in cluster.curl(f"http://{address}:{GUESTBOOK_PORT}/messages?format=json", "--fail").stdout,
            deadline=20,
            wanted=f"the message read through {host}",
        )


def web_server(name: str, **options: t.Any) -> dict[str, t.Any]:
    """The specification of a pod that serves its own name on port 8080; options go beside its container, or, `container`, into it."""
    serve = "echo $HOSTNAME > /tmp/index.html; echo serving; exec httpd -f -p 8080 -h /tmp"
    container = {"name": name, "image": BUSYBOX, "command": ["sh", "-c", serve], **options.pop("container", {})}
    return {"terminationGracePeriodSeconds": 0, "containers": [container], **options}


def pod(name: str, *, labels: dict[str, str], spec: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec}


def apply(cluster: Cluster, *manifests: dict[str, t.Any]) -> None:
    cluster.kubectl("apply", "-f", "-", input=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(manifests)}))


def probe(host: str) -> str:
    """The name of the web server's pod on a node."""
    return f"probe-{host.replace('.', '-')}"


def start_probes(cluster: Cluster, hosts: collections.abc.Iterable[str]) -> dict[str, str]:
    """A web server on every node, the masters too: the addresses of the pods by node."""
    apply(cluster, *(pod(probe(host), labels={"app": "probe"}, spec=web_server("probe", nodeName=host)) for host in hosts))
    cluster.kubectl("wait", "pod", "-l", "app=probe", "--for=condition=Ready", "--timeout=60s")
    pods = cluster.kubectl_json("get", "pods", "-l", "app=probe")["items"]
    return {entry["spec"]["nodeName"]: entry["status"]["podIP"] for entry in pods}


def names_are_found(cluster: Cluster, hosts: collections.abc.Iterable[str]) -> None:
    """The probe of every node finds a service by its name."""
    service = cluster.kubectl_json("-n", "guestbook", "get", "service", "redis-primary")
    for host in hosts:
        answer = in_probe(cluster, host, "nslookup", "redis-primary.guestbook.svc.cluster.local")
        assert service["spec"]["clusterIP"] in answer


def logs_are_read(cluster: Cluster, hosts: collections.abc.Iterable[str]) -> None:
    assert "Ready to accept connections" in cluster.kubectl("-n", "guestbook", "logs", "deploy/redis-primary")
    for host in hosts:
        assert cluster.kubectl("logs", probe(host)).strip() == "serving"


def in_probe(cluster: Cluster, host: str, *command: str) -> str:
    return cluster.kubectl("exec", probe(host), "--", *command)


def running_units(cluster: Cluster, host: str, units: collections.abc.Iterable[str]) -> int:
    """What the guide counts: systemctl status … | grep running."""
    return int(cluster.on(host, f"systemctl status --no-pager {' '.join(units)} | grep '(running)' | wc -l"))


def journal_is_limited(cluster: Cluster, host: str) -> None:
    """The journal is on disk, and journald says itself how much it may take."""
    cluster.on(host, "test -d /var/log/journal")
    header = cluster.on(host, "journalctl --no-pager -o cat -u systemd-journald MESSAGE_ID=ec387f577b844b8fa948f33cad9a75e6 | tail -n 1")
    assert header.startswith("System Journal (/var/log/journal/"), header
    assert "max 1G" in header, header


def exposures(cluster: Cluster, host: str, *units: str) -> dict[str, float]:
    """How much each of these units may do, as systemd rates it: from 0.0, nothing, to 10.0, everything."""
    listed = json.loads(cluster.on(host, "systemd-analyze security --no-pager --json=short"))
    found = {entry["unit"].removesuffix(".service"): float(entry["exposure"]) for entry in listed}
    return {unit: found[unit] for unit in units}
