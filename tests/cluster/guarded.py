# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods that are refused, events that are limited and reads of Secrets that are written down, as variables of the role master ask for."""

from __future__ import annotations

import json
import typing as t

import yaml

from . import checks
from .driver import Cluster

FILE = "/etc/kubernetes/admission-config.yaml"
BURST = 5
VARIABLES = {
    "master_pod_security": {"defaults": {"enforce": "baseline", "warn": "restricted"}, "exemptions": {"namespaces": ["exempt"]}},
    "master_event_rate_limits": [{"type": "Namespace", "qps": 1, "burst": BURST}],
    "master_audit_secret_reads": True,
}
_AUDIT_LOG = "/var/log/kubernetes/audit.log"


def ask(cluster: Cluster) -> None:
    """The variables into the inventory."""
    settings = cluster.inventory / "group_vars" / "all" / "guarded.yml"
    settings.write_text(yaml.safe_dump(VARIABLES), encoding="utf-8")


def take_back(cluster: Cluster) -> None:
    (cluster.inventory / "group_vars" / "all" / "guarded.yml").unlink()


def converged_as_foretold(cluster: Cluster) -> None:
    """site.yml, which restarts the apiserver and nothing else."""
    predicted = cluster.playbook("playbooks/site.yml", "--check")
    done = cluster.playbook("playbooks/site.yml")
    checks.foretold(predicted, done)
    of_units = [action[2:] for action in done.actions() if action[1] == "unit"]
    assert of_units == [("restart", "kube-apiserver.service")]


def has_file_and_flags(cluster: Cluster, host: str) -> tuple[bool, bool, bool]:
    """Whether there is the file, and whether the apiserver runs with its flag and with the plugin that limits events."""
    flags = cluster.on(host, "tr '\\0' '\\n' < /proc/$(systemctl show --property MainPID --value kube-apiserver.service)/cmdline")
    there = cluster.on(host, f"test -e {FILE} && echo there; true") != ""
    return there, f"--admission-control-config-file={FILE}" in flags.splitlines(), "EventRateLimit" in flags


def privileged_pod(cluster: Cluster, namespace: str) -> str:
    """What the apiserver says to one in a namespace; nothing is made."""
    spec = checks.web_server("probe", container={"securityContext": {"privileged": True}})
    manifest = checks.pod("privileged", labels={}, spec=spec)
    done = cluster.lab(
        "kubectl", "--namespace", namespace, "create", "--dry-run=server", "-f", "-", input=json.dumps(manifest), check=False
    )
    return done.stdout + done.stderr


def events(cluster: Cluster, namespace: str, name: str, *, group: str = "") -> tuple[int, str]:
    """How many of three times the burst are taken at once, and what is said to the others."""
    entries = [_event(namespace, f"{name}-{number}", group=group) for number in range(3 * BURST)]
    manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": entries})
    done = cluster.lab("kubectl", "create", "-f", "-", input=manifest, check=False)
    return len(done.stdout.splitlines()), done.stderr


def _event(namespace: str, name: str, *, group: str) -> dict[str, t.Any]:
    common = {"kind": "Event", "metadata": {"name": name, "namespace": namespace}, "type": "Normal", "reason": "Test"}
    about = {"kind": "Namespace", "name": namespace, "namespace": namespace, "apiVersion": "v1"}
    if group:
        own = {"regarding": about, "action": "Test", "reportingController": "example.com/test", "reportingInstance": "test"}
        return {**common, **own, "apiVersion": f"{group}/v1", "eventTime": "2026-11-30T00:00:00.000000Z"}
    return {**common, "apiVersion": "v1", "involvedObject": about, "source": {"component": "test"}}


def is_written_down(cluster: Cluster, host: str, secret: str) -> bool:
    """Whether the audit log has that the node asked for a Secret, which is not for it."""
    denied = cluster.on(host, f"kubectl --kubeconfig /etc/kubernetes/kubelet.kubeconfig get secret {secret} 2>&1; true")
    assert "Forbidden" in denied
    lines = cluster.on(host, f'grep -F \'"name":"{secret}"\' {_AUDIT_LOG}; true').splitlines()
    entries = [json.loads(line) for line in lines]
    return any(entry["user"]["username"] == f"system:node:{host}" and entry["level"] == "Metadata" for entry in entries)
