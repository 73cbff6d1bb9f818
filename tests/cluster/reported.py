# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of report.yml and the screen of status.yml, on hosts that are at hand."""

from __future__ import annotations

import pathlib
import re

from . import checks, listed_certificates
from .driver import Cluster, PlaybookRun, eventually

APISERVER = "kube-apiserver.service"


def page_and_screen_tell(cluster: Cluster, host: str, directory: pathlib.Path) -> None:
    """While all is well, and while the API is down. Nothing of the host is another one afterwards."""
    before = listed_certificates.state_of_files(cluster, host)
    _what_runs(cluster, host, directory)
    _what_is_down(cluster, host, directory)
    assert listed_certificates.state_of_files(cluster, host) == before


def _told(cluster: Cluster, directory: pathlib.Path) -> tuple[PlaybookRun, PlaybookRun, str]:
    """What both playbooks say, and the page. Neither changes anything."""
    page = directory / "cluster.html"
    status = cluster.playbook("playbooks/status.yml", check=False)
    report = cluster.playbook("playbooks/report.yml", "-e", f"report_html={page}", check=False)
    assert status.changed == report.changed == []
    assert page.stat().st_mode & 0o777 == 0o600
    assert f"The page: {page}" in report.output
    return status, report, page.read_text(encoding="utf-8")


def _what_runs(cluster: Cluster, host: str, directory: pathlib.Path) -> None:
    cluster.on(host, "systemctl reset-failed")
    status, report, page = _told(cluster, directory)
    print(status.output[-3000:], f"{status.seconds:.1f} s, {report.seconds:.1f} s, {len(page)} characters")
    nodes = len(_nodes(cluster))
    for run in (status, report):
        # a machine with much else to do may make a finding of it
        assert run.returncode == (2 if re.search(r"\d+ errors?[,:]", run.output) else 0)
        assert re.search(rf"ok +API +https://\S+; 1 of 1 ready; leaders: controller-manager: {host}, scheduler: {host}", run.output)
        assert re.search(rf"ok +etcd +1 of 1 members serve; leader: {host}", run.output)
        assert re.search(rf"ok +nodes +{nodes} of {nodes} ready; {_pods(cluster)} pods", run.output)
    version = cluster.kubectl_json("version")["serverVersion"]["gitVersion"].removeprefix("v")
    assert f"<li>{version} on 1 host</li>" in page
    for path in cluster.on(host, "find /etc/kubernetes/pki /etc/etcd/pki -name '*.crt'").split():
        assert path in page
    _tells_no_secret(cluster, host, page)


def _nodes(cluster: Cluster) -> list[str]:
    return [str(node["metadata"]["name"]) for node in cluster.kubectl_json("get", "nodes")["items"]]


def _pods(cluster: Cluster) -> int:
    """Those that have not ended."""
    phases = [pod["status"]["phase"] for pod in cluster.kubectl_json("get", "pods", "--all-namespaces")["items"]]
    return sum(phase not in ("Succeeded", "Failed") for phase in phases)


def _what_is_down(cluster: Cluster, host: str, directory: pathlib.Path) -> None:
    names = _nodes(cluster)
    cluster.on(host, f"systemctl stop {APISERVER}")
    try:
        status, report, page = _told(cluster, directory)
    finally:
        cluster.on(host, f"systemctl start {APISERVER}")
    for run in (status, report):
        assert run.returncode == 2
        assert re.search(r"error +API +https://\S+; 0 of 1 ready\n", run.output), run.output[-3000:]
        assert re.search(rf"ok +etcd +1 of 1 members serve; leader: {host}", run.output)
        assert re.search(rf"error +nodes +0 of {len(names)} \({len(names)} unknown\) ready", run.output)
    assert f"{APISERVER} is inactive (dead)" in report.output and f"<code>systemctl start {APISERVER}</code>" in page
    eventually(lambda: checks.all_ready(cluster, names), deadline=90, wanted="the nodes are ready")


def _tells_no_secret(cluster: Cluster, host: str, page: str) -> None:
    secret = cluster.on(host, "awk '/secret:/ {print $2}' /etc/kubernetes/encryption-config.yaml").strip()
    key = cluster.on(host, "sed -n 2p /etc/kubernetes/pki/apiserver.key").strip()
    assert secret and key and secret not in page and key not in page and "PRIVATE KEY" not in page
