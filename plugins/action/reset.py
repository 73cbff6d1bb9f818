# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Returns a host to what it was before the collection changed it: collect, plan, apply. Documented in plugins/modules/reset.py."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.run_directory import directory_of_the_run
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.prediction import PredictionStore
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._reset import plan

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {"packages": {"type": "bool", "default": True}}


class ResetHost(Host):
    """The host that is made bare."""

    MODULE = "_reset.steps"
    VERIFIES_IDENTITY = False


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the reset."""

    def _converge(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        arguments = self._arguments(ARGUMENT_SPEC)
        host = ResetHost(self, variables)
        reset = plan.plan(host.step("collect", {}), packages=bool(arguments["packages"]))
        if self._task.check_mode:
            # What an earlier task of the run would have stopped, such as the apiserver of a host that leaves
            reset.actions = PredictionStore(directory_of_the_run(), host=host.name).load().without_predicted(reset.actions)
        left = reset.left
        if reset.actions and not self._task.check_mode:
            left = [*left, *host.step("apply", {"actions": [action.for_host() for action in reset.actions]})["left"]]
        result = {**self._result(reset.actions), "left": left}
        if left:
            result["warnings"] = [f"left on {variables.get('inventory_hostname')}: {message}" for message in left]
        return result
