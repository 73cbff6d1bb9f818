# SPDX-License-Identifier: GPL-3.0-or-later
"""A probe of the API beside a test, and what it saw."""

from __future__ import annotations

import base64
import collections.abc
import contextlib
import dataclasses
import itertools
import json
import pathlib
import subprocess
import sys
import time
import typing as t

import yaml

from .driver import ROOT, Cluster, lab_command

SCRIPT = pathlib.Path(__file__).with_name("api_probe.py")
NAMESPACE = "probe"
# The probe's own start, and the rest of what it has begun.
SETTLE = 2.0


@dataclasses.dataclass
class Seen:
    """What became of every request; complete when the probe has ended."""

    reads: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    writes: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)

    @property
    def failed(self) -> list[dict[str, t.Any]]:
        return [record for record in (*self.reads, *self.writes) if record["fault"] is not None]

    @property
    def acknowledged(self) -> set[str]:
        return {record["name"] for record in self.writes if record["fault"] is None}

    def gaps(self, *, longer_than: float = 1.0) -> list[tuple[float, float]]:
        """Each time without an answer to a read: when it began, and how many seconds it took. What hangs is no answer."""
        answered = sorted(record["ended"] for record in self.reads if record["fault"] is None)
        return [(before, after - before) for before, after in itertools.pairwise(answered) if after - before > longer_than]

    def errors_end(self, event: float) -> float:
        """How long after the event the last request began that failed; 0 if none did."""
        return max((record["began"] - event for record in self.failed if record["ended"] >= event), default=0.0)

    def writes_after(self, event: float) -> list[dict[str, t.Any]]:
        return [record for record in self.writes if record["began"] >= event and record["fault"] is None]

    def summary(self, event: float | None = None) -> str:
        """For a failed assertion, and for the record of a run."""
        text = f"{len(self.reads)} reads, {len(self.writes)} writes, {len(self.failed)} failed"
        if event is not None:
            text += f", the last of these began {self.errors_end(event):.1f} s after the event"
        text += "".join(f"\naway for {seconds:.1f} s" for _began, seconds in self.gaps())
        faults = [f"{record['began'] - (event or 0):.1f}: {record['fault']}" for record in self.failed[:10]]
        return "\n".join([text, *faults])


@contextlib.contextmanager
def probed(cluster: Cluster) -> collections.abc.Iterator[Seen]:
    """Reads and writes through the endpoint of the administrator's kubeconfig, from another machine."""
    cluster.kubectl("create", "namespace", NAMESPACE, check=False)
    options = {**_client(cluster), "path": "/api/v1/namespaces/default", "namespace": NAMESPACE}
    with _running(lab_command("run", sys.executable, str(SCRIPT), json.dumps(options)), folder=cluster.artefacts) as seen:
        yield seen


@contextlib.contextmanager
def probed_status(cluster: Cluster, path: str, *fields: str) -> collections.abc.Iterator[Seen]:
    """Reads an object, and records these fields of its status."""
    options = {**_client(cluster), "path": path, "fields": fields}
    with _running(lab_command("run", sys.executable, str(SCRIPT), json.dumps(options)), folder=cluster.artefacts) as seen:
        yield seen


@contextlib.contextmanager
def probed_on_node(cluster: Cluster, host: str, *, server: str) -> collections.abc.Iterator[Seen]:
    """Reads as the kubelet of a node does, from there."""
    pki = "/etc/kubernetes/pki"
    options = {"server": server, "ca": f"{pki}/ca.crt", "cert": f"{pki}/kubelet.crt", "key": f"{pki}/kubelet.key"}
    options["path"] = f"/api/v1/nodes/{host}"
    cluster.lab("exec", host, "sh", "-c", "cat > /run/api_probe.py", input=SCRIPT.read_text(encoding="utf-8"))
    with _running(lab_command("exec", host, "python3", "/run/api_probe.py", json.dumps(options)), folder=cluster.artefacts) as seen:
        yield seen


@contextlib.contextmanager
def probed_page(cluster: Cluster, server: str) -> collections.abc.Iterator[Seen]:
    """Reads a page without TLS, from another machine."""
    options = json.dumps({"server": server, "path": "/"})
    with _running(lab_command("run", sys.executable, str(SCRIPT), options), folder=cluster.artefacts) as seen:
        yield seen


@contextlib.contextmanager
def probed_in_pod(cluster: Cluster, host: str, pod: str) -> collections.abc.Iterator[Seen]:
    """Reads as a pod of the namespace default does: from its network, with the token and the authorities that it has at that moment."""
    uid = cluster.kubectl_json("get", "pod", pod)["metadata"]["uid"]
    volumes = f"/var/lib/kubelet/pods/{uid}/volumes/kubernetes.io~projected"
    (volume,) = cluster.on(host, f"ls -d {volumes}/kube-api-access-*").split()
    container = cluster.on(host, f"docker ps -q --filter label=io.kubernetes.pod.uid={uid} --filter label=io.kubernetes.container.name=POD")
    process = cluster.on(host, f"docker inspect -f '{{{{.State.Pid}}}}' {container.strip()}").strip()
    address = cluster.kubectl_json("get", "service", "kubernetes")["spec"]["clusterIP"]
    options = {"server": f"https://{address}:443", "ca": f"{volume}/ca.crt", "token": f"{volume}/token", "path": "/api"}
    cluster.lab("exec", host, "sh", "-c", "cat > /run/api_probe.py", input=SCRIPT.read_text(encoding="utf-8"))
    command = lab_command("exec", host, "nsenter", "-t", process, "-n", "python3", "/run/api_probe.py", json.dumps(options))
    with _running(command, folder=cluster.artefacts) as seen:
        yield seen


@contextlib.contextmanager
def probed_page_at_several(cluster: Cluster, *addresses: str) -> collections.abc.Iterator[Seen]:
    """Asks for a page from another machine, at the first of the addresses that accepts a connection."""
    program = SCRIPT.with_name("page_probe.py")
    with _running(lab_command("run", sys.executable, str(program), *addresses), folder=cluster.artefacts) as seen:
        yield seen


@contextlib.contextmanager
def _running(command: list[str], *, folder: pathlib.Path) -> collections.abc.Iterator[Seen]:
    seen = Seen()
    probe = subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        time.sleep(SETTLE)
        yield seen
        time.sleep(SETTLE)
        output, errors = probe.communicate("", timeout=60)
        assert probe.returncode == 0, errors[-2000:]
        found = json.loads(output)
        seen.reads, seen.writes = found["reads"], found["writes"]
        (folder / f"probe-{time.time_ns()}.json").write_text(output, encoding="utf-8")
    finally:
        probe.kill()
        probe.wait()


def _client(cluster: Cluster) -> dict[str, str]:
    """Server, authority, certificate and key of the kubeconfig, as files."""
    config = yaml.safe_load((cluster.inventory / "kubeconfig").read_text(encoding="utf-8"))
    context = next(entry["context"] for entry in config["contexts"] if entry["name"] == config["current-context"])
    server = next(entry["cluster"] for entry in config["clusters"] if entry["name"] == context["cluster"])
    user = config["users"][0]["user"]
    texts = {"ca": server["certificate-authority-data"], "cert": user["client-certificate-data"], "key": user["client-key-data"]}
    paths = {name: cluster.artefacts / f"probe.{name}" for name in texts}
    for name, path in paths.items():
        content = base64.b64decode(texts[name])
        # another probe may be reading them
        if not path.exists() or path.read_bytes() != content:
            path.touch(mode=0o600)
            path.write_bytes(content)
    return {"server": server["server"], **{name: str(path) for name, path in paths.items()}}
