# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives the module the port of the apiservers, which only the controller has. Documented in plugins/modules/cluster_health.py."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import access

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {"deadline": {"type": "float", "default": 0}, **access.OPTIONS}


class ActionModule(ActionBase):
    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        variables = task_vars or {}
        _validated, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        options = {"deadline": arguments["deadline"], **access.connection(arguments, variables, templar=self._templar)}
        try:
            result: dict[str, t.Any] = self._execute_module(
                module_name="barehost.kubernetes.cluster_health", module_args=options, task_vars=variables
            )
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        result.pop("invocation", None)
        return result
