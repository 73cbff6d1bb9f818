# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the Nodes of a run to the inventory, and waits until they are ready. Documented in plugins/modules/nodes.py."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import access, plan_nodes
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "hosts": {"type": "list", "elements": "str", "required": True},
    "ready_deadline": {"type": "float", "default": 180},
    "deadline": {"type": "float", "default": 60},
    **access.OPTIONS,
}


class NodesHost(Host):
    """The master whose apiserver is asked."""

    MODULE = "_api.nodes"


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the Nodes."""

    def _converge(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        arguments = self._arguments(ARGUMENT_SPEC)
        cluster: dict[str, t.Any] = plain(cluster_of(self._templar, variables))
        nodes = [cluster["nodes"][host] for host in arguments["hosts"]]
        names = [node["name"] for node in nodes]
        check = bool(self._task.check_mode)
        asked = {"connection": access.connection(arguments, variables, templar=self._templar)}
        host = NodesHost(self, variables)
        state = host.step("collect", {**asked, "deadline": 0 if check else arguments["deadline"]})
        if state["unready"] and not check:
            raise ComponentError(
                f"nodes: the API was not ready within {arguments['deadline']:.0f} s: {state['unready']}. "
                "Look at 'journalctl -u kube-apiserver' on this host, or raise the option deadline"
            )
        plan = plan_nodes.plan(nodes=nodes, state=state)
        result = {**self._result(plan), "warnings": plan_nodes.left_behind(cluster, state)}
        if check or not (plan or plan_nodes.not_ready(names, state)):
            return result
        waiting = {"names": names, "ready_deadline": arguments["ready_deadline"]}
        done = host.step("apply", {**asked, **waiting, "actions": [action.for_host() for action in plan]})
        return result if not done["unmet"] else {**result, **_failure(done, nodes)}


def _failure(done: dict[str, t.Any], nodes: list[dict[str, t.Any]]) -> dict[str, t.Any]:
    """A failure that names the hosts, for a task that asks them why."""
    message = "\n".join(text for text in (done["message"], done["details"]) if text)
    return {"failed": True, "msg": message, "not_ready_hosts": [node["host"] for node in nodes if node["name"] in done["unmet"]]}
