# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converges etcd's users, roles and keys. Documented in plugins/modules/etcd_access.py."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import access, plan_access

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "name": {"type": "str", "default": "etcd_access"},
    "endpoints": {"type": "list", "elements": "str", "required": True},
    "roles": {"type": "list", "elements": "dict", "default": []},
    "users": {"type": "list", "elements": "dict", "required": True},
    "keys": {"type": "list", "elements": "dict", "default": [], "no_log": False},
    "deadline": {"type": "float", "default": 60},
    **access.CERTIFICATES,
}


class EtcdHost(Host):
    """The host from which etcd is asked."""

    MODULE = "_etcd.access"


class ActionModule(HostAction):
    """Connects Ansible with the planner of etcd's users."""

    def _converge(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        arguments = self._arguments(ARGUMENT_SPEC)
        wanted = plan_access.described(arguments["name"], arguments)
        asked = {"access": access.of(arguments), "endpoints": arguments["endpoints"]}
        check = bool(self._task.check_mode)
        host = EtcdHost(self, variables)
        state = host.step("collect", {**asked, **wanted, "deadline": 0 if check else arguments["deadline"]})
        if state["unready"] and not check:
            raise ComponentError(
                f"{arguments['name']}: etcd did not answer within {arguments['deadline']:.0f} s: {state['unready']}. "
                "Look at 'journalctl -u etcd' on its members, or raise the option deadline"
            )
        plan = plan_access.plan(wanted, state)
        result = self._result(plan)
        if plan and not check:
            host.step("apply", {**asked, "actions": [action.for_host() for action in plan]})
        return result
