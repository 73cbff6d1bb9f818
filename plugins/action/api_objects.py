# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converges objects of the Kubernetes API. Documented in plugins/modules/api_objects.py."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import access, plan_objects
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import api_manifests
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.api_manifests import ARGUMENT_SPEC
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.role_templates import AnsibleTemplates
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction


class ApiHost(Host):
    """The host from which the API is asked."""

    MODULE = "_api.objects"


class ActionModule(HostAction):
    """Connects Ansible with the planner of API objects."""

    def _converge(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        arguments = self._arguments(ARGUMENT_SPEC)
        name = str(arguments["name"])
        templates = AnsibleTemplates(self._templar, variables, self._loader)
        wanted = api_manifests.wanted(arguments, find=self._find_needle, loader=self._loader, templates=templates)
        common = {
            "connection": access.connection(arguments, variables, templar=self._templar),
            "field_manager": str(arguments["field_manager"]),
        }
        host = ApiHost(self, variables)
        check = bool(self._task.check_mode)
        state = host.step("collect", wanted.request(common, deadline=0 if check else arguments["deadline"]))
        if state["unready"] and not check:
            raise ComponentError(
                f"{name}: the API was not ready within {arguments['deadline']:.0f} s: {state['unready']}. "
                "Look at 'journalctl -u kube-apiserver' on this host, or raise the option deadline"
            )
        plan = plan_objects.plan(name=name, objects=wanted.objects, absent=wanted.absent, state=state)
        result = self._result(plan)
        if not check and (plan or state["unmet"]):
            waits = wanted.waits if plan else state["unmet"]
            host.step("apply", {**common, "actions": [action.for_host() for action in plan], "wait": waits})
        return result
