# SPDX-License-Identifier: GPL-3.0-or-later
"""Doctor, report, screen and explanation where all is well, on each set-up that other tests of them do not have."""

from __future__ import annotations

import pathlib

import pytest

from . import checks, doctoring
from .driver import Cluster, eventually
from .setups import converged_hosts

pytestmark = pytest.mark.long


def all_is_well(cluster: Cluster, directory: pathlib.Path) -> bool:
    """No error is found. A machine with much else to do may make a warning of that."""
    done, report = doctoring.examined(cluster, directory)
    print("\n".join(map(str, doctoring.told(report))), f"\n{done.seconds:.1f} s of {len(report['hosts'])} hosts")
    assert (done.returncode == 0) == (doctoring.errors(report) == [])
    return done.returncode == 0


def tells(cluster: Cluster, playbook: str, *options: str) -> bool:
    """Whether it finds no error, and names all hosts."""
    done = cluster.playbook(f"playbooks/{playbook}.yml", *options, check=False)
    assert done.changed == []
    assert [host["name"] for host in cluster.status()["hosts"] if host["name"] not in done.output] == []
    return done.returncode == 0


@pytest.mark.parametrize("name", ["all-in-one", "separate-etcd", "ha", "ha-local"])
def test_nothing_is_wrong(name: str, request: pytest.FixtureRequest, artefacts: pathlib.Path, tmp_path: pathlib.Path) -> None:
    folder = artefacts / f"doctor-{name}"
    folder.mkdir()
    with converged_hosts(name, session=request.session, artefacts=folder) as cluster:
        nodes = [node["metadata"]["name"] for node in cluster.kubectl_json("get", "nodes")["items"]]
        eventually(lambda: checks.all_ready(cluster, nodes), deadline=120, wanted="the nodes are ready")
        hosts = [host["name"] for host in cluster.status()["hosts"]]
        for host in hosts:
            cluster.on(host, "systemctl reset-failed")
        eventually(lambda: all_is_well(cluster, tmp_path), deadline=180, wanted="the doctor finds no error")
        page = tmp_path / "cluster.html"
        eventually(lambda: tells(cluster, "report", "-e", f"report_html={page}"), deadline=120, wanted="the report finds no error")
        assert [host for host in hosts if host not in page.read_text(encoding="utf-8")] == []
        eventually(lambda: tells(cluster, "status"), deadline=120, wanted="the screen finds no error")
        for node in nodes:
            assert "First broken link" not in cluster.playbook("playbooks/explain.yml", "-e", f"explain_node={node}").output
