# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes one host from the cluster, in phases. Documented in plugins/modules/remove_node.py."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import access as api_access
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.registered import registered
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.phases import nothing, told_how_to_go_on
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction, HostFailure
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import access
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.steps import Members
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._removal import plan_removal
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._removal.plan_removal import Leaving
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import ETCD, components

PHASES = ("checked", "observed", "planned", "drained", "stopped", "left", "deleted")
ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "phase": {"type": "str", "choices": list(PHASES), "required": True},
    "host": {"type": "str", "required": True},
    "allow_unreachable": {"type": "bool", "default": False},
    "unmanaged_pods": {"type": "bool", "default": False},
    "timeout": {"type": "float", "default": 300},
    "data_directory": {"type": "path", "default": ETCD.data_directory},
    **access.OPTIONS,
}
# The variables in which the playbook registers the phases `observed` and `planned`
_OBSERVATION = "barehost_removal_observation"
_PLAN = "barehost_removal"
_APISERVER = components()["kube_apiserver"]
# Seconds: the members of etcd may be electing a leader.
_API_DEADLINE = 10.0
# What is done when a phase that changes the cluster has failed, and how to go on
_GO_ON = {
    "drained": "Only its pods are concerned: some may have left. Mend that and run remove-node.yml again; or 'kubectl uncordon {node}'",
    "stopped": "{node} is drained, and nothing else is changed. Mend that and run remove-node.yml again",
    "left": "{node} is drained, its apiserver is stopped, and it was not reset. Mend that and run remove-node.yml again",
    "deleted": "{node} is out of etcd and reset; only its Node is left. Mend that and run remove-node.yml again",
}

Object = dict[str, t.Any]


class MemberHost(Host):
    """A host from which the members of etcd are asked."""

    MODULE = "_etcd_client.member_list"


class MasterHost(Host):
    """A master whose apiserver is asked."""

    MODULE = "_api.node"


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the removal."""

    def _converge(self, variables: Object) -> Object:
        arguments = self._arguments(ARGUMENT_SPEC)
        work, phase = _Phase(self, arguments, variables), str(arguments["phase"])
        perform: t.Callable[[], Object] = getattr(work, phase)
        if phase not in _GO_ON or self._task.check_mode:
            return perform()
        return told_how_to_go_on(perform, _GO_ON[phase].format(node=work.node), refusals=phase != "drained")


class _Phase:
    """One phase; the methods have the names of the phases."""

    def __init__(self, action: ActionModule, arguments: Object, variables: Object) -> None:
        self._action = action
        self._arguments = arguments
        self._variables = variables
        self._cluster: Object = plain(cluster_of(action._templar, variables))
        self._host = str(arguments["host"])
        self._leaving: Leaving = plan_removal.leaving(self._cluster, self._host)

    @property
    def node(self) -> str:
        return self._leaving.name

    def checked(self) -> Object:
        """Reaching this point is the check."""
        return {"changed": False}

    def observed(self) -> Object:
        found = self._observe()
        if self._variables["inventory_hostname"] in self._cluster["masters"]:
            found["api"] = self._api_fault()
        return {"changed": False, **found}

    def _api_fault(self) -> str:
        """Why the apiserver of this master cannot drain a node now; empty if it can."""
        connection = api_access.usual(self._variables, templar=self._action._templar)
        try:
            payload = {"connection": connection, "node": self._leaving.name, "deadline": _API_DEADLINE}
            return str(MasterHost(self._action, self._variables).step("collect", payload)["unready"])
        except HostFailure as error:
            return error.message

    def planned(self) -> Object:
        found = plan_removal.plan(
            self._cluster, self._host, observations=self._observations(), allow_unreachable=self._arguments["allow_unreachable"]
        )
        return {"changed": False, **dataclasses.asdict(found)}

    def drained(self) -> Object:
        if not self._leaving.is_node:
            return nothing()
        options = {key: self._arguments[key] for key in ("unmanaged_pods", "timeout")}
        return self._node("drained", **options, unmanaged_pods_variable="remove_unmanaged_pods")

    def stopped(self) -> Object:
        """The apiserver stops while it still has its etcd: it then announces its end, and finishes the requests it has."""
        if not self._leaving.is_master or not self._plan()["reachable"]:
            return nothing()
        unit = {"name": _APISERVER.unit, "state": "stopped", "inputs": []}
        return self._action.delegate("component", {"name": "leaving master", "units": [unit]}, self._variables)

    def left(self) -> Object:
        """Removes the member of etcd, and verifies that the others do not list it: only then may the host be reset."""
        if self._plan()["through_member"] == self._host:
            # No other member answers, which the plan permits only for a host that is no member.
            return nothing()
        observations = self._observations()
        view = plan_removal.view_after(self._observe(), observations)
        actions = plan_removal.remove_member(self._leaving, staying=self._staying(), view=view, unchanged="No member was changed")
        if actions and not self._action._task.check_mode:
            host = MemberHost(self._action, self._variables)
            host.step("apply", {**self._members(), "actions": [action.for_host() for action in actions]})
            if plan_removal.is_listed(self._leaving, plan_removal.view_after(self._observe(), observations)):
                raise ComponentError(f"etcd still lists {self._leaving.name} as a member after its removal; its host was not reset")
        return self._action._result(actions)

    def deleted(self) -> Object:
        return self._node("absent") if self._leaving.is_node else nothing()

    def _node(self, state: str, **options: t.Any) -> Object:
        arguments = {"name": self._leaving.name, "state": state, "reachable": self._plan()["reachable"], **options}
        return self._action.delegate("node", arguments, self._variables)

    def _observe(self) -> Object:
        """What the members answer and what is on the host of this task; only a host of etcd can ask the members."""
        paths = {"started_file": ETCD.files["started"], "apiserver_file": _APISERVER.files["settings"]}
        payload = {**self._members(), **paths, **{key: self._arguments[key] for key in ("data_directory", "metrics_url")}}
        return MemberHost(self._action, self._variables).step("collect", payload)

    def _members(self) -> Object:
        asking = str(self._action._task.delegate_to or self._variables["inventory_hostname"])
        staying = self._staying()
        endpoints = [entry.client_url for entry in staying] if asking in {entry.host for entry in staying} else []
        return {"access": access.of(self._arguments), "endpoints": endpoints}

    def _staying(self) -> Members:
        return plan_removal.staying_members(self._cluster, self._host)

    def _observations(self) -> dict[str, Object]:
        """Of the hosts that answered, by host."""
        hosts = dict.fromkeys([*self._cluster["etcd_hosts"], *self._cluster["masters"], self._host])
        return registered(self._variables, hosts, _OBSERVATION, having="answers")

    def _plan(self) -> Object:
        if _PLAN not in self._variables:
            raise ComponentError(f"remove_node: register the result of the phase planned as `{_PLAN}`")
        return t.cast(Object, plain(self._variables[_PLAN]))
