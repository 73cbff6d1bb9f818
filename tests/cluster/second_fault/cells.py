# SPDX-License-Identifier: GPL-3.0-or-later
"""One cell of the table: runs a playbook while something is wrong, and sees that it ended as the table says and made nothing worse."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import typing as t

from .. import checks, failing
from ..driver import Cluster, PlaybookRun, eventually
from . import older, table
from .faults import MASTERS, Fault, faults, running

# What no playbook may restart while it refuses. Others end by themselves while the API is away.
_STEADY = ("etcd", "docker", "kubelet", "firewalld", "chronyd", "haproxy")
_PEERS = f"{failing.ETCDCTL} member list -w json --command-timeout=5s"
_VERIFIES = ("upgrade", "restart-worker", "restart-master")
# A certificate that has to be issued; nodes that do not become ready.
_SITE: t.Mapping[str, tuple[str, ...]] = {
    "clock ahead": ("-e", json.dumps({"cluster_api_extra_sans": ["another.example"]})),
    "member cut off": ("-e", "addons_ready_deadline=20"),
}
# What a refusal says beside its reason: nothing was changed, and which command goes on.
_REFUSALS: t.Mapping[str, tuple[str, ...]] = {
    "backup": ("no member of etcd is healthy", "Nothing was saved", "run playbooks/site.yml", "run backup.yml again"),
    "site": ("Bring back",),
    "remove-worker": ("Nothing was changed", "run remove-node.yml again"),
    "remove-master": ("Nothing was changed",),
    "restore": ("Nothing was touched", "run restore.yml again"),
    "upgrade": ("Nothing was changed",),
    "downgrade-etcd": (),
    "restart-worker": ("Nothing was changed", "no apiserver is ready"),
    "restart-master": (),
    "renew": ("Bring back",),
}
_OTHER_REFUSALS: t.Mapping[tuple[str, str], tuple[str, ...]] = {
    ("clock ahead", "site"): ("Nothing was issued for", "20 minutes behind the controller's", "run again"),
    ("disk full", "restore"): ("What runs is untouched", "run again", "k8s.master3.dev"),
}


@dataclasses.dataclass
class Bench:
    """A cluster with the snapshot that was saved while all was well, and the fault of the row."""

    cluster: Cluster
    snapshot: pathlib.Path
    row: str
    fault: Fault
    # All Nodes of the cluster, where all is well
    nodes: t.Collection[str] = ()
    # Whether the last cell has given up the cluster
    gone: bool = False
    # Whether a cell has taken out a host that the next one needs
    removed: bool = False

    def arguments(self, playbook: str) -> tuple[str, list[str]]:
        """The file and the options of a playbook."""
        worker, master, name = self.fault.worker, self.fault.master, self.cluster.inventory.name
        removal = ["-e", "remove_unmanaged_pods=true"]
        options: dict[str, tuple[str, list[str]]] = {
            "health": ("health", []),
            "doctor": ("doctor", []),
            # Of its own: many backups there must not take the place of the one that is restored.
            "backup": ("backup", ["-e", f"backup_directory={self.snapshot.parent / 'later'}"]),
            "site": ("site", list(_SITE.get(self.row, ()))),
            "remove-worker": ("remove-node", ["-e", f"remove_node={worker}", *removal]),
            "remove-master": ("remove-node", ["-e", f"remove_node={master}", *removal]),
            "restore": ("restore", ["-e", f"restore_snapshot={self.snapshot}"]),
            "certificates": ("certificates", []),
            "renew": ("renew-certificates", ["-e", "renew=kubelet"]),
            "upgrade": ("upgrade", []),
            "downgrade-etcd": ("downgrade-etcd", ["-e", "cluster_etcd_version=3.6.16"]),
            "restart-worker": ("restart-nodes", ["-e", "restart_reboot=always", "--limit", worker]),
            "restart-master": ("restart-nodes", ["-e", "restart_reboot=always", "--limit", master]),
            "reset-worker": ("reset", ["--limit", worker, "-e", f"reset_confirm={worker}"]),
            "reset-all": ("reset", ["-e", f"reset_confirm={name}"]),
        }
        file, given = options[playbook]
        return f"playbooks/{file}.yml", given

    def run(self, playbook: str, *more: str) -> PlaybookRun:
        file, options = self.arguments(playbook)
        return self.cluster.playbook(file, *options, *more, check=False, environment=dict(self.fault.environment))

    @property
    def up(self) -> list[str]:
        """Hosts that have power."""
        return running(self.cluster)

    @property
    def well(self) -> list[str]:
        return [host for host in self.up if host not in self.fault.sick]

    def starts(self) -> dict[str, str]:
        show = f"systemctl show -p Id,InvocationID {' '.join(f'{unit}.service' for unit in _STEADY)}"
        return {host: self.cluster.on(host, show) for host in self.well}

    def members(self) -> list[str]:
        """IDs and names of etcd's members; nothing where there is no quorum."""
        if not self.fault.quorum:
            return []
        host = next(host for host in MASTERS if host in self.well)
        return sorted(f"{member['ID']} {member['name']}" for member in json.loads(self.cluster.on(host, _PEERS))["members"])

    def apis(self, *, without: str = "") -> list[str]:
        """The masters whose apiserver must be ready; not the one that was removed."""
        return [host for host in MASTERS if host in self.well and host != without] if self.fault.api else []


