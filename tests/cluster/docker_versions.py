# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster does with one version of Docker: streams, names, published ports, limits, and containers that outlive its daemons."""

from __future__ import annotations

import collections.abc
import json
import subprocess

from . import checks
from .driver import ROOT, Cluster, eventually, lab_command  # its import lets the lab's own code be found

# isort: split
from barelab import offers
from barelab.releases import versions

# As the lab has them, the newest first.
ALL: list[str] = versions()["programs"]["docker"]
# That of a lab that is not asked.
DEFAULT = offers.newest(offers.wanted([]), "docker")


def wanted(cluster: Cluster, version: str) -> None:
    """The inventory asks for this version from now on."""
    file = cluster.inventory / "group_vars" / "all" / "docker.yml"
    file.write_text(f"cluster_docker_version: {version}\n", encoding="utf-8")


def runs(cluster: Cluster, host: str) -> str:
    """The version that the daemon tells, which is that of the packages and of the client."""
    told = json.loads(cluster.on(host, "docker version --format '{{json .}}'"))
    packages = cluster.on(host, "rpm -q --queryformat '%{VERSION} ' docker-ce docker-ce-cli").split()
    assert {told["Client"]["Version"].partition("+")[0], *packages} == {told["Server"]["Version"].partition("+")[0]}
    return packages[0]


def containers(cluster: Cluster, host: str) -> dict[str, str]:
    """What runs: the identity of each container, and the process and the time that it was started with."""
    form = "{{.Id}} {{.State.Pid}} {{.State.StartedAt}} {{.State.Running}}"
    lines = cluster.on(host, f"docker ps --quiet --no-trunc | xargs docker inspect --format '{form}'").splitlines()
    return dict(line.split(" ", 1) for line in lines)


def streams_work(cluster: Cluster, host: str) -> None:
    """exec, attach, logs and port-forward, each of them a connection that cri-dockerd hands on."""
    pod = checks.probe(host)
    assert cluster.kubectl("exec", pod, "--", "hostname").strip() == pod
    assert cluster.kubectl("exec", "-i", pod, "--", "cat", input="through exec\n") == "through exec\n"
    assert cluster.kubectl("logs", pod).strip() == "serving"
    attached(cluster, host)
    forward = lab_command("kubectl", "port-forward", f"pod/{pod}", "18081:8080")
    with subprocess.Popen(forward, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            found = eventually(lambda: cluster.curl("http://127.0.0.1:18081/", "--fail").stdout.strip(), deadline=20, wanted="the page")
            assert found == pod
        finally:
            running.terminate()


def attached(cluster: Cluster, host: str) -> None:
    """A pod reads a line from who is attached to it, answers and ends."""
    line = {"command": ["sh", "-c", "read line; echo heard $line"], "stdin": True, "stdinOnce": True}
    spec = checks.web_server("listener", nodeName=host, restartPolicy="Never", container=line)
    checks.apply(cluster, checks.pod("listener", labels={"app": "listener"}, spec=spec))
    try:
        cluster.kubectl("wait", "pod", "listener", "--for=condition=Ready", "--timeout=60s")
        said = cluster.kubectl("attach", "-i", "listener", input="attach\n")
        assert "heard attach" in said + cluster.kubectl("logs", "listener")
        cluster.kubectl("wait", "pod", "listener", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=30s")
    finally:
        cluster.kubectl("delete", "pod", "listener", "--ignore-not-found")


def outlive(cluster: Cluster, hosts: collections.abc.Collection[str], restart: collections.abc.Callable[[], object]) -> None:
    """All containers are there after something that restarts Docker, as the same processes, and can be spoken to."""
    before = {host: containers(cluster, host) for host in hosts}
    assert all(before.values())
    restart()
    for host, found in before.items():
        eventually(lambda host=host: cluster.on(host, "docker version >/dev/null && echo up"), deadline=60, wanted="Docker answers")
        after = containers(cluster, host)
        assert {name: after.get(name) for name in found} == found
        eventually(
            lambda host=host: cluster.kubectl("exec", checks.probe(host), "--", "echo", "hello").strip() == "hello",
            deadline=60,
            wanted=f"exec on {host}",
        )
    eventually(lambda: checks.all_ready(cluster, hosts, of=set(hosts)), deadline=60, wanted="all nodes Ready")


def keeps_images_below_its_own_directory(cluster: Cluster, host: str) -> None:
    """Where cri-dockerd measures what images take, for the kubelet: not in containerd's directory, as Docker 29 left to itself."""
    told = json.loads(cluster.on(host, "docker info --format '{{json .}}'"))
    assert (told["DockerRootDir"], told["Driver"]) == ("/var/lib/docker", "overlay2")
    assert "io.containerd.snapshotter.v1" not in json.dumps(told["DriverStatus"])
    assert cluster.on(host, "ls /var/lib/docker/image").split() == [told["Driver"]]
    layers, elsewhere = (int(cluster.on(host, f"du -sm {path}").split()[0]) for path in ("/var/lib/docker", "/var/lib/containerd"))
    assert elsewhere < 5 < layers


def gives_containers_what_the_machine_allows(cluster: Cluster, host: str) -> None:
    """Docker asks for the same on every node. The machine of a lab does not grant more than it has itself."""
    asked = cluster.on(host, "docker ps --quiet | xargs docker inspect --format '{{json .HostConfig.Ulimits}}' | sort -u")
    assert json.loads(asked) == [{"Name": "nofile", "Soft": 1048576, "Hard": 1048576}]
    most = min(1048576, int(cluster.on(host, "grep 'open files' /proc/$(pidof containerd)/limits").split()[4]))
    assert cluster.kubectl("exec", checks.probe(host), "--", "sh", "-c", "ulimit -Sn; ulimit -Hn").split() == [str(most), str(most)]
