# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks whether a snapshot fits the cluster, and plans its restore. Reads the snapshot, and is pure otherwise."""

from __future__ import annotations

import collections.abc as c
import hashlib
import json
import pathlib
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.unit_states import RUNNING_OR_STARTING
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import backups
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.version_table import Version, minor_of, numbers_of

Object = dict[str, t.Any]

_UNTOUCHED = "Nothing was touched"
# Far more revisions than may have been made since the snapshot.
_LEAST_BUMP = 1_000_000_000
# More than a cluster makes, so that a later restore of whatever snapshot is ahead of an earlier one and of all that came after it.
_REVISIONS_A_SECOND = 1000
# The programs of the control plane that use etcd, with what to tell if one of them does not become healthy.
_CONTROL_PLANE: t.Mapping[str, dict[str, str]] = {
    "kube_apiserver": {"message": "the apiserver is not ready on the restored etcd"},
    "kube_controller_manager": {},
    "kube_scheduler": {},
}
_HEALTH_DEADLINE = 120.0
_PROGRAMS = ("etcd", "kubernetes")
_VERSION = re.compile(r"\d+\.\d+")
_NEEDED: dict[str, type] = {
    "cluster": str,
    "authority": str,
    "versions": dict,
    "hash": str,
    "revision": int,
    "total_keys": int,
    "sha256": str,
    "size": int,
}


