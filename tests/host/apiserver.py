# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Kubernetes API on loopback, in a network namespace of its own: etcd, the apiserver and the controller manager.

No node joins it, so that it is there in seconds and whatever needs a pod stays pending.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import time
import typing as t

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "lab"))
from barelab import artifacts, releases  # noqa: E402 - found by the line above

SERVER = "https://127.0.0.1:6443"
_STOP_SECONDS = 20


def programs(*names: str, directory: pathlib.Path) -> dict[str, pathlib.Path]:
    """Programs out of the lab's cache, ready to be started."""
    offered = releases.versions()["programs"]
    found = {}
    for release in ("kubernetes", "etcd"):
        version = offered[release][0]
        folder = artifacts.ensure_program(name=release, version=version)
        for artifact in releases.program(release).artifacts(version, releases.architecture()):
            for name in artifact.members.values() or [pathlib.Path(artifact.path).name]:
                if name in names:
                    found[name] = directory / name
                    found[name].write_bytes(artifacts.binary(folder=folder, artifact=artifact, name=name))
                    found[name].chmod(0o755)
    assert set(found) == set(names), f"the lab's cache has only {sorted(found)} of {names}"
    return found


@dataclasses.dataclass(frozen=True)
class Api:
    """How tests reach the API and play on its host."""

    directory: pathlib.Path
    namespace: tuple[str, ...]
    kubectl_program: pathlib.Path

    def kubectl(self, *arguments: str, text: str | None = None) -> str:
        files = [f"--certificate-authority={self.directory}/pki/kubernetes-ca.crt"]
        files += [f"--client-{what}={self.directory}/admin.{ending}" for what, ending in (("certificate", "crt"), ("key", "key"))]
        command = [*self.namespace, str(self.kubectl_program), f"--server={SERVER}", *files, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, input=text, timeout=60).stdout

    def play(self, module: str, options: dict[str, t.Any], *flags: str, server: str = SERVER) -> Outcome:
        """One task in a run of ansible-playbook on the API's host."""
        access = {
            "server": server,
            "ca": f"{self.directory}/pki/kubernetes-ca.crt",
            **{key: f"{self.directory}/admin.{end}" for key, end in (("cert", "crt"), ("key", "key"))},
        }
        result = self.directory / "result.json"
        task = {"name": "Tested", f"barehost.kubernetes.{module}": {**access, **options}, "register": "outcome", "ignore_errors": True}
        keep = {
            "name": "Keep",
            "ansible.builtin.copy": {"content": "{{ outcome | to_json }}", "dest": str(result), "mode": "0600"},
            "check_mode": False,
            "diff": False,
        }
        playbook = self.directory / "play.yml"
        playbook.write_text(yaml.safe_dump([{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task, keep]}]))
        command = [
            *self.namespace,
            "ansible-playbook",
            "-i",
            "localhost,",
            "-e",
            f"ansible_python_interpreter={sys.executable}",
            *flags,
            str(playbook),
        ]
        path = f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=120, env={**os.environ, "PATH": path})
        assert done.returncode == 0, done.stdout + done.stderr
        return Outcome(result=json.loads(result.read_text()), output=done.stdout + done.stderr)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a task returned, and everything that the run printed."""

    result: dict[str, t.Any]
    output: str

    @property
    def actions(self) -> list[tuple[str, str]]:
        return [(action["action"], action["path"]) for action in self.result["actions"]]


@contextlib.contextmanager
def running(directory: pathlib.Path) -> t.Iterator[Api]:
    """Starts everything, and ends exactly that."""
    with contextlib.ExitStack() as stack:
        holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec sleep infinity"], stdout=subprocess.PIPE
        )
        stack.callback(_stop, holder)
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"up\n", "the network namespace could not be made"
        found = programs("etcd", "kube-apiserver", "kube-controller-manager", "kubectl", directory=directory)
        namespace = ("nsenter", f"--net=/proc/{holder.pid}/ns/net")
        _make_pki(directory)
        for name, flags in _flags(directory).items():
            log = stack.enter_context((directory / f"{name}.log").open("wb"))
            stack.callback(_stop, subprocess.Popen([*namespace, str(found[name]), *flags], stdout=log, stderr=log, cwd=directory))
        api = Api(directory=directory, namespace=namespace, kubectl_program=found["kubectl"])
        _wait_until_led(api)
        yield api


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until_led(api: Api) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            if api.kubectl("-n", "kube-system", "get", "lease", "kube-controller-manager", "-o", "name"):
                return
        except subprocess.CalledProcessError as error:
            if time.monotonic() > end:
                logs = "\n".join((api.directory / f"{name}.log").read_text()[-1500:] for name in _flags(api.directory))
                raise AssertionError(f"the API did not start: {error.stderr}\n{logs}") from error
        time.sleep(0.3)


def _flags(directory: pathlib.Path) -> dict[str, list[str]]:
    pki = directory / "pki"
    return {
        "etcd": [
            f"--data-dir={directory}/etcd-data",
            "--unsafe-no-fsync",
            *(f"--{place}=http://127.0.0.1:{port}" for place, port in _ETCD_ADDRESSES),
        ],
        "kube-apiserver": [
            "--etcd-servers=http://127.0.0.1:2379",
            "--bind-address=127.0.0.1",
            "--advertise-address=192.0.2.1",
            "--service-cluster-ip-range=10.254.0.0/16",
            f"--tls-cert-file={directory}/server.crt",
            f"--tls-private-key-file={directory}/server.key",
            f"--client-ca-file={pki}/kubernetes-ca.crt",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={pki}/service-account.pub",
            f"--service-account-signing-key-file={pki}/service-account.key",
            "--authorization-mode=RBAC",
            "--shutdown-watch-termination-grace-period=1s",
        ],
        "kube-controller-manager": [
            f"--kubeconfig={directory}/manager.kubeconfig",
            f"--root-ca-file={pki}/kubernetes-ca.crt",
            f"--service-account-private-key-file={pki}/service-account.key",
            "--use-service-account-credentials",
        ],
    }


_ETCD_ADDRESSES = (
    ("listen-client-urls", 2379),
    ("advertise-client-urls", 2379),
    ("listen-peer-urls", 2380),
)


def _make_pki(directory: pathlib.Path) -> None:
    pki = Pki(directory / "pki")
    pki.read("service-account.key")
    pki.read("service-account.pub")
    _leaf(pki, directory, "server", common_name="kube-apiserver", ips=["127.0.0.1"], usages=["server"])
    _leaf(pki, directory, "admin", common_name="admin", organizations=["system:masters"])
    _leaf(pki, directory, "nobody", common_name="nobody")
    manager = "system:kube-controller-manager"
    _leaf(pki, directory, "manager", common_name=manager)
    user = {"client-certificate": f"{directory}/manager.crt", "client-key": f"{directory}/manager.key"}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": SERVER, "certificate-authority": f"{directory}/pki/kubernetes-ca.crt"}}],
        "users": [{"name": manager, "user": user}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": manager}}],
        "current-context": "c",
    }
    (directory / "manager.kubeconfig").write_text(yaml.safe_dump(config))


def _leaf(pki: Pki, directory: pathlib.Path, name: str, **wanted: t.Any) -> None:
    item = {"name": name, "authority": "kubernetes", "usages": ["client"], "days": 2, "renew_before_days": 1, **wanted}
    key = certs.new_key()
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    certificate = pki.sign("kubernetes", request.public_bytes(serialization.Encoding.PEM).decode(), item)
    (directory / f"{name}.crt").write_text(certificate)
    key_file = directory / f"{name}.key"
    key_file.touch(mode=0o600)
    key_file.write_text(certs.private_pem(key))
