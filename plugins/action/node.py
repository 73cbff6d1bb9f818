# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drains a Node, lets it take pods again, or deletes it. Documented in plugins/modules/node.py."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import access, plan_node
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["drained", "schedulable", "settled", "absent"], "required": True},
    "reachable": {"type": "bool", "default": True},
    "unmanaged_pods": {"type": "bool", "default": False},
    "unmanaged_pods_variable": {"type": "str", "default": "unmanaged_pods"},
    "mark": {"type": "str", "default": ""},
    "kubelet": {"type": "str", "default": ""},
    "boot": {"type": "str", "default": ""},
    "since": {"type": "float", "default": 0},
    "ignored": {"type": "list", "elements": "str", "default": []},
    "left": {"type": "list", "elements": "dict", "default": []},
    "wait": {"type": "bool", "default": True},
    "timeout": {"type": "float", "default": 300},
    "deadline": {"type": "float", "default": 60},
    **access.OPTIONS,
}


class ApiHost(Host):
    """The master whose apiserver is asked."""

    MODULE = "_api.node"


class ReturnHost(Host):
    """The same where a Node takes pods again."""

    MODULE = "_api.node_return"


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the Node."""

    def _converge(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        arguments = self._arguments(ARGUMENT_SPEC)
        asked = {"connection": access.connection(arguments, variables, templar=self._templar), "node": str(arguments["name"])}
        host = ApiHost(self, variables)
        state = host.step("collect", {**asked, "deadline": arguments["deadline"]})
        if state["unready"]:
            raise ComponentError(
                f"node {asked['node']}: nothing was changed: the API was not ready within {arguments['deadline']:.0f} s: "
                f"{state['unready']}. Look at 'journalctl -u kube-apiserver' on this host"
            )
        plan = _plan(arguments, state, check=bool(self._task.check_mode))
        result = self._result(plan)
        result["left"] = [{key: action.data[key] for key in ("namespace", "owner_uid")} for action in plan if action.operation == "evict"]
        if self._task.check_mode:
            return result
        work = {**asked, "actions": [action.for_host() for action in plan], "timeout": arguments["timeout"]}
        if arguments["state"] in ("schedulable", "settled"):
            # also where nothing is planned: whether the Node or its pods are well is what was asked for
            more = {name: arguments[name] for name in ("kubelet", "boot", "since", "ignored", "left", "wait", "deadline")}
            ReturnHost(self, variables).step(arguments["state"], {**work, **more})
        elif plan:
            host.step("apply", work)
        return result


def _plan(arguments: dict[str, t.Any], state: dict[str, t.Any], *, check: bool) -> list[PlannedAction]:
    name = str(arguments["name"])
    if arguments["state"] == "absent":
        return plan_node.remove(node=name, drained=check and arguments["reachable"], state=state)
    if arguments["state"] in ("schedulable", "settled"):
        planned = plan_node.uncordon if arguments["state"] == "schedulable" else plan_node.unmark
        return planned(node=name, state=state, mark=str(arguments["mark"]))
    return plan_node.drain(
        node=name,
        reachable=arguments["reachable"],
        unmanaged=arguments["unmanaged_pods"],
        state=state,
        mark=str(arguments["mark"]),
        variable=str(arguments["unmanaged_pods_variable"]),
    )
