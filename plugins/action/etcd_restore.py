# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restores etcd from a snapshot, in phases that all hosts pass together. Documented in plugins/modules/etcd_restore.py."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pathlib
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.registered import registered
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.phases import told_how_to_go_on
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.run_directory import directory_of_the_run
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import access, backups, plan_restore
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import ETCD

PHASES = ("checked", "observed", "planned", "staged", "stopped", "switched", "resumed")
ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "phase": {"type": "str", "choices": list(PHASES), "required": True},
    "snapshot": {"type": "path"},
    "data_directory": {"type": "path", "default": ETCD.data_directory},
    "deadline": {"type": "float", "default": 90},
}

# The variable in which the playbook registers the phase `observed`
_OBSERVATION = "barehost_restore_observation"
# How to go on when a phase that changes the cluster has failed on a host
_GO_ON = {
    "stopped": "etcd was not touched. Mend this host and run restore.yml again; or give it up by site.yml, which starts what stopped",
    "switched": "The apiservers stay stopped, and nothing of the data before is lost. Mend this host and run restore.yml again",
    "resumed": "etcd runs on the snapshot. Mend this host and run site.yml, which starts the rest",
}

Object = dict[str, t.Any]


class Restored(Host):
    """A host that takes part."""

    MODULE = "_etcd.restore"


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the restore."""

    def _converge(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        arguments = self._arguments(ARGUMENT_SPEC)
        snapshot = pathlib.Path(arguments["snapshot"] or "")
        cluster = cluster_of(self._templar, variables)
        told = plan_restore.description(snapshot)
        if arguments["phase"] == "checked":
            plan_restore.check(snapshot, told, cluster)
            return {"changed": False, "description": told, "hosts": plan_restore.hosts_needed(cluster)}
        if arguments["phase"] == "planned":
            observations = registered(variables, cluster["nodes"], _OBSERVATION, having="units")
            return {"changed": False, **plan_restore.planned(cluster, observations, told)}
        host = str(variables["inventory_hostname"])
        if arguments["phase"] == "observed":
            return {"changed": False, **self._observe(Restored(self, variables), arguments, cluster, host=host)}
        return self._guided(arguments["phase"], lambda: self._perform(Restored(self, variables), arguments, cluster, told, host=host))

    def _observe(self, connection: Restored, arguments: Object, cluster: Object, *, host: str) -> Object:
        members = cluster["etcd"]["members"]
        of_member = host in cluster["etcd_hosts"]
        payload = {
            "etcd": access.of_own_member(),
            "member": _member(cluster, host, arguments["data_directory"]) if of_member else None,
            "peers": [member["peer_url"] for member in members if member["host"] != host] if of_member else [],
            "units": [unit["name"] for unit in plan_restore.clients_of_etcd(cluster, host)],
        }
        return connection.step("collect", payload)

    def _guided(self, phase: str, work: t.Callable[[], Object]) -> Object:
        """What ``work`` returns; after the first change, an error or a lost connection says how the cluster is left and how to go on."""
        if phase not in _GO_ON or self._task.check_mode:
            return work()
        return told_how_to_go_on(work, _GO_ON[phase], refusals=False)

    def _perform(self, connection: Restored, arguments: Object, cluster: Object, told: Object, *, host: str) -> dict[str, t.Any]:
        phase = arguments["phase"]
        of_member = phase in ("staged", "switched")
        units = [] if of_member else plan_restore.clients_of_etcd(cluster, host)
        names = [ETCD.unit] if phase == "switched" else [unit["name"] for unit in units]
        known = {"etcd": access.of_own_member(), "member": _member(cluster, host, arguments["data_directory"]) if of_member else None}
        found = connection.step("collect", {**known, "units": names})
        plan = _plan(phase, found, told)
        result = self._result(plan)
        if plan and not self._task.check_mode:
            result.update(_apply(connection, phase, plan, {**arguments, "units": units, "known": known}, cluster, told))
        return result


def _member(cluster: Object, host: str, data_directory: str) -> Object:
    """The fields of ``Member`` in module_utils/_etcd/restore.py."""
    own = next((member for member in cluster["etcd"]["members"] if member["host"] == host), None)
    if own is None:
        raise ComponentError(f"{host} is no member of etcd in the inventory")
    return {
        "name": own["name"],
        "peer_url": own["peer_url"],
        "directory": data_directory,
        "settings": ETCD.files["settings"],
        "unit": ETCD.unit,
    }


def _plan(phase: str, found: Object, told: Object) -> list[PlannedAction]:
    if phase == "staged":
        plan_restore.check_member(found["member"], told)
        return plan_restore.staged(found["member"], told)
    if phase == "switched":
        return plan_restore.switched(found["member"], found["units"])
    return plan_restore.stopped(found["units"]) if phase == "stopped" else plan_restore.resumed(found["units"])


def _apply(host: Restored, phase: str, plan: list[PlannedAction], arguments: Object, cluster: Object, told: Object) -> Object:
    known = arguments["known"]
    if phase == "staged":
        _send(host, pathlib.Path(arguments["snapshot"]), known)
        wanted = {"description": told, "initial_cluster": cluster["etcd"]["initial_cluster"], "token": _token(cluster), "bump": _bump()}
        host.step("stage", {**known, **wanted})
    elif phase == "stopped":
        host.step("stop", {"units": [action.target for action in plan]})
    elif phase == "switched":
        wanted = {"deadline": arguments["deadline"], "contents": "digest" in told, "token": _token(cluster)}
        contents = host.step("switch", {**known, **wanted})
        plan_restore.compared(told, contents)
        return contents
    else:
        host.step("start", {"units": arguments["units"]})
    return {}


def _send(host: Restored, snapshot: pathlib.Path, known: Object) -> None:
    size, offset = snapshot.stat().st_size, 0
    with snapshot.open("rb") as stream:
        while part := stream.read(backups.PART):
            host.step("receive", {**known, "offset": offset, "size": size, "part": backups.packed(part)})
            offset += len(part)


def _token(cluster: Object) -> str:
    """One token for all hosts of a run, another for each run: etcd takes a member with older data for one of another cluster."""
    run = hashlib.sha256(str(directory_of_the_run()).encode()).hexdigest()
    return f"{cluster['name']}-restored-{run[:12]}"


def _bump() -> int:
    """The same for all hosts of a run: the first that asks decides."""
    directory = directory_of_the_run()
    path, own = directory / "barehost-restore-bump", directory / f"barehost-restore-bump.{os.getpid()}"
    own.write_text(str(plan_restore.bump(time.time())), encoding="utf-8")
    with contextlib.suppress(FileExistsError):
        os.link(own, path)
    own.unlink()
    return int(path.read_text(encoding="utf-8"))
