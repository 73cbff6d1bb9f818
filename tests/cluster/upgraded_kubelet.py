# SPDX-License-Identifier: GPL-3.0-or-later
"""An upgrade of which only the kubelet is left to do, and beside which no other run begins."""

from __future__ import annotations

import concurrent.futures
import json

from . import checks, restarting
from .driver import Cluster, PlaybookRun, eventually

UPGRADE = "playbooks/upgrade.yml"
# Each has something to do.
OTHERS = (
    (UPGRADE,),
    (restarting.RESTART, "-e", "restart_reboot=always", "-e", "restart_drain=false"),
    ("playbooks/downgrade-etcd.yml", "-e", "cluster_etcd_version=3.6.16"),
)


def goes_on(cluster: Cluster, host: str) -> None:
    """The kubelet is the wanted one under an older name, as after a run of another patch. Its containers run on."""
    program = "/usr/local/bin/kubelet"
    older = f"cp {program}-1.37.1 {program}-1.37.0 && ln -sfn {program}-1.37.0 {program} && systemctl restart kubelet"
    wrong = cluster.playbook(UPGRADE, "-e", "upgrade_batch=some", check=False)
    assert (wrong.returncode, wrong.changed) == (2, [])
    assert "Nothing was changed: upgrade_batch is 'some', wanted a number of nodes from 1" in " ".join(wrong.output.split())
    cluster.on(host, older)
    eventually(lambda: checks.all_ready(cluster, [host]), deadline=60, wanted="the node is ready")
    containers = cluster.on(host, "docker ps -q --no-trunc").split()
    predicted = cluster.playbook(UPGRADE, "--check")
    assert "Kubernetes 1.37.0 and 1.37.1, etcd 3.7.2 → Kubernetes 1.37.1, etcd 3.7.2" in " ".join(predicted.output.split())
    assert "Not drained, because no other node takes its pods" in " ".join(predicted.output.split())
    assert predicted.actions() == []
    done = _while_no_other_run_begins(cluster)
    assert {action[3] for action in done.actions() if action[1] == "unit"} == {"kubelet.service"}
    assert cluster.on(host, "readlink /proc/$(pidof kubelet)/exe").strip() == f"{program}-1.37.1"
    assert set(cluster.on(host, "docker ps -q --no-trunc").split()) == set(containers)
    again = cluster.playbook(UPGRADE, elsewhere=True)
    assert (again.changed, "Nothing to do: all hosts have the wanted versions" in again.output) == ([], True)
    cluster.on(host, f"rm {program}-1.37.0")


def _while_no_other_run_begins(cluster: Cluster) -> PlaybookRun:
    """The upgrade, which waits for its end before the node until others were refused."""
    begun, held = cluster.artefacts / "upgrade-begun", cluster.artefacts / "upgrade-held"
    begun.unlink(missing_ok=True)
    held.touch()
    tasks = [
        {"ansible.builtin.file": {"path": str(begun), "state": "touch"}, "delegate_to": "localhost"},
        {"ansible.builtin.wait_for": {"path": str(held), "state": "absent", "timeout": 900}, "delegate_to": "localhost"},
    ]
    (cluster.artefacts / "before-node.yml").write_text(json.dumps(tasks), encoding="utf-8")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        upgrade = pool.submit(cluster.playbook, UPGRADE, "-e", f"upgrade_before_node={cluster.artefacts}/before-node.yml")
        try:
            eventually(lambda: begun.exists() or upgrade.done(), deadline=300, wanted="the upgrade has begun")
            refused = [(cluster.playbook(*other, check=False), "upgrade.yml is at work on this cluster") for other in OTHERS]
            elsewhere = cluster.playbook(UPGRADE, check=False, elsewhere=True)
            looked = cluster.playbook(UPGRADE, "--check")
        finally:
            held.unlink()
        done = upgrade.result()
    refused.append((elsewhere, "If it has ended without saying so, add -e upgrade_take_over="))
    for run, says in refused:
        assert (run.returncode, run.changed) == (2, []), run.output[-3000:]
        assert says in " ".join(run.output.split()), run.output[-3000:]
    assert "upgrade.yml is at work on this cluster" in " ".join(looked.output.split())
    return done
