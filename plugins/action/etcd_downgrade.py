# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leads etcd back to the minor version before. Documented in plugins/modules/etcd_downgrade.py."""

from __future__ import annotations

import time
import typing as t

from ansible.utils.vars import load_extra_vars

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import misspelt
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.given_options import flag, values
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.registered import registered
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.asked_checksums import AskedChecksums
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.run_directory import directory_of_the_run
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import access, databases
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.databases import Databases
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan import binaries
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import downloads as route
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade import etcd_back

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": ["checked", "observed", "planned", "fetched", "enabled", "finished"], "required": True},
    "observation": {"type": "str", "default": "barehost_etcd_databases"},
    "directory": {"type": "str", "default": ""},
    "cancel": {"type": "raw"},
    **access.CERTIFICATES,
}
_PREFIX = "downgrade_"
_OPTIONS = {"cancel": flag()}
_VERSION = "cluster_etcd_version"

Variables = dict[str, t.Any]
Object = dict[str, t.Any]


class EtcdHost(Host):
    """The host from which etcd is asked."""

    MODULE = "_etcd.downgrade"


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the way back."""

    def _converge(self, variables: Variables) -> Object:
        arguments = self._arguments(ARGUMENT_SPEC)
        cancels = _cancels(arguments["cancel"], variables)
        if arguments["state"] == "checked":
            return {"changed": False}
        task = _Task(self, arguments, variables)
        if arguments["state"] == "observed":
            return {"changed": False, **task.observe()}
        if arguments["state"] == "fetched" and not cancels:
            return self._fetched(plain(cluster_of(self._templar, variables)), variables)
        work = {"planned": self._planned, "enabled": self._enabled, "finished": self._finished}
        return self._cancelled(task) if cancels else work[arguments["state"]](task)

    def _planned(self, task: _Task) -> Object:
        back = task.plan()
        return {
            "changed": False,
            "hosts": list(back.hosts),
            "saves": back.enables,
            "ends": not back.empty,
            "summary": etcd_back.lines(back, folder=task.arguments["directory"]),
        }

    def _fetched(self, cluster: Object, variables: Variables) -> Object:
        """The older programs beside the present ones, which stay what is started: where they cannot be had, etcd is told nothing."""
        host, release = Host(self, variables), cluster["binaries"]["etcd"]
        state = host.step("collect", {"wanted": {binaries.KIND: [release]}, "keys": []})["state"][binaries.KIND][0]
        plan = binaries.plan(release, state, PlanContext("etcd", time.time()))
        actions = [action for action in plan if action.operation == "download"]
        if actions and not self._task.check_mode:
            checksums = AskedChecksums(directory_of_the_run(), host=host.name, cluster=lambda: cluster)
            context = {"units": [], "downloads": route.for_host(cluster)}
            checksums.applied([action.for_host() for action in actions], lambda asked: host.step("apply", {**context, "actions": asked}))
            return {**self._result(actions), **({"warnings": checksums.warnings} if checksums.warnings else {})}
        return self._result(actions)

    def _enabled(self, task: _Task) -> Object:
        """What etcd was told, it is told no more if the members cannot do it."""
        back = task.plan()
        actions = etcd_back.enabling(back)
        if not actions or self._task.check_mode:
            return self._result(actions)
        if back.enables:
            task.step("enable", version=task.wanted.minor)
        if back.converts:
            try:
                task.step("convert", version=task.wanted.minor)
            except ComponentError as error:
                task.step("cancel")
                raise ComponentError(
                    f"{error.message}. etcd was told to stay where it is, and no program was changed; see journalctl -u etcd, and run again"
                ) from error
        return self._result(actions)

    def _finished(self, task: _Task) -> Object:
        if self._task.check_mode:
            return {"changed": False, "summary": []}
        task.step("end")
        left = etcd_back.unfinished(task.look(), task.wanted)
        if left:
            raise ComponentError(f"etcd is not yet at {task.wanted.version}: {'; '.join(left)}. Run this playbook again")
        told = [
            f"all members have etcd {task.wanted.version}, and etcd is on no way back",
            "run playbooks/backup.yml now: the snapshots from before are restored by the newer version only",
        ]
        if _VERSION in load_extra_vars(self._loader):
            told.append(f"write {_VERSION}: {task.wanted.version} into the inventory, or the next run of site.yml goes forward again")
        return {"changed": False, "summary": told}

    def _cancelled(self, task: _Task) -> Object:
        """Every state does, and all but the first do nothing."""
        nothing: Object = {"hosts": [], "saves": False, "ends": False}
        actions = etcd_back.cancelling(task.found if task.arguments["state"] == "planned" else task.look())
        if task.arguments["state"] != "planned":
            return {"changed": False, **nothing, "summary": []}
        if actions and not self._task.check_mode:
            task.step("cancel")
        told = (
            "etcd stays where it is; site.yml brings all members to the version of the inventory" if actions else "etcd is on no way back"
        )
        return {**self._result(actions), **nothing, "summary": [told]}


class _Task:
    """One task: what is wanted, what was observed, and the host through which etcd is asked."""

    def __init__(self, action: ActionModule, arguments: Object, variables: Variables) -> None:
        cluster = plain(cluster_of(action._templar, variables))
        self._host = EtcdHost(action, variables)
        self._members = {entry["client_url"]: entry["name"] for entry in cluster["etcd"]["members"]}
        self._observations = registered(variables, cluster["etcd_hosts"], arguments["observation"], having="members")
        self._asked = {"access": access.of(arguments), "endpoints": cluster["etcd"]["client_urls"]}
        self.arguments = arguments
        self.wanted = etcd_back.Wanted(
            version=cluster["versions"]["etcd"],
            hosts={entry["name"]: entry["host"] for entry in cluster["etcd"]["members"]},
            run=list(self._observations),
        )

    def observe(self) -> Object:
        return self._host.step("collect", self._asked)

    def look(self) -> Databases:
        return databases.databases(self.observe(), names=self._members)

    @property
    def found(self) -> Databases:
        """The answer of the host that found most members well."""
        best = databases.best(self._observations)
        if not best:
            raise ComponentError("Nothing was changed: none of the hosts of etcd could be asked. Let the run reach them")
        return databases.databases(self._observations[best], names=self._members)

    def plan(self) -> etcd_back.Back:
        """Made anew before etcd is told anything, since a snapshot may take long."""
        return etcd_back.plan(self.found if self.arguments["state"] == "planned" else self.look(), self.wanted)

    def step(self, step: str, **more: t.Any) -> None:
        self._host.step(step, {**self._asked, "url": etcd_back.asked(self.look()), **more})


def _cancels(given: t.Any, variables: Variables) -> bool:
    """Raises ComponentError before any host is asked."""
    found, faults = values({"cancel": given}, _OPTIONS, prefix=_PREFIX, variables=variables, elsewhere=[misspelt.TAKE_OVER])
    if faults:
        raise ComponentError(f"Nothing was changed: {'; '.join(faults)}")
    return bool(found.get("cancel"))
