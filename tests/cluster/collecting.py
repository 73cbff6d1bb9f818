# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives of collect-logs.yml: what is in one, and that no secret of the cluster is."""

from __future__ import annotations

import base64
import pathlib
import stat
import tarfile

from . import checks, secrets
from .driver import Cluster, PlaybookRun

PASSWORD = "correct-horse-battery-staple"


def collected(cluster: Cluster, directory: pathlib.Path, *options: str) -> tuple[PlaybookRun, dict[str, str]]:
    """A run, which changes nothing, and the texts of its archive by their names below the folder in it."""
    path = directory / "logs.tar.gz"
    path.unlink(missing_ok=True)
    done = cluster.playbook("playbooks/collect-logs.yml", "-e", f"collect_logs_file={path}", *options)
    assert done.changed == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with tarfile.open(path) as tar:
        texts = {member.name.partition("/")[2]: read(tar, member) for member in tar}
    listed = texts["contents.txt"]
    assert [name for name in texts if name != "contents.txt" and f"{name}: " not in listed] == []
    return done, texts


def read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    file = tar.extractfile(member)
    assert file is not None and member.mode == 0o600
    return file.read().decode()


def plant(cluster: Cluster, host: str) -> set[str]:
    """Puts secrets where a careless collector would take them: journals, a pod, a Secret. Returns those and all others of the cluster."""
    cluster.kubectl("create", "secret", "generic", "planted", f"--from-literal=password={PASSWORD}")
    reference = {"secretKeyRef": {"name": "planted", "key": "password"}}
    environment = [{"name": "PASSWORD", "value": PASSWORD}, {"name": "B", "valueFrom": reference}]
    spec = checks.web_server("planted", container={"env": environment, "args": [PASSWORD]})
    checks.apply(cluster, checks.pod("planted", labels={"app": "planted"}, spec=spec))
    token = cluster.kubectl("create", "token", "default").strip()
    key = cluster.on(host, "cat /etc/kubernetes/pki/kubelet.key")
    said = [
        f"the token is {token}",
        f"Authorization: Bearer {token}",
        f"password={PASSWORD}",
        f"https://user:{PASSWORD}@registry.example.com",
        *key.splitlines(),
    ]
    cluster.lab("exec", host, "systemd-cat", "--priority=err", "--identifier=careless", input="\n".join(said) + "\n")
    encoded = base64.b64encode(PASSWORD.encode()).decode()
    known = {PASSWORD, encoded, *token.split(".")[1:]} | secrets.of_text(key)
    return known | secrets.on_host(cluster, host) | secrets.on_controller(cluster.inventory)


def pull(cluster: Cluster) -> None:
    cluster.kubectl("delete", "pod", "planted", "--ignore-not-found", "--grace-period=0", "--force")
    cluster.kubectl("delete", "secret", "planted", "--ignore-not-found")


def leaked(texts: dict[str, str], known: set[str]) -> list[tuple[str, str]]:
    """Where which secret begins how."""
    return [(name, secret[:6]) for name, text in texts.items() for secret in known if secret in text]
