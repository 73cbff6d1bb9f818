# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks after the databases of etcd's members, from one of their hosts. Documented in plugins/modules/etcd_maintenance.py."""

from __future__ import annotations

import collections.abc as c
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.registered import registered
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import access, databases, plan_maintenance
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.databases import Databases
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.maintenance_request import Request, request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

_OPTIONS = ("compact", "defragment", "disarm", "defragment_above", "pause")
ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": ["checked", "observed", "shown", "present"], "default": "present"},
    "observation": {"type": "str", "default": "barehost_etcd_databases"},
    **{name: {"type": "raw"} for name in _OPTIONS},
    **access.CERTIFICATES,
}

Variables = dict[str, t.Any]
Object = dict[str, t.Any]


class EtcdHost(Host):
    """The host from which etcd is asked."""

    MODULE = "_etcd.maintenance"


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the members' databases."""

    def _converge(self, variables: Variables) -> dict[str, t.Any]:
        arguments = self._arguments(ARGUMENT_SPEC)
        wanted = request({name: arguments[name] for name in _OPTIONS}, variables=variables)
        if arguments["state"] == "checked":
            return {"changed": False}
        cluster = plain(cluster_of(self._templar, variables))
        asked = {"access": access.of(arguments), "endpoints": cluster["etcd"]["client_urls"]}
        host = EtcdHost(self, variables)
        if arguments["state"] == "observed":
            return {"changed": False, **host.step("collect", asked)}
        chosen, observed = _chosen(cluster["etcd_hosts"], variables, name=arguments["observation"])
        if chosen != variables["inventory_hostname"]:
            return {"changed": False, "actions": []}
        names = {member["client_url"]: member["name"] for member in cluster["etcd"]["members"]}
        work = _Work(host, asked, names, wanted)
        if arguments["state"] == "shown":
            return {"changed": False, "summary": databases.lines(work.state(observed))}
        return self._present(work, observed)

    def _present(self, work: _Work, observed: Object) -> dict[str, t.Any]:
        actions = plan_maintenance.plan(work.state(observed), work.wanted)
        if not actions or self._task.check_mode:
            return self._result(actions)
        return {**self._result(actions), "summary": databases.lines(work.perform(actions))}


class _Work:
    """What is wanted, and the host through which it is done."""

    def __init__(self, host: EtcdHost, asked: Object, names: c.Mapping[str, str], wanted: Request) -> None:
        self._host = host
        self._asked = asked
        self._names = names
        self.wanted = wanted

    def state(self, found: Object) -> Databases:
        return databases.databases(found, names=self._names)

    def observe(self) -> Databases:
        return self.state(self._host.step("collect", self._asked))

    def perform(self, actions: c.Sequence[PlannedAction]) -> Databases:
        """One action after the other, each only if etcd is as well as it must be for it; returns the state after them."""
        pending, done = list(actions), list[str]()
        while pending:
            found = self.observe()
            try:
                plan_maintenance.refuse(found, pending)
                action = plan_maintenance.following(found, pending)
                self._host.step(action.operation, {**self._asked, **plan_maintenance.payload(found, action)})
            except ComponentError as error:
                raise _interrupted(error, done) from error
            pending.remove(action)
            done.append(f"{action.operation} {action.target}")
            if any(other.operation == "defragment" for other in pending) and action.operation == "defragment":
                time.sleep(self.wanted.pause)
        return self.observe()


def _interrupted(error: ComponentError, done: c.Sequence[str]) -> ComponentError:
    if not done:
        return error
    return ComponentError(f"{error.message}. Done before: {', '.join(done)}. Run the playbook again for the rest")


def _chosen(hosts: c.Sequence[str], variables: Variables, *, name: str) -> tuple[str, Object]:
    """The host that does the work, with what it has found."""
    found = registered(variables, hosts, name)
    best = databases.best(found)
    if not best:
        raise ComponentError(f"none of the hosts of etcd could be asked: {', '.join(hosts)}. Let the play reach one of them")
    return best, found[best]
