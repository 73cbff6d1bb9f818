# SPDX-License-Identifier: GPL-3.0-or-later
"""An upgrade of which only the kubelet is left to do."""

from __future__ import annotations

from . import checks
from .driver import Cluster, eventually


def goes_on(cluster: Cluster, host: str) -> None:
    """The kubelet is the wanted one under an older name, as after a run of another patch. Its containers run on."""
    program = "/usr/local/bin/kubelet"
    older = f"cp {program}-1.37.1 {program}-1.37.0 && ln -sfn {program}-1.37.0 {program} && systemctl restart kubelet"
    wrong = cluster.playbook("playbooks/upgrade.yml", "-e", "upgrade_batch=some", check=False)
    assert (wrong.returncode, wrong.changed) == (2, [])
    assert "Nothing was changed: upgrade_batch is 'some', which is neither" in " ".join(wrong.output.split())
    cluster.on(host, older)
    eventually(lambda: checks.all_ready(cluster, [host]), deadline=60, wanted="the node is ready")
    containers = cluster.on(host, "docker ps -q --no-trunc").split()
    predicted = cluster.playbook("playbooks/upgrade.yml", "--check")
    assert "Kubernetes 1.37.0 and 1.37.1, etcd 3.7.2 → Kubernetes 1.37.1, etcd 3.7.2" in " ".join(predicted.output.split())
    assert "Not drained, because no other node takes its pods" in " ".join(predicted.output.split())
    assert predicted.actions() == []
    done = cluster.playbook("playbooks/upgrade.yml")
    assert {action[3] for action in done.actions() if action[1] == "unit"} == {"kubelet.service"}
    assert cluster.on(host, "readlink /proc/$(pidof kubelet)/exe").strip() == f"{program}-1.37.1"
    assert set(cluster.on(host, "docker ps -q --no-trunc").split()) == set(containers)
    again = cluster.playbook("playbooks/upgrade.yml")
    assert (again.changed, "Nothing to do: all hosts have the wanted versions" in again.output) == ([], True)
    cluster.on(host, f"rm {program}-1.37.0")
