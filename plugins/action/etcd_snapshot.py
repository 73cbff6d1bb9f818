# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Saves a snapshot of etcd on the controller: from one healthy member. Documented in plugins/modules/etcd_snapshot.py."""

from __future__ import annotations

import collections.abc as c
import datetime
import pathlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import atomic_file
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import access, backups
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import vault_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": ["observed", "saved"], "default": "saved"},
    "observation": {"type": "str", "default": "barehost_backup_observation"},
    "directory": {"type": "path"},
    "keep": {"type": "int", "default": 7},
    "pki_archive": {"type": "bool", "default": False},
}

# A snapshot of what the whole cluster agrees on needs a quorum.
_GO_ON = (
    "Nothing was saved, and no older backup was removed. Start the hosts that were not reached, and run playbooks/site.yml, which starts "
    "members that are stopped and says what to do about those that are gone for good; then run backup.yml again. Older backups are "
    "restored by playbooks/restore.yml"
)

Variables = dict[str, t.Any]
Object = dict[str, t.Any]


class Member(Host):
    """The host of a member of etcd."""

    MODULE = "_etcd.snapshots"


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and backups."""

    def _converge(self, variables: Variables) -> dict[str, t.Any]:
        arguments = self._arguments(ARGUMENT_SPEC)
        if arguments["state"] == "observed":
            return {"changed": False, **Member(self, variables).step("collect", {"etcd": access.of_own_member()})}
        return self._save(arguments, variables)

    def _save(self, arguments: Object, variables: Variables) -> dict[str, t.Any]:
        cluster = cluster_of(self._templar, variables)
        here = str(variables["inventory_hostname"])
        found = _chosen(_observations(cluster["etcd_hosts"], variables, name=arguments["observation"]))
        if found["host"] != here:
            return {"changed": False, "actions": []}
        if not arguments["directory"]:
            raise ComponentError("directory: missing; give the folder on the controller for backups")
        folder, pki = pathlib.Path(arguments["directory"]), pathlib.Path(cluster["pki_directory"])
        if arguments["pki_archive"]:
            backups.check_vault(vault_of(self._loader))
        surplus = backups.old(folder, cluster["name"], keep=arguments["keep"], coming=1)
        plan = _plan(folder, found, surplus, archive=arguments["pki_archive"])
        result = self._result(plan)
        if not self._task.check_mode:
            result["backup"] = self._take(Member(self, variables), folder, pki, cluster, found, archive=arguments["pki_archive"])
            for path in (path for files in surplus for path in files):
                path.unlink(missing_ok=True)
        return result

    def _take(self, member: Member, folder: pathlib.Path, pki: pathlib.Path, cluster: Object, found: Object, *, archive: bool) -> Object:
        backups.make_folder(folder)
        moment = datetime.datetime.now(datetime.UTC)
        name = backups.stem(cluster["name"], moment=moment)
        snapshot = folder / f"{name}{backups.SNAPSHOT}"
        try:
            saved = member.step("save", {"etcd": access.of_own_member(), "size": found["size"], "name": snapshot.name})
            backups.receive(snapshot, _parts(member), sha256=saved["sha256"])
        finally:
            member.step("clean", {})
        description = {
            "cluster": cluster["name"],
            "cluster_id": found["cluster_id"],
            "authority": backups.fingerprint(pki),
            "taken": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            "member": found["host"],
            "versions": {"kubernetes": cluster["versions"]["kubernetes"], "etcd": found["version"]},
            **saved,
        }
        if archive:
            atomic_file.write(folder / f"{name}{backups.PKI_ARCHIVE}", backups.archive(pki, vault_of(self._loader)), mode=0o600)
        # Last: a backup with a description is whole.
        backups.write_description(folder / f"{name}{backups.DESCRIPTION}", description)
        return {"file": str(snapshot), **description}


def _observations(hosts: c.Iterable[str], variables: Variables, *, name: str) -> list[Object]:
    """What every member's host has found; one that was not reached has found nothing."""
    hostvars = variables["hostvars"]
    registered = ((host, hostvars[host].get(name)) for host in hosts)
    return [{"host": host, **(found if isinstance(found, c.Mapping) else {})} for host, found in registered]


def _chosen(observations: list[Object]) -> Object:
    """A healthy member, rather one that does not lead, since a snapshot costs disk and network."""
    healthy = [found for found in observations if found.get("healthy")]
    if not healthy:
        faults = "; ".join(f"{found['host']}: {found.get('fault') or 'not reached'}" for found in observations)
        raise ComponentError(f"no member of etcd is healthy, so that there is nothing to make a backup of: {faults}. {_GO_ON}")
    return min(healthy, key=lambda found: (found["leads"], found["host"]))


def _plan(folder: pathlib.Path, found: Object, surplus: list[list[pathlib.Path]], *, archive: bool) -> list[PlannedAction]:
    """Named by the folder: the names have the time in them."""
    size = f"{found['size']} bytes or less\n"
    plan = [PlannedAction("backup", "save-snapshot", str(folder), f"the member of {found['host']} is healthy", after=size)]
    if archive:
        plan.append(PlannedAction("backup", "save-pki", str(folder), "encrypted by ansible-vault", secret=True))
    for files in surplus:
        text = "".join(f"{path.name}\n" for path in files)
        plan.append(PlannedAction("backup", "remove", str(files[-1]), "there are newer ones", before=text))
    return plan


def _parts(member: Member) -> c.Iterator[bytes]:
    offset = 0
    while True:
        answer = member.step("read", {"offset": offset, "length": backups.PART})
        if not answer["length"]:
            return
        yield backups.unpacked(answer)
        offset += answer["length"]