def check(bench: Bench, playbook: str) -> None:
    """Makes the fault (an earlier cell may have mended it), runs the playbook, and looks."""
    if playbook == "upgrade":
        bench.fault.mend(bench.cluster)
        older.whole_and_older(bench.cluster, bench.nodes)
    bench.fault.make(bench.cluster)
    if bench.removed:
        bench.removed = False
        _goes_on(bench, bench.run("site"))
    wanted = table.outcome(bench.row, playbook)
    members, starts = bench.members(), bench.starts()
    run = bench.run(playbook)
    text = " ".join(run.output.split())
    if wanted == table.REFUSED:
        _refused(bench, playbook, run, text)
        assert bench.starts() == starts, "a refusal restarts nothing"
        assert bench.members() == members
    elif wanted == table.TELLS:
        assert run.returncode != 0
        named = bench.fault.found if playbook == "doctor" else bench.fault.names
        assert named and [name for name in named if name not in text] == [], text[-3000:]
    elif wanted == table.STOPS:
        assert run.returncode != 0
        assert [result for result in run.changed if playbook == "site"] == []
        assert bench.starts() == starts
    else:
        _goes_on(bench, run, ends_with_2=playbook in _VERIFIES)
        bench.removed = playbook.startswith(("remove-", "reset-"))
    if playbook not in ("reset-all", "restore", "remove-master"):
        assert bench.members() == members
    if playbook != "reset-all":
        removed = bench.fault.master if playbook == "remove-master" and bench.removed else ""
        _nothing_is_worse(bench, without=removed)


def _refused(bench: Bench, playbook: str, run: PlaybookRun, text: str) -> None:
    says = _OTHER_REFUSALS.get((bench.row, playbook), _REFUSALS.get(playbook, ()))
    assert run.returncode != 0
    assert [result for result in run.changed if (bench.row, playbook) != ("disk full", "restore")] == []
    assert [part for part in says if part not in text] == [], text[-3000:]
    # A worker that is off is nobody's concern.
    for host in set(bench.fault.lost) & set(MASTERS):
        assert host in text


def _goes_on(bench: Bench, run: PlaybookRun, *, ends_with_2: bool = False) -> None:
    """``ends_with_2``: at its end it names the hosts of the run that it has left out, as a failure."""
    lost = bench.fault.lost
    others = [failure for failure in run.failures if failure["host"] not in lost and not (ends_with_2 and _names(failure["msg"], lost))]
    assert others == [], [(failure["host"], failure["task"], failure["msg"]) for failure in others]
    assert run.returncode in ((0, 2 if ends_with_2 else 4) if lost else (0,)), run.output[-3000:]


def _names(text: str, hosts: t.Collection[str]) -> bool:
    return any(host in text for host in hosts)


def _nothing_is_worse(bench: Bench, *, without: str) -> None:
    """The quorum and the API are where they were."""
    for host in bench.apis(without=without):
        eventually(lambda host=host: failing.apiserver_is_ready(bench.cluster, host), deadline=60, wanted=f"a ready apiserver on {host}")


class Rows:
    """The rows of the table, one after the other on the same hosts."""

    def __init__(self, cluster: Cluster, snapshot: pathlib.Path, nodes: t.Collection[str]) -> None:
        self._cluster = cluster
        self._snapshot = snapshot
        self._nodes = nodes
        self._faults = faults(snapshot.parent, [host["name"] for host in cluster.status()["hosts"]])
        self._bench: Bench | None = None

    def begin(self, row: str) -> Bench:
        if self._bench is None or self._bench.row != row:
            self.end()
            self._bench = Bench(self._cluster, self._snapshot, row, self._faults[row], self._nodes)
        return self._bench

    def end(self) -> None:
        """Takes the fault away. ``site.yml`` brings back what was taken out, and then has nothing to change."""
        bench, self._bench = self._bench, None
        if bench is None or bench.gone:
            return
        bench.fault.mend(self._cluster)
        self._cluster.playbook("playbooks/site.yml")
        failing.is_whole(self._cluster, dict.fromkeys(MASTERS, ""), self._nodes)
        checks.nothing_changes(self._cluster, self._nodes)