def description(snapshot: pathlib.Path) -> Object:
    """Reads the JSON file beside a snapshot, which describes it."""
    if not snapshot.is_file():
        raise PlanError(f"{_UNTOUCHED}: {snapshot} is no file; give restore_snapshot, the path of a snapshot that backup.yml has saved")
    beside = snapshot.with_name(snapshot.name.removesuffix(backups.SNAPSHOT) + backups.DESCRIPTION)
    try:
        found = json.loads(beside.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PlanError(
            f"{_UNTOUCHED}: {beside}, which tells what the snapshot is, cannot be read: {error}; put it beside the snapshot"
        ) from None
    wrong = _wrong_fields(found)
    if wrong:
        raise PlanError(
            f"{_UNTOUCHED}: {beside} is no description of a snapshot that this version knows: {', '.join(wrong)}. Give another snapshot, "
            "or put the description that was saved with this one beside it"
        )
    return t.cast(Object, found)


def _wrong_fields(found: t.Any) -> list[str]:
    """What is missing in a description, or is of another kind than ``backup.yml`` and the timer write it."""
    if not isinstance(found, dict):
        return ["it is no mapping"]
    wrong = [name for name, kind in _NEEDED.items() if not isinstance(found.get(name), kind)]
    if "versions" not in wrong:
        wrong += [f"versions.{program}" for program in _PROGRAMS if not _VERSION.match(str(found["versions"].get(program)))]
    return wrong or ([] if found.get("format") == backups.FORMAT else ["its format"])


def check(snapshot: pathlib.Path, told: Object, cluster: Object) -> None:
    """Raises PlanError with all reasons why this cluster cannot take the snapshot."""
    faults = []
    if told["cluster"] != cluster["name"]:
        faults.append(f"it is of the cluster {told['cluster']}, and this is {cluster['name']}")
    ours = backups.fingerprints(pathlib.Path(cluster["pki_directory"]))
    if not ours:
        faults.append(f"{cluster['pki_directory']} has no {backups.AUTHORITY}: put the PKI of the cluster back from its archive first")
    elif told["authority"] not in ours:
        faults.append("it was made under another PKI: its Secrets and tokens could not be read here")
    for program in _PROGRAMS:
        if _minor(told["versions"][program]) > _minor(cluster["versions"][program]):
            faults.append(f"it was made by {program} {told['versions'][program]}, newer than {cluster['versions'][program]} here")
    try:
        with snapshot.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise PlanError(f"{_UNTOUCHED}: {snapshot} cannot be read: {error.strerror}; correct its owner and mode") from None
    if found != told["sha256"]:
        faults.append(f"it is damaged: its sha256 is {found}, and was {told['sha256']}")
    if faults:
        raise PlanError(f"{_UNTOUCHED}: {snapshot} cannot be restored: {'; '.join(faults)}. Give a snapshot that fits this cluster")


def hosts_needed(cluster: Object) -> list[str]:
    """The hosts that a restore must reach. A worker is not among them where nothing of it uses etcd."""
    return [host for host in cluster["nodes"] if host in cluster["etcd_hosts"] or clients_of_etcd(cluster, host)]


def planned(cluster: Object, observations: c.Mapping[str, Object], told: Object) -> Object:
    """Which hosts stop and start their clients of etcd, and warnings. Raises PlanError if a later phase could not be completed.

    ``observations``: of the hosts that answered, by host. A host of etcd must answer and be reached by the others, else etcd would wait
    for it. A master must answer, because its apiserver would go on writing. A worker that does not answer starts its flannel anew when it
    comes back.
    """
    clients = [host for host in hosts_needed(cluster) if clients_of_etcd(cluster, host)]
    absent = [host for host in hosts_needed(cluster) if host not in observations]
    needed = [host for host in absent if host in cluster["etcd_hosts"] or host in cluster["masters"]]
    faults = [f"{', '.join(needed)}: no answer, and whether etcd or an apiserver runs there is not known"] if needed else []
    for host in cluster["etcd_hosts"]:
        faults += _member_faults(host, observations.get(host, {}).get("member") or {}, cluster, told)
    if faults:
        raise PlanError(
            f"{_UNTOUCHED}: the restore could not be completed: {'; '.join(faults)}. Mend that and run restore.yml again; take a host that "
            "is gone for good out of the inventory first"
        )
    waiting = [host for host in clients if host in absent]
    text = f"flannel on {', '.join(waiting)} is not stopped, because there is no answer; reboot what was not switched off"
    return {"clients": [host for host in clients if host not in absent], "warnings": [text] if waiting else []}


def _member_faults(host: str, member: Object, cluster: Object, told: Object) -> list[str]:
    """Of a host of etcd that answered."""
    names = {entry["peer_url"]: entry["host"] for entry in cluster["etcd"]["members"]}
    faults = [f"{host} does not reach {names.get(url, url)} at {url}: {fault}" for url, fault in member.get("silent", {}).items()]
    if member and _minor(member["version"]) < _minor(told["versions"]["etcd"]):
        faults.append(f"{host} has etcd {member['version']}, and the snapshot was made by {told['versions']['etcd']}: run site.yml first")
    return faults


def clients_of_etcd(cluster: Object, host: str) -> list[Object]:
    """The units of a host that use etcd, in the order of their start, with their health checks. They stop while etcd is restored."""
    names = list(_CONTROL_PLANE) if host in cluster["masters"] else []
    if cluster["etcd"].get("authentication") and host in cluster["node_hosts"]:
        # flannel keeps its leases in etcd and must read the older ones
        names.append("flanneld")
    return [{"name": cluster["components"][name]["unit"], "health": _health(name, cluster)} for name in names]


def _health(name: str, cluster: Object) -> list[Object]:
    message = _CONTROL_PLANE.get(name, {})
    return [{"deadline": _HEALTH_DEADLINE, **check, **message} for check in cluster["components"][name].get("health", [])]


def _minor(version: str) -> Version:
    return numbers_of(minor_of(version))


def check_member(member: Object, told: Object) -> None:
    if _minor(member["version"]) < _minor(told["versions"]["etcd"]):
        raise PlanError(
            f"{_UNTOUCHED}: the snapshot was made by etcd {told['versions']['etcd']}, and this host has {member['version']}; "
            "run site.yml first"
        )


def bump(now: float) -> int:
    """By how many revisions a restore that begins ``now`` is ahead of its snapshot. Pure.

    Clients know how far they have seen. One that has seen a later revision than there is waits for it in silence: a kubelet then hears
    of no pod. So revisions must be beyond all that were ever made, also by an earlier restore of the same snapshot, which was ahead, too.
    """
    return _LEAST_BUMP + int(now * _REVISIONS_A_SECOND)


def staged(member: Object, told: Object) -> list[PlannedAction]:
    """What an earlier restore has left goes: no member has started on it, and etcdutl unpacks nothing where something is."""
    left = f"{member['directory']}/restore"
    text = f"revision {told['revision']}, {told['total_keys']} keys\n"
    plan = [PlannedAction("restore", "unpack", member["directory"], f"taken {told.get('taken', 'at an unknown time')}", after=text)]
    if member["left"]:
        gone = "a snapshot that was unpacked\n"
        plan.insert(0, PlannedAction("restore", "remove", left, "a restore before this one has left it", before=gone))
    return plan


def stopped(units: Object) -> list[PlannedAction]:
    return [_unit("stop", name, "etcd is being restored", state) for name, state in units.items() if state in RUNNING_OR_STARTING]


def switched(member: Object, units: Object) -> list[PlannedAction]:
    path = f"{member['directory']}/member"
    actions = stopped(units)
    if member["data"]:
        actions.append(PlannedAction("restore", "set-aside", path, "renamed, not removed", before="the data before the restore\n"))
    actions.append(PlannedAction("restore", "put-in-place", path, "from the snapshot", after="the snapshot's data\n"))
    return actions + resumed(units)


def resumed(units: Object) -> list[PlannedAction]:
    """Plans the start of all units given. In check mode they still run."""
    return [_unit("start", name, "it was stopped for the restore", "stopped") for name in units]


def _unit(operation: str, name: str, reason: str, state: str) -> PlannedAction:
    after = "started" if operation == "start" else "stopped"
    return PlannedAction("unit", operation, name, reason, before=f"{state}\n", after=f"{after}\n")


def compared(told: Object, found: Object) -> None:
    """Raises PlanError if etcd has other keys than the snapshot. Descriptions of scheduled snapshots have no digest to compare."""
    differing = [key for key in ("keys", "digest") if key in told and found.get(key) != told[key]]
    if differing:
        text = ", ".join(f"{key} {found.get(key)}, wanted {told[key]}" for key in differing)
        raise PlanError(
            f"etcd runs on the snapshot but has not what it had: {text}. The apiservers stay stopped; something else may have written to "
            "etcd. The data before is beside it, as member.before-restore-…; run again to restore once more"
        )
